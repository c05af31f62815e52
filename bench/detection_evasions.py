"""Evasions: the same labelled text as someone would write it to get past a masker, with spans that follow.

Each evasion changes only what it is about: of a value, the stretch from its first to its last identifying character.
Recall is compared on the stretches that it changed, with the plain recall of those same stretches. What is written
instead must be covered in full, but for what spells spaces and signs, so its label begins with `evaded`, which no
neutral word is taken out of.
"""

from __future__ import annotations

import base64
import random
import re
import urllib.parse
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from bench.detection_gold import NUMBERS, identifier, identifying
from bench.synthetic.document import Document, Gold

if TYPE_CHECKING:
    from collections.abc import Callable

    Rewrite = Callable[[str, str, random.Random], str]

_SPACES = "\u00a0\u2007\u202f\u2009\u3000"
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2212\uff0d"
_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff"
_MARKS = "\u0301\u0308\u0323\u0332"
_ZEROS = "\u0660\u06f0\u0966\u09e6\u0e50"
_ALIKE = str.maketrans(
    "aceiopxyABEHKMOPTXCSj",
    "\u0430\u0441\u0435\u0456\u043e\u0440\u0445\u0443\u0410\u0412\u0415"
    "\u041d\u041a\u041c\u041e\u0420\u0422\u0425\u0421\u0405\u0458",
)
_DIGIT_NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_SENTENCE = re.compile(r"[^\n.?!]*(?:[.?!](?!\s|$)[^\n.?!]*)*[.?!]*\s*")
_HALF = 0.5


@dataclass(frozen=True, slots=True)
class Evaded:
    """One document before and after; only the values that changed are labelled, in the same order in both."""

    plain: Document
    evaded: Document


@dataclass(frozen=True, slots=True)
class Evasion:
    """How values, or whole texts, are rewritten. `target` is the share of plain recall that is aimed at."""

    name: str
    value: Rewrite | None
    rest: Callable[[str], str] = str
    target: float = 0.95


def _wide(value: str, _label: str, _draw: random.Random) -> str:
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in value)


def _bold(value: str, _label: str, _draw: random.Random) -> str:
    """Write mathematical bold letters and digits, which NFKC turns back."""
    return "".join(
        chr(0x1D400 + ord(char) - 65)
        if "A" <= char <= "Z"
        else chr(0x1D41A + ord(char) - 97)
        if "a" <= char <= "z"
        else chr(0x1D7CE + ord(char) - 48)
        if "0" <= char <= "9"
        else char
        for char in value
    )


def _digits(value: str, _label: str, draw: random.Random) -> str:
    zero = ord(draw.choice(_ZEROS))
    return "".join(chr(zero + ord(char) - 48) if "0" <= char <= "9" else char for char in value)


def _spaces(value: str, _label: str, draw: random.Random) -> str:
    return "".join(draw.choice(_SPACES) if char == " " else char for char in value)


def _dashes(value: str, _label: str, draw: random.Random) -> str:
    return "".join(draw.choice(_DASHES) if char == "-" else char for char in value)


