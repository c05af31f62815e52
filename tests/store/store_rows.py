"""Makers of synthetic rows, and the open stores of one test."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

import asyncpg

from authz.audit import Event
from authz.database import Database, migrate
from authz.identity import Principal
from authz.records import Batch, NewTicket, Payload
from authz.vault import KeyEncryptionKeys, payload_aad, seal

if TYPE_CHECKING:
    from authz.approval_store import ApprovalStore
    from authz.audit_store import Recorder
    from authz.quickstart.postgres import EmbeddedPostgres
    from authz.session_store import SessionStore

KEK = KeyEncryptionKeys(b"k" * 32)


async def make_database(server: EmbeddedPostgres) -> str:
    """Create and migrate a database; return its name."""
    name = "t" + secrets.token_hex(6)
    owner = await asyncpg.connect(server.owner_url())
    await owner.execute(f"CREATE DATABASE {name}")
    await owner.close()
    await migrate(server.owner_url(name))
    return name


@dataclass
class Stores:
    """Everything a test works with, on one database."""

    database: Database
    recorder: Recorder
    sessions: SessionStore
    approvals: ApprovalStore
    name: str
    server: EmbeddedPostgres

    async def owner(self):
        """Return a connection as the owner, for looking and for setting the stage."""
        return await asyncpg.connect(self.server.owner_url(self.name))

    async def scalar(self, statement: str, *values):
        """Return one value, read as the app role."""
        return await self.database.pool.fetchval(statement, *values)

    async def sealed_payload(self, session: str, exchange: str, text: bytes, kind: str = "request") -> Payload:
        """Return a payload row sealed as an exchange seals it."""
        key = await self.recorder.data_key(session, "default")
        payload_id = secrets.token_hex(16)
        sealed = seal(key, text, payload_aad(payload_id, exchange, kind))
        return Payload(payload_id, exchange, session, kind, key.id, sealed, hashlib.sha256(sealed).digest())

    async def ticket(self, *, who=None, session=None, request=None, body=b"masked body", **changes) -> NewTicket:
        """Return a request that has to wait for one reviewer."""
        session = session or "ses_" + secrets.token_hex(8)
        exchange = "ex_" + secrets.token_hex(8)
        values = {
            "session": session,
            "exchange": exchange,
            "principal": who or person("ann"),
            "model": "claude-x",
            "tools_digest": b"tools",
            "request_digest": request or secrets.token_bytes(32),
            "thread_digest": secrets.token_bytes(32),
            "reasons": ("bulk_record",),
            "findings": {"name": 2},
            "triggers": ("bulk_record",),
            "reviewers": ("reviewers",),
            "min_approvals": 1,
            "expires_in": 3600,
            "payload": await self.sealed_payload(session, exchange, body),
        }
        return NewTicket(**{**values, **changes})


def person(subject: str, *groups: str, issuer: str = "https://idp.test", tenant: str = "default") -> Principal:
    """Return a synthetic principal."""
    return Principal(tenant, issuer, subject, groups, "human", "jti", 4_000_000_000)


def reviewer(subject: str, issuer: str = "https://idp.test") -> Principal:
    """Return a principal of the group that decides."""
    return person(subject, "reviewers", issuer=issuer)


def event(kind: str, exchange: str = "", session: str = "", **header) -> Event:
    """Return an event with a random id."""
    return Event.new(kind, exchange, session, header)


def opened(exchange: str, session: str = "ses_1") -> Batch:
    """Return the batch that opens an exchange."""
    return Batch(events=(event("exchange.opened", exchange, session),))


def closed(exchange: str, session: str = "ses_1", outcome: str = "completed") -> Batch:
    """Return the batch that closes an exchange."""
    return Batch(events=(event("exchange.closed", exchange, session, outcome=outcome),))


async def until(condition, seconds: float = 10.0):
    """Wait for an async condition; fail after the deadline."""
    async with asyncio.timeout(seconds):
        while not (value := await condition()):  # noqa: ASYNC110 -- the condition lives in another process
            await asyncio.sleep(0.01)
    return value
