"""The worked example of docs/masking.md is a rule file that loads, and finds what the page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from authz.cli.mask import mask
from masking import RuleError, RuleSet, read_sources

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "masking.md").read_text(encoding="utf-8")


def block(language):
    """Return the first block of that language."""
    return re.search(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)[1]


def test_the_example_explains_what_the_page_shows(tmp_path):
    """Beside the shipped rules, the page's rules pass their examples and give the lines that the page prints."""
    for name, source in (read_sources(ROOT / "policies") | {"recognizers/site.yaml": block("yaml").encode()}).items():
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(source)
    typed = r"^\$ echo '(.*)' \| phigate mask .*--explain\n(.*?)^\$"
    text, shown = re.search(typed, block("console"), re.DOTALL | re.MULTILINE).groups()
    result = CliRunner().invoke(mask, ["--policies", str(tmp_path), "--explain"], input=text + "\n")
    assert result.stdout == shown


def test_the_refusal_is_the_programs_own():
    """The line that the page prints for a failing counter-example is what such a file gives."""
    message = re.search(r"^phigate: (recognizers/site.yaml.*)$", PAGE, re.MULTILINE)[1]
    broken = block("yaml").replace("'ward 2041'", "'ward 204'").encode()
    sources = read_sources(ROOT / "policies") | {"recognizers/site.yaml": broken}
    with pytest.raises(RuleError) as caught:
        RuleSet.from_sources(sources)
    assert str(caught.value) == message
