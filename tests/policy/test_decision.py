"""The documents OPA is asked with hold no text; what it answers is a decision exactly or not at all."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz.decision import (
    MAX_MODELS,
    AccessDecision,
    AdminAction,
    AdminDecision,
    ContentDecision,
    HttpFacts,
    ModelsDecision,
    Owned,
    RequestFacts,
    Review,
    access_input,
    admin_input,
    content_input,
    models_input,
    read_access,
    read_admin,
    read_content,
    read_models,
    request_features,
    split_betas,
)
from authz.errors import PolicyUnavailable
from authz.identity import Principal
from authz.question import MAX_VALUES

PROVENANCE = {"version": "1.22.2", "bundles": {"b.tar.gz": {"revision": "sha256:00ff"}}}
ACCESS = {"allow": True, "reason": "allowed", "connection": "default"}
ALLOW = {"effect": "allow", "reasons": [], "profile": "standard", "review": None, "record": "masked"}
HELD = {
    **ALLOW,
    "effect": "review",
    "reasons": ["trigger:bulk_record"],
    "review": {"reviewers": ["reviewers", "Privacy board"], "min_approvals": 2, "expires_in": 3600},
}
ADMIN = {"allow": False, "reason": "own_request"}
CANARY = "Jane Doe 078-05-1120"


def answer(result: object) -> dict[str, Any]:
    return {"result": result, "provenance": PROVENANCE}


def test_decisions_are_read_with_their_revision() -> None:
    """Each well-formed answer becomes its decision and carries the bundle's revision."""
    assert read_access(answer(ACCESS)) == AccessDecision(True, "allowed", "default", "sha256:00ff")
    assert read_admin(answer(ADMIN)) == AdminDecision(False, "own_request", "sha256:00ff")
    assert read_content(answer(ALLOW)) == ContentDecision("allow", (), "standard", None, "masked", "sha256:00ff")
    review = Review(("reviewers", "Privacy board"), 2, 3600)
    held = ContentDecision("review", ("trigger:bulk_record",), "standard", review, "masked", "sha256:00ff")
    assert read_content(answer(HELD)) == held
    assert read_models(answer({"models": []})) == ModelsDecision(frozenset(), "sha256:00ff")


@pytest.mark.parametrize(
    "models",
    [None, "claude-a", {"claude-a": 1}, [7], [None], [""], ["a b"], ["claude-a\n"], ["claude-a"] * (MAX_MODELS + 1)],
)
def test_models_decisions_are_exact(models: object) -> None:
    """Only a list of names within bounds opens models; anything else opens none and is no decision."""
    assert read_models(answer({"models": ["claude-a"]})).models == {"claude-a"}
    for result in ({"models": models}, {"models": ["claude-a"], "more": models}):
        with pytest.raises(PolicyUnavailable):
            read_models(answer(result))


def test_models_are_asked_about_in_order_and_without_text(http: HttpFacts, principal: Principal) -> None:
    """Every name is asked about once in its place; what is no name is asked about as `-`."""
    document = models_input(http, principal, ["claude-b", "claude-a", CANARY])
    assert document["models"] == ["claude-b", "claude-a", "-"]
    assert CANARY not in json.dumps(document)
    assert document["principal"] == access_input(http, principal)["principal"]
    denied = answer({"allow": False, "reason": "caller_not_allowed", "connection": ""})
    assert read_access({**denied, "decision_id": "7"}).connection == ""


@pytest.mark.parametrize(
    "raw",
    [
        {},
        {"provenance": PROVENANCE},
        None,
        [],
        "allow",
        True,
        1,
        {"result": None},
        {"result": "allow"},
        {"result": []},
        {"result": True},
        {"result": {}},
        {"result": ACCESS},
        {"result": ACCESS, "provenance": None},
        {"result": ACCESS, "provenance": {}},
        {"result": ACCESS, "provenance": {"bundles": {}}},
        {"result": ACCESS, "provenance": {"bundles": {"b": {}}}},
        {"result": ACCESS, "provenance": {"bundles": {"b": {"revision": ""}}}},
        {"result": ACCESS, "provenance": {"bundles": {"b": {"revision": 7}}}},
        {"result": ACCESS, "provenance": {"bundles": {"b": {"revision": "x" * 129}}}},
        {"result": ACCESS, "provenance": {"bundles": {"a": {"revision": "1"}, "b": {"revision": "2"}}}},
        {"result": ACCESS, "provenance": PROVENANCE, "warning": {}},
    ],
)
def test_no_decision_denies(raw: object) -> None:
    """P02: undefined, of another shape, or from no known bundle: every reader refuses."""
    for reader in (read_access, read_content, read_admin):
        with pytest.raises(PolicyUnavailable):
            reader(raw)


