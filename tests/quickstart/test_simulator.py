"""The Claude simulator through the real SDK and on the wire: answers, streams, refusals, faults, the journal."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request

import anthropic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz.quickstart.simulator.journal import Journal
from authz.quickstart.simulator.reply import cut_json, escaped
from authz.quickstart.simulator.script import spell
from authz.quickstart.simulator.server import MOST_BODY_BYTES

MODEL = "claude-sonnet-5-5"
HEADERS = {"x-api-key": "simulator-key", "anthropic-version": "2026-10-21", "content-type": "application/json"}
TOOL_JSON = r'{"patient": "Marisol Fict\u00edcia", "note": "call \u004a\u0061ne\nüber 😀", "slots": [1, 2]}'
TOOL_INPUT = {"patient": "Marisol Fictícia", "note": "call Jane\nüber 😀", "slots": [1, 2]}


@pytest.fixture(scope="module")
def client(simulator):
    with anthropic.Anthropic(
        base_url=simulator.url,
        api_key="a-caller-credential",
        max_retries=0,
        default_headers={"x-api-key": "simulator-key"},
    ) as made:
        yield made


def ask(client, text, *, stream, **more):
    """Return the final message for a user text, in either mode."""
    arguments = {"model": MODEL, "max_tokens": 1000, "messages": [{"role": "user", "content": text}], **more}
    if not stream:
        return client.messages.create(**arguments)
    with client.messages.stream(**arguments) as events:
        return events.get_final_message()


def document(text="Hello", **more):
    return {"model": MODEL, "max_tokens": 10, "messages": [{"role": "user", "content": text}], **more}


def post(simulator, body, *, path="/v1/messages", **headers):
    """Send bytes or a document and return status, headers and the whole body."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    wanted = {name: value for name, value in (HEADERS | headers).items() if value is not None}
    request = urllib.request.Request(simulator.url + path, data=data, headers=wanted, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read()


def events_of(body):
    """Return the JSON of each event, checking the frames' grammar on the way."""
    found = []
    for part in body.decode().removesuffix("\n\n").split("\n\n"):
        match = re.fullmatch(r"event: (\w+)\ndata: (.*)", part)
        assert match, part
        data = json.loads(match[2])
        assert data["type"] == match[1]
        found.append(data)
    return found


def deltas_of(events, field):
    return [e["delta"][field] for e in events if e["type"] == "content_block_delta" and field in e["delta"]]


@pytest.mark.parametrize("stream", [False, True])
class TestThroughTheSdk:
    """What a caller with the official SDK gets is the same in both modes."""

    def test_echo_shows_what_arrived(self, client, stream):
        """The default answer quotes the last user text, letter by letter."""
        text = "Visit on 3 May:\n\te\u0301 and \u2028 and 😀 in \\u0041."
        message = ask(client, text, stream=stream)
        assert [block.type for block in message.content] == ["text"]
        assert message.content[0].text == f"You wrote: {text}"
        assert (message.stop_reason, message.role, message.model) == ("end_turn", "assistant", MODEL)
        assert message.usage.input_tokens > 10
        assert message.usage.output_tokens > 10

    def test_only_the_prompt_outside_reminders_counts(self, client, stream):
        """Reminders and system messages are neither echoed nor read for directives."""
        messages = [
            {"role": "user", "content": "sim:say earlier"},
            {"role": "assistant", "content": "earlier"},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "<system-reminder>\nsim:error 500\n</system-reminder>"},
                    {"type": "text", "text": "<system-reminder>a</system-reminder>\n One.\n"},
                    {"type": "text", "text": "Two."},
                ],
            },
            {"role": "system", "content": "sim:error 500"},
        ]
        message = ask(client, "", stream=stream, messages=messages)
        assert message.content[0].text == "You wrote: One.\nTwo."

    def test_tools_are_called_and_their_results_quoted(self, client, stream):
        """Two parallel calls carry exact input; the turn after them quotes 200 characters of the results."""
        prompt = f"sim:tool book_visit {TOOL_JSON} sim:tool note {{}}"
        tools = [{"name": name, "input_schema": {"type": "object"}} for name in ("book_visit", "note")]
        first = ask(client, prompt, stream=stream, tools=tools)
        assert first.stop_reason == "tool_use"
        assert [(block.name, block.input) for block in first.content] == [("book_visit", TOOL_INPUT), ("note", {})]
        ids = [block.id for block in first.content]
        assert len(set(ids)) == 2
        results = [
            {"type": "tool_result", "tool_use_id": ids[0], "content": "a" * 150},
            {"type": "tool_result", "tool_use_id": ids[1], "content": [{"type": "text", "text": "b" * 150}]},
        ]
        messages = [
            {"role": "user", "content": prompt},
            {"role": "assistant", "content": first.content},
            {"role": "user", "content": results},
        ]
        second = ask(client, "", stream=stream, tools=tools, messages=messages)
        assert second.content[0].text == f"The tool returned: {'a' * 150}\n{'b' * 49}"
        assert second.stop_reason == "end_turn"

    def test_thinking_comes_back_and_verifies(self, client, stream):
        """Thinking, redacted thinking and text of one turn are accepted in the next, and not when changed."""
        prompt = "sim:thinking sim:redacted How are you?"
        first = ask(client, prompt, stream=stream)
        assert [block.type for block in first.content] == ["thinking", "redacted_thinking", "text"]
        assert "How are you?" in first.content[0].thinking
        messages = [
            {"role": "user", "content": prompt},
            {"role": "assistant", "content": first.content},
            {"role": "user", "content": "And now?"},
        ]
        assert ask(client, "", stream=stream, messages=messages).content[0].text == "You wrote: And now?"
        messages[0]["content"] = prompt.replace("How", "Who")
        with pytest.raises(anthropic.BadRequestError) as caught:
            ask(client, "", stream=stream, messages=messages)
        assert caught.value.type == "invalid_request_error"
        assert caught.value.body["error"]["message"] == (
            "messages.1.content.0: Invalid `signature` in `thinking` block."
            " The block is bound to a different conversation."
        )
        with pytest.raises(anthropic.BadRequestError, match="different conversation"):
            client.messages.count_tokens(model=MODEL, messages=messages)

    def test_omitted_thinking_is_empty_and_signed(self, client, stream):
        """With display omitted the thinking text is empty and the signature still verifies."""
        thinking = {"type": "adaptive", "display": "omitted"}
        first = ask(client, "sim:thinking Hi", stream=stream, thinking=thinking)
        assert first.content[0].thinking == ""
        assert first.content[0].signature
        messages = [
            {"role": "user", "content": "sim:thinking Hi"},
            {"role": "assistant", "content": first.content},
            {"role": "user", "content": "Bye"},
        ]
        ask(client, "", stream=stream, messages=messages)

    @pytest.mark.parametrize("names", [["Read"], ["Read", "Bash"], ["Bash", "Read", "Bash"]])
    def test_an_agent_loop_calls_one_tool_after_the_other(self, client, stream, names):
        """Each step thinks, calls the next tool that the directives name, and ends with text."""
        tools = [{"name": name, "input_schema": {"type": "object"}} for name in ("Read", "Bash")]
        prompt = " ".join(f'sim:agent {name} {{"argument": "x"}}' for name in names)
        messages = [{"role": "user", "content": prompt}]
        seen = []
        for _ in range(len(names) + 1):
            message = ask(client, "", stream=stream, tools=tools, messages=messages)
            seen.append([getattr(block, "name", block.type) for block in message.content])
            messages.append({"role": "assistant", "content": message.content})
            results = [
                {"type": "tool_result", "tool_use_id": block.id, "content": f"from {block.name}"}
                for block in message.content
                if block.type == "tool_use"
            ]
            messages.append({"role": "user", "content": results})
        assert seen == [*(["thinking", name] for name in names), ["thinking", "text"]]
        assert message.content[1].text == f"The tool returned: from {names[-1]}"

    def test_an_agent_without_the_tool_says_so(self, client, stream):
        """A tool that is not offered is not called."""
        message = ask(client, 'sim:agent Read {"file_path": "/x"}', stream=stream)
        assert [block.type for block in message.content] == ["thinking", "text"]
        assert message.content[1].text == "The tool Read is not offered."

    def test_deltas_are_counted_and_plain(self, client, stream):
        """sim:deltas gives 20 characters for each delta, in both modes the same."""
        text = ask(client, "sim:deltas 100", stream=stream).content[0].text
        assert len(text) == 2000
        assert re.fullmatch(r"[a-z ,]+", text)

    def test_say_stops_at_the_line_and_at_stop_sequences(self, client, stream):
        """sim:say answers its line; a stop sequence ends the text before it and is named."""
        assert ask(client, "Please sim:say One two.\nthree", stream=stream).content[0].text == "One two."
        message = ask(client, "sim:say One [NAME_A] two", stream=stream, stop_sequences=["nowhere", "[NAME_A]"])
        assert (message.content[0].text, message.stop_reason) == ("One ", "stop_sequence")
        assert message.stop_sequence == "[NAME_A]"

    def test_max_tokens_ends_in_the_middle(self, client, stream):
        """sim:max_tokens keeps half of the text; max_tokens 0 answers nothing."""
        message = ask(client, "sim:max_tokens sim:say " + "word " * 20, stream=stream)
        assert message.stop_reason == "max_tokens"
        assert 0 < len(message.content[0].text) < 99
        assert ask(client, "Hello", stream=stream, max_tokens=0).content == []
        assert len(ask(client, "sim:deltas 10 sim:max_tokens", stream=stream).content[0].text) == 100

    def test_citations_and_unknown_blocks_are_there_to_be_masked(self, client, stream):
        """A citation quotes the text, and an unknown block survives the SDK."""
        message = ask(client, "sim:citations sim:unknown sim:say A quiet day.", stream=stream)
        assert message.content[0].citations[0].cited_text == "A quiet day."
        assert message.content[1].type == "later_block"

    @pytest.mark.parametrize(
        ("status", "error"),
        [
            (400, anthropic.BadRequestError),
            (403, anthropic.PermissionDeniedError),
            (429, anthropic.RateLimitError),
            (500, anthropic.InternalServerError),
            (529, anthropic.OverloadedError),
        ],
    )
    def test_errors_raise_what_the_api_raises(self, client, stream, status, error):
        """sim:error gives the status, its error type and the text asked for."""
        with pytest.raises(error) as caught:
            ask(client, f"sim:error {status} about Jane", stream=stream)
        assert caught.value.status_code == status
        assert caught.value.body["error"]["message"] == "about Jane"
        assert caught.value.request_id == caught.value.body["request_id"]

    def test_an_error_only_the_first_time(self, client, stream):
        """The very same body fails once and passes then, as an overloaded API does."""
        text = f"sim:error_first 529 {stream} {time.time_ns()}"
        with pytest.raises(anthropic.OverloadedError):
            ask(client, text, stream=stream)
        assert ask(client, text, stream=stream).content


