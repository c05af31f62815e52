"""Values that the border of two neighbouring text blocks cuts in two.

Each block is masked by itself, so `SSN 123-45-` and `6789` would both pass. Masking them as one text is not sound: the
earlier block's masked form would depend on a later one, and a streamed block would have to stay open until the next one
came. So the border is read forwards only: the end of the earlier block is read again together with the beginning of the
later one, and the part of a value that reaches into the later block is masked there. What was said before stays as it
was. A value that goes over the border is never whole upstream; its beginning may be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from masking.node_table import NodePath
from masking.text import Finding, find

if TYPE_CHECKING:
    from collections.abc import Sequence

    from masking.arrangement import Place
    from masking.leaves import Leaf, Path
    from masking.profile import Names
    from masking.rules import RuleSet
    from masking.text import Memory

REACH = 64
"""Code points read on each side of a border."""

_LONGEST = REACH // 2
"""Longest part of a value behind a border: what is read beyond it tells where the value ends."""

TEXT_KIND = "text"
"""Kind of the leaves that have neighbours: texts of text blocks, and strings that stand for one."""


def ending(text: str) -> str:
    """Return the end of a text that is read again with the next one, cut at a space where it has one."""
    end = text[-REACH:]
    if len(end) < len(text):
        _, space, rest = end.partition(" ")
        end = rest if space else end
    return end


def may_cut(before: str, text: str) -> bool:
    """Return whether a value may go over the border: not at a line's end, nor where a new word begins in title case."""
    if not before or not text or "\n" in {before[-1], text[0]}:
        return False
    return not (before[-1].islower() and text[0].isupper())


def spill(rules: RuleSet, names: Names, memory: Memory, before: str, text: str) -> Finding | None:
    """Return the part of a value begun in `before` (an `ending`) that reaches into `text`, None if there is none.

    Only the first `REACH` code points of `text` are looked at. `memory` stays as it was.
    """
    if not may_cut(before, text):
        return None
    border, head = len(before), text[:REACH]
    for over in find(rules, before + head, names=names, memory=memory.copy()):
        if over.start < border < over.end <= border + _LONGEST:
            return Finding(0, over.end - border, over.identifier, over.rule)
    return None


def joined(over: Finding, text: str, own: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return the findings of a text with what reaches into it; values of its own stay what they are by themselves."""
    part = text[: min([over.end, *(finding.start for finding in own[:1])])]
    start, end = len(part) - len(part.lstrip()), len(part.rstrip())
    return (Finding(start, end, over.identifier, over.rule), *own) if start < end else tuple(own)


class Border:
    """Knows, text by text in the order of the document, what stands directly before a text."""

    __slots__ = ("_end", "_place", "_unit")

    def __init__(self) -> None:
        self._unit: tuple[str, str] | None = None
        self._place: tuple[object, int] | None = None
        self._end = ""

    def enter(self, place: Place) -> None:
        """Go on with a unit; text blocks of one role are neighbours, wherever their messages are cut."""
        unit = (place.kind, place.role) if place.block == "text" else None
        if unit is None or unit != self._unit:
            self._end = ""
        self._unit = unit
        self._place = None

    def cross(self, leaf: Leaf, text: str) -> str:
        """Go on with a text; return the end of its neighbour, empty if it has none."""
        place = _place(leaf.path)
        if self._unit is None and (
            place is None or self._place is None or place != (self._place[0], self._place[1] + 1)
        ):
            self._end = ""
        self._place = place
        before = self._end
        self._end = ending(text) or before
        return before


def _place(path: Path | None) -> tuple[object, int] | None:
    """Return the array and the index of the block that a path's text belongs to."""
    if isinstance(path, NodePath):
        return path.table.block_of(path.number)
    above = path[0] if path is not None and path[1] == ".text" else None
    if above is None or isinstance(above, NodePath) or not above[1].startswith("["):
        return None
    return above[0], int(above[1][1:-1])
