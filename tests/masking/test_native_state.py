"""What native code keeps of a text, what it shares with Python, and what masks where it was not built."""

from __future__ import annotations

import copy
import ctypes
import pickle
import sys
from threading import Thread
from typing import TYPE_CHECKING

import pytest
from shipped import by_re2, measure, shipped
from test_matcher import rules_of

from masking import Memory, RuleError, RuleSet, find, native
from masking.lexicon import Lexicon
from masking.matcher import Matcher
from masking.memory import MAX_VALUES, key_of
from masking.tape import START
from masking.tape_search import TapeSearcher

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(native.library is None, reason="the library was not built")


def test_two_texts_may_be_read_at_once() -> None:
    """A text that was read before another one is read again when it is searched."""
    searcher = shipped().searcher
    first, second = (searcher.read(text, START) for text in ("MRN 00123456 of", "Dr. Okonkwo"))
    every = range(sum(len(recognizer.phrases) for recognizer in shipped().recognizers))
    for read, text in ((first, "MRN 00123456 of"), (second, "Dr. Okonkwo"), (first, "MRN 00123456 of")):
        assert list(read.matches(1, every)) == list(searcher.read(text, START).matches(1, every))


def test_without_the_library_rules_are_found_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without a compiler masks with RE2 and plain Python."""
    monkeypatch.setattr(native, "library", None)
    rules = rules_of("<given> _ [[ <surname> ]]")
    assert isinstance(rules.searcher, TapeSearcher)
    memory = Memory()
    assert [f[:2] for f in find(rules, "seen Jane Doe, Jane Roe", memory=memory)] == [(10, 13), (20, 23)]
    with pytest.raises(RuntimeError):
        memory.native()
    with pytest.raises(RuntimeError):
        Matcher(rules.lexicon, None, (), frozenset())  # type: ignore[arg-type]  # refused before it looks at any of them


def test_without_the_library_phrases_are_checked_by_re2(monkeypatch: pytest.MonkeyPatch) -> None:
    """A phrase that is none is refused with its line by RE2, too, in the same words."""
    source = b"recognizers:\n  - id: r\n    identifier: NAME\n    phrases: [<given>, '%s']\n    examples: ['[[jane]]']\nwords: {given: jane}\n"
    for phrase in (b"(<given>", b"<given>?", b"<given> )"):
        told = []
        for library in (native.library, None):
            monkeypatch.setattr(native, "library", library)
            with pytest.raises(RuleError) as caught:
                RuleSet.from_sources({"recognizers/a.yaml": source % phrase})
            told.append((str(caught.value), caught.value.line))
        assert told[0] == told[1]
        assert told[0][1] == 4


def test_keys_are_the_same_with_and_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """A memory that goes from one worker to another means the same there; cases and marks do not count."""
    values = ("Okonkwo", "OKONKWO", "José", "jose", "123-45-6789", "a", "張偉")
    with_it = [key_of(value) for value in values]
    monkeypatch.setattr(native, "library", None)
    assert [key_of(value) for value in values] == with_it
    assert with_it[0] == with_it[1]
    assert with_it[2] == with_it[3]
    assert len(set(with_it)) == 5


def test_memories_travel_copy_and_forget_the_oldest() -> None:
    """A memory and its native twin stay one: through copies, pickles and more values than are kept."""
    memory = Memory()

    def rules(text: str, memory: Memory) -> list[str]:
        return [finding.rule for finding in find(shipped(), text, names="balanced", memory=memory)]

    rules("Seen by Dr. Okonkwo today", memory)
    assert len(memory) == 1
    for twin in (memory.copy(), pickle.loads(pickle.dumps(memory))):  # noqa: S301 (our own bytes)
        assert twin == memory
        assert rules("the okonkwo was", twin) == ["known-value"]
    for number in range(MAX_VALUES):
        memory.learn("MRN", f"{number:08d}", ())
    assert len(memory) == MAX_VALUES
    assert rules("the okonkwo was", memory) == []
    assert rules("x 00000001 x 00008191 y", memory) == ["known-value"] * 2
    rules("Seen by Dr. Okonkwo today", memory)
    assert rules("x 00000000 y", memory) == []
    assert rules("the okonkwo was", memory) == ["known-value"]


@pytest.mark.parametrize("identifier", ["PUBLIC", "OTHER_ID"])
def test_what_is_known_outranks_rules_of_low_priority(identifier: str) -> None:
    """A value known from before stays one where a rule below it claims the same stretch, or would leave it in view."""
    rules = RuleSet.from_sources(
        {
            "recognizers/a.yaml": f"""recognizers:
  - {{id: said, identifier: NAME, propagate: true, phrases: ['"dr" _ [[ <any> ]]'], examples: ['dr [[poe]]']}}
  - {{id: low, identifier: {identifier}, priority: 9, phrases: ['"former" _ [[ <any> ]]'], examples: ['former [[^]]']}}
words: {{common: was seen}}
lexicon: {{vocabulary: common}}
""".encode()
        },
        proven=True,
    )
    text = "dr poe was seen\n\nformer poe, former doe"
    expected = [("said", 3), ("known-value", 24)] + ([("low", 36)] if identifier != "PUBLIC" else [])
    assert [(finding.rule, finding.start) for finding in find(rules, text)] == expected
    assert find(rules, text) == find(by_re2(rules), text)


def test_evidence_is_weighed_where_a_claim_before_it_is_refused() -> None:
    """What was taken when evidence came into question may be free once Python has answered, and Python may refuse both."""
    rules = RuleSet.from_sources(
        {
            "recognizers/a.yaml": rb"""recognizers:
  - {id: pair, identifier: OTHER_ID, priority: 9, allow: ['.* [12]'], phrases: ['[[ <any> _ <n> ]]'], examples: ['[[ward 3]]']}
  - {id: weighed, identifier: NAME, priority: 4, evidence: names word, allow: ['tol.'], phrases: ['[[ <lower unknown> ]]'], examples: ['saw [[kim]]']}
