"""The request half: from the first header to the release of the judged request, or to a refusal.

Nothing goes upstream before the whole body was parsed, searched, decided on, if need be approved, and recorded
(promise 1). The deferred header answer carries the gate's mark, so that even an early end of the stream passes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from authz.conversation import novelty, session_name
from authz.errors import Refusal
from authz.exchange import heads
from authz.exchange.actions import (
    AskContent,
    CallerGone,
    Chunk,
    LoadSession,
    Mask,
    OpenSession,
    PinSession,
    ReadOutline,
    Record,
    ReleaseRequest,
    SealingKey,
    Trailers,
    ask,
)
from authz.exchange.endpoints import Treatment
from authz.exchange.hold import hold, refuse_again
from authz.exchange.judged import Judged, Rejected, Released, facts, judged_rows
from authz.exchange.memory import open_memos
from authz.exchange.story import Story
from authz.records import Batch, Pin, PinRow

if TYPE_CHECKING:
    from authz.conversation import Novelty, SessionKeys, Thread
    from authz.exchange.actions import RequestHead, Steps
    from authz.exchange.endpoints import Call
    from authz.exchange.life import Exchange
    from authz.identity import Principal
    from authz.records import SessionView
    from masking.request import Outline

MAX_REPORTED_FIELDS = 20


def request_half(exchange: Exchange, head: RequestHead, principal: Principal, call: Call) -> Steps[Released]:
    """Judge the request and release it. Raises `Rejected` or an error, in which case nothing went upstream."""
    treatment = call.endpoint.treatment
    body = yield from _read_body(exchange)
    outline = yield from ask(ReadOutline(body))
    if outline.has_thread:
        raise Rejected(_thread_refusal(), "thread_unsupported_request")
    name = session_name(dict(head.headers), outline)
    keys, digests = yield from ask(OpenSession(principal, name, call.path, outline, heads.conditions(head.headers)))
    story = exchange.story = Story(exchange.id, keys.id, principal, now_ms=exchange.now_ms, new_id=exchange.new_id)
    view = yield from ask(LoadSession(keys, digests, outline.model))
    counting = treatment is Treatment.COUNT
    new = novelty(digests, outline, view.judged, again=counting)
    judged = yield from _judge(head, principal, body, outline, keys, digests, new, view)
    del body
    outline = outline.alone()  # a waiting request costs little memory
    payload = story.payload("request", judged.masked.body, judged.data_key)
    opening = (
        story.opened(call.path, exchange.request_id, exchange.access_decision),
        story.decided(
            outline,
            judged.masked,
            judged.decision,
            rules_revision=judged.pin.rules_revision,
            thread=digests.final,
            payload=payload,
        ),
    )
    refusal = _refused(judged) or (_refused_to_count(judged) if counting else None)
    if refusal is not None:
        raise Rejected(refusal, refusal.error_code, Batch(events=opening, payloads=(payload,)))
    approval = judged.novelty.approval
    if judged.decision.effect == "review":
        refuse_again(view.ticket, exchange.now_ms())
        yield from ask(Record(Batch(events=opening, payloads=(payload,))))
        exchange.opened = True
        approval = yield from hold(exchange, head, principal, judged, story, payload)
    else:
        # a count says nothing to anybody, so nothing of it may count as judged when the message itself is sent
        rows = () if counting else judged_rows(judged, approval)
        batch = Batch(events=opening, payloads=(payload,), judged=rows)
        yield from ask(Record(batch))
        exchange.opened = True
    exchange.sent = True
    yield from ask(ReleaseRequest(exchange.id, heads.kept_request_headers(head.headers), judged.masked.body))
    return Released(treatment, judged, story, approval)


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
    new: Novelty,
    view: SessionView,
) -> Steps[Judged]:
    """Find, ask, pin and mask. The first decision of a session chooses its profile; later ones may only refuse."""
    memos = open_memos(keys, digests, view.memos)
    pin = view.pin
    profile, revision = (pin.profile, pin.rules_revision) if pin else (None, None)
    found = yield from ask(Mask(body, profile, revision, keys, new.new_units, new.echoed, memos, outline.arranged))
    masked = found.request
    asked = facts(head, outline, new)
    decision = yield from ask(AskContent(principal, head, asked, masked.findings, masked.new_findings, masked.triggers))
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
            again = yield from ask(
                Mask(
                    body,
                    pin.profile,
                    pin.rules_revision,
                    keys,
                    new.new_units,
                    new.echoed,
                    memos,
                    outline.arranged,
                )
            )
            masked = again.request
    data_key = yield from ask(SealingKey(keys.id, principal.tenant))
    return Judged(outline.alone(), keys, digests, new, pin, masked, decision, data_key)


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


def _refused_to_count(judged: Judged) -> Refusal | None:
    """Refuse to count what a person would have to see first: upstream would have it before they said yes.

    It is not held either: a count is asked for in passing, by programs that do not wait, and an approval is good for
    one sending, which is the message's.
    """
    if judged.decision.effect != "review":
        return None
    return Refusal(
        403,
        "permission_error",
        "approval_needed",
        "Another person has to approve this text before it is sent on, so its tokens cannot be counted yet."
        " Send the message itself: it waits for the approval.",
        details={"reasons": list(judged.decision.reasons)},
    )


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
