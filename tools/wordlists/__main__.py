"""`python -m tools.wordlists`: fetch the packages, make the lists, say how large they are."""

import argparse
import sys
from pathlib import Path

from tools.wordlists.build import build, fetch


def main() -> None:
    """Make the lists."""
    parser = argparse.ArgumentParser(prog="python -m tools.wordlists", description=__doc__)
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "phigate" / "wordlists")
    parser.add_argument("--output", type=Path, default=Path(__file__).parents[2] / "policies" / "words")
    arguments = parser.parse_args()
    total = 0
    for made in build(fetch(arguments.cache)):
        size = made.write(arguments.output)
        total += size
        sys.stdout.write(f"{made.name:20} {len(made.entries):7,} entries {size / 1000:8.1f} kB\n")
    sys.stdout.write(f"{'':20} {'':7}         {total / 1000:8.1f} kB\n")


if __name__ == "__main__":
    main()
