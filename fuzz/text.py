"""Text: findings in order and in bounds, the same for any cuts, and masked text that is not masked a second time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fuzz.choices import Choices
from fuzz.vocabulary import KEY, WORDS, shipped, words
from masking import Memory, SegmentFold, TextRefused, apply, find
from masking.placeholders import Pseudonyms

if TYPE_CHECKING:
    from collections.abc import Iterator

    from masking import Finding
    from masking.profile import Names

_NAMES: tuple[Names, ...] = ("strict", "balanced")
_CUTS = 12


def check(data: bytes) -> None:
    """Find in one text as a whole and in pieces, mask it, and find again."""
    choices = Choices(data)
    names = choices.pick(_NAMES)
    vocabulary = choices.flag()
    cuts = [choices.number(65_535) for _ in range(choices.number(_CUTS))]
    text = words(choices, 255) if vocabulary else _decoded(choices.rest())
    whole = Memory()
    try:
        found = find(shipped(), text, names=names, memory=whole)
    except TextRefused:
        assert _unpaired(text), "refused what is Unicode"
        return
    assert not _unpaired(text), "read a lone surrogate"
    _in_order(text, found)
    pieces = Memory()
    assert _folded(text, sorted(cut % (len(text) + 1) for cut in cuts), names, pieces) == found, (
        "other findings in pieces"
    )
    assert pieces == whole, "other memory in pieces"
    _masked_once(text, found, names)


def seeds() -> Iterator[bytes]:
    """Yield runs of the vocabulary, and plain text."""
    for start in range(0, len(WORDS), 16):
        yield bytes((0, 1, 3, 0, 9, 0, 21, 1, 2, 255, *range(start, min(start + 16, len(WORDS)))))
    note = "Patient Jane Q. Doe, MRN 00123456, seen by Dr. Okonkwo-Brandt on 02/03/1961; a@b.example, 536-22-8145."
    yield b"\0\0\2\0\x11\0\x23" + note.encode()
    yield b"\1\0\0" + "Ｓｅｅ １２３-４５-６７８９ \ud800 x".encode("utf-8", "surrogatepass")


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return data.decode("utf-8", "replace")


def _unpaired(text: str) -> bool:
    return any("\ud800" <= char <= "\udfff" for char in text)


def _in_order(text: str, found: list[Finding]) -> None:
    at = 0
    for finding in found:
        assert at <= finding.start < finding.end <= len(text), "findings overlap or leave the text"
        at = finding.end


def _folded(text: str, cuts: list[int], names: Names, memory: Memory) -> list[Finding]:
    fold = SegmentFold(shipped(), names, memory)
    found: list[Finding] = []
    read = ""
    for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True):
        for segment in fold.feed(text[start:end]):
            found.extend(finding.moved(len(read)) for finding in segment.findings)
            read += segment.text
    for segment in fold.finish():
        found.extend(finding.moved(len(read)) for finding in segment.findings)
        read += segment.text
    assert read == text, "the fold changed the text"
    assert fold.held == 0, "the fold kept text"
    return found


def _masked_once(text: str, found: list[Finding], names: Names) -> None:
    """Assert that no finding of the masked text reaches into a placeholder."""
    profile, pseudonyms = shipped().profile("standard"), Pseudonyms(KEY)
    masked = ""
    placeholders: list[tuple[int, int]] = []
    at = 0
    for finding in found:
        operator = profile.request_operator(finding.identifier)
        token = apply(operator, finding.identifier, text[finding.start : finding.end], pseudonyms)
        masked += text[at : finding.start]
        placeholders.append((len(masked), len(masked) + len(token)))
        masked += token
        at = finding.end
    masked += text[at:]
    again = find(shipped(), masked, names=names)
    inside = [(f, p) for f in again for p in placeholders if f.start < p[1] and p[0] < f.end]
    assert not inside, f"a placeholder was found: {[(f.rule, f.start - p[0], f.end - p[1]) for f, p in inside]}"
