"""Other names: people get other names, the same one throughout a text, and nothing else changes."""

from __future__ import annotations

from bench.detection_renamed import with_other_names
from bench.synthetic.document import Document, Gold
from bench.synthetic.pools import pool

TEXT = "Roe called. Jane Roe, dr. de Vries and JANE saw Roe at Elm."
VALUES = {"Jane Roe": "NAME", "de Vries": "NAME", "JANE": "NAME", "Elm": "ADDRESS"}


def document() -> Document:
    spans = [Gold(TEXT.index(v), TEXT.index(v) + len(v), label) for v, label in VALUES.items()]
    spans += [Gold(at, at + 3, "NAME") for at in (0, TEXT.rindex("Roe"))]
    return Document("d", TEXT, tuple(sorted(spans, key=lambda span: span.start)))


def test_names_of_capitalised_words_become_others_and_the_rest_stays() -> None:
    """The same value is the same person; particles, capitals and places stay; spans stand on the new values."""
    (made,) = with_other_names([document(), Document("e", "nobody", ())])
    first, full, particle, loud, again, place = [made.text[span.start : span.end] for span in made.spans]
    assert first == again
    assert first not in {"Roe", full}
    assert full != "Jane Roe"
    assert (particle, loud, place) == ("de Vries", "JANE", "Elm")
    assert made.text == f"{first} called. {full}, dr. de Vries and JANE saw {first} at Elm."


def test_frequent_names_are_drawn_most_often_and_forms_are_those_of_charts() -> None:
    """Of many draws the first tenth of surnames is had by a third, and each form by some."""
    made = [text for seed in range(400) for text in with_other_names([document()], seed)]
    assert with_other_names([document()], 7) == with_other_names([document()], 7)
    fulls = [one.text[one.spans[1].start : one.spans[1].end] for one in made]
    assert any(", " in name for name in fulls)
    assert any(name[1] == " " for name in fulls)
    assert any(name[1:3] == ". " for name in fulls)
    surnames = pool("frequent.surname", "held")
    firsts = [one.text[one.spans[0].start : one.spans[0].end] for one in made]
    drawn = [name for name in firsts if name in surnames]
    often = [name for name in drawn if name in surnames[: len(surnames) // 10]]
    assert len(often) > len(drawn) / 5
    assert any(name in pool("frequent.apart", "held") for name in firsts)
