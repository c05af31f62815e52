"""The canonical form of a unit: equal for everything that means the same to the API, different for everything else.

It ignores `cache_control`, key order, escapes, number spelling (clients in JavaScript write `1.0` back as `1`), and
whether text came as a string or as a block. Of an assistant's text, thinking and tool calls only the essential fields
count, so that what a client echoes equals what the response carried: clients add and drop the others.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from masking.json_document import Items, Members, Scalars, encode_token

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from masking.json_document import Document, Node

_ESSENTIAL = {
    "text": ("text", "type"),
    "tool_use": ("id", "input", "name", "type"),
    "server_tool_use": ("id", "input", "name", "type"),
    "mcp_tool_use": ("id", "input", "name", "type"),
    "thinking": ("signature", "thinking", "type"),
    "redacted_thinking": ("data", "type"),
}
_CACHE = "cache_control"
_LEXEME = re.compile(rb"[^\s,]+")
_PLAIN_INTEGER = re.compile(rb"-?[0-9]{1,15}")
_EXACT = 1e21
"""Up to here ECMAScript writes an integral double without an exponent (ECMA-262, Number::toString)."""

_BATCH = 1024


def digest(document: Document, node: Node, kind: str, role: str, block: str) -> bytes:
    """Return the 32-byte digest of one unit: a tool, a system block, a content block, or text that stands for one."""
    state = hashlib.sha256(f"{kind}\0{role}\0".encode())
    write = _Writer(document, state.update)
    if isinstance(node, Members):
        echo = role == "assistant"
        keys = _ESSENTIAL.get(block) if echo else None
        write.block(node, keys or [key for key in sorted(node) if not (echo and _is_null(document, node[key]))])
    else:
        state.update(b'{"text":')
        write.node(node)
        state.update(b',"type":"text"}')
    return state.digest()


def canonical_json(document: Document, members: Members, skip: frozenset[str], without: dict[str, str]) -> bytes:
    """Return an object as canonical JSON without the keys in `skip`; `without` names one inner key to leave out."""
    fields: list[bytes] = []
    for key in sorted(members.keys() - skip):
        parts: list[bytes] = []
        write = _Writer(document, parts.append)
        node = members[key]
        if isinstance(node, Members) and key in without:
            write.members(node, sorted(node.keys() - {without[key]}))
        else:
            write.node(node)
        fields.append(encode_token(key) + b":" + b"".join(parts))
    return b"{" + b",".join(fields) + b"}"


def _is_null(document: Document, node: Node) -> bool:
    return isinstance(node, Scalars) and document.body[node.start] == ord("n")


class _Writer:
    """Writes nodes in canonical form to `update`, holding no more than one string at a time."""

    __slots__ = ("document", "update")

    def __init__(self, document: Document, update: Callable[[bytes], object]) -> None:
        self.document = document
        self.update = update

    def block(self, node: Node, keys: Iterable[str] | None = None) -> None:
        """Write a content block; `cache_control` is left out of it and of the blocks in its content."""
        if not isinstance(node, Members):
            self.node(node)
            return
        mark = b"{"
        for key in sorted(node) if keys is None else keys:
            if key not in node or key == _CACHE:
                continue
            self.update(mark + encode_token(key) + b":")
            mark = b","
            child = node[key]
            if key == "content" and isinstance(child, Items):
                self._list(child, self.block)
            elif key == "source":
                self.block(child)
            else:
                self.node(child)
        self.update(b"{}" if mark == b"{" else b"}")

    def node(self, node: Node) -> None:
        """Write any node."""
        if isinstance(node, tuple):
            token = self.document.body[node[0] : node[1]]
            self.update(encode_token(self.document.text(node)) if b"\\" in token else token)
        elif isinstance(node, Members):
            self.members(node, sorted(node))
        elif isinstance(node, Items):
            self._list(node, self.node)
        else:
            self._scalars(node)

    def _list(self, items: Items, write: Callable[[Node], None]) -> None:
        mark = b"["
        for child in items:
            self.update(mark)
            mark = b","
            write(child)
        self.update(b"]" if items else b"[]")

    def members(self, node: Members, keys: Iterable[str]) -> None:
        """Write an object with the given keys."""
        mark = b"{"
        for key in keys:
            self.update(mark + encode_token(key) + b":")
            mark = b","
            self.node(node[key])
        self.update(b"{}" if mark == b"{" else b"}")

    def _scalars(self, node: Scalars) -> None:
        batch: list[bytes] = []
        for match in _LEXEME.finditer(self.document.body, node.start, node.end):
            if len(batch) == _BATCH:
                self.update(b",".join(batch) + b",")
                batch.clear()
            batch.append(_scalar(match[0]))
        self.update(b",".join(batch))


def _scalar(lexeme: bytes) -> bytes:
    if _PLAIN_INTEGER.fullmatch(lexeme):
        return lexeme if lexeme != b"-0" else b"0"
    if lexeme[:1].isalpha():
        return lexeme
    number = float(lexeme)
    if not number.is_integer():  # infinities (1e999) are not integers either
        return lexeme if number in {float("inf"), float("-inf")} else repr(number).encode()
    return str(int(number)).encode() if abs(number) < _EXACT else repr(number).encode()
