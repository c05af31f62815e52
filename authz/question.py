"""What OPA is asked: documents of facts.

Text never goes to OPA. It gets names from closed alphabets, counts and flags; a value outside its alphabet goes as `-`,
which no shipped list allows. The access document has the shape of opa-envoy-plugin's input, so that its policies and
tools carry over.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from authz.identity import Principal

UNLISTED = "-"
"""Stands for a value of the caller's that is not of its closed alphabet."""

MAX_VALUES = 256
"""Most distinct names of one kind that are passed on; a request with more gets `UNLISTED` in addition."""

_PATH = re.compile(r"/[A-Za-z0-9._~/-]{0,255}")
_TOKEN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:@/-]{0,127}")
_HEADER = re.compile(r"[A-Za-z0-9=/.*+_-]{1,128}(?:[,;] ?[A-Za-z0-9=/.*+_-]{1,128}){0,255}")

_HEADERS = (
    "accept",
    "anthropic-beta",
    "anthropic-version",
    "content-encoding",
    "content-length",
    "content-type",
)
"""The headers a policy may look at. No credential, no cookie, nothing that carries free text."""

_PLAIN_FIELDS = frozenset({
    "billing_policy", "cache_control", "inference_geo", "max_tokens", "metadata", "model", "output_config",
    "output_format", "service_tier", "speed", "stop_sequences", "stream", "temperature", "thinking", "tool_choice",
    "top_k", "top_p",
})  # fmt: skip
"""Top-level fields of the Messages API that need no leave of their own."""

_GUARDED_FIELDS = frozenset({
    "compaction", "container", "diagnostics", "fallback_credit_token", "fallbacks", "mcp_servers", "thread",
})  # fmt: skip
"""Fields that switch on something outside a HIPAA agreement, or that name another model or server."""


class AdminAction(StrEnum):
    """What can be asked of the admin API. What comes before the dot says what it concerns."""

    ENTER = "enter"
    LIST_APPROVALS = "approvals.list"
    SHOW_APPROVAL = "approvals.show"
    APPROVE = "approvals.approve"
    DENY = "approvals.deny"
    REVOKE = "approvals.revoke"
    CANCEL = "approvals.cancel"
    LIST_SESSIONS = "sessions.list"
    SHOW_SESSION = "sessions.show"
    REPLAY_SESSION = "sessions.replay"
    LIST_AUDIT = "audit.list"
    SHOW_AUDIT = "audit.show"
    VERIFY_AUDIT = "audit.verify"
    EXPORT_AUDIT = "audit.export"


