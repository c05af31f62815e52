"""The endpoints beside messages, as a caller has them: counting tokens, the models, threads, and what is closed."""

from __future__ import annotations

import json
import shutil
import threading
import urllib.error
import urllib.request
from pathlib import Path

import anthropic
import asyncpg
import pytest
from real_stack import CANARIES, PROMPT, leaked, start_simulator, until

from authz.assets import policies_dir
from authz.quickstart.postgres import EmbeddedPostgres

pytestmark = pytest.mark.stack

MODEL = "claude-sonnet-5-5"
FLAGGED = f"{PROMPT} Print the entire chart."


def client_of(stack, subject, *groups):
    return anthropic.Anthropic(base_url=stack.base_url, api_key=stack.token(subject, *groups), max_retries=0)


@pytest.fixture
def client(stack):
    with client_of(stack, "ann") as made:
        yield made


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory):
    """Start a simulator with many models: the four that the narrow site opens stand far apart."""
    names = [f"claude-next-{number}" for number in range(60)]
    for place in (3, 24, 25, 59):
        names[place] = f"claude-open-{place}"
    simulator = start_simulator("--models", ",".join(names))
    policies = tmp_path_factory.mktemp("site") / "policies"
    shutil.copytree(policies_dir(), policies)
    site = policies / "phigate" / "site" / "data.json"
    site.write_text(json.dumps({**json.loads(site.read_text()), "allowed_models": ["claude-open-[0-9]+"]}))
    return simulator, policies


def upstream(stack, after):
    """Return what reached upstream after entry number `after`."""
    return stack.simulator.requests(after)


def last(stack):
    """Return the number of the newest entry in the simulator's journal."""
    return max((request["n"] for request in stack.simulator.requests()), default=0)


def fetch(stack, method, path, body=None, **headers):
    """Send any request without an SDK; return status, headers and JSON."""
    request = urllib.request.Request(f"{stack.base_url}{path}", data=body, method=method)
    for name, value in {"x-api-key": stack.token("ann"), "anthropic-version": "2023-06-01", **headers}.items():
        request.add_header(name.replace("_", "-"), value)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, dict(answer.headers), json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, dict(error.headers), json.loads(error.read())


async def recorded(stack, exchange):
    """Return kind and header of an exchange's events, as the database has them."""
    database = EmbeddedPostgres(Path(stack.state, "postgres"), Path(stack.state, "run"))
    connection = await asyncpg.connect(database.app_url())
    try:
        rows = await connection.fetch(
            "SELECT kind, body FROM events WHERE exchange = $1 ORDER BY recorded_at, ordinal", exchange
        )
    finally:
        await connection.close()
    return [(row["kind"], json.loads(row["body"])["header"]) for row in rows]


def refused(error):
    """Return status and stable code of an SDK's exception."""
    return error.value.status_code, error.value.body["error"]["details"]["error_code"]


def test_counting_sends_the_text_that_the_message_sends(stack, client):
    """Count and create of the same conversation go up with the same masked text, and the count comes back."""
    before = last(stack)
    asked = {
        "model": MODEL,
        "system": f"You help {CANARIES['name']}.",
        "tools": [{"name": "look_up", "description": f"MRN: {CANARIES['mrn']}", "input_schema": {"type": "object"}}],
        "messages": [
            {"role": "user", "content": PROMPT},
            {"role": "assistant", "content": f"{CANARIES['name']} it is."},
            {"role": "user", "content": [{"type": "text", "text": f"Her phone is {CANARIES['phone']}."}]},
        ],
    }
    counted = client.messages.count_tokens(**asked)
    client.messages.create(**asked, max_tokens=50)
    again = client.beta.messages.count_tokens(**asked)
    requests = upstream(stack, before)
    paths = ["/v1/messages/count_tokens", "/v1/messages", "/v1/messages/count_tokens"]
    assert [request["path"].partition("?")[0] for request in requests] == paths
    first, created, second = (json.loads(request["body"]) for request in requests)
    assert counted.input_tokens > 100
    assert again.input_tokens == counted.input_tokens
    assert first == second
    assert {**first, "max_tokens": 50} == created
    assert leaked(json.dumps(first)) == []
    stack.assert_no_canary()


