"""`phigate worker`: one worker in the foreground, for deployments that run their own Envoy, OPA and PostgreSQL."""

from __future__ import annotations

import sys

import click


@click.command("worker")
def worker() -> None:
    """Run one worker behind an Envoy.

    All it needs to know comes from the settings: worker.socket, database.url, opa.address and keys.*.
    SIGTERM drains it, SIGHUP has it read the masking rules again.
    """
    from authz.lineage import no_core_dumps
    from authz.server import main

    no_core_dumps()
    sys.exit(main())
