"""Requests that wait for a person, as transcripts: verdicts, races, what ends a hold and what a grant covers."""

from __future__ import annotations

import pytest
from playbook import CALLER, Playbook, allow, review, ticket
from traffic import answered, asked, released_text, request_body

from authz.approval import State
from authz.decision import AccessDecision
from authz.errors import RecordUnavailable
from authz.exchange import actions as act
from authz.records import SessionView


def test_review_holds_then_consumes_then_releases(rules):
    """A flagged request waits, is judged again, takes the grant with its record, and only then goes up."""
    play = Playbook(rules, [*asked(request_body()), *answered("Noted.")], content=[review()]).play()
    assert play.error is None
    assert play.names() == [
        "AskContent",
        "Record",
        "OpenTicket",
        "AwaitVerdict",
        "AskAccess",
        "AskContent",
        "Consume",
        "ReleaseRequest",
        "Record",
        "Settle",
        "ReleaseResponseHead",
        "ReleaseResponse",
    ]
    assert play.of(act.Settle)[0].give_back is False


@pytest.mark.parametrize(
    ("state", "status", "code"),
    [
        (State.PENDING, 409, "approval_pending"),
        (State.DENIED, 403, "approval_denied"),
        (State.EXPIRED, 403, "approval_expired"),
        (State.REVOKED, 403, "approval_expired"),
        (State.CONSUMED, 409, "approval_in_use"),
    ],
)
def test_every_other_verdict_refuses(rules, state, status, code):
    """Only APPROVED lets a held request go on; each other state has its own answer and sends nothing."""
    play = Playbook(rules, asked(request_body()), content=[review()], verdict=ticket(state)).play()
    assert play.refusal().status == status
    assert play.refusal().error_code == code
    assert play.refusal().retry is False
    assert not play.of(act.ReleaseRequest)


def test_lost_race_for_the_grant_refuses(rules):
    """When another copy took the grant, this one is refused and sends nothing."""
    play = Playbook(rules, asked(request_body()), content=[review()], consumes=False).play()
    assert play.refusal().error_code == "approval_in_use"
    assert not play.of(act.ReleaseRequest)


def test_policy_change_during_the_hold_refuses(rules):
    """At release the policy is asked again; a denial by then wins over the approval."""
    play = Playbook(rules, asked(request_body()), content=[review(), allow(effect="deny")]).play()
    assert play.refusal().error_code == "policy_denied"
    assert not play.of(act.Consume)


def test_access_lost_during_the_hold_refuses(rules):
    """A caller who lost access while waiting is refused at release."""
    no = AccessDecision(False, "not_a_caller", "", "p2")
    play = Playbook(rules, asked(request_body()), content=[review()], access=no).play()
    assert play.refusal().error_code == "policy_denied"
    assert not play.of(act.Consume)


def test_token_expired_during_the_hold_refuses(rules):
    """A token that ran out while waiting answers 401; the approval is not used up."""
    play = Playbook(rules, asked(request_body()), content=[review()], now=CALLER.expires_at * 1000).play()
    assert play.refusal().status == 401
    assert not play.of(act.Consume)


def test_request_in_flight_under_its_approval_is_not_sent_twice(rules):
    """The same request while its own approval is being used is refused before any hold."""
    view = SessionView(None, {}, {}, ticket(State.CONSUMED))
    play = Playbook(rules, asked(request_body()), content=[review()], view=view).play()
    assert play.refusal().error_code == "approval_in_use"
    assert not play.of(act.OpenTicket)


@pytest.mark.parametrize(("status", "given_back"), [(429, True), (503, True), (529, True), (400, False), (500, False)])
def test_only_a_request_that_upstream_did_not_take_gives_the_grant_back(rules, status, given_back):
    """Limits, overload and no connection use up no approval; any other refusal is an answer, and the grant is used."""
    error = [
        act.ResponseHead(status, ((":status", str(status)), ("content-type", "application/json")), False),
        act.Chunk(b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}', True),
    ]
    play = Playbook(rules, [*asked(request_body()), *error], content=[review()]).play()
    assert play.of(act.Settle)[0].give_back is given_back
    assert "overloaded_error" in released_text(play)


def test_an_unclear_grant_is_settled_and_nothing_goes_up(rules):
    """When it stays unknown whether the grant was taken, nothing is sent and the grant is given back."""
    play = Playbook(rules, asked(request_body()), content=[review()], fail={act.Consume: [RecordUnavailable()]}).play()
    assert not play.of(act.ReleaseRequest)
    assert [action.give_back for action in play.of(act.Settle)] == [True]


def test_a_grant_is_settled_even_when_its_end_cannot_be_recorded(rules):
    """A failing record after the request went up does not leave the grant in use: it is used, and over."""
    play = Playbook(
        rules,
        [*asked(request_body()), *answered("ok")],
        content=[review()],
        fail={act.Record: [None, RecordUnavailable(), RecordUnavailable()]},
    ).play()
    assert play.of(act.ReleaseRequest)
    assert [action.give_back for action in play.of(act.Settle)] == [False]


def test_a_denial_stands_until_its_ticket_would_have_expired(rules):
    """The same request sent again after a denial is denied at once, so that nobody looks for another reviewer."""
    view = SessionView(None, {}, {}, ticket(State.DENIED, expires_at=5_000))
    again = Playbook(rules, asked(request_body()), content=[review()], view=view, now=4_000).play()
    assert again.refusal().error_code == "approval_denied"
    assert not again.of(act.OpenTicket)
    later = Playbook(rules, [*asked(request_body()), *answered("ok")], content=[review()], view=view, now=6_000).play()
    assert later.of(act.OpenTicket)
