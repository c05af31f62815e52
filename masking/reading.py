"""A reading: a stretch of a text on the tape, its zones, and what is found in them.

Text is parted between tokens only. A token ends at the same characters in a text as in its view (`folding.SPACES`), so
that where text may be parted does not depend on whether something else in the same reading is encoded. A token that
spells several words (`decoding`) may touch several zones: these leave together, as one *stretch*.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from masking.findings import new_finding
from masking.folding import token_begin, token_end, view_of
from masking.segments import MAX_RUN, REACH
from masking.tape import START

if TYPE_CHECKING:
    from masking.findings import Finding
    from masking.folding import View
    from masking.memory import Memory
    from masking.scan import Scanner


_LINE_ENDS = frozenset("\n\x1e")


class Stretch(NamedTuple):
    """Zones that only leave together: the number of the first, and `[start, end)` of the text, all of whole tokens."""

    first: int
    start: int
    end: int


class Reading:
    """A stretch of text that begins and ends with whole tokens; `before` is what stands before it on the tape.

    `view` saves folding the text again; `last`: no text comes behind it, which is to the tape as if its line ended.
    """

    def __init__(
        self, scanner: Scanner, text: str, before: bytes = START, view: View | None = None, *, last: bool = True
    ) -> None:
        self.text = text
        self._scanner = scanner
        self._view = view_of(text) if view is None else view
        self._tape = scanner.read(self._view.text, before, last=last)

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

    @cached_property
    def _stretches(self) -> list[Stretch]:
        starts, ends = self._view.starts, self._view.ends
        if starts is None or ends is None:
            return [Stretch(number, start, end) for number, (start, end) in enumerate(self._spans)]
        found: list[Stretch] = []
        for number, (first, last) in enumerate(self._spans):
            before = found[-1] if found else None
            if before is not None and starts[first] < before.end:
                found[-1] = before._replace(end=token_end(self.text, max(ends[last - 1], before.end)))
            else:
                start, end = token_begin(self.text, starts[first]), token_end(self.text, ends[last - 1])
                found.append(Stretch(number, start, end))
        return found

    def oversize(self) -> int | None:
        """Return the first zone of the first stretch that is too long, None if there is none."""
        if len(self.text) <= MAX_RUN or (self._view.starts is None and self._tape.widest <= MAX_RUN):
            return None
        return next((one.first for one in self._stretches if one.end - one.start > MAX_RUN), None)

    def leaving(self, settled: int) -> tuple[int, int]:
        """Return how many of so many settled zones may leave, and how much of the text with them."""
        if self._view.starts is None:
            tape = self._tape
            return settled, tape.begin(settled) if settled < tape.zones else tape.waiting
        stretches = self._stretches
        if settled == self.zones:
            end = token_begin(self.text, self._raw(self._tape.waiting))
            if not stretches or stretches[-1].end <= end:
                return settled, end
        kept = stretches[bisect_right(stretches, settled, key=_first) - 1]
        return kept.first, kept.start

    def before(self, end: int) -> bytes:
        """Return what stands on the tape before a character of the text, which may part what is read next from it."""
        starts = self._view.starts
        at = end if starts is None else bisect_left(starts, end)
        if self._view.text[at - 1 : at] not in _LINE_ENDS:
            return b" "
        return self._tape.view[at - 1 : at].encode()

    def _raw(self, char: int) -> int:
        starts = self._view.starts
        if starts is None:
            return char
        return starts[char] if char < len(starts) else len(self.text)

    def findings(self, number: int, memory: Memory) -> list[Finding]:
        """Return the findings of the first zones, in the text's offsets; `memory` is advanced."""
        found = self._scanner.findings(self._tape, number, memory) if number else []
        starts, ends = self._view.starts, self._view.ends
        if starts is None or ends is None:
            return found
        findings: list[Finding] = []
        free = 0
        for first, last, identifier, rule in found:
            start, end = max(starts[first], free), ends[last - 1]  # what spells several words is found once
            if start < end:
                free = end
                findings.append(new_finding((start, end, identifier, rule)))
        return findings

    def claimed(self) -> list[tuple[int, int]]:
        """Return where the one rule of a scanner claims something in the view that none of its other claims holds."""
        claimed: list[tuple[int, int]] = []
        for place, claims in sorted(self._scanner.claims(self._tape, self.zones).items()):
            base = self._spans[place][0]
            found = {(base + claim.start, base + claim.end) for claim in claims}
            for start, end in sorted(found, key=lambda span: (span[0], -span[1])):
                if not claimed or end > claimed[-1][1]:
                    claimed.append((start, end))
        return claimed

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


def findings_of(scanner: Scanner, text: str, memory: Memory) -> list[Finding]:
    """Return what a scanner finds in a short text; `memory` is advanced."""
    view = view_of(text)
    found = scanner.whole(view.text, memory) if view.starts is None else None
    if found is None:
        reading = Reading(scanner, text, view=view)
        found = reading.findings(reading.zones, memory)
    return found


def _first(stretch: Stretch) -> int:
    return stretch.first


def complete(text: str) -> int:
    """Return how much of a text are tokens that no further text changes; a carriage return may be half a line end."""
    return token_begin(text, len(text) - text.endswith("\r"))


def overlong(text: str) -> int | None:
    """Return where the first token begins that has more than `REACH` characters and ends beyond `MAX_RUN + REACH`.

    What it spells is not known before it ended, and it is not waited for: what stands before it is read without it.
    """
    for at in range(MAX_RUN + REACH, len(text), REACH):  # one of these places is in it
        start = token_begin(text, at)
        if token_end(text, at, start + REACH + 1) - start > REACH:
            return start
    return None
