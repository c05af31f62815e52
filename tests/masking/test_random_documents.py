"""Random JSON in any layout: only strings with findings change, and they become what the oracle says."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from carriage_rules import KEY, PLAIN, RULES
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import Oracle

from masking.memory import Memory
from masking.request import mask_request
from masking.response import ResponseMasker

pytestmark = pytest.mark.usefixtures("each_reader")

_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"')

SPACES = st.sampled_from(["", "", " ", "\n", "\t ", "\r\n"])
NUMBERS = st.sampled_from(
    ["0", "-0", "1.50", "1e5", "-2E-3", "987654321098765432109876543210", "true", "false", "null"]
)
TEXTS = st.lists(
    st.sampled_from(
        [
            "CANARY7",
            "SSN 123-45-6789",
            "0012-3456",
            "Mrs. Ada Loveless",
            " Loveless ",
            "so",
            " ",
            "é",
            "🩺",
            "\\",
            '"',
            "\n",
        ]
    ),
    max_size=5,
).map(" ".join)
KEYS = st.sampled_from(["a", "B", "é", "", "\\", "type", "text", "CANARY3 so", "no 0012-3456", "z" * 40])
CLEAN_KEYS = KEYS.filter(lambda key: not any(char.isdigit() for char in key))


class Number(str):
    """A number or literal as it is written."""

    __slots__ = ()


def _trees(keys: Any) -> Any:
    return st.recursive(
        NUMBERS.map(Number) | TEXTS,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
        max_leaves=15,
    )


def _written(tree: Any, draw: Any) -> str:
    """Return a tree as JSON in a layout of its own: white space anywhere, any string escaped or not."""

    def token(text: str) -> str:
        return json.dumps(text, ensure_ascii=draw(st.booleans()))

    def write(value: Any) -> str:
        before, after = draw(SPACES), draw(SPACES)
        if isinstance(value, dict):
            members = ",".join(f"{draw(SPACES)}{token(key)}{draw(SPACES)}:{write(value[key])}" for key in value)
            text = f"{{{members or draw(SPACES)}}}"
        elif isinstance(value, list):
            text = f"[{','.join(map(write, value)) or draw(SPACES)}]"
        else:
            text = str(value) if isinstance(value, Number) else token(value)
        return before + text + after

    return write(tree)


def _unchanged_outside(before: bytes, after: bytes) -> None:
    """Everything between strings is as it was, and so is every string that the masker had no reason to touch."""
    assert _STRING.split(before) == _STRING.split(after)
    for was, now in zip(_STRING.findall(before), _STRING.findall(after), strict=True):
        assert was == now or json.loads(was) != json.loads(now)


@settings(deadline=None, max_examples=150)
@given(st.dictionaries(KEYS, _trees(KEYS), max_size=4), st.data())
def test_documents_of_an_answer(tree: dict[str, Any], data: st.DataObject) -> None:
    """Tool input with values in random leaves and keys: none survives, all else is spliced byte for byte."""
    written = _written(tree, data.draw)
    body = f'{{"content": [ {{"type":"tool_use","id":"toolu_01","name":"t","input":{written}}}]}}'.encode()
    out = ResponseMasker(RULES, PLAIN, KEY, Memory(), {}).message(body).caller
    _unchanged_outside(body, out)
    assert json.loads(out)["content"][0]["input"] == Oracle(RULES, KEY).tree(json.loads(written))
    assert not any(phi in out for phi in (b"CANARY", b"6789", b"0012", b"Ada"))


@settings(deadline=None, max_examples=100)
@given(st.dictionaries(CLEAN_KEYS, _trees(CLEAN_KEYS), max_size=4), st.data())
def test_documents_of_a_request(tree: dict[str, Any], data: st.DataObject) -> None:
    """The same in a request, where values are masked and keys are clean."""
    written = _written(tree, data.draw)
    call = f'{{"type":"tool_use","id":"toolu_01","name":"t","input":{written}}}'
    body = f'{{"model":"m","messages":[{{"role":"assistant","content":[{call}]}} ] }}'.encode()
    masked = mask_request(body, RULES, PLAIN, KEY, new_units=frozenset())
    assert not masked.blocked
    _unchanged_outside(body, masked.body)
    sent = json.loads(masked.body)["messages"][0]["content"][0]["input"]
    assert sent == Oracle(RULES, KEY).tree(json.loads(written))


@settings(deadline=None, max_examples=60)
@given(st.dictionaries(KEYS, _trees(KEYS), max_size=4), st.data())
def test_values_in_keys_of_a_request_block(tree: dict[str, Any], data: st.DataObject) -> None:
    """A key with a value in it refuses the request, and no other request is refused."""
    written = _written({**tree, "input": tree}, data.draw)
    body = (
        f'{{"model":"m","messages":[{{"role":"user","content":[{{"type":"tool_use","input":{written}}}]}}]}}'.encode()
    )
    masked = mask_request(body, RULES, PLAIN, KEY, new_units=frozenset())
    assert bool(masked.blocked) == any(key in {"CANARY3 so", "no 0012-3456"} for key in _keys(tree))


def _keys(tree: Any) -> list[str]:
    if isinstance(tree, dict):
        return [*tree, *(key for value in tree.values() for key in _keys(value))]
    return [key for value in tree for key in _keys(value)] if isinstance(tree, list) else []
