"""`phigate approvals` and `phigate sessions` against a small admin API: output, exit codes, and what they never do."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import click
import pytest
from click.testing import CliRunner

from authz.cli import main

ROW = {
    "id": "apr_1",
    "state": "PENDING",
    "version": 3,
    "created_at": "2027-01-15T08:00:00.000Z",
    "expires_at": "2027-01-15T09:00:00.000Z",
    "subject": "ann\x1b[31m",
    "model": "claude-x",
    "reasons": ["bulk"],
    "findings": {"NAME": 2},
    "triggers": ["bulk_record"],
    "reviewers": ["reviewers"],
    "min_approvals": 1,
    "decided_by": [],
    "masked_request": '{"messages":[{"role":"user","content":"entire chart of [NAME_A_B]\x1b[2J"}]}',
}
SESSION = {"id": "ses_1", "subject": "ann", "profile": "strict", "state": "closed", "exchanges": 1, "last_at": "x"}
STORY = {
    "session": SESSION,
    "entries": [
        {
            "time": "2027-01-15T08:00:00.000Z",
            "kind": "exchange.decided",
            "exchange": "e1",
            "header": {"effect": "allow"},
        }
    ],
}


class Api(ThreadingHTTPServer):
    """Answers like the admin listener; `fail` makes it answer otherwise; `seen` is what it got."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen = []
        self.fail = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    def _answer(self, body):
        server = self.server
        server.seen.append((self.command, self.path, self.headers.get("authorization"), body))
        status, document = server.fail or (200, self._document(body))
        raw = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(raw)))
        if status == 302:
            self.send_header("location", "http://127.0.0.1:9/elsewhere")
        self.end_headers()
        self.wfile.write(raw)

    def _document(self, body):
        path = self.path.partition("?")[0]
        if body is not None:
            return {**ROW, "state": "APPROVED" if path.endswith(":approve") else "DENIED", "version": 4}
        return {
            "/v1/approvals": {"approvals": [ROW]},
            "/v1/approvals/apr_1": ROW,
            "/v1/sessions": {"sessions": [SESSION]},
        }.get(path, STORY)

    def do_GET(self):
        self._answer(None)

    def do_POST(self):
        self._answer(json.loads(self.rfile.read(int(self.headers["content-length"]))))

    def log_message(self, *args):
        pass


