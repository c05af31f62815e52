"""Rule sets: strict reading, refusal by file, rule and line, and the archive that gives them back."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

import pytest
from shipped import NOTE, POLICIES, shipped

from masking import Memory, RuleError, RuleSet, find, read_sources
from masking.examples import failures
from masking.reading import Reading
from masking.scan import Scanner
from masking.sources import open_entry
from masking.tape_search import WINDOW

if TYPE_CHECKING:
    from collections.abc import Iterator

    from masking.automata import Match

RULE = """recognizers:
  - id: code
    identifier: MRN
    patterns: ['\\bX\\d{4}\\b']
    examples: ['see [[X1234]] now']
    counter_examples: ['see X12']
"""
PROFILE = 'name: p\ndefault: true\nrequest: {"*": tokenize}\nresponse: {"*": redact}\n'


def build(rule: str = RULE, **others: str) -> RuleSet:
    sources = {"recognizers/a.yaml": rule.encode(), "profiles/p.yaml": PROFILE.encode()}
    sources |= {name: text.encode() for name, text in others.items()}
    return RuleSet.from_sources(sources)


def with_pattern(pattern: str, example: str = "[[X1234]]") -> str:
    return RULE.replace(r"'\bX\d{4}\b'", f"'{pattern}'").replace("see [[X1234]] now", example)


def test_shipped_rules_pass_their_examples() -> None:
    """The shipped rules are read and proven."""
    rules = RuleSet.from_sources(read_sources(POLICIES))
    assert not list(failures(rules))
    assert all(any(e.spans for e in r.examples) and any(not e.spans for e in r.examples) for r in rules.recognizers)


def test_import_is_quick_and_pure() -> None:
    """`import masking` brings no server, no event loop and no database."""
    code = "import sys, masking; print(sorted({'grpc', 'asyncio', 'sqlalchemy', 'authz'} & sys.modules.keys()))"
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=POLICIES.parent)
    assert out.stdout.strip() == "[]"


def test_archive_gives_the_same_rules_back() -> None:
    """A rule set survives in its archive: same revision, same findings."""
    again = RuleSet.from_archive(shipped().archive)
    assert (again.revision, again.archive) == (shipped().revision, shipped().archive)
    assert find(again, NOTE) == find(shipped(), NOTE)
    assert len(again.revision) == len("sha256:") + 32


def test_revision_follows_content_not_order() -> None:
    """The revision is the content's: order of files does not count, one character does."""
    sources = read_sources(POLICIES)
    assert RuleSet.from_sources(dict(reversed(sources.items()))).revision == shipped().revision
    assert build().revision != build(RULE.replace("X12'", "X13'")).revision


@pytest.mark.parametrize(
    "pattern",
    [r"(?=X)X\d{4}", r"(?<!a)X\d{4}", r"(X)\1\d{4}", "X*", r"\b", "X{1,1001}", "(X{1,1000}){1,1000}", "(X", r"\AX\d{4}",
     r"X\d{4}\z", r"X\x00", "(?P<other>X)", "{{nothing}}", "{{nothing|title}}"],
)  # fmt: skip
def test_bad_patterns_are_refused_with_their_rule_and_line(pattern: str) -> None:
    """Lookaround, backreferences, empty matches, huge repetitions and unknown names do not load."""
    with pytest.raises(RuleError) as caught:
        build(with_pattern(pattern))
    assert (caught.value.file, caught.value.rule, caught.value.line) == ("recognizers/a.yaml", "code", 4)


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        ("recognizers: []\n", 0),
        (RULE.replace("identifier", "identifer"), 2),
        (RULE + "    priority: 101\n", 7),
        (RULE + "    priority: high\n", 7),
        (RULE + "    propagate: yes\n", 7),
        (RULE + "    validator: nope\n", 7),
        (RULE + "    surprise: 1\n", 7),
        (RULE + "    id: again\n", 7),
        (RULE + "surprise: 1\n", 7),
        (RULE.replace("[['", "['").replace("['see [[X1234]] now']", "[see X1234]"), 5),
        (RULE.replace("[[X1234]]", "X12[[34]]"), 5),
        (RULE.replace("see X12'", "see X1234'"), 6),
        (RULE.replace("see X12'", "see [[X1234]]'"), 6),
        (RULE + RULE.split("\n", 1)[1], 7),
        (RULE.replace("id: code", "id: Code!"), 2),
        (RULE.replace("MRN", "mrn"), 3),
        (RULE.replace("patterns: ['\\bX\\d{4}\\b']", "patterns: []"), 2),
        ("recognizers: [\n", 2),
        ("", 1),
        ("- a\n", 1),
        ("a: &x 1\nb: *x\n", 1),
        ("define: {a: '{{b}}', b: '{{a}}'}\n" + with_pattern("X{{a}}"), 5),
    ],
)
def test_bad_files_are_refused_with_their_line(rule: str, line: int) -> None:
    """Misspelt keys, wrong types, failing examples, duplicates and bad YAML name the line."""
    with pytest.raises(RuleError) as caught:
        build(rule)
    assert caught.value.line == line
    assert "X1234" not in str(caught.value)


