"""RE2 as masking uses it: linear time or not at all.

pyre2 silently hands lookaround, backreferences and large repetitions to the standard library's backtracking `re`; the
fallback is turned into an error here before the first pattern is compiled, and every pattern of this package that meets
text under inspection is compiled here.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

import re2

if TYPE_CHECKING:
    from collections.abc import Iterator

re2.set_fallback_notification(re2.FALLBACK_EXCEPTION)

MAX_MEM = 16 << 20
"""RE2's budget for one pattern's automaton, in bytes; a starved one runs 100 times slower (measured)."""

MAX_MEM_LARGE = 128 << 20
"""The budget for an alternation of many patterns."""

_ASCII = "".join(map(chr, range(1, 128)))
CLASS = re.compile(
    r"\\[pP](?:\{[^}]*\}|.)|\\.|\[\^?\]?(?:\[:\^?[a-z]+:\]|\\[pP]\{[^}]*\}|\\.|[^\]\\])*\]|[^\x00-\x7f]", re.DOTALL
)
_PROBES = ("", "a", "A a", "1", "a-1.b", " ", "\n", "Aa, 1\n\nb", "é", "@", "a@b.c/d:1")


class Match(Protocol):
    """The part of a match object that masking uses."""

    def span(self, group: str | int = 0) -> tuple[int, int]:
        """Return where a group stands, in code points; (-1, -1) if it took no part."""

    def group(self, group: str | int = 0) -> str:
        """Return a group's text."""


class Automaton(Protocol):
    """A compiled pattern; `pattern` is its source."""

    pattern: str
    groupindex: dict[str, int]

    def finditer(self, text: str) -> Iterator[Match]:
        """Return the matches, leftmost first, never overlapping."""

    def search(self, text: str) -> Match | None:
        """Return the leftmost match."""

    def fullmatch(self, text: str) -> Match | None:
        """Return a match of the whole text."""

    def findall(self, text: str) -> list[str]:
        """Return the texts of all matches."""


class TapeAutomaton(Protocol):
    """A compiled pattern over the tape (`masking.tape`)."""

    groupindex: dict[str, int]

    def finditer(self, text: bytes) -> Iterator[Match]:
        """Return the matches in ASCII text, leftmost first, never overlapping."""

    def search(self, text: bytes) -> Match | None:
        """Return the leftmost match."""

    def match(self, text: bytes) -> Match | None:
        """Return the match at the begin."""

    def fullmatch(self, text: bytes) -> Match | None:
        """Return a match of the whole text."""


class ByteAutomaton(Protocol):
    """The ASCII edition of a compiled pattern."""

    def finditer(self, text: bytes) -> Iterator[Match]:
        """Return the matches in ASCII text, leftmost first, never overlapping."""


class _Decoding:
    """Stands in for the ASCII edition of a pattern that has none."""

    def __init__(self, automaton: Automaton) -> None:
        self._automaton = automaton

    def finditer(self, text: bytes) -> Iterator[Match]:
        return self._automaton.finditer(text.decode("ascii"))


@lru_cache(maxsize=1024)
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


def compile_tape(source: str, *, max_mem: int = MAX_MEM) -> TapeAutomaton:
    """Compile an RE2 pattern over bytes, one character of Latin-1 for each; raises ValueError as `compile_pattern`."""
    try:
        automaton: TapeAutomaton = re2.compile(source.encode("latin-1"), max_mem=max_mem)
    except (re2.error, UnicodeEncodeError, OverflowError, ValueError):
        raise ValueError("not an RE2 pattern (no lookaround, no backreferences, repetitions up to 1000)") from None
    if next(automaton.finditer(b""), None) is not None:
        raise ValueError("the pattern matches the empty string")
    return automaton


def compile_part(source: str) -> TapeAutomaton:
    """Compile a part of a pattern that was compiled as a whole; it may be empty."""
    part: TapeAutomaton = re2.compile(f"(?:{source})".encode("latin-1"), max_mem=MAX_MEM)
    return part


def ascii_edition(source: str, automaton: Automaton, *, max_mem: int = MAX_MEM) -> ByteAutomaton:
    """Return the ASCII edition of a compiled pattern, whose matches in ASCII text are the same.

    A character beyond ASCII becomes a byte that no ASCII text holds. Every class of the pattern is tried on all of
    ASCII in both editions and in any case: folding pairs `k` and `s` with characters beyond ASCII (U+212A, U+017F).
    """
    if "\\Q" not in source and all(_same_on_ascii(part) for part in set(CLASS.findall(source))):
        try:
            edition: ByteAutomaton = re2.compile(_as_bytes("(?m)" + source), max_mem=max_mem)
        except (re2.error, OverflowError, ValueError):
            return _Decoding(automaton)
        return edition
    return _Decoding(automaton)


@lru_cache(maxsize=4096)
def _same_on_ascii(part: str) -> bool:
    """Say whether both editions of a class or character take the same ASCII characters; escapes of signs do."""
    if part.isascii() and part[0] == "\\" and part[1] not in "dDsSwWpP":
        return True
    for pattern in (part, f"(?i:{part})"):
        try:
            wide, narrow = re2.compile(pattern), re2.compile(_as_bytes(pattern))
        except (re2.error, OverflowError, ValueError):
            return False
        if [m.span() for m in wide.finditer(_ASCII)] != [m.span() for m in narrow.finditer(_ASCII.encode())]:
            return False
    return True


def _as_bytes(source: str) -> bytes:
    return bytes(ord(char) if char.isascii() else 0xFF for char in source)
