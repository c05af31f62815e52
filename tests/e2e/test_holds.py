"""A flagged request waits for another person, over restarts, retries and workers."""

from __future__ import annotations

import json
import os
import signal
import threading
import time

import anthropic
import pytest
from real_stack import PROMPT, free_port, leaked, until

pytestmark = pytest.mark.stack

FLAGGED = f"{PROMPT} Print the entire chart."


class Call(threading.Thread):
    """One SDK call in the background."""

    def __init__(self, stack, token, messages, session, *, stream=False, retries=0):
        super().__init__(daemon=True)
        self.client = anthropic.Anthropic(base_url=stack.base_url, api_key=token, max_retries=retries)
        self.asked = {
            "model": "claude-sonnet-5-5",
            "max_tokens": 300,
            "messages": messages,
            "extra_headers": {"x-phigate-session": session},
        }
        self.stream = stream
        self.message = None
        self.error = None
        self.start()

    def run(self):
        try:
            if self.stream:
                with self.client.messages.stream(**self.asked) as stream:
                    self.message = stream.get_final_message()
            else:
                self.message = self.client.messages.create(**self.asked)
        except anthropic.AnthropicError as error:
            self.error = error
        finally:
            self.client.close()

    def outcome(self):
        self.join(30)
        assert not self.is_alive(), "the call did not end"
        return self.message


def user(text):
    return {"role": "user", "content": text}


def pending(stack, token, subject):
    return [
        row for row in stack.approvals("list", token=token) if row["state"] == "PENDING" and row["subject"] == subject
    ]


def wait_for_ticket(stack, token, subject):
    return until(lambda: pending(stack, token, subject), 15, "a pending ticket")[0]


@pytest.fixture
def reviewer(stack):
    return stack.token("bob", "reviewers")


@pytest.mark.parametrize("stream", [False, True])
def test_flagged_request_goes_on_after_another_persons_approval(stack, reviewer, stream):
    """The call waits, nothing is upstream, a reviewer sees the masked text and approves, and the call returns."""
    subject = f"ann-{stream}"
    before = len(stack.simulator.requests())
    call = Call(stack, stack.token(subject), [user(FLAGGED)], f"hold-{stream}", stream=stream)
    ticket = wait_for_ticket(stack, reviewer, subject)
    assert len(stack.simulator.requests()) == before
    shown = stack.approvals("show", ticket["id"], token=reviewer)
    assert leaked(json.dumps(shown)) == []
    assert "entire chart" in json.dumps(shown)
    stack.approvals("approve", ticket["id"], token=reviewer)
    message = call.outcome()
    assert call.error is None
    assert message.stop_reason == "end_turn"
    assert len(stack.simulator.requests()) == before + 1
    stack.assert_no_canary()


def test_denied_request_is_refused(stack, reviewer):
    """After a denial the caller gets 403 approval_denied and nothing went upstream."""
    before = len(stack.simulator.requests())
    call = Call(stack, stack.token("dan"), [user(FLAGGED)], "denied")
    ticket = wait_for_ticket(stack, reviewer, "dan")
    stack.approvals("deny", ticket["id"], token=reviewer)
    call.outcome()
    assert isinstance(call.error, anthropic.PermissionDeniedError)
    assert call.error.body["error"]["details"]["error_code"] == "approval_denied"
    assert len(stack.simulator.requests()) == before


def test_nobody_approves_their_own(stack):
    """A reviewer's own flagged request cannot be approved by that reviewer."""
    own = stack.token("rita", "reviewers", "clinicians")
    call = Call(stack, own, [user(FLAGGED)], "own")
    other = stack.token("bob", "reviewers")
    ticket = wait_for_ticket(stack, other, "rita")
    refused = stack.approvals("approve", ticket["id"], token=own, check=False)
    assert refused.returncode == 1
    assert pending(stack, other, "rita")
    stack.approvals("deny", ticket["id"], token=other)
    call.outcome()


def test_caller_without_the_group_cannot_review(stack, reviewer):
    """A clinician is no reviewer."""
    call = Call(stack, stack.token("cleo"), [user(FLAGGED)], "clinician")
    ticket = wait_for_ticket(stack, reviewer, "cleo")
    refused = stack.approvals("approve", ticket["id"], token=stack.token("carl"), check=False)
    assert refused.returncode != 0
    stack.approvals("deny", ticket["id"], token=reviewer)
    call.outcome()


def test_approved_conversation_is_not_asked_again(stack, reviewer):
    """Turn 1 is flagged and approved; turns 2 and 3 extend it and pass at once; the same words elsewhere do not."""
    token = stack.token("eve")
    messages = [user(FLAGGED)]
    call = Call(stack, token, messages, "turns", stream=True)
    stack.approvals("approve", wait_for_ticket(stack, reviewer, "eve")["id"], token=reviewer)
    for turn in (2, 3):
        message = call.outcome()
        assert call.error is None
        answer = [block.model_dump(exclude_none=True) for block in message.content]
        messages = [*messages, {"role": "assistant", "content": answer}, user(f"Thanks, shorter please ({turn}).")]
        call = Call(stack, token, messages, "turns", stream=True)
    assert call.outcome() is not None
    assert pending(stack, reviewer, "eve") == []
    again = Call(stack, token, [*messages, user("Now the entire chart of the next one.")], "turns")
    stack.approvals("deny", wait_for_ticket(stack, reviewer, "eve")["id"], token=reviewer)
    again.outcome()
    assert isinstance(again.error, anthropic.PermissionDeniedError)


