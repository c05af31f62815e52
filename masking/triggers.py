"""Triggers: phrases that make a request worth a reviewer's look, whatever was masked in it.

Matched in any case, over whole leaves, so that a stream has none.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from masking.automata import MAX_MEM_LARGE, Automaton, compile_pattern
from masking.recognizers import expand

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from masking.sources import Entry

MAX_TRIGGERS = 500


@dataclass(frozen=True, slots=True)
class Trigger:
    """Patterns, any of which makes its id known to policy."""

    id: str
    sources: tuple[str, ...]
    patterns: tuple[Automaton, ...]


class Triggers:
    """The triggers of a rule set, in the order of their file."""

    def __init__(self, triggers: Iterable[Trigger]) -> None:
        self._triggers = tuple(triggers)

    def __iter__(self) -> Iterator[Trigger]:
        return iter(self._triggers)

    def __len__(self) -> int:
        return len(self._triggers)

    def matching(self, view: str) -> tuple[str, ...]:
        """Return the ids of those that match a view (`folding`)."""
        if not self._triggers or self._any.search(view) is None:
            return ()
        return tuple(trigger.id for trigger in self if any(pattern.search(view) for pattern in trigger.patterns))

    @cached_property
    def _any(self) -> Automaton:
        """All patterns in one: few texts match any."""
        sources = [f"(?:{source})" for trigger in self for source in trigger.sources]
        return compile_pattern("|".join(sources), max_mem=MAX_MEM_LARGE)


def read_triggers(entries: Mapping[str, Entry]) -> Triggers:
    """Read `triggers.yaml` of some rule files, if it is among them. Raises RuleError."""
    entry = entries.get("triggers.yaml")
    if entry is None:
        return Triggers(())
    triggers: list[Trigger] = []
    for rule in entry.entries("triggers"):
        if any(trigger.id == rule.rule for trigger in triggers) or len(triggers) >= MAX_TRIGGERS:
            raise rule.error("this id is taken, or there are too many triggers")
        try:
            sources = tuple(f"(?i:{expand(text, {}, {})})" for text in rule.strings("patterns"))
            patterns = tuple(map(compile_pattern, sources))
        except ValueError as error:
            raise rule.error(str(error), "patterns") from None
        if not patterns:
            raise rule.error("a trigger needs at least one pattern")
        _check_trigger(rule, patterns)
        rule.close()
        triggers.append(Trigger(rule.rule, sources, patterns))
    entry.close()
    return Triggers(triggers)


def _check_trigger(rule: Entry, patterns: Iterable[Automaton]) -> None:
    for key, wanted in (("examples", True), ("counter_examples", False)):
        for text in rule.strings(key):
            if any(pattern.search(text) for pattern in patterns) != wanted:
                raise rule.error(f"one of `{key}` {'is not' if wanted else 'is'} matched", key)
