"""Identifiers that answer a question, stand behind contractions and clauses, in logs, lists and columns; internal telephones."""

from __future__ import annotations

import pytest
from shipped import shipped
from test_dates_found import uncovered

from masking.text import Memory, find

FOUND = [
    "my portable is [[66120]].",
    "her pager's [[2097]].",
    "I'm on, um, [[2-4419]] till four.",
    "it's the echo charge, [[5-2671]], that's Dee tonight",
    "call the neurology resident, Zorvik, [[3378]].",
    "we're at extension [[14]] until noon",
    "Call me back, [[3-7791]].",
    "RRT is [[555-0100]] if you want them",
    "Call Dr. Zorvik x[[5-0167]] if it gets worse",
    "Blood bank's [[4-3308]].",
    "What's your extension?\nNurse: [[66120]].",
    "the brother's at [[555-0142]], try him",
    "can I have the NPI?\nClerk: It's [[1730098842]].",
    "What's the MRN?\nDr. Zorvik: Um, [[448812]].",
    "I have her, it's [[40771927]]. Bed 3",
    "the number off the card?\nWife: It's [[609 118 735]].",
    "What's the case number?\nManager: [[A-55198208]], open",
    "whats the confirmation\nits [[R-558121]]",
    "What's the plate?\nGuard: It's [[7KLM342]].",
    "Our chart's [[D229815]].",
    "Referral number's [[CRH-58821]].",
    "the full one's [[02266419]].",
    "her Medicaid number I've got is [[7730219466]].",
    "insurance id since you asked is [[xqj 402 118 757]] he",
    "accession number, um, let me see, is [[CT-2291605]].",
    "the pump number's [[AP4-118828]], in case",
    "the plate's [[4MC 772]].",
    "ventilator's [[22104419]]",
    "Run # [[NC-250705-04]]. Refused",
    "CoverMyMeds (key [[BRT4J8WQ]])",
    "to the state, intake [[NY00318843]].",
    "her state farm policy [[204 8817-C08]] was",
    "Humana Gold Plus [[H61440929]]",
    "the chart is a duplicate of [[M-20391]], please merge",
    "she's in our system under [[D229815]] now",
    "21:14 user=[[tzorvik]] action=PRINT",
    "refused, user [[svc_zorvikd]] key mismatch",
    '{"username": "[[mzorvik]]"}',
    "session opened for user [[kzorvik]] by",
    "cat /home/[[kzorvik]]/etl.py",
    "CORP\\[[k.zorvik]] is locked out",
    "last modified by [[mzorvik2]] today",
    "(host [[sftp.zorviklabs.org]])",
    "or book at [[plains-mammo.org/van]].",
    "bring the form from [[zorvikpeds.com]] along",
    "WHERE mrn IN ('[[00719443]]','[[00803217]]')",
    "id,start,site\n[[PRV-1009]],2,Duke\n[[PRV-1012]],4,UAB",
]
LEFT = [
    "call the resident at 1400, or call back at 1430",
    "the ratio is 1-1280, from weeks 3-2020 to 4-2022 of it",
    "dose 500-1000 mg, goal 400-1200, 150-1500 mL of it",
    "he is on 12500 units, on 40 of prednisone, at 5000 units",
    "held at extension 10 degrees; hip extension 14 degrees",
    "Is it 47562 or 47563? 99214, not 99215, for the visit",
    "code IN ('73211009','4329847') and icd IN ('E11.65','I50.9')",
    "user=admin role=root; user: enter text; user guest",
    "the user interface, the login page, an account holder",
    "cd /home/ubuntu/app && ls /home/user",
    "see uptodate.com, cdc.gov, heart.org and goodrx.com",
    "asp.net and torch.nn; import os.path",
    "What's the dose?\nNurse: It's 12500 units.",
    "What's the plan?\nAttending: Okay, 40 of Lasix.",
    "how many are there\nits 12000 or so",
    "platelets? It's 150000.",
    "the number of cells is 250000 and the number needed is 25",
    "one's 4 cm, the other is 12 weeks, one is 12-14",
    "intake 12500 ml, output 1800; run 3 of 5; key 2 points",
    "WBC came back 12500 and lactate came back 3450.",
    "counts reach 12500, then hit 14250, on port 54321 at line 12345",
    "T2N0M0, CYP2C19, HLA-B27, MK-3475",
    "id,age,sex\n1,54,F\n2,61,M",
    "| Time | HR |\n| 0800 | 88 |\n| 1200 | 92 |",
    "Medicare Advantage plans in general; Humana Gold Plus covers 80 percent",
    "vent settings 450 x 14, peep 5; ventilator day 3",
]


@pytest.mark.parametrize("marked", FOUND)
def test_an_identifier_is_found_as_people_tell_it(marked: str) -> None:
    """All of the value is covered."""
    assert uncovered(marked)[0] == []


@pytest.mark.parametrize("text", LEFT)
def test_what_looks_alike_is_left(text: str) -> None:
    """Hours, doses, ranges, codes of catalogues, words of every system and public sites."""
    assert find(shipped(), text, memory=Memory()) == []
