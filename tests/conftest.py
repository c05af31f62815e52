"""Fixtures for everything that runs against the real stack."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from real_stack import Stack, start_stack, stop_stack


@pytest.fixture(scope="session")
def stack():
    """One stack for every test that leaves it as it was."""
    with tempfile.TemporaryDirectory(prefix="phigate-test-") as folder:
        Path(folder).chmod(0o755)
        running = start_stack(Path(folder))
        yield running
        stop_stack(running)


@pytest.fixture
def fresh_stack():
    """Start stacks of a test's own, to break."""
    started: list[Stack] = []
    folders: list[Path] = []

    def start(*options: str, folder: Path | None = None, **keywords: Any) -> Stack:
        if folder is None:
            folder = Path(tempfile.mkdtemp(prefix="phigate-test-"))
            folder.chmod(0o755)
            folders.append(folder)
        started.append(start_stack(folder, *options, **keywords))
        return started[-1]

    yield start
    for running in started:
        stop_stack(running)
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
