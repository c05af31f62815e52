"""The names that Envoy's configuration and the service share: clusters, metadata, headers.

`ext_authz`, `ext_proc` and the lint use the same ones; a name that only one side changes would close the gate.
"""

from __future__ import annotations

JWT_AUTHN = "envoy.filters.http.jwt_authn"
EXT_AUTHZ = "envoy.filters.http.ext_authz"
EXT_PROC = "envoy.filters.http.ext_proc"
RBAC = "envoy.filters.http.rbac"
CREDENTIAL_INJECTOR = "envoy.filters.http.credential_injector"
TRANSCODER = "envoy.filters.http.grpc_json_transcoder"
ROUTER = "envoy.filters.http.router"

ENDPOINT_GATE = "phigate.endpoints"
"""The rbac filter that knows the endpoints, before anything else is asked."""

PASS_GATE = "phigate.gate"  # noqa: S105  # a filter's name
"""The rbac filter behind ext_proc that lets through what ext_proc marked, and nothing else."""

REQUEST_ID_STATE = "phigate.request_id"
"""Filter state with the request id that Envoy made, for the access log and Envoy's own errors."""

PASS_NAMESPACE = "phigate"  # noqa: S105  # a metadata namespace
PASS_KEY = "pass"  # noqa: S105  # a metadata key
PASS_VALUE = "yes"  # noqa: S105  # a metadata value

JWT_PAYLOAD = "jwt"
"""Key of the verified claims in jwt_authn's dynamic metadata."""

LISTENER_KEY = "listener"
INGRESS = "ingress"
ADMIN = "admin"
"""Values of the ext_authz context extension `listener`."""

CLAUDE_CLUSTER = "claude"
EXT_AUTHZ_CLUSTER = "ext_authz"
EXT_PROC_CLUSTER = "ext_proc"
ADMIN_CLUSTER = "admin"
JWKS_CLUSTER = "jwks"

SECRET_NAME = "anthropic_key"  # noqa: S105  # the SDS resource's name
"""Name of the upstream key in the SDS file."""
