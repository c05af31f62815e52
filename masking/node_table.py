"""The nodes of a body as native code read them, and as Python looks at them one by one.

Thirty-two bytes a node, in the order of the body. What native code works out over all of them
(`native_plan`), it works out without Python.
"""

from __future__ import annotations

import ctypes
import struct
import weakref
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from masking import native
from masking.errors import JsonRefused
from masking.nodes import Items, Members, Scalars
from masking.place_table import place_table
from masking.tokens import decode_token

if TYPE_CHECKING:
    from collections.abc import Iterator

    from masking.nodes import Node, Text

NONE = 0xFFFFFFFF
"""Stands for no node and no name."""

_REASONS = ("", "syntax", "trailing_data", "too_many_nodes", "too_deep", "duplicate_key", "lone_surrogate")
_WORDS = 8
_START, _END, _KEY_START, _KEY_END, _NAME, _AFTER, _PARENT, _KIND = range(_WORDS)
_TEXT, _SCALARS, _ITEMS, _MEMBERS = range(4)
_TYPE, _PLACED, _COUNT_SHIFT = 3, 8, 4
_NAME_ENTRY = struct.Struct("=3I")


class NodePath(NamedTuple):
    """The path to a node of a table."""

    table: NodeTable
    number: int


class NodeTable:
    """The nodes of one body. Raises JsonRefused for one that is no strict JSON (`json_document.parse`)."""

    def __init__(self, body: bytes, max_depth: int, max_nodes: int) -> None:
        if native.library is None:
            raise RuntimeError("the library was not built")
        self.body = body
        self._places = place_table()
        reason, at = ctypes.c_int32(), ctypes.c_uint32()
        handle = native.library.document_new(
            self._places.handle, body, len(body), max_depth, max_nodes, ctypes.byref(reason), ctypes.byref(at)
        )
        if not handle:
            if reason.value < 0:
                raise MemoryError
            raise JsonRefused(_REASONS[reason.value], at.value)
        self.handle: int = handle
        self._owned = native.Owned(handle, native.library.document_free)
        self.state = native.DocumentState.from_address(handle)
        self._nodes = native.looked_at(self.state.nodes, 4 * _WORDS * self.state.node_count).cast("I")
        # A view holds its table. If the table held its views too, only the collector would ever free a body.
        self._views: weakref.WeakValueDictionary[int, Members | Items] = weakref.WeakValueDictionary()
        self._ordinals: dict[int, dict[int, int]] = {}

    def node(self, number: int) -> Node:
        """Return a node as Python looks at it; of an object or array the same as long as somebody holds it."""
        nodes, at = self._nodes, _WORDS * number
        kind = nodes[at + _KIND]
        start, end = nodes[at + _START], nodes[at + _END]
        if kind & _TYPE == _TEXT:
            return start, end
        if kind & _TYPE == _SCALARS:
            return Scalars(start, end, kind >> _COUNT_SHIFT)
        view = self._views.get(number)
        if view is None:
            if kind & _TYPE == _MEMBERS:
                view = Members(start, end, self._members, number)
            else:
                view = Items(start, end, self._items, number)
            self._views[number] = view
        return view

    @property
    def words(self) -> tuple[str, ...]:
        """The words of the table of places, by their numbers."""
        return self._places.words

    def text(self, number: int) -> str:
        """Return the text of a string."""
        at = _WORDS * number
        return decode_token(self.body[self._nodes[at + _START] : self._nodes[at + _END]])

    def holds(self, view: Members) -> bool:
        """Say whether an object is one of this body."""
        return self._views.get(view.number) is view

    def parent(self, number: int) -> int:
        """Return the object or array that a node stands in."""
        return self._nodes[_WORDS * number + _PARENT]

    @cached_property
    def names(self) -> list[str]:
        """Every word of the table and every other key of the body, by their numbers."""
        names, body = list(self._places.words), self.body
        state = self.state
        pool = ctypes.string_at(state.pool, state.pooled) if state.pooled else b""
        entries = ctypes.string_at(state.names, _NAME_ENTRY.size * state.name_count) if state.name_count else b""
        for at, length, in_pool in _NAME_ENTRY.iter_unpack(entries):
            names.append((pool if in_pool else body)[at : at + length].decode())
        return names

    def key_spans(self, number: int) -> Iterator[tuple[str, Text]]:
        """Yield each key of an object with the span of its token."""
        for child in self._children(number):
            at = _WORDS * child
            yield self.names[self._nodes[at + _NAME]], (self._nodes[at + _KEY_START], self._nodes[at + _KEY_END])

    def steps(self, number: int) -> Iterator[str]:
        """Yield the steps of the path to a node, innermost first; keys that the table does not name are ordinals."""
        nodes = self._nodes
        while number:
            at = _WORDS * number
            parent, name = nodes[at + _PARENT], nodes[at + _NAME]
            if nodes[_WORDS * parent + _KIND] & _TYPE == _ITEMS:
                yield f"[{name}]"
            elif nodes[at + _KIND] & _PLACED:
                yield f".{self.names[name]}"
            else:
                yield f".#{self._ordinals_in(parent)[number]}"
            number = parent

    def block_of(self, number: int) -> tuple[int, int] | None:
        """Return the array and the index of the block whose `text` a node is, None if it is none."""
        nodes, at = self._nodes, _WORDS * number
        parent = nodes[at + _PARENT]
        if not nodes[at + _KIND] & _PLACED or self.names[nodes[at + _NAME]] != "text":
            return None
        array = nodes[_WORDS * parent + _PARENT]
        in_array = nodes[_WORDS * array + _KIND] & _TYPE == _ITEMS
        return (array, nodes[_WORDS * parent + _NAME]) if in_array else None

    def _ordinals_in(self, parent: int) -> dict[int, int]:
        """Return the ordinals of an object's members that the table does not name: worked out once for all of them."""
        found = self._ordinals.get(parent)
        if found is None:
            nodes, names = self._nodes, self.names
            free = [child for child in self._children(parent) if not nodes[_WORDS * child + _KIND] & _PLACED]
            free.sort(key=lambda child: names[nodes[_WORDS * child + _NAME]])
            found = self._ordinals[parent] = {child: ordinal for ordinal, child in enumerate(free)}
        return found

    def _children(self, number: int) -> Iterator[int]:
        nodes = self._nodes
        child, after = number + 1, nodes[_WORDS * number + _AFTER]
        while child < after:
            yield child
            child = nodes[_WORDS * child + _AFTER]

    def _members(self, number: int) -> dict[str, Node]:
        names, nodes = self.names, self._nodes
        return {names[nodes[_WORDS * child + _NAME]]: self.node(child) for child in self._children(number)}

    def _items(self, number: int) -> list[Node]:
        return [self.node(child) for child in self._children(number)]
