"""Strict JSON: accepted or refused as the standard library and RFC 8259 would have it, and spliced without a trace.

The oracle is `json` with every laxness of it turned into a refusal: duplicate keys, `NaN`, a byte order mark, lone
surrogates, depth.
"""

from __future__ import annotations

import json
import random
import zlib
from typing import TYPE_CHECKING, Any

from masking import native
from masking.errors import JsonRefused
from masking.json_document import MAX_DEPTH, MAX_NODES, Document, Items, Members, Scalars, encode_token, parse
from masking.json_reader import Reader
from masking.node_table import NodeTable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from masking.json_document import Node

_LITERALS = {b"true": True, b"false": False, b"null": None}


def check(data: bytes) -> None:
    """Compare our reading of a body with the oracle's, splice some of its strings, and read it with each reader."""
    _agree(data)
    try:
        document = parse(data)
    except JsonRefused as fault:
        assert 0 <= fault.offset <= len(data), "offset outside the body"
        assert not _oracle(data)[0], f"refused ({fault.reason}) what is strict JSON"
        return
    accepted, value = _oracle(data)
    assert accepted, "accepted what is not strict JSON"
    assert _rebuilt(document, document.root) == value, "other values"
    _splice(document, random.Random(zlib.crc32(data)))


def seeds() -> Iterator[bytes]:
    """Yield bodies of every shape, strict and doubtful."""
    yield b'{"model":"m","max_tokens":1e2,"messages":[{"role":"user","content":"caf\\u00e9 \\ud83e\\ude7a \xc3\xa9"}]}'
    yield b' [ 1 , -0.50e+3,true ,null, "a\\n\\"", {} , [ ] ,{"a":{"b":[[1,2],"x"]}} ]\r\n'
    yield b'{"a":1,"\\u0061":2}'
    yield b'["\\ud800"]'
    yield b"\xef\xbb\xbf{}"
    yield b'{"a":NaN,"b":-Infinity}'
    yield b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1)
    yield b'"\xed\xa0\x80"'


def _agree(data: bytes) -> None:
    """Read a body natively and in Python: the same nodes, or refused for the same reason at the same place."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return  # refused before either reads
    if native.is_native():
        assert _verdict(data, in_python) == _verdict(data, in_native), "readers differ"


def in_python(body: bytes, max_depth: int = MAX_DEPTH, max_nodes: int = MAX_NODES) -> Document:
    """Read a body in Python."""
    return Document(body, Reader(body, max_depth, max_nodes).read())


def in_native(body: bytes, max_depth: int = MAX_DEPTH, max_nodes: int = MAX_NODES) -> Document:
    """Read a body natively."""
    table = NodeTable(body, max_depth, max_nodes)
    return Document(body, table.node(0), table)


def _verdict(body: bytes, read: Callable[[bytes], Document]) -> Any:
    try:
        document = read(body)
    except JsonRefused as fault:
        return fault.reason, fault.offset
    return _rebuilt(document, document.root), list(_spans(document, document.root))


class _Lax(ValueError):
    """The body is JSON to the standard library and not to us."""


def _oracle(body: bytes) -> tuple[bool, Any]:
    """Return whether a body is strict JSON, and its value with numbers as their lexemes."""
    try:
        value = json.loads(
            body.decode(), object_pairs_hook=_pairs, parse_int=_number, parse_float=_number, parse_constant=_refuse
        )
    except (ValueError, RecursionError):
        return False, None
    return _depth(value) <= MAX_DEPTH and not _surrogates(value), value


def _number(lexeme: str) -> tuple[str]:
    return (lexeme,)


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _Lax
    return members


def _refuse(_: str) -> None:
    raise _Lax


def _depth(value: Any) -> int:
    deepest = 0
    level = [value]
    while boxes := [each for each in level if isinstance(each, (dict, list))]:
        deepest += 1
        level = [inner for box in boxes for inner in (box.values() if isinstance(box, dict) else box)]
    return deepest


def _surrogates(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False


def _rebuilt(document: Document, node: Node) -> Any:
    if isinstance(node, Members):
        spans = dict(document.key_spans(node))
        assert spans.keys() == node.keys(), "other keys"
        assert all(document.text(span) == key for key, span in spans.items()), "a key at another place"
        return {key: _rebuilt(document, child) for key, child in node.items()}
    if isinstance(node, Items):
        values: list[Any] = []
        for child in node:
            values.extend(_scalars(document, child) if isinstance(child, Scalars) else [_rebuilt(document, child)])
        return values
    if isinstance(node, Scalars):
        (value,) = _scalars(document, node)
        return value
    return document.text(node)


def _scalars(document: Document, node: Scalars) -> list[Any]:
    lexemes = [lexeme.strip(b" \t\r\n") for lexeme in document.raw(node).split(b",")]
    assert len(lexemes) == node.count, "other count"
    return [_LITERALS[lexeme] if lexeme in _LITERALS else _number(lexeme.decode()) for lexeme in lexemes]


def _splice(document: Document, chance: random.Random) -> None:
    """Replace some strings; every byte beside them must stay, and the result must read as it should."""
    spans = list(_spans(document, document.root))
    chosen = sorted(chance.sample(spans, chance.randint(0, len(spans))))
    tokens = [encode_token(chance.choice(("", "[X_1]", 'é"\\\n\u2028', "🩺"))) for _ in chosen]
    edits = [(*span, token) for span, token in zip(chosen, tokens, strict=True)]
    spliced = document.splice(chance.sample(edits, len(edits)))
    at = 0
    for piece, token in zip(_between(document.body, chosen), [*tokens, b""], strict=True):
        assert spliced[at : at + len(piece)] == piece, "bytes outside the edits changed"
        at += len(piece)
        assert spliced[at : at + len(token)] == token, "an edit was lost"
        at += len(token)
    assert at == len(spliced), "bytes were added"
    assert len(list(_spans(parsed := parse(spliced), parsed.root))) == len(spans), "the shape changed"


def _spans(document: Document, node: Node) -> Iterator[tuple[int, int]]:
    if isinstance(node, tuple):
        yield node
    elif isinstance(node, (Members, Items)):
        for child in node.values() if isinstance(node, Members) else node:
            yield from _spans(document, child)


def _between(body: bytes, spans: list[tuple[int, int]]) -> list[bytes]:
    ends = [0, *(end for _, end in spans)]
    starts = [*(start for start, _ in spans), len(body)]
    return [body[end:start] for end, start in zip(ends, starts, strict=True)]
