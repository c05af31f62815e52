"""The tape: a text as the kinds of its atoms, and the way back to its characters.

The view of a text is split at spaces and behind line ends; each token is looked up in the lexicon, and what is found
there, put together, is the tape. Rules are searched on it. *Zones* are where findings may be: stretches of tokens that
are not inert, with no more than `BETWEEN` inert ones between two of them.

A line ends with its last word: spaces before its end are not on the tape. A quote there has a byte of its own
(`CLOSE`), which rules take for a quote and for a line end.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING

from masking.automata import compile_tape
from masking.lexicon import BREAK, CLOSE, SIGNS, WORD_BYTES, atoms
from masking.segments import WIDEST_GAP, bared, blanks, lines

if TYPE_CHECKING:
    from masking.lexicon import Lexicon

BETWEEN = 3
"""Inert words that a zone may hold in a row; one more parts it."""

WAITING = TRAILING = 2
"""Inert words before and behind a zone that belong to it: together no more than part two zones."""

_GAP = rf"(?: {{1,{WIDEST_GAP}}}(?:\n {{0,{WIDEST_GAP}}})?|\n {{0,{WIDEST_GAP}}})"
_INERT = r"(?:[\x80-\x86][\x80-\xbf]\x01[,.;]*|[,.;]+)"
_ACTIVE = r"(?:[!-+\-/-:<-\x7f\xc0-\xff\x1a\x1c]|(?:[\x80-\x86][\x80-\xbf]\x01[,.;]*|[,.;]+)[^,.; \n\x1e])[^ \n\x1e]*"
_ZONES = compile_tape(
    rf"(?:{_INERT}{_GAP}){{0,{WAITING}}}{_ACTIVE}(?:{_GAP}(?:{_INERT}{_GAP}){{0,{BETWEEN}}}{_ACTIVE})*"
    rf"(?:{_GAP}{_INERT}){{0,{TRAILING}}}[ \n\x1e]"
)
_PARTED = compile_tape(
    rf"^(?:\x1e| {{{WIDEST_GAP + 1}}}| *\x1e| *\n *[\n\x1e]| *\n {{{WIDEST_GAP + 1}}}"
    rf"|{_GAP}(?:{_INERT}{_GAP}){{{BETWEEN - TRAILING}}}{_INERT}[ \n])"
)
_LAST = compile_tape(rf"(?:{_INERT}{_GAP}){{1,{WAITING}}}$")
_WIDEST = 1 << 10
_CLOSED = [(bytes((ord('"'), end)), bytes((CLOSE, end))) for end in (ord("\n"), BREAK)]
START = bytes((BREAK,))
"""What stands before the first token of a text."""

END = "\n"
"""What stands behind a text on the tape: a name at its end is found by the rules for names at the end of a line."""


def shown(view: str, *, last: bool) -> str:
    """Return a view as it is on the tape: its line ends as what they are there, one more behind the last text."""
    return lines(view) + END if last else lines(view)


class Tape:
    """The tape of one view; `before` is the byte that stands before it."""

    def __init__(self, lexicon: Lexicon, view: str, before: bytes = START) -> None:
        self.view = view
        self._runs = blanks(view)
        shown = bared(view, self._runs)
        self._size = len(shown)
        marked = shown.replace("\n", "\n ")
        if "\x1e" in view:
            marked = marked.replace("\x1e", "\x1e ")
        self._tokens = marked.split(" ")
        if not self._tokens[-1]:
            self._tokens.pop()
        self._pieces = [*map(lexicon.__getitem__, self._tokens)]
        self.tape = before + b"".join(self._pieces)
        for quoted, closed in _CLOSED:
            self.tape = self.tape.replace(quoted, closed)
        self._inside: dict[int, tuple[list[int], list[int]]] = {}

    @cached_property
    def _starts(self) -> list[int]:
        """Where the tokens begin on the tape."""
        return list(accumulate(map(len, self._pieces), initial=1))

    @cached_property
    def _blanks(self) -> tuple[list[int], list[int]]:
        """Where line ends stand before which spaces were left out, and how many spaces that are before each of them."""
        gone = list(accumulate((end - start for start, end in self._runs), initial=0))
        return [start - before for (start, _), before in zip(self._runs, gone, strict=False)], gone

    def _in_view(self, char: int) -> int:
        """Return where a character stands in the view, given where it does without spaces before line ends.

        A line end stands where its spaces begin.
        """
        ends, gone = self._blanks
        return char + gone[bisect_left(ends, char)]

    @cached_property
    def _chars(self) -> list[int]:
        """The characters of the tokens before each, less one for each that ends with its line and not with a space."""
        widths = [*map(len, self._tokens)]
        for end in (b"\n", START):
            at = self.tape.find(end, 1)
            while at >= 0:
                widths[bisect_right(self._starts, at) - 1] -= 1
                at = self.tape.find(end, at + 1)
        return list(accumulate(widths, initial=0))

    def zones(self) -> list[tuple[int, int]]:
        """Return the zones as `(start, end)` on the tape; they begin and end with whole tokens."""
        return [match.span() for match in _ZONES.finditer(self.tape)]

    def spans(self, zones: list[tuple[int, int]]) -> list[tuple[int, int]]:
        """Return where zones stand in the view, without the space behind them."""
        starts, chars, size = self._starts, self._chars, self._size
        spans: list[tuple[int, int]] = []
        for start, end in zones:
            first, last = bisect_left(starts, start), bisect_left(starts, end)
            spans.append((self._in_view(chars[first] + first), self._in_view(min(chars[last] + last - 1, size))))
        return spans

    def settled(self, zones: list[tuple[int, int]]) -> int:
        """Return how many of the zones no further token can change."""
        if not zones:
            return 0
        end = zones[-1][1] - 1
        return len(zones) - (_PARTED.search(self.tape[end : end + _WIDEST]) is None)

    def waiting(self) -> int:
        """Return where the inert words at the end begin that belong to the next zone; the end if there are none."""
        tail = max(len(self.tape) - _WIDEST, 0)
        match = _LAST.search(self.tape[tail:])
        return len(self.tape) if match is None else tail + match.span()[0]

    def char(self, at: int) -> int:
        """Return the character of the view at which the atom at a place on the tape begins; a gap is one atom."""
        return self._in_view(self._char(at))

    def _char(self, at: int) -> int:
        number = bisect_right(self._starts, at) - 1
        if number < 0:
            return 0
        if number >= len(self._tokens):
            return self._size
        start = self._chars[number] + number
        into = at - self._starts[number]
        if into:
            token = self._tokens[number]
            if into == len(self._pieces[number]) - 1 and token[-1:] not in {"\n", "\x1e"}:
                return start + len(token)
            if into == WORD_BYTES:
                core = token.rstrip(SIGNS)
                if core.isalpha():  # a word and what stands behind it
                    return start + len(core)
            places, chars = self._atoms_of(number)
            start += chars[bisect_right(places, into) - 1]
        return start

    def _atoms_of(self, number: int) -> tuple[list[int], list[int]]:
        """Return where the atoms of a token begin, on the tape and among its characters."""
        found = self._inside.get(number)
        if found is None:
            pairs = list(atoms(self._tokens[number]))
            places = list(accumulate((wide for wide, _ in pairs), initial=0))
            found = self._inside[number] = places, list(accumulate((long for _, long in pairs), initial=0))
        return found
