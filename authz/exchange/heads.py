"""Rules about headers and paths: what is let in, what is passed on, what is given back. Allow-lists only."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from authz.errors import Refusal
from authz.exchange.endpoints import ENDPOINTS, Treatment, call, find, read_query, split_path

if TYPE_CHECKING:
    from authz.exchange.actions import Head, RequestHead
    from authz.exchange.endpoints import Call, Endpoint

EXCHANGE_HEADER = "x-phigate-exchange"
"""Names the exchange in the record, in every answer to a request that reached ext_proc."""

REQUEST_HEADERS = {
    "accept": re.compile(r"[a-z*]+/[a-z*.+-]+(?:, ?[a-z*]+/[a-z*.+-]+){0,3}"),
    "anthropic-beta": re.compile(r"[A-Za-z0-9., -]{1,4096}"),
    "anthropic-version": re.compile(r"\d{4}-\d{2}-\d{2}"),
    "content-type": re.compile(r"[A-Za-z0-9/;=\" -]{1,64}"),
    "user-agent": re.compile(
        r"[A-Za-z_-]{1,32}/[A-Za-z0-9.+-]{1,24}(?: [0-9][0-9A-Za-z.+-]{0,23})?(?: \([a-z0-9/., -]{0,80}\))?"
    ),
    "x-request-id": re.compile(r"[0-9a-f-]{36}"),
}
"""Request headers that go upstream, and what their values look like. Free text travels in headers too, so what does not
look like an SDK's own value stays behind, and nothing else goes at all. Betas are judged by the policy."""

CATALOGUE_HEADERS = frozenset({"accept", "anthropic-version", "user-agent", "x-request-id"})
"""Those of them that go up with a request for models: nobody judges its betas, so none are sent."""

COUNTING_BETA = "token-counting-2024-11-01"
"""What an SDK's beta resource adds to count tokens; for the rest the question is the same without it."""

RESPONSE_HEADERS = frozenset(
    {
        ":status",
        "anthropic-ratelimit-input-tokens-limit",
        "anthropic-ratelimit-input-tokens-remaining",
        "anthropic-ratelimit-input-tokens-reset",
        "anthropic-ratelimit-output-tokens-limit",
        "anthropic-ratelimit-output-tokens-remaining",
        "anthropic-ratelimit-output-tokens-reset",
        "anthropic-ratelimit-requests-limit",
        "anthropic-ratelimit-requests-remaining",
        "anthropic-ratelimit-requests-reset",
        "anthropic-ratelimit-tokens-limit",
        "anthropic-ratelimit-tokens-remaining",
        "anthropic-ratelimit-tokens-reset",
        "cache-control",
        "content-type",
        "request-id",
        "retry-after",
        "retry-after-ms",
        "x-should-retry",
    }
)
"""Response headers that reach the caller; organisation ids and cookies do not."""

SWALLOW = 2
"""Bodies up to this many times the limit are read to their end, unkept, before 413 is answered.

A client that is still writing when the answer comes sees a reset connection instead of the answer.
"""

MAX_HEADER_VALUE = 256
"""Longest response header value passed on: none of the allowed ones needs more."""


def one(head: Head, name: str) -> str | None:
    """Return the header's value, several joined by a comma as HTTP reads them, or None."""
    values = [value for key, value in head if key == name]
    return ",".join(values) if values else None


def media_type(value: str | None) -> tuple[str, str | None]:
    """Return the media type in lower case and its charset (None when not given); unreadable parameters give `?`."""
    if value is None:
        return "", None
    kind, *parameters = (part.strip() for part in value.lower().split(";"))
    charset: str | None = None
    for parameter in parameters:
        name, _, given = parameter.partition("=")
        if name.strip() != "charset" or charset is not None:
            return "?", None
        charset = given.strip().strip('"')
    return kind, charset


def is_json(value: str | None) -> bool:
    """Return whether a content type is `application/json`, in UTF-8 if it says so at all."""
    kind, charset = media_type(value)
    return kind == "application/json" and charset in {None, "utf-8", "utf8"}


