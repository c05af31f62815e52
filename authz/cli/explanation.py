"""Findings as a person reads them: in colour on a terminal, a line each where no one is looking.

An explanation shows text of the input, which is why it goes to standard output and into no log.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from authz.cli.table import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from masking import Finding, RuleSet
    from masking.profile import Names

_STYLES = ("bold red", "bold green", "bold yellow", "bold blue", "bold magenta", "bold cyan")


@dataclass(frozen=True, slots=True)
class Explained:
    """A finding with its text and its cue; offsets are code points of the whole text."""

    start: int
    end: int
    identifier: str
    rule: str
    cue: str
    value: str

    def fact(self) -> dict[str, Any]:
        """Return the finding as JSON has it; without a cue there is no such member."""
        fact = {"start": self.start, "end": self.end, "identifier": self.identifier, "rule": self.rule}
        return fact | {"cue": self.cue} if self.cue else fact


def explained(rules: RuleSet, names: Names, text: str, findings: Sequence[Finding], at: int = 0) -> Iterator[Explained]:
    """Yield the findings of a text that begins at `at` of a whole one, with their cues."""
    from masking.explanation import cues

    for finding, cue in zip(findings, cues(rules, names, text, findings), strict=True):
        value = text[finding.start : finding.end]
        yield Explained(finding.start + at, finding.end + at, finding.identifier, finding.rule, cue, value)


class Page:
    """Shows explained texts on standard output."""

    def __init__(self) -> None:
        from rich.console import Console

        self._console = Console(highlight=False) if sys.stdout.isatty() else None
        self._identifiers: dict[str, str] = {}

    def show(self, text: str, found: Iterable[Explained], at: int, *, title: str, last: bool) -> None:
        """Show a piece of a text, which begins at `at` of the whole: on a terminal with its findings marked.

        Elsewhere the findings alone, a line each. `title` stands before the text, `last` ends it.
        """
        if self._console is None:
            if title:
                sys.stdout.write(f"# {_line(title)}\n")
            for one in found:
                beside = f"  by {_line(one.cue)}" if one.cue else ""
                sys.stdout.write(f"{one.start}-{one.end}  {one.identifier}  {one.rule}  {_line(one.value)}{beside}\n")
            return
        from rich.text import Text

        marked, done = Text(), at
        if title:
            marked.append(f"# {_line(title)}\n", style="bold")
        for one in found:
            style = self._style(one.identifier)
            beside = f" \N{MIDDLE DOT} {_line(one.cue)}" if one.cue else ""
            marked.append(printable(text[done - at : one.start - at]))
            marked.append(printable(one.value), style=f"{style} underline")
            marked.append(f" [{one.identifier} {one.rule}{beside}]", style=f"dim {style}")
            done = one.end
        marked.append(printable(text[done - at :]) + ("\n" if last else ""))
        self._console.print(marked, end="", soft_wrap=True)

    def _style(self, identifier: str) -> str:
        return self._identifiers.setdefault(identifier, _STYLES[len(self._identifiers) % len(_STYLES)])


def _line(text: str) -> str:
    return printable(" ".join(text.split()))
