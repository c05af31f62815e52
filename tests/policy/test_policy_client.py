"""The client against a real OPA, a stopped one, none, and one that answers badly."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
import urllib.error
import urllib.request
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web

from authz.decision import AdminAction, HttpFacts, Owned, access_input, admin_input, content_input, models_input
from authz.errors import PolicyUnavailable
from authz.policy_bundle import PolicyRefused, bundle_file
from authz.policy_client import DEADLINE, MAX_ANSWER, PolicyClient

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from authz.decision import RequestFacts
    from authz.identity import Principal
    from tests.policy.conftest import OpaServer

GENEROUS = 10.0
"""Seconds for tests that do not measure the deadline: the machine may be busy."""

PROVENANCE = {"bundles": {"b": {"revision": "r1"}}}
ACCESS = {"allow": True, "reason": "allowed", "connection": "default"}


@asynccontextmanager
async def asking(host: str, port: int, deadline: float = GENEROUS) -> AsyncIterator[PolicyClient]:
    client = PolicyClient(host, port, deadline=deadline)
    try:
        yield client
    finally:
        await client.close()


@asynccontextmanager
async def answering(handler: Callable[[web.Request], Any]) -> AsyncIterator[int]:
    """Serve every path with the handler; yields the port."""
    server = web.Server(handler)
    runner = web.ServerRunner(server)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


async def until_revision(client: PolicyClient, revision: str) -> None:
    deadline = time.monotonic() + 20
    while await client.revision() != revision:
        assert time.monotonic() < deadline, "OPA did not take up the new bundle"
        await asyncio.sleep(0.02)


async def test_decisions_of_a_real_opa(
    opa_server: OpaServer, principal: Principal, http: HttpFacts, facts: RequestFacts
) -> None:
    """The four questions are answered by the shipped policies, each with the revision of the bundle."""
    async with asking(opa_server.host, opa_server.port) as client:
        assert await client.ready()
        access = await client.access(access_input(http, principal))
        assert (access.allow, access.reason, access.connection) == (True, "allowed", "default")
        content = await client.content(content_input(http, principal, facts, {"name": 1}, {"name": 1}, ()))
        assert (content.effect, content.profile, content.review) == ("allow", "standard", None)
        held = await client.content(content_input(http, principal, facts, {}, {}, ["bulk_record"]))
        assert held.effect == "review"
        assert held.reasons == ("trigger:bulk_record",)
        assert held.review is not None
        assert (held.review.reviewers, held.review.min_approvals, held.review.expires_in) == (("reviewers",), 1, 3600)
        own = Owned(principal.tenant, principal.issuer, principal.subject, "PENDING", ("reviewers",))
        admin = await client.admin(admin_input(principal, AdminAction.APPROVE, own))
        assert (admin.allow, admin.reason) == (False, "not_a_reviewer")
        listing = HttpFacts("GET", "/v1/models?limit=5", {})
        models = await client.models(models_input(listing, principal, ["claude-a", "gpt-5", "cl a ude"]))
        assert models.models == {"claude-a"}
        revisions = {decision.revision for decision in (access, content, held, models, admin)}
        assert revisions == {opa_server.revision, await client.revision()}


async def test_an_unready_question_denies(opa_server: OpaServer) -> None:
    """P08: an empty document is answered, and the answer is no."""
    async with asking(opa_server.host, opa_server.port) as client:
        assert not (await client.access({})).allow
        assert (await client.content({})).effect == "deny"
        assert (await client.models({})).models == frozenset()
        assert not (await client.admin({})).allow


ROOMS = ("access", "content", "models", "admin")
CLOSED = (
    ("PUT", "/v1/policies/x", "package x"),
    ("GET", "/v1/policies", None),
    ("DELETE", "/v1/policies/phigate/access.rego", None),
    ("PUT", "/v1/data/phigate/site/caller_groups", '["visitors"]'),
    ("PATCH", "/v1/data/phigate/site", "[]"),
    ("GET", "/v1/data/phigate/site", None),
    ("POST", "/v1/data", "{}"),
    ("POST", "/v1/data/phigate/access", "{}"),
    ("POST", "/v1/query", '{"query": "data"}'),
    ("POST", "/v1/compile", '{"query": "data"}'),
    ("POST", "/v1/data/phigate/access/decision?explain=full", "{}"),
    ("GET", "/v1/config", None),
    ("POST", "/", "{}"),
)


def status(url: str, method: str, body: str | None) -> int:
    request = urllib.request.Request(url, method=method, data=None if body is None else body.encode())
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code


def test_everything_else_is_closed(opa_server: OpaServer) -> None:
    """OPA's endpoints that write, list, explain or run queries answer 401 on loopback too; metrics are open."""
    answers = {(method, path): status(opa_server.url + path, method, body) for method, path, body in CLOSED}
    assert answers == dict.fromkeys(answers, 401)
    assert status(opa_server.url + "/metrics", "GET", None) == 200


