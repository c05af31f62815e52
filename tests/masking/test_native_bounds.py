"""How much work and memory reading and arranging a body natively takes, and what happens without it."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import weakref
from typing import TYPE_CHECKING, Any

import pytest
from test_native_documents import arranged

from fuzz.json_body import in_native, in_python
from masking import native, native_plan
from masking.arrangement import plan
from masking.leaves import render
from masking.place_table import PlaceTable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from masking.node_table import NodeTable

pytestmark = pytest.mark.skipif(not native.is_native(), reason="the native part was not built")


class Starved:
    """The library, one of whose functions finds no memory."""

    def __init__(self, function: str) -> None:
        self._real = native.library
        self._function = function

    def __getattr__(self, name: str) -> Any:
        return self._fail if name == self._function else getattr(self._real, name)

    def _fail(self, *arguments: Any) -> int:
        if self._function == "document_new":
            arguments[-2]._obj.value = -1
        return 0 if self._function.endswith("_new") else -1


@pytest.mark.parametrize("function", ["places_new", "document_new", "document_plan", "document_canonical"])
def test_without_memory_nothing_is_read(monkeypatch: pytest.MonkeyPatch, function: str) -> None:
    """Native code that finds no memory ends the request with that, and leaves the next one alone."""
    body = b'{"model":"m","messages":[{"role":"user","content":"so"}]}'

    def read() -> Any:
        if function == "places_new":
            PlaceTable()
        return plan(in_native(body)).digests()

    with monkeypatch.context() as patch:
        patch.setattr(native, "library", Starved(function))
        with pytest.raises(MemoryError):
            read()
    assert read() == plan(in_python(body)).digests()


def test_a_plan_needs_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """A table that was read natively cannot be arranged without the library."""
    document = in_native(b'{"model":"m","messages":[]}')
    monkeypatch.setattr(native, "library", None)
    with pytest.raises(RuntimeError, match="not built"):
        plan(document)


def calls_of(count: int, members: int) -> bytes:
    """Return a request with so many calls of a tool, each with so many arguments."""
    call = {"type": "tool_use", "id": "i", "name": "n", "input": {f"key {at}": "v" for at in range(members)}}
    return json.dumps({"model": "m", "messages": [{"role": "assistant", "content": [call] * count}]}).encode()


def steps_taken(table: NodeTable, work: Callable[[], object]) -> int:
    """Return how many times nodes of a table are asked for their children's places."""
    taken = 0
    children = table._children

    def counted(number: int) -> Iterator[int]:
        nonlocal taken
        for child in children(number):
            taken += 1
            yield child

    table._children = counted  # type: ignore[method-assign]  # counts the looks of one table
    work()
    return taken


def test_paths_of_many_keys_take_one_look_at_each() -> None:
    """Where a wide object holds much that may not pass, its keys are put in order once, not once for each path."""
    document = in_native(calls_of(1, 500))
    (unit,) = plan(document).units
    leaves = [*unit.leaves]
    assert document.table is not None
    assert steps_taken(document.table, lambda: [render(leaf.path) for leaf in leaves]) < 2 * len(leaves)


def test_digests_of_many_units_look_at_each_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many rounds of hashing there are, what is known of a unit is read a fixed number of times."""
    monkeypatch.setattr(native_plan, "_CANONICAL_BYTES", 1)  # a round for each unit
    found = plan(in_native(calls_of(400, 1)))
    sizes: list[int] = []
    taken = native_plan._taken

    def counted(place: int | None, size: int) -> bytes:
        sizes.append(size)
        return taken(place, size)

    monkeypatch.setattr(native_plan, "_taken", counted)
    assert len(found.digests()) == 400
    assert sum(sizes) < 400 * 1000


def test_a_body_is_let_go_of_with_its_document() -> None:
    """Who lets go of a request has let go of its text at once: bodies are large, and the collector comes when it may."""
    gc.collect()
    gc.disable()
    try:
        document = in_native(calls_of(2, 3))
        found = plan(document)
        held = [leaf for unit in found.units for leaf in unit.leaves]
        assert held
        table = weakref.ref(document.table)
        del document, found, held
        assert table() is None
    finally:
        gc.enable()


def test_units_are_those_of_python_however_many() -> None:
    """Units are made some at a time: one, some, or all of them that are taken say what they say in Python."""
    calls = [{"type": kind, "id": "i", "name": "n", "input": {"a": "b"}} for kind in ("tool_use", "other")] * 400
    images = [{"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}}] * 3
    messages = [{"role": "assistant", "content": calls}, {"role": "user", "content": images}]
    body = json.dumps({"messages": messages, "tools": [{"name": "n"}], "system": "s"}).encode()
    document = in_native(body)
    assert arranged(document) == arranged(in_python(body))
    units = plan(document).units
    whole = [*units]
    assert len(whole) == len(units) == 2 + 800 + 3
    assert [units[place] for place in range(-len(whole), len(whole))] == whole * 2
    assert units[254:800:7] == whole[254:800:7]
    with pytest.raises(IndexError):
        units[len(whole)]


def test_owners_of_keys_are_looked_at_once() -> None:
    """Leaves of one object that are taken one after the other share what Python made of it."""
    (unit,) = plan(in_native(calls_of(1, 20))).units
    owners = {id(leaf.owner) for leaf in [*unit.leaves] if leaf.owner is not None}
    assert len(owners) == 1


def test_a_request_is_arranged_again() -> None:
    """A second plan of the same document says what the first one says."""
    document = in_native(calls_of(2, 3))
    assert arranged(document) == arranged(document) == arranged(in_python(document.body))


def test_a_document_can_be_read_until_the_process_ends() -> None:
    """What native code read is not taken away from who still reads it at the end, such as a thread that nobody joins."""
    script = """
import atexit
held = []
atexit.register(lambda: print(held[0].table.state.node_count, held[0].root["a"][1].start))
from masking.json_document import parse
held.append(parse(b'{"a":[[],[' + b' ' * 3000 + b']]}'))
"""
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert said == "4 9\n"
