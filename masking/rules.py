"""Rule sets: recognizers, triggers and profiles, read from YAML and proven by their own examples at load.

A rule set is identified by the digest of its archive, and the archive alone gives it back: a session that pinned its
rules finds them again after a restart, whatever the files say by then.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, cast

from masking.automata import Automaton, compile_pattern
from masking.errors import RuleError
from masking.memory import Memory
from masking.profile import DEFAULT_KEY, MEDIA, NAMES, UNKNOWN, Media, Names, Operator, Profile, Unknown
from masking.readings import Readings
from masking.recognizers import Recognizer, expand, read_recognizer
from masking.scan import Scanner
from masking.segments import Segmenter, lines
from masking.sources import Entry, decode_archive, open_entry, read_sources

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = ["Recognizer", "RuleSet", "Trigger", "read_sources"]

MAX_RECOGNIZERS = 500
MAX_TRIGGERS = 500

_OPERATORS = frozenset(operator.value for operator in Operator)
_WARM_LENGTH = 8192


@dataclass(frozen=True, slots=True)
class Trigger:
    """Phrases that make a request worth a reviewer's look. Matched over whole leaves, in any case."""

    id: str
    patterns: tuple[Automaton, ...]


@dataclass(frozen=True, slots=True)
class Words:
    """Words the engine itself goes by: `held` ones keep their neighbours in one segment, `cues` also what follows them.

    `common` ones are never remembered as names.
    """

    held: tuple[str, ...]
    cues: tuple[str, ...]
    common: tuple[str, ...]


@dataclass(frozen=True)
class RuleSet:
    """Everything masking needs to know, under one revision (`sha256:` and 32 hexadecimal digits)."""

    revision: str
    archive: bytes = field(repr=False)
    recognizers: tuple[Recognizer, ...] = field(repr=False)
    triggers: tuple[Trigger, ...] = field(repr=False)
    profiles: Mapping[str, Profile] = field(repr=False)
    default_profile: str
    words: Words = field(repr=False)

    @classmethod
    def from_archive(cls, archive: bytes) -> RuleSet:
        """Return the rule set that gave this archive. Raises RuleError."""
        try:
            texts = decode_archive(json.loads(archive))
        except ValueError:
            raise RuleError("archive", "not an archive of rule files") from None
        return cls.from_sources({name: text.encode() for name, text in texts.items()})

    @classmethod
    def from_sources(cls, sources: Mapping[str, bytes]) -> RuleSet:
        """Read rule files (relative name -> YAML) and run every example. Raises RuleError."""
        entries = {name: open_entry(name, sources[name]) for name in sorted(sources)}
        words, fragments, lists = _read_words(entries)
        recognizers = _read_recognizers(entries, fragments, lists)
        triggers = _read_triggers(entries)
        profiles, default = _read_profiles(entries)
        archive = json.dumps(
            {name: source.decode() for name, source in sources.items()},
            sort_keys=True,
            separators=(",", ":"),
            ensure_ascii=True,
        ).encode()
        revision = "sha256:" + hashlib.sha256(archive).hexdigest()[:32]
        rules = cls(revision, archive, recognizers, triggers, profiles, default, words)
        for name, entry in entries.items():
            if name.startswith("recognizers/"):
                entry.close()
        for failure in rules.failures():
            raise failure
        return rules

    @cached_property
    def segmenter(self) -> Segmenter:
        """Where texts are cut."""
        return Segmenter(self.words.held, self.words.cues)

    @cached_property
    def _scanners(self) -> dict[str, Scanner]:
        return {}

    def scanner(self, names: Names) -> Scanner:
        """Return the scanner for a profile's way with names."""
        scanner = self._scanners.get(names)
        if scanner is None:
            chosen = [rule for rule in self.recognizers if names == "strict" or not rule.strict]
            scanner = self._scanners[names] = Scanner(chosen, self.words.common)
        return scanner

    @cached_property
    def _readings(self) -> dict[str, Readings]:
        return {}

    def readings(self, names: Names) -> Readings:
        """Return the readings of whole leaves for a profile's way with names."""
        readings = self._readings.get(names)
        if readings is None:
            readings = self._readings.setdefault(names, Readings(self.segmenter, self.scanner(names)))
        return readings

    def profile(self, name: str) -> Profile:
        """Return a profile by name. Raises RuleError if there is none."""
        try:
            return self.profiles[name]
        except KeyError:
            raise RuleError("profiles", "no profile of that name") from None

    def warm(self) -> None:
        """Build the states that requests will use, by reading the rules' own examples and files as if they were leaves.

        A cold automaton builds a state for nearly every character it reads (some 2 ms a KB, measured). Takes 0.3 s.
        """
        examples = "\n\n".join(example.text for rule in self.recognizers for example in rule.examples)
        files: dict[str, str] = json.loads(self.archive)
        for text in (examples, *(file[:_WARM_LENGTH] for file in files.values())):
            runs = [text[start:end] for start, end in self.segmenter.runs(lines(text))]
            for names in NAMES:
                self.scanner(cast("Names", names)).scan(runs, Memory())
            for trigger in self.triggers:
                for pattern in trigger.patterns:
                    pattern.search(text)

    def failures(self) -> Iterator[RuleError]:
        """Run every example and counter-example through its recognizer and yield those that fail."""
        for rule in self.recognizers:
            scanner = Scanner([rule], self.words.common)
            for number, example in enumerate(rule.examples, 1):
                found: list[tuple[int, int]] = []
                for start, end in self.segmenter.runs(lines(example.text)):
                    findings = scanner.scan([example.text[start:end]], Memory())[0]
                    found.extend((f.start + start, f.end + start) for f in findings if f.rule == rule.id)
                if tuple(found) != example.spans:
                    yield RuleError(
                        rule.file, f"example {number} is not matched as marked", rule=rule.id, line=example.line
                    )


