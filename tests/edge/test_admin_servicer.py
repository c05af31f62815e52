"""The admin servicers over an in-process gRPC server: whom they believe, what they ask, what they answer."""

from __future__ import annotations

import hashlib
import time
from dataclasses import replace

import grpc
import pytest
import pytest_asyncio
from admin_fakes import ANN, BOB, ISSUER, KEY, MASKED, TICKET, Fakes, person

from authz._proto import admin_pb2, admin_pb2_grpc
from authz.admin import add_admin
from authz.approval import VoteRefused
from authz.errors import GatewayUnavailable, PolicyUnavailable
from authz.principal_header import HEADER, sign


@pytest.fixture
def fakes():
    return Fakes()


@pytest_asyncio.fixture
async def channel(fakes):
    server = grpc.aio.server()
    add_admin(server, fakes, KEY)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as opened:
        yield opened
    await server.stop(0)


@pytest.fixture
def approvals(channel):
    return admin_pb2_grpc.ApprovalsStub(channel)


@pytest.fixture
def sessions(channel):
    return admin_pb2_grpc.SessionsStub(channel)


def as_(principal, key=KEY, now=None):
    return ((HEADER, sign(key, principal, now=now or int(time.time()))),)


async def refused(call):
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value.code(), caught.value.details()


METHODS = {
    "approvals.list": ("ApprovalsStub", "List", admin_pb2.ListApprovalsRequest()),
    "approvals.show": ("ApprovalsStub", "Get", admin_pb2.GetApprovalRequest(id="apr_1")),
    "approvals.approve": ("ApprovalsStub", "Approve", admin_pb2.VoteRequest(id="apr_1", version=3)),
    "approvals.deny": ("ApprovalsStub", "Deny", admin_pb2.VoteRequest(id="apr_1", version=3)),
    "sessions.list": ("SessionsStub", "List", admin_pb2.ListSessionsRequest()),
    "sessions.show": ("SessionsStub", "Get", admin_pb2.GetSessionRequest(id="ses_1")),
}


@pytest.mark.parametrize("action", METHODS)
async def test_every_method_believes_only_the_signed_header(action, channel, fakes):
    """No header, a forged, an old and a doubled one are UNAUTHENTICATED, before anything is asked."""
    stub, name, request = METHODS[action]
    method = getattr(getattr(admin_pb2_grpc, stub)(channel), name)
    good = as_(BOB)
    headers = [
        (),
        as_(BOB, key=b"x" * 32),
        as_(BOB, now=int(time.time()) - 120),
        ((HEADER, good[0][1][:-2]),),
        ((HEADER, "bob"),),
        good + good,
        (("x-phigate-subject", "bob"), ("authorization", "Bearer x")),
    ]
    for metadata in headers:
        code, _ = await refused(method(request, metadata=metadata))
        assert code is grpc.StatusCode.UNAUTHENTICATED
    assert fakes.asked == []
    assert fakes.votes == []


@pytest.mark.parametrize("action", METHODS)
async def test_every_method_asks_policy_for_its_own_action(action, channel, fakes):
    """Policy gets the action by name, the verified principal, and the thing that it concerns."""
    stub, name, request = METHODS[action]
    await getattr(getattr(admin_pb2_grpc, stub)(channel), name)(request, metadata=as_(BOB))
    assert [document["action"] for document in fakes.asked] == [action]
    assert fakes.asked[0]["principal"]["subject"] == "bob"
    if action in {"approvals.show", "approvals.approve", "approvals.deny"}:
        assert fakes.asked[0]["approval"] == {
            "tenant": "default",
            "issuer": ISSUER,
            "subject": "ann",
            "state": "PENDING",
            "reviewers": ["reviewers"],
        }


@pytest.mark.parametrize("action", METHODS)
async def test_no_policy_means_no(action, channel, fakes):
    """A policy that gives no decision closes every method."""
    fakes.error = PolicyUnavailable("detail that nobody sees")
    stub, name, request = METHODS[action]
    code, text = await refused(getattr(getattr(admin_pb2_grpc, stub)(channel), name)(request, metadata=as_(BOB)))
    assert code is grpc.StatusCode.UNAVAILABLE
    assert text.startswith("policy_unavailable: ")
    assert "detail" not in text


