"""Streams at their bounds: what each fault says, what leaves at once, and the turn that the next request will echo."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from carriage_rules import KEY, PLAIN, RESTORING, RULES, dump
from carriage_streams import closed, delta, end, event, events, message, opened, start, text_block, tool_block

from masking import stream, stream_blocks
from masking.errors import StreamRefused
from masking.memory import Memory
from masking.placeholders import Pseudonyms
from masking.response import ResponseMasker
from masking.sse import error_frame

if TYPE_CHECKING:
    from masking.profile import Profile
    from masking.stream import StreamMasker

NAME = "Ada Loveless"
TOKEN = Pseudonyms(KEY).placeholder("NAME", NAME)
CALM = "all is well so far, and nothing more is to come of it.\n\n" * 4
OPEN_TEXT = start() + opened(0, type="text", text="")


def _responses(profile: Profile = PLAIN) -> ResponseMasker:
    return ResponseMasker(RULES, profile, KEY, Memory(), {TOKEN: NAME})


def _run(data: bytes, profile: Profile = PLAIN) -> tuple[bytes, StreamMasker]:
    masker = _responses(profile).stream()
    emissions = masker.feed(data)
    assert masker.finish().complete
    return b"".join(item.caller for item in emissions), masker


def _raw(data: bytes) -> bytes:
    return b"event: content_block_delta\ndata: " + data + b"\n\n"


FAULTS = {
    "no block": (start() + delta(0, "text_delta", text="x"), "event for a block that is not open"),
    "no block, other kind": (start() + delta(0, "zz_delta"), "event for a block that is not open"),
    "closed block": (OPEN_TEXT + closed(0) + closed(0), "event for a block that is not open"),
    "no delta": (OPEN_TEXT + event("content_block_delta", index=0), "delta without a type"),
    "delta is a string": (OPEN_TEXT + event("content_block_delta", index=0, delta="x"), "delta without a type"),
    "delta without type": (OPEN_TEXT + event("content_block_delta", index=0, delta={}), "delta without a type"),
    "no text": (OPEN_TEXT + delta(0, "text_delta"), "delta without its text"),
    "text is a number": (OPEN_TEXT + delta(0, "text_delta", text=1), "delta without its text"),
    "no partial_json": (OPEN_TEXT + delta(0, "input_json_delta"), "delta without its text"),
    "half a surrogate pair": (
        OPEN_TEXT + _raw(b'{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"\\ud800"}}'),
        "text is not UTF-8",
    ),
    "no index": (OPEN_TEXT + event("content_block_stop"), "event without an index"),
    "index is a word": (OPEN_TEXT + event("content_block_stop", index="0"), "event without an index"),
    "index is long": (OPEN_TEXT + event("content_block_stop", index=1_000_000), "event without an index"),
    "no type": (start() + b"data: {}\n\n", "event without a type"),
    "type is no word": (start() + b'data: {"type":"Zz"}\n\n', "event without a type"),
    "an array": (start() + b"data: []\n\n", "event without a type"),
    "no JSON": (start() + b"data: x\n\n", "event is not JSON: syntax"),
    "block twice": (OPEN_TEXT + opened(0, type="text", text=""), "block out of order"),
    "block too far": (start() + opened(1, type="text", text=""), "block out of order"),
    "block is a string": (start() + event("content_block_start", index=0, content_block="x"), "block is not an object"),
    "stop inside a block": (OPEN_TEXT + end(), "message_stop inside a block"),
    "tool input": (start() + tool_block(0, "{") + end(), "tool input is not JSON: syntax"),
}


@pytest.mark.parametrize(("data", "reason"), FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_names_its_reason(data: bytes, reason: str) -> None:
    """What breaks a rule is named by a fixed text, and what came before it was released first."""
    masker = _responses().stream()
    assert masker.feed(data)
    with pytest.raises(StreamRefused) as caught:
        masker.feed(b"")
    assert str(caught.value) == reason
    assert masker.finish().emissions == []


@pytest.mark.parametrize("pieces", [1, 4])
def test_tool_input_up_to_its_bound(monkeypatch: pytest.MonkeyPatch, pieces: int) -> None:
    """Input of exactly the bound passes, whole or in pieces; with one character more nothing of it does."""
    text = '{"a": "0123456"}'
    step = len(text) // pieces
    fragments = [text[at : at + step] for at in range(0, len(text), step)]
    monkeypatch.setattr(stream_blocks, "INPUT_LIMIT", len(text))
    assert message(events(_run(start() + tool_block(0, *fragments) + end())[0]))["content"][0]["input"] == {
        "a": "0123456"
    }
    masker = _responses().stream()
    assert b"0123456" not in b"".join(item.caller for item in masker.feed(start() + tool_block(0, *fragments, " ")))
    with pytest.raises(StreamRefused, match=r"^tool input too large$"):
        masker.feed(b"")


@pytest.mark.parametrize(
    "spelled",
    [
        b'{"index":0,"type":"content_block_delta","delta":{"text":"for Mrs. Ada Loveless.","type":"text_delta"}}',
        b'{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"for Mrs. Ada Loveless.","n":1}}',
        b'{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"for Mrs. Ada Loveles\\u0073."}}',
    ],
)
def test_a_text_delta_in_any_spelling(spelled: bytes) -> None:
    """Key order, more keys and escapes make no difference to the text that leaves, nor to when it leaves."""
    piece = _raw(spelled.replace(b"for Mrs", json.dumps(CALM)[1:-1].encode() + b"for Mrs"))
    begun = _responses().stream()
    begun.feed(OPEN_TEXT)
    assert b"all is well" in b"".join(item.caller for item in begun.feed(piece))
    seen = message(events(_run(OPEN_TEXT + piece + closed(0) + end())[0]))
    assert seen["content"][0]["text"] == f"{CALM}for Mrs. {TOKEN}."


@pytest.mark.parametrize(
    "known",
    [
        event("message_delta", delta={"stop_reason": "end_turn", "stop_sequence": "SSN 123-45-6789"}),
        delta(0, "thinking_delta", thinking="so it is"),
        delta(0, "signature_delta", signature="RmFrZQ=="),
        delta(0, "citations_delta", citation={"type": "char_location", "cited_text": "x"}),
    ],
)
def test_what_the_table_knows_leaves_at_once(known: bytes) -> None:
    """An event whose every text has its place waits for nothing."""
    masker = _responses().stream()
    masker.feed(start() + opened(0, type="thinking", thinking="", signature=""))
    (emission,) = masker.feed(known)
    assert b"6789" not in emission.caller
    assert (
        json.loads(emission.caller.partition(b"data: ")[2]).keys() == json.loads(known.partition(b"data: ")[2]).keys()
    )


TURNS: dict[str, tuple[bytes, dict[str, Any]]] = {
    "thinking": (
        opened(0, type="thinking", thinking='Fi"', signature="")
        + delta(0, "thinking_delta", thinking="rst\n")
        + delta(0, "thinking_delta", thinking="part")
        + delta(0, "signature_delta", signature="T2xk")
        + delta(0, "signature_delta", signature="TmV3")
        + closed(0),
        {"type": "thinking", "thinking": 'Fi"rst\npart', "signature": "TmV3"},
    ),
    "thinking that starts without its fields": (
        opened(0, type="thinking")
        + delta(0, "thinking_delta", thinking="all")
        + delta(0, "signature_delta", signature="TmV3")
        + closed(0),
        {"type": "thinking", "thinking": "all", "signature": "TmV3"},
    ),
    "compaction": (
        opened(0, type="compaction", content=None, encrypted_content=None)
        + delta(0, "compaction_delta", content="Old words", encrypted_content="T2xk")
        + delta(0, "compaction_delta", content="New words", encrypted_content="TmV3")
        + closed(0),
        {"type": "compaction", "content": "New words", "encrypted_content": "TmV3"},
    ),
    "citations that wait": (
        opened(0, type="text", text="", citations=[])
        + delta(0, "citations_delta", citation={"type": "char_location", "cited_text": "a", "zz": "new"})
        + delta(0, "citations_delta", citation={"type": "char_location", "cited_text": "b"})
        + delta(0, "text_delta", text="so")
        + closed(0),
        {
            "type": "text",
            "text": "so",
            "citations": [
                {"type": "char_location", "cited_text": "b"},
                {"type": "char_location", "cited_text": "a", "zz": "new"},
            ],
        },
    ),
    "citations that start without their field": (
        opened(0, type="text", text="")
        + delta(0, "citations_delta", citation={"type": "char_location", "cited_text": "a"})
        + delta(0, "text_delta", text="so")
        + closed(0),
        {"type": "text", "text": "so", "citations": [{"type": "char_location", "cited_text": "a"}]},
    ),
    "citations after the first": (
        opened(0, type="text", text="", citations=[{"type": "char_location", "cited_text": "a"}])
        + delta(0, "citations_delta", citation={"type": "char_location", "cited_text": "b"})
        + delta(0, "text_delta", text="so")
        + closed(0),
        {
            "type": "text",
            "text": "so",
            "citations": [
                {"type": "char_location", "cited_text": "a"},
                {"type": "char_location", "cited_text": "b"},
            ],
        },
    ),
    "tool input": (
        tool_block(0, '{"a": ', "[1.50]}"),
        {"type": "tool_use", "id": "toolu_01Fake0", "name": "book_visit", "input": {"a": [1.5]}},
    ),
}


@pytest.mark.parametrize(("block", "whole"), TURNS.values(), ids=TURNS.keys())
def test_the_turn_is_that_of_the_same_answer_in_json(block: bytes, whole: dict[str, Any]) -> None:
    """Units and memos of a streamed block are those of the block that its deltas add up to."""
    masker = _run(start() + block + end())[1]
    answer = _responses().message(dump({"type": "message", "content": [whole], "stop_reason": "end_turn"}))
    assert len(masker.units) == 1
    assert (masker.units, masker.memos) == (answer.units, answer.memos)


def test_restored_placeholders_add_up_over_blocks() -> None:
    """What was restored counts in every block."""
    data = start() + text_block(0, f"{TOKEN} and {TOKEN}.") + text_block(1, f"So {TOKEN}.") + end()
    assert _run(data, RESTORING)[1].restored == 3


@pytest.mark.parametrize("data", [b"", OPEN_TEXT + delta(0, "text_delta", text="Mrs. Ada")])
@pytest.mark.parametrize("request_id", [None, "req_1"])
def test_a_truncated_stream_ends_in_one_error_event(data: bytes, request_id: str | None) -> None:
    """Upstream's early end becomes one error event in the API's shape, for caller and record; asking again adds none."""
    masker = _responses().stream()
    masker.feed(data)
    last = masker.finish() if request_id is None else masker.finish(request_id)
    frame = error_frame("api_error", "upstream_truncated", "The upstream response ended early.", request_id or "")
    assert last == ([(frame, frame, False)], False)
    assert last.complete is False
    assert masker.finish() == ([], False)


def test_events_that_waited_keep_their_places() -> None:
    """Text that the table knows is treated as such, also in an event that waits for the end with text it does not."""
    waiting = event("message_delta", delta={"stop_reason": "stop_sequence", "stop_sequence": TOKEN, "zz": TOKEN})
    data = start() + text_block(0, "So.") + waiting + event("message_stop")
    caller = events(_run(data, RESTORING)[0])
    assert caller[-2]["delta"] == {"stop_reason": "stop_sequence", "stop_sequence": NAME, "zz": TOKEN}


def test_text_of_a_block_start_leaves_at_once() -> None:
    """Text that comes with the start of its block leaves as it settles, as text of deltas does."""
    masker = _responses().stream()
    released = b"".join(item.caller for item in masker.feed(start() + opened(0, type="text", text=CALM)))
    assert json.loads(released.split(b"data: ")[2].partition(b"\n")[0])["content_block"]["text"] == ""
    assert b"all is well" in released


def test_blocks_up_to_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many blocks as the bound pass, and one more is refused."""
    monkeypatch.setattr(stream, "BLOCKS_LIMIT", 2)
    blocks = text_block(0, "a") + text_block(1, "b")
    assert _run(start() + blocks + end())[1].complete
    masker = _responses().stream()
    masker.feed(start() + blocks + text_block(2, "c"))
    with pytest.raises(StreamRefused, match=r"^block out of order$"):
        masker.feed(b"")
