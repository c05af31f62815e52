"""The reader of JSON in Python: one expression per grammar position drives a loop without recursion.

All repetition is possessive, so matching is linear and keeps no backtracking state. It reads small bodies, and all of
them where the native part was not built; `node_table` reads the others, with the same verdicts.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

from masking.errors import JsonRefused
from masking.nodes import Items, Members, Scalars
from masking.tokens import decode_token

if TYPE_CHECKING:
    from masking.nodes import Node, Text

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
_REST = _compiled(_SPACE)


class Reader:
    """The loop over one body. `keys` remembers decoded keys, which repeat; `left` is how many nodes may still come."""

    __slots__ = ("body", "escapes", "keys", "left", "max_depth")

    def __init__(self, body: bytes, max_depth: int, max_nodes: int) -> None:
        self.body = body
        self.max_depth = max_depth
        self.left = max_nodes
        self.keys: dict[bytes, str] = {}
        self.escapes = b"\\u" in body

    def read(self) -> Node:
        """Return the root; raise JsonRefused."""
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
        if key in box.held:
            raise JsonRefused("duplicate_key", match.start("key"))
        if match.lastgroup == "shut":
            inner = box.held[key] = _opened(match)
            return match.end(), match["shut"], inner
        start, end = match.span("string")
        box.held[key] = self._string(start, end) if start >= 0 else Scalars(*match.span("scalar"), 1)
        return match.end(), match["mark"], None

    def _item(self, box: Items, position: int) -> _Read:
        match = _ITEM.match(self.body, position)
        if match is None:
            raise JsonRefused("syntax", position)
        if match.lastgroup == "shut":
            inner = _opened(match)
            box.held.append(inner)
            return match.end(), match["shut"], inner
        start, end = match.span("string")
        if start >= 0:
            box.held.append(self._string(start, end))
        else:
            start, end = match.span("scalar")
            box.held.append(Scalars(start, end, self.body.count(b",", start, end) + 1))
        return match.end(), match["mark"], None


_GOES_ON = (b"", b",")
_Read: TypeAlias = tuple[int, bytes, Members | Items | None]
"""The position after a member or item, what ended it, and the container it opened."""


def _opened(match: re.Match[bytes]) -> Members | Items:
    start = match.start("open")
    return Members(start) if match["open"] == b"{" else Items(start)
