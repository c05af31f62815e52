"""Findings: where PHI stands in a text, and how overlapping claims on the same characters are settled."""

from __future__ import annotations

from bisect import bisect_right, insort
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class Finding(NamedTuple):
    """PHI at `[start, end)`, in code points of the text given; `rule` is the recognizer's id."""

    start: int
    end: int
    identifier: str
    rule: str

    def moved(self, by: int) -> Finding:
        """Return the finding in a text in which this one's text begins at `by`."""
        return new_finding((self.start + by, self.end + by, self.identifier, self.rule)) if by else self


new_finding: Callable[[tuple[int, int, str, str]], Finding] = partial(tuple.__new__, Finding)
"""Make a finding of its parts: a third of the time of calling it."""


class Claim(NamedTuple):
    """What one recognizer says about a stretch of text, before overlaps are settled."""

    start: int
    end: int
    identifier: str
    rule: str
    priority: int


PUBLIC = "PUBLIC"
"""The identifier of claims that say: this is none. They win like others, and leave no finding."""


def settle(claims: Iterable[Claim], text: str) -> list[Finding]:
    """Settle overlaps: higher priority first, then leftmost, then longest.

    What a loser covered beyond the winners stays a finding of its own, so no character that any recognizer claimed
    survives, but for `PUBLIC` claims, which take theirs away; only white space, punctuation and a lone character
    beside a `PUBLIC` claim are dropped.
    """
    order = sorted(claims, key=lambda claim: (-claim.priority, claim.start, -claim.end))
    if len(order) == 1:
        only = order[0]
        if only.identifier == PUBLIC:
            return []
        return [Finding(only.start, only.end, only.identifier, only.rule)]
    taken: list[Finding] = []
    for claim in order:
        for start, end in _free(claim.start, claim.end, taken):
            whole = (start, end) == (claim.start, claim.end)
            left, right = (start, end) if whole else _core(text, start, end)
            if left < right and not (right - left == 1 and not whole and _beside_public(claim, taken)):
                insort(taken, Finding(left, right, claim.identifier, claim.rule))
    return [finding for finding in taken if finding.identifier != PUBLIC]


def _beside_public(claim: Claim, taken: list[Finding]) -> bool:
    """Say whether a `PUBLIC` claim took a part of a claim, as of `C. Bell` in `C. Bell's palsy`."""
    return any(f.identifier == PUBLIC and f.start < claim.end and f.end > claim.start for f in taken)


def _free(start: int, end: int, taken: list[Finding]) -> list[tuple[int, int]]:
    """Return the parts of `[start, end)` that no finding has taken; `taken` is sorted."""
    parts: list[tuple[int, int]] = []
    for place in range(bisect_right(taken, start, key=_end), len(taken)):
        finding = taken[place]
        if finding.start >= end:
            break
        if finding.start > start:
            parts.append((start, finding.start))
        start = finding.end
    if start < end:
        parts.append((start, end))
    return parts


def _end(finding: Finding) -> int:
    return finding.end


def _core(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the stretch from the first to the last letter or digit; empty if there is none."""
    while start < end and not text[start].isalnum():
        start += 1
    while end > start and not text[end - 1].isalnum():
        end -= 1
    return start, end
