"""Rule sets: recognizers, triggers and profiles, read from YAML and proven by their own examples at load."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from masking.profile import Profile


@dataclass(frozen=True, slots=True)
class Recognizer:
    """One way to recognise one kind of identifier."""

    id: str
    identifier: str


@dataclass(frozen=True, slots=True)
class Trigger:
    """A phrase that makes a request worth a reviewer's look."""

    id: str


@dataclass(frozen=True)
class RuleSet:
    """Everything masking needs to know, under one revision."""

    revision: str
    archive: bytes
    recognizers: tuple[Recognizer, ...]
    triggers: tuple[Trigger, ...]
    profiles: Mapping[str, Profile]
    default_profile: str

    @classmethod
    def from_archive(cls, archive: bytes) -> RuleSet:
        """Return the rule set that gave this archive."""
        raise NotImplementedError

    @classmethod
    def from_sources(cls, sources: Mapping[str, bytes]) -> RuleSet:
        """Read rule files (relative name -> YAML) and run every example. Raises RuleError."""
        raise NotImplementedError

    def warm(self) -> None:
        """Run a text through every automaton, so that the first request does not pay for it."""
        raise NotImplementedError
