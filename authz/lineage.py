"""What a process we start owes its parent: it dies with it, and it leaves no core dump with PHI in it.

Linux only: `PR_SET_PDEATHSIG` is cleared when a process changes its user, so it is set after that, in the child, just
before exec (prctl(2)). It watches the *thread* that forked: start processes from the main thread.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36

# Loaded before any fork: the child must not take the dynamic linker's locks.
_LIBC = ctypes.CDLL(None, use_errno=True)


def no_core_dumps() -> None:
    """Forbid core dumps of this process and of those it starts: memory holds what was not yet masked."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def die_with_parent(sent: signal.Signals = signal.SIGTERM) -> None:
    """Have the kernel send `sent` to this process when its parent dies, however that dies."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, int(sent), 0, 0, 0)


def dying_with_us(sent: signal.Signals = signal.SIGTERM) -> Callable[[], None]:
    """Return a `preexec_fn` for a child of this process that dies with it and leaves no core dump."""
    parent = os.getpid()

    def before_exec() -> None:
        die_with_parent(sent)
        no_core_dumps()
        if os.getppid() != parent:  # it died between fork and prctl
            os.kill(os.getpid(), signal.SIGKILL)

    return before_exec


def adopt_orphans() -> None:
    """Make this process the parent of descendants whose own parent died, so that it can end them."""
    _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def children(parent: int | None = None) -> Iterator[int]:
    """Yield the ids of the processes whose parent is `parent`, by default this process; zombies too."""
    wanted = os.getpid() if parent is None else parent
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError, ValueError, IndexError):
            # The name in parentheses may hold spaces and parentheses: fields are counted behind the last one.
            fields = (entry / "stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
            if int(fields[1]) == wanted:
                yield int(entry.name)


def end_orphans() -> None:
    """Kill and reap every child this process still has. Only for a process that owns all its children."""
    for _ in range(100):
        left = list(children())
        if not left:
            return
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for pid in left:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)
