"""A real Envoy with the generated bootstrap between a raw client, workers that harm themselves, and a raw upstream.

Client and upstream read bytes, not messages, so that a single byte too much in either direction is seen. The prompt and
upstream's answers hold canaries: an answer holds them at its beginning and at its end, so that an early end of the
inspection would show.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from gate_upstream import RawUpstream, Seen
from gate_wire import PROMPT, Answer, leaks
from joserfc import jwt
from joserfc.jwk import ECKey
from real_stack import free_port

from authz.bootstrap import BootstrapSettings, Upstream, render, render_secret

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ISSUER = "https://idp.example"
DEADLINE = 30.0
DRAIN = ("--use-dynamic-base-id", "--drain-time-s", "2")


def envoy_binary() -> str | None:
    """Return the Envoy binary, or None when a test would have to install one."""
    from authz.quickstart.envoy_binary import envoy_path, is_there

    return str(envoy_path()) if is_there() else shutil.which("envoy")


needs_envoy = pytest.mark.skipif(envoy_binary() is None, reason="needs an Envoy binary (PHIGATE_ENVOY)")


UPSTREAM_TRAILERS = {
    "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        "explicit_http_config": {"http_protocol_options": {"enable_trailers": True}},
    }
}
"""Lets an HTTP/1.1 upstream's trailers through to ext_proc, as an HTTP/2 upstream's always are."""


@dataclass
class Rig:
    """Envoy, a worker at a time, upstream, and the journal of what the workers did."""

    folder: Path
    binary: str
    zygote: asyncio.subprocess.Process
    upstream: RawUpstream
    key: ECKey
    options: dict[str, Any] = field(default_factory=dict)
    upstream_trailers: bool = False
    port: int = 0
    envoy: subprocess.Popen[bytes] | None = None
    worker: int = 0
    cases: int = 0
    _token: str = ""
    _journal_read: int = 0
    _lines: list[dict[str, Any]] = field(default_factory=list)

    @property
    def journal(self) -> Path:
        return self.folder / "journal"

    def lines(self) -> list[dict[str, Any]]:
        """Return the journal; every call reads only what is new."""
        if self.journal.exists():
            with self.journal.open("rb") as file:
                file.seek(self._journal_read)
                for line in file:
                    if not line.endswith(b"\n"):
                        break  # still being written
                    self._journal_read += len(line)
                    self._lines.append(json.loads(line))
        return self._lines

    def of_case(self, case: str, key: str) -> Any:
        """Return what the journal says of a case, or None."""
        return next((line[key] for line in self.lines() if line.get("case") == case and key in line), None)

    def closing(self, case: str) -> list[str] | None:
        """Return the outcomes with which the exchange of a case was closed in the record; None: it was not opened."""
        lines = self.lines()
        ids = {line["exchange"] for line in lines if "event" in line and str(line["model"]).endswith("-" + case)}
        outcomes = [line["outcome"] for line in lines if line.get("exchange") in ids and line.get("outcome")]
        return outcomes if ids else None

    async def assert_closed_once(self, case: str) -> None:
        """Assert that the record of the case, if it was opened, is closed exactly once."""
        await self.until(lambda: self.of_case(case, "steps") is not None, f"{case} is over")
        outcomes = self.closing(case)
        assert outcomes is None or len(outcomes) == 1, (case, outcomes)

    async def start_envoy(self) -> None:
        folder = self.folder
        (folder / "secrets").mkdir()
        (folder / "secrets" / "key.yaml").write_text(render_secret("sk-upstream-only"))
        (folder / "jwks.json").write_text(json.dumps({"keys": [self.key.as_dict(private=False)]}))
        self.port = free_port()
        settings: dict[str, Any] = {
            "workers": (str(folder / "w0.sock"),),
            "issuer": ISSUER,
            "secret_file": str(folder / "secrets" / "key.yaml"),
            "secret_dir": str(folder / "secrets"),
            "jwks_file": str(folder / "jwks.json"),
            "upstream": Upstream("127.0.0.1", self.upstream.port, tls=False),
            "listen": f"127.0.0.1:{self.port}",
            "admin_listen": None,
            "envoy_admin": str(folder / "admin.sock"),
            "access_log": str(folder / "access.log"),
            "keepalive_interval": 6,
            "keepalive_timeout": 3,  # a second is less than a busy machine may take from a worker that is well
        }
        text = render(BootstrapSettings(**{**settings, **self.options}))
        if self.upstream_trailers:
            document = yaml.safe_load(text)
            for cluster in document["static_resources"]["clusters"]:
                if cluster["name"] == "claude":
                    cluster["typed_extension_protocol_options"] = UPSTREAM_TRAILERS
            text = yaml.safe_dump(document)
        (folder / "envoy.yaml").write_text(text)
        with (folder / "envoy.log").open("wb") as sink:
            # Popen on purpose: Envoy must be a child of the main thread, or it dies with the thread that started it.
            self.envoy = subprocess.Popen(  # noqa: ASYNC220
                [self.binary, "-c", str(folder / "envoy.yaml"), "--concurrency", "1", "-l", "warning", *DRAIN],
                stdout=sink,
                stderr=sink,
            )
        await self.until(self._accepts, "Envoy accepts connections")

    async def _accepts(self) -> bool:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            writer.close()
            return True
        return False

    async def until(self, condition: Any, what: str, seconds: float = DEADLINE) -> Any:
        """Return the condition's first true value; fail when there is none in time."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            value = condition()
            if asyncio.iscoroutine(value):
                value = await value
            if value:
                return value
            await asyncio.sleep(0.02)
        return pytest.fail(f"not in {seconds} s: {what}")

    async def admin(self, path: str, method: str = "GET") -> str:
        reader, writer = await asyncio.open_unix_connection(str(self.folder / "admin.sock"))
        writer.write(f"{method} {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n".encode())
        text = (await reader.read(-1)).decode()
        writer.close()
        return text

    async def start_worker(self, *, health: bool = True) -> None:
        command = {"socket": str(self.folder / "w0.sock"), "journal": str(self.journal), "health": health}
        stdin, stdout = self.zygote.stdin, self.zygote.stdout
        if stdin is None or stdout is None:
            raise RuntimeError("the zygote has pipes")
        stdin.write(json.dumps(command).encode() + b"\n")
        self.worker = int(await asyncio.wait_for(stdout.readline(), DEADLINE))

    def worker_state(self) -> str:
        """Return the kernel's letter for the worker: Z when it has ended, T when it is stopped."""
        return Path(f"/proc/{self.worker}/stat").read_text().rpartition(")")[2].split()[0]

    async def end_worker(self) -> None:
        if self.worker and self.worker_state() != "Z":
            os.kill(self.worker, signal.SIGKILL)
            await self.until(lambda: self.worker_state() == "Z", "the worker has ended")

    async def replace_worker(self) -> None:
        """Start a new worker in the place of one that has ended or is about to."""
        await self.end_worker()
        await self.start_worker()

    def token(self) -> str:
        if not self._token:
            now = int(time.time())
            claims = {"iss": ISSUER, "aud": "phigate", "sub": "ann", "groups": ["clinicians"], "exp": now + 3600}
            self._token = jwt.encode({"alg": "ES256", "kid": self.key.kid}, claims, self.key)
        return self._token

    def name(self, words: str = "") -> str:
        """Return a new case's name."""
        self.cases += 1
        return f"{words}{self.cases}"

    def request(self, case: str, *, effect: str = "allow", stream: bool = False, plan: str = "") -> bytes:
        """Return the request of a case, byte for byte."""
        document = {
            "model": f"claude-gate-{effect}-{case}",
            "max_tokens": 100,
            "stream": stream,
            "messages": [{"role": "user", "content": PROMPT}],
        }
        body = json.dumps(document, separators=(",", ":")).encode()
        head = (
            "POST /v1/messages HTTP/1.1\r\nhost: gateway.example\r\nconnection: close\r\n"
            f"authorization: Bearer {self.token()}\r\ncontent-type: application/json\r\nuser-agent: gate/{case}\r\n"
            f"x-gate-case: {case}\r\n" + (f"x-gate-plan: {plan}\r\n" if plan else "")
        )
        return f"{head}content-length: {len(body)}\r\n\r\n".encode() + body

    async def send(self, data: bytes) -> Answer:
        """Send bytes, read until the connection ends, and return the answer as far as it came."""
        raw = b""
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except ConnectionError:
            return Answer(raw)
        try:
            writer.write(data)
            async with asyncio.timeout(DEADLINE):
                while piece := await reader.read(65_536):
                    raw += piece
        except ConnectionError:
            pass
        finally:
            writer.close()
        return Answer.read(raw)

    async def ask(self, case: str, **how: Any) -> Answer:
        """Send the request of a case and assert what holds for every case: no canary anywhere, no strange answer."""
        answer = await self.send(self.request(case, **how))
        self.assert_clean(case, answer)
        return answer

    def assert_clean(self, case: str, answer: Answer) -> None:
        """Assert that neither side saw a canary, and that the answer is one that may be."""
        assert leaks(answer.raw) == [], f"the caller of {case} saw a canary"
        seen = self.upstream.seen.get(case, Seen())
        assert leaks(seen.head + seen.body) == [], f"upstream saw a canary of {case}"
        assert not answer.kind.startswith("strange"), f"{case}: {answer.kind}: {answer.raw[:600]!r}"

    async def why(self) -> list[str]:
        """Return what Envoy says of its last requests and of its clusters' health, for a failure's message."""
        await asyncio.sleep(1.5)  # Envoy writes its log every second
        clusters = [line for line in (await self.admin("/clusters")).splitlines() if "health_flags" in line]
        log = (self.folder / "access.log").read_text().splitlines()
        return [f"worker {self.worker_state()}", *clusters, *log[-3:]]

    async def assert_serves(self) -> None:
        """Assert that the next clean request gets its answer."""
        case = self.name("clean")
        answer = await self.ask(case)
        assert answer.kind == "complete", answer.raw[:300]

    async def assert_serves_again(self) -> None:
        """Assert that clean requests get their answer as soon as Envoy knows the new worker; until then, refusals."""
        got: list[bytes] = []

        async def complete() -> bool:
            answer = await self.ask(self.name("again"))
            got.append(answer.raw)
            return answer.kind == "complete"

        try:
            await self.until(complete, "a clean request is served")
        except pytest.fail.Exception:
            pytest.fail(f"nothing served: {await self.why()}, last {got[-1]!r}")

    async def close(self) -> None:
        if self.envoy is not None and self.envoy.poll() is None:
            self.envoy.terminate()
            try:
                self.envoy.wait(5)
            except subprocess.TimeoutExpired:
                self.envoy.kill()
                self.envoy.wait(5)
        if self.worker:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.worker, signal.SIGKILL)


