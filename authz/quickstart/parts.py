"""One process of the stack: its command, its log, and how it is started and ended.

A part is started from the main thread (the death signal follows the thread), in a session of its own (a terminal's
Ctrl-C is for the supervisor, which stops in order), without standard input, and with its output in its own log.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from authz.lineage import dying_with_us

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# What a part may see of our environment; credentials of any kind are not among it.
_KEPT = (
    *("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "XDG_CACHE_HOME"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "VIRTUAL_ENV"),
)


def clean_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment for a part: the ordinary names of ours and `extra`."""
    return {name: os.environ[name] for name in _KEPT if name in os.environ} | dict(extra or {})


@dataclass(frozen=True, slots=True)
class Part:
    """What it takes to start one process."""

    name: str
    command: tuple[str, ...]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)


class Running:
    """A part that was started."""

    def __init__(self, part: Part) -> None:
        self.part = part
        previous = part.log.with_suffix(".log.1")
        with contextlib.suppress(FileNotFoundError):
            part.log.replace(previous)
        descriptor = os.open(part.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            self._process = subprocess.Popen(
                part.command,
                stdin=subprocess.DEVNULL,
                stdout=descriptor,
                stderr=descriptor,
                env=clean_environment(part.environment),
                start_new_session=True,
                preexec_fn=dying_with_us(signal.SIGTERM),  # noqa: PLW1509  (nothing in it takes a lock)
            )
        finally:
            os.close(descriptor)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def outcome(self) -> str:
        """Return how it ended, in words."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1)
        code = self._process.returncode
        if code is None:
            return "ended"
        return f"ended with exit code {code}" if code >= 0 else f"was ended by {_signal_name(-code)}"

    def code(self) -> int:
        """Return the exit code of a part that has ended; negative for a signal."""
        return self._process.wait()

    def send(self, number: signal.Signals) -> None:
        """Send a signal if it still runs."""
        self._process.send_signal(number)

    def end(self) -> None:
        """Kill what is left of its session and reap it."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
