"""Masked requests: what changes and what does not, causality, units and their canonical form, and refusals."""

from __future__ import annotations

import json
from typing import Any

import pytest
from carriage_requests import UUID, assistant_turn, mask_body, request_of, text_part, user_turn
from carriage_rules import BLOCKING, GUARDED, KEY, PLAIN, REDACTING, dump, strings
from hypothesis import given, settings
from hypothesis import strategies as st

from masking.errors import BodyRefused, JsonRefused
from masking.memos import memo_digest
from masking.profile import Profile
from masking.request import Blocked, outline

pytestmark = pytest.mark.usefixtures("each_reader")

HEX = "0123456789abcdef" * 4


def test_only_masked_leaves_change() -> None:
    """Whitespace, key order, number lexemes and escapes outside masked leaves stay byte for byte."""
    body = (
        b'{ "max_tokens":1e2 ,"messages" : [ {"content":[{"text":"SSN 123-45-6789\\n!","type":"text"},\t'
        b'{"type":"tool_result","tool_use_id":"toolu_01","content":"caf\\u00e9 \\/"} ],"role":"user"}],"model":"m"}\r\n'
    )
    with pytest.raises(BodyRefused):
        outline(body)  # a count has no exponent
    masked = mask_body(body)
    (token,) = masked.restorations
    assert masked.body == body.replace(b'"SSN 123-45-6789\\n!"', json.dumps(f"SSN {token}\n!").encode())
    assert masked.restorations[token] == "123-45-6789"


def test_escaped_phi_is_found() -> None:
    """PHI spelled with escapes is PHI."""
    body = b'{"model":"m","messages":[{"role":"user","content":"SSN \\u0031\\u00323-45-6789"}]}'
    assert dict(mask_body(body).findings) == {"SSN": 1}


@settings(deadline=None)
@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=9),
        lambda v: st.lists(v) | st.dictionaries(st.text(max_size=5), v),
        max_leaves=12,
    )
)
def test_round_trip_is_lossless(value: Any) -> None:
    """Without findings any tool input goes upstream exactly as it came."""
    body = request_of(
        user_turn("hi"), assistant_turn({"type": "tool_use", "id": "toolu_01", "name": "t", "input": {"v": value}})
    )
    try:
        masked = mask_body(body)
    except JsonRefused:
        return
    if not masked.findings:
        assert masked.body == body


def test_findings_triggers_and_coverage_are_counted() -> None:
    """Old units count in findings only; new ones also in new findings and triggers."""
    body = request_of(
        user_turn("SSN 123-45-6789, entire chart"), user_turn("MRN 0012-3456"), stop_sequences=["02/03/1961"]
    )
    masked = mask_body(body, new_units=frozenset({1}))
    assert masked.findings == {"SSN": 1, "MRN": 1, "DATE": 1}
    assert masked.new_findings == {"MRN": 1, "DATE": 1}
    assert masked.triggers == ()
    assert mask_body(body).triggers == ("bulk_record",)
    assert masked.coverage["message.text"] == {"scanned": 2, "masked": 2}
    assert masked.coverage["request"]["masked"] == 1


def test_what_is_known_stays_known() -> None:
    """A name found by its title is found again without it, in later leaves and not in earlier ones."""
    masked = strings(
        mask_body(
            request_of(user_turn("Loveless is here"), user_turn("Mrs. Ada Loveless"), user_turn("ask Loveless"))
        ).body
    )
    assert "Loveless is here" in masked
    assert not any("ask Loveless" in text or "Ada" in text for text in masked)


def test_fold_order_ignores_byte_order() -> None:
    """Tools, then system, then messages, wherever they stand in the body: the same leaves mask the same way."""
    parts = {
        "messages": [user_turn("Loveless came")],
        "system": "You treat Mrs. Ada Loveless",
        "model": "m",
        "tools": [{"name": "t", "description": "for patient Bo Quill", "input_schema": {}}],
    }
    first = json.loads(mask_body(dump(parts)).body)
    second = json.loads(mask_body(dump(dict(reversed(parts.items())))).body)
    assert first == second
    assert "Loveless" not in first["messages"][0]["content"]


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(["Mrs. Ada Loveless", "Loveless", "SSN 123-45-6789", "hello", "123-45-6789 Ada"]),
        min_size=2,
        max_size=6,
    )
)
def test_masking_is_causal(turns: list[str]) -> None:
    """Appending messages, or changing fields beside the units, never changes how earlier messages mask."""
    messages = [user_turn(turn) for turn in turns]
    whole = json.loads(mask_body(request_of(*messages)).body)["messages"]
    for cut in range(1, len(turns)):
        prefix = mask_body(
            request_of(*messages[:cut], stop_sequences=["Mrs. Other Person"]), new_units=frozenset({cut})
        )
        assert json.loads(prefix.body)["messages"] == whole[:cut]


