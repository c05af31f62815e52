"""Clinical text for timing: endless, never twice the same, with as much PHI as asked. Every value is made up here."""

from __future__ import annotations

import random
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_CLEAN = (
    "Blood pressure was {bp} mmHg with a pulse of {n} and saturation {sat}% on room air.",
    "She reports {symptom} for the past {few} days, worse after {activity} and better with rest.",
    "The abdomen is soft without guarding, and bowel sounds are present in all four quadrants.",
    "Continue {drug} {dose} mg twice a day and recheck potassium and creatinine in {few} weeks.",
    "There is no {symptom}, no {symptom} and no change in weight since the last visit.",
    "Hemoglobin was {lab} g/dL, which is stable compared with the previous value of {lab}.",
    "The wound is clean and dry; sutures can come out after {few} more days if {symptom} does not return.",
    "He walks {n} metres with one stick, climbs stairs slowly and needs no help with {activity}.",
    "We discussed the risks and benefits of {drug}, and the dose was reduced to {dose} mg at night.",
    "An echocardiogram showed an ejection fraction of {sat}% with mild left ventricular hypertrophy.",
    "Please repeat the chest radiograph if {symptom} persists beyond {few} weeks despite {drug}.",
    "Sleep has improved since the evening dose of {drug} was moved to the early afternoon.",
)
_PHI = (
    "Patient {first} {last}, MRN {mrn}, DOB {date}, was seen today by Dr. {last}.",
    "Her daughter {first} can be reached at ({area}) 555-{four} or {mail}.",
    "Lives at {n} {last} Street, {city}, {state} {zip}; insurance member ID {member}.",
    "SSN {ssn} is on file; the last admission was on {date} and discharge on {date}.",
    "Mr. {last} asked that results be sent to {mail} and to fax ({area}) 555-{four}.",
    "Referred by {first} {last}, MD, on {date}; accession {mrn}.",
)
_WORDS = {
    "symptom": ("chest pain", "shortness of breath", "fever", "headache", "nausea", "ankle swelling", "dizziness"),
    "activity": ("walking", "climbing stairs", "meals", "bathing", "lying flat", "light exercise", "dressing"),
    "drug": ("metformin", "lisinopril", "warfarin", "furosemide", "atorvastatin", "amlodipine", "sertraline"),
    "first": ("Maribel", "Tobias", "Ingrid", "Rashad", "Yolanda", "Piotr", "Annelise", "Desmond", "Keiko", "Lucinda"),
    "last": ("Okonkwo", "Lindqvist", "Farrington", "Castellanos", "Nakamura", "Whitlock", "Abernathy", "Dragomir"),
    "city": ("Springfield", "Riverton", "Fairview", "Georgetown", "Salem", "Clinton"),
    "state": ("IL", "OH", "TX", "NV", "OR", "GA"),
}
_SCRIPTS = ((0x430, 0x44F), (0x4E00, 0x9FA5), (0xAC00, 0xD7A3), (0xE0, 0xF6))
DENSITIES = {"clean": 0.0, "usual": 0.15, "dense": 1.0}
"""Share of sentences that hold PHI: none, a note as it is written, and a sheet of identifiers."""


def sentences(density: float, seed: int) -> Iterator[str]:
    """Yield sentences without end."""
    chance = random.Random(seed)
    while True:
        yield _filled(chance.choice(_PHI if chance.random() < density else _CLEAN), chance)


def note(size: int, density: float, seed: int) -> str:
    """Return a note of about so many characters, in paragraphs of some five sentences."""
    parts: list[str] = []
    held = 0
    for count, sentence in enumerate(chain(("HISTORY OF PRESENT ILLNESS:",), sentences(density, seed))):
        parts.append(sentence + ("\n\n" if count % 5 == 0 else " "))
        held += len(parts[-1])
        if held >= size:
            return "".join(parts).rstrip()
    raise AssertionError  # the sentences never end


def foreign(size: int, seed: int) -> str:
    """Return so many characters of words that no list holds, of four scripts: the slowest text there is."""
    chance = random.Random(seed)
    words: list[str] = []
    held = 0
    while held < size:
        first, last = chance.choice(_SCRIPTS)
        words.append("".join(chr(chance.randint(first, last)) for _ in range(chance.randint(1, 8))))
        held += len(words[-1]) + 1
    return " ".join(words)[:size]


def _filled(template: str, chance: random.Random) -> str:
    def digits(count: int) -> str:
        return "".join(chance.choices("0123456789", k=count))

    values = {
        "bp": f"{chance.randint(95, 179)}/{chance.randint(55, 99)}",
        "n": str(chance.randint(40, 990)),
        "sat": str(chance.randint(35, 99)),
        "few": str(chance.randint(2, 12)),
        "dose": f"{chance.randint(1, 200) * 2.5:g}",
        "lab": f"{chance.uniform(7, 17):.1f}",
        "mrn": digits(8),
        "date": f"{chance.randint(1, 12):02}/{chance.randint(1, 28):02}/{chance.randint(1931, 2023)}",
        "area": f"{chance.randint(2, 9)}{digits(2)}",
        "four": digits(4),
        "zip": f"{chance.randint(10000, 99499)}",
        "member": f"W{digits(9)}",
        "ssn": f"{chance.randint(100, 665)}-{chance.randint(10, 99)}-{chance.randint(1000, 9999)}",
        **{key: chance.choice(words) for key, words in _WORDS.items()},
    }
    values["mail"] = f"{values['first']}.{values['last']}@example.org".lower()
    return template.format_map(values)
