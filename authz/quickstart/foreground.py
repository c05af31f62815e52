"""How the dev servers run: in the foreground, one ready line, gone within a second of SIGTERM.

Exit codes: 0 after SIGTERM or SIGINT, 2 for wrong arguments, 3 when the address cannot be had.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import errno
import logging
import os
import signal
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    import ssl

EXIT_ADDRESS = 3
PARENT_VARIABLE = "PHIGATE_PARENT"
_GRACE_SECONDS = 0.3
_LARGEST_PORT = 65535
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen. Port 0 lets the system choose; the ready line then names the port it chose."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read `HOST:PORT` or `[IPv6]:PORT`. Raises ValueError with a text for the user."""
        host, separator, port = text.rpartition(":")
        if not separator or not host or not port.isdecimal() or int(port) > _LARGEST_PORT:
            raise ValueError(f"{text!r} is not HOST:PORT")
        return cls(host.removeprefix("[").removesuffix("]"), int(port))

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def serve(name: str, app: web.Application, address: Address, tls: ssl.SSLContext | None = None) -> int:
    """Serve until SIGTERM or SIGINT and return the exit code. Prints `NAME ready on URL` once it answers."""
    parent = os.environ.get(PARENT_VARIABLE, "")
    if parent.isdecimal():
        _follow_parent(int(parent))
    # aiohttp logs tracebacks of broken requests; those may quote a body, and this process prints one line only.
    server_log = logging.getLogger("aiohttp")
    server_log.addHandler(logging.NullHandler())
    server_log.propagate = False
    return asyncio.run(_serve(name, app, address, tls))


def _follow_parent(parent: int) -> None:
    """Have the kernel end this process when the supervisor dies, however it dies (prctl(2)).

    A supervisor that starts us with `authz.lineage` has seen to it already; this serves those that cannot.
    """
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
    if os.getppid() != parent:  # it died before we got here
        sys.exit(0)


async def _serve(name: str, app: web.Application, address: Address, tls: ssl.SSLContext | None) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_GRACE_SECONDS)
    await runner.setup()
    try:
        await web.TCPSite(runner, address.host, address.port, ssl_context=tls, backlog=1024).start()
        port = runner.addresses[0][1]
        scheme = "https" if tls else "http"
        # Whoever started us may have stopped reading.
        with contextlib.suppress(BrokenPipeError):
            sys.stdout.write(f"{name} ready on {scheme}://{Address(address.host, port)}\n")
            sys.stdout.flush()
        await stop.wait()
    except OSError as error:
        reason = "is taken" if error.errno == errno.EADDRINUSE else "cannot be used"
        sys.stderr.write(f"{name}: {address} {reason}; choose another with --listen\n")
        return EXIT_ADDRESS
    finally:
        await runner.cleanup()
    return 0
