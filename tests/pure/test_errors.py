"""Every refusal has the Claude API's shape and tells SDKs whether to try again."""

from __future__ import annotations

import json

import pytest

from authz.errors import GatewayError, PolicyUnavailable, RecordUnavailable, Refusal, new_request_id


@pytest.mark.parametrize("error", [GatewayError("secret detail"), PolicyUnavailable("x"), RecordUnavailable("y")])
def test_errors_answer_with_fixed_text(error):
    """The public answer never repeats the detail of an error."""
    refusal = Refusal.of(error)
    body = json.loads(refusal.body("req_gw_1"))
    assert body["type"] == "error"
    assert body["error"]["message"] == type(error).public
    assert body["error"]["details"]["error_code"] == type(error).error_code
    assert "detail" not in refusal.body("r").decode().replace("details", "")


def test_retry_is_said_only_where_it_helps():
    """A refusal that stays a refusal says x-should-retry: false; an outage lets the SDK try again."""
    assert Refusal(403, "permission_error", "policy_denied", "no").headers("r")["x-should-retry"] == "false"
    assert "x-should-retry" not in Refusal.of(PolicyUnavailable()).headers("r")
    assert Refusal(503, "api_error", "x", "y", retry=True, retry_after=2).headers("r")["retry-after"] == "2"


def test_request_ids_are_ours_and_differ():
    """Our ids cannot be taken for upstream's."""
    assert new_request_id() != new_request_id()
    assert new_request_id().startswith("req_gw_")
