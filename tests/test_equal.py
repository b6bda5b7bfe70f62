"""Whatever tells a score tells the same: engine, JSON, CSV, Parquet, workbook after recalculation, page, PDF and DOCX.

Each representation is a function from the files of a site to the points of each indicator; a difference is said with
its place. The forms say more, and all of it is compared: the unit's own scores, ticks, areas, subtotals and levels.
"""

from __future__ import annotations

import csv
import functools
import io
import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import docx
import duckdb
import markdown
import pikepdf
import pypdfium2  # type: ignore[import-untyped]
import pytest
from docx.oxml.ns import qn

from lakthan import build, forms, messages, pages, thai, word, workbook
from lakthan.model import Assessment, Project
from lakthan.rubric import Area, Indicator
from tests.conftest import ROOT
from tests.test_workbook import random_project, recalculated
from tests.trees import tree

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
            rounds = [one["round"] or "" for one in json.loads(files[f"{folder}/index.json"])["rounds"]]
            (table,) = (t for t in tree(html).iter("table") if "lk-table--indicators" in t.get("class", ""))
            for row in table.iter("tr"):
                links = [a.get("href") for th in row.iter("th") for a in th.iter("a")]
                for name, cell in zip(rounds, row.findall("td"), strict=False):
                    if links:
                        said = thai.ascii_digits("".join("".join(cell.itertext()).split()))
                        place = (folder.rpartition("/")[0], name, str(links[0]).removeprefix("./").rstrip("/"))
                        points[place] = said if said[:1].isdigit() else NONE  # in English: n/a
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


@functools.cache
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


# The forms -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Form:
    """A form as its file has it: tables as rows of cells, and all that stands outside of them in one piece."""

    tables: Sequence[Sequence[Sequence[str]]]
    rest: str


LABEL = {key: str(text) for key, text in messages.catalogue("th").items() if key.startswith("form.label.")}
ON, OFF = "☑", "☐"
NUMBER = r"[\d.,]*\d|–"


def bare(text: str) -> str:
    """Letters, digits in ASCII, and the few signs that say something; SARA AM is drawn in parts, so not its vowel."""
    known = unicodedata.normalize("NFKD", thai.ascii_digits(text))
    return "".join(c for c in known if c in "☑☐–().:,/" or (unicodedata.category(c)[0] in "LN" and c != "า"))


def label(name: str) -> str:
    return bare(LABEL[f"form.label.{name}"])


