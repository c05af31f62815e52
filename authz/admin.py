"""The admin API: reviewers decide on held requests, auditors read what happened.

Each RPC starts from the signed principal header and from nothing else, asks policy about exactly what it is about to
show or do, and answers errors in fixed texts. Reading a masked request or a session's story is recorded before anything
is shown. Envoy has checked the caller before; none of that is relied on here, because native gRPC callers and mistakes
of configuration exist.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any, TypeVar

import grpc

from authz._proto import admin_pb2, admin_pb2_grpc
from authz.admin_messages import approval_message, entry_message, session_message
from authz.approval import State, Verdict, VoteRefused
from authz.approval_store import LONGEST_JUSTIFICATION, MOST_TICKETS, VoteNotCounted
from authz.audit import Event
from authz.decision import AdminAction, Owned, admin_input
from authz.errors import GatewayError
from authz.principal_header import HEADER, PrincipalRefused, verify
from authz.records import Batch
from authz.session_store import MOST_SESSIONS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from authz.approval import Ticket
    from authz.identity import Principal
    from authz.services import Services

LONGEST_ID = 128
DEFAULT_PAGE = 100

_log = logging.getLogger("phigate.admin")
_T = TypeVar("_T")

_STATUS = {
    403: grpc.StatusCode.PERMISSION_DENIED,
    404: grpc.StatusCode.NOT_FOUND,
    409: grpc.StatusCode.ABORTED,
    429: grpc.StatusCode.RESOURCE_EXHAUSTED,
    503: grpc.StatusCode.UNAVAILABLE,
}

_VOTES: dict[VoteRefused, tuple[grpc.StatusCode, str]] = {
    VoteRefused.OWN_REQUEST: (grpc.StatusCode.PERMISSION_DENIED, "Nobody decides on their own request."),
    VoteRefused.NOT_A_REVIEWER: (grpc.StatusCode.PERMISSION_DENIED, "Only its reviewers decide on this request."),
    VoteRefused.NOT_PENDING: (grpc.StatusCode.ABORTED, "This request no longer waits for a decision."),
    VoteRefused.ALREADY_VOTED: (grpc.StatusCode.ALREADY_EXISTS, "You have decided on this request before."),
    VoteRefused.STALE: (grpc.StatusCode.ABORTED, "This request has changed since you read it; read it again."),
}


class _Refused(Exception):
    """An answer that is no answer: a status and a fixed text that begins with its error code."""

    def __init__(self, code: grpc.StatusCode, error_code: str, text: str) -> None:
        super().__init__(error_code)
        self.code = code
        self.text = f"{error_code}: {text}"


async def answered(context: grpc.aio.ServicerContext, work: Awaitable[_T]) -> _T:
    """Return what `work` gives, or end the RPC with the status of what it raised and a fixed text."""
    try:
        return await work
    except _Refused as refused:
        code, text = refused.code, refused.text
    except VoteNotCounted as refused:
        code, words = _VOTES[refused.reason]
        text = f"{refused.reason.value}: {words}"
    except GatewayError as error:
        code, text = _STATUS.get(error.status, grpc.StatusCode.INTERNAL), f"{error.error_code}: {error.public}"
    except Exception as error:  # noqa: BLE001  # whatever it was, its text may quote a row
        _log.error("admin RPC failed: %s", type(error).__name__)
        code, text = grpc.StatusCode.INTERNAL, "gateway_fault: The gateway could not handle this request."
    await context.abort(code, text)
    raise AssertionError  # abort raises


class Gate:
    """Who is calling and whether they may: the beginning of every RPC."""

    def __init__(self, services: Services, key: bytes, clock: Callable[[], float] = time.time) -> None:
        self._policy = services.policy
        self._recorder = services.recorder
        self._key = key
        self._clock = clock

    def principal(self, context: grpc.aio.ServicerContext) -> Principal:
        """Return the caller that the signed header names; a header that comes twice is a forgery."""
        values = [value for key, value in context.invocation_metadata() or () if key == HEADER]
        try:
            return verify(self._key, values[0] if len(values) == 1 else None, now=int(self._clock()))
        except PrincipalRefused:
            raise _Refused(
                grpc.StatusCode.UNAUTHENTICATED, "gateway_unauthenticated", "The gateway does not know this caller."
            ) from None

    async def may(self, principal: Principal, action: AdminAction, owned: Owned) -> None:
        """Return if policy allows this action on this very thing."""
        decision = await self._policy.admin(admin_input(principal, action, owned))
        if decision.allow:
            return
        known = next((each for each in VoteRefused if each.value == decision.reason), None)
        if known is not None:
            code, words = _VOTES[known]
            raise _Refused(code, known.value, words)
        raise _Refused(grpc.StatusCode.PERMISSION_DENIED, "policy_denied", "The policy does not let you do this.")

    async def sees_all(self, principal: Principal, action: AdminAction) -> bool:
        """Return whether a list shows the whole tenant (True) or only what is the caller's own (False)."""
        if (await self._policy.admin(admin_input(principal, action))).allow:
            return True
        await self.may(principal, action, Owned(*principal.key))
        return False

    async def recorded(self, principal: Principal, kind: str, facts: dict[str, str]) -> None:
        """Make durable who is about to read what. Admin events belong to no session's story."""
        reader = {"tenant": principal.tenant, "issuer": principal.issuer, "subject": principal.subject}
        await self._recorder.record(Batch(events=(Event.new(kind, "", "", {**reader, **facts}),)))


