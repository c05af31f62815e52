"""Ask workers over their sockets whether they serve: for the supervisor, which must not load grpc, and for containers.

`python -m authz.probe [--seconds S] SOCKET…` exits 0 when all of them say SERVING, else 10 plus the place of the first
one that does not.
"""

from __future__ import annotations

import argparse
import sys
import time

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

_FIRST = 10
_PACE = 0.05


def serves(socket: str, seconds: float) -> bool:
    """Return whether the worker behind a socket says SERVING within `seconds`; asked at least once."""
    deadline = time.monotonic() + seconds
    while True:
        # A channel of its own each time: one that failed to connect would back off for a second.
        with grpc.insecure_channel(f"unix:{socket}") as channel:
            try:
                answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=2)
            except grpc.RpcError:
                pass
            else:
                if answer.status == health_pb2.HealthCheckResponse.SERVING:
                    return True
        if time.monotonic() >= deadline:
            return False
        time.sleep(_PACE)


def main(arguments: list[str] | None = None) -> int:
    """Run the probe and return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m authz.probe", description="Ask workers whether they serve.")
    parser.add_argument("--seconds", type=float, default=0.0, help="how long to wait for them (default: not at all)")
    parser.add_argument("sockets", nargs="+", metavar="SOCKET")
    options = parser.parse_args(arguments)
    deadline = time.monotonic() + options.seconds
    for place, path in enumerate(options.sockets):
        if not serves(path, max(0.0, deadline - time.monotonic())):
            return _FIRST + place
    return 0


if __name__ == "__main__":
    sys.exit(main())
