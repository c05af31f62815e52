"""The matcher against its measure: what native code finds is what RE2 and plain Python find, whatever phrase and text."""

from __future__ import annotations

import copy
import ctypes
import itertools
import pickle
import sys
from functools import cache
from threading import Thread
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from shipped import NOTE, by_re2, measure, shipped

from masking import Memory, RuleError, RuleSet, find, native
from masking.folding import view_of
from masking.lexicon import Lexicon
from masking.matcher import MatchedText, Matcher
from masking.memory import MAX_VALUES, key_of
from masking.tape import START, Tape, shown
from masking.tape_search import TapeSearcher

if TYPE_CHECKING:
    from pathlib import Path

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


def test_two_texts_may_be_read_at_once() -> None:
    """A text that was read before another one is read again when it is searched."""
    searcher = shipped().searcher
    first, second = (searcher.read(text, START) for text in ("MRN 00123456 of", "Dr. Okonkwo"))
    every = range(sum(len(recognizer.phrases) for recognizer in shipped().recognizers))
    for read, text in ((first, "MRN 00123456 of"), (second, "Dr. Okonkwo"), (first, "MRN 00123456 of")):
        assert list(read.matches(1, every)) == list(searcher.read(text, START).matches(1, every))


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


def test_without_the_library_rules_are_found_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without a compiler masks with RE2 and plain Python."""
    monkeypatch.setattr(native, "library", None)
    rules = rules_of("<given> _ [[ <surname> ]]")
    assert isinstance(rules.searcher, TapeSearcher)
    memory = Memory()
    assert [f[:2] for f in find(rules, "seen Jane Doe, Jane Roe", memory=memory)] == [(10, 13), (20, 23)]
    with pytest.raises(RuntimeError):
        memory.native()
    with pytest.raises(RuntimeError):
        Matcher(rules.lexicon, None, (), frozenset())  # type: ignore[arg-type]


def test_without_the_library_phrases_are_checked_by_re2(monkeypatch: pytest.MonkeyPatch) -> None:
    """A phrase that is none is refused with its line by RE2, too, in the same words."""
    source = b"recognizers:\n  - id: r\n    identifier: NAME\n    phrases: [<given>, '%s']\n    examples: ['[[jane]]']\nwords: {given: jane}\n"
    for phrase in (b"(<given>", b"<given>?", b"<given> )"):
        told = []
        for library in (native.library, None):
            monkeypatch.setattr(native, "library", library)
            with pytest.raises(RuleError) as caught:
                RuleSet.from_sources({"recognizers/a.yaml": source % phrase})
            told.append((str(caught.value), caught.value.line))
        assert told[0] == told[1]
        assert told[0][1] == 4


def test_phrases_have_a_bound() -> None:
    """A phrase that is too large to hold is refused, and so are parentheses without end."""
    for phrase in (
        "( <any> <any> <any> ){1000} ( <any> <any> <any> <any> <any> <any> ){1000} ( <any> ){1000}",
        "( " * 150 + "<any>" + " )" * 150,
    ):
        with pytest.raises(RuleError, match="too large") as caught:
            rules_of(f"<given> {' '.join([phrase] * 3)}")
        assert caught.value.rule == "r"


def test_keys_are_the_same_with_and_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """A memory that goes from one worker to another means the same there; cases and marks do not count."""
    values = ("Okonkwo", "OKONKWO", "José", "jose", "123-45-6789", "a", "張偉")
    with_it = [key_of(value) for value in values]
    monkeypatch.setattr(native, "library", None)
    assert [key_of(value) for value in values] == with_it
    assert with_it[0] == with_it[1]
    assert with_it[2] == with_it[3]
    assert len(set(with_it)) == 5


def test_memories_travel_copy_and_forget_the_oldest() -> None:
    """A memory and its native twin stay one: through copies, pickles and more values than are kept."""
    memory = Memory()

    def rules(text: str, memory: Memory) -> list[str]:
        return [finding.rule for finding in find(shipped(), text, names="balanced", memory=memory)]

    rules("Seen by Dr. Okonkwo today", memory)
    assert len(memory) == 1
    for twin in (memory.copy(), pickle.loads(pickle.dumps(memory))):  # noqa: S301 (our own bytes)
        assert twin == memory
        assert rules("the okonkwo was", twin) == ["known-value"]
    for number in range(MAX_VALUES):
        memory.learn("MRN", f"{number:08d}", ())
    assert len(memory) == MAX_VALUES
    assert rules("the okonkwo was", memory) == []
    assert rules("x 00000001 x 00008191 y", memory) == ["known-value"] * 2
    rules("Seen by Dr. Okonkwo today", memory)
    assert rules("x 00000000 y", memory) == []
    assert rules("the okonkwo was", memory) == ["known-value"]


EVERY = st.text(
    st.one_of(
        st.characters(exclude_categories=("Cs",)),
        st.sampled_from("éÉßẞſıİΣςσǅǆªºʰⅧ²½٣K℡ﬁ’'_sS12aA-,.\u0301\u0903\x85\u2028\xa0 \n"),
    ),
    max_size=40,
)


@settings(max_examples=300, deadline=None)
@given(EVERY)
def test_words_of_any_letters_are_read_as_the_lexicon_reads_them(view: str) -> None:
    """Of every character of Unicode native code knows what Python knows: atoms, shapes, lists, endings and keys."""
    phrases = [f"<{shape}>" for shape in ("lower", "title", "upper", "camel", "initial", "letter", "uncased", "mixed")]
    for rules in (rules_of(*phrases, '"né|naïve|ß|of"', "<given>", "<n>", "\\'", "<any>"), shipped()):
        assert matches(rules, view) == matches(by_re2(rules), view)


@pytest.mark.parametrize(
    "word", ["JOSÉ", "İlgaz", "ΟΔΟΣ", "οδος", "℡x", "straße", "ǅ", "ʰ", "한국", "O'Néil", "é" * 300]
)
def test_a_name_of_any_letters_is_known_by_its_key(word: str) -> None:
    """The key that native code gives a word is the one that Python gives it, so either finds what the other learned."""
    memory = Memory()
    memory._learn(key_of(word), "NAME")
    assert [f[:2] for f in find(shipped(), f"x {word} y", names="balanced", memory=memory)] == [(2, 2 + len(word))]
    assert find(shipped(), f"x {word} y", names="balanced", memory=memory) == find(
        measure(), f"x {word} y", names="balanced", memory=memory
    )


def test_nothing_of_a_text_is_kept_but_which_characters_there_are() -> None:
    """What the lexicon and the matcher know after a text of other letters is nothing that stood in it."""
    searcher = shipped().searcher
    assert isinstance(searcher, Matcher)
    find(shipped(), "Señor Żółkiewska-Ångström, médico, 1/2/1961½")
    assert not any("kiewska" in token.lower() for token in Lexicon.keys(shipped().lexicon))
    told = (ctypes.c_int32 * 4)(ord("Ż"), ord("a"), ord("ł"), 0x10FFFD)
    assert searcher.library.matcher_untold(searcher.handle, told, 4) == 1
    assert told[0] == 0x10FFFD


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


def test_threads_do_not_mix_up_their_texts() -> None:
    """Threads that mask with one rule set each find what they find alone."""
    texts = [f"Seen by Dr. Okonkwo{'x' * number} on 3/{number + 1}/1961, MRN 00{number}23456" for number in range(4)]
    alone = [find(shipped(), text) for text in texts]
    wrong: list[int] = []

    def work(number: int) -> None:
        wrong.extend(number for _ in range(150) if find(shipped(), texts[number]) != alone[number])

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert wrong == []


def test_a_read_that_fails_leaves_no_other_text_in_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever read before reads again after another text could not be read."""
    searcher = shipped().searcher
    assert isinstance(searcher, Matcher)
    every = range(sum(len(recognizer.phrases) for recognizer in shipped().recognizers))
    first = searcher.read("MRN 00123456 of", START)
    expected = list(first.matches(1, every))
    with monkeypatch.context() as patch:
        patch.setattr(searcher, "_tell", lambda view: None)
        with pytest.raises(RuntimeError):
            searcher.read("Dr. \U000e0001-\U0010fff0", START)
    assert list(first.matches(1, every)) == expected


