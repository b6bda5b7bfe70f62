"""Open data: what there is about all units and rubrics, as tables.

Each table is one CSV file and one Parquet file below `data/`; `datapackage.json` (Frictionless Data Package) says what
stands in each column. Numbers are as in the JSON: where a fraction has no finite decimal, a column `…_exact` has it.
"""

from __future__ import annotations

import contextlib
import csv
import datetime
import errno
import hashlib
import io
import json
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from lakthan import messages
from lakthan.cache import Cache
from lakthan.exports import documents
from lakthan.exports.documents import Json, encode
from lakthan.model import Assessment, Message, NodeScore, Project, Record, Score
from lakthan.rubric import FieldType, Indicator, Text, maximum

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

FOLDER = "data"
Kind = Literal["string", "number", "integer", "date", "boolean"]
Cell = str | int | float | bool | None
Row = Mapping[str, Cell]
_SQL = {"string": "VARCHAR", "number": "DOUBLE", "integer": "BIGINT", "date": "DATE", "boolean": "BOOLEAN"}


def _none(_: object) -> Iterator[Row]:
    return iter(())


@dataclass(frozen=True, slots=True)
class Table:
    """What is told of one sort of thing. `columns` says what sort of value each column holds."""

    name: str
    columns: Mapping[str, Kind]
    rows: Callable[[Assessment], Iterator[Row]]
    """Those of a portfolio."""
    key: tuple[str, ...]
    """Columns that together name a row."""
    refers: Mapping[str, tuple[str, str]]
    """Column → table and column that its values come from."""
    once: Callable[[Project], Iterator[Row]] = _none
    """Those that are of no portfolio."""


@dataclass(frozen=True, slots=True)
class File:
    """A file of open data: its path relative to the site, and for a table which one and how many rows."""

    path: str
    content: bytes
    table: str = ""
    rows: int = 0


# Rows ------------------------------------------------------------------------------------------------------------


def _both(name: str, text: Text | None) -> dict[str, Cell]:
    """A text in its two columns."""
    return {f"{name}_th": text.th if text else None, f"{name}_en": text.en if text else None}


def _said(document: Json) -> dict[str, Cell]:
    return {"text_th": document["text"]["th"], "text_en": document["text"]["en"]}


def _of(assessment: Assessment) -> dict[str, Cell]:
    return {"unit": assessment.portfolio.unit, "rubric": assessment.portfolio.rubric.id}


def _rubrics(project: Project) -> Iterator[Row]:
    for rubric in project.rubrics.values():
        yield {
            "id": rubric.id,
            **_both("title", rubric.title),
            **_both("issuer", rubric.document.issuer),
            "year": rubric.year,
            "indicators": len(list(rubric.every_indicator())),
            "max": documents.plain(maximum(rubric)),
            "url": f"rubrics/{rubric.id}/",
        }


def _units(project: Project) -> Iterator[Row]:
    for unit in project.units.values():
        yield {
            "id": unit.id,
            **_both("name", unit.name),
            **_both("short", unit.short),
            "parent": unit.parent,
            "website": unit.website or None,
            "demonstration": unit.demonstration,
            "url": f"{unit.id}/",
        }


def _portfolios(assessment: Assessment) -> Iterator[Row]:
    portfolio = assessment.portfolio
    for score in assessment.scores:
        level = next((known for known in score.rubric.levels if known.id == score.level), None)
        yield {
            **_of(assessment),
            "round": score.round,
            "latest": score is assessment.latest,
            "points": documents.plain(score.points),
            "points_exact": documents.exact(score.points),
            "max": documents.plain(score.max),
            **_verified(found.score if (found := assessment.verified_of(score)) else None),
            "level": score.level,
            **_both("level", level.title if level else None),
            "self_level": portfolio.self_level,
            "signed": _day(portfolio.signed),
            "demonstration": portfolio.demonstration,
            "url": f"{portfolio.id}/",
        }


