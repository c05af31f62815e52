r"""Telephone, fax, electronic mail, web and network addresses: as people write and say them.

`[[ ]]` stands around what must be covered, letter by letter; `\\n` is a line end. All values are made up.
"""

from __future__ import annotations

import pytest
from shipped import shipped

from masking import Memory, find

WRITTEN = r"""
call [[555-010-0199]]
call [[(555) 010-0199]]
phone: [[5550100199]]
[[555.010.0199]]
tel [[+1 (555) 010-0199]]
[[+1-555-010-0199]]
[[1-555-010-0199]]
[[15552340199]] is her cell
call her at [[555-0199]]
call bid [[5551 2345]]
phone daily: [[0612 1403 2219]]
bell him on [[5551 2345]]
pager [[44321]]
ext. [[4432]]
call [[555-010-0199 ext. 443]]
[[555-010-0199 x443]]
call [[555-010-0199, extension 44]]
call [[1-800-555-CARE]]
[[+44 20 7946 0958]]
[[020 7946 0958]]
[[07700 900123]]
[[+44 (0)20 7946 0958]]
[[030 1234567]]
[[0151 12345678]]
Tel. [[0621/500139]]
[[+49 (0) 449 812100]]
[[+49 30 1234567]]
[[01 23 45 67 89]]
[[01.23.45.67.89]]
[[+33 1 23 45 67 89]]
Tél. [[06 12 34 56 78]]
teléfono [[612 345 678]]
[[+34 612 345 678]]
tel. [[22 123 45 67]]
[[+48 612 345 678]]
[[06-12345678]]
[[+31 6 12345678]]
[[+55 11 91234-5678]]
[[(11) 91234-5678]]
[[+91 98765 43210]]
mobile [[98765 43210]]
[[022-12345678]]
[[+39 06 6982 1234]]
cell. [[340 1234567]]
[[+86 138 0013 8000]]
[[+81-3-1234-5678]]
[[+61 412 345 678]]
ring [[five five five oh one two three]]
call [[five five five - oh one two three]]
cell is [[five five five zero one zero zero one nine nine]]
her number is [[double five five oh one oh oh one double nine]]
call [[5 5 5 0 1 0 0 1 9 9]]
call [[(5 5 5) 0 1 0 - 0 1 9 9]]
phone [[555-010-\n0199]]
fax [[555-010-0198]]
Fax# [[5550100198]]
facsimile: [[(555) 010-0198]]
fax to [[030 1234567]]
whatsapp [[+55 11 91234-5678]]
reach him on [[555 010 0199]]
email [[jane.doe@example.org]]
[[JANE.DOE@EXAMPLE.ORG]]
<[[jane_doe+x@mail.example.co.uk]]>
mailto:[[j-d@example.org]]
[[jörg.müller@kälte.example]]
[[用户@例子.公司]]
[[jane@xn--klte-loa.example]]
email [[jane dot doe at example dot com]]
[[jane.doe [at] example [dot] com]]
[[jane.doe(at)example.com]]
[[o'brien@example.org]]
see [[https://portal.example.org/p/123?x=1]].
([[http://janedoe.example.com/blog]])
[[www.janedoe.example.com]]
[[https://例子.example/路径]]
on [[facebook.com/jane.doe]]
[[https://www.instagram.com/jdoe/]]
from [[192.0.2.17]]
IP: [[203.0.113.9]]
[[2001:db8::8a2e:370:7334]]
[[fe80::1ff:fe23:4567:890a]]
IP [[2001:db8:85a3:8d3:1319:8a2e:370:7348]]
twitter handle [[@jdoe_97]]
Instagram: [[@jane.doe]]
photo [[IMG_4432_jdoe.jpg]]
call [[(614)\n555-5235]] now
"""


def _rows(table: str) -> list[str]:
    return [row.replace("\\n", "\n") for row in table.strip().split("\n")]


def _covered(text: str) -> set[int]:
    """Return the places of all letters and digits that are masked."""
    findings = find(shipped(), text, memory=Memory())
    return {place for found in findings for place in range(found.start, found.end) if text[place].isalnum()}


@pytest.mark.parametrize(
    "text", ["Heparin q8h 0600 1400 2200", "vancomycin bid 0900 2100", "feeds | q6h | 0000 0600 1200 1800"]
)
def test_times_in_a_row_are_no_telephone(text: str) -> None:
    """Hours of the day behind how often a drug is given stay."""
    assert find(shipped(), text) == []


@pytest.mark.parametrize("around", ["%s", "Patient stable today, %s and doing well.", "%s\nnext line of text"])
@pytest.mark.parametrize("row", _rows(WRITTEN))
def test_addresses_as_they_are_written(row: str, around: str) -> None:
    """Every letter and digit of the value is masked, wherever the sentence stands."""
    before, value, after = (around % row).replace("]]", "[[").split("[[")
    wanted = {len(before) + place for place, char in enumerate(value) if char.isalnum()}
    assert wanted <= _covered(before + value + after)
