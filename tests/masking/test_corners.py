"""Corners of the carriage that only odd input reaches: each is refused, or read like anything else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from carriage_rules import KEY, PLAIN, RULES, dump

from masking.echo import Echo, foresee
from masking.errors import BodyRefused, StreamRefused
from masking.memory import Memory
from masking.placeholders import Pseudonyms, entity_of
from masking.replacement import Replacement
from masking.request import mask_request, outline
from masking.response import ResponseMasker

pytestmark = pytest.mark.usefixtures("each_reader")


def _request(**top: Any) -> dict[str, Any]:
    return {"model": "m", "messages": [], **top}


def test_a_masked_key_never_stands_twice() -> None:
    """An answer in which a masked key would meet its own placeholder is refused: two parsers could read it differently."""
    token = Pseudonyms(KEY).placeholder("OTHER_ID", "CANARY7")
    call = {"type": "tool_use", "id": "toolu_01", "name": "t", "input": {"CANARY7": 1, token: 2}}
    with pytest.raises(StreamRefused):
        ResponseMasker(RULES, PLAIN, KEY, Memory(), {}).message(dump({"content": [call]}))


@pytest.mark.parametrize(("upstream", "caller"), [(b"{}", b"[]"), (b"[]", b"{}")])
def test_content_that_is_no_array_has_no_echo(upstream: bytes, caller: bytes) -> None:
    """Only blocks come back: anything else is foreseen as nothing."""
    replacement = Replacement(RULES, "strict", PLAIN.request_operator, Pseudonyms(KEY), Memory())
    assert foresee(upstream, caller, replacement, KEY, unknown_blocks=True) == Echo()


@pytest.mark.parametrize("identifier", ["PHONE", "SSN"])
def test_a_number_without_digits_has_an_entity(identifier: str) -> None:
    """A numeric identifier spelled in words is told apart by its words."""
    assert entity_of(identifier, "five five five") == "fivefivefive"


@pytest.mark.parametrize(
    "schema", ["see CANARY1", ["see CANARY1"], {"properties": "see CANARY1"}, {"$defs": ["see CANARY1"]}]
)
def test_schemas_of_the_wrong_type_are_read(schema: Any) -> None:
    """A schema that is a string or an array, or whose names are, hides nothing: PHI refuses the request."""
    body = dump(_request(tools=[{"name": "t", "input_schema": schema}]))
    assert mask_request(body, RULES, PLAIN, KEY, new_units=frozenset()).blocked


def test_tool_changes_in_what_is_signed_are_gathered() -> None:
    """Tools that a compaction block adds count among the tools of the request, however deep they stand."""
    change = {
        "type": "tool_addition",
        "tool": {"type": "tool_definition", "definition": {"name": "late", "type": "zz"}},
    }
    block = {"type": "compaction", "content": "so", "tool_changes": [1, change]}
    described = outline(dump(_request(messages=[{"role": "assistant", "content": [block]}])))
    assert described.tool_names == ("late",)
    assert "zz" in described.tool_types


@pytest.mark.parametrize("messages", [[1], ["x"], [[]]])
def test_messages_that_are_no_objects_are_refused(messages: Any) -> None:
    """A message has to be an object."""
    with pytest.raises(BodyRefused):
        outline(dump(_request(messages=messages)))


def test_long_arrays_of_numbers_are_one_unit_however_they_are_spelled() -> None:
    """Arrays longer than a batch have one canonical form for equal numbers."""

    def canonical(text: str) -> bytes:
        call = f'{{"type":"tool_use","id":"toolu_01","name":"t","input":{{"n":[{text}]}}}}'
        return (
            outline(f'{{"model":"m","messages":[{{"role":"assistant","content":[{call}]}}]}}'.encode())
            .units[0]
            .canonical
        )

    numbers = [*range(3000)]
    plain = ",".join(map(str, numbers))
    assert canonical(plain) == canonical(" , ".join(f"{number}.0" for number in numbers))
    assert canonical(plain) != canonical(plain[:-1] + "8")


def test_an_answer_with_more_blocks_than_any_has_is_refused() -> None:
    """Blocks keep state to the end, so their number is bounded."""
    masker = ResponseMasker(RULES, PLAIN, KEY, Memory(), {}).stream()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("masking.stream.BLOCKS_LIMIT", 2)
        events = [{"type": "message_start", "message": {"content": []}}]
        events += [
            {"type": "content_block_start", "index": index, "content_block": {"type": "text", "text": ""}}
            for index in range(3)
        ]
        sent = b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events)
        assert len(masker.feed(sent)) == 3
        with pytest.raises(StreamRefused, match="order"):
            masker.feed(b"")


def test_a_delta_of_a_block_that_never_was_is_refused() -> None:
    """Text for a block that is not open is no text of this answer."""
    masker = ResponseMasker(RULES, PLAIN, KEY, Memory(), {}).stream()
    delta = {"type": "content_block_delta", "index": 7, "delta": {"type": "text_delta", "text": "x"}}
    with pytest.raises(StreamRefused, match="not open"):
        masker.feed(b"data: " + json.dumps(delta).encode() + b"\n\n")


def _frames(*sent: dict[str, Any]) -> bytes:
    return b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in sent)


def test_a_response_is_bounded() -> None:
    """A stream that goes on for ever is refused at its limit."""
    masker = ResponseMasker(RULES, PLAIN, KEY, Memory(), {}).stream()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("masking.stream.RESPONSE_LIMIT", 40)
        assert masker.feed(_frames({"type": "ping"}, {"type": "ping"}, {"type": "ping"}))
        with pytest.raises(StreamRefused, match="too large"):
            masker.feed(b"")


def test_events_of_the_wrong_shape_pass_what_they_hold_masked() -> None:
    """A message, a delta or a signature of another type is no text of this answer, and PHI in it is masked."""
    masker = ResponseMasker(RULES, PLAIN, KEY, Memory(), {}).stream()
    thinking = {"type": "thinking", "thinking": "", "signature": ""}
    sent = _frames(
        {"type": "message_start", "message": "see CANARY1"},
        {"type": "content_block_start", "index": 0, "content_block": thinking},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "signature_delta", "signature": None}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": "see CANARY2"},
        {"type": "message_stop"},
    )
    out = b"".join(item.caller for item in masker.feed(sent))
    assert b"CANARY" not in out
    assert masker.finish() == ([], True)
    assert (masker.usage, masker.stop_reason) == ({}, None)


def test_a_parsed_document_need_not_be_parsed_again() -> None:
    """The document of the outline serves for masking, and gives what the body gives."""
    body = dump(_request(messages=[{"role": "user", "content": "see CANARY1"}]))
    arranged = outline(body).arranged
    again = mask_request(body, RULES, PLAIN, KEY, new_units=frozenset(), arranged=arranged)
    assert again.body == mask_request(body, RULES, PLAIN, KEY, new_units=frozenset()).body
    assert outline(body).alone() == outline(body)
    assert outline(body).alone().arranged is None
