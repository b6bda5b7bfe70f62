"""A build with the cache of the last one, in a fresh checkout: the same bytes as without, and little made anew."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import random
import shutil
import sys
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from lakthan import build, cache, made, pages, privacy, publish, workbook, writer
from lakthan.examination import cores
from tests.conftest import ROOT, Once, Sandbox, command, forked, python
from tests.patience import LONG

RUBRIC = """\
lakthan: 1
id: YEAR
title: {th: เกณฑ์เล็ก, en: Small criteria}
short: {th: เล็ก, en: Small}
year: 2570
document: {title: {th: ประกาศตัวอย่าง, en: A sample notice}, issuer: {th: หน่วยงานตัวอย่าง, en: A sample office}}
kinds:
  plan: {title: {th: แผน, en: Plan}}
  report: {title: {th: รายงาน, en: Report}}
award: sum
levels:
- {id: good, title: {th: ดี, en: Good}, percent_at_least: 50}
indicators:
- {id: "1", title: {th: แผน, en: Plan}, points: 10, when: [{has: plan}]CONTINUES}
- {id: "2", title: {th: รายงาน, en: Report}, points: 7, when: [{has: report}]}
"""
ANSWER = """\
---
self_score: 10
evidence:
- {kind: plan, title: แผนงาน, date: ๑ ต.ค. ๒๕๖๙, reference: ที่ ๑/๒๕๗๐, url: "https://example.go.th/plan"}
- {kind: report, title: รายงาน, date: 2026-11-05, file: files/report.txt, indicators: ["1", "2"]}
---
บัญชีของหน่วยงาน [รายงาน](files/report.txt)
"""
NAMES = {"north": "หน่วยเหนือ", "north/hill": "หน่วยเขา", "south": "หน่วยใต้"}
EVERY = {*NAMES, "north/small-2569", *(f"{unit}/small-2570" for unit in NAMES)}
"""All that is kept of the project: units, and portfolios."""


def small(root: Path) -> Sandbox:
    """Three units, one of them below another, and two editions of a rubric with two indicators."""
    found = Sandbox(root)
    found.write("mkdocs.yml", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
    shutil.copytree(ROOT / "site_templates/theme", found.path("site_templates/theme"))
    found.write("rubrics/small-2569.yml", RUBRIC.replace("YEAR", "small-2569").replace("CONTINUES", ""))
    continues = ', continues: ["small-2569:1"]'
    found.write("rubrics/small-2570.yml", RUBRIC.replace("YEAR", "small-2570").replace("CONTINUES", continues))
    for unit, name in NAMES.items():
        found.write(f"content/{unit}/unit.yml", f"name: {{th: {name}, en: Unit {unit}}}\n")
        answer(found, f"{unit}/small-2570", "1")
    answer(found, "north/small-2569", "1")
    found.write("content/site.yml", (ROOT / "content/site.yml").read_text(encoding="utf-8"))
    return found


@pytest.fixture
def project(tmp_path: Path) -> Sandbox:
    return small(tmp_path / "project")


def answer(project: Sandbox, portfolio: str, name: str) -> None:
    project.write(f"content/{portfolio}/{name}.md", ANSWER)
    project.write(f"content/{portfolio}/files/report.txt", f"รายงานของ {portfolio}")


# The same bytes --------------------------------------------------------------------------------------------------


class Heavy(cache.Cache):
    """A cache of nothing but forms, pictures and tables, which are kept by their own content."""

    def find(self, kind: str, source: bytes) -> bytes | None:
        return super().find(kind, source) if "." in kind else None

    def keep(self, kind: str, source: bytes, content: bytes) -> None:
        if "." in kind:
            super().keep(kind, source, content)

    def prune(self, used: object = None) -> None:
        pass


def built(project: Sandbox, where: Path, kept: cache.Cache, pages: bool) -> dict[str, bytes]:
    """All files of the pages and the site, built in a checkout of its own, with the cache *kept*.

    *pages* says whether pages of a former build stand there: then they are kept up, else they are not written.
    """
    copied(project, where)
    if pages:
        (where / build.DOCS / "former.md").write_text("# Former\n", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writer, "Cache", lambda _: kept)
        build.site(where, build.examine(where), processes=1)
    kept.used.clear()
    assert (where / build.DOCS / "index.md").is_file() == pages
    return files_of(where)


def copied(project: Sandbox, where: Path) -> None:
    for name in ("content", "rubrics", "site_templates"):
        shutil.copytree(project.path(name), where / name)
    shutil.copy(project.path("mkdocs.yml"), where)
    (where / build.DOCS).mkdir(parents=True)


def files_of(where: Path) -> dict[str, bytes]:
    """All that a build has left, which is then removed."""
    manifest = (where / "site" / publish.MANIFEST).read_bytes()
    assert manifest == publish.manifest(where / "site"), "what is said of files that were not read again is so"
    found = {}
    for folder in (build.DOCS, "site"):
        for path in sorted((where / folder).rglob("*")):
            name = f"{folder}/{path.relative_to(where / folder).as_posix()}"
            found[name] = path.read_bytes() if path.is_file() else b"a folder"
    shutil.rmtree(where)
    return found


def rebuild(root: Path, lost: bool, said: Connection) -> None:
    """What `lakthan build` does, but that it waits for what is laid down ahead, or loses it."""
    once, unpacked = made.Made.unpacked, []

    def counted(kept: bytes) -> made.Made | None:
        unpacked.append(kept)
        return once(kept)

    with build.ahead(root) as begun:
        if begun:
            begun._pipe.poll(60)  # until all is there that can be
            if lost:
                begun._pipe.recv()
                begun._process.kill()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(made.Made, "unpacked", counted)
            build.site(root, build.examine(root), begun=begun)
        said.send((bool(begun), len(unpacked)))


def rebuilt(
    project: Sandbox, where: Path, kept: Path, *, lost: bool = False
) -> tuple[dict[str, bytes], tuple[bool, int]]:
    """All files of the site, built as `built` does but with what the cache in the folder *kept* has laid down ahead.

    And whether anything was, and how much was unpacked besides.
    """
    copied(project, where)
    if kept.exists():
        shutil.copytree(kept, where / cache.FOLDER)
    context: Any = forked()
    told, said = context.Pipe(duplex=False)
    process = context.Process(target=rebuild, args=(where, lost, said))
    process.start()
    process.join(LONG)
    assert process.exitcode == 0
    assert not (where / made.AHEAD).exists()
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(where / cache.FOLDER, kept)
    return files_of(where), told.recv()


Edit = Callable[[Sandbox, random.Random], object]


def some_answer(project: Sandbox, rng: random.Random) -> str:
    found = sorted(path for path in project.path("content").rglob("*.md") if ".en" not in path.name)
    return rng.choice(found).relative_to(project.root).as_posix()


def some_unit(project: Sandbox, rng: random.Random) -> Path:
    return rng.choice(sorted(path.parent for path in project.path("content").rglob("unit.yml")))


def tells(project: Sandbox, rng: random.Random) -> None:
    name = some_answer(project, rng)
    project.write(name, project.read(name) + f"\nแก้ไขครั้งที่ {rng.random()}\n")


def redates(project: Sandbox, rng: random.Random) -> None:
    name = some_answer(project, rng)
    project.write(name, project.read(name).replace("2026-11-05", f"2026-12-{rng.randint(10, 28)}"))


def loses_evidence(project: Sandbox, rng: random.Random) -> None:
    name = some_answer(project, rng)
    lines = project.read(name).splitlines(keepends=True)
    project.write(name, "".join(line for line in lines if not line.startswith("- {kind: plan")))


def answers_another(project: Sandbox, rng: random.Random) -> None:
    folder = rng.choice(sorted({path.parent for path in project.path("content").rglob("1.md")}))
    answer(project, folder.relative_to(project.path("content")).as_posix(), "2")


def says_in_english(project: Sandbox, rng: random.Random) -> None:
    name = some_answer(project, rng)
    project.write(name.replace(".md", ".en.md"), "---\ntexts: {แผนงาน: A plan}\n---\nTold in English.\n")


def attaches(project: Sandbox, rng: random.Random) -> None:
    path = rng.choice(sorted(project.path("content").rglob("report.txt")))
    path.write_text("ก" * rng.randint(1, 5000), encoding="utf-8")


def detaches(project: Sandbox, rng: random.Random) -> None:
    rng.choice([*sorted(project.path("content").rglob("report.txt")), project.path("none")]).unlink(missing_ok=True)


def renames(project: Sandbox, rng: random.Random) -> None:
    unit = some_unit(project, rng)
    unit.rename(unit.with_name(f"{unit.name}-x"))


def calls_it_otherwise(project: Sandbox, rng: random.Random) -> None:
    name = f"หน่วย {rng.choice('กขฮ')}{rng.randint(1, 99)}"
    (some_unit(project, rng) / "unit.yml").write_text(
        f"name: {{th: {name}, en: U}}\nprofile: {{vision: {{th: {name}}}}}\n", encoding="utf-8"
    )


def goes(project: Sandbox, rng: random.Random) -> None:
    unit = some_unit(project, rng)
    if unit.name != "north":
        shutil.rmtree(unit)


def comes(project: Sandbox, rng: random.Random) -> None:
    name = f"new-{rng.randint(1, 99)}"
    project.write(f"content/{name}/unit.yml", f"name: {{th: หน่วย {name}, en: {name}}}\n")
    answer(project, f"{name}/small-2570", "1")


def changes_criteria(project: Sandbox, rng: random.Random) -> None:
    name = rng.choice(("rubrics/small-2569.yml", "rubrics/small-2570.yml"))
    project.write(name, project.read(name).replace("points: 7", f"points: {rng.randint(2, 6)}"))


def changes_site(project: Sandbox, rng: random.Random) -> None:
    said = rng.choice(("digits: ascii", "languages: [th]", "digits: thai", 'address: "https://example.go.th/"'))
    lines = [line for line in project.read("content/site.yml").splitlines() if said.split(":")[0] not in line]
    project.write("content/site.yml", "\n".join((*lines, said)) + "\n")


def overrides(project: Sandbox, rng: random.Random) -> None:
    name = rng.choice(("pages/indicator.md.j2", "pages/unit.md.j2", "forms/generic.typ"))
    text = (ROOT / "site_templates" / name).read_text(encoding="utf-8")
    extra = "" if name.endswith("typ") else f"\n<p>ฉบับ {rng.randint(1, 99)}</p>\n"
    project.write(f"site_templates/{name}", text + extra)


def themes(project: Sandbox, rng: random.Random) -> None:
    text = project.read("mkdocs.yml").partition("copyright:")[0]
    project.write("mkdocs.yml", f"{text}copyright: ฉบับ {rng.randint(1, 99)}\n")


def reviews(project: Sandbox, rng: random.Random) -> None:
    folder = rng.choice(sorted({path.parent for path in project.path("content").rglob("1.md")}))
    verdict = rng.choice(("accept", "reject"))
    (folder / "reviews").mkdir(exist_ok=True)
    (folder / "reviews/one.yml").write_text(
        f"lakthan: 1\nrole: คณะทำงาน\ndate: 2026-12-20\nfinal: true\nverdicts:\n"
        f'- {{indicator: "1", verdict: {verdict}, points: 1, reason: ตามหลักฐาน}}\n',
        encoding="utf-8",
    )


def reaches(project: Sandbox, rng: random.Random) -> None:
    entry = {"first_published": "2026-01-01", "last_checked": f"2026-12-{rng.randint(10, 28)}", "status": "ok"}
    project.write("content/links.json", json.dumps({"https://example.go.th/plan": entry}))


EDITS: tuple[Edit, ...] = (
    tells, redates, loses_evidence, answers_another, says_in_english, attaches, detaches, renames, calls_it_otherwise,
    goes, comes, changes_criteria, changes_site, overrides, themes, reviews, reaches,
)  # fmt: skip


@pytest.mark.parametrize(
    ("seed", "steps", "pages"),
    [(1, 2, False), (3, 2, True), pytest.param(2, len(EDITS), False, marks=pytest.mark.slow)],
)
def test_random_edits_end_in_the_bytes_of_a_clean_build(
    project: Sandbox, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, seed: int, steps: int, pages: bool
) -> None:
    rng = random.Random(seed)
    carried, heavy = cache.Cache(tmp_path / "carried"), Heavy(tmp_path_factory.getbasetemp() / "heavy")
    built(project, tmp_path / "first", carried, pages)
    for edit in rng.sample(EDITS, steps):
        edit(project, rng)
        if pages or not carried.folder:
            mine = built(project, tmp_path / "with", carried, pages)
        else:
            mine, _ = rebuilt(project, tmp_path / "with", carried.folder)
        clean = built(project, tmp_path / "without", heavy, pages)
        other = [name for name in sorted({*mine, *clean}) if mine.get(name) != clean.get(name)]
        assert not other, f"after {edit.__name__}"


# Laid down ahead -------------------------------------------------------------------------------------------------


def test_what_was_laid_down_ahead_is_not_unpacked_again(project: Sandbox, tmp_path: Path) -> None:
    kept, again = tmp_path / "kept", tmp_path / "again"
    first, said = rebuilt(project, again, kept)
    assert said == (False, 0)
    # Without processes that can be forked all of it is unpacked in its place, and the site is the same.
    begun = sys.platform == "linux" and cores() > 1
    mine, said = rebuilt(project, again, kept)
    assert mine == first
    assert (said == (True, 0)) == begun
    mine, said = rebuilt(project, again, kept, lost=True)
    assert mine == first
    assert said[0] == begun
    assert said[1] > 20


def test_a_build_that_is_refused_leaves_nothing_that_was_laid_down_ahead(project: Sandbox) -> None:
    build_ = ["lakthan.cli", "build"]
    assert command(build_, project.root).returncode == 0
    before = (project.root / "site" / publish.MANIFEST).read_bytes()
    project.write("content/south/small-2570/1.md", "---\nfacts: [\n---\n")
    assert command(build_, project.root).returncode == 1
    assert publish.manifest(project.root / "site") == before
    assert sorted(path.name for path in (project.root / "build").iterdir()) == [".lock", "docs"]


def test_what_nobody_wants_is_taken_away_and_the_folder_stays(tmp_path: Path) -> None:
    """It has the permissions of the site whose place it will take."""
    for name in ("a/b/x.html", "a/y.html", "z.html"):
        made.write_new(str(tmp_path / "site" / name), b"x")
    made.take_away(tmp_path / "site", ["a/b/x.html", "z.html"])
    assert {path.name for path in (tmp_path / "site").rglob("*")} == {"a", "y.html"}
    made.take_away(tmp_path / "site", ["a/y.html"])
    assert [*tmp_path.rglob("*")] == [tmp_path / "site"]


def test_where_no_process_can_be_forked_one_does_all(project: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows."""
    context = multiprocessing.get_context

    def refused(method: str | None = None) -> object:
        if method == "fork":
            raise ValueError("cannot find context for 'fork'")
        return context(method)

    monkeypatch.setattr(multiprocessing, "get_context", refused)
    for module in (made, writer):
        monkeypatch.setattr(module, "may_fork", lambda: False)
    for processes in (None, 3):
        assert build.generate(project.root, build.examine(project.root), processes=processes).total > 100


