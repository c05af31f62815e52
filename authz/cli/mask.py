"""`phigate mask`: the gateway's own masking on a text from standard input, without a gateway.

Exit codes: 0 masked, 2 the input or the rules are not usable. Messages never carry text of the input; what goes to
standard output does.
"""

from __future__ import annotations

import codecs
import json
import secrets
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from authz.cli.counts import Counts
from authz.cli.explanation import Page, explained
from authz.cli.progress import watched

if TYPE_CHECKING:
    from collections.abc import Iterator

    from masking import Finding, Profile, RuleSet, Segment

_CHUNK = 1 << 16
_KEY_BYTES = 32
_UNUSABLE = 2


class _Unusable(click.ClickException):
    exit_code = _UNUSABLE

    def show(self, file: IO[Any] | None = None) -> None:  # noqa: ARG002
        click.echo(f"phigate: {self.message}", err=True)


@click.command()
@click.option("--profile", "profile_name", metavar="NAME", help="Masking profile; the rules' default if not given.")
@click.option("--findings", is_flag=True, help='JSON lines {"id", "text"} in, masked text and findings out.')
@click.option("--explain", is_flag=True, help="Show each finding with identifier, rule and cue instead.")
@click.option("--stats", is_flag=True, help="Count what was found instead.")
@click.option("--json", "as_json", is_flag=True, help="With --explain an object per text, with --stats one.")
@click.option(
    "--policies",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Directory with recognizers/, profiles/ and triggers.yaml; the shipped one if not given.",
)
@click.option(
    "--key-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File with the 32-byte key of the placeholders; a random key if not given.",
)
def mask(
    profile_name: str | None,
    findings: bool,
    explain: bool,
    stats: bool,
    as_json: bool,
    policies: Path | None,
    key_file: Path | None,
) -> None:
    """Mask standard input to standard output.

    Offsets of findings are Unicode code points of the given text. Every JSON line is a document of its own.
    """
    if explain and stats:
        raise click.UsageError("--explain and --stats are two different answers")
    if as_json and not explain and not stats:
        raise click.UsageError("--json goes with --explain or --stats")
    rules = _rules(policies)
    name = profile_name or rules.default_profile
    if name not in rules.profiles:
        raise _Unusable(f"no such profile; there are: {', '.join(sorted(rules.profiles))}")
    run = _Run(rules, rules.profiles[name], _key(key_file), lines=findings)
    source = sys.stdin.buffer
    if stats:
        run.count(source, as_json=as_json)
    elif explain:
        run.explain(source, as_json=as_json)
    else:
        run.mask(source)


def _rules(policies: Path | None) -> RuleSet:
    from authz.assets import policies_dir
    from masking import RuleError, RuleSet
    from masking.sources import read_sources

    try:
        return RuleSet.from_sources(read_sources(policies or policies_dir()))
    except RuleError as error:
        raise _Unusable(str(error)) from None


def _key(key_file: Path | None) -> bytes:
    if key_file is None:
        return secrets.token_bytes(_KEY_BYTES)
    key = key_file.read_bytes()
    if len(key) != _KEY_BYTES:
        raise _Unusable(f"the key file must hold exactly {_KEY_BYTES} bytes")
    return key


