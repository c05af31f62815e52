"""`phigate approvals`: the queue of requests that wait for a person, for reviewers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from authz.cli.admin_client import AdminClient, admin_client, admin_options, quoted
from authz.cli.table import print_table, printable

if TYPE_CHECKING:
    from pathlib import Path

STATES = ("PENDING", "APPROVED", "CONSUMED", "DONE", "DENIED", "EXPIRED", "CANCELLED", "REVOKED")


@click.group("approvals", context_settings={"help_option_names": ["-h", "--help"]})
def approvals() -> None:
    """List, read and answer requests that wait for a person."""


@approvals.command("list")
@click.option("--only", type=click.Choice(STATES, case_sensitive=False), help="Only requests in this state.")
@admin_options
def list_approvals(
    only: str | None, token: str | None, admin_url: str | None, state: Path, ca_file: str | None, as_json: bool
) -> None:
    """List requests, newest first."""
    client = admin_client(token, admin_url, state, ca_file)
    rows = client.get("/v1/approvals", state=(only or "").upper()).get("approvals", [])
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    elif not rows:
        click.echo("No request waits." if only in {None, "PENDING"} else "There is none.", err=True)
    else:
        _table(rows)


@approvals.command("show")
@click.argument("approval_id")
@admin_options
def show(
    approval_id: str, token: str | None, admin_url: str | None, state: Path, ca_file: str | None, as_json: bool
) -> None:
    """Show one request with the masked text that would go to Claude."""
    found = _read(admin_client(token, admin_url, state, ca_file), approval_id)
    if as_json:
        click.echo(json.dumps(found, indent=2))
    else:
        _card(found)


@approvals.command("approve")
@click.argument("approval_id")
@click.option("--reason", default="", help="Why; kept encrypted.")
@click.option("--version", type=click.IntRange(min=1), help="The version you have read.  [the one shown now]")
@admin_options
def approve(approval_id: str, reason: str, version: int | None, **options: Any) -> None:
    """Say yes: the waiting request goes on."""
    _vote("approve", approval_id, reason, version, **options)


@approvals.command("deny")
@click.argument("approval_id")
@click.option("--reason", default="", help="Why; kept encrypted.")
@click.option("--version", type=click.IntRange(min=1), help="The version you have read.  [the one shown now]")
@admin_options
def deny(approval_id: str, reason: str, version: int | None, **options: Any) -> None:
    """Say no: the waiting request is refused."""
    _vote("deny", approval_id, reason, version, **options)


def _vote(
    verdict: str,
    approval_id: str,
    reason: str,
    version: int | None,
    *,
    token: str | None,
    admin_url: str | None,
    state: Path,
    ca_file: str | None,
    as_json: bool,
) -> None:
    client = admin_client(token, admin_url, state, ca_file)
    if version is None:
        found = _read(client, approval_id)
        version = int(found.get("version", 0))
        if not as_json:
            _card(found)
    after = client.post(f"/v1/approvals/{quoted(approval_id)}:{verdict}", {"version": version, "justification": reason})
    if as_json:
        click.echo(json.dumps(after, indent=2))
    else:
        click.echo(f"{after.get('id')} is now {after.get('state')}.")


def _read(client: AdminClient, approval_id: str) -> dict[str, Any]:
    return client.get(f"/v1/approvals/{quoted(approval_id)}")


def _table(rows: list[dict[str, Any]]) -> None:
    titles = ("ID", "STATE", "REQUESTED BY", "MODEL", "WHY", "FOUND", "EXPIRES")
    print_table(
        titles,
        [
            (
                *(row.get(key, "") for key in ("id", "state", "subject", "model")),
                _why(row),
                _counts(row.get("findings", {})),
                row.get("expires_at", ""),
            )
            for row in rows
        ],
        whole=("ID", "STATE"),
    )


def _why(row: dict[str, Any]) -> str:
    """Return policy's reasons; they name the triggers that matched, which stand alone only where there are none."""
    return ", ".join(row.get("reasons") or row.get("triggers") or [])


def _counts(findings: dict[str, Any]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(findings.items()))


def _card(found: dict[str, Any]) -> None:
    lines = [
        ("id", found.get("id")),
        ("state", f"{found.get('state')} (version {found.get('version')})"),
        ("requested by", found.get("subject")),
        ("model", found.get("model")),
        ("why", _why(found)),
        ("found", _counts(found.get("findings", {}))),
        ("reviewers", f"{', '.join(found.get('reviewers', []))}; {found.get('min_approvals')} needed"),
        ("decided by", ", ".join(found.get("decided_by", []))),
        ("created", found.get("created_at")),
        ("expires", found.get("expires_at")),
    ]
    for name, value in lines:
        click.echo(f"{name:13} {printable(str(value or '-'))}")
    click.echo()
    click.echo(printable(_pretty(found.get("masked_request", ""))))


def _pretty(text: str) -> str:
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except ValueError:
        return text
