"""Labelled text: what the benchmark scores and what the generator makes.

Offsets are code points. `kind` says more than the label where there is more to say (a label `ADDRESS` may be a city, a
street or a facility); it is empty for text that others labelled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Gold:
    """PHI at `[start, end)` of a text, under the label its maker gave it."""

    start: int
    end: int
    label: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """One labelled text."""

    id: str
    text: str
    spans: tuple[Gold, ...]

    def rewritten(self, write: Callable[[str, str], str], kind: str) -> Document:
        """Return it with `write(value, label)` for each value; those that became others are of `kind`.

        Values that begin inside the one before them are no longer spans.
        """
        text: list[str] = []
        spans: list[Gold] = []
        at = length = 0
        for span in self.spans:
            if span.start < at:
                continue
            value = self.text[span.start : span.end]
            written = write(value, span.label)
            rest = self.text[at : span.start]
            begin = length + len(rest)
            spans.append(Gold(begin, begin + len(written), span.label, span.kind if written == value else kind))
            text += (rest, written)
            length = begin + len(written)
            at = span.end
        return Document(self.id, "".join((*text, self.text[at:])), tuple(spans))
