"""The order of filters that lint asks for, and what counts as the gate behind ext_proc."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from authz.bootstrap.names import (
    CREDENTIAL_INJECTOR,
    EXT_AUTHZ,
    EXT_PROC,
    JWT_AUTHN,
    PASS_KEY,
    PASS_NAMESPACE,
    PASS_VALUE,
    RBAC,
    ROUTER,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

BEHIND = frozenset({RBAC, CREDENTIAL_INJECTOR, ROUTER})
"""What may stand behind ext_proc: nothing that changes a body, a route or the metadata."""


def gate_problems(filters: Sequence[tuple[str, Mapping[str, Any]]]) -> list[str]:
    """Return what is wrong with the order of these (kind, filter) pairs."""
    return list(_problems([kind for kind, _ in filters], filters))


def _problems(kinds: list[str], filters: Sequence[tuple[str, Mapping[str, Any]]]) -> Iterator[str]:
    for kind in (JWT_AUTHN, EXT_AUTHZ):
        if kind not in kinds:
            yield f"{kind} is missing"
        elif kinds.index(kind) > kinds.index(EXT_PROC):
            yield f"{kind} stands behind ext_proc"
    if JWT_AUTHN in kinds and EXT_AUTHZ in kinds and kinds.index(JWT_AUTHN) > kinds.index(EXT_AUTHZ):
        yield "ext_authz stands before jwt_authn: nobody is known yet"
    if kinds.count(EXT_PROC) != 1:
        yield "ext_proc appears more than once"
    processor = kinds.index(EXT_PROC)
    if not kinds or kinds[-1] != ROUTER:
        yield "the last filter is not the router"
    gates = [
        index for index, (kind, each) in enumerate(filters) if kind == RBAC and index > processor and is_gate(each)
    ]
    if not gates:
        yield "no rbac gate on ext_proc's verdict stands between ext_proc and the router"
    if CREDENTIAL_INJECTOR in kinds and kinds.index(CREDENTIAL_INJECTOR) < (gates[0] if gates else len(kinds)):
        yield "the upstream key is injected before the gate"
    for kind in kinds[processor + 1 :]:
        if kind not in BEHIND:
            yield f"{kind} stands behind ext_proc, where it sees or changes what was judged"


def is_gate(http_filter: Mapping[str, Any]) -> bool:
    """Return whether this rbac filter passes requests that ext_proc marked, and no others."""
    config = http_filter.get("typed_config") or {}
    rules = config.get("rules") or {}
    policies = rules.get("policies") or {}
    # ALLOW is protobuf's default and may be left out. Policies are alternatives: each one must ask for the mark.
    if rules.get("action", "ALLOW") not in {"ALLOW", 0} or not policies:
        return False
    return all(
        isinstance(policy, dict)
        and policy.get("permissions")
        and all(_asks_for_mark(each) for each in policy["permissions"])
        for policy in policies.values()
    )


def _asks_for_mark(permission: Any) -> bool:
    if not isinstance(permission, dict):
        return False
    if "and_rules" in permission:
        return any(_asks_for_mark(each) for each in (permission["and_rules"] or {}).get("rules") or [])
    sourced = permission.get("sourced_metadata") or {}
    matcher = sourced.get("metadata_matcher") or permission.get("metadata") or {}
    return (
        sourced.get("metadata_source", "DYNAMIC") in {"DYNAMIC", 0}
        and matcher.get("filter") == PASS_NAMESPACE
        and [each.get("key") for each in matcher.get("path") or []] == [PASS_KEY]
        and ((matcher.get("value") or {}).get("string_match") or {}).get("exact") == PASS_VALUE
        and not matcher.get("invert")
    )
