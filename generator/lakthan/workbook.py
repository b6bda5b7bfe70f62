"""A portfolio, or a rubric over all its units, as an Excel workbook that works its scores out itself.

The yes and no of each condition (and whether an indicator applies) are the only inputs: criteria, indicators, areas,
subtotals, levels and totals above them are formulas, so that an office can try what one more document would change.
What the engine found stands in each formula as its last result, for programs that do not calculate.

A *view* is one score shown side by side with others: the rounds of a portfolio, or the units of a rubric. All views
share rows; each has its own columns.
"""

from __future__ import annotations

import datetime
import io
import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property, partial
from typing import Any

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError
from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from lakthan import thai
from lakthan.exports.documents import exact, plain
from lakthan.messages import Language
from lakthan.model import Assessment, Finding, Message, NodeScore, Portfolio, Project, Record, Score, Verified
from lakthan.pages import answers, conditions
from lakthan.pages.addresses import outside
from lakthan.pages.words import Words
from lakthan.rubric import AllOf, AnyOf, Area, Condition, Criterion, Indicator, Rubric, path_of

FILE = "workbook.xlsx"
"""The name of the workbook beside the page of a portfolio or rubric."""
FONT = "TH SarabunPSK"
"""What Thai offices write in; a machine without it shows its own."""
TINY = "0.000000001"
"""Differences below this are none: a cell holds 53/7 as a floating number."""
PORTRAIT = 150
"""Width of columns up to which a sheet is legible on an upright page."""
LINE = 21
"""Points from line to line: Thai has marks above marks."""
_NO_DATE = datetime.date(2000, 1, 1)
_LONGEST = 32_767
"""Characters that a cell can hold."""

ABSENT = "–"
"""What stands for the points of what does not apply: text, which sums and comparisons pass over."""


def files(
    project: Project, assessments: Sequence[Assessment], language: Language = "th"
) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """The workbooks of a site: the path of each, and what makes it."""
    yield from of_each(project, assessments, language)
    for rubric in project.rubrics.values():
        yield from of_all(project, rubric, assessments, language)


def of_each(
    project: Project, assessments: Sequence[Assessment], language: Language = "th"
) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """The workbooks of portfolios."""
    for assessment in assessments:
        yield f"{assessment.portfolio.id}/{FILE}", partial(of_portfolio, project, assessment, language)


def of_all(
    project: Project, rubric: Rubric, assessments: Sequence[Assessment], language: Language = "th"
) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """The workbook of a rubric, if any of *assessments* answers it."""
    found = tuple(a for a in assessments if a.portfolio.rubric.id == rubric.id)
    if found:
        yield f"rubrics/{rubric.id}/{FILE}", partial(of_rubric, project, rubric, found, language)


def of_portfolio(project: Project, assessment: Assessment, language: Language = "th") -> bytes:
    """The workbook of a portfolio: a view for each round reached."""
    rubric = assessment.portfolio.rubric
    words = Words(language, project.site.digits)
    titles = {one.id: words.text(one.title) for one in rubric.rounds}
    views = [
        View(titles.get(score.round or "", words.said(Message("workbook.result"))), score, assessment)
        for score in assessment.scores
    ]
    return _Book(project, rubric, views, words, whole=False).make()


def of_rubric(project: Project, rubric: Rubric, assessments: Sequence[Assessment], language: Language = "th") -> bytes:
    """The workbook of a rubric: a view for each portfolio, in the last round that it has reached."""
    words = Words(language, project.site.digits)
    views = [View(_unit(project, words, a.portfolio), a.latest, a) for a in assessments]
    return _Book(project, rubric, views, words, whole=True).make()


@dataclass(frozen=True, slots=True)
class View:
    """A score among those that stand side by side."""

    title: str
    score: Score
    assessment: Assessment


def _unit(project: Project, words: Words, portfolio: Portfolio) -> str:
    unit = project.units.get(portfolio.unit)
    return words.text(unit.short or unit.name) if unit else portfolio.unit


# Writing cells ---------------------------------------------------------------------------------------------------


def width(text: str) -> int:
    """How many letters wide a text is: Thai vowels above and below and tone marks take no room.

    >>> width("ที่ปรึกษา"), width("plan")
    (6, 4)
    """
    return len(_NARROW.sub("", text))


_NARROW = re.compile("[\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]")


class _Worksheet(Worksheet):  # type: ignore[misc]
    def _prepare_formula(self, formula: str, expand_future_functions: bool = False) -> str:  # noqa: ARG002
        # Ours need no function that is newer than Excel 2007: to look for each of those takes a quarter of the time.
        return formula.removeprefix("=")


