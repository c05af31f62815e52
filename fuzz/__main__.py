"""`python -m fuzz [--seconds N] [TARGET ...]`: run each target for a bounded time and say what it reached.

What a target learned is kept in `.fuzz/corpus`, so that the next run goes on from there. An input that broke a promise
is kept in `.fuzz/found`; the command that replays it is printed. The exit code is 1 when there was one.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from fuzz.one import TARGETS

_KEPT = Path(".fuzz")
_MOST_BYTES = {"json": 1024, "sse": 512, "text": 512, "request": 512}
_EXECUTIONS = re.compile(r"^stat::number_of_executed_units:\s+(\d+)", re.MULTILINE)
_REACHED = re.compile(r"cov: (\d+) ft: (\d+) corp: (\d+)")
_ASSERTION = re.compile(r"^(\w+(?:\.\w+)*(?:Error|Refused|Exception)\b.*)$", re.MULTILINE)
_GRACE = 120


class Run(NamedTuple):
    """What one target did: `broken` is empty, or says what broke and where the input is."""

    target: str
    executions: int
    edges: int
    corpus: int
    broken: str


def _seeded(target: str) -> Path:
    corpus = _KEPT / "corpus" / target
    corpus.mkdir(parents=True, exist_ok=True)
    for seed in importlib.import_module(TARGETS[target]).seeds():
        (corpus / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)
    return corpus


def run(target: str, seconds: int) -> Run:
    """Run one target; what libFuzzer writes is kept in `.fuzz/TARGET.log`."""
    corpus, found = _seeded(target), _KEPT / "found"
    found.mkdir(parents=True, exist_ok=True)
    options = (
        f"-max_total_time={seconds}",
        f"-max_len={_MOST_BYTES[target]}",
        "-timeout=20",
        "-rss_limit_mb=2048",
        "-print_final_stats=1",
        f"-artifact_prefix={found}/{target}-",
    )
    command = [sys.executable, "-m", "fuzz.one", target, *options, str(corpus)]
    done = subprocess.run(
        command, capture_output=True, text=True, errors="replace", timeout=seconds + _GRACE, check=False
    )
    log = done.stdout + done.stderr
    (_KEPT / f"{target}.log").write_text(log, encoding="utf-8")
    executions = _EXECUTIONS.search(log)
    edges, _, size = _REACHED.findall(log)[-1] if _REACHED.search(log) else (0, 0, 0)
    broken = ""
    if done.returncode:
        raised = _ASSERTION.search(log)
        artefact = re.search(r"Test unit written to (\S+)", log)
        broken = raised[1] if raised else f"exit code {done.returncode}, see {_KEPT / target}.log"
        if artefact:
            broken += f"\n  replay: {sys.executable} -m fuzz.one {target} {artefact[1]}"
    return Run(target, int(executions[1]) if executions else 0, int(edges), int(size), broken)


def main() -> int:
    """Run the targets that were named, or all of them; return the exit code."""
    options = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    options.add_argument("--seconds", type=int, default=60, help="time for each target  [60]")
    options.add_argument("targets", nargs="*", metavar="TARGET", help=f"{', '.join(TARGETS)}  [all]")
    given = options.parse_args()
    if unknown := set(given.targets) - TARGETS.keys():
        options.error(f"no such target: {', '.join(sorted(unknown))}")
    if importlib.util.find_spec("atheris") is None:
        options.error("Atheris is not installed here: `make fuzz` sets it up")
    failed = False
    for target in given.targets or TARGETS:
        done = run(target, given.seconds)
        print(
            f"fuzz: {done.target:8} {done.executions:>10,} executions in {given.seconds} s,"
            f" {done.edges:,} edges, {done.corpus:,} inputs kept",
            flush=True,
        )
        if done.broken:
            print(f"fuzz: {done.target} BROKE: {done.broken}", flush=True)
            failed = True
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
