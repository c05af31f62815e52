"""The exchange as transcripts: what is asked, recorded and released, and in which order."""

from __future__ import annotations

import json

import pytest
from playbook import CALLER, Playbook, allow, pseudonym, review, ticket

from authz.approval import State
from authz.decision import AccessDecision
from authz.errors import GatewayUnavailable, PolicyUnavailable, RecordUnavailable
from authz.exchange import actions as act
from authz.exchange.life import Limits
from authz.records import SessionView

CANARY = "987-65-4321".replace("9", "5", 1)
PROMPT = f"Summarise: SSN {CANARY}, thanks."


def request_body(text: str = PROMPT, *, stream: bool = False) -> bytes:
    return json.dumps(
        {
            "model": "claude-sonnet-5-5",
            "max_tokens": 64,
            "stream": stream,
            "messages": [{"role": "user", "content": text}],
        }
    ).encode()


def request_head(**changes: str) -> act.RequestHead:
    headers = {
        ":method": "POST",
        ":path": "/v1/messages",
        ":authority": "gateway",
        "content-type": "application/json",
        **changes,
    }
    return act.RequestHead(headers[":method"], headers[":path"], tuple(headers.items()), end=False)


def asked(body: bytes) -> list[act.Event]:
    return [request_head(), act.Chunk(body, False), act.Chunk(b"", True)]


def answered(text: str, status: int = 200, kind: str = "application/json") -> list[act.Event]:
    body = json.dumps(
        {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": "claude-sonnet-5-5",
            "content": [{"type": "text", "text": text}],
            "stop_reason": "end_turn",
            "stop_sequence": None,
            "usage": {"input_tokens": 1, "output_tokens": 1},
        }
    ).encode()
    head = act.ResponseHead(
        status,
        ((":status", str(status)), ("content-type", kind), ("set-cookie", "a=b"), ("request-id", "req_u")),
        False,
    )
    return [head, act.Chunk(body, False), act.Chunk(b"", True)]


def frame(kind: str, **fields: object) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()


def streamed(*texts: str, stop: bool = True) -> list[act.Event]:
    head = act.ResponseHead(200, ((":status", "200"), ("content-type", "text/event-stream")), False)
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [], "usage": {}}
    frames = [
        frame("message_start", message=message),
        frame("content_block_start", index=0, content_block={"type": "text", "text": ""}),
        frame("ping"),
        *(frame("content_block_delta", index=0, delta={"type": "text_delta", "text": text}) for text in texts),
        frame("content_block_stop", index=0),
        frame("message_delta", delta={"stop_reason": "end_turn", "stop_sequence": None}, usage={"output_tokens": 3}),
    ]
    if stop:
        frames.append(frame("message_stop"))
    return [head, *(act.Chunk(one, False) for one in frames), act.Chunk(b"", True)]


def released_text(play: Playbook) -> str:
    return b"".join(action.data for action in play.of(act.ReleaseResponse)).decode()


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


def test_review_holds_then_consumes_then_releases(rules):
    """A flagged request waits, is judged again, takes the grant with its record, and only then goes up."""
    play = Playbook(rules, [*asked(request_body()), *answered("Noted.")], content=[review()]).play()
    assert play.error is None
    assert play.names() == [
        "AskContent",
        "Record",
        "OpenTicket",
        "AwaitVerdict",
        "AskAccess",
        "AskContent",
        "Consume",
        "ReleaseRequest",
        "Record",
        "Settle",
        "ReleaseResponseHead",
        "ReleaseResponse",
    ]
    assert play.of(act.Settle)[0].give_back is False


@pytest.mark.parametrize(
    ("state", "status", "code"),
    [
        (State.PENDING, 409, "approval_pending"),
        (State.DENIED, 403, "approval_denied"),
        (State.EXPIRED, 403, "approval_expired"),
        (State.REVOKED, 403, "approval_expired"),
        (State.CONSUMED, 409, "approval_in_use"),
    ],
)
def test_every_other_verdict_refuses(rules, state, status, code):
    """Only APPROVED lets a held request go on; each other state has its own answer and sends nothing."""
    play = Playbook(rules, asked(request_body()), content=[review()], verdict=ticket(state)).play()
    assert play.refusal().status == status
    assert play.refusal().error_code == code
    assert play.refusal().retry is False
    assert not play.of(act.ReleaseRequest)


