"""Rows as a table: folded to fit on a terminal, one line a row where no one is looking (`phigate … | grep`)."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

PIPED_WIDTH = 400
"""Columns where standard output is no terminal."""

LONGEST_NAME = 16
"""Columns that a name of other people's choice gets on a terminal before it ends in an ellipsis."""


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

    The columns `whole` are not folded either; on a terminal the columns `names` are cut to `LONGEST_NAME`.
    """
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    terminal = sys.stdout.isatty()
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in titles:
        if title in names and terminal:
            table.add_column(
                title, no_wrap=True, overflow="ellipsis", min_width=len(title), max_width=max(LONGEST_NAME, len(title))
            )
        else:
            table.add_column(title, overflow="fold", no_wrap=title in whole, min_width=len(title))
    for row in rows:
        table.add_row(*(escape(printable(str(cell)).replace("\n", " ")) for cell in row))
    Console(width=None if terminal else PIPED_WIDTH, highlight=False).print(table)
