"""What the database knows of sessions: the pin, what was judged, memos, and the story for auditors.

`load` is on the path of every request and costs one round trip. A digest judged under an approval counts only while
that approval does: granted, not revoked, not expired, for the same model and tool set; and never for another sending of
the very request that it was granted for, because an approval is good for one.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import asyncpg

from authz.database import DatabaseUnavailable
from authz.records import Pin, PinRow, SessionView
from authz.ticket_row import TICKET_COLUMNS, read_ticket

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from authz.database import Database

MOST_SESSIONS = 500
MOST_EVENTS = 10_000

_LOAD = f"""
SELECT s.id IS NOT NULL AS pinned, s.profile, s.rules_revision, s.policy_revision,
    j.digests AS judged, j.approvals AS judged_under, m.digests AS memo_threads, m.sealed AS memo_rows, t.*
FROM (SELECT) one
LEFT JOIN sessions s ON s.id = $1
LEFT JOIN LATERAL (
    SELECT array_agg(digest) AS digests, array_agg(approval) AS approvals FROM (
        SELECT DISTINCT ON (k.digest) k.digest, k.approval
        FROM judged k LEFT JOIN approvals a ON a.id = k.approval
        WHERE k.session = $1 AND k.digest = ANY ($2) AND (
            k.approval IS NULL
            OR (a.state IN ('APPROVED', 'CONSUMED', 'DONE') AND a.revoked_at IS NULL
                AND a.grant_expires_at > clock_timestamp()
                AND a.model = $4 AND a.tools_digest = $5 AND a.request_digest <> $3)
        )
        ORDER BY k.digest, k.approval NULLS FIRST
    ) valid
) j ON true
LEFT JOIN LATERAL (
    SELECT array_agg(thread_digest ORDER BY created_at, sealed_sha256) AS digests,
        array_agg(sealed ORDER BY created_at, sealed_sha256) AS sealed
    FROM memos WHERE session = $1 AND thread_digest = ANY ($2)
) m ON true
LEFT JOIN LATERAL (
    SELECT {TICKET_COLUMNS} FROM tickets
    WHERE session = $1 AND request_digest = $3 AND stands IN ('PENDING', 'APPROVED', 'CONSUMED', 'DENIED')
    ORDER BY created_at DESC, id DESC LIMIT 1
) t ON true
"""  # noqa: S608 -- column names of our own

_SESSION = """
SELECT s.*, (extract(epoch FROM s.created_at) * 1000)::bigint AS created_ms,
    e.exchanges, coalesce(e.last_ms, (extract(epoch FROM s.created_at) * 1000)::bigint) AS last_ms,
    EXISTS (SELECT FROM open_exchanges o WHERE o.session = s.id) AS open
FROM sessions s
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE kind = 'exchange.opened') AS exchanges,
        (extract(epoch FROM max(recorded_at)) * 1000)::bigint AS last_ms
    FROM events WHERE session = s.id
) e
"""

_PAGE = f"""{_SESSION}
WHERE s.tenant = $1 AND ($2::text IS NULL OR s.subject = $2) AND ($3::text IS NULL
    OR (s.created_at, s.id) < (SELECT b.created_at, b.id FROM sessions b WHERE b.id = $3 AND b.tenant = $1))
ORDER BY s.created_at DESC, s.id DESC LIMIT $4
"""  # noqa: S608 -- text of our own


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session as auditors see it. Times are milliseconds since the epoch by the database's clock.

    `open` says that an exchange of it has no closing event yet.
    """

    id: str
    tenant: str
    issuer: str
    subject: str
    kind: str
    pin: Pin
    created_at: int
    last_at: int
    exchanges: int
    open: bool


@dataclass(frozen=True, slots=True)
class StoryRow:
    """One event of a session's story. `body` is what was recorded, byte for byte; `header` is read from it."""

    id: str
    kind: str
    exchange: str
    at_ms: int
    header: Mapping[str, Any]
    body: bytes


@contextmanager
def _answering() -> Iterator[None]:
    """Turn every failure of the driver into `DatabaseUnavailable`; its words may quote values, so they are dropped."""
    try:
        yield
    except asyncpg.PostgresError as error:
        raise DatabaseUnavailable(f"SQLSTATE {error.sqlstate}") from None
    except (OSError, asyncpg.InterfaceError, asyncpg.InternalClientError, TimeoutError) as error:
        raise DatabaseUnavailable(type(error).__name__) from None


