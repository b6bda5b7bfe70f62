"""A project of one's own, started from an installed wheel: no repository, no network."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from lakthan import build, load
from tests.conftest import ROOT, Sandbox, environment

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    result = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert result.returncode == 0, result.stderr
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder into which the wheel is installed, and nothing else."""
    target = tmp_path_factory.mktemp("installed")
    install = ["pip", "--disable-pip-version-check", "install", "--quiet", "--no-deps", "--no-index", "--target"]
    subprocess.run([sys.executable, "-m", *install, str(target), str(wheel)], check=True)
    return target


def run(installed: Path, where: Path, *args: str, status: int = 0) -> str:
    """`lakthan ARGS` as installed, in the folder *where*."""
    # -P: a module is not looked for in the folder itself.
    result = subprocess.run(
        [sys.executable, "-P", "-m", *args],
        cwd=where,
        env=environment(PYTHONPATH=str(installed), LC_ALL="en_US.UTF-8"),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert result.returncode == status, result.stderr
    return result.stdout


def test_the_wheel_carries_what_a_project_starts_from(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder in ("rubrics", "site_templates"):
        for path in (ROOT / folder).rglob("*"):
            if path.is_file():
                assert f"lakthan/data/{path.relative_to(ROOT).as_posix()}" in names
    assert "lakthan/data/mkdocs.yml" in names
    assert {f"lakthan/catalogue/{language}/problems.yml" for language in ("th", "en")} <= names
    # Fonts may be passed on only with their licence.
    assert [name for name in names if ".dist-info/licenses/" in name and name.endswith("OFL.txt")]
    assert not [name for name in names if name.startswith(("tests/", "content/")) or "__pycache__" in name]


def test_a_project_starts_from_the_wheel_alone(installed: Path, tmp_path: Path) -> None:
    where = run(installed, tmp_path, "lakthan.cli", "--help")
    assert where.startswith("Usage:")
    source = subprocess.run(
        [sys.executable, "-P", "-c", "import lakthan; print(lakthan.__file__)"],
        env=environment(PYTHONPATH=str(installed)),
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert Path(source.stdout.strip()).is_relative_to(installed)

    office = Sandbox(tmp_path / "office")
    office.root.mkdir()
    run(installed, office.root, "lakthan.cli", "init")
    assert sorted(path.name for path in office.root.iterdir()) == [
        ".containerignore",
        ".gitattributes",
        ".github",
        ".gitignore",
        ".gitlab-ci.yml",
        ".vscode",
        "Containerfile",
        "build",
        "content",
        "mkdocs.yml",
        "requirements.txt",
        "rubrics",
        "schemas",
        "site_templates",
    ]
    assert "/.cache/" in office.read(".gitignore").replace("\n", "\n/")  # made by machines, of no use to others
    # Only the theme is the project's own: pages, styles and fonts come with Lakthan, and newer ones with a newer one.
    assert [path.name for path in office.path("site_templates").iterdir()] == ["theme"]
    rubrics = sorted(path.stem for path in office.path("rubrics").iterdir())
    assert rubrics == sorted(path.stem for path in (ROOT / "rubrics").glob("*.yml"))
    for rubric in rubrics:
        run(installed, office.root, "lakthan.cli", "new", "evidence", "my-unit", rubric)
    assert "errors 0" in run(installed, office.root, "lakthan.cli", "check")
    run(installed, office.root, "lakthan.cli", "build")
    for page in ("index.html", "my-unit/moi-moral-2569/1/index.html", "my-unit/oae-unit-2567/7.8/index.html"):
        assert "<article" in office.read(f"site/{page}")
    assert list(office.path("site/assets/fonts").glob("*.woff2"))
    assert office.path("site/assets/lakthan.css").is_file()
    assert '"points": 0,' in run(installed, office.root, "lakthan.cli", "score", "--format", "json")


def test_a_projects_own_template_comes_first(installed: Path, tmp_path: Path) -> None:
    office = Sandbox(tmp_path)
    run(installed, office.root, "lakthan.cli", "init", "--rubric", "moi-moral-2569")
    office.write("site_templates/pages/about.md.j2", "# เรื่องของเรา { #top }\n")
    office.write("site_templates/assets/lakthan.css", "/* ours */\n")
    run(installed, office.root, "lakthan.cli", "build")
    assert "เรื่องของเรา" in office.read("site/about/index.html")
    assert office.read("site/assets/lakthan.css") == "/* ours */\n"
    assert "my-unit" in office.read("site/index.html")
    # Plain MkDocs finds the plugin too.
    run(installed, office.root, "mkdocs", "build", "--quiet", "--site-dir", "other")
    assert office.read("other/index.html") == office.read("site/index.html")


def test_init_ignores_in_git_what_is_generated(tmp_path: Path) -> None:
    office = Sandbox(tmp_path)
    office.run("init", "--rubric", "moi-moral-2569")
    office.run("build")
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    asked = ["git", "ls-files", "--others", "--exclude-standard"]
    listed = subprocess.run(asked, cwd=tmp_path, capture_output=True, encoding="utf-8", check=True).stdout.split()
    assert "build/docs/.gitignore" in listed
    assert "content/my-unit/unit.yml" in listed
    assert not [name for name in listed if name.startswith(("site/", "build/")) and name != "build/docs/.gitignore"]


def test_in_the_repository_the_shipped_files_are_its_own() -> None:
    assert build.shipped() == ROOT
    assert set(load.load(build.shipped()).project.rubrics) == {path.stem for path in (ROOT / "rubrics").glob("*.yml")}
