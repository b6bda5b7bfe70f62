"""Pages as they are written to disk: what they say, where links lead, and that nothing a unit wrote comes alive."""

from __future__ import annotations

import functools
import json
import posixpath
import re
import string
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import markdown
import pytest
import yaml

from lakthan import build, exports, load, messages, pages, thai, word, workbook

ROOT = Path(__file__).parents[1]
HOSTILE = "<script>alert(1)</script> & *b* `c` [d](javascript:e) {{ 1 + 1 }} {% raw %} {: .f #g } # h | </div>"

RUBRIC = """
lakthan: 1
id: demo-2569
title: {th: เกณฑ์ตัวอย่าง 2569, en: Sample rubric}
short: {th: ตัวอย่าง, en: Sample}
year: 2569
document: {title: "HOSTILE", issuer: {th: หน่วยงานตัวอย่าง, en: Office}}
period: {from: 2025-10-01, to: 2026-09-30}
kinds:
  declaration: {title: {th: ประกาศ/คำสั่ง, en: Declaration}}
facts:
  signed: {title: {th: ผู้ลงนาม, en: Signatories}, unit: {th: คน, en: people}, proof: [declaration]}
  staff: {title: {th: บุคลากร, en: Staff}, unit: {th: คน, en: people}, proof: [declaration]}
levels:
- {id: good, title: {th: ดี, en: Good}, total_at_least: 3}
award: mean
indicators:
- id: "1"
  title: {th: "ประกาศ (Do & Don't)", en: Declaration}
  award: highest
  criteria:
  - {points: 3, when: [{has: declaration}, {percent: signed, of: staff, at_least: 80}]}
  - {points: 2, source: assumed, when: [{has: declaration}, {percent: signed, of: staff, at_least: 70}]}
- id: "2"
  title: "HOSTILE"
  award: sum
  criteria:
  - {points: 1, id: once, when: [{has: declaration}], notes: [{id: N1, text: "HOSTILE"}]}
  - {points: 1, requires: [once], when: [{count: channels, where: {scope: external}, at_least: 1}]}
- {id: "3", title: Three, may_not_apply: true, points: 3, when: [{has: declaration}]}
""".replace("HOSTILE", HOSTILE.replace('"', '\\"'))

CONTENT = {
    "rubrics/demo-2569.yml": RUBRIC,
    "content/site.yml": "title: {th: ทดสอบ 5 หน้า, en: Trial}\ndescription: Words\npublisher: Office\n",
    "content/up/unit.yml": "name: Upper\n",
    "content/up/low/unit.yml": f"name: '{HOSTILE}'\n",
    "content/up/low/demo-2569/portfolio.md": "---\nsigned: 1 มี.ค. 2569\n---\n",
    "content/up/low/demo-2569/1.md": f"""---
self_score: 3
signed: 27
staff: ๓๔
evidence:
- {{kind: declaration, title: '{HOSTILE}', date: 22 ม.ค. 2569, file: files/a.pdf, note: '{HOSTILE}'}}
- {{kind: declaration, title: Old, date: 2024-01-01, reference: ที่ อก ๐๔๑๐/๕๕๘}}
---
# Heading {HOSTILE}

![picture](https://elsewhere.example/p.png) [mail](mailto:a@b.example) [other](2.md) [file](files/a.pdf)
[//x](//x.example)

| a | b |
|---|---|
| 1 | 2 |

```
# not a heading

<b>
```
""",
    "content/up/low/demo-2569/3.md": "---\nnot_applicable: none of it\n---\n",
    "content/up/low/demo-2569/files/a.pdf": "%PDF-1.7\n%%EOF\n",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> build.Examined:
    root = tmp_path_factory.mktemp("project")
    for name, text in CONTENT.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return build.examine(root)


@pytest.fixture(scope="module")
def sample() -> build.Examined:
    return build.examine(ROOT)


@pytest.fixture(scope="module")
def project_files(project: build.Examined) -> dict[str, str]:
    return write(project)


@pytest.fixture(scope="module")
def sample_files(sample: build.Examined) -> dict[str, str]:
    return write(sample)


def write(examined: build.Examined) -> dict[str, str]:
    """Path → text of every page in both languages and of every file; what is no text has nothing to say."""
    sizes = {
        f"{a.portfolio.folder}/{name}": 1234 for a in examined.assessments for name in load.attachments(a.portfolio)
    }
    made = pages.pages(
        examined.project,
        examined.assessments,
        templates=[ROOT / "site_templates"],
        problems=examined.problems,
        sizes=sizes,
    )
    return {page.path: page.content.decode(errors="replace") for page in made}


@functools.cache
def split(text: str) -> tuple[dict[str, Any], str]:
    """Front matter and body of a page."""
    _, head, body = text.split("---\n", 2)
    return yaml.load(head, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)), body