class SessionStore:
    """Reads and pins sessions. Every method raises `DatabaseUnavailable` when the database does not answer."""

    def __init__(self, database: Database) -> None:
        self._pool = database.pool

    async def load(
        self, session_id: str, digests: Sequence[bytes], request_digest: bytes, model: str, tools_digest: bytes
    ) -> SessionView:
        """Return what is known of a session about these digests, in one round trip."""
        with _answering():
            row = await self._pool.fetchrow(_LOAD, session_id, list(digests), request_digest, model, tools_digest)
        memos: dict[bytes, tuple[bytes, ...]] = {}
        for thread, sealed in zip(row["memo_threads"] or (), row["memo_rows"] or (), strict=True):
            memos[thread] = (*memos.get(thread, ()), sealed)
        return SessionView(
            pin=_pin(row) if row["pinned"] else None,
            judged=dict(zip(row["judged"] or (), row["judged_under"] or (), strict=True)),
            memos=memos,
            ticket=read_ticket(row) if row["id"] is not None else None,
        )

    async def pin(self, row: PinRow) -> Pin:
        """Pin a session, or return the pin of whoever was first, in one round trip.

        A session id that is stored for another principal is refused as `DatabaseUnavailable`: ids are derived from the
        principal, so it cannot happen by chance.
        """
        pin = row.pin
        with _answering():
            stored = await self._pool.fetchrow(
                "SELECT * FROM pin_session($1, $2, $3, $4, $5, $6, $7, $8)",
                *(row.session, row.tenant, row.issuer, row.subject, row.kind),
                *(pin.profile, pin.rules_revision, pin.policy_revision),
            )
        return _pin(stored)

    async def rules(self, revision: str) -> bytes | None:
        """Return the archive of a rule set, or None when it was never kept."""
        with _answering():
            archive: bytes | None = await self._pool.fetchval(
                "SELECT archive FROM rule_sets WHERE revision = $1", revision
            )
        return archive

    async def keep_rules(self, revision: str, archive: bytes) -> None:
        """Keep the archive of a rule set for as long as sessions are pinned to it; repeating it changes nothing."""
        with _answering():
            await self._pool.execute(
                "INSERT INTO rule_sets (revision, archive) VALUES ($1, $2) ON CONFLICT (revision) DO NOTHING",
                *(revision, archive),
            )

    async def list(
        self, tenant: str, subject: str | None = None, limit: int = 100, before: str | None = None
    ) -> tuple[SessionRow, ...]:
        """Return sessions of a tenant, newest first, at most `MOST_SESSIONS`; `before` is the last id of a page."""
        with _answering():
            rows = await self._pool.fetch(_PAGE, tenant, subject, before, max(1, min(limit, MOST_SESSIONS)))
        return tuple(_session(row) for row in rows)

    async def get(self, session_id: str, tenant: str) -> SessionRow | None:
        """Return one session of a tenant, or None."""
        with _answering():
            row = await self._pool.fetchrow(f"{_SESSION} WHERE s.id = $1 AND s.tenant = $2", session_id, tenant)
        return None if row is None else _session(row)

    async def show(self, session_id: str, *, tenant: str | None = None, after: int = 0) -> tuple[StoryRow, ...]:
        """Return the story of a session: its events in the order in which they became durable.

        At most `MOST_EVENTS`; `after` skips that many. With `tenant`, a session of another tenant has no story.
        """
        with _answering():
            rows = await self._pool.fetch(
                "SELECT id, kind, exchange, at_ms, body FROM events WHERE session = $1"
                " AND ($2::text IS NULL OR EXISTS (SELECT FROM sessions s WHERE s.id = $1 AND s.tenant = $2))"
                " ORDER BY recorded_at, ordinal, id LIMIT $3 OFFSET $4",
                *(session_id, tenant, MOST_EVENTS, max(0, after)),
            )
        return tuple(
            StoryRow(
                row["id"], row["kind"], row["exchange"], row["at_ms"], json.loads(row["body"])["header"], row["body"]
            )
            for row in rows
        )


def _pin(row: Mapping[str, Any]) -> Pin:
    return Pin(row["profile"], row["rules_revision"], row["policy_revision"])


def _session(row: Mapping[str, Any]) -> SessionRow:
    return SessionRow(
        id=row["id"],
        tenant=row["tenant"],
        issuer=row["issuer"],
        subject=row["subject"],
        kind=row["kind"],
        pin=_pin(row),
        created_at=row["created_ms"],
        last_at=row["last_ms"],
        exchanges=row["exchanges"],
        open=row["open"],
    )
