"""Dates as people write them: read, moved by days, cut down to the year; the spelling is kept.

Numeric dates are read month first unless only day first makes a date. Two-digit years from 30 on belong to the 20th
century. What cannot be read is not guessed: the readers return None.
"""

from __future__ import annotations

import datetime as dt
import re  # plain reading of a short value that RE2 already found; patterns below are linear
from dataclasses import dataclass

_DAY_LENGTH = 8
_HOURS = 24
_MINUTES = 60
_MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_MONTH = "|".join(f"{name[:3]}(?:{name[3:]})?" if name != "september" else "sep(?:t(?:ember)?)?" for name in _MONTHS)
_ORDINAL = "(?:st|nd|rd|th)?"
_SHAPES = tuple(
    re.compile(shape, re.IGNORECASE | re.ASCII)
    for shape in (
        r"(?P<y>\d{4})(?P<s>[-/.])(?P<m>\d{1,2})(?P=s)(?P<d>\d{1,2})",
        r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})",
        r"(?P<m>\d{1,2})(?P<s>[-/.])(?P<d>\d{1,2})(?P=s)(?P<y>\d{4}|\d{2})",
        r"(?P<d>\d{1,2})(?P<s>[-/.])(?P<m>\d{1,2})(?P=s)(?P<y>\d{4}|\d{2})",
        rf"(?P<n>{_MONTH})\.?[ -]{{0,3}}(?P<d>\d{{1,2}}){_ORDINAL}(?:,? {{0,3}}|-)(?P<y>\d{{4}}|'\d{{2}})",
        rf"(?P<d>\d{{1,2}}){_ORDINAL}[ -]{{0,3}}(?:of )?(?P<n>{_MONTH})\.?,?[ -]{{0,3}}(?P<y>\d{{4}}|'?\d{{2}})",
        rf"(?P<y>\d{{4}})[ -]{{0,3}}(?P<n>{_MONTH})\.?[ -]{{0,3}}(?P<d>\d{{1,2}}){_ORDINAL}",
        rf"(?P<n>{_MONTH})\.?,?(?: of)?[ -]{{0,3}}(?P<y>\d{{4}})",
        rf"(?P<n>{_MONTH})\.?[ -]{{0,3}}(?:the )?(?P<d>\d{{1,2}}){_ORDINAL}",
        rf"(?P<d>\d{{1,2}}){_ORDINAL} {{0,3}}(?:of )?(?P<n>{_MONTH})\.?",
        r"(?P<y>\d{4})-(?P<m>\d{2})",
        r"(?P<m>\d{1,2})(?P<s>[-/])(?P<y>\d{4})",
        r"(?P<m>\d{1,2})(?P<s>[-/])(?P<d>\d{1,2})",
    )
)
_RANGE = re.compile(r"[-&]|\b(?:to|and|through|thru|until|till)\b", re.IGNORECASE)
_NUMBERS = re.compile(r"\d+", re.ASCII)
_CLOCK = re.compile(r"(?:(?:[01]\d|2[0-4])[0-5]\d\s*)+", re.ASCII)
_RUNS = {6: ((2, 4),), 8: ((4, 6), (2, 4))}
_MONTHS_OF_A_YEAR = 12
_DAYS_OF_A_MONTH = 31
_YEARS = range(1850, 2100)
_PIVOT = 30
_LEAP = 2000
"""Stands in for a missing year: every day of a year exists in it."""


_USUAL = re.compile(r"(\d\d?)[-/.](\d\d?)[-/.](?:19|20)?\d\d", re.ASCII)
"""The most frequent form of a date, told from others at once."""


@dataclass(frozen=True, slots=True)
class WrittenDate:
    """A date and where its parts stand in its spelling; `year` and `day` are None if not written."""

    text: str
    year: int | None
    month: int
    day: int | None
    spans: dict[str, tuple[int, int]]


def read_date(text: str) -> WrittenDate | None:
    """Read a whole value as one date; None if it is not one."""
    for shape in _SHAPES:
        match = shape.fullmatch(text)
        if match is None:
            continue
        parts = {
            name: span
            for name in ("y", "m", "n", "d")
            if name in shape.groupindex and (span := match.span(name))[0] >= 0
        }
        year = _year(match["y"]) if "y" in parts else None
        month = _month(match["n"]) if "n" in parts else int(match["m"])
        day = int(match["d"]) if "d" in parts else None
        try:
            dt.date(_LEAP if year is None else year, month, 1 if day is None else day)
        except ValueError:
            continue
        return WrittenDate(text, year, month, day, parts)
    return None


