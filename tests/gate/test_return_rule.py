"""The one place where Process may return: proved on the servicer itself, with a stream that Envoy has not closed.

Envoy passes the raw rest of a response when a handler returns early (tests/gate/test_every_step.py shows it), so here
every fault strikes at every step, and a normal return before the half-close is the only thing that counts.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import textwrap
from typing import Any

import grpc
import msgspec
import pytest
from envoy.service.ext_proc.v3 import external_processor_pb2 as ep
from gate_services import Journal, services
from gate_upstream import JSON_ANSWER, STREAM_ANSWER
from gate_wire import PROMPT, leaks

from authz.assets import policies_dir
from authz.errors import GatewayUnavailable
from authz.exchange.life import Limits
from authz.ext_proc import ExtProc, Pump
from authz.identity import Principal
from authz.rule_shelf import read_rule_files

CALLER = Principal("default", "https://idp.example", "ann", ("clinicians",), "human", "t1", 4_000_000_000)


@pytest.fixture(scope="module")
def rules():
    return read_rule_files(policies_dir())


class Aborted(Exception):
    """What `context.abort` raises."""


class Context:
    """A servicer context that keeps what was written, and breaks at a given write if told to."""

    def __init__(self, break_at: int = -1) -> None:
        self.written: list[ep.ProcessingResponse] = []
        self.code: grpc.StatusCode | None = None
        self.break_at = break_at

    async def write(self, message: ep.ProcessingResponse) -> None:
        if len(self.written) == self.break_at:
            raise grpc.aio.UsageError("RPC already finished.")
        self.written.append(message)
        await asyncio.sleep(0)

    async def abort(self, code: grpc.StatusCode, details: str) -> None:
        del details
        self.code = code
        raise Aborted


class Envoy:
    """The requests of one stream. It stays open until `close`; `error` breaks it instead.

    A response comes when a request has been released.
    """

    def __init__(
        self, messages: list[ep.ProcessingRequest], *, after: Context | None = None, error: BaseException | None = None
    ) -> None:
        self.messages = messages
        self.after = after
        self.error = error
        self.closing = asyncio.Event()
        self.closed = False

    def close(self) -> None:
        self.closing.set()

    async def __aiter__(self) -> Any:
        for message in self.messages:
            await asyncio.sleep(0)
            while message.HasField("response_headers") and self.after and len(self.after.written) < 2:
                if self.closing.is_set():
                    return
                await asyncio.sleep(0)
            yield message
        if self.error is not None:
            raise self.error
        await self.closing.wait()
        self.closed = True


def conversation(effect: str, *, stream: bool) -> list[ep.ProcessingRequest]:
    """Return everything that Envoy says in a whole exchange."""
    model = f"claude-{effect}-unit"
    body = msgspec.json.encode(
        {"model": model, "max_tokens": 9, "stream": stream, "messages": [{"role": "user", "content": PROMPT}]}
    )
    first = ep.ProcessingRequest()
    for name, value in {":method": "POST", ":path": "/v1/messages", "content-type": "application/json"}.items():
        first.request_headers.headers.headers.add(key=name, raw_value=value.encode())
    metadata = first.metadata_context.filter_metadata["envoy.filters.http.ext_authz"].fields
    metadata["principal"].string_value = msgspec.json.encode(CALLER).decode()
    metadata["decision_id"].string_value = "d"
    last = ep.ProcessingRequest(request_body=ep.HttpBody(body=body, end_of_stream=True))
    if effect == "deny":
        return [first, last]
    head = ep.ProcessingRequest()
    kind = b"text/event-stream" if stream else b"application/json"
    for name, raw in {":status": b"200", "content-type": kind}.items():
        head.response_headers.headers.headers.add(key=name, raw_value=raw)
    pieces = [*(STREAM_ANSWER if stream else (JSON_ANSWER,)), b""]
    chunks = [ep.ProcessingRequest(response_body=ep.HttpBody(body=piece, end_of_stream=not piece)) for piece in pieces]
    return [first, last, head, *chunks]


class Outcome:
    """How Process ended while Envoy's side was open, and after it was closed."""

    def __init__(self, task: asyncio.Task[None], context: Context) -> None:
        self.context = context
        self.returned = task.done() and not task.cancelled() and task.exception() is None
        self.raised = task.done() and not self.returned


async def run(rules, journal, envoy, context, *, seconds=0.3) -> Outcome:
    task = asyncio.create_task(ExtProc(services(rules, journal), Limits()).Process(envoy, context))
    await asyncio.wait({task}, timeout=seconds)
    outcome = Outcome(task, context)
    envoy.close()
    await asyncio.wait({task}, timeout=10)
    assert task.done()
    if not task.cancelled():
        task.exception()
    return outcome


def strike_at(monkeypatch, number: int, error: BaseException) -> list[str]:
    """Make the pump raise `error` instead of performing its action `number`; return the actions as they come."""
    actions: list[str] = []
    perform = Pump._perform

    async def struck(self, action):
        actions.append(type(action).__name__)
        if len(actions) - 1 == number:
            raise error
        return await perform(self, action)

    monkeypatch.setattr(Pump, "_perform", struck)
    return actions


EXCHANGES = [("allow", False), ("allow", True), ("review", False), ("deny", False)]
ERRORS = [RuntimeError, GatewayUnavailable, KeyError, EOFError, TimeoutError, ConnectionResetError, StopAsyncIteration]


