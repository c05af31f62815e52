"""What the fold remembers: values found earlier, so that a name found by its title is found again without it.

Forward-only: a segment's findings depend on segments before it, never on later ones. Bounded: the oldest values leave.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from masking.automata import compile_pattern
from masking.findings import Claim

if TYPE_CHECKING:
    from collections.abc import Collection

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

    def learn(self, identifier: str, value: str, common: Collection[str]) -> list[str]:
        """Remember a value: a name word by word (unless the word is also an ordinary one), a number as a whole.

        Returns what was not known before.
        """
        learned: list[str] = []
        for word in _WORD.findall(value) if identifier == _NAME else ():
            if len(word) >= _SHORTEST_NAME and word[0].isupper() and word.isalpha() and word.lower() not in common:
                learned.extend(form for form in (word, word.upper(), word.title()) if self._keep(form, identifier))
        if identifier != _NAME and any(char.isdigit() for char in value):
            forms = (value, "".join(char for char in value if char.isalnum()))
            learned.extend(form for form in forms if len(form) >= _SHORTEST_NUMBER and self._keep(form, identifier))
        return learned

    def hints(self, text: str) -> list[str]:
        """Return remembered values that a text may hold; without one, `recall` finds nothing in any part of it."""
        if len(self._known) > _FEW:
            return list(self._known.keys() & set(_WORD.findall(text)))
        return [value for value in self._known if value in text]

    def recall(self, text: str) -> list[Claim]:
        """Return claims on remembered values that stand in a text as whole words."""
        if not self._known or self._known.keys().isdisjoint(_WORD.findall(text)):
            return []
        claims: list[Claim] = []
        for match in _WORD.finditer(text):
            word = match.group()
            identifier = self._known.get(word)
            if identifier is None:
                continue
            start, end = match.span()
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


def _joins(between: str) -> bool:
    """Say whether two name words belong together: space, a comma or an initial between them."""
    return _BETWEEN.fullmatch(between) is not None
