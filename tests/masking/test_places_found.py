"""Places as people write them (45 CFR 164.514(b)(2)(i)(B)), kind by kind, and names of places that are none.

A row marks what must be covered in full with `[[ ]]`; a row without marks must keep every character.
"""

from __future__ import annotations

import pytest
from test_dates_found import uncovered

from masking.gazetteers import Gazetteer

STREETS = [
    "lives at [[12 Maple Street, Apt 4]], alone",
    "lives at [[12 maple street apt 4]] and",
    "mail to [[1600 N. Pennsylvania Ave.]] please",
    "mail to [[PO Box 441]] please",
    "found at the corner of [[5th and Main]] today",
    "[[Flat 3, 12 Church Lane]], [[Leeds]] [[LS1 4AP]]",
    "wohnhaft [[Hauptstraße 12a]], [[10115]] [[Berlin]]",
    "habite [[12 rue de la Paix]], [[75002]] [[Paris]]",
    "vive en [[Calle Mayor 5, 3º B]], [[28013]] [[Madrid]]",
    "abita in [[Via Roma 12]], [[00184]] [[Roma]]",
    "woont [[Kerkstraat 12]], [[1234 AB]] [[Utrecht]]",
    "mieszka [[ul. Długa 5]], [[00-950]] [[Warszawa]]",
    "Endereço: [[Rua das Flores 12, apto 4]], [[Curitiba]] - [[80010-010]]",
    "lives at [[14, Gandhi Nagar]], [[Pune]] [[411001]]",
]
ABROAD = [
    "bosatt [[Vasagatan 12 B, lgh 1102]], [[411 24]] [[Göteborg]]",
    "Adresse: [[Storgata 8]], [[0155]] [[Oslo]]",
    "bor [[Nørregade 42, 2. tv]], [[5000]] [[Odense]]",
    "Osoite: [[Hämeenkatu 9 A 4]], [[33100]] [[Tampere]]",
    "Morada: [[Rua Augusta n.º 64, 5.º Esq.]], [[1100-048]] [[Lisboa]]",
    "wohnhaft in [[Linzer Gasse 88/2/9]], [[5020]] [[Salzburg]]",
    "woont [[Nieuwstraat 81 bus 7]], [[9100]] [[Sint-Niklaas]]",
    "send it to [[4/12 Wattle Street]], [[Hobart]] TAS [[7000]] today",
    "lives at [[18 Castle Avenue]], [[Ennis]], [[V95 HN5R]] alone",
    "Adres: [[Gazi Sokak No:18 D:6, 16050]] [[Bursa]]",
    "Domicilio: [[Av. Insurgentes Sur No. 92, Int. 8]], C.P. [[03100]] [[Puebla]]",
    "lives at [[3-14-5 Akasaka]], [[Minato-ku 107-0052]], Japan",
    "deliver to [[17 Long Street]], [[Paarl]], [[7646]], please",
    "habite [[94 bis chemin du Moulin]], [[69003]] [[Lyon]]",
]
WHOLE = [
    "to [[88 Kuusitie 7 Apt. 12]]\n[[Rovaniemi]], NA [[96100]]",
    "to [[88 Kuusitie 7, Rovaniemi]], Finland today",
    "Apt. [[14]]\n[[Broomfield]]\nNew Zealand [[3210]]",
    "at [[the corner of Kuusitie 7 and Alder Lane]] now",
    "zip,city\n[[45402]],[[Dayton]]",
    "Toledo, AZ [[9 8 7 8 5]], home",
    "near [[28261-2880]] would",
]
CITIES = [
    "lives in [[Springfield]], IL [[62704]]",
    "from [[Cedar Rapids]], Iowa, with cough",
    "a native of [[Akureyri]] with cough",
    "from [[denver]] with a cough",
    "in [[los angeles]] for years",
    "flew from [[St. Louis]] yesterday",
    "resident of [[Harris County]] with cough",
    "zip code [[62704-1234]] on file",
    "in [[Ottawa]], [[K1A 0B1]] on file",
    "found at [[40.71280, -74.00600]] by police",
]
FACILITIES = [
    "treated at [[St. Mary's Hospital]] for sepsis",
    "treated at [[Cedars-Sinai]] for sepsis",
    "seen at [[UCSF]] for sepsis",
    "seen at [[Mass General]] for sepsis",
    "seen at [[Brigham and Women's Hospital]] for sepsis",
    "seen at [[Children's Hospital Boston]] for sepsis",
    "moved to [[Sunny Acres Nursing Home]] after that",
    "a student at [[Lincoln High School]] with asthma",
    "seen at [[mercy general hospital]] for sepsis",
    "behandelt im [[Universitätsklinikum Köln]] gestern",
    "suivi au [[CHU de Lyon]] pour asthme",
]
TREATED = [
    "had surgery at [[UMC]] on [[3/12]] and went home",
    "who was treated at [[Brigham and Women's]] on [[04/12/2023]]?",
    "diagnosed at the [[Hoag]] on [[07/04/22]]. She is well",
    "admitted to [[Seattle Children's]] on [[April 12]]",
    "went to [[Onslow Memorial]] in pain",
    "medic twelve en route to [[wesley medical]] with a man",
    "goes back to [[Sunrise of Bellevue]] tomorrow",
    "a transfer to [[Spectrum Butterworth]] from the ward",
    "Dispo: [[Cape Fair]] when bed is ready",
]
LANDMARKS = [
    "ROSC at [[mile marker 122 of I-80]].",
    "Trauma 2 min out from [[I-35 at Slaughter Lane]]. No name",
    "found near [[1400 block of Tchoupitoulas]], male",
    "collision at [[Colfax and Peoria]] in the rain",
    "was rejected at the [[CVS on Halsted]]: refill too soon",
    "a man from [[Long Island]], seen for a cough",
    "works nights at the [[Tyson plant, Storm Lake]], tired",
    "his neighbor lives over in [[sable falls]] with him",
    "he worked out of [[Bannock Flats]], then",
    "picked him up off [[sable road]] at noon",
    "old scans from the [[Two Rivers Rheumatology]], phone",
    "timeout incomplete at [[Gull Harbor Surgicenter]]. Help",
    "retiring from [[Mercy of the Plains]] on her own",
]
NONE = [
    "no-show policy for a rural clinic in Montana. Three visits",
    "given I-131 at the ablation dose",
    "reviewed at Baseline on Tuesday",
    "Limit Long Island potatoes and salt",
    "Is Virginia a compact state for nurses",
    "by the Boston criteria and the Glasgow Coma Scale",
    "Framingham risk score, Ann Arbor stage II, Lugano classification",
    "Lyme disease, West Nile virus, Ebola and Philadelphia chromosome",
    "the CDC, the WHO, the NIH and the American College of Cardiology",
    "Medicaid in Texas and Ohio, travelers from Kenya",
    "seen in the Primary Care Clinic and at the hospital",
    "due to a prolonged hospital stay in a local hospital",
    "take 2 tablets by mouth, walk 2 miles down the road",
    "vitamin B12 5MG daily, C3 and C4 low",
    "after multiple falls at home, near New Jersey, of Rift Valley fever",
    "refer to Pediatric Endocrinology and Outpatient Rheumatology, then home",
    "on a gravel road, on the long road to recovery, sent back to triage because he was stable",
    "Charter of Rights, Rural Critical Access hospitals",
]


