"""Drafts: what is read of recognizers before words have kinds, their definitions and word lists inserted.

`{{name}}` inserts a definition; in patterns `{{list|lower}}`, `{{list|title}}` insert a word list as an alternation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from masking.keys import read_path
from masking.lexicon import SITE
from masking.phrases import parted
from masking.values import MAX_VALUES, Values, unusable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from masking.sources import Entry

_INSERTION = re.compile(r"\{\{([a-z_]+)(?:\|(lower|title))?\}\}")
_PARTED = re.compile(r"(\{\{[a-z_]+(?:\|(?:lower|title))?\}\})")
"""The same as one group, so that parting a source keeps what parts it."""
_DEPTH = 8
_MAX_SOURCE = 400_000


def expand(source: str, fragments: Mapping[str, str], lists: Mapping[str, Iterable[str]], depth: int = _DEPTH) -> str:
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


def alternation(words: Iterable[str], *, title: bool = False) -> str:
    """Return words as an alternation; `title` gives Title and UPPER case instead of the lower one.

    In falling order a word stands after all that it begins, so the longest one wins; and words with the same beginning
    stand side by side, which RE2 turns into a trie.
    """
    forms = {form for word in words for form in ((word.title(), word.upper()) if title else (word,))}
    return "(?:" + "|".join(map(re.escape, sorted(forms, reverse=True))) + ")"


@dataclass(frozen=True, slots=True)
class Draft:
    """What is read of a recognizer before words have kinds: literal values, keys, phrases with their definitions.

    Each phrase is in pieces (`phrases.parted`).
    """

    entry: Entry
    values: Values | None
    fields: tuple[tuple[str, ...], ...]
    phrases: tuple[tuple[str, ...], ...]


class Definitions(dict[str, str]):
    """What stands for each insertion in phrases, which have no word lists: `(?:...)` for `{{name}}`."""

    def __init__(self, fragments: Mapping[str, str]) -> None:
        super().__init__()
        self._fragments = fragments

    def __missing__(self, insertion: str) -> str:
        expanded = self[insertion] = expand(insertion, self._fragments, {})
        return expanded

    def pieces(self, source: str) -> tuple[str, ...]:
        """Return a phrase with its definitions, in pieces. Raises ValueError as `expand`."""
        pieces = [part if place % 2 == 0 else self[part] for place, part in enumerate(_PARTED.split(source))]
        if sum(map(len, pieces)) > _MAX_SOURCE:
            raise ValueError("the pattern is too long")
        return parted(pieces)


def read_draft(entry: Entry, definitions: Definitions) -> Draft:
    """Read the draft of a recognizer. Raises RuleError."""
    values = _read_values(entry)
    try:
        fields = tuple(read_path(path) for path in entry.strings("fields"))
    except ValueError as error:
        raise entry.error(str(error), "fields") from None
    try:
        phrases = tuple(map(definitions.pieces, entry.strings("phrases")))
    except ValueError as error:
        raise entry.error(str(error), "phrases") from None
    if values is not None:
        phrases = tuple((phrase,) for phrase in values.phrases(SITE + entry.rule))
    return Draft(entry, values, fields, phrases)


def _read_values(entry: Entry) -> Values | None:
    """Read the literal values of a rule, None if it has none. Raises RuleError."""
    values = list(entry.numbered("values"))
    if len(values) > MAX_VALUES:
        raise entry.error(f"more than {MAX_VALUES} values", "values")
    for number, value, line in values:
        problem = unusable(value)
        if problem:
            raise entry.error(f"value {number} {problem}", line)
    return Values(value for _, value, _ in values) if values else None
