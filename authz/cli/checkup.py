"""The checks of `phigate doctor`: each looks at one thing and says what it found in one line, without changing it."""

from __future__ import annotations

import asyncio
import json
import platform
import re
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from enum import StrEnum
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from authz.config import load_settings, split_address
from authz.errors import ConfigError, GatewayError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from authz.config import Settings

ENVOY_FLOORS = {(1, 38): 4, (1, 39): 1}
"""Lowest patch release of the lines that got fixes for CVE-2026-47207, CVE-2026-50572 and CVE-2026-73547."""

_PYTHON_FLOOR = (3, 11)
_SECONDS = 10


class Status(StrEnum):
    """What a check found. Only FAIL makes the exit code non-zero."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report. `detail` holds no secret."""

    check: str
    status: Status
    detail: str


@dataclass(frozen=True, slots=True)
class Subject:
    """What is looked at: a state directory, policies, and from where Claude must not be reachable."""

    state: Path
    policies: Path | None
    egress: str
    as_caller: bool

    def running(self) -> dict[str, Any]:
        """Return what the running stack wrote about itself, empty when there is none."""
        try:
            found = json.loads((self.state / "up.json").read_bytes())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}


def examine(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each check, in the order in which parts depend on each other."""
    yield _versions()
    settings: Settings | None = None
    try:
        settings = load_settings(complete=False)
    except ConfigError as error:
        for problem in error.problems:
            yield Finding("settings", Status.FAIL, problem)
    else:
        yield Finding("settings", Status.OK, "no faults")
    checks: list[tuple[str, Callable[[], Finding]]] = [
        ("envoy", _envoy),
        ("opa", _opa),
        ("bundle", lambda: _bundle(subject, settings)),
        ("recognizers", lambda: _recognizers(subject, settings)),
        ("database", lambda: _database(subject, settings)),
        ("envoy config", lambda: _envoy_config(subject)),
        ("stack", lambda: _stack(subject)),
        ("egress", lambda: _egress(subject)),
    ]
    for name, check in checks:
        try:
            yield check()
        except ConfigError as error:
            yield Finding(name, Status.FAIL, "; ".join(error.problems))
        except GatewayError as error:
            yield Finding(name, Status.FAIL, str(error).strip().splitlines()[-1])
        except Exception as error:  # noqa: BLE001  (a check that breaks is a finding, and its text may quote anything)
            yield Finding(name, Status.FAIL, f"the check itself failed ({type(error).__name__})")


def _versions() -> Finding:
    try:
        own = metadata.version("phigate")
    except metadata.PackageNotFoundError:
        own = "(not installed)"
    good = sys.version_info >= _PYTHON_FLOOR
    return Finding("versions", Status.OK if good else Status.FAIL, f"phigate {own}, Python {platform.python_version()}")


def _first_line(*command: object) -> str:
    ran = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, timeout=_SECONDS)
    return (ran.stdout.strip().splitlines() or [""])[0]


def _envoy() -> Finding:
    from authz.quickstart.envoy_binary import VERSION, envoy_path, is_there

    if not is_there():
        return Finding("envoy", Status.WARN, f"not installed yet; `phigate up` installs {VERSION}")
    path = envoy_path()
    found = re.search(r"/(\d+)\.(\d+)\.(\d+)", _first_line(path, "--version").rpartition("version:")[2])
    if not found:
        return Finding("envoy", Status.FAIL, f"{path} does not say its version")
    major, minor, patch = (int(part) for part in found.groups())
    text = f"{major}.{minor}.{patch}"
    newest = max(ENVOY_FLOORS)
    safe = (major, minor) > newest or patch >= ENVOY_FLOORS.get((major, minor), sys.maxsize)
    if not safe:
        floors = ", ".join(f"{a}.{b}.{c}" for (a, b), c in ENVOY_FLOORS.items())
        return Finding("envoy", Status.FAIL, f"{text} is older than {floors}: known holes in ext_proc and ext_authz")
    return Finding("envoy", Status.OK, f"{text} ({path})")


def _opa() -> Finding:
    from authz.opa_binary import FLOOR, opa_version

    path = _opa_there()
    if path is None:
        return Finding("opa", Status.WARN, "not there yet; `phigate up` builds it")
    version = opa_version(path)
    text = ".".join(map(str, version or ()))
    if version is None or version < FLOOR:
        return Finding("opa", Status.FAIL, f"{path}: {text or 'no version'} is older than {'.'.join(map(str, FLOOR))}")
    return Finding("opa", Status.OK, f"{text} ({path})")


def _opa_there() -> Path | None:
    """Return an OPA without building one."""
    import os
    import shutil

    from authz.opa_binary import VERSION, cache_dir

    named = os.environ.get("PHIGATE_OPA") or shutil.which("opa")
    kept = cache_dir() / f"opa-{VERSION}"
    if named:
        return Path(named)
    return kept if kept.exists() else None


def _policies(subject: Subject, settings: Settings | None) -> Path:
    from authz.assets import policies_dir

    served = subject.running().get("policies")
    stack = Path(served) if isinstance(served, str) and served else None
    return subject.policies or stack or (settings.masking.rules if settings else policies_dir())


def _bundle(subject: Subject, settings: Settings | None) -> Finding:
    from authz.policy_bundle import build, bundle_revision

    opa = _opa_there()
    if opa is None:
        return Finding("bundle", Status.WARN, "not checked: there is no OPA yet")
    with tempfile.TemporaryDirectory(prefix="phigate-doctor-") as scratch:
        policies = _policies(subject, settings)
        revision = build(policies, Path(scratch), opa)
    running = subject.running()
    served = bundle_revision(subject.state / "bundle") or running.get("policy_revision")
    if not running or not served or served == revision:
        return Finding("bundle", Status.OK, f"{revision} compiles, fits its schemas and denies what is malformed")
    theirs = running.get("policies")
    if theirs and policies.absolute() != Path(theirs):
        return Finding("bundle", Status.WARN, f"{revision} compiles; the stack serves {served} from {theirs}")
    reload = "reload it with SIGHUP to `phigate up`"
    return Finding("bundle", Status.WARN, f"{revision} compiles, the stack still serves {served}; {reload}")


def _recognizers(subject: Subject, settings: Settings | None) -> Finding:
    from authz.rule_shelf import read_rule_files
    from masking.errors import MaskingError
    from masking.native import is_native

    try:
        rules = read_rule_files(_policies(subject, settings))
        rules.warm()
    except MaskingError as error:  # names rule and line, never text
        return Finding("recognizers", Status.FAIL, str(error))
    counts = f"{len(rules.recognizers)} recognizers, {len(rules.triggers)} triggers, {len(rules.profiles)} profiles"
    detail = f"{counts} passed their examples ({rules.revision})"
    if not is_native():
        slow = "masking runs some thirty times slower without its native part: install a C compiler and build it again"
        return Finding("recognizers", Status.WARN, f"{detail}; {slow}")
    return Finding("recognizers", Status.OK, f"{detail}, searched by native code")


def _database(subject: Subject, settings: Settings | None) -> Finding:
    url = settings.database.url.get_secret_value() if settings else ""
    if not url:
        try:
            url = (subject.state / "keys" / "database.url").read_text(encoding="utf-8").strip()
        except OSError:
            return Finding("database", Status.WARN, "not checked: no database.url, and no stack in the state directory")
        if not subject.running():
            return Finding("database", Status.WARN, "not checked: the stack is not running")
    return asyncio.run(_ask_database(url))


async def _ask_database(url: str) -> Finding:
    from authz.database import DURABLE, Database

    async with await Database.open(url, pool_size=1) as database:
        version = await database.pool.fetchval("SELECT current_setting('server_version')")
        settings = [f"{name}={await database.pool.fetchval('SELECT current_setting($1)', name)}" for name in DURABLE]
    return Finding("database", Status.OK, f"PostgreSQL {version}, {', '.join(settings)}, schema and role are right")


def _envoy_config(subject: Subject) -> Finding:
    from authz.quickstart.envoy_binary import envoy_path, is_there

    path = subject.state / "envoy.yaml"
    if not path.exists():
        return Finding("envoy config", Status.WARN, "not checked: no stack in the state directory")
    if not is_there():
        return Finding("envoy config", Status.WARN, "not checked: Envoy is not installed")
    command = [str(envoy_path()), "--mode", "validate", "-c", str(path), "--log-level", "error"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_SECONDS)
    if ran.returncode:
        last = (ran.stderr.strip().splitlines() or ["no reason given"])[-1]
        return Finding("envoy config", Status.FAIL, f"Envoy refuses {path}: {last[:200]}")
    problems = _lint(path)
    if problems:
        return Finding("envoy config", Status.FAIL, f"{path}: {'; '.join(problems)}")
    return Finding("envoy config", Status.OK, "Envoy accepts it and no check in it is skipped")


def _lint(path: Path) -> list[str]:
    from authz.bootstrap import lint

    return [str(problem) for problem in lint(path.read_text(encoding="utf-8"))]


def _stack(subject: Subject) -> Finding:
    pids = subject.running().get("pids") or {}
    if not pids:
        return Finding("stack", Status.WARN, f"nothing runs on {subject.state}")
    dead = [name for name, pid in pids.items() if not Path(f"/proc/{pid}").exists()]
    if dead:
        return Finding("stack", Status.FAIL, f"not running: {', '.join(dead)}")
    sockets = [
        subject.state / "run" / f"w{name.rpartition('-')[2]}.sock" for name in pids if name.startswith("worker-")
    ]
    probe = [sys.executable, "-m", "authz.probe", *map(str, sockets)]
    if subprocess.run(probe, capture_output=True, check=False, timeout=_SECONDS).returncode:
        return Finding("stack", Status.FAIL, "a worker does not say that it serves")
    return Finding("stack", Status.OK, f"{len(pids)} processes, every worker serves")


def _egress(subject: Subject) -> Finding:
    """Whether Claude can be reached around the gateway from here: from where callers are, it must not."""
    try:
        with socket.create_connection(split_address(subject.egress), timeout=3):
            pass
    except OSError:
        return Finding("egress", Status.OK, f"{subject.egress} cannot be reached from here around the gateway")
    if subject.as_caller:
        return Finding("egress", Status.FAIL, f"{subject.egress} can be reached from here: phigate is not the only way")
    detail = f"{subject.egress} can be reached from here; where callers are it must not (try --as-caller there)"
    return Finding("egress", Status.WARN, detail)
