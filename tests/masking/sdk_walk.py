"""Walks the `anthropic` SDK's own types beside the table of places, and lists the fields that the table does not name.

The SDK's request types are TypedDicts, its response types are pydantic models; both are read by their annotations, so a
field that a new SDK adds shows up here by itself.
"""

from __future__ import annotations

import collections.abc
import datetime as dt
import types
import typing
from typing import Any

import pydantic
import typing_extensions
from anthropic import _types as sdk_types

from masking.shapes import ByType, CacheMark, Each, Fields, Forms, Here, Schema, Shape, Treatment

SCALARS = (bool, int, float, type(None))
TEXTS = (str, bytes, dt.datetime, dt.date)
SEQUENCES = (list, collections.abc.Iterable, collections.abc.Sequence, sdk_types.SequenceNotStr)
HEADERS = frozenset({"betas", "workspace_id", "user_profile_id"})
"""Parameters among the fields of a request that the SDK sends as headers."""

WRAPPERS = (typing.Required, typing.NotRequired, typing.Annotated)


def fields(model: Any) -> dict[str, Any]:
    """Return the fields of a TypedDict or a pydantic model by their names in JSON."""
    if issubclass(model, pydantic.BaseModel):
        return {field.alias or name: field.annotation for name, field in model.model_fields.items()}
    hints = typing_extensions.get_type_hints(model, include_extras=True)
    return {name: hint for name, hint in hints.items() if name not in HEADERS}


class SdkWalk:
    """One walk; `unplaced` are the paths of fields, types and texts that would fall to `UNKNOWN`.

    `words` are the values that the API fixes, by the treatment of their places.
    """

    def __init__(self) -> None:
        self.unplaced: set[str] = set()
        self.words: dict[Treatment, set[str]] = {treatment: set() for treatment in Treatment}
        self.seen = 0
        self._done: set[tuple[Any, int]] = set()

    def visit(self, hint: Any, shape: Shape | None, path: str) -> None:
        """Hold one annotation against the shape that the table gives to its place."""
        hint = _bare(hint)
        origin = typing.get_origin(hint)
        if origin in {typing.Union, types.UnionType}:
            for member in typing.get_args(hint):
                self.visit(member, shape, path)
        elif hint in SCALARS:
            self.seen += 1
        elif shape is None or (isinstance(shape, Here) and shape.treatment is Treatment.UNKNOWN):
            self.unplaced.add(path)
        elif origin is typing.Literal or hint in TEXTS or hint is object or origin in {dict, collections.abc.Mapping}:
            self._leaf(hint, shape, path)
        elif origin in SEQUENCES:
            inner = shape.items if isinstance(shape, Forms) else shape
            self._element(typing.get_args(hint)[0], inner, path)
        elif typing_extensions.is_typeddict(hint) or (isinstance(hint, type) and issubclass(hint, pydantic.BaseModel)):
            self._object(hint, shape, path)
        elif isinstance(hint, type) or origin is typing.IO:  # files: the SDK sends them as base64
            self._leaf(str, shape, path)
        else:
            raise TypeError(f"{path}: {hint}")

    def _leaf(self, hint: Any, shape: Shape, path: str) -> None:
        self.seen += 1
        if typing.get_origin(hint) is typing.Literal and isinstance(shape, Here):
            self.words[shape.treatment].update(word for word in typing.get_args(hint) if isinstance(word, str))
        free = hint is object or typing.get_origin(hint) not in {None, typing.Literal}
        if isinstance(shape, Forms):
            self.visit(hint, shape.members if free else shape.text, path)
        elif not isinstance(shape, Here | Schema):
            self.unplaced.add(path)

    def _element(self, hint: Any, shape: Shape, path: str) -> None:
        if isinstance(shape, Each):
            self.visit(hint, shape.element, f"{path}[]")
        elif isinstance(shape, Here | Schema):
            self.visit(hint, shape, f"{path}[]")
        else:
            self.visit(hint, None, f"{path}[]")

    def _object(self, model: Any, shape: Shape, path: str) -> None:
        if (model, id(shape)) in self._done:
            return
        self._done.add((model, id(shape)))
        inner = shape.members if isinstance(shape, Forms) else shape
        if isinstance(inner, ByType):
            kinds = typing.get_args(_bare(fields(model)["type"])) if "type" in fields(model) else ("",)
            for kind in kinds:
                self._known(model, inner.variants.get(kind), f"{path}{{{kind}}}")
        else:
            self._known(model, inner, path)

    def _known(self, model: Any, shape: Shape | None, path: str) -> None:
        if (isinstance(shape, Here) and shape.treatment is not Treatment.UNKNOWN) or isinstance(
            shape, Schema | CacheMark
        ):
            self.seen += 1
        elif isinstance(shape, Fields):
            for name, hint in fields(model).items():
                if name not in shape.known:
                    self.unplaced.add(f"{path}.{name}")
                else:
                    self.visit(hint, shape.known[name], f"{path}.{name}")
        else:
            self.unplaced.add(path)


def _bare(hint: Any) -> Any:
    while typing.get_origin(hint) in WRAPPERS:
        hint = typing.get_args(hint)[0]
    return hint
