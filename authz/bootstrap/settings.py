"""What a deployment decides about its Envoy; everything else about the bootstrap is fixed in this package.

Every fault is refused here with a `ConfigError` that names all of them, so that a rendered bootstrap is one that cannot
expose plaintext or skip a check. Paths are written into the bootstrap as given: they are Envoy's, not this process's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from authz.config import SOCKET_BYTES, is_loopback, split_address
from authz.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

SYSTEM_CA = "/etc/ssl/certs/ca-certificates.crt"
"""Where Debian's, Alpine's and Envoy's own images keep the public certificate authorities."""

HTTPS_PORT = 443
HTTP_PORT = 80
MIN_IDLE = 600
"""Lowest stream idle timeout in seconds: above the longest hold (290 s) with room for a slow answer after it."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """Where Claude is. With `tls`, the certificate must verify against `ca_file` and carry `sni` (default: `host`)."""

    host: str
    port: int = HTTPS_PORT
    tls: bool = True
    ca_file: str = SYSTEM_CA
    sni: str = ""

    @classmethod
    def from_url(cls, url: str, *, ca_file: str = SYSTEM_CA) -> Upstream:
        """Return the upstream of an http(s) URL without path, query or credentials. Raises `ConfigError`."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise ConfigError(["upstream: is not a URL"]) from None
        extra = parts.path.strip("/") or parts.query or parts.fragment or parts.username
        if parts.scheme not in {"http", "https"} or not parts.hostname or extra:
            raise ConfigError(["upstream: must be http(s)://host[:port] without path, query or credentials"])
        tls = parts.scheme == "https"
        return cls(parts.hostname, port or (HTTPS_PORT if tls else HTTP_PORT), tls, ca_file)

    @property
    def server_name(self) -> str:
        """The name that TLS asks for and that the certificate must carry."""
        return self.sni or self.host

    @property
    def authority(self) -> str:
        """The `Host` that upstream sees."""
        default = HTTPS_PORT if self.tls else HTTP_PORT
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == default else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class BootstrapSettings:
    """All that differs between two deployments.

    Addresses are `host:port`. `admin_listen` None leaves the admin listener out. `workers` are the workers' socket
    paths, one Envoy endpoint each. Exactly one of `jwks_file` and `jwks_uri` is set; `jwks_ca_file` verifies an https
    `jwks_uri`. `secret_file` is the SDS file with the upstream key (`render_secret` writes its text) in the watched
    directory `secret_dir`: rotate it by an atomic rename inside that directory. `envoy_admin` is an absolute socket
    path or a loopback `host:port`. Durations are seconds.
    """

    workers: tuple[str, ...]
    issuer: str
    secret_file: str
    secret_dir: str
    upstream: Upstream = Upstream("api.anthropic.com")
    audience: str = "phigate"
    jwks_file: str | None = None
    jwks_uri: str | None = None
    jwks_ca_file: str = SYSTEM_CA
    listen: str = "127.0.0.1:8080"
    admin_listen: str | None = "127.0.0.1:8081"
    tls_cert_file: str | None = None
    tls_key_file: str | None = None
    envoy_admin: str = "/run/phigate/envoy-admin.sock"
    access_log: str = "/dev/stdout"
    tenant_claim: str = "tenant"
    drain_seconds: int = 30
    stream_idle_seconds: int = 1800
    keepalive_interval: int = 10
    keepalive_timeout: int = 5
    max_connections: int = 10_000
    max_requests: int = 10_000
    max_heap_bytes: int = 1 << 30
    node_id: str = "phigate"

    def __post_init__(self) -> None:
        problems = [*_address_problems(self), *_path_problems(self), *_identity_problems(self), *_number_problems(self)]
        if problems:
            raise ConfigError(sorted(problems))

    @property
    def tls(self) -> bool:
        """Whether the listeners speak TLS."""
        return self.tls_cert_file is not None


def _parsed(key: str, value: str, problems: list[str]) -> str | None:
    try:
        return split_address(value)[0]
    except ValueError as error:
        problems.append(f"{key}: {error}")
        return None


