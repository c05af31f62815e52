"""Token counts as transcripts: treated as the message is, never held, and nothing counts as judged by them."""

from __future__ import annotations

import json

import pytest
from playbook import KEYS, Playbook, allow, answer, closing, head, pseudonym, review, ticket, told

from authz.approval import State
from authz.conversation import thread
from authz.errors import RecordUnavailable
from authz.exchange import actions as act
from authz.exchange.response import MOST_COUNT
from authz.records import Pin, SessionView
from masking.request import outline

CANARY = "536-22-8145"
MODEL = "claude-sonnet-5-5"
COUNT_PATH = "/v1/messages/count_tokens"


def counted_body(text: str = f"SSN {CANARY}, thanks.") -> bytes:
    return json.dumps({"model": MODEL, "messages": [{"role": "user", "content": text}]}).encode()


def count(body: bytes, **headers: str) -> list[act.Event]:
    return [head("POST", COUNT_PATH, end=False, content_type="application/json", **headers), act.Chunk(body, True)]


def message(body: bytes) -> list[act.Event]:
    return [head("POST", "/v1/messages", end=False, content_type="application/json"), act.Chunk(body, True)]


def test_a_count_is_recorded_before_it_goes_up_and_before_it_comes_down(rules):
    """The order is a message's: decision durable, request out, closing durable, answer out."""
    play = Playbook(rules, [*count(counted_body()), *answer({"input_tokens": 12})]).play()
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
    assert told(play) == {"input_tokens": 12}
    assert closing(play) == {"outcome": "completed", "status": 200, "usage": {"input_tokens": 12}}


def test_a_count_masks_as_the_message_does(rules):
    """The same body goes up masked to the same bytes by both endpoints."""
    bodies = []
    for events in (count(counted_body()), message(counted_body())):
        play = Playbook(rules, [*events, *answer({"input_tokens": 1})]).play()
        bodies.append(play.of(act.ReleaseRequest)[0].body)
    assert bodies[0] == bodies[1]
    assert CANARY.encode() not in bodies[0]
    assert pseudonym("SSN", CANARY).encode() in bodies[0]


def test_nothing_counts_as_judged_by_a_count(rules):
    """Neither an allowed nor a refused count leaves a row by which the message could skip its review."""
    for decision in (allow(), review(), allow(effect="deny", reasons=("model_not_allowed",))):
        play = Playbook(rules, [*count(counted_body()), *answer({"input_tokens": 1})], content=[decision]).play()
        assert all(not action.batch.judged and not action.batch.memos for action in play.of(act.Record))
    judged = Playbook(rules, [*message(counted_body()), *answer({"input_tokens": 1})]).play()
    assert [row for action in judged.of(act.Record) for row in action.batch.judged]


def test_what_needs_a_person_is_not_counted_and_not_held(rules):
    """A review is 403 approval_needed: recorded, without ticket, hold, grant or release."""
    play = Playbook(rules, count(counted_body()), content=[review()]).play()
    assert play.names() == ["AskContent", "Record", "Refuse"]
    assert (play.refusal().status, play.refusal().error_code) == (403, "approval_needed")
    assert play.refusal().retry is False
    assert play.refusal().details == {"reasons": ["trigger:bulk_record"]}
    assert play.events_recorded() == ["exchange.opened", "exchange.decided", "exchange.closed"]


def test_a_given_approval_is_not_for_a_count(rules):
    """A grant that waits for its message is neither joined nor used by a count of the same text."""
    view = SessionView(Pin("standard", "r1", "p1"), {}, {}, ticket(State.APPROVED))
    play = Playbook(rules, count(counted_body()), content=[review()], view=view).play()
    assert play.refusal().error_code == "approval_needed"
    assert not play.of(act.OpenTicket)
    assert not play.of(act.Consume)


