"""The listener of reviewers and auditors: REST in front of the admin gRPC API.

    jwt_authn -> ext_authz (context extension listener=admin) -> grpc_json_transcoder -> router -> workers

ext_authz writes the signed `x-phigate-principal`; callers' own were stripped before any filter ran. Native gRPC callers
use the same listener and the same filters. The transcoder keeps the route of the incoming path, so that no filter
changes it.
"""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

from envoy_data_plane.envoy.config.route.v3 import Route, RouteAction, RouteMatch, VirtualHost
from envoy_data_plane.envoy.extensions.filters.http.grpc_json_transcoder.v3 import (
    GrpcJsonTranscoder,
    GrpcJsonTranscoderPrintOptions,
    GrpcJsonTranscoderRequestValidationOptions,
)
from envoy_data_plane.envoy.extensions.filters.network.http_connection_manager.v3 import HttpFilter

from authz.bootstrap.connection import connection_manager, http_listener
from authz.bootstrap.elements import packed, seconds
from authz.bootstrap.identity_filter import BEARER, jwt_filter
from authz.bootstrap.ingress import ext_authz_filter, listener_extension, not_found_route, router_filter
from authz.bootstrap.names import ADMIN, ADMIN_CLUSTER, TRANSCODER

if TYPE_CHECKING:
    from envoy_data_plane.envoy.config.listener.v3 import Listener

    from authz.bootstrap.settings import BootstrapSettings

SERVICES = ("phigate.admin.v1.Approvals", "phigate.admin.v1.Sessions")
COLLECTIONS = ("/v1/approvals", "/v1/sessions")


def descriptor() -> bytes:
    """Return the committed descriptor set of the admin API (`make proto`)."""
    return (resources.files("authz._proto") / "admin_descriptor.pb").read_bytes()


def _transcoder() -> HttpFilter:
    return HttpFilter(
        name=TRANSCODER,
        typed_config=packed(
            GrpcJsonTranscoder(
                proto_descriptor_bin=descriptor(),
                services=list(SERVICES),
                match_incoming_request_route=True,
                convert_grpc_status=True,
                print_options=GrpcJsonTranscoderPrintOptions(
                    always_print_primitive_fields=True, preserve_proto_field_names=True
                ),
                request_validation_options=GrpcJsonTranscoderRequestValidationOptions(
                    reject_unknown_method=True,
                    reject_unknown_query_parameters=True,
                    reject_binding_body_field_collisions=True,
                ),
                max_request_body_size=65_536,
                # A masked request may be as large as a request.
                max_response_body_size=64 * 1024 * 1024,
            )
        ),
    )


def _host() -> VirtualHost:
    action = RouteAction(cluster=ADMIN_CLUSTER, timeout=seconds(30))
    matches = [
        *(RouteMatch(path=path) for path in COLLECTIONS),
        *(RouteMatch(prefix=f"{path}/") for path in COLLECTIONS),
        *(RouteMatch(prefix=f"/{service}/") for service in SERVICES),
    ]
    return VirtualHost(
        name=ADMIN,
        domains=["*"],
        routes=[
            *(Route(name=match.path or match.prefix or "", match=match, route=action) for match in matches),
            not_found_route(),
        ],
        typed_per_filter_config=listener_extension(ADMIN),
        # ext_authz removes it; a worker has no use for a token either way.
        request_headers_to_remove=["authorization", "cookie"],
    )


def admin_listener(settings: BootstrapSettings, address: str) -> Listener:
    """Return the admin listener at this address."""
    filters = [jwt_filter(settings, [BEARER]), ext_authz_filter(), _transcoder(), router_filter()]
    return http_listener(settings, ADMIN, address, connection_manager(settings, ADMIN, _host(), filters))
