"""How a request is arranged: its units, the leaves of each, and the leaves beside them, in the order masking works in.

What is not a Messages request is refused here, so that later rooms meet only shapes whose every text they can find.
Where native code read the body it arranges it too (`native_plan`), with the same result.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, cast

from masking.canonical import digest
from masking.errors import BodyRefused
from masking.json_document import Items, Members
from masking.leaves import Walk, elements
from masking.native_plan import FoundPlace, NativePlan, label_of
from masking.places import ASSISTANT_BLOCK, BLOCK, TOOL
from masking.request_places import MESSAGE_FIELDS, REQUEST
from masking.shapes import TEXT, Treatment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from masking.json_document import Document, Node
    from masking.leaves import Leaf, Path
    from masking.shapes import Shape

ROLES = frozenset({"user", "assistant", "system"})
MESSAGE = frozenset({"role", "content"})
"""Keys of a plain message."""

UNITS = frozenset({"tools", "system", "messages"})
"""Keys of a request that hold its units."""

_UNINSPECTED = frozenset({Treatment.NEVER, Treatment.CIPHER, Treatment.OPAQUE, Treatment.SECRET})


class WalkedPlace(NamedTuple):
    """Where a unit stands in the document, and the leaves it holds; `text_bytes` counts inspected UTF-8 bytes."""

    kind: str
    role: str
    block: str
    node: Node
    leaves: Sequence[Leaf]
    media: Mapping[str, int]
    text_bytes: int = 0


Place: TypeAlias = WalkedPlace | FoundPlace


class Plan(NamedTuple):
    """Every leaf of a request in the order masking is causal in: units first, then what stands beside them."""

    document: Document
    top: Members
    units: Sequence[Place]
    rest: Sequence[Leaf]
    media: Mapping[str, int]
    opaque: list[Path | None]
    tool_changes: list[Members]
    rest_bytes: int
    native: NativePlan | None = None

    def messages(self) -> Iterator[tuple[int, Members]]:
        """Yield the messages that have more than role and content, with their indexes."""
        if self.native is not None and not self.native.more_messages:
            return
        for index, node in array_of(self.top, "messages"):
            message = object_of(node, "messages")
            if not message.keys() <= MESSAGE:
                yield index, message

    def digests(self) -> list[bytes]:
        """Return the digests of the units, in their order."""
        if self.native is not None:
            return self.native.digests()
        document = self.document
        return [digest(document, place.node, place.kind, place.role, place.block) for place in self.units]


def plan(document: Document) -> Plan:
    """Return the units and leaves of a request; raise BodyRefused where its frame is not a Messages request's."""
    if document.table is not None:
        found = NativePlan(document.table)
        top = cast("Members", document.root)
        media, opaque, changes = dict(found.media), found.opaque, found.tool_changes
        return Plan(document, top, found.units, found.rest, media, opaque, changes, found.rest_bytes, found)
    root = document.root
    if not isinstance(root, Members):
        raise BodyRefused("the body is not an object")
    top = root
    walk = Walk(document)
    units: list[WalkedPlace] = []
    for place, shape, path in _units(document, top):
        walk.label = label_of(place.kind, place.block)
        walk.leaves, walk.media = [], {}
        walk.visit(place.node, shape, path)
        text_bytes = _text_bytes(document, walk.leaves)
        units.append(place._replace(leaves=walk.leaves, media=walk.media, text_bytes=text_bytes))
    walk.leaves, walk.media = [], {}
    walk.label = "message"
    for index, message in array_of(top, "messages"):
        path = (None, f".messages[{index}]")
        walk.members(object_of(message, "messages"), MESSAGE_FIELDS, path, frozenset({"content"}))
    walk.label = "request"
    walk.members(top, REQUEST.known, None, UNITS)
    media = Counter(walk.media)
    for place in units:
        media.update(place.media)
    rest_bytes = _text_bytes(document, walk.leaves)
    return Plan(document, top, units, walk.leaves, dict(media), walk.opaque, walk.tool_changes, rest_bytes)


def assistant_place(document: Document, block: Node) -> WalkedPlace:
    """Return the place of one block of an assistant's turn, for a response that a caller will echo."""
    walk = Walk(document)
    walk.visit(block, ASSISTANT_BLOCK, None)
    kind = walk.type(block) if isinstance(block, Members) else ""
    return WalkedPlace("message", "assistant", kind, block, walk.leaves, walk.media)


def _units(document: Document, top: Members) -> Iterator[tuple[WalkedPlace, Shape, Path]]:
    for index, tool in array_of(top, "tools"):
        yield WalkedPlace("tool", "", "tool", object_of(tool, "tools"), [], {}), TOOL, (None, f".tools[{index}]")
    system = top.get("system")
    if isinstance(system, tuple):
        yield WalkedPlace("system", "system", "text", system, [], {}), TEXT, (None, ".system")
    else:
        for index, block in array_of(top, "system"):
            name = _type(document, object_of(block, "system"))
            yield WalkedPlace("system", "system", name, block, [], {}), BLOCK, (None, f".system[{index}]")
    if "messages" not in top:
        raise BodyRefused("messages: required")
    for index, item in array_of(top, "messages"):
        message = object_of(item, "messages")
        role = string_of(document, message, "role") or ""
        if role not in ROLES:
            raise BodyRefused("messages: role")
        path: Path = (None, f".messages[{index}].content")
        content = message.get("content")
        if isinstance(content, tuple):
            yield WalkedPlace("message", role, "text", content, [], {}), TEXT, path
        elif isinstance(content, Items):
            for number, block in elements(content):
                name = _type(document, object_of(block, "content"))
                shape = ASSISTANT_BLOCK if role == "assistant" else BLOCK
                yield WalkedPlace("message", role, name, block, [], {}), shape, (path, f"[{number}]")
        else:
            raise BodyRefused("messages: content")


def array_of(top: Members, key: str) -> Iterator[tuple[int, Node]]:
    """Return the elements of an array with their indexes, none if it is missing; raise BodyRefused for another type."""
    node = top.get(key)
    if node is None:
        return iter(())
    if not isinstance(node, Items):
        raise BodyRefused(f"{key}: type")
    return elements(node)


def object_of(node: Node | None, where: str) -> Members:
    """Return an object; raise BodyRefused, with where it should stand, for anything else."""
    if not isinstance(node, Members):
        raise BodyRefused(f"{where}: not an object")
    return node


def _type(document: Document, block: Members) -> str:
    kind = string_of(document, block, "type")
    if not kind:
        raise BodyRefused("content: type")
    return kind


def string_of(document: Document, members: Members, key: str) -> str | None:
    """Return the text of a member, None if it is no string or not there."""
    node = members.get(key)
    return document.text(node) if isinstance(node, tuple) else None


def _text_bytes(document: Document, leaves: Iterable[Leaf]) -> int:
    return sum(len(leaf.read(document).encode()) for leaf in leaves if leaf.treatment not in _UNINSPECTED)
