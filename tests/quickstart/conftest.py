"""A simulator process for the tests of the quickstart."""

from __future__ import annotations

import json
import select
import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass

import anthropic
import pytest


@dataclass(frozen=True)
class RunningSimulator:
    """A simulator that answers at `url`."""

    url: str
    process: subprocess.Popen[str]

    def journal(self, after=0):
        with urllib.request.urlopen(f"{self.url}/_sim/requests?after={after}", timeout=5) as answer:
            return json.load(answer)


@contextmanager
def running_simulator(*arguments):
    """Start a simulator on a free port, wait for its ready line, and end it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "authz.quickstart.simulator", "--listen", "127.0.0.1:0", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert select.select([process.stdout], [], [], 20)[0], "no ready line"
        line = process.stdout.readline()
        assert line.startswith("simulator ready on http"), line
        yield RunningSimulator(line.split()[-1], process)
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="session")
def simulator():
    """One simulator for all tests: it keeps no conversation, so they cannot disturb each other."""
    with running_simulator() as running:
        yield running


@pytest.fixture(scope="session")
def start_simulator():
    """Give a way to start another one, with arguments of its own."""
    return running_simulator


@pytest.fixture(scope="module")
def client(simulator):
    """Give the official SDK, speaking to the simulator."""
    with anthropic.Anthropic(
        base_url=simulator.url,
        api_key="a-caller-credential",
        max_retries=0,
        default_headers={"x-api-key": "simulator-key"},
    ) as made:
        yield made
