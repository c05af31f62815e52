"""FHIR bundles: which labelled leaves are found, and how many others are touched.

A bundle is masked twice: as parsed JSON, string by string with its path, and as text, pretty-printed into one text
block as someone would paste it. Labels are `[{path, value, label}]` beside the bundle. A leaf is found when the
identifying characters of its value are covered. Other leaves are strings without a label that do not repeat a labelled
value (a reference to the patient's id does).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bench.detection_gold import identifier, identifying
from bench.detection_score import Tally

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.detection_engine import Engine, Spans, Step

_SHORTEST_REPEAT = 5
_INDENT = "  "


@dataclass(frozen=True)
class Bundle:
    """One document with the labels of its leaves, by path."""

    name: str
    tree: Any = field(repr=False)
    labels: dict[str, str]


@dataclass(slots=True)
class LeafScore:
    """Labelled leaves by identifier, and the others, in one form of the bundles."""

    form: str
    identifiers: dict[str, Tally] = field(default_factory=dict)
    others: int = 0
    touched: int = 0
    missed: dict[str, int] = field(default_factory=dict)
    touched_keys: dict[str, int] = field(default_factory=dict)

    @property
    def others_touched(self) -> float:
        """Share of the other leaves that a finding touches."""
        return self.touched / self.others if self.others else 0.0


def read_bundles(folder: Path) -> list[Bundle]:
    """Read every `X.json` that has an `X.labels.json` beside it, in the folder or below it."""
    bundles = []
    for labels in sorted(folder.rglob("*.labels.json")):
        document = labels.with_name(labels.name.removesuffix(".labels.json") + ".json")
        rows = json.loads(labels.read_text(encoding="utf-8"))
        bundles.append(
            Bundle(
                document.stem,
                json.loads(document.read_text(encoding="utf-8")),
                {row["path"]: row["label"] for row in rows},
            )
        )
    return bundles


def render(path: tuple[Step, ...]) -> str:
    """Return a path as the label files write it: `entry[0].resource.name[0].family`."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")


def strings(tree: Any, path: tuple[Step, ...] = ()) -> Iterator[tuple[tuple[Step, ...], str]]:
    """Yield every string value with its path, in document order."""
    if isinstance(tree, str):
        yield path, tree
    elif isinstance(tree, dict):
        for key, value in tree.items():
            yield from strings(value, (*path, key))
    elif isinstance(tree, list):
        for index, value in enumerate(tree):
            yield from strings(value, (*path, index))


def printed(tree: Any) -> tuple[str, list[int]]:
    """Return the tree as `json.dumps(indent=2)` writes it, and where each string value begins behind its quote."""
    out: list[str] = []
    starts: list[int] = []
    length = 0

    def put(text: str) -> None:
        nonlocal length
        out.append(text)
        length += len(text)

    def write(node: Any, depth: int) -> None:
        if isinstance(node, str):
            starts.append(length + 1)
            put(json.dumps(node, ensure_ascii=False))
        elif isinstance(node, dict | list) and node:
            opened, closed = "{}" if isinstance(node, dict) else "[]"
            put(opened)
            for number, item in enumerate(node):
                put((",\n" if number else "\n") + _INDENT * (depth + 1))
                if isinstance(node, dict):
                    put(json.dumps(item, ensure_ascii=False) + ": ")
                    write(node[item], depth + 1)
                else:
                    write(item, depth + 1)
            put("\n" + _INDENT * depth + closed)
        else:
            put(json.dumps(node))

    write(tree, 0)
    return "".join(out), starts


def as_leaves(engine: Engine, bundle: Bundle) -> list[Spans]:
    """Return the findings of each string when the bundle is parsed and masked string by string."""
    return engine.leaves(list(strings(bundle.tree)))


def as_text(engine: Engine, bundle: Bundle) -> list[Spans]:
    """Return the findings inside each string when the bundle is pasted as text."""
    text, starts = printed(bundle.tree)
    hidden = bytearray(len(text))
    for finding in engine.whole(text):
        hidden[finding.start : finding.end] = b"\1" * (finding.end - finding.start)
    found: list[Spans] = []
    for start, (_, value) in zip(starts, strings(bundle.tree), strict=True):
        size = len(json.dumps(value, ensure_ascii=False)) - 2
        inside = hidden[start : start + size]
        if size == len(value):
            found.append([(at, at + 1) for at, cell in enumerate(inside) if cell])
        else:  # escapes: offsets of the two forms differ, so the whole counts or, at least, that it is touched
            whole = [(0, len(value))] if 0 not in inside else [(0, 1)]
            found.append(whole if 1 in inside else [])
    return found


def score_leaves(bundle: Bundle, found: list[Spans], score: LeafScore) -> None:
    """Count one bundle."""
    labelled = {value for path, value in strings(bundle.tree) if render(path) in bundle.labels}
    repeated = tuple(value for value in labelled if len(value) >= _SHORTEST_REPEAT)
    for (path, value), spans in zip(strings(bundle.tree), found, strict=True):
        label = bundle.labels.get(render(path))
        key = _key(path)
        if label is not None:
            hidden = {at for start, end in spans for at in range(start, end)}
            needed = {at for start, end in identifying(value, label) for at in range(start, end)}
            if not needed:
                continue
            tally = score.identifiers.setdefault(identifier(label), Tally())
            tally.gold += 1
            tally.covered += needed <= hidden
            tally.overlapped += bool(needed & hidden)
            if not needed <= hidden:
                score.missed[key] = score.missed.get(key, 0) + 1
        elif value and not any(repeat in value for repeat in repeated):
            score.others += 1
            if spans:
                score.touched += 1
                score.touched_keys[key] = score.touched_keys.get(key, 0) + 1


def _key(path: tuple[Step, ...]) -> str:
    """Return the last keys of a path, without indexes."""
    return ".".join(step for step in path if isinstance(step, str)).split("resource.")[-1]
