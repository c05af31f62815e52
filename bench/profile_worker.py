"""A worker that samples itself: `authz.server` as it is, noting its stack every two milliseconds of CPU time.

SIGUSR1 starts the sampling; the samples are written to `--samples` as JSON when the worker ends. The timer counts
processor time, so waiting costs nothing, and a long call into C is charged to the line that made it. This is a tool of
the benchmark: the product has no such switch.
"""

from __future__ import annotations

import argparse
import collections
import json
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType

INTERVAL = 0.002
_ROOT = str(Path(__file__).parents[1]) + "/"


def _place(filename: str) -> str:
    """Return a file's name as people know it: below the repository, or below site-packages or the standard library."""
    if "/site-packages/" in filename:
        return filename.rpartition("/site-packages/")[2]
    if filename.startswith(_ROOT):
        return filename.removeprefix(_ROOT)
    _, found, tail = filename.rpartition("/lib/python3.")
    return tail.partition("/")[2] if found else filename


class Sampler:
    """Counts by line (where the time was spent), by function (inclusive), and by the innermost file of our own."""

    def __init__(self) -> None:
        self.samples = 0
        self._began = 0.0
        self.lines: collections.Counter[str] = collections.Counter()
        self.functions: collections.Counter[str] = collections.Counter()
        self.rooms: collections.Counter[str] = collections.Counter()

    def start(self, *_: object) -> None:
        """Begin sampling."""
        self._began = time.process_time()
        signal.signal(signal.SIGPROF, self._sample)
        signal.setitimer(signal.ITIMER_PROF, INTERVAL, INTERVAL)

    def _sample(self, _number: int, frame: FrameType | None) -> None:
        self.samples += 1
        seen = set()
        room = ""
        innermost = True
        while frame is not None:
            code = frame.f_code
            place = _place(code.co_filename)
            # Generated code (a dataclass's __init__) is charged to the line that called it.
            if innermost and not code.co_filename.startswith("<"):
                self.lines[f"{place}:{frame.f_lineno} {code.co_name}"] += 1
                innermost = False
            seen.add(f"{place}:{code.co_firstlineno} {code.co_qualname}")
            if not room and place.startswith(("authz/", "masking/")):
                room = place
            frame = frame.f_back
        self.functions.update(seen)
        # What nothing of ours but the server's own main is waiting for belongs to the loop and its libraries.
        self.rooms["(event loop, gRPC, asyncpg, aiohttp)" if room in {"", "authz/server.py"} else room] += 1

    def write(self, path: Path) -> None:
        """Stop, and keep what was counted."""
        signal.setitimer(signal.ITIMER_PROF, 0)
        document = {
            # The kernel's clock tick may be longer than the interval that was asked for.
            "cpu_seconds": time.process_time() - self._began,
            "samples": self.samples,
            "lines": dict(self.lines.most_common(60)),
            "functions": dict(self.functions.most_common(120)),
            "rooms": dict(self.rooms.most_common(60)),
        }
        path.write_text(json.dumps(document), encoding="utf-8")


def main() -> int:
    """Be a worker; return its exit code."""
    options = argparse.ArgumentParser(prog="python -m bench.profile_worker", description=__doc__)
    options.add_argument("--samples", type=Path, required=True)
    options.add_argument("--index")
    given = options.parse_args()
    from authz import server

    sampler = Sampler()
    signal.signal(signal.SIGUSR1, sampler.start)
    try:
        return server.main()
    finally:
        sampler.write(given.samples)


if __name__ == "__main__":
    sys.exit(main())
