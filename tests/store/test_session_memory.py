"""Sessions: one pin for all, what counts as judged, memos in order, and the story."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import replace

import pytest
from store_rows import closed, event, opened, reviewer

from authz.approval import State, Verdict
from authz.database import Database, DatabaseUnavailable
from authz.records import Batch, JudgedRow, MemoRow, Pin, PinRow
from authz.session_store import SessionStore


def pin_row(session: str, profile: str = "default", subject: str = "ann") -> PinRow:
    return PinRow(session, "default", "https://idp.test", subject, "human", Pin(profile, "sha256:r", "p1"))


async def test_the_first_pin_wins_for_everybody(stores):
    """Thirty writers with thirty profiles all get the one pin that is stored."""
    session = "ses_" + secrets.token_hex(8)
    pins = await asyncio.gather(*(stores.sessions.pin(pin_row(session, f"profile-{n}")) for n in range(30)))
    assert len(set(pins)) == 1
    view = await stores.sessions.load(session, [], b"r", "m", b"t")
    assert view.pin == pins[0]


async def test_a_session_id_belongs_to_one_principal(stores):
    """A stored session cannot be pinned for another subject."""
    session = "ses_" + secrets.token_hex(8)
    await stores.sessions.pin(pin_row(session))
    with pytest.raises(DatabaseUnavailable, match="PH003"):
        await stores.sessions.pin(pin_row(session, subject="bob"))


async def test_an_unknown_session_is_empty(stores):
    """A new session has no pin, nothing judged, no memos and no ticket."""
    view = await stores.sessions.load("ses_new", [b"a"], b"r", "m", b"t")
    assert view == type(view)(None, {}, {}, None)


async def test_load_returns_what_was_asked_for(stores):
    """Digests and memos of the question come back, others of the session do not; memos stand oldest first."""
    session = "ses_" + secrets.token_hex(8)
    await stores.recorder.record(
        Batch(
            judged=(JudgedRow(session, b"a", None), JudgedRow(session, b"z", None)),
            memos=(MemoRow(session, b"t", "e1", b"2 older"),),
        )
    )
    await stores.recorder.record(
        Batch(memos=(MemoRow(session, b"t", "e2", b"1 newer"), MemoRow(session, b"u", "e2", b"?")))
    )
    view = await stores.sessions.load(session, [b"a", b"b", b"t"], b"r", "m", b"t")
    assert view.judged == {b"a": None}
    assert view.memos == {b"t": (b"2 older", b"1 newer")}


async def judged_under(stores, **changes):
    """Return a consumed and done ticket and the session it judged digest b"d" in."""
    new = await stores.ticket(**changes)
    ticket = await stores.approvals.open_or_join(new, event("approval.requested", new.exchange, new.session))
    await stores.approvals.vote(
        ticket.id, reviewer("rita"), Verdict.APPROVE, None, ticket.version, event("approval.voted")
    )
    batch = Batch(
        judged=(JudgedRow(new.session, b"d", ticket.id), JudgedRow(new.session, new.thread_digest, ticket.id))
    )
    assert await stores.approvals.consume(ticket.id, new.exchange, batch)
    return new, ticket


async def test_judged_under_an_approval_counts_for_what_continues(stores):
    """While consumed and after it is done, the approval covers its digests in another request of the session."""
    new, ticket = await judged_under(stores)
    asked = (new.session, [b"d", new.thread_digest], b"another request", new.model, new.tools_digest)
    assert (await stores.sessions.load(*asked)).judged == {b"d": ticket.id, new.thread_digest: ticket.id}
    await stores.approvals.finish(ticket.id, new.exchange)
    assert (await stores.sessions.load(*asked)).judged == {b"d": ticket.id, new.thread_digest: ticket.id}


async def test_an_approval_never_covers_its_own_request_again(stores):
    """Sending the very same request once more finds nothing judged under the approval it used."""
    new, ticket = await judged_under(stores)
    await stores.approvals.finish(ticket.id, new.exchange)
    view = await stores.sessions.load(
        new.session, [b"d", new.thread_digest], new.request_digest, new.model, new.tools_digest
    )
    assert view.judged == {}
    assert view.ticket is None


@pytest.mark.parametrize("change", ["model", "tools", "expired", "revoked"])
async def test_an_approval_ends(stores, change):
    """Another model, another tool set, an expired grant or a revocation: what was judged under it counts no more."""
    new, ticket = await judged_under(stores)
    await stores.approvals.finish(ticket.id, new.exchange)
    model, tools = new.model, new.tools_digest
    if change == "model":
        model = "claude-other"
    elif change == "tools":
        tools = b"other tools"
    elif change == "expired":
        owner = await stores.owner()
        await owner.execute("UPDATE approvals SET grant_expires_at = clock_timestamp() WHERE id = $1", ticket.id)
        await owner.close()
    else:
        await stores.approvals.revoke(ticket.id, "default", event("approval.revoked"))
    view = await stores.sessions.load(new.session, [b"d"], b"another", model, tools)
    assert view.judged == {}


async def test_judged_without_approval_outweighs(stores):
    """A digest that was also judged with no approval needed stands by itself."""
    new, _ = await judged_under(stores)
    await stores.recorder.record(Batch(judged=(JudgedRow(new.session, b"d", None),)))
    view = await stores.sessions.load(new.session, [b"d"], b"another", new.model, new.tools_digest)
    assert view.judged == {b"d": None}


async def test_load_brings_the_ticket_of_this_request(stores):
    """The newest open, used or denied ticket of the same request comes with the view; one of another does not."""
    new = await stores.ticket()
    ticket = await stores.approvals.open_or_join(new, event("approval.requested", new.exchange, new.session))
    view = await stores.sessions.load(new.session, [], new.request_digest, "m", b"t")
    assert view.ticket == ticket
    assert (await stores.sessions.load(new.session, [], b"other", "m", b"t")).ticket is None
    await stores.approvals.vote(ticket.id, reviewer("rita"), Verdict.DENY, None, None, event("approval.voted"))
    view = await stores.sessions.load(new.session, [], new.request_digest, "m", b"t")
    assert view.ticket is not None
    assert view.ticket.state is State.DENIED


class Counting:
    """A socket in front of PostgreSQL that counts how often the client spoke after the server had."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.turns = 0
        self._last = "server"

    async def serve(self, reader, writer) -> None:
        """Carry one connection."""
        up_reader, up_writer = await asyncio.open_unix_connection(self.target)
        await asyncio.gather(self._carry(reader, up_writer, "client"), self._carry(up_reader, writer, "server"))

    async def _carry(self, reader, writer, side: str) -> None:
        while data := await reader.read(65536):
            self.turns += side == "client" and self._last == "server"
            self._last = side
            writer.write(data)
            await writer.drain()
        writer.close()


