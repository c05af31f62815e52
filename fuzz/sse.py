"""Server-sent events and masked streams: one reading for every chunking, and no byte that was not judged.

The reader is compared with a slow oracle that reads the whole text at once (WHATWG HTML 9.2.6). The masker gets streams
with a canary cut over its deltas, and noise between their frames.
"""

from __future__ import annotations

import json
from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from fuzz.choices import Choices
from fuzz.vocabulary import KEY, planted, shipped, words
from masking.errors import MaskingError
from masking.memory import Memory
from masking.placeholders import Pseudonyms
from masking.response import ResponseMasker
from masking.sse import SseReader, frame

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAME = "Ada Loveless"
_TOKEN = Pseudonyms(KEY).placeholder("NAME", _NAME)
_BLOCKS = ("text", "tool_use", "unknown", "result", "thinking")
_BOM = b"\xef\xbb\xbf"
_CUTS = 12
_MOST_BLOCKS = 3


def check(data: bytes) -> None:
    """Read the bytes as events and as a stream, then build a stream from them and mask that."""
    choices = Choices(data)
    limit = choices.number(65_535)
    places = [choices.number(65_535) for _ in range(choices.number(_CUTS))]
    raw = data[len(data) - choices.left :]
    _read(raw, places, limit)
    _masked(raw, places)
    stream, canaries = _stream(choices)
    profile = choices.pick(("standard", "restore", "safe-harbor"))
    _read(stream, places, len(stream))
    seen = _masked(stream, places, profile)
    for bytes_out in seen:
        _no_canary(bytes_out, canaries)


def seeds() -> Iterator[bytes]:
    """Yield frames as they come, and decisions that lead to each kind of block."""
    head = b"\xff\xff\3\0\5\0\x20\0\x40"
    yield head + b'\xef\xbb\xbfevent: ping\r\ndata: {"type":"ping"}\r\n\r\n: note\rid: 1\ndata\ndata: x\n\n'
    delta = b'{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Mrs. Ada Loveless, MRN 00"}}'
    yield head + frame("message_start", b'{"type":"message_start","message":{}}') + frame("content_block_delta", delta)
    for kind in range(len(_BLOCKS)):
        yield head + bytes((1, kind, 1, 2, 0, 3, 12, 45, 60, 1, 70, 5, 3, 9, 20, 30, 0, 0, 2, 7, 2, 1, 1, 0))


def _cut(data: bytes, places: list[int]) -> list[bytes]:
    ends = sorted(place % (len(data) + 1) for place in places)
    return [data[a:b] for a, b in zip([0, *ends], [*ends, len(data)], strict=True)]


def _read(data: bytes, places: list[int], limit: int) -> None:
    whole, pieces = SseReader(limit), SseReader(limit)
    events = whole.feed(data)
    assert [event for chunk in _cut(data, places) for event in pieces.feed(chunk)] == events, "other events in pieces"
    assert (whole.fault is None) == (pieces.fault is None), "a fault in one chunking only"
    expected = _oracle(data)
    assert events == expected[: len(events)], "other events than WHATWG's"
    assert whole.fault is not None or len(events) == len(expected), "events were lost"


def _oracle(data: bytes) -> list[tuple[bytes, bytes]]:
    events: list[tuple[bytes, bytes]] = []
    name, lines = b"", list[bytes]()
    for line in data.removeprefix(_BOM).replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")[:-1]:
        field, _, value = line.partition(b":")
        if not line:
            if lines:
                events.append((name, b"\n".join(lines)))
            name, lines = b"", []
        elif field == b"data":
            lines.append(value.removeprefix(b" "))
        elif field == b"event":
            name = value.removeprefix(b" ")
    return events


def _masked(data: bytes, places: list[int], profile: str = "standard") -> tuple[bytes, bytes]:
    """Return what caller and record get, after asserting that chunking changes neither."""
    whole = _poured([data], profile)
    assert _poured(_cut(data, places), profile) == whole, "other bytes in pieces"
    _read(whole[0], places, len(whole[0]))
    return whole[0], whole[1]


