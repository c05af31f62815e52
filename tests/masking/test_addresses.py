"""Postal codes with letters, and streets, facilities and towns in lower case."""

from __future__ import annotations

import pytest

from masking.addresses import facility, postcode, street, town


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("SW1A 1AA", True),
        ("k1a 0b1", True),
        ("1234 AB", True),
        ("1234 MG", False),
        ("D02 X285", True),
        ("V82-V4N2", True),
        ("B12 5MG", False),
        ("V82 V4M2", False),
        ("T2N0M0", False),
    ],
)
def test_postal_codes_with_letters(value: str, expected: bool) -> None:
    """British, Canadian, Dutch and Irish codes; units, stages and letters that no code has are none."""
    assert postcode(value) is expected


def test_plain_speech_is_no_place() -> None:
    """A street, facility or town of ordinary words is none."""
    assert street("12 maple street")
    assert not street("2 miles down the road")
    assert facility("mercy general hospital")
    assert not facility("local hospital")
    assert town("corpus christi")
    assert not town("with her")