def _sprinkle(alphabet: str) -> Rewrite:
    def rewrite(value: str, _label: str, draw: random.Random) -> str:
        inside = [at for at in range(1, len(value)) if value[at - 1].isalnum() and value[at].isalnum()]
        chosen = set(draw.sample(inside, max(1, len(inside) // 3))) if inside else set()
        return "".join((draw.choice(alphabet) if at in chosen else "") + char for at, char in enumerate(value))

    return rewrite


def _marks(value: str, _label: str, draw: random.Random) -> str:
    letters = [at for at, char in enumerate(value) if char.isalpha()]
    chosen = set(draw.sample(letters, max(1, len(letters) // 3))) if letters else set()
    return "".join(char + (draw.choice(_MARKS) if at in chosen else "") for at, char in enumerate(value))


def _alike(value: str, _label: str, draw: random.Random) -> str:
    places = [at for at, char in enumerate(value) if char.isascii() and ord(char) in _ALIKE]
    chosen = set(draw.sample(places, max(1, len(places) // 2))) if places else set()
    return "".join(char.translate(_ALIKE) if at in chosen else char for at, char in enumerate(value))


def _percent(value: str, _label: str, _draw: random.Random) -> str:
    return urllib.parse.quote(value, safe="")


def _percent_all(value: str, _label: str, _draw: random.Random) -> str:
    return "".join(f"%{byte:02X}" for byte in value.encode())


def _entities(value: str, _label: str, draw: random.Random) -> str:
    form = draw.choice(("&#{0};", "&#x{0:x};"))
    return "".join(form.format(ord(char)) for char in value)


def _broken(value: str, _label: str, draw: random.Random) -> str:
    places = [at for at, char in enumerate(value) if char == " "]
    if places:
        at = draw.choice(places)
        return value[:at] + "\n" + value[at + 1 :]
    after = [at + 1 for at, char in enumerate(value[:-1]) if char in "-/@."]
    at = draw.choice(after) if after else 0
    return value[:at] + "\n" + value[at:] if at else value


def _markdown(value: str, _label: str, draw: random.Random) -> str:
    words = value.split(" ")
    mark = draw.choice(("**", "*", "`", "__"))
    if len(words) > 1:
        at = draw.randrange(len(words))
        words[at] = mark + words[at] + mark
        return " ".join(words)
    at = draw.randrange(1, len(value)) if len(value) > 1 else 0
    return value[:at] + "**" + value[at:] + "**" if at else value


def _numbered(value: str, label: str) -> bool:
    kind = identifier(label)
    return sum(char.isdigit() for char in value) >= 4 and (kind in NUMBERS or kind == "ZIP")


def _spaced(value: str, label: str, _draw: random.Random) -> str:
    """Put spaces between the digits, as optical character recognition does."""
    return re.sub(r"(?<=\d)(?=[\d-])|(?<=-)(?=\d)", " ", value) if _numbered(value, label) else value


def _spelled(value: str, label: str, _draw: random.Random) -> str:
    if not _numbered(value, label):
        return value
    spelled = re.sub(r"[0-9]", lambda digit: f" {_DIGIT_NAMES[int(digit.group())]} ", value)
    return re.sub(r" +", " ", spelled).strip()


EVASIONS = (
    Evasion("full width (NFKC)", _wide),
    Evasion("bold letters (NFKC)", _bold),
    Evasion("other scripts' digits", _digits),
    Evasion("no-break and other spaces", _spaces),
    Evasion("dashes", _dashes),
    Evasion("zero-width characters", _sprinkle(_INVISIBLE)),
    Evasion("soft hyphens", _sprinkle("\u00ad")),
    Evasion("combining marks", _marks),
    Evasion("confusable letters", _alike),
    Evasion("percent-encoding", _percent),
    Evasion("percent-encoding of all", _percent_all),
    Evasion("HTML entities", _entities),
    Evasion("line break inside", _broken),
    Evasion("markdown marks inside", _markdown),
    Evasion("spaced digits", _spaced, target=0.7),
    Evasion("spelled digits", _spelled, target=0.7),
    Evasion("lower case", lambda value, _label, _draw: value.lower(), str.lower, 0.9),
    Evasion("upper case", lambda value, _label, _draw: value.upper(), str.upper),
)
"""All but base64, which is `encoded`."""

BASE64_TARGET = 0.95


def _core(text: str, span: Gold) -> Gold | None:
    parts = identifying(text[span.start : span.end], span.label)
    return Gold(span.start + parts[0][0], span.start + parts[-1][1], span.label, span.kind) if parts else None


def _evaded(start: int, size: int, span: Gold) -> Gold:
    return Gold(start, start + size, f"evaded {identifier(span.label)}", span.kind)


def evade(document: Document, evasion: Evasion, seed: int = 0) -> Evaded | None:
    """Rewrite the values of a document; None if there is nothing for this evasion to change."""
    draw = random.Random(f"{seed} {evasion.name} {document.id}")
    if evasion.value is None or not document.spans:
        return None
    text: list[str] = []
    length = at = 0
    before: list[Gold] = []
    after: list[Gold] = []
    for span in document.spans:
        if span.start < at:
            continue
        core = _core(document.text, span)
        if core is None:
            continue
        rest = evasion.rest(document.text[at : core.start])
        value = document.text[core.start : core.end]
        written = evasion.value(value, core.label, draw)
        text += (rest, written)
        if written != value:
            before.append(core)
            after.append(_evaded(length + len(rest), len(written), core))
        length += len(rest) + len(written)
        at = core.end
    text.append(evasion.rest(document.text[at:]))
    if not before:
        return None
    return Evaded(
        Document(document.id, document.text, tuple(before)), Document(document.id, "".join(text), tuple(after))
    )


def lowered(document: Document) -> Document:
    """Return the document in lower case, character by character, so that offsets stay."""
    text = "".join(low if len(low := char.lower()) == 1 else char for char in document.text)
    return Document(document.id, text, document.spans)


def encoded(document: Document) -> Evaded | None:
    """Replace every sentence that holds PHI by its base64; each value in it now stands in that one token."""
    text: list[str] = []
    length = 0
    before: list[Gold] = []
    after: list[Gold] = []
    cuts = [match.end() for match in _SENTENCE.finditer(document.text)]
    cuts = [cut for cut in cuts if not any(span.start < cut < span.end for span in document.spans)]
    for start, end in pairwise(sorted({0, *cuts, len(document.text)})):
        inside = [s for s in document.spans if start <= s.start and s.end <= end]
        inside = [s for s in inside if identifying(document.text[s.start : s.end], s.label)]
        sentence = document.text[start:end]
        words = sentence.rstrip()
        if inside:
            token = base64.b64encode(words.encode()).decode()
            before += inside
            after += [_evaded(length, len(token), s) for s in inside]
        else:
            token = words
        written = token + sentence[len(words) :]
        text.append(written)
        length += len(written)
    if not before:
        return None
    return Evaded(
        Document(document.id, document.text, tuple(before)), Document(document.id, "".join(text), tuple(after))
    )
