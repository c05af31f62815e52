"""The lexicon: what kind of thing each atom of a text is, in one to three bytes.

An *atom* is a word, a number or a sign. A sign of ASCII stands for itself. A word is three bytes, the *code* (which
word lists hold it) and the *shape* (how it is written); a number is two, what its value may be and how many digits it
has. Rules are written over these kinds, so a word is looked up once, however many rules ask about it.

Tokens are remembered only if they are one word of the lists and signs around it: what is remembered is public, whatever
text went through here.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

from masking import native
from masking.lists import Lists, WordList, unite

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from masking.lists import Union

INERT_FIRSTS = range(0x80, 0x87)
"""First bytes of lower-case words of the vocabulary that no rule asks for, and of quiet ones: text is cut where several
stand in a row."""

SEALED = 0x7F
"""The byte of a stretch that belongs to a placeholder, and of controls: no rule takes it."""

SIGN = 0x1C
"""The byte of a sign beyond ASCII."""

BREAK = 0x1E
"""The byte of a line end that parts what stands around it (`segments.lines`), and of the begin of a text."""

CLOSE = 0x1A
"""The byte of a quote that ends its line: to rules both a quote and a line end, for what it closes ends there too."""

SHAPES = {"lower": 1, "title": 2, "upper": 3, "camel": 4, "initial": 5, "letter": 6, "uncased": 7, "mixed": 8}
"""Of words: `john`, `John`, `JOHN`, `McDonald`, `J`, `j`, scripts without capitals, `iPhone`."""

_OF_LETTERS = frozenset({SHAPES["initial"], SHAPES["letter"]})

LENGTHS = (1, 2, 3, 4, 5, 6, 7, 8, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25)
"""Shapes of numbers: by digits, the last one for all longer ones."""

NUMBERS = {"month": 0x30, "day": 0x31, "two": 0x32, "old": 0x33, "year": 0x34, "number": 0x35}
"""Codes of numbers: 1 to 12, 13 to 31, 0 and 32 to 89, 90 to 125, 1850 to 2099 with four digits, any other."""

FIRST_NUMBER, FIRST_WORD = 128, 256
"""Symbols, a tape's other form: a sign of ASCII is its own, then come numbers, then words (`matcher`)."""

SITE = "@"
"""Begins the names of lists that say nothing about a word but that a rule's own values hold it (`values`)."""

_INERTS = tuple(bytes((first, 0x80)) for first in INERT_FIRSTS)
"""Codes of inert words that are not quiet: one for each list of the vocabulary."""

SURE = "_sure"
"""Ends the name under which a list of the vocabulary is asked for its own words alone: to `<medical>` an inert word may
be any of the vocabulary, to `<medical_sure>` it is medical."""

_QUIET = tuple(bytes((first, second)) for first in INERT_FIRSTS for second in range(0x81, 0xC0))
_UNKNOWN = b"\xc0\x80"
ORDINARY = range(0xC0, 0x100)
"""First bytes of ordinary codes, the first of which is that of unknown words; never second bytes of quiet ones, so that
no zone begins inside a word."""
WORD = r"[^\W\d_]+(?:'(?![sS](?!\w))[^\W\d_]+)*"
"""A word: letters, with apostrophes between them but for that of a possessive."""

_ATOM = re.compile(rf"(?P<sealed>[\x00-\x08\x0b-\x1d\x7f]+)|(?P<word>{WORD})|(?P<number>[0-9]+)|(?P<sign>.|\n)")
SECONDS = range(0x80, 0x100)

_LINE_ENDS = frozenset("\n\x1e")
WORD_BYTES = 3
"""Bytes of a word on the tape."""

SIGNS = "\n\x1e" + "".join(chr(code) for code in range(33, 127) if not chr(code).isalnum())
_LONGEST = 64
_MEMO = 400_000
_SHORT_NUMBER = 4
_DAY_DIGITS = 2
_MONTHS = range(1, 13)
_DAYS = range(13, 32)
_OLD = range(90, 126)
_YEARS = range(1850, 2100)


