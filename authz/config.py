"""The settings of phigate: every key, its bounds and its default, checked together when a process starts.

A process that starts has good settings: `load_settings` raises one `ConfigError` that holds every fault it can see,
each with its key, and never a value. Secrets are files where a deployment can have files, and print as `[redacted]`
(docs/settings.md; docs/phigate.example.toml is checked against this module).
"""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PositiveInt, SecretStr, ValidationError

from authz.assets import policies_dir
from authz.errors import ConfigError
from authz.settings_sources import key_problem, line, read_environment, read_file

if TYPE_CHECKING:
    from collections.abc import Mapping


SOCKET_BYTES = 107
"""Envoy refuses longer pipe paths (sockaddr_un)."""

MAX_PORT = 65_535


class Secret(SecretStr):
    """A value that prints as `[redacted]`; `get_secret_value()` gives it."""

    def _display(self) -> str:
        return "[redacted]" if self.get_secret_value() else ""


def split_address(value: str) -> tuple[str, int]:
    """Return host and port of `host:port`. Raises ValueError; an IPv6 host stands in brackets."""
    host, separator, port = value.rpartition(":")
    if not separator or not host or not port.isascii() or not port.isdigit() or not 0 < int(port) <= MAX_PORT:
        raise ValueError("must be host:port with a port from 1 to 65535")
    return host.strip("[]"), int(port)


def is_loopback(host: str) -> bool:
    """Return whether an address to listen on cannot be reached from another machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _address(value: str) -> str:
    split_address(value)
    return value


def _http_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise ValueError("must be an http:// or https:// URL without credentials, query or fragment")
    return value.rstrip("/")


def _jwks_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be an http:// or https:// URL")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ValueError("must be https:// unless the host is loopback: whoever answers can issue tokens")
    return value


def _socket_path(value: Path) -> Path:
    if len(os.fsencode(value)) > SOCKET_BYTES:
        raise ValueError(f"must be at most {SOCKET_BYTES} bytes long: Envoy refuses longer ones")
    return value


Address = Annotated[str, AfterValidator(_address)]
HttpUrl = Annotated[str, AfterValidator(_http_url)]
SocketPath = Annotated[Path, AfterValidator(_socket_path)]
JwksUrl = Annotated[str, AfterValidator(_jwks_url)]
Claim = Annotated[str, Field(min_length=1, max_length=128)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, populate_by_name=True)


class Gateway(_Section):
    """What callers meet. `hold_seconds` stays below the shortest silence that a known client gives up after, 300 s."""

    listen: Address = "127.0.0.1:8080"
    admin_listen: Address = "127.0.0.1:8081"
    upstream: HttpUrl = "https://api.anthropic.com"
    upstream_ca_file: Path = Path("/etc/ssl/certs/ca-certificates.crt")
    hold_seconds: Annotated[int, Field(ge=1, le=290)] = 285
    max_body_bytes: Annotated[int, Field(ge=1024, le=33_554_432)] = 33_554_432


class Worker(_Section):
    """One worker process: its socket, and from which size on a body is masked off the event loop."""

    socket: SocketPath = Path()
    heavy_body_bytes: PositiveInt = 32_768
    pool_processes: Annotated[int, Field(ge=0, le=64)] = 1
    drain_seconds: Annotated[float, Field(ge=0, le=60)] = 3.0


class Database(_Section):
    """PostgreSQL. `url` is the app role's, `owner_url` the one that `phigate migrate` uses; either may be a file."""

    url: Secret = Secret("")
    url_file: Path | None = None
    owner_url: Secret = Secret("")
    owner_url_file: Path | None = None
    app_role: Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]{0,62}$")] = "phigate_app"
    pool_size: Annotated[int, Field(ge=1, le=64)] = 4


class Opa(_Section):
    """Where OPA answers, and how long one question may take before it is a denial."""

    address: Address = "127.0.0.1:8181"
    deadline_ms: Annotated[int, Field(ge=10, le=5000)] = 250

    @property
    def host(self) -> str:
        """The host of `address`."""
        return split_address(self.address)[0]

    @property
    def port(self) -> int:
        """The port of `address`."""
        return split_address(self.address)[1]


class Identity(_Section):
    """Whose tokens count (Envoy checks them), and which claims say what."""

    issuer: str = ""
    audience: str = "phigate"
    jwks_uri: JwksUrl | None = None
    tenant_claim: Claim = "tenant"
    groups_claim: Claim = "groups"
    kind_claim: Claim = "phigate_kind"
    default_tenant: Claim = "default"


class Keys(_Section):
    """Files of 32 random bytes each, readable by their owner only."""

    root_file: Path = Path()
    kek_file: Path = Path()
    admin_file: Path = Path()

    def root(self) -> bytes:
        """Return the root key, from which session keys are derived."""
        return self.root_file.read_bytes()

    def kek(self) -> bytes:
        """Return the key-encryption key, which wraps the keys of recorded payloads."""
        return self.kek_file.read_bytes()

    def admin(self) -> bytes:
        """Return the key that signs the principal header of the admin listener."""
        return self.admin_file.read_bytes()


