"""Directives: the `sim:` words of a prompt, read into a script.

The words are listed in the package docstring. Reading is strict: an unknown word or a wrong argument raises `ApiError`
400, because a script that is misread silently makes a test prove nothing.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from authz.quickstart.simulator.api_error import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable

_WORD = re.compile(r"(?<![\w/:.-])sim:([a-z_]+)")
_CALL = re.compile(r"[ \t]+([A-Za-z0-9_-]{1,128})[ \t]*")
_DURATION = re.compile(r"([0-9]{1,7})(ms|s)", re.ASCII)
_LOWEST_ERROR, _HIGHEST_STATUS = 400, 599
_MOST_DELTAS = 1_000_000
_DECODER = json.JSONDecoder()
_SPELLED = re.compile(r"(?:[g-v]{2})+")
_DIGITS, _LETTERS = "0123456789abcdef", "ghijklmnopqrstuv"


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call: its name, and its input as spelled in the prompt (a JSON object)."""

    name: str
    spelled_input: str


@dataclass(frozen=True, slots=True)
class Script:
    """What the directives of one prompt ask for. Durations are in seconds; 0 and None mean not asked for."""

    say: str | None = None
    deltas: int = 0
    tools: tuple[Call, ...] = ()
    agent: tuple[Call, ...] = ()
    thinking: str | None = None
    redacted: bool = False
    citations: bool = False
    unknown: bool = False
    pieces: int = 0
    slow: float = 0
    wait: float = 0
    chunk: int = 0
    crlf: bool = False
    headers: bool = False
    html: bool = False
    gzip: bool = False
    raw: bytes | None = None
    error: tuple[int, str] | None = None
    error_first: int = 0
    error_stream: str = ""
    ending: str = ""


DEFAULT = Script()
_FLAGS = frozenset({"redacted", "citations", "unknown", "crlf", "headers", "html", "gzip"})
_ENDINGS = frozenset({"max_tokens", "cut", "reset", "hang"})
_COUNTS = {"deltas": _MOST_DELTAS, "pieces": _MOST_DELTAS, "chunk": _MOST_DELTAS}
_DURATIONS = frozenset({"slow", "wait"})


def read_script(prompt: str) -> Script:
    """Return the script in a prompt. Raises `ApiError` for a directive that cannot be read."""
    if "sim:" not in prompt:
        return DEFAULT
    script = DEFAULT
    position = 0
    while match := _WORD.search(prompt, position):
        name = match[1]
        if name in {"tool", "agent"}:
            call, position = _read_call(prompt, match.end(), name)
            script = (
                replace(script, tools=(*script.tools, call))
                if name == "tool"
                else replace(script, agent=(*script.agent, call))
            )
            continue
        argument, position = _read_argument(prompt, match.end())
        script = _apply(script, name, argument)
    return script


def _read_call(prompt: str, start: int, word: str) -> tuple[Call, int]:
    named = _CALL.match(prompt, start)
    if named is None:
        raise _unreadable(word, "NAME and a JSON object")
    try:
        value, end = _DECODER.raw_decode(prompt, named.end())
    except (json.JSONDecodeError, RecursionError):
        raise _unreadable(word, "NAME and a JSON object") from None
    if not isinstance(value, dict):
        raise _unreadable(word, "NAME and a JSON object")
    return Call(named[1], prompt[named.end() : end]), end


def _read_argument(prompt: str, start: int) -> tuple[str, int]:
    """Return the text behind a directive, up to the next one or the end of the line."""
    line_end = prompt.find("\n", start)
    following = _WORD.search(prompt, start)
    ends = [len(prompt), *([line_end] if line_end >= 0 else []), *([following.start()] if following else [])]
    return prompt[start : min(ends)].strip(), min(ends)


def _apply(script: Script, name: str, argument: str) -> Script:
    if name in _FLAGS:
        return replace(script, **{name: True})  # type: ignore[arg-type]
    if name in _ENDINGS:
        return replace(script, ending=name)
    if name in _COUNTS:
        return replace(script, **{name: _count(name, argument)})  # type: ignore[arg-type]
    if name in _DURATIONS:
        return replace(script, **{name: _duration(name, argument)})  # type: ignore[arg-type]
    rest: dict[str, Callable[[], Script]] = {
        "echo": lambda: script,
        "say": lambda: replace(script, say=argument),
        "thinking": lambda: replace(script, thinking=argument),
        "raw": lambda: replace(script, raw=_bytes(argument)),
        "error": lambda: replace(script, error=_error(name, argument)),
        "error_first": lambda: replace(script, error_first=_error(name, argument)[0]),
        "error_stream": lambda: replace(script, error_stream=_stream_error(argument)),
    }
    if name not in rest:
        raise ApiError(400, f"simulator: there is no directive sim:{name}")
    return rest[name]()


def _count(name: str, argument: str) -> int:
    first = argument.split(" ", maxsplit=1)[0]
    if not (first.isascii() and first.isdecimal() and 0 < int(first) <= _COUNTS[name]):
        raise _unreadable(name, f"a whole number from 1 to {_COUNTS[name]}")
    return int(first)


def _duration(name: str, argument: str) -> float:
    match = _DURATION.fullmatch(argument.split(" ", maxsplit=1)[0])
    if match is None:
        raise _unreadable(name, "a duration such as 50ms or 2s")
    return int(match[1]) / (1000 if match[2] == "ms" else 1)


def _error(name: str, argument: str) -> tuple[int, str]:
    status, _, text = argument.partition(" ")
    if not (status.isascii() and status.isdecimal() and _LOWEST_ERROR <= int(status) <= _HIGHEST_STATUS):
        raise _unreadable(name, f"a status from {_LOWEST_ERROR} to {_HIGHEST_STATUS}")
    return int(status), text or f"Simulated error {status}."


def _stream_error(argument: str) -> str:
    """Return the error type named first, if the first word is one."""
    first = argument.split(" ", maxsplit=1)[0]
    return first if first.endswith("_error") else "overloaded_error"


def spell(data: bytes) -> str:
    """Return the argument of `sim:raw` for these bytes: two letters from `g` to `v` for each, the upper half first.

    That is no encoding anybody uses, so that a gateway which reads encodings cannot know what the answer will say.
    """
    return data.hex().translate(str.maketrans(_DIGITS, _LETTERS))


def _bytes(argument: str) -> bytes:
    if not _SPELLED.fullmatch(argument):
        raise _unreadable("raw", "letters from g to v, two for each byte")
    return bytes.fromhex(argument.translate(str.maketrans(_LETTERS, _DIGITS)))


def _unreadable(name: str, wanted: str) -> ApiError:
    return ApiError(400, f"simulator: sim:{name} needs {wanted}")
