"""Operators: what a finding's characters become. Replacement values are literal; nothing in them is expanded.

`generalize` keeps what 45 CFR 164.514(b)(2)(i) allows: the year of a date, three digits of a ZIP code unless fewer than
20,000 people live there, `90+` for ages over 89. What an operator cannot do it redacts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from masking.dates import shift, year_of
from masking.folding import fold
from masking.profile import Operator

if TYPE_CHECKING:
    from masking.placeholders import Pseudonyms

RESTRICTED_ZIP = frozenset(
    {
        "036", "059", "063", "102", "203", "556", "692", "790", "821",
        "823", "830", "831", "878", "879", "884", "890", "893",
    }
)  # fmt: skip
"""ZIP prefixes of at most 20,000 people (HHS guidance on 45 CFR 164.514(b), 2000 Census); they become 000."""

_ZIP_PREFIX = 3
_OLD = 89


def apply(operator: Operator, identifier: str, value: str, pseudonyms: Pseudonyms) -> str:
    """Return what `value` becomes. `BLOCK` redacts: the caller collects blocks before it applies operators."""
    if operator is Operator.KEEP:
        return value
    if operator is Operator.TOKENIZE:
        return pseudonyms.placeholder(identifier, value)
    replaced: str | None = None
    if operator is Operator.GENERALIZE:
        replaced = _generalized(identifier, fold(value))
    elif operator is Operator.SHIFT and identifier == "DATE":
        replaced = shift(fold(value), pseudonyms.shift_days())
    return f"[{identifier}]" if replaced is None else replaced


def _generalized(identifier: str, value: str) -> str | None:
    if identifier == "DATE":
        return year_of(value)
    digits = "".join(char for char in value if char.isdecimal())
    if identifier == "ZIP" and len(digits) >= _ZIP_PREFIX:
        prefix = digits[:_ZIP_PREFIX]
        return "000" if prefix in RESTRICTED_ZIP else prefix
    if identifier == "AGE" and digits:
        return "90+" if int(digits) > _OLD else value
    return None
