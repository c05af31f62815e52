"""The tape: kinds of atoms, zones, what is settled, and the way back to the characters."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shipped import by_re2, folded, shipped

from masking import Memory, RuleSet, find
from masking.lexicon import Lexicon, atoms, number, shape_of
from masking.reading import Reading
from masking.segments import WIDEST_GAP, lines
from masking.tape import START, Tape

LEXICON = Lexicon(
    {
        "given": ("jane", "will"),
        "common": ("the", "patient", "was", "seen", "and", "then", "went", "home", "will"),
        "title": ("dr",),
    },
    frozenset({"common"}),
    frozenset({"given"}),
    {"title": ("xx",)},
)
BLANKS = re.compile(rf"(?<! ) {{1,{WIDEST_GAP}}}(?=[\n\x1e])")
"""Spaces before a line end, no more than a gap holds."""
PIECES = st.lists(
    st.sampled_from(
        (
            *(
                "a",
                "B",
                " ",
                "  ",
                "\n",
                " \n",
                "\x1e",
                "12",
                ".",
                "-",
                "- ",
                ":",
                ";",
                "the",
                "é",
                "\x02\x02",
                "Dr",
                "was, ",
            ),
            *('"', " " * WIDEST_GAP, " " * (WIDEST_GAP + 1)),
        )
    ),
    max_size=24,
).map("".join)


def zones(text: str) -> list[str]:
    tape = Tape(LEXICON, lines(text))
    return [text[tape.char(start) : tape.char(end - 1)] for start, end in tape.zones()]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the patient was seen", []),
        ("the patient Jane was seen", ["the patient Jane was seen"]),
        ("Jane was seen and then", ["Jane was seen"]),
        ("Jane was\n\nDoe", ["Jane was", "Doe"]),
        ("Jane was then seen Doe", ["Jane was then seen Doe"]),
        ("Jane was then seen and Doe", ["Jane was then", "seen and Doe"]),
        ("Jane \n Doe", ["Jane \n Doe"]),
        ("Jane\n\nDoe", ["Jane", "Doe"]),
        ("Label:\n\nDoe", ["Label:\n\nDoe"]),
        ("total(Foo);\nBar", ["total(Foo);", "Bar"]),
        ("Foo\n- Bar", ["Foo", "- Bar"]),
        ("Foo:\n- Bar", ["Foo:\n- Bar"]),
        ("was,then", ["was,then"]),
        ("", []),
    ],
)  # fmt: skip
def test_zones(text: str, expected: list[str]) -> None:
    """Zones end between inert words, at blank lines, after code lines and before list items."""
    assert zones(text) == expected


@settings(deadline=None)
@given(PIECES)
def test_every_atom_is_found_again(text: str) -> None:
    """Each place on the tape leads back to the characters it was made from; a line end to where its spaces begin."""
    tape = Tape(LEXICON, text)
    runs = [match.span() for match in BLANKS.finditer(text)]
    left_out = {place for start, end in runs for place in range(start + 1, end + 1)}  # a line end is at its first space
    shown = [place for place in range(len(text) + 1) if place not in left_out]
    at, char = 1, 0
    for token in tape._tokens:
        for wide, long in atoms(token):
            assert tape.char(at) == shown[char]
            at, char = at + wide, char + long
        if token[-1:] not in {"\n", "\x1e"}:
            assert tape.char(at) == shown[min(char, len(shown) - 1)]
            at, char = at + 1, char + 1
    assert at == len(tape.tape)


@pytest.mark.parametrize("text", ["a\n- \nb", "a:\n- \nb", "a\n*   \n\nb"])
def test_an_empty_item_parts_lines_as_any_item_does(text: str) -> None:
    """Whether something follows the mark of an item is not known when the blank behind it comes."""
    whole = lines(text)
    for end in range(text.index(" ") + 1, len(text)):
        assert whole.startswith(lines(text[:end])[: text.index(" ")])


@settings(deadline=None)
@given(PIECES, st.data())
def test_what_is_settled_stays(text: str, data: st.DataObject) -> None:
    """The zones that a beginning of a text calls settled are the whole text's."""
    spaces = [place + 1 for place, char in enumerate(text) if char in " \n\x1e"]
    if not spaces:
        return
    whole = Tape(LEXICON, lines(text))
    begin = Tape(LEXICON, lines(text[: data.draw(st.sampled_from(spaces))]))
    early = begin.zones()
    settled = begin.settled(early)
    done = [tuple(map(begin.char, (start, end - 1))) for start, end in early[:settled]]
    assert done == [tuple(map(whole.char, (start, end - 1))) for start, end in whole.zones()[:settled]]


