"""What end-to-end tests share beside the usual stack."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from real_stack import start_stack, stop_stack

HOLD_SECONDS = 2


@pytest.fixture(scope="session")
def hasty_stack():
    """One stack whose holds end after seconds, for all tests of what a caller is told then."""
    with tempfile.TemporaryDirectory(prefix="phigate-test-") as folder:
        Path(folder).chmod(0o755)
        running = start_stack(Path(folder), env={"PHIGATE_GATEWAY__HOLD_SECONDS": str(HOLD_SECONDS)})
        yield running
        stop_stack(running)
