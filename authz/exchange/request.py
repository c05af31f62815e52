"""The request half: from the first header to the release of the judged request, or to a refusal.

Nothing goes upstream before the whole body was parsed, searched, decided on, if need be approved, and recorded
(promise 1). The deferred header answer carries the gate's mark, so that even an early end of the stream passes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from authz.approval import State
from authz.conversation import novelty, session_name
from authz.decision import RequestFacts, request_features, split_betas
from authz.errors import Refusal
from authz.exchange import heads
from authz.exchange.actions import (
    AskAccess,
    AskContent,
    AwaitVerdict,
    CallerGone,
    Chunk,
    Consume,
    LoadSession,
    Mask,
    OpenSession,
    OpenTicket,
    PinSession,
    ReadOutline,
    Record,
    ReleaseRequest,
    SealingKey,
    Settle,
    Trailers,
    ask,
)
from authz.exchange.memory import open_memos
from authz.exchange.story import Story, plain_model
from authz.records import Batch, JudgedRow, NewTicket, Pin, PinRow

if TYPE_CHECKING:
    from authz.approval import Ticket
    from authz.conversation import Novelty, SessionKeys, Thread
    from authz.decision import ContentDecision
    from authz.exchange.actions import RequestHead, Steps
    from authz.exchange.life import Exchange
    from authz.identity import Principal
    from authz.records import Payload, SessionView
    from authz.vault import DataKey
    from masking.request import MaskedRequest, Outline

BYTES_PER_TOKEN = 3
"""Estimate for English prose on today's tokenizers (claude-api §7); policy thresholds need no more."""

MAX_REPORTED_FIELDS = 20


class Rejected(Exception):
    """Ends the request half with an answer of ours; `batch` is recorded with the closing event."""

    def __init__(self, refusal: Refusal, outcome: str, batch: Batch | None = None) -> None:
        super().__init__(outcome)
        self.refusal = refusal
        self.outcome = outcome
        self.batch = batch or Batch()


@dataclass(frozen=True, slots=True)
class Judged:
    """A request after parsing, searching and deciding: all that release, hold and response need."""

    outline: Outline
    keys: SessionKeys
    thread: Thread
    novelty: Novelty
    pin: Pin
    masked: MaskedRequest
    decision: ContentDecision
    data_key: DataKey


@dataclass(frozen=True, slots=True)
class Released:
    """What the response half needs of a request that went upstream."""

    judged: Judged
    story: Story
    approval: str | None


def request_half(exchange: Exchange, head: RequestHead, principal: Principal) -> Steps[Released]:
    """Judge the request and release it. Raises `Rejected` or an error, in which case nothing went upstream."""
    refusal = heads.refuse_head(head, exchange.limits.max_body_bytes)
    if refusal is not None:
        raise Rejected(refusal, refusal.error_code)
    body = yield from _read_body(exchange)
    outline = yield from ask(ReadOutline(body))
    if outline.has_thread:
        raise Rejected(_thread_refusal(), "thread_unsupported_request")
    name = session_name(dict(head.headers), outline)
    keys, digests = yield from ask(OpenSession(principal, name, outline, heads.conditions(head.headers)))
    story = exchange.story = Story(exchange.id, keys.id, principal, now_ms=exchange.now_ms, new_id=exchange.new_id)
    view = yield from ask(LoadSession(keys, digests, outline.model))
    judged = yield from _judge(head, principal, body, outline, keys, digests, view)
    del body
    payload = story.payload("request", judged.masked.body, judged.data_key)
    path = heads.split_path(head.path)[0]
    opening = (
        story.opened(path, exchange.request_id, exchange.access_decision),
        story.decided(
            outline,
            judged.masked,
            judged.decision,
            rules_revision=judged.pin.rules_revision,
            thread=digests.final,
            payload=payload,
        ),
    )
    refusal = _refused(judged)
    if refusal is not None:
        raise Rejected(refusal, refusal.error_code, Batch(events=opening, payloads=(payload,)))
    approval = judged.novelty.approval
    if judged.decision.effect == "review":
        _refuse_again(view.ticket, exchange.now_ms())
        yield from ask(Record(Batch(events=opening, payloads=(payload,))))
        exchange.opened = True
        approval = yield from _hold(exchange, head, principal, judged, story, payload)
    else:
        batch = Batch(events=opening, payloads=(payload,), judged=_judged_rows(judged, approval))
        yield from ask(Record(batch))
        exchange.opened = True
    yield from ask(ReleaseRequest(exchange.id, heads.kept_request_headers(head.headers), judged.masked.body))
    return Released(judged, story, approval)


def _read_body(exchange: Exchange) -> Steps[bytes]:
    chunks: list[bytes] = []
    size = 0
    most = exchange.limits.max_body_bytes
    while True:
        event = yield from exchange.receive()
        if isinstance(event, Trailers):
            raise Rejected(
                Refusal(400, "invalid_request_error", "trailers_refused", "Request trailers are not accepted."),
                "trailers_refused",
            )
        if not isinstance(event, Chunk):
            raise CallerGone("Envoy answered the request by itself")
        size += len(event.data)
        if size <= most:
            chunks.append(event.data)
        else:
            chunks.clear()
        if size > most and (event.end or size > most * heads.SWALLOW):
            raise Rejected(heads.too_large(most), "request_too_large")
        if event.end:
            return b"".join(chunks)


