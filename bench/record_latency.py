"""How long a durable record takes, beside what the disk alone takes: `python bench/record_latency.py`.

Prints the median and 99th percentile of a bare 4 KB write and fsync, of `Recorder.record` with one producer, and of
`record` with a hundred, with commits and batches per second. The ratio to the bare fsync is what group commit, SQL and
the round trip cost; the absolute numbers belong to the machine.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
import shutil
import statistics
import tempfile
import time
from pathlib import Path

from authz.audit import Event
from authz.audit_store import Recorder
from authz.database import Database, migrate
from authz.quickstart.postgres import EmbeddedPostgres
from authz.records import Batch, Segment
from authz.vault import KeyEncryptionKeys

SECONDS = 4.0


def show(name: str, times: list[float], per_second: float, base: float | None = None) -> None:
    """Print one line."""
    middle, late = statistics.median(times) * 1000, statistics.quantiles(times, n=100)[98] * 1000
    ratio = f"  {middle / (base * 1000):5.2f} x fsync" if base else ""
    print(f"{name:28} median {middle:7.3f} ms  p99 {late:7.3f} ms  {per_second:8.0f}/s{ratio}")


def bare_fsync(folder: Path) -> list[float]:
    """Return the times of appending 4 KB and making it durable."""
    times: list[float] = []
    with (folder / "bare").open("wb", buffering=0) as file:
        end = time.perf_counter() + SECONDS
        while time.perf_counter() < end:
            begun = time.perf_counter()
            file.write(os.urandom(4096))
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - begun)
    return times


def batch() -> Batch:
    """Return what a step of a stream records: a sealed segment of 1 KB and an event."""
    exchange, sealed = secrets.token_hex(8), os.urandom(1024)
    return Batch(
        events=(Event.new("exchange.decided", exchange, "ses_bench", {"effect": "allow", "units": 12}),),
        segments=(Segment(exchange, 0, "dk_bench", sealed, hashlib.sha256(sealed).digest()),),
    )


async def produce(recorder: Recorder, producers: int) -> list[float]:
    """Return the times that `producers` coroutines waited for `record`."""
    times: list[float] = []
    end = time.perf_counter() + SECONDS

    async def one() -> None:
        while time.perf_counter() < end:
            step = batch()
            begun = time.perf_counter()
            await recorder.record(step)
            times.append(time.perf_counter() - begun)

    await asyncio.gather(*(one() for _ in range(producers)))
    return times


async def measure(server: EmbeddedPostgres, base: float) -> None:
    """Measure the recorder with one and with a hundred producers."""
    await migrate(server.owner_url())
    async with (
        await Database.open(server.app_url()) as database,
        Recorder(database, KeyEncryptionKeys(os.urandom(32)), worker="bench") as recorder,
    ):
        await produce(recorder, 1)
        for producers in (1, 100):
            before = recorder.lag
            times = await produce(recorder, producers)
            after = recorder.lag
            show(f"record, {producers} producers", times, len(times) / SECONDS, base)
            groups = after.groups - before.groups
            print(f"{'':28} {groups / SECONDS:.0f} commits/s, {len(times) / groups:.1f} batches each")


def main() -> None:
    """Measure on a cluster of its own, which is removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="phigate-bench-"))
    folder.chmod(0o711)
    server = EmbeddedPostgres(folder / "pg", folder / "run")
    try:
        server.start()
        times = bare_fsync(folder)
        base = statistics.median(times)
        show("bare 4 KB write + fdatasync", times, len(times) / SECONDS)
        asyncio.run(measure(server, base))
    finally:
        server.destroy()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
