"""People who bear the names of things, and things that look like people, places and days: the same word either way.

A row marks with `[[ ]]` what must be covered in full, and nothing else in it may be; a row without marks keeps every character.
"""

from __future__ import annotations

import pytest
from shipped import shipped

from masking.text import Memory, find

PEOPLE = [
    '{"name": "[[Swan]]"}',
    '{"patients": ["[[Swan]]", "[[Penrose]]"]}',
    'SELECT * FROM patients WHERE last_name = "[[Foley]]";',
    'The patient "[[Foley]]" fell.',
    "Mr. [[Staples]] removed his IV overnight",
    "Pt seen this morning. [[Staples]] off the monitor, family at bedside.",
    "PCP: Dr. [[Pepper]], will call",
    "dr [[pepper]] will see him at 3",
    "Patient: [[Virginia Law]]",
    "[[Georgia]]'s board and care manager called.",
    "Spoke with Dr. [[Abbott]], Medtronic rep",
    "Mr. [[Smith]] and Medtronic disagree",
    "Dr. [[Cook]] or Ethicon rep will call",
    "There is a [[Swan]] in room 4 who needs pain meds.",
    "She married a [[Foley]] last year.",
    "[[Galen]] said he fell at home.",
    "Ms. [[Graves]] in third trimester with preeclampsia.",
    "According to [[Harrison]]'s, her husband, he fell.",
    "[[Frank]] bleeding from his IV site",
    "Pt [[aldo]] was admitted overnight with chest pain.",
    "[[reg]] has been vomiting since 3 am",
    "Hip pinned [[3.14.24]] after fall.",
]
THINGS = [
    "he refuses a Foley. A Swan catheter? Which Bard, Cordis or Cook filters are safe?",
    "Wound dry. Staples removed, renin/aldo drawn, ordinary Forrest Ib ulcer",
    "Father: Hypertension\nMother: Stroke\nBrother: Diabetes\nSister: Asthma (mild)",
    "Glucose is 98 and potassium is 4, Oxygen Sat, 96\nWeight is 95 with shoes",
    "his heart rate was a hundred and four and he felt fine",
    "Gallstones were seen on US 3 weeks ago, data from US 12 hospitals",
    "It is a 45 minute drive, a 256 gb drive and a 4096 block of memory",
    "select hostname from hosts; refactor the legacy codebase",
    "This is Important, and this is Great, I will try. I'm Sorry, I missed it",
    "This method will be called twice. Time goes by fast and",
    "| biceps | 5/5 | 4/5 |\nRight Leg, 4/5 hip flexion, cultures collected 2/2 positive, completed cycle 3/6.",
    "Chief Complaint, onset. Page the Chief Resident on call",
    "Disposition: Stable\nLocation: Remote\nTransfer: Complete\nRehab: Pending\nDisposition: Inpatient",
    "Transferred to Telemetry. Patient from Home has pneumonia, seen in Crowded ED",
    "Surgery vs Watchful Waiting. Department of Motor Vehicles, team of Human Resources",
    "Entry Point. Melting Point. Mutations in SLC genes, history of Frequent Falls is documented.",
    "viewed at x400 magnification, revenue was 1200000 vs 1500000, run 100-200 ml, install KB5034441",
]


def covered(text: str) -> list[str]:
    """Return what findings cover, one entry for each run of characters."""
    hidden = sorted((found.start, found.end) for found in find(shipped(), text, memory=Memory()))
    return [text[start:end] for start, end in hidden]


@pytest.mark.parametrize("marked", PEOPLE)
def test_a_person_is_one_whatever_the_name_means(marked: str) -> None:
    """Instruments, diseases, states, textbooks and makers leave nobody of their name in view."""
    parts = marked.replace("]]", "[[").split("[[")
    assert covered("".join(parts)) == parts[1::2]


@pytest.mark.parametrize("text", THINGS)
def test_a_thing_is_none(text: str) -> None:
    """Diseases in a family's history, values, grades, departments, code and figures stay."""
    assert covered(text) == []
