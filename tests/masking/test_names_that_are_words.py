"""Names that are words, where a sentence or a form says that somebody is called so, and the words themselves where it does not."""

from __future__ import annotations

import pytest
from shipped import shipped
from test_dates_found import uncovered

from masking.text import Memory, find

FOUND = [
    "Name: [[Glen Sessions]]     Unit No: 88",
    "Member: [[Misty Purple]]   Member ID: 44",
    "From: [[Hope Case]] <a.b@mail.example.com>",
    "I'm [[Dean Close]], hospitalist. Write a note",
    "Interpreter [[Clay Means]] was present.",
    "Nurse [[Pat Power]] gave report.",
    "We discharged [[Chase Reason]] on Tuesday.",
    "Is [[Victor Leeks]] a candidate for TAVR?",
    "voicemail from 555-0148 ([[Sky Street]]): hi",
    "rows\n| [[Joy Key]] | 54 | CHF |",
    "Deposition of [[Jack Head]] v. General Hospital",
    "Emergency contact: [[Will Power]] 555-0148",
    "board\n- [[Ruby Bone]]: needs an echo",
    "[[Heath Quiet]]'s potassium is 5.9 today",
    "[[Charity Money]] denies chest pain.",
    "and [[Faith Court]] s/p CABG, day 2",
    "<td>[[Chance Toy]]</td><td>54</td>",
    "9:30 [[Harmony Stack]] f/u COPD",
    "Meeting w/ [[Penny Sales]] at 3 pm",
    "Requested by: [[Kasai]]\nPatient: Maria Lopez",
    "Parent(s): Maria Lopez and [[Columbia]]",
    "Student: [[Tesla]]      ID: 4471",
    "ask for [[Walker]].",
    "he cries when speaking of [[Landau]].",
    "Questions to [[Meigs]].",
    "Radiology ([[Columbia]]): no displaced fracture.",
    "Code: full. HCP = [[Montana]].",
    "He came with [[Kansas]] from Ohio",
    "last seen alive by [[Montreal]] on Friday",
    "Call the unit or have [[Denver]] call us back",
    "Good morning, [[Pauwels]]! The biopsy",
    "Yours,\nOmar Haddad and [[Lille]]",
    "seen by Dr. Haddad and [[Schroth]] today",
    "call [[TJ Ramirez]] about it",
    "[[JP Price]] is a 54-year-old woman",
    "our son [[AJ Walker]] will drive",
    "Write to [[Pa Nhia Xiong]] today",
    "[[Mc Kenzie Holt]] was seen",
    "seen [[Martha Her Many Horses]] in clinic",
    "[[OKEREKE, BLESSING]]  F 31",
    "[[Baby Girl Hutchinson]] is pink",
    "two kids, Wyatt and [[June]]",
    "one is a [[Fontaine]] with pneumonia",
    "can you get me [[tonyas]] number",
    "sign out it's [[ben]] um okay",
    "hey [[will]] it's maria from the clinic",
    "and you must be [[art]] and you're the grandfather",
    "emergency contact [[hope case]] relationship wife",
    "dietary [[jersey]] speaking how can i help",
    "her last name is Ng, spelled [[N-G]], seen",
]
LEFT = [
    "Subject: May Schedule, and June Newsletter",
    "May Resume diet. Will Call daughter.",
    "with Rose Bengal stain and Crystal Violet",
    "| Crystal Violet | 54 |",
    "| Rich Media | 3 |",
    "Requested by: Cardiology",
    "ask for Parkinson handouts, questions to Radiology.",
    "after Foley left in place",
    "You are Claude Code, a tool. I am Claude Sonnet, by the way",
    "Radiology (Portable): clear. CT (Head) negative.",
    "pulses present by Doppler on the right",
    "signed Electronically, agree with Centor 3",
    "on CT Angio, the JP Drain, in OR Holding",
    "a Baby Girl was born, with Comfort Care Team",
    "get me the patients number, pressure at the apices",
    "that's day four of five, i'm short two",
    "pharmacy is speaking to her, wound care saw him",
    "Allen test, Boston Naming 41/60, Le Fort II",
]


@pytest.mark.parametrize("marked", FOUND)
def test_a_name_is_found_where_a_person_stands(marked: str) -> None:
    """All of the name is covered."""
    assert uncovered(marked)[0] == []


@pytest.mark.parametrize("text", LEFT)
def test_what_looks_alike_is_left(text: str) -> None:
    """Headings, stains, devices, tests and ordinary sentences."""
    assert find(shipped(), text, memory=Memory()) == []
