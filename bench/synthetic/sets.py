"""Named sets of labelled text: every template of a kind and a half, filled again and again until there are enough."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from bench.synthetic.templates import templates

if TYPE_CHECKING:
    from bench.synthetic.document import Document
    from bench.synthetic.halves import Half

SETS: dict[str, tuple[str, ...]] = {
    "prompts": ("prompts", "negatives"),
    "notes": ("notes",),
    "clean": ("clean",),
    "handoffs": ("spoken",),
    "letters": ("letters",),
    "messages": ("messages",),
    "chat": ("chat",),
    "tables": ("tables",),
    "hl7": ("hl7",),
    "international": ("international",),
}
"""Sets by name, and the kinds of templates they are made from."""

SEED = 40_423
"""The seed of the numbers that count."""


def documents(name: str, half: Half, seed: int = SEED, count: int = 200) -> list[Document]:
    """Return documents of a set; the same ones for the same arguments."""
    chosen = [template for kind in SETS[name] for template in templates(kind) if template.half == half]
    draw = random.Random(f"{seed} {name} {half}")
    made: list[Document] = []
    while len(made) < count:
        for template in draw.sample(chosen, len(chosen)):
            if len(made) < count:
                made.append(template.fill(random.Random(f"{seed} {template.name} {len(made)}"), len(made)))
    return made
