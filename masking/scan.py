"""Scanning zones: what the recognizers claim on a tape, each zone as if it stood alone.

A recognizer looks at kinds of words (`phrases`, on the tape) or at letters (`patterns`, on the view). Everything is
searched at once, so that RE2 walks over a large text once for each rule; a match that reaches over a zone's ends makes
its zones be searched one by one. The result is that of every zone alone, which is what makes chunking invisible.

Most rules match nothing in most texts. One alternation for each group of rules finds the texts that the group touches;
only there does its every rule go to work. An alternation may hide a match behind another one, but never all of them.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from copy import copy
from functools import cached_property
from typing import TYPE_CHECKING

from masking.automata import MAX_MEM_LARGE, ascii_edition, compile_pattern
from masking.findings import Claim, Finding, settle
from masking.folding import FILLER, fold
from masking.lexicon import SEALED
from masking.phrase import AnyPhrase

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from masking.automata import Automaton, ByteAutomaton, Match, TapeAutomaton
    from masking.lexicon import Lexicon
    from masking.memory import Memory
    from masking.recognizers import Recognizer
    from masking.tape import Tape

_SEPARATOR = "\n\0\n"
_SEAL = bytes((SEALED,))
_NAMED = re.compile(r"\(\?P<value>")
_GROUP_PATTERNS = 16
"""Patterns of one group at most: fewer walk over text too often, more work where nothing is (measured)."""

WINDOW = 8192
"""What is searched at once, with the zone that goes over it; no search reads beyond (`lookahead`)."""

_FEW_PATTERNS = 2
"""So few are tried without asking their alternation first."""


class Scanner:
    """Finds what one list of recognizers finds, in the zones of texts."""

    def __init__(self, recognizers: Sequence[Recognizer], lexicon: Lexicon, forgotten: frozenset[str]) -> None:
        self.lexicon = lexicon
        self._propagated = {recognizer.id for recognizer in recognizers if recognizer.propagate}
        self._forgotten = forgotten
        self._groups: list[_Group] = []
        self._order: list[tuple[Recognizer, int]] = []
        self._phrases: list[_Phrases] = []
        ranked = sorted(recognizers, key=lambda recognizer: recognizer.priority)
        self._fields = {" ".join(keys): recognizer for recognizer in ranked for keys in recognizer.fields}
        open_groups: dict[tuple[str, bool], int] = {}
        for recognizer in sorted(recognizers, key=lambda recognizer: (recognizer.strict, -recognizer.priority)):
            if recognizer.phrases:
                last = self._phrases[-1] if self._phrases else None
                full = last is None or last.size + len(recognizer.phrases) > _GROUP_PATTERNS
                if last is None or full or last.strict != recognizer.strict:
                    last = _Phrases(strict=recognizer.strict)
                    self._phrases.append(last)
                last.add(recognizer)
            if recognizer.patterns:
                key = recognizer.requires, recognizer.strict
                place = open_groups.get(key)
                if place is None or self._groups[place].size + len(recognizer.sources) > _GROUP_PATTERNS:
                    place = open_groups[key] = len(self._groups)
                    self._groups.append(_Group(recognizer.requires))
                self._groups[place].add(recognizer)
                self._order.append((recognizer, place))

    def balanced(self) -> Scanner:
        """Return the scanner without the rules for strict profiles; it shares the automata of the others."""
        twin = copy(self)
        order = [(recognizer, place) for recognizer, place in self._order if not recognizer.strict]
        vars(twin).update(
            _fields={keys: recognizer for keys, recognizer in self._fields.items() if not recognizer.strict},
            _phrases=[phrases for phrases in self._phrases if not phrases.strict],
            _order=order,
            _groups=self._groups[: max((place + 1 for _, place in order), default=0)],
        )
        return twin

    def settle(
        self, zone: str, claims: Sequence[Claim], memory: Memory, *, known: bool
    ) -> tuple[list[Finding], list[str]]:
        """Return the findings of one zone, in its own offsets, and the values that are known from now on.

        `known`: a remembered value may stand in it. `memory` is advanced.
        """
        claims = _cut_placeholders(claims, zone)
        findings = settle(claims, zone)
        learned: list[str] = []
        for finding in findings:
            if finding.rule in self._propagated:
                value = zone[finding.start : finding.end]
                new = memory.learn(finding.identifier, value, self._forgotten)
                known = known or any(zone.count(hint) > value.count(hint) for hint in new)
                learned.extend(new)
        recalled = memory.recall(zone) if known else []
        if recalled:
            findings = settle([*claims, *_cut_placeholders(recalled, zone)], zone)
        return findings, learned

    def keyed(self, field: str, text: str, memory: Memory) -> Finding | None:
        """Return the finding of a rule that takes the whole value under a key; `memory` is advanced."""
        words = field.split()
        for first in range(len(words)) if self._fields else ():
            recognizer = self._fields.get(" ".join(words[first:]))
            if recognizer is not None:
                start, end = len(text) - len(text.lstrip()), len(text.rstrip())
                view = fold(text).strip()
                if start < end and recognizer.judge(view, 0, len(view)) is not None:
                    if recognizer.propagate:
                        memory.learn(recognizer.identifier, text[start:end], self._forgotten)
                    return Finding(start, end, recognizer.identifier, recognizer.id)
        return None

    def anywhere(self, tape: Tape) -> bool:
        """Return whether anything may be claimed on a tape; cheaper than to find its zones first."""
        return bool(self._groups) or any(phrases.anywhere(tape.tape) for phrases in self._phrases)

    def claims(
        self, tape: Tape, zones: Sequence[tuple[int, int]], spans: Sequence[tuple[int, int]]
    ) -> dict[int, list[Claim]]:
        """Return what the recognizers claim, by zone, whatever is known; zones without claims are left out.

        `zones` stand on the tape, `spans` in its view; claims are relative to these.
        """
        claims: dict[int, list[Claim]] = {}
        if self._phrases:
            kinds = _Kinds(tape, zones, spans)
            for phrases in self._phrases:
                phrases.search(kinds, claims)
        if self._groups:
            views = [tape.view[start:end] for start, end in spans]
            wide = [number for number, view in enumerate(views) if not view.isascii()]
            plain = [number for number, view in enumerate(views) if view.isascii()] if wide else range(len(views))
            for numbers, ascii_only in ((wide, False), (plain, True)):
                for some in _windows(views, numbers):
                    self._search(_Joined(views, some, ascii_only=ascii_only), claims)
        return claims

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


class _Kinds:
    """Zones of a tape, ready to be searched: side by side, with a byte between them that no rule takes."""

    def __init__(self, tape: Tape, zones: Sequence[tuple[int, int]], spans: Sequence[tuple[int, int]]) -> None:
        self._whole = tape
        self._zones = zones
        self._spans = spans
        self._starts = [start for start, _ in zones]
        self._taken: dict[int, list[tuple[int, int, int]]] = {}

    @property
    def tape(self) -> bytes:
        """The whole tape."""
        return self._whole.tape

    @cached_property
    def _windows(self) -> list[tuple[int, bytes]]:
        """Stretches of the tape with whole zones in them, each with the place at which it begins."""
        windows: list[tuple[int, bytes]] = []
        begin = -1
        for start, end in self._zones:
            begin = start - 1 if begin < 0 else begin
            if end - begin >= WINDOW or end == self._zones[-1][1]:
                windows.append((begin, self._whole.tape[begin:end]))
                begin = -1
        return windows

    def touched(self, locate: TapeAutomaton) -> list[int]:
        """Return the zones that hold a part of a match."""
        touched: set[int] = set()
        for begin, window in self._windows:
            for match in locate.finditer(window):
                start, end = match.span()
                first = max(bisect_right(self._starts, start + begin + 1) - 1, 0)
                touched.update(range(first, bisect_right(self._starts, end + begin)))
        return sorted(touched)

    def search(self, recognizer: Recognizer, claims: dict[int, list[Claim]]) -> None:
        """Add what a recognizer claims: its phrases are searched only in the zones that any of them touches."""
        places = self.touched(recognizer.located.automaton)
        if not places:
            return
        starts: list[int] = []
        parts: list[bytes] = []
        at = 0
        tape = self._whole.tape
        for place in places:
            start, end = self._zones[place]
            starts.append(at)
            parts.append(tape[start - 1 : end])
            at += end - start + 2
        joined = _SEAL.join(parts)
        for phrase in recognizer.phrases:
            for left, right in phrase.spans(joined):
                number = bisect_right(starts, left) - 1
                by = self._zones[places[number]][0] - 1 - starts[number]
                self._take(recognizer, places[number], left + by, right + by, claims)

    def _take(self, recognizer: Recognizer, place: int, left: int, right: int, claims: dict[int, list[Claim]]) -> None:
        """Add a claim, unless it stands in one that wins over it anyhow, or the recognizer takes it back."""
        taken = self._taken.setdefault(place, [])
        priority = recognizer.priority
        if recognizer.keeps_to_match and any(
            start <= left and right <= end and priority <= over for start, end, over in taken
        ):
            return
        char, view = self._whole.char, self._whole.view
        base, end = self._spans[place]
        start, stop = char(max(left, self._zones[place][0])), char(right)
        while stop > start and view[stop - 1].isspace():
            stop -= 1
        value = recognizer.judge(view[base:end], start - base, stop - base) if stop > start else None
        if value is not None:
            if value == (start - base, stop - base):
                taken.append((left, right, priority))
            claims.setdefault(place, []).append(_claim(recognizer, *value))


class _Phrases:
    """Phrases that are tried together."""

    def __init__(self, *, strict: bool) -> None:
        self.size = 0
        self.strict = strict
        self._recognizers: list[Recognizer] = []

    def add(self, recognizer: Recognizer) -> None:
        """Add the phrases of a recognizer."""
        self._recognizers.append(recognizer)
        self.size += len(recognizer.phrases)

    @cached_property
    def _located(self) -> AnyPhrase:
        return AnyPhrase(phrase for recognizer in self._recognizers for phrase in recognizer.phrases)

    def anywhere(self, tape: bytes) -> bool:
        """Return whether the phrases find anything on a tape."""
        return self._located.anywhere(tape)

    def search(self, kinds: _Kinds, claims: dict[int, list[Claim]]) -> None:
        """Add what the phrases find."""
        if self.anywhere(kinds.tape):
            for recognizer in self._recognizers:
                kinds.search(recognizer, claims)


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


def _claim(recognizer: Recognizer, start: int, end: int) -> Claim:
    return Claim(start, end, recognizer.identifier, recognizer.id, recognizer.priority)


def _cut_placeholders(claims: Sequence[Claim], view: str) -> Sequence[Claim]:
    """Cut claims around placeholders: a rule that allows any character must not mask one again."""
    if FILLER not in view:
        return claims
    out: list[Claim] = []
    for claim in claims:
        start = claim.start
        for part in view[claim.start : claim.end].split(FILLER):
            if any(char.isalnum() for char in part):
                out.append(Claim(start, start + len(part), claim.identifier, claim.rule, claim.priority))
            start += len(part) + 1
    return out
