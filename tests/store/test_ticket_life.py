"""Tickets under concurrency: one for any number of submitters, one consumer, exact quotas, and the database's clock."""

from __future__ import annotations

import asyncio
import json
import secrets

import asyncpg
import pytest
from store_rows import KEK, event, person, reviewer

from authz.approval import State, Verdict, VoteRefused
from authz.approval_store import ApprovalStore, TicketNotFound, TooManyHolds, VoteNotCounted
from authz.records import Batch, JudgedRow
from authz.ticket_steps import CHANNEL
from authz.vault import SealBroken, bind, open_sealed


async def submit(stores, **changes):
    new = await stores.ticket(**changes)
    return new, await stores.approvals.open_or_join(new, event("approval.requested", new.exchange, new.session))


async def approve(stores, ticket, who="rita", **changes):
    values = {"verdict": Verdict.APPROVE, "version": ticket.version, **changes}
    return await stores.approvals.vote(
        ticket.id, reviewer(who), values["verdict"], None, values["version"], event("approval.voted")
    )


async def kinds(stores, ticket_id: str) -> list[tuple[str, dict]]:
    rows = await stores.database.pool.fetch("SELECT kind, body FROM events ORDER BY recorded_at, ordinal")
    events = [(row["kind"], json.loads(row["body"])["header"]) for row in rows]
    return [(kind, header) for kind, header in events if header.get("ticket") == ticket_id]


async def age(stores, ticket_id: str, column: str = "expires_at") -> None:
    owner = await stores.owner()
    await owner.execute(f"UPDATE approvals SET {column} = clock_timestamp() WHERE id = $1", ticket_id)  # noqa: S608 -- our own names
    await owner.close()


async def test_fifty_submitters_get_one_ticket(stores):
    """Fifty retries of one request at once join one ticket with one audit event and one stored body."""
    first = await stores.ticket()
    news = [await stores.ticket(session=first.session, request=first.request_digest) for _ in range(49)]
    tickets = await asyncio.gather(
        *(stores.approvals.open_or_join(new, event("approval.requested", new.exchange)) for new in [first, *news])
    )
    assert len({ticket.id for ticket in tickets}) == 1
    assert [kind for kind, _ in await kinds(stores, tickets[0].id)] == ["approval.requested"]
    assert await stores.scalar("SELECT count(*) FROM payloads WHERE session = $1", first.session) == 1


async def test_a_hundred_takers_consume_once(stores):
    """Of a hundred exchanges that take one grant exactly one gets it, and exactly its batch is recorded."""
    new, ticket = await submit(stores)
    assert (await approve(stores, ticket)).state is State.APPROVED
    batches = [Batch(judged=(JudgedRow(new.session, f"d{n}".encode(), ticket.id),)) for n in range(100)]
    taken = await asyncio.gather(
        *(stores.approvals.consume(ticket.id, f"ex{n}", batch) for n, batch in enumerate(batches))
    )
    assert sum(taken) == 1
    digests = await stores.database.pool.fetch("SELECT digest FROM judged WHERE session = $1", new.session)
    assert [row["digest"] for row in digests] == [f"d{taken.index(True)}".encode()]
    assert [kind for kind, _ in await kinds(stores, ticket.id)][2:] == ["approval.consumed"]
    assert await stores.approvals.consume(ticket.id, f"ex{taken.index(True)}", batches[taken.index(True)])
    assert len(await kinds(stores, ticket.id)) == 3


async def test_consume_and_its_batch_are_one(stores):
    """When the batch is refused, the grant is not taken."""
    _, ticket = await submit(stores)
    await approve(stores, ticket)
    bad = Batch(judged=(JudgedRow("s", b"d", "no such approval"),))
    with pytest.raises(Exception, match="23503"):
        await stores.approvals.consume(ticket.id, "ex1", bad)
    assert (await stores.approvals.get(ticket.id)).state is State.APPROVED
    assert await stores.approvals.consume(ticket.id, "ex2", Batch())


