r"""Record numbers, plans, licences, devices, national numbers: as people write them, and what is none.

`[[ ]]` stands around what must be covered, letter by letter; `\\n` is a line end. All values are made up.
"""

from __future__ import annotations

import pytest
from shipped import shipped

from masking import Memory, find

WRITTEN = r"""
insurance card (last one [[WVX771R54103]])
WOOD, GERTRUDE ([[ZKA5174]]) K 6.8
Wristband says [[AFA-80-27223]].
Officer Roe, badge [[8841]], and
his privacy code is [[4471]].
member id is [[j q k eight oh three w one two nine]] his
accession [[c t 2 4 0 8 8 1 7 3]] she has
MRN#: [[0012-3456]]
MRN [[00123456]]
mrn is [[a4432-9]]
mrn recently changed to [[4432917]]
MRN[[12345678]]
(mrn: [[88 12 34 56]])
MRN - [[E1234567]]
**MRN:** [[00123456]]
| MRN | [[00123456]] |
Medical Record Number: [[MR-2231-88]]
medical record # [[7781234]]
med rec no [[88-12-34]]
Chart #[[A99812]]
chart number [[4432917]]
hospital number [[RXK123456]]
Unit No: [[85-07-66]]
patient ID [[PT-00991]]
pt id#[[99812]]
patient_id=[[4432917]]
Patient identifier is [[4432917]]
record number [[4432917]]
the pt's mrn: [[four four three two nine one seven]]
patient [[12345AB]] has sepsis
what are labs for [[77812345]]?
MRN [[AB one two CD three four]]
member ID [[one EG four - TE five - MK seven three]]
Roe, Jane [[9 2 5 4 5 7]] admitted
UDI [[0 1)0 0 4 2 4 0 3 0 3 3 2 9 5 3(1 7)2 4 3 3 7 1]]
card ending in [[4242]]
Henkilötunnus: [[131052-308T]]
SVNR [[1173 020367]]
Rijksregisternummer: [[85.07.30-033.28]]
medical record number [[five six three six four four three three]]
MRN [[4 4 3 2 9 1 7]]
MRN: [[SF-998877]]
MRN: [[SF-\n998877]]
M.R.N. [[4432917]]
MR# [[4432917]]
UHID [[HUSW-44236]]
Patientennummer: [[4432917]]
Fallnummer [[20/44329]]
numéro de dossier : [[4432917]]
N° de dossier [[44329-A]]
NHC [[4432917]]
historia clínica nº [[4432917]]
SSN [[123-45-6789]]
ssn [[123456789]]
SSN: [[123 45 6789]]
social security no. [[123.45.6789]]
her social is [[123 45 6789]]
SSN last four [[6789]]
last 4 of SSN: [[6789]]
last four digits are [[6789]]
SSN ending in [[6789]]
SSN [[xxx-xx-6789]]
SSN: [[XXX-XX-6789]]
[[1 2 3 - 4 5 - 6 7 8 9]]
ssn is [[one two three four five six seven eight nine]]
social security number [[one twenty three forty five sixty seven eighty nine]]
SSN [[123-45-\n6789]]
Member ID [[W123 456 789]]
member id: [[XYZ123456789]]
policy [[XYZ-12345-01]]
Policy #: [[H-1234567]]
insurance ID [[ABC123]]
Group No. [[0099812]]
group # [[A8261145]]
Medicare [[1EG4-TE5-MK73]]
MBI [[1EG4TE5MK73]]
Medicare number: [[1EG4 TE5 MK73]]
Medicaid ID [[12345678A]]
subscriber ID: [[884412345]]
insurance is Aetna, ID [[W123456789]]
Blue Cross [[FP-393247]]
HICN [[123-45-6789-A]]
Health card [[8NV1PM7UR70]]
acct no. [[4432-99-1]]
Account #[[1234567890]]
account number ending [[44321]]
bank acct [[892240-39]]
billing account: [[ACCT-443291]]
routing [[021000021]]
Invoice no. [[INV-20231]]
IBAN [[GB82 WEST 1234 5698 7654 32]]
iban: [[de89370400440532013000]]
Visit # [[44329178]]
CSN: [[100443291]]
driver's license [[D1234567]]
DL# [[S123-4567-8901]]
license no. [[MD123456]]
lic # [[RN-419082]]
passport [[C01X00T47]]
passport no [[123456789]]
DEA [[AB1234563]]
DEA number: [[BS9876543]]
NPI [[1234567893]]
NPI#: [[1234567893]]
npi [[1 2 3 4 5 6 7 8 9 3]]
VIN [[1M8GDM9AXKP042788]]
plate [[7ABC123]]
license plate number is [[ABC 1234]]
plate: [[AB12 CDE]]
registration [[LX07 ABC]]
serial number [[SN-4432190]]
S/N: [[LJR739522Y]]
serial # [[44321909]]
pacemaker serial [[PJN443219H]]
device ID [[D-44321-X]]
lot [[A44321]]
IMEI [[490154203237518]]
MAC address [[00:1a:2b:3c:4d:5e]]
MAC [[00-1A-2B-3C-4D-5E]]
Accession [[S21-00412]]
accession # [[ACC88213991]]
specimen ID: [[SP-44321]]
order number [[44329178]]
encounter [[100443291]]
Encounter ID: [[E-443291]]
claim [[CLM443219881]]
claim no. [[2023-443291]]
referral # [[R443291]]
Rx# [[7443291]]
rx number [[0443-29178]]
case no. [[2021-44329]]
employee ID [[E44329]]
student id [[STU834494]]
badge #[[44329]]
study subject [[SUBJ-1048]]
subject ID [[PT-MZ-956]]
confirmation [[XK44P29]]
tracking number [[1Z999AA10123456784]]
ticket [[INC0044329]]
prior auth # [[PA4432918]]
fingerprint ID [[FP-443291]]
biometric template [[BIO-4432-AX]]
iris scan [[IRIS4432917]]
ID# [[LUP-98765]]
ID: [[44329178]]
No. [[4432917]]
NHS number [[943 476 5919]]
NHS no: [[9434765919]]
NI number [[QQ 12 34 56 C]]
NINO [[AB123456C]]
Versichertennummer [[A123456780]]
KVNR: [[A123456780]]
n° de sécurité sociale [[2 55 08 14 168 025 38]]
N° SS : [[255081416802538]]
DNI [[12345678Z]]
NIE: [[X1234567L]]
codice fiscale [[RSSMRA85T10A562S]]
C.F. [[RSSMRA85T10A562S]]
BSN [[123456782]]
PESEL [[44051401359]]
CPF [[123.456.789-09]]
CPF: [[12345678909]]
Aadhaar [[4908 4012 2416]]
aadhaar no. [[490840122416]]
Medicare number [[2123 45670 1]]
ABHA [[14-4432-1098-7765]]
SIN [[046 454 286]]
personnummer [[640823-3234]]
CURP [[HEGG560427MVZRRL04]]
card [[4111 1111 1111 1111]]
credit card: [[4111-1111-1111-1111]]
visa [[4111111111111111]]
amex [[3782 822463 10005]]
[[4111 1111 1111 1111]]
"""

