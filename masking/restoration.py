"""Placeholders turned back into their originals, where the profile allows it and nowhere else.

Only placeholders of this very request are known here; every other one stays literal. Inside anything that a reader's
program may take for a link a placeholder is never restored: following or rendering a link that upstream wrote would
carry the original to whoever owns the link. Whether it is one is decided from the text before it (`WINDOW`) and the two
characters after it, so that cuts do not matter; in doubt the placeholder stays.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_CANDIDATE = re.compile(r"\[[A-Z][A-Z0-9_]{1,63}\]")
_UNFINISHED = re.compile(r"\[(?:[A-Z][A-Z0-9_]{0,63}(?:\][.@]?)?)?\Z")
_JOINED = re.compile(r"[.@][A-Za-z0-9]")
"""What makes a placeholder the beginning of a host name or of an address."""

WINDOW = 2048
"""How much of the text before a placeholder decides, in characters; a run without a space that is longer is a link."""

_LINK = re.compile(
    r"//|\\|\]\(|www\.|[a-z]:"  # any scheme: tel:, mailto:, javascript:
    r"|\.[a-z0-9-]{2,24}[/?#]"  # a bare host
    r"|[?&][\w.-]{1,32}=",
    re.IGNORECASE,
)
_TAG = re.compile(r"<[a-z/!?.#]|\]\(\s*<", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"\b(?:href|src|srcset|action|formaction|poster|cite|background|url)\s*=", re.IGNORECASE)
_SPACE = re.compile(r"\s")


def in_link(before: str) -> bool:
    """Return whether what follows `before` stands inside a link, a tag, an attribute or a link's definition."""
    run = _SPACE.split(before)[-1]
    return (
        len(run) >= WINDOW
        or _LINK.search(run) is not None
        or _TAG.search(before, before.rfind(">") + 1) is not None
        or "](" in before[before.rfind(")") + 1 :]
        or "]:" in before[before.rfind("\n") + 1 :]
        or _ATTRIBUTE.search(before, max(before.rfind(">"), before.rfind("\n")) + 1) is not None
    )


class Restorer:
    """Restores one text that arrives in pieces; any chunking gives the same text. `count` counts restorations."""

    __slots__ = ("_before", "_held", "_originals", "count")

    def __init__(self, originals: Mapping[str, str]) -> None:
        self.count = 0
        self._originals = originals
        self._held = ""
        self._before = ""

    def feed(self, masked: str) -> tuple[str, str]:
        """Take more masked text; return what may leave now, masked and restored.

        A placeholder waits until it is whole and its link can be told.
        """
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
        self._before = ""
        return text, restored

    def whole(self, masked: str) -> str:
        """Restore a whole text."""
        return self.feed(masked)[1] + self.finish()[1]

    def _restore(self, text: str) -> str:
        parts: list[str] = []
        position = 0
        for match in _CANDIDATE.finditer(text):
            between = text[position : match.start()]
            self._follow(between)
            original = self._originals.get(match[0])
            if original is not None and (_JOINED.match(text, match.end()) or in_link(self._before)):
                original = None
            if original is not None:
                self.count += 1
            parts.extend((between, match[0] if original is None else original))
            self._follow(match[0] if original is None else "x")
            position = match.end()
        rest = text[position:]
        self._follow(rest)
        parts.append(rest)
        return "".join(parts)

    def _follow(self, text: str) -> None:
        self._before = (self._before + text)[-WINDOW:]
