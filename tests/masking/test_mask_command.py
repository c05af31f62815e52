"""The command `phigate mask`: what the gateway would mask, from standard input."""

from __future__ import annotations

import io
import json
import re
import sys

import pytest
from click.testing import CliRunner, Result
from shipped import NOTE, POLICIES, shipped

from authz.cli.explanation import Explained, Page
from authz.cli.mask import mask
from authz.cli.progress import LONG, size_of, watched
from masking import mask_text

KEY = bytes(range(32))


@pytest.fixture
def run(tmp_path):
    """Run the command with a fixed key."""
    key = tmp_path / "key"
    key.write_bytes(KEY)

    def call(text: str | bytes, *options: str) -> Result:
        return CliRunner().invoke(mask, ["--policies", str(POLICIES), "--key-file", str(key), *options], input=text)

    return call


def test_text_is_masked_as_by_the_library(run) -> None:
    """The command and `masking.mask_text` give the same text."""
    text = NOTE * 40
    result = run(text)
    assert result.exit_code == 0
    expected = mask_text(shipped(), shipped().profiles["standard"], text, key=KEY).text
    assert result.stdout_bytes == expected.encode()


def test_json_lines_are_answered_with_findings(run) -> None:
    """Each line is a document of its own, its offsets are code points."""
    lines = [{"id": 7, "text": "é Mr. Smith"}, {"id": "b", "text": "nothing here"}]
    result = run("\n".join(json.dumps(line) for line in lines), "--findings", "--profile", "safe-harbor")
    assert result.exit_code == 0
    assert [json.loads(line) for line in result.stdout.splitlines()] == [
        {
            "id": 7,
            "masked": "é Mr. [NAME]",
            "findings": [{"start": 6, "end": 11, "identifier": "NAME", "rule": "name.title"}],
        },
        {"id": "b", "masked": "nothing here", "findings": []},
    ]


@pytest.mark.parametrize(
    "bad",
    ["{Smith", '["Smith"]', '{"id": 1}', '{"text": 5, "id": "Smith"}', '{"text": "Smith \\ud800"}', "[" * 100000],
    ids=["syntax", "list", "no-text", "number", "surrogate", "depth"],
)
def test_bad_lines_are_named_by_number_only(run, bad: str) -> None:
    """A bad line ends the command with status 2 and its number, never its text."""
    result = run('{"id": 1, "text": "fine"}\n\n' + bad + "\n", "--findings")
    assert result.exit_code == 2
    assert "line 3" in result.stderr
    assert "Smith" not in result.stderr
    assert len(result.stdout.splitlines()) == 1


def test_bad_utf8_is_refused(run) -> None:
    """Standard input is strict UTF-8, also when a character is cut off."""
    for data in (b"ab\xff", b"ab\xc3"):
        result = run(data)
        assert result.exit_code == 2
        assert "UTF-8" in result.stderr


def test_unknown_profiles_and_bad_keys_are_refused(run, tmp_path) -> None:
    """Settings that cannot be used end with status 2 and what would do."""
    result = run("x", "--profile", "nope")
    assert result.exit_code == 2
    assert "safe-harbor" in result.stderr
    short = tmp_path / "short"
    short.write_bytes(b"x")
    assert run("x", "--key-file", str(short)).exit_code == 2
    assert run("x", "--policies", str(tmp_path)).exit_code == 2


def test_without_a_key_placeholders_differ_from_run_to_run() -> None:
    """A random key is used and thrown away."""
    outputs = {CliRunner().invoke(mask, [], input="Mr. Smith").stdout for _ in range(2)}
    assert len(outputs) == 2


RULES = """recognizers:
  - id: name.title
    identifier: NAME
    phrases: ['<titles> \\.? _ [[ <cap> (_ <cap>)? ]]']
    examples: ['Dr. [[Okonkwo]] came']
  - id: code
    identifier: OTHER_ID
    context: [ticket]
    patterns: ['[A-Z]{2}[0-9]{4}']
    examples: ['ticket [[AB1234]]']
    propagate: true
words: {titles: dr mr}
"""
PROFILE = 'name: plain\ndefault: true\nrequest: {"*": redact}\nresponse: {"*": redact}\n'
TEXT = "Dr. Ann Poe asked:\nticket AB1234, again AB1234 \x1b[31m.\n"
FACTS = [
    {"start": 4, "end": 11, "identifier": "NAME", "rule": "name.title", "cue": "Dr. \u2026"},
    {"start": 26, "end": 32, "identifier": "OTHER_ID", "rule": "code", "cue": "ticket \u2026"},
    {"start": 40, "end": 46, "identifier": "OTHER_ID", "rule": "code", "cue": "ticket \u2026"},
]