def _indicators(assessment: Assessment) -> Iterator[Row]:
    portfolio = assessment.portfolio
    for score in assessment.scores:
        reviewed = assessment.verified_of(score)
        for name, node in score.indicators.items():
            answer = portfolio.answers.get(name)
            assert isinstance(node.node, Indicator)
            yield {
                **_of(assessment),
                "round": score.round,
                "indicator": name,
                **_both("title", node.node.title),
                "applies": node.applies,
                "points": documents.plain(node.points),
                "points_exact": documents.exact(node.points),
                "max": documents.plain(node.max),
                **_verified(reviewed.score.indicators[name] if reviewed else None),
                "self_score": documents.plain(answer.self_score.value) if answer and answer.self_score else None,
                "url": f"{portfolio.id}/{name}/",
            }


def _conditions(assessment: Assessment) -> Iterator[Row]:
    names = documents.identifiers(assessment.portfolio)
    for score in assessment.scores:
        for name, node in score.indicators.items():
            known = {documents.anchor(r): names[id(r)] for r in documents.sources(assessment.portfolio, name)}
            for position, reason in enumerate(documents.reasons(node), 1):
                yield {
                    **_of(assessment),
                    "round": score.round,
                    "indicator": name,
                    "position": position,
                    "criterion": reason["criterion"],
                    "points": reason["points"],
                    "awarded": reason["awarded"],
                    "met": reason["met"],
                    "source": reason["source"],
                    **_said(reason),
                    "evidence": " ".join(known[one] for one in reason["evidence"] if one in known) or None,
                }


def _records(assessment: Assessment, register: str) -> Iterator[tuple[Record, dict[str, Cell]]]:
    portfolio = assessment.portfolio
    names = documents.identifiers(portfolio)
    for answer in portfolio.all_answers():
        for record in answer.evidence if register == "evidence" else answer.registers.get(register, ()):
            page = f"{portfolio.id}/{answer.indicator}/" if answer.indicator else f"{portfolio.id}/"
            yield (
                record,
                {
                    "id": names[id(record)],
                    **_of(assessment),
                    "indicator": answer.indicator,
                    "kind": record.text("kind") or None,
                    "date": _day(record.date),
                    "reference": record.text("reference") or None,
                    "file": f"{portfolio.id}/{record.text('file')}" if record.text("file") else None,
                    "link": record.text("url") or None,
                    "url": f"{page}#{record.anchor}" if answer.indicator else page,
                },
            )


def _evidence(assessment: Assessment) -> Iterator[Row]:
    for record, shared in _records(assessment, "evidence"):
        kind = assessment.portfolio.rubric.kinds.get(record.kind)
        serves = record.values.get("indicators")
        yield {
            **shared,
            **_both("kind", kind.title if kind else None),
            "title": record.text("title") or None,
            "serves": " ".join(map(str, serves if isinstance(serves, tuple) else (serves or "",))) or None,
            "note": record.text("note") or None,
        }


def _channels(assessment: Assessment) -> Iterator[Row]:
    register = assessment.portfolio.rubric.register("channels")
    fields: Mapping[str, FieldType] = register.fields if register else {}
    for record, shared in _records(assessment, "channels"):
        public = record.values.get("public")
        yield {
            **shared,
            **_both("kind", fields["kind"].choices.get(record.text("kind")) if "kind" in fields else None),
            "name": record.text("name") or None,
            "scope": record.text("scope") or None,
            "audience": record.text("audience") or None,
            "public": public if isinstance(public, bool) else None,
            "note": record.text("note") or None,
        }


def _gaps(assessment: Assessment) -> Iterator[Row]:
    score, advice = assessment.latest, assessment.advice
    for sort, steps in (("indicator", advice.indicators), ("level", advice.levels)):
        for name, step in steps.items():
            for position, need in enumerate(documents.missing(step), 1):
                yield {
                    **_of(assessment),
                    "round": score.round,
                    "indicator": name if sort == "indicator" else None,
                    "level": name if sort == "level" else None,
                    "position": position,
                    **_said(need),
                    "amount": need["amount"],
                    "by": need["by"],
                    "reaches": documents.plain(step.points),
                }


