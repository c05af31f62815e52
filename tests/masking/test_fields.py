"""Structured data: what a key says about its value, as a leaf and inside a text; HL7 version 2 segments."""

from __future__ import annotations

import json

import pytest
from shipped import folded, shipped

from masking import find
from masking.text import LONGEST_VALUE, field_of

SEGMENTS = (
    "MSH|^~\\&|LAB|SITE|||20240314||ADT^A01|123|P|2.3\r"
    "PID|1||10006579^^^1^MR^1||OKAFOR^AMARA^R||19240101|F||1|111 ELM ST^^FOWL^CA^99999^^M|1|8885551212|8885551213|1|2"
    "||40007716^^^VN^1|123121234\r"
    "NK1|1|OKAFOR^CHIDI|SO|3583 ELM RD^^FOWL^CA^99999|8885552222||Y\r"
    "IN1|1|ABC|3|XYZ|||||||Group|19891001|||4|OKAFOR^AMARA|1|19240101|111^ELM ST^^FOWL^CA^99999|"
)


def masked(text: str, field: str = "") -> str:
    out, at = [], 0
    for found in find(shipped(), text, field=field):
        out.extend((text[at : found.start], f"<{found.identifier}>"))
        at = found.end
    return "".join(out) + text[at:]


@pytest.mark.parametrize(
    ("keys", "field"),
    [
        (("birthDate",), "birth date"),
        (("name", "family"), "name family"),
        (("patientID",), "patient id"),
        (("first_name",), "first name"),
        (("home-address-2",), "home address"),
        (("SSN",), "ssn"),
        (("7",), ""),
        (("a_b_c_d_e_f_g",), ""),
    ],
)
def test_keys_become_words(keys: tuple[str, ...], field: str) -> None:
    """Camel case, snake case and abbreviations give the words they are made of."""
    assert field_of(*keys) == field


@pytest.mark.parametrize(
    ("keys", "value", "expected"),
    [
        (("name", "family"), "Vantongeren", "<NAME>"),
        (("name", "given"), "amara", "<NAME>"),
        (("name", "text"), "Amara R. Okafor", "<NAME>"),
        (("patient", "firstName"), "Xiu", "<NAME>"),
        (("patient", "birthDate"), "1961-02-03", "<DATE>"),
        (("address", "line"), "586 Hilll Ranch Unit 68", "<ADDRESS>"),
        (("address", "city"), "Fall River", "<ADDRESS>"),
        (("address", "postalCode"), "02720", "<ZIP>"),
        (("telecom", "value"), "5086793131", "<PHONE>"),
        (("identifier", "value"), "cb5696d9-a0de-4f49-94f9-433f96a28eb0", "<OTHER_ID>"),
        (("record", "ssn"), "123456789", "<SSN>"),
        (("record", "mrn"), "A-4432", "<MRN>"),
        (("coding", "system"), "https://codes.example.org/x_y/z", "https://codes.example.org/x_y/z"),
        (("coding", "display"), "Inpatient Hospital", "Inpatient Hospital"),
        (("extension", "url"), "http://codes.example.org/StructureDefinition/x", "http://codes.example.org/StructureDefinition/x"),
        (("style", "fontFamily"), "Arial", "Arial"),
        (("status",), "finished", "finished"),
    ],
)  # fmt: skip
def test_a_key_says_what_its_value_is(keys: tuple[str, ...], value: str, expected: str) -> None:
    """Values that nothing else gives away are found by their key; definitions and codes are left."""
    assert masked(value, field_of(*keys)) == expected


def test_keys_speak_inside_texts_too() -> None:
    """JSON in a text block is read by the same rules, in one piece and in many."""
    text = "Record: " + json.dumps(
        {"name": [{"family": "Vantongeren", "given": ["Xiu", "Li"]}], "birthDate": "1961-02-03", "ssn": 123456789},
        indent=1,
    )
    assert not any(word in masked(text) for word in ("Vantongeren", "Xiu", "Li", "1961", "123456789"))
    assert folded(list(text)) == folded([text])


@pytest.mark.parametrize("key", ["recorder", "generalPractitioner", "asserter", "receiver", "collector", "onBehalfOf"])
@pytest.mark.parametrize("value", ["Zorvath Brinktal", "will good", "Unknown"])
def test_references_to_people_name_them(key: str, value: str) -> None:
    """What stands under `display` of a FHIR reference is a name, whatever its words are, as a leaf and in a text."""
    assert masked(value, field_of(key, "display")) == "<NAME>"
    assert value not in masked(json.dumps({key: {"reference": "Practitioner/f01", "display": value}}, indent=1))


def test_each_of_several_references_is_read() -> None:
    """A second reference in a list is found like the first."""
    text = json.dumps({"recipient": [{"display": "Ambrel Tosk"}, {"display": "Orrin Vashti"}]}, indent=1)
    assert not any(word in masked(text) for word in ("Ambrel", "Tosk", "Orrin", "Vashti"))


