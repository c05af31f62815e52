"""Transcripts of streamed responses, after claude-api.md 3.5 but with text of our own, and readers for both sides."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from masking.sse import SseReader

if TYPE_CHECKING:
    from collections.abc import Iterable


def event(kind: str, **fields: Any) -> bytes:
    """Return one event as upstream writes it."""
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields}, ensure_ascii=False)}\n\n".encode()


def start(**message: Any) -> bytes:
    usage = {"input_tokens": 412, "output_tokens": 1, "service_tier": "standard"}
    whole = {"id": "msg_01Fake", "type": "message", "role": "assistant", "model": "claude-sonnet-5-5", "content": []}
    return event(
        "message_start", message={**whole, "stop_reason": None, "stop_sequence": None, "usage": usage, **message}
    )


def opened(index: int, **block: Any) -> bytes:
    return event("content_block_start", index=index, content_block=block)


def delta(index: int, kind: str, **fields: Any) -> bytes:
    return event("content_block_delta", index=index, delta={"type": kind, **fields})


def closed(index: int) -> bytes:
    return event("content_block_stop", index=index)


def end(stop_reason: str = "end_turn", stop_sequence: str | None = None) -> bytes:
    ending = {"stop_reason": stop_reason, "stop_sequence": stop_sequence}
    return event("message_delta", delta=ending, usage={"output_tokens": 38}) + event("message_stop")


def text_block(index: int, *pieces: str) -> bytes:
    deltas = b"".join(delta(index, "text_delta", text=piece) for piece in pieces)
    return opened(index, type="text", text="") + deltas + closed(index)


def tool_block(index: int, *fragments: str) -> bytes:
    deltas = b"".join(delta(index, "input_json_delta", partial_json=fragment) for fragment in fragments)
    return (
        opened(index, type="tool_use", id=f"toolu_01Fake{index}", name="book_visit", input={}) + deltas + closed(index)
    )


PING = event("ping")

TEXT = (
    start()
    + opened(0, type="text", text="")
    + PING
    + b"".join(
        delta(0, "text_delta", text=piece)
        for piece in (
            "Report on Mar",
            "isol Fict",
            "ícia 🩺 (MRN 00",
            "12-3456), born 02/0",
            "3/1961: metformin twice a day.",
        )
    )
    + closed(0)
    + end()
)
TOOL = (
    start()
    + text_block(0, "I will book", " the follow-up.")
    + tool_block(
        1,
        "",
        '{"patient": "Mari',
        "sol Fict\\u00",
        'edcia", "mrn": "0012',
        '-3456", "note": "call patient \\u0041\\u0064a Loveless\\',
        "nDOB 02/03/1961 \\ud83e",
        '\\ude7a", "slots": [1, 2.50',
        '], "urgent": false}',
    )
    + end("tool_use")
)
THINKING = (
    start()
    + opened(0, type="thinking", thinking="", signature="")
    + delta(0, "thinking_delta", thinking="The chart names Orson Testman; ")
    + delta(0, "thinking_delta", thinking="check the A1c trend.", estimated_tokens=5)
    + delta(0, "signature_delta", signature="RmFrZVNpZ25hdHVyZQ==")
    + closed(0)
    + opened(1, type="redacted_thinking", data="T3BhcXVlRmFrZURhdGE=")
    + closed(1)
    + opened(2, type="text", text="", citations=[])
    + delta(
        2,
        "citations_delta",
        citation={
            "type": "char_location",
            "cited_text": "O. Testman A1c 8.1",
            "document_index": 0,
            "document_title": "Orson Testman labs",
            "file_id": None,
        },
    )
    + delta(2, "text_delta", text="A1c for Orson Test")
    + delta(2, "text_delta", text="man rose to 8.1%.")
    + closed(2)
    + end()
)
TRANSCRIPTS = {"text": TEXT, "tool": TOOL, "thinking": THINKING}


def events(data: bytes) -> list[dict[str, Any]]:
    """Return the events of a stream as a client reads them; every frame names its event, as clients demand."""
    reader = SseReader()
    found = reader.feed(data)
    assert reader.fault is None
    assert all(item.name.decode() == json.loads(item.data)["type"] for item in found)
    return [json.loads(item.data) for item in found]


def message(stream: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return the message that an SDK puts together from events."""
    whole: dict[str, Any] = {}
    fragments: dict[int, str] = {}
    for item in stream:
        kind = item["type"]
        if kind == "message_start":
            whole = item["message"]
        elif kind == "content_block_start":
            assert item["index"] == len(whole["content"])
            whole["content"].append(item["content_block"])
        elif kind == "content_block_delta":
            block, change = whole["content"][item["index"]], item["delta"]
            if change["type"] == "text_delta":
                block["text"] += change["text"]
            elif change["type"] == "input_json_delta":
                fragments[item["index"]] = fragments.get(item["index"], "") + change["partial_json"]
            elif change["type"] == "citations_delta":
                block["citations"].append(change["citation"])
            elif change["type"] == "thinking_delta":
                block["thinking"] += change["thinking"]
            elif change["type"] == "signature_delta":
                block["signature"] = change["signature"]
        elif kind == "content_block_stop" and fragments.get(item["index"]):
            whole["content"][item["index"]]["input"] = json.loads(fragments[item["index"]])
        elif kind == "message_delta":
            whole |= item["delta"]
    return whole
