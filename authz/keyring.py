"""The data keys of sessions: made once per (session, retention class, month), stored wrapped, cached unwrapped.

A key row is committed before anything is sealed under it, so no ciphertext exists whose key could still be lost. Two
workers that make the same key at once agree on the row that was first.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import asyncpg

from authz.database import DatabaseUnavailable
from authz.vault import DataKey, KeyMissing, bind

if TYPE_CHECKING:
    from datetime import date

    from authz.database import Database
    from authz.vault import KeyEncryptionKeys

_MOST_CACHED = 4096

_READ = "SELECT id, session, tenant, retention, month, kek_id, wrapped FROM data_keys"
_MAKE = f"""
WITH fresh AS (
    INSERT INTO data_keys (id, session, tenant, retention, month, kek_id, wrapped) VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (session, retention, month) DO NOTHING
    RETURNING id, session, tenant, retention, month, kek_id, wrapped
)
SELECT * FROM fresh UNION ALL ({_READ} WHERE session = $2 AND retention = $4 AND month = $5) LIMIT 1
"""  # noqa: S608 -- column names of our own


def _aad(key_id: str, session: str, tenant: str, retention: str, month: date) -> bytes:
    return bind("data_keys", key_id, session, tenant, retention, month.isoformat())


class Keyring:
    """Gives data keys by what they are for, or by their id."""

    def __init__(self, database: Database, keys: KeyEncryptionKeys) -> None:
        self._pool = database.pool
        self._keys = keys
        self._current: OrderedDict[tuple[str, str, str, str], DataKey] = OrderedDict()
        self._known: OrderedDict[str, DataKey] = OrderedDict()

    def __repr__(self) -> str:
        return "Keyring([redacted])"

    async def current(self, session: str, tenant: str, retention: str = "standard") -> DataKey:
        """Return this month's key of a session. Raises `KeyMissing`, `SealBroken` or `DatabaseUnavailable`."""
        slot = (session, tenant, retention, f"{datetime.now(UTC):%Y-%m}")
        key = self._current.get(slot)
        if key is None:
            try:
                key = await self._make_or_read(session, tenant, retention)
            except (
                OSError,
                asyncpg.PostgresError,
                asyncpg.InterfaceError,
                asyncpg.InternalClientError,
                TimeoutError,
            ) as error:
                raise DatabaseUnavailable(f"data key not stored ({type(error).__name__})") from None
            key = self._keep(self._current, slot, key)
        self._current.move_to_end(slot)
        return key

    async def by_id(self, key_id: str) -> DataKey:
        """Return a stored key. Raises `KeyMissing` when it never was or has been deleted with what it sealed."""
        key = self._known.get(key_id)
        if key is None:
            try:
                row = await self._pool.fetchrow(f"{_READ} WHERE id = $1", key_id)
            except (
                OSError,
                asyncpg.PostgresError,
                asyncpg.InterfaceError,
                asyncpg.InternalClientError,
                TimeoutError,
            ) as error:
                raise DatabaseUnavailable(f"data key not read ({type(error).__name__})") from None
            if row is None:
                raise KeyMissing(f"data key {key_id} is not stored")
            key = self._unwrap(row)
        self._known.move_to_end(key_id)
        return key

    async def _make_or_read(self, session: str, tenant: str, retention: str) -> DataKey:
        """Store a fresh key unless there is one, and return the stored one: one round trip, two after a race."""
        month = datetime.now(UTC).date().replace(day=1)
        fresh = DataKey.generate()
        wrapped = self._keys.wrap(fresh, _aad(fresh.id, session, tenant, retention, month))
        row = None
        while row is None:  # nothing comes back when another worker's row is newer than this statement's snapshot
            row = await self._pool.fetchrow(
                _MAKE, fresh.id, session, tenant, retention, month, self._keys.current_id, wrapped
            )
        return self._unwrap(row)

    def _unwrap(self, row: Any) -> DataKey:
        aad = _aad(row["id"], row["session"], row["tenant"], row["retention"], row["month"])
        known = self._known.get(row["id"])
        return known or self._keep(
            self._known, row["id"], self._keys.unwrap(row["id"], row["wrapped"], row["kek_id"], aad)
        )

    @staticmethod
    def _keep(cache: OrderedDict[Any, DataKey], slot: object, key: DataKey) -> DataKey:
        # The first object stays, because it counts what it sealed.
        kept = cache.setdefault(slot, key)
        while len(cache) > _MOST_CACHED:
            cache.popitem(last=False)
        return kept
