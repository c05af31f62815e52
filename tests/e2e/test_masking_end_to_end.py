"""The main job, as a caller has it: an unmodified SDK, only base URL and key changed."""

from __future__ import annotations

import itertools
import json
import re

import anthropic
import pytest
from real_stack import CANARIES, PROMPT, leaked

from authz.quickstart.simulator.script import spell

pytestmark = pytest.mark.stack

PLACEHOLDER = re.compile(r"\[[A-Z_]+_[A-Z2-7]{7}_[A-Z2-7]{6}\]")


@pytest.fixture
def client(stack):
    with anthropic.Anthropic(base_url=stack.base_url, api_key=stack.token("ann"), max_retries=0) as made:
        yield made


def ask(text, **more):
    return {"model": "claude-sonnet-5-5", "max_tokens": 400, "messages": [{"role": "user", "content": text}], **more}


def said(message) -> str:
    return "".join(block.text for block in message.content if block.type == "text")


def last_upstream(stack) -> dict:
    return json.loads(stack.simulator.requests()[-1]["body"])


def test_json_request_is_masked_upstream(stack, client):
    """No identifier of the prompt reaches upstream; the answer quotes the placeholders upstream saw."""
    message = client.messages.create(**ask(PROMPT))
    assert leaked(json.dumps(last_upstream(stack))) == []
    assert len(PLACEHOLDER.findall(said(message))) >= len(CANARIES)
    stack.assert_no_canary()


def test_streamed_request_is_masked_upstream(stack, client):
    """The same holds for a stream, whose text is the same as the JSON answer's."""
    whole = said(client.messages.create(**ask(PROMPT)))
    with client.messages.stream(**ask(PROMPT)) as stream:
        text = "".join(stream.text_stream)
        final = stream.get_final_message()
    assert final.stop_reason == "end_turn"
    assert text == whole
    assert leaked(json.dumps(last_upstream(stack))) == []


def test_new_phi_in_a_response_is_masked(stack, client):
    """What upstream says by itself is masked too, in both forms; the bytes come from upstream, not from the prompt."""
    text = f"Her SSN is {CANARIES['ssn']} and that is all."
    body = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-5-5",
        "content": [{"type": "text", "text": text}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 1, "output_tokens": 1},
    }
    events = [
        {"type": "message_start", "message": {**body, "content": [], "stop_reason": None}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text[:14]}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text[14:]}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 1}},
        {"type": "message_stop"},
    ]
    frames = "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events)

    prompt = f"sim:raw {spell(json.dumps(body).encode())}"
    answer = said(client.messages.create(**ask(prompt)))
    assert last_upstream(stack)["messages"][0]["content"] == prompt, "masking read the answer in the prompt"
    assert CANARIES["ssn"] not in answer
    assert PLACEHOLDER.search(answer)

    prompt = f"sim:raw {spell(frames.encode())}"
    with client.messages.stream(**ask(prompt)) as stream:
        streamed = "".join(stream.text_stream)
    assert last_upstream(stack)["messages"][0]["content"] == prompt, "masking read the answer in the prompt"
    assert CANARIES["ssn"] not in streamed
    assert PLACEHOLDER.search(streamed)


def test_restore_gives_the_caller_its_own_values(stack):
    """With the restore profile the caller reads its own values while upstream saw placeholders only."""
    with anthropic.Anthropic(
        base_url=stack.base_url, api_key=stack.token("rae", "clinicians", "restore"), max_retries=0
    ) as client:
        message = client.messages.create(**ask(PROMPT))
        with client.messages.stream(**ask(PROMPT)) as stream:
            streamed = "".join(stream.text_stream)
    assert set(leaked(said(message))) == set(CANARIES)
    assert streamed == said(message)
    assert leaked(json.dumps(last_upstream(stack))) == []


def test_caller_credential_never_goes_upstream(stack, client):
    """Upstream sees the injected key alone, and none of the caller's or phigate's internal headers."""
    client.messages.create(**ask("hello"), extra_headers={"x-phigate-principal": "forged", "cookie": "a=b"})
    headers = {name.lower(): value for name, value in dict(stack.simulator.requests()[-1]["headers"]).items()}
    assert headers["x-api-key"] == "sk-ant-phigate-quickstart"
    assert not {"authorization", "cookie", "x-phigate-principal", "x-envoy-internal"} & set(headers)
    assert not [name for name in headers if name.startswith(("x-stainless", "x-envoy", "x-forwarded-for"))]


