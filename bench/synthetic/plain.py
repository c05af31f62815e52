"""What templates may name that identifies nobody: clinical words, ages under 90, bare years, clock times."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.synthetic.days import spoken_number

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.synthetic.case import Case

_LABS = {
    "creatinine": ("1.8 mg/dL", "0.9", "4.2"),
    "potassium": ("5.9", "3.1 mmol/L", "4.4"),
    "hemoglobin": ("7.2 g/dL", "13.5"),
    "A1c": ("9.4%", "7.1 %", "6.5%"),
    "INR": ("4.8", "2.3"),
    "troponin": ("0.04 ng/mL", "<0.01", "12 ng/L"),
    "BNP": ("1,240 pg/mL", "88"),
    "TSH": ("8.7 mIU/L", "0.02"),
    "WBC": ("14.2", "3.1 x10^9/L", "11,400"),
    "platelets": ("42 K/uL", "310"),
    "eGFR": ("28 mL/min/1.73m2", "45", ">60"),
    "LDL": ("162 mg/dL", "71"),
    "lactate": ("4.1 mmol/L", "1.2"),
    "ferritin": ("9 ng/mL", "1500"),
}
_YOUNG = 89


def _age(case: Case) -> int:
    return min(case.person("pt").age, _YOUNG)


def _lab(case: Case) -> str:
    name = case.draw.choice(sorted(_LABS))
    return f"{name} {case.draw.choice(('', 'of ', 'is '))}{case.draw.choice(_LABS[name])}"


def _vitals(case: Case) -> str:
    draw = case.draw
    bp = f"{draw.randint(88, 190)}/{draw.randint(48, 110)}"
    hr, rr, spo2 = draw.randint(48, 140), draw.randint(10, 32), draw.randint(82, 100)
    return draw.choice(
        (
            f"BP {bp}, HR {hr}, RR {rr}, SpO2 {spo2}% on RA",
            f"T {draw.randint(970, 1034) / 10} HR {hr} BP {bp} RR {rr} O2 sat {spo2}%",
            f"BP {bp} mmHg, pulse {hr} bpm, temp {draw.randint(365, 401) / 10} C",
        )
    )


def _dose(case: Case) -> str:
    return case.draw.choice(
        ("5 mg", "10 mg", "20mg", "40 mg", "500 mg", "1 g", "0.4 mg", "25 mcg", "100 units", "2 puffs", "81 mg")
    )


def _years_old(case: Case) -> str:
    age = _age(case)
    return case.draw.choice(
        (f"{age}-year-old", f"{age}-year-old", f"{age} year old", f"{age}yo", f"{age} y/o", f"{age} y.o.")
    )


def _sexed(male: str, female: str) -> Callable[[Case], str]:
    return lambda case: male if case.person("pt").male else female


def _listed(section: str) -> Callable[[Case], str]:
    return lambda case: case.word(section)


PLAIN: dict[str, Callable[[Case], str]] = {
    name: _listed(section)
    for name, section in (
        *((word, word) for word in ("drug", "dx", "eponym", "sign", "score", "guideline", "trial", "symptom")),
        *(
            (word, word)
            for word in ("procedure", "imaging", "allergy", "specialty", "race", "job", "ago", "lab", "freq")
        ),
        *((word, word) for word in ("exam", "diet", "company", "maker")),
        ("drug2", "drug"),
        ("dx2", "dx"),
        ("symptom2", "symptom"),
        ("sx", "symptom"),
    )
} | {
    "age": lambda case: str(_age(case)),
    "mumage": lambda case: str(case.person("mum").age),
    "agespoken": lambda case: spoken_number(_age(case)),
    "yo": _years_old,
    "dose": _dose,
    "result": _lab,
    "vitals": _vitals,
    "sex": _sexed("male", "female"),
    "man": _sexed("man", "woman"),
    "mf": _sexed("M", "F"),
    "he": _sexed("he", "she"),
    "He": _sexed("He", "She"),
    "his": _sexed("his", "her"),
    "His": _sexed("His", "Her"),
    "him": _sexed("him", "her"),
    "kin": lambda case: case.word("kin.m" if case.person("rel").male else "kin.f"),
    "ptkin": lambda case: case.word("kin.m" if case.person("pt").male else "kin.f"),
    "kin2": lambda case: case.word("kin.m" if case.person("rel2").male else "kin.f"),
    "year": lambda case: str(case.draw.randint(1985, 2024)),
    "clock": lambda case: case.draw.choice(("08:15", "14:30", "0600", "9:45 PM", "3 pm", "23:10", "7am")),
    "n": lambda case: str(case.draw.randint(2, 12)),
    "pct": lambda case: f"{case.draw.randint(5, 70)}%",
    "room": lambda case: str(case.draw.randint(2, 40)),
    "kg": lambda case: f"{case.draw.randint(42, 140)} kg",
}
