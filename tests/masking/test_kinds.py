"""Kinds: which bytes signs take, and how sets of codes are ranked and moved, in native code and in Python alike."""

from __future__ import annotations

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from masking import code_sets, native
from masking.automata import compile_tape
from masking.kinds import bytes_of

SIZE = 130
ROWS = st.lists(st.sets(st.integers(0, SIZE - 1)).map(lambda some: sum(1 << code for code in some)), max_size=12)

needs_native = pytest.mark.skipif(native.library is None, reason="the library was not built")


@pytest.mark.parametrize("text", [rf"\{sign}" for sign in r"!\"#$%&'()*+,-./:;<=>?@[\]^`{|}~"])
def test_an_escaped_sign_is_itself(text: str) -> None:
    """RE2 says the same of each."""
    assert bytes_of(text) == 1 << ord(text[1]) == taken_by_re2(text)


@pytest.mark.parametrize(
    "text",
    ["[,;]", r"[\]\[]", r"[\-\\]", "[ .]", "[(|)]", r"[\^a]", "[^a]", "[!-/]", "[a-]", r"[\n\x1e]", r"[\x1c]", r"[\d]", "[,,]"],
)  # fmt: skip
def test_a_class_takes_what_re2_says(text: str) -> None:
    """Those without ranges are read here, others by RE2."""
    assert bytes_of(text) == taken_by_re2(text)


def taken_by_re2(text: str) -> int:
    return sum(1 << match.span()[0] for match in compile_tape(text).finditer(bytes(range(256))))


@needs_native
@given(ROWS)
def test_native_code_ranks_codes_as_their_columns_order(rows: list[int]) -> None:
    """Codes that no row tells apart have one rank, and ranks follow the bits of the columns."""
    columns = code_sets._columns(rows, SIZE)
    order = {column: rank for rank, column in enumerate(sorted(set(columns)))}
    ranks = code_sets.rank(rows, code_sets.pack(rows, SIZE), SIZE)
    assert list(ranks) == [order[column] for column in columns]


@needs_native
@given(ROWS, st.lists(st.integers(0, 69), min_size=SIZE, max_size=SIZE))
def test_native_code_moves_codes_to_their_places(rows: list[int], some: list[int]) -> None:
    """Of a moved row the codes are the places of those it had: codes that get one place are in it together."""
    assert native.library is not None
    ranks = {place: rank for rank, place in enumerate(sorted({*some}))}
    places = [ranks[place] for place in some]
    size = len(ranks)
    every = (1 << size) - 1
    wanted = [one for row in rows for one in (row & every, every & ~row)]
    rows = [sum(1 << code for code in range(SIZE) if row >> places[code] & 1) for row in wanted]
    moved = code_sets.move(native.library, code_sets.pack(rows, SIZE), len(rows), places, size)
    assert moved.tobytes() == code_sets.pack(wanted, size)
    assert isinstance(moved, array)
