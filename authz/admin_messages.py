"""Rows of the stores as messages of the admin API. Pure; times become RFC 3339 in UTC with milliseconds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from authz._proto import admin_pb2

if TYPE_CHECKING:
    from authz.approval import Ticket
    from authz.session_store import SessionRow, StoryRow


def rfc3339(milliseconds: int | None) -> str:
    """Return a time in milliseconds since the epoch as RFC 3339; None is the empty string."""
    if milliseconds is None:
        return ""
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03d}Z"


def approval_message(ticket: Ticket, masked_request: bytes = b"") -> admin_pb2.Approval:
    """Return a ticket as an `Approval`; `masked_request` is the body that reviewers judge."""
    return admin_pb2.Approval(
        id=ticket.id,
        state=ticket.state.value,
        version=ticket.version,
        created_at=rfc3339(ticket.created_at),
        expires_at=rfc3339(ticket.expires_at),
        grant_expires_at=rfc3339(ticket.grant_expires_at),
        session=ticket.session,
        exchange=ticket.exchange,
        subject=ticket.subject,
        model=ticket.model,
        reasons=ticket.reasons,
        findings=dict(ticket.findings),
        triggers=ticket.triggers,
        reviewers=ticket.reviewers,
        min_approvals=ticket.min_approvals,
        decided_by=ticket.decided_by,
        masked_request=masked_request.decode("utf-8", "replace"),
    )


def session_message(row: SessionRow) -> admin_pb2.Session:
    """Return a session as auditors see it in a list."""
    return admin_pb2.Session(
        id=row.id,
        subject=row.subject,
        profile=row.pin.profile,
        state="open" if row.open else "closed",
        created_at=rfc3339(row.created_at),
        last_at=rfc3339(row.last_at),
        exchanges=row.exchanges,
    )


def entry_message(row: StoryRow) -> admin_pb2.StoryEntry:
    """Return one event of a story; integers below 2^53 survive the Struct's doubles."""
    entry = admin_pb2.StoryEntry(time=rfc3339(row.at_ms), kind=row.kind, exchange=row.exchange)
    entry.header.update(dict(row.header))
    return entry