@pytest.mark.parametrize(
    "patch",
    [
        {"allow": "true"},
        {"allow": 1},
        {"allow": None},
        {"allow": [True]},
        {"reason": ""},
        {"reason": None},
        {"reason": CANARY},
        {"reason": "x" * 200},
        {"connection": ""},
        {"connection": None},
        {"connection": "../x"},
        {"obligation": "none"},
    ],
)
def test_access_decisions_are_exact(patch: dict[str, Any]) -> None:
    """P02: only true or false, known keys and names of the alphabet make an access decision."""
    with pytest.raises(PolicyUnavailable) as caught:
        read_access(answer({**ACCESS, **patch}))
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize(
    ("base", "patch"),
    [
        (ALLOW, {"effect": "ALLOW"}),
        (ALLOW, {"effect": "permit"}),
        (ALLOW, {"effect": True}),
        (ALLOW, {"effect": ["allow"]}),
        (ALLOW, {"reasons": None}),
        (ALLOW, {"reasons": "x"}),
        (ALLOW, {"reasons": [1]}),
        (ALLOW, {"reasons": ["a"] * 513}),
        (ALLOW, {"profile": ""}),
        (ALLOW, {"profile": "../standard"}),
        (ALLOW, {"profile": None}),
        (ALLOW, {"record": "none"}),
        (ALLOW, {"record": None}),
        (ALLOW, {"effect": "deny"}),
        (ALLOW, {"effect": "review", "reasons": ["x"]}),
        (ALLOW, {"review": HELD["review"]}),
        (ALLOW, {"obligations": []}),
        (HELD, {"reasons": []}),
        (HELD, {"review": {}}),
        (HELD, {"review": []}),
        (HELD, {"review": {**HELD["review"], "notify": "x"}}),
        (HELD, {"review": {**HELD["review"], "reviewers": []}}),
        (HELD, {"review": {**HELD["review"], "reviewers": "reviewers"}}),
        (HELD, {"review": {**HELD["review"], "reviewers": [""]}}),
        (HELD, {"review": {**HELD["review"], "reviewers": [7]}}),
        (HELD, {"review": {**HELD["review"], "reviewers": ["a\n"]}}),
        (HELD, {"review": {**HELD["review"], "reviewers": ["r"] * 33}}),
        (HELD, {"review": {**HELD["review"], "min_approvals": 0}}),
        (HELD, {"review": {**HELD["review"], "min_approvals": True}}),
        (HELD, {"review": {**HELD["review"], "min_approvals": 1.0}}),
        (HELD, {"review": {**HELD["review"], "expires_in": 0}}),
        (HELD, {"review": {**HELD["review"], "expires_in": 10**9}}),
        (HELD, {"review": {**HELD["review"], "expires_in": "3600"}}),
    ],
)
def test_content_decisions_are_exact(base: dict[str, Any], patch: dict[str, Any]) -> None:
    """P02: an effect, its reasons and its review fit each other and their bounds, or there is no decision."""
    with pytest.raises(PolicyUnavailable):
        read_content(answer({**base, **patch}))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


@given(
    json_values, st.sampled_from(["allow", "effect", "reasons", "review", "profile", "record", "reason", "connection"])
)
def test_any_json_is_a_decision_or_refused(value: Any, key: str) -> None:
    """Whatever JSON stands where, a reader returns a decision or raises PolicyUnavailable, and nothing else."""
    for reader, base in ((read_access, ACCESS), (read_content, HELD), (read_admin, ADMIN)):
        for raw in (value, answer(value), {**answer(base), "provenance": value}, answer({**base, key: value})):
            before = copy.deepcopy(raw)
            try:
                decision = reader(raw)
            except PolicyUnavailable:
                continue
            assert decision.revision == "sha256:00ff"
            assert before is not None


def test_the_access_document_has_the_envoy_plugins_shape(principal: Principal) -> None:
    """Policies written for opa-envoy-plugin find method, path, query names and headers where they expect them."""
    http = HttpFacts(
        "POST",
        "/v1/messages?beta=true&x=1",
        {"content-type": "application/json", "anthropic-version": "2023-06-01"},
        host="gateway.example:8080",
        scheme="https",
        protocol="HTTP/2",
        id="req-1",
    )
    document = access_input(http, principal)
    assert document["attributes"]["request"]["http"] == {
        "id": "req-1",
        "method": "POST",
        "headers": {"content-type": "application/json", "anthropic-version": "2023-06-01"},
        "path": "/v1/messages",
        "host": "gateway.example:8080",
        "scheme": "https",
        "protocol": "HTTP/2",
    }
    assert document["parsed_path"] == ["v1", "messages"]
    assert document["parsed_query"] == {"beta": [""], "x": [""]}
    assert document["principal"] == {
        "tenant": "north",
        "issuer": "https://idp.example",
        "subject": "ana",
        "groups": ["clinicians"],
        "kind": "human",
        "expires_at": 1_900_000_000,
    }


