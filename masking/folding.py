"""The folded view of a text: what recognizers look at, so that other spellings of the same are found as well.

Full-width forms, digits of any script, typographic dashes, spaces and quotes become their ASCII forms one to one, and
so do letters of other scripts that look like Latin ones inside a Latin word. Zero-width characters, soft hyphens and
combining marks are left out, ligatures written out, encodings undone (`decoding`); maps lead back to the original.
"""

from __future__ import annotations

import unicodedata
from array import array
from typing import TYPE_CHECKING, NamedTuple

from masking import native
from masking.automata import compile_pattern
from masking.decoding import HINT, Edit, edits
from masking.placeholders import PLACEHOLDER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SPACES = " \t\n\r\f\v\x1e\x1f\u00a0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u202f\u205f\u3000"
"""The characters that end a token, in a text as in its view: all that a view shows as a space or a line end. A view has
more spaces only where encodings spell them, inside tokens of the text."""

FILLER = "\x02"
"""Stands for each character of a placeholder in a view: they are literal text."""

_SPACES = frozenset(SPACES)
_ROUNDS = 2
"""Encodings inside encodings are undone that often."""

_LEFT_OUT = compile_pattern(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff]|\\p{Mn}|\\p{Me}"
)
_WORD = compile_pattern(r"[\p{L}]*(?:[A-Za-z][\x{80}-\x{10ffff}]|[\x{80}-\x{10ffff}][A-Za-z])[\p{L}]*")
_FOREIGN = compile_pattern(r"[\x{80}-\x{10ffff}]+")
_PLACEHOLDER = compile_pattern(PLACEHOLDER)
_OTHERWISE = compile_pattern(rf"[\t\v\f\r\x1f\[]|{HINT}")
_FEW, _SPARSE = 16, 8
_DENSE = 64
"""Of a text with an edit in so many characters all is looked at again: faster than token by token (measured)."""

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
_LOOK_ALIKES = str.maketrans(
    "АВЕЅІЈКМНОРСТУХаеорсухѕіјһԁԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧοαινυρᴀɡɑıⅼ",
    "ABESIJKMHOPCTYXaeopcyxsijhdqwABEZHIKMNOPTYXoaivupAgail",
)
"""Letters that look like Latin ones (Unicode Technical Standard 39, section 4, the single-letter cases in use)."""


class View(NamedTuple):
    """A view and, where it is not one to one, where each of its characters begins and ends in the original."""

    text: str
    starts: Sequence[int] | None = None
    ends: Sequence[int] | None = None


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


def view_of(text: str) -> View:
    """Return the folded view, placeholders hidden, spaces of all kinds alike and line ends of all kinds too."""
    if _is_its_own(text):
        return View(text)
    view = _unfolded(text)
    shown = view.text
    if "[" in shown:
        for start, end in [match.span() for match in _PLACEHOLDER.finditer(shown)]:
            shown = shown[:start] + FILLER * (end - start) + shown[end:]
    if "\r" in shown:
        shown = shown.replace("\r\n", " \n").replace("\r", "\n")
    for space in "\t\f\v\x1f":
        if space in shown:
            shown = shown.replace(space, " ")
    return view if shown is view.text else view._replace(text=shown)


def fold(text: str) -> str:
    """Return the folded form of a value."""
    return text if _is_its_own(text) else _unfolded(text).text


def _is_its_own(text: str) -> bool:
    """Say whether a text is surely its own view: ASCII, and nothing in it that might be something else."""
    if not text.isascii():
        return False
    if native.library is None:
        return _OTHERWISE.search(text) is None
    encoded = text.encode()
    return bool(native.library.text_is_plain(encoded, len(encoded)))


def _unfolded(text: str) -> View:
    """Undo encodings and look-alikes. What is encoded stands in one token, so the others are looked at once."""
    noticed = _noticed(text)
    shown = _translated(text, noticed)
    found = _edits(shown, noticed if shown is text else _noticed(shown))
    if not found:
        return View(shown)
    if len(found) * _DENSE > len(shown):
        return _undone(shown, found, 0)
    parts: list[str] = []
    starts, ends = array("i"), array("i")
    at = place = 0
    while place < len(found):
        start, end = token_begin(shown, found[place].start), token_end(shown, found[place].end)
        inside: list[Edit] = []
        while place < len(found) and found[place].start < end:
            edit = found[place]
            inside.append(Edit(edit.start - start, edit.end - start, edit.spells))
            place += 1
        token = _undone(shown[start:end], inside, start)
        parts += (shown[at:start], token.text)
        starts += _ordinals(at, start) + array("i", token.starts or ())
        ends += _ordinals(at + 1, start + 1) + array("i", token.ends or ())
        at = end
    parts.append(shown[at:])
    starts += _ordinals(at, len(shown))
    ends += _ordinals(at + 1, len(shown) + 1)
    return View("".join(parts), starts, ends)


