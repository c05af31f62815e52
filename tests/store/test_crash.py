"""What a crash may not do: lose what was acknowledged, keep the cluster from starting, leave a process, show text."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from store_rows import KEK, event, make_database, opened, until

from authz.audit_store import Recorder
from authz.database import Database
from authz.errors import RecordUnavailable
from authz.quickstart.postgres import EmbeddedPostgres, PostgresRefused
from authz.records import Batch, MemoRow, Payload, Segment
from authz.vault import DataKey


@pytest.fixture
def own_cluster():
    """Return a cluster that this test may kill."""
    folder = Path(tempfile.mkdtemp(prefix="phigate-crash-"))
    folder.chmod(0o711)
    server = EmbeddedPostgres(folder / "pg", folder / "run")
    server.start()
    yield server
    server.destroy()
    shutil.rmtree(folder)


def gone(pid: int, seconds: float = 10.0) -> bool:
    """Wait until a process is no more."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


async def more_than(things: list, count: int) -> None:
    async def reached():
        return len(things) > count

    await until(reached, 60)


async def test_kill_during_load_loses_nothing_acknowledged(own_cluster):
    """PostgreSQL dies by SIGKILL under a hundred producers: they ride over the restart, and every acknowledged event is there once."""
    name = await make_database(own_cluster)
    acknowledged: list[str] = []
    failed = 0
    stop = asyncio.Event()
    async with await Database.open(own_cluster.app_url(name)) as database:

        async def produce(recorder: Recorder) -> None:
            nonlocal failed
            while not stop.is_set():
                batch = opened(secrets.token_hex(8))
                try:
                    await recorder.record(batch)
                except RecordUnavailable:
                    failed += 1
                else:
                    acknowledged.append(batch.events[0].id)

        # Recovery takes its time on a busy machine: the deadline is the test's patience.
        async with Recorder(database, KEK, worker="w", deadline=60) as recorder:
            producers = [asyncio.create_task(produce(recorder)) for _ in range(100)]
            for _ in range(3):
                await more_than(acknowledged, len(acknowledged) + 500)
                os.kill(own_cluster.pid, signal.SIGKILL)
                await asyncio.to_thread(own_cluster.start)
            await more_than(acknowledged, len(acknowledged) + 500)
            stop.set()
            await asyncio.gather(*producers)
            assert recorder.lag.repeated >= 3
        stored = {row["id"] for row in await database.pool.fetch("SELECT id FROM events")}
    assert len(set(acknowledged)) == len(acknowledged)
    assert set(acknowledged) <= stored
    assert failed == 0


async def test_kill_of_everything_loses_nothing_acknowledged(own_cluster):
    """Worker and PostgreSQL die by SIGKILL at once under load: whatever the worker had acknowledged is there."""
    name = await make_database(own_cluster)
    here = Path(__file__).parent
    environment = {**os.environ, "PYTHONPATH": f"{here.parent.parent}{os.pathsep}{here}"}
    command = [sys.executable, str(here / "store_load.py"), own_cluster.app_url(name)]
    load = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, env=environment)
    told = [await load.stdout.readline() for _ in range(1000)]
    load.kill()
    os.kill(own_cluster.pid, signal.SIGKILL)
    told += (await load.stdout.read()).splitlines(keepends=True)
    await load.wait()
    acknowledged = {line.strip().decode() for line in told if line.endswith(b"\n")}
    await asyncio.to_thread(own_cluster.start)
    async with await Database.open(own_cluster.app_url(name)) as database:
        stored = {row["id"] for row in await database.pool.fetch("SELECT id FROM events")}
    assert len(acknowledged) >= 1000
    assert acknowledged <= stored


async def test_a_database_that_stays_away_fails_the_batch(own_cluster):
    """When nobody answers until the deadline, `record` says so: the caller releases nothing."""
    name = await make_database(own_cluster)
    async with (
        await Database.open(own_cluster.app_url(name)) as database,
        Recorder(database, KEK, worker="w", deadline=0.5) as recorder,
    ):
        await recorder.record(opened(secrets.token_hex(8)))
        own_cluster.stop()
        with pytest.raises(RecordUnavailable):
            await recorder.record(opened(secrets.token_hex(8)))
        own_cluster.start()
        await recorder.record(opened(secrets.token_hex(8)))


async def test_no_text_in_the_data_files(own_cluster):
    """Text recorded through a sealed payload is in no file of the cluster; a marker put in an event's header is found."""
    name = await make_database(own_cluster)
    canary, marker = f"canary{secrets.token_hex(12)}", f"marker{secrets.token_hex(12)}"
    async with (
        await Database.open(own_cluster.app_url(name)) as database,
        Recorder(database, KEK, worker="w") as recorder,
    ):
        key = await recorder.data_key("ses_1", "default")
        sealed = key.seal(canary.encode() * 100, b"aad")
        await recorder.record(
            Batch(
                events=(event("exchange.decided", "ex", "ses_1", note=marker),),
                payloads=(Payload("p1", "ex", "ses_1", "request", key.id, sealed, b"d"),),
                segments=(Segment("ex", 0, key.id, key.seal(canary.encode(), b"s"), b"c"),),
                memos=(MemoRow("ses_1", b"t", "ex", key.seal(canary.encode(), b"m")),),
            )
        )
        secret = key._key
    own_cluster.stop()
    files = [path for path in own_cluster.data.rglob("*") if path.is_file()]
    found = {word: [path for path in files if word in path.read_bytes()] for word in (canary.encode(), marker.encode())}
    assert found[canary.encode()] == []
    assert found[marker.encode()] != []
    assert all(secret not in path.read_bytes() for path in files)
    assert isinstance(key, DataKey)


def test_start_stop_and_a_second_start(own_cluster):
    """A running cluster refuses a second start clearly; after a stop it starts again; no process remains."""
    pid = own_cluster.pid
    twin = EmbeddedPostgres(own_cluster.data, own_cluster.socket_dir)
    with pytest.raises(PostgresRefused, match="running already"):
        twin.start()
    own_cluster.stop()
    own_cluster.stop()
    assert gone(pid)
    assert twin.start() != pid
    assert twin.app_url() == own_cluster.app_url()
    twin.stop()


def test_what_a_crash_leaves_does_not_matter(own_cluster):
    """postmaster.pid and the socket's lock file of a killed server, naming a living process, do not stop the next start."""
    cluster = own_cluster.data / "cluster"
    os.kill(own_cluster.pid, signal.SIGKILL)
    assert gone(own_cluster.pid or 0)
    stale = subprocess.Popen(["sleep", "60"])
    try:
        lines = (cluster / "postmaster.pid").read_text().splitlines()
        (cluster / "postmaster.pid").write_text("\n".join([str(stale.pid), *lines[1:]]) + "\n")
        assert own_cluster.start()
    finally:
        stale.kill()
        stale.wait()


def test_the_cluster_dies_with_its_parent(own_cluster):
    """A supervisor that is killed takes PostgreSQL along, by a clean shutdown, and the next start needs no recovery."""
    own_cluster.stop()
    script = (
        "import sys, time; from pathlib import Path; from authz.quickstart.postgres import EmbeddedPostgres;"
        "print(EmbeddedPostgres(Path(sys.argv[1]), Path(sys.argv[2])).start(), flush=True); time.sleep(600)"
    )
    command = [sys.executable, "-c", script, str(own_cluster.data), str(own_cluster.socket_dir)]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert gone(pid)
    log = own_cluster.data / "postgres.log"
    assert log.read_text().rstrip().endswith("database system is shut down")
    assert own_cluster.start()
