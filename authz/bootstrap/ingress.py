"""The listener that callers use, and the order in which its filters stand.

    phigate.request_id    remembers Envoy's id of the request
    jwt_authn             who
    rbac phigate.endpoints   a known method and path, else 404; one reading of each credential header, else 401; both
                          before a body is read
    ext_authz             may they, and what are they called from here on
    ext_proc              the whole request judged and masked; headers are answered, with metadata, after the verdict
    rbac phigate.gate     only requests with that metadata, whatever happened to ext_proc
    credential_injector   the upstream key, after everything that could refuse
    router

No filter stands between ext_proc and the gate, and no route turns a filter off; `lint` refuses both (H22).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from envoy_data_plane.envoy.config.core.v3 import (
    ApiVersion,
    ConfigSource,
    GrpcService,
    GrpcServiceEnvoyGrpc,
    PathConfigSource,
    TypedExtensionConfig,
    WatchedDirectory,
)
from envoy_data_plane.envoy.config.rbac.v3 import (
    MetadataSource,
    Permission,
    PermissionSet,
    Policy,
    Principal,
    Rbac,
    RbacAction,
    SourcedMetadata,
)
from envoy_data_plane.envoy.config.route.v3 import (
    DirectResponseAction,
    HeaderMatcher,
    Route,
    RouteAction,
    RouteMatch,
    VirtualHost,
)
from envoy_data_plane.envoy.extensions.filters.http.credential_injector.v3 import CredentialInjector
from envoy_data_plane.envoy.extensions.filters.http.ext_authz.v3 import CheckSettings, ExtAuthz, ExtAuthzPerRoute
from envoy_data_plane.envoy.extensions.filters.http.ext_proc.v3 import (
    ExternalProcessor,
    ExternalProcessorRouteCacheAction,
    MetadataOptions,
    MetadataOptionsMetadataNamespaces,
    ProcessingMode,
    ProcessingModeBodySendMode,
    ProcessingModeHeaderSendMode,
)
from envoy_data_plane.envoy.extensions.filters.http.rbac.v3 import Rbac as RbacFilter
from envoy_data_plane.envoy.extensions.filters.http.router.v3 import Router
from envoy_data_plane.envoy.extensions.filters.network.http_connection_manager.v3 import HttpFilter
from envoy_data_plane.envoy.extensions.http.injected_credentials.generic.v3 import Generic
from envoy_data_plane.envoy.extensions.transport_sockets.tls.v3 import SdsSecretConfig
from envoy_data_plane.envoy.type.matcher.v3 import (
    MetadataMatcher,
    MetadataMatcherPathSegment,
    PathMatcher,
    RegexMatcher,
    StringMatcher,
    ValueMatcher,
)
from envoy_data_plane.envoy.type.v3 import HttpStatus, StatusCode

from authz.bootstrap.connection import connection_manager, http_listener
from authz.bootstrap.elements import packed, seconds
from authz.bootstrap.identity_filter import API_KEY, BEARER, jwt_filter
from authz.bootstrap.local_replies import AMBIGUOUS_CREDENTIAL, UNKNOWN_ENDPOINT
from authz.bootstrap.names import (
    CLAUDE_CLUSTER,
    CREDENTIAL_INJECTOR,
    ENDPOINT_GATE,
    EXT_AUTHZ,
    EXT_AUTHZ_CLUSTER,
    EXT_PROC,
    EXT_PROC_CLUSTER,
    INGRESS,
    JWT_AUTHN,
    LISTENER_KEY,
    PASS_GATE,
    PASS_KEY,
    PASS_NAMESPACE,
    PASS_VALUE,
    ROUTER,
    SECRET_NAME,
)
from authz.exchange.endpoints import ENDPOINTS

if TYPE_CHECKING:
    from envoy_data_plane.envoy.config.listener.v3 import Listener
    from envoy_data_plane.google.protobuf import Any as PackedAny

    from authz.bootstrap.settings import BootstrapSettings
    from authz.exchange.endpoints import Endpoint

NOT_FOR_UPSTREAM = (
    "authorization",
    "cookie",
    "x-envoy-expected-rq-timeout-ms",
    "x-envoy-external-address",
    "x-envoy-internal",
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-phigate-principal",
    "x-phigate-session",
    "x-request-id",
)
"""Removed by the router itself, as the net under ext_proc's allow-list. `x-api-key` is not here: the injector has just
written ours over whatever was there."""


ONE_TOKEN = r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+"  # noqa: S105  # a shape, not a token
"""A compact JWS (RFC 7515 §7.1) and nothing else."""


def _grpc(cluster: str, timeout: float | None = None) -> GrpcService:
    return GrpcService(
        envoy_grpc=GrpcServiceEnvoyGrpc(cluster_name=cluster), timeout=None if timeout is None else seconds(timeout)
    )


def ext_authz_filter() -> HttpFilter:
    """Return the filter that asks our Check; it refuses with 503 when nobody answers."""
    return HttpFilter(
        name=EXT_AUTHZ,
        typed_config=packed(
            ExtAuthz(
                transport_api_version=ApiVersion.V3,
                grpc_service=_grpc(EXT_AUTHZ_CLUSTER, timeout=2),
                failure_mode_allow=False,
                status_on_error=HttpStatus(code=StatusCode.ServiceUnavailable),
                metadata_context_namespaces=[JWT_AUTHN],
                clear_route_cache=False,
                # A header that our own service got wrong is a fault, not something to pass on.
                validate_mutations=True,
            )
        ),
    )


def listener_extension(name: str) -> dict[str, PackedAny]:
    """Return the per-host setting that tells Check which listener is asking."""
    return {EXT_AUTHZ: packed(ExtAuthzPerRoute(check_settings=CheckSettings(context_extensions={LISTENER_KEY: name})))}


def ext_proc_filter() -> HttpFilter:
    """Return the filter that hands every byte to our Process, both ways.

    `message_timeout` is not enforced in FULL_DUPLEX_STREAMED (documented and measured): Process keeps its own
    deadlines. `allow_content_length_header` stays off: a stale length smuggled a second request (measured).
    """
    send = ProcessingModeHeaderSendMode.SEND
    full_duplex = ProcessingModeBodySendMode.FULL_DUPLEX_STREAMED
    return HttpFilter(
        name=EXT_PROC,
        typed_config=packed(
            ExternalProcessor(
                grpc_service=_grpc(EXT_PROC_CLUSTER),
                failure_mode_allow=False,
                status_on_error=HttpStatus(code=StatusCode.ServiceUnavailable),
                message_timeout=seconds(10),
                processing_mode=ProcessingMode(
                    request_header_mode=send,
                    response_header_mode=send,
                    request_body_mode=full_duplex,
                    response_body_mode=full_duplex,
                    request_trailer_mode=send,
                    response_trailer_mode=send,
                ),
                request_attributes=["source.address", "request.id"],
                metadata_options=MetadataOptions(
                    forwarding_namespaces=MetadataOptionsMetadataNamespaces(untyped=[JWT_AUTHN, EXT_AUTHZ]),
                    receiving_namespaces=MetadataOptionsMetadataNamespaces(untyped=[PASS_NAMESPACE]),
                ),
                route_cache_action=ExternalProcessorRouteCacheAction.RETAIN,
            )
        ),
    )


def _present_but_not(name: str, regex: str) -> Permission:
    shape = StringMatcher(safe_regex=RegexMatcher(regex=regex))
    return Permission(
        and_rules=PermissionSet(
            rules=[
                Permission(header=HeaderMatcher(name=name, present_match=True)),
                Permission(not_rule=Permission(header=HeaderMatcher(name=name, string_match=shape))),
            ]
        )
    )


def _path_of(endpoint: Endpoint) -> StringMatcher:
    """Return the matcher of an endpoint's whole path; Envoy leaves out the query, and anchors the pattern."""
    pattern = endpoint.path_pattern
    if pattern is None:
        return StringMatcher(exact=endpoint.path)
    return StringMatcher(safe_regex=RegexMatcher(regex=pattern))


