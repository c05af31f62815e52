"""`python -m bench.detection --corpora DIR`: what the detector finds, what it should not, and how fast.

Reads every `.jsonl` of labelled text and every FHIR bundle with labels in DIR, adds sets made by the generator from
templates of the held half, and rewrites them by every evasion. `--only` chooses sets by name, `--half dev` takes the
templates that rules may be tuned on, `--half judge` those that rules never saw, and `--misses N` shows what
was missed: shapes first, then examples.
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import random
import sys
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from bench import detection_evasions as evasions
from bench import detection_fhir as fhir
from bench import detection_report as report
from bench import detection_speed as speed
from bench.detection_engine import POLICIES, Engine
from bench.detection_gold import read_rows
from bench.detection_otherwise import with_other_values
from bench.detection_renamed import with_other_names
from bench.detection_score import Miss, Score, pieces, score, shapes
from bench.detection_unseen import known_words, unseen
from bench.detection_written import names as names_written
from bench.detection_written import written
from bench.synthetic import sets as synthetic
from bench.synthetic.fhir import bundle as make_bundle
from bench.synthetic.namesakes import namesakes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from bench.synthetic.document import Document
    from bench.synthetic.halves import Half

    Sets = dict[str, Callable[[], list[Document]]]
    """Sets by name, each made when it is first asked for."""

PLAIN = ("asq*", "synthetic prompts")
"""Sets that evasions, lower case, unseen names and other values are made from."""
NAMED = ("prompts", "handoffs", "letters", "frames", "said")
"""Sets that are made again with people whose names are words."""
RENAMED = ("synthetic prompts", "synthetic notes", "synthetic frames", "written prompts", "written handoffs")
"""Sets that are made again with people called as most people are."""
COUNT = 250
"""Documents in each synthetic set."""
TIMES = {"prompts": 2, "frames": 3, "said": 3}
"""How many times as many of some: half of the prompts are negatives, and a frame has one value."""
_BUNDLES = 6
_LEAF = 16_000
_LONG_LEAF = 256_000
_AROUND = 40
_STREAMED = 400
"""Documents of a set, at most, that are also fed in pieces."""


def spans_of(engine: Engine) -> Callable[[str], list[tuple[int, int]]]:
    """Return a function from text to the stretches found in it."""
    return lambda text: [(finding.start, finding.end) for finding in engine.whole(text)]


def streamed_same(engine: Engine, documents: Sequence[Document]) -> tuple[int, int]:
    """Feed documents in random pieces; return how many gave the findings of the whole text, and of how many."""
    chosen = documents[:: max(1, len(documents) // _STREAMED)]
    same = 0
    for document in chosen:
        cut = pieces(document.text, random.Random(document.id))
        same += engine.streamed(cut) == engine.whole(document.text)
    return same, len(chosen)


def evaded_rows(
    engine: Engine, sets: Iterable[Callable[[], list[Document]]], only: Sequence[str]
) -> list[report.Evaded]:
    """Score the evasions that were asked for, on the documents of these sets."""
    find = cache(spans_of(engine))
    chosen: list[tuple[str, float, Callable[[Document], evasions.Evaded | None]]] = [
        (evasion.name, evasion.target, partial(evasions.evade, evasion=evasion)) for evasion in evasions.EVASIONS
    ]
    chosen.append(("base64", evasions.BASE64_TARGET, evasions.encoded))
    chosen = [row for row in chosen if wanted(f"evasion {row[0]}", only)]
    documents = [document for made in sets for document in made()] if chosen else []
    rows = []
    for name, target, rewrite in chosen:
        plain, evaded = Score(), Score()
        for pair in filter(None, map(rewrite, documents)):
            plain.add(pair.plain, find(pair.plain.text))
            evaded.add(pair.evaded, find(pair.evaded.text))
        rows.append(report.Evaded(name, plain.all, evaded.all, target))
    return rows


def wanted(name: str, only: Sequence[str]) -> bool:
    """Say whether a set was asked for; all are if nothing was."""
    return not only or any(fnmatch.fnmatchcase(name, pattern) for pattern in only)


def text_sets(folder: Path | None, half: Half, seed: int) -> Sets:
    """Return the sets of text by name: those of the folder, those of the generator, and those made from plain ones."""
    sets: Sets = {}
    for path in sorted(folder.rglob("*.jsonl")) if folder else ():
        sets[path.stem] = cache(partial(read_rows, path))
    for name in synthetic.names(half):
        count = COUNT * TIMES.get(name, 1)
        sets[f"synthetic {name}"] = cache(partial(synthetic.documents, name, half, seed, count))
    for name in names_written(half):
        sets[f"written {name}"] = cache(partial(written, name, half))
    for name in NAMED:
        sets[f"names that are words, synthetic {name}"] = cache(partial(_namesakes, name, half, seed))
    for name in RENAMED:
        if name in sets:
            sets[f"other names, {name}"] = cache(partial(_renamed, sets[name], seed))
    for name in [name for name in sets if wanted(name, PLAIN)]:
        sets[f"unseen names, {name}"] = cache(partial(_unseen, sets[name], seed))
        sets[f"lower case, {name}"] = cache(partial(_lowered, sets[name]))
        sets[f"other values, {name}"] = cache(partial(_otherwise, sets[name], half, seed))
    return sets


def _namesakes(name: str, half: Half, seed: int) -> list[Document]:
    made = synthetic.documents(name, half, seed, 2 * COUNT, namesakes(POLICIES / "words", half))
    return [document for document in made if any(span.label == "NAME" for span in document.spans)]


def _unseen(plain: Callable[[], list[Document]], seed: int) -> list[Document]:
    return unseen(plain(), known_words(POLICIES), seed)


def _renamed(plain: Callable[[], list[Document]], seed: int) -> list[Document]:
    return with_other_names(plain(), seed)


def _otherwise(plain: Callable[[], list[Document]], half: Half, seed: int) -> list[Document]:
    return with_other_values(plain(), half, seed)


def _lowered(plain: Callable[[], list[Document]]) -> list[Document]:
    return [evasions.lowered(document) for document in plain()]


def bundles(folder: Path | None, half: Half, seed: int) -> dict[str, list[fhir.Bundle]]:
    """Return the FHIR bundles of the folder and those of the generator."""
    made = [fhir.Bundle(str(number), *make_bundle(half, seed, number)) for number in range(_BUNDLES)]
    return {"corpora": fhir.read_bundles(folder) if folder else [], "synthetic": made}


def leaves_of(documents: Iterable[Document], size: int) -> list[str]:
    """Return texts of about this many code points: documents one after the other, repeated if there are too few."""
    text = "\n\n".join(document.text for document in documents)
    text *= 1 + size // len(text)
    return [text[at : at + size] for at in range(0, len(text) - size + 1, size)][:8]


def speed_texts(sets: Sets) -> dict[str, list[str]]:
    """Return what speed is measured on: clean and dense text in leaves, and one long leaf of each."""
    clean = sets["synthetic clean"]()
    names = [f"synthetic {name}" for name in ("notes", "messages", "tables")]
    dense = [document for name in names if name in sets for document in sets[name]()]
    random.Random(0).shuffle(dense)
    return {
        "clean, 16 KB leaves": leaves_of(clean, _LEAF),
        "clean, a 256 KB leaf": leaves_of(clean, _LONG_LEAF)[:1],
        "dense, 16 KB leaves": leaves_of(dense, _LEAF),
        "dense, a 256 KB leaf": leaves_of(dense, _LONG_LEAF)[:1],
    }


def show(title: str, misses: Sequence[Miss], count: int, kind: str) -> None:
    """Print the shapes of misses and some of them with the text around."""
    kind = kind.upper()
    chosen = [miss for miss in misses if not kind or kind in {miss.label, miss.kind.upper()}]
    if not chosen or not count:
        return
    print(f"\n{title}: {len(chosen)}")
    for shape, number in shapes(chosen)[:count]:
        print(f"  {number:5} x {shape}")
    for miss in random.Random(0).sample(chosen, min(count, len(chosen))):
        before = miss.text[max(0, miss.start - _AROUND) : miss.start].replace("\n", "\\n")
        after = miss.text[miss.end : miss.end + _AROUND].replace("\n", "\\n")
        value = miss.text[miss.start : miss.end].replace("\n", "\\n")
        partly = " (partly)" if miss.partly else ""
        print(f"  {miss.document} {miss.label} {miss.kind}{partly}: {before}⟦{value}⟧{after}")


def run(given: argparse.Namespace) -> report.Found:
    """Measure what was asked for."""
    engine = Engine.shipped(given.names)
    found = report.Found(engine.rules.revision, given.names)
    sets = text_sets(given.corpora, given.half, given.seed)
    find = spans_of(engine)
    for name, made in sets.items():
        if wanted(name, given.only):
            found.scores[name] = score(made(), find)
            found.streamed[name] = streamed_same(engine, made())
    if wanted("fhir", given.only):
        for source, chosen in bundles(given.corpora, given.half, given.seed).items():
            for form, masked in (("parsed leaves", fhir.as_leaves), ("pasted as text", fhir.as_text)):
                result = fhir.LeafScore(f"{source}, {form}")
                for bundle in chosen:
                    fhir.score_leaves(bundle, masked(engine, bundle), result)
                found.leaves += [result] if chosen else []
    found.evasions = evaded_rows(engine, (made for name, made in sets.items() if wanted(name, PLAIN)), given.only)
    if wanted("speed", given.only):
        found.speeds = [speed.measure(engine, name, texts) for name, texts in speed_texts(sets).items()]
        found.ready = speed.readiness(str(POLICIES))
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m bench.detection", description=__doc__)
    parser.add_argument("--corpora", type=Path, help="folder of .jsonl files and FHIR bundles with labels")
    parser.add_argument("--only", action="append", default=[], metavar="GLOB", help="sets by name; may be repeated")
    parser.add_argument("--names", choices=("strict", "balanced"), default="strict")
    parser.add_argument("--half", choices=("held", "dev", "judge"), default="held", help="which templates and names")
    parser.add_argument("--seed", type=int, default=synthetic.SEED)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
    parser.add_argument("--misses", type=int, default=0, metavar="N", help="show N shapes and examples for each set")
    parser.add_argument("--alarms", type=int, default=0, metavar="N", help="the same for findings that met no PHI")
    parser.add_argument("--kind", default="", help="only misses of this identifier or kind")
    given = parser.parse_args(arguments)
    if given.corpora and not given.corpora.is_dir():
        parser.error(f"no such folder: {given.corpora}")
    found = run(given)
    print(json.dumps(found.as_json(), indent=2) if given.json else report.text(found))
    for name, result in found.scores.items():
        show(f"{name}, missed", result.misses, given.misses, given.kind)
        show(f"{name}, alarms", result.alarms, given.alarms, "")
    return 0


if __name__ == "__main__":
    sys.exit(main())
