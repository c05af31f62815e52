"""The matcher: reads texts as tapes of symbols, finds what phrases match in their zones and settles it, in native code.

What `masking.tape`, RE2, `masking.findings` and `masking.memory` find, this finds, some thirty times faster; they stay
what it is tested against, and do the work where the library was not built (ADR 12). Linear in the text whatever phrases
say.
"""

from __future__ import annotations

import ctypes
import sys
import weakref
from array import array
from functools import cached_property
from itertools import accumulate
from operator import itemgetter
from threading import RLock
from typing import TYPE_CHECKING

from masking import native, phrase
from masking.findings import new_finding
from masking.lexicon import character
from masking.memory import KNOWN_PRIORITY, KNOWN_RULE, NAME, identifier_number, identifier_of
from masking.rule_facts import RuleFacts
from masking.segments import MAX_RUN
from masking.tape import END, START, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from masking.findings import Finding
    from masking.lexicon import Lexicon, PlainWords
    from masking.memory import Memory
    from masking.phrases import Part, Parts, Phrasebook
    from masking.recognizers import Recognizer

Match = tuple[int, int, int, int]
"""A zone, a phrase, and where its value begins and ends in the view."""

_TOKENS = {"(": -1, ")": -2, "|": -3, "?": -4, "*": -5, "+": -6, "[[": -7, "]]": -8, "_": -10}
_REPEAT = -9
_TOKEN_BYTES = array("i").itemsize
_ERRORS = {-2: phrase.MALFORMED, -3: phrase.EMPTY, -4: "the phrase is too large"}
_OUT_OF_MEMORY, _UNTOLD, _TOO_WIDE = -1, -5, -6
_NAME = identifier_number(NAME)
_first, _second = itemgetter(0), itemgetter(1)
_SIZE_MAX = 1 << 30


class _Named(dict[int, tuple[str, str]]):
    """What each rule's findings identify, and its id; a number below 0 stands for values known from before."""

    def __missing__(self, rule: int) -> tuple[str, str]:
        named = self[rule] = identifier_of(-1 - rule), KNOWN_RULE
        return named


