"""Where text travels in the Messages API, and what happens to it there.

One table for requests, one for responses and stream events (claude-api.md 2.1, 2.2, 3.1, 3.2). A place that is not in
the table is `UNKNOWN`, never skipped: the vendor adds fields often, and an unknown field may hold anything. The same is
true of a known place that holds the wrong JSON type.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping


class Treatment(Enum):
    """What happens to the strings at a place."""

    MASK = auto()
    """Free text: findings are replaced."""
    LEAVES = auto()
    """Arbitrary JSON: findings in values are replaced; PHI in a key blocks."""
    SCAN = auto()
    """Names and settings that must stay as they are: PHI blocks."""
    NEVER = auto()
    """What upstream alone fills in a response: passes unread. No place of a request is like that."""
    SEALED = auto()
    """Free text that upstream signed: passes unread where upstream wrote it, anywhere else PHI blocks."""
    CIPHER = auto()
    """Signed or encrypted by upstream: passes unread where upstream wrote it, anywhere else it must look opaque."""
    TIME = auto()
    """A timestamp of upstream's: passes if it has that shape, otherwise unknown."""
    SECRET = auto()
    """A credential: neither recorded nor sent on."""
    OPAQUE = auto()
    """Content that cannot be inspected (image, PDF) in base64: passes by profile only, and is counted."""
    WORD = auto()
    """An enum value or id of the API: passes if it has that shape, otherwise scanned."""
    USER = auto()
    """`metadata.user_id`: opaque ids pass; a value with PHI becomes a pseudonym as a whole."""
    UNKNOWN = auto()
    """Outside the table: blocked or masked by profile where it holds PHI."""
    KEY = auto()
    """A key of an object outside the API's schema: PHI blocks."""


@dataclass(frozen=True, slots=True)
class Here:
    """Every string at and below this place has one treatment. `kind` says which memo its echo may have."""

    treatment: Treatment
    kind: str = "other"


@dataclass(frozen=True, slots=True)
class Fields:
    """An object with these keys; other keys are unknown. `media`: its presence is content we cannot inspect."""

    known: Mapping[str, Shape]
    media: str | None = None


@dataclass(frozen=True, slots=True)
class Each:
    """An array whose elements all have one shape."""

    element: Shape


@dataclass(frozen=True, slots=True)
class ByType:
    """An object whose `type` names its shape; an unlisted type is unknown as a whole."""

    variants: Mapping[str, Shape]


@dataclass(frozen=True, slots=True)
class Forms:
    """A place that takes a string, an array, or an object, each with its shape."""

    text: Shape
    items: Shape
    members: Shape


@dataclass(frozen=True, slots=True)
class Schema:
    """A JSON Schema: descriptions are text, names and constants must stay."""


@dataclass(frozen=True, slots=True)
class CacheMark:
    """A `cache_control` of the API's own shape, which says nothing; any other value there is unknown."""


Shape: TypeAlias = Here | Fields | Each | ByType | Forms | Schema | CacheMark


def _fields(media: str | None = None, /, **known: Shape) -> Fields:
    return Fields(MappingProxyType({"type": WORD, **known}), media)


MASK = Here(Treatment.MASK)
TEXT = Here(Treatment.MASK, "text")
LEAVES = Here(Treatment.LEAVES)
INPUT = Here(Treatment.LEAVES, "input")
SCAN = Here(Treatment.SCAN)
NEVER = Here(Treatment.NEVER)
SEALED = Here(Treatment.SEALED)
CIPHER = Here(Treatment.CIPHER)
TIME = Here(Treatment.TIME)
SECRET = Here(Treatment.SECRET)
OPAQUE = Here(Treatment.OPAQUE)
WORD = Here(Treatment.WORD)
UNKNOWN = Here(Treatment.UNKNOWN)
SCHEMA = Schema()

CACHE_CONTROL = CacheMark()

CITATION = _fields(
    cited_text=MASK,
    document_title=MASK,
    title=MASK,
    source=MASK,
    url=SCAN,
    encrypted_index=CIPHER,
    file_id=WORD,
    document_index=WORD,
    start_char_index=WORD,
    end_char_index=WORD,
    start_page_number=WORD,
    end_page_number=WORD,
    start_block_index=WORD,
    end_block_index=WORD,
    search_result_index=WORD,
)

