"""Keys and sealing: everything that could hold text is AES-256-GCM ciphertext before it reaches a store.

Two roots, kept apart: the *root key* derives each session's key (HKDF-SHA256, RFC 5869), so placeholders and digests
need no storage; *key-encryption keys* wrap the random data keys under which payloads are sealed, so that deleting a
data key deletes what it sealed. Nonces are 96 random bits and every key has a message cap far below 2^32
(NIST SP 800-38D, 8.3). Every sealing binds associated data that names the row and its exchange: a ciphertext moved to
another row does not open. Secrets print as `[redacted]`.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from authz.errors import GatewayError

if TYPE_CHECKING:
    from collections.abc import Iterable

KEY_BYTES = 32
NONCE_BYTES = 12
MESSAGE_CAP = 2**28
"""Messages that one process seals under one key: sixteen processes together stay at the 2^32 of SP 800-38D."""


class SealBroken(GatewayError):
    """A ciphertext does not open: wrong key, wrong row, or changed bytes. Nothing of it is used."""

    error_code = "seal_broken"
    public = "A stored record could not be opened."


class KeyMissing(GatewayError):
    """The key-encryption key that wrapped a data key is not configured here."""

    error_code = "key_missing"
    public = "A stored record could not be opened."


class KeyExhausted(GatewayError):
    """A data key has sealed as many messages as are safe."""

    error_code = "key_exhausted"


def _exact(key: bytes, name: str) -> bytes:
    if not isinstance(key, bytes) or len(key) != KEY_BYTES:
        raise ValueError(f"{name} must be {KEY_BYTES} bytes")
    return key


def bind(*parts: str) -> bytes:
    """Return parts as one byte string that no other parts give: each stands behind its length in bytes."""
    encoded = [part.encode() for part in parts]
    return b"".join(len(part).to_bytes(4, "big") + part for part in encoded)


class RootKey:
    """The gateway's 32-byte root: whoever holds it can recompute every session's keys, so it is a file of mode 0600."""

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        self._key = _exact(key, "the root key")

    def __repr__(self) -> str:
        return "RootKey([redacted])"

    def derive(self, purpose: str, *context: str) -> bytes:
        """Return the 32-byte key for one purpose and context: other purposes and contexts say nothing about it."""
        info = bind("phigate", purpose, *context)
        return HKDF(algorithm=hashes.SHA256(), length=KEY_BYTES, salt=None, info=info).derive(self._key)

    def session_key(self, tenant: str, issuer: str, subject: str, session_id: str) -> bytes:
        """Return the key from which `conversation.SessionKeys` takes a session's masking, digest and memo keys.

        `session_id` is the caller's own name for the session, so it never stands without the principal.
        """
        return self.derive("session", tenant, issuer, subject, session_id)

    def masking_key(self, tenant: str, issuer: str, subject: str, session_id: str) -> bytes:
        """Return the session's key for placeholders alone."""
        return self.derive("masking", tenant, issuer, subject, session_id)

    def digest_key(self, tenant: str, issuer: str, subject: str, session_id: str) -> bytes:
        """Return the session's key for keyed digests alone."""
        return self.derive("digest", tenant, issuer, subject, session_id)


class DataKey:
    """A 32-byte sealing key and its public id. It counts what it seals and stops at `MESSAGE_CAP`."""

    __slots__ = ("_cipher", "_key", "_left", "id")

    def __init__(self, id: str, key: bytes) -> None:  # noqa: A002 -- the field's own word
        self.id = id
        self._key = _exact(key, "a data key")
        self._cipher = AESGCM(key)
        self._left = MESSAGE_CAP

    def __repr__(self) -> str:
        return f"DataKey(id={self.id!r}, key=[redacted])"

    @classmethod
    def generate(cls) -> DataKey:
        """Return a new random key under a new random id."""
        return cls("dk_" + secrets.token_hex(16), secrets.token_bytes(KEY_BYTES))

    def seal(self, plaintext: bytes, aad: bytes) -> bytes:
        """Return nonce (12 bytes) || ciphertext || tag (16 bytes). Raises `KeyExhausted` at the cap."""
        if self._left <= 0:
            raise KeyExhausted(f"data key {self.id} has sealed {MESSAGE_CAP} messages")
        self._left -= 1
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plaintext, aad)

    def open(self, sealed: bytes, aad: bytes) -> bytes:
        """Return the plaintext. Raises `SealBroken` for another key, other associated data or changed bytes."""
        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], aad)
        except (InvalidTag, ValueError):
            raise SealBroken(f"ciphertext under data key {self.id} does not open") from None


def seal(data_key: DataKey, plaintext: bytes, aad: bytes) -> bytes:
    """Return nonce || ciphertext || tag under the data key; `aad` names the row, as in `bind` or `payload_aad`."""
    return data_key.seal(plaintext, aad)


def open_sealed(data_key: DataKey, sealed: bytes, aad: bytes) -> bytes:
    """Return what `seal` took. Raises `SealBroken`."""
    return data_key.open(sealed, aad)


def payload_aad(payload_id: str, exchange: str, kind: str) -> bytes:
    """Return what a payload row's ciphertext is bound to (`exchange.story` seals with the same words)."""
    return f"payload:{payload_id}:{exchange}:{kind}".encode()


class KeyEncryptionKeys:
    """The key that wraps new data keys, and older ones that still unwrap: rotation loses nothing.

    A key's id is public: the first 16 hex digits of an HMAC under the key itself.
    """

    __slots__ = ("_ciphers", "current_id")

    def __init__(self, current: bytes, older: Iterable[bytes] = ()) -> None:
        keys = [_exact(key, "a key-encryption key") for key in (current, *older)]
        self._ciphers = {self._id(key): AESGCM(key) for key in keys}
        self.current_id = self._id(current)

    def __repr__(self) -> str:
        return f"KeyEncryptionKeys(current_id={self.current_id!r}, keys=[redacted])"

    @staticmethod
    def _id(key: bytes) -> str:
        return "kek_" + hmac.digest(key, b"phigate key-encryption key id", hashlib.sha256).hex()[:16]

    def wrap(self, data_key: DataKey, aad: bytes) -> bytes:
        """Return the data key sealed under the current key; `aad` names its row."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._ciphers[self.current_id].encrypt(nonce, data_key._key, aad)  # noqa: SLF001 -- one room

    def unwrap(self, data_key_id: str, wrapped: bytes, kek_id: str, aad: bytes) -> DataKey:
        """Return the data key. Raises `KeyMissing` when its key-encryption key is not here, `SealBroken` otherwise."""
        cipher = self._ciphers.get(kek_id)
        if cipher is None:
            raise KeyMissing(f"data key {data_key_id} is wrapped under {kek_id}, which is not configured")
        try:
            return DataKey(data_key_id, cipher.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], aad))
        except (InvalidTag, ValueError):
            raise SealBroken(f"data key {data_key_id} does not unwrap under {kek_id}") from None
