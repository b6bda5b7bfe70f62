"""How things are written: each check finds what it is named for, where it is, and nothing in sound writing."""

from __future__ import annotations

import datetime
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lakthan import diagnostics, load, messages, writing
from lakthan.diagnostics import Diagnostic
from lakthan.model import Place
from lakthan.writing import Passage

ROOT = Path(__file__).parent.parent
HERE = Place("content/a/r/1.md", 7)

AM, NIKHAHIT, AA = "\u0e33", "\u0e4d", "\u0e32"
EK, THO, SARA_I, II, UU, KARAN = "\u0e48", "\u0e49", "\u0e34", "\u0e35", "\u0e39", "\u0e4c"


def _texts(text: str, field: str = "", *, sample: bool = False) -> list[str]:
    """What the checks of texts say to a passage: `code column`, or just the code of a field."""
    passage = Passage(text, HERE, field, column=0 if field else 1, sample=sample)
    found = [one for check in writing.TEXT_CHECKS for one in check(passage)]
    for one in found:
        _has_words(one)
        assert (one.place.file, one.place.line) == (HERE.file, HERE.line)
    return [one.code if field else f"{one.code} {one.place.column}" for one in found]


def _has_words(one: Diagnostic) -> None:
    assert all(one.message(language) and one.help(language) for language in messages.LANGUAGES)


