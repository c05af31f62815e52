"""Examples: rules are proven by what stands in their own files when they are read.

All examples of a rule are paragraphs of one text. What the rule claims in there proves most of them; those that it
leaves in doubt, because claims overlap or a view is not its text, are read one by one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from masking.errors import RuleError
from masking.findings import PUBLIC
from masking.folding import view_of
from masking.memory import Memory
from masking.reading import Reading, findings_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from masking.recognizers import Example, Recognizer
    from masking.rules import RuleSet
    from masking.scan import Scanner
    from masking.values import Values

_PART = "\n\n"
"""Parts paragraphs: no zone goes over it, but behind what is not ended (`segments.lines`)."""

_OPEN = (":", "?")
"""Behind these a blank line may part nothing."""


def failures(rules: RuleSet) -> Iterator[RuleError]:
    """Run every example, counter-example and literal value of rules and yield what is wrong with those that fail."""
    for rule in rules.recognizers:
        scanner = rules.scanner_of(rule)
        if rule.values is not None:
            yield from _unfound(rule, rule.values, scanner)
        for example in _doubtful(rule, scanner):
            if rule.identifier == PUBLIC:
                found = Reading(scanner, example.text).claimed()
            else:
                findings = findings_of(scanner, example.text, Memory())
                found = [(finding.start, finding.end) for finding in findings if finding.rule == rule.id]
            if tuple(found) != example.spans:
                said = "example {} is not matched as marked" if example.spans else "counter-example {} is matched"
                yield RuleError(rule.file, said.format(example.number), rule=rule.id, line=example.line)


def _doubtful(rule: Recognizer, scanner: Scanner) -> list[Example]:
    """Return the examples that are not proven when all of a rule are read at once."""
    texts = [example.text for example in rule.examples]
    text = _PART.join(texts)
    view = view_of(text)
    if view.starts is not None or any(example.rstrip().endswith(_OPEN) for example in texts):
        return list(rule.examples)
    claimed = Reading(scanner, text, view=view).claimed()
    doubtful: list[Example] = []
    start, place = 0, 0
    for example in rule.examples:
        end, first = start + len(example.text), place
        while place < len(claimed) and claimed[place][0] < end:
            place += 1
        if example.spans != tuple([(left - start, right - start) for left, right in claimed[first:place]]):
            doubtful.append(example)
        start = end + len(_PART)
    return doubtful


def _unfound(rule: Recognizer, values: Values, scanner: Scanner) -> Iterator[RuleError]:
    """Yield an error for each literal value that is not found where it stands alone, or as a part of another one."""
    reading = Reading(scanner, _PART.join(values.listed))
    claimed = reading.claimed()
    start, place = 0, 0
    for number, value in enumerate(values.listed, 1):
        while place < len(claimed) and claimed[place][1] < start + len(value):
            place += 1
        if place == len(claimed) or claimed[place][0] > start:
            problem = f"value {number} cannot be found: four of its words in a row, or its first two, are too usual"
            yield RuleError(rule.file, problem, rule=rule.id, line=rule.line)
        start += len(value) + len(_PART)
