"""The table of places as native code has it: words, shapes and fields by their numbers (`native/document.h`).

Made once a process from the same table that Python walks by.
"""

from __future__ import annotations

import ctypes
import os
from array import array
from functools import cache
from itertools import accumulate
from typing import TYPE_CHECKING

from masking import native
from masking.places import ASSISTANT_BLOCK, BLOCK, CALLS, NESTED, SCHEMA_FIELDS, SCHEMA_NAMED, TOOL, UNIT_KEYS
from masking.request_places import MESSAGE_FIELDS, REQUEST
from masking.shapes import SCAN, TEXT, UNKNOWN, ByType, Each, Fields, Forms, Here, Schema

if TYPE_CHECKING:
    from collections.abc import Mapping

    from masking.shapes import Shape

FIXED_WORDS = (
    *("type", "ttl", "ephemeral", "5m", "1h", "cache_control", "citations", "caller", "direct"),
    *("tool_addition", "tool_removal", "role", "content", "user", "assistant", "system", "tools", "messages"),
)
"""Words that native code knows by their numbers."""

MEDIA = ("image", "pdf", "url", "file_id", "container", "mcp")
"""Classes of content that cannot be inspected."""

MEMOS = ("other", "text", "input")
"""Kinds of memos (`Here.kind`)."""

_IS_UNIT_KEY, _IS_NESTED, _IS_CALL = 1, 2, 4
_ELSEWHERE = -1
_HERE, _FIELDS, _EACH, _BY_TYPE, _FORMS, _SCHEMA, _CACHE_MARK = range(7)


class PlaceTable:
    """The words and the handle; `words` are numbered by their place."""

    def __init__(self) -> None:
        if native.library is None:
            raise RuntimeError("the library was not built")
        self._numbers: dict[int, int] = {}
        self._shapes: list[tuple[int, int, int, int]] = []
        unit_keys = dict.fromkeys(("tools", "system", "messages"))
        self._fields: list[dict[str, Shape | None]] = [
            {**MESSAGE_FIELDS, "content": None},
            {**REQUEST.known, **unit_keys},
            {**SCHEMA_FIELDS, **dict.fromkeys(sorted(SCHEMA_NAMED))},
        ]
        fixed = [self._number(shape) for shape in (UNKNOWN, SCAN, TEXT, TOOL, BLOCK, ASSISTANT_BLOCK)]
        read = 0
        entries: list[list[tuple[str, int]]] = []
        while read < len(self._fields):  # numbering shapes finds more of them
            named = self._fields[read].items()
            entries.append([(word, _ELSEWHERE if shape is None else self._number(shape)) for word, shape in named])
            read += 1
        known = {word for some in entries for word, _ in some} | UNIT_KEYS | NESTED | CALLS
        self.words = (*FIXED_WORDS, *sorted(known - set(FIXED_WORDS)))
        place = {word: number for number, word in enumerate(self.words)}
        marked = ((UNIT_KEYS, _IS_UNIT_KEY), (NESTED, _IS_NESTED), (CALLS, _IS_CALL))
        marks = bytes(sum(mark for words, mark in marked if word in words) for word in self.words)
        flat = [number for some in entries for word, shape in some for number in (place[word], shape)]
        handle = native.library.places_new(
            int.from_bytes(os.urandom(8)),
            "".join(f"{word}\n" for word in self.words).encode(),
            len(self.words),
            marks,
            native.address(array("i", [number for shape in self._shapes for number in shape])),
            len(self._shapes),
            native.address(array("i", flat)),
            native.address(array("i", accumulate(map(len, entries), initial=0))),
            len(entries),
            native.address(array("i", fixed)),
        )
        if not handle:
            raise MemoryError
        self.handle = ctypes.c_void_p(handle)  # it lives as long as the process

    def _number(self, shape: Shape) -> int:
        number = self._numbers.get(id(shape))
        if number is None:
            number = self._numbers[id(shape)] = len(self._shapes)
            self._shapes.append((0, 0, 0, 0))  # shapes hold each other: the number has to be known first
            self._shapes[number] = self._row(shape)
        return number

    def _row(self, shape: Shape) -> tuple[int, int, int, int]:
        match shape:
            case Here():
                return _HERE, shape.treatment.value, MEMOS.index(shape.kind), 0
            case Fields():
                return _FIELDS, self._named(shape.known), MEDIA.index(shape.media) if shape.media else -1, 0
            case Each():
                return _EACH, self._number(shape.element), 0, 0
            case ByType():
                return _BY_TYPE, self._named(shape.variants), 0, 0
            case Forms():
                return _FORMS, self._number(shape.text), self._number(shape.items), self._number(shape.members)
            case Schema():
                return _SCHEMA, 0, 0, 0
        return _CACHE_MARK, 0, 0, 0

    def _named(self, shapes: Mapping[str, Shape]) -> int:
        self._fields.append(dict(shapes))
        return len(self._fields) - 1


@cache
def place_table() -> PlaceTable:
    """Return the table of this process."""
    return PlaceTable()
