"""Policies become a bundle only when they compile, fit their schemas and answer; else the old bundle stays."""

from __future__ import annotations

import json
import stat
import subprocess
import tarfile
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from authz.cli import main
from authz.policy_bundle import MAX_SOURCE_BYTES, PolicyRefused, build, bundle_file, opa_command

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def members(bundle: Path) -> dict[str, bytes]:
    with tarfile.open(bundle) as archive:
        return {member.name: archive.extractfile(member).read() for member in archive.getmembers()}  # type: ignore[union-attr]


def append(file: Path, text: str) -> None:
    file.write_text(file.read_text() + text)


def in_site(key: str, value: object) -> Callable[[Path], None]:
    def change(policies: Path) -> None:
        site = policies / "phigate" / "site" / "data.json"
        site.write_text(json.dumps({**json.loads(site.read_text()), key: value}))

    return change


def test_a_bundle_holds_policies_and_data_and_its_revision(policies: Path, opa: Path, tmp_path: Path) -> None:
    """The archive has the Rego without its tests, the site's data, and the revision that `build` returned."""
    revision = build(policies, tmp_path / "bundle", opa)
    held = members(tmp_path / "bundle" / "phigate.tar.gz")
    assert {name.lstrip("/") for name in held} == {
        ".manifest",
        "data.json",
        "phigate/access.rego",
        "phigate/admin.rego",
        "phigate/content.rego",
        "phigate/models.rego",
        "system/authz.rego",
    }
    manifest = json.loads(next(content for name, content in held.items() if name.endswith(".manifest")))
    assert manifest["revision"] == revision
    assert sorted(manifest["roots"]) == ["phigate", "system"]
    assert [file.name for file in (tmp_path / "bundle").iterdir()] == ["phigate.tar.gz"]


