"""Fixed words of the Claude API: they stand where nothing can be masked, so a finding in one refuses the request."""

from __future__ import annotations

import pytest
from sdk_walk import SdkWalk
from shipped import shipped
from test_sdk_types import REQUESTS, WHOLE_REQUEST

from masking import find
from masking.leaves import WORDS
from masking.opacity import views
from masking.shapes import Treatment


def words_of_requests() -> dict[Treatment, set[str]]:
    """Return what the SDK's request types fix, by the treatment of its place."""
    walk = SdkWalk()
    for params in REQUESTS:
        walk.visit(params, WHOLE_REQUEST, "")
    return walk.words


FIXED = words_of_requests()

OTHERS = [
    *("advisor_20260301", "bash_20241022", "clear_thinking_20251015", "compact_20260112", "text_editor_20241022"),
    *("text_editor_20250728", "web_fetch_20250910", "tool_search_tool_regex_20251119", "any_new_tool_20270105"),
    *("claude-sonnet-5-5", "claude-opus-5-5", "claude-fable-5-1", "claude-3-5-haiku-20241022", "claude-code-20250219"),
    *("claude-sonnet-4-20250514", "claude-opus-4-1-20250805", "mcp__server2__tool_3", "5m", "1h", "max_tokens"),
]
"""Words of other versions, of headers and of what is to come."""


def test_there_are_fixed_words() -> None:
    """Names of tools are read; types and settings pass by their shape."""
    assert len(FIXED[Treatment.SCAN]) > 10
    assert len(FIXED[Treatment.WORD]) > 150


@pytest.mark.parametrize("word", [*OTHERS, *sorted(FIXED[Treatment.SCAN])])
def test_a_word_of_the_api_holds_nothing(word: str) -> None:
    """As it stands, and as it is read with its separators as spaces."""
    assert [found.rule for text in (word, *views(word)) for found in find(shipped(), text)] == []


def test_settings_and_types_pass_by_their_shape() -> None:
    """Where the API fixes a word, only another shape is read."""
    assert [word for word in sorted(FIXED[Treatment.WORD]) if not WORDS.fullmatch(word)] == []