def _read_words(entries: Mapping[str, Entry]) -> tuple[Words, dict[str, str], dict[str, tuple[str, ...]]]:
    """Read the definitions and word lists of all recognizer files; names are shared by all of them."""
    fragments: dict[str, str] = {}
    lists: dict[str, tuple[str, ...]] = {}
    for name, entry in entries.items():
        if not name.startswith("recognizers/"):
            continue
        for key, text in entry.mapping("define").items():
            if key in fragments:
                raise entry.error(f"`{key}` is defined twice", "define")
            fragments[key] = text
        for key, text in entry.mapping("words").items():
            lists[key] = (*lists.get(key, ()), *(word.replace("_", " ") for word in text.split()))
    held = {word for key in ("held", "given") for word in lists.get(key, ())} - set(lists.get("common", ()))
    held |= {*lists.get("held", ()), *lists.get("cues", ())}
    common = {*lists.get("common", ()), *lists.get("held", ()), *lists.get("stop", ())}
    return (
        Words(tuple(sorted(held)), tuple(sorted(set(lists.get("cues", ())))), tuple(sorted(common))),
        fragments,
        lists,
    )


def _read_recognizers(
    entries: Mapping[str, Entry], fragments: Mapping[str, str], lists: Mapping[str, tuple[str, ...]]
) -> tuple[Recognizer, ...]:
    recognizers: list[Recognizer] = []
    seen: set[str] = set()
    for name, entry in entries.items():
        if not name.startswith("recognizers/"):
            continue
        for rule in entry.entries("recognizers"):
            if rule.rule in seen:
                raise rule.error("this id is taken")
            seen.add(rule.rule)
            recognizers.append(read_recognizer(rule, fragments, lists))
            if len(recognizers) > MAX_RECOGNIZERS:
                raise rule.error(f"more than {MAX_RECOGNIZERS} recognizers")
    if not recognizers:
        raise RuleError("recognizers", "there are no recognizers")
    return tuple(recognizers)


def _read_triggers(entries: Mapping[str, Entry]) -> tuple[Trigger, ...]:
    entry = entries.get("triggers.yaml")
    if entry is None:
        return ()
    triggers: list[Trigger] = []
    for rule in entry.entries("triggers"):
        if any(trigger.id == rule.rule for trigger in triggers) or len(triggers) >= MAX_TRIGGERS:
            raise rule.error("this id is taken, or there are too many triggers")
        try:
            patterns = tuple(compile_pattern(f"(?i:{expand(text, {}, {})})") for text in rule.strings("patterns"))
        except ValueError as error:
            raise rule.error(str(error), "patterns") from None
        if not patterns:
            raise rule.error("a trigger needs at least one pattern")
        _check_trigger(rule, patterns)
        rule.close()
        triggers.append(Trigger(rule.rule, patterns))
    entry.close()
    return tuple(triggers)


def _check_trigger(rule: Entry, patterns: Iterable[Automaton]) -> None:
    for key, wanted in (("examples", True), ("counter_examples", False)):
        for text in rule.strings(key):
            if any(pattern.search(text) for pattern in patterns) != wanted:
                raise rule.error(f"one of `{key}` {'is not' if wanted else 'is'} matched", key)


def _read_profiles(entries: Mapping[str, Entry]) -> tuple[dict[str, Profile], str]:
    profiles: dict[str, Profile] = {}
    default = ""
    for name, entry in entries.items():
        if name == "triggers.yaml" or name.startswith("recognizers/"):
            continue
        if not name.startswith("profiles/"):
            raise RuleError(name, "not a place for rules: recognizers/, profiles/ or triggers.yaml")
        entry.rule = entry.text("name")
        if entry.rule in profiles:
            raise entry.error("this name is taken", "name")
        if entry.flag("default", default=False):
            if default:
                raise entry.error("another profile is the default already", "default")
            default = entry.rule
        profiles[entry.rule] = Profile(
            name=entry.rule,
            request=_read_operators(entry, "request"),
            response=_read_operators(entry, "response"),
            restore=entry.flag("restore", default=False),
            names=cast("Names", entry.choice("names", NAMES, "strict")),
            unknown=cast("Unknown", entry.choice("unknown", UNKNOWN, "mask")),
            media=cast("Media", entry.choice("media", MEDIA, "review")),
        )
        entry.close()
    if profiles and not default:
        raise RuleError("profiles", "no profile says `default: true`")
    return profiles, default


def _read_operators(entry: Entry, key: str) -> dict[str, Operator]:
    values = entry.mapping(key)
    if DEFAULT_KEY not in values:
        raise entry.error(f"`{key}` needs an operator for `{DEFAULT_KEY}`", key)
    for value in values.values():
        if value not in _OPERATORS:
            raise entry.error(f"operators are {', '.join(sorted(_OPERATORS))}", key)
    return {identifier: Operator(value) for identifier, value in values.items()}
