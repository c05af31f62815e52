"""Triggers: white space of a text is one space to their patterns, however these are searched."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from masking import RuleSet, match_triggers
from masking.folding import view_of

GAPS = (" ", "  ", "\n", " \n", "\n\n", "\t", "\x1e", "\x85", "\u2028", "\u2029 ", "\xa0")
PLAIN = {
    " ": GAPS,
    "[ ]": GAPS,
    "[ ]?": ("", *GAPS),
    " *": ("", *GAPS),
    "[ ]{2}": GAPS,
    "chart": ("chart", "Chart"),
    "(?:a|b)": ("a", "B"),
    "[a-c]": ("a", "c"),
    r"\b": ("",),
    r"\d": ("1",),
    r"\.": (".",),
    "'s?": ("'", "'s"),
    "(?:full |the[ ])": ("full\n", "the "),
}
OTHER = (".", ".{0,3}", r"\s", r"\W", "[^a]", "[ -]", "$", "^", r"[\t-z]", "[!-~ ]")
PARTS = st.sampled_from(sorted(PLAIN)).flatmap(lambda part: st.tuples(st.just(part), st.sampled_from(PLAIN[part])))


RECOGNIZERS = b"recognizers:\n  - {id: r, identifier: NAME, patterns: ['(?P<value>zzz)'], examples: ['[[zzz]]']}\n"


def rules_of(pattern: str) -> RuleSet:
    quoted = pattern.replace("'", "''")
    triggers = f"triggers:\n  - {{id: t, patterns: ['{quoted}'], examples: [], counter_examples: []}}\n"
    return RuleSet.from_sources({"recognizers/r.yaml": RECOGNIZERS, "triggers.yaml": triggers.encode()}, proven=True)


@settings(max_examples=800, deadline=None)
@given(st.lists(PARTS, min_size=1, max_size=5), st.none() | st.sampled_from(OTHER), st.sampled_from(("", *GAPS)))
def test_white_space_is_one_space(parts: list[tuple[str, str]], other: str | None, around: str) -> None:
    """A pattern matches a text as it would with one space for all white space and none at the ends."""
    pattern = "".join([part for part, _ in parts] + [other or "", "c"])
    text = "".join([around, *(text for _, text in parts), around if other else "", "c", around])
    rules = rules_of(pattern)
    assert (rules.triggers._every is None) == (other is not None)
    shown = re.sub("[ \n\x1e\x85\u2028\u2029]+", " ", view_of(text).text).strip(" ")
    matches = re.search(pattern, shown, re.IGNORECASE | re.ASCII | re.MULTILINE) is not None
    assert bool(match_triggers(rules, text)) == matches


def test_many_groups_are_read_at_once() -> None:
    """Whether a pattern is plain is asked in linear time."""
    assert rules_of("(?:a" * 60 + ")" * 60 + ".").triggers._every is None


@pytest.mark.parametrize("pattern", OTHER)
def test_what_may_take_white_space_as_something_else_is_searched_in_one_line(pattern: str) -> None:
    """Only where nothing but spaces takes white space is it searched as it is."""
    assert rules_of(f"a{pattern}c").triggers._every is None