def test_fields_beside_the_units_teach_nothing() -> None:
    """What stands beside the units knows the units' values, but leaves the memory that the response starts from alone."""
    masked = mask_body(request_of(user_turn("Mrs. Ada Loveless"), stop_sequences=["Loveless", "patient Bo Quill"]))
    assert b"Loveless" not in masked.body
    assert b"Quill" not in masked.body
    assert masked.memory == mask_body(request_of(user_turn("Mrs. Ada Loveless"))).memory


@pytest.mark.parametrize(
    "user_id",
    [
        "",
        UUID,
        HEX,
        f"user_{HEX}_account__session_{UUID}",
        f"user-{HEX}",
        "user_01AbCdEfGhIjKlMnOp",
        json.dumps({"device_id": HEX, "account_uuid": "", "session_id": UUID}),
        json.dumps({"session_id": UUID}),
    ],
)
def test_opaque_user_ids_pass(user_id: str) -> None:
    """Opaque ids and Claude Code's JSON form go upstream unchanged, and are in the outline."""
    body = request_of(user_turn("hi"), metadata={"user_id": user_id})
    assert mask_body(body).body == body
    assert outline(body).user_id == user_id


@pytest.mark.parametrize(
    "user_id",
    [
        "patient Ada Loveless",
        "123-45-6789",
        "patient_0012-3456",
        "case-123-45-6789-0012-3456",
        json.dumps({"device_id": HEX, "session_id": "123-45-6789-0012-3456"}),
        json.dumps({"device_id": HEX, "account_uuid": "", "session_id": "123-45-6789"}),
        json.dumps({"device_id": HEX, "name": "see CANARY1"}),
    ],
)
def test_user_ids_with_phi_become_pseudonyms(user_id: str) -> None:
    """A user id with PHI is replaced as a whole, by the same pseudonym every time."""
    body = request_of(user_turn("hi"), metadata={"user_id": user_id})
    masked = mask_body(body)
    pseudonym = json.loads(masked.body)["metadata"]["user_id"]
    assert pseudonym.startswith("[")
    assert pseudonym.endswith("]")
    assert mask_body(body).body == masked.body
    assert not masked.blocked


def test_billing_header_stays_first_and_untouched() -> None:
    """Claude Code's billing block passes as it is, and counts as left unread."""
    header = "x-anthropic-billing-header: cc_version=2.1.15.103; cc_entrypoint=sdk-py; cch=00000; cc_is_subagent=true;"
    body = request_of(user_turn("hi"), system=[text_part(header), text_part("x")])
    assert mask_body(body).body == body
    assert mask_body(body).coverage["system"] == {"left": 3, "scanned": 1}


@pytest.mark.parametrize(
    "system",
    [
        [text_part("x-anthropic-billing-header: cc_version=2.1.330; cch=00000; SSN 123-45-6789")],
        [text_part("x-anthropic-billing-header: cc_version=2.1.330; cch=123-45-6789;")],
        [text_part("x-anthropic-billing-header: cc_version=123-45-6789;")],
        [text_part("x-anthropic-billing-header: cc_ssn=123-45-6789;")],
        [text_part("x-anthropic-billing-header: cch=" + "a" * 65 + ".123-45-6789;")],
        [text_part("x"), text_part("x-anthropic-billing-header: cch=123-45-6789;")],
    ],
)
def test_what_only_looks_like_a_billing_header_is_text(system: list[dict[str, Any]]) -> None:
    """Other keys, long values, PHI in values or another place: masked like any text."""
    masked = mask_body(request_of(user_turn("hi"), system=system))
    assert b"6789" not in masked.body
    assert masked.findings == {"SSN": 1}


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (request_of(user_turn("x"), tools=[{"name": "see CANARY1", "input_schema": {}}]), "tools[0].name"),
        (
            request_of(user_turn("x"), tools=[{"name": "t", "input_schema": {"properties": {"CANARY1": {}}}}]),
            "tools[0].input_schema.properties.#0",
        ),
        (
            request_of(
                assistant_turn({"type": "tool_use", "id": "toolu_01", "name": "t", "input": {"a": [1, {"CANARY1": 1}]}})
            ),
            "messages[0].content[0].input.#0[1].#0",
        ),
        (
            request_of(user_turn([{"type": "image", "source": {"type": "url", "url": "see CANARY1"}}])),
            "messages[0].content[0].source.url",
        ),
        (request_of(user_turn("x"), service_tier="CANARY1"), "service_tier"),
        (request_of(user_turn("x"), secret_field="a CANARY1"), "#0"),
        (request_of(user_turn("x"), cache_control={"type": "ephemeral", "scope": "a CANARY1"}), "cache_control.#0"),
        (
            request_of(user_turn([text_part("x", cache_control={"type": "CANARY1"})])),
            "messages[0].content[0].cache_control.#0",
        ),
        (
            request_of(user_turn([{"type": "tool_result", "tool_use_id": "id_CANARY1", "content": "x"}])),
            "messages[0].content[0].tool_use_id",
        ),
        (request_of(user_turn("x"), service_tier="tier-canary_CANARY1"), "service_tier"),
    ],
)
def test_blocked_paths(body: bytes, path: str) -> None:
    """What may not be rewritten blocks; its path names keys outside the API's schema by ordinal only."""
    masked = mask_body(body)
    assert [(blocked.path, blocked.identifiers) for blocked in masked.blocked] == [(path, ("OTHER_ID",))]
    assert "CANARY" not in repr(masked)


