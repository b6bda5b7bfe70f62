"""Thai numbers, dates and order: read in any usual form, kept exact, shown as the public expects.

Dates are common era inside and Buddhist era (common era + 543) on display. The fiscal year runs from 1 October to
30 September and is named by the year it ends in.
"""

from __future__ import annotations

import datetime
import re
import unicodedata
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from math import isfinite

DIGITS = "๐๑๒๓๔๕๖๗๘๙"
_TO_ASCII = str.maketrans(DIGITS, "0123456789")
_THAI_DIGIT = re.compile(f"[{DIGITS}]")
_TO_THAI = str.maketrans("0123456789", DIGITS)

MONTHS = (
    ("ม.ค.", "มกราคม", "Jan", "January"),
    ("ก.พ.", "กุมภาพันธ์", "Feb", "February"),
    ("มี.ค.", "มีนาคม", "Mar", "March"),
    ("เม.ย.", "เมษายน", "Apr", "April"),
    ("พ.ค.", "พฤษภาคม", "May", "May"),
    ("มิ.ย.", "มิถุนายน", "Jun", "June"),
    ("ก.ค.", "กรกฎาคม", "Jul", "July"),
    ("ส.ค.", "สิงหาคม", "Aug", "August"),
    ("ก.ย.", "กันยายน", "Sep", "September"),
    ("ต.ค.", "ตุลาคม", "Oct", "October"),
    ("พ.ย.", "พฤศจิกายน", "Nov", "November"),
    ("ธ.ค.", "ธันวาคม", "Dec", "December"),
)
_MONTH_OF = {name.replace(".", "").lower(): i for i, names in enumerate(MONTHS, 1) for name in names}
_BUDDHIST = 543


class Unreadable(ValueError):
    """What was written is no number or date that we can read; `code` says why: number, date, day, month or era."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def ascii_digits(text: str) -> str:
    """
    >>> ascii_digits("อก ๐๔๑๐/๕๕๘")
    'อก 0410/558'
    """
    return text.translate(_TO_ASCII) if _THAI_DIGIT.search(text) else text


@lru_cache(4096)  # mostly numbers, and the same few
def thai_digits(text: str) -> str:
    """
    >>> thai_digits("27/34")
    '๒๗/๓๔'
    """
    return text.translate(_TO_THAI)


# Numbers ---------------------------------------------------------------------------------------------------------


_exact = lru_cache(1024)(Fraction)  # the same few numbers stand everywhere
# A comma parts thousands or is a slip: `1,2,3` is a list, `1,5` may be one and a half.
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,15}|[1-9][0-9]{0,2}(?:,[0-9]{3}){1,4})(?:\.[0-9]{1,9}|/[1-9][0-9]{0,14})?")


def parse_number(value: object) -> Fraction:
    """An exact number from an int, a Fraction, a Decimal, or text in ASCII or Thai digits (`1,200`, `๐.๕`, `53/7`).

    Raises Unreadable for anything else; a float is read by its shortest decimal form.

    >>> parse_number("๙๗.๕")
    Fraction(195, 2)
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return _exact(value)
    if isinstance(value, Fraction):
        return value
    if isinstance(value, float | Decimal) and isfinite(value):
        return Fraction(str(value))
    if isinstance(value, str):
        text = ascii_digits(value.strip()).removesuffix("%").strip()
        if _NUMBER.fullmatch(text):
            return Fraction(text.replace(",", ""))
    raise Unreadable("number", "a number is wanted")


@lru_cache(4096)  # the same few numbers stand on every page
def show_number(value: Fraction | int, places: int = 2) -> str:
    """At most *places* decimals, cut and not rounded: 79.995 must not be shown as 80.

    >>> show_number(Fraction(1650, 17)), show_number(Fraction(1, 2)), show_number(27)
    ('97.05', '0.5', '27')
    """
    value = Fraction(value)
    scale: int = 10**places
    cut = abs(value.numerator) * scale // value.denominator
    whole, rest = divmod(cut, scale)
    text = f"{whole:,}" + (f".{rest:0{places}d}".rstrip("0") if rest else "")
    return f"-{text}" if value < 0 and cut else text


# Dates -----------------------------------------------------------------------------------------------------------

