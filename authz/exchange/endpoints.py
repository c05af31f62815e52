"""The endpoints that the gateway serves, and how each one is treated; whatever is not here does not exist.

Envoy's routes and its endpoint gate are made from the same table. A path is compared byte by byte, `{id}` stands for
one model's id, and a query holds the parameters named here, each once: what a client, Envoy and upstream might read in
three ways is refused before any body is read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Mapping

ID = "{id}"

_ID = r"[A-Za-z0-9][A-Za-z0-9._-]*"
"""A model's id as Envoy knows it: none of a path's own characters, and no dot in front. Envoy takes RE2 programs of a
hundred steps at most, and a bounded repetition is not one of them."""

MODEL_ID = re.compile(rf"(?!.{{65}}){_ID}")
"""What a model's id may look like here: at most 64 characters."""


class Treatment(StrEnum):
    """What is done with a request.

    MESSAGE: inspected, masked, held if policy says so; from then on its content counts as judged. COUNT: inspected and
    masked in the same way, and never held: what would have to wait is refused, and nothing counts as judged by it.
    CATALOGUE: holds no text; the answer is cut down to the models that policy lets the caller use.
    """

    MESSAGE = "message"
    COUNT = "count"
    CATALOGUE = "catalogue"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method and path. `query` maps the parameters that may stand in the query to the form of their values."""

    method: str
    path: str
    treatment: Treatment
    query: Mapping[str, re.Pattern[str]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Method and path, for routes and texts."""
        return f"{self.method} {self.path}"

    @property
    def path_pattern(self) -> str | None:
        """The regular expression of the whole path for Envoy, None when the path stands for itself."""
        return self.path.replace(ID, _ID) if ID in self.path else None

    def takes(self, method: str, path: str) -> bool:
        """Return whether a request without its query is one of this endpoint."""
        collection, templated, _ = self.path.partition(ID)
        if method != self.method or not templated:
            return (method, path) == (self.method, self.path)
        return path.startswith(collection) and MODEL_ID.fullmatch(path, len(collection)) is not None


_BETA = {"beta": re.compile("true|false")}
"""SDK 0.x and Claude Code add it; it changes nothing in how a request is treated."""

_PAGE = {
    "limit": re.compile("[1-9][0-9]{0,2}|1000"),
    "after_id": MODEL_ID,
    "before_id": MODEL_ID,
}

ENDPOINTS = (
    Endpoint("POST", "/v1/messages", Treatment.MESSAGE, _BETA),
    Endpoint("POST", "/v1/messages/count_tokens", Treatment.COUNT, _BETA),
    Endpoint("GET", "/v1/models", Treatment.CATALOGUE, {**_BETA, **_PAGE}),
    Endpoint("GET", f"/v1/models/{ID}", Treatment.CATALOGUE, _BETA),
)


@dataclass(frozen=True, slots=True)
class Call:
    """A request's first line once it was read: `id` is the model in the path (None where there is none)."""

    endpoint: Endpoint
    path: str
    id: str | None
    query: Mapping[str, str]


def split_path(path: str) -> tuple[str, str]:
    """Return path and query of a request target."""
    bare, _, query = path.partition("?")
    return bare, query


def find(method: str, path: str) -> Endpoint | None:
    """Return the endpoint of a request, or None when it is not open."""
    return next((endpoint for endpoint in ENDPOINTS if endpoint.takes(method, path)), None)


def read_query(endpoint: Endpoint, query: str) -> dict[str, str] | None:
    """Return the parameters in a query, or None when one is unknown, misspelt or given twice."""
    found: dict[str, str] = {}
    for part in query.split("&"):
        if not part:
            continue
        name, _, value = unquote(part).partition("=")
        form = endpoint.query.get(name)
        if form is None or name in found or not form.fullmatch(value):
            return None
        found[name] = value
    return None if {"after_id", "before_id"} <= found.keys() else found


def call(endpoint: Endpoint, path: str, query: Mapping[str, str]) -> Call:
    """Return the call of an endpoint that takes this path."""
    start = endpoint.path.find(ID)
    return Call(endpoint, path, None if start < 0 else path[start:], query)
