"""The life of a ticket and who may vote on it."""

from __future__ import annotations

import pytest

from authz.approval import STEPS, State, Ticket, Verdict, VoteRefused, after_vote, refuse_vote
from authz.identity import Principal


def ticket(**changes) -> Ticket:
    values = {
        "id": "t",
        "session": "s",
        "exchange": "e",
        "tenant": "north",
        "issuer": "https://a.example",
        "subject": "ann",
        "state": State.PENDING,
        "version": 1,
        "model": "m",
        "reasons": (),
        "findings": {},
        "triggers": (),
        "reviewers": ("reviewers",),
        "min_approvals": 2,
        "created_at": 0,
        "expires_at": 1,
        "grant_expires_at": None,
        "decided_by": (),
        "request_digest": b"",
        "thread_digest": b"",
    }
    return Ticket(**{**values, **changes})


def voter(
    subject: str = "bob", tenant: str = "north", issuer: str = "https://a.example", groups=("reviewers",), kind="human"
):
    return Principal(tenant, issuer, subject, groups, kind, "-", 1)


@pytest.mark.parametrize(
    ("who", "voted", "state", "expected"),
    [
        (voter(), (), State.PENDING, None),
        (voter("ann"), (), State.PENDING, VoteRefused.OWN_REQUEST),
        (voter("ann", issuer="https://b.example"), (), State.PENDING, VoteRefused.OWN_REQUEST),
        (voter(groups=("clinicians",)), (), State.PENDING, VoteRefused.NOT_A_REVIEWER),
        (voter(groups=()), (), State.PENDING, VoteRefused.NOT_A_REVIEWER),
        (voter(tenant="south"), (), State.PENDING, VoteRefused.NOT_A_REVIEWER),
        (voter(kind="service"), (), State.PENDING, VoteRefused.NOT_A_REVIEWER),
        (voter(), (("https://a.example", "bob"),), State.PENDING, VoteRefused.ALREADY_VOTED),
        (voter(), (("https://b.example", "bob"),), State.PENDING, VoteRefused.ALREADY_VOTED),
        (voter(), (), State.APPROVED, VoteRefused.NOT_PENDING),
        (voter(), (), State.DENIED, VoteRefused.NOT_PENDING),
        (voter(), (), State.EXPIRED, VoteRefused.NOT_PENDING),
    ],
)
def test_who_may_vote(who, voted, state, expected):
    """Reviewers of the tenant vote once, on pending tickets, and never on their own request under any issuer."""
    assert refuse_vote(ticket(state=state), who, voted) is expected


def test_one_denial_ends_it_and_approvals_add_up():
    """N distinct approvals approve; a single denial denies, whatever came before."""
    assert after_vote(ticket(), Verdict.APPROVE, 0) is State.PENDING
    assert after_vote(ticket(), Verdict.APPROVE, 1) is State.APPROVED
    assert after_vote(ticket(), Verdict.DENY, 1) is State.DENIED


def test_ended_tickets_stay_ended():
    """No step leads out of an end state, and only CONSUMED can give a grant back."""
    for state in (State.DONE, State.DENIED, State.EXPIRED, State.CANCELLED, State.REVOKED):
        assert not STEPS[state]
    assert {state for state, steps in STEPS.items() if State.APPROVED in steps} == {State.PENDING, State.CONSUMED}
    assert set(STEPS) == set(State)
