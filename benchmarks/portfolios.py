"""A project of any size, from a seed: what every benchmark measures.

    python benchmarks/portfolios.py FOLDER [--units 25] [--seed 1] [--defects 0.02] [--errors 0] [--attachments]

Every unit answers all 41 indicators of the sample's rubric oae-unit-2567, with an account of 2 to 4 kB of Thai each:
25 units are a thousand indicator pages, 244 are ten thousand. What a unit shows is what the sample's unit shows, told
anew: its dates move, numbers of letters and titles are its own, and some evidence is missing, so that no two units
score alike. The same arguments give the same bytes on every machine.
"""

from __future__ import annotations

import argparse
import datetime
import json
import random
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "generator"))

from lakthan import strictyaml, thai  # noqa: E402

RUBRIC = "oae-unit-2567"
INDICATORS = 41
MODEL = ROOT / "content/oae-demo" / RUBRIC
MISSING = 0.1
"""Of the sample's evidence, what a unit does not have."""

PLACES = ("กรุงเทพมหานคร", "เชียงใหม่", "ขอนแก่น", "นครราชสีมา", "สงขลา", "ชลบุรี", "พิษณุโลก", "อุดรธานี", "สุราษฎร์ธานี", "ชัยนาท")
TOPICS = (
    "ข้อมูลการผลิตสินค้าเกษตร", "ราคาสินค้าและต้นทุนการผลิต", "การสำรวจภาคสนาม", "การให้บริการข้อมูล", "การใช้จ่ายงบประมาณ",
    "การรับเรื่องร้องเรียน", "การจัดการความรู้", "การพัฒนาบุคลากร", "ระบบสารสนเทศ", "การประชุมประจำเดือน", "กิจกรรม ๕ ส.",
    "การป้องกันการทุจริต", "ผลกระทบต่อสังคมและสิ่งแวดล้อม", "การคาดการณ์ผลผลิต",
)  # fmt: skip
SENTENCES = (
    "{unit}ดำเนินงานเรื่อง{topic}ตามแผนปฏิบัติงานประจำปี โดยแบ่งงานให้ทุกส่วนรับผิดชอบตามภารกิจ",
    "ในเดือน{month} คณะทำงานประชุมหารือเรื่อง{topic} และมีมติให้ปรับปรุงขั้นตอนให้สั้นลงจาก {a} ขั้นเหลือ {b} ขั้น",
    "เสนอผู้อำนวยการพิจารณาเห็นชอบเมื่อวันที่ {day} {month} แล้วแจ้งเวียนให้บุคลากรทุกคนถือปฏิบัติ",
    "บุคลากร {a} คนจากทั้งหมด {c} คนเข้าร่วม และตอบแบบประเมินว่าพึงพอใจในระดับมากขึ้นไปร้อยละ {p}",
    "ผลการติดตามพบว่างานเรื่อง{topic}แล้วเสร็จร้อยละ {p} ของแผน ส่วนที่เหลือจะดำเนินการให้เสร็จภายในไตรมาสถัดไป",
    "เผยแพร่บนเว็บไซต์ของหน่วยงานและแจ้งผ่านไลน์กลุ่ม เพื่อให้ผู้รับบริการในจังหวัด{place}และพื้นที่ใกล้เคียงเข้าถึงได้",
    "ข้อเสนอแนะที่ได้รับ {b} ข้อ นำมาปรับปรุงแล้ว {one} ข้อ ที่เหลือชี้แจงเหตุผลไว้ในรายงานการประชุม",
    "เจ้าหน้าที่ลงพื้นที่จังหวัด{place} {b} ครั้ง เพื่อเก็บข้อมูลและรับฟังความคิดเห็นของเกษตรกรและผู้มีส่วนได้ส่วนเสีย",
    "ปัญหาที่พบคือระยะเวลาดำเนินการสั้นและบุคลากรมีภารกิจหลายด้าน จึงจัดลำดับความสำคัญของงานใหม่ร่วมกัน",
    "เมื่อเทียบกับปีก่อน จำนวนเรื่องที่ดำเนินการเพิ่มขึ้นจาก {c} เรื่องเป็น {d} เรื่อง โดยใช้งบประมาณเท่าเดิม",
    "รายงานฉบับเต็มจัดเก็บไว้ที่ฝ่ายบริหารทั่วไป และสรุปเป็นเอกสารหนึ่งหน้าให้ผู้ที่เกี่ยวข้องนำไปใช้ต่อได้สะดวก",
    "ที่ประชุมรับทราบผลการดำเนินงานเรื่อง{topic} และมอบหมายให้ติดตามผลอีกครั้งในเดือน{month}",
)
ITEMS = (
    "จัดทำแผนและกำหนดผู้รับผิดชอบเรื่อง{topic}", "ประชุมติดตามผลทุกเดือน รวม {a} ครั้ง", "เก็บข้อมูลในจังหวัด{place}",
    "สรุปผลและเสนอผู้อำนวยการ", "เผยแพร่ผลการดำเนินงานให้ผู้รับบริการทราบ", "ทบทวนแนวทางและปรับปรุงให้เหมาะสม",
)  # fmt: skip