class Terminal(io.StringIO):
    """A screen."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def ask(tmp_path):
    """Run the command with two small rules."""
    (tmp_path / "recognizers").mkdir()
    (tmp_path / "profiles").mkdir()
    (tmp_path / "recognizers" / "a.yaml").write_text(RULES)
    (tmp_path / "profiles" / "p.yaml").write_text(PROFILE)

    def call(text: str, *options: str) -> Result:
        return CliRunner().invoke(mask, ["--policies", str(tmp_path), *options], input=text)

    return call


def test_findings_are_explained_line_by_line(ask) -> None:
    """Where no one is looking, a finding is a line: where, what, by which rule, and beside what; no escape survives."""
    result = ask(TEXT, "--explain")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "4-11  NAME  name.title  Ann Poe  by Dr. \u2026",
        "26-32  OTHER_ID  code  AB1234  by ticket \u2026",
        "40-46  OTHER_ID  code  AB1234  by ticket \u2026",
    ]


def test_explanations_as_json(ask) -> None:
    """One object for one text, with offsets of the whole text; findings without a cue have none."""
    result = ask(TEXT, "--explain", "--json")
    assert json.loads(result.stdout) == {"findings": FACTS}
    lines = [json.dumps({"id": 1, "text": TEXT}), json.dumps({"id": "b", "text": "fine"})]
    result = ask("\n".join(lines), "--findings", "--explain", "--json")
    assert [json.loads(line) for line in result.stdout.splitlines()] == [
        {"id": 1, "findings": FACTS},
        {"id": "b", "findings": []},
    ]


def test_texts_of_a_list_are_told_apart(ask) -> None:
    """With JSON lines each text begins with its id, and its offsets with it."""
    lines = [json.dumps({"id": name, "text": "see Dr. Poe"}) for name in ("x", "y")]
    result = ask("\n".join(lines), "--findings", "--explain")
    line = "8-11  NAME  name.title  Poe  by Dr. \u2026"
    assert result.stdout.splitlines() == ["# x", line, "# y", line]


def test_offsets_go_on_from_segment_to_segment(ask) -> None:
    """A long text is explained as it settles, with offsets of the whole."""
    text = ("word " * 30_000) + "Dr. Poe."
    found = json.loads(ask(text, "--explain", "--json").stdout)["findings"]
    assert [(one["start"], one["end"]) for one in found] == [(150_004, 150_007)]


def test_a_terminal_shows_the_text_in_colour(monkeypatch) -> None:
    """On a terminal the whole text is there, findings marked, and what the input would do to the screen is not."""
    screen = Terminal()
    monkeypatch.setattr(sys, "stdout", screen)
    page = Page()
    found = [Explained(8, 11, "NAME", "r.one", "Dr. \u2026", "Poe"), Explained(12, 13, "ID", "r.two", "", "7")]
    page.show("Dr. Poe 7 [bold] \x1b[2J", found, 4, title="note", last=True)
    page.show("Poe", [Explained(0, 3, "NAME", "r.one", "", "Poe")], 0, title="", last=False)
    shown = screen.getvalue()
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    assert plain == "# note\nDr. Poe [NAME r.one \u00b7 Dr. \u2026] 7 [ID r.two] [bold] \ufffd[2J\nPoe [NAME r.one]"
    assert "\x1b[2J" not in shown


def test_counts(ask) -> None:
    """Findings by identifier and by rule, tokens and characters, as a table and as JSON; no text."""
    result = ask(TEXT, "--stats", "--json")
    assert json.loads(result.stdout) == {
        "texts": 1,
        "characters": len(TEXT),
        "characters_masked": 19,
        "tokens": 9,
        "tokens_masked": 4,
        "findings": 3,
        "identifiers": {"OTHER_ID": 2, "NAME": 1},
        "rules": {"code": 2, "name.title": 1},
    }
    lines = "\n".join(json.dumps({"text": text}) for text in ("Dr. Poe", "", "Mr. Poe"))
    assert json.loads(ask(lines, "--findings", "--stats", "--json").stdout)["texts"] == 3
    table = ask(TEXT, "--stats").stdout
    rows = [line.split() for line in table.splitlines() if line]
    assert ["OTHER_ID", "2"] in rows
    assert ["name.title", "1"] in rows
    assert ["tokens", "4", "9", "44.44%"] in rows
    assert "Poe" not in table
    assert ["tokens", "0", "0", "0.00%"] in [line.split() for line in ask("", "--stats").stdout.splitlines()]


@pytest.mark.parametrize("options", [("--explain", "--stats"), ("--json",), ("--findings", "--json")])
def test_answers_that_exclude_each_other_are_refused(ask, options: tuple[str, ...]) -> None:
    """One answer at a time, and JSON only of those that have another form."""
    assert ask(TEXT, *options).exit_code == 2


def test_a_bad_line_ends_an_explanation_too(ask) -> None:
    """Errors name the line and never its text, whatever is asked."""
    for options in (("--explain",), ("--stats",)):
        result = ask('{"text": "Smith \\ud800"}\n', "--findings", *options)
        assert result.exit_code == 2
        assert "line 1" in result.stderr
        assert "Smith" not in result.stderr


def test_a_long_input_shows_a_bar_on_standard_error(monkeypatch, tmp_path) -> None:
    """A terminal sees how far a long input is read, and only there; short ones and pipes into files see nothing."""
    pieces = [b"x" * (LONG // 2)] * 3

    def bar(stderr: io.StringIO, stdout: io.StringIO, data: list[bytes], *, answers: bool) -> str:
        monkeypatch.setattr(sys, "stderr", stderr)
        monkeypatch.setattr(sys, "stdout", stdout)
        assert list(watched(io.BytesIO(), iter(data), answers=answers)) == data
        return stderr.getvalue()

    assert "MB" in bar(Terminal(), io.StringIO(), pieces, answers=True)
    assert "MB" in bar(Terminal(), Terminal(), pieces, answers=False)
    assert bar(Terminal(), Terminal(), pieces, answers=True) == ""
    assert bar(io.StringIO(), io.StringIO(), pieces, answers=True) == ""
    assert bar(Terminal(), io.StringIO(), [b"x"], answers=True) == ""
    file = tmp_path / "input"
    file.write_bytes(b"12345")
    with file.open("rb") as source:
        assert size_of(source) == 5
    assert size_of(io.BytesIO()) is None
