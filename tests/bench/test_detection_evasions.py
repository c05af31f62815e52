"""Evasions and unseen names: only values change, spans follow, and what was written can be turned back."""

from __future__ import annotations

import base64
import html
import random
import re
import unicodedata
import urllib.parse

import pytest

from bench.detection_evasions import EVASIONS, encoded, evade, lowered
from bench.detection_gold import identifying
from bench.detection_unseen import known_words, made_up, unseen
from bench.synthetic.document import Document, Gold
from bench.synthetic.sets import documents

TEXT = "Call Dr. Anna Roe-Poe at 555-010-0199. MRN AB-123456, seen on 3/4/2021 in Austin, TX. No fever."
DOCUMENT = Document(
    "d",
    TEXT,
    tuple(
        Gold(TEXT.index(value), TEXT.index(value) + len(value), label)
        for value, label in (
            ("Dr. Anna Roe-Poe", "NAME"),
            ("555-010-0199", "PHONE"),
            ("AB-123456", "MRN"),
            ("3/4/2021", "DATE"),
            ("Austin, TX", "ADDRESS"),
        )
    ),
)
BY_NAME = {evasion.name: evasion for evasion in EVASIONS}


def values(document):
    return [document.text[span.start : span.end] for span in document.spans]


def between(document):
    """Return what stands before, between and after the values."""
    cuts = [0, *(cut for span in document.spans for cut in (span.start, span.end)), len(document.text)]
    return [document.text[start:end] for start, end in zip(cuts[::2], cuts[1::2], strict=True)]


def evaded(name):
    pair = evade(DOCUMENT, BY_NAME[name])
    assert pair is not None
    return pair


def stripped(text):
    return "".join(
        char for char in unicodedata.normalize("NFD", text) if unicodedata.category(char) not in {"Mn", "Cf"}
    )


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_only_values_change_and_spans_follow(name):
    """The text around values stays (but for the case), every label stands on something else than before, in order."""
    pair = evaded(name)
    assert len(pair.plain.spans) == len(pair.evaded.spans) > 0
    assert [s.label for s in pair.evaded.spans] == ["evaded " + s.label for s in pair.plain.spans]
    for before, after in zip(values(pair.plain), values(pair.evaded), strict=True):
        assert before != after
        assert before in TEXT
    rest = BY_NAME[name].rest
    assert between(pair.evaded) == [rest(text) for text in between(pair.plain)]


@pytest.mark.parametrize(
    ("name", "back"),
    [
        ("full width (NFKC)", lambda text: unicodedata.normalize("NFKC", text)),
        ("bold letters (NFKC)", lambda text: unicodedata.normalize("NFKC", text)),
        ("other scripts' digits", lambda text: re.sub(r"\d", lambda digit: str(int(digit.group())), text)),
        ("no-break and other spaces", lambda text: unicodedata.normalize("NFKC", text)),
        ("zero-width characters", stripped),
        ("soft hyphens", stripped),
        ("combining marks", stripped),
        ("percent-encoding", urllib.parse.unquote),
        ("percent-encoding of all", urllib.parse.unquote),
        ("HTML entities", html.unescape),
        ("line break inside", lambda text: re.sub(r"(?<=[-/@])\n", "", text).replace("\n", " ")),
        ("markdown marks inside", lambda text: re.sub(r"[*`_]", "", text)),
        ("spaced digits", lambda text: text.replace(" ", "")),
    ],
)
def test_what_was_written_can_be_turned_back(name, back):
    """An evasion hides a value, it does not destroy it: undoing it gives the value again."""
    pair = evaded(name)
    for before, after in zip(values(pair.plain), values(pair.evaded), strict=True):
        assert back(after) == before


def test_titles_and_states_stay_as_they_are():
    """Only from the first to the last identifying character is a value rewritten."""
    pair = evaded("HTML entities")
    assert values(pair.plain) == ["Anna Roe-Poe", "555-010-0199", "AB-123456", "3/4/2021", "Austin"]
    assert "Call Dr. &#" in pair.evaded.text
    assert pair.evaded.text.endswith("; TX. No fever.") or pair.evaded.text.endswith(", TX. No fever.")


def test_spelled_and_spaced_digits_are_for_numbers():
    """Digits of numbers are said or spaced; dates and names are left alone."""
    assert [span.label for span in evaded("spelled digits").plain.spans] == ["PHONE", "MRN"]
    phone, record = values(evaded("spelled digits").evaded)
    assert phone == "five five five - zero one zero - zero one nine nine"
    assert record == "AB- one two three four five six"
    assert values(evaded("spaced digits").evaded)[0] == "5 5 5 - 0 1 0 - 0 1 9 9"


