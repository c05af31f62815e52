"""Triggers: phrases that make a request worth a reviewer's look, whatever was masked in it.

Matched in any case, over whole leaves, so that a stream has none.
"""

from __future__ import annotations

import re  # reads the sources of patterns, never a text
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from masking.automata import MAX_MEM_LARGE, Automaton, compile_pattern
from masking.drafts import expand

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from masking.sources import Entry

MAX_TRIGGERS = 500

_PARTING = "\n\x1e\x85\u2028\u2029"
"""The white space of a view besides spaces: a phrase may be broken over lines. What is beyond ASCII comes last."""

_PLAIN = 2
_SPACE = r"\[ \]|\ "
_PLAIN_PARTS = re.compile(
    rf"(?:{_SPACE}|\\b|\\[dw]|\\[^\w\s]|\[[^\]^\x00-\x20\\\[]+\]|[()|?*+]|\{{\d+(?:,\d*)?\}}|[\w'\"/,;:@#%&=<>~`!-])*"
)
"""A pattern in which nothing but spaces takes white space."""


@dataclass(frozen=True, slots=True)
class Trigger:
    """Patterns, any of which in any case makes its id known to policy."""

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
        """Return the ids of those that match a view (`folding`); white space is one space."""
        if not self._triggers:
            return ()
        every = self._every
        if every is not None and every.search(view) is None:
            return ()  # most texts: making white space one takes longer than this
        shown = _spaced(view)
        if every is None and self._any.search(shown) is None:
            return ()
        return tuple(trigger.id for trigger in self if any(pattern.search(shown) for pattern in trigger.patterns))

    @cached_property
    def _any(self) -> Automaton:
        """All patterns in one, over a text with one space for all white space."""
        sources = [f"(?i:{source})" for trigger in self for source in trigger.sources]
        return compile_pattern("|".join(sources), max_mem=MAX_MEM_LARGE)

    @cached_property
    def _every(self) -> Automaton | None:
        """All patterns in one, over white space as it is; None where one may take white space as something else."""
        sources = [source for trigger in self for source in trigger.sources]
        if not all(map(_PLAIN_PARTS.fullmatch, sources)):
            return None
        widened = (re.sub(_SPACE, f"(?:[ {_PARTING}]+)", source) for source in sources)
        return compile_pattern("|".join(f"(?i:{source})" for source in widened), max_mem=MAX_MEM_LARGE)


def _spaced(view: str) -> str:
    """Return a view with one space for all white space, and none at its ends."""
    for char in _PARTING[:_PLAIN] if view.isascii() else _PARTING:
        if char in view:
            view = " ".join(filter(None, view.split(char)))
    while "  " in view:
        view = view.replace("  ", " ")
    return view.strip(" ")


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
            sources = tuple(expand(text, {}, {}) for text in rule.strings("patterns"))
            patterns = tuple(compile_pattern(f"(?i:{source})") for source in sources)
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
