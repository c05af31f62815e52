"""A reading: a stretch of a text on the tape, its zones, and what is found in them."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from masking.folding import view_of
from masking.segments import MAX_RUN, lines
from masking.tape import START

if TYPE_CHECKING:
    from masking.findings import Finding
    from masking.memory import Memory
    from masking.scan import Scanner


_LINE_ENDS = frozenset("\n\x1e")
SPACES = " \t\n\r\f\v\x1e\x1f"
"""What parts tokens in a text; a view may have more of it."""


class Reading:
    """A stretch of text that begins and ends with whole tokens; `before` is what stands before it on the tape."""

    def __init__(self, scanner: Scanner, text: str, before: bytes = START) -> None:
        self.text = text
        self._scanner = scanner
        self._view = view_of(text)
        self._tape = scanner.read(lines(self._view.text), before)

    @property
    def zones(self) -> int:
        """How many zones there are."""
        return self._tape.zones

    @property
    def _spans(self) -> list[tuple[int, int]]:
        return self._tape.spans

    @property
    def settled(self) -> int:
        """How many of the zones no further text can change."""
        return self._tape.settled

    def oversize(self) -> int | None:
        """Return the first zone that is too long, None if there is none."""
        if len(self.text) <= MAX_RUN or (self._view.starts is None and self._tape.widest <= MAX_RUN):
            return None
        raw = self._raw
        return next(
            (number for number, (start, end) in enumerate(self._spans) if raw(end) - raw(start) > MAX_RUN), None
        )

    def leaving(self, settled: int) -> tuple[int, int]:
        """Return how many of so many settled zones may leave, and how much of the text with them.

        A token that spells several words (`decoding`) leaves as a whole or not at all.
        """
        while True:
            end = self._raw(self._spans[settled][0] if settled < self.zones else self._tape.waiting)
            if self._view.starts is None:
                return settled, end
            end = token_begin(self.text, end)
            if not settled or self._raw(self._spans[settled - 1][1]) <= end:
                return settled, end
            settled -= 1

    def before(self, end: int) -> bytes:
        """Return what stands on the tape before a character of the text, which may part what is read next from it."""
        starts = self._view.starts
        at = end if starts is None else bisect_left(starts, end)
        char = self._tape.view[at - 1 : at]
        return char.encode() if char in _LINE_ENDS else b" "

    def _raw(self, char: int) -> int:
        starts = self._view.starts
        if starts is None:
            return char
        return starts[char] if char < len(starts) else len(self.text)

    def findings(self, number: int, memory: Memory) -> list[Finding]:
        """Return the findings of the first zones, in the text's offsets; `memory` is advanced."""
        found = self._scanner.findings(self._tape, number, memory) if number else []
        if self._view.starts is None:
            return found
        findings: list[Finding] = []
        for one in found:
            start, end = self.original(one.start, one.end)
            if findings:
                start = max(start, findings[-1].end)  # what spells several words is found once
            if start < end:
                findings.append(one._replace(start=start, end=end))
        return findings

    def claimed(self, rule: str) -> list[tuple[int, int]]:
        """Return where a rule claims something in the view, whatever wins there."""
        found = self._scanner.claims(self._tape, self.zones)
        return sorted(
            (claim.start + self._spans[place][0], claim.end + self._spans[place][0])
            for place, claims in found.items()
            for claim in claims
            if claim.rule == rule
        )

    def span(self, place: int) -> tuple[str, int, int]:
        """Return the view, and where a zone stands in it."""
        return (self._tape.view, *self._spans[place])

    def place(self, at: int) -> int | None:
        """Return the zone that holds a character of the text, None if none does."""
        for number, (start, end) in enumerate(self._spans):
            if self._raw(start) <= at < self._raw(end):
                return number
        return None

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Return a stretch of the view in the text's offsets; a stretch is not empty."""
        starts, ends = self._view.starts, self._view.ends
        return (start, end) if starts is None or ends is None else (starts[start], ends[end - 1])


def token_begin(text: str, at: int) -> int:
    """Return where the token begins that a place in a text belongs to."""
    while at and text[at - 1] not in SPACES:
        at -= 1
    return at
