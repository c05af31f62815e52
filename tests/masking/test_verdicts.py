"""Verdicts of rules with everything that a rule may ask for: native code says what Python says, or leaves it to Python."""

from __future__ import annotations

import itertools
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shipped import by_re2, measure, shipped

from masking import RuleSet, find, native
from masking.folding import view_of
from masking.validators import VALIDATORS

pytestmark = pytest.mark.skipif(native.library is None, reason="the library was not built")

VALUES = "values: ['jane doe', 'MRN-00123456']"
NUMBER = "phrases: ['[[ <n> ]]']"


LISTS = "words: {common: the was seen of}\nlexicon: {vocabulary: common}\n"


def rules_of(*rules: str) -> RuleSet:
    """Return rules whose examples are not looked at."""
    source = "".join(f"  - {{{rule}, examples: ['[[^]]']}}\n" for rule in rules)
    return RuleSet.from_sources({"recognizers/a.yaml": f"recognizers:\n{source}{LISTS}".encode()}, proven=True)


def found(rule: str, text: str) -> list[tuple[int, int]]:
    """Return what a rule finds, which has to be what its measure finds."""
    rules = rules_of(f"id: r, identifier: OTHER_ID, {rule}")
    findings = find(rules, text)
    assert findings == find(by_re2(rules), text)
    return [(finding.start, finding.end) for finding in findings]


@pytest.mark.parametrize(
    ("more", "text", "span"),
    [
        ("unless: ['mrn']", "é jane doe", (2, 10)),
        ("alone: true", "jane doe é", (0, 8)),
        ("unless_after: ['units']", "Jane Doe, José", (0, 8)),
        ("context: ['patient']", "né patient jane doe", (11, 19)),
        ("allow: ['x']", "a jane doe", (2, 10)),
        ("validator: facility", "Jane  Doe", (0, 9)),
        ("validator: digit", "no. MRN-00123456", (4, 16)),
    ],
)
def test_a_value_is_asked_about_by_its_anchor(more: str, text: str, span: tuple[int, int]) -> None:
    """Where Python has the last word, it is asked about what matched, not about the value that native code saw."""
    assert found(f"{VALUES}, {more}", text) == [span]


@pytest.mark.parametrize(
    ("more", "texts"),
    [
        ('unless: ["b\\n"]', ("b 1", "ab 1")),
        ('unless: ["x\\0y", "b"]', ("x 1", "b 1")),
        ('context: [""]', ("a 1",)),
        ('context: ["a\\nb"]', ("a 1", "b 1", "a\nb 1")),
        (
            'context: ["b: "]',
            ("b: 1", "b:\n- 1", "b:\n\n1", "b:\n1", "b:  \n- 1", "B:\n\n\n1", "b: \u212a 1", "b: é 1"),
        ),
        (
            'unless: ["b "]',
            (
                "b 1",
                "b:\n- b\n1",
                "b é\n1",
                "é" * 45 + " b 1",
                "é" * 46 + "b 1",
                "b " + "é" * 45 + " 1",
                "b " + "é" * 46 + " 1",
            ),
        ),
        ('context: ["é k"]', ("É K 1", "é K 1", "é \u212a 1", "\u0130 é k 1", "e k 1")),
        ('context: ["i\u0307"]', ("\u0130 1", "i 1")),
        ("unless_after: ['é', units]", ("1 units", "1 é", "é 1's units", "1 of units")),
    ],
)
def test_cues_and_words_of_odd_characters_are_python_s(more: str, texts: tuple[str, ...]) -> None:
    """A cue may hold a line end or a NUL, or nothing: native code parts cues by these, and reads ASCII alone."""
    for text in texts:
        found(f"{NUMBER}, {more}", text)


def test_allowed_values_are_stripped_and_short_words_counted_as_re2_counts() -> None:
    """Space before an allowed value does not count; `{1,03}` is no count but text."""
    assert found("phrases: ['\"foo\" [[ _ <any> ]]'], allow_values: ['bar']", "foo bar x") == []
    assert found("phrases: ['[[ <cap> ]]'], allow: ['[\\pL-]{1,03}']", "Abc") == [(0, 3)]
    assert found("phrases: ['[[ <cap> ]]'], allow: ['[\\pL-]{1,3}']", "Abc Abcd") == [(4, 8)]


