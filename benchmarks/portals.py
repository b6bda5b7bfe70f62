"""Writes many portals as `lakthan build` publishes their open data, with known defects among them.

    python benchmarks/portals.py FOLDER [--units 3000]

What a portal publishes is made by the engine: portfolios of the sample are varied from a seed (evidence is left out,
numbers change), scored, and stamped with the names of units. Every ninth unit or so also has a portfolio of the year
before, so that there are ten scores of indicators to a unit. FOLDER then has the portals, the rubrics, `list.yml`, and
`defects.json`: what is wrong with which portal.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import json
import random
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "generator"))

from lakthan import build, exports, load, publish, signing  # noqa: E402
from lakthan.exports.tables import TABLES, comma_separated  # noqa: E402
from lakthan.hub.listing import provinces  # noqa: E402
from lakthan.model import Answer, Portfolio, Record, Stated  # noqa: E402
from lakthan.rubric import Rubric  # noqa: E402

Json = dict[str, Any]
SEED = 2569
PER_PORTAL = 50
VARIANTS = 60
"""Different portfolios of each year: as many as scores are worked out here."""
BEFORE = 9
"""Of so many units one has a portfolio of the year before too."""
UNIT = "unit-name"
"""Stands for the name of a unit until there is one."""
NAMES = ("สำนักงาน", "โรงเรียน", "โรงพยาบาล", "ศูนย์", "สถานี", "วิทยาลัย", "เทศบาล", "กอง")
MINISTRIES = {
    "interior": ("กระทรวงมหาดไทย", "Ministry of Interior"),
    "education": ("กระทรวงศึกษาธิการ", "Ministry of Education"),
    "public-health": ("กระทรวงสาธารณสุข", "Ministry of Public Health"),
    "industry": ("กระทรวงอุตสาหกรรม", "Ministry of Industry"),
    "agriculture": ("กระทรวงเกษตรและสหกรณ์", "Ministry of Agriculture and Cooperatives"),
    "transport": ("กระทรวงคมนาคม", "Ministry of Transport"),
    "culture": ("กระทรวงวัฒนธรรม", "Ministry of Culture"),
    "finance": ("กระทรวงการคลัง", "Ministry of Finance"),
    "labour": ("กระทรวงแรงงาน", "Ministry of Labour"),
    "energy": ("กระทรวงพลังงาน", "Ministry of Energy"),
    "justice": ("กระทรวงยุติธรรม", "Ministry of Justice"),
    "commerce": ("กระทรวงพาณิชย์", "Ministry of Commerce"),
}
"""Names as everybody knows them; every score is made up."""


class Portal(NamedTuple):
    """The files of a portal, by name, before they are sealed."""

    id: str
    files: dict[str, bytes]


class Defect(NamedTuple):
    """What is wrong with a portal: a code, and the file that it is said of."""

    portal: str
    code: str
    place: str


# Portfolios ------------------------------------------------------------------------------------------------------


class Variant(NamedTuple):
    """A portfolio as it is published, of the unit `UNIT`."""

    rubric: str
    inputs: str
    summary: str
    rows: tuple[Json, ...]


def rubrics() -> tuple[Rubric, Rubric]:
    """The sample's rubric, and the same of the year before."""
    loaded = load.load(ROOT).project
    now = loaded.rubrics["moi-moral-2569"]
    return now.model_copy(update={"id": "moi-moral-2568", "year": 2568}), now


@functools.cache
def variants(count: int, seed: int) -> list[list[Variant]]:
    """For each rubric *count* portfolios, scored."""
    loaded = load.load(ROOT).project
    models = [p for p in loaded.portfolios if p.rubric.id == "moi-moral-2569"]
    luck = random.Random(seed)  # noqa: S311 (nothing secret)
    found = []
    for year, rubric in enumerate(rubrics()):
        made = [_varied(luck.choice(models), rubric, luck, 0.35 - 0.2 * year) for _ in range(count)]
        found.append([_published(portfolio) for portfolio in made])
    return found


