"""Where a worker's processor time goes while it judges 2 KB JSON requests, each in a session of its own."""

from __future__ import annotations

import json
import os
import signal
from typing import TYPE_CHECKING, Any

from bench.envoys import start_upstream
from bench.experiment import MANY, run_load
from bench.gateway import start_gateway
from bench.load import Load
from bench.report import table

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_EVERYWHERE = 0.97
_TOP_ROOMS, _TOP_LINES, _TOP_FUNCTIONS = 25, 30, 60


def worker(folder: Path, workers: int, requests: int, say: Callable[[str], None]) -> str:
    """Run the load against sampled workers and return three tables. Raises `NotStarted`."""
    upstream, processes = start_upstream(folder / "upstream", 200.0, 1)
    try:
        say("starting phigate with sampled workers")
        gateway = start_gateway(folder / "phigate", upstream, workers, profile=True)
        try:
            headers = dict(gateway.headers)
            load = Load("127.0.0.1", gateway.port, requests, MANY, 3 * MANY, fresh=True, seed=1, headers=headers)
            for name, pid in gateway.pids.items():
                if name.startswith("worker-"):
                    os.kill(pid, signal.SIGUSR1)
            say(f"{requests} requests over {MANY} connections")
            outcome, cpu = run_load(gateway, load, 2)
        finally:
            gateway.stop()
    finally:
        processes.stop()
    found = [json.loads(path.read_bytes()) for path in sorted((folder / "phigate").glob("*.samples"))]
    answered = len(outcome.latency) + load.warm_up
    lines = [
        f"{len(outcome.latency)} answers, {outcome.failed} failed {outcome.failure}",
        "Milliseconds are the worker's processor time shared out by samples of the thread that runs Python.",
        "",
        _by_part(cpu, outcome),
    ]
    for title, key, most in (
        ("CPU by the innermost file of ours", "rooms", _TOP_ROOMS),
        ("CPU by line", "lines", _TOP_LINES),
        ("CPU by function, with what it calls", "functions", _TOP_FUNCTIONS),
    ):
        lines += ["", _shares(title, found, key, most, answered)]
    return "\n".join(lines)


def _by_part(cpu: dict[str, float], outcome: Any) -> str:
    answers = max(1, len(outcome.latency))
    lines = [[name, f"{1000 * used / answers:.2f}"] for name, used in cpu.items()]
    return table(["CPU by part", "ms/request"], lines)


def _shares(title: str, found: list[dict[str, Any]], key: str, most: int, answered: int) -> str:
    total = sum(each["samples"] for each in found) or 1
    spent = sum(each["cpu_seconds"] for each in found)
    counts: dict[str, int] = {}
    for each in found:
        for name, count in each[key].items():
            counts[name] = counts.get(name, 0) + count
    # What is on every stack (the interpreter's start, the loop's own run) says nothing.
    counts = {name: count for name, count in counts.items() if count < _EVERYWHERE * total}
    ranked = sorted(counts.items(), key=lambda pair: -pair[1])[:most]
    lines = [
        [name, f"{100 * count / total:.1f}", f"{1000 * spent * count / total / max(1, answered):.3f}"]
        for name, count in ranked
    ]
    return table([title, "%", "ms/request"], lines)
