"""Workers for the gate tests, forked from one process that has read the rules: a new worker takes milliseconds.

Reads commands on stdin, one JSON object a line: {"socket": path, "journal": path, "health": bool} forks a worker and
answers with its pid when it listens. The end of stdin ends everything. A worker that closes its server exits.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
from pathlib import Path
from typing import Any

import grpc
from envoy.service.auth.v3 import external_auth_pb2_grpc as auth_grpc
from envoy.service.ext_proc.v3 import external_processor_pb2_grpc as ep_grpc
from gate_services import Journal, services
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as health_aio
from saboteur import SabotagedExtAuthz, SabotagedExtProc, arm

from authz.assets import policies_dir
from authz.exchange.life import Limits
from authz.identity import ClaimNames
from authz.rule_shelf import read_rule_files
from authz.server import GRPC_OPTIONS


async def serve(rules: Any, command: dict[str, Any], ready: int) -> None:
    """Serve until the server is closed from within."""
    journal = Journal(Path(command["journal"]))
    blades = arm(journal)
    work = services(rules, journal)
    server = grpc.aio.server(options=GRPC_OPTIONS)
    blades.server = server
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, blades.unparked.set)
    authz = SabotagedExtAuthz(work.policy, ClaimNames(), b"a" * 32)
    auth_grpc.add_AuthorizationServicer_to_server(authz, server)
    ep_grpc.add_ExternalProcessorServicer_to_server(SabotagedExtProc(work, Limits(hold_seconds=30.0)), server)
    health = health_aio.HealthServicer()
    status = health_pb2.HealthCheckResponse.SERVING if command["health"] else health_pb2.HealthCheckResponse.NOT_SERVING
    await health.set("", status)
    health_pb2_grpc.add_HealthServicer_to_server(health, server)
    path = Path(command["socket"])
    path.unlink(missing_ok=True)  # noqa: ASYNC240  nothing is served yet
    server.add_insecure_port(f"unix:{path}")
    await server.start()
    os.write(ready, b"!")
    await server.wait_for_termination()
    # lives under way close themselves in the journal before the process ends
    pending = [task for task in asyncio.all_tasks() if "live" in repr(task)]
    await asyncio.wait([*pending, asyncio.create_task(asyncio.sleep(0))], timeout=5)


def main() -> None:
    """Fork workers until stdin ends."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    rules = read_rule_files(policies_dir())
    rules.warm()
    print("ready", flush=True)
    children: list[int] = []
    for line in sys.stdin:
        command = json.loads(line)
        heard, said = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(heard)
            sys.stdin.close()
            with contextlib.suppress(KeyboardInterrupt):
                asyncio.run(serve(rules, command, said))
            sys.stderr.flush()
            os._exit(0)
        os.close(said)
        children.append(pid)
        ok = os.read(heard, 1)
        os.close(heard)
        print(pid if ok else 0, flush=True)
    for pid in children:  # none is reaped before, so a pid stays its worker's
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


if __name__ == "__main__":
    main()
