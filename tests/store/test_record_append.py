"""The record: durable before release, all or nothing, and nobody's bad row fails a neighbour."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from dataclasses import replace

import asyncpg
import pytest
from store_rows import KEK, closed, event, opened, until

from authz.audit import EventRefused
from authz.audit_store import Recorder
from authz.errors import RecordUnavailable
from authz.records import Batch, JudgedRow, MemoRow, Segment


async def test_a_batch_is_there_as_a_whole_when_record_returns(stores):
    """Every kind of row of a batch is readable by another connection once `record` has returned."""
    exchange, session = secrets.token_hex(8), "ses_whole"
    payload = await stores.sealed_payload(session, exchange, b"text")
    sealed = b"sealed segment"
    batch = Batch(
        events=(event("exchange.opened", exchange, session), event("exchange.decided", exchange, session, n=1)),
        payloads=(payload,),
        segments=(Segment(exchange, 0, "dk", sealed, hashlib.sha256(sealed).digest()),),
        judged=(JudgedRow(session, b"d1", None), JudgedRow(session, b"d1", None)),
        memos=(MemoRow(session, b"t1", exchange, b"memo"),),
    )
    await stores.recorder.record(batch)
    owner = await stores.owner()
    for table, count in {"events": 2, "payloads": 1, "segments": 1}.items():
        assert await owner.fetchval(f"SELECT count(*) FROM {table} WHERE exchange = $1", exchange) == count  # noqa: S608 -- our own names
    assert await owner.fetchval("SELECT count(*) FROM judged WHERE session = $1", session) == 1
    assert await owner.fetchval("SELECT count(*) FROM memos WHERE session = $1", session) == 1
    body = await owner.fetchval("SELECT body FROM events WHERE id = $1", batch.events[1].id)
    assert body == batch.events[1].canonical()
    await owner.close()


async def test_repeating_a_batch_adds_nothing(stores):
    """The same rows again, as after an unclear COMMIT, are taken without an error and without a second row."""
    exchange = secrets.token_hex(8)
    batch = Batch(
        events=(event("exchange.opened", exchange, "ses_r"), event("exchange.closed", exchange, "ses_r")),
        payloads=(await stores.sealed_payload("ses_r", exchange, b"x"),),
        segments=(Segment(exchange, 0, "dk", b"s", b"c"),),
        judged=(JudgedRow("ses_r", b"d", None),),
        memos=(MemoRow("ses_r", b"t", exchange, b"m"),),
    )
    for _ in range(3):
        await stores.recorder.record(batch)
    assert await stores.scalar("SELECT count(*) FROM events WHERE exchange = $1", exchange) == 2
    assert await stores.scalar("SELECT count(*) FROM segments WHERE exchange = $1", exchange) == 1
    assert await stores.scalar("SELECT count(*) FROM memos WHERE session = 'ses_r'") == 1
    assert await stores.scalar("SELECT count(*) FROM open_exchanges WHERE exchange = $1", exchange) == 0


@pytest.mark.parametrize("kind", ["event", "payload", "segment"])
async def test_an_id_used_for_something_else_is_refused(stores, kind):
    """An id that comes back with other content is a fault, not a repetition: nothing is lost silently."""
    exchange = secrets.token_hex(8)
    first = event("exchange.decided", exchange, "ses_i", n=1)
    payload = await stores.sealed_payload("ses_i", exchange, b"x")
    segment = Segment(exchange, 0, "dk", b"s", b"chain one")
    await stores.recorder.record(Batch(events=(first,), payloads=(payload,), segments=(segment,)))
    other = {
        "event": Batch(events=(replace(first, header={"n": 2}),)),
        "payload": Batch(payloads=(replace(payload, digest=b"other"),)),
        "segment": Batch(segments=(replace(segment, chain=b"chain two"),)),
    }[kind]
    with pytest.raises(RecordUnavailable, match="PH001"):
        await stores.recorder.record(other)


async def test_a_bad_batch_fails_alone(stores):
    """Of 60 batches that commit together one breaks a constraint and one cannot be encoded; the others are durable."""
    good = [opened(secrets.token_hex(8)) for _ in range(58)]
    bad = Batch(
        events=(event("exchange.decided", "ex_bad", "ses_1"),), judged=(JudgedRow("ses_1", b"d", "no such approval"),)
    )
    unencodable = Batch(
        events=(event("exchange.decided", "ex_odd"),), segments=(Segment("ex_odd", 2**40, "k", b"", b""),)
    )
    results = await asyncio.gather(
        *map(stores.recorder.record, [*good[:20], bad, *good[20:40], unencodable, *good[40:]]), return_exceptions=True
    )
    failed = [result for result in results if result is not None]
    assert [type(result) for result in failed] == [RecordUnavailable, RecordUnavailable]
    assert isinstance(results[20], RecordUnavailable)
    assert isinstance(results[41], RecordUnavailable)
    ids = [batch.events[0].id for batch in good]
    assert await stores.scalar("SELECT count(*) FROM events WHERE id = ANY ($1)", ids) == 58
    assert await stores.scalar("SELECT count(*) FROM events WHERE exchange IN ('ex_bad', 'ex_odd')") == 0


async def test_batches_in_flight_commit_together(stores):
    """A hundred producers need far fewer commits than batches: that is what group commit is."""
    before = stores.recorder.lag
    await asyncio.gather(*(stores.recorder.record(opened(secrets.token_hex(8))) for _ in range(100)))
    after = stores.recorder.lag
    assert after.batches - before.batches == 100
    assert after.groups - before.groups <= 5
    assert after.waiting == 0


async def test_an_event_without_canonical_form_is_refused_before_it_waits(stores):
    """A float in a header is the writer's fault and reaches nobody else."""
    with pytest.raises(EventRefused, match=r"event\.header\.score"):
        await stores.recorder.record(Batch(events=(event("exchange.decided", score=0.5),)))


