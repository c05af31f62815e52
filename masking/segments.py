"""Where a text may be cut: deterministic segments, decided from a bounded stretch of text.

A *plain* token is lower-case letters with trailing commas or full stops, and no word that the rules hold together with
its neighbours. A *run* begins and ends with tokens that are not plain and never holds two plain tokens in a row, except
right after a cue word, which reaches over the next three tokens. Findings live inside runs, so everything between runs
is settled as soon as its last token is complete. A blank line ends a run, unless a colon stands before it; so do line
ends after brackets and semicolons and before list items, which keeps code and lists short.

What follows a run's end can only change it within two tokens (or `REACH` characters), so a run with two complete tokens
behind it is settled, whatever comes later: the same cuts for every chunking.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from masking.automata import MAX_MEM_LARGE, ascii_edition, compile_pattern
from masking.placeholders import PLACEHOLDER
from masking.recognizers import alternation

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from masking.findings import Finding

MAX_RUN = 4096
"""Code points after which a run is cut by force."""

REACH = 512
"""Code points behind a forced cut that take part in the decision."""

_OUT = r"[a-z]{33}|[,.;]{33}|[ \t\r\f\v]{33}"
_PLACEHOLDER = compile_pattern(PLACEHOLDER)
_SPACES = " \t\n\r\f\v\x1e\x1f"
_TO_SPACE = bytes.maketrans(_SPACES.encode(), b" " * len(_SPACES))
_FOLD_INTO_ASCII = "\u017f\u212a"
"""The only characters beyond ASCII that match a letter of ASCII in any case."""

_OUT_OF_BOUNDS = ascii_edition(_OUT, compile_pattern(_OUT))

_BREAK = "\x1e"
_JOIN = "\x1f"
_CLOSERS = ';{}[]()<>|`"=*'
_BULLETS = ("- ", "* ", "+ ", "# ", "| ", "> ")


def lines(text: str) -> str:
    """Return the text with line ends that part or join what stands around them replaced one to one."""
    if "\n" not in text:
        return text
    for char in _CLOSERS:
        text = text.replace(char + "\n", char + _BREAK)
    for bullet in _BULLETS:
        text = text.replace(":\n" + bullet, ":" + _JOIN + bullet).replace("\n" + bullet, _BREAK + bullet)
    return text


class Segmenter:
    """Finds the runs of a text; `held` words are never plain, `cues` also hold what comes after them.

    To cuts, a character beyond ASCII is like `?`, but for two that match a letter in any case: texts with those (and
    word lists beyond ASCII) need the wide edition. Its bounds on words and spaces make an automaton's states dear
    (backwards, a counted repetition is in all of its copies at once); a text that keeps within them all goes through
    patterns without bounds, whose matches are then the same and whose states are built three times as fast.
    """

    def __init__(self, held: tuple[str, ...], cues: tuple[str, ...]) -> None:
        bounded, free = _run_source(held, cues, bounded=True), _run_source(held, cues, bounded=False)
        self._ascii_words = bounded.isascii()
        self._run = compile_pattern(bounded, max_mem=MAX_MEM_LARGE)
        self._bounded_run = ascii_edition(bounded, self._run, max_mem=MAX_MEM_LARGE)
        self._free_run = ascii_edition(free, compile_pattern(free, max_mem=MAX_MEM_LARGE), max_mem=MAX_MEM_LARGE)

    def runs(self, view: str) -> Iterator[tuple[int, int]]:
        """Yield the runs of a text that went through `lines`, as `(start, end)`."""
        if view.isascii() or (self._ascii_words and not any(char in view for char in _FOLD_INTO_ASCII)):
            plain = view.encode("ascii", "replace")
            bounded = next(_OUT_OF_BOUNDS.finditer(plain), None) is not None
            found = (self._bounded_run if bounded else self._free_run).finditer(plain)
        else:
            found = self._run.finditer(view)
        for match in found:
            yield match.span()

    @staticmethod
    def settled(view: str) -> tuple[int, int]:
        """Return two offsets: runs that end at or before the first are settled; no token before the second can grow."""
        plain = view.encode("ascii", "replace").translate(_TO_SPACE)
        last = plain.rfind(b" ")
        end = len(plain[: last + 1].rstrip(b" "))
        second = plain.rfind(b" ", 0, end) + 1
        end = len(plain[:second].rstrip(b" "))
        return plain.rfind(b" ", 0, end) + 1, last + 1


def _run_source(held: tuple[str, ...], cues: tuple[str, ...], *, bounded: bool) -> str:
    """Return the pattern of a run; without bounds it is the same for texts in which `_OUT_OF_BOUNDS` finds nothing."""

    def times(low: int, high: int) -> str:
        return f"{{{low},{high}}}" if bounded else "+" if low else "*"

    solid = r"[^ \t\n\r\f\v\x1e\x1f]"
    space = r"[ \t\r\f\v]"
    gap = rf"(?:{space}{times(1, 40)}|{space}{times(0, 40)}[\n\x1f]{space}{times(0, 40)})"
    plain = rf"(?:[a-z]{times(1, 32)}[,.;]{{0,3}}|[,.;]{{1,3}})"
    edge = r"[^A-Za-z0-9 \t\n\r\f\v\x1e\x1f]{0,4}"
    indent = rf"[ \t\r]{times(0, 32)}"
    after_colon = rf"{solid}*:{indent}(?:[\n\x1f]{indent}){{1,3}}{solid}+"
    cue = rf"{edge}\b(?i:{alternation(cues)})(?:'?s)?{edge}(?:{gap}{solid}+){{1,3}}" if cues else after_colon
    signs = rf"[,.;]{times(1, 32)}"
    odd = rf"[a-z]{times(0, 32)}(?:[^a-z,.; \t\n\r\f\v\x1e\x1f]|{signs}[^,.; \t\n\r\f\v\x1e\x1f]){solid}*"
    long = rf"[a-z]{{33}}{solid}*" if bounded else odd
    word = rf"\b{alternation(held)}\b[,.;]{{0,3}}" if held else odd
    token = f"(?:{after_colon}|{cue}|{odd}|{long}|{word})"
    return f"{token}(?:{gap}(?:{plain}{gap})?{token})*"


def forced_cut(window: str, findings: Sequence[Finding]) -> int:
    """Return where to cut an oversize run that begins `window`; not through a placeholder or a finding, if avoidable.

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
