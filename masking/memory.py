"""What the fold remembers: values found earlier, so that a name found by its title is found again without it.

Forward-only: a segment's findings depend on segments before it, never on later ones. Bounded: the oldest values leave.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from masking.automata import compile_pattern
from masking.findings import Claim

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

MAX_VALUES = 8192
"""Values remembered at most."""

KNOWN_RULE = "known-value"
KNOWN_PRIORITY = 10

_MAX_LENGTH = 64
_FEW = 128
"""So many values are looked for one by one faster than by reading a text's words."""
_SHORTEST_NAME = 3
_SHORTEST_NUMBER = 5
_NAME = "NAME"
_WORD = compile_pattern(r"[\p{L}\p{N}]+(?:[-'][\p{L}\p{N}]+)*")
_PART = compile_pattern(r"[\p{L}\p{N}]+(?:'[\p{L}\p{N}]+)*")
_POSSESSIVE = ("'s", "'S")
_BETWEEN = compile_pattern(r"[ \t]{1,3}\p{Lu}\.?[ \t]{1,3}|,?[ \t]{1,3}|,")


class Memory:
    """Values found so far in this session's text, each with its identifier."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def copy(self) -> Memory:
        """Return an independent copy."""
        twin = Memory()
        twin._known = self._known.copy()
        return twin

    def __len__(self) -> int:
        return len(self._known)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Memory) and list(self._known.items()) == list(other._known.items())

    __hash__ = None  # type: ignore[assignment]  # a memory changes

    def learn(self, identifier: str, value: str, forgotten: Collection[str]) -> list[str]:
        """Remember a value: a name word by word, in any case, but for `forgotten` words; a number as a whole.

        Returns what was not known before.
        """
        learned: list[str] = []
        for part in _PART.findall(value) if identifier == _NAME else ():
            word = part[:-2] if part.endswith(_POSSESSIVE) else part
            if len(word) >= _SHORTEST_NAME and word.replace("'", "").isalpha() and word.lower() not in forgotten:
                cases = (word, word.upper(), word.title(), word.lower())
                learned.extend(form for form in dict.fromkeys(cases) if self._keep(form, identifier))
        if identifier != _NAME and any(char.isdigit() for char in value):
            forms = (value, "".join(char for char in value if char.isalnum()))
            learned.extend(form for form in forms if len(form) >= _SHORTEST_NUMBER and self._keep(form, identifier))
        return learned

    def hints(self, text: str) -> list[str]:
        """Return remembered values that a text may hold; without one, `recall` finds nothing in any part of it."""
        if len(self._known) > _FEW:
            words = set(_WORD.findall(text))
            tied = [word for word in words if "-" in word or word.endswith(_POSSESSIVE)]
            words.update(word[start:end] for word in tied for start, end in _words(word))
            return list(self._known.keys() & words)
        return [value for value in self._known if value in text]

    def recall(self, text: str) -> list[Claim]:
        """Return claims on remembered values that stand in a text as whole words."""
        claims: list[Claim] = []
        for start, end in _words(text) if self._known else ():
            identifier = self._known.get(text[start:end])
            if identifier is None or (claims and start < claims[-1].end):
                continue
            last = claims[-1] if claims else None
            if last and last.identifier == identifier == _NAME and _joins(text[last.end : start]):
                claims[-1] = Claim(last.start, end, identifier, KNOWN_RULE, KNOWN_PRIORITY)
            else:
                claims.append(Claim(start, end, identifier, KNOWN_RULE, KNOWN_PRIORITY))
        return claims

    def _keep(self, word: str, identifier: str) -> bool:
        if len(word) > _MAX_LENGTH or word in self._known:
            return False
        if len(self._known) >= MAX_VALUES:
            del self._known[next(iter(self._known))]
        self._known[word] = identifier
        return True


def _words(text: str) -> Iterator[tuple[int, int]]:
    """Yield where words stand: first with what hyphens and apostrophes tie together, then its parts."""
    for match in _WORD.finditer(text):
        start, end = match.span()
        yield start, end
        word = match.group()
        if word.endswith(_POSSESSIVE):
            yield start, end - 2
        if "-" in word:
            for part in _PART.finditer(word):
                left, right = part.span()
                yield start + left, start + right - 2 * part.group().endswith(_POSSESSIVE)


def _joins(between: str) -> bool:
    """Say whether two name words belong together: space, a comma or an initial between them."""
    return _BETWEEN.fullmatch(between) is not None
