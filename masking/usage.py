"""The facts of a response that are not text: token counts and the reason it stopped."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from masking.json_document import Members, Scalars

if TYPE_CHECKING:
    from masking.json_document import Document, Node

_COUNT = re.compile(rb"[0-9]{1,15}")


def counts(document: Document, usage: Node | None) -> dict[str, int]:
    """Return the integer fields of a `usage` object; in a stream, later ones replace earlier ones (cumulative)."""
    if not isinstance(usage, Members):
        return {}
    lexemes = {key: document.raw(node) for key, node in usage.items() if isinstance(node, Scalars)}
    return {key: int(lexeme) for key, lexeme in lexemes.items() if _COUNT.fullmatch(lexeme)}


def word(document: Document, node: Node | None) -> str | None:
    """Return the text of an enum field, or None for null and for anything else."""
    return document.text(node) if isinstance(node, tuple) else None
