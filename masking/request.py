"""A request masked: only the strings that held findings differ from what the caller sent.

Causal: the masked form of a leaf depends on rules, profile, key and the leaves before it, so an unchanged prefix of a
conversation masks to the same bytes on every turn. Whatever may not pass is listed in `blocked`; the gateway must not
send a body with a non-empty list, though even that body is masked.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from masking.errors import JsonRefused
from masking.json_document import Members, encode_token, parse
from masking.leaves import WORDS, render
from masking.memos import Turn
from masking.outline import Outline, Unit, outline, plan
from masking.placeholders import Pseudonyms
from masking.places import Treatment
from masking.replacement import Replacement
from masking.text import Memory, match_triggers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from masking.json_document import Document
    from masking.leaves import Leaf
    from masking.outline import Place
    from masking.profile import Profile
    from masking.rules import RuleSet

__all__ = ["Blocked", "MaskedRequest", "Outline", "Unit", "mask_request", "outline"]

BILLING_HEADER = re.compile(r"x-anthropic-billing-header:(?: ?(?:cc_[a-z_]{1,24}|cch)=[A-Za-z0-9._-]{0,64};?)*+ ?")
"""Claude Code's first system block, which the API strips by its position: no free text fits this shape."""

OPAQUE_USER = re.compile(
    r"(?:[a-z]{2,16}[_-])?[0-9a-f]{16,128}(?:_account_(?:[0-9a-f-]{36})?_session_[0-9a-f-]{36})?"
    r"|(?:[a-z]{2,16}[_-])?[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
    r"|[a-z]{2,16}_[A-Za-z0-9]{16,64}"
)
"""User ids that identify nobody to a reader: hex, UUIDs, prefixed tokens, Claude Code's older composite."""

_CLAUDE_CODE_USER = frozenset({"device_id", "account_uuid", "session_id"})
_EXEMPT = frozenset({Treatment.NEVER, Treatment.OPAQUE, Treatment.SECRET})
_REMEMBERED = frozenset({Treatment.MASK, Treatment.LEAVES, Treatment.SCAN, Treatment.UNKNOWN})
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
    memos: Mapping[tuple[int, str], str] | None = None,
    document: Document | None = None,
) -> MaskedRequest:
    """Mask a request body under a profile and the session's masking key (32 bytes).

    `memos` maps (index of the first unit of an assistant turn, memo digest) to upstream's text. `document` saves
    parsing a body again. Raises JsonRefused or BodyRefused as `outline` does.
    """
    if document is None:
        document = parse(body)
    elif document.body != body:
        raise JsonRefused("other_document", 0)
    arranged = plan(document)
    replacement = Replacement(rules, profile.names, profile.request_operator, Pseudonyms(key), Memory())
    masking = RequestMasking(document, replacement, unknown_blocks=profile.unknown == "block")
    remembered = memos or {}
    turns = {start for start, _ in remembered}
    turn: Turn | None = None
    start = 0
    role = ""
    for index, place in enumerate(arranged.units):
        if place.kind == "message" and place.role == "assistant":
            if role != "assistant":
                start, turn = index, Turn(key)
        else:
            turn = None
        role = place.role if place.kind == "message" else ""
        masking.new = index in new_units
        if _is_billing_header(document, place, first=index == 0 or arranged.units[index - 1].kind == "tool"):
            masking.count(place.leaves, "left")
            continue
        for leaf in place.leaves:
            upstream: str | None = None
            if turn is not None and start in turns and leaf.treatment in _REMEMBERED:
                upstream = remembered.get((start, turn.digest(leaf.kind, document.text(leaf.span))))
            masking.leaf(leaf, upstream)
    memory = replacement.memory
    # What stands beside the units must not change how the next turn's units are masked.
    replacement.memory = memory.copy()
    masking.new = True
    for leaf in arranged.rest:
        masking.leaf(leaf, None)
    return MaskedRequest(
        body=document.splice(masking.edits),
        findings=dict(masking.findings),
        new_findings=dict(masking.new_findings),
        triggers=tuple(masking.triggers),
        blocked=tuple(Blocked(path, tuple(sorted(found))) for path, found in masking.blocked.items()),
        coverage={label: dict(counts) for label, counts in masking.coverage.items()},
        restorations=replacement.restorations,
        memory=memory,
    )


