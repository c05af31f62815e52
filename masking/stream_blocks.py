"""One content block of a stream: what it holds back, and what both sides will have seen of it in the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from masking.errors import JsonRefused, StreamRefused
from masking.json_document import Document, Items, Members, encode_token, parse
from masking.seams import REACH, ending, joined, may_cut
from masking.shapes import INPUT
from masking.text import Segment

if TYPE_CHECKING:
    from masking.outgoing import Forms, Outgoing
    from masking.text import Finding

INPUT_LIMIT = 8 << 20
"""Largest tool input in bytes; it has to be whole before it can be masked."""

EMPTY_OBJECT = b"{}"


class Pieces(NamedTuple):
    """Text that may leave now, masked and restored."""

    record: str
    caller: str


class Block:
    """The state of one open block. Text leaves as it settles; tool input leaves whole at the block's end.

    `held` are deltas with text outside the table, which wait for the block's end. `before` is the end of the text block
    directly before it; where a value may go over the border, the first `REACH` code points of this one wait for each
    other (`seams`).
    """

    def __init__(self, index: int, upstream: Document, caller: Document, outgoing: Outgoing, before: str) -> None:
        self.index = index
        self.held: list[Document] = []
        self._neighbour = before
        self._before = before
        self._opening: list[str] = []
        self._opening_size = 0
        self._over: Finding | None = None
        self._waiting: list[Segment] = []
        self._upstream = upstream
        self._caller = caller
        self._outgoing = outgoing
        self._fold = outgoing.fold()
        self._restorer = outgoing.restorer()
        self._wrote: list[str] = []
        self._seen: list[str] = []
        self._fragments: list[str] = []
        self._fragments_size = 0
        self._wrote_input = b""
        self._seen_input = b""
        self._citations: list[tuple[bytes, bytes]] = []
        self._sealed: dict[str, list[bytes]] = {}

    def text(self, text: str) -> Pieces:
        """Take a piece of text and return what has settled."""
        self._wrote.append(text)
        return self._pieces(*self._restorer.feed(self._settled(text)))

    def ending(self) -> str:
        """Return the end of the block's text, as its neighbour has to know it."""
        return ending("".join(self._wrote)) or self._neighbour

    def finish_text(self) -> Pieces:
        """Return the rest of the text, at the end of the block."""
        masked = self._open() + self._masked(self._fold.finish(), final=True)
        record, caller = self._restorer.feed(masked)
        record_end, caller_end = self._restorer.finish()
        self._outgoing.restored += self._restorer.count
        self._restorer.count = 0
        return self._pieces(record + record_end, caller + caller_end)

    def _settled(self, text: str) -> str:
        if self._before and text and not self._opening and not may_cut(self._before, text):
            self._before = ""
        if not self._before:
            return self._masked(self._fold.feed(text))
        self._opening.append(text)
        self._opening_size += len(text)
        return self._open() if self._opening_size >= REACH else ""

    def _open(self) -> str:
        """Go on with the text that waited: it tells what reaches into it over the border."""
        if not self._before:
            return ""
        before, self._before = self._before, ""
        text = "".join(self._opening)
        self._over = self._outgoing.spill(before, text)
        return self._masked(self._fold.feed(text))

    def _masked(self, segments: list[Segment], *, final: bool = False) -> str:
        """Return settled segments masked; those that hold the rest of a cut value wait until all of it is there."""
        if self._over is None:
            return self._outgoing.segments(segments)
        self._waiting += segments
        whole = "".join(segment.text for segment in self._waiting)
        if len(whole) < self._over.end and not final:
            return ""
        found: list[Finding] = []
        at = 0
        for segment in self._waiting:
            found.extend(finding.moved(at) for finding in segment.findings)
            at += len(segment.text)
        over, self._over = self._over, None
        return self._outgoing.segments([Segment(whole, joined(over, whole, found))])

    def _pieces(self, record: str, caller: str) -> Pieces:
        self._seen.append(caller)
        return Pieces(record, caller)

    def fragment(self, partial_json: str) -> None:
        """Keep a fragment of tool input; PHI in it may be spelled with escapes that the fragment cuts."""
        self._fragments_size += len(partial_json)
        if self._fragments_size > INPUT_LIMIT:
            raise StreamRefused("tool input too large")
        self._fragments.append(partial_json)

    def finish_input(self) -> Forms | None:
        """Return the whole tool input masked, None if the block had none; raise StreamRefused if it is no JSON."""
        wrote = "".join(self._fragments).encode()
        if not wrote:
            return None
        try:
            document = parse(wrote)
        except JsonRefused as fault:
            raise StreamRefused(f"tool input is not JSON: {fault.reason}") from None
        forms = self._outgoing.document(document, INPUT)
        self._wrote_input, self._seen_input = wrote, forms.caller
        return forms

    def citation(self, wrote: bytes, seen: bytes) -> None:
        """Keep a citation, raw JSON as upstream wrote it and as the caller sees it."""
        self._citations.append((wrote, seen))

    def sealed(self, field: str, token: bytes, *, replaces: bool) -> None:
        """Keep a JSON string of a sealed field; `replaces`: it stands for the whole instead of continuing it."""
        held = self._sealed.setdefault(field, [])
        if replaces:
            held.clear()
        elif not held and isinstance(self._upstream.root, Members):
            start = self._upstream.root.get(field)
            held.append(self._upstream.raw(start)[1:-1] if isinstance(start, tuple) else b"")
        held.append(token[1:-1])

    def contents(self) -> tuple[bytes, bytes]:
        """Return the whole block as JSON, as upstream wrote it and as the caller saw it."""
        wrote, seen = "".join(self._wrote), "".join(self._seen)
        return (
            self._whole(self._upstream, wrote, self._wrote_input, [pair[0] for pair in self._citations]),
            self._whole(self._caller, seen, self._seen_input, [pair[1] for pair in self._citations]),
        )

    def _whole(self, start: Document, text: str, tool_input: bytes, citations: list[bytes]) -> bytes:
        """Return the start of the block with its fields as the deltas left them."""
        values: dict[str, bytes] = {key: b'"' + b"".join(tokens) + b'"' for key, tokens in self._sealed.items()}
        if text:
            values["text"] = encode_token(text)
        if tool_input:
            values["input"] = tool_input
        if citations:
            first = start.root.get("citations") if isinstance(start.root, Members) else None
            given = start.raw(first)[1:-1].strip() if isinstance(first, Items) else b""
            values["citations"] = b"[" + b",".join([given, *citations] if given else citations) + b"]"
        if not isinstance(start.root, Members) or not values:
            return start.body
        edits: list[tuple[int, int, bytes]] = []
        for key, node in start.root.items():
            value = values.pop(key, None)
            if value is not None:
                begin, end = node if isinstance(node, tuple) else (node.start, node.end)
                edits.append((begin, end, value))
        whole = start.splice(edits)
        added = b"".join(b"," + encode_token(key) + b":" + value for key, value in values.items())
        return whole.rstrip()[:-1] + added + b"}"
