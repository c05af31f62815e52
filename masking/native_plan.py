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

_WORDS_OF_UNIT, _WORDS_OF_LEAF = 8, 6
_OPAQUE = struct.Struct("=3I")
_KINDS = ("tool", "system", "message")
_BLOCKS = ("tool", "text", "text")
_ROLES = {FIXED_WORDS.index("tools"): "", **{FIXED_WORDS.index(role): role for role in ("user", "assistant", "system")}}
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
_NOTHING: Mapping[str, int] = MappingProxyType({})


class Found(NamedTuple):
    """A table, and the numbers of all its leaves. A plan holds its places: none of them holds the plan."""

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
        leaves = memoryview(_taken(state.leaves, 4 * _WORDS_OF_LEAF * state.leaf_count)).cast("I")
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
        self.units = self._units(found, media)
        beside = FoundPlace(found, 0, "message", "", "", _NOTHING, 0, state.rest_at, state.request_at)
        above = FoundPlace(found, 0, "request", "", "", _NOTHING, 0, state.request_at, state.leaf_count)
        self.rest = [*Leaves(beside, "message"), *Leaves(above)]

    def digests(self) -> list[bytes]:
        """Return the digests of the units (`canonical.digest`)."""
        table, count = self.table, len(self.units)
        found: list[bytes] = []
        while len(found) < count:
            done = len(found)
            upto = self._library.document_canonical(table.handle, table.body, done, _CANONICAL_BYTES)
            if upto < 0:
                raise MemoryError
            forms = memoryview(_taken(table.state.out, table.state.out_length))
            ends = self._columns(done, upto)[-1]
            found.extend(sha256(forms[start:end]).digest() for start, end in pairwise((0, *ends)))
        return found

    def _units(self, found: Found, media: Mapping[int, Mapping[str, int]]) -> list[FoundPlace]:
        node, word, type_node, kind, role, last, text_bytes, _ = self._columns(0, self.table.state.unit_count)
        table, words = self.table, self.table.words
        blocks = [
            _BLOCKS[number] if name == NONE else words[known] if known != NONE else table.text(name)
            for number, name, known in zip(kind, type_node, word, strict=True)
        ]
        counts = [media.get(number, _NOTHING) for number in range(len(node))] if media else repeat(_NOTHING)
        kinds, roles = map(_KINDS.__getitem__, kind), map(_ROLES.__getitem__, role)
        columns = zip(repeat(found), node, kinds, roles, blocks, counts, text_bytes, (0, *last), last, strict=False)
        return list(map(partial(tuple.__new__, FoundPlace), columns))  # a third of the time of calling it

    def _columns(self, first: int, last: int) -> list[list[int]]:
        """Return what native code knows of some units: of all of them only once, for there may be very many."""
        place, size = self.table.state.units, 4 * _WORDS_OF_UNIT
        numbers = memoryview(_taken(place and place + size * first, size * (last - first))).cast("I").tolist()
        return [numbers[column::_WORDS_OF_UNIT] for column in range(_WORDS_OF_UNIT)]


def label_of(kind: str, block: str) -> str:
    """Return a unit's class of leaves; names that are not the API's own never become one."""
    if kind != "message":
        return kind
    return f"message.{block}" if block in ASSISTANT_BLOCK.variants else "unknown"


class Leaves(Sequence[Leaf]):
    """Some leaves of a table, made as they are taken: of most bodies few are ever masked."""

    __slots__ = ("_label", "_owners", "_place")

    def __init__(self, place: FoundPlace, label: str = "") -> None:
        self._place = place
        self._label = label
        self._owners: dict[int, Members] = {}  # held, so that each looks at its members once for all its leaves

    def __len__(self) -> int:
        return self._place.last - self._place.first

    @overload
    def __getitem__(self, place: int) -> Leaf: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Leaf]: ...
    def __getitem__(self, place: int | slice) -> Leaf | Sequence[Leaf]:
        if isinstance(place, slice):
            return [self[one] for one in range(*place.indices(len(self)))]
        if not -len(self) <= place < len(self):
            raise IndexError(place)
        at = self._place.first + place % len(self)
        return next(self._some(at, at + 1))

    def __iter__(self) -> Iterator[Leaf]:
        return self._some(self._place.first, self._place.last)

    def _some(self, first: int, last: int) -> Iterator[Leaf]:
        self._label = self._label or self._place.label
        part = self._place.found.leaves[_WORDS_OF_LEAF * first : _WORDS_OF_LEAF * last].tolist()
        return map(self._leaf, *(part[column::_WORDS_OF_LEAF] for column in range(_WORDS_OF_LEAF)))

    def _leaf(self, node: int, start: int, end: int, above: int, last: int, packed: int) -> Leaf:
        table = self._place.found.table
        treatment, label, memo, is_number = _UNPACKED[packed]
        if label is None:
            label = self._label
        path = NodePath(table, node)
        if last == NONE:
            return Leaf(treatment, (start, end), label, memo, path)
        names = table.names
        if label is _KEYS:
            owner = table.owner(node)
            self._owners[owner.number] = owner
            return Leaf(treatment, (start, end), label, memo, path, names[last], owner)
        keys = (names[last],) if above == NONE else (names[above], names[last])
        return Leaf(treatment, (start, end), label, memo, path, keys=keys, number=is_number)


class _Unpacked(dict[int, tuple[Treatment, str | None, str, bool]]):
    """What the last number of a leaf says, filled as it turns up: there are few different ones."""

    def __missing__(self, packed: int) -> tuple[Treatment, str | None, str, bool]:
        treatment, label, memo, is_ = packed.to_bytes(4, sys.byteorder)
        name = ("unknown", None, _KEYS)[label]
        said = self[packed] = (Treatment(treatment), name, MEMOS[memo], bool(is_ & _IS_NUMBER))
        return said


_UNPACKED = _Unpacked()


def _taken(place: int | None, size: int) -> bytes:
    return ctypes.string_at(place, size) if place and size else b""
