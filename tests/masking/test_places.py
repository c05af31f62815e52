"""Where text travels: no string of a request or response escapes its treatment, whatever its place, key or type."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import pytest
from carriage_rules import KEY, PLAIN, RULES, dump
from hypothesis import given, settings
from hypothesis import strategies as st

from masking.errors import BodyRefused
from masking.memory import Memory
from masking.places import BLOCKS
from masking.request import mask_request, outline
from masking.request_places import REQUEST
from masking.response import ResponseMasker

pytestmark = pytest.mark.usefixtures("each_reader")

FULL: dict[str, Any] = {
    "model": "claude-sonnet-5-5",
    "max_tokens": 64,
    "stream": False,
    "metadata": {"user_id": "user"},
    "stop_sequences": ["STOP"],
    "tool_choice": {"type": "tool", "name": "book"},
    "thinking": {"type": "adaptive", "display": "omitted"},
    "context_management": {"edits": [{"type": "compact_20260112", "instructions": "short"}]},
    "output_config": {
        "effort": "low",
        "format": {"type": "json_schema", "schema": {"type": "object", "properties": {"a": {"enum": ["x", "y"]}}}},
    },
    "tools": [
        {
            "name": "book",
            "description": "Books a visit",
            "input_schema": {
                "type": "object",
                "title": "Visit",
                "properties": {"who": {"type": "string", "description": "who", "default": "nobody", "pattern": "a+"}},
                "required": ["who"],
                "$defs": {"d": {"anyOf": [{"const": "c"}, {"examples": ["e", {"k": "v"}]}]}},
            },
            "input_examples": [{"who": "somebody"}],
        },
        {"type": "web_search_20260318", "name": "web_search", "user_location": {"type": "approximate", "city": "x"}},
    ],
    "system": [{"type": "text", "text": "You help.", "cache_control": {"type": "ephemeral", "ttl": "5m"}}],
    "messages": [
        {"role": "user", "content": "hello"},
        {
            "role": "assistant",
            "content": [
                {
                    "type": "text",
                    "text": "hi",
                    "citations": [{"type": "char_location", "cited_text": "c", "title": "t"}],
                },
                {
                    "type": "tool_use",
                    "id": "toolu_01A",
                    "name": "book",
                    "input": {"who": "x", "n": [1, "y", {"k": "v"}]},
                },
                {"type": "server_tool_use", "id": "srvtoolu_01A", "name": "web_search", "input": {"query": "q"}},
                {
                    "type": "web_search_tool_result",
                    "tool_use_id": "srvtoolu_01A",
                    "content": [{"type": "web_search_result", "title": "t", "url": "u", "page_age": "p"}],
                },
                {
                    "type": "bash_code_execution_tool_result",
                    "tool_use_id": "srvtoolu_01B",
                    "content": {"type": "bash_code_execution_result", "stdout": "o", "stderr": "e", "return_code": 0},
                },
                {
                    "type": "text_editor_code_execution_tool_result",
                    "tool_use_id": "srvtoolu_01C",
                    "content": {"type": "text_editor_view_result", "content": "c", "lines": ["l"]},
                },
                {"type": "mcp_tool_listing", "tools": [{"name": "n", "description": "d"}]},
            ],
        },
        {"role": "system", "content": [{"type": "text", "text": "now"}], "clear_at": "end"},
        {
            "role": "user",
            "content": [
                {
                    "type": "tool_result",
                    "tool_use_id": "toolu_01A",
                    "content": [
                        {"type": "text", "text": "done"},
                        {
                            "type": "search_result",
                            "title": "t",
                            "source": "s",
                            "content": [{"type": "text", "text": "x"}],
                        },
                        {"type": "browser_state", "tabs": [{"title": "t", "url": "u"}]},
                    ],
                },
                {
                    "type": "document",
                    "title": "t",
                    "context": "c",
                    "source": {"type": "content", "content": [{"type": "text", "text": "x"}]},
                },
                {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "d"}},
                {"type": "image", "source": {"type": "url", "url": "u"}},
                {"type": "hologram", "frames": [{"caption": "c"}]},
            ],
        },
    ],
    "new_feature": {"hint": ["h"]},
}
"""One request with every kind of place; all of its strings are harmless."""


def _string_places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, str):
        return [path]
    if isinstance(value, dict):
        return [found for key, child in value.items() for found in _string_places(child, (*path, key))]
    if isinstance(value, list):
        return [found for index, child in enumerate(value) for found in _string_places(child, (*path, index))]
    return []


def _objects(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    own = [path] if isinstance(value, dict) else []
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return own + [found for key, child in pairs for found in _objects(child, (*path, key))]


def _with(value: Any, path: tuple[Any, ...], change: Any) -> Any:
    whole = copy.deepcopy(value)
    holder = whole
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = change
    return whole


FRAME = {("messages", index, "role") for index in range(4)}
PLACES = [path for path in _string_places(FULL) if path not in FRAME]


def _upstream(request: Any) -> bytes:
    """Return what would go upstream: nothing when something is blocked or refused."""
    try:
        masked = mask_request(dump(request), RULES, PLAIN, KEY, new_units=frozenset())
    except BodyRefused:
        return b""
    return b"" if masked.blocked else masked.body


def test_the_full_request_passes_unchanged() -> None:
    """A request without PHI goes upstream byte for byte."""
    assert _upstream(FULL) == dump(FULL)


@pytest.mark.parametrize("path", PLACES, ids=lambda path: ".".join(map(str, path)))
def test_no_string_place_leaks(path: tuple[Any, ...]) -> None:
    """A canary in any string of the request is masked or blocks; it never goes upstream (J08)."""
    assert b"CANARY" not in _upstream(_with(FULL, path, "see CANARY17 there"))


@pytest.mark.parametrize("path", PLACES, ids=lambda path: ".".join(map(str, path)))
def test_no_nested_canary_leaks_where_a_string_was_expected(path: tuple[Any, ...]) -> None:
    """An object where a string belongs is walked too, keys included."""
    assert b"CANARY" not in _upstream(_with(FULL, path, {"a": ["CANARY17"], "CANARY18": 1}))


@pytest.mark.parametrize("path", _objects(FULL), ids=lambda path: ".".join(map(str, path)) or "top")
def test_no_unknown_field_leaks(path: tuple[Any, ...]) -> None:
    """An unknown key with a canary inside, or one that is a canary, never goes upstream."""
    assert b"CANARY" not in _upstream(_with(FULL, (*path, "zz_new"), [{"deep": "CANARY17"}]))
    assert b"CANARY" not in _upstream(_with(FULL, (*path, "CANARY18"), 1))


@pytest.mark.parametrize("block", sorted(BLOCKS))
def test_every_block_type_guards_fields_outside_its_schema(block: str) -> None:
    """No block type, sealed ones included, lets an unknown field pass unread."""
    request = {"model": "m", "messages": [{"role": "user", "content": [{"type": block, "zz": {"a": "CANARY1"}}]}]}
    assert b"CANARY" not in _upstream(request)


def test_sealed_fields_pass_byte_for_byte() -> None:
    """What the model signed or encrypted is neither read nor changed where upstream wrote it."""
    content = [
        {"type": "thinking", "thinking": "about CANARY1", "signature": "CANARY2=="},
        {"type": "redacted_thinking", "data": "CANARY3"},
        {"type": "compaction", "content": "CANARY4", "signature": "CANARY5", "encrypted_content": "CANARY6"},
    ]
    body = dump({"model": "m", "messages": [{"role": "assistant", "content": content}]})
    masked = mask_request(body, RULES, PLAIN, KEY, new_units=frozenset(), echoed=frozenset(range(3)))
    assert masked.body == body
    assert not masked.blocked


@pytest.mark.parametrize(
    ("block", "media"),
    [
        ({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}}, {"image": 1}),
        ({"type": "image", "source": {"type": "url", "url": "https://x.test/a"}}, {"url": 1}),
        ({"type": "image", "source": {"type": "file", "file_id": "file_01AAAA"}}, {"file_id": 1}),
        ({"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "aA"}}, {"pdf": 1}),
        ({"type": "container_upload", "file_id": "file_01AAAA"}, {"file_id": 1}),
        (
            {
                "type": "tool_result",
                "tool_use_id": "toolu_01",
                "content": [{"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aA"}}]
                * 2,
            },
            {"image": 2},
        ),
        ({"type": "text", "text": "hi"}, {}),
    ],
)
def test_media_are_counted(block: dict[str, Any], media: dict[str, int]) -> None:
    """Content that cannot be inspected is counted by class, nested content too."""
    body = dump({"model": "m", "messages": [{"role": "user", "content": [block]}]})
    found = outline(body)
    assert (found.media, found.units[0].media) == (media, media)
    assert pickle.loads(pickle.dumps(found)) == found  # noqa: S301 - our own bytes


def test_media_are_counted_by_unit_and_in_all() -> None:
    """A unit counts its own media; the total has those of all units and what stands beside them."""
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}}
    found = outline(
        dump(
            {
                "model": "m",
                "system": "s",
                "messages": [{"role": "user", "content": [image, {"type": "text", "text": "a"}, image]}],
                "mcp_servers": [{"type": "url", "name": "s", "url": "u"}],
            }
        )
    )
    assert [unit.media for unit in found.units] == [{}, {"image": 1}, {}, {"image": 1}]
    assert found.media == {"image": 2, "mcp": 1}


def test_a_credential_is_neither_recorded_nor_sent() -> None:
    """An MCP server's token leaves the body, and the server counts as uninspectable."""
    request = {
        "model": "m",
        "messages": [],
        "mcp_servers": [{"type": "url", "name": "s", "url": "u", "authorization_token": "tok-secret"}],
    }
    masked = mask_request(dump(request), RULES, PLAIN, KEY, new_units=frozenset())
    assert b"tok-secret" not in masked.body
    assert b"tok-secret" in dump(request)
    assert outline(dump(request)).media == {"mcp": 1}


