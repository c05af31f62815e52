"""Envoy's own errors in the Claude API's shape, and ours left alone.

Whose answer it is shows in `response.code_details` (measured on Envoy 1.40, tests/edge/test_envoy_gate.py): a denial by
our ext_authz has `ext_authz_denied`; an immediate response of our ext_proc has exactly the `details` that it set, so
Process sets `phigate_<error code>` (an empty one is ours as well: Envoy's own are never empty). Those bodies are
finished. Envoy takes the first mapper that matches. Texts are fixed: `%LOCAL_REPLY_BODY%` would show callers upstream
addresses and TLS errors, so only jwt_authn's, which come from a fixed list, are quoted.
"""

from __future__ import annotations

from typing import Any

from envoy_data_plane.envoy.config.accesslog.v3 import AccessLogFilter, ExtensionFilter
from envoy_data_plane.envoy.extensions.access_loggers.filters.cel.v3 import ExpressionFilter
from envoy_data_plane.envoy.extensions.filters.network.http_connection_manager.v3 import (
    LocalReplyConfig,
    ResponseMapper,
)

from authz.bootstrap.elements import header, json_format, packed
from authz.bootstrap.names import REQUEST_ID_STATE

UNKNOWN_ENDPOINT = "unknown_endpoint"
"""Name of the rbac policy that refuses unknown endpoints, and the error code that callers get."""

AMBIGUOUS_CREDENTIAL = "ambiguous_credential"
"""Name of the rbac policy that refuses credential headers with more than one reading."""

DETAILS_PREFIX = "phigate"
"""How `details` of every immediate response of ours begins."""

OURS = (
    "response.code_details == 'ext_authz_denied' || response.code_details == '' || "
    f"response.code_details.startsWith('{DETAILS_PREFIX}')"
)

REQUEST_ID = f"req_gw_%FILTER_STATE({REQUEST_ID_STATE}:PLAIN)%"
"""Envoy's request id, made by Envoy alone (`preserve_external_request_id` is off) and remembered by the first filter.
The header, which `%REQ(X-REQUEST-ID)%` and `%STREAM_ID%` read, is gone once the router has removed it (measured)."""

RETRY_AFTER = "2"


def _when(expression: str) -> AccessLogFilter:
    return AccessLogFilter(
        extension_filter=ExtensionFilter(
            name="envoy.access_loggers.extension_filters.cel",
            typed_config=packed(ExpressionFilter(expression=expression)),
        )
    )


def _mapper(
    expression: str, error_type: str, error_code: str, message: str, *, status: int | None = None, retry: bool = False
) -> ResponseMapper:
    body: dict[str, Any] = {
        "type": "error",
        "error": {"type": error_type, "message": message, "details": {"error_code": error_code}},
        "request_id": REQUEST_ID,
    }
    hint = header("retry-after", RETRY_AFTER) if retry else header("x-should-retry", "false")
    return ResponseMapper(
        filter=_when(expression),
        status_code=status,
        body_format_override=json_format(body, "application/json"),
        headers_to_add=[header("request-id", REQUEST_ID), hint],
    )


def _denied_by(policy: str) -> str:
    return f"response.code_details.startsWith('rbac_access_denied_matched_policy[{policy}]')"


def local_replies() -> LocalReplyConfig:
    """Return the mappers, most specific first."""
    return LocalReplyConfig(
        mappers=[
            ResponseMapper(filter=_when(OURS)),
            _mapper(
                "response.code_details.startsWith('jwt_authn')",
                "authentication_error",
                "gateway_unauthenticated",
                "The gateway's token was refused: %LOCAL_REPLY_BODY%.",
                # jwt_authn says 403 for a wrong audience; to us that is an unknown caller like any other.
                status=401,
            ),
            _mapper(
                f"{_denied_by(UNKNOWN_ENDPOINT)} || "
                "response.code_details == 'direct_response' || response.code_details == 'route_not_found'",
                "not_found_error",
                UNKNOWN_ENDPOINT,
                "The gateway has no such endpoint.",
                status=404,
            ),
            _mapper(
                _denied_by(AMBIGUOUS_CREDENTIAL),
                "authentication_error",
                "gateway_unauthenticated",
                "The gateway takes one token, as 'Authorization: Bearer' or as 'x-api-key'.",
                status=401,
            ),
            _mapper(
                "response.code_details.startsWith('early_grpc_json_transcode_failure') && response.code < 404",
                "invalid_request_error",
                "invalid_request",
                "The request does not fit the admin API.",
            ),
            _mapper(
                # The gate behind ext_proc: the service went away without a verdict.
                "response.code_details.startsWith('rbac_')",
                "api_error",
                "gateway_unavailable",
                "The gateway is not available right now. Nothing was sent on.",
                status=503,
                retry=True,
            ),
            _mapper(
                "response.code == 504",
                "timeout_error",
                "upstream_timeout",
                "No answer came in time.",
                retry=True,
            ),
            _mapper(
                "response.code >= 500",
                "api_error",
                "gateway_unavailable",
                "The gateway or the service behind it is not available right now.",
                retry=True,
            ),
            _mapper("response.code == 401", "authentication_error", "gateway_unauthenticated", "A token is required."),
            _mapper("response.code == 403", "permission_error", "request_refused", "The gateway refuses this request."),
            _mapper("response.code == 404", "not_found_error", UNKNOWN_ENDPOINT, "The gateway has no such endpoint."),
            _mapper("response.code == 408", "timeout_error", "request_timeout", "The request was not sent in time."),
            _mapper("response.code == 413", "request_too_large", "request_too_large", "The request is too large."),
            _mapper(
                "response.code == 431",
                "invalid_request_error",
                "headers_too_large",
                "The request headers are too large.",
            ),
            _mapper("response.code == 429", "rate_limit_error", "overloaded", "Too many requests.", retry=True),
            _mapper(
                "response.code >= 400", "invalid_request_error", "invalid_http", "The request is not well-formed HTTP."
            ),
        ]
    )
