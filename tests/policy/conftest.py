"""A real OPA serving the shipped policies on loopback, and the facts the tests ask it about."""

from __future__ import annotations

import shutil
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from authz.assets import policies_dir
from authz.decision import HttpFacts, RequestFacts
from authz.identity import Principal
from authz.opa_binary import opa_path
from authz.policy_bundle import build, opa_command
from authz.quickstart import ports

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True)
class OpaServer:
    """A running OPA: where it answers, which process it is, and what it serves."""

    host: str
    port: int
    process: subprocess.Popen[bytes]
    policies: Path
    bundle: Path
    revision: str
    opa: Path

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def rebuild(self) -> str:
        return build(self.policies, self.bundle, self.opa)


@pytest.fixture(scope="session")
def opa() -> Path:
    return opa_path()


@pytest.fixture
def free_port() -> int:
    return ports.free()


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    """Copy what OPA takes from the shipped policies, for a test to break."""
    copy = tmp_path / "policies"
    copy.mkdir()
    for name in ("phigate", "system", "schemas"):
        shutil.copytree(policies_dir() / name, copy / name)
    shutil.copy(policies_dir() / ".manifest", copy)
    return copy


@pytest.fixture
def opa_server(tmp_path: Path, policies: Path, opa: Path, free_port: int) -> Iterator[OpaServer]:
    bundle = tmp_path / "bundle"
    revision = build(policies, bundle, opa)
    with (tmp_path / "opa.log").open("wb") as log:
        process = subprocess.Popen(opa_command(opa, f"127.0.0.1:{free_port}", bundle), stdout=log, stderr=log)
        try:
            server = OpaServer("127.0.0.1", free_port, process, policies, bundle, revision, opa)
            await_health(server.url)
            yield server
        finally:
            process.kill()
            process.wait()


def await_health(url: str) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=5) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            if time.monotonic() > deadline:
                raise
        time.sleep(0.02)


@pytest.fixture
def principal() -> Principal:
    return Principal("north", "https://idp.example", "ana", ("clinicians",), "human", "t1", 1_900_000_000)


@pytest.fixture
def http() -> HttpFacts:
    return HttpFacts("POST", "/v1/messages?beta=true", {"content-type": "application/json"})


@pytest.fixture
def facts() -> RequestFacts:
    return RequestFacts(
        endpoint="/v1/messages",
        model="claude-sonnet-5-5",
        stream=True,
        max_tokens=1024,
        tools=("Read",),
        tool_types=("custom",),
        betas=("claude-code-20250219",),
        features=(),
        media={},
        new_media={},
        estimated_input_tokens=1000,
        new_input_tokens=10,
    )
