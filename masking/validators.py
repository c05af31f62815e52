"""Validators: checks that a pattern cannot make, such as check digits and calendar bounds.

A validator sees the matched value as it stands in the folded view (ASCII digits) and says whether it may be what its
recognizer looks for.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from masking.dates import read_date

if TYPE_CHECKING:
    from collections.abc import Callable

_SSN_DIGITS = 9
_SSN_NO_AREA = 900
_NPI_DIGITS = 10
_CARD_DIGITS = range(13, 20)
_PHONE_DIGITS = range(7, 16)
_IBAN_LENGTH = range(15, 35)
_OLDEST = range(90, 130)


def digits(value: str) -> str:
    """Return the ASCII digits of a value."""
    return "".join(char for char in value if "0" <= char <= "9")


def luhn(value: str) -> bool:
    """Say whether the digits pass the Luhn check (ISO/IEC 7812-1 annex B)."""
    total = 0
    for place, char in enumerate(reversed(digits(value))):
        digit = ord(char) - 48
        if place % 2:
            digit = digit * 2 - 9 if digit > 4 else digit * 2  # noqa: PLR2004 (the rule's own constant)
        total += digit
    return total % 10 == 0


def card(value: str) -> bool:
    """Payment card number: 13 to 19 digits, Luhn, not all alike."""
    number = digits(value)
    return len(number) in _CARD_DIGITS and len(set(number)) > 1 and luhn(number)


def npi(value: str) -> bool:
    """National Provider Identifier: 10 digits, first 1 or 2, Luhn with the prefix 80840 (45 CFR 162.406)."""
    number = digits(value)
    return len(number) == _NPI_DIGITS and number[0] in "12" and luhn("80840" + number)


def ssn(value: str) -> bool:
    """Social security number: areas 000, 666 and 9xx, group 00 and serial 0000 were never issued (SSA RM 10201)."""
    number = digits(value)
    if len(number) != _SSN_DIGITS:
        return False
    area, group, serial = number[:3], number[3:5], number[5:]
    return area not in {"000", "666"} and int(area) < _SSN_NO_AREA and group != "00" and serial != "0000"


def phone(value: str) -> bool:
    """Telephone number: 7 to 15 digits (ITU-T E.164), not all alike."""
    number = digits(value)
    return len(number) in _PHONE_DIGITS and len(set(number)) > 1


def date(value: str) -> bool:
    """Calendar date in one of the spellings that `masking.dates` reads."""
    return read_date(value) is not None


def ip(value: str) -> bool:
    """IPv4 or IPv6 address that can belong to a device of a person: not loopback, unspecified or a netmask."""
    try:
        address = ipaddress.ip_address(value.split("%", maxsplit=1)[0])
    except ValueError:
        return False
    return not (address.is_loopback or address.is_unspecified or value.startswith("255."))


def iban(value: str) -> bool:
    """IBAN: ISO 7064 mod 97-10."""
    text = "".join(char for char in value.upper() if char.isalnum())
    if len(text) not in _IBAN_LENGTH or not text.isascii():
        return False
    return int("".join(str(int(char, 36)) for char in text[4:] + text[:4])) % 97 == 1


def vin(value: str) -> bool:
    """Vehicle identification number with its check digit (49 CFR 565.15)."""
    letters = dict(
        zip(
            "ABCDEFGHJKLMNPRSTUVWXYZ",
            (1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 7, 9, 2, 3, 4, 5, 6, 7, 8, 9),
            strict=True,
        )
    )
    weights = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
    text = value.upper()
    if len(text) != len(weights):
        return False
    total = sum(
        (letters[char] if char in letters else int(char)) * weight for char, weight in zip(text, weights, strict=True)
    )
    return "0123456789X"[total % 11] == text[8]


def old_age(value: str) -> bool:
    """Age over 89 (45 CFR 164.514(b)(2)(i)(C))."""
    number = digits(value)
    return number.isdecimal() and int(number) in _OLDEST


def holds_digit(value: str) -> bool:
    """Record numbers hold at least one digit."""
    return any("0" <= char <= "9" for char in value)


VALIDATORS: dict[str, Callable[[str], bool]] = {
    "card": card,
    "date": date,
    "digit": holds_digit,
    "iban": iban,
    "ip": ip,
    "luhn": luhn,
    "npi": npi,
    "old_age": old_age,
    "phone": phone,
    "ssn": ssn,
    "vin": vin,
}
