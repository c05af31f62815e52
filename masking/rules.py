"""Rule sets: recognizers, triggers and profiles, read from YAML and proven by their own examples at load.

A rule set is identified by the digest of its archive, and the archive alone gives it back: a session that pinned its
rules finds them again after a restart, whatever the files say by then.
"""

from __future__ import annotations

import gc
import hashlib
import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate, chain
from typing import TYPE_CHECKING

from masking import native
from masking.drafts import Definitions, Draft, read_draft
from masking.errors import RuleError
from masking.evidence import FOLDER, SUFFIX, read_evidence
from masking.examples import failures
from masking.gazetteers import Gazetteers, parts
from masking.keys import key_phrase
from masking.lexicon import SITE, Lexicon, PlainWords
from masking.lists import WordList
from masking.matcher import Matcher
from masking.memory import Memory
from masking.phrase import PhraseRefused
from masking.phrases import Phrasebook, count_tokens, lists_of, literals, tokens_of
from masking.profile import read_profiles
from masking.reading import Reading
from masking.recognizers import Recognizer, read_recognizer
from masking.scan import Scanner, Searcher, ranked
from masking.sources import Entry, decode_archive, open_entry, read_sources, read_word_list
from masking.tape_search import TapeSearcher
from masking.triggers import Trigger, read_triggers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from masking.evidence import Evidence
    from masking.profile import Names, Profile
    from masking.triggers import Triggers

__all__ = ["Recognizer", "RuleSet", "Trigger", "read_sources"]

MAX_RECOGNIZERS = 1000


@dataclass(frozen=True)
class RuleSet:
    """Everything masking needs to know, under one revision (`sha256:` and 32 hexadecimal digits)."""

    revision: str
    archive: bytes = field(repr=False)
    recognizers: tuple[Recognizer, ...] = field(repr=False)
    triggers: Triggers = field(repr=False)
    profiles: Mapping[str, Profile] = field(repr=False)
    default_profile: str
    lexicon: Lexicon = field(repr=False)
    forgotten: PlainWords = field(repr=False)
    searcher: Searcher = field(repr=False)
    proved: bool = field(default=False, repr=False, compare=False)
    """Whether the examples were run on these very automata, which then have the states that `warm` would make."""

    @classmethod
    def from_archive(cls, archive: bytes) -> RuleSet:
        """Return the rule set that gave this archive. Raises RuleError."""
        try:
            texts = decode_archive(json.loads(archive))
        except ValueError:
            raise RuleError("archive", "not an archive of rule files") from None
        return cls.from_sources({name: text.encode() for name, text in texts.items()}, proven=True)

    @classmethod
    def from_sources(cls, sources: Mapping[str, bytes], *, proven: bool = False) -> RuleSet:
        """Read rule files (relative name -> YAML) and run every example, unless they are proven. Raises RuleError."""
        with _no_collection():
            return cls._read(sources, proven=proven)

    @classmethod
    def _read(cls, sources: Mapping[str, bytes], *, proven: bool) -> RuleSet:
        entries = {name: open_entry(name, sources[name]) for name in sorted(sources) if name.endswith(".yaml")}
        fragments, lists = _read_words(entries, sources)
        holders = [entry for name, entry in entries.items() if _holds_rules(name)]
        definitions = Definitions(fragments)
        drafts = [read_draft(rule, definitions) for entry in holders for rule in entry.entries("recognizers")]
        tokens = _tokens_in(drafts)
        lexicon = _read_lexicon(holders, lists, drafts, tokens)
        book = Phrasebook(lexicon)
        _ask_phrases(drafts, tokens, book)
        try:
            book.kinds.seal()
        except ValueError as error:
            raise RuleError("recognizers", str(error)) from None
        evidence = _read_evidence(sources)
        recognizers = _read_recognizers(drafts, fragments, lists, evidence, book)
        forgotten = PlainWords(lists.get("forgotten", WordList()))
        searcher = _searcher(drafts, lexicon, book, recognizers, forgotten, proven=proven)
        triggers = read_triggers(entries)
        profiles, default = read_profiles(entries)
        archive = json.dumps(
            {name: source.decode() for name, source in sources.items()},
            sort_keys=True,
            separators=(",", ":"),
            ensure_ascii=True,
        ).encode()
        revision = "sha256:" + hashlib.sha256(archive).hexdigest()[:32]
        rules = cls(
            revision, archive, recognizers, triggers, profiles, default, lexicon, forgotten, searcher, proved=not proven
        )
        for entry in holders:
            entry.close()
        for failure in () if proven else failures(rules):
            raise failure
        return rules

    @cached_property
    def _ranked(self) -> list[Recognizer]:
        return ranked(self.recognizers)

    @cached_property
    def _firsts(self) -> list[int]:
        """The number of the first phrase of each of the ranked recognizers, and of all phrases."""
        return list(accumulate((len(rule.phrases) for rule in self._ranked), initial=0))

    @cached_property
    def _owners(self) -> list[Recognizer]:
        return [rule for rule in self._ranked for _ in rule.phrases]

    @cached_property
    def _places(self) -> dict[str, int]:
        return {rule.id: place for place, rule in enumerate(self._ranked)}

    @cached_property
    def _scanners(self) -> dict[str, Scanner]:
        return {}

    def scanner(self, names: Names) -> Scanner:
        """Return the scanner for a profile's way with names."""
        scanner = self._scanners.get(names)
        if scanner is None:
            count = sum(names == "strict" or not recognizer.strict for recognizer in self._ranked)
            scanner = self._scanners[names] = self._scanner_of(0, count)
        return scanner

    def scanner_of(self, rule: Recognizer) -> Scanner:
        """Return a scanner of one rule alone."""
        place = self._places[rule.id]
        return self._scanner_of(place, place + 1)

    def _scanner_of(self, start: int, stop: int) -> Scanner:
        """Return a scanner of some of the ranked recognizers."""
        phrases = range(self._firsts[start], self._firsts[stop])
        return Scanner(self.searcher, self._owners, self._ranked[start:stop], phrases, self.forgotten)

    def profile(self, name: str) -> Profile:
        """Return a profile by name. Raises RuleError if there is none."""
        try:
            return self.profiles[name]
        except KeyError:
            raise RuleError("profiles", "no profile of that name") from None

    def warm(self) -> None:
        """Build states that requests will use, by reading the first example of each rule as if they were a leaf.

        A cold automaton makes a state for nearly every word it reads. All examples instead of the first would make the
        first requests up to a tenth faster: 4 ms less for the first 120 KB, for 60 ms more here (measured). Rules that
        proved their examples are warm by that: the first 300 texts take as long (0.37 to 0.39 s each way).
        """
        scanner = self.scanner("strict")
        if self.proved:
            return
        examples = "\n\n".join(rule.examples[0].text for rule in self.recognizers)
        reading = Reading(scanner, examples)
        reading.findings(reading.zones, Memory())
        self.triggers.matching(examples)


