"""What a request is, without its text: the facts that identity, policy and the conversation's digests are made from.

A request is a sequence of *units* in the order tools, system, messages, whatever the order of its bytes; a unit is one
tool, one system block or one content block (a string counts as one text block). What is not a Messages request is
refused here, so that later rooms meet only shapes whose every text they can find.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields, replace
from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple

from masking.arrangement import MESSAGE, UNITS, object_of, plan, string_of
from masking.canonical import canonical_json, is_cache_mark, is_null
from masking.errors import BodyRefused, JsonRefused
from masking.json_document import Items, Members, parse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from masking.arrangement import Place, Plan
    from masking.json_document import Document

BODY_LIMIT = 33_554_432
"""Largest request body in bytes (32 MB, the API's own limit for messages)."""

_DISPLAYS = frozenset({"summarized", "omitted", "updates"})
_TOOL_REFERENCES = frozenset({"tool_reference", "mcp_tool_reference", "mcp_toolset_reference", "tool_definition"})
"""What the `tool` of a tool_addition or tool_removal may be; any other type there is taken for a type of tool."""

_COUNT = re.compile(rb"[0-9]{1,12}")


class Unit(NamedTuple):
    """One tool, system block or content block.

    `canonical` is 32 bytes; `text_bytes` counts inspected UTF-8 bytes; `media` what cannot be inspected, by class.
    """

    kind: str
    role: str
    block: str
    canonical: bytes
    text_bytes: int
    media: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Outline:
    """The facts of a request, small enough to travel between processes and to wait for a person.

    `arranged`, the document in its order, is neither: it stays behind, and who waits lets go of it (`alone`).
    `media` counts content that cannot be inspected by class: image, pdf, url, file_id, container, mcp; as `text_bytes`,
    which is in UTF-8 bytes, it counts the units and what stands beside them. `tool_names` and `tool_types` begin with
    those of `tools`, in their order; tools that messages add or remove and the configured tools of MCP servers follow.
    `rest` is canonical JSON of the top level without tools, system, messages, `stream`, `metadata.user_id`,
    `thinking.display` and a plain `cache_control`: what else changes the question.
    """

    model: str
    stream: bool
    max_tokens: int
    tool_names: tuple[str, ...]
    tool_types: tuple[str, ...]
    media: Mapping[str, int]
    user_id: str | None
    has_thread: bool
    text_bytes: int
    units: tuple[Unit, ...]
    rest: bytes
    arranged: Plan | None = field(default=None, repr=False, compare=False)

    def alone(self) -> Outline:
        """Return the facts without the document."""
        return replace(self, arranged=None)

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return _without_plan, tuple(getattr(self, fact.name) for fact in fields(self) if fact.compare)


def _without_plan(*facts: object) -> Outline:
    return Outline(*facts)  # type: ignore[arg-type]


def outline(body: bytes, *, limit: int = BODY_LIMIT) -> Outline:
    """Return the facts of a request body; raise JsonRefused or BodyRefused when it is not one."""
    if len(body) > limit:
        raise JsonRefused("too_large", limit)
    document = parse(body)
    arranged = plan(document)
    top = arranged.top
    units = [
        Unit(place.kind, place.role, place.block, canonical, place.text_bytes, dict(place.media))
        for place, canonical in zip(arranged.units, arranged.digests(), strict=True)
    ]
    tool_names, tool_types = _tools(document, arranged)
    return Outline(
        model=string_of(document, top, "model") or _refuse("model"),
        stream=_flag(document, top, "stream"),
        max_tokens=_count(document, top, "max_tokens"),
        tool_names=tool_names,
        tool_types=tool_types,
        media=arranged.media,
        user_id=_user_id(document, top),
        has_thread="thread" in top and document.raw(top["thread"]) != b"null",
        text_bytes=sum(unit.text_bytes for unit in units) + arranged.rest_bytes,
        units=tuple(units),
        rest=_rest(arranged),
        arranged=arranged,
    )


def _tools(document: Document, arranged: Plan) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names and types of all tools that a request declares, adds, removes or configures."""
    declared = [place.node for place in takewhile(_is_tool, arranged.units)]
    more_names: list[str] = []
    more_types: list[str] = []
    for change in arranged.tool_changes:
        tool = object_of(change.get("tool"), "tool")
        kind = _named(document, tool, "type")
        if kind and kind not in _TOOL_REFERENCES:
            more_types.append(kind)
        if "name" in tool:
            more_names.append(_named(document, tool, "name"))
        if "definition" in tool:
            declared.append(tool["definition"])
    names: list[str] = []
    types: list[str] = []
    for node in declared:
        tool = object_of(node, "tools")
        names.append(_named(document, tool, "name"))
        types.append(_named(document, tool, "type") or "custom")
        if types[-1] == "mcp_toolset":
            more_names += _toolset_names(document, tool)
    return (*names, *more_names), (*types, *more_types)


def _is_tool(place: Place) -> bool:
    return place.kind == "tool"


def _toolset_names(document: Document, toolset: Members) -> list[str]:
    """Return the names of an MCP server's tools that a toolset configures or pins."""
    configs = toolset.get("configs")
    names = list(configs) if isinstance(configs, Members) else []
    pinned = toolset.get("tools")
    for tool in pinned if isinstance(pinned, Items) else ():
        names.append(_named(document, object_of(tool, "tools"), "name"))
    return names


def _named(document: Document, members: Members, key: str) -> str:
    """Return a string of a tool, empty if it has none: one of another type could be read otherwise upstream."""
    if key in members and not isinstance(members[key], tuple):
        raise BodyRefused(f"tools: {key}")
    return string_of(document, members, key) or ""


def _flag(document: Document, top: Members, key: str) -> bool:
    raw = document.raw(top[key]) if key in top else b"false"
    if raw not in {b"true", b"false"}:
        raise BodyRefused(f"{key}: not a boolean")
    return raw == b"true"


def _count(document: Document, top: Members, key: str) -> int:
    raw = document.raw(top[key]) if key in top else b"0"
    if not _COUNT.fullmatch(raw):
        raise BodyRefused(f"{key}: not a count")
    return int(raw)


def _refuse(where: str) -> str:
    raise BodyRefused(where)


def _user_id(document: Document, top: Members) -> str | None:
    metadata = top.get("metadata")
    if metadata is None or is_null(document, metadata):
        return None
    node = object_of(metadata, "metadata").get("user_id")
    if node is not None and not isinstance(node, tuple) and not is_null(document, node):
        raise BodyRefused("metadata: user_id")
    return string_of(document, object_of(metadata, "metadata"), "user_id")


def _rest(arranged: Plan) -> bytes:
    """Return canonical JSON of what stands beside the units, fields of single messages included."""
    document, top = arranged.document, arranged.top
    without = {"metadata": "user_id"}
    thinking = top.get("thinking")
    if isinstance(thinking, Members) and string_of(document, thinking, "display") in _DISPLAYS:
        without["thinking"] = "display"
    skip = UNITS | {"stream"} | _plain_cache_mark(document, top)
    parts = [canonical_json(document, top, skip, without)]
    for index, message in arranged.messages():
        skip = MESSAGE | _plain_cache_mark(document, message)
        if not message.keys() <= skip:
            parts.append(b"%d:" % index + canonical_json(document, message, skip, {}))
    return b"\n".join(parts)


def _plain_cache_mark(document: Document, holder: Members) -> frozenset[str]:
    node = holder.get("cache_control")
    plain = node is not None and (is_null(document, node) or is_cache_mark(document, node))
    return frozenset({"cache_control"}) if plain else frozenset()