@dataclass
class _Sheet:
    """A sheet with the few ways in which we write cells. Text goes in as text: `=…` of a unit is no formula."""

    sheet: Any
    formats: dict[str, Any]
    name: str
    row: int = 0
    widths: list[float] = field(default_factory=list)
    lines: dict[int, int] = field(default_factory=dict)
    """Row → how many lines its longest text takes in its column."""

    def text(self, row: int, column: int, value: str, style: str = "text") -> None:
        if style == "lead":
            self.lines[row] = 1
        elif style not in ("title", "view") and column < len(self.widths):
            need = self.needed(value, column) if value else 1
            if need > self.lines.get(row, 0):
                self.lines[row] = need
        if value:
            self.sheet.write_string(row, column, thai.cut(value, _LONGEST), self.formats[style])
        else:
            self.sheet.write_blank(row, column, None, self.formats[style])

    def needed(self, value: str, column: int) -> int:
        """How many lines a text takes in its column, of as many as are shown."""
        room = max(self.widths[column] - 2, 4)
        if len(value) * 1.15 <= room and "\n" not in value:
            return 1
        return min(sum(math.ceil(max(width(line), 1) * 1.15 / room) for line in value.split("\n")), 18)

    def number(self, row: int, column: int, value: Fraction, style: str = "number") -> None:
        if exact(value) is None:
            self.sheet.write_number(row, column, plain(value), self.formats[style])
        else:  # 1/3 has no decimals that say it
            self.formula(row, column, f"{value.numerator}/{value.denominator}", float(value), style)

    def formula(self, row: int, column: int, formula: str, result: object, style: str = "formula") -> None:
        value = plain(result) if isinstance(result, Fraction) else result
        self.sheet.write_formula(row, column, f"={formula}", self.formats[style], value)

    def value(self, row: int, column: int, value: object, words: Words, style: str = "text") -> None:
        """Whatever a record holds, as what it is."""
        match value:
            case bool():
                self.text(row, column, words.show(value), style)
            case Fraction():
                self.number(row, column, value)
            case datetime.date() if value.year >= 1900:
                self.sheet.write_datetime(row, column, value, self.formats["date"])
            case None:
                self.text(row, column, "", style)
            case str():
                self.text(row, column, value, style)
            case _:
                self.text(row, column, words.show(value), style)

    def link(self, row: int, column: int, address: str) -> None:
        """An address that can be clicked, if it is one of the web."""
        if outside(address) and len(address) < 2000:
            self.sheet.write_url(row, column, address, self.formats["link"], address)
        else:
            self.text(row, column, address)

    def heading(self, title: str, lead: str, columns: Sequence[tuple[str, float]], *, freeze: int = 0) -> None:
        """Title, what the sheet is, and the heads of its columns with their widths; all three stay in sight."""
        self.text(0, 0, title, "title")
        self.text(1, 0, lead, "lead")
        self.widths = [wide for _, wide in columns]
        if sum(self.widths) < PORTRAIT:
            self.sheet.set_portrait()
        for column, (head, wide) in enumerate(columns):
            self.text(3, column, head, "head")
            self.sheet.set_column(column, column, wide)
        self.sheet.freeze_panes(4, freeze)
        self.sheet.repeat_rows(3)
        self.row = 4

    def blanks(self, row: int, columns: Iterable[int], style: str = "text") -> None:
        """Frames where a row says nothing."""
        for column in columns:
            self.text(row, column, "", style)

    def hide(self, columns: Iterable[int]) -> None:
        for column in columns:
            self.sheet.set_column(column, column, self.widths[column], None, {"hidden": True})

    def finish(self) -> None:
        """Rows as high as their texts: not every program works that out when it opens the file."""
        self.sheet.set_row(0, 32)
        for row in (1, 2):
            self.sheet.set_row(row, LINE)
        for row, lines in self.lines.items():
            self.sheet.set_row(row, LINE * lines + 2)

    def ref(self, row: int, column: int) -> str:
        """How another sheet names a cell of this one."""
        return f"'{self.name}'!{xl_rowcol_to_cell(row, column)}"


def ranges(rows: Iterable[int], column: int, sheet: str = "") -> list[str]:
    """The cells of a column in these rows, neighbours as a range.

    >>> ranges([4, 5, 6, 9], 1)
    ['B5:B7', 'B10']
    """
    runs: list[list[int]] = []
    for row in sorted(set(rows)):
        if runs and runs[-1][-1] == row - 1:
            runs[-1].append(row)
        else:
            runs.append([row])
    name, before = xl_col_to_name(column), f"'{sheet}'!" if sheet else ""
    return [f"{before}{name}{run[0] + 1}" + (f":{name}{run[-1] + 1}" if len(run) > 1 else "") for run in runs]


def call(function: str, cells: Sequence[str]) -> str:
    """A function of many cells. Excel takes 255 arguments, so more are taken in groups.

    >>> call("MAX", ["A1", "B2"])
    'MAX(A1,B2)'
    """
    if len(cells) > 250:
        cells = [call(function, cells[i : i + 250]) for i in range(0, len(cells), 250)]
    return f"{function}({','.join(cells)})"


# The book --------------------------------------------------------------------------------------------------------


