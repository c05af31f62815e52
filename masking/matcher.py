"""The matcher: reads texts as tapes of symbols, finds what phrases match in their zones and settles it, in native code.

What `masking.tape`, RE2, `masking.findings` and `masking.memory` find, this finds, some thirty times faster; they stay
what it is tested against, and do the work where the library was not built (ADR 12). Linear in the text whatever phrases
say.
"""

from __future__ import annotations

import ctypes
import weakref
from array import array
from itertools import accumulate
from typing import TYPE_CHECKING

from masking import native, phrase
from masking.automata import compile_pattern
from masking.findings import PUBLIC, Finding
from masking.memory import KNOWN_PRIORITY, KNOWN_RULE, NAME, identifier_number, identifier_of, key_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from masking.lexicon import Lexicon
    from masking.memory import Memory
    from masking.phrases import Parts, Phrasebook
    from masking.recognizers import Recognizer

Match = tuple[int, int, int, int]
"""A zone, a phrase, and where its value begins and ends in the view."""

_TOKENS = {"(": -1, ")": -2, "|": -3, "?": -4, "*": -5, "+": -6, "[[": -7, "]]": -8, "_": -10}
_REPEAT = -9
_ERRORS = {-2: phrase.MALFORMED, -3: phrase.EMPTY, -4: "the phrase is too large"}
_ASKS, _MOVES, _LEARNS, _PUBLIC, _NAMES = 1, 2, 4, 8, 16
_FOREIGN = compile_pattern(r"[^ \n\x{1e}]*[\x{80}-\x{10ffff}][^ \n\x{1e}]*")
_SIZE_MAX = 1 << 30
_HALF = (1 << 32) - 1
_SIGN_BIT = 1 << 31


