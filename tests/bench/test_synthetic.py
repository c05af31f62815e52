"""The generator of labelled text: spans by construction, valid numbers, two halves, nothing left to chance."""

from __future__ import annotations

import random
import re
from datetime import date

import pytest

from bench.detection_engine import POLICIES
from bench.synthetic import abroad, numbers
from bench.synthetic.addresses import address
from bench.synthetic.case import Case
from bench.synthetic.halves import half_of
from bench.synthetic.namesakes import namesakes
from bench.synthetic.people import Person, written
from bench.synthetic.pools import origins, pool
from bench.synthetic.sets import SETS, chosen, documents, names
from bench.synthetic.slots import parts
from bench.synthetic.templates import FOLDER, Template, templates
from masking import validators

KINDS = sorted({kind for kinds in SETS.values() for kind in kinds})
IDENTIFIERS = {
    *("NAME", "ADDRESS", "ZIP", "DATE", "AGE", "PHONE", "FAX", "EMAIL", "SSN", "MRN", "HEALTH_PLAN", "ACCOUNT"),
    *("LICENSE", "VEHICLE", "DEVICE", "URL", "IP", "OTHER_ID", "NPI", "DEA", "CARD", "IBAN"),
}
SEEDS = range(60)
HALVES = ("dev", "held", "judge")
JUDGED = {
    "prompts": 60,
    "negatives": 50,
    "spoken": 30,
    "handoffs": 10,
    "notes": 15,
    "clean": 15,
    "letters": 12,
    "international": 40,
    "chat": 30,
    "frames": 200,
    "spoken_frames": 200,
    "prompts_round8": 100,
    "negatives_round8": 80,
    "spoken_round8": 80,
    "prompts_round9": 400,
    "negatives_round9": 350,
    "spoken_round9": 450,
    "prompts_round10": 400,
    "negatives_round10": 350,
    "spoken_round10": 450,
    "prompts_round11": 300,
    "negatives_round11": 250,
    "spoken_round11": 300,
}
"""Kinds of text that the judge half has, and the fewest templates of each."""


def made(name, half="dev", seed=3, count=150):
    return documents(name, half, seed, count)


def every_value():
    """Return (text, gold) of all documents of all sets, of the two halves and of the judge."""
    for half in HALVES:
        for name in names(half):
            for document in made(name, half):
                for span in document.spans:
                    yield document.text[span.start : span.end], span


def dea(value):
    """Check a DEA registration as 21 CFR 1301 describes it: odd places plus twice the even places end in the last."""
    d = [int(char) for char in value[2:]]
    return (d[0] + d[2] + d[4] + 2 * (d[1] + d[3] + d[5])) % 10 == d[6]


