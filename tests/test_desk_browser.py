"""From an empty unit to a full score and its page, through the form in a real browser and nothing else."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from lakthan import editor, load
from lakthan.desk import Desk, Server, SiteServer
from tests.conftest import ROOT, Sandbox, served
from tests.patience import until

pytestmark = [pytest.mark.browser, pytest.mark.slow]
RUBRIC = "moi-moral-2569"
FOLDER = f"content/office/{RUBRIC}"
TITLES = ("เอกสาร: “ทดสอบ” #1", "null", "- yes # x", "{a: [b, 'c", "0x1F")
"""Of documents: what YAML would take for something else, unless whoever writes it is careful."""
ACTIVITIES = 5
VIRTUES = ("พอเพียง", "วินัย", "สุจริต", "จิตอาสา", "กตัญญู")
PLAN = ROOT / "content/dip-ict/moi-moral-2569/files/action-plan-placeholder.pdf"

DOCUMENT = {"reference": "อก ๐๔๑๐/๕๕๘", "date": "15 ม.ค. 2569"}
Filled = Mapping[str, str | list[str]]
"""Field → what is typed into it, or chosen in it by its label."""
SCALARS: Mapping[str, Filled] = {
    "portfolio": {"signed": "๒๗ พ.ค. ๒๕๖๙", "reporter": "ผู้อำนวยการกอง: #๑", "planned_activities": str(ACTIVITIES)},
    "1": {"signed": "๓๓", "staff": "34"},
    "6": {"persons_honoured": "2", "units_honoured": "1"},
}
ENTRIES: Mapping[str, Mapping[str, Sequence[Filled]]] = {
    "portfolio": {
        "activities": [
            {"name": f"กิจกรรมที่ {n}", "success_first": "70", "success_second": "๙๐.๕", "documented": "ใช่"}
            for n in range(1, ACTIVITIES + 1)
        ],
    },
    "2": {"target_virtues": [{"virtue": virtue} for virtue in VIRTUES]},
    "6": {
        "channels": [
            {"kind": "ไลน์กลุ่ม", "name": "ไลน์", "scope": "ภายใน", "reference": "อก ๐๔๑๐/๑"},
            {"kind": "เว็บไซต์", "name": "เว็บไซต์", "scope": "ภายนอก", "url": "https://a.example.go.th/news"},
        ],
    },
    "8": {
        "media": [
            {"kind": "คลิปวิดีโอ", "name": "คลิป", "url": "https://a.example.go.th/clip"},
            {"kind": "นิทรรศการ", "name": "นิทรรศการ", "url": "https://a.example.go.th/show"},
        ],
    },
    "9": {
        "channels": [
            {"kind": "ไลน์กลุ่ม", "name": "ไลน์", "scope": "ภายใน", "reference": "อก ๐๔๑๐/๒", "carries": ["เอกสาร", "สื่อ"]},
            *[
                {"kind": kind, "name": kind, "scope": "ภายนอก", "url": f"https://{n}.example.go.th/"}
                for n, kind in enumerate(("เว็บไซต์", "เฟซบุ๊ก", "ยูทูบ"))
            ],
        ],
    },
}  # fmt: skip


@pytest.fixture
def office(tmp_path: Path) -> Sandbox:
    """A new project with one unit and no answer."""
    project = Sandbox(tmp_path / "project")
    project.root.mkdir()
    project.run("init", ".", "--rubric", RUBRIC, "--unit", "office", "--name", "สำนักงาน", lang="th")
    return project


@pytest.fixture
def form(office: Sandbox) -> Iterator[Server]:
    table = Desk(office.root, f"office/{RUBRIC}", "th")
    assert len(table.skeletons()) == 9
    with Server(table) as server, SiteServer(table) as site:
        for one in (server, site):
            threading.Thread(target=one.serve_forever, daemon=True).start()
        yield server
        server.shutdown()
        site.shutdown()


class Form:
    """A form as somebody sees it who fills it in."""

    def __init__(self, page: Page, server: Server, name: str) -> None:
        self.page, self.name = page, name
        self.file = server.desk.root / FOLDER / f"{name}.md"
        page.goto(f"{server.address}#/collections/office--{RUBRIC}")
        page.locator(f"a[href$='/entries/{name}']").click()
        expect(self.panel.locator(".score")).to_be_visible()

    @property
    def panel(self) -> Locator:
        return self.page.frame_locator("iframe").locator(".panel").first

    def control(self, name: str, position: int = -1) -> Locator:
        """The control of a field, of the last entry unless said."""
        label = self.page.locator(f'label[for^="{name}-field-"]').nth(position)
        return self.page.locator(f"[id='{label.get_attribute('for')}']")

    def fill(self, filled: Filled, position: int = -1) -> None:
        for name, value in filled.items():
            control = self.control(name, position)
            if control.get_attribute("role") == "combobox":
                for choice in value if isinstance(value, list) else [value]:
                    control.fill(choice)
                    self.page.locator("[role=option]", has_text=choice).first.click()
            else:
                control.fill(str(value))

    def add(self, key: str, filled: Filled) -> None:
        """One more entry of a register."""
        label = self.page.locator(f'label[for^="{key}-field-"]').first
        add = label.locator("xpath=../..").get_by_role("button", name="เพิ่ม").first
        new = self.page.locator(f'label[for^="{next(iter(filled))}-field-"]')
        before = new.count()
        add.click()
        expect(new).to_have_count(before + 1)
        self.fill(filled)

    def attach(self, file: Path, position: int) -> None:
        self.page.get_by_role("button", name="เลือกไฟล์", exact=True).nth(position).click()
        self.page.locator("input[type=file]").set_input_files(file)
        self.page.get_by_text(file.name, exact=True).wait_for()
        self.page.get_by_role("button", name="เลือกข้อมูลที่ถูกเลือก").click()
        expect(self.page.get_by_text(f"files/{self.name}/{file.name}")).to_be_visible()

    def save(self) -> None:
        before = self.file.read_bytes()
        self.page.get_by_role("button", name="บันทึก", exact=True).click()
        self.page.get_by_text("บันทึกเดี๋ยวนี้").click()
        until(lambda: self.file.read_bytes() != before)
        expect(self.page.get_by_text("การเปลี่ยนเปลงถูกบันทึกแล้ว").first).to_be_visible()


def test_an_empty_unit_reaches_the_full_score(browser: Browser, office: Sandbox, form: Server) -> None:
    page = browser.new_page(viewport={"width": 1440, "height": 1000})
    failures: list[str] = []
    page.on("pageerror", lambda error: failures.append(str(error)))
    page.on("request", lambda request: failures.append(request.url) if outside(request.url) else None)
    assert office.score()["points"] == 0
    for name in form.desk.forms():
        shown = Form(page, form, name)
        shown.fill(SCALARS.get(name, {}))
        kinds = page.locator('label[for^="title-field-"]').count()
        for position in range(kinds):  # the skeleton lists each document that is asked for
            shown.fill({**DOCUMENT, "title": TITLES[position]}, position)
        if name == "3":
            shown.attach(PLAN, 0)
        for key, entries in ENTRIES.get(name, {}).items():
            for entry in entries:
                shown.add(key, entry)
        if name != "portfolio":
            shown.fill({"self_score": "3:"})
            expect(shown.panel.locator(".score")).to_have_text("๓ จาก ๓ คะแนน")
        shown.save()
    shown = Form(page, form, "9")
    expect(shown.panel.locator(".total")).to_have_text("๒๗ จาก ๒๗ คะแนน · ระดับที่ ๓ องค์กรคุณธรรมต้นแบบ")
    assert failures == []
    scored = office.score()
    assert scored["points"] == 27
    text = office.read(f"{FOLDER}/3.md")
    assert "  file: files/3/action-plan-placeholder.pdf # ไฟล์แนบ\n" in text
    assert office.path(f"{FOLDER}/files/3/action-plan-placeholder.pdf").read_bytes() == PLAN.read_bytes()
    assert "\nself_score: 3\n" in text
    (portfolio,) = load.load(office.root).project.portfolios
    for answer in portfolio.answers.values():  # by Decap's writer of YAML, ours, and the strict reader
        assert [record.values["title"] for record in answer.evidence] == list(TITLES[: len(answer.evidence)])
    assert "status: draft # draft = กำลังทำ, ready = พร้อมตรวจ\n" in text  # as the skeleton wrote it
    shown.panel.get_by_role("button", name="สร้างหน้าเว็บ").click()
    link = shown.panel.get_by_role("link", name="ดูหน้าเว็บที่สร้างไว้")
    expect(link).to_be_visible()
    with page.expect_popup() as opened:
        link.click()
    expect(opened.value.locator("h1")).to_contain_text("เผยแพร่องค์ความรู้")
    opened.value.close()
    page.close()


@pytest.mark.parametrize(
    ("setting", "button"),
    [
        ("{backend: gitlab, repo: a/b, app_id: abc}", "เข้าสู่ระบบด้วย GitLab"),
        ("{backend: github, repo: a/b, oauth: https://auth.example.go.th}", "เข้าสู่ระบบด้วย GitHub"),
    ],
)
def test_the_form_of_a_site_starts_under_its_policy(
    browser: Browser, sample: Sandbox, tmp_path: Path, setting: str, button: str
) -> None:
    """Decap itself checks the configuration, of every rubric of the sample, before it shows anything."""
    sample.write("content/site.yml", sample.read("content/site.yml") + f"editor: {setting}\n")
    for name, content in editor.published(load.load(sample.root).project, ROOT / "site_templates"):
        path = tmp_path / "www" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    with served(tmp_path / "www") as address:
        page = browser.new_page()
        failures: list[str] = []
        page.on("console", lambda message: failures.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: failures.append(str(error)))
        page.on("request", lambda request: failures.append(request.url) if outside(request.url) else None)
        page.goto(f"{address}admin/")
        expect(page.get_by_role("button", name=button)).to_be_visible()
        page.close()
    assert failures == []


def outside(url: str) -> bool:
    return not url.startswith(("http://127.0.0.1:", "blob:", "data:"))
