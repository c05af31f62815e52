"""Waiting for a verdict: one LISTEN connection per worker, and a poll as the net under it.

A wake-up says only "look again"; what counts is the ticket that is read then. So a notification that is lost, late or
doubled costs at most the poll's two seconds, and a lost connection is replaced while the poll goes on. The same task
writes down tickets that are due.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Self

import asyncpg

from authz.approval import State
from authz.errors import GatewayError
from authz.ticket_steps import CHANNEL

if TYPE_CHECKING:
    from authz.approval import Ticket
    from authz.approval_store import ApprovalStore
    from authz.database import Database

_log = logging.getLogger("phigate.tickets")
_POLLS_PER_SWEEP = 5
_FAULTS = (
    GatewayError,
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    TimeoutError,
)


class TicketWatch:
    """The waiting of one worker. A hold is one entry here and a coroutine, nothing more."""

    def __init__(self, database: Database, approvals: ApprovalStore, *, poll_seconds: float = 2.0) -> None:
        self._database = database
        self._approvals = approvals
        self._poll_seconds = poll_seconds
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._tasks: list[asyncio.Task[None]] = []
        self._draining = False
        self.listening = asyncio.Event()
        """Set while the LISTEN connection stands."""

    async def start(self) -> None:
        """Start to listen and to poll."""
        self._tasks = [
            asyncio.create_task(self._listen(), name="ticket listener"),
            asyncio.create_task(self._poll(), name="ticket poll"),
        ]

    async def close(self) -> None:
        """Stop; whoever still waits gets the ticket as it stands."""
        self.drain()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()

    @property
    def held(self) -> int:
        """How many requests wait here."""
        return sum(map(len, self._waiting.values()))

    def drain(self) -> None:
        """Answer everybody who waits, and everybody who comes, with the ticket as it stands."""
        self._draining = True
        self._wake(list(self._waiting))

    async def wait(self, ticket_id: str, timeout: float) -> Ticket:  # noqa: ASYNC109 -- a hold's length, not a guard
        """Return the ticket as soon as it is no longer pending, or as it stands after `timeout` seconds.

        Raises `TicketNotFound`, and `DatabaseUnavailable` when it cannot be read.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        woken = asyncio.Event()
        self._waiting[ticket_id].add(woken)
        try:
            while True:
                woken.clear()  # before the read: what changes after it wakes us again
                ticket = await self._approvals.get(ticket_id)
                if ticket.state is not State.PENDING or self._draining or loop.time() >= deadline:
                    return ticket
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout_at(deadline):
                        await woken.wait()
        finally:
            waiters = self._waiting[ticket_id]
            waiters.discard(woken)
            if not waiters:
                del self._waiting[ticket_id]

    def _wake(self, ticket_ids: list[str]) -> None:
        for ticket_id in ticket_ids:
            for woken in self._waiting.get(ticket_id, ()):
                woken.set()

    async def _listen(self) -> None:
        pause = 0.05
        while True:
            connection: Any = None
            lost = asyncio.Event()
            try:
                connection = await self._database.connect()
                connection.add_termination_listener(lambda _, lost=lost: lost.set())
                await connection.add_listener(CHANNEL, lambda *notice: self._wake([notice[3]]))
                self.listening.set()
                self._wake(list(self._waiting))  # what was said while nobody listened
                pause = 0.05
                await lost.wait()
            except _FAULTS as error:
                _log.warning("tickets: cannot listen (%s), polling meanwhile", type(error).__name__)
            finally:
                self.listening.clear()
                if connection is not None:
                    connection.terminate()
            await asyncio.sleep(pause)
            pause = min(2 * pause, 2.0)

    async def _poll(self) -> None:
        rounds = 0
        while True:
            await asyncio.sleep(self._poll_seconds)
            rounds += 1
            try:
                if self._waiting:
                    rows = await self._database.pool.fetch(
                        "SELECT id FROM tickets WHERE id = ANY ($1) AND stands <> 'PENDING'", list(self._waiting)
                    )
                    self._wake([row["id"] for row in rows])
                if rounds % _POLLS_PER_SWEEP == 0:
                    await self._approvals.expire()
            except _FAULTS as error:
                _log.warning("tickets: poll failed (%s)", type(error).__name__)
