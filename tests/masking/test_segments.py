"""Segments: line ends that part, forced cuts, how overlaps are settled, what the memory keeps."""

from __future__ import annotations

from masking.findings import Claim, Finding, settle
from masking.memory import MAX_VALUES, Memory
from masking.segments import MAX_RUN, forced_cut, lines


def test_lines_keeps_every_offset() -> None:
    """Marking line ends changes no length."""
    text = "a;\nb:\n- c\n# d\n\ne:\n\nf"
    assert len(lines(text)) == len(text)


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


def test_a_bracket_ends_its_line_but_not_that_of_an_area_code() -> None:
    """What stands behind a line that ends with a bracket is another matter, unless three digits stand in it."""
    assert lines("(614)\n555 (24)\n5 (x614)\n5") == "(614)\n555 (24)\x1e5 (x614)\x1e5"


def test_a_blank_line_behind_a_question_parts_nothing() -> None:
    """What comes next answers; behind anything else, and behind two blank lines, it parts."""
    assert lines("Phone?\n\n555") == "Phone?\n 555"
    assert lines("Phone? \n \n555") == "Phone? \n  555"
    assert lines("Phone.\n\n555") == "Phone.\n\n555"
    assert lines("Phone?\n\n\n555") == "Phone?\n \n555"
