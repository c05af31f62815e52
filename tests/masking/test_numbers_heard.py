"""Numbers, days and ages as voices give them and as notes shorten them: pauses, corrections, spelling words, dots, short codes."""

from __future__ import annotations

import pytest
from shipped import shipped
from test_dates_found import uncovered

from masking.text import Memory, find

FOUND = [
    "her record number is [[six zero three um one eight two]] and she is in bed four",
    "medical record number [[six zero three no sorry two zero three one eight two]] please",
    "claim number [[k as in kilo n as in november four two two seven]] is pending",
    "Ref number [[K as in kilo, N as in november, four, two, two]] from the insurance",
    "subject number [[quebec tango four one nine]] withdrew",
    "can you look up [[six oh three one eight two]] for me",
    "his armband reads [[603 182]] so scan that",
    "lot number of the mesh is [[four one one nine oh two]]",
    "yeah the patient i d is [[four four one nine oh two]] and the nurse has it",
    "vin [[k j four two oh nine seven one]] on the crash report",
    "interpreter number [[three three one nine]] was used",
    "his cell is [[314 um 555 0148]] and his",
    "call [[five five five... oh one four eight]] after",
    "mom is at [[five five five two thousand]] all day",
    "Clerk: [[555]]?\nSon: yes, 555, then [[0148]].",
    "it is [[zorvath underscore two two at hotmail dot com]] all lower case",
    "the page is [[www dot zorvath family dot com]] for updates",
    "date of birth [[april uh third nineteen forty one]] in ohio",
    "agent: date of birth\ncaller: [[two sixteen sixty four]]",
    "born on [[3 6 1978]] at term",
    "mrs zorvath [[a hundred and two]] hip fracture",
    "shes [[ninety one]] so go easy",
    "A [[92]] y old lady fell",
    "Age (years): [[93]]",
    "DOB [[3/4/31]] ([[93]])",
    "participant ID [[K-014]] withdrew",
    "RMA # [[AB-123]] for the monitor",
    "GET /patients/[[H21357]]/labs HTTP/1.1",
    "merge survivor=[[AB-3321]] victim=[[4998]] now",
    "badge holder [[E55027]] logged in last night",
    "licensed in Ohio only ([[MD.551702]]).",
    "Utah license [[K3307]], renewed",
    "Stryker Mako [[KLV550214T]], in place",
    "has [[550KTR219]] pacemaker",
    "Zorvath ([[5502-RTM]]) wants a diet",
    "found two insurance cards (old one [[TQR-550-1207]]).",
    "unit [[W0502 23 550217]] is ready",
    "his pager is still the same, try [[x5502]].",
    'arrived as "[[Trauma Tango 719]]", later identified',
    "INSERT INTO labs VALUES ('[[00550217]]','K',5.9);",
    "seen again [[9.9]], son was here",
    "d/c'd [[3.14]] to SNF",
    "d/c'd [[3-14]] to SNF",
    "echo [[10-13]]: no change",
    "extubated [[23rd]], stable",
    "Hep B #1 [[1/5]], #2 [[2/7]], then",
    "seen [[april]] by cards, then",
    "PICC placed [[may 16]], fine",
    "extubated [[20240315]], stable",
    "stamped [[202306171405]]. Then",
    "stamped [[03 12 1947]], signed",
    "from [[January 3rd through the 9th]] he was away",
    "OHIP [[4419 021 118 VX]] on file",
]
LEFT = [
    "blood pressure one twenty over eighty, heart rate eighty eight, ninety four percent on two liters",
    "norepi at point oh five, then twelve five fifty peep five",
    "order a one time dose of two grams, in case two or three of them come",
    "pull up ten twenty thirty mls, plan one two three, label one two three",
    "call light on one two three times a night, fax two three pages",
    "send it to him at home, go to the site, seen at home",
    "at ninety he desats, she is ninety on two liters, a hundred percent better",
    "hgb 8.10, INR 2.20 on coumadin, placed 3.15 x 20 mm stent",
    "started at 2.15 mg, rate 4.15 mcg/kg/min, due in 2.14 weeks",
    "on the 2nd attempt, after the 3rd dose, the 10th rib, culture the 3rd set",
    "return in 10-13 weeks, extubated 2-3 days ago, dose 2-14 mg",
    "model number K-12, a #15 blade, dispense #30, refill #2, tooth #14",
    "CPT # 99213, dx # E11.9, denied 99214 vs 99213",
    "Dexcom G6, Tandem X2 pump, Stryker T2 nail 10 x 360",
    "(COVID-19) (CA-125) (HIV-1), licensed in 2019",
    "gave 500, then 1000; platelets 150000 vs 230000",
    "HR 92 - M, temp 98-F, BP 98/54 (98)",
    "reps x1000 to failure, 1:1000",
]


@pytest.mark.parametrize("marked", FOUND)
def test_a_value_is_found_however_it_is_given(marked: str) -> None:
    """All of the value is covered."""
    assert uncovered(marked)[0] == []


@pytest.mark.parametrize("text", LEFT)
def test_measures_and_counts_are_left(text: str) -> None:
    """Doses, settings, counts, sizes and codes of catalogues."""
    assert find(shipped(), text, memory=Memory()) == []