def _reviews(assessment: Assessment) -> Iterator[Row]:
    for review in assessment.portfolio.reviews:
        for position, verdict in enumerate(review.verdicts, 1):
            yield {
                **_of(assessment),
                "review": review.name,
                "position": position,
                "role": review.role,
                "date": _day(review.date),
                "round": review.round,
                "final": review.final,
                "indicator": verdict.indicator,
                "evidence": verdict.evidence,
                "verdict": verdict.verdict,
                "points": None if verdict.points is None else documents.plain(verdict.points),
                "reason": verdict.reason or None,
                "answer": verdict.answer or None,
                "answered": _day(verdict.answered),
            }


def _verified(score: Score | NodeScore | None) -> dict[str, Cell]:
    return {
        "verified": documents.plain(score.points) if score else None,
        "verified_exact": documents.exact(score.points) if score else None,
    }


def _day(day: datetime.date | None) -> str | None:
    return day.isoformat() if day else None


# Tables ----------------------------------------------------------------------------------------------------------

_PLACE: dict[str, Kind] = {"unit": "string", "rubric": "string"}
_REFERS = {"unit": ("units", "id"), "rubric": ("rubrics", "id")}
_SCORE: dict[str, Kind] = {
    "points": "number",
    "points_exact": "string",
    "max": "number",
    "verified": "number",
    "verified_exact": "string",
}
_TEXT: dict[str, Kind] = {"text_th": "string", "text_en": "string"}
_RECORD: dict[str, Kind] = {
    "id": "string",
    **_PLACE,
    "indicator": "string",
    "kind": "string",
    "kind_th": "string",
    "kind_en": "string",
    "title": "string",
    "date": "date",
    "reference": "string",
    "file": "string",
    "link": "string",
    "note": "string",
}

TABLES: tuple[Table, ...] = (
    Table(
        "rubrics",
        {
            "id": "string",
            "title_th": "string",
            "title_en": "string",
            "issuer_th": "string",
            "issuer_en": "string",
            "year": "integer",
            "indicators": "integer",
            "max": "number",
            "url": "string",
        },
        _none,
        ("id",),
        {},
        _rubrics,
    ),
    Table(
        "units",
        {
            "id": "string",
            "name_th": "string",
            "name_en": "string",
            "short_th": "string",
            "short_en": "string",
            "parent": "string",
            "website": "string",
            "demonstration": "boolean",
            "url": "string",
        },
        _none,
        ("id",),
        {"parent": ("", "id")},
        _units,
    ),
    Table(
        "portfolios",
        {
            **_PLACE,
            "round": "string",
            "latest": "boolean",
            **_SCORE,
            "level": "string",
            "level_th": "string",
            "level_en": "string",
            "self_level": "string",
            "signed": "date",
            "demonstration": "boolean",
            "url": "string",
        },
        _portfolios,
        ("unit", "rubric", "round"),
        _REFERS,
    ),
    Table(
        "indicators",
        {
            **_PLACE,
            "round": "string",
            "indicator": "string",
            "title_th": "string",
            "title_en": "string",
            "applies": "boolean",
            **_SCORE,
            "self_score": "number",
            "url": "string",
        },
        _indicators,
        ("unit", "rubric", "round", "indicator"),
        _REFERS,
    ),
    Table(
        "conditions",
        {
            **_PLACE,
            "round": "string",
            "indicator": "string",
            "position": "integer",
            "criterion": "string",
            "points": "number",
            "awarded": "boolean",
            "met": "boolean",
            "source": "string",
            **_TEXT,
            "evidence": "string",
        },
        _conditions,
        ("unit", "rubric", "round", "indicator", "position"),
        _REFERS,
    ),
    Table("evidence", {**_RECORD, "serves": "string", "url": "string"}, _evidence, ("id",), _REFERS),
    Table(
        "channels",
        {
            **{("name" if name == "title" else name): kind for name, kind in _RECORD.items()},
            "scope": "string",
            "audience": "string",
            "public": "boolean",
            "url": "string",
        },
        _channels,
        ("id",),
        _REFERS,
    ),
    Table(
        "gaps",
        {
            **_PLACE,
            "round": "string",
            "indicator": "string",
            "level": "string",
            "position": "integer",
            **_TEXT,
            "amount": "integer",
            "by": "date",
            "reaches": "number",
        },
        _gaps,
        ("unit", "rubric", "round", "indicator", "level", "position"),
        _REFERS,
    ),
    Table(
        "reviews",
        {
            **_PLACE,
            "review": "string",
            "position": "integer",
            "role": "string",
            "date": "date",
            "round": "string",
            "final": "boolean",
            "indicator": "string",
            "evidence": "string",
            "verdict": "string",
            "points": "number",
            "reason": "string",
            "answer": "string",
            "answered": "date",
        },
        _reviews,
        ("unit", "rubric", "review", "position"),
        _REFERS,
    ),
)
"""Every table, in the order of the page that lists them. Titles and columns are named in the catalogue, `data.…`."""


