"""Whatever tells a score tells the same: engine, JSON, CSV, Parquet, workbook after recalculation, and page.

Each representation is a function from the files of a site to the points of each indicator; a difference is said with
its place. That the PDF and the Word file show every text of the form's data is held in `test_forms` and `test_word`.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb
import html5lib
import markdown
import pytest

from lakthan import build, pages, thai, workbook
from lakthan.model import Assessment, Project
from tests.conftest import ROOT
from tests.test_workbook import random_project, recalculated

Place = tuple[str, str, str]
"""Unit, round and indicator."""
Points = dict[Place, str]
Files = Mapping[str, bytes]
NONE = "–"
"""Does not apply."""


def measure(points: Fraction, most: Fraction) -> str:
    """Points of how many, as people are shown them."""
    return f"{thai.show_number(points)}/{thai.show_number(most)}"


def engine(assessments: Sequence[Assessment]) -> Points:
    return {
        (a.portfolio.unit, score.round or "", name): measure(node.points, node.max) if node.applies else NONE
        for a in assessments
        for score in a.scores
        for name, node in score.indicators.items()
    }


# Representations -------------------------------------------------------------------------------------------------


def number(entry: Mapping[str, Any], name: str, exact: str) -> Fraction:
    return Fraction(entry.get(exact) or str(entry[name]))


def of_documents(documents: Sequence[Any]) -> Points:
    return {
        (one["unit"], one["round"] or "", node["id"]): NONE
        if node.get("not_applicable")
        else measure(number(node, "points", "exact"), number(node, "max", "max_exact"))
        for document in documents
        for one in document
        for node in one["indicators"]
    }


def score_json(files: Files, folders: Sequence[str]) -> Points:
    return of_documents([json.loads(files[f"{folder}/score.json"])["portfolios"] for folder in folders])


def index_json(files: Files, folders: Sequence[str]) -> Points:
    return of_documents([json.loads(files[f"{folder}/index.json"])["rounds"] for folder in folders])


def indicator_json(files: Files, folders: Sequence[str]) -> Points:
    found = []
    for name, content in files.items():
        folder, _, last = name.rpartition("/")
        if last == "index.json" and folder.rpartition("/")[0] in folders:
            document = json.loads(content)
            found += [{**document, "round": one["round"], "indicators": [one]} for one in document["rounds"]]
    return of_documents([found])


def of_rows(rows: Sequence[Mapping[str, Any]]) -> Points:
    return {
        (row["unit"], row["round"] or "", row["indicator"]): NONE
        if row["applies"] in (False, "false")
        # A maximum without finite decimals has no column of its own: it is shown in two decimals either way.
        else f"{thai.show_number(number(row, 'points', 'points_exact'))}/{thai.show_number(Fraction(str(row['max'])))}"
        for row in rows
    }


def comma_separated(files: Files, _: Sequence[str]) -> Points:
    text = files["data/indicators.csv"].decode("utf-8-sig")
    return of_rows(list(csv.DictReader(io.StringIO(text, newline=""))))


def parquet(files: Files, _: Sequence[str], scratch: Path) -> Points:
    path = scratch / "indicators.parquet"
    path.write_bytes(files["data/indicators.parquet"])
    with duckdb.connect() as database:
        found = database.execute("SELECT * FROM read_parquet(?)", [str(path)])
        names = [column[0] for column in found.description or ()]
        return of_rows([dict(zip(names, row, strict=True)) for row in found.fetchall()])


def page(language: str) -> Callable[[Files, Sequence[str]], Points]:
    """The table of indicators on the page of each portfolio, as a browser reads it."""

    def read(files: Files, folders: Sequence[str]) -> Points:
        points: Points = {}
        for folder in folders:
            _, _, body = files[f"{language}{folder}/index.md"].decode().split("---\n", 2)
            html = markdown.markdown(body, extensions=["attr_list", "toc"], output_format="html")
            tree = html5lib.parse(html, namespaceHTMLElements=False)
            rounds = [one["round"] or "" for one in json.loads(files[f"{folder}/index.json"])["rounds"]]
            (table,) = (t for t in tree.iter("table") if "lk-table--indicators" in t.get("class", ""))
            for row in table.iter("tr"):
                links = [a.get("href") for th in row.iter("th") for a in th.iter("a")]
                for name, cell in zip(rounds, row.findall("td"), strict=False):
                    if links:
                        said = thai.ascii_digits("".join("".join(cell.itertext()).split()))
                        place = (folder.rpartition("/")[0], name, str(links[0]).removeprefix("./").rstrip("/"))
                        points[place] = said if "/" in said else NONE
        return points

    return read


READERS: dict[str, Callable[[Files, Sequence[str]], Points]] = {
    "score.json": score_json,
    "index.json": index_json,
    "index.json of indicators": indicator_json,
    "CSV": comma_separated,
    "page": page(""),
    "English page": page("en/"),
}


def differences(name: str, found: Points, wanted: Points) -> list[str]:
    """Where a representation says something else; what shows the place but no points there is said too."""
    places = sorted(found.keys() | wanted.keys())
    return [
        f"{name}: {'/'.join(place)}: {found.get(place)}, not {wanted.get(place)}"
        for place in places
        if found.get(place) != wanted.get(place) and not (wanted.get(place) == "0/0" and found.get(place) == NONE)
    ]


# Compared --------------------------------------------------------------------------------------------------------


def sample() -> tuple[Project, tuple[Assessment, ...]]:
    examined = build.examine(ROOT)
    return examined.project, examined.assessments


def projects() -> dict[str, tuple[Project, Sequence[Assessment]]]:
    found: dict[str, tuple[Project, Sequence[Assessment]]] = {"sample": sample()}
    for seed in range(100, 104):
        project, _, assessments = random_project(seed, 4)
        found[f"random-{seed}"] = project, assessments
    return found


def made(project: Project, assessments: Sequence[Assessment]) -> Files:
    written = pages.pages(project, assessments, templates=[ROOT / "site_templates"])
    return {one.path: one.content for one in written}


@pytest.mark.parametrize("name", ["sample", *(f"random-{seed}" for seed in range(100, 104))])
def test_all_say_the_same(name: str, tmp_path: Path) -> None:
    project, assessments = projects()[name]
    files, wanted = made(project, assessments), engine(assessments)
    folders = [one.portfolio.id for one in assessments]
    assert len(wanted) >= len(folders) > 0
    wrong = [what for kind, read in READERS.items() for what in differences(kind, read(files, folders), wanted)]
    wrong += differences("Parquet", parquet(files, folders, tmp_path), wanted)
    assert wrong == []


def test_a_difference_is_said_with_its_place() -> None:
    wanted = {("unit", "r1", "1"): "3/3", ("unit", "r1", "2"): "1/3"}
    found = {("unit", "r1", "1"): "2/3"}
    assert differences("CSV", found, wanted) == ["CSV: unit/r1/1: 2/3, not 3/3", "CSV: unit/r1/2: None, not 1/3"]


@pytest.mark.slow
def test_workbooks_say_the_same_once_they_are_calculated(tmp_path: Path) -> None:
    known = projects()
    books = {
        f"{name}-{a.portfolio.unit.replace('/', '-')}": (workbook.of_portfolio(project, a), a)
        for name, (project, assessments) in known.items()
        for a in assessments
    }
    read = recalculated(tmp_path, {name: content for name, (content, _) in books.items()})
    wrong = []
    for name, (_, assessment) in books.items():
        found: Points = {}
        for row in read[name]["ตัวชี้วัด"].iter_rows(min_row=5, values_only=True):
            for view, score in enumerate(assessment.scores):
                points, most = row[4 + 2 * view], row[5 + 2 * view]
                if row[0] in score.indicators:
                    place = (assessment.portfolio.unit, score.round or "", row[0])
                    shown = [Fraction(str(one)).limit_denominator(10**6) for one in (points, most) if one != "–"]
                    found[place] = measure(*shown) if len(shown) == 2 else NONE
        wrong += differences(name, found, engine([assessment]))
    assert wrong == []
