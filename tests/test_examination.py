"""Examined again, in parts or in other processes: always what a fresh look at everything says."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks import portfolios
from lakthan import diagnostics, examination, exports, links
from lakthan.cli import main
from lakthan.examination import Examined, Examiner, Part
from tests.conftest import ROOT

UNITS = 4


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Four small generated units, one of them inside another, and the sample's reviewed portfolio with its files."""
    portfolios.write(tmp_path, UNITS, defects=0.1, errors=1)
    content = tmp_path / "content"
    for folder in sorted(content.glob(f"*/{portfolios.RUBRIC}")):
        for path in folder.glob("[2-7].*.md"):
            path.unlink()
    (content / "unit-00002").rename(content / "unit-00001/inside")
    shutil.copytree(ROOT / "content/oae-demo", content / "oae-demo")
    return tmp_path


def same(left: Examined, right: Examined, *, words: bool = False) -> None:
    """Everything in both; *words*: reasons, advice and history included."""
    assert left.problems == right.problems
    assert left.searched == right.searched
    assert left.ledger == right.ledger
    assert left.project == right.project
    assert [a.portfolio.id for a in left.assessments] == [a.portfolio.id for a in right.assessments]
    for one, other in zip(left.assessments, right.assessments, strict=True):
        assert one.portfolio == other.portfolio
        assert [(s.points, s.max, s.level, s.round) for s in one.scores] == [
            (s.points, s.max, s.level, s.round) for s in other.scores
        ]
        if words:
            assert exports.score_document([one]) == exports.score_document([other])


# Edit scripts ----------------------------------------------------------------------------------------------------


def files(root: Path, pattern: str = "content/**/*.md") -> list[Path]:
    return sorted(path for path in root.glob(pattern) if path.is_file())


