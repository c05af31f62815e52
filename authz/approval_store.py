"""Tickets in the database: each step is one transaction with its audit event and a notification.

`authz.approval` says which steps exist and who may vote; here they become compare-and-set by the
database's clock. A step that another session
took first is not taken again: one ticket for any number of submitters, one consumer for any number of takers.
A notification carries the ticket's id and nothing else.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import text

from authz.approval import State, Ticket, Verdict, VoteRefused, after_vote, refuse_vote
from authz.audit_store import append
from authz.errors import GatewayError
from authz.keyring import Keyring
from authz.records import Batch
from authz.ticket_row import TICKET_COLUMNS, read_ticket
from authz.ticket_steps import Step, expire_due, notify, repeated, settle, transaction
from authz.vault import bind, open_sealed, payload_aad, seal

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from authz.audit import Event
    from authz.database import Database
    from authz.identity import Principal
    from authz.records import NewTicket
    from authz.vault import KeyEncryptionKeys

MOST_TICKETS = 500
LONGEST_JUSTIFICATION = 4000
"""Characters of a reviewer's reason."""

_HOLDS = 0x686F_6C64
"""The advisory lock under which tickets are opened and given back, so that quotas are exact ("hold" in ASCII)."""

_LOCK_HOLDS = text("SELECT pg_advisory_xact_lock(:key)").bindparams(key=_HOLDS)
_TICKET = f"SELECT {TICKET_COLUMNS} FROM tickets"  # noqa: S608 -- names of our own
_ONE = text(f"{_TICKET} WHERE id = :id AND (CAST(:tenant AS text) IS NULL OR tenant = :tenant)")
_OPEN = text(f"{_TICKET} WHERE session = :session AND request_digest = :request AND stands IN ('PENDING', 'APPROVED')")
_LIST = text(
    f"{_TICKET} WHERE tenant = :tenant AND (CAST(:state AS text) IS NULL OR stands = :state)"
    " ORDER BY created_at DESC, id DESC LIMIT :limit"
)
_WAITING = text(
    "SELECT count(*) AS everyone, count(*) FILTER (WHERE tenant = :tenant AND issuer = :issuer"
    " AND subject = :subject) AS own FROM approvals WHERE state = 'PENDING' AND expires_at > clock_timestamp()"
)
_INSERT = text(
    "INSERT INTO approvals (id, session, exchange, tenant, issuer, subject, model, tools_digest, request_digest,"
    " thread_digest, reasons, findings, triggers, reviewers, min_approvals, grant_seconds, payload, expires_at)"
    " VALUES (:id, :session, :exchange, :tenant, :issuer, :subject, :model, :tools, :request, :thread, :reasons,"
    " (SELECT coalesce(jsonb_object_agg(k, v), '{}') FROM unnest(CAST(:identifiers AS text[]), CAST(:counts AS int[]))"
    " AS f (k, v)), :triggers, :reviewers, :min_approvals, CAST(:seconds AS integer), :payload,"
    " clock_timestamp() + make_interval(secs => CAST(:seconds AS integer)))"
)
_DECIDE = text(
    "UPDATE approvals SET state = :state, version = version + 1, grant_expires_at = CASE WHEN :state = 'APPROVED'"
    " THEN clock_timestamp() + make_interval(secs => grant_seconds) END WHERE id = :id"
)
_CONSUME = text(
    "UPDATE approvals SET state = 'CONSUMED', version = version + 1, consumed_by = :exchange,"
    " consumed_at = clock_timestamp() WHERE id = :id AND state = 'APPROVED' AND revoked_at IS NULL"
    " AND grant_expires_at > clock_timestamp()"
    " RETURNING id, session, exchange, state, version, (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now"
)
_CONSUMED_BY = text("SELECT true FROM approvals WHERE id = :id AND consumed_by = :exchange AND state = 'CONSUMED'")
_FINISH = text(
    "UPDATE approvals a SET version = version + 1, consumed_by = CASE WHEN :back THEN NULL ELSE consumed_by END,"
    " outcome = CASE WHEN :back THEN '' ELSE 'done' END,"
    " state = CASE WHEN NOT :back THEN 'DONE' WHEN revoked_at IS NOT NULL THEN 'REVOKED'"
    # Somebody sent the request again meanwhile and has a ticket for it: the grant that comes back is void.
    " WHEN EXISTS (SELECT FROM approvals o WHERE o.session = a.session AND o.request_digest = a.request_digest"
    " AND o.state IN ('PENDING', 'APPROVED')) THEN 'DONE' ELSE 'APPROVED' END"
    " WHERE id = :id AND state = 'CONSUMED' AND consumed_by = :exchange"
    " RETURNING id, session, exchange, state, version, (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now"
)
_REVOKE = text(
    "UPDATE approvals SET version = version + 1, revoked_at = clock_timestamp(),"
    " state = CASE WHEN state = 'APPROVED' THEN 'REVOKED' ELSE state END"
    " WHERE id = :id AND tenant = :tenant AND state IN ('APPROVED', 'CONSUMED', 'DONE') AND revoked_at IS NULL"
    " RETURNING id"
)


