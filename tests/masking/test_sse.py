"""Server-sent events by bytes: one reading for every line end and chunking, caps, and the one form we write."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from masking.sse import ServerEvent, SseReader, error_frame, frame


def _read(*chunks: bytes, limit: int = 1000) -> list[ServerEvent]:
    reader = SseReader(limit)
    events = [event for chunk in chunks for event in reader.feed(chunk)]
    assert reader.fault is None
    return events


READ = {
    "usual": (b"event: a\ndata: {}\n\n", [(b"a", b"{}")]),
    "usual ones and others": (
        b"event: a\ndata: 1\n\nevent: b\ndata: 2\n\ndata: 3\n\nevent: d\ndata: 4\n\nevent: e\ndata: 5\n",
        [(b"a", b"1"), (b"b", b"2"), (b"", b"3"), (b"d", b"4")],
    ),
    "what looks usual inside a line": (b"data: xevent: a\ndata: b\n\n", [(b"", b"xevent: a\nb")]),
    "what looks usual inside an event": (b"data: 0\nevent: a\ndata: 1\n\n", [(b"a", b"0\n1")]),
    "usual with empty data": (b"event: a\ndata: \n\nevent:\ndata:\n\n", [(b"a", b""), (b"", b"")]),
    "no space": (b"event:a\ndata:{}\n\n", [(b"a", b"{}")]),
    "two spaces": (b"data:  {}\n\n", [(b"", b" {}")]),
    "data alone": (b"data\n\n", [(b"", b"")]),
    "several data lines": (b"data: {\ndata: }\n\n", [(b"", b"{\n}")]),
    "byte order mark": (b"\xef\xbb\xbfdata: 1\n\n", [(b"", b"1")]),
    "second mark is text": (b"\xef\xbb\xbf\xef\xbb\xbfdata: 1\n\ndata: 2\n\n", [(b"", b"2")]),
    "CRLF": (b"event: a\r\ndata: 1\r\n\r\n", [(b"a", b"1")]),
    "CR": (b"event: a\rdata: 1\r\r", [(b"a", b"1")]),
    "mixed": (b"event: a\rdata: 1\r\n\n", [(b"a", b"1")]),
    "LF CR is two ends": (b"data: 1\n\r", [(b"", b"1")]),
    "comment": (b": SSN 123-45-6789\ndata: 1\n\n", [(b"", b"1")]),
    "stray fields": (b"id: 123-45-6789\nretry: 5\nzz: 1\ndata: 1\n\n", [(b"", b"1")]),
    "leading space in a field": (b" data: 1\n\n", []),
    "event without data": (b"event: a\n\ndata: 1\n\n", [(b"", b"1")]),
    "only blank lines": (b"\n\n\r\r\n\n", []),
    "no blank line at the end": (b"data: 1\n\ndata: 2\n", [(b"", b"1")]),
    "no line end at the end": (b"data: 1\n\ndata: 2", [(b"", b"1")]),
    "line separators are text": ("data: a\u2028b\u0085c\x0cd\n\n".encode(), [(b"", "a\u2028b\u0085c\x0cd".encode())]),
    "colon in the value": (b"data: a: b\n\n", [(b"", b"a: b")]),
}


@pytest.mark.parametrize(("data", "events"), READ.values(), ids=READ.keys())
def test_reads_as_whatwg(data: bytes, events: list[tuple[bytes, bytes]]) -> None:
    """Each form reads as the standard says, whole, byte by byte, and at every cut in two (S02, S04)."""
    assert _read(data) == events
    assert _read(*(bytes([byte]) for byte in data)) == events
    for cut in range(len(data)):
        assert _read(data[:cut], b"", data[cut:]) == events


@settings(deadline=None)
@given(
    st.lists(st.sampled_from([b"data: x", b"event: e", b":c", b"", b"\xef\xbb\xbf", b"data"]), max_size=12), st.data()
)
def test_chunking_never_matters(lines: list[bytes], data: st.DataObject) -> None:
    """Any line ends and any cuts give the same events."""
    whole = b"".join(line + data.draw(st.sampled_from([b"\r", b"\n", b"\r\n"])) for line in lines)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=6)))
    chunks = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    assert _read(*chunks) == _read(whole)


@pytest.mark.parametrize(
    "flood",
    [b"data: " + b"x" * 200, b"x" * 200, b": " + b"x" * 200 + b"\n", b"data: " + b"x" * 60 + b"\n", b"data\n" * 30],
    ids=["one line", "no newline", "comment", "many lines", "many empty lines"],
)
@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_caps(flood: bytes, size: int) -> None:
    """An oversized event or line is a fault in every chunking, and events before it still come out (S12)."""
    data = b"data: 1\n\n" + flood * 8
    reader = SseReader(100)
    events = [event for start in range(0, len(data), size) for event in reader.feed(data[start : start + size])]
    assert [event.data for event in events] == [b"1"]
    assert reader.fault is not None
    assert reader.feed(b"\n\ndata: 2\n\n") == []


def test_many_empty_events_hold_nothing() -> None:
    """Blank lines and comments without end are dropped as they come (S12)."""
    reader = SseReader(100)
    for _ in range(1000):
        assert reader.feed(b":\n\n" * 100) == []
    assert reader.fault is None


def test_frame_is_one_line() -> None:
    """We always write `event:`, and data that came on several lines on one."""
    assert frame("ping", b'{"type":\n"ping"}') == b'event: ping\ndata: {"type": "ping"}\n\n'
    assert _read(frame("a", b"{}")) == [(b"a", b"{}")]


def test_error_frame_has_the_api_shape() -> None:
    """An error event carries Anthropic's error body, whatever characters its message holds."""
    (event,) = _read(error_frame("api_error", "upstream_truncated", "Über\nend", "req_1"))
    assert event.name == b"error"
    body = json.loads(event.data)
    assert body["error"] == {
        "type": "api_error",
        "message": "Über\nend",
        "details": {"error_code": "upstream_truncated"},
    }
    assert body["request_id"] == "req_1"