def _id(value: str) -> str:
    if not value or len(value) > LONGEST_ID or not value.isascii() or not value.isprintable():
        raise _Refused(grpc.StatusCode.NOT_FOUND, "not_found", "There is no such thing.")
    return value


class Approvals(admin_pb2_grpc.ApprovalsServicer):  # type: ignore[misc]
    """Held requests: list, read, answer."""

    def __init__(self, services: Services, gate: Gate) -> None:
        self._store = services.approvals
        self._gate = gate

    async def List(self, request: Any, context: grpc.aio.ServicerContext) -> Any:  # noqa: N802
        """Return tickets without their text."""
        return await answered(context, self._list(request, context))

    async def Get(self, request: Any, context: grpc.aio.ServicerContext) -> Any:  # noqa: N802
        """Return one ticket with the masked request."""
        return await answered(context, self._get(request, context))

    async def Approve(self, request: Any, context: grpc.aio.ServicerContext) -> Any:  # noqa: N802
        """Count a yes."""
        return await answered(context, self._vote(request, context, Verdict.APPROVE, AdminAction.APPROVE))

    async def Deny(self, request: Any, context: grpc.aio.ServicerContext) -> Any:  # noqa: N802
        """Count a no, which ends the ticket."""
        return await answered(context, self._vote(request, context, Verdict.DENY, AdminAction.DENY))

    async def _list(self, request: Any, context: grpc.aio.ServicerContext) -> Any:
        principal = self._gate.principal(context)
        if request.state and request.state not in State.__members__:
            raise _Refused(grpc.StatusCode.INVALID_ARGUMENT, "invalid_state", "There is no such state.")
        everything = await self._gate.sees_all(principal, AdminAction.LIST_APPROVALS)
        state = State(request.state) if request.state else None
        tickets = await self._store.list(principal.tenant, state, MOST_TICKETS)
        return admin_pb2.ListApprovalsResponse(
            approvals=[approval_message(ticket) for ticket in tickets if everything or _owner(ticket) == principal.key]
        )

    async def _ticket(self, principal: Principal, ticket_id: str, action: AdminAction) -> Ticket:
        ticket = await self._store.get(_id(ticket_id), principal.tenant)
        owned = Owned(*_owner(ticket), state=ticket.state.value, reviewers=ticket.reviewers)
        await self._gate.may(principal, action, owned)
        return ticket

    async def _get(self, request: Any, context: grpc.aio.ServicerContext) -> Any:
        principal = self._gate.principal(context)
        ticket = await self._ticket(principal, request.id, AdminAction.SHOW_APPROVAL)
        body = await self._store.masked_body(ticket.id, principal.tenant)
        await self._gate.recorded(principal, "admin.approval_shown", {"ticket": ticket.id})
        return approval_message(ticket, body)

    async def _vote(
        self, request: Any, context: grpc.aio.ServicerContext, verdict: Verdict, action: AdminAction
    ) -> Any:
        principal = self._gate.principal(context)
        if request.version < 1:
            raise _Refused(
                grpc.StatusCode.INVALID_ARGUMENT, "version_required", "Say which version of the request you have read."
            )
        if len(request.justification) > LONGEST_JUSTIFICATION:
            raise _Refused(grpc.StatusCode.INVALID_ARGUMENT, "justification_too_long", "At most 4,000 characters.")
        ticket = await self._ticket(principal, request.id, action)
        sealed = await self._store.seal_justification(ticket, principal, request.justification)
        voter = {"issuer": principal.issuer, "subject": principal.subject}
        event = Event.new("approval.voted", ticket.exchange, ticket.session, voter)
        after = await self._store.vote(ticket.id, principal, verdict, sealed, request.version, event)
        return approval_message(after)


