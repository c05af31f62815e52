"""Requests: reading, walking and splicing bodies of every size, and the whole way of a request through masking.

Beside each figure stands a baseline of the same round: `json.loads` and `json.dumps` of the same body for the walk; for
the whole way also one RE2 pass over its bytes with an alternation of ten plain patterns.
"""

from __future__ import annotations

import gc
import json
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import re2

from bench.masking_bodies import SHAPES, chat
from bench.masking_text import DENSITIES, foreign
from bench.masking_timing import seconds
from masking.arrangement import plan
from masking.json_document import parse
from masking.request import mask_request, outline
from masking.rules import RuleSet, read_sources

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from masking.leaves import Leaf
    from masking.request import MaskedRequest

KEY = b"a key of thirty-two bytes, bench"
PROFILE = "standard"
UNITS = frozenset(range(1_000_000))
_EDIT_EVERY = 100
_ROUND = 1_000_000
_LEAST = 0.005
"""Seconds for which a walk is repeated: one of 20 KB takes a thirtieth of it."""

_PLAIN = re2.compile(
    rb"\d{3}-\d{2}-\d{4}|\d{2}/\d{2}/\d{4}|[a-z.]+@[a-z.]+|\(\d{3}\) \d{3}-\d{4}|Dr\. [A-Z][a-z]+|MRN \d+"
    rb"|\d{5}-\d{4}|https?://[a-z./]+|[A-Z]\d{9}|(?:Mr|Mrs|Ms)\. [A-Z][a-z]+"
)


@dataclass(frozen=True, slots=True)
class Figure:
    """One row: `size` bytes took `seconds`, and each baseline its own. `whole` tells a whole request from a walk."""

    case: str
    size: int
    seconds: float
    baselines: dict[str, float]
    whole: bool

    @property
    def rate(self) -> float:
        """MB per second."""
        return self.size / self.seconds / 1e6


@cache
def shipped() -> RuleSet:
    """Return the shipped rules, warm, and out of the collector's way as in a worker (`authz.server`)."""
    rules = RuleSet.from_sources(read_sources(Path(__file__).parents[1] / "policies"))
    rules.warm()
    gc.collect()
    gc.freeze()
    return rules


def walk(body: bytes) -> bytes:
    """Read a body, find every leaf, and splice one leaf in a hundred with a token of its own length."""
    document = parse(body)
    arranged = plan(document)
    edits: list[tuple[int, int, bytes]] = []
    edited = 0  # the next leaf to edit, counted from the first of a part
    for place in arranged.units:
        leaves = place.leaves
        count = len(leaves)
        while edited < count:
            edits.append(_edit(leaves[edited]))
            edited += _EDIT_EVERY
        edited -= count
    edits.extend(_edit(arranged.rest[leaf]) for leaf in range(edited, len(arranged.rest), _EDIT_EVERY))
    return document.splice(edits)


def _edit(leaf: Leaf) -> tuple[int, int, bytes]:
    start, end = leaf.span
    return start, end, b'"' + b"x" * (end - start - 2) + b'"'


def request(body: bytes) -> MaskedRequest:
    """Take a body the whole way that a worker takes it: strict reading, digests of its units, masking."""
    facts = outline(body)
    return mask_request(body, shipped(), shipped().profile(PROFILE), KEY, new_units=UNITS, arranged=facts.arranged)


def _loads_dumps(body: bytes) -> bytes:
    return json.dumps(json.loads(body)).encode()


def _re2_pass(body: bytes) -> int:
    return sum(1 for _ in _PLAIN.finditer(body))


def walks(sizes: Iterable[int], budget: float) -> Iterator[Figure]:
    """Yield the walk's figures: the same body in every round, for a walk remembers nothing."""
    for shape, build in SHAPES.items():
        for size in sizes:
            body = build(size)
            taken = seconds({"walk": walk, "json": _loads_dumps}, partial(_same, body), budget, least=_LEAST)
            yield Figure(f"walk, {shape}", len(body), taken["walk"], {"json": taken["json"]}, whole=False)


def requests(sizes: Sequence[int], budget: float) -> Iterator[Figure]:
    """Yield the whole way's figures on clinical text: other texts in every round, then the same text again.

    A round takes `_ROUND` bytes, of small requests several: they would be measured on the caches that making
    their bodies left, not on those of a worker.
    """
    cases = {
        name: partial(_each, case) for name, case in (("request", request), ("json", _loads_dumps), ("re2", _re2_pass))
    }
    for name, density in DENSITIES.items():
        for size in sizes if name != "dense" else sizes[:2]:
            yield _whole(f"request, {name}", cases, partial(_seeded, size, density), size, budget)
    smallest = min(sizes)
    yield _whole("request, other letters", cases, partial(_foreign, smallest), smallest, budget)
    body = _seeded(smallest, DENSITIES["usual"], 0)
    yield _whole("request, usual, repeated", cases, partial(_same, body), smallest, budget)


def _same(body: bytes, _turn: int) -> bytes:
    return body


def _seeded(size: int, density: float, turn: int) -> bytes:
    return chat(size, density=density, seed=turn + 1)


def _foreign(size: int, turn: int) -> bytes:
    message = {"role": "user", "content": foreign(size // 3, turn + 1)}
    body = {"model": "claude-bench", "max_tokens": 1024, "messages": [message]}
    return json.dumps(body, ensure_ascii=False).encode()


def _each(case: Callable[[bytes], object], bodies: Iterable[bytes]) -> None:
    for body in bodies:
        case(body)


def _whole(
    name: str,
    cases: Mapping[str, Callable[[list[bytes]], object]],
    build: Callable[[int], bytes],
    size: int,
    budget: float,
) -> Figure:
    count = max(1, _ROUND // size)
    taken = seconds(cases, lambda turn: [build(turn * count + place) for place in range(count)], budget)
    each = {key: spent / count for key, spent in taken.items()}
    return Figure(name, len(build(0)), each["request"], {key: each[key] for key in ("json", "re2")}, whole=True)
