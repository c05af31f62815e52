"""Where Envoy connects to: the workers (one cluster for each role), Claude, and the identity provider's keys.

ext_authz, ext_proc and the admin API have clusters of their own, because held requests keep ext_proc streams open and
must not starve the others of the circuit breaker's slots (measured: 1150 holds of 1150 with 10,000, and a shared
cluster blocked logins at 1024).
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from envoy_data_plane.envoy.config.cluster.v3 import (
    CircuitBreakers,
    CircuitBreakersThresholds,
    Cluster,
    ClusterCommonLbConfig,
    ClusterDiscoveryType,
    ClusterDnsLookupFamily,
    ClusterLbPolicy,
    UpstreamConnectionOptions,
)
from envoy_data_plane.envoy.config.core.v3 import (
    HealthCheck,
    HealthCheckGrpcHealthCheck,
    Http1ProtocolOptions,
    Http2ProtocolOptions,
    KeepaliveSettings,
    TcpKeepalive,
    TransportSocket,
)
from envoy_data_plane.envoy.config.endpoint.v3 import (
    ClusterLoadAssignment,
    Endpoint,
    LbEndpoint,
    LocalityLbEndpoints,
)
from envoy_data_plane.envoy.extensions.transport_sockets.tls.v3 import (
    CertificateValidationContext,
    CommonTlsContext,
    SubjectAltNameMatcher,
    SubjectAltNameMatcherSanType,
    TlsParameters,
    TlsParametersTlsProtocol,
    UpstreamTlsContext,
)
from envoy_data_plane.envoy.extensions.upstreams.http.v3 import (
    HttpProtocolOptions,
    HttpProtocolOptionsAutoHttpConfig,
    HttpProtocolOptionsExplicitHttpConfig,
)
from envoy_data_plane.envoy.type.matcher.v3 import StringMatcher
from envoy_data_plane.envoy.type.v3 import Percent

from authz.bootstrap.elements import file, packed, pipe, seconds, socket_address
from authz.bootstrap.names import ADMIN_CLUSTER, CLAUDE_CLUSTER, EXT_AUTHZ_CLUSTER, EXT_PROC_CLUSTER

if TYPE_CHECKING:
    from envoy_data_plane.envoy.config.core.v3 import Address

    from authz.bootstrap.settings import BootstrapSettings

PROTOCOL_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


def _assignment(name: str, addresses: list[Address]) -> ClusterLoadAssignment:
    return ClusterLoadAssignment(
        cluster_name=name,
        endpoints=[
            LocalityLbEndpoints(lb_endpoints=[LbEndpoint(endpoint=Endpoint(address=each)) for each in addresses])
        ],
    )


def _breakers(connections: int, requests: int) -> CircuitBreakers:
    # Retries stay at zero everywhere: a worker's answer to a request is not repeatable.
    return CircuitBreakers(
        thresholds=[
            CircuitBreakersThresholds(
                max_connections=connections, max_pending_requests=requests, max_requests=requests, max_retries=0
            )
        ]
    )


def _worker_cluster(settings: BootstrapSettings, name: str, policy: ClusterLbPolicy) -> Cluster:
    http2 = Http2ProtocolOptions(
        connection_keepalive=KeepaliveSettings(
            interval=seconds(settings.keepalive_interval), timeout=seconds(settings.keepalive_timeout)
        )
    )
    return Cluster(
        name=name,
        type=ClusterDiscoveryType.STATIC,
        connect_timeout=seconds(1),
        lb_policy=policy,
        load_assignment=_assignment(name, [pipe(path) for path in settings.workers]),
        circuit_breakers=_breakers(1000, settings.max_requests),
        # A dead worker refuses connections and is left out within a second; retry_policy does not help (measured). The
        # gRPC form also leaves out one that says it is not ready or drains. A worker that is merely busy gets 3 s.
        health_checks=[
            HealthCheck(
                timeout=seconds(3),
                interval=seconds(1),
                no_traffic_interval=seconds(1),
                unhealthy_threshold=1,
                healthy_threshold=1,
                grpc_health_check=HealthCheckGrpcHealthCheck(),
            )
        ],
        # Without this Envoy sends requests to workers known to be dead as soon as fewer than half are left.
        common_lb_config=ClusterCommonLbConfig(healthy_panic_threshold=Percent(value=0)),
        typed_extension_protocol_options={
            PROTOCOL_OPTIONS: packed(
                HttpProtocolOptions(
                    explicit_http_config=HttpProtocolOptionsExplicitHttpConfig(http2_protocol_options=http2)
                )
            )
        },
    )


def worker_clusters(settings: BootstrapSettings, *, admin: bool) -> list[Cluster]:
    """Return the clusters of the workers' roles; one worker is one endpoint in each."""
    clusters = [
        _worker_cluster(settings, EXT_AUTHZ_CLUSTER, ClusterLbPolicy.ROUND_ROBIN),
        # Streams live as long as holds do: send new ones to whoever has the fewest.
        _worker_cluster(settings, EXT_PROC_CLUSTER, ClusterLbPolicy.LEAST_REQUEST),
    ]
    if admin:
        clusters.append(_worker_cluster(settings, ADMIN_CLUSTER, ClusterLbPolicy.ROUND_ROBIN))
    return clusters


