"""What makes an Envoy configuration unsafe for PHI, whoever wrote it.

`--mode validate` accepts configurations that fail open: an ext_proc cluster that does not exist (envoy#45188), a route
that turns a filter off, a gate in the wrong place. `lint` refuses those. It reads the plain document, so that it can
judge a bootstrap of another make or age; what it cannot see (routes from RDS, filters from ECDS) is one too. Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from authz.bootstrap.lint_gate import gate_problems
from authz.bootstrap.names import CREDENTIAL_INJECTOR, EXT_AUTHZ, EXT_PROC, JWT_AUTHN, RBAC, ROUTER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TYPES = {
    "JwtAuthentication": JWT_AUTHN,
    "ExtAuthz": EXT_AUTHZ,
    "ExternalProcessor": EXT_PROC,
    "RBAC": RBAC,
    "CredentialInjector": CREDENTIAL_INJECTOR,
    "Router": ROUTER,
}
"""The last part of a filter's type -> the filter; names are free text in Envoy, types are not."""

FULL_DUPLEX = "FULL_DUPLEX_STREAMED"
BODY_MODES = ("request_body_mode", "response_body_mode")
SENT = ("request_header_mode", "response_header_mode", "request_trailer_mode", "response_trailer_mode")


def lint(bootstrap: str | Mapping[str, Any]) -> list[str]:
    """Return every reason not to trust this bootstrap, as one line each; an empty list means none was found.

    Takes the YAML or JSON text, or the document. Field names may be in snake or camel case.
    """
    if isinstance(bootstrap, str):
        try:
            loaded = yaml.safe_load(bootstrap)
        except yaml.YAMLError:
            return ["the bootstrap is not YAML"]
    else:
        loaded = bootstrap
    document = _snake(loaded)
    if not isinstance(document, dict):
        return ["the bootstrap is not an object"]
    resources = document.get("static_resources") or {}
    clusters = {str(cluster.get("name")) for cluster in resources.get("clusters") or []}
    managers = list(_managers(resources))
    guarded = [(name, manager) for name, manager in managers if EXT_PROC in map(_kind, _filters(manager))]
    if not guarded:
        return ["no listener runs ext_proc: nothing is inspected"]
    problems: list[str] = []
    behind_gate: set[str] = set()
    for name, manager in guarded:
        problems += [f"{name}: {problem}" for problem in _manager_problems(manager, clusters)]
        behind_gate |= set(_routed(manager))
    for name, manager in managers:
        if EXT_PROC not in map(_kind, _filters(manager)):
            problems += [
                f"{name}: routes to cluster '{cluster}' without ext_proc"
                for cluster in sorted(set(_routed(manager)) & behind_gate)
            ]
            if CREDENTIAL_INJECTOR in map(_kind, _filters(manager)):
                problems.append(f"{name}: injects the upstream key without ext_proc")
    return problems


def _snake(value: Any) -> Any:
    if isinstance(value, dict):
        return {_snake_key(str(key)): _snake(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_snake(each) for each in value]
    return value


def _snake_key(key: str) -> str:
    if not key.isidentifier() or key.isupper():
        return key
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in key)


