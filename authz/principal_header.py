"""The principal header: how ext_authz tells an admin servicer who is calling.

Dynamic metadata does not reach a gRPC servicer behind Envoy's router, so ext_authz writes the verified principal into
the request header `x-phigate-principal`, and the servicer believes nothing else. The value is
`base64url(JSON claims) "." base64url(HMAC-SHA256(key, context || first part))`: only a holder of the admin key can make
one, and it lives for seconds. Envoy strips the header from callers before any filter runs; should that fail, a caller
still cannot sign. Pure: the clock is an argument.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import Annotated, Literal

import msgspec

from authz.identity import MAX_GROUPS, MAX_NAME, Principal

HEADER = "x-phigate-principal"
"""The header's name; gRPC metadata uses the same lower-case name."""

LIFETIME = 30
"""Seconds a header is valid for: longer than any RPC waits in Envoy, too short to be worth stealing."""

SKEW = 5
"""Seconds by which a worker's clock may be behind the one that signed."""

MIN_KEY = 32
"""Shortest accepted key in bytes, the digest's own length (RFC 2104 §3)."""

MAX_HEADER = 131_072
"""Longest header that is looked at, in bytes; Envoy's own limit on all headers is lower."""

_CONTEXT = b"phigate principal header v1\x00"

_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_NAME)]


class PrincipalRefused(ValueError):
    """The header is missing, forged, malformed or expired; the text says which and never shows the value."""


class _Claims(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    tenant: _Name
    issuer: _Name
    subject: _Name
    groups: Annotated[tuple[_Name, ...], msgspec.Meta(max_length=MAX_GROUPS)]
    kind: Literal["human", "service"]
    token_id: _Name
    expires_at: int
    signed_at: int


_ENCODER = msgspec.json.Encoder(order="sorted")
_DECODER = msgspec.json.Decoder(_Claims, strict=True)


def _mac(key: bytes, payload: bytes) -> bytes:
    if len(key) < MIN_KEY:
        raise ValueError(f"the admin key must have at least {MIN_KEY} bytes")
    return hmac.new(key, _CONTEXT + payload, hashlib.sha256).digest()


def _encode(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def sign(key: bytes, principal: Principal, *, now: int) -> str:
    """Return the header value for a verified principal.

    `key` is the admin key of at least 32 bytes (ValueError otherwise), `now` the time in seconds since the epoch. The
    result is ASCII without characters that a header could not carry.
    """
    claims = _Claims(
        tenant=principal.tenant,
        issuer=principal.issuer,
        subject=principal.subject,
        groups=principal.groups,
        kind=principal.kind,
        token_id=principal.token_id,
        expires_at=principal.expires_at,
        signed_at=now,
    )
    payload = _encode(_ENCODER.encode(claims))
    return (payload + b"." + _encode(_mac(key, payload))).decode("ascii")


def verify(key: bytes, header: str | bytes | None, *, now: int) -> Principal:
    """Return the principal that `sign` put in.

    Raises `PrincipalRefused` when the header is absent, not ours, older than `LIFETIME` seconds, from the future beyond
    `SKEW`, or when the token that it was made from has expired. The signature is checked, in constant time, before
    anything in the payload is read.
    """
    if not header:
        raise PrincipalRefused("the principal header is missing")
    try:
        raw = header.encode("ascii") if isinstance(header, str) else header
    except UnicodeEncodeError:
        raise PrincipalRefused("the principal header is malformed") from None
    payload, separator, signature = raw.partition(b".")
    if not separator or len(raw) > MAX_HEADER:
        raise PrincipalRefused("the principal header is malformed")
    # Compared as text: two spellings of one base64 value must not both count.
    if not hmac.compare_digest(signature, _encode(_mac(key, payload))):
        raise PrincipalRefused("the principal header is forged")
    try:
        claims = _DECODER.decode(base64.b64decode(payload + b"=" * (-len(payload) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, msgspec.DecodeError):
        raise PrincipalRefused("the principal header is malformed") from None
    if not -SKEW <= now - claims.signed_at <= LIFETIME:
        raise PrincipalRefused("the principal header has expired")
    if now >= claims.expires_at:
        raise PrincipalRefused("the token behind the principal header has expired")
    return Principal(
        tenant=claims.tenant,
        issuer=claims.issuer,
        subject=claims.subject,
        groups=claims.groups,
        kind=claims.kind,
        token_id=claims.token_id,
        expires_at=claims.expires_at,
    )
