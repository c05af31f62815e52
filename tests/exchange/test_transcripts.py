"""The exchange as transcripts: what is asked, recorded and released, and in which order."""

from __future__ import annotations

import json

import pytest
from playbook import Playbook, allow, pseudonym, review
from traffic import CANARY, answered, asked, released_text, request_body, request_head, streamed

from authz.errors import GatewayUnavailable, PolicyUnavailable, RecordUnavailable
from authz.exchange import actions as act


def test_allowed_request_is_recorded_before_it_is_released(rules):
    """The durable record of the decision comes before the request goes up, and the response's before it goes down."""
    play = Playbook(rules, [*asked(request_body()), *answered("Noted.")]).play()
    assert play.error is None
    assert play.names() == [
        "AskContent",
        "Record",
        "ReleaseRequest",
        "Record",
        "ReleaseResponseHead",
        "ReleaseResponse",
    ]
    assert play.events_recorded() == ["exchange.opened", "exchange.decided", "exchange.closed"]


def test_upstream_sees_the_placeholder_and_never_the_value(rules):
    """What is released upstream holds the session's placeholder in place of the identifier."""
    play = Playbook(rules, [*asked(request_body()), *answered("Noted.")]).play()
    (released,) = play.of(act.ReleaseRequest)
    assert CANARY.encode() not in released.body
    assert pseudonym("SSN", CANARY).encode() in released.body


def test_only_allowed_headers_travel(rules):
    """Request headers go up by allow-list; response headers come down by allow-list."""
    play = Playbook(rules, [*asked(request_body()), *answered("Noted.")]).play()
    (up,) = play.of(act.ReleaseRequest)
    (down,) = play.of(act.ReleaseResponseHead)
    assert not {"authorization", "x-api-key", "cookie", "x-claude-code-session-id"} & up.keep
    assert "request-id" in down.keep
    assert "set-cookie" not in down.keep


def test_nothing_recorded_holds_the_value(rules):
    """No event, payload or segment holds the identifier in clear."""
    play = Playbook(rules, [*asked(request_body()), *answered(f"It is {CANARY}.")]).play()
    for action in play.of(act.Record):
        for event in action.batch.events:
            assert CANARY.encode() not in event.canonical()
        assert all(CANARY.encode() not in payload.sealed for payload in action.batch.payloads)


def test_denied_request_goes_nowhere(rules):
    """A denial is recorded, answered 403, and nothing is released."""
    play = Playbook(rules, asked(request_body()), content=[allow(effect="deny", reasons=("model_not_allowed",))]).play()
    assert play.names() == ["AskContent", "Record", "Refuse"]
    assert play.refusal().status == 403
    assert play.refusal().error_code == "policy_denied"
    assert play.events_recorded() == ["exchange.opened", "exchange.decided", "exchange.closed"]


@pytest.mark.parametrize(
    ("name", "value", "goes"),
    [
        ("user-agent", "Anthropic/Python 2.12.0", True),
        ("user-agent", "claude-cli/2.1.330 (external, sdk-py, agent-sdk/0.2.187)", True),
        ("user-agent", f"Maribel Okonkwo {CANARY}", False),
        ("accept", "application/json", True),
        ("accept", CANARY, False),
        ("anthropic-version", "2023-06-01", True),
        ("anthropic-version", CANARY, False),
        ("anthropic-workspace-id", "w", False),
    ],
)
def test_headers_go_up_only_when_they_look_as_they_should(rules, name, value, goes):
    """Free text travels in headers too: a value that is not an SDK's own kind stays behind."""
    play = Playbook(rules, [request_head(**{name: value}), act.Chunk(request_body(), True), *answered("ok")]).play()
    (up,) = play.of(act.ReleaseRequest)
    assert (name in up.keep) is goes


def test_text_outside_units_counts_as_new(rules):
    """A large unknown field is as much new text as a large message: the review threshold sees it."""
    body = json.loads(request_body())
    body["extension"] = "word " * 30_000
    play = Playbook(rules, [*asked(json.dumps(body).encode()), *answered("ok")]).play()
    assert play.of(act.AskContent)[0].request.new_input_tokens > 40_000


def test_an_unreadable_number_is_the_callers_fault(rules):
    """A number beyond a double is 400, not a fault of ours."""
    body = request_body().replace(b'"max_tokens": 64', b'"max_tokens": 64, "temperature": 1e999')
    play = Playbook(rules, asked(body)).play()
    assert play.refusal().status == 400


def test_stream_is_recorded_piece_by_piece_before_release(rules):
    """Every piece of content released to the caller follows a durable segment; the last commit closes the exchange."""
    play = Playbook(rules, [*asked(request_body(stream=True)), *streamed("Take 5 mg ", "of it ", "daily.")]).play()
    assert play.error is None
    recorded = 0
    for action in play.done:
        if isinstance(action, act.Record):
            recorded += len(action.batch.segments)
        if isinstance(action, act.ReleaseResponse) and b"text_delta" in action.data:
            assert recorded > 0
            recorded = 0
    assert play.events_recorded()[-1] == "exchange.closed"
    text = released_text(play)
    assert "message_stop" in text
    assert play.of(act.ReleaseResponse)[-1].end


