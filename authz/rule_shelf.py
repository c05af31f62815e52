"""The rule sets in use: the present one, and those that running sessions are pinned to.

A session keeps the rules it began with (design: Conversation), so every rule set that was ever current is kept in the
database and can be read back by a worker that never saw its files.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from typing import TYPE_CHECKING

from authz.errors import GatewayUnavailable
from masking.native import is_native
from masking.rules import RuleSet
from masking.sources import read_sources

if TYPE_CHECKING:
    from pathlib import Path

    from authz.session_store import SessionStore

_log = logging.getLogger("phigate.rules")

SHELF_LENGTH = 8
"""Rule sets held compiled at a time; older ones are read again from the database."""


def read_rule_files(directory: Path) -> RuleSet:
    """Return the rule set of a policies directory. Raises RuleError with file, rule and line; OSError if unreadable."""
    return RuleSet.from_sources(read_sources(directory))


def _read_and_warm(directory: Path) -> RuleSet:
    rules = read_rule_files(directory)
    rules.warm()
    return rules


class RuleShelf:
    """Gives rule sets by revision."""

    def __init__(self, store: SessionStore, directory: Path) -> None:
        self._store = store
        self._directory = directory
        self._sets: OrderedDict[str, RuleSet] = OrderedDict()
        self._current = ""

    @property
    def current(self) -> RuleSet:
        """The rule set that new sessions are pinned to."""
        return self._sets[self._current]

    async def reload(self) -> str:
        """Read the files again and return the revision. A broken file raises and leaves the old rules in place."""
        rules = await asyncio.to_thread(_read_and_warm, self._directory)
        await self._store.keep_rules(rules.revision, rules.archive)
        if not is_native():
            _log.warning("rules: masking runs without its native part, some thirty times slower (phigate doctor)")
        self._sets[rules.revision] = rules
        self._current = rules.revision
        self._trim()
        return rules.revision

    async def get(self, revision: str | None) -> RuleSet:
        """Return the rule set of this revision (None: the present one). Raises `GatewayUnavailable` when it is lost."""
        key = revision or self._current
        rules = self._sets.get(key)
        if rules is None:
            archive = await self._store.rules(key)
            if archive is None:
                raise GatewayUnavailable("the rules that this session is pinned to are not in the database")
            rules = self._sets[key] = await asyncio.to_thread(RuleSet.from_archive, archive)
        self._sets.move_to_end(key)
        self._trim()
        return rules

    def _trim(self) -> None:
        while len(self._sets) > SHELF_LENGTH:
            oldest = next(key for key in self._sets if key != self._current)
            del self._sets[oldest]
