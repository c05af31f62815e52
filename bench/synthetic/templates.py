"""Templates: text with `{slot}` and `{slot.form}`, alternatives `<<one|other>>`, and `{{` and `}}` for braces.

A file of `templates/` holds one template a line, or blocks between lines of `----`. A line that begins with `%%` is a
comment; a block may begin with `@de` for its locale and `@old` for a patient over 89. Spans come from construction:
what a slot gives is put down, and where it stands is noted. Templates of the `judge` half are in `templates/judge/`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from bench.synthetic.case import Case
from bench.synthetic.document import Document, Gold
from bench.synthetic.halves import half_of
from bench.synthetic.slots import parts

if TYPE_CHECKING:
    import random

    from bench.synthetic.halves import Half
    from bench.synthetic.namesakes import Namesakes

FOLDER = Path(__file__).parent / "templates"
BLOCK = "----"

_ALTERNATIVES = re.compile(r"<<((?:(?!<<|>>).)*)>>", re.DOTALL)
_MARK = re.compile(r"@(old|[a-z]{2})\s")
_SLOT = re.compile(r"\{\{|\}\}|\{([A-Za-z0-9]+)(?:\.([a-z0-9]+))?\}")


@dataclass(frozen=True, slots=True)
class Template:
    """One template. `spoken` ones are written down as they are said."""

    name: str
    text: str
    locale: str
    old: bool
    spoken: bool
    judge: bool = False

    @property
    def half(self) -> Half:
        """The half it belongs to."""
        return "judge" if self.judge else half_of(self.text)

    def fill(self, draw: random.Random, number: int, namesakes: Namesakes | None = None) -> Document:
        """Return a document made from this template, its people called by words if there are `namesakes`."""
        text = self.text
        while (found := _ALTERNATIVES.search(text)) is not None:
            text = text[: found.start()] + draw.choice(found.group(1).split("|")) + text[found.end() :]
        case = Case(draw, self.half, self.locale, self.old, self.spoken, namesakes)
        out: list[str] = []
        spans: list[Gold] = []
        length = at = 0
        for slot in _SLOT.finditer(text):
            out.append(text[at : slot.start()])
            length += slot.start() - at
            at = slot.end()
            made = (
                [(slot.group()[0], "", "")]
                if slot.group(1) is None
                else parts(case, slot.group(1), slot.group(2) or "")
            )
            for value, label, kind in made:
                if label:
                    spans.append(Gold(length, length + len(value), label, kind))
                out.append(value)
                length += len(value)
        out.append(text[at:])
        return Document(f"{self.name}-{number}", "".join(out), tuple(spans))


@cache
def templates(kind: str, *, judge: bool = False) -> tuple[Template, ...]:
    """Return the templates of a kind of text, those of the two halves or those of the judge; a kind may have none."""
    path = (FOLDER / "judge" if judge else FOLDER) / f"{kind}.txt"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    lines = [line for line in lines if not line.startswith("%%")]
    blocks = "\n".join(lines).split(f"\n{BLOCK}\n") if BLOCK in lines else [line for line in lines if line.strip()]
    found: list[Template] = []
    for number, block in enumerate(blocks):
        text, locale, old = block.strip("\n"), "us", False
        while (mark := _MARK.match(text)) is not None:
            old, locale = (True, locale) if mark.group(1) == "old" else (old, mark.group(1))
            text = text[mark.end() :]
        found.append(Template(f"{kind}-{number}", text, locale, old, kind.startswith("spoken"), judge))
    return tuple(found)