_BEFORE = re.compile(r"(?:ณ\s*)?(?:ลว\.?|ลงวันที่|วันที่)\s*")
_ISO = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})")
_ENDS_IN_YEAR = re.compile(r"([0-9]{1,2})([/.-])([0-9]{1,2})\2([0-9]{4}|[0-9]{2})")
_WRITTEN = re.compile(
    r"([0-9]{1,2})\s*(?:เดือน\s*)?([^0-9\s][^0-9]*?)\s*"
    r"(?:(พ\.?\s*ศ\.?|พุทธศักราช)|(ค\.?\s*ศ\.?|คริสต์ศักราช))?\s*([0-9]{4}|[0-9]{2})"
)


def common_year(text: str) -> int:
    """The common-era year meant by four digits in either era, or by the two last digits of a Buddhist-era year.

    Raises Unreadable where the era is not plain.

    >>> common_year("2569"), common_year("69"), common_year("2026")
    (2026, 2026, 2026)
    """
    year = int(text)
    if len(text) == 2:
        return 2500 + year - _BUDDHIST
    if 2400 <= year <= 2700:
        return year - _BUDDHIST
    if 1900 <= year <= 2157:
        return year
    raise Unreadable("era", f"the year {year} is in neither era")


def parse_date(value: object) -> datetime.date:
    """A date from `2026-01-22`, `2569-01-22`, `22 ม.ค. 2569`, `๒๒ มกราคม ๖๙`, `22/1/2569` or a date object.

    Raises Unreadable for a day that does not exist or an era that is not plain: two digits are a Buddhist-era year in
    the ways that Thai is written, `22 ม.ค. 69` and `22/1/69`, and nobody knows what in `22 Jan 26` and `22-01-26`.

    >>> parse_date("ลว. ๒๗ พ.ค. ๖๙"), parse_date("วันที่ 27 เดือน พฤษภาคม พ.ศ. 2569")
    (datetime.date(2026, 5, 27), datetime.date(2026, 5, 27))
    """
    if isinstance(value, str):
        return _date(value)
    if isinstance(value, datetime.datetime):
        raise Unreadable("date", "a date is wanted, without a time")
    if isinstance(value, datetime.date):
        return _day(common_year(f"{value.year:04}"), value.month, value.day)
    raise Unreadable("date", "a date is wanted")


@lru_cache(maxsize=4096)  # the days of a few years, in a few ways of writing
def _date(value: str) -> datetime.date:
    text = ascii_digits(unicodedata.normalize("NFC", value.strip()))
    if before := _BEFORE.match(text):
        text = text[before.end() :]
    if found := _ISO.fullmatch(text):
        return _day(common_year(found[1]), int(found[2]), int(found[3]))
    if found := _ENDS_IN_YEAR.fullmatch(text):
        return _day(_year(found[4], thai=found[2] == "/"), int(found[3]), int(found[1]))
    if found := _WRITTEN.fullmatch(text):
        name = found[2].strip()
        month = _MONTH_OF.get(re.sub(r"[.\s]", "", name).lower(), 0)
        if not month:
            raise Unreadable("month", f"no month is called “{name}”")
        year = _year(found[5], thai=not name.isascii(), buddhist=bool(found[3]), common=bool(found[4]))
        return _day(year, month, int(found[1]))
    raise Unreadable("date", "a date is wanted, such as 2569-01-22 or 22 ม.ค. 2569")


def _year(text: str, *, thai: bool, buddhist: bool = False, common: bool = False) -> int:
    """The common-era year, where the era may be named, and two digits need a *thai* way of writing or a named era."""
    short = len(text) == 2
    if short and (common or not (thai or buddhist)):
        raise Unreadable("era", f"the era of the year {text} is not plain")
    year = common_year(text)
    if (buddhist and not short and int(text) == year) or (common and int(text) != year):
        raise Unreadable("era", f"the year {text} is not in the era that is named")
    return year


def _day(year: int, month: int, day: int) -> datetime.date:
    try:
        return datetime.date(year, month, day)
    except ValueError:
        raise Unreadable("day", "there is no such day") from None


def show_date(day: datetime.date, *, language: str = "th", long: bool = False) -> str:
    """
    >>> show_date(datetime.date(2026, 1, 22)), show_date(datetime.date(2026, 1, 22), language="en")
    ('22 ม.ค. 2569', '22 Jan 2026')
    """
    names = MONTHS[day.month - 1]
    if language == "th":
        return f"{day.day} {names[1 if long else 0]} {day.year + _BUDDHIST}"
    return f"{day.day} {names[3 if long else 2]} {day.year}"


def buddhist(year: int) -> int:
    """
    >>> buddhist(2026)
    2569
    """
    return year + _BUDDHIST


