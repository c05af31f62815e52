"""Programs that use a real SDK in an interpreter of their own (`tests/clients`), and what reached upstream meanwhile.

A program takes one call after the other over its standard input. Which SDK it has is a matter of its interpreter: the
development environment has the newest for Python, `make setup` puts an old one and Node beside it. A missing one fails
the test: it is part of the set-up, not an extra.
"""

from __future__ import annotations

import json
import select
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent / "clients"
OTHERS = Path(sys.prefix) / "clients"
"""The environment of clients that cannot live beside the development tools."""
ANSWER_SECONDS = 120


@dataclass(frozen=True)
class Kind:
    """A kind of client: how it is started, the API version that it asks for, and the query of its beta calls."""

    command: tuple[str, ...]
    version: str
    beta_query: str = ""
    asynchronous: bool = False


PYTHON = (sys.executable, "-W", "error", "python_sdk.py")
KINDS = {
    "python": Kind(PYTHON, "2026-10-21"),
    "python-async": Kind(PYTHON, "2026-10-21", asynchronous=True),
    "python-0": Kind((str(OTHERS / "bin" / "python"), "python_sdk.py"), "2023-06-01", "?beta=true"),
    "typescript": Kind((str(OTHERS / "bin" / "node"), "typescript_sdk.mjs"), "2026-10-21"),
}


def start(command: tuple[str, ...]) -> subprocess.Popen:
    """Start a program. Importing an SDK takes seconds of CPU, so kinds with one command share a process.

    Its output is not buffered here, so that the pipe itself tells whether there is an outcome to read.
    """
    return subprocess.Popen(command, cwd=FOLDER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)


def end(process: subprocess.Popen) -> None:
    """Close a program's input, at which it ends by itself."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.close()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(5)
    process.stdout.close()


def start_all() -> dict[str, Program]:
    """Start a program of each kind."""
    processes = {command: start(command) for command in {kind.command for kind in KINDS.values()}}
    return {name: Program(kind, processes[kind.command]) for name, kind in KINDS.items()}


def end_all(programs: dict[str, Program]) -> None:
    """End them."""
    for process in {id(program.process): program.process for program in programs.values()}.values():
        end(process)


@dataclass(frozen=True)
class Program:
    """A client in a running program; `send` a call, then `receive` its outcome. Outcomes come in the order of calls."""

    kind: Kind
    process: subprocess.Popen

    def send(self, stack: Any, token: str, operation: str, **call: Any) -> None:
        call |= {"operation": operation, "base_url": stack.base_url, "token": token}
        if self.kind.asynchronous:
            call["asynchronous"] = True
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(call).encode() + b"\n")

    def receive(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        assert select.select([self.process.stdout], [], [], ANSWER_SECONDS)[0], "the program does not answer"
        line = self.process.stdout.readline()
        assert line, f"the program ended with {self.process.wait(5)}"
        return json.loads(line)

    def call(self, *arguments: Any, **call: Any) -> dict[str, Any]:
        """Return the outcome of a call that is expected to go well."""
        self.send(*arguments, **call)
        outcome = self.receive()
        assert "error" not in outcome, outcome["error"]
        return outcome


@dataclass
class Upstream:
    """What reached upstream since this was made."""

    simulator: Any
    last: int = 0

    def __post_init__(self) -> None:
        self.last = max((request["n"] for request in self.simulator.requests()), default=0)

    def requests(self) -> list[dict[str, Any]]:
        return self.simulator.requests(after=self.last)

    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(request["body"]) for request in self.requests()]
