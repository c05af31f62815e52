"""The map of the Messages API, row by row: what happens to PHI at each place where text travels (claude-api.md 2, 3).

A row names a place by its keys, `*` stands for an element of an array. PHI there is either masked, refused with its path,
or passes because upstream itself sealed it.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from carriage_rules import KEY, PLAIN, RULES, dump

from masking.memory import Memory
from masking.placeholders import Pseudonyms
from masking.request import MaskedRequest, mask_request
from masking.response import ResponseMasker

PHI = "see CANARY17 there"
TOKEN = Pseudonyms(KEY).placeholder("OTHER_ID", "CANARY17")
MASKED = f"see {TOKEN} there"
MASK, BLOCK, SEALED, SECRET = "masked", "blocked", "sealed", "secret"


def _at(place: str, value: Any, around: dict[str, Any]) -> dict[str, Any]:
    """Return an object with a value at a place; `around` are members of the objects on the way, by their key."""
    whole: Any = value
    steps = place.split(".")
    for number in range(len(steps) - 1, -1, -1):
        step = steps[number]
        whole = [whole] if step == "*" else {step: whole}
        holder = ".".join(steps[:number])
        if step != "*":
            whole |= around.get(holder, {})
    return dict(whole)


def _value(body: Any, place: str) -> Any:
    for step in place.split("."):
        body = body[0] if step == "*" else body[step]
    return body


TOP = [
    ("system", MASK, {}),
    ("system.*.text", MASK, {"system.*": {"type": "text"}}),
    ("model", BLOCK, {}),
    ("service_tier", BLOCK, {}),
    ("speed", BLOCK, {}),
    ("inference_geo", BLOCK, {}),
    ("billing_policy", BLOCK, {}),
    ("stop_sequences.*", MASK, {}),
    ("cache_control.ttl", BLOCK, {"cache_control": {"type": "ephemeral"}}),
    ("tool_choice.name", BLOCK, {"tool_choice": {"type": "tool"}}),
    ("tools.*.name", BLOCK, {}),
    ("tools.*.type", BLOCK, {}),
    ("tools.*.allowed_callers.*", BLOCK, {}),
    ("tools.*.description", MASK, {}),
    ("tools.*.input_schema.title", MASK, {}),
    ("tools.*.input_schema.description", MASK, {}),
    ("tools.*.input_schema.$comment", MASK, {}),
    ("tools.*.input_schema.examples.*", MASK, {}),
    ("tools.*.input_schema.properties.who.description", MASK, {}),
    ("tools.*.input_schema.properties.who.enum.*", BLOCK, {}),
    ("tools.*.input_schema.properties.who.const", BLOCK, {}),
    ("tools.*.input_schema.properties.who.default", BLOCK, {}),
    ("tools.*.input_schema.properties.who.pattern", BLOCK, {}),
    ("tools.*.input_schema.required.*", BLOCK, {}),
    ("tools.*.input_schema.zz_new", BLOCK, {}),
    ("tools.*.input_examples.*.who", MASK, {}),
    ("tools.*.allowed_domains.*", BLOCK, {}),
    ("tools.*.blocked_domains.*", BLOCK, {}),
    ("tools.*.user_location.city", BLOCK, {}),
    ("tools.*.user_location.timezone", BLOCK, {}),
    ("tools.*.url_sources.client_tool_results.tools.*.name", BLOCK, {}),
    ("tools.*.response_inclusion", BLOCK, {}),
    ("tools.*.mcp_server_name", BLOCK, {}),
    ("tools.*.configs.see CANARY17 there.enabled", BLOCK, {}),
    ("tools.*.tools.*.name", BLOCK, {}),
    ("tools.*.tools.*.description", MASK, {}),
    ("tools.*.tools.*.input_schema.description", MASK, {}),
    ("output_config.format.schema.description", MASK, {}),
    ("output_config.format.schema.properties.a.const", BLOCK, {}),
    ("output_config.effort", BLOCK, {}),
    ("output_format.schema.title", MASK, {}),
    ("thinking.display", BLOCK, {}),
    ("thinking.block_binding.prefix_mismatch_behavior", BLOCK, {}),
    ("container", BLOCK, {}),
    ("container.skills.*.skill_id", BLOCK, {}),
    ("mcp_servers.*.url", BLOCK, {}),
    ("mcp_servers.*.name", BLOCK, {}),
    ("mcp_servers.*.tool_configuration.allowed_tools.*", BLOCK, {}),
    ("mcp_servers.*.authorization_token", SECRET, {}),
    ("context_management.edits.*.instructions", MASK, {}),
    ("context_management.edits.*.exclude_tools.*", BLOCK, {}),
    ("compaction.instructions", MASK, {}),
    ("thread.previous_message_id", BLOCK, {}),
    ("fallbacks.*.model", BLOCK, {}),
    ("fallback_credit_token", BLOCK, {}),
    ("diagnostics.previous_message_id", BLOCK, {}),
    ("zz_new.deep.*", BLOCK, {}),
]
"""2.1, but for messages and `metadata`: the place at the top level, and what PHI there meets."""

_CITED = {"citations.*": {"type": "char_location"}}
BLOCKS: list[tuple[str, str, str, dict[str, Any]]] = [
    ("text", "text", MASK, {}),
    ("text", "citations.*.cited_text", MASK, _CITED),
    ("text", "citations.*.document_title", MASK, _CITED),
    ("text", "citations.*.title", MASK, _CITED),
    ("text", "citations.*.source", MASK, _CITED),
    ("text", "citations.*.url", BLOCK, _CITED),
    ("text", "citations.*.file_id", BLOCK, _CITED),
    ("text", "citations.*.encrypted_index", SEALED, _CITED),
    ("image", "source.url", BLOCK, {"source": {"type": "url"}}),
    ("image", "source.file_id", BLOCK, {"source": {"type": "file"}}),
    ("image", "source.data", BLOCK, {"source": {"type": "base64"}}),
    ("document", "title", MASK, {}),
    ("document", "context", MASK, {}),
    ("document", "source.data", MASK, {"source": {"type": "text"}}),
    ("document", "source.content", MASK, {"source": {"type": "content"}}),
    ("document", "source.content.*.text", MASK, {"source": {"type": "content"}, "source.content.*": {"type": "text"}}),
    ("document", "source.url", BLOCK, {"source": {"type": "url"}}),
    ("search_result", "title", MASK, {}),
    ("search_result", "source", MASK, {}),
    ("search_result", "content.*.text", MASK, {"content.*": {"type": "text"}}),
    ("thinking", "thinking", SEALED, {}),
    ("thinking", "signature", SEALED, {}),
    ("redacted_thinking", "data", SEALED, {}),
    ("tool_use", "input.deep.*", MASK, {}),
    ("tool_use", "input.see CANARY17 there", BLOCK, {}),
    ("tool_use", "id", BLOCK, {}),
    ("tool_use", "name", BLOCK, {}),
    ("tool_use", "toolset_name", BLOCK, {}),
    ("tool_use", "caller.tool_id", BLOCK, {}),
    ("tool_result", "content", MASK, {}),
    ("tool_result", "content.*.text", MASK, {"content.*": {"type": "text"}}),
    ("tool_result", "content.*.title", MASK, {"content.*": {"type": "document"}}),
    ("tool_result", "content.*.source", MASK, {"content.*": {"type": "search_result"}}),
    ("tool_result", "content.*.tool_name", BLOCK, {"content.*": {"type": "tool_reference"}}),
    ("tool_result", "content.*.tabs.*.title", MASK, {"content.*": {"type": "browser_state"}}),
    ("tool_result", "content.*.tabs.*.url", BLOCK, {"content.*": {"type": "browser_state"}}),
    ("tool_result", "content.*.state_changes.*.path", MASK, {"content.*": {"type": "browser_state"}}),
    ("tool_result", "content.*.state_changes.*.error", MASK, {"content.*": {"type": "browser_state"}}),
    ("tool_result", "content.*.state_changes.*.url", BLOCK, {"content.*": {"type": "browser_state"}}),
    ("tool_result", "content.*.state_changes.*.download_id", BLOCK, {"content.*": {"type": "browser_state"}}),
    ("tool_result", "tool_use_id", BLOCK, {}),
    ("tool_result", "toolset_name", BLOCK, {}),
    ("server_tool_use", "input.query", MASK, {}),
    ("web_search_tool_result", "content.*.title", BLOCK, {}),
    ("web_search_tool_result", "content.*.url", BLOCK, {}),
    ("web_search_tool_result", "content.*.page_age", BLOCK, {}),
    ("web_search_tool_result", "content.*.encrypted_content", SEALED, {}),
    ("web_fetch_tool_result", "content.url", MASK, {}),
    ("web_fetch_tool_result", "content.content.title", MASK, {"content.content": {"type": "document"}}),
    (
        "web_fetch_tool_result",
        "content.content.source.data",
        MASK,
        {"content.content": {"type": "document"}, "content.content.source": {"type": "text"}},
    ),
    ("code_execution_tool_result", "content.stdout", MASK, {}),
    ("code_execution_tool_result", "content.stderr", MASK, {}),
    ("code_execution_tool_result", "content.encrypted_stdout", SEALED, {}),
    ("code_execution_tool_result", "content.content.*.file_id", BLOCK, {}),
    ("bash_code_execution_tool_result", "content.stdout", MASK, {}),
    ("bash_code_execution_tool_result", "content.stderr", MASK, {}),
    ("text_editor_code_execution_tool_result", "content.content", MASK, {}),
    ("text_editor_code_execution_tool_result", "content.lines.*", MASK, {}),
    ("text_editor_code_execution_tool_result", "content.error_message", MASK, {}),
    ("tool_search_tool_result", "content.error_message", BLOCK, {}),
    ("tool_search_tool_result", "content.tool_references.*.tool_name", BLOCK, {}),
    ("container_upload", "file_id", BLOCK, {}),
    ("mcp_tool_use", "input.deep", MASK, {}),
    ("mcp_tool_use", "server_name", BLOCK, {}),
    ("mcp_tool_result", "content", MASK, {}),
    ("mcp_tool_result", "content.*.text", MASK, {"content.*": {"type": "text"}}),
    ("mcp_tool_listing", "tools.*.description", BLOCK, {}),
    ("advisor_tool_result", "content.text", MASK, {}),
    ("advisor_tool_result", "content.encrypted_content", SEALED, {}),
    ("compaction", "content", SEALED, {}),
    ("compaction", "signature", SEALED, {}),
    ("compaction", "encrypted_content", SEALED, {}),
    ("compaction", "tool_changes.*.name", SEALED, {}),
    ("fallback", "from.model", BLOCK, {}),
    ("tool_addition", "tool.definition.description", MASK, {"tool": {"type": "tool_definition"}}),
    ("tool_addition", "tool.definition.input_schema.description", MASK, {"tool": {"type": "tool_definition"}}),
    ("tool_addition", "tool.definition.name", BLOCK, {"tool": {"type": "tool_definition"}}),
    ("tool_removal", "tool.name", BLOCK, {"tool": {"type": "tool_reference"}}),
    ("zz_new", "deep.*", BLOCK, {}),
]
"""2.2: block type, place in the block, and what PHI there meets."""


def _mask(request: dict[str, Any], echoed: frozenset[int] = frozenset()) -> MaskedRequest:
    return mask_request(dump(request), RULES, PLAIN, KEY, new_units=frozenset(), echoed=echoed)


def _expect(masked: MaskedRequest, sent: dict[str, Any], place: str, outcome: str) -> None:
    if outcome == BLOCK:
        assert masked.blocked
        return
    assert not masked.blocked
    value = _value(json.loads(masked.body), place)
    assert value == {MASK: MASKED, SEALED: PHI, SECRET: "[SECRET]"}[outcome]
    clean = json.loads(dump(sent).replace(json.dumps(PHI).encode(), json.dumps(value).encode()))
    assert json.loads(masked.body) == clean


@pytest.mark.parametrize(("place", "outcome", "around"), TOP, ids=[row[0] for row in TOP])
def test_top_level(place: str, outcome: str, around: dict[str, Any]) -> None:
    """Each place beside the messages meets what the map says."""
    request: dict[str, Any] = {"model": "m", "messages": []} | _at(place, PHI, around)
    _expect(_mask(request), request, place, outcome)


@pytest.mark.parametrize(("block", "place", "outcome", "around"), BLOCKS, ids=[f"{row[0]}.{row[1]}" for row in BLOCKS])
@pytest.mark.parametrize("role", ["user", "assistant", "system"])
def test_blocks(role: str, block: str, place: str, outcome: str, around: dict[str, Any]) -> None:
    """Each place in a block meets what the map says in every role; sealed only where upstream wrote it, else refused."""
    content = {"type": block} | _at(place, PHI, around)
    request = {"model": "m", "messages": [{"role": role, "content": [content]}]}
    _expect(_mask(request), request, f"messages.*.content.*.{place}", BLOCK if outcome == SEALED else outcome)
    if outcome == SEALED and role == "assistant":
        _expect(_mask(request, frozenset({0})), request, f"messages.*.content.*.{place}", SEALED)


@pytest.mark.parametrize("key", ["clear_at", "output_config", "zz_new"])
def test_keys_beside_content(key: str) -> None:
    """A message's own fields are settings: PHI there is refused."""
    assert _mask({"model": "m", "messages": [{"role": "system", "content": "now", key: PHI}]}).blocked