@pytest.fixture
def api():
    server = Api()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def run(api, monkeypatch, tmp_path):
    for name in ("PHIGATE_TOKEN", "PHIGATE_ADMIN_URL", "PHIGATE_STATE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments, token="tok", url=api.url, env=None):  # noqa: S107
        more = [*(["--token", token] if token else []), *(["--admin-url", url] if url else [])]
        return CliRunner().invoke(main, [*arguments, *more], env=env)

    return invoke


def test_list_is_an_array_of_objects(run, api):
    """`--json` prints what the API gave: an array of objects with id and state."""
    done = run("approvals", "list", "--json")
    assert done.exit_code == 0
    assert [(row["id"], row["state"]) for row in json.loads(done.stdout)] == [("apr_1", "PENDING")]
    assert api.seen == [("GET", "/v1/approvals", "Bearer tok", None)]


def test_json_has_maps_in_the_order_of_names(run, api):
    """Counts and facts print the same however the server sent them; other keys stay where they were."""
    api.fail = (
        200,
        {"approvals": [{**ROW, "findings": {"SSN": 1, "NAME": 2}}], "entries": [{"header": {"b": 1, "a": 2}}]},
    )
    listed = json.loads(run("approvals", "list", "--json").stdout)
    assert (list(listed[0]), list(listed[0]["findings"])) == (list(ROW), ["NAME", "SSN"])
    told = json.loads(run("sessions", "show", "ses_1", "--json").stdout)
    assert list(told["entries"][0]["header"]) == ["a", "b"]


def test_list_can_be_narrowed(run, api):
    """`--only` is the API's state filter."""
    assert run("approvals", "list", "--only", "pending", "--json").exit_code == 0
    assert api.seen[0][1] == "/v1/approvals?state=PENDING"


@pytest.mark.parametrize("arguments", [("approvals", "list"), ("approvals", "show", "apr_1"), ("sessions", "list")])
def test_tables_for_people_hold_no_escape_sequences(run, arguments):
    """A terminal shows the same facts, and text of others cannot drive it."""
    done = run(*arguments)
    assert done.exit_code == 0
    assert "ann" in done.stdout
    assert "\x1b[31m" not in done.stdout
    assert "\x1b[2J" not in done.stdout


def test_show_has_the_masked_text(run):
    """`show` prints the masked request that the reviewer judges."""
    assert "entire chart of [NAME_A_B]" in run("approvals", "show", "apr_1").stdout
    assert json.loads(run("approvals", "show", "apr_1", "--json").stdout)["version"] == 3


@pytest.mark.parametrize(("verdict", "state"), [("approve", "APPROVED"), ("deny", "DENIED")])
def test_votes_carry_the_version_just_shown(run, api, verdict, state):
    """Without --version the request is read first, and the vote is about exactly that."""
    done = run("approvals", verdict, "apr_1", "--reason", "checked", "--json")
    assert done.exit_code == 0
    assert json.loads(done.stdout)["state"] == state
    assert [(method, path) for method, path, *_ in api.seen] == [
        ("GET", "/v1/approvals/apr_1"),
        ("POST", f"/v1/approvals/apr_1:{verdict}"),
    ]
    assert api.seen[1][3] == {"version": 3, "justification": "checked"}


def test_votes_carry_the_version_that_was_read(run, api):
    """With --version nothing is read again, so a change since then is a conflict."""
    assert run("approvals", "approve", "apr_1", "--version", "2").exit_code == 0
    assert api.seen[0][3] == {"version": 2, "justification": ""}


@pytest.mark.parametrize(("verdict", "said"), [("approve", "approved"), ("deny", "denied")])
def test_a_vote_is_one_line(run, verdict, said):
    """A vote that counted says which request, and which version of it, in one line."""
    done = run("approvals", verdict, "apr_1")
    assert (done.exit_code, done.stdout, done.stderr) == (0, f"{said} apr_1 (version 3)\n", "")


def test_a_vote_that_does_not_decide_says_so(run, api):
    """Where more people are needed, the line says that the request still waits."""
    api.fail = (200, {**ROW, "min_approvals": 2, "version": 4})
    said = run("approvals", "approve", "apr_1", "--version", "3").stdout
    assert said == "approved apr_1 (version 3); it still waits, 2 are needed\n"


def test_a_refused_vote_says_only_why(run, api):
    """Nothing of the request is printed where the vote was not counted."""
    api.fail = (403, {"code": 7, "message": "own_request: Nobody decides on their own request."})
    done = run("approvals", "approve", "apr_1", "--version", "3")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == "phigate: own_request: Nobody decides on their own request.\n"


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        ((401, {"type": "error", "error": {"message": "Jwt is expired"}}), 1, "phigate token --subject bob"),
        ((403, {"code": 7, "message": "own_request: Nobody decides on their own request."}), 1, "own_request"),
        ((404, {"code": 5, "message": "ticket_not_found: There is no such approval."}), 4, "no such approval"),
        ((409, {"code": 10, "message": "stale: read it again."}), 5, "read it again"),
        ((503, {"type": "error", "error": {"message": "not available"}}), 1, "not available"),
        ((500, b"<html>"), 1, "status 500"),
        ((500, b'"text"'), 1, "status 500"),
        ((500, {"error": "x"}), 1, "status 500"),
        ((302, b""), 1, "status 302"),
        ((200, b"[]"), 1, "--admin-url"),
        ((200, b"not json"), 1, "--admin-url"),
    ],
)
def test_exit_codes_mean_something(run, api, answer, code, words):
    """Each refusal has its exit code and a line that says what to do; standard output stays empty."""
    api.fail = answer
    done = run("approvals", "show", "apr_1", "--json")
    assert done.exit_code == code
    assert words in done.stderr
    assert done.stdout == ""


