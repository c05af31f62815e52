"""Sending a reply: whole or as a stream, at the pace, in the pieces and with the end that its script asks for."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import itertools
import socket
import struct
from typing import TYPE_CHECKING

from aiohttp import web

from authz.quickstart.simulator.api_error import TYPES, ApiError, error_body
from authz.quickstart.simulator.frames import frames, with_crlf

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from authz.quickstart.simulator.reply import Reply
    from authz.quickstart.simulator.script import Script

_JSON = "application/json"
_BREAKS = frozenset({"cut", "reset", "hang"})
_LOOK_SECONDS = 0.05
_STREAM_ERROR = "Simulated error in the stream."


async def send_message(
    request: web.Request, reply: Reply, script: Script, headers: dict[str, str]
) -> web.StreamResponse:
    """Answer with JSON. Raises `ApiError` for `sim:error_stream`, which has no stream to be in."""
    if script.slow:
        await asyncio.sleep(script.slow)
    if script.error_stream:
        raise ApiError(next((s for s, kind in TYPES.items() if kind == script.error_stream), 500), _STREAM_ERROR)
    body = reply.message() if script.raw is None else script.raw
    if script.gzip:
        body = gzip.compress(body)
        headers["content-encoding"] = "gzip"
    if script.ending in _BREAKS or script.chunk:
        # The length is announced in full, so that a body that ends early is seen as truncated.
        response = web.StreamResponse(headers={**headers, "content-type": _JSON, "content-length": str(len(body))})
        return await _write(request, response, _regroup([body], script.chunk or len(body)), script, len(body))
    return web.Response(body=body, content_type=_JSON, headers=headers)


async def send_stream(
    request: web.Request, reply: Reply, script: Script, headers: dict[str, str]
) -> web.StreamResponse:
    """Answer with server-sent events, one write for each frame unless the script groups them."""
    headers = {**headers, "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache"}
    parts: Iterable[bytes]
    if script.raw is not None:
        parts = [script.raw]
    else:
        parts = frames(reply, unknown=script.unknown)
        if script.error_stream:
            whole = list(parts)
            error = error_body(script.error_stream, _STREAM_ERROR, headers["request-id"])
            parts = [*whole[: len(whole) // 2 + 1], b"event: error\ndata: " + error + b"\n\n"]
        if script.crlf:
            parts = map(with_crlf, parts)
    if script.gzip:
        parts = [gzip.compress(b"".join(parts))]
        headers["content-encoding"] = "gzip"
    length = 0
    if script.ending in _BREAKS:
        parts = list(parts)
        length = sum(map(len, parts))
    if script.chunk:
        parts = _regroup(parts, script.chunk)
    return await _write(request, web.StreamResponse(headers=headers), parts, script, length)


async def _write(
    request: web.Request, response: web.StreamResponse, parts: Iterable[bytes], script: Script, length: int
) -> web.StreamResponse:
    """Write the parts; `length` is their sum, from which a script that breaks off knows the middle."""
    left = length // 2
    with contextlib.suppress(ConnectionError):  # a client that went away is no fault of ours
        await response.prepare(request)
        for part in parts:
            if script.ending in _BREAKS and len(part) >= left:
                await response.write(part[:left])
                await _break_off(request, response, script.ending)
                return response
            left -= len(part)
            if script.slow:
                await asyncio.sleep(script.slow)
            await response.write(part)
        await response.write_eof()
    return response


async def _break_off(request: web.Request, response: web.StreamResponse, ending: str) -> None:
    transport = request.transport
    if transport is None:
        return
    if ending == "hang":
        while not transport.is_closing():  # noqa: ASYNC110  aiohttp has no event for a client that went
            await asyncio.sleep(_LOOK_SECONDS)
    elif ending == "reset":
        # Linger of no seconds makes close send RST (socket(7)); what was written is given a turn to leave first.
        await asyncio.sleep(_LOOK_SECONDS)
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    elif response.content_length is None:
        await response.write_eof()
    else:
        transport.close()


def _regroup(parts: Iterable[bytes], size: int) -> Iterator[bytes]:
    """Yield the same bytes in parts of `size`, the last one shorter, whatever the boundaries were."""
    everything = itertools.chain.from_iterable(parts)
    while chunk := bytes(itertools.islice(everything, size)):
        yield chunk