SAID = "twelve|one|two|three|four|five|six|seven|eight|nine|ten|eleven|first|second|third|fth|nth|thirt"
LOOKS = {
    "SSN": lambda value: validators.ssn(value) or len(value) == 4 or value[0].isalpha(),
    "NPI": validators.npi,
    "DEA": dea,
    "CARD": validators.card,
    "IBAN": validators.iban,
    "IP": validators.ip,
    "EMAIL": lambda value: re.fullmatch(r"[a-z0-9_.]+@[a-z.]+", value),
    "AGE": lambda value: value.startswith(("ninety", "a hundred")) or 90 <= int(value) < 110,
    "DATE": lambda value: re.search(rf"\d|(?i:teen|twenty|two)|{SAID}", value),
    "MRN": lambda value: re.search(rf"\d|{SAID}", value),
    "URL": lambda value: "." in value and " " not in value,
    "ZIP": lambda value: re.search(rf"\d|{SAID}", value),
    "NAME": lambda value: not re.search(r"\d|\bDr\b|\bM[rs]\b", value),
    "HEALTH_PLAN": lambda value: re.search(r"\d", value) and " " not in value,
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_template_fills(kind):
    """Every slot and form that a template names exists, no mark is left over, and the text around stays as written."""
    for template in (*templates(kind), *templates(kind, judge=True)):
        document = template.fill(random.Random(template.name), 0)
        assert document.text.strip(), template.name
        assert not re.search(r"<<|>>|\{[a-z0-9.]+\}", document.text), template.name
        first = re.split(r"[{<]", template.text)[0]
        assert document.text.startswith(first.lower() if template.spoken else first), template.name


def test_spans_are_in_order_and_stand_on_their_values():
    """Spans do not overlap, do not begin or end in white space, and hold what their label says."""
    for name in SETS:
        for document in made(name):
            at = 0
            for span in document.spans:
                assert at <= span.start < span.end <= len(document.text)
                at = span.end
    for value, span in every_value():
        assert value == value.strip()
        assert LOOKS.get(span.label, bool)(value), (span.label, span.kind)


def test_a_span_is_exactly_what_the_slot_gave():
    """A template of known text around two slots: what is cut out at the spans is the case's own number and name."""
    template = Template("t", "<<Pt|Patient>> {pt.full}, mrn {mrn}; {{x}} {pt.full}!", "us", old=False, spoken=False)
    document = template.fill(random.Random(5), 0)
    name, number, again = (document.text[span.start : span.end] for span in document.spans)
    assert document.text in {f"{word} {name}, mrn {number}; {{x}} {again}!" for word in ("Pt", "Patient")}
    assert name == again
    assert [span.label for span in document.spans] == ["NAME", "MRN", "NAME"]


@pytest.mark.parametrize("half", HALVES)
def test_every_identifier_appears(half):
    """Each half holds all 18 identifiers of Safe Harbor as we name them, and NPI, DEA, card and IBAN."""
    labels = {span.label for name in names(half) for document in made(name, half) for span in document.spans}
    assert labels == IDENTIFIERS


def test_the_same_arguments_give_the_same_text():
    """Nothing but set, half, seed and count decides; another seed gives other text."""
    for name in SETS:
        assert made(name) == made(name)
        assert [d.text for d in made(name)] != [d.text for d in made(name, seed=4)]


def test_negatives_have_no_labels():
    """Clean text and hard negatives name nobody: no slot in them gives PHI."""
    clean = [
        t
        for kind in (
            *SETS["clean"],
            "questions",
            *(kind for kind in SETS["prompts"] if kind.startswith("negatives")),
        )
        for judge in (False, True)
        for t in templates(kind, judge=judge)
    ]
    assert not [t.name for t in clean for seed in range(3) if t.fill(random.Random(seed), 0).spans]


def test_the_halves_share_no_template_and_no_long_list_of_names():
    """A template is in one half for good, there are enough in both, and names of the halves differ."""
    for kind in KINDS:
        texts = [template.text for template in templates(kind)]
        assert len(texts) == len(set(texts))
    total = [template for kind in KINDS for template in templates(kind)]
    assert min(sum(template.half == half for template in total) for half in ("dev", "held")) > 200
    assert half_of("x ") == half_of("x")
    for section in ("anglo.l", "hispanic.l", "us.city", "us.street"):
        assert not set(pool(section, "dev")) & set(pool(section, "held"))
    assert len(origins()) > 20


def test_the_judge_has_templates_of_its_own():
    """There are enough of every kind, in twelve countries or more, none is in another half, and all judge alone."""
    found = {kind: templates(kind, judge=True) for kind in KINDS}
    assert all(len(found[kind]) >= fewest for kind, fewest in JUDGED.items())
    assert not [kind for kind in KINDS if found[kind] and kind not in JUDGED]
    assert len({template.locale for template in found["international"]}) >= 12
    theirs = {template.text for kind in KINDS for template in templates(kind)}
    assert not [t.name for kind in KINDS for t in found[kind] if t.text in theirs or t.half != "judge"]
    for kind in JUDGED:
        assert "not to be read" in (FOLDER / "judge" / f"{kind}.txt").read_text(encoding="utf-8").splitlines()[0]


def test_only_the_judge_has_the_judges_names():
    """Its lists are what the held half has and more, from more origins; the other halves have none of what is its own."""
    for section in ("anglo.l", "us.city", "nordic.f"):
        assert set(pool(section, "held")) < set(pool(section, "judge"))
    assert set(origins("judge")) > set(origins("dev")) == set(origins())
    own = set(pool("words.l", "judge"))
    assert len(own) > 20
    assert not own & {name for origin in origins() for half in ("dev", "held") for name in pool(f"{origin}.l", half)}


def test_a_set_is_made_from_the_templates_of_its_half():
    """What a half has no templates for is no set of it: the judge has prompts, and no tables."""
    assert set(names("dev")) == set(names("held")) == set(SETS)
    assert "prompts" in names("judge")
    assert "tables" not in names("judge")
    assert not chosen("tables", "judge")
    assert {template.half for template in chosen("prompts", "judge")} == {"judge"}


@pytest.mark.parametrize("seed", SEEDS)
def test_numbers_have_their_check_digits(seed):
    """What the masker's validators check, they accept; national numbers pass a check that is written differently."""
    draw = random.Random(seed)
    born = date(1930 + seed % 90, 1 + seed % 12, 1 + seed % 28)
    assert validators.ssn(numbers.ssn(draw))
    assert validators.npi(numbers.npi(draw))
    assert validators.card(numbers.card(draw))
    assert validators.iban(numbers.iban(draw))
    assert validators.vin(numbers.vin(draw))
    assert dea(numbers.dea(draw, "Øster"))
    nhs = numbers.nhs(draw)
    assert sum(int(char) * weight for char, weight in zip(nhs, range(10, 0, -1), strict=True)) % 11 == 0
    bsn = [int(char) for char in numbers.bsn(draw)]
    assert (sum(d * w for d, w in zip(bsn, range(9, 1, -1), strict=False)) - bsn[8]) % 11 == 0
    nir = numbers.nir(draw, born, male=True)
    assert (int(nir[:13]) + int(nir[13:])) % 97 == 0
    pesel = numbers.pesel(draw, born, male=False)
    assert sum(int(char) * weight for char, weight in zip(pesel, (1, 3, 7, 9) * 2 + (1, 3, 1), strict=True)) % 10 == 0
    assert int(pesel[9]) % 2 == 0
    dni = numbers.dni(draw)
    assert dni[8] == "TRWAGMYFPDXBNJZSQVHLCKE"[int(dni[:8]) % 23]
    number = numbers.personnummer(draw, born)
    assert number.startswith(f"{born:%y%m%d}")
    assert numbers.luhn_digit(number[:-1]) == number[-1]
    tckn = [int(char) for char in numbers.tckn(draw)]
    assert (sum(tckn[0:9:2]) * 7 + sum(tckn[1:8:2]) * 9) % 10 == tckn[9]
    assert sum(tckn[:10]) % 10 == tckn[10]
    medicare = [int(char) for char in numbers.medicare(draw)]
    assert sum(d * w for d, w in zip(medicare, (1, 3, 7, 9) * 2, strict=False)) % 10 == medicare[8]
    curp = numbers.curp(draw, "Íñigo", "Ño", born, male=True)
    assert re.fullmatch(rf"[A-Z]{{4}}{born:%y%m%d}H[A-Z]{{5}}[0-9A-C]\d", curp)
    cpf = [int(char) for char in numbers.cpf(draw)]
    for size in (9, 10):
        rest = sum(d * w for d, w in zip(cpf, range(size + 1, 1, -1), strict=False)) % 11
        assert cpf[size] == (0 if rest < 2 else 11 - rest)


def _times(a, b):
    """Multiply in the dihedral group of order ten, which Verhoeff's check is made on."""
    if a < 5:
        return (a + b) % 5 if b < 5 else (a + b) % 5 + 5
    return (a - b) % 5 + 5 if b < 5 else (a - b) % 5


@pytest.mark.parametrize("seed", SEEDS)
def test_aadhaar_passes_verhoeff(seed):
    """The check of the whole number is zero, with tables worked out from the group and the permutation alone."""
    permutation = [[*range(10)]]
    for _ in range(7):
        permutation.append([permutation[-1][place] for place in (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)])
    state = 0
    for place, char in enumerate(reversed(numbers.aadhaar(random.Random(seed)))):
        state = _times(state, permutation[place % 8][int(char)])
    assert state == 0


def test_the_codice_fiscale_of_the_ministrys_sample():
    """Check letter and day: a man named Mario Rossi, born 10 December 1985, begins RSSMRA85T10, and its form is right."""
    code = numbers.codice_fiscale(random.Random(1), "Mario", "Rossi", date(1985, 12, 10), male=True)
    assert code.startswith("RSSMRA85T10")
    assert re.fullmatch(r"[A-Z]{6}\d\d[A-Z]\d\d[A-Z]\d{3}[A-Z]", code)
    assert numbers.codice_fiscale(random.Random(1), "Ai", "Fo", date(2001, 1, 5), male=False).startswith("FOXAIX01A45")


@pytest.mark.parametrize("locale", sorted(abroad.COUNTRIES))
def test_forms_of_a_country_leave_nothing_undrawn(locale):
    """Streets, codes, telephones and national numbers of every country are written out; an address holds its parts."""
    draw = random.Random(locale)
    for half in ("dev", "held"):
        for lines in (False, True):
            made_up = "".join(part[0] for part in address(draw, half, locale, lines=lines))
            values = (made_up, abroad.telephone(draw, locale), abroad.national(draw, locale, date(1961, 2, 3)))
            assert not any(set("#%?{}<>|") & set(value) - set("#" if locale == "mx" else "") for value in values)
            assert {part[1] for part in address(draw, half, locale)} == {"", "ADDRESS", "ZIP"}
            assert ("\n" in made_up) == lines


def test_spoken_text_is_written_as_it_is_said():
    """Dictated documents have no capitals, and numbers said digit by digit hold no digits."""
    for document in made("handoffs", "held"):
        assert document.text == document.text.lower()
        for span in document.spans:
            if span.label in {"MRN", "SSN", "PHONE"}:
                assert not re.search(r"\d", document.text[span.start : span.end])


def test_a_case_keeps_its_people_and_its_numbers():
    """Whoever is mentioned twice in a document has one name, and one record number."""
    case = Case(random.Random(1), "dev")
    assert case.person("pt") is case.person("pt")
    assert case.once("mrn", "1") == case.once("mrn", "2") == "1"
    assert case.once("date", "1") != case.once("date", "2")


def test_the_states_of_australia_and_canada_are_no_identifiers():
    """What the gold standard leaves out for the states of the US, it leaves out for theirs."""
    regions = {*pool("au.state", "judge"), *pool("ca.state", "judge")}
    found = [
        document for document in made("international", "judge") for region in regions if f" {region} " in document.text
    ]
    assert found
    assert not [
        span for document in found for span in document.spans if document.text[span.start : span.end] in regions
    ]


def test_who_gives_birth_is_a_woman_of_an_age_to():
    """The mother of a document has her own age and birthday, whoever else is in it."""
    for seed in SEEDS:
        case = Case(random.Random(seed), "dev")
        mother = case.person("mum")
        assert not mother.male
        assert 19 <= mother.age <= 43
        assert parts(case, "mumage", "")[0][0] == str(mother.age)
        assert parts(case, "mumdob", "iso")[0][0].replace("/", "-") == mother.born.isoformat()


def test_names_are_shortened_lowered_and_spelled():
    """Forms of one name: what friends say, no capitals, letters one by one, an initial behind the surname."""
    who, draw = Person("Robert", "Paul", "O'Neal", male=True, born=date(1961, 2, 3)), random.Random(1)
    shown = {form: written(draw, who, form)[0][0] for form in ("nick", "low", "lowli", "spelled", "lcomma", "three")}
    assert list(shown.values()) == ["Bob", "robert o'neal", "o'neal r", "O-N-E-A-L", "O'Neal, R.", "RPO"]


def test_people_are_called_by_words_of_their_half():
    """Names that are words come from the rules' own lists, and the halves share none; whoever is renamed stays the same."""
    dev, held = (namesakes(POLICIES / "words", half) for half in ("dev", "held"))
    assert all(kind for made in (dev, held) for kinds in (made.given, made.surnames) for kind in kinds)
    assert not {name for kind in dev.surnames for name in kind} & {name for kind in held.surnames for name in kind}
    made = documents("prompts", "dev", count=40, namesakes=dev)
    words = {name for kinds in (dev.given, dev.surnames) for kind in kinds for name in kind}
    named = [
        document.text[span.start : span.end] for document in made for span in document.spans if span.label == "NAME"
    ]
    assert sum(bool(words & set(name.split())) for name in named) > len(named) / 2
