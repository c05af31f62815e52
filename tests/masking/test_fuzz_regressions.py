"""What fuzzing found stays found; the targets hold for their seeds, and a broken promise does not pass them.

An input of bytes belongs to one target of `fuzz/`; Atheris is not needed to replay it.
"""

from __future__ import annotations

import base64
import dataclasses
import importlib
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shipped import folded, shipped

from fuzz import json_body, request_body, sse, text
from fuzz.one import TARGETS
from masking import Finding, find
from masking.errors import JsonRefused
from masking.json_document import Document, parse
from masking.sse import SseReader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.mark.parametrize("name", TARGETS)
def test_the_seeds_of_every_target_hold(name: str) -> None:
    """Every input that fuzzing starts from keeps the promises."""
    target = importlib.import_module(TARGETS[name])
    seeds = list(target.seeds())
    assert seeds
    for seed in seeds:
        target.check(seed)


@pytest.mark.parametrize("name", TARGETS)
@settings(deadline=None, max_examples=25)
@given(data=st.binary(max_size=200))
def test_noise_holds(name: str, data: bytes) -> None:
    """Bytes of no meaning lead a target to decisions whose promises are kept."""
    importlib.import_module(TARGETS[name]).check(data)


SEEN = "Seen by Dr. Jane Doe, MRN 00123456 was the of in with and was by then "
LINK = "https://x.example.org/"


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        (f"\u00a0{LINK}{'q9' * 2100} Foo, &#49;23-45-6789 {'Bar, ' * 120}", 7),
        (f"Dr. Foo, see {base64.b64encode(SEEN.encode()).decode()} and then more and the of in\n\nmore", 7),
        (quote(SEEN) * 60, 1000),
        (quote(SEEN) + "Foo,%20" * 585 + "x", 1000),
        ("Name: |\r\nOkonkwo Zz", 8),
    ],
    ids=["no-break", "several-zones", "long-token", "oversize", "line-end"],
)
def test_where_a_text_is_cut_does_not_depend_on_what_it_spells(text: str, pieces: int) -> None:
    """Zones that one token spells leave together, a long one is cut in one place, and a line end is never half of one."""
    found = [(f.start, f.end, f.identifier, f.rule) for f in find(shipped(), text)]
    assert found
    assert folded([text]) == (text, found)
    assert folded([text[at : at + pieces] for at in range(0, len(text), pieces)]) == (text, found)


def _lax(body: bytes) -> Document:
    try:
        return parse(body)
    except JsonRefused:
        return parse(b"[]")


class _Forgetful(SseReader):
    """Takes the end of a chunk for the end of a line."""

    def feed(self, data: bytes) -> Any:
        return super().feed(data + b"\n" if data.endswith(b"x") else data)


def _restless(*args: Any, **more: Any) -> list[Finding]:
    return [Finding(0, 2, "NAME", "a"), Finding(1, 3, "NAME", "b")]


def _unmasked(real: Callable[..., Any]) -> Callable[..., Any]:
    return lambda body, *args, **more: dataclasses.replace(real(body, *args, **more), body=body, blocked=())


def _each(check: Callable[[bytes], None], seeds: Iterator[bytes]) -> None:
    for seed in seeds:
        check(seed)


def test_a_broken_promise_of_json_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader that accepts what is no JSON does not pass."""
    monkeypatch.setattr(json_body, "parse", _lax)
    with pytest.raises(AssertionError, match="not strict JSON"):
        json_body.check(b'{"a":1,"a":2}')


def test_a_broken_promise_of_sse_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader that heeds the cuts of its input does not pass."""
    monkeypatch.setattr(sse, "SseReader", _Forgetful)
    with pytest.raises(AssertionError, match="in pieces"):
        sse.check(b"\xff\xff\1\0\7data: xx\n\n")


def test_a_broken_promise_of_text_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Findings that overlap do not pass."""
    monkeypatch.setattr(text, "find", _restless)
    with pytest.raises(AssertionError, match="overlap"):
        text.check(b"\0\0\0some text")


def test_a_broken_promise_of_requests_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A body that goes up as it came does not pass."""
    monkeypatch.setattr(request_body, "mask_request", _unmasked(request_body.mask_request))
    with pytest.raises(AssertionError, match="went upstream"):
        _each(request_body.check, request_body.seeds())
