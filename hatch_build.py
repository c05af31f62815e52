"""Builds the native part of masking: `python hatch_build.py`, and by itself into wheels.

With the C compiler of the machine (`CC`, else `cc`), or with the one that the package `ziglang` brings. Where there is
none the exit code is 3, and masking does its work without, some thirty times slower.
"""

from __future__ import annotations

import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import zlib
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCES = Path(__file__).resolve().parent / "masking" / "native"
LIBRARY = SOURCES / "matcher.so"
FLAGS = ("-std=c11", "-O2", "-fPIC", "-shared", "-Wall", "-Wextra")
SANITIZERS = ("-Werror", "-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
NO_COMPILER = 3


def compiler() -> list[str] | None:
    """Return the command of a C compiler, None if there is none."""
    named = os.environ.get("CC")
    if named:
        return shlex.split(named)
    found = shutil.which("cc")
    if found:
        return [found]
    if importlib.util.find_spec("ziglang") is not None:
        return [sys.executable, "-m", "ziglang", "cc"]
    return None


def build(command: list[str], library: Path = LIBRARY, flags: tuple[str, ...] = FLAGS) -> None:
    """Compile the sources; what was there stays until the new one is whole. Raises CalledProcessError."""
    new = library.with_suffix(".new")
    headers = b"".join(header.read_bytes() for header in sorted(SOURCES.glob("*.h")))
    layout = f"-DLAYOUT={zlib.crc32(headers)}u"
    subprocess.run([*command, *flags, layout, "-o", str(new), *sorted(map(str, SOURCES.glob("*.c")))], check=True)
    new.replace(library)


class NativeHook(BuildHookInterface[Any]):
    """Compiles the library for a wheel, which then belongs to this platform; an editable install is built by `make`."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the library to a wheel."""
        if version == "editable":
            return
        command = compiler()
        if command is None:
            self.app.display_warning("no C compiler: this wheel masks without its native part, and slowly")
            return
        build(command)
        build_data["artifacts"].append("masking/native/matcher.so")
        build_data["pure_python"] = False
        build_data["tag"] = "py3-none-" + sysconfig.get_platform().replace("-", "_").replace(".", "_")


def main() -> int:
    """Build; `--check` only says whether there is a compiler, `--sanitize` builds what finds faults of its own."""
    command = compiler()
    if command is None:
        sys.stderr.write("no C compiler: install one, or the package ziglang (requirements/compiler.lock)\n")
        return NO_COMPILER
    if "--check" not in sys.argv:
        build(command, flags=(*FLAGS, *SANITIZERS) if "--sanitize" in sys.argv else FLAGS)
    return 0


if __name__ == "__main__":
    sys.exit(main())