def _managers(resources: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for listener in resources.get("listeners") or []:
        chains = [*(listener.get("filter_chains") or []), listener.get("default_filter_chain") or {}]
        for chain in chains:
            for network_filter in chain.get("filters") or []:
                config = network_filter.get("typed_config") or {}
                if str(config.get("@type", "")).endswith(".HttpConnectionManager"):
                    yield str(listener.get("name", "listener")), config


def _filters(manager: Mapping[str, Any]) -> list[dict[str, Any]]:
    return manager.get("http_filters") or []


def _kind(http_filter: Mapping[str, Any]) -> str:
    type_name = str((http_filter.get("typed_config") or {}).get("@type", "")).rpartition(".")[2]
    return TYPES.get(type_name, str(http_filter.get("name", "")))


def _hosts(manager: Mapping[str, Any]) -> list[dict[str, Any]]:
    return (manager.get("route_config") or {}).get("virtual_hosts") or []


def _routed(manager: Mapping[str, Any]) -> Iterator[str]:
    for host in _hosts(manager):
        for route in host.get("routes") or []:
            action = route.get("route") or {}
            if "cluster" in action:
                yield str(action["cluster"])
            for weighted in (action.get("weighted_clusters") or {}).get("clusters") or []:
                yield str(weighted.get("name"))


def _manager_problems(manager: Mapping[str, Any], clusters: set[str]) -> list[str]:
    filters = _filters(manager)
    problems = gate_problems([(_kind(each), each) for each in filters])
    for http_filter in filters:
        kind = _kind(http_filter)
        config = http_filter.get("typed_config") or {}
        name = str(http_filter.get("name", kind))
        if http_filter.get("disabled") or http_filter.get("is_optional"):
            problems.append(f"{name}: is disabled or optional")
        if "config_discovery" in http_filter:
            problems.append(f"{name}: comes from ECDS and cannot be checked")
        if kind in {EXT_AUTHZ, EXT_PROC}:
            problems += [f"{name}: {problem}" for problem in _service_problems(config, clusters)]
        if kind == EXT_PROC:
            problems += [f"{name}: {problem}" for problem in _mode_problems(config)]
    # Envoy looks per-route settings up by the filter's name, and in older forms by its kind.
    named = {str(each.get("name")) for each in filters} | set(map(_kind, filters))
    return [*problems, *_route_problems(manager, named)]


def _service_problems(config: Mapping[str, Any], clusters: set[str]) -> Iterator[str]:
    if config.get("failure_mode_allow"):
        yield "failure_mode_allow lets requests pass when the service does not answer"
    grpc = (config.get("grpc_service") or {}).get("envoy_grpc") or {}
    cluster = grpc.get("cluster_name")
    if cluster is None:
        yield "names no envoy_grpc cluster"
    elif cluster not in clusters:
        yield f"cluster '{cluster}' does not exist; Envoy accepts that and may fail open"
    for key in ("filter_enabled", "filter_enabled_metadata", "shadow_mode", "with_request_body"):
        if config.get(key):
            yield f"{key} must not be set"


def _mode_problems(config: Mapping[str, Any]) -> Iterator[str]:
    mode = config.get("processing_mode") or {}
    for key in BODY_MODES:
        if mode.get(key) != FULL_DUPLEX:
            yield f"{key} must be {FULL_DUPLEX}"
    for key in SENT:
        default = "DEFAULT" if "header" in key else "SKIP"
        if mode.get(key, default) not in ({"SEND", "DEFAULT"} if "header" in key else {"SEND"}):
            yield f"{key} must be SEND"
    for key in (
        "allow_mode_override",
        "observability_mode",
        "allow_content_length_header",
        "disable_immediate_response",
    ):
        if config.get(key):
            yield f"{key} must not be set"
    receiving = ((config.get("metadata_options") or {}).get("receiving_namespaces") or {}).get("untyped") or []
    if "phigate" not in receiving:
        yield "does not receive the metadata namespace that the gate reads"


def _route_problems(manager: Mapping[str, Any], names: set[str]) -> Iterator[str]:
    if "rds" in manager or "scoped_routes" in manager:
        yield "routes come from RDS and cannot be checked"
    route_config = manager.get("route_config") or {}
    places: list[tuple[str, Mapping[str, Any]]] = [("route_config", route_config)]
    for host in _hosts(manager):
        places.append((f"host {host.get('name')}", host))
        for route in host.get("routes") or []:
            places.append((f"route {route.get('name') or route.get('match')}", route))
            weighted = ((route.get("route") or {}).get("weighted_clusters") or {}).get("clusters") or []
            places += [(f"route {route.get('name')} weight {each.get('name')}", each) for each in weighted]
            action = route.get("route") or {}
            for key in ("upgrade_configs", "request_mirror_policies", "internal_redirect_policy", "cluster_header"):
                if action.get(key):
                    yield f"route {route.get('name')}: {key} must not be set"
    if manager.get("upgrade_configs"):
        yield "upgrade_configs must not be set: upgraded bytes are not inspected"
    for place, element in places:
        for name, override in (element.get("typed_per_filter_config") or {}).items():
            if name in names and not _only_context(override):
                yield f"{place}: changes or turns off the filter '{name}'"


def _only_context(override: Any) -> bool:
    """Return whether a per-route setting does nothing but name the listener to ext_authz."""
    if not isinstance(override, dict) or not str(override.get("@type", "")).endswith(".ExtAuthzPerRoute"):
        return False
    settings = override.get("check_settings") or {}
    return override.keys() <= {"@type", "check_settings"} and settings.keys() <= {"context_extensions"}
