"""phigate's masking engine: bytes or text in, values out.

Pure: no gRPC, no event loop, no clock, and no files at call time. It knows identifiers (45 CFR 164.514(b)(2)),
recognizers, operators, JSON, server-sent events and the text fields of the Messages API.
"""

from __future__ import annotations

from masking.errors import BodyRefused, JsonRefused, MaskingError, RuleError, StreamRefused, TextRefused
from masking.masked import Masked, mask_text
from masking.operators import apply
from masking.placeholders import PLACEHOLDER, Pseudonyms
from masking.profile import Operator, Profile
from masking.rules import RuleSet, read_sources
from masking.text import Finding, Memory, Segment, SegmentFold, find, match_triggers

__all__ = [
    "PLACEHOLDER",
    "BodyRefused",
    "Finding",
    "JsonRefused",
    "Masked",
    "MaskingError",
    "Memory",
    "Operator",
    "Profile",
    "Pseudonyms",
    "RuleError",
    "RuleSet",
    "Segment",
    "SegmentFold",
    "StreamRefused",
    "TextRefused",
    "apply",
    "find",
    "mask_text",
    "match_triggers",
    "read_sources",
]
