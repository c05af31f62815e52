"""The leaves of a document: every string, with the place it stands at, in an order that the bytes cannot change.

Known fields come in the order of the table, other keys sorted, elements in theirs. The order is what masking is causal
in: the masked form of a leaf may depend on the leaves before it and on nothing else.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from masking.canonical import is_cache_mark
from masking.json_document import Items, Members, Scalars
from masking.node_table import NodePath
from masking.places import SCHEMA_FIELDS, SCHEMA_NAMED
from masking.shapes import (
    SCAN,
    UNKNOWN,
    ByType,
    CacheMark,
    Each,
    Fields,
    Forms,
    Here,
    Schema,
    Shape,
    Treatment,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from collections.abc import Set as AbstractSet

    from masking.json_document import Document, Node, Text

Path = tuple["Path | None", str] | NodePath
"""A path as a chain of steps, or as a node of a table; rendered only when someone asks."""


class Leaf(NamedTuple):
    """One string. `label` is its class in coverage; `kind` its kind of memo; `key` is set for an object's key.

    For a key `owner` is the object; with an empty `span` it is located when it has to be rewritten. `keys` are those
    above a value in JSON of the caller's own, outermost first. A `number` is no string: a long one beside a key.
    """

    treatment: Treatment
    span: Text
    label: str
    kind: str
    path: Path | None
    key: str | None = None
    owner: Members | None = None
    keys: tuple[str, ...] = ()
    number: bool = False

    def read(self, document: Document) -> str:
        """Return the text of the string."""
        if self.number:
            return document.body[slice(*self.span)].decode("ascii")
        return document.text(self.span) if self.key is None else self.key

    @property
    def memo_kind(self) -> str:
        """Under which kind the echo of this string is remembered."""
        return self.kind if self.key is None else KEY_KIND


WORDS = re.compile(
    r"[a-z][a-z0-9_.:/+-]{0,127}"  # enum values, models, media types
    r"|[a-z]{2,16}_[A-Za-z0-9_-]{4,128}"  # msg_..., toolu_..., file_...
    r"|[0-9]{1,3}[a-z]"  # 5m, 1h
    r"|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"|"
)
"""Shapes of the API's own words and ids; a string at a `WORD` place with any other shape is scanned."""

_SEALED = frozenset({Treatment.NEVER, Treatment.SECRET})
"""Treatments under which keys are not inspected either."""

_SIGNED = frozenset({Treatment.SEALED, Treatment.CIPHER})
"""Treatments under which keys are as signed as values."""

_TOOL_CHANGES = frozenset({"tool_addition", "tool_removal"})

KEY_KIND = "key"
"""The kind of memo of an object's key."""

_SHORTEST_NUMBER = 5
_DIGITS = frozenset(b"123456789")

NOWHERE: Text = (0, 0)
_KEYS_LABEL = "keys"
_UNKNOWN_LABEL = "unknown"


def render(path: Path | None) -> str:
    """Return a path as the caller may see it: `messages[3].content[0].input.#2`. Keys of others are ordinals."""
    steps: list[str] = []
    while path is not None:
        if isinstance(path, NodePath):
            steps += path.table.steps(path.number)
            break
        path, step = path
        steps.append(step)
    return "".join(reversed(steps)).removeprefix(".")


class KeySpans:
    """Finds the spans of keys, which are located together for a whole object and only when one is asked for."""

    __slots__ = ("_document", "_found")

    def __init__(self, document: Document) -> None:
        self._document = document
        self._found: dict[int, dict[str, Text]] = {}

    def of(self, leaf: Leaf) -> Text:
        """Return where the string of a leaf stands, whether it is a key or not."""
        if leaf.key is None or leaf.owner is None or leaf.span != NOWHERE:
            return leaf.span
        spans = self._found.get(leaf.owner.start)
        if spans is None:
            spans = self._found[leaf.owner.start] = dict(self._document.key_spans(leaf.owner))
        return spans[leaf.key]


