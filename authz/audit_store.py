"""Writing the record: `record` returns when its batch is on disk, and until then nothing it describes may be released.

Group commit: one writer task takes every batch that waits and commits them in one statement, one round trip, one
fsync. A group that the server refuses is repeated batch by batch, so that a bad one fails alone. When the connection is
lost, whether the COMMIT happened is unknown: the same rows are sent again, and their ids make that safe. What is not
durable by the deadline is `RecordUnavailable`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import asyncpg
from sqlalchemy import text

from authz.errors import RecordUnavailable
from authz.keyring import Keyring

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.ext.asyncio import AsyncConnection

    from authz.database import Database
    from authz.records import Batch
    from authz.vault import DataKey, KeyEncryptionKeys

_APPEND = "SELECT append_records($1, $2, $3, $4, $5, $6)"
_GROUP_BATCHES = 512
_GROUP_BYTES = 16 * 2**20
_PASSING = frozenset({"40001", "40P01", "55P03"})
"""SQLSTATEs of a conflict that goes away by itself: serialization, deadlock, lock timeout."""

_log = logging.getLogger("phigate.record")


@dataclass(slots=True)
class Rows:
    """A batch as the database function takes it: lists of composite rows."""

    events: list[tuple[Any, ...]] = field(default_factory=list)
    payloads: list[tuple[Any, ...]] = field(default_factory=list)
    segments: list[tuple[Any, ...]] = field(default_factory=list)
    judged: list[tuple[Any, ...]] = field(default_factory=list)
    memos: list[tuple[Any, ...]] = field(default_factory=list)
    size: int = 0

    @classmethod
    def of(cls, batch: Batch) -> Rows:
        """Return the rows of a batch. Raises `EventRefused` for an event without canonical form."""
        rows = cls(
            [(e.id, e.kind, e.exchange, e.session, e.at_ms, e.canonical()) for e in batch.events],
            [(p.id, p.exchange, p.session, p.kind, p.data_key_id, p.sealed, p.digest) for p in batch.payloads],
            [(s.exchange, s.n, s.data_key_id, s.sealed, s.chain) for s in batch.segments],
            [(j.session, j.digest, j.approval) for j in batch.judged],
            [(m.session, m.thread_digest, m.exchange, m.sealed) for m in batch.memos],
        )
        lists = (rows.events, rows.payloads, rows.segments, rows.judged, rows.memos)
        rows.size = sum(len(cell) for rows_ in lists for row in rows_ for cell in row if isinstance(cell, (bytes, str)))
        return rows

    @classmethod
    def together(cls, many: Iterable[Rows]) -> Rows:
        """Return the rows of several batches in their order."""
        whole = cls()
        for rows in many:
            whole.events += rows.events
            whole.payloads += rows.payloads
            whole.segments += rows.segments
            whole.judged += rows.judged
            whole.memos += rows.memos
            whole.size += rows.size
        return whole

    def __bool__(self) -> bool:
        return bool(self.events or self.payloads or self.segments or self.judged or self.memos)

    def arguments(self) -> tuple[Any, ...]:
        """Return the arguments of `append_records` after the worker."""
        return (self.events, self.payloads, self.segments, self.judged, self.memos)


async def append(connection: AsyncConnection, worker: str, batch: Batch) -> None:
    """Add a batch inside the transaction of `connection`, for a step that must be atomic with it."""
    names = ("events", "payloads", "segments", "judged", "memos")
    arguments = dict(zip(names, Rows.of(batch).arguments(), strict=True))
    statement = text("SELECT append_records(:worker, :events, :payloads, :segments, :judged, :memos)")
    await connection.execute(statement, {"worker": worker, **arguments})


class _Refused(Exception):
    """The server refused the rows, so they are certainly not stored."""

    def __init__(self, reason: str, *, passing: bool) -> None:
        super().__init__(reason)
        self.passing = passing


class _Unclear(Exception):
    """The connection was lost: the rows may be stored or not."""


@dataclass(slots=True, eq=False)
class _Waiting:
    rows: Rows
    done: asyncio.Future[None]
    since: float


@dataclass(frozen=True, slots=True)
class RecorderLag:
    """How far the record is behind: batches and bytes waiting, the age of the oldest, and what was done so far."""

    waiting: int
    waiting_bytes: int
    oldest_seconds: float
    last_commit_seconds: float
    groups: int
    batches: int
    refused: int
    repeated: int


class Recorder:
    """The writer of one worker. `deadline` is how long, in seconds, a batch may stay unclear before it fails."""

    def __init__(
        self,
        database: Database,
        keys: KeyEncryptionKeys,
        *,
        worker: str,
        retention: str = "standard",
        deadline: float = 5.0,
        most_waiting: int = 1024,
        most_waiting_bytes: int = 256 * 2**20,
    ) -> None:
        self._database = database
        self._worker = worker
        self._keyring = Keyring(database, keys)
        self._retention = retention
        self._deadline = deadline
        self._most = (most_waiting, most_waiting_bytes)
        self._queue: deque[_Waiting] = deque()
        self._queued_bytes = 0
        self._wake = asyncio.Event()
        self._room = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._closing = False
        self._connection: Any = None
        self._counts = {"groups": 0, "batches": 0, "refused": 0, "repeated": 0}
        self._last_commit = 0.0

    async def start(self) -> None:
        """Start the writer task."""
        self._task = asyncio.create_task(self._write(), name="record writer")

    async def close(self) -> None:
        """Write what waits, then end. Later batches are `RecordUnavailable`."""
        self._closing = True
        self._wake.set()
        if self._task is not None:
            await self._task

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()

    @property
    def lag(self) -> RecorderLag:
        """How far the record is behind right now."""
        oldest = asyncio.get_running_loop().time() - self._queue[0].since if self._queue else 0.0
        return RecorderLag(len(self._queue), self._queued_bytes, oldest, self._last_commit, **self._counts)

    async def data_key(self, session_id: str, tenant: str, retention: str | None = None) -> DataKey:
        """Return the session's current data key, of this recorder's retention class; its row is durable."""
        return await self._keyring.current(session_id, tenant, retention or self._retention)

    async def record(self, batch: Batch) -> None:
        """Make a batch durable, all of it or nothing.

        Raises `EventRefused` at once for an event without canonical form, and `RecordUnavailable` when the batch was
        refused, when the queue stays full, or when it is not known to be durable by the deadline.
        """
        rows = Rows.of(batch)
        if not rows:
            return
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._deadline):
                while not self._closing and self._full(rows.size):
                    self._room.clear()
                    await self._room.wait()
        except TimeoutError:
            raise RecordUnavailable("the queue of the record is full") from None
        if self._closing or self._task is None or self._task.done():
            raise RecordUnavailable("the recorder does not run")
        waiting = _Waiting(rows, loop.create_future(), loop.time())
        self._queue.append(waiting)
        self._queued_bytes += rows.size
        self._wake.set()
        await waiting.done

    def _full(self, size: int) -> bool:
        batches, most_bytes = self._most
        return len(self._queue) >= batches or (bool(self._queue) and self._queued_bytes + size > most_bytes)

    def _take(self) -> list[_Waiting]:
        group: list[_Waiting] = []
        size = 0
        while self._queue and len(group) < _GROUP_BATCHES:
            if group and size + self._queue[0].rows.size > _GROUP_BYTES:
                break
            waiting = self._queue.popleft()
            size += waiting.rows.size
            self._queued_bytes -= waiting.rows.size
            group.append(waiting)
        self._room.set()
        return group

    async def _write(self) -> None:
        group: list[_Waiting] = []
        try:
            while True:
                group = self._take()
                if group:
                    await self._commit(group, asyncio.get_running_loop().time() + self._deadline)
                elif self._closing:
                    return
                else:
                    self._wake.clear()
                    await self._wake.wait()
        finally:
            for waiting in (*group, *self._queue):
                _settle(waiting, RecordUnavailable("the recorder ended"))
            self._queue.clear()
            self._room.set()
            self._drop()

    async def _commit(self, group: list[_Waiting], deadline: float) -> None:
        """Settle every batch of the group: durable, or failed."""
        loop = asyncio.get_running_loop()
        rows = Rows.together(waiting.rows for waiting in group)
        reason = "no answer by the deadline"
        pause = 0.02
        while loop.time() < deadline:
            begun = loop.time()
            try:
                await self._append(rows, deadline)
            except _Refused as refused:
                if len(group) > 1:
                    for waiting in group:
                        await self._commit([waiting], deadline)
                    return
                reason = str(refused)
                if not refused.passing:
                    break
            except _Unclear as unclear:
                self._counts["repeated"] += 1
                reason = f"unclear: {unclear}"
                _log.warning("record: connection lost during commit (%s), repeating", unclear)
            else:
                self._last_commit = loop.time() - begun
                self._counts["groups"] += 1
                self._counts["batches"] += len(group)
                for waiting in group:
                    _settle(waiting, None)
                return
            await asyncio.sleep(min(pause, max(0.0, deadline - loop.time())))
            pause = min(pause * 2, 0.5)
        self._counts["refused"] += len(group)
        _log.error("record: %d batches not stored (%s)", len(group), reason)
        for waiting in group:
            _settle(waiting, RecordUnavailable(f"not recorded: {reason}"))

    async def _append(self, rows: Rows, deadline: float) -> None:
        """Send one statement, which is one transaction. Raises `_Refused` or `_Unclear`, never with row values."""
        try:
            async with asyncio.timeout_at(deadline):
                if self._connection is None or self._connection.is_closed():
                    self._connection = await self._database.connect()
                await self._connection.execute(_APPEND, self._worker, *rows.arguments(), timeout=None)
        except asyncpg.PostgresError as error:
            # asyncpg's own words may quote a value, so only the SQLSTATE is kept.
            state = error.sqlstate or "?????"
            if state[:2] in {"08", "57"} or self._connection is None or self._connection.is_closed():
                self._drop()
                raise _Unclear(state) from None
            raise _Refused(f"SQLSTATE {state}", passing=state in _PASSING) from None
        except (OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
            # the last one comes when the server dies in the middle of a handshake or an answer
            self._drop()
            raise _Unclear(type(error).__name__) from None
        except Exception as error:  # noqa: BLE001 -- a value that no codec takes fails its own batch, not the writer
            self._drop()
            raise _Refused(type(error).__name__, passing=False) from None

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(Exception):
                connection.terminate()


def _settle(waiting: _Waiting, error: RecordUnavailable | None) -> None:
    if waiting.done.done():  # its caller was cancelled
        return
    if error is None:
        waiting.done.set_result(None)
    else:
        waiting.done.set_exception(error)