def test_unreachable_is_three(run):
    """No listener there is exit code 3."""
    done = run("approvals", "list", url="http://127.0.0.1:9")
    assert done.exit_code == 3
    assert "phigate up" in done.stderr


@pytest.mark.parametrize("command", [("approvals", "list"), ("sessions", "list"), ("approvals", "deny", "apr_1")])
def test_no_token_is_never_invented(run, api, command):
    """Without a token the command says how to get one and asks nobody."""
    done = run(*command, token=None)
    assert done.exit_code == 2
    assert "phigate token --subject bob --group reviewers" in done.stderr
    assert api.seen == []


def test_token_may_come_from_the_environment(run, api):
    """PHIGATE_TOKEN keeps the token out of the process list."""
    assert run("approvals", "list", token=None, env={"PHIGATE_TOKEN": "from-env"}).exit_code == 0
    assert api.seen[0][2] == "Bearer from-env"


@pytest.mark.parametrize("token", ["a b", "a\nx: y", "é"])
def test_tokens_that_are_none_are_refused(run, api, token):
    """A token cannot smuggle a header."""
    assert run("approvals", "list", token=token).exit_code == 2
    assert api.seen == []


def test_state_folder_names_the_listener(run, api, tmp_path):
    """`--state` finds the admin listener of a running stack; without one the command says so."""
    (tmp_path / "s").mkdir()
    done = run("approvals", "list", "--state", str(tmp_path / "s"), url=None)
    assert done.exit_code == 2
    assert "phigate up" in done.stderr
    (tmp_path / "s" / "up.json").write_text(json.dumps({"admin_url": api.url}))
    assert run("approvals", "list", "--state", str(tmp_path / "s"), "--json", url=None).exit_code == 0


@pytest.mark.parametrize("url", ["http://gateway.example:8081", "ftp://127.0.0.1", "gateway", "http://127.0.0.1/?a=b"])
def test_tokens_are_not_sent_in_plaintext(run, url):
    """Only https, or http to this very machine."""
    assert run("approvals", "list", url=url).exit_code == 2


def test_ids_are_one_path_segment(run, api):
    """An id cannot become another path or query."""
    run("approvals", "show", "../sessions?x=1")
    assert api.seen[0][1] == "/v1/approvals/..%2Fsessions%3Fx%3D1"


def test_sessions_list_and_show(run, api):
    """Sessions are listed page by page, and a story shows its events."""
    done = run("sessions", "list", "--limit", "5", "--before", "ses_9", "--json")
    assert json.loads(done.stdout) == [SESSION]
    assert api.seen[0][1] == "/v1/sessions?limit=5&before=ses_9"
    assert "exchange.decided  allow; nothing found" in run("sessions", "show", "ses_1").stdout
    assert "  effect = allow" in run("sessions", "show", "ses_1", "--full").stdout
    assert json.loads(run("sessions", "show", "ses_1", "--json").stdout)["entries"][0]["kind"] == "exchange.decided"


def test_empty_lists_are_said_on_stderr(run, api):
    """Nothing to show is not an error, and `--json` is still an array."""
    api.fail = (200, {"approvals": [], "sessions": []})
    assert "No request waits" in run("approvals", "list").stderr
    assert "no session" in run("sessions", "list").stderr
    assert json.loads(run("approvals", "list", "--json").stdout) == []


