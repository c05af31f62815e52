r"""What `allow` lets stay in view: values that a pattern takes, or that have so many letters.

`\pL{1,3}` is RE2, too, but with the tables of all letters for each of its places: a millisecond to compile. Said by
itself it takes nothing, and native code knows it (`rule_facts`).
"""

from __future__ import annotations

import re  # reads patterns of rule files, never a text under inspection
from dataclasses import dataclass

from masking.automata import Automaton, compile_pattern

MANY = 31
"""Letters from which on values are not told apart by their number."""

_LETTERS = re.compile(r"(?:\\pL|\[\\pL(-?)\])(?:\{([1-9]|[12]\d)(?:(,)([1-9]|[12]\d)?)?\})?")


@dataclass(frozen=True, slots=True)
class Letters:
    """Values of so many letters and nothing else, or of letters and hyphens; `most` is MANY where there is no bound."""

    fewest: int
    most: int
    hyphens: bool

    def fullmatch(self, value: str) -> bool:
        """Return whether all of a value is that."""
        letters = value.replace("-", "a") if self.hyphens else value
        return letters.isalpha() and self.fewest <= len(letters) and (len(letters) <= self.most or self.most == MANY)


def allowed(source: str) -> Automaton | Letters:
    """Read one `allow`. Raises ValueError as `compile_pattern` does."""
    counted = _LETTERS.fullmatch(source)
    if counted is not None:
        fewest = int(counted[2] or 1)
        most = int(counted[4] or MANY) if counted[3] else fewest
        if fewest <= most:
            return Letters(fewest, most, counted[1] == "-")
    return compile_pattern(source)
