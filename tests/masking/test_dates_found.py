"""Dates and ages over 89 as clinicians write them (45 CFR 164.514(b)(2)(i)(C)), kind by kind, and what looks like one.

A row marks what must be covered in full with `[[ ]]`; a row without marks must keep every character.
"""

from __future__ import annotations

import pytest
from shipped import shipped

from masking import Memory, find

KINDS = {"DATE", "AGE", "ADDRESS", "ZIP"}
DATES = [
    "7,[[2021-03-05]],7.2",
    "in report_[[2021-03-05]].pdf we",
    "seen [[3/14]] in clinic",
    "seen on [[3/14/21]] and [[03-14-2021]]",
    "admitted [[2021-03-14]]T10:22:00Z",
    "Labs from [[14.03.2021]]: stable",
    "Mon [[3/14]]: afebrile",
    "stay [[3/14-3/17]], then home",
    "[[March 14]] to [[March 17, 2021]]",
    "from [[March 14 to 17]] inpatient",
    "off [[14-17 March]] at home",
    "since [[March 2021]] on insulin",
    "since [[03/2021]] on insulin",
    "on [[Mar 14th]] and [[14-Mar-21]]",
    "the [[3rd of June]] he fell",
    "on the [[14th]], she fell",
    "last [[June]], when it began",
    "DOB [[20210314]] on file",
    "dob [[03 14 1961]] on file",
    "born [[march fourteenth nineteen sixty one]] here",
    "seen [[june third]] by us",
    "the [[third of june]] visit",
    "SEEN [[MARCH 14, 2021]] BY US",
    "seen [[march 14, 2021]] by us",
    "am [[14. März 2021]] gesehen",
    "vu le [[14 mars 2021]] ici",
    "el [[14 de marzo de 2021]] en consulta",
    "visitato il [[14 maggio 2021]] qui",
    "op [[14 maart 2021]] gezien",
    "dnia [[3 maja 2021]] roku",
    "em [[14 de março de 2021]] aqui",
    "[[2021年3月14]]日に来院",
]
AGES = [
    "a [[94]]-year-old woman",
    "[[93]]M with dyspnea",
    "[[93]] y/o female",
    "Age: [[97]]",
    "aged [[93]], lives alone",
    "a [[ninety-four]] year old man",
    "my mother is [[98]] and weak",
    "a febrile [[94]]-year-old man",
    "Mr. is no name, but she is [[92]] now",
    "her mother died at [[92]] of a stroke",
    "father: died [[91]] of a stroke",
    "Age/Sex: [[94]] Y / M",
    "before his [[95]]th birthday",
    "F, [[94]], with cough",
]
NOTED = [
    "ARDS, trach [[12/2]], PEG [[12/5]], TC at night",
    "15:05 on [[10/22]] per teacher Amaryllis",
    "weights [[1/5]] 4.6 kg, [[2/9]] 5.3 kg, then home",
    "during Ramadan ([[Mar 10]]–[[Apr 9]]), pt asks",
    "hospitalised [[14–21.03.2024]]. He left",
    "helmet measured [[2.19.24]], CVAI 9.8",
    "was seen on [[20230412]] for a rash",
    "the liver from [[march]] came back with fevers",
    "next FOLFOX the [[24th]], then home",
    "sello: [[del 3 al 9 de enero de 2024]], firmado",
]
NONE = [
    "can I bump to 4.17.21 without touching it",
    "that accept YYYY, YYYYMM and YYYYMMDD as months",
    "the pH was 7.9 and 4.8 and 2.4 in a row",
    "BP 120/80, pain 7/10, strength 5/5, murmur 2/6",
    "take 1/2 tablet, may 3 times a day",
    "open 24/7, vision 20/40, GCS 10/15",
    "3 days ago, POD 3, day 5, for 2-3 weeks",
    "the 2021 ACC guideline, in 2015, since 1998",
    "software version 1.2.24, section 3.1.45",
    "a 62-year-old man, age 88, 45 yo",
    "temp 99F, HR 94, weight 92 kg, sat 95 on RA",
    "on the 4th floor, the 5th rib",
    "you may first try it, and march on",
    "at Christmas and on Monday at 10:30",
]


def uncovered(marked: str) -> tuple[list[str], list[str]]:
    """Return marked values that findings leave in view, and dates, ages and places found where none is marked."""
    text, values = "", []
    for place, part in enumerate(marked.replace("]]", "[[").split("[[")):
        if place % 2:
            values.append((len(text), len(text) + len(part)))
        text += part
    findings = find(shipped(), text, memory=Memory())
    spans = [(found.start, found.end) for found in findings if found.identifier in KINDS]
    hidden = {place for found in findings for place in range(found.start, found.end)}
    left = [text[a:b] for a, b in values if any(text[at].isalnum() and at not in hidden for at in range(a, b))]
    extra = [text[a:b] for a, b in spans if not any(start < b and a < end for start, end in values)]
    return left, extra


@pytest.mark.parametrize("marked", [*DATES, *AGES, *NOTED])
def test_found_in_full(marked: str) -> None:
    """Each kind of date or age is covered in full, and nothing else in its sentence is."""
    assert uncovered(marked) == ([], [])


@pytest.mark.parametrize("text", NONE)
def test_left_alone(text: str) -> None:
    """Scores, ratios, doses, durations, bare years, clock times and younger ages stay."""
    assert uncovered(text) == ([], [])
