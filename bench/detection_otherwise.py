"""Other values: the same labelled text with other places, days and numbers in it, of the forms that real ones have.

What a text asks and how stays; whose rules know a hospital of the text by its name, or a number by its form, are found
out. Hospitals and towns are real ones, from sections `asked.` of the vocabulary.
"""

from __future__ import annotations

import random
import re
from functools import partial
from typing import TYPE_CHECKING

from bench.detection_gold import NUMBERS, identifier
from bench.synthetic import days
from bench.synthetic.pools import pick

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bench.synthetic.document import Document
    from bench.synthetic.halves import Half

_HOSPITAL = re.compile(r"(?i)hosp|clinic|center|centre|medical|health|university|mayo|hopkins|sinai|kaiser|infirmary")
_DAYS = ("num", "long", "abbr", "iso", "md", "my", "num", "long")
_RECORDS = (
    *("######", "#######", "########", "##########", "##-##-##", "###-##-####", "@######", "@@######", "@@@-#####"),
    *("####-@@@", "@###-####", "@@##@####", "###@####", "#########@", "@@@@-######", "@@#####-##", "###@@@###"),
)
"""Forms of numbers of records, plans, accounts and licences: `#` a digit, `@` a capital letter."""
_RECORD_LABELS = NUMBERS & {"MRN", "HEALTH_PLAN", "ACCOUNT", "LICENSE", "DEVICE"}
_PHONES = ("(###) ###-####", "###.###.####", "###-###-####", "+1 ### ### ####", "1-###-###-####", "###-###-#### x###")
_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"


def filled(draw: random.Random, form: str) -> str:
    """Return a form with random digits and letters; a first digit is no zero and no one, as in telephone numbers."""
    digit = form.find("#")
    first = form[:digit] + draw.choice("23456789") + form[digit + 1 :] if digit >= 0 else form
    return "".join(
        draw.choice("0123456789") if char == "#" else draw.choice(_LETTERS) if char == "@" else char for char in first
    )


def other_value(draw: random.Random, half: Half, value: str, label: str) -> str:
    """Return another value of the same kind; the same one where a value is more than its form, as a name is."""
    kind = identifier(label)
    holds_digit = any(char.isdigit() for char in value)
    if kind == "ADDRESS":
        section = "hospital" if _HOSPITAL.search(value) else "street" if holds_digit else "town"
        return pick(draw, f"asked.{section}", half)
    if kind == "DATE" and holds_digit:
        return days.written(draw, days.some_day(draw), draw.choice(_DAYS))
    if kind in _RECORD_LABELS:
        return filled(draw, draw.choice(_RECORDS))
    if kind in {"PHONE", "FAX"}:
        return filled(draw, draw.choice(_PHONES))
    return value


def with_other_values(documents: Iterable[Document], half: Half, seed: int = 0) -> list[Document]:
    """Return the documents that hold PHI, every value but names replaced."""
    made: list[Document] = []
    for document in documents:
        if document.spans:
            draw = random.Random(f"{seed} other {document.id}")
            made.append(document.rewritten(partial(other_value, draw, half), "other"))
    return made
