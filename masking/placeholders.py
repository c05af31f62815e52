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

PLACEHOLDER = r"\[[A-Z][A-Z_]{1,23}_[A-Z2-7]{7}_[A-Z2-7]{6}\]"
"""RE2 source of a placeholder's shape. The shape proves nothing: any text may look like this."""

KEY_BYTES = 32

_HASH_BLOCK = 64
_INNER_PAD, _OUTER_PAD = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))
_ENTITY_LENGTH = 7
_SURFACE_LENGTH = 6
_CODE_BYTES = 5
"""Bytes of a digest that are written down: eight characters, of which seven or six are used."""
_PAIRS = tuple(a + b for a in "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567" for b in "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
_SHORTEST_SHIFT = 30
_SHIFTS = 336
"""Offsets are 30 to 365 days, forward or backward."""

_BEHIND_FAMILY = (",", "^")
"""What stands behind a family name that comes first, in lists and in HL7 version 2 (XPN)."""

_SUFFIXES = frozenset(("jr", "sr", "ii", "iii", "iv", "md", "do", "rn", "np", "phd", "esq"))

NUMERIC = frozenset({"SSN", "PHONE", "FAX", "CARD", "NPI", "ZIP"})
"""Identifiers whose entity is their digits alone."""


class Pseudonyms:
    """The placeholders and the date offset of one session, from its 32-byte masking key."""

    __slots__ = ("_entities", "_inner", "_key", "_labelled", "_made", "_outer")

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError("a masking key has 32 bytes")
        self._key = key
        # HMAC's two hashes with the key read already (RFC 2104, section 4): a third of the time of asking for it anew
        self._inner = hashlib.sha256(key.ljust(_HASH_BLOCK, b"\0").translate(_INNER_PAD))
        self._outer = hashlib.sha256(key.ljust(_HASH_BLOCK, b"\0").translate(_OUTER_PAD))
        self._made: dict[tuple[str, str], str] = {}  # these live as long as one exchange
        self._entities: dict[tuple[str, str], str] = {}
        self._labelled: dict[tuple[str, str], hashlib._Hash] = {}

    def placeholder(self, identifier: str, value: str) -> str:
        """Return the placeholder of this spelling of this value."""
        made = self._made.get((identifier, value))
        if made is None:
            whose = entity_of(identifier, value)
            entity = self._entities.get((identifier, whose))
            if entity is None:
                entity = self._code("entity", identifier, whose)[:_ENTITY_LENGTH]
                self._entities[identifier, whose] = entity
            surface = self._code("surface", identifier, value)[:_SURFACE_LENGTH]
            made = self._made[identifier, value] = f"[{identifier}_{entity}_{surface}]"
        return made

    def shift_days(self) -> int:
        """Return the session's secret date offset in days; never 0."""
        digest = hmac.digest(self._key, b"phigate shift", "sha256")
        number = int.from_bytes(digest[:8]) % (2 * _SHIFTS)
        days = _SHORTEST_SHIFT + number // 2
        return days if number % 2 else -days

    def _code(self, part: str, identifier: str, value: str) -> str:
        labelled = self._labelled.get((part, identifier))
        if labelled is None:
            labelled = self._labelled[part, identifier] = self._inner.copy()
            labelled.update(f"phigate\0{part}\0{identifier}\0".encode())
        inner, outer = labelled.copy(), self._outer.copy()
        inner.update(value.encode())
        outer.update(inner.digest())
        return _written(outer.digest()[:_CODE_BYTES])


def _written(code: bytes) -> str:
    """Return five bytes in base 32 (RFC 4648, section 6), as `base64.b32encode`, which takes ten times as long."""
    number = int.from_bytes(code)
    return _PAIRS[number >> 30] + _PAIRS[number >> 20 & 1023] + _PAIRS[number >> 10 & 1023] + _PAIRS[number & 1023]


def entity_of(identifier: str, value: str) -> str:
    """Return what all spellings of one value share: case, white space and punctuation do not count.

    Numeric identifiers are their digits. Of a name it is the family name: the last word, or the last one before a comma
    or a `^`, so that `Jane Doe`, `Ms. Doe`'s `Doe` and `DOE, JANE` relate, whatever was said before.
    """
    text = value.lower() if value.isascii() else unicodedata.normalize("NFKC", value).casefold()
    if identifier in NUMERIC:
        digits = "".join(filter(str.isdecimal, text))
        digits = digits if digits.isascii() else "".join([str(unicodedata.decimal(char)) for char in digits])
        if digits:
            return digits
    if identifier == "NAME":
        return _family(text)
    return text if text.isalnum() else "".join(filter(str.isalnum, text))


def _family(name: str) -> str:
    """Return the family name in a name; the words of a double name with a hyphen are one."""
    for separator in _BEHIND_FAMILY:
        before, found, after = name.partition(separator)
        if found and not _SUFFIXES.issuperset(_words(after)):
            name = before
            break
    words = _words(name)
    while len(words) > 1 and (words[-1] in _SUFFIXES or len(words[-1]) == 1):
        words.pop()
    return words[-1] if words else ""


def _words(name: str) -> list[str]:
    """Return the words of a name; what stands between letters of one is left out."""
    return [name] if name.isalnum() else name.translate(_OF_NAMES).split()


class _OfNames(dict[int, str]):
    """What each character of a name becomes, filled as they turn up; bounded by the number of code points."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        kept = self[code] = char if char.isalnum() else " " if char.isspace() or char in ",^." else ""
        return kept


_OF_NAMES = _OfNames()
