"""Gazetteers: lists whose entries have several words (`los angeles`), found inside a stretch of capitalised words.

A phrase sees single words, so it takes any run of words of the list's entries; here the longest run that is an entry is
looked up. Case, marks, dots and hyphens do not count: `St. Louis` is `st louis`, `Winston-Salem` is `winston salem`.
"""

from __future__ import annotations

import re  # plain reading of a short value that RE2 already found; the pattern below is linear
from typing import TYPE_CHECKING

from masking.lexicon import plain, plain_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
_SAINTS = {"saint": "st", "fort": "ft", "mount": "mt"}
_SAINT = re.compile(rf"(?<![^ \n])(?:{'|'.join(_SAINTS)})(?![^ \n])")
_LONGEST = 6


class Gazetteer:
    """The entries of several words of some lists; `entries` are as they are looked up."""

    def __init__(self, entries: Iterable[str]) -> None:
        lines = plain_lines("\n".join(_several(entries)))  # all at once: there are tens of thousands
        self.entries = frozenset(_SAINT.sub(_shorter, lines).split("\n")) - {""}

    def longest(self, text: str, start: int, end: int) -> tuple[int, int] | None:
        """Return the leftmost of the longest entries in a stretch of text; None if it holds none."""
        words = [match.span() for match in _WORD.finditer(text, start, end)]
        keys = [_SAINTS.get(word, word) for word in (plain(text[left:right]) for left, right in words)]
        for size in range(min(len(words), _LONGEST), 1, -1):
            for first in range(len(words) - size + 1):
                if " ".join(keys[first : first + size]) in self.entries:
                    return words[first][0], words[first + size - 1][1]
        return None


class Gazetteers:
    """The gazetteers of the lists of one set of rules, each made once for all rules that ask for the same lists."""

    def __init__(self, lists: Mapping[str, Iterable[str]]) -> None:
        self.lists = lists
        self._made: dict[tuple[str, ...], Gazetteer] = {}

    def of(self, names: Sequence[str]) -> Gazetteer:
        """Return that of some lists. Raises KeyError for a list that there is not."""
        key = tuple(names)
        if key not in self._made:
            self._made[key] = Gazetteer(word for name in names for word in self.lists[name])
        return self._made[key]


def parts(entries: Iterable[str]) -> tuple[str, ...]:
    """Return the words of the entries that have several, and the short forms of `saint`, `fort` and `mount`."""
    words = set(plain_lines("\n".join(_several(entries))).split())
    pairs = [*_SAINTS.items(), *((short, long) for long, short in _SAINTS.items())]
    return tuple(sorted(words | {other for word, other in pairs if word in words}))


def _several(entries: Iterable[str]) -> Iterator[str]:
    """Yield the words of each entry that has several, with one space between two of them."""
    for entry in entries:
        if entry.isalpha():
            continue
        words = entry.split()
        if not "".join(words).isalpha():
            words = _WORD.findall(entry)
        if len(words) > 1:
            yield " ".join(words)


def _shorter(match: re.Match[str]) -> str:
    return _SAINTS[match[0]]
