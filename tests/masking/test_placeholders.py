"""Placeholders: keyed, stable, one to one, and related by entity."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from masking import PLACEHOLDER, Pseudonyms
from masking.placeholders import entity_of

KEY = bytes(range(32))


def parts(value: str, identifier: str = "NAME", key: bytes = KEY) -> tuple[str, str]:
    entity, surface = Pseudonyms(key).placeholder(identifier, value).strip("[]").rsplit("_", 2)[1:]
    return entity, surface


@given(st.text(alphabet=st.characters(blacklist_categories=["Cs"]), max_size=50))
def test_shape_and_stability(value: str) -> None:
    """Every value has one placeholder of the documented shape, the same in every process."""
    placeholder = Pseudonyms(KEY).placeholder("NAME", value)
    assert re.fullmatch(PLACEHOLDER, placeholder)
    assert placeholder == Pseudonyms(KEY).placeholder("NAME", value)


def test_known_answer() -> None:
    """The function is fixed: sessions keep their placeholders. Computed with plain HMAC of `doe`."""
    assert Pseudonyms(KEY).placeholder("NAME", "Jane Doe") == "[NAME_MPHP2RW_J6F76T]"


@pytest.mark.parametrize(
    ("identifier", "one", "other"),
    [
        ("NAME", "Jane Doe", "JANE  DOE"),
        ("NAME", "Jane Doe", "Doe, Jane"),
        ("NAME", "Jane Doe", "Doe"),
        ("NAME", "Jane Q. Doe", "DOE^JANE^Q"),
        ("NAME", "Jane Doe", "Jane Doe, MD"),
        ("NAME", "Jane Doe", "Jane Doe Jr."),
        ("NAME", "Ana Brandt-Olsen", "Brandt-Olsen, Ana"),
        ("NAME", "María de la Cruz", "Cruz"),
        ("NAME", "Doe J.", "Doe, J"),
        ("NAME", "O'Brien", "o’brien"),
        ("SSN", "123-45-6789", "123 45 6789"),
        ("PHONE", "(555) 010-0199", "555.010.0199"),
        ("SSN", "123-45-6789", "１２３-４５-６７８９"),
        ("MRN", "SF-998877", "sf998877"),
        ("PHONE", "٥٥٥-٠١٩٩", "555 0199"),
        ("PHONE", "fünf", "FÜNF!"),
        ("FAX", "none", "None."),
        ("ADDRESS", "Weg 3, Zürich", "WEG 3 ZÜRICH"),
    ],
)
def test_spellings_share_the_entity_and_keep_their_own_surface(identifier: str, one: str, other: str) -> None:
    """Two spellings of one value relate, and each restores exactly."""
    first, second = parts(one, identifier), parts(other, identifier)
    assert first[0] == second[0]
    assert first[1] != second[1]


@given(st.text(st.characters(max_codepoint=127), max_size=30), st.sampled_from(("SSN", "MRN")))
def test_letters_and_digits_of_ascii_make_the_entity(value: str, identifier: str) -> None:
    """Of a number its digits if it has any, else all letters and digits, whatever their case."""
    digits = "".join(filter(str.isdecimal, value)) if identifier == "SSN" else ""
    assert entity_of(identifier, value) == (digits or "".join(filter(str.isalnum, value.lower())))


NAME_PARTS = ("Roe", "ann", "'", "-", ".", ",", "^", " ", "\t", "\x1c", "1", "_", "é", "\xa0")


@given(st.lists(st.sampled_from(NAME_PARTS), max_size=8).map("".join))
def test_names_are_read_alike_with_and_without_other_letters(name: str) -> None:
    """A name of ASCII is read as one with a letter beyond it: `Roé` stands for `Roe` in all but its letters."""
    plain = name.replace("é", "e").replace("\xa0", " ")
    assert entity_of("NAME", plain).replace("roe", "roé") == entity_of("NAME", plain.replace("Roe", "Roé"))


def test_names_of_one_family_relate_and_stay_apart() -> None:
    """Two people of one family share the first part only, as their names do."""
    one, other = parts("Jane Doe"), parts("John Doe")
    assert one[0] == other[0]
    assert one[1] != other[1]


def test_values_identifiers_and_keys_part() -> None:
    """Another value, another identifier or another key gives another code in both parts."""
    base = parts("Jane Doe")
    for other in (parts("Jane Roe"), parts("Jane Doe", "MRN"), parts("Jane Doe", key=bytes(32))):
        assert base[0] != other[0]
        assert base[1] != other[1]


def test_many_values_do_not_collide() -> None:
    """65 bits together: 20,000 values have 20,000 placeholders."""
    pseudonyms = Pseudonyms(KEY)
    assert len({pseudonyms.placeholder("MRN", f"{n:08d}") for n in range(20000)}) == 20000


def test_shift_is_secret_stable_and_never_nothing() -> None:
    """The date offset belongs to the key and lies between 30 and 365 days, either way."""
    shifts = {Pseudonyms(n.to_bytes(32)).shift_days() for n in range(400)}
    assert len(shifts) > 200
    assert all(30 <= abs(days) <= 365 for days in shifts)
    assert Pseudonyms(KEY).shift_days() == Pseudonyms(KEY).shift_days()


def test_a_short_key_is_refused() -> None:
    """A masking key has 32 bytes."""
    with pytest.raises(ValueError, match="32"):
        Pseudonyms(b"short")