def test_terms_stay_by_the_code_beside_them() -> None:
    """A display behind a code is a term, and the URL of an extension a definition."""
    coding = '{"system": "http://example.org/pos", "code": "19", "display": "Off Campus-Outpatient Hospital"}'
    extension = '{"url": "http://codes.example.org/pharmacy", "valueString": "mail order"}'
    assert masked(coding).endswith('"code": "19", "display": "Off Campus-Outpatient Hospital"}')
    assert masked(extension) == extension


def test_uuids_under_value_are_identifiers() -> None:
    """The value of an identifier may begin with letters or digits; a date under `value` is a date, a word a word."""
    assert masked('"value": "27c911c6-f045-4ffa-af5d-6eba57ac94b2"') == '"value": "<OTHER_ID>"'
    assert masked('"value": "positive"') == '"value": "positive"'


def test_a_key_says_nothing_about_a_long_text() -> None:
    """A value that is a text of its own is read as one."""
    value = "a plain sentence. " * (LONGEST_VALUE // 18 + 1)
    assert masked(value, "name family") == value


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("signed_by", "Okonkwo", "<NAME>"),
        ("note", "... seen by Okonkwo", "... seen by <NAME>"),
        ("note", "drafted with Ann & Hope", "drafted with <NAME> & <NAME>"),
        ("text", "see you then.\ncheers,\njoy", "see you then.\ncheers,\n<NAME>"),
        ("note", "sutures out. Initials: MK \r\n", "sutures out. Initials: <NAME> \r\n"),
        ("note", "Mahina Latu, LCSW LB.2103986", "<NAME>, LCSW <LICENSE>"),
    ],
)
def test_a_value_ends_as_a_line_does(key: str, value: str, expected: str) -> None:
    """What stands last under a key has what its key gives and what the end of a line does; so it has in a JSON text."""
    assert masked(value, field_of(key)) == expected
    assert masked(json.dumps({key: value}, indent=1)) == json.dumps({key: expected}, indent=1)


def test_findings_of_a_value_stay_inside_it() -> None:
    """Offsets are those of the value, whatever stands around it while it is read."""
    value = 'Okafor", "x": "Dr. Okafor'
    assert all(0 <= found.start < found.end <= len(value) for found in find(shipped(), value, field="name family"))


def test_hl7_segments_are_read_by_their_fields() -> None:
    """Names, numbers, dates, addresses and telephones of PID, NK1 and IN1 are found in their places."""
    out = masked(SEGMENTS)
    for value in (
        "OKAFOR",
        "AMARA",
        "CHIDI",
        "10006579",
        "19240101",
        "ELM",
        "8885551212",
        "8885552222",
        "40007716",
        "123121234",
    ):
        assert value not in out
    assert out.startswith(
        "MSH|^~\\&|LAB|SITE|||<DATE>||ADT^A01|123|P|2.3\rPID|1||<MRN>^^^1^MR^1||<NAME>||<DATE>|F||1|<ADDRESS>|1|"
    )
    assert "|ABC|3|XYZ|" in out
    assert folded(list(SEGMENTS)) == folded([SEGMENTS])


def test_hl7_types_are_read_in_any_segment() -> None:
    """Names, addresses and stamps are known by their types, also side by side and behind codes."""
    text = (
        "PRD|RP|CRUZ^LUZ^M^^DR|52 Maple Ln^^Dayton^OH^45402||937 555 0142^WPN\n"
        "TXA|1|CN|TX|202206210234|1740783273^OKAFOR^AMARA|WEBER^HEIKE^S|MD123456^ML\n"
        "FT1|1|||20240105|20240106|CG|88305^Surgical pathology^CPT|||202401051200"
    )
    out = masked(text)
    for value in ("CRUZ", "Maple", "45402", "0142", "20220621", "1740783273", "OKAFOR", "WEBER", "MD123456", "202401"):
        assert value not in out
    assert "88305^Surgical pathology^CPT" in out


def test_results_in_hl7_stay() -> None:
    """Observations keep their codes and values."""
    text = "OBX|1|NM|718-7^Hemoglobin^LN||13.2|g/dL|12-16|N|||F\r"
    assert masked(text) == text


def test_hl7_fields_end_with_their_line() -> None:
    """A segment with few fields takes nothing of the next one; stamps and names of people are found in any segment."""
    text = "PID|1||123456^^^MR\nORC|NW|||||||202209270158|GAINES^MARQUIS^T\nOBX|1|NM|718-7^Hemoglobin^LN||13.2|g/dL"
    assert masked(text) == ("PID|1||<MRN>^^^MR\nORC|NW|||||||<DATE>|<NAME>\nOBX|1|NM|718-7^Hemoglobin^LN||13.2|g/dL")
