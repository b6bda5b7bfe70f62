"""Open data: documents against their schemas, tables as their readers read them, and no text that becomes a formula."""

from __future__ import annotations

import csv
import datetime
import io
import json
import random
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import frictionless
import jsonschema
import pytest

from lakthan import build, exports
from lakthan.cache import Cache
from lakthan.exports import TABLES, schemas
from lakthan.exports.tables import comma_separated, inert
from lakthan.model import Assessment, Portfolio, Project, Record
from tests.conftest import ROOT, Sandbox
from tests.randoms import random_portfolio, random_question, random_rubric

Json = dict[str, Any]


@pytest.fixture(scope="module")
def examined(as_it_is: Sandbox) -> build.Examined:
    return build.examine(as_it_is.root)


@pytest.fixture(scope="module")
def validators() -> dict[str, jsonschema.Draft202012Validator]:
    found = {}
    for path, content in schemas.files():
        schema = json.loads(content)
        jsonschema.Draft202012Validator.check_schema(schema)
        found[Path(path).name.removesuffix(".schema.json")] = jsonschema.Draft202012Validator(schema)
    return found


# Documents -------------------------------------------------------------------------------------------------------


def sort_of(path: str, portfolios: set[str], units: set[str]) -> str | None:
    """The schema that a JSON file of the site has to follow."""
    folder, _, name = path.rpartition("/")
    if folder.startswith("rubrics/"):
        return "rubric" if name == "rubric.json" else "rubric-document"
    if folder in portfolios:
        return {"index.json": "portfolio", "score.json": "score", "inputs.json": "inputs"}.get(name)
    if name == "index.json":
        return "unit" if folder in units else "indicator" if folder else "site"
    return None


def mistakes(
    project: Project, assessments: tuple[Assessment, ...], validators: Mapping[str, jsonschema.Draft202012Validator]
) -> Iterator[str]:
    """What is wrong with any JSON document of a site; each sort occurs."""
    seen = set()
    portfolios = {one.portfolio.id for one in assessments}
    for path, content in exports.files(project, assessments):
        if path.endswith(".json") and (sort := sort_of(path, portfolios, set(project.units))):
            seen.add(sort)
            for error in validators[sort].iter_errors(json.loads(content)):
                yield f"{path}: {error.json_path}: {error.message[:200]}"
    assert seen == set(validators) - {"diff"}  # what `lakthan diff` prints is no document of a site


def test_the_published_schemas_are_those_of_the_repository(as_it_is: Sandbox) -> None:
    for path, content in schemas.files():
        assert (as_it_is.docs / path).read_bytes() == content
        assert (ROOT / path).read_bytes() == content, "to renew them: make schemas"


def test_every_document_of_the_sample_follows_its_schema(
    examined: build.Examined, validators: dict[str, jsonschema.Draft202012Validator]
) -> None:
    assert list(mistakes(examined.project, examined.assessments, validators)) == []


@pytest.mark.parametrize("seed", range(8))
def test_every_document_of_a_random_portfolio_follows_its_schema(
    examined: build.Examined, validators: dict[str, jsonschema.Draft202012Validator], seed: int
) -> None:
    random_ = random.Random(seed)
    rubric = random_rubric(random_)
    portfolio: Portfolio = replace(random_portfolio(random_, rubric), unit="dip-ict")
    assessment = build.assess(portfolio, random_question(random_, rubric)["as_of"])
    project = replace(examined.project, rubrics={rubric.id: rubric}, portfolios=(portfolio,))
    assert list(mistakes(project, (assessment,), validators)) == []


def spoil_points(document: Json) -> None:
    document["points"] = "27"


def spoil_a_reason(document: Json) -> None:
    del document["rounds"][0]["indicators"][0]["reasons"][0]["met"]


def add_something(document: Json) -> None:
    document["rounds"][0]["gates"][0]["why"] = "?"


def null_where_nothing_stands(document: Json) -> None:
    document["exact"] = None


@pytest.mark.parametrize("spoil", [spoil_points, spoil_a_reason, add_something, null_where_nothing_stands])
def test_a_spoilt_document_does_not(
    as_it_is: Sandbox, validators: dict[str, jsonschema.Draft202012Validator], spoil: Any
) -> None:
    document = as_it_is.document("dip-ict/moi-moral-2569/index.json")
    assert validators["portfolio"].is_valid(document)
    spoil(document)
    assert not validators["portfolio"].is_valid(document)


# Identifiers -----------------------------------------------------------------------------------------------------

EVIDENCE = "content/unit-a/mean-2570/1.md"


def uuids(project: Sandbox) -> dict[str, str]:
    """Title → identifier of the evidence of the small project."""
    project.generate()
    document = project.document("unit-a/mean-2570/1/index.json")
    return {one["title"]: one["uuid"] for one in document["evidence"]}


def test_identifiers_of_evidence_stay(small: Sandbox) -> None:
    before = uuids(small)["แผนงาน"]

    def move_and_change(values: Json) -> None:
        values["evidence"][0] |= {"date": "2026-10-09", "reference": "ที่ ๙", "note": "แก้ไข"}
        values["evidence"].insert(0, {"kind": "plan", "title": "แผนใหม่", "reference": "ที่ ๒"})

    small.change(EVIDENCE, move_and_change)
    after = uuids(small)
    assert after["แผนงาน"] == before != after["แผนใหม่"]


