"""Words in native code: the same code and shape as the lexicon gives them, the first time and when they are remembered."""

from __future__ import annotations

import random

import pytest

from masking import native
from masking.rules import RuleSet
from masking.tape import START
from tests.masking.shipped import by_re2, shipped

pytestmark = pytest.mark.skipif(native.library is None, reason="the library was not built")

SHAPES = ("lower", "title", "upper", "camel", "initial", "letter", "uncased", "mixed")
SHORT_ENDINGS = """
recognizers:
  - {id: r, identifier: NAME, phrases: ['<lower>', '<title>', '<upper>', '<camel>', '<mixed>', '<initial>', '<letter>',
     '<ill>', '<well>', '<worse>', '<unknown>'], examples: ['[[x]]']}
words: {ill: fever cough, well: fine, worse: croup}
lexicon: {vocabulary: ill, endings_ill: a osis, endings_well: ed, endings_worse: itis oma}
"""


def symbols(rules: RuleSet, text: str) -> list[tuple[int, int, int, int]]:
    """Return which phrases match which words."""
    read = rules.searcher.read(text, START)
    count = sum(len(recognizer.phrases) for recognizer in rules.recognizers)
    return list(read.matches(read.zones, range(count)))


def forms(word: str, chance: random.Random) -> list[str]:
    """Return a word as people write it, and as nobody does."""
    odd = "".join(chance.choice((char.lower(), char.upper())) for char in word)
    return [
        word,
        word.title(),
        word.upper(),
        odd,
        f"{word}'t",
        f"O'{word.title()}",
        word + word,
        word[:-1],
        word + "es",
    ]


def test_words_are_read_alike_however_often_they_come() -> None:
    """Words of the lists and others of all lengths, more than are remembered, each in many forms and twice."""
    chance = random.Random(17)
    every = {word for words in shipped().lexicon._every for word in words}
    held = sorted(word for word in every if word.isascii() and word.isalpha())
    words = [*chance.sample(held, 150), *(chance.choice(held)[:1] * size for size in range(1, 45))]
    said = [form for word in words for form in forms(word, chance)]
    chance.shuffle(said)
    for rules in (shipped(), RuleSet.from_sources({"recognizers/a.yaml": SHORT_ENDINGS.encode()}, proven=True)):
        measure = by_re2(rules)
        for start in range(0, len(said), 500):
            text = " ".join(said[start : start + 500])
            found = symbols(rules, text)
            assert found == symbols(rules, text)
            assert found == symbols(measure, text)


def test_words_that_begin_alike_are_told_apart() -> None:
    """Thousands of words that differ behind their first letters take one another's place, and none its code."""
    ends = ["".join(chr(97 + number // 26**place % 26) for place in range(3)) for number in range(4000)]
    lists = [" ".join(f"abcdefgh{end}" for end in ends[part::2]) for part in range(2)]
    yaml = (
        "recognizers:\n  - {id: r, identifier: NAME, phrases: ['<ill>', '<well>'], examples: ['[[abcdefghaaa]]']}\n"
        f"words: {{ill: {lists[0]}, well: {lists[1]}}}\n"
    )
    rules = RuleSet.from_sources({"recognizers/a.yaml": yaml.encode()})
    text = " ".join(part for some in zip(*map(str.split, lists), strict=True) for part in some)
    for _ in range(2):
        found = sorted(symbols(rules, text), key=lambda match: match[2])
        assert [phrase for _, phrase, _, _ in found] == [0, 1] * 2000
