"""Documents read and arranged natively are what Python makes of them: verdicts, nodes, leaves, paths and digests."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuzz.json_body import in_native, in_python
from masking import json_document, native
from masking.arrangement import plan
from masking.errors import BodyRefused, JsonRefused
from masking.json_document import Document, Items, Members, Node, Scalars, parse
from masking.leaves import KeySpans, Leaf, render
from masking.node_table import NodeTable
from masking.place_table import PlaceTable
from masking.places import ASSISTANT_BLOCK, BLOCKS, SCHEMA_FIELDS, SCHEMA_NAMED, UNIT_KEYS
from masking.request_places import REQUEST

if TYPE_CHECKING:
    import random

pytestmark = pytest.mark.skipif(not native.is_native(), reason="the native part was not built")

PARTS = st.sampled_from(
    [
        *("{", "}", "[", "]", ",", ":", '"', "\\", " ", "\n", "\t", "\r", "\x00", "\x1f", "x", "é", "🩺"),
        *('"a"', '"b"', '"\\u0061"', '"\\ud83e\\ude7a"', '"\\ud83e"', '"\\ude7a"', '"\\u00e9\\n"', '""', '"\\x"', '"a'),
        *("0", "-0", "01", "1.", "1.5e+3", "-2E-10", "1e", "-", "true", "false", "null", "nul", "1,2 , 3", "NaN"),
        *(
            '{"a":1,"b":[2,3]}',
            '{"a":1,"\\u0061":2}',
            "[[],{},[{}]]",
            '{"type":"text","text":"so"}',
            '"long enough to hop"',
        ),
    ]
)


def nodes(document: Document, node: Node) -> Any:
    """Return a node with everything below it, and where it stands."""
    if isinstance(node, Members):
        spans = dict(document.key_spans(node))
        return node.start, node.end, [(key, spans[key], nodes(document, child)) for key, child in node.items()]
    if isinstance(node, Items):
        return node.start, node.end, [nodes(document, child) for child in node]
    return (node.start, node.end, node.count) if isinstance(node, Scalars) else node


def verdict(read: Any, body: bytes, *bounds: int) -> Any:
    """Return the nodes of a body, or why and where it is refused."""
    try:
        document = read(body, *bounds)
    except JsonRefused as fault:
        return fault.reason, fault.offset
    return nodes(document, document.root)


def arranged(document: Document) -> Any:
    """Return all that a plan says, or why there is none."""
    try:
        found = plan(document)
    except BodyRefused as fault:
        return str(fault)
    spans = KeySpans(document)

    def shown(leaf: Leaf) -> tuple[Any, ...]:
        owner = None if leaf.owner is None else leaf.owner.start
        path = render(leaf.path)
        return (*leaf[:1], spans.of(leaf), *leaf[2:4], path, leaf.key, owner, *leaf[7:], leaf.read(document))

    units = [
        (unit.kind, unit.role, unit.block, [*map(shown, unit.leaves)], dict(unit.media), unit.text_bytes)
        for unit in found.units
    ]
    changes = [change.start for change in found.tool_changes]
    beside = ([*map(shown, found.rest)], dict(found.media), [*map(render, found.opaque)], changes, found.rest_bytes)
    more = [(index, message.start) for index, message in found.messages()]
    return units, found.digests(), beside, more


@settings(deadline=None, max_examples=600)
@given(st.lists(PARTS, max_size=12).map("".join), st.integers(1, 5), st.integers(0, 12))
def test_verdicts(text: str, max_depth: int, max_nodes: int) -> None:
    """Whatever bytes come: the same nodes, or refused for the same reason at the same place."""
    for body in (text.encode(), f'{{"k":[{text}]}}'.encode(), f"[{text}".encode()):
        assert verdict(in_native, body) == verdict(in_python, body)
        assert verdict(in_native, body, max_depth, max_nodes) == verdict(in_python, body, max_depth, max_nodes)


@settings(deadline=None, max_examples=200)
@given(st.randoms(use_true_random=False))
def test_verdicts_on_broken_documents(chance: random.Random) -> None:
    """Documents of an API with some bytes changed, moved or missing."""
    body = bytearray(request(chance))
    for _ in range(chance.randint(0, 3)):
        at = chance.randrange(len(body))
        while body[at] >= 0x80:  # UTF-8 is checked before
            at -= 1
        body[at : at + chance.choice((0, 1))] = chance.choice(
            (b"", b'"', b"\\", b"}", b"]", b",", b"0", b"\xc3\xa9", b"\x01")
        )
    assert verdict(in_native, bytes(body)) == verdict(in_python, bytes(body))


@pytest.mark.parametrize("count", [7, 8, 9, 10, 200, 5000])
def test_objects_of_many_keys(count: int) -> None:
    """Keys are compared as the texts they spell, however many there are and whatever stands between them."""
    keys = [f'"key{number}":{{"key{number}":[{number}]}}' for number in range(count)]
    assert verdict(in_native, f"{{{','.join(keys)}}}".encode()) == verdict(in_python, f"{{{','.join(keys)}}}".encode())
    for repeated in ('"key0":1', '"\\u006bey3":1', f'"key{count - 1}":1'):
        body = f"{{{','.join((*keys, repeated))}}}".encode()
        assert verdict(in_native, body) == verdict(in_python, body) == ("duplicate_key", body.rindex(repeated.encode()))


WORDS = sorted(
    UNIT_KEYS | set(SCHEMA_FIELDS) | SCHEMA_NAMED | set(REQUEST.known) | {"a", "é", "Zz", "", "\\", "z" * 80}
)
TYPES = sorted(
    set(BLOCKS) | set(ASSISTANT_BLOCK.variants) | {"base64", "url", "ephemeral", "mcp_toolset", "other", "éa"}
)
VALUES = (
    "5m",
    "1h",
    "direct",
    "ephemeral",
    "text",
    "tool_addition",
    "so it is",
    "a\nb",
    "Zoë 🩺",
    "x" * 70,
    "\u2028\x7f\b",
)
LEXEMES = (
    *(
        "0",
        "-0",
        "-0.0",
        "0e5",
        "1.0",
        "10",
        "1e1",
        "100e-1",
        "0.10",
        "1E400",
        "-1.50e-3",
        "123456789012345678",
        "1e21",
    ),
    *("123456.7e3", "0.000001", "1e-7", "1e22", "12345", "98765", "-12345", "1e99999999999999", "3e+0000000001"),
    *("true", "false", "null", "1000000000000000000000", "120e19", "0.5e000000000003"),
)


def tree(chance: random.Random, depth: int) -> Any:
    """Return a value of any kind, with the API's words in it."""
    kind = chance.random()
    if depth <= 0 or kind < 0.35:
        return chance.choice((chance.choice(VALUES), chance.choice(TYPES), Lexeme(chance.choice(LEXEMES))))
    if kind < 0.55:
        return [tree(chance, depth - 1) for _ in range(chance.randint(0, 3))]
    members = {chance.choice(WORDS): tree(chance, depth - 1) for _ in range(chance.randint(0, 4))}
    if chance.random() < 0.5:
        members["type"] = chance.choice(TYPES)
    if chance.random() < 0.3:
        members["cache_control"] = chance.choice(
            ({"type": "ephemeral"}, {"type": "ephemeral", "ttl": "1h"}, [], None, {})
        )
    if chance.random() < 0.3:
        members["caller"] = chance.choice(({"type": "direct"}, {"type": "direct", "tool_id": "t"}, {}, "direct"))
    if chance.random() < 0.2:
        members["content"] = [tree(chance, depth - 1), tree(chance, depth - 1)]
    order = [*members]
    chance.shuffle(order)
    return {key: members[key] for key in order}