@dataclass
class _Book:
    project: Project
    rubric: Rubric
    views: Sequence[View]
    words: Words
    whole: bool
    """All units of a rubric, or one portfolio."""
    sheets: dict[str, _Sheet] = field(default_factory=dict)
    inputs: dict[str, int] = field(default_factory=dict)
    """Path of an indicator or criterion → its row in the sheet of conditions."""
    tree: dict[str, int] = field(default_factory=dict)
    """Id of an area or indicator → its row in the sheet of indicators; the whole rubric is ""."""
    below: dict[int, dict[str, NodeScore]] = field(default_factory=dict)
    """View → what was scored in the indicators that were asked for, by path."""
    waiting: list[str] = field(default_factory=list)
    """Cells of the sheet of conditions that take yes or no."""
    unwritten: list[tuple[int, int, list[str], Indicator, Criterion, str]] = field(default_factory=list)
    """Criteria whose requirements are not in place yet: row, column, what is asked, whose they are, the result."""

    def say(self, message: Message) -> str:
        return self.words.said(message)

    @cached_property
    def scores(self) -> list[dict[str, NodeScore]]:
        """The areas and indicators of each view as scored, by id."""
        return [
            {node.path: node for node in view.score.root.walk() if isinstance(node.node, Area | Indicator)}
            for view in self.views
        ]

    @cached_property
    def yes(self) -> str:
        return self.words.show(True)

    @cached_property
    def no(self) -> str:
        return self.words.show(False)

    def make(self) -> bytes:
        out = io.BytesIO()
        book = xlsxwriter.Workbook(
            out,
            {
                "in_memory": not self.whole,  # a nation's sheets are more than memory should hold
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
            },
        )
        newest = max((day for v in self.views for day in v.assessment.portfolio.dates()), default=_NO_DATE)
        title = self.words.text(self.rubric.title)
        if not self.whole:
            title = f"{_unit(self.project, self.words, self.views[0].assessment.portfolio)} · {title}"
        # The day of the content, not of the writing: the same content gives the same bytes.
        created = datetime.datetime.combine(max(newest, _NO_DATE), datetime.time())
        book.set_properties({"title": thai.cut(title, 250), "created": created})
        formats = _formats(book)
        for name, key in (
            ("summary", Message("workbook.sheet.summary")),
            *((("levels", Message("workbook.sheet.levels")),) if self.whole else ()),
            ("indicators", Message("workbook.sheet.indicators")),
            ("conditions", Message("workbook.sheet.conditions")),
            ("evidence", Message("workbook.sheet.evidence")),
            ("channels", Message("workbook.sheet.channels")),
            ("gaps", Message("workbook.sheet.gaps")),
            ("reviews", Message("workbook.sheet.reviews")),
        ):
            said = self.say(key)
            sheet = book.add_worksheet(said, _Worksheet)
            sheet.set_paper(9)  # A4
            sheet.set_landscape()
            sheet.fit_to_pages(1, 0)
            sheet.set_margins(left=0.5, right=0.5, top=0.7, bottom=0.7)
            sheet.set_header(f"&L{_plain(title)}")
            sheet.set_footer(f"&L{_plain(said)}&R&P/&N")
            sheet.hide_gridlines(2)
            self.sheets[name] = _Sheet(sheet, formats, said)
        self.conditions(self.sheets["conditions"])
        self.indicators(self.sheets["indicators"])
        if self.whole:
            levels = self.sheets["levels"]
            levels.heading(levels.name, self.say(Message("workbook.lead.levels")), self.result_columns(), freeze=1)
            self.league(self.sheets["summary"], levels, self.results(levels))
        else:
            self.portrait(self.sheets["summary"])
        self.evidence(self.sheets["evidence"])
        self.channels(self.sheets["channels"])
        self.gaps(self.sheets["gaps"])
        self.reviews(self.sheets["reviews"])
        for sheet in self.sheets.values():
            sheet.finish()
        self.sheets["summary"].sheet.activate()
        why: tuple[object, ...] = ()
        try:
            book.close()
        except FileCreateError as problem:  # its sheets were on the disk, which may be full
            why = problem.args[0].errno, problem.args[0].strerror
        if why:  # said here, where nothing holds the unfinished file any more: it would complain at the very end
            raise OSError(*why)
        return out.getvalue()

    def view_heads(self, sheet: _Sheet, first: int, each: int) -> None:
        """The title of each view above its columns."""
        for number, view in enumerate(self.views):
            column = first + number * each
            if each > 1:
                sheet.sheet.merge_range(2, column, 2, column + each - 1, "", sheet.formats["view"])
            sheet.text(2, column, view.title, "view")

    # Conditions: the inputs, and the criteria above them

    def conditions(self, sheet: _Sheet) -> None:
        fixed = [
            (self.say(Message("workbook.column.id")), 9.0),
            (self.say(Message("workbook.column.asked")), 62.0),
            (self.say(Message("workbook.column.round")), 7.0),
            (self.say(Message("workbook.column.worth")), 9.0),
            (self.say(Message("workbook.column.weight")), 8.0),
        ]
        per = [
            (self.say(Message("workbook.column.met")), 9.0),
            (self.say(Message("workbook.column.points")), 9.0),
            (self.say(Message("workbook.column.max")), 9.0),
        ]
        lead = self.say(Message("workbook.lead.conditions", {"yes": self.yes, "no": self.no}))
        sheet.heading(sheet.name, lead, fixed + per * len(self.views), freeze=2)
        self.view_heads(sheet, 5, 3)
        sheet.sheet.ignore_errors({"number_stored_as_text": "A1:A1048576"})
        for indicator in self.rubric.every_indicator():
            self.indicator(sheet, indicator)
        self.write_tests(sheet)
        weighs = any(node.award == "mean" for node in _groups(self.rubric))
        sheet.hide([2] * (not self.rubric.rounds) + [4] * (not weighs))
        if self.waiting:
            choice = {"validate": "list", "source": [self.yes, self.no]}
            for start in range(0, len(self.waiting), 500):
                cells = self.waiting[start : start + 500]
                sheet.sheet.data_validation(cells[0], {**choice, "multi_range": " ".join(cells)})

    def column(self, view: int, kind: str) -> int:
        """The column of a view in the sheet of conditions."""
        return 5 + 3 * view + ("met", "points", "max").index(kind)

    def round_number(self, name: str | None) -> int:
        return next((n for n, one in enumerate(self.rubric.rounds, 1) if one.id == name), 0)

    def answer(self, sheet: _Sheet, row: int, view: int, holds: bool | None) -> None:
        """A cell to say yes or no in."""
        column = self.column(view, "met")
        sheet.text(row, column, "" if holds is None else self.yes if holds else self.no, "input")
        self.waiting.append(xl_rowcol_to_cell(row, column))

    def indicator(self, sheet: _Sheet, node: Indicator) -> None:
        row = sheet.row
        self.inputs[node.id] = row
        sheet.blanks(row, range(2, 5 + 3 * len(self.views)), "group")
        sheet.text(row, 0, node.id, "group")
        sheet.text(row, 1, self.words.text(node.title), "group")
        sheet.row += 1
        applies = None
        if node.may_not_apply:
            applies = sheet.row
            sheet.blanks(applies, range(5 + 3 * len(self.views)))
            sheet.text(applies, 1, self.say(Message("workbook.applies")), "indent1")
            for n, view in enumerate(self.views):
                self.answer(sheet, applies, n, view.score.indicators[node.id].applies)
            sheet.row += 1
        if node.criteria:
            inner = self.criteria(sheet, node, node.id, node, 1)
            if node.award != "highest":
                sheet.text(row, 3, self.award(node.award), "group")
        else:
            inner = [self.leaf(sheet, node, node.id, node, 1)]
        for n, view in enumerate(self.views):
            scored = view.score.indicators[node.id]
            for kind in ("points", "max"):
                column = self.column(n, kind)
                formula = self.combined(node.award, inner, column, 4, whole=True)
                if applies is not None:
                    asked = xl_rowcol_to_cell(applies, self.column(n, "met"))
                    formula = f'IF({asked}={_quoted(self.no)},"{ABSENT}",{formula})'
                sheet.formula(row, column, formula, _shown(scored, kind), "total")

    def award(self, award: str | None) -> str:
        match award:
            case "highest":
                return self.say(Message("workbook.award.highest"))
            case "mean":
                return self.say(Message("workbook.award.mean"))
        return self.say(Message("workbook.award.sum"))

    def criteria(self, sheet: _Sheet, node: Criterion, path: str, indicator: Indicator, depth: int) -> list[int]:
        """The criteria below a node; the rows in which they stand."""
        found = []
        for position, child in enumerate(node.criteria, 1):
            inner = path_of(path, position, child)
            row = sheet.row
            if child.criteria:
                self.group(sheet, child, inner, indicator, depth)
            else:
                self.leaf(sheet, child, inner, indicator, depth)
            if node.award == "mean":
                sheet.number(row, 4, child.weight)
            found.append(row)
        return found

    def group(self, sheet: _Sheet, node: Criterion, path: str, indicator: Indicator, depth: int) -> None:
        row = sheet.row
        sheet.blanks(row, range(5 + 3 * len(self.views)))
        sheet.text(row, 1, self.words.text(node.text or node.title) or self.award(node.award), f"indent{min(depth, 4)}")
        sheet.text(row, 3, self.award(node.award), "right")
        sheet.row += 1
        inner = self.criteria(sheet, node, path, indicator, depth + 1)
        for n, view in enumerate(self.views):
            scored = self.scored(view, indicator, path)
            for kind in ("points", "max"):
                column = self.column(n, kind)
                value = _shown(scored, kind) if scored else Fraction(0)
                sheet.formula(row, column, self.combined(node.award, inner, column, 4, whole=True), value)

    def scored(self, view: View, indicator: Indicator, path: str) -> NodeScore | None:
        """A criterion as scored; None below an indicator that does not apply."""
        top = view.score.indicators[indicator.id]
        if not top.applies:
            return None
        if top.path not in (known := self.below.setdefault(id(view), {})):
            known |= {node.path: node for node in top.walk()}
        return known.get(path)

    def leaf(self, sheet: _Sheet, leaf: Criterion, path: str, indicator: Indicator, depth: int) -> int:
        """A criterion with its conditions below it; the row of the criterion."""
        row = sheet.row
        self.inputs[f"{path}/" if leaf is indicator else path] = row
        sheet.blanks(row, range(5))
        said = leaf.text if leaf is indicator else leaf.text or leaf.title
        sheet.text(row, 1, self.words.text(said) or self.say(Message("workbook.criterion")), f"indent{min(depth, 4)}")
        if number := self.round_number(leaf.round):
            sheet.number(row, 2, Fraction(number), "small")
        sheet.number(row, 3, leaf.points or Fraction(0))
        sheet.row += 1
        asked = [self.condition(sheet, one, (n,), indicator, path, depth + 1) for n, one in enumerate(leaf.when)]
        worth, own = xl_rowcol_to_cell(row, 3, col_abs=True), xl_rowcol_to_cell(row, 2, col_abs=True)
        for n, view in enumerate(self.views):
            scored, met = self.scored(view, indicator, path), self.column(n, "met")
            later = f"{own}>{self.round_number(view.score.round)}" if number else ""
            tests = [f"{xl_rowcol_to_cell(below, met)}={_quoted(self.yes)}" for below in asked]
            tests += [f"NOT({later})"] if later else []
            holds = self.yes if scored and scored.holds else self.no
            # What it requires may stand further down, in a row that is not known yet.
            self.unwritten.append((row, met, tests, indicator, leaf, holds))
            gained = f"IF({xl_rowcol_to_cell(row, met)}={_quoted(self.yes)},{worth},0)"
            sheet.formula(row, self.column(n, "points"), gained, scored.points if scored else Fraction(0))
            most = f"IF({later},0,{worth})" if later else worth
            sheet.formula(row, self.column(n, "max"), most, scored.max if scored else Fraction(0))
        return row

    def write_tests(self, sheet: _Sheet) -> None:
        """Whether each criterion holds: its conditions, its round, and the criteria that it requires."""
        for row, column, tests, indicator, leaf, holds in self.unwritten:
            known = {
                one.id: self.inputs[path] for path, one in _leaves(indicator, indicator.id) if one.id in leaf.requires
            }
            every = [*tests, *(f"{xl_rowcol_to_cell(r, column)}={_quoted(self.yes)}" for r in known.values())]
            if _circular(indicator, leaf):  # criteria that require each other do not hold
                every = ["FALSE"]
            held = call("AND", every) if every else "TRUE"
            sheet.formula(row, column, f"IF({held},{_quoted(self.yes)},{_quoted(self.no)})", holds, "result")
        self.unwritten.clear()

    def condition(
        self, sheet: _Sheet, asked: Condition, at: tuple[int, ...], indicator: Indicator, path: str, depth: int
    ) -> int:
        """A condition, to be answered; of `any` and `all` the parts are. The row in which it stands."""
        row = sheet.row
        sheet.row += 1
        sheet.blanks(row, range(5 + 3 * len(self.views)))
        parts = asked.any if isinstance(asked, AnyOf) else asked.all if isinstance(asked, AllOf) else ()
        said = conditions.asked(self.words, self.rubric, asked)
        if parts:
            said = self.say(Message("workbook.any")) if isinstance(asked, AnyOf) else self.say(Message("workbook.all"))
        sheet.text(row, 1, said, f"asked{min(depth, 5)}")
        below = [self.condition(sheet, part, (*at, n), indicator, path, depth + 1) for n, part in enumerate(parts)]
        for n, view in enumerate(self.views):
            scored = self.scored(view, indicator, path)
            found = _finding(scored.findings, at) if scored else None
            if not parts:
                self.answer(sheet, row, n, found.holds if found else None)
                continue
            column = self.column(n, "met")
            tests = [f"{xl_rowcol_to_cell(r, column)}={_quoted(self.yes)}" for r in below]
            held = call("OR" if isinstance(asked, AnyOf) else "AND", tests)
            value = self.yes if found and found.holds else self.no
            sheet.formula(row, column, f"IF({held},{_quoted(self.yes)},{_quoted(self.no)})", value, "result")
        return row

    def combined(
        self, award: str | None, rows: Sequence[int], column: int, weights: int, *, whole: bool = False
    ) -> str:
        """The points or maxima of children, in these rows of a column, as their parent's.

        What does not apply is text there. A parent of nothing else does not apply either, but the *whole* rubric has 0.
        """
        cells = ranges(rows, column)
        count = call("COUNT", cells)
        match award:
            case "highest":
                formula = call("MAX", cells)
            case "mean":
                pairs = [(xl_rowcol_to_cell(r, weights, col_abs=True), xl_rowcol_to_cell(r, column)) for r in rows]
                share = call("SUM", [f"{w}*ISNUMBER({c})" for w, c in pairs])
                found = call("SUM", [f"{w}*N({c})" for w, c in pairs])
                formula = f"IF({share}=0,0,{found}/{share})"
            case _:
                formula = call("SUM", cells)
        return formula if whole else f'IF({count}=0,"{ABSENT}",{formula})'

    # Indicators and areas

    def indicators(self, sheet: _Sheet) -> None:
        fixed = [
            (self.say(Message("workbook.column.id")), 9.0),
            (self.say(Message("workbook.column.title")), 62.0),
            (self.say(Message("workbook.column.award")), 10.0),
            (self.say(Message("workbook.column.weight")), 8.0),
        ]
        per = [(self.say(Message("workbook.column.points")), 9.0), (self.say(Message("workbook.column.max")), 9.0)]
        own = [] if self.whole else [(self.say(Message("workbook.column.self")), 12.0)]
        sheet.heading(
            sheet.name, self.say(Message("workbook.lead.indicators")), fixed + per * len(self.views) + own, freeze=2
        )
        self.view_heads(sheet, 4, 2)
        sheet.sheet.ignore_errors({"number_stored_as_text": "A1:A1048576"})
        rows = self.nodes(sheet, self.rubric, 0)
        row = sheet.row
        self.tree[""] = row
        for column in range(4):
            sheet.text(row, column, self.say(Message("workbook.total")) if column == 1 else "", "total_text")
        sheet.text(row, 2, self.award(self.rubric.award), "total_text")
        for n, view in enumerate(self.views):
            for offset, value in enumerate((view.score.points, view.score.max)):
                column = 4 + 2 * n + offset
                sheet.formula(
                    row, column, self.combined(self.rubric.award, rows, column, 3, whole=True), value, "total"
                )
        if own:
            sheet.text(row, 4 + 2 * len(self.views), "", "total_text")

    def nodes(self, sheet: _Sheet, parent: Rubric | Area, depth: int) -> list[int]:
        """The areas and indicators below a node; the rows in which they stand."""
        found = []
        for child in parent.children:
            row = sheet.row
            self.tree[child.id] = row
            found.append(row)
            sheet.row += 1
            area = isinstance(child, Area)
            sheet.text(row, 0, child.id, "group" if area else "text")
            style = "group" if area else f"indent{min(depth, 4)}" if depth else "text"
            sheet.text(row, 1, self.words.text(child.title), style)
            sheet.text(row, 2, self.award(child.award) if area else "", "group" if area else "text")
            if parent.award == "mean":
                sheet.number(row, 3, child.weight, "group_number" if area else "number")
            else:
                sheet.text(row, 3, "", "group" if area else "text")
            inner = self.nodes(sheet, child, depth + 1) if isinstance(child, Area) else []
            for n, scores in enumerate(self.scores):
                scored = scores.get(child.id)
                for offset, kind in enumerate(("points", "max")):
                    column = 4 + 2 * n + offset
                    if isinstance(child, Area):
                        formula = self.combined(child.award, inner, column, 3)
                    else:
                        formula = self.sheets["conditions"].ref(self.inputs[child.id], self.column(n, kind))
                    sheet.formula(row, column, formula, _shown(scored, kind), "total" if area else "formula")
            if not self.whole:
                column = 4 + 2 * len(self.views)
                answer = self.views[0].assessment.portfolio.answers.get(child.id) if not area else None
                if answer and answer.self_score:
                    sheet.number(row, column, answer.self_score.value)
                else:
                    sheet.text(row, column, "", "group" if area else "text")
        return found

    # Totals, subtotals and levels

    def result_columns(self) -> list[tuple[str, float]]:
        fixed = [
            (self.say(Message("workbook.column.result")), 46.0),
            (self.say(Message("workbook.column.nodes")), 16.0),
            (self.say(Message("workbook.column.each")), 11.0),
            (self.say(Message("workbook.column.sum")), 11.0),
            (self.say(Message("workbook.column.percent")), 11.0),
            (self.say(Message("workbook.column.requires")), 20.0),
        ]
        return fixed + [
            (self.say(Message("workbook.column.points")), 9.0),
            (self.say(Message("workbook.column.max")), 9.0),
            (self.say(Message("workbook.column.failing")), 11.0),
            (self.say(Message("workbook.column.outcome")), 26.0),
        ] * len(self.views)

    def results(self, sheet: _Sheet) -> int:
        """Total, subtotals and levels from the sheet's next row on; the row of the total and the level reached."""
        self.view_heads(sheet, 6, 4)
        total = sheet.row
        sheet.row += 1
        for subtotal in self.rubric.subtotals:
            self.subtotal(sheet, subtotal.id)
        levels: dict[str, int] = {}
        for level in self.rubric.levels:
            levels[level.id] = sheet.row
            self.level(sheet, level.id, levels)
        names = {level.id: self.words.text(level.title) for level in self.rubric.levels}
        none = self.say(Message("pages.level.none"))
        tree = self.sheets["indicators"]
        for column in range(6):
            sheet.text(total, column, self.say(Message("workbook.total")) if column == 0 else "", "total_text")
        for n, view in enumerate(self.views):
            first = 6 + 4 * n
            for offset, value in enumerate((view.score.points, view.score.max)):
                sheet.formula(total, first + offset, tree.ref(self.tree[""], 4 + 2 * n + offset), value, "total")
            sheet.text(total, first + 2, "", "total_text")
            if not levels:
                sheet.text(total, first + 3, "", "total_text")
                continue
            formula = _quoted(none)
            for row in levels.values():  # the last one met is asked first
                met = xl_rowcol_to_cell(row, first + 3)
                formula = f"IF({met}={_quoted(self.passed)},{xl_rowcol_to_cell(row, 0, col_abs=True)},{formula})"
            sheet.formula(total, first + 3, formula, names.get(view.score.level or "", none), "total_text")
        levels_of = self.rubric.levels
        limits = ("each_at_least", "total_at_least", "percent_at_least")
        unused = [n for n, name in enumerate(limits, 2) if all(getattr(level, name) is None for level in levels_of)]
        unused += [] if any(level.requires for level in levels_of) else [5]
        sheet.hide(unused + ([] if levels_of or self.rubric.subtotals else [1]))
        if not any(level.each_at_least is not None for level in levels_of):
            sheet.hide(8 + 4 * n for n in range(len(self.views)))
        return total

    @cached_property
    def passed(self) -> str:
        return self.say(Message("pages.gate.met"))

    @cached_property
    def failed(self) -> str:
        return self.say(Message("pages.gate.unmet"))

    def subtotal(self, sheet: _Sheet, name: str) -> None:
        subtotal = next(one for one in self.rubric.subtotals if one.id == name)
        row = sheet.row
        sheet.row += 1
        sheet.text(row, 0, self.words.text(subtotal.title))
        sheet.text(row, 1, self.words.span(self.rubric, subtotal.nodes))
        for column in (2, 3, 4, 5):
            sheet.text(row, column, "")
        rows = [self.tree[node] for node in subtotal.nodes]
        for n, view in enumerate(self.views):
            known = next(one for one in view.score.totals if one.subtotal.id == name)
            for offset, value in enumerate((known.points, known.max)):
                formula = call("SUM", ranges(rows, 4 + 2 * n + offset, self.sheets["indicators"].name))
                sheet.formula(row, 6 + 4 * n + offset, formula, value)
            sheet.text(row, 8 + 4 * n, "")
            sheet.text(row, 9 + 4 * n, "")

    def level(self, sheet: _Sheet, name: str, rows: dict[str, int]) -> None:
        """A level, judged as printed by what stands in its row."""
        level = next(one for one in self.rubric.levels if one.id == name)
        row, tree = sheet.row, self.sheets["indicators"].name
        sheet.row += 1
        sheet.text(row, 0, self.words.text(level.title))
        span = self.words.span(self.rubric, level.nodes) if level.nodes else self.say(Message("pages.level.all"))
        sheet.text(row, 1, span)
        limits = (level.each_at_least, level.total_at_least, level.percent_at_least)
        for column, limit in enumerate(limits, 2):
            if limit is None:
                sheet.text(row, column, "")
            else:
                sheet.number(row, column, limit)
        each, least, share = (xl_rowcol_to_cell(row, column, col_abs=True) for column in (2, 3, 4))
        titles = {one.id: self.words.text(one.title) for one in self.rubric.levels}
        sheet.text(row, 5, ", ".join(titles.get(one, one) for one in level.requires))
        counted = [self.tree[node] for node in level.nodes or [one.id for one in self.rubric.every_indicator()]]
        for n, view in enumerate(self.views):
            gate = next(one for one in view.score.gates if one.level.id == name)
            first, column = 6 + 4 * n, 4 + 2 * n
            points, most, failing = (xl_rowcol_to_cell(row, first + offset) for offset in (0, 1, 2))
            for offset, value in enumerate((gate.points, gate.max)):
                if level.nodes:
                    formula = call("SUM", ranges(counted, column + offset, tree))
                else:
                    formula = self.sheets["indicators"].ref(self.tree[""], column + offset)
                sheet.formula(row, first + offset, formula, value)
            if level.each_at_least is None:
                sheet.text(row, first + 2, "")
            else:
                below = [f'COUNTIF({cells},"<"&({each}-{TINY}))' for cells in ranges(counted, column, tree)]
                sheet.formula(row, first + 2, call("SUM", below), len(gate.failing))
            tests = [f"{call('COUNT', ranges(counted, column, tree))}>0"]
            tests += [f"{failing}=0"] if level.each_at_least is not None else []
            tests += [f"{points}-{least}>=-{TINY}"] if level.total_at_least is not None else []
            tests += (
                [f"{most}>0", f"100*{points}-{share}*{most}>=-{TINY}"] if level.percent_at_least is not None else []
            )
            for one in level.requires:  # a level after this one is not met yet
                other = xl_rowcol_to_cell(rows[one], first + 3) if one in rows and one != name else ""
                tests.append(f"{other}={_quoted(self.passed)}" if other else "FALSE")
            formula = f"IF({call('AND', tests)},{_quoted(self.passed)},{_quoted(self.failed)})"
            sheet.formula(row, first + 3, formula, self.passed if gate.met else self.failed, "result")

    # The first sheet

    def portrait(self, sheet: _Sheet) -> None:
        """Of a portfolio: whose it is, and its results."""
        portfolio = self.views[0].assessment.portfolio
        sheet.heading(
            _unit_name(self.project, self.words, portfolio),
            self.words.text(self.rubric.title),
            self.result_columns(),
            freeze=1,
        )
        self.results(sheet)
        sheet.row += 1
        if portfolio.signed:
            sheet.text(sheet.row, 0, self.say(Message("workbook.signed", {"date": portfolio.signed})), "lead")
            sheet.row += 1
        if portfolio.demonstration:
            sheet.text(sheet.row, 0, self.say(Message("pages.demo.text")), "lead")
            sheet.row += 1
        for message in (
            Message("workbook.how.inputs", {"sheet": self.sheets["conditions"].name, "yes": self.yes, "no": self.no}),
            Message("workbook.how.formulas"),
            Message("workbook.how.official"),
        ):
            sheet.text(sheet.row, 0, self.say(message), "lead")
            sheet.row += 1

    def league(self, sheet: _Sheet, levels: _Sheet, total: int) -> None:
        """Of a rubric: every unit with its result, which stands in the sheet of levels."""
        columns = [
            (self.say(Message("workbook.column.unit")), 52.0),
            (self.say(Message("workbook.column.round")), 20.0),
            (self.say(Message("workbook.column.points")), 10.0),
            (self.say(Message("workbook.column.max")), 10.0),
            (self.say(Message("workbook.column.share")), 10.0),
            (self.say(Message("workbook.column.level")), 34.0),
        ]
        sheet.heading(self.words.text(self.rubric.title), self.say(Message("workbook.lead.league")), columns, freeze=1)
        rounds = {one.id: self.words.text(one.title) for one in self.rubric.rounds}
        for n, view in enumerate(self.views):
            row, score = sheet.row, view.score
            sheet.text(row, 0, _unit_name(self.project, self.words, score.portfolio))
            sheet.text(row, 1, rounds.get(score.round or "", ""))
            for offset, value in enumerate((score.points, score.max)):
                sheet.formula(row, 2 + offset, levels.ref(total, 6 + 4 * n + offset), value)
            share = 100 * score.points / score.max if score.max else ABSENT
            points, most = xl_rowcol_to_cell(row, 2), xl_rowcol_to_cell(row, 3)
            sheet.formula(row, 4, f'IF({most}=0,"{ABSENT}",100*{points}/{most})', share, "percent")
            if self.rubric.levels:
                known = {one.id: self.words.text(one.title) for one in self.rubric.levels}
                found = known.get(score.level or "", self.say(Message("pages.level.none")))
                sheet.formula(row, 5, levels.ref(total, 9 + 4 * n), found, "result")
            else:
                sheet.text(row, 5, "")
            sheet.row += 1
        sheet.sheet.autofilter(3, 0, max(sheet.row - 1, 3), len(columns) - 1)

    # What it rests on

    def list_columns(self, *columns: tuple[Message, float]) -> list[tuple[str, float]]:
        unit = [(self.say(Message("workbook.column.unit")), 24.0)] if self.whole else []
        return unit + [(self.say(message), wide) for message, wide in columns]

    def listed(
        self, sheet: _Sheet, lead: Message, columns: list[tuple[str, float]], rows: Iterable[list[object]]
    ) -> None:
        """A list with a filter: each row is text, dates and numbers in the order of the columns."""
        sheet.heading(sheet.name, self.say(lead), columns, freeze=1)
        sheet.sheet.ignore_errors({"number_stored_as_text": "A1:Z1048576"})
        for values in rows:
            for column, value in enumerate(values):
                if isinstance(value, _Link):
                    sheet.link(sheet.row, column, value.address)
                else:
                    sheet.value(sheet.row, column, value, self.words)
            sheet.row += 1
        sheet.sheet.autofilter(3, 0, max(sheet.row - 1, 4), len(columns) - 1)

    def owner(self, view: View) -> list[object]:
        return [view.title] if self.whole else []

    @property
    def latest(self) -> Sequence[View]:
        """One view for each portfolio: its last round."""
        return self.views if self.whole else self.views[-1:]

    def evidence(self, sheet: _Sheet) -> None:
        columns = self.list_columns(
            (Message("workbook.column.id"), 10.0),
            (Message("workbook.column.kind"), 24.0),
            (Message("workbook.column.document"), 40.0),
            (Message("workbook.column.date"), 14.0),
            (Message("workbook.column.reference"), 20.0),
            (Message("workbook.column.file"), 26.0),
            (Message("workbook.column.link"), 26.0),
            (Message("workbook.column.counts"), 9.0),
            (Message("workbook.column.why"), 34.0),
        )

        def rows() -> Iterator[list[object]]:
            for view in self.latest:
                for name in view.score.indicators:
                    for entry in answers.evidence(view.assessment, name):
                        record: Record = entry["record"]
                        kind = entry["kind"]
                        yield [
                            *self.owner(view),
                            name,
                            self.words.text(kind.title) if kind else record.kind,
                            record.text("title"),
                            record.date,
                            record.text("reference"),
                            record.text("file"),
                            _Link(record.text("url")),
                            self.yes if entry["counts"] else self.no,
                            "; ".join(self.say(why) for why in entry["why"]),
                        ]

        self.listed(sheet, Message("workbook.lead.evidence"), columns, rows())

    def channels(self, sheet: _Sheet) -> None:
        register = self.rubric.register("channels")
        fields = register.fields if register else {}
        columns = self.list_columns(
            (Message("workbook.column.id"), 10.0),
            (Message("workbook.column.channel"), 40.0),
            (Message("workbook.column.kind"), 20.0),
            (Message("workbook.column.scope"), 14.0),
            (Message("workbook.column.public"), 14.0),
            (Message("workbook.column.date"), 14.0),
            (Message("workbook.column.reference"), 20.0),
            (Message("workbook.column.file"), 26.0),
            (Message("workbook.column.link"), 30.0),
        )

        def chosen(record: Record, name: str) -> str:
            found = fields[name].choices.get(record.text(name)) if name in fields else None
            return self.words.text(found) if found else record.text(name)

        def rows() -> Iterator[list[object]]:
            for view in self.latest:
                for entry in answers.channels(view.assessment.portfolio):
                    record: Record = entry["record"]
                    yield [
                        *self.owner(view),
                        entry["indicator"] or "",
                        record.text("name"),
                        chosen(record, "kind"),
                        chosen(record, "scope"),
                        record.values.get("public"),
                        record.date,
                        record.text("reference"),
                        record.text("file"),
                        _Link(record.text("url")),
                    ]

        self.listed(sheet, Message("workbook.lead.channels"), columns, rows())

    def gaps(self, sheet: _Sheet) -> None:
        columns = self.list_columns(
            (Message("workbook.column.id"), 10.0),
            (Message("workbook.column.title"), 50.0),
            (Message("workbook.column.now"), 10.0),
            (Message("workbook.column.then"), 10.0),
            (Message("workbook.column.missing"), 60.0),
            (Message("workbook.column.by"), 14.0),
        )

        def rows() -> Iterator[list[object]]:
            for view in self.latest:
                advice = view.assessment.apart().advice  # of a nation's it is more than memory should hold
                for name, step in advice.indicators.items():
                    node = view.score.indicators[name]
                    for need in step.needs:
                        title = self.words.text(node.node.title) if isinstance(node.node, Indicator) else ""
                        said = self.say(need.what)
                        yield [*self.owner(view), name, title, node.points, step.points, said, need.by]

        self.listed(sheet, Message("workbook.lead.gaps"), columns, rows())

    def reviews(self, sheet: _Sheet) -> None:
        """What units claim, what their evidence supports, and room for what a reviewer accepts."""
        columns = self.list_columns(
            (Message("workbook.column.id"), 10.0),
            (Message("workbook.column.title"), 50.0),
            (Message("workbook.column.max"), 9.0),
            (Message("workbook.column.self"), 12.0),
            (Message("workbook.column.computed"), 12.0),
            (Message("workbook.column.accepted"), 12.0),
            (Message("workbook.column.difference"), 12.0),
            (Message("workbook.column.remark"), 50.0),
        )
        self.listed(sheet, Message("workbook.lead.reviews"), columns, ())
        first, tree = len(columns) - 8, self.sheets["indicators"]
        start = sheet.row
        for n, view in enumerate(self.views):
            if view not in self.latest:
                continue
            assessment = view.assessment.apart()
            for name, node in view.score.indicators.items():
                row = sheet.row
                sheet.row += 1
                if self.whole:
                    sheet.text(row, 0, view.title)
                sheet.text(row, first, name)
                sheet.text(row, first + 1, self.words.text(node.node.title) if isinstance(node.node, Indicator) else "")
                answer = view.score.portfolio.answers.get(name)
                at = self.tree[name]
                sheet.formula(row, first + 2, tree.ref(at, 5 + 2 * n), _shown(node, "max"))
                if answer and answer.self_score:
                    sheet.number(row, first + 3, answer.self_score.value)
                else:
                    sheet.text(row, first + 3, "")
                sheet.formula(row, first + 4, tree.ref(at, 4 + 2 * n), _shown(node, "points"))
                verified = assessment.verified_of(view.score)
                known = verified.score.indicators[name] if verified and name in verified.reviewed else None
                if known and known.applies:
                    sheet.number(row, first + 5, known.points, "input")
                else:
                    sheet.text(row, first + 5, "", "input")
                accepted, computed = xl_rowcol_to_cell(row, first + 5), xl_rowcol_to_cell(row, first + 4)
                sheet.formula(
                    row,
                    first + 6,
                    f'IF(COUNT({accepted},{computed})<2,"",{accepted}-{computed})',
                    known.points - node.points if known and known.applies and node.applies else "",
                )
                sheet.text(row, first + 7, "\n".join(_remarks(verified, name)), "remark")
        if sheet.row > start:
            most = xl_rowcol_to_cell(start, first + 2)
            sheet.sheet.data_validation(
                start,
                first + 5,
                sheet.row - 1,
                first + 5,
                {"validate": "decimal", "criteria": "between", "minimum": 0, "maximum": f"={most}"},
            )
            sheet.sheet.autofilter(3, 0, sheet.row - 1, len(columns) - 1)


