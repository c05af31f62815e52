r"""Decoding: stretches of a text that spell something else, and what they spell.

Percent- and HTML-encoding, `\u` and other escapes, base64 and hexadecimal of text, emphasis marks inside words, and
controls. All of it stands inside one token, so that any beginning of a text that ends between tokens decodes as it does
in the whole. Work is bounded by the length of the text: each stretch is decoded once a round (`folding` asks twice).
"""

from __future__ import annotations

import base64
import binascii
import html
from string import hexdigits
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote_to_bytes

from masking.automata import compile_pattern

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST = 4096
"""Characters of the longest stretch of base64 or hexadecimal that is decoded."""

_SHORTEST = 16
_TEXTUAL = 0.85
"""Share of letters, digits, spaces and usual signs from which decoded bytes count as text."""

_HINTS = compile_pattern(
    r"[^\t-\r\x1e-~\x{80}-\x{10ffff}]+"
    r"|(?:%[0-9A-Fa-f]{2})+"
    r"|&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z]{2,31}[0-9]{0,2});"
    r"|(?:\\u[0-9A-Fa-f]{4})+|(?:\\x[0-9A-Fa-f]{2})+|\\[nrt\"'/]"
    r"|=[A-Za-z]+(?:\+[A-Za-z]+)+"
    r"|[*`~]{1,3}|_{1,3}"
    rf"|[A-Za-z0-9+/-]{{{_SHORTEST}}}[A-Za-z0-9+/-]*={{0,2}}"
)
_RUN = "[A-Za-z0-9+/-]"
HINT = "|".join(
    (
        r"[^\t-\r\x1e-~\x{80}-\x{10ffff}]|[*`~_]|%[0-9A-Fa-f]{2}|&[#A-Za-z]|\\[uxnrt\"'/]|=[A-Za-z]+\+",
        rf"[0-9A-Fa-f]{{{_SHORTEST}}}|{_RUN}{{{_SHORTEST}}}[A-Z]",
        *(f"{_RUN}{{{before}}}[A-Z]{_RUN}{{{_SHORTEST - 1 - before}}}" for before in range(_SHORTEST)),
    )
)
"""RE2 source of what any text with an edit holds. A long word in small letters is no hint: base64 has capitals."""

_ANY_HINT = compile_pattern(HINT)
_ELEMENTS = compile_pattern(r"[0-9A-Za-z]\*[0-9A-Za-z]")
_SEGMENT = compile_pattern(r"(?:^|~)(?:[A-Z]{2,3}|[A-Z]{1,2}[0-9])\*[0-9A-Z]")
_NEAR = 48
"""Characters on each side in which a token is looked at for signs that part it."""

_ESCAPES = {"n": "\n", "r": "\n", "t": " ", '"': '"', "'": "'", "/": "/"}
_USUAL = frozenset(" \n\r\t.,;:!?'\"()/-+@#&=_<>{}[]|^~%*\\")


class Edit(NamedTuple):
    """A stretch `[start, end)` of a text and what it spells; `whole`: whatever is found in it takes all of it."""

    start: int
    end: int
    spells: str
    whole: bool = False


def edits(text: str) -> list[Edit]:
    """Return what a text spells otherwise, leftmost first, never overlapping."""
    if _ANY_HINT.search(text) is None:
        return []
    found: list[Edit] = []
    for match in _HINTS.finditer(text):
        start, end = match.span()
        stretch = text[start:end]
        spells = _READERS.get(stretch[0], _packed)(stretch)
        if spells is None and stretch[0] in _MARKS:
            spells = _mark(text, start, end)
        if spells is not None and spells != stretch:
            found.append(Edit(start, end, spells, whole=stretch[0] not in _READERS and stretch[0] not in _MARKS))
    return found


def _percent(stretch: str) -> str | None:
    return _text_of(unquote_to_bytes(stretch))


def _entity(stretch: str) -> str | None:
    spelled = html.unescape(stretch)
    return spelled if _is_unicode(spelled) else None


def _escape(stretch: str) -> str | None:
    if stretch[1] == "u":
        units = b"".join(int(unit, 16).to_bytes(2) for unit in stretch.split("\\u")[1:])
        try:
            return units.decode("utf-16-be")
        except UnicodeDecodeError:
            return None
    if stretch[1] == "x":
        return _text_of(bytes.fromhex(stretch.replace("\\x", "")))
    return _ESCAPES[stretch[1]]


def _form(stretch: str) -> str | None:
    return stretch.replace("+", " ")


def _control(_stretch: str) -> str | None:
    return ""


def _packed(stretch: str) -> str | None:
    """Return what base64 or hexadecimal of a text spells, None if it is neither; base64 has letters of both cases."""
    if len(stretch) > LONGEST or stretch.isdecimal():  # a long number, such as that of a payment card
        return None
    spelled = None if stretch.strip(hexdigits) else _hexadecimal(stretch)
    if spelled is None and stretch.lower() != stretch != stretch.upper():
        spelled = _base64(stretch)
    if spelled is None or sum(char.isalnum() or char in _USUAL for char in spelled) < _TEXTUAL * len(spelled):
        return None
    return spelled if any(map(str.isalpha, spelled)) or " " in spelled else None


def _hexadecimal(stretch: str) -> str | None:
    try:
        return _text_of(bytes.fromhex(stretch))
    except ValueError:
        return None


def _base64(stretch: str) -> str | None:
    core = stretch.rstrip("=")
    try:
        return _text_of(base64.b64decode(core + "=" * (-len(core) % 4), altchars=b"-/" if "-" in core else None))
    except (binascii.Error, ValueError):
        return None


def _mark(text: str, start: int, end: int) -> str | None:
    """Return what is left of emphasis marks: nothing, unless they stand alone or part words as a sign does."""
    left = text[start - 1] if start else " "
    right = text[end] if end < len(text) else " "
    if left.isspace() and right.isspace():
        return None
    if left.isalnum() and right.isalnum() and (end - start == 1 or text[start] == "_"):
        return None
    if left.isspace() or text[start] not in "*~" or (right.isspace() and text[start:end] != "~"):
        return ""
    ends_segment = left.isalnum() and right in "\r\n"
    return None if ends_segment or _parts_elements(text, start, end) else ""


def _parts_elements(text: str, start: int, end: int) -> bool:
    """Say whether asterisks part elements, and a tilde ends them: whether the token is of an X12 segment.

    Such a one begins a segment, has single asterisks, or four and more in a row, which emphasis never has.
    """
    left, right = text[max(0, start - _NEAR) : start].rsplit(maxsplit=1)[-1], text[end : end + _NEAR]
    token = f"{left}{text[start:end]}{'' if right[:1].isspace() else ''.join(right.split()[:1])}"
    single = len(_ELEMENTS.findall(token))
    return single > 1 or "****" in token or _SEGMENT.search(token) is not None or (single > 0 and token[-1] == "~")


def _text_of(data: bytes) -> str | None:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= char <= "\udfff" for char in text)


_MARKS = frozenset("*`~_")
_READERS: dict[str, Callable[[str], str | None]] = {
    "%": _percent,
    "&": _entity,
    "\\": _escape,
    "=": _form,
    **{chr(code): _control for code in (*range(9), *range(14, 30), 127)},
    **dict.fromkeys(_MARKS, lambda _stretch: None),
}
