"""Kinds: which symbols a `<...>` or a sign of a phrase takes, as a set of symbols and in bytes of the tape.

A kind of words is, for each shape that words have, a set of codes, kept as the bits of a number. When all kinds are
known, words that none of them tells apart get one code, and codes an order in which most kinds are few ranges: the RE2
programs of phrases get ten times smaller, and the states of their automata fit the memory they have.
"""

from __future__ import annotations

import re
from array import array
from functools import cached_property, lru_cache, reduce
from itertools import chain
from operator import or_
from typing import TYPE_CHECKING

from masking import native
from masking.automata import compile_tape
from masking.code_sets import move, pack, rank, sets_of
from masking.lexicon import CLOSE, FIRST_NUMBER, FIRST_WORD, SHAPES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from masking.lexicon import Lexicon

_AGGREGATES = {"cap": ("title", "upper", "camel"), "word": tuple(set(SHAPES) - {"initial", "letter"})}
_SHAPES = {name: frozenset({shape}) for name, shape in SHAPES.items()} | {"any": frozenset(SHAPES.values())}
_SHAPES |= {name: frozenset(SHAPES[shape] for shape in shapes) for name, shapes in _AGGREGATES.items()}
_RUN = re.compile("1+")
_BYTES = bytes(range(256))
_PLAIN_SIGNS = re.compile(r"\\[!-/:-@\[-^`{-~]|\[(?:\\[!-/:-@\[-^`{-~]|[ !-,./:-@_`{-~])+\]")
"""An escaped sign, and a class without ranges: what they take is seen without RE2."""
_ESCAPE = re.compile(r"\\(.)")
_LOWER, _OTHER = "<lower>", "<other>"  # no names of lists: a kind holds no brackets
_CLOSED = 1 << ord('"') | 1 << ord("\n")
"""What a quote that ends its line is."""
_MOST_SYMBOLS = 0xFFFF
"""Native code counts symbols in sixteen bits; those of single letters are in two shapes of their own."""
_NO_SHAPES: frozenset[int] = frozenset()
_EVERY_SHAPE = range(1, len(SHAPES) + 1)
_ALIKE = [0] + [1] * (len(SHAPES) - 1)
_NO_WORDS = (0,) * len(SHAPES)


