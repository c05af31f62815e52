"""A reading: a stretch of a text on the tape, its zones, and what is found in them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from masking.findings import Finding
from masking.folding import view_of
from masking.segments import MAX_RUN, lines
from masking.tape import START, Tape

if TYPE_CHECKING:
    from masking.memory import Memory
    from masking.scan import Scanner


class Reading:
    """A stretch of text that begins and ends with whole tokens; `before` is what stands before it on the tape."""

    def __init__(self, scanner: Scanner, text: str, before: bytes = START) -> None:
        self.text = text
        self._scanner = scanner
        view, self._offsets = view_of(text)
        self.tape = Tape(scanner.lexicon, lines(view), before)

    @cached_property
    def zones(self) -> list[tuple[int, int]]:
        """The zones on the tape."""
        return self.tape.zones()

    @cached_property
    def _spans(self) -> list[tuple[int, int]]:
        """The zones in the view, without the last space."""
        char = self.tape.char
        return [(char(start), char(end - 1)) for start, end in self.zones]

    def oversize(self) -> int | None:
        """Return the first zone that is too long, None if there is none."""
        if len(self.tape.view) <= MAX_RUN:
            return None
        return next((number for number, (start, end) in enumerate(self._spans) if end - start > MAX_RUN), None)

    def raw(self, at: int) -> int:
        """Return the character of the text at a place on the tape."""
        return self._raw(self.tape.char(at))

    def _raw(self, char: int) -> int:
        if self._offsets is None:
            return char
        return self._offsets[char] if char < len(self._offsets) else len(self.text)

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
        views = [view[start:end] for start, end in spans]
        claims = self._scanner.claims(self.tape, self.zones[:number], spans, views)
        hints = memory.hints(view)
        findings: list[Finding] = []
        if not claims and not hints:
            return findings
        for place, zone in enumerate(views):
            claimed = claims.get(place, ())
            if claimed or hints:
                base = spans[place][0]
                findings.extend(
                    self._moved(found, base) for found in self._scanner.settle(zone, claimed, memory, hints)
                )
        return findings

    def _moved(self, found: Finding, base: int) -> Finding:
        start, end = found.start + base, found.end + base
        if self._offsets is not None:
            start, end = self._offsets[start], self._offsets[end - 1] + 1
        return Finding(start, end, found.identifier, found.rule)