@pytest.mark.parametrize("role", ["user", "assistant", "system"])
def test_content_as_a_string(role: str) -> None:
    """A string is one text block, in mid-conversation system messages too."""
    masked = _mask({"model": "m", "messages": [{"role": role, "content": PHI}]})
    assert json.loads(masked.body)["messages"][0]["content"] == MASKED


SESSION = {"device_id": "ab" * 32, "account_uuid": "", "session_id": "0b8f2f6e-1111-4222-8333-944455556666"}


@pytest.mark.parametrize("user", [json.dumps(SESSION), "0b8f2f6e-1111-4222-8333-944455556666", "ab" * 32, ""])
def test_an_opaque_user_stays(user: str) -> None:
    """`metadata.user_id` with ids that identify nobody, Claude Code's JSON string too, goes up byte for byte."""
    body = {"model": "m", "messages": [], "metadata": {"user_id": user}}
    assert _mask(body).body == dump(body)


def test_a_named_user_becomes_one_stable_pseudonym() -> None:
    """PHI in `metadata.user_id` makes the whole of it a pseudonym, the same on every turn."""
    sent = [
        json.loads(_mask({"model": "m", "messages": turns, "metadata": {"user_id": PHI}}).body)["metadata"]["user_id"]
        for turns in ([], [{"role": "user", "content": "more CANARY18"}])
    ]
    assert sent[0] == sent[1] == Pseudonyms(KEY).placeholder("OTHER_ID", PHI)


