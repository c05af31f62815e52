"""Rows as a table: folded to fit on a terminal, one line a row where no one is looking (`phigate … | grep`)."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

PIPED_WIDTH = 400
"""Columns where standard output is no terminal."""


def printable(text: str) -> str:
    """Return text of others as a terminal may show it: no escape sequence survives, lines and tabs do."""
    return "".join(
        character if character.isprintable() or character in "\n\t" else "\N{REPLACEMENT CHARACTER}"
        for character in text
    )


def print_table(
    titles: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    whole: Sequence[str] = ("ID",),
    names: Sequence[str] = (),
) -> None:
    """Print rows under their titles, which are never folded.

    The columns `whole` are not folded either; words in the columns `names` end in an ellipsis where there is no room.
    """
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in titles:
        overflow: Literal["ellipsis", "fold"] = "ellipsis" if title in names else "fold"
        table.add_column(title, overflow=overflow, no_wrap=title in whole, min_width=len(title))
    for row in rows:
        table.add_row(*(escape(printable(str(cell)).replace("\n", " ")) for cell in row))
    Console(width=None if sys.stdout.isatty() else PIPED_WIDTH, highlight=False).print(table)
