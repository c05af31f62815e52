"""Envoy's ext_proc messages, read and written: the border between protobuf and the exchange.

Header values arrive in `raw_value` and are sent back in it (with `value` they come out empty; envoy-facts). Body bytes
go out in pieces well below gRPC's 4 MiB message limit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from envoy.config.core.v3 import base_pb2
from envoy.service.ext_proc.v3 import external_processor_pb2 as ep
from google.protobuf import struct_pb2

from authz.exchange.actions import Chunk, RequestHead, ResponseHead, Trailers
from authz.exchange.heads import EXCHANGE_HEADER
from authz.identity import Principal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from authz.errors import Refusal
    from authz.exchange.actions import Event, Head

AUTHZ_NAMESPACE = "envoy.filters.http.ext_authz"
GATE_NAMESPACE = "phigate"
GATE_KEY = "pass"
PIECE = 65_536
"""Body bytes a message, Envoy's own chunk size (envoy-facts: about 60 KB each)."""

_principals = msgspec.json.Decoder(Principal)
_OVERWRITE = base_pb2.HeaderValueOption.OVERWRITE_IF_EXISTS_OR_ADD


class Unreadable(ValueError):
    """Envoy sent a message that has no place in the protocol as configured."""


def read_event(message: ep.ProcessingRequest) -> Event:
    """Return the event that a message stands for."""
    kind = message.WhichOneof("request")
    if kind in {"request_body", "response_body"}:
        body = getattr(message, kind)
        return Chunk(body.body, body.end_of_stream)
    if kind == "request_headers":
        head = _head(message.request_headers)
        pseudo = dict(head)
        return RequestHead(
            pseudo.get(":method", ""), pseudo.get(":path", ""), head, message.request_headers.end_of_stream
        )
    if kind == "response_headers":
        head = _head(message.response_headers)
        status = dict(head).get(":status", "")
        if not (status.isascii() and status.isdigit()):
            raise Unreadable("a response without status")
        return ResponseHead(int(status), head, message.response_headers.end_of_stream)
    if kind in {"request_trailers", "response_trailers"}:
        return Trailers()
    raise Unreadable("an unknown kind of message")


def _head(headers: ep.HttpHeaders) -> Head:
    return tuple(
        (header.key.lower(), (header.raw_value or header.value.encode()).decode("latin-1"))
        for header in headers.headers.headers
    )


def read_principal(message: ep.ProcessingRequest) -> tuple[Principal | None, str]:
    """Return the principal and decision id that ext_authz set, or (None, "") when it did not let this request in."""
    metadata = message.metadata_context.filter_metadata.get(AUTHZ_NAMESPACE)
    if metadata is None or "principal" not in metadata.fields or "decision_id" not in metadata.fields:
        return None, ""
    try:
        principal = _principals.decode(metadata.fields["principal"].string_value)
    except msgspec.DecodeError as error:
        raise Unreadable("the principal in ext_authz's metadata") from error
    return principal, metadata.fields["decision_id"].string_value


def request_released(
    head: Head, keep: frozenset[str], exchange: str, target: str | None = None
) -> ep.ProcessingResponse:
    """Return the deferred answer to the request headers: the allow-list applied, and the mark the rbac gate demands.

    The exchange's id rides along for the access log. `target` replaces path and query; the route was chosen before and
    stays (ext_proc's `route_cache_action`).
    """
    message = ep.ProcessingResponse()
    message.request_headers.response.SetInParent()  # an answer without a change is an answer all the same
    mutation = message.request_headers.response.header_mutation
    mutation.remove_headers.extend(sorted({name for name, _ in head if name not in keep and name[0] != ":"}))
    if target is not None:
        mutation.set_headers.add(
            header=base_pb2.HeaderValue(key=":path", raw_value=target.encode("ascii")), append_action=_OVERWRITE
        )
    message.dynamic_metadata.CopyFrom(_passed(exchange))
    return message


def _passed(exchange: str) -> struct_pb2.Struct:
    inner = struct_pb2.Struct()
    inner.fields["exchange"].string_value = exchange
    inner.fields[GATE_KEY].string_value = "yes"
    outer = struct_pb2.Struct()
    outer.fields[GATE_NAMESPACE].struct_value.CopyFrom(inner)
    return outer


def response_head(head: Head, keep: frozenset[str] | None, add: Mapping[str, str]) -> ep.ProcessingResponse:
    """Return the answer to the response headers; `keep` None leaves them as they are."""
    message = ep.ProcessingResponse()
    message.response_headers.response.SetInParent()
    mutation = message.response_headers.response.header_mutation
    if keep is not None:
        mutation.remove_headers.extend(sorted({name for name, _ in head if name not in keep and name[0] != ":"}))
    for name, value in add.items():
        mutation.set_headers.add(
            header=base_pb2.HeaderValue(key=name, raw_value=value.encode("latin-1")), append_action=_OVERWRITE
        )
    return message


def body_pieces(direction: str, data: bytes, *, end: bool) -> Iterator[ep.ProcessingResponse]:
    """Yield the messages that carry these bytes; `direction` is `request_body` or `response_body`."""
    view = memoryview(data)
    for start in range(0, max(len(data), 1), PIECE):
        piece = view[start : start + PIECE]
        message = ep.ProcessingResponse()
        streamed = getattr(message, direction).response.body_mutation.streamed_response
        streamed.SetInParent()
        streamed.body = bytes(piece)
        streamed.end_of_stream = end and start + PIECE >= len(data)
        yield message


def refusal(refused: Refusal, request_id: str, exchange: str) -> ep.ProcessingResponse:
    """Return an answer of our own, after which Envoy ends the stream; the access log gets the exchange's id too."""
    message = ep.ProcessingResponse()
    immediate = message.immediate_response
    immediate.status.code = refused.status
    immediate.body = refused.body(request_id)
    immediate.details = "phigate_" + refused.error_code
    message.dynamic_metadata.fields[GATE_NAMESPACE].struct_value.fields["exchange"].string_value = exchange
    for name, value in {**refused.headers(request_id), EXCHANGE_HEADER: exchange}.items():
        immediate.headers.set_headers.add(
            header=base_pb2.HeaderValue(key=name, raw_value=value.encode()), append_action=_OVERWRITE
        )
    return message
