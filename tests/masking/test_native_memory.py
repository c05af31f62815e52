"""Native code without memory: whichever allocation fails, the call ends with that, and the next one finds all."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING

import pytest

import hatch_build
from masking import Memory, RuleSet, find, native
from masking.matcher import Matcher

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = """#undef malloc
#undef calloc
#undef realloc
#include <stdlib.h>
static long left = -1; /* allocations until one fails; fewer than none: none will */
void starve(long after) { left = after; }
int has_starved(void) { return left == 0; }
static int fails(void) { return left > 0 && --left == 0; }
void *starved_malloc(size_t size) { return fails() ? NULL : malloc(size); }
void *starved_calloc(size_t count, size_t size) { return fails() ? NULL : calloc(count, size); }
void *starved_realloc(void *old, size_t size) { return fails() ? NULL : realloc(old, size); }
"""
RULES = b"""recognizers:
  - {id: name, identifier: NAME, propagate: true, phrases: ['<given> _ [[ <cap> (_ <cap>)* ]]'], examples: ['jane [[Doe]]']}
  - {id: day, identifier: DATE, validator: date, phrases: ['[[ <n> / <n> / <n> ]]'], examples: ['on [[3/4/2021]]']}
  - {id: site, identifier: OTHER_ID, values: ['ward seven', 'B-12'], examples: ['in [[ward seven]]']}
  - {id: weighed, identifier: NAME, priority: 4, evidence: names word, phrases: ['[[ <lower unknown> ]]'], examples: ['saw [[kim]]']}
words: {common: the was seen of in and on, given: jane omar}
lexicon: {vocabulary: common, proper: given}
"""
TEXT = (
    "jane Doe Roe was seen on 3/4/2021 in the ward seven, B-12.\n\nDoe and omar Li\xe9 of 14/3/2021, "
    + "x 7 " * 400
    + "who saw zorv 9"
)
CLUES = b"-1 word\n9 saw _\n1 =zorv\n"
COMPILER = hatch_build.compiler()
FAILING = tuple(f"-D{name}=starved_{name}" for name in ("malloc", "calloc", "realloc"))
MOST = 5000

pytestmark = pytest.mark.skipif(COMPILER is None or native.library is None, reason="there is no compiler")


def use(folder: Path, monkeypatch: pytest.MonkeyPatch, *flags: str) -> ctypes.PyDLL:
    """Put the library, built with more flags, in the place of the real one."""
    assert COMPILER is not None
    library = folder / "matcher.so"
    hatch_build.build(COMPILER, library, (*hatch_build.FLAGS, "-O1", *flags))
    monkeypatch.setattr(native, "LIBRARY", library)
    found = native._load()
    assert found is not None
    monkeypatch.setattr(native, "library", found)
    return found


@pytest.fixture
def starving(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ctypes.PyDLL:
    """Use a library of which an allocation of one's choice fails."""
    source = tmp_path / "starved.c"
    source.write_text(SOURCE)
    found = use(tmp_path, monkeypatch, *FAILING, str(source))
    found.starve.argtypes = [ctypes.c_long]
    return found


def read_rules() -> RuleSet:
    return RuleSet.from_sources({"recognizers/a.yaml": RULES, "evidence/names.txt": CLUES}, proven=True)


def test_whatever_allocation_fails_in_a_search_the_next_one_finds_all(starving: ctypes.PyDLL) -> None:
    """Every growing of every array of a cold matcher may fail: the call says so, and leaves the matcher usable."""
    expected = find(read_rules(), TEXT)
    assert {finding.rule for finding in expected} >= {"name", "day", "site", "known-value", "weighed"}
    failed = 0
    for after in range(1, MOST):
        rules = read_rules()
        starving.starve(after)
        try:
            found = find(rules, TEXT, memory=Memory())
        except MemoryError:
            failed += 1
        else:
            assert found == expected
        done = not starving.has_starved()
        starving.starve(-1)
        assert find(rules, TEXT) == expected
        if done:
            break
    else:
        pytest.fail("a search never ends to ask for memory")
    assert failed == after - 1 > 20


def test_rules_that_find_no_memory_are_not_called_malformed(starving: ctypes.PyDLL) -> None:
    """While rules are loaded every allocation may fail, too: with a MemoryError, or with rules that miss nothing."""
    expected = find(read_rules(), TEXT)
    for after in range(1, MOST):
        starving.starve(after)
        rules = None
        try:
            rules = read_rules()
        except MemoryError:
            assert starving.has_starved()
        done = not starving.has_starved()
        starving.starve(-1)
        assert rules is None or find(rules, TEXT) == expected
        if done:
            break
    else:
        pytest.fail("rules never cease to ask for memory")
    assert after > 50


def test_what_groups_have_come_to_together_is_forgotten_when_it_is_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bank that forgets before nearly every zone finds what one finds that never forgets, and takes less memory."""
    words = ("jane", "Doe", "omar", "3/4/2021", "ward", "seven", "was", "B-12", "x7")
    texts = [
        "\n\n".join(" ".join(words[(a * b + c + a) % len(words)] for a in range(2, 9)) for b in range(2, 30))
        for c in range(60)
    ]
    rules = read_rules()
    expected = [find(rules, text) for text in texts]
    kept = matcher_of(rules).state_bytes
    use(tmp_path, monkeypatch, "-DMANY_JOINTS=4")
    rules = read_rules()
    assert [find(rules, text) for text in texts] == expected
    assert any(expected)
    assert matcher_of(rules).state_bytes < kept


def matcher_of(rules: RuleSet) -> Matcher:
    assert isinstance(rules.searcher, Matcher)
    return rules.searcher
