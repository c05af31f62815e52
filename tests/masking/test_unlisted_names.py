"""Names that no list holds and names that are words, where only people stand; and things that look like them."""

from __future__ import annotations

import pytest
from shipped import shipped
from test_dates_found import uncovered

from masking.text import Memory, find

FOUND = [
    'thread: "Okafor: where? [[Vuthaark]]: on my way. Okafor: ok"',
    "Overnight list. [[Brukhaazh]]: nothing. Okafor: febrile",
    "Swaps? [[Zhoopel]] - not me",
    "Okay. [[Tshovark]], eleven, asthma, on continuous",
    "Rounding: [[Pruleand]], bed 14, wants to eat",
    "What else? ([[Klouvath]], bed 9)",
    "AE for SUBJ-2204 ([[Mooshtark]]) closed",
    "AE for SUBJ-2204 ([[MOOSHTARK]]) closed",
    "board\n[[Drostuul]]/44F/syncope",
    'Text ok? "[[Vuthaark J]] rm 6, K 6.1"',
    "Tour done. [[Pruleand]] hates the food.",
    "10:00 quiet. 1130 [[Kruthaam]] A&O x1",
    "dirty bed ->  [[Kruthaam]] at 4",
    "order: [[Kruthaam]] > Okafor > Bell",
    "day,md\n0600,[[Kruthaam]]\n0700,Okafor",
    'a = Patient("[[Kruthaam]]", dob=None)',
    "care plan for [[Vuthaark Pruleand]], Medicare, on oxygen",
    "told [[VUTHAARK]] that the scan is fine",
    "tumor board: [[VUTHAARK]], 71M, lung",
    "base it on [[VUTHAARK]] (19F, came in May)",
    "who: [[VUTHAARK]], 44, fell",
    "SBAR on [[VUTHAARK, Maria]] now",
    "chart of [[PRICE, Maria]] was merged",
    "[[MERVE VUTHAARK]] - 03-09-2024 - latex",
    "so [[vuthaark pruleand]] is the gallbladder in four",
    "doctor bell dictating on [[vuthaark pruleand]] age fifty",
    "okay that's [[vuthaark]] and he wants ice",
    "we saw [[vuthaark]] in clinic",
    "cath lab is waiting for [[vuthaark]] in nine",
    'be kind: "[[vuthaark]], your wife asked twice"',
    "flying home for [[vuthaarks]] funeral",
    "Okafor: where are you? [[Pearl]]: in the scanner",
    "Who takes what? [[Violet]] - apixaban",
    "Tue: [[Ginger]]. Wed: Okafor.",
    "Fri - [[Can]] with Okafor",
    "both need shots, [[Rose]] is 9, and",
    "[[Ruby]]?? the one with the pump",
    "[[Drew]] 12B pneumonia, weaning",
    "please ping [[Grace]] when it is read",
    "[[Haddad]] v. Lakeview Clinic, discovery due",
    "[[Chase]] vs Harbor General Hospital",
    "clinic needs a letter. [[Ingrid]] signs. Draft it",
    'Is "[[Vuthaark]]\'s disease" real? oh, my patient',
    "two oh five is [[faith blackwell]] on heparin",
    "seven two oh four [[young]] on heparin",
    "two oh three [[hai tran]] stress test today",
    "four is [[grace]] um she wants water",
    "hey [[crystal]] this is the pharmacy",
    "is [[amber]] still on the vent",
    "file: /exports/[[vuthaark_pruleand]]_dc_note.txt",
    "Le acompaña [[Vuthaark]]. Afebril.",
    "bericht gemaakt door [[Vuthaark]].",
    "she is survived by [[Vuthaark]] and two sons",
    "I'm [[Norm]]. How do I start?",
    "who calls Mrs [[G]]",
    "do the easy ones [[dashawn r]] room nine",
    "a note for my chief [[HUGHES]], who retires",
    "my kid [[LAFONTAYNE]] has a fever",
    "no worries, [[Zorvath'll]] be late again",
    "Vuthaark: where? ok. [[Pruleand]]: NPO",
    "list\n[[Amber]]: NPO\n[[Rocky]] in restraints",
    "7:30 [[Vuthaark]] f/u",
    "lives alone. Dtr [[Vuthaark]], two sons",
    "TRANSPLANT: [[Vuthaark]] day 5 post kidney",
    "Relief: [[Vuthaark]] 3p",
    "quiet. [[Vuthaark]], in fourteen, is the long pause",
    "[[Vuthaark]] pls bring the cart",
    "Outgoing: [[Vuthaark]]. Incoming: Okafor.",
    "the lady in nine is [[vuthaark]]",
    "where's [[vuthaark]]",
    "my husband and [[vuthaark pruleand]] came by yesterday",
]
LEFT = [
    "Zyvorix: 5 mg",
    "Zyvorix, 2 tabs at night",
    "Zyvorix IV q8h",
    "- Zyvorix 40 mg daily",
    "Meds: Zyvorix, Lasix",
    "Access flow 1,100 (Transmonic)",
    "EPISOR says no. Diet: IDDSO 4",
    "Home meds\nZyvorix 10 mg\nLasix 40",
    "the two o'clock is moved, the six o'clock slot",
    "zyvorix was held, on zyvorix and vanc",
    "Skin: warm. Neuro: intact. Pain: none",
    "Kernig's sign negative, Brudzinski signs absent",
    'Does "Crohn\'s disease" exist in dogs?',
    "Son: asthma. Sister: well.",
    "pump review, 45 min x 4",
    "Pain is 7, GCS is 14",
    "Drug A vs Drug B in adults",
    "lost 12% in 3 months, severe per ASPEN",
    "consent_form_final.txt and /src/output_table.csv",
    "then RSI'd with ketamine",
    "so that'll be late",
    'rewrite "Mr X was seen"',
    "DTR 2+ throughout, dtr brisk",
    "oh six hundred labs, oh four thirty labs",
    "so hope this is fine, is she still on the vent",
]


@pytest.mark.parametrize("marked", FOUND)
def test_who_is_in_no_list_is_found(marked: str) -> None:
    """All of the name is covered."""
    assert uncovered(marked)[0] == []


@pytest.mark.parametrize("text", LEFT)
def test_things_and_words_are_left(text: str) -> None:
    """Brands, tests, trials, headings, eponyms, files."""
    assert find(shipped(), text, memory=Memory()) == []
