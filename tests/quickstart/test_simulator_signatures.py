"""Thinking signatures: what may change before a thinking block, and what may not."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz.quickstart.simulator import messages, signatures
from authz.quickstart.simulator.api_error import ApiError
from authz.quickstart.simulator.prompt import find_prompt
from authz.quickstart.simulator.reply import compose
from authz.quickstart.simulator.script import read_script

KEY = b"a key for tests"
TOOL = {"name": "lookup", "description": "Find a chart.", "input_schema": {"type": "object", "properties": {}}}


def read(document):
    body = json.dumps(document).encode()
    return messages.read(body, version="2026-10-21", known_models=frozenset())


def answer(document):
    """Return the content blocks that the simulator answers with."""
    request = read(document)
    prompt = find_prompt(request.messages)
    reply = compose(request, read_script(prompt.text), prompt, lambda: signatures.verify(KEY, request))
    return [block.whole for block in reply.blocks]


def conversation():
    """Return a request with two tool turns behind it, thinking in each, ending with a new user text."""
    document = {
        "model": "claude-opus-5-5",
        "max_tokens": 100,
        "system": "Be brief.",
        "tools": [TOOL, {**TOOL, "name": "book"}],
        "messages": [
            {"role": "user", "content": 'sim:thinking sim:redacted sim:tool lookup {"chart": "7", "deep": [1]}'}
        ],
    }
    while len(document["messages"]) < 8:
        content = answer(document)
        document["messages"].append({"role": "assistant", "content": content})
        results = [
            {"type": "tool_result", "tool_use_id": block["id"], "content": "A1c 8.1"}
            for block in content
            if block["type"] == "tool_use"
        ]
        text = 'sim:thinking sim:redacted sim:tool book {"day": "Monday"}'
        document["messages"].append({"role": "user", "content": results or [{"type": "text", "text": text}]})
    return document


CONVERSATION = conversation()


def verify(document, key=KEY):
    return signatures.verify(key, read(document))


def changed(change):
    document = copy.deepcopy(CONVERSATION)
    change(document)
    return document


def set_at(path, value):
    def change(document):
        *parents, last = path
        for step in parents:
            document = document[step]
        document[last] = value

    return change


def delete_at(*path):
    def change(document):
        *parents, last = path
        for step in parents:
            document = document[step]
        del document[last]

    return change


def test_the_conversation_has_thinking_in_several_turns():
    """The sample is worth testing with: four assistant turns, each with thinking."""
    kinds = [[b["type"] for b in m["content"]] for m in CONVERSATION["messages"] if m["role"] == "assistant"]
    assert kinds[:2] == [["thinking", "redacted_thinking", "tool_use"], ["thinking", "redacted_thinking", "text"]]
    assert len(kinds) == 4
    verify(CONVERSATION)


def as_list(document):
    document["system"] = [{"type": "text", "text": document["system"], "cache_control": {"type": "ephemeral"}}]
    document["messages"][0]["content"] = [{"type": "text", "text": document["messages"][0]["content"]}]


def result_as_list(document):
    result = document["messages"][2]["content"][0]
    result["content"] = [{"type": "text", "text": result["content"], "cache_control": {"type": "ephemeral"}}]


def cache_marks(document):
    for tool in document["tools"]:
        tool["cache_control"] = {"type": "ephemeral", "ttl": "1h"}
    for message in document["messages"][2::2]:
        message["content"][-1]["cache_control"] = {"type": "ephemeral"}
    document["cache_control"] = {"type": "ephemeral"}


def key_order(document):
    document["tools"] = [dict(reversed(tool.items())) for tool in document["tools"]]
    for message in document["messages"][1::2]:
        message["content"] = [dict(reversed(block.items())) for block in message["content"]]


def other_parameters(document):
    document |= {"max_tokens": 5, "metadata": {"user_id": "u"}, "thinking": {"type": "adaptive"}, "stream": True}


def billing_header(document):
    document["system"] = [
        {"type": "text", "text": "x-anthropic-billing-header: cc_version=1; cch=abc"},
        {"type": "text", "text": document["system"]},
    ]


def split_turn(document):
    first = document["messages"].pop(1)
    halves = [
        {"role": "assistant", "content": first["content"][:1]},
        {"role": "assistant", "content": first["content"][1:]},
    ]
    document["messages"][1:1] = halves


def split_user(document):
    document["messages"].append({"role": "user", "content": "And one more thing."})


def appended(document):
    document["messages"] += [{"role": "assistant", "content": "Done."}, {"role": "user", "content": "Go on."}]


def empty_fields(document):
    for message in document["messages"][1::2]:
        for block in message["content"]:
            if block["type"] == "text":
                block["citations"] = None


@pytest.mark.parametrize(
    "change",
    [
        *(as_list, result_as_list, cache_marks, key_order, other_parameters, billing_header),
        *(split_turn, split_user, appended, empty_fields),
    ],
    ids=lambda change: change.__name__,
)
def test_what_does_not_matter(change):
    """Form, cache marks, other parameters and appending leave every signature valid, as at the API."""
    verify(changed(change))


def swap_tools(document):
    document["tools"].reverse()


def drop_first_exchange(document):
    del document["messages"][:4]


def drop_older_assistant_turn(document):
    # Tool results lose their call with it, so drop a turn that made none.
    del document["messages"][3]


def insert_message(document):
    document["messages"].insert(0, {"role": "user", "content": "Before."})


def insert_system_message(document):
    document["messages"].insert(1, {"role": "system", "content": "Today is Monday."})


LATER = "messages.3.content.0: Invalid `signature` in `thinking` block. The block is bound to a different conversation."
FIRST = LATER.replace("messages.3", "messages.1")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (set_at(["system"], "Be brief!"), FIRST),
        (delete_at("system"), FIRST),
        (set_at(["tools", 0, "description"], "Find charts."), FIRST),
        (set_at(["tools", 0, "input_schema", "properties"], {"cache_control": {}}), FIRST),
        (delete_at("tools", 1), FIRST),
        (swap_tools, FIRST),
        (set_at(["messages", 0, "content"], "sim:thinking [NAME_A]"), FIRST),
        (set_at(["messages", 2, "content", 0, "content"], "A1c 8.2"), LATER),
        (set_at(["messages", 2, "content", 0, "is_error"], True), LATER),
        (set_at(["messages", 1, "content", 2, "input", "chart"], "8"), LATER),
        (set_at(["messages", 1, "content", 2, "input", "deep"], [2]), LATER),
        (set_at(["messages", 3, "content", 2, "citations"], [{"cited_text": "x"}]), LATER.replace("s.3", "s.5")),
        (insert_message, LATER.replace("messages.3", "messages.2")),
        (insert_system_message, LATER.replace("messages.3", "messages.2")),
        (delete_at("messages", 1, "content", 1), LATER),
        (delete_at("messages", 1, "content", 0), None),
        (drop_older_assistant_turn, None),
        (drop_first_exchange, FIRST),
    ],
)
def test_what_is_a_change(change, message):
    """A changed, added, removed or moved value before a thinking block is refused at the first block it reaches."""
    with pytest.raises(ApiError) as caught:
        verify(changed(change))
    assert (caught.value.status, caught.value.error_type) == (400, "invalid_request_error")
    if message is not None:
        assert str(caught.value) == message
    assert "bound to a different conversation" in str(caught.value)


def test_a_change_behind_the_last_thinking_is_free():
    """Nothing binds what comes after the last signed block but the next signature."""
    document = changed(set_at(["messages", -1, "content", 0, "text"], "something else"))
    assert document["messages"][-1] != CONVERSATION["messages"][-1]
    verify(document)


@pytest.mark.parametrize(
    ("field", "value", "place"),
    [
        ("thinking", "Another thought.", "messages.1.content.0: Invalid `signature` in `thinking` block."),
        ("signature", "", "messages.1.content.0: Invalid `signature` in `thinking` block."),
        ("signature", "no base64 é", "messages.1.content.0: Invalid `signature` in `thinking` block."),
    ],
)
def test_a_changed_thinking_block_is_told_from_a_changed_conversation(field, value, place):
    """When the block itself was touched the refusal says no more than that its signature is invalid."""
    with pytest.raises(ApiError) as caught:
        verify(changed(set_at(["messages", 1, "content", 0, field], value)))
    assert str(caught.value) == place


def test_a_changed_redacted_block_is_refused():
    """Opaque data is verified too, so that a gateway that touches it is found."""
    data = CONVERSATION["messages"][1]["content"][1]["data"]
    with pytest.raises(ApiError, match=r"messages\.1\.content\.1: Invalid `data` in `redacted_thinking` block\."):
        verify(changed(set_at(["messages", 1, "content", 1, "data"], data[:-5] + "AAA=")))


def test_thinking_cannot_move_to_another_conversation_or_key():
    """A block signed under another key, or copied elsewhere, does not verify."""
    with pytest.raises(ApiError):
        verify(CONVERSATION, key=b"another key")
    stolen = CONVERSATION["messages"][1]["content"][0]
    elsewhere = {
        "model": "claude-opus-5-5",
        "max_tokens": 1,
        "messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": [stolen]}],
    }
    with pytest.raises(ApiError, match="bound to a different conversation"):
        verify(elsewhere)


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


@given(texts, texts)
def test_parts_cannot_be_shifted_across_boundaries(left, right):
    """Two texts in two blocks never pass for the two joined in one, nor for another cut."""

    def prefix(*blocks):
        document = {"model": "claude-x", "max_tokens": 1, "messages": [{"role": "user", "content": list(blocks)}]}
        return verify(document).sign("thinking", "t")

    apart = prefix({"type": "text", "text": left}, {"type": "text", "text": right})
    assert apart != prefix({"type": "text", "text": left + right})
    if left[1:]:
        assert apart != prefix({"type": "text", "text": left[:1]}, {"type": "text", "text": left[1:] + right})


@given(st.lists(texts, min_size=1, max_size=5))
def test_consecutive_user_messages_compare_as_combined(parts):
    """Blocks in one user message and the same blocks in several give the same signature."""
    together = [{"role": "user", "content": [{"type": "text", "text": part} for part in parts]}]
    apart = [{"role": "user", "content": part} for part in parts]
    document = {"model": "claude-x", "max_tokens": 1}
    signed = {verify({**document, "messages": form}).sign("thinking", "t") for form in (together, apart)}
    assert len(signed) == 1
