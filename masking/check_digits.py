"""Check digits: whether a number is one that its issuer could have given out.

Each test takes the value as it was written, signs and spaces included, and is false for anything of another length.
Sources: Luhn (ISO/IEC 7812-1 annex B), NPI (45 CFR 162.406), DEA (21 CFR 1301.13, the registration number's check
digit), SSN (SSA RM 10201), IBAN (ISO 7064), VIN (49 CFR 565.15), and the laws and manuals of the national numbers.
"""

from __future__ import annotations

import re  # plain reading of a short value that RE2 already found; patterns below are linear

_CARD_DIGITS = range(13, 20)
_NPI_DIGITS = 10
_SSN_DIGITS = 9
_SSN_NO_AREA = 900
_IBAN_LENGTH = range(15, 35)
_VIN = re.compile(r"[A-HJ-NPR-Z0-9]{17}", re.ASCII)
_VIN_LETTERS = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", map(int, "12345678123457923456789"), strict=True))
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_DIGITS = re.compile("[0-9]+")
_DEA = re.compile(r"([ABFGMPR])([A-Z9])(\d{7})", re.ASCII)
_DNI_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
_CF_ODD = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)
_MULTIPLY = (
    *("0123456789", "1234067895", "2340178956", "3401289567", "4012395678"),
    *("5987604321", "6598710432", "7659821043", "8765932104", "9876543210"),
)
_PERMUTE = (
    *("0123456789", "1576283094", "5803796142", "8916043527", "9453126870", "4286573901", "2793806415", "7046913258"),
)
_MBI = re.compile(r"[1-9][A-Z][A-Z0-9]\d[-\s]?[A-Z][A-Z0-9]\d[-\s]?[A-Z]{2}\d{2}", re.ASCII | re.IGNORECASE)
_NINO = re.compile(r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]", re.ASCII)
_NINO_NEVER = frozenset({"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"})


def digits(value: str) -> str:
    """Return the ASCII digits of a value."""
    return "".join(_DIGITS.findall(value))


def plain(value: str) -> str:
    """Return the letters and digits of a value, in upper case."""
    return "".join(char for char in value.upper() if char.isascii() and char.isalnum())


def luhn(value: str) -> bool:
    """Say whether the digits pass the Luhn check."""
    total = 0
    for place, char in enumerate(reversed(digits(value))):
        digit = ord(char) - 48
        if place % 2:
            digit = digit * 2 - 9 if digit > 4 else digit * 2  # noqa: PLR2004 (the rule's own constant)
        total += digit
    return total % 10 == 0


def card(value: str) -> bool:
    """Payment card number: 13 to 19 digits of a network that issues cards, Luhn, not all alike."""
    number = digits(value)
    return len(number) in _CARD_DIGITS and number[0] in "23456" and len(set(number)) > 1 and luhn(number)


def npi(value: str) -> bool:
    """National Provider Identifier: 10 digits, first 1 or 2, Luhn with the prefix 80840."""
    number = digits(value)
    return len(number) == _NPI_DIGITS and number[0] in "12" and luhn("80840" + number)


def ssn(value: str) -> bool:
    """Social security number: areas 000, 666 and 9xx, group 00 and serial 0000 were never issued."""
    number = digits(value)
    if len(number) != _SSN_DIGITS:
        return False
    area, group, serial = number[:3], number[3:5], number[5:]
    return area not in {"000", "666"} and int(area) < _SSN_NO_AREA and group != "00" and serial != "0000"


def dea(value: str) -> bool:
    """DEA registration of a practitioner: letter of the kind, first letter of the name or 9, seven digits."""
    match = _DEA.fullmatch(plain(value))
    if match is None:
        return False
    odd, even = match[3][0:6:2], match[3][1:6:2]
    return (sum(map(int, odd)) + 2 * sum(map(int, even))) % 10 == int(match[3][6])


def iban(value: str) -> bool:
    """IBAN: two letters, two check digits, ISO 7064 mod 97-10."""
    text = plain(value)
    if len(text) not in _IBAN_LENGTH or not text[:2].isalpha() or not text[2:4].isdecimal():
        return False
    return int("".join(str(int(char, 36)) for char in text[4:] + text[:4])) % 97 == 1