@pytest.mark.parametrize(("path", "events", "new"), [(COUNT_PATH, count, 0), ("/v1/messages", message, 1)])
def test_an_approved_thread_that_was_sent_may_be_counted_again(rules, path, events, new):
    """What stands under a valid approval is not new to a count; to another sending of the message it is."""
    digests = thread(KEYS, outline(counted_body()), path, ("version:",))
    view = SessionView(Pin("standard", "r1", "p1"), {digests.final: "apr_1"}, {}, None)
    play = Playbook(rules, [*events(counted_body()), *answer({"input_tokens": 3})], view=view).play()
    (mask,) = play.of(act.Mask)
    assert len(mask.new_units) == new


def test_the_counting_beta_is_no_other_question(rules):
    """An approval is bound to betas; the one that SDKs add to count does not make it another's."""
    digests = []
    for more in ({}, {"anthropic_beta": "token-counting-2024-11-01"}, {"anthropic_beta": "context-1m-2025-08-07"}):
        play = Playbook(rules, [*count(counted_body(), **more), *answer({"input_tokens": 3})]).play()
        (load,) = play.of(act.LoadSession)
        digests.append(load.thread.tools)
    assert digests[0] == digests[1]
    assert digests[0] != digests[2]


@pytest.mark.parametrize(
    "document",
    [
        {"input_tokens": "12"},
        {"input_tokens": True},
        {"input_tokens": -1},
        {"input_tokens": 2**53},
        {"input_tokens": 1.5},
        {"tokens": 12},
        [12],
        b"12",
        b"{",
        b'{"input_tokens":1,"pad":"' + b"x" * MOST_COUNT + b'"}',
    ],
)
def test_what_is_no_count_is_not_passed(rules, document):
    """Upstream's answer is a number or 502; nothing of it reaches the caller."""
    play = Playbook(rules, [*count(counted_body()), *answer(document)]).play()
    assert (play.refusal().status, play.refusal().error_code) == (502, "upstream_invalid")
    assert not play.of(act.ReleaseResponse)


def test_nothing_else_of_a_count_is_passed(rules):
    """Only the numbers come down, the beta's too; a text beside them does not."""
    document = {"input_tokens": 5, "context_management": {"original_input_tokens": 9, "note": CANARY}, "echo": CANARY}
    play = Playbook(rules, [*count(counted_body()), *answer(document)]).play()
    assert told(play) == {"input_tokens": 5, "context_management": {"original_input_tokens": 9}}


def test_a_stream_is_no_answer_to_a_count(rules):
    """An event stream where a number belongs is 502."""
    play = Playbook(rules, [*count(counted_body()), *answer(b"data: {}\n\n", kind="text/event-stream")]).play()
    assert play.refusal().status == 502


def test_an_error_of_a_count_is_masked(rules):
    """Upstream's refusal passes with its status and its words masked."""
    error = {"type": "error", "error": {"type": "invalid_request_error", "message": f"SSN {CANARY} is odd"}}
    play = Playbook(rules, [*count(counted_body()), *answer(error, 400)]).play()
    assert told(play)["error"]["type"] == "invalid_request_error"
    assert CANARY not in json.dumps(told(play))
    assert play.of(act.ReleaseResponseHead)[0].head.status == 400


def test_no_record_no_count(rules):
    """Without a durable decision nothing goes up, without a durable end nothing comes down."""
    for failing, released in ([RecordUnavailable()] * 2, 0), ([None, *[RecordUnavailable()] * 2], 1):
        events = [*count(counted_body()), *answer({"input_tokens": 1})]
        play = Playbook(rules, events, fail={act.Record: list(failing)}).play()
        assert play.refusal().status == 503
        assert len(play.of(act.ReleaseRequest)) == released
        assert not play.of(act.ReleaseResponse)


def test_an_identifier_in_place_of_a_model_is_not_recorded(rules):
    """A message whose model holds an identifier is blocked, and its record does not name that model."""
    body = json.dumps({"model": CANARY, "messages": [{"role": "user", "content": "hi"}]}).encode()
    for events in (count(body), message(body)):
        play = Playbook(rules, events).play()
        assert play.refusal().error_code == "phi_blocked"
        for action in play.of(act.Record):
            assert all(CANARY.encode() not in event.canonical() for event in action.batch.events)
