"""The national tables: DuckDB reads the rows as they were derived, adds them up, and writes Parquet, CSV and JSON.

Everything is done by one thread and in a stated order, so that the same rows give the same bytes; what does not fit
into `MEMORY` is put aside on disk.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from lakthan.exports.tables import Kind, of_disk

MEMORY = "400MB"
FOLDER = "data"
Connection = duckdb.DuckDBPyConnection
_SQL = {"string": "VARCHAR", "number": "DOUBLE", "integer": "BIGINT", "date": "DATE", "boolean": "BOOLEAN"}


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the overview: its columns, and for what is added up the query that makes it."""

    name: str
    columns: Mapping[str, Kind]
    order: str
    query: str = ""


_WHOSE: dict[str, Kind] = {"portal": "string", "unit": "string", "ministry": "string", "province": "string"}
_POINTS: dict[str, Kind] = {
    "points": "number",
    "points_exact": "string",
    "max": "number",
    "verified": "number",
    "verified_exact": "string",
}
_MEASURES: dict[str, Kind] = {
    "units": "integer",
    "portfolios": "integer",
    "percent": "number",
    "lowest": "number",
    "median": "number",
    "highest": "number",
    "verified": "integer",
    "unfollowed": "integer",
}
_MEASURED = """
    count(DISTINCT (portal, unit)) AS units, count(*) AS portfolios, round(avg(percent), 6) AS percent,
    round(min(percent), 6) AS lowest, round(median(percent), 6) AS median, round(max(percent), 6) AS highest,
    count(verified) AS verified, count(*) FILTER (NOT follows) AS unfollowed"""
_INERT = """CASE WHEN regexp_matches("{0}", '^\\s*[=+@\\t\\r\\n＝＋－＠-]') THEN '''' || "{0}" ELSE "{0}" END"""
_RUBRIC: dict[str, Kind] = {"series": "string", "year": "integer", "rubric": "string"}
_EACH: dict[str, Kind] = {
    "portfolios": "integer",
    "percent": "number",
    "full": "integer",
    "part": "integer",
    "none": "integer",
    "not_applicable": "integer",
}
_COUNTED = """
    count(*) AS portfolios, round(avg(percent), 6) AS percent,
    count(*) FILTER (applies AND points >= max) AS "full",
    count(*) FILTER (applies AND points > 0 AND points < max) AS part,
    count(*) FILTER (applies AND points = 0 AND max > 0) AS "none",
    count(*) FILTER (NOT applies) AS not_applicable"""


def _by(name: str, *columns: str, rounds: bool = False) -> Table:
    keys = {**_RUBRIC, **({"round": "string"} if rounds else {}), **dict.fromkeys(columns, "string")}
    listed = ", ".join(keys)
    which = "" if rounds else " WHERE latest"
    query = f"SELECT {listed}, {_MEASURED} FROM counted{which} GROUP BY {listed}"  # noqa: S608
    return Table(name, {**keys, **_MEASURES}, listed, query)  # type: ignore[dict-item]


def _indicators_by(name: str, *columns: str) -> Table:
    keys = {**_RUBRIC, **dict.fromkeys(columns, "string"), "indicator": "string"}
    listed = ", ".join(keys)
    query = f"SELECT {listed}, {_COUNTED} FROM answered WHERE latest GROUP BY {listed}"  # noqa: S608
    return Table(name, {**keys, **_EACH}, listed, query)  # type: ignore[dict-item]


_LEVELS = """
    SELECT series, year, rubric, ministry, province, level, count(*) AS portfolios
    FROM counted WHERE latest GROUP BY ALL"""

TABLES: tuple[Table, ...] = (
    Table(
        "portals",
        {
            "position": "integer",
            "portal": "string",
            "title_th": "string",
            "title_en": "string",
            "ministry": "string",
            "province": "string",
            "address": "string",
            "state": "string",
            "good": "date",
            "signed": "boolean",
            "units": "integer",
            "portfolios": "integer",
            "problems": "integer",
        },
        "position",
    ),
    Table(
        "problems",
        {
            "position": "integer",
            "portal": "string",
            "code": "string",
            "severity": "string",
            "place": "string",
            "text_th": "string",
            "text_en": "string",
        },
        "position",
    ),
    Table(
        "units",
        {
            "position": "integer",
            **{name: kind for name, kind in _WHOSE.items() if name in ("portal", "unit")},
            "name_th": "string",
            "name_en": "string",
            "ministry": "string",
            "province": "string",
            "url": "string",
        },
        "position",
    ),
    Table(
        "portfolios",
        {
            **_WHOSE,
            "rubric": "string",
            "round": "string",
            "latest": "boolean",
            **_POINTS,
            "level": "string",
            "self_level": "string",
            "signed": "date",
            "demonstration": "boolean",
            "published": "number",
            "follows": "boolean",
            "url": "string",
        },
        "position",
    ),
    Table(
        "indicators",
        {
            **_WHOSE,
            "rubric": "string",
            "round": "string",
            "latest": "boolean",
            "indicator": "string",
            "applies": "boolean",
            **_POINTS,
            "self_score": "number",
            "demonstration": "boolean",
        },
        "position",
    ),
    _by("by_rubric"),
    _by("by_round", rounds=True),
    _by("by_ministry", "ministry"),
    _by("by_province", "province"),
    _by("by_ministry_and_province", "ministry", "province"),
    Table(
        "by_level",
        {**_RUBRIC, "ministry": "string", "province": "string", "level": "string", "portfolios": "integer"},
        "series, year, rubric, ministry, province, level",
        _LEVELS,
    ),
    _indicators_by("by_indicator"),
    _indicators_by("by_indicator_and_ministry", "ministry"),
    _indicators_by("by_indicator_and_province", "province"),
)
"""Every table of the overview. The first five are rows as they came, the others are added up from them.

The catalogue names each under `pages.hub.table.…`, their columns under `pages.hub.column.…`.
"""
ROWS = tuple(table for table in TABLES if not table.query)


