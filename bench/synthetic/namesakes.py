"""Names that are words: names of the rules' own lists that are ordinary words, eponyms or places too.

They are computed from `policies/words`, so that they are what a detector knows both readings of. Each belongs to a half
by its hash; the `judge` half has those of the `held` half.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from bench.synthetic.halves import half_of

if TYPE_CHECKING:
    import random
    from pathlib import Path

    from bench.synthetic.halves import Half
    from bench.synthetic.people import Person

_EPONYMS = ("eponyms",)
_PLACES = ("us_cities", "world_cities", "countries", "states", "street_suffixes")
_SHORTEST = 2


@dataclass(frozen=True, slots=True)
class Namesakes:
    """Names of three kinds each, with a capital: ordinary words, eponyms, places."""

    given: tuple[tuple[str, ...], ...]
    surnames: tuple[tuple[str, ...], ...]

    def rename(self, draw: random.Random, person: Person) -> Person:
        """Return the same person under a given name or a surname that is a word, or both; half are ordinary words."""
        which = draw.choice(("given", "surname", "both"))
        given, surname = (draw.choice(draw.choice((kinds[0], *kinds))) for kinds in (self.given, self.surnames))
        return replace(
            person,
            given=person.given if which == "surname" else given,
            surname=person.surname if which == "given" else surname,
        )


@cache
def namesakes(words: Path, half: Half) -> Namesakes:
    """Return those of a half, from a folder of word lists."""

    def entries(name: str) -> frozenset[str]:
        lines = (words / f"{name}.txt").read_text(encoding="utf-8").splitlines()[1:]
        return frozenset(line for line in lines if line.isalpha() and line.isascii() and len(line) >= _SHORTEST)

    mine = "held" if half == "judge" else half

    def kinds(names: str) -> tuple[tuple[str, ...], ...]:
        ordinary = entries(f"ambiguous_{names}")
        listed = entries(names) - ordinary
        others = [listed & frozenset().union(*map(entries, some)) for some in (_EPONYMS, _PLACES)]
        chosen = [ordinary, *(some - entries("abbreviations") for some in others)]
        return tuple(tuple(sorted(word.title() for word in words if half_of(word) == mine)) for words in chosen)

    return Namesakes(kinds("given"), kinds("surname"))
