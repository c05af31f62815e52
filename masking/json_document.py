"""Strict JSON with the place of every string: what the gateway reads is byte for byte what upstream will read.

A body that two parsers could read differently is refused: duplicate keys, a byte order mark, `NaN`, lone surrogates
(also spelled as escapes), trailing data, invalid UTF-8, nesting beyond a bound (RFC 8259 leaves all of these to the
implementation; python's own `json` accepts most of them). Everything outside replaced string tokens stays as it was
sent, number lexemes and whitespace included.

One expression per grammar position drives a loop without recursion. All repetition is possessive, so matching is linear
and keeps no backtracking state. The tree holds no object per number: neighbouring scalars of an array share one node,
and the number of other nodes is bounded.
"""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING, TypeAlias

import orjson

from masking.errors import JsonRefused

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_DEPTH = 64
MAX_NODES = 1_000_000
"""Strings, objects and arrays in one body: 32 bytes each in a body of 32 MB. A model's context is full long before."""

_DECODE_STEP = 1 << 20
_BOM = b"\xef\xbb\xbf"


class Scalars:
    """`count` neighbouring numbers or literals (`true`, `false`, `null`) of one array, or one that stands alone."""

    __slots__ = ("count", "end", "start")

    def __init__(self, start: int, end: int, count: int) -> None:
        self.start = start
        self.end = end
        self.count = count


class Members(dict[str, "Node"]):
    """A JSON object: decoded key to node, with the byte span of the whole object."""

    __slots__ = ("end", "start")

    start: int
    end: int


class Items(list["Node"]):
    """A JSON array; one `Scalars` node stands for a run of neighbouring scalars."""

    __slots__ = ("end", "start")

    start: int
    end: int


Text: TypeAlias = tuple[int, int]
"""The byte span of a string token, quotes included."""

Node: TypeAlias = Members | Items | Text | Scalars

_SPACE = r"[ \t\n\r]*+"
_STRING = r'"(?:[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*+"'
_SCALAR = r"(?:-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][+-]?[0-9]++)?+|true|false|null)"
_RUN = rf"{_SCALAR}(?:{_SPACE},{_SPACE}{_SCALAR})*+"
_OPEN = rf"(?P<open>[\[{{]){_SPACE}(?P<shut>[\]}}]?+)"


def _compiled(pattern: str) -> re.Pattern[bytes]:
    return re.compile(pattern.encode("ascii"))


_MEMBER = _compiled(
    rf"{_SPACE}(?P<key>{_STRING}){_SPACE}:{_SPACE}"
    rf"(?:{_OPEN}|(?:(?P<string>{_STRING})|(?P<scalar>{_SCALAR})){_SPACE}(?P<mark>[,}}]))"
)
_ITEM = _compiled(rf"{_SPACE}(?:{_OPEN}|(?:(?P<string>{_STRING})|(?P<scalar>{_RUN})){_SPACE}(?P<mark>[,\]]))")
_ROOT = _compiled(rf"{_SPACE}(?:{_OPEN}|(?P<string>{_STRING})|(?P<scalar>{_SCALAR}))")
_AFTER = _compiled(rf"{_SPACE}([,\]}}])")
_KEY = _compiled(rf"{_SPACE},?+{_SPACE}({_STRING}){_SPACE}:{_SPACE}")
_REST = _compiled(_SPACE)


def decode_token(token: bytes) -> str:
    """Return the text of a string token (with its quotes); raise JsonRefused for a lone surrogate."""
    if b"\\" not in token:
        return token[1:-1].decode()
    try:
        text: str = orjson.loads(token)
    except orjson.JSONDecodeError:
        raise JsonRefused("lone_surrogate", 0) from None
    return text


def encode_token(text: str) -> bytes:
    """Return `text` as a JSON string token in UTF-8, with the escapes JSON demands and no others."""
    return orjson.dumps(text)


class Document:
    """A parsed body: the bytes, the root node, and ways to read and replace single strings."""

    __slots__ = ("body", "root")

    def __init__(self, body: bytes, root: Node) -> None:
        self.body = body
        self.root = root

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
        position = members.start + 1
        for key, node in members.items():
            match = _KEY.match(self.body, position)
            if match is None:  # the object was parsed: its keys are there
                raise JsonRefused("syntax", position)
            yield key, match.span(1)
            position = node[1] if isinstance(node, tuple) else node.end

    def splice(self, replacements: Iterable[tuple[int, int, bytes]]) -> bytes:
        """Return the body with the given byte spans replaced; spans may come in any order but must not overlap."""
        parts: list[bytes] = []
        position = 0
        for start, end, token in sorted(replacements):
            if start < position:
                raise ValueError("overlapping replacements")
            parts.extend((self.body[position:start], token))
            position = end
        if not parts:
            return self.body
        parts.append(self.body[position:])
        return b"".join(parts)


