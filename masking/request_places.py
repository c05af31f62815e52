"""Where text stands in a request beside its units (claude-api.md 2.1).

`tools`, `system` and `messages` are walked unit by unit (`outline`), by the table in `places`.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from masking.shapes import (
    CACHE_CONTROL,
    CIPHER,
    MASK,
    SCAN,
    SCHEMA,
    SECRET,
    UNKNOWN,
    WORD,
    Each,
    Fields,
    Forms,
    Here,
    Treatment,
    fields,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from masking.shapes import Shape

_FORMAT = fields(name=SCAN, schema=SCHEMA, strict=WORD)
_OUTPUT_CONFIG = fields(effort=WORD, format=_FORMAT, task_budget=fields(total=WORD, remaining=WORD))
_THINKING = fields(budget_tokens=WORD, display=WORD, block_binding=fields(prefix_mismatch_behavior=WORD))
_EDIT = fields(
    instructions=MASK,
    trigger=WORD,
    keep=WORD,
    clear_at_least=WORD,
    clear_tool_inputs=WORD,
    exclude_tools=Each(SCAN),
    pause_after_compaction=WORD,
)
_MCP_SERVER = fields(
    "mcp",
    name=SCAN,
    url=SCAN,
    authorization_token=SECRET,
    tool_configuration=fields(enabled=WORD, allowed_tools=Each(SCAN)),
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
            "tool_choice": fields(name=SCAN, disable_parallel_tool_use=WORD),
            "output_config": _OUTPUT_CONFIG,
            "output_format": _FORMAT,
            "thinking": _THINKING,
            "container": Forms(
                WORD, UNKNOWN, fields("container", id=WORD, skills=Each(fields(skill_id=WORD, version=WORD)))
            ),
            "mcp_servers": Each(_MCP_SERVER),
            "context_management": fields(edits=Each(_EDIT)),
            "compaction": fields(instructions=MASK),
            "thread": fields(previous_message_id=WORD),
            "fallbacks": Forms(
                WORD,
                Each(fields(model=WORD, max_tokens=WORD, output_config=_OUTPUT_CONFIG, thinking=_THINKING, speed=WORD)),
                UNKNOWN,
            ),
            "fallback_credit_token": CIPHER,
            "diagnostics": fields(previous_message_id=WORD),
        }
    )
)
"""The top level of a request beside `tools`, `system` and `messages`, which are walked unit by unit."""