def test_bad_utf8_is_refused_with_its_line() -> None:
    """A rule file is strict UTF-8."""
    with pytest.raises(RuleError) as caught:
        RuleSet.from_sources({"recognizers/a.yaml": b"define:\n  a: '\xff'\n"})
    assert caught.value.line == 2


def test_too_many_recognizers_are_refused() -> None:
    """A rule set is bounded."""
    body = RULE.split("\n", 1)[1]
    many = "recognizers:\n" + "".join(body.replace("id: code", f"id: code{n}") for n in range(1001))
    with pytest.raises(RuleError, match="more than 1000"):
        build(many)


@pytest.mark.parametrize("archive", [b"", b"[]", b'{"a": 1}', b"{}", b'{"notes.txt": "x: 1"}', b"\xff"])
def test_damaged_archives_are_refused(archive: bytes) -> None:
    """What is no archive of rules is a RuleError, nothing else."""
    with pytest.raises(RuleError):
        RuleSet.from_archive(archive)


@pytest.mark.parametrize(
    "text",
    [
        "triggers:\n  - id: t\n    patterns: []\n",
        "triggers:\n  - id: t\n    patterns: ['(?=a)']\n",
        "triggers:\n  - id: t\n    patterns: [abc]\n    examples: [xyz]\n",
        "triggers:\n  - id: t\n    patterns: [abc]\n    counter_examples: [ABC]\n",
        "triggers:\n  - {id: t, patterns: [abc]}\n  - {id: t, patterns: [abc]}\n",
    ],
)
def test_bad_triggers_are_refused(text: str) -> None:
    """Triggers are proven like recognizers."""
    with pytest.raises(RuleError, match=r"triggers\.yaml"):
        build(**{"triggers.yaml": text})


def test_context_cues_decide() -> None:
    """`context` demands a cue shortly before the value, `unless` forbids one, `allow` names public values."""
    rules = build(
        RULE.replace("see [[X1234]] now", "Code [[X1234]]")
        + "    context: [CODE]\n    unless: [model]\n    allow: ['X0000']\n"
    )
    assert [f.start for f in find(rules, "Code X1111 Model X2222 Code X0000")] == [5]


def test_a_rule_set_without_profiles_loads() -> None:
    """Recognizers alone are enough for `find`."""
    assert find(RuleSet.from_sources({"recognizers/a.yaml": RULE.encode()}), "X1234")


def test_warm_changes_nothing() -> None:
    """Warming builds automata and leaves findings as they are; rules that ran no example on theirs read them now."""
    proved = build()
    for rules, is_proved in ((proved, True), (RuleSet.from_archive(proved.archive), False)):
        assert rules.proved is is_proved
        rules.warm()
        assert [f.start for f in find(rules, "see X1234")] == [4]


def test_an_empty_directory_is_refused(tmp_path) -> None:
    """A policies directory without rules is an error, not an empty rule set."""
    with pytest.raises(RuleError):
        read_sources(tmp_path)


def with_keys(keys: str, example: str) -> str:
    """Return a rule with other keys in the place of its patterns."""
    return (
        f"recognizers:\n  - id: site\n    identifier: OTHER_ID\n{keys}    examples: ['{example}']\n"
        "words: {common: of the in and seen was}\nlexicon: {vocabulary: common, quiet: of the in and}\n"
    )


def texts(rules: RuleSet, text: str, field: str = "") -> list[str]:
    return [text[found.start : found.end] for found in find(rules, text, field=field)]


