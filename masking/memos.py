"""Memos: how an assistant's words come back upstream as upstream wrote them.

The caller sees a response masked, and perhaps restored; next turn it echoes what it saw. Where masking the echo would
not give upstream's text again, a memo keeps that text under a keyed digest of the echo. The digest says nothing to
someone without the session's key, and a memo counts only at its own place in its own conversation.
"""

from __future__ import annotations

import hmac
from collections import defaultdict
from dataclasses import dataclass, field

_LABEL = b"phigate memo digest\0"
_DIGEST_HEX = 32


@dataclass(frozen=True, slots=True)
class MemoEntry:
    """Upstream's text of a leaf, under the digest of what the caller saw of it."""

    digest: str
    upstream: str = field(repr=False)


def memo_digest(key: bytes, kind: str, occurrence: int, caller_text: str) -> str:
    """Return the digest (128 bits, hex) under which the echo of a leaf is looked up.

    `kind` is "text", "input", "key" or "other"; `occurrence` counts equal (kind, text) leaves before it in the answer.
    """
    text = _LABEL + f"{kind}\0{occurrence}\0".encode() + caller_text.encode()
    return hmac.digest(key, text, "sha256").hex()[:_DIGEST_HEX]


class Turn:
    """Digests of the leaves of one answer, in their order."""

    __slots__ = ("_key", "_seen")

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._seen: defaultdict[tuple[str, str], int] = defaultdict(int)

    def digest(self, kind: str, caller_text: str) -> str:
        """Return the digest of the next leaf."""
        occurrence = self._seen[kind, caller_text]
        self._seen[kind, caller_text] += 1
        return memo_digest(self._key, kind, occurrence, caller_text)