async def test_load_is_one_round_trip(stores, tmp_path):
    """Once its statement is prepared, a load is one question and one answer on the wire, from acquire to release."""
    counting = Counting(str(stores.server.socket_dir / ".s.PGSQL.5432"))
    proxy = await asyncio.start_unix_server(counting.serve, tmp_path / ".s.PGSQL.5432")
    url = stores.server.app_url(stores.name).partition("?")[0] + f"?host={tmp_path}"
    async with await Database.open(url, pool_size=1) as database:
        sessions = SessionStore(database)
        await sessions.load("ses_x", [b"a"], b"r", "m", b"t")
        before = counting.turns
        for _ in range(3):
            await sessions.load("ses_x", [b"a"], b"r", "m", b"t")
        assert counting.turns - before == 3
    proxy.close()
    await proxy.wait_closed()


async def test_rules_are_kept_as_they_were(stores):
    """A rule archive comes back byte for byte, and keeping another under its revision changes nothing."""
    assert await stores.sessions.rules("sha256:none") is None
    await stores.sessions.keep_rules("sha256:a", b"archive")
    await stores.sessions.keep_rules("sha256:a", b"forged")
    assert await stores.sessions.rules("sha256:a") == b"archive"


async def test_the_story_stands_in_order(stores):
    """Events of a session come back in the order in which they were recorded, with their headers, for its tenant."""
    session, exchange = "ses_" + secrets.token_hex(8), secrets.token_hex(8)
    await stores.sessions.pin(pin_row(session))
    await stores.recorder.record(opened(exchange, session))
    decided = replace(event("exchange.decided", exchange, session, effect="allow"), at_ms=1)
    await stores.recorder.record(Batch(events=(decided, *closed(exchange, session).events)))
    story = await stores.sessions.show(session, tenant="default")
    assert [row.kind for row in story] == ["exchange.opened", "exchange.decided", "exchange.closed"]
    assert story[1].header == {"effect": "allow"}
    assert story[1].body == decided.canonical()
    assert await stores.sessions.show(session, tenant="other") == ()
    assert [row.kind for row in await stores.sessions.show(session, after=2)] == ["exchange.closed"]


async def test_sessions_are_listed_by_page(stores):
    """Pages follow each other newest first without gap or double, within one tenant and one subject."""
    made = [f"ses_page_{n}" for n in range(7)]
    for name in made:
        await stores.sessions.pin(pin_row(name, subject="pam"))
    await stores.recorder.record(opened("ex_page", made[3]))
    seen, before = [], None
    while page := await stores.sessions.list("default", "pam", limit=3, before=before):
        seen += [row.id for row in page]
        before = page[-1].id
    assert seen == made[::-1]
    assert await stores.sessions.list("other") == ()
    row = await stores.sessions.get(made[3], "default")
    assert row is not None
    assert (row.open, row.exchanges, row.pin.profile) == (True, 1, "default")
    assert await stores.sessions.get(made[3], "other") is None
