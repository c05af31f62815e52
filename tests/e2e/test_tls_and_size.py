"""TLS on the listener and to the upstream, and bodies at the limit."""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import ssl
import threading

import anthropic
import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from real_stack import CANARIES, PROMPT, leaked, start_simulator

pytestmark = pytest.mark.stack

LIMIT = 33_554_432


def certificate(folder, name, issuer=None):
    """Write a key and a certificate for loopback, signed by `issuer` or by itself as a CA; return (cert, key, pair)."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    issuer_name, issuer_key = (issuer[0].subject, issuer[1]) if issuer else (subject, key)
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer_name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(minutes=5))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .sign(issuer_key, hashes.SHA256())
    )
    cert_file, key_file = folder / f"{name}.pem", folder / f"{name}.key"
    cert_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return cert_file, key_file, (made, key)


def ask(text, **more):
    return {"model": "claude-sonnet-5-5", "max_tokens": 400, "messages": [{"role": "user", "content": text}], **more}


def test_sdk_over_tls(fresh_stack, tmp_path):
    """With a certificate on the listener the unmodified SDK works in both modes over TLS."""
    ca, _, pair = certificate(tmp_path, "test-ca")
    cert, key, _ = certificate(tmp_path, "listener", pair)
    stack = fresh_stack("--tls-cert", str(cert), "--tls-key", str(key))
    assert stack.base_url.startswith("https://")
    context = ssl.create_default_context(cafile=str(ca))
    url = stack.base_url
    with (
        httpx2.Client(verify=context) as http,
        anthropic.Anthropic(base_url=url, api_key=stack.token("ann"), http_client=http, max_retries=0) as client,
    ):
        message = client.messages.create(**ask(PROMPT))
        with client.messages.stream(**ask(PROMPT)) as stream:
            assert "".join(stream.text_stream) == message.content[0].text
    stack.assert_no_canary()


def test_upstream_tls_is_verified(fresh_stack, tmp_path):
    """An upstream whose certificate the configured CA signed is used; one that it did not sign gets nothing."""
    ca, _, pair = certificate(tmp_path, "test-ca")
    cert, key, _ = certificate(tmp_path, "upstream", pair)
    other, _, _ = certificate(tmp_path, "other-ca")
    for trusted, status in ((ca, 200), (other, 503)):
        simulator = start_simulator("--tls-cert", str(cert), "--tls-key", str(key))
        stack = fresh_stack(
            simulator=simulator,
            env={"PHIGATE_GATEWAY__UPSTREAM_CA_FILE": str(trusted), "ANTHROPIC_API_KEY": "sk-ant-phigate-quickstart"},
        )
        answered, _, body = stack.post(ask(PROMPT), stack.token("ann"))
        assert answered == status, body
        assert leaked(body) == []


def big(size: int) -> bytes:
    """Return a valid body of exactly `size` bytes with a canary at both ends."""
    head = b'{"model":"claude-sonnet-5-5","max_tokens":5,"messages":[{"role":"user","content":"SSN '
    head += CANARIES["ssn"].encode() + b" "
    tail = b" SSN " + CANARIES["ssn"].encode() + b'"}]}'
    line = b"the patient was seen in clinic and is doing well on the present plan. "
    room = size - len(head) - len(tail)
    return head + (line * (room // len(line) + 1))[:room] + tail


def test_limit_passes_one_byte_more_does_not_and_others_go_on(fresh_stack):
    """32 MB passes masked, one byte more is 413, and while it is masked other streams go on.

    So much text is over the review threshold, so it also waits for a reviewer: a large body is held like a small one.
    """
    stack = fresh_stack("--workers", "1")
    token, reviewer = stack.token("ann"), stack.token("bob", "reviewers")
    over, _, body = stack.post(big(LIMIT + 1), token)
    assert over == 413
    assert json.loads(body)["error"]["type"] == "request_too_large"
    outcome: list[tuple[int, dict[str, str], bytes]] = []
    large = threading.Thread(target=lambda: outcome.append(stack.post(big(LIMIT), token)), daemon=True)
    large.start()
    beats = 0
    while not (tickets := stack.approvals("list", token=reviewer)):
        assert stack.post(ask("hello"), token)[0] == 200
        beats += 1
        assert large.is_alive(), outcome
    assert beats > 1, "other requests stood still while the large body was masked"
    stack.approvals("approve", tickets[0]["id"], token=reviewer)
    large.join(240)
    assert [answer[0] for answer in outcome] == [200]
    seen = [len(request["body"]) for request in stack.simulator.requests()]
    assert max(seen) > LIMIT - 100
    stack.assert_no_canary()