@pytest.mark.parametrize(("effect", "stream"), EXCHANGES)
async def test_whole_exchange_returns_after_the_half_close_only(rules, tmp_path, effect, stream):
    """An exchange that went well stays open until Envoy closes its side, then returns."""
    context = Context()
    envoy = Envoy(conversation(effect, stream=stream), after=context)
    task = asyncio.create_task(ExtProc(services(rules, Journal(tmp_path / "j")), Limits()).Process(envoy, context))
    await asyncio.wait({task}, timeout=0.3)
    assert not task.done()
    assert context.written
    envoy.close()
    await asyncio.wait_for(task, 10)
    assert envoy.closed
    assert context.code is None
    assert leaks(b"".join(message.SerializeToString() for message in context.written)) == []


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize(("effect", "stream"), EXCHANGES)
async def test_no_error_at_any_step_makes_it_return(rules, tmp_path, monkeypatch, effect, stream, error):
    """Whatever an action raises, Process answers and stays, or aborts; it never returns while Envoy is there."""
    actions = strike_at(monkeypatch, -1, error())
    journal = Journal(tmp_path / "j")
    context = Context()
    await run(rules, journal, Envoy(conversation(effect, stream=stream), after=context), context)
    whole = len(actions)
    assert whole > 5
    monkeypatch.undo()
    for number in range(whole):
        with monkeypatch.context() as patch:
            strike_at(patch, number, error("sabotage"))
            context = Context()
            envoy = Envoy(conversation(effect, stream=stream), after=context)
            outcome = await run(rules, journal, envoy, context, seconds=0.03)
        assert not outcome.returned, number
        if outcome.raised:
            assert outcome.context.code is grpc.StatusCode.INTERNAL


@pytest.mark.parametrize(("effect", "stream"), EXCHANGES)
async def test_broken_stream_aborts(rules, tmp_path, effect, stream):
    """A stream that breaks after any message is no half-close: Process aborts."""
    messages = conversation(effect, stream=stream)
    journal = Journal(tmp_path / "j")
    for end in range(len(messages) + 1):
        context = Context()
        envoy = Envoy(messages[:end], after=context, error=ValueError("a message that does not parse"))
        outcome = await run(rules, journal, envoy, context, seconds=5)
        assert outcome.raised, end
        assert context.code is grpc.StatusCode.INTERNAL


@pytest.mark.parametrize(("effect", "stream"), EXCHANGES)
async def test_call_that_takes_nothing_more_aborts(rules, tmp_path, effect, stream):
    """A write that fails ends the exchange as one whose caller is gone; the record is closed, Process aborts."""
    journal = Journal(tmp_path / "j")
    whole = Context()
    await run(rules, journal, Envoy(conversation(effect, stream=stream), after=whole), whole)
    for number in range(len(whole.written)):
        context = Context(break_at=number)
        envoy = Envoy(conversation(effect, stream=stream), after=context)
        outcome = await run(rules, journal, envoy, context, seconds=0.3)
        assert outcome.raised, number
        assert context.code is grpc.StatusCode.INTERNAL
    lines = [msgspec.json.decode(line) for line in (tmp_path / "j").read_bytes().splitlines()]
    decided = [line["exchange"] for line in lines if line.get("event") == "exchange.decided"]
    closed = [line["exchange"] for line in lines if line.get("event") == "exchange.closed"]
    assert sorted(decided) == sorted(closed)


@pytest.mark.parametrize("after", [0, 1, 2, 3])
async def test_envoys_own_answer_is_not_waited_for(rules, tmp_path, after):
    """Envoy answers a request by itself while it is read or held: the stream is aborted, and nothing is released."""
    local = ep.ProcessingRequest()
    local.response_headers.headers.headers.add(key=":status", raw_value=b"504")
    local.response_headers.end_of_stream = True
    messages = conversation("review-never", stream=False)[:2]
    if after == 1:
        messages = messages[:1]
    envoy, context = Envoy([*messages, local] if after else [local]), Context()
    outcome = await run(rules, Journal(tmp_path / "j"), envoy, context, seconds=5 if after else 0.3)
    if after:
        assert outcome.raised
        assert context.written == []
    else:  # before any request of this stream: one of our own fixed texts, passed on
        assert not outcome.returned
        assert [message.WhichOneof("response") for message in context.written] == ["response_headers"]


async def test_cancelled_handler_writes_nothing_more(rules, tmp_path):
    """When gRPC cancels a handler, its exchange closes itself and does not touch the call again."""
    envoy, context = Envoy(conversation("review-never", stream=False)[:2]), Context()
    journal = tmp_path / "j"
    task = asyncio.create_task(ExtProc(services(rules, Journal(journal)), Limits()).Process(envoy, context))
    async with asyncio.timeout(10):
        while not journal.exists() or b'"held"' not in journal.read_bytes():  # noqa: ASYNC110  a file has no event
            await asyncio.sleep(0.005)
    task.cancel()
    with pytest.raises((Aborted, asyncio.CancelledError)):
        await task
    assert context.written == []
    assert b'"outcome": "caller_gone"' in journal.read_bytes()


def test_process_has_no_return():
    """The servicer's text has no way to return but its end."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(ExtProc.Process)))
    assert not any(isinstance(node, (ast.Return, ast.Yield, ast.YieldFrom)) for node in ast.walk(tree))
    (function,) = tree.body
    last = function.body[-1]
    assert isinstance(last, ast.Try)
    (handler,) = last.handlers
    assert isinstance(handler.type, ast.Name)
    assert handler.type.id == "BaseException"
    assert isinstance(handler.body[-1], ast.Raise)
