"""What a request says of itself: its outline, its canonical forms, and what is no request."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest
from carriage_requests import UUID, assistant_turn, mask_body, request_of, text_part, user_turn
from carriage_rules import KEY, PLAIN, RULES

from masking.errors import BodyRefused, JsonRefused
from masking.request import mask_request, outline

pytestmark = pytest.mark.usefixtures("each_reader")


def _units(*messages: Any, **more: Any) -> list[bytes]:
    return [unit.canonical for unit in outline(request_of(*messages, **more)).units]


def test_canonical_ignores_what_means_nothing() -> None:
    """String or block, cache_control, key order, escapes, message boundaries, number spelling: one canonical form."""
    call = {"type": "tool_use", "id": "toolu_01", "name": "t", "input": {"a": 1.0, "b": [100]}}
    same = {
        "input": {"b": [1e2], "a": 1},
        "caller": {"type": "direct"},
        "name": "t",
        "id": "toolu_01",
        "type": "tool_use",
    }
    assert _units(user_turn("x"), system="s") == _units(
        user_turn([text_part("x", cache_control={"type": "ephemeral"})]), system=[text_part("s")]
    )
    assert _units(user_turn([text_part("x"), text_part("y")])) == _units(user_turn("x"), user_turn("y"))
    assert _units(assistant_turn(call)) == _units(assistant_turn(same))
    assert _units(assistant_turn(text_part("x", citations=None))) == _units(assistant_turn(text_part("x")))
    assert (
        outline(b'{"model":"m","messages":[{"role":"user","content":"\\u00e9"}]}').units[0]
        == outline(request_of(user_turn("é"))).units[0]
    )


def test_canonical_sees_what_means_something() -> None:
    """Role, type, text, tool input and results all make a difference."""
    seen = [
        _units(user_turn("x")),
        _units(assistant_turn(text_part("x"))),
        _units({"role": "system", "content": "x"}),
        _units(system="x"),
        _units(user_turn("y")),
        _units(user_turn([{"type": "tool_result", "tool_use_id": "toolu_01", "content": "x"}])),
        _units(user_turn([{"type": "tool_result", "tool_use_id": "toolu_01", "content": "y"}])),
        _units(assistant_turn({"type": "tool_use", "id": "toolu_01", "name": "t", "input": {"cache_control": 1}})),
        _units(assistant_turn({"type": "tool_use", "id": "toolu_01", "name": "t", "input": {}})),
        _units(tools=[{"name": "t", "input_schema": {}}]),
    ]
    flat = [unit for units in seen for unit in units]
    assert len(set(flat)) == len(flat) == len(seen)
    assert all(len(unit) == 32 for unit in flat)


def test_rest_is_the_question_beside_the_units() -> None:
    """`rest` is canonical JSON that ignores stream, metadata, cache_control and thinking.display only."""
    base = outline(request_of(user_turn("x"), thinking={"type": "adaptive", "display": "omitted"})).rest
    same = request_of(
        user_turn("x"),
        stream=True,
        metadata={"user_id": UUID},
        cache_control={"type": "ephemeral"},
        thinking={"display": "updates", "type": "adaptive"},
    )
    assert outline(same).rest == base
    assert json.loads(base) == {"max_tokens": 5, "model": "m", "thinking": {"type": "adaptive"}}
    assert outline(request_of(user_turn("x"), temperature=1, thinking={"type": "adaptive"})).rest != base
    assert outline(request_of({**user_turn("x"), "clear_at": "end"}, thinking={"type": "adaptive"})).rest != base


def test_outline_facts() -> None:
    """The outline knows model, stream, tools, thread and text size, and travels between processes without the body."""
    found = outline(
        request_of(
            user_turn("é"),
            system="s",
            stream=True,
            thread={"type": "create"},
            tools=[{"name": "t"}, {"type": "bash_20250124", "name": "bash"}],
        )
    )
    assert (found.model, found.stream, found.max_tokens, found.has_thread) == ("m", True, 5, True)
    assert (found.tool_names, found.tool_types) == (("t", "bash"), ("custom", "bash_20250124"))
    assert [unit.kind for unit in found.units] == ["tool", "tool", "system", "message"]
    assert found.units[3].text_bytes == 2
    copy = pickle.loads(pickle.dumps(found))  # noqa: S301 - our own bytes
    assert copy == found
    assert copy.arranged is None
    masked = mask_body(request_of(user_turn("Mrs. Ada Loveless")))
    assert pickle.loads(pickle.dumps(masked)).memory == masked.memory  # noqa: S301


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b'"x"',
        b"null",
        b"{}",
        b'{"model":"m"}',
        b'{"model":1,"messages":[]}',
        b'{"model":"","messages":[]}',
        b'{"model":"m","messages":"x"}',
        b'{"model":"m","messages":[[]]}',
        b'{"model":"m","messages":[1]}',
        b'{"model":"m","messages":[{"role":"user"}]}',
        b'{"model":"m","messages":[{"role":"tool","content":"x"}]}',
        b'{"model":"m","messages":[{"content":"x"}]}',
        b'{"model":"m","messages":[{"role":"user","content":["x"]}]}',
        b'{"model":"m","messages":[{"role":"user","content":[{"text":"x"}]}]}',
        b'{"model":"m","messages":[],"system":{}}',
        b'{"model":"m","messages":[],"tools":{}}',
        b'{"model":"m","messages":[],"tools":["x"]}',
        b'{"model":"m","messages":[],"stream":"true"}',
        b'{"model":"m","messages":[],"stream":1}',
        b'{"model":"m","messages":[],"stream":null}',
        b'{"model":"m","messages":[],"max_tokens":"5"}',
        b'{"model":"m","messages":[],"max_tokens":-1}',
        b'{"model":"m","messages":[],"max_tokens":1e999}',
        b'{"model":"m","messages":[],"max_tokens":' + b"1" * 400 + b"}",
        b'{"model":"m","messages":[],"metadata":[]}',
        b'{"model":"m","messages":[],"metadata":{"user_id":["x"]}}',
        b'{"model":"m","messages":[],"tools":[{"type":["web_search_20260318"],"name":"t"}]}',
        b'{"model":"m","messages":[],"tools":[{"type":5,"name":"t"}]}',
        b'{"model":"m","messages":[],"tools":[{"name":["t"]}]}',
        b'{"model":"m","messages":[{"role":"system","content":[{"type":"tool_addition"}]}]}',
        b'{"model":"m","messages":[{"role":"system","content":[{"type":"tool_addition","tool":{"definition":[]}}]}]}',
        b'{"model":"m","messages":[{"role":"system","content":[{"type":"tool_removal","tool":{"name":1}}]}]}',
    ],
)
def test_what_is_not_a_messages_request_is_refused(body: bytes) -> None:
    """A frame of the wrong types is refused before anything else happens (J06)."""
    with pytest.raises(BodyRefused):
        outline(body)


@pytest.mark.parametrize("user_id", ["[" * 100_000, "{" * 100_000, '{"session_id":"\\ud800"}', '{"session_id":1e999}'])
def test_odd_user_ids_are_text(user_id: str) -> None:
    """A user id that is no JSON of Claude Code's is read as text, however deep it seems to nest."""
    body = request_of(user_turn("hi"), metadata={"user_id": user_id})
    assert outline(body).user_id == user_id
    assert mask_body(body).blocked == ()