def test_lost_race_for_the_grant_refuses(rules):
    """When another copy took the grant, this one is refused and sends nothing."""
    play = Playbook(rules, asked(request_body()), content=[review()], consumes=False).play()
    assert play.refusal().error_code == "approval_in_use"
    assert not play.of(act.ReleaseRequest)


def test_policy_change_during_the_hold_refuses(rules):
    """At release the policy is asked again; a denial by then wins over the approval."""
    play = Playbook(rules, asked(request_body()), content=[review(), allow(effect="deny")]).play()
    assert play.refusal().error_code == "policy_denied"
    assert not play.of(act.Consume)


def test_access_lost_during_the_hold_refuses(rules):
    """A caller who lost access while waiting is refused at release."""
    no = AccessDecision(False, "not_a_caller", "", "p2")
    play = Playbook(rules, asked(request_body()), content=[review()], access=no).play()
    assert play.refusal().error_code == "policy_denied"
    assert not play.of(act.Consume)


def test_token_expired_during_the_hold_refuses(rules):
    """A token that ran out while waiting answers 401; the approval is not used up."""
    play = Playbook(rules, asked(request_body()), content=[review()], now=CALLER.expires_at * 1000).play()
    assert play.refusal().status == 401
    assert not play.of(act.Consume)


def test_request_in_flight_under_its_approval_is_not_sent_twice(rules):
    """The same request while its own approval is being used is refused before any hold."""
    view = SessionView(None, {}, {}, ticket(State.CONSUMED))
    play = Playbook(rules, asked(request_body()), content=[review()], view=view).play()
    assert play.refusal().error_code == "approval_in_use"
    assert not play.of(act.OpenTicket)


@pytest.mark.parametrize(("status", "given_back"), [(429, True), (503, True), (529, True), (400, False), (500, False)])
def test_only_a_request_that_upstream_did_not_take_gives_the_grant_back(rules, status, given_back):
    """Limits, overload and no connection use up no approval; any other refusal is an answer, and the grant is used."""
    error = [
        act.ResponseHead(status, ((":status", str(status)), ("content-type", "application/json")), False),
        act.Chunk(b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}', True),
    ]
    play = Playbook(rules, [*asked(request_body()), *error], content=[review()]).play()
    assert play.of(act.Settle)[0].give_back is given_back
    assert "overloaded_error" in released_text(play)


def test_an_unclear_grant_is_settled_and_nothing_goes_up(rules):
    """When it stays unknown whether the grant was taken, nothing is sent and the grant is given back."""
    play = Playbook(rules, asked(request_body()), content=[review()], fail={act.Consume: [RecordUnavailable()]}).play()
    assert not play.of(act.ReleaseRequest)
    assert [action.give_back for action in play.of(act.Settle)] == [True]


def test_a_grant_is_settled_even_when_its_end_cannot_be_recorded(rules):
    """A failing record after the request went up does not leave the grant in use: it is used, and over."""
    play = Playbook(
        rules,
        [*asked(request_body()), *answered("ok")],
        content=[review()],
        fail={act.Record: [None, RecordUnavailable(), RecordUnavailable()]},
    ).play()
    assert play.of(act.ReleaseRequest)
    assert [action.give_back for action in play.of(act.Settle)] == [False]


def test_a_denial_stands_until_its_ticket_would_have_expired(rules):
    """The same request sent again after a denial is denied at once, so that nobody looks for another reviewer."""
    view = SessionView(None, {}, {}, ticket(State.DENIED, expires_at=5_000))
    again = Playbook(rules, asked(request_body()), content=[review()], view=view, now=4_000).play()
    assert again.refusal().error_code == "approval_denied"
    assert not again.of(act.OpenTicket)
    later = Playbook(rules, [*asked(request_body()), *answered("ok")], content=[review()], view=view, now=6_000).play()
    assert later.of(act.OpenTicket)


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