class TooManyHolds(GatewayError):
    """The caller, or everybody together, has too many requests waiting for a person."""

    status = 429
    error_type = "rate_limit_error"
    error_code = "hold_quota"
    public = "Too many requests are waiting for approval. Nothing was sent on."


class TicketNotFound(GatewayError):
    """There is no such ticket in this tenant."""

    status = 404
    error_type = "not_found_error"
    error_code = "ticket_not_found"
    public = "There is no such approval."


class VoteNotCounted(GatewayError):
    """A vote that does not count; `reason` says why and is the error code."""

    error_type = "permission_error"
    public = "This vote does not count."

    def __init__(self, reason: VoteRefused) -> None:
        super().__init__(f"vote refused: {reason.value}")
        self.reason = reason
        self.error_code = reason.value
        self.status = 403 if reason in {VoteRefused.OWN_REQUEST, VoteRefused.NOT_A_REVIEWER} else 409


class ApprovalStore:
    """Every step of a ticket's life. `per_principal` and `everyone` cap how many may wait at once.

    Methods raise `DatabaseUnavailable` when the database does not answer, and `RecordUnavailable` when whether a step
    was taken is unknown.
    """

    def __init__(
        self,
        database: Database,
        keys: KeyEncryptionKeys,
        *,
        worker: str = "",
        per_principal: int = 20,
        everyone: int = 2000,
    ) -> None:
        self._engine = database.engine
        self._keyring = Keyring(database, keys)
        self._worker = worker
        self._per_principal = per_principal
        self._everyone = everyone

    # ---- the requester's side

    async def open_or_join(self, new: NewTicket, event: Event) -> Ticket:
        """Return the open ticket of this very request, or open one with its audit event and sealed body.

        Raises `TooManyHolds` when a new one would be one too many; joining is always free.
        """

        async def once(connection: AsyncConnection) -> Ticket:
            await expire_due(connection, self._worker, session=new.session, request=new.request_digest)
            ticket = await self._find_open(connection, new)
            if ticket is not None:
                return ticket
            await self._refuse_flood(connection, new)
            await connection.execute(_LOCK_HOLDS)
            ticket = await self._find_open(connection, new)
            if ticket is not None:
                return ticket
            await self._refuse_flood(connection, new)
            return await self._insert(connection, new, event)

        return await repeated(self._engine, once)

    async def _find_open(self, connection: AsyncConnection, new: NewTicket) -> Ticket | None:
        found = await connection.execute(_OPEN, {"session": new.session, "request": new.request_digest})
        row = found.mappings().one_or_none()
        return None if row is None else read_ticket(row)

    async def _refuse_flood(self, connection: AsyncConnection, new: NewTicket) -> None:
        tenant, issuer, subject = new.principal.key
        found = await connection.execute(_WAITING, {"tenant": tenant, "issuer": issuer, "subject": subject})
        waiting = found.mappings().one()
        if waiting["own"] >= self._per_principal or waiting["everyone"] >= self._everyone:
            raise TooManyHolds

    async def _insert(self, connection: AsyncConnection, new: NewTicket, event: Event) -> Ticket:
        ticket_id = "apr_" + secrets.token_hex(12)
        payload = new.payload
        facts = {"ticket": ticket_id, "masked_request": payload.id, "masked_request_sha256": payload.digest.hex()}
        requested = replace(event, header={**event.header, **facts})
        await append(connection, self._worker, Batch(events=(requested,), payloads=(payload,)))
        tenant, issuer, subject = new.principal.key
        await connection.execute(
            _INSERT,
            {
                "id": ticket_id,
                "session": new.session,
                "exchange": new.exchange,
                "tenant": tenant,
                "issuer": issuer,
                "subject": subject,
                "model": new.model,
                "tools": new.tools_digest,
                "request": new.request_digest,
                "thread": new.thread_digest,
                "reasons": list(new.reasons),
                "identifiers": list(new.findings),
                "counts": list(new.findings.values()),
                "triggers": list(new.triggers),
                "reviewers": list(new.reviewers),
                "min_approvals": new.min_approvals,
                "seconds": new.expires_in,
                "payload": payload.id,
            },
        )
        await notify(connection, ticket_id)
        return await _read(connection, ticket_id)

    async def consume(self, ticket_id: str, exchange_id: str, batch: Batch) -> bool:
        """Take the grant for one exchange and make `batch` durable in the same transaction.

        False when there is nothing to take: not granted, expired, revoked, or taken by another exchange. Repeating it
        for the same exchange is True again and adds nothing.
        """

        async def once(connection: AsyncConnection) -> bool:
            names = {"id": ticket_id, "exchange": exchange_id}
            row = (await connection.execute(_CONSUME, names)).mappings().one_or_none()
            if row is None:
                return bool(await connection.scalar(_CONSUMED_BY, names))
            await append(connection, self._worker, batch)
            if any(event.kind == "approval.consumed" for event in batch.events):
                await notify(connection, ticket_id)
            else:
                await settle(connection, self._worker, [Step(row, "approval.consumed", {"exchange": exchange_id})])
            return True

        return await repeated(self._engine, once)

    async def finish(self, ticket_id: str, exchange_id: str, *, give_back: bool = False) -> None:
        """Say how the exchange that consumed the grant ended; for any other exchange nothing happens.

        `give_back`: upstream failed before its first byte, so the grant can be used once more until it expires.
        """

        async def once(connection: AsyncConnection) -> None:
            if give_back:
                await connection.execute(_LOCK_HOLDS)
            names = {"id": ticket_id, "exchange": exchange_id, "back": give_back}
            row = (await connection.execute(_FINISH, names)).mappings().one_or_none()
            if row is not None:
                kind = "approval.returned" if row["state"] == State.APPROVED else "approval.done"
                await settle(connection, self._worker, [Step(row, kind, {"exchange": exchange_id})])

        await repeated(self._engine, once)

    # ---- the reviewer's side

    async def get(self, ticket_id: str, tenant: str | None = None) -> Ticket:
        """Return a ticket as it stands now. Raises `TicketNotFound`, also for another tenant's."""
        async with transaction(self._engine) as connection:
            return await _read(connection, ticket_id, tenant)

    async def list(self, tenant: str, state: State | str | None = None, limit: int = 200) -> list[Ticket]:
        """Return tickets of a tenant, newest first, at most `MOST_TICKETS`."""
        names = {"tenant": tenant, "state": str(state) if state else None, "limit": max(1, min(limit, MOST_TICKETS))}
        async with transaction(self._engine) as connection:
            return [read_ticket(row) for row in (await connection.execute(_LIST, names)).mappings()]

    async def masked_body(self, ticket_id: str, tenant: str | None = None) -> bytes:
        """Return the masked request that reviewers judge. Raises `TicketNotFound`, `KeyMissing` or `SealBroken`."""
        async with transaction(self._engine) as connection:
            found = await connection.execute(
                text(
                    "SELECT p.id, p.exchange, p.kind, p.data_key_id, p.sealed FROM approvals a"
                    " JOIN payloads p ON p.id = a.payload"
                    " WHERE a.id = :id AND (CAST(:tenant AS text) IS NULL OR a.tenant = :tenant)"
                ),
                {"id": ticket_id, "tenant": tenant},
            )
            row = found.mappings().one_or_none()
        if row is None:
            raise TicketNotFound
        key = await self._keyring.by_id(row["data_key_id"])
        return open_sealed(key, row["sealed"], payload_aad(row["id"], row["exchange"], row["kind"]))

    async def seal_justification(self, ticket: Ticket, voter: Principal, justification: str) -> bytes | None:
        """Return a reviewer's reason, sealed for `vote`; None when there is none."""
        if not justification:
            return None
        key = await self._keyring.current(ticket.session, ticket.tenant)
        aad = bind("votes", ticket.id, voter.issuer, voter.subject)
        name = key.id.encode()
        return bytes([len(name)]) + name + seal(key, justification[:LONGEST_JUSTIFICATION].encode(), aad)

    async def vote(
        self,
        ticket_id: str,
        principal: Principal,
        verdict: Verdict,
        justification_sealed: bytes | None,
        version: int | None,
        event: Event,
    ) -> Ticket:
        """Count a vote and return the ticket after it.

        `version` is what the reviewer saw; None skips that check. Raises `TicketNotFound` or `VoteNotCounted`. The
        recorded event says the state the vote led to.
        """
        refused: VoteRefused | None
        async with transaction(self._engine) as connection:
            names = {"id": ticket_id, "tenant": principal.tenant}
            await connection.execute(
                text("SELECT FROM approvals WHERE id = :id AND tenant = :tenant FOR UPDATE"), names
            )
            # Read after the lock is ours: by a statement of its own, which sees what the last holder committed.
            ticket = await _read(connection, ticket_id, principal.tenant)
            found = await connection.execute(
                text("SELECT issuer, subject, verdict FROM votes WHERE approval = :id"), {"id": ticket_id}
            )
            votes = found.all()
            refused = refuse_vote(ticket, principal, [(issuer, subject) for issuer, subject, _ in votes])
            if refused is None and version is not None and version != ticket.version:
                refused = VoteRefused.STALE
            if refused is None:
                state = after_vote(ticket, verdict, sum(said == Verdict.APPROVE for *_, said in votes))
                await self._count(connection, ticket, principal, verdict, justification_sealed, state, event)
                return await _read(connection, ticket_id)
            if ticket.state is State.EXPIRED:
                await expire_due(connection, self._worker, ticket_id=ticket_id)
        raise VoteNotCounted(refused)

    async def _count(
        self,
        connection: AsyncConnection,
        ticket: Ticket,
        voter: Principal,
        verdict: Verdict,
        justification: bytes | None,
        state: State,
        event: Event,
    ) -> None:
        await connection.execute(
            text(
                "INSERT INTO votes (approval, issuer, subject, verdict, justification)"
                " VALUES (:id, :issuer, :subject, :verdict, :justification)"
            ),
            {
                "id": ticket.id,
                "issuer": voter.issuer,
                "subject": voter.subject,
                "verdict": verdict.value,
                "justification": justification,
            },
        )
        await connection.execute(_DECIDE, {"id": ticket.id, "state": state.value})
        facts = {"ticket": ticket.id, "verdict": verdict.value, "state": state.value, "version": ticket.version + 1}
        voted = replace(event, session=ticket.session, header={**event.header, **facts})
        await append(connection, self._worker, Batch(events=(voted,)))
        await notify(connection, ticket.id)

    async def revoke(self, ticket_id: str, tenant: str, event: Event) -> Ticket:
        """Take a grant back: what was judged under it counts no more. Raises `TicketNotFound` when there is none."""
        async with transaction(self._engine) as connection:
            if await connection.scalar(_REVOKE, {"id": ticket_id, "tenant": tenant}) is None:
                raise TicketNotFound
            ticket = await _read(connection, ticket_id)
            facts = {"ticket": ticket_id, "state": ticket.state.value, "version": ticket.version}
            revoked = replace(event, session=ticket.session, header={**event.header, **facts})
            await append(connection, self._worker, Batch(events=(revoked,)))
            await notify(connection, ticket_id)
            return ticket

    # ---- by the clock

    async def expire(self) -> int:
        """Write down every ticket that is due as EXPIRED, once whoever sweeps; return how many."""
        expired = 0
        while True:
            async with transaction(self._engine) as connection:
                count = await expire_due(connection, self._worker)
            expired += count
            if not count:
                return expired


async def _read(connection: AsyncConnection, ticket_id: str, tenant: str | None = None) -> Ticket:
    row = (await connection.execute(_ONE, {"id": ticket_id, "tenant": tenant})).mappings().one_or_none()
    if row is None:
        raise TicketNotFound
    return read_ticket(row)