def parse(body: bytes, *, max_depth: int = MAX_DEPTH, max_nodes: int = MAX_NODES) -> Document:
    """Read one JSON document; raise JsonRefused (a short constant reason and a byte offset) for anything doubtful."""
    if body.startswith(_BOM):
        raise JsonRefused("byte_order_mark", 0)
    _check_utf8(body)
    return Document(body, _Reader(body, max_depth, max_nodes).read())


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


class _Reader:
    """The loop over one body. `keys` remembers decoded keys, which repeat; `left` is how many nodes may still come."""

    __slots__ = ("body", "escapes", "keys", "left", "max_depth")

    def __init__(self, body: bytes, max_depth: int, max_nodes: int) -> None:
        self.body = body
        self.max_depth = max_depth
        self.left = max_nodes
        self.keys: dict[bytes, str] = {}
        self.escapes = b"\\u" in body

    def read(self) -> Node:
        body = self.body
        match = _ROOT.match(body)
        if match is None:
            raise JsonRefused("syntax", 0)
        end = match.end()
        root: Node
        if match["string"] is not None:
            root = self._string(*match.span("string"))
        elif match["scalar"] is not None:
            root = Scalars(*match.span("scalar"), 1)
        else:
            root, end = self._container(_opened(match), end, match["shut"])
        rest = _REST.match(body, end)
        if rest is None or rest.end() != len(body):
            raise JsonRefused("trailing_data", end)
        return root

    def _string(self, start: int, end: int) -> Text:
        # The expression checked every escape but the pairing of surrogates.
        if self.escapes and self.body.find(b"\\u", start, end) >= 0:
            try:
                decode_token(self.body[start:end])
            except JsonRefused as fault:
                raise JsonRefused(fault.reason, start) from None
        return start, end

    def _container(self, box: Members | Items, position: int, mark: bytes) -> tuple[Node, int]:
        """Read the container whose bracket was just matched; return it and the position after it.

        `mark` is what was read last: a closing bracket, a comma, or empty after an opening bracket.
        """
        stack: list[Members | Items] = []
        while True:
            if mark in _GOES_ON:
                self.left -= 1
                if self.left < 0:
                    raise JsonRefused("too_many_nodes", position)
                read = self._member(box, position) if isinstance(box, Members) else self._item(box, position)
                position, mark, inner = read
                if inner is not None:
                    stack.append(box)
                    if len(stack) >= self.max_depth:
                        raise JsonRefused("too_deep", position)
                    box = inner
                continue
            if mark != (b"}" if isinstance(box, Members) else b"]"):
                raise JsonRefused("syntax", position)
            box.end = position
            if not stack:
                return box, position
            box = stack.pop()
            match = _AFTER.match(self.body, position)
            if match is None:
                raise JsonRefused("syntax", position)
            position = match.end()
            mark = match[1]

    def _member(self, box: Members, position: int) -> _Read:
        match = _MEMBER.match(self.body, position)
        if match is None:
            raise JsonRefused("syntax", position)
        token = match["key"]
        key = self.keys.get(token)
        if key is None:
            self._string(*match.span("key"))
            key = self.keys[token] = decode_token(token)
        if key in box:
            raise JsonRefused("duplicate_key", match.start("key"))
        if match.lastgroup == "shut":
            inner = box[key] = _opened(match)
            return match.end(), match["shut"], inner
        start, end = match.span("string")
        box[key] = self._string(start, end) if start >= 0 else Scalars(*match.span("scalar"), 1)
        return match.end(), match["mark"], None

    def _item(self, box: Items, position: int) -> _Read:
        match = _ITEM.match(self.body, position)
        if match is None:
            raise JsonRefused("syntax", position)
        if match.lastgroup == "shut":
            inner = _opened(match)
            box.append(inner)
            return match.end(), match["shut"], inner
        start, end = match.span("string")
        if start >= 0:
            box.append(self._string(start, end))
        else:
            start, end = match.span("scalar")
            box.append(Scalars(start, end, self.body.count(b",", start, end) + 1))
        return match.end(), match["mark"], None


_GOES_ON = (b"", b",")
_Read: TypeAlias = tuple[int, bytes, Members | Items | None]
"""The position after a member or item, what ended it, and the container it opened."""


def _opened(match: re.Match[bytes]) -> Members | Items:
    box: Members | Items = Members() if match["open"] == b"{" else Items()
    box.start = match.start("open")
    return box
