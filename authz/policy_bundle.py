"""From a directory of policies to the one file that OPA serves, or a refusal that leaves the old file where it was.

The sources are copied first and only the copy is checked, hashed and built, so that an editor's save in between cannot
slip past the check. The bundle is a single archive, put in place by one rename: OPA's `--watch` then swaps policy, data
and revision in one transaction (measured, docs/adr/0004-opa-bundle.md). What a policy may call is phigate's to say and
not the policy's: the capabilities are always the shipped ones, without network, randomness and environment.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from authz.assets import policies_dir
from authz.errors import GatewayError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

BUNDLE_NAME = "phigate.tar.gz"

MAX_SOURCE_BYTES = 4 * 1024 * 1024
"""Largest policy or data file that is taken."""

_OPA_SECONDS = 60
_DATA_NAMES = frozenset({"data.json", "data.yaml", "data.yml"})
"""What OPA reads from a bundle besides Rego."""

_PROBE = """{
    "site": json.match_schema(data.phigate.site, input)[1],
    "access": data.phigate.access.decision.allow,
    "content": data.phigate.content.decision.effect,
    "models": count(data.phigate.models.decision.models) > 0,
    "admin": data.phigate.admin.decision.allow,
    "closed": data.system.authz.allow,
}"""
"""Asked of the policies before they are built. The site's schema serves as the input: no decision may allow such a
thing, and every decision must give an answer."""


class PolicyRefused(GatewayError):
    """The policies cannot be served; the detail names files and lines. The old bundle is untouched."""

    error_code = "policy_refused"
    public = "The policies were refused, the old ones stay in force."


def bundle_file(target: Path) -> Path:
    """Return the archive's path: `target` itself when it is named like one, else a fixed name in that directory."""
    return target if target.name.endswith(".tar.gz") else target / BUNDLE_NAME


def opa_command(opa: Path, addr: str, bundle: Path) -> list[str]:
    """Return the command line that serves a bundle made by `build` on `addr` (host:port).

    `--authorization=basic` makes OPA ask `system.authz`, without which anyone on loopback may rewrite policy.
    """
    return [
        str(opa),
        "run",
        "--server",
        f"--addr={addr}",
        "--authorization=basic",
        "--skip-version-check",
        "--log-level=error",
        "--watch",
        "--bundle",
        str(bundle_file(bundle)),
    ]


def build(policies: Path, target: Path, opa: Path) -> str:
    """Check the policies, put their bundle in place of the old one and return its revision.

    Raises `PolicyRefused` when a file does not compile, does not fit the schemas, calls what is forbidden, when the
    site's data is not as the schema says, or when a decision would be undefined.
    """
    file = bundle_file(target).absolute()  # OPA runs in the copy's directory, where a relative path is another one
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".bundle-", dir=file.parent) as scratch:
        sources = Path(scratch, "sources")
        revision = _copy_sources(policies, sources)
        _check(opa, sources)
        built = Path(scratch, BUNDLE_NAME)
        _opa(
            opa,
            [
                "build",
                "--bundle",
                ".",
                "--ignore=schemas",
                f"--revision={revision}",
                f"--output={built}",
                _capabilities(),
            ],
            sources,
        )
        with built.open("rb") as archive:
            os.fsync(archive.fileno())
        built.replace(file)
    return revision


def bundle_revision(target: Path) -> str | None:
    """Return the revision of the bundle that is there, None when there is none or it cannot be read."""
    try:
        with tarfile.open(bundle_file(target)) as archive:
            manifests = [member for member in archive if member.name.strip("/") == ".manifest"]
            opened = archive.extractfile(manifests[0]) if manifests else None
            found = json.loads(opened.read(MAX_SOURCE_BYTES)).get("revision") if opened else None
    except (OSError, tarfile.TarError, ValueError, AttributeError):
        return None
    return found if isinstance(found, str) else None