class Matcher:
    """The phrases of recognizers over a lexicon, numbered in their order. Raises PhraseRefused for one that is none."""

    def __init__(
        self, lexicon: Lexicon, book: Phrasebook, recognizers: Sequence[Recognizer], forgotten: frozenset[str]
    ) -> None:
        if native.library is None:
            raise RuntimeError("the library was not built")
        self.library = native.library
        self.recognizers = tuple(recognizers)
        self.owners = tuple(recognizer for recognizer in recognizers for _ in recognizer.phrases)
        self.turn = 0
        self._lexicon = lexicon
        self._foreign: dict[str, tuple[int, ...]] = {}
        lower, is_inert = lexicon.inert()
        sets = [kind.members.to_bytes((lexicon.symbols + 7) // 8, "little") for kind in book.kinds.all]
        owners = [number for number, recognizer in enumerate(recognizers) for _ in recognizer.phrases]
        tokens = [_tokens(one.parts) for recognizer in recognizers for one in recognizer.phrases]
        error, blamed = ctypes.c_int32(), ctypes.c_int32()
        handle = self.library.matcher_new(
            ctypes.c_uint16(len(lower)),
            ctypes.c_uint16(lexicon.unknown),
            native.address(array("H", lower)),
            bytes(is_inert),
            *_pool(*lexicon.listed()),
            *_pool(*lexicon.endings()),
            b"".join(sets),
            ctypes.c_int32(len(sets)),
            native.address(array("i", [token for some in tokens for token in some])),
            native.address(array("i", accumulate(map(len, tokens), initial=0))),
            ctypes.c_int32(len(tokens)),
            native.address(array("i", owners)),
            native.address(array("i", [number for recognizer in recognizers for number in _rule(recognizer)])),
            ctypes.c_int32(len(recognizers)),
            *_pool(sorted(forgotten), [])[:2],
            ctypes.byref(error),
            ctypes.byref(blamed),
        )
        if not handle:
            if blamed.value < 0:
                raise MemoryError
            raise phrase.PhraseRefused(_ERRORS.get(error.value, phrase.MALFORMED), self.owners[blamed.value])
        self.handle = ctypes.c_void_p(handle)
        weakref.finalize(self, self.library.matcher_free, self.handle)

    @property
    def state_bytes(self) -> int:
        """Bytes that the states of the automata take now."""
        return int(self.library.matcher_bytes(self.handle))

    def read(self, view: str, before: bytes) -> MatchedText:
        """Read a view (`folding`) behind the byte `before`."""
        return MatchedText(self, view, before)

    def put(self, view: str, encoded: bytes, before: int) -> int:
        """Put a view on the tape; returns how many zones it has."""
        foreign: array[int] = array("i")
        if len(encoded) != len(view):
            for token in _FOREIGN.findall(view):
                foreign.extend(self._foreign.get(token) or self._symbols(token))
        place, count = foreign.buffer_info()
        zones = native.checked(self.library.matcher_read(self.handle, encoded, len(encoded), before, place, count))
        self.turn += 1
        return zones

    def _symbols(self, token: str) -> tuple[int, ...]:
        """Return how many symbols a token has, then each with its characters and its key; public tokens are kept."""
        found = [0]
        for symbol, text in self._lexicon.symbols_of(token):
            is_word = text[0].isalnum() and not text.isdecimal()
            key = key_of(text) if is_word and not text.isascii() else int(text.isspace())
            found += (symbol, len(text), _signed(key & _HALF), _signed(key >> 32))
            found[0] += 1
        symbols = tuple(found)
        if token in self._lexicon:  # which keeps public ones only
            self._foreign[token] = symbols
        return symbols


class MatchedText:
    """A view on the tape: its zones, and what is found there. Places are characters of the view.

    `spans`: the zones without the white space behind them. `settled`: how many of them no further text can change.
    `waiting`: where the words at the end begin that belong to the next zone.
    """

    def __init__(self, matcher: Matcher, view: str, before: bytes) -> None:
        self.view = view
        self._matcher = matcher
        self._encoded = view.encode()
        self._before = before[0]
        if len(self._encoded) > _SIZE_MAX:
            raise OverflowError
        count = matcher.put(view, self._encoded, self._before)
        library, handle = matcher.library, matcher.handle
        flat = native.numbers_at(library.matcher_spans(handle), 2 * count)
        self.spans = list(zip(flat[::2], flat[1::2], strict=True))
        self.settled = library.matcher_settled(handle)
        self.waiting = library.matcher_waiting(handle)
        self._turn = matcher.turn

    def _search(self, zones: int, phrases: range) -> int:
        matcher = self._matcher
        if matcher.turn != self._turn:  # another text was read meanwhile
            matcher.put(self.view, self._encoded, self._before)
            self._turn = matcher.turn
        return native.checked(matcher.library.matcher_search(matcher.handle, zones, phrases.start, phrases.stop))

    def matches(self, zones: int, phrases: range) -> Iterator[Match]:
        """Return what some phrases match in the first zones, zone by zone, phrase by phrase, leftmost first."""
        count = self._search(zones, phrases)
        flat = native.numbers_at(self._matcher.library.matcher_candidates(self._matcher.handle), 5 * count)
        return zip(flat[::5], flat[1::5], flat[2::5], flat[3::5], strict=True)

    def findings(self, zones: int, phrases: range, memory: Memory) -> list[Finding]:
        """Return the findings of some phrases' rules in the first zones; `memory` is advanced."""
        matcher = self._matcher
        library, handle, recognizers = matcher.library, matcher.handle, matcher.recognizers
        self._search(zones, phrases)
        while asked := native.checked(library.matcher_settle(handle, zones)):
            questions = native.numbers_at(library.matcher_questions(handle), 4 * asked)
            library.matcher_answer(handle, native.address(self._answers(questions)))
        names = identifier_number(NAME)
        count = native.checked(library.matcher_find(handle, zones, memory.native(), names, KNOWN_PRIORITY))
        learned = native.numbers_at(library.matcher_learned(handle), 3 * library.matcher_learned_count(handle))
        for low, high, identifier in zip(learned[::3], learned[1::3], learned[2::3], strict=True):
            memory.took((high & _HALF) << 32 | low & _HALF, identifier_of(identifier))
        flat = native.numbers_at(library.matcher_findings(handle), 3 * count)
        return [
            Finding(start, end, recognizers[rule].identifier, recognizers[rule].id)
            if rule >= 0
            else Finding(start, end, identifier_of(-1 - rule), KNOWN_RULE)
            for start, end, rule in zip(flat[::3], flat[1::3], flat[2::3], strict=True)
        ]

    def _answers(self, questions: list[int]) -> array[int]:
        """Return where each value asked about really stands, -1 for none."""
        view, spans, owners = self.view, self.spans, self._matcher.owners
        answers: array[int] = array("i")
        place, base, zone = -1, 0, ""
        for number, asked, start, end in zip(
            questions[::4], questions[1::4], questions[2::4], questions[3::4], strict=True
        ):
            if number != place:
                place = number
                base, stop = spans[place]
                zone = view[base:stop]
            value = owners[asked].judge(zone, start - base, end - base)
            answers.extend((value[0] + base, value[1] + base) if value else (-1, -1))
        return answers


def _rule(recognizer: Recognizer) -> tuple[int, int, int]:
    """Return what native code has to know of a recognizer: priority, identifier, and what it may do."""
    flags = _ASKS * recognizer.asks | _MOVES * recognizer.moves | _LEARNS * recognizer.propagate
    flags |= _PUBLIC * (recognizer.identifier == PUBLIC) | _NAMES * (recognizer.identifier == NAME)
    return recognizer.priority, identifier_number(recognizer.identifier), flags


def _tokens(parts: Parts) -> list[int]:
    tokens: list[int] = []
    for part in parts:
        if not isinstance(part, str):
            tokens.append(part.number)
        elif part[0] == "{":
            low, comma, high = part[1:-1].partition(",")
            tokens += (_REPEAT, int(low or 0), int(high) if high else -1 if comma else int(low))
        else:
            tokens.append(_TOKENS[part])
    return tokens


def _pool(words: Sequence[str], codes: Sequence[int]) -> tuple[bytes, ctypes.c_uint32, ctypes.c_void_p]:
    """Return words as lines, how many bytes these are, and the codes of the words."""
    lines = "".join([f"{word}\n" for word in words]).encode()
    return lines, ctypes.c_uint32(len(lines)), native.address(array("H", codes))


def _signed(half: int) -> int:
    return half - (_SIGN_BIT << 1) if half & _SIGN_BIT else half
