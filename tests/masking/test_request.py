"""Masked requests: what changes and what does not, causality, units and their canonical form, and refusals."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest
from carriage_rules import BLOCKING, GUARDED, KEY, PLAIN, REDACTING, RULES, dump, strings
from hypothesis import given, settings
from hypothesis import strategies as st

from masking.errors import BodyRefused, JsonRefused
from masking.memos import memo_digest
from masking.profile import Profile
from masking.request import Blocked, MaskedRequest, mask_request, outline

pytestmark = pytest.mark.usefixtures("each_reader")

HEX = "0123456789abcdef" * 4
UUID = "550e8400-e29b-41d4-a716-446655440000"


def _request(*messages: Any, **more: Any) -> bytes:
    return dump({"model": "m", "max_tokens": 5, **more, "messages": list(messages)})


def _user(content: Any) -> dict[str, Any]:
    return {"role": "user", "content": content}


def _assistant(*content: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": list(content)}


def _text(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "text", "text": text, **more}


def _mask(body: bytes, profile: Profile = PLAIN, **more: Any) -> MaskedRequest:
    return mask_request(body, RULES, profile, KEY, **{"new_units": frozenset(range(99)), **more})


def test_only_masked_leaves_change() -> None:
    """Whitespace, key order, number lexemes and escapes outside masked leaves stay byte for byte."""
    body = (
        b'{ "max_tokens":1e2 ,"messages" : [ {"content":[{"text":"SSN 123-45-6789\\n!","type":"text"},\t'
        b'{"type":"tool_result","tool_use_id":"toolu_01","content":"caf\\u00e9 \\/"} ],"role":"user"}],"model":"m"}\r\n'
    )
    with pytest.raises(BodyRefused):
        outline(body)  # a count has no exponent
    masked = _mask(body)
    (token,) = masked.restorations
    assert masked.body == body.replace(b'"SSN 123-45-6789\\n!"', json.dumps(f"SSN {token}\n!").encode())
    assert masked.restorations[token] == "123-45-6789"


def test_escaped_phi_is_found() -> None:
    """PHI spelled with escapes is PHI."""
    body = b'{"model":"m","messages":[{"role":"user","content":"SSN \\u0031\\u00323-45-6789"}]}'
    assert dict(_mask(body).findings) == {"SSN": 1}


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
    body = _request(_user("hi"), _assistant({"type": "tool_use", "id": "toolu_01", "name": "t", "input": {"v": value}}))
    try:
        masked = _mask(body)
    except JsonRefused:
        return
    if not masked.findings:
        assert masked.body == body


def test_findings_triggers_and_coverage_are_counted() -> None:
    """Old units count in findings only; new ones also in new findings and triggers."""
    body = _request(_user("SSN 123-45-6789, entire chart"), _user("MRN 0012-3456"), stop_sequences=["02/03/1961"])
    masked = _mask(body, new_units=frozenset({1}))
    assert masked.findings == {"SSN": 1, "MRN": 1, "DATE": 1}
    assert masked.new_findings == {"MRN": 1, "DATE": 1}
    assert masked.triggers == ()
    assert _mask(body).triggers == ("bulk_record",)
    assert masked.coverage["message.text"] == {"scanned": 2, "masked": 2}
    assert masked.coverage["request"]["masked"] == 1


def test_what_is_known_stays_known() -> None:
    """A name found by its title is found again without it, in later leaves and not in earlier ones."""
    masked = strings(_mask(_request(_user("Loveless is here"), _user("Mrs. Ada Loveless"), _user("ask Loveless"))).body)
    assert "Loveless is here" in masked
    assert not any("ask Loveless" in text or "Ada" in text for text in masked)


def test_fold_order_ignores_byte_order() -> None:
    """Tools, then system, then messages, wherever they stand in the body: the same leaves mask the same way."""
    parts = {
        "messages": [_user("Loveless came")],
        "system": "You treat Mrs. Ada Loveless",
        "model": "m",
        "tools": [{"name": "t", "description": "for patient Bo Quill", "input_schema": {}}],
    }
    first = json.loads(_mask(dump(parts)).body)
    second = json.loads(_mask(dump(dict(reversed(parts.items())))).body)
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
    messages = [_user(turn) for turn in turns]
    whole = json.loads(_mask(_request(*messages)).body)["messages"]
    for cut in range(1, len(turns)):
        prefix = _mask(_request(*messages[:cut], stop_sequences=["Mrs. Other Person"]), new_units=frozenset({cut}))
        assert json.loads(prefix.body)["messages"] == whole[:cut]


def test_fields_beside_the_units_teach_nothing() -> None:
    """What stands beside the units knows the units' values, but leaves the memory that the response starts from alone."""
    masked = _mask(_request(_user("Mrs. Ada Loveless"), stop_sequences=["Loveless", "patient Bo Quill"]))
    assert b"Loveless" not in masked.body
    assert b"Quill" not in masked.body
    assert masked.memory == _mask(_request(_user("Mrs. Ada Loveless"))).memory


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
    body = _request(_user("hi"), metadata={"user_id": user_id})
    assert _mask(body).body == body
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
    body = _request(_user("hi"), metadata={"user_id": user_id})
    masked = _mask(body)
    pseudonym = json.loads(masked.body)["metadata"]["user_id"]
    assert pseudonym.startswith("[")
    assert pseudonym.endswith("]")
    assert _mask(body).body == masked.body
    assert not masked.blocked


