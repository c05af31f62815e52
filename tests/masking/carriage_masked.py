"""Streams masked, as the tests of masking do it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from carriage_rules import KEY, PLAIN, RULES
from carriage_streams import TRANSCRIPTS

from masking.memory import Memory
from masking.placeholders import Pseudonyms
from masking.response import ResponseMasker

if TYPE_CHECKING:
    from masking.profile import Profile
    from masking.stream import StreamMasker

NAME = "Ada Loveless"
TOKEN = Pseudonyms(KEY).placeholder("NAME", NAME)
PHI = ("Marisol", "0012-3456", "1961", "Loveless", "Ada", "Orson", "Testman")


def masker_of(profile: Profile = PLAIN) -> StreamMasker:
    return ResponseMasker(RULES, profile, KEY, Memory(), {TOKEN: NAME}).stream()


def masked_stream(*chunks: bytes, profile: Profile = PLAIN) -> tuple[bytes, bytes, StreamMasker]:
    """Return the caller's bytes, the record, and the masker, after a stream that has to be complete."""
    masker = masker_of(profile)
    emissions = [emission for chunk in chunks for emission in masker.feed(chunk)]
    last = masker.finish()
    assert last.complete
    assert last.emissions == []
    return b"".join(item.caller for item in emissions), b"".join(item.record for item in emissions), masker


def pour(masker: StreamMasker, chunks: list[bytes], out: list[bytes]) -> None:
    for chunk in chunks:
        out.extend(item.caller for item in masker.feed(chunk))


@cache
def masked_transcript(name: str) -> bytes:
    return masked_stream(TRANSCRIPTS[name])[0]
