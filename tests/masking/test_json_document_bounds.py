"""The strict JSON reader at its bounds: the last that passes, and the reason and byte offset of the first that does not."""

from __future__ import annotations

import pytest

from masking.errors import JsonRefused
from masking.json_document import Items, Members, Scalars, decode_token, parse

pytestmark = pytest.mark.usefixtures("each_reader")

AT = {
    "no mark after a container": (b"[[]", "syntax", 3),
    "something else after a container": (b'[{} "a"]', "syntax", 3),
    "wrong bracket after a container": (b'{"a":[]]', "syntax", 8),
    "wrong bracket after a value": (b'{"a":1]', "syntax", 1),
    "second key": (b'{"a":1, "a":2}', "duplicate_key", 8),
    "second key in an object inside": (b'[0,{"k":"v","k":1}]', "duplicate_key", 12),
    "member without a value": (b'{"a":1, "b"}', "syntax", 7),
    "item": (b'["a", x]', "syntax", 5),
    "after the document": (b'{"a":1} x', "trailing_data", 7),
    "after a string": (b'"a"  ,', "trailing_data", 3),
    "surrogate": (b'{"a": "\\ud800"}', "lone_surrogate", 6),
    "surrogate in a key": (b'{"a":1, "\\ud800":1}', "lone_surrogate", 8),
    "surrogate alone": (b' "\\ud800"', "lone_surrogate", 1),
    "byte order mark": (b"\xef\xbb\xbf{}", "byte_order_mark", 0),
    "invalid first byte": (b"\xff[]", "utf8", 0),
    "invalid byte": (b'["ab\xff"]', "utf8", 4),
}


@pytest.mark.parametrize(("body", "reason", "offset"), AT.values(), ids=AT.keys())
def test_refused_with_its_reason_and_place(body: bytes, reason: str, offset: int) -> None:
    """A refusal names its reason and the byte where the reader stood."""
    with pytest.raises(JsonRefused) as caught:
        parse(body)
    assert (caught.value.reason, caught.value.offset) == (reason, offset)


@pytest.mark.parametrize("step", [1 << 20, 3 << 20])
def test_an_invalid_byte_is_found_where_it_stands_in_a_long_body(step: int) -> None:
    """Long bodies are decoded in steps; the place of a fault counts from the beginning of the body."""
    body = '["é'.encode() + b"a" * step + b'\xc3"]'
    with pytest.raises(JsonRefused) as caught:
        parse(body)
    assert (caught.value.reason, caught.value.offset) == ("utf8", len(body) - 3)


@pytest.mark.parametrize("places", range(-3, 4))
def test_a_character_on_a_step_is_one(places: int) -> None:
    """A character that two steps of decoding share is read as one, and one cut off by the end is refused."""
    body = b'"' + b"a" * ((1 << 20) - 1 - 4 + places) + "🩺".encode() + b'"'
    assert parse(body).root == (0, len(body))
    with pytest.raises(JsonRefused, match="utf8"):
        parse(body[:-2])


def test_nodes_up_to_the_bound() -> None:
    """Strings, objects, arrays and runs of scalars count, keys do not; one more than the bound is refused in its place."""
    body = b'["a",{"k":"b","l":[]},1,2]'
    assert len(parse(body, max_nodes=5).root) == 3
    with pytest.raises(JsonRefused) as caught:
        parse(body, max_nodes=4)
    assert (caught.value.reason, caught.value.offset) == ("too_many_nodes", 22)


def test_depth_up_to_the_bound() -> None:
    """As many levels as the bound pass, whatever they are; one more is refused where it opened."""
    assert isinstance(parse(b'[{"a":[1]},[[]]]', max_depth=3).root, Items)
    with pytest.raises(JsonRefused) as caught:
        parse(b'[{"a":[1]},[[]]]', max_depth=2)
    assert (caught.value.reason, caught.value.offset) == ("too_deep", 7)


def test_a_scalar_by_itself() -> None:
    """A number or a literal alone is one scalar, and a string alone is its token."""
    document = parse(b" -1.50e3 ")
    assert isinstance(document.root, Scalars)
    assert document.root.count == 1
    assert document.raw(document.root) == b"-1.50e3"
    assert parse(b' "a" ').raw((1, 4)) == b'"a"'


def test_a_member_that_is_a_scalar_counts_one() -> None:
    """Scalars of objects stand alone, runs of arrays share a node with their number."""
    root = parse(b'{"a": true, "b": [1 , null,2]}').root
    assert isinstance(root, Members)
    run = root["b"]
    assert isinstance(run, Items)
    assert [node.count for node in (root["a"], run[0]) if isinstance(node, Scalars)] == [1, 3]


def test_a_token_with_half_a_pair_is_refused() -> None:
    """Decoding a token by itself refuses a lone surrogate as reading a body does."""
    with pytest.raises(JsonRefused) as caught:
        decode_token(b'"\\udc00"')
    assert (caught.value.reason, caught.value.offset) == ("lone_surrogate", 0)


def test_edits_may_touch_but_not_overlap() -> None:
    """Edits at the beginning, at the end and side by side are all done; two of one byte are none."""
    document = parse(b'["a"]')
    assert document.splice([(4, 5, b"}"), (0, 1, b"{"), (1, 4, b'"b":1')]) == b'{"b":1}'
    with pytest.raises(ValueError, match=r"^overlapping replacements$"):
        document.splice([(1, 4, b'"b"'), (3, 5, b'"]')])


def test_keys_of_another_body_are_refused() -> None:
    """Asked for the keys of an object that is not its own, a document fails instead of guessing."""
    other = parse(b'{"a":1,"b":2}').root
    assert isinstance(other, Members)
    with pytest.raises(JsonRefused) as caught:
        list(parse(b"[1,2,3,4,5,6]").key_spans(other))
    assert (caught.value.reason, caught.value.offset) == ("syntax", 1)
