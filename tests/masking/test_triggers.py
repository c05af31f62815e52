"""Triggers: white space of a text is one space to their patterns, however these are searched."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from masking import RuleError, RuleSet, match_triggers
from masking.folding import view_of

PLAIN = (" ", "[ ]", "[ ]?", " *", "[ ]{2}", "chart", "c", "(?:a|b)", "[a-c]", r"\b", r"\d", r"\.", "'s?", "(?:full |the[ ])")
OTHER = (".", ".{0,3}", r"\s", r"\W", "[^a]", "[ -]", "$", "^", r"[\t-z]", "[!-~ ]")
SPACES = (" ", "  ", "\n", " \n", "\n\n", "\t", "\x1e", "\x85", "\u2028", "\u2029 ", "\xa0")
TEXTS = st.lists(st.sampled_from((*SPACES, "chart", "Chart's", "a", "b", "1", ".", "-", "full", "the")), max_size=8).map("".join)


RECOGNIZERS = b"recognizers:\n  - {id: r, identifier: NAME, patterns: ['(?P<value>zzz)'], examples: ['[[zzz]]']}\n"


def rules_of(pattern: str) -> RuleSet:
    quoted = pattern.replace("'", "''")
    triggers = f"triggers:\n  - {{id: t, patterns: ['{quoted}'], examples: [], counter_examples: []}}\n"
    return RuleSet.from_sources({"recognizers/r.yaml": RECOGNIZERS, "triggers.yaml": triggers.encode()}, proven=True)


@settings(max_examples=400, deadline=None)
@given(
    st.lists(st.sampled_from(PLAIN), min_size=1, max_size=5),
    st.none() | st.sampled_from(OTHER),
    st.lists(TEXTS, min_size=1, max_size=12),
)
def test_white_space_is_one_space(parts: list[str], other: str | None, texts: list[str]) -> None:
    """A pattern matches a text as it would with one space for all white space and none at the ends."""
    pattern = "".join([*parts, other or "", "c"])
    try:
        rules = rules_of(pattern)
    except RuleError:
        assume(False)
    assert (rules.triggers._every is None) == (other is not None)
    for text in texts:
        shown = re.sub("[ \n\x1e\x85\u2028\u2029]+", " ", view_of(text).text).strip(" ")
        matches = re.search(pattern, shown, re.IGNORECASE | re.ASCII | re.MULTILINE) is not None
        assert bool(match_triggers(rules, text)) == matches, (pattern, ascii(text))


@pytest.mark.parametrize("pattern", OTHER)
def test_what_may_take_white_space_as_something_else_is_searched_in_one_line(pattern: str) -> None:
    """Only where nothing but spaces takes white space is it searched as it is."""
    assert rules_of(f"a{pattern}c").triggers._every is None
