"""`phigate sessions`: conversations and what happened in them, for auditors (and for everyone about their own)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from authz.cli.admin_client import admin_client, admin_options, print_json, quoted
from authz.cli.narration import ago, clock, what_happened
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
        print_json(rows)
    elif not rows:
        click.echo("There is no session yet.", err=True)
    else:
        now = datetime.now(UTC)
        print_table(
            ("ID", "SUBJECT", "PROFILE", "STATE", "EXCHANGES", "LAST"),
            [
                [
                    *(row.get(key, "") for key in ("id", "subject", "profile", "state", "exchanges")),
                    ago(row.get("last_at", ""), now),
                ]
                for row in rows
            ],
            whole=("ID", "STATE", "LAST"),
            names=("SUBJECT",),
        )


@sessions.command("show")
@click.argument("session_id")
@click.option("--full", is_flag=True, help="All facts of each event, with ids and digests.")
@admin_options
def show(
    session_id: str,
    full: bool,
    token: str | None,
    admin_url: str | None,
    state: Path,
    ca_file: str | None,
    as_json: bool,
) -> None:
    """Show what happened in one session, in order.

    A line an event: when (UTC), which of the session's exchanges, what. --full has all of its facts.
    """
    client = admin_client(token, admin_url, state, ca_file)
    story = client.get(f"/v1/sessions/{quoted(session_id)}")
    if as_json:
        print_json(story)
        return
    session = story.get("session", {})
    for key in ("id", "subject", "profile", "state", "created_at", "last_at", "exchanges"):
        click.echo(f"{key.replace('_', ' '):13} {printable(str(session.get(key, '-')))}")
    click.echo()
    entries = story.get("entries", [])
    if full:
        _facts(entries)
    else:
        _lines(entries)


def _lines(entries: list[dict[str, Any]]) -> None:
    """Print an event a line; exchanges have numbers in the order in which they began."""
    numbers: dict[str, int] = {}
    for entry in entries:
        numbers.setdefault(entry.get("exchange", ""), len(numbers) + 1)
    days = {entry.get("time", "")[:10] for entry in entries}
    print_table(
        ("TIME", "#", "EVENT", "WHAT"),
        [
            (
                clock(entry.get("time", ""), with_day=len(days) > 1),
                numbers[entry.get("exchange", "")],
                entry.get("kind", ""),
                what_happened(entry.get("kind", ""), entry.get("header", {})),
            )
            for entry in entries
        ],
        whole=("TIME", "#", "EVENT"),
    )


def _facts(entries: list[dict[str, Any]]) -> None:
    """Print everything that is known of each event, a fact a line."""
    for entry in entries:
        click.echo(printable(f"{entry.get('time', '')}  {entry.get('kind', '')}  {entry.get('exchange', '')}"))
        for key, value in sorted(entry.get("header", {}).items()):
            if value in ("", [], {}):
                continue
            shown = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
            click.echo(printable(f"  {key} = {shown}"))
