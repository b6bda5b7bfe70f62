"""Plain CSV: what goes out comes in again unchanged; slips in what others wrote have row and column."""

from __future__ import annotations

import csv
import io
import json
import shutil
from fractions import Fraction
from pathlib import Path

import pytest

from lakthan import interchange, load
from lakthan.rubric import Rubric
from tests.conftest import ROOT, Json, Sandbox

SHIPPED = sorted(path.stem for path in (ROOT / "rubrics").glob("*.yml"))


@pytest.fixture(scope="module")
def rubrics() -> dict[str, Rubric]:
    return dict(load.load(ROOT).project.rubrics)


def table(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def problems(sandbox: Sandbox, name: str, text: str | bytes) -> list[str]:
    """The slips found in a file that is imported, as `code place`."""
    path = sandbox.path(name)
    path.write_bytes(text.encode("utf-8") if isinstance(text, str) else text)
    read = interchange.read(sandbox.root, path, load.load(sandbox.root).project)
    return [f"{one.code} {one.place.line}:{one.place.column}" for one in read.problems]


# A rubric --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SHIPPED)
def test_a_rubric_comes_back_as_it_went(rubrics: dict[str, Rubric], name: str, tmp_path: Path) -> None:
    path = tmp_path / "rubric.csv"
    path.write_bytes(interchange.rubric_table(rubrics[name]))
    read = interchange.read(tmp_path, path, load.load(ROOT).project)
    assert read.problems == ()
    assert read.rubric == rubrics[name]
    # And as a file of its own.
    (tmp_path / "rubrics").mkdir()
    (tmp_path / f"rubrics/{name}.yml").write_text(interchange.as_file(rubrics[name]), encoding="utf-8")
    assert load.load(tmp_path).project.rubrics[name] == rubrics[name]


def test_a_plain_list_becomes_a_rubric(small: Sandbox) -> None:
    """What an officer types: no English, Thai digits, semicolons, and Excel's line ends."""
    small.write(
        "list.csv",
        "section;parent;id;title_th;points;when;more\r\n"
        'rubric;;plain-2570;รายการ;;;"{""short"": ""รายการ"", ""year"": 2570, ""document"": {""title"": ""ด"",'
        ' ""issuer"": ""ผ""}}"\r\n'
        "kind;;page;หน้าเว็บ;;;\r\n"
        'indicator;;1;โครงสร้าง;๑;"[{""has"": ""page""}]";\r\n'
        "\r\n"
        'indicator;;2;ข่าว;2.5;"[{""has"": ""page""}]";\r\n',
    )
    small.run("import", str(small.path("list.csv")))
    rubric = load.load(small.root).project.rubrics["plain-2570"]
    points = {one.title.th: one.points for one in rubric.every_indicator()}
    assert points == {"โครงสร้าง": Fraction(1), "ข่าว": Fraction(5, 2)}
    assert rubric.title.en == "รายการ"
    small.run("import", str(small.path("list.csv")))  # nothing new
    small.replace("rubrics/plain-2570.yml", "year: 2570", "year: 2571")
    small.run("import", str(small.path("list.csv")), status=2)
    assert "2571" in small.read("rubrics/plain-2570.yml")
    small.run("import", str(small.path("list.csv")), "--update")
    assert "2571" not in small.read("rubrics/plain-2570.yml")


HEAD = "section,parent,id,title_th,points,when\n"
START = "rubric,,x,X,,\nkind,,page,Page,,\n"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a,b\n1,2\n", ["csv-columns 1:1"]),
        ("", ["csv-columns 1:1"]),
        (HEAD + START + "criterion,9,,T,1,\n", ["csv-unknown-name 4:2"]),
        (HEAD + START + "indicater,,1,T,1,\n", ["csv-unknown-name 4:1"]),
        (HEAD + START + "indicator,,1,T,1,has: page\n", ["csv-not-json 4:6"]),
        (HEAD + START + 'indicator,,1,T,1,"{""has"": ""page""}"\n', ["csv-not-json 4:6"]),
        (HEAD + START + "indicator,,1,T,1,,,,extra\n", ["csv-uneven 4:1"]),
        (HEAD + START + 'indicator,,1,"T"x,1,\n', ["csv-damaged 4:1"]),
        (HEAD.encode() + "rubric,,x,ก,,\n".encode("cp874"), ["csv-not-utf8 2:1"]),
    ],
)
def test_slips_in_a_rubric_have_row_and_column(small: Sandbox, text: str | bytes, found: list[str]) -> None:
    assert problems(small, "a.csv", text) == found


