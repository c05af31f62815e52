"""`phigate` with workers that sample themselves: the same stack, but for the module that a worker is started from.

`python -m bench.profiled_up --samples FOLDER up ...` writes `worker-N.samples` when the stack ends.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any


def main() -> None:
    """Change what a worker is started from, and hand over to the command line."""
    from authz.cli import main as phigate
    from authz.quickstart import recipes

    folder = sys.argv[2]
    ordinary = recipes.worker

    def sampled(*arguments: Any, **options: Any) -> Any:
        part = ordinary(*arguments, **options)
        where = part.command.index("authz.server")
        samples = ("--samples", f"{folder}/{part.name}.samples")
        command = (*part.command[:where], "bench.profile_worker", *samples, *part.command[where + 1 :])
        return replace(part, command=command)

    recipes.worker = sampled
    sys.argv[1:] = sys.argv[3:]
    phigate()


if __name__ == "__main__":
    main()
