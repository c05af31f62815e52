"""The one database: connections for the workers, the schema's migrations, and what is refused before work begins.

Two roles. The owner's (`migrate`) makes tables and functions. The app's (`Database.open`) may read, may move tickets
and leases along, and may add to the record through two functions; it can change or delete nothing recorded, and a
connection that could is refused. So is a server that acknowledges a COMMIT before it is on disk.

Ordinary statements go through SQLAlchemy Core on `engine`; the hot path uses `pool`, asyncpg's own. Parameters never
appear in errors.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from authz.errors import ConfigError, GatewayUnavailable

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection
    from sqlalchemy.ext.asyncio import AsyncConnection

OLDEST_SERVER = 160000
"""PostgreSQL 16, in the form of server_version_num."""

DURABLE = ("fsync", "full_page_writes", "synchronous_commit")
"""Settings that must not be off: with any of them off, an acknowledged COMMIT can be lost (PostgreSQL 18, 19.5.1)."""

WRITTEN_ONCE = ("events", "payloads", "segments", "judged", "memos", "sessions", "rule_sets", "data_keys")
"""Tables of which the app role may change and delete nothing."""

GRANTS = (
    "SELECT ON ALL TABLES IN SCHEMA public",
    "INSERT ON rule_sets, data_keys, approvals, votes",
    "UPDATE ON approvals",
    "INSERT, UPDATE, DELETE ON workers",
    "UPDATE, DELETE ON open_exchanges",  # UPDATE for the row locks of the sweep
    "EXECUTE ON FUNCTION append_records(text, new_event[], new_payload[], new_segment[], new_judged[], new_memo[])",
    "EXECUTE ON FUNCTION pin_session(text, text, text, text, text, text, text, text)",
)
"""All that the app role may do, given anew with every `migrate`."""

_MIGRATING = 0x7068_6967_6174_65
"""The advisory lock that makes two migrations wait for each other ("phigate" in ASCII)."""

_SESSION_SETTINGS = {
    "application_name": "phigate",
    "timezone": "UTC",
    "statement_timeout": "10s",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "30s",
}


class DatabaseUnavailable(GatewayUnavailable):
    """PostgreSQL did not answer, or refused a statement: nothing passes."""

    error_code = "database_unavailable"
    public = "The database is not available. Nothing was sent on."


def dsn_of(url: str) -> str:
    """Return the URL as asyncpg reads it. `postgresql://user:password@/name?host=/socket/folder` is a Unix socket."""
    scheme, separator, rest = url.partition("://")
    if not separator or scheme not in {"postgresql", "postgres", "postgresql+asyncpg"}:
        raise ConfigError(["database.url: must be a postgresql:// URL"])
    return f"postgresql://{rest}"


async def _keep_session(connection: Any) -> None:
    # asyncpg's reset on release is a round trip; our statements leave nothing in the session.
    del connection


def _engine(dsn: str, **options: Any) -> AsyncEngine:
    async def connect() -> Any:
        return await asyncpg.connect(dsn, server_settings=_SESSION_SETTINGS, timeout=10)

    # One creator for both, so that a URL (TLS, sockets, several hosts) means the same to engine and pool.
    return create_async_engine("postgresql+asyncpg://", async_creator=connect, hide_parameters=True, **options)


class Database:
    """An open, checked connection to the database as the app role."""

    def __init__(self, dsn: str, engine: AsyncEngine, pool: Any) -> None:
        self._dsn = dsn
        self.engine = engine
        self.pool = pool

    def __repr__(self) -> str:
        return "Database([redacted])"

    @classmethod
    async def open(cls, url: str, pool_size: int = 4) -> Self:
        """Connect and check. At most `2 * pool_size` connections, plus those of `connect`.

        Raises `ConfigError` for a server or role that is not safe to use, and `DatabaseUnavailable` when nobody
        answers.
        """
        dsn = dsn_of(url)
        try:
            pool = await asyncpg.create_pool(
                dsn,
                min_size=1,
                max_size=pool_size,
                timeout=10,
                command_timeout=10,
                server_settings=_SESSION_SETTINGS,
                reset=_keep_session,
            )
        except (
            OSError,
            asyncpg.PostgresError,
            asyncpg.InterfaceError,
            asyncpg.InternalClientError,
            TimeoutError,
        ) as error:
            raise DatabaseUnavailable(f"database: cannot connect ({type(error).__name__})") from None
        try:
            problems = await _problems(pool)
        except BaseException:
            pool.terminate()
            raise
        if problems:
            await pool.close()
            raise ConfigError(problems)
        return cls(dsn, _engine(dsn, pool_size=pool_size, max_overflow=0, pool_pre_ping=True), pool)

    async def connect(self) -> Any:
        """Return an asyncpg connection of its own, outside the pool: for LISTEN and for the writer of the record."""
        return await asyncpg.connect(self._dsn, server_settings=_SESSION_SETTINGS, timeout=5)

    async def ready(self) -> bool:
        """Say whether the database answers within a second."""
        try:
            return bool(await self.pool.fetchval("SELECT true", timeout=1))
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, TimeoutError):
            return False

    async def close(self) -> None:
        """Close every connection; those in use are cut after two seconds."""
        await self.engine.dispose()
        try:
            await self.pool.close()
        except (TimeoutError, asyncpg.InterfaceError, asyncpg.InternalClientError):
            self.pool.terminate()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()


async def _problems(pool: Any) -> list[str]:
    problems = []
    version = int(await pool.fetchval("SELECT current_setting('server_version_num')"))
    if version < OLDEST_SERVER:
        problems.append(f"database.url: PostgreSQL {version // 10000} is older than {OLDEST_SERVER // 10000}")
    problems += [
        f"database.url: the server runs with {setting} = off, so a COMMIT it acknowledged can be lost"
        for setting in DURABLE
        if await pool.fetchval("SELECT current_setting($1)", setting) == "off"
    ]
    if await pool.fetchval("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"):
        problems.append("database.url: the role is a superuser; use the app role")
    if await pool.fetchval("SELECT to_regclass('public.alembic_version')") is None:
        return [*problems, "database.url: the schema is missing; run `phigate migrate`"]
    for table in WRITTEN_ONCE:
        if await pool.fetchval("SELECT has_table_privilege($1, 'UPDATE, DELETE, TRUNCATE')", table):
            problems.append(f"database.url: the role may change or delete {table}; use the app role")
            break
    if await pool.fetchval("SELECT has_table_privilege('alembic_version', 'SELECT')"):
        found = await pool.fetchval("SELECT version_num FROM alembic_version")
        wanted = ScriptDirectory.from_config(_alembic()).get_current_head()
        if found != wanted:
            problems.append(
                f"database.url: the schema is at {found}, this program needs {wanted}; run `phigate migrate`"
            )
    else:
        problems.append("database.url: the role was given no rights; run `phigate migrate` for it")
    return problems


def _alembic() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config


def _upgrade(connection: Connection) -> None:
    config = _alembic()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


async def migrate(owner_url: str, app_role: str = "phigate_app") -> None:
    """Bring the schema to this program's version, and give `app_role` its rights; safe to repeat and to race.

    Raises `DatabaseUnavailable` when the database does not answer or the owner may not do it.
    """
    engine = _engine(dsn_of(owner_url), poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await connection.execute(text("SET LOCAL lock_timeout = '120s'"))
            await connection.execute(text("SET LOCAL statement_timeout = '600s'"))
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATING})
            await connection.run_sync(_upgrade)
            await _grant(connection, app_role)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, TimeoutError) as error:
        raise DatabaseUnavailable(f"database: cannot connect ({type(error).__name__})") from None
    finally:
        await engine.dispose()


async def _grant(connection: AsyncConnection, app_role: str) -> None:
    role = '"' + app_role.replace('"', '""') + '"'
    database = '"' + str(await connection.scalar(text("SELECT current_database()"))).replace('"', '""') + '"'
    for statement in (
        f"REVOKE ALL ON DATABASE {database} FROM PUBLIC",
        f"GRANT CONNECT ON DATABASE {database} TO {role}",
        "REVOKE ALL ON SCHEMA public FROM PUBLIC",
        f"GRANT USAGE ON SCHEMA public TO {role}",
        "REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC",
        f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}",
        *(f"GRANT {grant} TO {role}" for grant in GRANTS),
    ):
        await connection.execute(text(statement))
