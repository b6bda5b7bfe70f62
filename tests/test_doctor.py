"""The doctor: each thing that can be wrong is found, named, and comes with how to mend it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import webbrowser
from collections import namedtuple
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import filelock
import pytest

from lakthan import doctor, messages, publish
from tests.conftest import Json, Sandbox


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    project = Sandbox(tmp_path_factory.mktemp("office"))
    project.run("init", "--rubric", "moi-moral-2569", "--address", "https://www.dip.go.th/portfolio/")
    return project


@pytest.fixture
def office(made: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """A project in which all is well, on a machine in which all is well."""
    project = Sandbox(tmp_path / "office")
    shutil.copytree(made.root, project.root)
    monkeypatch.setattr(webbrowser, "get", lambda: webbrowser.GenericBrowser("firefox"))
    monkeypatch.setattr(metadata, "requires", lambda _: ["click", "pydantic>=2", 'x; extra == "y"'])
    monkeypatch.setattr(sys, "version_info", (3, 12, 1))
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "x")
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    (tmp_path / "gitconfig").write_text("[user]\nname = x\nemail = x@example.com\n", encoding="utf-8")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    subprocess.run(["git", "init", "--quiet"], cwd=project.root, check=True)
    return project


def found(project: Sandbox) -> dict[str, doctor.Finding]:
    return {one.what: one for one in doctor.examine(project.root)}


def test_all_is_well(office: Sandbox) -> None:
    states = {name: (one.state, one.said.key) for name, one in found(office).items()}
    assert {name: state for name, state in states.items() if state[0] != "fine"} == {}
    assert list(states) == list(doctor.CHECKS)


Spoil = Callable[[Sandbox, pytest.MonkeyPatch], object]
Usage = namedtuple("Usage", "free")


def no_browser(_project: Sandbox, patch: pytest.MonkeyPatch) -> None:
    def none() -> None:
        raise webbrowser.Error

    patch.setattr(webbrowser, "get", none)


def busy(project: Sandbox, patch: pytest.MonkeyPatch) -> None:
    lock = filelock.FileLock(project.root / publish.LOCK)
    lock.acquire()
    patch.setattr(doctor, "_held", lock, raising=False)  # until the test ends


def generated_files_in_git(project: Sandbox, _patch: pytest.MonkeyPatch) -> None:
    project.write("site/index.html", "x")
    subprocess.run(["git", "add", "--force", "site"], cwd=project.root, check=True)


WRONG: dict[str, tuple[str, doctor.State, str, Spoil]] = {
    "an old Python": ("python", "broken", "old", lambda _, patch: patch.setattr(sys, "version_info", (3, 10, 2))),
    "a new Python": ("python", "doubt", "new", lambda _, patch: patch.setattr(sys, "version_info", (3, 99, 0))),
    "a library that is missing": (
        *("libraries", "broken", "missing"),
        lambda _, patch: patch.setattr(metadata, "requires", lambda _: ["click", "no-such-library>=3"]),
    ),
    "a damaged font": (
        *("fonts", "broken", "missing"),
        lambda project, _: project.write("site_templates/" + doctor.FONTS[0], "<html>"),
    ),
    "a locale without Thai": ("text", "doubt", "locale", lambda _, patch: patch.setenv("LC_ALL", "th_TH.ISO8859-11")),
    "no browser": ("browser", "doubt", "none", no_browser),
    "no Git": ("git", "doubt", "git.missing", lambda _, patch: patch.setenv("PATH", "")),
    "no repository": ("git", "doubt", "git.no_repository", lambda project, _: shutil.rmtree(project.root / ".git")),
    "nobody's Git": ("git", "doubt", "who", lambda _, patch: patch.setenv("GIT_CONFIG_GLOBAL", os.devnull)),
    "generated files in Git": ("git", "doubt", "generated", generated_files_in_git),
    "no rubric": ("project", "broken", "no_rubrics", lambda project, _: shutil.rmtree(project.path("rubrics"))),
    "no unit": ("project", "broken", "no_units", lambda project, _: project.path("content/my-unit/unit.yml").unlink()),
    "an error": ("project", "broken", "errors", lambda project, _: project.write("content/my-unit/unit.yml", "nam: x")),
    "no settings": ("settings", "broken", "missing", lambda project, _: project.path("mkdocs.yml").unlink()),
    "damaged settings": ("settings", "broken", "unreadable", lambda project, _: project.write("mkdocs.yml", "a: [\n")),
    "no plugin": ("settings", "broken", "keys", lambda project, _: project.replace("mkdocs.yml", "  - lakthan\n", "")),
    "addresses without folders": (
        *("settings", "broken", "keys"),
        lambda project, _: project.replace("mkdocs.yml", "use_directory_urls: true", "use_directory_urls: false"),
    ),
    "fonts of others": (
        *("settings", "broken", "keys"),
        lambda project, _: project.replace("mkdocs.yml", "font: false", "font: {text: Sarabun}"),
    ),
    "no theme": ("settings", "broken", "keys", lambda project, _: shutil.rmtree(project.path("site_templates/theme"))),
    "two addresses": ("address", "doubt", "differ", lambda _, patch: patch.setenv("SITE_URL", "https://x.go.th/")),
    "an address that is none": ("address", "broken", "wrong", lambda _, patch: patch.setenv("SITE_URL", "www.x.go.th")),
    "little room": (
        *("room", "broken", "little"),
        lambda _, patch: patch.setattr(shutil, "disk_usage", lambda _: Usage(1_000_000)),
    ),
    "a build that runs": ("traces", "doubt", "busy", busy),
    "a build that was killed": ("traces", "doubt", "left", lambda project, _: project.path(".site.new").mkdir()),
    "a large cache": ("traces", "doubt", "large", lambda _, patch: patch.setattr(doctor, "LARGE_CACHE", -1)),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_found(office: Sandbox, monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    what, state, key, spoil = WRONG[case]
    spoil(office, monkeypatch)
    one = found(office)[what]
    assert (one.state, one.said.key.rpartition(".")[2]) == (state, key.rpartition(".")[2])
    assert one.mend is not None
    for language in messages.LANGUAGES:
        assert messages.say(one.said, language) != messages.say(one.mend, language)
    left = getattr(doctor, "_held", None)
    if left is not None:
        left.release()


def test_a_folder_that_cannot_be_written_to(office: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_kwargs: object) -> None:
        raise PermissionError(13, "denied")

    monkeypatch.setattr(tempfile, "TemporaryDirectory", refuse)
    one = found(office)["access"]
    assert (one.state, one.said.args["folder"]) == ("broken", ".")


def test_nothing_is_left_behind(office: Sandbox) -> None:
    before = sorted(office.root.rglob("*"))
    doctor.examine(office.root)
    assert sorted(office.root.rglob("*")) == before


def test_a_check_that_fails_is_a_doubt(office: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: 1 / 0)
    one = found(office)["room"]
    assert (one.state, one.said.key) == ("doubt", "doctor.unclear")


def test_the_command(office: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "everything is fine" in office.run("doctor").stdout
    assert "ทุกอย่างพร้อมใช้งาน" in office.run("doctor", lang="th").stdout
    office.path("mkdocs.yml").unlink()
    said = office.run("doctor", status=1).stdout
    assert "✗ mkdocs.yml (to be mended): is not there\n    → " in said
    document: Json = json.loads(office.run("doctor", "--format", "json", status=1).stdout)
    (one,) = [check for check in document["checks"] if check["state"] == "broken"]
    assert one["check"] == "settings"
    assert set(one["text"]) == set(one["mend"]) == {"th", "en"}
    monkeypatch.chdir(office.root.parent)
    assert "has no rubric" in Sandbox(office.root.parent).run("doctor", status=1).stdout
