"""FHIR R4 bundles with the labels of their leaves, in the form that corpora have: `[{path, value, label}]`.

A patient with kin, a clinician, a hospital, encounters, conditions, observations, prescriptions, a coverage, a device;
and some of the resources of `fhir_care`.
Labels stand where FHIR's own paths say that a value identifies someone; codes, systems, units and display texts
of terminologies are other leaves.
"""

from __future__ import annotations

import random
import uuid
from typing import TYPE_CHECKING, Any, Self

from bench.synthetic import days, fhir_care
from bench.synthetic.case import Case
from bench.synthetic.slots import parts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.synthetic.halves import Half

_SNOMED, _LOINC, _RXNORM = "http://snomed.info/sct", "http://loinc.org", "http://www.nlm.nih.gov/research/umls/rxnorm"
_PROFILE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"
_OBSERVATIONS = (("2823-3", "Potassium", "mmol/L"), ("4548-4", "Hemoglobin A1c", "%"), ("29463-7", "Body Weight", "kg"))


class Labelled(str):
    """A string value that identifies someone."""

    __slots__ = ("label",)

    def __new__(cls, value: str, label: str) -> Self:
        """Return the value with its label."""
        made = super().__new__(cls, value)
        made.label = label
        return made

    label: str

    def day(self) -> Labelled:
        """Return a dateTime without its time."""
        return Labelled(self[:10], self.label)


