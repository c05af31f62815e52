"""Rules about headers and paths: what is let in, what is passed on, what is given back. Allow-lists only.

Matching is exact: a path that a client, Envoy and upstream might read in three ways is not found (404) before any body
is read.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from authz.errors import Refusal

if TYPE_CHECKING:
    from authz.exchange.actions import Head, RequestHead

MESSAGES = "/v1/messages"
ENDPOINTS = frozenset({("POST", MESSAGES)})
"""Method and path of everything that has a masker; the rest is refused."""

QUERY = frozenset({"", "beta=true", "beta=false"})
"""Queries accepted: SDK 0.x and Claude Code add `?beta=true`; it changes nothing in how a request is treated."""

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


def split_path(path: str) -> tuple[str, str]:
    """Return path and query of a request target."""
    bare, _, query = path.partition("?")
    return bare, query


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


def refuse_head(head: RequestHead, max_body_bytes: int) -> Refusal | None:
    """Return why this request cannot pass whatever its body holds, or None."""
    path, query = split_path(head.path)
    if (head.method, path) not in ENDPOINTS:
        return Refusal(
            404,
            "not_found_error",
            "endpoint_not_open",
            "This endpoint is not open at the gateway. It serves POST /v1/messages.",
        )
    if any(unquote(part) not in QUERY for part in query.split("&")):
        return Refusal(400, "invalid_request_error", "query_refused", "Only ?beta=true may stand in the query.")
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
    """Return what a request is sent under: the API version and each beta."""
    betas = (one(head, "anthropic-beta") or "").split(",")
    return (
        f"version:{one(head, 'anthropic-version') or ''}",
        *(f"beta:{beta.strip()}" for beta in betas if beta.strip()),
    )


def kept_response_headers(head: Head) -> frozenset[str]:
    """Return the names of the response headers that stay: on the allow-list, short, printable ASCII."""
    return frozenset(
        name
        for name, value in head
        if name in RESPONSE_HEADERS and len(value) <= MAX_HEADER_VALUE and value.isascii() and value.isprintable()
    )
