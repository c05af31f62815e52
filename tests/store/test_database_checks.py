"""Which databases are refused before work begins."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest
from store_rows import KEK, make_database

from authz import database as module
from authz.audit_store import Recorder
from authz.database import Database, DatabaseUnavailable, dsn_of, migrate
from authz.errors import ConfigError
from authz.keyring import Keyring


async def test_the_owner_may_not_work(postgres, database_name):
    """A role that could change the record is refused for the workers."""
    with pytest.raises(ConfigError, match="may change or delete events"):
        await Database.open(postgres.owner_url(database_name))


async def test_synchronous_commit_off_is_refused(postgres):
    """A server that acknowledges before the disk does is refused, by the setting's name."""
    name = await make_database(postgres)
    owner = await asyncpg.connect(postgres.owner_url())
    await owner.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
    await owner.close()
    with pytest.raises(ConfigError, match="synchronous_commit = off"):
        await Database.open(postgres.app_url(name))


@pytest.mark.parametrize("setting", ["fsync", "full_page_writes"])
async def test_every_unsafe_setting_is_named(postgres, database_name, monkeypatch, setting):
    """Each durability setting is asked for; here one that really is off stands in for it."""
    assert setting in module.DURABLE
    monkeypatch.setattr(module, "DURABLE", ("ssl",))
    with pytest.raises(ConfigError, match="ssl = off"):
        await Database.open(postgres.app_url(database_name))


async def test_an_old_server_is_refused(postgres, database_name, monkeypatch):
    """The version floor counts."""
    monkeypatch.setattr(module, "OLDEST_SERVER", 990000)
    with pytest.raises(ConfigError, match="is older than 99"):
        await Database.open(postgres.app_url(database_name))


async def test_a_database_without_schema_is_refused(postgres):
    """Before `phigate migrate` there is nothing to work on, and the answer says so."""
    owner = await asyncpg.connect(postgres.owner_url())
    await owner.execute("CREATE DATABASE bare")
    await owner.close()
    with pytest.raises(ConfigError, match="run `phigate migrate`"):
        await Database.open(postgres.app_url("bare"))


async def test_migrations_may_race_and_repeat(postgres):
    """Three migrations at once of an empty database leave one schema, and a fourth changes nothing."""
    owner = await asyncpg.connect(postgres.owner_url())
    await owner.execute("CREATE DATABASE raced")
    await owner.close()
    await asyncio.gather(*(migrate(postgres.owner_url("raced")) for _ in range(3)))
    await migrate(postgres.owner_url("raced"))
    async with await Database.open(postgres.app_url("raced")) as database:
        assert await database.ready()


@pytest.mark.parametrize("url", ["", "mysql://x", "postgresql:/x", "http://localhost/"])
def test_other_urls_are_refused(url):
    """Only PostgreSQL URLs are taken, and the value is not repeated: it may hold a password."""
    with pytest.raises(ConfigError) as refused:
        dsn_of(url)
    assert not url or url not in str(refused.value)


async def test_nobody_there(tmp_path):
    """A database that does not answer is unavailable, and the answer holds no password."""
    with pytest.raises(DatabaseUnavailable) as refused:
        await Database.open(f"postgresql://phigate_app:hunter2@/phigate?host={tmp_path}")
    assert "hunter2" not in str(refused.value)


async def test_no_superuser_can_log_in(postgres):
    """Neither role is a superuser, and the superuser is turned away at the door."""
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError):
        await asyncpg.connect(f"postgresql://postgres@/postgres?host={postgres.socket_dir}")
    connection = await asyncpg.connect(postgres.owner_url())
    rows = await connection.fetch("SELECT rolname FROM pg_roles WHERE rolsuper AND rolcanlogin")
    assert [row["rolname"] for row in rows] == ["postgres"]
    settings = (
        "listen_addresses",
        "data_checksums",
        "fsync",
        "synchronous_commit",
        "full_page_writes",
        "server_encoding",
    )
    found = [await connection.fetchval("SELECT current_setting($1)", name) for name in settings]
    assert found == ["", "on", "on", "on", "on", "UTF8"]
    await connection.close()


async def test_a_session_has_one_data_key_for_all_workers(stores):
    """Twenty workers that need the key at once agree on one, and it opens what any of them sealed."""
    rings = [Keyring(stores.database, KEK) for _ in range(20)]
    keys = await asyncio.gather(*(ring.current("ses_key", "default") for ring in rings))
    assert len({key.id for key in keys}) == 1
    sealed = keys[0].seal(b"text", b"row")
    assert (await Keyring(stores.database, KEK).by_id(keys[0].id)).open(sealed, b"row") == b"text"
    other = await rings[0].current("ses_key", "default", "short")
    assert other.id != keys[0].id


async def test_errors_hold_no_values(stores, caplog):
    """What a database error tells, in text, log or chained exceptions, quotes no stored value."""
    from store_rows import event

    from authz.records import Batch, JudgedRow

    batch = Batch(events=(event("exchange.decided"),), judged=(JudgedRow("ses_canary", b"canary", "apr_canary"),))
    async with Recorder(stores.database, KEK, worker="w") as recorder:
        with pytest.raises(Exception, match="23503") as refused:
            await recorder.record(batch)
    chain, error = "", refused.value
    while error is not None:
        chain += repr(error)
        error = error.__cause__ or error.__context__
    assert "canary" not in chain + caplog.text
    assert "canary" not in (stores.server.data / "postgres.log").read_text()
