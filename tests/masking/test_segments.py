"""Segments: where a text may be cut, and how runs are joined for the scan without touching one another."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shipped import NOTE, shipped

from masking import RuleSet
from masking.findings import Claim, Finding, settle
from masking.memory import MAX_VALUES, Memory
from masking.segments import MAX_RUN, forced_cut, lines


def runs(text: str) -> list[str]:
    return [text[a:b] for a, b in shipped().segmenter.runs(lines(text))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("chest pain worse tonight", []),
        ("worse Jane Doe arrives later", ["Jane Doe"]),
        ("phone remains something else entirely", ["phone remains something else"]),
        ("Jane\n\nDoe", ["Jane", "Doe"]),
        ("Label:\n\nDoe", ["Label:\n\nDoe"]),
        ("total(Foo);\nBar", ["total(Foo);", "Bar"]),
        ("Foo\n- Bar", ["Foo", "- Bar"]),
        ("Foo:\n- Bar", ["Foo:\n- Bar"]),
        ("", []),
    ],
)  # fmt: skip
def test_runs(text: str, expected: list[str]) -> None:
    """Runs end between plain words, at blank lines, after code lines and before list items."""
    assert runs(text) == expected


def test_lines_keeps_every_offset() -> None:
    """Marking line ends changes no length."""
    text = "a;\nb:\n- c\n# d\n\ne"
    assert len(lines(text)) == len(text)


def test_runs_scanned_together_are_as_if_alone() -> None:
    """Joining runs for the scan changes no finding."""
    scanner = shipped().scanner("strict")
    parts = [*list(runs(NOTE * 2)), "\x00", "\n\x00\n", "x@", "y.org", "<", ">", "SSN", "123-45-6789"]
    together = scanner.scan(parts, Memory())
    memory = Memory()
    assert together == [scanner.scan([part], memory)[0] for part in parts]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.text(alphabet="aA1 @.-/:\n\0[]'()", max_size=30), max_size=6))
def test_odd_runs_scanned_together_are_as_if_alone(parts: list[str]) -> None:
    """The same for runs that hold the separator and half-made values."""
    scanner = shipped().scanner("strict")
    memory = Memory()
    assert scanner.scan(parts, Memory()) == [scanner.scan([part], memory)[0] for part in parts]


def test_a_match_over_the_separator_hides_nothing() -> None:
    """A rule whose class takes any character finds in each run what it finds there alone, and nothing across runs."""
    rule = b"recognizers:\n  - {id: any, identifier: OTHER_ID, patterns: ['<[^>]+>|bb'], examples: ['see [[<x>]]']}\n"
    scanner = RuleSet.from_sources({"recognizers/a.yaml": rule}).scanner("strict")
    found = scanner.scan(["<a bb", "bb c>", "<d>", "<"], Memory())
    assert [[(f.start, f.end) for f in run] for run in found] == [[(3, 5)], [(0, 2)], [(0, 3)], []]


WORDS = ["Jane", "seen", "then", "of", "often", "phone", "Doe:", "MRN:", "x,", "....", "a" * 33, "[", "1"]
GAPS = [" ", " ", "\n", "\n\n", " " * 45, "\t", "\n- "]


@settings(deadline=None, max_examples=150)
@given(
    st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(GAPS)), max_size=14).map(
        lambda p: "".join(map("".join, p))
    )
)
def test_what_is_settled_stays(text: str) -> None:
    """The runs that a beginning of a text calls settled are the whole text's, and no run begins before what it lets go."""
    whole = list(shipped().segmenter.runs(lines(text)))
    for end in range(len(text)):
        view = lines(text[:end])
        settled, complete = shipped().segmenter.settled(view)
        early = list(shipped().segmenter.runs(view))
        done = [run for run in early if run[1] <= settled]
        assert done == whole[: len(done)]
        held = min([run[0] for run in early if run[1] > settled] + [complete])
        assert all(start >= held for start, _ in whole[len(done) :])


def test_forced_cuts_spare_findings_and_placeholders() -> None:
    """A forced cut falls beside values, after a line end if there is one."""
    window = "A" * 3000 + "\n" + "B" * 2000
    assert forced_cut(window, []) == 3001
    assert forced_cut("A" * 5000, [Finding(2000, 4500, "URL", "u")]) == MAX_RUN
    assert forced_cut("A" * 5000, [Finding(3000, 4500, "URL", "u")]) == 3000
    text = "A" * 4090 + "[NAME_ABCDEFG_ABCDEF]" + "A" * 900
    assert forced_cut(text, []) == 4090


def test_overlaps_leave_no_claimed_character() -> None:
    """Priority wins, then leftmost, then longest; what the losers covered beyond stays masked."""
    text = "https://x/jane@y.org/z"
    claims = [Claim(0, 22, "URL", "u", 10), Claim(10, 20, "EMAIL", "e", 20), Claim(10, 16, "NAME", "n", 20)]
    found = settle(claims, text)
    assert [(f.start, f.end, f.identifier) for f in found] == [(0, 9, "URL"), (10, 20, "EMAIL"), (21, 22, "URL")]


def test_memory_is_bounded_and_forgets_the_oldest() -> None:
    """The memory never grows beyond its bound."""
    memory = Memory()
    for number in range(MAX_VALUES + 10):
        memory.learn("MRN", f"X{number:08d}", ())
    assert len(memory) == MAX_VALUES
    assert not memory.recall("X00000001")
    assert memory.recall(f"X{MAX_VALUES:08d}")


@given(
    st.lists(
        st.sampled_from(
            [
                "Mr",
                "mrn",
                "plan",
                "the",
                "a" * 33,
                "a" * 32,
                "x:",
                "\n",
                " " * 33,
                " " * 41,
                " ",
                "," * 33,
                "é",
                "12",
                "anna",
                ".",
            ]
        ),
        max_size=24,
    ).map("".join)
)
def test_texts_within_bounds_are_cut_as_the_bounded_pattern_cuts_them(text: str) -> None:
    """The patterns that are quicker for most texts, ASCII or not, find the runs that the first one defines."""
    segmenter, view = shipped().segmenter, lines(text)
    assert list(segmenter.runs(view)) == [match.span() for match in segmenter._run.finditer(view)]
