"""Streams masked: any chunking gives the same bytes, PHI leaves in no spelling, sealed values pass, faults end it."""

from __future__ import annotations

import json

import pytest
from carriage_masked import NAME, PHI, TOKEN, masked_stream, masked_transcript, masker_of
from carriage_rules import KEY, PLAIN, RESTORING, RULES, dump
from carriage_streams import (
    TEXT,
    THINKING,
    TOOL,
    TRANSCRIPTS,
    closed,
    delta,
    end,
    event,
    events,
    message,
    opened,
    start,
    text_block,
    tool_block,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from masking.errors import StreamRefused
from masking.memory import Memory
from masking.response import ResponseMasker


@pytest.mark.parametrize("name", TRANSCRIPTS)
def test_no_phi_leaves_outside_what_the_model_signed(name: str) -> None:
    """Names, numbers and dates are gone in every spelling; the SDK's view of the stream is whole."""
    seen = message(events(masked_transcript(name)))
    for block in seen["content"]:
        if block["type"] != "thinking":
            assert not any(phi in json.dumps(block, ensure_ascii=False) for phi in PHI)
    assert seen["stop_reason"] in {"end_turn", "tool_use"}


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.sampled_from(["Mrs. ", NAME, " said ", "0012-3456", "\n\n", "SSN 123-45-6789", "so it is. ", TOKEN, "é🩺"]),
        max_size=12,
    ),
    st.data(),
)
def test_upstreams_deltas_do_not_matter_either(words: list[str], data: st.DataObject) -> None:
    """However upstream cuts its text, the caller's text is that of the JSON answer with the same text."""
    text = "".join(words)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    profile = data.draw(st.sampled_from([PLAIN, RESTORING]))
    caller, record, masker = masked_stream(start() + text_block(0, *pieces) + end(), profile=profile)
    body = dump({"type": "message", "content": [{"type": "text", "text": text}], "stop_reason": "end_turn"})
    answer = ResponseMasker(RULES, profile, KEY, Memory(), {TOKEN: NAME}).message(body)
    assert message(events(caller))["content"] == json.loads(answer.caller)["content"]
    assert message(events(record))["content"] == json.loads(answer.record)["content"]
    assert (masker.units, masker.memos, masker.restored) == (answer.units, answer.memos, answer.restored)
    assert dict(masker.findings) == dict(answer.findings)


def test_sealed_values_pass_unchanged() -> None:
    """Thinking, signatures and redacted thinking arrive as they were sent, PHI or not."""
    seen = message(events(masked_transcript("thinking")))["content"]
    assert seen[0] == message(events(THINKING))["content"][0]
    assert seen[1] == {"type": "redacted_thinking", "data": "T3BhcXVlRmFrZURhdGE="}
    sent = [
        line for line in THINKING.split(b"\n") if b"_delta" in line and (b"thinking" in line or b"signature" in line)
    ]
    assert len(sent) == 3
    assert all(line in masked_transcript("thinking") for line in sent)


def test_tool_input_keeps_its_bytes_beside_leaves() -> None:
    """One delta carries the whole input; numbers, spaces and clean leaves stay as upstream wrote them."""
    deltas = [
        item["delta"]
        for item in events(masked_transcript("tool"))
        if item.get("delta", {}).get("type") == "input_json_delta"
    ]
    assert len(deltas) == 1
    assert deltas[0]["partial_json"].endswith('🩺", "slots": [1, 2.50], "urgent": false}')
    same = '{"a" :\t1.0, "b":"\\u00e9\\n" }'
    caller = masked_stream(start() + tool_block(0, *same) + end())[0]
    assert [item["delta"]["partial_json"] for item in events(caller) if "partial_json" in item.get("delta", {})] == [
        same
    ]


def test_every_cut_of_tool_input() -> None:
    """Wherever a fragment ends, also inside an escape, the caller's input parses and is the same (S08)."""
    text = '{"n": "Mrs. \\u0041d\\u0061 Loveless \\\\u0031 \\ud83e\\ude7a", "k": ["123-45-6789"]}'
    want = masked_stream(start() + tool_block(0, text) + end())[0]
    assert b"Loveless" not in want
    for cut in range(len(text)):
        assert masked_stream(start() + tool_block(0, text[:cut], text[cut:]) + end())[0] == want


