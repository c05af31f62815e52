"""`phigate approvals`: the queue of requests that wait for a person, for reviewers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from authz.cli.admin_client import AdminClient, admin_client, admin_options, print_json, quoted
from authz.cli.narration import counted, first_reason, short_model, time_left
from authz.cli.reading import readable
from authz.cli.table import print_table, printable

if TYPE_CHECKING:
    from pathlib import Path

STATES = ("PENDING", "APPROVED", "CONSUMED", "DONE", "DENIED", "EXPIRED", "CANCELLED", "REVOKED")
_SAID = {"approve": "approved", "deny": "denied"}


@click.group("approvals", context_settings={"help_option_names": ["-h", "--help"]})
def approvals() -> None:
    """List, read and answer requests that wait for a person."""


@approvals.command("list")
@click.option("--only", type=click.Choice(STATES, case_sensitive=False), help="Only requests in this state.")
@admin_options
def list_approvals(
    only: str | None, token: str | None, admin_url: str | None, state: Path, ca_file: str | None, as_json: bool
) -> None:
    """List requests, newest first.

    LEFT is how long a request may still wait, or, once approved, be sent.
    """
    client = admin_client(token, admin_url, state, ca_file)
    rows = client.get("/v1/approvals", state=(only or "").upper()).get("approvals", [])
    if as_json:
        print_json(rows)
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
    """Show one request with the masked text that would go to Claude.

    Text is printed as text. What nobody can read (base64, signatures) and definitions of tools are left to --json.
    """
    found = _read(admin_client(token, admin_url, state, ca_file), approval_id)
    if as_json:
        print_json(found)
    else:
        _card(found)


@approvals.command("approve")
@click.argument("approval_id")
@click.option("--reason", default="", help="Why; kept encrypted.")
@click.option("--version", type=click.IntRange(min=1), help="The version you have read.  [as it is now]")
@admin_options
def approve(approval_id: str, reason: str, version: int | None, **options: Any) -> None:
    """Say yes: the waiting request goes on.

    With --version, a request that has changed since you read it is left alone.
    """
    _vote("approve", approval_id, reason, version, **options)


@approvals.command("deny")
@click.argument("approval_id")
@click.option("--reason", default="", help="Why; kept encrypted.")
@click.option("--version", type=click.IntRange(min=1), help="The version you have read.  [as it is now]")
@admin_options
def deny(approval_id: str, reason: str, version: int | None, **options: Any) -> None:
    """Say no: the waiting request is refused.

    With --version, a request that has changed since you read it is left alone.
    """
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
        version = int(_read(client, approval_id).get("version", 0))
    after = client.post(f"/v1/approvals/{quoted(approval_id)}:{verdict}", {"version": version, "justification": reason})
    if as_json:
        print_json(after)
        return
    waits = f"; it still waits, {after.get('min_approvals')} are needed" if after.get("state") == "PENDING" else ""
    click.echo(printable(f"{_SAID[verdict]} {after.get('id')} (version {version}){waits}"))


def _read(client: AdminClient, approval_id: str) -> dict[str, Any]:
    return client.get(f"/v1/approvals/{quoted(approval_id)}")


def _table(rows: list[dict[str, Any]]) -> None:
    now = datetime.now(UTC)
    print_table(
        ("ID", "STATE", "BY", "MODEL", "LEFT", "WHY"),
        [
            (
                row.get("id", ""),
                row.get("state", ""),
                row.get("subject", ""),
                short_model(row.get("model", "")),
                time_left(row, now),
                first_reason(row),
            )
            for row in rows
        ],
        whole=("ID", "STATE", "LEFT"),
        names=("BY", "MODEL"),
    )


def _card(found: dict[str, Any]) -> None:
    lines = [
        ("id", found.get("id")),
        ("state", f"{found.get('state')} (version {found.get('version')})"),
        ("requested by", found.get("subject")),
        ("model", found.get("model")),
        ("why", ", ".join(found.get("reasons") or found.get("triggers") or [])),
        ("found", counted(found.get("findings", {}))),
        ("reviewers", f"{', '.join(found.get('reviewers', []))}; {found.get('min_approvals')} needed"),
        ("decided by", ", ".join(found.get("decided_by", []))),
        ("created", found.get("created_at")),
        ("expires", found.get("expires_at")),
    ]
    for name, value in lines:
        click.echo(f"{name:13} {printable(str(value or '-'))}")
    click.echo()
    click.echo(printable(readable(found.get("masked_request", ""))))
