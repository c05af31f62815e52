"""What a run says: tables for people, with the aims beside the results. Nothing here passes or fails."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bench.footprint import MIB
from bench.load import percentile

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bench.disk import Durability
    from bench.experiment import Row
    from bench.footprint import Footprint

AIM_RATE = 0.35
AIM_FIRST_BYTE_MS = 15.0
AIM_EVENTS_PER_CORE = 2000.0

JSON_ONE, JSON_MANY = "2 KB JSON, 1 connection", "2 KB JSON, 32 connections"
SSE_ONE, SSE_MANY = "SSE of 100 deltas, 1 connection", "SSE of 100 deltas, 32 connections"


@dataclass(slots=True)
class Results:
    """Everything that one run found."""

    machine: dict[str, Any]
    rows: list[Row] = field(default_factory=list)
    durability: Durability | None = None
    memory: dict[str, dict[str, Footprint]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def row(self, case: str, configuration: str) -> Row | None:
        """Return a row that has answers, or None."""
        for row in self.rows:
            if (row.case, row.configuration) == (case, configuration) and row.outcome.latency:
                return row
        return None


def table(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Return a table: the first column to the left, the others to the right."""
    widths = [max(len(line[column]) for line in (heads, *lines)) for column in range(len(heads))]
    texts = []
    for line in (heads, ["-" * width for width in widths], *lines):
        first, *rest = (
            cell.ljust(w) if n == 0 else cell.rjust(w) for n, (cell, w) in enumerate(zip(line, widths, strict=True))
        )
        texts.append("  ".join([first, *rest]).rstrip())
    return "\n".join(texts)


def _number(value: float, digits: int = 1) -> str:
    return "-" if math.isnan(value) else f"{value:,.{digits}f}"


def _ms(values: Sequence[float], percent: float) -> float:
    return percentile(values, percent) / 1000


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else math.nan


def _case(results: Results, case: str) -> str:
    rows = [row for row in results.rows if row.case == case]
    stream = any(row.outcome.events for row in rows)
    noop, plain = results.row(case, "no-op"), results.row(case, "plain")
    heads = [case, "per s", "of no-op", "of plain", "p50 ms", "p99 ms", "1st byte p50", "p99", "CPU ms"]
    heads += ["events/s", "per core", "failed"] if stream else ["failed"]
    lines = []
    for row in rows:
        outcome = row.outcome
        line = [
            row.configuration,
            _number(outcome.rate),
            _number(_ratio(outcome.rate, noop.outcome.rate) if noop else math.nan, 2),
            _number(_ratio(outcome.rate, plain.outcome.rate) if plain else math.nan, 3),
            _number(_ms(outcome.latency, 50), 2),
            _number(_ms(outcome.latency, 99), 2),
            _number(_ms(outcome.first_byte, 50), 2),
            _number(_ms(outcome.first_byte, 99), 2),
            _number(row.cpu_ms, 2),
        ]
        if stream:
            line += [_number(outcome.event_rate, 0), _number(row.events_per_core, 0)]
        lines.append([*line, f"{outcome.failed}"])
    return table(heads, lines)


def _paced(results: Results, case: str) -> str:
    rows = [row for row in results.rows if row.case == case]
    heads = [
        case,
        "events",
        "delay p50 ms",
        "p99",
        "added p50",
        "added p99",
        "1st byte p50",
        "p99",
        "added p50",
        "failed",
    ]
    noop = results.row(case, "no-op")
    lines = []
    for row in rows:
        outcome = row.outcome
        base = noop.outcome if noop else None
        lines.append(
            [
                row.configuration,
                _number(len(outcome.event_delay), 0),
                _number(_ms(outcome.event_delay, 50), 2),
                _number(_ms(outcome.event_delay, 99), 2),
                *(
                    _number(_ms(outcome.event_delay, percent) - _ms(base.event_delay, percent) if base else math.nan, 2)
                    for percent in (50, 99)
                ),
                _number(_ms(outcome.first_byte, 50), 2),
                _number(_ms(outcome.first_byte, 99), 2),
                _number(_ms(outcome.first_byte, 50) - _ms(base.first_byte, 50) if base else math.nan, 2),
                f"{outcome.failed}",
            ]
        )
    return table(heads, lines)


def _where(results: Results, case: str) -> str:
    """Return the processor time by part."""
    rows = [row for row in results.rows if row.case == case and row.outcome.latency]
    lines = []
    for row in rows:
        by_kind: dict[str, float] = {}
        for name, used in row.cpu.items():
            kind = name.partition("-")[0]
            by_kind[kind] = by_kind.get(kind, 0.0) + 1000 * used / len(row.outcome.latency)
        for kind, used in sorted(by_kind.items(), key=lambda pair: -pair[1]):
            lines.append([f"{row.configuration}: {kind}", _number(used, 2)])
    return table([f"CPU by part, {case}", "ms/request"], lines)