def test_billing_header_stays_first_and_untouched() -> None:
    """Claude Code's billing block passes as it is, and counts as left unread."""
    header = "x-anthropic-billing-header: cc_version=2.1.15.103; cc_entrypoint=sdk-py; cch=00000; cc_is_subagent=true;"
    body = _request(_user("hi"), system=[_text(header), _text("x")])
    assert _mask(body).body == body
    assert _mask(body).coverage["system"] == {"left": 3, "scanned": 1}


@pytest.mark.parametrize(
    "system",
    [
        [_text("x-anthropic-billing-header: cc_version=2.1.330; cch=00000; SSN 123-45-6789")],
        [_text("x-anthropic-billing-header: cc_version=2.1.330; cch=123-45-6789;")],
        [_text("x-anthropic-billing-header: cc_version=123-45-6789;")],
        [_text("x-anthropic-billing-header: cc_ssn=123-45-6789;")],
        [_text("x-anthropic-billing-header: cch=" + "a" * 65 + ".123-45-6789;")],
        [_text("x"), _text("x-anthropic-billing-header: cch=123-45-6789;")],
    ],
)
def test_what_only_looks_like_a_billing_header_is_text(system: list[dict[str, Any]]) -> None:
    """Other keys, long values, PHI in values or another place: masked like any text."""
    masked = _mask(_request(_user("hi"), system=system))
    assert b"6789" not in masked.body
    assert masked.findings == {"SSN": 1}


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (_request(_user("x"), tools=[{"name": "see CANARY1", "input_schema": {}}]), "tools[0].name"),
        (
            _request(_user("x"), tools=[{"name": "t", "input_schema": {"properties": {"CANARY1": {}}}}]),
            "tools[0].input_schema.properties.#0",
        ),
        (
            _request(
                _assistant({"type": "tool_use", "id": "toolu_01", "name": "t", "input": {"a": [1, {"CANARY1": 1}]}})
            ),
            "messages[0].content[0].input.#0[1].#0",
        ),
        (
            _request(_user([{"type": "image", "source": {"type": "url", "url": "see CANARY1"}}])),
            "messages[0].content[0].source.url",
        ),
        (_request(_user("x"), service_tier="CANARY1"), "service_tier"),
        (_request(_user("x"), secret_field="a CANARY1"), "#0"),
        (_request(_user("x"), cache_control={"type": "ephemeral", "scope": "a CANARY1"}), "cache_control.#0"),
        (_request(_user([_text("x", cache_control={"type": "CANARY1"})])), "messages[0].content[0].cache_control.#0"),
        (
            _request(_user([{"type": "tool_result", "tool_use_id": "id_CANARY1", "content": "x"}])),
            "messages[0].content[0].tool_use_id",
        ),
        (_request(_user("x"), service_tier="tier-canary_CANARY1"), "service_tier"),
    ],
)
def test_blocked_paths(body: bytes, path: str) -> None:
    """What may not be rewritten blocks; its path names keys outside the API's schema by ordinal only."""
    masked = _mask(body)
    assert [(blocked.path, blocked.identifiers) for blocked in masked.blocked] == [(path, ("OTHER_ID",))]
    assert "CANARY" not in repr(masked)


