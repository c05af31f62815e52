"""Evidence: which clues stand around a word, how files of them are read, and that native code sees the same ones."""

from __future__ import annotations

import re
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shipped import POLICIES, by_re2, shipped

from masking import Memory, RuleSet, find, native
from masking.errors import RuleError
from masking.evidence import CAPITALS, Evidence, clues, read_evidence
from masking.folding import fold
from masking.sources import MAX_FILE

LISTS = "words: {common: the was ask again, forms: ask}\nlexicon: {vocabulary: common}\n"


def clues_of(marked: str, kind: str = "kind") -> list[str]:
    """Return the clues of the word that stands in double brackets."""
    start, end = marked.index("[["), marked.index("]]") - 2
    return list(clues(marked.replace("[[", "").replace("]]", ""), start, end, kind))


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        (
            "can you ask [[dale]] again today",
            ["ask _", "you * _", "you ask _", "_ again", "_ * today", "_ again today", "ask _ again"],
        ),
        ("[[dale]]", ["^ _", "^ * _", "^ ^ _", "_ ^", "_ * ^", "_ ^ ^", "^ _ ^"]),
        ("a line\n[[dale]]\nmore", ["^ _", "^ * _", "^ ^ _", "_ ^", "_ * ^", "_ ^ ^", "^ _ ^"]),
        (
            "it's [[dale]]'s 12 beds",
            ["'s _", "it * _", "it 's _", "_ 's", "_ * #", "_ 's #", "'s _ 's"],
        ),
        ("don't ([[dale]]) — é", ["( _", "don't * _", "don't ( _", "_ )", "_ * ?", "_ ) ?", "( _ )"]),
        ("_ * [[dale]] José x", ["? _", "? * _", "? ? _", "_ ?", "_ * x", "_ ? x", "? _ ?"]),
        ("a ^ [[dale]] ^ x", ["? _", "a * _", "a ? _", "_ ?", "_ * x", "_ ? x", "? _ ?"]),
        ("he's[[94]] now", ["he's _", "^ * _", "^ he's _", "_ now", "_ * ^", "_ now ^", "he's _ now"]),
        ("the\x1e- [[dale]]\x1ex", ["- _", "^ * _", "^ - _", "_ ^", "_ * ^", "_ ^ ^", "- _ ^"]),
    ],
)
def test_what_stands_around_a_word(marked: str, expected: list[str]) -> None:
    """Two atoms on each side, nothing beyond the end of a line; possessives, numbers and foreign letters are atoms."""
    assert [clue for clue in clues_of(marked) if "_" in clue] == expected


def test_the_word_itself() -> None:
    """Its kind, its letters and its last ones; a word of other letters has none."""
    assert [clue for clue in clues_of("the [[Long]] day", "usual") if "_" not in clue] == [
        *("usual", "=long", "=long day", "the =long", "-ng", "-ong")
    ]
    assert [clue for clue in clues_of("the [[o'neil]] day") if "_" not in clue] == ["kind"]
    assert [clue for clue in clues_of("the [[élan]] day") if "_" not in clue] == ["kind"]


def test_the_form_of_a_value_with_digits() -> None:
    """Digits, letters and signs in their order, where the value is no longer than a code; it has no endings."""
    assert [clue for clue in clues_of("plate [[7ABC-123]], a") if "_" not in clue] == [
        *("kind", "=#aaa-###", "=#aaa-### ,", "plate =#aaa-###")
    ]
    assert [clue for clue in clues_of("plate [[ABC 12]] a") if "=" in clue] == ["=aaa?##", "=aaa?## a", "plate =aaa?##"]
    assert clues_of("a [[135-145]] a")[-3:] == ["=###<###", "=###<### a", "a =###<###"]
    assert [clues_of(f"a [[{value}]] a")[-3] for value in ("145-135", "99-135", "1-2-3")] == [
        "=###-###",
        "=##-###",
        "=#-#-#",
    ]
    assert clues_of("a [[757-\n 948]] a")[-3:] == ["=###<###", "=###<### a", "a =###<###"]
    assert [clues_of(f"a [[{value}]] a")[-3] for value in ("XQZ\n123", "XQZ  123")] == ["=aaa?###"] * 2
    assert clues_of(f"a [[{'1' * 24}]]")[-1] == f"a ={'#' * 24}"
    assert [clue for clue in clues_of(f"a [[{'1' * 25}]]") if "_" not in clue] == ["kind"]
    assert [clue for clue in clues_of("a [[12é]]") if "_" not in clue] == ["kind"]


@pytest.mark.parametrize(
    ("marked", "has"),
    [
        ("The man [[long]]", True),
        ("Kim" + " x" * 62 + " [[long]]", True),
        ("Kim" + " x" * 63 + " [[long]]", False),
        ("ICU and I [[long]]", False),
        ("é [[long]] The", False),
    ],
)
def test_text_with_capitals(marked: str, *, has: bool) -> None:
    """A word with a capital counts if it stands before, not too far away; a word all in capitals does not."""
    assert (CAPITALS in clues_of(marked)) == has


