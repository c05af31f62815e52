"""Reading a Messages request, refusing what the API refuses in the ways that clients and gateways meet.

Lenient where the API is strict about values that nothing here depends on (thinking budgets, betas, unknown keys). Error
texts name a place and a rule and quote nothing but tool ids and the model, as the API does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from authz.quickstart.simulator.api_error import ApiError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Block = dict[str, Any]
NEWEST_VERSION = "2026-10-21"
VERSIONS = frozenset({"2023-06-01", NEWEST_VERSION})
ROLES = ("user", "assistant", "system")
_TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")
_SAMPLING = ("temperature", "top_p", "top_k")


@dataclass(frozen=True, slots=True)
class Message:
    """One message; string content is one text block, as the API has it."""

    role: str
    blocks: Sequence[Block]


@dataclass(frozen=True, slots=True)
class MessagesRequest:
    """A request that passed the checks. `size` is the body's length in bytes, from which tokens are estimated."""

    model: str
    stream: bool
    max_tokens: int
    tools: Sequence[Block]
    system: Sequence[Block]
    messages: Sequence[Message]
    thinking: Mapping[str, Any]
    stop_sequences: Sequence[str]
    size: int

    @property
    def tool_names(self) -> frozenset[str]:
        """The names of the tools on offer."""
        return frozenset(tool["name"] for tool in self.tools if isinstance(tool.get("name"), str))