@pytest.mark.parametrize("fragments", [[], [""], ["", ""]])
def test_tool_without_input(fragments: list[str]) -> None:
    """A tool call without fragments keeps the input of its start."""
    seen = message(events(masked_stream(start() + tool_block(0, *fragments) + end())[0]))
    assert seen["content"][0]["input"] == {}


@pytest.mark.parametrize("text", ['{"a":"Jane Tes', '{"a":1}x', '{"a":1,"a":2}', '{"a":"\\ud800"}', "nonsense"])
def test_tool_input_that_is_no_json_ends_the_stream(text: str) -> None:
    """Input that two parsers could read differently is never passed on, not even in part."""
    masker = masker_of()
    before = masker.feed(start() + tool_block(0, text) + end())
    assert b"partial_json" not in b"".join(item.caller for item in before)
    with pytest.raises(StreamRefused):
        masker.feed(b"")
    assert not masker.finish().complete


def test_pings_go_first_and_empty() -> None:
    """A ping leaves at once, even while text is held, and whatever it carries stays behind."""
    masker = masker_of()
    masker.feed(start() + opened(0, type="text", text="") + delta(0, "text_delta", text="Mrs. Ada"))
    (ping,) = masker.feed(b'event: content_block_delta\ndata: {"type":"ping","note":"SSN 123-45-6789"}\n\n')
    assert ping == (b'event: ping\ndata: {"type":"ping"}\n\n', b'event: ping\ndata: {"type":"ping"}\n\n', True)
    assert masker.mismatched_names == 1


def test_the_data_decides_what_an_event_is() -> None:
    """A missing or wrong `event:` name changes nothing (S04)."""
    wrong = TEXT.replace(b"event: content_block_delta", b"event: ping").replace(b"event: message_stop\n", b"")
    assert masked_stream(wrong)[0] == masked_transcript("text")


@pytest.mark.parametrize(
    "extra",
    [
        event("zz_event", note="SSN 123-45-6789", deep=[{"a": "0012-3456"}]),
        event("zz_event", **{"key CANARY1": 1}),
        delta(0, "zz_delta", note="SSN 123-45-6789"),
        delta(0, "text_delta", text="so", note="SSN 123-45-6789"),
        b": SSN 123-45-6789\n",
        b"id: 123-45-6789\nretry: 1\n",
    ],
)
def test_unknown_things_are_walked_or_dropped(extra: bytes) -> None:
    """Unknown events, deltas and keys are masked; comments and stray fields are dropped (S04)."""
    caller = masked_stream(start() + opened(0, type="text", text="") + extra + closed(0) + end())[0]
    assert not any(phi in caller for phi in (b"6789", b"0012", b"CANARY"))


@pytest.mark.parametrize(
    "pieces",
    [
        [delta(0, "zz_delta", note=piece) for piece in ("SSN 123-45", "-6789 and", " more")],
        [event("zz_event", deep={"note": piece}) for piece in ("SSN 123", "-45-6789")],
        [delta(0, "thinking_delta", thinking="x", note=piece) for piece in ("SSN 123-45", "-6789")],
        [event("message_delta", delta={}, usage={"note": piece}) for piece in ("SSN 123-45", "-6789")],
    ],
)
def test_unknown_text_in_pieces_is_read_as_a_whole(pieces: list[bytes]) -> None:
    """A value cut over unknown deltas, events or fields is found, and no event is lost."""
    data = start() + opened(0, type="text", text="") + b"".join(pieces) + closed(0) + end()
    caller = masked_stream(data)[0]
    assert b"6789" not in caller
    assert b"123" not in caller
    assert len(events(caller)) == len(events(data))
    assert masked_stream(*(data[at : at + 1] for at in range(len(data))))[0] == caller