def printed(content: bytes) -> Form:
    """The form as PDF: its structure (ISO 32000-1, 14.7) says what a cell is, its marked content what stands there."""
    opened = pypdfium2.PdfDocument(content)
    marked: dict[tuple[int, int], str] = {}
    for n, sheet in enumerate(opened):
        read = sheet.get_textpage()
        for one in sheet.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_TEXT]):
            place = n, pypdfium2.raw.FPDFPageObj_GetMarkedContentID(one.raw)
            size = pypdfium2.raw.FPDFTextObj_GetText(one.raw, read.raw, None, 0)
            text = (pypdfium2.raw.FPDF_WCHAR * (size // 2))()
            pypdfium2.raw.FPDFTextObj_GetText(one.raw, read.raw, text, size)
            marked[place] = marked.get(place, "") + bytes(text).decode("utf-16-le").rstrip("\0")
    with pikepdf.open(io.BytesIO(content)) as document:
        sheets: dict[Any, int] = {sheet.objgen: n for n, sheet in enumerate(document.pages)}
        tables: list[list[list[str]]] = []

        def texts(element: Any, page: Any = None) -> Iterator[str]:
            page, kind = element.get("/Pg", page), str(element.get("/S", ""))
            if kind == "/Table":
                tables.append([])
            if kind == "/Figure":
                yield {LABEL["form.label.box_on"]: ON, LABEL["form.label.box_off"]: OFF}.get(
                    str(element.get("/Alt")), ""
                )
                return
            inner = "".join(read(element, page))
            if kind == "/TR":
                tables[-1].append(cells.copy())
                cells.clear()
            elif kind in ("/TH", "/TD"):
                cells.append(bare(inner))
            elif kind != "/Table":
                yield inner

        def read(element: Any, page: Any) -> Iterator[str]:
            held = element.get("/K", [])
            for one in held if isinstance(held, pikepdf.Array) else [held]:
                if not isinstance(one, pikepdf.Dictionary):
                    yield marked.get((sheets[page.objgen], int(one)), "")
                elif "/MCID" in one:
                    yield marked.get((sheets[one.get("/Pg", page).objgen], int(one.MCID)), "")
                elif "/S" in one:
                    yield from texts(one, page)

        cells: list[str] = []
        rest = bare("".join(read(document.Root.StructTreeRoot, None)))
    return Form(tables, rest)


def written(content: bytes) -> Form:
    """The form as DOCX."""

    def said(element: Any) -> str:
        return bare("".join(t.text or "" for t in element.iter(qn("w:t"))))

    body = docx.Document(io.BytesIO(content)).element.body
    tables = [
        [[said(cell) for cell in row.iterchildren(qn("w:tc"))] for row in table.iterchildren(qn("w:tr"))]
        for table in body.iterchildren(qn("w:tbl"))
    ]
    return Form(tables, "".join(said(p) for p in body.iterchildren(qn("w:p"))))


def first(cell: str) -> str:
    """The number that a cell begins with; below it may stand that two scores differ."""
    found = re.match(NUMBER, cell)
    return found[0] if found else cell


class Named:
    """What places of a form are called, by the titles that stand there; of equal titles one after the other."""

    def __init__(self, titles: Mapping[str, str]) -> None:
        self.left = {name: bare(title) for name, title in titles.items()}

    def take(self, text: str) -> str:
        name = next((name for name, title in self.left.items() if text.startswith(title)), f"? {text[:40]}")
        self.left.pop(name, None)
        return name


def numbered(name: str, title: str) -> str:
    return f"{name}{'' if '.' in name else '.'} {title}"


def of_form(form: Form, assessment: Assessment) -> Points:
    """All points that a form says, by unit, kind (a round, `max`, `self`, `verified`, …) and what they are for."""
    portfolio, rubric = assessment.portfolio, assessment.portfolio.rubric
    rounds = [score.round or "" for score in assessment.scores]
    points: Points = {}
    nodes = [n.node for n in assessment.latest.root.walk()]
    indicators = Named({n.id: numbered(n.id, n.title.th) for n in nodes if isinstance(n, Indicator)})
    titles = {n.id: n.title.th for n in nodes if isinstance(n, Area)}
    areas = Named({n: numbered(n, t) if re.fullmatch(r"\d+(\.\d+)*", n) else t for n, t in titles.items()})
    totals = Named({one.id: one.title.th for one in rubric.subtotals})
    levels = Named({one.id: one.title.th for one in rubric.levels})

    def put(name: str, **shown: str) -> None:
        points.update({(portfolio.unit, kind, name): first(value) for kind, value in shown.items()})

    def in_rounds(name: str, cells: Sequence[str]) -> None:
        """Points of each round: a column each, or all in one."""
        shown = cells[0].split("/") if len(cells) == 1 else cells
        points.update({(portfolio.unit, kind, name): first(v) for kind, v in zip(rounds, shown, strict=False)})
        if shown == [NONE]:
            points.update({(portfolio.unit, kind, name): NONE for kind in rounds})

    def reviewed(name: str, cells: Sequence[str], self_cell: str) -> None:
        """The column of reviewers, or a line below the unit's own points."""
        if assessment.reviewed:
            below = re.search(f"{label('verified')}({NUMBER})", self_cell)
            put(name, verified=cells[0] if cells else below[1] if below else "")

    # A document for Word shows the rounds in one column, and has none for reviewers.
    for head, *rows in form.tables:
        n = len(head) - head.index(label("self")) if label("self") in head else 0
        if head[0] == label("area"):
            for row in rows:
                name = "total" if row[0] == label("total") else areas.take(row[0])
                put(name, max=row[1], self=row[-n])
                in_rounds(name, row[2:-n])
        elif head[0] == label("subtotals"):
            for row in rows:
                put(totals.take(row[0]), max=row[1], computed=row[2], self=row[3])
        elif head[:2] == [label("indicator"), label("evidence")]:
            for row in rows:
                name = indicators.take(row[0])
                put(name, max=row[2], self=row[-n])
                in_rounds(name, row[3:-n])
                reviewed(name, row[len(row) - n + 1 :], row[-n])
        else:
            assert head == [label("indicator"), label("criteria"), label("total")]
            at = rows[0].index(label("self"))
            rungs = [cell.removesuffix(label("points")) for cell in rows[0][:at] if cell]
            kinds, last = len(rows[0]) - at, rounds[-1]
            for row in rows[1:]:
                if len(row) == 1 + len(rungs) + kinds:
                    name, ladder = indicators.take(row[0]), list(zip(rungs, row[1:], strict=False))
                    own, computed, *more = row[1 + len(rungs) :]
                    put(name, max=rungs[0], self=own, **{last: computed})
                    put(name, ticked=next((p for p, cell in ladder if cell.startswith(ON)), NONE))
                    put(name, awarded=next((p for p, c in ladder if c.endswith(label("legend_computed"))), NONE))
                    reviewed(name, more, computed)
                elif len(row) == 1 + kinds:
                    put(totals.take(row[0]), self=row[1], computed=row[2])
    rule = f"([{ON}{OFF}])([^{ON}{OFF}]*?){label('by_evidence')}({label('holds')}|{label('unmet')})"
    rule += rf"\(({NUMBER}){label('of')}({NUMBER}){label('points')}\)"
    for box, title, outcome, got, most in re.findall(rule, form.rest):
        name = levels.take(title)
        points[portfolio.unit, "level", name] = f"{box} {outcome} {got}/{most}"
    return points


def on_forms(assessment: Assessment, official: bool) -> Points:
    """What the forms have to say, from the engine alone."""
    portfolio, latest, number = assessment.portfolio, assessment.latest, thai.show_number
    rubric, unit = portfolio.rubric, portfolio.unit
    own = {n: a.self_score.value for n, a in portfolio.answers.items() if a.self_score}
    counted = {name for name, node in latest.indicators.items() if node.applies and node.max}
    walked = list(latest.root.walk())
    adds_up = all(
        n.node.award == "sum" for n in walked if not isinstance(n.node, Indicator) and hasattr(n.node, "areas")
    )
    points: Points = {}

    def together(*names: str) -> str:
        """The unit's own scores of these, where none is missing and the rubric adds up."""
        tops = [n for n in walked if (n is latest.root and not names) or getattr(n.node, "id", None) in names]
        wanted = {n.node.id for top in tops for n in top.walk() if isinstance(n.node, Indicator)} & counted
        return number(sum((own[n] for n in wanted), Fraction(0))) if adds_up and wanted <= own.keys() else NONE

    for name, node in latest.indicators.items():
        points[unit, "max", name] = number(node.max)
        points[unit, "self", name] = number(own[name]) if name in own else NONE
        for score in [latest] if official else assessment.scores:
            one = score.indicators[name]
            points[unit, score.round or "", name] = number(one.points) if node.applies and one.max else NONE
        if official:
            rungs = {child.points for child in getattr(node.node, "criteria", ())}
            points[unit, "ticked", name] = number(own[name]) if own.get(name) in rungs else NONE
            points[unit, "awarded", name] = number(node.points) if node.applies and not node.decided else NONE
        if assessment.reviewed:
            points[unit, "verified", name] = number(assessment.reviewed.score.indicators[name].points)
    for total in latest.totals:
        name = total.subtotal.id
        points[unit, "computed", name] = number(total.points)
        points[unit, "self", name] = together(*total.subtotal.nodes)
        if not official:
            points[unit, "max", name] = number(total.max)
    for gate in latest.gates:
        outcome = label("holds" if gate.met else "unmet")
        box = ON if portfolio.self_level == gate.level.id else OFF
        points[unit, "level", gate.level.id] = f"{box} {outcome} {number(gate.points)}/{number(gate.max)}"
    if not official and rubric.areas:
        for node in [n for n in walked if n is latest.root or isinstance(n.node, Area)]:
            name = node.node.id if isinstance(node.node, Area) else "total"
            points[unit, "max", name] = number(node.max)
            points[unit, "self", name] = together(*([] if node is latest.root else [name]))
            for score in assessment.scores:
                same = next(n for n in score.root.walk() if n.path == node.path)
                points[unit, score.round or "", name] = number(same.points)
    return points


FORMS: dict[str, tuple[Callable[..., bytes], Callable[[bytes], Form]]] = {
    "PDF": (forms.make, printed),
    "DOCX": (word.make, written),
}


def told(kind: str, name: str, project: Project, assessments: Sequence[Assessment]) -> list[str]:
    """Where the forms of *assessments* say anything else than the engine."""
    make, read = FORMS[kind]
    wrong = []
    for one in assessments:
        form = read(make(project, one, build.templates(ROOT)))
        official = one.portfolio.rubric.id == "moi-moral-2569"
        wanted = on_forms(one, official)
        wrong += differences(f"{kind} of {name}", of_form(form, one), wanted)
        result = re.search(f"{label('result')}({NUMBER}){label('of')}({NUMBER}){label('points')}", form.rest)
        most = [thai.show_number(one.latest.points), thai.show_number(one.latest.max)]
        if not official and (not result or list(result.groups()) != most):
            wrong.append(f"{kind} of {name}: {one.portfolio.unit}: result {result and result.groups()}, not {most}")
        assert len(wanted) > 2 * len(one.latest.indicators)
    return wrong


@pytest.mark.parametrize("kind", FORMS)
@pytest.mark.parametrize("name", ["sample", "random-100", "random-101"])
def test_forms_say_the_same(kind: str, name: str) -> None:
    """Of each random project the first two portfolios, a PDF takes its time."""
    project, assessments = projects()[name]
    assert told(kind, name, project, assessments if name == "sample" else assessments[:2]) == []


@pytest.mark.slow
@pytest.mark.parametrize("kind", FORMS)
def test_more_forms_say_the_same(kind: str) -> None:
    for seed in range(200, 212):
        project, _, assessments = random_project(seed, 2)
        assert told(kind, f"random-{seed}", project, assessments) == []


@pytest.mark.parametrize("kind", FORMS)
@pytest.mark.parametrize("field", ["computed", "self"])
def test_another_number_on_a_form_is_said_with_its_place(
    kind: str, field: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, assessments = sample()
    (one,) = (a for a in assessments if a.portfolio.id == "dip-ict/moi-moral-2569")
    said = forms.document(project, one)
    said["parts"][1]["indicators"][0][field] = "๒"
    said["totals"][3][field] = said["parts"][2]["subtotals"][0][field] = "๘"
    said["levels"][1]["points"] = "๑๗"
    monkeypatch.setattr(forms, "document", lambda *_: said)
    wrong = told(kind, "sample", project, [one])
    subtotal = one.portfolio.rubric.subtotals[3].id
    kinds = {"computed": ("", "computed"), "self": ("self", "self")}[field]
    assert [what.split(": ")[1] for what in wrong] == [
        f"dip-ict/{place}"
        for place in sorted([f"{kinds[0]}/4", f"{kinds[1]}/{subtotal}", f"level/{one.portfolio.rubric.levels[1].id}"])
    ]
