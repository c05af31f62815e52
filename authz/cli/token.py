"""`phigate token`: mint a dev token for the stack that `phigate up` started.

It works only with the dev identity provider. A stack that trusts another issuer gets its tokens there, and this command
says so instead of printing one that every request would refuse.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from typing import Never

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_LONGEST_SECONDS = 30 * 86400
_EXIT_STATE = 2


class Duration(click.ParamType[int]):
    """A positive whole number with a unit, `90s`, `30m`, `1h` or `7d`, at most 30 days; the value is in seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the seconds, or end with click's usage error."""
        if isinstance(value, int):
            return value
        match = re.fullmatch(r"([1-9][0-9]{0,6})([smhd])", str(value), re.ASCII)
        seconds = int(match[1]) * _UNITS[match[2]] if match else 0
        if not 0 < seconds <= _LONGEST_SECONDS:
            self.fail("a duration looks like 90s, 30m, 1h or 7d, and is at most 30 days", param, ctx)
        return seconds


@dataclass(frozen=True, slots=True)
class _Stack:
    """What tokens need to know of a stack: whom it trusts, for which audience, and where the dev key is."""

    issuer: str
    audience: str | None
    key_file: Path


@click.command("token")
@click.option(
    "--state",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(".phigate"),
    envvar="PHIGATE_STATE",
    show_default=True,
    help="Folder of the running stack.",
)
@click.option("--subject", required=True, help="Who the token is for.")
@click.option("--group", "groups", multiple=True, help="A group the subject is in; repeat for more.")
@click.option("--service", is_flag=True, help="A program rather than a person.")
@click.option("--ttl", type=Duration(), default="1h", show_default=True, help="How long it is good for.")
@click.option("--tenant", default="default", show_default=True)
@click.option("--audience", help="Default: the stack's own.")
@click.option("--issuer", help="Default: the stack's own.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object instead of the bare token.")
def token(
    state: Path,
    subject: str,
    groups: tuple[str, ...],
    service: bool,
    ttl: int,
    tenant: str,
    audience: str | None,
    issuer: str | None,
    as_json: bool,
) -> None:
    """Print a dev token for the stack in --state."""
    from authz.quickstart import tokens

    stack = _read_stack(state, issuer)
    try:
        key = tokens.load_key(stack.key_file)
    except tokens.KeyFileError as error:
        _end(str(error))
    now = int(time.time())
    text = tokens.mint(
        key,
        issuer=stack.issuer,
        subject=subject,
        groups=groups,
        kind="service" if service else "human",
        tenant=tenant,
        audience=audience or stack.audience or tokens.DEFAULT_AUDIENCE,
        ttl_seconds=ttl,
        now=now,
    )
    click.echo(json.dumps({"token": text, "expires_at": now + ttl}) if as_json else text)


def _read_stack(state: Path, issuer: str | None) -> _Stack:
    """Return the stack's facts from `up.json` and the key folder, or end with what is missing."""
    key_file = state / "keys" / "idp.pem"
    up = _read_up(state / "up.json")
    if up is None:
        if not key_file.exists():
            _end(f"there is no stack in {state}; start one with `phigate up`, or name its folder with --state")
        if issuer is None:
            _end(f"{state / 'up.json'} is missing: the stack is not running. To mint anyway, name the --issuer")
        return _Stack(issuer, None, key_file)
    trusted = up.get("issuer")
    if not isinstance(trusted, str) or not trusted:
        _end(f"{state / 'up.json'} names no issuer")
    processes = up.get("pids")
    # A key file may be left over from an earlier run with the dev provider: the running processes decide.
    if not key_file.exists() or (isinstance(processes, dict) and "idp" not in processes):
        _end(f"this stack trusts {trusted}, not the dev identity provider: get the token there")
    audience = up.get("audience")
    return _Stack(issuer or trusted, audience if isinstance(audience, str) else None, key_file)


def _read_up(path: Path) -> dict[str, Any] | None:
    try:
        document = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        _end(f"{path} cannot be read")
    if not isinstance(document, dict):
        _end(f"{path} cannot be read")
    return document


def _end(problem: str) -> Never:
    click.echo(f"phigate token: {problem}", err=True)
    raise click.exceptions.Exit(_EXIT_STATE)