PUBLIC = r"""
Name,Lot\nJane,EK9231
variant V600E and C22H43N5O13
0940   7.35  42    288   22.8  -2.4  7.9   4.8  1.02
Free T4 0.98 ng/dL (0.82-1.77)
metformin 1000 mg twice daily
BP 120/80, HR 72, RR 18, SpO2 98%, T 37.2
Na 140, K 4.1, Cl 102, HCO3 24, BUN 14, Cr 0.9
WBC 12,500 platelets 150000
CPT 99213 and 99214
ICD-10 E11.65, I10, J44.1
LOINC 2823-3 potassium
SNOMED 73211009
RxNorm 860975
NDC 0002-1433-80
PMID 31234567
doi:10.1056/NEJMoa1511939
NCT01234567
version 1.2.3.4
Python 3.11.4
claude-opus-4-1-20250805
uuid 550e8400-e29b-41d4-a716-446655440000
commit 3f2a9c1d7b
sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
from 2019-2021
room 412
in 2021 she had
PHQ-9 of 17
APACHE II 23
CHA2DS2-VASc 4
eGFR 28 mL/min
call 911
call or text 988
dial 1-800-222-1222
noreply@anthropic.com
http://localhost:8080/v1/messages
10.0.0 release
listen 0.0.0.0:8080
port 5432
the plan is to start 20 units
group of 120 patients
order 2 units of blood
case series of 12 patients
study of 1200 participants
policy changed in 2019
in the account of 2020
license renewed in 2023
lot of 40 pills
grade 3 2 1
scale 0 1 2 3 4 5 6 7 8 9 10
one two three four five six seven eight nine ten
five milligrams two times a day
take one or two tablets every four to six hours
he drinks two to three beers
oxygen at two to four liters
LY3002813 phase 2
COVID-19, SARS-CoV-2
CA-125 and CA 19-9
HLA-B27
BRCA1 c.68_69delAG
p.Val600Glu
rs6025
chr7:140453136
timestamp 1732271400
epoch 1732271400000 ms
size 10485760 bytes
0x7fff5fbff8a0
tests/test_x.py:123
line 12345
2 + 2 = 4
12-34 weeks
1-2-3 rule
1/2/3
3.5-5.1 mmol/L
pt has 3 kids aged 5 7 9
dose 5-10-20-40 mg
100 200 300 400
medical records from 2019 to 2021
medical record of 120 patients
insurance covers 80 percent
contact in 6 weeks
called 3 times in 2 days
phone visit in 2021
text 12
reach 120 mmHg
pages 1203-1210
NEJM 2015;373:2117-28
Lancet 2020;395(10229):1054-62
p<0.0001
HbA1c 7.2
FEV1 65%
L4-L5
T12
1:80000
INR 2.5
GCS 15
Apgar 8 and 9
Ca 9.8 Mg 2.0 Phos 3.2
ISO 27001
RFC 7231
45 CFR 164.514
HTTP 404
CVE-2021-44228
Type 2
3 x 4 x 5 cm
react@18.2.0
@dataclass
std::vector
10:20:30
2023-11-14T10:20:30Z
$12,345,678
1,234,567
model XPS 13 9310
Mosteller formula sqrt(180*75/3600)
1.73
DSM-5 296.32
MS-DRG 470
HCPCS G0438
"""


