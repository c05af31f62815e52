"""The dev identity provider: one RS256 key, its JWKS, and OIDC discovery.

It has no token endpoint and therefore no login: `phigate token` mints dev tokens from the key file. Whoever can read
that file is anybody, which is right on one machine and nowhere else.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

from authz.quickstart.foreground import Address, serve
from authz.quickstart.tokens import ALGORITHM, KeyFileError, jwks, load_or_create_key

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from joserfc.jwk import RSAKey

_CACHE = {"cache-control": "public, max-age=300"}


def discovery(issuer: str) -> dict[str, object]:
    """Return the OIDC discovery document; its `issuer` is the given URL letter by letter, as tokens carry it."""
    return {
        "issuer": issuer,
        "jwks_uri": issuer.rstrip("/") + "/jwks",
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "claims_supported": ["iss", "sub", "aud", "iat", "exp", "jti", "groups", "tenant", "phigate_kind"],
    }


def application(key: RSAKey, issuer: str) -> web.Application:
    """Return the provider's web application: `/jwks`, `/.well-known/openid-configuration`, `/healthz`."""
    app = web.Application()
    app.router.add_get("/jwks", _fixed(jwks(key)))
    app.router.add_get("/.well-known/openid-configuration", _fixed(discovery(issuer)))
    app.router.add_get("/healthz", _fixed({"status": "ok"}))
    return app


def _fixed(document: dict[str, object]) -> Callable[[web.Request], Awaitable[web.Response]]:
    body = json.dumps(document).encode()

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(body=body, content_type="application/json", headers=_CACHE)

    return answer


def main(arguments: list[str] | None = None) -> int:
    """Run `python -m authz.quickstart.identity_provider`; return its exit code."""
    parser = argparse.ArgumentParser(prog="identity_provider", description="phigate's dev identity provider.")
    parser.add_argument("--listen", type=Address.parse, required=True, metavar="HOST:PORT")
    parser.add_argument("--keys", type=Path, required=True, metavar="FILE.pem", help="made at first start, mode 0600")
    parser.add_argument("--issuer", required=True, metavar="URL", help="the `iss` of its tokens")
    options = parser.parse_args(arguments)
    try:
        key = load_or_create_key(options.keys)
    except KeyFileError as error:
        parser.error(str(error))
    return serve("identity provider", application(key, options.issuer), options.listen)


if __name__ == "__main__":
    sys.exit(main())
