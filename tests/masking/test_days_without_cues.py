"""Days in figures without a cue word, days of a month, days in data, and ages over 89 in answers and in speech."""

from __future__ import annotations

import pytest
from shipped import shipped
from test_dates_found import uncovered

from masking.text import Memory, find

DAYS = [
    "the report has one more fill [[9/4]] from a second doctor",
    "his account was locked [[5/1]]. Please write to him",
    "tissue sent to Tempus [[3/4]], order pending",
    "atorva 40 - [[1/3]]\nlisinopril 10 - [[1/28]]\nlosartan 25 prn - [[12/11]]",
    "78F GLF [[11/2]], R hip fx",
    "mag completed [[05/05]]",
    "missed [[1/5, 1/19, 2/10]], needs a call",
    "glucose rose over 3 wks ([[10/6 10/13 10/27]])",
    "cards (Okafor) [[11/9]]. PICC out after",
    "last one she made was [[2/5]]. Could you draft",
    "start of care today, that is [[4/9]], on your patient",
    "K 5.9 [[3/4]], 4.8 today, Cr 1.2 ([[4/5]])",
    "trend: [[5/1]] 1.1, [[5/3]] 1.4, [[5/5]] 2.0",
    "home log: [[3/2]] 151/90, then",
    "I emailed her [[6/6]] but no reply, called son [[3/5]], left message",
    "unchanged from [[6/3]], compared with [[2/3]].",
    "seen by Dr. Zorvath [[6/8]].",
    "no-showed [[1/4]], rescheduled [[3/4]] by phone",
    "CT abdomen [[3/4]] showed a collection",
    "came back [[2/4]] with fever",
    "stable, [[17/1]], no fever",
]
HYPHENS = [
    'appeal denied [[8-20]] "not needed"',
    "also filled it on [[1-29]] from a new doctor",
    "PICC placed [[10-03]] by IR",
    "Doe, J / [[1-8]] / 4.2 x 3.1 / [[2-5]] / 3.0 x 2.2",
    "weight down from [[4-01]] to [[4-15]].",
    "stung at Bear Lake [[8-19]], then",
]
MONTHS = [
    "intubated the [[11th]], extubated the [[14th]], on room air",
    "blood cultures from the [[2nd]] grew MSSA",
    "due for albumin tomorrow, the [[22nd]].",
    "her appointment's the [[9th]] at ten",
    "he transferred in the [[ninth]] from the county",
    "this happened in [[April of '23]] at home",
    "since [[Sept '21]], when",
]
DATA = [
    "WHERE dob = '[[1950-03-02]]' AND",
    "[[2024-03-03]] 10:11:12 WARN lookup failed",
    "see labs_[[2024-03-03]]_final.csv",
    "period [[2024-01-02-2024-03-05]] here",
    "771,[[2024-03-03]],7.2",
]
AGES = [
    "How old is Rosa now?\nNurse: [[96]] in October. The aide",
    "She was [[ninety-seven]], you know.",
    "She'd have been [[ninety-eight]] on the second of May.",
    "hes [[93]] he lives by himself",
    "mom will be [[91]] in May",
    "1. Ines Zorvath [[91]] - MDS, transfused",
    "315 Evelyn Zorvath - [[90]], CHF",
    "My father in law, Vasil, is [[95]], after a fall",
    "celebrated his [[100]]th last week",
    "And her age? [[94]].",
    "MGM [[96]] alive",
]
LEFT = [
    "strength 5/5 throughout, quads 4/5, hams 4/5, TA 3/5 on the right",
    "2/6 systolic murmur, pulses 2/4, pain 3/10 at rest, now 7/10",
    "D5 1/2 NS, take 1/2 tab, 3/4 cup, about 1/3 of it, open 24/7",
    "vent 15/5, PSV 10/5, BiPAP 12/6 overnight, on bilevel 16/8",
    "trach Shiley 6/8, size 8/6 Bivona, suboxone 8/2 bid, Zosyn 8/4 S",
    "4/4 bottles GPC, cultures in 2/4 bottles",
    "12/12 hours, I:E 1/2, BUN/Cr 22/1, H/H 9/27, FRAX 22/4",
    "Apgars 8/9, GCS 14/15, MMSE 25/30, recall 1/3, Mini-Cog 3/5",
    "vision 20/20, VA R 6/9, L 6/12, eyes 20/20, 4/5 today",
    "29 3/7 weeks, L4/5 stenosis, G3/P2, 7/8 inch, 10/10 match",
    "declined 2/3 meals, missed 2/4 doses, completed 3/4 sessions",
    "placed 2/2 lines, removed 1/2 sutures, read 3/4 cards",
    "denied 2-3 times, missed 2-3 doses, fell 2-3 times",
    "on 2-4 L, since 2-3 weeks, back in 10-14 days, on 7-3 today",
    "Hgb goal 7-9, INR 2-3, keep K 4-5, MRI 3-4 mm nodule",
    "from 2-3 to 5-6 a day, in 4-6 weeks",
    "5th metatarsal, the 2nd dose, a 4th-degree tear, 3rd trimester",
    "extubated the 3rd time, missed the 1st and 2nd doses",
    "from the 3rd digit, placed the 2nd IV, started the 2nd bag",
    "cultures from the 1st bottle grew, today is the 3rd day",
    "she's ninety two percent, he's ninety four on two liters",
    "how much oxygen? 96. Nurse: 98 percent",
    "hes 93 on room air, sats have been 93 all day",
    "Heart Rate 98 - regular, Metoprolol Tartrate 100 - BID",
    "WHERE admit_dt >= '2024-01-01'",
    "azure preview 2024-02-15_x of claude_2024-02-15_y",
]


@pytest.mark.parametrize("marked", [*DAYS, *HYPHENS, *MONTHS, *DATA, *AGES])
def test_a_day_or_an_age_is_found(marked: str) -> None:
    """All of the value is covered."""
    assert uncovered(marked)[0] == []


@pytest.mark.parametrize("text", LEFT)
def test_scores_parts_and_ranges_are_left(text: str) -> None:
    """No score, setting, part, dose, range or ordinal is a day, and no measured number is an age."""
    assert [found for found in find(shipped(), text, memory=Memory()) if found.identifier in {"DATE", "AGE"}] == []
