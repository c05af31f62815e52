"""The canonical form: what says nothing is ignored, and nothing else, so that no approval covers another text."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from carriage_rules import KEY, PLAIN, RULES, dump
from carriage_streams import closed, delta, end, events, message, opened, start
from hypothesis import given
from hypothesis import strategies as st

from masking.memory import Memory
from masking.request import outline
from masking.response import ResponseMasker

pytestmark = pytest.mark.usefixtures("each_reader")

TEXT = {"type": "text", "text": "x"}
CALL = {"type": "tool_use", "id": "toolu_01", "name": "t", "input": {"a": None}}
CITED = {"type": "char_location", "cited_text": "c", "document_index": 0, "file_id": None}


def _unit(block: Any, role: str = "assistant") -> bytes:
    body = dump({"model": "m", "messages": [{"role": role, "content": [block]}]})
    return outline(body).units[0].canonical


@pytest.mark.parametrize("role", ["assistant", "user"])
@pytest.mark.parametrize(
    ("block", "same"),
    [
        (TEXT, TEXT | {"cache_control": {"type": "ephemeral"}}),
        (TEXT, TEXT | {"cache_control": {"ttl": "1h", "type": "ephemeral"}}),
        (TEXT, TEXT | {"cache_control": None, "citations": None}),
        (TEXT, TEXT | {"citations": []}),
        (CALL, CALL | {"caller": {"type": "direct"}}),
        (TEXT | {"citations": [CITED]}, TEXT | {"citations": [{k: v for k, v in CITED.items() if v is not None}]}),
        (
            {"type": "tool_result", "tool_use_id": "t", "content": [TEXT]},
            {"type": "tool_result", "tool_use_id": "t", "content": [TEXT | {"cache_control": {"type": "ephemeral"}}]},
        ),
    ],
)
def test_what_says_nothing_is_ignored(role: str, block: Any, same: Any) -> None:
    """Cache marks, nulls, empty citations and direct callers make no difference."""
    assert _unit(block, role) == _unit(same, role)


@pytest.mark.parametrize("role", ["assistant", "user"])
@pytest.mark.parametrize(
    ("block", "other"),
    [
        (TEXT, TEXT | {"citations": [CITED]}),
        (TEXT | {"citations": [CITED]}, TEXT | {"citations": [CITED | {"cited_text": "d"}]}),
        (TEXT, TEXT | {"cache_control": {"type": "ephemeral", "note": "n"}}),
        (TEXT, TEXT | {"cache_control": {"type": "ephemeral", "ttl": "9h"}}),
        (TEXT, TEXT | {"cache_control": {}}),
        (TEXT, TEXT | {"cache_control": "ephemeral"}),
        (TEXT, TEXT | {"zz": 1}),
        (TEXT, TEXT | {"free words in a key": None}),
        (CALL, CALL | {"input": {}}),
        (CALL, CALL | {"caller": {"type": "direct", "tool_id": "x"}}),
        (CALL, CALL | {"input": {"a": None, "cache_control": {"type": "ephemeral"}}}),
        (
            {"type": "thinking", "thinking": "x", "signature": "y"},
            {"type": "thinking", "thinking": "x", "signature": "y", "z": 1},
        ),
    ],
)
def test_everything_else_counts(role: str, block: Any, other: Any) -> None:
    """Citations, unknown fields, odd cache marks and tool input are part of what was judged."""
    assert _unit(block, role) != _unit(other, role)


def test_an_odd_cache_mark_is_part_of_the_question() -> None:
    """At the top level and in a message it is in `rest`, as are unknown metadata and an unknown display."""
    base: dict[str, Any] = {
        "model": "m",
        "messages": [{"role": "user", "content": "x"}],
        "thinking": {"type": "adaptive"},
    }
    rests = {
        outline(dump({**base, **more})).rest
        for more in (
            {},
            {"cache_control": {"type": "ephemeral", "note": "n"}},
            {"metadata": {"note": "n"}},
            {"thinking": {"type": "adaptive", "display": "some words"}},
            {"messages": [{"role": "user", "content": "x", "cache_control": {"type": "n"}}]},
        )
    }
    assert len(rests) == 5
    plain = {"cache_control": {"type": "ephemeral"}}
    same = {**base, **plain, "messages": [{**base["messages"][0], **plain}]}
    assert outline(dump(same)).rest == outline(dump(base)).rest


NUMBERS = st.from_regex(r"-?(0|[1-9][0-9]{0,25})(\.[0-9]{1,25})?([eE][+-]?[0-9]{1,3})?", fullmatch=True)


def _number(lexeme: str) -> bytes:
    return outline(b'{"model":"m","messages":[],"temperature":%b}' % lexeme.encode()).rest


@given(NUMBERS, NUMBERS)
def test_numbers_are_equal_exactly_when_they_are(one: str, other: str) -> None:
    """Two spellings have one form if and only if they are the same number; the form is JSON."""
    assert (_number(one) == _number(other)) == (Decimal(one) == Decimal(other))
    assert Decimal(json.loads(_number(one), parse_float=str, parse_int=str)["temperature"]) == Decimal(one)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("1.0", "1", True),
        ("100", "1e2", True),
        ("-0.0", "0", True),
        ("0.10", "1e-1", True),
        ("0.5", "0.5000000000000000000012345678912345678900000000", False),
        ("4155552671123456700", "4155552671123456701", False),
        ("1e999", "1e998", False),
        ("1e999999999999999", "1e999999999999998", False),
        ("1" * 400, "1" * 399 + "2", False),
    ],
)
def test_numbers(one: str, other: str, same: bool) -> None:
    """Spellings that clients change are one number; long ones do not collide, and huge ones do no harm."""
    assert (_number(one) == _number(other)) is same


def test_a_response_with_citations_is_known_when_it_comes_back() -> None:
    """The echo has the units that were foreseen, citations received in deltas included; without them it has not."""
    data = start() + opened(0, type="text", text="", citations=[]) + delta(0, "text_delta", text="so it is")
    data += delta(0, "citations_delta", citation=CITED) + delta(0, "zz_delta", note="n") + closed(0) + end()
    stream = ResponseMasker(RULES, PLAIN, KEY, Memory(), {}).stream()
    (seen,) = message(events(b"".join(item.caller for item in stream.feed(data))))["content"]
    assert seen["citations"] == [CITED]
    assert stream.units == (_unit(seen),)
    assert stream.units != (_unit({**seen, "citations": []}),)