BLOCKS: dict[str, Shape] = {}
"""Content blocks by type; they nest (a tool result holds text, images and documents)."""
BLOCK = ByType(BLOCKS)
CONTENT = Forms(TEXT, Each(BLOCK), UNKNOWN)

_URL_SOURCE = _fields("url", url=SCAN)
_FILE_SOURCE = _fields("file_id", file_id=WORD)
_IMAGE_SOURCE = ByType(
    {
        "base64": _fields("image", media_type=WORD, data=OPAQUE),
        "url": _URL_SOURCE,
        "file": _FILE_SOURCE,
    }
)
_DOCUMENT_SOURCE = ByType(
    {
        "text": _fields(media_type=WORD, data=MASK),
        "content": _fields(content=CONTENT),
        "base64": _fields("pdf", media_type=WORD, data=OPAQUE),
        "url": _URL_SOURCE,
        "file": _FILE_SOURCE,
    }
)
_CALLER = _fields(tool_id=WORD)
_TOOL_CALL = _fields(
    id=WORD, name=SCAN, input=INPUT, server_name=SCAN, toolset_name=SCAN, caller=_CALLER, cache_control=CACHE_CONTROL
)


def _result(content: Shape) -> Fields:
    return _fields(tool_use_id=WORD, content=content, is_error=WORD, caller=_CALLER, cache_control=CACHE_CONTROL)


def _output(**known: Shape) -> Fields:
    return _fields(
        error_code=WORD,
        error_message=MASK,
        stdout=MASK,
        stderr=MASK,
        return_code=WORD,
        encrypted_stdout=CIPHER,
        **known,
    )


_OUTPUT_FILES = Each(_fields(file_id=WORD))
_SEARCH_HIT = _fields(title=SCAN, url=SCAN, page_age=SCAN, encrypted_content=CIPHER)

_TOOL_SWITCHES = _fields(defer_loading=WORD, enabled=WORD)
TOOL = _fields(
    name=SCAN,
    description=MASK,
    input_schema=SCHEMA,
    input_examples=Each(LEAVES),
    cache_control=CACHE_CONTROL,
    allowed_callers=Each(WORD),
    defer_loading=WORD,
    strict=WORD,
    eager_input_streaming=WORD,
    max_uses=WORD,
    max_content_tokens=WORD,
    max_characters=WORD,
    display_width_px=WORD,
    display_height_px=WORD,
    display_number=WORD,
    citations=_fields(enabled=WORD),
    allowed_domains=Each(SCAN),
    blocked_domains=Each(SCAN),
    user_location=_fields(city=SCAN, region=SCAN, country=SCAN, timezone=SCAN),
    mcp_server_name=SCAN,
    default_config=_TOOL_SWITCHES,
    tools=Each(_fields(name=SCAN, description=MASK, input_schema=SCHEMA, defer_loading=WORD, enabled=WORD)),
    model=WORD,
)

_TOOL_CHANGE = _fields(definition=TOOL, name=SCAN, server_name=SCAN)

