"""Labelled text: what the benchmark scores and what the generator makes.

Offsets are code points. `kind` says more than the label where there is more to say (a label `ADDRESS` may be a city, a
street or a facility); it is empty for text that others labelled.
"""

from __future__ import annotations

from dataclasses import dataclass


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
