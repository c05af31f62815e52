"""Server-sent events by bytes, as WHATWG HTML 9.2.6 reads them, and the one form in which we write them.

Lines end at CR, LF or CRLF, also when a chunk ends between the two; U+2028 and U+0085 are text. Comments, `id`, `retry`
and fields nobody knows are dropped: they could carry text past the masker. An event that no blank line ended does not
exist. The `event` field is kept only to be compared: what an event is, its JSON says.
"""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from masking.errors import StreamRefused

EVENT_LIMIT = 8 << 20
"""Largest event or line in bytes (8 MiB); a response of 128,000 tokens is far smaller as a whole."""

_LINE_END = re.compile(rb"\r\n|\r|\n")
_BOM = b"\xef\xbb\xbf"
_USUAL = re.compile(rb"event: ?+([^\r\n]*+)\ndata: ?+([^\r\n]++)\n\n")
"""An event as nearly all are sent."""


class ServerEvent(NamedTuple):
    """One dispatched event: the `event` field (empty if it had none) and its data, lines joined by LF."""

    name: bytes
    data: bytes


class SseReader:
    """Turns bytes in any chunking into events. After a fault (`fault` is set) it reads no further."""

    __slots__ = ("_data", "_limit", "_name", "_size", "_skip_newline", "_start", "_tail", "_tail_size", "fault")

    def __init__(self, limit: int = EVENT_LIMIT) -> None:
        self.fault: StreamRefused | None = None
        self._limit = limit
        self._start: bytes | None = b""
        self._skip_newline = False
        self._tail: list[bytes] = []
        self._tail_size = 0
        self._name = b""
        self._data: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> list[ServerEvent]:
        """Return the events that these bytes complete. A fault shows in `fault`, after the events before it."""
        if self._start is not None:
            data = self._start + data
            if len(data) < len(_BOM) and _BOM.startswith(data):
                self._start = data
                return []
            self._start = None
            data = data.removeprefix(_BOM)
        if self.fault is not None or not data:
            return []
        if self._skip_newline:
            data = data.removeprefix(b"\n")
        self._skip_newline = data.endswith(b"\r")
        events: list[ServerEvent] = []
        if not (self._tail or self._data or self._name) and len(data) <= self._limit:
            at = 0
            while match := _USUAL.match(data, at):  # saves reading it line by line
                events.append(ServerEvent(match[1], match[2]))
                at = match.end()
            if at == len(data):
                return events
            data = data[at:]
        lines = _LINE_END.split(data)
        rest = lines.pop()
        for line in lines:
            if self._tail:
                self._tail.append(line)
                whole = b"".join(self._tail)
                self._tail.clear()
                self._tail_size = 0
            else:
                whole = line
            self._line(whole, events)
            if self.fault is not None:
                return events
        if rest:
            self._tail.append(rest)
            self._tail_size += len(rest)
            self._check(self._tail_size)
        return events

    def _check(self, size: int) -> None:
        if size > self._limit:
            self.fault = StreamRefused("event too large")

    def _line(self, line: bytes, events: list[ServerEvent]) -> None:
        if not line:
            if self._data:
                events.append(ServerEvent(self._name, b"\n".join(self._data)))
                self._data = []
                self._size = 0
            self._name = b""
            return
        self._check(len(line))
        field, _, value = line.partition(b":")
        if field == b"data":
            value = value.removeprefix(b" ")
            self._size += len(value) + 1
            self._check(self._size)
            self._data.append(value)
        elif field == b"event":
            self._name = value.removeprefix(b" ")


def frame(kind: str, data: bytes) -> bytes:
    """Return one event in the API's form: `event:` always (clients drop frames without it), data on one line.

    `data` is strict JSON, so a line feed in it can only stand between tokens.
    """
    return b"event: %b\ndata: %b\n\n" % (kind.encode("ascii"), data.replace(b"\n", b" "))


def error_frame(error_type: str, error_code: str, message: str, request_id: str) -> bytes:
    """Return an `error` event in the API's shape; it ends a stream whose headers are out already."""
    body = {
        "type": "error",
        "error": {"type": error_type, "message": message, "details": {"error_code": error_code}},
        "request_id": request_id,
    }
    return frame("error", json.dumps(body, separators=(",", ":")).encode())
