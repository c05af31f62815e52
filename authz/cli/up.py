"""`phigate up`: the whole stack in the foreground, until Ctrl-C, SIGTERM, or the first part that fails.

With `--json` standard output carries exactly one line, when the stack is ready; everything else goes to standard error.
Exit codes: 0 after a signal, 1 when a part failed or could not start, 2 for wrong options or settings.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console
    from rich.status import Status

    from authz.quickstart.supervisor import Facts

_TOKEN_SECONDS = 12 * 3600
_FOLDER = click.Path(path_type=Path, file_okay=False)
_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.command("up")
@click.option("--listen", metavar="HOST:PORT", help="Where callers connect; port 0 takes a free one.  [127.0.0.1:8080]")
@click.option("--admin-listen", metavar="HOST:PORT", help="Where reviewers and auditors connect.  [127.0.0.1:8081]")
@click.option(
    "--upstream", metavar="URL|simulator", help="Claude.  [the API if ANTHROPIC_API_KEY is set, else simulator]"
)
@click.option(
    "--state", type=_FOLDER, default=Path(".phigate"), envvar="PHIGATE_STATE", show_default=True, help="State folder."
)
@click.option("--policies", type=_FOLDER, help="Rego, rules and profiles.  [the shipped ones]")
@click.option("--database", metavar="URL", help="PostgreSQL, as the app role.  [an embedded one]")
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="Worker processes.")
@click.option("--jwks-uri", metavar="URL", help="The keys of your identity provider.  [a development one]")
@click.option("--issuer", metavar="ISS", help="Its issuer.")
@click.option("--audience", metavar="AUD", help="The audience its tokens must carry.  [phigate]")
@click.option("--tls-cert", type=_FILE, help="Certificate chain of both listeners (PEM).")
@click.option("--tls-key", type=_FILE, help="Its key (PEM).")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON line when ready.")
def up(state: Path, as_json: bool, **options: Any) -> None:
    """Run the whole stack on this machine.

    Envoy, OPA, PostgreSQL, workers and, unless told otherwise, a development identity provider and a Claude simulator:
    all real, all on loopback, and all gone when this command ends. SIGHUP reloads policies and rules.
    """
    from rich.console import Console

    from authz.config import load_settings
    from authz.lineage import adopt_orphans, end_orphans, no_core_dumps
    from authz.quickstart.layout import Layout
    from authz.quickstart.plan import Plan, Wishes
    from authz.quickstart.supervisor import PartFailed, Stack
    from authz.quickstart.watch import Stopped

    no_core_dumps()
    adopt_orphans()
    plan = Plan.of(Wishes(**options), load_settings(complete=False), os.environ)
    layout = Layout.of(state)
    # No key outlives its use: the parts get what they need in files.
    os.environ.pop("ANTHROPIC_API_KEY", None)
    errors = Console(stderr=True)
    with _Progress(errors) as progress:
        stack = Stack(plan, layout, progress.say)
        try:
            facts = stack.start()
            progress.done()
            token = _token(layout, facts)
            if as_json:
                print(json.dumps(_ready(facts, token)), flush=True)
            else:
                _show(facts, token, state)
            stack.watch()
        except Stopped:
            pass
        except PartFailed as error:
            progress.done()
            if error.log_tail:
                click.echo(error.log_tail, err=True)
            raise
        finally:
            progress.done()
            stack.stop()
            end_orphans()


class _Progress:
    """What happens during the start: a spinner on a terminal, a line each elsewhere, and lines once it is up."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._status: Status | None = None

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._status = self._console.status("starting")
            self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.done()

    @property
    def say(self) -> Callable[[str], None]:
        return self._say

    def _say(self, what: str) -> None:
        if self._status is None:
            click.echo(f"phigate: {what}", err=True)
        else:
            self._status.update(what)

    def done(self) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None


def _token(layout: Any, facts: Facts) -> str | None:
    """Return a demo token, or None when the issuer is not ours."""
    from authz.quickstart import tokens

    if "idp" not in facts.pids:
        return None
    key = tokens.load_key(layout.keys / "idp.pem")
    return tokens.mint(
        key,
        issuer=facts.issuer,
        subject="demo",
        groups=["clinicians"],
        audience=facts.audience,
        ttl_seconds=_TOKEN_SECONDS,
    )


def _ready(facts: Facts, token: str | None) -> dict[str, Any]:
    return facts.document() | {"token": token}


def _show(facts: Facts, token: str | None, state: Path) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    table = Table.grid(padding=(0, 2))
    table.add_row("[bold]base URL[/bold]", facts.base_url)
    table.add_row("[bold]admin URL[/bold]", facts.admin_url)
    table.add_row("[bold]upstream[/bold]", facts.upstream + (" (simulator)" if "simulator" in facts.pids else ""))
    table.add_row("[bold]logs[/bold]", str((state / "log").absolute()))
    console.print("\n[bold green]phigate is up[/bold green]")
    console.print(table, soft_wrap=True)
    where = "" if state == Path(".phigate") else f" --state {state}"
    if token is None:
        console.print(f"\nTokens come from {facts.issuer}, for the audience {facts.audience}.")
    else:
        # Plain prints: a line to copy must not be wrapped or styled.
        console.print("\n[bold]Try it[/bold] (the token is for the subject demo in the group clinicians):\n")
        print(f"export PHIGATE_TOKEN={token}\n")
        print(_curl(facts))
        console.print("\n[bold]A reviewer's token[/bold], for `phigate approvals`:\n")
        print(f"phigate token{where} --subject riley --group reviewers")
    console.print("\nCtrl-C stops everything.")
    sys.stdout.flush()


def _curl(facts: Facts) -> str:
    body = {
        "model": "claude-sonnet-5-5",
        "max_tokens": 256,
        "messages": [
            {"role": "user", "content": "Summarize: John Smith, MRN 12345678, born 03/04/1951, phone 212-555-0134."}
        ],
    }
    return (
        f"curl -sS {facts.base_url}/v1/messages \\\n"
        '  -H "authorization: Bearer $PHIGATE_TOKEN" \\\n'
        "  -H 'anthropic-version: 2023-06-01' -H 'content-type: application/json' \\\n"
        f"  -d '{json.dumps(body)}'"
    )