def test_what_the_language_refuses_is_said_of_its_row(small: Sandbox) -> None:
    text = HEAD + START + 'indicator,,1,T,many,"[{""has"": ""pgae""}]"\n'
    assert "wrong-number 4:5" in problems(small, "a.csv", text)


# Answers ---------------------------------------------------------------------------------------------------------

PORTFOLIO = "content/oae-demo/oae-unit-2567"


@pytest.mark.parametrize(
    "name",
    ["dip-ict/moi-moral-2569", "oae-demo/oae-unit-2567", "demo-college/ita-oit-2566", "demo-dyeing/moi-moral-2569"],
)
def test_answers_come_back_and_score_the_same(sample: Sandbox, name: str) -> None:
    before = sample.scores(name)
    sample.run("export", "answers", name, "-o", str(sample.path("answers.csv")))
    content = sample.path("answers.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbfunit,rubric,")
    folder = sample.path(f"content/{name}")
    for path in folder.glob("*.md"):
        path.unlink()
    shutil.rmtree(folder / "reviews", ignore_errors=True)
    sample.run("import", str(sample.path("answers.csv")))
    sample.run("export", "answers", name, "-o", str(sample.path("again.csv")))
    assert sample.path("again.csv").read_bytes() == content

    def shown(entries: list[Json]) -> object:
        return [(one["points"], one["level"], [node["points"] for node in one["indicators"]]) for one in entries]

    assert shown(sample.scores(name)) == shown(before)


def test_only_what_is_filled_in_changes_and_comments_stay(sample: Sandbox) -> None:
    path = "content/demo-dyeing/moi-moral-2569/1.md"
    sample.replace(path, "staff: 52\n", "staff: 52 # counted in May\n")
    sample.write(
        "few.csv",
        "unit\trubric\tindicator\tlist\titem\tfield\tvalue\n"
        "demo-dyeing\tmoi-moral-2569\t๑\t\t\tsigned\t๔๔\n"
        "demo-dyeing\tmoi-moral-2569\t๑\tevidence\t๑\tkind\tdeclaration\n"
        "demo-dyeing\tmoi-moral-2569\t๑\tevidence\t๑\ttitle\tSecond one\n"
        "demo-dyeing\tmoi-moral-2569\t1\tevidence\t1\tdate\t๒๐ ธันวาคม ๒๕๖๘\n",
    )
    sample.run("import", str(sample.path("few.csv")), status=1)  # nobody was asked
    sample.run("import", str(sample.path("few.csv")), "--update")
    text = sample.read(path)
    assert "signed: 44" in text
    assert "staff: 52 # counted in May" in text
    assert "Second one" in text
    assert "2025-12-20" in text


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ("nobody,moi-moral-2569,1,,,signed,3", "csv-of-nobody 2:1"),
        ("dip-ict,moi-2569,1,,,signed,3", "csv-of-nobody 2:2"),
        ("dip-ict,moi-moral-2569,77,,,signed,3", "unknown-indicator 2:3"),
        ("dip-ict,moi-moral-2569,1,,,singed,3", "unknown-key 2:6"),
        ("dip-ict,moi-moral-2569,1,,,,3", "missing-key 2:6"),
        ("dip-ict,moi-moral-2569,1,,,signed,many", "wrong-number 2:7"),
        ("dip-ict,moi-moral-2569,,,,signed,soon", "wrong-date 2:7"),
    ],
)
def test_slips_in_answers_have_row_and_column(as_it_is: Sandbox, row: str, found: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"unit,rubric,indicator,list,item,field,value\n{row}\n", encoding="utf-8")
    read = interchange.read(as_it_is.root, path, load.load(as_it_is.root).project)
    assert found in [f"{one.code} {one.place.line}:{one.place.column}" for one in read.problems]