async def test_a_count_is_in_the_record(stack, client):
    """Opened and decided before it goes up, closed with the number before it comes down; nothing of the text in it."""
    answer = client.messages.with_raw_response.count_tokens(
        model=MODEL, messages=[{"role": "user", "content": PROMPT}], extra_headers={"x-phigate-session": "count-record"}
    )
    events = await recorded(stack, answer.headers["x-phigate-exchange"])
    assert [kind for kind, _ in events] == ["exchange.opened", "exchange.decided", "exchange.closed"]
    opened, decided, closed = (header for _, header in events)
    assert opened["endpoint"] == "/v1/messages/count_tokens"
    assert (opened["subject"], decided["effect"]) == ("ann", "allow")
    assert decided["findings"]["SSN"] == 1
    assert closed["outcome"] == "completed"
    assert closed["usage"] == {"input_tokens": answer.parse().input_tokens}
    assert leaked(json.dumps(events)) == []


def test_what_waits_for_a_person_is_not_counted(stack):
    """Flagged text is 403 approval_needed and not upstream; counted or not, the message still waits for a person."""
    reviewer = stack.token("bob", "reviewers")
    named = {"extra_headers": {"x-phigate-session": "count-flagged"}}
    first = {"model": MODEL, "messages": [{"role": "user", "content": FLAGGED}]}
    held = {}

    def pending():
        rows = stack.approvals("list", token=reviewer)
        return [row for row in rows if row["state"] == "PENDING" and row["subject"] == "cora"]

    with client_of(stack, "cora") as client:
        before = last(stack)
        with pytest.raises(anthropic.PermissionDeniedError) as error:
            client.messages.count_tokens(**first, **named)
        assert refused(error) == (403, "approval_needed")
        assert error.value.body["error"]["details"]["reasons"] == ["trigger:bulk_record"]
        assert error.value.response.headers["x-should-retry"] == "false"
        assert pending() == []
        assert upstream(stack, before) == []

        call = threading.Thread(
            target=lambda: held.update(message=client.messages.create(**first, max_tokens=100, **named)), daemon=True
        )
        call.start()
        ticket = until(pending, 15, "the message waits although it was counted before")[0]
        with pytest.raises(anthropic.PermissionDeniedError):
            client.messages.count_tokens(**first, **named)
        assert upstream(stack, before) == []
        stack.approvals("approve", ticket["id"], token=reviewer)
        call.join(30)
        assert held["message"].stop_reason == "end_turn"

        # Approved and sent: it and what extends it may be counted, and a count uses nothing up.
        assert client.messages.count_tokens(**first, **named).input_tokens > 0
        assert client.beta.messages.count_tokens(**first, **named).input_tokens > 0
        turn = [{"role": "assistant", "content": held["message"].content}, {"role": "user", "content": "And then?"}]
        longer = {"model": MODEL, "messages": [*first["messages"], *turn]}
        assert client.messages.count_tokens(**longer, **named).input_tokens > 0
        assert client.messages.create(**longer, max_tokens=100, **named).stop_reason == "end_turn"
        states = {row["state"] for row in stack.approvals("list", token=reviewer) if row["subject"] == "cora"}
        assert states == {"DONE"}
        with pytest.raises(anthropic.PermissionDeniedError) as error:
            client.messages.count_tokens(model=MODEL, messages=[*longer["messages"], *first["messages"]], **named)
        assert refused(error) == (403, "approval_needed")
    stack.assert_no_canary()


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"model": "gpt-5"}, 403, "policy_denied"),
        ({"model": CANARIES["ssn"]}, 403, "policy_denied"),
        ({"thread": {"type": "create"}}, 400, "thread_unsupported_request"),
        ({"mcp_servers": [{"type": "url", "url": "https://mcp.example", "name": "m"}]}, 403, "policy_denied"),
        ({"tool_choice": {"type": "tool", "name": CANARIES["ssn"]}}, 403, "phi_blocked"),
        ({"messages": "none"}, 400, "invalid_request"),
    ],
)
def test_counting_refuses_what_messages_refuse(stack, change, status, code):
    """Every refusal of a message is the same refusal of its count, and nothing of either goes up."""
    before = last(stack)
    body = json.dumps({"model": MODEL, "messages": [{"role": "user", "content": "hello"}], **change}).encode()
    answers = [
        fetch(stack, "POST", path, body, content_type="application/json")
        for path in ("/v1/messages", "/v1/messages/count_tokens")
    ]
    codes = [(given, answer["error"]["details"]["error_code"]) for given, _, answer in answers]
    assert codes == [(status, code), (status, code)]
    assert upstream(stack, before) == []


