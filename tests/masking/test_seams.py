"""Values cut by the border of two text blocks: the later part is masked, and what was said before stays as it was."""

from __future__ import annotations

import json
from typing import Any

import pytest
from carriage_rules import KEY, PLAIN, RESTORING, RULES, dump
from carriage_streams import end, events, message, start, text_block, tool_block
from hypothesis import given, settings
from hypothesis import strategies as st

from masking.memory import Memory
from masking.placeholders import Pseudonyms
from masking.request import mask_request
from masking.response import ResponseMasker
from masking.seams import REACH, ending, may_cut

pytestmark = pytest.mark.usefixtures("each_reader")

PSEUDONYMS = Pseudonyms(KEY)


def _texts(*texts: str) -> list[dict[str, str]]:
    return [{"type": "text", "text": text} for text in texts]


def _up(messages: list[dict[str, Any]], echoed: frozenset[int] = frozenset(), **top: Any) -> dict[str, Any]:
    body = dump({"model": "m", **top, "messages": messages})
    masked = mask_request(body, RULES, PLAIN, KEY, new_units=frozenset(), echoed=echoed)
    assert not masked.blocked
    whole: dict[str, Any] = json.loads(masked.body)
    return whole


def _user(*texts: str) -> list[str]:
    sent = _up([{"role": "user", "content": _texts(*texts)}])
    return [block["text"] for block in sent["messages"][0]["content"]]


def _token(identifier: str, value: str) -> str:
    return PSEUDONYMS.placeholder(identifier, value)


@pytest.mark.parametrize(
    ("before", "after", "identifier", "part"),
    [
        ("SSN 123-45-", "6789 is hers", "SSN", "6789"),
        ("SSN 1", "23-45-6789", "SSN", "23-45-6789"),
        ("for Marisol", " Ficticia today", "NAME", "Ficticia"),
        ("for Marisol Fict", "icia today", "NAME", "icia"),
        ("x" * 100 + " for Marisol ", "Ficticia" + "." * 90, "NAME", "Ficticia"),
    ],
)
def test_the_later_part_is_masked(before: str, after: str, identifier: str, part: str) -> None:
    """A value over the border never goes up whole: what stands behind the border is masked, and only that."""
    assert _user(before, after)[1] == after.replace(part, _token(identifier, part), 1)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("SSN 123-45-\n", "6789 is hers"),
        ("SSN 123-45-", "\n6789"),
        ("for Marisol", "Ficticia"),  # a new word in title case is a new record, not the rest of this one
        ("nothing here", " nor there"),
        ("", "6789"),
    ],
)
def test_what_nothing_goes_over_stays(before: str, after: str) -> None:
    """A line's end and a new record part texts; clean neighbours stay byte for byte."""
    assert _user(before or "so", after) == [before or "so", after]


def test_a_value_of_the_later_blocks_own_stays_what_it_is() -> None:
    """A value that stands whole behind the border is masked as by itself, whatever it would be with what is before."""
    assert _user("see CANARY1", "123-45-6789")[1] == _token("SSN", "123-45-6789")
    assert _user("see CANARY1", "1 123-45-6789")[1] == f"{_token('OTHER_ID', '1')} {_token('SSN', '123-45-6789')}"
    assert _user("for Marisol Fict", "i" * 40 + "a")[1] == "i" * 40 + "a"  # over the bound: the block's own findings


def test_what_was_said_before_does_not_depend_on_what_follows() -> None:
    """The beginning of a cut value stays as it went up before the rest was there: masking is causal."""
    assert _user("SSN 123-45-", "6789")[0] == _user("SSN 123-45-")[0] == "SSN 123-45-"


def test_where_messages_are_cut_does_not_matter() -> None:
    """Neighbours in two messages of one role are masked like neighbours in one, in either form."""
    apart = _up([{"role": "user", "content": "SSN 123-45-"}, {"role": "user", "content": "6789 is hers"}])
    together = _user("SSN 123-45-", "6789 is hers")
    assert [turn["content"] for turn in apart["messages"]] == together


@pytest.mark.parametrize(
    "between",
    [
        {"role": "assistant", "content": "so"},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_01", "content": "so"}]},
    ],
)
def test_others_between_part_texts(between: dict[str, Any]) -> None:
    """Another role's words, or another block, end what can be one value."""
    sent = _up([{"role": "user", "content": "SSN 123-45-"}, between, {"role": "user", "content": "6789"}])
    assert sent["messages"][2]["content"] == "6789"


