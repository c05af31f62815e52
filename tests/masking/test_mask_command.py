"""The command `phigate mask`: what the gateway would mask, from standard input."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result
from shipped import NOTE, POLICIES, shipped

from authz.cli.mask import mask
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