@dataclass(frozen=True, slots=True)
class _Link:
    address: str


# Small things ----------------------------------------------------------------------------------------------------


def _unit_name(project: Project, words: Words, portfolio: Portfolio) -> str:
    unit = project.units.get(portfolio.unit)
    return words.text(unit.name) if unit else portfolio.unit


def _shown(node: NodeScore | None, kind: str) -> Fraction | str:
    if node is None or not node.applies:
        return ABSENT
    return node.points if kind == "points" else node.max


def _remarks(verified: Verified | None, indicator: str) -> Iterator[str]:
    """What reviewers said of an indicator and of its evidence, each once, with the role of who said it."""
    said: dict[str, None] = {}
    for ruling in verified.rulings if verified else ():
        if ruling.indicator == indicator:
            for opinion in ruling.opinions:
                if opinion.verdict.reason and not opinion.stale:
                    said[f"{opinion.review.role}: {opinion.verdict.reason}"] = None
    yield from said


def _finding(findings: Sequence[Finding], at: Sequence[int]) -> Finding | None:
    """The finding of a condition, by its position among the conditions and then among its parts."""
    found = findings[at[0]] if at[0] < len(findings) else None
    return found if found is None or len(at) == 1 else _finding(found.parts, at[1:])


def _leaves(node: Criterion, path: str) -> Iterator[tuple[str, Criterion]]:
    for position, child in enumerate(node.criteria, 1):
        inner = path_of(path, position, child)
        if child.criteria:
            yield from _leaves(child, inner)
        else:
            yield inner, child


