"""What a reviewer reads of a masked request, and how events and times are put into words."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from authz.cli.narration import ago, clock, counted, first_reason, short_model, span, time_left, what_happened
from authz.cli.reading import readable

NOW = datetime(2027, 1, 15, 8, 0, tzinfo=UTC)
NOISE = "QUJD" * 200


def test_a_request_is_read_as_text():
    """Roles and texts in order, other parameters by name, and nothing that only a machine can read."""
    body = {
        "model": "claude-x",
        "max_tokens": 7,
        "system": [{"type": "text", "text": "Be brief."}],
        "tools": [{"name": "Read", "description": "x", "input_schema": {}}, {"type": "bash_20250124"}],
        "messages": [
            {"role": "user", "content": "Chart of [NAME_A_B]\nplease"},
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "hm", "signature": "c2ln"},
                    {"type": "redacted_thinking", "data": NOISE},
                    {"type": "tool_use", "id": "t", "name": "Read", "input": {"path": "a/b", "blob": NOISE}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": "found"}]},
                    {"type": "tool_result", "tool_use_id": "t", "content": NOISE},
                    {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": NOISE}},
                    {"type": "document", "title": "T", "source": {"type": "text", "data": "plain"}},
                    {"type": "document", "source": {"type": "content", "content": [{"type": "text", "text": "in"}]}},
                    {"type": "image", "source": {"type": "url", "url": "https://a.example/"}},
                    {"type": "novel", "words": "kept", "encrypted_content": "c2ln"},
                ],
            },
        ],
    }
    assert readable(json.dumps(body)).split("\n") == [
        "max_tokens: 7",
        "",
        "tools (their definitions: --json): Read, bash_20250124",
        "",
        "system:",
        "  Be brief.",
        "",
        "user:",
        "  Chart of [NAME_A_B]",
        "  please",
        "",
        "assistant:",
        "  [thinking] hm",
        "  [redacted_thinking: not readable]",
        '  [tool_use Read] {"path": "a/b", "blob": "(800 characters of base64)"}',
        "",
        "user:",
        "  [tool_result]",
        "  found",
        "  [tool_result]",
        "  (800 characters of base64)",
        "  [image, image/png, 600 bytes: not shown]",
        "  [document]",
        "  T",
        "  plain",
        "  [document]",
        "  in",
        '  [image] {"type": "url", "url": "https://a.example/"}',
        '  [novel] {"words": "kept", "encrypted_content": "(4 characters, not readable)"}',
    ]


@pytest.mark.parametrize("text", ["", "no json", "[1]", "7"])
def test_what_is_no_request_is_shown_as_it_is(text: str):
    """A body that is no JSON object is not interpreted."""
    assert readable(text) == text


def test_odd_shapes_are_shown_and_not_lost():
    """Content of unexpected types is printed rather than dropped, and breaks nothing."""
    said = readable(
        json.dumps({"messages": [{"role": "user", "content": [7, None]}, 5], "system": {"a": 1}, "tools": [1]})
    )
    assert said.split("\n\n") == ["tools (their definitions: --json): ?", 'system:\n  {"a": 1}', "user:\n  7\n  null"]


@pytest.mark.parametrize(
    ("row", "left"),
    [
        ({"state": "PENDING", "expires_at": "2027-01-15T08:59:30.000Z"}, "59m"),
        ({"state": "PENDING", "expires_at": "2027-01-15T07:00:00.000Z"}, "0s"),
        ({"state": "APPROVED", "expires_at": "x", "grant_expires_at": "2027-01-15T10:00:00Z"}, "2h"),
        ({"state": "DENIED", "expires_at": "2027-01-15T09:00:00Z"}, "-"),
        ({"state": "PENDING", "expires_at": "soon"}, "-"),
        ({}, "-"),
    ],
)
def test_time_that_is_left(row: dict[str, str], left: str):
    """What waits or is granted shows the time it has; what is over shows none."""
    assert time_left(row, NOW) == left


def test_times_in_words():
    """Spans have one unit, times of day are UTC, and what is no time stays as it is."""
    assert [span(seconds) for seconds in (-1, 59, 60, 3600, 86_400 * 3)] == ["0s", "59s", "1m", "1h", "3d"]
    assert ago("2027-01-15T07:58:00Z", NOW) == "2m ago"
    assert (clock("2027-01-15T09:00:01+01:00"), clock("2027-01-15T08:00:01Z", with_day=True)) == (
        "08:00:01",
        "01-15 08:00:01",
    )
    assert (clock("x"), ago("x", NOW)) == ("x", "x")


@pytest.mark.parametrize(
    ("kind", "header", "words"),
    [
        ("exchange.decided", {"effect": "deny", "reasons": ["model_not_allowed"], "profile": "p", "blocked": 2.0},
         "deny (model_not_allowed), p; nothing found, 2 not to be masked"),
        ("exchange.closed", {"outcome": "policy_denied"}, "policy_denied"),
        ("exchange.closed", {"outcome": "completed", "status": 200, "stop_reason": "-", "response_findings": {"SSN": 1}},
         "completed, 200; answer: SSN 1"),
        ("approval.voted", {"subject": "bob", "verdict": "approve", "state": "PENDING"}, "bob approved, more are needed"),
        ("approval.done", {"outcome": "consumed_unknown"}, "the approval is used up, consumed_unknown"),
        ("approval.expired", {}, "too late to decide or to send"),
        ("something.new", {"a": 1}, ""),
        ("exchange.decided", {}, "; nothing found"),
    ],
)  # fmt: skip
def test_events_in_words(kind: str, header: dict[str, object], words: str):
    """Every kind has its words, missing facts leave no holes, and unknown kinds have none."""
    assert what_happened(kind, header) == words


def test_models_are_named_shortly():
    """Prefix and snapshot date go, anything else stays."""
    assert [short_model(name) for name in ("claude-haiku-4-5-20251001", "claude-sonnet-5-5", "[other]", "claude-")] == [
        "haiku-4-5", "sonnet-5-5", "[other]", "claude-",
    ]  # fmt: skip


def test_the_first_reason_stands_for_the_others():
    """A list names one reason and counts the rest; triggers stand in where policy gave none."""
    many = {"reasons": ["trigger:bulk_record", "new_input_tokens", "media"]}
    assert [first_reason(row) for row in (many, {"reasons": ["media"]}, {"triggers": ["a"]}, {})] == [
        "bulk_record +2", "media", "a", "",
    ]  # fmt: skip


def test_counts_are_in_the_order_of_names():
    """The same counts print the same line, however the map came."""
    assert counted({"SSN": 1, "NAME": 2.0}) == counted({"NAME": 2, "SSN": 1}) == "NAME 2, SSN 1"
