"""What fuzzing found stays found; the targets hold for their seeds, and a broken promise does not pass them.

An input of bytes belongs to one target of `fuzz/`; Atheris is not needed to replay it.
"""

from __future__ import annotations

import dataclasses
import importlib
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuzz import json_body, request_body, sse, text
from fuzz.one import TARGETS
from masking import Finding
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
