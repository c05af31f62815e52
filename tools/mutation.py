"""Mutation testing of what reads bytes and streams: `python -m tools.mutation [--seconds N] [MODULE ...]`.

mutmut changes one expression at a time in a copy of `masking/` and runs the tests that reach it. A change that no test
notices survives: either the tests miss something, or the expression does nothing. Random tests try fewer examples here,
always the same ones, and the slowest tests are left out, so that a run is bounded and repeats.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

_ROOT = Path(__file__).parents[1]
_COPY = _ROOT / ".mutation"
_MODULES = ("sse", "json_document", "json_reader", "tokens", "stream_blocks", "stream")
_TESTS = (
    *("sse", "json_document", "native_documents", "stream", "response", "restoration", "sealed", "seams", "every_cut"),
    "fuzz",
)
_SLOW = (
    *(
        "every_cut_in_two",
        "small_chunks",
        "cut_anywhere",
        "fault_anywhere",
        "every_cut_of_tool_input",
        "random_answers",
    ),
    *("many_empty_events", "two_thousand", "conversations_keep", "stalled_stream", "read_again_is_bounded"),
)
_EXAMPLES = 12
_SETTINGS = """\
[tool.pytest.ini_options]
addopts = ["-p", "no:cacheprovider"]
pythonpath = [".", "tests/masking"]
testpaths = ["tests/masking"]

[tool.mutmut]
source_paths = ["masking"]
only_mutate = {modules}
also_copy = ["masking/native", "policies", "fuzz", "tests"]
pytest_add_cli_args_test_selection = {tests}
pytest_add_cli_args = ["-k", "{fast}"]
timeout_multiplier = 6.0
timeout_constant = 3.0
"""
_CONFTEST = f"""

from hypothesis import settings

settings.register_profile("mutation", max_examples={_EXAMPLES}, derandomize=True, deadline=None, database=None)
settings.load_profile("mutation")


def pytest_collection_finish(session):
    for module in {{item.module for item in session.items}}:  # what an unchanged copy computed before the fork
        for value in vars(module).values():
            if hasattr(value, "cache_clear") and value.__module__ == module.__name__:
                value.cache_clear()
"""
_RESULT = re.compile(r"^\s*(masking\.\S+): ([a-z ]+)$", re.MULTILINE)
_NOTICED = ("killed", "timeout")
_UNTRIED = ("not checked", "check was interrupted by user")


def _prepare(modules: list[str]) -> None:
    """Copy what is mutated and what tests it, with bounded examples, into a folder of its own."""
    shutil.rmtree(_COPY, ignore_errors=True)
    (_COPY / "tests").mkdir(parents=True)
    for folder in ("masking", "policies", "fuzz", "tests/masking"):
        shutil.copytree(_ROOT / folder, _COPY / folder, ignore=shutil.ignore_patterns("__pycache__"))
    tests = sorted(path for name in _TESTS for path in (_COPY / "tests/masking").glob(f"test_{name}*.py"))
    for path in tests:
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub(r"max_examples=\d+", f"max_examples={_EXAMPLES}", text), encoding="utf-8")
    with (_COPY / "tests/masking/conftest.py").open("a", encoding="utf-8") as conftest:
        conftest.write(_CONFTEST)
    chosen = [f"masking/{module}.py" for module in modules]
    names = [str(path.relative_to(_COPY)) for path in tests]
    fast = " and ".join(f"not {name}" for name in _SLOW)
    (_COPY / "pyproject.toml").write_text(_SETTINGS.format(modules=chosen, tests=names, fast=fast), encoding="utf-8")


def _mutmut(*arguments: str, seconds: int | None = None) -> str:
    """Run mutmut for so many seconds at most, and return what it printed."""
    command = [sys.executable, "-m", "mutmut", *arguments]
    with subprocess.Popen(
        command, cwd=_COPY, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    ) as process:
        try:
            printed, _ = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # it has workers of its own
            printed, _ = process.communicate()
    if process.returncode:
        (_COPY / "mutmut.log").write_text(printed, encoding="utf-8")
    return printed


def _change(mutant: str) -> str:
    """Return the changed lines of a mutant."""
    lines = [line for line in _mutmut("show", mutant).splitlines() if re.match(r"[-+](?![-+]{2} )", line)]
    return "\n".join(f"    {line[0]} {line[1:].strip()}" for line in lines)


def main() -> int:
    """Run, print each module's score and the survivors; return the exit code: 1 when nothing could be tried."""
    options = argparse.ArgumentParser(prog="python -m tools.mutation", description=__doc__)
    options.add_argument("--seconds", type=int, default=3600, help="time for all of it  [3600]")
    options.add_argument("modules", nargs="*", metavar="MODULE", help=f"{', '.join(_MODULES)}  [all]")
    given = options.parse_args()
    modules = given.modules or list(_MODULES)
    _prepare(modules)
    _mutmut("run", "--max-children", "1", seconds=given.seconds)
    results = _RESULT.findall(_mutmut("results", "--all", "true"))
    tried = False
    for module in modules:
        found = {mutant: how for mutant, how in results if mutant.split(".")[1] == module}
        counts = Counter(found.values())
        untried = sum(counts[how] for how in _UNTRIED)
        noticed = sum(counts[how] for how in _NOTICED)
        total = len(found) - untried
        tried |= total > 0
        score = f"{100 * noticed / total:.1f} %" if total else "-"
        print(f"mutation: masking/{module}.py: {score}, {noticed} of {total} noticed, {untried} not tried")
        for mutant, how in found.items():
            if how not in _NOTICED and how not in _UNTRIED:
                print(f"  {how}: {mutant}\n{_change(mutant)}")
    if not tried:
        print(f"mutation: nothing was tried; see {_COPY / 'mutmut.log'}", file=sys.stderr)
    return 0 if tried else 1


if __name__ == "__main__":
    sys.exit(main())
