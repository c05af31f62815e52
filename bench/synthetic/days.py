"""Dates as people write them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from bench.synthetic.people import TODAY

if TYPE_CHECKING:
    import random

MONTHS = {
    "us": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
    "pl": "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia",
    "se": "januari februari mars april maj juni juli augusti september oktober november december",
    "no": "januar februar mars april mai juni juli august september oktober november desember",
    "dk": "januar februar marts april maj juni juli august september oktober november december",
    "fi": "tammikuuta helmikuuta maaliskuuta huhtikuuta toukokuuta kesäkuuta heinäkuuta elokuuta syyskuuta lokakuuta"
    " marraskuuta joulukuuta",
    "tr": "Ocak Şubat Mart Nisan May\u0131s Haziran Temmuz Ağustos Eylül Ekim Kas\u0131m Aral\u0131k",
    "gr": "Ιανουαρίου Φεβρουαρίου Μαρτίου Απριλίου Μαΐου Ιουνίου Ιουλίου Αυγούστου Σεπτεμβρίου Οκτωβρίου Νοεμβρίου"
    " Δεκεμβρίου",
    "br": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
}
MONTHS |= {"at": MONTHS["de"], "ch": MONTHS["de"], "be": MONTHS["nl"], "pt": MONTHS["br"], "mx": MONTHS["es"]}
_DOTTED = frozenset({"de", "at", "ch", "no", "dk", "fi"})
_JOINED = frozenset({"es", "mx", "br", "pt"})
_SHORT = 3


def some_day(draw: random.Random) -> date:
    """Return a day of the last six years."""
    return TODAY - timedelta(days=draw.randint(1, 2200))


def _suffix(day: int) -> str:
    return "th" if day in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")


def written(draw: random.Random, day: date, form: str, locale: str = "us") -> str:
    """Return a day in a form (the keys of the table below) or, if it is empty, in any full form of the locale."""
    if locale != "us" and not form:
        form = draw.choice(("eu", "eu", "word"))
    names = MONTHS.get(locale, MONTHS["us"]).split()
    month, d, y = names[day.month - 1], day.day, day.year
    short = month[:_SHORT] if month != "September" else draw.choice(("Sep", "Sept"))
    later = day + timedelta(days=draw.randint(2, 9))
    forms = {
        "num": (
            f"{day.month}/{d}/{y}",
            f"{day.month:02}/{d:02}/{y}",
            f"{day.month}/{d}/{y % 100:02}",
            f"{day.month:02}-{d:02}-{y}",
        ),
        "long": (
            f"{month} {d}, {y}",
            f"{month} {d}{_suffix(d)}, {y}",
            f"{month} {d} {y}",
            f"the {d}{_suffix(d)} of {month} {y}",
        ),
        "abbr": (
            f"{short} {d}, {y}",
            f"{short}. {d}, {y}",
            f"{d} {short} {y}",
            f"{d}-{short}-{y}",
            f"{short} {d} '{y % 100:02}",
        ),
        "iso": (day.isoformat(), day.isoformat(), f"{y}/{day.month:02}/{d:02}"),
        "md": (f"{month} {d}", f"{short} {d}", f"{day.month}/{d}", f"{month} {d}{_suffix(d)}", f"{d} {month}"),
        "my": (f"{month} {y}", f"{short} {y}", f"{day.month:02}/{y}"),
        "eu": (
            f"{d:02}.{day.month:02}.{y}",
            f"{d}.{day.month}.{y}",
            f"{d:02}/{day.month:02}/{y}",
            f"{d:02}-{day.month:02}-{y}",
        ),
        "word": (f"{d} {month} {y}",),
        "clin": (
            f"{day.month}.{d}.{y % 100:02}",
            f"{day.month}-{d}-{y % 100:02}",
            f"{d:02}{short[:_SHORT].upper()}{y}",
            f"{d:02}{short[:_SHORT].upper()}{y % 100:02}",
            f"{d:02}-{short[:_SHORT]}-{y % 100:02}",
            f"{day.month:02}/{d:02}/{y % 100:02}",
            f"{short} {d} {y}",
            f"{short}. {d}, {y}",
            f"{day.month}/{d}/{y}",
            f"{d} {short} {y % 100:02}",
            day.isoformat(),
        ),
        "hl7": (f"{y}{day.month:02}{d:02}",),
        "stamp": (f"{y}{day.month:02}{d:02}{draw.randint(0, 23):02}{draw.randint(0, 59):02}",),
        "range": (
            f"{month} {d}-{later.day}, {y}"
            if later.month == day.month
            else f"{month} {d} - {names[later.month - 1]} {later.day}, {y}",
            f"{day.month}/{d}/{y} - {later.month}/{later.day}/{later.year}",
            f"{day.month}/{d}-{later.month}/{later.day}",
        ),
    }
    if locale == "us" and not form:
        form = draw.choice(("num", "num", "long", "long", "abbr", "iso"))
    if form == "word" and locale in _DOTTED:
        return f"{d}. {month} {y}"
    if form == "word" and locale in _JOINED:
        return f"{d} de {month} de {y}"
    return draw.choice(forms[form])


_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    " eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth"
    " sixteenth seventeenth eighteenth nineteenth twentieth twenty-first twenty-second twenty-third twenty-fourth"
    " twenty-fifth twenty-sixth twenty-seventh twenty-eighth twenty-ninth thirtieth thirty-first"
)


def spoken_number(number: int) -> str:
    """Return a number under 100 in words, without a hyphen, as dictation writes it."""
    ones, tens = _ONES.split(), _TENS.split()
    if number < len(ones):
        return ones[number]
    return f"{tens[number // 10 - 2]} {ones[number % 10]}" if number % 10 else tens[number // 10 - 2]


def spoken(draw: random.Random, day: date) -> str:
    """Return a day as someone says it: `march third nineteen sixty two`."""
    month = MONTHS["us"].split()[day.month - 1].lower()
    ordinal = _ORDINALS.split()[day.day - 1].replace("-", " ")
    century, rest = divmod(day.year, 100)
    if day.year >= 2000:
        year = (
            f"two thousand {spoken_number(rest)}"
            if rest < 10 or draw.random() < 0.5
            else f"twenty {spoken_number(rest)}"
        )
    else:
        year = f"{spoken_number(century)} {spoken_number(rest)}"
    return f"{month} {ordinal} {year.replace(' zero', '')}"


def said(draw: random.Random, day: date) -> str:
    """Return a day as people give their birthday, in numbers: `three fourteen sixty two`."""
    century, rest = divmod(day.year, 100)
    short = spoken_number(rest) if rest > 9 else f"oh {spoken_number(rest)}"
    year = draw.choice((short, f"{spoken_number(century)} {short}"))
    return f"{spoken_number(day.month)} {spoken_number(day.day)} {year}"


def spoken_month_day(draw: random.Random, day: date) -> str:
    """Return a day without its year: `march third`, `the third of march`, `march three`."""
    month, ordinal = MONTHS["us"].split()[day.month - 1].lower(), _ORDINALS.split()[day.day - 1].replace("-", " ")
    return draw.choice((f"{month} {ordinal}", f"the {ordinal} of {month}", f"{month} {spoken_number(day.day)}"))
