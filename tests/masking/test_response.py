"""JSON answers and errors masked, and conversations over several turns: the assistant's words come back as written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from carriage_rules import KEY, PLAIN, REDACTING, RESTORING, RULES, dump
from carriage_streams import closed as block_end
from carriage_streams import delta, end, events, message, opened, start, text_block, tool_block
from hypothesis import given, settings
from hypothesis import strategies as st

from masking.errors import StreamRefused
from masking.json_document import Document, Members
from masking.memory import Memory
from masking.placeholders import Pseudonyms
from masking.request import MaskedRequest, mask_request, outline
from masking.response import ResponseMasker

if TYPE_CHECKING:
    from collections.abc import Iterator

    from masking.profile import Profile

NAME = "Ada Loveless"
TOKEN = Pseudonyms(KEY).placeholder("NAME", NAME)


def _masker(profile: Profile = PLAIN, masked: MaskedRequest | None = None) -> ResponseMasker:
    memory, restorations = (masked.memory, masked.restorations) if masked else (Memory(), {TOKEN: NAME})
    return ResponseMasker(RULES, profile, KEY, memory, restorations)


def test_a_message_is_masked_and_the_rest_is_as_sent() -> None:
    """Only masked strings differ from upstream's bytes; the facts are read out."""
    body = (
        b'{"id": "msg_01AAAA", "content":[{"text" :"SSN 123-45-6789","type":"text"}], '
        b'"usage":{"input_tokens":7,"service_tier":"standard","x":1.5}, "stop_reason":"end_turn" }'
    )
    result = _masker().message(body)
    token = json.loads(result.caller)["content"][0]["text"].removeprefix("SSN ")
    assert result.caller == body.replace(b"123-45-6789", token.encode())
    assert result.record is result.caller
    assert (result.usage, result.stop_reason) == ({"input_tokens": 7}, "end_turn")
    assert result.findings == {"SSN": 1}
    assert [memo.upstream for memo in result.memos] == ["SSN 123-45-6789"]
    assert "6789" not in repr(result)


def test_restoring_makes_two_views() -> None:
    """The caller gets originals of this request, the record does not; links and tool input keep placeholders."""
    content = [
        {"type": "text", "text": f"{TOKEN} and https://x.test/{TOKEN}"},
        {"type": "tool_use", "id": "toolu_01", "name": "t", "input": {"who": TOKEN}},
    ]
    result = _masker(RESTORING).message(dump({"content": content, "stop_sequence": TOKEN}))
    assert json.loads(result.caller)["content"][0]["text"] == f"{NAME} and https://x.test/{TOKEN}"
    assert json.loads(result.caller)["content"][1]["input"] == {"who": TOKEN}
    assert json.loads(result.caller)["stop_sequence"] == NAME
    assert NAME.encode() not in result.record
    assert result.restored == 2


def test_units_are_what_the_echo_will_be() -> None:
    """The units of a response are the units of the next request's echo; empty text blocks do not come back."""
    content: list[dict[str, Any]] = [
        {"type": "thinking", "thinking": "hm", "signature": "c2ln"},
        {"type": "text", "text": "", "citations": None},
        {"type": "text", "text": "for Mrs. Ada Loveless", "citations": None},
        {"type": "tool_use", "id": "toolu_01", "name": "t", "input": {"a": 1.0}, "caller": {"type": "direct"}},
    ]
    result = _masker().message(dump({"content": content}))
    echo = [block for block in json.loads(result.caller)["content"] if block.get("text") != ""]
    units = outline(dump({"model": "m", "messages": [{"role": "assistant", "content": echo}]})).units
    assert result.units == tuple(unit.canonical for unit in units)


def test_facts_of_usage_hold_no_text() -> None:
    """Only known counts and stop reasons become facts; other keys and values of `usage` are masked like any text."""
    usage = {"input_tokens": 7, "é": 1, "Mrs. CANARY1": 2, "note": "SSN 123-45-6789", "output_tokens": "0012-3456"}
    result = _masker().message(dump({"content": [], "usage": usage, "stop_reason": "SSN 123-45-6789 é"}))
    assert (result.usage, result.stop_reason) == ({"input_tokens": 7}, "other")
    assert not any(phi in result.caller for phi in (b"CANARY", b"6789", b"0012"))


def test_two_thousand_keys_are_no_hardship() -> None:
    """The spans of an object's keys are looked for once in each of three views, not once per key."""
    calls = 0
    whole = Document.key_spans

    def counted(document: Document, members: Members) -> Iterator[tuple[str, tuple[int, int]]]:
        nonlocal calls
        calls += 1
        return whole(document, members)

    keys = {f"CANARY{number}": number for number in range(2000)}
    content = [{"type": "tool_use", "id": "toolu_01", "name": "t", "input": keys}]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Document, "key_spans", counted)
        result = _masker().message(dump({"content": content}))
    assert b"CANARY" not in result.caller
    assert len(json.loads(result.caller)["content"][0]["input"]) == 2000
    assert calls == 3


def test_answers_without_content() -> None:
    """A token count passes, with nothing to remember."""
    result = _masker().message(b'{"input_tokens":12}')
    assert result.caller == b'{"input_tokens":12}'
    assert (result.units, result.memos, result.stop_reason) == ((), (), None)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"a":1,"a":2}', b'{"content":[{"text":"\\ud800"}]}'])
def test_answers_that_cannot_be_read_are_refused(body: bytes) -> None:
    """What is not a strict JSON object never reaches the caller."""
    with pytest.raises(StreamRefused):
        _masker().message(body)


