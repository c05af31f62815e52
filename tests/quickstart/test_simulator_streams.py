"""The simulator's streams on the wire: their grammar, how they are cut, and how they break."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import socket
import time

import anthropic
import pytest
from simulator_calls import HEADERS, TOOL_JSON, ask, deltas_of, document, events_of, post


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