class Elements(HTMLParser):
    """Every start tag with its attributes, and whether all of them were closed."""

    VOID = frozenset({"br", "hr", "img", "circle", "line", "path", "rect", "input"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag


@functools.cache
def render(body: str) -> Elements:
    """The page as both builders make it of the Markdown."""
    return Elements(markdown.markdown(body, extensions=["attr_list", "toc"], output_format="html"))


def each(files: Mapping[str, str]) -> Iterator[tuple[str, dict[str, Any], Elements]]:
    for path, text in files.items():
        if path.endswith(".md"):
            meta, body = split(text)
            yield path, meta, render(body)


def links(meta: Mapping[str, Any], page: Elements) -> Iterator[str]:
    yield from (value for _, attrs in page.found for key, value in attrs.items() if key in ("href", "src") and value)
    yield from (item["url"] for group in (*meta.get("menu", ()), {"items": meta["tabs"]}) for item in group["items"])
    yield from (other["url"] for other in meta["languages"])


@pytest.mark.parametrize("which", ["project", "sample"])
def test_every_link_leads_somewhere(which: str, request: pytest.FixtureRequest) -> None:
    examined: build.Examined = request.getfixturevalue(which)
    files: dict[str, str] = request.getfixturevalue(f"{which}_files")
    drawn = {path: (meta, page) for path, meta, page in each(files)}
    anchors = {pages.address(path): {attrs.get("id") for _, attrs in page.found} for path, (_, page) in drawn.items()}
    known = {*files, *anchors}
    known |= {f"{a.portfolio.id}/{name}" for a in examined.assessments for name in load.attachments(a.portfolio)}
    known |= {path for path, _ in workbook.files(examined.project, examined.assessments)}
    known |= {path for path, _ in word.files(examined.project, examined.assessments)}
    known |= {f"{a.portfolio.id}/form.pdf" for a in examined.assessments}
    for path, (meta, page) in drawn.items():
        for link in links(meta, page):
            if re.match(r"(https?|mailto):", link):
                continue
            target, _, fragment = link.partition("#")
            here = pages.address(path)
            found = posixpath.normpath(posixpath.join(f"/{here}", unquote(target))).lstrip("/")
            found = found + "/" if found and target.endswith("/") else here if not target else found
            assert found in known, f"{path}: {link}"
            assert not fragment or fragment in anchors[found], f"{path}: {link}"


@pytest.mark.parametrize("which", ["project", "sample"])
def test_pages_are_sound(which: str, request: pytest.FixtureRequest) -> None:
    for path, meta, page in each(request.getfixturevalue(f"{which}_files")):
        assert not page.open, path
        assert [tag for tag, _ in page.found].count("h1") == 1, path
        ids = [attrs["id"] for _, attrs in page.found if "id" in attrs]
        assert len(ids) == len(set(ids)), path
        assert meta["title"], path
        assert meta["description"], path
        # Thai digits are for reading: an address, an anchor or a file name has none.
        for _, attrs in page.found:
            for key in ("href", "id", "src"):
                assert not set(thai.DIGITS) & set(unquote(attrs.get(key) or "")), (path, attrs)


def test_nothing_comes_alive(project_files: dict[str, str]) -> None:
    for path, meta, page in each(project_files):
        for tag, attrs in page.found:
            assert tag not in ("script", "iframe", "object", "style"), path
            assert not any(name.startswith("on") for name in attrs), path
            assert "f" not in str(attrs.get("class", "")).split(), path
            for name in ("href", "src"):
                assert not re.match(r"\s*(javascript:|data:|//)", attrs.get(name) or ""), (path, attrs)
            assert tag != "img" or str(attrs["src"]).startswith("../files/"), path
        # The theme puts front matter into its own templates without escaping it.
        assert not set('<>"{}') & set(meta["title"] + meta["description"]), path


def test_what_was_written_is_shown_as_written(project_files: dict[str, str]) -> None:
    _, body = split(project_files["up/low/demo-2569/1.md"])
    html = markdown.markdown(body, extensions=["attr_list", "toc"])
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; *b* `c` [d](javascript:e) {{ 1 + 1 }}" in html
    assert '<a href="../2/"' in html
    assert '<a href="../files/a.pdf"' in html
    assert not re.search(r'(?:src|href)="[^"]*elsewhere\.example', html)
    assert "# not a heading&#10;&#10;&lt;b&gt;" in html
    assert '<th scope="col">a</th>' in html
    assert 'id="toc"' not in html


def test_an_indicator_says_why(project_files: dict[str, str]) -> None:
    page = project_files["up/low/demo-2569/1.md"]
    assert "๒๗/๓๔ = ๗๙.๔๑ %" in page
    assert "หน่วยงานประเมินตนเอง ๓ คะแนน แต่หลักฐานรองรับ ๒ คะแนน" in page
    assert "จาก ๒ เป็น ๓ คะแนน" in page
    assert "อีก ๑ คน" in page
    assert '<time datetime="2026-01-22">๒๒ ม.ค. ๒๕๖๙</time>' in page
    assert "ที่ อก ๐๔๑๐/๕๕๘" in page
    assert "ก่อนเริ่มช่วงประเมิน" in page
    assert "๑.๒ กิโลไบต์" in page
    assert "ตีความ" in page
    boxes = re.findall(r'aria-label="(ทำเครื่องหมายแล้ว|ไม่ได้ทำเครื่องหมาย)"', page)
    assert boxes == ["ไม่ได้ทำเครื่องหมาย", "ทำเครื่องหมายแล้ว", "ไม่ได้ทำเครื่องหมาย"]


def test_months_and_quarters_are_named(sample_files: dict[str, str]) -> None:
    assert "<dd>ส.ค. ๒๕๖๖</dd>" in sample_files["oae-demo/oae-unit-2567/3.1.md"]
    assert "<dd>ไตรมาส ๔/๒๕๖๖</dd>" in sample_files["oae-demo/oae-unit-2567/1.1.4.md"]


def test_problems_are_said_in_the_digits_of_the_site(sample: build.Examined, sample_files: dict[str, str]) -> None:
    (problem,) = (p for p in sample.problems if p.code == "evidence-after-signature")
    assert "27 พ.ค. 2569" in problem.message("th")
    for name in ("index", "7"):
        page = sample_files[f"dip-ict/moi-moral-2569/{name}.md"]
        assert "๒๗ พ.ค. ๒๕๖๙" in problem.message("th", "thai")
        assert problem.message("th", "thai") in page


def test_what_does_not_apply_or_has_no_answer_says_so(project_files: dict[str, str]) -> None:
    assert "none of it" in project_files["up/low/demo-2569/3.md"]
    assert "หน่วยงานยังไม่ได้ตอบข้อนี้" in project_files["up/low/demo-2569/2.md"]
    assert "ยังไม่ถึงระดับใด" in project_files["up/low/demo-2569/index.md"]


def test_a_menu_lists_its_own_portfolio_only(sample: build.Examined, sample_files: dict[str, str]) -> None:
    for path, text in sample_files.items():
        portfolio = next((a.portfolio for a in sample.assessments if path.startswith(f"{a.portfolio.id}/")), None)
        if portfolio is None or not path.endswith(".md"):
            continue
        meta, _ = split(text)
        items = [item for group in meta["menu"] for item in group["items"]]
        assert len(items) == len(list(portfolio.rubric.every_indicator())) + 8
        assert sum(item.get("active", False) for item in items) == 1


def test_pages_of_the_same_project_are_the_same(project: build.Examined, project_files: dict[str, str]) -> None:
    assert write(project) == project_files


def test_english(project_files: dict[str, str]) -> None:
    page = project_files["en/up/low/demo-2569/1.md"]
    assert "27/34 = 79.41 %" in page
    assert '<time datetime="2026-01-22">22 Jan 2026</time>' in page


def test_a_template_of_the_project_comes_first(project: build.Examined, tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages/about.md.j2").write_text("# Ours\n", encoding="utf-8")
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets/lakthan.css").write_text("p{}", encoding="utf-8")
    made = pages.pages(project.project, project.assessments, templates=[tmp_path, ROOT / "site_templates"])
    files = {page.path: page.content for page in made}
    assert b"# Ours" in files["about.md"]
    assert files["assets/lakthan.css"] == b"p{}"
    assert "assets/lakthan.js" in files


def test_what_templates_share_is_said_for_the_page_that_is_made(tmp_path: Path) -> None:
    """Parts are imported once for all pages: links lead from where each stands, and its unit's English is said."""
    english = "---\ntexts:\n  Old: Quite old\n---\n"
    macro = """{% macro shown(record) %}{{ record.text("title") }}: {{ field_value(record, "date") }} {{ href("") }} \
{{ file_href("") }}{% endmacro %}"""
    page = '# Ours\n{% from "parts/own.j2" import shown %}{{ shown(portfolio.answers["1"].evidence[1]) }}'
    templates = {"parts/own.j2": macro, "pages/evidence.md.j2": page, "pages/portfolio.md.j2": page}
    for name, text in {**CONTENT, "content/up/low/demo-2569/1.en.md": english, **templates}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    examined = build.examine(tmp_path)
    site = pages.sites(examined.project, examined.assessments, templates=[tmp_path, ROOT / "site_templates"])[1]
    made = {plan.path: plan.make().content.decode() for plan in pages.plans(site) if "demo-2569/" in plan.path}
    said = 'Quite old: <time datetime="2024-01-01">1 Jan 2024</time>'
    assert f"{said} ../../../../ ../../../../../" in made["en/up/low/demo-2569/evidence.md"]
    assert f"{said} ../../../ ../../../../" in made["en/up/low/demo-2569/index.md"]


def test_the_catalogues_say_the_same() -> None:
    def names(text: str | Mapping[str, str]) -> set[str]:
        texts = text.values() if isinstance(text, Mapping) else [text]
        return {name for one in texts for _, name, _, _ in string.Formatter().parse(one) if name}

    thai_, english = messages.catalogue("th"), messages.catalogue("en")
    assert set(thai_) == set(english)
    for key in thai_:
        if key.startswith("pages."):
            assert names(thai_[key]) == names(english[key]), key


def test_the_catalogue_has_what_templates_and_code_say() -> None:
    said = set()
    for path in [*(ROOT / "site_templates").rglob("*.j2"), *Path(pages.__file__).parent.glob("*.py")]:
        said |= set(re.findall(r"""\bsay\(\s*["']([a-z_.]+[a-z_])["']\s*[,)]""", path.read_text(encoding="utf-8")))
    assert said
    assert {f"pages.{key}" for key in said} <= set(messages.catalogue("th"))


def test_scores_for_programs(sample: build.Examined, project: build.Examined) -> None:
    document = exports.score_document(sample.assessments)
    assert json.loads(exports.encode(document)) == document
    entries = {(e["unit"], e["rubric"], e["round"]): e for e in document["portfolios"]}
    assert len(entries) == sum(len(a.scores) for a in sample.assessments)
    first = entries["dip-ict", "moi-moral-2569", None]
    assert (first["rubric"], first["points"], first["max"]) == ("moi-moral-2569", 27, 27)
    assert set(first["gates"][0]) == {"id", "met", "points", "needs", "failing"}
    assert set(first["indicators"][0]) == {"id", "points", "max", "self_score", "verified", "reasons", "missing"}
    (one,) = exports.score_document(project.assessments)["portfolios"]
    # Points 2 and 0, the third does not apply: the mean is 1.
    assert (one["points"], one["max"], one["level"]) == (1, 2.5, None)
    (missing,) = one["indicators"][0]["missing"]
    assert (missing["amount"], missing["by"]) == (1, "2026-09-30")
    assert missing["text"]["en"]


def test_reasons_alone_give_the_points(sample: build.Examined) -> None:
    for entry in exports.score_document(sample.assessments)["portfolios"]:
        for indicator in entry["indicators"]:
            earned = {r["criterion"]: r["points"] for r in indicator["reasons"] if r["awarded"]}
            assert sum(earned.values()) == indicator["points"], indicator["id"]
            assert all(r["met"] for r in indicator["reasons"] if r["awarded"])


def test_every_page_has_its_data_beside_it(sample_files: dict[str, str]) -> None:
    without = {"units/", "rubrics/", "channels/", "about/", "data/", "search/", "news/", "diagnostics/"}
    for path in sample_files:
        if path.endswith(".md"):
            url = pages.address(path.removeprefix("en/"))
            if (
                url not in without
                and not url.endswith(
                    (
                        "/evidence/",
                        "/channels/",
                        "/board/",
                        "/news/",
                        "/reviews/",
                        "/profile/",
                        "/review/",
                        "/what-if/",
                        "/qr/",
                    )
                )
                and not url.startswith("rubrics/")
            ):
                assert json.loads(sample_files[f"{url}index.json"]), path


# Two languages ---------------------------------------------------------------------------------------------------


class Foreign(HTMLParser):
    """The Thai on a page outside any element that says it is Thai: texts, and attributes that are read to people."""

    READ = ("alt", "aria-label", "placeholder", "title")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[tuple[str, str]] = []
        self.found: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        lang = given.get("lang") or (self.open[-1][1] if self.open else "en")
        self.found += [value for name in self.READ if (value := given.get(name)) and thai_in(value) and lang != "th"]
        if tag not in Elements.VOID:
            self.open.append((tag, lang))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in Elements.VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if thai_in(data) and (not self.open or self.open[-1][1] != "th"):
            self.found.append(data)


def thai_in(text: str) -> bool:
    return bool(re.search("[\u0e01-\u0e5b]", text))


@pytest.mark.parametrize("which", ["project", "sample"])
def test_what_is_thai_on_an_english_page_says_so(which: str, request: pytest.FixtureRequest) -> None:
    files: dict[str, str] = request.getfixturevalue(f"{which}_files")
    english = {path: text for path, text in files.items() if path.startswith("en/")}
    assert {path.removeprefix("en/") for path in english} == {
        path for path in files if path.endswith(".md") and not path.startswith("en/")
    }
    for path, text in english.items():
        meta, body = split(text)
        assert meta["lang"] == "en", path
        assert Foreign(markdown.markdown(body, extensions=["attr_list", "toc"])).found == [], path
        for entry in (*meta["tabs"], *(item for group in meta.get("menu", ()) for item in (group, *group["items"]))):
            assert thai_in(entry["title"]) == (entry.get("lang") == "th"), (path, entry)


def test_a_switch_of_language_keeps_the_page(sample_files: dict[str, str]) -> None:
    for path, text in sample_files.items():
        if path.endswith(".md"):
            switch = {entry["lang"]: entry for entry in split(text)[0]["languages"]}
            assert list(switch) == ["th", "en"]
            to_thai = path.startswith("en/")
            target = switch["th" if to_thai else "en"]
            assert target["path"] == pages.address(path.removeprefix("en/") if to_thai else f"en/{path}")
            reached = posixpath.normpath(f"/{pages.address(path)}{target['url']}")
            assert reached == (f"/{target['path']}".rstrip("/") or "/")


def test_a_unit_says_it_in_english(sample_files: dict[str, str]) -> None:
    there = sample_files["en/dip-ict/moi-moral-2569/3.md"]
    assert "The working group was appointed by the Centre&#39;s order" in there.replace("'", "&#39;")
    assert '<h3 class="lk-doc__title">Units and staff made responsible for every project and activity</h3>' in there
    assert "wrote this account in Thai" not in there
    without = sample_files["en/dip-ict/moi-moral-2569/4.md"]
    assert "The unit wrote this account in Thai" in without
    assert '<p lang="th">ศส.กสอ.' in without
    assert "การมอบหมายหน่วยงานและบุคลากรผู้รับผิดชอบ" in sample_files["dip-ict/moi-moral-2569/3.md"]
    # What one unit says in English is no translation of what another wrote.
    assert "Production Data Section" not in sample_files["en/dip-ict/moi-moral-2569/index.md"]


def test_news_are_what_is_dated_newest_first(sample_files: dict[str, str]) -> None:
    page = sample_files["en/dip-ict/news.md"]
    days = re.findall(r'<time datetime="([0-9-]+)">', page)
    assert days == sorted(days, reverse=True)
    assert {"2026-05-27", "2026-05-22", "2026-01-22"} <= set(days)
    assert "Report signed" in page
    assert "Circular memorandum" in page
    # What serves several indicators is news once, and leads to the first of them.
    assert page.count("Report on following up the activities") == 1
    assert '<a href="../moi-moral-2569/4/#shared-evidence-2">Report on following up' in page
    assert "Indicator 4, 5" in page
    everything = sample_files["news.md"]
    assert everything.count("<time ") <= 60
    assert "รายการที่เก่ากว่านี้" in everything


def test_a_unit_says_who_it_is_in_both_languages(sample_files: dict[str, str]) -> None:
    for path, words in {
        "oae-demo/profile.md": ("วิสัยทัศน์", "โครงสร้าง", "อัตรากำลัง", "บุคลากร", "หน่วยงานภายใน", "๑๕"),
        "en/oae-demo/profile.md": ("Vision", "Structure", "Staffing", "Personnel", "Internal units", "15"),
    }.items():
        assert [word for word in words if word not in sample_files[path]] == [], path
    assert "dip-ict/profile.md" not in sample_files
    menu = split(sample_files["en/oae-demo/index.md"])[0]["menu"]
    assert [item["title"] for item in menu[0]["items"]] == ["Overview", "About the unit", "News"]


@pytest.mark.parametrize(("languages", "expected"), [("[th]", {""}), ("[en]", {""}), ("[en, th]", {"", "th/"})])
def test_the_languages_of_a_site_are_its_own_choice(tmp_path: Path, languages: str, expected: set[str]) -> None:
    for name, text in CONTENT.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    site = tmp_path / "content/site.yml"
    site.write_text(f"{site.read_text(encoding='utf-8')}languages: {languages}\n", encoding="utf-8")
    files = write(build.examine(tmp_path))
    assert {path.removesuffix("about.md") for path in files if path.endswith("about.md")} == expected
    meta, body = split(files["about.md"])
    assert meta["lang"] == languages[1:3]
    assert ("How points" in body) == (languages[1:3] == "en")
    assert ("languages" in meta) == (len(expected) > 1)
