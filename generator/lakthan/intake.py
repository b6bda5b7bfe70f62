"""A workbook that an officer fills in, and the Markdown files that come of it.

`empty` makes the workbook from a rubric: what it asks for stands in it, with drop-downs and notes. `read` takes a
filled one apart; each value is judged by the same code as that of a file, and every mistake has its sheet and cell.
`merge` brings that together with what the portfolio has already: a key that is filled in the workbook is put where it
belongs, an entry that is not there yet is added, nothing is ever removed, and comments, order and accounts stay.

The third row of each sheet is hidden and names what its columns hold, whatever people do to titles, order and widths.
"""

from __future__ import annotations

import datetime
import io
import itertools
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import openpyxl
import xlsxwriter
from xlsxwriter.utility import xl_range_abs

from lakthan import frontmatter, load, messages, names, rules, strictyaml, thai
from lakthan.diagnostics import Diagnostic
from lakthan.exports.documents import lossless
from lakthan.frontmatter import Plain
from lakthan.messages import Language
from lakthan.model import Answer, FieldValue, Message, Place, Portfolio, Project, Record
from lakthan.rubric import EVIDENCE_FIELDS, FieldType, Indicator, Rubric, maximum
from lakthan.workbook import FONT, LINE, width

MOST_BYTES = 20_000_000
"""Of a workbook to import, and a tenth of what it may be unpacked."""
MOST_ROWS = 5_000
"""Of a sheet to import."""
SPARE = 40
"""Empty rows below those that are begun."""
PORTFOLIO = "portfolio"
HEAD = ("signed", "executive", "reporter", "self_level")
"""Keys of `portfolio.md` that an officer fills in; who signs is a role."""
ANSWER = ("self_score", "status", "responsible", "not_applicable")
ACCOUNT = "account"
_EVIDENCE = ("title", "date", "reference", "file", "url", "covers", "note")

_KEY = re.compile(r"[a-z][a-z0-9_]*\.[a-z0-9_]+")

Cell = tuple[int, int, str]
Trail = tuple[str | int, ...]


# The empty workbook ----------------------------------------------------------------------------------------------


def empty(project: Project, unit: str, rubric: Rubric, language: Language = "th") -> bytes:
    """A workbook to fill in for a portfolio: the same bytes for the same rubric."""
    return _Form(project, unit, rubric, language).make()


def labels(titles: Mapping[str, str]) -> dict[str, str]:
    """What a drop-down shows for each name: its title, and the name where two have the same title.

    >>> labels({"a": "แผน", "b": "แผน", "c": "รายงาน"})
    {'a': 'แผน (a)', 'b': 'แผน (b)', 'c': 'รายงาน'}
    """
    shown = list(titles.values())
    return {name: title if shown.count(title) == 1 else f"{title} ({name})" for name, title in titles.items()}


@dataclass
class _Column:
    key: str
    title: str
    wide: float
    choices: str = ""
    """Name of the list that the column is chosen from."""
    note: str = ""
    """Shown beside a cell that is being filled in."""
    fixed: bool = False
    """What stands here is ours."""