def test_tools_are_seen_wherever_they_come_in() -> None:
    """Tools that messages add or remove, and those of MCP servers, are in the outline beside the declared ones."""
    added = {"type": "tool_addition", "tool": {"type": "tool_definition", "definition": {"type": "a_1", "name": "an"}}}
    removed = {"type": "tool_removal", "tool": {"type": "tool_reference", "name": "rn"}}
    strange = {"type": "tool_addition", "tool": {"type": "b_1", "name": "bn"}}
    nested = {"type": "tool_result", "tool_use_id": "toolu_01", "content": [added | {"tool": {"definition": {}}}]}
    unknown = {
        "type": "zz",
        "inside": [{"type": "tool_addition", "tool": {"definition": {"type": "c_1", "name": "cn"}}}],
    }
    toolset = {"type": "mcp_toolset", "mcp_server_name": "s", "configs": {"kn": {}}, "tools": [{"name": "pn"}]}
    found = outline(
        request_of(
            {"role": "system", "content": [added, removed]}, user_turn([strange, nested, unknown]), tools=[toolset]
        )
    )
    assert set(found.tool_types) == {"mcp_toolset", "a_1", "b_1", "c_1", "custom"}
    assert {"an", "rn", "bn", "cn", "kn", "pn"} <= set(found.tool_names)
    assert (found.tool_names[0], found.tool_types[0]) == ("", "mcp_toolset")


def test_limits() -> None:
    """A body over the limit is refused by size alone."""
    with pytest.raises(JsonRefused, match="too_large"):
        outline(request_of(user_turn("x")), limit=10)
    with pytest.raises(JsonRefused, match="other_document"):
        mask_request(
            b"{}", RULES, PLAIN, KEY, new_units=frozenset(), arranged=outline(request_of(user_turn("x"))).arranged
        )