class Lexicon(dict[str, bytes]):
    """Maps tokens to what they are on the tape; a token is text up to a space, or up to and with a line end.

    `lists` hold plain words; those in `vocabulary` ordinary words, those in `proper` names of people and places, which
    say nothing about a lower-case word of the vocabulary. `endings`: a word of no list that ends so counts as one of
    that list. `quiet` are words so usual that text is cut between them, though rules ask for them. `room`: how many
    kinds of listed words rules may tell apart.
    """

    def __init__(
        self,
        lists: Mapping[str, Iterable[str]],
        vocabulary: frozenset[str] = frozenset(),
        proper: frozenset[str] = frozenset(),
        endings: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
        quiet: Iterable[str] = (),
    ) -> None:
        super().__init__()
        lists = {**lists, **{"=" + word: (word,) for word in quiet}}
        self._names = tuple(sorted(lists))
        self._listed = frozenset(self._names)
        self._vocabulary = vocabulary
        self._quiet = vocabulary | proper | {name + SURE for name in vocabulary}
        every = (lists[name] for name in self._names)
        self._every = [words if isinstance(words, WordList) else WordList(words) for words in every]
        self._native = None if native.library is None else Lists(native.library, self._every)
        self._lettered: list[int] = []  # unions that hold single letters; only native code asks
        if self._native is None:
            self._held, unions = unite(self._every)
            used = [*{*self._held.values()}]
        else:
            unions, used, self._lettered = self._native.unions()
        places = {name: place for place, name in enumerate(self._names)}
        ending_unions = {plain(ending): (places[name],) for name, some in endings.items() for ending in some}
        kinds = sorted({*map(unions.__getitem__, used), *ending_unions.values()})
        if len({*quiet}) > len(_QUIET):
            raise ValueError("too many quiet words")
        self.room = len(ORDINARY) * len(SECONDS) - 1
        made = _code if len(kinds) <= self.room else _provisional  # fewer are left when phrases were read (`recode`)
        codes = {union: made(number) for number, union in enumerate(kinds)}
        self._codes = [codes.get(union, b"") for union in unions]
        self._endings = {ending: (place, codes[one]) for place, (ending, one) in enumerate(ending_unions.items())}
        self._ending_lengths = sorted({len(ending) for ending in ending_unions})
        self._members = {code: self._lists(union) for union, code in codes.items()}
        self._members[_UNKNOWN] = frozenset({"unknown"})
        if len(vocabulary) > len(_INERTS):
            raise ValueError("too many lists in `vocabulary`")
        inert = dict(zip(sorted(vocabulary), _INERTS, strict=False)) or {"": _INERTS[0]}
        self._inert = {
            code: next((inert[name] for name in inert if name in lists), _INERTS[0])
            for code, lists in self._members.items()
            if self._is_inert(lists)
        }
        self._members |= {code: vocabulary | {name + SURE} for name, code in inert.items()}
        self._places: dict[bytes, int] = {}
        alone = {places["=" + word]: code for code, word in zip(_QUIET, sorted({*quiet}), strict=False)}
        for union, code in codes.items():
            if not alone.keys().isdisjoint(union):
                quiet_code = next(alone[place] for place in union if place in alone)
                self._inert[code] = quiet_code
                self._members[quiet_code] = self._members[code]

    @cached_property
    def _held(self) -> Mapping[str, int]:
        """The number of the union of each word; native code has its own."""
        return unite(self._every)[0]

    def _lists(self, union: Union) -> frozenset[str]:
        names = frozenset(map(self._names.__getitem__, union))
        if not names.isdisjoint(self._vocabulary):
            names |= {name + SURE for name in names & self._vocabulary}
        return names | {"unknown"} if all(name[0] == SITE for name in names) else names

    def _is_inert(self, lists: frozenset[str]) -> bool:
        """Ordinary words, and names each of which is an ordinary word too (`ambiguous_given` of `given`)."""
        if not lists <= self._quiet:
            return False
        names = [f"ambiguous_{name}" for name in lists if f"ambiguous_{name}" in self._listed]
        return not lists.isdisjoint(self._vocabulary) or (bool(names) and lists.issuperset(names))

    def kinds(self) -> Iterator[tuple[bytes, bool, bool, frozenset[str]]]:
        """Yield each code that words can have, whether lower-case ones and whether others, and its lists' names."""
        for code, lists in self._members.items():
            yield code, code not in self._inert, code[0] not in INERT_FIRSTS, lists

    def recode(self, uses: Mapping[bytes, object]) -> dict[bytes, bytes]:
        """Give codes with the same uses one code, in the order of their uses; returns the new code of each old one.

        Raises ValueError if there are too many.
        """
        ordinary = (code for code in self._members if code[0] in ORDINARY and code != _UNKNOWN)
        keys = {code: (uses[code], self._inert.get(code, b"")) for code in ordinary}
        ordered = sorted(set(keys.values()))
        if len(ordered) > self.room:
            raise ValueError("phrases tell too many word lists apart")
        new = {key: _code(number) for number, key in enumerate(ordered)}
        moved = {code: new[key] for code, key in keys.items()}
        self._codes = [moved.get(code, code) for code in self._codes]
        self._endings = {ending: (place, moved[code]) for ending, (place, code) in self._endings.items()}
        self._inert = {moved[code]: inert for code, inert in self._inert.items()}
        self._members = {}
        self.clear()
        return moved

    def letters(self) -> frozenset[bytes]:
        """Return the codes that single letters may have in native code."""
        return frozenset(map(self._codes.__getitem__, self._lettered)) | ({_UNKNOWN} if self._native else frozenset())

    def number(self, codes: Iterable[bytes]) -> None:
        """Take all codes that words can have, in the order in which symbols are to count them."""
        self._places = {code: place for place, code in enumerate(codes)}

    @staticmethod
    def symbol_of_number(value: int, length: int) -> int:
        """Return the symbol of numbers from their two bytes."""
        return FIRST_NUMBER + (value - NUMBERS["month"]) * len(LENGTHS) + LENGTHS.index(length)

    @property
    def lists(self) -> Lists:
        """The lists as native code has them. Raises RuntimeError if there was none."""
        if self._native is None:
            raise RuntimeError("the library was not built")
        return self._native

    def union_codes(self) -> list[int]:
        """Return the places of the codes of the words that lists hold together, by union."""
        return [self._places.get(code, 0) for code in self._codes]

    def endings(self) -> tuple[list[str], list[int]]:
        """Return the endings, those that win over others first, and the places of their codes."""
        return list(self._endings), [self._places[code] for _, code in self._endings.values()]

    def inert(self) -> tuple[list[int], list[int]]:
        """Return, for each code, the place of that of its lower-case words, and whether it parts zones."""
        lower = [self._places[self._inert.get(code, code)] for code in self._places]
        return lower, [int(code[0] in INERT_FIRSTS) for code in self._places]

    @property
    def unknown(self) -> int:
        """The place of the code of words of no list."""
        return self._places[_UNKNOWN]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all lists."""
        return self._names

    def __missing__(self, token: str) -> bytes:
        piece, public = self._piece(token)
        tape = piece if token[-1:] in _LINE_ENDS else piece + b" "
        if public and len(self) < _MEMO:
            self[token] = tape
        return tape

    def _piece(self, token: str) -> tuple[bytes, bool]:
        short = len(token) <= _LONGEST
        if token.isalpha():
            tape, known = self.word(token)
            return tape, known and short
        core = token.strip(SIGNS)
        if core.isalpha():  # the most frequent form by far
            tape, known = self.word(core)
            at = token.index(core)
            return token[:at].encode() + tape + token[at + len(core) :].encode(), known and short
        parts: list[bytes] = []
        for match in _ATOM.finditer(token):
            kind, text = match.lastgroup, match.group()
            parts.append(self.word(text)[0] if kind == "word" else number(text) if kind == "number" else _sign(text))
        return b"".join(parts), False  # listed words together may say what none of them says alone

    def word(self, word: str) -> tuple[bytes, bool]:
        """Return the three bytes of a word, and whether it stands in a list."""
        shape = shape_of(word)
        listed = plain(word)
        union = self._held.get(word, 0)
        # `ǆ` is a letter, and no list's `dz`: native code knows letters apart.
        if shape in _OF_LETTERS and len(listed) > 1:
            code = self._codes[union] if union else _UNKNOWN
        else:
            union = union or self._held.get(listed, 0)
            code = self._codes[union] if union else self._by_ending(listed)
        known = union > 0 or len(word) == 1
        if shape == 1:
            code = self._inert.get(code, code)
        return code + shape.to_bytes(), known

    def _by_ending(self, word: str) -> bytes:
        first: tuple[int, bytes] | None = None
        for length in self._ending_lengths:
            if length + 1 >= len(word):
                break
            found = self._endings.get(word[-length:])
            if found is not None and (first is None or found < first):
                first = found
        return _UNKNOWN if first is None else first[1]


def atoms(token: str) -> Iterator[tuple[int, int]]:
    """Yield, for each atom of a token, its bytes on the tape and its characters."""
    for match in _ATOM.finditer(token):
        kind, length = match.lastgroup, match.end() - match.start()
        yield (WORD_BYTES if kind == "word" else 2 if kind == "number" else 1), length


def _provisional(number: int) -> bytes:
    """Return a code that no tape has room for: it tells words apart until it is known which ones phrases do."""
    return bytes((ORDINARY[0], *number.to_bytes(3)))


def _code(number: int) -> bytes:
    number += 1  # behind that of unknown words
    return bytes((ORDINARY[number // len(SECONDS)], SECONDS[number % len(SECONDS)]))


def plain(word: str) -> str:
    """Return a word as the lists write it: lower case, without marks on its letters; letter by letter."""
    return word.lower() if word.isascii() else word.translate(_PLAIN)


def plain_lines(words: str) -> str:
    """Return many words, of which most are ASCII, as the lists write them."""
    return _BEYOND.sub(lambda match: plain(match[0]), words).lower()


class PlainWords:
    """The words of a list as lists write them: `lines` for native code, single ones for who asks."""

    def __init__(self, words: WordList) -> None:
        self.lines = plain_lines(words.lines).encode()

    @cached_property
    def _words(self) -> frozenset[str]:
        return frozenset(self.lines.decode().split("\n")[:-1])

    def __contains__(self, word: object) -> bool:
        return word in self._words


_BEYOND = re.compile(r"[^\x00-\x7f]+")


class _Plain(dict[int, str]):
    """The plain form of each character, filled as characters turn up; bounded by the number of code points."""

    def __missing__(self, code: int) -> str:
        parts = unicodedata.normalize("NFKD", chr(code).lower())
        form = self[code] = "".join(part for part in parts if not unicodedata.combining(part)).lower()
        return form


_PLAIN = _Plain({ord("\u03c2"): "\u03c3"})  # a final sigma is a sigma


def character(char: str) -> tuple[int, bytes]:
    """Return what a character is, as `native/matcher.h` counts it, and the plain form of a part of words."""
    in_words = char.isalnum() and not char.isdecimal()
    is_title = unicodedata.category(char) == "Lt"
    facts = (in_words, char.isdecimal(), char.isupper(), char.islower(), is_title, char.isspace())
    return sum(1 << place for place, fact in enumerate(facts) if fact), plain(char).encode() if in_words else b""


def shape_of(word: str) -> int:
    """Return the shape of a word (`SHAPES`)."""
    if word.islower():
        return 1 if len(word) > 1 else 6
    if len(word) == 1:
        return 5 if word.isupper() else 7
    if word.isupper():
        return 3
    if not word[0].isupper():
        return 8 if any(map(str.isupper, word)) else 7
    return 2 if word.istitle() else 4


def number(digits: str) -> bytes:
    """Return the two bytes of a number."""
    length = len(digits)
    value = int(digits) if length <= _SHORT_NUMBER else -1
    if length <= _DAY_DIGITS and value in _MONTHS:
        kind = "month"
    elif length <= _DAY_DIGITS and value in _DAYS:
        kind = "day"
    elif value in _OLD and length < _SHORT_NUMBER:
        kind = "old"
    elif value in _YEARS:
        kind = "year"
    else:
        kind = "two" if length <= _DAY_DIGITS else "number"
    return bytes((NUMBERS[kind], LENGTHS[min(length, len(LENGTHS)) - 1]))


def _sign(text: str) -> bytes:
    if text in _LINE_ENDS:
        return text.encode()
    if text.isascii():
        return text.encode() if " " < text < "\x7f" else b"\x7f"
    return b"\x1c"