def test_bytes_outside_masked_leaves_are_as_sent(stack):
    """Key order, white space, number lexemes and escapes go up exactly as they came."""
    body = (
        b'{ "model":"claude-sonnet-5-5",\n "max_tokens":   100 , "system":"caf\\u00e9 \\/ ", "messages":[ {"content":"SSN '
        + CANARIES["ssn"].encode()
        + b' \\u00e9\\/ ok", "role":"user"} ] , "temperature": 0.50 }'
    )
    status, _, _ = stack.post(body, stack.token("ann"))
    assert status == 200
    raw = stack.simulator.requests()[-1]["body"]
    before, after = body.decode().split("SSN " + CANARIES["ssn"] + " \\u00e9\\/ ok")
    assert raw.startswith(before)
    assert raw.endswith(after)
    assert leaked(raw) == []


def test_tool_input_split_in_escapes_is_parsed_and_masked(stack, client):
    """Tool input that upstream splits inside escapes arrives as valid JSON with the same leaves."""
    prompt = 'sim:tool book_visit {"note": "Señora\\nsees \\"you\\"", "slots": [1, 2.50], "urgent": false}'
    tools = [{"name": "book_visit", "input_schema": {"type": "object"}}]
    with client.messages.stream(**ask(prompt, tools=tools)) as stream:
        (block,) = [b for b in stream.get_final_message().content if b.type == "tool_use"]
    assert block.input == {"note": 'Señora\nsees "you"', "slots": [1, 2.5], "urgent": False}


def test_thinking_survives_turns_with_masking_in_between(stack):
    """Signed thinking is echoed untouched and its prefix stays byte-equal upstream, over turns and both modes."""
    for groups in (("clinicians",), ("clinicians", "restore")):
        with anthropic.Anthropic(base_url=stack.base_url, api_key=stack.token("tim", *groups), max_retries=0) as client:
            messages = [{"role": "user", "content": f"{PROMPT} sim:thinking"}]
            seen = []
            for turn in range(3):
                with client.messages.stream(
                    model="claude-opus-5-5",
                    max_tokens=2000,
                    messages=messages,
                    extra_headers={"x-phigate-session": f"thinking-{'-'.join(groups)}"},
                ) as stream:
                    message = stream.get_final_message()
                assert message.content[0].type == "thinking"
                seen.append(last_upstream(stack)["messages"])
                messages = [
                    *messages,
                    {
                        "role": "assistant",
                        "content": [block.model_dump(exclude_none=True) for block in message.content],
                    },
                    {"role": "user", "content": f"And again for SSN {CANARIES['ssn']}, turn {turn}. sim:thinking"},
                ]
            for earlier, later in itertools.pairwise(seen):
                assert later[: len(earlier)] == earlier
        stack.assert_no_canary()


def test_the_story_is_told_without_phi(stack, client):
    """`phigate sessions` shows what happened, for auditors, and no identifier."""
    client.messages.create(**ask(PROMPT, metadata={"user_id": "story-1"}))
    auditor = stack.token("aud", "auditors")
    mine = [row for row in stack.sessions("list", token=auditor) if row["subject"] == "ann"]
    assert mine
    stories = [
        stack.phigate("sessions", "show", row["id"], "--state", str(stack.state), "--token", auditor).stdout
        for row in mine[:3]
    ]
    assert any("exchange.decided" in story for story in stories)
    assert all(leaked(story) == [] for story in stories)


@pytest.mark.parametrize(
    ("status", "error"),
    [(429, anthropic.RateLimitError), (529, anthropic.InternalServerError), (400, anthropic.BadRequestError)],
)
def test_upstream_errors_arrive_as_the_sdks_own_exceptions(client, status, error):
    """Upstream's refusals keep their status and shape."""
    with pytest.raises(error):
        client.messages.create(**ask(f"sim:error {status} Please wait"))


def test_error_in_the_middle_of_a_stream_is_told(client):
    """An error event ends the stream with the SDK's exception, not with a silent half."""
    with pytest.raises(anthropic.APIStatusError), client.messages.stream(**ask("sim:error_stream hello")) as stream:
        stream.until_done()


def test_truncated_stream_is_told(client):
    """A stream that upstream cuts ends in an error: the SDK alone would have taken half an answer for a whole."""
    with pytest.raises(anthropic.APIStatusError), client.messages.stream(**ask("sim:cut a long answer")) as stream:
        stream.until_done()


@pytest.mark.parametrize("directive", ["sim:html", "sim:gzip"])
def test_uninspectable_answers_do_not_pass(client, directive):
    """HTML and compressed answers become 502."""
    with pytest.raises(anthropic.InternalServerError) as refused:
        client.messages.create(**ask(directive))
    assert refused.value.status_code == 502


def test_response_headers_are_an_allow_list(stack):
    """Cookies and organisation ids of upstream stay behind; request-id stays."""
    status, headers, _ = stack.post(ask("sim:headers"), stack.token("ann"))
    assert status == 200
    names = {name.lower() for name in headers}
    assert "request-id" in names
    assert not {"set-cookie", "anthropic-organization-id"} & names