def test_words_have_an_end() -> None:
    """An id or enum value of more than 128 characters blocks, whatever it holds."""
    assert mask_body(request_of(user_turn("x"), service_tier="a" * 128)).blocked == ()
    (blocked,) = mask_body(request_of(user_turn("x"), service_tier="a" * 129)).blocked
    assert blocked == Blocked("service_tier", ("NOT_OPAQUE",))


def test_media_block_by_profile() -> None:
    """A profile that blocks media blocks every piece of content that nobody could read, and nothing else."""
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}}
    result = {"type": "tool_result", "tool_use_id": "toolu_01", "content": [image]}
    body = request_of(user_turn([image, text_part("x"), result]), container={"id": "container_01"})
    assert mask_body(body).blocked == ()
    assert {blocked.path: blocked.identifiers for blocked in mask_body(body, GUARDED).blocked} == {
        "messages[0].content[0].source": ("MEDIA",),
        "messages[0].content[2].content[0].source": ("MEDIA",),
        "container": ("MEDIA",),
    }


def test_what_should_be_base64_and_is_not_is_text() -> None:
    """Free text where an image's bytes belong does not pass as an image."""
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "see CANARY1 there"}}
    assert [blocked.identifiers for blocked in mask_body(request_of(user_turn([image]))).blocked] == [("OTHER_ID",)]


def test_triggers_in_keys_and_over_lines() -> None:
    """A phrase that calls for review is found in keys too, and when it is broken over lines."""
    call = {"type": "tool_use", "id": "toolu_01", "name": "t", "input": {"the entire chart": 1}}
    assert mask_body(request_of(assistant_turn(call))).triggers == ("bulk_record",)
    assert mask_body(request_of(user_turn("the entire\n\t chart"))).triggers == ("bulk_record",)


def test_operators() -> None:
    """`block` blocks, `keep` keeps, `redact` leaves no trace of the value."""
    body = request_of(user_turn("SSN 123-45-6789 on 02/03/1961"))
    assert [blocked.identifiers for blocked in mask_body(body, BLOCKING).blocked] == [("SSN",)]
    assert b"123-45-6789" not in mask_body(body, BLOCKING).body
    redacted = mask_body(body, REDACTING)
    assert b"02/03/1961" in redacted.body
    assert b"6789" not in redacted.body
    assert not redacted.restorations
    assert not redacted.blocked


def test_unknown_is_masked_when_the_profile_says_so() -> None:
    """`unknown: mask` masks values outside the schema; keys still block."""
    profile = Profile("p", PLAIN.request, PLAIN.response, restore=False, names="strict", unknown="mask", media="block")
    assert not mask_body(request_of(user_turn("x"), zz="a CANARY1"), profile).blocked
    assert b"CANARY" not in mask_body(request_of(user_turn("x"), zz="a CANARY1"), profile).body
    assert mask_body(request_of(user_turn("x"), CANARY1="a"), profile).blocked


def test_a_memo_puts_back_what_upstream_wrote() -> None:
    """A memo counts at its own turn and occurrence, and nowhere else."""
    body = request_of(
        user_turn("a"),
        assistant_turn(text_part("same"), text_part("same")),
        user_turn("b"),
        assistant_turn(text_part("same")),
    )
    memos = {(1, memo_digest(KEY, "text", 1, "same")): "Mrs. Ada Loveless"}
    texts = [text for text in strings(mask_body(body, memos=memos).body) if text in {"same", "Mrs. Ada Loveless"}]
    assert texts == ["same", "Mrs. Ada Loveless", "same"]
    assert mask_body(body, memos={(1, memo_digest(b"another key", "text", 0, "same")): "x"}).body == body
