"""The nodes of a JSON document: objects, arrays, strings and numbers, with their places in the bytes.

An object or array reads what it holds when somebody looks at it: of a large body most is never looked at from Python.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, ItemsView, Iterator, KeysView, ValuesView


class Scalars:
    """`count` neighbouring numbers or literals (`true`, `false`, `null`) of one array, or one that stands alone."""

    __slots__ = ("count", "end", "start")

    def __init__(self, start: int, end: int, count: int) -> None:
        self.start = start
        self.end = end
        self.count = count


def _no_members(_number: int) -> dict[str, Node]:
    return {}


def _no_items(_number: int) -> list[Node]:
    return []


class Members(Mapping[str, "Node"]):
    """A JSON object: decoded key to node, with the byte span of the whole object.

    `number`: which node it is of a `node_table`, -1 of none.
    """

    __slots__ = ("__weakref__", "_held", "_look", "end", "number", "start")

    def __init__(
        self, start: int, end: int = 0, look: Callable[[int], dict[str, Node]] = _no_members, number: int = -1
    ) -> None:
        self.start = start
        self.end = end
        self.number = number
        self._look = look
        self._held: dict[str, Node] | None = None

    @property
    def held(self) -> dict[str, Node]:
        """What the object holds, in the order of the body."""
        if self._held is None:
            self._held = self._look(self.number)
        return self._held

    def __getitem__(self, key: str) -> Node:
        return self.held[key]

    def __contains__(self, key: object) -> bool:
        return key in self.held

    def __iter__(self) -> Iterator[str]:
        return iter(self.held)

    def __len__(self) -> int:
        return len(self.held)

    def keys(self) -> KeysView[str]:
        """Return the keys."""
        return self.held.keys()

    def values(self) -> ValuesView[Node]:
        """Return the nodes."""
        return self.held.values()

    def items(self) -> ItemsView[str, Node]:
        """Return the keys with their nodes."""
        return self.held.items()


class Items(Sequence["Node"]):
    """A JSON array; one `Scalars` node stands for a run of neighbouring scalars."""

    __slots__ = ("__weakref__", "_held", "_look", "end", "number", "start")

    def __init__(
        self, start: int, end: int = 0, look: Callable[[int], list[Node]] = _no_items, number: int = -1
    ) -> None:
        self.start = start
        self.end = end
        self.number = number
        self._look = look
        self._held: list[Node] | None = None

    @property
    def held(self) -> list[Node]:
        """What the array holds."""
        if self._held is None:
            self._held = self._look(self.number)
        return self._held

    def __getitem__(self, place: int | slice) -> Node:  # type: ignore[override]  # nobody asks for a slice
        return self.held[place]  # type: ignore[return-value]

    def __iter__(self) -> Iterator[Node]:
        return iter(self.held)

    def __len__(self) -> int:
        return len(self.held)


Text: TypeAlias = tuple[int, int]
"""The byte span of a string token, quotes included."""

Node: TypeAlias = Members | Items | Text | Scalars
