"""Practices, schools, homes, churches and roads by the kind of place they are, with the town or the street behind them."""

from __future__ import annotations

import pytest
from shipped import shipped
from test_dates_found import uncovered

from masking.text import Memory, find

FOUND = [
    "She starts PT at [[Bluestem Sports Rehab]] twice a week",
    "Ref: R. Almquist, DO, [[Cedar Run Digestive Health]]\nA. Polyp",
    "From: Dana, HIM, [[White Pine Behavioral Health]], faxed twice",
    "the scheduler for Dr. Osei at [[Harbor Point Urology in Guilford]]. Patient",
    "cardiac clearance ([[Copper Canyon Counseling]]) pending",
    "with [[Tidewater Bone and Joint]] for her knee",
    "the biopsy from [[Red Rock Kidney]] showed",
    "seen at [[Blue Ridge ENT]] today",
    "REFERRED TO [[PINEY CREEK PULMONARY]], CALL BACK",
    "open late is [[Hadwin Drug on Center Street]], their number",
    "Send her to [[Community North]], not [[Methodist]], because",
    "[[Baptist East]], Medic 31. I've got a man",
    "He would need to go to [[Select Specialty in Jackson]].",
    "go straight to [[East Texas Children's]], don't call",
    "tx to [[Upstate]] trauma, accept",
    "id,visit,site\nPRV-1008,2023-06-14,[[Duke]]\nPRV-1011,2023-07-02,[[UAB]]\n",
    "MSH|^~\\&|REG|[[STMARK]]|EHR|CORE|20250114083015||ADT^A04",
    "her choice is [[Sunny Slope]], today",
    "Lives at [[The Harbor at Glenbrook]], and her son drives",
    "School: [[Hellgate High]], nurse fax",
    "He's 19, a sophomore at [[Dakota Mesa]], brought in",
    "she's a teacher at [[eisenhower middle]] and needs a note",
    "hes nineteen freshman at [[valdosta state]] his ra called",
    "The funeral home is [[Dunbar and Lowe]]. Sign the form",
    "Son: [[Our Lady Help of Christians]]. She picked it",
    "and they want to use [[riverbend funeral home]] please",
    "from the [[Convent of the Visitation]], calling",
    "a ride with [[Greater Bethel AME]] on Sunday",
    "it's Don from [[Ridgeline EMS]], I called earlier",
    "NEEDS A GROUND FLOOR UNIT AT [[CEDAR POINTE APARTMENTS, SPARTANBURG]]. NOW",
    "rollover on [[Highway 77 near Holbrook]] approx 0130",
    "CVS on [[Route 9 in Howell]], leaving a message",
    "the restroom of the Shell on [[Poplar Avenue at Mendenhall]]. Blue",
    "jump off the [[Broadway bridge]]. First episode",
    "at Mr. Ledbetter's house on [[Sycamore]] and I",
    "a call from [[autumn leaves in wausau]] that they",
    "giving report to [[coronado post acute]] on norman",
    "he was accepted at [[north valley behavioral]] they'll take him",
    "can't get it from [[omni pharmacy of joplin]] and",
    "a transfer out to [[uc davis]] a mrs hanley",
    "will drive him to [[holy name]] its eight minutes",
    "back at [[stonegate manor]] with her walker",
    "[[memorial west]] has no beds tonight",
]
LEFT = [
    "Refer to the Pain Clinic and Infectious Disease; Central Supply sent the tray.",
    "Behavioral Health will see. Call Adult Cardiology, then Pediatric Neurology.",
    "Physical Therapy and Occupational Therapy consulted; Home Health ordered.",
    "Post Acute Care, Acute Pain, Cancer Pain; Comfort Care; Memory Care",
    "CALL CARDIOLOGY AND ADULT PULMONARY, SHARP PAIN, SILVER INFUSION",
    "She is Methodist and wants a chaplain. Devout Roman Catholic.",
    "circle of Willis, main stem bronchus, left main disease",
    "Potassium High, Sodium Low, Fall Risk High. Severity Middle.",
    "Duke criteria met; Mayo score 6; Stanford type A dissection; Boston criteria",
    "Medicare Hospice benefit; Delta Dental and Cigna Dental deny it",
    "The Framingham Heart Study and the Women's Health Initiative",
    "the remains to be seen; the funeral home was called; cremation was discussed",
    "EMS gave Narcan. Fire and Rescue arrived.",
    "down on Lasix, found on CT, lives on Disability, home on Oxygen, house on fire",
    "a teacher at home, a student at risk, a nurse at triage",
    "to interventional cardiology, from pediatric oncology, with palliative care",
    "from two point one to three point four, due to sharp pain, with silver infusion",
    "North wing, East wing, Central line",
    "Texas and Ohio, in Canada and Mexico",
    "Harvest vein graft, Anchor suture, Landmark trial, Premier protein",
]


@pytest.mark.parametrize("marked", FOUND)
def test_a_place_is_found_by_its_kind(marked: str) -> None:
    """All of the value is covered, the town behind it too."""
    assert uncovered(marked)[0] == []


@pytest.mark.parametrize("text", LEFT)
def test_kinds_of_care_are_left(text: str) -> None:
    """Departments, beliefs, scores, insurers and plain words, which have a kind and no name."""
    assert find(shipped(), text, memory=Memory()) == []
