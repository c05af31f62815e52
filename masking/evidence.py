"""Evidence: what speaks for and against a word being what a rule takes it for, in points.

A *clue* is something beside a word, or of the word itself; `policies/evidence/*.txt` say how many points each gives.
What a rule with `evidence` matched counts if they are more than none together. Clues are plain text, so that a file of
them can be read: `_` is the word, `*` any other.

| clue | says |
|---|---|
| `ask _`, `ask * _`, `to ask _` | what stands before: the last word, the last but one, both |
| `_ again`, `_ * again`, `_ again tonight` | what stands behind |
| `ask _ again` | what stands on both sides |
| `=long`, `=long time`, `a =long` | the word, with what stands beside it |
| `=a###`, `on =a###`, `=a### .` | the same of a value with digits, by its form; `=###<###` is a range |
| `-ing`, `-ng` | its last letters |
| `+capitals` | a capital before a small letter stands at most 128 characters before: such a text writes names so |
| `stranger` | what kind of word the rule looks for: the points that it begins with |

Numbers are `#`, words and signs beyond ASCII, `_`, `*` and `^` are `?`, where a line or the zone begins or ends is `^`,
and `'s` is one word. What touches a digit or a sign of programs, or stands alone in its line, counts for nothing; nor
does a word, other than a number, that stands in a program, or beside which no word is known: that is text of another
language. Signs are known only to a word with a capital (A to Z): beside one in small letters they stand everywhere.
"""

from __future__ import annotations

import re  # the standard library's, over a few words of a zone at a time
import string
from itertools import islice, takewhile
from typing import TYPE_CHECKING, NamedTuple

from masking.errors import RuleError
from masking.lexicon import WORD
from masking.sources import MAX_FILE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

FOLDER, SUFFIX = "evidence/", ".txt"
"""Where files of clues stand among rule files, and what their names end in."""

MOST_POINTS = 9999
"""Points that one clue gives or takes, at most."""

CAPITALS = "+capitals"
"""The clue of a text that writes capitals."""

_POSSESSIVE = r"'[sS](?!\w|'(?![sS](?!\w))[^\W\d_])"
_SEALED = r"[\x00-\x08\x0b-\x1d\x7f]+"
_ATOM = re.compile(rf"(?P<end>[\n\x1e])|(?P<word>{WORD}|{_POSSESSIVE})|(?P<number>[0-9]+)|{_SEALED}|[^ ]")
_SIGN = re.compile(r"[^\w']")
_ATOMS = 2
_NEAR = 64
"""Characters of a zone that are read before a value, more where they hold fewer than two atoms."""
_WIDER = 8
_NOTHING = "^"
_WRITTEN = frozenset("_*^")
_CAPITAL = re.compile(r"[A-Z][a-z]")
_CAPITAL_REACH = 128
_TOUCHING = "0123456789_=\\|^~*"
_BEFORE, _BEHIND = frozenset(_TOUCHING + "@<#$.:"), frozenset(_TOUCHING + "@>(+")
_INNER = frozenset(".:")
_PROGRAMS = frozenset("=|{}`$\\")
_QUOTE = '"'
_DIGIT = re.compile("[0-9]")
_LETTER, _STANDS = re.compile("[a-z]"), re.compile(r"[^_*^ ]")
_KIND = re.compile(r"[a-z]+")
_LINE = re.compile(r"(-?[0-9]{1,4}) ([!-@\[-~]+(?: [!-@\[-~]+){0,2})")
_ENDINGS = 2, 3
_LONGEST_FORM = 24
_BROKEN, _GAP = re.compile(r"-[ \n\x1e]+"), re.compile(r"[ \n\x1e]+")
_FORM = {**dict.fromkeys(map(ord, string.digits), "#"), **dict.fromkeys(map(ord, string.ascii_letters), "a")}


class Beside(NamedTuple):
    """The atoms beside a word, the nearer ones first."""

    near: str
    far: str
    next: str
    later: str

    def clues(self) -> Iterator[str]:
        """Yield what they are clues of, but where nothing stands."""
        near, far, after, later = self
        yield f"{near} _"
        yield f"{far} * _"
        yield f"{far} {near} _"
        yield f"_ {after}"
        yield f"_ * {later}"
        yield f"_ {after} {later}"
        yield f"{near} _ {after}"


class Evidence:
    """The clues of one file, by its name, each with its points."""

    def __init__(self, name: str, points: Mapping[str, int]) -> None:
        self.name = name
        self.points = points

    def speaks_for(self, text: str, start: int, end: int, kind: str) -> bool:
        """Say whether the clues speak for the word at `[start, end)` of a zone, which is of some kind of words."""
        if _is_part(text, start, end):
            return False
        beside = beside_of(text, start, end)
        if beside.near == beside.next == _NOTHING:
            return False
        if not _DIGIT.search(text, start, end) and not self._knows(beside, text[start]):
            return False
        return sum(self.points.get(clue, 0) for clue in _clues(text, start, end, kind, beside)) > 0

    def _knows(self, beside: Beside, first: str) -> bool:
        """Say whether something beside a word has points, and is no sign of programs; signs tell only of a capital."""
        telling = _STANDS if "A" <= first <= "Z" else _LETTER
        return not _is_of_program(beside) and any(
            self.points.get(clue, 0) and telling.search(clue) for clue in beside.clues()
        )

    def strongest(self, text: str, start: int, end: int, kind: str, most: int = 3) -> list[str]:
        """Return the clues around a word that speak for it, the strongest first."""
        found = [clue for clue in clues(text, start, end, kind) if "_" in clue and self.points.get(clue, 0) > 0]
        return sorted(found, key=self.points.__getitem__, reverse=True)[:most]