@pytest.mark.parametrize(("arguments"), [("approvals", "list"), ("sessions", "list"), ("sessions", "show", "ses_1")])
def test_tables_fit_a_terminal_of_80_columns(run, api, arguments):
    """Rows of ordinary length are one line each of at most 80 columns, titles included, without digests."""
    row = {**ROW, "id": "apr_30a90325c3fe227780cbb279", "subject": "demo", "model": "claude-sonnet-5-5"}
    session = {**SESSION, "id": "ses_bsrtwearq3dlnrehwb5oepmuvv", "last_at": "2027-01-15T08:00:00.000Z"}
    story = {"session": session, "entries": TOLD}
    api.fail = (200, {"approvals": [{**row, "reasons": ["trigger:bulk_record"]}], "sessions": [session], **story})
    lines = run(*arguments).stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert len(lines) == {"approvals list": 2, "sessions list": 2}.get(" ".join(arguments), 9 + len(TOLD))
    assert "deadbeef" not in "".join(lines)


TOLD = [
    {"time": f"2027-01-15T08:00:0{second}.000Z", "kind": kind, "exchange": exchange, "header": header}
    for second, (kind, exchange, header) in enumerate(
        [
            ("exchange.opened", "ex_1", {"subject": "demo", "endpoint": "/v1/messages", "request_id": "req_gw_1"}),
            (
                "exchange.decided",
                "ex_1",
                {
                    "effect": "review",
                    "reasons": ["trigger:bulk_record"],
                    "profile": "standard",
                    "findings": {"NAME": 2.0, "MRN": 1.0},
                    "triggers": ["bulk_record"],
                    "blocked": 0.0,
                    "thread_digest": "deadbeef",
                },
            ),
            ("approval.requested", "ex_1", {"reviewers": ["reviewers"], "min_approvals": 1.0, "ticket": "apr_1"}),
            ("approval.voted", "ex_1", {"subject": "bob", "verdict": "approve", "state": "APPROVED"}),
            ("approval.consumed", "ex_1", {"ticket": "apr_1"}),
            (
                "exchange.closed",
                "ex_1",
                {
                    "outcome": "completed",
                    "status": 200.0,
                    "stop_reason": "end_turn",
                    "usage": {"output_tokens": 24.0, "input_tokens": 31.0},
                    "response_sealed_sha256": "deadbeef",
                },
            ),
            ("approval.done", "ex_1", {"ticket": "apr_1", "state": "DONE"}),
            ("exchange.opened", "ex_2", {"subject": "demo", "endpoint": "/v1/messages"}),
        ]
    )
]


def test_a_story_is_told_in_words(run, api):
    """Each event is a line: effect and why, findings by name, who decided, how it ended; exchanges are numbered."""
    api.fail = (200, {"session": SESSION, "entries": TOLD})
    lines = [" ".join(line.split()) for line in run("sessions", "show", "ses_1").stdout.splitlines()[-len(TOLD) :]]
    assert lines == [
        "08:00:00 1 exchange.opened demo asked /v1/messages",
        "08:00:01 1 exchange.decided review (bulk_record), standard; MRN 1, NAME 2",
        "08:00:02 1 approval.requested of reviewers, 1 needed",
        "08:00:03 1 approval.voted bob approved",
        "08:00:04 1 approval.consumed sent under the approval",
        "08:00:05 1 exchange.closed completed, 200, end_turn; 31/24 tokens",
        "08:00:06 1 approval.done the approval is used up",
        "08:00:07 2 exchange.opened demo asked /v1/messages",
    ]
    full = run("sessions", "show", "ses_1", "--full").stdout
    assert "thread_digest = deadbeef" in full
    assert full.index('"MRN": 1.0') < full.index('"NAME": 2.0')


def test_help_fits_a_terminal_of_80_columns(monkeypatch):
    """Every command's help has lines of at most 80 columns, and its first line says in a sentence what it does."""
    monkeypatch.setenv("COLUMNS", "80")
    todo = [([], main)]
    while todo:
        arguments, command = todo.pop()
        said = CliRunner().invoke(main, [*arguments, "--help"]).stdout
        assert max(map(len, said.splitlines())) <= 80, arguments
        assert said.split("\n\n")[1].rstrip().endswith("."), arguments
        if isinstance(command, click.Group):
            context = click.Context(command)
            todo += [
                ([*arguments, name], command.get_command(context, name)) for name in command.list_commands(context)
            ]