class _Form:
    """The sheets of an empty workbook."""

    def __init__(self, project: Project, unit: str, rubric: Rubric, language: Language) -> None:
        self.project, self.unit, self.rubric, self.language = project, unit, rubric, language
        self.lists: dict[str, list[str]] = {}

    def say(self, message: Message) -> str:
        return messages.say(message, self.language)

    def text(self, value: object) -> str:
        return messages.show(value, self.language) if value else ""

    def make(self) -> bytes:
        out = io.BytesIO()
        self.book = xlsxwriter.Workbook(
            out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        )
        created = datetime.datetime.combine(datetime.date(2000, 1, 1), datetime.time())  # any day, but always the same
        self.book.set_properties({"created": created, "title": self.text(self.rubric.title)})
        base = {"font_name": FONT, "font_size": 14, "valign": "top"}
        cell = {**base, "border": 1, "border_color": "#C9CED6", "text_wrap": True}
        self.formats = {
            "title": self.book.add_format({**base, "bold": True, "font_size": 20, "font_color": "#16345C"}),
            "lead": self.book.add_format({**base, "font_color": "#46505F"}),
            "head": self.book.add_format({**cell, "bold": True, "bg_color": "#16345C", "font_color": "#FFFFFF"}),
            "fixed": self.book.add_format({**cell, "bg_color": "#EEF1F6"}),
            # Text, so that Excel makes no date of 1.1 and no number of ๐๑.
            "input": self.book.add_format(
                {**cell, "bg_color": "#FFF7D6", "border_color": "#8A6D00", "num_format": "@"}
            ),
        }
        self.kinds = labels({name: self.text(kind.title) for name, kind in self.rubric.kinds.items()})
        self.lists["kind"] = list(self.kinds.values())
        self.lists["indicator"] = [*(i.id for i in self.rubric.every_indicator()), PORTFOLIO]
        self.lists["status"] = ["draft", "ready"]
        self.lists["level"] = [level.id for level in self.rubric.levels]
        self.lists["yes_no"] = [self.say(Message("yes")), self.say(Message("no"))]
        self.start()
        self.indicators()
        self.numbers()
        self.evidence()
        for name in dict.fromkeys([*self.rubric.registers, "channels"]):
            self.register(name)
        self.choices()
        self.book.close()
        return out.getvalue()

    def sheet(
        self,
        name: str,
        prefix: str,
        lead: Message,
        columns: Sequence[_Column],
        rows: Iterable[Sequence[str | None]],
        spare: int = 0,
    ) -> None:
        """A sheet of *columns*: None in a row is a cell to fill in, a text is ours or a suggestion."""
        sheet = self.book.add_worksheet(re.sub(r"[\[\]:*?/\\']", " ", name)[:31])
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(3)
        sheet.hide_gridlines(2)
        sheet.freeze_panes(4, 1)
        sheet.write_string(0, 0, name, self.formats["title"])
        sheet.write_string(1, 0, self.say(lead), self.formats["lead"])
        sheet.set_row(0, 32)
        sheet.set_row(1, LINE)
        sheet.set_row(2, None, None, {"hidden": True})
        heads = 1
        for n, column in enumerate(columns):
            sheet.write_string(2, n, f"{prefix}.{column.key}")
            sheet.write_string(3, n, column.title, self.formats["head"])
            heads = max(heads, -(-width(column.title) * 115 // int(100 * (column.wide - 2))))
            sheet.set_column(n, n, column.wide)
        sheet.set_row(3, LINE * heads + 2)
        row = 4
        for values in [*rows, *([[None] * len(columns)] * spare)]:
            high = 1
            for n, (column, value) in enumerate(zip(columns, values, strict=True)):
                style = self.formats["fixed" if column.fixed else "input"]
                if value is None:
                    sheet.write_blank(row, n, None, style)
                else:
                    sheet.write_string(row, n, value, style)
                    lines = value.split("\n")
                    high = max(high, sum(-(-max(width(one), 1) * 115 // int(100 * (column.wide - 2))) for one in lines))
            sheet.set_row(row, LINE * min(high, 18) + 2)
            row += 1
        for n, column in enumerate(columns):
            rule: dict[str, Any] = {}
            if column.choices and self.lists[column.choices]:
                rule = {"validate": "list", "source": f"={self.where(column.choices)}"}
                # Several indicators may be named in one cell.
                rule |= {"error_type": "warning" if column.choices == "indicator" else "stop"}
            elif column.note:
                rule = {"validate": "any"}
            if rule and column.note:
                rule |= {"input_title": thai.cut(column.title, 32), "input_message": thai.cut(column.note, 255)}
            if rule and row > 4 and not column.fixed:
                sheet.data_validation(4, n, row - 1, n, rule)
        sheet.ignore_errors({"number_stored_as_text": f"A1:Z{row + 1}"})

    def where(self, name: str) -> str:
        """The cells of the hidden sheet that hold a list."""
        column = list(self.lists).index(name)
        cells = xl_range_abs(1, column, len(self.lists[name]), column)
        return f"'{self.say(Message('intake.sheet.lists'))}'!{cells}"

    def choices(self) -> None:
        sheet = self.book.add_worksheet(self.say(Message("intake.sheet.lists")))
        sheet.hide()
        for n, (name, values) in enumerate(self.lists.items()):
            sheet.write_string(0, n, name)
            for row, value in enumerate(values, 1):
                sheet.write_string(row, n, value)

    # Its sheets

    def start(self) -> None:
        unit = self.project.units.get(self.unit)
        columns = [
            _Column("key", self.say(Message("intake.column.key")), 18, fixed=True),
            _Column("title", self.say(Message("intake.column.item")), 40, fixed=True),
            _Column("value", self.say(Message("intake.column.value")), 46),
            _Column("note", self.say(Message("intake.column.note")), 60, fixed=True),
        ]
        rows: list[list[str | None]] = [
            ["unit", self.text(unit.name) if unit else self.unit, self.unit, self.say(Message("intake.note.keep"))],
            ["rubric", self.text(self.rubric.title), self.rubric.id, self.say(Message("intake.note.keep"))],
            ["signed", self.say(Message("intake.item.signed")), None, self.say(Message("intake.note.date"))],
            ["executive", self.say(Message("intake.item.executive")), None, self.say(Message("intake.note.role"))],
            ["reporter", self.say(Message("intake.item.reporter")), None, self.say(Message("intake.note.role"))],
        ]
        if self.rubric.levels:
            known = ", ".join(f"{level.id} = {self.text(level.title)}" for level in self.rubric.levels)
            rows.append(["self_level", self.say(Message("intake.item.self_level")), None, known])
        self.sheet(self.say(Message("intake.sheet.start")), "start", Message("intake.lead.start"), columns, rows)

    def indicators(self) -> None:
        columns = [
            _Column("indicator", self.say(Message("intake.column.id")), 9, fixed=True),
            _Column("title", self.say(Message("intake.column.title")), 40, fixed=True),
            _Column("asked", self.say(Message("intake.column.asked")), 60, fixed=True),
            _Column("self_score", self.say(Message("intake.column.self_score")), 12),
            _Column(
                "status",
                self.say(Message("intake.column.status")),
                10,
                "status",
                self.say(Message("intake.note.status")),
            ),
            _Column(
                "responsible",
                self.say(Message("intake.column.responsible")),
                24,
                note=self.say(Message("intake.note.role")),
            ),
            _Column(
                "not_applicable",
                self.say(Message("intake.column.not_applicable")),
                24,
                note=self.say(Message("intake.note.not_applicable")),
            ),
            _Column(
                ACCOUNT, self.say(Message("intake.column.account")), 60, note=self.say(Message("intake.note.account"))
            ),
        ]
        rows = []
        for node in self.rubric.every_indicator():
            asked = []
            for _, _, leaf in names.leaves((), node.id, node):
                text = leaf.text or leaf.title or node.text
                if text and leaf.points:
                    asked.append(f"{messages.show(leaf.points, self.language)}: {self.text(text)}")
            most = f" ({messages.show(maximum(node), self.language)})"
            rows.append([node.id, self.text(node.title) + most, "\n".join(asked), None, None, None, None, None])
        self.sheet(
            self.say(Message("intake.sheet.indicators")), "answer", Message("intake.lead.indicators"), columns, rows
        )

    def numbers(self) -> None:
        columns = [
            _Column("indicator", self.say(Message("intake.column.id")), 9, fixed=True),
            _Column("name", self.say(Message("intake.column.key")), 20, fixed=True),
            _Column("title", self.say(Message("intake.column.number")), 60, fixed=True),
            _Column(
                "value", self.say(Message("intake.column.value")), 16, note=self.say(Message("intake.note.number"))
            ),
            _Column("unit", self.say(Message("intake.column.unit")), 16, fixed=True),
        ]
        rows: list[list[str | None]] = []
        for node in self.rubric.every_indicator():
            for name in _asked(self.rubric, node, rules.facts_read):
                fact = self.rubric.facts[name]
                unit = "%" if fact.type == "percent" else self.text(fact.unit)
                rows.append([node.id, name, self.text(fact.title), None, unit])
        if rows:
            self.sheet(
                self.say(Message("intake.sheet.numbers")), "number", Message("intake.lead.numbers"), columns, rows
            )

    def evidence(self) -> None:
        extra = _extra(self.rubric)
        columns = [
            _Column(
                "indicator",
                self.say(Message("intake.column.id")),
                12,
                "indicator",
                self.say(Message("intake.note.indicator")),
            ),
            _Column(
                "kind", self.text(EVIDENCE_FIELDS["kind"].title), 34, "kind", self.say(Message("intake.note.kind"))
            ),
            *(self.column(name, EVIDENCE_FIELDS[name], 40 if name == "title" else 22) for name in _EVIDENCE),
            *(self.column(name, field, 22) for name, field in extra.items()),
            _Column("hint", self.say(Message("intake.column.hint")), 44, fixed=True),
        ]
        rows: list[list[str | None]] = []
        for node in self.rubric.every_indicator():
            for name in _asked(self.rubric, node, rules.kinds_read):
                if kind := self.rubric.kinds.get(name):
                    blank: list[str | None] = [None] * (len(columns) - 3)
                    rows.append([node.id, self.kinds[name], *blank, self.text(kind.hint)])
        lead = Message("intake.lead.evidence")
        self.sheet(self.say(Message("intake.sheet.evidence")), "evidence", lead, columns, rows, SPARE)

    def register(self, name: str) -> None:
        register = self.rubric.register(name)
        assert register
        columns = [
            _Column(
                "indicator",
                self.say(Message("intake.column.id")),
                12,
                "indicator",
                self.say(Message("intake.note.register")),
            ),
            *(self.column(key, field, 34 if n == 0 else 24) for n, (key, field) in enumerate(register.fields.items())),
        ]
        lead = Message("intake.lead.register")
        self.sheet(self.text(register.title), name, lead, columns, [], SPARE)

    def column(self, name: str, field: FieldType, wide: float) -> _Column:
        """A field as a column, with the drop-down or the note that its type gives it."""
        title = self.text(field.title)
        match field.type:
            case "choice":
                shown = list(labels({key: self.text(text) for key, text in field.choices.items()}).values())
                listed = next(
                    (key for key, values in self.lists.items() if values == shown), f"choice-{len(self.lists)}"
                )
                self.lists[listed] = shown
                return _Column(name, title, wide, listed)
            case "choices":
                known = ", ".join(self.text(text) for text in field.choices.values())
                return _Column(name, title, wide, note=self.say(Message("intake.note.choices", {"known": known})))
            case "yes_no":
                return _Column(name, title, wide, "yes_no")
            case "date":
                return _Column(name, title, wide, note=self.say(Message("intake.note.date")))
            case "dates":
                return _Column(name, title, wide, note=self.say(Message("intake.note.dates")))
            case "number" | "percent":
                return _Column(name, title, wide, note=self.say(Message("intake.note.number")))
            case "file":
                return _Column(name, title, wide, note=self.say(Message("intake.note.file")))
            case "url":
                return _Column(name, title, wide, note=self.say(Message("intake.note.url")))
        note = self.say(Message("intake.note.covers")) if name == "covers" else ""
        return _Column(name, title, wide, note=note)


def _asked(rubric: Rubric, node: Indicator, reads: Any) -> list[str]:
    """The names that an indicator's conditions read, in order, each once."""
    leaves = names.leaves((), node.id, node)
    asked = [c for _, _, leaf in leaves for _, c in names.conditions((), leaf.when)]
    return list(dict.fromkeys(name for condition in asked for name in reads(rubric, condition)))


def _extra(rubric: Rubric) -> dict[str, FieldType]:
    """Fields that only some kinds of evidence have."""
    found: dict[str, FieldType] = {}
    for kind in rubric.kinds.values():
        for name, spec in kind.fields.items():
            if name not in EVIDENCE_FIELDS:
                found.setdefault(name, spec)
    return found


# A filled workbook -----------------------------------------------------------------------------------------------


class Filled(NamedTuple):
    """What a workbook says: for which portfolio, and by indicator (None: the portfolio itself) its answer."""

    unit: str
    rubric: str
    answers: Mapping[str | None, Answer]
    head: Mapping[str, Any]
    accounts: Mapping[str, str]
    problems: tuple[Diagnostic, ...]


@dataclass
class Part:
    """What comes to stand in one file, and the cells that it comes from."""

    value: dict[str, Any] = field(default_factory=dict)
    places: dict[Trail, Cell] = field(default_factory=dict)

    def put(self, trail: Trail, value: object, cell: Cell) -> None:
        parent: Any = self.value
        for step in trail[:-1]:
            parent = parent[step]
        parent[trail[-1]] = value
        self.places[trail] = cell

    def entry(self, name: str, cell: Cell) -> Trail:
        entries = self.value.setdefault(name, [])
        self.places.setdefault((name,), cell)
        entries.append({})
        self.places[name, len(entries) - 1] = cell
        return name, len(entries) - 1


def read(root: Path, path: Path, project: Project) -> Filled:
    """What the workbook at *path* says. Whatever is wrong with it stands in `problems`, by sheet and cell."""
    return _Reader(root, path, project).read()


class _Reader:
    def __init__(self, root: Path, path: Path, project: Project) -> None:
        self.root, self.path, self.project = root, path, project
        self.problems: list[Diagnostic] = []
        self.parts: dict[str | None, Part] = {}
        self.accounts: dict[str, str] = {}

    def report(self, code: str, cell: Cell = (1, 1, ""), **args: object) -> None:
        self.problems.append(Diagnostic(code, Place(self.path.name, *cell), args=args))

    def read(self) -> Filled:
        nothing = Filled("", "", {}, {}, {}, ())
        sheets = self.sheets()
        start = sheets.get("start")
        if start is None:
            if not self.problems:
                self.report("not-a-workbook")
            return nothing._replace(problems=tuple(self.problems))
        values = {str(row.get("key", ("", start.cell))[0]): row["value"] for row in start.rows if "value" in row}
        unit, rubric_id = (str(values.get(key, ("", start.cell))[0]) for key in ("unit", "rubric"))
        if unit not in self.project.units:
            self.report("workbook-of-nobody", values.get("unit", ("", start.cell))[1], name=unit, known=())
        if rubric_id not in self.project.rubrics:
            known = tuple(self.project.rubrics)
            self.report("workbook-of-nobody", values.get("rubric", ("", start.cell))[1], name=rubric_id, known=known)
        if self.problems:
            return nothing._replace(problems=tuple(self.problems))
        self.rubric = self.project.rubrics[rubric_id]
        self.indicators = [node.id for node in self.rubric.every_indicator()]
        for key in HEAD:
            if key in values:
                self.part(None).put((key,), *values[key])
        for prefix, sheet in sheets.items():
            for row in sheet.rows:
                if prefix == "answer":
                    self.answer(row, sheet)
                elif prefix == "number":
                    self.number(row, sheet)
                elif prefix == "evidence" or self.rubric.register(prefix):
                    self.entry(prefix, row, sheet)
        folder = self.root / "content" / unit / rubric_id
        answers: dict[str | None, Answer] = {}
        head: dict[str, Any] = {}
        for name, part in self.parts.items():
            answers[name], found = load.answer_from(
                folder, self.path.name, part.value, part.places, self.rubric, name, self.problems
            )
            head |= found
        return Filled(unit, rubric_id, answers, head, self.accounts, tuple(self.problems))

    def part(self, name: str | None) -> Part:
        return self.parts.setdefault(name, Part())

    def sheets(self) -> dict[str, _Rows]:
        """The sheets of ours, by what their hidden row says they hold."""
        try:
            if self.path.stat().st_size > MOST_BYTES:
                self.report("file-too-large", limit=MOST_BYTES)
                return {}
            with zipfile.ZipFile(self.path) as archive:
                if sum(info.file_size for info in archive.infolist()) > 10 * MOST_BYTES:
                    self.report("file-too-large", limit=10 * MOST_BYTES)
                    return {}
            book = openpyxl.load_workbook(self.path, data_only=True, read_only=True)
        except OSError:
            self.report("unreadable-file")
            return {}
        except Exception:
            self.report("not-a-workbook")
            return {}
        found: dict[str, _Rows] = {}
        for sheet in book.worksheets:
            try:
                rows = self.cells(sheet)
            except Exception:  # a sheet is only taken apart now, and its reader raises whatever comes
                self.report("damaged-sheet", (1, 1, sheet.title))
                continue
            for number, values in enumerate(rows[:6]):
                named = {n: str(v).split(".") for n, v in enumerate(values) if _KEY.fullmatch(str(v))}
                if named and len({prefix for prefix, _ in named.values()}) == 1:
                    (prefix,) = {prefix for prefix, _ in named.values()}
                    keys = {n: key for n, (_, key) in named.items()}
                    first = number + 2  # the row of keys, and the heads that people see
                    kept = found.setdefault(prefix, _Rows((first, 1, sheet.title), []))
                    kept.rows.extend(self.rows(rows, first, keys, sheet.title))  # people copy sheets
                    break
        book.close()
        return found

    def cells(self, sheet: Any) -> list[tuple[Any, ...]]:
        """The values of a sheet, row by row. Where there are more than we read, that is said."""
        every = sheet.iter_rows(max_col=100, values_only=True)
        rows = list(itertools.islice(every, MOST_ROWS))
        beyond = (n for n, row in enumerate(every, MOST_ROWS + 1) if any(value not in (None, "") for value in row))
        if (first := next(beyond, None)) is not None:
            self.report("too-many-rows", (first, 1, sheet.title), limit=MOST_ROWS)
        return rows

    def rows(
        self, rows: Sequence[Sequence[Any]], first: int, keys: Mapping[int, str], title: str
    ) -> Iterator[dict[str, tuple[Any, Cell]]]:
        """Each row below the heads as key → value and cell; what is empty is left out."""
        for number, values in enumerate(rows[first:], first + 1):
            row: dict[str, tuple[Any, Cell]] = {}
            for n, value in enumerate(values):
                if n not in keys or value is None or (isinstance(value, str) and not value.strip()):
                    continue
                cell = (number, n + 1, title)
                if isinstance(value, str) and re.fullmatch(r"#(REF!|NAME\?|VALUE!|DIV/0!|N/A|NUM!|NULL!)", value):
                    self.report("error-in-cell", cell, value=value)
                    continue
                row[keys[n]] = (_plain(value), cell)
            if row:
                yield row

    # Rows

    def indicator(
        self, row: Mapping[str, tuple[Any, Cell]], sheet: _Rows, *, several: bool = False
    ) -> list[str] | None:
        """The indicators that a row names; none means the portfolio's own file. None if it cannot be told."""
        given, cell = row.get("indicator", ("", sheet.cell))
        named = [thai.ascii_digits(part) for part in re.split(r"[,\s]+", str(given)) if part]
        if named in ([], [PORTFOLIO]):
            return []
        for name in named:
            if name not in self.indicators:
                self.report("unknown-indicator", cell, name=name, known=load.close(name, self.indicators))
                return None
        if len(named) > 1 and not several:
            self.report("unknown-indicator", cell, name=str(given), known=())
            return None
        return named

    def answer(self, row: Mapping[str, tuple[Any, Cell]], sheet: _Rows) -> None:
        if not set(row) & {*ANSWER, ACCOUNT}:
            return
        named = self.indicator(row, sheet)
        if not named:
            if named is not None:
                self.report("missing-key", next(iter(row.values()))[1], key="indicator")
            return
        for key in ANSWER:
            if key in row:
                self.part(named[0]).put((key,), *row[key])
        if ACCOUNT in row:
            self.part(named[0])
            self.accounts[named[0]] = str(row[ACCOUNT][0]).strip()

    def number(self, row: Mapping[str, tuple[Any, Cell]], sheet: _Rows) -> None:
        if "value" not in row:
            return
        named = self.indicator(row, sheet)
        key, cell = row.get("name", ("", sheet.cell))
        if named is None:
            return
        self.part(named[0] if named else None).put((str(key),), row["value"][0], row["value"][1])
        self.part(named[0] if named else None).places[str(key),] = row["value"][1] if key in self.rubric.facts else cell

    def entry(self, name: str, row: Mapping[str, tuple[Any, Cell]], sheet: _Rows) -> None:
        """A piece of evidence or an entry of a register; one that was only begun for the officer is passed over."""
        if not set(row) - ({"indicator", "kind", "hint"} if name == "evidence" else {"indicator"}):
            return
        named = self.indicator(row, sheet, several=name == "evidence")
        if named is None:
            return
        if name == "evidence" and not named:
            self.report("missing-key", next(iter(row.values()))[1], key="indicator")
            return
        part = self.part(named[0] if len(named) == 1 else None)
        trail = part.entry(name, next(iter(row.values()))[1])
        if len(named) > 1:
            part.put((*trail, "indicators"), named, row["indicator"][1])
        fields = self.fields(name)
        for key, (value, cell) in row.items():
            if key in ("indicator", "hint"):
                continue
            said = value
            if name == "evidence" and key == "kind":
                said = self.kind(str(value))
            elif (spec := fields.get(key)) and isinstance(value, str):
                said = several(value, key, spec)
            part.put((*trail, key), said, cell)

    def kind(self, given: str) -> str:
        for language in messages.LANGUAGES:
            shown = labels({name: messages.show(kind.title, language) for name, kind in self.rubric.kinds.items()})
            for name, label in shown.items():
                if given.strip() == label:
                    return name
        return given.strip()

    def fields(self, name: str) -> Mapping[str, FieldType]:
        if name == "evidence":
            return {**EVIDENCE_FIELDS, **_extra(self.rubric)}
        register = self.rubric.register(name)
        return register.fields if register else {}


@dataclass
class _Rows:
    """The filled rows of a sheet; `cell` is where it begins."""

    cell: Cell
    rows: list[dict[str, tuple[Any, Cell]]]


def _plain(value: Any) -> Any:
    """A cell as front matter would have it."""
    if isinstance(value, datetime.datetime):
        return value.date().isoformat()
    if isinstance(value, float):
        return int(value) if value.is_integer() else str(value)
    if isinstance(value, str):
        return value.strip()
    return value if isinstance(value, bool | int) else str(value)


def several(value: str, name: str, spec: FieldType) -> Any:
    """The parts of a cell that holds several things, apart by commas or lines."""
    if spec.type in ("dates", "choices") or name == "covers":
        parts = [part.strip() for part in re.split("[,;\n]", value) if part.strip()]
        return parts[0] if len(parts) == 1 and spec.type not in ("dates", "choices") else parts
    return value


# Into the files --------------------------------------------------------------------------------------------------


class Change(NamedTuple):
    """A file as it is to become. `old` is None for one that is not there yet."""

    file: str
    old: str | None
    new: str


def merge(
    root: Path, filled: Filled, portfolio: Portfolio | None, broken: Iterable[str] = ()
) -> tuple[tuple[Change, ...], tuple[Diagnostic, ...]]:
    """The files that the workbook changes, and what cannot be done. Whatever it leaves empty stays as it is.

    Files that are *broken* have errors of their own, which are reported elsewhere, and are left alone.
    """
    changes: list[Change] = []
    problems: list[Diagnostic] = []
    folder = f"content/{filled.unit}/{filled.rubric}"
    for name in sorted(filled.answers, key=str):
        known = (portfolio.answers.get(name) if name else portfolio.shared) if portfolio else None
        file = known.place.file if known and (root / known.place.file).is_file() else f"{folder}/{name or PORTFOLIO}.md"
        path = root / file
        if file in broken:
            problems.append(Diagnostic("cannot-change", Place(file), args={"key": "---"}))
            continue
        old = path.read_bytes().decode("utf-8") if path.is_file() else None
        try:
            document = frontmatter.Document(old if old is not None else "---\n---\n")
            _write_head(document, filled, portfolio, name, known if old is not None else None)
            if name is not None and name in filled.accounts:
                document.fill(filled.accounts[name])
        except frontmatter.Unchangeable as where:
            place = known.places.get(str(where.trail[0]), Place(file)) if known and where.trail else Place(file)
            problems.append(Diagnostic("cannot-change", place, args={"key": ".".join(map(str, where.trail))}))
            continue
        except strictyaml.YamlProblem as problem:
            problems.append(Diagnostic(problem.code, Place(file, problem.line, problem.column), args=problem.values))
            continue
        if document.text != old:
            changes.append(Change(file, old, document.text))
    return tuple(changes), tuple(problems)


def _write_head(
    document: frontmatter.Document, filled: Filled, portfolio: Portfolio | None, name: str | None, known: Answer | None
) -> None:
    answer = filled.answers[name]
    wanted: dict[str, FieldValue] = {}
    had: dict[str, object] = {}
    if name is None:
        wanted |= {key: filled.head[key] for key in HEAD if key in filled.head}
        had |= {key: getattr(portfolio, key) for key in HEAD} if portfolio else {}
    if answer.self_score:
        wanted["self_score"] = answer.self_score.value
    if "status" in answer.places:
        wanted["status"] = answer.status
    for key in ("responsible", "not_applicable"):
        if value := getattr(answer, key):
            wanted[key] = value
    wanted |= {key: stated.value for key, stated in answer.facts.items()}
    if known:
        had["self_score"] = known.self_score.value if known.self_score else None
        had |= {"status": known.status if "status" in known.places else None}
        had |= {"responsible": known.responsible, "not_applicable": known.not_applicable}
        had |= {key: stated.value for key, stated in known.facts.items()}
    for key, value in wanted.items():
        if had.get(key) != value:
            document.put((key,), _yaml(value))
    lists = {"evidence": answer.evidence, **answer.registers}
    for key, records in lists.items():
        before = (known.evidence if key == "evidence" else known.registers.get(key, ())) if known else ()
        _write_list(document, key, records, [r for r in before if r.place.file == known.place.file] if known else [])


def _write_list(document: frontmatter.Document, key: str, records: Sequence[Record], before: Sequence[Record]) -> None:
    """Each record where it is already, else into an entry that was begun for it, else at the end."""
    left = list(before)
    waiting = []
    for record in records:
        same = next((r for r in left if stated(record).items() <= stated(r).items()), None)
        if same is None:
            waiting.append(record)
        else:
            left.remove(same)
    for record in waiting:
        found = next((r for r in left if _name(r) == _name(record)), None) or next(
            (r for r in left if key == "evidence" and set(stated(r)) == {"kind"} and r.kind == record.kind), None
        )
        if found is None:
            document.append(key, {name: _yaml(value) for name, value in stated(record).items()})
            continue
        left.remove(found)
        for name, value in stated(record).items():
            if stated(found).get(name) != value:
                document.put((key, found.number - 1, name), _yaml(value))


def stated(record: Record) -> dict[str, FieldValue]:
    """What an author states; `place` and `dead_from` are worked out."""
    return {name: value for name, value in record.values.items() if name not in ("place", "dead_from")}


def _name(record: Record) -> tuple[object, ...]:
    """What tells a record from its neighbours: kind and title, or kind and name, else its first field."""
    values = stated(record)
    named = values.get("title") or values.get("name") or next(iter(values.values()), None)
    return values.get("kind"), named


def _yaml(value: FieldValue) -> Plain:
    match value:
        case bool() | str():
            return value
        case Fraction():
            said = lossless(value)
            return said if isinstance(said, int | str) else str(said)
        case datetime.date():
            return value.isoformat()
        case tuple():
            return [str(_yaml(item)) for item in value]
    raise AssertionError(f"{value!r} is no value of a record")