def endpoint_gate() -> HttpFilter:
    """Return the filter that refuses unknown endpoints and ambiguous credentials.

    It denies what is *not* listed, instead of allowing what is: only then does the policy's name reach
    `response.code_details`, from which the 404 is made. Credentials are here because jwt_authn is lenient (measured):
    it takes `xxBearer <token>`, and lets `Authorization: Basic` stand beside a good x-api-key. Two good tokens, in the
    two headers or in one header sent twice, are ext_authz's to refuse: Envoy cannot compare them (ADR 0005).
    """
    known = [
        Permission(
            and_rules=PermissionSet(
                rules=[
                    Permission(header=HeaderMatcher(name=":method", string_match=StringMatcher(exact=endpoint.method))),
                    Permission(url_path=PathMatcher(path=_path_of(endpoint))),
                ]
            )
        )
        for endpoint in ENDPOINTS
    ]
    unknown = Permission(not_rule=Permission(or_rules=PermissionSet(rules=known)))
    credentials = [
        _present_but_not("authorization", f"Bearer {ONE_TOKEN}"),
        _present_but_not("x-api-key", ONE_TOKEN),
    ]
    rules = Rbac(
        action=RbacAction.DENY,
        policies={
            UNKNOWN_ENDPOINT: Policy(permissions=[unknown], principals=[Principal(any=True)]),
            AMBIGUOUS_CREDENTIAL: Policy(permissions=credentials, principals=[Principal(any=True)]),
        },
    )
    return HttpFilter(name=ENDPOINT_GATE, typed_config=packed(RbacFilter(rules=rules)))


