"""X12: claims, eligibility and payments as they are pasted, in lines or in one."""

from __future__ import annotations

import pytest
from shipped import folded, shipped

from masking import find
from masking.folding import view_of

CLAIM = """BHT*0019*00*244579*20230115*1023*CH~
NM1*41*2*NORTHFIELD BILLING SERVICE*****46*TGJ23~
PER*IC*[[MARISOL ESPINOZA]]*TE*[[6175550122]]*EX*231~
NM1*85*2*[[NORTHFIELD CLINIC]]*****XX*[[9876543210]]~
N3*[[234 HARBOR STREET]]~
N4*[[SALEM*OR*97301]]~
SBR*P**[[2222-SJ]]******CI~
NM1*IL*1*[[OKAFOR*AMARA*R]]***MI*[[JS00111223333]]~
DMG*D8*[[19430501]]*F~
NM1*PR*2*ACME HEALTH PLAN*****PI*999996666~
NM1*QC*1*[[ROE*TED]]~
N3*[[236 N MAIN ROAD]]*[[APT 4]]~
N4*[[NEW BRIGHTON*MN*55112]]~
CLM*[[26463774]]*100***11:B:1*Y*A*Y*I~
REF*D9*[[17312345600006351]]~
HI*BK:0340*BF:V7389~
SV1*HC:99213*40*UN*1***1~
DTP*434*RD8*[[20230103-20230105]]~
SE*37*0021~"""


def marked(text: str) -> tuple[str, list[tuple[int, int]]]:
    """Return a text without its marks, and what they stood around."""
    spans: list[tuple[int, int]] = []
    plain = ""
    for part in text.split("[["):
        value, closed, rest = part.partition("]]")
        if closed:
            spans.append((len(plain), len(plain) + len(value)))
        plain += value + rest
    return plain, spans


@pytest.mark.parametrize("claim", [CLAIM, CLAIM.replace("\n", "")])
def test_what_stands_in_segments_is_found_by_its_place(claim: str) -> None:
    """Names, addresses, identifiers and dates; what says who pays and what was done stays."""
    text, spans = marked(claim)
    found = [(one.start, one.end) for one in find(shipped(), text)]
    assert [text[start:end] for start, end in found] == [text[start:end] for start, end in spans]
    assert folded([text[at : at + 3] for at in range(0, len(text), 3)]) == (text, find(shipped(), text))


@pytest.mark.parametrize(
    ("text", "view"),
    [
        ("NM1*IL*1*ROE*JANE****MI*W1~\nN4", "NM1*IL*1*ROE*JANE****MI*W1~\nN4"),
        ("SBR*P**22-SJ~", "SBR*P**22-SJ~"),
        ("SERVICE*****XX*9876543210", "SERVICE*****XX*9876543210"),
        ("12 OAK ST~\nN4*SALEM", "12 OAK ST~\nN4*SALEM"),
        ("a*b**c~", "a*b**c~"),
        ("Ja**ne** D*oe*", "Jane D*oe"),
        ("123-**45**-6789", "123-45-6789"),
        ("12 OAK ST~\r\nN4*SALEM", "12 OAK ST~ \nN4*SALEM"),
        ("~~gone~~ it ~\n", "gone it ~\n"),
        ("**bold** *a* and **1*2*3**", "bold a and 1*2*3"),
        ("***Jane***", "Jane"),
        ("a**b", "ab"),
    ],
)
def test_asterisks_part_elements_and_else_they_are_emphasis(text: str, view: str) -> None:
    """In a token that begins a segment, or has single ones or four in a row, they are signs."""
    assert view_of(text).text == view
