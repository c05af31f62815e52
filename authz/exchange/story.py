"""The story of an exchange as audit events: ids, counts, keyed digests and names of our own; never text.

Kinds: `exchange.opened`, `exchange.decided`, `exchange.closed` here; `approval.*` in the approval store's transaction.
Every header is ASCII keys, strings, integers below 2^53 and lists or maps of them (RFC 8785 has one form for those).
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

from authz.audit import Event
from authz.records import Payload, Segment
from authz.vault import payload_aad, seal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from authz.decision import ContentDecision
    from authz.identity import Principal
    from authz.vault import DataKey
    from masking.request import MaskedRequest, Outline

MODEL = "model"
"""Where a request names its model: blocked there, it holds an identifier."""

_PLAIN_MODEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}")


def plain_model(model: str) -> str:
    """Return a model name fit for the record: callers choose it, so anything unlike one becomes `[other]`."""
    return model if _PLAIN_MODEL.fullmatch(model) else "[other]"


class Story:
    """Builds the events of one exchange. `now_ms` and `new_id` come from outside, so that a transcript can be fixed."""

    def __init__(
        self,
        exchange: str,
        session: str,
        principal: Principal,
        *,
        now_ms: Callable[[], int],
        new_id: Callable[[], str],
    ) -> None:
        self.exchange = exchange
        self.session = session
        self.principal = principal
        self._now_ms = now_ms
        self._new_id = new_id
        self.chain = b"\0" * 32
        self.segments = 0

    def event(self, kind: str, header: Mapping[str, Any]) -> Event:
        """Return an event of this exchange."""
        return Event(
            id=self._new_id(),
            kind=kind,
            exchange=self.exchange,
            session=self.session,
            at_ms=self._now_ms(),
            header=dict(header),
        )

    def opened(self, endpoint: str, request_id: str, access_decision: str, model: str | None = None) -> Event:
        """Return the opening event: who asked for which endpoint, and for which model where it names one by itself."""
        principal = self.principal
        header = {
            "tenant": principal.tenant,
            "issuer": principal.issuer,
            "subject": principal.subject,
            "principal_kind": principal.kind,
            "endpoint": endpoint,
            "request_id": request_id,
            "access_decision": access_decision,
        }
        if model is not None:
            header["model"] = plain_model(model)
        return self.event("exchange.opened", header)

    def decided(
        self,
        outline: Outline,
        masked: MaskedRequest,
        decision: ContentDecision,
        *,
        rules_revision: str,
        thread: bytes,
        payload: Payload | None,
    ) -> Event:
        """Return the decision with what it stood on: counts, revisions, and digests of what went upstream."""
        header: dict[str, Any] = {
            "effect": decision.effect,
            "reasons": list(decision.reasons),
            "profile": decision.profile,
            "policy_revision": decision.revision,
            "rules_revision": rules_revision,
            "model": plain_model("" if any(leaf.path == MODEL for leaf in masked.blocked) else outline.model),
            "stream": "true" if outline.stream else "false",
            "units": len(outline.units),
            "text_bytes": outline.text_bytes,
            "findings": dict(masked.findings),
            "new_findings": dict(masked.new_findings),
            "triggers": list(masked.triggers),
            "blocked": len(masked.blocked),
            "coverage": {leaf: dict(counts) for leaf, counts in masked.coverage.items()},
            "thread_digest": thread.hex(),
        }
        if payload is not None:
            header["request_payload"] = payload.id
            header["request_sealed_sha256"] = payload.digest.hex()
        return self.event("exchange.decided", header)

    def closed(self, outcome: str, facts: Mapping[str, Any]) -> Event:
        """Return the closing event. For a stream it commits to the chain over all sealed segments."""
        header: dict[str, Any] = {"outcome": outcome, **facts}
        if self.segments:
            header["segments"] = self.segments
            header["segments_sha256"] = self.chain.hex()
        return self.event("exchange.closed", header)

    def payload(self, kind: str, text: bytes, key: DataKey) -> Payload:
        """Return a whole body, sealed to this exchange and kind."""
        payload_id = self._new_id()
        sealed = seal(key, text, payload_aad(payload_id, self.exchange, kind))
        return Payload(payload_id, self.exchange, self.session, kind, key.id, sealed, hashlib.sha256(sealed).digest())

    def segment(self, text: bytes, key: DataKey) -> Segment:
        """Return the next piece of the response stream, sealed and chained to those before."""
        number = self.segments
        sealed = seal(key, text, f"segment:{self.exchange}:{number}".encode())
        self.chain = hashlib.sha256(self.chain + sealed).digest()
        self.segments = number + 1
        return Segment(self.exchange, number, key.id, sealed, self.chain)
