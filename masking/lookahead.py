r"""Lookahead: how far a search reads beyond the match that it gives back.

One search of RE2 takes time linear in the text. Finding all matches need not: `(?:\d+[- ]?)+X|\d` takes one digit at a
time, and before each it reads to the end of the digits, because an `X` there would have made a longer match. That is
the square of the text.

By construction it costs little: zones are searched in windows (`scan.WINDOW`), a window ends with the zone that goes
over it, and a zone has no more than `segments.MAX_RUN + REACH` characters, so a match costs a bounded number of steps
whatever the text, and no pattern, nor an alternation of patterns, is worse than linear. Measured, the pattern above
takes 1.8 times what `\d` takes.

What still is certainly meant otherwise is refused when rules are read, by a proof and not by a clock: a stretch full of
short matches, so that one more character behind it makes the first match reach to the end. No search can tell the two
apart without reading all of the stretch, and so for every match in it. Stretches are made of characters of the
pattern's own classes, of its literal words and of words of its examples. What is not caught so is held by the bound.
"""

from __future__ import annotations

import re
from itertools import product
from typing import TYPE_CHECKING

from masking.automata import CLASS, compile_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from masking.automata import Automaton

SHORT, LONG = 48, 1024
"""Characters of a stretch that is tried, and of one that counts: more than most patterns may read at all."""

_PROBES = "0aA -.,:/_@#"
_MOST = 10
_SYNTAX = re.compile(r"\(\?(?:P<[a-z]+>|[a-zA-Z-]*:?)|\{[0-9,]*\}|[()|?*+^$]")
_WORDS = re.compile(r"[^\W_]+")


def check(source: str, automaton: Automaton, examples: Iterable[str]) -> None:
    """Raise ValueError if finding all matches of a pattern certainly takes time quadratic in a text."""
    literal = _SYNTAX.sub(" ", CLASS.sub(" ", source))
    words = sorted({*_WORDS.findall(literal), *(word for text in examples for word in _WORDS.findall(text))}, key=len)
    alphabet = list(_alphabet(source, literal))[:_MOST]
    pairs = ["".join(pair) for pair in product(alphabet, repeat=2)]
    units = [*alphabet, *pairs, *words[:_MOST], *(f"{word} " for word in words[:_MOST])]
    for unit in units:
        if _is_dense(automaton, unit, SHORT) and _is_dense(automaton, unit, LONG):
            stretch = unit * (LONG // len(unit))
            if any(_reaches(automaton, stretch, closer) for closer in (*alphabet, *pairs, *words)):
                raise ValueError("finding all matches takes time that grows with the square of the text")


def _alphabet(source: str, literal: str) -> Iterator[str]:
    """Yield characters that a pattern knows apart: some of each of its classes, then its literal ones."""
    seen = {" "} if " " in source else set()
    for part in (*CLASS.findall(source), *(["[^\n]"] if "." in literal else [])):
        try:
            taken = compile_pattern(part).findall(_PROBES)
        except ValueError:
            continue  # an assertion such as `\b` takes no character
        seen.update(taken[:3])
    yield from sorted(seen)
    yield from sorted({char for char in literal if not char.isspace()} - seen)


def _is_dense(automaton: Automaton, unit: str, length: int) -> bool:
    """Say whether every second repetition of a unit is a match, or begins one, that ends soon."""
    count = max(length // len(unit), 2)
    spans = [match.span() for match in automaton.finditer(unit * count)]
    return len(spans) * 2 >= count and all(end - start <= SHORT // 2 for start, end in spans)


def _reaches(automaton: Automaton, stretch: str, closer: str) -> bool:
    """Say whether the first match of a stretch reaches to its end as soon as something stands there."""
    match = automaton.search(stretch + closer)
    return match is not None and match.span()[1] >= len(stretch)
