"""Thai numbers, dates and order: every usual form in, one exact value, the public's form out."""

from __future__ import annotations

import datetime
import random
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakthan import thai

DAY = datetime.date(2026, 1, 22)

# Digits ----------------------------------------------------------------------------------------------------------


@given(st.text())
def test_digits_there_and_back(text: str) -> None:
    assert thai.ascii_digits(thai.thai_digits(text)) == thai.ascii_digits(text)
    assert not set(thai.thai_digits(text)) & set("0123456789")
    assert not set(thai.ascii_digits(text)) & set(thai.DIGITS)


# Numbers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "number"),
    [
        (33, Fraction(33)),
        (-1, Fraction(-1)),
        (Fraction(53, 7), Fraction(53, 7)),
        (Decimal("97.05"), Fraction(1941, 20)),
        (0.1, Fraction(1, 10)),
        ("33", Fraction(33)),
        ("๓๓", Fraction(33)),
        (" ๑,๒๐๐ ", Fraction(1200)),
        ("1,200.50", Fraction(2401, 2)),
        ("๐.๕", Fraction(1, 2)),
        ("-0.5", Fraction(-1, 2)),
        ("+7", Fraction(7)),
        ("007", Fraction(7)),
        ("80%", Fraction(80)),
        ("๘๐ %", Fraction(80)),
        ("53/7", Fraction(53, 7)),
        ("๕๓/๗", Fraction(53, 7)),
        (10**400, Fraction(10**400)),
        ("-1,234,567.25", Fraction(-4938269, 4)),
        ("1,200/7", Fraction(1200, 7)),
    ],
)
def test_number(written: object, number: Fraction) -> None:
    assert thai.parse_number(written) == number


@pytest.mark.parametrize(
    "written",
    [
        True,
        None,
        [],
        datetime.date(2026, 1, 22),
        "",
        "สิบ",
        "3 คน",
        "1.2.3",
        "1/0",
        "1.5/2",
        "1e5",
        "nan",
        "inf",
        float("nan"),
        float("inf"),
        Decimal("nan"),
        Decimal("-Infinity"),
        "1,2,3",
        "12,34",
        "1,5",
        "0,500",
        "1234,567",
        "1,,200",
        ",200",
        "1,200,",
        "٣٣",
        "9" * 16,
        "0x10",
        "1_000",
        "--1",
    ],
)
def test_not_a_number(written: object) -> None:
    with pytest.raises(thai.Unreadable) as problem:
        thai.parse_number(written)
    assert problem.value.code == "number"


@pytest.mark.parametrize(
    ("number", "places", "shown"),
    [
        (27, 2, "27"),
        (0, 2, "0"),
        (Fraction(1, 2), 2, "0.5"),
        (Fraction(1650, 17), 2, "97.05"),  # 97.0588…: cut
        (Fraction(2700, 34), 2, "79.41"),
        (Fraction(79995, 1000), 2, "79.99"),  # never 80
        (Fraction(2, 3), 0, "0"),
        (Fraction(2, 3), 4, "0.6666"),
        (Fraction(1, 1000), 2, "0"),
        (Fraction(-1, 1000), 2, "0"),
        (Fraction(-5, 2), 2, "-2.5"),
        (Fraction(-1, 3), 2, "-0.33"),
        (1234567, 2, "1,234,567"),
        (Fraction(2469135, 2), 2, "1,234,567.5"),
        (Fraction(1001, 1000), 2, "1"),
        (Fraction(101, 100), 2, "1.01"),
    ],
)
def test_shown(number: Fraction | int, places: int, shown: str) -> None:
    assert thai.show_number(number, places) == shown


@given(st.fractions(-(10**12), 10**12), st.integers(0, 6))
def test_what_is_shown_never_exceeds_the_number(number: Fraction, places: int) -> None:
    shown = thai.parse_number(thai.show_number(number, places))
    assert abs(shown) <= abs(number) < abs(shown) + Fraction(1, 10**places)


@given(st.integers(-(10**14), 10**14))
def test_whole_numbers_survive(number: int) -> None:
    assert thai.parse_number(thai.thai_digits(thai.show_number(number))) == number


