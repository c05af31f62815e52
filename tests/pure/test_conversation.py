"""Sessions, thread digests and what is new in a request."""

from __future__ import annotations

import json

import pytest

from authz.conversation import SessionKeys, extend, mark, novelty, session_name, thread
from masking.request import outline

KEYS = SessionKeys.derive(b"a" * 32)


def described(messages, **top):
    return outline(json.dumps({"model": "m", "max_tokens": 1, "messages": messages, **top}).encode())


def user(text):
    return {"role": "user", "content": text}


def assistant(*blocks):
    return {"role": "assistant", "content": list(blocks)}


ONE = [user("hello")]
TWO = [*ONE, assistant({"type": "text", "text": "hi"}), user("more")]


@pytest.mark.parametrize(
    ("headers", "metadata", "expected"),
    [
        ({"x-claude-code-session-id": "s1"}, {"user_id": "u"}, "cc:s1"),
        ({}, {"user_id": json.dumps({"device_id": "d", "account_uuid": "", "session_id": "s2"})}, "cc:s2"),
        ({"x-phigate-session": "p"}, {"user_id": "u"}, "user:u"),
        ({"x-phigate-session": "p"}, {}, "own:p"),
    ],
)
def test_session_name_prefers_the_most_specific(headers, metadata, expected):
    """Claude Code's id wins, then metadata.user_id, then our own header."""
    assert session_name(headers, described(ONE, metadata=metadata)) == expected


def test_session_name_without_any_is_the_first_user_message():
    """A conversation without a name keeps its first message, so its turns share a session; others do not."""
    assert session_name({}, described(ONE)) == session_name({}, described(TWO))
    assert session_name({}, described(ONE)) != session_name({}, described([user("other")]))


def test_keys_differ_by_purpose_and_are_not_shown():
    """Each key has a label of its own, and a repr shows none."""
    assert len({KEYS.masking, KEYS.digest, KEYS.memo}) == 3
    assert KEYS.masking.hex() not in repr(KEYS)
    assert repr(KEYS.masking) not in repr(KEYS)


def test_a_longer_conversation_extends_the_digest():
    """The digest after a unit is the same whatever follows it, and the assistant's turn extends it predictably."""
    short, long = thread(KEYS, described(ONE), "/m"), thread(KEYS, described(TWO), "/m")
    assert long.units[0] == short.final
    echoed = described(TWO).units[1].canonical
    assert extend(KEYS, short.final, echoed) == long.units[1]
    assert long.answers == ((1, short.final),)


@pytest.mark.parametrize(
    "other",
    [
        [user([{"type": "text", "text": "hello"}])],
        [user([{"type": "text", "text": "hello", "cache_control": {"type": "ephemeral"}}])],
    ],
)
def test_form_and_cache_control_do_not_matter(other):
    """String and block form, and cache_control, are the same words."""
    assert thread(KEYS, described(other), "/m").final == thread(KEYS, described(ONE), "/m").final


@pytest.mark.parametrize("same", [{"stream": True}, {"metadata": {"user_id": "u"}}])
def test_request_digest_ignores_what_does_not_change_the_question(same):
    """A retry that only streams, or names its user differently, is the same request."""
    assert thread(KEYS, described(ONE, **same), "/m").request == thread(KEYS, described(ONE), "/m").request


@pytest.mark.parametrize("other", [{"model": "n"}, {"max_tokens": 2}, {"system": "s"}, {"tools": [{"name": "t"}]}])
def test_request_digest_sees_what_changes_the_question(other):
    """Another model, limit, system prompt or tool is another request."""
    assert thread(KEYS, described(ONE, **other), "/m").request != thread(KEYS, described(ONE), "/m").request


def test_other_sessions_have_other_digests():
    """Digests are keyed: the same words in another session look different."""
    other = SessionKeys.derive(b"b" * 32)
    assert thread(other, described(ONE), "/m").final != thread(KEYS, described(ONE), "/m").final


def test_new_units_are_those_beyond_the_longest_judged_digest():
    """Judged messages are not new; the approval they stand under is inherited; tools and system count one by one."""
    description = described(TWO, system=[{"type": "text", "text": "be kind"}, {"type": "text", "text": "be brief"}])
    digests = thread(KEYS, description, "/m")
    kinds = [unit.kind for unit in description.units]
    assert kinds == ["system", "system", "message", "message", "message"]
    judged = {digests.units[0]: None, digests.units[2]: "tkt_1"}
    found = novelty(digests, description, judged)
    assert found.new_units == {1, 3, 4}
    assert found.approval == "tkt_1"
    assert novelty(digests, description, {}).new_units == {0, 1, 2, 3, 4}


def test_an_answer_that_continues_a_turn_has_its_own_beginning():
    """After `pause_turn` or a prefill, each answer in an assistant's turn is found under the digest before it."""
    paused = [*ONE, assistant({"type": "text", "text": "let me see"})]
    longer = thread(KEYS, described([*paused, assistant({"type": "text", "text": "I saw"})]), "/m")
    asked = [thread(KEYS, described(messages), "/m").final for messages in (ONE, paused)]
    assert longer.answers == ((1, asked[0]), (2, asked[1]))
    assert set(asked) <= set(longer.asked())


def test_an_approval_does_not_cover_another_sending_of_its_own_thread():
    """A thread that ends where the approved one ended is not judged by that approval; one that goes on is."""
    short, long = described(ONE), described(TWO)
    first = thread(KEYS, short, "/m")
    assert novelty(first, short, {first.final: "apr_1"}).new_units == {0}
    assert novelty(first, short, {first.final: None}).new_units == frozenset()
    assert novelty(thread(KEYS, long, "/m"), long, {first.final: "apr_1"}).new_units == {1, 2}


def test_upstreams_own_units_are_known_again_anywhere():
    """An assistant unit that upstream wrote is echoed wherever it stands; the same words of a user are not."""
    long = described(TWO)
    digests = thread(KEYS, long, "/m")
    own = mark(KEYS, long.units[1].canonical)
    assert novelty(digests, long, {own: None}).echoed == {1}
    assert novelty(digests, long, {}).echoed == frozenset()


@pytest.mark.parametrize("other", [("version:2026-10-21",), ("version:2023-06-01", "beta:x")])
def test_an_approval_is_bound_to_version_and_betas(other):
    """The digest that approvals are bound to changes with API version and betas, and not with their order."""
    bound = thread(KEYS, described(ONE), "/m", ("version:2023-06-01",)).tools
    assert thread(KEYS, described(ONE), "/m", other).tools != bound
    assert thread(KEYS, described(ONE), "/m", ("b", "a")).tools == thread(KEYS, described(ONE), "/m", ("a", "b")).tools


@pytest.mark.parametrize("user_id", ["[" * 3000, '{"session_id": "\\ud800"}', '{"session_id": 7}'])
def test_crafted_user_ids_are_only_names(user_id):
    """A user id that looks like JSON and is not Claude Code's names a session by its text, and breaks nothing."""
    assert session_name({}, described(ONE, metadata={"user_id": user_id})) == f"user:{user_id}"
