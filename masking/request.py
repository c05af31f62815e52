"""A request masked: only the strings that held findings differ from what the caller sent.

Causal: the masked form of a leaf depends on rules, profile, key and the leaves before it, so an unchanged prefix of a
conversation masks to the same bytes on every turn. Whatever may not pass is listed in `blocked`; the gateway must not
send a body with a non-empty list, though even that body is masked.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from masking.arrangement import Plan, plan
from masking.errors import JsonRefused
from masking.folding import view_of
from masking.json_document import Members, encode_token, parse
from masking.leaves import WORDS, KeySpans, render
from masking.memos import Turn
from masking.opacity import WORD_LIMIT, billing_values, is_cipher, is_opaque_user, is_time, views
from masking.outline import Outline, Unit, outline
from masking.placeholders import Pseudonyms
from masking.replacement import Replacement
from masking.seams import TEXT_KIND, Border
from masking.shapes import Treatment
from masking.text import Memory, field_of, match_triggers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from masking.arrangement import Place
    from masking.json_document import Document
    from masking.leaves import Leaf, Path
    from masking.profile import Profile
    from masking.rules import RuleSet

__all__ = ["Blocked", "MaskedRequest", "Outline", "Plan", "Unit", "mask_request", "outline"]

_CLAUDE_CODE_USER = frozenset({"device_id", "account_uuid", "session_id"})
_EXEMPT = frozenset({Treatment.NEVER, Treatment.SECRET})
_UPSTREAMS = frozenset({Treatment.SEALED, Treatment.CIPHER, Treatment.TIME})
_REMEMBERED = frozenset({Treatment.MASK, Treatment.LEAVES, Treatment.SCAN, Treatment.UNKNOWN, Treatment.KEY})
_MAY_NOT_CHANGE = frozenset({Treatment.SCAN, Treatment.WORD, Treatment.KEY, Treatment.CIPHER})
_BASE64 = re.compile(rb"(?:[A-Za-z0-9+/=_-]++|\\/)*+")
_READ_AS_NAMES = frozenset({"NAME", "ADDRESS"})
"""Identifiers that ids and enum values hold by chance: `claude-sonnet` is nobody."""

_NEVER_BY_CHANCE = frozenset({"SSN", "DATE", "PHONE", "FAX", "EMAIL", "CARD"})
"""Identifiers that long ciphertext does not hold by chance; a short cue (`DL 7x`) it does, once in a hundred."""

_LONG_CIPHER = 128

MEDIA = "MEDIA"
"""Stands in `Blocked.identifiers` for content that nobody could inspect."""

NOT_OPAQUE = "NOT_OPAQUE"
"""Stands there for a value that should be an id or ciphertext and is not."""

_SECRET_TOKEN = b'"[SECRET]"'


@dataclass(frozen=True, slots=True)
class Blocked:
    """A leaf that must not go upstream, and what it held. Keys outside the API's schema are ordinals in `path`."""

    path: str
    identifiers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MaskedRequest:
    """A masked body and what is known about it.

    `findings` counts identifiers in all leaves, `new_findings` in new units and in fields beside units. `coverage`
    counts leaves per class: scanned (read by the detector), masked (changed), left (passed unread by a rule), opaque.
    `restorations` maps each placeholder of this request to its original; `memory` seeds the response.
    """

    body: bytes = field(repr=False)
    findings: Mapping[str, int]
    new_findings: Mapping[str, int]
    triggers: tuple[str, ...]
    blocked: tuple[Blocked, ...]
    coverage: Mapping[str, Mapping[str, int]]
    restorations: Mapping[str, str] = field(repr=False)
    memory: Memory = field(repr=False)


