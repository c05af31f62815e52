"""The engine at its corners: letters, the measure in streams, refused files, and what native code answers when it fails."""

from __future__ import annotations

import ctypes
import gc
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
import re2
from shipped import NOTE, by_re2, folded, shipped

from masking import Memory, RuleError, RuleSet, SegmentFold, automata, find, matcher, native
from masking.automata import ascii_edition, compile_pattern, compile_tape
from masking.findings import PUBLIC, Claim, Finding, settle
from masking.lexicon import Lexicon
from masking.sources import MAX_FILE, read_word_list
from masking.tape import START, Tape
from masking.text import match_triggers

if TYPE_CHECKING:
    from pathlib import Path

LETTERS = r"""recognizers:
  - {id: bed, identifier: OTHER_ID, patterns: ['\bbed-\d{2}\b'], requires: '-', examples: ['in [[bed-12]] now']}
  - {id: ward, identifier: OTHER_ID, patterns: ['ward (?P<value>[A-Z]\d)'], examples: ['ward [[B4]]']}
  - {id: line, identifier: OTHER_ID, patterns: ['<[^>]*>'], examples: ['[[<a b>]]']}
  - {id: word, identifier: OTHER_ID, patterns: ['(?i:kéy) \p{Lu}+\d', 'zz\d', 'yy\d'], examples: ['[[kéy AB1]]']}
"""


def rules_of(yaml: str, **files: bytes) -> RuleSet:
    return RuleSet.from_sources({"recognizers/a.yaml": yaml.encode()} | files)


def found(rules: RuleSet, text: str) -> list[str]:
    return [text[finding.start : finding.end] for finding in find(rules, text)]


def test_patterns_are_searched_in_the_zones_they_touch() -> None:
    """Patterns, alone and in groups, in ASCII and beyond it, find in each zone what stands there."""
    rules = rules_of(LETTERS)
    assert found(rules, "x bed-12\n\nward B4\n\nnothing\n\nkéy ÄB7 zz1\n\n<in it>") == [
        "bed-12", "B4", "kéy ÄB7", "zz1", "<in it>",
    ]  # fmt: skip
    assert found(rules, "bed 12") == []
    assert found(rules, "nothing at all\n\nnothing else") == []
    assert found(rules, "yy1 KÉY A1") == ["yy1", "KÉY A1"]


def test_a_character_that_several_patterns_need_is_looked_for_once() -> None:
    """Patterns that need the same character find what stands there, and nothing where it does not."""
    rules = rules_of(
        "recognizers:\n  - {id: bed, identifier: OTHER_ID, patterns: ['bed-\\d'], requires: '-', examples: ['[[bed-1]]']}\n"
        "  - {id: cot, identifier: OTHER_ID, patterns: ['cot-\\d'], requires: '-', examples: ['[[cot-2]]']}\n"
        "  - {id: n, identifier: NAME, phrases: ['<given> _ [[ <cap> ]]'], examples: ['Jane [[Roe]]']}\n"
        "words: {given: jane}\n"
    )
    for some in (rules, by_re2(rules)):
        assert found(some, "cot-2, bed-1 of Jane Roe") == ["cot-2", "bed-1", "Roe"]
        assert found(some, "cot 2 of Jane Roe") == ["Roe"]


def test_a_pattern_that_would_reach_over_zones_is_tried_in_each_alone() -> None:
    """A match over a zone's end counts for nothing, and hides none that stands in a zone."""
    rules = rules_of(LETTERS)
    assert found(rules, "<open\n\nclosed> <whole>\n\n<second> yy2") == ["<whole>", "<second>", "yy2"]


def test_the_measure_gives_streams_what_it_gives_whole_texts() -> None:
    """RE2 over the tape is as good at any cut as native code, so a machine without a compiler masks streams exactly."""
    slow = by_re2(shipped())
    whole = find(slow, NOTE)
    for size in (7, 64, 1000):
        pieces = [NOTE[at : at + size] for at in range(0, len(NOTE), size)]
        assert folded(pieces, rules=slow) == (NOTE, whole)


