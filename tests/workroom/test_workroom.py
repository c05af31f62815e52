"""The workroom does the same work on the loop and in the pool, and a bad body breaks neither."""

from __future__ import annotations

import json
import os
import signal

import pytest

from authz.assets import policies_dir
from authz.errors import GatewayUnavailable
from authz.lineage import children
from authz.rule_shelf import read_rule_files
from authz.workroom import Workroom
from masking.errors import JsonRefused

KEY = b"k" * 32
BODY = json.dumps(
    {"model": "m", "max_tokens": 1, "messages": [{"role": "user", "content": "SSN 536-22-8145, see Dr. Amy Quist."}]}
).encode()
ANSWER = json.dumps({"type": "message", "role": "assistant", "content": [{"type": "text", "text": "SSN 536-22-8145"}]})


@pytest.fixture(scope="module")
def rules():
    return read_rule_files(policies_dir())


@pytest.fixture
def pool(rules):
    room = Workroom(heavy_bytes=1, processes=1, max_body_bytes=1 << 20)
    yield room
    room.close()


@pytest.fixture
def here():
    return Workroom(heavy_bytes=1 << 20, processes=1, max_body_bytes=1 << 20)


async def mask(room, rules, body=BODY):
    return await room.mask(body, rules, "standard", KEY, new_units=frozenset({0}), echoed=frozenset(), memos={})


async def test_the_pool_masks_as_the_loop_does(pool, here, rules):
    """Outline, masked request and masked answer are the same wherever they were made."""
    assert (await pool.outline(BODY)).units == (await here.outline(BODY)).units
    away, near = await mask(pool, rules), await mask(here, rules)
    assert (away.body, away.findings, away.restorations) == (near.body, near.findings, near.restorations)
    answers = [await room.unmask(ANSWER.encode(), rules, "standard", KEY, near) for room in (pool, here)]
    assert answers[0] == answers[1]
    assert b"536-22-8145" not in answers[0].caller


@pytest.mark.parametrize("body", [b"[" * 100_000, b"{}{}", b"\xff" * 50_000])
async def test_a_bad_body_is_refused_and_the_pool_lives(pool, rules, body):
    """A refusal comes back from the pool as itself, and the next body is masked by the same process."""
    await pool.outline(BODY)
    before = set(children())
    with pytest.raises(JsonRefused):
        await pool.outline(body)
    assert (await mask(pool, rules)).findings
    assert set(children()) == before


async def test_a_killed_pool_process_closes_and_comes_back(pool, rules):
    """Kill -9 of the masking process: nothing is masked by half, and a new process takes the next body."""
    await mask(pool, rules)
    (process,) = pool._pool._processes.values()
    os.kill(process.pid, signal.SIGKILL)

    async def until_noticed():
        for _ in range(100):
            await mask(pool, rules)

    with pytest.raises(GatewayUnavailable):
        await until_noticed()
    assert (await mask(pool, rules)).findings


async def test_an_unknown_profile_masks_nothing(here, rules):
    """A profile that the rules do not have is an outage, never an unmasked body."""
    with pytest.raises(GatewayUnavailable):
        await here.mask(BODY, rules, "none", KEY, new_units=frozenset(), echoed=frozenset(), memos={})
