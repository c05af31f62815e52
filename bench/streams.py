"""The second experiment: what a durable record of every segment adds to each event, with many streams open at once.

Upstream sends a delta every `pace` milliseconds with the time in its text; whoever receives it takes the difference.
The streams begin one after the other over some seconds, so that first bytes are those of a gateway in steady use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.experiment import Row, run_load
from bench.load import Load

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bench.envoys import Configuration

CASE = "paced streams"


def paced(configurations: Sequence[Configuration], streams: int, ramp: float, say: Callable[[str], None]) -> list[Row]:
    """Keep `streams` streams open through each configuration in turn and time every event."""
    rows = []
    for number, configuration in enumerate(configurations):
        say(f"{CASE}: {configuration.name}, {streams} streams")
        load = Load(
            host="127.0.0.1",
            port=configuration.port,
            requests=streams,
            connections=streams,
            stream=True,
            paced=True,
            fresh=True,
            ramp=ramp,
            seed=1 << 16 | number,
            headers=dict(configuration.headers),
        )
        outcome, cpu = run_load(configuration, load, 1)
        rows.append(Row(CASE, configuration.name, outcome, cpu))
    return rows
