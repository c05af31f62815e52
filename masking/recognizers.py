"""Recognizers: one way each to recognise one kind of identifier, written in YAML and proven by their own examples.

A pattern may name the part to mask with the group `value`; the rest of it is context. `{{name}}` inserts a definition,
`{{list|lower}}`, `{{list|title}}` insert a word list as an alternation. Phrases are patterns over kinds of words
(`masking.phrases`), quicker than patterns and as fit for long lists as for short ones.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from masking import lookahead
from masking.allowed import Letters, allowed
from masking.automata import Automaton, ByteAutomaton, ascii_edition, compile_pattern
from masking.drafts import expand
from masking.evidence import kind_of
from masking.findings import Claim
from masking.folding import fold
from masking.keys import read_keys
from masking.phrase import Phrase
from masking.validators import VALIDATORS
from masking.values import form

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from masking.drafts import Draft
    from masking.evidence import Evidence
    from masking.gazetteers import Gazetteer, Gazetteers
    from masking.phrases import Phrasebook
    from masking.sources import Entry
    from masking.values import Values

CONTEXT_REACH = 48
"""Code points before a value in which a cue of `context` or `unless` counts."""

AFTER_REACH = 24
"""Code points behind a value in which a word of `unless_after` must be the first to speak against it."""

_WORD = re.compile(r"[^\W_]+(?:['-][^\W_]+)*\.?")
_NEXT = re.compile(r"(?:'s?)?[ \n-]{0,4}([^\W\d_]+)")
_YEAR = re.compile(r"(?<![0-9])[0-9]{4}(?![0-9])")
"""Four figures by themselves: no comma of thousands stands before a value that holds them."""
_IDENTIFIER = re.compile(r"[A-Z][A-Z_]{1,23}")
_ID = re.compile(r"[a-z][a-z0-9_.-]{0,63}")
_STRICT_ONLY = "strict"


@dataclass(frozen=True, slots=True)
class Example:
    """A sentence with the values that must be found in it, as `(start, end)`; none for a counter-example."""

    text: str
    spans: tuple[tuple[int, int], ...]
    number: int
    line: int


@dataclass(frozen=True)
class Recognizer:
    """One way to recognise one kind of identifier.

    `requires`: a text without any of these characters is not searched. `context`: one of these cues must stand shortly
    before the value; `unless`: none of these may; `unless_after`: none of these is the next word. `allow` and
    `allow_values`: values that are public by design. `propagate`: the value is looked for in all later text. `strict`:
    applies only where the profile says `names: strict`. `stop`: words at which the value ends (`trim: true`). `among`:
    only what these lists hold of the value counts. `alone`: nothing that looks like more of the same stands beside it.
    `evidence`: a match counts if its clues speak for it, as a word of some kind. `values`: literal ones, whose anchors
    the phrases find; `fields`: keys whose whole value it is. `ascii_patterns` are the ASCII editions of `patterns`.
    """

    file: str
    line: int
    id: str
    identifier: str
    priority: int
    sources: tuple[str, ...]
    patterns: tuple[Automaton, ...]
    ascii_patterns: tuple[ByteAutomaton, ...]
    phrases: tuple[Phrase, ...]
    values: Values | None
    fields: tuple[tuple[str, ...], ...]
    validate: Callable[[str], bool] | None
    requires: str
    context: tuple[str, ...]
    unless: tuple[str, ...]
    unless_after: frozenset[str]
    allow: tuple[Automaton | Letters, ...]
    allow_values: frozenset[str]
    propagate: bool
    strict: bool
    stop: frozenset[str]
    among: Gazetteer | None
    alone: bool
    evidence: tuple[Evidence, str] | None
    examples: tuple[Example, ...]

    @cached_property
    def asks(self) -> bool:
        """Whether a match may be refused."""
        return bool(
            self.moves
            or self.alone
            or self.validate
            or self.context
            or self.unless
            or self.allow_values
            or self.unless_after
            or self.allow
            or self.evidence
        )

    @cached_property
    def moves(self) -> bool:
        """Whether what is found may stand elsewhere than what matched."""
        return bool(self.stop) or self.values is not None or self.among is not None

    def claim(self, start: int, end: int) -> Claim:
        """Return what this recognizer says about a stretch of text."""
        return Claim(start, end, self.identifier, self.id, self.priority)

    def judge(self, text: str, start: int, end: int) -> tuple[int, int] | None:
        """Return where a matched value really stands; None if validator, cues around it or `allow` speak against it."""
        if self.moves:
            moved = self._moved(text, start, end)
            if moved is None:
                return None
            start, end = moved
        if self.alone and (_goes_on(text, start - 1, -1, start, end) or _goes_on(text, end, 1, start, end)):
            return None
        value = text[start:end]
        if self.validate is not None and not self.validate(value):
            return None
        if self.context or self.unless:
            before = text[max(0, start - CONTEXT_REACH) : start].lower()
            if self.context and not any(cue in before for cue in self.context):
                return None
            if any(cue in before for cue in self.unless):
                return None
        if self.allow_values and form(value) in self.allow_values:
            return None
        if self.unless_after:
            first = _NEXT.match(text, end, end + AFTER_REACH)
            if first is not None and first[1].lower() in self.unless_after:
                return None
        if self.allow and any(pattern.fullmatch(value) for pattern in self.allow):
            return None
        if self.evidence is not None:
            evidence, kind = self.evidence
            if not evidence.speaks_for(text, start, end, kind):
                return None
        return start, end

    def _moved(self, text: str, start: int, end: int) -> tuple[int, int] | None:
        """Return where a matched value really stands, by stop words, literal values and lists; None if nowhere."""
        if self.stop:
            start, end = self._trimmed(text, start, end)
        found: tuple[int, int] | None = (start, end)
        if self.values is not None and start < end:
            found = self.values.around(text, start, end)
        if self.among is not None and found is not None:
            found = self.among.longest(text, *found)
        return found if found is not None and found[0] < found[1] else None

    def _trimmed(self, text: str, start: int, end: int) -> tuple[int, int]:
        """Return the part from the first word that is no stop word to the next one; empty if only initials stay."""
        kept: list[tuple[int, int]] = []
        for match in _WORD.finditer(text, start, end):
            if match[0].lower().rstrip(".") not in self.stop or len(match[0].rstrip(".")) == 1:
                kept.append(match.span())
            elif kept:
                break
        if not any(right - left > 2 for left, right in kept):  # noqa: PLR2004 (an initial with its dot)
            return end, end
        return kept[0][0], kept[-1][1]


def _goes_on(text: str, at: int, step: int, start: int, end: int) -> bool:
    """Say whether the value at `[start, end)` goes on at the place beside it, as in `1.2.2024.5` or `x3/4`."""
    if not 0 <= at < len(text):
        return False
    beside, beyond = text[at], text[at + step] if 0 <= at + step < len(text) else " "
    if beside.isalnum():
        if beside.lower() == beside.upper() and not beside.isdigit():
            return False  # scripts without capitals write no spaces either
        return not (beside == "T" and step > 0 and beyond.isdigit())
    if beside in "./-" and beside in text[start:end]:
        return beyond.isalnum() and (beside != "." or beyond.isdigit())
    if beside == "," and _YEAR.search(text[start:end]):
        return False
    return beside in "_%" or (beside in ".," and step < 0 and beyond.isdigit())


def read_recognizer(
    draft: Draft,
    fragments: Mapping[str, str],
    gazetteers: Gazetteers,
    evidence: Mapping[str, Evidence],
    book: Phrasebook,
) -> Recognizer:
    """Read one recognizer; `evidence`: that of each file. Raises RuleError."""
    entry, values, fields, lists = draft.entry, draft.values, draft.fields, gazetteers.lists
    if not _ID.fullmatch(entry.rule):
        raise entry.error("`id` must be lower-case letters, digits, dots, dashes", "id")
    identifier = entry.text("identifier")
    if not _IDENTIFIER.fullmatch(identifier):
        raise entry.error("`identifier` must be upper-case letters and underscores", "identifier")
    sources, has_phrases = entry.strings("patterns"), bool(entry.strings("phrases"))
    if not sources and not has_phrases and not fields and values is None:
        raise entry.error("a recognizer needs at least one of `patterns`, `phrases`, `values` and `fields`")
    if entry.has("values") and (sources or has_phrases or fields):
        raise entry.error("`values` stand in a rule of their own", "values")
    validator = (
        entry.choice("validator", frozenset(VALIDATORS), next(iter(VALIDATORS))) if entry.has("validator") else ""
    )
    try:
        expanded = tuple(expand(source, fragments, lists) for source in sources)
        patterns = tuple(compile_pattern(source) for source in expanded)
    except ValueError as error:
        raise entry.error(str(error), "patterns") from None
    try:
        parts = [book.pieces(*pieces) for pieces in draft.phrases]
        parts += [(one,) for keys in fields for one in read_keys(keys, book)]
        tapes = tuple(map(Phrase, parts))
    except ValueError as error:
        raise entry.error(str(error), "phrases") from None
    if any(set(pattern.groupindex) - {"value"} for pattern in patterns):
        raise entry.error("the only group name is `value`", "patterns")
    try:
        allow = tuple(allowed(expand(source, fragments, lists)) for source in entry.strings("allow"))
    except ValueError as error:
        raise entry.error(str(error), "allow") from None
    recognizer = Recognizer(
        file=entry.file,
        line=entry.line,
        id=entry.rule,
        identifier=identifier,
        priority=entry.integer("priority", 50, 0, 100),
        sources=expanded,
        patterns=patterns,
        ascii_patterns=tuple(map(ascii_edition, expanded, patterns)),
        phrases=tapes,
        values=values,
        fields=fields,
        validate=VALIDATORS[validator] if validator else None,
        requires=entry.text("requires", ""),
        context=tuple(cue.lower() for cue in entry.strings("context")),
        unless=tuple(cue.lower() for cue in entry.strings("unless")),
        unless_after=frozenset(word.lower() for words in entry.strings("unless_after") for word in words.split()),
        allow=allow,
        allow_values=frozenset(form(fold(value)) for value in entry.strings("allow_values")),
        propagate=entry.flag("propagate", default=False),
        stop=frozenset(lists.get("stop", ())) if entry.flag("trim", default=False) else frozenset(),
        among=_gazetteer(entry, gazetteers),
        alone=entry.flag("alone", default=False),
        evidence=_evidence(entry, evidence),
        strict=entry.choice("names", frozenset({_STRICT_ONLY, "all"}), "all") == _STRICT_ONLY,
        examples=tuple(
            [_example(entry, *example, wanted=True) for example in entry.numbered("examples")]
            + [_example(entry, *example, wanted=False) for example in entry.numbered("counter_examples")]
        ),
    )
    try:
        for source, pattern in zip(expanded, patterns, strict=True):
            lookahead.check(source, pattern, (example.text for example in recognizer.examples))
    except ValueError as error:
        raise entry.error(str(error), "patterns") from None
    entry.close()
    if not any(example.spans for example in recognizer.examples):
        raise entry.error("a recognizer needs at least one example")
    return recognizer


def _gazetteer(entry: Entry, gazetteers: Gazetteers) -> Gazetteer | None:
    names = entry.strings("among")
    try:
        return gazetteers.of(names) if names else None
    except KeyError as unknown:
        raise entry.error(f"no word list `{unknown.args[0]}`", "among") from None


def _evidence(entry: Entry, files: Mapping[str, Evidence]) -> tuple[Evidence, str] | None:
    if not entry.has("evidence"):
        return None
    try:
        file, kind = kind_of(entry.text("evidence"))
    except ValueError as error:
        raise entry.error(str(error), "evidence") from None
    if file not in files:
        raise entry.error(f"no file `evidence/{file}.txt`", "evidence")
    if kind not in files[file].points:
        raise entry.error(f"`evidence/{file}.txt` has no points for `{kind}`", "evidence")
    return files[file], kind


def _example(entry: Entry, number: int, marked: str, line: int, *, wanted: bool) -> Example:
    """Read an example; `[[` and `]]` stand around the values that must be found."""
    text, spans, rest = "", [], marked
    while "[[" in rest:
        before, _, rest = rest.partition("[[")
        value, closed, rest = rest.partition("]]")
        if not closed:
            raise entry.error(f"example {number} opens `[[` and does not close it", line)
        text += before
        spans.append((len(text), len(text) + len(value)))
        text += value
    if wanted and not spans:
        raise entry.error(f"example {number} marks no value with [[ ]]", line)
    if spans and not wanted:
        raise entry.error(f"counter-example {number} marks a value", line)
    return Example(text + rest, tuple(spans), number, line)
