from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path

import pytest

from authz.config import Settings, load_settings, split_address
from authz.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]
CANARY = "hunter2-canary"


@pytest.fixture
def worker_environment(tmp_path: Path) -> dict[str, str]:
    environ = {
        "PHIGATE_WORKER__SOCKET": "/run/w0.sock",
        "PHIGATE_DATABASE__URL": f"postgresql://app:{CANARY}@db/phigate",
    }
    for name in ("root", "kek", "admin"):
        path = tmp_path / f"{name}.key"
        path.write_bytes(os.urandom(32))
        path.chmod(0o600)
        environ[f"PHIGATE_KEYS__{name.upper()}_FILE"] = str(path)
    return environ


def problems_of(environ: dict[str, str], *, complete: bool = False) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_settings(environ, complete=complete)
    return caught.value.problems


def test_complete_settings_give_a_worker_what_it_needs(worker_environment: dict[str, str]):
    """A worker's settings come from the environment alone, keys are read, and the rest has its documented default."""
    settings = load_settings(worker_environment)
    assert settings.worker.socket == Path("/run/w0.sock")
    assert len(settings.keys.root()) == len(settings.keys.kek()) == len(settings.keys.admin()) == 32
    assert (settings.gateway.hold_seconds, settings.holds.per_principal, settings.holds.everyone) == (285, 20, 2000)
    assert (settings.opa.host, settings.opa.port, settings.opa.deadline_ms) == ("127.0.0.1", 8181, 250)


def test_secrets_print_as_redacted(worker_environment: dict[str, str]):
    """No repr or str of the settings shows the database's password."""
    settings = load_settings(worker_environment)
    assert CANARY not in repr(settings) + str(settings) + settings.model_dump_json()
    assert "[redacted]" in repr(settings.database)
    assert CANARY in settings.database.url.get_secret_value()


def test_environment_overrides_the_file(tmp_path: Path):
    """A key in the environment wins over the file's, and the file's over the default."""
    file = tmp_path / "phigate.toml"
    file.write_text("[gateway]\nhold_seconds = 100\nmax_body_bytes = 2048\n[holds]\nglobal = 7\n")
    settings = load_settings({"PHIGATE_CONFIG": str(file), "PHIGATE_GATEWAY__HOLD_SECONDS": "50"}, complete=False)
    assert (settings.gateway.hold_seconds, settings.gateway.max_body_bytes, settings.holds.everyone) == (50, 2048, 7)


def test_every_fault_is_reported_at_once(tmp_path: Path):
    """One start shows all faults: of the file, the environment, bounds, unknown keys, and what is missing."""
    file = tmp_path / "phigate.toml"
    file.write_text('[gateway]\nhold_seconds = 9999\nlisten = "0.0.0.0:80"\nsurprise = 1\n[databse]\nurl = "x"\n')
    found = problems_of({"PHIGATE_CONFIG": str(file), "PHIGATE_OPA__DEADLINE_MS": "soon"}, complete=True)
    keys = {line.partition(":")[0] for line in found}
    assert keys == {
        "database.url", "databse", "gateway.hold_seconds", "gateway.listen", "gateway.surprise",
        "keys.admin_file", "keys.kek_file", "keys.root_file", "opa.deadline_ms", "worker.socket",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("variable", "value", "line"),
    [
        ("GATEWAY__HOLD_SECONDS", "291", "gateway.hold_seconds: input should be less than or equal to 290"),
        ("GATEWAY__HOLD_SECONDS", "0", "gateway.hold_seconds: input should be greater than or equal to 1"),
        ("GATEWAY__MAX_BODY_BYTES", "33554433", "gateway.max_body_bytes: input should be less than or equal to 33554432"),
        ("GATEWAY__LISTEN", "nonsense", "gateway.listen: must be host:port with a port from 1 to 65535"),
        ("GATEWAY__LISTEN", "127.0.0.1:65536", "gateway.listen: must be host:port with a port from 1 to 65535"),
        ("GATEWAY__ADMIN_LISTEN", "[::]:81", "gateway.admin_listen: :: can be reached from other machines; set [tls] as well"),
        ("GATEWAY__UPSTREAM", "ftp://x", "gateway.upstream: must be an http:// or https:// URL without credentials, query or fragment"),
        ("GATEWAY__UPSTREAM", "https://u:p@x", "gateway.upstream: must be an http:// or https:// URL without credentials, query or fragment"),
        ("WORKER__SOCKET", "/" + "a" * 107, "worker.socket: must be at most 107 bytes long: Envoy refuses longer ones"),
        ("IDENTITY__JWKS_URI", "http://idp.example/k", "identity.jwks_uri: must be https:// unless the host is loopback: whoever answers can issue tokens"),
        ("IDENTITY__TENANT_CLAIM", "", "identity.tenant_claim: string should have at least 1 character"),
        ("DATABASE__APP_ROLE", "x; DROP", "database.app_role: string should match pattern '^[a-z_][a-z0-9_]{0,62}$'"),
        ("DATABASE__POOL_SIZE", "many", "database.pool_size: input should be a valid integer, unable to parse string as an integer"),
        ("TLS__CERT_FILE", "/nowhere", "tls.cert_file: cannot read /nowhere"),
        ("MASKING__RULES", "/nowhere", "masking.rules: /nowhere is not a directory"),
        ("KEYS__ROOT_FILE", "/nowhere", "keys.root_file: cannot read /nowhere: No such file or directory"),
        ("DATABASE__URL_FILE", "/nowhere", "database.url_file: cannot read /nowhere: No such file or directory"),
        ("HOLDS__FOO", CANARY, "holds.foo: is not a setting"),
    ],
)  # fmt: skip
def test_each_fault_names_its_key_and_not_its_value(variable: str, value: str, line: str):
    """A fault is one line that begins with its key; a secret value would not be in it."""
    found = problems_of({f"PHIGATE_{variable}": value})
    assert line in found
    assert CANARY not in "\n".join(found)


