"""Restoring placeholders in pieces: the cuts do not matter, links and strangers stay as they are."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from masking.restoration import Restorer

TOKEN = "[NAME_AC5ZZML_273T2G]"
ORIGINALS = {TOKEN: "Ada Loveless"}
PARTS = st.lists(
    st.sampled_from(
        [
            TOKEN,
            "[",
            "]",
            "[NAME_AAAAAAA_AAAAAA]",
            " ",
            "https:",
            "//",
            "x.test/",
            "](",
            "so",
            "\n",
            "WWW.",
            "[A",
            "<a ",
            ">",
            "src= '",
            "tel:",
            "\\",
            ".x",
            "@x",
        ]
    )
)


def _restored(*pieces: str) -> tuple[str, str, int]:
    restorer = Restorer(ORIGINALS)
    out = [*(restorer.feed(piece) for piece in pieces), restorer.finish()]
    return "".join(pair[0] for pair in out), "".join(pair[1] for pair in out), restorer.count


@settings(deadline=None)
@given(PARTS, st.data())
def test_cuts_do_not_matter(parts: list[str], data: st.DataObject) -> None:
    """Character by character, at random cuts, or whole: the same text; masked text passes through unchanged."""
    text = "".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=5)))
    whole = _restored(text)
    assert _restored(*text) == whole
    assert _restored(*(text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True))) == whole
    assert whole[0] == text


def test_only_own_placeholders_come_back() -> None:
    """A placeholder of another request, or text that looks like one, stays literal."""
    assert _restored(f"{TOKEN}, [NAME_AAAAAAA_AAAAAA] [x] {TOKEN[:-1]}")[1:] == (
        f"Ada Loveless, [NAME_AAAAAAA_AAAAAA] [x] {TOKEN[:-1]}",
        1,
    )


def test_originals_are_not_restored_again() -> None:
    """An original that holds a placeholder is inserted as it is."""
    restorer = Restorer({TOKEN: f"a {TOKEN}"})
    assert restorer.whole(TOKEN) == f"a {TOKEN}"


def test_each_text_starts_afresh() -> None:
    """A link at the end of one text does not reach into the next."""
    restorer = Restorer(ORIGINALS)
    assert restorer.whole(f"https://x.test/{TOKEN}") == f"https://x.test/{TOKEN}"
    assert restorer.whole(TOKEN) == "Ada Loveless"


@pytest.mark.parametrize(
    "text",
    [
        "evil.example/x?d={}",
        "evil.example?d={}",
        "see ?q={}",
        "[ref]: evil.example/{}",
        "[ref]: <a {}>",
        "![a]( https://e.test/?q={})",
        "![a](b {})",
        "![a](<https://e.test/ a {}>)",
        "![a]( <b {}>)",
        "https:\\\\e\\{}",
        "<img src= 'e/{}'>",
        "<img alt='>' src = 'e {}'>",
        "<a href = https:/e/{}>",
        "<x {}>",
        "file:/e/{}",
        "tel:{}",
        "javascript:go({})",
        "{}.evil.example",
        "{}@evil.example",
        "a" * 3000 + "{}",
    ],
)
def test_nothing_is_restored_in_what_may_be_a_link(text: str) -> None:
    """Bare hosts, any scheme, markdown destinations and definitions, tags and attributes, host names made of values."""
    whole = text.format(TOKEN)
    assert _restored(whole)[1:] == (whole, 0)
    assert _restored(*whole)[1:] == (whole, 0)


@pytest.mark.parametrize(
    "text", ["{}.", "{}, {}", "**Name:** {}", "a < b and {}", "({})", "x [1] {}", "<b>{}</b>", "{}'s"]
)
def test_prose_is_restored(text: str) -> None:
    """Ordinary sentences and markup keep their originals."""
    assert TOKEN not in _restored(text.format(TOKEN, TOKEN))[1]
