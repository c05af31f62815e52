"""A real Envoy with the generated bootstrap between a raw client, tiny servicers and a tiny upstream.

The servicers do what a test tells them; everything is on loopback or in a temporary directory, and every process is
ended by its id.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import io
import json
import os
import shutil
import subprocess
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from aiohttp import web
from envoy.config.core.v3 import base_pb2
from envoy.service.auth.v3 import external_auth_pb2, external_auth_pb2_grpc
from envoy.service.ext_proc.v3 import external_processor_pb2 as ep
from envoy.service.ext_proc.v3 import external_processor_pb2_grpc
from envoy.type.v3 import http_status_pb2
from google.protobuf import struct_pb2
from google.rpc import code_pb2, status_pb2
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from joserfc import jwt
from joserfc.jwk import ECKey

from authz.bootstrap import BootstrapSettings, Upstream, render, render_secret
from authz.quickstart.ports import free as free_port

if TYPE_CHECKING:
    from pathlib import Path

ISSUER = "https://idp.example"
UPSTREAM_KEY = "sk-upstream-only"
DEADLINE = 20.0


def envoy_binary() -> str | None:
    """Return the Envoy binary: PHIGATE_ENVOY, the quickstart's if it is installed, or one on the path."""
    named = os.environ.get("PHIGATE_ENVOY")
    if named:
        return named
    from authz.quickstart.envoy_binary import envoy_path, is_there

    return str(envoy_path()) if is_there() else shutil.which("envoy")


needs_envoy = pytest.mark.skipif(envoy_binary() is None, reason="needs an Envoy binary (PHIGATE_ENVOY)")


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes
    raw: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class _Replay:
    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, *_: object) -> io.BytesIO:
        return io.BytesIO(self._data)


def parse_answer(raw: bytes, method: str = "POST") -> Answer:
    response = http.client.HTTPResponse(_Replay(raw), method=method)  # type: ignore[arg-type]
    response.begin()
    body = response.read()
    return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, body, raw)


@dataclass
class Rig:
    """What the servicers do (`check`, `process`) and what they and upstream saw."""

    folder: Path
    key: ECKey
    port: int = 0
    admin_port: int = 0
    check: str = "allow"
    process: str = "pass"
    checks: list[external_auth_pb2.CheckRequest] = field(default_factory=list)
    processed: list[str] = field(default_factory=list)
    process_headers: list[dict[str, str]] = field(default_factory=list)
    upstream: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)

    def token(self, **claims: Any) -> str:
        now = int(time.time())
        payload = {"iss": ISSUER, "aud": "phigate", "sub": "alice", "exp": now + 600, "iat": now, **claims}
        return jwt.encode({"alg": "ES256", "kid": self.key.kid}, payload, self.key)

    def forget(self) -> None:
        """Forget what was seen and go back to passing everything."""
        for seen in (self.checks, self.processed, self.process_headers, self.upstream):
            seen.clear()
        self.check, self.process = "allow", "pass"

    async def raw(self, data: bytes, *, port: int | None = None, method: str = "POST") -> Answer:
        reader, writer = await asyncio.open_connection("127.0.0.1", port or self.port)
        try:
            writer.write(data)
            await writer.drain()
            return parse_answer(await asyncio.wait_for(reader.read(-1), DEADLINE), method)
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def ask(
        self,
        path: str = "/v1/messages",
        *,
        method: str = "POST",
        headers: dict[str, str] | list[tuple[str, str]] | None = None,
        body: bytes = b'{"model":"claude-x"}',
        token: str | None = "",
        port: int | None = None,
    ) -> Answer:
        """Send one request byte for byte; `token` "" means a good one in Authorization, None means none."""
        lines = [f"{method} {path} HTTP/1.1", "host: gateway.example", "connection: close"]
        if token is not None:
            lines.append(f"authorization: Bearer {token or self.token()}")
        pairs = headers.items() if isinstance(headers, dict) else headers or []
        lines += [f"{name}: {value}" for name, value in pairs]
        if method not in {"GET", "HEAD", "OPTIONS", "CONNECT"}:
            lines += ["content-type: application/json", f"content-length: {len(body)}"]
        else:
            body = b""
        return await self.raw("\r\n".join([*lines, "", ""]).encode("latin-1") + body, port=port, method=method)


