"""A rubric, its answers and its scores as plain CSV: out, for other systems, and in again from them.

`TABLES` says what stands in each column; `package` says it as a Frictionless Data Package. Three tables, told apart by
their heads: a rubric (one row for each thing in it; what has no column of its own stands in `more` as JSON), answers
(one row for each value) and scores (one row for each indicator: what the evidence supports beside what somebody
stated, and only the latter comes in).
"""

from __future__ import annotations

import csv
import datetime
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from lakthan import exports, intake, load, messages, thai
from lakthan.diagnostics import Diagnostic
from lakthan.exports.documents import lossless
from lakthan.intake import ACCOUNT, ANSWER, HEAD, MOST_BYTES, Filled
from lakthan.model import Answer, Assessment, FieldValue, Message, Place, Portfolio, Project
from lakthan.rubric import EVIDENCE_FIELDS, Rubric

MOST_ROWS = 200_000
Kind = str
Row = Mapping[str, str]
Trail = tuple[str | int, ...]

TABLES: Mapping[str, Mapping[str, Kind]] = {
    "rubric": {
        "section": "string",
        "parent": "string",
        "id": "string",
        "title_th": "string",
        "title_en": "string",
        "text_th": "string",
        "text_en": "string",
        "award": "string",
        "points": "number",
        "max": "number",
        "weight": "number",
        "when": "string",
        "more": "string",
    },
    "answers": {
        "unit": "string",
        "rubric": "string",
        "indicator": "string",
        "list": "string",
        "item": "integer",
        "field": "string",
        "value": "string",
    },
    "scores": {
        "unit": "string",
        "rubric": "string",
        "round": "string",
        "indicator": "string",
        "title_th": "string",
        "title_en": "string",
        "points": "number",
        "exact": "string",
        "max": "number",
        "self_score": "number",
        "level": "string",
        "self_level": "string",
    },
}
"""Each table's columns, and what sort of value they hold."""
NEEDED = {
    "rubric": ("section", "id", "title_th"),
    "answers": ("unit", "rubric", "indicator", "field", "value"),
    "scores": ("unit", "rubric", "indicator", "self_score"),
}
"""Columns that a table must have to come in; these tell what it is, in this order."""
_NAMED = {"kind": "kinds", "fact": "facts", "register": "registers", "set": "sets"}
_LISTED = {"round": "rounds", "level": "levels", "subtotal": "subtotals"}
_TREE = ("area", "indicator", "criterion")
_TEXTS = ("title", "text")
_PLAIN = ("award", "points", "max", "weight")
_JOIN = "; "


# Cells -----------------------------------------------------------------------------------------------------------


def guarded(text: str) -> str:
    """A text that no spreadsheet runs as a formula; `plain` gives the text back.

    >>> guarded("=1+1"), guarded("'=1"), guarded("แผน"), plain(guarded("'=1"))
    ("'=1+1", "''=1", 'แผน', "'=1")
    """
    bare = text.lstrip("'")
    return f"'{text}" if exports.inert(bare) != bare else text


def plain(cell: str) -> str:
    """A cell without what `guarded` put before it."""
    bare = cell.lstrip("'")
    return cell[1:] if cell.startswith("'") and exports.inert(bare) != bare else cell