def test_nothing_that_goes_out_is_run_as_a_formula(sample: Sandbox) -> None:
    path = "content/demo-dyeing/moi-moral-2569/1.md"
    for text in ("=1+1", "'=1+1", "@x", "-2+3", "\\t=1"):
        sample.write("a.md", "")
        before = sample.read(path)
        title = before.split("title: ")[1].split(",")[0]
        sample.replace(path, f"title: {title},", f'title: "{text}",')
        sample.run("export", "answers", "demo-dyeing", "-o", str(sample.path("a.csv")))
        rows = table(sample.path("a.csv").read_bytes())
        assert not [row for row in rows for cell in row.values() if cell[:1] in "=+-@\t" and cell]
        read = interchange.read(sample.root, sample.path("a.csv"), load.load(sample.root).project)
        (filled,) = read.filled
        assert filled.answers["1"].evidence[0].text("title") == text.replace("\\t", "\t").strip()
        sample.write(path, before)


# Scores ----------------------------------------------------------------------------------------------------------


def test_scores_of_another_system_stand_beside_ours(sample: Sandbox) -> None:
    sample.write(
        "other.csv",
        "\ufeffunit,rubric,indicator,title_th,self_score,self_level,remark\n"
        "demo-college,ita-oit-2566,O๘,Q&A,100,,seen\n"
        "demo-college,ita-oit-2566,,,,A,\n",
    )
    said = sample.run("import", str(sample.path("other.csv")), "--update")
    assert "csv-unknown-column" in said.stderr  # `remark` is said not to be read, and hinders nothing
    sample.run("export", "scores", "demo-college/ita-oit-2566", "-o", str(sample.path("scores.csv")))
    rows = {row["indicator"]: row for row in table(sample.path("scores.csv").read_bytes())}
    assert (rows["O8"]["points"], rows["O8"]["self_score"], rows["O8"]["max"]) == ("0", "100", "100")
    assert (rows[""]["level"], rows[""]["self_level"], rows[""]["exact"]) == ("C", "A", "65155/882")
    assert len(rows) == 44
    codes = [p["code"] for p in sample.problems("content/demo-college/ita-oit-2566")]
    assert "self-score-differs" in codes


def test_exported_scores_come_in_again_and_change_nothing(sample: Sandbox) -> None:
    sample.run("export", "scores", "-o", str(sample.path("scores.csv")))
    assert "the files say all" in sample.run("import", str(sample.path("scores.csv"))).stdout


# The description -------------------------------------------------------------------------------------------------


def test_each_table_is_described(as_it_is: Sandbox) -> None:
    package = interchange.package()
    assert json.loads((ROOT / "schemas/csv.datapackage.json").read_text(encoding="utf-8")) == package
    page = (ROOT / "docs/csv.md").read_text(encoding="utf-8")
    for resource in package["resources"]:
        fields = [field["name"] for field in resource["schema"]["fields"]]
        command = ["export", resource["name"], *(["moi-moral-2569"] if resource["name"] == "rubric" else ["dip-ict"])]
        as_it_is.run(*command, "-o", str(as_it_is.path("x.csv")))
        rows = table(as_it_is.path("x.csv").read_bytes())
        assert rows
        assert list(rows[0]) == fields
        for field in resource["schema"]["fields"]:
            assert f"| `{field['name']}` | {field['description']} |" in page
            if field["type"] in ("number", "integer"):
                assert all(not row[field["name"]] or float(row[field["name"]]) >= 0 for row in rows)
    as_it_is.path("x.csv").unlink()
