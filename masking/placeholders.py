"""Placeholders: keyed codes that stand for a value, with no store and no counter.

`[NAME_K3F9Q2A_7XW2PD]`: the first part is a function of the entity (spellings of one value share it), the second of the
exact spelling (so each restores exactly). Both come from HMAC-SHA256 under the session's key: 35 + 30 bits.
They are pseudonyms: text with placeholders is not de-identified in the sense of 45 CFR 164.514(b).
"""

from __future__ import annotations

PLACEHOLDER = r"\[[A-Z][A-Z_]{1,23}_[A-Z2-7]{7}_[A-Z2-7]{6}\]"


class Pseudonyms:
    """The placeholders and the date offset of one session, from its 32-byte masking key."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def placeholder(self, identifier: str, value: str) -> str:
        """Return the placeholder of this spelling of this value."""
        raise NotImplementedError

    def shift_days(self) -> int:
        """Return the session's secret date offset in days; never 0."""
        raise NotImplementedError
