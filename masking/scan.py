"""Scanning zones: what the recognizers claim on a tape, each zone as if it stood alone.

A recognizer looks at kinds of words (`phrases`, on the tape) or at letters (`patterns`, on the view; `letters`).
What matches is judged by its recognizer, and what several claim is settled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from masking.findings import Claim, Finding, settle
from masking.folding import FILLER, fold
from masking.letters import Letters
from masking.matcher import MatchedText, Matcher

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from masking.lexicon import PlainWords
    from masking.matcher import Match
    from masking.memory import Memory
    from masking.recognizers import Recognizer


class ReadText(Protocol):
    """A view that was read by a searcher: `matcher.MatchedText`, `tape_search.SearchedTape`."""

    zones: int
    settled: int
    widest: int

    @property
    def view(self) -> str:
        """The view as it is on the tape: line ends as what they are there, and behind the last text one more."""

    @property
    def spans(self) -> list[tuple[int, int]]:
        """Where the zones stand, without the white space behind them."""

    def begin(self, zone: int) -> int:
        """Return where one zone begins."""

    @property
    def waiting(self) -> int:
        """Where the words at the end begin that belong to the next zone."""

    def matches(self, zones: int, phrases: range) -> Iterator[Match]:
        """Return what some phrases match in the first zones, zone by zone, phrase by phrase, leftmost first."""


class Searcher(Protocol):
    """What finds phrases: `matcher.Matcher`, `tape_search.TapeSearcher`."""

    def read(self, view: str, before: bytes, *, last: bool = False) -> ReadText:
        """Read a view (`folding`) behind the byte `before`; `last`: no text comes behind it."""


def ranked(recognizers: Sequence[Recognizer]) -> list[Recognizer]:
    """Return recognizers in the order in which their phrases are numbered and tried: those of strict profiles last."""
    return sorted(recognizers, key=lambda recognizer: (recognizer.strict, -recognizer.priority))


class Scanner:
    """Finds what some recognizers find in the zones of texts.

    `owners` are the recognizers of all phrases that the searcher knows; `phrases` the numbers of those that
    count, which `recognizers` have.
    """

    def __init__(
        self,
        searcher: Searcher,
        owners: Sequence[Recognizer],
        recognizers: Sequence[Recognizer],
        phrases: range,
        forgotten: PlainWords,
    ) -> None:
        self._searcher = searcher
        self._owners = owners
        self._phrases = phrases
        self._forgotten = forgotten
        self._propagated = {recognizer.id for recognizer in recognizers if recognizer.propagate}
        by_rank = sorted(recognizers, key=lambda recognizer: recognizer.priority)
        self._fields = {" ".join(keys): recognizer for recognizer in by_rank for keys in recognizer.fields}
        self._letters = Letters(recognizers)
        self._matcher = searcher if isinstance(searcher, Matcher) and not self._letters else None

    @property
    def owners(self) -> Sequence[Recognizer]:
        """The recognizer of each phrase, by its number."""
        return self._owners

    def whole(self, view: str, memory: Memory) -> list[Finding] | None:
        """Return the findings of a whole view, `memory` is advanced; None if it has to be read zone by zone."""
        return None if self._matcher is None else self._matcher.whole(view, self._phrases, memory)

    def read(self, view: str, before: bytes, *, last: bool) -> ReadText:
        """Read a view (`folding`) behind the byte `before`; `last`: no text comes behind it."""
        return self._searcher.read(view, before, last=last)

    def findings(self, text: ReadText, zones: int, memory: Memory) -> list[Finding]:
        """Return the findings of the first zones, in characters of the view; `memory` is advanced."""
        if isinstance(text, MatchedText) and not self._letters:
            return text.findings(zones, self._phrases, memory)
        claims = self.claims(text, zones)
        findings: list[Finding] = []
        for place, (start, end) in enumerate(text.spans[:zones]):
            if place in claims or len(memory):
                found = self._settle(text.view[start:end], claims.get(place, ()), memory)
                findings.extend(finding.moved(start) for finding in found)
        return findings

    def _settle(self, zone: str, claims: Sequence[Claim], memory: Memory) -> list[Finding]:
        """Return the findings of one zone, in its own offsets; `memory` is advanced."""
        claims = _cut_placeholders(claims, zone)
        findings = settle(claims, zone)
        for finding in findings:
            if finding.rule in self._propagated:
                memory.learn(finding.identifier, zone[finding.start : finding.end], self._forgotten)
        recalled = memory.recall(zone)
        return settle([*claims, *_cut_placeholders(recalled, zone)], zone) if recalled else findings

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

    def claims(self, text: ReadText, zones: int) -> Mapping[int, list[Claim]]:
        """Return what the recognizers claim in the first zones, by zone, whatever is known; relative to the zone.

        A match inside a claim that wins over it anyhow is passed over; a rule that may move its values never is.
        """
        claims: dict[int, list[Claim]] = {}
        owners = self._owners
        here: list[Claim] = []
        taken: list[tuple[int, int, int]] = []
        place = -1
        base = 0
        zone = ""
        for number, phrase, start, end in text.matches(zones, self._phrases):
            if number != place:
                place = number
                base, stop = text.spans[place]
                zone = text.view[base:stop]
                here, taken = [], []
            recognizer = owners[phrase]
            priority = recognizer.priority
            left, right = start - base, end - base
            if not recognizer.moves and any(
                first <= left and right <= last and priority <= over for first, last, over in taken
            ):
                continue
            value = recognizer.judge(zone, left, right)
            if value is not None:
                if value == (left, right):
                    taken.append((left, right, priority))
                if not here:
                    claims[place] = here
                here.append(recognizer.claim(*value))
        self._letters.claim(text.view, text.spans[:zones], claims)
        return claims


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
