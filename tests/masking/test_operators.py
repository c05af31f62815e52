"""Operators: what becomes of a value, and what they do not leave of it."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shipped import NOTE, shipped

from masking import Operator, Pseudonyms, apply, mask_text
from masking.dates import read_date, shift, year_of
from masking.operators import RESTRICTED_ZIP

KEY = bytes(range(32))
PSEUDONYMS = Pseudonyms(KEY)


@pytest.mark.parametrize(
    ("operator", "identifier", "value", "expected"),
    [
        (Operator.REDACT, "SSN", "123-45-6789", "[SSN]"),
        (Operator.BLOCK, "SSN", "123-45-6789", "[SSN]"),
        (Operator.KEEP, "SSN", r"\1$0", r"\1$0"),
        (Operator.GENERALIZE, "DATE", "02/03/1961", "1961"),
        (Operator.GENERALIZE, "DATE", "March 5th, 2021", "2021"),
        (Operator.GENERALIZE, "DATE", "March 5", "[DATE]"),
        (Operator.GENERALIZE, "DATE", "whenever", "[DATE]"),
        (Operator.GENERALIZE, "ZIP", "52401-1234", "524"),
        (Operator.GENERALIZE, "ZIP", "03601", "000"),
        (Operator.GENERALIZE, "ZIP", "0", "[ZIP]"),
        (Operator.GENERALIZE, "AGE", "94", "90+"),
        (Operator.GENERALIZE, "NAME", "Jane", "[NAME]"),
        (Operator.SHIFT, "NAME", "Jane", "[NAME]"),
        (Operator.SHIFT, "DATE", "whenever", "[DATE]"),
    ],
)
def test_operators(operator: Operator, identifier: str, value: str, expected: str) -> None:
    """Each operator's answer; what it cannot do it redacts."""
    assert apply(operator, identifier, value, PSEUDONYMS) == expected


def test_there_are_seventeen_restricted_zip_prefixes() -> None:
    """The list of the HHS guidance is complete."""
    assert len(RESTRICTED_ZIP) == 17


@pytest.mark.parametrize(
    ("written", "moved"),
    [
        ("02/03/1961", "03/05/1961"),
        ("2/3/61", "3/5/61"),
        ("1961-02-03", "1961-03-05"),
        ("25.12.2020", "24.01.2021"),
        ("March 5th, 2021", "April 4th, 2021"),
        ("Mar 31st, 2021", "Apr 30th, 2021"),
        ("5 MARCH 2021", "4 APRIL 2021"),
        ("03-JAN-1971", "02-FEB-1971"),
        ("March 5", "April 4"),
        ("December 2020", "January 2021"),
        ("19610203", "19610305"),
        ("1st of June 2021", "1st of July 2021"),
        ("02/30/1961", None),
        ("9999-12-31", None),
    ],
)
def test_dates_move_by_days_and_keep_their_spelling(written: str, moved: str | None) -> None:
    """Thirty days later, written the same way."""
    assert shift(written, 30) == moved


@given(st.dates(dt.date(1931, 1, 1), dt.date(2029, 12, 31)), st.integers(-365, 365).filter(bool))
def test_shifting_is_exact(day: dt.date, days: int) -> None:
    """Numeric dates move by exactly the offset, and back."""
    named = (
        "%d-%b-%Y" if 5 not in {day.month, (day + dt.timedelta(days=days)).month} else "%m-%d-%Y"
    )  # May has no short form
    for style in ("%m/%d/%Y", "%Y-%m-%d", "%B %d, %Y", named):
        written = day.strftime(style)
        moved = shift(written, days)
        assert moved == (day + dt.timedelta(days=days)).strftime(style)
        assert shift(moved, -days) == written
        assert year_of(written) == str(day.year)


@pytest.mark.parametrize("text", ["", "13/32/2020", "0/0/00", "2021-99-05", "May", "1/2/3/4", "12"])
def test_what_is_no_date_is_not_read(text: str) -> None:
    """Nothing is guessed."""
    assert read_date(text) is None


@pytest.mark.parametrize("profile", ["standard", "restore", "safe-harbor"])
def test_no_character_of_a_finding_survives_and_masking_is_idempotent(profile: str) -> None:
    """Values are gone from the masked text, and masking it again changes nothing."""
    rules = shipped()
    once = mask_text(rules, rules.profiles[profile], NOTE, key=KEY)
    for finding in once.findings:
        if finding.identifier != "AGE":  # two digits may stand elsewhere
            assert NOTE[finding.start : finding.end] not in once.text
    assert mask_text(rules, rules.profiles[profile], once.text, key=KEY).text == once.text


def test_text_outside_findings_stays() -> None:
    """With every finding cut out, what is left is the original without its findings."""
    masked = mask_text(shipped(), shipped().profiles["safe-harbor"], "Mr. Smith ate.", key=KEY)
    assert masked.text == "Mr. [NAME] ate."
    assert masked.blocked == ()
