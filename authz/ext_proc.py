"""The pump: Envoy's messages in, the exchange's actions out, and the one place where a stream handler may return.

Envoy 1.40 passes the raw rest of a body, in both directions, when a handler returns normally before Envoy has
half-closed (measured; envoy-facts: Failing). So `Process` returns in exactly one place, after the exchange has ended
well and Envoy has closed its side; every other way out aborts the RPC, and Envoy closes the caller's stream.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Any

import grpc
from envoy.service.ext_proc.v3 import external_processor_pb2_grpc as ep_grpc

from authz import envoy_messages as wire
from authz.conversation import SessionKeys, thread
from authz.decision import HttpFacts, access_input, content_input, models_input
from authz.errors import GatewayError
from authz.exchange import actions as act
from authz.exchange.life import Exchange
from masking.response import ResponseMasker

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from envoy.service.ext_proc.v3 import external_processor_pb2 as ep

    from authz.conversation import Thread
    from authz.exchange.life import Limits
    from authz.services import Services

INBOX = 256
"""Messages read ahead of the exchange; beyond that gRPC's flow control slows Envoy down."""

_log = logging.getLogger("phigate.ext_proc")
_END = object()


class Pump:
    """Drives one exchange. `inbox` holds what Envoy sent and the exchange has not asked for yet."""

    def __init__(self, services: Services, context: grpc.aio.ServicerContext) -> None:
        self._services = services
        self._context = context
        self._inbox: asyncio.Queue[Any] = asyncio.Queue(INBOX)
        self._ended = False
        self._half_closed = False
        self._left = False
        self._request_head: act.RequestHead | None = None

    async def read(self, requests: AsyncIterator[ep.ProcessingRequest]) -> None:
        """Fill the inbox until Envoy closes its side."""
        try:
            async for message in requests:
                await self._inbox.put(message)
            self._half_closed = True
        finally:
            self._ended = True
            with contextlib.suppress(asyncio.QueueFull):
                self._inbox.put_nowait(_END)

    async def live(self, limits: Limits) -> None:
        """Run the exchange to its end. An error that it did not answer comes out of here."""
        message = await self._next()
        principal, decision_id = wire.read_principal(message)
        exchange = Exchange(principal, decision_id, limits)
        exchange.push_back(self._note(wire.read_event(message)))
        steps = exchange.run()
        try:
            action = next(steps)
            while True:
                try:
                    outcome = await self._perform(action)
                except Exception as error:  # noqa: BLE001  whatever it is, the exchange closes itself on it
                    action = steps.throw(error)
                else:
                    action = steps.send(outcome)
        except StopIteration:
            return
        finally:
            steps.close()

    async def half_closed(self) -> None:
        """Wait until Envoy has closed its side; what it still sends belongs to an exchange that is over.

        Raises CallerGone when the stream broke instead: only a half-close makes a normal return harmless.
        """
        while not (self._ended and self._inbox.empty()):
            if await self._inbox.get() is _END:
                break
        if not self._half_closed:
            raise act.CallerGone("the stream broke")

    def leave(self) -> None:
        """Say that the handler is ending: gRPC lets go of the call then, so nothing is read or written any more."""
        self._left = self._ended = True
        with contextlib.suppress(asyncio.QueueFull):
            self._inbox.put_nowait(_END)

    async def _write(self, message: ep.ProcessingResponse) -> None:
        if self._left:
            raise act.CallerGone("the handler has ended")
        try:
            await self._context.write(message)
        except (grpc.aio.BaseError, asyncio.InvalidStateError) as error:
            raise act.CallerGone("Envoy takes nothing more") from error

    async def _next(self) -> ep.ProcessingRequest:
        if self._ended and self._inbox.empty():
            raise act.CallerGone("Envoy closed the stream")
        message = await self._inbox.get()
        if message is _END:
            raise act.CallerGone("Envoy closed the stream")
        return message

    def _note(self, event: act.Event) -> act.Event:
        if isinstance(event, act.RequestHead):
            self._request_head = event
        return event

    async def _receive(self, within: float | None) -> list[act.Event]:
        try:
            async with asyncio.timeout(within):
                message = await self._next()
        except TimeoutError:
            return [act.Quiet()]
        events = [self._note(wire.read_event(message))]
        while not self._inbox.empty():
            message = self._inbox.get_nowait()
            if message is _END:
                self._inbox.put_nowait(_END)
                break
            events.append(self._note(wire.read_event(message)))
        return events

    async def _perform(self, action: act.Action[Any]) -> Any:
        services = self._services
        match action:
            case act.Receive(within):
                return await self._receive(within)
            case act.Record(batch):
                return await services.recorder.record(batch)
            case act.ReleaseResponse(data, end):
                return await self._write_body("response_body", data, end=end)
            case act.ReadOutline(body):
                return await services.workroom.outline(body)
            case act.OpenSession():
                return self._open_session(action)
            case act.Unmask(masked, profile, revision, keys, body):
                rules = await services.rules.get(revision)
                return await services.workroom.unmask(body, rules, profile, keys.masking, masked)
            case act.LoadSession(keys, digests, model):
                return await services.sessions.load(keys.id, digests.asked(), digests.request, model, digests.tools)
            case act.Mask():
                return await self._mask(action)
            case act.AskContent():
                return await services.policy.content(
                    content_input(
                        self._http(action.head),
                        action.principal,
                        action.request,
                        action.findings,
                        action.new_findings,
                        action.triggers,
                    )
                )
            case act.PinSession(row):
                return await services.sessions.pin(row)
            case act.SealingKey(session, tenant):
                return await services.recorder.data_key(session, tenant)
            case act.ReleaseRequest():
                return await self._release_request(action)
            case act.Unmasker(masked, profile, revision, keys):
                rules = await services.rules.get(revision)
                return ResponseMasker(rules, rules.profiles[profile], keys.masking, masked.memory, masked.restorations)
            case act.ReleaseResponseHead(head, keep, add):
                return await self._write(wire.response_head(head.headers, keep, add))
            case act.AskModels(principal, head, models):
                return await services.policy.models(models_input(self._http(head), principal, models))
            case act.AskAccess(principal, head):
                return await services.policy.access(access_input(self._http(head), principal))
            case act.OpenTicket(ticket, event):
                return await services.approvals.open_or_join(ticket, event)
            case act.AwaitVerdict(ticket_id, seconds):
                return await self._hold(ticket_id, seconds)
            case act.Consume(ticket_id, exchange_id, batch):
                return await services.approvals.consume(ticket_id, exchange_id, batch)
            case act.Settle(ticket_id, exchange_id, give_back):
                return await services.approvals.finish(ticket_id, exchange_id, give_back=give_back)
            case act.Refuse(refused, request_id, exchange_id):
                return await self._write(wire.refusal(refused, request_id, exchange_id))
        raise GatewayError("an action that the pump does not know")

    def _open_session(self, action: act.OpenSession) -> tuple[SessionKeys, Thread]:
        principal = action.principal
        master = self._services.root_key.session_key(principal.tenant, principal.issuer, principal.subject, action.name)
        keys = SessionKeys.derive(master)
        return keys, thread(keys, action.outline, action.endpoint, action.conditions)

    async def _mask(self, action: act.Mask) -> act.Masked:
        services = self._services
        rules = await services.rules.get(action.rules_revision)
        profile = action.profile or rules.default_profile
        request = await services.workroom.mask(
            action.body,
            rules,
            profile,
            action.keys.masking,
            new_units=action.new_units,
            echoed=action.echoed,
            memos=action.memos,
            arranged=action.arranged,
        )
        return act.Masked(request, profile, rules.revision)

    async def _hold(self, ticket_id: str, seconds: float) -> Any:
        """Wait for the verdict while listening to Envoy: anything it sends now says that nobody waits any more."""
        verdict = asyncio.ensure_future(self._services.tickets.wait(ticket_id, seconds))
        listening = asyncio.ensure_future(self._inbox.get())
        try:
            await asyncio.wait({verdict, listening}, return_when=asyncio.FIRST_COMPLETED)
            if listening.done() or (self._ended and not verdict.done()):
                raise act.CallerGone("the caller left during the hold")
            return verdict.result()
        finally:
            verdict.cancel()
            listening.cancel()

    @staticmethod
    def _http(head: act.RequestHead) -> HttpFacts:
        headers = dict(head.headers)
        return HttpFacts(head.method, head.path, headers, host=headers.get(":authority", ""))

    async def _release_request(self, action: act.ReleaseRequest) -> None:
        if self._request_head is None:
            raise GatewayError("no request to release")
        head = self._request_head.headers
        await self._write(wire.request_released(head, action.keep, action.exchange, action.target))
        if action.body is not None:  # Envoy refuses a body where none came (envoy-facts: Body modes)
            await self._write_body("request_body", action.body, end=True)

    async def _write_body(self, direction: str, data: bytes, *, end: bool) -> None:
        for message in wire.body_pieces(direction, data, end=end):
            await self._write(message)


