"""What an exchange is told and what it asks for.

Events come from Envoy in its order. Actions are answered by the pump with the value named in `Action[...]`, or by an
exception of `authz.errors` / `masking.errors` thrown into the exchange.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from authz.approval import Ticket
from authz.conversation import SessionKeys, Thread
from authz.decision import AccessDecision, ContentDecision, ModelsDecision
from authz.errors import GatewayError
from authz.records import Pin, SessionView
from authz.vault import DataKey
from masking.request import Outline
from masking.response import ResponseMasker, ResponseResult

if TYPE_CHECKING:
    from authz.audit import Event as AuditEvent
    from authz.decision import RequestFacts
    from authz.errors import Refusal
    from authz.identity import Principal
    from authz.records import Batch, NewTicket, PinRow
    from masking.request import MaskedRequest, Plan

R = TypeVar("R")
Head = tuple[tuple[str, str], ...]
"""Header names in lower case with their values, in the order received; a name may occur more than once."""


class CallerGone(GatewayError):
    """Envoy ended the stream: the caller left, Envoy timed out or answered by itself. Nobody is there to answer."""

    error_code = "caller_gone"


class UpstreamFault(GatewayError):
    """Upstream answered with something that cannot be inspected, so nothing of it is released."""

    status = 502
    error_code = "upstream_invalid"
    public = "The upstream service gave an answer that the gateway could not inspect."
    retry = True


# ---------------------------------------------------------------- events


@dataclass(frozen=True, slots=True)
class RequestHead:
    """The request headers; `end` says that no body follows."""

    method: str
    path: str
    headers: Head
    end: bool


@dataclass(frozen=True, slots=True)
class Chunk:
    """Body bytes of whichever direction is under way; `end` marks the last, which may be empty."""

    data: bytes
    end: bool


@dataclass(frozen=True, slots=True)
class Trailers:
    """Trailers of whichever direction is under way."""


@dataclass(frozen=True, slots=True)
class ResponseHead:
    """The response headers, upstream's or those of a reply Envoy made itself."""

    status: int
    headers: Head
    end: bool


@dataclass(frozen=True, slots=True)
class Quiet:
    """Nothing arrived for the time asked for in `Receive`."""


Event = RequestHead | Chunk | Trailers | ResponseHead | Quiet


# ---------------------------------------------------------------- actions


class Action(Generic[R]):
    """Something an exchange wants done; `R` is what it gets back."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Receive(Action[list[Event]]):
    """Wait for at least one event and return all that are here, or `[Quiet()]` after `within` seconds."""

    within: float | None = None


@dataclass(frozen=True, slots=True)
class ReadOutline(Action[Outline]):
    """Parse the body strictly and return its facts."""

    body: bytes


@dataclass(frozen=True, slots=True)
class OpenSession(Action[tuple[SessionKeys, Thread]]):
    """Derive the keys of this principal's session and the digests of the request; `endpoint` is its path."""

    principal: Principal
    name: str
    endpoint: str
    outline: Outline
    conditions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LoadSession(Action[SessionView]):
    """Read what is known of the session, in one round trip."""

    keys: SessionKeys
    thread: Thread
    model: str


@dataclass(frozen=True, slots=True)
class PinSession(Action[Pin]):
    """Pin profile and rules for the session's life; the first writer wins, the stored pin comes back."""

    row: PinRow


@dataclass(frozen=True, slots=True)
class Masked:
    """A masked request, and the profile and rules it was masked under."""

    request: MaskedRequest
    profile: str
    rules_revision: str


@dataclass(frozen=True, slots=True)
class Mask(Action[Masked]):
    """Find and mask under the named profile and rule revision (None: the present one).

    `arranged`: the body as it was read, if it was read here.
    """

    body: bytes
    profile: str | None
    rules_revision: str | None
    keys: SessionKeys
    new_units: frozenset[int]
    echoed: frozenset[int]
    memos: Mapping[tuple[int, str], str]
    arranged: Plan | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Unmasker(Action[ResponseMasker]):
    """Return the masker of the response to a masked request, under the same pin."""

    masked: MaskedRequest
    profile: str
    rules_revision: str
    keys: SessionKeys


@dataclass(frozen=True, slots=True)
class Unmask(Action[ResponseResult]):
    """Mask a whole JSON answer under the request's pin; a heavy one not on the event loop."""

    masked: MaskedRequest
    profile: str
    rules_revision: str
    keys: SessionKeys
    body: bytes


@dataclass(frozen=True, slots=True)
class AskAccess(Action[AccessDecision]):
    """Ask `data.phigate.access` again, at release after a hold."""

    principal: Principal
    head: RequestHead


@dataclass(frozen=True, slots=True)
class AskContent(Action[ContentDecision]):
    """Ask `data.phigate.content`: facts, counts and trigger ids go there, text never."""

    principal: Principal
    head: RequestHead
    request: RequestFacts
    findings: Mapping[str, int]
    new_findings: Mapping[str, int]
    triggers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AskModels(Action[ModelsDecision]):
    """Ask `data.phigate.models` which of these models the principal may use."""

    principal: Principal
    head: RequestHead
    models: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SealingKey(Action[DataKey]):
    """Return the session's current data key for sealed payloads."""

    session: str
    tenant: str


@dataclass(frozen=True, slots=True)
class Record(Action[None]):
    """Make the batch durable; nothing it describes may be released before this returns."""

    batch: Batch


@dataclass(frozen=True, slots=True)
class OpenTicket(Action[Ticket]):
    """Insert the ticket, or join the one that the same request already has."""

    ticket: NewTicket
    event: AuditEvent


@dataclass(frozen=True, slots=True)
class AwaitVerdict(Action[Ticket]):
    """Hold until the ticket is no longer pending, or for `seconds`; the ticket comes back either way."""

    ticket: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Consume(Action[bool]):
    """Take the grant and make the batch durable in one transaction; False when somebody else took it."""

    ticket: str
    exchange: str
    batch: Batch


@dataclass(frozen=True, slots=True)
class Settle(Action[None]):
    """Say how the approved request ended: done, or given back because upstream failed before its first byte."""

    ticket: str
    exchange: str
    give_back: bool


@dataclass(frozen=True, slots=True)
class ReleaseRequest(Action[None]):
    """Let the judged request go upstream: the deferred header answer with the gate's mark, then the body.

    `body` is None for a request that has none. `target` replaces path and query; None leaves them as they came.
    """

    exchange: str
    keep: frozenset[str]
    body: bytes | None
    target: str | None = None


@dataclass(frozen=True, slots=True)
class ReleaseResponseHead(Action[None]):
    """Let the response headers go to the caller; `keep` names those that stay, `add` those that are set."""

    head: ResponseHead
    keep: frozenset[str] | None
    add: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ReleaseResponse(Action[None]):
    """Let judged response bytes go to the caller."""

    data: bytes
    end: bool


@dataclass(frozen=True, slots=True)
class Refuse(Action[None]):
    """Answer the caller ourselves and end the exchange; possible until response headers are out."""

    refusal: Refusal
    request_id: str
    exchange: str


Outcome = Any
Steps = Generator[Action[Any], Outcome, R]
"""A part of an exchange: yields actions, returns R."""


def ask(action: Action[R]) -> Steps[R]:
    """Yield one action and return its outcome with the action's own result type."""
    return cast("R", (yield action))
