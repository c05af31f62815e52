"""The canonical form of a unit: equal for everything that means the same to the API, different for everything else.

It ignores key order, escapes, number spelling (clients in JavaScript write `1.0` back as `1`), whether text came as a
string or as a block, and what says nothing: a `cache_control` of the API's own shape, known keys that are null, empty
`citations`, and the `caller` of a direct tool call. Everything else counts, for the assistant's units too: what is not
in the digest could be changed after somebody approved it.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from masking.json_document import Items, Members, Scalars, encode_token
from masking.places import CALLS, NESTED, UNIT_KEYS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from masking.json_document import Document, Node

_CACHE = "cache_control"
_CACHE_LIFETIMES = frozenset({"5m", "1h"})
_LEXEME = re.compile(rb"[^\s,]+")
_PLAIN_INTEGER = re.compile(rb"-?[0-9]{1,15}")
_NUMBER = re.compile(rb"(-?)([0-9]++)(?:\.([0-9]++))?+(?:[eE]([+-]?[0-9]++))?+")
_EXPONENT_DIGITS = 12
"""A number with a longer exponent keeps its spelling."""

_PLAIN_DIGITS = 21
"""Up to so many digits ECMAScript writes an integral number without an exponent (ECMA-262, Number::toString)."""

_BATCH = 1024


def digest(document: Document, node: Node, kind: str, role: str, block: str) -> bytes:
    """Return the 32-byte digest of one unit: a tool, a system block, a content block, or text that stands for one."""
    state = hashlib.sha256(f"{kind}\0{role}\0".encode())
    write = _Writer(document, state.update)
    if isinstance(node, Members):
        write.block(node, direct_call=block in CALLS)
    else:
        state.update(b'{"text":')
        write.node(node)
        state.update(b',"type":"text"}')
    return state.digest()


def canonical_json(document: Document, members: Members, skip: frozenset[str], without: dict[str, str]) -> bytes:
    """Return an object as canonical JSON without the keys in `skip`.

    `without` names one inner key of a member to leave out; a member that holds nothing else is left out with it.
    """
    fields: list[bytes] = []
    for key in sorted(members.keys() - skip):
        parts: list[bytes] = []
        write = _Writer(document, parts.append)
        node = members[key]
        if isinstance(node, Members) and key in without:
            inner = sorted(node.keys() - {without[key]})
            if not inner:
                continue
            write.members(node, inner)
        else:
            write.node(node)
        fields.append(encode_token(key) + b":" + b"".join(parts))
    return b"{" + b",".join(fields) + b"}"


def is_cache_mark(document: Document, node: Node) -> bool:
    """Return whether a `cache_control` has the API's own shape, in which it says nothing."""
    if not isinstance(node, Members) or not node.keys() <= {"type", "ttl"}:
        return False
    texts = {key: document.text(value) if isinstance(value, tuple) else "" for key, value in node.items()}
    return texts.get("type") == "ephemeral" and texts.get("ttl", "5m") in _CACHE_LIFETIMES


def is_null(document: Document, node: Node) -> bool:
    """Return whether a node is the literal `null` by itself."""
    return isinstance(node, Scalars) and document.raw(node) == b"null"


class _Writer:
    """Writes nodes in canonical form to `update`, holding no more than one string at a time."""

    __slots__ = ("document", "update")

    def __init__(self, document: Document, update: Callable[[bytes], object]) -> None:
        self.document = document
        self.update = update

    def block(self, node: Node, *, direct_call: bool = False) -> None:
        """Write a block, or a part of one, without what says nothing there and in the blocks it holds."""
        if not isinstance(node, Members):
            self.node(node)
            return
        mark = b"{"
        for key in sorted(node):
            child = node[key]
            if self._says_nothing(key, child) or (direct_call and key == "caller" and self._is_direct(child)):
                continue
            self.update(mark + encode_token(key) + b":")
            mark = b","
            if key not in NESTED:
                self.node(child)
            elif isinstance(child, Items):
                self._list(child, self.block)
            else:
                self.block(child)
        self.update(b"{}" if mark == b"{" else b"}")

    def _says_nothing(self, key: str, node: Node) -> bool:
        if key == _CACHE and is_cache_mark(self.document, node):
            return True
        if key == "citations" and isinstance(node, Items) and not node:
            return True
        return key in UNIT_KEYS and is_null(self.document, node)

    def _is_direct(self, node: Node) -> bool:
        if not isinstance(node, Members) or node.keys() != {"type"}:
            return False
        kind = node["type"]
        return isinstance(kind, tuple) and self.document.text(kind) == "direct"

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
    """Return one spelling for all lexemes of exactly the same number, and different ones for all others."""
    if _PLAIN_INTEGER.fullmatch(lexeme):
        return lexeme if lexeme != b"-0" else b"0"
    match = _NUMBER.fullmatch(lexeme)
    if match is None:
        return lexeme  # true, false, null
    sign, whole, fraction, power = match.groups(b"")
    if len(power) > _EXPONENT_DIGITS:
        return lexeme
    digits = (whole + fraction).lstrip(b"0")
    significant = digits.rstrip(b"0")
    if not significant:
        return b"0"
    exponent = int(power or b"0") - len(fraction) + len(digits) - len(significant)
    if exponent >= 0 and len(significant) + exponent <= _PLAIN_DIGITS:
        return sign + significant + b"0" * exponent
    return sign + significant + b"e%d" % exponent
