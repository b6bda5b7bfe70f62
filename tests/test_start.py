"""Starting and living with a project: init, a new year, what editors are given, and the workflows."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from click.testing import CliRunner

from lakthan import cli, completion, difftext, load, scaffold, strictyaml, upkeep
from lakthan.messages import Language
from lakthan.rubric import Rubric
from tests.conftest import MEAN, ROOT, Json, Sandbox

MOI = "content/dip-ict/moi-moral-2569"
PROJECT = ROOT / "generator" / "lakthan" / "project"


@pytest.fixture
def empty(tmp_path: Path) -> Sandbox:
    (tmp_path / "office").mkdir()
    return Sandbox(tmp_path / "office")


def files(project: Sandbox) -> dict[str, bytes]:
    return {p.relative_to(project.root).as_posix(): p.read_bytes() for p in project.root.rglob("*") if p.is_file()}


# init ------------------------------------------------------------------------------------------------------------


def test_a_project_is_sound_from_the_start(empty: Sandbox) -> None:
    empty.run("init", "--rubric", "moi-moral-2569", "--address", "https://www.dip.go.th/portfolio", lang="th")
    assert "errors 0" in empty.run("check").stdout
    site = load.load(empty.root).project.site
    assert (site.title.th, site.languages) == ("แฟ้มหลักฐาน", ("th", "en"))
    assert site.address == "https://www.dip.go.th/portfolio/"
    settings = empty.read("mkdocs.yml")
    assert 'site_url: !ENV [SITE_URL, "https://www.dip.go.th/portfolio/"]' in settings
    assert 'site_name: "แฟ้มหลักฐาน"' in settings


@pytest.mark.parametrize(("languages", "first"), [("en", "en"), ("th", "th"), ("en, th", "en")])
def test_its_languages_are_chosen(empty: Sandbox, languages: str, first: str) -> None:
    empty.run("init", "--rubric", "moi-moral-2569", "--languages", languages)
    assert load.load(empty.root).project.site.languages[0] == first
    assert f"\n  language: {first}\n" in empty.read("mkdocs.yml")
    assert "errors 0" in empty.run("check").stdout


def test_at_a_terminal_it_asks(empty: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "_at_terminal", lambda: True)
    said = "แฟ้มของกอง\nkong/kk\nกอง ก\nDivision K\noae-unit-2567\nth\nhttps://www.oae.go.th/x/\ngitlab\n"
    args = ["--root", str(empty.root), "--lang", "th", "init"]
    result = CliRunner().invoke(cli.main, args, input=said, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert "ชื่อเว็บไซต์" in result.stdout
    project = load.load(empty.root).project
    assert (project.site.title.th, project.site.languages) == ("แฟ้มของกอง", ("th",))
    assert project.site.address == "https://www.oae.go.th/x/"
    assert list(project.rubrics) == ["oae-unit-2567"]
    assert project.units["kong/kk"].name.en == "Division K"
    assert empty.path(".gitlab-ci.yml").is_file()
    assert not empty.path(".github").exists()


def test_without_questions(empty: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "_at_terminal", lambda: True)
    empty.run("init", "--yes", "--ci", "none")
    assert not [name for name in files(empty) if name.startswith((".github", ".gitlab"))]


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--address", "ftp://x.go.th"),
        ("--address", "www.x.go.th"),
        ("--address", "https://x.go.th/?a=1"),
        ("--languages", "de"),
        ("--languages", ","),
        ("--unit", "../x"),
        ("--unit", "rubrics"),
        ("--rubric", "nothing"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_written(empty: Sandbox, option: str, value: str) -> None:
    empty.run("init", option, value, status=2)
    assert files(empty) == {}


def test_a_project_that_is_there_stays_as_it_is(sample: Sandbox) -> None:
    """What somebody removed does not come back, and what they wrote stays."""
    sample.path("rubrics/oae-unit-2567.yml").unlink()
    shutil.rmtree(sample.path("content/oae-demo"))
    sample.path("content/site.yml").unlink()
    sample.path("site_templates/theme/404.html").unlink()
    before = files(sample)
    said = sample.run("init")
    after = files(sample)
    assert {name: after[name] for name in before} == before
    added = sorted(name for name in after if name not in before and not name.startswith(("schemas/", ".vscode/")))
    assert added == [".containerignore", ".gitattributes", ".gitignore", "Containerfile", "requirements.txt"]
    assert "This is a project already" in said.stdout
    again = sample.run("init")
    assert files(sample) == after
    assert "nothing is missing" in again.stdout


def test_what_an_option_names_is_added(sample: Sandbox) -> None:
    sample.path("rubrics/oae-unit-2567.yml").unlink()
    shutil.rmtree(sample.path("content/oae-demo"))
    sample.run("init", "--rubric", "oae-unit-2567", "--unit", "new-one", "--ci", "github")
    assert sample.path("rubrics/oae-unit-2567.yml").is_file()
    assert sample.path("content/new-one/oae-unit-2567/portfolio.md").is_file()
    assert not sample.path("content/new-one/moi-moral-2569").exists()
    assert sample.path(".github/workflows/portfolio.yml").is_file()
    assert not sample.path(".gitlab-ci.yml").exists()


# A new year ------------------------------------------------------------------------------------------------------


@pytest.fixture
def next_year(sample: Sandbox) -> Sandbox:
    """The sample with the next edition of a rubric: another window, an indicator more, one that moved, one gone."""
    text = sample.read("rubrics/moi-moral-2569.yml")
    rubric = yaml.safe_load(text)
    rubric["id"] = "moi-moral-2570"
    rubric["year"] = 2570
    rubric["period"] |= {"from": "2026-05-25", "to": "2027-09-30"}
    *kept, last = _indicators(rubric)
    kept[2]["continues"] = ["moi-moral-2569:7"]
    kept[6]["continues"] = ["moi-moral-2569:3"]
    last["id"] = "10"
    last["title"] = "อีกข้อหนึ่ง"
    for level in rubric.get("levels", ()):
        level["nodes"] = [{"9": "10"}.get(name, name) for name in level.get("nodes", ())]
    for subtotal in rubric.get("subtotals", ()):
        subtotal["nodes"] = [{"9": "10"}.get(name, name) for name in subtotal["nodes"]]
    rubric["readings"] = []
    dumped = yaml.safe_dump(rubric, allow_unicode=True, sort_keys=False)
    sample.write("rubrics/moi-moral-2570.yml", dumped)
    assert "moi-moral-2570" in load.load(sample.root).project.rubrics
    return sample


def _indicators(node: Json) -> list[Json]:
    found: list[Json] = [one for area in node.get("areas", ()) for one in _indicators(area)]
    return found + list(node.get("indicators", ()))


def test_a_new_year_claims_nothing(next_year: Sandbox) -> None:
    before = files(next_year)
    said = next_year.run("new", "year", "dip-ict", "moi-moral-2569", "moi-moral-2570").stdout
    after = files(next_year)
    assert {name: after[name] for name in before} == before
    folder = "content/dip-ict/moi-moral-2570"
    made = load.load(next_year.root)
    portfolio = next(p for p in made.project.portfolios if p.id == "dip-ict/moi-moral-2570")
    for answer in portfolio.all_answers():
        assert (answer.facts, answer.self_score, answer.registers) == ({}, None, dict.fromkeys(answer.registers, ()))
        assert all(not set(record.values) - {"kind", "covers", "place"} for record in answer.evidence)
    assert (portfolio.signed, portfolio.self_level) == (None, None)
    assert not [p for p in made.problems if p.severity == "error" and p.place.file.startswith(folder)]
    (entry,) = next_year.scores("dip-ict/moi-moral-2570")
    assert entry["points"] == 0
    # What carries over is said: roles, what the rubric continues, what still counts, and what is gone.
    assert portfolio.executive
    lines = said.splitlines()
    assert "  3 continues 7" in lines
    assert "  7 continues 3" in lines
    assert any(line.startswith("  1 is taken to continue 1") for line in lines)
    assert "  10 is new, or the rubric does not say what it continues" in lines
    assert "  9 is not asked any more" in lines


def test_the_engine_says_what_still_counts(next_year: Sandbox) -> None:
    """Dated before the new window, evidence does not count; inside it, and asked for, it would."""
    rubric = next_year.read("rubrics/moi-moral-2570.yml").replace("moi-moral-2569:7", "moi-moral-2569:3")
    next_year.write("rubrics/moi-moral-2570.yml", rubric)
    next_year.replace(f"{MOI}/3.md", "self_score: 3", "self_score: 3\nresponsible: หัวหน้ากลุ่ม")
    said = next_year.run("new", "year", "dip-ict", "moi-moral-2569", "moi-moral-2570").stdout
    third = said.partition("  3 continues 3\n")[2].partition("\n  4")[0]
    assert "kept: who is responsible: หัวหน้ากลุ่ม" in third
    assert "still counts if you show it again: การมอบหมาย" in third  # undated: as of the signature
    assert "22 Jan 2026" not in third  # before the window
    text = next_year.read("content/dip-ict/moi-moral-2570/3.md")
    assert 'responsible: "หัวหน้ากลุ่ม"' in text
    (order,) = [line for line in text.splitlines() if "date: 2026-01-22" in line]
    assert order.startswith("# - {")
    assert order.endswith("# would not count any more")
    # Without its sign, a line is what it was.
    shown = strictyaml.load(order.removeprefix("# ")).value
    assert shown[0]["kind"] == "appointment_order"


def test_a_hostile_title_stays_a_comment(next_year: Sandbox) -> None:
    next_year.replace(f"{MOI}/3.md", "title: การมอบหมาย", 'title: "x\\n---\\nself_score: 3 \\\\"# }" #')
    next_year.run("new", "year", "dip-ict", "moi-moral-2569", "moi-moral-2570", status=0)
    text = next_year.read("content/dip-ict/moi-moral-2570/7.md")
    front = strictyaml.load(strictyaml.split_front_matter(text).front).value
    assert front["self_score"] is None
    (line,) = [line for line in text.splitlines() if line.startswith("# - {") and "self_score" in line]
    assert strictyaml.load(line.removeprefix("# ")).value[0]["title"].startswith("x --- self_score")


@pytest.mark.parametrize(
    "args",
    [
        ("dip-ict", "moi-moral-2569", "moi-moral-2569"),
        ("dip-ict", "moi-moral-2569", "nothing"),
        ("dip-ict", "oae-unit-2567", "moi-moral-2569"),
        ("nobody", "moi-moral-2569", "oae-unit-2567"),
    ],
)
def test_a_year_that_cannot_be_is_refused(sample: Sandbox, args: tuple[str, ...]) -> None:
    before = files(sample)
    assert "Error: " in sample.run("new", "year", *args, status=2).stderr
    assert files(sample) == before


# Editors ---------------------------------------------------------------------------------------------------------


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return float(value) if isinstance(value, Decimal) else value


RUBRICS = load.load(ROOT).project.rubrics
ANSWERS = sorted(
    path for path in (ROOT / "content").rglob("*.md") if not path.stem.endswith(".en") and path.parent.name in RUBRICS
)


def front_of(path: Path) -> Any:
    return plain(strictyaml.load(strictyaml.split_front_matter(path.read_text(encoding="utf-8")).front).value)


def validator(schema: Json) -> jsonschema.Draft7Validator:
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


@pytest.fixture(scope="module")
def schemas() -> dict[str, Any]:
    found = {}
    for name, rubric in RUBRICS.items():
        found[f"answer-{name}"] = validator(completion.answer(rubric))
        found[f"portfolio-{name}"] = validator(completion.portfolio(rubric))
    return found


@pytest.mark.parametrize("path", ANSWERS, ids=lambda path: "/".join(path.parts[-3:]))
def test_every_file_of_the_sample_follows_its_schema(schemas: dict[str, Any], path: Path) -> None:
    sort = "portfolio" if path.stem == "portfolio" else "answer"
    found = schemas[f"{sort}-{path.parent.name}"].iter_errors(front_of(path))
    assert [f"{list(error.path)}: {error.message}" for error in found] == []


@pytest.mark.parametrize("language", ["th", "en"])
def test_every_skeleton_follows_its_schema(schemas: dict[str, Any], language: Language) -> None:
    for name, rubric in RUBRICS.items():
        texts = [(f"portfolio-{name}", scaffold.portfolio(rubric, language))]
        texts += [(f"answer-{name}", scaffold.answer(rubric, node, language)) for node in rubric.every_indicator()]
        for sort, text in texts:
            front = plain(strictyaml.load(strictyaml.split_front_matter(text).front).value)
            assert [error.message for error in schemas[sort].iter_errors(front)] == []


MISTAKES: dict[str, Callable[[Json], object]] = {
    "a misspelt key": lambda front: front.update(self_scor=3),
    "a number that is none": lambda front: front.update(signed="many"),
    "less than nothing": lambda front: front.update(self_score=-1),
    "an unknown kind": lambda front: front["evidence"][0].update(kind="assignmint"),
    "no kind": lambda front: front["evidence"][0].pop("kind"),
    "a misspelt field": lambda front: front["evidence"][0].update(titel="x"),
    "a date without a digit": lambda front: front["evidence"][1].update(date="soon"),
    "a file elsewhere": lambda front: front["evidence"][0].update(file="../x.pdf"),
    "a link that is none": lambda front: front["evidence"][0].update(url="javascript:alert(1)"),
    "a status that is none": lambda front: front.update(status="done"),
    "evidence that is no list": lambda front: front.update(evidence={"kind": "assignment"}),
    "a channel of no kind": lambda front: front.update(channels=[{"kind": "pigeon", "name": "x", "scope": "external"}]),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_an_editor_shows_a_mistake(schemas: dict[str, Any], mistake: str) -> None:
    front = front_of(ROOT / MOI / "3.md")
    schema = schemas["answer-moi-moral-2569"]
    assert schema.is_valid(front)
    MISTAKES[mistake](front)
    assert not schema.is_valid(front)


def test_the_fields_of_a_kind_are_its_own() -> None:
    text = MEAN.replace(
        "  report: {title: {th: รายงาน, en: Report}}",
        "  report: {title: {th: รายงาน, en: Report}, fields: {pages: {title: {th: หน้า, en: Pages}, type: number, "
        "required: true}}}",
    )
    assert text != MEAN
    schema = validator(completion.answer(Rubric.model_validate(yaml.safe_load(text))))
    report = {"kind": "report", "title": "x", "date": "2569-01-01", "file": "files/x.pdf", "pages": "๑๒"}
    assert schema.is_valid({"evidence": [report]})
    assert not schema.is_valid({"evidence": [{**report, "pages": "many"}]})
    assert not schema.is_valid({"evidence": [{k: v for k, v in report.items() if k != "pages"}]})
    assert not schema.is_valid({"evidence": [{**report, "kind": "plan"}]})


@pytest.mark.parametrize(
    ("name", "path"),
    [
        *(("site-file", path) for path in (ROOT / "content").glob("site.yml")),
        *(("unit-file", path) for path in (ROOT / "content").rglob("unit.yml")),
        *(("review", path) for path in (ROOT / "content").rglob("reviews/*.yml")),
        *(("rubric", path) for path in (ROOT / "rubrics").glob("*.yml")),
    ],
    ids=lambda value: value if isinstance(value, str) else value.parent.name + "/" + value.name,
)
def test_every_other_file_follows_its_schema(name: str, path: Path) -> None:
    schema = completion.FILES[name].model_json_schema()  # type: ignore[attr-defined]
    value = plain(strictyaml.load(path.read_text(encoding="utf-8")).value)
    checked = jsonschema.Draft202012Validator(schema)
    assert [error.message for error in checked.iter_errors(value)] == []
    assert not checked.is_valid({**value, "unknwon": 1})
    assert path.relative_to(ROOT).as_posix() in {
        p.relative_to(ROOT).as_posix() for p in ROOT.glob(completion.WHERE[name])
    }


def test_editors_are_wired_up(empty: Sandbox) -> None:
    empty.run("init", "--rubric", "moi-moral-2569")
    settings = json.loads(empty.read(".vscode/settings.json"))
    for schema in settings["yaml.schemas"]:
        json.loads(empty.read(schema))
    for name in ("content/site.yml", "content/my-unit/unit.yml"):
        head, target = empty.read(name).splitlines()[0].split("$schema=")
        assert head == "# yaml-language-server: "
        assert (empty.path(name).parent / target).resolve().is_file()
    empty.run("new", "review", "my-unit", "moi-moral-2569", "--today", "2026-11-20")
    review = empty.path("content/my-unit/moi-moral-2569/reviews/review-1.yml")
    target = review.read_text(encoding="utf-8").splitlines()[0].partition("$schema=")[2]
    assert (review.parent / target).resolve().is_file()
    # A rubric that changes is followed; settings that somebody changed stay.
    empty.write(".vscode/settings.json", "{}\n")
    empty.write("rubrics/mean-2570.yml", MEAN)
    empty.run("schemas")
    assert empty.path("schemas/answer-mean-2570.schema.json").is_file()
    assert empty.read(".vscode/settings.json") == "{}\n"
    assert empty.run("schemas").stdout == ""


def test_the_task_of_the_editor_understands_the_check(sample: Sandbox) -> None:
    sample.replace(f"{MOI}/1.md", "signed: 33", "signed: many")
    lines = sample.run("check", "--format", "concise", status=1, lang="th").stdout.splitlines()
    found = [match for line in lines if (match := re.match(completion.PROBLEM, line))]
    assert len(found) == len(lines) - 1  # the last one counts
    assert (f"{MOI}/1.md", "3", "9", "error", "wrong-number") in [match.groups()[:5] for match in found]
    task = dict(completion.settings())[".vscode/tasks.json"]
    assert json.loads(task)["tasks"][0]["problemMatcher"]["pattern"]["regexp"] == completion.PROBLEM


@pytest.mark.parametrize("language", ["th", "en"])
def test_a_snippet_is_what_the_rubric_asks_for(schemas: dict[str, Any], language: Language) -> None:
    found = completion.snippets(RUBRICS, language)
    for rubric in RUBRICS.values():
        for name in rubric.kinds:
            body = "\n".join(found[f"{rubric.id} {name}"]["body"])
            filled = re.sub(r"\$\{\d+(?:\|([^,|}]+)[^}]*)?\}", lambda match: match[1] or "", body)
            (record,) = strictyaml.load(filled).value
            record = {key: value for key, value in record.items() if key != "file"}
            errors = schemas[f"answer-{rubric.id}"].iter_errors({"evidence": [record]})
            assert [error.message for error in errors] == []


# Workflows -------------------------------------------------------------------------------------------------------

GITHUB = sorted([*PROJECT.glob(".github/workflows/*.yml"), *ROOT.glob(".github/workflows/*.yml")])


def tool(*args: str) -> None:
    result = subprocess.run([sys.executable, "-m", *args], capture_output=True, encoding="utf-8", check=False)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("path", GITHUB, ids=lambda path: path.name)
def test_a_workflow_is_one(path: Path) -> None:
    tool("check_jsonschema", "--builtin-schema", "vendor.github-workflows", str(path))


def test_other_settings_of_hosts_are_sound() -> None:
    gitlab = ("--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci")
    tool("check_jsonschema", *gitlab, str(PROJECT / ".gitlab-ci.yml"))
    tool("check_jsonschema", "--builtin-schema", "vendor.dependabot", str(PROJECT / ".github/dependabot.yml"))


def test_a_workflow_that_is_none_is_found(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yml"
    bad.write_text(GITHUB[0].read_text(encoding="utf-8").replace("runs-on:", "runs_on:"), encoding="utf-8")
    with pytest.raises(AssertionError):
        tool("check_jsonschema", "--builtin-schema", "vendor.github-workflows", str(bad))


def test_workflows_are_audited() -> None:
    """By zizmor, at its strictest: rights, pins, what a pull request could inject."""
    program = Path(sys.executable).with_name("zizmor")
    args = ["--offline", "--no-config", "--quiet", "--no-progress", "--persona", "pedantic"]
    result = subprocess.run([program, *args, *map(str, GITHUB)], capture_output=True, encoding="utf-8", check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_workflows_have_no_more_rights_than_they_need() -> None:
    pinned = re.compile(r"^[\w-]+/[\w./-]+@[0-9a-f]{40}$")
    for path in GITHUB:
        flow = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert flow["permissions"] == {}, path
        for name, job in flow["jobs"].items():
            rights = {right for right, level in job["permissions"].items() if level == "write"}
            if "pull_request" in flow[True]:  # what a stranger proposed runs here
                assert rights <= ({"pages", "id-token"} if name == "publish" else set())
            assert job["timeout-minutes"] <= 120
            used = [step["uses"] for step in job["steps"] if "uses" in step]
            assert all(map(pinned.match, used)), used
            for step in job["steps"]:
                assert "${{" not in step.get("run", ""), "a name of a branch would be run"
                if step.get("uses", "").startswith("actions/checkout@"):
                    assert step["with"]["persist-credentials"] is False
        assert "secrets." not in path.read_text(encoding="utf-8")


def test_what_writes_runs_nothing_of_a_pull_request() -> None:
    text = (PROJECT / ".github/workflows/comment.yml").read_text(encoding="utf-8")
    flow = yaml.safe_load(text)
    assert list(flow[True]) == ["workflow_run"]
    assert flow[True]["workflow_run"]["workflows"] == ["Portfolio"]
    assert "checkout" not in text.replace("checked out", "")
    assert "pip" not in text
    gitlab = yaml.safe_load((PROJECT / ".gitlab-ci.yml").read_text(encoding="utf-8"))
    assert gitlab["comment"]["variables"]["GIT_STRATEGY"] == "none"
    assert "before_script" not in gitlab["comment"]
    assert "extends" not in gitlab["comment"]


def test_the_marks_of_comments_are_those_of_the_code() -> None:
    for name in (".github/workflows/comment.yml", ".gitlab-ci.yml"):
        assert difftext.MARK in (PROJECT / name).read_text(encoding="utf-8")


def test_the_container_is_pinned_and_belongs_to_nobody() -> None:
    lines = (PROJECT / "Containerfile").read_text(encoding="utf-8").splitlines()
    (base,) = [line for line in lines if line.startswith("FROM")]
    assert re.fullmatch(r"FROM docker\.io/library/python:3\.\d+\.\d+-slim-\w+", base)
    assert [line for line in lines if line.startswith("USER")] == ["USER lakthan"]
    assert lines.index("USER lakthan") < lines.index('ENTRYPOINT ["lakthan"]')
    gitlab = yaml.safe_load((PROJECT / ".gitlab-ci.yml").read_text(encoding="utf-8"))
    assert re.fullmatch(r"docker\.io/library/python:3\.\d+\.\d+-\w+", gitlab["image"])