def _poured(chunks: list[bytes], profile: str) -> tuple[bytes, bytes, str]:
    masker = ResponseMasker(shipped(), shipped().profile(profile), KEY, Memory(), {_TOKEN: _NAME}).stream()
    caller, record, fault = bytearray(), bytearray(), ""
    for chunk in (*chunks, b""):  # a fault is raised by the call after the one that met it
        try:
            emissions = masker.feed(chunk)
        except MaskingError as raised:
            fault = type(raised).__name__
            break
        for emission in emissions:
            caller += emission.caller
            record += emission.record
    for emission in masker.finish().emissions:
        caller += emission.caller
        record += emission.record
    return bytes(caller), bytes(record), fault


def _stream(choices: Choices) -> tuple[bytes, list[str]]:
    """Return a stream of one to three blocks, one after the other or all at once, and the canaries in it."""
    canaries: list[str] = []
    blocks: list[list[bytes]] = []
    for index in range(1 + choices.number(_MOST_BLOCKS - 1)):
        kind = choices.pick(_BLOCKS)
        if kind == "thinking":  # what upstream signs passes as it is
            text = words(choices, 8)
        else:
            text, canary = planted(choices)
            canaries.append(canary)
        start, deltas = _block(kind, text, choices)
        blocks.append(
            [
                _event("content_block_start", index=index, content_block=start),
                *(_event("content_block_delta", index=index, delta=each) for each in deltas),
                _event("content_block_stop", index=index),
            ]
        )
    frames = [_event("message_start", message={"type": "message", "role": "assistant", "content": []})]
    together = choices.flag()
    if together:
        frames += [block.pop(0) for block in blocks]
    while left := [block for block in blocks if block]:
        if choices.number(15) == 1:
            frames.append(choices.pick((b": note\n", b"\n", b"data: x\n\n", _event("ping"), _event("zz", note="a"))))
        frames.append((choices.pick(left) if together else left[0]).pop(0))
    stop = words(choices, 4) if choices.flag() else None
    frames.append(_event("message_delta", delta={"stop_reason": "end_turn", "stop_sequence": stop}))
    frames.append(_event("message_stop"))
    return b"".join(frames), canaries


def _event(kind: str, **fields: Any) -> bytes:
    return frame(kind, json.dumps({"type": kind, **fields}).encode())


def _block(kind: str, text: str, choices: Choices) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the start of a block and its deltas, the text cut over them."""
    whole = text
    if kind == "tool_use":
        whole = json.dumps({"a": [1.50, {"note": text}], "b": _TOKEN}, ensure_ascii=choices.flag())
    cuts = choices.cuts(len(whole), _CUTS)
    pieces = [whole[a:b] for a, b in pairwise(cuts)]
    if kind == "text":
        return {"type": "text", "text": ""}, [{"type": "text_delta", "text": piece} for piece in pieces]
    if kind == "tool_use":
        start = {"type": "tool_use", "id": "toolu_01", "name": "t", "input": {}}
        return start, [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]
    if kind == "unknown":
        return {"type": "zz", "note": ""}, [{"type": "zz_delta", "note": piece} for piece in pieces]
    if kind == "result":
        content = {"type": "bash_code_execution_result", "stdout": text, "stderr": "", "return_code": 0}
        return {"type": "bash_code_execution_tool_result", "tool_use_id": "srvtoolu_01", "content": content}, []
    return {"type": "thinking", "thinking": ""}, [{"type": "thinking_delta", "thinking": piece} for piece in pieces]


def _no_canary(data: bytes, canaries: list[str]) -> None:
    """Assert that no canary can be read: in the bytes, in an event's strings, or in strings put together in order."""
    joined: dict[tuple[str, ...], str] = defaultdict(str)
    for event in SseReader(len(data)).feed(data):
        _gather(json.loads(event.data), (), joined)
    views = [data.decode(), *joined.values(), json.dumps(list(joined.values()), ensure_ascii=False)]
    inputs = [text for path, text in joined.items() if path[-1] == "partial_json"]
    views += [json.dumps(json.loads(text), ensure_ascii=False) for text in inputs]
    assert not any(canary in view for canary in canaries for view in views), "a canary left"


def _gather(value: Any, path: tuple[str, ...], joined: dict[tuple[str, ...], str]) -> None:
    if isinstance(value, str):
        joined[path] += value
    elif isinstance(value, list):
        for each in value:
            _gather(each, (*path, "[]"), joined)
    elif isinstance(value, dict):
        kind = str(value.get("index", ""))
        for key, each in value.items():
            _gather(each, (*path, kind, key), joined)
