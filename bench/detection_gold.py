"""Gold labels: reading labelled text, and saying which characters of a labelled value identify someone.

Corpora label more than Safe Harbor asks for, and less exactly than a scorer needs. What stands here is judged the same
for every engine: titles, credentials and words such as "Patient ID" inside a value do not identify; clock times, bare
years, weekdays, relative days, ages under 90, states, countries, organisations and nationalities are no identifiers
(45 CFR 164.514(b)(2)(i)). A value of which nothing is left counts neither for nor against.
"""

from __future__ import annotations

import html
import json
import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from bench.synthetic.document import Document, Gold

if TYPE_CHECKING:
    from pathlib import Path

IDENTIFIERS = {
    "PERSON": "NAME",
    "DISPLAY_NAME": "NAME",
    "GEOGRAPHIC_LOCATION": "ADDRESS",
    "STREET_ADDRESS": "ADDRESS",
    "GPE": "ADDRESS",
    "LOCATION": "ADDRESS",
    "ZIP_CODE": "ZIP",
    "DATE_TIME": "DATE",
    "PHONE_NUMBER": "PHONE",
    "FAX_NUMBER": "FAX",
    "EMAIL_ADDRESS": "EMAIL",
    "SOCIAL_SECURITY_NUMBER": "SSN",
    "US_SSN": "SSN",
    "MEDICAL_RECORD_NUMBER": "MRN",
    "HEALTH_PLAN_BENEFICIARY_NUMBER": "HEALTH_PLAN",
    "ACCOUNT_NUMBER": "ACCOUNT",
    "CERTIFICATE_LICENSE_NUMBER": "LICENSE",
    "US_DRIVER_LICENSE": "LICENSE",
    "VEHICLE_IDENTIFIER": "VEHICLE",
    "DEVICE_IDENTIFIER": "DEVICE",
    "DOMAIN_NAME": "URL",
    "WEB_URL": "URL",
    "IP_ADDRESS": "IP",
    "CREDIT_CARD": "CARD",
    "IBAN_CODE": "IBAN",
    "UNIQUE_IDENTIFIER": "OTHER_ID",
    "IDENTIFIER": "OTHER_ID",
}
"""What other makers' labels are called here; a label that is not listed keeps its name."""

NEUTRAL = frozenset({"ORGANIZATION", "TITLE", "NRP", "NORP", "PROFESSION"})
NUMBERS = frozenset(
    {"SSN", "MRN", "HEALTH_PLAN", "ACCOUNT", "LICENSE", "OTHER_ID", "PHONE", "FAX", "NPI", "DEA", "DEVICE", "VEHICLE"}
    | {"CARD", "IBAN"}
)
"""Identifiers that always hold a digit."""

OLDEST_AGE = 89

