"""FHIR leaves: found, missed and touched, counted by hand, and the generator's bundles labelled where they should be."""

from __future__ import annotations

import json

import pytest

from bench.detection_fhir import (
    Bundle,
    LeafScore,
    as_leaves,
    as_text,
    printed,
    read_bundles,
    render,
    score_leaves,
    strings,
)
from bench.synthetic.fhir import bundle
from masking.text import Finding

TREE = {
    "id": "p-12345",
    "name": [{"family": "Roe", "given": ["Jane"]}],
    "birthDate": "1950-03-04T10:00:00Z",
    "note": 'said "no"\nfever',
    "ref": "Patient/p-12345",
    "code": "I10",
    "active": True,
    "count": 3,
    "none": [],
}
LABELS = {"id": "IDENTIFIER", "name[0].family": "NAME", "name[0].given[0]": "NAME", "birthDate": "DATE"}


class Finds:
    """An engine that finds fixed words, in a text or in leaves."""

    def __init__(self, *words):
        self.words = words

    def whole(self, text):
        return [Finding(text.index(w), text.index(w) + len(w), "X", "x") for w in self.words if w in text]

    def leaves(self, leaves):
        return [[(f.start, f.end) for f in self.whole(text)] for _, text in leaves]


def counted(masked, engine):
    score = LeafScore("test")
    chosen = Bundle("b", TREE, LABELS)
    score_leaves(chosen, masked(engine, chosen), score)
    return score


def test_printed_is_what_json_prints_and_knows_its_strings():
    """The text is `json.dumps(indent=2)` to the letter, and each start is where that string's value begins."""
    text, starts = printed(TREE)
    assert text == json.dumps(TREE, indent=2, ensure_ascii=False)
    for start, (_, value) in zip(starts, strings(TREE), strict=True):
        inner = json.dumps(value, ensure_ascii=False)[1:-1]
        assert text[start - 1 : start + len(inner) + 1] == f'"{inner}"'


@pytest.mark.parametrize("masked", [as_leaves, as_text])
def test_leaves_are_counted_by_hand(masked):
    """A day without its time is the whole date; half a name is a miss; a repeated value is neither; others are touched."""
    score = counted(masked, Finds("Roe", "Ja", "1950-03-04", "Patient/p-12345", "I10"))
    assert {name: (t.gold, t.covered, t.overlapped) for name, t in score.identifiers.items()} == {
        "OTHER_ID": (1, 0, 0),
        "NAME": (2, 1, 2),
        "DATE": (1, 1, 1),
    }
    assert (score.others, score.touched) == (2, 1)  # the note and the code; the reference repeats the id
    assert score.missed == {"id": 1, "name.given": 1}
    assert score.touched_keys == {"code": 1}


def test_a_leaf_with_escapes_is_touched_in_text():
    """Offsets inside an escaped string differ between the two forms; a finding in it still counts as a touch."""
    assert counted(as_text, Finds("fever")).touched == 1
    assert counted(as_leaves, Finds("fever")).touched == 1


def test_paths_are_written_as_label_files_write_them(tmp_path):
    """Bundles are read with the labels beside them, and every labelled path is a string of the tree."""
    (tmp_path / "a.json").write_text(json.dumps(TREE))
    rows = [{"path": path, "value": "", "label": label} for path, label in LABELS.items()]
    (tmp_path / "a.labels.json").write_text(json.dumps(rows))
    (tmp_path / "other.json").write_text("{}")
    (found,) = read_bundles(tmp_path)
    assert found == Bundle("a", TREE, LABELS)
    assert set(LABELS) < {render(path) for path, _ in strings(TREE)}


@pytest.mark.parametrize("half", ["dev", "held"])
def test_a_generated_bundle_is_labelled_by_its_paths(half):
    """Labels stand at strings, names under name, days under dates; the bundle is the same every time."""
    tree, labels = bundle(half, 7)
    paths = {render(path): value for path, value in strings(tree)}
    assert labels.keys() < paths.keys()
    assert (json.dumps(tree), labels) == ((again := bundle(half, 7))[0] and json.dumps(again[0]), again[1])
    assert json.dumps(bundle(half, 8)[0]) != json.dumps(tree)
    for path in paths:
        last = path.rsplit(".", maxsplit=1)[-1]
        if last in {"family", "given[0]", "birthDate", "start", "end", "issued", "postalCode", "subscriberId"}:
            assert path in labels, path
        if last in {"system", "code", "url", "unit", "status"}:
            assert path not in labels, path
    kinds = set(labels.values())
    assert {"NAME", "DATE", "ADDRESS", "ZIP", "PHONE", "EMAIL", "MRN", "SSN", "NPI", "HEALTH_PLAN", "DEVICE"} <= kinds
