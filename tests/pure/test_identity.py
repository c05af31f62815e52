"""Principals come from verified claims, exactly."""

from __future__ import annotations

import pytest

from authz.identity import ClaimNames, ClaimsRefused, principal_from_claims

GOOD = {"iss": "https://idp.example", "sub": "ann", "exp": 2_000_000_000.0, "groups": ["clinicians", "clinicians"]}


def test_claims_become_a_principal():
    """Metadata's doubles are read as seconds, doubled groups count once, the tenant has a default."""
    principal = principal_from_claims(GOOD)
    assert principal.key == ("default", "https://idp.example", "ann")
    assert principal.groups == ("clinicians",)
    assert principal.expires_at == 2_000_000_000
    assert principal.kind == "human"


def test_claim_names_are_settings():
    """An issuer may call its claims what it likes."""
    names = ClaimNames(tenant="org", groups="roles", kind="typ")
    principal = principal_from_claims({**GOOD, "org": "north", "roles": "a b", "typ": "service"}, names)
    assert (principal.tenant, principal.groups, principal.kind) == ("north", ("a", "b"), "service")


@pytest.mark.parametrize(
    "change",
    [
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "a\nb"},
        {"sub": "x" * 257},
        {"iss": None},
        {"exp": None},
        {"exp": True},
        {"exp": 0},
        {"exp": "2000000000"},
        {"groups": {"a": 1}},
        {"groups": [1]},
        {"groups": ["g"] * 300},
        {"phigate_kind": "robot"},
        {"tenant": ["a"]},
    ],
)
def test_malformed_claims_are_refused_without_their_value(change):
    """A claim that is missing or of the wrong kind gives no principal, and its value is not repeated."""
    with pytest.raises(ClaimsRefused) as refused:
        principal_from_claims({**GOOD, **change})
    assert "a\nb" not in str(refused.value)
