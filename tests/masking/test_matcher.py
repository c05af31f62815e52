"""The matcher against its measure: what native code finds is what RE2 and plain Python find, whatever phrase and text."""

from __future__ import annotations

import itertools
from functools import cache

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from shipped import NOTE, by_re2, measure, shipped

from masking import Memory, RuleError, RuleSet, find, native
from masking.folding import view_of
from masking.matcher import MatchedText, Matcher
from masking.tape import START, Tape, shown

LISTS = """words:
  common: the was seen and will home of a to
  given: jane will omar rosa
  surname: doe okafor roe
  months: may june
lexicon: {vocabulary: common, proper: given surname, quiet: of}
"""
ALPHABET = (
    "<given>",
    "<surname>",
    "<cap>",
    "<lower>",
    "<any>",
    "<n>",
    "<n1-2>",
    "<yyyy>",
    '"seen|at home"',
    "_",
    "~",
    "__",
)
SIGNS = (",", r"\.", "[-/]", ";", r"\(", r"\"", r"[\n]")
WORDS = (
    *("jane", "Jane", "JANE", "Doe", "doe", "Okafor", "O'Neil", "Will's", "the", "was", "of", "a", "May", "qux", "Qux"),
    *(
        "iOs",
        "seen",
        "at",
        "home",
        "x",
        "X",
        "1",
        "12",
        "31",
        "1961",
        "00123456",
        "5551234",
        "(415) 555-1234",
        "3/14/61",
    ),
    *(
        "123-45-6789",
        "W1234567",
        "jane@roe.org",
        "José",
        "ÉMILE",
        "張偉",
        "Müller-Doe",
        "año2",
        "Dr.",
        "MRN",
        "DOB:",
        "Mr.",
    ),
    *(
        "[NAME_ABCDEFG_ABCDEF]",
        "a\u2028",
        "½",
        "--",
        "...",
        "(",
        ")",
        "/",
        '"',
        'Roe"',
        "\x02",
        "_x_",
        "don't",
        "s'",
        "'s",
        "Boston",
    ),
)
SPACES = (
    *(" ", " ", " ", "  ", "\n", " \n", "\r\n", "\n\n", "\n- ", ":\n", "\t", "\xa0", ", ", "-", "", "\x1e"),
    *(" " * 63, " " * 70),
)
TEXTS = st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(SPACES)), max_size=40).map(
    lambda parts: "".join(itertools.chain.from_iterable(parts))
)
PARTS = st.recursive(
    st.sampled_from(ALPHABET + SIGNS),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=4).map(" ".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda some: f"( {' | '.join(some)} )"),
        st.tuples(inner, st.sampled_from(("?", "*", "+", "??", "*?", "+?", "{2}", "{1,3}", "{0,2}?", "{2,}"))).map(
            lambda both: f"( {both[0]} ){both[1]}"
        ),
    ),
    max_leaves=8,
)


def rules_of(*phrases: str) -> RuleSet:
    listed = ", ".join("'{}'".format(phrase.replace("'", "''")) for phrase in phrases)
    rule = f"recognizers:\n  - {{id: r, identifier: NAME, phrases: [{listed}], examples: ['[[^]]']}}\n{LISTS}"
    return RuleSet.from_sources({"recognizers/a.yaml": rule.encode()}, proven=True)


def matches(rules: RuleSet, text: str) -> list[tuple[int, int, int, int]]:
    read = rules.searcher.read(text, START)
    phrases = sum(len(recognizer.phrases) for recognizer in rules.recognizers)
    return list(read.matches(read.zones, range(phrases)))


pytestmark = pytest.mark.skipif(native.library is None, reason="the library was not built")


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(PARTS, min_size=1, max_size=3), st.booleans(), st.lists(TEXTS, min_size=1, max_size=4))
def test_any_phrase_matches_what_re2_matches(parts: list[str], value: bool, texts: list[str]) -> None:
    """Groups, choices and repetitions, greedy and lazy, prefer what RE2 prefers, in every text."""
    phrases = [f"<any> {part} [[ {part} ]] {part}" if value else part for part in parts]
    try:
        rules = rules_of(*phrases)
    except RuleError as refused:
        assume("empty string" not in str(refused))
        assume("too large" not in str(refused))
        raise
    slow = by_re2(rules)
    for text in texts:
        assert matches(rules, text) == matches(slow, text)