@contextmanager
def _no_collection() -> Iterator[None]:
    """Keep the garbage collector from walking over what is being built: a third of the time to load (measured).

    Nor is it walked over at once when that is done: it counts as old.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on and not gc.get_freeze_count():
            gc.freeze()
            gc.unfreeze()
        if was_on:
            gc.enable()


def _read_words(
    entries: Mapping[str, Entry], sources: Mapping[str, bytes]
) -> tuple[dict[str, str], dict[str, WordList]]:
    """Read the definitions and word lists of all recognizer files; names are shared by all of them.

    `+other` among the words of a list is all of another list, which has no such words itself.
    """
    fragments: dict[str, str] = {}
    lists: dict[str, WordList] = {}
    for name in sorted(sources):
        if name.startswith("words/"):
            lists[name.removeprefix("words/").removesuffix(".txt")] = read_word_list(name, sources[name])
    included: list[tuple[Entry, str, str]] = []
    for name, entry in entries.items():
        if not _holds_rules(name):
            continue
        for key, text in entry.mapping("define").items():
            if key in fragments:
                raise entry.error(f"`{key}` is defined twice", "define")
            fragments[key] = text
        for key, text in entry.mapping("words").items():
            words = text.split()
            included.extend((entry, key, word[1:]) for word in words if word[0] == "+")
            own = WordList(word.replace("_", " ") for word in words if word[0] != "+")
            lists[key] = lists.get(key, WordList()) + own
    for entry, key, other in included:
        if other not in lists:
            raise entry.error(f"no word list `{other}`", "words")
        lists[key] += lists[other]
    rules = b"\n".join(source for name, source in sources.items() if _holds_rules(name))
    for name in [name for name, words in lists.items() if " " in words.lines]:
        if f"{name}_words".encode() in rules:  # the most words are in lists of which nobody asks that
            lists[f"{name}_words"] = WordList(parts(lists[name]))
    return fragments, lists


def _read_evidence(sources: Mapping[str, bytes]) -> dict[str, Evidence]:
    """Read all files of clues, by the names that rules know them under. Raises RuleError."""
    files = [name for name in sources if name.startswith(FOLDER) and name.endswith(SUFFIX)]
    found = [read_evidence(name, sources[name]) for name in sorted(files)]
    return {evidence.name: evidence for evidence in found}


def _holds_rules(name: str) -> bool:
    return name.startswith("recognizers/")


def _tokens_in(drafts: Iterable[Draft]) -> Mapping[str, int]:
    """Return how often each token stands in the phrases of all drafts. Raises RuleError."""
    try:
        return count_tokens(phrase for draft in drafts for phrase in _phrases_of(draft))
    except ValueError as error:
        blamed = next(draft for draft in drafts if not _is_readable(draft))
        raise blamed.entry.error(str(error), "phrases") from None


def _is_readable(draft: Draft) -> bool:
    try:
        tokens_of(_phrases_of(draft))
    except ValueError:
        return False
    return True


def _read_lexicon(
    holders: Iterable[Entry], lists: Mapping[str, WordList], drafts: Iterable[Draft], tokens: Iterable[str]
) -> Lexicon:
    """Return the lexicon of all lists that phrases, whose tokens are given, or the engine ask for."""
    settings: dict[str, str] = {}
    asked: dict[str, WordList] = {}
    for entry in holders:
        settings |= entry.mapping("lexicon")
    for draft in drafts:
        if draft.values is not None:
            site = SITE + draft.entry.rule
            asked[site] = WordList(draft.values.anchors)
            asked[f"{site} words"] = WordList(draft.values.words - draft.values.anchors)
    asked |= {"=" + word: WordList((word,)) for word in literals(tokens)}
    asked |= {term: lists[term] for term in lists_of(tokens) if term in lists}
    vocabulary, proper = (frozenset(settings.get(key, "").split()) for key in ("vocabulary", "proper"))
    endings = {
        key.removeprefix("endings_"): tuple(text.split())
        for key, text in settings.items()
        if key.startswith("endings_")
    }
    for name in (*vocabulary, *endings, *settings.get("active", "").split()):
        asked[name] = lists.get(name, WordList())
    try:
        return Lexicon(asked, vocabulary, proper, endings, settings.get("quiet", "").split())
    except ValueError as error:
        raise RuleError("recognizers", str(error)) from None


def _phrases_of(draft: Draft) -> Iterator[str]:
    """Yield the pieces of the phrases of a draft, and the phrases of its fields."""
    yield from chain.from_iterable(draft.phrases)
    for path in draft.fields:
        yield from map(key_phrase, path)


def _ask_phrases(drafts: Sequence[Draft], tokens: Mapping[str, int], book: Phrasebook) -> None:
    """Let the book know which words phrases tell apart. Raises RuleError."""
    for token, times in tokens.items():
        try:
            book.ask(token, times)
        except ValueError as error:
            rule = next(draft.entry for draft in drafts if token in tokens_of(_phrases_of(draft)))
            raise rule.error(str(error), "phrases") from None


def _read_recognizers(
    drafts: Iterable[Draft],
    fragments: Mapping[str, str],
    lists: Mapping[str, WordList],
    evidence: Mapping[str, Evidence],
    book: Phrasebook,
) -> tuple[Recognizer, ...]:
    recognizers: list[Recognizer] = []
    gazetteers = Gazetteers(lists)
    seen: set[str] = set()
    for draft in drafts:
        rule = draft.entry
        if rule.rule in seen:
            raise rule.error("this id is taken")
        seen.add(rule.rule)
        recognizers.append(read_recognizer(draft, fragments, gazetteers, evidence, book))
        if len(recognizers) > MAX_RECOGNIZERS:
            raise rule.error(f"more than {MAX_RECOGNIZERS} recognizers")
    if not recognizers:
        raise RuleError("recognizers", "there are no recognizers")
    return tuple(recognizers)


def _searcher(
    drafts: Iterable[Draft],
    lexicon: Lexicon,
    book: Phrasebook,
    recognizers: Sequence[Recognizer],
    forgotten: PlainWords,
    *,
    proven: bool,
) -> Searcher:
    """Return what finds the phrases of recognizers: native code where it was built, else RE2. Raises RuleError."""
    order = ranked(recognizers)
    try:
        if native.library is None:
            return TapeSearcher(lexicon, order, proven=proven)
        return Matcher(lexicon, book, order, forgotten)
    except PhraseRefused as refused:
        entry = next(draft.entry for draft in drafts if draft.entry.rule == refused.recognizer.id)
        raise entry.error(refused.reason, "phrases") from None