async def test_list_shows_tickets_without_text(approvals):
    """A list has everything a queue shows and no request."""
    found = await approvals.List(admin_pb2.ListApprovalsRequest(), metadata=as_(BOB))
    (row,) = found.approvals
    assert (row.id, row.state, row.version, row.subject, row.model) == ("apr_1", "PENDING", 3, "ann", "claude-x")
    assert dict(row.findings) == {"NAME": 2}
    assert list(row.triggers) == ["bulk_record"]
    assert row.created_at == "2027-01-15T08:00:00.123Z"
    assert row.grant_expires_at == ""
    assert row.masked_request == ""


async def test_list_filters_by_state(approvals):
    """States filter; a state that does not exist is an error and not an empty list."""
    asked = admin_pb2.ListApprovalsRequest(state="DENIED")
    assert list((await approvals.List(asked, metadata=as_(BOB))).approvals) == []
    code, _ = await refused(approvals.List(admin_pb2.ListApprovalsRequest(state="pending"), metadata=as_(BOB)))
    assert code is grpc.StatusCode.INVALID_ARGUMENT


async def test_lists_show_others_their_own_only(approvals, sessions, fakes):
    """Without a role a caller sees what is theirs: the same tenant's other people are left out."""
    fakes.tickets["apr_2"] = replace(TICKET, id="apr_2", subject="eve")
    own = await approvals.List(admin_pb2.ListApprovalsRequest(), metadata=as_(ANN))
    assert [row.id for row in own.approvals] == ["apr_1"]
    await sessions.List(admin_pb2.ListSessionsRequest(limit=7, before="ses_9"), metadata=as_(ANN))
    assert fakes.order == ["list default ann 7 ses_9"]
    other_idp = replace(ANN, issuer="https://other.example")
    assert not (await sessions.List(admin_pb2.ListSessionsRequest(), metadata=as_(other_idp))).sessions


async def test_get_records_before_it_shows(approvals, fakes):
    """The masked text is shown after it is on record who reads it."""
    found = await approvals.Get(admin_pb2.GetApprovalRequest(id="apr_1"), metadata=as_(BOB))
    assert found.masked_request == MASKED.decode()
    (event,) = fakes.recorded
    assert (event.kind, event.session) == ("admin.approval_shown", "")
    assert event.header == {"tenant": "default", "issuer": ISSUER, "subject": "bob", "ticket": "apr_1"}
    assert event.canonical()


async def test_unrecordable_reading_is_not_shown(approvals, sessions, fakes):
    """When the record cannot be written, nothing is shown."""
    fakes.error = GatewayUnavailable("x")
    for call in (
        approvals.Get(admin_pb2.GetApprovalRequest(id="apr_1"), metadata=as_(BOB)),
        sessions.Get(admin_pb2.GetSessionRequest(id="ses_1"), metadata=as_(BOB)),
    ):
        code, _ = await refused(call)
        assert code is grpc.StatusCode.UNAVAILABLE


@pytest.mark.parametrize("ticket_id", ["apr_9", "", "a" * 500, "é", "a\nb", "' OR 1=1 --"])
async def test_unknown_ids_are_not_found(approvals, sessions, ticket_id):
    """Unknown and impossible ids are NOT_FOUND, whatever they look like."""
    code, _ = await refused(approvals.Get(admin_pb2.GetApprovalRequest(id=ticket_id), metadata=as_(BOB)))
    assert code is grpc.StatusCode.NOT_FOUND
    code, _ = await refused(sessions.Get(admin_pb2.GetSessionRequest(id=ticket_id), metadata=as_(BOB)))
    assert code is grpc.StatusCode.NOT_FOUND


async def test_other_tenants_do_not_exist(approvals, sessions):
    """A reviewer of another tenant finds nothing."""
    stranger = as_(person("bob", "reviewers", tenant="other"))
    assert not (await approvals.List(admin_pb2.ListApprovalsRequest(), metadata=stranger)).approvals
    code, _ = await refused(approvals.Get(admin_pb2.GetApprovalRequest(id="apr_1"), metadata=stranger))
    assert code is grpc.StatusCode.NOT_FOUND
    code, _ = await refused(sessions.Get(admin_pb2.GetSessionRequest(id="ses_1"), metadata=stranger))
    assert code is grpc.StatusCode.NOT_FOUND