@pytest.mark.parametrize("path", ["../x.html", "/x.html", "a/../../x.html", "C:x.html", "a\\..\\..\\x.html"])
def test_what_is_kept_cannot_be_written_elsewhere(path: str) -> None:
    one = made.Made()
    one.add("site", "a/x..html", b"x")
    assert made.Made.unpacked(one.packed())
    one.add("site", path, b"x")
    assert made.Made.unpacked(one.packed()) is None


# Little made anew ------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def kept_in(folder: Path) -> Iterator[cache.Cache]:
    """The cache of the builds meanwhile."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writer, "Cache", lambda _: cache.Cache(folder))
        yield cache.Cache(folder)


@pytest.fixture
def kept(project: Sandbox, tmp_path: Path, once: Once) -> Iterator[cache.Cache]:
    """The cache of a first build of the project."""

    def build_it(folder: Path) -> None:
        with kept_in(folder / "kept"):
            small(folder / "project").generate()

    first = once("rebuilt", build_it)
    shutil.copytree(first / "project" / build.DOCS, project.docs)
    shutil.copytree(first / "kept", tmp_path / "kept")
    with kept_in(tmp_path / "kept") as found:
        yield found


def renewed(project: Sandbox) -> set[str]:
    """What the next build makes anew, in a checkout without pages."""
    shutil.rmtree(project.docs)
    return {name for sort, name in project.generate().renewed if sort in ("portfolio", "unit")}


@pytest.mark.parametrize(
    ("name", "old", "new", "expected"),
    [
        ("content/south/small-2570/1.md", "แผนงาน", "แผนใหม่", {"south", "south/small-2570"}),
        # Pages of indicators tell what a unit says in its own words, and no others of its pages do.
        ("content/south/small-2570/1.md", "บัญชีของ", "เรื่องของ", set()),
        # An edition that the next one continues stands on its pages.
        ("content/north/small-2569/1.md", "แผนงาน", "แผนใหม่", {"north", "north/small-2569", "north/small-2570"}),
        # A name stands on the pages of the units below, and of those beside it in the list.
        ("content/north/unit.yml", "หน่วยเหนือ", "หน่วยเหนือสุด", {*EVERY} - {"south"}),
        ("rubrics/small-2569.yml", "points: 7", "points: 6", {"north", "north/small-2569", "north/small-2570"}),
        ("content/site.yml", "digits: thai", "digits: ascii", EVERY),
    ],
)
def test_an_edit_makes_anew_what_shows_it(
    project: Sandbox, kept: cache.Cache, name: str, old: str, new: str, expected: set[str]
) -> None:
    assert kept.folder
    entries = len([*kept.folder.iterdir()])
    assert renewed(project) == set()
    project.replace(name, old, new)
    assert renewed(project) == expected
    assert renewed(project) == set()
    assert len([*kept.folder.iterdir()]) < entries + 5, "what is of no more use is removed"


def test_what_a_unit_tells_is_on_few_pages(project: Sandbox, kept: cache.Cache) -> None:
    shutil.rmtree(project.docs)
    assert kept.folder
    project.replace("content/south/small-2570/1.md", "บัญชีของ", "เรื่องของ")
    assert set(project.generate().renewed) == {
        ("told", "south/small-2570/1"),
        ("across", "small-2570/1"),
        ("telling", "small-2570/"),
    }


def test_evidence_of_an_indicator_is_on_no_page_of_another(project: Sandbox, kept: cache.Cache) -> None:
    for unit in NAMES:
        answer(project, f"{unit}/small-2570", "2")
    shutil.rmtree(project.docs)
    project.generate()
    # Neither a level changes nor the last day of all: those stand on every page across units.
    project.replace("content/south/small-2570/2.md", "ที่ ๑/๒๕๗๐", "ที่ ๒/๒๕๗๐")
    shutil.rmtree(project.docs)
    renewed = set(project.generate().renewed)
    assert ("across", "small-2570/2") in renewed
    assert not {("across", "small-2570/1"), ("across", "small-2569/1"), ("portfolio", "north/small-2570")} & renewed


def test_pages_say_what_they_would_of_all_that_is_known(project: Sandbox) -> None:
    rng = random.Random(3)
    answer(project, "north/small-2570", "2")
    for edit in (says_in_english, says_in_english, reviews, reviews, reaches, loses_evidence, calls_it_otherwise):
        edit(project, rng)
    project.generate()
    found = build.examine(project.root)
    files = (f"{one.folder}/files/report.txt" for one in found.project.portfolios)
    whole = pages.pages(
        found.project,
        found.assessments,
        templates=build.templates(project.root),
        problems=found.problems,
        sizes={name: project.path(name).stat().st_size for name in files},
        searched={name: privacy.sentences(one) for name, one in found.searched.items()},
        ledger=found.ledger,
    )
    every = {page.path: page.content for page in whole if page.path.endswith(".md")}
    assert len(every) > 80
    assert [path for path in every if every[path] != (project.docs / path).read_bytes()] == []


def test_what_a_theme_says_of_all_pages_follows_from_them(project: Sandbox) -> None:
    project.write("site_templates/theme/404.html", "{% for page in pages %}{{ page.src_uri }} {% endfor %}")

    def said() -> str:
        return (build.site(project.root, build.examine(project.root)) / "404.html").read_text(encoding="utf-8")

    assert "west/index.md" not in said()
    project.write("content/west/unit.yml", "name: {th: หน่วยตะวันตก, en: Unit west}\n")
    assert "west/index.md" in said()


def test_another_attachment_of_the_same_size_makes_anew_what_a_reviewer_saw_of_it(
    project: Sandbox, kept: cache.Cache
) -> None:
    path = project.path("content/south/small-2570/files/report.txt")
    path.write_bytes(path.read_bytes()[:-1] + b"1")
    assert "south/small-2570" in renewed(project)


def test_another_program_makes_everything_anew(
    project: Sandbox, kept: cache.Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert renewed(project) == set()
    monkeypatch.setattr(cache, "program", lambda: b"another")
    assert len(renewed(project)) == len(EVERY)


def test_a_damaged_entry_changes_nothing(project: Sandbox, kept: cache.Cache) -> None:
    before = {path: path.read_bytes() for path in sorted(project.docs.rglob("*")) if path.is_file()}
    assert kept.folder
    for path in kept.folder.iterdir():
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    assert len(renewed(project)) == len(EVERY)
    assert {path: path.read_bytes() for path in sorted(project.docs.rglob("*")) if path.is_file()} == before


@pytest.mark.parametrize("key", ["INHERIT", '"INHERIT"'])
def test_settings_from_elsewhere_are_not_trusted(project: Sandbox, kept: cache.Cache, key: str) -> None:
    project.write("base.yml", "copyright: someone\n")
    project.write("mkdocs.yml", f"{key}: base.yml\n" + project.read("mkdocs.yml"))
    assert len(renewed(project)) == len(renewed(project)) == len(EVERY)
    assert kept.folder


@pytest.mark.parametrize("said", ["build_date_utc", "page.update_date"])
def test_pages_that_say_when_they_were_built_are_made_anew_on_another_day(
    project: Sandbox, kept: cache.Cache, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    assert renewed(project) == set()
    project.write("site_templates/theme/partials/footer.html", f"{{{{ {said} }}}}")
    assert len(renewed(project)) == len(EVERY)
    assert renewed(project) == set()
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1800000000")
    assert len(renewed(project)) == len(EVERY)


def test_settings_in_thai_are_read_where_the_system_has_no_letters_for_them(project: Sandbox) -> None:
    project.write("mkdocs.yml", "site_name: เว็บไซต์\n")
    look = "from pathlib import Path; from lakthan import narrow; assert narrow.ground(Path(), [])"
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    found = python(["-c", look], project.root, **plain)
    assert not found.stderr


def test_a_template_changed_meanwhile_leaves_nothing_behind(
    project: Sandbox, kept: cache.Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    def change(*_: object) -> list[object]:
        project.write("site_templates/parts/new.j2", "new")
        return []

    monkeypatch.setattr(workbook, "of_all", change)
    project.replace("content/south/small-2570/1.md", "แผนงาน", "แผนใหม่")
    renewed(project)
    assert kept.folder
    assert not [*kept.folder.iterdir()]
