"""What every step of a ticket shares: a transaction whose outcome is known, the step's audit event, its notification.

The event of a step that nobody asked for (expiry, a dead worker) has an id made from ticket and version, so the same
step has one event however often it is repeated.
"""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import asyncpg
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from authz.audit import Event
from authz.audit_store import append
from authz.database import DatabaseUnavailable
from authz.errors import RecordUnavailable
from authz.records import Batch
from authz.vault import bind

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

CHANNEL = "phigate_tickets"
"""The NOTIFY channel; the payload is a ticket's id."""

DEADLINE_SECONDS = 5.0
"""How long a repeatable step is repeated."""

_ROUND = 200
"""Tickets that one sweep transaction settles."""

_PASSING = frozenset({"40001", "40P01", "55P03"})
"""SQLSTATEs of a conflict that goes away by itself: serialization, deadlock, lock timeout."""

_EXPIRE = text(
    "UPDATE approvals SET state = 'EXPIRED', version = version + 1 WHERE id IN (SELECT id FROM approvals"
    " WHERE state IN ('PENDING', 'APPROVED') AND coalesce(grant_expires_at, expires_at) <= clock_timestamp()"
    " AND (CAST(:id AS text) IS NULL OR id = :id)"
    " AND (CAST(:session AS text) IS NULL OR (session = :session AND request_digest = :request))"
    " ORDER BY id LIMIT :round FOR UPDATE SKIP LOCKED)"
    " RETURNING id, session, exchange, state, version, (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now"
)

T = TypeVar("T")


class _Passing(Exception):
    """The step was certainly not taken, or it can be repeated safely; `state` is the SQLSTATE or a type's name."""

    def __init__(self, state: str) -> None:
        super().__init__(state)
        self.state = state


@dataclass(frozen=True, slots=True)
class Step:
    """A step just taken: its row (id, session, exchange, state, version, now in ms), kind of event, more facts."""

    row: Any
    kind: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    def event(self) -> Event:
        """Return the step's audit event."""
        row = self.row
        header = {"ticket": row["id"], "state": row["state"], "version": row["version"], **self.facts}
        identity = hashlib.sha256(bind("approval step", row["id"], str(row["version"]))).hexdigest()[:32]
        exchange = header.pop("exchange", row["exchange"])
        return Event(identity, self.kind, exchange, row["session"], row["now"], header)


@asynccontextmanager
async def transaction(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """Run the block in one transaction.

    Raises `DatabaseUnavailable` for a fault in the block (nothing was done) and `RecordUnavailable` for one in COMMIT
    (what was done is unknown). No driver's words get out: they may quote values.
    """
    done = False
    try:
        async with engine.begin() as connection:
            yield connection
            done = True
    except (
        SQLAlchemyError,
        asyncpg.PostgresError,
        asyncpg.InterfaceError,
        asyncpg.InternalClientError,
        OSError,
        TimeoutError,
    ) as error:
        state = _state(error)
        if done:
            raise RecordUnavailable(f"commit unclear ({state})") from _Passing(state)
        passing = _Passing(state) if _gone(error) or state in _PASSING else None
        raise DatabaseUnavailable(f"statement refused ({state})") from passing


def _state(error: BaseException) -> str:
    found = getattr(getattr(error, "orig", error), "sqlstate", None)
    return str(found) if found else type(error).__name__


def _gone(error: BaseException) -> bool:
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or _state(error)[:2] in {"08", "57"}
    return isinstance(error, (OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.InternalClientError)) or _state(
        error
    )[:2] in {"08", "57"}


async def repeated(engine: AsyncEngine, once: Callable[[AsyncConnection], Awaitable[T]]) -> T:
    """Run a step that is safe to repeat until its outcome is known, for at most `DEADLINE_SECONDS`."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + DEADLINE_SECONDS
    pause = 0.02
    while True:
        try:
            async with transaction(engine) as connection:
                return await once(connection)
        except (DatabaseUnavailable, RecordUnavailable) as error:
            if not isinstance(error.__cause__, _Passing) or loop.time() + pause > deadline:
                raise
        await asyncio.sleep(pause)
        pause = min(2 * pause, 0.5)


async def notify(connection: AsyncConnection, ticket_id: str) -> None:
    """Wake whoever waits for this ticket, when the transaction commits."""
    await connection.execute(text("SELECT pg_notify(:channel, :id)"), {"channel": CHANNEL, "id": ticket_id})


async def settle(connection: AsyncConnection, worker: str, steps: Sequence[Step]) -> None:
    """Add the audit events of steps that were just taken, and notify."""
    await append(connection, worker, Batch(events=tuple(step.event() for step in steps)))
    for step in steps:
        await notify(connection, step.row["id"])


async def expire_due(
    connection: AsyncConnection,
    worker: str,
    *,
    ticket_id: str | None = None,
    session: str | None = None,
    request: bytes = b"",
) -> int:
    """Write down tickets that are due as EXPIRED: one, those of one request, or at most a round of all of them."""
    names = {"id": ticket_id, "session": session, "request": request, "round": _ROUND}
    rows = (await connection.execute(_EXPIRE, names)).mappings().all()
    if rows:
        await settle(connection, worker, [Step(row, "approval.expired") for row in rows])
    return len(rows)
