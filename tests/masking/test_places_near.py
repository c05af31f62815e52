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
    "txf from [[Detroit Receiving]] 11/30 w/ STEMI",
    "OSH ([[Swedish Ballard]]) gave tPA",
    "see page one: TO [[Mission Children's]] FAX 8285550144",
    "d/c from [[Queen's]] 3/9 on apixaban",
    "03/06/25   [[NorthShore Skokie]]   4,180.00",
    "2025-03-06 | [[Sutter Davis]] | 418.00 | paid",
    "doctor vang neurosurgery at [[poplar]] go ahead",
    "okay\n[[arrowhead view]] base go for medic four",
    "turned down by mayo and by [[u w]] he knows",
    "we called [[u k children's]] and asked",
    "transferred to [[saint rita's downtown]] tonight",
    "got his shot at the [[walgreens on telegraph]] on a Friday",
    "called to the [[cvs at wash & mass]], please",
    "medic to the [[Circle K at 7th St and Indian School]] for one down",
    "walked to the [[BART station at Ashby]] and fell",
    "gets off at the [[seven eleven on baltimore pike]] at six",
    "arrest at the [[y m c a on colfax]] at noon",
    "found at the [[bus stop at Lee and 4th]] at two",
    "the exam at the [[VES clinic on Cerrillos Rd]] took an hour",
    "picks it up at the [[Lowe's on Peach St]].",
    "he goes to the [[clubhouse on E 105th]] on occasion",
    "struck on [[Higgins at Broadway]], awake",
    "at home, [[President St btw Henry & Clinton]].",
    "found her on [[Lane Ave by the Kroger]] alone",
    "MVC [[Elm & Vine]], two hurt",
    "scene: [[5th & Cedar]], one shot",
    "lives on [[Dekalb b/w Hall & Ryerson]], third floor",
    "leaving the [[Union Club]], on foot",
    "rn at a shelter ([[Pine Street Inn]]), guest needs a script",
    "The [[Gift of Life House]] has no room",
    "sleeps behind [[New Hebron Baptist]] and",
    "his church, [[Laie 3rd Ward]], is raising money",
    "prays at [[Masjid Al-Noor]] and",
    "works [[Boeing in St Charles]], O neg",
    "retired from the [[Dole cannery]], deaf",
    "mother comes from the [[Marvin plant]], late",
    "works nights at the [[Amazon MKE1]].",
    "takes two buses from [[Sandtown]], and",
    "flying 5/22 from [[Sea-Tac]] to Oslo",
    "mail it to [[604 Panola St, Tarboro NC]] 27886.",
    "at [[512 W Pettigrew St Durham NC]], since",
    "of [[Lot 14, Shady Acres]]. His daughter",
    "he goes to [[hickory ridge middle]] and",
    "teaches at the [[Wardlaw School]], and",
    "the line at [[north star orthopedics]] my name is",
    "um [[bay side cardiology]] this is",
    "a fall from [[the gables on hawthorne]] staff called",
    "a pharmacy [[kings highway drugs]] called about it",
    "resident of [[golden sunset manor]] with a fall",
    "picked up by [[hansen funeral]] at four",
    "niece lou ann in [[flagstaff]] nine two eight",
    "[[Banner Crossing]] Transfer Center, who is calling",
    "on middle river road [[two one two two oh]] thank",
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
