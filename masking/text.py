"""The one engine for whole texts and streams: masking as a fold over deterministic segments.

Any chunking of a text gives the same findings as the whole text. Offsets are code points.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from masking.errors import TextRefused
from masking.findings import PUBLIC, Finding
from masking.folding import SPACES, View, view_of
from masking.keys import field_of
from masking.memory import Memory
from masking.reading import Reading, complete, overlong
from masking.segments import MAX_RUN, REACH, forced_cut
from masking.tape import START

if TYPE_CHECKING:
    from masking.profile import Names
    from masking.rules import RuleSet
    from masking.scan import Scanner

__all__ = ["Finding", "Memory", "Segment", "SegmentFold", "field_of", "find", "match_triggers"]

_SPACE = re.compile(rf"[{SPACES}]")
"""The standard library's: a single class of characters is linear there too, and found before RE2 would be called."""

LONGEST_VALUE = 1024
"""Code points of a value beyond which its key says nothing about it."""

BLOCK = 32768
"""Code points worked on at once; bounds what one step holds, changes no result."""

_NEAR = MAX_RUN + 2 * REACH
"""Code points read behind a forced cut, where another one is likely: more of them would be read again each time."""


class Segment(NamedTuple):
    """A settled piece of text; its findings are relative to it and never reach over its ends.

    How many pieces a text comes in depends on how it was fed; their texts and findings put together do not.
    """

    text: str
    findings: tuple[Finding, ...]


class SegmentFold:
    """Turns a text that arrives in pieces into settled segments; `memory` is advanced as they settle.

    Not more than `MAX_RUN + REACH` code points and the few tokens that a zone waits for are held back.
    """

    def __init__(self, rules: RuleSet, names: Names, memory: Memory) -> None:
        self.memory = memory
        self._scanner: Scanner = rules.scanner(names)
        self._buffer = ""
        self._before = START
        self._swallow: Finding | None = None
        self._crowded = False

    @property
    def held(self) -> int:
        """Code points taken and not yet settled."""
        return len(self._buffer)

    def feed(self, text: str) -> list[Segment]:
        """Take more of the leaf's text and return the segments that are settled now. Raises TextRefused."""
        _check(text)
        if len(self._buffer) + len(text) < MAX_RUN and not _SPACE.search(text):
            self._buffer += text  # no token became complete, so nothing settles: saves reading the zone again
            return []
        segments: list[Segment] = []
        for start in range(0, len(text), BLOCK):
            self._buffer += text[start : start + BLOCK]
            segments.extend(self._advance(final=False))
        return segments

    def finish(self) -> list[Segment]:
        """Return the rest of the leaf; the fold may then take the next leaf, which remembers this one's values."""
        segments = self._advance(final=True)
        self._swallow = None
        self._before = START
        self._crowded = False
        return segments

    def _advance(self, *, final: bool) -> list[Segment]:
        segments: list[Segment] = []
        while self._buffer:
            taken = self._step(final=final)
            if taken is None:
                break
            segments.append(taken)
            if not final and self._swallow is None and len(self._buffer) <= MAX_RUN:
                break  # no zone is too long, so all that is settled has left
        return segments

    def _step(self, *, final: bool) -> Segment | None:
        """Settle as much of the buffer as can be; None if more text is needed."""
        if self._swallow is not None:
            return self._swallowed(self._swallow, final=final)
        if self._crowded and len(self._buffer) > _NEAR:
            taken = self._read(self._buffer[:_NEAR], final=False)
            if taken is not None:
                return taken
        return self._read(self._buffer, final=final)

    def _read(self, text: str, *, final: bool) -> Segment | None:
        """Settle as much of the buffer as a begin of it allows; `final`: no text comes behind it."""
        long = overlong(text)
        limit = complete(text) if long is None else long
        last = final and long is None
        reading = Reading(self._scanner, text if last else text[:limit], self._before, last=last)
        oversize = reading.oversize()
        settled = reading.zones if last else reading.settled
        if oversize is not None:
            settled = min(settled, oversize)
        end = len(text)
        if not last or settled < reading.zones:
            settled, end = reading.leaving(settled)
        if end == 0:
            return self._forced(final=final) if oversize is not None or long is not None else None
        segment = Segment(text[:end], tuple(reading.findings(settled, self.memory)))
        self._drop(end, reading.before(end))
        self._crowded = False
        return segment

    def _forced(self, *, final: bool) -> Segment | None:
        """Cut the oversize stretch that begins the buffer; the decision sees `MAX_RUN + REACH` code points, no more."""
        window = self._buffer[: MAX_RUN + REACH]
        if len(window) < MAX_RUN + REACH and not final:
            return None
        self._crowded = True
        reading = Reading(self._scanner, window, self._before, last=len(window) < MAX_RUN + REACH)
        findings = reading.findings(reading.zones, self.memory)
        cut = forced_cut(window, findings)
        self._swallow = next((finding for finding in findings if finding.start < cut < finding.end), None)
        kept = [Finding(f.start, min(f.end, cut), f.identifier, f.rule) for f in findings if f.start < cut]
        self._drop(cut, reading.before(cut))
        return Segment(window[:cut], tuple(kept))

    def _swallowed(self, finding: Finding, *, final: bool) -> Segment | None:
        """Return what of the buffer's first token belongs to a value that a forced cut went through."""
        space = _SPACE.search(self._buffer)
        end = min(space.span()[0] if space else len(self._buffer), MAX_RUN)
        if space is None and end < MAX_RUN and not final:
            return None
        if end < MAX_RUN:
            self._swallow = None
        text = self._buffer[:end]
        if end:
            self._drop(end, b" ")
        return Segment(text, (Finding(0, end, finding.identifier, finding.rule),) if end else ())

    def _drop(self, end: int, before: bytes) -> None:
        """Let go of what left; `before` is what stood last of it on the tape."""
        self._before = before
        self._buffer = self._buffer[end:]


