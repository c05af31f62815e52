"""Check digits: numbers that their issuers could have given out pass, and each with one digit changed does not.

All values are made up; most stand in the documentation of their issuers.
"""

from __future__ import annotations

import pytest

from masking import check_digits
from masking.validators import VALIDATORS

VALID = [
    (check_digits.card, "4111 1111 1111 1111"),
    (check_digits.card, "378282246310005"),
    (check_digits.npi, "1234567893"),
    (check_digits.dea, "AB1234563"),
    (check_digits.iban, "GB82 WEST 1234 5698 7654 32"),
    (check_digits.iban, "de89370400440532013000"),
    (check_digits.vin, "1M8GDM9AXKP042788"),
    (check_digits.nhs, "9434765919"),
    (check_digits.pesel, "44051401359"),
    (check_digits.aadhaar, "234123412346"),
    (check_digits.nir, "255081416802538"),
    (check_digits.dni, "12345678Z"),
    (check_digits.dni, "X1234567L"),
    (check_digits.codice_fiscale, "RSSMRA85T10A562S"),
    (check_digits.kvnr, "A123456780"),
    (check_digits.national, "2341 2341 2346"),
    (check_digits.national, "RSSMRA85T10A562S"),
]


@pytest.mark.parametrize(("check", "value"), VALID)
def test_a_number_passes_and_a_mistyped_one_does_not(check, value: str) -> None:
    """The check accepts the number and refuses each of its neighbours that differ in one digit."""
    assert check(value)
    for place, char in enumerate(value):
        if char.isdecimal():
            mistyped = value[:place] + str((int(char) + 1) % 10) + value[place + 1 :]
            assert not check(mistyped), place


@pytest.mark.parametrize("value", ["1EG4-TE5-MK73", "1EG4TE5MK73", "1eg4 te5 mk73", "AB123456C", "AB 12 34 56 C"])
def test_numbers_without_check_digits_go_by_their_letters(value: str) -> None:
    """Medicare's and the national insurance's numbers have letters at fixed places."""
    assert check_digits.national(value)


@pytest.mark.parametrize(
    ("value", "passes"), [("123.456.789-09", True), ("123.456.789-19", False), ("111.111.111-11", False)]
)
def test_a_cpf_has_two_check_digits(value: str, passes: bool) -> None:
    """Both count, and repeated digits never do; a single change can pass, because 10 is written as 0."""
    assert check_digits.national(value) is passes


@pytest.mark.parametrize(
    "value", ["000-45-6789", "666-45-6789", "900-45-6789", "123-00-6789", "123-45-0000", "12-345-678"]
)
def test_social_security_numbers_that_were_never_issued(value: str) -> None:
    """Areas, groups and serials that the administration leaves out are refused."""
    assert not check_digits.ssn(value)


@pytest.mark.parametrize("name", sorted(VALIDATORS))
@pytest.mark.parametrize(
    "value", ["", " ", "-", "x", "é", "ſ", "\n", "()", "@", "1", "0" * 40, "Ⅷ", "I" * 17, "A" * 16, "²³"]
)
def test_validators_answer_for_any_text(name: str, value: str) -> None:
    """No validator raises, whatever stands in the value."""
    assert VALIDATORS[name](value) in {True, False}


@pytest.mark.parametrize("value", ["134123412346", "034123412346", "23412341234"])
def test_an_aadhaar_number_has_twelve_digits_and_begins_with_two_or_more(value: str) -> None:
    """UIDAI gives out no number that begins with 0 or 1."""
    assert not check_digits.aadhaar(value)