def series(rubric: str, year: int | None) -> str:
    """What the editions of a rubric have in common: its id without the year.

    >>> series("moi-moral-2569", 2569), series("mean", 2570)
    ('moi-moral', 'mean')
    """
    return rubric.removesuffix(f"-{year}")


@contextlib.contextmanager
def database(work: Path, rubrics: Mapping[str, int | None], *, demonstration: bool) -> Iterator[Connection]:
    """The rows below *work*, one `<table>.ndjson` each, and what is added up from them, as tables and views.

    *rubrics* says of which year each is. Portfolios marked as demonstrations count only where *demonstration*.
    """
    settings: dict[str, str | bool | int | float | list[str]] = {
        "threads": 1,
        "memory_limit": MEMORY,
        "temp_directory": str(work / "aside"),
        "preserve_insertion_order": True,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    file = work / "rows.duckdb"
    file.unlink(missing_ok=True)
    with of_disk(), duckdb.connect(str(file), config=settings) as found:
        for table in ROWS:
            columns = ", ".join(
                f"'{name}': '{_SQL[kind]}'" for name, kind in table.columns.items() if name != "position"
            )
            source = (
                f"read_json(?, format = 'newline_delimited', maximum_object_size = 16000000, columns = {{{columns}}})"
            )
            found.execute(
                f"CREATE TABLE {table.name} AS SELECT row_number() OVER () AS position, * FROM {source}",  # noqa: S608
                [str(work / f"{table.name}.ndjson")],
            )
        found.execute("CREATE TABLE rubrics (rubric VARCHAR, series VARCHAR, year BIGINT)")
        known = [(name, series(name, year), year) for name, year in rubrics.items()]
        found.executemany("INSERT INTO rubrics VALUES (?, ?, ?)", known)
        kept = "" if demonstration else " WHERE NOT demonstration"
        for view, rows in (("counted", "portfolios"), ("answered", "indicators")):
            found.execute(
                f"CREATE VIEW {view} AS SELECT rows.*, series, year, CASE WHEN max > 0 THEN 100 * points / max END AS percent "  # noqa: S608, E501
                f"FROM {rows} AS rows JOIN rubrics USING (rubric){kept}"
            )
        for table in TABLES:
            if table.query:
                found.execute(f"CREATE TABLE {table.name} AS {table.query} ORDER BY {table.order} NULLS LAST")
        yield found


def write(found: Connection, folder: Path) -> dict[str, int]:
    """Every table as Parquet, CSV and JSON below *folder*; how many rows each has."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = {}
    for table in TABLES:
        # Row by row as it was gathered, or by its keys.
        order = f"{table.order} NULLS LAST"
        listed = ", ".join(f'"{name}"' for name in table.columns)
        select = f"SELECT {listed} FROM {table.name} ORDER BY {order}"  # noqa: S608
        _copy(found, select, folder / f"{table.name}.parquet", "FORMAT parquet, COMPRESSION zstd")
        _copy(found, select, folder / f"{table.name}.json", "FORMAT json, ARRAY true")
        texts = [name for name, kind in table.columns.items() if kind == "string"]
        # What a spreadsheet would run as a formula stands there as the text that it is (exports.tables.inert).
        inert = ", ".join(f'{_INERT.format(name)} AS "{name}"' for name in texts)
        plain = f"SELECT * REPLACE ({inert}) FROM ({select})" if texts else select  # noqa: S608
        _copy(found, plain, folder / f"{table.name}.csv", "FORMAT csv, HEADER true")
        rows[table.name] = int(_one(found, f"SELECT count(*) FROM {table.name}"))  # noqa: S608
    return rows


def _copy(found: Connection, select: str, target: Path, form: str) -> None:
    name = str(target).replace("'", "''")
    found.execute(f"COPY ({select}) TO '{name}' ({form})")


def _one(found: Connection, query: str) -> Any:
    row = found.execute(query).fetchone()
    assert row is not None
    return row[0]


def rows(found: Connection, query: str, *given: object) -> Iterator[dict[str, Any]]:
    """The rows of a query, by the names of its columns; few are held at a time."""
    cursor = found.cursor().execute(query, list(given))
    names = [column[0] for column in cursor.description or ()]
    while some := cursor.fetchmany(1000):
        for row in some:
            yield dict(zip(names, row, strict=True))
