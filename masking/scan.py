"""Scanning runs: many at once, each as if it stood alone.

Runs are joined with a separator that no rule can write down, so that RE2 walks over a large text once per pattern; a
match that swallows a separator (a negated class can) makes its runs be searched one by one. The result is that of every
run alone, which is what makes chunking invisible.

Most patterns match nothing in most texts. One alternation for each group of recognizers finds the runs that the group
touches; only there does its every pattern go to work. An alternation may hide a match behind another one, but never a
run: where a pattern matches, some match lies. One alternation of all patterns would be quicker still, were it warm: its
states are so many that text never seen before costs three times as much (measured).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property
from typing import TYPE_CHECKING

from masking.automata import MAX_MEM_LARGE, ascii_edition, compile_pattern
from masking.findings import Claim, Finding, settle
from masking.folding import fold
from masking.placeholders import PLACEHOLDER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from masking.automata import Automaton, ByteAutomaton, Match
    from masking.memory import Memory
    from masking.recognizers import Recognizer

_SEPARATOR = "\n\0\n"
_FILLER = "\x02"
_PLACEHOLDER = compile_pattern(PLACEHOLDER)
_NAMED = re.compile(r"\(\?P<value>")
_GROUP_PATTERNS = 16
"""Patterns of one group at most: fewer walk over text too often, more work where nothing is (measured)."""


_FEW_PATTERNS = 2
"""So few are tried without asking their alternation first."""

_MANY = 16
"""More hints than these cost more than reading the run's words."""


class Scanner:
    """Finds what one list of recognizers finds, in runs of text."""

    def __init__(self, recognizers: Sequence[Recognizer], common: Iterable[str]) -> None:
        self._propagated = {recognizer.id for recognizer in recognizers if recognizer.propagate}
        self._common = frozenset(common)
        self._groups: list[_Group] = []
        self._order: list[tuple[Recognizer, int]] = []
        open_groups: dict[str, int] = {}
        for recognizer in recognizers:
            place = open_groups.get(recognizer.requires)
            if place is None or self._groups[place].size + len(recognizer.sources) > _GROUP_PATTERNS:
                place = open_groups[recognizer.requires] = len(self._groups)
                self._groups.append(_Group(recognizer.requires))
            self._groups[place].add(recognizer)
            self._order.append((recognizer, place))

    def scan(self, runs: Sequence[str], memory: Memory) -> list[list[Finding]]:
        """Return the findings of each run, leftmost first; `memory` is advanced run by run."""
        views = [View(run) for run in runs]
        texts = [view.text for view in views]
        claims = self.claims(texts)
        hints = memory.hints(_SEPARATOR.join(texts))
        return [self.settle(view, claims.get(number, ()), memory, hints) for number, view in enumerate(views)]

    def settle(self, view: View, claims: Sequence[Claim], memory: Memory, hints: list[str]) -> list[Finding]:
        """Return the findings of one run, in its own offsets, from its claims and from what is known.

        `memory` is advanced. `hints` are `memory.hints` of a text that holds the run; what is learned is added to them.
        """
        if not claims and not hints:
            return []
        text = view.text
        for claim in sorted(claims, key=_place):
            if claim.rule in self._propagated:
                hints.extend(memory.learn(claim.identifier, text[claim.start : claim.end], self._common))
        if len(hints) > _MANY or any(hint in text for hint in hints):
            claims = [*claims, *memory.recall(text)]
        return view.findings(settle(_cut_placeholders(claims, text), text)) if claims else []

    def claims(self, views: Sequence[str]) -> dict[int, list[Claim]]:
        """Return what the recognizers claim, by run, whatever is known; runs without claims may be left out."""
        wide = [number for number, view in enumerate(views) if not view.isascii()]
        if not wide:
            return self._claims(_Joined(views, range(len(views)), ascii_only=True))
        out = self._claims(_Joined(views, wide, ascii_only=False))
        plain = [number for number, view in enumerate(views) if view.isascii()]
        out.update(self._claims(_Joined(views, plain, ascii_only=True)))
        return out

    def _claims(self, joined: _Joined) -> dict[int, list[Claim]]:
        claims: dict[int, list[Claim]] = {}
        parts = [group.touched(joined) for group in self._groups]
        for recognizer, place in self._order:
            part = parts[place]
            if part is not None:
                for number, claim in part.search(recognizer):
                    claims.setdefault(number, []).append(claim)
        return claims


class View:
    """The folded view of one run, and the way back to the run's own offsets."""

    __slots__ = ("_offsets", "text")

    def __init__(self, run: str) -> None:
        view, self._offsets = fold(run)
        self.text = _hide_placeholders(view)

    def findings(self, found: list[Finding]) -> list[Finding]:
        """Return findings in the run's offsets; what the fold left out inside one goes with it."""
        offsets = self._offsets
        if offsets is None:
            return found
        return [Finding(offsets[f.start], offsets[f.end - 1] + 1, f.identifier, f.rule) for f in found]


