"""Native code without memory: whichever allocation fails, the call ends with that, and the next one finds all."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING

import pytest

import hatch_build
from masking import Memory, RuleSet, find, native

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
words: {common: the was seen of in and on, given: jane omar}
lexicon: {vocabulary: common, proper: given}
"""
TEXT = "jane Doe Roe was seen on 3/4/2021 in the ward seven, B-12.\n\nDoe and omar Li\xe9 of 14/3/2021, " + "x 7 " * 400
COMPILER = hatch_build.compiler()
FAILING = tuple(f"-D{name}=starved_{name}" for name in ("malloc", "calloc", "realloc"))
MOST = 5000

pytestmark = pytest.mark.skipif(COMPILER is None or native.library is None, reason="there is no compiler")


@pytest.fixture
def starving(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ctypes.PyDLL:
    """Put the library, built so that an allocation of one's choice fails, in the place of the real one."""
    assert COMPILER is not None
    source, library = tmp_path / "starved.c", tmp_path / "matcher.so"
    source.write_text(SOURCE)
    hatch_build.build(COMPILER, library, (*hatch_build.FLAGS, "-O1", *FAILING, str(source)))
    monkeypatch.setattr(native, "LIBRARY", library)
    found = native._load()
    assert found is not None
    found.starve.argtypes = [ctypes.c_long]
    monkeypatch.setattr(native, "library", found)
    return found


def read_rules() -> RuleSet:
    return RuleSet.from_sources({"recognizers/a.yaml": RULES}, proven=True)


def test_whatever_allocation_fails_in_a_search_the_next_one_finds_all(starving: ctypes.PyDLL) -> None:
    """Every growing of every array of a cold matcher may fail: the call says so, and leaves the matcher usable."""
    expected = find(read_rules(), TEXT)
    assert {finding.rule for finding in expected} >= {"name", "day", "site", "known-value"}
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
    """While rules are loaded every allocation may fail, too: with a MemoryError, never with an error of a rule."""
    for after in range(1, MOST):
        starving.starve(after)
        try:
            read_rules()
        except MemoryError:
            assert starving.has_starved()
        done = not starving.has_starved()
        starving.starve(-1)
        if done:
            break
    else:
        pytest.fail("rules never cease to ask for memory")
    assert after > 50
