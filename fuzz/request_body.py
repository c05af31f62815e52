"""Request bodies: a canary in any leaf never goes upstream, and nothing but masked leaves changes.

Bodies are built from the API's own keys and block types in any order and nesting, also where they do not belong.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from fuzz.choices import Choices
from fuzz.vocabulary import KEY, planted, shipped, words
from masking.errors import BodyRefused, JsonRefused
from masking.request import mask_request, outline

if TYPE_CHECKING:
    from collections.abc import Iterator

    from masking.request import MaskedRequest

_KEYS = (
    *("text", "content", "input", "source", "data", "note", "title", "context", "citations", "cited_text", "name"),
    *("description", "input_schema", "properties", "enum", "tool_use_id", "id", "stdout", "lines", "signature"),
    *("thinking", "url", "media_type", "file_id", "encrypted_content", "document_title", "tool", "definition"),
    *("cache_control", "caller", "error_code", "tabs", "tool_references", "type", "is_error", "retrieved_at"),
)
_TYPES = (
    *("text", "zz", "image", "document", "search_result", "tool_use", "tool_result", "thinking", "redacted_thinking"),
    *("compaction", "server_tool_use", "web_search_tool_result", "web_fetch_tool_result", "mcp_tool_use", "base64"),
    *("bash_code_execution_tool_result", "text_editor_code_execution_tool_result", "tool_reference", "tool_addition"),
    *("content", "url", "file", "char_location", "browser_state", "container_upload", "fallback", "custom"),
)
_TOP = (
    *("system", "tools", "metadata", "stop_sequences", "tool_choice", "thinking", "output_config", "output_format"),
    *("mcp_servers", "container", "context_management", "service_tier", "thread", "fallbacks", "cache_control"),
    *("zz_field", "user_id", "compaction", "diagnostics", "temperature"),
)
_BESIDE = ("clear_at", "output_config", "zz_field")
_DEPTH = 4
_MOST = 4
_UNITS = frozenset(range(4096))


def check(data: bytes) -> None:
    """Mask a body built from these decisions; it may be refused or blocked, or the canary is gone."""
    choices = Choices(data)
    escaped = choices.flag()
    profile = shipped().profile(choices.pick(("standard", "safe-harbor", "restore")))
    text, canary = planted(choices)
    chosen = choices.number(65_535)
    request = _request(choices)
    leaves = _leaves(request)
    box, key = leaves[chosen % len(leaves)]
    box[key] = canary if choices.flag() else text
    body = json.dumps(request, ensure_ascii=escaped).encode()
    try:
        masked = mask_request(body, shipped(), profile, KEY, new_units=_UNITS)
        media = outline(body).media
    except (JsonRefused, BodyRefused):
        return
    _same_shape(request, json.loads(masked.body))
    if not masked.blocked and not media:  # either of them is not sent without a person
        assert canary not in json.dumps(json.loads(masked.body), ensure_ascii=False), "a canary went upstream"
        assert masked.findings, "a finding was not counted"
    _causal(request, masked, profile.name)


def seeds() -> Iterator[bytes]:
    """Yield decisions that lead to conversations of different shapes."""
    for step in range(8):
        yield bytes((step * 37 + place * (step + 3)) % 256 for place in range(160))


def _request(choices: Choices) -> dict[str, Any]:
    request: dict[str, Any] = {"model": "claude-fuzz", "max_tokens": 5}
    for _ in range(choices.number(_MOST)):
        key = choices.pick(_TOP)
        value = _value(choices, _DEPTH)
        request[key] = {"user_id": words(choices, 4)} if key == "metadata" else value
    if choices.flag():
        request["tools"] = [_block(choices, _DEPTH) for _ in range(1 + choices.number(1))]
    messages = []
    for _ in range(1 + choices.number(_MOST)):
        message = {"role": choices.pick(("user", "assistant", "system")), "content": _content(choices)}
        if choices.number(7) == 1:
            message[choices.pick(_BESIDE)] = _value(choices, 2)
        messages.append(message)
    return {**request, "messages": messages}


def _content(choices: Choices) -> Any:
    if choices.flag():
        return words(choices, 6)
    return [_block(choices, _DEPTH) for _ in range(1 + choices.number(_MOST - 1))]


def _block(choices: Choices, depth: int) -> dict[str, Any]:
    block: dict[str, Any] = {"type": choices.pick(_TYPES)}
    for _ in range(1 + choices.number(_MOST - 1)):
        block[choices.pick(_KEYS)] = _value(choices, depth - 1)
    return block


def _value(choices: Choices, depth: int) -> Any:
    kind = choices.number(7 if depth > 0 else 3)
    if kind == 3:
        return choices.pick((None, True, 1, -2.5, {}, []))
    if kind < 4:
        return words(choices, 4)
    if kind < 6:
        return _block(choices, depth)
    if kind == 6:
        return [_value(choices, depth - 1) for _ in range(choices.number(_MOST))]
    return {words(choices, 2): _value(choices, depth - 1) for _ in range(choices.number(_MOST))}


def _leaves(value: Any) -> list[tuple[Any, Any]]:
    """Return the place of every string that is text to somebody; roles and types decide the shape and stay."""
    found: list[tuple[Any, Any]] = []
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        if isinstance(inner, str) and key not in {"role", "type", "model"}:
            found.append((value, key))
        else:
            found.extend(_leaves(inner))
    return found or ([(value, "zz_field")] if isinstance(value, dict) and "messages" in value else [])


def _same_shape(before: Any, after: Any) -> None:
    """Assert that masking changed strings and keys only."""
    assert type(before) is type(after), "another type"
    if isinstance(before, dict):
        assert len(before) == len(after), "another number of members"
        for one, other in zip(before.values(), after.values(), strict=True):
            _same_shape(one, other)
    elif isinstance(before, list):
        assert len(before) == len(after), "another number of elements"
        for one, other in zip(before, after, strict=True):
            _same_shape(one, other)
    elif not isinstance(before, str):
        assert before == after, "another number"


def _causal(request: dict[str, Any], whole: MaskedRequest, profile: str) -> None:
    """Assert that the turns before the last mask the same without it."""
    shorter = {**request, "messages": request["messages"][:-1]}
    if not shorter["messages"]:
        return
    body = json.dumps(shorter).encode()
    prefix = mask_request(body, shipped(), shipped().profile(profile), KEY, new_units=_UNITS)
    earlier = [message["content"] for message in json.loads(prefix.body)["messages"]]
    later = [message["content"] for message in json.loads(whole.body)["messages"]]
    assert later[: len(earlier)] == earlier, "an earlier turn changed"
