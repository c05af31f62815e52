"""What is named after people, programs, numbers and words that stood masked where nobody is: left, and people beside them found."""

from __future__ import annotations

import pytest
from shipped import shipped
from test_dates_found import uncovered

from masking.text import Memory, find

FOUND = [
    "CABG by [[Levey]] 2019, stable",
    "from [[Levey]]'s 2021 note",
    "a note from Fr. [[Blake]] today",
    "cardiac clearance by [[Becker]], then OR",
    "QTc 480 per [[Becker]], hold Zofran",
    "weight bearing per [[Okafor]], then home",
    "Nephrology ([[Becker]]) wants labs",
    "flu positive: [[Becker]], room 4",
    "is [[Becker]] always confused at night?",
    "discussed with [[Siewert]] at noon",
    "Dr. [[Jelliffe]] called about it",
    "[[Garcia]]'s teeth are loose",
    "[[Garcia]]'s kidney disease is worse",
    "Mr. Bui ([[104]]): walks alone",
    "in room 4 is [[max]], he is sleeping",
    "then [[mark]] has a fever",
    "labs abnormal -- [[JK]]\n",
    "seen on [[Jan 1]], stable",
    "seen [[Feb 2, 2024]], stable",
    "call me at [[five five five zero one four two]] about it",
    "told [[Burns]] to wait",
    "seen by [[Sahgal]] at noon",
    "HUS [[3/3]] normal, repeat at 30 d",
]
LEFT = [
    "compute TTR by Rosendaal, goal 2-3",
    "AUC by Sawchuk and Zaske was 512",
    "according to Marks 2010 the mean lung dose matters",
    "sources: Levey 2009, Inker 2021.",
    "is that from Sahgal's 2006 paper?",
    "leave a 15 Fr Blake and a 24 Fr Malecot",
    "Ryan 2 on path, margins clear",
    "HER2 0, Siewert I, CPS 12",
    "would Heffner's rule change it?",
    "more sensitive than Hoffmann, per a few papers",
    "I know Spurling is for radiculopathy",
    "Ober, Ely, Faber (Patrick), Gaenslen",
    "Whipple vs enucleation for an insulinoma",
    "Baxter Spectrum or Plum 360 for the tower",
    "the Steinberg's thumb sign",
    "Meyer dysplasia vs Perthes",
    "HE West Haven 2, on lactulose",
    "revised Atlanta is what we use",
    "EEG meets Salzburg. Treat?",
    "Rockall 4, Los Angeles B, Prague C2M4",
    "PrecisePK says 585 and InsightRx says 640",
    "DoseMeRx says 1.25 g, MwPharm says 1 g",
    "import KMeans, StandardScaler and RandomForestClassifier",
    "why does OperationOutcome say so",
    "Validator says the code is required",
    "append RT/LT",
    "modifiers GA/GZ or XE",
    "send the IMM and the MOON before discharge",
    "CMS asks for SEP-1, PC-01 and HBIPS-2",
    "Jan 1,310 | Feb 1,295 | Mar 1,402",
    "visits: Oct 2,114, Nov 1,987, Dec 1,902.",
    "clinic hours: Mon-Thu 0730-1930, Fri 0800-1600",
    "gas was seven two eight, sixty-one, fifty-eight.",
    "abg came back seven two nine, forty eight, sixty six on six liters",
    "clusters 1/2 drawn, LDH above 2/3 ULN, pain 8/10 down to 3/10",
    "as a school nurse in Nebraska I need a plan",
    "Medicaid in Louisiana and Alabama covers it",
    "licensed in Vermont and New Hampshire, does it differ",
    "To: Claude\nMake it a table",
    "Hi Claude, can you shorten this",
    "keep it to 12 slides max, with notes",
    "I'm cross covering four teams",
    "how to mark for QA; the site mark stays visible",
    "traction over pulley; delay harms",
]


@pytest.mark.parametrize("marked", FOUND)
def test_people_are_found_beside_what_is_left(marked: str) -> None:
    """All of the value is covered."""
    assert uncovered(marked)[0] == []


@pytest.mark.parametrize("text", LEFT)
def test_what_is_nobody_is_left(text: str) -> None:
    """Methods, signs, makers, programs, hours, ratios, states and verbs."""
    assert find(shipped(), text, memory=Memory()) == []