def is_days(value: str) -> bool:
    """Say whether a value made of numbers is a date, or a range of them; month and day may stand either way round."""
    usual = _USUAL.fullmatch(value)
    if usual is not None:
        month, day = int(usual[1]), int(usual[2])
        return 1 <= month <= _DAYS_OF_A_MONTH >= day >= 1 and min(month, day) <= _MONTHS_OF_A_YEAR
    numbers = _NUMBERS.findall(value)
    if len(numbers) == 1 and len(numbers[0]) in _RUNS:
        return any(_is_day([int(run[:a]), int(run[a:b]), int(run[b:])]) for run in numbers for a, b in _RUNS[len(run)])
    if read_date("".join(value.split())) is not None:
        return True
    ranges = [[int(number) for number in _NUMBERS.findall(part)] for part in _RANGE.split(value)]
    return _is_day([int(number) for number in numbers]) or (len(ranges) > 1 and all(map(_is_day, ranges)))


def is_late_day(value: str) -> bool:
    """Say whether a value is a month and a day that is no month: few scores and fractions are."""
    month, _, day = value.partition("/")
    return month.isdecimal() and day.isdecimal() and is_days(value) and int(month) <= _MONTHS_OF_A_YEAR < int(day)


def _is_day(numbers: list[int]) -> bool:
    """Say whether numbers are a day: `3/14`, `14/3`, `3/14/21`, `14.3.2021`, `2021 3 14`; or a month of a year."""
    if len(numbers) == 3 and numbers[0] > _DAYS_OF_A_MONTH:  # noqa: PLR2004 (day, month, year)
        numbers = numbers[1:]
    years = [number for number in numbers[-1:] if number in _YEARS]
    days = numbers[:2] if len(numbers) == 3 else [n for n in numbers if n not in years]  # noqa: PLR2004
    return (
        1 <= len(days) <= len(numbers) <= 3  # noqa: PLR2004
        and all(1 <= number <= _DAYS_OF_A_MONTH for number in days)
        and min(days) <= _MONTHS_OF_A_YEAR
        and (len(days) > 1 or bool(years))
    )


def year_of(text: str) -> str | None:
    """Return the four-digit year of a written date; None if it has none or cannot be read."""
    date = read_date(text)
    return None if date is None or date.year is None else f"{date.year:04d}"


def shift(text: str, days: int) -> str | None:
    """Move a written date by days and write it as it was written; None if it cannot be read or leaves the calendar.

    A date without a day moves as its 15th; one without a year moves inside a leap year.
    """
    date = read_date(text)
    if date is None:
        return None
    try:
        moved = dt.date(date.year or _LEAP, date.month, date.day or 15) + dt.timedelta(days=days)
    except (ValueError, OverflowError):
        return None
    out = text
    for part, (start, end) in sorted(date.spans.items(), key=lambda item: -item[1][0]):
        out = out[:start] + _write(part, text[start:end], moved) + out[end:]
    return _ordinals(out, date)


def _year(written: str) -> int:
    year = int(written.lstrip("'"))
    if len(written.lstrip("'")) > 2:  # noqa: PLR2004 (two digits make a short year)
        return year
    return year + (1900 if year >= _PIVOT else 2000)


def _month(name: str) -> int:
    return next(place for place, month in enumerate(_MONTHS, 1) if month.startswith(name[:3].lower()))


def _write(part: str, was: str, moved: dt.date) -> str:
    if part == "n":
        name = _MONTHS[moved.month - 1]
        short = was.lower() not in _MONTHS
        name = name[: 3 if short else len(name)]
        return name.upper() if was.isupper() else name.capitalize() if was[0].isupper() else name
    if part == "y":
        year = f"{moved.year:04d}"
        return "'" + year[2:] if was.startswith("'") else year[-len(was) :]
    return f"{moved.month if part == 'm' else moved.day:0{len(was)}d}"


def _ordinals(text: str, date: WrittenDate) -> str:
    """Write the ordinal ending that fits the moved day (`1st`, `2nd`, `11th`)."""
    if date.day is None or not re.search(r"\d(?:st|nd|rd|th)\b", date.text, re.IGNORECASE):
        return text

    def ending(match: re.Match[str]) -> str:
        day = int(match[1])
        return match[1] + ("th" if day in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th"))

    return re.sub(r"\b0?(\d{1,2})(?:st|nd|rd|th)\b", ending, text, flags=re.IGNORECASE)


def hours(value: str) -> bool:
    """Say whether a value is times of the day in a row, as charts write them: hour and minute in four digits."""
    return _CLOCK.fullmatch(value) is not None


def stamp(value: str) -> bool:
    """Date and time of HL7 version 2 (DTM): a day, and an hour and a minute if they are there."""
    day, hours, minutes = value[:_DAY_LENGTH], value[_DAY_LENGTH:][:2], value[_DAY_LENGTH:][2:4]
    is_clock = (hours + minutes).isdecimal() and int(hours) < _HOURS and int(minutes or 0) < _MINUTES
    return read_date(day) is not None and (is_clock or not hours)
