"""Kinds: which symbols a `<...>` or a sign of a phrase takes, as a set of symbols and in bytes of the tape.

A kind of words is, for each shape that words have, a set of codes, kept as the bits of a number. When all kinds are
known, words that none of them tells apart get one code, and codes an order in which most kinds are few ranges: the RE2
programs of phrases get ten times smaller, and the states of their automata fit the memory they have.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from masking.automata import compile_tape
from masking.lexicon import CLOSE, ORDINARY, SECONDS, SHAPES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from masking.lexicon import Lexicon

_AGGREGATES = {"cap": ("title", "upper", "camel"), "word": tuple(set(SHAPES) - {"initial", "letter"})}
_RUN = re.compile("1+")
_ONE = ord("1")
_CLOSED = frozenset(b'"\n')
"""What a quote that ends its line is."""
_FEW_BITS = 16


class Kind:
    """What one place of a phrase takes: `members`, the bits of its symbols, and its `re2` over the tape's bytes.

    `number` is its place among the kinds of a phrasebook. The bits are many: they are let go of (`Kinds.take_bits`).
    """

    def __init__(self, number: int, members: int, render: Callable[[], str]) -> None:
        self.number = number
        self.members = members
        self._render = render

    @cached_property
    def re2(self) -> str:
        """The kind as RE2 over the tape."""
        return self._render()


class Kinds:
    """All kinds that phrases over one lexicon ask for.

    Asked for kinds of words once, by `ask`, and then sealed, it gives them and all others.
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
        self._asked: dict[str, int] = {}
        self._same: dict[int, int] = {}  # sets of codes: many kinds take the same words in several shapes
        self._kinds: dict[str, Kind] = {}
        self._sealed = False
        self.space = self.signs(" ")
        self.line_end = self._new("end of a gap", 1 << ord("\n"), lambda: r"\n")  # which no quote is

    def __len__(self) -> int:
        """Return how many kinds were given: the space and the line end are the first."""
        return len(self._kinds)

    def take_bits(self) -> bytes:
        """Return the bits of the symbols of all kinds that were given, one after the other, and keep them no longer."""
        size = (self._lexicon.symbols + 7) // 8
        bits = bytearray(size * len(self._kinds))
        for kind in self._kinds.values():
            bits[size * kind.number : size * (kind.number + 1)] = kind.members.to_bytes(size, "little")
            del kind.members  # so that nobody takes them for no symbols
        return bytes(bits)

    def ask(self, source: str) -> None:
        """Take note of a kind of words that will be asked for once this is sealed. Raises ValueError."""
        if source not in self._asked and not any(self._kind(source).values()):
            raise ValueError(f"no word can be <{source}>")
        self._asked[source] = self._asked.get(source, 0) + 1

    def words(self, source: str) -> Kind:
        """Return a kind of words. Raises ValueError with a fixed reason."""
        known = self._kinds.get(source)
        if known is None:
            self.ask(source)
            kind = self._kind(source)
            members = 0
            for shape, codes in kind.items():
                members |= codes << self._lexicon.symbol_of_word(shape, 0)
            known = self._new(source, members, lambda: self._rendered(kind))
        return known

    def numbers(self, values: Iterable[int], lengths: Iterable[int]) -> Kind:
        """Return a kind of numbers, by the bytes of their values and lengths."""
        text = f"(?:{byte_class(values)}{byte_class(lengths)})"
        known = self._kinds.get(text)
        if known is None:
            symbols = (self._lexicon.symbol_of_number(value, length) for value in values for length in lengths)
            known = self._new(text, sum(1 << symbol for symbol in set(symbols)), lambda: text)
        return known

    def signs(self, text: str) -> Kind:
        """Return the kind of the signs that a sign or class of RE2 takes."""
        known = self._kinds.get(text)
        if known is None:
            pattern = compile_tape(text)
            taken = {byte for byte in range(128) if pattern.search(bytes((byte,))) is not None}
            shown = text
            if not _CLOSED.isdisjoint(taken):
                taken.add(CLOSE)
                shown = byte_class(taken)
            known = self._new(text, sum(1 << byte for byte in taken), lambda: shown)
        return known

    def anything_but(self, text: str) -> Kind:
        """Return the kind of all words, numbers and signs but those that a class of RE2 that begins with `^` names."""
        known = self._kinds.get(text)
        if known is None:
            taken = self.signs(f"[{text[2:]}").members
            known = self._new(text, (1 << self._lexicon.symbols) - 1 & ~taken, lambda: text)
        return known

    def _new(self, source: str, members: int, render: Callable[[], str]) -> Kind:
        self._kinds[source] = made = Kind(len(self._kinds), members, render)
        return made

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
        return {shape: self._same.setdefault(codes, codes) for shape, codes in kind.items()}

    def seal(self) -> None:
        """Give words that no kind asked for so far tells apart one code."""
        asked: dict[int, int] = {}
        for source, times in self._asked.items():
            for codes in set(self._kind(source).values()):
                asked[codes] = asked.get(codes, 0) + times
        rows = [_bits(codes, len(self._codes)) for codes in sorted(asked, key=lambda codes: (-asked[codes], codes))]
        uses = dict(zip(self._codes, _columns(rows, len(self._codes)), strict=True))
        moved = self._lexicon.recode(uses)
        new = sorted({moved.get(code, code) for code in self._codes})
        places = {code: place for place, code in enumerate(new)}
        here = [places[moved.get(code, code)] for code in self._codes]
        self._lists = {name: _moved(held, here) for name, held in self._lists.items()}
        self._shapes = {shape: _moved(held, here) for shape, held in self._shapes.items()}
        self._codes = new
        self._lexicon.number(new)
        self._same = {}
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


def _columns(rows: Sequence[str], size: int) -> list[bytes]:
    """Return what stands in each of `size` columns of bits, so that they order as their bits do.

    Four rows are read as one of hexadecimal digits, which leaves a quarter of them to pick: half the time (measured).
    """
    fours = (rows[at : at + 4] for at in range(0, len(rows), 4))
    sums = (sum(int(row, 16) << 3 - place for place, row in enumerate(four)) for four in fours)
    every = "".join([f"{one:0{size}x}" for one in sums]).encode()
    return [every[place::size] for place in range(size)]


def _moved(held: int, places: list[int]) -> int:
    """Return a set of codes after they moved to other places."""
    if held.bit_count() < _FEW_BITS:
        out = 0
        while held:
            low = held & -held
            out |= 1 << places[low.bit_length() - 1]
            held ^= low
        return out
    bits = bytearray(b"0") * (max(places) + 1)
    for run in _RUN.finditer(_bits(held, len(places))):
        for place in places[run.start() : run.end()]:
            bits[place] = _ONE
    return int(bits[::-1], 2)


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
