"""Scanning runs: many at once, each as if it stood alone.

Runs are joined with a separator that no rule can write down, so that RE2 walks over a large text once per pattern; a
match that swallows a separator (a negated class can) makes its runs be searched one by one. The result is that of every
run alone, which is what makes chunking invisible.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING

from masking.automata import MAX_MEM_LARGE, compile_pattern
from masking.findings import Claim, Finding, settle
from masking.folding import fold
from masking.placeholders import PLACEHOLDER

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from masking.automata import Automaton
    from masking.memory import Memory
    from masking.recognizers import Recognizer

_SEPARATOR = "\n\0\n"
_FILLER = "\x02"
_PLACEHOLDER = compile_pattern(PLACEHOLDER)
_NAMED = re.compile(r"\(\?P<value>")


class Scanner:
    """Finds what one list of recognizers finds, in runs of text."""

    def __init__(self, recognizers: Sequence[Recognizer], common: Iterable[str]) -> None:
        self._recognizers = tuple(recognizers)
        self._propagated = {recognizer.id for recognizer in recognizers if recognizer.propagate}
        self._common = frozenset(common)
        every = [_NAMED.sub("(?:", source) for recognizer in recognizers for source in recognizer.sources]
        self._locate = compile_pattern("|".join(f"(?:{source})" for source in every), max_mem=MAX_MEM_LARGE)

    def scan(self, runs: Sequence[str], memory: Memory) -> list[list[Finding]]:
        """Return the findings of each run, leftmost first; `memory` is advanced run by run."""
        folded = [fold(run) for run in runs]
        views = [_hide_placeholders(view) for view, _ in folded]
        claims = self._claims(views)
        results: list[list[Finding]] = []
        for number, view in enumerate(views):
            found = claims.get(number, [])
            if found:
                for claim in sorted(found, key=lambda claim: (claim.start, claim.end)):
                    if claim.rule in self._propagated:
                        memory.learn(claim.identifier, view[claim.start : claim.end], self._common)
            if len(memory):
                found = found + memory.recall(view)
            findings = settle(_cut_placeholders(found, view), view) if found else []
            offsets = folded[number][1]
            if offsets is not None:
                findings = [_moved(finding, offsets) for finding in findings]
            results.append(findings)
        return results

    def _claims(self, views: list[str]) -> dict[int, list[Claim]]:
        """Return what the recognizers claim, by run; runs in which the alternation finds nothing are left out."""
        joined = _Joined(views, range(len(views)))
        touched: set[int] = set()
        for match in self._locate.finditer(joined.text):
            start, end = match.span()
            touched.update(range(joined.run_at(start), joined.run_at(end - 1) + 1))
        claims: dict[int, list[Claim]] = {}
        if not touched:
            return claims
        if len(touched) < len(views):
            joined = _Joined(views, sorted(touched))
        for recognizer in self._recognizers:
            if recognizer.requires and not any(char in joined.text for char in recognizer.requires):
                continue
            for number, claim in joined.search(recognizer):
                claims.setdefault(number, []).append(claim)
        return claims


class _Joined:
    """Several runs in one text; `numbers` are their places in the caller's list."""

    def __init__(self, views: list[str], numbers: Iterable[int]) -> None:
        self._numbers = list(numbers)
        self._runs = [views[number] for number in self._numbers]
        self._starts: list[int] = []
        at = 0
        for run in self._runs:
            self._starts.append(at)
            at += len(run) + len(_SEPARATOR)
        self.text = _SEPARATOR.join(self._runs)

    def run_at(self, offset: int) -> int:
        """Return the place (in this text) of the run at an offset; a separator belongs to the run before it."""
        return max(bisect_right(self._starts, offset) - 1, 0)

    def search(self, recognizer: Recognizer) -> list[tuple[int, Claim]]:
        """Return `(number of the run, claim)` for everything one recognizer accepts."""
        return [found for pattern in recognizer.patterns for found in self._search(recognizer, pattern)]

    def _search(self, recognizer: Recognizer, pattern: Automaton) -> list[tuple[int, Claim]]:
        group: str | int = "value" if "value" in pattern.groupindex else 0
        found: list[tuple[int, Claim]] = []
        alone: set[int] = set()
        for match in pattern.finditer(self.text):
            start, end = match.span()
            place = self.run_at(start)
            run, base = self._runs[place], self._starts[place]
            if end - base > len(run):
                alone.update(range(place, self.run_at(end - 1) + 1))
                continue
            left, right = match.span(group)
            value = recognizer.judge(run, left - base, right - base) if right > left else None
            if value is not None:
                found.append((place, _claim(recognizer, *value)))
        if alone:
            found = [item for item in found if item[0] not in alone]
            for place in alone:
                found.extend((place, claim) for claim in _search_alone(recognizer, pattern, self._runs[place]))
        return [(self._numbers[place], claim) for place, claim in found]


def _search_alone(recognizer: Recognizer, pattern: Automaton, run: str) -> list[Claim]:
    group: str | int = "value" if "value" in pattern.groupindex else 0
    spans = [match.span(group) for match in pattern.finditer(run)]
    values = [recognizer.judge(run, start, end) for start, end in spans if end > start]
    return [_claim(recognizer, *value) for value in values if value is not None]


def _claim(recognizer: Recognizer, start: int, end: int) -> Claim:
    return Claim(start, end, recognizer.identifier, recognizer.id, recognizer.priority)


def _hide_placeholders(view: str) -> str:
    """Replace placeholders one to one by a character that is no PHI: they are literal text."""
    if "[" not in view:
        return view
    spans = [match.span() for match in _PLACEHOLDER.finditer(view)]
    for start, end in spans:
        view = view[:start] + _FILLER * (end - start) + view[end:]
    return view


def _cut_placeholders(claims: list[Claim], view: str) -> list[Claim]:
    """Cut claims around placeholders: a rule that allows any character must not mask one again."""
    if _FILLER not in view:
        return claims
    out: list[Claim] = []
    for claim in claims:
        start = claim.start
        for part in view[claim.start : claim.end].split(_FILLER):
            if any(char.isalnum() for char in part):
                out.append(Claim(start, start + len(part), claim.identifier, claim.rule, claim.priority))
            start += len(part) + 1
    return out


def _moved(finding: Finding, offsets: Sequence[int]) -> Finding:
    """Return a finding in the original's offsets; what was left out inside it goes with it."""
    return Finding(offsets[finding.start], offsets[finding.end - 1] + 1, finding.identifier, finding.rule)
