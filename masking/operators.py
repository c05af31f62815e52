"""Operators: what a finding's characters become. Replacement values are literal; nothing in them is expanded."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from masking.placeholders import Pseudonyms
    from masking.profile import Operator


def apply(operator: Operator, identifier: str, value: str, pseudonyms: Pseudonyms) -> str:
    """Return what `value` becomes. `BLOCK` redacts: the caller collects blocks before it applies operators."""
    raise NotImplementedError
