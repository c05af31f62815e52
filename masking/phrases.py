r"""Phrases: rules written over kinds of words, not over letters, and turned into RE2 over the tape (`lexicon`).

    <title> \.? _ [[ <cap> (_ <cap>)* ]]

`<...>` is one word or number: lists that hold it (`given`), how it is written (`cap`), or what a number is (`year`,
`n3`, `n5+`); terms must all hold, `a|b` either, `-a` not. `"date of birth|dob"` are these words in any case, signs in
them as they stand. `_` is the space between two words, with at most one line end in it, `__` one without, `~` is `_` or
nothing; `;` is the begin of a line. `[[ ]]` is what to mask. Other signs stand for themselves as in RE2 (`\.`,
`[,;]`; `[\x1c]` is any beyond ASCII, `.` any of ASCII), so do `( | ) ? * + {m,n}`; white space means nothing.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from masking.automata import compile_tape
from masking.kinds import Kinds, byte_class
from masking.lexicon import BREAK, LENGTHS, NUMBERS, SIGN, WORD

if TYPE_CHECKING:
    from masking.lexicon import Lexicon

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

_NO_SIGNS = bytes({*range(32), *b"0123456789", *range(127, 256)} - {*b"\n", SIGN, BREAK})
_LENGTH = re.compile(r"n(\d+)(?:-(\d+)|(\+))?")
_VALUES = {
    "n": tuple(NUMBERS),
    "mm": ("month",),
    "dd": ("month", "day"),
    "yy": ("month", "day", "two", "old"),
    "yyyy": ("year",),
    "old": ("old",),
}


@lru_cache(maxsize=1024)
def _tokens(source: str) -> tuple[re.Match[str], ...]:
    """Return a phrase in its parts. Raises ValueError with a fixed reason."""
    parts: list[re.Match[str]] = []
    at = 0
    while at < len(source):
        match = _TOKEN.match(source, at)
        if match is None:
            raise ValueError("a phrase holds something that is neither a kind, a word nor a sign")
        at = match.end()
        parts.append(match)
    return tuple(parts)


def literals(source: str) -> set[str]:
    """Return the words that a phrase names by themselves: each is a word list of its own, `=word`."""
    words = {term[1:] for term in lists_of(source) if term[:1] == "="}
    return words.union(*(_words_in(match["words"]) for match in _tokens(source) if match["words"]))


@lru_cache(maxsize=4096)
def _words_in(choices: str) -> frozenset[str]:
    return frozenset(part.lower() for part in _LITERAL.findall(choices) if part[0].isalpha())


def lists_of(source: str) -> set[str]:
    """Return the terms of a phrase that may be names of word lists."""
    kinds = [match["kind"] for match in _tokens(source) if match["kind"]]
    return {term for kind in kinds for part in kind.split() for term in part.lstrip("-").split("|")}


class Phrasebook:
    """Compiles phrases for one lexicon."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._words = Kinds(lexicon)

    def seal(self) -> None:
        """Give words that no phrase translated so far tells apart one code (`Kinds.seal`).

        Translate all phrases, seal, and translate them again; after that no other kind can be translated.
        """
        self._words.seal()

    def translate(self, source: str) -> str:
        """Return the phrase as an RE2 pattern of Latin-1. Raises ValueError with a fixed reason."""
        parts = _tokens(source)
        if sum(part.lastgroup == "open" for part in parts) > 1:
            raise ValueError("a phrase has one value in [[ ]]")
        return "".join(map(self._part, parts))

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
        if kind == "signs":
            return _signs(text)
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
        return _number(source) or self._words.byte_class(source)


@lru_cache(maxsize=4096)
def _signs(text: str) -> str:
    """Return a class of signs; one that takes bytes of words, numbers, placeholders or borders is refused."""
    if compile_tape(text).search(_NO_SIGNS) is not None:
        raise ValueError("brackets hold signs and spaces: no digits, no wide ranges, no `^`")
    return text


def _number(source: str) -> str:
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
    return f"(?:{byte_class(values)}{byte_class(lengths)})" if found else ""
