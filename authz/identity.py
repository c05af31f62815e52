"""Who is calling: a principal made from verified token claims, and from nothing else.

Envoy's jwt_authn has checked signature, issuer, audience and expiry before these claims arrive as dynamic metadata; no
caller header ever takes part.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_NAME = 256
"""Longest tenant, issuer, subject, group or token id accepted, in characters."""

MAX_GROUPS = 256


class ClaimsRefused(ValueError):
    """The verified claims do not make a principal; the text names the claim, never its value."""


@dataclass(frozen=True, slots=True)
class ClaimNames:
    """Which claims hold what; an OIDC issuer's own names are settings."""

    tenant: str = "tenant"
    groups: str = "groups"
    kind: str = "phigate_kind"
    default_tenant: str = "default"


@dataclass(frozen=True, slots=True)
class Principal:
    """A verified caller. `expires_at` is the token's `exp` in seconds since the epoch."""

    tenant: str
    issuer: str
    subject: str
    groups: tuple[str, ...]
    kind: Literal["human", "service"]
    token_id: str
    expires_at: int

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes two principals the same person: tenant, issuer and subject, never the token."""
        return (self.tenant, self.issuer, self.subject)


def _name(claims: Mapping[str, Any], claim: str, default: str | None = None) -> str:
    value = claims.get(claim, default)
    if not isinstance(value, str) or not value or len(value) > MAX_NAME or not value.isprintable():
        raise ClaimsRefused(f"claim {claim!r} is missing or not a printable string of at most {MAX_NAME} characters")
    return value


def principal_from_claims(claims: Mapping[str, Any], names: ClaimNames | None = None) -> Principal:
    """Return the principal for a verified JWT payload.

    Numbers may arrive as floats, because Envoy's dynamic metadata has only doubles. Raises `ClaimsRefused` when a claim
    that a principal needs is missing or malformed: such a caller is answered 401.
    """
    names = names or ClaimNames()
    groups = claims.get(names.groups, [])
    if isinstance(groups, str):
        groups = groups.split()
    if not isinstance(groups, (list, tuple)) or len(groups) > MAX_GROUPS:
        raise ClaimsRefused(f"claim {names.groups!r} is not a list of at most {MAX_GROUPS} names")
    for group in groups:
        if not isinstance(group, str) or not group or len(group) > MAX_NAME or not group.isprintable():
            raise ClaimsRefused(f"claim {names.groups!r} holds something that is not a name")
    expires = claims.get("exp")
    if isinstance(expires, bool) or not isinstance(expires, (int, float)) or expires <= 0:
        raise ClaimsRefused("claim 'exp' is missing or not a time")
    kind = claims.get(names.kind, "human")
    if kind not in {"human", "service"}:
        raise ClaimsRefused(f"claim {names.kind!r} is neither 'human' nor 'service'")
    return Principal(
        tenant=_name(claims, names.tenant, names.default_tenant),
        issuer=_name(claims, "iss"),
        subject=_name(claims, "sub"),
        groups=tuple(dict.fromkeys(groups)),
        kind=kind,
        token_id=_name(claims, "jti", "-"),
        expires_at=int(expires),
    )
