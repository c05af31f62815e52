"""Where one name is found every name is.

Who is called as an eponym, a town or a word is, or is written apart, stands where others stand.
"""

from __future__ import annotations

import itertools

import pytest
from shipped import shipped
from test_dates_found import uncovered

from masking.text import Memory, find

FRAMES = [
    "Procalcitonin trending down in bed 9. [[X]], admitted with chest pain, is better.",
    "Can I give [[X]] ketorolac with a creatinine of 2?",
    "All right, last one: [[X]], 55, rule-out in negative pressure.",
    "The plan for tonight was told to [[X]]. Nothing else is open.",
    "Hemoglobin is stable, and [[X]]'s potassium is low again.",
    "Please ask if [[X]] wants the second biopsy.",
    "The paper names [[X]], who has no phone.",
]
FREQUENT = ["Johnson", "Smith", "Jones", "Thompson", "Ramirez", "Adams", "Perez", "Miller", "Murphy", "Reynolds"]
"""Among the most frequent surnames of the United States, and eponyms all of them."""
RARER = ["Fitzgerald", "Costello", "Shapiro", "Nakagawa", "Sanfilippo", "Weinstein", "Dubois", "Marchetti", "Ito"]
TOWNS = ["Valenzuela", "Cardenas", "Ibarra", "Middleton", "Molina", "Suzuki", "Holland"]
APART = ["D'Angelo", "N'Diaye", "O'Dea", "de Jong", "van Dyke", "van der Berg", "Wu", "Xu", "Perez-Short", "Park-Mehta"]
INITIALS = ["J Gomez", "R Mehta", "T O'Dea", "K Okafor"]
CAPITALS = ["OKAFOR", "MEHTA", "VAN DYKE", "DE JONG", "PEREZ-SHORT"]


NAMES = [*FREQUENT, *RARER, *TOWNS, *APART, *INITIALS, *CAPITALS]


@pytest.mark.parametrize(("frame", "name"), [*itertools.product(FRAMES, NAMES)])
def test_a_name_is_covered_in_full_wherever_names_stand(frame, name):
    """None of its letters is left, whatever else its words may mean, and nothing else is covered."""
    assert uncovered(frame.replace("X", name, 1)) == ([], [])


EPONYMS = [
    "Foley draining well, Murphy negative, Wagner 2 on the left.",
    "Does a Perez sign or a Smith fracture matter here?",
    "Johnson syndrome, Fitzgerald factor and Nakagawa procedure: which is real?",
    "A Jackson-Pratt drain and a Mallory-Weiss tear in one week.",
    "Epstein-Barr, Mann-Whitney, Cheyne-Stokes, Ann Arbor IIIB.",
    "Vitamin K and hepatitis C, no S aureus, no E coli, lead V flat.",
    "Lu-177 after two cycles, Li 0.8, ROS negative, STAT labs.",
    "Upgrade to django 4.2.16 in section 3.1.45.",
]


@pytest.mark.parametrize("text", EPONYMS)
def test_what_is_called_after_people_stays(text):
    """A noun, a hyphen or use alone tells it."""
    assert find(shipped(), text, memory=Memory()) == []
