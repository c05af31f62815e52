"""Lists of words: which of them hold each word together, in native code and in Python alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shipped import by_re2, shipped

from masking import native
from masking.errors import RuleError
from masking.lexicon import Lexicon
from masking.lists import Lists, WordList, unite
from masking.rules import RuleSet
from masking.text import find

if TYPE_CHECKING:
    from collections.abc import Callable

WORDS = st.sampled_from(["a", "é", "ab", "josé", "new york", "x" * 70, *map(str, range(20))])


def test_a_word_list_is_its_words_in_their_order() -> None:
    """A list gives back what it was made of, as often as it was named, and two lists are one behind the other."""
    assert list(WordList()) == []
    assert list(WordList(("b", "a", "b")) + WordList(("new york",))) == ["b", "a", "b", "new york"]


def test_a_union_is_all_lists_that_hold_a_word() -> None:
    """Each word has one union, whose lists are exactly those that name it, however often."""
    held, unions = unite([("a", "b"), (), ("b", "c", "b"), ("a", "b")])
    assert {word: unions[number] for word, number in held.items()} == {"a": (3, 0), "b": (3, 2, 0), "c": (2,)}


@pytest.mark.skipif(native.library is None, reason="the library was not built")
@given(st.lists(st.lists(WORDS, max_size=12), max_size=8))
def test_native_code_unites_lists_as_python_does(lists: list[list[str]]) -> None:
    """The unions are the same, by the same numbers; those are used that hold a word in the end, some a single letter."""
    assert native.library is not None
    held, unions = unite(lists)
    assert Lists(native.library, map(WordList, lists)).unions() == (
        unions,
        sorted({*held.values()}),
        sorted({number for word, number in held.items() if len(word) == 1}),
    )


@pytest.mark.skipif(native.library is None, reason="the library was not built")
def test_more_unions_than_native_code_can_number_are_refused() -> None:
    """A word's union is a number of sixteen bits."""
    assert native.library is not None
    with pytest.raises(ValueError, match="too many word lists"):
        Lists(native.library, [WordList((f"word{number}",)) for number in range(1 << 16)])