# Dates -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written",
    [
        DAY,
        datetime.date(2569, 1, 22),
        "2026-01-22",
        "2569-01-22",
        "๒๕๖๙-๐๑-๒๒",
        "2569-1-22",
        "22/1/2569",
        "22/01/69",
        "๒๒/๑/๒๕๖๙",
        "22.1.2569",
        "22-01-2569",
        "22/1/2026",
        "22 ม.ค. 2569",
        "22 ม.ค. 69",
        "22 ม.ค.69",
        "22ม.ค.2569",
        "22 มค 69",
        "๒๒ ม.ค. ๒๕๖๙",
        "22 มกราคม 2569",
        "๒๒ มกราคม ๒๕๖๙",
        "22 มกราคม พ.ศ. 2569",
        "๒๒ มกราคม พ.ศ.๒๕๖๙",
        "22 มกราคม พศ 2569",
        "22 มกราคม ค.ศ. 2026",
        "ลว. 22 ม.ค. 69",
        "ลว ๒๒ ม.ค. ๖๙",
        "ลงวันที่ 22 มกราคม 2569",
        "วันที่ ๒๒ มกราคม ๒๕๖๙",
        "22 Jan 2026",
        "22 January 2026",
        "22 january 2569",
        "22 Jan พ.ศ. 69",
        "22 ม.ค. พ.ศ. 69",
        "วันที่ 22 เดือน มกราคม พ.ศ. 2569",
        "วันที่ ๒๒ เดือนมกราคม พุทธศักราช ๒๕๖๙",
        "ณ วันที่ 22 มกราคม 2569",
        "ณ วันที่ ๒๒ เดือน มกราคม พ.ศ. ๒๕๖๙",
        "22 มกราคม คริสต์ศักราช 2026",
        "  22   ม.ค.   2569  ",
    ],
)
def test_date(written: object) -> None:
    assert thai.parse_date(written) == DAY


@pytest.mark.parametrize("month", range(1, 13))
def test_every_month_by_every_name(month: int) -> None:
    day = datetime.date(2026, month, 9)
    for name in thai.MONTHS[month - 1]:
        assert thai.parse_date(f"9 {name} 2569") == day
        assert thai.parse_date(f"๙ {name} ๒๕๖๙") == day
        assert thai.parse_date(f"9 {name.replace('.', '')} 2026") == day


@pytest.mark.parametrize(
    ("written", "day"),
    [
        # A leap year is one in the common era, whichever era names it: 2567 is 2024.
        ("2567-02-29", datetime.date(2024, 2, 29)),
        ("29 ก.พ. 67", datetime.date(2024, 2, 29)),
        ("29/2/2567", datetime.date(2024, 2, 29)),
        ("1 ต.ค. 2568", datetime.date(2025, 10, 1)),
        ("31/12/2500", datetime.date(1957, 12, 31)),
    ],
)
def test_era(written: str, day: datetime.date) -> None:
    assert thai.parse_date(written) == day


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("22 Jan 26", "era"),  # 2026, or 2526?
        ("22 January 69", "era"),
        ("22-01-26", "era"),
        ("22.1.69", "era"),
        ("22 ม.ค. ค.ศ. 26", "era"),
        ("22 ม.ค. ค.ศ. 2569", "era"),
        ("22 ม.ค. พ.ศ. 2026", "era"),
        ("22 มกราคม พุทธศักราช 2026", "era"),
        ("22/1/2250", "era"),
        (datetime.date(1850, 1, 22), "era"),
        ("22 มกรา 2569", "month"),
        ("29 ก.พ. 2569", "day"),
        (datetime.date(2568, 2, 29), "day"),  # 2568 by itself is a leap year, the year 2025 that it means is none
        ("22/1-2569", "date"),
        ("เมื่อวาน", "date"),
    ],
)
def test_why_it_is_not_a_date(written: object, code: str) -> None:
    with pytest.raises(thai.Unreadable) as problem:
        thai.parse_date(written)
    assert problem.value.code == code


@pytest.mark.parametrize(
    "written",
    [
        None,
        2569,
        True,
        datetime.datetime(2026, 1, 22, 8, 30),  # noqa: DTZ001 - any time at all is one too many
        "",
        "2569",
        "ม.ค. 2569",
        "22 ม.ค.",
        "ประมาณต้นปี",
        "2569-13-01",
        "2569-00-10",
        "2569-01-32",
        "30 ก.พ. 2569",
        "29 ก.พ. 2569",  # 2026 is no leap year
        "2024-02-30",
        "22 มกรา 2569",
        "22 ส.ค 25699",
        "22/1/569",
        "22-01-1569",
        "22 ม.ค. 3069",
        "22 ม.ค. 2250",
        "2569-01-22T08:30",
        "22 ม.ค. 2569 - 25 ม.ค. 2569",
    ],
)
def test_not_a_date(written: object) -> None:
    with pytest.raises(thai.Unreadable):
        thai.parse_date(written)


@given(st.dates(datetime.date(1901, 1, 1), datetime.date(2156, 12, 31)), st.booleans())
def test_what_is_shown_reads_back(day: datetime.date, long: bool) -> None:
    for language in ("th", "en"):
        shown = thai.show_date(day, language=language, long=long)
        assert thai.parse_date(shown) == day
        assert thai.parse_date(thai.thai_digits(shown)) == day
    assert thai.parse_date(day.isoformat()) == day
    assert thai.parse_date(f"{thai.buddhist(day.year)}-{day.month}-{day.day}") == day


@given(st.text())
def test_any_text_is_read_or_refused_with_a_reason(text: str) -> None:
    for read in (thai.parse_number, thai.parse_date):
        try:
            read(text)
        except thai.Unreadable:
            continue


