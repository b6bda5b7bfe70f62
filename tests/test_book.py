"""The book of a portfolio: everything a unit wrote, as one PDF."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import page
import pikepdf
import pymupdf
import pytest
from PIL import Image

from lakthan import book, build
from tests.conftest import Sandbox

ACCOUNT = """\
# หัวข้อใหญ่

##### หัวข้อที่ข้ามขั้น

ย่อหน้าที่มี **ตัวหนา** *ตัวเอน* และ [ลิงก์](https://example.go.th/2569) กับ [อันตราย](javascript:alert(1)) #panic("x") $x$

- ข้อแรก
    - ข้อย่อย
- ข้อสอง

1. ลำดับหนึ่ง
2. ลำดับสอง

| เดือน | จำนวน |
|---|---:|
| มกราคม | ๑๒ |
| กุมภาพันธ์ | |

> คำกล่าว

![ภาพกิจกรรม](files/photo.png)
![จากที่อื่น](https://example.com/x.png)

```
a = [b]
```

<script>alert(1)</script>
"""


EVIDENCE = """\
evidence:
- {kind: report, title: ภาพของรายงาน, date: 1 ต.ค. 2569, file: files/photo.png}
"""


@pytest.fixture
def written(small: Sandbox, tmp_path: Path) -> tuple[Sandbox, bytes]:
    """A portfolio whose account uses all of Markdown, and its book."""
    small.write("content/unit-a/mean-2570/2.md", f"---\nself_score: 7\n{EVIDENCE}---\n{ACCOUNT}")
    picture = io.BytesIO()
    Image.new("RGB", (320, 200), "navy").save(picture, "PNG")
    photo = small.path("content/unit-a/mean-2570/files/photo.png")
    photo.parent.mkdir(parents=True)
    photo.write_bytes(picture.getvalue())
    name = tmp_path / "book.pdf"
    small.run("book", "unit-a", "mean-2570", "-o", str(name))
    return small, name.read_bytes()


def _text(content: bytes) -> str:
    with pymupdf.open(stream=content) as opened:  # type: ignore[no-untyped-call]
        return re.sub(r"\s+", "", "".join(sheet.get_text() for sheet in opened))


def test_the_account_is_there_and_harmless(written: tuple[Sandbox, bytes]) -> None:
    text = _text(written[1])
    for shown in 'หัวข้อใหญ่ ตัวหนา ข้อย่อย ๒.ลำดับสอง กุมภาพันธ์ คำกล่าว ภาพกิจกรรม a=[b] #panic("x")$x$'.split():
        assert shown in text
    assert "จากที่อื่น" not in text
    assert "alert" not in text
    with pymupdf.open(stream=written[1]) as opened:  # type: ignore[no-untyped-call]
        assert {link["uri"] for sheet in opened for link in sheet.get_links() if "uri" in link} == {
            "https://example.go.th/2569"
        }


def test_the_book_has_contents_bookmarks_and_pictures(written: tuple[Sandbox, bytes]) -> None:
    with pymupdf.open(stream=written[1]) as opened:  # type: ignore[no-untyped-call]
        bookmarks = [title for _, title, _ in opened.get_toc()]
        contents = re.sub(r"\s+", "", opened[1].get_text())
    assert "๑. แผน" in bookmarks
    assert "๑.แผน" in contents
    with pikepdf.open(io.BytesIO(written[1])) as opened:
        figures: list[Any] = [
            o for o in opened.objects if isinstance(o, pikepdf.Dictionary) and o.get("/S") == "/Figure"
        ]
        assert "ภาพกิจกรรม" in {str(figure.Alt) for figure in figures}


@pytest.mark.parametrize("profile", ["2a", "ua1"])
def test_the_book_keeps_both_standards(written: tuple[Sandbox, bytes], profile: str) -> None:
    report = page.validate_pdf_bytes(written[1], profile=profile)
    assert [(failure.rule_id, failure.message) for failure in report.failures] == []


def test_the_book_is_the_same_whenever_it_is_made(written: tuple[Sandbox, bytes], tmp_path: Path) -> None:
    sandbox, first = written
    sandbox.run("book", "unit-a", "mean-2570", "-o", str(tmp_path / "again.pdf"))
    assert (tmp_path / "again.pdf").read_bytes() == first


def test_lists_in_lists_in_lists_are_no_trouble(small: Sandbox) -> None:
    body = "\n".join("    " * depth + "- ข้อ" for depth in range(60))
    small.write("content/unit-a/mean-2570/2.md", f"---\nself_score: 7\n---\n{body}\n")
    examined = build.examine(small.root)
    made = book.make(small.root, examined.project, examined.assessments[0], build.templates(small.root))
    assert _text(made).count("ข้อ") >= 60
