"""What a change does to scores, and why: against Git, and against a published site."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from fractions import Fraction
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from lakthan import build, diff, difftext, exports, git, publish, score, verify
from tests.conftest import ROOT, Json, Sandbox

MOI = "content/dip-ict/moi-moral-2569"
RUBRIC = "rubrics/moi-moral-2569.yml"
SCHEMA = json.loads((ROOT / "schemas" / "diff.schema.json").read_bytes())


ENV = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    **{f"GIT_{who}_{what}": "x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
}
"""The settings of whoever runs the tests play no part."""


def call(root: Path, *args: str) -> str:
    result = subprocess.run(
        ["git", *args], cwd=root, capture_output=True, check=True, encoding="utf-8", env={**os.environ, **ENV}
    )
    return result.stdout


def commit(project: Sandbox, message: str = "change") -> str:
    call(project.root, "add", "--all", "--force", "content", "rubrics")
    call(project.root, "commit", "--quiet", "--allow-empty", "--message", message)
    return call(project.root, "rev-parse", "HEAD").strip()


@pytest.fixture
def small(tmp_path: Path) -> Sandbox:
    """One portfolio of the sample."""
    for name in (MOI, RUBRIC, "content/site.yml", "content/dip-ict/unit.yml"):
        target = tmp_path / "project" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target)
        else:
            shutil.copy(ROOT / name, target)
    return Sandbox(tmp_path / "project")


@pytest.fixture
def kept(small: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """The same under version control, on the branch `main`."""
    for name, value in ENV.items():
        monkeypatch.setenv(name, value)
    call(small.root, "init", "--quiet", "--initial-branch=main")
    commit(small, "first")
    return small


def differences(project: Sandbox, *args: str, status: int = 0) -> Json:
    found: Json = json.loads(project.run("diff", "--format", "json", *args, status=status).stdout)
    jsonschema.Draft202012Validator(SCHEMA).validate(found)
    for change in found["changes"]:
        for one in (change, *change["indicators"]):
            gained = sum(part["points"] for part in one["causes"])
            now, was = ((one[side] or {"points": 0})["points"] for side in ("after", "before"))
            assert gained == pytest.approx(now - was)
    return found


def only(found: Json) -> Any:
    (change,) = found["changes"]
    return change


def test_nothing_changes(kept: Sandbox) -> None:
    found = differences(kept, "--fail-on", "any")
    assert (found["compared"], found["changes"], found["touched"], found["rubrics"]) == (1, [], [], [])


def test_evidence_that_is_lost(kept: Sandbox) -> None:
    kept.replace(f"{MOI}/1.md", "signed: 33", "signed: 26")
    change = only(differences(kept))
    assert change["portfolio"] == "dip-ict/moi-moral-2569"
    assert [change[side]["points"] for side in ("before", "after")] == [27, 26]
    assert change["causes"] == [{"cause": "evidence", "points": -1}]
    (indicator,) = change["indicators"]
    assert (indicator["id"], indicator["before"]["points"], indicator["after"]["points"]) == ("1", 3, 2)
    assert {"cause": "evidence", "gained": None, "text": {"en": "Signatories: 33 → 26"}}.items() <= {
        **indicator["reasons"][-1],
        "text": {"en": indicator["reasons"][-1]["text"]["en"]},
    }.items()
    lost = [reason for reason in indicator["reasons"] if reason["gained"] is False]
    assert any("26/34" in reason["text"]["en"] for reason in lost)


def test_a_document_that_comes_goes_and_changes(kept: Sandbox) -> None:
    kept.change(f"{MOI}/3.md", lambda front: front["evidence"].pop())
    reasons = only(differences(kept))["indicators"][0]["reasons"]
    assert "removed: คำสั่งศูนย์" in " ".join(reason["text"]["en"] for reason in reasons)
    commit(kept)
    kept.write(f"{MOI}/3.md", call(kept.root, "show", f"HEAD~1:{MOI}/3.md"))
    reasons = only(differences(kept))["indicators"][0]["reasons"]
    assert "added: คำสั่งศูนย์" in " ".join(reason["text"]["en"] for reason in reasons)
    commit(kept)
    kept.replace(f"{MOI}/3.md", "๒๒ มกราคม ๒๕๖๙\n  file", "๒๒ มกราคม ๒๕๖๕\n  file")
    reasons = only(differences(kept))["indicators"][0]["reasons"]
    assert "(date)" in reasons[-1]["text"]["en"]


def test_a_rubric_says_who_would_lose_a_level(kept: Sandbox) -> None:
    for share in (80, 70, 60):
        kept.replace(RUBRIC, f"of: staff, at_least: {share}", f"of: staff, at_least: {share}.1, more_than: 98")
    found = differences(kept, "--fail-on", "level-lost", status=1)
    assert found["rubrics"] == ["moi-moral-2569"]
    change = next(one for one in found["changes"] if one["unit"] == "dip-ict")
    assert change["causes"] == [{"cause": "rubric", "points": -3}]
    assert [(level["won"], level["causes"]) for level in change["levels"]] == [(False, ["rubric"])] * 3
    (indicator,) = change["indicators"]
    assert {reason["cause"] for reason in indicator["reasons"]} == {"rubric"}
    assert "97.05" in indicator["reasons"][0]["text"]["en"]


def test_a_level_that_is_lost_stands_first(kept: Sandbox) -> None:
    kept.replace(f"{MOI}/1.md", "signed: 33", "signed: 1")
    found = differences(kept, "--fail-on", "level-lost", status=1)
    change = only(found)
    assert change["before"]["level"]
    assert change["after"]["level"] is None
    assert found["levels_lost"] == len(change["levels"]) == 3
    assert all(level["causes"] == ["evidence"] for level in change["levels"])
    said = kept.run("diff").stdout.splitlines()
    assert said[2].startswith("  ▼")
    assert "loses level" in said[2]
    kept.run("diff", "--fail-on", "points-lost", status=1)
    commit(kept)
    kept.replace(f"{MOI}/1.md", "signed: 1", "signed: 33")
    found = differences(kept, "--fail-on", "points-lost")
    assert found["levels_won"] == 3
    kept.run("diff", "--fail-on", "any", status=1)


def test_both_causes_are_told_apart(kept: Sandbox) -> None:
    """The evidence alone takes a point, and so does the rubric of what is left."""
    kept.replace(f"{MOI}/1.md", "signed: 33", "signed: 26")  # 76 percent: two points
    kept.replace(RUBRIC, "of: staff, at_least: 70", "of: staff, at_least: 77")
    change = next(one for one in differences(kept)["changes"] if one["unit"] == "dip-ict")
    assert change["causes"] == [{"cause": "evidence", "points": -1}, {"cause": "rubric", "points": -1}]
    causes = {reason["cause"] for reason in change["indicators"][0]["reasons"]}
    assert causes == {"evidence", "rubric"}


def test_a_portfolio_comes_and_goes(kept: Sandbox) -> None:
    for path in sorted(kept.path(MOI).rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    kept.path(MOI).rmdir()
    change = only(differences(kept, "--fail-on", "level-lost", status=1))
    assert (change["state"], change["after"], change["before"]["points"]) == ("removed", None, 27)
    commit(kept)
    found = differences(kept, "HEAD~1", "--fail-on", "level-lost", status=1)
    assert only(found)["state"] == "removed"
    call(kept.root, "checkout", "--quiet", "HEAD~1", "--", MOI)
    change = only(differences(kept))
    assert (change["state"], change["before"], change["after"]["points"]) == ("new", None, 27)


def test_a_text_touches_no_score(kept: Sandbox) -> None:
    kept.replace(f"{MOI}/3.md", "reference: ที่ ๒/๒๕๖๙", "reference: ที่ ๓/๒๕๖๙")
    found = differences(kept, "--fail-on", "any")
    assert (found["changes"], found["touched"]) == ([], ["dip-ict/moi-moral-2569"])


# Which revision --------------------------------------------------------------------------------------------------


def test_a_branch_is_compared_with_where_it_left(kept: Sandbox) -> None:
    start = call(kept.root, "rev-parse", "HEAD").strip()
    call(kept.root, "switch", "--quiet", "--create", "work")
    kept.replace(f"{MOI}/1.md", "signed: 33", "signed: 26")
    commit(kept)
    kept.replace(f"{MOI}/1.md", "signed: 26", "signed: 22")
    assert git.Repository(kept.root).usual(diff.FOLDERS) == call(kept.root, "rev-parse", "HEAD").strip()
    commit(kept)
    call(kept.root, "switch", "--quiet", "main")
    commit(kept, "elsewhere")
    call(kept.root, "switch", "--quiet", "work")
    assert git.Repository(kept.root).usual(diff.FOLDERS) == start
    change = only(differences(kept))
    assert (change["before"]["points"], change["after"]["points"]) == (27, 25)


def test_a_project_below_the_top_of_its_repository(kept: Sandbox, tmp_path: Path) -> None:
    outer = tmp_path / "outer"
    (outer / "deep").mkdir(parents=True)
    (kept.root / ".git").rename(tmp_path / "unused")
    kept.root.rename(outer / "deep" / "project")
    inner = Sandbox(outer / "deep" / "project")
    call(outer, "init", "--quiet")
    call(outer, "add", "--all")
    call(outer, "commit", "--quiet", "--message", "first")
    inner.replace(f"{MOI}/1.md", "signed: 33", "signed: 26")
    assert only(differences(inner))["after"]["points"] == 26


@pytest.mark.parametrize("name", ["nowhere", "--output=x", "HEAD:content", ""])
def test_an_unknown_revision_is_refused(kept: Sandbox, name: str) -> None:
    said = kept.run("diff", "--", name, status=2 if name else 0)
    assert not name or "knows no revision" in said.stderr
    assert not (kept.root / "x").exists()


def test_without_git_people_are_told_what_to_do(small: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(small.root.parent))
    assert "not in a Git repository" in small.run("diff", status=2).stderr
    monkeypatch.setenv("PATH", "")
    assert "Git is not installed" in small.run("diff", status=2).stderr


def test_hostile_trees_stay_inside(kept: Sandbox, tmp_path: Path) -> None:
    """Names that lead elsewhere and links are not written; attributes and filters of the repository do nothing."""
    blob = subprocess.run(
        ["git", "hash-object", "-w", "--stdin"], cwd=kept.root, input=b"/etc/passwd", capture_output=True, check=True
    ).stdout.decode().strip()  # fmt: skip
    for mode, name in (("120000", "content/link.md"), ("100644", "content/a:b.md"), ("100644", "content/c\\d.md")):
        call(kept.root, "update-index", "--add", "--cacheinfo", f"{mode},{blob},{name}")
    kept.write(".gitattributes", "* export-ignore filter=evil\n")
    call(kept.root, "config", "filter.evil.smudge", "touch evil")
    call(kept.root, "commit", "--quiet", "--message", "hostile")
    repository = git.Repository(kept.root)
    repository.extract(repository.commit("HEAD"), diff.FOLDERS, tmp_path / "out")
    found = {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*")}
    assert f"{MOI}/1.md" in found
    assert not {name for name in found if re.search(r"link|:|\\", name)}
    assert not list(kept.root.rglob("evil"))
    assert (tmp_path / "out" / MOI / "1.md").read_bytes() == kept.path(f"{MOI}/1.md").read_bytes()


def test_errors_are_said_and_fail(kept: Sandbox) -> None:
    kept.replace(f"{MOI}/1.md", "signed: 33", "signed: many")
    result = kept.run("diff", status=1)
    assert "1 error in the files of now" in result.stdout
    assert "wrong-number" in result.stderr


# Against a site --------------------------------------------------------------------------------------------------


@pytest.fixture
def published(sample: Sandbox) -> Path:
    """What programs read of the sample's site, without its pages."""
    examined = build.examine(sample.root)
    for name, content in exports.files(examined.project, examined.assessments):
        publish.write(sample.root / "site" / name, content)
    publish.seal(sample.root / "site")
    return sample.root / "site"


