"""Sealed values: they pass unread only where upstream itself wrote them."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
from carriage_rules import GUARDED, KEY, PLAIN, RULES, dump
from hypothesis import given
from hypothesis import strategies as st

from masking.opacity import billing_values, is_cipher, is_opaque_user, is_time, views
from masking.request import MaskedRequest, mask_request, outline

pytestmark = pytest.mark.usefixtures("each_reader")

if TYPE_CHECKING:
    from masking.profile import Profile

SIGNATURE = base64.b64encode(bytes(range(7, 250, 3)) * 3).decode()
THINKING = {"type": "thinking", "thinking": "the entire chart of CANARY1", "signature": SIGNATURE}
REDACTED = {"type": "redacted_thinking", "data": SIGNATURE}
COMPACTION = {"type": "compaction", "content": "about CANARY1", "signature": SIGNATURE, "encrypted_content": SIGNATURE}


def _mask(role: str, *content: Any, profile: Profile = PLAIN, echoed: frozenset[int] = frozenset()) -> MaskedRequest:
    body = dump({"model": "m", "messages": [{"role": role, "content": list(content)}]})
    return mask_request(body, RULES, profile, KEY, new_units=frozenset(range(9)), echoed=echoed)


def test_what_upstream_wrote_passes_unread() -> None:
    """Echoed units of the assistant pass byte for byte, without triggers and findings."""
    masked = _mask("assistant", THINKING, REDACTED, COMPACTION, echoed=frozenset({0, 1, 2}))
    assert (masked.blocked, masked.triggers, masked.findings) == ((), (), {})
    assert b"CANARY1" in masked.body


@pytest.mark.parametrize("block", [THINKING, COMPACTION])
def test_what_nobody_can_vouch_for_is_read(block: dict[str, Any]) -> None:
    """The same blocks in a conversation that upstream did not write: PHI blocks, triggers and size count."""
    masked = _mask("assistant", block)
    assert [blocked.identifiers for blocked in masked.blocked] == [("OTHER_ID",)]
    assert masked.new_findings == {"OTHER_ID": 1}
    assert _mask("assistant", THINKING).triggers == ("bulk_record",)
    assert _mask("assistant", {**THINKING, "thinking": "no news"}, REDACTED).blocked == ()
    body = dump({"model": "m", "messages": [{"role": "assistant", "content": [THINKING]}]})
    assert outline(body).units[0].text_bytes >= len("the entire chart of CANARY1")


@pytest.mark.parametrize("role", ["user", "system"])
@pytest.mark.parametrize("block", [THINKING, REDACTED | {"data": "CANARY1"}, COMPACTION])
def test_signed_blocks_stand_only_in_the_assistants_turn(role: str, block: dict[str, Any]) -> None:
    """In another role, in `system` or in a tool result they are unknown blocks, even if called echoed."""
    everything = frozenset(range(9))
    assert _mask(role, block, echoed=everything).blocked
    nested = {"type": "tool_result", "tool_use_id": "toolu_01", "content": [block]}
    assert _mask(role, nested, echoed=everything).blocked
    body = dump({"model": "m", "system": [block], "messages": []})
    assert mask_request(body, RULES, PLAIN, KEY, new_units=everything, echoed=everything).blocked


@pytest.mark.parametrize(("echoed", "named", "blocks"), [(True, 1, 0), (True, 2, 1), (False, 1, 2)])
def test_a_result_names_its_call_as_upstream_did(echoed: bool, named: int, blocks: int) -> None:
    """An id of upstream's, which may look like anything by chance, comes back in a result; another one is read."""
    call = {"type": "tool_use", "id": "toolu_CANARY1", "name": "look", "input": {}}
    result = {"type": "tool_result", "tool_use_id": f"toolu_CANARY{named}", "content": "so"}
    body = dump(
        {"model": "m", "messages": [{"role": "assistant", "content": [call]}, {"role": "user", "content": [result]}]}
    )
    wrote = frozenset({0}) if echoed else frozenset()
    assert len(mask_request(body, RULES, PLAIN, KEY, new_units=frozenset({1}), echoed=wrote).blocked) == blocks