def vin(value: str) -> bool:
    """Vehicle identification number with its check digit."""
    text = value.upper()
    if not _VIN.fullmatch(text):
        return False
    values = (_VIN_LETTERS[char] if char in _VIN_LETTERS else int(char) for char in text)
    return "0123456789X"[sum(map(int.__mul__, values, _VIN_WEIGHTS)) % 11] == text[8]


def _weighed(number: str, weights: tuple[int, ...]) -> int:
    return sum(int(char) * weight for char, weight in zip(number, weights, strict=False))


def nhs(number: str) -> bool:
    """Ten digits of the NHS: mod 11 (NHS Data Dictionary)."""
    if len(number) != 10 or not number.isdecimal():  # noqa: PLR2004
        return False
    return 11 - _weighed(number, (10, 9, 8, 7, 6, 5, 4, 3, 2)) % 11 in {int(number[9]), 11 + int(number[9])}


def cpf(number: str) -> bool:
    """Brazilian CPF: eleven digits, the last two mod 11, not all alike."""
    if len(number) != 11 or len(set(number)) == 1:  # noqa: PLR2004
        return False
    return all(
        sum(int(char) * (size - place) for place, char in enumerate(number[: size - 1])) * 10 % 11 % 10
        == int(number[size - 1])
        for size in (10, 11)
    )


def pesel(number: str) -> bool:
    """Polish PESEL: eleven digits that begin with a birth date."""
    if len(number) != 11 or int(number[2:4]) % 20 not in range(1, 13) or int(number[4:6]) not in range(1, 32):  # noqa: PLR2004
        return False
    return (_weighed(number, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3)) + int(number[10])) % 10 == 0


def aadhaar(number: str) -> bool:
    """Twelve digits, the first not 0 or 1, with Verhoeff's check (UIDAI)."""
    if len(number) != 12 or number[0] in "01":  # noqa: PLR2004
        return False
    state = 0
    for place, char in enumerate(reversed(number)):
        state = int(_MULTIPLY[state][int(_PERMUTE[place % 8][int(char)])])
    return state == 0


def nir(number: str) -> bool:
    """French NIR: sex, year, month, place, and a key mod 97 (without Corsican departments)."""
    if len(number) != 15 or number[0] not in "12":  # noqa: PLR2004
        return False
    return 97 - int(number[:13]) % 97 == int(number[13:])


def dni(text: str) -> bool:
    """Spanish DNI or NIE: the letter is the number mod 23."""
    body = text[:-1]
    if body[:1] in {"X", "Y", "Z"}:
        body = str("XYZ".index(body[0])) + body[1:]
    if len(body) != 8 or not body.isdecimal():  # noqa: PLR2004
        return False
    return text[-1] == _DNI_LETTERS[int(body) % 23]


def codice_fiscale(text: str) -> bool:
    """Italian codice fiscale: sixteen characters, the last one a check letter (DM 12/3/1974)."""
    if len(text) != 16 or not text[:6].isalpha() or not text[-1].isalpha():  # noqa: PLR2004
        return False
    values = [int(char) if char.isdecimal() else ord(char) - 65 for char in text[:15]]
    return chr(65 + sum(v if place % 2 else _CF_ODD[v] for place, v in enumerate(values)) % 26) == text[15]


def kvnr(text: str) -> bool:
    """German health insurance number: a letter, eight digits and a check digit with weights 1 and 2."""
    if len(text) != 10 or not text[0].isalpha() or not text[1:].isdecimal():  # noqa: PLR2004
        return False
    products = [int(char) * (2 if place % 2 else 1) for place, char in enumerate(f"{ord(text[0]) - 64:02}{text[1:9]}")]
    return sum(product - 9 if product > 9 else product for product in products) % 10 == int(text[9])  # noqa: PLR2004


def national(value: str) -> bool:
    """Say whether some country gives such a number to a person, by its shape and its check digit."""
    if _MBI.fullmatch(value):
        return True
    if _NINO.fullmatch(value):
        return value[:2] not in _NINO_NEVER
    text = plain(value)
    if not text.isdecimal():
        return dni(text) or codice_fiscale(text) or kvnr(text)
    if len(text) == 12:  # noqa: PLR2004
        return " " in value and aadhaar(text)
    return nir(text) or pesel(text) or cpf(text)
