"""The state directory of one stack: what lies where, who may read it, and that only one stack uses it at a time.

Directories are 0700 and files 0600; as root, the unprivileged user of PostgreSQL may pass through two of them (0711)
to its own folder, and list or read nothing. Sockets need paths of at most 107 bytes; where the state directory lies
too deep, they live in a short directory of this user, and `run` is a link to it.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path

from authz.config import SOCKET_BYTES
from authz.errors import GatewayError
from authz.settings_sources import KEY_BYTES, key_problem

_LONGEST_SOCKET = "pg/.s.PGSQL.5432"
_KEYS = ("root", "kek", "admin")


class StateRefused(GatewayError):
    """The state directory cannot be used; the text says why and what to do."""

    error_code = "state_refused"


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths of one state directory. `run` is where sockets really are."""

    root: Path
    run: Path

    @classmethod
    def of(cls, root: Path) -> Layout:
        """Return the layout for a state directory, without touching the disk."""
        root = root.absolute()
        inside = root / "run"
        if len(os.fsencode(inside / _LONGEST_SOCKET)) <= SOCKET_BYTES:
            return cls(root, inside)
        base = Path(os.environ.get("XDG_RUNTIME_DIR") or "/tmp")  # noqa: S108  (0700 and owner are checked)
        digest = hashlib.sha256(os.fsencode(root)).hexdigest()[:12]
        return cls(root, base / f"phigate-{os.getuid()}-{digest}")

    @property
    def keys(self) -> Path:
        """The directory of the keys."""
        return self.root / "keys"

    @property
    def secrets(self) -> Path:
        """The directory that Envoy watches for the upstream credential."""
        return self.root / "secrets"

    @property
    def bundle(self) -> Path:
        """OPA's bundle."""
        return self.root / "bundle"

    @property
    def logs(self) -> Path:
        """The directory of the logs, one a part."""
        return self.root / "log"

    @property
    def database(self) -> Path:
        """The directory of the embedded PostgreSQL."""
        return self.root / "postgres"

    @property
    def envoy(self) -> Path:
        """Envoy's configuration."""
        return self.root / "envoy.yaml"

    @property
    def up(self) -> Path:
        """What the other commands read about a running stack."""
        return self.root / "up.json"

    def log(self, part: str) -> Path:
        """Return the log file of a part."""
        return self.logs / f"{part}.log"

    def key(self, name: str) -> Path:
        """Return the file of one of the keys `root`, `kek`, `admin`."""
        return self.keys / f"{name}.key"

    def socket(self, worker: int) -> Path:
        """Return the socket of a worker."""
        return self.run / f"w{worker}.sock"

    def make(self) -> None:
        """Make the directories and the keys that are not there yet. Raises `StateRefused`."""
        try:
            for directory in (self.root, self.keys, self.secrets, self.logs):
                directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._make_run()
            for directory in (self.root, self.run):
                directory.chmod(0o711 if os.geteuid() == 0 else 0o700)
        except OSError as error:
            raise StateRefused(f"cannot make {error.filename}: {error.strerror}; choose another with --state") from None
        for name in _KEYS:
            self._make_key(self.key(name))

    def _make_run(self) -> None:
        self.run.mkdir(mode=0o700, exist_ok=True)
        facts = self.run.lstat()
        if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != os.getuid() or stat.S_IMODE(facts.st_mode) & 0o066:
            raise StateRefused(f"{self.run} is not a directory of yours that only you can read; remove it")
        link = self.root / "run"
        if self.run != link:
            if link.is_symlink():
                link.unlink()
            link.symlink_to(self.run)
        for left in self.run.glob("w*.sock"):
            left.unlink()

    @staticmethod
    def _make_key(path: Path) -> None:
        if not path.exists():
            draft = path.with_suffix(".new")
            draft.unlink(missing_ok=True)
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(secrets.token_bytes(KEY_BYTES))
                file.flush()
                os.fsync(file.fileno())
            draft.rename(path)
        problem = key_problem(path)
        if problem:
            raise StateRefused(problem)

    def lock(self) -> int:
        """Take the directory for this process and return the descriptor that holds it. Raises `StateRefused`.

        The kernel gives it back when this process ends, however it ends. The state directory itself is locked, so that
        nothing is left behind.
        """
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise StateRefused(f"a stack already runs on {self.root}; stop it or choose another --state") from None
        return descriptor


def tail(path: Path, lines: int = 12) -> str:
    """Return the last lines of a log, at most 8 KB of them; empty when there is none."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 8192))
            return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""
