"""The native part of masking: a library in C, loaded if it was built (`hatch_build.py`).

It keeps Python's lock while it works, because a matcher has one tape at a time; only making one, which takes a tenth of
a second and touches nothing else, lets other threads run.
"""

from __future__ import annotations

import ctypes
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from array import array
    from collections.abc import Callable

LIBRARY = Path(__file__).parent / "matcher.so"
HEADERS = tuple(sorted(LIBRARY.parent.glob("*.h")))

_LAYOUT = (1 << 31) - 1
_POINTER, _NUMBER, _KEY = ctypes.c_void_p, ctypes.c_int32, ctypes.c_uint64
_FUNCTIONS = {
    "lists_new": (_POINTER, ctypes.c_char_p, _POINTER, _NUMBER, _POINTER),
    "lists_unions": (_NUMBER, _POINTER, _POINTER),
    "lists_free": (None, _POINTER),
    "codes_rank": (_NUMBER, _POINTER, _NUMBER, _NUMBER, _POINTER),
    "codes_move": (None, _POINTER, _NUMBER, _NUMBER, _POINTER, _NUMBER, _POINTER),
    "matcher_free": (None, _POINTER),
    "matcher_read": (_NUMBER, _POINTER, ctypes.c_char_p, _NUMBER, ctypes.c_uint16, _NUMBER),
    "matcher_untold": (_NUMBER, _POINTER, _POINTER, _NUMBER),
    "matcher_tell": (_NUMBER, _POINTER, _POINTER, _NUMBER, ctypes.c_char_p, _NUMBER),
    "matcher_search": (_NUMBER, _POINTER, _NUMBER, _NUMBER, _NUMBER),
    "matcher_findings": (_NUMBER, _POINTER, _NUMBER, _NUMBER, _NUMBER, _POINTER, _NUMBER, _NUMBER),
    "matcher_whole": (
        *(_NUMBER, _POINTER, ctypes.c_char_p, _NUMBER, ctypes.c_uint16, _NUMBER, _NUMBER, _NUMBER),
        *(_POINTER, _NUMBER, _NUMBER),
    ),
    "matcher_answer": (_NUMBER, _POINTER, _POINTER, _NUMBER),
    "matcher_find": (_NUMBER, _POINTER, _NUMBER, _POINTER, _NUMBER, _NUMBER),
    "matcher_bytes": (ctypes.c_size_t, _POINTER),
    "known_new": (_POINTER, ctypes.c_uint32),
    "known_copy": (_POINTER, _POINTER),
    "known_free": (None, _POINTER),
    "known_count": (_NUMBER, _POINTER),
    "known_list": (None, _POINTER, _POINTER, _POINTER),
    "known_add": (_NUMBER, _POINTER, _KEY, ctypes.c_int16),
    "text_is_plain": (_NUMBER, ctypes.c_char_p, _NUMBER),
    "key_begin": (_KEY,),
    "key_of": (_KEY, _KEY, ctypes.c_char_p, _NUMBER),
    "places_new": (
        *(_POINTER, _KEY, ctypes.c_char_p, ctypes.c_uint32, ctypes.c_char_p),
        *(_POINTER, _NUMBER, _POINTER, _POINTER, _NUMBER, _POINTER),
    ),
    "document_new": (
        *(_POINTER, _POINTER, ctypes.c_char_p, ctypes.c_uint32, ctypes.c_uint32, ctypes.c_uint32, _POINTER, _POINTER),
    ),
    "document_free": (None, _POINTER),
    "document_plan": (_NUMBER, _POINTER, ctypes.c_char_p),
    "document_canonical": (ctypes.c_int64, _POINTER, ctypes.c_char_p, ctypes.c_uint32, ctypes.c_uint64),
}


class State(ctypes.Structure):
    """How things stand with a matcher: the head of it, as `matcher.h` has it."""

    _fields_ = (
        *((name, _POINTER) for name in ("spans", "candidates", "questions", "findings")),
        *((name, _NUMBER) for name in ("zones", "settled", "waiting", "widest")),
        *((f"{name}_count", _NUMBER) for name in ("candidate", "question", "finding")),
    )


class DocumentState(ctypes.Structure):
    """What native code knows of a document: the head of it, as `document.h` has it."""

    _fields_ = (
        *((name, _POINTER) for name in ("nodes", "leaves", "units", "opaque", "changes", "out", "names", "pool")),
        ("out_length", ctypes.c_uint64),
        *((f"{name}_count", ctypes.c_uint32) for name in ("node", "leaf", "unit", "opaque", "change", "name")),
        *((name, ctypes.c_uint32) for name in ("pooled", "rest_at", "rest_bytes", "more_messages")),
    )


def layout() -> int:
    """Return what tells apart which sources Python was written for."""
    return zlib.crc32(b"".join(header.read_bytes() for header in HEADERS)) & _LAYOUT


def _load() -> ctypes.PyDLL | None:
    try:
        found = ctypes.PyDLL(str(LIBRARY))
        if found.matcher_layout() & _LAYOUT != layout():
            return None  # built from other sources: what Python reads would not be what stands there
    except (OSError, AttributeError):
        return None
    for name, (result, *arguments) in _FUNCTIONS.items():
        function = getattr(found, name)
        function.restype, function.argtypes = result, arguments
    found.matcher_new = ctypes.CDLL(str(LIBRARY)).matcher_new  # type: ignore[attr-defined]  # as ctypes does itself
    found.matcher_new.restype = _POINTER
    return found


_READ = 0x100
_view = ctypes.pythonapi["PyMemoryView_FromMemory"]
_view.restype, _view.argtypes = ctypes.py_object, (_POINTER, ctypes.c_ssize_t, ctypes.c_int)

library = _load()
"""The library; None where it was not built."""


def is_native() -> bool:
    """Say whether the library was built for this machine."""
    return library is not None


def address(numbers: array[int]) -> ctypes.c_void_p:
    """Return where an array stands; it lives as long as what is returned."""
    pointer = ctypes.c_void_p(numbers.buffer_info()[0])
    pointer.array = numbers  # type: ignore[attr-defined]
    return pointer


def looked_at(place: int | None, size: int) -> memoryview:
    """Return so many bytes that stand at an address as they are, without copying: who looks holds what owns them.

    A ctypes array would do the same, but each size of it is a type of its own, and making one takes longer than
    reading a small body.
    """
    return _view(place, size, _READ) if place and size else memoryview(b"")


class Owned:
    """Something that native code made, freed with its owner: a tenth of the time of `weakref.finalize`."""

    __slots__ = ("_free", "handle")

    def __init__(self, handle: int, free: Callable[[int], None]) -> None:
        self.handle = handle
        self._free = free

    def __del__(self) -> None:
        self._free(self.handle)


def numbers_at(place: int | None, count: int) -> list[int]:
    """Return the numbers that stand at an address."""
    return memoryview(ctypes.string_at(place, 4 * count)).cast("i").tolist() if place and count else []


def checked(result: int) -> int:
    """Return what the library answered; raise what it says if it is no count."""
    if result == -1:
        raise MemoryError
    if result < 0:
        raise RuntimeError("native code was told what it cannot believe")
    return result
