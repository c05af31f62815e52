"""The baseline: ext_authz that allows and ext_proc that hands every byte back, with the fastest stubs and no thought.

`python -m bench.noop --socket PATH`, one process a worker, on grpc.aio with the options of a real worker. What remains
of a request's cost here is Envoy and gRPC, and no Python service behind this protocol can be cheaper.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import signal
from typing import TYPE_CHECKING, Any

import grpc
from envoy.service.auth.v3 import external_auth_pb2 as auth_pb2
from envoy.service.auth.v3 import external_auth_pb2_grpc as auth_grpc
from envoy.service.ext_proc.v3 import external_processor_pb2 as ep
from envoy.service.ext_proc.v3 import external_processor_pb2_grpc as ep_grpc
from google.rpc import status_pb2
from grpc_health.v1 import health_pb2_grpc
from grpc_health.v1.health import aio as health_aio

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

# As authz.server: the same transport, so that the difference is the work.
OPTIONS = (
    ("grpc.http2.min_ping_interval_without_data_ms", 5000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.max_receive_message_length", 4 * 1024 * 1024),
    ("grpc.so_reuseport", 0),
)

_ALLOWED = auth_pb2.CheckResponse(status=status_pb2.Status(code=0), ok_response=auth_pb2.OkHttpResponse())
_REQUEST_HEADERS = ep.ProcessingResponse(request_headers=ep.HeadersResponse())
_RESPONSE_HEADERS = ep.ProcessingResponse(response_headers=ep.HeadersResponse())


class NoCheck(auth_grpc.AuthorizationServicer):  # type: ignore[misc]
    """Lets everybody in."""

    async def Check(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Answer with a constant."""
        del request, context
        return _ALLOWED


class NoProcess(ep_grpc.ExternalProcessorServicer):  # type: ignore[misc]
    """Hands everything back as it came."""

    async def Process(self, requests: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:  # noqa: N802
        """Answer each message at once."""
        del context
        async for message in requests:
            kind = message.WhichOneof("request")
            if kind == "request_headers":
                yield _REQUEST_HEADERS
            elif kind == "response_headers":
                yield _RESPONSE_HEADERS
            elif kind in {"request_body", "response_body"}:
                body = getattr(message, kind)
                answer = ep.ProcessingResponse()
                streamed = getattr(answer, kind).response.body_mutation.streamed_response
                streamed.body = body.body
                streamed.end_of_stream = body.end_of_stream
                yield answer


async def serve(socket: str) -> None:
    """Serve until SIGTERM or SIGINT."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    server = grpc.aio.server(options=OPTIONS)
    auth_grpc.add_AuthorizationServicer_to_server(NoCheck(), server)
    ep_grpc.add_ExternalProcessorServicer_to_server(NoProcess(), server)
    health_pb2_grpc.add_HealthServicer_to_server(health_aio.HealthServicer(), server)
    server.add_insecure_port(f"unix:{socket}")
    await server.start()
    gc.collect()
    gc.freeze()
    print("ready", flush=True)
    await stop.wait()
    await server.stop(grace=0)


def main() -> None:
    """Read the options and serve."""
    options = argparse.ArgumentParser(prog="python -m bench.noop", description=__doc__)
    options.add_argument("--socket", required=True)
    asyncio.run(serve(options.parse_args().socket))


if __name__ == "__main__":
    main()
