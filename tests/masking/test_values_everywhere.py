"""Days, telephone numbers, places and initials in forms that stood in view where other forms of the same were found."""

from __future__ import annotations

import pytest
from shipped import shipped
from test_dates_found import uncovered

from masking.text import Memory, find

FOUND = [
    "scoped in Dubuque in spring and again on [[12.4.23]]?",
    "V/Q scan of [[6.4.24]] not available",
    "PMH: COPD dx'd [[2023-04]]; ablation later",
    "dialysis, seen [[17/1]], stable",
    "Emergency contact is his sister (wife) [[555-0187]], who",
    "supervised by a Bill Rutledge MD [[1821097745]]. The claim",
    "writes from [[oak street health]], ok",
    "pod 2 at [[university of iowa hospitals]], afebrile",
    "[[lakeside family clinic]]\nfax pending",
    "the son wanted [[tulsa]] so he could walk over",
    "picked up at [[1500 broadway]], on a bench",
    "vive en [[Calle 8 #123]], segundo piso",
    "moved back to [[Ann Arbor]] 2 years ago",
    "Transferred from [[Parkland]], stable",
    "dear [[zorvik qualme]], we saw you",
    "duplicates in the chart, MRNs [[24-91-78]] and [[MY-629230]]. How to merge?",
    "let's call him [[J.R]], a man with pain",
    "caller [[KO]], who rang twice",
    "let's call her [[HT]], long COVID",
]
LEFT = [
    "version 3.1.45 in chapter 2.4.17, python 3.11.12",
    "tube feeds 2000-10, sitter 1900-07, guideline 2024-05",
    "BiPAP 15/5, MMSE 20/12, open 24/7",
    "| IgG | 1012 | 700-1600 | mg/dL |",
    "to our family clinic, to the wound clinic, at the university of life",
    "UC, Mayo 3; 30% TBSA, Parkland; Ann Arbor IIIB; Mayo scissors",
    "for X-ray, with V Tach, S/P bypass, muscularis propria",
]


@pytest.mark.parametrize("marked", FOUND)
def test_a_form_is_found_where_others_are(marked: str) -> None:
    """All of the value is covered."""
    assert uncovered(marked)[0] == []


@pytest.mark.parametrize("text", LEFT)
def test_what_looks_alike_is_left(text: str) -> None:
    """Versions, settings, ranges, scores and kinds of places."""
    assert find(shipped(), text, memory=Memory()) == []
