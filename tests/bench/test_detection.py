"""The command as it is run: figures for the sets asked for, streams compared with whole texts, no text in the figures."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench import detection, detection_speed
from bench.detection_engine import Engine
from bench.detection_report import Evaded, Found, percent, text
from bench.detection_score import Tally
from bench.detection_speed import measure, readiness
from bench.synthetic.sets import documents

ROOT = Path(__file__).parents[2]
ROW = {
    "id": "a",
    "text": "Patient Jane Roe, MRN 00123456, was seen on March 5, 2021.",
    "spans": [
        {"start": 8, "end": 16, "label": "PERSON"},
        {"start": 22, "end": 30, "label": "MEDICAL_RECORD_NUMBER"},
        {"start": 44, "end": 57, "label": "DATE"},
    ],
}


@pytest.fixture(scope="module")
def engine():
    """Return the shipped rules."""
    return Engine.shipped()


@pytest.fixture
def corpora(tmp_path):
    """Return a folder with two documents, one of them a negative."""
    rows = [ROW, {"id": "b", "text": "What is the dose of lisinopril?", "spans": []}]
    (tmp_path / "tiny.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path


def test_the_command_measures_a_folder(corpora):
    """Rows of the folder are scored and streamed, labels mapped to our identifiers; the figures hold no text of them."""
    command = [sys.executable, "-m", "bench.detection", "--corpora", str(corpora), "--only", "tiny", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True)
    figures = json.loads(done.stdout)
    assert list(figures["sets"]) == ["tiny"]
    found = figures["sets"]["tiny"]
    assert (found["documents"], found["negatives"]) == (2, 1)
    assert {name: row["gold"] for name, row in found["identifiers"].items()} == {"DATE": 1, "MRN": 1, "NAME": 1}
    assert found["streamed"] == found["streamed_same"] == 2
    assert found["identifiers"]["MRN"]["recall"] == 1.0
    assert "Jane" not in done.stdout


def test_misses_are_shown_only_when_asked(corpora, capsys):
    """Tables name no value; `--misses` shows shapes and places of what was missed."""
    row = {"id": "m", "text": "qqqq zzyx qqqq", "spans": [{"start": 5, "end": 9, "label": "NAME"}]}
    (corpora / "missed.jsonl").write_text(json.dumps(row))
    arguments = ["--corpora", str(corpora), "--only", "missed"]
    assert detection.main(arguments) == 0
    assert "zzyx" not in capsys.readouterr().out
    assert detection.main([*arguments, "--misses", "3", "--kind", "name"]) == 0
    shown = capsys.readouterr().out
    assert "1 x NAME: a" in shown
    assert "qqqq ⟦zzyx⟧ qqqq" in shown


def test_a_folder_that_is_not_there_is_refused(tmp_path, capsys):
    """A wrong path does not give an empty benchmark."""
    with pytest.raises(SystemExit):
        detection.main(["--corpora", str(tmp_path / "none")])
    assert "no such folder" in capsys.readouterr().err


def test_streams_are_compared_finding_by_finding(engine):
    """A document counts as the same only if every finding of the stream is one of the whole text, in place."""
    chosen = documents("notes", "dev", 1, 3)

    class Late:
        """Finds one thing fewer in streams."""

        whole = staticmethod(engine.whole)

        @staticmethod
        def streamed(pieces):
            return engine.streamed(pieces)[1:]

    assert detection.streamed_same(engine, chosen) == (3, 3)
    assert detection.streamed_same(Late(), chosen) == (0, 3)


def test_speed_is_measured_on_text_that_was_not_read_before(engine, monkeypatch):
    """Every figure is a positive rate, and the size is that of the text."""
    monkeypatch.setattr(detection_speed, "_LEAST_SECONDS", 0.01)
    speed = measure(engine, "tiny", [ROW["text"] * 20])
    assert speed.size == len(ROW["text"]) * 20
    assert min(speed.whole, speed.stream, speed.plain_re2, speed.plain_re) > 0
    ready = readiness(str(ROOT / "policies"))
    assert 0 < ready.seconds < 60
    assert ready.megabytes > 0


def test_leaves_for_speed_are_filled_up():
    """Short text is repeated to a leaf's size, long text is cut into leaves."""
    chosen = documents("clean", "dev", 1, 5)
    assert [len(leaf) for leaf in detection.leaves_of(chosen, 50_000)] == [50_000]
    assert {len(leaf) for leaf in detection.leaves_of(chosen, 100)} == {100}


def test_shares_are_rounded_down():
    """What is not all is never printed as all."""
    assert percent(0.9999) == "99.9"
    assert percent(1.0) == "100.0"
    assert percent(0.29, 2) == "29.00"


def test_the_ratio_of_an_evasion_is_of_what_was_found_before():
    """Half of what was found plainly is a ratio of one half, whatever plain recall is."""
    row = Evaded("x", Tally(10, 8, 8), Tally(10, 4, 4), 0.95)
    assert row.ratio == 0.5
    assert "0.500" in text(Found("r", "strict", evasions=[row]))
