"""One HTTP/1.1 message at a time, read incrementally: what both ends of the benchmark need and nothing more.

A body is as long as content-length says or chunked (RFC 9112 §6 and §7.1); a message with neither has none. Faults are
`Malformed`: a benchmark that guesses measures something else.
"""

from __future__ import annotations

_CRLF = b"\r\n"
_HEAD_END = b"\r\n\r\n"


class Malformed(ValueError):
    """The peer sent something that is not a message of the kind that this benchmark uses."""


class MessageReader:
    """Reads messages from the bytes of one connection; `feed` says when one is whole, `next` makes room for another.

    `head` is the start line and the headers without the final blank line, b"" before they are complete. `body` holds
    what has arrived of the body, without chunk framing.
    """

    __slots__ = ("_chunked", "_in_trailer", "_left", "_need_crlf", "_pending", "body", "complete", "head")

    def __init__(self) -> None:
        self._pending = b""
        self._reset()

    def _reset(self) -> None:
        self.head = b""
        self.body = bytearray()
        self.complete = False
        self._chunked = False
        self._left = 0
        self._need_crlf = False
        self._in_trailer = False

    def next(self) -> None:
        """Forget the message that is complete; bytes behind it stay."""
        self._reset()

    @property
    def status(self) -> int:
        """The status code of a response. Raises `Malformed` for anything else."""
        part = self.head[9:12]
        if not self.head.startswith(b"HTTP/1.1 ") or not part.isdigit():
            raise Malformed("no status line")
        return int(part)

    def feed(self, data: bytes) -> bool:
        """Take bytes in; return whether the message is complete now. Raises `Malformed`."""
        buffer = self._pending + data if self._pending else data
        position = 0
        if not self.head:
            end = buffer.find(_HEAD_END)
            if end < 0:
                self._pending = buffer
                return False
            self._begin(buffer[:end])
            position = end + 4
        position = self._chunks(buffer, position) if self._chunked else self._counted(buffer, position)
        self._pending = buffer[position:]
        return self.complete

    def _begin(self, head: bytes) -> None:
        self.head = head
        for line in head.lower().split(_CRLF)[1:]:
            name, _, value = line.partition(b":")
            if name == b"content-length":
                self._left = int(value)
            elif name == b"transfer-encoding":
                self._chunked = value.strip() == b"chunked"

    def _counted(self, buffer: bytes, position: int) -> int:
        taken = buffer[position : position + self._left]
        self.body += taken
        self._left -= len(taken)
        self.complete = self._left == 0
        return position + len(taken)

    def _chunks(self, buffer: bytes, position: int) -> int:
        while not self.complete:
            if self._left:
                taken = buffer[position : position + self._left]
                if not taken:
                    return position
                self.body += taken
                self._left -= len(taken)
                position += len(taken)
                self._need_crlf = self._left == 0
                continue
            end = buffer.find(_CRLF, position)
            if end < 0:
                return position
            line = buffer[position:end]
            position = end + 2
            if self._need_crlf:
                if line:
                    raise Malformed("a chunk is longer than it says")
                self._need_crlf = False
            elif self._in_trailer:
                self.complete = not line
            else:
                self._left = _chunk_size(line)
                self._in_trailer = self._left == 0
        return position


def _chunk_size(line: bytes) -> int:
    try:
        return int(line.partition(b";")[0], 16)
    except ValueError:
        raise Malformed("no chunk size") from None