def test_no_text_reaches_opa(principal: Principal, facts: RequestFacts) -> None:
    """A canary in every place a caller controls is absent from the document, and so are credentials and cookies."""
    http = HttpFacts(
        CANARY,
        f"/v1/{CANARY}?{CANARY}={CANARY}",
        dict.fromkeys(("authorization", "x-api-key", "cookie", "user-agent", "accept", "anthropic-beta"), CANARY),
        host=CANARY,
        scheme=CANARY,
        protocol=CANARY,
        id=CANARY,
    )
    request = replace(
        facts,
        endpoint=CANARY,
        model=CANARY,
        tools=(CANARY,),
        tool_types=(CANARY,),
        betas=(CANARY,),
        features=(CANARY,),
        media={CANARY: 1},
        new_media={CANARY: 1},
    )
    document = json.dumps(content_input(http, principal, request, {CANARY: 1}, {CANARY: 2}, [CANARY]))
    for part in CANARY.split():
        assert part not in document
    assert "authorization" not in document
    assert "cookie" not in document


@given(st.text(max_size=40))
def test_any_path_and_model_make_a_document(text: str) -> None:
    """P06: whatever path or model comes, the document is plain JSON and never holds characters outside the alphabet."""
    caller = Principal("t", "i", "s", (), "service", "-", 1)
    document = access_input(HttpFacts("GET", f"/{text}", {"accept": text}), caller)
    path = document["attributes"]["request"]["http"]["path"]
    assert path == "" or path == f"/{text}".partition("?")[0]
    assert path.isascii()
    assert " " not in path
    assert "%" not in path


def test_names_are_bounded(http: HttpFacts, principal: Principal, facts: RequestFacts) -> None:
    """Names are distinct and sorted; too many of them arrive with a mark that no allow-list holds."""
    many = tuple(f"tool_{number:04}" for number in range(MAX_VALUES + 1))
    document = content_input(http, principal, replace(facts, tools=("b", "a", "b"), tool_types=many), {}, {}, ())
    assert document["request"]["tools"] == ["a", "b"]
    assert len(document["request"]["tool_types"]) == MAX_VALUES + 1
    assert document["request"]["tool_types"][0] == "-"


def test_a_tool_without_a_type_is_custom(http: HttpFacts, principal: Principal, facts: RequestFacts) -> None:
    """The API reads a tool without `type` as the caller's own, and so does policy."""
    document = content_input(http, principal, replace(facts, tool_types=("", "bash_20250124")), {}, {}, ())
    assert document["request"]["tool_types"] == ["bash_20250124", "custom"]


def test_admin_documents_say_whose(principal: Principal) -> None:
    """The owner stands under what the action concerns; without one the question is about the whole tenant."""
    owned = Owned("north", "https://idp.example", "eve", "PENDING", ("reviewers",))
    voting = admin_input(principal, AdminAction.APPROVE, owned)
    assert voting["approval"]["subject"] == "eve"
    assert voting["approval"]["reviewers"] == ["reviewers"]
    assert voting["session"] is None
    seeing = admin_input(principal, AdminAction.SHOW_SESSION, owned)
    assert seeing["session"] == {"tenant": "north", "issuer": "https://idp.example", "subject": "eve"}
    assert seeing["approval"] is None
    entering = admin_input(principal, AdminAction.ENTER)
    assert (entering["action"], entering["approval"], entering["session"]) == ("enter", None, None)


@pytest.mark.parametrize(
    ("top", "features"),
    [
        ({"model": "m", "max_tokens": 1, "thinking": {"type": "adaptive"}, "output_config": {}}, ()),
        ({"mcp_servers": [{}], "container": "c"}, ("container", "mcp_servers")),
        ({"container": None, "context_management": None}, ()),
        (
            {"context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]}},
            ("context_management:clear_thinking_20251015",),
        ),
        ({"context_management": {}}, ()),
        ({"context_management": {"edits": [{}], "more": 1}}, ("context_management:-",)),
        ({"context_management": {"edits": [7, {"type": CANARY}]}}, ("context_management:-",)),
        ({"context_management": []}, ("context_management:-",)),
        ({"thread": {"type": "create"}, CANARY: 1}, ("thread", "unknown_field")),
        ([], ("-",)),
    ],
)
def test_features_are_named_from_the_top_level(top: object, features: tuple[str, ...]) -> None:
    """What a request switches on has a name of ours; fields outside the schema are not quoted."""
    assert request_features(json.dumps(top).encode()) == features


def test_lists_of_tokens_in_headers_pass(principal: Principal) -> None:
    """Media types with parameters and lists of betas arrive as sent."""
    headers = {"content-type": "application/json; charset=utf-8", "anthropic-beta": "a-2025-01-01,b-2025-01-01, c"}
    document = access_input(HttpFacts("POST", "/v1/messages", headers), principal)
    assert document["attributes"]["request"]["http"]["headers"] == headers


def test_betas_are_split() -> None:
    """Header lines arrive joined by commas, with spaces and empty members."""
    assert split_betas(" a-1 ,b-2,, c-3") == ("a-1", "b-2", "c-3")
    assert split_betas("") == ()


def test_features_come_from_the_first_line_alone():
    """Lines behind the top level belong to single messages (`Outline.rest`) and switch nothing on."""
    assert request_features(b'{"fallbacks":"default","model":"m"}\n1:{"output_config":{"effort":"medium"}}') == (
        "fallbacks",
    )
