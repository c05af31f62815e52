"""`python -m bench.detection --corpora DIR`: what the detector finds, what it should not, and how fast.

Reads every `.jsonl` of labelled text and every FHIR bundle with labels in DIR, adds sets made by the generator from
templates of the held half, and rewrites them by every evasion. `--only` chooses sets by name, `--half dev` takes the
templates that rules may be tuned on, and `--misses N` shows what was missed: shapes first, then examples.
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from bench import detection_evasions as evasions
from bench import detection_fhir as fhir
from bench import detection_report as report
from bench import detection_speed as speed
from bench.detection_engine import POLICIES, Engine
from bench.detection_gold import read_rows
from bench.detection_score import Miss, Score, pieces, score, shapes
from bench.detection_unseen import known_words, unseen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from bench.synthetic.document import Document

    Sets = dict[str, list[Document]]

PLAIN = "asq*"
"""Sets that evasions, lower case and unseen names are made from."""
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


def evaded_rows(engine: Engine, documents: Iterable[Document], only: Sequence[str]) -> list[report.Evaded]:
    """Score every evasion of these documents."""
    find = spans_of(engine)
    documents = list(documents)
    chosen: list[tuple[str, float, list[evasions.Evaded | None]]] = [
        (evasion.name, evasion.target, [evasions.evade(document, evasion) for document in documents])
        for evasion in evasions.EVASIONS
        if wanted(f"evasion {evasion.name}", only)
    ]
    if wanted("evasion base64", only):
        chosen.append(("base64", 0.95, [evasions.encoded(document) for document in documents]))
    rows = []
    for name, target, pairs in chosen:
        plain, evaded = Score(), Score()
        for pair in pairs:
            if pair is not None:
                plain.add(pair.plain, find(pair.plain.text))
                evaded.add(pair.evaded, find(pair.evaded.text))
        rows.append(report.Evaded(name, plain.all, evaded.all, target))
    return rows


def wanted(name: str, only: Sequence[str]) -> bool:
    """Say whether a set was asked for; all are if nothing was."""
    return not only or any(fnmatch.fnmatchcase(name, pattern) for pattern in only)


def text_sets(folder: Path | None) -> Sets:
    """Return the sets of text by name: those of the folder, and those made from them."""
    sets: Sets = {}
    for path in sorted(folder.rglob("*.jsonl")) if folder else ():
        sets[path.stem] = read_rows(path)
    known = known_words(POLICIES)
    for name, documents in [item for item in sets.items() if fnmatch.fnmatchcase(item[0], PLAIN)]:
        sets[f"unseen names, {name}"] = unseen(documents, known)
    return sets


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
    sets = text_sets(given.corpora)
    find = spans_of(engine)
    for name, documents in sets.items():
        if wanted(name, given.only):
            found.scores[name] = score(documents, find)
            found.streamed[name] = streamed_same(engine, documents)
    if given.corpora and wanted("fhir", given.only):
        for form, masked in (("parsed leaves", fhir.as_leaves), ("pasted as text", fhir.as_text)):
            result = fhir.LeafScore(form)
            for bundle in fhir.read_bundles(given.corpora):
                fhir.score_leaves(form, bundle, masked(engine, bundle), result)
            found.leaves.append(result)
    plain = [document for name, documents in sets.items() if fnmatch.fnmatchcase(name, PLAIN) for document in documents]
    found.evasions = evaded_rows(engine, plain, given.only)
    if wanted("speed", given.only):
        found.speeds = [
            speed.measure(engine, name, [document.text for document in documents])
            for name, documents in sets.items()
            if not name.startswith("unseen")
        ]
        found.ready = speed.readiness(str(POLICIES))
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m bench.detection", description=__doc__)
    parser.add_argument("--corpora", type=Path, help="folder of .jsonl files and FHIR bundles with labels")
    parser.add_argument("--only", action="append", default=[], metavar="GLOB", help="sets by name; may be repeated")
    parser.add_argument("--names", choices=("strict", "balanced"), default="strict")
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
