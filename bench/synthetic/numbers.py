"""Numbers with the check digits that the real ones have; every one is made up.

Sources: Luhn (ISO/IEC 7812-1 annex B); NPI prefix 80840 (45 CFR 162.406); DEA registration check digit (21 CFR 1301);
IBAN mod 97-10 (ISO 7064); VIN (49 CFR 565.15); SSN areas never issued (SSA RM 10201); NHS number mod 11; CPF mod 11;
PESEL weights 1-3-7-9; codice fiscale (DM 12/3/1974); NIR key 97; BSN eleven-proof; DNI letter mod 23; Aadhaar Verhoeff;
personnummer Luhn (SKV 704); TCKN sums mod 10; CURP (DOF 18/10/2021); Medicare weights 1-3-7-9.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from datetime import date

_VIN_LETTERS = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", map(int, "12345678123457923456789"), strict=True))
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_DNI = "TRWAGMYFPDXBNJZSQVHLCKE"
_CF_MONTHS = "ABCDEHLMPRST"
_CF_ODD = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)
_MULTIPLY = (
    *("0123456789", "1234067895", "2340178956", "3401289567", "4012395678"),
    *("5987604321", "6598710432", "7659821043", "8765932104", "9876543210"),
)
_PERMUTE = (
    *("0123456789", "1576283094", "5803796142", "8916043527", "9453126870", "4286573901", "2793806415", "7046913258"),
)
_INVERSE = "0432156789"


def digits(draw: random.Random, count: int, first: str = "0123456789") -> str:
    """Return random digits; the first one out of `first`."""
    return draw.choice(first) + "".join(draw.choice("0123456789") for _ in range(count - 1)) if count else ""


def luhn_digit(number: str) -> str:
    """Return the digit that makes a number pass the Luhn check."""
    total = 0
    for place, char in enumerate(reversed(number)):
        digit = int(char) * (1 if place % 2 else 2)
        total += digit - 9 if digit > 9 else digit
    return str(-total % 10)


def ssn(draw: random.Random) -> str:
    """Return the nine digits of a social security number in an area that was issued."""
    area = draw.choice([area for area in range(1, 900) if area != 666])
    return f"{area:03}{draw.randint(1, 99):02}{draw.randint(1, 9999):04}"


def npi(draw: random.Random) -> str:
    """Return a National Provider Identifier."""
    body = digits(draw, 9, "12")
    return body + luhn_digit("80840" + body)


def dea(draw: random.Random, surname: str) -> str:
    """Return a DEA registration: a letter of the kind, the surname's first, six digits and their check digit."""
    body = digits(draw, 6)
    total = sum(map(int, body[0::2])) + 2 * sum(map(int, body[1::2]))
    letter = surname[0].upper()
    return f"{draw.choice('ABFGM')}{letter if 'A' <= letter <= 'Z' else '9'}{body}{total % 10}"


def card(draw: random.Random) -> str:
    """Return a payment card number."""
    prefix, length = draw.choice((("4", 16), ("5" + draw.choice("12345"), 16), ("37", 15), ("6011", 16), ("35", 16)))
    body = prefix + digits(draw, length - len(prefix) - 1)
    return body + luhn_digit(body)


def iban(draw: random.Random, country: str = "") -> str:
    """Return an IBAN without spaces."""
    forms = {"DE": 18, "FR": 23, "ES": 20, "PL": 24, "BE": 12, "AT": 16}
    letters = {"GB": (4, 14), "NL": (4, 10), "IE": (4, 14)}
    country = country if country in forms or country in letters else draw.choice((*forms, *letters))
    if country in forms:
        body = digits(draw, forms[country])
    else:
        bank, rest = letters[country]
        body = "".join(draw.choice("ABCDEFGHIKLMNOPRSTUW") for _ in range(bank)) + digits(draw, rest)
    number = int("".join(str(int(char, 36)) for char in f"{body}{country}00"))
    return f"{country}{98 - number % 97:02}{body}"


def vin(draw: random.Random) -> str:
    """Return a vehicle identification number."""
    text = [draw.choice("0123456789ABCDEFGHJKLMNPRSTUVWXYZ") for _ in range(17)]
    text[0] = draw.choice("12345JKW")
    text[13:] = digits(draw, 4)
    values = (_VIN_LETTERS[char] if char in _VIN_LETTERS else int(char) for char in text)
    total = sum(value * weight for value, weight in zip(values, _VIN_WEIGHTS, strict=True))
    return "".join((*text[:8], "0123456789X"[total % 11], *text[9:]))


def nhs(draw: random.Random) -> str:
    """Return the ten digits of an NHS number."""
    while True:
        body = digits(draw, 9, "4679")
        check = 11 - sum(int(char) * (10 - place) for place, char in enumerate(body)) % 11
        if check != 10:
            return body + str(check % 11)


