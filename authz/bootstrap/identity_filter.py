"""jwt_authn: who is calling, decided by Envoy from the token and nothing else.

Exact issuer and audience, algorithms as the JWKS pins them per key, expiry required, no `allow_missing`. Envoy fetches
only the configured JWKS URL, follows no redirects and ignores key hints in a token's header. The verified payload goes
into dynamic metadata; the caller's credential headers stay until ext_authz has compared them (ADR 0005).
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from envoy_data_plane.envoy.config.core.v3 import HttpUri, RetryPolicy
from envoy_data_plane.envoy.config.route.v3 import RouteMatch
from envoy_data_plane.envoy.extensions.filters.http.jwt_authn.v3 import (
    JwksAsyncFetch,
    JwtAuthentication,
    JwtHeader,
    JwtProvider,
    JwtRequirement,
    RemoteJwks,
    RequirementRule,
)
from envoy_data_plane.envoy.extensions.filters.network.http_connection_manager.v3 import HttpFilter

from authz.bootstrap.clusters import plain_cluster, tls_cluster
from authz.bootstrap.elements import file, packed, seconds
from authz.bootstrap.names import JWKS_CLUSTER, JWT_AUTHN, JWT_PAYLOAD
from authz.bootstrap.settings import HTTP_PORT, HTTPS_PORT

if TYPE_CHECKING:
    from envoy_data_plane.envoy.config.cluster.v3 import Cluster

    from authz.bootstrap.settings import BootstrapSettings

PROVIDER = "idp"

BEARER = JwtHeader(name="Authorization", value_prefix="Bearer ")
API_KEY = JwtHeader(name="x-api-key")
"""Where older SDKs and Claude Code put the credential."""

JWKS_CACHE = 300
"""Seconds until a fetched key set is fetched again: how long a withdrawn key lives on."""


def jwt_filter(settings: BootstrapSettings, headers: list[JwtHeader]) -> HttpFilter:
    """Return the filter that lets in only verified tokens, taken from these headers."""
    provider = JwtProvider(
        issuer=settings.issuer,
        audiences=[settings.audience],
        require_expiration=True,
        from_headers=headers,
        payload_in_metadata=JWT_PAYLOAD,
        # Both credential headers have to reach ext_authz, which refuses two different ones and removes both.
        forward=True,
    )
    if settings.jwks_file is not None:
        provider.local_jwks = file(settings.jwks_file)
    else:
        provider.remote_jwks = RemoteJwks(
            http_uri=HttpUri(uri=settings.jwks_uri or "", cluster=JWKS_CLUSTER, timeout=seconds(5)),
            cache_duration=seconds(JWKS_CACHE),
            # The listener waits for the first fetch; afterwards the last good set serves while a fetch fails.
            async_fetch=JwksAsyncFetch(failed_refetch_duration=seconds(1)),
            retry_policy=RetryPolicy(num_retries=2),
        )
    return HttpFilter(
        name=JWT_AUTHN,
        typed_config=packed(
            JwtAuthentication(
                providers={PROVIDER: provider},
                rules=[RequirementRule(match=RouteMatch(prefix="/"), requires=JwtRequirement(provider_name=PROVIDER))],
            )
        ),
    )


def jwks_clusters(settings: BootstrapSettings) -> list[Cluster]:
    """Return the cluster that a remote key set is fetched from, or none for a local file."""
    if settings.jwks_uri is None:
        return []
    parts = urlsplit(settings.jwks_uri)
    host = parts.hostname or ""
    if parts.scheme == "http":
        return [plain_cluster(JWKS_CLUSTER, host, parts.port or HTTP_PORT)]
    return [tls_cluster(JWKS_CLUSTER, host, parts.port or HTTPS_PORT, sni=host, ca_file=settings.jwks_ca_file)]
