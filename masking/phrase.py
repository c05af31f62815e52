"""One phrase in RE2 over the tape: where its value stands, without asking RE2 for groups.

With groups RE2 walks the program of a phrase for every match, which costs some 80 us where the lists are long; without
them an automaton's states do (1 us). So the whole is found first, then what stands before the value, the value itself
and what stands behind it are matched one after the other inside it. Where each part, taken as RE2 takes it by itself,
fits exactly, that is the match that RE2 prefers for the whole; where not, the groups are asked after all.
"""

from __future__ import annotations

from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING

from masking.automata import MAX_MEM_LARGE, compile_part, compile_tape

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from masking.automata import TapeAutomaton
    from masking.phrases import Parts
    from masking.recognizers import Recognizer

MALFORMED = "not a phrase: parentheses, brackets and repetitions do not fit together"
EMPTY = "the pattern matches the empty string"

_VALUE = "(?P<value>"
_RE2 = {"(": "(?:", "_": r"(?: +(?:\n *)?|\n *)", "[[": _VALUE, "]]": ")"}


class PhraseRefused(Exception):
    """A phrase that cannot be searched for: a fixed reason, and whose phrase it is."""

    def __init__(self, reason: str, recognizer: Recognizer) -> None:
        super().__init__(reason)
        self.reason = reason
        self.recognizer = recognizer


class Phrase:
    """A phrase from the parts of its pieces, which phrases share; its programs are made when they are needed."""

    def __init__(self, pieces: tuple[Parts, ...]) -> None:
        self.pieces = pieces

    @cached_property
    def _source(self) -> str:
        parts = chain.from_iterable(self.pieces)
        return "".join(_RE2.get(part, part) if isinstance(part, str) else part.re2 for part in parts)

    @cached_property
    def located(self) -> str:
        """The phrase as RE2 without groups."""
        return self._source.replace(_VALUE, "(?:")

    def problem(self) -> str:
        """Return a fixed reason why this phrase cannot be searched for; empty if it can be."""
        try:
            _ = self._whole
        except ValueError as error:
            return EMPTY if str(error) == EMPTY else MALFORMED
        return ""

    def spans(self, tape: bytes) -> Iterator[tuple[int, int]]:
        """Yield where the values of all matches stand."""
        if self._split is None and _VALUE not in self._source:
            for match in self._whole.finditer(tape):
                yield match.span()
            return
        for match in self._whole.finditer(tape):
            start, end = match.span()
            left, right = self._value(tape[start:end])
            yield start + left, start + right

    def matches(self, tape: bytes) -> Iterator[tuple[int, int, int, int]]:
        """Yield where all matches begin and end, and their values."""
        for whole, value in zip(self._whole.finditer(tape), self.spans(tape), strict=True):
            yield (*whole.span(), *value)

    def _value(self, matched: bytes) -> tuple[int, int]:
        """Return where the value stands in a match."""
        if self._split is not None:
            head, value, tail = self._parts
            first = head.match(matched)
            start = first.span()[1] if first is not None else -1
            inner = value.match(matched[start:]) if start >= 0 else None
            if inner is not None:
                end = start + inner.span()[1]
                if tail.fullmatch(matched[end:]) is not None:
                    return start, end
        whole = self._grouped.search(matched)
        return (0, len(matched)) if whole is None else whole.span("value")

    @cached_property
    def _whole(self) -> TapeAutomaton:
        return compile_tape(self.located)

    @cached_property
    def _split(self) -> tuple[str, str, str] | None:
        return split(self._source)

    @cached_property
    def _parts(self) -> tuple[TapeAutomaton, TapeAutomaton, TapeAutomaton]:
        head, value, tail = self._split or ("", "", "")
        return compile_part(head), compile_part(value), compile_part(tail)

    @cached_property
    def _grouped(self) -> TapeAutomaton:
        return compile_tape(self._source)


class AnyPhrase:
    """Several phrases: says where any of them matches."""

    def __init__(self, phrases: Iterable[Phrase]) -> None:
        self._phrases = tuple(phrases)

    @cached_property
    def automaton(self) -> TapeAutomaton:
        """The phrases as one, without groups."""
        source = "|".join(f"(?:{phrase.located})" for phrase in self._phrases)
        return compile_tape(source, max_mem=MAX_MEM_LARGE)

    def anywhere(self, tape: bytes) -> bool:
        """Return whether any phrase matches on a tape."""
        return self.automaton.search(tape) is not None


def split(source: str) -> tuple[str, str, str] | None:
    """Return what stands before, in and behind the value of a phrase; None if it is not a plain sequence of these."""
    depth, begin, end, at = 0, -1, -1, 0
    while at < len(source):
        char = source[at]
        if char == "\\":
            at += 2
            continue
        if char == "[":
            at = _class_end(source, at)
            continue
        if char == "|" and depth == 0:
            return None
        if source.startswith(_VALUE, at) and depth == 0:
            begin = at
        if char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
            if depth == 0 and begin >= 0 and end < 0:
                end = at
        at += 1
    if begin < 0 or end < 0 or source[end + 1 : end + 2] in {"*", "+", "?", "{"}:
        return None
    return source[:begin], source[begin + len(_VALUE) : end], source[end + 1 :]


def _class_end(source: str, at: int) -> int:
    """Return the place behind a class of characters."""
    at += 2 if source[at + 1] == "^" else 1
    while source[at] != "]":
        at += 2 if source[at] == "\\" else 1
    return at + 1
