"""Lists of words: which of them hold each word together, as a *union*.

A quarter of a million words are in some three thousand lists, many in several; their unions are some six thousand. What
`unite` says native code says ten times faster (`native/lists.c`), and numbers unions alike.
"""

from __future__ import annotations

import ctypes
import weakref
from array import array
from itertools import accumulate
from typing import TYPE_CHECKING

from masking import native

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class WordList:
    """The words of one list, as lines: of most lists nobody asks for single words, and a text takes little room."""

    __slots__ = ("lines",)

    def __init__(self, words: Iterable[str] = (), lines: str = "") -> None:
        self.lines = "\n".join((*words, lines))

    def __iter__(self) -> Iterator[str]:
        return iter(self.lines.split("\n")[:-1])

    def __add__(self, other: WordList) -> WordList:
        return WordList(lines=self.lines + other.lines)


Union = tuple[int, ...]
"""Lists that hold a word together, by their places, the last first."""


_OUT_OF_MEMORY = -1


def unite(lists: Iterable[Iterable[str]]) -> tuple[dict[str, int], list[Union]]:
    """Return for each word the number of its union, and all unions by their numbers; the first is of no list."""
    held: dict[str, int] = {}
    unions: list[Union] = [()]
    for place, words in enumerate(lists):
        joined: dict[int, int] = {}
        for word in words:
            before = held.get(word, 0)
            if before not in joined:
                joined[before] = joined[len(unions)] = len(unions)
                unions.append((place, *unions[before]))
            held[word] = joined[before]
    return held, unions


class Lists:
    """Lists in native code, which hands their words over to the first matcher that asks for them (`handle`)."""

    def __init__(self, library: ctypes.PyDLL, lists: Iterable[WordList]) -> None:
        lines = [words.lines.encode() for words in lists]
        ends = array("I", accumulate(map(len, lines)))
        error = ctypes.c_int32()
        handle = library.lists_new(b"".join(lines), native.address(ends), len(ends), ctypes.byref(error))
        if not handle:
            raise MemoryError if error.value == _OUT_OF_MEMORY else ValueError("too many word lists")
        self.handle = ctypes.c_void_p(handle)
        self._library = library
        weakref.finalize(self, library.lists_free, self.handle)

    def unions(self) -> tuple[list[Union], list[int], list[int]]:
        """Return all unions by their numbers; the numbers of those that have words, and single letters among these."""
        place = ctypes.c_void_p()
        count = self._library.lists_unions(self.handle, ctypes.byref(place))
        flat = native.numbers_at(place.value, 5 * count)
        unions: list[Union] = []
        for last, before in zip(flat[::5], flat[1::5], strict=True):
            unions.append((last, *unions[before]) if unions else ())
        used, lettered = ([number for number, held in enumerate(flat[at::5]) if held > 0] for at in (2, 3))
        return unions, used, lettered
