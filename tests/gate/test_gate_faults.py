"""What Envoy, callers and upstream do to an exchange: nothing leaks, and every exchange closes itself in the record."""

from __future__ import annotations

import asyncio

import pytest
from gate_rig import needs_envoy, running_rig
from gate_wire import Answer, leaks

pytestmark = [needs_envoy, pytest.mark.stack, pytest.mark.asyncio(loop_scope="session")]

RELEASE = "write:request_headers"


async def steps_of(rig, **how):
    case = rig.name("whole")
    await rig.ask(case, **how)
    return await rig.until(lambda: rig.of_case(case, "steps"), "the exchange is over")


@pytest.mark.parametrize("stream", [False, True])
async def test_headers_answered_early_without_the_mark(rig, stream):
    """A header answer before the verdict, at any step, is stopped by the gate; a second one ends the exchange."""
    steps = await steps_of(rig, stream=stream)
    for step in range(len(steps)):
        case = rig.name("early-head")
        answer = await rig.ask(case, stream=stream, plan=f"early-head@{step}")
        if rig.of_case(case, "fired") and step <= steps.index(RELEASE):
            assert answer.kind == "refused 503", (steps[step], answer.raw)
            assert case not in rig.upstream.seen
    await rig.assert_serves()


@pytest.mark.parametrize("stream", [False, True])
async def test_every_answer_said_twice(rig, stream):
    """A worker that repeats any of its messages: the caller gets an error, a cut, or the masked text again; no canary."""
    steps = await steps_of(rig, stream=stream)
    for step, label in enumerate(steps):
        if label.startswith("write:"):
            case = rig.name("twice")
            answer = await rig.send(rig.request(case, stream=stream, plan=f"twice@{step}"))
            assert leaks(answer.raw) == []
            assert case not in rig.upstream.seen or leaks(rig.upstream.seen[case].body) == []
    await rig.assert_serves()


async def test_request_trailers(rig):
    """Trailers are refused, with nothing sent on."""
    case = rig.name("request-trailers")
    head, _, body = rig.request(case).partition(b"\r\n\r\n")
    head = b"\r\n".join(line for line in head.split(b"\r\n") if not line.startswith(b"content-length"))
    chunked = b"\r\ntransfer-encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\nx-note: 536-22-8145\r\n\r\n" % (len(body), body)
    answer = await rig.send(head + chunked)
    rig.assert_clean(case, answer)
    assert answer.kind == "refused 400"
    assert b"trailers_refused" in answer.body
    assert case not in rig.upstream.seen


async def leave(rig, case, data, condition, what):
    """Send bytes, wait for the condition, and close the connection as a caller does who leaves."""
    reader, writer = await asyncio.open_connection("127.0.0.1", rig.port)
    writer.write(data)
    await writer.drain()
    await rig.until(condition, what)
    raw = await asyncio.wait_for(reader.read(65_536), 5) if "stream" in case else b""
    writer.transport.abort()
    rig.assert_clean(case, Answer.read(raw))


async def test_caller_leaves_in_the_body(rig):
    """Half a body: nothing goes up, nothing is recorded, the exchange ends."""
    case = rig.name("half")
    data = rig.request(case, plan="none@0")
    await leave(rig, case, data[:-40], lambda: rig.of_case(case, "began"), "the exchange began")
    await rig.until(lambda: rig.of_case(case, "steps") is not None, "the exchange is over")
    assert case not in rig.upstream.seen
    assert rig.closing(case) is None


async def test_caller_leaves_during_the_hold(rig):
    """A caller who leaves while the request waits: the exchange closes itself, and nothing goes up."""
    case = rig.name("never-")
    await leave(
        rig,
        case,
        rig.request(case, effect="review"),
        lambda: any(line.get("held") and line["model"].endswith(case) for line in rig.lines()),
        "the request is held",
    )
    await rig.assert_closed_once(case)
    assert rig.closing(case) == ["caller_gone"]
    assert case not in rig.upstream.seen


async def test_caller_leaves_in_the_stream(rig):
    """A caller who leaves in the middle of a stream: the exchange closes itself, and upstream is let go."""
    case = rig.name("stream-left")
    rig.upstream.gates[case] = asyncio.Event()
    await leave(rig, case, rig.request(case, stream=True), lambda: rig.upstream.sent.get(case) == 2, "the stream flows")
    await rig.assert_closed_once(case)
    assert rig.closing(case) == ["caller_gone"]
    rig.upstream.gates[case].set()
    await rig.assert_serves()


