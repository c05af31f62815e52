"""Texts that were written down whole, each value marked where it stands, by authors who had not read the rules.

Generated texts vary values in few sentences; these vary sentences, and their hospitals, towns and numbers are of forms
that nobody thought of making. A file of `bench/written/` holds documents between lines of `----`, with values as
`{{LABEL|value}}`. Those of `judge/` are not read by anybody who tunes rules.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from bench.synthetic.document import Document, Gold

if TYPE_CHECKING:
    from bench.synthetic.halves import Half

FOLDER = Path(__file__).parent / "written"
_BETWEEN = re.compile(r"^----$\n?", re.MULTILINE)
_MARK = re.compile(r"\{\{([A-Z_]+)\|(.*?)\}\}", re.DOTALL)


def read_marked(name: str, text: str) -> list[Document]:
    """Return the documents of marked text, named by their places in it; a document of white space is none."""
    documents: list[Document] = []
    for number, marked in enumerate(_BETWEEN.split(text)):
        parts: list[str] = []
        spans: list[Gold] = []
        at = length = 0
        for mark in _MARK.finditer(marked := marked.strip("\n")):
            before, value = marked[at : mark.start()], mark[2]
            length += len(before)
            spans.append(Gold(length, length + len(value), mark[1]))
            parts += (before, value)
            length += len(value)
            at = mark.end()
        parts.append(marked[at:])
        whole = "".join(parts)
        if whole.strip():
            documents.append(Document(f"{name}-{number}", whole, tuple(spans)))
    return documents


def folder_of(half: Half) -> Path:
    """Return where texts of a half are: the judge's are its own, the two others read the same."""
    return FOLDER / "judge" if half == "judge" else FOLDER


def names(half: Half) -> tuple[str, ...]:
    """Return the kinds of text that a half has."""
    return tuple(sorted(path.stem for path in folder_of(half).glob("*.txt")))


def written(name: str, half: Half) -> list[Document]:
    """Return the documents of a kind."""
    return read_marked(name, (folder_of(half) / f"{name}.txt").read_text(encoding="utf-8"))
