"""The life of a held request: which state may follow which, and who may vote.

    PENDING -> APPROVED -> CONSUMED -> DONE
    PENDING -> DENIED | EXPIRED | CANCELLED
    APPROVED -> EXPIRED | REVOKED
    CONSUMED -> APPROVED        upstream failed before its first byte: the grant is given back

The store makes each step a compare-and-set under the database's clock; this room only says which steps exist.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from authz.identity import Principal


class State(StrEnum):
    """Where a ticket stands."""

    PENDING = "PENDING"
    APPROVED = "APPROVED"
    CONSUMED = "CONSUMED"
    DONE = "DONE"
    DENIED = "DENIED"
    EXPIRED = "EXPIRED"
    CANCELLED = "CANCELLED"
    REVOKED = "REVOKED"


STEPS: Mapping[State, frozenset[State]] = {
    State.PENDING: frozenset({State.APPROVED, State.DENIED, State.EXPIRED, State.CANCELLED}),
    State.APPROVED: frozenset({State.CONSUMED, State.EXPIRED, State.REVOKED}),
    State.CONSUMED: frozenset({State.DONE, State.APPROVED}),
    State.DONE: frozenset(),
    State.DENIED: frozenset(),
    State.EXPIRED: frozenset(),
    State.CANCELLED: frozenset(),
    State.REVOKED: frozenset(),
}
"""Every step that exists; anything else is refused."""


class Verdict(StrEnum):
    """What a reviewer says."""

    APPROVE = "approve"
    DENY = "deny"


class VoteRefused(StrEnum):
    """Why a vote does not count; the value is the stable error code."""

    OWN_REQUEST = "own_request"
    NOT_A_REVIEWER = "not_a_reviewer"
    NOT_PENDING = "not_pending"
    ALREADY_VOTED = "already_voted"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class Ticket:
    """A held request as everyone may see it: no text, only who, why, and how it stands.

    Times are milliseconds since the epoch by the database's clock. `version` rises with every step, and a reviewer who
    saw an older one is refused (409).
    """

    id: str
    session: str
    exchange: str
    tenant: str
    issuer: str
    subject: str
    state: State
    version: int
    model: str
    reasons: tuple[str, ...]
    findings: Mapping[str, int]
    triggers: tuple[str, ...]
    reviewers: tuple[str, ...]
    min_approvals: int
    created_at: int
    expires_at: int
    grant_expires_at: int | None
    decided_by: tuple[str, ...]
    request_digest: bytes
    thread_digest: bytes


def refuse_vote(ticket: Ticket, voter: Principal, voted: Collection[tuple[str, str]]) -> VoteRefused | None:
    """Return why this vote does not count, or None when it does: the one place that forbids approving one's own.

    Only a person reviews: a service may hold a reviewer's token, but cannot read. `voted` holds the (issuer, subject)
    pairs that have voted. The requester is the same person under any issuer of the tenant, because one person may hold
    accounts at two identity providers.
    """
    if voter.kind != "human" or voter.tenant != ticket.tenant or not set(voter.groups) & set(ticket.reviewers):
        return VoteRefused.NOT_A_REVIEWER
    if voter.subject == ticket.subject:
        return VoteRefused.OWN_REQUEST
    if ticket.state is not State.PENDING:
        return VoteRefused.NOT_PENDING
    if any(subject == voter.subject for _, subject in voted):
        return VoteRefused.ALREADY_VOTED
    return None


def after_vote(ticket: Ticket, verdict: Verdict, approvals_before: int) -> State:
    """Return where a counted vote takes the ticket: one denial ends it, `min_approvals` distinct people approve it."""
    if verdict is Verdict.DENY:
        return State.DENIED
    return State.APPROVED if approvals_before + 1 >= ticket.min_approvals else State.PENDING
