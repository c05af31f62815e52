"""What templates may name: `{slot}` or `{slot.form}`. Each gives parts, and a part with a label is PHI.

Values of one label and kind are made by one function here; everything random comes from the case's own source.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.synthetic import abroad, addresses, days, numbers, people
from bench.synthetic.case import plain_ascii
from bench.synthetic.plain import PLAIN

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from bench.synthetic.addresses import Part
    from bench.synthetic.case import Case

ROLES = frozenset({"pt", "pt2", "rel", "rel2", "doc", "doc2", "nurse", "friend", "donor", "mum"})
_DOCTORS = frozenset({"doc", "doc2"})
_MAIL = ("example.com", "example.org", "example.net", "mail.example.com", "gmail.com", "yahoo.com", "outlook.com")


def _mrn(case: Case, form: str) -> str:
    if form == "spoken":
        return case.say(case.digits(case.draw.choice((6, 7, 8))))
    if form == "four":
        return case.digits(4)
    n, choose = case.digits, case.draw.choice
    return choose(
        (
            n(6),
            n(7),
            n(8),
            n(8),
            "00" + n(6),
            f"{n(2)}-{n(2)}-{n(2)}",
            f"{n(3)}-{n(3)}-{n(3)}",
            f"E{n(7)}",
            f"{case.letters(choose((2, 3, 4)))}-{n(choose((5, 6, 7)))}",
            f"MR{n(7)}",
            f"{n(4)}-{n(4)}",
            f"{n(5)}{case.letters(2)}",
            f"{n(10)}",
        )
    )


def _ssn(case: Case, form: str) -> str:
    number = numbers.ssn(case.draw)
    if form == "four":
        return number[5:]
    if form == "spoken":
        return case.say(number)
    a, b, c = number[:3], number[3:5], number[5:]
    return number if form == "bare" else case.draw.choice((f"{a}-{b}-{c}",) * 4 + (f"{a} {b} {c}", f"{a}.{b}.{c}"))


def _plan(case: Case, _form: str) -> str:
    n, letters = case.digits, case.letters
    mbi = f"{n(1)}{letters(1)}{letters(1)}{n(1)}-{letters(1)}{letters(1)}{n(1)}-{letters(2)}{n(2)}"
    return case.draw.choice(
        (
            f"{letters(3)}{n(9)}",
            f"{letters(2)}-{n(6)}",
            f"W{n(9)}",
            mbi,
            mbi.replace("-", ""),
            f"H{n(8)}",
            f"{n(9)}A",
            f"{letters(3)}-{n(3)}-{n(4)}",
            n(9),
            n(10),
        )
    )


def _account(case: Case, _form: str) -> str:
    n = case.digits
    return case.draw.choice((n(8), n(10), n(12), f"ACCT-{n(6)}", f"{n(4)}-{n(4)}-{n(4)}", f"A{n(7)}", f"{n(6)}-{n(2)}"))


def _licence(case: Case, form: str) -> str:
    n, letters = case.digits, case.letters
    if form == "med":
        return case.draw.choice((f"MD{n(6)}", f"A{n(6)}", f"RN-{n(6)}", n(6), f"{letters(2)}.{n(7)}", f"PT{n(5)}"))
    return case.draw.choice(
        (
            f"{letters(1)}{n(7)}",
            n(8),
            f"{letters(1)}{n(3)}-{n(4)}-{n(4)}",
            f"{letters(1)}{n(12)}",
            f"{letters(2)}{n(6)}",
        )
    )


def _device(case: Case, form: str) -> str:
    n, letters = case.digits, case.letters
    if form == "udi":
        gtin = "00" + n(11)
        return f"(01){gtin}{numbers.luhn_digit(gtin)}(17)2{n(5)}(10){letters(1)}{n(5)}(21){n(6)}"
    return case.draw.choice(
        (
            f"{letters(3)}{n(6)}{letters(1)}",
            f"{letters(2)}-{n(5)}-{letters(1)}",
            n(9),
            f"SN{n(8)}",
            f"{letters(1)}{n(2)}-{n(4)}-{n(3)}",
        )
    )


def _vehicle(case: Case, form: str) -> str:
    if form == "vin":
        return numbers.vin(case.draw)
    n, letters = case.digits, case.letters
    return case.draw.choice(
        (
            f"{n(1)}{letters(3)}{n(3)}",
            f"{letters(3)}-{n(4)}",
            f"{letters(3)} {n(3)}",
            f"{letters(2)}{n(2)} {letters(3)}",
        )
    )


def _handle(case: Case) -> str:
    who = case.person("pt")
    given, surname = plain_ascii(who.given) or "user", plain_ascii(who.surname)
    return case.draw.choice(
        (
            f"{given}.{surname}",
            f"{given}{surname}",
            f"{given[0]}{surname}{case.digits(2)}",
            f"{given}_{surname}",
            f"{surname}{given[0]}",
        )
    )


def _url(case: Case, _form: str) -> str:
    name = _handle(case)
    return case.draw.choice(
        (
            f"https://www.facebook.com/{name}",
            f"https://portal.example.org/patients/{case.digits(7)}",
            f"www.linkedin.com/in/{name}",
            f"http://{name.replace('_', '-')}.example.com/blog",
            f"https://mychart.example.org/p?id={case.digits(6)}&t=visit",
            f"https://www.instagram.com/{name}/",
        )
    )


def _email(case: Case, form: str) -> str:
    if form in ROLES:
        who = case.person(form)
        return f"{plain_ascii(who.given)[:1]}{plain_ascii(who.surname)}@{case.draw.choice(_MAIL[:4])}"
    return f"{_handle(case)}@{case.draw.choice(_MAIL)}"


def _ip(case: Case, form: str) -> str:
    draw = case.draw
    if form == "six":
        return ":".join(f"{draw.randint(1, 65535):x}" for _ in range(8))
    return f"{draw.choice((10, 24, 67, 73, 98, 172, 192, 203))}." + ".".join(
        str(draw.randint(1, 254)) for _ in range(3)
    )


def _other(case: Case, form: str) -> str:
    n, letters, choose = case.digits, case.letters, case.draw.choice
    made = {
        "accession": (f"S{n(2)}-{n(5)}", f"ACC{n(8)}", f"{n(2)}-{letters(2)}-{n(6)}"),
        "study": (f"SUBJ-{n(4)}", f"{n(3)}-{n(3)}", f"PT-{letters(2)}-{n(3)}"),
        "case": (f"{n(4)}-{n(5)}", f"{letters(2)}-{n(6)}", f"WC{n(7)}"),
        "passport": (f"{letters(1)}{n(8)}", n(9), f"{letters(2)}{n(7)}"),
        "employee": (n(6), f"E{n(5)}", f"EMP-{n(5)}"),
        "claim": (f"CLM{n(9)}", f"{n(4)}-{n(6)}", f"{letters(3)}{n(8)}"),
        "bio": (f"FP-{n(6)}", f"BIO-{n(4)}-{letters(2)}", f"IRIS{n(7)}", f"VP-{n(5)}"),
        "photo": (f"IMG_{n(4)}_{_handle(case)}.jpg", f"{_handle(case)}_face.png", f"{_handle(case)}-headshot.jpeg"),
        "handle": (f"@{_handle(case)}",),
        "rx": (f"Rx{n(7)}", n(7), f"{n(4)}-{n(5)}"),
        "student": (f"STU{n(6)}", n(8)),
    }
    return choose(made[form or "case"])


def _national(case: Case, _form: str) -> str:
    draw, who = case.draw, case.person("pt")
    if case.locale in abroad.COUNTRIES:
        return abroad.national(draw, case.locale, who.born)
    if case.locale == "uk":
        n = numbers.nhs(draw)
        return draw.choice((f"{n[:3]} {n[3:6]} {n[6:]}", n, f"{n[:3]}-{n[3:6]}-{n[6:]}"))
    if case.locale == "br":
        n = numbers.cpf(draw)
        return draw.choice((f"{n[:3]}.{n[3:6]}.{n[6:9]}-{n[9:]}", n))
    if case.locale == "in":
        n = numbers.aadhaar(draw)
        return draw.choice((f"{n[:4]} {n[4:8]} {n[8:]}", n))
    if case.locale == "fr":
        n = numbers.nir(draw, who.born, male=who.male)
        return draw.choice((n, f"{n[0]} {n[1:3]} {n[3:5]} {n[5:7]} {n[7:10]} {n[10:13]} {n[13:]}"))
    made: dict[str, Callable[[], str]] = {
        "de": lambda: numbers.kvnr(draw),
        "es": lambda: numbers.dni(draw),
        "it": lambda: numbers.codice_fiscale(draw, who.given, who.surname, who.born, male=who.male),
        "nl": lambda: numbers.bsn(draw),
        "pl": lambda: numbers.pesel(draw, who.born, male=who.male),
        "se": lambda: _dashed(numbers.personnummer(draw, who.born), 6),
        "tr": lambda: numbers.tckn(draw),
        "mx": lambda: numbers.curp(draw, who.given, who.surname, who.born, male=who.male),
        "au": lambda: _dashed(numbers.medicare(draw), 4, 9, mark=" "),
        "ca": lambda: _dashed(case.digits(9), 4, 7) + case.digits(1) + draw.choice(("", "-" + case.letters(2))),
    }
    return made[case.locale]()


def _dashed(number: str, *places: int, mark: str = "-") -> str:
    return mark.join(number[at:to] for at, to in zip((0, *places), (*places, len(number)), strict=True))


def _card(case: Case, _form: str) -> str:
    number = numbers.card(case.draw)
    spaced = " ".join(number[at : at + 4] for at in range(0, len(number), 4))
    return case.draw.choice((number, spaced, spaced.replace(" ", "-")))


def _iban(case: Case, _form: str) -> str:
    number = numbers.iban(case.draw, case.locale.upper().replace("UK", "GB"))
    return case.draw.choice((number, " ".join(number[at : at + 4] for at in range(0, len(number), 4))))


def _phone(case: Case, form: str) -> str:
    if form == "pairs":
        area, line = case.digits(3), case.draw.choice(((12, 34), (20, 16), (44, 91), (73, 18), (15, 60)))
        return f"{case.say(area)} {case.say('555')} {' '.join(map(days.spoken_number, line))}"
    if form == "spoken":
        return case.say(case.draw.choice("2345678") + case.digits(2) + "555" + case.digits(4))
    return addresses.telephone(case.draw, case.locale)


_AS_SAID = {"spoken": days.spoken, "said": days.said, "spokenmd": days.spoken_month_day}


def _day(case: Case, day: date, form: str) -> str:
    return _AS_SAID[form](case.draw, day) if form in _AS_SAID else days.written(case.draw, day, form, case.locale)


def _zip(case: Case, form: str) -> str:
    return case.say(case.digits(5)) if form == "spoken" else addresses.postcode(case.draw, case.half, case.locale)


def _old_age(case: Case, form: str) -> str:
    case.old = True
    age = case.person("pt").age
    age = age if age > people.OLD - 1 else 90 + age % 12
    if form != "spoken":
        return str(age)
    if age == 100:
        return "a hundred"
    return days.spoken_number(age) if age < 100 else f"a hundred and {days.spoken_number(age - 100)}"


VALUES: dict[str, tuple[str, str, Callable[[Case, str], str]]] = {
    "mrn": ("MRN", "", _mrn),
    "ssn": ("SSN", "", _ssn),
    "plan": ("HEALTH_PLAN", "", _plan),
    "acct": ("ACCOUNT", "", _account),
    "dl": ("LICENSE", "driver", _licence),
    "lic": ("LICENSE", "medical", lambda case, _: _licence(case, "med")),
    "dea": ("DEA", "", lambda case, form: numbers.dea(case.draw, case.person(form or "doc").surname)),
    "npi": ("NPI", "", lambda case, _: numbers.npi(case.draw)),
    "device": ("DEVICE", "", _device),
    "vin": ("VEHICLE", "vin", lambda case, _: _vehicle(case, "vin")),
    "plate": ("VEHICLE", "plate", _vehicle),
    "url": ("URL", "", _url),
    "email": ("EMAIL", "", _email),
    "ip": ("IP", "", _ip),
    "card": ("CARD", "", _card),
    "iban": ("IBAN", "", _iban),
    "phone": ("PHONE", "", _phone),
    "fax": ("FAX", "", _phone),
    "natid": ("OTHER_ID", "national", _national),
    "id": ("OTHER_ID", "", _other),
    "date": ("DATE", "", lambda case, form: _day(case, days.some_day(case.draw), form)),
    "dob": ("DATE", "birth", lambda case, form: _day(case, case.person("pt").born, form)),
    "mumdob": ("DATE", "birth", lambda case, form: _day(case, case.person("mum").born, form)),
    "age90": ("AGE", "", _old_age),
    "city": ("ADDRESS", "city", lambda case, _: case.word(f"{case.locale}.city")),
    "state": ("ADDRESS", "state", lambda case, _: case.word("us.state")),
    "county": ("ADDRESS", "county", lambda case, _: case.word("us.county")),
    "street": ("ADDRESS", "street", lambda case, _: addresses.street(case.draw, case.half, case.locale)),
    "facility": ("ADDRESS", "facility", lambda case, _: addresses.facility(case.draw, case.half, case.locale)),
    "zip": ("ZIP", "", _zip),
}
"""Label, kind and maker of every value that is PHI, apart from names and whole addresses."""

FORMS_AS_KINDS = frozenset({"id", "date"})


def parts(case: Case, slot: str, form: str) -> list[Part]:
    """Return what stands where a template names a slot. Raises KeyError for a slot or form that does not exist."""
    if slot in ROLES:
        return _name(case, slot, form)
    if slot in {"addr", "block"}:
        return addresses.address(case.draw, case.half, case.locale, lines=slot == "block")
    if slot in VALUES:
        label, kind, make = VALUES[slot]
        text = case.once(f"{slot}.{form}" if form else slot, make(case, form))
        if case.spoken:
            text = _as_said(text)
        return [(text, label, form or kind if slot in FORMS_AS_KINDS else kind)]
    text = PLAIN[slot](case)
    return [(text.lower() if case.spoken else text, "", "")]


def _name(case: Case, role: str, form: str) -> list[Part]:
    person = case.person(role)
    kind = form or ("clinician" if role in _DOCTORS else "")
    if role in _DOCTORS and not form:
        before, form, after = case.draw.choice(
            (
                ("Dr. ", "last", ""),
                ("Dr. ", "full", ""),
                ("", "full", ", MD"),
                ("", "middle", ", DO"),
                ("Dr ", "last", ""),
            )
        )
        named = [(before, False), *people.written(case.draw, person, form), (after, False)]
    else:
        named = list(people.written(case.draw, person, form))
    said = [(_as_said(text) if case.spoken else text, identifies) for text, identifies in named]
    return [(text, "NAME" if identifies else "", kind if identifies else "") for text, identifies in said if text]


def _as_said(text: str) -> str:
    return (
        "".join(char for char in text if char not in ".,()").lower()
        if not any(c.isdigit() for c in text)
        else text.lower()
    )
