"""Events: one canonical form, and nothing in it that could be read in two ways."""

from __future__ import annotations

import json

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from authz.approval import State
from authz.audit import MOST_BYTES, Event, EventRefused

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=10)
KEYS = st.text(st.characters(max_codepoint=127), max_size=6)
VALUES = st.recursive(
    TEXT | st.integers(-(2**53) + 1, 2**53 - 1),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


def make(header) -> Event:
    return Event("id1", "exchange.decided", "ex1", "ses_1", 1_700_000_000_000, header)


@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_canonical_bytes_say_what_was_given(header):
    """The bytes parse to the event, and do not depend on the order in which the header was built."""
    encoded = make(header).canonical()
    parsed = json.loads(encoded)
    assert parsed["header"] == header
    assert (parsed["id"], parsed["v"], parsed["at_ms"]) == ("id1", 1, 1_700_000_000_000)
    assert make(dict(reversed(header.items()))).canonical() == encoded
    assert rfc8785.dumps(parsed) == encoded


def test_every_character_is_written_as_rfc_8785_says():
    """Every character but NUL and surrogates, controls and U+2028 included, has the same bytes as rfc8785 gives it."""
    for first in range(1, 0x110000, 4096):
        text = "".join(map(chr, (n for n in range(first, min(first + 4096, 0x110000)) if not 0xD800 <= n <= 0xDFFF)))
        encoded = make({"a": text}).canonical()
        assert encoded == rfc8785.dumps(json.loads(encoded))
        assert json.loads(encoded)["header"]["a"] == text


def test_the_form_is_fixed():
    """The bytes of a known event, as an auditor's own program would make them."""
    assert (
        make({"b": [1, "é"], "a": State.PENDING}).canonical()
        == (
            '{"at_ms":1700000000000,"exchange":"ex1","header":{"a":"PENDING","b":[1,"é"]},"id":"id1",'
            '"kind":"exchange.decided","session":"ses_1","v":1}'
        ).encode()
    )


@pytest.mark.parametrize(
    "value", [1.5, True, None, 2**53, -(2**53), b"x", {"é": 1}, {1: 1}, "\ud800", "a\0b", [[[[[[[[[[1]]]]]]]]]], {1}]
)
def test_what_has_two_readings_is_refused(value):
    """Floats, booleans, null, large integers, bytes, odd keys, surrogates, NUL and deep nesting are refused without being quoted."""
    with pytest.raises(EventRefused) as refused:
        make({"field": value}).canonical()
    assert "event.header.field" in str(refused.value)


@pytest.mark.parametrize("field", ["id", "kind", "exchange", "session"])
@pytest.mark.parametrize("value", ["é", "x" * 257, 7])
def test_names_are_ascii_and_short(field, value):
    """Ids and kinds are ours; anything else in their place is refused."""
    names = {"id": "a", "kind": "b", "exchange": "", "session": "", field: value}
    with pytest.raises(EventRefused, match=field):
        Event(**names, at_ms=1, header={}).canonical()


def test_a_long_event_is_refused():
    """An event that is too long holds something that it should not."""
    with pytest.raises(EventRefused, match=str(MOST_BYTES)):
        make({"x": "y" * MOST_BYTES}).canonical()