async def test_a_grant_can_come_back(stores):
    """Upstream failed before its first byte: the grant is usable once more, by anyone but a stranger's `finish`."""
    _, ticket = await submit(stores)
    await approve(stores, ticket)
    assert await stores.approvals.consume(ticket.id, "ex1", Batch())
    await stores.approvals.finish(ticket.id, "stranger", give_back=True)
    assert (await stores.approvals.get(ticket.id)).state is State.CONSUMED
    await stores.approvals.finish(ticket.id, "ex1", give_back=True)
    assert await stores.approvals.consume(ticket.id, "ex2", Batch())
    await stores.approvals.finish(ticket.id, "ex2")
    await stores.approvals.finish(ticket.id, "ex2", give_back=True)
    assert (await stores.approvals.get(ticket.id)).state is State.DONE
    told = [kind for kind, _ in await kinds(stores, ticket.id)][2:]
    assert told == ["approval.consumed", "approval.returned", "approval.consumed", "approval.done"]


async def test_a_grant_that_comes_back_late_is_void(stores):
    """When the same request has a new ticket by then, the old grant ends: never two grants for one request."""
    new, ticket = await submit(stores)
    await approve(stores, ticket)
    assert await stores.approvals.consume(ticket.id, "ex1", Batch())
    _, second = await submit(stores, session=new.session, request=new.request_digest)
    assert second.id != ticket.id
    await stores.approvals.finish(ticket.id, "ex1", give_back=True)
    assert (await stores.approvals.get(ticket.id)).state is State.DONE
    assert (await stores.approvals.get(second.id)).state is State.PENDING


async def test_quotas_are_exact_under_concurrency(stores):
    """Of thirty requests at once one caller gets its quota of tickets, everybody together no more than theirs."""
    approvals = ApprovalStore(stores.database, KEK, per_principal=5)
    news = [await stores.ticket(who=person("quinn")) for _ in range(30)]
    results = await asyncio.gather(
        *(approvals.open_or_join(new, event("approval.requested", new.exchange)) for new in news),
        return_exceptions=True,
    )
    assert sum(isinstance(result, TooManyHolds) for result in results) == 25
    joined = next(n for n, result in enumerate(results) if not isinstance(result, Exception))
    again = await approvals.open_or_join(news[joined], event("approval.requested"))
    assert again == results[joined]
    tight = ApprovalStore(stores.database, KEK, everyone=1)
    with pytest.raises(TooManyHolds) as refused:
        await tight.open_or_join(await stores.ticket(who=person("other")), event("approval.requested"))
    assert (refused.value.status, refused.value.error_type, refused.value.error_code) == (
        429, "rate_limit_error", "hold_quota",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("voter", "version", "reason"),
    [
        (reviewer("ann"), 1, VoteRefused.OWN_REQUEST),
        (reviewer("ann", issuer="https://another-idp.test"), 1, VoteRefused.OWN_REQUEST),
        (person("ned"), 1, VoteRefused.NOT_A_REVIEWER),
        (reviewer("rita"), 7, VoteRefused.STALE),
    ],
)
async def test_votes_that_do_not_count(stores, voter, version, reason):
    """One's own request, no reviewer, an old view: refused, with nothing changed and nothing recorded."""
    _, ticket = await submit(stores, who=person("ann"))
    with pytest.raises(VoteNotCounted) as refused:
        await stores.approvals.vote(ticket.id, voter, Verdict.APPROVE, None, version, event("approval.voted"))
    assert refused.value.reason is reason
    assert await stores.approvals.get(ticket.id) == ticket
    assert len(await kinds(stores, ticket.id)) == 1


