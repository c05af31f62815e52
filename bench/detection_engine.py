"""The engine under measurement, behind four calls; everything else here works on spans and would score any engine."""

from __future__ import annotations

import gc
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from masking.rules import RuleSet, read_sources
from masking.text import Memory, SegmentFold, field_of, find

if TYPE_CHECKING:
    from collections.abc import Iterable

    from masking.text import Finding

POLICIES = Path(__file__).parents[1] / "policies"

Names = Literal["strict", "balanced"]
Spans = list[tuple[int, int]]
Step = str | int


@dataclass(frozen=True)
class Engine:
    """The shipped rules with one way of treating names. Every document has a memory of its own."""

    rules: RuleSet
    names: Names = "strict"

    @classmethod
    def shipped(cls, names: Names = "strict") -> Engine:
        """Return the engine on the rules of this repository, warm, and out of the collector's way as in a worker."""
        rules = RuleSet.from_sources(read_sources(POLICIES))
        rules.warm()
        gc.collect()
        gc.freeze()
        return cls(rules, names)

    def whole(self, text: str) -> list[Finding]:
        """Return the findings of a text given at once."""
        return find(self.rules, text, names=self.names, memory=Memory())

    def streamed(self, pieces: Iterable[str]) -> list[Finding]:
        """Return the findings of a text given in pieces, in offsets of the whole."""
        fold = SegmentFold(self.rules, self.names, Memory())
        segments = [segment for piece in pieces for segment in fold.feed(piece)]
        segments += fold.finish()
        findings: list[Finding] = []
        at = 0
        for segment in segments:
            findings.extend(finding.moved(at) for finding in segment.findings)
            at += len(segment.text)
        return findings

    def leaves(self, leaves: list[tuple[tuple[Step, ...], str]]) -> list[Spans]:
        """Return the findings of each string of a parsed document, given with its path, in document order.

        The one place that knows how structured data is masked: leaf by leaf, with one memory for all of them.
        """
        memory = Memory()
        keyed = ((text, field_of(*_keys(path))) for path, text in leaves)
        found = (find(self.rules, text, names=self.names, memory=memory, field=field) for text, field in keyed)
        return [[(finding.start, finding.end) for finding in findings] for findings in found]


def _keys(path: tuple[Step, ...]) -> tuple[str, ...]:
    """Return the key of a leaf and the one above it, as the walk of a request gives them."""
    return tuple(step for step in path if isinstance(step, str))[-2:]
