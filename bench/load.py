"""The load: keep-alive connections that each send a request when the last answer is whole, and keep every time.

A generator runs in processes of its own, on raw asyncio protocols, with bytes made before the first request. All are
warm before the first is measured, and all begin together. The number of requests is fixed, not the time.

Times are microseconds. `first_byte` is from the last byte of the request written to the first byte of the answer's
*body*: headers alone tell a caller nothing. A request that did not get a whole 200 counts as failed and in no
percentile.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from authz.lineage import dying_with_us
from bench import traffic
from bench.http1 import Malformed, MessageReader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

_OK = 200
_PATIENCE = 180.0


@dataclass(frozen=True, slots=True)
class Load:
    """What one generator sends: `requests` measured ones over `connections`, after `warm_up` unmeasured ones.

    With `fresh` each request is a session and a text of its own; otherwise each connection repeats one request in one
    session. `ramp` seconds are spread between the starts of the connections. `seed` keeps the sessions of different
    runs and generators apart. `paced` asks for the stream that carries its sending times.
    """

    host: str
    port: int
    requests: int
    connections: int
    warm_up: int = 0
    stream: bool = False
    paced: bool = False
    fresh: bool = False
    ramp: float = 0.0
    seed: int = 0
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Outcome:
    """What came of a load. `seconds` is from the first measured request to the last answer."""

    seconds: float = 0.0
    latency: list[int] = field(default_factory=list)
    first_byte: list[int] = field(default_factory=list)
    event_delay: list[int] = field(default_factory=list)
    events: int = 0
    failed: int = 0
    failure: str = ""

    @classmethod
    def together(cls, many: Iterable[Outcome], *, parallel: bool) -> Outcome:
        """Return several outcomes as one: of generators that ran in parallel, or of rounds one after the other."""
        whole = cls()
        for each in many:
            whole.seconds = max(whole.seconds, each.seconds) if parallel else whole.seconds + each.seconds
            whole.latency += each.latency
            whole.first_byte += each.first_byte
            whole.event_delay += each.event_delay
            whole.events += each.events
            whole.failed += each.failed
            whole.failure = whole.failure or each.failure
        return whole

    @property
    def rate(self) -> float:
        """Good answers a second."""
        return len(self.latency) / self.seconds if self.seconds else 0.0

    @property
    def event_rate(self) -> float:
        """Text deltas a second."""
        return self.events / self.seconds if self.seconds else 0.0


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest value that at least `percent` % of the values do not exceed (nearest rank); NaN of none."""
    if not values:
        return math.nan
    ordered = sorted(values)
    return ordered[max(0, math.ceil(percent / 100 * len(ordered)) - 1)]


class _Run:
    """What the connections of one generator share: what is left to send, and what was measured."""

    def __init__(self, load: Load) -> None:
        model = traffic.PACED_MODEL if load.paced else traffic.MODEL
        body = traffic.request_body(stream=load.stream, model=model, fresh_text=load.fresh)
        head = traffic.request_head(f"{load.host}:{load.port}", len(body), load.headers)
        self._parts = (head + body).split(traffic.MARK)
        self._load = load
        self._count = 0
        self.outcome = Outcome()
        self.left = 0
        self.busy = 0
        self.over = asyncio.Event()

    def request(self, connection: int) -> bytes:
        """Return the next request of a connection."""
        number = connection
        if self._load.fresh:
            self._count += 1
            number = self._count + 1000
        return traffic.letters((self._load.seed << 24) + number).encode().join(self._parts)

    def take(self) -> bool:
        """Return whether another request may be sent."""
        if self.left == 0:
            return False
        self.left -= 1
        return True

    def done(self) -> None:
        """Note that a connection has nothing left to send."""
        self.busy -= 1
        if self.busy == 0:
            self.over.set()


class _Caller(asyncio.Protocol):
    """One connection."""

    def __init__(self, run: _Run, index: int, *, events: bool) -> None:
        self._run = run
        self._index = index
        self._events = events
        self._reader = MessageReader()
        self._began = self._first = 0
        self._scanned = 0
        self._sending = False
        self.lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where requests go."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def go(self) -> None:
        """Send the next request, or report that there is none."""
        if self.lost or not self._run.take():
            self._sending = False
            self._run.done()
            return
        self._sending = True
        self._first = self._scanned = 0
        self._began = traffic.now_us()
        self._transport.write(self._run.request(self._index))

    def data_received(self, data: bytes) -> None:
        """Take the times of what arrived."""
        now = traffic.now_us()
        reader = self._reader
        try:
            whole = reader.feed(data)
        except Malformed as error:
            self._run.outcome.failure = self._run.outcome.failure or str(error)
            self._transport.abort()  # counted when the connection is lost
            return
        if not self._first and reader.body:
            self._first = now
        outcome = self._run.outcome
        if self._events:
            for sent, end in traffic.stamps(reader.body, self._scanned):
                outcome.event_delay.append(now - sent)
                self._scanned = end
        if not whole:
            return
        if reader.status == _OK:
            outcome.latency.append(now - self._began)
            outcome.first_byte.append(self._first - self._began)
            outcome.events += reader.body.count(traffic.DELTA_EVENT)
        else:
            self._fail(f"{reader.status}: {bytes(reader.body[:200])!r}")
        reader.next()
        self.go()

    def connection_lost(self, exc: Exception | None) -> None:
        """Count the request that was under way as failed."""
        self.lost = True
        if self._sending:
            self._fail(f"connection lost: {type(exc).__name__ if exc else 'closed'}")
            self._run.done()

    def _fail(self, what: str) -> None:
        self._run.outcome.failed += 1
        self._run.outcome.failure = self._run.outcome.failure or what