def test_tool_json_is_cut_inside_escapes(simulator):
    """A streamed tool input keeps the spelling of the prompt and is cut within its escapes."""
    _, headers, body = post(simulator, document(f"sim:tool book_visit {TOOL_JSON}", stream=True))
    assert headers["content-type"].startswith("text/event-stream")
    pieces = deltas_of(events_of(body), "partial_json")
    assert pieces[0] == ""
    assert "".join(pieces) == TOOL_JSON.replace("ü", r"\u00fc").replace("😀", r"\ud83d\ude00")
    for escape in (r"\u00ed", r"\u004a", r"\n", r"\ude00"):
        assert not any(escape in piece for piece in pieces), escape


def test_a_stream_follows_the_grammar(simulator):
    """Message start, blocks with rising indexes, one ping, message delta with cumulative usage, message stop."""
    _, _, body = post(simulator, document("sim:thinking sim:redacted sim:tool a {} sim:say x", stream=True))
    events = events_of(body)
    kinds = [event["type"] for event in events]
    assert kinds[0] == "message_start"
    assert events[0]["message"]["content"] == []
    assert kinds[-2:] == ["message_delta", "message_stop"]
    assert kinds.count("ping") == 1
    starts = [event for event in events if event["type"] == "content_block_start"]
    assert [event["index"] for event in starts] == [0, 1, 2, 3]
    assert [event["content_block"]["type"] for event in starts] == ["thinking", "redacted_thinking", "text", "tool_use"]
    open_block = None
    for event in events:
        if event["type"] == "content_block_start":
            assert open_block is None
            open_block = event["index"]
        elif event["type"] == "content_block_delta":
            assert event["index"] == open_block
        elif event["type"] == "content_block_stop":
            assert event["index"] == open_block
            open_block = None
    assert events[-2]["usage"]["output_tokens"] > 1