def test_equal_evidence_has_identifiers_of_its_own(small: Sandbox) -> None:
    small.change(EVIDENCE, lambda values: values["evidence"].append(dict(values["evidence"][0])))
    small.generate()
    found = [one["uuid"] for one in small.document("unit-a/mean-2570/1/index.json")["evidence"]]
    assert len(found) == len(set(found)) == 2


# Tables ----------------------------------------------------------------------------------------------------------


def csv_rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def parquet_rows(path: Path) -> list[dict[str, Any]]:
    with duckdb.connect() as database:
        found = database.execute("SELECT * FROM read_parquet(?)", [str(path)])
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def test_the_data_package_is_sound(as_it_is: Sandbox) -> None:
    """Types, keys and references of every table, as Frictionless reads them."""
    report = frictionless.validate(str(as_it_is.docs / "data/datapackage.json"))
    assert report.flatten(["name", "rowNumber", "fieldName", "message"]) == []
    assert report.stats["tasks"] == len(TABLES)


def test_a_wrong_number_in_a_table_is_found(sample: Sandbox) -> None:
    sample.generate()
    path = sample.docs / "data/portfolios.csv"
    path.write_bytes(path.read_bytes().replace(b",27,", b",many,"))
    assert not frictionless.validate(str(sample.docs / "data/datapackage.json")).valid


@pytest.mark.parametrize("table", [table.name for table in TABLES])
def test_csv_and_parquet_say_the_same(as_it_is: Sandbox, table: str) -> None:
    rows = csv_rows((as_it_is.docs / f"data/{table}.csv").read_bytes())
    assert rows or table == "reviews"  # nobody has reviewed the sample

    def said(value: object) -> str:
        match value:
            case None:
                return ""
            case bool():
                return str(value).lower()
            case float():
                return str(int(value)) if value.is_integer() else str(value)
            case datetime.date():
                return value.isoformat()
            case _:
                return inert(str(value))

    found = [
        {name: said(value) for name, value in row.items()}
        for row in parquet_rows(as_it_is.docs / f"data/{table}.parquet")
    ]
    assert found == rows


def test_excel_is_told_that_it_is_utf8(as_it_is: Sandbox) -> None:
    for table in TABLES:
        content = (as_it_is.docs / f"data/{table.name}.csv").read_bytes()
        assert content.startswith(b"\xef\xbb\xbf")
        assert content.count(b"\xef\xbb\xbf") == 1


def test_tables_say_what_the_json_says(as_it_is: Sandbox) -> None:
    rows = csv_rows((as_it_is.docs / "data/indicators.csv").read_bytes())
    found = {(r["unit"], r["rubric"], r["round"], r["indicator"]): (float(r["points"]), float(r["max"])) for r in rows}
    said = {}
    for portfolio in as_it_is.document("index.json")["portfolios"]:
        document = as_it_is.document(f"{portfolio['id']}/index.json")
        for one in document["rounds"]:
            for node in one["indicators"]:
                place = (one["unit"], one["rubric"], one["round"] or "", node["id"])
                said[place] = (float(node["points"]), float(node["max"]))
    assert found == said
    assert sum(points for (unit, *_), (points, _) in found.items() if unit == "dip-ict") == 27


HOSTILE = ("=1+1", "+66", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "  =cmd|' /C calc'!A0", "＝1+1", "\u00a0=1")


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_becomes_a_formula(text: str) -> None:
    (table,) = (one for one in TABLES if one.name == "evidence")
    row: Any = dict.fromkeys(table.columns) | {"title": text}
    (read,) = csv_rows(comma_separated(table, [row]))
    assert read["title"] == f"'{text}"


def test_numbers_are_no_text(small: Sandbox) -> None:
    small.generate()
    (row,) = csv_rows((small.docs / "data/portfolios.csv").read_bytes())
    assert row["verified"] == ""
    assert (row["points"][:6], row["points_exact"]) == ("7.5714", "53/7")


def test_hostile_texts_reach_no_statement(as_it_is: Sandbox, examined: build.Examined, tmp_path: Path) -> None:
    """What a unit wrote is data for the writer of Parquet, whatever it looks like."""
    title = "'; DROP TABLE x; --\n\"\\u0000\ud7ff{}"
    assessment = examined.assessments[0]
    answer = assessment.portfolio.shared
    record = Record("evidence", {"kind": "x", "title": title}, answer.place, None, 1)
    portfolio = replace(assessment.portfolio, shared=replace(answer, evidence=(record,)), answers={})
    files = exports.open_data(examined.project, (replace(assessment, portfolio=portfolio),), Cache())
    (content,) = (file.content for file in files if file.path == "data/evidence.parquet")
    (tmp_path / "evidence.parquet").write_bytes(content)
    assert [row["title"] for row in parquet_rows(tmp_path / "evidence.parquet")] == [title]


def test_parquet_is_the_same_every_time(examined: build.Examined) -> None:
    def made() -> dict[str, bytes]:
        files = exports.open_data(examined.project, examined.assessments, Cache())
        return {file.path: file.content for file in files}

    assert made() == made()


def test_an_empty_project_has_empty_tables(small: Sandbox) -> None:
    shutil.rmtree(small.path(EVIDENCE).parent)
    small.generate()
    assert csv_rows((small.docs / "data/portfolios.csv").read_bytes()) == []
    assert parquet_rows(small.docs / "data/portfolios.parquet") == []
    assert frictionless.validate(str(small.docs / "data/datapackage.json")).valid
