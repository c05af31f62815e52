"""Phrases: every construct of their language, what it takes and what it leaves, and how mistakes are told."""

from __future__ import annotations

import pytest

from masking import RuleError, RuleSet
from masking.memory import Memory
from masking.phrases import count_tokens, lists_of, literals, parted, tokens_of
from masking.reading import Reading

LISTS = """words:
  common: the was seen and will home of
  given: jane will omar rosa
  surname: doe okafor
  titles: dr mr
  months: may june
lexicon: {vocabulary: common, proper: given surname}
"""


def rules(phrase: str, example: str, *more: str) -> RuleSet:
    phrases = ", ".join("'{}'".format(one.replace("'", "''")) for one in (phrase, *more))
    return RuleSet.from_sources(
        {
            "recognizers/a.yaml": (
                f"recognizers:\n  - id: r\n    identifier: NAME\n    phrases: [{phrases}]\n"
                f"    examples: [{example}]\ndefine: {{who: '<given> _ <surname>'}}\n{LISTS}"
            ).encode()
        }
    )


def claimed(phrase: str, text: str) -> list[str]:
    """Return what a phrase claims in a text; its example is anything at all, so that only the language is tried."""
    loaded = rules("\\^ <given>", "'[[^jane]]'", phrase)
    reading = Reading(loaded.scanner("strict"), text)
    return [text[found.start : found.end] for found in reading.findings(reading.zones, Memory())]


@pytest.mark.parametrize(
    ("phrase", "text", "expected"),
    [
        ("<given>", "Jane jane JANE will Will Omar's Janet", ["Jane", "jane", "JANE", "Will", "Omar"]),
        ("<surname|given>", "Doe Jane", ["Doe", "Jane"]),
        ("<given cap>", "Jane jane JANE", ["Jane", "JANE"]),
        ("<given -common>", "Will Jane", ["Jane"]),
        ("<lower given>", "jane Jane", ["jane"]),
        ("<title>", "Foo FOO foo McFoo F", ["Foo"]),
        ("<upper>", "Foo FOO foo McFoo F", ["FOO"]),
        ("<camel>", "Foo FOO foo McFoo F", ["McFoo"]),
        ("<mixed>", "Foo iFoo", ["iFoo"]),
        ("<initial>", "Foo F f", ["F"]),
        ("<letter>", "Foo F f", ["f"]),
        ("<uncased>", "Foo 張偉", ["張偉"]),
        ("<word>", "Foo, F, f, x9", ["Foo"]),
        ("<cap unknown>", "Foo Jane Seen", ["Foo"]),
        ("<any> \\.", "seen. Jane.", ["seen.", "Jane."]),
        ("<n>", "7 12 1961 123456789", ["7", "12", "1961", "123456789"]),
        ("<n3>", "12 123 1234", ["123"]),
        ("<n2-3>", "1 12 123 1234", ["12", "123"]),
        ("<n4+>", "123 1234 12345678901234567890123", ["1234", "12345678901234567890123"]),
        ("<mm> / <dd> / <yyyy>", "12/31/1961 31/12/1961 1/2/9999", ["12/31/1961"]),
        ("<yy n2>", "61 00 99 161", ["61", "00", "99"]),
        ("<old>", "89 90 125 126", ["90", "125"]),
        ('"care of|c"', "Care OF x, care x, C x, carer of", ["Care OF", "C"]),
        ('"o\'leary"', "O'Leary's, Leary", ["O'Leary"]),
        ('"e-mail"', "E-Mail email e - mail", ["E-Mail"]),
        ("[[ <given> ]] _ <surname>", "Jane Doe, Jane \n Doe, JaneDoe, Jane, Doe", ["Jane", "Jane"]),
        ("<given> __ <surname>", "Jane  Doe, Jane\nDoe", ["Jane  Doe"]),
        ("<given> ~ , ~ <surname>", "Jane,Doe Jane , Doe Jane ,\nDoe Jane Doe", ["Jane,Doe", "Jane , Doe", "Jane ,\nDoe"]),
        ("; [[ <given> ]]", "Jane Omar\nRosa", ["Jane", "Rosa"]),
        ("<given> [-/] <n1>", "Jane-1 Jane/2 Jane.3", ["Jane-1", "Jane/2"]),
        ("<given> - <n1>", "Jane-1 Jane 1", ["Jane-1"]),
        ("<given> . <n1>", "Jane#1 Jane1", ["Jane#1"]),
        ("<given> (<n1> | \\#){2}", "Jane#1 Jane# Jane##", ["Jane#1", "Jane##"]),
        ("<given> (?: _ <given>)*", "Jane Omar Rosa Doe", ["Jane Omar Rosa"]),
        ("<given> \\? ?", "Jane? Omar", ["Jane?", "Omar"]),
        ("<given> \\!+", "Jane!! Omar", ["Jane!!"]),
        ("<given> \\!{1,2}", "Jane!!! Omar", ["Jane!!"]),
        ("{{who}}", "Jane Doe", ["Jane Doe"]),
        ("<months> _ <dd>", "May 31 may 32", ["May 31"]),
    ],
)  # fmt: skip
def test_what_a_phrase_takes(phrase: str, text: str, expected: list[str]) -> None:
    """Kinds of words and numbers, words, gaps, signs, groups and repetitions take what the language says."""
    assert claimed(phrase, text) == expected


