"""A worker that harms itself: the real servicers, and a saboteur that counts their steps and strikes at one of them.

A *step* is an action that the exchange asks for or a message written to Envoy; the strike comes before it. Which one is
in the caller's headers (`x-gate-case`, `x-gate-plan: <mode>@<step>`), so that one worker serves many cases at once.
"""

from __future__ import annotations

import asyncio
import os
import signal
from typing import TYPE_CHECKING, Any

import grpc

from authz import envoy_messages as wire
from authz import ext_proc
from authz.errors import GatewayUnavailable
from authz.exchange import actions as act
from authz.ext_authz import ExtAuthz
from authz.ext_proc import ExtProc, Pump

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gate_services import Journal


class ReturnNow(BaseException):
    """Tells the broken servicer to return as if all were well."""


class Blades:
    """What a strike can reach: the journal, and the server that it may close."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.server: grpc.aio.Server | None = None
        self.tasks: set[asyncio.Task[None]] = set()
        self.unparked = asyncio.Event()

    def close_server(self) -> None:
        if self.server is None:
            raise RuntimeError("no server yet")
        self.tasks.add(asyncio.create_task(self.server.stop(None)))


class SabotagedPump(Pump):
    """The real pump, with a blade over each step."""

    blades: Blades

    def __init__(self, services: Any, context: Any) -> None:
        handler = asyncio.current_task()
        if handler is None:
            raise RuntimeError("a pump is made by its handler")
        self.handler = handler
        self.real_context = context
        self.case = self.mode = ""
        self.at = -1
        self.labels: list[str] = []
        super().__init__(services, _WatchedContext(self, context))

    async def live(self, limits: Any) -> None:
        self.life = asyncio.current_task()
        try:
            await super().live(limits)
        finally:
            self.blades.journal.note(case=self.case, steps=self.labels)

    def _note(self, event: act.Event) -> act.Event:
        if isinstance(event, act.RequestHead):
            headers = dict(event.headers)
            self.case = headers.get("x-gate-case", "")
            self.mode, _, at = headers.get("x-gate-plan", "none@-1").partition("@")
            self.at = int(at)
            self.blades.journal.note(case=self.case, began=True)
        return super()._note(event)

    async def _perform(self, action: act.Action[Any]) -> Any:
        await self.step(type(action).__name__)
        return await super()._perform(action)

    async def step(self, label: str) -> None:
        """Strike, if this is the step."""
        self.labels.append(label)
        if len(self.labels) - 1 != self.at:
            return
        self.blades.journal.note(case=self.case, fired=label)
        match self.mode:
            case "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            case "stop":
                os.kill(os.getpid(), signal.SIGSTOP)
            case "park":
                await self.blades.unparked.wait()
            case "raise":
                raise RuntimeError("sabotage")
            case "fault":
                raise GatewayUnavailable("sabotage")
            case "abort":
                await self.real_context.abort(grpc.StatusCode.INTERNAL, "sabotage")
            case "return":
                self.real_context.returning = True
                raise ReturnNow
            case "cancel":
                self.handler.cancel()
                await asyncio.sleep(0)
            case "cancel-life":
                self.life.cancel()
                await asyncio.sleep(0)
            case "close":
                self.blades.close_server()
                async with asyncio.timeout(10):
                    while not self._left:  # noqa: ASYNC110  until the cancellation has reached the handler
                        await asyncio.sleep(0.001)
            case "early-head":
                # an answer to the request headers without the mark, before the verdict
                message = wire.request_released((), frozenset(), "x")
                message.ClearField("dynamic_metadata")
                await self.real_context.write(message)
            case "twice":
                # whatever is said next was already said once
                self.twice = True

    twice = False


class _WatchedContext:
    """The servicer context, with a blade over each write."""

    def __init__(self, pump: SabotagedPump, context: Any) -> None:
        self._pump = pump
        self._context = context

    async def write(self, message: Any) -> None:
        await self._pump.step("write:" + message.WhichOneof("response"))
        await self._context.write(message)
        if self._pump.twice:
            self._pump.twice = False
            await self._context.write(message)


class SabotagedExtProc(ExtProc):
    """The real servicer, except that `return` breaks its one rule."""

    async def Process(self, requests: AsyncIterator[Any], context: Any) -> None:  # noqa: N802
        try:
            await super().Process(requests, _ReturningContext(context))
        except ReturnNow:
            return


class _ReturningContext:
    """The servicer context of the broken servicer: its abort returns when the strike says so."""

    def __init__(self, context: Any) -> None:
        self._context = context
        self.returning = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)

    async def abort(self, code: Any, details: str) -> None:
        if self.returning:
            raise ReturnNow
        await self._context.abort(code, details)


class SabotagedExtAuthz(ExtAuthz):
    """The real Check; `authz-<mode>@0` strikes before it."""

    blades: Blades

    async def Check(self, request: Any, context: Any) -> Any:  # noqa: N802
        headers = dict(request.attributes.request.http.headers)
        match headers.get("x-gate-plan", "").partition("@")[0]:
            case "authz-kill":
                os.kill(os.getpid(), signal.SIGKILL)
            case "authz-stop":
                os.kill(os.getpid(), signal.SIGSTOP)
            case "authz-raise":
                raise RuntimeError("sabotage")
            case "authz-abort":
                await context.abort(grpc.StatusCode.INTERNAL, "sabotage")
            case "authz-close":
                self.blades.close_server()
        return await super().Check(request, context)


def arm(journal: Journal) -> Blades:
    """Put the blades over every pump made in this process."""
    blades = Blades(journal)
    SabotagedPump.blades = SabotagedExtAuthz.blades = blades
    ext_proc.Pump = SabotagedPump  # type: ignore[misc]
    return blades