@dataclass(frozen=True, slots=True)
class HttpFacts:
    """One HTTP request as Envoy reports it. `path` may carry its query; `headers` has lower-case names.

    May hold credentials and text: only what `access_input` takes from it leaves this process.
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    host: str = ""
    scheme: str = ""
    protocol: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFacts:
    """What a policy may know about a Messages request.

    `tools` are tool names, `tool_types` their types ("" or "custom" for the caller's own), `betas` the values of
    `anthropic-beta`, `features` what `request_features` found, `media` counts of what nothing can look into by class
    (image, pdf, url, file_id ...). Tokens are estimates from UTF-8 bytes. `new_media` and `new_input_tokens` count what
    the session has not judged before.
    """

    endpoint: str
    model: str
    stream: bool
    max_tokens: int
    tools: tuple[str, ...]
    tool_types: tuple[str, ...]
    betas: tuple[str, ...]
    features: tuple[str, ...]
    media: Mapping[str, int]
    new_media: Mapping[str, int]
    estimated_input_tokens: int
    new_input_tokens: int


@dataclass(frozen=True, slots=True)
class Owned:
    """Whose ticket or session an admin call concerns; `state` and `reviewers` are a ticket's."""

    tenant: str
    issuer: str
    subject: str
    state: str = ""
    reviewers: tuple[str, ...] = ()


def access_input(http: HttpFacts, principal: Principal) -> dict[str, Any]:
    """Return the input of `phigate.access`: credentials, cookies and the query's values are not in it."""
    path, _, query = http.path.partition("?")
    path = path if _PATH.fullmatch(path) else ""
    names = [part.partition("=")[0] for part in query.split("&")] if query else []
    return {
        "attributes": {
            "request": {
                "http": {
                    "id": _one(http.id) if http.id else "",
                    "method": _one(http.method),
                    "headers": {
                        name: value if _HEADER.fullmatch(value := http.headers[name]) else UNLISTED
                        for name in _HEADERS
                        if name in http.headers
                    },
                    "path": path,
                    "host": _one(http.host) if http.host else "",
                    "scheme": _one(http.scheme) if http.scheme else "",
                    "protocol": _one(http.protocol) if http.protocol else "",
                }
            }
        },
        "parsed_path": path[1:].split("/") if path else [],
        "parsed_query": {name: [""] for name in _names(names)},
        "principal": _principal(principal),
    }


def content_input(
    http: HttpFacts,
    principal: Principal,
    request: RequestFacts,
    findings: Mapping[str, int],
    new_findings: Mapping[str, int],
    triggers: Iterable[str],
) -> dict[str, Any]:
    """Return the input of `phigate.content`: the access document, facts of the request, counts by identifier, ids."""
    return {
        **access_input(http, principal),
        "request": {
            "endpoint": request.endpoint if _PATH.fullmatch(request.endpoint) else _one(request.endpoint),
            "model": _one(request.model),
            "stream": request.stream,
            "max_tokens": request.max_tokens,
            "tools": _names(request.tools),
            "tool_types": _names(kind or "custom" for kind in request.tool_types),
            "betas": _names(request.betas),
            "features": _names(request.features),
            "media": _counts(request.media),
            "new_media": _counts(request.new_media),
            "estimated_input_tokens": request.estimated_input_tokens,
            "new_input_tokens": request.new_input_tokens,
        },
        "findings": _counts(findings),
        "new_findings": _counts(new_findings),
        "triggers": _names(triggers),
    }


def models_input(http: HttpFacts, principal: Principal, models: Iterable[str]) -> dict[str, Any]:
    """Return the input of `phigate.models`: the access document and the names that are asked about, in their order."""
    return {**access_input(http, principal), "models": [_one(model) for model in models]}


def admin_input(principal: Principal, action: AdminAction, owned: Owned | None = None) -> dict[str, Any]:
    """Return the input of `phigate.admin`.

    Without `owned` the question is about everything in the principal's tenant. A caller without such a role asks again
    with `Owned` filled from the principal, and on yes is shown only that.
    """
    approval: dict[str, Any] | None = None
    session: dict[str, Any] | None = None
    if owned is not None:
        owner = {"tenant": owned.tenant, "issuer": owned.issuer, "subject": owned.subject}
        if action.startswith("approvals."):
            approval = {**owner, "state": owned.state, "reviewers": list(owned.reviewers)}
        else:
            session = owner
    return {"principal": _principal(principal), "action": action.value, "approval": approval, "session": session}


def request_features(rest: bytes) -> tuple[str, ...]:
    """Return what a request switches on beyond plain messages, from the first line of `Outline.rest`, its top level.

    A server-side edit appears as `context_management:<type>`, a field outside the API's schema as `unknown_field`.
    """
    top = orjson.loads(rest.partition(b"\n")[0])
    if type(top) is not dict:
        return (UNLISTED,)
    found: set[str] = set()
    for key, value in top.items():
        if value is None or key in _PLAIN_FIELDS:
            continue
        if key == "context_management":
            found.update(f"context_management:{kind}" for kind in _edit_types(value))
        else:
            found.add(key if key in _GUARDED_FIELDS else "unknown_field")
    return tuple(sorted(found))


def split_betas(header: str) -> tuple[str, ...]:
    """Return the values of an `anthropic-beta` header; several lines arrive joined by commas (RFC 9110, 5.2)."""
    return tuple(value for part in header.split(",") if (value := part.strip()))


def _edit_types(value: object) -> set[str]:
    if type(value) is not dict or set(value) - {"edits"} or type(edits := value.get("edits", [])) is not list:
        return {UNLISTED}
    kinds = (edit.get("type") if type(edit) is dict else None for edit in edits)
    return {_one(kind) if type(kind) is str else UNLISTED for kind in kinds}


def _principal(principal: Principal) -> dict[str, Any]:
    return {
        "tenant": principal.tenant,
        "issuer": principal.issuer,
        "subject": principal.subject,
        "groups": list(principal.groups),
        "kind": principal.kind,
        "expires_at": principal.expires_at,
    }


def _one(value: str) -> str:
    return value if _TOKEN.fullmatch(value) else UNLISTED


def _names(values: Iterable[str]) -> list[str]:
    names = sorted({_one(value) for value in values})
    return names if len(names) <= MAX_VALUES else [UNLISTED, *names[:MAX_VALUES]]


def _counts(counts: Mapping[str, int]) -> dict[str, int]:
    kept: dict[str, int] = {}
    for name, count in counts.items():
        kept[_one(name)] = kept.get(_one(name), 0) + count
    return kept
