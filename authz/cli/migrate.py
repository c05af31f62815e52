"""`phigate migrate`: the database's schema, made or brought up to date by its owner."""

from __future__ import annotations

import asyncio

import click


@click.command("migrate")
def migrate() -> None:
    """Bring the database to this version's schema.

    Uses database.owner_url (or owner_url_file) from the settings, and gives database.app_role its rights. Safe to
    repeat, and to run from several places at once.
    """
    from authz import database
    from authz.config import load_settings
    from authz.errors import ConfigError

    settings = load_settings(complete=False)
    owner_url = settings.database.owner_url.get_secret_value()
    if not owner_url:
        raise ConfigError(["database.owner_url: is required (or PHIGATE_DATABASE__OWNER_URL)"])
    asyncio.run(database.migrate(owner_url, settings.database.app_role))
    click.echo("phigate: the schema is up to date", err=True)
