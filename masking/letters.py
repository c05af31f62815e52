"""Letters: what the patterns of recognizers find in the zones of a view.

Everything is searched at once, so that RE2 walks over a large text once for each rule; a match that reaches over a
zone's ends makes its zones be searched one by one. Most rules match nothing in most texts: one alternation for each
group of rules finds the texts that the group touches; only there does its every rule go to work. An alternation may
hide a match behind another one, but never all of them.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property
from typing import TYPE_CHECKING

from masking.automata import MAX_MEM_LARGE, ascii_edition, compile_pattern
from masking.tape_search import WINDOW

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from masking.automata import Automaton, ByteAutomaton, Match
    from masking.findings import Claim
    from masking.recognizers import Recognizer

_SEPARATOR = "\n\0\n"
_NAMED = re.compile(r"\(\?P<value>")
_GROUP = 16
"""Patterns of one group at most: fewer walk over text too often, more work where nothing is (measured)."""

_FEW_PATTERNS = 2
"""So few are tried without asking their alternation first."""


class Letters:
    """The patterns of some recognizers, in their order."""

    def __init__(self, recognizers: Iterable[Recognizer]) -> None:
        self._groups: list[_Group] = []
        self._order: list[tuple[Recognizer, int]] = []
        open_groups: dict[str, int] = {}
        for recognizer in recognizers:
            if recognizer.patterns:
                place = open_groups.get(recognizer.requires)
                if place is None or self._groups[place].size + len(recognizer.sources) > _GROUP:
                    place = open_groups[recognizer.requires] = len(self._groups)
                    self._groups.append(_Group(recognizer.requires))
                self._groups[place].add(recognizer)
                self._order.append((recognizer, place))

    def __bool__(self) -> bool:
        return bool(self._groups)

    def claim(self, view: str, spans: Sequence[tuple[int, int]], claims: dict[int, list[Claim]]) -> None:
        """Add what the patterns claim in zones of a view, by zone; claims are relative to these."""
        if not self._groups:
            return
        views = [view[start:end] for start, end in spans]
        wide = [number for number, view in enumerate(views) if not view.isascii()]
        plain = [number for number, view in enumerate(views) if view.isascii()] if wide else range(len(views))
        for numbers, ascii_only in ((wide, False), (plain, True)):
            for some in _windows(views, numbers):
                self._search(_Joined(views, some, ascii_only=ascii_only), claims)

    def _search(self, joined: _Joined, claims: dict[int, list[Claim]]) -> None:
        parts = [group.touched(joined) for group in self._groups]
        for recognizer, place in self._order:
            part = parts[place]
            if part is not None:
                for number, claim in part.search(recognizer):
                    claims.setdefault(number, []).append(claim)


def _windows(views: Sequence[str], numbers: Iterable[int]) -> Iterator[list[int]]:
    """Yield the numbers in groups whose views are together hardly longer than a window."""
    group: list[int] = []
    size = 0
    for number in numbers:
        group.append(number)
        size += len(views[number])
        if size >= WINDOW:
            yield group
            group, size = [], 0
    if group:
        yield group


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

    def holds(self, chars: str) -> bool:
        """Return whether one of these characters stands in the text."""
        return any(char in self.text for char in chars)

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
            found.append((place, recognizer.claim(*value)))

    def _run_at(self, offset: int) -> int:
        """Return the place (in this text) of the run at an offset; a separator belongs to the run before it."""
        return max(bisect_right(self._starts, offset) - 1, 0)


def _search_alone(recognizer: Recognizer, pattern: Automaton, run: str) -> list[Claim]:
    group: str | int = "value" if "value" in pattern.groupindex else 0
    spans = [match.span(group) for match in pattern.finditer(run)]
    values = [recognizer.judge(run, start, end) for start, end in spans if end > start]
    return [recognizer.claim(*value) for value in values if value is not None]
