"""How each part of a stack is started: its command line, its environment, its files. Nothing here starts anything."""

from __future__ import annotations

import http.client
import os
import socket
import ssl
import sys
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from authz.quickstart.parts import Part
from authz.quickstart.plan import NO_KEY, inherited

if TYPE_CHECKING:
    from pathlib import Path

    from authz.quickstart.layout import Layout
    from authz.quickstart.plan import Addresses, Plan

_UNAUTHORIZED = 401
_OK = 200


def _python(module: str, *arguments: object) -> tuple[str, ...]:
    return (sys.executable, "-m", module, *map(str, arguments))


def write_private(path: Path, text: str) -> None:
    """Write a 0600 file under a new name and rename it, so that a reader sees the old one or the new one."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    fresh.replace(path)


def identity_provider(layout: Layout, addresses: Addresses) -> Part:
    """Return the development identity provider, whose key outlives it."""
    listen = f"127.0.0.1:{addresses.identity_provider}"
    key = layout.keys / "idp.pem"
    command = _python(
        "authz.quickstart.identity_provider", "--listen", listen, "--keys", key, "--issuer", addresses.issuer
    )
    return Part("idp", command, layout.log("idp"))


def simulator(layout: Layout, addresses: Addresses) -> Part:
    """Return the Claude simulator."""
    listen = f"127.0.0.1:{addresses.simulator}"
    command = _python("authz.quickstart.simulator", "--listen", listen, "--api-key", NO_KEY)
    return Part("simulator", command, layout.log("simulator"))


def opa(layout: Layout, addresses: Addresses, binary: Path) -> Part:
    """Return OPA, which follows the bundle directory."""
    from authz.policy_bundle import opa_command

    command = opa_command(binary, f"127.0.0.1:{addresses.opa}", layout.bundle)
    # Each question leaves garbage and the policies are small: collecting less often took a sixth off OPA's CPU time
    # and cost some 40 MB (bench).
    return Part("opa", tuple(map(str, command)), layout.log("opa"), {"GOGC": "800"})


def worker(plan: Plan, layout: Layout, addresses: Addresses, index: int, drain_seconds: float) -> Part:
    """Return one worker. The database's password travels in a file, not in the environment."""
    environment = inherited() | {
        "PHIGATE_WORKER__SOCKET": str(layout.socket(index)),
        "PHIGATE_WORKER__DRAIN_SECONDS": str(drain_seconds),
        "PHIGATE_DATABASE__URL": "",
        "PHIGATE_DATABASE__URL_FILE": str(database_file(layout)),
        "PHIGATE_OPA__ADDRESS": f"127.0.0.1:{addresses.opa}",
        "PHIGATE_IDENTITY__ISSUER": addresses.issuer,
        "PHIGATE_IDENTITY__AUDIENCE": plan.audience,
        "PHIGATE_IDENTITY__JWKS_URI": addresses.jwks_uri,
        "PHIGATE_KEYS__ROOT_FILE": str(layout.key("root")),
        "PHIGATE_KEYS__KEK_FILE": str(layout.key("kek")),
        "PHIGATE_KEYS__ADMIN_FILE": str(layout.key("admin")),
        "PHIGATE_MASKING__RULES": str(plan.policies),
    }
    name = f"worker-{index}"
    return Part(name, _python("authz.server", "--index", index), layout.log(name), environment)


def database_file(layout: Layout) -> Path:
    """Return the file that tells workers the database's URL."""
    return layout.keys / "database.url"


def probe(plan: Plan, layout: Layout, seconds: float) -> Part:
    """Return the process that waits until every worker says over gRPC that it serves."""
    sockets = [layout.socket(index) for index in range(plan.workers)]
    return Part("probe", _python("authz.probe", "--seconds", seconds, *sockets), layout.log("probe"))


def envoy_config(plan: Plan, layout: Layout, addresses: Addresses) -> str:
    """Return Envoy's configuration. Raises `ConfigError`."""
    from authz.bootstrap import BootstrapSettings, Upstream, render

    settings = BootstrapSettings(
        workers=tuple(str(layout.socket(index)) for index in range(plan.workers)),
        issuer=addresses.issuer,
        secret_file=str(credential_file(layout)),
        secret_dir=str(layout.secrets),
        upstream=Upstream.from_url(addresses.upstream, ca_file=str(plan.upstream_ca)),
        audience=plan.audience,
        jwks_uri=addresses.jwks_uri,
        listen=plan.listen,
        admin_listen=plan.admin_listen,
        tls_cert_file=str(plan.tls_cert) if plan.tls_cert else None,
        tls_key_file=str(plan.tls_key) if plan.tls_key else None,
        envoy_admin=str(admin_socket(layout)),
        access_log=str(layout.logs / "access.log"),
        tenant_claim=plan.tenant_claim,
    )
    return render(settings)


def credential_file(layout: Layout) -> Path:
    """Return the file in which Envoy finds the upstream key."""
    return layout.secrets / "anthropic-key.yaml"


def admin_socket(layout: Layout) -> Path:
    """Return the socket of Envoy's own administration."""
    return layout.run / "envoy-admin.sock"


def envoy(layout: Layout, binary: Path) -> Part:
    """Return Envoy. Hot restart is off: it would share memory between stacks of one machine."""
    command = (
        str(binary),
        "-c",
        str(layout.envoy),
        "--disable-hot-restart",
        "--concurrency",
        "2",
        "--log-level",
        "warning",
    )
    return Part("envoy", command, layout.log("envoy"))


class _Local(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("envoy", timeout=2)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(2)
        self.sock.connect(str(self._path))


def every_endpoint_healthy(layout: Layout) -> bool:
    """Return whether Envoy's health checks found each worker, so that the first request finds one too."""
    connection = _Local(admin_socket(layout))
    try:
        connection.request("GET", "/clusters")
        answer = connection.getresponse()
        text = answer.read().decode(errors="replace")
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    states = [line.rpartition("::")[2] for line in text.splitlines() if "::health_flags::" in line]
    return answer.status == _OK and bool(states) and all(state == "healthy" for state in states)


def refuses_strangers(url: str) -> bool:
    """Return whether a request without a token gets our 401, in JSON: the listener and its identity filter work."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        # A question of life, not of identity; no secret is sent.
        context = ssl._create_unverified_context()  # noqa: S323, SLF001
        connection = http.client.HTTPSConnection(host, parts.port, timeout=2, context=context)
    else:
        connection = http.client.HTTPConnection(host, parts.port, timeout=2)
    try:
        connection.request("POST", "/v1/messages", body=b"{}", headers={"content-type": "application/json"})
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return answer.status == _UNAUTHORIZED and "json" in (answer.getheader("content-type") or "")