def test_stream_value_split_over_deltas_is_masked(rules):
    """An identifier cut over deltas never reaches the caller."""
    play = Playbook(
        rules, [*asked(request_body(stream=True)), *streamed(f"SSN {CANARY[:5]}", CANARY[5:8], CANARY[8:] + " is it.")]
    ).play()
    deltas = [json.loads(line[6:]) for line in released_text(play).splitlines() if line.startswith("data: ")]
    text = "".join(event["delta"].get("text", "") for event in deltas if event["type"] == "content_block_delta")
    assert CANARY not in text
    assert pseudonym("SSN", CANARY) in text


def test_truncated_stream_ends_with_an_error_event(rules):
    """A stream without message_stop is recorded as truncated and told to the caller, with the request's id."""
    play = Playbook(rules, [*asked(request_body(stream=True)), *streamed("half an ans", stop=False)]).play()
    closing = [e for a in play.of(act.Record) for e in a.batch.events if e.kind == "exchange.closed"]
    assert closing[0].header["outcome"] == "truncated"
    *_, last = released_text(play).partition("event: error\ndata: ")
    assert json.loads(last)["request_id"] == "req_gw_1"


def test_unreadable_stream_is_cut_and_the_rest_swallowed(rules):
    """Bytes that cannot be inspected end the stream with an error event; nothing after them is released."""
    events = streamed("fine ")
    events.insert(4, act.Chunk(b"event: x\ndata: \xff\xfe\n\n", False))
    play = Playbook(rules, [*asked(request_body(stream=True)), *events]).play()
    assert play.error is None
    assert "event: error" in released_text(play)
    assert "message_stop" not in released_text(play)
    assert play.of(act.ReleaseResponse)[-1].end


@pytest.mark.parametrize("kind", ["text/html", "application/octet-stream", ""])
def test_unexpected_upstream_type_is_not_passed(rules, kind):
    """A 200 that is neither JSON nor an event stream becomes 502 and none of it is released."""
    play = Playbook(rules, [*asked(request_body()), *answered(f"raw {CANARY}", kind=kind)]).play()
    assert play.refusal().status == 502
    assert not play.of(act.ReleaseResponse)


def test_compressed_upstream_answer_is_not_passed(rules):
    """An encoding that was not asked for cannot be inspected."""
    head = act.ResponseHead(
        200, ((":status", "200"), ("content-type", "application/json"), ("content-encoding", "gzip")), False
    )
    play = Playbook(rules, [*asked(request_body()), head, act.Chunk(b"\x1f\x8b", True)]).play()
    assert play.refusal().status == 502


@pytest.mark.parametrize("error", [PolicyUnavailable(), GatewayUnavailable()])
def test_no_decision_no_release(rules, error):
    """Without a decision the answer is 503 and nothing goes up."""
    play = Playbook(rules, asked(request_body()), fail={act.AskContent: [error]}).play()
    assert play.refusal().status == 503
    assert not play.of(act.ReleaseRequest)


def test_no_record_no_release(rules):
    """When the decision cannot be made durable nothing goes up."""
    play = Playbook(rules, asked(request_body()), fail={act.Record: [RecordUnavailable(), RecordUnavailable()]}).play()
    assert play.refusal().status == 503
    assert not play.of(act.ReleaseRequest)


def test_no_record_of_the_response_no_response(rules):
    """When the response cannot be recorded the caller gets 503 and none of it."""
    play = Playbook(
        rules,
        [*asked(request_body()), *answered("Noted.")],
        fail={act.Record: [None, RecordUnavailable(), RecordUnavailable()]},
    ).play()
    assert play.refusal().status == 503
    assert not play.of(act.ReleaseResponse)


def test_no_record_mid_stream_aborts(rules):
    """When a segment cannot be recorded mid-stream, no further byte is released and the exchange ends in an error."""
    failing = [None, None, RecordUnavailable(), RecordUnavailable()]
    play = Playbook(
        rules, [*asked(request_body(stream=True)), *streamed("one ", "two ")], fail={act.Record: failing}
    ).play()
    assert play.error is not None
    last = next(i for i, a in enumerate(play.done) if isinstance(a, act.Record) and a is play.of(act.Record)[2])
    assert not any(isinstance(action, act.ReleaseResponse) for action in play.done[last:])


def test_a_failure_at_any_step_never_releases_unrecorded_bytes(rules):
    """Whatever single step fails, bytes go out only after the record of them was made durable."""
    whole = Playbook(rules, [*asked(request_body(stream=True)), *streamed("one ", "two ")], content=[review()]).play()
    assert whole.error is None
    for number in range(len(whole.done)):
        play = Playbook(
            rules,
            [*asked(request_body(stream=True)), *streamed("one ", "two ")],
            content=[review()],
            fail_at={number: RecordUnavailable()},
        ).play()
        durable = consumed = segments = 0
        for step, action in enumerate(play.done):
            failed = step == number
            if isinstance(action, act.Record) and not failed:
                durable += len(action.batch.events)
                segments += len(action.batch.segments)
            if isinstance(action, act.Consume) and not failed:
                consumed += 1
            if isinstance(action, act.ReleaseRequest):
                assert durable
                assert consumed
            if isinstance(action, act.ReleaseResponse) and b"content_block" in action.data:
                assert segments
                segments = 0
