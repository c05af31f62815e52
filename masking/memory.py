"""What the fold remembers: values found earlier, so that a name found by its title is found again without it.

Forward-only: a zone's findings depend on zones before it, never on later ones. Bounded: the oldest values leave. Values
are remembered as keys, a hash of 64 bits each, from which no text can be had back; two values with one key are masked
alike, and that is all a collision does.
"""

from __future__ import annotations

import re  # finds words and numbers, one after the other; the patterns are linear
from array import array
from typing import TYPE_CHECKING

from masking import native
from masking.findings import Claim
from masking.lexicon import WORD, plain
from masking.native import Owned

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

MAX_VALUES = 8192
"""Values remembered at most."""

KNOWN_RULE = "known-value"
KNOWN_PRIORITY = 10
NAME = "NAME"

_MAX_LENGTH = 64
_SHORTEST_NAME = 3
_SHORTEST_NUMBER = 5
_ATOM = re.compile(rf"{WORD}|[0-9]+")
_PART = re.compile(rf"(?:{WORD}|[0-9]+)+")
_RUN = re.compile(rf"{_PART.pattern}(?:[-'](?:{_PART.pattern}))*")
_BETWEEN = re.compile(r",? {1,3}|,| {1,3}[^\W\d_]\.? {1,3}")
_PRIME, _BITS = 0x100000001B3, (1 << 64) - 1

_identifiers: list[str] = []


def identifier_number(identifier: str) -> int:
    """Return the number that stands for an identifier in native code."""
    if identifier not in _identifiers:
        _identifiers.append(identifier)
    return _identifiers.index(identifier)


def identifier_of(number: int) -> str:
    """Return the identifier that a number stands for."""
    return _identifiers[number]


def key_of(value: str) -> int:
    """Return the key of a value, the same for all cases and marks: FNV-1a, 64 bits, never 0."""
    text = plain(value).encode()
    if native.library is not None:
        key: int = native.library.key_of(native.library.key_begin(), text, len(text))
    else:
        key = 0xCBF29CE484222325
        for byte in text:
            key = (key ^ byte) * _PRIME & _BITS
    return key or 1


class Memory:
    """Values found so far in this session's text, each with its identifier."""

    __slots__ = ("_known", "_lent", "_native")

    def __init__(self) -> None:
        self._known: dict[int, str] = {}
        self._native: Owned | None = None
        self._lent = False  # native code may have learned since it was asked last

    def copy(self) -> Memory:
        """Return an independent copy."""
        twin = Memory()
        if self._native is not None and native.library is not None:
            twin._keep_native(native.library.known_copy(self._native.handle))
            twin._lent = True
        else:
            twin._known = self._known.copy()
        return twin

    __copy__ = copy

    def __len__(self) -> int:
        return len(self._values())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Memory) and list(self._values().items()) == list(other._values().items())

    __hash__ = None  # type: ignore[assignment]  # a memory changes

    def __getstate__(self) -> dict[int, str]:
        return self._values()

    def __setstate__(self, known: dict[int, str]) -> None:
        self._known, self._native, self._lent = known, None, False

    def native(self) -> int:
        """Return the address of the same memory in native code, which may learn there."""
        library = native.library
        if library is None:
            raise RuntimeError("the library was not built")
        owned = self._native
        if owned is None:
            owned = self._keep_native(library.known_new(MAX_VALUES))
            for key, identifier in self._known.items():
                native.checked(library.known_add(owned.handle, key, identifier_number(identifier)))
        self._lent = True
        return owned.handle

    def _values(self) -> dict[int, str]:
        """Return all keys and what they identify, in the order they came."""
        library = native.library
        if self._lent and library is not None and self._native is not None:
            count = library.known_count(self._native.handle)
            keys, identifiers = array("Q", bytes(8 * count)), array("h", bytes(2 * count))
            library.known_list(self._native.handle, native.address(keys), native.address(identifiers))
            self._known = dict(zip(keys, map(identifier_of, identifiers), strict=True))
            self._lent = False
        return self._known

    def _keep_native(self, address: int | None) -> Owned:
        if not address or native.library is None:
            raise MemoryError
        self._native = Owned(address, native.library.known_free)
        return self._native

    def learn(self, identifier: str, value: str, forgotten: Container[str]) -> None:
        """Remember a value: a name word by word, but for `forgotten` words.

        Of anything else, if there is a digit in it, all of it and its letters and digits alone.
        """
        if identifier == NAME:
            for match in _ATOM.finditer(value):
                start, end = match.span()
                word = match.group()
                parted = not (value[start - 1 : start].isalnum() or value[end : end + 1].isalnum())
                fits = _SHORTEST_NAME <= len(word) <= _MAX_LENGTH and not word.isdecimal()
                if parted and fits and plain(word) not in forgotten:
                    self._learn(key_of(word), identifier)
        elif any("0" <= char <= "9" for char in value):
            if _RUN.fullmatch(value):
                self._learn_number(value, identifier)
            self._learn_number("".join(_ATOM.findall(value)), identifier)

    def _learn_number(self, value: str, identifier: str) -> None:
        if _SHORTEST_NUMBER <= len(value) <= _MAX_LENGTH and _is_keyed(value):
            self._learn(key_of(value), identifier)

    def _learn(self, key: int, identifier: str) -> None:
        known = self._values()
        if key not in known:
            if len(known) >= MAX_VALUES:
                del known[next(iter(known))]
            known[key] = identifier
        if self._native is not None and native.library is not None:
            native.checked(native.library.known_add(self._native.handle, key, identifier_number(identifier)))

    def recall(self, text: str) -> list[Claim]:
        """Return claims on remembered values that stand in a text as whole words."""
        claims: list[Claim] = []
        for start, end, identifier in self._recalled(text) if self._values() else ():
            last = claims[-1] if claims else None
            if last and last.identifier == identifier == NAME and _BETWEEN.fullmatch(text, last.end, start):
                claims[-1] = last._replace(end=end)
            else:
                claims.append(Claim(start, end, identifier, KNOWN_RULE, KNOWN_PRIORITY))
        return claims

    def _recalled(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Yield what is known: all that hyphens and apostrophes tie together, else its parts."""
        for run in _RUN.finditer(text):
            parts = list(_PART.finditer(text, *run.span()))
            stretches = [run] if len(parts) > 1 and self._identifier(run.group()) else parts
            for stretch in stretches:
                identifier = self._identifier(stretch.group())
                if identifier:
                    yield (*stretch.span(), identifier)

    def _identifier(self, value: str) -> str | None:
        return self._values().get(key_of(value)) if _is_keyed(value) else None


def _is_keyed(value: str) -> bool:
    """Say whether a value has a key: any of ASCII, of other letters one word."""
    return value.isascii() or _ATOM.fullmatch(value) is not None
