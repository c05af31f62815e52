"""What the recognizers claim in a whole leaf, worked out once for the many requests that repeat it.

The same tools, system prompt and earlier turns stand in every request of a conversation. A *reading* is a function of
rules, way with names and text alone: where the runs are and what is claimed in them. What is known from earlier leaves
comes in only when a reading is settled, which happens every time; so a remembered reading changes no result.

Readings hold offsets and identifiers, never text, under a digest with a key of this process that is never written
anywhere. They are bounded, the least recently used ones leave. Being recognised tells by its speed, to someone who
knows a leaf to the letter, that this process has seen that leaf before.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from array import array
from typing import TYPE_CHECKING, NamedTuple

from masking.folding import fold
from masking.scan import View
from masking.segments import MAX_RUN, lines

if TYPE_CHECKING:
    from collections.abc import Mapping

    from masking.findings import Claim, Finding
    from masking.memory import Memory
    from masking.scan import Scanner
    from masking.segments import Segmenter

LONGEST = 32768
"""Code points of the longest leaf that is read whole and remembered."""

BUDGET = 400_000
"""Bound on all readings of one scanner: runs, and eight for each claim and each reading. Some 10 MB at most."""

_WEIGHT = 8


class Reading(NamedTuple):
    """The runs of a leaf as `start, end, start, end …`, and the claims by run."""

    runs: array[int]
    claims: Mapping[int, tuple[Claim, ...]]

    @property
    def weight(self) -> int:
        """What the reading counts against `BUDGET`."""
        return len(self.runs) // 2 + _WEIGHT * (1 + sum(map(len, self.claims.values())))


class Readings:
    """Finds in whole leaves what one scanner finds, with the readings it remembers. Any thread may use it."""

    def __init__(self, segmenter: Segmenter, scanner: Scanner) -> None:
        self._segmenter = segmenter
        self._scanner = scanner
        self._key = secrets.token_bytes(32)
        self._lock = threading.Lock()
        self._readings: dict[bytes, Reading] = {}
        self._weight = 0

    def find(self, text: str, memory: Memory) -> list[Finding] | None:
        """Return the findings of a leaf and advance `memory`, just as a fold over it does.

        None if it has to go through the fold: it is long, or one of its runs is and would be cut by force.
        """
        if len(text) > LONGEST:
            return None
        digest = hashlib.blake2b(text.encode(), digest_size=16, key=self._key).digest()
        with self._lock:
            reading = self._readings.pop(digest, None)
            if reading is not None:
                self._readings[digest] = reading  # now the most recently used
        if reading is None:
            reading = self._read(text)
            if reading is None:
                return None
            self._remember(digest, reading)
        return self._settle(text, reading, memory)

    def _read(self, text: str) -> Reading | None:
        runs = array("H")
        views: list[str] = []
        for start, end in self._segmenter.runs(lines(text)):
            if end - start > MAX_RUN:
                return None
            runs.extend((start, end))
            views.append(View(text[start:end]).text)
        claims = self._scanner.claims(views) if views else {}
        return Reading(runs, {number: tuple(claims[number]) for number in sorted(claims)})

    def _settle(self, text: str, reading: Reading, memory: Memory) -> list[Finding]:
        hints = memory.hints(fold(text)[0])
        findings: list[Finding] = []
        runs, claims = reading.runs, reading.claims
        if not hints and not claims:
            return findings
        for number, (start, end) in enumerate(zip(runs[::2], runs[1::2], strict=True)):
            claimed = claims.get(number, ())
            if claimed or hints:
                settled = self._scanner.settle(View(text[start:end]), claimed, memory, hints)
                findings.extend(found.moved(start) for found in settled)
        return findings

    def _remember(self, digest: bytes, reading: Reading) -> None:
        with self._lock:
            replaced = self._readings.pop(digest, None)
            self._weight += reading.weight - (replaced.weight if replaced else 0)
            self._readings[digest] = reading
            while self._weight > BUDGET:
                self._weight -= self._readings.pop(next(iter(self._readings))).weight
