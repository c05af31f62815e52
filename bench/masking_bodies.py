"""Request bodies for timing, in three shapes: a chat, an agent with tools, and as many small strings as are allowed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from bench.masking_text import note, sentences

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_TOOL_BYTES = 20_000
"""Most bytes of tools in an agent's request."""

_PARAMETERS = {
    "path": ("string", "File to work on, as a path from the top of the project."),
    "pattern": ("string", "What to look for; a regular expression without flags."),
    "limit": ("integer", "Stop after this many results."),
    "recursive": ("boolean", "Whether folders inside are looked at too."),
    "command": ("string", "The command line to run, with its arguments."),
    "timeout_ms": ("integer", "Time after which the command is ended, in milliseconds."),
    "replacement": ("string", "Text that takes the place of what was found."),
}
_TOOLS = (
    "read_file",
    "write_file",
    "find_text",
    "list_folder",
    "run_command",
    "edit_lines",
    "ask_person",
    "fetch_page",
)


def _dump(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def _until(size: int, parts: Iterator[Any]) -> list[Any]:
    taken: list[Any] = []
    held = 0
    while held < size:
        taken.append(next(parts))
        held += len(_dump(taken[-1])) + 1
    return taken


def chat(size: int, *, density: float = 0.0, seed: int = 1) -> bytes:
    """Return a conversation of strings, a few hundred to two thousand characters a turn."""

    def turns() -> Iterator[dict[str, Any]]:
        turn = 0
        while True:
            text = note(300 + turn * 571 % 1700, density, seed * 100_003 + turn)
            yield {"role": ("user", "assistant")[turn % 2], "content": text}
            turn += 1

    return _dump({"model": "claude-bench", "max_tokens": 1024, "messages": _until(size, turns())})


def agent(size: int, *, density: float = 0.0, seed: int = 1) -> bytes:
    """Return a coding agent's request: tools with schemas, system blocks, tool calls and their results."""
    said = sentences(density, seed)

    def tools() -> Iterator[dict[str, Any]]:
        number = 0
        while True:
            properties = {name: {"type": kind, "description": text} for name, (kind, text) in _PARAMETERS.items()}
            yield {
                "name": f"{_TOOLS[number % len(_TOOLS)]}_{number}",
                "description": " ".join(next(said) for _ in range(6)),
                "input_schema": {"type": "object", "properties": properties, "required": ["path"]},
            }
            number += 1

    def turns() -> Iterator[dict[str, Any]]:
        number = 0
        while True:
            name = f"toolu_01{number:016d}"
            call = {"path": f"src/part_{number}/main.py", "limit": 40, "recursive": True, "pattern": "def [a-z]+"}
            yield {
                "role": "assistant",
                "content": [
                    {"type": "text", "text": next(said)},
                    {"type": "tool_use", "id": name, "name": "find_text_0", "input": call},
                ],
            }
            lines = "\n".join(f"{line}: value_{line} = compute({number}, step={line})" for line in range(12))
            result = {"type": "tool_result", "tool_use_id": name, "content": [{"type": "text", "text": lines}]}
            yield {"role": "user", "content": [result, {"type": "text", "text": next(said)}]}
            number += 1

    system = [{"type": "text", "text": note(size // 10, density, seed), "cache_control": {"type": "ephemeral"}}]
    return _dump(
        {
            "model": "claude-bench",
            "max_tokens": 32_000,
            "stream": True,
            "system": system,
            "tools": _until(min(_TOOL_BYTES, size // 2), tools()),
            "messages": [
                {"role": "user", "content": next(said)},
                *_until(size - size // 10 - min(_TOOL_BYTES, size // 2), turns()),
            ],
        }
    )


def dense(size: int, *, density: float = 0.0, seed: int = 1) -> bytes:
    """Return tool input made of short strings and numbers, near the bound on strings in one body."""
    said = sentences(density, seed)

    def rows() -> Iterator[dict[str, Any]]:
        number = 0
        while True:
            yield {"row": number, "state": "stable since the last visit", "note": next(said)}
            number += 1

    call = {"type": "tool_use", "id": "toolu_01", "name": "store", "input": {"rows": _until(size, rows())}}
    messages = [{"role": "user", "content": "Store these."}, {"role": "assistant", "content": [call]}]
    return _dump({"model": "claude-bench", "max_tokens": 5, "messages": messages})


SHAPES: dict[str, Callable[..., bytes]] = {"chat": chat, "agent": agent, "dense": dense}
