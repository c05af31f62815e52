"""Speed: megabytes of UTF-8 a second on one core, warm, in processor time, with two plain passes beside it.

The plain passes read the same text for a handful of shapes (numbers, dates, capitalised pairs) and do nothing else: one
with RE2, one with the standard library. What the engine costs is a ratio to them, because absolute figures belong to a
machine.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import re2

from masking.text import Memory, SegmentFold

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bench.detection_engine import Engine

_SHAPES = (
    r"\b\d{3}-\d{2}-\d{4}\b",
    r"\b(?:\(\d{3}\) ?|\d{3}[-. ])\d{3}[-. ]\d{4}\b",
    r"\b\d{1,2}[/.-]\d{1,2}[/.-](?:\d{4}|\d{2})\b",
    r"\b\d{4}-\d{2}-\d{2}\b",
    r"\b(?:January|February|March|April|May|June|July|August|September|October|November|December) \d{1,2}",
    r"\b[A-Z]{1,4}-?\d{5,10}\b",
    r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,255}\.[A-Za-z]{2,24}",
    r"https?://[^ \n]{1,200}",
    r"\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b",
    r"\b[A-Z][a-z]{1,20} [A-Z][a-z]{1,20}\b",
    r"\b(?:Mr|Mrs|Ms|Dr)\. [A-Z][a-z]{1,20}\b",
    r"\b\d{1,5} [A-Z][a-z]{1,20} (?:St|Ave|Rd|Street|Avenue|Road|Drive|Lane)\b",
)
SHAPES = "|".join(_SHAPES)
DELTA = 24
"""Code points in a piece of a stream: about what a text delta of the Messages API holds."""

_LEAST_SECONDS = 0.4


@dataclass(frozen=True, slots=True)
class Speed:
    """Megabytes a second of one kind of text."""

    name: str
    size: int
    whole: float
    stream: float
    plain_re2: float
    plain_re: float


@dataclass(frozen=True, slots=True)
class Readiness:
    """What it takes to be ready: seconds of processor time, and megabytes that the rules take."""

    seconds: float
    megabytes: float


def _rate(size: int, work: Callable[[int], object]) -> float:
    """Return MB/s of work that reads `size` bytes: once to warm up, then at least 0.4 s. Work is told its turn."""
    work(0)
    turns = 0
    began = time.process_time()
    while (spent := time.process_time() - began) < _LEAST_SECONDS:
        turns += 1
        work(turns)
    return size * turns / spent / 1e6


def measure(engine: Engine, name: str, texts: Sequence[str]) -> Speed:
    """Measure one kind of text; every text is a leaf of its own with a fresh memory.

    A text never comes twice: its turn is written before it, so that no reading of it can be remembered.
    """
    size = sum(len(text.encode()) for text in texts)
    cut = [[text[at : at + DELTA] for at in range(0, len(text), DELTA)] for text in texts]

    def stream(turn: int) -> None:
        for parts in cut:
            fold = SegmentFold(engine.rules, engine.names, Memory())
            fold.feed(f"({turn})\n")
            for part in parts:
                fold.feed(part)
            fold.finish()

    fast, slow = re2.compile(SHAPES), re.compile(SHAPES)
    return Speed(
        name,
        size,
        _rate(size, lambda turn: [engine.whole(f"({turn})\n{text}") for text in texts]),
        _rate(size, stream),
        _rate(size, lambda _: [fast.findall(text) for text in texts]),
        _rate(size, lambda _: [slow.findall(text) for text in texts]),
    )


_READY = """
import json, sys, time
from pathlib import Path
import masking.rules, masking.text
def resident():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024
before = resident()
began = time.process_time()
rules = masking.rules.RuleSet.from_sources(masking.rules.read_sources(Path(sys.argv[1])))
rules.warm()
masking.text.find(rules, "Patient Jane Roe was seen on March 5, 2021.")
spent = time.process_time() - began
print(json.dumps([spent, resident() - before]))
"""


def readiness(policies: str) -> Readiness:
    """Measure loading and warming in a process of its own."""
    done = subprocess.run([sys.executable, "-c", _READY, policies], capture_output=True, text=True, check=True)
    seconds, megabytes = json.loads(done.stdout)
    return Readiness(seconds, megabytes)
