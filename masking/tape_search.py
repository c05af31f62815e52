"""What phrases match, by RE2 over the tape: slow and plain, the measure for the matcher and its stand-in.

Everything is searched at once, so that RE2 walks over a large text once for each rule. Most rules match nothing in most
texts: one alternation for each group of phrases finds the texts that the group touches; only there does each phrase go
to work, in the zones that any phrase of its rule touches.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property
from typing import TYPE_CHECKING

from masking.lexicon import SEALED
from masking.phrase import AnyPhrase, PhraseRefused
from masking.tape import Tape, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from masking.automata import TapeAutomaton
    from masking.lexicon import Lexicon
    from masking.matcher import Match
    from masking.phrase import Phrase
    from masking.recognizers import Recognizer

WINDOW = 8192
"""What is searched at once, with the zone that goes over it; no search reads beyond (`lookahead`)."""

_SEAL = bytes((SEALED,))
_GROUP = 16
"""Phrases of one group: fewer walk over text too often, more work where nothing is (measured)."""


class TapeSearcher:
    """The phrases of recognizers over a lexicon, numbered in their order.

    Raises PhraseRefused for one that is none, if they are not proven to be some.
    """

    def __init__(self, lexicon: Lexicon, recognizers: Sequence[Recognizer], *, proven: bool) -> None:
        self._lexicon = lexicon
        self._rules: list[_Rule] = []
        self._groups: list[tuple[AnyPhrase, list[_Rule]]] = []
        first = 0
        for recognizer in recognizers:
            for phrase in () if proven else recognizer.phrases:
                if problem := phrase.problem():
                    raise PhraseRefused(problem, recognizer)
            if recognizer.phrases:
                self._rules.append(_Rule(first, recognizer.phrases))
                first += len(recognizer.phrases)
        group: list[_Rule] = []
        for rule in self._rules:
            group.append(rule)
            if sum(len(some.phrases) for some in group) >= _GROUP or rule is self._rules[-1]:
                self._groups.append((AnyPhrase(phrase for some in group for phrase in some.phrases), group))
                group = []

    def read(self, view: str, before: bytes, *, last: bool = False) -> SearchedTape:
        """Read a view (`folding`) behind the byte `before`; `last`: no text comes behind it."""
        return SearchedTape(self, Tape(self._lexicon, shown(view, last=last), before))

    def rules(self, tape: bytes, phrases: range) -> Iterator[_Rule]:
        """Yield the rules, of those that some phrases belong to, that may match on a tape."""
        for located, group in self._groups:
            chosen = [rule for rule in group if rule.first in phrases]
            if chosen and located.anywhere(tape):
                yield from chosen


class _Rule:
    """The phrases of one rule, and the number of the first."""

    def __init__(self, first: int, phrases: Sequence[Phrase]) -> None:
        self.first = first
        self.phrases = phrases
        self.located = AnyPhrase(phrases)


class SearchedTape:
    """A view on the tape, as `matcher.MatchedText`."""

    def __init__(self, searcher: TapeSearcher, tape: Tape) -> None:
        self.view = tape.view
        self._searcher = searcher
        self._tape = tape
        self._zones = tape.zones()
        self.spans = tape.spans(self._zones)
        self.zones = len(self.spans)
        self.settled = tape.settled(self._zones)
        self.widest = max((end - start for start, end in self.spans), default=0)

    def begin(self, zone: int) -> int:
        """Return where one zone begins."""
        return self.spans[zone][0]

    @property
    def waiting(self) -> int:
        """Where the words at the end begin that belong to the next zone."""
        return self._tape.char(self._tape.waiting())

    def matches(self, zones: int, phrases: range) -> Iterator[Match]:
        """Return what some phrases match in the first zones, zone by zone, phrase by phrase, leftmost first."""
        kinds = _Kinds(self._tape, self._zones[:zones])
        found: dict[int, list[Match]] = {}
        for rule in self._searcher.rules(self._tape.tape, phrases) if zones else ():
            for place, phrase, left, right in kinds.search(rule):
                start, end = self._tape.char(max(left, self._zones[place][0])), self._tape.char(right)
                while end > start and self.view[end - 1].isspace():
                    end -= 1
                if end > start:
                    found.setdefault(place, []).append((place, phrase, start, end))
        return (match for place in sorted(found) for match in found[place])


class _Kinds:
    """Zones of a tape, ready to be searched: side by side, with a byte between them that no rule takes."""

    def __init__(self, tape: Tape, zones: Sequence[tuple[int, int]]) -> None:
        self._tape = tape.tape
        self._zones = zones
        self._starts = [start for start, _ in zones]

    @cached_property
    def _windows(self) -> list[tuple[int, bytes]]:
        """Stretches of the tape with whole zones in them, each with the place at which it begins."""
        windows: list[tuple[int, bytes]] = []
        begin = -1
        for start, end in self._zones:
            begin = start - 1 if begin < 0 else begin
            if end - begin >= WINDOW or end == self._zones[-1][1]:
                windows.append((begin, self._tape[begin:end]))
                begin = -1
        return windows

    def _touched(self, locate: TapeAutomaton) -> list[int]:
        """Return the zones that hold a part of a match."""
        touched: set[int] = set()
        for begin, window in self._windows:
            for match in locate.finditer(window):
                start, end = match.span()
                first = max(bisect_right(self._starts, start + begin + 1) - 1, 0)
                touched.update(range(first, bisect_right(self._starts, end + begin)))
        return sorted(touched)

    def search(self, rule: _Rule) -> Iterator[tuple[int, int, int, int]]:
        """Yield what the phrases of a rule match: the zone, the phrase, and where its value stands on the tape."""
        places = self._touched(rule.located.automaton)
        starts: list[int] = []
        parts: list[bytes] = []
        at = 0
        for place in places:
            start, end = self._zones[place]
            starts.append(at)
            parts.append(self._tape[start - 1 : end])
            at += end - start + 2
        joined = _SEAL.join(parts)
        for number, phrase in enumerate(rule.phrases if places else (), rule.first):
            for left, right in phrase.spans(joined):
                place = bisect_right(starts, left) - 1
                by = self._zones[places[place]][0] - 1 - starts[place]
                yield places[place], number, left + by, right + by
