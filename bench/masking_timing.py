"""Processor time of functions of one argument, taken in turns so that a ratio compares the same moments."""

from __future__ import annotations

import gc
import statistics
import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Given = TypeVar("Given")

_FEWEST, _MOST = 3, 200


def seconds(
    cases: Mapping[str, Callable[[Given], object]],
    given: Callable[[int], Given],
    budget: float,
    *,
    least: float = 0.0,
) -> dict[str, float]:
    """Return each case's median seconds of processor time, all threads counted.

    Round n calls every case with `given(n)`, whose own time does not count; the first round warms up. Rounds end when
    they used `budget` seconds, but not before the third. A case is called again until it took `least` seconds, so that
    one of microseconds is not measured on the caches that the round before left.
    """
    taken: dict[str, list[float]] = {name: [] for name in cases}
    spent = 0.0
    for turn in range(_MOST + 1):
        argument = given(turn)
        gc.collect()
        for name, case in cases.items():
            calls, used = 0, 0.0
            began = time.process_time()
            while not calls or used < least:
                result = case(argument)
                used = time.process_time() - began
                del result
                calls += 1
            if turn:
                taken[name].append(used / calls)
                spent += used
        if turn >= _FEWEST and spent >= budget:
            break
    return {name: statistics.median(times) for name, times in taken.items()}
