"""A response masked: the whole body of a JSON answer, or a stream through `StreamMasker`.

One `ResponseMasker` serves one exchange. It starts from the memory that the request's masking ended with, so that what
the request taught is known here too, and ends with what the next request will need: the units and memos of the
assistant's turn.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from masking.echo import Echo, foresee
from masking.errors import JsonRefused, StreamRefused
from masking.json_document import Items, Members, parse
from masking.memos import MemoEntry, memo_digest
from masking.outgoing import Outgoing
from masking.placeholders import Pseudonyms
from masking.replacement import Replacement
from masking.response_places import ERROR, MESSAGE
from masking.sse import error_frame
from masking.stream import StreamMasker
from masking.usage import counts, stop_reason

if TYPE_CHECKING:
    from collections.abc import Mapping

    from masking.profile import Profile
    from masking.rules import RuleSet
    from masking.text import Memory

__all__ = ["MemoEntry", "ResponseMasker", "ResponseResult", "error_frame", "memo_digest"]

_UNREADABLE = {
    "type": "error",
    "error": {
        "type": "api_error",
        "message": "The upstream answer could not be inspected.",
        "details": {"error_code": "upstream_error"},
    },
}


@dataclass(frozen=True, slots=True)
class ResponseResult:
    """A masked response body. `record` is upstream's view, masked; `caller` is that with originals restored.

    `units` are the canonical digests of the assistant's blocks as the caller will echo them; `usage` holds token
    counts as upstream gave them, `stop_reason` a word of the API's or `other`.
    """

    caller: bytes = field(repr=False)
    record: bytes = field(repr=False)
    findings: Mapping[str, int]
    memos: tuple[MemoEntry, ...]
    units: tuple[bytes, ...]
    restored: int
    usage: Mapping[str, int]
    stop_reason: str | None


class ResponseMasker:
    """Masks the response of one exchange; `memory` and `restorations` are those of its masked request."""

    def __init__(
        self, rules: RuleSet, profile: Profile, key: bytes, memory: Memory, restorations: Mapping[str, str]
    ) -> None:
        self._rules = rules
        self._profile = profile
        self._key = key
        self._memory = memory
        self._restorations = restorations
        self._pseudonyms = Pseudonyms(key)

    def message(self, body: bytes) -> ResponseResult:
        """Mask the JSON body of a 200; raise StreamRefused when it is not a strict JSON object."""
        try:
            document = parse(body)
        except JsonRefused as fault:
            raise StreamRefused(f"response is not JSON: {fault.reason}") from None
        top = document.root
        if not isinstance(top, Members):
            raise StreamRefused("response is not an object")
        outgoing = self._outgoing()
        record, caller = outgoing.document(document, MESSAGE)
        echo = Echo()
        content = top.get("content")
        if isinstance(content, Items):
            seen = parse(caller)
            shown = seen.root["content"] if isinstance(seen.root, Members) else content
            echo = self.echo(document.raw(content), seen.raw(shown))
        return ResponseResult(
            caller=caller,
            record=record,
            findings=dict(outgoing.findings),
            memos=echo.memos,
            units=echo.units,
            restored=outgoing.restored,
            usage=counts(document, top.get("usage")),
            stop_reason=stop_reason(document, top.get("stop_reason")),
        )

    def error(self, body: bytes) -> bytes:
        """Mask an upstream error: its message may quote input. What is not JSON becomes a fixed `api_error`."""
        try:
            document = parse(body)
        except JsonRefused:
            return json.dumps(_UNREADABLE, separators=(",", ":")).encode()
        if not isinstance(document.root, Members):
            return json.dumps(_UNREADABLE, separators=(",", ":")).encode()
        return self._outgoing().document(document, ERROR).caller

    def stream(self) -> StreamMasker:
        """Return the masker of a streamed response."""
        return StreamMasker(self._outgoing(), self.echo)

    def echo(self, upstream_content: bytes, caller_content: bytes) -> Echo:
        """Return what the next request needs to know about this turn; the contents are JSON arrays of blocks."""
        profile = self._profile
        replacement = Replacement(
            self._rules, profile.names, profile.request_operator, self._pseudonyms, self._memory.copy()
        )
        return foresee(
            upstream_content, caller_content, replacement, self._key, unknown_blocks=profile.unknown == "block"
        )

    def _outgoing(self) -> Outgoing:
        return Outgoing(self._rules, self._profile, self._pseudonyms, self._memory.copy(), self._restorations)