@pytest.mark.parametrize(
    "patterns",
    [
        [r"\pL"],
        [r"\pL{3,}"],
        [r"\pL{4,}", r"\pL"],
        [r"[\pL-]{2}"],
        [r"[\pL]{1,3}", r"[\pL-]{5,29}"],
        [r"\pL{29,}"],
        [r"\pL{30}"],
        [r"\pL{2,40}"],
    ],
)
def test_allowed_numbers_of_letters_are_those_that_patterns_say(patterns: list[str]) -> None:
    """Lengths around every bound, with a hyphen and without, of ASCII and not."""
    words = ["A" * length for length in (*range(1, 7), *range(28, 34), 40, 41)]
    allow = ", ".join(f"'{pattern}'" for pattern in patterns)  # as YAML reads it: a backslash is one
    kept = [
        found(f"phrases: ['\"x\" _ [[ <any> (- <any>)? ]]'], allow: [{allow}]", f"x {word}, y")
        for word in (*words, *(f"{word}-{word}" for word in words), "Né", "Ab'c", "É", "Éa-b")
    ]
    assert [] in kept
    assert any(kept)


@pytest.mark.parametrize(
    "text", ["{}", "é {} é", "é-{}-é", "é{}", "{}é", "½{}", "{}½", "¿{}?", "'{}'é", "é'{}", "{} {}"]
)
@pytest.mark.parametrize("value", ["Jane Doe", "Jané Doe", "JÄNE  doe", "Jane\nDoé", "jane d\u0131e", "MRN-00123456"])
def test_values_are_found_among_words_of_any_letters(text: str, value: str) -> None:
    """Marks do not count in a value, and letters that touch it make it another word, whatever alphabet they are of."""
    found(VALUES, text.replace("{}", value))


JUDGED = st.one_of(
    st.from_regex(r"\d{1,2}[-/.]\d{1,2}([-/.](\d{2}|\d{4}))?", fullmatch=True),
    st.from_regex(r"(0|19|20|33)\d{2}[-/.]\d{1,2}[-/.]\d{1,2}", fullmatch=True),
    st.from_regex(r"\(?\d{3}\)?[-. ]{1,2}\d{3}[-. ]\d{4}", fullmatch=True),
    st.from_regex(r"\+?[012]?[-. ]?\(?[0-3]\d{2}\)?[-. ]?\d{3}[-. ]?[04]\d{2,4}", fullmatch=True),
    st.from_regex(r"\+{0,2}\d{6,16}|1234567890|2147483647|5555555555|4155550000", fullmatch=True),
    st.from_regex(r"(\d{1,3}|127|255|0|012)(\.(\d{1,3}|0)){3}", fullmatch=True),
    st.from_regex(r"(01|300|0|2001|fe80):(db8|0)?::?1?", fullmatch=True),
    st.from_regex(r"1?[-. ]?\(?800\)?[-. ]273[-. ](8255|TALK|8256)", fullmatch=True),
    st.from_regex(r"[A-Z]?\d{4,12}", fullmatch=True),
    st.from_regex(r"(NCT|PMC|[A-Z]{1,5}|Ab|sha|x)\d{0,3}-\d{1,8}(-\d{1,3})?", fullmatch=True),
    st.from_regex(r"[a-z]{1,3}@([a-z1-3]{1,4}\. ?){1,3}[a-z1-3]{2,3}|noreply@(anthropic|github)\.com", fullmatch=True),
    st.from_regex(r"(\d{3}|000)-(\d{2}|00)-(\d{4}|0000)", fullmatch=True),
    st.from_regex(r"[AFb][A-Z9]\d{7}", fullmatch=True),
    st.from_regex(r"1HGCM82633A0043[45][0-4]", fullmatch=True),
    st.from_regex(r"[0-9]{1,3}-\d{1,4}-\d{2,4}|[A-Z]{1,5}\d{4,12}|(MK|RS|ISO|VX)-?\d{5,8}", fullmatch=True),
    st.from_regex(r"(0?[0-9]|1[0-3])[-/](19|20|21)\d{2}|1[0-3][-/]2[789][-/]1961|\d{3,5}[- ]\d{4,6}", fullmatch=True),
    st.from_regex(r"(4000 0000 0000 0|1234567890123|411111111111111|55555555555555555)\d{1,2}", fullmatch=True),
    st.from_regex(
        r"(GB82WEST12345698765|DE8937040044053201300|NO938601111794|gb82 west 1234 5698 765)\d{1,2}", fullmatch=True
    ),
    st.from_regex(r"(8[5-9]|9\d|1[0-3]\d|0?9\d)", fullmatch=True),
    st.sampled_from(
        (
            *(
                "Los Angeles",
                "los angeles",
                "St. Louis",
                "Saint Paul",
                "Fort  Worth",
                "New York's",
                "Winston-Salem",
                "Bü",
            ),
            *("Wilson disease", "Albert Einstein", "Adams-Stokes", "Arnold\nChiari", "arnold - chiari", "Mount Vernon"),
            *("Ng", "Li-Na", "Xoqzt", "J. R.", "Boston", "May 14", "ninety-four", "12 March", "\x02\x02", "St. Jude"),
            *("São Paulo", "Sáint Paul", "Los Ángeles", "Río Grande Cíty", "Port-au-Prince é", "Jesús Sánchez"),
        )
    ),
)
BESIDE = st.sampled_from(
    (
        *(
            "",
            " ",
            ",",
            ".",
            "-",
            "/",
            "_",
            "%",
            "(",
            ")",
            ":",
            "x",
            "5",
            " version ",
            "software v",
            "T07",
            "'s ",
            "' s",
            "é",
        ),
        *(" units", " mg ", "-agar", "'s units", " \n units", "\xa0units", "  ½ ", " patients", " hours", "\n- "),
    )
)
CUES = st.sampled_from(
    (
        *(
            "MRN ",
            "fax ",
            "member id ",
            "account ",
            "policy ",
            "tel. ",
            "DOB ",
            "Jane Doe ",
            "SSN ",
            "order ",
            "DEA ",
            "VIN ",
        ),
        *("seen on ", "gesehen é ", "aged ", "age: ", "lives in ", "the ", "born ", "visit "),
    )
)


@settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(CUES, BESIDE, JUDGED, BESIDE), min_size=1, max_size=4))
def test_native_verdicts_are_those_of_python(parts: list[tuple[str, str, str, str]]) -> None:
    """What native code judges without asking, it judges as recognizers do: values, entries, forms, cues, what follows."""
    text = " ".join(itertools.chain.from_iterable(parts))
    assert find(shipped(), text) == find(measure(), text)


@cache
def rules_of_validators() -> tuple[RuleSet, RuleSet]:
    """Return rules that take whatever stands between two words and ask one validator each, and their measure."""
    asked = []
    for name in VALIDATORS:
        cue = name.replace("_", "")
        phrase = f'"{cue}val" _ [[ (<any>|<n>|[-+/.,:;@#%_*()\'\']|_)+? ]] _ "endval"'
        asked.append(f"id: v.{cue}, identifier: OTHER_ID, validator: {name}, phrases: ['{phrase}']")
    rules = rules_of(*asked)
    return rules, by_re2(rules)


def test_a_year_is_no_end_of_thousands() -> None:
    """In a row of a table days stand comma to comma; what stands behind a comma of thousands is no day."""
    text = "admit,discharge,unit\n771204,2024-02-01,2024-02-05,4W\n771388,2/3/2024,2/4/2024,ICU"
    days = [text[finding.start : finding.end] for finding in find(shipped(), text) if finding.identifier == "DATE"]
    assert days == ["2024-02-01", "2024-02-05", "2/3/2024", "2/4/2024"]
    quick, slow = rules_of_rows()
    for value in ("7,2024-02-05", "12,345/6", "1,3/4", "a,2024-02-05", "7,02024-02-05", "7,24-02-2005"):
        assert find(quick, f"on {value} now") == find(slow, f"on {value} now"), value
    assert [len(find(quick, f"on {value} now")) for value in ("7,2024-02-05", "1,3/4")] == [1, 0]