class Maker:
    """Draws the values of one bundle."""

    def __init__(self, draw: random.Random, half: Half) -> None:
        self.draw = draw
        self.case = Case(draw, half)
        self.patient = f"urn:uuid:{self.id()}"

    def id(self) -> str:
        """Return a UUID."""
        return str(uuid.UUID(int=self.draw.getrandbits(128), version=4))

    def value(self, slot: str, form: str = "") -> Labelled:
        """Return a value that is PHI, labelled as the templates' slots label it."""
        text, label, _ = next(part for part in parts(self.case, slot, form) if part[1])
        return Labelled(text, label)

    def plain(self, slot: str) -> str:
        """Return a value that identifies nobody."""
        return parts(self.case, slot, "")[0][0]

    def instant(self) -> Labelled:
        """Return a dateTime of FHIR, with or without its time."""
        day = days.some_day(self.draw).isoformat()
        zone = self.draw.choice(("Z", "-05:00", ".123+01:00"))
        clock = f"T{self.draw.randint(0, 23):02}:{self.draw.randint(0, 59):02}:00{zone}"
        return Labelled(day + self.draw.choice(("", clock, clock)), "DATE")

    def coding(self, system: str, code: str, display: str) -> dict[str, Any]:
        """Return a CodeableConcept."""
        return {"coding": [{"system": system, "code": code, "display": display}], "text": display}

    def name(self, role: str) -> dict[str, Any]:
        """Return a HumanName."""
        return {"use": "official", "family": self.value(role, "last"), "given": [self.value(role, "first")]}

    def address(self) -> dict[str, Any]:
        """Return an Address."""
        return {
            "use": "home",
            "line": [self.value("street")],
            "city": self.value("city"),
            "state": self.draw.choice(("MA", "TX", "OR")),
            "postalCode": self.value("zip"),
            "country": "US",
        }

    def resources(self) -> Iterator[dict[str, Any]]:
        """Yield the resources of one patient."""
        person = self.case.person("pt")
        yield {
            "resourceType": "Patient",
            "meta": {"profile": [f"{_PROFILE}patient"]},
            "identifier": [
                {
                    "type": self.coding("http://terminology.hl7.org/CodeSystem/v2-0203", "MR", "Medical Record Number"),
                    "value": self.value("mrn"),
                },
                {"system": "http://hl7.org/fhir/sid/us-ssn", "value": self.value("ssn")},
            ],
            "active": True,
            "name": [self.name("pt") | {"text": self.value("pt", "full")}],
            "telecom": [
                {"system": "phone", "value": self.value("phone"), "use": "home"},
                {"system": "email", "value": self.value("email")},
            ],
            "gender": "male" if person.male else "female",
            "birthDate": Labelled(person.born.isoformat(), "DATE"),
            "address": [self.address()],
            "maritalStatus": self.coding("http://terminology.hl7.org/CodeSystem/v3-MaritalStatus", "M", "Married"),
            "contact": [{"name": self.name("rel"), "telecom": [{"system": "phone", "value": self.value("phone")}]}],
            "communication": [{"language": self.coding("urn:ietf:bcp:47", "en-US", "English")}],
        }
        doctor = self.value("doc", "full")
        yield {
            "resourceType": "Practitioner",
            "identifier": [{"system": "http://hl7.org/fhir/sid/us-npi", "value": self.value("npi")}],
            "name": [self.name("doc") | {"prefix": ["Dr."]}],
            "telecom": [{"system": "email", "value": self.value("email", "doc")}],
        }
        hospital = self.value("facility")
        yield {
            "resourceType": "Organization",
            "type": [
                self.coding("http://terminology.hl7.org/CodeSystem/organization-type", "prov", "Healthcare Provider")
            ],
            "name": hospital,
            "telecom": [
                {"system": "phone", "value": self.value("phone")},
                {"system": "fax", "value": self.value("fax")},
            ],
            "address": [self.address()],
        }
        for _ in range(self.draw.randint(2, 4)):
            yield {
                "resourceType": "Encounter",
                "status": "finished",
                "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
                "type": [self.coding(_SNOMED, "185349003", "Encounter for check up (procedure)")],
                "subject": {"reference": self.patient, "display": self.value("pt", "full")},
                "participant": [{"individual": {"display": doctor}}],
                "period": {"start": self.instant(), "end": self.instant()},
                "serviceProvider": {"display": hospital},
            }
            yield {
                "resourceType": "Condition",
                "clinicalStatus": self.coding(
                    "http://terminology.hl7.org/CodeSystem/condition-clinical", "active", "Active"
                ),
                "code": self.coding(
                    _SNOMED, str(self.draw.randint(10**7, 10**8)), self.plain(self.draw.choice(("dx", "eponym")))
                ),
                "subject": {"reference": self.patient},
                "onsetDateTime": self.instant(),
                "recordedDate": self.instant(),
            }
        for code, display, unit in _OBSERVATIONS:
            yield {
                "resourceType": "Observation",
                "status": "final",
                "code": self.coding(_LOINC, code, display),
                "subject": {"reference": self.patient},
                "effectiveDateTime": self.instant(),
                "issued": self.instant(),
                "valueQuantity": {"value": 6.1, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit},
            }
        yield {
            "resourceType": "MedicationRequest",
            "status": "active",
            "intent": "order",
            "medicationCodeableConcept": self.coding(
                _RXNORM, str(self.draw.randint(10**5, 10**6)), f"{self.plain('drug')} 20 MG Oral Tablet"
            ),
            "subject": {"reference": self.patient},
            "authoredOn": self.instant(),
            "requester": {"display": doctor},
            "dosageInstruction": [{"text": f"Take {self.plain('dose')} {self.plain('freq')}"}],
        }
        yield {
            "resourceType": "Coverage",
            "status": "active",
            "subscriberId": self.value("plan"),
            "beneficiary": {"reference": self.patient},
            "payor": [{"display": self.plain("company")}],
        }
        yield {
            "resourceType": "Device",
            "manufacturer": self.plain("maker"),
            "serialNumber": self.value("device"),
            "udiCarrier": [{"deviceIdentifier": self.value("device", "udi")}],
            "type": self.coding(_SNOMED, "14106009", "Cardiac pacemaker, device (physical object)"),
        }
        yield {
            "resourceType": "Procedure",
            "status": "completed",
            "code": self.coding(_SNOMED, "73761001", self.plain("procedure")),
            "performedPeriod": {"start": self.instant(), "end": self.instant()},
            "note": [{"text": f"{self.plain('symptom')} improved. Follow up in {self.plain('n')} weeks."}],
        }


def bundle(half: Half, seed: int, number: int = 0) -> tuple[dict[str, Any], dict[str, str]]:
    """Return a bundle and the labels of its leaves by path; the same ones for the same arguments."""
    maker = Maker(random.Random(f"{seed} fhir {half} {number}"), half)
    entries = []
    for position, resource in enumerate((*maker.resources(), *fhir_care.resources(maker))):
        url = maker.patient if position == 0 else f"urn:uuid:{maker.id()}"
        entries.append(
            {"fullUrl": url, "resource": resource, "request": {"method": "POST", "url": resource["resourceType"]}}
        )
    tree = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    return tree, dict(_labels(tree, ""))


def _labels(node: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(node, Labelled):
        yield path, node.label
    elif isinstance(node, dict):
        for key, value in node.items():
            yield from _labels(value, f"{path}.{key}".removeprefix("."))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _labels(value, f"{path}[{index}]")
