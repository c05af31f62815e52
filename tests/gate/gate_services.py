"""What a worker's servicers work with in the gate tests: real masking and real keys, and stores that keep a journal.

The journal is a file to which every worker appends lines, so that it outlives a worker that kills itself.
"""

from __future__ import annotations

import asyncio
import json
import os
from typing import TYPE_CHECKING, Any

from authz.approval import State, Ticket
from authz.decision import AccessDecision, ContentDecision, Review
from authz.records import Pin, SessionView
from authz.services import Services
from authz.vault import DataKey, RootKey
from authz.workroom import Workroom

if TYPE_CHECKING:
    from pathlib import Path

    from authz.records import Batch, NewTicket, PinRow
    from masking.rules import RuleSet

REVISION = "gate-1"


class Journal:
    """Appends JSON lines; each is one write, so lines of several processes do not mix."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def note(self, **line: Any) -> None:
        os.write(self._file, json.dumps(line).encode() + b"\n")


class Policy:
    """Lets everybody in; the model's name says what becomes of a request."""

    async def access(self, _: Any) -> AccessDecision:
        return AccessDecision(True, "gate", "default", REVISION)

    async def content(self, question: dict[str, Any]) -> ContentDecision:
        model = question["request"]["model"]
        effect = next(word for word in ("review", "deny", "allow") if word in model or word == "allow")
        return ContentDecision(
            effect=effect,  # type: ignore[arg-type]
            reasons=() if effect == "allow" else ("gate",),
            profile="standard",
            review=Review(("reviewers",), 1, 3600) if effect == "review" else None,
            record="masked",
            revision=REVISION,
        )


class Sessions:
    """Remembers no session: every request is its session's first."""

    async def load(self, *_: Any) -> SessionView:
        return SessionView(None, {}, {}, None)

    async def pin(self, row: PinRow) -> Pin:
        return row.pin


class Rules:
    """The shipped rules, compiled once."""

    def __init__(self, rules: RuleSet) -> None:
        self._rules = rules

    async def get(self, _: str | None) -> RuleSet:
        return self._rules


def _ticket(new: NewTicket, state: State) -> Ticket:
    return Ticket(
        id="tkt_" + new.exchange,
        session=new.session,
        exchange=new.exchange,
        tenant=new.principal.tenant,
        issuer=new.principal.issuer,
        subject=new.principal.subject,
        state=state,
        version=1,
        model=new.model,
        reasons=new.reasons,
        findings=new.findings,
        triggers=new.triggers,
        reviewers=new.reviewers,
        min_approvals=1,
        created_at=0,
        expires_at=1,
        grant_expires_at=None,
        decided_by=(),
        request_digest=new.request_digest,
        thread_digest=new.thread_digest,
    )


class Tickets:
    """Approvals and the waiting for them. A model with `never` in its name is never approved."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._asked: dict[str, NewTicket] = {}

    async def open_or_join(self, new: NewTicket, _: Any) -> Ticket:
        ticket = _ticket(new, State.PENDING)
        self._asked[ticket.id] = new
        self._journal.note(held=new.exchange, model=new.model)
        return ticket

    async def wait(self, ticket_id: str, timeout: float) -> Ticket:  # noqa: ASYNC109  as the store has it
        new = self._asked[ticket_id]
        await asyncio.sleep(timeout if "never" in new.model else 0.01)
        return _ticket(new, State.PENDING if "never" in new.model else State.APPROVED)

    async def consume(self, _: str, __: str, batch: Batch) -> bool:
        _journal_batch(self._journal, batch)
        return True

    async def finish(self, _: str, exchange: str, *, give_back: bool) -> None:
        self._journal.note(settled=exchange, give_back=give_back)


def _journal_batch(journal: Journal, batch: Batch) -> None:
    for event in batch.events:
        journal.note(
            event=event.kind,
            exchange=event.exchange,
            model=event.header.get("model"),
            outcome=event.header.get("outcome"),
        )


class Recorder:
    """Makes batches durable in the journal."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    async def record(self, batch: Batch) -> None:
        await asyncio.sleep(0)
        _journal_batch(self._journal, batch)

    async def data_key(self, *_: str) -> DataKey:
        return DataKey("dk_gate", b"d" * 32)


def services(rules: RuleSet, journal: Journal) -> Services:
    """Return the services of one worker."""
    tickets: Any = Tickets(journal)
    stores: dict[str, Any] = {
        "policy": Policy(),
        "sessions": Sessions(),
        "approvals": tickets,
        "tickets": tickets,
        "recorder": Recorder(journal),
        "rules": Rules(rules),
    }
    workroom = Workroom(heavy_bytes=1 << 30, processes=0, max_body_bytes=33_554_432)
    return Services(root_key=RootKey(b"r" * 32), workroom=workroom, **stores)