class Lexeme(str):
    """A number or literal as it is written."""

    __slots__ = ()


def written(value: Any, chance: random.Random) -> str:
    """Return a tree as JSON, with white space and escapes of chance."""
    space = chance.choice(("", "", "", " ", "\n\t"))
    if isinstance(value, dict):
        members = (f"{written(key, chance)}:{space}{written(inner, chance)}" for key, inner in value.items())
        return f"{{{space}{f'{space},'.join(members)}{space}}}"
    if isinstance(value, list):
        return f"[{space}{f',{space}'.join(written(inner, chance) for inner in value)}{space}]"
    if isinstance(value, Lexeme):
        return value
    if not isinstance(value, str) or chance.random() < 0.9:
        return json.dumps(value, ensure_ascii=chance.random() < 0.3)
    return (
        '"'
        + "".join(
            f"\\u{ord(char):04x}" if char.isalnum() and ord(char) < 1 << 16 else json.dumps(char)[1:-1]
            for char in value
        )
        + '"'
    )


def request(chance: random.Random) -> bytes:
    """Return a request, mostly one that is a Messages request."""

    def block() -> Any:
        made = tree(chance, 3)
        return (
            made
            if isinstance(made, dict) and "type" in made and chance.random() < 0.99
            else {"type": "text", "text": "so"}
        )

    def message() -> Any:
        content = chance.choice(("so it is", [block() for _ in range(chance.randint(0, 3))]))
        made: dict[str, Any] = {"role": chance.choice(("user", "assistant", "system")), "content": content}
        return made | ({chance.choice(WORDS): tree(chance, 2)} if chance.random() < 0.1 else {})

    body: dict[str, Any] = {"model": "m", "messages": [message() for _ in range(chance.randint(0, 4))]}
    if chance.random() < 0.6:
        body["tools"] = [tool if isinstance(tool := tree(chance, 4), dict) else {"name": "t"} for _ in range(2)]
    if chance.random() < 0.4:
        body["system"] = chance.choice(("so it is", [block(), block()]))
    if chance.random() < 0.4:
        body[chance.choice(WORDS)] = tree(chance, 3)
    return written(body, chance).encode()