BILLING = "x-anthropic-billing-header: cc_version=2.1.330.ab1; cc_entrypoint=sdk-py; cch=00000;"


@pytest.mark.parametrize("tools", [[], [{"name": "book"}]])
def test_the_billing_header_stays_first_and_identical(tools: list[Any]) -> None:
    """Claude Code's `system[0]` is neither changed nor joined with the block behind it."""
    system = [{"type": "text", "text": BILLING}, {"type": "text", "text": PHI}]
    sent = json.loads(_mask({"model": "m", "messages": [], "system": system, "tools": tools}).body)["system"]
    assert [block["text"] for block in sent] == [BILLING, MASKED]


def test_stop_sequences_use_the_same_map() -> None:
    """A stop sequence becomes what the model will write, and comes back under the same placeholder."""
    said = {"role": "user", "content": PHI}
    masked = _mask({"model": "m", "messages": [said], "stop_sequences": ["CANARY17"]})
    sent = json.loads(masked.body)
    assert sent["stop_sequences"] == [TOKEN]
    assert TOKEN in sent["messages"][0]["content"]
    answer = ResponseMasker(RULES, PLAIN, KEY, masked.memory, masked.restorations)
    assert json.loads(answer.message(dump({"content": [], "stop_sequence": "CANARY17"})).caller) == {
        "content": [],
        "stop_sequence": TOKEN,
    }