async def test_a_ticket_of_another_tenant_is_not_found(stores):
    """A reviewer of another tenant learns nothing, not even that the ticket exists."""
    _, ticket = await submit(stores)
    stranger = person("rita", "reviewers", tenant="other")
    with pytest.raises(TicketNotFound):
        await stores.approvals.vote(ticket.id, stranger, Verdict.DENY, None, None, event("approval.voted"))
    for read in (stores.approvals.get, stores.approvals.masked_body):
        with pytest.raises(TicketNotFound):
            await read(ticket.id, "other")


async def test_two_people_have_to_say_yes(stores):
    """With two needed, one person counts once, also through another identity provider; the second person decides."""
    _, ticket = await submit(stores, min_approvals=2)
    after_one = await approve(stores, ticket)
    assert (after_one.state, after_one.version, after_one.decided_by) == (State.PENDING, 2, ("rita",))
    for issuer in ("https://idp.test", "https://another-idp.test"):
        with pytest.raises(VoteNotCounted, match="already_voted"):
            await stores.approvals.vote(
                ticket.id, reviewer("rita", issuer), Verdict.APPROVE, None, 2, event("approval.voted")
            )
    after_two = await approve(stores, after_one, who="rob")
    assert (after_two.state, after_two.decided_by) == (State.APPROVED, ("rita", "rob"))
    assert after_two.grant_expires_at is not None
    told = await kinds(stores, ticket.id)
    assert [header.get("state") for _, header in told[1:]] == ["PENDING", "APPROVED"]


async def test_votes_at_once_are_decided_one_after_another(stores):
    """Twenty reviewers vote at the same moment on the same view: one counts, the others are stale or too late."""
    _, ticket = await submit(stores)
    results = await asyncio.gather(*(approve(stores, ticket, who=f"r{n}") for n in range(20)), return_exceptions=True)
    assert sum(not isinstance(result, Exception) for result in results) == 1
    assert {type(result) for result in results if isinstance(result, Exception)} == {VoteNotCounted}
    assert await stores.scalar("SELECT count(*) FROM votes WHERE approval = $1", ticket.id) == 1


async def test_one_denial_ends_it(stores):
    """A denial decides against any number of approvals still to come; the request opens a new ticket next time."""
    new, ticket = await submit(stores, min_approvals=2)
    ticket = await approve(stores, ticket)
    assert (await approve(stores, ticket, who="rob", verdict=Verdict.DENY)).state is State.DENIED
    with pytest.raises(VoteNotCounted, match="not_pending"):
        await approve(stores, ticket, who="ruth", version=None)
    _, again = await submit(stores, session=new.session, request=new.request_digest)
    assert again.id != ticket.id


async def test_a_ticket_expires_by_the_databases_clock(stores):
    """A due ticket reads EXPIRED at once, takes no vote, is written down once, and gives way to a new one."""
    new, ticket = await submit(stores)
    await age(stores, ticket.id)
    assert (await stores.approvals.get(ticket.id)).state is State.EXPIRED
    with pytest.raises(VoteNotCounted, match="not_pending"):
        await approve(stores, ticket)
    assert await stores.scalar("SELECT state FROM approvals WHERE id = $1", ticket.id) == "EXPIRED"
    _, again = await submit(stores, session=new.session, request=new.request_digest)
    await age(stores, again.id)
    await asyncio.gather(*(stores.approvals.expire() for _ in range(5)))
    for ticket_id in (ticket.id, again.id):
        assert [kind for kind, _ in await kinds(stores, ticket_id)] == ["approval.requested", "approval.expired"]


async def test_a_grant_expires(stores):
    """An expired grant cannot be consumed, and the next submission gets a new ticket."""
    new, ticket = await submit(stores)
    await approve(stores, ticket)
    await age(stores, ticket.id, "grant_expires_at")
    assert not await stores.approvals.consume(ticket.id, "ex1", Batch())
    _, again = await submit(stores, session=new.session, request=new.request_digest)
    assert (again.id != ticket.id, again.state) == (True, State.PENDING)


