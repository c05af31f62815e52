"""Cues: what a rule took beside a value, in the caller's own text."""

from __future__ import annotations

import pytest

from masking import Finding, RuleSet, find
from masking.explanation import cues

RULES = r"""recognizers:
  - id: title
    identifier: NAME
    propagate: true
    phrases: ['<titles> \.? _ [[ <cap> ]]', '<titles> \.? _ [[ <cap> ]] _ "md"']
    examples: ['Dr. [[Okonkwo]] came']
  - id: shape
    identifier: ID
    patterns: ['\bno (?P<value>\d{4})', '\d{2}-\d{2}', 'x(?P<value>\d?)y']
    examples: ['no [[1234]]']
  - id: near
    identifier: CODE
    context: [case, Ticket]
    patterns: ['[A-Z]{3}\d']
    examples: ['case [[ABC1]]']
words: {titles: dr mr, common: was seen}
lexicon: {vocabulary: common}
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("see Dr.\n Poe today", ["Dr. …"]),
        ("see Dr. Poe MD today", ["Dr. … MD"]),
        ("see Dr. Poe.\n\nPoe came", ["Dr. …", ""]),
        ("no 1234, 12-34, xy", ["no …", ""]),
        ("a case, a ticket ABC1", ["ticket …"]),
        ("Dr. &#80;oe", ["Dr. …"]),
        ("was seen was seen was seen was seen", []),
    ],
)  # fmt: skip
def test_the_cue_is_what_stands_beside_the_value(text: str, expected: list[str]) -> None:
    """Of several matches the longest counts; a value by itself has none; a word of `context` is one."""
    rules = RuleSet.from_sources({"recognizers/a.yaml": RULES.encode()})
    assert cues(rules, "strict", text, find(rules, text)) == expected


def test_the_cues_of_evidence_are_its_strongest_clues() -> None:
    """What speaks for a word is shown in the order of its points; what speaks against it is not."""
    rule = "{id: r, identifier: NAME, evidence: said word, phrases: ['[[ <any -common> ]]'], examples: ['[[^]]']}"
    source = f"recognizers: [{rule}]\nwords: {{common: was ask again}}\nlexicon: {{vocabulary: common}}\n"
    points = b"-9 word\n20 ask _\n30 _ again\n5 ask _ again\n1 -le\n-2 ^ * _\n2 _ * was\n"
    rules = RuleSet.from_sources({"recognizers/a.yaml": source.encode(), "evidence/said.txt": points}, proven=True)
    text = "ask dale again was"
    assert cues(rules, "strict", text, find(rules, text)) == ["… again, ask …, ask … again"]


def test_a_finding_of_elsewhere_has_no_cue() -> None:
    """What no rule of today finds there, as behind a forced cut, is explained by nothing."""
    rules = RuleSet.from_sources({"recognizers/a.yaml": RULES.encode()})
    strange = [Finding(0, 3, "NAME", "gone"), Finding(0, 3, "NAME", "title"), Finding(4, 5, "CODE", "near")]
    assert cues(rules, "strict", "was seen was seen, 99", strange) == ["", "", ""]
    assert cues(rules, "strict", "Poe ABC1", [Finding(4, 8, "CODE", "near"), Finding(0, 3, "NAME", "title")]) == [
        "",
        "",
    ]
