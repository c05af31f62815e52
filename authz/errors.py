"""Every way in which phigate says no, each with the answer its caller gets.

An error knows its HTTP status, Anthropic error type, stable `error_code` and fixed public text; it never carries body
text. The bodies follow the Claude API's own shape, so that an unmodified SDK raises its usual exceptions
(`{"type": "error", "error": {"type", "message", "details": {"error_code"}}, "request_id"}`).
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def new_request_id() -> str:
    """Return an id for the `request-id` header: `req_gw_` and 96 random bits, so ours are told from upstream's."""
    return "req_gw_" + secrets.token_hex(12)


class GatewayError(Exception):
    """Something in phigate failed or refused; the root of the service's errors.

    `error_code` is the stable key that callers may match on; the text may change.
    """

    status = 500
    error_type = "api_error"
    error_code = "gateway_fault"
    public = "The gateway could not handle this request."
    retry = False

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail or self.public)


class GatewayUnavailable(GatewayError):
    """A part that phigate needs did not answer: nothing passes, the caller may try again."""

    status = 503
    error_code = "gateway_unavailable"
    public = "The gateway is not available right now. Nothing was sent on."
    retry = True


class PolicyUnavailable(GatewayUnavailable):
    """OPA gave no well-formed decision: undefined, malformed, late or unreachable. It denies."""

    error_code = "policy_unavailable"
    public = "The policy service gave no decision. Nothing was sent on."


class RecordUnavailable(GatewayUnavailable):
    """The record could not be made durable, so nothing may be released."""

    error_code = "record_unavailable"
    public = "The audit record could not be written. Nothing was sent on."


class ConfigError(GatewayError):
    """Settings are wrong; `problems` holds one line for each, beginning with its key."""

    error_code = "configuration"

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that phigate gives instead of upstream's: what the caller sees, and nothing that must not be seen.

    `details` holds JSON values without PHI: identifiers, counts, schema paths, ids of our own.
    """

    status: int
    error_type: str
    error_code: str
    message: str
    retry: bool = False
    details: Mapping[str, Any] = field(default_factory=dict)
    retry_after: int | None = None

    @classmethod
    def of(cls, error: GatewayError) -> Refusal:
        """Return the refusal for an error of ours: its fixed public text, never its detail."""
        return cls(error.status, error.error_type, error.error_code, error.public, retry=error.retry)

    def body(self, request_id: str) -> bytes:
        """Return the JSON body in the Claude API's error shape."""
        return json.dumps(
            {
                "type": "error",
                "error": {
                    "type": self.error_type,
                    "message": self.message,
                    "details": {"error_code": self.error_code, **self.details},
                },
                "request_id": request_id,
            },
            separators=(",", ":"),
        ).encode()

    def headers(self, request_id: str) -> dict[str, str]:
        """Return the response headers; `x-should-retry` decides what SDKs do, whatever the status says."""
        headers = {"content-type": "application/json", "request-id": request_id}
        if not self.retry:
            headers["x-should-retry"] = "false"
        if self.retry_after is not None:
            headers["retry-after"] = str(self.retry_after)
        return headers