async def test_an_exchange_opens_and_closes_once(stores):
    """A second opening or closing event of one exchange is refused, whoever writes it."""
    exchange = secrets.token_hex(8)
    await stores.recorder.record(opened(exchange))
    assert await stores.scalar("SELECT worker FROM open_exchanges WHERE exchange = $1", exchange) == "w-test"
    with pytest.raises(RecordUnavailable, match="23505"):
        await stores.recorder.record(opened(exchange))
    await stores.recorder.record(closed(exchange))
    with pytest.raises(RecordUnavailable, match="23505"):
        await stores.recorder.record(closed(exchange))
    with pytest.raises(RecordUnavailable, match="PH002"):
        await stores.recorder.record(Batch(segments=(Segment(exchange, 0, "dk", b"late", b"c"),)))


async def test_a_cancelled_caller_harms_nobody(stores):
    """A caller that leaves while its batch waits takes nothing with it."""
    tasks = [asyncio.create_task(stores.recorder.record(opened(secrets.token_hex(8)))) for _ in range(20)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [result for result in results[1::2] if result is not None] == []
    await stores.recorder.record(opened(secrets.token_hex(8)))


async def test_the_queue_is_bounded(stores):
    """When the database stalls, batches beyond the bound fail with `record_unavailable` instead of filling memory."""
    owner = await stores.owner()
    async with Recorder(stores.database, KEK, worker="w-small", deadline=0.4, most_waiting=3) as recorder:
        async with owner.transaction():
            await owner.execute("LOCK TABLE events IN ACCESS EXCLUSIVE MODE")
            results = await asyncio.gather(
                *(recorder.record(opened(secrets.token_hex(8))) for _ in range(12)), return_exceptions=True
            )
        assert all(isinstance(result, RecordUnavailable) for result in results)
        assert recorder.lag.waiting == 0
        await recorder.record(opened(secrets.token_hex(8)))
    await owner.close()


async def test_record_returns_after_the_commit_and_not_before(stores):
    """While the commit is held up, `record` does not return; it returns once the commit went through."""
    owner = await stores.owner()
    batch = opened(secrets.token_hex(8))
    async with owner.transaction():
        await owner.execute("LOCK TABLE events IN SHARE MODE")
        waiting = asyncio.create_task(stores.recorder.record(batch))

        async def blocked():
            return await owner.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted AND database IS NOT NULL")

        await until(blocked)
        assert not waiting.done()
    await waiting
    assert await stores.scalar("SELECT count(*) FROM events WHERE id = $1", batch.events[0].id) == 1
    await owner.close()


async def test_a_closed_recorder_refuses(stores):
    """After `close` nothing is taken that nobody would write."""
    recorder = Recorder(stores.database, KEK, worker="w-closed")
    await recorder.start()
    await recorder.close()
    with pytest.raises(RecordUnavailable):
        await recorder.record(opened(secrets.token_hex(8)))


@pytest.mark.parametrize("table", ["events", "payloads", "segments", "judged", "memos", "sessions", "data_keys"])
async def test_the_app_role_cannot_change_the_record(stores, table):
    """UPDATE, DELETE and TRUNCATE are refused by PostgreSQL itself, and so is INSERT around the functions."""
    column = "session" if table != "segments" else "exchange"
    column = "id" if table == "sessions" else column
    statements = [f"UPDATE {table} SET {column} = 'x'", f"DELETE FROM {table}", f"TRUNCATE {table}"]  # noqa: S608 -- our own names
    if table != "data_keys":
        statements.append(f"INSERT INTO {table} DEFAULT VALUES")
    for statement in [*statements, f"DROP TABLE {table}", f"ALTER TABLE {table} ADD x int"]:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await stores.database.pool.execute(statement)


async def test_the_owners_functions_cannot_be_tricked(stores):
    """The app role can put nothing on the functions' search path: no schema, no table, no temporary table."""
    for statement in ("CREATE TABLE public.unnest_ (x int)", "CREATE SCHEMA mine", "CREATE TEMP TABLE events (x int)"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await stores.database.pool.execute(statement)