def test_a_lexicon_without_native_code_has_no_lists_for_a_matcher(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the library was not built words are looked up in Python."""
    monkeypatch.setattr(native, "library", None)
    lexicon = Lexicon({"given": ("jane",)})
    assert lexicon.word("jane")[1]
    with pytest.raises(RuntimeError, match="not built"):
        _ = lexicon.lists


def test_a_lexicon_with_native_code_knows_words_in_python_too() -> None:
    """What explains findings and what the matcher is tested against ask for words in Python."""
    lexicon = Lexicon({"given": ("jane", "omar"), "surname": ("doe", "omar")}, quiet=("the",))
    codes = {word: lexicon.word(word) for word in ("jane", "omar", "doe", "the", "xyz")}
    assert all(known == (word != "xyz") for word, (_, known) in codes.items())
    assert len({code for code, _ in codes.values()}) == len(codes)


def many_lists(phrases: str) -> dict[str, bytes]:
    """Return rules over fourteen lists with more unions than a tape has codes."""
    lists = [" ".join(f"w{letters(word)}" for word in range(1, 8200) if word >> place & 1) for place in range(14)]
    words = ", ".join(f"list_{letters(place)}: {some}" for place, some in enumerate(lists))
    rule = f"recognizers:\n  - {{id: r, identifier: NAME, phrases: [{phrases}], examples: ['[[wb]]']}}\nwords: {{{words}}}\n"
    return {"recognizers/a.yaml": rule.encode()}


def letters(number: int) -> str:
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))


def test_more_unions_than_codes_are_fine_if_phrases_tell_few_apart() -> None:
    """Codes are counted when it is known which words phrases tell apart."""
    every = " ".join(f"-list_{letters(place)}" for place in range(1, 14))
    rules = RuleSet.from_sources(many_lists(f"'[[ <list_a {every}> ]]'"))
    assert [finding[:2] for finding in find(rules, "wb wd wc wah")] == [(0, 2)]


def test_single_letters_have_symbols_of_their_own() -> None:
    """Native code counts symbols in sixteen bits: as many kinds of words have room, but not if all are single letters."""
    signs = [chr(0x4E00 + number) for number in range(8191)]
    lists = {
        f"l{letters(place)}": " ".join(signs[number - 1] for number in range(1, 8192) if number >> place & 1)
        for place in range(13)
    }
    words = ", ".join(f"{name}: {some}" for name, some in lists.items())

    def rules(phrases: str) -> dict[str, bytes]:
        rule = f"recognizers:\n  - {{id: r, identifier: NAME, phrases: [{phrases}], examples: ['[[{signs[0]}]]']}}\nwords: {{{words}}}\n"
        return {"recognizers/a.yaml": rule.encode()}

    found = find(RuleSet.from_sources(rules(f"'[[ <l{letters(0)} -l{letters(1)}> ]]'")), f"{signs[0]} {signs[2]}")
    assert [finding[:2] for finding in found] == [(0, 1)]
    with pytest.raises(RuleError, match="tell too many word lists apart"):
        RuleSet.from_sources(rules(", ".join(f"'[[ <{name}> ]]'" for name in lists)))


def test_phrases_that_tell_too_many_words_apart_are_refused() -> None:
    """There are so many codes on a tape, and one word more is a broken rule file."""
    phrases = ", ".join(f"'[[ <list_{letters(place)}> ]]'" for place in range(14))
    with pytest.raises(RuleError, match="tell too many word lists apart"):
        RuleSet.from_sources(many_lists(phrases))
    quiet = f"lexicon: {{quiet: {' '.join(f'w{letters(word)}' for word in range(500))}}}".encode()
    some = many_lists("'[[ <list_a> ]]'")
    with pytest.raises(RuleError, match="too many quiet words"):
        RuleSet.from_sources({"recognizers/a.yaml": some["recognizers/a.yaml"] + quiet})
    vocabulary = f"lexicon: {{vocabulary: {' '.join(f'list_{letters(place)}' for place in range(8))}}}".encode()
    with pytest.raises(RuleError, match="too many lists in `vocabulary`"):
        RuleSet.from_sources({"recognizers/a.yaml": some["recognizers/a.yaml"] + vocabulary})


@pytest.mark.parametrize("made", [lambda rules: rules, by_re2], ids=["native", "re2"])
def test_words_that_no_rule_asks_for_are_told_apart_by_their_own_lists(made: Callable[[RuleSet], RuleSet]) -> None:
    """To `<medical>` such a word may be any of the vocabulary; `<medical_sure>` takes medical ones alone."""
    source = """
words: {common: glacier the, medical: febrile}
lexicon: {vocabulary: common medical}
recognizers:
  - {id: not.medical, identifier: AA, phrases: ['"at" _ [[ <lower -medical_sure> ]]'], examples: ['at [[glacier]]']}
  - {id: medical, identifier: BB, phrases: ['"on" _ [[ <lower medical> ]]'], examples: ['on [[glacier]]']}
  - {id: sure, identifier: CC, phrases: ['"by" _ [[ <lower medical_sure> ]]'], examples: ['by [[febrile]]']}
"""
    rules = made(RuleSet.from_sources({"recognizers/a.yaml": source.encode()}))
    for text, found in {
        "at glacier": "AA",
        "at febrile": "",
        "on glacier": "BB",
        "on febrile": "BB",
        "by glacier": "",
        "by febrile": "CC",
        "By Febrile": "",
    }.items():
        assert "".join(finding.identifier for finding in find(rules, text)) == found, text


def test_the_shipped_rules_leave_room_for_those_of_a_site() -> None:
    """A site's own lists tell words apart, too: a hundred kinds of words are left to them."""
    words = shipped().lexicon
    assert len(set(words.union_codes())) <= words.room - 100
