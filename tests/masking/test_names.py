"""Names, by the kind of text they stand in: what is found, and what is left alone (45 CFR 164.514(b)(2)(i)(A))."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from shipped import shipped

from masking.text import Memory, find

if TYPE_CHECKING:
    from masking.profile import Names

TITLES = [
    "Seen by Dr. [[Okonkwo]] today",
    "Mrs [[Maria de la Cruz]] was admitted",
    "Referred by dr. [[J. Brandt-Olsen]], cardiology",
    "Mr. [[O'Leary]]'s knee",
    "Mrs. [[House]] called",
    "Prof. [[van der Heyden]] agreed",
    "Herr [[Müller]] kam",
    "Dr. [[Robert Vance III]] agreed",
]
LABELS = [
    "Patient Name: [[Jane Q. Testperson]] DOB: 1961",
    "Patient name: [[Testperson, Jane]] MRN 22",
    "Name: [[Tomasz Wiśniewski]]",
    "Last name:\n[[Abernathy]]",
    "Electronically signed by: [[Priya Raman]], MD",
    "Next of kin: [[Lúcia Prado]] (sister)",
    "ATTENDING..........: [[BRANDT, MARTA]]",
    "Nombre: [[Rocío Fernández Ruiz]]",
    "My name is [[Siiri]] and I am fine",
]
NEIGHBOURS = [
    "a 64-year-old male, [[Zorvath K.]], treated",
    "my patient [[Wilfred Nakamura]] reports",
    "His wife, [[Carmen Ibarra]], says",
    "[[Carmen Ibarra]] (wife) was told",
    "[[Ngozi Adeyemi]], DOB 1971",
    "[[Adeyemi, Ngozi]] MRN 5512",
    "Reviewed with [[Oluwaseun Bankole]], MD",
    "[[A. Petrov]], PA-C",
    "Best regards,\n[[Halvard Nygaard]]",
    "Dear [[Tanaka]],",
    "Pt [[J.S.]] came",
]
FORMS = [
    "Deposition prep: [[Kira Goldstein]] v. the clinic",
    "Proband [[Latoya Block]] (BRCA2 c.5946delT)",
    "similar case as [[G. P.]] seen at noon",
    "note. [[Meier, Mickey]]: duplicate order",
    "[[JANETTE STORY]], ID card",
    "GUAR: [[RAINS, MARLENA]] BAL",
    "account holder [[Blanch Holland]]. Draft it",
    "who is it? [[Big Jim]] is what everyone says",
    "then [[Anna Petrov]] came",
    "then [[Anna S.]], who came",
    "then [[Vasquez, Maria T.]] came",
    "then [[Louis van Beethoven]] came",
    "then [[Grace Okonkwo]] came",
    "then [[T. Ramirez]] came",
    'then [[Robert "Bobby" Vance]] came',
    "then [[Khalid al-Rashid]] came",
    "then [[Nguyen Thi Lan]] came",
    "then [[Jae-won Seo]] came",
    "then [[Björk Guðmundsdóttir]] came",
    "then [[Priya Venkataraman]] came",
]
HANDED_OVER = [
    "1. [[Petrov, Anna]], 64F, sepsis",
    "[[Rivers]] (12B) - pneumonia",
    "Fellow: [[Ito]]",
    "[08:15] [[Grant]]: hey can you look",
    "Coverage: [[Brown]] -> clinic",
    "paged [[Green]] twice",
    "Per [[Karamanlis]], hold heparin",
    "Should [[Jefferson]] hold apixaban?",
    "Give [[Ivy]] a plan",
    "float has [[Hurst]] and [[Becker]]",
    "the [[Wright]] family came",
    "Discussed w/ [[Thompson]], who agreed",
    "[[van der Meer]] at bedside",
    "For [[Zorvath]] (he/him, 25)",
    "[[J.R.]], 45 y/o",
]
LINES = [
    "- [[J. Doe]]",
    "present:\n* [[J. Doe]]\n* [[K.L. Okonkwo]]\nnobody else",
    "[[J. Doe]] \r\n- [[M. Hope]]\t\r\n",
    "[[J. Doe]], can you ask?",
    "[[J. Okonkwo]]: no beds",
    "Siblings: [[Grace]] 7, [[Lucas]] 4",
    "Siblings: [[Grace]] (7), [[Lucas]] (4) and [[Hope]] (1 yo)",
    "Mother: [[Grace]] (34)",
]
LOWER = [
    "patient name: [[jane testperson]]",
    "i spoke with [[maria gonzalez]] today",
    "follow up with [[patricia desrosiers]] soon",
    "a 60yo male, [[john p.]], treated",
    "i told mrs [[gonzalez]] to wait",
    "and [[gonzalez]] is going home",
    "his brother [[miguel]] called",
    "the last name is [[ramirez]] and that is all",
    "the last name is [[strong]], mrn is next",
    "page [[mitchell]], not the resident",
    "[[mahina]] is bagging him",
    "handing off [[marsh]] and the rest",
    "vitals on [[zorvath]] and [[jones]]",
    "his mother-in-law [[katarzyna]] called",
    "doctor [[walker]] would like to see you",
    "thanks [[bill]]",
    "[[petrov, anna]] 64f",
    "dictated by [[harold black]] m d",
]
UPPER = [
    "PATIENT: [[JOHN TESTPERSON]]",
    "A 60-YEAR-OLD MALE, [[ROBERT S.]], WHO CAME",
    "VISIT SUMMARY FOR [[ZORVATH BRINKTAL]]",
    "SAW HIM WITH [[COLLINS]] TODAY",
    "SEEN BY DR. [[PATEL]] TODAY",
]
UNKNOWN = [
    "then we asked [[Zorvath]] again",
    "and [[Zorvath Brinktal]] came",
    "[[Zorvath]] denies chest pain",
]
ALONE = [
    "Then [[Deborah]] came back",
    "talk to [[Vasquez]] first",
    "lives with [[Grace]] now",
]
NOTHING = [
    "Patient Education Materials",
    "Patient Safety Goals",
    "The doctor will see the patient",
    "signs of Parkinson disease and Crohn's disease",
    "a Foley catheter and the Glasgow Coma Scale",
    "the Mann-Whitney U test",
    "Guillain-Barré syndrome after a vaccine",
    "an Aldrete score of 9",
    "the circle of Willis",
    "St. John's wort daily",
    "Grace period in May",
    "start lisinopril 10 mg and Tylenol",
    "Chest Pain and Shortness of Breath",
    "Drug name: Zestril",
    "Write a Python function with Django and Postgres",
    "Her mother had diabetes",
    "B. pneumonia C. Bell's palsy D. stroke",
    "the CHADS score for AF",
    "Kelly clamps and a Bookwalter retractor",
    "Fisher 2, Clark IV, Hawkins positive",
    "graded by Hoehn and Yahr",
    "a Kirby-Bauer plate on Mueller-Hinton agar",
    "how does lund-browder compare with a foley balloon",
    "Similac or Enfamil, Vicryl and Dermabond",
    "we've seen that there's no change",
    "abd soft, trach in place, per rt and tech",
    "Skin: warm",
    "Buttonhole needles, 15G. Repeat",
    "Siblings: two (7, 4)",
    "the Mini-Mental today",
    "sha:9f86 and len(val), see the repo",
]


def names_in(text: str, names: Names = "strict") -> list[str]:
    """Return the names found in a text."""
    found = find(shipped(), text, names=names, memory=Memory())
    return [text[finding.start : finding.end] for finding in found if finding.identifier == "NAME"]


def marked(example: str) -> tuple[str, list[str]]:
    """Return the text of an example and the values marked in it."""
    values = [part.split("]]")[0] for part in example.split("[[")[1:]]
    return example.replace("[[", "").replace("]]", ""), values


@pytest.mark.parametrize(
    "example", [*TITLES, *LABELS, *NEIGHBOURS, *FORMS, *HANDED_OVER, *LINES, *LOWER, *UPPER, *UNKNOWN, *ALONE]
)
def test_names_are_found_as_a_whole_and_nothing_else(example: str) -> None:
    """Each kind of cue, form and case gives the whole name and no more."""
    text, values = marked(example)
    assert names_in(text) == values


@pytest.mark.parametrize("example", [*TITLES, *LABELS, *NEIGHBOURS])
def test_names_with_cues_do_not_need_the_strict_profile(example: str) -> None:
    """`balanced` finds what a cue says."""
    text, values = marked(example)
    assert names_in(text, "balanced") == values


@pytest.mark.parametrize("text", NOTHING)
def test_eponyms_headings_drugs_and_products_are_no_names(text: str) -> None:
    """What is called after people, and capitals that stand for something else, are left alone."""
    assert names_in(text) == []


@pytest.mark.parametrize("example", [UNKNOWN[0], "talk to [[Vasquez]] first", "for [[Deborah]] again"])
def test_balanced_leaves_names_without_any_cue(example: str) -> None:
    """The inverse safe list and names standing alone are for the strict profile."""
    assert names_in(marked(example)[0], "balanced") == []


def test_a_name_is_found_again_in_other_cases_and_in_hyphens() -> None:
    """What a cue told is known later: lower, upper, possessive, or tied to another word."""
    memory = Memory()
    find(shipped(), "Seen by Dr. Okonkwo today", names="balanced", memory=memory)
    for text, value in (
        ("ask okonkwo again", "okonkwo"),
        ("ask OKONKWO again", "OKONKWO"),
        ("in Okonkwo's chart", "Okonkwo"),
        ("a pre-Okonkwo note", "Okonkwo"),
    ):
        found = find(shipped(), text, names="balanced", memory=memory)
        assert [text[f.start : f.end] for f in found] == [value]


def test_ordinary_words_of_a_name_are_not_remembered() -> None:
    """Mr. Young does not make every `young` a name, and a facility teaches no name."""
    memory = Memory()
    find(shipped(), "Seen by Mr. Young at Ramirez Hospital today", names="balanced", memory=memory)
    assert find(shipped(), "Young adults were seen", names="balanced", memory=memory) == []


def test_a_lone_letter_beside_what_is_public_is_left() -> None:
    """`C. Bell's palsy` of a list of answers leaves no masked `C`."""
    assert names_in("A. stroke B. migraine C. Bell's palsy") == []
