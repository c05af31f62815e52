"""What an opaque value looks like: ids, ciphertext and timestamps that say nothing to a reader.

Shapes alone are not enough: `mrn_0012-3456` has the shape of an id. A value that passes a shape is also read with its
separators as spaces (`views`), and what recognizers find in it counts.
"""

from __future__ import annotations

import re

WORD_LIMIT = 128
"""Longest enum value or id, in characters."""

BILLING_PREFIX = "x-anthropic-billing-header:"

_BILLING_FIELD = re.compile(r" ?([a-z_]{3,24})=([A-Za-z0-9._-]{1,64})(?:;|\Z)")
_BILLING_KEYS = frozenset({
    "cc_version", "cc_entrypoint", "cch", "cc_workload", "cc_is_subagent", "cc_prev_req", "cc_prev_msg",
    "cc_prompt_id", "cc_turn_origin", "cc_prompt_index", "cc_turn_index", "cc_prev_prompt_index",
    "cc_prev_turn_index", "cc_gateway", "cc_project", "cc_project_src", "cc_dispatch_entrypoint",
})  # fmt: skip
"""What Claude Code 2.1.330 writes there (measured)."""

_BILLING_FIELDS = 24
_VERSION = re.compile(r"[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{1,4}(?:\.[0-9a-z]{1,6})?")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_OPAQUE_USER = re.compile(
    rf"{_UUID.pattern}|[0-9a-fA-F]{{16,128}}|[A-Za-z]{{0,16}}[_-]?[0-9a-fA-F-]{{16,128}}"
    rf"|user_[0-9a-f]{{64}}_account_(?:{_UUID.pattern})?_session_{_UUID.pattern}"
)
"""User ids that identify nobody to a reader: UUIDs, hex, prefixed ones, Claude Code's older composite."""

_TIME = re.compile(
    r"20[2-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9](?:\.[0-9]{1,9})?(?:Z|[+-][0-9:]{4,6})"
)
_CIPHER = re.compile(r"[A-Za-z0-9+/_.:-]*+={0,2}")
_HEX = re.compile(r"[0-9a-f]*+|[0-9A-F]*+")
_LONG = 64
_MOST_LOWER = 0.7
"""Base64 of 64 random bytes is lower case in 41 of 100 characters, and over 70 once in a million; prose is above 90."""

_SEPARATORS = re.compile(r"[_/:+-]+")
_DIGIT = re.compile(r"[0-9]")


def is_cipher(text: str) -> bool:
    """Return whether a text looks like ciphertext, a signature or an opaque id: one token, and no prose."""
    if not _CIPHER.fullmatch(text):
        return False
    lower = sum(map(str.islower, text)) if len(text) >= _LONG else 0
    return lower <= _MOST_LOWER * len(text) or _HEX.fullmatch(text) is not None


def is_time(text: str) -> bool:
    """Return whether a text is a timestamp of these years (RFC 3339)."""
    return _TIME.fullmatch(text) is not None


def is_opaque_user(text: str) -> bool:
    """Return whether a user id by itself is opaque."""
    return _OPAQUE_USER.fullmatch(text) is not None


def views(text: str) -> tuple[str, ...]:
    """Return the readings of a word that recognizers should see; none when it holds no digit outside UUIDs."""
    if not _DIGIT.search(text) or not _DIGIT.search(bare := _UUID.sub(" ", text)):
        return ()
    return tuple(dict.fromkeys((bare.replace("_", " "), _SEPARATORS.sub(" ", bare))))


def billing_values(text: str) -> tuple[str, ...] | None:
    """Return the values of Claude Code's billing header that have to be read; None if the text is not one."""
    if not text.startswith(BILLING_PREFIX):
        return None
    values: list[str] = []
    position = len(BILLING_PREFIX)
    for _ in range(_BILLING_FIELDS):
        match = _BILLING_FIELD.match(text, position)
        if match is None:
            break
        if match[1] not in _BILLING_KEYS:
            return None
        if not (match[1] == "cc_version" and _VERSION.fullmatch(match[2])):
            values.append(match[2])
        position = match.end()
    return tuple(values) if text[position:] in {"", " "} else None
