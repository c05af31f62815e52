"""How an entry and a list look: NFC, lower case, sorted by code point, unique, one header line.

A name that is written with marks ("Szöllösy") stands twice, as written and folded to ASCII letters, because notes are
typed both ways.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

# Letters that NFKD leaves whole, as passports transcribe them (ICAO 9303-3, section 6, without its doubled vowels).
_WHOLE = str.maketrans(
    dict(zip("ßøæœłđðþ\u0131ħə", ["ss", "o", "ae", "oe", "l", "d", "d", "th", "i", "h", "a"], strict=True))
)
_APOSTROPHES = str.maketrans({"\u2019": "'", "\u02bc": "'", "\u2018": "'", "`": "'", "\u00b4": "'"})
_DASHES = str.maketrans({"\u2010": "-", "\u2011": "-", "\u2013": "-", "\u2014": "-"})


def entry(text: str) -> str:
    """Return the text as a list holds it: NFC, lower case, plain apostrophes and hyphens, single spaces."""
    text = text.translate(_APOSTROPHES).translate(_DASHES)
    # "İ".lower() leaves a combining dot behind.
    lowered = unicodedata.normalize("NFC", text).lower().replace("i\u0307", "i")
    return " ".join(unicodedata.normalize("NFC", lowered).split())


def folded(text: str) -> str:
    """Return an entry without marks."""
    plain = unicodedata.normalize("NFKD", text.translate(_WHOLE))
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def both(words: Iterable[str]) -> set[str]:
    """Return entries as written and folded."""
    entries = {entry(word) for word in words}
    return entries | {folded(word) for word in entries}


def latin(text: str) -> bool:
    """Tell whether every letter is of the Latin script."""
    return all(unicodedata.name(letter, "").startswith("LATIN") for letter in text if letter.isalpha())


def tokens(text: str, shortest: int = 2) -> list[str]:
    """Return the words of a text as entries: runs of letters, with apostrophes inside, no digits."""
    found = re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)*", entry(text))
    return [word.removesuffix("'s") for word in found if len(word.removesuffix("'s")) >= shortest]


@dataclass(frozen=True)
class WordList:
    """A list: its file name without `.txt`, what it is, where from, under which licence, and its entries."""

    name: str
    what: str
    source: str
    licence: str
    entries: frozenset[str]

    def text(self) -> str:
        """Return the file's text."""
        header = f"# {self.what}; source: {self.source}; licence: {self.licence}"
        return "\n".join([header, *sorted(self.entries)]) + "\n"

    def write(self, folder: Path) -> int:
        """Write the file and return its size in bytes."""
        data = self.text().encode()
        (folder / f"{self.name}.txt").write_bytes(data)
        return len(data)
