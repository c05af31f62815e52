"""The two baselines: Envoy alone, and Envoy with no-op servicers. Listener, clusters and filters are the product's own.

They are made from the typed elements of `authz.bootstrap`: the same connection manager, access log, circuit breakers
and health checks. What differs from phigate is which filters stand in the listener, and what answers them.
"""

from __future__ import annotations

import contextlib
import http.client
import signal
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from authz.quickstart.envoy_binary import envoy_path
from authz.quickstart.parts import Part, Running
from authz.quickstart.ports import free as free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

START_SECONDS = 30.0
STOP_SECONDS = 10.0


class NotStarted(Exception):
    """A part of a configuration did not come up; the text says which, and what it said."""


def until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Return when the condition holds. Raises `NotStarted`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise NotStarted(f"not within {seconds:g} s: {what}")
        time.sleep(0.02)


@dataclass(slots=True)
class Configuration:
    """One running configuration: where callers connect, what they send beside the request, and its processes."""

    name: str
    port: int
    pids: Mapping[str, int]
    stop: Callable[[], None]
    headers: dict[str, str] = field(default_factory=dict)
    folder: Path | None = None


def _said(log: Path) -> str:
    with contextlib.suppress(OSError):
        return log.read_text(errors="replace")[-600:]
    return ""


class Processes:
    """Processes of one configuration, each with a log, ended together."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: dict[str, Running] = {}

    @property
    def pids(self) -> dict[str, int]:
        """The process id of each part."""
        return {name: running.pid for name, running in self._running.items()}

    def start(self, name: str, *command: str) -> Path:
        """Start a part; return its log."""
        log = self._folder / f"{name}.log"
        self._running[name] = Running(Part(name, command, log))
        return log

    def module(self, name: str, module: str, *arguments: str) -> Path:
        """Start a Python module of the benchmark and wait until it says that it is ready."""
        log = self.start(name, sys.executable, "-m", module, *arguments)
        try:
            until(lambda: "ready" in _said(log), START_SECONDS, name)
        except NotStarted as error:
            raise NotStarted(f"{error}: {_said(log)}") from None
        return log

    def stop(self) -> None:
        """End all."""
        for running in self._running.values():
            running.send(signal.SIGTERM)
        for running in self._running.values():
            running.end()


def start_upstream(folder: Path, pace_ms: float, deltas: int) -> tuple[int, Processes]:
    """Start the upstream of all configurations; return its port and its process."""
    folder.mkdir()
    processes = Processes(folder)
    port = free_port()
    paced = ("--pace-ms", str(pace_ms), "--paced-deltas", str(deltas))
    try:
        processes.module("upstream", "bench.upstream", "--listen", f"127.0.0.1:{port}", *paced)
    except BaseException:
        processes.stop()
        raise
    return port, processes


def start_baseline(name: str, folder: Path, upstream: int, workers: int) -> Configuration:
    """Start Envoy alone (`workers` 0) or with no-op workers. Raises `NotStarted`."""
    folder.mkdir()
    processes = Processes(folder)
    try:
        sockets = [str(folder / f"w{index}.sock") for index in range(workers)]
        for index, path in enumerate(sockets):
            processes.module(f"worker-{index}", "bench.noop", "--socket", path)
        port = free_port()
        document = _document(folder, port, upstream, sockets)
        config = folder / "envoy.yaml"
        config.write_text(document)
        envoy = str(envoy_path())
        options = ("--disable-hot-restart", "--concurrency", "2", "--log-level", "warning")
        log = processes.start("envoy", envoy, "-c", str(config), *options)
        try:
            until(lambda: _answers(port), START_SECONDS, f"{name}: an answer through envoy")
        except NotStarted as error:
            raise NotStarted(f"{error}: {_said(log)}") from None
    except BaseException:
        processes.stop()
        raise
    return Configuration(name, port, processes.pids, processes.stop)


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("POST", "/v1/messages", b"{}", {"content-type": "application/json"})
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return answer.status == http.client.OK


def _document(folder: Path, port: int, upstream: int, sockets: list[str]) -> str:
    # A second's import that `--help` need not wait for.
    import yaml
    from betterproto2 import Casing
    from envoy_data_plane.envoy.config.bootstrap.v3 import Bootstrap, BootstrapStaticResources
    from envoy_data_plane.envoy.config.core.v3 import Node

    from authz.bootstrap.clusters import claude_cluster, worker_clusters
    from authz.bootstrap.connection import connection_manager, http_listener
    from authz.bootstrap.ingress import ext_authz_filter, ext_proc_filter, ingress_host, router_filter
    from authz.bootstrap.names import INGRESS
    from authz.bootstrap.settings import BootstrapSettings, Upstream

    settings = BootstrapSettings(
        workers=tuple(sockets) or (str(folder / "none.sock"),),
        issuer="https://bench.invalid",
        secret_file=str(folder / "secret.yaml"),
        secret_dir=str(folder),
        jwks_file=str(folder / "jwks.json"),
        upstream=Upstream.from_url(f"http://127.0.0.1:{upstream}"),
        listen=f"127.0.0.1:{port}",
        admin_listen=None,
        envoy_admin=str(folder / "envoy-admin.sock"),
        access_log=str(folder / "access.log"),
    )
    filters = [ext_authz_filter(), ext_proc_filter()] if sockets else []
    host = ingress_host(settings)
    if not sockets:
        host.typed_per_filter_config = {}
    manager = connection_manager(settings, INGRESS, host, [*filters, router_filter()])
    bootstrap = Bootstrap(
        node=Node(id="bench", cluster="bench"),
        static_resources=BootstrapStaticResources(
            listeners=[http_listener(settings, INGRESS, settings.listen, manager)],
            clusters=[claude_cluster(settings), *(worker_clusters(settings, admin=False) if sockets else [])],
        ),
    )
    return yaml.safe_dump(bootstrap.to_dict(casing=Casing.SNAKE), sort_keys=False)
