"""Leases: what a dead worker left open is closed once, and a sleeper can release nothing more."""

from __future__ import annotations

import asyncio
import json
import secrets

import pytest
from store_rows import KEK, closed, event, opened, reviewer, until

from authz.approval import State, Verdict
from authz.audit_store import Recorder
from authz.errors import RecordUnavailable
from authz.lease import Lease
from authz.records import Batch, Segment


async def lapse(stores, worker: str) -> None:
    await stores.database.pool.execute("UPDATE workers SET lease_until = clock_timestamp() WHERE id = $1", worker)


async def closings(stores, exchange: str) -> list[dict]:
    rows = await stores.database.pool.fetch(
        "SELECT body FROM events WHERE exchange = $1 AND kind = 'exchange.closed'", exchange
    )
    return [json.loads(row["body"])["header"] for row in rows]


async def test_a_dead_workers_exchanges_are_aborted_once(stores):
    """Five sweepers at once close each of forty abandoned exchanges exactly once, and touch no living worker's."""
    dead, alive = Lease(stores.database), Lease(stores.database)
    await dead.renew()
    await alive.renew()
    mine, theirs = [secrets.token_hex(8) for _ in range(5)], [secrets.token_hex(8) for _ in range(40)]
    for lease, exchanges in ((alive, mine), (dead, theirs)):
        async with Recorder(stores.database, KEK, worker=lease.worker) as recorder:
            await asyncio.gather(*(recorder.record(opened(exchange)) for exchange in exchanges))
    assert await alive.sweep() == 0
    await lapse(stores, dead.worker)
    sweepers = [Lease(stores.database) for _ in range(5)]
    assert sum(await asyncio.gather(*(sweeper.sweep() for sweeper in sweepers))) == 40
    for exchange in theirs:
        assert await closings(stores, exchange) == [{"outcome": "aborted", "worker": dead.worker}]
    for exchange in mine:
        assert await closings(stores, exchange) == []
    assert await stores.scalar("SELECT count(*) FROM workers WHERE id = $1", dead.worker) == 0


async def test_a_sleeper_releases_nothing_more(stores):
    """A worker whose lease ended while it slept is told, and the record takes no segment and no closing of its exchanges."""
    lease = Lease(stores.database)
    await lease.start()
    exchange = secrets.token_hex(8)
    async with Recorder(stores.database, KEK, worker=lease.worker) as recorder:
        await recorder.record(opened(exchange))
        await recorder.record(Batch(segments=(Segment(exchange, 0, "dk", b"a", b"a"),)))
        await lapse(stores, lease.worker)
        assert await Lease(stores.database).sweep() == 1
        assert not await lease.renew()
        assert lease.lapses == 1
        for late in (closed(exchange), Batch(segments=(Segment(exchange, 1, "dk", b"b", b"b"),))):
            with pytest.raises(RecordUnavailable):
                await recorder.record(late)
        # the segment that was durable before may be repeated after an unclear COMMIT
        await recorder.record(Batch(segments=(Segment(exchange, 0, "dk", b"a", b"a"),)))
    await lease.close()


async def test_an_approval_in_use_by_a_dead_worker_ends_as_unknown(stores):
    """The request may have reached upstream: its approval is DONE, visibly unknown, once, and never usable again."""
    lease = Lease(stores.database)
    await lease.renew()
    new = await stores.ticket()
    async with Recorder(stores.database, KEK, worker=lease.worker) as recorder:
        await recorder.record(opened(new.exchange, new.session))
    ticket = await stores.approvals.open_or_join(new, event("approval.requested", new.exchange, new.session))
    await stores.approvals.vote(ticket.id, reviewer("rita"), Verdict.APPROVE, None, 1, event("approval.voted"))
    assert await stores.approvals.consume(ticket.id, new.exchange, Batch())
    await lapse(stores, lease.worker)
    owner = await stores.owner()
    await owner.execute("UPDATE approvals SET consumed_at = consumed_at - interval '1 minute' WHERE id = $1", ticket.id)
    await owner.close()
    await asyncio.gather(*(Lease(stores.database).sweep() for _ in range(5)))
    await Lease(stores.database).sweep()
    assert (await stores.approvals.get(ticket.id)).state is State.DONE
    assert not await stores.approvals.consume(ticket.id, "ex_again", Batch())
    story = await stores.sessions.show(new.session)
    assert [row.kind for row in story] == [
        "exchange.opened",
        "approval.requested",
        "approval.voted",
        "approval.consumed",
        "exchange.closed",
        "approval.done",
    ]
    assert story[-1].header["outcome"] == "consumed_unknown"


async def test_a_lease_is_kept_and_given_up(stores):
    """A running lease renews itself; closing it closes what its worker left open, without waiting for the ttl."""
    lease = Lease(stores.database, ttl=30.0, every=0.05)
    await lease.start()
    first = await stores.scalar("SELECT lease_until FROM workers WHERE id = $1", lease.worker)

    async def renewed():
        return await stores.scalar("SELECT lease_until FROM workers WHERE id = $1", lease.worker) > first

    await until(renewed)
    exchange = secrets.token_hex(8)
    async with Recorder(stores.database, KEK, worker=lease.worker) as recorder:
        await recorder.record(opened(exchange))
    await lease.close()
    assert [header["outcome"] for header in await closings(stores, exchange)] == ["aborted"]
