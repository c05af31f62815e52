"""Streams that are cut, broken or out of order: what leaves then, and how they end."""

from __future__ import annotations

from typing import Any

import pytest
from carriage_masked import PHI, masked_stream, masked_transcript, masker_of, pour
from carriage_streams import (
    PING,
    TEXT,
    TOOL,
    closed,
    delta,
    event,
    events,
    opened,
    start,
    text_block,
)

from masking.errors import StreamRefused
from masking.stream_blocks import INPUT_LIMIT

BROKEN: dict[str, Any] = {
    "not JSON": b"data: nope\n\n",
    "duplicate keys": b'data: {"type":"ping","type":"error"}\n\n',
    "not an object": b"data: []\n\n",
    "no type": b'data: {"a":1}\n\n',
    "type that is no word": b'data: {"type":"a\\nb"}\n\n',
    "bad UTF-8": b'data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"12\xff3-45-6789"}}\n\n',
    "lone surrogate": b'data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"\\ud800"}}\n\n',
    "delta of another block": delta(1, "text_delta", text="x"),
    "delta without index": event("content_block_delta", delta={"type": "text_delta", "text": "x"}),
    "delta without type": event("content_block_delta", index=0, delta={"text": "x"}),
    "delta without text": delta(0, "text_delta"),
    "text of the wrong type": delta(0, "text_delta", text=[1]),
    "stop of another block": closed(3),
    "message_stop inside a block": event("message_stop"),
    "block that is no object": closed(0) + event("content_block_start", index=1, content_block="x"),
    "block out of order": closed(0) + opened(2, type="text", text=""),
}
CUT = {
    "no message_stop": TEXT[: TEXT.index(b"event: message_stop")],
    "mid text": TEXT[: TEXT.index(b"3/1961")],
    "mid frame": TEXT[: TEXT.index(b"isol")],
    "last blank line missing": TEXT[:-1],
    "headers only": b"",
    "mid tool input": TOOL[: TOOL.index(b"edcia")],
    "mid escape": TOOL[: TOOL.index(b"u00") + 2],
}


@pytest.mark.parametrize("data", CUT.values(), ids=CUT.keys())
def test_a_cut_stream_is_not_complete(data: bytes) -> None:
    """A stream without `message_stop` ends in an error event; what was held back is never released (S10)."""
    masker = masker_of()
    released = b"".join(item.caller for item in masker.feed(data))
    last = masker.finish()
    assert not last.complete
    assert not masker.complete
    (tail,) = last.emissions
    assert events(tail.caller)[0]["error"]["details"] == {"error_code": "upstream_truncated"}
    assert not any(phi.encode() in released for phi in PHI)


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_stream_is_refused(data: bytes) -> None:
    """What the grammar forbids raises, after everything before it was returned, in any chunking."""
    stream = (
        start()
        + opened(0, type="text", text="")
        + delta(0, "text_delta", text="all is well so far, and more ")
        + data
        + TEXT
    )
    outputs = []
    for size in (1, 50, len(stream)):
        masker = masker_of()
        out: list[bytes] = []
        with pytest.raises(StreamRefused) as caught:
            pour(masker, [stream[at : at + size] for at in range(0, len(stream) + size, size)], out)
        outputs.append(b"".join(out))
        assert "6789" not in str(caught.value)
        assert not masker.finish().complete
    assert len(set(outputs)) == 1
    assert b"message_start" in outputs[0]


@pytest.mark.parametrize("data", [text_block(0, "x"), event("message_stop"), delta(0, "text_delta", text="x")])
def test_nothing_comes_before_message_start(data: bytes) -> None:
    """Blocks and the end need a message; pings do not."""
    masker = masker_of()
    assert len(masker.feed(PING)) == 1
    with pytest.raises(StreamRefused):
        masker.feed(data)


def test_a_second_message_start_is_dropped() -> None:
    """Clients ignore a second start, so it cannot carry anything."""
    data = TEXT.replace(PING, start(id="SSN 123-45-6789"))
    assert masked_stream(data)[0] == masked_transcript("text").replace(b'event: ping\ndata: {"type":"ping"}\n\n', b"")


def test_nothing_follows_message_stop() -> None:
    """Events after the end are dropped."""
    assert masked_stream(TEXT + PING + text_block(1, "x") + b"data: nope\n\n")[0] == masked_transcript("text")


def test_an_error_event_is_masked_and_ends_the_stream() -> None:
    """An upstream error's message may quote input (S14); no second error follows it."""
    masker = masker_of()
    error = event(
        "error", error={"type": "overloaded_error", "message": "near 'SSN 123-45-6789'"}, request_id="req_01A"
    )
    emissions = masker.feed(start() + opened(0, type="text", text="Mrs. Ada") + error + TEXT)
    last = events(emissions[-1].caller)[0]
    assert last["error"]["type"] == "overloaded_error"
    assert last["request_id"] == "req_01A"
    assert "6789" not in last["error"]["message"]
    assert b"Ada" not in b"".join(item.caller for item in emissions)
    assert masker.finish() == ([], False)


def test_caps_on_tool_input() -> None:
    """Tool input is held whole, so it is bounded (S12)."""
    masker = masker_of()
    masker.feed(start() + opened(0, type="tool_use", id="toolu_01", name="t", input={}))
    fragment = delta(0, "input_json_delta", partial_json="x" * 1_000_000)
    with pytest.raises(StreamRefused, match="too large"):
        pour(masker, [fragment] * (INPUT_LIMIT // 1_000_000 + 2), [])
