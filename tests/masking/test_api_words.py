"""Fixed words of the Claude API: they stand where nothing can be masked, so a finding in one refuses the request."""

from __future__ import annotations

import pytest
from shipped import shipped

from masking import find
from masking.opacity import views

WORDS = [
    *("advisor_20260301", "bash_20241022", "bash_20250124", "browser_toolset_20260801", "clear_thinking_20251015"),
    *("clear_tool_uses_20250919", "code_execution_20250522", "code_execution_20250825", "compact_20260112"),
    *("computer_20241022", "computer_20250124", "computer_toolset_20260801", "memory_20250818"),
    *("text_editor_20241022", "text_editor_20250124", "text_editor_20250728", "web_fetch_20250910"),
    *("web_search_20250305", "web_search_20260209", "tool_search_tool_regex_20251119", "any_new_tool_20270105"),
    *("claude-sonnet-5-5", "claude-opus-5-5", "claude-fable-5-1", "claude-3-5-haiku-20241022"),
    *("claude-sonnet-4-20250514", "claude-opus-4-1-20250805", "claude-code-20250219", "str_replace_based_edit_tool"),
    *("base64", "auto", "ephemeral", "mcp__server2__tool_3", "5m", "1h", "standard_only", "max_tokens"),
]


@pytest.mark.parametrize("word", WORDS)
def test_a_word_of_the_api_holds_nothing(word: str) -> None:
    """As it stands, and as it is read with its separators as spaces."""
    assert [found.rule for text in (word, *views(word)) for found in find(shipped(), text)] == []
