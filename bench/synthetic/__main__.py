"""`python -m bench.synthetic DIR`: write labelled synthetic text as `.jsonl` files, one for each set."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from bench.detection_gold import write_rows
from bench.synthetic.sets import SEED, documents, names

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m bench.synthetic", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--half", choices=("dev", "held", "judge"), default="dev")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--count", type=int, default=200, help="documents in each set")
    given = parser.parse_args(arguments)
    given.folder.mkdir(parents=True, exist_ok=True)
    for name in names(given.half):
        rows = documents(name, given.half, given.seed, given.count)
        write_rows(given.folder / f"synthetic_{name}_{given.half}.jsonl", rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