def cpf(draw: random.Random) -> str:
    """Return the eleven digits of a Brazilian CPF."""
    body = digits(draw, 9)
    for size in (10, 11):
        total = sum(int(char) * (size - place) for place, char in enumerate(body))
        body += str(total * 10 % 11 % 10)
    return body


def pesel(draw: random.Random, born: date, *, male: bool) -> str:
    """Return a Polish PESEL; births from 2000 on have 20 added to the month."""
    month = born.month + (20 if born.year >= 2000 else 0)
    body = f"{born.year % 100:02}{month:02}{born.day:02}{digits(draw, 3)}{draw.choice('13579' if male else '02468')}"
    total = sum(int(char) * weight for char, weight in zip(body, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3), strict=True))
    return body + str(-total % 10)


def codice_fiscale(draw: random.Random, given: str, surname: str, born: date, *, male: bool) -> str:
    """Return an Italian codice fiscale."""
    code = _consonants(surname, 3) + _consonants(given, 3)
    day = born.day + (0 if male else 40)
    code += f"{born.year % 100:02}{_CF_MONTHS[born.month - 1]}{day:02}{draw.choice('ABDFGHL')}{digits(draw, 3)}"
    total = 0
    for place, char in enumerate(code):
        value = int(char) if char.isdigit() else ord(char) - 65
        total += value if place % 2 else _CF_ODD[value]
    return code + chr(65 + total % 26)


def _consonants(name: str, count: int) -> str:
    letters = [char for char in name.upper() if "A" <= char <= "Z"]
    ordered = [char for char in letters if char not in "AEIOU"] + [char for char in letters if char in "AEIOU"]
    return "".join((*ordered, "X", "X", "X")[:count])


def nir(draw: random.Random, born: date, *, male: bool) -> str:
    """Return a French NIR of thirteen digits and its key."""
    body = f"{1 if male else 2}{born.year % 100:02}{born.month:02}{draw.randint(1, 95):02}{digits(draw, 6)}"
    return f"{body}{97 - int(body) % 97:02}"


def bsn(draw: random.Random) -> str:
    """Return a Dutch BSN."""
    while True:
        body = digits(draw, 8, "123456789")
        check = sum(int(char) * (9 - place) for place, char in enumerate(body)) % 11
        if check != 10:
            return body + str(check)


def dni(draw: random.Random) -> str:
    """Return a Spanish DNI."""
    body = digits(draw, 8)
    return body + _DNI[int(body) % 23]


def aadhaar(draw: random.Random) -> str:
    """Return the twelve digits of an Aadhaar number, with its Verhoeff digit."""
    body = digits(draw, 11, "23456789")
    state = 0
    for place, char in enumerate(reversed(body), 1):
        state = int(_MULTIPLY[state][int(_PERMUTE[place % 8][int(char)])])
    return body + _INVERSE[state]


def personnummer(draw: random.Random, born: date) -> str:
    """Return the ten digits of a Swedish personal number: a day of birth, three digits and their Luhn digit."""
    body = f"{born.year % 100:02}{born.month:02}{born.day:02}{digits(draw, 3)}"
    return body + luhn_digit(body)


def tckn(draw: random.Random) -> str:
    """Return a Turkish identity number: two check digits, from sums of the odd and even places and of all of them."""
    body = [int(char) for char in digits(draw, 9, "123456789")]
    body.append((7 * sum(body[0::2]) - sum(body[1::2])) % 10)
    return "".join(map(str, (*body, sum(body) % 10)))


def curp(draw: random.Random, given: str, surname: str, born: date, *, male: bool) -> str:
    """Return a Mexican CURP: letters of the name, day of birth and sex; place and homonym are made up."""
    code = _consonants(surname, 3)[:2] + _consonants(given, 2) + f"{born:%y%m%d}{'H' if male else 'M'}"
    code += draw.choice(("DF", "JC", "NL", "PL", "VZ")) + "".join(
        draw.choice("BCDFGHJKLMNPQRSTVWXYZ") for _ in range(3)
    )
    code += draw.choice("0123456789" if born.year < 2000 else "ABC")
    values = ("0123456789ABCDEFGHIJKLMNÑOPQRSTUVWXYZ".index(char) for char in code)
    return code + str(-sum(value * (18 - place) for place, value in enumerate(values)) % 10)


def medicare(draw: random.Random) -> str:
    """Return an Australian Medicare number: eight digits, their check digit and the number of the card's issue."""
    body = digits(draw, 8, "23456")
    total = sum(int(char) * weight for char, weight in zip(body, (1, 3, 7, 9, 1, 3, 7, 9), strict=True))
    return f"{body}{total % 10}{draw.randint(1, 4)}"


def kvnr(draw: random.Random) -> str:
    """Return a German health insurance number: a letter, eight digits and a check digit with weights 1 and 2."""
    letter, body = draw.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), digits(draw, 8)
    total = 0
    for place, char in enumerate(f"{ord(letter) - 64:02}{body}"):
        product = int(char) * (2 if place % 2 else 1)
        total += product - 9 if product > 9 else product
    return f"{letter}{body}{total % 10}"