def test_a_rule_may_stop_at_words() -> None:
    """`trim` cuts a value at the stop words beside and in it, and drops one of which only initials stay."""
    yaml = (
        "recognizers:\n  - {id: n, identifier: NAME, trim: true, phrases: ['\"to\" _ [[ <any> (_ <any>){0,3} ]]'],"
        " examples: ['to [[Jane Roe]] the']}\nwords: {stop: the and a b}\n"
    )
    rules = rules_of(yaml)
    assert found(rules, "to the Jane Roe and") == ["Jane Roe"]
    assert found(rules, "to the a and b") == []
    assert found(rules, "to Jane the Roe") == ["Jane"]
    assert found(rules, "to Jane Roe") == ["Jane Roe"]


@pytest.mark.parametrize(
    ("field", "problem"),
    [
        ("patterns: ['Jane'], allow: ['(']", "not an RE2 pattern"),
        ("patterns: ['(?P<name>x)']", "the only group name"),
        ("patterns: ['{{nobody}}']", "no definition"),
        ("patterns: ['{{nobody|lower}}']", "no word list"),
        ("patterns: ['{{round}}']", "in a circle"),
        ("patterns: ['{{many|lower}}{{many|lower}}']", "too long"),
        ("among: [nobody], phrases: ['<cap>']", "no word list `nobody`"),
        ("phrases: ['<cap>'], examples: []", "at least one example"),
        ("patterns: ['a*']", "matches the empty string"),
        ("patterns: ['\\Ax']", "anchors"),
        ("patterns: ['\\0']", "NUL"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused(field: str, problem: str) -> None:
    """Mistakes in a rule are told by rule and reason."""
    many = " ".join(f"word{'abcdefghij'[n % 10] * (n // 10 % 90 + 1)}x{n}" for n in range(9000))
    example = "" if "examples" in field else ", examples: ['[[Jane]]']"
    yaml = (
        f"recognizers:\n  - {{id: r, identifier: NAME, {field}{example}}}\n"
        f"define: {{round: '{{{{round}}}}'}}\nwords: {{many: {many}}}\n"
    )
    with pytest.raises(RuleError) as caught:
        rules_of(yaml)
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("name", "source", "problem"),
    [
        ("words/a.txt", b"x\n" * (MAX_FILE // 2 + 1), "too large"),
        ("words/a.txt", b"fine\nb\xffd\n", "not valid UTF-8"),
        ("recognizers/b.yaml", b"#" * (MAX_FILE + 1), "too large"),
        ("recognizers/b.yaml", b"a: \xff", "not valid UTF-8"),
        ("recognizers/b.yaml", b"a: [1", "not valid YAML"),
        ("recognizers/b.yaml", b"a: \x00", "not valid YAML"),
        ("recognizers/b.yaml", b"", "empty"),
        ("recognizers/b.yaml", b"words: {a: &x b, c: *x}", "anchors"),
        ("other/b.yaml", b"name: x", "not a place for rules"),
        ("recognizers/b.yaml", b"words: {a: +nobody}", "no word list"),
        ("recognizers/b.yaml", b"define: {bed: x}", "defined twice"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused(name: str, source: bytes, problem: str) -> None:
    """Files that are too large, no text, no YAML or out of place are refused by name."""
    with pytest.raises(RuleError) as caught:
        RuleSet.from_sources({"recognizers/a.yaml": (LETTERS + "define: {bed: y}\n").encode(), name: source})
    assert problem in str(caught.value)


def test_a_word_list_tells_its_line() -> None:
    """Bytes that are no text are told by their line."""
    with pytest.raises(RuleError) as caught:
        read_word_list("words/x.txt", b"one\ntwo\n\xfe")
    assert caught.value.line == 3


def test_two_profiles_must_differ_and_one_is_the_default() -> None:
    """Profiles of one name, two defaults and none are refused."""
    profile = b"name: %s\ndefault: %s\nrequest: {'*': tokenize}\nresponse: {'*': keep}\n"
    for first, second, problem in (
        ((b"a", b"true"), (b"a", b"false"), "taken"),
        ((b"a", b"true"), (b"b", b"true"), "another profile"),
        ((b"a", b"false"), (b"b", b"false"), "no profile says"),
    ):
        with pytest.raises(RuleError, match=problem):
            rules_of(LETTERS, **{"profiles/a.yaml": profile % first, "profiles/b.yaml": profile % second})


def test_a_public_claim_alone_leaves_nothing() -> None:
    """One public claim is no finding; one of another kind is."""
    assert settle([Claim(0, 4, PUBLIC, "p", 5)], "Jane") == []
    assert settle([Claim(0, 4, "NAME", "n", 5)], "Jane") == [Finding(0, 4, "NAME", "n")]


def test_what_a_loser_has_left_counts_only_with_a_letter_or_digit() -> None:
    """Signs and spaces beyond a winner are nothing; a word beyond it stays found."""
    winner = Claim(0, 8, "NAME", "n", 60)
    assert settle([winner, Claim(0, 11, "MRN", "m", 50)], "Jane Roe -;") == [Finding(0, 8, "NAME", "n")]
    assert settle([winner, Claim(0, 11, "MRN", "m", 50)], "Jane Roe-7;") == [
        Finding(0, 8, "NAME", "n"), Finding(9, 10, "MRN", "m"),
    ]  # fmt: skip


def test_a_kind_of_number_written_in_two_ways_is_one_kind() -> None:
    """`<n3>` and `<n3-3>` are the same set of symbols, and find the same."""
    rules = rules_of(
        "recognizers:\n  - {id: n, identifier: MRN, phrases: ['\"x\" _ [[ <n3> ]]', '\"y\" _ [[ <n3-3> ]]'],"
        " examples: ['x [[123]]']}\n"
    )
    assert found(rules, "x 123 y 456 x 12 y 4567") == ["123", "456"]


def test_no_triggers_match_nothing() -> None:
    """A rule set without triggers knows none."""
    rules = rules_of(LETTERS)
    assert (len(rules.triggers), match_triggers(rules, "the entire chart")) == (0, ())


def test_a_lexicon_has_a_bound() -> None:
    """More quiet words than there are codes for them are refused."""
    with pytest.raises(ValueError, match="too many"):
        Lexicon({}, quiet=[f"word{'x' * n}" for n in range(500)])


def test_the_tape_of_nothing() -> None:
    """An empty text has no zones, settles none, and waits at its end."""
    tape = Tape(shipped().lexicon, "")
    assert (tape.zones(), tape.settled([]), tape.char(0), tape.char(5)) == ([], 0, 0, 0)
    of_words = Tape(shipped().lexicon, "Jane of the")
    assert of_words.char(of_words.waiting()) == len("Jane ")
    assert of_words.char(len(of_words.tape) + 3) == len("Jane of the")


def test_patterns_of_bytes_are_checked_too() -> None:
    """A pattern over the tape that is none, or that matches nothing at all, is refused."""
    for source, problem in (("(", "not an RE2 pattern"), ("a*", "empty string")):
        with pytest.raises(ValueError, match=problem):
            compile_tape(source)
    with pytest.raises(ValueError, match="not an RE2 pattern"):
        compile_pattern("a{1001}")


def test_what_native_code_answers_when_it_cannot_go_on() -> None:
    """No memory is an error of its own, a tape that does not fit its text another; neither passes for a count."""
    assert native.checked(7) == 7
    with pytest.raises(MemoryError):
        native.checked(-1)
    with pytest.raises(RuntimeError):
        native.checked(-2)


def test_a_library_that_is_not_there_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine on which nothing was built has no library, and says so."""
    monkeypatch.setattr(native, "LIBRARY", tmp_path / "matcher.so")
    assert native._load() is None
    assert native.is_native() is (native.library is not None)


@pytest.mark.skipif(native.library is None, reason="the library was not built")
def test_memory_that_is_not_to_be_had_closes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where native code gets no memory nothing is read: an error, never an answer without findings."""
    with pytest.raises(MemoryError):
        Memory()._keep_native(None)
    monkeypatch.setattr(matcher, "_SIZE_MAX", 3)
    with pytest.raises(OverflowError):
        shipped().searcher.read("Jane", START)
    lists = {"lists_new": lambda *_: 1, "lists_unions": lambda *_: 0, "lists_free": lambda *_: None}
    codes = {"codes_rank": lambda *_: 0, "codes_move": lambda *_: None}
    library = SimpleNamespace(matcher_new=lambda *_: None, key_of=lambda *_: 1, key_begin=lambda: 1, **lists, **codes)
    monkeypatch.setattr(native, "library", library)
    with pytest.raises(MemoryError):
        rules_of(LETTERS)


@pytest.mark.skipif(native.library is None, reason="the library was not built")
def test_facts_of_characters_that_cannot_be_are_refused() -> None:
    """Native code believes nothing about characters that it can check: no write or read beyond what it was given."""
    searcher = shipped().searcher
    assert isinstance(searcher, matcher.Matcher)
    for fact in ((0x110000, 1, 0), (-5, 1, 0), (0x10FFF1, 1, 2), (0x10FFF1, 1, -1), (0x10FFF1, 1, 256)):
        facts = (ctypes.c_int32 * 3)(*fact)
        assert searcher.library.matcher_tell(searcher.handle, facts, 1, b"a", 1) == -2
    unknown = "\U0010fff1".encode()
    assert searcher.library.matcher_read(searcher.handle, unknown, len(unknown), 0x1E, False) == -5
    assert find(shipped(), "Seen by Dr. Okonkwo")


@pytest.mark.parametrize(
    "source", [r"\Qa.b\E", r"\p{Greek}|ab", r"[\x{100}a]b", r"(?i:ſ|k)b", r"[^\n]b", r"\pLb", r"\wb", "aé|ab"]
)
def test_the_ascii_edition_of_a_pattern_matches_what_the_pattern_matches(source: str) -> None:
    """Whatever a pattern is made of, its edition for ASCII text finds the same there."""
    text = "a.b ab kb Kb sb _b 1b\nb"
    wide = compile_pattern(source)
    narrow = ascii_edition(source, wide)
    assert [m.span() for m in narrow.finditer(text.encode())] == [m.span() for m in wide.finditer(text)]


def test_a_phrase_gives_its_value_where_its_parts_do_not_fit_one_by_one() -> None:
    """Where head, value and tail, each taken by itself, take too much, RE2 is asked for the whole."""
    yaml = (
        "recognizers:\n  - {id: r, identifier: NAME, phrases: ['\"x\" _ [[ <any> (_ <any>)* ]] _ <any> \\.'],"
        " examples: ['x [[a]] b.']}\n"
        "  - {id: s, identifier: NAME, phrases: ['\"y\" _ [[ <any> ]] | \"z\" _ <any>'], examples: ['y [[a]]']}\n"
    )
    rules = by_re2(rules_of(yaml))
    assert found(rules, "x jane roe b.") == ["jane roe"]
    assert found(rules, "y jane") == ["jane"]
    assert found(rules, "z jane") == []
    assert [rule.phrases[0].problem() for rule in rules.recognizers] == ["", ""]


def test_a_match_in_one_that_wins_is_passed_over() -> None:
    """The measure judges no match that lies in a claim of higher priority, and trims white space beyond ASCII."""
    yaml = (
        "recognizers:\n  - {id: a, identifier: NAME, priority: 60, phrases: ['<cap> _ <cap>'], examples: ['[[Jane Roe]]']}\n"
        "  - {id: b, identifier: NAME, priority: 50, phrases: ['<cap>', '<n> [\\x1c]?'], examples: ['see [[Jane]]']}\n"
    )
    rules = rules_of(yaml)
    for some in (rules, by_re2(rules)):
        assert [f.rule for f in find(some, "Jane Roe and Omar")] == ["a", "b"]
        assert found(some, "7\u2028 x") == ["7"]


def test_placeholders_are_cut_out_of_claims_of_the_measure() -> None:
    """A pattern that allows any character masks what stands around a placeholder, never the placeholder."""
    yaml = "recognizers:\n  - {id: a, identifier: OTHER_ID, patterns: ['<[^>]*>'], examples: ['[[<a>]]']}\n"
    assert found(rules_of(yaml), "<ab [NAME_ABCDEFG_ABCDEF] cd>") == ["<ab ", " cd>"]


def test_loading_rules_leaves_the_garbage_collector_as_it_was() -> None:
    """Whoever turned it off finds it off, whoever did not finds it on."""
    for turn, is_on in ((gc.disable, False), (gc.enable, True)):
        turn()
        try:
            rules_of(LETTERS)
            assert gc.isenabled() is is_on
        finally:
            gc.enable()


def test_a_byte_edition_that_cannot_be_made_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where RE2 refuses the edition for ASCII the pattern itself reads the text."""

    def refuse(source: str | bytes, **options: int) -> object:
        if isinstance(source, bytes):
            raise OverflowError
        return re2.compile(source, **options)

    wide = compile_pattern("ab")
    monkeypatch.setattr(automata, "re2", SimpleNamespace(compile=refuse, error=re2.error))
    assert [m.span() for m in ascii_edition("ab", wide).finditer(b"x ab")] == [(2, 4)]


def test_a_token_of_several_zones_leaves_as_a_whole() -> None:
    """An encoded token whose last zone is not settled yet keeps the zones before it back."""
    token = "Dr.%20Okonkwo%0A%0AMRN%2000123456"
    fold = SegmentFold(shipped(), "strict", Memory())
    segments = [*fold.feed(f"seen {token} "), *fold.feed("again and ")]
    assert "".join(segment.text for segment in segments) in {"", "seen "}
    segments += fold.finish()
    assert [f.identifier for segment in segments for f in segment.findings] == ["NAME", "MRN"]


def test_a_zone_that_waits_long_behind_a_forced_cut_is_read_whole() -> None:
    """Where more text has to be seen than is looked at behind a forced cut, it is, and pieces give what the whole gives."""
    yaml = "recognizers:\n  - {id: a, identifier: NAME, phrases: ['<cap> (_ <cap>)*'], examples: ['[[Xy Xy]]']}\n"
    rules = rules_of(yaml)
    text = "Xy " * 1365 + "y" + "Foo " * 1020 + f"{',' * 480} " * 3 + "Bar"
    whole = find(rules, text)
    for size in (90, 1000, len(text)):
        fold = SegmentFold(rules, "strict", Memory())
        segments = [one for at in range(0, len(text), size) for one in fold.feed(text[at : at + size])]
        segments += fold.finish()
        assert "".join(segment.text for segment in segments) == text
        assert sum(len(segment.findings) for segment in segments) == len(whole)


def test_a_value_cut_at_a_space_goes_on_behind_it() -> None:
    """A value longer than a zone may be, cut right before a space, gives the same in pieces and whole."""
    yaml = "recognizers:\n  - {id: a, identifier: NAME, phrases: ['<cap> (_ <cap>)*'], examples: ['[[Xy Xy]]']}\n"
    rules = rules_of(yaml)
    text = "Q " + "Xy " * 3000
    fold = SegmentFold(rules, "strict", Memory())
    pieces = [*fold.feed(text[:4500]), *fold.feed(text[4500:]), *fold.finish()]
    assert "".join(segment.text for segment in pieces) == text
    masked = sum(f.end - f.start for segment in pieces for f in segment.findings)
    assert masked == sum(f.end - f.start for f in find(rules, text))
    assert masked > len(text) - 10


def test_what_is_found_in_a_key_is_not_found_in_its_value() -> None:
    """A value is read with its key; a known name in the key is nothing in the value."""
    memory = Memory()
    find(shipped(), "Seen by Dr. Okonkwo", memory=memory)
    assert find(shipped(), "stable", field="okonkwo", memory=memory) == []


def test_rules_without_phrases_need_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules of letters alone are read, proven and searched without the library, too."""
    monkeypatch.setattr(native, "library", None)
    assert found(rules_of(LETTERS), "in bed-12") == ["bed-12"]


def test_a_value_stands_alone_beside_scripts_without_capitals() -> None:
    """Such scripts write no spaces: what they write beside a value is no more of it, as a letter of others would be."""
    yaml = "recognizers:\n  - {id: a, identifier: MRN, alone: true, phrases: ['<n3>'], examples: ['[[123]]']}\n"
    assert found(rules_of(yaml), "123張 見456 789é é321 T654") == ["123", "456"]
