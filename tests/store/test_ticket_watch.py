"""Holds: woken by the vote, by the poll when notifications are lost, and by the drain."""

from __future__ import annotations

import asyncio
import time

import pytest
import pytest_asyncio
from store_rows import event, reviewer, until

from authz.approval import State, Verdict
from authz.approval_store import TicketNotFound
from authz.ticket_watch import TicketWatch


async def pending(stores):
    new = await stores.ticket()
    return await stores.approvals.open_or_join(new, event("approval.requested", new.exchange, new.session))


async def approve(stores, ticket):
    return await stores.approvals.vote(
        ticket.id, reviewer("rita"), Verdict.APPROVE, None, None, event("approval.voted")
    )


@pytest_asyncio.fixture
async def watch(stores):
    """Return a watch whose poll would come much too late to explain a quick answer."""
    async with TicketWatch(stores.database, stores.approvals, poll_seconds=60) as watch:
        await watch.listening.wait()
        yield watch


async def held(watch, count: int):
    async def all_held():
        return watch.held == count

    await until(all_held)


async def test_a_vote_wakes_every_copy_of_the_request(stores, watch):
    """Fifty holds on one ticket come back approved as soon as it is, and leave nothing behind."""
    ticket = await pending(stores)
    waits = [asyncio.create_task(watch.wait(ticket.id, 30)) for _ in range(50)]
    await held(watch, 50)
    begun = time.monotonic()
    await approve(stores, ticket)
    assert {found.state for found in await asyncio.gather(*waits)} == {State.APPROVED}
    assert time.monotonic() - begun < 2
    assert watch.held == 0


async def test_a_hold_ends_with_its_ticket(stores, watch):
    """At the timeout the ticket comes back as it stands; one that is decided already comes back at once."""
    ticket = await pending(stores)
    assert (await watch.wait(ticket.id, 0.05)).state is State.PENDING
    await approve(stores, ticket)
    assert (await watch.wait(ticket.id, 30)).state is State.APPROVED
    with pytest.raises(TicketNotFound):
        await watch.wait("apr_none", 30)
    assert watch.held == 0


async def test_the_poll_is_the_net(stores):
    """With notifications lost altogether, a hold still learns of the vote and of expiry by the poll."""
    async with TicketWatch(stores.database, stores.approvals, poll_seconds=0.05) as watch:
        await watch.listening.wait()
        watch._tasks[0].cancel()
        ticket, due = await pending(stores), await pending(stores)
        waits = [asyncio.create_task(watch.wait(one.id, 30)) for one in (ticket, due)]
        await held(watch, 2)
        await approve(stores, ticket)
        owner = await stores.owner()
        await owner.execute("UPDATE approvals SET expires_at = clock_timestamp() WHERE id = $1", due.id)
        await owner.close()
        async with asyncio.timeout(10):
            assert [found.state for found in await asyncio.gather(*waits)] == [State.APPROVED, State.EXPIRED]

        async def written_down():
            return await stores.scalar("SELECT state = 'EXPIRED' FROM approvals WHERE id = $1", due.id)

        await until(written_down)


async def test_a_lost_listener_comes_back(stores, watch):
    """When the server cuts the LISTEN connection, a new one takes its place and holds go on."""
    ticket = await pending(stores)
    wait = asyncio.create_task(watch.wait(ticket.id, 30))
    await held(watch, 1)
    lost = asyncio.create_task(until_cleared(watch))
    owner = await stores.owner()
    cut = await stores.database.pool.fetchval(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = $1",
        stores.name,
    )
    await owner.close()
    assert cut == 1
    await lost
    async with asyncio.timeout(10):
        await watch.listening.wait()
        await approve(stores, ticket)
        assert (await wait).state is State.APPROVED


async def until_cleared(watch):
    async def gone():
        return not watch.listening.is_set()

    await until(gone)


async def test_drain_answers_everybody(stores, watch):
    """On shutdown each hold gets its ticket, still pending, and new holds do not begin."""
    tickets = [await pending(stores) for _ in range(5)]
    waits = [asyncio.create_task(watch.wait(ticket.id, 300)) for ticket in tickets]
    await held(watch, 5)
    watch.drain()
    async with asyncio.timeout(5):
        assert {found.state for found in await asyncio.gather(*waits)} == {State.PENDING}
        assert (await watch.wait(tickets[0].id, 300)).state is State.PENDING
