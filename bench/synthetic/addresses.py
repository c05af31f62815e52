"""Places, addresses and telephone numbers as they are written in fifteen countries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.synthetic.numbers import digits
from bench.synthetic.pools import pick

if TYPE_CHECKING:
    import random

    from bench.synthetic.halves import Half

Part = tuple[str, str, str]
"""Text, label and kind; no label if the text identifies nobody."""

_POSTCODES = {"au": "2###", "ca": "@#@ #@#", "mx": "4####", "se": "2## ##", "tr": "06###"}
_TELEPHONES = {
    "au": ("04## ### ###", "(02) 9### ####", "+61 4## ### ###", "03 9### ####"),
    "ca": ("4##-555-####", "(6##) 555-####", "+1 9## 555 ####"),
    "mx": ("55 #### ####", "+52 55 #### ####", "(33) ####-####", "2## ### ## ##"),
    "se": ("070-### ## ##", "+46 73 ### ## ##", "08-### ## ##"),
    "tr": ("053# ### ## ##", "+90 54# ### ## ##", "0 (2##) ### ## ##"),
}
"""What is written where, with `#` for a digit and `@` for a letter that Canada Post uses."""


def _shape(draw: random.Random, shape: str) -> str:
    kinds = {"#": "0123456789", "@": "ABCEGHJKLMNPRSTVXY"}
    return "".join(draw.choice(kinds.get(char, char)) for char in shape)


def street(draw: random.Random, half: Half, locale: str) -> str:
    """Return a street with a house number."""
    number = draw.choice((draw.randint(1, 99), draw.randint(100, 9999)))
    name = pick(draw, f"{locale}.street", half)
    if locale == "us":
        side = draw.choice(("", "", "", "N ", "S. ", "West ", "NE "))
        line = f"{number} {side}{name} {pick(draw, 'us.suffix', half)}"
        return line + draw.choice(
            ("", "", "", f" Apt {draw.randint(1, 40)}{draw.choice(('', 'B'))}", f", Unit {draw.randint(1, 99)}")
        )
    number %= 200
    number += 1
    if locale == "uk":
        return draw.choice(("", f"Flat {draw.randint(1, 30)}, ")) + f"{number} {name}"
    if locale in {"au", "ca"}:
        flat = f"{'Unit' if locale == 'au' else 'Apt'} {draw.randint(1, 40)}, "
        return draw.choice(("", "", flat)) + f"{number} {name}"
    if locale == "tr":
        return f"{name} No: {number}/{draw.randint(1, 12)}"
    if locale in {"fr", "in"}:
        return f"{number}{',' if locale == 'in' else draw.choice(('', ',', ' bis'))} {name}"
    tail = {"es": f", {number}, {draw.randint(1, 9)}º {draw.choice('ABC')}", "br": f", {number}", "mx": f" {number}"}
    return name + tail.get(locale, f" {number}{draw.choice(('', '', 'a'))}")


def postcode(draw: random.Random, half: Half, locale: str) -> str:
    """Return a postal code."""
    if locale == "uk":
        return pick(draw, "uk.postcode", half)
    if locale == "us":
        return digits(draw, 5, "1234567890") + draw.choice(("", "", "", "-" + digits(draw, 4)))
    if locale in _POSTCODES:
        return _shape(draw, _POSTCODES[locale])
    forms = {"nl": f"{digits(draw, 4, '123456789')} {draw.choice('ABCDEGHJ')}{draw.choice('ABCDEGHJ')}"}
    forms |= {"pl": f"{digits(draw, 2)}-{digits(draw, 3)}", "br": f"{digits(draw, 5)}-{digits(draw, 3)}"}
    forms |= {"in": digits(draw, 6, "12345678")}
    return forms.get(locale, digits(draw, 5, "1234567"))


def address(draw: random.Random, half: Half, locale: str, *, lines: bool = False) -> list[Part]:
    """Return street, city, state and postal code, each a value of its own, on one line or on several."""
    gap: Part = ("\n" if lines else ", ", "", "")
    road: Part = (street(draw, half, locale), "ADDRESS", "street")
    city: Part = (pick(draw, f"{locale}.city", half), "ADDRESS", "city")
    code: Part = (postcode(draw, half, locale), "ZIP", "")
    if locale == "us":
        state: Part = (pick(draw, "us.state", half), "ADDRESS", "state")
        return [road, gap, city, (", ", "", ""), state, (" ", "", ""), code]
    if locale == "uk":
        return [road, gap, city, ("\n" if lines else draw.choice((", ", " ")), "", ""), code]
    if locale in {"au", "ca"}:
        region: Part = (pick(draw, f"{locale}.state", half), "", "")  # as states of the US: `detection_gold`
        return [road, gap, city, (" ", "", ""), region, (" ", "", ""), code]
    if locale in {"br", "in"}:
        return [road, gap, city, (" - " if locale == "br" else " ", "", ""), code]
    return [road, gap, code, (" ", "", ""), city]


def facility(draw: random.Random, half: Half, locale: str) -> str:
    """Return the name of a hospital, clinic or practice."""
    city = pick(draw, f"{locale}.city", half)
    if locale != "us":
        kind = pick(draw, f"{locale}.facility", half)
        return f"{city} {kind}" if locale in {"uk", "in", "au", "ca"} else f"{kind} {city}"
    kind = pick(draw, "facility.last", half)
    return draw.choice(
        (
            f"{pick(draw, 'facility.first', half)} {kind}",
            f"{pick(draw, 'facility.first', half)} {kind}",
            f"St. {pick(draw, 'saint', half)} {draw.choice(('Hospital', 'Medical Center', kind))}",
            f"{city} {kind}",
            f"{city} General",
            f"University of {city} {draw.choice(('Hospital', 'Medical Center', 'Health'))}",
            f"{pick(draw, 'anglo.l', half)} {kind}",
        )
    )


def telephone(draw: random.Random, locale: str) -> str:
    """Return a telephone number: in the US mostly with the exchange 555, which is nobody's."""
    n, m = digits(draw, 3, "2345678"), digits(draw, 4)
    forms: tuple[str, ...]
    if locale == "us":
        exchange = draw.choice(("555", "555", digits(draw, 3, "23456789")))
        forms = (f"{n}-{exchange}-{m}", f"({n}) {exchange}-{m}", f"{n}.{exchange}.{m}", f"{n} {exchange} {m}")
        forms += (f"+1 {n} {exchange} {m}", f"1-{n}-{exchange}-{m}", f"({n}){exchange}-{m}", f"{n}-{exchange}-{m}")
        forms += (f"{n}{exchange}{m}", f"+1{n}{exchange}{m}", f"{n}-{exchange}-{m} x{digits(draw, 3)}")
        return draw.choice(forms)
    if locale in _TELEPHONES:
        return _shape(draw, draw.choice(_TELEPHONES[locale]))
    a, b, c = digits(draw, 2), digits(draw, 2), digits(draw, 2)
    table: dict[str, tuple[str, ...]] = {
        "uk": (f"07700 900{n}", f"020 7946 0{n}", f"+44 7700 900{n}", f"0161 496 0{n}", f"(0113) 496 0{n}"),
        "de": (f"0{n} {m}{a}", f"+49 {n} {m}{a}", f"0{n}/{m}{b}", f"0151 {m}{a}{b}", f"+49 (0) {n} {m}{a}"),
        "fr": (f"06 {a} {b} {c} {digits(draw, 2)}", f"+33 6 {a} {b} {c} {digits(draw, 2)}", f"01.{a}.{b}.{c}.99"),
        "es": (f"6{a} {n} {digits(draw, 3)}", f"+34 6{a} {b} {c} 00", f"9{a}{n}{digits(draw, 3)}"),
        "it": (f"3{a} {digits(draw, 7)}", f"+39 0{n} {m}{a}", f"06 {m} {a}{b}"),
        "nl": (f"06-{digits(draw, 8)}", f"+31 6 {digits(draw, 8)}", f"0{n}-{m}{a}", f"020 {n} {m}"),
        "pl": (f"6{a} {n} {digits(draw, 3)}", f"+48 6{a} {n} {digits(draw, 3)}", f"22 {n} {a} {b}"),
        "br": (f"({digits(draw, 2, '1234')}) 9{m}-{digits(draw, 4)}", f"+55 11 9{m}-{digits(draw, 4)}"),
        "in": (f"+91 9{m} {digits(draw, 5)}", f"9{digits(draw, 9)}", f"0{a}-{digits(draw, 8)}"),
    }
    return draw.choice(table[locale])
