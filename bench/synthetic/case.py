"""A case: the people, days and numbers of one document, drawn once and mentioned as often as a template likes."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bench.synthetic import days, numbers
from bench.synthetic.people import make_person
from bench.synthetic.pools import pick

if TYPE_CHECKING:
    import random

    from bench.synthetic.halves import Half
    from bench.synthetic.namesakes import Namesakes
    from bench.synthetic.people import Person

_REMEMBERED = frozenset({"mrn", "ssn", "ssn.bare", "plan", "acct", "natid", "email"})


@dataclass
class Case:
    """What one document is about. `spoken` texts are dictated: no capitals, no punctuation, numbers in words.

    Where there are `namesakes`, everyone in it is called by one of them.
    """

    draw: random.Random
    half: Half
    locale: str = "us"
    old: bool = False
    spoken: bool = False
    namesakes: Namesakes | None = None
    people: dict[str, Person] = field(default_factory=dict)
    known: dict[str, str] = field(default_factory=dict)

    def person(self, role: str) -> Person:
        """Return who plays a role (`pt`, `rel`, `doc`, `mum` who gives birth, ...): the same one throughout."""
        if role not in self.people:
            old, bearing = self.old and role == "pt", role == "mum"
            person = make_person(self.draw, self.half, self.locale, old=old, bearing=bearing)
            self.people[role] = self.namesakes.rename(self.draw, person) if self.namesakes else person
        return self.people[role]

    def once(self, name: str, made: str) -> str:
        """Return the value that this case already has under a name, or keep the one just made."""
        return self.known.setdefault(name, made) if name in _REMEMBERED else made

    def word(self, section: str) -> str:
        """Return a value of a word list."""
        return pick(self.draw, section, self.half)

    def digits(self, count: int) -> str:
        """Return random digits, the first of them not 0."""
        return numbers.digits(self.draw, count, "123456789")

    def letters(self, count: int) -> str:
        """Return random capital letters."""
        return "".join(self.draw.choice("ABCDEFGHJKLMNPRSTUVWXYZ") for _ in range(count))

    def say(self, number: str) -> str:
        """Return digits and letters one by one in words: `four four seven`."""
        return " ".join(days.spoken_number(int(char)) if char.isdigit() else char.lower() for char in number)


def plain_ascii(name: str) -> str:
    """Return a name as it stands in an address of electronic mail."""
    table = str.maketrans({"ł": "l", "ø": "o", "ß": "ss", "\u0131": "i", "ð": "d", "Ł": "L", "Ø": "O"})
    folded = unicodedata.normalize("NFKD", name.translate(table))
    return "".join(char for char in folded.lower() if "a" <= char <= "z")
