"""Questions about models as transcripts, and the endpoints and queries that there are."""

from __future__ import annotations

import json

import pytest
from playbook import CALLER, Playbook, answer, closing, head, told

from authz.errors import PolicyUnavailable, RecordUnavailable
from authz.exchange import actions as act
from authz.exchange.catalogue import MOST_BYTES

CANARY = "536-22-8145"
MODEL = "claude-sonnet-5-5"


def models(path: str = "/v1/models", **headers: str) -> list[act.Event]:
    return [head("GET", path, end=True, **headers)]


def model(name: str, **more: object) -> dict[str, object]:
    return {"type": "model", "id": name, "display_name": name.title(), "created_at": "2026-10-01T00:00:00Z", **more}


def listed(*names: str, **more: object) -> list[act.Event]:
    return answer({"data": [model(name, **more) for name in names], "has_more": False})


def test_the_list_is_recorded_before_it_goes_up_and_before_it_comes_down(rules):
    """Opened durable, the request without body out, policy asked about what came, closed durable, answer out."""
    play = Playbook(rules, [*models("/v1/models?limit=7&beta=true"), *listed(MODEL, "claude-other")]).play()
    assert play.error is None
    assert play.names() == ["Record", "ReleaseRequest", "AskModels", "Record", "ReleaseResponseHead", "ReleaseResponse"]
    assert play.events_recorded() == ["exchange.opened", "exchange.closed"]
    (released,) = play.of(act.ReleaseRequest)
    assert (released.body, released.target) == (None, "/v1/models?limit=1000")
    assert play.of(act.AskModels)[0].models == (MODEL, "claude-other")
    assert told(play) == {"data": [model(MODEL)], "has_more": False, "first_id": MODEL, "last_id": MODEL}
    assert closing(play) == {"outcome": "completed", "status": 200, "models": 1, "withheld": 1}


def test_only_known_facts_of_a_model_come_down(rules):
    """Fields that are not a catalogue's stay behind, at any depth; what upstream set in headers too."""
    more = {
        "capabilities": {
            "batch": {"supported": True, "note": CANARY},
            "effort": {"supported": True, "levels": {"high": {"supported": False}}, "list": [CANARY]},
            CANARY: {"supported": True},
        },
        "lifecycle": "active",
        "max_tokens": 128,
        "max_input_tokens": "many",
        "line": CANARY * 20,
        "organization": CANARY,
    }
    play = Playbook(rules, [*models(), *listed(MODEL, **more)]).play()
    assert told(play)["data"] == [
        {
            **model(MODEL),
            "lifecycle": "active",
            "max_tokens": 128,
            "capabilities": {
                "batch": {"supported": True},
                "effort": {"supported": True, "levels": {"high": {"supported": False}}},
            },
        }
    ]
    assert "set-cookie" not in play.of(act.ReleaseResponseHead)[0].keep


def test_only_plain_headers_go_up_with_a_question_about_models(rules):
    """Betas are not judged here, so none go up; nor does anything else that is not named."""
    given = {"anthropic_version": "2023-06-01", "anthropic_beta": "a-note", "content_type": "application/json"}
    play = Playbook(rules, [*models(**given, x_note="b"), *listed(MODEL)]).play()
    assert play.of(act.ReleaseRequest)[0].keep == {"anthropic-version"}


@pytest.mark.parametrize(
    ("query", "ids", "more"),
    [
        ("", range(20), True),
        ("?limit=3", range(3), True),
        ("?limit=1000", range(25), False),
        ("?after_id=m-19", range(20, 25), False),
        ("?after_id=m-4&limit=2", range(5, 7), True),
        ("?after_id=m-24", range(0), False),
        ("?before_id=m-2", range(2), False),
        ("?before_id=m-10&limit=4", range(6, 10), True),
        ("?before_id=m-0", range(0), False),
    ],
)
def test_pages_are_made_of_what_may_be_shown(rules, query, ids, more):
    """Every page is as the API makes it, over the models that are open alone."""
    names = [f"m-{number}" for number in range(25)]
    between = [name for pair in zip(names, [f"x-{name}" for name in names], strict=True) for name in pair]
    play = Playbook(rules, [*models("/v1/models" + query), *listed(*between)], models=frozenset(names)).play()
    page = told(play)
    shown = [f"m-{number}" for number in ids]
    assert [item["id"] for item in page["data"]] == shown
    assert page["has_more"] is more
    assert (page["first_id"], page["last_id"]) == ((shown[0], shown[-1]) if shown else (None, None))


