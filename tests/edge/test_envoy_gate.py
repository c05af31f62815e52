"""What a real Envoy does with the generated bootstrap: gate, local replies, endpoints, the two credentials, the log."""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
import time
from pathlib import Path

import pytest
import pytest_asyncio
from envoy_rig import UPSTREAM_KEY, needs_envoy, running_rig

pytestmark = [needs_envoy, pytest.mark.stack, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared():
    folder = Path(tempfile.mkdtemp(prefix="pg"))  # short: Envoy refuses socket paths over 107 bytes
    try:
        async with running_rig(folder) as running:
            yield running
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def rig(shared):
    shared.forget()
    return shared


def assert_shape(answer, status, error_type, error_code, *, named=True):
    """Assert that this is an error as the Claude API writes them, with an id of ours."""
    assert answer.status == status
    assert answer.headers["content-type"] == "application/json"
    assert answer.json["type"] == "error"
    assert answer.json["error"]["type"] == error_type
    assert answer.json["error"]["details"] == {"error_code": error_code}
    assert answer.json["error"]["message"]
    assert len(answer.json["request_id"]) == (len("req_gw_") + 36 if named else len("req_gw_-"))
    assert answer.headers["request-id"] == answer.json["request_id"].removesuffix("req_gw_-") or not named


async def test_judged_request_passes_with_our_key_only(rig):
    """A marked request reaches upstream with the injected key and without anything the caller may not send on."""
    answer = await rig.ask(
        "/v1/messages?beta=true",
        headers={
            "cookie": "a=b",
            "accept-encoding": "gzip",
            "x-forwarded-for": "10.0.0.1",
            "x-envoy-upstream-rq-timeout-ms": "1",
            "x-envoy-original-path": "/v1/files",
            "x-http-method-override": "DELETE",
            "x-original-url": "/v1/files",
            "x-rewrite-url": "/v1/files",
            "x-phigate-principal": "forged",
        },
    )
    assert answer.status == 200
    ((method, path, headers, body),) = rig.upstream
    assert (method, path, body) == ("POST", "/v1/messages?beta=true", b'{"model":"claude-x"}')
    names = {name.lower(): value for name, value in headers.items()}
    assert names["x-api-key"] == UPSTREAM_KEY
    assert set(names) == {"host", "content-type", "x-api-key", "transfer-encoding"}
    assert not any(name.startswith("x-envoy-") for name in answer.headers)


@pytest.mark.parametrize("mode", ["unmarked", "marked-no", "return-early", "abort"])
async def test_gate_holds_whatever_ext_proc_does(rig, mode):
    """No verdict, a wrong one, a stream that ends early or with an error: nothing reaches upstream."""
    rig.process = mode
    assert_shape(await rig.ask(), 503, "api_error", "gateway_unavailable")
    assert rig.upstream == []


@pytest.mark.parametrize("mode", ["unmarked", "return-early"])
async def test_gate_holds_without_a_body(rig, mode):
    """A request of headers only is held by the gate as well."""
    rig.process = mode
    assert_shape(await rig.ask("/v1/models", method="GET"), 503, "api_error", "gateway_unavailable")
    assert rig.upstream == []


@pytest.mark.parametrize(
    "mode",
    [
        "immediate 400 phigate_invalid_json",
        "immediate 401 phigate_x",
        "immediate 403 phigate_phi_blocked",
        "immediate 409 phigate_approval_pending",
        "immediate 413 phigate_request_too_large",
        "immediate 503 phigate_record_unavailable",
        "immediate 503",
        "response-immediate 403 phigate_phi_blocked",
    ],
)
async def test_bodies_of_ext_proc_stay(rig, mode):
    """`details` of an immediate response become response.code_details as they are; ours are left alone."""
    rig.process = mode
    answer = await rig.ask()
    assert answer.status == int(mode.split()[1])
    assert answer.body == b'{"ours":"ext_proc"}'
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize("status", [401, 403, 404, 429, 503])
async def test_bodies_of_ext_authz_stay(rig, status):
    """A denial of ours reaches the caller as we wrote it."""
    rig.check = f"deny {status}"
    answer = await rig.ask()
    assert (answer.status, answer.body) == (status, b'{"ours":"ext_authz"}')
    assert rig.upstream == []


async def test_failed_ext_authz_closes(rig):
    """A Check that fails is 503, not a pass."""
    rig.check = "abort"
    assert_shape(await rig.ask(), 503, "api_error", "gateway_unavailable")
    assert rig.upstream == []


async def test_tokens_that_are_not_good_are_401(rig):
    """Missing, expired, foreign, unsigned and misplaced tokens get one kind of answer, and nobody is asked."""
    now = int(time.time())
    tokens = {
        "missing": None,
        "expired": rig.token(exp=now - 600),
        "no expiry": rig.token(exp=None),
        "audience": rig.token(aud="other"),
        "audience prefix": rig.token(aud="phigate2"),
        "issuer": rig.token(iss="https://idp.example/"),
        "issuer case": rig.token(iss="https://IDP.example"),
        "cut": rig.token()[:-3],
        "not a token": "sk-ant-api03-abc",
    }
    for name, token in tokens.items():
        answer = await rig.ask(token=token)
        assert answer.status == 401, name
        assert_shape(answer, 401, "authentication_error", "gateway_unauthenticated")
        assert answer.headers["x-should-retry"] == "false"
    query = await rig.ask(f"/v1/messages?access_token={rig.token()}", token=None)
    assert query.status == 401
    assert rig.checks == []
    assert rig.upstream == []


async def test_credential_headers_with_two_readings_are_401(rig):
    """What jwt_authn would let through, the filter behind it does not: foreign schemes, prefixes, lower case."""
    token = rig.token()
    for headers in (
        [("authorization", "Basic YTpi"), ("x-api-key", token)],
        [("authorization", f"xxBearer {token}")],
        [("authorization", f"bearer {token}")],
        [("authorization", f"Bearer  {token}")],
        [("authorization", f"Bearer {token}, Bearer {token}")],
        [("authorization", f"Bearer {token}"), ("authorization", f"Bearer {rig.token(sub='bob')}")],
        [("authorization", f"Bearer {token}"), ("x-api-key", "sk-ant-x")],
    ):
        answer = await rig.ask(headers=headers, token=None)
        assert_shape(answer, 401, "authentication_error", "gateway_unauthenticated")
    assert rig.checks == []


@pytest.mark.parametrize("same", [True, False])
async def test_both_credentials_reach_ext_authz_and_go_no_further(rig, same):
    """`forward: true` lets Check compare the two headers; ext_proc and upstream see neither (ADR 0005)."""
    first = rig.token(sub="alice")
    second = first if same else rig.token(sub="bob")
    await rig.ask(token=first, headers={"x-api-key": second})
    seen = rig.checks[0].attributes.request.http.headers
    assert (seen["authorization"], seen["x-api-key"]) == (f"Bearer {first}", second)
    assert "authorization" not in rig.process_headers[0]
    assert "x-api-key" not in rig.process_headers[0]
    assert first not in str(rig.upstream)


async def test_one_header_twice_reaches_ext_authz_joined(rig):
    """Two x-api-key headers verify as the first one's caller, so Check must refuse the comma that it sees."""
    first, second = rig.token(sub="alice"), rig.token(sub="bob")
    await rig.ask(token=None, headers=[("x-api-key", first), ("x-api-key", second)])
    assert rig.checks[0].attributes.request.http.headers["x-api-key"] == f"{first},{second}"


async def test_forgotten_removal_does_not_leak(rig):
    """Should ext_authz keep the credentials, the router still drops one and the injector overwrites the other."""
    rig.check = "keep-credentials"
    token = rig.token()
    assert (await rig.ask(token=token, headers={"x-api-key": token})).status == 200
    assert token not in str(rig.upstream)
    assert {k.lower(): v for k, v in rig.upstream[0][2].items()}["x-api-key"] == UPSTREAM_KEY


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1//messages"),
        ("POST", "//v1/messages"),
        ("POST", "/v1/./messages"),
        ("POST", "/v1/../v1/messages"),
        ("POST", "/v1/m%65ssages"),
        ("POST", "/v1/messages/"),
        ("POST", "/V1/Messages"),
        ("POST", "/v1/messages%20"),
        ("POST", "/v1/messages%00"),
        ("POST", "/v1/messages."),
        ("POST", "/v1/messages*"),
        ("POST", "/v1/messages;a=b"),
        ("POST", "/v1/files"),
        ("POST", "/v1/messages/batches"),
        ("POST", "/v1/complete"),
        ("POST", "/"),
        ("POST", "*"),
        ("GET", "/v1/messages"),
        ("PUT", "/v1/messages"),
        ("POST", "/v1/models"),
        ("POST", "/v1/models/claude-a"),
        ("DELETE", "/v1/models/claude-a"),
        ("GET", "/v1/models/"),
        ("GET", "/v1/models/.."),
        ("GET", "/v1/models/../messages"),
        ("GET", "/v1/models/claude-a/x"),
        ("GET", "/v1/models/claude%2da"),
        ("GET", "/v1/modelsx"),
        ("OPTIONS", "/v1/messages"),
        ("CONNECT", "api.anthropic.com:443"),
    ],
)
async def test_everything_else_is_404(rig, method, path):
    """Only the exact endpoints exist, with the exact methods; nobody is asked about anything else."""
    answer = await rig.ask(path, method=method)
    # `*` is refused before the first filter, which gives requests their id.
    assert_shape(answer, 404, "not_found_error", "unknown_endpoint", named=path != "*")
    assert rig.checks == []
    assert "request_headers" not in rig.processed
    assert rig.upstream == []


