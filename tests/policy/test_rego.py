"""The shipped policies hold to what CI asks of them: format, strict types, full coverage, nothing from outside."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from authz.assets import policies_dir
from authz.policy_bundle import PolicyRefused, check

if TYPE_CHECKING:
    from pathlib import Path

FORBIDDEN = {"http.send", "net.lookup_ip_addr", "opa.runtime", "rand.intn", "uuid.rfc4122", "print", "trace"}


def run(opa: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([opa, *arguments], cwd=policies_dir(), capture_output=True, text=True, check=False)


def test_rego_is_formatted(opa: Path) -> None:
    """`opa fmt --diff` has nothing to say."""
    ran = run(opa, "fmt", "--diff", "--fail", "phigate", "system")
    assert (ran.returncode, ran.stdout) == (0, ""), ran.stdout


def test_rego_type_checks(opa: Path) -> None:
    """`opa check --strict` against the schemas of input and site, within the capabilities."""
    ran = run(opa, "check", "--strict", "--schema=schemas", "--capabilities=capabilities.json", "--bundle", ".")
    assert ran.returncode == 0, ran.stderr


def test_rego_is_tested_to_the_last_line(opa: Path) -> None:
    """`opa test` passes, and covers every line of every policy."""
    ran = run(opa, "test", "--format=json", "--bundle", ".")
    results = json.loads(ran.stdout)
    assert len(results) >= 35
    assert not [result["name"] for result in results if result.get("fail") or result.get("error")]
    report = json.loads(run(opa, "test", "--coverage", "--bundle", ".").stdout)
    assert report["coverage"] == 100
    assert {name for name, of in report["files"].items() if of.get("not_covered")} == set()


def test_capabilities_reach_nothing_outside() -> None:
    """P04: no built-in that talks to the network, reads the environment or gives another answer each time."""
    capabilities = json.loads((policies_dir() / "capabilities.json").read_text())
    names = {builtin["name"] for builtin in capabilities["builtins"]}
    assert not names & FORBIDDEN
    assert not [
        builtin["name"]
        for builtin in capabilities["builtins"]
        if re.match(r"(http|net\.lookup|opa)\.", builtin["name"])
    ]
    assert capabilities["allow_net"] == []
    assert "regex.match" in names


def test_entry_points_are_annotated(opa: Path) -> None:
    """The four decisions are entry points with a title, and each package names its schema."""
    ran = run(opa, "inspect", "--annotations", "--format=json", ".")
    annotations = json.loads(ran.stdout)["annotations"]
    entry = {
        "/".join(part["value"] for part in found["path"][1:])
        for found in annotations
        if found["annotations"].get("entrypoint") and found["annotations"].get("title")
    }
    assert entry == {f"phigate/{room}/decision" for room in ("access", "content", "models", "admin")}


def test_check_is_what_make_runs(opa: Path) -> None:
    """The one command of `make` reports each step and ends with the tests passed."""
    said: list[str] = []
    check(policies_dir(), opa, said.append)
    assert said[-1].startswith("PASS: ")


def test_rego_tests_stand_on_the_site_as_shipped(opa: Path) -> None:
    """The site that the Rego tests bring along is the shipped one, value for value."""
    ran = run(opa, "eval", "--format=raw", "--bundle", ".", "data.phigate.fixtures_test.site")
    assert json.loads(ran.stdout) == json.loads((policies_dir() / "phigate/site/data.json").read_text())


def test_a_site_may_change_its_data_and_still_check(policies: Path, opa: Path) -> None:
    """The shipped Rego tests pass, with their full coverage, whatever a site has decided."""
    site = policies / "phigate" / "site" / "data.json"
    own = {
        "caller_groups": ["physicians"],
        "endpoints": [{"method": "POST", "path": "/v1/messages"}],
        "default_profile": "safe-harbor",
        "profile_rules": [],
        "allowed_models": ["claude-opus-.*"],
        "allowed_betas": [],
        "allowed_features": [],
        "allowed_tool_types": ["custom"],
        "review_tokens": 7,
        "default_trigger_effect": "deny",
        "trigger_effects": {"bulk_record": "allow"},
        "default_media_effect": "deny",
        "approval": {"reviewers": ["board"], "min_approvals": 2, "expires_in": 60},
        "admin_roles": [{"groups": ["board"], "actions": ["approvals.show"]}],
        "owner_actions": [],
    }
    site.write_text(json.dumps({**json.loads(site.read_text()), **own}))
    said: list[str] = []
    check(policies, opa, said.append)
    assert said[-1].startswith("PASS: ")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("x:=1\n", "access.rego"),
        ('\nuncovered if input.principal.kind == "robot"\n', "100"),
    ],
)
def test_check_refuses_bad_form_and_missing_tests(policies: Path, opa: Path, text: str, named: str) -> None:
    """Unformatted or untested Rego fails the check with a word that says why."""
    file = policies / "phigate" / "access.rego"
    file.write_text(file.read_text() + text)
    with pytest.raises(PolicyRefused, match=named):
        check(policies, opa, lambda _: None)
