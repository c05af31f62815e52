"""How both listeners speak HTTP: strictly, with limits, and with nothing of a caller's that only we may say.

Paths are compared as they were sent: normalisation and slash merging are off, so `/v1//messages`, `/v1/./messages` and
`/v1/m%65ssages` are not `/v1/messages` but 404, and escaped slashes are 400. Upgrades, CONNECT and HTTP/1.0 do not
exist. HTTP/1 trailers are let in so that ext_proc sees and refuses them, instead of Envoy dropping them silently.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from envoy_data_plane.envoy.config.accesslog.v3 import AccessLog
from envoy_data_plane.envoy.config.common.mutation_rules.v3 import HeaderMutation as Mutation
from envoy_data_plane.envoy.config.core.v3 import (
    DataSource,
    Http1ProtocolOptions,
    Http2ProtocolOptions,
    HttpProtocolOptions,
    HttpProtocolOptionsHeadersWithUnderscoresAction,
    SubstitutionFormatString,
    TransportSocket,
    TypedExtensionConfig,
)
from envoy_data_plane.envoy.config.listener.v3 import Filter, FilterChain, Listener
from envoy_data_plane.envoy.config.route.v3 import RouteConfiguration
from envoy_data_plane.envoy.extensions.access_loggers.file.v3 import FileAccessLog
from envoy_data_plane.envoy.extensions.filters.common.set_filter_state.v3 import FilterStateValue
from envoy_data_plane.envoy.extensions.filters.http.set_filter_state.v3 import Config as SetFilterState
from envoy_data_plane.envoy.extensions.filters.network.http_connection_manager.v3 import (
    HttpConnectionManager,
    HttpConnectionManagerPathWithEscapedSlashesAction,
    HttpFilter,
)
from envoy_data_plane.envoy.extensions.formatter.req_without_query.v3 import ReqWithoutQuery
from envoy_data_plane.envoy.extensions.http.early_header_mutation.header_mutation.v3 import HeaderMutation
from envoy_data_plane.envoy.extensions.transport_sockets.tls.v3 import (
    CommonTlsContext,
    DownstreamTlsContext,
    TlsCertificate,
    TlsParameters,
    TlsParametersTlsProtocol,
)

from authz.bootstrap.elements import file, json_format, listen_address, packed, seconds
from authz.bootstrap.local_replies import local_replies
from authz.bootstrap.names import EXT_AUTHZ, INGRESS, JWT_AUTHN, JWT_PAYLOAD, PASS_NAMESPACE, REQUEST_ID_STATE

if TYPE_CHECKING:
    from envoy_data_plane.envoy.config.route.v3 import VirtualHost

    from authz.bootstrap.settings import BootstrapSettings

STRIPPED_EARLY = (
    "accept-encoding",  # upstream then answers in plain, which is the only thing that can be inspected
    "cookie",
    "forwarded",
    "proxy-authorization",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-original-url",
    "x-phigate-principal",
    "x-real-ip",
    "x-rewrite-url",
)
"""Headers that no caller may send: internal ones, and ones that could change what some server takes the request for."""


WITHOUT_QUERY = TypedExtensionConfig(name="envoy.formatter.req_without_query", typed_config=packed(ReqWithoutQuery()))
"""Gives the access log `%REQ_WITHOUT_QUERY(…)%`."""


def strip_early() -> TypedExtensionConfig:
    """Return the mutation that runs before routing and every filter."""
    return TypedExtensionConfig(
        name="envoy.http.early_header_mutation.header_mutation",
        typed_config=packed(HeaderMutation(mutations=[Mutation(remove=name) for name in STRIPPED_EARLY])),
    )


def access_log(settings: BootstrapSettings, listener: str) -> AccessLog:
    """Return the JSON access log: who, what and how it ended. No query, no other header, nothing of a body.

    Of callers' requests it has the route's name: an unknown path, or an id within a known one, is a caller's own text.
    """
    asked = {"endpoint": "%ROUTE_NAME%"} if listener == INGRESS else {"path": "%REQ_WITHOUT_QUERY(:PATH):64%"}
    line = {
        "time": "%START_TIME(%Y-%m-%dT%H:%M:%S.%3fZ)%",
        "listener": listener,
        "request_id": f"%FILTER_STATE({REQUEST_ID_STATE}:PLAIN)%",
        "method": "%REQ(:METHOD):16%",
        **asked,
        "protocol": "%PROTOCOL%",
        "code": "%RESPONSE_CODE%",
        "flags": "%RESPONSE_FLAGS%",
        "details": "%RESPONSE_CODE_DETAILS%",
        "received_bytes": "%BYTES_RECEIVED%",
        "sent_bytes": "%BYTES_SENT%",
        "duration_ms": "%DURATION%",
        "caller": "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%",
        "upstream": "%UPSTREAM_CLUSTER%",
        "subject": f"%DYNAMIC_METADATA({JWT_AUTHN}:{JWT_PAYLOAD}:sub)%",
        "tenant": f"%DYNAMIC_METADATA({JWT_AUTHN}:{JWT_PAYLOAD}:{settings.tenant_claim})%",
        "decision_id": f"%DYNAMIC_METADATA({EXT_AUTHZ}:decision_id)%",
        "exchange": f"%DYNAMIC_METADATA({PASS_NAMESPACE}:exchange)%",
    }
    return AccessLog(
        name="envoy.access_loggers.file",
        typed_config=packed(
            FileAccessLog(path=settings.access_log, log_format=json_format(line, formatters=[WITHOUT_QUERY]))
        ),
    )


def remember_request_id() -> HttpFilter:
    """Return the filter that keeps the request id beyond the header's removal; it stands first."""
    value = FilterStateValue(
        object_key=REQUEST_ID_STATE,
        factory_key="envoy.string",
        format_string=SubstitutionFormatString(
            text_format_source=DataSource(inline_string="%REQ(X-REQUEST-ID)%"),
        ),
    )
    return HttpFilter(name=REQUEST_ID_STATE, typed_config=packed(SetFilterState(on_request_headers=[value])))