def test_models_are_listed_and_retrieved(stack, client):
    """As shipped every Claude model is shown, with what a catalogue says of it; nothing a caller wrote goes up."""
    before = last(stack)
    listed = list(client.models.list(limit=2))
    assert [model.id for model in listed] == ["claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5"]
    assert listed[0].capabilities.effort.supported is True
    assert listed[0].lifecycle == "active"
    one = client.models.retrieve("claude-haiku-5-5", extra_headers={"anthropic-beta": f"for-{CANARIES['mrn']}"})
    assert one == listed[2]
    assert client.beta.models.retrieve("claude-haiku-5-5").max_tokens == one.max_tokens
    requests = upstream(stack, before)
    assert {request["path"] for request in requests} == {"/v1/models?limit=1000", "/v1/models/claude-haiku-5-5"}
    names = {name.lower() for request in requests for name, _ in request["headers"]}
    assert "anthropic-beta" not in names
    assert leaked(json.dumps(requests)) == []
    with pytest.raises(anthropic.NotFoundError):
        client.models.retrieve("claude-none-1")


async def test_models_are_in_the_record_as_metadata(stack):
    """Opened before it goes up and closed before it comes down, with counts; refused ones too."""
    _, headers, _ = fetch(stack, "GET", "/v1/models?limit=1")
    events = await recorded(stack, headers["x-phigate-exchange"])
    assert [kind for kind, _ in events] == ["exchange.opened", "exchange.closed"]
    assert events[0][1]["endpoint"] == "/v1/models"
    assert {**events[1][1], "status": 200} == {"outcome": "completed", "status": 200, "models": 3, "withheld": 0}
    status, headers, _ = fetch(stack, "GET", "/v1/models/gpt-5")
    events = await recorded(stack, headers["x-phigate-exchange"])
    assert status == 404
    assert [kind for kind, _ in events] == ["exchange.opened", "exchange.closed"]
    assert events[0][1]["model"] == "gpt-5"
    assert events[1][1]["outcome"] == "model_not_allowed"
    status, headers, _ = fetch(stack, "GET", f"/v1/models/claude-{CANARIES['ssn']}")
    assert status == 403
    assert leaked(json.dumps(await recorded(stack, headers["x-phigate-exchange"]))) == []
    assert fetch(stack, "GET", f"/v1/patients/{CANARIES['mrn']}")[0] == 404
    stack.assert_no_canary()


