r"""Keys: rules that take the whole value under a key of a JSON document.

`patient.nickname` is the key `nickname` inside an object under the key `patient`, `accountRef` that key anywhere. Keys
are compared by their last words, however they are written: `account_ref`, `AccountRef`, `billingAccountRef`.
A string of a JSON document is asked for by its keys (`text.find`); JSON inside a text is read by phrases.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from masking.phrases import Parts, Phrasebook

MAX_KEYS = 2
"""Keys of a path: a string knows its own key and the one above."""

MAX_WORDS = 6
"""Words of the keys of a value; more say nothing."""

_WORD = re.compile(r"[^\W\d_]?[^\WA-Z\d_]+|[A-Z]+(?![a-z])")
_TO_QUOTE = r"[^\x22\x7f\x1e\x1a]"
_TO_BRACE = r"[^{}\x7f\x1e]"
_NUMBER = "-? <n> (?:[.] <n>)?"


def words_of(key: str) -> list[str]:
    """Return the words of a key: of `birthDate` and `birth_date` `birth` and `date`."""
    return [word.lower() for word in _WORD.findall(key)]


def field_of(*keys: str) -> str:
    """Return a key with the keys above it, outermost first, as the words that rules know: `birthDate` is `birth date`.

    Keys that are no words give an empty field.
    """
    words = [word for key in keys for word in words_of(key)]
    return " ".join(words) if len(words) <= MAX_WORDS else ""


def read_path(path: str) -> tuple[str, ...]:
    """Return the keys of a path, each as its words. Raises ValueError."""
    keys = tuple(" ".join(words_of(key)) for key in path.split("."))
    if not all(keys) or not 1 <= len(keys) <= MAX_KEYS or len(" ".join(keys).split()) > MAX_WORDS:
        raise ValueError(f"a field is a key, or a key inside another: {MAX_KEYS} keys and {MAX_WORDS} words at most")
    return keys


def key_phrase(key: str) -> str:
    """Return the phrase of a key in a JSON text, its last words as these."""
    words = key.split()
    parted = " (?:[-_.] | _) ".join(f'"{word}"' for word in words)
    return rf'\" (?:<any> (?:[-_.] | _)){{0,3}} (?:{parted} | "{"".join(words)}") (?:[-_.]? <n>)? \" ~ : ~'


def read_keys(keys: tuple[str, ...], book: Phrasebook) -> tuple[Parts, ...]:
    """Return what finds the values under a path in texts, as phrases.

    A string reaches to the next quote; quotes of its own, which stand beside a space as those of words do, are taken
    too. The strings of a list are one value. What a zone does not hold any more is not found.
    """
    quote, comma, number, bracket = map(book.read, (r"\"", r"\" ~ , ~ \"", _NUMBER, r"\[ ~"))
    end_of_string, end_of_list = map(book.read, (r"\" ~ [,}\]]", r"\" ~ \]"))
    inside, text = (book.kinds.anything_but(char) for char in (_TO_BRACE, _TO_QUOTE))
    within = (*book.read(r"(\[ ~)? \{"), inside, "*")
    head: Parts = ()
    for key in keys:
        head += (*(within if head else ()), *book.read(key_phrase(key)))
    inner = ("_", *quote, text, "+", *quote, text, "*")
    quoting = ("(", *quote, text, "+", *quote, ")", "?", text, "*", "(", *inner, ")", "*")
    return (
        (*head, "(", *bracket, ")", "?", *quote, "[[", text, "+", "]]"),
        (*head, *quote, "[[", *quoting, "]]", *end_of_string),
        (*head, *bracket, *quote, "[[", text, "*", "(", *comma, text, "*", ")", "+", "]]", *end_of_list),
        (*head, "[[", *number, "]]"),
    )