@pytest.mark.parametrize(
    ("word", "shape"),
    [("john", 1), ("John", 2), ("JOHN", 3), ("McDonald", 4), ("O'Leary", 2), ("J", 5), ("j", 6), ("張", 7), ("張偉", 7), ("iPhone", 8)],
)  # fmt: skip
def test_shapes_of_words(word: str, shape: int) -> None:
    """A word's shape is how it is written."""
    assert shape_of(word) == shape


def test_numbers_have_a_value_and_a_length() -> None:
    """Numbers are told apart by what they may be and by their digits; very long ones are alike."""
    assert len({number(n) for n in ("3", "03", "31", "45", "97", "1961", "9999", "003")}) == 8
    assert number("1" * 20) == number("7" * 900)


def test_only_listed_words_are_remembered() -> None:
    """What the lexicon keeps is public, whatever text went through it."""
    lexicon = Lexicon({"common": ("seen",)}, frozenset({"common"}))
    for token in ("Okonkwo", "seen", "Seen:", "00123456", "120/80", "seen.seen", "seen" + "." * 99):
        assert lexicon[token]
    assert set(lexicon) == {"seen", "Seen:"}


def test_words_with_an_ending_count_as_listed() -> None:
    """A word of no list that ends like the words of one is of that list."""
    assert LEXICON["Fooxx"][:2] == LEXICON["Dr"][:2]


def test_a_match_over_two_zones_hides_nothing() -> None:
    """A rule that takes any word finds in each zone what it finds there alone, and nothing across zones."""
    rule = (
        b"recognizers:\n  - {id: any, identifier: OTHER_ID, phrases: ['\\( (~ <any>)+ ~ \\) | <mixed>'],"
        b" examples: ['see [[(X Y)]]']}\n"
    )
    rules = RuleSet.from_sources({"recognizers/a.yaml": rule})
    text = "see (X iOs\n\niOs Y) and (Z)"
    assert [text[f.start : f.end] for f in find(rules, text)] == ["iOs", "iOs", "(Z)"]


def test_many_zones_are_read_as_if_alone() -> None:
    """Searching a text at once gives what each of its zones gives."""
    text = "Seen by Dr. Okonkwo today.\n\nMRN 00123456\n\n<\n\n>\n\nSSN 123-45-6789\n\nx@\n\ny.org"
    scanner = shipped().scanner("strict")
    reading = Reading(scanner, text)
    alone = []
    memory = Memory()
    for part in text.split("\n\n"):
        base = text.index(part)
        one = Reading(scanner, part)
        alone.extend(found.moved(base) for found in one.findings(one.zones, memory))
    assert reading.findings(reading.zones, Memory()) == alone
    assert len(alone) == 3


def test_quiet_words_part_zones_though_rules_ask_for_them() -> None:
    """A usual word that a phrase names is one of its own and still lets text be cut."""
    rule = (
        b"recognizers:\n  - {id: x, identifier: OTHER_ID, phrases: ['\"care\" _ \"of\" _ [[ <cap> ]]'], examples: ['care of [[Jane]]']}\n"
        b"words: {common: the of most seen}\nlexicon: {vocabulary: common, quiet: of}\n"
    )
    rules = RuleSet.from_sources({"recognizers/a.yaml": rule})
    text = "care of Jane of of of of care of Jane"
    assert [text[f.start : f.end] for f in find(rules, text)] == ["Jane", "Jane"]
    tape = Tape(rules.lexicon, text)
    assert len(tape.zones()) == 2