def test_what_was_evaded_must_go_altogether():
    """A label of an evaded value has no neutral words: what is encoded is covered whole or not at all."""
    assert identifying("five five", "evaded PHONE")
    assert len(identifying("Dr%20Roe", "evaded NAME")) == 2


@pytest.mark.parametrize(
    ("value", "identifies"),
    [
        ("Dr%20Roe", ["Dr", "Roe"]),
        ("Roe%2C%20Jane", ["Roe", "Jane"]),
        ("Jane%C2%A0Roe", ["Jane", "Roe"]),
        ("Roe&#44;&#x20;Jane", ["Roe", "Jane"]),
        ("Jane&nbsp;Roe", ["Jane", "Roe"]),
        ("%4A%61%6E%65", ["4A", "61", "6E", "65"]),
        ("&#74;&#97;", ["74", "97"]),
        ("Smith&jones;Lee", ["Smith", "jones", "Lee"]),
    ],
)
def test_what_spells_a_space_or_a_sign_identifies_nobody(value: str, identifies: list[str]) -> None:
    """Encoded as in a URL or in HTML it is what it spells; letters and digits are covered as they are written."""
    assert [value[start:end] for start, end in identifying(value, "evaded NAME")] == identifies


def test_base64_takes_whole_sentences():
    """Every sentence with a value becomes one token that decodes to it; the others stay."""
    pair = encoded(DOCUMENT)
    assert pair is not None
    tokens = list(dict.fromkeys(values(pair.evaded)))
    assert pair.evaded.text == " ".join((*tokens, "No fever."))
    assert " ".join(base64.b64decode(token).decode() for token in tokens) == TEXT.removesuffix(" No fever.")
    assert len(pair.evaded.spans) == len(pair.plain.spans) == 5
    assert encoded(Document("n", "No fever.", ())) is None


def test_lower_case_keeps_offsets():
    """A letter whose lower case is two characters stays as it is, so that spans still fit."""
    document = Document("d", "İ Anna", (Gold(2, 6, "NAME"),))
    assert values(lowered(document)) == ["anna"]


def test_documents_without_values_have_no_evasion():
    """There is nothing to hide in a negative."""
    assert evade(Document("n", "No fever.", ()), BY_NAME["upper case"]) is None


def test_unseen_names_are_in_no_list(tmp_path):
    """Every name word is another one now, the same one throughout a document; nothing else has changed."""
    (tmp_path / "names.yaml").write_text("given: [Anna, ROE]")
    known = known_words(tmp_path)
    assert known == {"given", "anna", "roe"}
    text = "Anna Roe, aged 40. Dr. ROE saw anna. DOB 1/2/1960."
    spans = (Gold(0, 8, "NAME"), Gold(19, 26, "NAME"), Gold(31, 35, "NAME"), Gold(41, 49, "DATE"))
    (document,) = unseen([Document("d", text, spans), Document("n", "No fever.", ())], known)
    first, second, third, day = values(document)
    given, surname = first.split()
    assert second == f"Dr. {surname.upper()}"
    assert third == given.lower()
    assert day == "1/2/1960"
    assert not {given.lower(), surname.lower()} & known
    assert [span.kind for span in document.spans] == ["unseen", "unseen", "unseen", ""]
    assert document.text.startswith(f"{first}, aged 40. Dr. ")


def test_particles_of_a_name_stay():
    """`van der` says nothing about anyone; in a name all in lower case nobody can tell it apart."""
    text = "Jan van der Berg-de Wit and jan van wit"
    (document,) = unseen([Document("d", text, (Gold(0, 23, "NAME"), Gold(28, 39, "NAME")))], frozenset())
    first, second = values(document)
    assert re.fullmatch(r"[A-Z]\w+ van der [A-Z]\w+-[a-z]\w+ [A-Z]\w+", first)
    assert "van" not in second.split()


def test_a_made_up_word_that_is_known_is_not_used():
    """Words of the rules' own files are drawn again."""
    first = made_up(random.Random(3), frozenset())
    assert made_up(random.Random(3), {first.lower()}) != first


def test_evasions_of_generated_text_fit():
    """Over a whole generated set no evaded span leaves its text or overlaps another one."""
    for evasion in EVASIONS:
        for document in documents("prompts", "dev", 2, 40):
            pair = evade(document, evasion)
            ends = [0, *(cut for span in (pair.evaded.spans if pair else ()) for cut in (span.start, span.end))]
            assert ends == sorted(ends)
            assert not pair or ends[-1] <= len(pair.evaded.text)
