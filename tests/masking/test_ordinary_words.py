"""Ordinary words, signs, states, brands and eponyms that somebody is called by: left where they are none, found where somebody is."""

from __future__ import annotations

import pytest
from shipped import shipped
from test_dates_found import uncovered

from masking.text import Memory, find

LEFT = [
    "Physician: Lyse her, then call back.",
    "RN: Small skin tear by the elbow, foam on it.",
    "Patient: I'm thirsty.",
    "Patient: Don't take the line out yet.",
    "First, stop the drip. Second, recheck in an hour.",
    "Fe sat 6%, TIBC 480, start iron",
    "Hg: tremor. Cu: Kayser rings.",
    "needs auth for rehab by noon",
    "res refused lunch and her shower",
    "per ir there is no target, back to gi",
    "waiting on ct tech for the next scan",
    "the scrub tech is on break",
    "sinus brady all night, asymptomatic",
    "temp max 38.4 at two",
    "fortified to 24 cal, every three hours",
    "cal count is day two",
    "took suma po, then riza 10 mg",
    "Which edition does Ohio use for ratings?",
    "Does Indiana require two signatures?",
    "M.D., Virginia license current",
    "She flew in from Texas. They agree.",
    "he has moved to oregon?",
    "Attorney at Law will call for records",
    "thank you Jesus, the fever broke",
    "SpO2 rose from 88 to 95 on 2 L.",
    "Rose from the chair without help.",
    "The foster mom has the bottles.",
    "He cannot drive, he goes by road tonight",
    "put the summary in english for me",
    "Gen: NAD, sitting. Abd: soft, flat.",
    "Thomas negative, Ober positive, Ely negative.",
    "Films read as Barton, then reduced.",
    "Classic Jones on the film, non weight bearing.",
    "Jones fx, boot for six weeks",
    "D'Amico intermediate, PSA 7.",
    "TIMI 3, Gupta 1.1, Duke 5 METs.",
    "Is that a Bennett or a Rolando? Pin it.",
    "Crawford II, no leak. Weber II too.",
    "semi-Fowler, head up 30",
    "Fitzpatrick-like eruption on the trunk",
    "Fisher exact p 0.04",
    "compare it with Koch's postulates",
    "Axillary ligaments: Cooper ligaments preserved",
    "Stereotactic biopsy of microcalcification, exophytic lesion",
    "Transperineal fusion, then urosepsis",
    "The ADT feed keeps erroring out.",
    "pls fix the grammer, i recieve it with misspelled words",
    "Heliox trial, then Polyfax to the burns",
    "Genworth wants the plan of care, then Accredo.",
    "Two Foleys due out, one Portovac",
    "devout Methodists on both sides",
    "Swapped Elvanse to Concerta last week",
    "Hemodynamics better after the tap",
]

FOUND = [
    "Nurse: [[Small]], RN",
    "Patient: [[Long]] refused it",
    "Attending: [[Karen Good]]",
    "seen by Dr. [[Fine]] today",
    "First, [[Maria Lopez]] in bed 4",
    "[[Ana Lopez]], F, born 3-15-1970",
    "[[Virginia]] called about her refill",
    "[[Georgia]] uses a walker at home",
    "[[Rose]] wants her sleeping pill",
    "[[Foster]] called from the lobby",
    "[[Thomas]] is febrile again",
    "his wife [[Jesus]] was told, and [[Maria]] too",
    "[[Jones]] in bed 4 is wheezing",
    "told [[Gupta]] about it, Patel too",
    "call [[Barton]] when he is back",
    "patient [[Bennett]] has a rash",
    "[[Suma Reddy]] is here for her shot",
    "[[Cooper]] slept all night",
    "lives at [[44 Ohio Street, Akron]], Ohio",
    "page [[Weber]] for the consult",
    "Patient: [[Long]], admitted for CHF",
    "Patient: [[Small]] with CHF, stable",
    "Attending: [[Strong]], paged twice",
    "Attending: [[Fine]]. Resident: Roe",
    "Surgeon: [[Best]]. Assistant: Roe",
    "Name: [[Lord]], age 54",
    "[[Reg]]: I had a rough night",
    "[[riza]] 54 f here for chest pain",
    "[[suma]] (wife) is at bedside",
    "[[cal]] 64 m fell",
    "it was likely [[Parry]], the night nurse",
    "possible [[Campbell]], he left",
    "ASA 2. [[Lopez]] 4, Smith 7 next",
    "John [[Foster]] mother called",
    "Ms. [[Schnase]] and Mr. [[Bueckers]] were seen",
    "we called [[Riddering]] about the refill",
]


@pytest.mark.parametrize("text", LEFT)
def test_a_word_is_left_where_it_is_one(text: str) -> None:
    """What the sentence says to be a word, a sign, a state, a thing or a finding."""
    assert find(shipped(), text, memory=Memory()) == []


@pytest.mark.parametrize("marked", FOUND)
def test_somebody_of_that_name_is_found(marked: str) -> None:
    """The same words where somebody is called so."""
    assert uncovered(marked)[0] == []
