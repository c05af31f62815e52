"""Explanations: what made a rule find something. For the caller's own screen, because a cue is text of the input.

The engine keeps no record of its matches; the zone of a finding is searched again by the finding's rule alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from masking.reading import Reading
from masking.recognizers import CONTEXT_REACH
from masking.tape import Tape

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from masking.automata import Automaton
    from masking.findings import Finding
    from masking.profile import Names
    from masking.recognizers import Recognizer
    from masking.rules import RuleSet

VALUE = "\N{HORIZONTAL ELLIPSIS}"
"""Stands for the value in a cue."""


def cues(rules: RuleSet, names: Names, text: str, findings: Iterable[Finding]) -> list[str]:
    """Return the cue of each finding of a text: what its rule took beside the value, in which an ellipsis is the value.

    Of a rule that weighs evidence, the clues that speak most for the value, the strongest first. Empty where the value
    alone was enough, or was found because it was found before.
    """
    recognizers = {recognizer.id: recognizer for recognizer in rules.recognizers}
    reading = Reading(rules.scanner(names), text)
    matches: dict[tuple[int, str], list[_Match]] = {}
    found: list[str] = []
    for finding in findings:
        recognizer, place = recognizers.get(finding.rule), reading.place(finding.start)
        if recognizer is None or place is None:
            found.append("")
            continue
        key = (place, finding.rule)
        if key not in matches:
            matches[key] = list(_matches(rules, reading, place, recognizer))
        found.append(_cue(text, finding, recognizer, matches[key]))
    return found


class _Match(NamedTuple):
    """Where a match begins and ends, and its value, in the text's offsets; which clues speak for it."""

    begin: int
    end: int
    left: int
    right: int
    clues: str


def _matches(rules: RuleSet, reading: Reading, place: int, recognizer: Recognizer) -> Iterator[_Match]:
    """Yield the matches of a rule in a zone."""
    view, base, stop = reading.span(place)
    zone = view[base:stop]
    tape = Tape(rules.lexicon, view)
    first, last = tape.zones()[place]
    spans = [span for pattern in recognizer.patterns for span in _pattern_spans(pattern, zone)]
    for phrase in recognizer.phrases:
        for span in phrase.matches(tape.tape[first - 1 : last]):
            begin, end, left, right = (tape.char(max(at + first - 1, first)) - base for at in span)
            spans.append((begin, min(end, len(zone)), left, left + len(zone[left:right].rstrip())))
    for begin, end, left, right in spans:
        value = recognizer.judge(zone, left, right) if left < right else None
        if value is not None:
            yield _Match(
                *reading.original(min(begin, value[0]) + base, max(end, value[1]) + base),
                *reading.original(value[0] + base, value[1] + base),
                _clues(zone, *value, recognizer),
            )


def _clues(zone: str, start: int, end: int, recognizer: Recognizer) -> str:
    if recognizer.evidence is None:
        return ""
    evidence, kind = recognizer.evidence
    return ", ".join(clue.replace("_", VALUE) for clue in evidence.strongest(zone, start, end, kind))


def _pattern_spans(pattern: Automaton, text: str) -> Iterator[tuple[int, int, int, int]]:
    """Yield where each match of a pattern begins and ends, and its value."""
    group: str | int = "value" if "value" in pattern.groupindex else 0
    for match in pattern.finditer(text):
        yield (*match.span(), *match.span(group))


def _cue(text: str, finding: Finding, recognizer: Recognizer, matches: Iterable[_Match]) -> str:
    """Return the longest of what the matches over a finding took beside it, else the nearest cue of `context`."""
    beside = [
        match.clues or " ".join(f"{text[match.begin : match.left]}{VALUE}{text[match.right : match.end]}".split())
        for match in matches
        if match.left < finding.end and finding.start < match.right
    ]
    cue = max(beside, key=len, default=VALUE)
    return cue if cue != VALUE else next(_context(text, finding.start, recognizer), "")


def _context(text: str, at: int, recognizer: Recognizer) -> Iterator[str]:
    before = text[max(0, at - CONTEXT_REACH) : at].lower()
    for cue in sorted(recognizer.context, key=before.rfind, reverse=True):
        if cue in before:
            yield f"{cue.strip()} {VALUE}"
