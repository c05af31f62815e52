"""The reply: the content blocks that a script asks for, each as it is whole and as the deltas it is streamed in.

Deterministic but for ids: the same request is answered with the same blocks, cut at the same awkward places.
"""

from __future__ import annotations

import functools
import itertools
import json
import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from authz.quickstart.simulator.messages import Block, MessagesRequest
    from authz.quickstart.simulator.prompt import Prompt
    from authz.quickstart.simulator.script import Call, Script
    from authz.quickstart.simulator.signatures import Prefix

_LENGTHS = (3, 1, 7, 2, 11, 1, 5)
"""How many characters the deltas have, over and over: long enough to be fast, short enough to cut every name."""

QUOTED = 200
_THOUGHT = 80
_BYTES_PER_TOKEN = 3
_WORDS = "soft rain on slate, warm bread at noon, an old boat by the quay, "


@dataclass(frozen=True, slots=True)
class BlockReply:
    """A content block: `whole` as JSON answers carry it, `start` and `deltas` as streams do.

    The deltas can be gone through once, and JSON answers never make them. `filler` is the number of deltas of a
    `sim:deltas` text, whose frames are ready made.
    """

    whole: Block
    start: Block
    deltas: Iterable[Block]
    filler: int = 0


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer's blocks and how it ends. Token counts are estimates: a third of the bytes."""

    message_id: str
    model: str
    blocks: Sequence[BlockReply]
    stop_reason: str
    stop_sequence: str | None
    input_tokens: int
    output_tokens: int

    def usage(self, output_tokens: int | None = None) -> dict[str, Any]:
        """Return the `usage` object."""
        return {
            "input_tokens": self.input_tokens,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "output_tokens": self.output_tokens if output_tokens is None else output_tokens,
            "service_tier": "standard",
        }

    def message(self) -> bytes:
        """Return the body of a JSON answer."""
        return orjson.dumps(
            {
                "id": self.message_id,
                "type": "message",
                "role": "assistant",
                "model": self.model,
                "content": [block.whole for block in self.blocks],
                "stop_reason": self.stop_reason,
                "stop_sequence": self.stop_sequence,
                "usage": self.usage(),
            },
        )


def estimate_tokens(size: int) -> int:
    """Return how many tokens a number of bytes may be."""
    return size // _BYTES_PER_TOKEN + 1


def filler(count: int) -> Iterator[str]:
    """Yield `count` texts of 20 characters each, without digits or capitals: nothing a detector could want."""
    for index in range(count):
        start = index * 20 % len(_WORDS)
        yield (_WORDS + _WORDS)[start : start + 20]


@functools.lru_cache(maxsize=16)
def filler_text(count: int) -> str:
    """Return the text of `sim:deltas`, made once."""
    return "".join(filler(count))


def compose(request: MessagesRequest, script: Script, prompt: Prompt, prefix: Callable[[], Prefix]) -> Reply:
    """Return the reply to a request. `prefix` is called only when something has to be signed."""
    calls, text = _next_step(request, script, prompt)
    blocks: list[BlockReply] = []
    agent = bool(script.agent)
    if script.thinking is not None or script.redacted or agent:
        signing = prefix()
        if script.thinking is not None or agent:
            blocks.append(_thinking(request, script, prompt, signing))
            signing.extend("assistant", blocks[-1].whole)
        if script.redacted:
            data = {"type": "redacted_thinking", "data": signing.sign("redacted_thinking")}
            blocks.append(BlockReply(data, data, ()))
    text, stop_sequence = _stop(text, request.stop_sequences)
    if script.deltas and not calls:
        text = filler_text(script.deltas)
        blocks.append(replace(_text_of(text, filler(script.deltas)), filler=script.deltas))
    elif text:
        blocks.append(_text_of(text, _pieces(text, script.pieces), citations=script.citations))
    if script.unknown:
        later = {"type": "later_block", "note": text[:_THOUGHT]}
        blocks.append(BlockReply(later, later, ({"type": "later_delta", "note": text[:_THOUGHT]},)))
    blocks.extend(_tool_use(call) for call in calls)
    stop_reason = "tool_use" if calls else "stop_sequence" if stop_sequence else "end_turn"
    if script.ending == "max_tokens" or request.max_tokens == 0:
        blocks = [] if request.max_tokens == 0 else [*blocks[:-1], *map(_half, blocks[-1:])]
        stop_reason, stop_sequence = "max_tokens", None
    written = sum(len(orjson.dumps(block.whole)) for block in blocks) if blocks else 0
    return Reply(
        message_id="msg_01Sim" + secrets.token_hex(10),
        model=request.model,
        blocks=blocks,
        stop_reason=stop_reason,
        stop_sequence=stop_sequence,
        input_tokens=estimate_tokens(request.size),
        output_tokens=estimate_tokens(written),
    )


