"""`phigate bootstrap`: print Envoy's configuration for a deployment, or check one for what would fail open."""

from __future__ import annotations

import sys
from pathlib import Path

import click

EXIT_UNSAFE = 1
PRODUCTION_WORKERS = ("/run/phigate/w0.sock", "/run/phigate/w1.sock")
SECRET_FILE = "/run/phigate/secrets/anthropic-key.yaml"  # noqa: S105  # a path


@click.command("bootstrap")
@click.option("--fragment", "as_fragment", is_flag=True, help="Only filters, routes and clusters, for your own Envoy.")
@click.option(
    "--check", type=click.Path(path_type=Path, dir_okay=False, exists=True), help="Check this bootstrap instead."
)
@click.option("--listen", metavar="HOST:PORT", default="0.0.0.0:8443", show_default=True, help="Callers.")
@click.option("--admin-listen", metavar="HOST:PORT", default="0.0.0.0:8444", show_default=True, help="Reviewers.")
@click.option("--no-admin", is_flag=True, help="No admin listener.")
@click.option("--upstream", metavar="URL", default="https://api.anthropic.com", show_default=True)
@click.option("--upstream-ca", metavar="FILE", help="CA file for the upstream.  [the system's]")
@click.option("--worker", "workers", multiple=True, metavar="SOCKET", help="A worker's socket; repeat for more.")
@click.option("--workers", "count", type=click.IntRange(1, 64), help="Or how many: /run/phigate/w0.sock and on.")
@click.option("--issuer", default="https://idp.example", show_default=True, help="Whose tokens count.")
@click.option("--audience", default="phigate", show_default=True)
@click.option("--jwks-uri", metavar="URL", help="The issuer's keys.  [https://idp.example/jwks]")
@click.option("--jwks-file", metavar="FILE", help="The issuer's keys, in a file instead.")
@click.option("--jwks-ca", metavar="FILE", help="CA file for --jwks-uri.  [the system's]")
@click.option("--secret-file", metavar="FILE", default=SECRET_FILE, show_default=True, help="SDS file of the key.")
@click.option("--tls-cert", metavar="FILE", default="/run/phigate/tls/tls.crt", show_default=True)
@click.option("--tls-key", metavar="FILE", default="/run/phigate/tls/tls.key", show_default=True)
@click.option("--no-tls", is_flag=True, help="Plaintext listeners; loopback addresses only.")
@click.option("--envoy-admin", metavar="SOCKET|HOST:PORT", default="/run/phigate/envoy-admin.sock", show_default=True)
@click.option("--access-log", metavar="FILE", default="/dev/stdout", show_default=True)
def bootstrap(
    as_fragment: bool,
    check: Path | None,
    listen: str,
    admin_listen: str,
    no_admin: bool,
    upstream: str,
    upstream_ca: str | None,
    workers: tuple[str, ...],
    count: int | None,
    issuer: str,
    audience: str,
    jwks_uri: str | None,
    jwks_file: str | None,
    jwks_ca: str | None,
    secret_file: str,
    tls_cert: str,
    tls_key: str,
    no_tls: bool,
    envoy_admin: str,
    access_log: str,
) -> None:
    """Print Envoy's configuration for a deployment.

    Paths are Envoy's, not this machine's. With --check, say instead what would let requests pass unchecked in an
    existing configuration, a line each; the exit code is then 1.
    """
    from authz.bootstrap import BootstrapSettings, Upstream, fragment, lint, render
    from authz.bootstrap.settings import SYSTEM_CA

    if check is not None:
        problems = lint(check.read_text(encoding="utf-8"))
        for problem in problems:
            click.echo(problem)
        sys.exit(EXIT_UNSAFE if problems else 0)
    if workers and count:
        raise click.UsageError("give either --worker or --workers")
    sockets = workers or tuple(f"/run/phigate/w{index}.sock" for index in range(count or len(PRODUCTION_WORKERS)))
    settings = BootstrapSettings(
        workers=sockets,
        issuer=issuer,
        audience=audience,
        secret_file=secret_file,
        secret_dir=str(Path(secret_file).parent),
        upstream=Upstream.from_url(upstream, ca_file=upstream_ca or SYSTEM_CA),
        jwks_file=jwks_file,
        jwks_uri=jwks_uri or (None if jwks_file else "https://idp.example/jwks"),
        jwks_ca_file=jwks_ca or SYSTEM_CA,
        listen=listen,
        admin_listen=None if no_admin else admin_listen,
        tls_cert_file=None if no_tls else tls_cert,
        tls_key_file=None if no_tls else tls_key,
        envoy_admin=envoy_admin,
        access_log=access_log,
    )
    click.echo(fragment(settings) if as_fragment else render(settings), nl=False)
