"""What durability costs here: the disk's own time for a write that lasts, and PostgreSQL's time for a commit.

Times are in microseconds, measured one after the other on an otherwise idle stack. A latency aim that did not name them
would measure the disk.
"""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import asyncpg

if TYPE_CHECKING:
    from pathlib import Path

_PAGE = b"\x5a" * 8192
"""What PostgreSQL writes ahead for a small transaction: one page of its log."""

_ROW = b"\x5a" * 2048


@dataclass(frozen=True, slots=True)
class Durability:
    """Times of single appends with fdatasync, and of single INSERTs that were committed."""

    fsync: list[int]
    commit: list[int]


def measure_fsync(folder: Path, count: int) -> list[int]:
    """Append 8 KB and fdatasync, `count` times, to a file in the folder whose disk is meant."""
    path = folder / "fsync.probe"
    times = []
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        for _ in range(count):
            began = time.perf_counter_ns()
            os.write(descriptor, _PAGE)
            os.fdatasync(descriptor)
            times.append((time.perf_counter_ns() - began) // 1000)
    finally:
        os.close(descriptor)
        path.unlink()
    return times


async def _commits(url: str, count: int) -> list[int]:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("CREATE TABLE bench_commits (id bigint PRIMARY KEY, row bytea NOT NULL)")
        times = []
        for number in range(count + 10):
            began = time.perf_counter_ns()
            await connection.execute("INSERT INTO bench_commits VALUES ($1, $2)", number, _ROW)
            times.append((time.perf_counter_ns() - began) // 1000)
        await connection.execute("DROP TABLE bench_commits")
    finally:
        await connection.close()
    return times[10:]  # the first ones also made the connection's plans


def measure_commit(state: Path, count: int) -> list[int]:
    """Commit one INSERT of 2 KB, `count` times, in the embedded PostgreSQL of a stack that runs on `state`."""
    from authz.quickstart.layout import Layout
    from authz.quickstart.postgres import EmbeddedPostgres

    layout = Layout.of(state)
    url = EmbeddedPostgres(layout.database, layout.run / "pg").owner_url()
    return asyncio.run(_commits(url, count))


def measure(state: Path, count: int) -> Durability:
    """Measure both."""
    return Durability(measure_fsync(state, count), measure_commit(state, count))
