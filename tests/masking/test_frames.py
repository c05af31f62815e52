"""Frames: sentences that tell by themselves what stands in them, with values of many kinds in the same place.

A frame is right when it finds a name that is a word, one of no list and one that most people have, a town of two words and one
of no list, a day of any month and day; what looks like a frame and holds nobody stays.
"""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from shipped import shipped
from test_dates_found import uncovered

from masking.text import Memory, find

WORDS = ["tweedy", "peters", "hale", "zorvath", "okonkwo", "miller"]
SAID = [
    "did anybody tap {} or is that still waiting on the inr",
    "we extubated {} around ten and she's fine",
    "i swear {} hits that call light every four minutes",
    "when did {} last get tylenol",
    "{} self extubated and asked for a cheeseburger",
    "so {} stuck herself with a dirty needle",
    "other than {} who's climbing out of bed it's quiet",
    "let {} sleep until six",
    "{} the unit clerk already faxed it twice",
    "{} over in pharmacy said twenty minutes",
    "the appointment's under {} we're here for shots",
    "go ahead and pull {}'s staples before she goes home",
    "old man {} pinched the therapist again",
    "is this {} hi it's the clinic",
]
EVERYDAY = [
    "wound care saw {} stage three sacral",
    "pharmacy needs a callback on {} please",
    "vitals hung by the float and checked by {}. all fine",
    "she's allergic to latex and {}'s a hard stick get vascular access",
]
CAPITALS = ["DOES {} NEED ANOTHER DOSE", "THE NURSE TOLD {} TO WAIT", "AFTER THE FIT {} WAS SLEEPY"]
TOWNS = [
    "um {} is where she grew up",
    "the home agency doesn't cover {} so we need another",
    "he was a cop in {} for thirty years",
    "can i do the mri in {} instead it's closer",
]
DAYS = [
    "she was seen on {} and went home",
    "the fall happened {} at home",
    "he came in {} through the ed",
    "so {} she started vancomycin",
    "he died {}",
]
ONES = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
FOUND = [
    "Patient: Cooper, John\nis there a [[cooper]] on your list",
    "everything is going to [[bob]] this evening",
    "[[wang, ke]] in nine",
    "[[5550142]] is the MRN on the wristband, but",
    "and [[e five five two nine one seven]] that's the mrn for him",
    "[[v eight seven seven three five two]] is the account for the er visit",
    "[[RV460514]] is the serial number engraved on his implant.",
    "match failed for social [[128199503]], patient",
    "go to [[go fund me dot com slash help rosa]] that's my page",
    "a [[ninety five]] y o female coming up",
    "given name: [[zeyourk]]. breastfed",
    "mother: [[vines, velvet]]\ninfant: male",
    "reviewed by: [[crooks]], rn\ntime out",
    "Attg: [[Best]]\nCode: full",
    "next is [[pieter van 't hoff]] in twelve",
    "her nurse is [[lê thị mỹ duyên]] tonight",
    "I saw [[Rune Erlandsson]] this morning.",
    "before his accident [[C Wilson]] ran marathons",
    "subject 123-4567 ([[C.C.]], born [[May 3, 1950]])",
    "called the [[Ortiz]] residence twice",
    "they did it [[two twenty six twenty twenty one]] i remember",
    "Facility: [[St Mary's Hospital]]\nUnit: 4",
]
LEFT = [
    "Location: Right Heel\nSize: 2x3 cm",
    "Tumor site: Sigmoid Colon, Clinic: General Surgery",
    "the sat should be 92 on two liters, almost 100 this morning",
    "he rated himself ninety percent better",
    "- name: lint\n  run: make",
    "name: aspirin\ndose: 81",
    "| 12 | Blue | yes |",
    "fit a random forest, then port it to ruby or go",
    "bathes self, grooms self, stool sandy",
    "occupation: barber. former boatman",
    "10. Brown\n11. other",
    "novolog on four ten twelve with meals",
    "99213 is the claim line and 250000 is the policy limit",
    "the wound was read by page two",
    "in C Sharp code with a Z Plasty",
    "he fed a crow in the yard and the raven flew off",
    "we extubated the patient around ten",
    "turned brown and then she turned it down",
    "have pain going down the leg",
    "no honey you can have tea",
    "a number in case we get cut off",
    "he was in rhabdo for a week",
    "he tries to jack himself out of the bed",
    "on day two of the course",
    "the mark is on the left",
    "name: unknown\nseen by: nurse",
    "THE WOUND IS DRY, SHE HURT HERSELF",
    "a T Wave inversion and hepatitis B young people",
    "she may two step and may one day walk",
]


def said(number: int) -> str:
    """Return a number under forty as it is said."""
    ones = ONES.split()
    tens, rest = divmod(number, 10)
    return (
        ones[number] if number < len(ones) else ("", "", "twenty", "thirty")[tens] + (f" {ones[rest]}" if rest else "")
    )


@pytest.mark.parametrize("frame", SAID)
def test_a_person_is_found_whatever_the_name(frame: str) -> None:
    """A word, a word of no list and a frequent surname are all found in the frame, in full."""
    assert [name for name in WORDS if uncovered(frame.format(f"[[{name}]]"))[0]] == []


@pytest.mark.parametrize("frame", EVERYDAY)
def test_a_person_is_found_under_the_commonest_words(frame: str) -> None:
    """Where nothing but a person can stand, even what every shift says is a name."""
    assert [name for name in ("church", "price", "miles", "brown") if uncovered(frame.format(f"[[{name}]]"))[0]] == []


@pytest.mark.parametrize("frame", CAPITALS)
def test_a_person_is_found_in_capitals(frame: str) -> None:
    """In a text of capitals a word that is hardly ever written on wards is somebody."""
    assert [name for name in ("LILY", "PETERS", "OKONKWO") if uncovered(frame.format(f"[[{name}]]"))[0]] == []


@pytest.mark.parametrize("frame", TOWNS)
def test_a_town_is_found_listed_or_not(frame: str) -> None:
    """Towns of two words, one of them ordinary, and of no list."""
    assert [
        town for town in ("belle glade", "saranac lake", "gimoomville") if uncovered(frame.format(f"[[{town}]]"))[0]
    ] == []


@pytest.mark.parametrize("frame", DAYS)
def test_every_day_of_the_year_is_found_as_it_is_said(frame: str) -> None:
    """`november thirty`, `may three` and `march twenty seven` as well as all others."""
    days = [date(2024, 1, 1) + timedelta(days=number) for number in range(366)]
    values = [f"{day:%B} {said(day.day)}".lower() for day in days]
    assert [value for value in values if uncovered(frame.format(f"[[{value}]]"))[0]] == []


@pytest.mark.parametrize("marked", FOUND)
def test_found_in_full(marked: str) -> None:
    """Numbers before what they are, names of several parts, lists and forms without capitals."""
    assert uncovered(marked)[0] == []


@pytest.mark.parametrize("text", LEFT)
def test_what_only_looks_like_a_frame_is_left(text: str) -> None:
    """Nobody is in these."""
    assert [text[found.start : found.end] for found in find(shipped(), text, memory=Memory())] == []
