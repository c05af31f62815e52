"""The fold over segments: chunk-invariant, exact, forward-only."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shipped import NOTE, folded, shipped

from masking import Memory, SegmentFold, TextRefused, find, match_triggers
from masking.segments import MAX_RUN, REACH

PIECES = st.sampled_from(
    [" ", "\n", "\n\n", "\t", ":", ";\n", "\n- ", ":\n\n\n", ",", ".", "....", "Jane ", "Doe", "Mr. ", "phone ", "the ",
     "of ", "often ", "(", "555-010-0199 ", "a" * 33, "x" * 40 + " ", " " * 45, "[NAME_AAAAAAA_BBBBBB]", "@", "http://a.b/",
     "1", "é", "\u200b", "\x1e", "\x00", "MRN: ", "00123456 ", "plain ", "SSN on file is ", "123-45-6789", "jane@x.org "]
)  # fmt: skip
TEXTS = st.lists(PIECES, max_size=60).map("".join)
RELAXED = settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def values(text: str) -> dict[str, str]:
    return {text[f.start : f.end]: f.identifier for f in find(shipped(), text)}


def test_a_clinical_line_is_found_whole() -> None:
    """Every identifier of an ordinary line is found with exactly its own characters."""
    line = (
        "Patient Jane Doe, MRN 00123456, DOB 02/03/1961, SSN 123-45-6789, call (555) 010-0199 or jane.doe@example.org"
    )
    assert values(line) == {
        "Jane Doe": "NAME",
        "00123456": "MRN",
        "02/03/1961": "DATE",
        "123-45-6789": "SSN",
        "(555) 010-0199": "PHONE",
        "jane.doe@example.org": "EMAIL",
    }


def test_every_single_cut_gives_the_same_findings() -> None:
    """Wherever a text is cut in two, the findings are those of the whole."""
    whole = folded([NOTE])
    assert whole[0] == NOTE
    assert len(whole[1]) > 12
    for cut in range(len(NOTE)):
        assert folded([NOTE[:cut], NOTE[cut:]]) == whole, cut


def test_code_point_by_code_point_gives_the_same_findings() -> None:
    """A stream of single characters gives the findings and the memory of the whole."""
    one, other = Memory(), Memory()
    assert folded(list(NOTE), one) == folded([NOTE], other)
    assert one == other


def test_a_phrase_of_a_trigger_may_be_broken_by_any_white_space() -> None:
    """What Python takes for white space may stand, as much as there is, where a phrase has a space; controls may not."""
    spaces = [char for char in map(chr, range(0x3001)) if char.isspace() and char not in "\x1c\x1d"]
    for char in spaces:
        for gap in (char, char * 3, f" {char}\n "):
            assert match_triggers(shipped(), f"the full{gap}patient{gap}record") == ("bulk_record",), ascii(gap)
    assert match_triggers(shipped(), "the full-patient-record") == ()
    assert match_triggers(shipped(), "the fullpatient record") == ()


def test_find_is_the_fold() -> None:
    """`find` gives what the fold gives."""
    assert [(f.start, f.end, f.identifier, f.rule) for f in find(shipped(), NOTE)] == folded([NOTE])[1]


@RELAXED
@given(text=TEXTS, data=st.data())
def test_any_chunking_of_odd_texts_gives_the_same_findings(text: str, data: st.DataObject) -> None:
    """Random cuts of texts made of everything the segmenter looks at change nothing."""
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    chunks = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert folded(chunks) == folded([text])


@RELAXED
@given(text=st.text(max_size=200), data=st.data())
def test_any_chunking_of_any_unicode_gives_the_same_findings(text: str, data: st.DataObject) -> None:
    """The same for arbitrary Unicode; nothing of the text is lost."""
    cut = data.draw(st.integers(0, len(text)))
    whole = folded([text])
    assert whole[0] == text
    assert folded([text[:cut], text[cut:]]) == whole


@pytest.mark.parametrize(
    "text",
    [
        "A1" * 9000,
        "https://x.example.org/" + "q9" * 9000 + " then Mr. Smith",
        "X" * (MAX_RUN - 5) + "123-45-6789" + "Y" * 3000,
        "Foo, " * 2500 + "MRN 00123456",
        ("Bar " * 1022 + "555-010-0199 ") * 4,
        "[NAME_ABCDEFG_ABCDEF]" * 500,
        "b" * 20000,
        " " * 20000 + "Mr. Smith",
        "Ax1 " * 1774
        + f"of{',' * 508} " * 2
        + " " * 60
        + f"of{',' * 508}"
        + " " * 60
        + "Ab1" * 165
        + " said Jane Roe.",
    ],
    ids=[
        "solid",
        "url",
        "value-at-the-bound",
        "words",
        "values",
        "placeholders",
        "letters",
        "spaces",
        "open-behind-a-cut",
    ],
)
def test_long_runs_are_cut_alike_in_every_chunking(text: str) -> None:
    """Forced cuts depend on the text only, and lose nothing."""
    whole = folded([text])
    assert whole[0] == text
    for size in (7, 1000, 4096, 4097, 9999):
        assert folded([text[i : i + size] for i in range(0, len(text), size)]) == whole, size


def test_a_value_longer_than_a_run_is_masked_to_its_end() -> None:
    """A forced cut through a URL leaves no character of it."""
    url = "https://x.example.org/" + "q9" * 9000
    covered = {i for f in find(shipped(), f"see {url} now") for i in range(f.start, f.end)}
    assert covered >= set(range(4, 4 + len(url)))
    assert max(covered) == 3 + len(url)


def test_held_back_text_is_bounded() -> None:
    """Never more than a run, its reach and what came in last is held back."""
    fold = SegmentFold(shipped(), "strict", Memory())
    for _ in range(300):
        fold.feed("Ab9" * 20)
        assert fold.held <= MAX_RUN + REACH + 60


def test_hold_back_on_prose_is_small() -> None:
    """On ordinary prose the median of held-back characters stays under 60."""
    prose = "She denies chest pain and was started on a low dose of aspirin, which she takes with food. " * 10
    fold = SegmentFold(shipped(), "strict", Memory())
    held = []
    for char in prose:
        fold.feed(char)
        held.append(fold.held)
    assert sorted(held)[len(held) // 2] < 60


def test_known_values_are_found_again_later_and_only_later() -> None:
    """A name found by its cue is found without it afterwards, never before."""
    text = (
        "then Okonkwo left softly beside ancient lanterns, candles and lamps. "
        "Seen by Dr. Okonkwo today softly beside ancient lanterns, candles and lamps. "
        "then Okonkwo left again."
    )
    found = [(f.start, f.rule) for f in find(shipped(), text, names="balanced")]
    assert (text.index("Okonkwo"), "known-value") not in found
    assert (text.rindex("Okonkwo"), "known-value") in found


def test_memory_carries_over_leaves_and_copies_are_independent() -> None:
    """The memory of one leaf serves the next; a copy goes its own way."""
    memory = Memory()
    find(shipped(), "Seen by Dr. Okonkwo today", memory=memory)
    twin = memory.copy()
    find(shipped(), "Seen by Dr. Brandvold today", memory=twin)
    assert [f.rule for f in find(shipped(), "ask Okonkwo now", names="balanced", memory=memory)] == ["known-value"]
    assert not find(shipped(), "ask Brandvold now", names="balanced", memory=memory)
    assert find(shipped(), "ask Brandvold now", names="balanced", memory=twin)


def test_a_fold_takes_the_next_leaf_afresh() -> None:
    """After `finish` no text of the old leaf stands before the new one."""
    fold = SegmentFold(shipped(), "strict", Memory())
    fold.feed("SSN on file is")
    fold.finish()
    assert not [f for s in (*fold.feed(" 123456789 "), *fold.finish()) for f in s.findings]


@pytest.mark.parametrize("text", ["\ud800", "Mr. Smith \udfff left", "a\ud83d"])
def test_lone_surrogates_fail_closed(text: str) -> None:
    """Text without a UTF-8 form is refused, by the engine and by the triggers."""
    with pytest.raises(TextRefused) as caught:
        find(shipped(), text)
    assert "Smith" not in str(caught.value)
    with pytest.raises(TextRefused):
        match_triggers(shipped(), text)


def test_placeholders_are_literal() -> None:
    """A placeholder is never PHI, wherever a cue points at it."""
    text = "Patient [NAME_ABCDEFG_ABCDEF], MRN [MRN_AAAAAAA_222222], at https://x.org/[SSN_AAAAAAA_222222]/y z"
    inside = [(m, m + 20) for m in range(len(text)) if text.startswith(("[NAME_", "[MRN_", "[SSN_"), m)]
    for finding in find(shipped(), text):
        assert all(finding.end <= a or finding.start >= b - 1 for a, b in inside)


@pytest.mark.parametrize(
    "text",
    [
        "claude-opus-4-1-20250805 and claude-3-5-sonnet-20241022",
        "model claude-sonnet-4-5@20250929, anthropic-version: 2023-06-01",
        "550e8400-e29b-41d4-a716-446655440000",
        "Co-Authored-By: Claude <noreply@anthropic.com>",
        "You are Claude Code, Anthropic's official CLI for Claude.",
        "Use the Bash tool. Python 3.11.9, node v20.11.1, npm 10.2.4",
        "toolu_01A09q90qw90lq917835lq9 msg_013Zva2CMHLNnjNjJKqJ2EFd",
        "  - Read: Reads a file from the local filesystem.\n  - Edit: Performs exact string replacements",
        "http://json-schema.org/draft-07/schema#",
        "BP 120/80, pain 7/10, SpO2 98%, Crohn disease, Glasgow Coma Scale 15",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    ],
)
def test_fixed_text_of_clients_and_clinical_scores_stay(text: str) -> None:
    """What Claude Code always sends, and numbers of everyday medicine, are not PHI."""
    assert values(text) == {}


@pytest.mark.parametrize(
    "text",
    [
        "SSN １２３-４５-６７８９ here",
        "SSN ١٢٣-٤٥-٦٧٨٩ here",
        "SSN 123\u201345\u20136789 here",
        "SSN 1\u200b23-4\u00ad5-6789 here",
        "SSN 123\u00a0-\u00a045\u00a0-\u00a06789 here",
    ],
)
def test_lookalike_spellings_are_found(text: str) -> None:
    """Full-width and foreign digits, dashes, no-break spaces and zero-width characters do not hide a value."""
    (finding,) = find(shipped(), text)
    assert finding.identifier == "SSN"
    assert text[finding.start : finding.end] == text[4:-5]


@pytest.mark.parametrize("blank", ["\r", " ", "\t\xa0\r"])
def test_lines_that_end_otherwise_hold_the_same(blank: str) -> None:
    """What a text holds does not depend on how its lines end, nor on blanks that nobody sees."""
    text = (
        "ICU huddle\nBed 1 Gaines/Harris/Sonny\n\nLast name:\nAbernathy\nPlan:\n- Aspirin (daily)\n- ask Hope\nseen by RL/JB\n"
        "MRN:\n7781234\n\n74 Oak St\nMoss, NA 26783\nsee you then.\ncheers,\njoy\n"
    )
    plain = [(text[found.start : found.end], found.rule) for found in find(shipped(), text)]
    other = text.replace("\n", blank + "\n")
    found = find(shipped(), other)
    assert [(other[one.start : one.end].replace(blank + "\n", "\n"), one.rule) for one in found] == plain
    assert len(plain) > 6
    for size in (1, 3, 16):
        assert folded([other[at : at + size] for at in range(0, len(other), size)]) == (other, found)


def test_triggers_match_in_any_case_and_only_phrases() -> None:
    """Trigger ids come back for their phrases."""
    assert match_triggers(shipped(), "Please export the FULL Patient Record now") == ("bulk_record",)
    assert match_triggers(shipped(), "record the weight") == ()


@pytest.mark.parametrize(
    "text", ["\x1eith", " \x1eith", "a\n\x1eith", "Seen;\n- ith and\n\x1e Dr. Okonkwo", "x)\nith\n\nith"]
)
def test_streams_know_what_stood_before_what_is_left(text: str) -> None:
    """A line end that parts what stands around it does so in a stream too, when what stood before it has left."""
    whole = find(shipped(), text)
    for size in (1, 2, 5, len(text)):
        _, spans = folded([text[at : at + size] for at in range(0, len(text), size)])
        assert spans == [tuple(finding) for finding in whole]
