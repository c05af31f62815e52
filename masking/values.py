"""Values: lists of literal texts, such as a deny list, found by one word of each.

A value is compared atom by atom (`lexicon`): words in any case and without marks, white space of any length as one gap,
numbers and signs as they stand. Its *anchor* is its first word, or the first of its longest numbers if it has no word
(few texts hold `8255`, all hold `1`); a phrase finds anchors, a dictionary says whether a whole value stands around
one. Ten thousand values cost no more than ten.
"""

from __future__ import annotations

import re  # reads around what RE2 already found, never further than the longest value; the pattern is linear
from itertools import accumulate, islice
from typing import TYPE_CHECKING

from masking.folding import fold
from masking.lexicon import LENGTHS, WORD, plain

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

MAX_VALUES = 10_000
"""Values of one rule."""

MAX_ATOMS = 64
"""Words, numbers, signs and gaps of one value."""

_ATOM = re.compile(rf"(?P<word>{WORD})|(?P<number>[0-9]+)|(?P<gap>\s+)|(?P<sign>.)", re.DOTALL)
_LONGEST_GAP = 128
_RANK = {"word": 0, "number": 1, "sign": 2, "gap": 3}


def form(text: str) -> str:
    """Return the form of a text in which spellings of one value are equal."""
    return "".join(_forms(text))


def unusable(value: str) -> str:
    """Return what is wrong with a value; empty if it is usable."""
    if not any(char.isalpha() or char.isdecimal() for char in fold(value)):
        return "holds no letter or digit"
    return f"has more than {MAX_ATOMS} words, numbers, signs and spaces" if len(list(_forms(value))) > MAX_ATOMS else ""


class Values:
    """The literal values of one rule, usable ones; `listed` as they are looked for, in the order they were given.

    `anchors`: the words among the anchors. `sizes`: how many atoms stand before a value's anchor and from it on, the
    longest first; `placed`: the forms of the values by how many stand before their anchor.
    """

    def __init__(self, values: Iterable[str]) -> None:
        self._values: set[str] = set()
        self.listed: list[str] = []
        self.words: set[str] = set()
        self.anchors: set[str] = set()
        self._digits: set[int] = set()
        self.placed: dict[int, set[str]] = {}
        sizes: dict[str, set[tuple[int, int]]] = {}
        for value in values:
            self.listed.append(fold(value).strip())
            atoms = list(_ATOM.finditer(self.listed[-1]))
            place = min(range(len(atoms)), key=lambda place: (*_rarity(atoms[place]), place))
            forms = [_form(atom) for atom in atoms]
            self._values.add("".join(forms))
            self.placed.setdefault(place, set()).add("".join(forms))
            self.words.update(part for atom, part in zip(atoms, forms, strict=True) if atom.lastgroup == "word")
            if atoms[place].lastgroup == "word":
                self.anchors.add(forms[place])
            else:
                self._digits.add(min(len(forms[place]), len(LENGTHS)))
            sizes.setdefault(forms[place], set()).add((place, len(atoms) - place))
        self._sizes = {anchor: sorted(some, key=_longest_first) for anchor, some in sizes.items()}
        self.sizes = sorted(set().union(*sizes.values()), key=_longest_first)

    @property
    def anchor_forms(self) -> Collection[str]:
        """The forms of all anchors, words and others."""
        return self._sizes.keys()

    def phrases(self, anchors: str) -> tuple[str, ...]:
        """Return the phrases that find the anchors, given the name of the list that holds the words among them."""
        words = (f"[[ <{anchors}> ]]",) if self.anchors else ()
        last = len(LENGTHS)
        return (*words, *(f"[[ <n{size}{'+' if size == last else ''}> ]]" for size in sorted(self._digits)))

    def around(self, text: str, start: int, end: int) -> tuple[int, int] | None:
        """Return where the longest value stands whose anchor is `[start, end)`; None if there is none."""
        sizes = self._sizes.get(plain(text[start:end]))
        if sizes is None:
            return None
        before = self._before(text, start, max(size for size, _ in sizes))
        atoms = list(islice(_ATOM.finditer(text, start), max(size for _, size in sizes)))
        ends = [start, *(atom.end() for atom in atoms)]
        forms = list(accumulate(map(_form, atoms), initial=""))
        for left, right in sizes:
            if left < len(before) and right < len(ends):
                begin, head = before[left]
                if head + forms[right] in self._values and _is_whole(text, begin, ends[right]):
                    return begin, ends[right]
        return None

    def _before(self, text: str, start: int, atoms: int) -> list[tuple[int, str]]:
        """Return, for none and one and more atoms before a place, where they begin and their form."""
        found = [(start, "")]
        if atoms:
            first = max(0, start - _LONGEST_GAP * atoms)
            for atom in reversed(list(_ATOM.finditer(text, first, start))[-atoms:]):
                found.append((atom.start(), _form(atom) + found[-1][1]))
        return found


def _rarity(atom: re.Match[str]) -> tuple[int, int]:
    """Return how early an atom is taken for an anchor: words, then numbers by length, then other things."""
    kind = atom.lastgroup or ""
    return _RANK[kind], -len(atom[0]) if kind == "number" else 0


def _longest_first(size: tuple[int, int]) -> tuple[int, int]:
    return -sum(size), size[0]


def _forms(text: str) -> Iterable[str]:
    return map(_form, _ATOM.finditer(text.strip()))


def _form(atom: re.Match[str]) -> str:
    if atom.lastgroup == "word":
        return plain(atom[0])
    return " " if atom.lastgroup == "gap" else atom[0]


def _is_whole(text: str, start: int, end: int) -> bool:
    """Say whether no letter or digit touches one of the value's own on either side."""
    left = start > 0 and text[start - 1].isalnum() and text[start].isalnum()
    right = end < len(text) and text[end].isalnum() and text[end - 1].isalnum()
    return not left and not right