def _owner(ticket: Ticket) -> tuple[str, str, str]:
    return (ticket.tenant, ticket.issuer, ticket.subject)


class Sessions(admin_pb2_grpc.SessionsServicer):  # type: ignore[misc]
    """Conversations and what happened in them."""

    def __init__(self, services: Services, gate: Gate) -> None:
        self._store = services.sessions
        self._gate = gate

    async def List(self, request: Any, context: grpc.aio.ServicerContext) -> Any:  # noqa: N802
        """Return sessions, newest first."""
        return await answered(context, self._list(request, context))

    async def Get(self, request: Any, context: grpc.aio.ServicerContext) -> Any:  # noqa: N802
        """Return one session's story."""
        return await answered(context, self._get(request, context))

    async def _list(self, request: Any, context: grpc.aio.ServicerContext) -> Any:
        principal = self._gate.principal(context)
        if not 0 <= request.limit <= MOST_SESSIONS or len(request.before) > LONGEST_ID:
            raise _Refused(grpc.StatusCode.INVALID_ARGUMENT, "invalid_page", "limit is 1 to 500, before is an id.")
        everything = await self._gate.sees_all(principal, AdminAction.LIST_SESSIONS)
        rows = await self._store.list(
            principal.tenant,
            None if everything else principal.subject,
            request.limit or DEFAULT_PAGE,
            request.before or None,
        )
        return admin_pb2.ListSessionsResponse(
            sessions=[session_message(row) for row in rows if everything or row.issuer == principal.issuer]
        )

    async def _get(self, request: Any, context: grpc.aio.ServicerContext) -> Any:
        principal = self._gate.principal(context)
        row = await self._store.get(_id(request.id), principal.tenant)
        if row is None:
            raise _Refused(grpc.StatusCode.NOT_FOUND, "not_found", "There is no such session.")
        await self._gate.may(principal, AdminAction.SHOW_SESSION, Owned(row.tenant, row.issuer, row.subject))
        entries = await self._store.show(row.id, tenant=principal.tenant)
        await self._gate.recorded(principal, "admin.session_shown", {"session": row.id})
        return admin_pb2.Story(session=session_message(row), entries=[entry_message(each) for each in entries])


def add_admin(server: grpc.aio.Server, services: Services, key: bytes) -> None:
    """Serve the admin API on this server. `key` is the one that ext_authz signs principals with."""
    gate = Gate(services, key)
    admin_pb2_grpc.add_ApprovalsServicer_to_server(Approvals(services, gate), server)
    admin_pb2_grpc.add_SessionsServicer_to_server(Sessions(services, gate), server)