def test_paths_may_be_relative(policies: Path, opa: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Policies and target relative to where the command runs mean what they say, and nothing is left beside."""
    monkeypatch.chdir(tmp_path)
    named = CliRunner().invoke(
        main, ["bundle", "--policies", policies.name, "--output", "out"], env={"PHIGATE_OPA": str(opa)}
    )
    assert named.exit_code == 0, named.output
    assert named.stdout.strip() == build(policies, tmp_path / "absolute", opa)
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["phigate.tar.gz"]
    assert members(tmp_path / "out" / "phigate.tar.gz") == members(tmp_path / "absolute" / "phigate.tar.gz")


def test_the_revision_is_of_the_content(policies: Path, opa: Path, tmp_path: Path) -> None:
    """Same sources, same revision; tests, schemas and other files do not count; Rego and data do."""
    first = build(policies, tmp_path / "a.tar.gz", opa)
    (policies / "triggers.yaml").write_text("- id: x\n")
    append(policies / "phigate" / "access_test.rego", "\n# more\n")
    assert build(policies, tmp_path / "b.tar.gz", opa) == first
    assert (tmp_path / "a.tar.gz").read_bytes() == (tmp_path / "b.tar.gz").read_bytes()
    append(policies / "phigate" / "access.rego", "\n# more\n")
    second = build(policies, tmp_path / "b.tar.gz", opa)
    in_site("review_tokens", 7)(policies)
    assert len({first, second, build(policies, tmp_path / "b.tar.gz", opa)}) == 3


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (lambda p: append(p / "phigate/content.rego", "x := \n"), r"phigate/content\.rego:\d+"),
        (
            lambda p: append(p / "phigate/content.rego", "x := input.request.modell\n"),
            r"phigate/content\.rego:\d+.*modell",
        ),
        (lambda p: append(p / "phigate/content.rego", "x := data.phigate.site.reviewtokens\n"), r"content\.rego:\d+"),
        (
            lambda p: append(p / "phigate/content.rego", 'x := net.lookup_ip_addr("h")\n'),
            r"content\.rego:\d+.*undefined",
        ),
        (
            lambda p: append(p / "phigate/content.rego", "x := opa.runtime()\n"),
            r"content\.rego:\d+.*undefined function",
        ),
        (lambda p: append(p / "phigate/content.rego", "x if { y := 1 }\n"), r"content\.rego:\d+"),
        (lambda p: (p / "phigate/site/data.json").write_text("{"), r"phigate/site/data\.json"),
        (in_site("review_tokens", "50000"), r"data\.json: review_tokens"),
        (in_site("review_token", 1), r"data\.json: .*review_token"),
        (in_site("media_effects", {"standard": "alow"}), r"data\.json: media_effects"),
        (lambda p: (p / "phigate/content.rego").unlink(), "undefined"),
        (lambda p: (p / "phigate/models.rego").unlink(), "undefined"),
        (lambda p: (p / "system/authz.rego").unlink(), "undefined"),
        (lambda p: append(p / "system/authz.rego", "allow if true\n"), "malformed question pass: closed"),
        (lambda p: (p / "schemas/site.json").unlink(), "site"),
        (lambda p: (p / ".manifest").unlink(), r"\.manifest"),
        (lambda p: (p / "phigate/big.rego").write_bytes(b"#" * (MAX_SOURCE_BYTES + 1)), r"big\.rego: larger"),
    ],
)
def test_broken_policies_are_refused_and_the_old_bundle_stays(
    policies: Path, opa: Path, tmp_path: Path, spoil: Callable[[Path], None], named: str
) -> None:
    """P04: what does not compile, type-check, stay off the network or answer is named, and changes no file."""
    bundle = tmp_path / "bundle"
    build(policies, bundle, opa)
    before = bundle_file(bundle).read_bytes()
    spoil(policies)
    with pytest.raises(PolicyRefused, match=named):
        build(policies, bundle, opa)
    assert bundle_file(bundle).read_bytes() == before
    assert [file.name for file in bundle.iterdir()] == ["phigate.tar.gz"]


def test_a_policy_that_allows_everything_is_refused(policies: Path, opa: Path, tmp_path: Path) -> None:
    """A decision that says yes to a malformed question never becomes a bundle."""
    (policies / "phigate" / "access.rego").write_text(
        'package phigate.access\n\ndecision := {"allow": true, "reason": "x", "connection": "default"}\n\n'
        "principal_well_formed := true\n\ncaller_allowed := true\n\napplies(_) := true\n"
    )
    with pytest.raises(PolicyRefused, match="malformed question pass: access"):
        build(policies, tmp_path / "bundle", opa)


def test_a_policy_that_shows_models_to_anybody_is_refused(policies: Path, opa: Path, tmp_path: Path) -> None:
    """Models named in the answer to a malformed question stop the bundle as a yes does."""
    rego = policies / "phigate" / "models.rego"
    rego.write_text(rego.read_text().replace('"models": []}', '"models": ["claude-a"]}'))
    with pytest.raises(PolicyRefused, match="malformed question pass: models"):
        build(policies, tmp_path / "bundle", opa)


def test_nothing_to_serve_is_refused(opa: Path, tmp_path: Path) -> None:
    """An empty or missing directory is no policy."""
    (tmp_path / "empty").mkdir()
    for policies in (tmp_path / "empty", tmp_path / "missing"):
        with pytest.raises(PolicyRefused, match="no policies"):
            build(policies, tmp_path / "bundle", opa)


def test_an_opa_that_does_not_run_is_refused(policies: Path, tmp_path: Path) -> None:
    """A missing binary, or one that fails without a word, builds nothing and says which step it was."""
    with pytest.raises(PolicyRefused, match="no-opa"):
        build(policies, tmp_path / "bundle", tmp_path / "no-opa")
    mute = tmp_path / "opa"
    mute.write_text("#!/bin/sh\nexit 3\n")
    mute.chmod(stat.S_IRWXU)
    with pytest.raises(PolicyRefused, match="opa check failed"):
        build(policies, tmp_path / "bundle", mute)


def test_the_command_closes_opas_own_interface(tmp_path: Path, opa: Path) -> None:
    """Authorization is on, telemetry off, the archive watched, and every flag is one this OPA knows."""
    command = opa_command(opa, "127.0.0.1:1", tmp_path)
    assert {"--authorization=basic", "--skip-version-check", "--watch", "--addr=127.0.0.1:1"} <= set(command)
    assert command[-1] == str(tmp_path / "phigate.tar.gz")
    said = subprocess.run([*command, "--help"], capture_output=True, text=True, check=True)
    assert "unknown flag" not in said.stderr