def _written(table: str, rows: Iterable[Row]) -> bytes:
    """Rows as CSV (RFC 4180), with the mark by which Excel knows UTF-8."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    columns = TABLES[table]
    writer.writerow(columns)
    for row in rows:
        # A number is no formula, though it may begin with a minus.
        cells = ((row.get(name, ""), kind) for name, kind in columns.items())
        writer.writerow([cell if kind in ("number", "integer") else guarded(cell) for cell, kind in cells])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _said(value: FieldValue | None) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case Fraction():
            return str(lossless(value))
        case datetime.date():
            return value.isoformat()
        case tuple():
            return _JOIN.join(map(_said, value))
    return str(value)


# Out -------------------------------------------------------------------------------------------------------------


def rubric_table(rubric: Rubric) -> bytes:
    """A rubric, one row for each thing in it; nothing but the comments of its file is lost."""
    data = exports.rubric_data(rubric)
    rows: list[Row] = []

    def add(section: str, parent: str, name: str, entry: Mapping[str, Any], but: Sequence[str] = ()) -> None:
        row = {"section": section, "parent": parent, "id": name}
        left = {key: value for key, value in entry.items() if key not in (*but, "id")}
        for key in _TEXTS:
            if isinstance(text := left.get(key), dict):
                row |= {f"{key}_th": text["th"], f"{key}_en": text["en"]}
                del left[key]
        for key in _PLAIN:
            if key in left:
                row[key] = str(left.pop(key))
        if "when" in left:
            row["when"] = _json(left.pop("when"))
        if left:
            row["more"] = _json(left)
        rows.append(row)

    def tree(holder: Mapping[str, Any], parent: str) -> None:
        for section, key in (("area", "areas"), ("indicator", "indicators"), ("criterion", "criteria")):
            for position, entry in enumerate(holder.get(key, ()), 1):
                name = entry.get("id", "")
                add(section, parent, name, entry, ("areas", "indicators", "criteria"))
                tree(entry, name if section != "criterion" else f"{parent}/{name or position}")

    inside = (*_NAMED.values(), *_LISTED.values(), "areas", "indicators")
    add("rubric", "", data["id"], data, inside)
    for section, key in _NAMED.items():
        for name, entry in data.get(key, {}).items():
            add(section, "", name, entry)
    for section, key in _LISTED.items():
        for entry in data.get(key, ()):
            add(section, "", entry["id"], entry)
    tree(data, "")
    return _written("rubric", rows)


def answers_table(portfolios: Iterable[Portfolio]) -> bytes:
    """What units wrote: one row for each value. Reviews, English accounts and attachments stay where they are."""

    def rows() -> Iterator[Row]:
        for portfolio in portfolios:
            for answer in portfolio.all_answers():
                base = {"unit": portfolio.unit, "rubric": portfolio.rubric.id, "indicator": answer.indicator or ""}
                for field, value in _values(portfolio, answer):
                    yield {**base, "field": field, "value": value}
                lists = {"evidence": answer.evidence, **answer.registers}
                for name, records in lists.items():
                    own = [record for record in records if record.place.file == answer.place.file]
                    for number, record in enumerate(own, 1):
                        for field, held in intake.stated(record).items():
                            item = {"list": name, "item": str(number), "field": field, "value": _said(held)}
                            yield {**base, **item}

    return _written("answers", rows())


def _values(portfolio: Portfolio, answer: Answer) -> Iterator[tuple[str, str]]:
    if answer.indicator is None:
        for key in HEAD:
            if value := getattr(portfolio, key):
                yield key, _said(value)
    if answer.self_score:
        yield "self_score", _said(answer.self_score.value)
    for key in ("status", "responsible", "not_applicable"):
        if key in answer.places and getattr(answer, key):
            yield key, str(getattr(answer, key))
    for key, stated in answer.facts.items():
        yield key, _said(stated.value)
    if answer.indicator is not None and answer.body.strip():
        yield ACCOUNT, answer.body.strip()


def scores_table(assessments: Iterable[Assessment]) -> bytes:
    """Points by evidence beside stated ones, in every round reached; a row without indicator is the whole."""

    def rows() -> Iterator[Row]:
        for assessment in assessments:
            portfolio = assessment.portfolio
            for score in assessment.scores:
                base = {"unit": portfolio.unit, "rubric": portfolio.rubric.id, "round": score.round or ""}
                stated = assessment.stated if score is assessment.latest else None
                for name, node in score.indicators.items():
                    answer = portfolio.answers.get(name)
                    own = answer.self_score.value if answer and answer.self_score else None
                    row = {**base, "indicator": name, "title_th": "", "title_en": "", "self_score": _said(own)}
                    if title := node.node.title:
                        row |= {"title_th": title.th, "title_en": title.en}
                    yield {**row, **(_points(node.points, node.max) if node.applies else {})}
                whole = _points(score.points, score.max) | {"self_score": _said(stated.points if stated else None)}
                yield {**base, **whole, "level": score.level or "", "self_level": portfolio.self_level or ""}

    return _written("scores", rows())


def _points(points: Fraction, most: Fraction) -> dict[str, str]:
    """Points and maximum as decimals, and exactly where a decimal is not."""
    shown = str(exports.plain(points))
    exact = "" if Fraction(shown) == points else str(points)
    return {"points": shown, "exact": exact, "max": str(exports.plain(most))}


def package() -> dict[str, Any]:
    """The tables as a Frictionless Data Package."""

    def named(key: str) -> dict[str, str]:
        said = {language: messages.say(Message(f"csv.{key}"), language) for language in messages.LANGUAGES}
        return {"title": said["th"], "description": said["en"]}

    return {
        "profile": "tabular-data-package",
        "name": "lakthan-csv",
        "resources": [
            {
                "profile": "tabular-data-resource",
                "name": table,
                **named(f"table.{table}"),
                "path": f"{table}.csv",
                "encoding": "utf-8-sig",
                "schema": {
                    "fields": [
                        {"name": name, "type": kind, **named(f"column.{name}")} for name, kind in columns.items()
                    ],
                    "missingValues": [""],
                },
            }
            for table, columns in TABLES.items()
        ],
    }


# In --------------------------------------------------------------------------------------------------------------


class Read(NamedTuple):
    """What a CSV file says: a rubric, or answers to some; and everything that is wrong with it, by row and column."""

    problems: tuple[Diagnostic, ...]
    rubric: Rubric | None = None
    filled: tuple[Filled, ...] = ()


def read(root: Path, path: Path, project: Project) -> Read:
    """What stands in the CSV file at *path*: with commas, semicolons or tabs, as spreadsheets write it."""
    reader = _Reader(root, path, project)
    table = reader.rows()
    found = Read(())
    if table == "rubric":
        found = Read((), rubric=reader.rubric())
    elif table:
        found = Read((), filled=reader.answers(table))
    return found._replace(problems=tuple(reader.problems))


def as_file(rubric: Rubric) -> str:
    """A rubric as its YAML file."""

    class Tidy(yaml.SafeDumper):
        """Lists are set in below their key, as in the rubrics that come along; nothing is written as an alias."""

        def ignore_aliases(self, _: Any) -> bool:
            return True

    data = exports.rubric_data(rubric)
    return yaml.dump(data, Dumper=Tidy, allow_unicode=True, sort_keys=False, width=110, default_flow_style=None)


class _Reader:
    def __init__(self, root: Path, path: Path, project: Project) -> None:
        self.root, self.path, self.project = root, path, project
        self.problems: list[Diagnostic] = []
        self.table: list[tuple[int, dict[str, str]]] = []
        self.columns: dict[str, int] = {}

    def report(self, code: str, row: int = 1, column: str = "", **args: object) -> None:
        place = Place(self.path.name, row, self.columns.get(column, 0) + 1)
        self.problems.append(Diagnostic(code, place, args=args))

    def text(self) -> str | None:
        try:
            if self.path.stat().st_size > MOST_BYTES:
                self.report("file-too-large", limit=MOST_BYTES)
                return None
            data = self.path.read_bytes()
        except OSError:
            self.report("unreadable-file")
            return None
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as problem:
            self.report("csv-not-utf8", data[: problem.start].count(b"\n") + 1)
            return None

    def rows(self) -> str | None:
        """Take the file apart; which table it is, or None."""
        text = self.text()
        if text is None:
            return None
        head = text.split("\n", 1)[0]
        delimiter = max((",", ";", "\t"), key=head.count)
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        number = 1
        try:
            names_ = [name.strip().lower() for name in next(lines, [])]
            self.columns = {name: position for position, name in enumerate(names_)}
            table = next((one for one, needed in NEEDED.items() if set(needed) <= set(names_)), None)
            if table is None:
                wanted = "; ".join(f"{one}: {', '.join(needed)}" for one, needed in NEEDED.items())
                self.report("csv-columns", tables=wanted)
                return None
            for name in names_:
                if name and name not in TABLES[table]:
                    known = load.close(name, TABLES[table])
                    self.problems.append(
                        Diagnostic(
                            "csv-unknown-column",
                            Place(self.path.name, 1, self.columns[name] + 1),
                            "warning",
                            {"name": name, "known": known},
                        )
                    )
            start = lines.line_num + 1
            for cells in lines:
                number, start = start, lines.line_num + 1
                if not any(cell.strip() for cell in cells):
                    continue
                if len(cells) > len(names_) and any(cell.strip() for cell in cells[len(names_) :]):
                    self.report("csv-uneven", number, n=len(cells), of=len(names_))
                    continue
                row = {name: plain(cell).strip() for name, cell in zip(names_, cells, strict=False)}
                self.table.append((number, row))
                if len(self.table) > MOST_ROWS:
                    self.report("too-many-rows", number, limit=MOST_ROWS)
                    return None
        except csv.Error as problem:
            self.report("csv-damaged", max(number, lines.line_num), why=str(problem))
            return None
        return table

    # A rubric

    def rubric(self) -> Rubric | None:
        value: dict[str, Any] = {}
        places: dict[Trail, tuple[int, int]] = {}
        holders: dict[str, tuple[Trail, dict[str, Any]]] = {"": ((), value)}
        counts: dict[str, int] = {}
        for number, row in self.table:
            section, parent, name = row.get("section", ""), row.get("parent", ""), row.get("id", "")
            entry = self.entry(number, row)
            if section == "rubric":
                value |= {"lakthan": 1, "id": name, **entry}
                places[()] = (number, 1)
                places |= {(key,): (number, self.columns.get(key, 0) + 1) for key in value}
                continue
            if section in _NAMED:
                trail: Trail = (_NAMED[section], name)
                value.setdefault(_NAMED[section], {})[name] = entry
            elif section in _LISTED:
                listed = value.setdefault(_LISTED[section], [])
                trail = (_LISTED[section], len(listed))
                listed.append({"id": name, **entry})
            elif section in _TREE:
                if parent not in holders:
                    self.report("csv-unknown-name", number, "parent", name=parent, known=load.close(parent, holders))
                    continue
                above, holder = holders[parent]
                key = {"area": "areas", "indicator": "indicators", "criterion": "criteria"}[section]
                listed = holder.setdefault(key, [])
                trail = (*above, key, len(listed))
                node = {**({"id": name} if name else {}), **entry}
                listed.append(node)
                counts[parent] = counts.get(parent, 0) + 1
                path = name if section != "criterion" else f"{parent}/{name or counts[parent]}"
                holders[path] = (trail, node)
            else:
                known = load.close(section, ("rubric", *_NAMED, *_LISTED, *_TREE))
                self.report("csv-unknown-name", number, "section", name=section, known=known)
                continue
            places[trail] = (number, 1)
            for key in entry:
                places[(*trail, key)] = (number, self.columns.get(key, self.columns.get(f"{key}_th", 0)) + 1)
        if self.problems and any(one.severity == "error" for one in self.problems):
            return None
        return load.rubric_from(self.path.name, value, places, self.problems)

    def entry(self, number: int, row: Row) -> dict[str, Any]:
        """What a row says of its thing; a title in one language stands for both."""
        entry: dict[str, Any] = {}
        if more := self.parsed(number, "more", row, dict):
            entry |= more
        for key in _TEXTS:
            th, en = row.get(f"{key}_th", ""), row.get(f"{key}_en", "")
            if th or en:
                entry[key] = {"th": th or en, "en": en or th}
        entry |= {key: row[key] for key in _PLAIN if row.get(key)}
        if (when := self.parsed(number, "when", row, list)) is not None:
            entry["when"] = when
        return entry

    def parsed(self, number: int, column: str, row: Row, kind: type) -> Any:
        """A cell that holds JSON; None where it is empty or wrong."""
        if not row.get(column):
            return None
        try:
            found = json.loads(row[column], parse_float=Fraction)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, kind):
            self.report("csv-not-json", number, column, key=column)
            return None
        return found

    # Answers

    def answers(self, table: str) -> tuple[Filled, ...]:
        parts: dict[tuple[str, str], dict[str | None, intake.Part]] = {}
        accounts: dict[tuple[str, str], dict[str, str]] = {}
        entries: dict[tuple[object, ...], Trail] = {}
        for number, row in self.table:
            unit, name = row.get("unit", ""), row.get("rubric", "")
            if unit not in self.project.units:
                self.report("csv-of-nobody", number, "unit", name=unit, known=load.close(unit, self.project.units))
                continue
            if name not in self.project.rubrics:
                known = load.close(name, self.project.rubrics)
                self.report("csv-of-nobody", number, "rubric", name=name, known=known)
                continue
            rubric = self.project.rubrics[name]
            indicators = [node.id for node in rubric.every_indicator()]
            indicator = thai.ascii_digits(row.get("indicator", "")) or None
            if indicator is not None and indicator not in indicators:
                known = load.close(indicator, indicators)
                self.report("unknown-indicator", number, "indicator", name=indicator, known=known)
                continue
            field, value = row.get("field", ""), row.get("value", "")
            if table == "scores":
                key = "self_score" if indicator else "self_level"
                # Units state the points of the year, which are those of the last round.
                past = rubric.rounds and row.get("round", "") not in ("", rubric.rounds[-1].id)
                field, value = key, "" if past else row.get(key, "")
            if field and not value:
                continue
            part = parts.setdefault((unit, name), {}).setdefault(indicator, intake.Part())
            if table == "scores":
                part.put((field,), value, self.cell(number, field))
                continue
            if not field:
                self.report("missing-key", number, "field", key="field")
            elif row.get("list"):
                item = (unit, name, indicator, row["list"], thai.ascii_digits(row.get("item", "")))
                if item not in entries:
                    entries[item] = part.entry(row["list"], self.cell(number, "list"))
                held = self.several(rubric, row["list"], field, value)
                part.put((*entries[item], field), held, self.cell(number, "value"))
            elif field == ACCOUNT and indicator:
                accounts.setdefault((unit, name), {})[indicator] = value
            elif indicator is None or field in ANSWER or field in rubric.facts:
                part.put((field,), value, self.cell(number, "value"))
            else:
                known = load.close(field, (*ANSWER, ACCOUNT, *rubric.facts))
                self.report("unknown-key", number, "field", key=field, known=known)
        return tuple(self.filled(key, found, accounts.get(key, {})) for key, found in parts.items())

    def cell(self, number: int, column: str) -> tuple[int, int, str]:
        return (number, self.columns.get(column, 0) + 1, "")

    def several(self, rubric: Rubric, name: str, field: str, value: str) -> Any:
        """The parts of a cell that holds several things."""
        if field == "indicators" and name == "evidence":
            return [thai.ascii_digits(part) for part in re.split(r"[,;\s]+", value) if part]
        register = rubric.register(name)
        fields = {**EVIDENCE_FIELDS, **{k: v for kind in rubric.kinds.values() for k, v in kind.fields.items()}}
        spec = (register.fields if register else fields).get(field)
        return intake.several(value, field, spec) if spec else value

    def filled(self, key: tuple[str, str], parts: Mapping[str | None, Any], accounts: Mapping[str, str]) -> Filled:
        unit, name = key
        rubric = self.project.rubrics[name]
        answers: dict[str | None, Answer] = {}
        head: dict[str, Any] = {}
        for indicator, part in parts.items():
            answers[indicator], found = load.answer_from(
                self.root / "content" / unit / name,
                self.path.name,
                part.value,
                part.places,
                rubric,
                indicator,
                self.problems,
            )
            head |= found
        return Filled(unit, name, answers, head, accounts, ())
