"""The benchmark of masking as it is run: each part is measured beside its baseline. No time is asserted."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest

from bench.masking_bodies import SHAPES
from bench.masking_requests import request, shipped
from bench.masking_streams import hold_back
from bench.masking_text import DENSITIES, note, sentences
from masking import find
from masking.json_document import parse

ROOT = Path(__file__).parents[2]


def test_a_short_run_measures_every_part(tmp_path):
    """Walks, whole requests, streams, hold-back and memory come out with baselines, and the aims stand beside them."""
    figures = tmp_path / "figures.json"
    command = [sys.executable, "-m", "bench.masking", "--quick", "--json", str(figures)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(figures.read_text())
    walks = [row for row in found["sizes"] if not row["whole"]]
    assert {row["case"] for row in walks} == {f"walk, {shape}" for shape in SHAPES}
    assert {row["case"] for row in found["sizes"] if row["whole"]} >= {f"request, {name}" for name in DENSITIES}
    assert all(row["rate"] > 0 and min(row["baselines"].values()) > 0 for row in found["sizes"])
    assert {name for row in found["streams"] for name in row["baselines"]} == {"json", "copy"}
    assert found["held"]["clean"]["p99"] >= found["held"]["clean"]["p50"] >= 0
    assert all(peak["most"] >= peak["before"] > 0 for peak in found["memory"].values())
    assert {aim["bound"] for aim in found["aims"]} == {60, 10}
    assert all(aim["aim"] in done.stdout for aim in found["aims"])


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("size", [20_000, 200_000])
def test_bodies_have_the_size_that_was_asked_for(shape, size):
    """A body is within a tenth of its size, is strict JSON, and goes the whole way of a request."""
    body = SHAPES[shape](size, density=0.15)
    assert 0.9 * size < len(body) < 1.1 * size
    parse(body)
    if size == 20_000:
        masked = request(body)
        assert masked.findings
        assert not masked.blocked


def test_densities_are_what_they_say():
    """Sheets of identifiers hold far more findings than notes, and notes more than clean text."""
    counts = [len(find(shipped(), note(20_000, density, 1))) for density in DENSITIES.values()]
    assert counts[0] < counts[1] / 2
    assert counts[1] < counts[2] / 2


def test_text_does_not_repeat_itself():
    """Rounds are timed on text that no earlier round has seen: a remembered reading would be timed instead."""
    bodies = {SHAPES["chat"](20_000, density=0.15, seed=seed) for seed in range(20)}
    assert len(bodies) == 20
    assert len(set(islice(sentences(1.0, 1), 500))) > 490


def test_prose_is_held_back_by_less_than_sixty_characters() -> None:
    """Each word that rules ask for joins what stands around it: words of verbs in long lists had raised this to a hundred."""
    medians = {name: held[len(held) // 2] for name, held in hold_back(20_000)}
    assert {name: median for name, median in medians.items() if name != "dense" and median >= 60} == {}