@pytest.mark.parametrize(
    "phrase", ["_ [[ <n> ]]", "__ <n>", "_ <given>", "<n> _", "<n> __ <any>", "; <given>", "_ , _"]
)
@pytest.mark.parametrize("text", ["qux 12 qux 12 x jane", " 12  jane ", "qux\n12\n jane", "12", "qux , x", "12 x 12 "])
def test_spaces_begin_and_end_phrases(phrase: str, text: str) -> None:
    """A space is read together with the word before it, and may begin a phrase that sleeps there, or end one."""
    rules = rules_of(phrase)
    assert matches(rules, text) == matches(by_re2(rules), text)


@pytest.mark.parametrize(
    "phrase", ["[,;]", "[,;]+", "[,;]+?", "( [,;] ){1,}", "[[ [,;]+ ]]", "( [,] | [;] )", "( [,] [;]? | [;] )"]
)
def test_matches_of_one_symbol_may_touch_or_be_one(phrase: str) -> None:
    """What comes again behind itself is one match, as long as it is; what only stands beside its like is one for each."""
    rules = rules_of(phrase)
    for text in ("a,,;,b jane,,;x", ",", ", ,", ",;,", ""):
        assert matches(rules, text) == matches(by_re2(rules), text)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(TEXTS, min_size=1, max_size=4), st.sampled_from(("strict", "balanced")))
def test_the_shipped_rules_find_what_re2_and_python_find(texts: list[str], names: str) -> None:
    """Judged, settled, learned and recalled natively is what it is in Python, over a conversation of texts."""
    quick, slow = Memory(), Memory()
    for text in texts:
        assert find(shipped(), text, names=names, memory=quick) == find(measure(), text, names=names, memory=slow)
        assert quick == slow


@settings(max_examples=200, deadline=None)
@given(TEXTS, st.sampled_from((b"\x1e", b" ", b"\n")), st.booleans())
def test_zones_are_those_of_the_tape(text: str, before: bytes, last: bool) -> None:
    """Zones begin and end where they do on RE2's tape; what is settled there is settled here."""
    view = view_of(text).text
    tape = Tape(shipped().lexicon, shown(view, last=last), before)
    zones = tape.zones()
    read = shipped().searcher.read(view, before, last=last)
    assert isinstance(read, MatchedText)
    assert read.view == tape.view
    assert read.spans == tape.spans(zones)
    assert read.settled >= tape.settled(zones)
    assert read.widest == max((end - start for start, end in read.spans), default=0)


LINE_ENDS = r"[\n]", "_", r"[\n] <any>", "_ <any>", "<any> ~ <any>", "<any> ~ [-*#]"


@settings(max_examples=600, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            (*"\n\n\n\n :)a-;*#x", "(614)", "( 14)", "(6a4)", " " * 63, " " * 64, "\x1e", '"', ":\n\n", ":\n- ")
        ),
        max_size=14,
    ).map("".join),
    st.booleans(),
)
@example("a?\n\na", True)
@example(f"a){' ' * 63}\na", True)
@example(f"a){' ' * 64}\na", True)
def test_line_ends_are_read_as_what_they_are(text: str, last: bool) -> None:
    """Those that part, those that join, and spaces before them are the same natively as on RE2's tape."""
    rules, phrases = line_end_rules(), range(len(LINE_ENDS))
    found, measured = (some.searcher.read(text, START, last=last) for some in (rules, by_re2(rules)))
    assert found.spans == measured.spans
    assert list(found.matches(found.zones, phrases)) == list(measured.matches(measured.zones, phrases))


@cache
def line_end_rules() -> RuleSet:
    return rules_of(*LINE_ENDS)