_WORD = re.compile(r"[^\W_]+")
_ENCODED = re.compile(r"(?:%[0-9A-Fa-f]{2})+|&(?:#[0-9]+|#[xX][0-9A-Fa-f]+|[a-z]+);")
_TITLE_WORDS = """
dr doctor mr mrs ms miss mx prof professor sir madam nurse md do phd rn np pa dds crna cnm lpn esq fru herr frau
sr sra mme
"""
_CUE_WORDS = """
patient patients pt id ids identifier number numbers num no nr mrn record records chart case site member account
acct policy plan insurance group ssn npi dea license licence phone fax tel telephone mobile cell email is was
dob born date
"""
_DATE_WORDS = """
the of on in at from since last next this past early mid late day week month year morning afternoon evening night am pm
monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs fri sat sun
"""
_SAID_WORDS = """
zero oh o one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred double triple dash
"""
_FEWEST_SAID = 3
_SAID_OLD = frozenset({"ninety", "hundred"})
_SAID = frozenset(_SAID_WORDS.split())
_TITLES = frozenset(_TITLE_WORDS.split())
_CUES = frozenset(_CUE_WORDS.split())
_DATE_FILLERS = frozenset(_DATE_WORDS.split())
_MONTH = re.compile(r"(?i)\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)")
_CLOCK = re.compile(
    r"(?i)[T ]?\b\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?: ?[ap]\.?m\b\.?)?(?:Z|[+-]\d{2}:?\d{2})?|T\d{2}:\d{2}\S*"
)
_YEAR = re.compile(r"(?:1[89]|20)\d{2}s?")
_ADDRESS_PART = re.compile(r"[^,\n]+")
_STATE_NAMES = """
alabama, alaska, arizona, arkansas, california, colorado, connecticut, delaware, florida, georgia, hawaii,
idaho, illinois, indiana, iowa, kansas, kentucky, louisiana, maine, maryland, massachusetts, michigan,
minnesota, mississippi, missouri, montana, nebraska, nevada, ohio, oklahoma, oregon, pennsylvania, tennessee,
texas, utah, vermont, virginia, wisconsin, wyoming, al, ak, az, ar, ca, co, ct, de, fl, ga, hi, id, il, in, ia,
ks, ky, la, me, md, ma, mi, mn, ms, mo, mt, ne, nv, nh, nj, nm, ny, nc, nd, oh, ok, or, pa, ri, sc, sd, tn, tx,
ut, vt, va, wa, wv, wi, wy, dc, pr, new hampshire, new jersey, new mexico, north carolina, north dakota, rhode
island, south carolina, south dakota, west virginia, puerto rico
"""
_STATES = frozenset(re.split(r",\s+", _STATE_NAMES.strip()))
_COUNTRY_NAMES = """
afghanistan, albania, algeria, andorra, angola, argentina, armenia, australia, austria, azerbaijan, bahamas,
bahrain, bangladesh, barbados, belarus, belgium, belize, benin, bhutan, bolivia, botswana, brazil, brunei,
bulgaria, burundi, cambodia, cameroon, canada, chad, chile, china, colombia, comoros, congo, croatia, cuba,
cyprus, czechia, denmark, dominica, ecuador, egypt, eritrea, estonia, eswatini, ethiopia, fiji, finland, france,
gabon, gambia, germany, ghana, greece, greenland, grenada, guatemala, guinea, guyana, haiti, honduras, hungary,
iceland, india, indonesia, iran, iraq, ireland, israel, italy, jamaica, japan, jordan, kazakhstan, kenya,
kiribati, kosovo, kuwait, kyrgyzstan, laos, latvia, lebanon, lesotho, liberia, libya, liechtenstein, lithuania,
luxembourg, madagascar, malawi, malaysia, maldives, mali, malta, mauritania, mauritius, mexico, moldova, monaco,
mongolia, montenegro, morocco, mozambique, myanmar, namibia, nauru, nepal, netherlands, nicaragua, niger,
nigeria, norway, oman, pakistan, palau, panama, paraguay, peru, philippines, poland, portugal, qatar, romania,
russia, rwanda, samoa, senegal, serbia, seychelles, singapore, slovakia, slovenia, somalia, spain, sudan,
suriname, sweden, switzerland, syria, taiwan, tajikistan, tanzania, thailand, togo, tonga, tunisia, turkey,
turkmenistan, tuvalu, uganda, ukraine, uruguay, uzbekistan, vanuatu, venezuela, vietnam, yemen, zambia,
zimbabwe, usa, us, uk, uae, deutschland, españa, italia, österreich, schweiz, polska, brasil, england, scotland,
wales, united states, united states of america, united kingdom, united arab emirates, new zealand, south africa,
south korea, north korea, saudi arabia, sri lanka, costa rica, el salvador, czech republic, northern ireland,
the netherlands, cyprus (greek)
"""
_COUNTRIES = frozenset(re.split(r",\s+", _COUNTRY_NAMES.strip()))


def identifier(label: str) -> str:
    """Return our name for a label."""
    return IDENTIFIERS.get(label.upper(), label.upper())