def check(policies: Path, opa: Path, progress: Callable[[str], None]) -> None:
    """Check policies with their tests as CI does: format, types, coverage of 100 %. Raises `PolicyRefused`."""
    rego = [str(file.relative_to(policies)) for file in sorted(policies.rglob("*.rego"))]
    progress(f"opa fmt: {len(rego)} files")
    _opa(opa, ["fmt", "--list", "--fail", *rego], policies)
    progress("opa check --strict")
    _opa(opa, ["check", "--strict", "--schema=schemas", _capabilities(), "--bundle", "."], policies)
    progress("opa test: coverage of 100 %")
    said = _opa(opa, ["test", _capabilities(), "--bundle", "."], policies)
    progress(said.strip().splitlines()[-1])
    _opa(opa, ["test", "--coverage", "--threshold=100", _capabilities(), "--bundle", "."], policies)
    with tempfile.TemporaryDirectory(prefix="phigate-policies-") as scratch:
        build(policies, Path(scratch), opa)


def _copy_sources(policies: Path, copy: Path) -> str:
    """Copy what a bundle is made of, and return the revision: a digest over names and bytes, tests excluded."""
    digest = hashlib.sha256()
    names = sorted(_source_names(policies))
    if not any(name.endswith(".rego") for name in names):
        raise PolicyRefused(f"{policies}: there are no policies")
    for name in names:
        content = _read(policies / name)
        _write(copy / name, content)
        digest.update(b"%d:%s%d:" % (len(name.encode()), name.encode(), len(content)))
        digest.update(content)
    for name in [".manifest", *(f"schemas/{file.name}" for file in policies.glob("schemas/*.json"))]:
        _write(copy / name, _read(policies / name))
    return "sha256:" + digest.hexdigest()[:32]


def _source_names(policies: Path) -> list[str]:
    names = []
    for file in policies.rglob("*"):
        relative = file.relative_to(policies)
        hidden = any(part.startswith(".") for part in relative.parts)
        rego = file.suffix == ".rego" and not file.stem.endswith("_test")
        if not hidden and (rego or file.name in _DATA_NAMES) and file.is_file():
            names.append(relative.as_posix())
    return names


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_SOURCE_BYTES + 1)
    except OSError as error:
        raise PolicyRefused(f"{file}: {error.strerror}") from None
    if len(content) > MAX_SOURCE_BYTES:
        raise PolicyRefused(f"{file}: larger than {MAX_SOURCE_BYTES} bytes")
    return content


def _write(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)


def _check(opa: Path, sources: Path) -> None:
    _opa(opa, ["check", "--strict", "--schema=schemas", _capabilities(), "--bundle", "."], sources)
    probe = ["eval", "--format=json", "--bundle=.", "--input=schemas/site.json", _PROBE]
    answer: dict[str, Any] = json.loads(_opa(opa, probe, sources))
    found = answer.get("result")
    if not found:
        raise PolicyRefused(
            "one of the decisions of phigate.access, .content, .models, .admin or system.authz is undefined"
        )
    said = found[0]["expressions"][0]["value"]
    if said["site"]:
        raise PolicyRefused("\n".join(sorted({f"phigate/site/data.json: {p['error']}" for p in said["site"]})))
    open_to_all = [room for room in ("access", "models", "admin", "closed") if said[room] is not False]
    if open_to_all or said["content"] != "deny":
        raise PolicyRefused(f"the policies let a malformed question pass: {', '.join(open_to_all) or 'content'}")


def _capabilities() -> str:
    return f"--capabilities={policies_dir() / 'capabilities.json'}"


def _opa(opa: Path, arguments: Sequence[str], directory: Path) -> str:
    """Run OPA in `directory` and return what it printed; its own messages name files relative to it, and lines."""
    try:
        ran = subprocess.run(
            [shutil.which(opa) or str(opa), *arguments],
            cwd=directory,
            capture_output=True,
            text=True,
            timeout=_OPA_SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        raise PolicyRefused(f"opa {arguments[0]} did not end within {_OPA_SECONDS} s") from None
    except OSError as error:
        raise PolicyRefused(f"{opa}: {error.strerror}") from None
    if ran.returncode != 0:
        said = f"{ran.stdout}\n{ran.stderr}".strip()
        raise PolicyRefused(said[-4000:] or f"opa {arguments[0]} failed")
    return ran.stdout
