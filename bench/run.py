"""One run: start the configurations, measure, print, and end every process that was started.

`python -m bench` takes under four minutes, `--quick` under one. `--profile` prints where a worker's time goes instead.
The exit code is 0 when everything could be measured, whatever the figures are, and 1 when something could not.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import platform
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from bench import disk, experiment, footprint, profile, report, streams
from bench.envoys import NotStarted, start_baseline, start_upstream
from bench.gateway import start_gateway
from bench.report import JSON_MANY, JSON_ONE, SSE_MANY, SSE_ONE, Results

if TYPE_CHECKING:
    from bench.envoys import Configuration

CONFIGURATIONS = ("plain", "no-op", "phigate")
EXPERIMENTS = ("json", "sse", "streams")


def _cases(given: argparse.Namespace) -> list[experiment.Case]:
    many = experiment.MANY
    warm = many if given.quick else 3 * many
    json_many, sse_many = (4 * many, 2 * many) if given.quick else (20 * many, 8 * many)
    one = 25 if given.quick else 100
    cases = {
        "json": [
            experiment.Case(JSON_ONE, stream=False, connections=1, requests=one, warm_up=10),
            experiment.Case(JSON_MANY, stream=False, connections=many, requests=json_many, warm_up=warm),
        ],
        "sse": [
            experiment.Case(SSE_ONE, stream=True, connections=1, requests=one // 2, warm_up=5),
            experiment.Case(SSE_MANY, stream=True, connections=many, requests=sse_many, warm_up=many),
        ],
    }
    return [case for name in given.only if name in cases for case in cases[name]]


def _options() -> argparse.Namespace:
    options = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    options.add_argument("--quick", action="store_true", help="one short round")
    options.add_argument("--rounds", type=int, help="rounds of each case  [3; 1 with --quick]")
    options.add_argument("--only", action="append", choices=EXPERIMENTS, help="run only this experiment (repeatable)")
    options.add_argument("--configuration", action="append", choices=CONFIGURATIONS, help="only this one (repeatable)")
    options.add_argument("--workers", type=int, default=2, help="worker processes  [2]")
    options.add_argument("--streams", type=int, default=100, help="streams open at once  [100]")
    options.add_argument("--pace-ms", type=float, default=250.0, help="time between a stream's deltas  [250]")
    options.add_argument("--folder", type=Path, help="where state goes: the disk that is measured  [the temporary one]")
    options.add_argument("--json", type=Path, metavar="FILE", help="keep the figures")
    options.add_argument("--profile", action="store_true", help="print where a worker's time goes, 2 KB JSON")
    given = options.parse_args()
    given.rounds = given.rounds or (1 if given.quick else 3)
    given.only = given.only or EXPERIMENTS
    given.configuration = given.configuration or CONFIGURATIONS
    given.json = given.json and given.json.absolute()
    return given


def _say(what: str) -> None:
    print(f"bench: {what}", file=sys.stderr, flush=True)


def _machine() -> dict[str, object]:
    return {
        "cores": len(os.sched_getaffinity(0)),
        "load": f"{os.getloadavg()[0]:.1f}",
        "python": platform.python_version(),
        "kernel": platform.release(),
    }


def _start(name: str, folder: Path, upstream: int, workers: int) -> Configuration:
    _say(f"starting {name}")
    place = folder / name
    if name == "phigate":
        return start_gateway(place, upstream, workers)
    return start_baseline(name, place, upstream, 0 if name == "plain" else workers)


def _measure(given: argparse.Namespace, folder: Path, cleanup: contextlib.ExitStack) -> Results:
    results = Results(_machine())
    # All streams are open at once when the last begins, at a rate of openings that leaves room for the rest.
    ramp = given.streams / (50 if given.quick else 20)
    deltas = int(1.5 * ramp * 1000 / given.pace_ms) + 1
    upstream, processes = start_upstream(folder / "upstream", given.pace_ms, deltas)
    cleanup.callback(processes.stop)
    running = []
    for name in CONFIGURATIONS:
        if name not in given.configuration:
            continue
        try:
            configuration = _start(name, folder, upstream, given.workers)
        except NotStarted as problem:
            results.problems.append(str(problem))
            continue
        cleanup.callback(configuration.stop)
        running.append(configuration)
        if configuration.folder is not None:
            _say("durability of this disk and database")
            results.durability = disk.measure(configuration.folder, 50 if given.quick else 200)
    results.rows += experiment.throughput(running, _cases(given), given.rounds, _say)
    if "streams" in given.only:
        results.rows += streams.paced(running, given.streams, ramp, _say)
    results.memory = {each.name: footprint.measure(each.pids) for each in running}
    return results


def main() -> int:
    """Run the benchmark; return the exit code."""
    given = _options()
    # The benchmark's own processes are modules of this package.
    os.chdir(Path(__file__).parents[1])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = Path(tempfile.mkdtemp(prefix="phb-", dir=given.folder))
    folder.chmod(0o755)  # PostgreSQL's own user passes through
    try:
        with contextlib.ExitStack() as cleanup:
            if given.profile:
                print(profile.worker(folder, given.workers, 300 if given.quick else 1500, _say))
                return 0
            results = _measure(given, folder, cleanup)
        print(report.text(results, streams.CASE))
        if given.json:
            report.keep(results, given.json)
    except KeyboardInterrupt:
        return 130
    except NotStarted as problem:
        _say(str(problem))
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    failed = any(row.outcome.failed for row in results.rows)
    return 1 if results.problems or failed else 0


if __name__ == "__main__":
    sys.exit(main())
