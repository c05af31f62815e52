"""The documentation says what is there: links lead somewhere, commands exist, and the help table is the CLI's own."""

from __future__ import annotations

import re
import shlex
import tomllib
import urllib.parse
from pathlib import Path

import click
import pytest

from authz.cli import COMMANDS, main

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
NAMES = [page.relative_to(ROOT).as_posix() for page in PAGES]

FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"(?<!!)\[[^\]\n]+\]\(([^()\s]+)\)")


def prose(text):
    """Return a page without its code blocks."""
    return FENCE.sub("", text)


def anchors(text):
    """Return the anchors that GitHub gives to a page's headings."""
    headings = re.findall(r"^#+\s+(.+)$", prose(text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def typed(text):
    """Return the lines of a page's `console` blocks that are typed, continuation lines joined."""
    for language, block in FENCE.findall(text):
        if language == "console":
            for line in block.replace("\\\n", " ").splitlines():
                if line.startswith("$ "):
                    yield line[2:]


def commands(line):
    """Return the arguments of each `phigate` in a shell line: first, piped to, or inside `$(…)`."""
    inner = re.findall(r"\$\(([^()]*)\)", line)
    outer = re.sub(r'"?\$\([^()]*\)"?', "VALUE", line)
    for part in [*outer.split("|"), *inner]:
        words = shlex.split(part, comments=True)
        if words and words[0] == "phigate":
            yield [word for word in words[1:] if word != ">" and not word.startswith(">")]


def parse(arguments):
    """Parse arguments as the command line would, running nothing."""
    command, name, rest = main, "phigate", list(arguments)
    while isinstance(command, click.Group):
        name = rest.pop(0)
        found = command.get_command(click.Context(command), name)
        assert found is not None, f"no such command: {name}"
        command = found
    command.make_context(name, rest)


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_relative_links_lead_somewhere(page):
    """Every relative link names a file or folder of the repository, and every anchor a heading of it."""
    for target in LINK.findall(prose(page.read_text(encoding="utf-8"))):
        if urllib.parse.urlsplit(target).scheme:
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), target
        assert file.is_relative_to(ROOT), target
        if anchor:
            assert anchor in anchors(file.read_text(encoding="utf-8")), target


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_commands_exist_with_their_flags(page, tmp_path, monkeypatch):
    """Every `phigate …` that a page tells to type is a command with these options and arguments."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my-policies").mkdir()  # what a page told to make before
    for line in typed(page.read_text(encoding="utf-8")):
        for arguments in commands(line):
            parse(arguments)


def test_readme_shows_commands_at_all():
    """The check above looks at something: the tour's commands are found, nested ones included."""
    found = {
        arguments[0] for line in typed((ROOT / "README.md").read_text(encoding="utf-8")) for arguments in commands(line)
    }
    assert found >= {"token", "approvals", "sessions", "mask", "doctor"}


def test_wrong_command_is_noticed():
    """The check above would fail for an option or a command that does not exist."""
    with pytest.raises(click.UsageError):
        parse(["approvals", "list", "--nobody"])
    with pytest.raises(AssertionError):
        parse(["approvals", "forget"])


def test_readme_help_table_is_the_clis():
    """README's table of commands has the names, texts and order of `phigate --help`."""
    rows = re.findall(
        r"^\| `phigate (\w+)` \| (.+) \|$", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert rows == list(COMMANDS.items())


def test_every_page_is_reachable_from_the_readme():
    """Following links from README leads to every page of docs/, decisions included by their folder."""
    seen, todo = set(), [ROOT / "README.md"]
    while todo:
        page = todo.pop()
        if page in seen:
            continue
        seen.add(page)
        for target in LINK.findall(prose(page.read_text(encoding="utf-8"))):
            if urllib.parse.urlsplit(target).scheme:
                continue
            file = (page.parent / target.partition("#")[0]).resolve()
            todo.extend(file.glob("*.md") if file.is_dir() else [file] if file.suffix == ".md" else [])
    assert {page for page in PAGES if page.is_relative_to(ROOT / "docs")} <= seen


def test_every_dependency_has_its_reason():
    """Each direct dependency, and no other, is named with its reason in decision 2; the build's own tools need none."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    apart = [
        line
        for file in ROOT.glob("requirements/*.in")
        if file.stem != "build"
        for line in file.read_text(encoding="utf-8").splitlines()
        if not line.startswith("#")
    ]
    wanted = {
        re.split(r"[\[<>=;\s]", requirement, maxsplit=1)[0]
        for requirement in [*project["dependencies"], *project["optional-dependencies"]["dev"], *apart]
    }
    table = (ROOT / "docs/adr/0002-dependencies.md").read_text(encoding="utf-8")
    firsts = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    assert {name for cell in firsts for name in re.findall(r"`([a-z0-9-]+)", cell)} == wanted