@cache
def rules_of_rows() -> tuple[RuleSet, RuleSet]:
    """Return a rule that takes days which stand alone, and its measure."""
    day = "[[ (<n1-5> - <n1-2> - <n1-4>|<n1-3> / <n1-2>) ]]"
    rules = rules_of(f"id: v.day, identifier: DATE, alone: true, phrases: ['{day}']")
    return rules, by_re2(rules)


def test_days_in_a_row_are_no_telephone_number() -> None:
    """Found by chance: four groups of digits that begin with a zero may be two days, which only Python tells."""
    quick, slow = rules_of_validators()
    for value in ("01/1/0001/00", "01.02-03.04", "0171-123-45-67", "01 23 45 67 89"):
        text = f"telephoneval {value} endval"
        assert find(quick, text) == find(slow, text), value


@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(JUDGED, min_size=1, max_size=3), st.sampled_from(("", " ", "-", ".", "/", ", ", "(", "+", "\xa0", "é")))
def test_forms_are_what_validators_say(parts: list[str], between: str) -> None:
    """Every validator says to every value in native code what it says in Python."""
    quick, slow = rules_of_validators()
    value = between.join(parts)
    for name, validator in VALIDATORS.items():
        text = f"{name.replace('_', '')}val {value} endval"
        found = find(quick, text)
        assert found == find(slow, text)
        if view_of(value).text == value == value.strip() and "\n" not in value:
            assert bool(found) == validator(value), (name, ascii(value))


def at_their_bounds() -> list[str]:
    """Return numbers of every length behind every sign, every day of every month, and ages and addresses at the edge."""
    row = "4158675309" * 3
    numbers = [sign + row[:size] for sign in ("", "+", "0", "00", "1", "A", "AB-", "+0") for size in range(1, 22)]
    days = [
        f"{one}{sign}{two}{year}"
        for one in range(33)
        for two in (0, 1, 12, 13, 31, 32)
        for sign in "/.-"
        for year in ("", f"{sign}1961")
    ]
    days += [f"{year}-{month}-{day}" for year in (31, 1899, 1900, 2099) for month in (0, 12, 13) for day in (0, 31, 32)]
    days += [f"{month}/{year}" for month in (0, 1, 12, 13) for year in (1850, 1899, 1900, 2099, 2100, 19611)]
    days += [
        f"{month}{sign}{day}{sign}1961" for month in (0, 1, 2, 12, 13) for day in (1, 28, 29, 30) for sign in "/-."
    ]
    grouped = [
        f"{sign}{row[:one]}{between}{row[:two]}{behind}"
        for sign in ("", "(", "+")
        for one in (1, 2, 3, 4, 5)
        for two in (2, 3, 4, 5, 6, 7)
        for between in ("-", ") ", "/", " ", ".", ".-", "--")
        for behind in ("", "-12", "-123", "-1961", " 1234 12", "/1961")
    ]
    cards = [
        f"{first}{'0' * zeros}{last}" for first in (1, 2, 6, 7, 22) for zeros in range(9, 20) for last in range(10)
    ]
    ibans = [
        f"{'A' * letters}{check:02}{'0' * zeros}"
        for letters in (1, 2, 3)
        for check in (2, 53, 98)
        for zeros in (10, 11, 30, 31)
    ]
    ibans += [f"AA{check:02}{'0' * zeros}" for check in range(100) for zeros in (10, 11, 30, 31)]
    lettered = [
        f"{word}{between}{row[:size]}"
        for word in ("A", "AB", "ABCD", "ABCDE", "MK", "RS", "ISO", "ab")
        for between in ("", "-", "--")
        for size in (4, 5, 6, 11, 12)
    ]
    ages = [str(age) for age in (*range(85, 95), *range(125, 135))]
    edges = [f"{one}.{two}.0.{two}" for one in (0, 1, 126, 127, 128, 254, 255, 256) for two in (0, 1, 255, 256)]
    return [*numbers, *days, *grouped, *cards, *ibans, *lettered, *ages, *edges]


def test_forms_hold_at_their_bounds() -> None:
    """What a validator says one step inside of each of its bounds and one outside, native code says."""
    rules, _ = rules_of_validators()
    for name, validator in VALIDATORS.items():
        for value in at_their_bounds():
            found = find(rules, f"{name.replace('_', '')}val {value} endval")
            assert bool(found) == validator(value), (name, value)
