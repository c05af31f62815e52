"""The simulator's HTTP side: who may ask, what is asked, and sending the answer the way its script wants it sent.

Every request but `/healthz` and `/_sim/` is in the journal before anything else happens to it, also when it is refused.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson
from aiohttp import web

from authz.quickstart.simulator import messages, signatures
from authz.quickstart.simulator.api_error import ApiError
from authz.quickstart.simulator.journal import Journal
from authz.quickstart.simulator.prompt import find_prompt
from authz.quickstart.simulator.reply import compose, estimate_tokens
from authz.quickstart.simulator.script import read_script
from authz.quickstart.simulator.sending import send_message, send_stream

if TYPE_CHECKING:
    from authz.quickstart.simulator.messages import MessagesRequest
    from authz.quickstart.simulator.script import Script

MOST_BODY_BYTES = 64 * 1024 * 1024
"""Above the API's 32 MB: placeholders are longer than what they stand for, and the gateway has its own limit."""
DEFAULT_API_KEY = "simulator-key"
DEFAULT_MODELS = ("claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5")
_JSON = "application/json"
_REMEMBERED_BODIES = 10_000
_UNWANTED = {
    "set-cookie": "upstream=1; Path=/",
    "server": "upstream-host-17",
    "x-internal-trace": "upstream-internal",
    "anthropic-organization-id": "00000000-0000-4000-8000-000000000000",
}


@dataclass(frozen=True, slots=True)
class Settings:
    """What the simulator accepts and knows. Simulators that share `signing_key` accept each other's thinking."""

    api_key: str = DEFAULT_API_KEY
    models: tuple[str, ...] = DEFAULT_MODELS
    signing_key: bytes = signatures.DEFAULT_KEY


def application(settings: Settings, journal: Journal | None = None) -> web.Application:
    """Return the web application; with no journal given it keeps one in memory only."""
    simulator = _Simulator(settings, journal or Journal())
    app = web.Application(client_max_size=MOST_BODY_BYTES)
    app.router.add_get("/healthz", simulator.health)
    app.router.add_get("/_sim/requests", simulator.requests)
    app.router.add_route("*", "/{path:.*}", simulator.handle)
    return app