class Masking(_Section):
    """Where recognizers, triggers and profiles are: a directory laid out like the shipped `policies/`."""

    rules: Path = Field(default_factory=policies_dir)


class Holds(_Section):
    """How many requests may wait for a person at a time."""

    per_principal: PositiveInt = 20
    everyone: PositiveInt = Field(default=2000, alias="global")


class Record(_Section):
    """How the record is kept: the retention class whose data keys seal new payloads."""

    retention: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,31}$")] = "standard"


class Tls(_Section):
    """The certificate of both listeners; needed as soon as one of them can be reached from another machine."""

    cert_file: Path | None = None
    key_file: Path | None = None


class Settings(_Section):
    """All settings of a process, frozen."""

    gateway: Gateway = Gateway()
    worker: Worker = Worker()
    database: Database = Database()
    opa: Opa = Opa()
    identity: Identity = Identity()
    keys: Keys = Keys()
    masking: Masking = Field(default_factory=Masking)
    holds: Holds = Holds()
    record: Record = Record()
    tls: Tls = Tls()


_KEY_FILES = ("root_file", "kek_file", "admin_file")


def load_settings(environ: Mapping[str, str] | None = None, *, complete: bool = True) -> Settings:
    """Return the settings of the file and the environment. Raises `ConfigError` with every fault.

    `complete` also asks for what a worker cannot do without: database, socket and keys. `phigate up`, which makes those
    itself, reads the rest without it.
    """
    environ = os.environ if environ is None else environ
    problems: list[str] = []
    from_file = read_file(environ, problems)
    from_environment = read_environment(environ)
    problems += [
        f"{section}: must be a table of settings"
        for section, value in from_file.items()
        if not isinstance(value, dict) and section in Settings.model_fields
    ]
    sections = {key: value for key, value in from_file.items() if isinstance(value, dict)}
    problems += [f"{key}: is not a setting" for key in from_file.keys() - sections.keys() - set(Settings.model_fields)]
    merged = {
        section: {**sections.get(section, {}), **from_environment.get(section, {})}
        for section in sections.keys() | from_environment.keys()
    }
    _read_secret_files(merged.get("database"), problems)
    settings: Settings | None = None
    try:
        settings = Settings.model_validate(merged)
    except ValidationError as error:
        problems += [line(dict(each)) for each in error.errors(include_input=False, include_url=False)]
    problems += _cross_problems(merged)
    if complete:
        problems += _missing(merged)
    if problems or settings is None:
        raise ConfigError(sorted(set(problems)))
    return settings


def _read_secret_files(database: dict[str, Any] | None, problems: list[str]) -> None:
    for name in ("url", "owner_url"):
        path = (database or {}).get(f"{name}_file")
        if database is None or not isinstance(path, str) or not path:
            continue
        if database.get(name):
            problems.append(f"database.{name}_file: database.{name} is set as well")
            continue
        try:
            database[name] = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            problems.append(f"database.{name}_file: cannot read {path}: {getattr(error, 'strerror', 'not UTF-8')}")


def _cross_problems(merged: Mapping[str, Mapping[str, Any]]) -> list[str]:
    problems = []
    tls = merged.get("tls", {})
    if bool(tls.get("cert_file")) != bool(tls.get("key_file")):
        problems.append("tls: cert_file and key_file belong together")
    problems += [
        f"tls.{name}: cannot read {tls[name]}"
        for name in ("cert_file", "key_file")
        if tls.get(name) and not os.access(str(tls[name]), os.R_OK)
    ]
    for name in ("listen", "admin_listen"):
        value = merged.get("gateway", {}).get(name)
        if isinstance(value, str) and ":" in value and not tls.get("cert_file"):
            host = value.rpartition(":")[0].strip("[]")
            if not is_loopback(host):
                problems.append(f"gateway.{name}: {host} can be reached from other machines; set [tls] as well")
    rules = merged.get("masking", {}).get("rules")
    if rules and not Path(str(rules)).is_dir():
        problems.append(f"masking.rules: {rules} is not a directory")
    for name in _KEY_FILES:
        path = merged.get("keys", {}).get(name)
        problem = key_problem(Path(str(path))) if path else None
        if problem:
            problems.append(f"keys.{name}: {problem}")
    return problems


def _missing(merged: Mapping[str, Mapping[str, Any]]) -> list[str]:
    wanted = [("database", "url"), ("worker", "socket"), *(("keys", name) for name in _KEY_FILES)]
    return [
        f"{section}.{key}: is required (or PHIGATE_{section.upper()}__{key.upper()})"
        for section, key in wanted
        if not merged.get(section, {}).get(key)
    ]
