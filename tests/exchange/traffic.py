"""What callers and upstream send in transcripts, and what of it was released."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from authz.exchange import actions as act

if TYPE_CHECKING:
    from playbook import Playbook

CANARY = "987-65-4321".replace("9", "5", 1)
PROMPT = f"Summarise: SSN {CANARY}, thanks."


def request_body(text: str = PROMPT, *, stream: bool = False) -> bytes:
    return json.dumps(
        {
            "model": "claude-sonnet-5-5",
            "max_tokens": 64,
            "stream": stream,
            "messages": [{"role": "user", "content": text}],
        }
    ).encode()


def request_head(**changes: str) -> act.RequestHead:
    headers = {
        ":method": "POST",
        ":path": "/v1/messages",
        ":authority": "gateway",
        "content-type": "application/json",
        **changes,
    }
    return act.RequestHead(headers[":method"], headers[":path"], tuple(headers.items()), end=False)


def asked(body: bytes) -> list[act.Event]:
    return [request_head(), act.Chunk(body, False), act.Chunk(b"", True)]


def answered(text: str, status: int = 200, kind: str = "application/json") -> list[act.Event]:
    body = json.dumps(
        {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": "claude-sonnet-5-5",
            "content": [{"type": "text", "text": text}],
            "stop_reason": "end_turn",
            "stop_sequence": None,
            "usage": {"input_tokens": 1, "output_tokens": 1},
        }
    ).encode()
    head = act.ResponseHead(
        status,
        ((":status", str(status)), ("content-type", kind), ("set-cookie", "a=b"), ("request-id", "req_u")),
        False,
    )
    return [head, act.Chunk(body, False), act.Chunk(b"", True)]


def frame(kind: str, **fields: object) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()


def streamed(*texts: str, stop: bool = True) -> list[act.Event]:
    head = act.ResponseHead(200, ((":status", "200"), ("content-type", "text/event-stream")), False)
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [], "usage": {}}
    frames = [
        frame("message_start", message=message),
        frame("content_block_start", index=0, content_block={"type": "text", "text": ""}),
        frame("ping"),
        *(frame("content_block_delta", index=0, delta={"type": "text_delta", "text": text}) for text in texts),
        frame("content_block_stop", index=0),
        frame("message_delta", delta={"stop_reason": "end_turn", "stop_sequence": None}, usage={"output_tokens": 3}),
    ]
    if stop:
        frames.append(frame("message_stop"))
    return [head, *(act.Chunk(one, False) for one in frames), act.Chunk(b"", True)]


def released_text(play: Playbook) -> str:
    return b"".join(action.data for action in play.of(act.ReleaseResponse)).decode()