@pytest.mark.parametrize(
    "text",
    [
        "Name: Mary Doe. Mary's_1 file",
        "Contact: Mary Doe. X-Mary's_ x1Mary's_ Mary's2_ Mary's Mary's_a",
        "id 01:db8::1 300:db8::1",
    ],
)
def test_what_underscores_and_colons_tie_is_read_alike(text: str) -> None:
    """A possessive before an underscore hides no known name, nor is what has the length of another address one."""
    assert find(shipped(), text) == find(measure(), text) != []


def test_states_are_forgotten_when_they_are_many() -> None:
    """What automata keep is bounded, and forgetting changes nothing."""
    rules = rules_of("( <any> _ <n> | <n> _ <any> ){1,4} , <given>", "[[ <cap> ]] ( ~ <any> | ~ <n> ){0,9} \\.")
    assert isinstance(rules.searcher, Matcher)
    slow = by_re2(rules)
    words = ["jane", "Doe", "7", "1961", ",", ".", "qux", "X", "12345"]
    seen = []
    for start in range(4000):
        text = " ".join(words[(start * step + step * step // 7) % len(words)] for step in range(1, 30))
        seen.append(rules.searcher.state_bytes)
        if start % 50 == 0:
            assert matches(rules, text) == matches(slow, text)
        else:
            matches(rules, text)
    assert max(seen) < 12_000_000


def test_phrases_have_a_bound() -> None:
    """A phrase that is too large to hold is refused, and so are parentheses without end."""
    for phrase in (
        "( <any> <any> <any> ){1000} ( <any> <any> <any> <any> <any> <any> ){1000} ( <any> ){1000}",
        "( " * 150 + "<any>" + " )" * 150,
    ):
        with pytest.raises(RuleError, match="too large") as caught:
            rules_of(f"<given> {' '.join([phrase] * 3)}")
        assert caught.value.rule == "r"


EVERY = st.text(
    st.one_of(
        st.characters(exclude_categories=("Cs",)),
        st.sampled_from("éÉßẞſıİΣςσǅǆªºʰⅧ²½٣K℡ﬁ’'_sS12aA-,.\u0301\u0903\x85\u2028\xa0 \n"),
    ),
    max_size=40,
)


@settings(max_examples=300, deadline=None)
@given(EVERY)
@example("\u01c6 \u01c4 \u01c5 dz")
def test_words_of_any_letters_are_read_as_the_lexicon_reads_them(view: str) -> None:
    """Of every character of Unicode native code knows what Python knows: atoms, shapes, lists, endings and keys."""
    for natively, re2 in in_both_ways():
        assert matches(natively, view) == matches(re2, view)


@cache
def in_both_ways() -> list[tuple[RuleSet, RuleSet]]:
    """Rules of every shape, and the shipped ones, each natively and by RE2, whose programs take a second to make."""
    phrases = [f"<{shape}>" for shape in ("lower", "title", "upper", "camel", "initial", "letter", "uncased", "mixed")]
    some = rules_of(*phrases, '"né|naïve|ß|of|dz"', "<given>", "<n>", "\\'", "<any>")
    return [(rules, by_re2(rules)) for rules in (some, shipped())]


def test_phrases_that_are_looked_for_alone_match_what_they_match_among_all() -> None:
    """Groups that hold none of them sleep; who looks for all phrases next, or for half of them, finds them as before."""
    searcher = shipped().searcher
    owners = shipped().scanner("strict")._owners
    text = view_of(NOTE + "\n\n".join(rule.examples[0].text for rule in shipped().recognizers[::9])).text
    read = searcher.read(text, START, last=True)
    every = [*read.matches(read.zones, range(len(owners)))]
    half = range(len(owners) // 2)
    for first in range(0, len(owners), 7):
        some = range(first, min(first + 7, len(owners)))
        assert [*read.matches(read.zones, some)] == [match for match in every if match[1] in some]
        if first % 63 == 0:
            assert [*read.matches(read.zones, half)] == [match for match in every if match[1] in half]
            assert [*read.matches(read.zones, range(len(owners)))] == every
    assert len(every) > 200