def test_unknown_text_of_a_cut_stream_stays_behind() -> None:
    """What waits for the end of a stream is not released when there is none."""
    masker = masker_of()
    data = start() + event("zz_event", note="x") + opened(0, type="text", text="") + delta(0, "zz_delta", note="y")
    assert b"zz" not in b"".join(item.caller for item in masker.feed(data))
    assert not masker.finish().complete


def test_whole_results_in_block_start() -> None:
    """Server tool results that arrive complete are masked where they start; text there joins the text."""
    result = {"type": "bash_code_execution_result", "stdout": "SSN 123-45-6789", "stderr": "", "return_code": 0}
    block = opened(0, type="bash_code_execution_tool_result", tool_use_id="srvtoolu_01", content=result)
    caller = masked_stream(
        start()
        + block
        + closed(0)
        + opened(1, type="text", text="for Mrs. Ada Lov")
        + delta(1, "text_delta", text="eless.")
        + closed(1)
        + end()
    )[0]
    seen = message(events(caller))["content"]
    assert seen[0]["content"]["stdout"].startswith("SSN [SSN_")
    assert seen[1]["text"] == f"for Mrs. {TOKEN}."


def test_restoring_gives_the_caller_originals_and_the_record_none() -> None:
    """Placeholders of this request come back in text and stop sequences, also when cut; the record stays masked."""
    data = (
        start()
        + text_block(0, "Hello ", TOKEN[:5], TOKEN[5:], " and [NAME_AAAAAAA_AAAAAA].")
        + end("stop_sequence", TOKEN)
    )
    caller, record, masker = masked_stream(data, profile=RESTORING)
    seen = message(events(caller))
    assert seen["content"][0]["text"] == f"Hello {NAME} and [NAME_AAAAAAA_AAAAAA]."
    assert seen["stop_sequence"] == NAME
    assert NAME.encode() not in record
    assert masker.restored == 2
    assert NAME.encode() not in masked_stream(data)[0]


@pytest.mark.parametrize(
    "text",
    [
        f"see https://x.test/?q={TOKEN}",
        f"![a](https://x.test/{TOKEN})",
        f"[a](/p/{TOKEN})",
        f"www.x.test/{TOKEN}/more",
        f'<img src="{TOKEN}">',
        f"mailto:{TOKEN}",
    ],
)
@pytest.mark.parametrize("step", [1, 3, 1000])
def test_nothing_is_restored_inside_links(text: str, step: int) -> None:
    """A placeholder in a link stays a placeholder, however the text was cut; one after it is restored."""
    text += f" then {TOKEN}"
    caller = masked_stream(
        start() + text_block(0, *(text[i : i + step] for i in range(0, len(text), step))) + end(), profile=RESTORING
    )[0]
    assert message(events(caller))["content"][0]["text"].count(NAME) == 1
    assert message(events(caller))["content"][0]["text"].endswith(f" then {NAME}")


def test_nothing_is_restored_in_tool_input_and_thinking() -> None:
    """Tool input goes to another host and thinking is signed: both keep their placeholders."""
    thinking = (
        opened(0, type="thinking", thinking="", signature="") + delta(0, "thinking_delta", thinking=TOKEN) + closed(0)
    )
    caller, record, masker = masked_stream(
        start() + thinking + tool_block(1, json.dumps({"who": TOKEN})) + end(), profile=RESTORING
    )
    assert caller == record
    assert masker.restored == 0


def test_usage_and_stop_reason() -> None:
    """Token counts are cumulative and come from both events; the stop reason from the last."""
    masker = masked_stream(TOOL)[2]
    assert masker.usage == {"input_tokens": 412, "output_tokens": 38}
    assert masker.stop_reason == "tool_use"
    assert masker.complete


def test_units_and_memos_are_there_with_the_last_emission() -> None:
    """What has to be stored first is known when the emission of `message_stop` is."""
    masker = masker_of()
    *_, stop = masker.feed(TEXT)
    assert b"message_stop" in stop.caller
    assert len(masker.units) == 1
    assert len(masker.memos) == 1
