"""An upstream that reads and writes bytes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from dataclasses import dataclass
from typing import Any

from gate_wire import ANSWER, TAIL_CANARIES, leaks, unchunk
from real_stack import free_port


def sse(kind: str, **fields: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()


MESSAGE = {
    "id": "msg_gate",
    "type": "message",
    "role": "assistant",
    "model": "claude-gate",
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 1, "output_tokens": 1},
}
JSON_ANSWER = json.dumps({**MESSAGE, "content": [{"type": "text", "text": "".join(ANSWER)}]}).encode()
STREAM_ANSWER = (
    sse("message_start", message={**MESSAGE, "content": [], "stop_reason": None})
    + sse("content_block_start", index=0, content_block={"type": "text", "text": ""}),
    *(sse("content_block_delta", index=0, delta={"type": "text_delta", "text": text}) for text in ANSWER),
    sse("content_block_stop", index=0)
    + sse("message_delta", delta={"stop_reason": "end_turn", "stop_sequence": None}, usage={"output_tokens": 9})
    + sse("message_stop"),
)


@dataclass
class Seen:
    """What of one case reached upstream."""

    head: bytes = b""
    body: bytes = b""
    whole: bool = False
    cut: bool = False


class RawUpstream:
    """Answers with canaries and keeps every byte that it gets. The case is in the user agent, which passes the gate."""

    def __init__(self) -> None:
        self.port = free_port()
        self.seen: dict[str, Seen] = {}
        self.sent: dict[str, int] = {}
        self.gates: dict[str, asyncio.Event] = {}
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    def stop(self) -> None:
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await self._answer(reader, writer)
        writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        found = re.search(rb"user-agent: gate/(\S+)", head)
        case = found[1].decode() if found else "?"
        seen = self.seen.setdefault(case, Seen())
        seen.head += head
        raw = b""
        while not seen.whole:
            data = await reader.read(65_536)
            if not data:
                seen.cut = True
                return
            raw += data
            seen.body, seen.whole = unchunk(raw)
            if leaks(raw):
                seen.body = raw
        if "hangup" in case:
            return
        writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\ntransfer-encoding: chunked\r\ncontent-type: ")
        if b'"stream":true' not in seen.body:
            half = len(JSON_ANSWER) // 2
            await self._send(writer, b"application/json", (JSON_ANSWER[:half], JSON_ANSWER[half:]), case)
        elif "huge" in case:
            filler = sse("content_block_delta", index=0, delta={"type": "text_delta", "text": "as before, " * 3000})
            await self._send(
                writer, b"text/event-stream", (*STREAM_ANSWER[:3], *[filler] * 200, *STREAM_ANSWER[3:]), case
            )
        else:
            await self._send(writer, b"text/event-stream", STREAM_ANSWER, case)

    async def _send(self, writer: asyncio.StreamWriter, kind: bytes, pieces: tuple[bytes, ...], case: str) -> None:
        trailers = b"x-note: " + TAIL_CANARIES[0] + b"\r\n" if "trailers" in case else b""
        if trailers:
            kind += b"\r\ntrailer: x-note"
        writer.write(kind + b"\r\n\r\n")
        for number, piece in enumerate(pieces):
            if number == 3 and case in self.gates:
                await self.gates[case].wait()
            if number == len(pieces) // 2 and "break" in case:
                return
            writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            await writer.drain()
            self.sent[case] = number
            if "huge" not in case:
                await asyncio.sleep(0.004)  # a pace, so that the pieces come apart
        writer.write(b"0\r\n" + trailers + b"\r\n")
        await writer.drain()