@pytest.mark.parametrize(
    ("phrase", "problem"),
    [
        ("Jane", "neither a kind, a word nor a sign"),
        ("<given> 7", "neither a kind, a word nor a sign"),
        ("<given", "neither a kind, a word nor a sign"),
        ("<nobody>", "no word list `nobody`"),
        ("<lower title>", "no word can be <lower title>"),
        ("<n0>", "numbers have 1 to"),
        ("<n3-2>", "numbers have 1 to"),
        ("<n99>", "numbers have 1 to"),
        ("<n3 given>", "a word or a number, not both"),
        ('"room 7"', "no digits"),
        ('"jane|"', "empty words"),
        ("[[ <given> ]] [[ <given> ]]", "one value"),
        ("(<given>", "not a phrase"),
        ("<given>?", "matches the empty string"),
        ("<given> [^-]", "brackets hold signs"),
        ("<given> [0-9]", "brackets hold signs"),
        ("<given> [!-~]", "brackets hold signs"),
        ("{{nobody}}", "no definition `nobody`"),
        ("{{given|title}}", "no word list `given`"),
        ("<given> {{who}} {{who" + "}} {{who" * 30_000 + "}}", "the pattern is too long"),
    ],
)  # fmt: skip
def test_mistakes_are_told(phrase: str, problem: str) -> None:
    """A phrase that cannot be meant is refused with its line and what is wrong, never silently never matched."""
    with pytest.raises(RuleError) as caught:
        rules(phrase, "'[[jane]]'")
    assert problem in str(caught.value)
    assert (caught.value.rule, caught.value.line) == ("r", 4)


def test_words_and_lists_of_a_phrase() -> None:
    """The lexicon is told which words and lists a phrase asks for."""
    source = '"care of|c" _ <cap given|=home -common> <n3>'
    tokens = tokens_of([source])
    assert literals(tokens) == {"care", "of", "c", "home"}
    assert lists_of(tokens) == {"cap", "given", "=home", "common", "n3"}


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        (("<given> _ ", "(?:<surname>)", ""), ("<given> _ ", "(?:<surname>)")),
        (("", "(?:_)", "\\.", "(?:~)", "?"), ("(?:_)", "\\.", "(?:~)", "?")),
        (('"care ', "(?:of)", '"'), ('"care (?:of)"',)),
        (("[,", "(?:;)", "]"), ("[,(?:;)]",)),
        (("<given> \\", "(?:,)"), ("<given> \\(?:,)",)),
    ],
)
def test_a_phrase_is_in_pieces_where_no_token_goes_over_their_borders(
    pieces: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    """What pieces say by themselves is what they say together; else the phrase is one piece."""
    assert parted(pieces) == expected
    assert count_tokens(parted(pieces)) == count_tokens(["".join(pieces)])


def test_tokens_are_counted_as_often_as_their_pieces_stand_in_phrases() -> None:
    """A token of a piece that comes three times counts three times, in the order in which tokens first come."""
    counts = count_tokens(["<cap>_", "<given>", "<cap>_", "<cap>", "<cap>_"])
    assert list(counts.items()) == [("<cap>", 4), ("_", 3), ("<given>", 1)]


def test_a_placeholder_is_no_word() -> None:
    """What stands for a value already is taken by no construct."""
    assert claimed("<any> | . | <n>", "[NAME_ABCDEFG_ABCDEF]") == []
