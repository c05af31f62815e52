"""Strict JSON with the place of every string: what the gateway reads is byte for byte what upstream will read.

A body that two parsers could read differently is refused: duplicate keys, a byte order mark, `NaN`, lone surrogates
(also spelled as escapes), trailing data, invalid UTF-8, nesting beyond a bound (RFC 8259 leaves all of these to the
implementation; python's own `json` accepts most of them). Everything outside replaced string tokens stays as it was
sent, number lexemes and whitespace included.

The tree holds no object per number: neighbouring scalars of an array share one node, and the number of other nodes is
bounded. Small bodies are read in Python (`json_reader`), others in native code (`node_table`), with equal verdicts.
"""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

from masking import native
from masking.errors import JsonRefused
from masking.json_reader import Reader
from masking.node_table import NodeTable
from masking.nodes import Items, Members, Node, Scalars, Text
from masking.tokens import decode_token, encode_token

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = [
    "MAX_DEPTH",
    "MAX_NODES",
    "Document",
    "Items",
    "Members",
    "Node",
    "Scalars",
    "Text",
    "decode_token",
    "encode_token",
    "parse",
]

MAX_DEPTH = 64
MAX_NODES = 1_000_000
"""Strings, objects and arrays in one body: 32 bytes each in a body of 32 MB. A model's context is full long before."""

SMALL = 2048
"""Bytes up to which a body is read sooner in Python than native code is asked."""

_DECODE_STEP = 1 << 20
_BOM = b"\xef\xbb\xbf"
_KEY = re.compile(rb'[ \t\n\r]*+,?+[ \t\n\r]*+("(?:[^"\\]++|\\.)*+")[ \t\n\r]*+:[ \t\n\r]*+')
"""A key of an object that was read, with what stands around it."""


class Document:
    """A parsed body: the bytes, the root node, and ways to read and replace single strings.

    `table` is set where native code read it.
    """

    __slots__ = ("body", "root", "table")

    def __init__(self, body: bytes, root: Node, table: NodeTable | None = None) -> None:
        self.body = body
        self.root = root
        self.table = table

    def text(self, span: Text) -> str:
        """Return the decoded text of a string token."""
        return decode_token(self.body[span[0] : span[1]])

    def raw(self, node: Node) -> bytes:
        """Return the bytes of a node as they were sent."""
        if isinstance(node, tuple):
            return self.body[node[0] : node[1]]
        return self.body[node.start : node.end]

    def key_spans(self, members: Members) -> Iterator[tuple[str, Text]]:
        """Yield each key with the span of its token, in the order of the body."""
        if self.table is not None and self.table.holds(members):
            yield from self.table.key_spans(members.number)
            return
        position = members.start + 1
        for key, node in members.items():
            match = _KEY.match(self.body, position)
            if match is None:  # the object was parsed: its keys are there
                raise JsonRefused("syntax", position)
            yield key, match.span(1)
            position = node[1] if isinstance(node, tuple) else node.end

    def splice(self, replacements: Iterable[tuple[int, int, bytes]]) -> bytes:
        """Return the body with the given byte spans replaced; spans may come in any order but must not overlap."""
        whole = memoryview(self.body)  # what stays is copied once
        parts: list[bytes | memoryview] = []
        position = 0
        for start, end, token in sorted(replacements):
            if start < position:
                raise ValueError("overlapping replacements")
            parts += (whole[position:start], token)
            position = end
        if not parts:
            return self.body
        parts.append(whole[position:])
        return b"".join(parts)


def parse(body: bytes, *, max_depth: int = MAX_DEPTH, max_nodes: int = MAX_NODES) -> Document:
    """Read one JSON document; raise JsonRefused (a short constant reason and a byte offset) for anything doubtful."""
    if body.startswith(_BOM):
        raise JsonRefused("byte_order_mark", 0)
    _check_utf8(body)
    if len(body) > SMALL and native.is_native():
        table = NodeTable(body, max_depth, max_nodes)
        return Document(body, table.node(0), table)
    return Document(body, Reader(body, max_depth, max_nodes).read())


def _check_utf8(body: bytes) -> None:
    """Refuse invalid UTF-8 (overlong forms and encoded surrogates too), holding one step of text at a time."""
    if body.isascii():
        return
    decoder = codecs.getincrementaldecoder("utf-8")()
    for start in range(0, len(body), _DECODE_STEP):
        try:
            decoder.decode(body[start : start + _DECODE_STEP], final=start + _DECODE_STEP >= len(body))
        except UnicodeDecodeError as fault:
            raise JsonRefused("utf8", start + fault.start) from None
