"""A masking profile: which operator each identifier meets on the way up and on the way down.

A profile is data (policies/profiles/*.yaml). The key `*` names the operator of every identifier that is not listed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Literal, cast, get_args

from masking.errors import RuleError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from masking.sources import Entry

Names = Literal["strict", "balanced"]
Unknown = Literal["block", "mask"]
Media = Literal["block", "allow", "review"]

NAMES = frozenset(get_args(Names))
UNKNOWN = frozenset(get_args(Unknown))
MEDIA = frozenset(get_args(Media))

DEFAULT_KEY = "*"


class Operator(Enum):
    """What happens to a finding's characters."""

    TOKENIZE = "tokenize"
    REDACT = "redact"
    GENERALIZE = "generalize"
    SHIFT = "shift"
    BLOCK = "block"
    KEEP = "keep"


_OPERATORS = frozenset(operator.value for operator in Operator)


@dataclass(frozen=True, slots=True)
class Profile:
    """How text is masked in requests and responses.

    `names`: how readily a capitalised word counts as a name. `unknown`: what happens to fields outside the API's
    schema that hold PHI. `media`: what happens to content that cannot be inspected. `restore`: whether placeholders of
    this very request turn back into their originals in the response.
    """

    name: str
    request: Mapping[str, Operator]
    response: Mapping[str, Operator]
    restore: bool
    names: Names
    unknown: Unknown
    media: Media

    def request_operator(self, identifier: str) -> Operator:
        """Return the operator for an identifier found in a request."""
        return self.request.get(identifier) or self.request[DEFAULT_KEY]

    def response_operator(self, identifier: str) -> Operator:
        """Return the operator for an identifier found in a response."""
        return self.response.get(identifier) or self.response[DEFAULT_KEY]


def read_profiles(entries: Mapping[str, Entry]) -> tuple[dict[str, Profile], str]:
    """Read the profiles of rule files; returns them by name, and the name of the default one. Raises RuleError."""
    profiles: dict[str, Profile] = {}
    default = ""
    for name, entry in entries.items():
        if name == "triggers.yaml" or name.startswith("recognizers/"):
            continue
        if not name.startswith("profiles/"):
            raise RuleError(name, "not a place for rules: recognizers/, profiles/ or triggers.yaml")
        entry.rule = entry.text("name")
        if entry.rule in profiles:
            raise entry.error("this name is taken", "name")
        if entry.flag("default", default=False):
            if default:
                raise entry.error("another profile is the default already", "default")
            default = entry.rule
        profiles[entry.rule] = Profile(
            name=entry.rule,
            request=_read_operators(entry, "request"),
            response=_read_operators(entry, "response"),
            restore=entry.flag("restore", default=False),
            names=cast("Names", entry.choice("names", NAMES, "strict")),
            unknown=cast("Unknown", entry.choice("unknown", UNKNOWN, "mask")),
            media=cast("Media", entry.choice("media", MEDIA, "review")),
        )
        entry.close()
    if profiles and not default:
        raise RuleError("profiles", "no profile says `default: true`")
    return profiles, default


def _read_operators(entry: Entry, key: str) -> dict[str, Operator]:
    values = entry.mapping(key)
    if DEFAULT_KEY not in values:
        raise entry.error(f"`{key}` needs an operator for `{DEFAULT_KEY}`", key)
    for value in values.values():
        if value not in _OPERATORS:
            raise entry.error(f"operators are {', '.join(sorted(_OPERATORS))}", key)
    return {identifier: Operator(value) for identifier, value in values.items()}
