"""What masking found, in numbers: nothing here is text of the input."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import click

from authz.cli.table import print_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from masking import Finding

_TOKEN = re.compile(r"\S+")


class Counts:
    """Adds up the findings of texts. A token is what stands between white space; it is masked if any of it is."""

    def __init__(self) -> None:
        self.totals: Counter[str] = Counter()
        self.identifiers: Counter[str] = Counter()
        self.rules: Counter[str] = Counter()

    def add(self, text: str, findings: Sequence[Finding], *, last: bool) -> None:
        """Count a piece of a text, the last one perhaps, with its findings, leftmost first."""
        self.identifiers.update(finding.identifier for finding in findings)
        self.rules.update(finding.rule for finding in findings)
        self.totals.update(
            characters=len(text),
            characters_masked=sum(finding.end - finding.start for finding in findings),
            findings=len(findings),
            texts=int(last),
        )
        ahead = list(reversed(findings))
        for token in _TOKEN.finditer(text):
            while ahead and ahead[-1].end <= token.start():
                ahead.pop()
            self.totals.update(tokens=1, tokens_masked=int(bool(ahead) and ahead[-1].start < token.end()))

    def facts(self) -> dict[str, Any]:
        """Return the counts as JSON has them."""
        names = ("texts", "characters", "characters_masked", "tokens", "tokens_masked", "findings")
        totals = {name: self.totals[name] for name in names}
        return totals | {"identifiers": _ranked(self.identifiers), "rules": _ranked(self.rules)}

    def print(self) -> None:
        """Print the counts as tables."""
        for title, counts in (("IDENTIFIER", self.identifiers), ("RULE", self.rules)):
            print_table((title, "FINDINGS"), _ranked(counts).items())
            click.echo()
        totals = self.totals
        rows = [
            (name, totals[f"{name}_masked"], totals[name], f"{totals[f'{name}_masked'] / (totals[name] or 1):.2%}")
            for name in ("tokens", "characters")
        ]
        print_table(("TOTAL", "MASKED", "ALL", "SHARE"), rows)


def _ranked(counts: Counter[str]) -> dict[str, int]:
    """Return counts in falling order, equal ones by name."""
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