async def test_404_comes_before_the_body(rig):
    """An unknown endpoint is refused although the body that was announced never comes; identity comes first."""
    head = "POST /v1/files HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 1000000\r\n"
    signed = f"{head}authorization: Bearer {rig.token()}\r\n\r\n".encode()
    assert (await rig.raw(signed)).status == 404
    assert (await rig.raw(f"{head}\r\n".encode())).status == 401


@pytest.mark.parametrize(
    "path", ["/v1%2fmessages", "/v1%2Fmessages", "/v1%5cmessages", "/v1/messages#f", "/v1/messages?a=b#f"]
)
async def test_escaped_slashes_and_fragments_are_400(rig, path):
    """A path with a second reading is refused before any filter."""
    assert_shape(await rig.ask(path), 400, "invalid_request_error", "invalid_http", named=False)
    assert rig.upstream == []


async def test_double_escaped_slash_is_no_endpoint(rig):
    """`%252f` is not unescaped twice."""
    assert (await rig.ask("/v1%252fmessages")).status == 404


async def test_upgrade_is_refused(rig):
    """No protocol that ext_proc cannot read."""
    answer = await rig.raw(
        f"GET /v1/models HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {rig.token()}\r\n"
        "connection: upgrade\r\nupgrade: websocket\r\n\r\n".encode()
    )
    assert_shape(answer, 403, "permission_error", "request_refused", named=False)