TABLE_FILES = tuple(f"{FOLDER}/{table.name}.{suffix}" for table in TABLES for suffix in ("csv", "parquet"))
"""Where the tables are, relative to the site."""

# Files -----------------------------------------------------------------------------------------------------------


def files(project: Project, assessments: Sequence[Assessment], cache: Cache) -> tuple[File, ...]:
    """The open data of a site: two files for each table, and those that say what is in them."""
    found = []
    described = []
    with contextlib.ExitStack() as opened:
        # A database is opened if a table has changed, and once for all: that takes longer than to write a small one.
        database = lru_cache(partial(opened.enter_context, _database()))
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory()))
        # Both are written as rows come: a nation's conditions are more than memory should hold, and so is all that is
        # worked out of its portfolios to tell them.
        written = [_Written(table, folder / f"{table.name}.json", opened) for table in TABLES]
        for one in written:
            one.take(one.table.once(project))
        for assessment in assessments:
            apart = assessment.apart()
            for one in written:
                one.take(one.table.rows(apart))
        for one in written:
            table, plain, packed = one.table, one.plain.content(), one.parquet(cache, database)
            for suffix, content in (("csv", plain), ("parquet", packed)):
                found.append(File(f"{FOLDER}/{table.name}.{suffix}", content, table.name, one.count))
            described.append(_resource(table))
    licence = project.site.licence
    package: Json = {
        "profile": "tabular-data-package",
        "name": "lakthan",
        "title": project.site.title.th,
        "description": project.site.description.en,
        **({"homepage": project.site.address} if project.site.address.startswith("http") else {}),
        **({"licenses": [{"path": "LICENCE.txt", "title": licence.th}]} if licence else {}),
        "contributors": [{"title": project.site.publisher.th, "role": "publisher"}],
        "resources": described,
    }
    found.append(File(f"{FOLDER}/datapackage.json", encode(package)))
    if licence:
        found.append(File(f"{FOLDER}/LICENCE.txt", f"{licence.th}\n\n{licence.en}\n".encode()))
    return tuple(found)


def _resource(table: Table) -> Json:
    """A table as the data package describes it: Thai titles, English descriptions."""

    def named(message: Message) -> Json:
        return {"title": messages.say(message, "th"), "description": messages.say(message, "en")}

    refers = [
        {"fields": column, "reference": {"resource": other, "fields": field}}
        for column, (other, field) in table.refers.items()
    ]
    return {
        "profile": "tabular-data-resource",
        "name": table.name,
        **named(Message(f"pages.data.table.{table.name}")),
        "path": f"{table.name}.csv",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8-sig",
        "schema": {
            "fields": [
                {"name": name, "type": kind, **named(Message(f"pages.data.column.{name}"))}
                for name, kind in table.columns.items()
            ],
            "missingValues": [""],
            "primaryKey": list(table.key),
            **({"foreignKeys": refers} if refers else {}),
        },
    }


_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def inert(text: str) -> str:
    """A text that a spreadsheet would run as a formula, as the text that it is.

    >>> inert("=1+1"), inert("แผน"), inert(" =1+1")
    ("'=1+1", 'แผน', "' =1+1")
    """
    return f"'{text}" if text.startswith(_FORMULA) or text.lstrip().startswith(_FORMULA) else text