def test_a_cursor_that_is_not_shown_is_refused(rules):
    """A cursor says nothing about a model that the caller may not use: closed or unknown, it is 400."""
    for cursor in ("claude-other", "claude-none"):
        play = Playbook(rules, [*models(f"/v1/models?after_id={cursor}"), *listed(MODEL, "claude-other")]).play()
        assert (play.refusal().status, play.refusal().error_code) == (400, "query_refused")
        assert closing(play)["outcome"] == "query_refused"


@pytest.mark.parametrize(
    "path",
    [
        "/v1/models?limit=0",
        "/v1/models?limit=1001",
        "/v1/models?limit=05",
        "/v1/models?limit=",
        "/v1/models?limit=5&limit=5",
        "/v1/models?limit=5;",
        "/v1/models?after_id=" + "a" * 65,
        "/v1/models?after_id=a%0Ab",
        "/v1/models?after_id=a&before_id=b",
        "/v1/models?after_id=.a",
        "/v1/models?lifecycle=retired",
        "/v1/models?=",
        "/v1/models?beta=yes",
        "/v1/models/claude-a?limit=5",
        "/v1/messages/count_tokens?limit=5",
    ],
)
def test_queries_are_allow_listed(rules, path):
    """A parameter that is not the endpoint's, in another form, or twice is 400 before anything is asked."""
    method = "POST" if "count" in path else "GET"
    play = Playbook(rules, [head(method, path, end=method == "GET", content_type="application/json")]).play()
    assert (play.refusal().status, play.refusal().error_code) == (400, "query_refused")
    assert [type(action) for action in play.done] == [act.Receive, act.Refuse]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/models/"),
        ("GET", "/v1/models/.."),
        ("GET", "/v1/models/a/b"),
        ("GET", "/v1/models/a%2fb"),
        ("GET", "/v1/models/" + "a" * 65),
        ("GET", "/v1/models/a\n"),
        ("POST", "/v1/models"),
        ("POST", "/v1/models/a"),
        ("DELETE", "/v1/models/a"),
        ("GET", "/v1/messages"),
        ("GET", "/v1/messages/count_tokens"),
        ("POST", "/v1/messages/batches"),
        ("POST", "/v1/messages/{id}"),
    ],
)
def test_other_endpoints_do_not_exist(rules, method, path):
    """Whatever Envoy lets in, the exchange opens its own endpoints only."""
    play = Playbook(rules, [head(method, path, end=True)]).play()
    assert (play.refusal().status, play.refusal().error_code) == (404, "endpoint_not_open")


def test_a_body_behind_a_question_about_models_is_refused(rules):
    """Nobody would read it, so it does not pass."""
    play = Playbook(rules, [head("GET", "/v1/models", end=False), act.Chunk(b"x", True)]).play()
    assert (play.refusal().status, play.refusal().error_code) == (400, "body_refused")
    assert not play.of(act.ReleaseRequest)


def test_one_model_is_opened_by_policy_before_its_id_goes_up(rules):
    """Inspected, asked about, recorded, sent; what upstream resolved it to is asked about again."""
    events = [*models("/v1/models/claude-alias"), *answer(model(MODEL))]
    play = Playbook(rules, events, models=frozenset({"claude-alias", MODEL})).play()
    assert play.error is None
    assert [type(action).__name__ for action in play.done if not isinstance(action, act.Receive)] == [
        *("Mask", "AskModels", "Record", "ReleaseRequest", "AskModels", "Record"),
        *("ReleaseResponseHead", "ReleaseResponse"),
    ]
    (released,) = play.of(act.ReleaseRequest)
    assert (released.body, released.target) == (None, "/v1/models/claude-alias")
    assert told(play) == model(MODEL)


@pytest.mark.parametrize(("asked", "came", "sent"), [("claude-other", None, 0), (MODEL, "claude-other", 1)])
def test_a_closed_model_is_not_found(rules, asked, came, sent):
    """A model that policy does not open is 404 in the API's shape, by its name or behind an alias."""
    events = [*models(f"/v1/models/{asked}"), *(answer(model(came)) if came else [])]
    play = Playbook(rules, events).play()
    assert (play.refusal().status, play.refusal().error_type) == (404, "not_found_error")
    assert play.refusal().error_code == closing(play)["outcome"] == "model_not_allowed"
    assert len(play.of(act.ReleaseRequest)) == sent


