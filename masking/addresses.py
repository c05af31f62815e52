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
a abortion academic access acute acute-care addiction admission adolescent adult after after-hours afternoon allergy
ambulatory an and animal another antenatal anticoag anticoagulation army arrhythmia as assessment assisted asthma at
back bariatric be been before behavioral between big birth blood bone bone-density brain breast burn busy by cancer
cardiac cardiology care cataract center centre chemotherapy chest child children's childrens city cleft clinic closest
colposcopy combined come coming community comprehensive concussion consultant continence copd cottage coumadin county
critical current data day dental dermatology detox device dexa diabetes diabetic dialysis different discharge disorder
district donor drop-in due during elementary emergency employee endocrine endometriosis endoscopy ent entire evening
except eye face-to-face failure falls family fast-track fertility field first follow-up followup foot for forensic
fracture free from gastro general get getting glaucoma go going good gout grade group gum gut gyn hand headache health
heart heart-failure hematology hepatitis her hernia high his hiv home hospice hospital hub hypertension hysteroscopy
imaging immunisation immunization in index infusion initial injuries inpatient inr internal into iron is its ivf joint
kidney large last led leg level lipid liver living local long lunchtime lung lymphedema lymphoedema management
maternal maternity mdt med medical medicine memory men's menopause mental metabolic methadone middle midwife midwives
military minor mission mobile monthly morning mother movement ms multidisciplinary my naval nearest needle-exchange
neighboring neighbouring neuro neurology new newborn night nurse nurse-led nursing ob occupational of old on oncall
oncology one-day one-stop online or oral orthopedic other our out-of-hours outpatient outreach outside overall
pacemaker paediatric paeds pain palliative parkinson's parkinsons pediatric peds peripheral physical physio
physiotherapy podiatry poor post-op postnatal postop postoperative pre-assessment pre-op preassessment prenatal preop
previous primary prior prison private procedure prolonged prostate psychiatric psychiatry public quaternary rapid
receiving recent recovery referring regional registrar rehab rehabilitation related remote renal reproductive research
resp respiratory results retail retina review rheum rheumatology rule rural same satellite school school-based second
sending sexual shared skilled skin sleep small smoking specialist specialty spinal spine sports staff state stay stoma
stroke student subacute surgery surgical syncope system tb teaching telephone term tertiary that the their therapy
these third this thyroid tia to transferring transition transplant trauma travel two-week ulcer ulcers university
until urban urgent urology vaccination vaccine valve vascular vein veins vet veterans veterinary video virtual walk-in
warfarin was weekday weekend weekly weight wellness were whole with women's wound young your
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
_KINDS_OF_PLACES = """
a academic access acute adult after aged all ambulance amusement an anglican another any assisted back bad ball
baptist base bathroom bay bed behavioral behavioural big bike boarding boiling both bottling bottom breaking bumpy bus
business busy bypass car caravan cardiac care catholic central chemical chicken child children's christian chronic
city coal coffee community copper corn corner cotton country county covered cricket critical dairy dance data day
decimal dental dirt district dog driving dual each end entry evangelical every exclamation exit eye fairly family
farmers fast few field fifth final fire first fish flea flour focal follow-up foot football foster fourth freezing
frequent friend's front frontage further gallows garden gas general gold golf good grade grammar grandparents gravel
ground group half-way halfway hard heart helicopter her high high-speed hindu his hobby home hospital hydro icy indoor
industrial injurious inpatient intensive jewish lake large last law lead left level little loading local long low
lower lutheran main many meat mechanical medical memory men's mental methodist metro mid middle minor more mountain
mouth multiple music muslim my narrow national nearby nearest neighbor's neighbour's new next night no nuclear nursing
observation occupational ocean old one open open-air open-cut oral other our outdoor outpatient outside packing
paddling palliative paper parent parents parish passed past patient petrol pig playing police population poultry power
prep pressure previous primary prior private public quiet railway recovery recurrent repeated residential respite rest
resus retirement rice right ring risk river rolling routine rugby rural safe salt same sandy saw scanner second
secondary self senior serious service set several sewage sex sexual shared sharp sheep shopping short sick side sikh
single skate skilled skin slip slips slow small soccer solar some special sports stairs standard start starting state
steel steep stridor summer sunday super suspension swimming teaching temporary tennis tertiary test textile that the
their theme therapy thermal these third this those three toll top town trailer train trauma treatment tree triage
trigger trip trips tube turning two unit university unwitnessed upper urban urgent usual very village ward water
weekly wet whole wind winding winter witnessed women's work work's wound wrong your
"""
_NO_STREET = frozenset(_PLAIN_SPEECH.split())
_NO_FACILITY = frozenset(_KINDS_OF_CARE.split())
_NO_PART = frozenset(_PART_WORDS.split())
_NO_LANDMARK = frozenset(_KINDS_OF_PLACES.split())
_STREETS = frozenset(_KINDS_OF_STREET.split())
_LOWER_WORD = re.compile(r"[a-z]+(?:['-][a-z]+)*")
_ANY_WORD = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*")


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


def landmark(value: str) -> bool:
    """Road, land or house that is named: no word before its last one only says of which kind it is."""
    words = _ANY_WORD.findall(value.lower())
    return not words[:-1] or not any(word in _NO_LANDMARK for word in words[:-1])