class _Simulator:
    def __init__(self, settings: Settings, journal: Journal) -> None:
        self._settings = settings
        self._known = frozenset(settings.models)
        self._journal = journal
        self._failed_once: dict[bytes, None] = {}

    @staticmethod
    async def health(_request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def requests(self, request: web.Request) -> web.Response:
        after = request.query.get("after", "0")
        number = int(after) if after.isascii() and after.isdecimal() else 0
        return web.Response(body=orjson.dumps(self._journal.after(number)), content_type=_JSON)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        request_id = "req_01Sim" + secrets.token_hex(9)
        body: bytes | None
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            body = None
        self._journal.add(request.method, request.path_qs, tuple(request.headers.items()), body or b"")
        try:
            return await self._route(request, body, request_id)
        except ApiError as error:
            return web.Response(
                status=error.status,
                body=error.body(request_id),
                content_type=_JSON,
                headers={"request-id": request_id},
            )

    async def _route(self, request: web.Request, body: bytes | None, request_id: str) -> web.StreamResponse:
        if body is None:
            raise ApiError(413, "Request exceeds the maximum size")
        self._authenticate(request)
        headers = {"request-id": request_id}
        match request.method, request.path:
            case "POST", "/v1/messages":
                return await self._answer(request, self._read(request, body), body, request_id)
            case "POST", "/v1/messages/count_tokens":
                asked = self._read(request, body, counting=True)
                if signatures.has_thinking(asked):
                    signatures.verify(self._settings.signing_key, asked)
                count = {"input_tokens": estimate_tokens(asked.size)}
                return web.Response(body=orjson.dumps(count), content_type=_JSON, headers=headers)
            case "GET", "/v1/models":
                return web.Response(body=self._model_list(request), content_type=_JSON, headers=headers)
            case "GET", path if path.startswith("/v1/models/"):
                name = path.removeprefix("/v1/models/")
                if name not in self._known:
                    raise ApiError(404, f"model: {name}")
                return web.Response(body=orjson.dumps(_model(name)), content_type=_JSON, headers=headers)
            case _:
                raise ApiError(404, "Not found")

    def _authenticate(self, request: web.Request) -> None:
        """Accept the injected key and nothing else: a bearer token here would be a caller's that slipped through."""
        keys = request.headers.getall("x-api-key", [])
        if not keys:
            raise ApiError(401, "x-api-key header is required")
        if len(keys) > 1 or not hmac.compare_digest(keys[0].encode(), self._settings.api_key.encode()):
            raise ApiError(401, "invalid x-api-key")

    def _read(self, request: web.Request, body: bytes, *, counting: bool = False) -> MessagesRequest:
        version = request.headers.get("anthropic-version")
        if version is None:
            raise ApiError(400, "anthropic-version: header is required")
        if version not in messages.VERSIONS:
            raise ApiError(400, "anthropic-version: is not a valid version")
        if request.content_type != _JSON:
            raise ApiError(400, "content-type: must be application/json")
        return messages.read(body, version=version, known_models=self._known, counting=counting)

    async def _answer(
        self, request: web.Request, asked: MessagesRequest, body: bytes, request_id: str
    ) -> web.StreamResponse:
        prefix = None
        if signatures.has_thinking(asked):
            prefix = signatures.verify(self._settings.signing_key, asked)
        prompt = find_prompt(asked.messages)
        script = read_script(prompt.text)
        if script.wait:
            await asyncio.sleep(script.wait)
        self._fail_on_demand(script, body)
        reply = compose(asked, script, prompt, lambda: prefix or signatures.verify(self._settings.signing_key, asked))
        headers = {"request-id": request_id, **(_UNWANTED if script.headers else {})}
        if script.html:
            return web.Response(text="<html><body>Bad gateway</body></html>", content_type="text/html")
        if asked.stream:
            return await send_stream(request, reply, script, headers)
        return await send_message(request, reply, script, headers)

    def _fail_on_demand(self, script: Script, body: bytes) -> None:
        if script.error is not None:
            raise ApiError(*script.error)
        if script.error_first:
            digest = hashlib.sha256(body).digest()
            if digest not in self._failed_once:
                self._failed_once[digest] = None
                if len(self._failed_once) > _REMEMBERED_BODIES:
                    del self._failed_once[next(iter(self._failed_once))]
                raise ApiError(script.error_first, f"Simulated error {script.error_first}, this time.")

    def _model_list(self, request: web.Request) -> bytes:
        names = list(self._settings.models)
        limit = request.query.get("limit", "20")
        if not (limit.isascii() and limit.isdecimal() and 1 <= int(limit) <= 1000):  # noqa: PLR2004  the API's bounds
            raise ApiError(400, "limit: Input should be between 1 and 1000")
        after, before = request.query.get("after_id"), request.query.get("before_id")
        if after in names:
            names = names[names.index(after) + 1 :]
        if before in names:
            names = names[: names.index(before)]
            page = names[-int(limit) :]
        else:
            page = names[: int(limit)]
        return orjson.dumps(
            {
                "data": [_model(name) for name in page],
                "has_more": len(page) < len(names),
                "first_id": page[0] if page else None,
                "last_id": page[-1] if page else None,
            },
        )


def _model(name: str) -> dict[str, object]:
    return {
        "type": "model",
        "id": name,
        "display_name": name.replace("-", " ").title(),
        "created_at": "2026-10-01T00:00:00Z",
        "deprecated_at": None,
        "lifecycle": "active",
        "line": name.split("-")[1] if name.count("-") else None,
        "capabilities": {
            "batch": {"supported": True},
            "effort": {"supported": True, "high": {"supported": True}},
            "thinking": {"supported": True, "types": {"adaptive": {"supported": True}}},
        },
        "max_input_tokens": 200_000,
        "max_tokens": 128_000,
    }
