"""The overview of many portals: gathered, derived again, added up, and published as a site of its own.

    listing → gather → derive (spread over cores or machines) → tables → pages

Each agency publishes its portal from its own repository; the ministry and the nation gather them. Nothing that a portal
says is believed: its files are held against its manifest, that against its signature where a key is known, and every
score is derived again, once for the same files. A portal that is down, slow, malformed or lying costs its own row.
"""

from __future__ import annotations

import datetime
import json
import shutil
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lakthan import build as project
from lakthan import diagnostics, messages, privacy, publish, reach
from lakthan.cache import Cache
from lakthan.diagnostics import Diagnostic
from lakthan.hub import derive, gather, listing, pages, spread, tables
from lakthan.hub.listing import Listing

__all__ = ["STATES", "Options", "Result", "build", "listing", "spread"]

STATES = ("ok", "differs", "kept", "lost")
"""Of a portal: it is as it should be; something does not follow; only an earlier state is there; none is."""
DERIVED = "derived"
"""The sort of entry of the cache that holds what came of a task."""
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Result:
    """What a run came to."""

    portals: int
    units: int
    portfolios: int
    scores: int
    wrong: int
    """Portals of which something is wrong."""
    problems: tuple[Diagnostic, ...]
    seconds: Mapping[str, float]
    """For which this process was at work in each step: gather, derive, tables, pages, site."""


@dataclass(frozen=True, slots=True)
class Options:
    """How a run goes about it."""

    jobs: int | None = None
    """Processes; as many as there are cores unless said."""
    scheduler: str | None = None
    """Of Dask, whose workers derive the scores in their place."""
    offline: bool = False
    allow_private: bool = False
    timeout: float = 600


def _quietly(_done: int, _all: int, _name: str) -> None: ...


def build(
    found: Listing,
    output: Path,
    cache: Path,
    today: datetime.date,
    options: Options,
    *,
    with_pages: bool = True,
    progress: Progress = _quietly,
) -> Result:
    """Gather the portals and publish the overview in the folder *output*: whole, or not at all."""
    cache.mkdir(parents=True, exist_ok=True)
    cache = cache.resolve()
    work = cache / "work"
    clock = _Clock()
    with publish.lock(cache):
        settings = reach.Settings(interval=0, keep=4, body=60, allow_private=options.allow_private, read=30)
        limits = gather.Limits(seconds=options.timeout)
        states = gather.gather(
            found.portals,
            cache / "portals",
            today=today,
            settings=settings,
            limits=limits,
            offline=options.offline,
            progress=progress,
        )
        clock.did("gather")
        with spread.pool(options.jobs, options.scheduler) as pool:
            result = _rows(found, states, work, pool, Cache(cache / "derived"))
        clock.did("derive")
        years = {name: rubric.year for name, rubric in found.rubrics.items()}
        with (
            tables.database(work, years, demonstration=found.demonstration) as database,
            publish.dated(today),
            publish.building(output) as fresh,
        ):
            tables.write(database, work / tables.FOLDER)
            clock.did("tables")
            if with_pages:
                _pages(found, database, work)
                clock.did("pages")
                _site(found, work / "docs", fresh)
                clock.did("site")
            for path in sorted((work / tables.FOLDER).iterdir()):
                (fresh / tables.FOLDER).mkdir(exist_ok=True)
                shutil.move(path, fresh / tables.FOLDER / path.name)
        shutil.rmtree(work, ignore_errors=True)
    return replace(result, seconds=clock.took)


class _Clock:
    """How long each step kept this process at work, whatever else the machine did."""

    def __init__(self) -> None:
        self.took: dict[str, float] = {}
        self._last = time.process_time()

    def did(self, step: str) -> None:
        now = time.process_time()
        self.took[step], self._last = now - self._last, now


def _pages(found: Listing, database: tables.Connection, work: Path) -> None:
    """Write the pages below *work*."""
    sizes = {f"{tables.FOLDER}/{path.name}": path.stat().st_size for path in (work / tables.FOLDER).iterdir()}
    for page in pages.write(found, database, sizes, (project.shipped() / "site_templates",)):
        path = work / "docs" / page.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(page.content)


