"""A reading: a stretch of a text on the tape, its zones, and what is found in them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from masking.findings import Finding
from masking.folding import view_of
from masking.segments import MAX_RUN, lines
from masking.tape import START, Tape

if TYPE_CHECKING:
    from masking.findings import Claim
    from masking.memory import Memory
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
        char = self.tape.char
        return [(char(start), char(end - 1)) for start, end in self.zones]

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
        views = [view[start:end] for start, end in spans]
        claims = self._claims(number, views)
        hints = memory.hints(view)
        findings: list[Finding] = []
        if not claims and not hints:
            return findings
        for place, zone in enumerate(views):
            claimed = claims.get(place, ())
            if claimed or hints:
                base = spans[place][0]
                for found in self._scanner.settle(zone, claimed, memory, hints):
                    self._add(findings, found, base)
        return findings

    def _claims(self, number: int, views: list[str]) -> dict[int, list[Claim]]:
        return self._scanner.claims(self.tape, self.zones[:number], self._spans[:number], views)

    def claimed(self, rule: str) -> list[tuple[int, int]]:
        """Return where a rule claims something in the view, whatever wins there."""
        views = [self.tape.view[start:end] for start, end in self._spans]
        found = self._claims(len(views), views) if views else {}
        return sorted(
            (claim.start + self._spans[place][0], claim.end + self._spans[place][0])
            for place, claims in found.items()
            for claim in claims
            if claim.rule == rule
        )

    def _add(self, findings: list[Finding], found: Finding, base: int) -> None:
        """Add a finding of a zone; what spells several words is found once."""
        start, end = found.start + base, found.end + base
        starts, ends = self._view.starts, self._view.ends
        if starts is not None and ends is not None:
            start, end = starts[start], ends[end - 1]
            if findings:
                start = max(start, findings[-1].end)
        if start < end:
            findings.append(Finding(start, end, found.identifier, found.rule))


def token_begin(text: str, at: int) -> int:
    """Return where the token begins that a place in a text belongs to."""
    return max(text.rfind(space, 0, at) for space in SPACES) + 1
