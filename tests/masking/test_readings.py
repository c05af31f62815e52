"""Readings and editions: what is worked out once, or in bytes, finds what the fold over the text finds."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shipped import shipped

from masking import Memory, RuleSet, SegmentFold, find
from masking.automata import ascii_edition, compile_pattern
from masking.readings import BUDGET, Readings

_PIECES = st.sampled_from(
    [
        "Dr. Okonkwo ", "Okonkwo ", "MRN 00123456, ", "123-45-6789 ", "the plan ", "Patient: Jane Doe\n", "jane ", "Doe\n\n",
        "555-010-0199 ", "２０２１-03-05 ", "Zoë ", "’s ", "\u200b", "[NAME_K3F9Q2A_7XW2PD] ", "and ", "http://a.example/b ",
    ]
)  # fmt: skip


def _folded(text: str, memory: Memory) -> list[tuple[int, int, str, str]]:
    fold = SegmentFold(shipped(), "strict", memory)
    at, out = 0, []
    for segment in (*fold.feed(text), *fold.finish()):
        out.extend((f.start + at, f.end + at, f.identifier, f.rule) for f in segment.findings)
        at += len(segment.text)
    return out


@settings(deadline=None)
@given(st.lists(st.lists(_PIECES, max_size=12).map("".join), max_size=4))
def test_a_remembered_reading_finds_what_the_fold_finds(leaves: list[str]) -> None:
    """Leaves read whole, for the first and for the second time, find and teach what the fold over them does."""
    for _ in range(2):
        whole, folded = Memory(), Memory()
        for leaf in leaves:
            found = find(shipped(), leaf, memory=whole)
            assert [(f.start, f.end, f.identifier, f.rule) for f in found] == _folded(leaf, folded)
        assert whole == folded


def test_a_reading_is_settled_with_what_is_known() -> None:
    """The same leaf masks more once an earlier leaf has taught a name, and less again without it."""
    rules, leaf, memory = shipped(), "Okonkwo was told about Okonkwo", Memory()
    before = find(rules, leaf)
    find(rules, "seen by Dr. Okonkwo", memory=memory)
    assert len(find(rules, leaf, memory=memory)) == len(before) + 2
    assert find(rules, leaf) == before


def test_readings_hold_no_text_and_are_bounded() -> None:
    """Nothing of a leaf is kept but offsets under a keyed digest, and the oldest readings leave."""
    rules = shipped()
    readings = Readings(rules.segmenter, rules.scanner("strict"))
    for number in range(300):
        readings.find(f"Dr. Okonkwo{number} " + "Aa bb cc Dd " * 2000, Memory())
    assert readings._weight <= BUDGET
    assert readings._weight == sum(reading.weight for reading in readings._readings.values())
    assert "Okonkwo" not in repr(readings._readings)


def test_long_leaves_and_long_runs_go_through_the_fold() -> None:
    """A leaf whose run is cut by force has no reading, because the cut depends on what is known."""
    rules = shipped()
    readings = Readings(rules.segmenter, rules.scanner("strict"))
    assert readings.find("A1-" * 3000, Memory()) is None
    assert readings.find("and " * 10_000, Memory()) is None


@pytest.mark.parametrize(
    "source",
    [
        "é?a",
        "[éx]+y",
        "(?i:[ø-ɏ])",
        "(?i:\u212a)b",
        "[^é]s",
        r"\bfianc[eé]e?\b",
        r"(?i:\w)+",
        r"\p{Lu}\w",
        "[a-ÿ]b",
        "(?i:ſ|é)",
    ],
)
@settings(deadline=None)
@given(text=st.text(st.characters(max_codepoint=127), max_size=40))
def test_both_editions_of_a_pattern_agree_on_ascii(source: str, text: str) -> None:
    """The ASCII edition, or what stands in for it, matches ASCII text where the pattern itself does."""
    wide = compile_pattern(source)
    narrow = ascii_edition(source, wide)
    assert [m.span() for m in narrow.finditer(text.encode())] == [m.span() for m in wide.finditer(text)]


def test_a_character_that_folds_into_ascii_has_no_ascii_edition() -> None:
    """`(?i:K)` written with the Kelvin sign matches `k`: only the pattern itself may read such a text."""
    source = "(?i:\u212a)elvin"
    assert [m.span() for m in ascii_edition(source, compile_pattern(source)).finditer(b"a kelvin")] == [(2, 8)]


def test_rule_sets_share_no_readings() -> None:
    """Readings belong to one rule set and one way with names."""
    rules: RuleSet = shipped()
    assert rules.readings("strict") is rules.readings("strict")
    assert rules.readings("strict") is not rules.readings("balanced")