async def test_request_trailers_reach_ext_proc(rig):
    """HTTP/1 trailers are not dropped on the way, so ext_proc can refuse them."""
    answer = await rig.raw(
        f"POST /v1/messages HTTP/1.1\r\nhost: a\r\nconnection: close\r\nauthorization: Bearer {rig.token()}\r\n"
        "content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nx-t: 1\r\n\r\n".encode()
    )
    assert "request_trailers" in rig.processed
    assert answer.status == 400
    assert rig.upstream == []


@pytest.mark.parametrize(
    "lines",
    [
        "x_phigate: 1\r\n",
        "content-length: 4\r\ntransfer-encoding: chunked\r\n",
        "content-length: 4\r\ncontent-length: 5\r\n",
        "transfer-encoding: xchunked\r\n",
        "content-length: -1\r\n",
        "x-big: " + "a" * 40_000 + "\r\n",
        "".join(f"x-{number}: 1\r\n" for number in range(150)),
        "x-nul: a\0b\r\n",
    ],
)
async def test_malformed_http_ends_the_connection(rig, lines):
    """Ambiguous or oversized heads reach nobody and the connection closes.

    With ext_proc in the chain Envoy closes it before its 400 is out; the access log has it.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", rig.port)
    writer.write(
        f"POST /v1/messages HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {rig.token()}\r\n{lines}\r\n"
        "0\r\n\r\nPOST /v1/messages HTTP/1.1\r\nhost: smuggled\r\n\r\n".encode()
    )
    raw = b""
    try:
        raw = await asyncio.wait_for(reader.read(-1), 10)
    except ConnectionResetError:
        pass
    finally:
        writer.close()
    assert raw == b"" or raw.startswith((b"HTTP/1.1 4", b"HTTP/1.1 501"))
    assert rig.checks == []
    assert rig.upstream == []


async def test_admin_listener_strips_and_names_itself(rig):
    """Check learns which listener asks; a caller's own principal header is gone; unknown queries are refused."""
    answer = await rig.ask(
        "/v1/approvals", method="GET", port=rig.admin_port, headers={"x-phigate-principal": "forged"}
    )
    assert answer.status == 501  # the rig has no admin servicer
    attributes = rig.checks[0].attributes
    assert dict(attributes.context_extensions) == {"listener": "admin"}
    assert "x-phigate-principal" not in attributes.request.http.headers
    unknown = await rig.ask("/v1/approvals?sql=1", method="GET", port=rig.admin_port)
    assert_shape(unknown, 400, "invalid_request_error", "invalid_request")
    nobody = await rig.ask("/v1/approvals", method="GET", port=rig.admin_port, token=None)
    assert_shape(nobody, 401, "authentication_error", "gateway_unauthenticated")
    elsewhere = await rig.ask("/v1/messages", port=rig.admin_port)
    assert elsewhere.status == 404
    assert rig.upstream == []