def connection_manager(
    settings: BootstrapSettings, name: str, virtual_host: VirtualHost, filters: list[HttpFilter]
) -> HttpConnectionManager:
    """Return the HTTP connection manager of one listener."""
    return HttpConnectionManager(
        stat_prefix=name,
        route_config=RouteConfiguration(name=name, virtual_hosts=[virtual_host], validate_clusters=True),
        http_filters=[remember_request_id(), *filters],
        access_log=[access_log(settings, name)],
        local_reply_config=local_replies(),
        early_header_mutation_extensions=[strip_early()],
        server_name="phigate",
        # An edge: x-envoy-* and x-forwarded-* of callers mean nothing.
        use_remote_address=True,
        skip_xff_append=True,
        normalize_path=False,
        merge_slashes=False,
        path_with_escaped_slashes_action=HttpConnectionManagerPathWithEscapedSlashesAction.REJECT_REQUEST,
        max_request_headers_kb=32,
        common_http_protocol_options=HttpProtocolOptions(
            idle_timeout=seconds(600),
            max_headers_count=100,
            headers_with_underscores_action=HttpProtocolOptionsHeadersWithUnderscoresAction.REJECT_REQUEST,
        ),
        http_protocol_options=Http1ProtocolOptions(
            allow_absolute_url=False,
            accept_http_10=False,
            allow_chunked_length=False,
            enable_trailers=True,
        ),
        http2_protocol_options=Http2ProtocolOptions(
            max_concurrent_streams=128,
            initial_stream_window_size=65_536,
            initial_connection_window_size=1_048_576,
            allow_connect=False,
        ),
        stream_error_on_invalid_http_message=False,
        request_headers_timeout=seconds(10),
        # The whole request, so that a trickled body does not hold a stream; a hold begins after it.
        request_timeout=seconds(300),
        # Above the longest hold: a held request is a silent stream.
        stream_idle_timeout=seconds(settings.stream_idle_seconds),
        drain_timeout=seconds(settings.drain_seconds),
    )


def manager_filter(manager: HttpConnectionManager) -> Filter:
    """Return the connection manager as the one network filter of a listener."""
    return Filter(name="envoy.filters.network.http_connection_manager", typed_config=packed(manager))


def http_listener(settings: BootstrapSettings, name: str, address: str, manager: HttpConnectionManager) -> Listener:
    """Return a TCP listener, with TLS if the settings have a certificate.

    The buffer limit stays Envoy's default on purpose: with larger chunks one message outgrew gRPC's 4 MB (measured).
    """
    chain = FilterChain(filters=[manager_filter(manager)])
    if settings.tls_cert_file is not None and settings.tls_key_file is not None:
        chain.transport_socket = TransportSocket(
            name="envoy.transport_sockets.tls",
            typed_config=packed(
                DownstreamTlsContext(
                    common_tls_context=CommonTlsContext(
                        tls_params=TlsParameters(tls_minimum_protocol_version=TlsParametersTlsProtocol.TLSv1_2),
                        alpn_protocols=["h2", "http/1.1"],
                        tls_certificates=[
                            TlsCertificate(
                                certificate_chain=file(settings.tls_cert_file), private_key=file(settings.tls_key_file)
                            )
                        ],
                    )
                )
            ),
        )
    return Listener(name=name, address=listen_address(address), filter_chains=[chain])
