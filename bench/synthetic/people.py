"""People who do not exist: a name from somewhere, a sex, a day of birth, and the many ways of writing the name down."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from bench.synthetic.abroad import COUNTRIES
from bench.synthetic.pools import origins, pick

if TYPE_CHECKING:
    import random

    from bench.synthetic.halves import Half

TODAY = date(2025, 6, 30)
_LOCAL = {
    "us": ("anglo", "anglo", "anglo", "anglo", "hispanic", "black"),
    "uk": ("anglo", "irish", "indian", "anglo"),
    "de": ("german", "german", "turkish", "german"),
    "fr": ("french", "french", "arabic", "french"),
    "es": ("spanish", "spanish", "hispanic"),
    "it": ("italian",),
    "nl": ("dutch", "dutch", "turkish"),
    "pl": ("polish",),
    "br": ("portuguese",),
    "in": ("indian",),
} | {locale: country.names for locale, country in COUNTRIES.items()}
_ANY_ORIGIN = 0.5
OLD = 90
_FORMAL = (
    "James Robert Michael William David Richard Charles Joseph Thomas Christopher Daniel Donald Kenneth Steven"
    " Edward Ronald Anthony Patricia Jennifer Barbara Susan Margaret Dorothy Sandra Michelle Kimberly Deborah"
    " Francisco José Guadalupe Mildred Gertrude"
)
_AMONG_FRIENDS = (
    "Jim Bob Mike Bill Dave Rick Chuck Joe Tom Chris Danny Don Ken Steve Ted Ron Tony Patty Jenny Barb Sue"
    " Peggy Dottie Sandy Shelly Kim Debbie Paco Pepe Lupe Millie Trudy"
)
_CALLED = dict(zip(_FORMAL.split(), _AMONG_FRIENDS.split(), strict=True))
"""What friends call someone of a given name; who is not here goes by the given name itself."""


@dataclass(frozen=True, slots=True)
class Person:
    """One person."""

    given: str
    middle: str
    surname: str
    male: bool
    born: date

    @property
    def age(self) -> int:
        """Years on the day that texts are written."""
        had = (TODAY.month, TODAY.day) >= (self.born.month, self.born.day)
        return TODAY.year - self.born.year - (not had)

    @property
    def initials(self) -> str:
        """`J.R.`."""
        return f"{self.given[0]}.{self.surname[0].upper()}."


def make_person(draw: random.Random, half: Half, locale: str, *, old: bool = False, bearing: bool = False) -> Person:
    """Return a person of a locale; in the US half of them come from anywhere. `bearing`: a woman of 19 to 42 years."""
    anywhere = locale == "us" and draw.random() < _ANY_ORIGIN
    origin = draw.choice(origins()) if anywhere else draw.choice(_LOCAL[locale])
    male = draw.random() < _ANY_ORIGIN and not bearing
    first = f"{origin}.{'m' if male else 'f'}"
    years = draw.randint(OLD, 103) if old else draw.choice((draw.randint(1, 17), *(draw.randint(18, 89),) * 5))
    years = draw.randint(19, 42) if bearing else years
    born = TODAY - timedelta(days=years * 365 + years // 4 + 1 + draw.randint(0, 360))
    if not old and TODAY.year - born.year > OLD - 1:
        born = born.replace(year=TODAY.year - OLD + 1, day=min(born.day, 28))
    middle = pick(draw, first, half)
    return Person(pick(draw, first, half), middle, pick(draw, f"{origin}.l", half), male, born)


def written(draw: random.Random, person: Person, form: str) -> tuple[tuple[str, bool], ...]:
    """Return a name as parts, each with whether it identifies. Forms: see the table below and the empty, mixed one."""
    given, surname = person.given, person.surname
    title = draw.choice(("Mr.", "Mr")) if person.male else draw.choice(("Ms.", "Mrs.", "Ms", "Mrs", "Miss"))
    if not form:
        form = draw.choice(("full",) * 8 + ("middle", "fi", "fi", "fi", "if", "lf", "title", "title"))
    if form == "jr":
        form = draw.choice(("ab", "initials", "spaced"))
    table = {
        "full": f"{given} {surname}",
        "middle": f"{given} {person.middle[0]}. {surname}",
        "long": f"{given} {person.middle} {surname}",
        "fi": f"{given} {surname[0].upper()}.",
        "if": f"{given[0]}. {surname}",
        "lf": f"{surname}, {given}",
        "lfm": f"{surname}, {given} {person.middle[0]}",
        "upper": f"{surname.upper()}, {given.upper()}",
        "caps": f"{given.upper()} {surname.upper()}",
        "li": f"{surname} {given[0]}",
        "first": given,
        "last": surname,
        "initials": person.initials,
        "ab": f"{given[0]}{surname[0].upper()}",
        "spaced": f"{given[0]}. {surname[0].upper()}.",
        "fl": f"{given} {surname[0].upper()}",
        "lcomma": f"{surname}, {given[0]}.",
        "low": f"{given} {surname}".lower(),
        "lowfirst": given.lower(),
        "lowlast": surname.lower(),
        "lowli": f"{surname} {given[0]}".lower(),
        "nick": _CALLED.get(given, given),
        "three": f"{given[0]}{person.middle[0]}{surname[0].upper()}",
        "spelled": "-".join(char for char in surname.upper() if char.isalpha()),
        "hl": f"{surname.upper()}^{given.upper()}^{person.middle[0]}",
    }
    if form == "title":
        return ((f"{title} ", False), (surname, True))
    return ((table[form], True),)