@pytest.mark.parametrize(
    ("head", "status", "code"),
    [
        (request_head(**{":path": "/V1/Messages"}), 404, "endpoint_not_open"),
        (request_head(**{":path": "/v1/messages/"}), 404, "endpoint_not_open"),
        (request_head(**{":path": "/v1/messages*"}), 404, "endpoint_not_open"),
        (request_head(**{":path": "/v1/files"}), 404, "endpoint_not_open"),
        (request_head(**{":method": "GET"}), 404, "endpoint_not_open"),
        (request_head(**{":path": "/v1/messages?x=1"}), 400, "query_refused"),
        (request_head(**{"content-type": "text/plain"}), 415, "content_type_unsupported"),
        (request_head(**{"content-type": "application/json; charset=utf-16"}), 415, "content_type_unsupported"),
        (request_head(**{"content-type": "application/json,multipart/form-data"}), 415, "content_type_unsupported"),
        (request_head(**{"content-encoding": "gzip"}), 415, "request_body_encoding_unsupported"),
        (request_head(**{"content-length": "67108865"}), 413, "request_too_large"),
    ],
)
def test_heads_are_refused_before_a_body_is_read(rules, head, status, code):
    """What the headers already forbid is refused without asking for a body."""
    play = Playbook(rules, [head]).play()
    assert play.refusal().status == status
    assert play.refusal().error_code == code
    assert len(play.of(act.Receive)) == 1


@pytest.mark.parametrize(
    "head",
    [
        request_head(**{"content-type": "APPLICATION/JSON"}),
        request_head(**{"content-type": "application/json; charset=UTF-8"}),
        request_head(**{":path": "/v1/messages?beta=true"}),
        request_head(**{":path": "/v1/messages?%62eta=true"}),
    ],
)
def test_spellings_of_the_same_request_pass(rules, head):
    """Harmless spellings get the same treatment as the plain one."""
    play = Playbook(rules, [head, act.Chunk(request_body(), True), *answered("ok")]).play()
    assert play.error is None
    assert len(play.of(act.ReleaseRequest)) == 1


def test_body_over_the_limit_is_refused_while_it_arrives(rules):
    """The limit passes; a little more is read to its end and refused, far more is refused at once."""
    body = request_body()
    fits = Playbook(rules, [*asked(body), *answered("ok")], limits=Limits(max_body_bytes=len(body))).play()
    assert len(fits.of(act.ReleaseRequest)) == 1
    over = Playbook(rules, asked(body), limits=Limits(max_body_bytes=len(body) - 1)).play()
    assert over.refusal().status == 413
    assert not over.events
    far = Playbook(rules, asked(body), limits=Limits(max_body_bytes=len(body) // 3)).play()
    assert far.refusal().status == 413
    assert far.events, "a body far over the limit is not read to its end"


def test_bad_json_is_refused(rules):
    """A body that is not strict JSON is answered 400 and goes nowhere."""
    play = Playbook(rules, [request_head(), act.Chunk(b'{"a":1,"a":2}', True)]).play()
    assert play.refusal().status == 400
    assert not play.of(act.ReleaseRequest)


def test_trailers_are_refused(rules):
    """Request trailers could smuggle text past the body's masker."""
    play = Playbook(rules, [request_head(), act.Chunk(request_body(), False), act.Trailers()]).play()
    assert play.refusal().error_code == "trailers_refused"


def test_caller_leaving_mid_body_releases_nothing(rules):
    """A stream that ends before the body is whole releases nothing, answers nobody, and is aborted by the pump."""
    play = Playbook(rules, [request_head(), act.Chunk(request_body()[:20], False)]).play()
    assert isinstance(play.error, act.CallerGone)
    assert not play.of(act.ReleaseRequest)
    assert not play.of(act.Refuse)


def test_request_that_bypassed_ext_authz_is_refused(rules):
    """Without ext_authz's metadata there is no caller, so nothing passes."""
    play = Playbook(rules, asked(request_body()), principal=None).play()
    assert not play.of(act.ReleaseRequest)
    assert play.refusal().status == 500


def test_local_reply_passes_before_any_request(rules):
    """A denial that Envoy or ext_authz made reaches the caller unchanged."""
    head = act.ResponseHead(401, ((":status", "401"), ("content-type", "application/json")), False)
    play = Playbook(rules, [head, act.Chunk(b"{}", True)], principal=None).play()
    assert play.error is None
    assert released_text(play) == "{}"
    assert play.of(act.ReleaseResponseHead)[0].keep is None


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
