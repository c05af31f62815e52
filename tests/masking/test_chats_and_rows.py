"""Users in chats, days and numbers in rows, who handed over to whom, staff by one name; and what only looks so."""

from __future__ import annotations

import pytest
from shipped import shipped
from test_dates_found import uncovered

from masking.text import Memory, find

FOUND = [
    "[8:01 AM] [[rzorvath_rn]]: band is off",
    "night team\n[[tzorvath.rn]]: who has the pager",
    "@[[kzorvath_rn]] 312 is yours now right?",
    "ping @[[mzorvath]] when the bed is clean",
    "[4/22 7:58 AM] [[dzorvath]]: consent says no",
    "msg [[t.zorvath]] to call back please",
    "night team\n[[mei_lin_w]]: that one is mine",
    "[2:05 pm] [[oquigly]]: sending now",
    "hospice RN [[Tiffani]] coming this a.m.",
    "thrombectomy by [[Zorvath]] today",
    "VPN fails for [[dr_zorvath]] since noon",
    "H1,Zorvath L,33,[[7/4]] 1810,psych hold",
    "Apixaban held [[2/10]] for thoracentesis",
    "Warfarin stopped [[3/12]], restarted after",
    "no showed [[6-3]], [[6-10]] and [[6-24]]",
    "she missed [[4-2]] and [[4-9]]",
    "came in [[5-11]] for refills",
    "MRN 90017745 (mom [[88250361]])",
    "MRN [[553 20 871]]",
    "Insurer: UMR, ID [[UM 30288 1947]]",
    "plate [[BT 71 402]] in the lot",
    "application [[IN-MA-4471920]] is pending",
    "the chart of the other one ends in [[four one four]], I know",
    "the face sheet should end in [[four four one b]].",
    "tele box [[T-2207]] lost",
    "Handoff note [[JK]] -> [[AR]]",
    "signed out to [[RB]] at seven",
    "verified by [[LK]] and [[TR]]",
    "LAST NAME: [[PETROSYAN]]\nFIRST: [[ARMEN]]\nx",
    "coworker [[Rain]] saw it",
    "Grandma [[Verbena]] has custody papers",
    "last dose by me ([[Fern]])",
    "x\n501 [[KNOX]] 1:1 SI, SEC STANDBY.",
    "EGD 8/18 by [[Osei-Tutu]] small EV",
    "Ordering: [[M GOODNIGHT]] NPI 1720498831",
    "Mrs Philomena [[O'Shea]], [[P-H-I]], calling",
    "Sign it Joan Mwangi and [[Trace Hollister]].",
    "the [[Kowalczyk]] claim was denied",
    "tube for [[Boateng, K]] unlabeled",
    "proband [[Elowen]], brother unaffected",
    "room 7 [[DELACROIX]] - GI bleed",
    "Nadia from PACU calling on [[Winslow]].",
    "Subjects [[014-0032]] (G. Roe) and [[014-0035]] (R. Doe) both failed",
    "the referral [[24-06-3381]] has been made",
    "pacemaker Azure XT [[RZB604418S]]; proxy",
    "the transmitter is [[8RK4TT]]. School",
    "gate #[[7714]], dogs x2",
    "seen [[may nineteenth]] in the office",
    "portal msg [[06-15]]): stop it",
    "scop patch (remove [[9-2]]). Last",
    "care plan from [[september]] of last year",
    "consult note for marguerite [[saint-fleur]] medical",
    "action item for me ([[Fern]])?",
    "[[Tank Birdwell]]: rescue inhaler",
    "don't let [[wendell]] sign anything",
    "FedEx [[7749 1188 2044]] is on its way",
    "PCP [[HASAN, R]] 8185550150",
    "Case [[2:24-cv-01187]], our file",
    "his follow-up is [[March thirty-first]] at the office",
    "rehab bed on monday the [[sixth]], she says",
    "um so 7 is [[habimana]] first name amina",
    "who am i speaking to [[april]] last name green",
]

LEFT = [
    "x\nfirst_name: given\nlast.name: family\nreadme.md: the text",
    "@dataclass\nclass Row:",
    "install @types/node first, then @angular/core",
    "[10:15] server: restarted\n[10:16] error: none\n[10:17] warning: low disk",
    "K repleted @goal rate, feeds @60",
    "x\n<div> is closed here\n<section> is not",
    "x\ncare_team: empty\nvital_signs: none",
    "scored 6-3, 6-10 and 6-24 in the games",
    "missed 4-5 doses and 2-3 visits",
    "held 1/2 tablet for two days",
    "the course ends in four weeks",
    "it should end in three or four days",
    "First: airway. Last: disposition.\nFIRST: ASSESS\nLAST: WEEK\n",
    "CT -> OR, ED -> ICU, report in note",
    "RN Supervisor has the keys and RN Coverage is thin",
    "Mother Nature has a plan, and Mother Board",
    "done by Noon today and by Monday",
    "the Foley order and the Medicare claim were late",
    "x\n501 CLEAN\n502 EMPTY 2 BEDS\n503 ISOLATION 1:1",
    "calling about Lasix. report on Sepsis.",
    "box A-12 is in room 4",
    "x\nmax_value: int\ngene_id: BRCA1\nmark_read: true\ngrant_type: password",
    "x\n@len: length\n@ingroup foo bar\nmy @args = shift;",
    "[12:01] systemd: started\n[12:02] sshd: closed",
    "np.linalg.norm(x) and os.path.join(src, n) and memcpy(dst, n)",
    "sent by Fax today and by Mail today",
    "RN Break is at noon, medic Alert is on",
    "the Daubert appeal and the Gemfile file",
    "report for Duty.",
    "Hi, room 4 is ready",
    "patients 100-1500 were screened",
    "it ends in one two three steps",
    "412 BROWN PANTS\n120 PAGE PDF\n100 PRICE LIST",
    "size - Long 200, color - Gray 100",
    "you may fifth-wheel it, they may second it",
    "Home meds: none. Care plan: unchanged",
    "gate 4 is closed, door 12 is open",
    "let me know, let him rest, let pain guide it",
    "through the week and until then",
]


@pytest.mark.parametrize("marked", FOUND)
def test_what_chats_and_rows_hold_is_found(marked: str) -> None:
    """All of the value is covered."""
    assert uncovered(marked)[0] == []


@pytest.mark.parametrize("text", LEFT)
def test_what_only_looks_so_is_left(text: str) -> None:
    """Keys, decorators, logs, scores, doses, headings, ordinary words behind roles."""
    assert [text[f.start : f.end] for f in find(shipped(), text, memory=Memory())] == []
