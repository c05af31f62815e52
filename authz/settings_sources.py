"""Where settings come from: one TOML file, then environment variables above it; every fault is a line with its key.

The file is named by `PHIGATE_CONFIG`. A variable `PHIGATE_<SECTION>__<KEY>` overrides one key; variables without the
double underscore (`PHIGATE_CONFIG`, `PHIGATE_ENVOY`, `PHIGATE_OPA`) are not settings. Messages never repeat a value.
"""

from __future__ import annotations

import stat
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "PHIGATE_"
SEPARATOR = "__"
KEY_BYTES = 32

_WORDS = {"missing": "is required", "extra_forbidden": "is not a setting"}


def read_file(environ: Mapping[str, str], problems: list[str]) -> dict[str, Any]:
    """Return the settings of the file that `PHIGATE_CONFIG` names, or none; faults are added to `problems`."""
    name = environ.get("PHIGATE_CONFIG")
    if not name:
        return {}
    try:
        return tomllib.loads(Path(name).read_text(encoding="utf-8"))
    except OSError as error:
        problems.append(f"PHIGATE_CONFIG: cannot read {name}: {error.strerror}")
    except UnicodeDecodeError:
        problems.append(f"PHIGATE_CONFIG: {name} is not UTF-8")
    except tomllib.TOMLDecodeError as error:
        problems.append(f"PHIGATE_CONFIG: {name} is not TOML: {error}")
    return {}


def read_environment(environ: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Return the settings that environment variables hold, by section and key."""
    found: dict[str, dict[str, str]] = {}
    for name, value in environ.items():
        section, separator, key = name.removeprefix(PREFIX).partition(SEPARATOR)
        if name.startswith(PREFIX) and separator and section and key:
            found.setdefault(section.lower(), {})[key.lower()] = value
    return found


def line(error: Mapping[str, Any]) -> str:
    """Return one of pydantic's errors as `key: what is wrong`, without the value: it may be a secret."""
    key = ".".join(str(part) for part in error["loc"])
    words = _WORDS.get(error["type"])
    if words is None:
        words = str(error["msg"]).removeprefix("Value error, ")
        words = words[0].lower() + words[1:]
    return f"{key}: {words}"


def key_problem(path: Path) -> str | None:
    """Return what is wrong with a key file, or None: 32 bytes, and nobody but its owner may read it."""
    try:
        facts = path.stat()
    except OSError as error:
        return f"cannot read {path}: {error.strerror}"
    if not stat.S_ISREG(facts.st_mode):
        return f"{path} is not a file"
    if facts.st_size != KEY_BYTES:
        return f"{path} holds {facts.st_size} bytes, a key has {KEY_BYTES}"
    if facts.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        return f"{path} can be read by others (mode {stat.S_IMODE(facts.st_mode):04o}); use 0600 or 0400"
    try:
        with path.open("rb"):
            return None
    except OSError as error:
        return f"cannot read {path}: {error.strerror}"
