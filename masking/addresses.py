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
ambulatory an and another antenatal anticoag anticoagulation arrhythmia as assessment assisted asthma at back
bariatric be been before behavioral between big birth bone bone-density brain breast burn busy by cancer cardiac
cardiology care cataract center centre chemotherapy chest child children's childrens city cleft clinic closest
colposcopy combined come coming community comprehensive concussion consultant continence copd coumadin county critical
current data day dental dermatology detox device dexa diabetes diabetic dialysis different discharge disorder district
donor drop-in due during elementary emergency employee endocrine endometriosis endoscopy ent entire evening eye
face-to-face failure family fast-track fertility first follow-up followup foot for forensic fracture free from gastro
general get getting glaucoma go going good gout grade group gum gut gyn headache health heart heart-failure hematology
hepatitis her hernia high his hiv home hospice hospital hypertension hysteroscopy imaging immunisation immunization in
index infusion initial injuries inpatient inr internal into is its ivf kidney large last led level lipid liver living
local long lunchtime lung lymphedema lymphoedema management maternal maternity mdt med medical medicine memory men's
menopause mental metabolic methadone middle midwife midwives mobile monthly morning mother movement ms
multidisciplinary my nearest needle-exchange neighboring neighbouring neuro neurology newborn night nurse nurse-led
nursing ob occupational of on oncall oncology one-day one-stop online or oral orthopedic other our out-of-hours
outpatient outreach outside overall pacemaker paediatric paeds pain palliative parkinson's parkinsons pediatric peds
peripheral physical physio physiotherapy podiatry poor post-op postnatal postop postoperative pre-assessment pre-op
preassessment prenatal preop previous primary prior private procedure prolonged prostate psychiatric psychiatry public
quaternary rapid receiving recent recovery referring regional registrar rehab rehabilitation related remote renal
reproductive research resp respiratory results retail retina review rheum rheumatology rule rural same satellite
school school-based second sending sexual skilled skin sleep small smoking specialist specialty sports staff state
stay stoma stroke student subacute surgery surgical syncope system tb teaching telephone term tertiary that the their
therapy these third this thyroid tia to transferring transition transplant trauma travel two-week ulcer ulcers
university until urban urgent urology vaccination vaccine valve vascular vein veins vet veterans veterinary video
virtual walk-in warfarin was weekday weekend weekly wellness were whole with women's wound your
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
a academic access acute adult after aged all alveolar ambulance amusement an anglican another any assessment assisted
back bad ball baptist base bathroom bay bed behavioral behavioural big bike boarding boiling bony both bottling bottom
breaking bridging bumpy bus business busy bypass car caravan cardiac care catholic central chemical chicken child
children's christian chronic city coal cobbled coffee cohort community copper corn corner cotton country county
covered covid cricket critical dairy dance dark data day decimal decontamination dental dirt discharge district dog
driving dual dusty each elbow end entry equipment evangelical every exclamation exit eye fairly family farmers fast
few field fifth final fire first fish flea flooded flour focal foggy follow-up foot football foster fourth freezing
frequent friend's front frontage further gallows garden gas general gold golf good grade grammar grandparents gravel
ground group half-way halfway handover hard heart helicopter her high high-speed hindu his hobby home hospital hydro
icy iliac indoor industrial infusion injurious inpatient intensive isolation jewish lake land large last lateral law
lead left level little loading local long low lower lutheran main majors many meat mechanical medial medical memory
men's mental methodist metro mid middle minor minors mobile more mountain mouth muddy multiple music muslim my narrow
nasal national nearby nearest neighbor's neighbour's new next night no nuclear nursing observation occipital
occupational ocean old one open open-air open-cut oral orbital other our outdoor outpatient outside packing paddling
palliative paper parent parents parish parking passed past patient paved petrol pig plaster playing police population
poultry power prep pressure previous primary prior private procedure public quiet railway recovery recurrent repeated
residential respite rest resus resuscitation retirement rice right ring risk river rocky rolling routine rugby rural
safe salt same sandy saw scanner second secondary self senior serious service set several sewage sex sexual shared
sharp sheep shopping short sick side sikh single skate skilled skin slip slippery slips slow small snowy soccer solar
some special spinal sports stairs standard start starting state steel steep stridor summer sunday super supraorbital
suspension swimming teaching temporary tennis tertiary test textile that the their theme therapy thermal these third
this those three tibial toll top town trailer train trauma treatment tree triage trigger trip trips tube turning two
uneven unexplained unit university unlit unmade unpaved unwitnessed upper urban urgent usual very village ward water
weekly wet whole wind winding windy winter witnessed women's work work's wound wrist wrong your
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
