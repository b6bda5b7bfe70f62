"""The overview's pages, in the look of a portal: figures by ministry, province, indicator, level and year.

They come of the tables alone, a few rows at a time. Whoever has 30,000 units finds them by ministry or province, in
pages of `PER_PAGE`, or by the search, which knows every row.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import partial
from itertools import groupby, islice
from pathlib import Path
from typing import Any, NamedTuple

from lakthan import pages, search, thai
from lakthan.hub import tables
from lakthan.hub.listing import Listing
from lakthan.hub.tables import Connection
from lakthan.model import Project
from lakthan.pages import charts
from lakthan.pages.fields import size_in_words
from lakthan.pages.search import index
from lakthan.pages.site import Page, Site
from lakthan.rubric import Rubric, Text

Json = dict[str, Any]

PER_PAGE = 250
"""Units of a page: about 100 kB, before the server compresses them."""
PORTALS_PER_PAGE = 200
PER_PART = 100
"""Units whose texts the search loads together: a name and two places each."""
SHOWN = 3
"""Problems of a portal that its row tells; all of them are in the data."""
NOWHERE = "nationwide"
"""In addresses, where a province would stand: offices of the whole country."""
TABS = (
    ("hub.tab.home", ""),
    ("hub.tab.ministries", "ministries/"),
    ("hub.tab.provinces", "provinces/"),
    ("hub.tab.indicators", "indicators/"),
    ("hub.tab.portals", "portals/"),
    ("hub.tab.about", "about/"),
)


class Edition(NamedTuple):
    """The newest rubric of a series that somebody answered, and all of its years."""

    series: str
    rubric: Rubric
    years: tuple[Json, ...]
    """Rows of `by_rubric`, the oldest first."""


class Group(NamedTuple):
    """What units are listed by: ministries or provinces."""

    folder: str
    column: str
    names: Mapping[str | None, Text]

    def address(self, name: str | None) -> str:
        return f"{self.folder}/{name or NOWHERE}/"


_SUMS = (
    """CREATE TABLE cells AS SELECT rubric, ministry, province, indicator, count(percent) AS n, sum(percent) AS share
    FROM answered WHERE latest GROUP BY ALL ORDER BY ALL""",
    """CREATE TABLE totals AS SELECT rubric, ministry, province, count(*) AS portfolios, count(percent) AS n,
    sum(percent) AS share FROM counted WHERE latest GROUP BY ALL ORDER BY ALL""",
)
"""What every heat map is added up from: the rows themselves would be gone through for each of two hundred pages."""


class Overview:
    """What the pages of every language draw on."""

    def __init__(self, listing: Listing, database: Connection, files: Mapping[str, int]) -> None:
        self.listing, self.database, self.files = listing, database, files
        self.rows = partial(tables.rows, database)
        self.editions = tuple(self._editions())
        for query in _SUMS:
            database.execute(query)
        # Named again and again: as dicts, and sorted by each language's own names.
        ministries: dict[str | None, Text] = {}
        provinces: dict[str | None, Text] = {}
        ministries.update(listing.ministries)
        provinces.update(listing.provinces)
        provinces[None] = Text(th="ส่วนกลาง", en="Nationwide")
        self.ministries = Group("ministries", "ministry", ministries)
        self.provinces = Group("provinces", "province", provinces)

    def _editions(self) -> Iterator[Edition]:
        rows = self.rows("SELECT * FROM by_rubric ORDER BY series, year")
        for series, years in groupby(rows, key=lambda row: row["series"]):
            found = tuple(years)
            yield Edition(str(series), self.listing.rubrics[found[-1]["rubric"]], found)


def write(
    listing: Listing, database: Connection, files: Mapping[str, int], templates: Sequence[Path]
) -> Iterator[Page]:
    """Every page in each language, the index of the search, and the styles and scripts.

    *files* are those of the tables, with their sizes in bytes.
    """
    overview = Overview(listing, database, files)
    project = Project(listing.site, listing.rubrics, {}, ())
    for language in listing.site.languages:
        site = Site(
            language=language,
            digits=listing.site.digits,
            project=project,
            assessments=(),
            templates=tuple(templates),
            problems=(),
            sizes={},
            previews={},
            searched={},
            ledger={},
            data=lambda: (),
            tabs=TABS,
            feed=False,
        )
        known: list[search.Waiting] = []
        for step in (_home, _groups, _indicators, _portals, _about, _data):
            for page in step(site, overview):
                if page.entry:
                    known.append(page.entry.waiting())
                yield Page(page.path, page.content)
        yield from (Page(page.path, page.content) for page in _search(site, overview))
        yield from _units(site, overview, known)
        yield from index(site, known, PER_PART)
    yield from pages.assets(templates)


# What several pages show -----------------------------------------------------------------------------------------


def _percent(value: float | None) -> Fraction | None:
    return None if value is None else Fraction(str(value))


def _heat(value: float | None) -> str:
    """How warm a mean is: its steps are not those of single scores, for a mean is hardly ever nothing or all."""
    if value is None:
        return "x"
    return "3" if value >= 80 else "2" if value >= 50 else "1" if value > 0 else "0"


def _cell(value: float | None) -> Json:
    # Cut, not rounded: 79.6 is not yet 80.
    return {"heat": _heat(value), "value": None if value is None else int(value)}


def _measured(row: Json) -> Json:
    return {**row, **{name: _percent(row[name]) for name in ("percent", "lowest", "median", "highest")}}


def _sorted(site: Site, names: Mapping[str | None, Text]) -> list[str | None]:
    return sorted(names, key=lambda name: (name is None, thai.sort_key(site.text(names[name])), name or ""))


def _board(site: Site, overview: Overview, edition: Edition, group: Group, where: str = "", *given: object) -> Json:
    """A heat map: a row for each member of a group, a column for each indicator of an edition."""
    columns = list(edition.rubric.every_indicator())
    shares: defaultdict[str | None, dict[str, float | None]] = defaultdict(dict)
    asked = f"rubric = ?{f' AND {where}' if where else ''}"
    chosen = (edition.rubric.id, *given)
    by = group.column
    mean = "round(sum(share) / nullif(sum(n), 0), 6) AS percent"
    query = f"SELECT {by}, indicator, {mean} FROM cells WHERE {asked} GROUP BY ALL"  # noqa: S608
    for row in overview.rows(query, *chosen):
        shares[row[by]][row["indicator"]] = row["percent"]
    query = f"SELECT {by}, sum(portfolios)::BIGINT AS portfolios, {mean} FROM totals WHERE {asked} GROUP BY ALL"  # noqa: S608
    whole = {row[by]: row for row in overview.rows(query, *chosen)}
    return {
        "edition": edition,
        "columns": columns,
        "rows": [
            {
                "name": site.text(group.names[name]),
                "url": group.address(name),
                "portfolios": whole[name]["portfolios"],
                "total": _cell(whole[name]["percent"]),
                "cells": [_cell(shares[name].get(column.id)) for column in columns],
            }
            for name in _sorted(site, group.names)
            if name in whole
        ],
    }


def _levels(overview: Overview, edition: Edition, where: str = "", *given: object) -> list[Json]:
    """How many portfolios of an edition are at each level, from the highest."""
    asked = f"rubric = ?{f' AND {where}' if where else ''}"
    query = f"SELECT level, sum(portfolios)::BIGINT AS n FROM by_level WHERE {asked} GROUP BY level"  # noqa: S608
    found = {row["level"]: row["n"] for row in overview.rows(query, edition.rubric.id, *given)}
    names = [*(level.id for level in reversed(edition.rubric.levels)), None]
    total = sum(found.values())
    return [{"level": name, "n": found.get(name, 0), "of": total} for name in names] if edition.rubric.levels else []


def _years(site: Site, rows: Sequence[Json]) -> Json:
    """Years side by side, as a table and as a picture where there are several."""
    measured = [_measured(row) for row in rows]
    bars = [(site.show(str(row["year"])), row["percent"] or Fraction(0)) for row in measured]
    return {"rows": measured, "chart": charts.shares(site, bars) if len(bars) > 1 else None}


def _figures(overview: Overview, where: str = "TRUE", *given: object) -> Json:
    (row,) = overview.rows(
        f"SELECT count(*) AS portals, coalesce(sum(units), 0)::BIGINT AS units, coalesce(sum(portfolios), 0)::BIGINT "  # noqa: S608
        f"AS portfolios, count(*) FILTER (state <> 'ok') AS wrong FROM portals WHERE {where}",
        *given,
    )
    return row


# Pages -----------------------------------------------------------------------------------------------------------


def _home(site: Site, overview: Overview) -> Iterator[Page]:
    boards = [_board(site, overview, edition, overview.ministries) for edition in overview.editions]
    (scores,) = overview.rows("SELECT count(*) AS n FROM answered WHERE latest")
    yield site.page(
        "hub-home.md.j2",
        "index.md",
        site.text(site.project.site.title),
        site.text(site.project.site.description),
        figures=_figures(overview),
        scores=scores["n"],
        boards=boards,
        levels={edition.series: _levels(overview, edition) for edition in overview.editions},
        years={edition.series: _years(site, edition.years) for edition in overview.editions},
        demonstration=overview.listing.demonstration,
        wrong=list(overview.rows("SELECT state, count(*) AS n FROM portals GROUP BY state ORDER BY state")),
    )


def _groups(site: Site, overview: Overview) -> Iterator[Page]:
    """Ministries and provinces: all of them on one page, and each on its own."""
    for group, other in ((overview.ministries, overview.provinces), (overview.provinces, overview.ministries)):
        title = site.say(f"hub.{group.folder}.title")
        boards = [_board(site, overview, edition, group) for edition in overview.editions]
        across = (
            [_across(site, overview, edition) for edition in overview.editions] if group.column == "province" else []
        )
        yield site.page(
            "hub-group.md.j2",
            f"{group.folder}/index.md",
            title,
            site.say(f"hub.{group.folder}.lead"),
            group=group,
            boards=boards,
            across=across,
        )
        found = {row[group.column] for row in overview.rows(f"SELECT DISTINCT {group.column} FROM units")}  # noqa: S608
        for name in _sorted(site, group.names):
            if name not in found:
                continue
            is_it = f"{group.column} IS NOT DISTINCT FROM ?"
            query = f"SELECT * FROM by_{group.column} WHERE series = ? AND {is_it} ORDER BY year"  # noqa: S608
            years = [tuple(overview.rows(query, edition.series, name)) for edition in overview.editions]
            (count,) = overview.rows(f"SELECT count(*) AS n FROM units WHERE {is_it}", name)  # noqa: S608
            sections = [
                {
                    "edition": edition,
                    "board": _board(site, overview, edition, other, is_it, name),
                    "levels": _levels(overview, edition, is_it, name),
                    "years": _years(site, rows),
                }
                for edition, rows in zip(overview.editions, years, strict=True)
                if rows
            ]
            said = site.text(group.names[name])
            yield site.page(
                "hub-member.md.j2",
                f"{group.address(name)}index.md",
                said,
                f"{said} · {title}",
                group=group,
                other=other,
                up=title,
                units=count["n"],
                pages=-(-count["n"] // PER_PAGE),
                per_page=PER_PAGE,
                sections=sections,
            )


def _across(site: Site, overview: Overview, edition: Edition) -> Json:
    """Provinces by ministries."""
    rows = overview.rows("SELECT * FROM by_ministry_and_province WHERE rubric = ?", edition.rubric.id)
    shares = {(row["province"], row["ministry"]): row["percent"] for row in rows}
    ministries = [n for n in _sorted(site, overview.ministries.names) if any(there == n for _, there in shares)]
    provinces = [n for n in _sorted(site, overview.provinces.names) if any(here == n for here, _ in shares)]
    return {
        "edition": edition,
        "columns": [(site.text(overview.ministries.names[n]), overview.ministries.address(n)) for n in ministries],
        "rows": [
            {
                "name": site.text(overview.provinces.names[n]),
                "url": overview.provinces.address(n),
                "cells": [_cell(shares.get((n, ministry))) for ministry in ministries],
            }
            for n in provinces
        ],
    }


_LISTED = """
    SELECT u.*, list(struct_pack(rubric := p.rubric, points := p.points, max := p.max, percent := p.percent,
        level := p.level, follows := p.follows, url := p.url, demonstration := p.demonstration) ORDER BY p.rubric)
        FILTER (p.rubric IS NOT NULL) AS portfolios
    FROM units AS u LEFT JOIN (
        SELECT all_of.*, series, year, CASE WHEN max > 0 THEN 100 * points / max END AS percent
        FROM portfolios AS all_of JOIN rubrics USING (rubric) WHERE latest
        QUALIFY year IS NOT DISTINCT FROM max(year) OVER (PARTITION BY portal, unit, series)
    ) AS p ON u.portal = p.portal AND u.unit = p.unit
    GROUP BY ALL"""
"""A row for each unit, with its newest portfolio of each series."""


def _units(site: Site, overview: Overview, known: list[search.Waiting]) -> Iterator[Page]:
    """The units of each ministry, and of each province, in pages. The search is to know each unit, in *known*."""
    overview.database.execute(f"CREATE TABLE IF NOT EXISTS listed AS {_LISTED}")
    for group, other in ((overview.ministries, overview.provinces), (overview.provinces, overview.ministries)):
        by = group.column
        counts = {r[by]: r["n"] for r in overview.rows(f"SELECT {by}, count(*) AS n FROM units GROUP BY {by}")}  # noqa: S608
        ordered = overview.rows(f"SELECT * FROM listed ORDER BY {by} NULLS LAST, position")  # noqa: S608
        for name, rows in groupby(ordered, key=lambda row: row[by]):
            last = -(-counts[name] // PER_PAGE)
            said = site.text(group.names[name])
            for number in range(1, last + 1):
                some = [_unit(site, overview, other, row) for row in islice(rows, PER_PAGE)]
                place = group.address(name)
                if group is overview.ministries:
                    known += (_entry(f"{site.folder}{place}units-{number}/", said, row).waiting() for row in some)
                page = site.page(
                    "hub-units.md.j2",
                    f"{place}units-{number}.md",
                    site.say("hub.units.title", name=said),
                    site.say("hub.units.page", n=number, of=last),
                    group=group,
                    up=said,
                    place=place,
                    number=number,
                    last=last,
                    rows=some,
                    other=other,
                )
                yield Page(page.path, page.content)


def _entry(url: str, ministry: str, row: Json) -> search.Entry:
    """A unit as the search knows it: its row."""
    place = search.Passage("", "", row["other"])
    return search.Entry(f"{url}#{row['id']}", row["name"], "unit", row["name"], "", "", ministry, (place,))


def _unit(site: Site, overview: Overview, other: Group, row: Json) -> Json:
    portfolios = [
        {**one, "rubric": overview.listing.rubrics[one["rubric"]], "percent": _percent(one["percent"])}
        | {name: Fraction(str(one[name])) for name in ("points", "max")}
        for one in row["portfolios"] or ()
    ]
    return {
        "id": f"{row['portal']}.{row['unit'].replace('/', '.')}",
        "name": row["name_en"] if site.language == "en" else row["name_th"],
        "url": row["url"],
        "other": site.text(other.names[row[other.column]]),
        "portfolios": portfolios,
        "share": portfolios[-1]["percent"] if portfolios else None,
    }


def _indicators(site: Site, overview: Overview) -> Iterator[Page]:
    sections = []
    for edition in overview.editions:
        years = [row["year"] for row in edition.years]
        rows = overview.rows("SELECT * FROM by_indicator WHERE series = ?", edition.series)
        shares: defaultdict[str, dict[int, Json]] = defaultdict(dict)
        for row in rows:
            shares[row["indicator"]][row["year"]] = {**row, "percent": _percent(row["percent"])}
        newest = edition.rubric.year
        sections.append(
            {
                "edition": edition,
                "years": [year for year in years if year != newest],
                "rows": [
                    {"indicator": one, "now": shares[one.id].get(newest), "before": shares[one.id]}
                    for one in edition.rubric.every_indicator()
                ],
                "provinces": _board(site, overview, edition, overview.provinces),
            }
        )
    title, lead = site.say("hub.indicators.title"), site.say("hub.indicators.lead")
    yield site.page(
        "hub-indicators.md.j2", "indicators/index.md", title, lead, sections=sections, group=overview.provinces
    )


_ORDER = "list_position(['lost', 'kept', 'differs', 'ok'], state), position"


def _portals(site: Site, overview: Overview) -> Iterator[Page]:
    """The portals, those with something wrong first."""
    count = _figures(overview)["portals"]
    last = max(1, -(-count // PORTALS_PER_PAGE))
    rows = overview.rows(f"SELECT * FROM portals ORDER BY {_ORDER}")  # noqa: S608
    for number in range(1, last + 1):
        some = []
        for row in islice(rows, PORTALS_PER_PAGE):
            query = "SELECT * FROM problems WHERE portal = ? ORDER BY position LIMIT ?"
            problems = list(overview.rows(query, row["portal"], SHOWN)) if row["problems"] else []
            some.append(
                {
                    **row,
                    "rank": ("ok", "differs", "kept", "lost").index(row["state"]),
                    "title": row["title_en"] if site.language == "en" else row["title_th"],
                    "ministry": site.text(overview.ministries.names[row["ministry"]]),
                    "province": site.text(overview.provinces.names[row["province"]]),
                    "said": [(one["code"], one["place"], one[f"text_{site.language}"]) for one in problems],
                }
            )
        yield site.page(
            "hub-portals.md.j2",
            "portals/index.md" if number == 1 else f"portals/page-{number}.md",
            site.say("hub.portals.title"),
            site.say("hub.portals.lead"),
            rows=some,
            number=number,
            last=last,
            count=count,
            shown=SHOWN,
        )


def _about(site: Site, _: Overview) -> Iterator[Page]:
    yield site.page("hub-about.md.j2", "about/index.md", site.say("hub.about.title"), site.say("hub.about.lead"))


def _data(site: Site, overview: Overview) -> Iterator[Page]:
    listed = []
    for table in tables.TABLES:
        (row,) = overview.rows(f"SELECT count(*) AS n FROM {table.name}")  # noqa: S608
        paths = [f"{tables.FOLDER}/{table.name}.{suffix}" for suffix in ("csv", "parquet", "json")]
        files = [
            {"path": path, "kind": path.rpartition(".")[2].upper(), "size": size_in_words(site, overview.files[path])}
            for path in paths
        ]
        listed.append({"name": table.name, "columns": table.columns, "rows": row["n"], "files": files})
    title, lead = site.say("hub.data.title"), site.say("hub.data.lead")
    yield site.page("hub-data.md.j2", "data/index.md", title, lead, tables=listed)


def _search(site: Site, _: Overview) -> Iterator[Page]:
    yield site.page("hub-search.md.j2", "search/index.md", site.say("search.title"), site.say("search.lead"))
