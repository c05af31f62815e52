"""The hand-written lists in `hand/`: one entry or several, separated by commas, on a line; `#` starts a comment."""

from pathlib import Path

from tools.wordlists.form import both

FOLDER = Path(__file__).parent / "hand"


def read(name: str, folder: Path = FOLDER) -> frozenset[str]:
    """Return the entries of a hand-written list, as written and folded."""
    entries: set[str] = set()
    for line in (folder / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        entries |= {part for part in (text.strip() for text in line.split("#")[0].split(",")) if part}
    return frozenset(both(entries))
