"""Frames: a reply as server-sent events, each `event:` line, `data:` line of compact JSON, blank line.

The grammar is the API's: message_start, then for each block a start, its deltas and a stop, then message_delta and
message_stop, with one ping behind the first block start. An index is never left out.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import orjson

from authz.quickstart.simulator.reply import filler

if TYPE_CHECKING:
    from collections.abc import Iterator

    from authz.quickstart.simulator.messages import Block
    from authz.quickstart.simulator.reply import Reply

MESSAGE_STOP = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
_PING = b'event: ping\ndata: {"type":"ping"}\n\n'
_LATER = b'event: later_event\ndata: {"type":"later_event","note":"unknown"}\n\n'
_CACHED_SETS = 16


def frame(event: str, data: Block) -> bytes:
    """Return one event; `data` has the same `type` as the event."""
    return b"event: " + event.encode() + b"\ndata: " + orjson.dumps(data) + b"\n\n"


def _delta(index: int, delta: Block) -> bytes:
    return b'event: content_block_delta\ndata: {"type":"content_block_delta","index":%d,"delta":%b}\n\n' % (
        index,
        orjson.dumps(delta),
    )


@functools.lru_cache(maxsize=_CACHED_SETS)
def filler_frames(count: int, index: int) -> tuple[bytes, ...]:
    """Return the delta frames of `sim:deltas`, made once: a benchmark should measure the gateway, not this."""
    return tuple(_delta(index, {"type": "text_delta", "text": piece}) for piece in filler(count))


def frames(reply: Reply, *, unknown: bool = False) -> Iterator[bytes]:
    """Yield the frames of a reply; `unknown` adds an event of a type that nobody knows."""
    message: Block = {
        "id": reply.message_id,
        "type": "message",
        "role": "assistant",
        "model": reply.model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": reply.usage(output_tokens=1),
    }
    yield frame("message_start", {"type": "message_start", "message": message})
    if unknown:
        yield _LATER
    for index, block in enumerate(reply.blocks):
        start = {"type": "content_block_start", "index": index, "content_block": block.start}
        yield frame("content_block_start", start)
        if index == 0:
            yield _PING
        if block.filler:
            yield from filler_frames(block.filler, index)
        else:
            for delta in block.deltas:
                yield _delta(index, delta)
        yield frame("content_block_stop", {"type": "content_block_stop", "index": index})
    delta = {"stop_reason": reply.stop_reason, "stop_sequence": reply.stop_sequence}
    yield frame("message_delta", {"type": "message_delta", "delta": delta, "usage": reply.usage()})
    yield MESSAGE_STOP


def with_crlf(frame_bytes: bytes) -> bytes:
    """Return a frame as lawful but unusual SSE: CRLF, a comment, stray fields, no space behind `data:`."""
    lines = frame_bytes.rstrip(b"\n").replace(b"\ndata: ", b"\ndata:").split(b"\n")
    return b"\r\n".join([b": a comment", b"id: 7", b"stray: field", *lines, b"", b""])
