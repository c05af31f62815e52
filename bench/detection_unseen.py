"""Names that are in no list: the same labelled text, its names replaced by pronounceable ones made up here.

A made-up word that occurs anywhere in the rules' own files is thrown away, so that no gazetteer can know it. Particles
(`van der`) stay: they are in lower case in a name that is not, and no part of what makes a name unseen.
"""

from __future__ import annotations

import random
import re
from functools import partial
from typing import TYPE_CHECKING

from bench.detection_gold import identifier, identifying

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

    from bench.synthetic.document import Document

_PARTS = """
b br c ch d dr f g gr h j k kh kl l m n ny p pr q r s sh sk st t th tr tsh v w x y z zh
a e i o u aa ai ea ei ie oa oo ou uu ya
k l m n r s sh t th v x z nd ng nk rk rt ssk lm dze
"""
_ONSETS, _VOWELS, _CODAS = (line.split() for line in _PARTS.strip().splitlines())
_WORD = re.compile(r"[^\W\d_]+")
_SHORTEST = 4
_INITIALS = 2


def known_words(folder: Path) -> frozenset[str]:
    """Return every word of the rules' files, in lower case."""
    words: set[str] = set()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            words.update(word.lower() for word in _WORD.findall(path.read_text(encoding="utf-8", errors="ignore")))
    return frozenset(words)


def made_up(draw: random.Random, known: Collection[str]) -> str:
    """Return a capitalised, pronounceable word that is not known."""
    while True:
        syllables = draw.choice((2, 2, 3))
        word = "".join(draw.choice(_ONSETS) + draw.choice(_VOWELS) for _ in range(syllables)) + draw.choice(
            ("", *_CODAS)
        )
        if len(word) >= _SHORTEST and word not in known:
            return word.capitalize()


def unseen(documents: Iterable[Document], known: Collection[str], seed: int = 0) -> list[Document]:
    """Return the documents that hold names, with every name word replaced, the same one the same way throughout."""
    renamed: list[Document] = []
    for document in documents:
        draw = random.Random(f"{seed} unseen {document.id}")
        names: dict[str, str] = {}
        made = document.rewritten(partial(_renamed, names, draw, known), "unseen")
        if names:
            renamed.append(made)
    return renamed


def _renamed(names: dict[str, str], draw: random.Random, known: Collection[str], value: str, label: str) -> str:
    if identifier(label) != "NAME":
        return value
    parts: list[str] = []
    at = 0
    for start, end in identifying(value, label):
        word = value[start:end]
        particle = word.islower() and not value.islower() and value[start - 1 : start] != "-"
        if particle or len(word) < _INITIALS or not word.isalpha():
            continue
        new = names.get(word.lower()) or names.setdefault(word.lower(), made_up(draw, known))
        parts += (value[at:start], new.upper() if word.isupper() else new.lower() if word.islower() else new)
        at = end
    return "".join((*parts, value[at:]))
