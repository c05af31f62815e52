"""The shipped rules, read once, and texts that the engine's tests share."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from masking import Memory, RuleSet, SegmentFold, read_sources
from masking.errors import RuleError
from masking.scan import ranked
from masking.tape_search import TapeSearcher

POLICIES = Path(__file__).parents[2] / "policies"

NOTE = """HISTORY OF PRESENT ILLNESS:
Patient Jane Q. Doe, MRN 00123456, DOB 02/03/1961, is a 94-year-old woman with type 2 diabetes who was seen by
Dr. Okonkwo-Brandt on March 5th, 2021. Her phone number is currently 5550100199; her SSN on file is 123-45-6789.

Name:

Tomasz Wiśniewski
- lives at 12 Maple Street, Apt 4, Springfield, IL 62704
- email: tomasz.w@example.org, see https://portal.example.org/p/1?x=2.

def total(rows):
    return sum(row.cost for row in rows);

She denies chest pain, palpitations and shortness of breath. Doe will return in one week with her daughter Lucy.
[NAME_ABCDEFG_ABCDEF] was told. Ｓｅｅ １２３-４５-６７８９ and 555\u200b-010\u200b-0199 for Maria de la Cruz.
"""

Spans = list[tuple[int, int, str, str]]


@cache
def _shipped() -> RuleSet | str:
    """Return the shipped rules, or why they are refused: read once, thousands of tests ask."""
    try:
        return RuleSet.from_sources(read_sources(POLICIES))
    except RuleError as error:
        return str(error)


def shipped() -> RuleSet:
    """Return the shipped rules; a test that asks for refused ones fails."""
    rules = _shipped()
    if isinstance(rules, str):
        pytest.fail(rules, pytrace=False)
    return rules


def by_re2(rules: RuleSet) -> RuleSet:
    """Return the rule set with RE2 over the tape in the matcher's place."""
    return replace(rules, searcher=TapeSearcher(rules.lexicon, ranked(rules.recognizers), proven=True))


@cache
def measure() -> RuleSet:
    """Return the shipped rules with RE2 over the tape."""
    return by_re2(shipped())


def folded(chunks: list[str], memory: Memory | None = None, rules: RuleSet | None = None) -> tuple[str, Spans]:
    """Return the text and the findings, in offsets of the whole, of a fold fed in these chunks."""
    fold = SegmentFold(shipped() if rules is None else rules, "strict", Memory() if memory is None else memory)
    segments = [segment for chunk in chunks for segment in fold.feed(chunk)]
    segments += fold.finish()
    text, spans = "", []
    for segment in segments:
        spans += [(f.start + len(text), f.end + len(text), f.identifier, f.rule) for f in segment.findings]
        text += segment.text
    return text, spans
