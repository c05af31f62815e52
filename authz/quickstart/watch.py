"""What the supervisor waits for: a part that ends, a signal, or a condition with a deadline.

A signal interrupts only where the supervisor says so (`blocking`); everywhere else it is taken at the next wait, so
that no process is ever started and then forgotten.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import time
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

_PACE = 0.025
"""Seconds between two looks at a condition that cannot wake us."""


class Stopped(KeyboardInterrupt):
    """SIGINT or SIGTERM asked for the end. Like Ctrl-C it passes event loops and `except Exception`."""


class PartEnded(Exception):
    """A part that should run has ended; `name` says which."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class NotReady(Exception):
    """A part did not become ready in time; `name` says which."""

    def __init__(self, name: str, seconds: float) -> None:
        super().__init__(f"{name} was not ready within {seconds:.0f} s")
        self.name = name


class Asked(Enum):
    """What a signal asked for."""

    STOP = "stop"
    RELOAD = "reload"


def has_terminal() -> bool:
    """Return whether this process has a controlling terminal that is still there."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC))
    except OSError:
        return False
    return True


class Watch:
    """Signals and process ends in one wait. Made in the main thread; `close` restores the signal handlers."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._read, self._write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._selector.register(self._read, selectors.EVENT_READ)
        self._fds: dict[str, int] = {}
        self._asked: list[Asked] = []
        self._interrupt = False
        self._terminal = has_terminal()
        self._before = {
            signal.SIGINT: signal.signal(signal.SIGINT, self._on_signal),
            signal.SIGTERM: signal.signal(signal.SIGTERM, self._on_signal),
            signal.SIGHUP: signal.signal(signal.SIGHUP, self._on_signal),
        }

    def close(self) -> None:
        """Forget everything and give the signals back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        for fd in (*self._fds.values(), self._read, self._write):
            os.close(fd)
        self._fds.clear()
        self._selector.close()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        # SIGHUP is also what a terminal sends when it is closed: nobody is there then to end us later.
        reload = number == signal.SIGHUP and not (self._terminal and not has_terminal())
        self._asked.append(Asked.RELOAD if reload else Asked.STOP)
        with contextlib.suppress(BlockingIOError):
            os.write(self._write, b"!")
        if self._interrupt and Asked.STOP in self._asked:
            self._interrupt = False
            raise Stopped

    @contextlib.contextmanager
    def blocking(self) -> Iterator[None]:
        """Let a stop signal raise `Stopped` at once in here: for calls that wait by themselves."""
        if Asked.STOP in self._asked:
            raise Stopped
        self._interrupt = True
        try:
            yield
        finally:
            self._interrupt = False
        if Asked.STOP in self._asked:
            raise Stopped

    def add(self, name: str, pid: int) -> None:
        """Watch a process from now on. Raises `PartEnded` when it is gone already."""
        try:
            fd = os.pidfd_open(pid)
        except ProcessLookupError:
            raise PartEnded(name) from None
        self._fds[name] = fd
        self._selector.register(fd, selectors.EVENT_READ, name)

    def drop(self, name: str) -> None:
        """Watch a process no longer: its end is wanted."""
        fd = self._fds.pop(name, None)
        if fd is not None:
            self._selector.unregister(fd)
            os.close(fd)

    def next(self, seconds: float | None) -> Asked | None:
        """Wait for a signal or `seconds`, for ever by default. Raises `PartEnded` when a watched process ends first."""
        deadline = None if seconds is None else time.monotonic() + seconds
        while not self._asked:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            woken = self._selector.select(left)
            for key, _ in woken:
                if key.data is not None:
                    raise PartEnded(key.data)
                with contextlib.suppress(BlockingIOError):
                    os.read(self._read, 64)  # may be the echo of a signal that was taken before
            if not woken:
                return None
        return self._asked.pop(0)

    def until(self, name: str, ready: Callable[[], bool], seconds: float) -> None:
        """Wait until `ready()` is true. Raises `Stopped`, `PartEnded`, or `NotReady` after `seconds`."""
        deadline = time.monotonic() + seconds
        while not ready():
            if self.next(_PACE) is Asked.STOP:
                raise Stopped
            if time.monotonic() > deadline:
                raise NotReady(name, seconds)

    def until_ended(self, pids: dict[str, int], seconds: float) -> bool:
        """Wait until all of these processes have ended, whatever is asked meanwhile; return whether they have."""
        deadline = time.monotonic() + seconds
        with contextlib.ExitStack() as stack, selectors.DefaultSelector() as selector:
            for pid in pids.values():
                with contextlib.suppress(ProcessLookupError):
                    fd = os.pidfd_open(pid)
                    stack.callback(os.close, fd)
                    selector.register(fd, selectors.EVENT_READ)
            while selector.get_map():
                ended = selector.select(max(0.0, deadline - time.monotonic()))
                if not ended:
                    return False
                for key, _ in ended:
                    selector.unregister(key.fileobj)
        return True
