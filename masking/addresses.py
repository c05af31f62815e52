"""Places by their words: postal codes with letters told from doses and codes of diseases, streets and facilities in
lower case told from plain speech."""

from __future__ import annotations

import re  # plain reading of a short value that RE2 already found; patterns below are linear

_BRITISH = re.compile(r"[A-PR-UWYZ][A-HK-Y]?\d[\dA-HJKMNPR-Y]?\d[ABD-HJLNP-UW-Z]{2}", re.ASCII)
_CANADIAN = re.compile(r"[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z]\d[ABCEGHJ-NPRSTV-Z]\d", re.ASCII)
_DUTCH = re.compile(r"[1-9]\d{3}[A-Z]{2}", re.ASCII)
_UNITS = frozenset(
    ("MG", "ML", "KG", "CM", "MM", "IU", "AM", "PM", "CT", "MR", "US", "AD", "BC", "SA", "SD", "SS", "BP")
)


def postcode(value: str) -> bool:
    """Postal code of the United Kingdom (BS 7666), Canada or the Netherlands (two letters, none of them a unit)."""
    code = "".join(value.upper().replace("-", " ").split())
    if _DUTCH.fullmatch(code):
        return code[-2:] not in _UNITS
    return _BRITISH.fullmatch(code) is not None or _CANADIAN.fullmatch(code) is not None


_NO_STREET = frozenset(
    """
mg mcg ml g kg cm mm iu units unit times time tablets tablet tabs tab pills days day weeks week months month years year
hours hour hrs minutes min puffs doses dose miles mile blocks patients people meters feet steps of the a an to for and or
on in by with at from is was were are per into out over more less other new yo old male female man woman way ways
hit ran walked drove lost crossed down off up his her their my our each every both any
""".split()
)
_NO_FACILITY = frozenset(
    """
the a an our this that these his her my your their its at in on to from for of and or with by as is was were be been
primary care outpatient inpatient ambulatory emergency urgent memory pain diabetes diabetic heart failure cardiology
cardiac oncology hematology pediatric paediatric dermatology neurology surgery surgical medical med dental eye walk-in
free mobile satellite specialty specialist acute subacute tertiary quaternary academic teaching local rural urban public
private psychiatric psychiatry mental behavioral health wellness fertility sleep stroke trauma burn wound management
anticoagulation coumadin warfarin travel vaccine vaccination lung breast cancer prostate family internal medicine rehab
rehabilitation physical occupational therapy sports concussion headache movement disorder lipid hypertension device
preop postop high elementary middle grade ob gyn urology ent orthopedic infusion chemotherapy palliative hospice nursing
home long term skilled retail online virtual critical access level data birth assisted living group general community
women's men's children's childrens veterans outside another other previous prior recent current initial last first same
nearest whole entire large small big busy regional referring receiving sending transferring index county city state
university prolonged hospital clinic postoperative day night weekend after before until during between due related
rule acute-care follow-up followup discharge admission your into and back go going come coming get getting stay school
center centre system overall good poor mother child maternal reproductive sexual student employee oral bone gut
brain skin foot kidney renal liver vascular transplant dialysis imaging research comprehensive
""".split()
)
_PLAIN = frozenset(
    "the a an our this that these his her my your their its on to from for of and or with by as is was be".split()
)
_LOWER_WORD = re.compile(r"[a-z]+(?:['-][a-z]+)*")


def street(value: str) -> bool:
    """Street in lower case: no word between the number and the kind of street belongs to plain speech."""
    words = _LOWER_WORD.findall(value.lower())
    return bool(words) and not any(word in _NO_STREET for word in words)


def facility(value: str) -> bool:
    """Facility in lower case: a word before its last one is more than a kind of care."""
    words = _LOWER_WORD.findall(value)
    return words[:1] != [] and words[0] not in _PLAIN and any(word not in _NO_FACILITY for word in words[:-1])
