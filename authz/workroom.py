"""Where parsing and masking run: small bodies at once, heavy ones in processes of their own.

The event loop serves every stream of a worker, so nothing heavy may run on it (envoy-facts: a blocked loop still
answers keepalives). A heavy body is parsed and masked in a pool process; the pool's processes die with the worker.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any, TypeVar

from authz.errors import GatewayUnavailable
from authz.lineage import die_with_parent
from masking.request import mask_request, outline
from masking.rules import RuleSet

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from masking.request import MaskedRequest, Outline

T = TypeVar("T")

_rule_sets: dict[str, RuleSet] = {}


def _load(archive: bytes) -> None:
    rules = RuleSet.from_archive(archive)
    rules.warm()
    _rule_sets[rules.revision] = rules


def _outline(body: bytes, limit: int) -> Outline:
    return outline(body, limit=limit)


def _mask(
    body: bytes,
    revision: str,
    archive: bytes | None,
    profile: str,
    key: bytes,
    new_units: frozenset[int],
    memos: Mapping[tuple[int, str], str],
) -> MaskedRequest | None:
    """Mask in a pool process; None asks for the archive of rules it has not seen."""
    rules = _rule_sets.get(revision)
    if rules is None:
        if archive is None:
            return None
        if len(_rule_sets) >= 4:  # noqa: PLR2004  a process keeps the few rule sets that live sessions use
            _rule_sets.clear()
        rules = _rule_sets[revision] = RuleSet.from_archive(archive)
    return mask_request(body, rules, rules.profiles[profile], key, new_units=new_units, memos=memos)


class Workroom:
    """Runs the pure work of `masking`. `heavy_bytes` is the body size from which a pool process takes it."""

    def __init__(self, *, heavy_bytes: int, processes: int, max_body_bytes: int) -> None:
        self._heavy_bytes = heavy_bytes
        self._processes = processes
        self._max_body_bytes = max_body_bytes
        self._pool: ProcessPoolExecutor | None = None
        self._preparing: set[asyncio.Future[None]] = set()

    def prepare(self, rules: RuleSet) -> None:
        """Start the pool and have a process load these rules, so that the first heavy body does not wait for it."""
        if self._processes > 0:
            for _ in range(self._processes):
                task = asyncio.ensure_future(self._away(_load, rules.archive))
                self._preparing.add(task)
                task.add_done_callback(self._prepared)

    def _prepared(self, task: asyncio.Future[None]) -> None:
        self._preparing.discard(task)
        if not task.cancelled():
            task.exception()  # a pool that does not start shows itself at the first heavy body

    async def outline(self, body: bytes) -> Outline:
        """Return the facts of a body. Raises MaskingError."""
        if not self._heavy(body):
            return outline(body, limit=self._max_body_bytes)
        return await self._away(_outline, body, self._max_body_bytes)

    async def mask(
        self,
        body: bytes,
        rules: RuleSet,
        profile: str,
        key: bytes,
        new_units: frozenset[int],
        memos: Mapping[tuple[int, str], str],
    ) -> MaskedRequest:
        """Return the masked request. Raises MaskingError."""
        chosen = rules.profiles.get(profile)
        if chosen is None:
            raise GatewayUnavailable("the policy names a masking profile that the rules do not have")
        if not self._heavy(body):
            return mask_request(body, rules, chosen, key, new_units=new_units, memos=memos)
        masked = await self._away(_mask, body, rules.revision, None, profile, key, new_units, memos)
        if masked is None:
            masked = await self._away(_mask, body, rules.revision, rules.archive, profile, key, new_units, memos)
        if masked is None:
            raise GatewayUnavailable("a pool process did not take the rules")
        return masked

    def _heavy(self, body: bytes) -> bool:
        return self._processes > 0 and len(body) >= self._heavy_bytes

    async def _away(self, work: Callable[..., T], *arguments: Any) -> T:
        if self._pool is None:
            # spawn: a forked child of a process with gRPC threads can hang
            self._pool = ProcessPoolExecutor(
                self._processes, mp_context=get_context("spawn"), initializer=die_with_parent
            )
        pool = self._pool
        try:
            return await asyncio.get_running_loop().run_in_executor(pool, work, *arguments)
        except BrokenProcessPool as broken:
            if self._pool is pool:
                self._pool = None
                pool.shutdown(wait=False, cancel_futures=True)
            raise GatewayUnavailable("a masking process ended unexpectedly") from broken

    def close(self) -> None:
        """End the pool's processes."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None
