"""More countries, each by its forms: addresses, telephones and national numbers as they are written there.

In a form `#` is a digit, `%` a digit but 0 and `?` a capital letter; `{yy}`, `{mm}`, `{dd}` and `{yyyy}` are those of a
birthday. National numbers have the form of real ones and no check digit: where they stand, a label stands before them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.synthetic.pools import pick

if TYPE_CHECKING:
    import random
    from datetime import date

    from bench.synthetic.halves import Half

_LETTERS = "ACEHKNPRTVXY"


@dataclass(frozen=True, slots=True)
class Country:
    """How one country writes. `names`: origins of its people; `line`: an address, of `road`, `code` and `city`."""

    names: tuple[str, ...]
    roads: tuple[str, ...]
    code: str
    line: str
    telephones: tuple[str, ...]
    national: tuple[str, ...]
    facility_first: bool = True


_AFTER = ("{street} %#", "{street} %", "{street} %#?")
_BEFORE = ("%# {street}", "%## {street}", "Unit %, %# {street}")

COUNTRIES: dict[str, Country] = {
    "se": Country(
        ("nordic",),
        (*_AFTER, "{street} %# B, lgh 1%0%"),
        "%## ##",
        "{road}, {code} {city}",
        ("08-### ## ##", "070-### ## ##", "+46 70 ### ## ##", "031-## ## ##"),
        ("{yy}{mm}{dd}-####", "{yyyy}{mm}{dd}-####"),
        facility_first=False,
    ),
    "no": Country(
        ("nordic",),
        _AFTER,
        "%###",
        "{road}, {code} {city}",
        ("4## ## ###", "+47 9## ## ###", "22 ## ## ##"),
        ("{dd}{mm}{yy} #####", "{dd}{mm}{yy}#####"),
        facility_first=False,
    ),
    "dk": Country(
        ("nordic",),
        (*_AFTER, "{street} %#, 2. tv", "{street} %, st. th"),
        "%###",
        "{road}, {code} {city}",
        ("## ## ## ##", "+45 ## ## ## ##", "%#######"),
        ("{dd}{mm}{yy}-####", "{dd}{mm}{yy}####"),
        facility_first=False,
    ),
    "fi": Country(
        ("nordic",),
        (*_AFTER, "{street} %# A %", "{street} % as. %"),
        "#####",
        "{road}, {code} {city}",
        ("040 ### ####", "+358 40 ### ####", "09 ### ####", "050-#######"),
        ("{dd}{mm}{yy}-###?", "{dd}{mm}{yy}A###?"),
        facility_first=False,
    ),
    "pt": Country(
        ("portuguese",),
        ("{street}, %#", "{street} n.º %#, %.º Esq.", "{street}, %##, R/C Dto"),
        "%###-###",
        "{road}, {code} {city}",
        ("9## ### ###", "+351 9## ### ###", "21# ### ###"),
        ("%########", "%## ### ###"),
    ),
    "at": Country(
        ("german", "german", "turkish"),
        (*_AFTER, "{street} %#/%/%"),
        "%###",
        "{road}, {code} {city}",
        ("0660 #######", "+43 664 ### ## ##", "01/### ## ##", "0732 ######"),
        ("#### {dd}{mm}{yy}", "####{dd}{mm}{yy}"),
    ),
    "ch": Country(
        ("german", "french", "italian"),
        _AFTER,
        "%###",
        "{road}, {code} {city}",
        ("044 ### ## ##", "+41 79 ### ## ##", "079 ### ## ##", "0041 22 ### ## ##"),
        ("756.####.####.##",),
    ),
    "be": Country(
        ("dutch", "french"),
        (*_AFTER, "{street} %# bus %"),
        "%###",
        "{road}, {code} {city}",
        ("047# ## ## ##", "+32 47# ## ## ##", "02 ### ## ##", "09-### ## ##"),
        ("{yy}.{mm}.{dd}-###.##",),
    ),
    "ca": Country(
        ("anglo", "french", "chinese"),
        ("%## {street}", "%### {street}", "%## {street}, Suite %##", "%#-%## {street}"),
        "?%? %?%",
        "{road}, {city}, <ON|BC|AB|NS|Ontario> {code}",
        ("%## 555-####", "(%##) 555-####", "+1 %##-555-####", "1-%##-555-####"),
        ("### ### ###", "####-###-###-??"),
        facility_first=False,
    ),
    "au": Country(
        ("anglo", "greek", "vietnamese"),
        (*_BEFORE, "%/%# {street}"),
        "%###",
        "{road}, {city} <NSW|VIC|QLD|WA> {code}",
        ("04## ### ###", "(0%) #### ####", "+61 4## ### ###", "1300 ### ###"),
        ("#### ##### #", "##########"),
        facility_first=False,
    ),
    "ie": Country(
        ("irish", "polish", "anglo"),
        (*_BEFORE, "Apartment %, %# {street}"),
        "?## ?%?#",
        "{road}, {city}, {code}",
        ("087 ### ####", "01 ### ####", "+353 86 ### ####", "(021) ### ####"),
        ("%######?", "%######??"),
        facility_first=False,
    ),
    "mx": Country(
        ("hispanic",),
        ("{street} %##", "{street} No. %#, Int. %", "{street} #%##, Col. Centro"),
        "%####",
        "{road}, <|C.P. >{code} {city}",
        ("55 #### ####", "+52 55 #### ####", "33 #### ####", "(01 55) #### ####"),
        ("????{yy}{mm}{dd}H?????0#", "????{yy}{mm}{dd}M?????A#"),
    ),
    "tr": Country(
        ("turkish",),
        ("{street} No: %#", "{street} No:%# D:%", "{street} %#/%"),
        "%####",
        "{road}, {code} {city}",
        ("0532 ### ## ##", "+90 532 ### ## ##", "(0212) ### ## ##", "0 532 ### ## ##"),
        ("%##########",),
        facility_first=False,
    ),
    "gr": Country(
        ("greek",),
        ("{street} %#", "{street} %##"),
        "%## ##",
        "{road}, {code} {city}",
        ("210 #######", "69# ### ####", "+30 69# ### ####", "2310 ### ###"),
        ("{dd}{mm}{yy}#####",),
    ),
    "jp": Country(
        ("japanese",),
        ("{street}", "{street} #%0%"),
        "%##-####",
        "{road}, {city} <|〒>{code}",
        ("03-####-####", "090-####-####", "+81 90-####-####", "+81-3-####-####"),
        ("#### #### ####",),
        facility_first=False,
    ),
    "za": Country(
        ("anglo", "dutch", "indian"),
        _BEFORE,
        "%###",
        "{road}, {city}, {code}",
        ("082 ### ####", "+27 82 ### ####", "(021) ### ####", "0800 ### ###"),
        ("{yy}{mm}{dd} #### 08 #", "{yy}{mm}{dd}####08#"),
        facility_first=False,
    ),
    "ng": Country(
        ("westafrican",),
        ("%# {street}", "No. %# {street}", "Plot %## {street}"),
        "%#####",
        "{road}, {city} {code}",
        ("0803 ### ####", "+234 803 ### ####", "080########", "+234 (0) 802 ### ####"),
        ("%##########",),
        facility_first=False,
    ),
}
"""Countries by locale, beside the ten that `addresses` knows."""


def filled(draw: random.Random, form: str) -> str:
    """Return a form with its digits and letters drawn."""
    drawn = {"?": _LETTERS, "#": "0123456789", "%": "123456789"}
    return "".join(draw.choice(drawn.get(char, char)) for char in form)


def street(draw: random.Random, half: Half, locale: str) -> str:
    """Return a street with its number."""
    form = filled(draw, draw.choice(COUNTRIES[locale].roads))
    return form.replace("{street}", pick(draw, f"{locale}.street", half))


def postcode(draw: random.Random, locale: str) -> str:
    """Return a postal code."""
    return filled(draw, COUNTRIES[locale].code)


def telephone(draw: random.Random, locale: str) -> str:
    """Return a telephone number."""
    return filled(draw, draw.choice(COUNTRIES[locale].telephones))


def facility(draw: random.Random, half: Half, locale: str) -> str:
    """Return the name of a hospital, clinic or practice."""
    city, kind = pick(draw, f"{locale}.city", half), pick(draw, f"{locale}.facility", half)
    return f"{kind} {city}" if COUNTRIES[locale].facility_first else f"{city} {kind}"


def national(draw: random.Random, locale: str, born: date) -> str:
    """Return the number by which the state knows someone born on a day."""
    form = filled(draw, draw.choice(COUNTRIES[locale].national))
    return form.format(yy=f"{born.year % 100:02}", mm=f"{born.month:02}", dd=f"{born.day:02}", yyyy=born.year)


def layout(draw: random.Random, locale: str, *, lines: bool) -> list[str]:
    """Return an address line in its parts: `road`, `code`, `city` and what stands between them."""
    line = COUNTRIES[locale].line
    while "<" in line:
        before, _, rest = line.partition("<")
        inside, _, after = rest.partition(">")
        line = before + draw.choice(inside.split("|")) + after
    if lines:
        line = line.replace("{road}, ", "{road}\n", 1)
    return [part for part in line.replace("{", "\x00").replace("}", "\x00").split("\x00") if part]
