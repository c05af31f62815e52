"""Server-sent events at their bounds: the last byte that passes, the first that does not, and the frames to the byte."""

from __future__ import annotations

import pytest

from masking.sse import EVENT_LIMIT, SseReader, error_frame, frame

LIMIT = 20


def _events(reader: SseReader, data: bytes, step: int) -> list[bytes]:
    return [event.data for at in range(0, len(data), step) for event in reader.feed(data[at : at + step])]


@pytest.mark.parametrize("step", [1, 3, 1000])
def test_a_line_may_have_exactly_the_limit(step: int) -> None:
    """A line of the limit's length passes, as often as it comes and in any chunking; one byte more is a fault."""
    line = b"data: " + b"x" * (LIMIT - 6)
    reader = SseReader(LIMIT)
    assert _events(reader, (line + b"\n\n") * 3, step) == [line[6:]] * 3
    assert reader.fault is None
    assert _events(reader, b":" + line + b"\n", step) == []
    assert str(reader.fault) == "event too large"


@pytest.mark.parametrize("step", [1, 3, 1000])
def test_an_unfinished_line_may_have_exactly_the_limit(step: int) -> None:
    """What waits for its line end counts as a line, and no byte of an earlier line counts with it."""
    reader = SseReader(LIMIT)
    assert _events(reader, b"data: 1\n\n" + b"x" * LIMIT, step) == [b"1"]
    assert reader.fault is None
    assert reader.feed(b"x") == []
    assert str(reader.fault) == "event too large"


@pytest.mark.parametrize("step", [1, 3, 1000])
def test_an_event_may_have_exactly_the_limit(step: int) -> None:
    """The lines of an event count with one byte for their join; the next event counts from nothing."""
    event = b"data:abc\n" * (LIMIT // 4)
    reader = SseReader(LIMIT)
    assert _events(reader, (event + b"\n") * 3, step) == [b"\n".join([b"abc"] * (LIMIT // 4))] * 3
    assert reader.fault is None
    assert _events(reader, event + b"data\n\n", step) == []
    assert str(reader.fault) == "event too large"


def test_the_limit_holds_unless_another_is_given() -> None:
    """Eight mebibytes pass and one byte more does not."""
    reader = SseReader()
    reader.feed(b"x" * EVENT_LIMIT)
    assert reader.fault is None
    reader.feed(b"x")
    assert reader.fault is not None
    assert EVENT_LIMIT == 8_388_608


def test_an_event_leaves_at_its_blank_line() -> None:
    """Nothing waits for more bytes: each event comes out of the call that completes it, the shortest too."""
    reader = SseReader()
    assert [event.data for event in reader.feed(b"data\n\n")] == [b""]
    for number in range(3):
        assert [event.data for event in reader.feed(b"data:%d\r\n\r" % number)] == [b"%d" % number]
    assert [event.data for event in reader.feed(b"\ndata:z\n\n")] == [b"z"]


def test_an_error_frame_to_the_byte() -> None:
    """The error event is the API's shape without a byte of space."""
    assert error_frame("api_error", "code", "Text.", "req_1") == (
        b'event: error\ndata: {"type":"error","error":{"type":"api_error","message":"Text.",'
        b'"details":{"error_code":"code"}},"request_id":"req_1"}\n\n'
    )


def test_a_frame_to_the_byte() -> None:
    """Line feeds between tokens become spaces, and nothing else changes."""
    assert frame("ping", b'{"a":\n1}') == b'event: ping\ndata: {"a": 1}\n\n'
