"""Placeholders turned back into their originals, where the profile allows it and nowhere else.

Only placeholders of this very request are known here; every other one stays literal. Inside a URL a placeholder is
never restored: following or rendering a link that upstream wrote would carry the original to whoever owns the link.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_CANDIDATE = re.compile(r"\[[A-Z][A-Z0-9_]{1,63}\]")
_UNFINISHED = re.compile(r"\[(?:[A-Z][A-Z0-9_]{0,63})?\Z")
_LINK = re.compile(r"//|\]\(|www\.|mailto:|(?:href|src|action)=", re.IGNORECASE)
_SPACE = re.compile(r"\s")
_LINK_MARK = 8
"""Longest mark that `_LINK` matches, in characters: so much of an unbroken run is kept."""


class Restorer:
    """Restores one text that arrives in pieces; any chunking gives the same text. `count` counts restorations."""

    __slots__ = ("_held", "_link", "_originals", "_run", "count")

    def __init__(self, originals: Mapping[str, str]) -> None:
        self.count = 0
        self._originals = originals
        self._held = ""
        self._run = ""
        self._link = False

    def feed(self, masked: str) -> tuple[str, str]:
        """Take more masked text; return what may leave now, masked and restored. An open `[` waits."""
        if not self._originals:
            return masked, masked
        text = self._held + masked
        unfinished = _UNFINISHED.search(text)
        cut = unfinished.start() if unfinished else len(text)
        self._held = text[cut:]
        return text[:cut], self._restore(text[:cut])

    def finish(self) -> tuple[str, str]:
        """Return the rest of the text, masked and restored; the next text starts afresh."""
        text, self._held = self._held, ""
        restored = self._restore(text)
        self._run, self._link = "", False
        return text, restored

    def whole(self, masked: str) -> str:
        """Restore a whole text."""
        return self.feed(masked)[1] + self.finish()[1]

    def _restore(self, text: str) -> str:
        parts: list[str] = []
        position = 0
        for match in _CANDIDATE.finditer(text):
            before = text[position : match.start()]
            self._follow(before)
            original = None if self._link else self._originals.get(match[0])
            if original is not None:
                self.count += 1
            parts.extend((before, match[0] if original is None else original))
            self._follow(match[0])
            position = match.end()
        rest = text[position:]
        self._follow(rest)
        parts.append(rest)
        return "".join(parts)

    def _follow(self, text: str) -> None:
        """Keep track of whether the present run of characters without a space holds a link."""
        pieces = _SPACE.split(text)
        if len(pieces) > 1:
            self._run, self._link = "", False
        self._run += pieces[-1]
        self._link = self._link or _LINK.search(self._run) is not None
        self._run = self._run[-_LINK_MARK:]