@settings(deadline=None, max_examples=500)
@given(st.randoms(use_true_random=False))
def test_requests_are_arranged_alike(chance: random.Random) -> None:
    """Units, their leaves with paths and labels, media, changes of tools, digests: all the same."""
    body = request(chance)
    assert arranged(in_native(body)) == arranged(in_python(body))


def test_paths_go_on_below_a_credential() -> None:
    """Also where keys are not inspected a path says which value of an object it leads to."""
    server = {"type": "url", "authorization_token": {"b": "x", "a": ["y", {"c": "z"}]}}
    body = json.dumps({"model": "m", "messages": [], "mcp_servers": [server]}).encode()
    assert arranged(in_native(body)) == arranged(in_python(body))
    paths = [render(leaf.path) for leaf in plan(in_python(body)).rest]
    assert paths[-3:] == [f"mcp_servers[0].authorization_token.#{step}" for step in ("0[0]", "0[1].#0", "1")]


@pytest.mark.parametrize("lexeme", LEXEMES)
def test_numbers_have_one_spelling(lexeme: str) -> None:
    """Every spelling of a number is digested natively as in Python."""
    body = f'{{"model":"m","messages":[{{"role":"user","content":[{{"type":"x","n":{lexeme},"m":[{lexeme} , {lexeme}]}}]}}]}}'
    assert plan(in_native(body.encode())).digests() == plan(in_python(body.encode())).digests()


def test_digests_of_more_than_is_hashed_at_once() -> None:
    """Units that together are larger than one round of hashing each get their own digest."""
    turns = [{"role": "user", "content": f"{number} " + "x" * 300_000} for number in range(9)]
    body = json.dumps({"model": "m", "messages": turns}).encode()
    found = plan(in_native(body)).digests()
    assert found == plan(in_python(body)).digests()
    assert len(set(found)) == len(turns)


def test_leaves_are_a_sequence() -> None:
    """Leaves can be taken one by one, from the end and in slices."""
    tool_input = {"a": 1234567, "b": ["x", "y"], "c": {"d": "z"}}
    call = {"type": "tool_use", "id": "i", "name": "n", "input": tool_input}
    body = json.dumps({"model": "m", "messages": [{"role": "assistant", "content": [call]}]}).encode()
    (unit,) = plan(in_native(body)).units
    whole = [*unit.leaves]
    assert len(unit.leaves) == len(whole) > 5
    assert [unit.leaves[place] for place in range(-len(whole), len(whole))] == whole * 2
    assert unit.leaves[1:4] == whole[1:4]
    with pytest.raises(IndexError):
        unit.leaves[len(whole)]


def test_small_bodies_are_read_in_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """Native code is asked for large bodies where it was built; without it every body is read in Python."""
    large = json.dumps(["x" * json_document.SMALL]).encode()
    assert parse(b"[]").table is None
    assert parse(large).table is not None
    monkeypatch.setattr(native, "library", None)
    assert parse(large).table is None
    with pytest.raises(RuntimeError, match="not built"):
        NodeTable(large, 1, 1)
    with pytest.raises(RuntimeError, match="not built"):
        PlaceTable()


def test_a_document_deeper_than_native_code_can_hold() -> None:
    """A bound beyond that of native code is refused, not overrun."""
    assert verdict(in_native, b"[" * 300 + b"]" * 300, 1000) == ("too_deep", 0)
