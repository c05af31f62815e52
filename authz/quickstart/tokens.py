"""Dev tokens: the signing key of the dev identity provider, its public half as a JWKS, and minting.

`mint` is pure but for its clock and its random token id, and both can be given. The key file is made once, readable by
its owner only, and never overwritten: two processes that start together end up with the same key.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from typing import TYPE_CHECKING, Any, Literal

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

ALGORITHM = "RS256"
KEY_BITS = 2048
DEFAULT_AUDIENCE = "phigate"
DEFAULT_TENANT = "default"
DEFAULT_TTL_SECONDS = 3600


class KeyFileError(Exception):
    """The key file is missing or holds no RSA private key; the text names the file, never its content."""


def load_key(path: Path) -> RSAKey:
    """Return the signing key in a PEM file. Raises `KeyFileError`."""
    try:
        key = RSAKey.import_key(path.read_bytes())
    except FileNotFoundError:
        raise KeyFileError(f"{path} does not exist") from None
    except OSError as error:
        raise KeyFileError(f"{path} cannot be read: {error.strerror}") from None
    except (JoseError, ValueError):
        raise KeyFileError(f"{path} holds no RSA key in PEM form") from None
    if not key.is_private:
        raise KeyFileError(f"{path} holds a public key only")
    return key


def load_or_create_key(path: Path) -> RSAKey:
    """Return the key in `path`, making the file (mode 0600) when there is none. Raises `KeyFileError`.

    The new key is written to a name of its own and then linked into place, so that no reader sees half a file and the
    first of several makers wins.
    """
    if not path.exists():
        draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(RSAKey.generate_key(KEY_BITS).as_pem(private=True))
                with contextlib.suppress(FileExistsError):
                    os.link(draft, path)
            finally:
                draft.unlink()
        except OSError as error:
            raise KeyFileError(f"{path} cannot be made: {error.strerror}") from None
    return load_key(path)


def key_id(key: RSAKey) -> str:
    """Return the `kid`: the RFC 7638 thumbprint, so that it follows from the key and needs no file of its own."""
    return key.thumbprint()


def jwks(key: RSAKey) -> dict[str, Any]:
    """Return the JSON Web Key Set with the public half (RFC 7517), algorithm and use pinned."""
    public = key.as_dict(private=False)
    return {"keys": [{**public, "kid": key_id(key), "use": "sig", "alg": ALGORITHM}]}


def mint(
    key: RSAKey,
    *,
    issuer: str,
    subject: str,
    groups: Iterable[str] = (),
    kind: Literal["human", "service"] = "human",
    tenant: str = DEFAULT_TENANT,
    audience: str = DEFAULT_AUDIENCE,
    ttl_seconds: int = DEFAULT_TTL_SECONDS,
    now: int | None = None,
    token_id: str | None = None,
) -> str:
    """Return a signed token with the claims that `authz.identity` reads by default.

    `now` is in seconds since the epoch (default: the clock); `token_id` becomes `jti` (default: 128 random bits).
    A negative `ttl_seconds` gives an expired token, which tests want.
    """
    issued = int(time.time()) if now is None else now
    claims = {
        "iss": issuer,
        "sub": subject,
        "aud": audience,
        "iat": issued,
        "exp": issued + ttl_seconds,
        "jti": token_id or secrets.token_hex(16),
        "groups": list(groups),
        "tenant": tenant,
        "phigate_kind": kind,
    }
    return jwt.encode({"alg": ALGORITHM, "kid": key_id(key)}, claims, key)
