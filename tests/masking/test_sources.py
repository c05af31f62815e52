"""Rule files and word lists are read strictly: every refusal names the file, the rule and the line."""

from __future__ import annotations

import pytest

from masking import RuleError
from masking.sources import MAX_FILE, decode_archive, open_entry, read_word_list


@pytest.mark.parametrize(
    ("source", "problem", "line"),
    [
        (b"a: 1\n# \xff", "not valid UTF-8", 2),
        (b"a: 1\nb: ]", "not valid YAML", 2),
        (b"a: \x01", "not valid YAML", 0),
        (b"", "the file is empty", 1),
        (b"- a", "expected a mapping", 1),
        (b"a: &x 1\nb: *x", "anchors and aliases are not allowed", 1),
        (b"a: 1\nb: *x", "anchors and aliases are not allowed", 2),
        (b"a: *x\nb: ]", "anchors and aliases are not allowed", 1),
        (b"a: ]\nb: &x 1", "not valid YAML", 1),
        (b"a: 1\n---\nb: 2", "not valid YAML", 2),
        (b"a: 1\n---\nb: ]", "not valid YAML", 3),
        (b"a: 1\na: 2", "a key stands here twice", 2),
        (b"? [a]\n: 1", "a key must be a string", 1),
        (b"#" * (MAX_FILE + 1), "the file is too large", 0),
    ],
)
def test_a_file_that_is_no_mapping_of_strict_yaml_is_refused(source: bytes, problem: str, line: int) -> None:
    """The refusal says what is wrong and, if it is somewhere, in which line (counted from 1)."""
    with pytest.raises(RuleError) as refused:
        open_entry("recognizers/x.yaml", source)
    assert problem in str(refused.value)
    assert ("recognizers/x.yaml" in str(refused.value), refused.value.line) == (True, line)


@pytest.mark.parametrize("source", [b"texts: [[a]]", b"texts: [{a: b}]", b"texts:\n- a\n-", b"texts: [!!int '12']"])
def test_an_item_that_is_no_string_is_refused(source: bytes) -> None:
    """Lists, mappings, nothing at all and tags do not become strings."""
    with pytest.raises(RuleError, match="an item of `texts` must be a string"):
        open_entry("x.yaml", source).strings("texts")


def test_an_ampersand_in_a_string_is_no_anchor() -> None:
    """What looks like an anchor is one only where YAML says so."""
    assert open_entry("x.yaml", b"a: b&c & d\n").text("a") == "b&c & d"


def test_words_that_yaml_reads_as_something_else_are_strings() -> None:
    """`no`, `12` and `~` are words in a list of words, and quotes make a string of nothing; what is absent is empty."""
    entry = open_entry("x.yaml", b"texts: [no, 12, ~, '', \"12\"]")
    assert entry.strings("texts") == ("no", "12", "~", "", "12")
    assert entry.mapping("absent") == {}


def test_a_word_list_is_lines_of_utf_8() -> None:
    """Comments and empty lines are no entries; other bytes and more of them than a file may have are refused."""
    for text in ("# names\nJosé\n\nLi\n", "José\n# a\n#b\n\n\n\nLi", "\n\nJosé\nLi\n#"):
        assert list(read_word_list("words/x.txt", text.encode())) == ["José", "Li"]
    with pytest.raises(RuleError, match="not valid UTF-8") as refused:
        read_word_list("words/x.txt", b"a\nb\n\xff")
    assert refused.value.line == 3
    with pytest.raises(RuleError, match="the file is too large"):
        read_word_list("words/x.txt", b"a" * (MAX_FILE + 1))
    assert len(list(read_word_list("words/x.txt", b"a" * MAX_FILE))) == 1


@pytest.mark.parametrize("value", [None, [], "x", {"a": 1}, {"a": "b", "c": None}])
def test_an_archive_is_texts_by_name(value: object) -> None:
    """Anything else that JSON can hold is no archive of rule files."""
    with pytest.raises(RuleError, match="not an archive"):
        decode_archive(value)
