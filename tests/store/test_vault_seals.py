"""Keys and sealing: another row, another key, another byte opens nothing; derived keys are apart; nothing prints."""

from __future__ import annotations

import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz import vault
from authz.vault import DataKey, KeyEncryptionKeys, KeyExhausted, KeyMissing, RootKey, SealBroken, bind

NAMES = st.lists(st.text(max_size=8), max_size=4)


@given(st.binary(max_size=300), st.binary(max_size=40))
def test_what_is_sealed_opens(plaintext, aad):
    """Any text under any associated data comes back, and two seals of it differ."""
    key = DataKey.generate()
    first, second = vault.seal(key, plaintext, aad), vault.seal(key, plaintext, aad)
    assert vault.open_sealed(key, first, aad) == plaintext
    assert first != second
    assert len(first) == len(plaintext) + 28


@given(st.binary(min_size=1, max_size=60), st.data())
def test_a_changed_byte_opens_nothing(plaintext, data):
    """Every single changed byte of a ciphertext is found."""
    key = DataKey.generate()
    sealed = bytearray(key.seal(plaintext, b"row 1"))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(SealBroken):
        key.open(bytes(sealed), b"row 1")


@pytest.mark.parametrize("sealed", [b"", b"short", b"x" * 27])
def test_something_that_is_no_ciphertext_opens_nothing(sealed):
    """Truncated rows are refused like changed ones."""
    with pytest.raises(SealBroken):
        DataKey.generate().open(sealed, b"")


def test_swapped_rows_open_nothing():
    """A ciphertext put under another row's associated data does not open."""
    key = DataKey.generate()
    with pytest.raises(SealBroken):
        key.open(key.seal(b"text", vault.payload_aad("p1", "e1", "request")), vault.payload_aad("p2", "e1", "request"))


@given(NAMES, NAMES)
def test_bind_is_unambiguous(one, other):
    """Two different lists of parts never give the same bytes."""
    assert (bind(*one) == bind(*other)) == (one == other)


def test_nonces_do_not_repeat():
    """Twenty thousand seals under one key use twenty thousand nonces."""
    key = DataKey.generate()
    assert len({key.seal(b"", b"")[:12] for _ in range(20_000)}) == 20_000


def test_a_key_stops_at_its_cap(monkeypatch):
    """Beyond the message cap a key seals nothing, and still opens."""
    monkeypatch.setattr(vault, "MESSAGE_CAP", 2)
    key = DataKey.generate()
    sealed = [key.seal(b"x", b"") for _ in range(2)]
    with pytest.raises(KeyExhausted):
        key.seal(b"x", b"")
    assert key.open(sealed[0], b"") == b"x"


def test_derived_keys_are_apart():
    """Purpose, tenant, issuer, subject and session each change every key; the split between names does too."""
    root = RootKey(b"r" * 32)
    context = ("tenant", "issuer", "subject", "session")
    keys = {root.session_key(*context), root.masking_key(*context), root.digest_key(*context)}
    for position in range(4):
        changed = list(context)
        changed[position] += "x"
        keys |= {root.session_key(*changed), root.masking_key(*changed), root.digest_key(*changed)}
    keys.add(root.session_key("tenanti", "ssuer", "subject", "session"))
    keys.add(RootKey(b"s" * 32).session_key(*context))
    assert len(keys) == 17
    assert root.session_key(*context) == RootKey(b"r" * 32).session_key(*context)


def test_rotation_loses_nothing():
    """Data keys wrapped under an older key-encryption key still open; without it they are reported as missing."""
    old, new = KeyEncryptionKeys(b"o" * 32), KeyEncryptionKeys(b"n" * 32, [b"o" * 32])
    key = DataKey.generate()
    wrapped = old.wrap(key, b"row")
    sealed = key.seal(b"text", b"")
    assert new.unwrap(key.id, wrapped, old.current_id, b"row").open(sealed, b"") == b"text"
    assert new.current_id != old.current_id
    with pytest.raises(KeyMissing):
        KeyEncryptionKeys(b"n" * 32).unwrap(key.id, wrapped, old.current_id, b"row")
    with pytest.raises(SealBroken):
        new.unwrap(key.id, wrapped, new.current_id, b"row")
    with pytest.raises(SealBroken):
        new.unwrap(key.id, wrapped, old.current_id, b"another row")


def test_secrets_do_not_print():
    """No key material in repr or str, as bytes, hex or otherwise."""
    material = secrets.token_bytes(32)
    for secret in (RootKey(material), DataKey("dk_1", material), KeyEncryptionKeys(material)):
        for shown in (repr(secret), str(secret), f"{secret}"):
            assert "[redacted]" in shown
            assert material.hex() not in shown
            assert repr(material)[2:-1] not in shown


@pytest.mark.parametrize("make", [RootKey, KeyEncryptionKeys, lambda key: DataKey("id", key)])
def test_short_keys_are_refused(make):
    """A key of any other length than 32 bytes is a fault at start, not weaker cryptography."""
    for length in (0, 16, 31, 33):
        with pytest.raises(ValueError, match="32 bytes"):
            make(b"k" * length)