def test_words_have_an_end() -> None:
    """An id or enum value of more than 128 characters blocks, whatever it holds."""
    assert _mask(_request(_user("x"), service_tier="a" * 128)).blocked == ()
    (blocked,) = _mask(_request(_user("x"), service_tier="a" * 129)).blocked
    assert blocked == Blocked("service_tier", ("NOT_OPAQUE",))


def test_media_block_by_profile() -> None:
    """A profile that blocks media blocks every piece of content that nobody could read, and nothing else."""
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}}
    result = {"type": "tool_result", "tool_use_id": "toolu_01", "content": [image]}
    body = _request(_user([image, _text("x"), result]), container={"id": "container_01"})
    assert _mask(body).blocked == ()
    assert {blocked.path: blocked.identifiers for blocked in _mask(body, GUARDED).blocked} == {
        "messages[0].content[0].source": ("MEDIA",),
        "messages[0].content[2].content[0].source": ("MEDIA",),
        "container": ("MEDIA",),
    }


def test_what_should_be_base64_and_is_not_is_text() -> None:
    """Free text where an image's bytes belong does not pass as an image."""
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "see CANARY1 there"}}
    assert [blocked.identifiers for blocked in _mask(_request(_user([image]))).blocked] == [("OTHER_ID",)]


def test_triggers_in_keys_and_over_lines() -> None:
    """A phrase that calls for review is found in keys too, and when it is broken over lines."""
    call = {"type": "tool_use", "id": "toolu_01", "name": "t", "input": {"the entire chart": 1}}
    assert _mask(_request(_assistant(call))).triggers == ("bulk_record",)
    assert _mask(_request(_user("the entire\n\t chart"))).triggers == ("bulk_record",)


def test_operators() -> None:
    """`block` blocks, `keep` keeps, `redact` leaves no trace of the value."""
    body = _request(_user("SSN 123-45-6789 on 02/03/1961"))
    assert [blocked.identifiers for blocked in _mask(body, BLOCKING).blocked] == [("SSN",)]
    assert b"123-45-6789" not in _mask(body, BLOCKING).body
    redacted = _mask(body, REDACTING)
    assert b"02/03/1961" in redacted.body
    assert b"6789" not in redacted.body
    assert not redacted.restorations
    assert not redacted.blocked


def test_unknown_is_masked_when_the_profile_says_so() -> None:
    """`unknown: mask` masks values outside the schema; keys still block."""
    profile = Profile("p", PLAIN.request, PLAIN.response, restore=False, names="strict", unknown="mask", media="block")
    assert not _mask(_request(_user("x"), zz="a CANARY1"), profile).blocked
    assert b"CANARY" not in _mask(_request(_user("x"), zz="a CANARY1"), profile).body
    assert _mask(_request(_user("x"), CANARY1="a"), profile).blocked


def test_a_memo_puts_back_what_upstream_wrote() -> None:
    """A memo counts at its own turn and occurrence, and nowhere else."""
    body = _request(_user("a"), _assistant(_text("same"), _text("same")), _user("b"), _assistant(_text("same")))
    memos = {(1, memo_digest(KEY, "text", 1, "same")): "Mrs. Ada Loveless"}
    texts = [text for text in strings(_mask(body, memos=memos).body) if text in {"same", "Mrs. Ada Loveless"}]
    assert texts == ["same", "Mrs. Ada Loveless", "same"]
    assert _mask(body, memos={(1, memo_digest(b"another key", "text", 0, "same")): "x"}).body == body


def _units(*messages: Any, **more: Any) -> list[bytes]:
    return [unit.canonical for unit in outline(_request(*messages, **more)).units]