class _Check(external_auth_pb2_grpc.AuthorizationServicer):
    def __init__(self, rig: Rig) -> None:
        self.rig = rig

    async def Check(self, request: Any, context: Any) -> Any:  # noqa: N802
        self.rig.checks.append(request)
        if self.rig.check == "abort":
            await context.abort(grpc.StatusCode.INTERNAL, "no")
        if self.rig.check.startswith("deny"):
            status = int(self.rig.check.split()[1])
            return external_auth_pb2.CheckResponse(
                status=status_pb2.Status(code=code_pb2.PERMISSION_DENIED),
                denied_response=external_auth_pb2.DeniedHttpResponse(
                    status=http_status_pb2.HttpStatus(code=status),
                    headers=[
                        base_pb2.HeaderValueOption(
                            header=base_pb2.HeaderValue(key="content-type", value="application/json")
                        )
                    ],
                    body='{"ours":"ext_authz"}',
                ),
            )
        metadata = struct_pb2.Struct()
        metadata.update({"decision_id": "d-1"})
        remove = [] if self.rig.check == "keep-credentials" else ["authorization", "x-api-key"]
        return external_auth_pb2.CheckResponse(
            status=status_pb2.Status(code=code_pb2.OK),
            ok_response=external_auth_pb2.OkHttpResponse(headers_to_remove=remove),
            dynamic_metadata=metadata,
        )


class _Process(external_processor_pb2_grpc.ExternalProcessorServicer):
    def __init__(self, rig: Rig) -> None:
        self.rig = rig

    def _marked(self) -> struct_pb2.Struct | None:
        if self.rig.process == "unmarked":
            return None
        metadata = struct_pb2.Struct()
        value = "no" if self.rig.process == "marked-no" else "yes"
        metadata.update({"phigate": {"pass": value, "exchange": "x-1"}})
        return metadata

    async def Process(self, requests: Any, context: Any) -> Any:  # noqa: N802
        mode = self.rig.process
        waiting: list[ep.HttpBody] = []
        async for message in requests:
            kind = message.WhichOneof("request")
            self.rig.processed.append(kind)
            if kind == "request_headers":
                self.rig.process_headers.append(
                    {h.key: h.raw_value.decode() for h in message.request_headers.headers.headers}
                )
                if mode == "return-early":
                    return
                if mode == "abort":
                    await context.abort(grpc.StatusCode.INTERNAL, "no")
                if message.request_headers.end_of_stream:
                    yield self._headers("request_headers", self._marked())
            elif kind == "request_body":
                waiting.append(message.request_body)
                if not message.request_body.end_of_stream:
                    continue
                if mode.startswith("immediate"):
                    yield self._immediate(mode)
                    continue
                yield self._headers("request_headers", self._marked())
                for each in waiting:
                    yield self._body("request_body", each)
            elif kind == "request_trailers":
                yield self._immediate("immediate 400 phigate_trailers")
            elif kind == "response_headers":
                if mode.startswith("response-immediate"):
                    yield self._immediate(mode)
                    continue
                yield self._headers("response_headers", None)
            elif kind == "response_body":
                yield self._body("response_body", message.response_body)

    @staticmethod
    def _immediate(mode: str) -> ep.ProcessingResponse:
        status = int(mode.split()[1])
        details = mode.split()[2] if len(mode.split()) > 2 else ""
        json_type = base_pb2.HeaderValueOption(
            header=base_pb2.HeaderValue(key="content-type", raw_value=b"application/json")
        )
        return ep.ProcessingResponse(
            immediate_response=ep.ImmediateResponse(
                status=http_status_pb2.HttpStatus(code=status),
                headers=ep.HeaderMutation(set_headers=[json_type]),
                body=b'{"ours":"ext_proc"}',
                details=details,
            )
        )

    @staticmethod
    def _headers(kind: str, metadata: struct_pb2.Struct | None) -> ep.ProcessingResponse:
        response = ep.ProcessingResponse(**{kind: ep.HeadersResponse()})
        if metadata is not None:
            response.dynamic_metadata.CopyFrom(metadata)
        return response

    @staticmethod
    def _body(kind: str, body: ep.HttpBody) -> ep.ProcessingResponse:
        mutation = ep.BodyMutation(
            streamed_response=ep.StreamedBodyResponse(body=body.body, end_of_stream=body.end_of_stream)
        )
        return ep.ProcessingResponse(**{kind: ep.BodyResponse(response=ep.CommonResponse(body_mutation=mutation))})


