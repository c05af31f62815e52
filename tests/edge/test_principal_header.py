"""The principal header: only a holder of the key makes one, and it dies within seconds."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz.identity import Principal
from authz.principal_header import LIFETIME, SKEW, PrincipalRefused, sign, verify

KEY = b"k" * 32
NOW = 1_800_000_000
BOB = Principal("default", "https://idp.example", "bob", ("reviewers",), "human", "t1", NOW + 600)

names = st.text(min_size=1, max_size=64).filter(str.isprintable)


def _recode(payload: object) -> str:
    raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@given(names, names, names, st.lists(names, max_size=5), st.sampled_from(["human", "service"]))
def test_what_is_signed_comes_back(tenant, issuer, subject, groups, kind):
    """Every principal survives the header, in any script, and the header is plain ASCII."""
    principal = Principal(tenant, issuer, subject, tuple(groups), kind, "t", NOW + 60)
    header = sign(KEY, principal, now=NOW)
    assert header.isascii()
    assert header.isprintable()
    assert verify(KEY, header, now=NOW + 1) == principal
    assert verify(KEY, header.encode(), now=NOW + 1) == principal


GOOD = sign(KEY, BOB, now=NOW)
PAYLOAD, SIGNATURE = GOOD.split(".")
CLAIMS = json.loads(base64.urlsafe_b64decode(PAYLOAD + "=="))


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        ".",
        PAYLOAD,
        PAYLOAD + ".",
        "." + SIGNATURE,
        GOOD + "=",
        GOOD + ".",
        GOOD + "x",
        " " + GOOD,
        GOOD.lower(),
        PAYLOAD + "=." + SIGNATURE,
        SIGNATURE + "." + PAYLOAD,
        "é" + GOOD,
        GOOD + ", " + GOOD,
        _recode({**CLAIMS, "subject": "alice"}) + "." + SIGNATURE,
        _recode({**CLAIMS, "groups": ["reviewers", "auditors"]}) + "." + SIGNATURE,
        _recode({"alg": "none", **CLAIMS}) + ".",
        "a" * 200_000,
    ],
)
def test_forgeries_are_refused(header):
    """A missing, cut, re-spelled, edited or doubled header is refused."""
    with pytest.raises(PrincipalRefused):
        verify(KEY, header, now=NOW)


@given(st.integers(0, len(GOOD) - 1), st.characters(min_codepoint=33, max_codepoint=126))
def test_every_single_character_counts(position, character):
    """Changing any one character of a good header makes it a forgery."""
    changed = GOOD[:position] + character + GOOD[position + 1 :]
    if changed != GOOD:
        with pytest.raises(PrincipalRefused):
            verify(KEY, changed, now=NOW)


@pytest.mark.parametrize(
    ("now", "good"),
    [
        (NOW, True),
        (NOW + LIFETIME, True),
        (NOW + LIFETIME + 1, False),
        (NOW - SKEW, True),
        (NOW - SKEW - 1, False),
        (NOW + 10_000, False),
    ],
)
def test_it_lives_for_seconds(now, good):
    """The lifetime and the allowed clock difference are exact."""
    if good:
        assert verify(KEY, GOOD, now=now) == BOB
    else:
        with pytest.raises(PrincipalRefused):
            verify(KEY, GOOD, now=now)


def test_it_dies_with_its_token():
    """A header never outlives the token that it was made from."""
    short = Principal("default", "https://idp.example", "bob", (), "human", "t1", NOW + 5)
    with pytest.raises(PrincipalRefused, match="token"):
        verify(KEY, sign(KEY, short, now=NOW), now=NOW + 5)


def test_another_key_is_no_key():
    """A header of another deployment is a forgery, and a short key is refused by both sides."""
    with pytest.raises(PrincipalRefused):
        verify(b"x" * 32, GOOD, now=NOW)
    with pytest.raises(ValueError, match="32 bytes"):
        sign(b"short", BOB, now=NOW)
    with pytest.raises(ValueError, match="32 bytes"):
        verify(b"", GOOD, now=NOW)


def test_a_refusal_never_shows_the_value():
    """The error says what is wrong and repeats nothing of the header."""
    with pytest.raises(PrincipalRefused) as caught:
        verify(KEY, GOOD + "x", now=NOW)
    assert PAYLOAD not in str(caught.value)