class _Run:
    """One input, read as one text or as JSON lines."""

    def __init__(self, rules: RuleSet, profile: Profile, key: bytes, *, lines: bool) -> None:
        self._rules = rules
        self._profile = profile
        self._key = key
        self._lines = lines

    def mask(self, source: IO[bytes]) -> None:
        """Write the masked text as it settles, or an answer for each line."""
        sink = sys.stdout.buffer
        for piece in self._answers(source) if self._lines else self._masked(source):
            sink.write(piece.encode())
            sink.flush()

    def count(self, source: IO[bytes], *, as_json: bool) -> None:
        """Print how much was found."""
        counts = Counts()
        for piece in self._pieces(source, answers=False):
            counts.add(piece.text, piece.findings, last=piece.last)
        if as_json:
            click.echo(json.dumps(counts.facts()))
        else:
            counts.print()

    def explain(self, source: IO[bytes], *, as_json: bool) -> None:
        """Print what was found and why."""
        page, at = Page(), 0
        facts: list[dict[str, Any]] = []
        for piece in self._pieces(source, answers=True):
            found = explained(self._rules, self._profile.names, piece.text, piece.findings, at)
            if as_json:
                facts.extend(one.fact() for one in found)
            else:
                page.show(piece.text, found, at, title=piece.title if at == 0 else "", last=piece.last)
            at += len(piece.text)
            if piece.last:
                if as_json:
                    click.echo(json.dumps(piece.document | {"findings": facts}))
                at, facts = 0, []

    def _pieces(self, source: IO[bytes], *, answers: bool) -> Iterator[_Piece]:
        if not self._lines:
            for segment in self._segments(source, answers=answers):
                yield _Piece(segment.text, segment.findings, {}, last=False)
            yield _Piece("", (), {}, last=True)
            return
        from masking import find

        for number, document, text in self._documents(source, answers=answers):
            with _line(number):
                findings = tuple(find(self._rules, text, names=self._profile.names))
            yield _Piece(text, findings, {"id": document.get("id")}, last=True)

    def _masked(self, source: IO[bytes]) -> Iterator[str]:
        from masking import Pseudonyms
        from masking.masked import mask_segment

        pseudonyms = Pseudonyms(self._key)
        for segment in self._segments(source, answers=True):
            yield mask_segment(segment, self._profile, pseudonyms)

    def _segments(self, source: IO[bytes], *, answers: bool) -> Iterator[Segment]:
        """Yield the text's segments as they settle: a text of any size passes in bounded memory."""
        from masking import Memory, SegmentFold

        decoder = codecs.getincrementaldecoder("utf-8")("strict")
        fold = SegmentFold(self._rules, self._profile.names, Memory())
        for data in watched(source, iter(lambda: source.read(_CHUNK), b""), answers=answers):
            yield from fold.feed(_decoded(decoder, data))
        yield from fold.feed(_decoded(decoder, b"", final=True))
        yield from fold.finish()

    def _answers(self, source: IO[bytes]) -> Iterator[str]:
        from masking import mask_text

        for number, document, text in self._documents(source, answers=True):
            with _line(number):
                masked = mask_text(self._rules, self._profile, text, key=self._key)
            found = [
                {"start": finding.start, "end": finding.end, "identifier": finding.identifier, "rule": finding.rule}
                for finding in masked.findings
            ]
            yield json.dumps({"id": document.get("id"), "masked": masked.text, "findings": found}) + "\n"

    def _documents(self, source: IO[bytes], *, answers: bool) -> Iterator[tuple[int, dict[str, Any], str]]:
        for number, line in enumerate(watched(source, iter(source), answers=answers), 1):
            if line.strip():
                yield number, *_document(line, number)


@dataclass(frozen=True, slots=True)
class _Piece:
    """A piece of a text with its findings; `document` is what an answer says of the text besides."""

    text: str
    findings: tuple[Finding, ...]
    document: dict[str, Any]
    last: bool

    @property
    def title(self) -> str:
        return str(self.document.get("id", ""))


@contextmanager
def _line(number: int) -> Iterator[None]:
    from masking import MaskingError

    try:
        yield
    except MaskingError as error:
        raise _Unusable(f"line {number}: {error.public}") from None


def _decoded(decoder: codecs.IncrementalDecoder, data: bytes, *, final: bool = False) -> str:
    try:
        return decoder.decode(data, final)
    except UnicodeDecodeError:
        raise _Unusable("standard input is not valid UTF-8") from None


def _document(line: bytes, number: int) -> tuple[dict[str, Any], str]:
    try:
        document = json.loads(line.decode("utf-8", "strict"))
    except (ValueError, RecursionError):
        raise _Unusable(f"line {number}: not valid JSON") from None
    if not isinstance(document, dict) or not isinstance(document.get("text"), str):
        raise _Unusable(f'line {number}: expected an object with a string "text"')
    return document, document["text"]
