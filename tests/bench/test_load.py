"""The benchmark's load generator: it sends what it says, counts what comes, and invents nothing. No time is asserted."""

from __future__ import annotations

import asyncio
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import traffic
from bench.http1 import Malformed, MessageReader
from bench.load import Generator, Load, Outcome, percentile

MESSAGES = {
    "counted": (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", b"hello"),
    "empty": (b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", b""),
    "chunked": (
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\nA;x=y\r\n, 10 bytes\r\n0\r\n\r\n",
        b"hello, 10 bytes",
    ),
    "trailers": (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nh\r\n0\r\na: b\r\n\r\n", b"h"),
    "request": (b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}", b"{}"),
}


class Server(asyncio.Protocol):
    """Answers every request and keeps what it was asked; `status` decides whether it is a good answer."""

    def __init__(self, seen: list[bytes], *, fail_every: int = 0, drop_every: int = 0) -> None:
        self.seen, self.fail_every, self.drop_every = seen, fail_every, drop_every
        self.reader = MessageReader()

    def connection_made(self, transport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if not self.reader.feed(data):
            return
        self.seen.append(self.reader.head + b"\r\n\r\n" + bytes(self.reader.body))
        stream = b'"stream":true' in self.reader.body
        self.reader.next()
        if self.drop_every and len(self.seen) % self.drop_every == 0:
            self.transport.abort()
        elif self.fail_every and len(self.seen) % self.fail_every == 0:
            self.transport.write(b"HTTP/1.1 503 No\r\ncontent-length: 4\r\n\r\nbusy")
        elif stream:
            frames = traffic.deltas(7) + [traffic.delta(f"sent {traffic.stamp()} and on. ")] * 3
            body = traffic.stream_start() + b"".join(frames) + traffic.stream_end()
            pieces = [body[start : start + 100] for start in range(0, len(body), 100)]
            chunks = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
            self.transport.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n")
        else:
            self.transport.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")


async def run(load: dict, **server) -> tuple[Outcome, list[bytes]]:
    """Run a load in this process against a server of its own."""
    seen: list[bytes] = []
    listening = await asyncio.get_running_loop().create_server(lambda: Server(seen, **server), "127.0.0.1", 0)
    async with listening:
        generator = Generator(Load("127.0.0.1", listening.sockets[0].getsockname()[1], **load))
        await generator.warm_up()
        outcome = await generator.measure()
        generator.close()
    return outcome, seen


@pytest.mark.parametrize("name", MESSAGES)
@given(data=st.data())
def test_a_message_is_the_same_in_any_pieces(name, data):
    """The reader gives the same head and body for every way of cutting the bytes, and leaves the next message alone."""
    whole, body = MESSAGES[name]
    double = whole + whole
    cuts = sorted(data.draw(st.lists(st.integers(0, len(double)), max_size=8)))
    reader = MessageReader()
    found = []
    for start, end in zip([0, *cuts], [*cuts, len(double)], strict=True):
        complete = reader.feed(double[start:end])
        while complete:
            found.append((reader.head, bytes(reader.body)))
            reader.next()
            complete = reader.feed(b"")
    assert found == [(whole.partition(b"\r\n\r\n")[0], body)] * 2


def test_a_chunk_without_a_size_is_refused():
    """The reader says so instead of guessing."""
    with pytest.raises(Malformed):
        MessageReader().feed(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n")


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [([5], 50, 5), ([1, 2, 3, 4], 50, 2), ([4, 3, 2, 1], 99, 4), (list(range(1, 101)), 99, 99), ([1, 2, 3], 0, 1)],
)
def test_percentiles_are_nearest_rank(values, percent, expected):
    """The percentile is the smallest value that so many percent do not exceed."""
    assert percentile(values, percent) == expected


@given(st.lists(st.integers(0, 10**6), min_size=1), st.integers(1, 100))
def test_a_percentile_keeps_its_promise(values, percent):
    """At least that share of the values is not above it, and a smaller value would not do."""
    found = percentile(values, percent)
    assert 100 * sum(value <= found for value in values) >= percent * len(values)
    assert 100 * sum(value < found for value in values) < percent * len(values)


def test_a_percentile_of_nothing_is_not_a_number():
    """Nothing measured is not zero."""
    assert math.isnan(percentile([], 50))


async def test_every_request_is_sent_and_timed_once():
    """So many requests arrive as were asked for, warm-up apart, and each has its times."""
    outcome, seen = await run({"requests": 50, "connections": 4, "warm_up": 10})
    assert (len(seen), len(outcome.latency), len(outcome.first_byte), outcome.failed) == (60, 50, 50, 0)
    assert all(first <= last for first, last in zip(outcome.first_byte, outcome.latency, strict=True))
    assert outcome.rate == pytest.approx(50 / outcome.seconds)


async def test_known_sessions_repeat_and_fresh_ones_do_not():
    """A known conversation is byte for byte the same on its connection; fresh ones differ in session and in text."""
    _, known = await run({"requests": 40, "connections": 4, "seed": 3})
    _, fresh = await run({"requests": 40, "connections": 4, "seed": 3, "fresh": True})
    assert len(set(known)) == 4
    assert len({request.partition(b"\r\n\r\n")[2] for request in fresh}) == 40
    assert len({request.partition(b"x-phigate-session: ")[2][:24] for request in fresh}) == 40


async def test_requests_are_messages_of_two_kilobytes():
    """What is sent is a request of the Messages API, of the length that its head says."""
    _, seen = await run({"requests": 1, "connections": 1, "headers": {"x-api-key": "synthetic"}})
    head, _, body = seen[0].partition(b"\r\n\r\n")
    assert b"x-api-key: synthetic" in head
    assert json.loads(body)["messages"][0]["role"] == "user"
    assert 1900 < len(body) < 2200


async def test_events_and_their_delays_are_counted():
    """Each delta counts once, and each stamped one has a delay that is not negative, whatever the chunks are."""
    outcome, _ = await run({"requests": 6, "connections": 2, "stream": True, "paced": True})
    assert outcome.events == 60
    assert len(outcome.event_delay) == 18
    assert min(outcome.event_delay) >= 0


async def test_refusals_are_failures_and_in_no_percentile():
    """A status other than 200 is counted apart, with its first words."""
    outcome, _ = await run({"requests": 20, "connections": 2}, fail_every=4)
    assert (len(outcome.latency), outcome.failed) == (15, 5)
    assert outcome.failure.startswith("503")
    assert "busy" in outcome.failure


async def test_a_lost_connection_is_a_failure_and_not_the_end():
    """The other connections send what is left."""
    outcome, seen = await run({"requests": 20, "connections": 3}, drop_every=10)
    assert outcome.failed == 2
    assert len(outcome.latency) == len(seen) - 2 == 18


async def test_when_every_connection_is_lost_the_run_ends():
    """Nothing waits for answers that cannot come; what was not sent is not invented."""
    outcome, seen = await run({"requests": 20, "connections": 2}, drop_every=1)
    assert (len(outcome.latency), outcome.failed, len(seen)) == (0, 2, 2)


def test_outcomes_of_parallel_generators_share_their_time():
    """Generators side by side took as long as the slowest; rounds took their sum."""
    parts = [Outcome(seconds=2.0, latency=[1], events=3), Outcome(seconds=3.0, latency=[2, 3], failed=1, failure="x")]
    side_by_side = Outcome.together(parts, parallel=True)
    in_turn = Outcome.together(parts, parallel=False)
    assert (side_by_side.seconds, in_turn.seconds) == (3.0, 5.0)
    assert (side_by_side.rate, in_turn.event_rate) == (1.0, 0.6)
    assert (in_turn.latency, in_turn.failed, in_turn.failure) == ([1, 2, 3], 1, "x")


@given(st.integers(0, 2**48 - 1))
def test_letters_come_back_as_numbers(number):
    """The stamp in a delta's text is read back exactly, and holds no digit and no capital."""
    word = traffic.letters(number)
    assert word.isalpha()
    assert word.islower()
    assert list(traffic.stamps(f"zz{word}zz".encode())) == [(number, 16)]
