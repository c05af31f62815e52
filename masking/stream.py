"""A streamed response masked: bytes in, whole frames out, and never a byte that was not judged.

What leaves depends on upstream's events only, never on how their bytes were cut: text leaves as its segments settle
(`SegmentFold`), tool input whole at the end of its block, everything else in its own event. Text outside the table may
go on from event to event, so events that hold any wait: deltas for the end of their block, others for `message_stop`.

There is no timer. Whatever could be released safely is released by the event that made it safe; what is still held
(unsettled text, a placeholder that may not be whole, tool input) would be released unjudged, or would differ from what
comes out in one piece. Held text is bounded: by the fold (`SegmentFold`), `REACH` behind a text block, a placeholder.

A stream that breaks a rule, or ends without `message_stop`, ends in an `error` event, because clients take a cut stream
for a complete answer.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from masking.echo import Echo
from masking.errors import JsonRefused, MaskingError, StreamRefused
from masking.json_document import Document, Members, decode_token, encode_token, parse
from masking.response_places import EVENTS
from masking.shapes import UNKNOWN
from masking.sse import SseReader, error_frame, frame
from masking.stream_blocks import EMPTY_OBJECT, Block
from masking.usage import counts, stop_reason, word

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from masking.json_document import Node
    from masking.memos import MemoEntry
    from masking.outgoing import Forms, Outgoing
    from masking.sse import ServerEvent

RESPONSE_LIMIT = 64 << 20
"""Most bytes of events in one response (64 MiB); the largest answer of 128,000 tokens is far below."""

BLOCKS_LIMIT = 16_384
"""Most content blocks in one response; each keeps state until `message_stop`."""

# The usual text delta, by far the most frequent event: read with one expression instead of the whole parser.
_TEXT_DELTA = re.compile(
    rb'\{"type":\s*+"content_block_delta",\s*+"index":\s*+(0|[1-9][0-9]{0,5}),\s*+"delta":\s*+'
    rb'\{"type":\s*+"text_delta",\s*+"text":\s*+'
    rb'("(?:[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*+")\s*+\}\s*+\}\s*+'
)
_KIND = re.compile(r"[a-z][a-z0-9_.]{0,63}")
_INDEX = re.compile(rb"0|[1-9][0-9]{0,5}")
_TEXT_FRAME = frame(
    "content_block_delta",
    b'{"type":"content_block_delta","index":%d,"delta":{"type":"text_delta","text":%b}}',
)
_PING = frame("ping", b'{"type":"ping"}')
_DELTA = "content_block_delta"
_NOT_OPEN = "event for a block that is not open"
_SEALED_DELTAS = {
    "thinking_delta": (("thinking", False),),
    "signature_delta": (("signature", True),),
    "compaction_delta": (("content", True), ("encrypted_content", True)),
}


class Emission(NamedTuple):
    """Whole frames: `caller`'s bytes, the `record`'s (masked, before restoring). `urgent`: must not wait (pings)."""

    caller: bytes
    record: bytes
    urgent: bool = False


class StreamEnd(NamedTuple):
    """The last emissions after upstream's end. `complete`: a `message_stop` was seen and released."""

    emissions: list[Emission]
    complete: bool


