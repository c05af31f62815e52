"""Patients, doctors, families and places as they are said when a shift is handed over.

Recognisers of speech wrote these down, in small letters, with broken names and all. A row marks with `[[ ]]` what must be covered in full, and nothing else in it may be; a row without marks keeps every character.
"""

from __future__ import annotations

import pytest
from test_dates_found import uncovered

PATIENTS = [
    "bed nineteen is [[bob robert tuck well]] eighty five under doctor [[ng]] came in with chest pain",
    "room 3 is [[leilani fah mo eena]] she is 3 years old under dr [[mackie]]",
    "hes a seventy year old gentleman mister [[stanley winter bottom]] doctor [[hegarty]] hes for home",
    "[[Margaret Doyle]], bed 4, seventy-eight, under Dr [[Kinsella]]. She came in Tuesday night",
    "[[harold muller]] [[ninety one]] under doctor [[sing]] he is comfortable",
]
DOCTORS = [
    "seventy three doctor [[yew]] he came in with chest pain",
    "84 years under dr [[bhatt a charya]] admitted with a stroke",
    "he can go home when doctor [[weather all]] has seen him",
    "shes under doctor [[pendle bury]] shes got a fractured wrist",
]
FAMILIES = [
    "Husband [[Des]] has been told",
    "her husband [[con]] is minding the cattle",
    "Parents [[Abena]] and [[Yaw]] are both in there",
]
PLACES = [
    "a retired fisherman from [[cheticamp]] and has pain",
    "the lad was found near [[ballaghaderreen]] and brought in",
    "wants her moved to the [[Alfred]]. She had a fall",
    "he came in via the [[Churchill]] with an empyema",
    "fred meyer on [[glacier highway]] with one patient",
    "southbound on the [[M5]], male hit by a lorry",
    "motel out on [[Duncan creek]]. He walked in",
    "they were camping at [[Luxmore Hut]], eight percent burns",
    "who lives over in [[gantry falls]] and is well",
    "I called [[Presbyterian]], and they have no bed",
    "staying in [[hexham]] with her niece",
    "wife [[Enid]] is in the nursing home [[Banksia gardens]] and transport is booked",
]
NUMBERS = [
    "hospital number's [[G4471902]], he is well",
    "the pump has serial uh [[RNB 482199]] and is fine",
    "postal code [[e one a six k two]] palliative",
    "hip surgery on the [[14th]] weight bearing as tolerated",
]
NOTHING = [
    "under doctor supervision he walked to the bathroom",
    "bed six ward upstairs is the sixty year old, bed seven is empty and clean",
    "bed nine next patient seventy under cardiology came in with pain",
    "obs at 4, doctor aware, he is for home",
    "at the bus station, to the swimming pool, from primary school, down the dirt road",
    "moved to trauma bay after recurrent falls and seen in the outreach clinic",
    "practice in New Zealand and South Africa, return to the HF clinic",
    "5 mm stone in the left ureter, a high-speed burr with contrast dye, eighteen gauge in the left arm",
    "call bell in reach, urine turned brown, triaged amber, sats rose from 91 to 95 %",
    "thyroidectomy for Graves'. Rehab: T6 ASIA A. Small Baker's cyst.",
    "melaena, uraemic, catheterised, Pabrinex and Syntometrine given, pneumoperitoneum established",
    "sats dropped from ninety six to eighty eight, blood from a new line, at a high level of care",
    "Shortness of Breath, Range of Motion, Head and Neck, Labour and Delivery",
    "patient in bigeminy, room 4 is febrile, under dr advice, a slippery road",
    "alive and at home at 90 days, 100 days and 12 months",
]
PEOPLE = [
    "missus [[ward]] is in bed six",
    "your patient [[rose]] fell again",
    "report to doctor [[bell]] please",
    "Mr. [[Stone]] left at noon",
    "mister [[loo]] is in bed nine",
    "doctor [[short]] said he can go",
    "handed over to [[loo]] who agrees",
    "discussed with [[burr]] and he agrees",
    "labs for [[snow]] are back",
    "Nurse [[Abdo]] called",
    "1st rib resection by [[de Villiers]]",
    "Patient [[Taz]] rang the bell",
    "[[John Ward]] upstairs in bed 4",
    "[[Rose Bengal]], 45F, seen today",
    "Discharged from VA [[6/24]], then home",
    "Sunday [[12th]] hospital day 2",
    "from the [[Ochsner]] campus",
    "to [[mission regional medical center]] for care",
]


@pytest.mark.parametrize("marked", [*PATIENTS, *DOCTORS, *FAMILIES, *PLACES, *NUMBERS, *PEOPLE])
def test_who_and_where_is_said_is_covered(marked: str) -> None:
    """All of it, and nothing else of the sentence."""
    assert uncovered(marked) == ([], [])


@pytest.mark.parametrize("text", NOTHING)
def test_what_wards_say_is_left(text: str) -> None:
    """Kinds of places, things of wards and nobody."""
    assert uncovered(text) == ([], [])
