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

    def learn(self, identifier: str, value: str, common: Collection[str]) -> None:
        """Remember a value: a name word by word (unless the word is also an ordinary one), a number as a whole."""
        for match in _WORD.finditer(value) if identifier == _NAME else ():
            word = match.group()
            if len(word) >= _SHORTEST_NAME and word[0].isupper() and word.isalpha() and word.lower() not in common:
                self._keep(word, identifier)
                self._keep(word.upper(), identifier)
                self._keep(word.title(), identifier)
        if identifier != _NAME and any(char.isdigit() for char in value):
            for form in (value, "".join(char for char in value if char.isalnum())):
                if len(form) >= _SHORTEST_NUMBER:
                    self._keep(form, identifier)

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

    def _keep(self, word: str, identifier: str) -> None:
        if len(word) > _MAX_LENGTH or word in self._known:
            return
        if len(self._known) >= MAX_VALUES:
            del self._known[next(iter(self._known))]
        self._known[word] = identifier


def _joins(between: str) -> bool:
    """Say whether two name words belong together: space, a comma or an initial between them."""
    return _BETWEEN.fullmatch(between) is not None
