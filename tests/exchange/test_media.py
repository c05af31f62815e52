"""Images in a conversation as transcripts under the shipped policy, which OPA itself evaluates: held once, when new."""

from __future__ import annotations

import base64
import json
import subprocess

import pytest
from playbook import CALLER, Playbook, answer, head

from authz.assets import policies_dir
from authz.decision import HttpFacts, content_input, read_content
from authz.exchange import actions as act
from authz.opa_binary import opa_path
from authz.policy_bundle import build
from authz.records import Pin, SessionView

COUNT = "/v1/messages/count_tokens"
MESSAGES = "/v1/messages"


@pytest.fixture(scope="module")
def policy(tmp_path_factory):
    """Return the shipped policy's own answer to a question about content."""
    opa, bundle = opa_path(), tmp_path_factory.mktemp("policy") / "bundle.tar.gz"
    revision = build(policies_dir(), bundle, opa)
    command = [opa, "eval", "--stdin-input", "--format", "raw", "--bundle", bundle, "data.phigate.content.decision"]

    def ask(action):
        http = HttpFacts(action.head.method, action.head.path, dict(action.head.headers))
        question = content_input(
            http, action.principal, action.request, action.findings, action.new_findings, action.triggers
        )
        asked = json.dumps(question).encode()
        decided = subprocess.run(command, input=asked, capture_output=True, check=True)
        provenance = {"bundles": {"phigate": {"revision": revision}}}
        return read_content({"result": json.loads(decided.stdout), "provenance": provenance})

    return ask


def image(name: str) -> dict:
    data = base64.b64encode(name.encode()).decode()
    return {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}}


UPLOADED = {"type": "image", "source": {"type": "file", "file_id": "file_01AAAA"}}


def user(*content) -> dict:
    return {"role": "user", "content": list(content)}


def text(words: str) -> dict:
    return {"type": "text", "text": words}


SAID = {"role": "assistant", "content": [text("A chart.")]}


@pytest.fixture
def play(rules, policy):
    """Play one turn in a session that knows what `judged` says."""

    def one(messages, judged=None, path=MESSAGES, **more):
        limit = {} if path == COUNT else {"max_tokens": 64}
        body = json.dumps({"model": "claude-sonnet-5-5", **limit, "messages": messages, **more}).encode()
        response = {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": "claude-sonnet-5-5",
            "content": SAID["content"],
            "stop_reason": "end_turn",
            "stop_sequence": None,
            "usage": {"input_tokens": 1, "output_tokens": 1},
        }
        said = answer({"input_tokens": 3} if path == COUNT else response)
        events = [head("POST", path, end=False, content_type="application/json"), act.Chunk(body, True), *said]
        view = SessionView(Pin("standard", "r1", "p1"), judged or {}, {}, None)
        played = Playbook(rules, events, view=view, policy=policy).play()
        assert played.error is None
        return played

    return one


def held(played) -> bool:
    """Return whether a person was asked, for the media alone."""
    tickets = played.of(act.OpenTicket)
    assert all(opened.ticket.reasons == ("media",) for opened in tickets)
    return bool(tickets)


def test_an_approved_image_is_not_held_in_later_turns(play):
    """Turn 1 brings an image and is held; turns 2 and 3 repeat it with more text and go on at once."""
    messages = [user(image("one"), text("What is this?"))]
    first = play(messages)
    assert held(first)
    judged = first.judged()
    for words in ("Shorter, please.", "And in French."):
        messages = [*messages, SAID, user(text(words))]
        later = play(messages, judged)
        assert not held(later)
        assert len(later.of(act.ReleaseRequest)) == 1
        (asked,) = later.of(act.AskContent)
        assert (asked.request.media, asked.request.new_media) == ({"image": 1}, {})
        judged |= later.judged()


@pytest.mark.parametrize(
    "second",
    [
        image("two"),
        image("one"),
        UPLOADED,
        {"type": "tool_result", "tool_use_id": "toolu_01", "content": [image("two")]},
    ],
    ids=["another image", "the same image once more", "an uploaded file", "inside a tool's result"],
)
def test_a_second_image_is_held(play, second):
    """An image that a later turn adds is new, wherever it stands, and is counted by its own class."""
    messages = [user(image("one"), text("What is this?"))]
    judged = play(messages).judged()
    later = play([*messages, SAID, user(second, text("And this?"))], judged)
    assert held(later)
    asked = later.of(act.AskContent)[0].request
    assert sum(asked.media.values()) == 2
    assert sum(asked.new_media.values()) == 1


def test_an_image_in_place_of_the_approved_one_is_held(play):
    """What was approved is those bytes: another image at the same place was not, whatever follows it."""
    judged = play([user(image("one"), text("What is this?"))]).judged()
    assert held(play([user(image("two"), text("What is this?")), SAID, user(text("Shorter."))], judged))


def test_an_approved_image_sent_again_is_held(play):
    """An approval is good for one sending: the very same request, or the image under another text, is new."""
    messages = [user(image("one"), text("What is this?"))]
    judged = play(messages).judged()
    assert held(play(messages, judged))
    assert held(play([user(image("one"), text("Who is this?"))], judged))


def test_media_beside_the_units_are_new_in_every_turn(play):
    """What no digest of a unit covers cannot have been judged: it is among the new media of a later turn too."""
    server = {"type": "url", "name": "s", "url": "u"}
    messages = [user(image("one"), text("What is this?"))]
    judged = play(messages).judged()
    later = play([*messages, SAID, user(text("Shorter."))], judged, mcp_servers=[server])
    assert later.of(act.AskContent)[0].request.new_media == {"mcp": 1}
    assert later.refusal().error_code == "policy_denied"


def test_an_approved_thread_with_an_image_may_be_counted(play):
    """Tokens of a conversation whose image was approved and sent are counted; those of a new image are not."""
    messages = [user(image("one"), text("What is this?"))]
    assert play(messages, path=COUNT).refusal().error_code == "approval_needed"
    judged = play(messages).judged()
    for counted in (messages, [*messages, SAID, user(text("Shorter."))]):
        assert len(play(counted, judged, path=COUNT).of(act.ReleaseRequest)) == 1
    refused = play([*messages, SAID, user(image("two"))], judged, path=COUNT)
    assert refused.refusal().error_code == "approval_needed"


def test_the_caller_of_these_transcripts_is_no_exception(play):
    """Without media the same caller, model and texts pass unheld: what holds the others is the image."""
    assert CALLER.groups == ("clinicians",)
    plain = play([user(text("What is this?"))])
    assert not held(plain)
    assert len(plain.of(act.ReleaseRequest)) == 1
