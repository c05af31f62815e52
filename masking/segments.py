"""Where a text may be cut besides between zones (`tape`): line ends that part, and zones that grow too long."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from masking.automata import compile_pattern
from masking.placeholders import PLACEHOLDER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from masking.findings import Finding

MAX_RUN = 4096
"""Code points after which a zone is cut by force."""

REACH = 512
"""Code points behind a forced cut that take part in the decision."""

_PLACEHOLDER = compile_pattern(PLACEHOLDER)
_BREAK = "\x1e"
_PARTS = re.compile(r"""\n(?:(?<=[;})\]>|`"*]\n)(?<!\([0-9][0-9][0-9]\)\n)|(?<!:\n)(?=[-*+#|>][ \n\x1e]))""")
_JOINS = re.compile(r"\n(?:(?<=:\n)(?=[-*+#|>][ \n\x1e])|(?<=[:?]\n\n))")
"""Line ends behind what closes something, but for the area code of a telephone, or before a list item; those between a
colon and a list item, and the second ones behind a colon or a question, which what comes next answers. The standard
library's: RE2 has no looking around, and what a pattern begins with is found fast."""

WIDEST_GAP = 63
"""Spaces in a row that a gap between words holds; more part what stands around them."""


def blanks(text: str) -> list[tuple[int, int]]:
    """Return where spaces stand before a line end, leftmost first: they are not on the tape (`tape`).

    A gap holds them, so what stands before them waits until it is known what they are; longer runs are not waited for,
    and stay. Line ends behind a space are looked for, not spaces: most texts have none (measured).
    """
    found: list[tuple[int, int]] = []
    for line_end in (" \n", " \x1e"):
        at = text.find(line_end)
        while at >= 0:
            start = at
            while start and text[start - 1] == " ":
                start -= 1
            if at + 1 - start <= WIDEST_GAP:
                found.append((start, at + 1))
            at = text.find(line_end, at + 1)
    return sorted(found)


def bared(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """Return a text without some of its stretches."""
    parts: list[str] = []
    at = 0
    for start, end in spans:
        parts.append(text[at:start])
        at = end
    return "".join((*parts, text[at:]))


def lines(text: str) -> str:
    """Return the text with line ends that part or join what stands around them replaced one to one.

    Spaces before a line end count as if they were not there.
    """
    if " \n" not in text:
        return _marked(text) if "\n" in text else text
    spans = blanks(text)
    marked = _marked(bared(text, spans))
    parts: list[str] = []
    at = gone = 0
    for start, end in spans:
        parts += (marked[at : start - gone], text[start:end])
        at = start - gone
        gone += end - start
    return "".join((*parts, marked[at:]))


def _marked(text: str) -> str:
    return _JOINS.sub(" ", _PARTS.sub(_BREAK, text))


def forced_cut(window: str, findings: Sequence[Finding]) -> int:
    """Return where to cut an oversize zone that begins `window`; not through a placeholder or a finding, if avoidable.

    Preferred after a line, else after a space, else after a sign, else anywhere; between `MAX_RUN / 2` and `MAX_RUN`.
    """
    low = MAX_RUN // 2
    spans = [(finding.start, finding.end) for finding in findings]
    if "[" in window:
        spans.extend(match.span() for match in _PLACEHOLDER.finditer(window))
    inside = bytearray(len(window) + 1)
    for start, end in spans:
        inside[start + 1 : end] = b"\1" * (end - start - 1)
    free = [place for place in range(MAX_RUN, low, -1) if not inside[place]]
    for suits in (_ends_line, str.isspace, _is_sign):
        for place in free:
            if suits(window[place - 1]):
                return place
    return free[0] if free else MAX_RUN


def _ends_line(char: str) -> bool:
    return char == "\n"


def _is_sign(char: str) -> bool:
    return not char.isalnum()
