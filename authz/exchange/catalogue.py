"""Questions about models: no text goes up, and what comes down is built anew from what a catalogue is known to hold.

The gateway asks upstream for the whole list and pages it by itself, behind policy: nothing that a caller wrote in a
query goes upstream, and a page is never empty because all of its models are closed to this caller. One model's id does
go up, in the path, since upstream resolves aliases; it is inspected as the `model` of a request is, and policy has to
open it first.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import orjson

from authz.conversation import SessionKeys
from authz.decision import MAX_MODELS
from authz.errors import Refusal
from authz.exchange import heads
from authz.exchange.actions import AskModels, Mask, Record, ReleaseRequest, UpstreamFault, ask
from authz.exchange.endpoints import MODEL_ID
from authz.exchange.judged import Rejected
from authz.exchange.response import OK, read_body, receive_head, release_whole
from authz.exchange.story import MODEL, Story
from authz.records import Batch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from authz.exchange.actions import RequestHead, ResponseHead, Steps
    from authz.exchange.endpoints import Call
    from authz.exchange.life import Exchange
    from authz.identity import Principal

WHOLE_LIST = f"?limit={MAX_MODELS}"
"""The longest page that upstream gives; a longer catalogue ends here."""

USUAL_PAGE = 20

MOST_BYTES = 4 * 1024 * 1024
"""Largest catalogue that is read: a thousand models of some 3 KB."""

NOBODY = SessionKeys.derive(bytes(32))
"""Inspecting an id makes no placeholder that anybody sees."""

CLOSED = Refusal(404, "not_found_error", "model_not_allowed", "No such model is open at this gateway.")

_TEXTS = ("display_name", "created_at", "lifecycle", "line", "deprecated_at", "retires_at")
_COUNTS = ("max_input_tokens", "max_tokens")
_WORD = re.compile(r"[a-z][a-z0-9_]{0,63}")
_LONGEST_TEXT = 128
_DEPTH = 6
_Model = dict[str, Any]


def catalogue(exchange: Exchange, head: RequestHead, principal: Principal, call: Call) -> Steps[None]:
    """Live a whole exchange about models."""
    story = exchange.story = Story(exchange.id, "", principal, now_ms=exchange.now_ms, new_id=exchange.new_id)
    refusal = (yield from _refused(head, principal, call.id)) if call.id is not None else None
    named = call.id if refusal is None or refusal is CLOSED else None  # an identifier is not for the record
    opened = Batch(events=(story.opened(call.endpoint.path, exchange.request_id, exchange.access_decision, named),))
    if refusal is not None:
        raise Rejected(refusal, refusal.error_code, opened)
    yield from ask(Record(opened))
    exchange.opened = exchange.sent = True
    target = call.path + (WHOLE_LIST if call.id is None else "")
    keep = heads.kept_request_headers(head.headers) & heads.CATALOGUE_HEADERS
    yield from ask(ReleaseRequest(exchange.id, keep, None, target))
    answer = yield from receive_head(exchange)
    body = yield from read_body(exchange, answer, MOST_BYTES)
    if answer.status >= 400:  # noqa: PLR2004  the HTTP classes of client and server errors
        yield from _close(exchange, story, answer, _error(exchange, answer, body), "upstream_error", {})
        return
    if answer.status != OK or not heads.is_json(heads.one(answer.headers, "content-type")):
        raise UpstreamFault("upstream answered with a status or type that the endpoint does not have")
    models = _read(body, single=call.id is not None)
    names = tuple(model["id"] for model in models)
    usable = (yield from ask(AskModels(principal, head, names))).models
    shown = [model for model in models if model["id"] in usable]
    if call.id is not None and not shown:
        raise Rejected(CLOSED, CLOSED.error_code)
    result = shown[0] if call.id is not None else _page(call, shown)
    facts = {"models": len(shown), "withheld": len(models) - len(shown)}
    yield from _close(exchange, story, answer, orjson.dumps(result), "completed", facts)


def _refused(head: RequestHead, principal: Principal, model: str) -> Steps[Refusal | None]:
    """Return why this id may not go upstream: it holds an identifier, or policy does not open it."""
    as_request = orjson.dumps({"model": model, "max_tokens": 1, "messages": []})
    found = yield from ask(Mask(as_request, None, None, NOBODY, frozenset(), frozenset(), {}))
    if found.request.blocked:
        types = sorted({name for blocked in found.request.blocked for name in blocked.identifiers})
        return Refusal(
            403,
            "permission_error",
            "phi_blocked",
            "The model's id holds protected health information.",
            details={"fields": [{"path": MODEL, "types": types}], "count": 1},
        )
    decision = yield from ask(AskModels(principal, head, (model,)))
    return None if model in decision.models else CLOSED


def _close(
    exchange: Exchange, story: Story, head: ResponseHead, body: bytes, outcome: str, facts: dict[str, int]
) -> Steps[None]:
    yield from ask(Record(Batch(events=(story.closed(outcome, {"status": head.status, **facts}),))))
    exchange.opened = False
    yield from release_whole(exchange, head, body)


def _read(body: bytes, *, single: bool) -> list[_Model]:
    """Return the models of an answer, without what is no plain model. Raises `UpstreamFault` when there is no list."""
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        answer = None
    items = [answer] if single else answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(items, list) or len(items) > MAX_MODELS:
        raise UpstreamFault("upstream's answer is no list of models")
    models = [_model(item) for item in items if isinstance(item, dict) and _is_id(item.get("id"))]
    if single and not models:
        raise UpstreamFault("upstream's answer is no model")
    return models


def _model(item: _Model) -> _Model:
    """Return what is known of a model; fields that nobody knows here yet stay behind."""
    model: _Model = {"type": "model", "id": item["id"]}
    model |= {key: item[key] for key in _TEXTS if key in item and _is_text(item[key])}
    model |= {key: item[key] for key in _COUNTS if key in item and (item[key] is None or type(item[key]) is int)}
    if "capabilities" in item:
        model["capabilities"] = _flags(item["capabilities"], _DEPTH)
    return model


def _is_id(value: object) -> bool:
    return isinstance(value, str) and MODEL_ID.fullmatch(value) is not None


def _is_text(value: object) -> bool:
    return value is None or (isinstance(value, str) and len(value) <= _LONGEST_TEXT and value.isprintable())


def _flags(value: object, depth: int) -> Any:
    """Return what says yes, no or how many; anything else in it is left out."""
    if isinstance(value, dict) and depth:
        return {
            key: _flags(inner, depth - 1)
            for key, inner in value.items()
            if _WORD.fullmatch(key) and (inner is None or type(inner) in {bool, int, dict})
        }
    return value if value is None or type(value) in {bool, int} else {}


def _page(call: Call, shown: Sequence[_Model]) -> dict[str, Any]:
    """Return the page that was asked for, out of all that may be shown."""
    limit = int(call.query.get("limit", USUAL_PAGE))
    cursor = call.query.get("after_id") or call.query.get("before_id")
    first, last = 0, len(shown)
    if cursor is not None:
        place = next((index for index, model in enumerate(shown) if model["id"] == cursor), None)
        if place is None:
            refusal = heads.bad_query(call.endpoint)
            raise Rejected(refusal, refusal.error_code)
        first, last = (place + 1, len(shown)) if "after_id" in call.query else (0, place)
    page = shown[max(first, last - limit) : last] if "before_id" in call.query else shown[first:last][:limit]
    return {
        "data": page,
        "has_more": len(page) < last - first,
        "first_id": page[0]["id"] if page else None,
        "last_id": page[-1]["id"] if page else None,
    }


def _error(exchange: Exchange, head: ResponseHead, body: bytes) -> bytes:
    """Return upstream's refusal with its kind and without its words: they may quote what it was asked."""
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        answer = None
    error = answer.get("error") if isinstance(answer, dict) else None
    error = error if isinstance(error, dict) else {}
    details = error.get("details")
    return Refusal(
        head.status,
        _word(error.get("type"), "api_error"),
        _word(details.get("error_code") if isinstance(details, dict) else None, "upstream_error"),
        "Claude refused this request." if error else "No answer came from Claude.",
    ).body(heads.one(head.headers, "request-id") or exchange.request_id)


def _word(value: object, otherwise: str) -> str:
    return value if isinstance(value, str) and _WORD.fullmatch(value) else otherwise
