"""The scorer, proven on hand-made rows: every count by hand."""

from __future__ import annotations

import random

import pytest

from bench.detection_gold import identifying, read_rows, write_rows
from bench.detection_score import Miss, Score, pieces, score, shapes
from bench.synthetic.document import Document, Gold


def labelled(text, *values):
    """Return a document whose labelled values are given as (value, label)."""
    return Document("d", text, tuple(Gold(text.index(v), text.index(v) + len(v), label) for v, label in values))


def finder(*found):
    """Return a detector that finds exactly these strings."""
    return lambda text: [(text.index(value), text.index(value) + len(value)) for value in found if value in text]


@pytest.mark.parametrize(
    ("value", "label", "left"),
    [
        ("Dr. Jane Roe", "NAME", ["Jane", "Roe"]),
        ("Mr. D. Jones", "PERSON", ["D", "Jones"]),
        ("Dr.", "NAME", []),
        ("patient ID: 897-65", "UNIQUE_IDENTIFIER", ["897", "65"]),
        ("Site ID: 98765", "UNIQUE_IDENTIFIER", ["98765"]),
        ("#AB-12", "MEDICAL_RECORD_NUMBER", ["AB", "12"]),
        ("missing", "MEDICAL_RECORD_NUMBER", []),
        ("1977", "DATE_TIME", []),
        ("the 1980s", "DATE", []),
        ("last week", "DATE", []),
        ("Monday", "DATE_TIME", []),
        ("10:45 pm", "DATE_TIME", []),
        ("last December", "DATE", ["December"]),
        ("March 5, 2021", "DATE", ["March", "5", "2021"]),
        ("1978-04-13 12:20:39", "DATE_TIME", ["1978", "04", "13"]),
        ("2012-04-13T12:20:39-04:00", "DATE", ["2012", "04", "13"]),
        ("2012-04-13T12:20:39.123Z", "DATE", ["2012", "04", "13"]),
        ("Texas", "GPE", []),
        ("South Africa", "GPE", []),
        ("Houston, Texas", "GEOGRAPHIC_LOCATION", ["Houston"]),
        ("New York clinic", "GEOGRAPHIC_LOCATION", ["New", "York", "clinic"]),
        ("12 Elm St\nSpringfield, IL 62704", "STREET_ADDRESS", ["12", "Elm", "St", "Springfield", "62704"]),
        ("84", "AGE", []),
        ("94", "AGE", ["94"]),
        ("email", "EMAIL_ADDRESS", []),
        ("Acme Corp", "ORGANIZATION", []),
        ("x1", "SOMETHING_NEW", ["x1"]),
    ],
)
def test_only_what_identifies_has_to_be_covered(value, label, left):
    """Titles, cue words, clock times, bare years, relative days, states, countries and young ages are taken out."""
    assert [value[start:end] for start, end in identifying(value, label)] == left


def test_counts_by_hand():
    """One name in full, one in part, one missed; one right and one wrong finding; words masked beside the gold."""
    document = labelled(
        "Jane Roe saw Dr. Max Poe and Ann today about Lisinopril",
        ("Jane Roe", "NAME"),
        ("Dr. Max Poe", "NAME"),
        ("Ann", "NAME"),
    )
    result = score([document], finder("Jane Roe", "Max", "Lisinopril"))
    tally = result.identifiers["NAME"]
    assert (tally.gold, tally.covered, tally.overlapped) == (3, 1, 2)
    assert (result.right, result.wrong) == (2, 1)
    assert (result.tokens, result.masked) == (5, 1)  # saw, and, today, about, Lisinopril
    assert [(miss.label, miss.partly) for miss in result.misses] == [("NAME", True), ("NAME", False)]
    assert [miss.text[miss.start : miss.end] for miss in result.alarms] == ["Lisinopril"]


def test_full_cover_ignores_what_stands_between():
    """A title before a name and the hyphens of a number need not be covered; two findings may cover one value."""
    document = labelled("Dr. Jane Roe, 123-45-6789", ("Dr. Jane Roe", "NAME"), ("123-45-6789", "SSN"))
    result = score([document], finder("Jane", "Roe", "123", "45", "6789"))
    assert result.all.recall == 1.0
    assert score([document], finder("Jane Roe", "123-45-678")).identifiers["SSN"].covered == 0


def test_neutral_gold_counts_neither_way():
    """A finding on a bare year or a state is neither right nor wrong, and missing it is no miss."""
    document = labelled("since 1977 in Texas", ("1977", "DATE_TIME"), ("Texas", "GPE"))
    for found in (finder("1977", "Texas"), finder()):
        result = score([document], found)
        assert (result.all.gold, result.right, result.wrong, result.negatives) == (0, 0, 0, 0)
        assert result.neutral.gold == 2


def test_negatives_are_documents_without_gold():
    """Of two documents without labels one gets a finding: half of the negatives are touched."""
    documents = [labelled("Crohn disease"), labelled("no fever"), labelled("Ann is ill", ("Ann", "NAME"))]
    result = score(documents, finder("Crohn", "Ann"))
    assert (result.negatives, result.touched, result.negatives_touched) == (2, 1, 0.5)
    assert result.precision == 0.5


def test_nothing_to_find_is_full_recall_and_full_precision():
    """Empty sets divide by nothing."""
    empty = Score()
    assert (empty.all.recall, empty.precision, empty.negatives_touched, empty.others_masked) == (1.0, 1.0, 0.0, 0.0)


def test_pieces_put_together_are_the_text():
    """Random pieces are a partition, with an empty piece among them, and not always the same one."""
    text = "Jane Roe, born 3/4/1950, lives at 12 Elm Street." * 9
    cuts = [list(pieces(text, random.Random(seed))) for seed in range(5)]
    assert all("".join(cut) == text and "" in cut for cut in cuts)
    assert len({tuple(cut) for cut in cuts}) == 5


def test_shapes_hide_the_value():
    """Misses of one form are counted together, and no letter or digit of the text is shown."""
    text = "Jane R. 12-Mar ab"
    misses = [Miss("d", "NAME", "", 0, 7, text), Miss("d", "DATE", "full", 8, 14, text)]
    assert shapes(misses * 2) == [("NAME: Aa A.", 2), ("DATE full: 99-Aa", 2)]


def test_rows_are_read_as_they_were_written(tmp_path):
    """The `.jsonl` form keeps text, offsets in code points, labels and kinds; a span outside its text is refused."""
    document = Document("1", "José 𝒳 naïve", (Gold(0, 4, "NAME", "given"),))
    path = tmp_path / "rows.jsonl"
    write_rows(path, [document])
    assert read_rows(path) == [document]
    path.write_text('{"id": 1, "text": "ab", "spans": [{"start": 1, "end": 3, "label": "NAME"}]}\n')
    with pytest.raises(ValueError, match="line 1"):
        read_rows(path)
