"""Marked texts and other values: spans stand on their values, and only what should change does."""

from __future__ import annotations

import random
import re

import pytest

from bench.detection_otherwise import filled, other_value, with_other_values
from bench.detection_written import names, read_marked, written
from bench.synthetic.document import Document, Gold

MARKED = (
    "seen by {{NAME|Jane Roe}} at\n{{ADDRESS|Roe General}} on {{DATE|3/14}}.\n----\nno value\n----\n\n----\n{{SSN|1}}"
)


def test_marks_become_spans_on_their_values():
    """Marks are gone from the text, spans stand where values do, and a document of white space is none."""
    first, second, third = read_marked("x", MARKED)
    assert first.text == "seen by Jane Roe at\nRoe General on 3/14."
    assert [(first.text[s.start : s.end], s.label) for s in first.spans] == [
        ("Jane Roe", "NAME"),
        ("Roe General", "ADDRESS"),
        ("3/14", "DATE"),
    ]
    assert (second.text, second.spans) == ("no value", ())
    assert (third.text, third.id) == ("1", "x-3")


@pytest.mark.parametrize("half", ["held", "judge"])
def test_every_mark_that_was_written_is_read(half):
    """No brace of a mark is left in a text, labels are words in capitals, and ordinary texts have no mark."""
    for name in names(half):
        documents = written(name, half)
        assert not [document.id for document in documents if "{{" in document.text or "}}" in document.text]
        labels = {span.label for document in documents for span in document.spans}
        assert labels >= {"NAME", "ADDRESS", "DATE"} if name != "ordinary" else not labels
        assert len({document.text for document in documents}) == len(documents)


def test_values_but_names_are_replaced_and_spans_follow():
    """A hospital becomes one, a day a day and a number a number; what stands between stays, and so does a name."""
    text = "Jane Roe, seen at Roe Hospital on 3/14/2021 (MRN: 1234567, tel 212-555-0100), 12 Elm St, Dayton"
    labels = {"Jane Roe": "NAME", "Roe Hospital": "ADDRESS", "3/14/2021": "DATE", "1234567": "MRN"}
    labels |= {"212-555-0100": "PHONE", "12 Elm St": "ADDRESS", "Dayton": "ADDRESS"}
    spans = tuple(Gold(text.index(v), text.index(v) + len(v), label) for v, label in labels.items())
    (other,) = with_other_values([Document("d", text, spans), Document("e", "nothing", ())], "held")
    values = [other.text[span.start : span.end] for span in other.spans]
    assert values[0] == "Jane Roe"
    assert all(new != old for new, old in zip(values[1:], list(labels)[1:], strict=True))
    rest = other.text
    for value in values:
        rest = rest.replace(value, "#", 1)
    assert rest == "#, seen at # on # (MRN: #, tel #), #, #"
    assert with_other_values([Document("d", text, spans)], "held") == [other]
    assert with_other_values([Document("d", text, spans)], "held", seed=1) != [other]


def test_forms_are_filled_sign_by_sign():
    """Digits and capitals stand where the form says, the first digit is none of a trunk, and nothing else changes."""
    made = filled(random.Random(1), "##-@@@ x#")
    assert re.fullmatch(r"[2-9][0-9]-[A-Z]{3} x[0-9]", made)
    assert filled(random.Random(1), "@-")[1] == "-"
    assert other_value(random.Random(1), "held", "yesterday", "DATE") == "yesterday"
