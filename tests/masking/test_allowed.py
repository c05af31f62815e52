"""Values that rules allow: by how many letters they have, as RE2 would say."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from masking.allowed import Letters, allowed
from masking.automata import compile_pattern

COUNTED = [
    r"\pL",
    r"\pL{3}",
    r"\pL{1,3}",
    r"\pL{3,}",
    r"[\pL]{2}",
    r"[\pL-]{1,4}",
    r"[\pL-]",
    r"[\pL-]{2,}",
    r"\pL{29}",
]


@pytest.mark.parametrize("source", COUNTED)
@settings(deadline=None)
@given(value=st.text(alphabet="aZéßдあ-' .1_\u0301", max_size=32))
def test_letters_are_counted_as_re2_does(source: str, value: str) -> None:
    """Letters of any script, hyphens only where they may be, and nothing else."""
    counted = allowed(source)
    assert isinstance(counted, Letters)
    assert counted.fullmatch(value) == (compile_pattern(source).fullmatch(value) is not None)


@pytest.mark.parametrize("source", [r"\pL+", r"(?i)\pL{2}", r"\pL{1,30}", r"re\pL{3,}", r"\pN{2}", "abc"])
def test_anything_else_is_a_pattern(source: str) -> None:
    """RE2 reads it."""
    assert not isinstance(allowed(source), Letters)


def test_bounds_the_wrong_way_about_are_refused() -> None:
    """As RE2 refuses them."""
    with pytest.raises(ValueError, match="not an RE2 pattern"):
        allowed(r"\pL{4,2}")
