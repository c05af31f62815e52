"""Recognizers: one way each to recognise one kind of identifier, written in YAML and proven by their own examples.

A pattern may name the part to mask with the group `value`; the rest of it is context. `{{name}}` inserts a definition,
`{{list|lower}}`, `{{list|title}}` insert a word list as an alternation. Phrases are patterns over kinds of words
(`masking.phrases`), quicker than patterns and as fit for long lists as for short ones.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from masking.automata import Automaton, ByteAutomaton, TapeAutomaton, ascii_edition, compile_pattern, compile_tape
from masking.validators import VALIDATORS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from masking.phrases import Phrasebook
    from masking.sources import Entry

CONTEXT_REACH = 48
"""Code points before a value in which a cue of `context` or `unless` counts."""

_INSERTION = re.compile(r"\{\{([a-z_]+)(?:\|(lower|title))?\}\}")
_WORD = re.compile(r"[^\W_]+(?:['-][^\W_]+)*\.?")
_IDENTIFIER = re.compile(r"[A-Z][A-Z_]{1,23}")
_ID = re.compile(r"[a-z][a-z0-9_.-]{0,63}")
_DEPTH = 8
_MAX_SOURCE = 400_000
_STRICT_ONLY = "strict"


@dataclass(frozen=True, slots=True)
class Example:
    """A sentence with the values that must be found in it, as `(start, end)`; none for a counter-example."""

    text: str
    spans: tuple[tuple[int, int], ...]
    line: int


@dataclass(frozen=True, slots=True)
class Recognizer:
    """One way to recognise one kind of identifier.

    `requires`: a text without any of these characters is not searched. `context`: one of these cues must stand shortly
    before the value; `unless`: none of these may. `allow`: values that are public by design. `propagate`: the value is
    looked for in all later text. `strict`: applies only where the profile says `names: strict`. `stop`: words at which
    the value ends (`trim: true`). `ascii_patterns` are the ASCII editions of `patterns`.
    """

    file: str
    id: str
    identifier: str
    priority: int
    sources: tuple[str, ...]
    patterns: tuple[Automaton, ...]
    ascii_patterns: tuple[ByteAutomaton, ...]
    phrase_sources: tuple[str, ...]
    phrases: tuple[TapeAutomaton, ...]
    validate: Callable[[str], bool] | None
    requires: str
    context: tuple[str, ...]
    unless: tuple[str, ...]
    allow: tuple[Automaton, ...]
    propagate: bool
    strict: bool
    stop: frozenset[str]
    examples: tuple[Example, ...]

    def judge(self, text: str, start: int, end: int) -> tuple[int, int] | None:
        """Return where a matched value really stands; None if validator, cues around it or `allow` speak against it."""
        if self.stop:
            start, end = self._trimmed(text, start, end)
            if start == end:
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
        return None if any(pattern.fullmatch(value) for pattern in self.allow) else (start, end)

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


def expand(source: str, fragments: Mapping[str, str], lists: Mapping[str, tuple[str, ...]], depth: int = _DEPTH) -> str:
    """Insert definitions and word lists into a pattern. Raises ValueError for an unknown name or a circle."""
    if depth == 0:
        raise ValueError("definitions go in a circle")

    def insert(match: re.Match[str]) -> str:
        name, form = match[1], match[2]
        if form:
            if name not in lists:
                raise ValueError(f"no word list `{name}`")
            return alternation(lists[name], title=form == "title")
        if name not in fragments:
            raise ValueError(f"no definition `{name}`")
        return "(?:" + expand(fragments[name], fragments, lists, depth - 1) + ")"

    expanded = _INSERTION.sub(insert, source)
    if len(expanded) > _MAX_SOURCE:
        raise ValueError("the pattern is too long")
    return expanded


def alternation(words: tuple[str, ...], *, title: bool = False) -> str:
    """Return words as an alternation; `title` gives Title and UPPER case instead of the lower one.

    In falling order a word stands after all that it begins, so the longest one wins; and words with the same beginning
    stand side by side, which RE2 turns into a trie.
    """
    forms = {form for word in words for form in ((word.title(), word.upper()) if title else (word,))}
    return "(?:" + "|".join(map(re.escape, sorted(forms, reverse=True))) + ")"


def read_recognizer(
    entry: Entry, fragments: Mapping[str, str], lists: Mapping[str, tuple[str, ...]], book: Phrasebook
) -> Recognizer:
    """Read and compile one recognizer. Raises RuleError."""
    if not _ID.fullmatch(entry.rule):
        raise entry.error("`id` must be lower-case letters, digits, dots, dashes", "id")
    identifier = entry.text("identifier")
    if not _IDENTIFIER.fullmatch(identifier):
        raise entry.error("`identifier` must be upper-case letters and underscores", "identifier")
    sources, phrases = entry.strings("patterns"), entry.strings("phrases")
    if not sources and not phrases:
        raise entry.error("a recognizer needs at least one pattern or phrase")
    validator = (
        entry.choice("validator", frozenset(VALIDATORS), next(iter(VALIDATORS))) if entry.has("validator") else ""
    )
    try:
        expanded = tuple(expand(source, fragments, lists) for source in sources)
        patterns = tuple(compile_pattern(source) for source in expanded)
    except ValueError as error:
        raise entry.error(str(error), "patterns") from None
    try:
        phrase_sources = tuple(book.translate(expand(phrase, fragments, {})) for phrase in phrases)
        tapes = tuple(compile_tape(source) for source in phrase_sources)
    except ValueError as error:
        raise entry.error(str(error), "phrases") from None
    if any(set(pattern.groupindex) - {"value"} for pattern in patterns):
        raise entry.error("the only group name is `value`", "patterns")
    try:
        allow = tuple(compile_pattern(expand(source, fragments, lists)) for source in entry.strings("allow"))
    except ValueError as error:
        raise entry.error(str(error), "allow") from None
    recognizer = Recognizer(
        file=entry.file,
        id=entry.rule,
        identifier=identifier,
        priority=entry.integer("priority", 50, 0, 100),
        sources=expanded,
        patterns=patterns,
        ascii_patterns=tuple(map(ascii_edition, expanded, patterns)),
        phrase_sources=phrase_sources,
        phrases=tapes,
        validate=VALIDATORS[validator] if validator else None,
        requires=entry.text("requires", ""),
        context=tuple(cue.lower() for cue in entry.strings("context")),
        unless=tuple(cue.lower() for cue in entry.strings("unless")),
        allow=allow,
        propagate=entry.flag("propagate", default=False),
        stop=frozenset(lists.get("stop", ())) if entry.flag("trim", default=False) else frozenset(),
        strict=entry.choice("names", frozenset({_STRICT_ONLY, "all"}), "all") == _STRICT_ONLY,
        examples=tuple(
            [_example(entry, text, wanted=True) for text in entry.strings("examples")]
            + [_example(entry, text, wanted=False) for text in entry.strings("counter_examples")]
        ),
    )
    entry.close()
    if not any(example.spans for example in recognizer.examples):
        raise entry.error("a recognizer needs at least one example")
    return recognizer


def _example(entry: Entry, marked: str, *, wanted: bool) -> Example:
    """Read an example; `[[` and `]]` stand around the values that must be found."""
    text, spans, rest = "", [], marked
    while "[[" in rest:
        before, _, rest = rest.partition("[[")
        value, closed, rest = rest.partition("]]")
        if not closed:
            raise entry.error("an example opens `[[` and does not close it", "examples")
        text += before
        spans.append((len(text), len(text) + len(value)))
        text += value
    if bool(spans) != wanted:
        key = "examples" if wanted else "counter_examples"
        raise entry.error("examples mark their values with [[ ]], counter-examples mark none", key)
    return Example(text + rest, tuple(spans), entry.line)
