"""The language of the table of places: shapes that JSON may have, and treatments of the strings in them.

A place that no shape names is `UNKNOWN`, never skipped: the vendor adds fields often, and an unknown field may hold
anything. The same is true of a known place that holds the wrong JSON type.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, auto
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping


class Treatment(IntEnum):
    """What happens to the strings at a place; native code has the same numbers (`native/document.h`)."""

    MASK = auto()
    """Free text: findings are replaced."""
    LEAVES = auto()
    """Arbitrary JSON: findings in values are replaced; PHI in a key blocks."""
    SCAN = auto()
    """Names and settings that must stay as they are: PHI blocks."""
    NEVER = auto()
    """What upstream alone fills in a response: passes unread. No place of a request is like that."""
    SEALED = auto()
    """Free text that upstream signed: passes unread where upstream wrote it, anywhere else PHI blocks."""
    CIPHER = auto()
    """Signed or encrypted by upstream: passes unread where upstream wrote it, anywhere else it must look opaque."""
    TIME = auto()
    """A timestamp of upstream's: passes if it has that shape, otherwise unknown."""
    SECRET = auto()
    """A credential: neither recorded nor sent on."""
    OPAQUE = auto()
    """Content that cannot be inspected (image, PDF) in base64: passes by profile only, and is counted."""
    WORD = auto()
    """An enum value or id of the API: passes if it has that shape, otherwise scanned."""
    USER = auto()
    """`metadata.user_id`: opaque ids pass; a value with PHI becomes a pseudonym as a whole."""
    UNKNOWN = auto()
    """Outside the table: blocked or masked by profile where it holds PHI."""
    KEY = auto()
    """A key of an object outside the API's schema: PHI blocks."""


@dataclass(frozen=True, slots=True)
class Here:
    """Every string at and below this place has one treatment. `kind` says which memo its echo may have."""

    treatment: Treatment
    kind: str = "other"


@dataclass(frozen=True, slots=True)
class Fields:
    """An object with these keys; other keys are unknown. `media`: its presence is content we cannot inspect."""

    known: Mapping[str, Shape]
    media: str | None = None


@dataclass(frozen=True, slots=True)
class Each:
    """An array whose elements all have one shape."""

    element: Shape


@dataclass(frozen=True, slots=True)
class ByType:
    """An object whose `type` names its shape; an unlisted type is unknown as a whole."""

    variants: Mapping[str, Shape]


@dataclass(frozen=True, slots=True)
class Forms:
    """A place that takes a string, an array, or an object, each with its shape."""

    text: Shape
    items: Shape
    members: Shape


@dataclass(frozen=True, slots=True)
class Schema:
    """A JSON Schema: descriptions are text, names and constants must stay."""


@dataclass(frozen=True, slots=True)
class CacheMark:
    """A `cache_control` of the API's own shape, which says nothing; any other value there is unknown."""


Shape: TypeAlias = Here | Fields | Each | ByType | Forms | Schema | CacheMark


def fields(media: str | None = None, /, **known: Shape) -> Fields:
    """Return an object of the API: its `type` is a word, whatever else it has."""
    return Fields(MappingProxyType({"type": WORD, **known}), media)


MASK = Here(Treatment.MASK)
TEXT = Here(Treatment.MASK, "text")
LEAVES = Here(Treatment.LEAVES)
INPUT = Here(Treatment.LEAVES, "input")
SCAN = Here(Treatment.SCAN)
NEVER = Here(Treatment.NEVER)
SEALED = Here(Treatment.SEALED)
CIPHER = Here(Treatment.CIPHER)
TIME = Here(Treatment.TIME)
SECRET = Here(Treatment.SECRET)
OPAQUE = Here(Treatment.OPAQUE)
WORD = Here(Treatment.WORD)
UNKNOWN = Here(Treatment.UNKNOWN)
SCHEMA = Schema()

CACHE_CONTROL = CacheMark()


def names(shape: Shape, seen: set[int]) -> set[str]:
    """Return every key that a shape names, at any depth; `seen` holds the shapes that were visited."""
    if id(shape) in seen:
        return set()
    seen.add(id(shape))
    if isinstance(shape, Fields):
        return set(shape.known).union(*(names(inner, seen) for inner in shape.known.values()))
    if isinstance(shape, ByType):
        return set().union(*(names(inner, seen) for inner in shape.variants.values()))
    if isinstance(shape, Each):
        return names(shape.element, seen)
    if isinstance(shape, Forms):
        return names(shape.items, seen) | names(shape.members, seen)
    return set()