def _undone(token: str, found: list[Edit], at: int) -> View:
    """Return what a token spells that begins `at` some place, given its first edits."""
    view = _spelled(View(token, range(at, at + len(token)), range(at + 1, at + 1 + len(token))), found)
    for _ in range(_ROUNDS - 1):
        found = _edits(view.text, _noticed(view.text))
        if not found:
            break
        view = _spelled(view, found)
    return view


def _spelled(view: View, found: list[Edit]) -> View:
    """Return a view with its edits made and what they spell translated."""
    view = _edited(view, found)
    return view._replace(text=_translated(view.text, _noticed(view.text)))


def _ordinals(start: int, end: int) -> array[int]:
    """Return the numbers from `start` to `end`: where characters stand that stay as they are."""
    return _ORDINALS[start:end] if end <= len(_ORDINALS) else array("i", range(start, end))


_ORDINALS = array("i", range(1 << 16))
"""Enough for what is read at once (`text.BLOCK`)."""


def token_begin(text: str, at: int) -> int:
    """Return where the token begins that a place in a text belongs to."""
    while at and text[at - 1] not in _SPACES:
        at -= 1
    return at


def token_end(text: str, at: int, limit: int | None = None) -> int:
    """Return where the token ends that a place in a text belongs to, or the limit if it does not end before."""
    limit = len(text) if limit is None else min(limit, len(text))
    while at < limit and text[at] not in _SPACES:
        at += 1
    return at


class _Traits(dict[str, int]):
    """What there is to do about each character beyond ASCII, filled as they turn up; bounded by how many there are."""

    def __missing__(self, char: str) -> int:
        spelled = unicodedata.normalize("NFKC", char)
        traits = _CHANGED * (_TABLE[ord(char)] != char) | _ALIKE * (ord(char) in _LOOK_ALIKES)
        traits |= _HIDDEN * (_LEFT_OUT.search(char) is not None)
        traits |= _SPELLED * (len(spelled) > 1 and spelled.isalnum() and spelled.isascii())
        if traits:
            self[char] = traits
        else:
            _AS_IT_IS.add(char)
        return traits


_CHANGED, _ALIKE, _HIDDEN, _SPELLED = 1, 2, 4, 8
_TRAITS = _Traits()
_AS_IT_IS = {chr(code) for code in range(128)}
"""Characters about which there is nothing to do: most of any text."""


def _noticed(text: str) -> dict[str, int]:
    """Return the characters of a text about which there is something to do, and what."""
    if text.isascii():
        return {}
    is_foreign = (len(text.encode()) - len(text)) * _SPARSE > len(text)
    chars = set(text if is_foreign else "".join(_FOREIGN.findall(text))) - _AS_IT_IS  # what is faster
    return {char: traits for char in chars if (traits := _TRAITS[char])}


def _edits(text: str, noticed: Mapping[str, int]) -> list[Edit]:
    """Return all that a text spells otherwise, leftmost first."""
    found = edits(text)
    spelled = _spelled_out(text, noticed)
    return sorted([*found, *spelled]) if spelled else found


def _spelled_out(text: str, noticed: Mapping[str, int]) -> list[Edit]:
    """Return what is left out or written with more than one character."""
    if not noticed:
        return []
    found: list[Edit] = []
    if any(some & _HIDDEN for some in noticed.values()):
        found.extend(Edit(*match.span(), "") for match in _LEFT_OUT.finditer(text))
    for char, some in noticed.items():
        if some & _SPELLED:
            spelled = unicodedata.normalize("NFKC", char)
            at = text.find(char)
            while at >= 0:
                found.append(Edit(at, at + 1, spelled))
                at = text.find(char, at + 1)
    return found


def _edited(view: View, found: list[Edit]) -> View:
    """Return a view with stretches replaced by what they spell; they do not overlap: one kind is ASCII, one is not."""
    parts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    old_starts, old_ends = view.starts or (), view.ends or ()
    at = 0
    for start, end, spells, _ in found:
        parts.extend((view.text[at:start], spells))
        starts.extend(old_starts[at:start])
        ends.extend(old_ends[at:start])
        starts.extend([old_starts[start]] * len(spells))
        ends.extend([old_ends[end - 1]] * len(spells))
        at = end
    parts.append(view.text[at:])
    starts.extend(old_starts[at:])
    ends.extend(old_ends[at:])
    return View("".join(parts), starts, ends)


def _translated(text: str, noticed: Mapping[str, int]) -> str:
    """Translate by the table; a text with few different foreign characters is searched for each: that is faster."""
    if not noticed:
        return text
    changes = {char: _TABLE[ord(char)] for char, some in noticed.items() if some & _CHANGED}
    if len(changes) > _FEW or not changes.keys().isdisjoint(changes.values()):
        text = text.translate(_TABLE)
    else:
        for char, folded in changes.items():
            text = text.replace(char, folded)
    if any(some & _ALIKE for some in noticed.values()):
        parts: list[str] = []
        at = 0
        for match in _WORD.finditer(text):
            start, end = match.span()
            parts.extend((text[at:start], text[start:end].translate(_LOOK_ALIKES)))
            at = end
        text = "".join((*parts, text[at:]))
    return text
