"""Two halves of everything: rules may be tuned on text of the `dev` half; numbers that count come from the `held` half.

A third, `judge`, is apart from both: templates and names that nobody who tunes rules reads, for the last word.

A template, a name or a place belongs to a half by its own hash, so that neither adding nor moving others changes it.
"""

from __future__ import annotations

import hashlib
from typing import Literal

Half = Literal["dev", "held", "judge"]


def half_of(text: str) -> Half:
    """Return which of the two halves a template or a value belongs to, for good."""
    return "held" if hashlib.sha256(text.strip().encode()).digest()[0] & 1 else "dev"
