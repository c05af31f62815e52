"""`phigate bundle`: policies checked and made into the archive that OPA serves, for deployments with their own OPA."""

from __future__ import annotations

from pathlib import Path

import click

_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command("bundle")
@click.option("--policies", type=_FOLDER, help="Rego and site data.  [the settings', else the shipped ones]")
@click.option("--output", type=_FOLDER, required=True, help="Folder for the archive; replaced in one step.")
def bundle(policies: Path | None, output: Path) -> None:
    """Check policies and build OPA's bundle; print its revision.

    Policies that do not compile, do not fit their schemas, or let a malformed question pass are refused, and the
    archive that is there stays.
    """
    from authz.config import load_settings
    from authz.opa_binary import opa_path
    from authz.policy_bundle import build

    opa = opa_path(progress=lambda line: click.echo(f"phigate: {line}", err=True))
    source = policies or load_settings(complete=False).masking.rules
    click.echo(build(source, output, opa))