def _address_problems(settings: BootstrapSettings) -> list[str]:
    problems: list[str] = []
    if (settings.tls_cert_file is None) != (settings.tls_key_file is None):
        problems.append("tls_cert_file, tls_key_file: belong together")
    for key, value in (("listen", settings.listen), ("admin_listen", settings.admin_listen)):
        host = _parsed(key, value, problems) if value is not None else None
        if host is not None and not settings.tls and not is_loopback(host):
            problems.append(f"{key}: {host} can be reached from other machines in plaintext; give a TLS certificate")
    if not settings.envoy_admin.startswith("/"):
        host = _parsed("envoy_admin", settings.envoy_admin, problems)
        if host is not None and not is_loopback(host):
            problems.append("envoy_admin: must be a socket path or a loopback address; it can stop Envoy")
    upstream = settings.upstream
    if not upstream.tls and not is_loopback(upstream.host):
        problems.append("upstream: http:// sends the key and the data in plaintext; only a loopback host may have it")
    return problems


def _path_problems(settings: BootstrapSettings) -> list[str]:
    problems: list[str] = []
    if not settings.workers:
        problems.append("workers: at least one socket path is required")
    sockets = [("workers", path) for path in settings.workers]
    if settings.envoy_admin.startswith("/"):
        sockets.append(("envoy_admin", settings.envoy_admin))
    for key, path in sockets:
        if not path.startswith("/") or len(path.encode()) > SOCKET_BYTES:
            problems.append(f"{key}: must be an absolute path of at most {SOCKET_BYTES} bytes, which Envoy demands")
    if len(set(settings.workers)) != len(settings.workers):
        problems.append("workers: a socket path appears twice")
    # Envoy picks the parser by the suffix; a file without one would be read as protobuf text.
    if not settings.secret_file.endswith((".yaml", ".yml", ".json")):
        problems.append("secret_file: must end in .yaml or .json")
    if settings.secret_file.rpartition("/")[0] != settings.secret_dir.rstrip("/"):
        problems.append("secret_dir: must be the directory of secret_file, or a rotation goes unnoticed")
    if "%" in settings.access_log:
        problems.append("access_log: must be a plain path")
    return problems


def _identity_problems(settings: BootstrapSettings) -> list[str]:
    problems: list[str] = []
    if not settings.issuer:
        problems.append("issuer: is required")
    if not settings.audience:
        problems.append("audience: is required")
    if (settings.jwks_file is None) == (settings.jwks_uri is None):
        problems.append("jwks_file, jwks_uri: exactly one of them is required")
    if settings.jwks_uri is not None:
        parts = urlsplit(settings.jwks_uri)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.fragment:
            problems.append("jwks_uri: must be an http(s) URL without credentials")
        elif parts.scheme == "http" and not is_loopback(parts.hostname):
            problems.append("jwks_uri: must be https unless the host is loopback: whoever answers can issue tokens")
    # The claim goes into a format string of the access log.
    if not settings.tenant_claim.replace("_", "").replace("-", "").isalnum():
        problems.append("tenant_claim: must consist of letters, digits, '-' and '_'")
    return problems


def _number_problems(settings: BootstrapSettings) -> list[str]:
    bounds: list[tuple[str, int, Callable[[int], bool], str]] = [
        ("drain_seconds", settings.drain_seconds, lambda n: n >= 1, "must be at least 1"),
        (
            "stream_idle_seconds",
            settings.stream_idle_seconds,
            lambda n: n >= MIN_IDLE,
            f"must be at least {MIN_IDLE}, or it cuts held requests",
        ),
        # Python's gRPC answers pings that come faster than every 5 s with too_many_pings.
        ("keepalive_interval", settings.keepalive_interval, lambda n: n >= 6, "must be at least 6"),  # noqa: PLR2004
        ("keepalive_timeout", settings.keepalive_timeout, lambda n: n >= 1, "must be at least 1"),
        ("max_connections", settings.max_connections, lambda n: n >= 1, "must be at least 1"),
        ("max_requests", settings.max_requests, lambda n: n >= 1, "must be at least 1"),
        ("max_heap_bytes", settings.max_heap_bytes, lambda n: n >= 1 << 27, "must be at least 128 MiB"),
    ]
    return [f"{key}: {words}" for key, value, good, words in bounds if not good(value)]