def clues(text: str, start: int, end: int, kind: str) -> Iterator[str]:
    """Yield the clues of the word at `[start, end)` of a zone."""
    yield from _clues(text, start, end, kind, beside_of(text, start, end))


def _clues(text: str, start: int, end: int, kind: str, beside: Beside) -> Iterator[str]:
    yield kind
    if _CAPITAL.search(text, max(0, start - _CAPITAL_REACH), start):
        yield CAPITALS
    yield from beside.clues()
    word = text[start:end]
    if not word.isascii():
        return
    is_word = word.isalpha()
    if is_word or (len(word) <= _LONGEST_FORM and _DIGIT.search(word)):
        itself = word.lower() if is_word else _form(word)
        yield f"={itself}"
        yield f"={itself} {beside.next}"
        yield f"{beside.near} ={itself}"
    if is_word:
        yield from (f"-{word[-size:].lower()}" for size in _ENDINGS)


def _form(value: str) -> str:
    """Return the form of a value with digits; where two numbers of as many digits rise, `<` stands between them.

    White space is one `?`, and behind a hyphen nothing.
    """
    value = _GAP.sub("?", _BROKEN.sub("-", value))
    low, hyphen, high = value.partition("-")
    form = value.translate(_FORM)
    if hyphen and low.isdecimal() and high.isdecimal() and len(low) == len(high) and low < high:
        return form.replace("-", "<")
    return form


def _is_part(text: str, start: int, end: int) -> bool:
    """Say whether a digit or a sign of programs touches a word: then it is a part of a code, a name in a program."""
    behind = text[end : end + 1]
    if behind in _INNER and text[end + 1 : end + 2].isalnum():
        return True
    return text[start - 1 : start] in _BEFORE or behind in _BEHIND


def _is_of_program(beside: Beside) -> bool:
    """Say whether a word stands in a program, a table or a row of quoted values."""
    return beside.near in _PROGRAMS or beside.next in _PROGRAMS or beside.near == beside.next == _QUOTE


def beside_of(text: str, start: int, end: int) -> Beside:
    """Return the two atoms on each side of a word of a zone, none of them beyond the end of its line."""
    return Beside(*_two(_before(text, start)), *_two(list(map(_atom, islice(_ATOM.finditer(text, end), _ATOMS)))))


def _before(text: str, start: int) -> list[str]:
    """Return the last two atoms before a place, the nearer first."""
    reach = _NEAR
    while True:
        begin, enough = max(0, start - reach), 0
        if begin:  # begin where surely no atom is cut, else leave the first one aside
            sign = _SIGN.search(text, begin, start)
            begin, enough = (begin, _ATOMS + 1) if sign is None else (sign.span()[0], _ATOMS)
        found = list(takewhile(lambda atom: atom.span()[0] < start, _ATOM.finditer(text, begin)))
        if len(found) >= enough:
            break
        reach *= _WIDER
    atoms = list(map(_atom, found[: -_ATOMS - 1 : -1]))
    if found and found[-1].span()[1] > start:  # the word is the end of a possessive that stands alone
        atoms[0] = found[-1][0][0]
    return atoms


def _two(found: Sequence[str]) -> tuple[str, str]:
    """Return two of some atoms; behind nothing there is nothing."""
    near, far = [*found, _NOTHING, _NOTHING][:_ATOMS]
    return near, _NOTHING if near == _NOTHING else far


def _atom(match: re.Match[str]) -> str:
    atom = match[0]
    if match.lastgroup == "number":
        return "#"
    if match.lastgroup == "end":
        return _NOTHING
    return atom.lower() if atom.isascii() and atom.isprintable() and atom not in _WRITTEN else "?"


def read_evidence(file: str, source: bytes) -> Evidence:
    """Read a file of clues: a line each, points before the clue; lines that begin with `# ` aside. Raises RuleError.

    Clues are written in small letters.
    """
    if len(source) > MAX_FILE:
        raise RuleError(file, "the file is too large")
    try:
        text = source.decode("ascii")
    except UnicodeDecodeError as error:
        raise RuleError(file, "not plain ASCII", line=source.count(b"\n", 0, error.start) + 1) from None
    points: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if not line or line.startswith("# "):
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            raise RuleError(file, "expected points, a space and a clue in small letters", line=number)
        if match[2] in points:
            raise RuleError(file, "this clue stands here twice", line=number)
        points[match[2]] = int(match[1])
    return Evidence(file.removeprefix(FOLDER).removesuffix(SUFFIX), points)


def kind_of(words: str) -> tuple[str, str]:
    """Return the file and the kind of words that a rule's `evidence` names. Raises ValueError."""
    file, _, kind = words.partition(" ")
    if not _KIND.fullmatch(kind):
        raise ValueError("`evidence` names a file and a kind of words, as in `names stranger`")
    return file, kind