def _rows(table: str) -> list[str]:
    return [row.replace("\\n", "\n") for row in table.strip().split("\n")]


def _covered(text: str) -> set[int]:
    """Return the places of all letters and digits that are masked."""
    findings = find(shipped(), text, memory=Memory())
    return {place for found in findings for place in range(found.start, found.end) if text[place].isalnum()}


@pytest.mark.parametrize("around", ["%s", "Patient stable today, %s and doing well.", "%s\nnext line of text"])
@pytest.mark.parametrize("row", _rows(WRITTEN))
def test_numbers_as_they_are_written(row: str, around: str) -> None:
    """Every letter and digit of the value is masked, wherever the sentence stands."""
    before, value, after = (around % row).replace("]]", "[[").split("[[")
    wanted = {len(before) + place for place, char in enumerate(value) if char.isalnum()}
    assert wanted <= _covered(before + value + after)


@pytest.mark.parametrize("around", ["%s", "She has %s per the note."])
@pytest.mark.parametrize("row", _rows(PUBLIC))
def test_numbers_that_are_nobodys_stay(row: str, around: str) -> None:
    """Doses, results, codes of catalogues, versions, digests and public help lines are no identifiers."""
    text = around % row
    others = {"NAME", "ADDRESS", "ZIP", "DATE", "AGE"}
    assert [found for found in find(shipped(), text, memory=Memory()) if found.identifier not in others] == []
