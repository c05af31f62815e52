"""Verdicts of rules with everything that a rule may ask for: native code says what Python says, or leaves it to Python."""

from __future__ import annotations

from dataclasses import replace

import pytest

from masking import RuleSet, find, folding, native
from masking.scan import ranked
from masking.tape_search import TapeSearcher

pytestmark = pytest.mark.skipif(native.library is None, reason="the library was not built")

VALUES = "values: ['jane doe', 'MRN-00123456']"
NUMBER = "phrases: ['[[ <n> ]]']"


def found(rule: str, text: str) -> list[tuple[int, int]]:
    """Return what a rule finds, which has to be what its measure finds."""
    lists = "words: {common: the was seen of}\nlexicon: {vocabulary: common}\n"
    source = f"recognizers:\n  - {{id: r, identifier: OTHER_ID, {rule}, examples: ['[[^]]']}}\n{lists}"
    rules = RuleSet.from_sources({"recognizers/a.yaml": source.encode()}, proven=True)
    slow = replace(rules, searcher=TapeSearcher(rules.lexicon, ranked(rules.recognizers), proven=True))
    findings = find(rules, text)
    assert findings == find(slow, text)
    return [(finding.start, finding.end) for finding in findings]


@pytest.mark.parametrize(
    ("more", "text", "span"),
    [
        ("unless: ['mrn']", "é jane doe", (2, 10)),
        ("alone: true", "jane doe é", (0, 8)),
        ("unless_after: ['units']", "Jane Doe, José", (0, 8)),
        ("context: ['patient']", "né patient jane doe", (11, 19)),
        ("allow: ['x']", "a jane doe", (2, 10)),
        ("validator: facility", "Jane  Doe", (0, 9)),
        ("validator: digit", "no. MRN-00123456", (4, 16)),
    ],
)
def test_a_value_is_asked_about_by_its_anchor(more: str, text: str, span: tuple[int, int]) -> None:
    """Where Python has the last word, it is asked about what matched, not about the value that native code saw."""
    assert found(f"{VALUES}, {more}", text) == [span]


@pytest.mark.parametrize(
    ("more", "texts"),
    [
        ('unless: ["b\\n"]', ("b 1", "ab 1")),
        ('unless: ["x\\0y", "b"]', ("x 1", "b 1")),
        ('context: [""]', ("a 1",)),
        ('context: ["a\\nb"]', ("a 1", "b 1", "a\nb 1")),
    ],
)
def test_cues_of_odd_characters_are_python_s(more: str, texts: tuple[str, ...]) -> None:
    """A cue may hold a line end or a NUL, or nothing: native code parts cues by these."""
    for text in texts:
        found(f"{NUMBER}, {more}", text)


def test_allowed_values_are_stripped_and_short_words_counted_as_re2_counts() -> None:
    """Space before an allowed value does not count; `{1,03}` is no count but text."""
    assert found("phrases: ['\"foo\" [[ _ <any> ]]'], allow_values: ['bar']", "foo bar x") == []
    assert found("phrases: ['[[ <cap> ]]'], allow: ['[\\pL-]{1,03}']", "Abc") == [(0, 3)]
    assert found("phrases: ['[[ <cap> ]]'], allow: ['[\\pL-]{1,3}']", "Abc Abcd") == [(4, 8)]


@pytest.mark.parametrize("text", ["*" * 4000, "x" * 40_000 + "a\u200b" * 400, "&#65;" * 900, ("w" * 99 + "%41 ") * 300])
def test_the_end_of_a_token_is_looked_for_once(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """However many encodings one token holds, the time that its view takes grows with its length alone."""
    read = 0
    end_of = folding.token_end

    def counted(text: str, at: int) -> int:
        nonlocal read
        end = end_of(text, at)
        read += end - at
        return end

    monkeypatch.setattr(folding, "token_end", counted)
    folding.view_of(text)
    assert read <= len(text)