class ExtProc(ep_grpc.ExternalProcessorServicer):  # type: ignore[misc]
    """The ext_proc service."""

    def __init__(self, services: Services, limits: Limits) -> None:
        self._services = services
        self._limits = limits
        self._lives: set[asyncio.Task[None]] = set()

    @property
    def under_way(self) -> int:
        """How many exchanges are being lived."""
        return len(self._lives)

    async def Process(  # noqa: N802
        self, requests: AsyncIterator[ep.ProcessingRequest], context: grpc.aio.ServicerContext
    ) -> None:
        """Serve one HTTP request and its response."""
        pump = Pump(self._services, context)
        reading = asyncio.create_task(pump.read(requests))
        life = asyncio.create_task(pump.live(self._limits))
        self._lives.add(life)
        life.add_done_callback(self._lives.discard)
        life.add_done_callback(_collect)
        try:
            await asyncio.shield(life)
            await pump.half_closed()
        except BaseException as error:
            if not isinstance(error, (act.CallerGone, asyncio.CancelledError)):
                _log.warning("exchange aborted: %s", type(error).__name__)
            pump.leave()
            reading.cancel()
            # shielded, and waited for: when the caller leaves, the exchange still closes itself in the record
            await asyncio.wait({life})
            # also when cancelled: gRPC sends no status for that, and Envoy would wait for one until its idle timeout
            await context.abort(grpc.StatusCode.INTERNAL, "exchange aborted")
            raise
        # the only normal end: the exchange is over and Envoy has half-closed


def _collect(life: asyncio.Task[None]) -> None:
    """Take the outcome of a life whose handler is gone, so that it is not reported as lost."""
    if not life.cancelled():
        life.exception()
