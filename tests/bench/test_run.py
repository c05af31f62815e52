"""The benchmark as it is run: every configuration starts, is measured and is gone afterwards. No figure is asserted."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.stack
def test_a_short_run_measures_every_configuration(tmp_path):
    """Plain Envoy, the no-op and phigate answer the same requests, and the report names each with the aims beside it."""
    figures = tmp_path / "figures.json"
    command = [sys.executable, "-m", "bench", "--quick", "--only", "json", "--json", str(figures)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    found = json.loads(figures.read_text())
    assert found["problems"] == [], done.stderr[-2000:]
    answered = {row["configuration"] for row in found["rows"] if row["answers"]}
    assert answered == {"plain", "no-op", "phigate known", "phigate new"}
    assert "share of no-op's requests/s" in done.stdout
    assert found["durability"]["commit_p50_ms"] > 0
    assert set(found["memory"]) == {"plain", "no-op", "phigate"}