def _circular(indicator: Indicator, leaf: Criterion) -> bool:
    """Whether a criterion requires itself by a detour: it then never holds, and a formula would go round in circles."""
    known = {one.id: one for _, one in _leaves(indicator, indicator.id) if one.id}
    seen: set[str] = set()
    ahead = list(leaf.requires)
    while ahead:
        name = ahead.pop()
        if name == leaf.id:
            return True
        if name not in seen and name in known:
            seen.add(name)
            ahead += known[name].requires
    return leaf is indicator and bool(leaf.requires)


def _groups(node: Rubric | Area | Criterion) -> Iterator[Criterion]:
    """Indicators and criteria that have criteria."""
    for child in node.children:
        if isinstance(child, Criterion) and child.criteria:
            yield child
        yield from _groups(child)


def _quoted(text: str) -> str:
    """A text inside a formula."""
    return '"' + text.replace('"', '""') + '"'


def _plain(text: str) -> str:
    """A text in a header or footer, where `&` begins a command."""
    return thai.cut(text, 100).replace("&", "&&")


def _formats(book: Any) -> dict[str, Any]:
    base = {"font_name": FONT, "font_size": 14, "valign": "top"}
    cell = {**base, "border": 1, "border_color": "#C9CED6", "text_wrap": True}
    number = {**cell, "align": "right", "text_wrap": False}
    strong = {"bold": True, "bg_color": "#EEF1F6"}
    formats: dict[str, dict[str, Any]] = {
        "plain": base,
        "title": {**base, "bold": True, "font_size": 20, "font_color": "#16345C"},
        "lead": {**base, "font_color": "#46505F"},
        "head": {**cell, "bold": True, "bg_color": "#16345C", "font_color": "#FFFFFF", "valign": "vcenter"},
        "view": {**cell, "bold": True, "bg_color": "#DCE4EF", "align": "center", "valign": "vcenter"},
        "text": cell,
        "right": {**cell, "align": "right"},
        "number": number,
        "small": {**number, "align": "center"},
        "formula": number,
        "percent": {**number, "num_format": "0.00"},
        "date": {**cell, "align": "left", "num_format": "[$-107041E]d mmm yyyy"},
        "result": {**cell, "align": "center"},
        "group": {**cell, **strong},
        "group_number": {**number, **strong},
        "total": {**number, **strong},
        "total_text": {**cell, **strong},
        # Not by colour alone: a bold frame marks what is to be filled in.
        "input": {**cell, "bg_color": "#FFF7D6", "border": 1, "border_color": "#8A6D00", "align": "center"},
        "remark": {**cell, "bg_color": "#FFF7D6", "border_color": "#8A6D00"},
        "link": {**cell, "font_color": "#0B57A4", "underline": 1},
    }
    formats |= {f"indent{n}": {**cell, "align": "left", "indent": n} for n in range(1, 5)}
    formats |= {f"asked{n}": {**cell, "align": "left", "indent": n, "font_color": "#46505F"} for n in range(1, 6)}
    return {name: book.add_format(style) for name, style in formats.items()}