def test_errors_keep_their_shape() -> None:
    """An upstream error without PHI passes byte for byte, because clients match on its text."""
    body = (
        b'{"type": "error", "error": {"type": "invalid_request_error", "message": '
        b'"Invalid `signature` in `thinking` block. The block is bound to a different conversation"}, "request_id": "req_011"}'
    )
    assert _masker().error(body) == body


def test_errors_are_masked() -> None:
    """An error message may quote the request; its details too."""
    error = {"type": "invalid_request_error", "message": "near SSN 123-45-6789", "details": {"x": ["CANARY1"]}}
    seen = json.loads(_masker().error(dump({"type": "error", "error": error, "hint": "CANARY2"})))
    assert seen["error"]["type"] == "invalid_request_error"
    assert "6789" not in json.dumps(seen)
    assert "CANARY" not in json.dumps(seen)


@pytest.mark.parametrize("body", [b"", b"upstream connect error, SSN 123-45-6789", b"<html>", b"[1]", b'"123-45-6789"'])
def test_errors_that_are_no_json(body: bytes) -> None:
    """Anything else becomes one fixed error of Anthropic's shape."""
    seen = json.loads(_masker().error(body))
    assert seen["type"] == "error"
    assert seen["error"]["type"] == "api_error"
    assert "6789" not in json.dumps(seen)


# Conversations. `said` is what upstream writes; the caller echoes what it saw of it.

WORDS = [
    "Mrs. Ada Loveless",
    "Loveless",
    TOKEN,
    "SSN 123-45-6789",
    "so",
    "patient Bo Quill",
    "Quill",
    "0012-3456",
    "\n\n",
]
PHRASES = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join)
BLOCKS = st.one_of(
    PHRASES.map(lambda text: {"type": "text", "text": text}),
    st.dictionaries(st.sampled_from(["a", "b"]), PHRASES | st.lists(PHRASES, max_size=2), max_size=2).map(
        lambda given: {"type": "tool_use", "id": "toolu_01", "name": "book", "input": given}
    ),
)
TURNS = st.lists(st.tuples(PHRASES, st.lists(BLOCKS, min_size=1, max_size=3)), min_size=2, max_size=4)


def _stream_of(content: list[dict[str, Any]], step: int) -> bytes:
    out = start()
    for index, block in enumerate(content):
        if block["type"] == "text":
            text = block["text"]
            out += text_block(index, *(text[i : i + step] for i in range(0, len(text), step)))
        else:
            fragments = json.dumps(block["input"])
            out += tool_block(index, *(fragments[i : i + step] for i in range(0, len(fragments), step)))
    return out + end()


def _normal(content: Any) -> Any:
    """Return blocks without the ids that a stream's transcript makes up."""
    return [{key: value for key, value in block.items() if key not in {"id", "name"}} for block in content]


@settings(deadline=None, max_examples=80)
@given(TURNS, st.sampled_from([PLAIN, RESTORING, REDACTING]), st.sampled_from([0, 1, 5]))
def test_conversations_keep_their_masked_prefix(turns: Any, profile: Profile, step: int) -> None:
    """Over several turns, streamed or not, restoring or not: the prefix upstream sees never changes.

    The assistant's turns come back upstream exactly as upstream wrote them.
    """
    caller: list[dict[str, Any]] = []
    upstream: list[dict[str, Any]] = []
    memos: dict[tuple[int, str], str] = {}
    for asked, said in turns:
        caller.append({"role": "user", "content": asked})
        body = dump({"model": "m", "system": "You treat Mrs. Ada Loveless.", "messages": caller})
        masked = mask_request(body, RULES, profile, KEY, new_units=frozenset(), memos=memos)
        assert not masked.blocked
        sent = json.loads(masked.body)["messages"]
        for was, now in zip(upstream, sent, strict=False):
            assert (
                now["content"] == was["content"] if was["role"] == "user" else _normal(now["content"]) == was["content"]
            )
        first = len(outline(body).units)
        masker = _masker(profile, masked)
        if step:
            stream = masker.stream()
            emissions = stream.feed(_stream_of(said, step))
            seen = message(events(b"".join(item.caller for item in emissions)))["content"]
            entries = stream.memos
        else:
            result = masker.message(dump({"content": said}))
            seen, entries = json.loads(result.caller)["content"], result.memos
        memos |= {(first, entry.digest): entry.upstream for entry in entries}
        upstream = [*sent[: len(upstream)], sent[-1], {"role": "assistant", "content": _normal(said)}]
        upstream = [
            {**turn, "content": turn["content"] if turn["role"] == "user" else _normal(turn["content"])}
            for turn in upstream
        ]
        caller.append({"role": "assistant", "content": seen})


def test_what_upstream_wrote_comes_back_from_citations_too() -> None:
    """A masked citation in the caller's echo goes upstream as upstream wrote it."""
    citation = {"type": "char_location", "cited_text": "SSN 123-45-6789", "document_index": 0}
    stream = _masker().stream()
    data = start() + opened(0, type="text", text="", citations=[]) + delta(0, "citations_delta", citation=citation)
    data += delta(0, "text_delta", text="so") + block_end(0) + end()
    seen = message(events(b"".join(item.caller for item in stream.feed(data))))["content"]
    assert "6789" not in json.dumps(seen)
    memos = {(0, memo.digest): memo.upstream for memo in stream.memos}
    body = dump({"model": "m", "messages": [{"role": "assistant", "content": seen}]})
    masked = mask_request(body, RULES, PLAIN, KEY, new_units=frozenset(), memos=memos)
    assert json.loads(masked.body)["messages"][0]["content"][0]["citations"] == [citation]
