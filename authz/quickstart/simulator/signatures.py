r"""Signatures of thinking: bound to everything before them, verified without any state.

The *prefix* of a block is what the API compares before it accepts a thinking block again: `tools`, `system`, every
earlier message and every earlier block of the same turn. Here it is a running SHA-256 over the parts, in that order,
each as `role NUL type-and-values NUL`, where the values are JSON with sorted keys. So the prefix ignores JSON
formatting, `cache_control`, whether content is a string or one text block, and where one message ends and the next of
the same role begins; it also ignores Claude Code's `x-anthropic-billing-header` block at the start of `system`, which
the API strips. Anything else that is changed, added, removed or moved before a block changes it; appending does not.

A signature is base64 of a mark, HMAC(key, thinking text) and HMAC(key, prefix + the former), so that a changed text
(400 "Invalid `signature`") is told from a changed conversation (400 "… bound to a different conversation").
`redacted_thinking.data` is the same over an empty text.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import TYPE_CHECKING, Any, Literal

import orjson

from authz.quickstart.simulator.api_error import ApiError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from authz.quickstart.simulator.messages import Block, MessagesRequest

DEFAULT_KEY = b"phigate Claude simulator: thinking signatures, version 1"
_MARKS = {"thinking": b"simT1", "redacted_thinking": b"simR1"}
_MAC = hashlib.sha256().digest_size
_BILLING = "x-anthropic-billing-header:"
# What an assistant block is, when it comes back: clients drop or add empty fields around it.
_ESSENTIAL = {
    "text": ("text",),
    "tool_use": ("id", "name", "input"),
    "thinking": ("thinking", "signature"),
    "redacted_thinking": ("data",),
}


class Prefix:
    """The running digest of a conversation up to a block."""

    def __init__(self, key: bytes, request: MessagesRequest) -> None:
        """Start with the request's tools and system blocks; `extend` adds the messages' blocks."""
        self._key = key
        self._digest = hashlib.sha256()
        for tool in request.tools:
            self._add("tool", {name: value for name, value in tool.items() if name != "cache_control"})
        system: Sequence[Block] = request.system
        if system and str(system[0].get("text", "")).startswith(_BILLING):
            system = system[1:]
        for block in system:
            self.extend("instructions", block)

    def extend(self, role: str, block: Block) -> None:
        """Add the next block of a message with this role."""
        self._add(role, canonical(role, block))

    def sign(self, kind: Literal["thinking", "redacted_thinking"], thinking: str = "") -> str:
        """Return the signature of a thinking block that comes next, or the data of a redacted one."""
        return base64.b64encode(self._seal(kind, thinking)).decode()

    def check(self, block: Block, place: str) -> None:
        """Refuse a thinking block of the request, at `place`, that is not what was signed here. Raises `ApiError`."""
        kind = block["type"]
        field, text = ("signature", block["thinking"]) if kind == "thinking" else ("data", "")
        expected = self._seal(kind, text)
        try:
            given = base64.b64decode(block[field], validate=True)
        except (binascii.Error, ValueError):
            given = b""
        if hmac.compare_digest(given, expected):
            return
        ours = len(given) == len(expected) and hmac.compare_digest(given[:-_MAC], expected[:-_MAC])
        reason = " The block is bound to a different conversation." if ours else ""
        raise ApiError(400, f"{place}: Invalid `{field}` in `{kind}` block.{reason}")

    def _add(self, role: str, value: Any) -> None:
        self._digest.update(role.encode() + b"\0" + orjson.dumps(value, option=orjson.OPT_SORT_KEYS) + b"\0")

    def _seal(self, kind: str, text: str) -> bytes:
        mark = _MARKS[kind]
        of_text = hmac.digest(self._key, mark + text.encode(), "sha256")
        return mark + of_text + hmac.digest(self._key, mark + self._digest.digest() + of_text, "sha256")


def canonical(role: str, block: Block) -> dict[str, Any]:
    """Return what of a block counts: for the assistant's own blocks their essence, else all but `cache_control`."""
    kind = block["type"]
    if role == "assistant" and kind in _ESSENTIAL:
        essence = {name: block.get(name) for name in ("type", *_ESSENTIAL[kind])}
        if block.get("citations"):
            essence["citations"] = block["citations"]
        return essence
    plain = {name: value for name, value in block.items() if name != "cache_control"}
    content = plain.get("content")
    if kind == "tool_result" and isinstance(content, str):
        plain["content"] = [{"type": "text", "text": content}]
    elif isinstance(content, list):
        plain["content"] = [
            canonical(role, part) if isinstance(part, dict) and isinstance(part.get("type"), str) else part
            for part in content
        ]
    return plain


def verify(key: bytes, request: MessagesRequest) -> Prefix:
    """Check every thinking block of a request against what precedes it; return the prefix of the answer.

    Raises `ApiError` for the first block that does not fit, with its place in the request.
    """
    prefix = Prefix(key, request)
    for index, message in enumerate(request.messages):
        for place, block in enumerate(message.blocks):
            if block["type"] in _MARKS and message.role == "assistant":
                prefix.check(block, f"messages.{index}.content.{place}")
            prefix.extend(message.role, block)
    return prefix


def has_thinking(request: MessagesRequest) -> bool:
    """Tell whether there is anything to verify; most requests have nothing, and digesting 32 MB takes its time."""
    return any(
        block["type"] in _MARKS
        for message in request.messages
        if message.role == "assistant"
        for block in message.blocks
    )
