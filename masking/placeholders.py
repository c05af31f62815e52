"""Placeholders: keyed codes that stand for a value, with no store and no counter.

`[NAME_K3F9Q2A_7XW2PD]`: the first part is a function of the entity (spellings of one value share it, and names of one
family), the second of the exact spelling (so each restores exactly). Both come from HMAC-SHA256 under the session's
key: 35 + 30 bits. A placeholder is a function of the value alone, never of what was said before: a session has several
threads and clients drop old turns, so whatever depends on earlier text gives one value two placeholders.

They are pseudonyms: text with placeholders is not de-identified in the sense of 45 CFR 164.514(b).
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from hashlib import _Hash

PLACEHOLDER = r"\[[A-Z][A-Z_]{1,23}_[A-Z2-7]{7}_[A-Z2-7]{6}\]"
"""RE2 source of a placeholder's shape. The shape proves nothing: any text may look like this."""

KEY_BYTES = 32

_HASH_BLOCK = 64
_INNER_PAD, _OUTER_PAD = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))
_CODE_BYTES = 5
"""Bytes of a digest that are written down: eight letters, of which seven (entity) or six (surface) are used."""
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_PAIRS = tuple(a + b for a in _LETTERS for b in _LETTERS)
_SHORTEST_SHIFT = 30
_SHIFTS = 336
"""Offsets are 30 to 365 days, forward or backward."""

_BEHIND_FAMILY = (",", "^")
"""What stands behind a family name that comes first, in lists and in HL7 version 2 (XPN)."""

_SUFFIXES = frozenset(("jr", "sr", "ii", "iii", "iv", "md", "do", "rn", "np", "phd", "esq"))

NUMERIC = frozenset({"SSN", "PHONE", "FAX", "CARD", "NPI", "ZIP"})
"""Identifiers whose entity is their digits alone."""


class _Kind(NamedTuple):
    """What is known of one identifier's placeholders; it lives as long as one exchange.

    `entity`, `surface`: the inner hashes with the label of that part read already. Then what was made of entities and
    of values.
    """

    entity: _Hash
    surface: _Hash
    entities: dict[str, str]
    made: dict[str, str]


class Pseudonyms:
    """The placeholders and the date offset of one session, from its 32-byte masking key."""

    __slots__ = ("_inner", "_key", "_kinds", "_outer")

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError("a masking key has 32 bytes")
        self._key = key
        # HMAC's two hashes with the key read already (RFC 2104, section 4): a third of the time of asking for it anew
        self._inner = hashlib.sha256(key.ljust(_HASH_BLOCK, b"\0").translate(_INNER_PAD))
        self._outer = hashlib.sha256(key.ljust(_HASH_BLOCK, b"\0").translate(_OUTER_PAD))
        self._kinds: dict[str, _Kind] = {}

    def placeholder(self, identifier: str, value: str) -> str:
        """Return the placeholder of this spelling of this value."""
        kind = self._kinds.get(identifier) or self._kind(identifier)
        made = kind.made.get(value)
        if made is not None:
            return made
        whose = entity_of(identifier, value)
        entity = kind.entities.get(whose)
        if entity is None:
            code = self._code(kind.entity, whose)
            entity = kind.entities[whose] = _code_of(code) + _LETTERS[code >> 5 & 31]
        made = kind.made[value] = f"[{identifier}_{entity}_{_code_of(self._code(kind.surface, value))}]"
        return made

    def shift_days(self) -> int:
        """Return the session's secret date offset in days; never 0."""
        digest = hmac.digest(self._key, b"phigate shift", "sha256")
        number = int.from_bytes(digest[:8]) % (2 * _SHIFTS)
        days = _SHORTEST_SHIFT + number // 2
        return days if number % 2 else -days

    def _kind(self, identifier: str) -> _Kind:
        kind = self._kinds[identifier] = _Kind(self._inner.copy(), self._inner.copy(), {}, {})
        kind.entity.update(f"phigate\0entity\0{identifier}\0".encode())
        kind.surface.update(f"phigate\0surface\0{identifier}\0".encode())
        return kind

    def _code(self, label: _Hash, value: str) -> int:
        """Return the first five bytes of a value's HMAC: eight letters of base 32 (RFC 4648, section 6) or fewer."""
        inner, outer = label.copy(), self._outer.copy()
        inner.update(value.encode())
        outer.update(inner.digest())
        return int.from_bytes(outer.digest()[:_CODE_BYTES])


def _code_of(number: int) -> str:
    """Return the first six letters that a code is written with."""
    return f"{_PAIRS[number >> 30]}{_PAIRS[number >> 20 & 1023]}{_PAIRS[number >> 10 & 1023]}"


def entity_of(identifier: str, value: str) -> str:
    """Return what all spellings of one value share: case, white space and punctuation do not count.

    Numeric identifiers are their digits. Of a name it is the family name: the last word, or the last one before a comma
    or a `^`, so that `Jane Doe`, `Ms. Doe`'s `Doe` and `DOE, JANE` relate, whatever was said before.
    """
    if identifier == "NAME":
        return _family(value.lower() if value.isascii() else _folded(value))
    if value.isascii():
        plain = value.encode()
        digits = plain.translate(None, _NO_DIGITS) if identifier in NUMERIC else b""
        return (digits or plain.translate(_LOWER, _SIGNS)).decode()
    text = _folded(value)
    numbers = "".join([str(unicodedata.decimal(char)) for char in text if char.isdecimal()])
    return numbers if numbers and identifier in NUMERIC else "".join(filter(str.isalnum, text))


def _folded(value: str) -> str:
    return unicodedata.normalize("NFKC", value).casefold()


def _family(name: str) -> str:
    """Return the family name in a name; the words of a double name with a hyphen are one."""
    for separator in _BEHIND_FAMILY:
        if separator in name:
            before, _, after = name.partition(separator)
            if not _SUFFIXES.issuperset(_words(after)):
                name = before
                break
    words = _words(name)
    while len(words) > 1 and (words[-1] in _SUFFIXES or len(words[-1]) == 1):
        words.pop()
    return words[-1] if words else ""


def _words(name: str) -> list[str]:
    """Return the words of a name; what stands between letters of one is left out."""
    if name.isascii():
        return name.encode().translate(_PARTED, _INSIDE).decode().split()
    return "".join([char if char.isalnum() else " " if _parts(char) else "" for char in name]).split()


def _parts(char: str) -> bool:
    return char.isspace() or char in ",^."


_ASCII = [chr(code) for code in range(128)]
_LOWER = bytes(range(256)).lower()
_SIGNS = "".join(char for char in _ASCII if not char.isalnum()).encode()
_NO_DIGITS = "".join(char for char in _ASCII if not char.isdecimal()).encode()
_PARTED = bytes(ord(" ") if chr(code).isascii() and _parts(chr(code)) else code for code in range(256))
_INSIDE = "".join(char for char in _ASCII if not (char.isalnum() or _parts(char))).encode()
"""What becomes of each character of ASCII, as `bytes.translate` takes it: a fifth of the time of asking one by one."""