def fiscal_quarter(day: datetime.date) -> tuple[int, int]:
    """Fiscal year (Buddhist era) and quarter (1 to 4).

    >>> fiscal_quarter(datetime.date(2023, 10, 1)), fiscal_quarter(datetime.date(2024, 9, 30))
    ((2567, 1), (2567, 4))
    """
    year = day.year + (1 if day.month >= 10 else 0)
    return year + _BUDDHIST, (day.month - 10) % 12 // 3 + 1


def show_period(period: str, *, language: str = "th") -> str:
    """A month (`2023-08`, common era) or a fiscal quarter (`2567-Q1`, Buddhist era).

    >>> show_period("2023-08"), show_period("2567-Q1"), show_period("2567-Q1", language="en")
    ('ส.ค. 2566', 'ไตรมาส 1/2567', 'Q1 of fiscal year 2024')
    """
    year, _, part = period.partition("-")
    if part.startswith("Q"):
        return f"ไตรมาส {part[1:]}/{year}" if language == "th" else f"{part} of fiscal year {int(year) - _BUDDHIST}"
    names = MONTHS[int(part) - 1]
    return f"{names[0]} {buddhist(int(year))}" if language == "th" else f"{names[2]} {year}"


# Length ----------------------------------------------------------------------------------------------------------


def cut(text: str, most: int) -> str:
    """At most *most* characters (at least 1), an ellipsis for what is left out; no letter loses its marks.

    >>> cut("ผู้ว่าราชการ", 7), cut("ที่", 3), cut("ผู้เป็น", 5), cut("กิ่ง", 3)
    ('ผู้ว่า…', 'ที่', 'ผู้…', '…')
    """
    if len(text) <= most:
        return text
    end = most - 1
    while end and (_joined(text[end]) or text[end - 1] == "\u200d" or "\u0e40" <= text[end - 1] <= "\u0e44"):
        end -= 1
    return text[:end].rstrip() + "…"


def _joined(character: str) -> bool:
    """Whether a character belongs to the one before: a mark, a vowel after its consonant, a joiner, a skin colour."""
    return (
        unicodedata.category(character)[0] == "M"
        or character in "\u0e30\u0e32\u0e33\u0e45\u200c\u200d"
        or "\U0001f3fb" <= character <= "\U0001f3ff"
        or "\U000e0020" <= character <= "\U000e007f"
    )


# Order -----------------------------------------------------------------------------------------------------------

_LEADING = re.compile("([\u0e40-\u0e44])([\u0e01-\u0e2e])")
_MARKS = re.compile("[\u0e47-\u0e4e]")
_RANK = str.maketrans("\u0e4c\u0e47\u0e48\u0e49\u0e4a\u0e4b", "abcdef")
"""The marks in the order of dictionaries, which is not that of Unicode: one that silences a letter comes first."""


def sort_key(text: str) -> tuple[list[tuple[int, int, str]], str, str]:
    """Dictionary order, as CLDR has it for Thai: a leading vowel sorts after its consonant, tone marks matter last.

    Spaces and punctuation matter only where all else is the same; numbers are sorted by their value.

    >>> sorted(["เกณฑ์", "ขอ", "กฎ", "ข้อ 10", "ข้อ 9"], key=sort_key)
    ['กฎ', 'เกณฑ์', 'ขอ', 'ข้อ 9', 'ข้อ 10']
    """
    plain = unicodedata.normalize("NFKD", ascii_digits(text)).casefold().replace("\u0e4d\u0e32", "\u0e33")
    plain = _LEADING.sub(r"\2\1", plain)
    marks = "".join(_MARKS.findall(plain)).translate(_RANK)
    parts = re.findall("[0-9]+|[^0-9]", _MARKS.sub("", plain))
    # The text itself ends a tie, so that no order depends on what came first; small letters are before capitals.
    return (
        [_part(part) for part in parts if unicodedata.category(part[0])[0] not in "ZPC"],
        marks,
        f"{text.swapcase()}\0{text}",
    )


def _part(part: str) -> tuple[int, int, str]:
    """A letter, or a number by its length and digits: as large as it may be, it is never converted."""
    if "0" <= part[0] <= "9":
        digits = part.lstrip("0")
        return 1, len(digits), digits
    return (0 if unicodedata.category(part)[0] == "S" else 2 if "\u0e00" <= part <= "\u0e7f" else 3), 0, part