async def test_slow_reader(rig):
    """A caller who does not read stops upstream, not the worker; what it reads in the end is whole and masked."""
    case = rig.name("huge")
    reader, writer = await asyncio.open_connection("127.0.0.1", rig.port, limit=4096)
    writer.write(rig.request(case, stream=True))
    await writer.drain()
    await rig.until(lambda: rig.upstream.sent.get(case, 0) > 3, "the stream flows")
    for _ in range(3):
        await rig.assert_serves()
    raw = b""
    async with asyncio.timeout(30):
        while piece := await reader.read(1 << 20):
            raw += piece
    writer.close()
    answer = Answer.read(raw)
    rig.assert_clean(case, answer)
    assert answer.kind == "complete"
    assert len(answer.body) > 200 * 30_000
    await rig.assert_closed_once(case)


async def test_slow_reader_and_a_dead_worker(rig):
    """A worker killed while a caller is behind: what was judged arrives, and nothing after it."""
    case = rig.name("huge-killed")
    reader, writer = await asyncio.open_connection("127.0.0.1", rig.port, limit=4096)
    writer.write(rig.request(case, stream=True))
    await writer.drain()
    await rig.until(lambda: rig.upstream.sent.get(case, 0) > 3, "the stream flows")
    await rig.end_worker()
    raw = b""
    try:
        async with asyncio.timeout(30):
            while piece := await reader.read(1 << 20):
                raw += piece
    except ConnectionError:
        pass
    writer.close()
    rig.assert_clean(case, Answer.read(raw))
    assert Answer.read(raw).kind != "complete"
    await rig.start_worker()
    await rig.assert_serves_again()


async def test_upstream_trailers(folder, zygote):
    """Trailers hold free text: they never reach the caller, nor do they let anything else through."""
    async with running_rig(folder / "t", zygote, upstream_trailers=True) as rig:
        for stream in (False, True):
            case = rig.name("trailers")
            answer = await rig.ask(case, stream=stream)
            assert answer.kind == ("complete" if stream else "refused 502")
            assert b"x-note: " not in answer.raw
            await rig.assert_closed_once(case)
            await rig.assert_serves()


async def test_dropped_upstream_trailers(rig):
    """As the bootstrap stands, Envoy drops an HTTP/1.1 upstream's trailers before anybody sees them."""
    for stream in (False, True):
        answer = await rig.ask(rig.name("trailers"), stream=stream)
        assert answer.kind == "complete"
        assert b"x-note: " not in answer.raw


@pytest.mark.parametrize(
    ("words", "stream"), [("hangup", False), ("hangup", True), ("break-", True), ("break-", False)]
)
async def test_upstream_breaks_off(rig, words, stream):
    """An upstream that closes instead of answering, or in the middle: an error or a cut, and a closed record."""
    case = rig.name(words)
    answer = await rig.ask(case, stream=stream)
    if words == "hangup":
        assert answer.kind == "refused 503"
    else:
        assert answer.kind in {"truncated", "reset", "ended by an error event", "refused 502", "refused 503"}
    await rig.assert_closed_once(case)
    await rig.assert_serves()


async def test_nobody_at_the_workers_socket(folder, zygote):
    """Envoy without a worker refuses in the API's shape, a worker that is not ready too; one that is ready serves."""
    async with running_rig(folder / "n", zygote, worker=False) as rig:
        assert (await rig.ask("first")).kind == "refused 503"
        await rig.start_worker(health=False)
        for number in range(3):
            assert (await rig.ask(f"second{number}")).kind == "refused 503"
        assert rig.upstream.seen == {}
        await rig.replace_worker()
        await rig.assert_serves_again()


async def test_envoy_drains_and_ends_during_a_hold(folder, zygote):
    """A drained Envoy keeps its holds; one that is terminated cuts them, and the exchanges close themselves."""
    async with running_rig(folder / "d", zygote) as rig:
        case, quick = rig.name("never-"), rig.name("drained")
        held = asyncio.create_task(rig.ask(case, effect="review"))
        gate = rig.upstream.gates[quick] = asyncio.Event()
        flowing = asyncio.create_task(rig.ask(quick, stream=True))
        await rig.until(lambda: any(line.get("held") for line in rig.lines()), "the request is held")
        await rig.until(lambda: rig.upstream.sent.get(quick) == 2, "the stream flows")
        await rig.admin("/drain_listeners?graceful", "POST")
        gate.set()
        assert (await flowing).kind == "complete"
        assert not held.done()
        assert rig.envoy is not None
        rig.envoy.terminate()
        answer = await held
        assert answer.kind in {"reset", "refused 503"}
        await rig.assert_closed_once(case)
        assert rig.closing(case) == ["caller_gone"]
        assert case not in rig.upstream.seen