def test_the_table_covers_the_units_apart() -> None:
    """Tools, system and messages are walked as units, never a second time at the top level."""
    assert not {"tools", "system", "messages"} & REQUEST.known.keys()


RESPONSE: dict[str, Any] = {
    "id": "msg_01AAAA",
    "type": "message",
    "role": "assistant",
    "model": "claude-sonnet-5-5",
    "content": list(FULL["messages"][1]["content"]),
    "stop_reason": "refusal",
    "stop_sequence": "STOP",
    "stop_details": {"type": "refusal", "explanation": "e"},
    "new_field": {"a": ["x"]},
}


@pytest.mark.parametrize("path", _string_places(RESPONSE), ids=lambda path: ".".join(map(str, path)))
def test_no_string_of_a_response_leaks(path: tuple[Any, ...]) -> None:
    """A canary in any string of a response reaches neither the caller nor the record."""
    result = ResponseMasker(RULES, PLAIN, KEY, Memory(), {}).message(dump(_with(RESPONSE, path, "see CANARY17 there")))
    assert b"CANARY" not in result.caller + result.record
    json.loads(result.caller)


@pytest.mark.parametrize("path", _objects(RESPONSE), ids=lambda path: ".".join(map(str, path)) or "top")
def test_no_key_of_a_response_leaks(path: tuple[Any, ...]) -> None:
    """A key that holds PHI is replaced as a whole, and the body stays JSON with distinct keys."""
    body = _with(_with(RESPONSE, (*path, "CANARY18"), 1), (*path, "CANARY19"), "CANARY20")
    result = ResponseMasker(RULES, PLAIN, KEY, Memory(), {}).message(dump(body))
    assert b"CANARY" not in result.caller
    json.loads(result.caller)


@settings(deadline=None)
@given(st.data())
def test_random_canaries_never_go_upstream(data: st.DataObject) -> None:
    """Several canaries at random places at once: all are masked, or the request is blocked."""
    request = FULL
    for path in data.draw(st.lists(st.sampled_from(PLACES), min_size=1, max_size=5, unique=True)):
        request = _with(request, path, f"a CANARY{data.draw(st.integers(1, 99))}, b")
    assert b"CANARY" not in _upstream(request)