# Texts -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # put there for later
        ("รอใส่ลิงก์", ["placeholder-text 1"]),
        ("ดูรายงาน (รอลิงก์)", ["placeholder-text 11"]),
        ("รอ link", ["placeholder-text 1"]),
        ("กรุณาใส่ลิงก์ที่นี่", ["placeholder-text 1"]),
        ("ใส่ลิงก์", ["placeholder-text 1"]),
        ("ภาพกิจกรรม: รอแนบไฟล์", ["placeholder-text 13"]),
        ("เลขที่ อก TODO", ["placeholder-text 11"]),
        ("Lorem ipsum dolor", ["placeholder-text 1"]),
        ("จำนวน xxx คน", ["placeholder-text 7"]),
        ("ที่ XXXX/2569", ["placeholder-text 5"]),
        ("insert link here", ["placeholder-text 1"]),
        # … and what only looks like it
        ("ลดระยะเวลารอเอกสารได้ร้อยละ 30", []),
        ("ประชาชนไม่ต้องรอข้อมูลนาน", []),
        ("แบบสอบถามใส่ลิงก์ไว้ในหนังสือเวียน", []),
        ("ดูที่ todo.example-office.go.th ไม่ได้", []),
        ("โทร 081-xxx-xxxx", []),
        ("เลขประจำตัว 1-xxxx-xxxxx-xx-x", []),
        ("https://ict.dip.go.th/xxx/1", []),
        ("ปี พ.ศ. 25xx", []),
        ("| --- | --- |", []),
        ("-", []),
        # links that lead nowhere
        ("ดู[รายงาน](#)", ["placeholder-link 12"]),
        ("ดู[รายงาน](/ 'x') และ [แผน]()", ["placeholder-link 12", "placeholder-link 29"]),
        ("[แผน](<https://>)", ["placeholder-link 8"]),
        ("[1]: #", ["placeholder-link 6"]),
        ('<a href="#">แผน</a>', ["placeholder-link 10"]),
        ("[แผน](#part-2) [แผน](/plans/) [แผน](2.md)", []),
        ("[^1]: หมายเหตุ", []),
        ("[^1]:", []),
        ("# หัวข้อ", []),
        # addresses for examples
        ("https://www.example.com/a", ["example-address 1"]),
        ("ดู https://example.go.th", ["example-address 4"]),
        ("<http://localhost:8000/x>", ["example-address 2"]),
        ("http://127.0.0.1/ http://[::1]/", ["example-address 1"]),
        ("https://office.test/a", ["example-address 1"]),
        ("https://www.xxx.go.th/", ["example-address 1"]),
        ("https://your-site.com.", ["example-address 1"]),
        ("https://ict.dip.go.th/example/ https://examples.go.th https://8.8.8.8/", []),
        # shared services
        ("https://drive.google.com/", ["share-stub 1"]),
        ("https://drive.google.com/drive/u/0/my-drive", ["share-stub 1"]),
        ("https://drive.google.com/drive/folders/", ["share-stub 1"]),
        ("https://drive.google.com/file/d/xxxx/view", ["share-stub 1"]),
        ("https://drive.google.com/open?id=", ["share-stub 1"]),
        ("(https://www.facebook.com/)", ["share-stub 2"]),
        ("ดู https://www.facebook.com/.", ["share-stub 4"]),
        ("https://m.youtube.com", ["share-stub 1"]),
        ("https://bit.ly/", ["share-stub 1"]),
        ("https://www.dropbox.com/home", ["share-stub 1"]),
        ("https://drive.google.com/file/d/1AbCdEfGhIjKlMnOpQrStUvWxYz0123456/view?usp=sharing", []),
        ("https://drive.google.com/open?id=1AbCdEfGhIjKlMnOpQrStUvWxYz0123456", []),
        ("https://docs.google.com/forms/d/e/1FAIpQLSdAbCdEfGhIjKlMnOpQrSt/viewform", []),
        ("https://www.facebook.com/dip.ict https://youtu.be/abc https://bit.ly/3x https://x.com/dip", []),
        ("https://www.dropbox.com/scl/fi/abc/plan.pdf https://lin.ee/a1b2", []),
        # Thai
        (f"การท{NIKHAHIT}{AA}งาน", ["sara-am-decomposed 5"]),
        (f"น{NIKHAHIT}{THO}{AA}", ["sara-am-decomposed 2"]),
        (f"น{THO}{NIKHAHIT}{AA}", ["sara-am-decomposed 3"]),
        (f"ที{EK}{EK}ประชุม", ["mark-repeated 3"]),
        (f"ที{EK}{THO}", ["mark-repeated 3"]),
        (f"ด{II}{II}", ["mark-repeated 2"]),
        (f"ด{II}{EK}{II}", ["mark-repeated 2", "mark-misplaced 3"]),
        (f"ด{SARA_I}{UU}", ["mark-repeated 2"]),
        ("กุู", ["mark-repeated 2"]),
        (f"สิทธิ{KARAN}{KARAN}", ["mark-repeated 6"]),
        ("มาาก", ["mark-repeated 2"]),
        ("โโครงการ", ["mark-repeated 1"]),
        (f"ท{EK}{II}", ["mark-misplaced 2"]),
        (f"พันธ{KARAN}\u0e38", ["mark-misplaced 5"]),
        (f"ว{AA}{EK}ด้วย", ["mark-misplaced 3"]),
        (f"น{AM}{THO}", ["mark-misplaced 3"]),
        (f"{EK}ที่", ["mark-misplaced 1"]),
        (f"a{II}", ["mark-misplaced 2"]),
        ("เเผน", ["sara-e-doubled 1"]),
        ("น้ำ ก็ สิทธิ์ พันธุ์ เสน่ห์ ธาตุํ สุคตึ พุทฺธํ สวัสดิ์ ฤๅ เก๊าะ เปี๊ยะ ว่าง เท่า ๆ กัน", []),
        (f"วรรณยุกต์ -{EK} และ \u25cc{THO}", []),
        # what nobody sees
        ("ราย\u200bงาน", ["zero-width-character 4"]),
        ("ราย\u00adงาน\ufeff", ["zero-width-character 4"]),
        ("ก\u200dข", ["zero-width-character 2"]),
        ("👩\u200d👩\u200d👧 👩🏽\u200d💻 ❤\ufe0f\u200d🔥", []),
        ("a\u202eb", ["bidi-character 2"]),
        ("a\u2066b", ["bidi-character 2"]),
        ("ab\x00", ["control-character 3"]),
        ("a\x1b[31m", ["control-character 2"]),
        ("a\u2028b", ["control-character 2"]),
        ("a\tb", []),
    ],
)  # fmt: skip
def test_a_line_of_a_body(text: str, expected: Sequence[str]) -> None:
    assert _texts(text) == list(expected)


@pytest.mark.parametrize(
    ("field", "text", "expected"),
    [
        ("reference", "-", ["placeholder-text"]),
        ("reference", " – ", ["placeholder-text"]),
        ("reference", "#", ["placeholder-text"]),
        ("title", "...", ["placeholder-text"]),
        ("name", "/", ["placeholder-text"]),
        ("reference", "รอเลขที่", ["placeholder-text"]),
        ("note", "-", []),
        ("reference", "อก ๐๔๑๐/๕๕๘", []),
        ("url", "https://www.example.go.th/", ["example-address"]),
        ("url", "https://www.facebook.com/", ["share-stub"]),
        ("website", "https://www.oae.go.th/", []),
        ("title", "เเผน", ["sara-e-doubled"]),
        ("title", "[x](#)", []),
    ],
)
def test_a_field(field: str, text: str, expected: Sequence[str]) -> None:
    assert _texts(text, field) == list(expected)


