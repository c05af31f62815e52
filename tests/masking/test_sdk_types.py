"""The table of places names every field that the `anthropic` SDK's own request and response types have."""

from __future__ import annotations

import json
import typing
from typing import Any

import anthropic
import httpx2
import pytest
from anthropic.types import Message, MessageTokensCount, RawMessageStreamEvent
from anthropic.types.beta import BetaMessage, BetaMessageTokensCount, BetaRawMessageStreamEvent
from anthropic.types.beta import message_count_tokens_params as beta_count
from anthropic.types.beta import message_create_params as beta_create
from anthropic.types.message_count_tokens_params import MessageCountTokensParams
from anthropic.types.message_create_params import MessageCreateParamsNonStreaming, MessageCreateParamsStreaming
from sdk_walk import HEADERS, SdkWalk

from masking.places import ASSISTANT_BLOCK, BLOCK, TOOL
from masking.request_places import MESSAGE_FIELDS, REQUEST
from masking.response_places import EVENTS, MESSAGE
from masking.shapes import MASK, TEXT, UNKNOWN, ByType, Each, Fields, Forms, fields

if typing.TYPE_CHECKING:
    from masking.shapes import Shape

WHOLE_REQUEST = Fields(
    {
        **REQUEST.known,
        "tools": Each(TOOL),
        "system": Forms(TEXT, Each(BLOCK), UNKNOWN),
        "messages": Each(Fields({**MESSAGE_FIELDS, "content": Forms(TEXT, Each(ASSISTANT_BLOCK), UNKNOWN)})),
    }
)
"""A request as one shape; in the code its units are walked apart."""

FOLDED = frozenset({"{content_block_delta}.delta{text_delta}", "{content_block_delta}.delta{input_json_delta}"})
"""Deltas whose text goes through the stream's folds, not through the table (test_stream proves them)."""

REQUESTS = (
    MessageCreateParamsNonStreaming,
    MessageCreateParamsStreaming,
    MessageCountTokensParams,
    beta_create.MessageCreateParamsNonStreaming,
    beta_create.MessageCreateParamsStreaming,
    beta_count.MessageCountTokensParams,
)
RESPONSES: tuple[tuple[Any, Shape], ...] = (
    (Message, MESSAGE),
    (BetaMessage, MESSAGE),
    (MessageTokensCount, MESSAGE),
    (BetaMessageTokensCount, MESSAGE),
    (RawMessageStreamEvent, ByType(EVENTS)),
    (BetaRawMessageStreamEvent, ByType(EVENTS)),
)


def _walked(hint: Any, shape: Shape) -> SdkWalk:
    walk = SdkWalk()
    walk.visit(hint, shape, "")
    return walk


@pytest.mark.parametrize("params", REQUESTS, ids=lambda params: f"{params.__module__}.{params.__name__}")
def test_every_field_of_a_request_is_placed(params: Any) -> None:
    """No field, block type, tool or source of the SDK's request types falls to `UNKNOWN`."""
    walk = _walked(params, WHOLE_REQUEST)
    assert walk.unplaced == set()
    assert walk.seen > 600


@pytest.mark.parametrize(("model", "shape"), RESPONSES, ids=lambda value: getattr(value, "__name__", "events"))
def test_every_field_of_a_response_is_placed(model: Any, shape: Shape) -> None:
    """No field of the SDK's messages, stream events and deltas falls to `UNKNOWN`, but for deltas that are folded."""
    walk = _walked(model, shape)
    assert walk.unplaced == (FOLDED if isinstance(shape, ByType) else set())
    assert walk.seen > (0 if "Count" in getattr(model, "__name__", "") else 190)


class _Inner(typing.TypedDict):
    type: typing.Literal["a", "b"]
    note: str


class _Outer(typing.TypedDict):
    items: list[_Inner | str]
    free: dict[str, object]
    count: int
    betas: list[str]


@pytest.mark.parametrize(
    ("shape", "unplaced"),
    [
        (fields(items=Forms(MASK, UNKNOWN, UNKNOWN), free=MASK, count=MASK), {".items[]"}),
        (fields(items=Each(Forms(MASK, UNKNOWN, fields(note=MASK))), free=MASK, count=MASK), set()),
        (fields(items=Each(Forms(UNKNOWN, UNKNOWN, fields(note=MASK))), free=MASK, count=MASK), {".items[]"}),
        (fields(items=Each(Forms(MASK, UNKNOWN, fields())), free=MASK, count=MASK), {".items[].note"}),
        (
            fields(items=Each(Forms(MASK, UNKNOWN, ByType({"a": fields(note=MASK)}))), free=MASK, count=MASK),
            {".items[]{b}"},
        ),
        (fields(items=MASK, count=MASK), {".free"}),
        (fields(items=MASK, free=fields(), count=MASK), {".free"}),
        (fields(items=MASK, free=UNKNOWN), {".free", ".count"}),
        (UNKNOWN, {""}),
    ],
)
def test_the_walk_finds_what_is_missing(shape: Shape, unplaced: set[str]) -> None:
    """The walk is not blind: a missing field, type, form or element of a made-up type shows up."""
    assert _walked(_Outer, shape).unplaced == unplaced


def test_headers_are_no_fields() -> None:
    """What the walk leaves out of a request is not in the body that the SDK sends."""
    sent: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        sent.append(request)
        return httpx2.Response(200, json={"input_tokens": 1})

    client = anthropic.Anthropic(
        api_key="none",
        base_url="http://upstream.test",
        http_client=httpx2.Client(transport=httpx2.MockTransport(answer)),
    )
    client.beta.messages.count_tokens(
        model="m", messages=[], betas=["b-2026-01-01"], workspace_id="wrkspc_01A", user_profile_id="uprof_01A"
    )
    assert not HEADERS & json.loads(sent[0].content).keys()
    assert "b-2026-01-01" in sent[0].headers["anthropic-beta"]
    assert "wrkspc_01A" in sent[0].headers.values()
    assert "uprof_01A" in sent[0].headers.values()