def stop(child: int) -> None:
    """Stop a child process; until it has stopped, a thread of it on another processor may go on, and answer."""
    os.kill(child, signal.SIGSTOP)
    os.waitpid(child, os.WUNTRACED)


async def test_a_stopped_opa_denies_within_the_deadline(
    opa_server: OpaServer, principal: Principal, http: HttpFacts
) -> None:
    """SIGSTOP: the question ends as PolicyUnavailable at 250 ms, not later and not before; SIGCONT heals."""
    document = access_input(http, principal)
    async with asking(opa_server.host, opa_server.port, DEADLINE) as client:
        stop(opa_server.process.pid)
        try:
            began = time.monotonic()
            with pytest.raises(PolicyUnavailable):
                await client.access(document)
            spent = time.monotonic() - began
            assert DEADLINE * 0.9 <= spent < DEADLINE + 0.75
            assert not await client.ready()
        finally:
            os.kill(opa_server.process.pid, signal.SIGCONT)
    async with asking(opa_server.host, opa_server.port) as client:
        assert (await client.access(document)).allow


async def test_a_missing_opa_denies(free_port: int) -> None:
    """Nobody listens: PolicyUnavailable at once, for every question, and not ready."""
    async with asking("127.0.0.1", free_port, DEADLINE) as client:
        for question in (client.access, client.content, client.models, client.admin):
            with pytest.raises(PolicyUnavailable):
                await question({})
        with pytest.raises(PolicyUnavailable):
            await client.revision()
        assert not await client.ready()


async def test_a_closed_client_denies(opa_server: OpaServer) -> None:
    """After close a question is PolicyUnavailable and opens nothing again, even on a client that never asked."""
    for asked_before in (True, False):
        client = PolicyClient(opa_server.host, opa_server.port, deadline=GENEROUS)
        if asked_before:
            await client.access({})
        await client.close()
        await client.close()
        with pytest.raises(PolicyUnavailable):
            await client.access({})
        assert not await client.ready()


def replying(**options: Any) -> Callable[[web.Request], Any]:
    async def handler(_: web.Request) -> web.StreamResponse:
        return web.Response(**options)

    return handler


def said(document: object, status: int = 200) -> Callable[[web.Request], Any]:
    return replying(text=json.dumps(document), status=status, content_type="application/json")


@pytest.mark.parametrize(
    "handler",
    [
        said({}),
        said({"result": None, "provenance": PROVENANCE}),
        said({"result": "allow", "provenance": PROVENANCE}),
        said([]),
        said({"result": {**ACCESS, "allow": "true"}, "provenance": PROVENANCE}),
        said({"result": {**ACCESS, "allow": 1}, "provenance": PROVENANCE}),
        said({"result": {**ACCESS, "obligation": 1}, "provenance": PROVENANCE}),
        said({"result": ACCESS}),
        said({"result": ACCESS, "provenance": PROVENANCE}, status=201),
        said({"result": ACCESS, "provenance": PROVENANCE}, status=302),
        said({"result": ACCESS, "provenance": PROVENANCE}, status=401),
        said({"result": ACCESS, "provenance": PROVENANCE}, status=500),
        replying(text="", content_type="application/json"),
        replying(text="{", content_type="application/json"),
        replying(text="true", content_type="text/html"),
        replying(body=b"\xff\xfe{}", content_type="application/json"),
        replying(text="[" * 100_000, content_type="application/json"),
        said({"result": ACCESS, "provenance": PROVENANCE, "pad": "x" * MAX_ANSWER}),
    ],
)
async def test_bad_answers_deny(handler: Callable[[web.Request], Any]) -> None:
    """P02 on the wire: whatever a server says that is no exact decision is PolicyUnavailable, and it is not ready."""
    async with answering(handler) as port, asking("127.0.0.1", port) as client:
        for question in (client.access, client.content, client.models, client.admin):
            with pytest.raises(PolicyUnavailable):
                await question({})
        assert not await client.ready()


async def test_a_redirect_is_not_followed() -> None:
    """An answer that points elsewhere denies, and nothing is asked there: the document stays where it was sent."""
    asked: list[str] = []

    async def elsewhere(request: web.Request) -> web.StreamResponse:
        asked.append(request.path)
        return await said({"result": ACCESS, "provenance": PROVENANCE})(request)

    async with answering(elsewhere) as other:
        redirect = replying(status=307, headers={"location": f"http://127.0.0.1:{other}/"})
        async with answering(redirect) as port, asking("127.0.0.1", port) as client:
            with pytest.raises(PolicyUnavailable):
                await client.access({})
    assert asked == []