def test_a_demonstration_may_use_addresses_for_examples() -> None:
    assert _texts("https://www.example.go.th/", "url", sample=True) == []
    assert _texts("https://www.facebook.com/", "url", sample=True) == ["share-stub"]


def test_help_shows_the_right_spelling() -> None:
    (one,) = writing.sara_am_decomposed(Passage(f"รายงานการท{NIKHAHIT}{AA}งาน", HERE, "title"))
    assert "การทำงาน" in one.help("th")
    assert "การทำงาน" not in one.message("th")


def test_long_texts_are_shown_in_part() -> None:
    (one,) = writing.placeholder_text(Passage("x" * 10_000, HERE, column=1))
    assert len(one.message("th")) < 200


MARKS = "\u0e31\u0e34\u0e35\u0e38\u0e39\u0e47\u0e48\u0e49\u0e4a\u0e4b\u0e4c\u0e4d\u0e30\u0e32\u0e33เแโใไ"
THAI = st.text(st.sampled_from("กนวทผ " + MARKS), max_size=12)


@pytest.mark.parametrize(
    ("written", "right"),
    [
        (f"น{NIKHAHIT}{THO}{AA}", "น้ำ"),
        (f"น{THO}{NIKHAHIT}{AA}", "น้ำ"),
        (f"น{AM}{THO}", "น้ำ"),
        (f"ว{AA}{EK}", "ว่า"),
        (f"ท{EK}{II}", "ที่"),
        (f"ท{II}{EK}{EK}", "ที่"),
        (f"ท{II}{EK}{II}", "ที่"),
        ("เเผน", "แผน"),
        (f"พันธ{KARAN}\u0e38", "พันธุ์"),
        ("Cafe\u0301", "Café"),
    ],
)
def test_mended(written: str, right: str) -> None:
    assert writing.mended(written) == right == writing.mended(right)


@given(st.one_of(THAI, st.text()))
@example(f"{NIKHAHIT}{EK}{EK}{AA}{EK}")
def test_what_is_mended_stays_so(text: str) -> None:
    mended = writing.mended(text)
    assert not re.search(f"{NIKHAHIT}{AA}|เเ|([{MARKS}])\\1", mended)
    assert writing.mended(mended) == mended


@given(st.one_of(THAI, st.text(st.characters(exclude_categories=()))), st.sampled_from(["", "title", "url"]))
def test_no_text_is_too_much(text: str, field: str) -> None:
    for found in _texts(text, field):
        if not field:
            assert 1 <= int(found.split()[1]) <= len(text) + 1


@given(
    st.lists(st.sampled_from(["[", "](", "](https:", "https://", "x ", "รอ ", "href=", "\u0e4d", "\u0e48", "/", "a."]))
)
def test_pieces_of_patterns_are_harmless(pieces: list[str]) -> None:
    _texts("".join(pieces))


