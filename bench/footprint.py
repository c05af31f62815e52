"""What the parts of a configuration take: memory and processor time of each process and its descendants, from /proc.

RSS counts shared pages in every process that maps them (PostgreSQL's buffers most of all); PSS shares them out, and is
None where the kernel does not let us look.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_PROC = Path("/proc")
_TICK = os.sysconf("SC_CLK_TCK")
MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Footprint:
    """Memory in bytes and processor time in seconds, of one part or several."""

    rss: int
    pss: int | None
    cpu: float


def _stat(pid: int) -> list[str]:
    # The name in parentheses may hold anything: fields are counted behind the last one (proc(5), from field 3).
    return (_PROC / str(pid) / "stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()


def families(roots: Mapping[str, int]) -> dict[str, list[int]]:
    """Return the processes of each part: its root and all that descends from it, but for the roots of other parts."""
    below: dict[int, list[int]] = {}
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, ValueError, IndexError):
                below.setdefault(int(_stat(int(entry.name))[1]), []).append(int(entry.name))
    others = set(roots.values())
    found: dict[str, list[int]] = {}
    for name, root in roots.items():
        family, waiting = [], [root]
        while waiting:
            pid = waiting.pop()
            family.append(pid)
            waiting += [child for child in below.get(pid, []) if child not in others]
        found[name] = family
    return found


def cpu_seconds(roots: Mapping[str, int]) -> dict[str, float]:
    """Return the processor time that each part has used so far, its reaped children included."""
    used = {}
    for name, pids in families(roots).items():
        ticks = 0
        for pid in pids:
            with contextlib.suppress(OSError, ValueError, IndexError):
                ticks += sum(map(int, _stat(pid)[11:15]))
        used[name] = ticks / _TICK
    return used


def measure(roots: Mapping[str, int]) -> dict[str, Footprint]:
    """Return the footprint of each part now."""
    used = cpu_seconds(roots)
    found = {}
    for name, pids in families(roots).items():
        rss, pss = 0, 0
        known = True
        for pid in pids:
            with contextlib.suppress(OSError, ValueError, IndexError):
                rss += int((_PROC / str(pid) / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
            share = _pss(pid)
            known = known and share is not None
            pss += share or 0
        found[name] = Footprint(rss, pss if known else None, used[name])
    return found


def _pss(pid: int) -> int | None:
    with contextlib.suppress(OSError, ValueError):
        for line in (_PROC / str(pid) / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return None
