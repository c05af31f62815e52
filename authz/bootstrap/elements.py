"""The small protobuf values that every part of the bootstrap is made of."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from envoy_data_plane.envoy.config.core.v3 import (
    Address,
    DataSource,
    HeaderValue,
    HeaderValueOption,
    HeaderValueOptionHeaderAppendAction,
    Pipe,
    SocketAddress,
    SubstitutionFormatString,
    TypedExtensionConfig,
)
from envoy_data_plane.google.protobuf import Any as PackedAny
from envoy_data_plane.google.protobuf import Struct

from authz.config import split_address

if TYPE_CHECKING:
    from betterproto2 import Message


def packed(message: Message) -> PackedAny:
    """Return the message as the `google.protobuf.Any` of a `typed_config`."""
    return PackedAny.pack(message)


def seconds(count: float) -> timedelta:
    """Return a protobuf Duration."""
    return timedelta(seconds=count)


def struct(value: dict[str, Any]) -> Struct:
    """Return a JSON object as `google.protobuf.Struct`."""
    message: Struct = Struct.from_dict(value)
    return message


def file(path: str) -> DataSource:
    """Return a data source that Envoy reads from a file."""
    return DataSource(filename=path)


def socket_address(host: str, port: int) -> Address:
    """Return a TCP address."""
    return Address(socket_address=SocketAddress(address="127.0.0.1" if host == "localhost" else host, port_value=port))


def listen_address(value: str) -> Address:
    """Return the address of `host:port`; the settings have checked its form."""
    return socket_address(*split_address(value))


def pipe(path: str, mode: int = 0) -> Address:
    """Return a UNIX socket's address; `mode` is given to sockets that Envoy itself opens."""
    return Address(pipe=Pipe(path=path, mode=mode))


def json_format(
    value: dict[str, Any], content_type: str = "", formatters: list[TypedExtensionConfig] | None = None
) -> SubstitutionFormatString:
    """Return a JSON body or log line whose strings may hold Envoy's % operators; Envoy escapes what they give."""
    return SubstitutionFormatString(json_format=struct(value), content_type=content_type, formatters=formatters or [])


def header(name: str, value: str) -> HeaderValueOption:
    """Return a header to set, over any of the same name."""
    return HeaderValueOption(
        header=HeaderValue(key=name, value=value),
        append_action=HeaderValueOptionHeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD,
    )
