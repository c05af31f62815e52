"""Rule files: YAML read strictly, so that every complaint names a file, a rule and a line.

Duplicate keys, unknown keys, wrong types, tags, anchors and bad UTF-8 are refused. `read_sources` is the only function
of masking that opens files, and only at start.
"""

from __future__ import annotations

import re  # reads rule files, never a text under inspection
from typing import TYPE_CHECKING

import yaml

from masking.errors import RuleError
from masking.lists import WordList

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_ANCHOR = re.compile(r"&[0-9A-Za-z_-]")

MAX_FILE = 4 << 20
"""Bytes of one rule file."""


def read_sources(policies: Path) -> dict[str, bytes]:
    """Read the rule files of a policies directory: relative name -> bytes. Raises RuleError if there are none."""
    names = sorted(
        [
            *policies.glob("recognizers/*.yaml"),
            *policies.glob("profiles/*.yaml"),
            *policies.glob("triggers.yaml"),
            *policies.glob("words/*.txt"),
            *policies.glob("evidence/*.txt"),
        ]
    )
    if not names:
        raise RuleError(str(policies), "no rule files here")
    return {path.relative_to(policies).as_posix(): path.read_bytes() for path in names}


class Entry:
    """One YAML mapping of a rule file, read key by key; `close` refuses keys that nobody asked for."""

    def __init__(self, file: str, node: yaml.Node, rule: str = "") -> None:
        self.file = file
        self.rule = rule
        self.line = node.start_mark.line + 1
        self._values: dict[str, yaml.Node] = {}
        self._asked: set[str] = set()
        if not isinstance(node, yaml.MappingNode):
            raise self.error("expected a mapping")
        for key, value in node.value:
            name = self._string(key, "a key")
            if name in self._values:
                raise self.error("a key stands here twice", key)
            self._values[name] = value

    def error(self, problem: str, at: yaml.Node | str | int | None = None) -> RuleError:
        """Return a RuleError at a node, at a key's value, in a line, or at the entry's first line."""
        node = self._values.get(at) if isinstance(at, str) else at
        line = node if isinstance(node, int) else self.line if node is None else node.start_mark.line + 1
        return RuleError(self.file, problem, rule=self.rule, line=line)

    def has(self, key: str) -> bool:
        """Say whether the key is there."""
        return self._take(key) is not None

    def text(self, key: str, default: str | None = None) -> str:
        """Return a string; without a default the key must be there."""
        node = self._take(key)
        if node is None:
            if default is None:
                raise self.error(f"`{key}` is missing")
            return default
        return self._string(node, f"`{key}`")

    def choice(self, key: str, choices: frozenset[str], default: str | None = None) -> str:
        """Return a string that is one of `choices`."""
        value = self.text(key, default)
        if value not in choices:
            raise self.error(f"`{key}` must be one of {', '.join(sorted(choices))}", key)
        return value

    def integer(self, key: str, default: int, low: int, high: int) -> int:
        """Return an integer between `low` and `high`, both included."""
        node = self._take(key)
        if node is None:
            return default
        if isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:int" and node.value.isdecimal():
            value = int(node.value)
            if low <= value <= high:
                return value
        raise self.error(f"`{key}` must be an integer from {low} to {high}", node)

    def flag(self, key: str, *, default: bool) -> bool:
        """Return a boolean, written `true` or `false`."""
        node = self._take(key)
        if node is None:
            return default
        if isinstance(node, yaml.ScalarNode) and node.value in {"true", "false"} and not node.style:
            return bool(node.value == "true")
        raise self.error(f"`{key}` must be true or false", node)

    def strings(self, key: str) -> tuple[str, ...]:
        """Return a list of strings; empty if the key is not there."""
        return tuple(self._string(item, f"an item of `{key}`") for item in self._items(key))

    def numbered(self, key: str) -> Iterator[tuple[int, str, int]]:
        """Yield the strings of a list, each with its number, counted from 1, and its line."""
        for number, item in enumerate(self._items(key), 1):
            yield number, self._string(item, f"an item of `{key}`"), item.start_mark.line + 1

    def entries(self, key: str) -> Iterator[Entry]:
        """Return a list of mappings; each is named by its own `id`."""
        for item in self._items(key):
            entry = Entry(self.file, item)
            entry.rule = entry.text("id")
            yield entry

    def mapping(self, key: str) -> dict[str, str]:
        """Return a mapping of strings to strings; empty if the key is not there."""
        node = self._take(key)
        if node is None:
            return {}
        inner = Entry(self.file, node, self.rule)
        return {name: inner.text(name) for name in inner._values}

    def close(self) -> None:
        """Refuse what was not asked for: a misspelt key must not pass silently."""
        for key, node in self._values.items():
            if key not in self._asked:
                raise self.error(f"`{key}` is not known here", node)

    def _take(self, key: str) -> yaml.Node | None:
        self._asked.add(key)
        return self._values.get(key)

    def _items(self, key: str) -> list[yaml.Node]:
        node = self._take(key)
        if node is None:
            return []
        if not isinstance(node, yaml.SequenceNode):
            raise self.error(f"`{key}` must be a list", node)
        return list(node.value)

    def _string(self, node: yaml.Node, what: str) -> str:
        if not isinstance(node, yaml.ScalarNode) or (
            node.tag != "tag:yaml.org,2002:str" and (node.style or not node.value)
        ):
            raise self.error(f"{what} must be a string", node)
        return str(node.value)


