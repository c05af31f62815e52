"""The whole stack on one machine: started in order, watched, reloaded, and ended together.

Every part is real. The first part that ends takes all others with it: half a gateway is none. Nothing outlives this
process, even when it is killed, because each part asked the kernel for that (`lineage`).
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from authz.errors import GatewayError
from authz.quickstart import ports, recipes
from authz.quickstart.layout import Layout, tail
from authz.quickstart.parts import Part, Running
from authz.quickstart.plan import Addresses, Plan
from authz.quickstart.watch import Asked, NotReady, PartEnded, Stopped, Watch

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from authz.quickstart.postgres import EmbeddedPostgres

DRAIN_SECONDS = 2.0
"""How long workers may take to answer what they hold; with the rest of the way down it stays under 5 s."""

_READY_SECONDS = 60.0


class PartFailed(GatewayError):
    """A part ended or did not become ready; the text names it and its log."""

    error_code = "part_failed"

    def __init__(self, detail: str, log_tail: str = "") -> None:
        super().__init__(detail)
        self.log_tail = log_tail


@dataclass(slots=True)
class Facts:
    """What is known of a stack that is up."""

    base_url: str
    admin_url: str
    issuer: str
    audience: str
    jwks_uri: str
    upstream: str
    policies: Path
    policy_revision: str
    pids: dict[str, int] = field(default_factory=dict)

    def document(self) -> dict[str, object]:
        """Return what `up.json` holds: no token, no secret."""
        return {
            "base_url": self.base_url,
            "admin_url": self.admin_url,
            "issuer": self.issuer,
            "audience": self.audience,
            "jwks_uri": self.jwks_uri,
            "upstream": self.upstream,
            "policies": str(self.policies),
            "policy_revision": self.policy_revision,
            "pids": self.pids,
        }


class Stack:
    """One stack. `start`, then `watch` until something ends it, and always `stop`."""

    def __init__(self, plan: Plan, layout: Layout, say: Callable[[str], None]) -> None:
        self._plan = plan
        self._layout = layout
        self._say = say
        self._running: dict[str, Running] = {}
        self._postgres: EmbeddedPostgres | None = None
        self._lock: int | None = None
        self._started = False
        self._watch = Watch()

    # ---- up

    def start(self) -> Facts:
        """Start everything and return the facts once a request is answered.

        Raises `GatewayError` with a text for the user when something cannot be had, `PartFailed` when a part failed,
        and `Stopped` when a signal asked for the end.
        """
        try:
            return self._start()
        except PartEnded as error:
            raise self._failed(error.name, self._outcome(error.name)) from None
        except NotReady as error:
            raise self._failed(error.name, str(error).removeprefix(f"{error.name} ")) from None

    def _start(self) -> Facts:
        plan = self._plan = self._plan.with_ports()
        self._lock = self._layout.lock()
        self._layout.make()
        addresses = Addresses.choose(plan, self._layout)
        binaries = self._binaries()
        if addresses.identity_provider is not None:
            self._run(recipes.identity_provider(self._layout, addresses))
        if addresses.simulator is not None:
            self._run(recipes.simulator(self._layout, addresses))
        revision = self._build_bundle(binaries.opa)
        self._run(recipes.opa(self._layout, addresses, binaries.opa))
        self._prepare_database()
        for index in range(plan.workers):
            self._run(recipes.worker(plan, self._layout, addresses, index, DRAIN_SECONDS))
        # Made while the workers start: what it imports takes a second.
        recipes.write_private(self._layout.envoy, recipes.envoy_config(plan, self._layout, addresses))
        for name, port in addresses.listeners():
            self._watch.until(name, partial(ports.answers, "127.0.0.1", port), _READY_SECONDS)
        self._await_workers()
        self._start_envoy(binaries.envoy)
        facts = Facts(
            base_url=plan.base_url,
            admin_url=plan.admin_url,
            issuer=addresses.issuer,
            audience=plan.audience,
            jwks_uri=addresses.jwks_uri,
            upstream=addresses.upstream,
            policies=plan.policies,
            policy_revision=revision,
            pids=self.pids(),
        )
        recipes.write_private(self._layout.up, json.dumps(facts.document(), indent=1) + "\n")
        self._started = True
        return facts

    def pids(self) -> dict[str, int]:
        """Return the process id of each part, in the order in which they depend on each other."""
        found = {name: running.pid for name, running in self._running.items()}
        if self._postgres is not None and self._postgres.pid is not None:
            found = {"postgres": self._postgres.pid, **found}
        return found

    def _binaries(self) -> _Binaries:
        from authz.opa_binary import opa_path
        from authz.quickstart.envoy_binary import envoy_path, is_there

        if not is_there():
            self._say("Envoy: installing it, once")
        with self._watch.blocking():
            envoy = envoy_path()
            return _Binaries(envoy, opa_path(progress=self._say))

    def _run(self, part: Part) -> None:
        self._say(part.name)
        running = Running(part)
        self._running[part.name] = running
        self._watch.add(part.name, running.pid)

    def _prepare_database(self) -> None:
        plan = self._plan
        if plan.database:
            owner_url, app_url = plan.owner_url, plan.database
        else:
            owner_url, app_url = self._embedded_database()
        if owner_url:  # without it the schema is somebody else's to migrate; a worker says if it is not right
            from authz.database import migrate

            self._say("database schema")
            with self._watch.blocking():
                asyncio.run(migrate(owner_url, plan.app_role))
        recipes.write_private(recipes.database_file(self._layout), app_url + "\n")

    def _embedded_database(self) -> tuple[str, str]:
        from authz.quickstart.postgres import EmbeddedPostgres

        self._say("postgres")
        layout = self._layout
        self._postgres = postgres = EmbeddedPostgres(layout.database, layout.run / "pg", log=layout.log("postgres"))
        with self._watch.blocking():
            pid = postgres.start()
        self._watch.add("postgres", pid)
        return postgres.owner_url(), postgres.app_url()

    def _build_bundle(self, opa: Path) -> str:
        from authz.policy_bundle import build

        self._say("policies")
        with self._watch.blocking():
            return build(self._plan.policies, self._layout.bundle, opa)

    def _await_workers(self) -> None:
        # gRPC stays out of this process: it forks.
        probe = Running(recipes.probe(self._plan, self._layout, _READY_SECONDS))
        try:
            self._watch.until("worker-0", partial(self._watch.until_ended, {"probe": probe.pid}, 0), _READY_SECONDS + 5)
            code = probe.code()
        finally:
            probe.end()
        if code:
            raise NotReady(f"worker-{code % 10}", _READY_SECONDS)

    def _start_envoy(self, binary: Path) -> None:
        from authz.bootstrap import render_secret

        recipes.write_private(recipes.credential_file(self._layout), render_secret(self._plan.api_key))
        recipes.admin_socket(self._layout).unlink(missing_ok=True)
        self._run(recipes.envoy(self._layout, binary))
        self._watch.until(
            "envoy",
            lambda: recipes.refuses_strangers(self._plan.base_url) and recipes.every_endpoint_healthy(self._layout),
            _READY_SECONDS,
        )

    # ---- while it is up

    def watch(self) -> None:
        """Return when a signal asked for the end; reload on SIGHUP. Raises `PartFailed` when a part ends."""
        try:
            while (asked := self._watch.next(None)) is not Asked.STOP:
                if asked is Asked.RELOAD:
                    self.reload()
        except PartEnded as error:
            raise self._failed(error.name, self._outcome(error.name)) from None

    def reload(self) -> None:
        """Take the policies and rules as they are now; broken ones are named and the old ones stay."""
        from authz.opa_binary import opa_path
        from authz.rule_shelf import read_rule_files
        from masking.errors import MaskingError

        try:
            read_rule_files(self._plan.policies)
            revision = self._build_bundle(opa_path())
        except Stopped:
            os.kill(os.getpid(), signal.SIGTERM)  # the wait that follows ends by it
            return
        except (GatewayError, MaskingError, OSError, ValueError) as error:
            self._say(f"reload refused, the old policies and rules stay: {error}")
            return
        for name, running in self._running.items():
            if name.startswith("worker-"):
                running.send(signal.SIGHUP)
        self._say(f"reloaded, policy revision {revision}")

    # ---- down

    def stop(self) -> None:
        """End every part: workers first, so that they answer what they hold, and the database last."""
        begun = time.monotonic()
        pids = self.pids()
        for name in pids:
            self._watch.drop(name)
        if self._lock is not None:
            self._layout.up.unlink(missing_ok=True)
        workers = {name: pid for name, pid in pids.items() if name.startswith("worker-")}
        self._end(workers, DRAIN_SECONDS + 0.3)
        self._end({name: pid for name, pid in pids.items() if name not in workers and name != "postgres"}, 0.7)
        if self._postgres is not None:
            self._postgres.stop(max(0.3, (4.4 - (time.monotonic() - begun)) / 2))
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
        self._watch.close()

    def _end(self, pids: dict[str, int], seconds: float) -> None:
        for name in pids:
            self._running[name].send(signal.SIGTERM)
        self._watch.until_ended(pids, seconds)
        for name in pids:
            self._running[name].end()

    # ---- words

    def _outcome(self, name: str) -> str:
        running = self._running.get(name)
        return running.outcome() if running else "ended"

    def _failed(self, name: str, what: str) -> PartFailed:
        log = self._layout.log(name)
        return PartFailed(f"{name} {what}; its log: {log}", "" if self._started else tail(log))


@dataclass(frozen=True, slots=True)
class _Binaries:
    envoy: Path
    opa: Path