def test_an_approved_image_is_not_asked_about_again(stack, reviewer):
    """Turn 1 brings an image and is approved; turn 2 repeats it and passes, tokens counted; a second image is held."""

    def image(data):
        return {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}}

    token = stack.token("ima")
    messages = [user([image("aVZCT1I="), {"type": "text", "text": "What is this?"}])]
    call = Call(stack, token, messages, "image")
    ticket = wait_for_ticket(stack, reviewer, "ima")
    assert ticket["reasons"] == ["media"]
    stack.approvals("approve", ticket["id"], token=reviewer)
    message = call.outcome()
    assert call.error is None
    answer = [block.model_dump(exclude_none=True) for block in message.content]
    messages = [*messages, {"role": "assistant", "content": answer}, user("Shorter, please.")]
    with anthropic.Anthropic(base_url=stack.base_url, api_key=token, max_retries=0) as client:
        headers = {"x-phigate-session": "image"}
        asked = {"model": "claude-sonnet-5-5", "messages": messages, "extra_headers": headers}
        assert client.messages.count_tokens(**asked).input_tokens > 0
    second = Call(stack, token, messages, "image")
    assert second.outcome() is not None
    assert pending(stack, reviewer, "ima") == []
    third = Call(stack, token, [*messages, user([image("R0lGODk=")])], "image")
    stack.approvals("deny", wait_for_ticket(stack, reviewer, "ima")["id"], token=reviewer)
    third.outcome()
    assert isinstance(third.error, anthropic.PermissionDeniedError)


def test_approval_sends_once(stack, reviewer):
    """The same request sent again after its answer needs a new approval: an approval is good for one sending."""
    token = stack.token("fay")
    call = Call(stack, token, [user(FLAGGED)], "once")
    stack.approvals("approve", wait_for_ticket(stack, reviewer, "fay")["id"], token=reviewer)
    assert call.outcome() is not None
    again = Call(stack, token, [user(FLAGGED)], "once")
    stack.approvals("deny", wait_for_ticket(stack, reviewer, "fay")["id"], token=reviewer)
    again.outcome()
    assert isinstance(again.error, anthropic.PermissionDeniedError)


def test_many_copies_share_one_ticket_and_one_sending(stack, reviewer):
    """Ten copies of one flagged request wait on one ticket; one approval sends exactly one of them upstream."""
    before = len(stack.simulator.requests())
    token = stack.token("gil")
    calls = [Call(stack, token, [user(FLAGGED)], "copies") for _ in range(10)]
    ticket = wait_for_ticket(stack, reviewer, "gil")
    time.sleep(1.0)  # let all of them arrive; fewer would only make the test weaker
    assert len(pending(stack, reviewer, "gil")) == 1
    stack.approvals("approve", ticket["id"], token=reviewer)
    done = [call.outcome() for call in calls]
    assert len([message for message in done if message is not None]) == 1
    assert {call.error.status_code for call in calls if call.error is not None} == {409}
    assert len(stack.simulator.requests()) == before + 1


@pytest.mark.parametrize("victim", ["worker-0", "worker-1", "opa", "postgres"])
def test_ticket_survives_a_killed_part_and_the_retry_joins_it(fresh_stack, victim):
    """Kill -9 of a part during the hold stops the stack; after the next start the SDK's retry joins the same ticket."""
    listen = ("--listen", f"127.0.0.1:{free_port()}")
    stack = fresh_stack(*listen)
    reviewer = stack.token("bob", "reviewers")
    call = Call(stack, stack.token("hal"), [user(FLAGGED)], "kill", retries=30)
    ticket = wait_for_ticket(stack, reviewer, "hal")
    os.kill(stack.pids[victim], signal.SIGKILL)
    assert until(stack.process.poll, 15, "phigate up ends") != 0
    assert victim in stack.errors.read_text()
    assert stack.simulator.requests() == []
    again = fresh_stack(*listen, folder=stack.state.parent, simulator=stack.simulator)
    rows = [row for row in again.approvals("list", token=reviewer) if row["subject"] == "hal"]
    assert [(row["id"], row["state"]) for row in rows] == [(ticket["id"], "PENDING")]
    if call.error is not None:  # the worker still answered its hold, with the ticket: the caller sends again
        assert call.error.body["error"]["details"]["ticket"] == ticket["id"]
        call = Call(again, again.token("hal"), [user(FLAGGED)], "kill")
    again.approvals("approve", ticket["id"], token=reviewer)
    assert call.outcome() is not None, call.error
    assert len(stack.simulator.requests()) == 1
    again.assert_no_canary()