def identifying(value: str, label: str) -> list[tuple[int, int]]:
    """Return the stretches of letters and digits of a labelled value that identify someone; none if it is neutral."""
    kind = identifier(label)
    value = _ENCODED.sub(_without_separator, value)
    words = [(match.start(), match.end(), match.group().lower()) for match in _WORD.finditer(value)]
    said = [(start, end) for start, end, word in words if word in _SAID or len(word) == 1]
    if kind in NUMBERS | {"DATE"} and len(said) == len(words) >= _FEWEST_SAID and not value.isupper():
        return said
    if kind in NEUTRAL or (kind in NUMBERS and not any(char.isdigit() for char in value)):
        return []
    if kind == "NAME":
        return [(start, end) for start, end, word in words if word not in _TITLES | _CUES]
    if kind == "DATE":
        return _date(value, words)
    if kind == "ADDRESS":
        return _address(value)
    if kind == "AGE" and _SAID_OLD & {word for _, _, word in words}:
        return [(start, end) for start, end, word in words if word in _SAID]
    if kind == "AGE":
        return [(start, end) for start, end, word in words if word.isdecimal() and int(word) > OLDEST_AGE]
    if kind == "EMAIL" and "@" not in value and " at " not in value:
        return []
    if kind in NUMBERS:
        return [(start, end) for start, end, word in words if word not in _CUES]
    return [(start, end) for start, end, _ in words]


def _without_separator(match: re.Match[str]) -> str:
    """Return spaces for what spells spaces or signs between words, encoded as in a URL or in HTML."""
    spelled = html.unescape(unquote(match[0]))
    spells = spelled != match[0] and not any(map(str.isalnum, spelled))
    return " " * len(match[0]) if spells else match[0]


def _date(value: str, words: list[tuple[int, int, str]]) -> list[tuple[int, int]]:
    clocks = [match.span() for match in _CLOCK.finditer(value)]
    words = _without_clock_tail(value, words)
    left = [(s, e, word) for s, e, word in words if not any(a < e and s < b for a, b in clocks)]
    left = [part for part in left if part[2] not in _DATE_FILLERS]
    numbers = [word for _, _, word in left if any(char.isdigit() for char in word)]
    if not _MONTH.search(value) and all(_YEAR.fullmatch(word) for word in numbers):
        return []  # bare years, weekdays and relative days
    return [(start, end) for start, end, _ in left]


def _without_clock_tail(value: str, words: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Cut words that run from a date into its time: in `2024-03-05T10:00` the day and the hour are one word."""
    cut: list[tuple[int, int, str]] = []
    for start, end, word in words:
        head, mark, tail = word.partition("t")
        if mark and head.isdecimal() and tail.isdecimal() and value[end : end + 1] == ":":
            cut.append((start, start + len(head), head))
        else:
            cut.append((start, end, word))
    return cut


def _address(value: str) -> list[tuple[int, int]]:
    kept: list[tuple[int, int]] = []
    for part in _ADDRESS_PART.finditer(value):
        words = [(m.start() + part.start(), m.end() + part.start()) for m in _WORD.finditer(part.group())]
        plain = " ".join(value[a:b] for a, b in words if not any(char.isdigit() for char in value[a:b])).lower()
        if plain in _STATES or plain in _COUNTRIES or part.group().strip().lower() in _COUNTRIES:
            words = [(a, b) for a, b in words if any(char.isdigit() for char in value[a:b])]
        kept.extend(words)
    return kept


def read_rows(path: Path) -> list[Document]:
    """Read a `.jsonl` file of `{id, text, spans: [{start, end, label}]}` rows. Raises ValueError for bad spans."""
    documents = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        row = json.loads(line)
        spans = tuple(
            Gold(int(span["start"]), int(span["end"]), str(span["label"]), str(span.get("kind", "")))
            for span in sorted(row["spans"], key=lambda span: (span["start"], span["end"]))
        )
        if any(not 0 <= span.start < span.end <= len(row["text"]) for span in spans):
            raise ValueError(f"{path.name}, line {number}: a span lies outside its text")
        documents.append(Document(str(row.get("id", number)), row["text"], spans))
    return documents


def write_rows(path: Path, documents: list[Document]) -> None:
    """Write labelled text in the form that `read_rows` reads."""
    rows = (
        {
            "id": document.id,
            "text": document.text,
            "spans": [{"start": s.start, "end": s.end, "label": s.label, "kind": s.kind} for s in document.spans],
        }
        for document in documents
    )
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