@pytest.mark.parametrize(("name", "verdict", "state"), [("Approve", "approve", "APPROVED"), ("Deny", "deny", "DENIED")])
async def test_votes_reach_the_store(approvals, fakes, name, verdict, state):
    """A vote carries the voter, the version that was read and a sealed reason; its event holds no text."""
    request = admin_pb2.VoteRequest(id="apr_1", version=3, justification="Jane is fine")
    after = await getattr(approvals, name)(request, metadata=as_(BOB))
    assert (after.state, after.version, list(after.decided_by)) == (state, 4, ["bob"])
    ((ticket, voter, said, sealed, version, event),) = fakes.votes
    assert (ticket, voter.subject, said.value, version) == ("apr_1", "bob", verdict, 3)
    assert sealed == hashlib.sha256(b"Jane is fine").digest()
    assert (event.kind, event.session, event.exchange) == ("approval.voted", "ses_1", "exc_1")
    assert b"Jane" not in event.canonical()


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        (VoteRefused.OWN_REQUEST, grpc.StatusCode.PERMISSION_DENIED),
        (VoteRefused.NOT_A_REVIEWER, grpc.StatusCode.PERMISSION_DENIED),
        (VoteRefused.NOT_PENDING, grpc.StatusCode.ABORTED),
        (VoteRefused.STALE, grpc.StatusCode.ABORTED),
        (VoteRefused.ALREADY_VOTED, grpc.StatusCode.ALREADY_EXISTS),
    ],
)
async def test_votes_that_do_not_count(approvals, fakes, reason, code):
    """Each reason has its status (409 for what a second look mends, 403 for what it does not) and its error code."""
    fakes.refuse = reason
    for method in (approvals.Approve, approvals.Deny):
        got, text = await refused(method(admin_pb2.VoteRequest(id="apr_1", version=3), metadata=as_(BOB)))
        assert got is code
        assert text.startswith(f"{reason.value}: ")


async def test_stale_versions_conflict(approvals, fakes):
    """A vote on another version than the current one is ABORTED, and one without a version is refused."""
    code, _ = await refused(approvals.Approve(admin_pb2.VoteRequest(id="apr_1", version=2), metadata=as_(BOB)))
    assert code is grpc.StatusCode.ABORTED
    for version in (0, -1):
        request = admin_pb2.VoteRequest(id="apr_1", version=version)
        code, _ = await refused(approvals.Approve(request, metadata=as_(BOB)))
        assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert fakes.votes == []


async def test_who_is_no_reviewer_cannot_vote(approvals, fakes):
    """Policy refuses before the store is asked."""
    request = admin_pb2.VoteRequest(id="apr_1", version=3)
    for caller in (ANN, person("carl", "clinicians")):
        code, text = await refused(approvals.Approve(request, metadata=as_(caller)))
        assert code is grpc.StatusCode.PERMISSION_DENIED
        assert text.startswith("not_a_reviewer: ")
    assert fakes.votes == []


async def test_reasons_have_a_limit(approvals, fakes):
    """A reason of more than 4,000 characters is refused, not cut."""
    request = admin_pb2.VoteRequest(id="apr_1", version=3, justification="a" * 4001)
    code, _ = await refused(approvals.Deny(request, metadata=as_(BOB)))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert fakes.votes == []


async def test_a_story_keeps_order_and_numbers(sessions, fakes):
    """A story has its session, its events in order, and integers as they were; reading it is on record."""
    story = await sessions.Get(admin_pb2.GetSessionRequest(id="ses_1"), metadata=as_(person("aud", "auditors")))
    assert (story.session.state, story.session.profile, story.session.exchanges) == ("open", "strict", 4)
    (entry,) = story.entries
    assert (entry.kind, entry.exchange, entry.time) == ("exchange.decided", "exc_1", "2027-01-15T08:00:00.000Z")
    assert entry.header["n"] == 2**52
    assert fakes.recorded[0].kind == "admin.session_shown"


@pytest.mark.parametrize("request_", [{"limit": -1}, {"limit": 501}, {"before": "a" * 500}])
async def test_pages_have_bounds(sessions, request_):
    """Page sizes and ids outside their bounds are refused."""
    code, _ = await refused(sessions.List(admin_pb2.ListSessionsRequest(**request_), metadata=as_(BOB)))
    assert code is grpc.StatusCode.INVALID_ARGUMENT


async def test_unknown_errors_say_nothing(approvals, fakes):
    """An exception that is on no list becomes a fixed text."""
    fakes.error = RuntimeError("row with Jane Doe")
    code, text = await refused(approvals.List(admin_pb2.ListApprovalsRequest(), metadata=as_(BOB)))
    assert code is grpc.StatusCode.INTERNAL
    assert "Jane" not in text
