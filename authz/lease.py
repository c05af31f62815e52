"""A worker's lease, and the sweep that closes what a dead worker left open.

A worker lives while its lease is renewed, by the database's clock. When a lease has ended, whichever worker sweeps
first closes that worker's exchanges as `aborted` and its consumed approvals as unknown (the request may have reached
upstream: nothing is sent again by itself). A worker that was only asleep finds its exchanges closed: the record takes
no segment and no second closing event for them, so nothing more of them is released.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import secrets
import socket
from typing import TYPE_CHECKING, Self

import asyncpg
from sqlalchemy import text

from authz.audit import Event
from authz.audit_store import append
from authz.database import DatabaseUnavailable
from authz.errors import GatewayError
from authz.records import Batch
from authz.ticket_steps import Step, settle, transaction
from authz.vault import bind

if TYPE_CHECKING:
    from authz.database import Database

_log = logging.getLogger("phigate.lease")

_RENEW = """
INSERT INTO workers AS w (id, lease_until) VALUES ($1, clock_timestamp() + make_interval(secs => $2))
ON CONFLICT (id) DO UPDATE SET lease_until = excluded.lease_until
RETURNING (SELECT o.lease_until > clock_timestamp() FROM workers o WHERE o.id = $1) AS held
"""

_LAPSED = text(
    # The rows stay locked to the end of the sweep: a worker that wakes up waits, and then finds what was done.
    "SELECT id FROM workers WHERE lease_until <= clock_timestamp() ORDER BY id FOR UPDATE SKIP LOCKED"
)
_ABANDONED = text(
    "DELETE FROM open_exchanges WHERE exchange IN (SELECT exchange FROM open_exchanges o WHERE o.worker = ANY (:lapsed)"
    " OR (o.opened_at < clock_timestamp() - make_interval(secs => :ttl)"
    "     AND NOT EXISTS (SELECT FROM workers w WHERE w.id = o.worker))"
    " ORDER BY exchange LIMIT :round FOR UPDATE SKIP LOCKED)"
    " RETURNING exchange, session, worker, (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now"
)
_FORGET = text(
    "DELETE FROM workers w WHERE id = ANY (:lapsed) AND NOT EXISTS (SELECT FROM open_exchanges o WHERE o.worker = w.id)"
)
_UNKNOWN = text(
    "UPDATE approvals a SET state = 'DONE', version = version + 1, outcome = 'consumed_unknown' WHERE id IN ("
    " SELECT id FROM approvals c WHERE c.state = 'CONSUMED' AND c.consumed_at < clock_timestamp() -"
    " make_interval(secs => :ttl) AND EXISTS (SELECT FROM events e WHERE e.kind = 'exchange.closed'"
    " AND e.exchange = c.consumed_by) ORDER BY id LIMIT :round FOR UPDATE SKIP LOCKED)"
    " RETURNING id, session, consumed_by AS exchange, state, version,"
    " (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now"
)
_ROUND = 500


class Lease:
    """One worker's lease. `ttl` and `every` are seconds; `worker` is unique for each start of a process."""

    def __init__(self, database: Database, *, worker: str | None = None, ttl: float = 15.0, every: float = 5.0) -> None:
        self._database = database
        self.worker = worker or f"{socket.gethostname()[:40]}-{os.getpid()}-{secrets.token_hex(4)}"
        self._ttl = ttl
        self._every = every
        self._task: asyncio.Task[None] | None = None
        self._registered = False
        self.lapses = 0
        """How often this worker found its own lease ended."""

    async def start(self) -> None:
        """Take the lease and keep it. Raises `DatabaseUnavailable`."""
        await self.renew()
        self._task = asyncio.create_task(self._keep(), name="lease")

    async def close(self) -> None:
        """Let the lease end now, so that anything left open is closed by the next sweep of anybody."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            try:
                await self._database.pool.execute(
                    "UPDATE workers SET lease_until = clock_timestamp() WHERE id = $1", self.worker
                )
                await self.sweep()
            except (GatewayError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
                _log.warning("lease: not given up (%s), it will lapse", type(error).__name__)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()

    async def renew(self) -> bool:
        """Renew the lease; False when it had ended meanwhile, and exchanges may have been closed as aborted."""
        try:
            held = await self._database.pool.fetchval(_RENEW, self.worker, self._ttl)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
            raise DatabaseUnavailable(f"lease not renewed ({type(error).__name__})") from None
        lapsed = held is False or (held is None and self._registered)
        self._registered = True
        if lapsed:
            self.lapses += 1
            _log.error("lease: it had ended; exchanges open since then were closed as aborted")
        return not lapsed

    async def sweep(self) -> int:
        """Close what dead workers left open; return how many exchanges. Any number of sweepers close each once."""
        total = 0
        while True:
            closed = await self._sweep_round()
            total += closed
            if closed < _ROUND:
                break
        async with transaction(self._database.engine) as connection:
            names = {"ttl": self._ttl, "round": _ROUND}
            rows = (await connection.execute(_UNKNOWN, names)).mappings().all()
            if rows:
                facts = {"outcome": "consumed_unknown"}
                await settle(connection, self.worker, [Step(row, "approval.done", facts) for row in rows])
        return total

    async def _sweep_round(self) -> int:
        async with transaction(self._database.engine) as connection:
            lapsed = list((await connection.execute(_LAPSED)).scalars())
            names = {"lapsed": lapsed, "ttl": self._ttl, "round": _ROUND}
            rows = (await connection.execute(_ABANDONED, names)).mappings().all()
            events = tuple(
                Event(
                    hashlib.sha256(bind("aborted", row["exchange"])).hexdigest()[:32],
                    "exchange.closed",
                    row["exchange"],
                    row["session"],
                    row["now"],
                    {"outcome": "aborted", "worker": row["worker"]},
                )
                for row in rows
            )
            if events:
                await append(connection, self.worker, Batch(events=events))
                _log.warning("lease: %d exchanges of workers that are gone closed as aborted", len(events))
            if lapsed:
                await connection.execute(_FORGET, {"lapsed": lapsed})
            return len(events)

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(self._every)
            try:
                await self.renew()
                await self.sweep()
            except GatewayError as error:
                _log.warning("lease: %s", error)
