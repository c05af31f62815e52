"""Reads English: SCOWL's words by level (10: the most usual, 70: rare) and parts of WordNet."""

import json
import re
from collections.abc import Iterable

from tools.wordlists.form import entry
from tools.wordlists.packages import Archive

_LEVEL = re.compile(r"package/(?:american|british|canadian|english)-words-(\d\d)\.json")


def scowl(archive: Archive) -> dict[str, int]:
    """Return words with the lowest SCOWL level that has them."""
    levels: dict[str, int] = {}
    for path in archive.names():
        match = _LEVEL.fullmatch(path)
        if match is None:
            continue
        level = int(match[1])
        for word in json.loads(archive.read(path)):
            key = entry(word)
            levels[key] = min(levels.get(key, level), level)
    return levels


class WordNet:
    """WordNet's nouns and adjectives as a graph: words of a synset, its kinds, and its topic."""

    def __init__(self, archive: Archive) -> None:
        self.words: dict[str, tuple[str, ...]] = {}
        self.kinds: dict[str, list[str]] = {}
        self.members: dict[str, list[str]] = {}
        for part in ("noun", "adj", "verb"):
            letter = {"noun": "n", "adj": "a", "verb": "v"}[part]
            for line in archive.read(f"package/dict/data.{part}").decode().splitlines():
                if not line.startswith(" "):
                    self._read(letter, line.split(" | ")[0].split())

    def _read(self, letter: str, fields: list[str]) -> None:
        synset = letter + fields[0]
        count = int(fields[3], 16)
        self.words[synset] = tuple(fields[4 : 4 + 2 * count : 2])
        at = 4 + 2 * count
        for index in range(int(fields[at])):
            symbol, offset, part = fields[at + 1 + 4 * index : at + 4 + 4 * index]
            target = ("a" if part == "s" else part) + offset
            if symbol == "~":
                self.kinds.setdefault(synset, []).append(target)
            elif symbol == "-c":
                self.members.setdefault(synset, []).append(target)

    def find(self, *lemmas: str) -> list[str]:
        """Return the noun synsets that have one of these words, written `word` or `word.2` for its second sense."""
        return [synset for synset, words in self.words.items() if synset[0] == "n" and words[0] in lemmas]

    def below(self, roots: Iterable[str]) -> set[str]:
        """Return the words of all kinds of these synsets, with spaces, as written."""
        seen: set[str] = set()
        waiting = list(roots)
        while waiting:
            synset = waiting.pop()
            if synset not in seen:
                seen.add(synset)
                waiting += self.kinds.get(synset, ())
        return self._spell(seen)

    def topics(self, roots: Iterable[str]) -> set[str]:
        """Return the words that belong to these topics, of any part of speech."""
        return self._spell({member for root in roots for member in self.members.get(root, ())})

    def _spell(self, synsets: Iterable[str]) -> set[str]:
        return {
            re.sub(r"\([a-z]+\)$", "", word).replace("_", " ")
            for synset in synsets
            for word in self.words.get(synset, ())
        }