def _discovery(host: str) -> ClusterDiscoveryType:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return ClusterDiscoveryType.STATIC if host == "localhost" else ClusterDiscoveryType.STRICT_DNS
    return ClusterDiscoveryType.STATIC


def plain_cluster(name: str, host: str, port: int) -> Cluster:
    """Return a cluster of one host that is spoken to in plaintext; the settings allow that for loopback only."""
    return Cluster(
        name=name,
        type=_discovery(host),
        connect_timeout=seconds(2),
        load_assignment=_assignment(name, [socket_address(host, port)]),
    )


def tls_cluster(name: str, host: str, port: int, *, sni: str, ca_file: str) -> Cluster:
    """Return a cluster of one host behind TLS: its chain must verify, and its certificate must carry the very name."""
    kind = SubjectAltNameMatcherSanType.DNS
    try:
        ipaddress.ip_address(sni)
        kind = SubjectAltNameMatcherSanType.IP_ADDRESS
    except ValueError:
        pass
    context = UpstreamTlsContext(
        # RFC 6066 §3: an address is no server name.
        sni=sni if kind is SubjectAltNameMatcherSanType.DNS else "",
        common_tls_context=CommonTlsContext(
            tls_params=TlsParameters(tls_minimum_protocol_version=TlsParametersTlsProtocol.TLSv1_2),
            alpn_protocols=["h2", "http/1.1"],
            validation_context=CertificateValidationContext(
                trusted_ca=file(ca_file),
                match_typed_subject_alt_names=[SubjectAltNameMatcher(san_type=kind, matcher=StringMatcher(exact=sni))],
            ),
        ),
    )
    return Cluster(
        name=name,
        type=_discovery(host),
        connect_timeout=seconds(5),
        dns_lookup_family=ClusterDnsLookupFamily.V4_PREFERRED,
        load_assignment=_assignment(name, [socket_address(host, port)]),
        transport_socket=TransportSocket(name="envoy.transport_sockets.tls", typed_config=packed(context)),
        typed_extension_protocol_options={
            PROTOCOL_OPTIONS: packed(
                HttpProtocolOptions(
                    auto_config=HttpProtocolOptionsAutoHttpConfig(
                        http_protocol_options=Http1ProtocolOptions(), http2_protocol_options=Http2ProtocolOptions()
                    )
                )
            )
        },
    )


def claude_cluster(settings: BootstrapSettings) -> Cluster:
    """Return the cluster that only judged requests reach."""
    upstream = settings.upstream
    if upstream.tls:
        cluster = tls_cluster(
            CLAUDE_CLUSTER, upstream.host, upstream.port, sni=upstream.server_name, ca_file=upstream.ca_file
        )
    else:
        cluster = plain_cluster(CLAUDE_CLUSTER, upstream.host, upstream.port)
    cluster.circuit_breakers = _breakers(settings.max_requests, settings.max_requests)
    # Long silent answers (thinking) cross NATs that forget idle connections.
    cluster.upstream_connection_options = UpstreamConnectionOptions(
        tcp_keepalive=TcpKeepalive(keepalive_probes=3, keepalive_time=60, keepalive_interval=15)
    )
    return cluster
