"""Bad requests over real HTTP: an answer in the API's shape, nothing upstream, no PHI in it."""

from __future__ import annotations

import json
import socket

import pytest
from real_stack import CANARIES, leaked

pytestmark = pytest.mark.stack

BODY = json.dumps(
    {
        "model": "claude-sonnet-5-5",
        "max_tokens": 10,
        "messages": [{"role": "user", "content": f"SSN {CANARIES['ssn']}"}],
    }
).encode()


CLOSED = 0
"""Envoy closes the connection on a malformed head; with ext_proc in the chain its 400 does not get out (measured)."""


def raw(stack, data: bytes, *, more: bytes = b"") -> tuple[int, bytes]:
    """Send bytes as they are and return status and everything that came back."""
    host, port = stack.base_url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), 10) as connection:
        connection.settimeout(10)
        connection.sendall(data)
        if more:
            connection.sendall(more)
        got = b""
        try:
            while piece := connection.recv(65536):
                got += piece
                head, separator, body = got.partition(b"\r\n\r\n")
                if separator and _whole(head, body):
                    break
        except TimeoutError:
            pytest.fail("no end of the answer within 10 s")
        except ConnectionResetError:
            pass
    status = int(got.split(b" ", 2)[1]) if got.startswith(b"HTTP/1.1 ") else 0
    return status, got


def _whole(head: bytes, body: bytes) -> bool:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return len(body) >= int(value)
        if name.lower() == b"transfer-encoding":
            return body.endswith(b"0\r\n\r\n")
    return False


def post(path=b"/v1/messages", body=BODY, headers=(), *, token, method=b"POST", length=None) -> bytes:
    lines = [
        method + b" " + path + b" HTTP/1.1",
        b"host: gateway",
        b"anthropic-version: 2023-06-01",
        b"x-api-key: " + token.encode(),
        b"connection: close",
        *headers,
    ]
    if not any(line.lower().startswith(b"content-type:") for line in headers):
        lines.append(b"content-type: application/json")
    if not any(line.lower().startswith((b"transfer-encoding:", b"content-length:")) for line in headers):
        lines.append(b"content-length: %d" % (len(body) if length is None else length))
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


@pytest.fixture(scope="module")
def token(stack):
    return stack.token("ann")


@pytest.fixture(autouse=True)
def nothing_goes_upstream(stack, request):
    before = len(stack.simulator.requests())
    yield
    if "passes" not in request.keywords:
        assert len(stack.simulator.requests()) == before
    assert stack.post(json.loads(BODY), stack.token("ann"))[0] == 200
    stack.assert_no_canary()


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (b"/v1%2fmessages", 400),
        (b"/v1%2Fmessages", 400),
        (b"/v1%5cmessages", 400),
        (b"/v1%252fmessages", 404),
        (b"/V1/Messages", 404),
        (b"/v1/messages/", 404),
        (b"/v1/messages%20", 404),
        (b"/v1/messages.", 404),
        (b"/v1/messages*", 404),
        (b"/v1/messages/batches", 404),
        (b"/v1/files", 404),
        (b"/v1/complete", 404),
        (b"/", 404),
        (b"/v1/messages?x=" + CANARIES["ssn"].encode(), 400),
    ],
)
def test_paths_are_exact(stack, token, path, status):
    """Every spelling that is not the path is refused before its body matters."""
    answered, got = raw(stack, post(path, token=token))
    assert answered == status, got[:300]
    assert leaked(got) == []


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ((b"content-type: text/plain",), 415),
        ((b"content-type: application/json; charset=utf-16",), 415),
        ((b"content-encoding: gzip",), 415),
        ((b"transfer-encoding: xchunked",), CLOSED),
        ((b"content-length: 5", b"content-length: 6"), CLOSED),
        ((b"bad_header: 1",), CLOSED),
        ((b"content-length: -1",), CLOSED),
    ],
)
def test_headers_that_cannot_pass(stack, token, headers, status):
    """Types, encodings and framings that are not exactly right are refused."""
    # no body is sent: one that Envoy leaves unread would reset the connection before its answer was read
    answered, got = raw(stack, post(body=b"", length=5, headers=headers, token=token))
    assert answered == status, got[:300]
    assert leaked(got) == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'"x"',
        b"null",
        b"{}{}",
        b'{"messages": "x"}',
        BODY + b",",
        BODY + b"\x00",
        b"\xef\xbb\xbf" + BODY,
        BODY.decode().encode("utf-16"),
        BODY.replace(b'"model"', b'"model":"a","model"'),
        BODY.replace(b"SSN", b"\\ud800 SSN"),
        BODY.replace(b"10", b"NaN"),
        BODY.replace(b"SSN", b"\xff SSN"),
        b"[" * 100_000,
        b'{"a":' * 1_100,
    ],
)
def test_bodies_that_are_not_strict_json(stack, token, body):
    """Anything but one strict JSON object is 400 in the API's shape."""
    answered, got = raw(stack, post(body=body, token=token))
    assert answered == 400, got[:300]
    document = json.loads(got.partition(b"\r\n\r\n")[2] or b"{}") if b"content-length" in got.lower() else None
    if document is not None:
        assert document["type"] == "error"
    assert leaked(got) == []