def read(body: bytes, *, version: str, known_models: frozenset[str], counting: bool = False) -> MessagesRequest:
    """Return the request in `body`. `counting` is for count_tokens, which needs no `max_tokens`. Raises `ApiError`."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise ApiError(400, "The request body is not valid JSON.") from None
    _need(isinstance(document, dict), "The request body must be a JSON object.")
    model = _field(document, "model", str)
    max_tokens = 1 if counting else _field(document, "max_tokens", int)
    _need(max_tokens >= 0, "max_tokens: Input should be greater than or equal to 0")
    stream = _optional(document, "stream", default=False)
    _need(isinstance(stream, bool), "stream: Input should be a valid boolean")
    _need("thread" not in document, "thread: Message threads are not supported by this simulator")
    if version == NEWEST_VERSION:
        for name in _SAMPLING:
            _need(name not in document, f"{name}: not supported with anthropic-version {NEWEST_VERSION}")
    messages = tuple(_messages(_field(document, "messages", list)))
    _check_tool_results(messages)
    tools = _optional(document, "tools", [])
    _check_tools(tools)
    thinking = _optional(document, "thinking", {})
    _need(isinstance(thinking, dict), "thinking: Input should be an object")
    stops = _optional(document, "stop_sequences", [])
    good = isinstance(stops, list) and all(isinstance(stop, str) and stop for stop in stops)
    _need(good, "stop_sequences: Input should be a list of non-empty strings")
    system = _blocks(_optional(document, "system", []), "system")
    if not (model.startswith("claude-") or model in known_models):
        raise ApiError(404, f"model: {model}")
    return MessagesRequest(model, stream, max_tokens, tools, system, messages, thinking, stops, len(body))


def _need(condition: bool, message: str) -> None:  # noqa: FBT001
    if not condition:
        raise ApiError(400, message)


def _field(document: dict[str, Any], name: str, kind: type) -> Any:
    if name not in document:
        raise ApiError(400, f"{name}: Field required")
    value = document[name]
    names = {str: "string", int: "integer", list: "list"}
    _need(isinstance(value, kind) and not isinstance(value, bool), f"{name}: Input should be a valid {names[kind]}")
    return value


def _optional(document: dict[str, Any], name: str, default: Any) -> Any:
    """Return a field that may be absent or null."""
    value = document.get(name)
    return default if value is None else value


def _messages(items: list[Any]) -> Iterator[Message]:
    _need(bool(items), "messages: at least one message is required")
    last = len(items) - 1
    for index, item in enumerate(items):
        _need(isinstance(item, dict), f"messages.{index}: Input should be an object")
        role = item.get("role")
        _need(role in ROLES, f"messages.{index}.role: Input should be 'user', 'assistant' or 'system'")
        _need("content" in item, f"messages.{index}.content: Field required")
        blocks = _blocks(item["content"], f"messages.{index}.content")
        if not blocks and not (index == last and role == "assistant"):
            raise ApiError(
                400,
                f"messages.{index}: all messages must have non-empty content except for the optional final assistant"
                " message",
            )
        yield Message(role, blocks)


def _blocks(content: Any, place: str) -> Sequence[Block]:
    if isinstance(content, str):
        return ({"type": "text", "text": content},) if content else ()
    _need(isinstance(content, list), f"{place}: Input should be a valid string or list")
    for index, block in enumerate(content):
        here = f"{place}.{index}"
        _need(isinstance(block, dict) and isinstance(block.get("type"), str), f"{here}.type: Field required")
        match block["type"]:
            case "text":
                _need(isinstance(block.get("text"), str), f"{here}.text.text: Field required")
                _need(block["text"] != "", f"{here}: text content blocks must be non-empty")
            case "tool_use":
                _need(_named(block, "id") and _named(block, "name"), f"{here}.tool_use: id and name are required")
                _need(isinstance(block.get("input"), dict), f"{here}.tool_use.input: Input should be an object")
            case "tool_result":
                _need(_named(block, "tool_use_id"), f"{here}.tool_result.tool_use_id: Field required")
            case "thinking":
                good = isinstance(block.get("thinking"), str) and isinstance(block.get("signature"), str)
                _need(good, f"{here}.thinking: thinking and signature are required")
            case "redacted_thinking":
                _need(isinstance(block.get("data"), str), f"{here}.redacted_thinking.data: Field required")
            case _:
                pass
    return content  # type: ignore[no-any-return]


def _named(block: Block, key: str) -> bool:
    return isinstance(block.get(key), str) and bool(block[key])


def _check_tools(tools: Any) -> None:
    _need(isinstance(tools, list), "tools: Input should be a valid list")
    for index, tool in enumerate(tools):
        _need(isinstance(tool, dict), f"tools.{index}: Input should be an object")
        if tool.get("type", "custom") == "custom":
            name = tool.get("name")
            good = isinstance(name, str) and _TOOL_NAME.fullmatch(name) is not None
            _need(good, f"tools.{index}.custom.name: String should match pattern '^[a-zA-Z0-9_-]{{1,128}}$'")


def _check_tool_results(messages: Sequence[Message]) -> None:
    """Each tool_use has its tool_result in the user turn right after it, and no tool_result stands alone."""
    waiting: dict[str, int] = {}
    answered: set[str] = set()
    for index, message in enumerate(messages):
        if message.role == "assistant":
            _need_answers(waiting, answered)
        for place, block in enumerate(message.blocks):
            if message.role == "assistant" and block["type"] == "tool_use":
                waiting[block["id"]] = index
            elif message.role == "user" and block["type"] == "tool_result":
                name = block["tool_use_id"]
                if name not in waiting:
                    raise ApiError(
                        400,
                        f"messages.{index}.content.{place}: unexpected `tool_use_id` found in `tool_result` blocks:"
                        f" {name}. Each `tool_result` block must have a corresponding `tool_use` block in the previous"
                        " message.",
                    )
                answered.add(name)
    # A request may end with the assistant's own call only when it is a prefill; the API refuses that too.
    _need_answers(waiting, answered)


def _need_answers(waiting: dict[str, int], answered: set[str]) -> None:
    for name, index in waiting.items():
        if name not in answered:
            raise ApiError(
                400,
                f"messages.{index}: `tool_use` ids were found without `tool_result` blocks immediately after: {name}."
                " Each `tool_use` block must have a corresponding `tool_result` block in the next message.",
            )
    waiting.clear()
    answered.clear()