@pytest.mark.parametrize(
    ("said", "again"),
    [
        ("Ms Okonkwo's2 x", "Okonkwo was late"),
        ("Ms. Zzyqx's2", "then zzyqx"),
        ("Ms\ny's2", "then y's and ys"),
        ("a 41\x85zz9@roe.org ok", "41zz9roeorg"),
    ],
)
def test_native_code_learns_what_python_learns(said: str, again: str) -> None:
    """Possessives and white space beyond ASCII inside a value change nothing in what is known afterwards."""
    found = []
    for rules in (shipped(), measure()):
        memory = Memory()
        find(rules, said, names="balanced", memory=memory)
        found.append(find(rules, again, names="balanced", memory=memory))
    assert found[0] == found[1]


def test_a_library_of_another_build_is_not_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A library that was built from another header than the one here is left alone: masking goes on without it."""
    header = tmp_path / "matcher.h"
    header.write_bytes(native.HEADERS[-1].read_bytes() + b"\n")
    monkeypatch.setattr(native, "HEADERS", (*native.HEADERS[:-1], header))
    assert native._load() is None


def test_a_copied_memory_is_a_copy() -> None:
    """`copy.copy` gives what `copy` gives: what one learns the other does not know."""
    memory = Memory()
    find(shipped(), "Seen by Dr. Okonkwo", memory=memory)
    twin = copy.copy(memory)
    find(shipped(), "Seen by Dr. Brandtson", memory=twin)
    assert (len(memory), len(twin)) == (1, 2)


def test_cues_against_a_value_count_in_code_points() -> None:
    """Letters of several bytes between a cue and a value do not make native code surer than Python."""
    for between in ("é" * 30, "ééé " * 8, "張" * 20):
        text = f"software version {between} 3/14/1961 x"
        assert find(shipped(), text) == find(measure(), text)
