"""String tokens of JSON: bytes with their quotes, and the texts that they spell."""

from __future__ import annotations

import orjson

from masking.errors import JsonRefused


def decode_token(token: bytes) -> str:
    """Return the text of a string token (with its quotes); raise JsonRefused for a lone surrogate."""
    if b"\\" not in token:
        return token[1:-1].decode()
    try:
        text: str = orjson.loads(token)
    except orjson.JSONDecodeError:
        raise JsonRefused("lone_surrogate", 0) from None
    return text


def encode_token(text: str) -> bytes:
    """Return `text` as a JSON string token in UTF-8, with the escapes JSON demands and no others."""
    return orjson.dumps(text)
