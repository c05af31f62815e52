"""The prompt: the last text that a user wrote, and how far its tool loop has come.

Claude Code wraps what a person wrote in `<system-reminder>` blocks and adds `role: "system"` messages behind it;
neither is a prompt. A user message that holds only tool results continues the prompt before it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from authz.quickstart.simulator.messages import Block, Message

_REMINDER = re.compile(r"<system-reminder>.*?(?:</system-reminder>|\Z)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the user wrote last, as it arrived here.

    `step` counts the assistant turns after it. `tool_result` is the text of the newest tool results when the request
    ends with them, else None.
    """

    text: str
    step: int
    tool_result: str | None


def find_prompt(messages: Sequence[Message]) -> Prompt:
    """Return the prompt of a conversation; its text is empty when no user wrote any."""
    step = 0
    tool_result: str | None = None
    for message in reversed(messages):
        if message.role == "assistant":
            step += 1
        elif message.role == "user":
            text = _written(message.blocks)
            if text:
                return Prompt(text, step, tool_result)
            if step == 0:
                results = [_result_text(block) for block in message.blocks if block["type"] == "tool_result"]
                tool_result = "\n".join([*results, *([tool_result] if tool_result is not None else [])])
    return Prompt("", step, tool_result)


def _written(blocks: Sequence[Block]) -> str:
    texts = [_outside_reminders(block["text"]) for block in blocks if block["type"] == "text"]
    return "\n".join(text for text in texts if text.strip())


def _outside_reminders(text: str) -> str:
    return _REMINDER.sub("", text).strip() if "<system-reminder>" in text else text


def _result_text(block: Block) -> str:
    content = block.get("content") or ""
    if isinstance(content, str):
        return content
    texts = (part.get("text") for part in content if isinstance(part, dict))
    return "\n".join(text for text in texts if isinstance(text, str))
