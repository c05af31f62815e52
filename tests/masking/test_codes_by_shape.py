"""Numbers that nobody calls by their kind, and answers that stand behind a blank line."""

from __future__ import annotations

import pytest
from shipped import shipped
from test_dates_found import uncovered

from masking.text import Memory, find

FOUND = [
    "she opened [[RL-229315]] last night",
    "the clot is in circuit [[RT-3315-982]], change it",
    "run [[25-0259943]] came in at two",
    "ask her about [[88-204418]].",
    "Evelyn Roe [[E2738344]] came back",
    "Horizon NJ Health [[3HZN70129953]]. Prefers texts",
    "her plan card says [[XQP 229 31 5588]], and I wrote that down",
    "path [[QS25-22985]]: poorly differentiated",
    "Patient Ilse Vanderhoof (chart [[D5582]]) lost a crown",
    "the real one is enc [[9900518873]]",
    "MRN [[91 33 528]], in four of four",
    "Medicaid [[333 129 558 723P]], hospice",
    "GEICO claim [[0771 91 5523 0000 001]], grey car",
    "Claim [[E25078 55201]] / [[E25078 55202]]",
    "Case [[2:24-cv-02298]], our file",
    "bracelet says [[WG 8851-4420]].",
    "auto debit from [[386080187-0029945318]]",
    "a grey Rav4 [[8LPM229]].",
    "left in a white Charger [[BXN5582]]",
    "a Subaru, [[4-92883C]], in the lot",
    "AZ plate [[CNB 8P3]], police came",
    "meds pulled by [[tkowalfield]] at 1108",
    '"opened_by":"[[bfitzwarren3]]","opened"',
    "charted under my login ([[rmcobblewell]]) again",
    "Monsignor Dunphy, [[91]]. UTI, day three.",
    "Ruby Nell Thigden - 4.4.33 ([[91]]), dementia",
    "Sister Mary Immaculata, [[ninety-five]], hip",
    "his birthday\n\n[[four four forty four]] easy to remember",
    "on a road in wasilla [[nine nine six five four]]\n",
    "Luz, [[808•555•0154]], is coming",
    "Clerk: And the phone?\n\nCaller: [[555-0148]], evenings.",
    "Clerk: How old is he?\n\nCaller: [[Ninety-one]].",
    "Clerk: Date of birth?\n\nCaller: [[March ninth, sixty-one]].",
]

ONCE_DROPPED = [
    "[[joe.smith @ yahoo.com]] wants records",
    "contact [[lucy.brandt@ gmail.com]] please",
    "[[may 3rd]] she was intubated",
    "surgery is [[may 22nd]]",
    "born [[3rd of may]]",
    "it was this [[may 5th]]",
    "radiology read it [[20240315]], normal",
    "stool culture of [[20240315]], bundle branch block since [[20240316]], lungs clear",
    "Tricare Prime [[884213377]]",
]
"""What phrases find that no labelled text needs: they went once for that, and came back."""

LEFT = [
    "LY3298176 against BMS-986165 and PF-06651600",
    "see NCT01234567 and PMID 31234567",
    "HCPCS J0178 x1, J3301 x4, CPT 20610",
    "LCD L33718 and article A52985",
    "form CMS-1500 of last year",
    "FEF25-75 0.55, GLI-2012",
    "heparin 5000-10000 units",
    "FY2024-2025 budget",
    "SNOMED CT 44054006",
    "pressure one ten over sixty two",
    "SpO2 91. HR 92.",
    "Any questions?\n\nHold heparin 90 minutes before.",
    "the white Ativan bottle",
    "blue Foley 16 Fr",
    "ORA-01017: invalid user",
    "git tag 20240315 and push",
    "clear thinking 20251015",
    "clear_tool_uses_20250919",
    "a b 20260301",
    "open 12345678.json with jq",
]


@pytest.mark.parametrize("marked", [*FOUND, *ONCE_DROPPED])
def test_a_number_is_found_by_its_shape_or_what_was_asked(marked: str) -> None:
    """All of the value is covered."""
    assert uncovered(marked)[0] == []


@pytest.mark.parametrize("text", LEFT)
def test_what_looks_alike_is_left(text: str) -> None:
    """Names of drugs, codes of what is billed, and figures."""
    assert find(shipped(), text, memory=Memory()) == []
