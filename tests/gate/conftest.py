"""Fixtures of the gate tests: one process that forks workers, and one rig that most tests share."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
import pytest_asyncio
from gate_rig import end_zygote, running_rig, start_zygote


@pytest.fixture(scope="session")
def folder():
    path = Path(tempfile.mkdtemp(prefix="pg"))  # short: Envoy refuses socket paths over 107 bytes
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def zygote(folder):
    process = await start_zygote(folder)
    yield process
    await end_zygote(process)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared(folder, zygote):
    async with running_rig(folder / "r", zygote) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def rig(shared):
    """Return the shared rig, with a worker that serves: a test that failed may have left it without one."""
    if shared.worker_state() in {"Z", "T"}:
        await shared.replace_worker()
    await shared.assert_serves_again()
    return shared
