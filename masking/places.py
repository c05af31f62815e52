"""Where text stands in the parts that requests and responses share: content blocks and tools (claude-api.md 2.2, 3.1).

What stands around them is in `request_places` and `response_places`.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from masking.shapes import (
    CACHE_CONTROL,
    CIPHER,
    INPUT,
    LEAVES,
    MASK,
    OPAQUE,
    SCAN,
    SCHEMA,
    SEALED,
    TEXT,
    TIME,
    UNKNOWN,
    WORD,
    ByType,
    Each,
    Fields,
    Forms,
    fields,
    names,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from masking.shapes import Shape

SCHEMA_NAMED = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"})
"""Keywords whose value maps names of the caller's choice to schemas."""

SCHEMA_FIELDS: Mapping[str, Shape] = (
    dict.fromkeys(("title", "description", "$comment"), MASK)
    | {"examples": LEAVES}
    | dict.fromkeys(("enum", "const", "default", "pattern", "required", "dependentRequired", "$schema", "$id"), SCAN)
    | dict.fromkeys(("type", "format", "$ref", "$anchor"), WORD)
    | dict.fromkeys(
        (
            *("items", "prefixItems", "additionalItems", "unevaluatedItems", "contains"),
            *("additionalProperties", "unevaluatedProperties", "propertyNames"),
            *("anyOf", "allOf", "oneOf", "not", "if", "then", "else"),
        ),
        SCHEMA,
    )
)
"""JSON Schema 2020-12 keywords that hold strings or schemas."""

CITATION = fields(
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

_URL_SOURCE = fields("url", url=SCAN)
_FILE_SOURCE = fields("file_id", file_id=WORD)
_IMAGE_SOURCE = ByType(
    {
        "base64": fields("image", media_type=WORD, data=OPAQUE),
        "url": _URL_SOURCE,
        "file": _FILE_SOURCE,
    }
)
_DOCUMENT_SOURCE = ByType(
    {
        "text": fields(media_type=WORD, data=MASK),
        "content": fields(content=CONTENT),
        "base64": fields("pdf", media_type=WORD, data=OPAQUE),
        "url": _URL_SOURCE,
        "file": _FILE_SOURCE,
    }
)
_CALLER = fields(tool_id=WORD)
_TOOL_CALL = fields(
    id=WORD, name=SCAN, input=INPUT, server_name=SCAN, toolset_name=SCAN, caller=_CALLER, cache_control=CACHE_CONTROL
)


def _result(content: Shape) -> Fields:
    return fields(
        tool_use_id=WORD,
        content=content,
        is_error=WORD,
        toolset_name=SCAN,
        caller=_CALLER,
        cache_control=CACHE_CONTROL,
    )


def _output(**known: Shape) -> Fields:
    return fields(
        error_code=WORD,
        error_message=MASK,
        stdout=MASK,
        stderr=MASK,
        return_code=WORD,
        encrypted_stdout=CIPHER,
        **known,
    )


_OUTPUT_FILES = Each(fields(file_id=WORD))
_SEARCH_HIT = fields(title=SCAN, url=SCAN, page_age=SCAN, encrypted_content=CIPHER)

_TOOL_REFERENCE = fields(tool_name=SCAN, cache_control=CACHE_CONTROL)
_TOOLS_NAMED = fields(tools=Each(fields(name=SCAN)))
_TOOL_SWITCHES = fields(defer_loading=WORD, enabled=WORD)
TOOL = fields(
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
    max_tokens=WORD,
    use_cache=WORD,
    caching=CACHE_CONTROL,
    response_inclusion=WORD,
    url_sources=fields(user_input=_TOOLS_NAMED, client_tool_results=_TOOLS_NAMED, server_tool_results=_TOOLS_NAMED),
    display_width_px=WORD,
    display_height_px=WORD,
    display_number=WORD,
    enable_zoom=WORD,
    citations=fields(enabled=WORD),
    allowed_domains=Each(SCAN),
    blocked_domains=Each(SCAN),
    user_location=fields(city=SCAN, region=SCAN, country=SCAN, timezone=SCAN),
    mcp_server_name=SCAN,
    default_config=_TOOL_SWITCHES,
    configs=SCAN,
    tools=Each(fields(name=SCAN, description=MASK, input_schema=SCHEMA, defer_loading=WORD, enabled=WORD)),
    model=WORD,
)

_TOOL_CHANGE = fields(definition=TOOL, name=SCAN, server_name=SCAN)

BLOCKS |= {
    "text": fields(text=TEXT, citations=Each(CITATION), cache_control=CACHE_CONTROL),
    "image": fields(source=_IMAGE_SOURCE, transformations=WORD, cache_control=CACHE_CONTROL),
    "document": fields(
        title=MASK, context=MASK, source=_DOCUMENT_SOURCE, citations=fields(enabled=WORD), cache_control=CACHE_CONTROL
    ),
    "search_result": fields(
        title=MASK, source=MASK, content=Each(BLOCK), citations=fields(enabled=WORD), cache_control=CACHE_CONTROL
    ),
    "tool_use": _TOOL_CALL,
    "server_tool_use": _TOOL_CALL,
    "mcp_tool_use": _TOOL_CALL,
    "tool_result": _result(CONTENT),
    "mcp_tool_result": _result(CONTENT),
    "tool_reference": _TOOL_REFERENCE,
    "browser_state": fields(
        tabs=Each(fields(id=WORD, tab_id=WORD, title=MASK, url=SCAN, active=WORD)),
        state_changes=Each(fields(tab_id=WORD, download_id=WORD, url=SCAN, path=MASK, error=MASK, size_bytes=WORD)),
        cache_control=CACHE_CONTROL,
    ),
    "web_search_tool_result": _result(Forms(UNKNOWN, Each(_SEARCH_HIT), fields(error_code=WORD))),
    "web_fetch_tool_result": _result(fields(url=MASK, retrieved_at=TIME, content=BLOCK, error_code=WORD)),
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
        fields(error_code=WORD, error_message=SCAN, tool_references=Each(_TOOL_REFERENCE))
    ),
    "advisor_tool_result": _result(fields(text=MASK, encrypted_content=CIPHER, error_code=WORD, stop_reason=WORD)),
    "container_upload": fields("file_id", file_id=WORD, cache_control=CACHE_CONTROL),
    "mcp_tool_listing": SCAN,
    "fallback": WORD,
    "tool_addition": fields(tool=_TOOL_CHANGE, cache_control=CACHE_CONTROL),
    "tool_removal": fields(tool=_TOOL_CHANGE, cache_control=CACHE_CONTROL),
}

ASSISTANT_BLOCK = ByType(
    MappingProxyType(
        BLOCKS
        | {
            "thinking": fields(thinking=SEALED, signature=CIPHER),
            "redacted_thinking": fields(data=CIPHER),
            "compaction": fields(
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

UNIT_KEYS = frozenset(names(ASSISTANT_BLOCK, set()) | names(TOOL, set()))
"""Every key that the table knows in blocks and tools."""

NESTED = frozenset({"content", "source", "citations", "tool", "definition"})
"""Keys of a block that hold blocks or parts of the API's own shape, in which the same things say nothing."""

CALLS = frozenset({"tool_use", "server_tool_use", "mcp_tool_use"})
"""Blocks that call a tool."""