def test_a_site_is_compared_without_git(sample: Sandbox, published: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    found = differences(sample, "--site", str(published), "--fail-on", "any")
    portfolios = list((sample.root / "content").rglob("portfolio.md"))
    assert (found["compared"], found["rubrics"], found["touched"]) == (len(portfolios), [], [])
    sample.replace(f"{MOI}/1.md", "signed: 33", "signed: 26")
    change = only(differences(sample, "--site", str(published)))
    assert change["causes"] == [{"cause": "evidence", "points": -1}]


def test_what_another_engine_made_of_it(sample: Sandbox, published: Path) -> None:
    """Evidence and rubric as published, other points: the engine is why."""
    file = published / "dip-ict/moi-moral-2569/score.json"
    document = json.loads(file.read_bytes())
    entry = document["portfolios"][-1]
    entry["points"] -= 2
    entry["indicators"][0]["points"] -= 2
    entry["gates"][0]["met"] = False
    file.write_text(json.dumps(document), encoding="utf-8")
    sample.replace(f"{MOI}/1.md", "signed: 33", "signed: 26")
    change = only(differences(sample, "--site", str(published)))
    assert change["causes"] == [{"cause": "engine", "points": 2}, {"cause": "evidence", "points": -1}]
    assert change["levels"][0]["causes"] == ["engine"]
    assert change["before"]["points"] == 25


def test_the_states_are_those_of_the_engine(sample: Sandbox, published: Path) -> None:
    found, generator, problems = verify.portfolios(published)
    assert (generator, problems) == (publish.GENERATOR, ())
    examined = {a.portfolio.id: a for a in build.examine(sample.root).assessments}
    for one in found:
        latest = examined[one.assessment.portfolio.id].latest
        assert score.score(one.assessment.portfolio, round=latest.round).points == latest.points


# What is said ----------------------------------------------------------------------------------------------------


def test_a_comment_in_both_languages(kept: Sandbox) -> None:
    kept.replace(f"{MOI}/1.md", "signed: 33", "signed: 1")
    english, thai = (kept.run("diff", "--format", "markdown", lang=one).stdout for one in ("en", "th"))
    for said in (english, thai):
        assert said.startswith(f"{difftext.MARK}\n### ")
        assert "27 → 24 (−3)" in said
        assert said.count("<details>") == said.count("</details>") == 1
        # Every row of a table has as many cells as its head.
        rows = [line for line in said.splitlines() if line.startswith("|")]
        assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {5}
    assert "loses level" in english
    assert "เสียระดับ" in thai


HOSTILE = "@team #1 [x](http://e) <script>alert(1)</script> | `a` ![y](//e/z) www.e.com /close ~label\n## h"


def test_what_units_write_does_nothing_in_a_comment(kept: Sandbox) -> None:
    kept.write("content/dip-ict/unit.yml", f"name: {{th: {json.dumps(HOSTILE)}, en: {json.dumps(HOSTILE)}}}\n")
    kept.replace(f"{MOI}/1.md", "signed: 33", "signed: 1")
    said = kept.run("diff", "--format", "markdown").stdout
    assert "<script" not in said
    assert "\n## h" not in said
    assert not re.search(r"@team|#1\b|http:/|www\.e|/close|~label", said.replace(difftext.MARK, ""))
    rows = [line for line in said.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {5}
    assert not re.search(r"(?<!\\)[\[`]", "\n".join(rows))  # elsewhere stands HTML, in which these are letters


def test_a_comment_is_never_too_long(kept: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    kept.replace(f"{MOI}/1.md", "signed: 33", "signed: 1")
    found = diff.with_revision(kept.root, None)
    whole = difftext.markdown(found, "en")
    monkeypatch.setattr(difftext, "LONGEST", len(whole) - 100)
    cut = difftext.markdown(found, "en")
    assert len(cut) <= len(whole) - 100
    assert "<details>" not in cut
    assert "loses level" in cut
    assert cut.rstrip().endswith("run lakthan diff to see it all.*")


def test_exact_fractions_add_up() -> None:
    parts = (diff.Part("evidence", Fraction(1, 3)), diff.Part("rubric", Fraction(-1, 7)))
    document = [difftext._part(part) for part in parts]
    assert [Fraction(one["exact"]) for one in document] == [Fraction(1, 3), Fraction(-1, 7)]
