"""The search: what a page says, how words are compared, and what is found in a browser."""

from __future__ import annotations

import dataclasses
import json
import random
import re
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis.strategies import text

from lakthan import cache, search
from lakthan.search import Entry, Passage, Waiting
from tests.conftest import Json, Sandbox

# How text is compared --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        ("น้ำ", "น\u0e4d\u0e49า"),  # SARA AM apart, and its mark before the tone
        ("น้ำ", "น\u0e49\u0e4dา"),
        ("ประ\u200bเมิน", "ประเมิน"),  # a zero-width space
        ("เ\u0e40กณฑ์", "แกณฑ์"),  # SARA E twice for SARA AE
        ("ที่\u0e48", "ที่"),  # a mark twice
        ("๓", "3"),
        ("อก ๐๔๑๐/๕๕๘", "อก0410/558"),
        ("ต่าง ๆ", "ต่างๆ"),
        ("ม.ค.", "มค"),
        ("Lakthan", "LAKTHAN"),
        ("ＩＳＯ", "iso"),
        ("Café", "cafe\u0301"),
    ],
)
def test_what_looks_alike_is_alike(written: str, typed: str) -> None:
    assert search.normal(written).strip() == search.normal(typed).strip()


@pytest.mark.parametrize(("one", "other"), [("ข่าว", "ขาว"), ("13", "3"), ("เกณฑ์", "เกณฑ"), ("12 3", "123")])
def test_what_means_something_else_is_not(one: str, other: str) -> None:
    assert search.normal(one) != search.normal(other)


@pytest.mark.parametrize(
    "text",
    [
        "22 ม.ค. 2569",
        "๒๒ มกราคม ๒๕๖๙",
        "2026-01-22",
        "22/1/2569",
        "๒๒/๑/๖๙",
        "22 มกราคม พ.ศ. 2569",
        "22 เดือน มกราคม 2569",
        "22 January 2026",
        "22 Jan 2026",
        "January 22, 2026",
        "ลว. ๒๒ ม.ค. ๖๙",
    ],
)
def test_a_day_is_the_same_however_it_is_written(text: str) -> None:
    assert search.dates(text) == {"@202601", "@20260122"}


@pytest.mark.parametrize("text", ["99/99/2569", "2569", "ข้อ 1.2.3", "22 มกราคม 1500", "0410/558", "marc 2569"])
def test_what_is_no_date_is_none(text: str) -> None:
    assert search.dates(text) == set()


@given(text("กเแำ่้ ๑7.-Éaσς\u0301\u200b\u00a0\u3000\n–", max_size=24))
def test_pieces_of_a_line_have_what_the_line_has_and_nothing_else(line: str) -> None:
    def runs(texts: Iterable[str]) -> set[str]:
        return {one[at : at + size] for one in texts for size in (2, 3) for at in range(len(one) - size + 1)}

    assert runs(search.pieces(line)) == runs([search.normal(line)])


# What a page says ------------------------------------------------------------------------------------------------


def test_menus_pictures_and_what_is_only_said_aloud_are_left_out() -> None:
    page = (
        "<nav><ol><li>here</li></ol></nav>\n# Title { #top }\n"
        '<p><svg><title>drawn</title></svg><span class="lk-hidden">aloud</span>seen<small>/3</small></p>\n'
        '<form><select><option>choice</option></select></form><table><caption id="c" class="lk-hidden">aloud</caption>'
        "<tr><td>one</td><td>two</td></tr></table>\n"
    )
    assert search.passages(page) == (Passage("", "", "seen/3\none\ntwo"),)


def test_a_passage_is_where_it_can_be_linked_to() -> None:
    page = (
        "# Title { #top }\n<p>lead</p>\n\n## A &#38; B { #a }\n\n<p>x</p>\n"
        '<article id="evidence-1"><h3 class="y">Order</h3><p title="a > b">no. 5</p></article>\n'
    )
    assert search.passages(page) == (
        Passage("", "", "lead"),
        Passage("a", "A & B", "A & B\nx"),
        Passage("evidence-1", "Order", "Order\nno. 5"),
    )


# The files -------------------------------------------------------------------------------------------------------


