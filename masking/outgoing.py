"""Masking on the way to the caller: a response is never refused for what it holds, it is masked.

Two forms of every text leave here: the *record* (masked) and the *caller's* (masked, then restored where allowed).
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from masking.errors import StreamRefused
from masking.json_document import encode_token
from masking.leaves import WORDS, KeySpans, Walk, render
from masking.opacity import is_time
from masking.replacement import Replacement
from masking.restoration import Restorer
from masking.seams import TEXT_KIND, Border, spill
from masking.shapes import Treatment
from masking.text import SegmentFold, field_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from masking.json_document import Document, Text
    from masking.leaves import Leaf
    from masking.placeholders import Pseudonyms
    from masking.profile import Profile
    from masking.rules import RuleSet
    from masking.shapes import Shape
    from masking.text import Finding, Memory, Segment

_SEALED = frozenset(
    {Treatment.NEVER, Treatment.SEALED, Treatment.CIPHER, Treatment.OPAQUE, Treatment.SECRET}
)  # upstream wrote them, and checks them when they come back


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

    def spill(self, before: str, text: str) -> Finding | None:
        """Return what reaches into a text from the text block directly before it, which ended with `before`."""
        return spill(self._replacement.rules, self._replacement.names, self._replacement.memory, before, text)

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
        return self._forms(document, walk.leaves, {})

    def goes_outside(self, document: Document, shape: Shape) -> bool:
        """Return whether a document holds text that the table does not know."""
        walk = Walk(document)
        walk.visit(document.root, shape, None)
        return any(map(is_outside, walk.leaves))

    def pieces(self, documents: list[tuple[Document, Shape]]) -> list[Forms]:
        """Return documents of one kind in both forms, where a text outside the table may go on from one to the next.

        Such a text is read as a whole; if it held anything it leaves masked in the first of them.
        """
        walks: list[Walk] = []
        parts: dict[str, list[tuple[int, Text, str]]] = {}
        for number, (document, shape) in enumerate(documents):
            walk = Walk(document)
            walk.visit(document.root, shape, None)
            walks.append(walk)
            for leaf in walk.leaves:
                if is_outside(leaf):
                    parts.setdefault(render(leaf.path), []).append((number, leaf.span, document.text(leaf.span)))
        settled: list[dict[Text, str]] = [{} for _ in documents]
        for held in parts.values():
            if len(held) > 1:
                replaced = self._replacement.text("".join(text for _, _, text in held))
                if replaced.found:
                    self.findings.update(replaced.found)
                    settled[held[0][0]][held[0][1]] = replaced.text
                    for number, span, _ in held[1:]:
                        settled[number][span] = ""
        return [
            self._forms(document, walk.leaves, settled[number])
            for number, ((document, _), walk) in enumerate(zip(documents, walks, strict=True))
        ]

    def _forms(self, document: Document, leaves: list[Leaf], settled: Mapping[Text, str]) -> Forms:
        """Return both forms of a document; `settled` are strings whose masked text is known already."""
        record: list[tuple[int, int, bytes]] = []
        caller: list[tuple[int, int, bytes]] = []
        keys = KeySpans(document)
        border = Border()
        for leaf in leaves:
            if leaf.treatment in _SEALED or leaf.number:
                continue
            if leaf.key is not None:
                edit = self._key(leaf, keys)
                if edit is not None:
                    record.append(edit)
                    caller.append(edit)
                continue
            text = document.text(leaf.span)
            before = border.cross(leaf, text) if leaf.kind == TEXT_KIND else ""
            masked = settled.get(leaf.span)
            if masked is None:
                if _is_upstreams_word(leaf.treatment, text):
                    continue
                replaced = self._replacement.text(text, before, field_of(*leaf.keys))
                self.findings.update(replaced.found)
                masked = replaced.text
            restored = self._restore(leaf, masked)
            if masked != text:
                record.append((*leaf.span, encode_token(masked)))
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

    def _key(self, leaf: Leaf, keys: KeySpans) -> tuple[int, int, bytes] | None:
        """Return the edit of a key that holds PHI: one placeholder as a whole, so that keys stay distinct."""
        key = leaf.key or ""
        found = self._replacement.scan(key)
        if not found:
            return None
        self.findings.update(found)
        masked = self._replacement.pseudonyms.placeholder(found[0], key)
        if leaf.owner is not None and masked in leaf.owner:
            raise StreamRefused("a masked key would stand twice")
        return (*keys.of(leaf), encode_token(masked))


def is_outside(leaf: Leaf) -> bool:
    """Return whether a leaf is a string that the table does not know."""
    return leaf.treatment is Treatment.UNKNOWN and leaf.key is None and not leaf.number


def _is_upstreams_word(treatment: Treatment, text: str) -> bool:
    if treatment is Treatment.WORD:
        return WORDS.fullmatch(text) is not None
    return treatment is Treatment.TIME and is_time(text)
