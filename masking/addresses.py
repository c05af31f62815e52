"""Places by their words: what a phrase cannot tell.

Postal codes with letters are told from doses and codes of diseases, streets and facilities in lower case from plain
speech.
"""

from __future__ import annotations

import re  # plain reading of a short value that RE2 already found; patterns below are linear

_BRITISH = re.compile(r"[A-PR-UWYZ][A-HK-Y]?\d[\dA-HJKMNPR-Y]?\d[ABD-HJLNP-UW-Z]{2}", re.ASCII)
_CANADIAN = re.compile(r"[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z]\d[ABCEGHJ-NPRSTV-Z]\d", re.ASCII)
_DUTCH = re.compile(r"[1-9]\d{3}[A-Z]{2}", re.ASCII)
_IRISH = re.compile(r"[AC-FHKNPRTV-Y]\d[\dW][0-9AC-FHKNPRTV-Y]{4}", re.ASCII)
_STAGE = re.compile(r"T\dN\dM\d", re.ASCII)
_UNITS = frozenset(
    ("MG", "ML", "KG", "CM", "MM", "IU", "AM", "PM", "CT", "MR", "US", "AD", "BC", "SA", "SD", "SS", "BP")
)


def postcode(value: str) -> bool:
    """Postal code of the United Kingdom (BS 7666), Canada, Ireland or the Netherlands; no unit, no tumour stage."""
    code = "".join(value.upper().replace("-", " ").split())
    if _DUTCH.fullmatch(code):
        return code[-2:] not in _UNITS
    return _STAGE.fullmatch(code) is None and any(shape.fullmatch(code) for shape in (_BRITISH, _CANADIAN, _IRISH))


_PLAIN_SPEECH = """
a an and any are at blocks both by cm crossed day days dose doses down drove each every feet female for from g her his
hit hour hours hrs in into is iu kg less lost male man mcg meters mg mile miles min minutes ml mm month months more my
new of off old on or other our out over patients people per pills puffs ran steps tab tablet tablets tabs the their
time times to unit units up walked was way ways week weeks were with woman year years yo
"""
_KINDS_OF_CARE = """
a academic access acute acute-care admission after ambulatory an and another anticoagulation as assisted at back be
been before behavioral between big birth bone brain breast burn busy by cancer cardiac cardiology care center centre
chemotherapy child children's childrens city clinic come coming community comprehensive concussion coumadin county
critical current data day dental dermatology device diabetes diabetic dialysis discharge disorder due during
elementary emergency employee ent entire eye failure family fertility first follow-up followup foot for free from
general get getting go going good grade group gut gyn headache health heart hematology her high his home hospice
hospital hypertension imaging in index infusion initial inpatient internal into is its kidney large last level lipid
liver living local long lung management maternal med medical medicine memory men's mental middle mobile mother
movement my nearest neurology night nursing ob occupational of on oncology online or oral orthopedic other our
outpatient outside overall paediatric pain palliative pediatric physical poor postop postoperative preop previous
primary prior private prolonged prostate psychiatric psychiatry public quaternary receiving recent referring regional
rehab rehabilitation related renal reproductive research retail rule rural same satellite school sending sexual
skilled skin sleep small specialist specialty sports state stay stroke student subacute surgery surgical system
teaching term tertiary that the their therapy these this to transferring transplant trauma travel university until
urban urgent urology vaccination vaccine vascular veterans virtual walk-in warfarin was weekend wellness were whole
with women's wound your
"""
_PART_WORDS = """
a after an another any as at be been before by can come coming could each every for from go going had has have he her
him his i in into is it it's its local me my no not on other our over same she should that their then these they this
to us was we were when will with would you your
"""
_KINDS_OF_STREET = """
ave avenue blvd boulevard cir circle court ct dr drive highway hwy lane ln parkway pkwy pl place rd road st street
terrace trail way
"""
_NO_STREET = frozenset(_PLAIN_SPEECH.split())
_NO_FACILITY = frozenset(_KINDS_OF_CARE.split())
_NO_PART = frozenset(_PART_WORDS.split())
_STREETS = frozenset(_KINDS_OF_STREET.split())
_LOWER_WORD = re.compile(r"[a-z]+(?:['-][a-z]+)*")


def street(value: str) -> bool:
    """Street in lower case: no word between the number and the kind of street belongs to plain speech."""
    for place, word in enumerate(_LOWER_WORD.findall(value.lower())):
        if place and word in _STREETS:
            return True
        if word in _NO_STREET:
            return False
    return False


def facility(value: str) -> bool:
    """Facility in lower case: a word before its last one is more than a kind of care, and none is plain speech."""
    words = _LOWER_WORD.findall(value)[:-1]
    return not any(word in _NO_PART for word in words) and any(word not in _NO_FACILITY for word in words)


def town(value: str) -> bool:
    """Town in lower case, where one is expected: its words are no plain speech, and no kind of care or unit."""
    words = _LOWER_WORD.findall(value)
    if not words or words[0] in _NO_FACILITY:
        return False
    return not any(word in _NO_PART or word in _NO_STREET for word in words)
