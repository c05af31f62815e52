"""Practices, stations, houses and towns are covered from the first word of their name to the last, written and as they are said."""

from __future__ import annotations

import pytest
from shipped import shipped
from test_dates_found import uncovered

from masking.text import Memory, find

FOUND = [
    "PT is at [[Mesa Ridge Endoscopy]] twice a week.",
    "Followed by [[Blue Heron Infectious Disease]].",
    "brace from [[Magnolia Orthotics & Prosthetics]] on file",
    "every note from [[Palmetto Developmental Peds]] starts alike",
    "sent over from the [[Crow Creek Health Station]] for anemia",
    "To whom it may concern at the [[Umber County jail]]: your inmate",
    "Call for the result from [[Quincy Lab draw site]] first",
    "Transport is [[Elsmere Ambulance Barn]], 1300, stretcher.",
    "car is in the [[103rd Street impound lot]]. He",
    "He's out of [[Bayou Cane General]], GI bleed.",
    "The motherhouse, [[Villa Ste. Claire]], wants a call",
    "report from [[Minto Nursing Station]]: afebrile",
    "IV abx through [[Good Harbor]] at home",
    "She is with [[Oakhaven Nursing & Rehab]] since May",
    "TRANSFER: [[Rock Springs Pulmonary & Sleep]] → us",
    "a deputy of the [[Kiowa County Sheriff's Office]] came",
    "moved from [[The Cypress at Barton Creek]] on Monday",
    "labs from the [[Ocean County health department]] came",
    "a trip to a cave in [[Mammoth Hollow National Park]] in May",
    "SNF [[Cedar Glen]] wont take back",
    "Hospice [[Good Harbor]] meeting Mon.",
    "to [[Ochsner]] on Friday",
    '{"place": "[[Harbor Bell Family Health]]"}',
    "D/C to [[Tamarack Wound Care]] Thursday",
    "he's waiting on placement at [[saint agnes commons]], his niece",
    "the rabbi from [[beth shalom on ocean parkway]] might come",
    "picked up at the [[budget lodge on state route nine]]. he's",
    "bringing it from [[dunleavy's drugs]] tonight",
    "the one at the [[window rock chapter house]], her phone",
    "she goes to [[mesa ridge endoscopy]] on fridays",
    "he is followed at [[kettle river nephrology]] for that",
    "got him from [[three forks birth center]] at six",
    "the nurse at [[rosebud senior living]] called",
    "she worships at [[our lady of sorrows]] and",
    "take her, go to [[metro]] not parma",
    "he's going to the [[barrow]] at one",
    "back to [[shady oaks]] in the morning",
    "so [[northgate pain and spine]] said no",
    "he fell at the [[vfw on grant]] and",
    "RETURN TO [[CROW CREEK HEALTH STATION]] TODAY",
    "TX FROM [[MESA RIDGE ENDOSCOPY]] AT 9",
    "ACCEPTED AT [[SHADY OAKS]], BED 4",
    "BOOKED AT [[UMBER COUNTY JAIL]] OVERNIGHT",
    "Sister flew into [[Tampa]] 5/30, stays",
    "his sister flew into [[tampa]] last night",
    "at 12 Quarry Lane in [[Gap]], last known well",
    "lives outside [[Lame Deer]], no phone",
    "found down nr [[Union Station]], tox",
    "smokes by the [[Fourth Street]] entrance",
    "MVC [[I-40 MM 219]], PASSENGER",
    "crash at [[US-93 at mile marker 40]], ejected",
    "rollover, [[I-80 exit 12]], belted",
    "found at [[mile marker two nineteen]] by medics",
    "ped struck [[West Elm]] at 0200",
]
LEFT = [
    "referred to Infectious Disease and Wound Care for recs",
    "at the Nursing Station now, by the fire door",
    "consult to Pulmonary & Sleep Medicine, then Speech Therapy",
    "PT WITH ACUTE BACK PAIN AND CHEST PAIN",
    "CONSULT TO CARDIOLOGY AND SPEECH THERAPY",
    "HOLD HEPARIN FOR UPPER ENDOSCOPY IN THE AM",
    "she lives in assisted living and goes to memory care next week",
    "from chronic pain and depression to anxiety",
    "evidence for chronic neck pain in office workers",
    "referred for hyperbaric oxygen, with sharp pain at the chest",
    "went to the local health department for his shots",
    "near complete resolution of symptoms, outside of normal range",
    "he moved to comfort care, family is in agreement",
    "lives in public housing, grew up in foster care",
    "visiting from out of town, flown in by helicopter",
    "insulin on sliding scale, heparin on hold",
    "start on first day of cycle, pain on right side",
    "take the metro to the clinic",
    "Head & Neck: supple, Speech and Hearing: intact",
    "Surgeon General, Attorney General, the General Surgery consult",
    "the on call Fetal Medicine fellow",
    "bed at rehab is pending, list for transplant and dialysis",
    "call cardiology and nephrology, call lab for add on",
    "a grade two spleen, MIC of 2 by exit",
]


@pytest.mark.parametrize("marked", FOUND)
def test_a_place_is_covered_whole(marked: str) -> None:
    """All of the name is covered, its first word and its kind too."""
    assert uncovered(marked)[0] == []


@pytest.mark.parametrize("text", LEFT)
def test_kinds_of_places_are_left(text: str) -> None:
    """Departments, kinds of care, movements and what stands on or at something that is no place."""
    assert find(shipped(), text, memory=Memory()) == []