words: {common: he saw and ward}
lexicon: {vocabulary: common}
""",
            "evidence/names.txt": b"-1 word\n9 saw _\n",
        },
        proven=True,
    )
    text = "he saw zorv 1 and saw tolv 2 and saw zorv 3 and saw zorv"
    assert [(finding.rule, finding.start) for finding in find(rules, text)] == [
        ("weighed", 7),
        ("pair", 37),
        ("weighed", 52),
    ]
    assert find(rules, text) == find(by_re2(rules), text)


@pytest.mark.parametrize(
    "word", ["JOSÉ", "İlgaz", "ΟΔΟΣ", "οδος", "℡x", "straße", "ǅ", "ʰ", "한국", "O'Néil", "é" * 300]
)
def test_a_name_of_any_letters_is_known_by_its_key(word: str) -> None:
    """The key that native code gives a word is the one that Python gives it, so either finds what the other learned."""
    memory = Memory()
    memory._learn(key_of(word), "NAME")
    assert [f[:2] for f in find(shipped(), f"x {word} y", names="balanced", memory=memory)] == [(2, 2 + len(word))]
    assert find(shipped(), f"x {word} y", names="balanced", memory=memory) == find(
        measure(), f"x {word} y", names="balanced", memory=memory
    )


def test_nothing_of_a_text_is_kept_but_which_characters_there_are() -> None:
    """What the lexicon and the matcher know after a text of other letters is nothing that stood in it."""
    searcher = shipped().searcher
    assert isinstance(searcher, Matcher)
    find(shipped(), "Señor Żółkiewska-Ångström, médico, 1/2/1961½")
    assert not any("kiewska" in token.lower() for token in Lexicon.keys(shipped().lexicon))
    told = (ctypes.c_int32 * 4)(ord("Ż"), ord("a"), ord("ł"), 0x10FFFD)
    assert searcher.library.matcher_untold(searcher.handle, told, 4) == 1
    assert told[0] == 0x10FFFD


def test_threads_do_not_mix_up_their_texts() -> None:
    """Threads that mask with one rule set each find what they find alone."""
    texts = [f"Seen by Dr. Okonkwo{'x' * number} on 3/{number + 1}/1961, MRN 00{number}23456" for number in range(4)]
    alone = [find(shipped(), text) for text in texts]
    wrong: list[int] = []

    def work(number: int) -> None:
        wrong.extend(number for _ in range(150) if find(shipped(), texts[number]) != alone[number])

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert wrong == []


def test_a_read_that_fails_leaves_no_other_text_in_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever read before reads again after another text could not be read."""
    searcher = shipped().searcher
    assert isinstance(searcher, Matcher)
    every = range(sum(len(recognizer.phrases) for recognizer in shipped().recognizers))
    first = searcher.read("MRN 00123456 of", START)
    expected = list(first.matches(1, every))
    with monkeypatch.context() as patch:
        patch.setattr(searcher, "_tell", lambda view: None)
        with pytest.raises(RuntimeError):
            searcher.read("Dr. \U000e0001-\U0010fff0", START)
    assert list(first.matches(1, every)) == expected


@pytest.mark.parametrize(
    ("said", "again"),
    [
        ("Ms Okonkwo's2 x", "Okonkwo was late"),
        ("Ms. Zzyqx's2", "then zzyqx"),
        ("Ms\ny's2", "then y's and ys"),
        ("a 41\x85zz9@roe.org ok", "41zz9roeorg"),
    ],
)
def test_native_code_learns_what_python_learns(said: str, again: str) -> None:
    """Possessives and white space beyond ASCII inside a value change nothing in what is known afterwards."""
    found = []
    for rules in (shipped(), measure()):
        memory = Memory()
        find(rules, said, names="balanced", memory=memory)
        found.append(find(rules, again, names="balanced", memory=memory))
    assert found[0] == found[1]


def test_a_library_of_another_build_is_not_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A library that was built from another header than the one here is left alone: masking goes on without it."""
    header = tmp_path / "matcher.h"
    header.write_bytes(native.HEADERS[-1].read_bytes() + b"\n")
    monkeypatch.setattr(native, "HEADERS", (*native.HEADERS[:-1], header))
    assert native._load() is None


def test_a_copied_memory_is_a_copy() -> None:
    """`copy.copy` gives what `copy` gives: what one learns the other does not know."""
    memory = Memory()
    find(shipped(), "Seen by Dr. Okonkwo", memory=memory)
    twin = copy.copy(memory)
    find(shipped(), "Seen by Dr. Brandtson", memory=twin)
    assert (len(memory), len(twin)) == (1, 2)


def test_cues_against_a_value_count_in_code_points() -> None:
    """Letters of several bytes between a cue and a value do not make native code surer than Python."""
    for between in ("é" * 30, "ééé " * 8, "張" * 20):
        text = f"software version {between} 3/14/1961 x"
        assert find(shipped(), text) == find(measure(), text)