@pytest.mark.parametrize(
    ("rule", "problem", "line"),
    [
        (RULE.replace("X12'", "X12', 'X1234 too'"), "counter-example 2 is matched", 6),
        (RULE.replace("now']", "now', 'no [[X12]]']"), "example 2 is not matched as marked", 5),
        (RULE.replace("now']", "now', 'no X1234']"), "example 2 marks no value", 5),
        (RULE.replace("X12'", "[[X12]]'"), "counter-example 1 marks a value", 6),
        (with_keys("    values:\n      - Ann\n      - '--'\n", "[[Ann]]"), "value 2 holds no letter or digit", 6),
        (with_keys(f"    values: ['{'a ' * 40}']\n", "x"), "value 1 has more than 64", 4),
        (with_keys("    values: [of the in and of]\n", "[[of the in and of]]"), "value 1 cannot be found", 2),
        (with_keys(f"    values: [{'a, ' * 10_001}]\n", "[[a]]"), "more than 10000 values", 4),
        (with_keys("    values: [Ann]\n    fields: [x]\n", "[[Ann]]"), "a rule of their own", 4),
        (with_keys("    values: {a: b}\n", "[[Ann]]"), "`values` must be a list", 4),
        (with_keys("    fields: [a.b.c]\n", "x"), "a field is a key", 4),
        (with_keys("    fields: ['7']\n", "x"), "a field is a key", 4),
        (with_keys("    fields: [aBcDeFgHiJkLmN]\n", "x"), "a field is a key", 4),
        (with_keys("", "x"), "at least one of `patterns`, `phrases`, `values` and `fields`", 2),
        (with_pattern(r"(?:\d+[- ]?)+X|\d", "[[1]]"), "square of the text", 4),
        (with_pattern("M[A-Z](?:.*?\\d+)?", "[[MR]]"), "square of the text", 4),
        (RULE.replace("[[X1234]]", "[[X1234"), "example 1 opens", 5),
    ],
)  # fmt: skip
def test_a_broken_rule_is_told_by_its_number_and_line(rule: str, problem: str, line: int) -> None:
    """Which example, counter-example or value is wrong, in which line, and never its text."""
    with pytest.raises(RuleError) as caught:
        build(rule)
    assert problem in str(caught.value)
    assert caught.value.line == line
    assert caught.value.rule in {"code", "site"}
    assert "X1234" not in str(caught.value)


@pytest.mark.parametrize(
    "pattern",
    [
        r"\d{1,9}", r"\b\d+\b", r"(?:\d+-)*\d+", r"X\d+(?: \d+)*", r'"[^"]*"', r"\d(?:[\d-]{0,20}@)?", r"\p{Lu}\w*",
        r"(?i:id:? (?P<value>\d+))|\d", r"[0-9]\.",
    ],
)  # fmt: skip
def test_patterns_that_read_no_further_than_their_match_are_taken(pattern: str) -> None:
    """Greedy, repeated and bounded patterns are linear and load; only their example may still fail."""
    with pytest.raises(RuleError, match="is not matched as marked"):
        build(with_pattern(pattern.replace("'", "''"), "[[none of these]]"))


def test_literal_values_are_found_in_any_spelling() -> None:
    """A deny list takes whole words in any case, over line ends, with signs and digits; the longest value wins."""
    rules = build(
        with_keys(
            "    values: [Zorblax, Zorblax Hall, '3M Corp', 'O''Leary & Sons', 4711, 'X-17/B', 'Ünder Fluss', '(Q)']\n",
            "at [[ZORBLAX]] now",
        )
    )
    text = (
        "zorblax, Zorblax\n hall; 3m  corp and 33M corp, x3M Corp. O'LEARY & SONS' 4711 A4711 4712 47112 x-17/b x-17/bb "
        "under fluss zorblaxes (q) q"
    )
    assert texts(rules, text) == [
        "zorblax", "Zorblax\n hall", "3m  corp", "O'LEARY & SONS", "4711", "x-17/b", "under fluss", "(q)",
    ]  # fmt: skip


def test_ten_thousand_values_are_one_lookup() -> None:
    """The size of a list costs time when it is read, and none when a text is."""
    values = "".join(
        f"      - Wort{chr(97 + n % 26)}{chr(97 + n // 26 % 26)}{chr(97 + n // 676)} {n}\n" for n in range(10_000)
    )
    rules = build(with_keys(f"    values:\n{values}", "at [[wortaaa 0]]"))
    text = "seen in wortbba 27. " * 500
    few = build(with_keys("    values: [Wortbba 27]\n", "at [[wortbba 27]]"))
    for one in (rules, few):
        assert len(find(one, text)) == 500
    asked = [[len(rule.phrases) for rule in one.recognizers] for one in (rules, few)]
    assert asked[0] == asked[1]  # a text is searched for as many phrases, however long the list is


def test_a_listed_word_stays_what_it_is_to_other_rules() -> None:
    """A word that only a deny list knows is still unknown; a usual word stays usual."""
    other = (
        "  - {id: odd, identifier: NAME, phrases: ['<cap unknown>'], examples: ['[[Qux]]'], counter_examples: [Seen]}\n"
    )
    rules = build(
        with_keys("    values: [Zorblax Hall, Seen Hall]\n", "[[Zorblax Hall]]").replace("words:", other + "words:")
    )
    assert texts(rules, "Hall, Zorblax, Seen") == ["Hall", "Zorblax"]