@pytest.mark.parametrize("text", ["len(", "x_", "x=", "v2", "x@", "x>", "x|", "x^", "x*", "x+", "x\\", "x~"])
def test_a_part_of_a_code_is_no_word(text: str) -> None:
    """What touches a digit or a sign of programs counts for nothing, whatever speaks for it."""
    evidence = Evidence("names", {"kind": 1, "a _": 1, "a * _": 1})
    word, sign = text[:-1], text[-1]
    assert not evidence.speaks_for(f"a {text}", 2, 2 + len(word), "kind")
    assert evidence.speaks_for(f"a {word}", 2, 2 + len(word), "kind")
    if sign not in ">(+":
        assert not evidence.speaks_for(f"a {sign}{word}", 3, 3 + len(word), "kind")


def test_names_of_files_and_programs_are_no_words() -> None:
    """A dot parts sentences where a space follows it, else what is no name of a person."""
    evidence = Evidence("names", {"kind": 1, "a _": 1})
    assert not evidence.speaks_for("a long.py", 2, 6, "kind")
    assert not evidence.speaks_for("a x.long", 4, 8, "kind")
    assert not evidence.speaks_for("a long:py", 2, 6, "kind")
    assert evidence.speaks_for("a long: he", 2, 6, "kind")
    assert evidence.speaks_for("a long. He", 2, 6, "kind")


@pytest.mark.parametrize(
    "marked",
    [
        "set [[qty]] = 9",
        "| name | [[price]] | stock |",
        "a: {[[rose]]}",
        "run `[[long]]` now",
        '"unit" "[[mobile]]" "x"',
    ],
)
def test_words_of_programs_and_tables_are_left(marked: str) -> None:
    """A sign of programs beside a word, or quotes around it; numbers there are somebody's as elsewhere."""
    evidence = Evidence("names", dict.fromkeys(clues_of(marked), 1))
    start, end = marked.index("[["), marked.index("]]") - 2
    text = marked.replace("[[", "").replace("]]", "")
    assert not evidence.speaks_for(text, start, end, "kind")
    number = f"{text[:start]}123{text[end:]}"
    assert evidence.speaks_for(number, start, start + 3, "kind")


def test_nothing_speaks_for_a_word_alone_in_its_line() -> None:
    """What kind of word it is is not enough."""
    evidence = Evidence("names", {"kind": 1, "_ ,": 1, "^ _": 1})
    assert not evidence.speaks_for("long", 0, 4, "kind")
    assert not evidence.speaks_for("a\nlong\nb", 2, 6, "kind")
    assert evidence.speaks_for("Long,", 0, 4, "kind")


def test_a_far_begin_of_a_zone_is_not_read() -> None:
    """However long a zone is, the atoms before a word are the same."""
    before = "abc def " * 100
    assert clues_of(f"{before}[[dale]]")[1:4] == ["def _", "abc * _", "abc def _"]
    assert clues_of("-" * 400 + " x [[dale]]")[1:3] == ["x _", "- * _"]
    assert clues_of("to " + "a" * 400 + "1 [[dale]]")[1:3] == ["# _", "a" * 400 + " * _"]
    assert clues_of("1a" * 400 + " [[dale]]")[1:3] == ["a _", "# * _"]


def test_where_nothing_is_known_nothing_is_a_name() -> None:
    """Text of another language is not masked word by word: one clue at least is of what stands beside, but for numbers."""
    evidence = Evidence("names", {"kind": 9, "-ki": 1, "^ _": 1, "^ * _": 1, "_ ^": 1, "oli * _": -1, "_ ,": 1})
    assert not evidence.speaks_for("suomalainen haki", 12, 16, "kind")
    assert evidence.speaks_for("oli suomalainen haki", 16, 20, "kind")
    assert not evidence.speaks_for("suomalainen haki,", 12, 16, "kind")
    assert evidence.speaks_for("suomalainen Haki,", 12, 16, "kind")
    assert evidence.speaks_for("suomalainen 1234", 12, 16, "kind")


def test_points_are_added() -> None:
    """A word counts if its clues give more than nothing together."""
    evidence = Evidence("names", {"kind": -3, "ask _": 2, "_ again": 2})
    assert evidence.speaks_for("ask dale again", 4, 8, "kind")
    assert not evidence.speaks_for("ask dale", 4, 8, "kind")
    assert evidence.strongest("ask dale again", 4, 8, "kind") == ["ask _", "_ again"]


def test_reading_a_file() -> None:
    """A clue a line behind its points; comments and empty lines aside."""
    evidence = read_evidence("evidence/names.txt", b"# made\n\n12 ask _\n-3 =long\n-20 # _\n")
    assert evidence.name == "names"
    assert evidence.points == {"ask _": 12, "=long": -3, "# _": -20}