LONGEST = 1_000_000
"""Bytes that the JSON of a row may have, without more memory for it."""
_JSON = json.JSONEncoder(ensure_ascii=False)


class _Plain:
    """A table as CSV (RFC 4180), with the mark by which Excel knows UTF-8."""

    def __init__(self, table: Table) -> None:
        self._columns, self._content = table.columns, io.BytesIO()
        self._out = io.TextIOWrapper(self._content, "utf-8-sig", newline="")
        self._writer = csv.writer(self._out, lineterminator="\r\n")
        self._writer.writerow(table.columns)

    def add(self, row: Row) -> None:
        self._writer.writerow(cell(row[name]) for name in self._columns)

    def content(self) -> bytes:
        self._out.flush()
        return self._content.getvalue()


def comma_separated(table: Table, rows: Iterable[Row]) -> bytes:
    """The table as CSV."""
    plain = _Plain(table)
    for row in rows:
        plain.add(row)
    return plain.content()


def cell(value: Cell) -> str:
    """A value as it stands in a CSV file."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return inert(value)
        case _:
            return str(value)


class _Written:
    """A table as its rows come: as CSV, and as lines of JSON in a file, which become Parquet."""

    def __init__(self, table: Table, lines: Path, opened: contextlib.ExitStack) -> None:
        self.table, self.plain, self.count, self.longest = table, _Plain(table), 0, 0
        self._lines, self._file = lines, opened.enter_context(lines.open("wb"))
        self._source = hashlib.sha256(json.dumps([table.columns, version("duckdb")]).encode())

    def take(self, rows: Iterable[Row]) -> None:
        """Some more rows."""
        for row in rows:
            whole = {name: row.get(name) for name in self.table.columns}
            line = f"{_JSON.encode(whole)}\n".encode()
            self._file.write(line)
            self._source.update(line)
            self.count += 1
            self.longest = max(self.longest, len(line))
            self.plain.add(whole)

    def parquet(self, cache: Cache, database: Callable[[], DuckDBPyConnection]) -> bytes:
        """All of it as Parquet; texts as they are, for nothing runs there."""
        self._file.close()
        return cache.get("table.parquet", self._source.digest(), lambda: _parquet(self, self._lines, database()))


@contextlib.contextmanager
def _database() -> Iterator[DuckDBPyConnection]:
    import duckdb  # noqa: PLC0415  (only where a table has changed)

    # One thread and nothing from elsewhere: the same bytes on every run.
    settings: dict[str, str | bool | int | float | list[str]] = {"threads": 1}
    settings |= {"autoinstall_known_extensions": False, "autoload_known_extensions": False}
    with duckdb.connect(config=settings) as database:
        yield database


@contextlib.contextmanager
def of_disk() -> Iterator[None]:
    """What DuckDB says of a disk, such as that it is full, as an OSError: whoever publishes tells people of those."""
    import duckdb  # noqa: PLC0415  (as above)

    try:
        yield
    except (duckdb.IOException, duckdb.TransactionException) as problem:
        said = str(problem)
        code = next((code for code in errno.errorcode if os.strerror(code) in said), errno.EIO)
        file = re.search(r'file \\?"([^"\\]+)', said)
        raise OSError(code, os.strerror(code), file and file[1]) from None


def _parquet(written: _Written, lines: Path, database: DuckDBPyConnection) -> bytes:
    columns = ", ".join(f"'{name}': '{_SQL[kind]}'" for name, kind in written.table.columns.items())
    target = lines.with_suffix(".parquet")
    # It reads twice as much at a time.
    longest = f"maximum_object_size = {max(written.longest, LONGEST)}"
    read = f"read_json(?, format = 'newline_delimited', {longest}, columns = {{{columns}}})"
    name = str(target).replace("'", "''")
    with of_disk():
        database.execute(f"COPY (SELECT * FROM {read}) TO '{name}' (FORMAT parquet)", [str(lines)])  # noqa: S608
    return target.read_bytes()
