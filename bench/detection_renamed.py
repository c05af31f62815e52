"""Other names: the same labelled text with the people called otherwise, as often as people really are.

A text of one author has the names that came to mind. Here each name of one or two capitalised words becomes one of the
most frequent of the United States, or one that is written apart (`D'Angelo`, `de Jong`, `Wu`), in one of the forms in
which names stand in charts. Where in a text names stand stays, so that rules that know some names better than others
are found out.
"""

from __future__ import annotations

import random
from functools import partial
from typing import TYPE_CHECKING

from bench.detection_gold import identifier
from bench.synthetic.pools import pool

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bench.synthetic.document import Document

_APART = 0.15
"""How many surnames are written apart."""
_ALONE = 0.7
"""How many names of one word become surnames; the others become given names."""
_FORMS = ("{given} {surname}",) * 4 + ("{initial} {surname}", "{initial}. {surname}", "{surname}, {given}")
"""Forms of a name of two words: of seven four are as most are written."""
_FULL = 2


def other_name(draw: random.Random, known: dict[str, str], value: str, label: str) -> str:
    """Return another name for one of one or two capitalised words, the same one for the same value; else the value."""
    words = value.split()
    capitalised = all(word.isalpha() and word.istitle() for word in words)
    if identifier(label) != "NAME" or len(words) > _FULL or not capitalised:
        return value
    if value not in known:
        known[value] = _some_name(draw, full=len(words) == _FULL)
    return known[value]


def _some_name(draw: random.Random, *, full: bool) -> str:
    surname = _frequent(draw, "apart" if draw.random() < _APART else "surname")
    given = _frequent(draw, "given")
    if full:
        return draw.choice(_FORMS).format(given=given, surname=surname, initial=given[0])
    return surname if draw.random() < _ALONE else given


def _frequent(draw: random.Random, kind: str) -> str:
    """Return a name; the earlier in its list, the likelier: lists of frequent ones begin with the most frequent."""
    names = pool(f"frequent.{kind}", "held")
    return names[int(len(names) * draw.random() * draw.random())]


def with_other_names(documents: Iterable[Document], seed: int = 0) -> list[Document]:
    """Return the documents in which somebody is named, with those names replaced."""
    made: list[Document] = []
    for document in documents:
        draw = random.Random(f"{seed} renamed {document.id}")
        renamed = document.rewritten(partial(other_name, draw, {}), "renamed")
        if renamed.text != document.text:
            made.append(renamed)
    return made
