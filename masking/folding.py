"""The folded view of a text: what recognizers look at, so that look-alike spellings are found as well.

Full-width forms, digits of any script, typographic dashes, spaces and quotes become their ASCII forms one to one;
zero-width characters, soft hyphens and combining marks are left out, and a map leads back to the original's offsets.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from masking.automata import compile_pattern
from masking.placeholders import PLACEHOLDER

if TYPE_CHECKING:
    from collections.abc import Sequence

_LEFT_OUT = compile_pattern(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff]|\\p{Mn}|\\p{Me}"
)
_QUOTES = {
    "\u2018": "'",
    "\u2019": "'",
    "\u201b": "'",
    "\u02bc": "'",
    "\u201c": '"',
    "\u201d": '"',
    "\u2044": "/",
    "\u2215": "/",
    "\u2024": ".",
}


_FEW = 16
_PLACEHOLDER = compile_pattern(PLACEHOLDER)
FILLER = "\x02"
"""Stands for each character of a placeholder in a view: they are literal text."""


class _Table(dict[int, str]):
    """Translation table filled as characters turn up; bounded by the number of code points."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        folded = _QUOTES.get(char) or unicodedata.normalize("NFKC", char)
        if len(folded) != 1:
            folded = char
        kind = unicodedata.category(folded)
        if kind == "Nd":
            folded = str(unicodedata.decimal(folded))
        elif kind == "Pd" or folded == "\u2212":
            folded = "-"
        elif kind == "Zs":
            folded = " "
        self[code] = folded
        return folded


_TABLE = _Table()


def view_of(text: str) -> tuple[str, Sequence[int] | None]:
    """Return the folded view with its offsets (`fold`), placeholders hidden and spaces of all kinds alike."""
    view, offsets = fold(text)
    if "[" in view:
        for start, end in [match.span() for match in _PLACEHOLDER.finditer(view)]:
            view = view[:start] + FILLER * (end - start) + view[end:]
    for space in "\t\r\f\v\x1f":
        if space in view:
            view = view.replace(space, " ")
    return view, offsets


def fold(text: str) -> tuple[str, Sequence[int] | None]:
    """Return the folded view and, where characters were left out, the original offset of each of its characters."""
    if text.isascii():
        return text, None
    out = [match.span() for match in _LEFT_OUT.finditer(text)]
    if not out:
        return _translated(text), None
    offsets: list[int] = []
    start = 0
    for left, right in out:
        offsets.extend(range(start, left))
        start = right
    offsets.extend(range(start, len(text)))
    return _translated("".join([text[offset] for offset in offsets])), offsets


def _translated(text: str) -> str:
    """Translate by the table; a text with few different foreign characters is searched for each: that is faster."""
    changes = {char: _TABLE[ord(char)] for char in set(text) if not char.isascii()}
    changes = {char: folded for char, folded in changes.items() if char != folded}
    if len(changes) > _FEW or not changes.keys().isdisjoint(changes.values()):
        return text.translate(_TABLE)
    for char, folded in changes.items():
        text = text.replace(char, folded)
    return text
