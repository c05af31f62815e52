"""A request as native code arranged it: its units and leaves, made for Python when they are asked for."""

from __future__ import annotations

import ctypes
import struct
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from hashlib import sha256
from itertools import pairwise, repeat
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, cast, overload

from masking import native
from masking.errors import BodyRefused
from masking.leaves import Leaf
from masking.node_table import NONE, NodePath
from masking.place_table import FIXED_WORDS, MEDIA, MEMOS
from masking.places import ASSISTANT_BLOCK
from masking.shapes import Treatment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from masking.leaves import Path
    from masking.node_table import NodeTable
    from masking.nodes import Members, Node

_WORDS_OF_UNIT = 8
_LEAVES_END = 5
_OPAQUE = struct.Struct("=3I")
_LEAF = struct.Struct("=6I")
_KINDS = ("tool", "system", "message")
_BLOCKS = ("tool", "text", "text")
_ROLES = {FIXED_WORDS.index("tools"): "", **{FIXED_WORDS.index(role): role for role in ("user", "assistant", "system")}}
_UNITS_AT_ONCE = 256
_CANONICAL_BYTES = 1 << 20
"""Of so many bytes canonical forms are hashed at once."""

_IS_NUMBER = 2
_KEYS = "keys"
_REFUSALS = dict(
    enumerate(
        (
            "the body is not an object",
            "tools: type",
            "tools: not an object",
            "system: type",
            "system: not an object",
            "messages: required",
            "messages: type",
            "messages: not an object",
            "messages: role",
            "messages: content",
            "content: not an object",
            "content: type",
        ),
        16,
    )
)
_LABELS = {block: f"message.{block}" for block in ASSISTANT_BLOCK.variants}
_NOTHING: Mapping[str, int] = MappingProxyType({})
_NO_MEDIA = repeat(_NOTHING)


class Found(NamedTuple):
    """A table, and all its leaves as native code keeps them: arranging a body again finds the same, and moves nothing.

    A plan holds its places: none of them holds the plan.
    """

    table: NodeTable
    leaves: memoryview


class FoundPlace(NamedTuple):
    """Where a unit stands, and its leaves, as `arrangement.Place`; they are made when they are asked for."""

    found: Found
    number: int
    kind: str
    role: str
    block: str
    media: Mapping[str, int]
    text_bytes: int
    first: int
    last: int

    @property
    def node(self) -> Node:
        """The node of the unit."""
        return self.found.table.node(self.number)

    @property
    def leaves(self) -> Sequence[Leaf]:
        """The leaves of the unit."""
        return Leaves(self)

    @property
    def label(self) -> str:
        """The class of the leaves in coverage."""
        return label_of(self.kind, self.block)


_new_place = partial(tuple.__new__, FoundPlace)  # a third of the time of calling it


class NativePlan:
    """The plan of a body. Raises BodyRefused (`arrangement.plan`).

    `media` counts what cannot be inspected in all units and beside them.
    """

    def __init__(self, table: NodeTable) -> None:
        if native.library is None:
            raise RuntimeError("the library was not built")
        self._library = native.library
        refused = self._library.document_plan(table.handle, table.body)
        if refused < 0:
            raise MemoryError
        if refused:
            raise BodyRefused(_REFUSALS[refused])
        self.table = table
        state = table.state
        self.rest_bytes: int = state.rest_bytes
        self.more_messages: int = state.more_messages
        leaves = native.looked_at(state.leaves, _LEAF.size * state.leaf_count)
        self.media: Counter[str] = Counter()
        self.opaque: list[Path | None] = []
        media: dict[int, Counter[str]] = {}
        for unit, kind, node in _OPAQUE.iter_unpack(_taken(state.opaque, _OPAQUE.size * state.opaque_count)):
            media.setdefault(unit, Counter())[MEDIA[kind]] += 1
            self.media[MEDIA[kind]] += 1
            self.opaque.append(NodePath(table, node))
        changes = memoryview(_taken(state.changes, 4 * state.change_count)).cast("I")
        self.tool_changes = [cast("Members", table.node(node)) for node in changes]
        found = Found(table, leaves)
        self.units = Units(found, native.looked_at(state.units, 4 * _WORDS_OF_UNIT * state.unit_count), media)
        self.rest = Leaves(FoundPlace(found, 0, "", "", "", _NOTHING, 0, state.rest_at, state.leaf_count))

    def digests(self) -> list[bytes]:
        """Return the digests of the units (`canonical.digest`)."""
        table, count, size = self.table, len(self.units), 4 * _WORDS_OF_UNIT
        found: list[bytes] = []
        while len(found) < count:
            done = len(found)
            upto = self._library.document_canonical(table.handle, table.body, done, _CANONICAL_BYTES)
            if upto < 0:
                raise MemoryError
            forms = memoryview(_taken(table.state.out, table.state.out_length))
            units = _taken(table.state.units + size * done, size * (upto - done))
            ends = memoryview(units).cast("I").tolist()[_WORDS_OF_UNIT - 1 :: _WORDS_OF_UNIT]
            found.extend(sha256(forms[start:end]).digest() for start, end in pairwise((0, *ends)))
        return found


