"""The strict JSON reader: what it refuses, that it reads what JSON says, and that splicing leaves the rest alone."""

from __future__ import annotations

import json
import tracemalloc

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from masking.errors import JsonRefused
from masking.json_document import Items, Members, Scalars, encode_token, parse

pytestmark = pytest.mark.usefixtures("each_reader")

texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)

REFUSED = {
    "empty": (b"", "syntax"),
    "only spaces": (b" \n", "syntax"),
    "byte order mark": (b"\xef\xbb\xbf{}", "byte_order_mark"),
    "utf-16": ('{"a":1}'.encode("utf-16-le"), "syntax"),
    "duplicate key": (b'{"a":1,"b":2,"a":3}', "duplicate_key"),
    "duplicate key by escape": (b'{"a":1,"\\u0061":2}', "duplicate_key"),
    "duplicate key deep inside": (b'[{"x":[{"k":{},"k":[]}]}]', "duplicate_key"),
    "NaN": (b'{"a":NaN}', "syntax"),
    "Infinity": (b"[-Infinity]", "syntax"),
    "lone high surrogate": (b'["\\ud800"]', "lone_surrogate"),
    "lone low surrogate": (b'"\\udc00 123-45-6789"', "lone_surrogate"),
    "surrogates the wrong way round": (b'{"a":"\\udc00\\ud800"}', "lone_surrogate"),
    "lone surrogate in a key": (b'{"\\uD83D":1}', "lone_surrogate"),
    "encoded surrogate": (b'["\xed\xa0\x80"]', "utf8"),
    "overlong": (b'["\xc0\xaf"]', "utf8"),
    "cut character": (b'["\xf0\x9f\x98"]', "utf8"),
    "two documents": (b"{}{}", "trailing_data"),
    "trailing NUL": (b"{}\x00", "trailing_data"),
    "trailing comma after": (b"{},", "trailing_data"),
    "trailing comma in object": (b'{"a":1,}', "syntax"),
    "trailing comma in array": (b"[1,]", "syntax"),
    "leading comma": (b"[,1]", "syntax"),
    "only a comma": (b"[,]", "syntax"),
    "comment": (b'{"a":1 /* x */}', "syntax"),
    "single quotes": (b"{'a':1}", "syntax"),
    "unquoted key": (b"{a:1}", "syntax"),
    "form feed": (b"\x0c{}", "syntax"),
    "no-break space": (b"[\xc2\xa01]", "syntax"),
    "newline in string": (b'["a\nb"]', "syntax"),
    "NUL in string": (b'["a\x00b"]', "syntax"),
    "bad escape": (b'["\\x41"]', "syntax"),
    "short unicode escape": (b'["\\u12"]', "syntax"),
    "open string": (b'["abc', "syntax"),
    "open escape": (b'["abc\\', "syntax"),
    "leading zero": (b"[01]", "syntax"),
    "leading zero after a run": (b"[1,2,-012]", "syntax"),
    "plus": (b"[+1]", "syntax"),
    "bare point": (b"[1.]", "syntax"),
    "no integer part": (b"[.5]", "syntax"),
    "bare exponent": (b"[1e]", "syntax"),
    "hex": (b"[0x10]", "syntax"),
    "wrong literal": (b"[True]", "syntax"),
    "missing colon": (b'{"a" 1}', "syntax"),
    "missing value": (b'{"a":}', "syntax"),
    "missing comma": (b'["a" "b"]', "syntax"),
    "mismatched brackets": (b"[}", "syntax"),
    "mismatched brackets deeper": (b'{"a":[1}', "syntax"),
    "mismatched after a container": (b'{"a":[]]', "syntax"),
    "unclosed": (b'{"a":[1,2', "syntax"),
}


@pytest.mark.parametrize(("body", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(body: bytes, reason: str) -> None:
    """Every lax or ambiguous form is refused with its reason and an offset inside the body."""
    with pytest.raises(JsonRefused) as caught:
        parse(body)
    assert caught.value.reason == reason
    assert 0 <= caught.value.offset <= len(body)
    assert "6789" not in str(caught.value)


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'[{"a":'])
@pytest.mark.parametrize("depth", [65, 1_100, 100_000])
def test_depth_is_bounded_without_recursion(opening: bytes, depth: int) -> None:
    """Nesting beyond 64 is refused, however deep, without a RecursionError."""
    with pytest.raises(JsonRefused, match="too_deep"):
        parse(opening * depth)


