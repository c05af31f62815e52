"""Numbers as people write and say them: which may be numbers of records or telephones, and which never are.

A recognizer's phrases say where a number stands and of what it is made; what follows here is about its value. Dates,
years, ranges of years, round counts, codes of catalogues, versions and digests are nobody's.
"""

from __future__ import annotations

import re  # plain reading of a short value that RE2 already found; patterns below are linear
from itertools import pairwise

from masking.check_digits import digits
from masking.dates import read_date

_GROUPS = re.compile(r"\d+", re.ASCII)
_WORDS = re.compile(r"[^\W\d_]+|\d+")
_DATE = re.compile(r"\d{1,4}([-/.])\d{1,2}\1\d{1,4}|\d{1,2}/\d{1,2}|\d{1,2}/\d{4}", re.ASCII)
_DATE_FIRST = re.compile(r"(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4})(?!\d)", re.ASCII)
_DAY = r"(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])"
_PROGRAM = re.compile(
    r"[A-Za-z]{8}|^0x|sha\d|md5|base64|x86|_[a-z]+_|[A-Za-z]-(?:19|20)\d\d$|[A-Za-z]-\d+\.\d", re.ASCII
)
_YEARS = r"(?:19|20)\d{2}(?:[-/](?:(?:19|20)?\d{2}))?"
_SPREAD = re.compile(r"(?<=[\d-]) (?=\d(?!\d))", re.ASCII)
_PRESSURE = r"\d{2,3}/\d{2,3}"
_UNITS = (
    r"(?i:\d{1,4}(?:\.\d+)?[- ]?(?:mg|mcg|ml|g|kg|cm|mm|iu|units?|yo|y|yrs?|hrs?|h|min|days?|weeks?|months?|x|bpm|mmhg"
    r"|st|nd|rd|th|s|mb|gb|kb|ms))"
)
_MEASURED = re.compile(f"{_YEARS}|{_UNITS}|{_PRESSURE}", re.ASCII)
"""What is counted and measured, and years."""

_UUID = r"(?i:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
_DIGEST = r"(?=[0-9a-f]{7,128}$)(?:\d+[a-f]+\d|[a-f]+\d+[a-f])[0-9a-f]*"
_CATALOGUE = r"[A-TV-Z]\d[0-9A-Z]\.[0-9A-Z]{1,4}|\d{1,5}-\d|[JGAQ]\d{4}|v?\d+\.\d+\.\d+(?:[-.]\w+)*|\d+\.\d+"
_TRIAL = r"(?i:(?:nct|isrctn|actrn|chictr|eudract|pmid|pmc|cve|rfc|iso|doi)[-: ]?[\d-]+\w*)"
_ROUND = r"\d{1,3}(?:000)+|\d0000+"
_NOBODYS = re.compile(f"{_UUID}|{_DIGEST}|{_CATALOGUE}|{_TRIAL}|{_ROUND}|{_DAY}", re.ASCII)
"""What machines and catalogues count by, round numbers and days."""

