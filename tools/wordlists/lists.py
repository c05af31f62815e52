"""Decides which word stands in which list.

A word that is both a name and an ordinary word is settled by numbers: how many people bear it (2020 Census) against how
usual the word is (SCOWL level). Three outcomes:

- The word wins (`heart`, `case` as a given name): it stands in `common` or `medical` and in no name list.
- The name wins (`john`, `peter`): it stands in the name lists only.
- Neither (`grace`, `brown`, `hope`): name list and `ambiguous_given` or `ambiguous_surname`, never `common`.

So `common` and `medical` hold no names, and what they hold is safe to leave. `medical` holds what `common` does not.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

# People who must bear a word before it counts as a name at all, by the word's SCOWL level.
GIVEN_FLOOR = {10: 20_000, 20: 6_000, 35: 2_000, 40: 1_000, 50: 800, 55: 500}
SURNAME_FLOOR = {10: 30_000, 20: 12_000, 35: 5_000, 40: 2_500, 50: 1_500, 55: 1_000}
# People who must bear a word before it counts as nothing but a name.
GIVEN_ONLY = {35: 200_000, 40: 40_000, 50: 20_000, 55: 10_000}
SURNAME_ONLY = {35: 150_000, 40: 30_000, 50: 20_000, 55: 10_000}
COMMON_LEVEL = 55
# A medical word, a drug or a disease, is as usual in clinical text as this level's words are elsewhere.
MEDICAL_LEVEL = 35


@dataclass(frozen=True)
class Names:
    """Names with the number of people who bear them; 0 for names that only another country's list has."""

    given: Mapping[str, int]
    surname: Mapping[str, int]


@dataclass(frozen=True)
class Shelf:
    """The lists that depend on each other."""

    given: frozenset[str]
    surname: frozenset[str]
    ambiguous_given: frozenset[str]
    ambiguous_surname: frozenset[str]
    common: frozenset[str]
    medical: frozenset[str]
    eponyms: frozenset[str]


def cut(counts: Mapping[str, int], most: int) -> dict[str, int]:
    """Return the names that most people bear; ties are settled by the alphabet."""
    ranked = sorted(counts, key=lambda name: (-counts[name], name))
    return {name: counts[name] for name in ranked[:most]}


def settle(
    names: Names,
    levels: Mapping[str, int],
    medical: AbstractSet[str],
    *,
    eponyms: AbstractSet[str],
    never_names: AbstractSet[str],
    sure_names: AbstractSet[str],
) -> Shelf:
    """Put every word where it belongs. What a `never` or `sure` set says comes before the numbers."""
    usual = {
        word: level for word, level in levels.items() if level <= COMMON_LEVEL and word.isalpha() and len(word) > 1
    }
    usual |= dict.fromkeys(never_names, 10)
    ranks = dict(usual)
    for word in medical:
        ranks[word] = min(ranks.get(word, MEDICAL_LEVEL), MEDICAL_LEVEL)
    words_only = never_names - sure_names

    given, twice_given = _names(names.given, ranks, GIVEN_FLOOR, GIVEN_ONLY, words_only, sure_names)
    surname, twice_surname = _names(names.surname, ranks, SURNAME_FLOOR, SURNAME_ONLY, words_only, sure_names)
    borne = given | surname
    return Shelf(
        given=frozenset(given),
        surname=frozenset(surname),
        ambiguous_given=frozenset(twice_given),
        ambiguous_surname=frozenset(twice_surname),
        common=frozenset(usual.keys() - borne),
        medical=frozenset(medical - usual.keys() - borne),
        eponyms=frozenset(eponyms),
    )


def _names(
    counts: Mapping[str, int],
    ranks: Mapping[str, int],
    floor: Mapping[int, int],
    only: Mapping[int, int],
    words_only: AbstractSet[str],
    sure_names: AbstractSet[str],
) -> tuple[set[str], set[str]]:
    """Return the names, and those of them that are words too."""
    held: set[str] = set()
    twice: set[str] = set()
    for name, count in counts.items():
        level = ranks.get(name)
        if name in words_only or len(name) < 2:  # noqa: PLR2004 - initials are no names
            continue
        if level is None or name in sure_names:
            held.add(name)
        elif count >= floor[level]:
            held.add(name)
            if count < only.get(level, 10**9):
                twice.add(name)
    return held, twice
