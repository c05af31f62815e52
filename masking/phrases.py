r"""Phrases: rules written over kinds of words, not over letters, and turned into RE2 over the tape (`lexicon`).

    <title> \.? _ [[ <cap> (_ <cap>)* ]]

`<...>` is one word or number: lists that hold it (`given`), how it is written (`cap`), or what a number is (`year`,
`n3`, `n5+`); terms must all hold, `a|b` either, `-a` not. `"date of birth|dob"` are these words in any case, signs in
them as they stand. `_` is the space between two words, with at most one line end in it, `__` one without, `~` is `_` or
nothing; `;` is the begin of a line. `[[ ]]` is what to mask. Other signs stand for themselves as in RE2 (`\.`,
`[,;]`), so do `( | ) ? * + {m,n}`; white space means nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from masking.automata import compile_tape
from masking.lexicon import LENGTHS, NUMBERS, SHAPES, WORD, Lexicon

if TYPE_CHECKING:
    from collections.abc import Iterable

    from masking.automata import TapeAutomaton

GAP = r"(?: +(?:\n *)?|\n *)"
INLINE = " +"

_TOKEN = re.compile(
    r"\s+|<(?P<kind>[^<>]*)>|\"(?P<words>[^\"]*)\"|(?P<open>\[\[)|(?P<close>\]\])|(?P<inline>__)|(?P<gap>_)|(?P<maybe>~)"
    r"|(?P<line>;)|(?P<group>\((?:\?:)?)|(?P<operator>[)|?*+]|\{\d*,?\d*\})|(?P<escaped>\\[^\w\s])"
    r"|(?P<signs>\[(?:\\.|[^\]\\])+\])|(?P<sign>[^\s\w()\[\]{}<>\"])"
)
_LITERAL = re.compile(rf"{WORD}|\s+|[^\w\s]|_")
_Kind = tuple[bytes, frozenset[str], frozenset[int]]
"""A code, the lists that hold it, and the shapes it may have."""

_EVERY = frozenset(SHAPES.values())
_LENGTH = re.compile(r"n(\d+)(?:-(\d+)|(\+))?")
_AGGREGATES = {"cap": ("title", "upper", "camel"), "word": tuple(set(SHAPES) - {"initial", "letter"})}
_VALUES = {
    "n": tuple(NUMBERS),
    "mm": ("month",),
    "dd": ("month", "day"),
    "yy": ("month", "day", "two", "old"),
    "yyyy": ("year",),
    "old": ("old",),
}


def literals(source: str) -> set[str]:
    """Return the words that a phrase names by themselves: each is a word list of its own, `=word`."""
    words: set[str] = set()
    for match in _TOKEN.finditer(source):
        for literal in (match["words"] or "").split("|"):
            words.update(part.lower() for part in _LITERAL.findall(literal) if part[0].isalpha())
        words.update(
            term[1:]
            for part in (match["kind"] or "").split()
            for term in part.lstrip("-").split("|")
            if term[:1] == "="
        )
    return words


def lists_of(source: str) -> set[str]:
    """Return the terms of a phrase that may be names of word lists."""
    kinds = [match["kind"] for match in _TOKEN.finditer(source) if match["kind"]]
    return {term for kind in kinds for part in kind.split() for term in part.lstrip("-").split("|")}


class Phrasebook:
    """Compiles phrases for one lexicon."""

    def __init__(self, lexicon: Lexicon) -> None:
        shapes: dict[tuple[bytes, frozenset[str]], set[int]] = {}
        for code, shape, lists in lexicon.kinds():
            shapes.setdefault((code, lists), set()).add(shape)
        self._kinds: list[_Kind] = [(code, lists, frozenset(some)) for (code, lists), some in shapes.items()]
        self._lexicon = lexicon
        self._classes: dict[str, str] = {}
        self._by_list: dict[str, list[_Kind]] = {}
        for kind in self._kinds:
            for name in kind[1]:
                self._by_list.setdefault(name, []).append(kind)

    def compile(self, source: str) -> TapeAutomaton:
        """Return the phrase as RE2 over the tape. Raises ValueError with a fixed reason."""
        return compile_tape(self.translate(source))

    def translate(self, source: str) -> str:
        """Return the phrase as an RE2 pattern of Latin-1. Raises ValueError with a fixed reason."""
        out: list[str] = []
        at = 0
        while at < len(source):
            match = _TOKEN.match(source, at)
            if match is None:
                raise ValueError("a phrase holds something that is neither a kind, a word nor a sign")
            at = match.end()
            out.append(self._part(match))
        return "".join(out)

    def _part(self, match: re.Match[str]) -> str:
        text = match.group()
        kind = match.lastgroup
        if kind is None:
            return ""
        fixed = {
            "open": "(?P<value>",
            "close": ")",
            "gap": GAP,
            "inline": INLINE,
            "maybe": GAP + "?",
            "line": r"[\n\x1e]",
            "group": "(?:",
        }
        if kind in fixed:
            return fixed[kind]
        if kind == "kind":
            return self._kind(match["kind"])
        if kind == "words":
            return self._literals(match["words"].split("|"))
        return text if kind != "sign" else re.escape(text) if text != "." else r"[!-/:-@\[-`{-~]"

    def _literals(self, choices: list[str]) -> str:
        """Return an alternation; its choices of one word each are one kind."""
        single = [f"={choice.lower()}" for choice in choices if choice.isalpha()]
        parts = [self._literal(choice) for choice in choices if not choice.isalpha()]
        if single:
            parts.append(self._kind("|".join(single)))
        return "(?:" + "|".join(parts) + ")"

    def _literal(self, words: str) -> str:
        parts = []
        if any(map(str.isdigit, words)):
            raise ValueError("words in quotes hold no digits: write a kind of number beside them")
        for part in _LITERAL.findall(words.strip()):
            if part[0].isalpha():
                parts.append(self._kind("=" + part.lower()))
            else:
                parts.append(GAP if part.isspace() else re.escape(part))
        if not parts:
            raise ValueError("empty words in a phrase")
        return "".join(parts)

    def _kind(self, source: str) -> str:
        known = self._classes.get(source)
        if known is None:
            known = self._classes[source] = self._number(source) or self._word(source)
        return known

    def _number(self, source: str) -> str:
        """Return the class of a kind of number; empty if it is a kind of word."""
        values, lengths = set(NUMBERS.values()), set(LENGTHS)
        found = False
        for term in source.split():
            size = _LENGTH.fullmatch(term)
            if size:
                low, high = int(size[1]), int(size[2] or size[1])
                if not 1 <= low <= high < len(LENGTHS):
                    raise ValueError(f"numbers have 1 to {len(LENGTHS) - 1} digits")
                lengths &= set(LENGTHS[low - 1 :] if size[3] else LENGTHS[low - 1 : high])
            elif term in _VALUES:
                values &= {NUMBERS[name] for name in _VALUES[term]}
            elif found:
                raise ValueError("a kind is a word or a number, not both")
            else:
                return ""
            found = True
        return f"(?:{_class(values)}{_class(lengths)})" if found else ""

    def _word(self, source: str) -> str:
        terms = [self._term(term) for term in source.split()]
        by_code: dict[bytes, frozenset[int]] = {}
        for code, lists, shapes in self._candidates(source):
            left = shapes
            for wanted, named, of in terms:
                if of.isdisjoint(lists):
                    left = left & named if wanted else left - named
                elif not wanted:
                    left = frozenset()
                if not left:
                    break
            else:
                by_code[code] = left
        if not by_code:
            raise ValueError(f"no word can be <{source}>")
        by_shapes: dict[frozenset[int], dict[int, set[int]]] = {}
        for code, shapes in by_code.items():
            by_shapes.setdefault(shapes, {}).setdefault(code[0], set()).add(code[1])
        parts: list[str] = []
        for same, codes in by_shapes.items():
            firsts: dict[frozenset[int], set[int]] = {}
            for first, seconds in codes.items():
                firsts.setdefault(frozenset(seconds), set()).add(first)
            parts.extend(_class(first) + _class(seconds) + _class(same) for seconds, first in firsts.items())
        return "(?:" + "|".join(parts) + ")"

    def _candidates(self, source: str) -> Iterable[_Kind]:
        """Return the kinds that a source may mean: those of the lists of a term, if it names nothing but lists."""
        for term in source.split():
            names = term.split("|")
            if all(name in self._by_list for name in names):
                return {kind for name in names for kind in self._by_list[name]}
        return self._kinds

    def _term(self, term: str) -> tuple[bool, frozenset[int], frozenset[str]]:
        """Return whether a term asks for something or against it, the shapes it names, and the lists."""
        names = term.removeprefix("-").split("|")
        shapes = {SHAPES[shape] for name in names for shape in _AGGREGATES.get(name, (name,)) if shape in SHAPES}
        lists = frozenset(name for name in names if name not in SHAPES and name not in _AGGREGATES and name != "any")
        for name in lists:
            if name != "unknown" and not self._lexicon.holds(name):
                raise ValueError(f"no word list `{name}`")
        return not term.startswith("-"), _EVERY if "any" in names else frozenset(shapes), lists


def _class(codes: Iterable[int]) -> str:
    """Return a class of bytes, neighbours as ranges."""
    ordered = sorted(codes)
    ranges: list[list[int]] = []
    for code in ordered:
        if ranges and code == ranges[-1][1] + 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    inner = "".join(f"\\x{low:02x}" if low == high else f"\\x{low:02x}-\\x{high:02x}" for low, high in ranges)
    return f"[{inner}]"