def is_event_stream(value: str | None) -> bool:
    """Return whether a content type is `text/event-stream`, in UTF-8 if it says so at all."""
    kind, charset = media_type(value)
    return kind == "text/event-stream" and charset in {None, "utf-8", "utf8"}


def admit(head: RequestHead, max_body_bytes: int) -> Call | Refusal:
    """Return what is asked for, or why this request cannot pass whatever its body holds."""
    path, query = split_path(head.path)
    endpoint = find(head.method, path)
    if endpoint is None:
        return Refusal(
            404,
            "not_found_error",
            "endpoint_not_open",
            f"This endpoint is not open at the gateway. It serves {', '.join(each.name for each in ENDPOINTS)}.",
        )
    parameters = read_query(endpoint, query)
    if parameters is None:
        return bad_query(endpoint)
    refusal = _refuse_body(head) if endpoint.treatment is Treatment.CATALOGUE else _refuse_no_body(head, max_body_bytes)
    return refusal or call(endpoint, path, parameters)


def bad_query(endpoint: Endpoint) -> Refusal:
    """Return the refusal of a query that the endpoint does not have."""
    names = ", ".join(endpoint.query)
    text = f"The query may hold {names}, each once and in its usual form; not both after_id and before_id."
    if len(endpoint.query) == 1:
        text = "Only ?beta=true may stand in the query."
    return Refusal(400, "invalid_request_error", "query_refused", text)


def _refuse_body(head: RequestHead) -> Refusal | None:
    if head.end:
        return None
    return Refusal(400, "invalid_request_error", "body_refused", "This endpoint takes no body.")


def _refuse_no_body(head: RequestHead, max_body_bytes: int) -> Refusal | None:
    encoding = one(head.headers, "content-encoding")
    if encoding is not None and encoding.strip().lower() != "identity":
        return Refusal(
            415,
            "invalid_request_error",
            "request_body_encoding_unsupported",
            "The gateway reads request bodies without content-encoding only.",
        )
    if not is_json(one(head.headers, "content-type")):
        return Refusal(
            415,
            "invalid_request_error",
            "content_type_unsupported",
            "The content type has to be application/json in UTF-8.",
        )
    length = one(head.headers, "content-length")
    if length is not None and length.isascii() and length.isdigit() and int(length) > max_body_bytes * SWALLOW:
        return too_large(max_body_bytes)
    if head.end:
        return Refusal(400, "invalid_request_error", "invalid_json", "The request has no body.")
    return None


def too_large(max_body_bytes: int) -> Refusal:
    """Return the refusal of a body over the limit."""
    return Refusal(
        413,
        "request_too_large",
        "request_too_large",
        f"The request body is larger than {max_body_bytes} bytes.",
    )


def kept_request_headers(head: Head) -> frozenset[str]:
    """Return the names of the request headers that go upstream: on the list, once, and looking as they should."""
    values: dict[str, list[str]] = {}
    for name, value in head:
        values.setdefault(name, []).append(value)
    return frozenset(
        name
        for name, form in REQUEST_HEADERS.items()
        if len(values.get(name, ())) == 1 and form.fullmatch(values[name][0])
    )


def conditions(head: Head) -> tuple[str, ...]:
    """Return what a request is sent under: the API version and each beta; `COUNTING_BETA` changes nothing in it."""
    betas = (one(head, "anthropic-beta") or "").split(",")
    return (
        f"version:{one(head, 'anthropic-version') or ''}",
        *(f"beta:{beta.strip()}" for beta in betas if beta.strip() not in {"", COUNTING_BETA}),
    )


def kept_response_headers(head: Head) -> frozenset[str]:
    """Return the names of the response headers that stay: on the allow-list, short, printable ASCII."""
    return frozenset(
        name
        for name, value in head
        if name in RESPONSE_HEADERS and len(value) <= MAX_HEADER_VALUE and value.isascii() and value.isprintable()
    )
