"""The journal: every request that reached the simulator, in the order of arrival.

It is the truth that tests hold against the gateway: what upstream received holds no canary. Kept in memory within
bounds, and written to a file before the request is answered when one is given.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

import orjson

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_ENTRIES = 10_000
MOST_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Entry:
    """A request as received. `number` counts from 1; `ms` is the arrival in milliseconds since the epoch.

    `headers` are names and values in the order of the wire, as pairs, because a name may come twice.
    """

    number: int
    ms: int
    method: str
    path: str
    headers: Sequence[tuple[str, str]]
    body: bytes

    def document(self) -> dict[str, Any]:
        """Return the entry for JSON; bytes of the body that are not UTF-8 appear as backslash escapes."""
        return {
            "n": self.number,
            "ms": self.ms,
            "method": self.method,
            "path": self.path,
            "headers": [list(pair) for pair in self.headers],
            "body": self.body.decode("utf-8", "backslashreplace"),
        }


class Journal:
    """Appends entries; the oldest go when there are more than `MOST_ENTRIES` or more than `MOST_BYTES` of bodies."""

    def __init__(self, file: BinaryIO | None = None) -> None:
        self._file = file
        self._entries: deque[Entry] = deque()
        self._bytes = 0
        self._last = 0

    def add(self, method: str, path: str, headers: Sequence[tuple[str, str]], body: bytes) -> None:
        """Add a request; when this returns, its line is in the file."""
        self._last += 1
        entry = Entry(self._last, time.time_ns() // 1_000_000, method, path, headers, body)
        self._entries.append(entry)
        self._bytes += len(body)
        while len(self._entries) > MOST_ENTRIES or (self._bytes > MOST_BYTES and len(self._entries) > 1):
            self._bytes -= len(self._entries.popleft().body)
        if self._file is not None:
            self._file.write(orjson.dumps(entry.document()) + b"\n")
            self._file.flush()

    def after(self, number: int) -> dict[str, Any]:
        """Return the kept entries numbered above `number`, and the newest number."""
        return {"requests": [e.document() for e in self._entries if e.number > number], "last": self._last}