def open_entry(file: str, source: bytes) -> Entry:
    """Read one rule file into its top mapping. Raises RuleError for bad UTF-8, bad YAML and anchors."""
    if len(source) > MAX_FILE:
        raise RuleError(file, "the file is too large")
    try:
        text = source.decode("utf-8", "strict")
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        raise RuleError(file, "not valid UTF-8", line=line) from None
    try:
        if _ANCHOR.search(text):  # or there is none, and an alias is an error by itself
            _refuse_anchors(file, text)
        node = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        raise _malformed(file, text, error) from None
    if node is None:
        raise RuleError(file, "the file is empty", line=1)
    return Entry(file, node)


def _refuse_anchors(file: str, text: str) -> None:
    """Raise RuleError for the first anchor or alias, YAMLError for what is wrong before it."""
    for event in yaml.parse(text, Loader=_Loader):
        if getattr(event, "anchor", None) is not None:
            line = getattr(event.start_mark, "line", -1) + 1
            raise RuleError(file, "anchors and aliases are not allowed", line=line)


def _malformed(file: str, text: str, error: yaml.YAMLError) -> RuleError:
    """Return what is wrong with a text that is no YAML, or that has an alias before it is none."""
    try:
        _refuse_anchors(file, text)
    except RuleError as refused:
        return refused
    except yaml.YAMLError as first:
        error = first
    return RuleError(file, "not valid YAML", line=getattr(getattr(error, "problem_mark", None), "line", -1) + 1)


def read_word_list(file: str, source: bytes) -> WordList:
    """Read a word list: UTF-8, an entry a line, lines that begin with `#` aside. Raises RuleError."""
    if len(source) > MAX_FILE:
        raise RuleError(file, "the file is too large")
    try:
        text = source.decode("utf-8", "strict")
    except UnicodeDecodeError as error:
        raise RuleError(file, "not valid UTF-8", line=source.count(b"\n", 0, error.start) + 1) from None
    first, *others = f"\n{text}\n".split("\n#")
    text = "\n".join([first, *[other.partition("\n")[2] for other in others]])
    while "\n\n" in text:
        text = text.replace("\n\n", "\n")
    return WordList(lines=text.removeprefix("\n"))


def decode_archive(value: object) -> Mapping[str, str]:
    """Check the shape of a decoded archive: an object of file names to file texts. Raises RuleError."""
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise RuleError("archive", "not an archive of rule files")
    return value
