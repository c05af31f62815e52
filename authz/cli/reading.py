"""A masked request as a reviewer reads it: who says what, in order, as text. Pure.

What no person can read is named and not printed: base64, signatures, encrypted blocks. Tools are named, their
definitions left to `--json`, which has the request whole.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{400,}={0,2}")
"""Long enough that no word, path or id is taken for it."""
_UNREADABLE = frozenset({"signature", "encrypted_content", "encrypted_index", "encrypted_stdout"})
_SHOWN = frozenset({"model", "messages", "system", "tools"})
_INDENT = "  "


def readable(text: str) -> str:
    """Return the request as lines to read; what is no JSON object comes back as it is."""
    try:
        body = json.loads(text)
    except ValueError:
        return text
    if not isinstance(body, dict):
        return text
    return "\n\n".join(section for section in _sections(body) if section)


def _sections(body: dict[str, Any]) -> Iterator[str]:
    others = {key: _without_base64(value) for key, value in body.items() if key not in _SHOWN}
    if others:
        yield "\n".join(f"{key}: {_compact(value)}" for key, value in sorted(others.items()))
    tools = body.get("tools")
    if tools and isinstance(tools, list):
        names = [str(tool.get("name") or tool.get("type")) if isinstance(tool, dict) else "?" for tool in tools]
        yield f"tools (their definitions: --json): {', '.join(names)}"
    if body.get("system"):
        yield _said("system", body["system"])
    messages = body.get("messages")
    for message in messages if isinstance(messages, list) else []:
        if isinstance(message, dict):
            yield _said(str(message.get("role")), message.get("content"))


def _said(role: str, content: Any) -> str:
    lines = [f"{_INDENT}{line}" for block in _blocks(content) for line in block.split("\n")]
    return "\n".join([f"{role}:", *lines])


def _blocks(content: Any) -> Iterator[str]:
    if isinstance(content, list):
        for block in content:
            yield _block(block) if isinstance(block, dict) else _compact(block)
    else:
        yield content if isinstance(content, str) else _compact(content)


def _block(block: dict[str, Any]) -> str:
    kind = str(block.get("type"))
    if kind == "text" and isinstance(block.get("text"), str):
        return str(block["text"])
    if kind == "thinking" and isinstance(block.get("thinking"), str):
        return f"[thinking] {block['thinking']}"
    if kind == "redacted_thinking":
        return "[redacted_thinking: not readable]"
    if kind in {"tool_use", "server_tool_use"}:
        return f"[{kind} {block.get('name')}] {_compact(_without_base64(block.get('input')))}"
    if kind.endswith("tool_result"):
        content = block.get("content", "")
        return "\n".join([f"[{kind}]", *_blocks(content if isinstance(content, list) else _without_base64(content))])
    if kind in {"image", "document"}:
        return _medium(kind, block)
    return f"[{kind}] {_compact(_without_base64({key: block[key] for key in block if key != 'type'}))}"


def _medium(kind: str, block: dict[str, Any]) -> str:
    source = block.get("source")
    source = source if isinstance(source, dict) else {}
    words = [str(block[key]) for key in ("title", "context") if block.get(key)]
    if source.get("type") == "base64":
        size = len(str(source.get("data", ""))) * 3 // 4
        return "\n".join([f"[{kind}, {source.get('media_type')}, {size} bytes: not shown]", *words])
    if source.get("type") == "text":
        return "\n".join([f"[{kind}]", *words, str(source.get("data", ""))])
    if source.get("type") == "content":
        return "\n".join([f"[{kind}]", *words, *_blocks(source.get("content"))])
    return "\n".join([f"[{kind}] {_compact(_without_base64(source))}", *words])


def _without_base64(value: Any) -> Any:
    """Return a value with what nobody can read replaced by its length."""
    if isinstance(value, dict):
        return {
            key: f"({len(each)} characters, not readable)"
            if key in _UNREADABLE and isinstance(each, str)
            else _without_base64(each)
            for key, each in value.items()
        }
    if isinstance(value, list):
        return [_without_base64(each) for each in value]
    if isinstance(value, str) and _BASE64.fullmatch(value):
        return f"({len(value)} characters of base64)"
    return value


def _compact(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
