"""Which addresses are free: asked before anything starts, so that a taken port is one clear line and no half stack."""

from __future__ import annotations

import contextlib
import errno
import random
import socket
from pathlib import Path

from authz.config import split_address
from authz.errors import GatewayError

_HANDED_OUT = Path("/proc/sys/net/ipv4/ip_local_port_range")
_LOWEST = 16_384
_TRIES = 100


class PortTaken(GatewayError):
    """An address to listen on cannot be had; the text names its option."""

    error_code = "port_taken"


def check(option: str, address: str) -> str:
    """Return an address that can be listened on, with a free port in the place of 0. Raises `PortTaken`.

    `option` is what the user would change, such as `--listen`.
    """
    host, _, port_text = address.rpartition(":")
    try:
        if port_text == "0":
            return f"{host}:{free(host.strip('[]'))}"
        host, port = split_address(address)
        with socket.socket(_family(host), socket.SOCK_STREAM) as probe:
            # As Envoy will: connections of an earlier run in TIME_WAIT are no hindrance, a listener is.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            probe.listen(1)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(f"{option}: port {port_text} on {host} is taken; choose another") from None
        raise PortTaken(f"{option}: cannot listen on {address}: {error.strerror}") from None
    return address


def free(host: str = "127.0.0.1") -> int:
    """Return a port that nobody listens on right now, and that no connection is given meanwhile.

    Who is told the port listens on it seconds later. A port of those that the kernel hands out may by then be the near
    end of somebody's connection, which refuses a listener; so it is drawn from below them. Raises OSError.
    """
    below = range(_LOWEST, _first_handed_out())
    for port in random.SystemRandom().sample(below, min(_TRIES, len(below))):
        with contextlib.suppress(OSError):
            return _bound(host, port)
    return _bound(host, 0)


def _bound(host: str, port: int) -> int:
    """Return the port that can be had where this one is asked for. Raises OSError."""
    with socket.socket(_family(host), socket.SOCK_STREAM) as probe:
        probe.bind((host, port))
        given: int = probe.getsockname()[1]
        return given


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _first_handed_out() -> int:
    """Return the lowest port that the kernel gives to connections (ip(7): `ip_local_port_range`; RFC 6335: 49152)."""
    try:
        return int(_HANDED_OUT.read_text(encoding="ascii").split()[0])
    except (OSError, ValueError, IndexError):
        return 49_152


def answers(host: str, port: int) -> bool:
    """Return whether somebody accepts connections there."""
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False
