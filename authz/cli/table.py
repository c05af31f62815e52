"""Rows as a table: folded to fit on a terminal, one line a row where no one is looking (`phigate … | grep`)."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

PIPED_WIDTH = 400
"""Columns where standard output is no terminal."""


def printable(text: str) -> str:
    """Return text of others as a terminal may show it: no escape sequence survives."""
    return "".join(
        character if character.isprintable() or character == "\n" else "\N{REPLACEMENT CHARACTER}" for character in text
    )


def print_table(titles: Sequence[str], rows: Iterable[Sequence[Any]], *, whole: Sequence[str] = ("ID",)) -> None:
    """Print rows under their titles; the columns `whole` are never folded."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for title in titles:
        table.add_column(title, overflow="fold", no_wrap=title in whole)
    for row in rows:
        table.add_row(*(escape(printable(str(cell)).replace("\n", " ")) for cell in row))
    Console(width=None if sys.stdout.isatty() else PIPED_WIDTH, highlight=False).print(table)