BLOCKS |= {
    "text": _fields(text=TEXT, citations=Each(CITATION), cache_control=CACHE_CONTROL),
    "image": _fields(source=_IMAGE_SOURCE, transformations=WORD, cache_control=CACHE_CONTROL),
    "document": _fields(
        title=MASK, context=MASK, source=_DOCUMENT_SOURCE, citations=_fields(enabled=WORD), cache_control=CACHE_CONTROL
    ),
    "search_result": _fields(
        title=MASK, source=MASK, content=Each(BLOCK), citations=_fields(enabled=WORD), cache_control=CACHE_CONTROL
    ),
    "tool_use": _TOOL_CALL,
    "server_tool_use": _TOOL_CALL,
    "mcp_tool_use": _TOOL_CALL,
    "tool_result": _result(CONTENT),
    "mcp_tool_result": _result(CONTENT),
    "tool_reference": _fields(tool_name=SCAN, cache_control=CACHE_CONTROL),
    "browser_state": _fields(
        tabs=Each(_fields(id=WORD, tab_id=WORD, title=MASK, url=SCAN, active=WORD)),
        state_changes=Each(_fields(url=SCAN, path=MASK, error=MASK)),
    ),
    "web_search_tool_result": _result(Forms(UNKNOWN, Each(_SEARCH_HIT), _fields(error_code=WORD))),
    "web_fetch_tool_result": _result(_fields(url=MASK, retrieved_at=TIME, content=BLOCK, error_code=WORD)),
    "code_execution_tool_result": _result(_output(content=_OUTPUT_FILES)),
    "bash_code_execution_tool_result": _result(_output(content=_OUTPUT_FILES)),
    "text_editor_code_execution_tool_result": _result(
        _output(
            content=MASK,
            lines=Each(MASK),
            file_type=WORD,
            is_file_update=WORD,
            num_lines=WORD,
            start_line=WORD,
            total_lines=WORD,
            old_start=WORD,
            old_lines=WORD,
            new_start=WORD,
            new_lines=WORD,
        )
    ),
    "tool_search_tool_result": _result(
        _fields(error_code=WORD, error_message=SCAN, tool_references=Each(_fields(tool_name=SCAN)))
    ),
    "advisor_tool_result": _result(_fields(text=MASK, encrypted_content=CIPHER, error_code=WORD)),
    "container_upload": _fields("file_id", file_id=WORD, cache_control=CACHE_CONTROL),
    "mcp_tool_listing": SCAN,
    "fallback": WORD,
    "tool_addition": _fields(tool=_TOOL_CHANGE, cache_control=CACHE_CONTROL),
    "tool_removal": _fields(tool=_TOOL_CHANGE, cache_control=CACHE_CONTROL),
}

ASSISTANT_BLOCK = ByType(
    MappingProxyType(
        BLOCKS
        | {
            "thinking": _fields(thinking=SEALED, signature=CIPHER),
            "redacted_thinking": _fields(data=CIPHER),
            "compaction": _fields(
                content=SEALED,
                signature=CIPHER,
                encrypted_content=CIPHER,
                tool_changes=SEALED,
                cache_control=CACHE_CONTROL,
            ),
        }
    )
)
"""A block directly in an assistant's turn. What upstream signs stands nowhere else; elsewhere it is unknown."""

_FORMAT = _fields(name=SCAN, schema=SCHEMA, strict=WORD)
_OUTPUT_CONFIG = _fields(effort=WORD, format=_FORMAT, task_budget=_fields(total=WORD, remaining=WORD))
_THINKING = _fields(budget_tokens=WORD, display=WORD, block_binding=_fields(prefix_mismatch_behavior=WORD))
_EDIT = _fields(
    instructions=MASK,
    trigger=WORD,
    keep=WORD,
    clear_at_least=WORD,
    clear_tool_inputs=WORD,
    exclude_tools=Each(SCAN),
    pause_after_compaction=WORD,
)
_MCP_SERVER = _fields(
    "mcp",
    name=SCAN,
    url=SCAN,
    authorization_token=SECRET,
    tool_configuration=_fields(enabled=WORD, allowed_tools=Each(SCAN)),
)

MESSAGE_FIELDS: Mapping[str, Shape] = MappingProxyType(
    {"role": WORD, "clear_at": WORD, "output_config": _OUTPUT_CONFIG}
)
"""The keys of a request message beside `content`."""