ANSWER = [
    *((f"{place}", outcome) for place, outcome in (("id", MASK), ("model", MASK), ("stop_sequence", MASK))),
    ("stop_details.explanation", MASK),
    ("stop_details.fallback_credit_token", SEALED),
    ("container.id", SEALED),
    ("context_management.applied_edits.*.type", SEALED),
    ("diagnostics.note", SEALED),
    ("input_transformations.*.path", SEALED),
    ("usage.service_tier", MASK),
    ("zz_new.deep.*", MASK),
]


@pytest.mark.parametrize(("place", "outcome"), ANSWER, ids=[row[0] for row in ANSWER])
def test_answers(place: str, outcome: str) -> None:
    """3.1: what upstream alone fills passes; every other string beside the content is masked."""
    _answered(_at(place, PHI, {}), place, outcome)


VALUES = [row for row in BLOCKS if "CANARY17" not in row[1]]


@pytest.mark.parametrize(("block", "place", "outcome", "around"), VALUES, ids=[f"{row[0]}.{row[1]}" for row in VALUES])
def test_blocks_of_answers(block: str, place: str, outcome: str, around: dict[str, Any]) -> None:
    """3.1: nothing in an answer is refused; what upstream sealed passes, opaque data too, and PHI is masked."""
    opaque = outcome == SEALED or (place == "source.data" and block == "image")
    content = {"type": block} | _at(place, PHI, around)
    _answered({"content": [content]}, f"content.*.{place}", SEALED if opaque else MASK)


def _answered(answer: dict[str, Any], place: str, outcome: str) -> None:
    result = ResponseMasker(RULES, PLAIN, KEY, Memory(), {}).message(dump(answer))
    assert _value(json.loads(result.caller), place) == (PHI if outcome == SEALED else MASKED)
