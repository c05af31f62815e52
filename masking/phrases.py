r"""Phrases: rules written over kinds of words, not over letters, and read into parts that a matcher understands.

    <title> \.? _ [[ <cap> (_ <cap>)* ]]

`<...>` is one word or number: lists that hold it (`given`), how it is written (`cap`), or what a number is (`year`,
`n3`, `n5+`); terms must all hold, `a|b` either, `-a` not. `"date of birth|dob"` are these words in any case, signs in
them as they stand. `_` is the space between two words, with at most one line end in it, `__` one without, `~` is `_` or
nothing; `;` is the begin of a line. `[[ ]]` is what to mask. Other signs stand for themselves as in RE2 (`\.`,
`[,;]`; `[\x1c]` is any beyond ASCII, `.` any of ASCII), so do `( | ) ? * + {m,n}`; white space means nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from itertools import chain
from sys import intern
from typing import TYPE_CHECKING

from masking.kinds import Kind, Kinds, bytes_of
from masking.lexicon import BREAK, LENGTHS, NUMBERS, SIGN, WORD

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from masking.lexicon import Lexicon

Part = Kind | str
"""A kind, or one of `( ) | ? * + {m,n}`, `_` for a gap and `[[`, `]]` around the value."""

Parts = tuple[Part, ...]

_TOKEN = re.compile(
    r"\s+|<(?P<kind>[^<>]*)>|\"(?P<words>[^\"]*)\"|(?P<open>\[\[)|(?P<close>\]\])|(?P<inline>__)|(?P<gap>_)|(?P<maybe>~)"
    r"|(?P<line>;)|(?P<group>\((?:\?:)?)|(?P<operator>[)|?*+]|\{\d*,?\d*\})|(?P<escaped>\\[^\w\s])"
    r"|(?P<signs>\[(?:\\.|[^\]\\])+\])|(?P<sign>[^\s\w()\[\]{}<>\"])"
)
_EVERY = re.compile(re.sub(r"\?P<\w+>", "?:", _TOKEN.pattern))
_LITERAL = re.compile(rf"{WORD}|\s+|[^\w\s]|_")
_NO_SIGNS = sum(1 << byte for byte in {*range(32), *b"0123456789", *range(127, 256)} - {*b"\n", SIGN, BREAK})
_LENGTH = re.compile(r"n(\d+)(?:-(\d+)|(\+))?")
_MEMO = 1 << 14
"""Tokens whose reading is remembered: more than shipped rules have."""
_VALUES = {
    "n": tuple(NUMBERS),
    "mm": ("month",),
    "dd": ("month", "day"),
    "yy": ("month", "day", "two", "old"),
    "yyyy": ("year",),
    "old": ("old",),
}


@lru_cache(maxsize=_MEMO)
def _tokens(source: str) -> tuple[str, ...]:
    """Return the tokens of a phrase or a piece of one. Raises ValueError with a fixed reason."""
    tokens = tuple(map(intern, _EVERY.findall(source)))
    if len("".join(tokens)) != len(source):
        raise ValueError("a phrase holds something that is neither a kind, a word nor a sign")
    return tokens


def parted(pieces: Sequence[str]) -> tuple[str, ...]:
    """Return a phrase in these pieces, or as one if a token goes over their borders.

    Definitions are pieces that stand in many phrases: what is known of a piece is known of all of them.
    """
    whole = ("".join(pieces),)
    if any(piece.endswith("\\") for piece in pieces):  # escapes what comes next
        return whole
    try:
        for piece in pieces:
            _tokens(piece)
    except ValueError:
        return whole
    return tuple(filter(None, pieces))


def tokens_of(pieces: Iterable[str]) -> set[str]:
    """Return the tokens of phrases, or of their pieces. Raises ValueError with a fixed reason."""
    return set().union(*map(_tokens, pieces))


def count_tokens(pieces: Iterable[str]) -> Counter[str]:
    """Return how often each token stands in phrases, or in their pieces. Raises ValueError with a fixed reason."""
    often = Counter(pieces)
    counts = Counter(chain.from_iterable(map(_tokens, often)))
    for piece, times in often.items():
        for token in _tokens(piece) if times > 1 else ():
            counts[token] += times - 1
    return counts


def literals(tokens: Iterable[str]) -> set[str]:
    """Return the words that tokens name by themselves: each is a word list of its own, `=word`."""
    terms = chain.from_iterable(kind.split("|") for token in tokens if token[0] == '"' for kind in _kinds_in(token))
    return {term[1:] for term in chain(lists_of(tokens), terms) if term[:1] == "="}


def lists_of(tokens: Iterable[str]) -> set[str]:
    """Return the terms of tokens that may be names of word lists."""
    return set().union(*(_terms_in(token[1:-1]) for token in tokens if token[0] == "<"))


@lru_cache(maxsize=_MEMO)
def _terms_in(kind: str) -> frozenset[str]:
    return frozenset(term for part in kind.split() for term in part.lstrip("-").split("|"))


class Phrasebook:
    """Reads phrases over one lexicon.

    Ask for all phrases (`ask`), seal, and then read them: words that none of them tells apart are one symbol.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self.kinds = Kinds(lexicon)
        self._known: dict[str, Parts] = {}  # tokens
        self._pieces: dict[str, Parts] = {}

    def ask(self, token: str, times: int = 1) -> None:
        """Take note of the kinds of words that a token of phrases asks for. Raises ValueError with a fixed reason."""
        for kind in _kinds_in(token):
            self.kinds.ask(kind, times)

    def pieces(self, *pieces: str) -> tuple[Parts, ...]:
        """Return the parts of a phrase, of which one or more pieces are given (`parted`), piece by piece.

        Raises ValueError with a fixed reason.
        """
        if sum(_tokens(piece).count("[[") for piece in pieces) > 1:
            raise ValueError("a phrase has one value in [[ ]]")
        for piece in pieces:
            if piece not in self._pieces:
                self._pieces[piece] = self._piece(_tokens(piece))
        return tuple(map(self._pieces.__getitem__, pieces))

    def read(self, phrase: str) -> Parts:
        """Return the parts of a phrase as it is written. Raises ValueError with a fixed reason."""
        return self.pieces(phrase)[0]

    def _piece(self, tokens: Iterable[str]) -> Parts:
        for token in tokens:
            if token not in self._known:  # most stand in many phrases
                self._known[token] = self._parts(token)
        return tuple(chain.from_iterable(map(self._known.__getitem__, tokens)))

    def _parts(self, text: str) -> Parts:
        inside = text[1:-1]
        if text[0] == "<":
            number = _number(inside)
            return (self.kinds.numbers(*number) if number else self.kinds.words(inside),)
        if text[0] == '"':
            return self._literals(inside)
        kind = next(_TOKEN.finditer(text)).lastgroup
        if kind is None:
            return ()
        if kind in {"open", "close", "operator", "gap"}:
            return (text,)
        if kind == "group":
            return ("(",)
        if kind == "maybe":
            return ("_", "?")
        if kind == "inline":
            return (self.kinds.space, "+")
        if kind == "line":
            return (self.kinds.signs(r"[\n\x1e]"),)
        if kind == "signs":
            return (self.kinds.signs(_signs(text)),)
        if kind == "sign":
            return (self.kinds.signs(re.escape(text) if text != "." else r"[!-/:-@\[-`{-~]"),)
        return (self.kinds.signs(text),)

    def _literals(self, choices: str) -> Parts:
        """Return an alternation; its choices of one word each are one kind."""
        several, single = _choices(choices)
        parts: list[Part] = []
        for choice in several:
            parts += ("|", *self._literal(choice))
        if single:
            parts += ("|", self.kinds.words(single))
        return ("(", *parts[1:], ")")

    def _literal(self, words: str) -> Parts:
        if any(map(str.isdigit, words)):
            raise ValueError("words in quotes hold no digits: write a kind of number beside them")
        parts: list[Part] = []
        for part in _in_choice(words):
            if part[0].isalpha():
                parts.append(self.kinds.words("=" + part.lower()))
            else:
                parts.append("_" if part.isspace() else self.kinds.signs(re.escape(part)))
        if not parts:
            raise ValueError("empty words in a phrase")
        return tuple(parts)