class Generator:
    """One process's connections: open them, warm them up, then measure."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._run = _Run(load)
        self._callers: list[_Caller] = []

    async def warm_up(self) -> None:
        """Connect, and send what is not measured."""
        loop = asyncio.get_running_loop()
        for index in range(self._load.connections):
            _, caller = await loop.create_connection(
                lambda index=index: _Caller(self._run, index, events=self._load.paced),  # type: ignore[misc]
                self._load.host,
                self._load.port,
            )
            self._callers.append(caller)
        if self._load.warm_up:
            await self._send(self._load.warm_up, 0.0)

    async def measure(self) -> Outcome:
        """Send what is measured. What is not answered within three minutes has failed."""
        return await self._send(self._load.requests, self._load.ramp)

    async def _send(self, count: int, ramp: float) -> Outcome:
        run = self._run
        run.outcome = Outcome()
        run.left = count
        run.busy = len(self._callers)
        run.over.clear()
        loop = asyncio.get_running_loop()
        began = time.monotonic()
        for index, caller in enumerate(self._callers):
            loop.call_later(ramp * index / len(self._callers), caller.go)
        try:
            await asyncio.wait_for(run.over.wait(), _PATIENCE)
        except TimeoutError:
            run.outcome.failed += run.left + run.busy
            run.outcome.failure = run.outcome.failure or f"no answer within {_PATIENCE:g} s"
        run.outcome.seconds = time.monotonic() - began
        return run.outcome

    def close(self) -> None:
        """Close all connections."""
        for caller in self._callers:
            caller._transport.abort()  # noqa: SLF001  (its own module)


async def _work(load: Load) -> Outcome:
    generator = Generator(load)
    try:
        await generator.warm_up()
        print("warm", flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
        return await generator.measure()
    finally:
        generator.close()


def generate(load: Load, processes: int = 1, *, when_warm: Callable[[], None] | None = None) -> Outcome:
    """Run a load in processes of their own, which share its requests and connections, and return the outcome.

    `when_warm` is called between the last unmeasured answer and the first measured request. Raises RuntimeError when
    a generator ends early.
    """
    processes = min(processes, load.connections)
    started: list[subprocess.Popen[str]] = []
    try:
        for index in range(processes):
            share = asdict(load) | {
                "requests": _share(load.requests, processes, index),
                "connections": _share(load.connections, processes, index),
                "warm_up": _share(load.warm_up, processes, index),
                "seed": load.seed * 8 + index,
            }
            process = subprocess.Popen(
                [sys.executable, "-m", "bench.load"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                preexec_fn=dying_with_us(),  # noqa: PLW1509  (nothing in it takes a lock)
            )
            started.append(process)
            _tell(process, json.dumps(share))
        for process in started:
            _hear(process, "warm")
        if when_warm is not None:
            when_warm()
        for process in started:
            _tell(process, "go")
        outcomes = [Outcome(**json.loads(_hear(process))) for process in started]
    finally:
        for process in started:
            _end(process)
    return Outcome.together(outcomes, parallel=True)


def _share(count: int, processes: int, index: int) -> int:
    return count // processes + (index < count % processes)


def _tell(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdin is not None
    process.stdin.write(line + "\n")
    process.stdin.flush()


def _hear(process: subprocess.Popen[str], wanted: str | None = None) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line or (wanted is not None and line.strip() != wanted):
        raise RuntimeError("a load generator ended early")
    return line


def _end(process: subprocess.Popen[str]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(2)
    if process.returncode is None:
        process.kill()
        process.wait()


def main() -> None:
    """Be one generator: a line of JSON in, `warm` out, a line in, the outcome out."""
    load = Load(**json.loads(sys.stdin.readline()))
    print(json.dumps(asdict(asyncio.run(_work(load)))), flush=True)


if __name__ == "__main__":
    main()
