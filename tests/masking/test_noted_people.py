"""People behind roles as they are noted, with nicknames, or with a name that a recogniser of speech has broken; and what only looks so."""

from __future__ import annotations

import pytest
from shipped import shipped
from test_dates_found import uncovered

from masking.text import Memory, find

FOUND = [
    'resident [["Stubby" Kowalcheck]] lost his glasses',
    '[[Delbert "Hoss" Tillerman]] - Medicaid, hospice',
    'rows: [["Bo" Ravenhurst]] u 12-40',
    'Twins Lena and "[[Pumpkin]]". Both well',
    "letter for [[Min Ji (Grace) Park]], 3rd grade",
    "Eval w/ LCSW [[Dawn Old Coyote]], no dx",
    "708: [[Little Thunder]], DKA overnight",
    "[[Wm. Running Crane]], 56, chest pain",
    "room 4 [[Lone Elk]], fell",
    "[[Crazy Thunder]], 44F, asthma",
    "PCP [[Zabrowsky]] @ the clinic",
    "Radonc [[Iyengar]], thoracic [[Castellane]].",
    "NST with MFM [[Carmody]]. Next one Friday",
    "para: [[Nizhoni]]; biomed: [[Torvalde]]",
    "Biomed ([[Rashad]]) swapped the pump",
    "Worker [[Lorene]] 509-555-0133, fax it",
    "7/2 0615 phleb [[Curtiss]]: two tubes short",
    "DTR [[BARBIE]] (509 555 0170) CALLED BACK",
    "FOB: [[Malique]], involved",
    "Anes: [[Sorrentini]] / Surg: Adebayo",
    "Moderator Ostrander; rad [[Liang]]; path [[Kovaks]]; done",
    "Pharm [[Ikenna]]: Myrbetriq needs PA",
    "Prelim: [[Jeongu]] (R2).",
    "my midwife [[Field]] used the LMP",
    "Spouse [[Art]] present for training",
    "Her ride is [[Field]], who is parked",
    "his sponsor is um mister [[fair banks]] yes he called",
    "then misses [[apple gate]] she's the new hip",
    "so doctor [[white head]] says no",
    "her last name is [[rock well]] she's the asthma",
    "okay name is [[toby gold smith]] he's nineteen",
    "mister [[wins low]] wants water",
    "his last name is [[black wood]] he's npo",
    "baby boy [[bright man]] is on bubble",
    "pt [[price, grace]] mrn 3320981 k 6.1",
    "what to tell a 31 y/o, [[kayley maruzzi]], about her biopsy",
    "60m w/ new stroke, [[chase field]], transferred from there",
    "preop: [[long, faith k]] / 58 / q7710032",
    "row 4: [[Vandersloat]] / [[Maria]] / PO Box 92 / Orono",
    "the husband's [[bill]] he's a dentist",
    "mom's [[vasilika]] she pumps",
    "doula is [[wren]] and she's fine to stay",
    "hi this is [[art]] the cardiology fellow",
    "i'm giving this to [[zorvath]] from pt",
    "dose vanc for [[j. whitlocke]] 84kg crcl 47",
    "okay so [[zorvath]] is scrubbed and grumpy",
    "please ask for [[zorvath]] our fax is broken",
    "dialysis wants [[zorvath]] at seven he missed two",
    "neuro [[zorvath]] you're in fast track",
    "list.\n[[Ostrandel]], liver, day four, bili down",
    "nights. [[Alvarrez]] 8: APRV, sats 90",
    "to watch.\n[[Lovellin]], HDU 2, bowel day one",
    "to the team\n\n[[Hargravel]] B2 - sats 94, eating",
    "ICU list\n[[Vandenbirk]] - TTP, CT tmrw",
    "- [[Yamadori]] = recurrent UTI",
    "Grader. [[Dawn Field]], biller",
    "Aspirin in [[Bill Field]]? 10-y ASCVD",
    "[[Grace Field]], bed two in maternity",
    "stop it? [[A. Price]], 2 wks left",
    "BP check: 04/17 w/ [[L. Law]] CNM",
]
LEFT = [
    "PCP follow up in May, then imaging",
    "Pharm tech called; path pending, rad read pending.",
    "Worker comp form is due",
    "PCP: none. Lead time is two weeks.",
    "The 'Stroke' alert was at nine, \"Code\" team came",
    "Graves (toxic) goiter and Bell palsy",
    "Old scar, little change, bad heart",
    "The old dog and the black cat",
    "the doctor rushed through everything",
    "your doctor cannot choose. You get both",
    "mister, please wait here",
    "her last name is not on file",
    "the nurse is here and she is late",
    "the wife is happy to be called",
    "discharge to her sister's house in June",
    "anesthesia was mac with local",
    "give irradiated and leukoreduced her counts are low",
    "should i drop it or rescale the predictors",
    "it interacts with thiazides but not much",
    "see first the client with a new voice",
    "how to fix in registration without a duplicate",
    "A. Colon, sigmoid, biopsy. B. Lymph node",
    "SPECIMEN: A. Colon, sigmoid, biopsy.",
    "Not gel. Chlorhex, lidocaine 1% 10 mL",
    "Lymphedema: sleeve, PT, then review",
    "start apixaban, about twice daily, who knows",
    "hgb, plt / 64 / 12",
    "Baby girl is on bubble CPAP",
    "he is one of two on the list",
]


@pytest.mark.parametrize("marked", FOUND)
def test_people_are_found_where_notes_have_them(marked: str) -> None:
    """All of the name is covered."""
    assert uncovered(marked)[0] == []


@pytest.mark.parametrize("text", LEFT)
def test_what_only_looks_like_people_is_left(text: str) -> None:
    """Words behind roles, ordinary pairs, drugs, things in rows."""
    assert [text[f.start : f.end] for f in find(shipped(), text, memory=Memory()) if f.identifier == "NAME"] == []
