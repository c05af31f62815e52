"""Decisions read off a byte string: the same bytes, the same decisions; when they are used up, the first choice."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

Choice = TypeVar("Choice")


class Choices:
    """Reads decisions from the front of `data`. Small changes of the bytes are small changes of the decisions."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def left(self) -> int:
        """How many bytes are not used yet."""
        return len(self._data) - self._at

    def number(self, most: int) -> int:
        """Return a number from 0 to `most`, which is below 65,536."""
        size = 1 if most < 256 else 2
        taken = self.take(size)
        return int.from_bytes(taken.ljust(size, b"\0")) % (most + 1)

    def flag(self) -> bool:
        """Return a decision; no, when the bytes are used up."""
        return self.number(1) == 1

    def pick(self, options: Sequence[Choice]) -> Choice:
        """Return one of the options; the first, when the bytes are used up."""
        return options[self.number(len(options) - 1)]

    def take(self, most: int) -> bytes:
        """Return the next bytes, as many as there are."""
        taken = self._data[self._at : self._at + most]
        self._at += len(taken)
        return taken

    def rest(self) -> bytes:
        """Return all bytes that are left."""
        return self.take(self.left)

    def cuts(self, length: int, most: int) -> list[int]:
        """Return up to `most` places to cut something of this length, in order; ends included."""
        places = sorted(self.number(min(length, 65_535)) for _ in range(self.number(most)))
        return [0, *places, length]
