"""The simulator as a process: journal, TLS, signals, arguments."""

from __future__ import annotations

import json
import os
import signal
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest
from hypothesis import given
from hypothesis import strategies as st
from simulator_calls import HEADERS, document, post

from authz.quickstart.simulator.journal import Journal
from authz.quickstart.simulator.reply import cut_json, escaped


def test_the_journal_has_every_request_even_refused_ones(start_simulator, tmp_path):
    """File and endpoint tell method, path, headers and body of everything received; the file is written first."""
    record = tmp_path / "received.jsonl"
    with start_simulator("--record", record, "--api-key", "k2", "--models", "m1,m2") as other:
        post(other, document("first"), path="/v1/messages?beta=true", **{"x-api-key": "k2"})
        assert json.loads(record.read_text().splitlines()[0])["body"] == json.dumps(document("first"))
        post(other, b'\xff"', authorization="Bearer leaked")
        with urllib.request.urlopen(other.url + "/healthz", timeout=5) as answer:
            assert answer.status == 200
        journal = other.journal()
        assert journal["last"] == 2
        assert [entry["n"] for entry in journal["requests"]] == [1, 2]
        assert other.journal(after=1)["requests"] == journal["requests"][1:]
        assert [json.loads(line) for line in record.read_text().splitlines()] == journal["requests"]
    first, second = journal["requests"]
    assert (first["method"], first["path"]) == ("POST", "/v1/messages?beta=true")
    assert abs(first["ms"] - time.time() * 1000) < 60_000
    assert second["body"] == '\\xff"'
    assert dict(second["headers"])["Authorization"] == "Bearer leaked"


def test_the_journal_stays_within_bounds():
    """Old entries go first, by number and by size; numbers go on."""
    journal = Journal()
    for _ in range(3):
        journal.add("POST", "/", (), b"x" * (40 * 1024 * 1024))
    assert [entry["n"] for entry in journal.after(0)["requests"]] == [3]
    for _ in range(10_001):
        journal.add("POST", "/", (), b"")
    kept = journal.after(0)
    assert (len(kept["requests"]), kept["last"]) == (10_000, 10_004)


def test_it_listens_with_tls(start_simulator, tmp_path):
    """With a certificate the listener is TLS, as the real API is."""
    certificate, key = tmp_path / "c.pem", tmp_path / "k.pem"
    _self_signed(certificate, key)
    with start_simulator("--tls-cert", certificate, "--tls-key", key) as secure:
        assert secure.url.startswith("https://127.0.0.1:")
        context = ssl.create_default_context(cafile=str(certificate))
        with urllib.request.urlopen(secure.url + "/healthz", timeout=5, context=context) as answer:
            assert answer.status == 200


def _self_signed(certificate, key):
    import datetime as dt
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "simulator")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(name, name, private.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(private, hashes.SHA256())
    )
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )


def test_sigterm_ends_it_within_a_second_even_while_streaming(start_simulator):
    """A stream that would take a minute does not delay the end, and nothing but the ready line is printed."""
    with start_simulator() as other:
        body = json.dumps(document("sim:slow 1s sim:deltas 60", stream=True)).encode()
        request = urllib.request.Request(other.url + "/v1/messages", data=body, headers=HEADERS)
        with urllib.request.urlopen(request, timeout=5) as answer:
            assert answer.read(5) == b"event"
            began = time.monotonic()
            other.process.send_signal(signal.SIGTERM)
            assert other.process.wait(timeout=5) == 0
            assert time.monotonic() - began < 1
        assert (other.process.stdout.read(), other.process.stderr.read()) == ("", "")


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["--listen", "nowhere"], 2, "HOST:PORT"),
        (["--listen", "127.0.0.1:0", "--tls-cert", "x"], 2, "go together"),
        (["--listen", "127.0.0.1:0", "--tls-cert", "/nonexistent", "--tls-key", "/nonexistent"], 2, "cannot be used"),
        (["--listen", "127.0.0.1:0", "--record", "/nonexistent/file"], 2, "cannot be used"),
    ],
)
def test_wrong_arguments_end_with_two(arguments, code, text):
    """A wrong start ends at once with a line that says why."""
    ended = subprocess.run(
        [sys.executable, "-m", "authz.quickstart.simulator", *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=20,
        env=dict(os.environ),
    )
    assert ended.returncode == code
    assert text in ended.stderr


def test_a_taken_port_ends_with_three(simulator):
    """A second simulator on the same port says so and ends with 3."""
    address = simulator.url.removeprefix("http://")
    ended = subprocess.run(
        [sys.executable, "-m", "authz.quickstart.simulator", "--listen", address],
        check=False,
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert (ended.returncode, ended.stdout) == (3, "")
    assert ended.stderr == f"simulator: {address} is taken; choose another with --listen\n"


@given(
    st.recursive(
        st.text(max_size=8) | st.integers(),
        lambda s: st.lists(s, max_size=3) | st.dictionaries(st.text(max_size=5), s, max_size=3),
    )
)
def test_cutting_json_loses_nothing(value):
    """Escaping keeps the value, and the pieces joined are the text, whatever the JSON."""
    for spelled in (json.dumps(value), json.dumps(value, ensure_ascii=False)):
        text = escaped(spelled)
        assert text.isascii()
        assert json.loads(text) == value
        pieces = list(cut_json(text))
        assert "".join(pieces) == text
        assert all(pieces)
