"""Whole streams against an oracle, and against themselves: no cut of the bytes changes a byte that leaves."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from carriage_rules import KEY, PLAIN, RESTORING, RULES
from carriage_streams import PING, TRANSCRIPTS, closed, delta, end, event, opened, start, text_block, tool_block
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import Oracle, answer, stream_events

from masking.errors import StreamRefused
from masking.memory import Memory
from masking.placeholders import Pseudonyms
from masking.response import ResponseMasker
from masking.restoration import WINDOW
from masking.seams import REACH
from masking.text import SegmentFold

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from masking.profile import Profile
    from masking.stream import StreamMasker

NAME = "Ada Loveless"
TOKEN = Pseudonyms(KEY).placeholder("NAME", NAME)
ORIGINALS = {TOKEN: NAME}

HELD_AT_MOST = 4096 + 512 + 64 + REACH + 70
"""Code points: a run, what decides its cut, a token, the beginning behind a text block, an unfinished placeholder."""

SERVER = (
    start()
    + opened(0, type="server_tool_use", id="srvtoolu_01", name="bash_code_execution", input={})
    + delta(0, "input_json_delta", partial_json='{"command": "grep 0012-')
    + PING
    + delta(0, "input_json_delta", partial_json='3456 \\"\\u0043ANARY7\\""}')
    + closed(0)
    + opened(
        1,
        type="bash_code_execution_tool_result",
        tool_use_id="srvtoolu_01",
        content={
            "type": "bash_code_execution_result",
            "stdout": "MRN 0012-3456\nCANARY8",
            "stderr": "",
            "return_code": 0,
            "content": [],
        },
    )
    + closed(1)
    + opened(
        2,
        type="mcp_tool_result",
        tool_use_id="mcptoolu_01",
        is_error=False,
        content=[{"type": "text", "text": "seen Mrs. Ada Loveless"}],
    )
    + closed(2)
    + text_block(3, "Loveless", " has MRN 0012", "-3456, so.")
    + end()
)
RESTORED = (
    start()
    + text_block(0, "Dear ", TOKEN[:7], TOKEN[7:], ", not [NAME_AAAAAAA_AAA", "AAA] nor [NAME_AAA.")
    + tool_block(1, '{"to": "', TOKEN, '"}')
    + end("stop_sequence", TOKEN)
)
COMPACTION = (
    start()
    + opened(0, type="compaction", content=None, encrypted_content=None)
    + delta(0, "compaction_delta", content="said 123-45-6789", encrypted_content="b3BhcXVl")
    + closed(0)
    + text_block(1, "So it ", "is.")
    + end("compaction")
)
OVERLAPPING = (
    start()
    + opened(0, type="text", text="")
    + delta(0, "text_delta", text="for Marisol Fict")
    + opened(1, type="tool_use", id="toolu_01", name="book", input={})
    + delta(1, "input_json_delta", partial_json='{"n": "CANA')
    + delta(0, "text_delta", text="icia, MRN 0012")
    + delta(1, "input_json_delta", partial_json='RY9"}')
    + closed(1)
    + delta(0, "text_delta", text="-3456, seen.")
    + closed(0)
    + end("tool_use")
)
STREAMS = {
    **TRANSCRIPTS,
    "server": SERVER,
    "restored": RESTORED,
    "compaction": COMPACTION,
    "overlapping": OVERLAPPING,
}


def _masker(profile: Profile) -> StreamMasker:
    return ResponseMasker(RULES, profile, KEY, Memory(), ORIGINALS).stream()


def _through(chunks: Iterable[bytes], profile: Profile = RESTORING) -> tuple[bytes, bytes]:
    """Return the caller's bytes and the record of a stream that has to be whole."""
    masker = _masker(profile)
    emissions = [emission for chunk in chunks for emission in masker.feed(chunk)]
    assert masker.finish() == ([], True)
    return b"".join(item.caller for item in emissions), b"".join(item.record for item in emissions)


