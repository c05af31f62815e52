"""Rule sets: strict reading, refusal by file, rule and line, and the archive that gives them back."""

from __future__ import annotations

import subprocess
import sys

import pytest
from shipped import NOTE, POLICIES, shipped

from masking import RuleError, RuleSet, find, read_sources

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
    assert not list(rules.failures())
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
    many = "recognizers:\n" + "".join(body.replace("id: code", f"id: code{n}") for n in range(501))
    with pytest.raises(RuleError, match="more than 500"):
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
    """Warming builds automata and leaves findings as they are."""
    rules = build()
    rules.warm()
    assert [f.start for f in find(rules, "see X1234")] == [4]


def test_an_empty_directory_is_refused(tmp_path) -> None:
    """A policies directory without rules is an error, not an empty rule set."""
    with pytest.raises(RuleError):
        read_sources(tmp_path)