class Matcher:
    """The phrases of recognizers over a lexicon, numbered in their order. Raises PhraseRefused for one that is none."""

    def __init__(
        self, lexicon: Lexicon, book: Phrasebook, recognizers: Sequence[Recognizer], forgotten: PlainWords
    ) -> None:
        if native.library is None:
            raise RuntimeError("the library was not built")
        self.library = native.library
        self.recognizers = tuple(recognizers)
        self.owners = tuple(recognizer for recognizer in recognizers for _ in recognizer.phrases)
        self.named = _Named(enumerate((recognizer.identifier, recognizer.id) for recognizer in recognizers))
        self.turn = 0
        self.lock = RLock()  # one tape at a time: between two calls another thread may want it
        lower, is_inert = lexicon.inert()
        others, words, codes = book.kinds.bits()
        set_count = len(book.kinds)
        owners = [number for number, recognizer in enumerate(recognizers) for _ in recognizer.phrases]
        tokens = _tokens_of(one.pieces for recognizer in recognizers for one in recognizer.phrases)
        told = RuleFacts(recognizers)
        clues, owners_of_clues, points = told.clues()
        error, blamed = ctypes.c_int32(), ctypes.c_int32(-1)
        handle = self.library.matcher_new(
            ctypes.c_uint16(len(lower)),
            ctypes.c_uint16(len(lexicon.letters())),
            ctypes.c_uint16(lexicon.unknown),
            native.address(array("H", lower)),
            bytes(is_inert),
            lexicon.lists.handle,
            native.address(array("H", lexicon.union_codes())),
            *_pool(*lexicon.endings()),
            native.address(others),
            native.address(words),
            codes,
            ctypes.c_int32(set_count),
            native.address(array("i", b"".join(tokens))),
            native.address(array("i", accumulate((len(one) // _TOKEN_BYTES for one in tokens), initial=0))),
            ctypes.c_int32(len(tokens)),
            native.address(array("i", owners)),
            native.address(told.rules),
            ctypes.c_int32(len(recognizers)),
            bytes(told.cues),
            ctypes.c_uint32(len(told.cues)),
            forgotten.lines,
            ctypes.c_uint32(len(forgotten.lines)),
            *_pool(told.listed, [])[:2],
            native.address(told.owners),
            native.address(told.sizes),
            ctypes.c_int32(len(told.sizes) // 2),
            *_pool(clues, points),
            native.address(owners_of_clues),
            ctypes.byref(error),
            ctypes.byref(blamed),
        )
        if not handle:
            if blamed.value < 0 or error.value == _OUT_OF_MEMORY:
                raise MemoryError
            raise phrase.PhraseRefused(_ERRORS.get(error.value, phrase.MALFORMED), self.owners[blamed.value])
        self.handle = ctypes.c_void_p(handle)
        self.state = native.State.from_address(handle)
        weakref.finalize(self, self.library.matcher_free, self.handle)

    @property
    def state_bytes(self) -> int:
        """Bytes that the states of the automata take now."""
        return int(self.library.matcher_bytes(self.handle))

    def read(self, view: str, before: bytes, *, last: bool = False) -> MatchedText:
        """Read a view (`folding`) behind the byte `before`; `last`: no text comes behind it."""
        return MatchedText(self, view, before, last=last)

    def put(self, view: str, encoded: bytes, before: int, *, last: bool) -> int:
        """Put a view on the tape; returns how many zones it has."""
        self.turn += 1  # before it is read: who was there before has to read again even if this fails
        zones = self.library.matcher_read(self.handle, encoded, len(encoded), before, last)
        if zones == _UNTOLD:
            self._tell(view)
            zones = self.library.matcher_read(self.handle, encoded, len(encoded), before, last)
        return native.checked(zones)

    def _tell(self, view: str) -> None:
        """Tell native code what the characters of a view are that no text before held: facts of Unicode."""
        codes = array("i", map(ord, set(view)))
        place, count = codes.buffer_info()
        untold = codes[: self.library.matcher_untold(self.handle, place, count)]
        facts: array[int] = array("i")
        plains = b""
        for code in untold:
            kind, form = character(chr(code))
            facts.extend((code, kind, len(form)))
            plains += form
        place, _ = facts.buffer_info()
        native.checked(self.library.matcher_tell(self.handle, place, len(untold), plains, len(plains)))

    def whole(self, view: str, phrases: range, memory: Memory) -> list[Finding] | None:
        """Return the findings of some phrases' rules in a whole view; `memory` is advanced. None: a zone is too long.

        The same as reading it and asking for its findings, at once: most texts are short and hold nothing.
        """
        encoded = (view + END).encode()
        length = len(encoded)
        arguments = (self.handle, encoded, length, START[0], MAX_RUN, phrases.start, phrases.stop)
        known = (memory.native(), _NAME, KNOWN_PRIORITY)
        with self.lock:
            self.turn += 1
            asked = self.library.matcher_whole(*arguments, *known)
            if asked == _UNTOLD:
                self._tell(view)
                asked = self.library.matcher_whole(*arguments, *known)
            if asked == _TOO_WIDE:
                return None
            asked = native.checked(asked)
            return self.settled(shown(view, last=True) if asked else "", self.state.zones, asked, memory)

    def settled(self, view: str, zones: int, asked: int, memory: Memory) -> list[Finding]:
        """Return what is found in zones that were searched, answering what Python is asked; `memory` is advanced.

        Of a view as it is on the tape, if anything is asked.
        """
        library, handle, state = self.library, self.handle, self.state
        if asked:
            while asked:
                answers = self._answers(view, native.numbers_at(state.questions, 6 * asked))
                asked = native.checked(library.matcher_answer(handle, answers.buffer_info()[0], zones))
            native.checked(library.matcher_find(handle, zones, memory.native(), _NAME, KNOWN_PRIORITY))
        count = state.finding_count
        if not count:
            return []
        flat = native.numbers_at(state.findings, 3 * count)
        named = self.named
        rules = [named[rule] for rule in flat[2::3]]
        columns = (flat[::3], flat[1::3], map(_first, rules), map(_second, rules))
        return list(map(new_finding, zip(*columns, strict=True)))

    def _answers(self, view: str, questions: list[int]) -> array[int]:
        """Return where each value asked about really stands, -1 for none."""
        owners = self.owners
        answers: list[int] = []
        place, zone = -1, ""
        for number, asked, start, end, base, stop in zip(*[iter(questions)] * 6, strict=True):
            if number != place:
                place, zone = number, view[base:stop]
            value = owners[asked].judge(zone, start - base, end - base)
            if value is None:
                answers += (-1, -1)
            else:
                answers += (value[0] + base, value[1] + base)
        return array("i", answers)


class MatchedText:
    """A view on the tape: its zones, and what is found there. Places are characters of the view.

    `zones`: how many there are; `settled`: how many of them no further text can change; `widest`: the length of the
    longest. `waiting`: where the words at the end begin that belong to the next zone.
    """

    def __init__(self, matcher: Matcher, view: str, before: bytes, *, last: bool) -> None:
        self._view = view
        self._last = last
        self._matcher = matcher
        self._encoded = (view + END if last else view).encode()
        self._before = before[0]
        if len(self._encoded) > _SIZE_MAX:
            raise OverflowError
        with matcher.lock:
            self.zones = matcher.put(view, self._encoded, self._before, last=last)
            state = matcher.state
            self.settled: int = state.settled
            self.waiting: int = state.waiting
            self.widest: int = state.widest
            self._spans = ctypes.string_at(state.spans, 8 * self.zones) if self.zones else b""
            self._turn = matcher.turn

    @cached_property
    def view(self) -> str:
        """The view as it is on the tape."""
        return shown(self._view, last=self._last)

    @cached_property
    def spans(self) -> list[tuple[int, int]]:
        """Where the zones stand, without the white space behind them."""
        flat = memoryview(self._spans).cast("i").tolist()
        return list(zip(flat[::2], flat[1::2], strict=True))

    def begin(self, zone: int) -> int:
        """Return where one zone begins."""
        return int.from_bytes(self._spans[8 * zone : 8 * zone + 4], sys.byteorder)

    def _again(self) -> None:
        """Read the view again if another text was read meanwhile."""
        if self._matcher.turn != self._turn:
            self._matcher.put(self._view, self._encoded, self._before, last=self._last)
            self._turn = self._matcher.turn

    def matches(self, zones: int, phrases: range) -> Iterator[Match]:
        """Return what some phrases match in the first zones, zone by zone, phrase by phrase, leftmost first."""
        matcher = self._matcher
        with matcher.lock:
            self._again()
            native.checked(matcher.library.matcher_search(matcher.handle, zones, phrases.start, phrases.stop))
            state = matcher.state
            flat = native.numbers_at(state.candidates, 5 * state.candidate_count)
        return zip(flat[::5], flat[1::5], flat[2::5], flat[3::5], strict=True)

    def findings(self, zones: int, phrases: range, memory: Memory) -> list[Finding]:
        """Return the findings of some phrases' rules in the first zones; `memory` is advanced."""
        with self._matcher.lock:
            return self._findings(zones, phrases, memory)

    def _findings(self, zones: int, phrases: range, memory: Memory) -> list[Finding]:
        self._again()
        matcher = self._matcher
        known = (memory.native(), _NAME, KNOWN_PRIORITY)
        asked = matcher.library.matcher_findings(matcher.handle, zones, phrases.start, phrases.stop, *known)
        asked = native.checked(asked)
        return matcher.settled(self.view if asked else "", zones, asked, memory)


class _Tokens(dict["Part", bytes]):
    """The parts of phrases as native code reads them, in numbers; of a hundred thousand some thousand differ."""

    def __missing__(self, part: Part) -> bytes:
        if not isinstance(part, str):
            numbers: tuple[int, ...] = (part.number,)
        elif part[0] == "{":
            low, comma, high = part[1:-1].partition(",")
            numbers = (_REPEAT, int(low or 0), int(high) if high else -1 if comma else int(low))
        else:
            numbers = (_TOKENS[part],)
        tokens = self[part] = array("i", numbers).tobytes()
        return tokens


def _tokens_of(phrases: Iterable[tuple[Parts, ...]]) -> list[bytes]:
    """Return each phrase as native code reads it. Pieces that phrases share are read once: most of all parts."""
    token = _Tokens().__getitem__
    read: dict[int, bytes] = {}
    tokens: list[bytes] = []
    for pieces in phrases:
        for piece in pieces:
            if id(piece) not in read:  # it stays one and the same while the phrases are there
                read[id(piece)] = b"".join(map(token, piece))
        tokens.append(b"".join([read[id(piece)] for piece in pieces]))
    return tokens


def _pool(words: Iterable[str], codes: Sequence[int]) -> tuple[bytes, ctypes.c_uint32, ctypes.c_void_p]:
    """Return words as lines, how many bytes these are, and the codes of the words."""
    lines = "\n".join((*words, "")).encode()
    return lines, ctypes.c_uint32(len(lines)), native.address(array("H", codes))
