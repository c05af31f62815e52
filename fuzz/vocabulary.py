"""What texts are made of: words that lead the engine into its branches, and canaries that must not survive."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from masking.rules import RuleSet, read_sources

if TYPE_CHECKING:
    from fuzz.choices import Choices

CANARIES = ("536-22-8145", "quilla.testperson@example.org")
"""Values that every profile masks wherever a word may stand."""

KEY = b"a key of thirty-two bytes to fuzz"[:32]

WORDS = (
    *(" ", "\n", "\n\n", ", ", ". ", ": ", "; ", "-", "/", "'s ", "(", ") ", "[", "] ", "| ", "\n- ", "\n# ", "\t"),
    *("the ", "was ", "seen ", "by ", "and ", "no ", "in ", "of ", "with ", "metformin ", "troponin ", "stable "),
    *("Patient ", "Patient: ", "Dr. ", "Mrs. ", "Name: ", "DOB ", "MRN ", "MRN: ", "SSN ", "phone ", "fax "),
    *("lives at ", "email: ", "signed, ", "aged ", "94-year-old ", "Re: ", "cc ", "MR ", "daughter ", "de la ", "van "),
    *("Ada ", "Loveless ", "Orson Testman", "DOE, JANE", "Jane Q. Doe", "O'Neill ", "Okonkwo-Brandt ", "Smith", "May "),
    *("123-45-6789", "123456789", "00123456", "02/03/1961", "March 5th, 2021", "1961", "2021-03-05", "3/5"),
    *("5550100199", "(555) 010-0199", "555.010.0199", "+1 555 010 0199", "12 Maple Street", "Apt 4", "Reno, NV 89501"),
    *("a@b.example", "tomasz.w@example.org", "https://x.example/p?id=1", "www.x.example/", "10.0.0.1", "fe80::1"),
    *("4111 1111 1111 1111", "1HGCM82633A004352", "GB82WEST12345698765432", "1234567893", "D1234567"),
    *("[NAME_ABCDEFG_ABCDEF]", "[NAME_ABCDEFG", "_ABCDEF]", "[SSN_", "[[", "{", "}", '"', "\\", "\\u0041", "&#49;"),
    *(
        "\u200b",
        "\u00ad",
        "\u00a0",
        "\u0301",
        "\u2028",
        "\u017f",
        "\u212a",
        "ß",
        "İ",
        "É",
        "中",
        "🩺",
        "１２３",
        "٣",
        "–",
    ),
    *("\0", "\x1e", "\x1f", "\x7f", "\r", "\x0b", "\ufeff", "%31", "```\n", "MTIzLTQ1LTY3ODk="),
    *("a" * 33, "A" * 40, "9" * 30, "x" * 600, "Aa " * 300),
    *("\r\n", ")\r\n", "%20", "%20the%20of%20in%20was%20", "&nbsp;", "\\n", "\u3000", "," * 600, "\u200b" * 700),
)


@cache
def shipped() -> RuleSet:
    """Return the shipped rules."""
    return RuleSet.from_sources(read_sources(Path(__file__).parents[1] / "policies"))


def words(choices: Choices, most: int) -> str:
    """Return text of at most so many words, letters and signs of any script."""
    parts: list[str] = []
    for _ in range(choices.number(most)):
        number = choices.number(255)
        parts.append(WORDS[number] if number < len(WORDS) else choices.take(number & 15).decode(errors="ignore"))
    return "".join(parts)


def planted(choices: Choices) -> tuple[str, str]:
    """Return text with a canary on a line of its own, and the canary."""
    canary = choices.pick(CANARIES)
    return words(choices, 6) + f"\n{canary}\n" + words(choices, 6), canary
