"""Scoring: findings against gold spans, counted so that two engines can be compared on the same text.

Full cover: every identifying character of a gold value lies inside findings. Overlap: at least one does. A finding is
right if it overlaps any gold span, whatever its identifier; one that meets only neutral gold counts neither way. A
document is a negative if it has no gold spans at all. Other tokens are words outside every gold span.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from bench.detection_gold import identifier, identifying

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from bench.synthetic.document import Document, Gold

    Find = Callable[[str], Sequence[tuple[int, int]]]

_TOKEN = re.compile(r"\w+(?:['\u2019]\w+)?")
_LONGEST_PIECE = 48


@dataclass(frozen=True, slots=True)
class Miss:
    """A gold value that was not covered in full, or a finding where there is nothing to find (`label` is empty)."""

    document: str
    label: str
    kind: str
    start: int
    end: int
    text: str = field(repr=False)
    partly: bool = False


@dataclass(slots=True)
class Tally:
    """Counts of gold values of one identifier."""

    gold: int = 0
    covered: int = 0
    overlapped: int = 0

    @property
    def recall(self) -> float:
        """Share covered in full; 1 if there is nothing to cover."""
        return self.covered / self.gold if self.gold else 1.0

    @property
    def overlap(self) -> float:
        """Share touched at all."""
        return self.overlapped / self.gold if self.gold else 1.0


@dataclass(slots=True)
class Score:
    """What one set of documents gave."""

    documents: int = 0
    identifiers: dict[str, Tally] = field(default_factory=dict)
    kinds: dict[str, Tally] = field(default_factory=dict)
    neutral: Tally = field(default_factory=Tally)
    right: int = 0
    wrong: int = 0
    negatives: int = 0
    touched: int = 0
    tokens: int = 0
    masked: int = 0
    misses: list[Miss] = field(default_factory=list)
    alarms: list[Miss] = field(default_factory=list)

    @property
    def all(self) -> Tally:
        """All identifiers together."""
        tallies = self.identifiers.values()
        return Tally(*(sum(getattr(t, name) for t in tallies) for name in ("gold", "covered", "overlapped")))

    @property
    def precision(self) -> float:
        """Share of findings that meet a gold span."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def negatives_touched(self) -> float:
        """Share of documents without PHI that got a finding."""
        return self.touched / self.negatives if self.negatives else 0.0

    @property
    def others_masked(self) -> float:
        """Share of words outside gold spans that a finding covers or touches."""
        return self.masked / self.tokens if self.tokens else 0.0

    def add(self, document: Document, found: Sequence[tuple[int, int]]) -> None:
        """Count one document and what was found in it."""
        self.documents += 1
        found = sorted(found)
        hidden = bytearray(len(document.text))
        for start, end in found:
            hidden[start:end] = b"\1" * (end - start)
        counted = [span for span in document.spans if self._gold(document, span, hidden)]
        self._findings(document, counted, found)
        self._tokens(document, hidden)

    def _gold(self, document: Document, span: Gold, hidden: bytearray) -> bool:
        value = document.text[span.start : span.end]
        parts = identifying(value, span.label)
        cells = b"".join(hidden[span.start + a : span.start + b] for a, b in parts)
        if not parts:
            self.neutral.gold += 1
            self.neutral.overlapped += 1 in hidden[span.start : span.end]
            return False
        name = identifier(span.label)
        covered, touched = 0 not in cells, 1 in cells
        for tally in (
            self.identifiers.setdefault(name, Tally()),
            self.kinds.setdefault(f"{name} {span.kind}".strip(), Tally()),
        ):
            tally.gold += 1
            tally.covered += covered
            tally.overlapped += touched
        if not covered:
            self.misses.append(Miss(document.id, name, span.kind, span.start, span.end, document.text, touched))
        return True

    def _findings(self, document: Document, counted: list[Gold], found: Sequence[tuple[int, int]]) -> None:
        for start, end in found:
            if _meets(start, end, counted):
                self.right += 1
            elif not _meets(start, end, document.spans):
                self.wrong += 1
                self.alarms.append(Miss(document.id, "", "", start, end, document.text))
        if not document.spans:
            self.negatives += 1
            self.touched += bool(found)

    def _tokens(self, document: Document, hidden: bytearray) -> None:
        gold = bytearray(len(document.text))
        for span in document.spans:
            gold[span.start : span.end] = b"\1" * (span.end - span.start)
        for match in _TOKEN.finditer(document.text):
            start, end = match.span()
            if 1 not in gold[start:end]:
                self.tokens += 1
                self.masked += 1 in hidden[start:end]


def _meets(start: int, end: int, spans: Iterable[Gold]) -> bool:
    return any(span.start < end and start < span.end for span in spans)


def score(documents: Iterable[Document], find: Find) -> Score:
    """Score a set."""
    result = Score()
    for document in documents:
        result.add(document, find(document.text))
    return result


def pieces(text: str, draw: random.Random) -> Iterator[str]:
    """Yield a text in random pieces, some of them empty and many of them one character long."""
    cuts = {0, len(text)}
    at = 0
    while at < len(text):
        at += draw.choice((1, 1, 2, 3, 5, 8, 13, _LONGEST_PIECE))
        cuts.add(min(at, len(text)))
    for start, end in pairwise(sorted(cuts)):
        yield text[start:end]
    yield ""


def shapes(misses: Iterable[Miss]) -> list[tuple[str, int]]:
    """Return the shapes of values, most frequent first: letters and digits give way to their class."""
    counts: Counter[str] = Counter()
    for miss in misses:
        value = miss.text[miss.start : miss.end]
        shape = re.sub(r"\d", "9", re.sub(r"[^\W\d_]+", lambda word: _case(word.group()), value))
        counts[f"{miss.label} {miss.kind}".strip() + f": {shape[:60]}"] += 1
    return counts.most_common()


def _case(word: str) -> str:
    if word.isupper():
        return "A" if len(word) == 1 else "AA"
    return "Aa" if word[0].isupper() else "a"