def edit(root: Path, luck: random.Random) -> None:
    path = luck.choice(files(root))
    text = path.read_text(encoding="utf-8")
    changes = (
        text.replace("2566", "2565", 1),
        f"{text}\nรอลิงก์\n",
        text.replace("self_score: 2", "self_score: 1"),
        text.replace("kind: ", "kind: x", 1),
        text.replace("\n", "\r\n"),
        text[: len(text) // 2],
        "",
    )
    path.write_bytes(luck.choice(changes).encode())


def remove(root: Path, luck: random.Random) -> None:
    luck.choice(files(root, "content/**/*.*")).unlink()


def rename(root: Path, luck: random.Random) -> None:
    path = luck.choice(files(root))
    path.rename(path.with_name(luck.choice(("1.1.1.md", "9.9.md", "5.2.md", "notes.txt", "5.1.en.md"))))


def move_unit(root: Path, luck: random.Random) -> None:
    units = sorted(path.parent for path in root.glob("content/*/unit.yml"))
    luck.choice(units).rename(root / "content" / f"moved-{luck.randrange(10**6)}")


def attach(root: Path, luck: random.Random) -> None:
    folder = luck.choice(sorted(root.glob(f"content/**/{portfolios.RUBRIC}"))) / "files"
    folder.mkdir(exist_ok=True)
    (folder / luck.choice(("report.pdf", "new.txt"))).write_bytes(luck.choice((b"%PDF-1.4 x", b"0812345678", b"")))


def unit_file(root: Path, luck: random.Random) -> None:
    path = luck.choice(files(root, "content/**/unit.yml"))
    text = path.read_text(encoding="utf-8")
    changes = (f"{text}phone: 081-234-5678\n", text.replace("demonstration: true", ""), "name: [")
    path.write_text(luck.choice(changes), encoding="utf-8")


def site_file(root: Path, luck: random.Random) -> None:
    path = root / "content/site.yml"
    text = path.read_text(encoding="utf-8") if path.is_file() else "title: x\ndescription: x\npublisher: x\n"
    added = luck.choice(("address: https://portal.go.th/\nsince: 2023-09-01\n", "digits: ascii\n", "licence: เเผน\n"))
    path.write_text(text + added, encoding="utf-8")


def rubric_file(root: Path, luck: random.Random) -> None:
    path = root / f"rubrics/{portfolios.RUBRIC}.yml"
    if not path.is_file():
        return
    text = path.read_text(encoding="utf-8")
    old, new = luck.choice(
        (("points: 2,", "points: 1,"), ("carry_over: true", "carry_over: false"), ("\nareas:", "\nx:"))
    )
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def ledger(root: Path, luck: random.Random) -> None:
    addresses = list(links.addresses(examination.examine(root).project))
    entry = (
        '{"first_published": "2023-08-01", "last_checked": "2024-07-01", "status": "gone", "dead_since": "2023-10-01"}'
    )
    listed = ", ".join(f'"{address}": {entry}' for address in luck.sample(addresses, k=min(3, len(addresses))))
    text = luck.choice((f'{{"links": {{{listed}}}}}', "<<<<<<<", '{"links": {}}'))
    (root / links.LEDGER).write_text(text, encoding="utf-8")


EDITS: tuple[Callable[[Path, random.Random], None], ...] = (
    *(edit, edit, edit, remove, rename, attach),
    *(move_unit, unit_file, site_file, rubric_file, ledger),
)


@pytest.mark.parametrize("seed", range(3))
def test_examined_again_is_as_examined_afresh(project: Path, seed: int) -> None:
    luck, examiner = random.Random(seed), Examiner(project)
    whole = project.with_name(f"{project.name}-whole")
    shutil.copytree(project, whole)
    same(examiner.examine(), examination.examine(project))
    for step in range(6):
        for change in luck.choices(EDITS, k=luck.randint(1, 2)):
            if files(project) and files(project, "content/**/unit.yml") and files(project, "content/*/unit.yml"):
                change(project, luck)
        same(examiner.examine(), examination.examine(project), words=step == 5)
    # And back, as a checkout of an older state does it.
    shutil.rmtree(project)
    shutil.copytree(whole, project)
    same(examiner.examine(), examination.examine(project))


def test_only_what_a_change_concerns_is_worked_out(project: Path) -> None:
    examiner = Examiner(project)
    first = examiner.examine()
    assert len(examiner.renewed) == UNITS + 1
    same(examiner.examine(), first)
    assert not examiner.renewed
    edited = project / "content/unit-00003" / portfolios.RUBRIC / "1.1.2.md"
    edited.write_text(f"{edited.read_text(encoding='utf-8')}\nเพิ่ม\n", encoding="utf-8")
    second = examiner.examine()
    assert examiner.renewed == (f"unit-00003/{portfolios.RUBRIC}",)
    assert sum(one is other for one, other in zip(first.assessments, second.assessments, strict=True)) == UNITS
    (project / "content/unit-00004/unit.yml").write_text("name: ใหม่\nphone: 02-123-4567\n", encoding="utf-8")
    examiner.examine()
    assert examiner.renewed == (f"unit-00004/{portfolios.RUBRIC}",)
    rubric = project / f"rubrics/{portfolios.RUBRIC}.yml"
    rubric.write_text(rubric.read_text(encoding="utf-8").replace("max: 120", "max: 121", 1), encoding="utf-8")
    examiner.examine()
    assert len(examiner.renewed) == UNITS + 1


# Many processes --------------------------------------------------------------------------------------------------


def summary(part: Part) -> tuple[str, str, tuple[tuple[diagnostics.Key, diagnostics.Diagnostic], ...]]:
    latest = part.assessment.latest
    return part.assessment.portfolio.id, f"{latest.points} {latest.level}", part.problems


@pytest.mark.parametrize("processes", [1, 2])
def test_a_sweep_finds_what_an_examination_finds(
    project: Path, processes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examination, "ALONE", 0)
    monkeypatch.setattr(examination, "AT_ONCE", 2)
    (project / "content/nobody").mkdir()
    (project / "content/nobody/unit.yml").write_text("nam: x\n", encoding="utf-8")
    shutil.copytree(project / "content/unit-00003" / portfolios.RUBRIC, project / "content/nobody" / portfolios.RUBRIC)
    whole = examination.examine(project)
    swept = examination.sweep(project, summary, processes=processes)
    found = list(swept.found)
    scores = [(a.portfolio.id, f"{a.latest.points} {a.latest.level}") for a in whole.assessments]
    assert [one[:2] for one in found] == scores
    assert diagnostics.merge((*swept.problems, *(key for one in found for key in one[2]))) == whole.problems


@pytest.mark.parametrize("arguments", ["check --format json --today 2024-09-01", "score --format json", "score -v"])
def test_commands_say_the_same_in_one_process_and_in_many(
    project: Path, arguments: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def said() -> tuple[int, str, str]:
        result = CliRunner().invoke(main, ["-C", str(project), "--lang", "en", *arguments.split()])
        return result.exit_code, result.stdout, result.stderr

    alone = said()
    monkeypatch.setattr(examination, "ALONE", 0)
    monkeypatch.setattr(examination, "AT_ONCE", 1)
    monkeypatch.setattr(examination, "cores", lambda: 2)
    assert said() == alone
    whole = examination.examine(project)
    assert alone[0] == 1, "the project has an error"
    if "json" in arguments:
        document = json.loads(alone[1])
        expected = exports.score_document(whole.assessments) if "score" in arguments else None
        assert expected is None or alone[1] == json.dumps(expected, ensure_ascii=False, indent=2) + "\n"
        assert expected or {p["code"] for p in document["problems"]} >= {p.code for p in whole.problems}


def test_a_sweep_holds_no_portfolio(project: Path) -> None:
    assert all(not portfolio.answers for portfolio in examination.sweep(project, summary).project.portfolios)


def test_whoever_stops_early_leaves_no_process(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examination, "ALONE", 0)
    monkeypatch.setattr(examination, "AT_ONCE", 1)
    found: Iterator[object] = examination.sweep(project, summary, processes=2).found
    assert next(found)
    found.close()  # type: ignore[attr-defined]


def test_what_is_worked_out_apart_goes_with_it(project: Path) -> None:
    one = examination.examine(project).assessments[-1]
    apart = one.apart()
    assert apart == one.apart()
    assert len(apart.scores) > 1
    assert apart.advice.indicators
    assert {"scores", "advice"} <= vars(apart).keys()
    assert not {"scores", "advice"} & vars(one).keys()
    assert one.scores == apart.scores
