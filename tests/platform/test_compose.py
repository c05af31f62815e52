"""The compose file's shape: what can be proven about it without a container engine."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest
import yaml

from authz.cli import COMMANDS, main
from authz.policy_bundle import opa_command

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("phigate:")}
BOOTSTRAP = (ROOT / "envoy" / "bootstrap.yaml").read_text()


def test_images_are_pinned():
    """Every image has an exact version, and the Dockerfile's OPA is the one that serves."""
    for service in SERVICES.values():
        assert re.search(r":v?\d+\.\d+(\.\d+)?(-[a-z]+)?$", service["image"]), service["image"]
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert f"ARG OPA={SERVICES['opa']['image']}" in dockerfile
    assert re.search(r"^ARG PYTHON=python:3\.\d+\.\d+-", dockerfile, re.MULTILINE)


def test_callers_have_no_way_out_but_envoy():
    """Callers' and inner networks are internal; Envoy alone is on both sides, and alone can reach Claude."""
    assert COMPOSE["networks"]["callers"]["internal"] is True
    assert COMPOSE["networks"]["inside"]["internal"] is True
    on = {name: set(service.get("networks", [])) for name, service in SERVICES.items()}
    assert {name for name, nets in on.items() if "upstream" in nets} == {"envoy"}
    assert {name for name, nets in on.items() if "callers" in nets} == {"envoy", "caller-check"}
    assert on["envoy"] == {"callers", "upstream"}
    for service in SERVICES.values():
        assert "networks" in service or service.get("network_mode") in {"none", "service:opa"}
    assert {name for name, service in SERVICES.items() if service.get("ports")} == {"envoy"}


def test_nothing_listens_to_the_world_unasked():
    """Ports are published on loopback unless the operator says otherwise."""
    for port in SERVICES["envoy"]["ports"]:
        assert port.startswith("${PHIGATE_BIND:-127.0.0.1}:")


def test_secrets_are_files_and_no_environment_holds_one():
    """Every secret is a file, each is used, and only Envoy gets the upstream key."""
    assert all(set(secret) == {"file"} for secret in COMPOSE["secrets"].values())
    used: dict[str, set[str]] = {}
    for name, service in SERVICES.items():
        for secret in service.get("secrets", []):
            used.setdefault(secret if isinstance(secret, str) else secret["source"], set()).add(name)
        for variable, value in service.get("environment", {}).items():
            assert variable.endswith("_FILE") or not re.search("PASSWORD|SECRET|TOKEN|KEY|URL", variable), variable
            assert "://" not in str(value)
    assert used.keys() == COMPOSE["secrets"].keys()
    assert used["anthropic-key"] == {"envoy"}
    assert used["root-key"] == {"worker-0", "worker-1"}
    assert used["database-owner-url"] == {"migrate"}


def test_commands_are_real_entry_points():
    """What containers run are commands of `phigate` with options that exist."""
    assert 'ENTRYPOINT ["phigate"]' in (ROOT / "Dockerfile").read_text()
    context = click.Context(main)
    for name, service in OURS.items():
        command, *rest = service["command"]
        assert command in COMMANDS, name
        known = {option for each in main.get_command(context, command).params for option in each.opts}
        assert {word for word in rest if word.startswith("--")} <= known


def test_opa_is_started_as_the_quickstart_starts_it():
    """One OPA command line for both shapes."""
    expected = opa_command(Path("opa"), "127.0.0.1:8181", Path("/bundle"))
    assert SERVICES["opa"]["command"] == expected[1:]


def test_workers_and_envoy_meet_on_the_sockets_of_the_bootstrap():
    """Each worker's socket is an endpoint of the committed bootstrap, and the other way round."""
    sockets = {
        service["environment"]["PHIGATE_WORKER__SOCKET"] for name, service in SERVICES.items() if "worker" in name
    }
    assert sockets == set(re.findall(r"path: (/run/phigate/w\d+\.sock)", BOOTSTRAP))
    for name in ("worker-0", "worker-1", "envoy"):
        assert SERVICES[name]["user"] == "10001:10001"
        assert "sockets:/run/phigate" in SERVICES[name]["volumes"]


def test_envoys_secrets_are_where_the_bootstrap_looks():
    """The files that the bootstrap names are mounted under just these names."""
    for secret in SERVICES["envoy"]["secrets"]:
        assert secret["target"] in BOOTSTRAP
    assert "./envoy/bootstrap.yaml:/etc/envoy/envoy.yaml:ro" in SERVICES["envoy"]["volumes"]
    ports = {port.rpartition(":")[2] for port in SERVICES["envoy"]["ports"]}
    assert all(f"port_value: {port}" in BOOTSTRAP for port in ports)


def test_worker_settings_exist():
    """Every variable that a container sets is a setting of phigate."""
    from authz.config import Settings

    for service in OURS.values():
        for variable in service.get("environment", {}):
            section, _, key = variable.removeprefix("PHIGATE_").lower().partition("__")
            assert key in Settings.model_fields[section].annotation.model_fields, variable


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"policies", "migrate", "caller-check"}))
def test_services_that_stay_have_a_health_check_and_come_back(name: str):
    """What runs for ever is watched and restarted; what others wait for can say that it is healthy."""
    assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"
    assert SERVICES[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"postgres"}))
def test_containers_have_no_rights_to_spare(name: str):
    """Unprivileged user, read-only files, no capabilities."""
    service = SERVICES[name]
    assert service["user"] == "10001:10001"
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
