"""`phigate sessions`: conversations and what happened in them, for auditors (and for everyone about their own)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from authz.cli.admin_client import admin_client, admin_options, quoted
from authz.cli.table import print_table, printable

if TYPE_CHECKING:
    from pathlib import Path


@click.group("sessions", context_settings={"help_option_names": ["-h", "--help"]})
def sessions() -> None:
    """List conversations and read what happened in them."""


@sessions.command("list")
@click.option("--limit", type=click.IntRange(1, 500), default=100, show_default=True, help="At most this many.")
@click.option("--before", default="", help="Only older ones: the last id of the page before.")
@admin_options
def list_sessions(
    limit: int,
    before: str,
    token: str | None,
    admin_url: str | None,
    state: Path,
    ca_file: str | None,
    as_json: bool,
) -> None:
    """List sessions, newest first."""
    client = admin_client(token, admin_url, state, ca_file)
    rows = client.get("/v1/sessions", limit=limit, before=before).get("sessions", [])
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    elif not rows:
        click.echo("There is no session yet.", err=True)
    else:
        print_table(
            ("ID", "SUBJECT", "PROFILE", "STATE", "EXCHANGES", "LAST"),
            [
                [row.get(key, "") for key in ("id", "subject", "profile", "state", "exchanges", "last_at")]
                for row in rows
            ],
        )


@sessions.command("show")
@click.argument("session_id")
@admin_options
def show(
    session_id: str, token: str | None, admin_url: str | None, state: Path, ca_file: str | None, as_json: bool
) -> None:
    """Show what happened in one session, in order."""
    client = admin_client(token, admin_url, state, ca_file)
    story = client.get(f"/v1/sessions/{quoted(session_id)}")
    if as_json:
        click.echo(json.dumps(story, indent=2))
        return
    session = story.get("session", {})
    for key in ("id", "subject", "profile", "state", "created_at", "last_at", "exchanges"):
        click.echo(f"{key.replace('_', ' '):13} {printable(str(session.get(key, '-')))}")
    click.echo()
    print_table(
        ("TIME", "EVENT", "EXCHANGE", "FACTS"),
        [
            [entry.get("time", ""), entry.get("kind", ""), entry.get("exchange", ""), _facts(entry.get("header", {}))]
            for entry in story.get("entries", [])
        ],
        whole=("TIME", "EVENT"),
    )


def _facts(header: dict[str, Any]) -> str:
    return " ".join(
        f"{key}={value if isinstance(value, str) else json.dumps(value, separators=(',', ':'))}"
        for key, value in sorted(header.items())
        if value not in ("", [], {})
    )
