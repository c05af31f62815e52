"""Which addresses are free: asked before anything starts, so that a taken port is one clear line and no half stack."""

from __future__ import annotations

import errno
import socket

from authz.config import split_address
from authz.errors import GatewayError


class PortTaken(GatewayError):
    """An address to listen on cannot be had; the text names its option."""

    error_code = "port_taken"


def check(option: str, address: str) -> str:
    """Return an address that can be listened on, with a free port in the place of 0. Raises `PortTaken`.

    `option` is what the user would change, such as `--listen`.
    """
    host, _, port_text = address.rpartition(":")
    if port_text == "0":
        return f"{host}:{free(host.strip('[]'))}"
    host, port = split_address(address)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As Envoy will: connections of an earlier run in TIME_WAIT are no hindrance, a listener is.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortTaken(f"{option}: port {port} on {host} is taken; choose another") from None
            raise PortTaken(f"{option}: cannot listen on {address}: {error.strerror}") from None
    return address


def free(host: str = "127.0.0.1") -> int:
    """Return a port that nobody listens on right now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def answers(host: str, port: int) -> bool:
    """Return whether somebody accepts connections there."""
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False
