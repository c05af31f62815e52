"""What goes through: a 2 KB request with synthetic identifiers, a 2 KB answer, and a stream of text deltas.

A paced stream carries its sending time in its text, in letters that no recognizer takes for anything, so that whoever
receives the delta on this machine can say how long it was under way (CLOCK_MONOTONIC is one clock for all processes).
"""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PATH = "/v1/messages"
MODEL = "claude-bench"
PACED_MODEL = "claude-bench-paced"
DELTAS = 100
DELTA_EVENT = b"event: content_block_delta\n"

MARK = b"\x00" * 12
"""Where a token of twelve letters goes in a request: in the session's name or in the text."""

_LETTERS = "bcdfghjklmnpqrst"
_STAMP = re.compile(rb"zz([bcdfghjklmnpqrst]{12})zz")
_VALUE = {letter: value for value, letter in enumerate(_LETTERS.encode())}

_NOTE = (
    "Patient: Maribel Okonkwo, MRN: 00917264, DOB: 03/14/1957, SSN: 536-22-8145, phone (212) 555-0187, "
    "e-mail maribel.okonkwo@example.org. Seen on 11/02/2024 by Dr. Lindqvist. "
)
_PROSE = (
    "The patient reports less pain since the dose was changed and sleeps through most nights. "
    "Blood pressure was in range at every reading, and the wound is dry without redness. "
    "Walking is steady with one stick, and stairs are taken slowly with a hand on the rail. "
    "Please keep the current dose, repeat the blood count in two weeks and call if fever returns. "
)
_SIZE = 2048


def letters(number: int) -> str:
    """Return a number below 2**48 as twelve lower-case consonants: no name, no number, no word."""
    return "".join(_LETTERS[number >> shift & 15] for shift in range(44, -4, -4))


def now_us() -> int:
    """Return the clock that all processes of this machine share, in microseconds."""
    return time.monotonic_ns() // 1000


def stamp() -> str:
    """Return the present time as a word."""
    return f"zz{letters(now_us())}zz"


def stamps(data: bytes | bytearray, start: int = 0) -> Iterator[tuple[int, int]]:
    """Yield each stamp's time in microseconds and where it ends, from `start` on."""
    for match in _STAMP.finditer(data, start):
        value = 0
        for letter in match[1]:
            value = value << 4 | _VALUE[letter]
        yield value, match.end()


def _filled(lead: str, size: int) -> str:
    return (lead + _PROSE * (size // len(_PROSE) + 1))[:size]


def request_body(*, stream: bool, model: str = MODEL, fresh_text: bool = False) -> bytes:
    """Return a request of about 2 KB; with `fresh_text` it has a place for a token (`MARK`) in its text."""
    lead = _NOTE + (f"Reference {'x' * len(MARK)}. " if fresh_text else "")
    text = _filled(lead, _SIZE - 110)
    document = {
        "model": model,
        "max_tokens": 512,
        "stream": stream,
        "messages": [{"role": "user", "content": text}],
    }
    return json.dumps(document, separators=(",", ":")).encode().replace(b"x" * len(MARK), MARK)


def request_head(host: str, length: int, headers: Mapping[str, str]) -> bytes:
    """Return the head of a POST to `PATH` with a place for a token (`MARK`) in the session's name."""
    lines = [
        f"POST {PATH} HTTP/1.1",
        f"host: {host}",
        "content-type: application/json",
        f"content-length: {length}",
        "anthropic-version: 2023-06-01",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join(lines).encode() + b"\r\nx-phigate-session: bench-" + MARK + b"\r\n\r\n"


def _usage(output: int) -> dict[str, int]:
    return {"input_tokens": 520, "output_tokens": output}


def answer() -> bytes:
    """Return a message of about 2 KB without any identifier."""
    document = {
        "id": "msg_01benchbenchbenchbenchbe",
        "type": "message",
        "role": "assistant",
        "model": MODEL,
        "content": [{"type": "text", "text": _filled("", _SIZE - 260)}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": _usage(480),
    }
    return json.dumps(document, separators=(",", ":")).encode()


def frame(kind: str, **fields: object) -> bytes:
    """Return one server-sent event of the Messages API."""
    data = json.dumps({"type": kind, **fields}, separators=(",", ":"))
    return f"event: {kind}\ndata: {data}\n\n".encode()


def delta(text: str) -> bytes:
    """Return one text delta."""
    return frame("content_block_delta", index=0, delta={"type": "text_delta", "text": text})


def stream_start() -> bytes:
    """Return what stands before the first delta."""
    message: dict[str, object] = {
        "id": "msg_01benchbenchbenchbenchbe",
        "type": "message",
        "role": "assistant",
        "model": MODEL,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": _usage(1),
    }
    block = {"type": "text", "text": ""}
    return frame("message_start", message=message) + frame("content_block_start", index=0, content_block=block)


def stream_end() -> bytes:
    """Return what stands behind the last delta."""
    turn = {"stop_reason": "end_turn", "stop_sequence": None}
    stop = frame("content_block_stop", index=0)
    return stop + frame("message_delta", delta=turn, usage=_usage(480)) + frame("message_stop")


def deltas(count: int = DELTAS) -> list[bytes]:
    """Return deltas of about four words, as the API sends them."""
    words = _PROSE.split()
    pieces = (" ".join(words[(start + step) % len(words)] for step in range(4)) for start in range(0, 4 * count, 4))
    return [delta(piece + " ") for piece in pieces]
