"""Folding: other spellings of the same text are seen through, and every view leads back to its original."""

from __future__ import annotations

import base64
import html
import sys
import unicodedata
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shipped import folded, shipped

from masking import find, folding
from masking.folding import SPACES, fold, view_of
from masking.segments import lines

UNUSED = {"Cn", "Co", "Cs"}
NAME = "Patient Jane Doe, SSN 123-45-6789 today"
PIECES = st.lists(
    st.sampled_from(
        ["%4A", "%20", "%zz", "&amp;", "&#74;", "&nbsp;", "&#xd800;", "\\u004a", "\\ud83d\\ude00", "\\ud83d", "\\x4a", "\\n",
         "**", "*", "_", "`", "~~", "a", "B", " ", "\n", "1", "é", "\u0301", "\u200b", "ﬁ", "Ѕ", "\x00", "\x02", "=a+b",
         "SmFuZSBEb2UgYW5kIEpvaG4=", "4a616e6520446f65", "A" * 17, "Jane Doe", "SSN 123-45-6789"]
    ),
    max_size=30,
).map("".join)  # fmt: skip


@settings(max_examples=2000, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["a", "Z", "9", "-", "/", "+", "=", "%", "&", "#", "\\", "u", "n", "4f", "F", ";", "\n", " ", "\x1e", ".", "g" * 15,
             "abcdef0123456789", "[", "_", "*", "`", "~", "\t", "\x1f", "\x00", "\x1d", "\x7f", "é"]
        ),
        max_size=12,
    ).map("".join)
)  # fmt: skip
def test_what_is_its_own_view_is_known_natively(text: str) -> None:
    """Native code says the same as the pattern."""
    assert folding._is_its_own(text) == (text.isascii() and folding._OTHERWISE.search(text) is None)


@pytest.mark.parametrize(
    ("text", "spells"),
    [
        ("Jane", "Jane"),
        ("１２３‐４５", "123-45"),
        ("٣٤", "34"),
        ("Ja\u00adne\u200b", "Jane"),
        ("Jane\u0301", "Jane"),
        ("Jаne Ѕmith", "Jane Smith"),
        ("Москва", "Москва"),
        ("oﬃce", "office"),
        ("Jane%20Doe%2c", "Jane Doe,"),
        ("100%ab", "100%ab"),
        ("&#74;ane&nbsp;D&oacute;e &bogus;", "Jane Dóe &bogus;"),
        (r"\u004aane \u00e9 \ud83d\ude00 \ud83d", "Jane é \U0001f600 \\ud83d"),
        (r"\x4aane\n\"Doe\"", 'Jane\n"Doe"'),
        ("**Jane** _Doe_ `x` 5*3 a_b * b", "Jane Doe x 5*3 a_b * b"),
        ("123-**45**-6789", "123-45-6789"),
        ("name=Jane+Doe", "name=Jane Doe"),
        (base64.b64encode(b"Jane Doe, born 1961").decode(), "Jane Doe, born 1961"),
        (b"Jane Doe 123".hex(), "Jane Doe 123"),
        ("0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcdef"),
        ("Pneumonoultramicroscopic", "Pneumonoultramicroscopic"),
        ("4667154805432599", "4667154805432599"),
        ("2021-03-05/2021-03-09", "2021-03-05/2021-03-09"),
        ("%254Aane", "Jane"),
        ("12\x0034", "1234"),
    ],
)  # fmt: skip
def test_what_a_text_spells(text: str, spells: str) -> None:
    """Encodings, look-alikes and marks are undone; what only looks like one stays."""
    assert fold(text) == spells


def test_what_ends_a_token_of_a_text_ends_one_of_its_view() -> None:
    """Of all characters those that a view shows as a space or a line end are the ones at which a text is parted."""
    every = ";".join(char for char in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(char) not in UNUSED)
    view = view_of(every)
    assert view.starts is not None
    shown = [place for place, char in enumerate(lines(view.text)) if char in " \n\x1e"]
    assert {every[view.starts[place]] for place in shown} == set(SPACES)
    assert len(shown) == len(SPACES)


def test_a_long_number_is_not_taken_for_an_encoding() -> None:
    """One card number in seven thousand is base64 of letters, too, and is a card number all the same."""
    assert base64.b64decode("4667154805432599").decode().strip()
    assert [f.identifier for f in find(shipped(), "paid by 4667154805432599 today")] == ["CARD"]


@pytest.mark.parametrize(
    "disguise",
    [
        quote,
        lambda text: quote(quote(text)),
        lambda text: "".join(f"&#{ord(char)};" for char in text),
        html.escape,
        lambda text: base64.b64encode(text.encode()).decode(),
        lambda text: text.encode().hex(),
        lambda text: "".join(f"\\u{ord(char):04x}" for char in text),
        "\u200b".join,
        lambda text: "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else "\u3000" for char in text),
        lambda text: text.replace("Jane", "**Jane**").replace("45", "`45`"),
        lambda text: text.replace(" ", "\u00a0").replace("-", "\u2011"),
    ],
)
def test_disguised_values_are_found(disguise) -> None:
    """Nothing of a disguised name or number is left unmasked."""
    text = f"Note: {disguise(NAME)} and so on"
    left, at = [], 0
    for found in find(shipped(), text):
        left.append(text[at : found.start])
        at = found.end
    seen = fold("".join(left) + text[at:])
    assert not any(word in seen for word in ("Jane", "Doe", "123", "6789"))


@settings(deadline=None, max_examples=300)
@given(PIECES)
def test_a_view_leads_back(text: str) -> None:
    """Where a view is not one to one, its characters come from stretches in order and inside the text."""
    view = view_of(text)
    if view.starts is None or view.ends is None:
        assert len(view.text) == len(text)
        return
    assert len(view.text) == len(view.starts) == len(view.ends)
    assert list(view.starts) == sorted(view.starts)
    assert list(view.ends) == sorted(view.ends)
    assert all(0 <= start < end <= len(text) for start, end in zip(view.starts, view.ends, strict=True))


@settings(deadline=None, max_examples=300)
@given(PIECES, st.data())
def test_encoded_texts_are_found_alike_in_any_pieces(text: str, data: st.DataObject) -> None:
    """Cutting a text with encodings anywhere changes no finding; findings never overlap."""
    whole = folded([text])
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=5)))
    assert folded([text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]) == whole
    ends = [0, *(found[1] for found in whole[1])]
    assert all(end <= found[0] < found[1] for end, found in zip(ends, whole[1], strict=False))


@pytest.mark.parametrize("text", ["*" * 4000, "x" * 40_000 + "a\u200b" * 400, "&#65;" * 900, ("w" * 99 + "%41 ") * 300])
def test_the_end_of_a_token_is_looked_for_once(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """However many encodings one token holds, the time that its view takes grows with its length alone."""
    read = 0
    end_of = folding.token_end

    def counted(text: str, at: int) -> int:
        nonlocal read
        end = end_of(text, at)
        read += end - at
        return end

    monkeypatch.setattr(folding, "token_end", counted)
    folding.view_of(text)
    assert read <= len(text)
