"""One real PostgreSQL for the run, and a database of its own for each test module."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path

import pytest
import pytest_asyncio
from store_rows import KEK, Stores, make_database

from authz.approval_store import ApprovalStore
from authz.audit_store import Recorder
from authz.database import Database
from authz.quickstart.postgres import EmbeddedPostgres
from authz.session_store import SessionStore


@pytest.fixture(scope="session")
def postgres():
    """Return the cluster of this test run, below a folder that everybody may pass."""
    folder = Path(tempfile.mkdtemp(prefix="phigate-store-"))
    folder.chmod(0o711)
    server = EmbeddedPostgres(folder / "pg", folder / "run")
    server.start()
    yield server
    server.destroy()
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def database_name(postgres):
    """Return the name of this module's own migrated database."""
    return asyncio.run(make_database(postgres))


@pytest_asyncio.fixture
async def stores(postgres, database_name):
    """Return open stores on this module's database."""
    async with (
        await Database.open(postgres.app_url(database_name), pool_size=4) as database,
        Recorder(database, KEK, worker="w-test") as recorder,
    ):
        yield Stores(database, recorder, SessionStore(database), ApprovalStore(database, KEK), database_name, postgres)