def is_remembered(leaf: Leaf) -> bool:
    """Return whether the echo of a leaf of an assistant's turn may have a memo."""
    return leaf.treatment in _REMEMBERED


class RequestMasking:
    """Applies each leaf's treatment, and gathers edits, counts and what must not pass."""

    def __init__(self, document: Document, replacement: Replacement, *, unknown_blocks: bool) -> None:
        self.document = document
        self.replacement = replacement
        self.unknown_blocks = unknown_blocks
        self.new = False
        self.edits: list[tuple[int, int, bytes]] = []
        self.findings: Counter[str] = Counter()
        self.new_findings: Counter[str] = Counter()
        self.triggers: dict[str, None] = {}
        self.blocked: dict[str, set[str]] = {}
        self.coverage: dict[str, Counter[str]] = {}

    def count(self, leaves: list[Leaf], column: str) -> None:
        """Count leaves in one column of coverage."""
        for leaf in leaves:
            self.coverage.setdefault(leaf.label, Counter())[column] += 1

    def leaf(self, leaf: Leaf, upstream: str | None) -> str | None:
        """Treat one leaf; `upstream` is what upstream wrote there, if the caller's words are an echo of it.

        Returns the text that goes upstream, or None when it must not go or was not read.
        """
        treatment = leaf.treatment
        if treatment in _EXEMPT:
            self.count([leaf], "opaque" if treatment is Treatment.OPAQUE else "left")
            if treatment is Treatment.SECRET:
                self.edits.append((*leaf.span, _SECRET_TOKEN))
            return None
        text = self.document.text(leaf.span) if leaf.key is None else leaf.key
        if _passes_unread(treatment, text):
            self.count([leaf], "left")
            return text
        self.count([leaf], "scanned")
        return self._inspect(leaf, text, upstream)

    def _inspect(self, leaf: Leaf, text: str, upstream: str | None) -> str | None:
        treatment = leaf.treatment
        if self.new and treatment is not Treatment.KEY:
            self.triggers.update(dict.fromkeys(match_triggers(self.replacement.rules, text)))
        masked = text
        blocked: tuple[str, ...] = ()
        if treatment in {Treatment.SCAN, Treatment.WORD, Treatment.KEY}:
            found = blocked = self.replacement.scan(text)
        else:
            masked, found, blocked = self.replacement.text(text)
            if treatment is Treatment.UNKNOWN and self.unknown_blocks and masked != text:
                blocked = found
            elif treatment is Treatment.USER and masked != text:
                masked = self.replacement.pseudonyms.placeholder(found[0], text)
        self.findings.update(found)
        if self.new:
            self.new_findings.update(found)
        if upstream is not None:
            masked, blocked = upstream, ()
        if blocked:
            self.blocked.setdefault(render(leaf.path), set()).update(blocked)
        if masked != text:
            self.edits.append((*leaf.span, encode_token(masked)))
            self.count([leaf], "masked")
        return None if blocked else masked


def _passes_unread(treatment: Treatment, text: str) -> bool:
    if treatment is Treatment.WORD:
        return WORDS.fullmatch(text) is not None
    return treatment is Treatment.USER and _is_opaque_user(text)


def _is_billing_header(document: Document, place: Place, *, first: bool) -> bool:
    if place.kind != "system" or not first or place.block != "text":
        return False
    node = place.node.get("text") if isinstance(place.node, Members) else place.node
    return isinstance(node, tuple) and BILLING_HEADER.fullmatch(document.text(node)) is not None


def _is_opaque_user(text: str) -> bool:
    """Return whether a user id identifies nobody to a reader: opaque, or Claude Code's JSON of opaque ids."""
    if OPAQUE_USER.fullmatch(text):
        return True
    if not text.startswith("{"):
        return False
    try:
        inner = parse(text.encode(), max_depth=1, max_nodes=len(_CLAUDE_CODE_USER))
    except JsonRefused:
        return False
    members = inner.root
    if not isinstance(members, Members) or not members.keys() <= _CLAUDE_CODE_USER:
        return False
    values = [inner.text(node) if isinstance(node, tuple) else None for node in members.values()]
    return all(value is not None and (not value or OPAQUE_USER.fullmatch(value)) for value in values)
