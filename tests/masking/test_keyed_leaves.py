"""Keys in JSON of the caller's own tell what its values are, strings and numbers; what upstream wrote stays."""

from __future__ import annotations

import json
from typing import Any

import pytest
from shipped import shipped

from masking.outline import outline
from masking.request import mask_request

pytestmark = pytest.mark.usefixtures("each_reader")

KEY = b"k" * 32
RECORD = {"patient": {"firstName": "Xiuying", "mrn": 4432917, "dose": 500, "visits": [10000, 20000]}, "ssn": 123456789}


def sent(content: list[dict[str, Any]], role: str, *, echoed: bool = False) -> dict[str, Any]:
    body = json.dumps(
        {"model": "claude-x", "max_tokens": 10000, "messages": [{"role": role, "content": content}]}
    ).encode()
    units = outline(body).units
    masked = mask_request(
        body,
        shipped(),
        shipped().profile("standard"),
        KEY,
        new_units=frozenset(range(len(units))),
        echoed=frozenset(range(len(units))) if echoed else frozenset(),
    )
    out: dict[str, Any] = json.loads(masked.body)
    return out


def test_values_and_numbers_are_masked_by_their_keys() -> None:
    """A name nobody knows and bare numbers are found in tool input by the keys they stand under."""
    out = sent([{"type": "tool_use", "id": "toolu_1234", "name": "save", "input": RECORD}], "assistant")
    record = out["messages"][0]["content"][0]["input"]
    assert record["patient"]["firstName"].startswith("[NAME_")
    assert record["patient"]["mrn"].startswith("[MRN_")
    assert record["ssn"].startswith("[SSN_")
    assert record["patient"]["dose"] == 500
    assert record["patient"]["visits"] == [10000, 20000]
    assert out["max_tokens"] == 10000


def test_numbers_that_upstream_wrote_come_back_as_they_were() -> None:
    """An echo of upstream's tool input keeps its numbers, or its signature would not hold."""
    out = sent([{"type": "tool_use", "id": "toolu_1234", "name": "save", "input": RECORD}], "assistant", echoed=True)
    record = out["messages"][0]["content"][0]["input"]
    assert (record["patient"]["mrn"], record["ssn"]) == (4432917, 123456789)


@pytest.mark.parametrize("indent", [None, 2])
def test_records_in_tool_results_are_read_by_their_keys(indent: int | None) -> None:
    """JSON that a tool returns as text is found in as well."""
    text = json.dumps(RECORD, indent=indent)
    out = sent([{"type": "tool_result", "tool_use_id": "toolu_1234", "content": text}], "user")
    seen = out["messages"][0]["content"][0]["content"]
    assert not any(value in seen for value in ("Xiuying", "4432917", "123456789"))
    assert '"dose": 500' in seen
