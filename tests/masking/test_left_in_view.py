"""Attacks on the claims on PUBLIC: people, places and numbers that look like what such a claim leaves in view.

For each rule, with bars between them: sentences of clinicians, nurses, clerks and relatives in which its words are
somebody's (marked); and, without marks, what the rule is for.
"""

from __future__ import annotations

import pytest
from shipped import shipped
from test_dates_found import uncovered

from masking.findings import PUBLIC
from masking.text import Memory, find

ATTACKS_EACH = 3
CASES = {
    "age.none": (
        "Mom turned [[92]] on Tuesday | Pt: [[95]] M on 2 L, from home | he is [[94]] min assist with the walker | "
        "Dad is [[97]] / frail, please call first | She is 92 kg and on 4 L"
    ),
    "phone.helpline": (
        "her cell is [[800-273-8256]] | Fax [[877-696-6776]], attn records | daughter's phone [[(802) 273-8255]] | "
        "give her 1-800-273-8255 before she leaves"
    ),
    "name.context": (
        "[[Trammellson]] consent form signed | tell [[French]], he speaks well | [[Reg]]: I slept badly | "
        "MRI, CT, [[Zbornak]], all waiting in bay 3 | "
        "Discharged: Keflex script for [[Ostrovan]], [[Delgadino]], and [[Marchetto]]. | The BIC differs from Akaike."
    ),
    "name.kit": (
        "[[Trevorrow]] form signed by his wife | bed list: [[Rivera A]] or B | Jane [[Smith]] catheter removed | "
        "lives in [[San Francisco]], 12 Oak Street | The Akaike coefficient fell."
    ),
    "name.kit-place": (
        "IV 18 g [[Lopez]] bed 4 | 20 gauge [[Delgado]] in bed 4 | bed 12 Ms. [[Lopez]] called | "
        "She lives in [[Boston]], steak is her favorite | 6 Fr Glidesheath Slender, no spasm"
    ),
    "name.kit-own": (
        "[[Palmer]]'s daughter called | [[Cooper]]'s point of contact is his wife | [[Ramirez]]'s form is signed | "
        "bring [[Hart]]'s shoe, he left it | The trocar went in at Palmer's point."
    ),
    "name.history": (
        "[[Maria Lopez]] first described the pain in 2019 | Who was [[Ana Delgado]] seen by? | "
        "made popular by her son [[Trask]] | Who were Osler and Halsted?"
    ),
    "date.public": (
        "her training ends on [[May 3]] | last visit [[Sept 9]], gene test sent | "
        "admitted [[March 5]], gene panel pending | Is the SEPT9 methylation test covered?"
    ),
    "date.dose": (
        "seen [[3/14]], tablet sent | pain since [[3/14]] | back on [[1/2]] with pain | Take 1/2 tablet twice daily."
    ),
    "name.book-cited": (
        "CABG by [[Levey]] 2019, stable | from [[Levey]]'s 2021 note | a note from Fr. [[Blake]] today | "
        "we leave a 19 Fr Blake and go"
    ),
    "name.book-method": (
        "cardiac clearance by [[Becker]], then OR | QTc 480 per [[Becker]], hold Zofran | Nephrology ([[Becker]]) wants labs | "
        "[[Garcia]]'s kidney disease is worse | is [[Becker]] always confused at night? | compute TTR by Rosendaal, goal 2-3"
    ),
    "name.book-plain": (
        "in room 4 is [[max]], he is sleeping | then [[mark]] has a fever | [[Claude]] fell at noon | "
        "keep it to 12 slides max, with notes"
    ),
    "shape.hours": (
        "call me at [[five five five zero one four two]] about it | MRN [[0730-1930]], then | seen [[March 4]] 0700-1900 | "
        "clinic hours: Mon-Thu 0730-1930, then closed | account [[4471-2210]] in June"
    ),
    "name.eponym-pairs": (
        "[[Ireton-Jones]], 54F, bed 4 | [[Howell-Evans]] is npo after midnight | [[Thompson-Epstein]], MRN 4471920 | "
        "Pt: [[Martin-Hopkins]] refused her meds | his wife [[Anna Marshall-Smith]] agrees | "
        "told [[Carter-Robbins]] about the biopsy | JP is a Jackson-Pratt drain."
    ),
    "name.none": (
        "Mr. [[Parkinson]] disease free at 5 years | signed by [[Austin Flint]], RN | "
        "[[Bishop]] surgery is at noon | [[Norton]] tested positive for flu | patient name: [[Wilson]] | "
        "[[Claude]], 71M, bed 4 | [[Claude]] fell in the bathroom | No signs of Parkinson disease."
    ),
    "name.eponyms": (
        "[[Anna-Maria-Sofia]] called | [[Hoffman]] and [[Murphy]] were seen | "
        "[[Hunt]], [[Barton]] and [[Hart]] are npo | The Kruskal-Wallis and Mann-Whitney tests agree."
    ),
    "name.brands": (
        "[[Delacruz]] or [[Okafor]] can take it | Bed 4 Tylenol, [[Ruiz]] and [[Okwuosa]] wait | "
        "told [[Brinkstad]] about Botox | Are Botox, Zorvax and Brinktal alike?"
    ),
    "name.thing": (
        "[[Young]] Pain better today | [[Price]] Diabetes, CHF | asked [[Savage]] about it | Scored by Hoehn and Yahr."
    ),
    "name.eponym": (
        "[[Lopez]] fx wrist, cast on | [[Nguyen]] drain is out | [[Omar]] surgery at noon | "
        "[[Patel]] hernia repair tomorrow | [[Garcia]] tube feeds held | [[Barton]]'s wife called | "
        "[[Norton]]'s knee hurts | [[Morse]] potassium is 2.9 | [[Berg]] labs pending | "
        "[[Hamilton]] chest tube to suction | moved [[Parkinson]] to room 8 | brother-in-law of [[Hunt]] | "
        "An Aldrete score of 9, Kernig negative."
    ),
    "name.shared": (
        "beds: [[Friedman]] 4, [[Cooper]] 7, [[Bell]] 9 | Rounds: [[Miller]] 4, [[Cooper]] 7, [[Kim]] 9 | "
        "Delgado 4, [[Cooper]] 7, Zorvath 9 | [[Lopez]] level 3 trauma alert | seen by [[Allen]]. | "
        "Mallampati IV, Friedman III. Cook balloon in."
    ),
    "name.found": (
        "COVID: [[Allen]] positive, [[Barton]] negative. | suspect [[Jones]] is septic | "
        "[[Thomas]] stable, [[Jones]] febrile | beds: ICU 3, [[Gupta]] 11 | Thomas negative, Ober positive."
    ),
    "name.cited": (
        "[[Smith J]] came with her mother | [[Lopez]] et her husband came | cc [[Lopez]], et cetera | "
        "Shown by Ioannidis et al in 2005."
    ),
    "place.general": (
        "glands of [[Maria]] are swollen | [[Boston]] tested negative, room 4 | lines of [[Garcia]] were pulled | "
        "Dr. [[Oz Levi]] paged | lives in [[Galveston]], 78 years now | Beds: Zorvath 3, [[Boston]] 5, Delgado 7 | "
        "discharged to [[Bristol]] tomorrow | The circle of Willis is complete; R-CHOP 3."
    ),
    "public.urn": (
        "URN: [[1234567]] | patient urn:[[4471920]] | urn [[4471920]], Maria | "
        '"reference": "urn:uuid:cb5696d9-a0de-4f49-94f9-433f96a28eb0"'
    ),
    "public.definition": (
        '"subject": {"display": "[[Maria Lopez]]"} | {"code": "19", "patient": "[[Maria Lopez]]"} | '
        '{"url": "https://x.org/a", "name": "[[Maria Lopez]]"} | '
        '{"code": "19", "display": "Off Campus-Outpatient Hospital"}'
    ),
    "name.abroad": (
        "Signed: [[Sig Hansen]] | [[C. F.]] came with her son | parla de [[Ana Ruiz]] | "
        "Dimesso dal reparto. T.C. Kimlik is a number."
    ),
    "name.kin-things": (
        "[[Welch]]'s insulin is due | [[Stouffer]]'s daughter called | [[Mott]]'s wife is at bedside | "
        "[[Culver]]'s knee hurts | my Granny [[Smith]] has dementia | Captain [[Morgan]] is a veteran | "
        "[[Cornelia de Lange]], 54F, bed 4 | A Granny Smith apple and Goodnight Moon."
    ),
    "place.states-listed": (
        "daughters: [[Georgia]], [[Virginia]]. | ask [[Virginia]], [[Georgia]] and [[Carolina]] | "
        "her sisters [[Virginia]], [[Georgia]] and [[Carolina]] agree | "
        "visited [[Virginia]], [[Georgia]] at bedside | Which is strictest: New Mexico, Kansas, Delaware, Texas?"
    ),
    "name.known-things": (
        "[[Linton]] came in with pain | [[Heller]] fell at home | [[Quinton]] is in bed 4 | "
        "[[Frey]] was removed from restraints | [[King]] bed 4 | per [[Cochrane]], RN | "
        "see [[Cochrane]], he is in bed 4 | list: Lopez 4, [[Norton]] 12, Kim 3 | The Foley keeps leaking, why? | "
        "Foley came out at two."
    ),
    "name.known-ideas": (
        "test de [[Maria Lopez]] | Who was [[Rosa Vega]]? | Explain it to [[Hunt]] | "
        "treated for Mr. [[Graves]], next door | Explain Apgar to a new dad. 34F with Graves on PTU."
    ),
    "place.known-lands": (
        "lives at [[12 Main St, Halifax, Nova Scotia]] | from [[Halifax, Nova Scotia]] | "
        "grew up in [[Ponce]], then moved | Zika in Puerto Rico or Florida?"
    ),
    "name.known-headings": (
        "[[Quick]] to SNF on Monday | [[Quick]] called about labs | [[Quick]] was admitted overnight | "
        "[[Grant]] called her son | Dr. [[Gross]] pathology at noon | Ms. [[Grant]] writing her will | "
        "by [[John Doe]], MD | Quick: antidote dose. How do we register a John Doe?"
    ),
    "name.known-lower": (
        "question about [[bill]] jones | confused about [[bill]]'s meds | talk about [[bill]] today | "
        "will see miss [[small]] at ten | Palmar rash on the left palm, angry about the bill."
    ),
    "place.known": (
        "[[Maria Lopez]], call center | Canadian, lives at [[12 Oak Ct]] | works at [[Verizon]] call center | "
        "Say that our call center number is new."
    ),
    "name.known-pairs": (
        "[[Robert Jones]] surgery at noon | [[Homer Wright]] tests pending | [[Tommy John]] catheter out | "
        "lives in [[Ann Arbor]] with his wife | How is Tommy John surgery done? Ann Arbor stage II."
    ),
    "date.every-year": (
        "seen from [[December 24]] to [[January 2]] | each [[March 4]] she cries | "
        "on [[March 5]] to [[March 9]] here | We close from December 24 to January 2 every year."
    ),
    "shape.known": (
        'WHERE dob = \'[[1968-01-04]]\' | {"mrn": "[[4471920]]"} | DOB.[[01.02.90]] | Cited for EC.02.06.01 EP 1.'
    ),
    "name.things-listed": (
        "beds: [[Young]] 6, [[Barnes]] 12, [[Smith]] 14 | Code [[Smith]], bed 4 | Full code [[Lopez]], bed 4 | "
        "DNR code [[Hunt]]. | Tylenol, [[Kim]], Motrin | On Farxiga, Ozempic, Zyvorix. Code Gray, then Code Adam."
    ),
    "name.double": (
        "[[Robert Jones]] refused his meds | [[Ryan White]] called | [[Sara Lee]] is npo for surgery | "
        "[[Tom Collins]], 54M, fell | told [[Jean Watson]] that it can wait | [[Virginia Henderson]] in bed 4 | "
        "[[Roy Rogers]] fell in the hall | Resident: [[Sanjay Gupta]] | [[Harris]] hip surgery at noon | "
        "[[Allen]] Cognitive decline | [[Craig]] bed 4 | Lopez 1, [[Miller]] 2, Kim 3 | "
        "Mac 3, Miller 2, Bougie. Kirby-Bauer plate. Harris hip 78."
    ),
    "study.eudract": (
        "MRN [[2004-000446-20]] | case [[1234-000446-20]] | DOB [[2004-03-20]] | trial no. 2004-000446-20 of the EMA"
    ),
    "public.codes": (
        "call re CPT [[617-555-0142]] | DOB ICD [[3/14/1951]] | CPT 99213 MRN [[4471920]] | "
        "ICD-10-CM E11.65, CPT 99213, NDC 0002-1433-80"
    ),
    "place.public": (
        "lives in [[Lugano]] | lives in [[Boston]] with her son | admitted to [[American Hospital of Paris]] | "
        "By the American College of Cardiology rules."
    ),
    "name.plain-openings": (
        "Patient: [[Low]] refused | Consultant: [[Hard]], cardiology | Patient: [[Short]] stable on 2 L | "
        "Nurse: [[Small]], RN | Pt: [[Long]] pain better | Patient: Low energy today. Nurse: Small skin tear."
    ),
    "name.plain-letters": (
        "[[Ana F]], born 3-15-1970 | [[M. Reyes]], 54 yo Black F | F: [[Ana Lopez]], born [[3-15-1970]] | "
        "79 yo White F with CHF"
    ),
    "name.plain-signs": (
        "[[Rose]] to bed 4 | [[Rose]] from bed 4 | speaks to [[French]] about the bed | [[Cal]] 64M fell | "
        "[[lora]] 32 weeks pregnant | told [[french]] about it | signed out to [[french]] at seven | "
        "Fe sat 6%. The sats rose to 95. The foster mom is here."
    ),
    "place.plain-states": (
        "does [[Virginia]] use a walker | did [[Carolina]] follow up | moved in from [[Georgia]]. | "
        "message to [[Dakota]] | Which edition does Ohio use? M.D., Virginia license current."
    ),
    "shape.times": (
        "call [[0612 1403 2219]] | phone daily [[0600 1400]] | call bid [[0612 1403 2219]] | Heparin q8h 0600 1400 2200"
    ),
    "shape.points": "seen [[7/15]], then home | MMSE on [[7/15]] | MoCA from [[3/14]] | BIMS 7/15, PHQ-9 6",
    "shape.codes": (
        "from [[E4V5M6]] or [[M1E0S1]] | lives at [[E4V 5M6]] | TEL.[[01.42.34.56]] | "
        "GCS E4V5M6, Montreal A2L3B1, cT2N0M0"
    ),
    "shape.names": (
        "mail [[jlopez@mercy.org]] | visit [[mariaLopez.com]] | ask Mr. [[Gov]] about it | "
        "ClinicalTrials.gov asks for it"
    ),
    "shape.antigens": (
        "[[Lea]] called | Mother: [[Lea]] (Lewis) | seen with [[Lea]], her daughter | Ruled out Jka, Jkb and anti-Lea"
    ),
    "shape.headings": (
        "abita in [[via Roma 72]] | PO [[Box 32]] | [[2 May]] be seen again | TF 1.5 @ 50 via PEG; CMS-1500 box 32"
    ),
    "name.shop-words": (
        "beds: [[delgado 3, norton]] 5, then | covid: [[thomas]] positive | [[katz]] is here | "
        "[[spurling]] wants to go | [[allen]] positive for covid | male [[oscar]] is npo | female [[juliet]] fell | "
        "the [[glenn]] family | period spurling was negative, hunt hess two, an alvarado of six"
    ),
    "name.shop-letters": (
        "initials [[n p]] yes | initials [[r n]] | initials [[m j]], then a stamp | "
        "made n p o after midnight by the l p n"
    ),
    "name.shop-cited": (
        "[[Smith J]], [[Jones K]], [[Lee M]] | [[lopez m]] came | seen by [[Smith J]], RN | "
        "Check: Smith J, Jones KL, Lee M, et al. 2019"
    ),
    "age.shop": (
        "[[ninety five]] year old woman | [[ninety-two]] years old | she is [[a hundred and one]] years old | "
        "fifty five year old woman"
    ),
    "place.shop": (
        "send it to [[po box 29]] in town | blood cultures [[3/14]] negative | BCx on [[1/2]] | "
        "the tele tech says box 29 is out; BCx 1/2 GPC"
    ),
    "name.asked-about": (
        "from [[Nelson]]'s room, and according to [[Nelson]]'s wife | a [[Kelly]] on line two | Ms. [[Apgar]], 54F | "
        "[[Bard]], [[Cook]] and [[Smith]] were told | According to Harrison's, which findings come first?"
    ),
    "place.law": (
        "daughters [[Georgia]], [[Virginia]], [[Carolina]], [[Dakota]] | "
        "call [[Georgia]], [[Virginia]], [[Carolina]], [[Dakota]] tonight | is [[Virginia]] a community patient | "
        "Is Virginia a compact state?"
    ),
    "code.bumped": (
        "seen on [[4.17.21]] without her | bump to [[4/17/21]] | bump surgery to [[4.17.21]] | "
        "can I bump to 4.17.21 without a rebuild"
    ),
    "name.things": (
        "[[Lopez]] stool sent | [[Maria]] urine is red | [[Rosa]] blood pressure low | [[Lopez]]'s knee surgery | "
        "[[Rivera]]'s finger is swollen | [[Jane]]'s elbow pain | [[Jack]] the aide brought it | "
        "[[Dean]] or his wife can sign | Frank blood, Foster care, Dean's list, Black or African American."
    ),
    "name.rows": (
        "flu swabs: [[Cooper]] neg, [[Hunt]] pos | kids: [[Jordan]], [[Chad]], [[Georgia]] | "
        "told [[Jordan]], [[Chad]], [[Georgia]] tonight | Hip: Patrick pos, Hawkins neg."
    ),
    "name.tongue": "[[maria]] came | avec [[marie dupont]] | tak [[lars]] | Ni når mig på jobbet",
    "name.tongue-first": (
        "[[Maria]] est venue | [[Marie Dupont]] est sortie hier | [[Lars Jansen]] kommt morgen | "
        "Welke richtlijn geldt hier?"
    ),
    "name.particle": "told [[de Vries]] | dr [[van Houten]] | saw Mrs [[de Vries]] | chiede del prof di turno",
    "name.tongue-label": "[[T. Adams]] came | [[Adi]]: I slept badly | ID [[12345678901]] | behov. T. Alvedon 1 g x 4",
    "name.ward-things": (
        "your patient [[rose]] fell | Mr [[Stone]] left | missus [[ward]] is in | report to [[amber]] please | "
        "CT KUB: 5 mm stone left, HF clinic in a week"
    ),
    "place.countries": (
        "from [[New Haven]] to here | [[Jordan Chad]] is npo | lives in [[New Jersey City]] | "
        "She practices in New Zealand, so AHPRA is no use."
    ),
    "name.plain-verbs": (
        "i spoke to [[mark]] it was about the drain | we had [[jack]] in bed four | then [[drew]] took the labs | "
        "my nurse is [[guy]] tonight | seen by mr [[baker]], he left | ask [[bob]] if it hurts | "
        "her son [[hunter]] is at a camp | he tries to jack himself out of the bed"
    ),
    "name.namesake-toys": (
        "[[Elmo]], 81M, falls | [[Claude]] slept well, no complaints | Patient: [[Elmo]] | Ask Claude about it. | "
        "He holds his Elmo doll."
    ),
    "weighed.left": (
        "[[haddad]] was held overnight | doctor [[hope]] this morning | former nurse [[haddad]] | "
        "1. [[Haddad]]\n2. [[Okonkwo]] | Patient: [[Mary Zorvath]]\n\nretired [[zorvath]] | zyvorix was held, then stopped"
    ),
}
SENTENCES = {rule: cases.split(" | ") for rule, cases in CASES.items()}
ATTACKS = [sentence for sentences in SENTENCES.values() for sentence in sentences if "[[" in sentence]
LEFT = [sentence for sentences in SENTENCES.values() for sentence in sentences if "[[" not in sentence]


def test_every_public_rule_is_attacked() -> None:
    """A rule that leaves words in view has three attacks and a sentence that it is for; no other rule is listed."""
    public = {rule.id for rule in shipped().recognizers if rule.identifier == PUBLIC}
    attacks = {rule: sum("[[" in sentence for sentence in sentences) for rule, sentences in SENTENCES.items()}
    assert set(SENTENCES) == public
    assert [rule for rule, number in attacks.items() if number < ATTACKS_EACH] == []
    assert [rule for rule, number in attacks.items() if number == len(SENTENCES[rule])] == []


@pytest.mark.parametrize("marked", ATTACKS)
def test_what_is_somebodys_is_masked(marked: str) -> None:
    """All of the value is covered."""
    assert uncovered(marked)[0] == []


@pytest.mark.parametrize("text", LEFT)
def test_what_the_rule_is_for_is_left(text: str) -> None:
    """Nothing is found in it."""
    assert find(shipped(), text, memory=Memory()) == []