def _pour(masker: StreamMasker, chunks: list[bytes], out: list[bytes]) -> None:
    for chunk in chunks:
        out.extend(item.caller for item in masker.feed(chunk))


@cache
def _whole(name: str, profile_name: str = "restoring") -> tuple[bytes, bytes]:
    return _through([STREAMS[name]], RULES.profile(profile_name))


def _parts(data: bytes, cuts: Sequence[int]) -> list[bytes]:
    return [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]


@pytest.mark.parametrize("name", STREAMS)
def test_every_cut_in_two(name: str) -> None:
    """Cut at every single byte (our own streams at every fifth), the caller's bytes and the record are those of the whole stream (S06, S08)."""
    data = STREAMS[name]
    step = 1 if name in TRANSCRIPTS else 5
    different = [cut for cut in range(1, len(data), step) if _through([data[:cut], data[cut:]]) != _whole(name)]
    assert different == []


@pytest.mark.parametrize("name", STREAMS)
@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_small_chunks(name: str, size: int) -> None:
    """Byte by byte, and in other small steps, with and without restoring: the same bytes leave."""
    data = STREAMS[name]
    chunks = [data[at : at + size] for at in range(0, len(data), size)]
    assert _through(chunks) == _whole(name)
    assert _through(chunks, PLAIN) == _whole(name, "plain")


@settings(deadline=None, max_examples=80)
@given(st.sampled_from(sorted(STREAMS)), st.data())
def test_random_cuts_line_ends_and_comments(name: str, data: st.DataObject) -> None:
    """Any number of cuts, any line ends, comments between events, a byte order mark: the same bytes leave."""
    stream = STREAMS[name].replace(b"\n\n", data.draw(st.sampled_from([b"\n\n", b"\n: SSN 123-45-6789\n\n"])))
    stream = data.draw(st.sampled_from([b"", b"\xef\xbb\xbf"])) + stream
    stream = stream.replace(b"\n", data.draw(st.sampled_from([b"\n", b"\r\n", b"\r"])))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=20)))
    assert _through(_parts(stream, cuts)) == _whole(name)


@pytest.mark.parametrize("name", [name for name in STREAMS if name != "overlapping"])
def test_streams_against_the_oracle(name: str) -> None:
    """What the caller and the record hold is what the oracle makes of the whole message, blocks that start whole too."""
    sent = answer(stream_events(STREAMS[name]))
    record, caller = Oracle(RULES, KEY, ORIGINALS).content(sent["content"])
    out = _whole(name)
    assert answer(stream_events(out[0]))["content"] == caller
    assert answer(stream_events(out[1]))["content"] == record
    assert answer(stream_events(_whole(name, "plain")[0]))["content"] == record


def test_overlapping_blocks_are_kept_apart() -> None:
    """Blocks may overlap: the deltas of each belong to it, whatever comes between them."""
    sent = answer(stream_events(OVERLAPPING))["content"]
    seen = answer(stream_events(_whole("overlapping")[0]))["content"]
    assert seen == [Oracle(RULES, KEY).block(block) for block in sent]
    assert [item.get("index") for item in stream_events(_whole("overlapping")[0])].count(1) == 3


TEXTS = st.lists(
    st.sampled_from([
        "Mrs. Ada Loveless", "Loveless", "0012-3456", "SSN 123-45-6789", " CANARY5 ", TOKEN, TOKEN[:9], "[", "]", "{}",
        " so ", "it is. ", "\n\n", "é", "🩺", "'s", ",", '"', "\x7f", " ", "x", "The entire chart",
    ]),
    max_size=14,
).map("".join)  # fmt: skip
KEYS = st.sampled_from(["a", "b", "é", "note", "CANARY3", "MRN 0012-3456", "", "\\", '"', "\n"])
TREES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 10**20) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
INPUTS = st.dictionaries(KEYS, TREES, max_size=4)
BLOCKS = st.lists(
    TEXTS.map(lambda text: {"type": "text", "text": text})
    | INPUTS.map(lambda given: {"type": "tool_use", "id": "toolu_01", "name": "book", "input": given}),
    min_size=1,
    max_size=4,
)


