"""Numbers in words, and dates with a telephone's grouping: what `written_numbers` reads before it judges a value."""

from __future__ import annotations

import pytest

from masking.written_numbers import phone, spoken, telephone


@pytest.mark.parametrize(
    ("value", "digits"),
    [
        ("four four seven", "447"),
        ("twenty three", "23"),
        ("twenty twenty three", "2023"),
        ("thirty five thirty", "3530"),
        ("twenty double four", "2044"),
        ("ninety and five", "905"),
        ("twenty oh", "200"),
        ("triple seven", "777"),
        ("nineteen sixty two", "1962"),
        ("Five 5 O", "550"),
        ("about right", ""),
    ],
)
def test_what_is_said_is_read_digit_by_digit(value: str, digits: str) -> None:
    """A ten waits for its one; what follows that is none closes it with a zero, and other words say nothing."""
    assert spoken(value) == digits


@pytest.mark.parametrize("value", ["2024-01-15", "01/02/2024", "15.01.2024", "2024/01/15"])
def test_a_date_is_no_telephone_number(value: str) -> None:
    """Eight digits in three groups are a date if they can be one, with and without a cue before them."""
    assert not telephone(value)
    assert not phone(value)


@pytest.mark.parametrize("value", ["020 7946 0123", "555-010-2367", "(0113) 496 0123", "+44 7700 900123"])
def test_what_has_a_telephones_groups_is_one(value: str) -> None:
    """A trunk zero, groups as in North America, or a country code need no cue."""
    assert telephone(value)
