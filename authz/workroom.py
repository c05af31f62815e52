"""Where parsing and masking run: small bodies at once, heavy ones in processes of their own.

The event loop serves every stream of a worker, so nothing heavy may run on it (envoy-facts: a blocked loop still
answers keepalives). A heavy body is parsed and masked in a pool process; the pool's processes die with the worker.
"""

from __future__ import annotations

import asyncio
import gc
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any, TypeVar

from authz.errors import GatewayUnavailable
from authz.lineage import die_with_parent
from masking.request import mask_request, outline
from masking.response import ResponseMasker
from masking.rules import RuleSet

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from masking.memory import Memory
    from masking.request import MaskedRequest, Outline, Plan
    from masking.response import ResponseResult

T = TypeVar("T")

MOST_RULE_SETS = 4
"""A process keeps the few rule sets that live sessions use."""

_rule_sets: dict[str, RuleSet] = {}


def _load(archive: bytes) -> None:
    rules = _keep(archive)
    rules.warm()


def _keep(archive: bytes) -> RuleSet:
    """Load rules and keep them out of the collector's way: walking them took a third of a heavy body's time."""
    rules = RuleSet.from_archive(archive)
    _rule_sets[rules.revision] = rules
    gc.unfreeze()  # rules that were let go of may go
    gc.collect()
    gc.freeze()
    return rules


def _outline(body: bytes, limit: int) -> Outline:
    return outline(body, limit=limit)


def _mask(rules: RuleSet, profile: str, body: bytes, key: bytes, **more: Any) -> MaskedRequest:
    return mask_request(body, rules, rules.profiles[profile], key, **more)


def _unmask(
    rules: RuleSet, profile: str, body: bytes, key: bytes, *, memory: Memory, restorations: Mapping[str, str]
) -> ResponseResult:
    return ResponseMasker(rules, rules.profiles[profile], key, memory, restorations).message(body)


def _in_pool(work: Callable[..., T], revision: str, archive: bytes | None, *arguments: Any, **more: Any) -> T | None:
    """Do the work in a pool process; None asks for the archive of rules it has not seen."""
    rules = _rule_sets.get(revision)
    if rules is None:
        if archive is None:
            return None
        if len(_rule_sets) >= MOST_RULE_SETS:
            _rule_sets.clear()
        rules = _keep(archive)
    return work(rules, *arguments, **more)


class Workroom:
    """Runs the pure work of `masking`. `heavy_bytes` is the body size from which a pool process takes it."""

    def __init__(self, *, heavy_bytes: int, processes: int, max_body_bytes: int) -> None:
        self._heavy_bytes = heavy_bytes
        self._processes = processes
        self._max_body_bytes = max_body_bytes
        self._turn = asyncio.Lock()
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
            return await self._here(lambda: outline(body, limit=self._max_body_bytes))
        return await self._away(_outline, body, self._max_body_bytes)

    async def mask(
        self,
        body: bytes,
        rules: RuleSet,
        profile: str,
        key: bytes,
        *,
        new_units: frozenset[int],
        echoed: frozenset[int],
        memos: Mapping[tuple[int, str], str],
        arranged: Plan | None = None,
    ) -> MaskedRequest:
        """Return the masked request; `arranged` saves reading its body again. Raises MaskingError."""
        more: dict[str, Any] = {"new_units": new_units, "echoed": echoed, "memos": memos}
        if not self._heavy(body):  # a document does not travel
            more["arranged"] = arranged
        return await self._under(_mask, rules, profile, body, key, **more)

    async def unmask(
        self, body: bytes, rules: RuleSet, profile: str, key: bytes, masked: MaskedRequest
    ) -> ResponseResult:
        """Return the masked answer to a masked request. Raises MaskingError."""
        return await self._under(
            _unmask, rules, profile, body, key, memory=masked.memory, restorations=masked.restorations
        )

    async def _under(
        self, work: Callable[..., T], rules: RuleSet, profile: str, body: bytes, key: bytes, **more: Any
    ) -> T:
        if profile not in rules.profiles:
            raise GatewayUnavailable("the policy names a masking profile that the rules do not have")
        if not self._heavy(body):
            return await self._here(lambda: work(rules, profile, body, key, **more))
        for archive in (None, rules.archive):
            call = partial(_in_pool, work, rules.revision, archive, profile, body, key, **more)
            done: T | None = await self._away(call)
            if done is not None:
                return done
        raise GatewayUnavailable("a pool process did not take the rules")

    def _heavy(self, body: bytes) -> bool:
        return self._processes > 0 and len(body) >= self._heavy_bytes

    async def _here(self, work: Callable[[], T]) -> T:
        """Do light work on the loop, a piece at a time: between two pieces everything else gets its turn.

        Thirty-two requests masked in one turn of the loop would make answers of OPA that are long here look late.
        """
        async with self._turn:
            done = work()
            await asyncio.sleep(0)
        return done

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
