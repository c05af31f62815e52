"""A worker: the composition root that joins stores, policy, rules and servicers, and serves them on one socket.

`python -m authz.server` reads its settings (authz.config), refuses to start with any fault in them, and says it is
ready only after database, policy and rules have answered. SIGTERM answers waiting requests with their
ticket, lets streams finish for `drain_seconds`, and ends. SIGHUP reads the masking rules again; broken ones are refused
and the old ones stay.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import sys
import time
from typing import TYPE_CHECKING

import grpc
from envoy.service.auth.v3 import external_auth_pb2_grpc as auth_grpc
from envoy.service.ext_proc.v3 import external_processor_pb2_grpc as ep_grpc
from grpc_health.v1 import health_pb2_grpc
from grpc_health.v1.health import aio as health_aio

from authz.admin import add_admin
from authz.approval_store import ApprovalStore
from authz.audit_store import Recorder
from authz.config import load_settings
from authz.database import Database
from authz.errors import ConfigError, GatewayError
from authz.exchange.life import Limits
from authz.ext_authz import ExtAuthz
from authz.ext_proc import ExtProc
from authz.identity import ClaimNames
from authz.lease import Lease
from authz.policy_client import PolicyClient
from authz.rule_shelf import RuleShelf
from authz.services import Services
from authz.session_store import SessionStore
from authz.ticket_watch import TicketWatch
from authz.vault import KeyEncryptionKeys, RootKey
from authz.workroom import Workroom
from masking.errors import MaskingError

if TYPE_CHECKING:
    from authz.config import Settings

GRPC_OPTIONS = (
    # Envoy pings idle connections every 10 s; gRPC's own default would answer with too_many_pings (envoy-facts)
    ("grpc.http2.min_ping_interval_without_data_ms", 5000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.max_receive_message_length", 4 * 1024 * 1024),
    ("grpc.so_reuseport", 0),
)
LAG_CHECK_SECONDS = 0.25
LAG_ALARM_SECONDS = 1.0

_log = logging.getLogger("phigate.worker")


class Worker:
    """One worker process, from start to drain."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stop = asyncio.Event()
        self._reload = asyncio.Event()

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT. Raises GatewayError or MaskingError when it cannot start."""
        settings = self._settings
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        loop.add_signal_handler(signal.SIGHUP, self._reload.set)
        database = await Database.open(settings.database.url.get_secret_value(), pool_size=settings.database.pool_size)
        kek = KeyEncryptionKeys(settings.keys.kek())
        lease = Lease(database)
        recorder = Recorder(database, kek, worker=lease.worker, retention=settings.record.retention)
        sessions = SessionStore(database)
        approvals = ApprovalStore(
            database,
            kek,
            worker=lease.worker,
            per_principal=settings.holds.per_principal,
            everyone=settings.holds.everyone,
        )
        tickets = TicketWatch(database, approvals)
        policy = PolicyClient(settings.opa.host, settings.opa.port, deadline=settings.opa.deadline_ms / 1000)
        rules = RuleShelf(sessions, settings.masking.rules)
        workroom = Workroom(
            heavy_bytes=settings.worker.heavy_body_bytes,
            processes=settings.worker.pool_processes,
            max_body_bytes=settings.gateway.max_body_bytes,
        )
        services = Services(
            RootKey(settings.keys.root()), policy, sessions, approvals, tickets, recorder, rules, workroom
        )
        server = grpc.aio.server(options=GRPC_OPTIONS, maximum_concurrent_rpcs=None)
        try:
            await rules.reload()
            await lease.start()
            await recorder.start()
            await tickets.start()
            await self._policy_ready(policy)
            workroom.prepare(rules.current)
            proc = self._serve_on(server, services)
            await self._listen(server)
            await self._until_stopped(rules)
            tickets.drain()
            await self._drain(server, proc)
        finally:
            await server.stop(grace=0)
            workroom.close()
            await tickets.close()
            await recorder.close()
            await lease.close()
            await policy.close()
            await database.close()

    def _serve_on(self, server: grpc.aio.Server, services: Services) -> ExtProc:
        settings = self._settings
        names = ClaimNames(
            tenant=settings.identity.tenant_claim,
            groups=settings.identity.groups_claim,
            kind=settings.identity.kind_claim,
            default_tenant=settings.identity.default_tenant,
        )
        limits = Limits(
            max_body_bytes=settings.gateway.max_body_bytes, hold_seconds=float(settings.gateway.hold_seconds)
        )
        proc = ExtProc(services, limits)
        auth_grpc.add_AuthorizationServicer_to_server(ExtAuthz(services.policy, names, settings.keys.admin()), server)
        ep_grpc.add_ExternalProcessorServicer_to_server(proc, server)
        add_admin(server, services, settings.keys.admin())
        health = health_aio.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(health, server)
        return proc

    async def _policy_ready(self, policy: PolicyClient) -> None:
        deadline = time.monotonic() + 10
        while not await policy.ready():
            if time.monotonic() > deadline:
                raise GatewayError(f"opa.address: no policy bundle is active at {self._settings.opa.address}")
            await asyncio.sleep(0.05)

    async def _listen(self, server: grpc.aio.Server) -> None:
        path = self._settings.worker.socket
        path.unlink(missing_ok=True)
        before = os.umask(0o177)  # the socket is ours alone: whoever can connect is trusted as Envoy
        try:
            server.add_insecure_port(f"unix:{path}")
            await server.start()
        finally:
            os.umask(before)
        # what start-up made lives as long as the process: the collector need not walk it on every request
        gc.collect()
        gc.freeze()
        print("ready", flush=True)  # noqa: T201  the one line that whoever started us waits for

    async def _until_stopped(self, rules: RuleShelf) -> None:
        watchdog = asyncio.create_task(_watch_lag())
        try:
            while not self._stop.is_set():
                waits = {asyncio.create_task(self._stop.wait()), asyncio.create_task(self._reload.wait())}
                _, pending = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
                for task in pending:
                    task.cancel()
                if self._reload.is_set():
                    self._reload.clear()
                    await self._reload_rules(rules)
        finally:
            watchdog.cancel()

    @staticmethod
    async def _reload_rules(rules: RuleShelf) -> None:
        try:
            revision = await rules.reload()
        except (MaskingError, GatewayError, OSError) as error:
            _log.error("rules not reloaded, the old ones stay: %s", error)
        else:
            _log.info("rules reloaded: %s", revision)

    async def _drain(self, server: grpc.aio.Server, proc: ExtProc) -> None:
        stopping = asyncio.create_task(server.stop(grace=self._settings.worker.drain_seconds))
        _log.info("draining %d exchanges", proc.under_way)
        await stopping


async def _watch_lag() -> None:
    """Say so when the event loop was blocked: a blocked loop still answers keepalives, so nobody else notices."""
    while True:
        before = time.monotonic()
        await asyncio.sleep(LAG_CHECK_SECONDS)
        lag = time.monotonic() - before - LAG_CHECK_SECONDS
        if lag > LAG_ALARM_SECONDS:
            _log.warning("the event loop was blocked for %.2f s", lag)


def main() -> int:
    """Run a worker; return the exit code. Faults are said in one line each, without a traceback."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        settings = load_settings()
    except ConfigError as error:
        for problem in error.problems:
            print(f"phigate worker: {problem}", file=sys.stderr)  # noqa: T201  before logging matters
        return 2
    try:
        asyncio.run(Worker(settings).run())
    except (GatewayError, MaskingError, OSError) as error:
        print(f"phigate worker: {error}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