async def test_paths_are_constant_and_nothing_is_asked_twice(principal: Principal) -> None:
    """P06: whatever the caller names, OPA is asked on four paths only, once per question, without retries."""
    asked: list[str] = []

    async def recorder(request: web.Request) -> web.StreamResponse:
        asked.append(str(request.rel_url))
        return web.Response(status=503)

    hostile = HttpFacts("POST", "/v1/../../v1/data/system?x=../y", {"anthropic-beta": "../../../v1/policies"})
    async with answering(recorder) as port, asking("127.0.0.1", port) as client:
        for question in (client.access, client.content, client.models, client.admin):
            with pytest.raises(PolicyUnavailable):
                await question(access_input(hostile, principal))
    assert asked == [f"/v1/data/phigate/{room}/decision?provenance=true" for room in ROOMS]


async def test_connections_are_reused() -> None:
    """Forty questions, four at a time, need no more than four connections."""
    peers: set[Any] = set()

    async def recorder(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        peers.add(request.transport.get_extra_info("peername"))
        return await said({"result": ACCESS, "provenance": PROVENANCE})(request)

    async with answering(recorder) as port, asking("127.0.0.1", port) as client:
        for _ in range(10):
            decisions = await asyncio.gather(*(client.access({}) for _ in range(4)))
            assert all(decision.revision == "r1" for decision in decisions)
    assert len(peers) <= 4


async def test_a_slow_answer_denies() -> None:
    """Headers in time do not help a body that is late."""
    over = asyncio.Event()

    async def dripping(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": "application/json"})
        await response.prepare(request)
        await response.write(b'{"result":')
        await over.wait()
        return response

    async with answering(dripping) as port, asking("127.0.0.1", port, DEADLINE) as client:
        began = time.monotonic()
        with pytest.raises(PolicyUnavailable):
            await client.access({})
        assert time.monotonic() - began < DEADLINE + 0.75
        over.set()


async def test_reload_takes_the_new_policy_and_keeps_the_old_when_it_is_broken(
    opa_server: OpaServer, principal: Principal, http: HttpFacts
) -> None:
    """A rebuilt bundle is served without a restart; one that does not compile is refused with file and line."""
    document = access_input(http, principal)
    site = opa_server.policies / "phigate" / "site" / "data.json"
    good = site.read_text()
    async with asking(opa_server.host, opa_server.port) as client:
        site.write_text(good.replace('"clinicians"', '"surgeons"', 1))
        second = opa_server.rebuild()
        assert second != opa_server.revision
        await until_revision(client, second)
        assert (await client.access(document)).reason == "caller_not_allowed"

        rego = opa_server.policies / "phigate" / "access.rego"
        line = len(rego.read_text().splitlines()) + 1
        rego.write_text(rego.read_text() + 'broken := http.send({"method": "get", "url": "http://127.0.0.1"})\n')
        with pytest.raises(PolicyRefused, match=rf"phigate/access\.rego:{line}"):
            opa_server.rebuild()
        assert await client.revision() == second
        assert (await client.access(document)).reason == "caller_not_allowed"


async def test_opa_itself_keeps_the_old_policy_when_the_file_goes_bad(opa_server: OpaServer, tmp_path: Path) -> None:
    """Rubbish renamed over the bundle, and its removal, change no answer; the next good bundle is taken up."""
    file = bundle_file(opa_server.bundle)
    async with asking(opa_server.host, opa_server.port) as client:

        async def still() -> None:
            for _ in range(100):  # OPA says nothing when it keeps what it has; it takes a file up within a few answers
                assert await client.revision() == opa_server.revision

        rubbish = tmp_path / "rubbish"
        rubbish.write_bytes(b"no archive")
        rubbish.replace(file)
        await still()
        file.unlink()
        await still()
        site = opa_server.policies / "phigate" / "site" / "data.json"
        site.write_text(site.read_text().replace("50000", "60000"))
        await until_revision(client, opa_server.rebuild())


async def test_a_swap_is_never_seen_half_done(opa_server: OpaServer) -> None:
    """While bundles alternate, each answer comes whole from one of them: its revision fits its content."""
    site = opa_server.policies / "phigate" / "site" / "data.json"
    profiles = {}
    archives = {}
    for profile in ("first", "second"):
        text = json.loads(site.read_text())
        site.write_text(json.dumps({**text, "default_profile": profile}))
        profiles[opa_server.rebuild()] = profile
        archives[profile] = bundle_file(opa_server.bundle).read_bytes()
    async with asking(opa_server.host, opa_server.port) as client:
        await until_revision(client, list(profiles)[-1])
        seen: set[str] = set()
        scratch = opa_server.policies.parent / "next"
        for turn in range(20):
            scratch.write_bytes(archives["first" if turn % 2 else "second"])
            scratch.replace(bundle_file(opa_server.bundle))
            for _ in range(20):
                decision = await client.content({"principal": {"groups": []}})
                assert decision.profile == (
                    "standard" if "policy_incomplete" in decision.reasons else profiles[decision.revision]
                )
                seen.add(decision.profile)
        assert seen >= {"first", "second"}
