"""What a request continues: the session it belongs to, the thread it extends, and which of its units are new.

A request is a sequence of units (one tool, one system block, or one content block) in the order tools, system,
messages. The *thread digest* after message unit i is HMAC(digest after i-1, canonical unit i), so one digest stands for
everything said up to there; tools and system blocks have digests of their own. All digests are keyed by the session, so
they say nothing to someone who holds only the database.

The session id is chosen by the caller; it never stands without tenant, issuer and subject (design: Conversation and
session).
"""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from masking.request import Outline

SESSION_HEADERS = ("x-claude-code-session-id",)
"""Headers that name the conversation before `metadata.user_id` does; Claude Code sends this one (measured, 2.1.330)."""

OWN_SESSION_HEADER = "x-phigate-session"


def _mac(key: bytes, *parts: bytes) -> bytes:
    return hmac.digest(key, b"".join(len(part).to_bytes(4, "big") + part for part in parts), "sha256")


def session_name(headers: Mapping[str, str], outline: Outline) -> str:
    """Return the caller's name for its conversation, the most specific one it gave.

    Order: Claude Code's session header, the `session_id` inside Claude Code's JSON `metadata.user_id`, the whole
    `metadata.user_id`, `x-phigate-session`, and else the digest of the first user unit: a conversation keeps its first
    message for as long as it lasts. The kind is part of the name, so that one kind cannot pass for another.
    """
    for header in SESSION_HEADERS:
        if headers.get(header):
            return f"cc:{headers[header]}"
    if outline.user_id:
        try:
            document = orjson.loads(outline.user_id)  # bounded in depth
        except ValueError:
            document = None
        session = document.get("session_id") if isinstance(document, dict) else None
        if isinstance(session, str) and session and session.isprintable():
            return f"cc:{session}"
        return f"user:{outline.user_id}"
    if headers.get(OWN_SESSION_HEADER):
        return f"own:{headers[OWN_SESSION_HEADER]}"
    for unit in outline.units:
        if unit.kind == "message" and unit.role == "user":
            return f"first:{unit.canonical.hex()}"
    return "empty:"


@dataclass(frozen=True, slots=True, repr=False)
class SessionKeys:
    """The keys of one session, all derived from its master key; never shown."""

    id: str
    masking: bytes
    digest: bytes
    memo: bytes

    def __repr__(self) -> str:
        return f"SessionKeys(id={self.id!r}, keys=[redacted])"

    @classmethod
    def derive(cls, session_key: bytes) -> SessionKeys:
        """Return the session's public id (`ses_`, 130 bits) and its keys, each under a label of its own."""
        public = base64.b32encode(_mac(session_key, b"phigate session id")).decode().lower()[:26]
        return cls(
            id=f"ses_{public}",
            masking=_mac(session_key, b"phigate masking"),
            digest=_mac(session_key, b"phigate digest"),
            memo=_mac(session_key, b"phigate memo"),
        )


@dataclass(frozen=True, slots=True)
class Thread:
    """The digests of one request.

    `units[i]` belongs to unit i of the outline: its thread digest for a message unit, its own digest for a tool or a
    system block. `marks[i]` is the digest of an assistant unit by itself, empty for others: with it upstream's own
    words are known again wherever they stand. `answers` holds, for each assistant unit, its index and the thread digest
    before it, for an answer may have begun there (one that continues an assistant turn, after a prefill or
    `pause_turn`, too). `final` is the thread digest after the last unit. `tools` covers the tools and the conditions.
    `request` ignores what does not change the question (`stream`, `metadata`, `cache_control`, `thinking.display`), so
    an SDK's retry has the same one.
    """

    units: tuple[bytes, ...]
    marks: tuple[bytes, ...]
    answers: tuple[tuple[int, bytes], ...]
    final: bytes
    tools: bytes
    request: bytes

    def asked(self) -> list[bytes]:
        """Return every digest that the session store is asked about, each once."""
        marks = (mark for mark in self.marks if mark)
        return list(dict.fromkeys((*self.units, *marks, *(digest for _, digest in self.answers))))


def mark(keys: SessionKeys, canonical: bytes) -> bytes:
    """Return the digest of an assistant unit by itself."""
    return _mac(keys.digest, b"mark", canonical)


def thread(keys: SessionKeys, outline: Outline, endpoint: str, conditions: Sequence[str] = ()) -> Thread:
    """Return the digests of the request that `outline` describes.

    `conditions` are the API version and betas it is sent under; with the tools they are what an approval is bound to.
    """
    key = keys.digest
    digests: list[bytes] = []
    marks: list[bytes] = []
    answers: list[tuple[int, bytes]] = []
    tools: list[bytes] = []
    system: list[bytes] = []
    current = _mac(key, b"thread")
    for index, unit in enumerate(outline.units):
        own = unit.kind == "message" and unit.role == "assistant"
        marks.append(mark(keys, unit.canonical) if own else b"")
        if unit.kind == "message":
            if own:
                answers.append((index, current))
            current = extend(keys, current, unit.canonical)
            digests.append(current)
        else:
            digest = _mac(key, unit.kind.encode(), unit.canonical)
            digests.append(digest)
            (tools if unit.kind == "tool" else system).append(digest)
    tools_digest = _mac(key, b"tools", *(condition.encode() for condition in sorted(set(conditions))), b"", *tools)
    return Thread(
        units=tuple(digests),
        marks=tuple(marks),
        answers=tuple(answers),
        final=current,
        tools=tools_digest,
        request=_mac(key, b"request", endpoint.encode(), outline.rest, tools_digest, *system, current),
    )


def extend(keys: SessionKeys, digest: bytes, canonical: bytes) -> bytes:
    """Return the thread digest after one more message unit."""
    return _mac(keys.digest, digest, canonical)


@dataclass(frozen=True, slots=True)
class Novelty:
    """Which units of a request nobody has judged yet, and the approval under which the judged ones stand.

    `echoed` are the assistant units that upstream itself wrote in this session.
    """

    new_units: frozenset[int]
    approval: str | None
    echoed: frozenset[int] = frozenset()


def novelty(digests: Thread, outline: Outline, judged: Mapping[bytes, str | None], *, again: bool = False) -> Novelty:
    """Return the new units: messages beyond the longest judged thread digest, other units not yet judged.

    An approval is good for one sending: a thread that ends where the approved one ended does not extend it, whatever
    else of the request was changed, so its own last digest does not count when it stands under an approval. With
    `again` it does: counting the tokens of an approved thread that was sent answers nothing in it a second time.
    """
    covered = -1
    approval: str | None = None
    for index, unit in enumerate(outline.units):
        digest = digests.units[index]
        spent = digest == digests.final and judged.get(digest) is not None and not again
        if digest in judged and not spent:
            if unit.kind == "message":
                covered = index
            approval = judged[digest] or approval
    new = {
        index
        for index, unit in enumerate(outline.units)
        if (index > covered if unit.kind == "message" else digests.units[index] not in judged)
    }
    echoed = frozenset(index for index, own in enumerate(digests.marks) if own and own in judged)
    return Novelty(frozenset(new), approval, echoed)