def mask_request(
    body: bytes,
    rules: RuleSet,
    profile: Profile,
    key: bytes,
    *,
    new_units: frozenset[int],
    echoed: frozenset[int] = frozenset(),
    memos: Mapping[tuple[int, str], str] | None = None,
    arranged: Plan | None = None,
) -> MaskedRequest:
    """Mask a request body under a profile and the session's masking key (32 bytes).

    `echoed` are the units that upstream itself wrote in this session: only there, and only in the assistant's turns,
    what is signed or encrypted passes unread. `memos` maps (index of the unit that an answer began with, memo digest)
    to upstream's text. `arranged` (`Outline`) saves reading a body again. Raises JsonRefused or BodyRefused as
    `outline` does.
    """
    if arranged is None:
        arranged = plan(parse(body))
    elif arranged.document.body != body:
        raise JsonRefused("other_document", 0)
    document = arranged.document
    replacement = Replacement(rules, profile.names, profile.request_operator, Pseudonyms(key), Memory())
    masking = RequestMasking(document, replacement, unknown_blocks=profile.unknown == "block")
    remembered = memos or {}
    answers = {start for start, _ in remembered}
    turn: Turn | None = None
    start = 0
    before = "tool"
    for index, place in enumerate(arranged.units):
        if place.kind == "message" and place.role == "assistant":
            if turn is None or index in answers:  # an answer may go on with an assistant's turn
                start, turn = index, Turn(key)
        else:
            turn = None
        masking.new = index in new_units
        masking.echoed = turn is not None and index in echoed
        first, before = before == "tool", place.kind
        if first and masking.is_billing_header(place):
            for leaf in place.leaves:
                masking.count(leaf, "left")
            continue
        masking.border.enter(place)
        for leaf in place.leaves:
            upstream: str | None = None
            if turn is not None and start in answers and is_remembered(leaf):
                upstream = remembered.get((start, turn.digest(leaf.memo_kind, leaf.read(document))))
            masking.leaf(leaf, upstream)
    memory = replacement.memory
    # What stands beside the units must not change how the next turn's units are masked.
    replacement.memory = memory.copy()
    masking.new, masking.echoed = True, False
    for leaf in arranged.rest:
        masking.leaf(leaf, None)
    if profile.media == "block":
        for path in arranged.opaque:
            masking.block(path, (MEDIA,))
    return MaskedRequest(
        body=document.splice(masking.edits),
        findings=dict(Counter(masking.found)),
        new_findings=dict(Counter(masking.new_found)),
        triggers=tuple(masking.triggers),
        blocked=tuple(Blocked(path, tuple(sorted(found))) for path, found in masking.blocked.items()),
        coverage={label: dict(counts) for label, counts in masking.coverage.items()},
        restorations=replacement.restorations,
        memory=memory,
    )


def is_remembered(leaf: Leaf) -> bool:
    """Return whether the echo of a leaf of an assistant's turn may have a memo."""
    return leaf.treatment in _REMEMBERED and not leaf.number


_counts = partial(defaultdict[str, int], int)