@pytest.mark.parametrize("marked", [*STREETS, *ABROAD, *CITIES, *FACILITIES, *TREATED, *LANDMARKS])
def test_found_in_full(marked: str) -> None:
    """Each kind of place is covered in full, and nothing else in its sentence is."""
    assert uncovered(marked) == ([], [])


@pytest.mark.parametrize("marked", WHOLE)
def test_an_address_is_read_as_a_whole(marked: str) -> None:
    """Towns, codes and corners that no list holds are covered by their place in an address; states may go with them."""
    missed, _ = uncovered(marked)
    assert missed == []


def test_saints_forts_and_mounts_are_one_however_they_are_written() -> None:
    """An entry is found by both spellings of its first word, whichever of them the list has."""
    towns = Gazetteer(["Saint Foo", "Ft Bar", "mount baz-qux", "Saintly Foo"])
    for text in ("St. Foo", "Saint Foo", "Fort Bar", "ft bar", "Mt Baz Qux", "Mount Baz-Qux", "saintly foo"):
        assert towns.longest(f"in {text} now", 3, 3 + len(text)) == (3, 3 + len(text)), text
    assert towns.longest("in Stly Foo now", 3, 11) is None


@pytest.mark.parametrize("text", NONE)
def test_left_alone(text: str) -> None:
    """Eponyms, studies, public bodies, states, countries and kinds of care stay."""
    assert uncovered(text) == ([], [])
