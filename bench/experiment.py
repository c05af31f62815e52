"""The experiments: which load goes through which configuration, in which order, and what is kept of it.

Configurations take turns within every round, so that whatever else the machine does falls on all of them alike.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bench import footprint
from bench.load import Load, Outcome, generate, percentile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from bench.envoys import Configuration

_seeds = itertools.count(1)

MANY = 32
"""Connections of the busy cases."""


@dataclass(frozen=True, slots=True)
class Case:
    """One kind of load; `requests` is what a round sends to a baseline with servicers, per variant."""

    name: str
    stream: bool
    connections: int
    requests: int
    warm_up: int


@dataclass(slots=True)
class Row:
    """What one configuration did in one case. `cpu` is processor seconds by part while it was measured."""

    case: str
    configuration: str
    outcome: Outcome
    cpu: dict[str, float] = field(default_factory=dict)

    @property
    def cpu_ms(self) -> float:
        """Processor milliseconds a good answer, of all parts together."""
        return 1000 * sum(self.cpu.values()) / max(1, len(self.outcome.latency))

    @property
    def events_per_core(self) -> float:
        """Text deltas that one second of one core's time carries through all parts of the configuration."""
        used = sum(self.cpu.values())
        return self.outcome.events / used if used else 0.0

    def document(self) -> dict[str, object]:
        """Return the row for `--json`: figures, not samples; times in milliseconds."""
        outcome = self.outcome
        times = {"latency": outcome.latency, "first_byte": outcome.first_byte, "event_delay": outcome.event_delay}
        return {
            "case": self.case,
            "configuration": self.configuration,
            "answers": len(outcome.latency),
            "failed": outcome.failed,
            "failure": outcome.failure,
            "seconds": round(outcome.seconds, 3),
            "rate": round(outcome.rate, 1),
            "event_rate": round(outcome.event_rate, 1),
            "events_per_core": round(self.events_per_core, 1),
            "cpu_ms_by_part": {
                name: round(1000 * used / max(1, len(outcome.latency)), 3) for name, used in self.cpu.items()
            },
            **{
                f"{name}_p{percent}_ms": round(percentile(values, percent) / 1000, 3)
                for name, values in times.items()
                if values
                for percent in (50, 99)
            },
        }


def run_load(configuration: Configuration, load: Load, processes: int) -> tuple[Outcome, dict[str, float]]:
    """Run one load and return its outcome and the processor time that it took, by part."""
    before: dict[str, float] = {}
    outcome = generate(load, processes, when_warm=lambda: before.update(footprint.cpu_seconds(configuration.pids)))
    after = footprint.cpu_seconds(configuration.pids)
    return outcome, {name: used - before.get(name, 0.0) for name, used in after.items()}


def _load(configuration: Configuration, case: Case, *, fresh: bool) -> Load:
    # Envoy alone is an order of magnitude faster: it gets more to do, so that its time can be read.
    times = 5 if configuration.name == "plain" else 1
    return Load(
        host="127.0.0.1",
        port=configuration.port,
        requests=case.requests * times,
        connections=case.connections,
        warm_up=case.warm_up,
        stream=case.stream,
        fresh=fresh,
        seed=next(_seeds),
        headers=dict(configuration.headers),
    )


def throughput(
    configurations: Sequence[Configuration], cases: Sequence[Case], rounds: int, say: Callable[[str], None]
) -> list[Row]:
    """Run every case through every configuration, `rounds` times; one row for each pair, phigate in two variants.

    `phigate known` repeats one conversation in a session; `phigate new` begins a session with each request.
    """
    rows: list[Row] = []
    for case in cases:
        parts: dict[str, list[tuple[Outcome, dict[str, float]]]] = {}
        for number in range(rounds):
            for configuration in configurations:
                for variant, fresh in _variants(configuration):
                    say(f"{case.name}: {variant}, round {number + 1} of {rounds}")
                    load = _load(configuration, case, fresh=fresh)
                    done = run_load(configuration, load, 1 if case.connections == 1 else 2)
                    parts.setdefault(variant, []).append(done)
        for variant, done_parts in parts.items():
            outcome = Outcome.together((outcome for outcome, _ in done_parts), parallel=False)
            rows.append(Row(case.name, variant, outcome, _added(cpu for _, cpu in done_parts)))
    return rows


def _variants(configuration: Configuration) -> list[tuple[str, bool]]:
    if configuration.name == "phigate":
        return [("phigate known", False), ("phigate new", True)]
    return [(configuration.name, False)]


def _added(many: Iterable[Mapping[str, float]]) -> dict[str, float]:
    total: dict[str, float] = {}
    for each in many:
        for name, used in each.items():
            total[name] = total.get(name, 0.0) + used
    return total