@pytest.mark.parametrize(
    ("content", "mode", "words"),
    [(b"x" * 31, 0o600, "holds 31 bytes, a key has 32"), (b"x" * 32, 0o640, "can be read by others (mode 0640)"),
     (b"x" * 32, 0o604, "can be read by others (mode 0604)")],
)  # fmt: skip
def test_a_key_file_must_be_right(tmp_path: Path, content: bytes, mode: int, words: str):
    """A key file of another length, or one that others may read, is refused."""
    path = tmp_path / "k"
    path.write_bytes(content)
    path.chmod(mode)
    assert any(words in line for line in problems_of({"PHIGATE_KEYS__KEK_FILE": str(path)}))


def test_a_key_may_be_read_only(worker_environment: dict[str, str]):
    """Mode 0400, as container secrets often are, is as good as 0600."""
    Path(worker_environment["PHIGATE_KEYS__ROOT_FILE"]).chmod(0o400)
    assert load_settings(worker_environment).keys.root()


def test_the_database_url_may_be_a_file(tmp_path: Path, worker_environment: dict[str, str]):
    """A secret file gives the URL; both forms at once are refused, and an empty variable counts as not set."""
    secret = tmp_path / "url"
    secret.write_text("postgresql://from-file/\n")
    environ = worker_environment | {"PHIGATE_DATABASE__URL": "", "PHIGATE_DATABASE__URL_FILE": str(secret)}
    assert load_settings(environ).database.url.get_secret_value() == "postgresql://from-file/"
    both = worker_environment | {"PHIGATE_DATABASE__URL_FILE": str(secret)}
    assert "database.url_file: database.url is set as well" in problems_of(both, complete=True)


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"[gateway\n", "is not TOML"), (b"\xff\xfe", "is not UTF-8"), (b"gateway = 1\n", "gateway: must be a table"),
     (b"colour = 1\n", "colour: is not a setting")],
)  # fmt: skip
def test_a_broken_file_is_named(tmp_path: Path, content: bytes, words: str):
    """A file that is not what it should be is refused in words, not with a traceback."""
    file = tmp_path / "phigate.toml"
    file.write_bytes(content)
    assert any(words in line for line in problems_of({"PHIGATE_CONFIG": str(file)}))
    assert any("cannot read" in line for line in problems_of({"PHIGATE_CONFIG": str(tmp_path)}))


def test_variables_without_a_section_are_no_settings():
    """PHIGATE_ENVOY, PHIGATE_OPA and PHIGATE_STATE name other things and disturb nothing."""
    load_settings({"PHIGATE_OPA": "/x", "PHIGATE_ENVOY": "/y", "PHIGATE_STATE": "/z"}, complete=False)


def test_listening_beyond_loopback_needs_tls(tmp_path: Path):
    """With a certificate, an address that others reach is accepted; half a certificate is refused."""
    pem = tmp_path / "x.pem"
    pem.write_text("pem")
    open_to_all = {"PHIGATE_GATEWAY__LISTEN": "0.0.0.0:443", "PHIGATE_TLS__CERT_FILE": str(pem)}
    assert "tls: cert_file and key_file belong together" in problems_of(open_to_all)
    load_settings(open_to_all | {"PHIGATE_TLS__KEY_FILE": str(pem)}, complete=False)


@pytest.mark.parametrize(("text", "parts"), [("127.0.0.1:80", ("127.0.0.1", 80)), ("[::1]:81", ("::1", 81))])
def test_addresses_are_split(text: str, parts: tuple[str, int]):
    """Host and port come apart, brackets of IPv6 included."""
    assert split_address(text) == parts


def test_the_example_file_is_the_program():
    """docs/phigate.example.toml names every key there is, with its real default, and nothing else."""
    text = (ROOT / "docs" / "phigate.example.toml").read_text()
    given = tomllib.loads(text)
    commented = {
        (section, line.lstrip("# ").partition(" ")[0])
        for section, body in _sections(text)
        for line in body.splitlines()
        if line.startswith("# ") and "=" in line
    }
    defaults = Settings()
    for section, field in Settings.model_fields.items():
        model = getattr(defaults, section)
        for name, info in type(model).model_fields.items():
            key = info.alias or name
            if (section, key) in commented or (section, f"{key}_file") in commented:
                continue
            default = getattr(model, name)
            assert given[section].pop(key) == (str(default) if isinstance(default, Path) else default), (
                f"{section}.{key}"
            )
        assert field is not None
    assert not {section: keys for section, keys in given.items() if keys}
    assert all(section in Settings.model_fields for section, _ in commented)


def test_every_setting_has_an_effect():
    """Each key is read by some part of the program: a setting that does nothing would be a lie."""
    parts = [path for path in (ROOT / "authz").rglob("*.py") if path.name != "config.py"]
    read = set(re.findall(r"settings\.(\w+\.\w+)", "\n".join(path.read_text() for path in parts)))
    read |= {f"opa.{name}" for name in ("address",) if {"opa.host", "opa.port"} <= read}
    for section, field in Settings.model_fields.items():
        names = {name.removesuffix("_file") if section in {"keys", "database"} else name
                 for name in type(field.get_default(call_default_factory=True)).model_fields}  # fmt: skip
        assert {f"{section}.{name}" for name in names} <= read


def _sections(text: str) -> list[tuple[str, str]]:
    return [(part.partition("]")[0], part.partition("\n")[2]) for part in text.split("\n[")[1:]]
