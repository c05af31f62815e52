"""Speed and memory of masking by itself: `python -m bench.masking [--quick] [--only PART] [--json FILE]`.

One core, warm, processor time. Nothing passes or fails: each figure stands beside a baseline of the same run, and the
aims beside what was found.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from bench import masking_memory, masking_requests, masking_streams
from bench.footprint import MIB
from bench.load import percentile
from bench.masking_bodies import SHAPES
from bench.masking_text import DENSITIES
from bench.report import table

if TYPE_CHECKING:
    from bench.masking_memory import Peak
    from bench.masking_requests import Figure
    from bench.masking_streams import HoldBack, StreamFigure

PARTS = ("walk", "request", "stream", "hold-back", "memory")
AIM_WALK, AIM_CLINICAL, AIM_DELTA_US, AIM_HELD = 60.0, 10.0, 60.0, 60.0
_LARGEST = 33_000_000
_KB = 1000


@dataclass(slots=True)
class Found:
    """Everything that one run found."""

    machine: dict[str, object]
    walks: list[Figure] = field(default_factory=list)
    requests: list[Figure] = field(default_factory=list)
    streams: list[StreamFigure] = field(default_factory=list)
    held: list[HoldBack] = field(default_factory=list)
    peaks: dict[str, Peak] = field(default_factory=dict)


def _options() -> argparse.Namespace:
    options = argparse.ArgumentParser(prog="python -m bench.masking", description=__doc__)
    options.add_argument("--quick", action="store_true", help="small bodies and few rounds")
    options.add_argument("--only", action="append", choices=PARTS, help="only this part (repeatable)")
    options.add_argument("--json", type=Path, metavar="FILE", help="keep the figures")
    given = options.parse_args()
    given.only = given.only or PARTS
    return given


def prepare() -> Found:
    """Stay on one core, and say what machine this is."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    load = f"{os.getloadavg()[0]:.1f}"
    return Found({"python": platform.python_version(), "kernel": platform.release(), "load": load})


def measure(found: Found, part: str, *, quick: bool) -> str:
    """Measure one part and return its table."""
    budget = 0.1 if quick else 1.5
    sizes = (20 * _KB, 60 * _KB) if quick else (20 * _KB, 200 * _KB, 2_000 * _KB, _LARGEST)
    if part == "walk":
        found.walks = list(masking_requests.walks(sizes, budget))
        return _sizes(found.walks)
    if part == "request":
        found.requests = list(masking_requests.requests(sizes[:3], budget))
        return _sizes(found.requests)
    if part == "stream":
        found.streams = list(masking_streams.figures(1 * _KB if quick else 20 * _KB, budget))
        return _streams(found.streams)
    if part == "hold-back":
        found.held = list(masking_streams.hold_back(10 * _KB if quick else 100 * _KB))
        return _held(found.held)
    for name, build in SHAPES.items():
        density = DENSITIES["usual" if name == "chat" else "clean"]
        found.peaks[name] = masking_memory.measure(build(sizes[-1], density=density))
    return _peaks(found.peaks)


def _sizes(figures: list[Figure]) -> str:
    first = {figure.case: figure.seconds / figure.size for figure in reversed(figures)}
    heads = ["case", "bytes", "MB/s", "ns/byte", "of the smallest", *(f"of {name}" for name in figures[0].baselines)]
    lines = []
    for figure in figures:
        per_byte = figure.seconds / figure.size
        lines.append(
            [
                figure.case,
                f"{figure.size:,}",
                f"{figure.rate:,.1f}",
                f"{1e9 * per_byte:.1f}",
                f"{per_byte / first[figure.case]:.2f}",
                *(f"{figure.seconds / other:.2f}" for other in figure.baselines.values()),
            ]
        )
    return table(heads, lines)


def _streams(figures: list[StreamFigure]) -> str:
    lines = [
        [
            figure.case,
            f"{figure.events:,}",
            f"{1e9 * figure.seconds:,.0f}",
            *(f"{figure.seconds / other:,.1f}" for other in figure.baselines.values()),
        ]
        for figure in figures
    ]
    return table(["stream", "events", "ns/event", *(f"of {name}" for name in figures[0].baselines)], lines)


def _held(found: list[HoldBack]) -> str:
    lines = [[each.case, *(f"{percentile(each.held, part):.0f}" for part in (50, 90, 99, 100))] for each in found]
    return table(["characters held back, prose", "p50", "p90", "p99", "most"], lines)


def _peaks(found: dict[str, Peak]) -> str:
    lines = [
        [name, *(f"{part / MIB:.0f}" for part in peak), f"{(peak.most - peak.before) / peak.body:.1f}"]
        for name, peak in found.items()
    ]
    return table(["memory of one request, MiB", "body", "before", "at most", "bodies added"], lines)


def aims(found: Found) -> list[tuple[str, float, float, bool]]:
    """Return each aim that could be measured: its words, its bound, the worst figure, and whether it is kept."""
    kept: list[tuple[str, float, float, bool]] = []
    for shape in SHAPES:
        rates = [figure.rate for figure in found.walks if figure.case.endswith(shape)]
        if rates:
            kept.append((f"walk and splice, {shape}: MB/s, at least", AIM_WALK, min(rates), min(rates) >= AIM_WALK))
    for name in ("clean", "usual"):
        rates = [figure.rate for figure in found.requests if figure.case.endswith(name)]
        if rates:
            kept.append(
                (f"clinical text, {name}: MB/s, at least", AIM_CLINICAL, min(rates), min(rates) >= AIM_CLINICAL)
            )
    for characters in (masking_streams.TOKEN, masking_streams.PIECE):
        case = f"text delta, {characters} characters"
        deltas = [
            1e6 * figure.seconds for figure in found.streams if figure.case in {f"{case}, clean", f"{case}, usual"}
        ]
        if deltas:
            kept.append((f"{case}: microseconds, below", AIM_DELTA_US, max(deltas), max(deltas) < AIM_DELTA_US))
    for each in found.held[:2]:
        half = percentile(each.held, 50)
        kept.append((f"held back, {each.case}: median characters, below", AIM_HELD, half, half < AIM_HELD))
    return kept


def _aims(found: Found) -> str:
    lines = [
        [words, f"{bound:.0f}", f"{figure:.1f}", "kept" if good else "missed"]
        for words, bound, figure, good in aims(found)
    ]
    return table(["aim", "bound", "found", ""], lines) if lines else ""


def keep(found: Found, path: Path) -> None:
    """Write the figures as JSON."""
    document = {
        "machine": found.machine,
        "sizes": [{**asdict(figure), "rate": figure.rate} for figure in (*found.walks, *found.requests)],
        "streams": [asdict(figure) for figure in found.streams],
        "held": {each.case: {f"p{part}": percentile(each.held, part) for part in (50, 90, 99)} for each in found.held},
        "memory": {name: peak._asdict() for name, peak in found.peaks.items()},
        "aims": [
            {"aim": words, "bound": bound, "found": figure, "kept": good} for words, bound, figure, good in aims(found)
        ],
    }
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def main() -> int:
    """Measure, print, keep; return the exit code."""
    given = _options()
    found = prepare()
    print("masking on one core: " + ", ".join(f"{name} {value}" for name, value in found.machine.items()), flush=True)
    for part in given.only:
        print("\n" + measure(found, part, quick=given.quick), flush=True)
    print("\n" + _aims(found))
    if given.json:
        keep(found, given.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