class StreamMasker:
    """Masks one stream. `memos`, `units` and the counts are final once the emission of `message_stop` is returned."""

    def __init__(self, outgoing: Outgoing, echo: Callable[[bytes, bytes], Echo]) -> None:
        self.usage: dict[str, int] = {}
        self.stop_reason: str | None = None
        self.complete = False
        self.ended = False
        self.mismatched_names = 0
        self._outgoing = outgoing
        self._foresee = echo
        self._echo = Echo()
        self._reader = SseReader()
        self._fault: MaskingError | None = None
        self._started = False
        self._blocks: list[Block] = []
        self._open: dict[int, Block] = {}
        self._held_events: list[tuple[str, Document]] = []
        self._size = 0

    @property
    def memos(self) -> tuple[MemoEntry, ...]:
        """What has to be stored before the last emission is released."""
        return self._echo.memos

    @property
    def units(self) -> tuple[bytes, ...]:
        """The canonical digests of the assistant's blocks as the caller will echo them."""
        return self._echo.units

    @property
    def findings(self) -> Mapping[str, int]:
        """How often each identifier was found so far."""
        return self._outgoing.findings

    @property
    def restored(self) -> int:
        """How many placeholders turned back into originals so far."""
        return self._outgoing.restored

    def feed(self, data: bytes) -> list[Emission]:
        """Return the frames that these bytes complete.

        Raises StreamRefused when the stream breaks a rule; what was due before the fault is returned first, and the
        fault is raised by the next call, so that the released bytes do not depend on the chunking.
        """
        self._raise_fault()
        emissions: list[Emission] = []
        for event in self._reader.feed(data):
            if self.ended:
                break
            try:
                self._event(event, emissions)
            except MaskingError as fault:
                self._fault = fault
                break
        self._fault = self._fault or self._reader.fault
        if not emissions:
            self._raise_fault()
        return emissions

    def finish(self, request_id: str = "") -> StreamEnd:
        """Return what follows upstream's end of data: nothing after a complete stream, else an `error` event.

        `request_id` names the request in that event.
        """
        if self.ended:
            return StreamEnd([], self.complete)
        self.ended = True
        body = error_frame("api_error", "upstream_truncated", "The upstream response ended early.", request_id)
        return StreamEnd([Emission(body, body)], complete=False)

    def _raise_fault(self) -> None:
        if self._fault is not None:
            self.ended = True
            raise self._fault

    def _event(self, event: ServerEvent, emissions: list[Emission]) -> None:
        data = event.data
        self._size += len(data)
        if self._size > RESPONSE_LIMIT:
            raise StreamRefused("response too large")
        match = _TEXT_DELTA.fullmatch(data)
        if match is not None:
            block = self._open.get(int(match[1]))
            if block is None:
                raise StreamRefused(_NOT_OPEN)
            self._text(block, _decoded(match[2]), emissions)
            return
        try:
            document = parse(data)
        except JsonRefused as fault:
            raise StreamRefused(f"event is not JSON: {fault.reason}") from None
        top = document.root
        kind = word(document, top.get("type")) if isinstance(top, Members) else None
        if not isinstance(top, Members) or kind is None or not _KIND.fullmatch(kind):
            raise StreamRefused("event without a type")
        if event.name != kind.encode():
            self.mismatched_names += 1
        self._dispatch(kind, document, top, emissions)

    def _dispatch(self, kind: str, document: Document, top: Members, emissions: list[Emission]) -> None:
        if kind == "ping":
            emissions.append(Emission(_PING, _PING, urgent=True))
        elif kind == "message_start":
            if not self._started:  # a second one is dropped, as clients do
                self._started = True
                self._whole(kind, document, emissions)
                self._count(document, top.get("message"))
        elif kind == "content_block_start":
            self._start_block(document, top, emissions)
        elif kind == "content_block_delta":
            self._delta(document, top, emissions)
        elif kind == "content_block_stop":
            self._stop_block(self._block(document, top), document, emissions)
        elif kind == "message_delta":
            self._whole_or_held(kind, document, emissions)
            self._count(document, top)
            delta = top.get("delta")
            if isinstance(delta, Members):
                self.stop_reason = stop_reason(document, delta.get("stop_reason")) or self.stop_reason
        elif kind == "message_stop":
            if not self._started or self._open:
                raise StreamRefused("message_stop inside a block")
            self._finish_message()
            self._release_events(emissions)
            self._whole(kind, document, emissions)
            self.ended = self.complete = True
        elif kind == "error":
            self._whole(kind, document, emissions)
            self.ended = True
        else:
            self._whole_or_held(kind, document, emissions)

    def _whole_or_held(self, kind: str, document: Document, emissions: list[Emission]) -> None:
        if self._outgoing.goes_outside(document, EVENTS.get(kind, UNKNOWN)):
            self._held_events.append((kind, document))
        else:
            self._whole(kind, document, emissions)

    def _release_events(self, emissions: list[Emission]) -> None:
        held, self._held_events = self._held_events, []
        forms = self._outgoing.pieces([(document, EVENTS.get(kind, UNKNOWN)) for kind, document in held])
        emissions.extend(_emission(kind, *both) for (kind, _), both in zip(held, forms, strict=True))

    def _whole(self, kind: str, document: Document, emissions: list[Emission]) -> Forms:
        forms = self._outgoing.document(document, EVENTS.get(kind, UNKNOWN))
        emissions.append(_emission(kind, forms.record, forms.caller))
        return forms

    def _count(self, document: Document, holder: Node | None) -> None:
        if isinstance(holder, Members):
            self.usage.update(counts(document, holder.get("usage")))

    def _block(self, document: Document, top: Members) -> Block:
        block = self._open.get(_index(document, top))
        if block is None:
            raise StreamRefused(_NOT_OPEN)
        return block

    def _start_block(self, document: Document, top: Members, emissions: list[Emission]) -> None:
        """Open a block. Blocks begin in the order of their indexes (claude-api.md 3.2); they may overlap."""
        index = _index(document, top)
        block = top.get("content_block")
        if not self._started or index != len(self._blocks) or index >= BLOCKS_LIMIT:
            raise StreamRefused("block out of order")
        if not isinstance(block, Members):
            raise StreamRefused("block is not an object")
        text = before = ""
        if word(document, block.get("type")) == "text":
            before = self._blocks[-1].ending() if self._blocks and index - 1 not in self._open else ""
            span = block.get("text")
            if isinstance(span, tuple) and (text := document.text(span)):
                document = parse(document.splice([(*span, b'""')]))  # its text goes the way of all text
        forms = self._whole("content_block_start", document, emissions)
        upstream, caller = _content_block(document.body), _content_block(forms.caller)
        opened = self._open[index] = Block(index, upstream, caller, self._outgoing, before)
        self._blocks.append(opened)
        if text:
            self._text(opened, text, emissions)

    def _delta(self, document: Document, top: Members, emissions: list[Emission]) -> None:
        block = self._block(document, top)
        delta = top.get("delta")
        kind = word(document, delta.get("type")) if isinstance(delta, Members) else None
        if not isinstance(delta, Members) or kind is None:
            raise StreamRefused("delta without a type")
        if kind == "text_delta":
            self._text(block, _required(document, delta, "text"), emissions)
        elif kind == "input_json_delta":
            block.fragment(_required(document, delta, "partial_json"))
        else:
            for field, replaces in _SEALED_DELTAS.get(kind, ()):
                node = delta.get(field)
                if isinstance(node, tuple):
                    block.sealed(field, document.raw(node), replaces=replaces)
            if self._outgoing.goes_outside(document, EVENTS[_DELTA]):
                block.held.append(document)
            else:
                self._pass_delta(block, document, self._outgoing.document(document, EVENTS[_DELTA]), emissions)

    def _pass_delta(self, block: Block, document: Document, forms: Forms, emissions: list[Emission]) -> None:
        emissions.append(_emission(_DELTA, forms.record, forms.caller))
        wrote = _citation(document)
        if wrote is not None:
            block.citation(wrote, _citation(parse(forms.caller)) or wrote)

    def _release_deltas(self, block: Block, emissions: list[Emission]) -> None:
        forms = self._outgoing.pieces([(document, EVENTS[_DELTA]) for document in block.held])
        for document, both in zip(block.held, forms, strict=True):
            self._pass_delta(block, document, both, emissions)

    def _text(self, block: Block, text: str, emissions: list[Emission]) -> None:
        record, caller = block.text(text)
        if record:
            emissions.append(_text_emission(block.index, record, caller))

    def _stop_block(self, block: Block, document: Document, emissions: list[Emission]) -> None:
        record, caller = block.finish_text()
        if record:
            emissions.append(_text_emission(block.index, record, caller))
        forms = block.finish_input()
        if forms is not None:
            emissions.append(
                _emission(
                    "content_block_delta",
                    _input_delta(block.index, forms.record),
                    _input_delta(block.index, forms.caller),
                )
            )
        self._release_deltas(block, emissions)
        self._whole("content_block_stop", document, emissions)
        del self._open[block.index]

    def _finish_message(self) -> None:
        contents = [block.contents() for block in self._blocks]
        wrote, seen = (b"[" + b",".join(pair[side] for pair in contents) + b"]" for side in (0, 1))
        self._echo = self._foresee(wrote, seen)


