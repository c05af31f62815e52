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
    "Ann ([[Miller]]) called about it",
    "[[Hill]] vs rehab, case management to see",
    "[[Wells]] was less sensitive on the left",
    "[[Reed]] is more sensitive to opioids",
    "calculate the dose by [[Okafor]], then",
    "[[Okafor]] 4 on histology list",
    "[[Hill]]'s dysplasia was found",
    "reference [[Hill]] 2020 in the chart",
    "at 3 Fr [[Blake]] came by",
    "JONES and [[MOON]]: full code",
    "rm 4 pt [[max]], sleeping",
    "s/p appendectomy, stable -- [[JK]]\n",
    "from [[Akron]] motor vehicle accident",
    "lives in [[West Haven]] 2 with wife",
    "cath [[May 3]], 500 units",
    "admitted [[SEP-1]] with CHF",
    "account # [[4471-2210]] since June",
    "Jane Bui ([[106]]) turned 106",
    "turn [[brown]] q2",
    "4 [[Newey]] CHF, told [[Heffner]]",
    "DR [[NACK]] CALLED",
    "[[Spencer Wells]] - DNR",
    "Virginia [[Hill]] has pain in her chest",
]
LEFT = [
    "compute TTR by Rosendaal, goal 2-3",
    "is that from Sahgal's 2006 paper?",
    "leave a 15 Fr Blake and a 24 Fr Malecot",
    "HER2 0, Siewert I, CPS 12",
    "Whipple vs enucleation for an insulinoma",
    "the Steinberg's thumb sign",
    "Meyer dysplasia vs Perthes",
    "revised Atlanta is what we use",
    "import KMeans, StandardScaler and RandomForestClassifier",
    "Validator says the code is required",
    "send the IMM and the MOON before discharge",
    "clinic hours: Mon-Thu 0730-1930, Fri 0800-1600",
    "gas was seven two eight, sixty-one, fifty-eight.",
    "abg came back seven two nine, forty eight, sixty six on six liters",
    "as a school nurse in Nebraska I need a plan",
    "Medicaid in Louisiana and Alabama covers it",
    "licensed in Vermont and New Hampshire, does it differ",
    "Hi Claude, can you shorten this",
    "keep it to 12 slides max, with notes",
    "I'm cross covering four teams",
]


@pytest.mark.parametrize("marked", FOUND)
def test_people_are_found_beside_what_is_left(marked: str) -> None:
    """All of the value is covered."""
    assert uncovered(marked)[0] == []


@pytest.mark.parametrize("text", LEFT)
def test_what_is_nobody_is_left(text: str) -> None:
    """Methods, signs, makers, programs, hours, ratios, states and verbs."""
    assert find(shipped(), text, memory=Memory()) == []
