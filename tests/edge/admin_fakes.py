"""Stores and policy for the tests of the admin servicers."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, field, replace
from typing import Any

from authz.approval import State, Ticket, Verdict, VoteRefused
from authz.approval_store import TicketNotFound, VoteNotCounted
from authz.decision import AdminDecision
from authz.errors import GatewayUnavailable, PolicyUnavailable
from authz.identity import Principal
from authz.records import Pin
from authz.session_store import SessionRow, StoryRow

KEY = b"k" * 32
ISSUER = "https://idp.example"


def person(subject, *groups, tenant="default"):
    """Return a person whose token outlasts the whole run: they are made when tests are collected, not when they run."""
    return Principal(tenant, ISSUER, subject, groups, "human", "t", int(time.time()) + 86_400)


BOB = person("bob", "reviewers")
ANN = person("ann", "clinicians")

TICKET = Ticket(
    id="apr_1",
    session="ses_1",
    exchange="exc_1",
    tenant="default",
    issuer=ISSUER,
    subject="ann",
    state=State.PENDING,
    version=3,
    model="claude-x",
    reasons=("bulk",),
    findings={"NAME": 2},
    triggers=("bulk_record",),
    reviewers=("reviewers",),
    min_approvals=1,
    created_at=1_800_000_000_123,
    expires_at=1_800_003_600_000,
    grant_expires_at=None,
    decided_by=(),
    request_digest=b"r",
    thread_digest=b"t",
)
SESSION = SessionRow("ses_1", "default", ISSUER, "ann", "human", Pin("strict", "sha256:a", "p1"), 1, 2, 4, open=True)
STORY = (
    StoryRow("e1", "exchange.decided", "exc_1", 1_800_000_000_000, {"effect": "allow", "n": 2**52, "l": [1]}, b""),
)
MASKED = '{"messages":[{"role":"user","content":"[NAME_A_B] é"}]}'.encode()


@dataclass
class Fakes:
    """Stores and policy that remember what they were asked; `allow` and `error` say what they answer."""

    tickets: dict[str, Ticket] = field(default_factory=lambda: {"apr_1": TICKET})
    roles: dict[str, set[str]] = field(default_factory=dict)
    error: Exception | None = None
    refuse: VoteRefused | None = None
    asked: list[dict[str, Any]] = field(default_factory=list)
    votes: list[tuple[Any, ...]] = field(default_factory=list)
    recorded: list[Any] = field(default_factory=list)
    order: list[str] = field(default_factory=list)

    @property
    def policy(self):
        return self

    @property
    def approvals(self):
        return self

    @property
    def recorder(self):
        return self

    @property
    def sessions(self):
        return _Sessions(self)

    async def admin(self, document):
        self.asked.append(document)
        if isinstance(self.error, PolicyUnavailable):
            raise self.error
        if "reviewers" in document["principal"]["groups"] or "auditors" in document["principal"]["groups"]:
            return AdminDecision(allow=True, reason="allowed", revision="r")
        thing = document["approval"] or document["session"]
        own = thing is not None and thing["subject"] == document["principal"]["subject"]
        reading = document["action"].endswith((".list", ".show"))
        reason = "allowed" if own and reading else "not_a_reviewer" if thing else "action_not_allowed"
        return AdminDecision(allow=reason == "allowed", reason=reason, revision="r")

    async def list(self, tenant, state=None, limit=200):
        if self.error:
            raise self.error
        return [t for t in self.tickets.values() if t.tenant == tenant and state in {None, t.state}]

    async def get(self, ticket_id, tenant=None):
        ticket = self.tickets.get(ticket_id)
        if ticket is None or ticket.tenant != tenant:
            raise TicketNotFound
        return ticket

    async def masked_body(self, ticket_id, tenant=None):
        self.order.append("body")
        return MASKED

    async def seal_justification(self, ticket, voter, justification):
        return hashlib.sha256(justification.encode()).digest() if justification else None

    async def vote(self, ticket_id, principal, verdict, justification_sealed, version, event):
        if self.refuse:
            raise VoteNotCounted(self.refuse)
        if version != self.tickets[ticket_id].version:
            raise VoteNotCounted(VoteRefused.STALE)
        self.votes.append((ticket_id, principal, verdict, justification_sealed, version, event))
        state = State.APPROVED if verdict is Verdict.APPROVE else State.DENIED
        return replace(self.tickets[ticket_id], state=state, version=version + 1, decided_by=(principal.subject,))

    async def record(self, batch):
        if isinstance(self.error, GatewayUnavailable) and not isinstance(self.error, PolicyUnavailable):
            raise self.error
        self.order.append("recorded")
        self.recorded.extend(batch.events)


class _Sessions:
    def __init__(self, fakes):
        self.fakes = fakes

    async def list(self, tenant, subject=None, limit=100, before=None):
        self.fakes.order.append(f"list {tenant} {subject} {limit} {before}")
        return (SESSION,) if tenant == "default" and subject in {None, "ann"} else ()

    async def get(self, session_id, tenant):
        return SESSION if (session_id, tenant) == ("ses_1", "default") else None

    async def show(self, session_id, *, tenant=None, after=0):
        return STORY
