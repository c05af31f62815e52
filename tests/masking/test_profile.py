"""Profiles: read strictly, with a default for every identifier."""

from __future__ import annotations

import pytest
from shipped import shipped

from masking import Operator, RuleError, RuleSet
from masking.masked import mask_text

RULE = b"recognizers:\n  - id: code\n    identifier: MRN\n    patterns: ['X\\d{4}']\n    examples: ['[[X1234]]']\n"
GOOD = 'name: p\ndefault: true\nrequest: {"*": tokenize, MRN: block}\nresponse: {"*": redact}\n'


def build(*profiles: str) -> RuleSet:
    files = {f"profiles/{n}.yaml": text.encode() for n, text in enumerate(profiles)}
    return RuleSet.from_sources({"recognizers/a.yaml": RULE, **files})


def test_shipped_profiles() -> None:
    """The three shipped profiles are what the documentation says."""
    profiles = shipped().profiles
    assert set(profiles) == {"standard", "restore", "safe-harbor"}
    assert shipped().default_profile == "standard"
    standard = profiles["standard"]
    assert (standard.restore, standard.names, standard.unknown, standard.media) == (False, "strict", "mask", "review")
    assert standard.request_operator("ANYTHING") is Operator.TOKENIZE
    assert standard.response_operator("ANYTHING") is Operator.TOKENIZE
    assert profiles["restore"].restore
    assert profiles["safe-harbor"].request_operator("DATE") is Operator.GENERALIZE
    assert profiles["safe-harbor"].request_operator("NAME") is Operator.REDACT


def test_listed_identifiers_differ_from_the_default() -> None:
    """A listed identifier has its operator, every other one that of `*`."""
    profile = build(GOOD).profiles["p"]
    assert profile.request_operator("MRN") is Operator.BLOCK
    assert profile.request_operator("SSN") is Operator.TOKENIZE
    assert profile.response_operator("MRN") is Operator.REDACT


def test_blocked_identifiers_are_named() -> None:
    """Masking says which identifiers the profile does not let through."""
    rules = build(GOOD)
    masked = mask_text(rules, rules.profile("p"), "see X1234", key=bytes(32))
    assert (masked.text, masked.blocked) == ("see [MRN]", ("MRN",))


@pytest.mark.parametrize(
    "text",
    [
        GOOD.replace('"*": tokenize, ', ""),
        GOOD.replace("tokenize", "encrypt"),
        GOOD.replace("default: true\n", ""),
        GOOD + "names: loose\n",
        GOOD + "unknown: pass\n",
        GOOD + "media: maybe\n",
        GOOD + "extra: 1\n",
        GOOD.replace("name: p\n", ""),
    ],
)
def test_bad_profiles_are_refused(text: str) -> None:
    """Unknown operators, keys and choices do not load, nor does a rule set without a default."""
    with pytest.raises(RuleError):
        build(text)


def test_two_defaults_or_two_of_a_name_are_refused() -> None:
    """Exactly one profile is the default, and names are unique."""
    with pytest.raises(RuleError, match="default"):
        build(GOOD, GOOD.replace("name: p", "name: q"))
    with pytest.raises(RuleError, match="taken"):
        build(GOOD, GOOD)


def test_an_unknown_profile_is_an_error() -> None:
    """Asking for a profile that is not there is a RuleError."""
    with pytest.raises(RuleError):
        shipped().profile("nope")
