"""FHIR R4 resources around a patient's record: kin, care teams, appointments, documents, claims, forms.

Names, addresses and numbers stand here where the resource's own definition puts them, often not under the keys of a
Patient; what is no identifier (codes, statuses, titles of documents, names of tests and of plans) stands beside them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.synthetic.fhir import Maker

_CODES = "http://terminology.hl7.org/CodeSystem/"
_SNOMED, _LOINC = "http://snomed.info/sct", "http://loinc.org"


def resources(maker: Maker) -> Iterator[dict[str, Any]]:
    """Yield the resources of one patient's care, those of a random half of the kinds."""
    kinds = [_people, _visits, _findings, _orders, _documents, _money, _places, _forms]
    for kind in maker.draw.sample(kinds, len(kinds) // 2):
        yield from kind(maker)


def _clinician(maker: Maker, role: str = "doc") -> dict[str, Any]:
    """Return a reference to a clinician, written as systems write it."""
    name = maker.value(role, maker.draw.choice(("full", "middle", "lf")))
    return {"reference": f"Practitioner/{maker.id()}", "display": name}


def _subject(maker: Maker) -> dict[str, Any]:
    return {"reference": maker.patient, "type": "Patient", "display": maker.value("pt", "full")}


def _people(maker: Maker) -> Iterator[dict[str, Any]]:
    yield {
        "resourceType": "RelatedPerson",
        "active": True,
        "patient": _subject(maker),
        "relationship": [maker.coding(f"{_CODES}v3-RoleCode", "MTH", "mother")],
        "name": [{"use": "usual", "text": maker.value("rel", "full")} | maker.name("rel")],
        "telecom": [{"system": "phone", "value": maker.value("phone"), "use": "mobile"}],
        "birthDate": maker.instant().day(),
        "address": [{"text": maker.value("street"), "district": maker.value("county"), "city": maker.value("city")}],
    }
    yield {
        "resourceType": "CareTeam",
        "name": "Diabetes care team",
        "subject": _subject(maker),
        "participant": [
            {"role": [maker.coding(_SNOMED, "446050000", "Primary care physician")], "member": _clinician(maker)},
            {"role": [maker.coding(_SNOMED, "224535009", "Registered nurse")], "member": _clinician(maker, "nurse")},
        ],
        "managingOrganization": [{"display": maker.value("facility")}],
    }
    yield {
        "resourceType": "FamilyMemberHistory",
        "status": "completed",
        "patient": _subject(maker),
        "name": maker.value("rel2", "full"),
        "relationship": maker.coding(f"{_CODES}v3-RoleCode", "FTH", "father"),
        "bornDate": maker.instant().day(),
        "condition": [
            {"code": maker.coding(_SNOMED, "22298006", "Myocardial infarction"), "onsetString": "in his 50s"}
        ],
    }
    yield {
        "resourceType": "PractitionerRole",
        "practitioner": _clinician(maker, "doc2"),
        "organization": {"display": maker.value("facility")},
        "specialty": [maker.coding(_SNOMED, "394579002", "Cardiology")],
        "telecom": [{"system": "pager", "value": maker.value("phone")}],
    }


def _visits(maker: Maker) -> Iterator[dict[str, Any]]:
    start, end = maker.instant(), maker.instant()
    yield {
        "resourceType": "Appointment",
        "status": "booked",
        "description": f"Follow up for {maker.plain('dx')}",
        "start": start,
        "end": end,
        "created": maker.instant(),
        "participant": [
            {"actor": _subject(maker), "status": "accepted"},
            {"actor": _clinician(maker), "status": "accepted"},
            {"actor": {"reference": "Location/1", "display": maker.value("facility")}, "status": "accepted"},
        ],
    }
    yield {
        "resourceType": "Encounter",
        "status": "in-progress",
        "identifier": [{"use": "official", "value": maker.value("id", "case")}],
        "subject": _subject(maker),
        "participant": [
            {
                "type": [maker.coding(f"{_CODES}v3-ParticipationType", "ATND", "attender")],
                "individual": _clinician(maker, "doc2"),
                "period": {"start": maker.instant()},
            }
        ],
        "hospitalization": {"admitSource": maker.coding(f"{_CODES}admit-source", "emd", "From accident/emergency")},
        "location": [{"location": {"display": maker.value("facility")}, "status": "active"}],
    }


def _findings(maker: Maker) -> Iterator[dict[str, Any]]:
    yield {
        "resourceType": "AllergyIntolerance",
        "clinicalStatus": maker.coding(f"{_CODES}allergyintolerance-clinical", "active", "Active"),
        "category": ["medication"],
        "criticality": "high",
        "code": maker.coding(_SNOMED, "91936005", f"Allergy to {maker.plain('allergy')}"),
        "patient": _subject(maker),
        "recorder": _clinician(maker),
        "asserter": {"display": maker.value("rel", "full")},
        "lastOccurrence": maker.instant(),
    }
    yield {
        "resourceType": "DiagnosticReport",
        "identifier": [{"system": "urn:oid:2.16.840.1.113883.19", "value": maker.value("id", "accession")}],
        "status": "final",
        "category": [maker.coding(f"{_CODES}v2-0074", "RAD", "Radiology")],
        "code": maker.coding(_LOINC, "24627-2", maker.plain("imaging")),
        "subject": _subject(maker),
        "effectivePeriod": {"start": maker.instant(), "end": maker.instant()},
        "performer": [{"display": maker.value("facility")}],
        "resultsInterpreter": [_clinician(maker, "doc2")],
        "conclusion": f"No acute process. {maker.plain('sign')} is negative.",
        "conclusionCode": [maker.coding(_SNOMED, "281900007", "No abnormality detected")],
    }
    yield {
        "resourceType": "Specimen",
        "accessionIdentifier": {"value": maker.value("id", "accession")},
        "type": maker.coding(f"{_CODES}v2-0487", "BLD", "Whole blood"),
        "subject": _subject(maker),
        "receivedTime": maker.instant(),
        "collection": {"collector": _clinician(maker, "nurse"), "collectedDateTime": maker.instant()},
    }


def _orders(maker: Maker) -> Iterator[dict[str, Any]]:
    yield {
        "resourceType": "ServiceRequest",
        "status": "active",
        "intent": "order",
        "code": maker.coding(_SNOMED, "40701008", maker.plain("procedure")),
        "subject": _subject(maker),
        "requester": _clinician(maker),
        "performer": [_clinician(maker, "doc2")],
        "reasonCode": [{"text": maker.plain("dx")}],
        "authoredOn": maker.instant(),
        "patientInstruction": f"Nothing to eat for {maker.plain('n')} hours before.",
    }
    yield {
        "resourceType": "Immunization",
        "status": "completed",
        "vaccineCode": maker.coding("http://hl7.org/fhir/sid/cvx", "140", "Influenza, seasonal, injectable"),
        "patient": _subject(maker),
        "occurrenceDateTime": maker.instant(),
        "primarySource": True,
        "lotNumber": "AAJN11K",
        "performer": [
            {
                "function": maker.coding(f"{_CODES}v2-0443", "AP", "Administering Provider"),
                "actor": _clinician(maker, "nurse"),
            }
        ],
        "location": {"display": maker.value("facility")},
    }
    yield {
        "resourceType": "MedicationDispense",
        "identifier": [{"value": maker.value("id", "rx")}],
        "status": "completed",
        "medicationCodeableConcept": {"text": f"{maker.plain('drug')} {maker.plain('dose')}"},
        "subject": _subject(maker),
        "performer": [{"actor": _clinician(maker)}],
        "whenHandedOver": maker.instant(),
        "receiver": [{"display": maker.value("rel", "full")}],
        "quantity": {"value": 30, "unit": "tablet"},
    }


def _documents(maker: Maker) -> Iterator[dict[str, Any]]:
    yield {
        "resourceType": "DocumentReference",
        "masterIdentifier": {"system": "urn:ietf:rfc:3986", "value": maker.value("id", "case")},
        "status": "current",
        "type": maker.coding(_LOINC, "18842-5", "Discharge summary"),
        "subject": _subject(maker),
        "date": maker.instant(),
        "author": [_clinician(maker)],
        "authenticator": _clinician(maker, "doc2"),
        "custodian": {"display": maker.value("facility")},
        "content": [{"attachment": {"contentType": "application/pdf", "title": "Discharge summary"}}],
    }
    yield {
        "resourceType": "Communication",
        "status": "completed",
        "subject": _subject(maker),
        "sent": maker.instant(),
        "sender": _clinician(maker, "nurse"),
        "recipient": [{"display": maker.value("rel", "full")}, _clinician(maker)],
        "payload": [{"contentString": f"Please bring the {maker.plain('lab')} results."}],
    }
    yield {
        "resourceType": "Provenance",
        "recorded": maker.instant(),
        "agent": [
            {"type": maker.coding(f"{_CODES}provenance-participant-type", "author", "Author"), "who": _clinician(maker)}
        ],
    }


def _money(maker: Maker) -> Iterator[dict[str, Any]]:
    yield {
        "resourceType": "Claim",
        "identifier": [{"value": maker.value("id", "claim")}],
        "status": "active",
        "use": "claim",
        "patient": _subject(maker),
        "billablePeriod": {"start": maker.instant(), "end": maker.instant()},
        "created": maker.instant(),
        "enterer": _clinician(maker, "nurse"),
        "provider": _clinician(maker),
        "priority": {"coding": [{"code": "normal"}]},
        "insurance": [{"sequence": 1, "focal": True, "coverage": {"display": maker.plain("company")}}],
        "careTeam": [{"sequence": 1, "provider": _clinician(maker, "doc2")}],
        "accident": {"date": maker.instant().day(), "locationAddress": {"city": maker.value("city")}},
    }
    yield {
        "resourceType": "Account",
        "identifier": [{"value": maker.value("acct")}],
        "status": "active",
        "name": f"Account of {maker.plain('specialty')}",
        "guarantor": [{"party": {"display": maker.value("rel", "full")}}],
    }


def _places(maker: Maker) -> Iterator[dict[str, Any]]:
    yield {
        "resourceType": "Location",
        "status": "active",
        "name": maker.value("facility"),
        "mode": "instance",
        "address": maker.address(),
        "position": {"longitude": -83.69, "latitude": 42.25},
        "managingOrganization": {"display": maker.value("facility")},
    }
    yield {
        "resourceType": "Patient",
        "name": [{"text": maker.value("friend", "full"), "prefix": ["Mrs."], "suffix": ["PhD"]}],
        "photo": [{"title": maker.value("id", "photo")}],
        "extension": [
            {
                "url": "http://hl7.org/fhir/StructureDefinition/patient-birthPlace",
                "valueAddress": {"city": maker.value("city"), "state": "OH", "country": "US"},
            },
            {
                "url": "http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName",
                "valueString": maker.value("rel", "last"),
            },
            {"url": "http://example.org/fhir/preferred-pharmacy", "valueString": "mail order"},
        ],
        "generalPractitioner": [_clinician(maker)],
        "managingOrganization": {"display": maker.value("facility")},
        "deceasedDateTime": maker.instant(),
        "link": [{"other": {"display": maker.value("pt2", "full")}, "type": "seealso"}],
    }


def _forms(maker: Maker) -> Iterator[dict[str, Any]]:
    yield {
        "resourceType": "QuestionnaireResponse",
        "status": "completed",
        "subject": _subject(maker),
        "authored": maker.instant(),
        "author": {"display": maker.value("pt", "full")},
        "source": {"display": maker.value("rel", "full")},
        "item": [
            {"linkId": "1", "text": "Do you smoke?", "answer": [{"valueString": "not any more"}]},
            {"linkId": "2", "text": "When was your last visit?", "answer": [{"valueDate": maker.instant().day()}]},
        ],
    }
    yield {
        "resourceType": "Consent",
        "status": "active",
        "scope": maker.coding(f"{_CODES}consentscope", "patient-privacy", "Privacy Consent"),
        "patient": _subject(maker),
        "dateTime": maker.instant(),
        "performer": [{"display": maker.value("rel", "full")}],
        "organization": [{"display": maker.value("facility")}],
        "verification": [{"verified": True, "verifiedWith": {"display": maker.value("rel", "full")}}],
    }