@pytest.mark.parametrize(
    ("source", "line", "problem"),
    [
        (b"12 ask _\nask _\n", 2, "expected points"),
        (b"12345 ask _\n", 1, "expected points"),
        (b"1 a b c d\n", 1, "expected points"),
        (b"1  ask _\n", 1, "expected points"),
        (b"1 ask _\n2 ask _\n", 2, "twice"),
        (b"1 ask _\n2 \xc3\xa9 _\n", 2, "not plain ASCII"),
        (b"1 ask _\n2 Ask _\n", 2, "small letters"),
        (b"1 a\x0b\n", 1, "small letters"),
        (b"1 a\n" * (MAX_FILE // 4 + 1), 0, "too large"),
    ],
)
def test_a_broken_file_is_refused_with_its_line(source: bytes, line: int, problem: str) -> None:
    """The complaint names the line, never what stands there."""
    with pytest.raises(RuleError, match=rf"evidence/names\.txt:{f'{line}: ' if line else ' '}.*{problem}"):
        read_evidence("evidence/names.txt", source)


NUMBERS = "'[[ <n> ]]', '[[ <n> (_ | - ~) <n> ]]', '[[ <any> (-|_)? <n> ]]'"


def rules_of(evidence: str, points: bytes) -> RuleSet:
    """Return rules with one that takes words by evidence."""
    rule = f"{{id: r, identifier: NAME, evidence: {evidence}, phrases: ['[[ <any -forms> ]]', {NUMBERS}], examples: ['[[^]]']}}"
    source = f"recognizers:\n  - {rule}\n{LISTS}".encode()
    return RuleSet.from_sources({"recognizers/a.yaml": source, "evidence/names.txt": points}, proven=True)


@pytest.mark.parametrize(
    ("evidence", "problem"),
    [
        ("names", "names a file and a kind"),
        ("names Kind", "names a file and a kind"),
        ("other kind", "no file"),
        ("names other", "has no points for"),
    ],
)
def test_a_rule_names_a_file_and_a_kind(evidence: str, problem: str) -> None:
    """Another file, or none, is an error of the rule."""
    with pytest.raises(RuleError, match=rf"rule r: .*{problem}"):
        rules_of(evidence, b"1 kind\n")


PIECES = st.sampled_from(
    (
        *(" ", " ", " ", " ", "\n", "\n- ", ": ", ", ", ". ", "'s ", "'S", "' s", "'", '"', "(", ")", "_", "*", "|"),
        *("[NAME_57XVJEP_T3V2KT]", "^", "'s9", "'s'", "s'A", "#", "?", "=", "|", "{", "`", "$", "\\"),
        *("/", "-", "=", "@", "1", "12 ", "é", "É", "—", "Ω", "\x00\x01", "½", "  \n", ":\n\n", "`\n", "\x1e"),
        *("ask", "dale", "Dale", "DALE", "s", "S", "o'neil", "again", "The", "aB", "josé", "\u0130", "the", "was"),
    )
)
TEXTS = st.lists(PIECES, min_size=1, max_size=30).map("".join)
WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
NUMBER = re.compile(r"[0-9]+(?:(?:-[ \n]*| +)[0-9]+)?|[^\W\d_]+(?:-|[ \n]+)?[0-9]+")
CLUE = re.compile(r"[!-@\[-~]+(?: [!-@\[-~]+){0,2}")


@pytest.mark.skipif(native.library is None, reason="the library was not built")
@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(TEXTS, st.integers(0, 9))
def test_native_code_sees_the_same_clues(text: str, seed: int) -> None:
    """Each clue that a text has gets points by chance: what counts is the same natively and in Python, in any cutting."""
    view = fold(text)
    values = [*WORD.finditer(view), *NUMBER.finditer(view)]
    found = {clue for value in values for clue in clues(view, *value.span(), "kind")} | {"kind"}
    points = {clue: zlib.crc32(f"{seed}{clue}".encode()) % 100 - 50 for clue in sorted(found)}
    lines = [f"{some} {clue}\n" for clue, some in points.items() if CLUE.fullmatch(clue)]
    rules = rules_of("names kind", "".join(lines).encode())
    assert find(rules, text, memory=Memory()) == find(by_re2(rules), text, memory=Memory())


def test_shipped_evidence_is_asked_for() -> None:
    """Every file belongs to a rule, and every kind of word that a rule names has points to begin with."""
    asked = [rule.evidence for rule in shipped().recognizers if rule.evidence is not None]
    assert {evidence.name for evidence, _ in asked} == {path.stem for path in (POLICIES / "evidence").glob("*.txt")}
    assert [kind for evidence, kind in asked if kind not in evidence.points] == []


def test_each_phrase_has_its_rule() -> None:
    """`make evidence` asks by the number of a phrase which rule it belongs to."""
    owners = shipped().scanner("strict").owners
    asking = [rule.id for rule in shipped().recognizers if rule.evidence is not None]
    assert {rule.id for rule in owners if rule.evidence is not None} == set(asking)
    assert len(owners) == sum(len(rule.phrases) for rule in shipped().recognizers)