class Bytes:
    """A part of the index, read from the description of its format."""

    def __init__(self, content: bytes) -> None:
        self.content, self.place = content, 0

    def more(self) -> bool:
        return self.place < len(self.content)

    def number(self) -> int:
        value = shift = 0
        while True:
            byte = self.content[self.place]
            self.place += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    def take(self) -> bytes:
        size = self.number()
        self.place += size
        return self.content[self.place - size : self.place]


def runs(content: bytes) -> list[int]:
    found: list[int] = []
    left, following = Bytes(content), 0
    while left.more():
        step = left.number()
        length = left.number() + 2 if step % 2 else 1
        following += step // 2
        found += range(following, following + length)
        following += length
    return found


def read(made: Mapping[str, bytes]) -> tuple[Json, dict[str, tuple[list[int], list[int]]], list[list[Any]]]:
    """index.json, the pages of each key (anywhere, in the title), and the texts."""
    index = json.loads(made["i/index.json"])
    keys = {}
    for number in range(index["shards"]):
        part = Bytes(zlib.decompress(made[f"i/g/{number}.bin"]))
        while part.more():
            key = part.take().decode()
            assert search._hash(key) % index["shards"] == number
            keys[key] = (runs(part.take()), runs(part.take()))
    count = -(-index["pages"] // index["per"])
    texts = [one for number in range(count) for one in json.loads(zlib.decompress(made[f"i/t/{number}.bin"]))]
    return index, keys, texts


def entry(number: int, text: str, title: str = "หน้า", kind: str = "indicator") -> Entry:
    return Entry(f"u{number}/r/1/", title, kind, "1", f"u{number}", "r", "หน่วยงาน", (Passage("a", "หัวข้อ", text),))


def waiting(entries: Iterable[Entry]) -> list[Waiting]:
    return [one.waiting() for one in entries]


@pytest.mark.parametrize("pages", [[], [0], [5], [0, 1, 2, 9], list(range(300)), [0, 2, 4, 1000, 1001, 90000]])
def test_lists_of_pages_come_back(pages: list[int]) -> None:
    ends = [end for page in pages for end in (page, page + 1)]
    joined = [end for end in ends if ends.count(end) == 1]  # where one run ends and the next begins, there is one run
    assert runs(search._packed(joined)) == pages


def test_every_part_of_a_text_leads_to_its_pages() -> None:
    entries = [entry(number, f"ลงนามครั้งที่ {number} ร่วมกันทุกคน\nวันที่ 22 ม.ค. 2569" * (number % 3)) for number in range(20)]
    entries.append(entry(20, "", title="ประกาศ"))
    index, keys, texts = read(dict(search.files(waiting(entries), "i", {"words": {}})))
    assert index["pages"] == len(texts) == 21
    order = {text[0]: number for number, text in enumerate(texts)}
    signed = sorted(order[f"u{number}/r/1/"] for number in range(20) if number % 3)
    for key in ("ลง", "ลงน", "งนา", "@20260122", "@202601"):
        assert keys[key][0] == signed, key
        assert keys[key][1] == [], key
    assert keys["กาศ"] == ([order["u20/r/1/"]], [order["u20/r/1/"]])
    assert keys["@u:u7"][0] == [order["u7/r/1/"]]
    assert keys["@k:indicator"][0] == keys["@r:r"][0] == list(range(21))
    assert keys[" 7 "][0] == [order["u7/r/1/"]]  # a number as a whole


def test_pages_that_share_text_are_neighbours() -> None:
    entries = [
        Entry(f"u{u}/r/{n}/", "x", "indicator", str(n), f"u{u}", "r", "", ()) for u in range(3) for n in (1, 2, 10)
    ]
    texts = read(dict(search.files(waiting(entries), "i", {})))[2]
    assert [text[0].split("/")[2] for text in texts] == ["1", "1", "1", "2", "2", "2", "10", "10", "10"]


def test_the_order_of_pages_does_not_matter() -> None:
    entries = [entry(number, f"ข้อความ {number}") for number in range(30)]
    assert dict(search.files(waiting(entries), "i", {})) == dict(search.files(waiting(reversed(entries)), "i", {}))


def test_it_does_not_matter_where_texts_wait_nor_how_many_are_looked_at_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = waiting(entry(number, f"ลงนามครั้งที่ {number % 7}\nร่วมกัน") for number in range(300))
    expected = dict(search.files(known, "i", {}))
    spool = tmp_path / "spool"
    spool.write_bytes(b"".join(page.read() for page in known))
    sizes = [len(page.read()) for page in known]
    stored = [
        page._replace(document=search.Text(spool, sum(sizes[:number]), sizes[number]))
        for number, page in enumerate(known)
    ]
    monkeypatch.setattr(search, "AT_ONCE", 1000)
    assert max(map(len, search._groups(stored))) < 10
    assert dict(search.files(stored, "i", {})) == expected


def test_pages_of_a_name_each_are_looked_at_together_and_one_more_moves_no_others() -> None:
    """A nation's units are thousands of names, of which each alone would cost as much as all that it shares."""
    entries = [dataclasses.replace(entry(number, "ลงนาม"), name=f"u{number:04}") for number in range(400)]

    def groups(some: Iterable[Entry]) -> set[tuple[str, ...]]:
        ordered = sorted(waiting(some), key=lambda page: page.name)
        return {tuple(page.name for page in group) for group in search._groups(ordered)}

    whole, less = groups(entries), groups(entries[:200] + entries[201:])
    assert sorted(name for group in whole for name in group) == [one.name for one in entries]
    assert 10 < len(whole) < 60
    assert len(whole ^ less) <= 3
    many = groups([*entries[:3], *(dataclasses.replace(one, name="z") for one in entries[:5])])
    assert ("z",) * 5 in many  # pages of one name keep to themselves


def test_what_is_kept_of_the_last_index_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = {number: f"ลงนามครั้งที่ {number % 7}\nร่วมกันทุกคน" for number in range(40)}
    kept, rng = cache.Cache(tmp_path), random.Random(5)
    made: list[int] = []
    bucket = search._bucket

    def counted(groups: Iterable[search._Added], number: int) -> search._Bucket:
        made.append(number)
        return bucket(groups, number)

    monkeypatch.setattr(search, "_bucket", counted)

    def index(kept: cache.Cache | None) -> dict[str, bytes]:
        entries = [entry(number, text, f"หน้า {text[:4]}", "page") for number, text in texts.items()]
        named = [dataclasses.replace(one, name=str(at % 6)) for at, one in enumerate(entries)]
        return dict(search.files(waiting(named), "i", {}, cache=kept))

    for change in ("nothing", "a word", "less", "a page", "gone", "nothing"):
        match change:
            case "a word":
                texts[rng.randrange(40)] += " ขอบคุณ"
            case "less":
                texts[rng.randrange(40)] = "ลง"
            case "a page":
                texts[90] = "เพิ่ม"
            case "gone":
                del texts[rng.randrange(40)]
        made.clear()
        assert index(kept) == index(None), change
        if change == "a word":  # and few postings were put together anew, beside all those of the other index
            assert len(made) - search.BUCKETS < 30
    made.clear()
    assert index(kept)
    assert not made
    for path in tmp_path.iterdir():
        path.write_bytes(path.read_bytes()[:-1])
    assert index(kept) == index(None)


def test_each_language_has_an_index_of_its_own_pages(sample: Sandbox) -> None:
    sample.generate()
    for language, folder in (("th", ""), ("en", "en/")):
        top = sample.docs / "search" / language
        made = {f"i/{path.relative_to(top).as_posix()}": path.read_bytes() for path in top.rglob("*") if path.is_file()}
        index, keys, texts = read(made)
        urls = {text[0] for text in texts}
        pages = {
            f"{path.relative_to(sample.docs).as_posix()}"
            for path in sample.docs.rglob("*.md")
            if path.relative_to(sample.docs).as_posix().startswith("en/") == bool(folder)
        }
        assert len(urls) == len(pages) - 1  # all but its own
        assert all(url.startswith(folder) for url in urls)
        assert f"{folder}dip-ict/moi-moral-2569/9/" in urls
        assert {name for name, _ in index["filters"]["unit"]} >= {"dip-ict", "oae-demo"}
        assert keys["410"][0]
        assert not re.search("[<>]", "".join(text[1] for text in texts))