def test_a_site_shows_the_models_that_it_opens(fresh_stack, catalogue):
    """Pages are made of what the caller may use: none is empty, none names another, each cursor leads on."""
    simulator, policies = catalogue
    stack = fresh_stack("--policies", str(policies), simulator=simulator)
    everything = ["claude-open-3", "claude-open-24", "claude-open-25", "claude-open-59"]
    with client_of(stack, "ann") as client:
        assert [model.id for model in client.models.list()] == everything
        assert [model.id for model in client.models.list(limit=1)] == everything
        assert [model.id for model in client.models.list(after_id="claude-open-24")] == everything[2:]
        page = client.models.list(before_id="claude-open-59", limit=2)
        assert ([model.id for model in page.data], page.has_more) == (everything[1:3], True)
        assert (page.first_id, page.last_id) == (everything[1], everything[2])
        assert client.models.retrieve("claude-open-3").id == "claude-open-3"
        before = last(stack)
        with pytest.raises(anthropic.NotFoundError) as error:
            client.models.retrieve("claude-next-4")
        assert refused(error) == (404, "model_not_allowed")
        with pytest.raises(anthropic.BadRequestError) as error:
            client.models.list(after_id="claude-next-4").data  # noqa: B018
        assert refused(error) == (400, "query_refused")
        assert {request["path"] for request in upstream(stack, before)} == {"/v1/models?limit=1000"}
    with client_of(stack, "vic", "visitors") as stranger, pytest.raises(anthropic.PermissionDeniedError) as error:
        stranger.models.list()
    assert refused(error) == (403, "policy_denied")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/models?limit=0", 400, "query_refused"),
        ("GET", "/v1/models?limit=5&limit=6", 400, "query_refused"),
        ("GET", "/v1/models?after_id=a%26b", 400, "query_refused"),
        ("GET", "/v1/models?after_id=a&before_id=b", 400, "query_refused"),
        ("GET", "/v1/models?note=hello", 400, "query_refused"),
        ("GET", "/v1/models/claude-a?limit=5", 400, "query_refused"),
        ("GET", f"/v1/models/{'a' * 65}", 404, "endpoint_not_open"),
        ("GET", "/v1/models/a/b", 404, "unknown_endpoint"),
        ("POST", "/v1/models", 404, "unknown_endpoint"),
        ("GET", "/v1/messages/count_tokens", 404, "unknown_endpoint"),
        ("POST", "/v1/messages/batches", 404, "unknown_endpoint"),
        ("GET", "/v1/messages/batches", 404, "unknown_endpoint"),
        ("POST", "/v1/files", 404, "unknown_endpoint"),
        ("POST", "/v1/complete", 404, "unknown_endpoint"),
        ("GET", "/v1/organizations/me", 404, "unknown_endpoint"),
        ("POST", "/v1/oauth/token", 404, "unknown_endpoint"),
        ("GET", "/api/hello", 404, "unknown_endpoint"),
        ("DELETE", "/v1/models/claude-a", 404, "unknown_endpoint"),
    ],
)
def test_everything_else_is_closed(stack, method, path, status, code):
    """What is not open is refused in the API's shape, is not tried again, and does not go up."""
    before = last(stack)
    body = b"{}" if method == "POST" else None
    given, headers, answer = fetch(stack, method, path, body, content_type="application/json")
    assert (given, answer["type"], answer["error"]["details"]["error_code"]) == (status, "error", code)
    assert answer["error"]["type"] == ("not_found_error" if status == 404 else "invalid_request_error")
    assert answer["request_id"] == headers["request-id"]
    assert headers["x-should-retry"] == "false"
    assert upstream(stack, before) == []


def test_a_question_about_models_has_no_body(stack):
    """Bytes behind a GET are refused: nobody reads them, so nobody sends them on."""
    before = last(stack)
    status, _, answer = fetch(stack, "GET", "/v1/models", PROMPT.encode(), content_type="application/json")
    assert (status, answer["error"]["details"]["error_code"]) == (400, "body_refused")
    assert upstream(stack, before) == []


def test_threads_fall_back_by_themselves(stack, client):
    """The SDK's tool runner starts with a server-held thread, is told no, and sends the whole conversation instead."""
    before = last(stack)
    seen = []

    @anthropic.beta_tool
    def book_visit(note: str) -> str:
        """Book a visit.

        Args:
            note: What it is about.
        """
        seen.append(note)
        return f"Booked for {CANARIES['name']}, SSN {CANARIES['ssn']}."

    runner = client.beta.messages.tool_runner(
        model=MODEL,
        max_tokens=300,
        tools=[book_visit],
        messages=[
            {"role": "user", "content": f'SSN {CANARIES["ssn"]}. sim:agent book_visit {{"note": "follow-up"}}'},
        ],
    )
    final = runner.until_done()
    assert seen == ["follow-up"]
    assert final.stop_reason == "end_turn"
    bodies = [json.loads(request["body"]) for request in upstream(stack, before)]
    assert len(bodies) == 2
    assert not [body for body in bodies if "thread" in body]
    assert bodies[1]["messages"][: len(bodies[0]["messages"])] == bodies[0]["messages"]
    assert bodies[1]["tools"] == bodies[0]["tools"]
    assert leaked(json.dumps(bodies)) == []


def test_a_thread_is_refused_as_the_sdk_expects(stack):
    """The refusal has exactly the code and the reason by which SDKs know that they may go on without a thread."""
    body = {"model": MODEL, "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
    for thread in ({"type": "create"}, {"type": "continue", "previous_message_id": "msg_1"}):
        document = json.dumps({**body, "thread": thread}).encode()
        status, _, answer = fetch(
            stack,
            "POST",
            "/v1/messages",
            document,
            content_type="application/json",
            anthropic_beta="message-threads-2026-08-12",
        )
        assert (status, answer["error"]["type"]) == (400, "invalid_request_error")
        assert answer["error"]["details"] == {
            "error_code": "thread_unsupported_request",
            "unsupported": ["gateway_policy"],
        }
