"""Masking on the way to the caller: a response is never refused for what it holds, it is masked.

Two forms of every text leave here: the *record* (masked) and the *caller's* (masked, then restored where allowed).
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from masking.json_document import encode_token
from masking.leaves import WORDS, Walk
from masking.places import Treatment
from masking.replacement import Replacement
from masking.restoration import Restorer
from masking.text import SegmentFold

if TYPE_CHECKING:
    from collections.abc import Mapping

    from masking.json_document import Document
    from masking.leaves import Leaf
    from masking.placeholders import Pseudonyms
    from masking.places import Shape
    from masking.profile import Profile
    from masking.rules import RuleSet
    from masking.text import Memory, Segment

_SEALED = frozenset({Treatment.NEVER, Treatment.OPAQUE, Treatment.SECRET})


class Forms(NamedTuple):
    """One text or document in its two forms; the same object when nothing was restored."""

    record: bytes
    caller: bytes


class Outgoing:
    """Masks the texts of one response in their order. `findings` and `restored` count what happened."""

    def __init__(
        self,
        rules: RuleSet,
        profile: Profile,
        pseudonyms: Pseudonyms,
        memory: Memory,
        restorations: Mapping[str, str],
    ) -> None:
        self.findings: Counter[str] = Counter()
        self.restored = 0
        self._replacement = Replacement(rules, profile.names, profile.response_operator, pseudonyms, memory)
        self._originals: Mapping[str, str] = restorations if profile.restore else {}
        self._restores_input: bool = getattr(profile, "restore_tool_input", False)

    def fold(self) -> SegmentFold:
        """Return a fold for one text that arrives in pieces."""
        return SegmentFold(self._replacement.rules, self._replacement.names, self._replacement.memory)

    def restorer(self) -> Restorer:
        """Return a restorer for one text that arrives in pieces."""
        return Restorer(self._originals)

    def segments(self, segments: list[Segment]) -> str:
        """Return settled segments, masked."""
        parts: list[str] = []
        for segment in segments:
            if segment.findings:
                replaced = self._replacement.findings(segment.text, segment.findings)
                self.findings.update(replaced.found)
                parts.append(replaced.text)
            else:
                parts.append(segment.text)
        return "".join(parts)

    def document(self, document: Document, shape: Shape) -> Forms:
        """Return a whole document in both forms; only masked and restored strings differ from upstream's bytes."""
        walk = Walk(document)
        walk.visit(document.root, shape, None)
        record: list[tuple[int, int, bytes]] = []
        caller: list[tuple[int, int, bytes]] = []
        for leaf in walk.leaves:
            if leaf.treatment in _SEALED:
                continue
            if leaf.key is not None:
                edit = self._key(document, leaf)
                if edit is not None:
                    record.append(edit)
                    caller.append(edit)
                continue
            text = document.text(leaf.span)
            if leaf.treatment is Treatment.WORD and WORDS.fullmatch(text):
                continue
            replaced = self._replacement.text(text)
            self.findings.update(replaced.found)
            restored = self._restore(leaf, replaced.text)
            if replaced.text != text:
                record.append((*leaf.span, encode_token(replaced.text)))
            if restored != text:
                caller.append((*leaf.span, encode_token(restored)))
        recorded = document.splice(record)
        return Forms(recorded, recorded if caller == record else document.splice(caller))

    def _restore(self, leaf: Leaf, masked: str) -> str:
        if not self._originals or not (
            leaf.treatment is Treatment.MASK or (leaf.kind == "input" and self._restores_input)
        ):
            return masked
        restorer = self.restorer()
        restored = restorer.whole(masked)
        self.restored += restorer.count
        return restored

    def _key(self, document: Document, leaf: Leaf) -> tuple[int, int, bytes] | None:
        """Return the edit of a key that holds PHI: one placeholder as a whole, so that keys stay distinct."""
        if leaf.key is None or leaf.owner is None:
            return None
        found = self._replacement.scan(leaf.key)
        if not found:
            return None
        self.findings.update(found)
        span = dict(document.key_spans(leaf.owner))[leaf.key]
        return (*span, encode_token(self._replacement.pseudonyms.placeholder(found[0], leaf.key)))