_BESIDE = re.compile(
    r"[A-Za-z]{0,6}-?(?:\d{6,11}|\d{5}[A-Za-z]{1,2})|[A-Za-z]{1,6}-?\d{5,11}[A-Za-z]{0,2}|\d{2,5}(?:-\d{2,5}){1,3}"
    r"|\d{5}-[A-Za-z]{2,4}|\d{4}-[A-Z]{2,4}|[A-Za-z]{1,4}-?\d{2,5}(?:-\d{2,5}){1,3}|[A-Z]{1,4}-\d{4,6}-[A-Z]{1,3}|\d{2,3}(?:[-\s]\d{2,7}){1,3}"
    r"|(?:[A-Z]{1,4})?\d{2,4}[A-Z]{1,4}\d{3,6}|[A-Z]{2,4}/\d{5}|[A-Z]{2,4}\.\d{6,7}|[A-Z]{2,4} \d{3,4} \d{3,4}",
    re.ASCII,
)
_DECIMAL = re.compile(r"(?<![\d.])\d\.\d(?![\d.])", re.ASCII)
_MAKERS = re.compile(
    r"(?:ly|pf|bms|mk|azd|gsk|abt|ro|nct|tak|jnj|ono|bay|bi|amg|abbv|regn|vx|gs|isrctn|pmid|pmc|cve|rfc|iso|doi|rs|nm|np|enst|ensg)-?\d+[a-z]?",
    re.IGNORECASE,
)
_EXTENSION = re.compile(r"[ \n,;]*(?:x|ext|extn|extension|poste|durchwahl)\.?[ \n]*#?[ \n]*\d{1,6}$", re.IGNORECASE)
_LETTER = re.compile("[A-Za-z]")
_ONES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_FIGURES = dict(zip(_ONES, "0123456789", strict=True)) | dict.fromkeys(("oh", "o", "nought"), "0")
_TEEN_NAMES = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
_TEENS = dict(zip(_TEEN_NAMES.split(), map(str, range(10, 20)), strict=True))
_TENS = dict(
    zip(["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], "23456789", strict=True)
)
_COUNTED = ("0123456", "1234567", "7654321", "9876543", "10111213")
_REPEATS = {"double": 2, "triple": 3}

_SHORTEST_RECORD = 3
_SHORTEST_NUMBER = 5
_SHORTEST_RUN = 7
_SHORTEST_SAID = 3
_PHONE = range(7, 16)
_LOCAL = range(9, 13)
_IN_BRACKETS = range(8, 12)
_WORLD = range(8, 16)
_LIMITS = frozenset({"2147483647", "2147483648", "4294967295", "4294967296"})
_NANP = ([3, 3, 4], [1, 3, 3, 4])
_CARD_WRITTEN = range(12, 20)


def spoken(value: str) -> str:
    """Return the digits of a number that is said, wholly or partly, in words: "twenty three double four" is 2344."""
    said: list[str] = []
    tens, repeat = "", 1
    for word in _WORDS.findall(value.lower()):
        figure = word if word.isdecimal() else _FIGURES.get(word, "")
        if tens and figure:
            said.append(tens + (figure if figure != "0" else "0" + figure))
            tens = ""
            continue
        if tens:
            said.append(tens + "0")
            tens = ""
        if word in _TENS:
            tens = _TENS[word]
        elif word in _REPEATS:
            repeat = _REPEATS[word]
            continue
        else:
            said.append((figure or _TEENS.get(word, "")) * repeat)
        repeat = 1
    return "".join(said) + (tens + "0" if tens else "")


def is_date(value: str) -> bool:
    """Say whether a value is written as a date is, with signs in it."""
    if value.isalnum():
        return False
    match = _DATE.fullmatch(value) or _DATE_FIRST.match(value)
    return match is not None and read_date(match[0]) is not None


def record(value: str) -> bool:
    """Say what may follow a clear cue: three digits, or four without sign or letter; no date, year or pressure."""
    if is_date(value) or _MEASURED.fullmatch(value):
        return False
    count = len(digits(value))
    if not count:
        return len(spoken(value)) >= _SHORTEST_SAID
    return count > _SHORTEST_RECORD or (count == _SHORTEST_RECORD and not value.isdecimal())


def number(value: str) -> bool:
    """Say what may follow a cue that is an ordinary word, too: five digits, or letters and three digits."""
    if _NOBODYS.fullmatch(value) or not record(value) or _PROGRAM.search(value):
        return False
    value = _SPREAD.sub("", value)
    count = len(digits(value))
    if not count:
        return len(spoken(value)) + any(word.isupper() for word in _WORDS.findall(value)) >= _SHORTEST_NUMBER
    tight = any(char.isalpha() for char in value) and " " not in value
    return count >= _SHORTEST_NUMBER or (tight and sum(map(str.isalnum, value)) > _SHORTEST_NUMBER)


def beside(value: str) -> bool:
    """Say what may stand beside a name without any cue: six digits, or letters and five digits."""
    if _BESIDE.fullmatch(value) is None or not number(value) or _MAKERS.fullmatch(value):
        return False
    count = len(digits(value))
    return count > _SHORTEST_NUMBER or (count == _SHORTEST_NUMBER and not value.replace("-", "").isdecimal())


def telephone(value: str) -> bool:
    """Telephone number by its shape alone: a country code, three groups as in North America, or a trunk zero."""
    written, digit_count = _without_extension(value)
    sizes = [len(group) for group in _GROUPS.findall(written)]
    number_ = digits(written)
    if (len(set(number_)) < 2 and sizes) or (written.lstrip("+").isdecimal() and len(set(number_)) == 10):  # noqa: PLR2004
        return False
    if written.startswith("+"):
        return digit_count in _WORLD
    if any(char.isalpha() for char in written):
        return number_[:1] == "1"
    if sizes in _NANP:
        return True
    if is_date(written):
        return False
    if number_.startswith("00"):
        return digit_count in range(10, 17)
    if number_.startswith("0"):
        return digit_count in _LOCAL
    if sizes == [11]:
        return number_[0] == "1" and number_[1] > "1" and number_[4] > "1"
    if sizes == [10]:
        return number_[0] > "1" and number_[3] > "1" and number_ not in _LIMITS and not number_.endswith("000")
    return written.startswith("(") and digit_count in _IN_BRACKETS


def phone(value: str) -> bool:
    """Telephone number behind a cue: 7 to 15 digits (ITU-T E.164), not all alike, no date."""
    written, count = _without_extension(value)
    if not count:
        return len(spoken(value)) in _PHONE
    short_pager = written.isdecimal() and count in range(4, 7)
    return short_pager or (count in _PHONE and len(set(digits(written))) > 1 and not is_date(written))


def _without_extension(value: str) -> tuple[str, int]:
    written = _EXTENSION.sub("", value) if _LETTER.search(value) else value
    return written, len(digits(written))


def social(value: str) -> bool:
    """Digits of a social security number behind its cue: all nine or the last four, also said."""
    count = len(digits(value))
    return count in {4, 9} if count else len(spoken(value)) in {4, 8, 9, 10}


def ssn_shape(value: str) -> bool:
    """Three, two and four digits; with spaces or dots only if such a number was issued; or the last four, masked."""
    sizes = [len(group) for group in _GROUPS.findall(value)]
    if value[:1].lower() in {"x", "*", "#"}:
        return len(digits(value) or spoken(value)) == 4  # noqa: PLR2004 (the last four)
    return sizes == [3, 2, 4] and ("-" in value or _issued(digits(value)))


def _issued(nine: str) -> bool:
    return nine[:3] not in {"000", "666"} and nine[3:5] != "00" and nine[5:] != "0000"


def card_like(value: str) -> bool:
    """Digits of a payment card behind its cue, whatever they check to."""
    return len(digits(value) or spoken(value)) in _CARD_WRITTEN


def npi_like(value: str) -> bool:
    """Ten digits, also said."""
    return len(digits(value) or spoken(value)) == 10  # noqa: PLR2004


def said(value: str) -> bool:
    """Seven digits and more in a row of words, and not somebody who counts."""
    run = spoken(value)
    return len(run) >= _SHORTEST_RUN if "-" in value else _no_series(run)


def spread(value: str) -> bool:
    """Seven single digits and more in a row, and neither a scale nor zeros and ones nor a row of decimals."""
    if len(_DECIMAL.findall(value)) > 1:
        return False
    if not value.replace(" ", "").isdecimal():
        return len(digits(value)) >= _SHORTEST_RUN
    return _no_series(digits(value)) and not set(digits(value)) <= {"0", "1"}


def _no_series(run: str) -> bool:
    if len(run) < _SHORTEST_RUN or run.startswith(_COUNTED):
        return False
    steps = {ord(right) - ord(left) for left, right in pairwise(run)}
    return len(steps) > 1
