"""How commands talk to the admin API: the REST form through Envoy, with the caller's own token.

No identity is invented here and no database opened: a command may do what its token may do. The exit codes are
those of docs/operations.md.
"""

from __future__ import annotations

import http.client
import json
import ssl
import sys
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from authz.config import is_loopback

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Never

REFUSED = 1
USAGE = 2
UNREACHABLE = 3
NOT_FOUND = 4
CONFLICT = 5

SECONDS = 30
LARGEST = 128 * 1024 * 1024
"""Longest answer that is read, in bytes: a masked request of 32 MB as a JSON string."""

_MAPS = frozenset({"findings", "header"})
"""The API's fields that are maps, whose order means nothing."""

_STATUS_EXITS = {404: NOT_FOUND, 409: CONFLICT}


def end(problem: str, code: int) -> Never:
    """Say what is wrong and what to do, and end with this exit code."""
    click.echo(f"phigate: {problem}", err=True)
    sys.exit(code)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the token to whoever it names."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


@dataclass(frozen=True, slots=True)
class AdminClient:
    """The admin API at `url`, as the holder of `token`; `ca_file` verifies a private certificate."""

    url: str
    token: str
    ca_file: str | None = None

    def get(self, path: str, **query: str | int) -> dict[str, Any]:
        """Return the answer to a GET; ends the command when there is none."""
        wanted = {key: value for key, value in query.items() if value not in {"", 0}}
        return self._ask("GET", path + (f"?{urllib.parse.urlencode(wanted)}" if wanted else ""), None)

    def post(self, path: str, document: dict[str, Any]) -> dict[str, Any]:
        """Return the answer to a POST; ends the command when there is none."""
        return self._ask("POST", path, json.dumps(document).encode())

    def _ask(self, method: str, path: str, body: bytes | None) -> dict[str, Any]:
        request = urllib.request.Request(self.url + path, data=body, method=method)  # noqa: S310  # scheme is checked
        request.add_header("authorization", f"Bearer {self.token}")
        request.add_header("accept", "application/json")
        if body is not None:
            request.add_header("content-type", "application/json")
        # No proxy: the admin listener is ours, and a proxy would read the token of a plaintext one.
        handlers: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({}), _NoRedirects()]
        try:
            if self.url.startswith("https:"):
                handlers.append(urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=self.ca_file)))
            with urllib.request.build_opener(*handlers).open(request, timeout=SECONDS) as answer:
                raw = answer.read(LARGEST + 1)
        except urllib.error.HTTPError as error:
            with error:
                self._refused(error.code, error.read(65_536))
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", None) or type(error).__name__
            end(f"cannot reach {self.url} ({reason}). Is the stack running? See `phigate up`.", UNREACHABLE)
        try:
            document = json.loads(raw)
        except ValueError:
            document = None
        if not isinstance(document, dict) or len(raw) > LARGEST:
            end(f"{self.url} did not answer like phigate's admin API; check --admin-url", REFUSED)
        return document

    def _refused(self, status: int, raw: bytes) -> Never:
        text = _message(raw) or f"the server answered with status {status}"
        if status == 401:  # noqa: PLR2004
            text += f" {token_advice()}"
        end(text, _STATUS_EXITS.get(status, REFUSED))


def _message(raw: bytes) -> str:
    """Return the text of an error: of a servicer (google.rpc.Status) or in the Claude API's shape."""
    try:
        document = json.loads(raw)
    except ValueError:
        return ""
    if not isinstance(document, dict):
        return ""
    inner = document.get("error")
    found = inner.get("message") if isinstance(inner, dict) else document.get("message")
    return "".join(character for character in found if character.isprintable()) if isinstance(found, str) else ""


def token_advice() -> str:
    """Return how to get a token; commands never make one by themselves."""
    return (
        "Give one with --token or PHIGATE_TOKEN; for a development stack: phigate token --subject bob --group reviewers"
    )


def admin_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that every admin command has."""
    options = [
        click.option("--token", envvar="PHIGATE_TOKEN", help="Your token.  [PHIGATE_TOKEN]"),
        click.option("--admin-url", envvar="PHIGATE_ADMIN_URL", help="The admin listener.  [of the stack in --state]"),
        click.option(
            "--state",
            type=click.Path(path_type=Path, file_okay=False),
            default=Path(".phigate"),
            envvar="PHIGATE_STATE",
            show_default=True,
            help="Folder of the running stack.",
        ),
        click.option("--ca-file", type=click.Path(dir_okay=False, exists=True), help="CA of a private certificate."),
        click.option("--json", "as_json", is_flag=True, help="Print JSON."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def admin_client(token: str | None, admin_url: str | None, state: Path, ca_file: str | None) -> AdminClient:
    """Return the client that the options describe; ends the command with what is missing."""
    if not token:
        end(f"a token is required. {token_advice()}", USAGE)
    if not token.isascii() or not token.isprintable() or " " in token:
        end("the token is not a token: it has spaces or other characters that no token has", USAGE)
    url = (admin_url or _url_of(state)).rstrip("/")
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        end("--admin-url must look like https://host:port", USAGE)
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        end("--admin-url: http:// would send your token in plaintext; use https://", USAGE)
    return AdminClient(url, token, ca_file)


def _url_of(state: Path) -> str:
    try:
        document = json.loads((state / "up.json").read_bytes())
        found = document["admin_url"]
    except (OSError, ValueError, KeyError, TypeError):
        found = None
    if not isinstance(found, str):
        end(f"no stack runs in {state}: start one with `phigate up`, or give --admin-url or --state", USAGE)
    return found


def print_json(document: Any) -> None:
    """Print an answer as it came, its maps (counts, facts of an event) in the order of their names."""
    click.echo(json.dumps(_with_sorted_maps(document), indent=2))


def _with_sorted_maps(value: Any, *, inside: bool = False) -> Any:
    if isinstance(value, list):
        return [_with_sorted_maps(each, inside=inside) for each in value]
    if not isinstance(value, dict):
        return value
    pairs = sorted(value.items()) if inside else value.items()
    return {key: _with_sorted_maps(each, inside=inside or key in _MAPS) for key, each in pairs}


def quoted(identifier: str) -> str:
    """Return an id as one path segment."""
    return urllib.parse.quote(identifier, safe="")