@pytest.mark.parametrize(
    ("day", "shown", "long"),
    [
        (datetime.date(2026, 1, 22), "22 ม.ค. 2569", "22 มกราคม 2569"),
        (datetime.date(2024, 2, 29), "29 ก.พ. 2567", "29 กุมภาพันธ์ 2567"),
        (datetime.date(2025, 12, 5), "5 ธ.ค. 2568", "5 ธันวาคม 2568"),
    ],
)
def test_shown_date(day: datetime.date, shown: str, long: str) -> None:
    assert thai.show_date(day) == shown
    assert thai.show_date(day, long=True) == long


@pytest.mark.parametrize(
    ("day", "quarter"),
    [
        ("2566-09-30", (2566, 4)),
        ("2566-10-01", (2567, 1)),
        ("2566-12-31", (2567, 1)),
        ("2567-01-01", (2567, 2)),
        ("2567-03-31", (2567, 2)),
        ("2567-04-01", (2567, 3)),
        ("2567-06-30", (2567, 3)),
        ("2567-07-01", (2567, 4)),
        ("2567-09-30", (2567, 4)),
        ("2567-10-01", (2568, 1)),
    ],
)
def test_fiscal_quarter(day: str, quarter: tuple[int, int]) -> None:
    assert thai.fiscal_quarter(thai.parse_date(day)) == quarter


# Order -----------------------------------------------------------------------------------------------------------

# Written down by hand in the order of a Thai dictionary: by consonant, a vowel after the consonant that it is read
# with even where it is written before it, tone marks only where all else is equal.
DICTIONARY = """
    กก กฎ กรม กรรมการ กระทรวง กลุ่ม กอง การ กำหนด กิจกรรม กีฬา กุศล เกณฑ์ เกียรติ แก้ไข โกง ใกล้ ไกล
    ขยะ ขอ ขั้นตอน ขา ข่า ข้า ขาง ข่าง ข้าง เข้า แข่ง ไข่
    คณะ คน คุณธรรม เครือข่าย โครงการ
    งบประมาณ งาน เงิน
    จดหมาย จริยธรรม จังหวัด เจตนารมณ์ แจ้ง
    ช่องทาง ชุมชน เชิดชู
    ตัวชี้วัด ติดตาม ไตรมาส
    ทบทวน ทะเบียน เทคโนโลยี
    บันทึก บุคลากร เบิก แบบ
    ประกาศ ประชุม เป้าหมาย ไป
    ผล เผยแพร่ แผน
    ร่วม รอบ ระดับ ราชการ รายงาน ฤดู ลงนาม เลขที่ ฦๅ
    วัด เว็บไซต์
    ศูนย์ เศรษฐกิจ
    ส่งเสริม สถาบัน สื่อ เสนอ
    หน่วยงาน หนังสือ หลักฐาน เหตุ
    องค์กร อบรม อุตสาหกรรม เอกสาร
""".split()


def test_dictionary_order() -> None:
    shuffled = random.Random(2569).sample(DICTIONARY, len(DICTIONARY))
    assert sorted(shuffled, key=thai.sort_key) == DICTIONARY


@pytest.mark.parametrize(
    "ordered",
    [
        ["1", "2", "10", "ก"],
        ["ข้อ 1", "ข้อ ๒", "ข้อ 9", "ข้อ ๑๐"],
        ["ตัวชี้วัด 2.9", "ตัวชี้วัด 2.10"],
        ["กลุ่ม", "apple", "Banana", "banana leaf"],
        ["น้ำ", "น้ำมัน", "เน้น"],
        ["ทำ", "ทำนา", "ทิศ"],
        ["", "ก"],
        ["แผน 7.1 (1)", "แผน 7.8", "แผน 7.10"],
        ["กอง ข", "กองคลัง", "กอง ง"],
        ["การ์ด", "การ็ด", "การ่ด"],
        ["note", "Note"],
    ],
)
def test_order(ordered: list[str]) -> None:
    shuffled = ordered[1:] + ordered[:1]
    assert sorted(shuffled, key=thai.sort_key) == ordered


def test_am_is_one_letter_however_it_is_typed() -> None:
    assert thai.sort_key("น้ำ")[:-1] == thai.sort_key("น้ํา")[:-1]


@given(st.text("กขคเแ่้็ำะา ๑2aZ", max_size=12))
def test_digits_of_either_script_have_the_same_place_in_the_order(text: str) -> None:
    assert thai.sort_key(text)[:-1] == thai.sort_key(thai.thai_digits(text))[:-1]


@given(st.lists(st.text(max_size=8), unique=True, max_size=6), st.randoms(use_true_random=False))
def test_any_texts_have_one_order(texts: list[str], shuffler: random.Random) -> None:
    shuffled = shuffler.sample(texts, len(texts))
    assert sorted(shuffled, key=thai.sort_key) == sorted(texts, key=thai.sort_key)


@pytest.mark.parametrize("text", ["²", "፩", "٣", "9" * 5000, "\ud800", "ข้อ 007"])
def test_odd_digits_have_a_place_too(text: str) -> None:
    assert sorted([text, "ก"], key=thai.sort_key) == sorted(["ก", text], key=thai.sort_key)
