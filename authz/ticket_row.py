"""How a row of the view `tickets` becomes a `Ticket`: the one place that knows both.

The view tells how a ticket *stands* by the database's clock: one that is due reads EXPIRED before the sweep has written
it down, so reading changes nothing and never shows a dead ticket as alive.
"""

from __future__ import annotations

import json
from typing import Any

from authz.approval import State, Ticket

TICKET_COLUMNS = (
    "id, session, exchange, tenant, issuer, subject, stands, version, model, reasons, findings::text AS findings,"
    " triggers, reviewers, min_approvals, created_ms, expires_ms, grant_expires_ms, decided_by, request_digest,"
    " thread_digest"
)


def read_ticket(row: Any) -> Ticket:
    """Return the ticket of a row with `TICKET_COLUMNS`."""
    return Ticket(
        id=row["id"],
        session=row["session"],
        exchange=row["exchange"],
        tenant=row["tenant"],
        issuer=row["issuer"],
        subject=row["subject"],
        state=State(row["stands"]),
        version=row["version"],
        model=row["model"],
        reasons=tuple(row["reasons"]),
        findings=json.loads(row["findings"]),
        triggers=tuple(row["triggers"]),
        reviewers=tuple(row["reviewers"]),
        min_approvals=row["min_approvals"],
        created_at=row["created_ms"],
        expires_at=row["expires_ms"],
        grant_expires_at=row["grant_expires_ms"],
        decided_by=tuple(row["decided_by"]),
        request_digest=row["request_digest"],
        thread_digest=row["thread_digest"],
    )
