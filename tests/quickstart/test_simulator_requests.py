"""What the simulator takes and refuses, as the API does."""

from __future__ import annotations

import json

import anthropic
import pytest
from simulator_calls import MODEL, document, post

from authz.quickstart.simulator.script import spell
from authz.quickstart.simulator.server import MOST_BODY_BYTES


def test_unwanted_answers_can_be_asked_for(simulator):
    """Headers that must not pass, gzip, HTML and arbitrary bytes, for those who test a gateway."""
    assert post(simulator, document("sim:headers"))[1]["set-cookie"]
    assert post(simulator, document())[1]["set-cookie"] is None
    _, headers, body = post(simulator, document("sim:gzip"))
    assert (headers["content-encoding"], body[:2]) == ("gzip", b"\x1f\x8b")
    assert post(simulator, document("sim:gzip", stream=True))[2][:2] == b"\x1f\x8b"
    assert post(simulator, document("sim:html"))[1]["content-type"].startswith("text/html")
    raw = b'data: {"type":"ping"}\r\rjunk\xff'
    for stream in (False, True):
        assert post(simulator, document(f"sim:raw {spell(raw)}", stream=stream))[2] == raw


@pytest.mark.parametrize(
    "text",
    [
        *("sim:nothing", "sim:deltas", "sim:deltas 0", "sim:deltas many", "sim:slow 5", "sim:wait long", "sim:chunk 0"),
        *("sim:tool", "sim:tool name", "sim:tool name [1]", 'sim:agent name {"a": ', "sim:error 200"),
        *("sim:raw", "sim:raw !", "sim:raw ghg", "sim:raw gh ij", "sim:raw 00ff", "sim:raw GH"),
    ],
)
def test_a_directive_that_cannot_be_read_is_refused(simulator, text):
    """A typing mistake in a script is an error, never an echo."""
    status, _, body = post(simulator, document(text))
    assert status == 400
    assert "sim:" in json.loads(body)["error"]["message"]


def test_words_that_only_look_like_directives_are_text(simulator):
    """`sim:` inside a word, a path or a URL is no directive."""
    text = "see http://sim:error and /sim:error and my_sim:error and x.sim:error"
    assert json.loads(post(simulator, document(text))[2])["content"][0]["text"] == f"You wrote: {text}"


@pytest.mark.parametrize(
    ("headers", "status", "kind"),
    [
        ({"x-api-key": None}, 401, "authentication_error"),
        ({"x-api-key": "wrong"}, 401, "authentication_error"),
        ({"x-api-key": None, "authorization": "Bearer simulator-key"}, 401, "authentication_error"),
        ({"anthropic-version": None}, 400, "invalid_request_error"),
        ({"anthropic-version": "2020-01-01"}, 400, "invalid_request_error"),
        ({"content-type": "text/plain"}, 400, "invalid_request_error"),
    ],
)
def test_headers_are_checked(simulator, headers, status, kind):
    """Only the injected key opens, and version and type are checked, in the API's shape."""
    answered, answer_headers, body = post(simulator, document(), **headers)
    error = json.loads(body)
    assert (answered, error["type"], error["error"]["type"]) == (status, "error", kind)
    assert answer_headers["request-id"] == error["request_id"]


def test_both_versions_are_spoken(simulator):
    """The older version still takes sampling parameters, the newer one refuses them."""
    asked = document(temperature=0.5)
    assert post(simulator, asked, **{"anthropic-version": "2023-06-01"})[0] == 200
    assert post(simulator, asked)[0] == 400
    assert post(simulator, document(), path="/v1/messages?beta=true")[0] == 200


def message(role, *blocks):
    return {"role": role, "content": list(blocks)}