def alike(rules: RuleSet, text: str) -> list[str]:
    """Return what is found in a text: the same whole, cut anywhere, letter by letter, and by RE2."""
    found = find(rules, text)
    assert find(by_re2(rules), text) == found
    assert folded(list(text), rules=rules) == (text, found)
    for cut in range(len(text)):
        assert folded([text[:cut], text[cut:]], rules=rules) == (text, found)
    return [text[start:end] for start, end, *_ in found]


def test_a_rule_sees_two_quiet_words_behind_a_value() -> None:
    """What follows a name speaks for it, though it is so usual that text is parted there; in streams as in whole texts."""
    rule = (
        b"recognizers:\n  - {id: x, identifier: NAME, phrases: ['[[ <cap> ]] _ (<lower> _)? \"left\"'], examples: ['[[Jane]] left']}\n"
        b"words: {common: the of and was seen left soon}\nlexicon: {vocabulary: common, quiet: left soon}\n"
    )
    rules = RuleSet.from_sources({"recognizers/a.yaml": rule})
    text = "Jane soon left and was seen. Doe left. The of and was seen left."
    assert alike(rules, text) == ["Jane", "Doe"]


def test_a_text_ends_as_a_line_does() -> None:
    """What asks for the end of a line finds the end of a text, however it comes; no place where a stream only pauses."""
    rule = (
        b"recognizers:\n  - {id: x, identifier: NAME, phrases: ['\"by\" _ [[ <cap> ]] [\\n]'], examples: ['by [[Jane]]'],"
        b" counter_examples: ['by Jane was seen']}\nwords: {common: the of and was seen by}\nlexicon: {vocabulary: common}\n"
    )
    rules = RuleSet.from_sources({"recognizers/a.yaml": rule})
    text = "by Jane was seen, by Roe\nand by Doe"
    assert alike(rules, text) == ["Roe", "Doe"]


@pytest.mark.parametrize("blank", [" ", "  ", "\t", "\xa0", "\r", " \u3000\r", " " * (WIDEST_GAP - 1) + "\r"])
def test_blanks_before_a_line_end_hide_it_from_no_rule(blank: str) -> None:
    """A line ends with its last word, in a text as at its end, whatever spaces of any kind follow; cut anywhere."""
    rule = (
        b"recognizers:\n  - {id: x, identifier: NAME, phrases: ['\"by\" _ [[ <cap> ]] [\\n]'], examples: ['by [[Jane]]'],"
        b" counter_examples: ['by Jane was seen']}\n"
        b"  - {id: y, identifier: NAME, phrases: ['; [[ <cap> ]] \\.'], examples: [\"was\\n[[Roe]].\"]}\n"
        b"words: {common: the of and was seen by}\nlexicon: {vocabulary: common}\n"
    )
    rules = RuleSet.from_sources({"recognizers/a.yaml": rule})
    text = f"by Jane was seen, by Roe{blank}\nAnn. Bob. and\tby Doe{blank}\n{blank}\nby Poe{blank}\n"
    for whole in (text, text[:-1]):
        assert alike(rules, whole) == ["Roe", "Ann", "Doe", "Poe"]


