"""Places in haste: hospitals by half of their name, shops at a street, crossings, works, churches, clubs and whole addresses."""

from __future__ import annotations

import pytest
from shipped import shipped
from test_dates_found import uncovered

from masking.text import Memory, find

FOUND = [
    "melena 7/4, EGD [[Kingsbrook Jewish]] 7/8 with clips",
    "cath [[Providence Everett]] 3/2, no stent",
    "MRI [[WakeMed Cary]] 4/19 shows a cyst",
    "flown in, d/w [[Banner Univ]] cards, accepted",
    "txf from [[Dayton Receiving]] 10/2 on drips",
    "OSH ([[Swedish Tolman]]) gave tPA",
    "on top: TO [[Dayton Children's]] FAX 8285550144",
    "d/c from [[Castle]] 3/9 on apixaban",
    "03/06/25   [[NorthShore Skokie]]   4,180.00",
    "2025-03-06 | [[Sutter Davis]] | 418.00 | paid",
    "doctor reyes cardiology at [[poplar]] go ahead",
    "okay\n[[arrowhead view]] base go for medic four",
    "declined at home and by [[u w]] so",
    "we asked at [[u n c children's]] and",
    "moved to [[saint rita's downtown]] tonight",
    "had it at the [[walgreens on beacon]] on a Friday",
    "called to the [[cvs at penn & lake]], please",
    "medic to the [[Circle K at 9th St and Roosevelt]] for one down",
    "walked to the [[MARTA station at Oakland]] and fell",
    "gets off at the [[seven eleven on lancaster pike]] at six",
    "arrest at the [[y m c a on grant]] at noon",
    "found at the [[bus stop at Lee and 4th]] at two",
    "the exam at the [[QTC clinic on Sandia Rd]] took an hour",
    "picks it up at the [[Lowe's on Peach St]].",
    "he goes to the [[clubhouse on W 44th]] on occasion",
    "struck on [[Tillman at Broadway]], awake",
    "at home, [[Senator St btw Hicks & Bedford]].",
    "seen on [[Quarry Ave by the Kroger]] alone",
    "MVC [[Elm & Vine]], two hurt",
    "scene: [[5th & Cedar]], one shot",
    "lives on [[Dekalb b/w Hall & Ryerson]], third floor",
    "leaving the [[Harbor Club]], on foot",
    "sleeps at a shelter ([[Mill Street Inn]]), wants a bed",
    "The [[Gift of Hope House]] is full",
    "sleeps behind [[New Hebron Baptist]] and",
    "her church, [[Kalama 2nd Ward]], will cook",
    "prays at [[Masjid Al-Noor]] and",
    "works [[Boeing in St Peters]], O neg",
    "retired from the [[Tully cannery]], deaf",
    "mother comes from the [[Hollis plant]], late",
    "works nights at the [[Amazon MKE1]].",
    "three trains from [[Brickton]], and",
    "flying 6/1 from [[Dul-Mar]] to Oslo",
    "mail it to [[718 Quince St, Sparta NC]] 28675.",
    "at [[22 W Larch St Durham NC]], since",
    "of [[Lot 9, Sunny Acres]]. His daughter",
    "he goes to [[walnut creek middle]] and",
    "teaches at the [[Wardlaw School]], and",
    "the line at [[lone star orthopedics]] my name is",
    "um [[bay view cardiology]] this is",
    "a fall from [[the oaks on belmont]] staff called",
    "a pharmacy [[crown highway drugs]] called about it",
    "resident of [[silver sunset manor]] with a fall",
    "picked up by [[hansen funeral]] at four",
    "cousin mae beth in [[flagstaff]] six two",
    "[[Summit Crossing]] Transfer Center, who is calling",
    "on upper mill road [[four four two one oh]] okay",
]
LEFT = [
    "MRI Lumbar 4/19 shows stenosis, CT Head 3/2 negative",
    "EGD Barrett 7/8 with biopsies; echo Normal 4/2",
    "d/w Renal 3/4, admit Telemetry 3/4, stay Overnight",
    "03/06/25  Office Visit  Level 4   180.00",
    "at bedside go ahead; called pharmacy, from radiology calling with a critical",
    "due to u t i and from a u c flare",
    "the pharmacy on file has it, cvs on hold since noon",
    "the gym on weekends and the pool at home",
    "the church on Sunday, the clinic on Monday",
    "on Lasix at Discharge, on Eliquis and Entresto, on Norvasc & Coreg",
    "on Vent at 40 percent, pain at Rest and Exercise",
    "Trop at 3rd hour, Oxygen at 2nd liter",
    "works Nights in Dietary; works Security",
    "at the Open House, in the Full House",
    "walks from Bed to chair, the bus to work",
    "give 20 Units Lantus Pen now, OK",
    "Lot 22, Pfizer Vaccine given",
    "for severe obstructive cardiology, from outside general orthopedics",
    "blood pressure high today; to school middle of the day",
    "from prescription pain drugs, with illegal street drugs on board",
    "the 3rd Ward on the left",
]


@pytest.mark.parametrize("marked", FOUND)
def test_a_place_in_haste_is_found(marked: str) -> None:
    """All of the value is covered."""
    assert uncovered(marked)[0] == []


@pytest.mark.parametrize("text", LEFT)
def test_what_looks_like_a_place_is_left(text: str) -> None:
    """Body sites, departments, drugs, settings and kinds of places."""
    assert [hit for hit in find(shipped(), text, memory=Memory()) if hit.identifier == "ADDRESS"] == []
