"""Findings in, masked text out: what a profile's operators make of a text, and what each placeholder stands for.

The texts of one request or response go through one `Replacement` in their order, because what was found in an earlier
text is known in the later ones (`Memory`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from masking.operators import apply
from masking.profile import Operator
from masking.seams import joined, spill
from masking.text import find

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from masking.folding import View
    from masking.placeholders import Pseudonyms
    from masking.profile import Names
    from masking.rules import RuleSet
    from masking.text import Finding, Memory


class Replaced(NamedTuple):
    """A text after masking; `found` holds one identifier per finding, `blocked` those whose operator is `block`."""

    text: str
    found: tuple[str, ...] = ()
    blocked: tuple[str, ...] = ()


class Replacement:
    """Masks texts in one direction; `restorations` collects placeholder to original as it goes."""

    __slots__ = ("_operators", "_scanned", "memory", "names", "pseudonyms", "restorations", "rules")

    def __init__(
        self,
        rules: RuleSet,
        names: Names,
        operator: Callable[[str], Operator],
        pseudonyms: Pseudonyms,
        memory: Memory,
    ) -> None:
        self.rules = rules
        self.names: Names = names
        self._operators = _Operators(operator)
        self.pseudonyms = pseudonyms
        self.memory = memory
        self.restorations: dict[str, str] = {}
        self._scanned: dict[str, tuple[str, ...]] = {}

    def text(self, text: str, before: str = "", field: str = "", view: View | None = None) -> Replaced:
        """Mask a whole text; `before` is the end of the text block directly before it (`seams`), `field` its key.

        `view` is its folded view, if that is known.
        """
        if not text:
            return Replaced(text)
        over = spill(self.rules, self.names, self.memory, before, text)
        found = find(self.rules, text, names=self.names, memory=self.memory, field=field, view=view)
        return self.findings(text, found if over is None else joined(over, text, found))

    def scan(self, text: str) -> tuple[str, ...]:
        """Return the identifiers found in a text that must stay as it is, kept ones aside; memory stays as it was.

        Names and settings are single words: only `balanced` names count, or every tool called `Read` would block.
        """
        known = self._scanned.get(text)
        if known is None:
            known = self._scanned[text] = tuple(
                finding.identifier
                for finding in find(self.rules, text, names="balanced")
                if self._operators[finding.identifier] is not _KEEP
            )
        return known

    def peek(self, text: str) -> tuple[str, ...]:
        """Return the identifiers found in a text that must stay as it is but is free text, kept ones aside.

        Memory is used and stays as it was.
        """
        findings = find(self.rules, text, names=self.names, memory=self.memory.copy()) if text else ()
        found = (finding.identifier for finding in findings)
        return tuple(identifier for identifier in found if self._operators[identifier] is not _KEEP)

    def findings(self, text: str, findings: Iterable[Finding]) -> Replaced:
        """Replace findings that are already known, in their order."""
        parts: list[str] = []
        found: list[str] = []
        blocked: list[str] = []
        position = 0
        operators, restorations, placeholder = self._operators, self.restorations, self.pseudonyms.placeholder
        for start, end, identifier, _ in findings:
            found.append(identifier)
            operator = operators[identifier]
            if operator is _KEEP:
                continue
            value = text[start:end]
            if operator is _TOKENIZE:
                masked = placeholder(identifier, value)
                if masked not in restorations:
                    restorations[masked] = value
            else:
                masked = apply(operator, identifier, value, self.pseudonyms)
                if operator is _BLOCK:
                    blocked.append(identifier)
            parts += (text[position:start], masked)
            position = end
        if not found:
            return Replaced(text)
        parts.append(text[position:])
        return Replaced("".join(parts), tuple(found), tuple(blocked))


class _Operators(dict[str, Operator]):
    """The operators of identifiers, asked for once each."""

    __slots__ = ("_of",)

    def __init__(self, of: Callable[[str], Operator]) -> None:
        self._of = of

    def __missing__(self, identifier: str) -> Operator:
        operator = self[identifier] = self._of(identifier)
        return operator


_KEEP, _TOKENIZE, _BLOCK = Operator.KEEP, Operator.TOKENIZE, Operator.BLOCK