REQUEST = Fields(
    MappingProxyType(
        {
            "model": WORD,
            "max_tokens": WORD,
            "stream": WORD,
            "service_tier": WORD,
            "speed": WORD,
            "inference_geo": WORD,
            "billing_policy": WORD,
            "temperature": WORD,
            "top_p": WORD,
            "top_k": WORD,
            "cache_control": CACHE_CONTROL,
            "metadata": Fields(MappingProxyType({"user_id": Here(Treatment.USER)})),
            "stop_sequences": Each(MASK),
            "tool_choice": _fields(name=SCAN, disable_parallel_tool_use=WORD),
            "output_config": _OUTPUT_CONFIG,
            "output_format": _FORMAT,
            "thinking": _THINKING,
            "container": Forms(
                WORD, UNKNOWN, _fields("container", id=WORD, skills=Each(_fields(skill_id=WORD, version=WORD)))
            ),
            "mcp_servers": Each(_MCP_SERVER),
            "context_management": _fields(edits=Each(_EDIT)),
            "compaction": _fields(instructions=MASK),
            "thread": _fields(previous_message_id=WORD),
            "fallbacks": Forms(
                WORD,
                Each(
                    _fields(model=WORD, max_tokens=WORD, output_config=_OUTPUT_CONFIG, thinking=_THINKING, speed=WORD)
                ),
                UNKNOWN,
            ),
            "fallback_credit_token": CIPHER,
            "diagnostics": _fields(previous_message_id=WORD),
        }
    )
)
"""The top level of a request beside `tools`, `system` and `messages`, which are walked unit by unit."""

_TOKENS = dict.fromkeys(
    ("input_tokens", "output_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"), WORD
)
_USAGE = _fields(
    **_TOKENS,
    cache_creation=_fields(ephemeral_5m_input_tokens=WORD, ephemeral_1h_input_tokens=WORD),
    output_tokens_details=_fields(thinking_tokens=WORD),
    server_tool_use=_fields(web_search_requests=WORD, web_fetch_requests=WORD),
    fallback_credit=_fields(status=WORD),
    iterations=Each(_fields(**_TOKENS, model=WORD, status=WORD)),
    inference_geo=WORD,
    service_tier=WORD,
    speed=WORD,
)
MESSAGE = _fields(
    id=WORD,
    role=WORD,
    model=WORD,
    content=Each(ASSISTANT_BLOCK),
    stop_reason=WORD,
    stop_sequence=MASK,
    stop_details=_fields(category=WORD, explanation=MASK, fallback_credit_token=CIPHER, recommended_model=WORD),
    usage=_USAGE,
    container=NEVER,
    context_management=NEVER,
    diagnostics=NEVER,
    input_transformations=NEVER,
    input_tokens=WORD,
)
"""A response, and the `message` of `message_start`. What upstream alone fills (diagnostics) passes as it is."""

ERROR = _fields(error=_fields(message=MASK, details=LEAVES), request_id=WORD)

EVENTS: Mapping[str, Shape] = MappingProxyType(
    {
        "message_start": _fields(message=MESSAGE),
        "content_block_start": _fields(index=WORD, content_block=ASSISTANT_BLOCK),
        "content_block_delta": _fields(
            index=WORD,
            delta=ByType(
                {
                    "thinking_delta": _fields(thinking=SEALED, estimated_tokens=WORD),
                    "signature_delta": _fields(signature=CIPHER),
                    "citations_delta": _fields(citation=CITATION),
                    "compaction_delta": _fields(content=SEALED, encrypted_content=CIPHER),
                }
            ),
        ),
        "content_block_stop": _fields(index=WORD),
        "message_delta": _fields(
            delta=_fields(
                stop_reason=WORD,
                stop_sequence=MASK,
                stop_details=_fields(
                    category=WORD, explanation=MASK, fallback_credit_token=CIPHER, recommended_model=WORD
                ),
                container=NEVER,
            ),
            usage=_USAGE,
            context_management=NEVER,
            input_transformations=NEVER,
        ),
        "message_stop": _fields(),
        "error": ERROR,
    }
)
"""Stream events whose text does not arrive in pieces; `text_delta` and `input_json_delta` are folded by the stream."""


def _names(shape: Shape, seen: set[int]) -> set[str]:
    if id(shape) in seen:
        return set()
    seen.add(id(shape))
    if isinstance(shape, Fields):
        return set(shape.known).union(*(_names(inner, seen) for inner in shape.known.values()))
    if isinstance(shape, ByType):
        return set().union(*(_names(inner, seen) for inner in shape.variants.values()))
    if isinstance(shape, Each):
        return _names(shape.element, seen)
    if isinstance(shape, Forms):
        return _names(shape.items, seen) | _names(shape.members, seen)
    return set()


UNIT_KEYS = frozenset(_names(ASSISTANT_BLOCK, set()) | _names(TOOL, set()))
"""Every key that the table knows in blocks and tools."""
