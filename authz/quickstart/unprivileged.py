"""Run a program as an unprivileged user that dies with its parent, and know what that user can reach.

PostgreSQL refuses to run as root, so root hands it to `nobody`; anybody else runs it as themselves. The launcher is a
tiny interpreter that drops its rights and then becomes the program (`exec`, same pid): no `preexec_fn`, which is unsafe
beside threads. PR_SET_PDEATHSIG is set after setuid, because a change of credentials clears it (prctl(2)).
"""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_LAUNCH = """
import ctypes, os, resource, sys
parent, death, uid, gid = (int(word) for word in sys.argv[1:5])
os.umask(0o077)
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
if uid != os.geteuid():
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
if death:
    ctypes.CDLL(None).prctl(1, death, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(1)
os.execv(sys.argv[5], sys.argv[5:])
"""

_PROBE = "import os, sys; sys.exit(not all(os.access(path, int(sys.argv[1])) for path in sys.argv[2:]))"

CLEAN_ENVIRONMENT: Mapping[str, str] = {"LC_ALL": "C", "TZ": "UTC", "PATH": "/usr/bin:/bin"}
"""What the program inherits: nothing of ours, since PG* variables and secrets would travel with it."""


@dataclass(frozen=True, slots=True)
class Account:
    """The operating-system user that a program runs as."""

    name: str
    uid: int
    gid: int

    @classmethod
    def for_service(cls) -> Account:
        """Return `nobody` when we are root, else ourselves."""
        if os.geteuid() != 0:
            return cls(str(os.geteuid()), os.geteuid(), os.getegid())
        try:
            entry = pwd.getpwnam("nobody")
        except KeyError:  # slim images without a passwd entry: the kernel's overflow ids
            return cls("nobody", 65534, 65534)
        return cls(entry.pw_name, entry.pw_uid, entry.pw_gid)

    @property
    def foreign(self) -> bool:
        """Whether this is somebody else than the user we run as."""
        return self.uid != os.geteuid()

    def command(self, program: Sequence[str], death: int = 0) -> list[str]:
        """Return the command line that drops to this user and becomes `program`; `death` is sent when we die."""
        ids = [str(os.getpid()), str(int(death)), str(self.uid), str(self.gid)]
        return [sys.executable, "-I", "-S", "-c", _LAUNCH, *ids, *program]

    def run(self, program: Sequence[str], **options: Any) -> subprocess.CompletedProcess[bytes]:
        """Run a program to its end as this user, from `/` and with a clean environment; it dies with this thread."""
        return subprocess.run(
            self.command(program, signal.SIGKILL),
            cwd="/",
            env=dict(CLEAN_ENVIRONMENT),
            capture_output=True,
            check=False,
            **options,
        )

    def can(self, mode: int, *paths: Path) -> bool:
        """Say whether this user has `mode` (os.R_OK, os.W_OK, os.X_OK, or-ed) on every path.

        The kernel is asked by a process of that user, because mode bits alone do not know access control lists,
        namespaces and security modules.
        """
        if not self.foreign:
            return all(os.access(path, mode) for path in paths)
        words = [str(int(mode)), *map(str, paths)]
        probe = f"import os, sys; os.setgroups([]); os.setgid({self.gid}); os.setuid({self.uid}); {_PROBE}"
        return subprocess.run([sys.executable, "-I", "-S", "-c", probe, *words], cwd="/", check=False).returncode == 0

    def give(self, path: Path) -> None:
        """Make an own file or folder this user's; nothing happens when that is ourselves."""
        if self.foreign:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)
