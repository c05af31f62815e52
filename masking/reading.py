"""A reading: a stretch of a text on the tape, its zones, and what is found in them."""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from masking.findings import Finding
from masking.folding import view_of
from masking.segments import MAX_RUN, lines
from masking.tape import START, Tape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from masking.automata import Automaton
    from masking.memory import Memory
    from masking.recognizers import Recognizer
    from masking.scan import Scanner


SPACES = " \t\n\r\f\v\x1e\x1f"
"""What parts tokens in a text; a view may have more of it."""


class Reading:
    """A stretch of text that begins and ends with whole tokens; `before` is what stands before it on the tape."""

    def __init__(self, scanner: Scanner, text: str, before: bytes = START) -> None:
        self.text = text
        self._scanner = scanner
        self._view = view_of(text)
        self.tape = Tape(scanner.lexicon, lines(self._view.text), before)

    @cached_property
    def zones(self) -> list[tuple[int, int]]:
        """The zones on the tape."""
        return self.tape.zones()

    @cached_property
    def _spans(self) -> list[tuple[int, int]]:
        """The zones in the view, without the last space."""
        return self.tape.spans(self.zones)

    def oversize(self) -> int | None:
        """Return the first zone that is too long, None if there is none."""
        if len(self.text) <= MAX_RUN:
            return None
        raw = self._raw
        return next(
            (number for number, (start, end) in enumerate(self._spans) if raw(end) - raw(start) > MAX_RUN), None
        )

    def leaving(self, settled: int) -> tuple[int, int]:
        """Return how many of so many settled zones may leave, and how much of the text with them.

        A token that spells several words (`decoding`) leaves as a whole or not at all.
        """
        tape = self.tape
        while True:
            end = self.raw(self.zones[settled][0] if settled < len(self.zones) else tape.waiting())
            if self._view.starts is None:
                return settled, end
            end = token_begin(self.text, end)
            if not settled or self._raw(self._spans[settled - 1][1]) <= end:
                return settled, end
            settled -= 1

    def raw(self, at: int) -> int:
        """Return the character of the text at a place on the tape."""
        return self._raw(self.tape.char(at))

    def _raw(self, char: int) -> int:
        starts = self._view.starts
        if starts is None:
            return char
        return starts[char] if char < len(starts) else len(self.text)

    def all(self, memory: Memory) -> list[Finding]:
        """Return all findings; `memory` is advanced."""
        if not self._scanner.anywhere(self.tape) and not memory.hints(self.tape.view):
            return []
        return self.findings(len(self.zones), memory)

    def findings(self, number: int, memory: Memory) -> list[Finding]:
        """Return the findings of the first zones, in the text's offsets; `memory` is advanced."""
        if not number:
            return []
        view, spans = self.tape.view, self._spans[:number]
        claims = self._scanner.claims(self.tape, self.zones[:number], spans)
        known = {place for hint in memory.hints(view) for place in self._places(hint, 0, spans)}
        places = sorted(claims.keys() | known)
        findings: list[Finding] = []
        while places:
            place = heappop(places)
            if places and places[0] == place:
                continue
            start, end = spans[place]
            found, learned = self._scanner.settle(view[start:end], claims.get(place, ()), memory, known=place in known)
            for one in found:
                self._add(findings, one, start)
            for hint in learned:
                for later in self._places(hint, end, spans):
                    known.add(later)
                    heappush(places, later)
        return findings

    def _places(self, hint: str, start: int, spans: list[tuple[int, int]]) -> Iterator[int]:
        """Yield the zones in which a remembered value may stand, from a character of the view on."""
        view = self.tape.view
        at = view.find(hint, start)
        while at >= 0:
            place = bisect_right(spans, (at, len(view))) - 1
            if place >= 0 and at < spans[place][1]:
                yield place
                at = view.find(hint, spans[place][1])
            else:
                at = view.find(hint, at + 1)

    def claimed(self, rule: str) -> list[tuple[int, int]]:
        """Return where a rule claims something in the view, whatever wins there."""
        found = self._scanner.claims(self.tape, self.zones, self._spans) if self.zones else {}
        return sorted(
            (claim.start + self._spans[place][0], claim.end + self._spans[place][0])
            for place, claims in found.items()
            for claim in claims
            if claim.rule == rule
        )

    def matches(self, place: int, recognizer: Recognizer) -> Iterator[tuple[int, int, int, int]]:
        """Yield where each match of a rule in a zone begins and ends, and its value, in the text's offsets.

        Slow: for explanations.
        """
        (first, last), (base, stop), char = self.zones[place], self._spans[place], self.tape.char
        zone = self.tape.view[base:stop]
        spans = [pattern_span for pattern in recognizer.patterns for pattern_span in pattern_spans(pattern, zone)]
        for phrase in recognizer.phrases:
            for span in phrase.matches(self.tape.tape[first - 1 : last]):
                begin, end, left, right = (char(max(at + first - 1, first)) - base for at in span)
                spans.append((begin, min(end, len(zone)), left, left + len(zone[left:right].rstrip())))
        for begin, end, left, right in spans:
            value = recognizer.judge(zone, left, right) if left < right else None
            if value is not None:
                yield (
                    *self._original(min(begin, value[0]) + base, max(end, value[1]) + base),
                    *self._original(value[0] + base, value[1] + base),
                )

    def place(self, at: int) -> int | None:
        """Return the zone that holds a character of the text, None if none does."""
        for number, (start, end) in enumerate(self._spans):
            if self._raw(start) <= at < self._raw(end):
                return number
        return None

    def _original(self, start: int, end: int) -> tuple[int, int]:
        """Return a stretch of the view in the text's offsets; a stretch is not empty."""
        starts, ends = self._view.starts, self._view.ends
        return (start, end) if starts is None or ends is None else (starts[start], ends[end - 1])

    def _add(self, findings: list[Finding], found: Finding, base: int) -> None:
        """Add a finding of a zone; what spells several words is found once."""
        start, end = self._original(found.start + base, found.end + base)
        if findings:
            start = max(start, findings[-1].end)
        if start < end:
            findings.append(Finding(start, end, found.identifier, found.rule))


def pattern_spans(pattern: Automaton, text: str) -> Iterator[tuple[int, int, int, int]]:
    """Yield where each match of a pattern begins and ends, and its value."""
    group: str | int = "value" if "value" in pattern.groupindex else 0
    for match in pattern.finditer(text):
        yield (*match.span(), *match.span(group))


def token_begin(text: str, at: int) -> int:
    """Return where the token begins that a place in a text belongs to."""
    return max(text.rfind(space, 0, at) for space in SPACES) + 1
