"""The real thing: `phigate up` in a state folder of its own, in front of the benchmark's upstream.

Nothing is switched off for the measurement: tokens are verified, OPA is asked twice, and every decision and segment is
committed to the embedded PostgreSQL before it is released. `profile` starts the same stack with workers that sample
themselves (bench.profile_worker).
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

from authz.lineage import dying_with_us
from bench.envoys import Configuration, NotStarted

START_SECONDS = 120.0
STOP_SECONDS = 20.0


def start_gateway(folder: Path, upstream: int, workers: int, *, profile: bool = False) -> Configuration:
    """Start phigate and wait until it is ready. Raises `NotStarted` with the end of what it said."""
    # PostgreSQL does not run as root: another user must be able to pass through the state folder to its own.
    state = folder / "state"
    for each in (folder, state):
        each.mkdir(mode=0o755)
        each.chmod(0o755)
    said = folder / "up.stderr"
    launcher = ("bench.profiled_up", "--samples", str(folder)) if profile else ("authz.cli",)
    options = {
        "--upstream": f"http://127.0.0.1:{upstream}",
        "--workers": str(workers),
        "--listen": "127.0.0.1:0",
        "--admin-listen": "127.0.0.1:0",
        "--state": str(state),
    }
    command = [sys.executable, "-m", *launcher, "up", "--json", *(word for pair in options.items() for word in pair)]
    environment = {name: value for name, value in os.environ.items() if name != "ANTHROPIC_API_KEY"}
    with said.open("wb") as errors:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=environment,
            start_new_session=True,
            preexec_fn=dying_with_us(),  # noqa: PLW1509  (nothing in it takes a lock)
        )
    assert process.stdout is not None
    # One line, when it is ready; nothing, when it failed.
    heard, _, _ = select.select([process.stdout], [], [], START_SECONDS)
    line = process.stdout.readline() if heard else b""
    if not line:
        _stop(process)
        raise NotStarted(f"phigate did not start: {said.read_text(errors='replace')[-1500:]}")
    ready = json.loads(line)
    port = urlsplit(ready["base_url"]).port
    assert port is not None
    return Configuration(
        "phigate",
        port,
        # The simulated upstream's place is taken by ours; the identity provider is not part of a deployment.
        {name: pid for name, pid in ready["pids"].items() if name not in {"idp", "simulator"}},
        lambda: _end(process, state),
        {"x-api-key": ready["token"]},
        state,
    )


def _end(process: subprocess.Popen[bytes], state: Path) -> None:
    """Stop the stack, and remove the one folder that it may have made outside its state."""
    _stop(process)
    with contextlib.suppress(OSError, ValueError, KeyError):
        sockets = Path(json.loads((state / "postgres" / "location.json").read_bytes())["socket_dir"])
        if not sockets.is_relative_to(state):
            sockets.rmdir()  # refused when it is not empty


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if process.stdout is not None:
        process.stdout.close()