class Kind:
    """What one place of a phrase takes: its `re2` over the tape's bytes, and for native code two things.

    `others` are the bits of its symbols that are no words; `words` the numbers of its sets of codes, one for each shape
    (`Kinds.bits`). `number` is its place among the kinds of a phrasebook.
    """

    def __init__(self, number: int, others: int, words: Sequence[int], render: Callable[[], str]) -> None:
        self.number = number
        self.others = others
        self.words = words
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
        held: dict[str, list[int]] = {name: [] for name in (_LOWER, _OTHER, *lexicon.names)}
        for place, (code, is_lower, is_other, lists) in enumerate(lexicon.kinds()):
            self._codes.append(code)
            for name in lists:
                held.setdefault(name, []).append(place)
            if is_lower:
                held[_LOWER].append(place)
            if is_other:
                held[_OTHER].append(place)
        self._held: Mapping[str, Sequence[int]] = held  # of lists, and of words that are lower-case or not, the codes
        self._terms: dict[str, tuple[frozenset[int], int]] = {}
        self._asked: dict[str, int] = {}
        self._rows: dict[int, int] = {}  # sets of codes that kinds take which were asked for, with their numbers
        self._taken: dict[str, tuple[list[int], list[int]]] = {}  # these, and for each shape which of them
        self._moved = array("Q")  # the rows, when native code sealed them
        self._order: dict[int, int] = {}  # and the numbers of these
        self._kinds: dict[str, Kind] = {}
        self._numbers = {0: 0}  # of other sets of codes: most kinds take the same words in several shapes
        self.space = self.signs(" ")
        self.line_end = self._new("end of a gap", 1 << ord("\n"), _NO_WORDS, lambda: r"\n")  # which no quote is

    def __len__(self) -> int:
        """Return how many kinds were given: the space and the line end are the first."""
        return len(self._kinds)

    def bits(self) -> tuple[array[int], array[int], bytes]:
        """Return what all kinds take that were given, one after the other, in words of 64 bits.

        The bits of the symbols that are no words; the numbers of the sets of codes, one for each shape; and the bits of
        these sets, each of as many words as hold all codes.
        """
        others = array("Q")
        for kind in self._kinds.values():
            others.frombytes(kind.others.to_bytes(FIRST_WORD // 8, "little"))
        none, *rest = self._numbers
        sets = b"".join((pack([none], len(self._codes)), self._moved, pack(rest, len(self._codes))))
        return others, array("i", chain.from_iterable(kind.words for kind in self._kinds.values())), sets

    @cached_property
    def _sets(self) -> dict[str, int]:
        """Of lists, and of words that are lower-case or not, the codes as bits; who is sealed hardly needs them."""
        return sets_of(self._held)

    def ask(self, source: str, times: int = 1) -> None:
        """Take note of a kind of words that will be asked for once this is sealed. Raises ValueError."""
        if source not in self._asked:
            sets, places = self._kind(source)
            self._taken[source] = [self._rows.setdefault(codes, len(self._rows)) for codes in sets], places
            self._asked[source] = 0
        self._asked[source] += times

    def words(self, source: str) -> Kind:
        """Return a kind of words. Raises ValueError with a fixed reason."""
        known = self._kinds.get(source)
        if known is None:
            taken = self._taken.get(source)
            if taken is None:
                sets, places = self._kind(source)
                numbers = [*map(self._number, sets)]
            else:
                numbers, places = [self._order[row] for row in taken[0]], taken[1]
            known = self._new(source, 0, [numbers[place] for place in places], lambda: self._rendered(source))
        return known

    def numbers(self, values: Iterable[int], lengths: Iterable[int]) -> Kind:
        """Return a kind of numbers, by the bytes of their values and lengths."""
        text = f"(?:{byte_class(values)}{byte_class(lengths)})"
        known = self._kinds.get(text)
        if known is None:
            symbols = (self._lexicon.symbol_of_number(value, length) for value in values for length in lengths)
            known = self._new(text, sum(1 << symbol for symbol in set(symbols)), _NO_WORDS, lambda: text)
        return known

    def signs(self, text: str) -> Kind:
        """Return the kind of the signs that a sign or class of RE2 takes."""
        known = self._kinds.get(text)
        if known is None:
            taken = bytes_of(text) & (1 << FIRST_NUMBER) - 1
            shown = text
            if taken & _CLOSED:
                taken |= 1 << CLOSE
                shown = byte_class(byte for byte in range(FIRST_NUMBER) if taken >> byte & 1)
            known = self._new(text, taken, _NO_WORDS, lambda: shown)
        return known

    def anything_but(self, text: str) -> Kind:
        """Return the kind of all words, numbers and signs but those that a class of RE2 that begins with `^` names."""
        known = self._kinds.get(text)
        if known is None:
            taken = self.signs(f"[{text[2:]}").others
            every = self._number((1 << len(self._codes)) - 1)
            known = self._new(text, (1 << FIRST_WORD) - 1 & ~taken, [every] * len(SHAPES), lambda: text)
        return known

    def _new(self, source: str, others: int, words: Sequence[int], render: Callable[[], str]) -> Kind:
        self._kinds[source] = made = Kind(len(self._kinds), others, words, render)
        return made

    def _number(self, codes: int) -> int:
        return self._numbers.setdefault(codes, len(self._numbers) + len(self._order))

    def _kind(self, source: str) -> tuple[list[int], list[int]]:
        """Return sets of codes, and for each shape which of them a kind takes in it. Raises ValueError."""
        terms = source.split()
        if len(terms) == 1 and terms[0][0] != "-":  # most are that
            shapes, codes = self._term(terms[0])
            if codes and not shapes:
                return [self._sets[_LOWER] & codes, self._sets[_OTHER] & codes], _ALIKE
        every, away = -1, 0
        shaped: list[tuple[frozenset[int], int, int]] = []
        for term in terms:
            shapes, codes = self._term(term.removeprefix("-"))
            if shapes:
                shaped.append((shapes, -1, codes) if term[0] != "-" else (shapes, 0, ~codes))
            elif term[0] != "-":
                every &= codes
            else:
                away |= codes
        every &= ~away
        sets = [self._sets[_LOWER] & every, self._sets[_OTHER] & every]
        places = _ALIKE
        if shaped:
            first, rest, places = _ways(tuple([shapes for shapes, _, _ in shaped]))
            sets = [sets[0] & _mask(shaped, first), *[sets[1] & _mask(shaped, way) for way in rest]]
        if not any(sets):
            raise ValueError(f"no word can be <{source}>")
        return sets, places

    def _term(self, term: str) -> tuple[frozenset[int], int]:
        """Return the shapes of which a term takes all words, and the codes that it takes in any shape."""
        known = self._terms.get(term)
        if known is None:
            names = term.split("|")
            shapes = _NO_SHAPES.union(*[_SHAPES[name] for name in names if name in _SHAPES])
            lists = [name for name in names if name not in _SHAPES] if shapes else names
            try:
                codes = reduce(or_, map(self._sets.__getitem__, lists), 0)
            except KeyError as missing:
                raise ValueError(f"no word list `{missing.args[0]}`") from None
            known = self._terms[term] = shapes, codes
        return known

    def seal(self) -> None:
        """Give words that no kind asked for so far tells apart one code."""
        times = [0] * len(self._rows)
        for source, asked in self._asked.items():
            for row in {*self._taken[source][0]}:
                times[row] += asked
        order = sorted(range(len(times)), key=times.__getitem__, reverse=True)
        every = list(self._rows)
        rows = [every[row] for row in order]
        packed = pack(rows, len(self._codes))
        uses = dict(zip(self._codes, rank(rows, packed, len(self._codes)), strict=True))
        moved = self._lexicon.recode(uses)
        letters = self._lexicon.letters()  # these first: native code knows single letters by them
        new = sorted({moved.get(code, code) for code in self._codes}, key=lambda code: (code not in letters, code))
        if FIRST_WORD + (len(SHAPES) - 2) * len(new) + 2 * len(letters) > _MOST_SYMBOLS:
            raise ValueError("phrases tell too many word lists apart")
        numbers = {code: place for place, code in enumerate(new)}
        places = [numbers[moved.get(code, code)] for code in self._codes]
        self._held = {name: [places[place] for place in some] for name, some in self._held.items()}
        if native.library is None:
            self._taken = {}
        else:
            self._moved = move(native.library, packed, len(rows), places, len(new))
            self._order = {row: place for place, row in enumerate(order, 1)}  # behind the set of nothing
        self._rows, self._terms = {}, {}
        vars(self).pop("_sets", None)  # of the codes before
        self._codes = new
        self._lexicon.number(new)

    def _rendered(self, source: str) -> str:
        """Return a kind of words as an alternation of classes of three bytes."""
        by_codes: dict[int, list[int]] = {}
        sets, places = self._kind(source)
        for shape, place in enumerate(places, 1):
            if sets[place]:
                by_codes.setdefault(sets[place], []).append(shape)
        return (
            "(?:"
            + "|".join(part + byte_class(shapes) for codes, shapes in by_codes.items() for part in self._parts(codes))
            + ")"
        )

    def _parts(self, codes: int) -> list[str]:
        """Return a set of codes as classes of two bytes."""
        firsts: dict[tuple[int, int], list[int]] = {}
        for run in _RUN.finditer(f"{codes:b}"[::-1]):
            for first, low, high in _stretches(self._codes[run.start() : run.end()]):
                firsts.setdefault((low, high), []).append(first)
        by_firsts: dict[tuple[int, ...], list[int]] = {}
        for (low, high), some in firsts.items():
            by_firsts.setdefault(tuple(some), []).extend(range(low, high + 1))
        return [byte_class(some) + byte_class(seconds) for some, seconds in by_firsts.items()]


def _stretches(codes: list[bytes]) -> list[tuple[int, int, int]]:
    """Return a run of codes as first bytes with their range of second bytes."""
    out: list[tuple[int, int, int]] = []
    for first, second in codes:
        if out and out[-1][0] == first and out[-1][2] == second - 1:
            out[-1] = first, out[-1][1], second
        else:
            out.append((first, second, second))
    return out


@lru_cache(maxsize=4096)
def _ways(shaped: tuple[frozenset[int], ...]) -> tuple[Sequence[bool], Sequence[Sequence[bool]], list[int]]:
    """Return whether terms take all words of the first shape, of others, and for each shape which of these it is."""
    ways = [tuple([shape in shapes for shapes in shaped]) for shape in _EVERY_SHAPE]
    rest = list(dict.fromkeys(ways[1:]))
    return ways[0], rest, [0, *[1 + rest.index(way) for way in ways[1:]]]


def _mask(shaped: Iterable[tuple[frozenset[int], int, int]], way: Iterable[bool]) -> int:
    """Return the codes that terms take of words of a shape, by whether each term takes all of them."""
    mask = -1
    for (_, inside, outside), is_inside in zip(shaped, way, strict=True):
        mask &= inside if is_inside else outside
    return mask


@lru_cache(maxsize=4096)
def bytes_of(text: str) -> int:
    """Return the bytes that a sign or class of RE2 takes, as bits. Raises ValueError."""
    if _PLAIN_SIGNS.fullmatch(text):
        return sum(1 << ord(sign) for sign in {*_ESCAPE.sub(r"\1", text if text[0] == "\\" else text[1:-1])})
    return sum(1 << match.span()[0] for match in compile_tape(text).finditer(_BYTES))


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