def _apart(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return blocks in which no two texts are neighbours; test_seams has those."""
    kept = [
        block
        for number, block in enumerate(blocks)
        if not (number and block["type"] == blocks[number - 1]["type"] == "text")
    ]
    return kept if len(kept) == len(blocks) else _apart(kept)


@settings(deadline=None, max_examples=150)
@given(BLOCKS.map(_apart), st.integers(1, 40), st.booleans(), st.sampled_from([PLAIN, RESTORING]))
def test_random_answers_against_the_oracle(
    blocks: list[dict[str, Any]], step: int, ascii_only: bool, profile: Profile
) -> None:
    """Random texts and tool inputs, escaped or not, in deltas of any size: the oracle's text, and no canary at all."""
    sent = start()
    for index, block in enumerate(blocks):
        if block["type"] == "text":
            text = block["text"]
            sent += text_block(index, *(text[at : at + step] for at in range(0, len(text), step)))
        else:
            text = json.dumps(block["input"], ensure_ascii=ascii_only)
            sent += opened(index, type="tool_use", id="toolu_01", name="book", input={})
            for at in range(0, len(text), step):
                sent += delta(index, "input_json_delta", partial_json=text[at : at + step])
            sent += closed(index)
    out = _through([sent + end()], profile)
    record, caller = Oracle(RULES, KEY, ORIGINALS if profile.restore else None).content(blocks)
    assert answer(stream_events(out[0]))["content"] == caller
    assert answer(stream_events(out[1]))["content"] == record
    assert b"CANARY" not in out[0] + out[1]


@settings(deadline=None, max_examples=60)
@given(st.lists(TEXTS, max_size=8), st.sampled_from([PLAIN, RESTORING]))
def test_what_has_settled_has_left(pieces: list[str], profile: Profile) -> None:
    """After every delta, all that the fold calls settled is out, and nothing more: a silence has nothing to flush."""
    masker = _masker(profile)
    masker.feed(start() + opened(0, type="text", text=""))
    fold, oracle = SegmentFold(RULES, profile.names, Memory()), Oracle(RULES, KEY, ORIGINALS)
    settled = out = ""
    for piece in pieces:
        for segment in fold.feed(piece):
            at = 0
            for finding in segment.findings:
                value = segment.text[finding.start : finding.end]
                settled += segment.text[at : finding.start] + oracle.placeholder(finding.identifier, value)
                at = finding.end
            settled += segment.text[at:]
        emissions = masker.feed(delta(0, "text_delta", text=piece)) if piece else []
        out += "".join(item["delta"]["text"] for item in stream_events(b"".join(item.record for item in emissions)))
        assert settled.startswith(out)
        waiting = settled.removeprefix(out)
        assert waiting == "" or (profile.restore and waiting[0] == "[" and len(waiting) < 70)


@pytest.mark.parametrize(
    "piece",
    ["word ", "Name ", "0012-3456 ", "x", "Q", "7", "(", "\n", "Mrs. Ada\n", "é", "[", "[NAME_", "- A b\n", "a,b;C "],
)
@pytest.mark.parametrize("size", [11, 900])
def test_a_stalled_stream_holds_a_bounded_tail(piece: str, size: int) -> None:
    """Whatever text comes, in deltas of any size, what a stalled stream holds back stays under a fixed bound."""
    masker = _masker(RESTORING)
    masker.feed(start() + opened(0, type="text", text="so "))
    text = piece * (7_000 // len(piece))
    sent = seen = longest = 0
    for at in range(0, len(text), size * 16):
        for start_at in range(at, min(at + size * 16, len(text)), size):
            part = text[start_at : start_at + size]
            sent += len(part)
            for emission in masker.feed(delta(0, "text_delta", text=part)):
                for item in stream_events(emission.record):
                    seen += _length(item["delta"]["text"])
        longest = max(longest, sent + 3 - seen)
    assert longest <= HELD_AT_MOST


def _length(masked: str) -> int:
    """Return how much of upstream's text a masked text stands for, where every value in it is `0012-3456` or `Ada`."""
    return len(masked) - sum(
        len(part) - (9 if part.startswith("[MRN") else 3)
        for part in masked.replace("]", "]\0").replace("[MRN", "\0[MRN").replace("[NAME", "\0[NAME").split("\0")
        if part.startswith(("[MRN_", "[NAME_")) and part.endswith("]")
    )


def test_a_neighbour_waits_for_its_beginning_only() -> None:
    """Text behind a text block waits for `REACH` code points, and not at all where nothing can go over the border."""
    masker = _masker(PLAIN)
    masker.feed(start() + text_block(0, "as we said before ") + opened(1, type="text", text=""))
    prose = "it is so and that was all there was to say about it at the time "
    assert masker.feed(delta(1, "text_delta", text=prose[: REACH - 1])) == []
    assert masker.feed(delta(1, "text_delta", text=prose * 4)) != []
    masker.feed(closed(1) + opened(2, type="text", text=""))
    assert masker.feed(delta(2, "text_delta", text="\n" + prose)) != []


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_cut_anywhere_ends_in_an_error(name: str) -> None:
    """Ending early at any event, only whole and judged frames are out, and the end says so (S10)."""
    data = STREAMS[name]
    for cut in [at for at in range(len(data)) if data.startswith(b"\n\n", at)][:-1]:
        masker = _masker(RESTORING)
        out = b"".join(item.caller for item in masker.feed(data[: cut + 1]))
        assert _whole(name)[0].startswith(out)
        last = masker.finish()
        assert not last.complete
        assert [item["type"] for item in stream_events(last.emissions[0].caller)] == ["error"]


@pytest.mark.parametrize("name", STREAMS)
def test_a_fault_anywhere_releases_nothing_after_it(name: str) -> None:
    """Garbage after any event ends the stream there: what was due before it is out, nothing else, in any chunking."""
    data = STREAMS[name]
    for cut in [at + 2 for at in range(len(data)) if data.startswith(b"\n\n", at)][:-1:3]:
        broken = data[:cut] + b"data: {]\n\n" + data[cut:]
        outs = set()
        for size in (len(broken), 97):
            masker = _masker(RESTORING)
            out: list[bytes] = []
            with pytest.raises(StreamRefused):
                _pour(masker, [broken[at : at + size] for at in range(0, len(broken) + size, size)], out)
            outs.add(b"".join(out))
        assert len(outs) == 1
        assert _whole(name)[0].startswith(outs.pop())


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=60), st.sampled_from([b"", b"data: ", b"event: ping\ndata: "]), st.integers(0, 10))
def test_any_bytes_give_frames_or_a_refusal(junk: bytes, prefix: bytes, cut: int) -> None:
    """Arbitrary bytes never raise anything but a refusal, and never leave as they came."""
    masker = _masker(PLAIN)
    data = start() + prefix + b"CANARY1" + junk + b"\n\n"
    out = b""
    try:
        for chunk in (data[:-cut], data[-cut:], b""):
            out += b"".join(item.caller for item in masker.feed(chunk))
    except StreamRefused:
        pass
    assert b"CANARY" not in out + b"".join(item.caller for item in masker.finish().emissions)


def test_window_is_larger_than_a_link_needs() -> None:
    """The oracle restores without looking for links; the texts above hold none."""
    assert WINDOW >= 2048
    assert not any(mark in b"".join(STREAMS.values()) for mark in (b"](", b"href"))
    assert event("ping") == PING