def test_text_is_cut_the_same_way_each_time(simulator):
    """Deltas are short, deterministic, and of the length that sim:pieces asks for."""
    asked = document("sim:say Marisol Fictícia was here on Monday.", stream=True)
    first, second = (deltas_of(events_of(post(simulator, asked)[2]), "text") for _ in range(2))
    assert first == second
    assert "".join(first) == "Marisol Fictícia was here on Monday."
    assert max(map(len, first)) <= 11
    single = deltas_of(events_of(post(simulator, document("sim:pieces 1 sim:say Jané", stream=True))[2]), "text")
    assert single == list("Jané")


def test_sdk_sees_an_error_event_as_an_error(client):
    """sim:error_stream ends a stream with the API's error event, and JSON with its status."""
    with pytest.raises(anthropic.APIStatusError) as caught:
        ask(client, "sim:error_stream A longer text so that there is a middle.", stream=True)
    assert (caught.value.status_code, caught.value.type) == (200, "overloaded_error")
    with pytest.raises(anthropic.OverloadedError):
        ask(client, "sim:error_stream", stream=False)


def test_cut_streams_end_cleanly_without_message_stop(simulator):
    """sim:cut ends the chunked body properly in the middle; what came is a prefix of the whole."""
    whole = post(simulator, document("sim:deltas 50", stream=True))[2]
    cut = post(simulator, document("sim:deltas 50 sim:cut", stream=True))[2]
    assert b"message_stop" not in cut
    assert abs(len(cut) - len(whole) // 2) < 10
    assert deltas_of(events_of(whole), "text")[:10] == deltas_of(events_of(cut[: cut.rindex(b"\n\n") + 2]), "text")[:10]


@pytest.mark.parametrize("stream", [False, True])
def test_reset_breaks_the_connection(simulator, stream):
    """sim:reset is a TCP reset in the middle of the body."""
    with pytest.raises((ConnectionResetError, http.client.IncompleteRead)):
        post(simulator, document("sim:deltas 500 sim:reset", stream=stream))


def test_a_cut_json_body_is_shorter_than_announced(simulator):
    """sim:cut closes a JSON answer before its content-length."""
    with pytest.raises(http.client.IncompleteRead):
        post(simulator, document("sim:cut"))


def test_hang_is_silent_until_the_client_goes(simulator):
    """sim:hang sends half and then nothing; the simulator forgets it when the client leaves."""
    host, port = simulator.url.removeprefix("http://").split(":")
    body = json.dumps(document("sim:deltas 5 sim:hang", stream=True)).encode()
    head = "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items())
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(
            f"POST /v1/messages HTTP/1.1\r\nhost: x\r\n{head}content-length: {len(body)}\r\n\r\n".encode()
        )
        connection.sendall(body)
        received = b""
        while b"content_block_start" not in received:
            received += connection.recv(65536)
        connection.settimeout(0.3)
        with contextlib.suppress(TimeoutError):
            while received := connection.recv(65536):
                assert b"message_stop" not in received
        assert received, "the connection was closed"
    assert post(simulator, document())[0] == 200


def test_slow_and_wait_take_their_time(simulator):
    """Pauses are at least as long as asked."""
    began = time.monotonic()
    post(simulator, document("sim:wait 100ms sim:slow 20ms sim:deltas 5", stream=True))
    assert time.monotonic() - began > 0.1 + 5 * 0.02


def test_the_same_bytes_in_other_chunks(simulator):
    """sim:chunk regroups the writes and changes no byte but ids."""

    def plain(text):
        return re.sub(rb"msg_\w+", b"", post(simulator, document(text, stream=True))[2])

    assert len(plain("sim:chunk 7 sim:deltas 20")) == len(plain("sim:chunk 1 sim:deltas 20"))
    assert deltas_of(events_of(plain("sim:chunk 1 sim:deltas 20")), "text")
    assert json.loads(post(simulator, document("sim:chunk 3 sim:say ok"))[2])["content"][0]["text"] == "ok"


def test_crlf_and_comments_are_lawful_sse(client, simulator):
    """The SDK reads the odd form of the stream to the same text."""
    assert ask(client, "sim:crlf sim:say Odd but lawful.", stream=True).content[0].text == "Odd but lawful."
    assert b"\r\n: a comment\r\n" in post(simulator, document("sim:crlf", stream=True))[2]


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


def test_the_journal_has_every_request_even_refused_ones(start_simulator, tmp_path):
    """File and endpoint tell method, path, headers and body of everything received; the file is written first."""
    record = tmp_path / "received.jsonl"
    with start_simulator("--record", record, "--api-key", "k2", "--models", "m1,m2") as other:
        post(other, document("first"), path="/v1/messages?beta=true", **{"x-api-key": "k2"})
        assert json.loads(record.read_text().splitlines()[0])["body"] == json.dumps(document("first"))
        post(other, b'\xff"', authorization="Bearer leaked")
        with urllib.request.urlopen(other.url + "/healthz", timeout=5) as answer:
            assert answer.status == 200
        journal = other.journal()
        assert journal["last"] == 2
        assert [entry["n"] for entry in journal["requests"]] == [1, 2]
        assert other.journal(after=1)["requests"] == journal["requests"][1:]
        assert [json.loads(line) for line in record.read_text().splitlines()] == journal["requests"]
    first, second = journal["requests"]
    assert (first["method"], first["path"]) == ("POST", "/v1/messages?beta=true")
    assert abs(first["ms"] - time.time() * 1000) < 60_000
    assert second["body"] == '\\xff"'
    assert dict(second["headers"])["Authorization"] == "Bearer leaked"


def test_the_journal_stays_within_bounds():
    """Old entries go first, by number and by size; numbers go on."""
    journal = Journal()
    for _ in range(3):
        journal.add("POST", "/", (), b"x" * (40 * 1024 * 1024))
    assert [entry["n"] for entry in journal.after(0)["requests"]] == [3]
    for _ in range(10_001):
        journal.add("POST", "/", (), b"")
    kept = journal.after(0)
    assert (len(kept["requests"]), kept["last"]) == (10_000, 10_004)


def test_it_listens_with_tls(start_simulator, tmp_path):
    """With a certificate the listener is TLS, as the real API is."""
    certificate, key = tmp_path / "c.pem", tmp_path / "k.pem"
    _self_signed(certificate, key)
    with start_simulator("--tls-cert", certificate, "--tls-key", key) as secure:
        assert secure.url.startswith("https://127.0.0.1:")
        context = ssl.create_default_context(cafile=str(certificate))
        with urllib.request.urlopen(secure.url + "/healthz", timeout=5, context=context) as answer:
            assert answer.status == 200


def _self_signed(certificate, key):
    import datetime as dt
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "simulator")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(name, name, private.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(private, hashes.SHA256())
    )
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )


