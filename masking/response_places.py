"""Where text stands in a response and in the events of a stream (claude-api.md 3.1, 3.2)."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from masking.places import ASSISTANT_BLOCK, CITATION
from masking.shapes import CIPHER, LEAVES, MASK, NEVER, SEALED, WORD, ByType, Each, fields

if TYPE_CHECKING:
    from collections.abc import Mapping

    from masking.shapes import Shape

_TOKENS = dict.fromkeys(
    ("input_tokens", "output_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"), WORD
)
_CACHE_CREATION = fields(ephemeral_5m_input_tokens=WORD, ephemeral_1h_input_tokens=WORD)
_USAGE = fields(
    **_TOKENS,
    cache_creation=_CACHE_CREATION,
    output_tokens_details=fields(thinking_tokens=WORD),
    server_tool_use=fields(web_search_requests=WORD, web_fetch_requests=WORD),
    fallback_credit=fields(status=WORD),
    iterations=Each(fields(**_TOKENS, cache_creation=_CACHE_CREATION, model=WORD, status=WORD)),
    inference_geo=WORD,
    service_tier=WORD,
    speed=WORD,
)
_STOP_DETAILS = fields(
    category=WORD,
    explanation=MASK,
    fallback_credit_token=CIPHER,
    fallback_has_prefill_claim=WORD,
    recommended_model=WORD,
)
MESSAGE = fields(
    id=WORD,
    role=WORD,
    model=WORD,
    content=Each(ASSISTANT_BLOCK),
    stop_reason=WORD,
    stop_sequence=MASK,
    stop_details=_STOP_DETAILS,
    usage=_USAGE,
    container=NEVER,
    context_management=NEVER,
    diagnostics=NEVER,
    input_transformations=NEVER,
    input_tokens=WORD,
)
"""A response, and the `message` of `message_start`. What upstream alone fills (diagnostics) passes as it is."""

ERROR = fields(error=fields(message=MASK, details=LEAVES), request_id=WORD)

EVENTS: Mapping[str, Shape] = MappingProxyType(
    {
        "message_start": fields(message=MESSAGE),
        "content_block_start": fields(index=WORD, content_block=ASSISTANT_BLOCK),
        "content_block_delta": fields(
            index=WORD,
            delta=ByType(
                {
                    "thinking_delta": fields(thinking=SEALED, estimated_tokens=WORD),
                    "signature_delta": fields(signature=CIPHER),
                    "citations_delta": fields(citation=CITATION),
                    "compaction_delta": fields(content=SEALED, encrypted_content=CIPHER),
                }
            ),
        ),
        "content_block_stop": fields(index=WORD),
        "message_delta": fields(
            delta=fields(
                stop_reason=WORD,
                stop_sequence=MASK,
                stop_details=_STOP_DETAILS,
                container=NEVER,
            ),
            usage=_USAGE,
            context_management=NEVER,
            input_transformations=NEVER,
        ),
        "message_stop": fields(),
        "error": ERROR,
    }
)
"""Stream events whose text does not arrive in pieces; `text_delta` and `input_json_delta` are folded by the stream."""
