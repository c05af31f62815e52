"""`python -m tools.evidence`: weigh the clues of `policies/evidence/*.txt` again.

Reads the generator's templates of the dev and the held half, as they are, in lower case, with names that are words and
with names that no list holds, and the texts of `bench/written`; never anything of the judge. Every word that a rule
with evidence would take is an example for it or against it, and its clues are those that the rule itself would see.
Points are the weights of a logistic regression with an L1 penalty, so that most clues get none and are left out. The
same sources give the same files.
"""

from __future__ import annotations

import argparse
import math
import random
import re
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from bench.detection_evasions import lowered
from bench.detection_gold import NUMBERS, identifier
from bench.detection_unseen import known_words, made_up, unseen
from bench.detection_written import names as written_names
from bench.detection_written import written
from bench.synthetic.document import Document, Gold
from bench.synthetic.namesakes import namesakes
from bench.synthetic.sets import SETS
from bench.synthetic.templates import templates
from masking.evidence import FOLDER, SUFFIX, clues
from masking.folding import fold
from masking.rules import RuleSet, read_sources
from masking.tape import START

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bench.synthetic.namesakes import Namesakes

Example = tuple[list[str], bool]
"""The clues of a word, and whether it is what its rule takes it for."""

POLICIES = Path(__file__).parents[1] / "policies"
LABELS = {
    "names": {"NAME"},
    "capitals": {"NAME"},
    "places": {"ADDRESS"},
    "ages": {"AGE"},
    "numbers": NUMBERS | {"ZIP"},
}
"""The files, and what is marked in texts of what each is evidence for."""
SPOKEN = ("handoffs", "said", "signouts", "chat")
"""Sets whose names stand in lower case."""
LOWERED = ("prompts", "notes", "clean", "frames", "letters", "words")
"""Sets that are read in lower case, too."""
OTHERS = 2.0
"""The weight of a word that is not what is looked for: texts hold more of them than templates do."""
PENALTY = 0.8
"""How much data counts against the penalty. Cross-validated by templates, 0.4 to 2 find 98.8 % of the values in prompts
and touch 29.9 to 28.7 % of those that hold none; 0.4 makes 14,000 clues, 0.8 makes 23,000."""
READY = {
    "names": {
        "name": 0.13,
        "usual": 0.11,
        "stranger": 0.03,
        "word": 0.15,
        "foreign": 0.25,
        "shouted": 0.3,
        "strange": 0.3,
    },
    "capitals": {"name": 0.4, "usual": 0.1, "stranger": 0.25, "word": 0.3},
    "places": {"town": 0.35, "word": 0.6, "capital": 0.75},
    "ages": {"old": 0.15},
    "numbers": {"bare": 0.2},
}
"""The probability from which a word of each kind counts: below a half where hardly anything else finds it, above where
texts have many more such words that are none than templates have."""
AGED = 6
"""How many times more a text with an age over 89 is filled: there are few."""
KEPT = 0.3
"""How many words of medicine stay what they are where words are made strange."""
UNIT = 100
"""Points of a weight of one."""
SEED = 2026
FORMS = ("x _", "x * _", "x x _", "_ x", "_ * x", "_ x x", "x _ x")
"""Forms of clues that stand beside a word, in their order in a file."""
HEAD = (
    "# What speaks for and against a word, in points (masking/evidence.py says what clues are).\n"
    "# Made by `make evidence` from the generator's templates and the texts of bench/written.\n"
)
_BRANDS = ("ix", "ax", "ia", "iva", "xa", "zy", "tra", "vo", "qua", "ro", "lin", "mab", "cor", "nex", "za")
"""What brands of drugs end in."""
_STRANGE = "STRANGE"
_WORD = re.compile(r"[A-Za-z]{4,}")


def filled(names: Iterable[str], seeds: Iterable[int], called: Namesakes | None = None) -> list[Document]:
    """Return every template of some sets, but for the judge's, filled once for each seed."""
    seeds = tuple(seeds)
    return [
        template.fill(random.Random(f"{SEED} {seed} {template.name} {called is None}"), seed, called)
        for name in names
        for kind in SETS[name]
        for template in templates(kind)
        for seed in seeds
    ]


def texts(policies: Path) -> list[Document]:
    """Return what is learned from."""
    known = known_words(policies / "words") | known_words(policies / "recognizers")
    called = [namesakes(policies / "words", half) for half in ("dev", "held")]
    made = filled(SPOKEN, (1, 2)) + [one for who in called for one in filled(SPOKEN, (3,), who)]
    made += unseen(filled(SPOKEN, (4,)), known, SEED)
    plain = filled(LOWERED, (1,))
    medical = frozenset((policies / "words" / "medical.txt").read_text(encoding="utf-8").split("\n"))
    odd = strange(plain, medical, known)
    made += plain + odd
    made += [lowered(one) for one in plain + odd + filled(LOWERED, (3,), called[0])]
    made += shouted(filled((*LOWERED, *SPOKEN), (5,)) + odd + unseen(plain, known, SEED))
    made += [one for one in filled(SETS, range(5, 5 + AGED)) if any(span.label == "AGE" for span in one.spans)]
    made += filled(("international",), (1, 2, 3)) + filled(("messages", "tables", "hl7"), (1,))
    for name in written_names("dev"):
        whole = written(name, "dev")
        made += whole + [lowered(one) for one in whole]
    return made


def shouted(documents: Sequence[Document]) -> list[Document]:
    """Return documents in capitals, but for those whose letters become more by that."""
    made = [Document(one.id, one.text.upper(), one.spans) for one in documents]
    return [one for one, before in zip(made, documents, strict=True) if len(one.text) == len(before.text)]