class RequestMasking:
    """Applies each leaf's treatment, and gathers edits, counts and what must not pass.

    `new`: nobody judged the unit at hand yet; `echoed`: upstream itself wrote it (of a response that is always so).
    """

    def __init__(self, document: Document, replacement: Replacement, *, unknown_blocks: bool) -> None:
        self.document = document
        self.replacement = replacement
        self.unknown_blocks = unknown_blocks
        self.new = False
        self.echoed = True
        self.edits: list[tuple[int, int, bytes]] = []
        self.found: list[str] = []
        self.new_found: list[str] = []
        self.triggers: dict[str, None] = {}
        self.blocked: dict[str, set[str]] = {}
        self.coverage: defaultdict[str, defaultdict[str, int]] = defaultdict(_counts)
        self.border = Border()
        self._upstreams_words: set[str] = set()  # a result names its call by the id that upstream gave it
        self._keys = KeySpans(document)

    def count(self, leaf: Leaf, column: str) -> None:
        """Count a leaf in one column of coverage."""
        self.coverage[leaf.label][column] += 1

    def leaf(self, leaf: Leaf, upstream: str | None) -> str | None:
        """Treat one leaf; `upstream` is what upstream wrote there, if the caller's words are an echo of it.

        Returns the text that goes upstream, or None when it must not go or was not read.
        """
        treatment = leaf.treatment
        if leaf.number and self.echoed:  # what upstream wrote comes back as it was
            self.count(leaf, "left")
            return None
        if treatment in _EXEMPT or (self.echoed and treatment in _UPSTREAMS):
            self.count(leaf, "left")
            if treatment is Treatment.SECRET:
                self.edits.append((*leaf.span, _SECRET_TOKEN))
            return None
        if treatment is Treatment.OPAQUE:
            if _BASE64.fullmatch(self.document.body, leaf.span[0] + 1, leaf.span[1] - 1):
                self.count(leaf, "opaque")
                return None
            leaf = leaf._replace(treatment=Treatment.UNKNOWN)
        text = leaf.read(self.document)
        if self._passes_unread(treatment, text):
            self.count(leaf, "left")
            return text
        if treatment is Treatment.TIME:
            leaf = leaf._replace(treatment=Treatment.UNKNOWN)
        self.count(leaf, "scanned")
        return self._inspect(leaf, text, upstream)

    def block(self, path: Path | None, identifiers: tuple[str, ...]) -> None:
        """Note that what stands at a path must not go upstream."""
        self.blocked.setdefault(render(path), set()).update(identifiers)

    def is_billing_header(self, place: Place) -> bool:
        """Return whether a unit is Claude Code's billing header, which the API strips by its position."""
        if place.kind != "system" or place.block != "text":
            return False
        node = place.node.get("text") if isinstance(place.node, Members) else place.node
        values = billing_values(self.document.text(node)) if isinstance(node, tuple) else None
        return values is not None and not any(self.replacement.scan(value) or self._hidden(value) for value in values)

    def _inspect(self, leaf: Leaf, text: str, upstream: str | None) -> str | None:
        treatment = leaf.treatment
        view = None
        if self.new:
            view = view_of(text)
            self.triggers.update(dict.fromkeys(match_triggers(self.replacement.rules, text, view)))
        masked = text
        blocked: tuple[str, ...] = ()
        if treatment in _MAY_NOT_CHANGE:
            found = blocked = self._found_in_word(treatment, text)
        elif treatment is Treatment.SEALED:
            found = blocked = self.replacement.peek(text)
        else:
            before = self.border.cross(leaf, text) if leaf.kind == TEXT_KIND else ""
            masked, found, blocked = self.replacement.text(
                text, "" if self.echoed else before, field_of(*leaf.keys) if leaf.keys else "", view
            )
            if treatment is Treatment.UNKNOWN and self.unknown_blocks and masked != text:
                blocked = found
            elif treatment is Treatment.USER and (identifiers := found if masked != text else self._hidden(text)):
                found = identifiers
                masked = self.replacement.pseudonyms.placeholder(identifiers[0], text)
        if found:
            self.found += found
            if self.new:
                self.new_found += found
        if treatment is Treatment.CIPHER or (treatment is Treatment.WORD and len(text) > WORD_LIMIT):
            blocked = blocked or (NOT_OPAQUE,)
        if upstream is not None and (leaf.owner is None or upstream not in leaf.owner):
            masked, blocked = upstream, ()
        if blocked:
            self.block(leaf.path, blocked)
        if masked != text:
            self.edits.append((*self._keys.of(leaf), encode_token(masked)))
            self.count(leaf, "masked")
        return None if blocked else masked

    def _passes_unread(self, treatment: Treatment, text: str) -> bool:
        if treatment is Treatment.WORD:
            if len(text) > WORD_LIMIT or WORDS.fullmatch(text) is None:
                return False
            if self.echoed:
                self._upstreams_words.add(text)
            return text in self._upstreams_words or not self._hidden(text)
        if treatment is Treatment.CIPHER:
            hidden = self._hidden(text)
            return is_cipher(text) and (_NEVER_BY_CHANCE.isdisjoint(hidden) if len(text) > _LONG_CIPHER else not hidden)
        if treatment is Treatment.TIME:
            return is_time(text)
        return treatment is Treatment.USER and self._is_opaque_user(text)

    def _found_in_word(self, treatment: Treatment, text: str) -> tuple[str, ...]:
        found = self.replacement.scan(text)
        return found or (self._hidden(text) if treatment in {Treatment.WORD, Treatment.CIPHER} else ())

    def _hidden(self, text: str) -> tuple[str, ...]:
        """Return the numbers, dates and addresses in a word, read with its separators as spaces."""
        found = (identifier for view in views(text) for identifier in self.replacement.scan(view))
        return tuple(identifier for identifier in found if identifier not in _READ_AS_NAMES)

    def _is_opaque_user(self, text: str) -> bool:
        """Return whether a user id identifies nobody to a reader: opaque, or Claude Code's JSON of opaque ids."""
        if not text.startswith("{"):
            return not text or (is_opaque_user(text) and not self._hidden(text))
        try:
            inner = parse(text.encode(), max_depth=1, max_nodes=len(_CLAUDE_CODE_USER))
        except JsonRefused:
            return False
        members = inner.root
        if not isinstance(members, Members) or not members.keys() <= _CLAUDE_CODE_USER:
            return False
        values = [inner.text(node) if isinstance(node, tuple) else None for node in members.values()]
        return all(
            value is not None and (not value or (is_opaque_user(value) and not self._hidden(value))) for value in values
        )
