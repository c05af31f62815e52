"""What native code is told of recognizers, so that it can judge most matches as they would (`native/verdicts.c`)."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from masking.allowed import MANY, Letters
from masking.evidence import MOST_POINTS
from masking.findings import PUBLIC
from masking.memory import NAME, identifier_number
from masking.validators import VALIDATORS
from masking.values import MAX_ATOMS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from masking.evidence import Evidence
    from masking.recognizers import Recognizer

_FORMS: dict[object, int] = {
    VALIDATORS[name]: form
    for form, name in enumerate(
        (
            *("days", "late_day", "phone", "telephone", "record", "number", "beside"),
            *("ssn_shape", "very_old", "vin", "dea", "email", "ip", "card", "iban", "npi_like", "digit"),
        ),
        1,
    )
}
"""Validators that native code knows by their plain forms (`native/forms.c`)."""

_PYTHONS = 1 << 10
"""The form of a validator that Python alone knows."""

NO_POINTS = MOST_POINTS + 1
"""What stands for no points in native code, which knows no number below 0 there."""

_AFTER_OWNER, _ENTRY_OWNER, _ALLOWED_OWNER, _ANCHOR_OWNER, _VALUE_OWNER = range(5)
_OWNERS = _VALUE_OWNER + MAX_ATOMS


class RuleFacts:
    """Facts of recognizers as `matcher.h` has them: its `Rule`s, and of its `Matcher` the cues, entries and sizes."""

    def __init__(self, recognizers: Sequence[Recognizer]) -> None:
        self.rules = array("i")
        self.cues = bytearray(b"\0")
        self.listed: list[str] = []
        self.owners = array("i")
        self.sizes = array("i")
        self.evidence: list[Evidence] = []
        for number, recognizer in enumerate(recognizers):
            self._tell(number * _OWNERS, recognizer)

    def _tell(self, owner: int, recognizer: Recognizer) -> None:
        is_odd = _is_odd(recognizer.context) or _is_odd(recognizer.unless)
        letters = [one for one in recognizer.allow if isinstance(one, Letters)]
        allows = is_odd or len(letters) < len(recognizer.allow)
        plain, hyphened = (_lengths(one for one in letters if one.hyphens == hyphens) for hyphens in (False, True))
        facts = (
            *(recognizer.asks, recognizer.moves, recognizer.propagate, recognizer.identifier == PUBLIC),
            *(recognizer.identifier == NAME, recognizer.alone, recognizer.among is not None),
            *(recognizer.values is not None, bool(recognizer.unless_after), bool(recognizer.stop), allows),
            bool(recognizer.allow_values),
        )
        flags = sum(1 << place for place, fact in enumerate(facts) if fact)
        form = _FORMS.get(recognizer.validate, _PYTHONS) if recognizer.validate else 0
        self.rules.extend((recognizer.priority, identifier_number(recognizer.identifier), flags, form))
        self.rules.extend((self._cues(recognizer.unless), self._cues(recognizer.context), plain, hyphened))
        self.rules.append(len(self.sizes) // 2)
        self._list(recognizer.unless_after, owner + _AFTER_OWNER)
        self._list(recognizer.allow_values, owner + _ALLOWED_OWNER)
        if recognizer.among is not None:
            self._list(recognizer.among.entries, owner + _ENTRY_OWNER)
        if recognizer.values is not None:
            self._list(recognizer.values.anchor_forms, owner + _ANCHOR_OWNER)
            for place, forms in recognizer.values.placed.items():
                self._list(forms, owner + _VALUE_OWNER + place)
            for size in recognizer.values.sizes:
                self.sizes.extend(size)
        self.rules.append(len(self.sizes) // 2)
        self.rules.extend(self._evidence(recognizer.evidence))

    def _evidence(self, evidence: tuple[Evidence, str] | None) -> tuple[int, int]:
        """Return the number of a rule's evidence, -1 for none, and where its kind of words stands among the cues."""
        if evidence is None:
            return -1, -1
        file, kind = evidence
        if file not in self.evidence:
            self.evidence.append(file)
        return self.evidence.index(file), self._cues((kind,))

    def clues(self) -> tuple[list[str], array[int], array[int]]:
        """Return all clues, and for each the number of its evidence and its points, counted from `NO_POINTS`."""
        told = [
            (clue, number, points) for number, one in enumerate(self.evidence) for clue, points in one.points.items()
        ]
        return (
            [clue for clue, _, _ in told],
            array("i", (number for _, number, _ in told)),
            array("H", (NO_POINTS + points for _, _, points in told)),
        )

    def _cues(self, cues: Sequence[str]) -> int:
        """Return where cues stand, -1 if there are none, or Python has to look for them."""
        if not cues or _is_odd(cues):
            return -1
        at = len(self.cues)
        self.cues += "\n".join(cues).encode() + b"\0"
        return at

    def _list(self, words: Collection[str], owner: int) -> None:
        self.listed += words
        self.owners.extend([owner] * len(words))


def _lengths(allowed: Iterable[Letters]) -> int:
    """Return as bits how many letters values have that are allowed."""
    lengths = 0
    for letters in allowed:
        lengths |= sum(1 << length for length in range(letters.fewest, letters.most + 1))
    return lengths - (1 << 32) if lengths >> MANY else lengths  # a signed number of 32 bits


def _is_odd(cues: Sequence[str]) -> bool:
    """Say whether one of some cues is empty, or holds what parts and ends cues in native code."""
    return any(not cue or "\n" in cue or "\0" in cue for cue in cues)