@pytest.mark.parametrize(
    "piece", ["[", "](", "](https:", "https://a.", "https://drive.google.com/a/", "x", "รอ", "href=", NIKHAHIT, EK, " "]
)
def test_no_text_takes_long(piece: str) -> None:
    """Ten times the text, about ten times the time: what is quadratic would take minutes here."""
    _texts(piece * (200_000 // len(piece)))
    _texts(piece * (200_000 // len(piece)), "title")


def test_the_catalogue_is_written_well() -> None:
    """A large text of sound Thai, in which nothing is found."""
    spelling = (writing.sara_am_decomposed, writing.mark_repeated, writing.mark_misplaced, writing.sara_e_doubled)
    for text in messages.catalogue("th").values():
        for form in [text] if isinstance(text, str) else text.values():
            prose = "\n".join(line for line in form.splitlines() if not line.startswith("    "))
            assert [one.args for check in spelling for one in check(Passage(prose, HERE, "x"))] == []


# Projects ----------------------------------------------------------------------------------------------------------

RUBRIC = """\
lakthan: 1
id: r
title: Sample
short: Sample
year: 2569
document: {title: Sample, issuer: Office}
kinds: {report: {title: Report}}
facts: {staff: {title: Staff}}
levels: [{id: good, title: Good, total_at_least: 1}]
indicators:
- {id: "1", title: One, points: 1, when: [{has: report}]}
- {id: "2", title: Two, points: 1, when: [{has: report}]}
"""
UNIT = "name: Office\n"
REPORT = "{kind: report, title: Report, date: 1 ม.ค. 2569, file: files/a.pdf}"
BOARD = "{kind: board, name: Hall, scope: internal}"
QUOTES = "''"


def _load(root: Path, files: Mapping[str, str]) -> load.Loaded:
    content = {"rubrics/r.yml": RUBRIC, "content/a/unit.yml": UNIT, **files}
    for name, text in content.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return load.load(root)


def _present(loaded: load.Loaded, root: Path) -> dict[str, tuple[str, ...]]:
    found = {}
    for portfolio in loaded.project.portfolios:
        folder = root / portfolio.folder
        files = (path for path in (folder / "files").rglob("*") if path.is_file())
        found[portfolio.id] = tuple(sorted(path.relative_to(folder).as_posix() for path in files))
    return found


def _found(root: Path, files: Mapping[str, str]) -> list[str]:
    loaded = _load(root, files)
    assert [one for one in loaded.problems if one.severity == "error"] == []
    found = diagnostics.sort(writing.check(loaded.project, _present(loaded, root)))
    for one in found:
        _has_words(one)
    return [f"{one.severity} {one.code} {one.place}" for one in found]


def _answer(front: str, body: str = "") -> str:
    return f"---\n{front}---\n{body}"


ONE = "content/a/r/1.md"
HEAD = "content/a/r/portfolio.md"
FILE = "content/a/r/files/a.pdf"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, []),
        ({ONE: _answer(f"self_score: 1\nevidence:\n- {REPORT}\n"), FILE: "x"}, []),
        # channels
        (
            {ONE: _answer(f"channels:\n- {BOARD}\n- {BOARD.lower()}\n")},
            [f"warning channel-twice {ONE}:4"],
        ),
        (
            {
                ONE: _answer(
                    "channels:\n"
                    "- {kind: website, name: A, scope: external, url: 'https://www.dip.go.th/a'}\n"
                    "- {kind: website, name: B, scope: external, url: 'https://dip.go.th/b'}\n"
                    "- {kind: website, name: C, scope: external, url: 'https://www.dip.go.th/a'}\n"
                    "- {kind: facebook, name: C, scope: external, url: 'https://www.facebook.com/dip'}\n"
                )
            },
            [f"note channel-of-same-site {ONE}:4", f"warning channel-twice {ONE}:5"],
        ),
        # … a channel without a name is another mistake
        ({ONE: _answer(f"channels:\n- {BOARD.replace('Hall', QUOTES)}\n- {BOARD.replace('Hall', QUOTES)}\n")}, []),
        # … but not across files: each list is counted by itself
        (
            {
                ONE: _answer(f"channels:\n- {BOARD}\n"),
                HEAD: _answer(f"channels:\n- {BOARD}\n"),
            },
            [],
        ),
        # attachments
        (
            {ONE: _answer(f"evidence:\n- {REPORT}\n"), FILE: "x", "content/a/r/files/old/b.pdf": "x"},
            ["warning attachment-unreferenced content/a/r/files/old/b.pdf:1"],
        ),
        # dates
        (
            {ONE: _answer(f"evidence:\n- {REPORT.replace('2569', '2659')}\n"), FILE: "x"},
            [f"warning date-implausible {ONE}:3"],
        ),
        (
            {ONE: _answer(f"evidence:\n- {REPORT.replace('2569', '2499')}\n"), FILE: "x"},
            [f"warning date-implausible {ONE}:3"],
        ),
        ({ONE: _answer(f"evidence:\n- {REPORT.replace('2569', '2500')}\n"), FILE: "x"}, []),
        ({ONE: _answer(f"evidence:\n- {REPORT.replace('2569', '2579')}\n"), FILE: "x"}, []),
        ({HEAD: _answer("reporter: R\nsigned: 1 ม.ค. 2580\n")}, [f"warning date-implausible {HEAD}:3"]),
        # scores
        ({ONE: _answer("status: draft\nself_score: 1\n")}, [f"warning self-score-without-evidence {ONE}:3"]),
        ({ONE: _answer("self_score: 0\n")}, []),
        ({ONE: _answer("self_score: 1\nstaff: 3\n")}, []),
        ({ONE: _answer("self_score: 1\n"), HEAD: _answer("staff: 3\n")}, []),
        (
            {
                ONE: _answer("self_score: 1\n"),
                "content/a/r/2.md": _answer("self_score: 1\n"),
                HEAD: _answer(f"evidence:\n- {REPORT[:-1]}, indicators: [\"2\"]}}\n"),
                FILE: "x",
            },
            [f"warning self-score-without-evidence {ONE}:2"],
        ),
        ({HEAD: _answer("signed: 1 ม.ค. 2569\nself_level: good\n")}, [f"warning self-level-without-evidence {HEAD}:3"]),
        ({HEAD: _answer("self_level: good\n"), ONE: _answer(f"evidence:\n- {REPORT}\n"), FILE: "x"}, []),
        # ready
        ({ONE: _answer("status: ready\n", " \n")}, [f"warning ready-with-nothing {ONE}:2"]),
        ({ONE: _answer("status: ready\n", "เล่า\n")}, []),
        ({ONE: _answer("status: ready\nnot_applicable: ไม่มีภารกิจนี้\n")}, []),
        ({ONE: _answer("status: ready\nevidence:\n" + f"- {REPORT}\n"), FILE: "x"}, []),
        ({ONE: _answer("status: draft\n")}, []),
        ({ONE: _answer("")}, []),
        # texts, wherever they stand
        ({ONE: _answer("responsible: TODO\n")}, [f"warning placeholder-text {ONE}:2"]),
        ({HEAD: _answer("executive: เเก\n")}, [f"warning sara-e-doubled {HEAD}:2"]),
        (
            {ONE: _answer("evidence:\n- kind: report\n  title: Report\n  reference: '-'\n")},
            [f"warning placeholder-text {ONE}:3"],
        ),
        (
            {"content/a/unit.yml": "name: Office\nwebsite: https://www.example.go.th/\n"},
            ["warning example-address content/a/unit.yml:1"],
        ),
        ({"content/a/unit.yml": "name: Office\nwebsite: https://www.example.go.th/\ndemonstration: true\n"}, []),
        (
            {"content/site.yml": "title: T\ndescription: D\npublisher: TODO\naddress: http://localhost/\n"},
            ["warning example-address content/site.yml:1", "warning placeholder-text content/site.yml:1"],
        ),
    ],
)  # fmt: skip
def test_a_project(tmp_path: Path, files: Mapping[str, str], expected: Sequence[str]) -> None:
    assert _found(tmp_path, files) == list(expected)


def test_a_reference_to_a_file_of_another_spelling(tmp_path: Path) -> None:
    """Where the system of files takes two names for one, the loader finds the file and nobody else does."""
    loaded = _load(tmp_path, {ONE: _answer(f"evidence:\n- {REPORT}\n"), FILE: "x"})
    found = list(writing.check(loaded.project, {"a/r": ("files/A.PDF",)}))
    assert [(one.code, one.place, one.args["other"]) for one in found] == [
        ("attachment-spelt-otherwise", Place(ONE, 3, 3), "files/A.PDF")
    ]


@pytest.mark.parametrize(
    ("first", "second", "alike"),
    [
        ("files/report.pdf", "files/Report.PDF", True),
        (f"files/ท{AM}.pdf", f"files/ท{NIKHAHIT}{AA}.pdf", True),
        (f"files/น{THO}{AM}.pdf", f"files/น{NIKHAHIT}{THO}{AA}.pdf", True),
        (f"files/ที{EK}.pdf", f"files/ที{EK}{EK}.pdf", True),
        ("files/Caf\u00e9.pdf", "files/Cafe\u0301.pdf", True),
        ("files/a.pdf", "files/a\u200b.pdf", True),
        ("files/a.pdf", "files/b.pdf", False),
        ("files/๑.pdf", "files/1.pdf", False),
        ("files/ป่า.pdf", "files/ป้า.pdf", False),
    ],
)
def test_names_alike(tmp_path: Path, first: str, second: str, alike: bool) -> None:
    loaded = _load(tmp_path, {ONE: _answer("")})
    submission = writing.Submission(loaded.project.portfolios[0], (first, second))
    assert len(list(writing.attachments_alike(submission))) == alike


def test_units_and_rubrics_alike(tmp_path: Path) -> None:
    """In memory: where it matters, there is no disk that could hold both."""
    project = _load(tmp_path, {}).project
    units = {"a": project.units["a"], "A": replace(project.units["a"], place=Place("content/A/unit.yml"))}
    rubrics = {"r": project.rubrics["r"], "R": project.rubrics["r"], "s": project.rubrics["r"]}
    found = list(writing.check(replace(project, units=units, rubrics=rubrics), {}))
    assert [(str(one.place), one.args["other"]) for one in found] == [
        ("content/a/unit.yml:1", "A"),
        ("rubrics/r.yml:2", "R"),
    ]


def test_places_in_bodies(tmp_path: Path) -> None:
    loaded = _load(tmp_path, {ONE: _answer("self_score: 0\n", "ดี\nดู [แผน](#)\n\ta\x00\n")})
    found = diagnostics.sort(writing.check(loaded.project, {}))
    assert [(one.code, one.place) for one in found] == [
        ("placeholder-link", Place(ONE, 5, 10)),
        ("control-character", Place(ONE, 6, 3)),
    ]


def test_the_future_is_what_comes_after_today(tmp_path: Path) -> None:
    files = {
        ONE: _answer(
            "evidence:\n- {kind: report, title: R, date: 2 ม.ค. 2569, reference: '1'}\n"
            "- {kind: report, title: S, reference: '1'}\n"
            "channels:\n- {kind: board, name: Hall, scope: internal, date: 3 ม.ค. 2569}\n"
        ),
        HEAD: _answer("signed: 2 ม.ค. 2569\n"),
    }
    (portfolio,) = _load(tmp_path, files).project.portfolios

    def on(day: int) -> list[str]:
        found = writing.dated_in_future(portfolio, datetime.date(2026, 1, day))
        return [f"{one.code} {one.place}" for one in found]

    assert on(1) == [f"dated-in-future {ONE}:3", f"dated-in-future {ONE}:6", f"signed-in-future {HEAD}:2"]
    assert on(2) == [f"dated-in-future {ONE}:6"]
    assert on(3) == []


def test_the_sample_is_written_well() -> None:
    loaded = load.load(ROOT)
    found = diagnostics.sort(writing.check(loaded.project, _present(loaded, ROOT)))
    assert [(one.code, str(one.place)) for one in found] == []


def test_every_check_is_listed() -> None:
    """A check that nobody calls finds nothing."""
    found = {name for name, check in vars(writing).items() if getattr(check, "__module__", "") == writing.__name__}
    listed = {check.__name__ for check in (*writing.TEXT_CHECKS, *writing.WRITING_CHECKS)}
    others = {
        "check",
        "check_site",
        "check_unit",
        "check_portfolio",
        "names_alike",
        "dated_in_future",
        "unit_passages",
        "site_passages",
        "mended",
    }
    assert {name for name in found if name[0] != "_" and name.islower()} == listed | others


# What is looked for first ----------------------------------------------------------------------------------------

PIECES = (
    *"\u0e31\u0e34\u0e35\u0e38\u0e39\u0e3a\u0e47\u0e48\u0e49\u0e4b\u0e4c\u0e4d\u0e4e\u0e30\u0e32\u0e33",
    *"เแโไกนยฯๆ๑◌-. \n😀\ud800",
    *("รอ", "ใส่", "กรุณา", "ลิงก์", "เอกสาร", "ที่นี่", "link", "LINK", " here", "Add ", "lorem ", "IPSUM", "TODO"),
    *("FIXME", "a", "x", "X", "xx", "](", "]:", "href=", "HREF = ", "https://", "HTTP://"),
    *("https://example.", "https://127.0.0.1", "HTTPS://www.Bit.ly", "https://a@drive.google.com/x", ".test", "/"),
    *("\u200b", "\u202e", "\x07", "\x85", "\xad"),
)


def test_no_text_is_passed_over_that_a_check_would_object_to() -> None:
    luck = random.Random(7)
    found = 0
    for _ in range(20_000):
        text = "".join(luck.choices(PIECES, k=luck.randint(1, 6)))
        asked = writing._may_find(text, sample=False)
        for line in text.split("\n"):
            passage = Passage(line, HERE, column=1)
            for check in writing.TEXT_CHECKS:
                if any(check(passage)):
                    found += 1
                    assert check in asked, (ascii(text), check.__name__)
                    assert writing._SIGNS[check](line), (ascii(line), check.__name__)
    assert found > 5_000