USE = {"type": "tool_use", "id": "t1", "name": "a", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "t1", "content": "r"}


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        (b"{", 400, "not valid JSON"),
        (b"[]", 400, "JSON object"),
        (b'{"model": "\xff"}', 400, "not valid JSON"),
        ({"max_tokens": 1, "messages": []}, 400, "model: Field required"),
        ({"model": MODEL, "messages": []}, 400, "max_tokens: Field required"),
        ({"model": MODEL, "max_tokens": 1}, 400, "messages: Field required"),
        (document(max_tokens="1"), 400, "max_tokens: Input should be a valid integer"),
        (document(max_tokens=True), 400, "max_tokens"),
        (document(max_tokens=-1), 400, "max_tokens"),
        (document(stream="true"), 400, "stream"),
        (document(model="gpt"), 404, "model: gpt"),
        (document(messages=[]), 400, "at least one message"),
        (document(messages=["x"]), 400, "messages.0"),
        (document(messages=[{"role": "robot", "content": "x"}]), 400, "messages.0.role"),
        (document(messages=[{"role": "user"}]), 400, "messages.0.content: Field required"),
        (document(messages=[{"role": "user", "content": ""}]), 400, "non-empty content"),
        (document(messages=[{"role": "user", "content": 7}]), 400, "messages.0.content"),
        (document(messages=[message("user", {"type": "text", "text": ""})]), 400, "must be non-empty"),
        (document(messages=[message("user", {"type": "text"})]), 400, "messages.0.content.0"),
        (document(messages=[message("user", {"text": "x"})]), 400, "messages.0.content.0.type"),
        (document(messages=[message("user", RESULT)]), 400, "unexpected `tool_use_id`"),
        (
            document(messages=[message("assistant", USE), message("user", {"type": "text", "text": "x"})]),
            400,
            "without",
        ),
        (document(messages=[message("assistant", USE)]), 400, "without `tool_result`"),
        (document(messages=[message("assistant", {**USE, "input": "{}"})]), 400, "tool_use.input"),
        (document(tools=[{"name": "[NAME_A]", "input_schema": {}}]), 400, "tools.0.custom.name"),
        (document(tools={}), 400, "tools"),
        (document(system={}), 400, "system"),
        (document(system=[{"type": "text", "text": ""}]), 400, "system.0"),
        (document(stop_sequences=[1]), 400, "stop_sequences"),
        (document(thread={"type": "create"}), 400, "thread"),
    ],
)
def test_wrong_requests_are_refused_as_the_api_does(simulator, body, status, text):
    """The refusal names the place and the rule."""
    answered, _, answer = post(simulator, body)
    assert answered == status, answer
    assert text in json.loads(answer)["error"]["message"]


def test_lawful_requests_that_look_odd_pass(simulator):
    """System messages, unknown keys and types, a prefill, empty system and results in two messages are accepted."""
    unknown = {"type": "later_block", "x": [1]}
    for odd in (
        document(system="", tools=[], later={"a": 1}, thinking={"type": "enabled", "budget_tokens": 1}),
        document(messages=[message("user", unknown, {"type": "text", "text": "x"}), message("assistant")]),
        document(messages=[{"role": "system", "content": "s"}, {"role": "user", "content": "x"}]),
        document(
            messages=[
                message("assistant", USE, {**USE, "id": "t2"}),
                message("user", RESULT),
                {"role": "system", "content": "s"},
                message("user", {**RESULT, "tool_use_id": "t2"}),
            ]
        ),
    ):
        assert post(simulator, odd)[0] == 200


def test_tokens_are_counted_and_models_listed(client, simulator):
    """count_tokens grows with the text; models can be listed, paged and fetched; others are 404."""
    counts = [
        client.messages.count_tokens(model=MODEL, messages=[{"role": "user", "content": "x" * n}]).input_tokens
        for n in (10, 1000)
    ]
    assert counts[1] - counts[0] == 330
    names = [model.id for model in client.models.list(limit=2)]
    assert names == ["claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5"]
    before = client.models.list(before_id="claude-haiku-5-5", limit=1)
    assert [model.id for model in before.data] == ["claude-sonnet-5-5"]
    assert client.models.retrieve(MODEL).max_tokens == 128_000
    with pytest.raises(anthropic.NotFoundError):
        client.models.retrieve("claude-none")
    assert post(simulator, b"{}", path="/v1/files")[0] == 404


def test_bodies_up_to_the_limit(simulator):
    """The limit is inclusive; one byte more is 413 in the API's shape."""
    empty = len(json.dumps(document("")))
    limit = MOST_BODY_BYTES
    assert post(simulator, document("sim:say ok\n" + "x" * (limit - empty - 12)))[0] == 200
    status, _, body = post(simulator, document("sim:say ok\n" + "x" * (limit - empty - 11)))
    assert status == 413
    assert json.loads(body)["error"]["type"] == "request_too_large"