def test_an_identifier_is_no_model(rules):
    """An id that holds an identifier is 403 and stands neither upstream nor in the record."""
    play = Playbook(rules, models(f"/v1/models/{CANARY}"), models=frozenset({CANARY})).play()
    assert (play.refusal().status, play.refusal().error_code) == (403, "phi_blocked")
    assert not play.of(act.ReleaseRequest)
    assert play.events_recorded() == ["exchange.opened", "exchange.closed"]
    for action in play.of(act.Record):
        assert all(CANARY.encode() not in event.canonical() for event in action.batch.events)


@pytest.mark.parametrize(
    "document",
    [
        {"data": {}},
        {"models": []},
        [],
        b"",
        b"<html>",
        {"data": [model("m")] * 1001},
        b'{"data":[],"pad":"' + b"x" * MOST_BYTES + b'"}',
    ],
)
def test_what_is_no_catalogue_is_not_passed(rules, document):
    """An answer that is no list of models is 502, and nothing of it comes down."""
    play = Playbook(rules, [*models(), *answer(document)]).play()
    assert (play.refusal().status, play.refusal().error_code) == (502, "upstream_invalid")
    assert not play.of(act.ReleaseResponse)


def test_what_is_no_model_is_left_out_or_refused(rules):
    """Beside models it is left out of the list; in place of one it is 502."""
    odd = {"data": [model(MODEL), {"id": 7}, "x", {"type": "model", "id": "a b"}]}
    assert [item["id"] for item in told(Playbook(rules, [*models(), *answer(odd)]).play())["data"]] == [MODEL]
    play = Playbook(rules, [*models(f"/v1/models/{MODEL}"), *answer({"id": 7})]).play()
    assert play.refusal().status == 502


@pytest.mark.parametrize("kind", ["text/html", "text/event-stream"])
def test_a_catalogue_is_json(rules, kind):
    """Any other type is 502."""
    play = Playbook(rules, [*models(), *answer({"data": []}, kind=kind)]).play()
    assert play.refusal().status == 502


@pytest.mark.parametrize(
    ("document", "kind", "code"),
    [
        (
            {"type": "error", "error": {"type": "not_found_error", "message": CANARY}},
            "not_found_error",
            "upstream_error",
        ),
        (
            {"error": {"type": "x y", "details": {"error_code": "gateway_unavailable"}}},
            "api_error",
            "gateway_unavailable",
        ),
        ({"error": CANARY}, "api_error", "upstream_error"),
        (b"gone", "api_error", "upstream_error"),
    ],
)
def test_an_error_about_models_comes_down_without_its_words(rules, document, kind, code):
    """Status, kind and upstream's request id are passed on, its words are not."""
    play = Playbook(rules, [*models(), *answer(document, 404)]).play()
    error = told(play)["error"]
    assert (error["type"], error["details"]) == (kind, {"error_code": code})
    assert told(play)["request_id"] == "req_u"
    assert CANARY not in json.dumps(told(play))
    assert closing(play) == {"outcome": "upstream_error", "status": 404}
    assert play.of(act.ReleaseResponseHead)[0].head.status == 404


@pytest.mark.parametrize("path", ["/v1/models", f"/v1/models/{MODEL}"])
def test_a_failure_at_any_step_shows_no_model(rules, path):
    """Whatever single step fails, models come down only after policy answered and the end was durable."""
    document = model(MODEL) if path.endswith(MODEL) else {"data": [model(MODEL)]}
    whole = Playbook(rules, [*models(path), *answer(document)]).play()
    for number in range(len(whole.done)):
        for error in (RecordUnavailable(), PolicyUnavailable()):
            play = Playbook(rules, [*models(path), *answer(document)], fail_at={number: error}).play()
            kinds = [type(action) for action in play.done]
            failed = kinds[number]
            if act.ReleaseRequest in kinds:
                assert act.Record in kinds[: kinds.index(act.ReleaseRequest)]
            if failed not in {act.ReleaseResponseHead, act.ReleaseResponse, act.Refuse}:
                assert act.ReleaseResponse not in kinds
            if failed in {act.Record, act.AskModels, act.Mask}:
                assert play.refusal().status == 503


def test_models_without_a_caller_are_refused(rules):
    """Without ext_authz's metadata nobody is asked about anything."""
    play = Playbook(rules, models(), principal=None).play()
    assert play.refusal().status == 500
    assert not play.of(act.ReleaseRequest)


def test_the_catalogue_is_asked_for_its_caller(rules):
    """The question to policy names the caller and the request that was made."""
    play = Playbook(rules, [*models(), *listed(MODEL)]).play()
    (question,) = play.of(act.AskModels)
    assert question.principal == CALLER
    assert (question.head.method, question.head.path) == ("GET", "/v1/models")
