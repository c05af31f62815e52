"""Validators: checks that a pattern cannot make, such as check digits and calendar bounds.

A validator sees the matched value as it stands in the folded view (ASCII digits) and says whether it may be what its
recognizer looks for.
"""

from __future__ import annotations

import ipaddress
import re  # plain reading of a short value that RE2 already found; patterns below are linear
from typing import TYPE_CHECKING

from masking import written_numbers
from masking.addresses import facility, landmark, postcode, street, town
from masking.check_digits import card, dea, digits, iban, luhn, national, nhs, npi, ssn, vin
from masking.dates import hours, is_days, is_late_day, read_date, stamp

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["VALIDATORS", "card", "digits", "iban", "luhn", "npi", "ssn", "vin"]

_OLDEST = range(90, 130)
_MAC = re.compile(r"[0-9A-Fa-f]{2}(?:([:-])[0-9A-Fa-f]{2})(?:\1[0-9A-Fa-f]{2}){4}", re.ASCII)


def date(value: str) -> bool:
    """Calendar date in one of the spellings that `masking.dates` reads."""
    return read_date(value) is not None


def ip(value: str) -> bool:
    """IPv4 or IPv6 address that can belong to a device of a person: not loopback, unspecified or a netmask."""
    try:
        address = ipaddress.ip_address("".join(value.split()).split("%", maxsplit=1)[0])
    except ValueError:
        return False
    return not (address.is_loopback or address.is_unspecified or value.startswith("255."))


def mac(value: str) -> bool:
    """Six pairs of hexadecimal digits with the same sign between them (IEEE 802)."""
    return _MAC.fullmatch("".join(value.split())) is not None


def email(value: str) -> bool:
    """Address of electronic mail: the last part of its domain holds letters, and so does the one before."""
    _, at, domain = value.rpartition("@")
    labels = domain.rsplit(".", 2)
    return not at or (len(labels) > 1 and not labels[-1].isdecimal() and not labels[-2].strip().isdecimal())


def old_age(value: str) -> bool:
    """Age over 89 (45 CFR 164.514(b)(2)(i)(C))."""
    number = digits(value)
    return number.isdecimal() and int(number) in _OLDEST


def very_old(value: str) -> bool:
    """Age over 89, in figures or in words (whose phrases take no others)."""
    return old_age(value) or not digits(value)


def holds_digit(value: str) -> bool:
    """Record numbers hold at least one digit."""
    return any("0" <= char <= "9" for char in value)


VALIDATORS: dict[str, Callable[[str], bool]] = {
    "beside": written_numbers.beside,
    "card": card,
    "card_like": written_numbers.card_like,
    "date": date,
    "days": is_days,
    "dea": dea,
    "digit": holds_digit,
    "email": email,
    "facility": facility,
    "hours": hours,
    "iban": iban,
    "ip": ip,
    "landmark": landmark,
    "late_day": is_late_day,
    "luhn": luhn,
    "mac": mac,
    "national": national,
    "nhs": nhs,
    "npi": npi,
    "npi_like": written_numbers.npi_like,
    "number": written_numbers.number,
    "old_age": old_age,
    "phone": written_numbers.phone,
    "record": written_numbers.record,
    "postcode": postcode,
    "said": written_numbers.said,
    "social": written_numbers.social,
    "spread": written_numbers.spread,
    "ssn": ssn,
    "ssn_shape": written_numbers.ssn_shape,
    "stamp": stamp,
    "street": street,
    "telephone": written_numbers.telephone,
    "very_old": very_old,
    "town": town,
    "vin": vin,
}
