"""Kinds: which words a `<...>` of a phrase means, and how that is said in bytes of the tape.

A kind is, for each shape that words have, a set of codes, kept as the bits of a number. When all kinds are known, words
that none of them tells apart get one code, and codes an order in which most kinds are few ranges: the programs of
phrases get ten times smaller, and the states of their automata fit the memory they have.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from masking.lexicon import ORDINARY, SECONDS, SHAPES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from masking.lexicon import Lexicon

_AGGREGATES = {"cap": ("title", "upper", "camel"), "word": tuple(set(SHAPES) - {"initial", "letter"})}
_RUN = re.compile("1+")


class Kinds:
    """All kinds of words that phrases over one lexicon ask for.

    Asked once for all of them and then sealed, it gives their classes; before that, empty ones.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._codes: list[bytes] = []
        self._lists: dict[str, int] = {}
        self._shapes = dict.fromkeys(SHAPES.values(), 0)
        places: dict[bytes, int] = {}
        for code, shape, lists in lexicon.kinds():
            if code not in places:
                places[code] = len(self._codes)
                self._codes.append(code)
                for name in lists:
                    self._lists[name] = self._lists.get(name, 0) | 1 << places[code]
            self._shapes[shape] |= 1 << places[code]
        self._classes: dict[str, str] = {}
        self._asked: dict[str, int] = {}
        self._sealed = False

    def byte_class(self, source: str) -> str:
        """Return a kind of words as RE2 over the tape. Raises ValueError with a fixed reason."""
        known = self._classes.get(source)
        self._asked[source] = self._asked.get(source, 0) + 1
        if known is None:
            kind = self._kind(source)
            if not any(kind.values()):
                raise ValueError(f"no word can be <{source}>")
            known = self._classes[source] = self._rendered(kind) if self._sealed else ""
        return known

    def _kind(self, source: str) -> dict[int, int]:
        """Return the codes that a kind takes in each shape."""
        kind = self._shapes.copy()
        for term in source.split():
            wanted = not term.startswith("-")
            shapes: set[int] = set()
            codes = 0
            for name in term.removeprefix("-").split("|"):
                if name == "any":
                    shapes.update(SHAPES.values())
                elif name in SHAPES or name in _AGGREGATES:
                    shapes.update(SHAPES[shape] for shape in _AGGREGATES.get(name, (name,)))
                elif name == "unknown" or self._lexicon.holds(name):
                    codes |= self._lists.get(name, 0)
                else:
                    raise ValueError(f"no word list `{name}`")
            for shape in kind:
                if shape in shapes:
                    kind[shape] = kind[shape] if wanted else 0
                else:
                    kind[shape] = kind[shape] & codes if wanted else kind[shape] & ~codes
        return kind

    def seal(self) -> None:
        """Give words that no kind asked for so far tells apart one code."""
        asked: dict[int, int] = {}
        for source, times in self._asked.items():
            for codes in set(self._kind(source).values()):
                asked[codes] = asked.get(codes, 0) + times
        rows = [_bits(codes, len(self._codes)) for codes in sorted(asked, key=lambda codes: (-asked[codes], codes))]
        columns = zip(*rows, strict=True) if rows else ((),) * len(self._codes)
        uses = dict(zip(self._codes, map("".join, columns), strict=True))
        moved = self._lexicon.recode(uses)
        new = sorted({moved.get(code, code) for code in self._codes})
        places = {code: place for place, code in enumerate(new)}
        here = [places[moved.get(code, code)] for code in self._codes]
        self._lists = {name: _moved(held, here) for name, held in self._lists.items()}
        self._shapes = {shape: _moved(held, here) for shape, held in self._shapes.items()}
        self._codes = new
        self._classes = {}
        self._sealed = True

    def _rendered(self, kind: dict[int, int]) -> str:
        """Return a kind as an alternation of classes of three bytes."""
        by_codes: dict[int, list[int]] = {}
        for shape, codes in kind.items():
            if codes:
                by_codes.setdefault(codes, []).append(shape)
        return (
            "(?:"
            + "|".join(part + byte_class(shapes) for codes, shapes in by_codes.items() for part in self._parts(codes))
            + ")"
        )

    def _parts(self, codes: int) -> list[str]:
        """Return a set of codes as classes of two bytes."""
        firsts: dict[tuple[int, int], list[int]] = {}
        for run in _RUN.finditer(_bits(codes, len(self._codes))):
            for first, low, high in _stretches(self._codes[run.start() : run.end()]):
                firsts.setdefault((low, high), []).append(first)
        by_firsts: dict[tuple[int, ...], list[int]] = {}
        for (low, high), some in firsts.items():
            by_firsts.setdefault(tuple(some), []).extend(range(low, high + 1))
        return [byte_class(some) + byte_class(seconds) for some, seconds in by_firsts.items()]


def _stretches(codes: list[bytes]) -> list[tuple[int, int, int]]:
    """Return a run of codes as first bytes with their range of second bytes."""
    out: list[tuple[int, int, int]] = []
    at = 0
    while at < len(codes):
        first, low = codes[at]
        if first in ORDINARY:  # their second bytes follow one another
            left = min(len(codes) - at, SECONDS.stop - low)
            out.append((first, low, low + left - 1))
            at += left
        else:
            out.append((first, low, low))
            at += 1
    return out


def _bits(codes: int, size: int) -> str:
    """Return the bits of a set, the first code first."""
    return f"{codes:0{size}b}"[::-1] if size else ""


def _moved(held: int, places: list[int]) -> int:
    """Return a set of codes after they moved to other places."""
    out = 0
    for run in _RUN.finditer(_bits(held, len(places))):
        for place in places[run.start() : run.end()]:
            out |= 1 << place
    return out


def byte_class(codes: Iterable[int]) -> str:
    """Return a class of bytes, neighbours as ranges."""
    ranges: list[list[int]] = []
    for code in sorted(codes):
        if ranges and code == ranges[-1][1] + 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    inner = "".join(f"\\x{low:02x}" if low == high else f"\\x{low:02x}-\\x{high:02x}" for low, high in ranges)
    return f"[{inner}]"