def _varied(model: Portfolio, rubric: Rubric, luck: random.Random, lost: float) -> Portfolio:
    def thinned(records: Sequence[Record]) -> tuple[Record, ...]:
        return tuple(record for record in records if luck.random() > lost)

    def answer(given: Answer) -> Answer:
        facts = {
            name: replace(stated, value=Fraction(int(stated.value * luck.randint(70, 100) / 100)))
            for name, stated in given.facts.items()
        }
        return replace(
            given,
            facts=facts,
            evidence=thinned(given.evidence),
            registers={name: thinned(records) for name, records in given.registers.items()},
            self_score=given.self_score and Stated(given.self_score.value, given.place),
        )

    return replace(
        model,
        unit=UNIT,
        rubric=rubric,
        folder=f"{UNIT}/{rubric.id}",
        shared=answer(model.shared),
        answers={name: answer(given) for name, given in model.answers.items()},
        demonstration=False,
        reviews=(),
    )


def _published(portfolio: Portfolio) -> Variant:
    assessment = build.assess(portfolio)
    table = next(table for table in TABLES if table.name == "indicators")
    return Variant(
        portfolio.rubric.id,
        exports.encode(exports.inputs_document(assessment)).decode(),
        json.dumps(exports.summary(assessment), ensure_ascii=False),
        tuple({name: row.get(name) for name in table.columns} for row in table.rows(assessment)),
    )


# Portals ---------------------------------------------------------------------------------------------------------


def portals(units: int, seed: int = SEED, per_portal: int = PER_PORTAL) -> Iterator[tuple[Portal, Json]]:
    """Sound portals of so many units, each with its entry in the list."""
    luck = random.Random(seed + 1)  # noqa: S311
    known = variants(VARIANTS, seed)
    asked = {rubric.id: exports.encode(exports.rubric_data(rubric)) for rubric in rubrics()}
    table = next(table for table in TABLES if table.name == "indicators")
    places, ministries = list(provinces().items()), list(MINISTRIES)
    for number, first in enumerate(range(0, units, per_portal)):
        name = f"portal-{number:04}"
        ministry = ministries[number % len(ministries)]
        here, title = places[luck.randrange(len(places))]
        entry: Json = {"id": name, "folder": f"portals/{name}", "ministry": ministry, "province": here}
        files: dict[str, bytes] = {}
        listed: list[Json] = []
        summaries: list[Json] = []
        rows: list[Json] = []
        for n in range(first, min(first + per_portal, units)):
            unit = f"unit-{n:05}"
            kind = NAMES[luck.randrange(len(NAMES))]
            text = {"th": f"{kind}ที่ {n + 1} {title.th}", "en": f"Office {n + 1}, {title.en}"}
            listed.append({"id": unit, "name": text, "parent": None, "url": f"{unit}/"})
            years = [1] if n % BEFORE else [0, 1]
            for one in (known[year][luck.randrange(VARIANTS)] for year in years):
                files[f"{unit}/{one.rubric}/inputs.json"] = one.inputs.replace(UNIT, unit).encode()
                summaries.append(json.loads(one.summary.replace(UNIT, unit)))
                rows += ({**row, "unit": unit, "url": str(row["url"]).replace(UNIT, unit)} for row in one.rows)
        answered = {summary["rubric"] for summary in summaries}
        files |= {f"rubrics/{name}/rubric.json": content for name, content in asked.items() if name in answered}
        ministry_th, ministry_en = MINISTRIES[ministry]
        index: Json = {
            "title": {"th": f"{ministry_th} {title.th} {number + 1}", "en": f"{ministry_en}, {title.en} {number + 1}"},
            "rubrics": [],
            "units": listed,
            "portfolios": summaries,
        }
        files["index.json"] = exports.encode(index)
        files["data/indicators.csv"] = comma_separated(table, rows)
        yield Portal(name, files), entry