def test_nested_blocks_and_system_blocks_have_neighbours_too() -> None:
    """Texts of one tool result, of one document, and system blocks are read over their borders."""
    result = {"type": "tool_result", "tool_use_id": "toolu_01", "content": _texts("SSN 123-45-", "6789")}
    other = {"type": "tool_result", "tool_use_id": "toolu_02", "content": _texts("6789")}
    document = {"type": "document", "source": {"type": "content", "content": _texts("MRN 0012-", "3456")}}
    sent = _up([{"role": "user", "content": [result, other, document]}], system=_texts("SSN 123-45-", "6789"))
    blocks = sent["messages"][0]["content"]
    assert blocks[0]["content"][1]["text"] == sent["system"][1]["text"] == _token("SSN", "6789")
    assert blocks[1]["content"][0]["text"] == "6789"
    assert blocks[2]["source"]["content"][1]["text"] == _token("MRN", "3456")


def test_a_fetched_page_has_no_neighbour() -> None:
    """A block that stands alone under its key is no neighbour of what stands before it."""
    page = {"type": "web_fetch_result", "url": "u", "content": {"type": "text", "text": "6789 is hers"}}
    blocks = [
        {"type": "text", "text": "SSN 123-45-"},
        {"type": "web_fetch_tool_result", "tool_use_id": "t", "content": page},
    ]
    sent = _up([{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": blocks}]}])
    assert sent["messages"][0]["content"][0]["content"][1]["content"]["content"]["text"] == "6789 is hers"


def test_what_upstream_wrote_is_not_read_over_borders() -> None:
    """The echo of an answer is masked block by block, as it was foreseen; a caller's own invention is not."""
    turn = [{"role": "assistant", "content": _texts("SSN 123-45-", "6789")}]
    assert _up(turn, frozenset({0, 1}))["messages"][0]["content"][1]["text"] == "6789"
    assert _up(turn)["messages"][0]["content"][1]["text"] == _token("SSN", "6789")


WORDS = st.sampled_from(
    ["123-45-6789", "Marisol Ficticia", "0012-3456", " so ", "x", " ", "\n", "é🩺", "Mrs. Ada Lovel"]
)


@settings(deadline=None, max_examples=100)
@given(st.lists(WORDS, min_size=1, max_size=8), st.data(), st.sampled_from([PLAIN, RESTORING]), st.integers(1, 90))
def test_streams_and_answers_agree_over_borders(words: list[str], data: st.DataObject, profile: Any, step: int) -> None:
    """Blocks cut anywhere, deltas cut anywhere: a stream gives the text, record, memos and counts of the whole answer."""
    text = "".join(words)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=4)))
    blocks = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    stream = ResponseMasker(RULES, profile, KEY, Memory(), {}).stream()
    sent = b"".join(
        text_block(index, *(block[at : at + step] for at in range(0, len(block), step)))
        for index, block in enumerate(blocks)
    )
    emissions = stream.feed(start() + sent + end())
    whole = ResponseMasker(RULES, profile, KEY, Memory(), {}).message(dump({"content": _texts(*blocks)}))
    assert (
        message(events(b"".join(item.caller for item in emissions)))["content"] == json.loads(whole.caller)["content"]
    )
    assert (
        message(events(b"".join(item.record for item in emissions)))["content"] == json.loads(whole.record)["content"]
    )
    assert (stream.units, stream.memos, dict(stream.findings)) == (whole.units, whole.memos, dict(whole.findings))


def test_a_tool_call_parts_the_texts_of_an_answer() -> None:
    """In an answer only direct neighbours are read together."""
    stream = ResponseMasker(RULES, PLAIN, KEY, Memory(), {}).stream()
    data = start() + text_block(0, "SSN 123-45-") + tool_block(1, "{}") + text_block(2, "6789") + end()
    seen = message(events(b"".join(item.caller for item in stream.feed(data))))["content"]
    assert seen[2]["text"] == "6789"


@settings(deadline=None, max_examples=100)
@given(st.lists(st.lists(WORDS, min_size=1, max_size=3).map("".join), min_size=2, max_size=6))
def test_a_longer_message_keeps_its_masked_beginning(texts: list[str]) -> None:
    """Blocks added to a message never change how the blocks before them were masked."""
    whole = _user(*texts)
    for count in range(1, len(texts)):
        assert _user(*texts[:count]) == whole[:count]


def test_what_is_read_again_is_bounded() -> None:
    """The end of a text is at most `REACH` code points, from a space on if there is one."""
    assert ending("a" * 200) == "a" * REACH
    assert ending("b " * 200 + "c") == ("b " * 200 + "c")[-REACH:].partition(" ")[2]
    assert ending("short") == "short"
    assert not may_cut("", "a")
    assert not may_cut("a", "")