def label_of(kind: str, block: str) -> str:
    """Return a unit's class of leaves; names that are not the API's own never become one."""
    return kind if kind != "message" else _LABELS.get(block, "unknown")


class Units(Sequence[FoundPlace]):
    """The units of a table, made as they are taken: there may be very many, and each is soon done with."""

    __slots__ = ("_found", "_media", "_numbers")

    def __init__(self, found: Found, units: memoryview, media: Mapping[int, Mapping[str, int]]) -> None:
        self._found = found
        self._numbers = units.cast("I")
        self._media = media

    def __len__(self) -> int:
        return len(self._numbers) // _WORDS_OF_UNIT

    @overload
    def __getitem__(self, place: int) -> FoundPlace: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[FoundPlace]: ...
    def __getitem__(self, place: int | slice) -> FoundPlace | Sequence[FoundPlace]:
        numbers = range(len(self))[place]
        if isinstance(numbers, range):
            return [self[one] for one in numbers]
        return next(self._some(numbers, numbers + 1))

    def __iter__(self) -> Iterator[FoundPlace]:
        for first in range(0, len(self), _UNITS_AT_ONCE):
            yield from self._some(first, min(first + _UNITS_AT_ONCE, len(self)))

    def _some(self, first: int, last: int) -> Iterator[FoundPlace]:
        at, size, table, words = _WORDS_OF_UNIT * first, _WORDS_OF_UNIT, self._found.table, self._found.table.words
        numbers = self._numbers[at : _WORDS_OF_UNIT * last]
        node, word, type_node, kind, role, end, text_bytes = (
            numbers[column::size].tolist() for column in range(size - 1)
        )
        begin = self._numbers[at - size + _LEAVES_END] if first else 0
        blocks = [
            _BLOCKS[number] if name == NONE else words[known] if known != NONE else table.text(name)
            for number, name, known in zip(kind, type_node, word, strict=True)
        ]
        media = [self._media.get(number, _NOTHING) for number in range(first, last)] if self._media else _NO_MEDIA
        kinds, roles = map(_KINDS.__getitem__, kind), map(_ROLES.__getitem__, role)
        found = repeat(self._found)
        columns = zip(found, node, kinds, roles, blocks, media, text_bytes, (begin, *end), end, strict=False)
        return map(_new_place, columns)


class Leaves(Sequence[Leaf]):
    """The leaves of a unit or beside all of them, made as they are taken: of most bodies few are ever masked."""

    __slots__ = ("_place",)

    def __init__(self, place: FoundPlace) -> None:
        self._place = place

    def __len__(self) -> int:
        return self._place.last - self._place.first

    @overload
    def __getitem__(self, place: int) -> Leaf: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Leaf]: ...
    def __getitem__(self, place: int | slice) -> Leaf | Sequence[Leaf]:
        if isinstance(place, slice):
            return [*self][place]
        at = range(self._place.first, self._place.last)[place]
        return next(self._some(at, at + 1))

    def __iter__(self) -> Iterator[Leaf]:
        return self._some(self._place.first, self._place.last)

    def _some(self, first: int, last: int) -> Iterator[Leaf]:
        table, leaves = self._place.found
        section = self._place.label
        names, new = table.names, tuple.__new__  # half the time of calling named tuples (measured)
        owners: dict[int, Members] = {}  # held, so that each looks at its members once for all its leaves
        size = _LEAF.size
        for node, start, end, outer, inner, packed in _LEAF.iter_unpack(leaves[size * first : size * last]):
            treatment, known, memo, is_number = _UNPACKED[packed]
            label = known or section
            path = new(NodePath, (table, node))
            if inner == NONE:
                yield new(Leaf, (treatment, (start, end), label, memo, path, None, None, (), False))
            elif known is _KEYS:
                number = table.parent(node)
                owner = owners.get(number)
                if owner is None:
                    owner = owners[number] = cast("Members", table.node(number))
                yield new(Leaf, (treatment, (start, end), label, memo, path, names[inner], owner, (), False))
            else:
                keys = (names[inner],) if outer == NONE else (names[outer], names[inner])
                yield new(Leaf, (treatment, (start, end), label, memo, path, None, None, keys, is_number))


class _Unpacked(dict[int, tuple[Treatment, str | None, str, bool]]):
    """What the last number of a leaf says, filled as it turns up: there are few different ones."""

    def __missing__(self, packed: int) -> tuple[Treatment, str | None, str, bool]:
        treatment, label, memo, is_ = packed.to_bytes(4, sys.byteorder)
        name = ("unknown", None, _KEYS, "message", "request")[label]
        said = self[packed] = (Treatment(treatment), name, MEMOS[memo], bool(is_ & _IS_NUMBER))
        return said


_UNPACKED = _Unpacked()


def _taken(place: int | None, size: int) -> bytes:
    return ctypes.string_at(place, size) if place and size else b""
