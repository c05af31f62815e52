"""`phigate mask`: the gateway's own masking on a text from standard input, without a gateway.

Exit codes: 0 masked, 2 the input or the rules are not usable. Messages never carry text of the input.
"""

from __future__ import annotations

import codecs
import json
import secrets
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

    from masking import Profile, RuleSet

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
def mask(profile_name: str | None, findings: bool, policies: Path | None, key_file: Path | None) -> None:
    """Mask standard input to standard output.

    Offsets of findings are Unicode code points of the given text. Every JSON line is a document of its own.
    """
    rules = _rules(policies)
    name = profile_name or rules.default_profile
    if name not in rules.profiles:
        raise _Unusable(f"no such profile; there are: {', '.join(sorted(rules.profiles))}")
    key = _key(key_file)
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    for piece in (_lines if findings else _text)(source, rules, rules.profiles[name], key):
        sink.write(piece.encode())
        sink.flush()


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


def _text(source: IO[bytes], rules: RuleSet, profile: Profile, key: bytes) -> Iterator[str]:
    """Yield the masked text as it settles: a text of any size passes in bounded memory."""
    from masking import Memory, Pseudonyms, SegmentFold
    from masking.masked import mask_segment

    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    fold, pseudonyms = SegmentFold(rules, profile.names, Memory()), Pseudonyms(key)
    more = True
    while more:
        data = source.read(_CHUNK)
        more = bool(data)
        try:
            text = decoder.decode(data, final=not more)
        except UnicodeDecodeError:
            raise _Unusable("standard input is not valid UTF-8") from None
        for segment in (*fold.feed(text), *(() if more else fold.finish())):
            yield mask_segment(segment, profile, pseudonyms)


def _lines(source: IO[bytes], rules: RuleSet, profile: Profile, key: bytes) -> Iterator[str]:
    from masking import MaskingError, mask_text

    for number, line in enumerate(source, 1):
        if not line.strip():
            continue
        document, text = _document(line, number)
        try:
            masked = mask_text(rules, profile, text, key=key)
        except MaskingError as error:
            raise _Unusable(f"line {number}: {error.public}") from None
        found = [
            {"start": finding.start, "end": finding.end, "identifier": finding.identifier, "rule": finding.rule}
            for finding in masked.findings
        ]
        answer = {"id": document.get("id"), "masked": masked.text, "findings": found}
        yield json.dumps(answer) + "\n"


def _document(line: bytes, number: int) -> tuple[dict[str, Any], str]:
    try:
        document = json.loads(line.decode("utf-8", "strict"))
    except (ValueError, RecursionError):
        raise _Unusable(f"line {number}: not valid JSON") from None
    if not isinstance(document, dict) or not isinstance(document.get("text"), str):
        raise _Unusable(f'line {number}: expected an object with a string "text"')
    return document, document["text"]
