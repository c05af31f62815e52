"""RE2 as masking uses it: linear time or not at all.

pyre2 silently hands lookaround, backreferences and large repetitions to the standard library's backtracking `re`; the
fallback is turned into an error here before the first pattern is compiled, and every pattern of this package that meets
text under inspection is compiled here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import re2

if TYPE_CHECKING:
    from collections.abc import Iterator

re2.set_fallback_notification(re2.FALLBACK_EXCEPTION)

MAX_MEM = 16 << 20
"""RE2's budget for one pattern's automaton, in bytes; a starved one runs 100 times slower (measured)."""

MAX_MEM_LARGE = 128 << 20
"""The budget for an alternation of many patterns."""

_PROBES = ("", "a", "A a", "1", "a-1.b", " ", "\n", "Aa, 1\n\nb", "é", "@", "a@b.c/d:1")


class Match(Protocol):
    """The part of a match object that masking uses."""

    def span(self, group: str | int = 0) -> tuple[int, int]:
        """Return where a group stands, in code points; (-1, -1) if it took no part."""

    def group(self, group: str | int = 0) -> str:
        """Return a group's text."""


class Automaton(Protocol):
    """A compiled pattern."""

    groupindex: dict[str, int]

    def finditer(self, text: str) -> Iterator[Match]:
        """Return the matches, leftmost first, never overlapping."""

    def search(self, text: str) -> Match | None:
        """Return the leftmost match."""

    def fullmatch(self, text: str) -> Match | None:
        """Return a match of the whole text."""

    def findall(self, text: str) -> list[str]:
        """Return the texts of all matches."""


def compile_pattern(source: str, *, max_mem: int = MAX_MEM) -> Automaton:
    """Compile an RE2 pattern in multi-line mode.

    Raises ValueError with a fixed reason: not RE2 syntax, absolute anchors (a segment is not a text), NUL (it parts
    segments during a scan), or a match of the empty string.
    """
    if "\\A" in source or "\\z" in source or "\\Z" in source or "\\C" in source:
        raise ValueError("the anchors \\A, \\z, \\Z and \\C are not allowed")
    if "\0" in source or "\\x00" in source or "\\0" in source:
        raise ValueError("NUL is not allowed")
    try:
        source.encode()
        automaton: Any = re2.compile("(?m)" + source, max_mem=max_mem)
    except (re2.error, UnicodeEncodeError, OverflowError, ValueError):
        raise ValueError("not an RE2 pattern (no lookaround, no backreferences, repetitions up to 1000)") from None
    for probe in _PROBES:
        for match in automaton.finditer(probe):
            if match.start() == match.end():
                raise ValueError("the pattern matches the empty string")
    return automaton  # type: ignore[no-any-return]
