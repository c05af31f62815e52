"""Placeholders on their way: beside punctuation, over deltas, behind escapes, forged; one value, one placeholder."""

from __future__ import annotations

import json
from typing import Any

import pytest
from carriage_rules import KEY, PLAIN, RESTORING, RULES, dump
from carriage_streams import end, events, message, start, text_block
from hypothesis import given, settings
from hypothesis import strategies as st

from masking.memory import Memory
from masking.placeholders import Pseudonyms
from masking.request import MaskedRequest, mask_request
from masking.response import ResponseMasker

NAME = "Marisol Ficticia"
TOKEN = Pseudonyms(KEY).placeholder("NAME", NAME)
FOREIGN = Pseudonyms(bytes(32)).placeholder("NAME", NAME)


def _masked(*contents: str) -> MaskedRequest:
    turns = [{"role": "user", "content": content} for content in contents]
    return mask_request(dump({"model": "m", "messages": turns}), RULES, RESTORING, KEY, new_units=frozenset())


def _sent(masked: MaskedRequest) -> list[str]:
    return [turn["content"] for turn in json.loads(masked.body)["messages"]]


def _seen(masked: MaskedRequest, *pieces: str) -> str:
    stream = ResponseMasker(RULES, RESTORING, KEY, masked.memory, masked.restorations).stream()
    emissions = stream.feed(start() + text_block(0, *pieces) + end())
    text: str = message(events(b"".join(item.caller for item in emissions)))["content"][0]["text"]
    return text


AROUND = [
    "{}'s chart",
    "{}\u2019s chart",
    "({})",
    '"{}",',
    "{}.",
    "{}; so",
    "**{}**",
    "- {}\n",
    "{}?!",
    "so, {}: it is",
    "{}/x",
]


@pytest.mark.parametrize("around", AROUND)
def test_what_stands_around_a_value_stays_and_it_restores_exactly(around: str) -> None:
    """Possessives, quotes, brackets and marks stay where they were; the answer's placeholder becomes the very value."""
    text = around.format(NAME)
    masked = _masked(text)
    assert _sent(masked) == [around.format(TOKEN)]
    assert _seen(masked, around.format(TOKEN)) == text


@pytest.mark.parametrize("around", AROUND[:6])
def test_a_placeholder_cut_anywhere_restores(around: str) -> None:
    """A placeholder over any two deltas, and over one delta per character, turns back into the value."""
    masked = _masked(f"about {NAME}")
    text = around.format(TOKEN)
    assert {_seen(masked, text[:at], text[at:]) for at in range(len(text) + 1)} == {around.format(NAME)}
    assert _seen(masked, *text) == around.format(NAME)


def test_escapes_are_only_spelling() -> None:
    """A value or a placeholder written with JSON escapes is the same value and the same placeholder."""
    spelled = dump({"model": "m", "messages": [{"role": "user", "content": "@"}]})
    body = spelled.replace(b"@", b"\\u004darisol\\u0020Fictici\\u0061 \\/ \\ud83e\\ude7a")
    masked = mask_request(body, RULES, RESTORING, KEY, new_units=frozenset())
    assert _sent(masked) == [f"{TOKEN} / 🩺"]
    answer = dump({"content": [{"type": "text", "text": "@"}]}).replace(b"@", TOKEN.encode().replace(b"[", b"\\u005b"))
    result = ResponseMasker(RULES, RESTORING, KEY, masked.memory, masked.restorations).message(answer)
    assert json.loads(result.caller)["content"][0]["text"] == NAME


@pytest.mark.parametrize("forged", [FOREIGN, "[NAME_AAAAAAA_AAAAAA]", TOKEN, TOKEN[:-1], TOKEN.lower()])
def test_forged_and_foreign_placeholders_stay_literal(forged: str) -> None:
    """Text that looks like a placeholder passes as it is, and turns into nothing, even one that would be right."""
    masked = _masked(f"who is {forged} there")
    assert _sent(masked) == [f"who is {forged} there"]
    assert masked.restorations == {}
    assert _seen(masked, f"it is {forged} there") == f"it is {forged} there"


VALUES = ["Marisol Ficticia", "Marisol Fictitia", "123-45-6789", "123-45-6780", "0012-3456", "CANARY1", "CANARY2"]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(st.sampled_from(VALUES), min_size=1, max_size=4), min_size=1, max_size=4))
def test_one_value_one_placeholder_in_every_context(turns: list[list[str]]) -> None:
    """In a session a value has one placeholder, wherever and after whatever it stands, and no other value has it."""
    masked = _masked(*(", so ".join(values) for values in turns))
    pairs = {
        (value, token)
        for values, text in zip(turns, _sent(masked), strict=True)
        for value, token in zip(values, text.split(", so "), strict=True)
    }
    alone = {(value, _sent(_masked(value))[0]) for values in turns for value in values}
    assert pairs == alone
    assert len({token for _, token in pairs}) == len({value for value, _ in pairs}) == len(pairs)
    assert {token: value for value, token in pairs} == dict(masked.restorations)


def test_a_part_of_a_name_does_not_lean_on_what_was_said_before() -> None:
    """`Ficticia` by itself has its own placeholder, of the same family, whatever stands before it."""
    body: dict[str, Any] = {"content": [{"type": "text", "text": f"{NAME} said. Then Ficticia left."}]}
    answer = ResponseMasker(RULES, PLAIN, KEY, Memory(), {}).message(dump(body))
    text = json.loads(answer.caller)["content"][0]["text"]
    assert text == f"{TOKEN} said. Then {Pseudonyms(KEY).placeholder('NAME', 'Ficticia')} left."
