"""Peak memory of one request, in a process of its own: `python -m bench.masking_memory BODY` reads the body in a file.

It prints what the process held before (interpreter, rules, the body) and at most (`ru_maxrss`), in bytes.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple


class Peak(NamedTuple):
    """Bytes: the body's size, resident before masking, and the most resident while masking."""

    body: int
    before: int
    most: int


def measure(body: bytes) -> Peak:
    """Mask a body in a fresh process. Raises RuntimeError when that fails."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(body)
        file.flush()
        command = [sys.executable, "-m", "bench.masking_memory", file.name]
        folder = Path(__file__).parents[1]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    return Peak(*json.loads(done.stdout))


def _resident() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main() -> None:
    """Mask the body in the named file and print the three numbers."""
    from bench.masking_bodies import chat
    from bench.masking_requests import request

    request(chat(20_000, density=0.15))
    body = Path(sys.argv[1]).read_bytes()
    before = _resident()
    request(body)
    print(json.dumps([len(body), before, _resident()]))


if __name__ == "__main__":
    main()
