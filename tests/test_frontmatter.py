"""Changes to front matter: what is meant is there afterwards, and nothing that a person wrote is lost."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from lakthan import strictyaml
from lakthan.frontmatter import Document, Unchangeable

BEFORE = """\
---
# หมายเหตุถึงผู้ที่มาแก้ต่อ
signed: ๓๓ # นับจากใบลงนาม
self_score:   # ยังไม่ประเมิน
"strange key": 'left alone'
evidence:
# ประกาศ
- kind: declaration # ฉบับแรก
  title: 'ประกาศ: เจตนารมณ์'

  # ยังไม่มีวันที่
  date:
- {kind: plan, title: แผน} # ตามแบบเดิม
channels: [] # ยังไม่มี
# ท้ายสุด
---
เรื่องเล่าของหน่วยงาน

---
ยังเป็นเรื่องเล่า
"""
AFTER = """\
---
# หมายเหตุถึงผู้ที่มาแก้ต่อ
signed: 34 # นับจากใบลงนาม
self_score: 3   # ยังไม่ประเมิน
"strange key": 'left alone'
evidence:
# ประกาศ
- kind: declaration # ฉบับแรก
  title: 'ประกาศ: เจตนารมณ์'

  # ยังไม่มีวันที่
  date: 2026-01-15
  url: "https://example.go.th/#1"
- {kind: plan, title: แผน, covers: [2026-01, 2026-02]} # ตามแบบเดิม
- {kind: report, title: "รายงาน #2"}
channels: # ยังไม่มี
- kind: website
  name: เว็บไซต์
responsible: ฝ่ายบริหารทั่วไป
# ท้ายสุด
---
เรื่องเล่าของหน่วยงาน

---
ยังเป็นเรื่องเล่า
"""


def test_only_what_is_meant_changes() -> None:
    document = Document(BEFORE)
    document.put(("signed",), 34)
    document.put(("self_score",), 3)
    document.put(("evidence", 0, "date"), "2026-01-15")
    document.put(("evidence", 0, "url"), "https://example.go.th/#1")
    document.put(("evidence", 1, "covers"), ["2026-01", "2026-02"])
    document.append("evidence", {"kind": "report", "title": "รายงาน #2"})
    document.append("channels", {"kind": "website", "name": "เว็บไซต์"})
    document.put(("responsible",), "ฝ่ายบริหารทั่วไป")
    assert document.text == AFTER


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_marks_stay(newline: str, mark: str) -> None:
    text = mark + BEFORE.replace("\n", newline)
    document = Document(text)
    assert document.text == text
    document.put(("signed",), 34)
    assert document.text == text.replace("๓๓", "34")


def test_an_empty_front_matter_is_begun() -> None:
    document = Document("---\n---\n")
    document.put(("self_score",), 2)
    document.append("evidence", {"kind": "plan"})
    document.append("evidence", {"kind": "report", "title": "- x"})
    document.fill("เรื่องเล่า")
    assert document.text == (
        '---\nself_score: 2\nevidence:\n- kind: plan\n- kind: report\n  title: "- x"\n---\n\nเรื่องเล่า\n'
    )


def test_an_account_is_never_replaced() -> None:
    document = Document("---\na: 1\n---\nของเดิม\n")
    document.fill("ของใหม่")
    assert document.text.endswith("---\nของเดิม\n")


@pytest.mark.parametrize("front", ["evidence: text", "evidence: {a: 1}", "{a: 1}"])
def test_what_cannot_be_done_safely_is_refused(front: str) -> None:
    document = Document(f"---\n{front}\n---\n")
    with pytest.raises(Unchangeable):
        document.append("evidence", {"kind": "plan"})
    assert document.text == f"---\n{front}\n---\n"


def test_no_comment_is_lost_with_the_list_that_it_stands_in() -> None:
    document = Document("---\ncovers:\n- a # why\n- b\n---\n")
    with pytest.raises(Unchangeable):
        document.put(("covers",), ["c"])


# Any front matter that the strict reader takes -------------------------------------------------------------------

KEYS = st.sampled_from(["title", "date", "signed", "คีย์", "a b", "x"])
TEXTS = st.text(st.sampled_from("กขแ่ำ๓a1 #:,-'\"{}[]|>%@&*!?\n\\"), max_size=8)
PLAIN = TEXTS | st.integers(0, 9999) | st.booleans()
VALUES = PLAIN | st.lists(TEXTS, max_size=3)
ENTRIES = st.dictionaries(KEYS, PLAIN | st.none(), min_size=1, max_size=3)


@st.composite
def documents(draw: st.DrawFn) -> str:
    """Front matter in every style of YAML that people and programs write, with comments between its lines."""
    value: dict[str, Any] = draw(st.dictionaries(KEYS, PLAIN | st.none() | st.lists(TEXTS, max_size=2), max_size=3))
    if draw(st.booleans()):
        listed: list[Any] = draw(st.lists(ENTRIES, max_size=3))
        value["evidence"] = listed or draw(st.sampled_from([None, []]))
    text = yaml.safe_dump(
        value,
        allow_unicode=True,
        sort_keys=False,
        default_flow_style=draw(st.sampled_from([None, False])),
        width=draw(st.sampled_from([20, 1000])),
        indent=draw(st.sampled_from([2, 4])),
    )
    if draw(st.booleans()) and value:
        text = re.sub("^(?=[^ \n])", "# ข้อสังเกต\n", text, count=1)
    text += draw(st.sampled_from(["", "# ท้าย\n", "\n"]))
    return f"---\n{text if value else ''}---\nเรื่องเล่า\n"


@given(documents(), st.lists(st.tuples(KEYS, VALUES), max_size=2), st.lists(ENTRIES, max_size=2))
def test_changes_come_out_as_meant(text: str, puts: list[tuple[str, Any]], entries: list[dict[str, Any]]) -> None:
    try:
        document = Document(text)
    except (strictyaml.YamlProblem, Unchangeable):
        return
    wanted = dict(document.value)
    for key, value in puts:
        try:
            document.put((key,), value)
        except Unchangeable:
            continue
        wanted[key] = value
    for entry in entries:
        filled = {key: value for key, value in entry.items() if value is not None}
        if not filled:
            continue
        try:
            document.append("evidence", filled)
        except Unchangeable:
            continue
        wanted["evidence"] = [*(wanted.get("evidence") or []), filled]
    again = strictyaml.split_front_matter(document.text)
    assert (strictyaml.load(again.front).value or {}) == wanted
    assert again.body == "เรื่องเล่า\n"
    assert document.text.count("# ข้อสังเกต\n") >= text.count("# ข้อสังเกต\n")
    assert list(again.front.splitlines()).count("# ท้าย") >= text.splitlines().count("# ท้าย")


@given(st.lists(st.tuples(KEYS, PLAIN), min_size=1, max_size=3))
def test_plain_files_can_always_be_changed(puts: list[tuple[str, Any]]) -> None:
    document = Document("---\nself_score: # ๐-๓\nevidence: []\n---\n")
    for key, value in puts:
        document.put((key,), value)
    document.append("evidence", dict(puts))
    assert document.value["evidence"] == [dict(puts)]