def _memory(results: Results) -> str:
    lines = []
    for configuration, parts in results.memory.items():
        for name, found in parts.items():
            pss = "-" if found.pss is None else _number(found.pss / MIB, 0)
            lines.append([f"{configuration}: {name}", _number(found.rss / MIB, 0), pss])
        shared = [found.pss for found in parts.values() if found.pss is not None]
        total = _number(sum(shared) / MIB, 0) if len(shared) == len(parts) else "-"
        lines.append([f"{configuration}: sum", _number(sum(found.rss for found in parts.values()) / MIB, 0), total])
    return table(["memory after the load", "RSS MiB", "PSS MiB"], lines)


def _durability(found: Durability) -> str:
    lines = [
        [name, _number(_ms(times, 50), 3), _number(_ms(times, 99), 3)]
        for name, times in (
            ("8 KB append + fdatasync", found.fsync),
            ("INSERT of 2 KB + COMMIT (asyncpg)", found.commit),
        )
    ]
    return table(["durability, one at a time", "p50 ms", "p99 ms"], lines)


def aims(results: Results) -> list[tuple[str, float, float, bool]]:
    """Return each aim that could be measured: its words, its bound, the figure, and whether it is kept."""
    found: list[tuple[str, float, float, bool]] = []
    for variant in ("phigate known", "phigate new"):
        ours, noop = results.row(JSON_MANY, variant), results.row(JSON_MANY, "no-op")
        if ours and noop:
            ratio = _ratio(ours.outcome.rate, noop.outcome.rate)
            found.append((f"{variant}: share of no-op's requests/s, at least", AIM_RATE, ratio, ratio >= AIM_RATE))
        ours, noop = results.row(JSON_ONE, variant), results.row(JSON_ONE, "no-op")
        if ours and noop and results.durability:
            bound = 2 * _ms(results.durability.commit, 50) + 2 * _ms(noop.outcome.latency, 50)
            p50 = _ms(ours.outcome.latency, 50)
            found.append((f"{variant}: p50 ms of one, at most 2 commits + 2 no-ops", bound, p50, p50 <= bound))
        ours, plain = results.row(SSE_ONE, variant), results.row(SSE_ONE, "plain")
        if ours and plain:
            added = _ms(ours.outcome.first_byte, 50) - _ms(plain.outcome.first_byte, 50)
            words = f"{variant}: ms to first byte over plain, at most"
            found.append((words, AIM_FIRST_BYTE_MS, added, added <= AIM_FIRST_BYTE_MS))
        ours = results.row(SSE_MANY, variant)
        if ours:
            per_core = ours.events_per_core
            words = f"{variant}: events/s per core, all parts counted, at least"
            found.append((words, AIM_EVENTS_PER_CORE, per_core, per_core >= AIM_EVENTS_PER_CORE))
    return found


def text(results: Results, paced_case: str) -> str:
    """Return the whole report."""
    machine = ", ".join(f"{name} {value}" for name, value in results.machine.items())
    parts = [f"phigate benchmark: {machine}"]
    if results.durability:
        parts.append(_durability(results.durability))
    cases = list(dict.fromkeys(row.case for row in results.rows))
    parts += [_case(results, case) for case in cases if case != paced_case]
    if paced_case in cases:
        parts.append(_paced(results, paced_case))
    if JSON_MANY in cases:
        parts.append(_where(results, JSON_MANY))
    if results.memory:
        parts.append(_memory(results))
    kept = [
        [words, _number(bound, 2), _number(figure, 2), "kept" if good else "missed"]
        for words, bound, figure, good in aims(results)
    ]
    if kept:
        parts.append(table(["aim", "bound", "found", ""], kept))
    first = {row.configuration: row.outcome.failure for row in results.rows if row.outcome.failed}
    parts += [f"first failure of {name}: {what}" for name, what in first.items()]
    parts += [f"problem: {problem}" for problem in results.problems]
    return "\n\n".join(parts)


def keep(results: Results, path: Path) -> None:
    """Write the figures as JSON."""
    durability: dict[str, float] = {}
    if results.durability:
        for name, times in (("fsync", results.durability.fsync), ("commit", results.durability.commit)):
            durability |= {f"{name}_p{percent}_ms": _ms(times, percent) for percent in (50, 99)}
    document = {
        "machine": results.machine,
        "durability": durability,
        "rows": [row.document() for row in results.rows],
        "memory": {
            configuration: {name: {"rss": found.rss, "pss": found.pss} for name, found in parts.items()}
            for configuration, parts in results.memory.items()
        },
        "aims": [
            {"aim": words, "bound": bound, "found": figure, "kept": good}
            for words, bound, figure, good in aims(results)
        ],
        "problems": results.problems,
    }
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
