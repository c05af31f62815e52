"""A request once it was judged, and what is said and stored of it: the values between the parts of the request half."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from authz.decision import RequestFacts, request_features, split_betas
from authz.errors import Refusal
from authz.exchange import heads
from authz.exchange.endpoints import split_path
from authz.records import Batch, JudgedRow

if TYPE_CHECKING:
    from authz.conversation import Novelty, SessionKeys, Thread
    from authz.decision import ContentDecision
    from authz.exchange.actions import RequestHead
    from authz.exchange.endpoints import Treatment
    from authz.exchange.story import Story
    from authz.records import Pin
    from authz.vault import DataKey
    from masking.request import MaskedRequest, Outline

BYTES_PER_TOKEN = 3
"""Estimate for English prose on today's tokenizers (claude-api §7); policy thresholds need no more."""


class Rejected(Exception):
    """Ends the request half with an answer of ours; `batch` is recorded with the closing event."""

    def __init__(self, refusal: Refusal, outcome: str, batch: Batch | None = None) -> None:
        super().__init__(outcome)
        self.refusal = refusal
        self.outcome = outcome
        self.batch = batch or Batch()


@dataclass(frozen=True, slots=True)
class Judged:
    """A request after parsing, searching and deciding: all that release, hold and response need."""

    outline: Outline
    keys: SessionKeys
    thread: Thread
    novelty: Novelty
    pin: Pin
    masked: MaskedRequest
    decision: ContentDecision
    data_key: DataKey


@dataclass(frozen=True, slots=True)
class Released:
    """What the response half needs of a request that went upstream."""

    treatment: Treatment
    judged: Judged
    story: Story
    approval: str | None


def facts(head: RequestHead, outline: Outline, new: Novelty) -> RequestFacts:
    """Return what the policy may know. Raises `Rejected` for a number that no double can hold."""
    # what stands outside units (unknown fields, schemas of the output) is as new as the newest of them
    known = [unit for index, unit in enumerate(outline.units) if index not in new.new_units]
    new_bytes = outline.text_bytes - sum(unit.text_bytes for unit in known)
    new_media = Counter(outline.media)
    for unit in known:
        new_media.subtract(unit.media)
    return RequestFacts(
        endpoint=split_path(head.path)[0],
        model=outline.model,
        stream=outline.stream,
        max_tokens=outline.max_tokens,
        tools=outline.tool_names,
        tool_types=outline.tool_types,
        betas=split_betas(heads.one(head.headers, "anthropic-beta") or ""),
        features=_features(outline),
        media=dict(outline.media),
        new_media={name: count for name, count in new_media.items() if count},
        estimated_input_tokens=outline.text_bytes // BYTES_PER_TOKEN,
        new_input_tokens=new_bytes // BYTES_PER_TOKEN,
    )


def _features(outline: Outline) -> tuple[str, ...]:
    try:
        return request_features(outline.rest)
    except ValueError:
        raise Rejected(
            Refusal(400, "invalid_request_error", "invalid_request", "The request holds a number that cannot be read."),
            "invalid_request",
        ) from None


def judged_rows(judged: Judged, approval: str | None) -> tuple[JudgedRow, ...]:
    """Return what this request adds: its final thread digest, and the tools and system blocks not seen before."""
    digests = {judged.thread.final}
    for index in judged.novelty.new_units:
        if judged.outline.units[index].kind != "message":
            digests.add(judged.thread.units[index])
    return tuple(JudgedRow(judged.keys.id, digest, approval) for digest in sorted(digests))
