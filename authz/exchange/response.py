"""The response half: every byte is judged and recorded before it is released, and nothing has a second net here.

A JSON answer is held back whole, headers too, so that a refusal is still a clean refusal. An event stream is released
piece by piece: each piece masked, sealed, durable, then out. Envoy passes raw bytes if we end the stream early
(envoy-facts, Failing), so this half ends only by the end of the response or by an error that aborts it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from authz.audit import LARGEST_INTEGER
from authz.exchange import heads
from authz.exchange.actions import (
    CallerGone,
    Chunk,
    Quiet,
    Record,
    ReleaseResponse,
    ReleaseResponseHead,
    ResponseHead,
    Settle,
    Trailers,
    Unmask,
    Unmasker,
    UpstreamFault,
    ask,
)
from authz.exchange.endpoints import Treatment
from authz.exchange.hold import give_back
from authz.exchange.memory import judged_after, seal_memos
from authz.records import Batch
from masking.errors import StreamRefused
from masking.sse import error_frame

if TYPE_CHECKING:
    from collections.abc import Mapping

    from authz.exchange.actions import Steps
    from authz.exchange.judged import Released
    from authz.exchange.life import Exchange
    from authz.records import Segment
    from masking.response import ResponseMasker, ResponseResult
    from masking.stream import Emission, StreamMasker

OK = 200
UNANSWERED = frozenset({429, 503, 529})
"""Upstream did not take the request: limited, overloaded, or (Envoy's own 503) not reached."""

MOST_COUNT = 65_536
"""Largest token count that is read, in bytes: it holds a number or two."""

STREAM_END_GRACE = 0.02
"""Seconds to wait for upstream's end of body after `message_stop`, so that one commit records both."""


def response_half(exchange: Exchange, released: Released) -> Steps[None]:
    """Judge, record and release the response to a released request."""
    head = yield from receive_head(exchange)
    judged = released.judged
    pinned = (judged.masked, judged.pin.profile, judged.pin.rules_revision, judged.keys)
    kind = heads.one(head.headers, "content-type")
    counting = released.treatment is Treatment.COUNT
    if not counting and head.status == OK and heads.is_event_stream(kind) and not head.end:
        masker = yield from ask(Unmasker(*pinned))
        yield from _Stream(exchange, released, masker.stream()).live(head)
    elif counting and head.status == OK and heads.is_json(kind):
        yield from _count(exchange, released, head)
    elif head.status == OK and heads.is_json(kind):
        result = yield from ask(Unmask(*pinned, (yield from read_body(exchange, head))))
        yield from _message(exchange, released, result, head)
    elif head.status >= 400:  # noqa: PLR2004  the HTTP classes of client and server errors
        masker = yield from ask(Unmasker(*pinned))
        yield from _error(exchange, released, masker, head)
    else:
        raise UpstreamFault("upstream answered with a status or type that the endpoint does not have")


def receive_head(exchange: Exchange) -> Steps[ResponseHead]:
    """Return the response headers. Raises `UpstreamFault` when the body could not be read."""
    event = yield from exchange.receive()
    if not isinstance(event, ResponseHead):
        raise CallerGone("the response did not begin with headers")
    if heads.one(event.headers, "content-encoding") not in {None, "", "identity"}:
        raise UpstreamFault("upstream sent a content-encoding")
    return event


def read_body(exchange: Exchange, head: ResponseHead, most: int | None = None) -> Steps[bytes]:
    """Return the whole body, of at most `most` bytes (None: as long as any answer may be)."""
    if most is None:
        most = exchange.limits.max_response_bytes
    chunks: list[bytes] = []
    size = 0
    end = head.end
    while not end:
        event = yield from exchange.receive()
        if isinstance(event, Trailers):
            raise UpstreamFault("upstream sent trailers")
        if not isinstance(event, Chunk):
            continue
        size += len(event.data)
        if size > most:
            raise UpstreamFault("upstream's answer is over the limit")
        chunks.append(event.data)
        end = event.end
    return b"".join(chunks)


def release_whole(exchange: Exchange, head: ResponseHead, body: bytes) -> Steps[None]:
    """Let a whole JSON answer go to the caller."""
    exchange.responding = True
    added = {heads.EXCHANGE_HEADER: exchange.id, "content-type": "application/json"}
    yield from ask(ReleaseResponseHead(head, heads.kept_response_headers(head.headers), added))
    yield from ask(ReleaseResponse(body, end=True))


def _closing_facts(status: int, result: Any) -> dict[str, Any]:
    return {
        "status": status,
        "response_findings": dict(result.findings),
        "restored": result.restored,
        "stop_reason": result.stop_reason or "-",
        "usage": {key: value for key, value in result.usage.items() if isinstance(value, int)},
    }


def _message(exchange: Exchange, released: Released, result: ResponseResult, head: ResponseHead) -> Steps[None]:
    judged, story = released.judged, released.story
    payload = story.payload("response", result.record, judged.data_key)
    facts = {"response_payload": payload.id, "response_sealed_sha256": payload.digest.hex()}
    facts |= _closing_facts(head.status, result)
    batch = Batch(
        events=(story.closed("completed", facts),),
        payloads=(payload,),
        judged=judged_after(judged.keys, judged.thread.final, result.units, released.approval),
        memos=seal_memos(judged.keys, judged.thread.final, exchange.id, result.memos),
    )
    yield from ask(Record(batch))
    exchange.opened = False
    yield from _settle(exchange)  # before the caller can know, so that its next request does not meet a used ticket
    yield from release_whole(exchange, head, result.caller)


def _count(exchange: Exchange, released: Released, head: ResponseHead) -> Steps[None]:
    """Pass on how many tokens upstream counted, and nothing else of the answer."""
    counted = read_count((yield from read_body(exchange, head, MOST_COUNT)))
    facts = {"status": head.status, "usage": {"input_tokens": counted["input_tokens"]}}
    yield from ask(Record(Batch(events=(released.story.closed("completed", facts),))))
    exchange.opened = False
    yield from release_whole(exchange, head, orjson.dumps(counted))


def read_count(body: bytes) -> dict[str, Any]:
    """Return the numbers of a token count. Raises `UpstreamFault` when it is not one."""
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        answer = None
    if not isinstance(answer, dict) or not _is_count(answer.get("input_tokens")):
        raise UpstreamFault("upstream's answer is no token count")
    counted: dict[str, Any] = {"input_tokens": answer["input_tokens"]}
    managed = answer.get("context_management")  # what beta callers get besides
    if isinstance(managed, dict) and _is_count(managed.get("original_input_tokens")):
        counted["context_management"] = {"original_input_tokens": managed["original_input_tokens"]}
    return counted


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value <= LARGEST_INTEGER


def _error(exchange: Exchange, released: Released, masker: ResponseMasker, head: ResponseHead) -> Steps[None]:
    """Pass upstream's refusal on, its text masked. Where upstream did not take the request, its approval stays good."""
    body = masker.error((yield from read_body(exchange, head)))
    event = released.story.closed("upstream_error", {"status": head.status})
    yield from ask(Record(Batch(events=(event,))))
    exchange.opened = False
    if head.status in UNANSWERED:
        yield from give_back(exchange)
    else:
        yield from _settle(exchange)
    yield from release_whole(exchange, head, body)


def _settle(exchange: Exchange) -> Steps[None]:
    if exchange.ticket is not None:
        ticket, exchange.ticket = exchange.ticket, None
        yield from ask(Settle(ticket, exchange.id, give_back=False))


class _Stream:
    """One event stream on its way to the caller."""

    def __init__(self, exchange: Exchange, released: Released, masker: StreamMasker) -> None:
        self.exchange = exchange
        self.released = released
        self.masker = masker
        self.told = False

    def live(self, head: ResponseHead) -> Steps[None]:
        self.exchange.responding = True
        added = {heads.EXCHANGE_HEADER: self.exchange.id}
        yield from ask(ReleaseResponseHead(head, heads.kept_response_headers(head.headers), added))
        end = False
        while not end:
            event = yield from self.exchange.receive()
            data, end = yield from self._gather(event)
            try:
                emissions = self.masker.feed(data)
            except StreamRefused as refused:
                yield from self._cut(refused.error_code, end=end)
                return
            if end:
                break
            if self.masker.complete and not self.exchange.waiting():
                peek = yield from self.exchange.receive(STREAM_END_GRACE)
                if not isinstance(peek, Quiet):
                    self.exchange.push_back(peek)
                    if isinstance(peek, Chunk) and peek.end and not peek.data:
                        yield from self.exchange.receive()
                        end = True
                        break
            yield from self._out(emissions)
        yield from self._finish(head, emissions)

    def _gather(self, event: Any) -> Steps[tuple[bytes, bool]]:
        """Return the bytes of all chunks that are here: what waited during a commit shares the next one."""
        data: list[bytes] = []
        while True:
            if isinstance(event, Trailers):
                return b"".join(data), True
            if isinstance(event, Chunk):
                data.append(event.data)
                if event.end:
                    return b"".join(data), True
            if not self.exchange.waiting():
                return b"".join(data), False
            event = yield from self.exchange.receive()

    def _rows(self) -> Mapping[str, Any]:
        """Return memos and judged rows, once: they are durable before the caller can know that the turn is whole."""
        if not self.masker.complete or self.told:
            return {}
        self.told = True
        judged = self.released.judged
        return {
            "judged": judged_after(judged.keys, judged.thread.final, self.masker.units, self.released.approval),
            "memos": seal_memos(judged.keys, judged.thread.final, self.exchange.id, self.masker.memos),
        }

    def _segment(self, emissions: list[Emission]) -> tuple[Segment, ...]:
        content = b"".join(emission.record for emission in emissions if not emission.urgent)
        if not content:
            return ()
        return (self.released.story.segment(content, self.released.judged.data_key),)

    def _out(self, emissions: list[Emission]) -> Steps[None]:
        """Record, then release. Pings hold nothing and wait for nothing."""
        segments, rows = self._segment(emissions), self._rows()
        if segments or rows:
            yield from ask(Record(Batch(segments=segments, **rows)))
        caller = b"".join(emission.caller for emission in emissions)
        if caller:
            yield from ask(ReleaseResponse(caller, end=False))

    def _finish(self, head: ResponseHead, emissions: list[Emission]) -> Steps[None]:
        end = self.masker.finish(self.exchange.request_id)
        emissions = [*emissions, *end.emissions]
        segments, rows = self._segment(emissions), self._rows()
        outcome = "completed" if end.complete else "truncated"
        event = self.released.story.closed(outcome, _closing_facts(head.status, self.masker))
        yield from ask(Record(Batch(segments=segments, events=(event,), **rows)))
        self.exchange.opened = False
        yield from _settle(self.exchange)
        yield from ask(ReleaseResponse(b"".join(emission.caller for emission in emissions), end=True))

    def _cut(self, code: str, *, end: bool) -> Steps[None]:
        """End a stream that cannot be inspected: an error event, the end, and nothing of the rest."""
        event = self.released.story.closed(code, {"status": OK})
        yield from ask(Record(Batch(events=(event,))))
        self.exchange.opened = False
        yield from _settle(self.exchange)
        frame = error_frame("api_error", "upstream_invalid", UpstreamFault.public, self.exchange.request_id)
        yield from ask(ReleaseResponse(frame, end=True))
        if not end:
            yield from self.exchange.skip_to_end()