async def start_zygote(folder: Path) -> asyncio.subprocess.Process:
    """Start the process that forks workers, once the rules are compiled."""
    root = Path(__file__).parents[2]
    with (folder / "workers.log").open("wb") as log:
        zygote = await asyncio.create_subprocess_exec(
            sys.executable,
            str(Path(__file__).with_name("gate_worker.py")),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env={**os.environ, "PYTHONPATH": str(root)},
        )
    if zygote.stdout is None or await asyncio.wait_for(zygote.stdout.readline(), 60) != b"ready\n":
        pytest.fail((folder / "workers.log").read_text()[-2000:])
    return zygote


async def end_zygote(zygote: asyncio.subprocess.Process) -> None:
    """End it and its workers: it ends when its stdin does."""
    if zygote.stdin is not None:
        zygote.stdin.close()
    await asyncio.wait_for(zygote.wait(), DEADLINE)


@contextlib.asynccontextmanager
async def running_rig(
    folder: Path,
    zygote: asyncio.subprocess.Process,
    *,
    worker: bool = True,
    upstream_trailers: bool = False,
    **options: Any,
) -> AsyncIterator[Rig]:
    """Run upstream, a worker and Envoy in `folder` (a short path: sockets live in it)."""
    folder.mkdir()  # noqa: ASYNC240  nothing is served yet
    upstream = RawUpstream()
    await upstream.start()
    key = ECKey.generate_key("P-256", {"kid": "k1", "alg": "ES256", "use": "sig"})
    rig = Rig(folder, envoy_binary() or "envoy", zygote, upstream, key, options, upstream_trailers)
    try:
        if worker:
            await rig.start_worker()
        await rig.start_envoy()
        if worker:
            await rig.assert_serves_again()
        yield rig
    finally:
        await rig.close()
        upstream.stop()