def pass_gate() -> HttpFilter:
    """Return the second net: only what ext_proc has marked passes.

    It catches a Process stream that ended without a verdict, and ext_proc failing open because its client could not be
    created (envoy#45188; an unknown cluster name passes `--mode validate`).
    """
    marked = Permission(
        sourced_metadata=SourcedMetadata(
            metadata_matcher=MetadataMatcher(
                filter=PASS_NAMESPACE,
                path=[MetadataMatcherPathSegment(key=PASS_KEY)],
                value=ValueMatcher(string_match=StringMatcher(exact=PASS_VALUE)),
            ),
            metadata_source=MetadataSource.DYNAMIC,
        )
    )
    rules = Rbac(
        action=RbacAction.ALLOW,
        policies={"judged": Policy(permissions=[marked], principals=[Principal(any=True)])},
    )
    return HttpFilter(name=PASS_GATE, typed_config=packed(RbacFilter(rules=rules)))


def credential_filter(settings: BootstrapSettings) -> HttpFilter:
    """Return the filter that writes the upstream key; Python never sees it, and config_dump redacts it."""
    secret = SdsSecretConfig(
        name=SECRET_NAME,
        sds_config=ConfigSource(
            resource_api_version=ApiVersion.V3,
            path_config_source=PathConfigSource(
                path=settings.secret_file, watched_directory=WatchedDirectory(path=settings.secret_dir)
            ),
        ),
    )
    return HttpFilter(
        name=CREDENTIAL_INJECTOR,
        typed_config=packed(
            CredentialInjector(
                overwrite=True,
                allow_request_without_credential=False,
                credential=TypedExtensionConfig(
                    name="envoy.http.injected_credentials.generic",
                    typed_config=packed(Generic(credential=secret, header="x-api-key")),
                ),
            )
        ),
    )


def router_filter() -> HttpFilter:
    """Return the last filter; it adds no x-envoy-* headers in either direction."""
    return HttpFilter(name=ROUTER, typed_config=packed(Router(suppress_envoy_headers=True)))


def ingress_filters(settings: BootstrapSettings) -> list[HttpFilter]:
    """Return the filters in their order."""
    return [
        jwt_filter(settings, [BEARER, API_KEY]),
        endpoint_gate(),
        ext_authz_filter(),
        ext_proc_filter(),
        pass_gate(),
        credential_filter(settings),
        router_filter(),
    ]


def _match(endpoint: Endpoint) -> RouteMatch:
    method = HeaderMatcher(name=":method", string_match=StringMatcher(exact=endpoint.method))
    pattern = endpoint.path_pattern
    if pattern is None:
        return RouteMatch(path=endpoint.path, headers=[method])
    return RouteMatch(safe_regex=RegexMatcher(regex=pattern), headers=[method])


def not_found_route() -> Route:
    """Return the route for everything else; local_reply_config gives the 404 its body."""
    return Route(name="unknown", match=RouteMatch(prefix="/"), direct_response=DirectResponseAction(status=404))


def ingress_host(settings: BootstrapSettings) -> VirtualHost:
    """Return the routes: the endpoints to Claude, nothing else to anywhere."""
    action = RouteAction(
        cluster=CLAUDE_CLUSTER,
        host_rewrite_literal=settings.upstream.authority,
        # 0: an answer may stream for as long as it is not silent (the default of 15 s cut SSE, measured).
        timeout=seconds(0),
        idle_timeout=seconds(settings.stream_idle_seconds),
    )
    routes = [Route(name=endpoint.name, match=_match(endpoint), route=action) for endpoint in ENDPOINTS]
    return VirtualHost(
        name=CLAUDE_CLUSTER,
        domains=["*"],
        routes=[*routes, not_found_route()],
        request_headers_to_remove=list(NOT_FOR_UPSTREAM),
        typed_per_filter_config=listener_extension(INGRESS),
    )


def ingress_listener(settings: BootstrapSettings) -> Listener:
    """Return the callers' listener."""
    manager = connection_manager(settings, INGRESS, ingress_host(settings), ingress_filters(settings))
    return http_listener(settings, INGRESS, settings.listen, manager)