async def test_a_revoked_grant_cannot_be_used(stores):
    """Revocation takes an unused grant, and one in use does not come back."""
    _, ticket = await submit(stores)
    await approve(stores, ticket)
    assert (await stores.approvals.revoke(ticket.id, "default", event("approval.revoked"))).state is State.REVOKED
    assert not await stores.approvals.consume(ticket.id, "ex1", Batch())
    _, used = await submit(stores)
    await approve(stores, used)
    assert await stores.approvals.consume(used.id, "ex1", Batch())
    await stores.approvals.revoke(used.id, "default", event("approval.revoked"))
    await stores.approvals.finish(used.id, "ex1", give_back=True)
    assert (await stores.approvals.get(used.id)).state is State.REVOKED


async def test_reviewers_read_the_masked_body_and_only_from_its_own_row(stores):
    """The body opens for its ticket; put under another row, the ciphertext does not."""
    _, ticket = await submit(stores, body=b"[NAME_A_B] was admitted")
    _, other = await submit(stores)
    assert await stores.approvals.masked_body(ticket.id, "default") == b"[NAME_A_B] was admitted"
    owner = await stores.owner()
    await owner.execute(
        "UPDATE payloads SET (sealed, data_key_id) = (SELECT sealed, data_key_id FROM payloads"
        " WHERE id = (SELECT payload FROM approvals WHERE id = $1)) WHERE id ="
        " (SELECT payload FROM approvals WHERE id = $2)",
        *(ticket.id, other.id),
    )
    await owner.close()
    with pytest.raises(SealBroken):
        await stores.approvals.masked_body(other.id)


async def test_a_justification_is_sealed(stores):
    """What a reviewer writes is stored as ciphertext bound to ticket and voter."""
    _, ticket = await submit(stores)
    rita = reviewer("rita")
    sealed = await stores.approvals.seal_justification(ticket, rita, "seen with Dr. Canary")
    await stores.approvals.vote(ticket.id, rita, Verdict.APPROVE, sealed, 1, event("approval.voted"))
    stored = await stores.scalar("SELECT justification FROM votes WHERE approval = $1", ticket.id)
    assert b"Canary" not in stored
    key = await stores.recorder.data_key(ticket.session, "default")
    assert stored[1 : 1 + stored[0]].decode() == key.id
    aad = bind("votes", ticket.id, rita.issuer, "rita")
    assert open_sealed(key, stored[1 + stored[0] :], aad) == b"seen with Dr. Canary"


async def test_a_notification_carries_the_id_and_nothing_else(stores):
    """Every step notifies once its transaction is committed, with the ticket's id alone."""
    heard: asyncio.Queue[str] = asyncio.Queue()
    listener = await asyncpg.connect(stores.server.app_url(stores.name))
    await listener.add_listener(CHANNEL, lambda *notice: heard.put_nowait(notice[3]))
    _, ticket = await submit(stores)
    await approve(stores, ticket)
    await stores.approvals.consume(ticket.id, "ex1", Batch())
    await stores.approvals.finish(ticket.id, "ex1")
    async with asyncio.timeout(5):
        assert [await heard.get() for _ in range(4)] == [ticket.id] * 4
    await listener.close()


async def test_tickets_are_listed_newest_first(stores):
    """A tenant's tickets, by state as they stand now."""
    tenant = "tenant-" + secrets.token_hex(4)
    tickets = [(await submit(stores, who=person("ann", tenant=tenant)))[1] for _ in range(3)]
    await age(stores, tickets[1].id)
    assert [ticket.id for ticket in await stores.approvals.list(tenant)] == [ticket.id for ticket in tickets[::-1]]
    assert [ticket.id for ticket in await stores.approvals.list(tenant, "PENDING")] == [tickets[2].id, tickets[0].id]
    assert [ticket.id for ticket in await stores.approvals.list(tenant, State.EXPIRED)] == [tickets[1].id]