def test_depth_64_is_read() -> None:
    """The bound itself still passes."""
    assert isinstance(parse(b"[" * 64 + b"]" * 64).root, Items)


@settings(deadline=None)
@given(values, st.sampled_from([None, 1]), st.booleans())
def test_reads_what_json_says(value: object, indent: int | None, ascii_only: bool) -> None:
    """Every JSON text is accepted in any layout, and each string token decodes to what json decodes."""
    body = json.dumps(value, indent=indent, ensure_ascii=ascii_only).encode()
    document = parse(body)

    def rebuild(node: object) -> object:
        if isinstance(node, Members):
            for key, (start, end) in document.key_spans(node):
                assert json.loads(body[start:end]) == key
            return {key: rebuild(child) for key, child in node.items()}
        if isinstance(node, Items):
            out: list[object] = []
            for child in node:
                if isinstance(child, Scalars):
                    run = json.loads(b"[" + document.raw(child) + b"]")
                    assert len(run) == child.count
                    out.extend(run)
                else:
                    out.append(rebuild(child))
            return out
        return document.text(node) if isinstance(node, tuple) else json.loads(document.raw(node))

    assert rebuild(document.root) == json.loads(body)
    assert document.splice([]) == body


@settings(deadline=None)
@given(st.binary(max_size=30))
def test_never_accepts_what_a_strict_parser_refuses(body: bytes) -> None:
    """On noise the reader raises JsonRefused or agrees with orjson; nothing else escapes."""
    try:
        parse(body)
    except JsonRefused:
        return
    orjson.loads(body)


@settings(deadline=None)
@given(st.text(alphabet='{}[]",:\\u0019ade.-+ \n', max_size=24))
def test_agrees_with_orjson_on_json_like_noise(text: str) -> None:
    """Accepting and refusing agrees with orjson on JSON-like noise, duplicate keys aside."""
    body = text.encode()
    try:
        parse(body)
        ours = True
    except JsonRefused as fault:
        if fault.reason == "duplicate_key":
            return
        ours = False
    try:
        orjson.loads(body)
        theirs = True
    except orjson.JSONDecodeError:
        theirs = False
    assert ours == theirs


@settings(deadline=None)
@given(st.lists(texts, min_size=1, max_size=8), st.data())
def test_splice_touches_only_its_spans(leaves: list[str], data: st.DataObject) -> None:
    """After splicing some strings, those are new and every other byte is as sent."""
    body = b"[ " + b" ,1.50, ".join(encode_token(leaf) for leaf in leaves) + b"\n]"
    spans = [node for node in parse(body).root if isinstance(node, tuple)]
    chosen = data.draw(st.sets(st.integers(0, len(leaves) - 1)))
    spliced = parse(body).splice([(*spans[i], b'"[X]"') for i in sorted(chosen, reverse=True)])
    expected = [b'"[X]"' if i in chosen else encode_token(leaf) for i, leaf in enumerate(leaves)]
    assert spliced == b"[ " + b" ,1.50, ".join(expected) + b"\n]"


def test_overlapping_splices_are_a_fault() -> None:
    """Two replacements of one span are never merged silently."""
    with pytest.raises(ValueError, match="overlapping"):
        parse(b'["a"]').splice([(1, 4, b'"x"'), (1, 4, b'"y"')])


def test_numbers_share_a_node() -> None:
    """A long array of numbers costs one node, and memory far below one object per number."""
    body = b"[" + b"1.5," * 400_000 + b"2]"
    tracemalloc.start()
    root = parse(body).root
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert isinstance(root, Items)
    assert len(root) == 1
    assert isinstance(root[0], Scalars)
    assert root[0].count == 400_001
    assert peak < 1_000_000


def test_nodes_are_bounded() -> None:
    """A body of nothing but tiny containers is refused before it fills memory."""
    with pytest.raises(JsonRefused, match="too_many_nodes"):
        parse(b"[" + b"[]," * 200 + b"[]]", max_nodes=100)


def test_long_strings_of_escapes_stay_linear() -> None:
    """A megabyte of escapes is one token and keeps no backtracking state."""
    body = b'["' + b"\\n" * 500_000 + b'"]'
    tracemalloc.start()
    parse(body)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3_000_000