class Model(NamedTuple):
    """What the sample's unit wrote for one indicator, as values."""

    name: str
    front: dict[str, Any]


def models() -> tuple[Model, ...]:
    """The sample's answers, and one to the indicator that its unit leaves out."""
    found = []
    for path in sorted(MODEL.glob("*.md")):
        if not path.stem.endswith(".en"):
            front = strictyaml.split_front_matter(path.read_text(encoding="utf-8"))
            found.append(Model(path.stem, strictyaml.load(front.front).value))
    shown = (
        {"kind": "review_record", "title": "บันทึกผลการทบทวนคู่มือการปฏิบัติงาน", "date": "2024-07-09", "reference": "x"},
        {"kind": "minutes", "title": "รายงานการประชุม วาระทบทวนคู่มือ", "date": "2024-07-30", "reference": "x"},
    )
    found.append(Model("6.4", {"self_score": 2, "status": "ready", "evidence": list(shown)}))
    return tuple(found)


_PLAIN = re.compile(r"[ก-ฮเ-ไa-zA-Z][ก-๙a-zA-Z_ ]*[ก-๙a-zA-Z]")
_WORDS = {"true", "false", "null", "yes", "no"}


def yaml_text(value: object) -> str:
    """A plain value as YAML."""
    if isinstance(value, str):
        plain = _PLAIN.fullmatch(value) and value.lower() not in _WORDS
        return value if plain else json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return f"[{', '.join(map(yaml_text, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def front_matter(front: dict[str, Any]) -> Iterator[str]:
    """The lines of a front matter, without its `---`."""
    for key, value in front.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            yield f"{key}:"
            for entry in value:
                for i, (name, one) in enumerate(entry.items()):
                    yield f"{'  ' if i else '- '}{name}: {yaml_text(one)}"
        else:
            yield f"{key}: {yaml_text(value)}"