def seal(files: dict[str, bytes]) -> bytes:
    """The manifest of these files, as `publish.manifest` writes it."""
    listed = {
        name: {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
        for name, content in sorted(files.items())
    }
    document = {"generator": publish.GENERATOR, "files": listed}
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


# Defects ---------------------------------------------------------------------------------------------------------

Edit = Callable[[dict[str, bytes]], tuple[str, str]]
"""Does something to the files of a portal, and says what code will be said of which file."""


def _edited(files: dict[str, bytes], name: str, edit: Callable[[Json], object]) -> None:
    document = json.loads(files[name])
    edit(document)
    files[name] = exports.encode(document)


def _inputs(files: dict[str, bytes], number: int = 0) -> str:
    return sorted(name for name in files if name.endswith("moi-moral-2569/inputs.json"))[number]


def claims_more(files: dict[str, bytes]) -> tuple[str, str]:
    """An indicator's points are raised in the table."""
    lines = files["data/indicators.csv"].decode("utf-8-sig").split("\r\n")
    head = lines[0].split(",")
    at = head.index("points")
    for n, line in enumerate(lines[1:], 1):
        cells = line.split(",")
        if len(cells) == len(head) and cells[at] == "1":
            lines[n] = ",".join([*cells[:at], "3", *cells[at + 1 :]])
            break
    files["data/indicators.csv"] = "\r\n".join(lines).encode("utf-8-sig")
    return "published-score", "data/indicators.csv"


def claims_a_level(files: dict[str, bytes]) -> tuple[str, str]:
    """A portfolio's total is raised."""
    summary = json.loads(files["index.json"])["portfolios"][-1]
    _edited(files, "index.json", lambda index: index["portfolios"][-1].update(points=summary["points"] + 1))
    return "published-total", f"{summary['unit']}/{summary['rubric']}/index.json"


def loses_evidence(files: dict[str, bytes]) -> tuple[str, str]:
    """The inputs no longer hold what the points rest on."""

    def empty(document: Json) -> None:
        for answer in (document["shared"], *document["indicators"].values()):
            answer.update(evidence=[], registers={}, facts={})

    best = max((one for one in json.loads(files["index.json"])["portfolios"]), key=lambda one: one["points"])
    _edited(files, f"{best['unit']}/{best['rubric']}/inputs.json", empty)
    return "published-score", "data/indicators.csv"


def breaks_inputs(files: dict[str, bytes]) -> tuple[str, str]:
    name = _inputs(files, 1)
    files[name] = files[name][:-100]
    return "published-unreadable", name


def breaks_index(files: dict[str, bytes]) -> tuple[str, str]:
    files["index.json"] = b'{"portfolios": ['
    return "published-unreadable", "index.json"


def leads_out(files: dict[str, bytes]) -> tuple[str, str]:
    _edited(files, "index.json", lambda index: index["portfolios"][0].update(unit="../../etc"))
    return "published-unreadable", "index.json"


def is_old(files: dict[str, bytes]) -> tuple[str, str]:
    """Published by a version that had no inputs yet."""
    names = [name for name in files if name.endswith("/inputs.json")]
    first = json.loads(files["index.json"])["portfolios"][0]
    for name in names:
        del files[name]
    return "hub-old-format", f"{first['unit']}/{first['rubric']}/inputs.json"


def has_old_columns(files: dict[str, bytes]) -> tuple[str, str]:
    files["data/indicators.csv"] = files["data/indicators.csv"].replace(b"verified_exact", b"confirmed", 1)
    return "hub-old-format", "data/indicators.csv"


def asks_less(files: dict[str, bytes]) -> tuple[str, str]:
    """The rubric has another title: it is not the one that is gathered."""
    name = "rubrics/moi-moral-2569/rubric.json"
    _edited(files, name, lambda rubric: rubric["levels"][0].update(title={"th": "อื่น", "en": "Other"}))
    return "hub-rubric-differs", name


def asks_something_else(files: dict[str, bytes]) -> tuple[str, str]:
    summary = json.loads(files["index.json"])["portfolios"][0]
    name = f"{summary['unit']}/own-2569/inputs.json"
    files[name] = b"{}"
    files["rubrics/own-2569/rubric.json"] = b"{}"
    _edited(files, "index.json", lambda i: i["portfolios"].append({"unit": summary["unit"], "rubric": "own-2569"}))
    return "hub-rubric-unknown", "rubrics/own-2569/rubric.json"


def is_too_large(files: dict[str, bytes]) -> tuple[str, str]:
    name = _inputs(files)
    files[name] += b" " * 4_000_001
    return "hub-too-large", name


BEFORE_SEALING: tuple[Edit, ...] = (
    claims_more,
    claims_a_level,
    loses_evidence,
    breaks_inputs,
    breaks_index,
    leads_out,
    is_old,
    has_old_columns,
    asks_less,
    asks_something_else,
    is_too_large,
)


def changed(files: dict[str, bytes]) -> tuple[str, str]:
    """A file is other than the manifest says."""
    name = _inputs(files)
    files[name] += b"\n"
    return "published-changed", name


def missing(files: dict[str, bytes]) -> tuple[str, str]:
    name = _inputs(files, -1)
    del files[name]
    return "published-missing", name


def manifest_broken(files: dict[str, bytes]) -> tuple[str, str]:
    files["manifest.json"] = files["manifest.json"][:100]
    return "published-unreadable", "manifest.json"


def signed_by_another(files: dict[str, bytes]) -> tuple[str, str]:
    files["manifest.sig"] = bytes(64)
    return "published-signature", "manifest.sig"


def gone(files: dict[str, bytes]) -> tuple[str, str]:
    files.clear()
    return "hub-unreachable", ""


AFTER_SEALING: tuple[Edit, ...] = (changed, missing, manifest_broken, signed_by_another, gone)
EDITS = (*BEFORE_SEALING, *AFTER_SEALING)
EVERY = 3
"""One portal in three has something wrong, until each defect was there `ROUNDS` times."""
ROUNDS = 2


@functools.cache
def key() -> tuple[Any, str]:
    """The same key for every portal that signs, and each time: whose it is matters to no measurement."""
    found = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    return found, signing.public(found)


def write(folder: Path, units: int, *, seed: int = SEED, per_portal: int = PER_PORTAL) -> list[Defect]:
    """Write the portals, the list and what is wrong; an earlier set goes."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "rubrics").mkdir(parents=True)
    for rubric in rubrics():
        text = json.dumps(exports.rubric_data(rubric), ensure_ascii=False)  # JSON is YAML
        (folder / f"rubrics/{rubric.id}.yml").write_text(text, encoding="utf-8")
    entries: list[Json] = []
    defects: list[Defect] = []
    for number, (portal, entry) in enumerate(portals(units, seed, per_portal)):
        turn, rest = divmod(number, EVERY)
        edit = EDITS[turn % len(EDITS)] if rest == 1 and turn < ROUNDS * len(EDITS) else None
        files = portal.files
        if edit in BEFORE_SEALING:
            defects.append(Defect(portal.id, *edit(files)))
        files["manifest.json"] = seal(files)
        if rest == 0 or edit is signed_by_another:
            private, entry["key"] = key()
            files["manifest.sig"] = signing.sign(files["manifest.json"], private)
        if edit in AFTER_SEALING:
            defects.append(Defect(portal.id, *edit(files)))
        for name, content in files.items():
            path = folder / "portals" / portal.id / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        entries.append(entry)
    listing: Json = {
        "lakthan": 1,
        "title": {"th": "ภาพรวมการประเมินตนเองระดับประเทศ (ข้อมูลสมมติ)", "en": "National overview (made-up data)"},
        "description": {"th": "ข้อมูลสมมติสำหรับวัดความเร็ว", "en": "Made-up data that speed is measured with"},
        "publisher": {"th": "ตัวอย่างของ Lakthan", "en": "The Lakthan sample"},
        "rubrics": "rubrics",
        "ministries": {name: {"th": th, "en": en} for name, (th, en) in MINISTRIES.items()},
        "portals": entries,
    }
    (folder / "list.yml").write_text(json.dumps(listing, ensure_ascii=False, indent=1), encoding="utf-8")
    (folder / "defects.json").write_text(json.dumps(defects, indent=1), encoding="utf-8")
    return defects


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--units", type=int, default=3000)
    given = parser.parse_args()
    print(len(write(given.folder, given.units)), "defects")
