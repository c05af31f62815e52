"""Spells medical words as the rest of the English-speaking world does: sources are American, wards are not."""

import re
from collections.abc import Iterable

_CHANGES = tuple(
    (re.compile(american), british)
    for american, british in (
        (r"^hem(?=o|at)", "haem"),
        (r"(?<=[bcdghiklmnoprtuvxyz])(?<!acad)emia(?=s?$)", "aemia"),
        (r"(?<=uk|ch|yc|an|ic|ip|ol|ur|ox|al|er|il|at)emic(?=s?$)", "aemic"),
        (r"(?:^|(?<=ph))edema", "oedema"),
        (r"(?<!o)esophag", "oesophag"),
        (r"\bestr(?=ogen|adi|iol|one|us)", "oestr"),
        (r"\bfet(?=al|us|o)", "foet"),
        (r"cec(?=al|um|o)", "caec"),
        (r"\bfec(?=al|es|a)", "faec"),
        (r"gynec", "gynaec"),
        (r"pediatr", "paediatr"),
        (r"orthoped", "orthopaed"),
        (r"anesth", "anaesth"),
        (r"\bceliac", "coeliac"),
        (r"diarrhea", "diarrhoea"),
        (r"rrhea", "rrhoea"),
        (r"melena", "melaena"),
        (r"tumor(?=s?$)", "tumour"),
        (r"^ameb", "amoeb"),
        (r"cesarean", "caesarean"),
        (r"pnea", "pnoea"),
        (r"^sulf", "sulph"),
        (r"etiolog", "aetiolog"),
        (r"(?<=[a-z]{3})iz(?=e[drs]?$|ers$|ing$|ation$|ations$)", "is"),
        (r"(?<=al|ol|ar)yz(?=e[drs]?$|ers$|ing$)", "ys"),
        (r"fiber(?=s?$)", "fibre"),
        (r"liter(?=s?$)", "litre"),
    )
)


def british(words: Iterable[str]) -> set[str]:
    """Return how words are spelled that are spelled otherwise: each change alone, and all of them together."""
    found: set[str] = set()
    for word in words:
        whole = word
        for american, spelled in _CHANGES:
            found.add(american.sub(spelled, word))
            whole = american.sub(spelled, whole)
        found |= {whole}
        found.discard(word)
    return found