def test_canonical_ignores_what_means_nothing() -> None:
    """String or block, cache_control, key order, escapes, message boundaries, number spelling: one canonical form."""
    call = {"type": "tool_use", "id": "toolu_01", "name": "t", "input": {"a": 1.0, "b": [100]}}
    same = {
        "input": {"b": [1e2], "a": 1},
        "caller": {"type": "direct"},
        "name": "t",
        "id": "toolu_01",
        "type": "tool_use",
    }
    assert _units(_user("x"), system="s") == _units(
        _user([_text("x", cache_control={"type": "ephemeral"})]), system=[_text("s")]
    )
    assert _units(_user([_text("x"), _text("y")])) == _units(_user("x"), _user("y"))
    assert _units(_assistant(call)) == _units(_assistant(same))
    assert _units(_assistant(_text("x", citations=None))) == _units(_assistant(_text("x")))
    assert (
        outline(b'{"model":"m","messages":[{"role":"user","content":"\\u00e9"}]}').units[0]
        == outline(_request(_user("é"))).units[0]
    )


def test_canonical_sees_what_means_something() -> None:
    """Role, type, text, tool input and results all make a difference."""
    seen = [
        _units(_user("x")),
        _units(_assistant(_text("x"))),
        _units({"role": "system", "content": "x"}),
        _units(system="x"),
        _units(_user("y")),
        _units(_user([{"type": "tool_result", "tool_use_id": "toolu_01", "content": "x"}])),
        _units(_user([{"type": "tool_result", "tool_use_id": "toolu_01", "content": "y"}])),
        _units(_assistant({"type": "tool_use", "id": "toolu_01", "name": "t", "input": {"cache_control": 1}})),
        _units(_assistant({"type": "tool_use", "id": "toolu_01", "name": "t", "input": {}})),
        _units(tools=[{"name": "t", "input_schema": {}}]),
    ]
    flat = [unit for units in seen for unit in units]
    assert len(set(flat)) == len(flat) == len(seen)
    assert all(len(unit) == 32 for unit in flat)


def test_rest_is_the_question_beside_the_units() -> None:
    """`rest` is canonical JSON that ignores stream, metadata, cache_control and thinking.display only."""
    base = outline(_request(_user("x"), thinking={"type": "adaptive", "display": "omitted"})).rest
    same = _request(
        _user("x"),
        stream=True,
        metadata={"user_id": UUID},
        cache_control={"type": "ephemeral"},
        thinking={"display": "updates", "type": "adaptive"},
    )
    assert outline(same).rest == base
    assert json.loads(base) == {"max_tokens": 5, "model": "m", "thinking": {"type": "adaptive"}}
    assert outline(_request(_user("x"), temperature=1, thinking={"type": "adaptive"})).rest != base
    assert outline(_request({**_user("x"), "clear_at": "end"}, thinking={"type": "adaptive"})).rest != base


