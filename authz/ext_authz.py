"""Envoy's first question: may this caller come in? Claims in, a decision and a verified principal out.

`Check` answers from verified claims and OPA only. Whatever it cannot understand it denies, in the Claude API's error
shape. Both credential headers are removed here; what ext_proc learns of the caller travels as dynamic metadata, which
callers cannot write (envoy-facts: Identity, credential, encodings).
"""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Any

import msgspec
from envoy.config.core.v3 import base_pb2
from envoy.service.auth.v3 import external_auth_pb2 as auth_pb2
from envoy.service.auth.v3 import external_auth_pb2_grpc as auth_grpc
from envoy.type.v3 import http_status_pb2
from google.rpc import code_pb2, status_pb2

from authz.decision import AdminAction, HttpFacts, access_input, admin_input
from authz.errors import GatewayError, Refusal, new_request_id
from authz.identity import ClaimsRefused, Principal, principal_from_claims
from authz.principal_header import HEADER as PRINCIPAL_HEADER
from authz.principal_header import sign

if TYPE_CHECKING:
    from collections.abc import Mapping

    import grpc
    from google.protobuf import struct_pb2

    from authz.identity import ClaimNames
    from authz.policy_client import PolicyClient

JWT_NAMESPACE = "envoy.filters.http.jwt_authn"
CREDENTIALS = ("authorization", "x-api-key")

UNAUTHENTICATED = Refusal(
    401,
    "authentication_error",
    "gateway_unauthenticated",
    "The gateway needs one valid token of its identity provider.",
)

NOT_ADMITTED = Refusal(
    403, "permission_error", "policy_denied", "The policy does not let this caller administer phigate."
)


def plain(value: struct_pb2.Value) -> Any:
    """Return the Python value of a protobuf `Value`."""
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return {key: plain(inner) for key, inner in value.struct_value.fields.items()}
    if kind == "list_value":
        return [plain(inner) for inner in value.list_value.values]
    return None if kind in {None, "null_value"} else getattr(value, kind)


def one_credential(headers: Mapping[str, str]) -> bool:
    """Return whether the caller sent one credential, or the same one twice.

    Envoy joins repeated headers with a comma; a scheme other than Bearer beside a valid `x-api-key` would pass
    jwt_authn unseen.
    """
    tokens = set()
    authorization = headers.get("authorization")
    if authorization is not None:
        scheme, _, token = authorization.partition(" ")
        if scheme != "Bearer" or not token:
            return False
        tokens.add(token)
    if headers.get("x-api-key") is not None:
        tokens.add(headers["x-api-key"])
    return len(tokens) <= 1 and not any("," in token or token.strip() != token for token in tokens)


class ExtAuthz(auth_grpc.AuthorizationServicer):  # type: ignore[misc]
    """The ext_authz service of both listeners."""

    def __init__(self, policy: PolicyClient, names: ClaimNames, admin_key: bytes) -> None:
        self._policy = policy
        self._names = names
        self._admin_key = admin_key

    async def Check(self, request: auth_pb2.CheckRequest, context: grpc.aio.ServicerContext) -> Any:  # noqa: N802
        """Answer Envoy. Every error denies."""
        del context
        attributes = request.attributes
        http = attributes.request.http
        headers = dict(http.headers)
        jwt = attributes.metadata_context.filter_metadata.get(JWT_NAMESPACE)
        if jwt is None or "jwt" not in jwt.fields or not one_credential(headers):
            return denied(UNAUTHENTICATED)
        try:
            principal = principal_from_claims(plain(jwt.fields["jwt"]), self._names)
        except ClaimsRefused:
            return denied(UNAUTHENTICATED)
        if attributes.context_extensions.get("listener") == "admin":
            return await self._admin(principal)
        facts = HttpFacts(http.method, http.path, headers, host=http.host, id=http.id)
        try:
            decision = await self._policy.access(access_input(facts, principal))
        except GatewayError as error:
            return denied(Refusal.of(error))
        if not decision.allow:
            return denied(
                Refusal(
                    403,
                    "permission_error",
                    "policy_denied",
                    "The policy of this gateway does not let this caller use this endpoint.",
                    details={"reason": decision.reason},
                )
            )
        return allowed(principal, decision.revision)

    async def _admin(self, principal: Principal) -> auth_pb2.CheckResponse:
        """Let a caller of the admin listener in; what it may do there each RPC asks for itself."""
        try:
            decision = await self._policy.admin(admin_input(principal, AdminAction.ENTER))
        except GatewayError as error:
            return denied(Refusal.of(error))
        if not decision.allow:
            return denied(NOT_ADMITTED)
        response = auth_pb2.CheckResponse(status=status_pb2.Status(code=code_pb2.OK))
        response.ok_response.headers_to_remove.extend(CREDENTIALS)
        response.ok_response.headers.add(
            header=base_pb2.HeaderValue(
                key=PRINCIPAL_HEADER, value=sign(self._admin_key, principal, now=int(time.time()))
            ),
            append_action=base_pb2.HeaderValueOption.OVERWRITE_IF_EXISTS_OR_ADD,
        )
        return response


def allowed(principal: Principal, revision: str) -> auth_pb2.CheckResponse:
    """Return the answer that lets a request on to ext_proc, with who it comes from as dynamic metadata."""
    response = auth_pb2.CheckResponse(status=status_pb2.Status(code=code_pb2.OK))
    response.ok_response.headers_to_remove.extend(CREDENTIALS)
    fields = response.dynamic_metadata.fields
    fields["decision_id"].string_value = uuid.uuid4().hex
    fields["principal"].string_value = msgspec.json.encode(principal).decode()
    fields["revision"].string_value = revision
    return response


def denied(refusal: Refusal) -> auth_pb2.CheckResponse:
    """Return a denial in the Claude API's shape. Header values go in `value`: `raw_value` came out empty."""
    request_id = new_request_id()
    response = auth_pb2.CheckResponse(status=status_pb2.Status(code=code_pb2.PERMISSION_DENIED))
    response.denied_response.status.code = http_status_pb2.StatusCode.ValueType(refusal.status)
    response.denied_response.body = refusal.body(request_id).decode()
    for key, value in refusal.headers(request_id).items():
        response.denied_response.headers.add(
            header=base_pb2.HeaderValue(key=key, value=value),
            append_action=base_pb2.HeaderValueOption.OVERWRITE_IF_EXISTS_OR_ADD,
        )
    return response