def test_public_values_are_left() -> None:
    """`allow_values` leaves literal values in any case; values of the identifier PUBLIC win over other rules."""
    assert texts(build(RULE + "    allow_values: [x0000]\n"), "X0000 X0001") == ["X0001"]
    public = "  - {id: pub, identifier: PUBLIC, priority: 100, values: [X7777], examples: ['[[X7777]]']}\n"
    assert texts(build(RULE + public), "X7777 X0001") == ["X0001"]


FIELDS = with_keys(
    "    fields: [patient.nickname, accountRef]\n    allow_values: [none]\n    propagate: true\n",
    '"accountRef": "[[A-1]]"',
)


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("patient nickname", " Bo of the in and B ", ["Bo of the in and B"]),
        ("x nickname", "Bo", []),
        ("order account ref", 'a "b", c', ['a "b", c']),
        ("account ref", "None", []),
        ("account ref", "  ", []),
    ],
)  # fmt: skip
def test_a_field_takes_the_whole_value(field: str, value: str, expected: list[str]) -> None:
    """A string of a JSON document under such a key is the value, whatever stands in it."""
    assert texts(build(FIELDS), value, field) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"accountRef": "A-1", "x": "y"}', ["A-1"]),
        ('{"account_ref" : ["a", "b, c"], "x": ["y"]}', ['a", "b, c']),
        ('{"billing-account-ref2": -17.5}', ["-17.5"]),
        ('{"accountRef": "say \\"hi\\" to", "x": "y"}', ['say \\"hi\\" to']),
        ('{"accountRef": "", "x": null, "accountRef": null}', []),
        ('{"nickname": "Bo"}', []),
        ('{"patient": {"id": 3, "nickname": "Bo"}}', ["Bo"]),
        ('{"accountRef": "none"}', []),
    ],
)  # fmt: skip
def test_a_field_is_found_in_json_texts(text: str, expected: list[str]) -> None:
    """JSON inside a text is read by its keys: strings with quotes of their own, lists, numbers, objects in objects."""
    assert texts(build(FIELDS), text) == expected


def test_a_public_field_protects_its_value() -> None:
    """A key whose values are public is a rule like others."""
    public = (
        '  - {id: pub, identifier: PUBLIC, priority: 90, fields: [unitCode], examples: [\'"unitCode": "[[X1]]"\']}\n'
    )
    rules = build(RULE + public)
    assert texts(rules, "X1234", "ward unit code") == []
    assert texts(rules, "X1234", "ward code") == ["X1234"]
    assert texts(rules, '{"unitCode": "X1234", "code": "X1234"}') == ["X1234"]


def test_values_of_a_field_are_remembered() -> None:
    """`propagate` holds for whole values too."""
    memory = Memory()
    assert find(build(FIELDS), "A-12345", field="account ref", memory=memory)
    assert len(memory) == 2


def test_no_search_reads_beyond_its_window() -> None:
    """What is searched at once is bounded, so that finding all matches is linear: twice the text, twice the steps."""
    seen: list[int] = []

    class Watched:
        groupindex: ClassVar[dict[str, int]] = {}

        def finditer(self, text: bytes | str) -> Iterator[Match]:
            seen.append(len(text))
            return iter(())

    rules = build(RULE)
    rule = replace(rules.recognizers[0], patterns=(Watched(),), ascii_patterns=(Watched(),))
    count = len(rule.phrases)
    scanner = Scanner(rules.searcher, [rule] * count, [rule], range(count), frozenset())
    for size in (50, 5000):
        reading = Reading(scanner, "\n\n".join(["X1234"] * size))
        reading.findings(reading.zones, Memory())
    assert max(seen) < 2 * WINDOW
    assert len(seen) > 2


def test_every_definition_is_used() -> None:
    """A word list that stands among the definitions would be neither, and nobody would notice."""
    files = {name: source for name, source in read_sources(POLICIES).items() if name.startswith("recognizers/")}
    names = [name for file, source in files.items() for name in open_entry(file, source).mapping("define")]
    used = set(re.findall(r"\{\{([a-z_]+)", b"\n".join(files.values()).decode()))
    assert len(names) > 500
    assert [name for name in names if name not in used] == []


def test_an_example_is_proven_by_itself() -> None:
    """A blank line behind a question parts nothing: the next example must not prove the one before."""
    rule = """recognizers:
  - id: asked
    identifier: NAME
    phrases: ['[[ "zorbly" ]] ~ [?] _ "patient"']
    examples: ['is it [[Zorbly]]?', 'patient is [[Zorbly]]? patient']
    counter_examples: ['Zorbly came']
"""
    with pytest.raises(RuleError, match="example 1 is not matched"):
        build(rule)