def find(
    rules: RuleSet,
    text: str,
    *,
    names: Names = "strict",
    memory: Memory | None = None,
    field: str = "",
    view: View | None = None,
) -> list[Finding]:
    """Return the findings of a whole text, leftmost first, never overlapping: the fold over the text.

    `memory` is advanced. `field`: the key of the JSON member whose value this is (`field_of`); a rule of that field
    takes the value whole, else it is read as it would stand in a JSON text, `"field": "text"`. `view` saves folding the
    text again. Raises TextRefused for lone surrogates.
    """
    _check(text)
    memory = Memory() if memory is None else memory
    scanner = rules.scanner(names)
    whole = scanner.keyed(field, text, memory) if field else None
    if whole is not None:
        return [whole] if whole.identifier != PUBLIC else []
    if field and len(text) <= LONGEST_VALUE:
        return _find_value(rules, text, names, memory, f'"{field}": "')
    if len(text) <= BLOCK and overlong(text) is None:
        view = view_of(text) if view is None else view
        found = scanner.whole(view.text, memory) if view.starts is None else None
        if found is not None:
            return found
        reading = Reading(scanner, text, view=view)
        if reading.oversize() is None:
            return reading.findings(reading.zones, memory)
    fold = SegmentFold(rules, names, memory)
    findings: list[Finding] = []
    at = 0
    for segment in (*fold.feed(text), *fold.finish()):
        findings.extend(finding.moved(at) for finding in segment.findings)
        at += len(segment.text)
    return findings


def _find_value(rules: RuleSet, text: str, names: Names, memory: Memory, before: str) -> list[Finding]:
    start, end = len(before), len(before) + len(text)
    findings: list[Finding] = []
    for finding in find(rules, f'{before}{text}"', names=names, memory=memory):
        left, right = max(finding.start, start), min(finding.end, end)
        if left < right:
            findings.append(Finding(left - start, right - start, finding.identifier, finding.rule))
    return findings


def match_triggers(rules: RuleSet, text: str, view: View | None = None) -> tuple[str, ...]:
    """Return the ids of the triggers that match this text, in the order of the rule file; white space is one space.

    `view` saves folding the text again. Raises TextRefused.
    """
    _check(text)
    return rules.triggers.matching((view_of(text) if view is None else view).text)


def _check(text: str) -> None:
    """Refuse lone surrogates, which RE2 cannot read: fail closed."""
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise TextRefused from None