async def _until_ready(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        if process.poll() is not None:
            pytest.fail("Envoy ended: " + log.read_text()[-2000:])  # noqa: ASYNC240
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
            continue
        writer.close()
        return
    pytest.fail("Envoy is not ready: " + log.read_text()[-2000:])  # noqa: ASYNC240


async def _until_healthy(rig: Rig, admin: str) -> None:
    deadline = time.monotonic() + DEADLINE
    text = b""
    while time.monotonic() < deadline:
        reader, writer = await asyncio.open_unix_connection(admin)
        writer.write(b"GET /clusters HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        text = await reader.read(-1)
        writer.close()
        if text.count(b"health_flags::healthy") >= 4:
            return
        await asyncio.sleep(0.05)
    pytest.fail("workers never became healthy: " + text.decode()[-1500:])


@contextlib.asynccontextmanager
async def running_rig(folder: Path, **overrides: Any) -> Any:
    """Run upstream, servicers and Envoy in `folder` (a short path: sockets live in it)."""
    key = ECKey.generate_key("P-256", {"kid": "k1", "alg": "ES256", "use": "sig"})
    rig = Rig(folder, key)
    (folder / "secrets").mkdir()
    (folder / "secrets" / "key.yaml").write_text(render_secret(UPSTREAM_KEY))
    (folder / "jwks.json").write_text(json.dumps({"keys": [key.as_dict(private=False)]}))

    rig.port, rig.admin_port, upstream_port = free_port(), free_port(), free_port()
    settings = BootstrapSettings(
        **{
            "workers": (str(folder / "w0.sock"),),
            "issuer": ISSUER,
            "secret_file": str(folder / "secrets" / "key.yaml"),
            "secret_dir": str(folder / "secrets"),
            "jwks_file": str(folder / "jwks.json"),
            "upstream": Upstream("127.0.0.1", upstream_port, tls=False),
            "listen": f"127.0.0.1:{rig.port}",
            "admin_listen": f"127.0.0.1:{rig.admin_port}",
            "envoy_admin": str(folder / "admin.sock"),
            "access_log": str(folder / "access.log"),
            **overrides,
        }
    )
    (folder / "envoy.yaml").write_text(render(settings))

    async def answer(request: web.Request) -> web.Response:
        body = await request.read()
        rig.upstream.append((request.method, request.raw_path, dict(request.headers), body))
        return web.json_response({"type": "message", "upstream": True})

    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_route("*", "/{rest:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", upstream_port).start()

    server = grpc.aio.server(
        options=[("grpc.http2.min_ping_interval_without_data_ms", 5000), ("grpc.keepalive_permit_without_calls", 1)]
    )
    external_auth_pb2_grpc.add_AuthorizationServicer_to_server(_Check(rig), server)
    external_processor_pb2_grpc.add_ExternalProcessorServicer_to_server(_Process(rig), server)
    healthy = health.aio.HealthServicer()
    await healthy.set("", health_pb2.HealthCheckResponse.SERVING)
    health_pb2_grpc.add_HealthServicer_to_server(healthy, server)
    server.add_insecure_port(f"unix:{folder / 'w0.sock'}")
    await server.start()

    log = folder / "envoy.log"
    binary = envoy_binary() or "envoy"
    with log.open("wb") as sink:
        # Popen on purpose: Envoy must be a child of the main thread, or it dies with the thread that started it.
        process = subprocess.Popen(  # noqa: ASYNC220
            [binary, "-c", str(folder / "envoy.yaml"), "--concurrency", "1", "-l", "warning", "--use-dynamic-base-id"],
            stdout=sink,
            stderr=sink,
        )
    try:
        await _until_ready(rig.port, process, log)
        await _until_healthy(rig, str(folder / "admin.sock"))
        yield rig
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)
        # With grace: a health check that is cut is logged as an error.
        await server.stop(1)
        await runner.cleanup()