def test_a_quote_ends_with_its_line() -> None:
    """A quote that ends its line is a line end to rules, and still a quote, but no gap; one inside a line is one alone."""
    rule = (
        b"recognizers:\n  - {id: x, identifier: NAME, phrases: ['\"by\" _ [[ <cap> ]] [\\n]'], examples: ['by [[Jane]]'],"
        b" counter_examples: ['by Jane was seen']}\n"
        b"  - {id: y, identifier: NAME, phrases: ['\"for\" _ [[ <cap> ]] \\\"'], examples: ['for [[Jane]]\"']}\n"
        b"  - {id: z, identifier: NAME, phrases: ['\"to\" _ [[ <cap> ]] _'], examples: ['to [[Jane]] was']}\n"
        b"words: {common: the of and was seen by for}\nlexicon: {vocabulary: common}\n"
    )
    rules = RuleSet.from_sources({"recognizers/a.yaml": rule})
    text = '"by Ann" was "for Bob" of\n"seen by Cyd"\n"for Dee"\t\n- "by Eve", "for Fay", "by Gus" \r\nby Hal" to Ivy"'
    assert alike(rules, text) == ["Bob", "Cyd", "Dee", "Fay", "Gus"]


def test_no_text_spells_the_end_of_a_quote() -> None:
    """The byte that shows one on the tape is none that a text can bring there."""
    rule = b"recognizers:\n  - {id: x, identifier: NAME, phrases: ['[[ <cap> ]] [\\n]'], examples: ['[[Jane]]']}\n"
    rules = RuleSet.from_sources({"recognizers/a.yaml": rule})
    for text in ("Jane\x1a was", "Jane \x1a was", "Jane%1A was", "Jane&#26; was"):
        assert find(rules, text) == find(by_re2(rules), text) == []


@settings(deadline=None)
@given(PIECES)
def test_lines_are_marked_as_if_nothing_stood_before_their_ends(text: str) -> None:
    """Which line ends part and join is told without the spaces before them, which keep their places."""
    marked = lines(text)
    assert len(marked) == len(text)
    blanks = {place for match in BLANKS.finditer(text) for place in range(*match.span())}
    assert all(marked[place] == " " for place in blanks)
    assert "".join(char for place, char in enumerate(marked) if place not in blanks) == lines(BLANKS.sub("", text))


def test_hundreds_of_words_may_be_quiet() -> None:
    """Every quiet word has a code of its own, whichever first byte that has, and a rule still tells it from others."""
    quiet = [f"q{chr(97 + a)}{chr(97 + b)}" for a in range(16) for b in range(26)]
    rule = (
        f"recognizers:\n  - {{id: x, identifier: OTHER_ID, phrases: ['\"{quiet[-1]}\" _ [[ <cap> ]]'],"
        f" examples: ['{quiet[-1]} [[Jane]]'], counter_examples: ['{quiet[-2]} Jane']}}\n"
        f"words: {{common: {' '.join(quiet)}}}\nlexicon: {{vocabulary: common, quiet: {' '.join(quiet)}}}\n"
    ).encode()
    rules = RuleSet.from_sources({"recognizers/a.yaml": rule})
    for first in range(0, len(quiet) - 4, 40):
        text = f"{quiet[-1]} Jane {' '.join(quiet[first : first + 4])} {quiet[-1]} Jane"
        assert [text[f.start : f.end] for f in find(rules, text)] == ["Jane", "Jane"]
        zones = Tape(rules.lexicon, text).zones()
        assert len(zones) == rules.searcher.read(text, START).zones == 2


def test_public_claims_protect_what_they_cover() -> None:
    """A rule of public text wins by its priority, leaves no finding, and its words are not learned."""
    rule = (
        b"recognizers:\n"
        b"  - {id: name, identifier: NAME, priority: 50, propagate: true, phrases: ['<cap>'], examples: ['[[Jane]]']}\n"
        b"  - {id: eponym, identifier: PUBLIC, priority: 60, phrases: ['[[ <cap> ]] _ \"disease\"'],"
        b" examples: ['[[Parkinson]] disease'], counter_examples: ['Parkinson came']}\n"
    )
    rules = RuleSet.from_sources({"recognizers/a.yaml": rule})
    text = "Jane has Parkinson disease"
    assert [text[f.start : f.end] for f in find(rules, text)] == ["Jane"]
