"""Named sets of labelled text: every template of a kind and a half, filled again and again until there are enough."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from bench.synthetic.templates import templates

if TYPE_CHECKING:
    from bench.synthetic.document import Document
    from bench.synthetic.halves import Half
    from bench.synthetic.namesakes import Namesakes
    from bench.synthetic.templates import Template

SETS: dict[str, tuple[str, ...]] = {
    "prompts": (
        "prompts",
        "requests",
        "negatives",
        "questions",
        "prompts_round4",
        "negatives_round4",
        "prompts_round5",
        "negatives_round5",
        "prompts_round6",
        "negatives_round6",
        "prompts_round7",
        "negatives_round7",
        "prompts_round8",
        "negatives_round8",
        "prompts_round9",
        "negatives_round9",
        "prompts_round10",
        "negatives_round10",
        "prompts_round11",
        "negatives_round11",
    ),
    "notes": ("notes", "notes_details", "notes_round4"),
    "clean": (
        "clean",
        "unnamed",
        "clean_kinds",
        "clean_round4",
        "clean_round5",
        "clean_round6",
        "clean_round7",
        "clean_round9",
        "clean_round10",
        "clean_labs",
    ),
    "words": ("words",),
    "handoffs": (
        *("spoken", "spoken_floor", "spoken_calls", "spoken_dialogues", "spoken_round4", "spoken_round5"),
        *("spoken_round6", "spoken_round7", "spoken_round8", "spoken_round9", "spoken_round10", "spoken_round11"),
        *("spoken_ages", "handoffs"),
    ),
    "signouts": (
        *("signouts", "signouts_sheets", "signouts_round4", "signouts_round5", "signouts_round6"),
        *("signouts_said_round6", "signouts_round7", "signouts_said_round7"),
    ),
    "letters": ("letters", "letters_round4", "letters_round5"),
    "messages": ("messages",),
    "chat": ("chat", "chat_team", "chat_round4", "chat_round5", "chat_round9"),
    "tables": ("tables", "tables_exports"),
    "frames": ("frames",),
    "said": ("spoken_frames",),
    "hl7": ("hl7",),
    "international": ("international", "international_round4", "international_round5"),
}
"""Sets by name, and the kinds of templates they are made from."""

SEED = 40_423
"""The seed of the numbers that count."""


def chosen(name: str, half: Half) -> list[Template]:
    """Return the templates of a half that a set is made from; none if the half has no such text."""
    found = (template for kind in SETS[name] for template in templates(kind, judge=half == "judge"))
    return [template for template in found if template.half == half]


def names(half: Half) -> tuple[str, ...]:
    """Return the names of the sets that a half has text for."""
    return tuple(name for name in SETS if chosen(name, half))


def documents(
    name: str, half: Half, seed: int = SEED, count: int = 200, namesakes: Namesakes | None = None
) -> list[Document]:
    """Return documents of a set; the same ones for the same arguments."""
    from_these = chosen(name, half)
    draw = random.Random(f"{seed} {name} {half}")
    made: list[Document] = []
    while len(made) < count:
        for template in draw.sample(from_these, len(from_these)):
            if len(made) < count:
                made.append(template.fill(random.Random(f"{seed} {template.name} {len(made)}"), len(made), namesakes))
    return made