def _next_step(request: MessagesRequest, script: Script, prompt: Prompt) -> tuple[Sequence[Call], str]:
    """Return the calls that come next and the text: a loop ends when its calls are used up."""
    if prompt.tool_result is None:
        if script.agent:
            return _agent_call(request, script.agent[0])
        text = script.say if script.say is not None else "" if script.tools else f"You wrote: {prompt.text}"
        return script.tools, text
    if prompt.step < len(script.agent):
        return _agent_call(request, script.agent[prompt.step])
    return (), f"The tool returned: {prompt.tool_result[:QUOTED]}"


def _agent_call(request: MessagesRequest, call: Call) -> tuple[Sequence[Call], str]:
    if call.name in request.tool_names:
        return (call,), ""
    return (), f"The tool {call.name} is not offered."


def _thinking(request: MessagesRequest, script: Script, prompt: Prompt, prefix: Prefix) -> BlockReply:
    thought = script.thinking or f"The user wrote: {prompt.text[:_THOUGHT]} Let me see."
    if request.thinking.get("display") == "omitted":
        thought = ""
    signature = prefix.sign("thinking", thought)
    deltas = ({"type": "thinking_delta", "thinking": piece} for piece in _pieces(thought, script.pieces))
    return BlockReply(
        {"type": "thinking", "thinking": thought, "signature": signature},
        {"type": "thinking", "thinking": "", "signature": ""},
        itertools.chain(deltas, [{"type": "signature_delta", "signature": signature}]),
    )


def _text_of(text: str, pieces: Iterable[str], *, citations: bool = False) -> BlockReply:
    whole: Block = {"type": "text", "text": text}
    start: Block = {"type": "text", "text": ""}
    deltas: Iterator[Block] = ({"type": "text_delta", "text": piece} for piece in pieces)
    if citations:
        citation = {
            "type": "char_location",
            "cited_text": text[:_THOUGHT],
            "document_index": 0,
            "document_title": text[:_THOUGHT],
            "start_char_index": 0,
            "end_char_index": len(text[:_THOUGHT]),
            "file_id": None,
        }
        whole["citations"], start["citations"] = [citation], []
        deltas = itertools.chain([{"type": "citations_delta", "citation": citation}], deltas)
    return BlockReply(whole, start, deltas)


def _tool_use(call: Call) -> BlockReply:
    spelled = escaped(call.spelled_input)
    start = {"type": "tool_use", "id": "toolu_01Sim" + secrets.token_hex(10), "name": call.name, "input": {}}
    pieces = itertools.chain([""], cut_json(spelled))
    return BlockReply(
        {**start, "input": json.loads(spelled)},
        start,
        ({"type": "input_json_delta", "partial_json": piece} for piece in pieces),
    )


def _half(block: BlockReply) -> BlockReply:
    """Return what a block is when tokens run out in its middle: text ends there, tool input does not parse."""
    deltas = list(block.deltas)
    kept = deltas[: (len(deltas) + 1) // 2]
    if block.whole["type"] != "text":
        return BlockReply({**block.whole, **({"input": {}} if "input" in block.whole else {})}, block.start, kept)
    text = "".join(delta.get("text", "") for delta in kept)
    return BlockReply({**block.whole, "text": text}, block.start, kept)


def _stop(text: str, stop_sequences: Sequence[str]) -> tuple[str, str | None]:
    """Cut the text at the first stop sequence in it."""
    found = [(text.find(stop), stop) for stop in stop_sequences if stop in text]
    if not found:
        return text, None
    position, stop = min(found)
    return text[:position], stop


def _pieces(text: str, length: int = 0) -> Iterator[str]:
    lengths = itertools.cycle((length,) if length else _LENGTHS)
    position = 0
    while position < len(text):
        step = next(lengths)
        yield text[position : position + step]
        position += step


def escaped(spelled: str) -> str:
    r"""Return JSON text with everything outside ASCII as \uXXXX (pairs of them beyond the BMP), else as spelled."""
    if spelled.isascii():
        return spelled
    return "".join(c if c.isascii() else json.dumps(c)[1:-1] for c in spelled)


def cut_json(text: str) -> Iterator[str]:
    r"""Cut JSON text every few characters, and within each escape: behind its backslash, or behind `\u` and a digit."""
    cuts = {0, len(text)}
    for cut in itertools.accumulate(itertools.cycle(_LENGTHS)):
        if cut >= len(text):
            break
        cuts.add(cut)
    position = text.find("\\")
    while position >= 0:
        unicode_escape = text[position + 1 : position + 2] == "u"
        cuts.add(position + (3 if unicode_escape else 1))
        position = text.find("\\", position + (6 if unicode_escape else 2))
    places = sorted(cuts)
    return (text[start:end] for start, end in itertools.pairwise(places))