class Unit:
    """One generated unit: its luck decides what it writes."""

    def __init__(self, number: int, seed: int, attachments: bool) -> None:
        self.number, self.attachments = number, attachments
        self.id = f"unit-{number:05}"
        self.name = f"สำนักงานตัวอย่างที่ {number}"
        self.luck = random.Random(f"{seed}/{number}")  # noqa: S311 (nothing secret)

    def slots(self) -> dict[str, object]:
        luck = self.luck
        return {
            "unit": "หน่วยงาน",
            "topic": luck.choice(TOPICS),
            "place": luck.choice(PLACES),
            "month": luck.choice(thai.MONTHS)[1],
            "day": luck.randint(1, 28),
            "one": luck.randint(1, 2),
            "a": luck.randint(5, 19),
            "b": luck.randint(3, 4),
            "c": luck.randint(20, 39),
            "d": luck.randint(40, 60),
            "p": luck.randint(60, 99),
        }

    def body(self) -> str:
        """An account of 2,000 to 4,000 bytes: paragraphs, and now and then a list, a table or a link."""
        luck, wanted = self.luck, self.luck.randint(2_000, 2_800)
        parts: list[str] = []
        size = 0
        while size < wanted:
            chosen = luck.sample(SENTENCES, k=luck.randint(2, 4))
            part = " ".join(sentence.format_map(self.slots()) for sentence in chosen)
            match luck.random():
                case p if p < 0.12:
                    part = "\n".join(f"- {item.format_map(self.slots())}" for item in luck.sample(ITEMS, k=3))
                case p if p < 0.17:
                    rows = (f"| {luck.choice(TOPICS)} | {luck.randint(1, 40)} |" for _ in range(3))
                    part = "\n".join(("| เรื่อง | จำนวนครั้ง |", "|---|---:|", *rows))
                case p if p < 0.27:
                    link = f"https://{self.id}.example.go.th/news/{luck.randint(100, 999)}"
                    part = f"**สรุป** {part} ([ข่าวบนเว็บไซต์]({link}))"
            parts.append(part)
            size += len(part.encode()) + 2
        return "\n\n".join(parts)

    def moved(self, value: str) -> str:
        """A date some days away, in one of the ways that people write dates; what is no date stays."""
        try:
            day = thai.parse_date(value) + datetime.timedelta(days=self.luck.randint(-4, 3))
        except thai.Unreadable:
            return value
        match self.luck.randrange(3):
            case 0:
                return f"{day.day} {thai.MONTHS[day.month - 1][0]} {day.year + 543}"
            case 1:
                return f"{day.year + 543}-{day.month:02}-{day.day:02}"
        return day.isoformat()

    def retold(self, value: Any, key: str = "") -> Any:
        luck = self.luck
        if isinstance(value, dict):
            entry = {name: self.retold(one, name) for name, one in value.items()}
            if "file" in entry and not self.attachments:
                del entry["file"]
                entry.setdefault("reference", f"กษ {1000 + self.number % 9000}/{luck.randint(1, 999)}")
            if entry.get("kind") == "website":
                entry.setdefault("url", f"https://{self.id}.example.go.th/")
            return entry
        if isinstance(value, list):
            items = [self.retold(item, key) for item in value]
            gone = key in ("evidence", "channels") and len(items) > 1
            return [item for item in items if not gone or luck.random() >= MISSING]
        if key == "reference":
            return f"กษ {1000 + self.number % 9000}/{luck.randint(1, 999)}"
        if key in ("date", "flow_charts", "manuals", "meetings", "held"):
            return self.moved(str(value))
        if key == "title":
            return f"{value} ฉบับที่ {luck.randint(1, 40)}"
        return value if isinstance(value, bool | int | str | None) else str(value)

    def answer(self, model: Model) -> tuple[dict[str, Any], str]:
        front = {key: self.retold(value, key) for key, value in model.front.items()}
        if model.name != "portfolio":
            return front, self.body()
        return front, "แฟ้มนี้สร้างขึ้นเพื่อวัดความเร็ว หน่วยงาน ผลงาน เลขที่หนังสือ และวันที่ทั้งหมดแต่งขึ้น"


Answer = tuple[dict[str, Any], str]


def _with_text(text: str) -> Callable[[Answer], Answer]:
    return lambda answer: (answer[0], f"{answer[1]}\n\n{text}")


def _late(answer: Answer) -> Answer:
    """Evidence of the year after."""
    front, body = answer
    shown = front.get("evidence") or [{}]
    return {**front, "evidence": [{**one, "date": "2025-02-03"} for one in shown if one]}, body


def _unknown_kind(answer: Answer) -> Answer:
    front, body = answer
    return {**front, "evidence": [{"kind": "no_such_kind", "title": "ไม่มีชนิดนี้"}, *front.get("evidence", ())]}, body


