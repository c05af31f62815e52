"""Streams: processor time per event, and how many characters of text are held back while a stream goes on.

Beside each figure stand `json.loads` and `json.dumps` of the event's data, and a copy of its bytes, in the same round.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from bench.masking_requests import KEY, PROFILE, shipped
from bench.masking_text import DENSITIES, note
from bench.masking_timing import seconds
from bench.traffic import delta, frame, stream_end, stream_start
from masking.memory import Memory
from masking.profile import DEFAULT_KEY, Operator
from masking.response import ResponseMasker
from masking.sse import SseReader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from masking.stream import StreamMasker

TOKEN, PIECE = 4, 40
"""Characters of a delta: one token, and what the API sends at once when it is fast."""


@dataclass(frozen=True, slots=True)
class StreamFigure:
    """One row: seconds per event, and each baseline's."""

    case: str
    events: int
    seconds: float
    baselines: dict[str, float]


class HoldBack(NamedTuple):
    """Characters held back after each delta of a text, in increasing order."""

    case: str
    held: list[int]


def _masker(*, keep: bool = False) -> StreamMasker:
    profile = shipped().profile(PROFILE)
    if keep:
        profile = replace(profile, response={DEFAULT_KEY: Operator.KEEP})
    return ResponseMasker(shipped(), profile, KEY, Memory(), {}).stream()


def _pieces(text: str, size: int) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]


def _texts(text: str, size: int) -> list[bytes]:
    return [delta(piece) for piece in _pieces(text, size)]


def _inputs(text: str, size: int) -> list[bytes]:
    pieces = _pieces(json.dumps({"path": "notes/visit.txt", "content": text, "lines": [1, 2.5]}), size)
    return [
        frame("content_block_delta", index=0, delta={"type": "input_json_delta", "partial_json": piece})
        for piece in pieces
    ]


def _tool_start() -> bytes:
    block = {"type": "tool_use", "id": "toolu_01", "name": "write_file", "input": {}}
    opened = frame("content_block_start", index=0, content_block=block)
    return stream_start().partition(b"event: content_block_start")[0] + opened


def _mask(head: bytes, events: list[bytes]) -> int:
    masker = _masker()
    out = sum(len(emission.caller) for emission in masker.feed(head))
    for event in (*events, stream_end()):
        out += sum(len(emission.caller) for emission in masker.feed(event))
    masker.finish()
    return out


def _parsed(events: list[bytes]) -> int:
    return sum(len(json.dumps(json.loads(event[event.index(b"data: ") + 6 :]))) for event in events)


def _copied(events: list[bytes]) -> int:
    return sum(len(bytearray(event)) for event in events)


def figures(characters: int, budget: float) -> Iterator[StreamFigure]:
    """Yield the figures of streams whose text has so many characters; each round has another text."""
    kinds: tuple[tuple[str, Callable[[str, int], list[bytes]], bytes, int], ...] = (
        ("text delta, 4 characters", _texts, stream_start(), TOKEN),
        ("text delta, 40 characters", _texts, stream_start(), PIECE),
        ("input_json delta, 40 characters", _inputs, _tool_start(), PIECE),
    )
    for name, density in DENSITIES.items():
        for kind, build, head, size in kinds:

            def given(turn: int) -> list[bytes]:
                return build(note(characters, density, turn + 1), size)  # noqa: B023 (called in this pass only)

            def mask(events: list[bytes]) -> int:
                return _mask(head, events)  # noqa: B023 (called in this pass only)

            count = len(given(0))
            taken = seconds({"mask": mask, "json": _parsed, "copy": _copied}, given, budget)
            per_event = {key: value / count for key, value in taken.items()}
            mask_seconds = per_event.pop("mask")
            yield StreamFigure(f"{kind}, {name}", count, mask_seconds, per_event)


def hold_back(characters: int) -> Iterator[HoldBack]:
    """Yield how many characters each delta of one token leaves held back, by how much PHI the prose has.

    Findings are kept as they are here, so that what left can be counted in the characters that came.
    """
    for name, density in DENSITIES.items():
        masker = _masker(keep=True)
        masker.feed(stream_start())
        held: list[int] = []
        waiting = 0
        for piece in _pieces(note(characters, density, 1), TOKEN):
            released = b"".join(emission.caller for emission in masker.feed(delta(piece)))
            waiting += len(piece) - _characters(released)
            held.append(waiting)
        yield HoldBack(name, sorted(held))


def _characters(released: bytes) -> int:
    deltas = [json.loads(event.data)["delta"] for event in SseReader().feed(released)]
    return sum(len(each["text"]) for each in deltas)
