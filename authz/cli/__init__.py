"""The command `phigate`: one group whose commands are imported when they run, so that `--help` answers at once.

A command is the click object of its own name in the module of its own name. Errors of ours become lines on standard
error, without a traceback; the exit code is 2 for wrong settings and 1 for everything else.
"""

from __future__ import annotations

import sys
from importlib import import_module, metadata
from typing import Any

import click

from authz.errors import ConfigError, GatewayError

COMMANDS = {
    "up": "Run the whole stack on this machine.",
    "token": "Get a token from the development identity provider.",
    "mask": "Mask a text or a request, and show what was found.",
    "approvals": "List, read and answer requests that wait for a person.",
    "sessions": "List conversations and read what happened in them.",
    "doctor": "Check this machine and its settings, a line each.",
    "bootstrap": "Print Envoy's configuration, or the fragment for an Envoy you run.",
    "bundle": "Check policies and build the bundle that OPA serves.",
    "migrate": "Bring the database to this version's schema.",
    "worker": "Run one worker behind an Envoy.",
}


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        command = getattr(import_module(f"{__name__}.{cmd_name}"), cmd_name)
        if not isinstance(command, click.Command):
            raise TypeError(f"{__name__}.{cmd_name}.{cmd_name} is not a command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ConfigError as error:
            for problem in error.problems:
                click.echo(f"phigate: {problem}", err=True)
            sys.exit(2)
        except GatewayError as error:
            click.echo(f"phigate: {error}", err=True)
            sys.exit(1)


def _version() -> str:
    try:
        return metadata.version("phigate")
    except metadata.PackageNotFoundError:
        return "unknown"


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version=_version(), prog_name="phigate")
def main() -> None:
    """Use the Claude API with protected health information, and prove afterwards what happened."""