async def test_ingress_names_itself(rig):
    """Check learns that callers are asking, and gets the verified claims."""
    await rig.ask()
    attributes = rig.checks[0].attributes
    assert dict(attributes.context_extensions) == {"listener": "ingress"}
    claims = attributes.metadata_context.filter_metadata["envoy.filters.http.jwt_authn"]["jwt"]
    assert claims["sub"] == "alice"


async def test_access_log_names_who_and_what_but_no_query(rig):
    """One JSON line per request: endpoint, subject, decision, exchange, details; no text of the caller's own."""
    await rig.ask("/v1/patients/Jane")
    await rig.ask("/v1/models/Jane", method="GET")
    await rig.ask("/v1/messages?patient=Jane", headers={"x-secret": "canary-4711"})
    log = rig.folder / "access.log"
    deadline = time.monotonic() + 30

    def lines():
        # Envoy flushes the file every ten seconds at most.
        return [json.loads(line) for line in log.read_text().splitlines()]

    def passed_ones():
        # Other tests ask the same Envoy, and some of theirs do not pass.
        passed = ("POST /v1/messages", 200, "x-1")
        return [line for line in lines() if (line.get("endpoint"), line["code"], line.get("exchange")) == passed]

    wanted = {"POST /v1/messages", "unknown", "GET /v1/models/{id}"}
    # Each of Envoy's workers writes in its own time; a head that it refused has no endpoint.
    while not (wanted <= {line.get("endpoint") for line in lines()} and passed_ones()):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)
    passed = passed_ones()[0]
    assert (passed["subject"], passed["decision_id"], passed["details"]) == ("alice", "d-1", "via_upstream")
    assert passed["request_id"]
    text = log.read_text()
    assert "Jane" not in text
    assert "canary-4711" not in text
    assert "Bearer" not in text