@pytest.mark.parametrize(
    "lines",
    [
        (),
        (b"authorization: Bearer nonsense",),
        (b"authorization: Basic YTpi",),
        (b"x-api-key: ",),
        (b"authorization: Bearer a.b.c", b"authorization: Bearer d.e.f"),
    ],
)
def test_without_a_valid_token(stack, lines):
    """No token, a wrong one, another scheme, or two: 401 in the API's shape."""
    head = b"POST /v1/messages HTTP/1.1\r\nhost: g\r\nconnection: close\r\ncontent-type: application/json\r\n"
    data = head + b"".join(line + b"\r\n" for line in lines) + b"content-length: %d\r\n\r\n" % len(BODY) + BODY
    answered, got = raw(stack, data)
    assert answered == 401, got[:300]
    assert b'"authentication_error"' in got
    assert leaked(got) == []


def test_two_different_credentials_are_refused(stack, token):
    """A bearer token and another x-api-key, both valid, are ambiguous: 401."""
    other = stack.token("bea")
    answered, _ = raw(stack, post(headers=(b"authorization: Bearer " + other.encode(),), token=token))
    assert answered == 401


@pytest.mark.passes
def test_same_credential_twice_is_one(stack, token):
    """The same token in both headers is no ambiguity."""
    answered, _ = raw(stack, post(headers=(b"authorization: Bearer " + token.encode(),), token=token))
    assert answered == 200


def test_basic_beside_a_valid_key_is_refused(stack, token):
    """Another scheme beside a valid x-api-key would pass jwt_authn alone."""
    answered, _ = raw(stack, post(headers=(b"authorization: Basic YTpi",), token=token))
    assert answered == 401


def test_smuggled_second_request_never_appears(stack, token):
    """Content-Length beside chunked framing is refused and the connection closed."""
    inner = post(token=token)
    data = (
        b"POST /v1/messages HTTP/1.1\r\nhost: g\r\nx-api-key: "
        + token.encode()
        + b"\r\ncontent-type: application/json\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"
        + inner
    )
    answered, _ = raw(stack, data)
    assert answered in {400, 0}, "0: the connection was reset with the rest unread"


def test_caller_outside_the_groups_is_denied(stack):
    """A valid token without a calling group is 403 policy_denied before its body is read."""
    status, headers, body = stack.post(json.loads(BODY), stack.token("zoe", "visitors"))
    assert status == 403
    assert json.loads(body)["error"]["details"]["error_code"] == "policy_denied"
    assert headers["x-should-retry"] == "false"
