"""The rows of the record, as values: what an exchange writes and reads, before any database knows of them.

Every byte string that could hold text is sealed before it gets here; digests are keyed. The stores (`session_store`,
`approval_store`, `audit_store`) write and read these values and define none of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from authz.approval import Ticket
    from authz.audit import Event
    from authz.identity import Principal


@dataclass(frozen=True, slots=True)
class Pin:
    """What a session keeps for its life: the masking profile, the rules, and the policy that chose them."""

    profile: str
    rules_revision: str
    policy_revision: str


@dataclass(frozen=True, slots=True)
class PinRow:
    """A session at its first judged request; `session` is the public id, never the caller's own name for it."""

    session: str
    tenant: str
    issuer: str
    subject: str
    kind: str
    pin: Pin


@dataclass(frozen=True, slots=True)
class SessionView:
    """What the database knows of a session, about the digests that were asked for.

    `judged` maps each digest that still counts as judged to the approval it stands under (None: none was needed).
    `memos` maps a thread digest before an assistant turn to its sealed memo rows, oldest first. `ticket` is the newest
    ticket of the very same request in PENDING, APPROVED, CONSUMED or DENIED.
    """

    pin: Pin | None
    judged: Mapping[bytes, str | None]
    memos: Mapping[bytes, tuple[bytes, ...]]
    ticket: Ticket | None


@dataclass(frozen=True, slots=True)
class Payload:
    """A whole sealed body: the masked request, or a response before restoring. `digest` is of the sealed bytes."""

    id: str
    exchange: str
    session: str
    kind: str
    data_key_id: str
    sealed: bytes
    digest: bytes


@dataclass(frozen=True, slots=True)
class Segment:
    """A sealed piece of a response stream, number `n` from 0; `chain` is SHA-256(previous chain || sealed)."""

    exchange: str
    n: int
    data_key_id: str
    sealed: bytes
    chain: bytes


@dataclass(frozen=True, slots=True)
class JudgedRow:
    """This digest has been judged in this session, under this approval if it needed one."""

    session: str
    digest: bytes
    approval: str | None


@dataclass(frozen=True, slots=True)
class MemoRow:
    """What upstream wrote in the turn that followed `thread_digest`, where the caller saw something else; sealed."""

    session: str
    thread_digest: bytes
    exchange: str
    sealed: bytes


@dataclass(frozen=True, slots=True)
class Batch:
    """Everything one step of an exchange makes durable, in one transaction."""

    events: tuple[Event, ...] = ()
    payloads: tuple[Payload, ...] = ()
    segments: tuple[Segment, ...] = ()
    judged: tuple[JudgedRow, ...] = ()
    memos: tuple[MemoRow, ...] = ()


@dataclass(frozen=True, slots=True)
class NewTicket:
    """A request that has to wait for a person. `payload` is the masked body that reviewers see."""

    session: str
    exchange: str
    principal: Principal
    model: str
    tools_digest: bytes
    request_digest: bytes
    thread_digest: bytes
    reasons: tuple[str, ...]
    findings: Mapping[str, int]
    triggers: tuple[str, ...]
    reviewers: tuple[str, ...]
    min_approvals: int
    expires_in: int
    payload: Payload
