"""A masking profile: which operator each identifier meets on the way up and on the way down.

A profile is data (policies/profiles/*.yaml). The key `*` names the operator of every identifier that is not listed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Mapping

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