@lru_cache(maxsize=_MEMO)
def _in_choice(choice: str) -> tuple[str, ...]:
    """Return the words, gaps and signs of a choice."""
    return tuple(_LITERAL.findall(choice.strip()))


@lru_cache(maxsize=_MEMO)
def _choices(choices: str) -> tuple[tuple[str, ...], str]:
    """Return the choices of more than one word, and the kind of those of one; empty if there are none."""
    every = choices.split("|")
    if "".join(every).isalpha() and all(every):  # most are that
        return (), "=" + "|=".join(every).lower()
    single = "|".join(f"={choice.lower()}" for choice in every if choice.isalpha())
    return tuple(choice for choice in every if not choice.isalpha()), single


@lru_cache(maxsize=_MEMO)
def _kinds_in(token: str) -> tuple[str, ...]:
    """Return the kinds of words that a token asks for. Raises ValueError with a fixed reason."""
    inside = token[1:-1]
    if not inside or token[0] not in '<"':
        return ()
    if token[0] == "<":
        return () if _number(inside) else (inside,)
    several, single = _choices(inside)
    words = [part for choice in several for part in _in_choice(choice) if part[0].isalpha()]
    return (*(f"={word.lower()}" for word in words), *([single] if single else ()))


def _signs(text: str) -> str:
    """Return a class of signs; one that takes bytes of words, numbers, placeholders or borders is refused."""
    if bytes_of(text) & _NO_SIGNS:
        raise ValueError("brackets hold signs and spaces: no digits, no wide ranges, no `^`")
    return text


@lru_cache(maxsize=_MEMO)
def _number(source: str) -> tuple[frozenset[int], frozenset[int]] | None:
    """Return the values and lengths of a kind of number; None if it is a kind of word."""
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
            return None
        found = True
    return (frozenset(values), frozenset(lengths)) if found else None
