"""Word lists, read from `vocabulary/`: sections of values with commas between them, each value in one half or in both.

Names and places are split between the halves, so that a list grown on one half does not help with the other; clinical
words are the same in both, since they have to be left alone everywhere. The `judge` half has what the `held` half has,
and names and places of its own from `vocabulary/judge/`.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from bench.synthetic.halves import half_of

if TYPE_CHECKING:
    import random

    from bench.synthetic.halves import Half

_FOLDER = Path(__file__).parent / "vocabulary"
_JUDGE = _FOLDER / "judge"
_SECTION = re.compile(r"^\[([a-z.]+)\] (.+)$", re.MULTILINE)
_FEWEST = 3
_SPLIT = frozenset({"names", "places", "abroad"})
_WHOLE = frozenset({"us.suffix", "us.state", "facility.last"})
"""Sections of `places` that are the same in both halves: no value of them says where someone is."""


@cache
def _sections(folder: Path = _FOLDER) -> dict[str, tuple[bool, tuple[str, ...]]]:
    sections: dict[str, tuple[bool, tuple[str, ...]]] = {}
    for path in sorted(folder.glob("*.txt")):
        for name, values in _SECTION.findall(path.read_text(encoding="utf-8")):
            split = path.stem in _SPLIT and name not in _WHOLE
            sections[name] = split, tuple(value.strip() for value in values.split(", "))
    return sections


@cache
def pool(name: str, half: Half) -> tuple[str, ...]:
    """Return the values of a section that belong to a half; all of them if that would leave a half too few."""
    if half == "judge":
        own = _sections(_JUDGE)[name][1] if name in _sections(_JUDGE) else ()
        return own + (pool(name, "held") if name in _sections() else ())
    split, values = _sections()[name]
    mine = tuple(value for value in values if half_of(value) == half)
    return mine if split and _FEWEST <= len(mine) <= len(values) - _FEWEST else values


@cache
def origins(half: Half = "held") -> tuple[str, ...]:
    """Return where names come from: every origin that has given names and surnames."""
    sections = _sections() | _sections(_JUDGE) if half == "judge" else _sections()
    return tuple(sorted({name.partition(".")[0] for name in sections if name.endswith(".l")}))


def pick(draw: random.Random, name: str, half: Half) -> str:
    """Return one value of a section."""
    return draw.choice(pool(name, half))
