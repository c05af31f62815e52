"""What the caller of the gate's tests sends, what upstream answers, and how an answer is read from bytes."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, field

PROMPT_CANARIES = (b"536-22-8145", b"maribel.okonkwo@example.org", b"(212) 555-0187")
HEAD_CANARIES = (b"412-55-7391", b"lorenz.adeyemi@example.net")
TAIL_CANARIES = (b"647-31-2208", b"(646) 555-0143")
CANARIES = PROMPT_CANARIES + HEAD_CANARIES + TAIL_CANARIES
PROMPT = "Patient SSN: 536-22-8145, e-mail maribel.okonkwo@example.org, phone (212) 555-0187. Write a short note."
ANSWER = (
    "First the SSN: 412-55-7391 and the e-mail lorenz.adeyemi@example.net. ",
    "The course was uneventful and the diet is as before. ",
    "Return in two weeks for a visit. ",
    "Last the SSN: 647-31-2208 and the phone (646) 555-0143. ",
    "All is said.",
)


def leaks(raw: bytes) -> list[bytes]:
    """Return the canaries in these bytes."""
    return [canary for canary in CANARIES if canary in raw]


@dataclass(frozen=True)
class Answer:
    """What a caller got, as far as it got; `whole` says that the answer ended as HTTP/1.1 demands."""

    raw: bytes
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    whole: bool = False

    @classmethod
    def read(cls, raw: bytes) -> Answer:
        head, found, rest = raw.partition(b"\r\n\r\n")
        if not found:
            return cls(raw)
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        status = int(first.split()[1])
        if "content-length" in headers:
            return cls(raw, status, headers, rest, len(rest) == int(headers["content-length"]))
        body, whole = unchunk(rest)
        return cls(raw, status, headers, body, whole)

    @property
    def kind(self) -> str:
        """Return what the answer is: `complete`, `refused <status>`, `truncated`, `reset`, or `strange …`."""
        if not self.status:
            return "reset" if not self.raw else "strange bytes"
        stream = self.headers.get("content-type", "").startswith("text/event-stream")
        if self.status != 200:
            return f"refused {self.status}" if self.whole and is_error(self.body) else f"strange {self.status}"
        if not self.whole:
            return "truncated"
        if stream:
            if b"event: message_stop" in self.body and b"All is said." in self.body:
                return "complete"
            return "ended by an error event" if b"event: error" in self.body else "strange end of stream"
        with contextlib.suppress(ValueError):
            if json.loads(self.body)["content"][0]["text"].endswith(ANSWER[-1]):
                return "complete"
        return "strange 200"


def is_error(body: bytes) -> bool:
    """Return whether a body is an error as the Claude API writes them."""
    try:
        document = json.loads(body)
        return bool(document["type"] == "error" and document["error"]["type"] and document["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return False


def unchunk(raw: bytes) -> tuple[bytes, bool]:
    """Return the bytes of a chunked body as far as it goes, and whether it has its end."""
    body = b""
    while True:
        size, found, rest = raw.partition(b"\r\n")
        if not found:
            return body, False
        length = int(size.split(b";")[0], 16)
        if length == 0:
            return body, rest.endswith(b"\r\n")
        body += rest[:length]
        if len(rest) < length + 2:
            return body, False
        raw = rest[length + 2 :]
