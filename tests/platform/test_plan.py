"""What `phigate up` will start: upstream, key, issuer and addresses from options, settings and the state directory."""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path

import pytest

from authz.config import load_settings
from authz.errors import ConfigError
from authz.quickstart.layout import Layout
from authz.quickstart.plan import CLAUDE, NO_KEY, Addresses, Plan, Wishes


def plan_of(environ: dict[str, str] | None = None, **wishes) -> Plan:
    return Plan.of(Wishes(**wishes), load_settings(environ or {}, complete=False), environ or {})


@pytest.mark.parametrize(
    ("environ", "upstream", "expected", "key"),
    [
        ({}, None, None, NO_KEY),
        ({"ANTHROPIC_API_KEY": "k"}, None, CLAUDE, "k"),
        ({"ANTHROPIC_API_KEY": "k"}, "simulator", None, NO_KEY),
        ({"ANTHROPIC_API_KEY": "k"}, "https://claude.example", "https://claude.example", "k"),
        ({}, "http://127.0.0.1:9", "http://127.0.0.1:9", NO_KEY),
        ({"PHIGATE_GATEWAY__UPSTREAM": "http://127.0.0.1:9"}, None, "http://127.0.0.1:9", NO_KEY),
    ],
)
def test_the_upstream_follows_key_option_and_settings(environ, upstream, expected, key):
    """A key alone means the real API, an option beats it, and the simulator never gets a real key."""
    plan = plan_of(environ, upstream=upstream)
    assert (plan.upstream, plan.api_key) == (expected, key)


@pytest.mark.parametrize("upstream", ["claude", "https://x/path", "http://claude.example", "file:///x", "http://"])
def test_an_upstream_that_would_leak_is_refused(upstream: str):
    """Plaintext to another machine, and what is no origin, never becomes an upstream."""
    with pytest.raises(ConfigError, match="--upstream: must be http"):
        plan_of({"ANTHROPIC_API_KEY": "k"}, upstream=upstream)


def test_every_wrong_option_is_named():
    """One start shows all wrong options."""
    with pytest.raises(ConfigError) as caught:
        plan_of(
            upstream="https://claude.example", issuer="i", listen="0.0.0.0:80", admin_listen="x", tls_key=Path("k"),
            policies=Path("/nowhere"),
        )  # fmt: skip
    keys = {line.partition(":")[0] for line in caught.value.problems}
    assert keys == {
        "ANTHROPIC_API_KEY",
        "--jwks-uri",
        "--listen",
        "--admin-listen",
        "--tls-cert, --tls-key",
        "--policies",
    }


def test_the_development_issuer_stays(tmp_path: Path):
    """Sessions and tickets belong to an issuer: a second start has the same one, even if its port is taken by then."""
    layout = Layout.of(tmp_path / "state")
    layout.make()
    plan = plan_of()
    first = Addresses.choose(plan, layout)
    with contextlib.closing(socket.create_server(("127.0.0.1", int(first.issuer.rpartition(":")[2])))):
        second = Addresses.choose(plan, layout)
    assert second.issuer == first.issuer
    assert second.identity_provider != first.identity_provider
    assert second.jwks_uri == f"http://127.0.0.1:{second.identity_provider}/jwks"
