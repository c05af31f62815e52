"""A small rule set of the carriage tests' own, so that they prove where text travels and not what counts as PHI."""

from __future__ import annotations

import json

from masking.json_document import parse
from masking.rules import RuleSet

KEY = b"a masking key of thirty-two byte"

_RECOGNIZERS = rb"""
words:
  cues: patient dr mrs
  common: it is so and that was all there to say about at the time word
lexicon:
  vocabulary: common
recognizers:
  - id: canary
    identifier: OTHER_ID
    priority: 90
    patterns: ['\b(?P<value>CANARY\d{1,6})\b']
    examples: ['see [[CANARY17]] there']
    counter_examples: ['a canary']
  - id: ssn
    identifier: SSN
    priority: 80
    propagate: true
    patterns: ['\b(?P<value>\d{3}-\d{2}-\d{4})\b']
    examples: ['number [[123-45-6789]] there']
    counter_examples: ['123-456-7890']
  - id: mrn
    identifier: MRN
    priority: 70
    propagate: true
    patterns: ['\b(?P<value>00\d{2}-\d{4})\b']
    examples: ['MRN [[0012-3456]]']
    counter_examples: ['0012']
  - id: date
    identifier: DATE
    priority: 60
    patterns: ['\b(?P<value>\d{2}/\d{2}/\d{4})\b']
    examples: ['on [[02/03/1961]]']
    counter_examples: ['02/03']
  - id: name
    identifier: NAME
    priority: 50
    propagate: true
    patterns:
      - '(?:Mrs\.|Dr\.|patient) (?P<value>\pL+ \pL+)'
      - '\b(?P<value>Marisol Fict\pL+)\b'
      - '\b(?P<value>(?:Orson|O\.) Testman)\b'
    examples: ['seen Mrs. [[Ada Loveless]] now', 'that [[Orson Testman]] came', 'for [[Marisol Ficticia]]']
    counter_examples: ['the name is unknown']
"""

_TRIGGERS = b"""
triggers:
  - id: bulk_record
    patterns: ['\\bentire chart\\b']
    examples: ['the entire chart']
    counter_examples: ['the chart']
"""


def _profile(name: str, request: str, response: str, **more: str) -> bytes:
    lines = [f"name: {name}", f"request: {request}", f"response: {response}"]
    lines += [
        f"{key}: {value}"
        for key, value in {"names": "strict", "unknown": "block", "media": "allow"}.items()
        if key not in more
    ]
    return "\n".join(lines + [f"{key}: {value}" for key, value in more.items()]).encode()


RULES = RuleSet.from_sources(
    {
        "recognizers/carriage.yaml": _RECOGNIZERS,
        "triggers.yaml": _TRIGGERS,
        "profiles/plain.yaml": _profile("plain", '{"*": tokenize}', '{"*": tokenize}', default="true", restore="false"),
        "profiles/restoring.yaml": _profile("restoring", '{"*": tokenize}', '{"*": tokenize}', restore="true"),
        "profiles/redacting.yaml": _profile("redacting", '{"*": redact, DATE: keep}', '{"*": redact, DATE: keep}'),
        "profiles/guarded.yaml": _profile("guarded", '{"*": tokenize}', '{"*": tokenize}', media="block"),
        "profiles/blocking.yaml": _profile("blocking", '{"*": tokenize, SSN: block}', '{"*": tokenize}'),
    }
)

PLAIN = RULES.profile("plain")
RESTORING = RULES.profile("restoring")
REDACTING = RULES.profile("redacting")
GUARDED = RULES.profile("guarded")
BLOCKING = RULES.profile("blocking")


def dump(value: object) -> bytes:
    """Return compact JSON as an SDK sends it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def strings(body: bytes) -> list[str]:
    """Return every string value of a body in byte order, as our strict reader and json both see it."""
    parse(body)
    found: list[str] = []

    def walk(value: object) -> None:
        if isinstance(value, str):
            found.append(value)
        elif isinstance(value, list):
            for item in value:
                walk(item)
        elif isinstance(value, dict):
            for item in value.values():
                walk(item)

    walk(json.loads(body))
    return found
