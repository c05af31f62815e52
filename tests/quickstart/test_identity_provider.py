"""The dev identity provider as a process: what it publishes, and how it starts and ends."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from authz.quickstart import tokens
from authz.quickstart.foreground import Address

ISSUER = "https://idp.example/phigate"


def start(tmp_path, listen="127.0.0.1:0", **env):
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "authz.quickstart.identity_provider"),
            *("--listen", listen, "--keys", str(tmp_path / "keys" / "idp.pem"), "--issuer", ISSUER),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | env,
    )


def ready_url(process, seconds=20):
    """Return the URL in the ready line, which must be all that was printed."""
    assert select.select([process.stdout], [], [], seconds)[0], "no ready line"
    line = process.stdout.readline()
    assert line.startswith("identity provider ready on http://127.0.0.1:"), line
    return line.split()[-1]


@pytest.fixture
def provider(tmp_path):
    process = start(tmp_path)
    try:
        yield ready_url(process), process
    finally:
        process.kill()
        process.communicate()


def get(url):
    with urllib.request.urlopen(url, timeout=5) as answer:
        return answer.headers, json.load(answer)


def test_its_keys_verify_tokens_minted_from_its_key_file(provider, tmp_path):
    """Discovery leads to a JWKS that verifies what `tokens.mint` signs with the key file."""
    url, _ = provider
    headers, found = get(f"{url}/.well-known/openid-configuration")
    assert headers["content-type"].startswith("application/json")
    assert (found["issuer"], found["jwks_uri"]) == (ISSUER, ISSUER + "/jwks")
    assert "token_endpoint" not in found
    headers, keys = get(f"{url}/jwks")
    assert headers["content-type"].startswith("application/json")
    assert "max-age" in headers["cache-control"]
    text = tokens.mint(tokens.load_key(tmp_path / "keys" / "idp.pem"), issuer=ISSUER, subject="ada")
    assert jwt.decode(text, KeySet.import_key_set(keys)).claims["sub"] == "ada"


def test_nothing_else_is_there(provider):
    """No endpoint hands out tokens."""
    for path in ("/token", "/authorize", "/keys", "/"):
        with pytest.raises(urllib.error.HTTPError) as caught:
            get(provider[0] + path)
        assert caught.value.code == 404
        caught.value.close()


def test_sigterm_ends_it_within_a_second_even_with_a_connection_open(provider):
    """An idle keep-alive connection does not delay the end, and only the ready line was printed."""
    url, process = provider
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
        assert connection.recv(12) == b"HTTP/1.1 200"
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=5) == 0
        assert time.monotonic() - began < 1
    assert (process.stdout.read(), process.stderr.read()) == ("", "")


def test_a_taken_port_ends_with_three(tmp_path):
    """Whoever starts it learns from the exit code that the address is the trouble."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        address = f"127.0.0.1:{holder.getsockname()[1]}"
        process = start(tmp_path, address)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (3, "")
    assert err == f"identity provider: {address} is taken; choose another with --listen\n"


def test_a_bad_key_file_ends_with_two(tmp_path):
    """A key file that holds no key is named before anything listens."""
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "idp.pem").write_text("no key")
    process = start(tmp_path)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 2
    assert "holds no RSA key" in err


def test_it_follows_its_parent_when_asked(tmp_path):
    """With PHIGATE_PARENT set the process ends when its parent is killed."""
    code = (
        "import os, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, *sys.argv[1:]], env=os.environ | {'PHIGATE_PARENT': str(os.getpid())},"
        " stdout=subprocess.PIPE)\n"
        "child.stdout.readline()\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    keys = str(tmp_path / "idp.pem")
    parent = subprocess.Popen(
        [
            *(sys.executable, "-c", code, "-m", "authz.quickstart.identity_provider"),
            *("--listen", "127.0.0.1:0", "--keys", keys, "--issuer", ISSUER),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert select.select([parent.stdout], [], [], 20)[0]
    child = int(parent.stdout.readline())
    descriptor = os.pidfd_open(child)
    try:
        parent.kill()
        parent.communicate()
        assert select.select([descriptor], [], [], 5)[0], "the orphan lives on"
    finally:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        os.close(descriptor)


@pytest.mark.parametrize(
    ("text", "address"),
    [("127.0.0.1:80", Address("127.0.0.1", 80)), ("[::1]:0", Address("::1", 0)), ("idp:9000", Address("idp", 9000))],
)
def test_addresses_read_back_as_written(text, address):
    """An address prints as it was given."""
    assert Address.parse(text) == address
    assert str(address) == text


@pytest.mark.parametrize("text", ["", "8080", ":80", "host:", "host:x", "host:65536", "host:-1"])
def test_a_wrong_address_is_refused(text):
    """A listen address without host or with a wrong port is an error at start."""
    with pytest.raises(ValueError, match="HOST:PORT"):
        Address.parse(text)
