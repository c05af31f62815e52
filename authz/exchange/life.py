"""The life of one exchange: request half, response half, and the one place where everything that goes wrong ends.

A refusal before anything was released becomes an answer of ours; a fault after response headers are out ends the stream
without the rest. Either way the exchange is closed in the record, and the closing event is durable first.
"""

from __future__ import annotations

import secrets
import time
import uuid
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from authz.errors import GatewayError, Refusal, new_request_id
from authz.exchange import heads
from authz.exchange.actions import (
    CallerGone,
    Chunk,
    Quiet,
    Receive,
    Record,
    Refuse,
    ReleaseResponse,
    ReleaseResponseHead,
    RequestHead,
    ResponseHead,
    Settle,
    Trailers,
    ask,
)
from authz.exchange.catalogue import catalogue
from authz.exchange.endpoints import Treatment
from authz.exchange.judged import Rejected
from authz.exchange.request import request_half
from authz.exchange.response import response_half
from authz.records import Batch
from masking.errors import JsonRefused, MaskingError

if TYPE_CHECKING:
    from collections.abc import Callable

    from authz.exchange.actions import Event, Steps
    from authz.exchange.judged import Released
    from authz.exchange.story import Story
    from authz.identity import Principal


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of an exchange: body sizes in bytes, the longest hold in seconds."""

    max_body_bytes: int = 33_554_432
    max_response_bytes: int = 67_108_864
    hold_seconds: float = 285.0


@dataclass(slots=True)
class Exchange:
    """One HTTP request and its response. `run()` is the generator that the pump drives.

    `principal` and `access_decision` come from ext_authz by dynamic metadata; None says that ext_authz did not let this
    request through, and then only a reply of Envoy's own may pass.
    """

    principal: Principal | None
    access_decision: str
    limits: Limits = field(default_factory=Limits)
    now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000
    new_id: Callable[[], str] = lambda: uuid.uuid4().hex
    id: str = field(default_factory=lambda: "ex_" + secrets.token_hex(12))
    request_id: str = field(default_factory=new_request_id)
    story: Story | None = None
    opened: bool = False
    ticket: str | None = None
    sent: bool = False
    """Whether the request may have gone upstream; a grant under which nothing went is given back."""
    responding: bool = False
    _inbox: deque[Event] = field(default_factory=deque)

    def receive(self, within: float | None = None) -> Steps[Event]:
        """Return the next event, from those already here or from Envoy."""
        if not self._inbox:
            self._inbox.extend((yield from ask(Receive(within))))
        return self._inbox.popleft()

    def waiting(self) -> bool:
        """Return whether another event is here already."""
        return bool(self._inbox)

    def push_back(self, event: Event) -> None:
        """Put an event back, to be received next."""
        self._inbox.appendleft(event)

    def run(self) -> Steps[None]:
        """Live the whole exchange.

        What comes out of here was not answered: the pump aborts the stream on it, and Envoy passes nothing more.
        """
        try:
            yield from self._live()
        except Rejected as rejected:
            yield from self._reject(rejected.refusal, rejected.outcome, rejected.batch)
        except MaskingError as error:
            refusal = Refusal(
                error.status, _error_type(error.status), error.error_code, error.public, details=_details(error)
            )
            yield from self._reject(refusal, error.error_code, Batch())
        except CallerGone:
            yield from self._close("caller_gone", Batch())
            # Envoy may still be there, with an answer of its own that waits for ours
            raise
        except GatewayError as error:
            yield from self._reject(Refusal.of(error), error.error_code, Batch())
        except Exception:
            # on no list, so a fault of ours: closed and answered like one, and raised for the log
            yield from self._reject(Refusal.of(GatewayError()), GatewayError.error_code, Batch())
            raise

    def _live(self) -> Steps[None]:
        first = yield from self.receive()
        if isinstance(first, ResponseHead):
            yield from self._local_reply(first)
            return
        if not isinstance(first, RequestHead) or self.principal is None:
            raise GatewayError("the request did not come through ext_authz")
        asked = heads.admit(first, self.limits.max_body_bytes)
        if isinstance(asked, Refusal):
            raise Rejected(asked, asked.error_code)
        if asked.endpoint.treatment is Treatment.CATALOGUE:
            yield from catalogue(self, first, self.principal, asked)
            return
        released: Released = yield from request_half(self, first, self.principal, asked)
        yield from response_half(self, released)

    def _local_reply(self, head: ResponseHead) -> Steps[None]:
        """Pass a reply that Envoy or ext_authz made before any request reached us: it holds only our own fixed texts.

        No request of this stream was released, so these bytes cannot be upstream's.
        """
        self.responding = True
        yield from ask(ReleaseResponseHead(head, None, {}))
        end = head.end
        while not end:
            event = yield from self.receive()
            if isinstance(event, Chunk):
                yield from ask(ReleaseResponse(event.data, event.end))
                end = event.end
            elif isinstance(event, Trailers):
                return

    def _reject(self, refusal: Refusal, outcome: str, batch: Batch) -> Steps[None]:
        """Record the end, then answer: 503 when the record cannot be written."""
        try:
            yield from self._close(outcome, batch)
        except CallerGone:
            raise
        except GatewayError as error:
            refusal = Refusal.of(error)
        if self.responding:
            raise GatewayError("a fault after response headers were released ends the stream")
        yield from ask(Refuse(refusal, self.request_id, self.id))

    def _close(self, outcome: str, batch: Batch) -> Steps[None]:
        events = batch.events
        if self.story is not None and (self.opened or events):
            events = (*events, self.story.closed(outcome, {}))
        try:
            if events:
                yield from ask(Record(Batch(events, batch.payloads, batch.segments, batch.judged, batch.memos)))
        except GatewayError:
            yield from self._settle()
            raise
        yield from self._settle()

    def _settle(self) -> Steps[None]:
        """Let go of the grant, also when the record fails: else nobody could use or end it while this worker lives."""
        if self.ticket is not None:
            ticket, self.ticket = self.ticket, None
            yield from ask(Settle(ticket, self.id, give_back=not self.sent))

    def skip_to_end(self) -> Steps[None]:
        """Swallow what upstream still sends, until its end: it was judged to go no further."""
        while True:
            event = yield from self.receive()
            if isinstance(event, Quiet):
                continue
            if isinstance(event, Trailers) or (isinstance(event, Chunk) and event.end):
                return


def _details(error: MaskingError) -> dict[str, str | int]:
    """Return what helps a caller to mend its body: the reader's reason from a fixed list, and the byte it stands at."""
    return {"reason": error.reason, "offset": error.offset} if isinstance(error, JsonRefused) else {}


def _error_type(status: int) -> str:
    by_status: dict[int, str] = {
        400: "invalid_request_error",
        401: "authentication_error",
        403: "permission_error",
        404: "not_found_error",
        413: "request_too_large",
        415: "invalid_request_error",
        429: "rate_limit_error",
    }
    return by_status.get(status, "api_error")
