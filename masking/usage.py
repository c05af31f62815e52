"""The facts of a response that are not text: token counts and the reason it stopped."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from masking.json_document import Members, Scalars

if TYPE_CHECKING:
    from masking.json_document import Document, Node

_COUNT = re.compile(rb"[0-9]{1,15}")
_COUNTS = frozenset(
    {"input_tokens", "output_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "thinking_tokens"}
)
"""The counts that leave as facts; whatever else upstream puts there is text."""

_STOP_REASONS = frozenset(
    {
        *("end_turn", "max_tokens", "stop_sequence", "tool_use", "pause_turn", "refusal", "compaction"),
        "model_context_window_exceeded",
    }
)
OTHER = "other"
"""Stands for a stop reason that the API did not have when this was written: facts are stored in clear."""


def counts(document: Document, usage: Node | None) -> dict[str, int]:
    """Return the token counts of a `usage` object; in a stream, later ones replace earlier ones (cumulative)."""
    if not isinstance(usage, Members):
        return {}
    lexemes = {key: document.raw(node) for key, node in usage.items() if key in _COUNTS and isinstance(node, Scalars)}
    return {key: int(lexeme) for key, lexeme in lexemes.items() if _COUNT.fullmatch(lexeme)}


def stop_reason(document: Document, node: Node | None) -> str | None:
    """Return a stop reason of the API, `OTHER` for any other text, None for null and for anything else."""
    text = word(document, node)
    return text if text is None or text in _STOP_REASONS else OTHER


def word(document: Document, node: Node | None) -> str | None:
    """Return the text of an enum field, or None for null and for anything else."""
    return document.text(node) if isinstance(node, tuple) else None
