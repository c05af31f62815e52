"""The API's errors, in its shape: `{"type": "error", "error": {"type", "message"[, "details"]}, "request_id"}`."""

from __future__ import annotations

import orjson

TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    405: "invalid_request_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}


class ApiError(Exception):
    """An answer with an error status; raised anywhere, written by the server."""

    def __init__(self, status: int, message: str, error_code: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.error_code = error_code

    @property
    def error_type(self) -> str:
        """The error type that goes with the status."""
        return TYPES.get(self.status, "invalid_request_error" if self.status < 500 else "api_error")  # noqa: PLR2004

    def body(self, request_id: str) -> bytes:
        """Return the JSON body."""
        return error_body(self.error_type, self.message, request_id, self.error_code)


def error_body(error_type: str, message: str, request_id: str, error_code: str | None = None) -> bytes:
    """Return an error in the API's shape: the body of an HTTP error, and the data of an `error` event."""
    error: dict[str, object] = {"type": error_type, "message": message}
    if error_code is not None:
        error["details"] = {"error_code": error_code}
    return orjson.dumps({"type": "error", "error": error, "request_id": request_id})
