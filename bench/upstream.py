"""The upstream of every configuration: answers made once, sent as fast as they are asked for.

`python -m bench.upstream --listen HOST:PORT`. A request with `"stream":true` gets 100 deltas in ten writes; with the
paced model it gets one delta every `--pace-ms`, each with its sending time in its text; any other request gets a 2 KB
message. SIGTERM ends it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal

from bench import traffic
from bench.http1 import MessageReader

_GROUP = 10
_PACED = f'"model":"{traffic.PACED_MODEL}"'.encode()
_STREAM = b'"stream":true'
_SSE_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


class Answers:
    """Everything that can be sent, made before the first request; `pace` in seconds, `count` deltas a paced stream."""

    def __init__(self, pace: float, count: int) -> None:
        body = traffic.answer()
        head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body)
        self.message = head + body
        frames = traffic.deltas()
        groups = [b"".join(frames[start : start + _GROUP]) for start in range(0, len(frames), _GROUP)]
        self.opening = _SSE_HEAD + _chunk(traffic.stream_start())
        self.writes = [self.opening + _chunk(groups[0]), *map(_chunk, groups[1:])]
        self.ending = _chunk(traffic.stream_end()) + b"0\r\n\r\n"
        self.writes[-1] += self.ending
        self.pace = pace
        self.count = count


class Upstream(asyncio.Protocol):
    """One connection of Envoy."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self._reader = MessageReader()
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where answers go."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop a stream that nobody reads any more."""
        del exc
        if self._timer is not None:
            self._timer.cancel()

    def data_received(self, data: bytes) -> None:
        """Answer when a request is complete."""
        if not self._reader.feed(data):
            return
        body = self._reader.body
        if _STREAM not in body:
            self._transport.write(self._answers.message)
        elif _PACED in body:
            self._transport.write(self._answers.opening)
            self._later(self._answers.count)
        else:
            self._write(0)
        self._reader.next()

    def _write(self, index: int) -> None:
        self._transport.write(self._answers.writes[index])
        if index + 1 < len(self._answers.writes):
            self._loop.call_soon(self._write, index + 1)

    def _later(self, left: int) -> None:
        self._timer = self._loop.call_later(self._answers.pace, self._tick, left)

    def _tick(self, left: int) -> None:
        # A blank behind the last word: phigate releases a word when it is known to be whole.
        self._transport.write(_chunk(traffic.delta(f"sent {traffic.stamp()} and more words. ")))
        if left > 1:
            self._later(left - 1)
        else:
            self._transport.write(self._answers.ending)


async def serve(host: str, port: int, answers: Answers) -> None:
    """Serve until SIGTERM or SIGINT."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    server = await loop.create_server(lambda: Upstream(answers), host, port, backlog=1024)
    print("ready", flush=True)
    await stop.wait()
    server.close()


def main() -> None:
    """Read the options and serve."""
    options = argparse.ArgumentParser(prog="python -m bench.upstream", description=__doc__)
    options.add_argument("--listen", required=True, metavar="HOST:PORT")
    options.add_argument("--pace-ms", type=float, default=200.0)
    options.add_argument("--paced-deltas", type=int, default=30)
    given = options.parse_args()
    host, _, port = given.listen.rpartition(":")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(host, int(port), Answers(given.pace_ms / 1000, given.paced_deltas)))


if __name__ == "__main__":
    main()
