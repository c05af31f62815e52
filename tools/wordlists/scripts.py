"""Writes names of Cyrillic and Greek script in Latin letters, as passports and papers do, with the usual variants.

Cyrillic: ICAO 9303-3 section 6 and BGN/PCGN, which differ in a few letters; both spellings are given.
Greek: ISO 843, type 2.
"""
# ruff: noqa: RUF001, SIM905 - letters of other scripts are what this file is about

import unicodedata

_CYRILLIC = dict(
    zip(
        "абвгґѓдђеєжзѕиіїјкќлљмнњопрстћуўфхцчџшщъыьэ",
        (
            "a b v g g gj d dj e ye zh z dz i i yi j k kj l lj m n nj o p r s t c u u f kh ts ch dz sh shch . y . e"
        ).split(),
        strict=True,
    )
) | {"ъ": "", "ь": ""}
# Letters that the two systems write differently: BGN/PCGN first.
_STYLES = ({"ё": "yo", "й": "y", "ю": "yu", "я": "ya"}, {"ё": "e", "й": "i", "ю": "iu", "я": "ia"})
_GREEK_PAIRS = {"ου": "ou", "αυ": "av", "ευ": "ev", "γγ": "ng", "γκ": "gk", "μπ": "b", "ντ": "nt", "γχ": "nch"}
_GREEK = dict(
    zip("αβγδεζηθικλμνξοπρσςτυφχψω", "a v g d e z i th i k l m n x o p r s s t y f ch ps o".split(), strict=True)
)


def romanised(word: str) -> set[str]:
    """Return a word of one of the scripts in Latin letters, lower case; nothing for other scripts."""
    word = unicodedata.normalize("NFC", word).lower()
    if all(letter in _CYRILLIC or letter in _STYLES[0] for letter in word):
        return {"".join(_CYRILLIC.get(letter, style.get(letter, "")) for letter in word) for style in _STYLES}
    plain = "".join(letter for letter in unicodedata.normalize("NFD", word) if not unicodedata.combining(letter))
    if all(letter in _GREEK for letter in plain):
        for pair, latin in _GREEK_PAIRS.items():
            plain = plain.replace(pair, latin)
        return {"".join(_GREEK.get(letter, letter) for letter in plain)}
    return set()