def strange(documents: Iterable[Document], words: frozenset[str], known: frozenset[str]) -> list[Document]:
    """Return documents in which most words of medicine are made up: what nobody lists is no name where a drug is."""
    made = []
    for document in documents:
        draw = random.Random(f"{SEED} strange {document.id}")
        found = (word for word in _WORD.finditer(document.text) if word[0].lower() in words and draw.random() > KEPT)
        marked = [Gold(*word.span(), _STRANGE) for word in found if not _meets(word.span(), document.spans)]
        if marked:
            spans = tuple(sorted((*document.spans, *marked), key=lambda span: span.start))
            other = Document(document.id, document.text, spans).rewritten(partial(_renamed, draw, known), "strange")
            made.append(Document(other.id, other.text, tuple(span for span in other.spans if span.label != _STRANGE)))
    return made


def _renamed(draw: random.Random, known: frozenset[str], value: str, label: str) -> str:
    if label != _STRANGE:
        return value
    new = made_up(draw, known) + draw.choice(("",) * len(_BRANDS) + _BRANDS)
    return new.lower() if value.islower() else new.upper() if value.isupper() else new


def _meets(word: tuple[int, int], spans: Iterable[Gold]) -> bool:
    return any(span.start < word[1] and word[0] < span.end for span in spans)


def examples(rules: RuleSet, documents: Sequence[Document]) -> dict[str, list[Example]]:
    """Return an example for every word that a rule would take, by the file of its evidence."""
    scanner = rules.scanner("strict")
    asking = {phrase: rule for phrase, rule in enumerate(scanner.owners) if rule.evidence is not None}
    takers = {phrase: replace(rule, evidence=None) for phrase, rule in asking.items()}
    phrases = range(min(asking), max(asking) + 1)
    found: dict[str, list[Example]] = {file: [] for file in LABELS}
    for document in documents:
        view = fold(document.text)
        if len(view) != len(document.text):
            continue  # what stands where is told in the text's own characters
        text = scanner.read(view, START, last=True)
        for zone, phrase, start, end in text.matches(text.zones, phrases):
            if phrase not in asking:
                continue
            begin, stop = text.spans[zone]
            if takers[phrase].judge(text.view[begin:stop], start - begin, end - begin) is None:
                continue
            evidence, kind = asking[phrase].evidence
            labels = {identifier(span.label) for span in document.spans if span.start < end and start < span.end}
            is_so = not labels.isdisjoint(LABELS[evidence.name])
            if is_so or not labels:  # a town that is taken for a name is masked as well
                found[evidence.name].append(
                    (list(clues(text.view[begin:stop], start - begin, end - begin, kind)), is_so)
                )
    return found


def weighed(found: Iterable[Example], ready: Mapping[str, float]) -> dict[str, int]:
    """Return the points of the clues that tell something."""
    numbers: dict[str, int] = {}
    columns: list[int] = []
    ends = [0]
    wanted: list[bool] = []
    for some, is_name in found:
        columns += {numbers.setdefault(clue, len(numbers)) for clue in some}
        ends.append(len(columns))
        wanted.append(is_name)
    table = csr_matrix(([1.0] * len(columns), columns, ends), shape=(len(wanted), len(numbers)))
    weight_of = [1.0 if is_so else OTHERS for is_so in wanted]
    model = LogisticRegression(
        C=PENALTY, l1_ratio=1, solver="liblinear", random_state=0, fit_intercept=False, max_iter=1000
    )
    weights = model.fit(table, wanted, sample_weight=weight_of).coef_[0]
    points = {clue: round(UNIT * float(weights[number])) for clue, number in numbers.items()}
    for kind, some in ready.items():
        points[kind] = round(UNIT * (float(weights[numbers[kind]]) - math.log(some / (1 - some))))
    return {clue: some for clue, some in points.items() if some}


def form_of(clue: str) -> int:
    """Return the place of a clue's form in a file: kinds of words, what stands beside, the word, its ending."""
    words = clue.split(" ")
    if "_" in words:
        return 1 + FORMS.index(" ".join(word if word in {"*", "_"} else "x" for word in words))
    if clue.isalpha():
        return 0
    return len(FORMS) + (2 if len(words) > 1 else 3 if clue.startswith("-") else 1)


def file_of(points: dict[str, int]) -> str:
    """Return the text of a file: the forms of clues one after the other, what speaks most for a word first."""
    order = sorted(points, key=lambda clue: (form_of(clue), -points[clue], clue))
    return HEAD + "".join(f"{points[clue]} {clue}\n" for clue in order)


def main() -> None:
    """Make the files."""
    parser = argparse.ArgumentParser(prog="python -m tools.evidence", description=__doc__)
    parser.add_argument("--policies", type=Path, default=POLICIES)
    given = parser.parse_args()
    kinds = {f"{FOLDER}{file}{SUFFIX}": "".join(f"1 {kind}\n" for kind in ready) for file, ready in READY.items()}
    sources = read_sources(given.policies) | {name: text.encode() for name, text in kinds.items()}
    rules = RuleSet.from_sources(sources, proven=True)
    documents = texts(given.policies)
    sys.stdout.write(f"{len(documents):,} texts\n")
    found = examples(rules, documents)
    made = {file: weighed(some, READY[file]) for file, some in found.items()}
    for file, points in made.items():  # when all of them are there: files of two times are worse than old ones
        (given.policies / FOLDER / f"{file}{SUFFIX}").write_text(file_of(points), encoding="ascii")
    for file, points in made.items():
        right = sum(is_so for _, is_so in found[file])
        sys.stdout.write(
            f"{file}: {len(found[file]):,} words, {right:,} of them what is looked for: {len(points):,} clues\n"
        )


if __name__ == "__main__":
    main()