def _judge(
    head: RequestHead,
    principal: Principal,
    body: bytes,
    outline: Outline,
    keys: SessionKeys,
    digests: Thread,
    view: SessionView,
) -> Steps[Judged]:
    """Find, ask, pin and mask. The first decision of a session chooses its profile; later ones may only refuse."""
    new = novelty(digests, outline, view.judged)
    memos = open_memos(keys, digests, view.memos)
    pin = view.pin
    profile, revision = (pin.profile, pin.rules_revision) if pin else (None, None)
    found = yield from ask(Mask(body, profile, revision, keys, new.new_units, new.echoed, memos))
    masked = found.request
    facts = _facts(head, outline, new)
    decision = yield from ask(AskContent(principal, head, facts, masked.findings, masked.new_findings, masked.triggers))
    if pin is None:
        row = PinRow(
            keys.id,
            principal.tenant,
            principal.issuer,
            principal.subject,
            principal.kind,
            Pin(decision.profile, found.rules_revision, decision.revision),
        )
        pin = yield from ask(PinSession(row))
        if (pin.profile, pin.rules_revision) != (found.profile, found.rules_revision):
            again = yield from ask(Mask(body, pin.profile, pin.rules_revision, keys, new.new_units, new.echoed, memos))
            masked = again.request
    data_key = yield from ask(SealingKey(keys.id, principal.tenant))
    return Judged(outline, keys, digests, new, pin, masked, decision, data_key)


def _facts(head: RequestHead, outline: Outline, new: Novelty) -> RequestFacts:
    # what stands outside units (unknown fields, schemas of the output) is as new as the newest of them
    known = sum(unit.text_bytes for unit in outline.units)
    fresh = sum(outline.units[index].text_bytes for index in new.new_units) + max(0, outline.text_bytes - known)
    return RequestFacts(
        endpoint=heads.split_path(head.path)[0],
        model=outline.model,
        stream=outline.stream,
        max_tokens=outline.max_tokens,
        tools=outline.tool_names,
        tool_types=outline.tool_types,
        betas=split_betas(heads.one(head.headers, "anthropic-beta") or ""),
        features=_features(outline),
        media=dict(outline.media),
        estimated_input_tokens=outline.text_bytes // BYTES_PER_TOKEN,
        new_input_tokens=fresh // BYTES_PER_TOKEN,
    )


def _features(outline: Outline) -> tuple[str, ...]:
    try:
        return request_features(outline.rest)
    except ValueError:
        raise Rejected(
            Refusal(400, "invalid_request_error", "invalid_request", "The request holds a number that cannot be read."),
            "invalid_request",
        ) from None


def _judged_rows(judged: Judged, approval: str | None) -> tuple[JudgedRow, ...]:
    """Return what this request adds: its final thread digest, and the tools and system blocks not seen before."""
    digests = {judged.thread.final}
    for index in judged.novelty.new_units:
        if judged.outline.units[index].kind != "message":
            digests.add(judged.thread.units[index])
    return tuple(JudgedRow(judged.keys.id, digest, approval) for digest in sorted(digests))


def _refused(judged: Judged) -> Refusal | None:
    decision = judged.decision
    if decision.effect == "deny":
        return Refusal(
            403,
            "permission_error",
            "policy_denied",
            "The policy of this gateway does not let this request pass.",
            details={"reasons": list(decision.reasons)},
        )
    if judged.masked.blocked:
        fields = [
            {"path": blocked.path, "types": list(blocked.identifiers)}
            for blocked in judged.masked.blocked[:MAX_REPORTED_FIELDS]
        ]
        return Refusal(
            403,
            "permission_error",
            "phi_blocked",
            "The request holds protected health information where it cannot be masked.",
            details={"fields": fields, "count": len(judged.masked.blocked)},
        )
    return None


def _refuse_again(ticket: Ticket | None, now_ms: int) -> None:
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


def _hold(
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
        events=(story.event("approval.consumed", {"ticket": ticket.id}),), judged=_judged_rows(judged, ticket.id)
    )
    if not (yield from ask(Consume(ticket.id, exchange.id, batch))):
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
    exchange.ticket = ticket.id
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
            _facts(head, judged.outline, judged.novelty),
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


def _thread_refusal() -> Refusal:
    """Refuse server-held conversations in the form that makes SDK 2.x send the whole one (claude-api §0.9).

    The gateway would lose sight of everything that is not in the request.
    """
    return Refusal(
        400,
        "invalid_request_error",
        "thread_unsupported_request",
        "Server-held conversations are not open at the gateway; send the whole conversation.",
        details={"unsupported": ["gateway_policy"]},
    )


def give_back(exchange: Exchange) -> Steps[None]:
    """Give the grant back: upstream failed before its first byte, so nothing was answered under it."""
    if exchange.ticket is not None:
        ticket, exchange.ticket = exchange.ticket, None
        yield from ask(Settle(ticket, exchange.id, give_back=True))
