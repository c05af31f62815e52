"""Evidence: what speaks for and against a word being what a rule takes it for, in points.

A *clue* is something beside a word, or of the word itself; `policies/evidence/*.txt` say how many points each gives.
What a rule with `evidence` matched counts if they are more than none together. Clues are plain text, so that a file of
them can be read: `_` is the word, `*` any other.

| clue | says |
|---|---|
| `ask _`, `ask * _`, `to ask _` | what stands before: the last word, the last but one, both |
| `_ again`, `_ * again`, `_ again tonight` | what stands behind |
| `ask _ again` | what stands on both sides |
| `=long`, `=long time`, `a =long`, `-ing`, `-ng` | the word, with what stands beside it, its last letters |
| `Aa` | a word with a capital stands before, at most 128 characters away: such a text writes names with one |
| `stranger` | what kind of word the rule looks for: the points that it begins with |

Numbers are `#`, words and signs beyond ASCII, `_` and `*` are `?`, the end of a line or of the zone is `^`, and `'s` is
one word. What touches a digit or a sign of programs, or stands alone in its line, counts for nothing; nor does a word,
other than a number, beside which nothing is known: that is text of another language.
"""

from __future__ import annotations

import re  # the standard library's, over a few words of a zone; linear
from itertools import islice
from typing import TYPE_CHECKING

from masking.errors import RuleError
from masking.lexicon import WORD

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MOST_POINTS = 9999
"""Points that one clue gives or takes, at most."""

_ATOM = re.compile(rf"(?P<end>[\n\x1e])|(?P<word>{WORD}|'[sS](?!\w))|(?P<number>[0-9]+)|[\x00-\x1d\x7f]+|[^ ]")
_ATOMS = 2
_NEAR = 256
"""Characters of a zone that are read before a value, if there is a space to begin at."""
_NOTHING = "^"
_WRITTEN = "_*"
CAPITAL = "Aa"
_CAPITAL = re.compile(r"[A-Z][a-z]")
_CAPITAL_REACH = 128
_TOUCHING = "0123456789_=\\|^~*"
_BEFORE, _BEHIND = frozenset(_TOUCHING + "@<#$."), frozenset(_TOUCHING + "@>(+")
_DIGIT = re.compile("[0-9]")
_KIND = re.compile(r"[a-z]+")
_LINE = re.compile(r"(-?[0-9]{1,4}) ([!-~]+(?: [!-~]+){0,2})")
_ENDINGS = 2, 3


class Evidence:
    """The clues of one file, by its name, each with its points."""

    def __init__(self, name: str, points: Mapping[str, int]) -> None:
        self.name = name
        self.points = points

    def speaks_for(self, text: str, start: int, end: int, kind: str) -> bool:
        """Say whether the clues speak for the word at `[start, end)` of a zone, which is of some kind of words."""
        if _is_part(text, start, end) or _is_alone(text, start, end):
            return False
        told = [(self.points.get(clue, 0), clue) for clue in clues(text, start, end, kind)]
        if not any(some and _is_beside(clue) for some, clue in told) and not _DIGIT.search(text, start, end):
            return False
        return sum(some for some, _ in told) > 0

    def strongest(self, text: str, start: int, end: int, kind: str, most: int = 3) -> list[str]:
        """Return the clues around a word that speak for it, the strongest first."""
        found = [clue for clue in clues(text, start, end, kind) if "_" in clue and self.points.get(clue, 0) > 0]
        return sorted(found, key=self.points.__getitem__, reverse=True)[:most]


def clues(text: str, start: int, end: int, kind: str) -> Iterator[str]:
    """Yield the clues of the word at `[start, end)` of a zone."""
    near, far = _before(text, start)
    next_, later = _behind(text, end)
    yield kind
    if _CAPITAL.search(text, max(0, start - _CAPITAL_REACH), start):
        yield CAPITAL
    yield f"{near} _"
    yield f"{far} * _"
    yield f"{far} {near} _"
    yield f"_ {next_}"
    yield f"_ * {later}"
    yield f"_ {next_} {later}"
    yield f"{near} _ {next_}"
    word = text[start:end]
    if word.isascii() and word.isalpha():
        word = word.lower()
        yield f"={word}"
        yield f"={word} {next_}"
        yield f"{near} ={word}"
        yield from (f"-{word[-size:]}" for size in _ENDINGS)


def _is_part(text: str, start: int, end: int) -> bool:
    """Say whether a digit or a sign of programs touches a word: then it is a part of a code, a name in a program."""
    behind = text[end : end + 1]
    if behind == "." and text[end + 1 : end + 2].isalnum():
        return True
    return text[start - 1 : start] in _BEFORE or behind in _BEHIND


def _is_beside(clue: str) -> bool:
    """Say whether a clue is of something that stands beside a word."""
    return "_" in clue and clue.strip("_*^ ") != ""


def _is_alone(text: str, start: int, end: int) -> bool:
    """Say whether nothing stands beside a word in its line: then nothing can speak for it."""
    return _before(text, start)[0] == _behind(text, end)[0] == _NOTHING


def _before(text: str, start: int) -> tuple[str, str]:
    """Return the last two atoms before a place, the nearer first."""
    begin = max(text.find(" ", start - _NEAR, start), 0) if start > _NEAR else 0
    found = list(_ATOM.finditer(text, begin, start))
    if len(found) < _ATOMS and begin:
        found = list(_ATOM.finditer(text, 0, start))
    near, far = [*map(_atom, found[: -_ATOMS - 1 : -1]), _NOTHING, _NOTHING][:_ATOMS]
    return near, _NOTHING if near == _NOTHING else far


def _behind(text: str, end: int) -> tuple[str, str]:
    """Return the first two atoms behind a place, the nearer first."""
    near, far = [*map(_atom, islice(_ATOM.finditer(text, end), _ATOMS)), _NOTHING, _NOTHING][:_ATOMS]
    return near, _NOTHING if near == _NOTHING else far


def _atom(match: re.Match[str]) -> str:
    atom = match[0]
    if match.lastgroup == "number":
        return "#"
    if match.lastgroup == "end":
        return _NOTHING
    return atom.lower() if atom.isascii() and atom.isprintable() and atom not in _WRITTEN else "?"


def read_evidence(file: str, source: bytes) -> Evidence:
    """Read a file of clues: a line each, points before the clue; lines that begin with `# ` aside. Raises RuleError."""
    try:
        text = source.decode("ascii")
    except UnicodeDecodeError as error:
        raise RuleError(file, "not plain ASCII", line=source.count(b"\n", 0, error.start) + 1) from None
    points: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line or line.startswith("# "):
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            raise RuleError(file, "expected points, a space and a clue", line=number)
        if match[2] in points:
            raise RuleError(file, "this clue stands here twice", line=number)
        points[match[2]] = int(match[1])
    return Evidence(name_of(file), points)


def name_of(file: str) -> str:
    """Return the name by which rules ask for a file of a rule set."""
    return file.removeprefix("evidence/").removesuffix(".txt")


def kind_of(words: str) -> tuple[str, str]:
    """Return the file and the kind of words that a rule's `evidence` names. Raises ValueError."""
    file, _, kind = words.partition(" ")
    if not _KIND.fullmatch(kind):
        raise ValueError("`evidence` names a file and a kind of words, as in `names stranger`")
    return file, kind
