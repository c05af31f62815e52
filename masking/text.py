"""The one engine for whole texts and streams: masking as a fold over deterministic segments.

Any chunking of a text gives the same findings as the whole text. Offsets are code points.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from masking.profile import Names
    from masking.rules import RuleSet


@dataclass(frozen=True, slots=True)
class Finding:
    """PHI at `[start, end)`, in code points of the text given; `rule` is the recognizer's id."""

    start: int
    end: int
    identifier: str
    rule: str


@dataclass(frozen=True, slots=True)
class Segment:
    """A settled piece of text; its findings are relative to it and never reach over its ends."""

    text: str
    findings: tuple[Finding, ...]


class Memory:
    """What the fold knows from earlier segments and leaves: values found before. Forward-only and bounded."""

    def copy(self) -> Memory:
        """Return an independent copy."""
        raise NotImplementedError


class SegmentFold:
    """Turns a text that arrives in pieces into settled segments; `memory` is advanced as they settle."""

    def __init__(self, rules: RuleSet, names: Names, memory: Memory) -> None:
        raise NotImplementedError

    def feed(self, text: str) -> list[Segment]:
        """Take more of the leaf's text and return the segments that are settled now."""
        raise NotImplementedError

    def finish(self) -> list[Segment]:
        """Return the rest of the leaf; the fold may then take the next leaf."""
        raise NotImplementedError


def find(rules: RuleSet, text: str, *, names: Names = "strict", memory: Memory | None = None) -> list[Finding]:
    """Return the findings of a whole text, leftmost first, never overlapping: the fold over the text."""
    raise NotImplementedError


def match_triggers(rules: RuleSet, text: str) -> tuple[str, ...]:
    """Return the ids of the triggers that match this text, in the order of the rule file."""
    raise NotImplementedError