DEFECTS: tuple[Callable[[Answer], Answer], ...] = (
    _with_text("ดูรายละเอียดที่ รอลิงก์"),  # a place kept for later
    _with_text("การดําเนินงานเป็นไปตามแผน"),  # SARA AM in two parts
    _with_text("ดูเพิ่มเติม [ที่นี่](#)"),  # a link that leads nowhere
    _late,
)
"""What `check` warns of, and a build publishes all the same."""


def write(
    folder: Path,
    units: int,
    *,
    seed: int = 1,
    defects: float = 0.02,
    errors: int = 0,
    attachments: bool = False,
    languages: Sequence[str] = ("th", "en"),
    only: Sequence[int] | None = None,
) -> int:
    """Write a project of so many units into *folder*, which is made. Returns how many Markdown files it has.

    *defects* is the share of files with something doubtful, *errors* how many (the first of the first units) have what
    keeps a site from being published. With *attachments* each unit has the sample's files, else it refers to letters by
    their numbers. *only* names the units to write, from 1, as they are in the whole project.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("rubrics", "site_templates"):
        (folder / name).mkdir(exist_ok=True)
    shutil.copy(ROOT / "mkdocs.yml", folder)
    shutil.copy(ROOT / "rubrics" / f"{RUBRIC}.yml", folder / "rubrics")
    shutil.copytree(ROOT / "site_templates", folder / "site_templates", dirs_exist_ok=True)
    (folder / "content").mkdir(exist_ok=True)
    site = (
        "title: {th: แฟ้มหลักฐานของทุกหน่วยงาน, en: Portfolios of all units}\n"
        "description: {th: สร้างขึ้นเพื่อวัดความเร็ว, en: Generated to be measured}\n"
        "publisher: {th: Lakthan, en: Lakthan}\n"
        f"languages: [{', '.join(languages)}]\n"
    )
    _write(folder / "content/site.yml", site)
    known = models()
    count = 0
    for number in only or range(1, units + 1):
        unit = Unit(number, seed, attachments)
        place = folder / "content" / unit.id / RUBRIC
        place.mkdir(parents=True, exist_ok=True)
        _write(
            place.parent / "unit.yml",
            f"name: {{th: {unit.name}, en: Sample office {number}}}\n"
            f"short: {{th: สตย. {number}, en: SO {number}}}\n"
            f"website: https://{unit.id}.example.go.th/\ndemonstration: true\n",
        )
        if attachments:
            shutil.copytree(MODEL / "files", place / "files", dirs_exist_ok=True)
        for i, model in enumerate(known):
            answer = unit.answer(model)
            # Drawn even where it is not used: what a unit writes does not depend on how many defects there are.
            doubtful, defect = unit.luck.random(), unit.luck.choice(DEFECTS)
            if model.name != "portfolio" and doubtful < defects:
                answer = defect(answer)
            if number <= errors and i == 0:
                answer = _unknown_kind(answer)
            front, body = answer
            _write(place / f"{model.name}.md", "\n".join(("---", *front_matter(front), "---", body, "")))
            count += 1
    return count


def units_for(pages: int) -> int:
    """How many units have at least so many indicator pages."""
    return -(-pages // INDICATORS)


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def main() -> None:
    parser = argparse.ArgumentParser(description="A project of any size, from a seed.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--units", type=int, default=25)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--defects", type=float, default=0.02)
    parser.add_argument("--errors", type=int, default=0)
    parser.add_argument("--attachments", action="store_true")
    asked = parser.parse_args()
    count = write(
        asked.folder,
        asked.units,
        seed=asked.seed,
        defects=asked.defects,
        errors=asked.errors,
        attachments=asked.attachments,
    )
    print(f"{count:,} files of {asked.units:,} units in {asked.folder}")


if __name__ == "__main__":
    main()
