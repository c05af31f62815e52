"""Places by what people do there: towns that are words, houses with their town, crossings, and short names in speech."""

from __future__ import annotations

import pytest
from shipped import shipped
from test_dates_found import uncovered

from masking.text import Memory, find

FOUND = [
    "The plane left from [[Bitter Creek]] at noon.",
    "We just passed [[Loyal Oak]], ETA nine.",
    "Baby is with a cousin in [[Lower Sackett]], so call her.",
    "He lives in [[Hazard]] with his wife.",
    "They are holding flights to [[Port Wexcombe]] for fog.",
    "a man of [[Prince George's County]], 64",
    "Social work found a bed at [[Clearpath on Monroe]].",
    "intake at [[Hazelden Betty Ford in Center City]].",
    "staying at the [[Motel 6 in Cross Lanes]].",
    "retired clerk at [[Boscov's in Wilkes-Barre]], never smoker",
    "works nights at the [[FedEx hub in Memphis]].",
    "Bed coordination. [[St. Luke's in Duluth]] is calling.",
    "from Loyola to [[Symphony of Bronzeville]], tomorrow",
    "We sent the films, accepted at [[TTSH]], bed 4.",
    "d/w [[SGPGI]] neurosurg, conservative",
    "so [[Heronsgate]] declined, no bed",
    "He came from the other clinic, not [[Children's]].",
    "seen at [[Copper Basin]]. No fracture",
    "goes to the program at [[Hollow Oak]] when stable",
    "burned at the [[Loveridge plant]] in May",
    "PT at [[Wexcombe Foot & Ankle]] on Friday",
    "dressing at [[Katpadi primary health center]]. Now",
    "came off the bus at [[Broad and Olney]]. Awake",
    "found on [[Central and Louisiana]], drowsy",
    "from assisted living ([[Copernicus Manor]]) fell",
    "driver on [[I-40 EB mm 212]] near the ramp",
    "yeah we just passed [[quarlsburg]] about ten minutes",
    "she's staying in [[east dunmore]] until may",
    "he's from [[boulder]] and his wife is here",
    "she moved back to [[fond du lac]] with her mom",
    "the wreck outside [[squirrel hill]] is cleared",
    "she wants to stay in [[terrebonne parish]] for now",
    "uh so [[hennepin]] accepted him",
    "i called [[presbyterian]] and they said no",
    "can [[harborview]] take her",
    "dispo is [[whetstone gardens]] in the morning",
    "they're looking for a bed at [[mission trail manor]] for her",
    "he lost his job at the [[amazon warehouse in toledo]] no fever",
    "he was burned at the [[loveridge mine]] in march",
    "collapsed at [[first baptist church]] this morning",
    "she lives at [[oak hollow trailer park]] with him",
    "her gp is at [[elm road surgery]] and they",
    "podiatry at [[cloverdale foot and ankle]] on monday",
    "the group home is called [[thistle house]] and they want her",
    "this is from [[third and pike]] there in front",
    "shot at [[lancaster and illinois]] he",
    "lives with her nephew on [[south zarzamora]] and he",
    "refusal call at [[fifty five west sycamore]] patient is up",
    "he lives at [[7413 calhoun]] with a dog",
    "picked up at [[4417 rainier avenue south]] eta eight",
    "at his home on [[larkspur court]] twelve lead shows",
    "the old farm at [[3 dock cottages]] is hers",
    "my patient was seen at [[children's hospital boston]] on may 3",
    "admitted to [[general hospital]] on 3/3/2023",
    "outpatient visit at [[houston med]] on july 20",
]

LEFT = [
    "she was transferred to stepdown last night",
    "we moved her to hallway bed three",
    "Transferred to Neuro ICU this morning.",
    "Referred to Pain Management and Wound Care.",
    "pain in the lower back and hip",
    "Started on Eliquis and Entresto.",
    "Trial results from DAPA-CKD and EMPEROR.",
    "Interpreter in Hindi and Tagalog.",
    "Traveled to Kenya and India last year.",
    "Occlusion of the M1 and A1 segments.",
    "on second and third toes",
    "lives in assisted living with her wife",
    "home is a two story house",
    "the clinic is called twice a day",
    "insurance declined the request",
    "cardiology accepted him",
    "so ortho can take him at two",
    "ED said no beds upstairs.",
    "he is in rhabdo again",
    "Lower GI bleed, Upper GI series",
    "Port placement, Port flushed with heparin",
    "Heart and Vascular service, Hand and Wrist team",
    "the sleep clinic and the wound clinic",
]


@pytest.mark.parametrize("marked", FOUND)
def test_a_place_is_found_by_what_is_done_there(marked: str) -> None:
    """All of the place is covered."""
    assert uncovered(marked)[0] == []


@pytest.mark.parametrize("text", LEFT)
def test_wards_drugs_trials_and_bodies_are_left(text: str) -> None:
    """Departments, drugs, trials, body sites, languages and countries behind the same words."""
    assert find(shipped(), text, memory=Memory()) == []