def _decoded(token: bytes) -> str:
    try:
        return decode_token(token)
    except (JsonRefused, UnicodeDecodeError):
        raise StreamRefused("text is not UTF-8") from None


def _index(document: Document, top: Members) -> int:
    raw = document.raw(top["index"]) if "index" in top else b""
    if not _INDEX.fullmatch(raw):
        raise StreamRefused("event without an index")
    return int(raw)


def _required(document: Document, delta: Members, key: str) -> str:
    text = word(document, delta.get(key))
    if text is None:
        raise StreamRefused("delta without its text")
    return text


def _content_block(event: bytes) -> Document:
    document = parse(event)
    block = document.root["content_block"] if isinstance(document.root, Members) else None
    return parse(document.raw(block) if block is not None else EMPTY_OBJECT)


def _citation(event: Document) -> bytes | None:
    """Return the citation that a delta adds, raw; None if it adds none."""
    delta = event.root["delta"] if isinstance(event.root, Members) else None
    if not isinstance(delta, Members) or word(event, delta.get("type")) != "citations_delta":
        return None
    return event.raw(delta["citation"]) if "citation" in delta else None


def _emission(kind: str, record: bytes, caller: bytes) -> Emission:
    recorded = frame(kind, record)
    return Emission(recorded if caller == record else frame(kind, caller), recorded)


def _text_emission(index: int, record: str, caller: str) -> Emission:
    recorded = _TEXT_FRAME % (index, encode_token(record))
    return Emission(recorded if caller == record else _TEXT_FRAME % (index, encode_token(caller)), recorded)


def _input_delta(index: int, tool_input: bytes) -> bytes:
    return b'{"type":"content_block_delta","index":%d,"delta":{"type":"input_json_delta","partial_json":%b}}' % (
        index,
        encode_token(tool_input.decode()),
    )