class _Alternation:
    """All patterns of some recognizers in one, without captures: says where there is anything at all."""

    def __init__(self, recognizers: Iterable[Recognizer]) -> None:
        sources = [_NAMED.sub("(?:", source) for recognizer in recognizers for source in recognizer.sources]
        self._source = "|".join(f"(?:{source})" for source in sources)

    @cached_property
    def wide(self) -> Automaton:
        """The edition for any text."""
        return compile_pattern(self._source, max_mem=MAX_MEM_LARGE)

    @cached_property
    def ascii(self) -> ByteAutomaton:
        """The ASCII edition."""
        return ascii_edition(self._source, self.wide, max_mem=MAX_MEM_LARGE)


class _Group:
    """Recognizers that are tried together, because texts without any of their `requires` characters hold none."""

    def __init__(self, requires: str) -> None:
        self.size = 0
        self._requires = requires
        self._recognizers: list[Recognizer] = []

    def add(self, recognizer: Recognizer) -> None:
        """Add a recognizer with the same `requires`."""
        self._recognizers.append(recognizer)
        self.size += len(recognizer.sources)

    @cached_property
    def _locate(self) -> _Alternation:
        return _Alternation(self._recognizers)

    def touched(self, joined: _Joined) -> _Joined | None:
        """Return the runs in which the group may find something, None if there are none."""
        if self._requires and not joined.holds(self._requires):
            return None
        return joined if self.size <= _FEW_PATTERNS else joined.touched(self._locate)


class _Joined:
    """Several runs in one text; `numbers` are their places in the caller's list."""

    def __init__(self, views: Sequence[str], numbers: Iterable[int], *, ascii_only: bool) -> None:
        self._numbers = list(numbers)
        self._runs = [views[number] for number in self._numbers]
        self._starts: list[int] = []
        at = 0
        for run in self._runs:
            self._starts.append(at)
            at += len(run) + len(_SEPARATOR)
        self.text = _SEPARATOR.join(self._runs)
        self._bytes = self.text.encode("ascii") if ascii_only else None
        self._holds: dict[str, bool] = {}

    def holds(self, chars: str) -> bool:
        """Return whether one of these characters stands in the text."""
        known = self._holds.get(chars)
        if known is None:
            known = self._holds[chars] = any(char in self.text for char in chars)
        return known

    def touched(self, locate: _Alternation) -> _Joined | None:
        """Return the runs that hold a part of a match, None if there are none."""
        found = locate.wide.finditer(self.text) if self._bytes is None else locate.ascii.finditer(self._bytes)
        if len(self._runs) == 1:
            return self if next(found, None) is not None else None
        touched: set[int] = set()
        for match in found:
            start, end = match.span()
            touched.update(range(self._run_at(start), self._run_at(end - 1) + 1))
        if not touched or len(touched) == len(self._runs):
            return self if touched else None
        places = sorted(touched)
        part = _Joined(self._runs, places, ascii_only=self._bytes is not None)
        part._numbers = [self._numbers[place] for place in places]
        return part

    def search(self, recognizer: Recognizer) -> Iterator[tuple[int, Claim]]:
        """Yield `(number of the run, claim)` for everything one recognizer accepts."""
        for wide, narrow in zip(recognizer.patterns, recognizer.ascii_patterns, strict=True):
            group: str | int = "value" if "value" in wide.groupindex else 0
            matches = wide.finditer(self.text) if self._bytes is None else narrow.finditer(self._bytes)
            alone: set[int] = set()
            found: list[tuple[int, Claim]] = []
            for match in matches:
                self._take(recognizer, match, group, found, alone)
            if alone:
                found = [item for item in found if item[0] not in alone]
                for place in alone:
                    found.extend((place, claim) for claim in _search_alone(recognizer, wide, self._runs[place]))
            for place, claim in found:
                yield self._numbers[place], claim

    def _take(
        self, recognizer: Recognizer, match: Match, group: str | int, found: list[tuple[int, Claim]], alone: set[int]
    ) -> None:
        start, end = match.span()
        place = self._run_at(start)
        run, base = self._runs[place], self._starts[place]
        if end - base > len(run):
            alone.update(range(place, self._run_at(end - 1) + 1))
            return
        left, right = match.span(group) if group else (start, end)
        value = recognizer.judge(run, left - base, right - base) if right > left else None
        if value is not None:
            found.append((place, _claim(recognizer, *value)))

    def _run_at(self, offset: int) -> int:
        """Return the place (in this text) of the run at an offset; a separator belongs to the run before it."""
        return max(bisect_right(self._starts, offset) - 1, 0)


def _search_alone(recognizer: Recognizer, pattern: Automaton, run: str) -> list[Claim]:
    group: str | int = "value" if "value" in pattern.groupindex else 0
    spans = [match.span(group) for match in pattern.finditer(run)]
    values = [recognizer.judge(run, start, end) for start, end in spans if end > start]
    return [_claim(recognizer, *value) for value in values if value is not None]


def _place(claim: Claim) -> tuple[int, int]:
    return claim.start, claim.end


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


def _cut_placeholders(claims: Sequence[Claim], view: str) -> Sequence[Claim]:
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
