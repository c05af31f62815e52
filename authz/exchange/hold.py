"""The hold: a flagged request waits for another person, and goes on once, as it was reviewed.

The ticket is durable before anybody waits; the same request joins it, whoever sends it again and whichever worker reads
it. After the wait identity and policy are asked again, and the grant is taken before anything goes upstream.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from authz.approval import State
from authz.errors import Refusal
from authz.exchange.actions import AskAccess, AskContent, AwaitVerdict, Consume, OpenTicket, Settle, ask
from authz.exchange.judged import Rejected, facts, judged_rows
from authz.exchange.story import plain_model
from authz.records import Batch, NewTicket

if TYPE_CHECKING:
    from authz.approval import Ticket
    from authz.exchange.actions import RequestHead, Steps
    from authz.exchange.judged import Judged
    from authz.exchange.life import Exchange
    from authz.exchange.story import Story
    from authz.identity import Principal
    from authz.records import Payload


def refuse_again(ticket: Ticket | None, now_ms: int) -> None:
    """Refuse a request that was just denied, or whose own approval is being used right now: it sends at most once.

    A denial stands until the ticket would have expired, so that nobody looks for another reviewer by sending again.
    """
    if ticket is None:
        return
    if ticket.state is State.DENIED and now_ms < ticket.expires_at:
        raise Rejected(_denied_refusal("approval_denied", ticket), "approval_denied")
    if ticket.state is State.CONSUMED:
        raise Rejected(
            Refusal(
                409,
                "conflict_error",
                "approval_in_use",
                "This approved request is already on its way; an approval sends it once.",
                details={"ticket": ticket.id},
            ),
            "approval_in_use",
        )


def hold(
    exchange: Exchange,
    head: RequestHead,
    principal: Principal,
    judged: Judged,
    story: Story,
    payload: Payload,
) -> Steps[str]:
    """Hold the request until another person approved it; return the approval's id.

    The ticket is durable first; the same request joins it, whoever sends it again and whichever worker reads it.
    """
    review = judged.decision.review
    if review is None:
        raise Rejected(_denied_refusal("approval_denied", None), "approval_denied")
    ticket = yield from ask(
        OpenTicket(
            NewTicket(
                session=judged.keys.id,
                exchange=exchange.id,
                principal=principal,
                model=plain_model(judged.outline.model),
                tools_digest=judged.thread.tools,
                request_digest=judged.thread.request,
                thread_digest=judged.thread.final,
                reasons=judged.decision.reasons,
                findings=judged.masked.findings,
                triggers=judged.masked.triggers,
                reviewers=review.reviewers,
                min_approvals=review.min_approvals,
                expires_in=review.expires_in,
                payload=payload,
            ),
            story.event(
                "approval.requested",
                {
                    "reasons": list(judged.decision.reasons),
                    "reviewers": list(review.reviewers),
                    "min_approvals": review.min_approvals,
                },
            ),
        )
    )
    if ticket.state is State.PENDING:
        ticket = yield from ask(AwaitVerdict(ticket.id, exchange.limits.hold_seconds))
    if ticket.state is not State.APPROVED:
        raise Rejected(_verdict_refusal(ticket), f"approval_{ticket.state.value.lower()}")
    yield from _judge_again(exchange, head, principal, judged, ticket)
    batch = Batch(
        events=(story.event("approval.consumed", {"ticket": ticket.id}),), judged=judged_rows(judged, ticket.id)
    )
    # noted first: when it stays unclear whether the grant was taken, the end of the exchange still settles it
    exchange.ticket = ticket.id
    if not (yield from ask(Consume(ticket.id, exchange.id, batch))):
        exchange.ticket = None
        raise Rejected(
            Refusal(
                409,
                "conflict_error",
                "approval_in_use",
                "Another copy of this request used the approval first.",
                details={"ticket": ticket.id},
            ),
            "approval_in_use",
        )
    return ticket.id


def _judge_again(
    exchange: Exchange, head: RequestHead, principal: Principal, judged: Judged, ticket: Ticket
) -> Steps[None]:
    """Ask identity and policy once more: minutes have passed. The detector does not run again, its findings stand."""
    if principal.expires_at * 1000 <= exchange.now_ms():
        raise Rejected(
            Refusal(
                401,
                "authentication_error",
                "gateway_unauthenticated",
                "The token expired while the request waited. Send it again with a fresh one; the approval stands.",
                details={"ticket": ticket.id},
            ),
            "token_expired",
        )
    access = yield from ask(AskAccess(principal, head))
    content = yield from ask(
        AskContent(
            principal,
            head,
            facts(head, judged.outline, judged.novelty),
            judged.masked.findings,
            judged.masked.new_findings,
            judged.masked.triggers,
        )
    )
    if not access.allow or content.effect == "deny":
        raise Rejected(_denied_refusal("policy_denied", ticket), "policy_denied")


def _verdict_refusal(ticket: Ticket) -> Refusal:
    if ticket.state is State.PENDING:
        return Refusal(
            409,
            "conflict_error",
            "approval_pending",
            "This request waits for another person's approval. Send the same request again after it was given.",
            details={"ticket": ticket.id, "expires_at": ticket.expires_at},
        )
    if ticket.state in {State.CONSUMED, State.DONE}:
        return Refusal(
            409,
            "conflict_error",
            "approval_in_use",
            "Another copy of this request used the approval first.",
            details={"ticket": ticket.id},
        )
    code = "approval_denied" if ticket.state is State.DENIED else "approval_expired"
    return _denied_refusal(code, ticket)


def _denied_refusal(code: str, ticket: Ticket | None) -> Refusal:
    text = {
        "approval_denied": "A reviewer denied this request.",
        "approval_expired": "The approval of this request expired before it was used.",
        "policy_denied": "The policy of this gateway does not let this request pass any more.",
    }[code]
    details = {"ticket": ticket.id} if ticket is not None else {}
    return Refusal(403, "permission_error", code, text, details=details)


def give_back(exchange: Exchange) -> Steps[None]:
    """Give the grant back: upstream failed before its first byte, so nothing was answered under it."""
    if exchange.ticket is not None:
        ticket, exchange.ticket = exchange.ticket, None
        yield from ask(Settle(ticket, exchange.id, give_back=True))
