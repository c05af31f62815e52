"""Masking a whole text in one call: findings by the engine, replacements by the profile's operators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from masking.operators import apply
from masking.placeholders import Pseudonyms
from masking.profile import Operator
from masking.text import Finding, Memory, Segment, find

if TYPE_CHECKING:
    from masking.profile import Profile
    from masking.rules import RuleSet


@dataclass(frozen=True, slots=True)
class Masked:
    """A masked text; the findings are in code points of the original, `blocked` are the identifiers not let through."""

    text: str
    findings: tuple[Finding, ...]
    blocked: tuple[str, ...]


def mask_text(rules: RuleSet, profile: Profile, text: str, *, key: bytes, memory: Memory | None = None) -> Masked:
    """Mask a text as a request's text would be.

    `key` has 32 bytes; the same key gives the same placeholders. `memory` is advanced. Raises TextRefused.
    """
    findings = tuple(find(rules, text, names=profile.names, memory=memory))
    pseudonyms = Pseudonyms(key)
    operators = {finding.identifier: profile.request_operator(finding.identifier) for finding in findings}
    blocked = tuple(sorted(name for name, operator in operators.items() if operator is Operator.BLOCK))
    return Masked(replace(text, findings, profile, pseudonyms), findings, blocked)


def mask_segment(segment: Segment, profile: Profile, pseudonyms: Pseudonyms) -> str:
    """Return a settled segment's text with its findings replaced."""
    return replace(segment.text, segment.findings, profile, pseudonyms)


def replace(text: str, findings: tuple[Finding, ...], profile: Profile, pseudonyms: Pseudonyms) -> str:
    """Return a text with its findings (leftmost first) replaced by the profile's request operators."""
    parts: list[str] = []
    at = 0
    for finding in findings:
        operator, value = profile.request_operator(finding.identifier), text[finding.start : finding.end]
        parts.extend((text[at : finding.start], apply(operator, finding.identifier, value, pseudonyms)))
        at = finding.end
    parts.append(text[at:])
    return "".join(parts)
