"""People behind roles as they are noted, with nicknames, or with a name that a recogniser of speech has broken; and what only looks so."""

from __future__ import annotations

import pytest
from shipped import shipped
from test_dates_found import uncovered

from masking.text import Memory, find

FOUND = [
    "guest [[\"Stubby\" Kowalcheck]] needs his script called in",
    "[[Delbert \"Hoss\" Tillerman]] - Medicaid, hospice",
    "rows: [[\"Bo\" Ravenhurst]] u 12-40",
    'Kids Marcus, Lena and "[[Pumpkin]]". Send it',
    "letter for [[Min Ji (Grace) Park]], 3rd grade",
    "Eval w/ LCSW [[Dawn Old Coyote]], no dx",
    "708: [[Little Thunder]], DKA overnight",
    "[[Wm. Running Crane]], 56, chest pain",
    "room 4 [[Lone Elk]], fell",
    "[[Crazy Thunder]], 44F, asthma",
    "PCP [[Zabrowsky]] @ the clinic",
    "Radonc [[Iyengar]], thoracic [[Castellane]].",
    "delivery with MFM [[Carmody]]. Last ROTEM fine",
    "para: [[Nizhoni]]; sub para: [[Kristoffer]]",
    "Biomed ([[Rashad]]) power cycled",
    "Worker [[Lorene]] 206-555-0149, upload",
    "3/18 0540 phleb [[Curtiss]]: drew 6 pts",
    "DTR [[BARBIE]] (773 555 0114) NOTIFIED",
    "FOB: [[Malique]], involved",
    "Anes: [[Sorrentini]] / Surg: Adebayo",
    "Moderator Ostrander; rad [[Liang]]; path [[Kovaks]]; done",
    "Pharm [[Ikenna]]: Myrbetriq needs PA",
    "Prelim: [[Jeongu]] (R3).",
    "my midwife [[Field]] used the LMP",
    "Spouse [[Art]] present for training",
    "Her ride is [[Field]], who is parked",
    "the judge is uh mister [[law less]] yes i know",
    "first misses [[blood worth]] she's the tavr lady",
    "let doctor [[man grum]] know",
    "i think her last name is [[hope well]] she's the sickle kid",
    "um name is [[cody rain water]] he's twenty six",
    "mister [[wins low]] wants water",
    "his last name is [[black wood]] he's npo",
    "baby boy [[bright man]] is on bubble",
    "pt [[price, grace]] mrn 3320981 k 6.1",
    "how do i counsel a 27 y/o, [[kayley maruzzi]], about starting lamotrigine",
    "in a 38f w/ lupus nephritis class iv, [[chase field]], transferred from there",
    "hx for preop: [[long, faith k]] / 64 / p8820091",
    "mail row 1: [[Vandersloat]] / [[Ines]] / PO Box 311 / Waitsfield",
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
    "an eye on.\n[[Lovellin]], HDU 2, AAA day one",
    "team, stroke\n\n[[Hargravel]] B2 - NIHSS 4, swallow passed",
    "MICU s/o\n[[Vandenbirk]] - TTP, PLEX tmrw",
    "- [[Yamadori]] = recurrent UTI",
    "Grader. [[Dawn Field]], biller",
    "Aspirin in [[Bill Field]]? 10-y ASCVD",
    "[[Grace Field]], bed two in maternity",
    "keep? [[A. Price]], 3 wks to go",
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