def test_outline_facts() -> None:
    """The outline knows model, stream, tools, thread and text size, and travels between processes without the body."""
    found = outline(
        _request(
            _user("é"),
            system="s",
            stream=True,
            thread={"type": "create"},
            tools=[{"name": "t"}, {"type": "bash_20250124", "name": "bash"}],
        )
    )
    assert (found.model, found.stream, found.max_tokens, found.has_thread) == ("m", True, 5, True)
    assert (found.tool_names, found.tool_types) == (("t", "bash"), ("custom", "bash_20250124"))
    assert [unit.kind for unit in found.units] == ["tool", "tool", "system", "message"]
    assert found.units[3].text_bytes == 2
    copy = pickle.loads(pickle.dumps(found))  # noqa: S301 - our own bytes
    assert copy == found
    assert copy.arranged is None
    masked = _mask(_request(_user("Mrs. Ada Loveless")))
    assert pickle.loads(pickle.dumps(masked)).memory == masked.memory  # noqa: S301


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b'"x"',
        b"null",
        b"{}",
        b'{"model":"m"}',
        b'{"model":1,"messages":[]}',
        b'{"model":"","messages":[]}',
        b'{"model":"m","messages":"x"}',
        b'{"model":"m","messages":[[]]}',
        b'{"model":"m","messages":[1]}',
        b'{"model":"m","messages":[{"role":"user"}]}',
        b'{"model":"m","messages":[{"role":"tool","content":"x"}]}',
        b'{"model":"m","messages":[{"content":"x"}]}',
        b'{"model":"m","messages":[{"role":"user","content":["x"]}]}',
        b'{"model":"m","messages":[{"role":"user","content":[{"text":"x"}]}]}',
        b'{"model":"m","messages":[],"system":{}}',
        b'{"model":"m","messages":[],"tools":{}}',
        b'{"model":"m","messages":[],"tools":["x"]}',
        b'{"model":"m","messages":[],"stream":"true"}',
        b'{"model":"m","messages":[],"stream":1}',
        b'{"model":"m","messages":[],"stream":null}',
        b'{"model":"m","messages":[],"max_tokens":"5"}',
        b'{"model":"m","messages":[],"max_tokens":-1}',
        b'{"model":"m","messages":[],"max_tokens":1e999}',
        b'{"model":"m","messages":[],"max_tokens":' + b"1" * 400 + b"}",
        b'{"model":"m","messages":[],"metadata":[]}',
        b'{"model":"m","messages":[],"metadata":{"user_id":["x"]}}',
        b'{"model":"m","messages":[],"tools":[{"type":["web_search_20260318"],"name":"t"}]}',
        b'{"model":"m","messages":[],"tools":[{"type":5,"name":"t"}]}',
        b'{"model":"m","messages":[],"tools":[{"name":["t"]}]}',
        b'{"model":"m","messages":[{"role":"system","content":[{"type":"tool_addition"}]}]}',
        b'{"model":"m","messages":[{"role":"system","content":[{"type":"tool_addition","tool":{"definition":[]}}]}]}',
        b'{"model":"m","messages":[{"role":"system","content":[{"type":"tool_removal","tool":{"name":1}}]}]}',
    ],
)
def test_what_is_not_a_messages_request_is_refused(body: bytes) -> None:
    """A frame of the wrong types is refused before anything else happens (J06)."""
    with pytest.raises(BodyRefused):
        outline(body)


@pytest.mark.parametrize("user_id", ["[" * 100_000, "{" * 100_000, '{"session_id":"\\ud800"}', '{"session_id":1e999}'])
def test_odd_user_ids_are_text(user_id: str) -> None:
    """A user id that is no JSON of Claude Code's is read as text, however deep it seems to nest."""
    body = _request(_user("hi"), metadata={"user_id": user_id})
    assert outline(body).user_id == user_id
    assert _mask(body).blocked == ()


def test_tools_are_seen_wherever_they_come_in() -> None:
    """Tools that messages add or remove, and those of MCP servers, are in the outline beside the declared ones."""
    added = {"type": "tool_addition", "tool": {"type": "tool_definition", "definition": {"type": "a_1", "name": "an"}}}
    removed = {"type": "tool_removal", "tool": {"type": "tool_reference", "name": "rn"}}
    strange = {"type": "tool_addition", "tool": {"type": "b_1", "name": "bn"}}
    nested = {"type": "tool_result", "tool_use_id": "toolu_01", "content": [added | {"tool": {"definition": {}}}]}
    unknown = {
        "type": "zz",
        "inside": [{"type": "tool_addition", "tool": {"definition": {"type": "c_1", "name": "cn"}}}],
    }
    toolset = {"type": "mcp_toolset", "mcp_server_name": "s", "configs": {"kn": {}}, "tools": [{"name": "pn"}]}
    found = outline(
        _request({"role": "system", "content": [added, removed]}, _user([strange, nested, unknown]), tools=[toolset])
    )
    assert set(found.tool_types) == {"mcp_toolset", "a_1", "b_1", "c_1", "custom"}
    assert {"an", "rn", "bn", "cn", "kn", "pn"} <= set(found.tool_names)
    assert (found.tool_names[0], found.tool_types[0]) == ("", "mcp_toolset")


def test_limits() -> None:
    """A body over the limit is refused by size alone."""
    with pytest.raises(JsonRefused, match="too_large"):
        outline(_request(_user("x")), limit=10)
    with pytest.raises(JsonRefused, match="other_document"):
        mask_request(b"{}", RULES, PLAIN, KEY, new_units=frozenset(), arranged=outline(_request(_user("x"))).arranged)