def _site(found: Listing, docs: Path, site: Path) -> None:
    """Build the site of the pages in *docs* in the folder *site*."""
    # Imported here: MkDocs takes half a second, which tables alone need not wait for.
    from mkdocs.commands.build import build as build_site  # noqa: PLC0415
    from mkdocs.config import load_config  # noqa: PLC0415

    config = load_config(
        config_file=str(project.shipped() / "mkdocs.yml"),
        docs_dir=str(docs),
        site_dir=str(site.resolve()),
        site_name=found.site.title.th,
        site_description=found.site.description.th,
        site_url=found.site.address,
    )
    plugin: Any = config.plugins["lakthan"]
    plugin.generated = True  # the pages are not those of a project
    build_site(config)


def _rows(listing: Listing, states: Sequence[gather.State], work: Path, pool: spread.Pool, cache: Cache) -> Result:
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    rubrics, same = derive.packed(listing.rubrics), dict[bytes, bool]()
    readings: list[derive.Reading] = []
    problems: list[list[Diagnostic]] = []
    owners: list[int] = []
    """Of each task: the position of its portal."""
    new: dict[int, bytes] = {}
    """What tasks that were sent follow from, by their position."""
    counts: Counter[str] = Counter()
    out = {table.name: (work / f"{table.name}.ndjson").open("wb") for table in tables.ROWS}

    def put(table: str, rows: list[dict[str, Any]]) -> None:
        out[table].write("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows).encode(errors="replace"))
        counts[table] += len(rows)

    def tasks() -> Any:
        for state in states:
            found = derive.read(state, listing, rubrics, same)
            put("units", found.units)
            found.units.clear()  # `unit_count` is all that is still asked
            position = len(readings)
            readings.append(found)
            problems.append(found.problems)
            for task in found.tasks:
                owners.append(position)
                yield task

    def known(task: derive.Task) -> derive.Derived | None:
        source = task.source()
        if kept := cache.find(DERIVED, source):
            return derive.Derived.unpacked(kept)
        new[len(owners) - 1] = source
        return None

    try:
        for position, done in enumerate(spread.in_order(derive.derive, tasks(), pool, known)):
            if (source := new.pop(position, None)) and not done.problems:
                cache.keep(DERIVED, source, done.packed())
            out["portfolios"].write(done.portfolios)
            out["indicators"].write(done.indicators)
            counts["portfolios"] += done.portfolios.count(b"\n")
            counts["indicators"] += done.indicators.count(b"\n")
            problems[owners[position]] += done.problems
        everything: list[Diagnostic] = []
        for state, found, said in zip(states, readings, problems, strict=True):
            masked = [privacy.masked(problem) for problem in said]
            everything += masked
            put("problems", [_problem(state.portal.id, problem) for problem in masked])
            put("portals", [_portal(state, found, masked)])
    finally:
        for file in out.values():
            file.close()
    cache.prune()
    wrong = sum(bool(said) for said in problems)
    scores = counts["indicators"]
    return Result(len(states), counts["units"], counts["portfolios"], scores, wrong, diagnostics.sort(everything), {})


def _problem(portal: str, problem: Diagnostic) -> dict[str, Any]:
    texts = {f"text_{language}": problem.message(language) for language in messages.LANGUAGES}
    place = problem.place.file.removeprefix(f"{portal}/")
    return {"portal": portal, "code": problem.code, "severity": problem.severity, "place": place, **texts}


def _portal(state: gather.State, found: derive.Reading, problems: Sequence[Diagnostic]) -> dict[str, Any]:
    portal = state.portal
    said = ("kept" if state.good else "lost") if state.problem else "differs" if problems else "ok"
    return {
        "portal": portal.id,
        "title_th": found.title.th,
        "title_en": found.title.en,
        "ministry": portal.ministry,
        "province": portal.province,
        "address": portal.address or None,
        "state": said,
        "good": state.good.isoformat() if state.good else None,
        "signed": portal.key is not None and state.good is not None,
        "units": found.unit_count,
        "portfolios": found.portfolios,
        "problems": len(problems),
    }
