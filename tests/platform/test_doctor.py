from __future__ import annotations

import json
import os
import shutil
import socket
from pathlib import Path

import pytest
from click.testing import CliRunner

from authz.cli import main
from authz.cli.checkup import Finding, Status, Subject, examine
from authz.opa_binary import opa_path
from authz.policy_bundle import build, bundle_revision
from authz.quickstart.recipes import write_private

ROOT = Path(__file__).resolve().parents[2]
CANARY = "hunter2-canary"


@pytest.fixture
def nowhere():
    """Hold an address on which nobody listens: bound, so that nobody else takes it."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{held.getsockname()[1]}"


def findings(state: Path, egress: str, *, policies: Path | None = None, as_caller: bool = False) -> dict[str, Finding]:
    return {each.check: each for each in examine(Subject(state, policies, egress, as_caller))}


def test_an_idle_machine_has_no_failure(tmp_path: Path, nowhere: str):
    """Without a stack doctor warns of what it could not look at, fails nothing, and checks rules and versions."""
    found = findings(tmp_path / "state", nowhere)
    assert {name for name, each in found.items() if each.status is Status.FAIL} == set()
    for name in ("versions", "settings", "recognizers", "egress"):
        assert found[name].status is Status.OK, found[name]
    for name in ("database", "envoy config", "stack"):
        assert found[name].status is Status.WARN, found[name]
    assert not (tmp_path / "state").exists()


def test_json_is_one_object_and_the_exit_code_follows_it(tmp_path: Path, nowhere: str):
    """`--json` prints one object with every check; exit code 0 belongs to `ok: true`."""
    ran = CliRunner().invoke(main, ["doctor", "--json", "--state", str(tmp_path / "s"), "--egress", nowhere])
    document = json.loads(ran.stdout)
    assert (ran.exit_code, document["ok"]) == (0, True)
    assert [check["check"] for check in document["checks"]] == [
        "versions", "settings", "envoy", "opa", "bundle", "recognizers", "database", "envoy config", "stack", "egress",
    ]  # fmt: skip
    assert all(set(check) == {"check", "status", "detail"} for check in document["checks"])


@pytest.mark.parametrize(("as_caller", "status", "code"), [(False, Status.WARN, 0), (True, Status.FAIL, 1)])
def test_a_way_around_the_gateway_is_found(tmp_path: Path, as_caller: bool, status: Status, code: int):
    """Where Claude can be reached directly doctor says so; from a caller's place that is a failure."""
    with socket.create_server(("127.0.0.1", 0)) as claude:
        address = f"127.0.0.1:{claude.getsockname()[1]}"
        command = ["doctor", "--state", str(tmp_path / "s"), "--egress", address, *(["--as-caller"] * as_caller)]
        ran = CliRunner().invoke(main, command)
    line = ran.stdout.splitlines()[-1]
    assert line.split()[:2] == [status.value, "egress"]
    assert ran.exit_code == code


def test_wrong_settings_are_lines_of_their_own(tmp_path: Path, nowhere: str, monkeypatch):
    """Each fault of the settings is a failed line with its key; values do not appear."""
    monkeypatch.setenv("PHIGATE_GATEWAY__HOLD_SECONDS", "9999")
    monkeypatch.setenv("PHIGATE_DATABASE__PASWORD", CANARY)
    ran = CliRunner().invoke(main, ["doctor", "--state", str(tmp_path / "s"), "--egress", nowhere])
    failed = [line.split(None, 2)[2] for line in ran.stdout.splitlines() if line.startswith("fail")]
    assert [line.partition(":")[0] for line in failed] == ["database.pasword", "gateway.hold_seconds"]
    assert ran.exit_code == 1
    assert CANARY not in ran.output


def test_broken_rules_are_named(tmp_path: Path, nowhere: str):
    """A recognizer file that does not load is a failure that names the file."""
    policies = tmp_path / "policies"
    shutil.copytree(ROOT / "policies", policies)
    (policies / "triggers.yaml").write_text("- nonsense: [")
    found = findings(tmp_path / "s", nowhere, policies=policies)
    assert found["recognizers"].status is Status.FAIL
    assert "triggers.yaml" in found["recognizers"].detail


def test_the_stacks_own_policies_are_looked_at(tmp_path: Path, nowhere: str):
    """Without --policies doctor reads those that the running stack was given, and compares with what it serves now."""
    state, policies = tmp_path / "s", tmp_path / "policies"
    state.mkdir()
    shutil.copytree(ROOT / "policies", policies)
    served = build(policies, state / "bundle", opa_path())
    assert bundle_revision(state / "bundle") == served
    write_private(state / "up.json", json.dumps({"policies": str(policies), "policy_revision": "sha256:at-the-start"}))
    found = findings(state, nowhere)["bundle"]
    assert (found.status, found.detail.split()[0]) == (Status.OK, served)
    site = policies / "phigate" / "site" / "data.json"
    site.write_text(site.read_text().replace("50000", "7"))
    found = findings(state, nowhere)["bundle"]
    assert found.status is Status.WARN
    assert f"still serves {served}" in found.detail
    found = findings(state, nowhere, policies=ROOT / "policies")["bundle"]
    assert (found.status, found.detail.split()[0]) == (Status.OK, served)
    site.write_text(site.read_text().replace("7", "8"))
    shutil.copytree(policies, tmp_path / "other")
    found = findings(state, nowhere, policies=tmp_path / "other")["bundle"]
    assert found.detail.endswith(f"the stack serves {served} from {policies}")


@pytest.mark.parametrize("content", [None, b"", b"no archive"])
def test_a_bundle_that_is_none_has_no_revision(tmp_path: Path, content: bytes | None):
    """A missing or broken archive is no revision rather than an error."""
    if content is not None:
        (tmp_path / "phigate.tar.gz").write_bytes(content)
    assert bundle_revision(tmp_path) is None


def test_an_old_envoy_is_a_failure(tmp_path: Path, nowhere: str, monkeypatch):
    """An Envoy below the fixed releases fails with its version and the floors."""
    fake = tmp_path / "envoy"
    fake.write_text("#!/bin/sh\necho 'envoy  version: abc/1.38.3/Clean/RELEASE/BoringSSL'\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PHIGATE_ENVOY", str(fake))
    found = findings(tmp_path / "s", nowhere)["envoy"]
    assert (found.status, found.detail.split()[0]) == (Status.FAIL, "1.38.3")
    assert "1.38.4" in found.detail


def test_a_stack_that_died_is_told(tmp_path: Path, nowhere: str):
    """A state directory whose processes are gone fails with their names."""
    state = tmp_path / "s"
    state.mkdir()
    write_private(state / "up.json", json.dumps({"pids": {"envoy": 2**22 + 1, "self": os.getpid()}}))
    found = findings(state, nowhere)["stack"]
    assert (found.status, found.detail) == (Status.FAIL, "not running: envoy")


@pytest.mark.stack
def test_a_running_stack_passes_every_check(stack, nowhere: str):
    """Against a real stack every check is ok: binaries, bundle, rules, database, Envoy's configuration, workers."""
    ran = stack.phigate("doctor", "--json", "--state", str(stack.state), "--egress", nowhere)
    document = json.loads(ran.stdout)
    assert {check["check"]: check["status"] for check in document["checks"]} == dict.fromkeys(
        (
            "versions",
            "settings",
            "envoy",
            "opa",
            "bundle",
            "recognizers",
            "database",
            "envoy config",
            "stack",
            "egress",
        ),
        "ok",
    )
    assert "synchronous_commit=on" in ran.stdout
