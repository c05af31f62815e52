"""What one stack shall be, and where its parts will listen: values only, decided before anything starts."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from authz.config import is_loopback, split_address
from authz.errors import ConfigError
from authz.quickstart import ports

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from authz.config import Settings
    from authz.quickstart.layout import Layout

SIMULATOR = "simulator"
CLAUDE = "https://api.anthropic.com"
API_KEY = "ANTHROPIC_API_KEY"
NO_KEY = "sk-ant-phigate-quickstart"
"""What Envoy presents where there is no real key: to the simulator, or to an upstream on loopback."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the command line asked for; None where it said nothing and the settings or defaults count."""

    listen: str | None = None
    admin_listen: str | None = None
    upstream: str | None = None
    policies: Path | None = None
    database: str | None = None
    workers: int = 2
    jwks_uri: str | None = None
    issuer: str | None = None
    audience: str | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """One stack. `upstream` None is the simulator, `jwks_uri` None the development identity provider."""

    listen: str
    admin_listen: str
    upstream: str | None
    upstream_ca: Path
    api_key: str
    policies: Path
    database: str | None
    owner_url: str | None
    app_role: str
    workers: int
    jwks_uri: str | None
    issuer: str | None
    audience: str
    tls_cert: Path | None
    tls_key: Path | None
    tenant_claim: str

    @classmethod
    def of(cls, wishes: Wishes, settings: Settings, environ: Mapping[str, str]) -> Plan:
        """Return the plan: the command line above the settings. Raises `ConfigError` with every fault."""
        problems: list[str] = []
        api_key = environ.get(API_KEY, "").strip()
        upstream = wishes.upstream
        if upstream is None and "upstream" in settings.gateway.model_fields_set:
            upstream = settings.gateway.upstream
        if upstream is None:
            upstream = CLAUDE if api_key else SIMULATOR
        problems += _upstream_problems(upstream, api_key)
        tls_cert = wishes.tls_cert or settings.tls.cert_file
        tls_key = wishes.tls_key or settings.tls.key_file
        if (tls_cert is None) != (tls_key is None):
            problems.append("--tls-cert, --tls-key: belong together")
        jwks_uri = wishes.jwks_uri or settings.identity.jwks_uri
        issuer = wishes.issuer or settings.identity.issuer or None
        if jwks_uri and not issuer:
            problems.append("--issuer: is required with --jwks-uri")
        if issuer and not jwks_uri:
            problems.append("--jwks-uri: is required with --issuer")
        listen = wishes.listen or settings.gateway.listen
        admin_listen = wishes.admin_listen or settings.gateway.admin_listen
        for option, address in (("--listen", listen), ("--admin-listen", admin_listen)):
            host, _, port = address.rpartition(":")
            if port != "0":
                try:
                    split_address(address)
                except ValueError as error:
                    problems.append(f"{option}: {error}")
                    continue
            if not is_loopback(host.strip("[]")) and tls_cert is None:
                problems.append(f"{option}: {host} can be reached from other machines; give --tls-cert and --tls-key")
        policies = (wishes.policies or settings.masking.rules).absolute()
        if not policies.is_dir():
            problems.append(f"--policies: {policies} is not a directory")
        if upstream.startswith("https://") and not settings.gateway.upstream_ca_file.is_file():
            problems.append(f"gateway.upstream_ca_file: cannot read {settings.gateway.upstream_ca_file}")
        if problems:
            raise ConfigError(problems)
        return cls(
            listen=listen,
            admin_listen=admin_listen,
            upstream=None if upstream == SIMULATOR else upstream,
            upstream_ca=settings.gateway.upstream_ca_file,
            api_key=api_key if api_key and upstream != SIMULATOR else NO_KEY,
            policies=policies,
            database=wishes.database or settings.database.url.get_secret_value() or None,
            owner_url=settings.database.owner_url.get_secret_value() or None,
            app_role=settings.database.app_role,
            workers=wishes.workers,
            jwks_uri=jwks_uri,
            issuer=issuer,
            audience=wishes.audience or settings.identity.audience,
            tls_cert=tls_cert.absolute() if tls_cert else None,
            tls_key=tls_key.absolute() if tls_key else None,
            tenant_claim=settings.identity.tenant_claim,
        )

    def with_ports(self) -> Plan:
        """Return this plan with its addresses checked, and 0 replaced by free ports. Raises `PortTaken`."""
        listen = ports.check("--listen", self.listen)
        admin_listen = ports.check("--admin-listen", self.admin_listen)
        if listen == admin_listen:
            raise ports.PortTaken(f"--admin-listen: {admin_listen} is what --listen has; choose another")
        return replace(self, listen=listen, admin_listen=admin_listen)

    @property
    def base_url(self) -> str:
        """The URL that callers use."""
        return self._url(self.listen)

    @property
    def admin_url(self) -> str:
        """The URL that reviewers and auditors use."""
        return self._url(self.admin_listen)

    def _url(self, address: str) -> str:
        host, port = split_address(address)
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  (a comparison, not a bind)
        return f"{'https' if self.tls_cert else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the inner parts listen, all on loopback, and what follows from it."""

    opa: int
    identity_provider: int | None
    simulator: int | None
    issuer: str
    jwks_uri: str
    upstream: str

    @classmethod
    def choose(cls, plan: Plan, layout: Layout) -> Addresses:
        """Return free ports. The development issuer's name stays what it was: sessions and tickets hang on it."""
        opa = ports.free()
        simulator = ports.free() if plan.upstream is None else None
        upstream = plan.upstream or f"http://127.0.0.1:{simulator}"
        if plan.jwks_uri and plan.issuer:
            return cls(opa, None, simulator, plan.issuer, plan.jwks_uri, upstream)
        remembered = layout.keys / "issuer"
        issuer = ""
        with contextlib.suppress(FileNotFoundError):
            issuer = remembered.read_text(encoding="utf-8").strip()
        if not issuer:
            issuer = f"http://127.0.0.1:{ports.free()}"
            fresh = remembered.with_suffix(".new")
            fresh.write_text(issuer + "\n", encoding="utf-8")
            fresh.replace(remembered)
        try:
            port = split_address(ports.check("issuer", issuer.removeprefix("http://")))[1]
        except ports.PortTaken:
            port = ports.free()
        return cls(opa, port, simulator, issuer, f"http://127.0.0.1:{port}/jwks", upstream)

    def listeners(self) -> list[tuple[str, int]]:
        """Return the parts that must accept connections before workers start, with their ports."""
        wanted = [("idp", self.identity_provider), ("simulator", self.simulator), ("opa", self.opa)]
        return [(name, port) for name, port in wanted if port is not None]


def _upstream_problems(upstream: str, api_key: str) -> list[str]:
    parts = urlsplit(upstream)
    if upstream == SIMULATOR:
        return []
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/") or parts.query:
        return ["--upstream: must be http(s)://host[:port] or simulator"]
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        return ["--upstream: must be https:// unless the host is loopback: key and data would travel in plaintext"]
    if parts.scheme == "https" and not api_key:
        return [f"{API_KEY}: is required for --upstream {upstream}"]
    return []


def inherited() -> dict[str, str]:
    """Return the settings in our own environment, which workers see too."""
    return {name: value for name, value in os.environ.items() if name.startswith("PHIGATE_")}
