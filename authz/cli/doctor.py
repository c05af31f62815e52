"""`phigate doctor`: a line for each check, and an exit code that a script can use.

Exit codes: 0 when nothing failed (warnings do not count), 1 when a check failed.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command("doctor")
@click.option(
    "--state", type=_FOLDER, default=Path(".phigate"), envvar="PHIGATE_STATE", show_default=True, help="State folder."
)
@click.option(
    "--policies",
    type=_FOLDER,
    help="Rego, rules and profiles.  [the running stack's, else the settings', else the shipped ones]",
)
@click.option(
    "--egress", metavar="HOST:PORT", default="api.anthropic.com:443", show_default=True, help="Claude itself."
)
@click.option("--as-caller", is_flag=True, help="This is where callers are: reaching Claude from here is a failure.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of lines.")
def doctor(state: Path, policies: Path | None, egress: str, as_caller: bool, as_json: bool) -> None:
    """Check this machine, its settings and the running stack, a line each.

    Nothing is installed and nothing is changed. One connection to --egress is tried; nothing is sent on it.
    """
    from authz.cli.checkup import Finding, Status, Subject, examine
    from authz.config import split_address

    try:
        split_address(egress)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--egress") from None
    found: list[Finding] = []
    for finding in examine(Subject(state, policies, egress, as_caller)):
        found.append(finding)
        if not as_json:
            _show(finding.check, finding.status, finding.detail)
    failed = any(finding.status is Status.FAIL for finding in found)
    if as_json:
        checks = [{"check": each.check, "status": each.status.value, "detail": each.detail} for each in found]
        print(json.dumps({"ok": not failed, "checks": checks}))
    sys.exit(1 if failed else 0)


def _show(check: str, status: str, detail: str) -> None:
    colour = {"ok": "green", "warn": "yellow", "fail": "red"}[status]
    click.echo(f"{click.style(f'{status:<4}', fg=colour)}  {check:<12}  {detail}")
