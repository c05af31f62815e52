"""Errors of masking are raised in pool processes and answered in workers, so they travel whole."""

from __future__ import annotations

import pickle

import pytest

from masking import errors


def every(kind=errors.MaskingError):
    yield kind
    for inner in kind.__subclasses__():
        yield from every(inner)


def example(kind):
    if kind is errors.JsonRefused:
        return kind("depth", 64)
    if kind is errors.RuleError:
        return kind("a.yaml", "is wrong", rule="r", line=3)
    return kind("detail")


@pytest.mark.parametrize("kind", list(every()))
def test_every_error_survives_another_process(kind):
    """What comes out of pickle says and holds what went in; otherwise one bad body would break the pool."""
    error = example(kind)
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301  our own bytes
    assert type(copy) is kind
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)