def test_memory_reaches_sealed_text_and_is_not_changed_by_it() -> None:
    """A name known from before is found in thinking; thinking teaches nothing."""
    user = {"role": "user", "content": "Mrs. Ada Loveless"}
    said = {"role": "assistant", "content": [{**THINKING, "thinking": "Loveless asks; patient Bo Quill"}]}
    masked = mask_request(dump({"model": "m", "messages": [user, said]}), RULES, PLAIN, KEY, new_units=frozenset())
    assert [blocked.identifiers for blocked in masked.blocked] == [("NAME",)]
    alone = mask_request(dump({"model": "m", "messages": [user]}), RULES, PLAIN, KEY, new_units=frozenset())
    assert masked.memory == alone.memory


@pytest.mark.parametrize(
    "block",
    [
        {"type": "thinking", "thinking": {"a": ["CANARY1"]}, "signature": SIGNATURE},
        {"type": "thinking", "thinking": {"a CANARY1": 1}, "signature": SIGNATURE},
        {"type": "thinking", "thinking": "", "signature": "this is no signature"},
        {"type": "thinking", "thinking": "", "signature": {"x": "this is no signature"}},
        {"type": "thinking", "thinking": "", "signature": "mrn_0012-3456"},
        {"type": "redacted_thinking", "data": "the-quick-brown-fox-" * 9},
        {"type": "compaction", "content": "", "tool_changes": [{"CANARY1": "x"}]},
        {"type": "text", "text": "x", "citations": [{"type": "x", "encrypted_index": "free text"}]},
        {"type": "code_execution_tool_result", "content": {"type": "r", "content": [{"file_id": "see CANARY1"}]}},
        {"type": "web_fetch_tool_result", "content": {"type": "r", "retrieved_at": "born CANARY1"}},
        {"type": "web_search_tool_result", "content": [{"type": "r", "encrypted_content": "free text"}]},
    ],
    ids=str,
)
def test_values_that_should_be_opaque_have_to_look_it(block: dict[str, Any]) -> None:
    """Free text at a place of ciphertext, ids or timestamps blocks, in any JSON shape."""
    assert _mask("assistant", block).blocked
    assert not _mask("assistant", block, profile=GUARDED, echoed=frozenset({0})).blocked or "file_id" in json.dumps(
        block
    )


def test_timestamps_and_ids_pass() -> None:
    """What has the shape of its place goes upstream."""
    page = {"type": "web_fetch_result", "url": "u", "retrieved_at": "2026-03-01T10:00:00.123Z"}
    assert (
        _mask("assistant", {"type": "web_fetch_tool_result", "tool_use_id": "srvtoolu_01", "content": page}).blocked
        == ()
    )
    assert is_time("2026-03-01T10:00:00+00:00")
    assert not is_time("1961-02-03T00:00:00Z")


@given(st.binary(min_size=48, max_size=900))
def test_ciphertext_looks_like_ciphertext(data: bytes) -> None:
    """Base64 and hex of random bytes pass; a credit token stands beside the units and is never echoed."""
    for text in (base64.b64encode(data).decode(), base64.urlsafe_b64encode(data).decode(), data.hex()):
        assert is_cipher(text) or len(set(data)) < 16  # what repeats itself is not random
    assert not is_cipher(" ".join(["text"] * 9))


def test_opaque_shapes() -> None:
    """The shapes of user ids, and the readings of a word that recognizers see."""
    assert is_opaque_user("0123456789abcdef")
    assert not is_opaque_user("patient_MarisolQuintero19610203")
    assert views("claude-sonnet") == ()
    assert views("550e8400-e29b-41d4-a716-446655440000") == ()
    assert "mrn 0012 3456" in views("mrn_0012-3456")
    assert billing_values("x-anthropic-billing-header:" + " cch=a;" * 100) is None