class Walk:
    """Collects the leaves of one document, part by part.

    It also counts content that cannot be inspected (`media`, with its `opaque` places), and gathers the blocks that
    add or remove tools, wherever they stand (`tool_changes`).
    """

    __slots__ = ("document", "label", "leaves", "media", "opaque", "tool_changes")

    def __init__(self, document: Document) -> None:
        self.document = document
        self.leaves: list[Leaf] = []
        self.media: dict[str, int] = {}
        self.opaque: list[Path | None] = []
        self.tool_changes: list[Members] = []
        self.label = _UNKNOWN_LABEL

    def visit(self, node: Node, shape: Shape, path: Path | None) -> None:
        """Collect the leaves of `node`, which should have `shape`; where it has not, they are unknown."""
        if isinstance(node, Scalars):
            return
        if isinstance(shape, Here):
            self._all(node, shape, path)
        elif isinstance(shape, Forms):
            self.visit(node, _form(node, shape), path)
        elif isinstance(shape, ByType) and isinstance(node, Members):
            variant = shape.variants.get(kind := self.type(node), UNKNOWN)
            if kind in _TOOL_CHANGES and variant is not UNKNOWN:  # what is unknown is gathered in `_all`
                self.tool_changes.append(node)
            self.visit(node, variant, path)
        elif isinstance(shape, CacheMark):
            if not is_cache_mark(self.document, node):
                self._all(node, UNKNOWN, path)
        elif isinstance(shape, Fields) and isinstance(node, Members):
            if shape.media is not None:
                self.media[shape.media] = self.media.get(shape.media, 0) + 1
                self.opaque.append(path)
            self.members(node, shape.known, path)
        elif isinstance(shape, Each) and isinstance(node, Items):
            for index, child in elements(node):
                self.visit(child, shape.element, (path, f"[{index}]"))
        elif isinstance(shape, Schema):
            self._schema(node, path)
        else:
            self._all(node, UNKNOWN, path)

    def members(
        self, node: Members, known: Mapping[str, Shape], path: Path | None, skip: frozenset[str] = frozenset()
    ) -> None:
        """Collect the members of an object, except the keys in `skip`: those their caller walks itself."""
        for key, shape in known.items():
            if key in node:
                self.visit(node[key], shape, (path, f".{key}"))
        if not node.keys() <= known.keys():
            self._outside(node, known.keys() | skip, UNKNOWN, path)

    def type(self, node: Members) -> str:
        """Return the `type` of an object, empty if it has none."""
        value = node.get("type")
        return self.document.text(value) if isinstance(value, tuple) else ""

    def _outside(
        self, node: Members, known: AbstractSet[str], shape: Here, path: Path | None, keys: tuple[str, ...] = ()
    ) -> None:
        """Collect keys that the API's schema does not name, and what stands under them."""
        for ordinal, key in enumerate(sorted(node.keys() - known)):
            step = (path, f".#{ordinal}")
            self.leaves.append(Leaf(Treatment.KEY, NOWHERE, _KEYS_LABEL, shape.kind, step, key, node))
            child = node[key]
            above = (*keys[-1:], key)
            if isinstance(child, Scalars):
                self._number(child, shape, step, above)
            else:
                self._all(child, shape, step, above)

    def _number(self, node: Scalars, shape: Here, path: Path | None, keys: tuple[str, ...]) -> None:
        """Collect a number that is long enough to be somebody's, whose key may tell."""
        if node.end - node.start >= _SHORTEST_NUMBER and self.document.body[node.start] in _DIGITS:
            label = _UNKNOWN_LABEL if shape.treatment is Treatment.UNKNOWN else self.label
            self.leaves.append(
                Leaf(shape.treatment, (node.start, node.end), label, shape.kind, path, keys=keys, number=True)
            )

    def _all(self, node: Node, shape: Here, path: Path | None, keys: tuple[str, ...] = ()) -> None:
        """Collect every string at and below a node under one treatment."""
        if isinstance(node, tuple):
            label = _UNKNOWN_LABEL if shape.treatment is Treatment.UNKNOWN else self.label
            self.leaves.append(Leaf(shape.treatment, node, label, shape.kind, path, keys=keys))
        elif isinstance(node, Members):
            if shape.treatment in _SEALED:
                for ordinal, key in enumerate(sorted(node)):
                    self._all(node[key], shape, (path, f".#{ordinal}"))
                return
            if shape.treatment is not Treatment.LEAVES and self.type(node) in _TOOL_CHANGES:
                self.tool_changes.append(node)
            if shape.treatment in _SIGNED:
                for ordinal, key in enumerate(sorted(node)):
                    step = (path, f".#{ordinal}")
                    self.leaves.append(Leaf(Treatment.SEALED, NOWHERE, _KEYS_LABEL, shape.kind, step, key, node))
                    self._all(node[key], shape, step)
            else:
                self._outside(node, frozenset(), shape, path, keys)
        elif isinstance(node, Items):
            for index, child in elements(node):
                if not isinstance(child, Scalars):
                    self._all(child, shape, (path, f"[{index}]"), keys)

    def _schema(self, node: Node, path: Path | None) -> None:
        """Collect a JSON Schema: its descriptions are text; names, constants and patterns must stay."""
        if isinstance(node, Items):
            for index, child in elements(node):
                self._schema(child, (path, f"[{index}]"))
        elif isinstance(node, tuple):
            self._all(node, SCAN, path)
        elif isinstance(node, Members):
            self.members(node, SCHEMA_FIELDS, path, SCHEMA_NAMED)
            for key in sorted(SCHEMA_NAMED & node.keys()):
                self._named_schemas(node[key], (path, f".{key}"))

    def _named_schemas(self, node: Node, path: Path) -> None:
        if not isinstance(node, Members):
            self._all(node, UNKNOWN, path)
            return
        for ordinal, name in enumerate(sorted(node)):
            step = (path, f".#{ordinal}")
            self.leaves.append(Leaf(Treatment.KEY, NOWHERE, _KEYS_LABEL, "other", step, name, node))
            self._schema(node[name], step)


def _form(node: Node, shape: Forms) -> Shape:
    if isinstance(node, tuple):
        return shape.text
    return shape.items if isinstance(node, Items) else shape.members


def elements(node: Items) -> Iterator[tuple[int, Node]]:
    """Yield the elements of an array with their indexes; a run of scalars comes as one node at its first index."""
    index = 0
    for child in node:
        yield index, child
        index += child.count if isinstance(child, Scalars) else 1
