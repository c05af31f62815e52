"""A bar on standard error while a long input is read: for people only, and never between lines of an answer."""

from __future__ import annotations

import os
import stat
import sys
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.progress import Progress

LONG = 1 << 20
"""Bytes from which an input is long."""


def size_of(source: IO[bytes]) -> int | None:
    """Return the bytes of a regular file, None for a pipe, a terminal and what is no file."""
    try:
        status = os.fstat(source.fileno())
    except OSError:
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def watched(source: IO[bytes], pieces: Iterator[bytes], *, answers: bool) -> Iterator[bytes]:
    """Yield the pieces of a source, with a bar once they are long.

    There is none if standard error is no terminal, or if `answers` go to a terminal while the input is read.
    """
    if not sys.stderr.isatty() or (answers and sys.stdout.isatty()):
        yield from pieces
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TransferSpeedColumn

    total, done = size_of(source), 0
    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn())
    progress: Progress | None = None
    try:
        for piece in pieces:
            if progress is None and done + len(piece) >= LONG:
                progress = Progress(*columns, console=Console(stderr=True), transient=True)
                progress.start()
                task = progress.add_task("", total=total)
            done += len(piece)
            if progress is not None:
                progress.update(task, completed=done)
            yield piece
    finally:
        if progress is not None:
            progress.stop()