def test_sigterm_ends_it_within_a_second_even_while_streaming(start_simulator):
    """A stream that would take a minute does not delay the end, and nothing but the ready line is printed."""
    with start_simulator() as other:
        body = json.dumps(document("sim:slow 1s sim:deltas 60", stream=True)).encode()
        request = urllib.request.Request(other.url + "/v1/messages", data=body, headers=HEADERS)
        with urllib.request.urlopen(request, timeout=5) as answer:
            assert answer.read(5) == b"event"
            began = time.monotonic()
            other.process.send_signal(signal.SIGTERM)
            assert other.process.wait(timeout=5) == 0
            assert time.monotonic() - began < 1
        assert (other.process.stdout.read(), other.process.stderr.read()) == ("", "")


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["--listen", "nowhere"], 2, "HOST:PORT"),
        (["--listen", "127.0.0.1:0", "--tls-cert", "x"], 2, "go together"),
        (["--listen", "127.0.0.1:0", "--tls-cert", "/nonexistent", "--tls-key", "/nonexistent"], 2, "cannot be used"),
        (["--listen", "127.0.0.1:0", "--record", "/nonexistent/file"], 2, "cannot be used"),
    ],
)
def test_wrong_arguments_end_with_two(arguments, code, text):
    """A wrong start ends at once with a line that says why."""
    ended = subprocess.run(
        [sys.executable, "-m", "authz.quickstart.simulator", *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=20,
        env=dict(os.environ),
    )
    assert ended.returncode == code
    assert text in ended.stderr


def test_a_taken_port_ends_with_three(simulator):
    """A second simulator on the same port says so and ends with 3."""
    address = simulator.url.removeprefix("http://")
    ended = subprocess.run(
        [sys.executable, "-m", "authz.quickstart.simulator", "--listen", address],
        check=False,
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert (ended.returncode, ended.stdout) == (3, "")
    assert ended.stderr == f"simulator: {address} is taken; choose another with --listen\n"


@given(
    st.recursive(
        st.text(max_size=8) | st.integers(),
        lambda s: st.lists(s, max_size=3) | st.dictionaries(st.text(max_size=5), s, max_size=3),
    )
)
def test_cutting_json_loses_nothing(value):
    """Escaping keeps the value, and the pieces joined are the text, whatever the JSON."""
    for spelled in (json.dumps(value), json.dumps(value, ensure_ascii=False)):
        text = escaped(spelled)
        assert text.isascii()
        assert json.loads(text) == value
        pieces = list(cut_json(text))
        assert "".join(pieces) == text
        assert all(pieces)
