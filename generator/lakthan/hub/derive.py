"""From what portals published to rows of tables: every score is derived again, and held against what is claimed.

`derive` is the work that is spread over processes and machines. It is a pure function of its task, so it may be done
anywhere, and again where a worker was lost.
"""

from __future__ import annotations

import csv
import hashlib
import json
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import zstandard

from lakthan import build, exports, privacy, verify
from lakthan.diagnostics import Diagnostic
from lakthan.exports.tables import TABLES, cell
from lakthan.hub import gather
from lakthan.hub.gather import CLAIMS, COMPARED, INDEX, State
from lakthan.hub.listing import Listing, Portal, place_of
from lakthan.model import Assessment, Message, Place, Portfolio
from lakthan.rubric import Rubric, Text

Json = dict[str, Any]
Claims = Mapping[tuple[str, ...], tuple[str, ...]]
"""`gather.KEY` → `gather.COMPARED`."""

PER_TASK = 64
"""Portfolios that are derived together, at most: a third of a second, as a rule."""
TASK_SIZE = 2_000_000
"""Bytes of inputs that are sent together, about."""
LONGEST_NAME = 300
"""Characters of a unit's name."""


@dataclass(frozen=True, slots=True)
class Given:
    """What one portfolio was published with."""

    unit: str
    rubric: str
    summary: Json
    """Of the portal's `index.json`."""
    inputs: bytes
    claims: Claims


@dataclass(frozen=True, slots=True)
class Task:
    """Some portfolios of one portal."""

    portal: str
    address: str
    """What links to the portal begin with; empty where there is nothing to link to."""
    places: Mapping[str, tuple[str, str | None]]
    """Unit → ministry and province."""
    rubrics: Mapping[str, bytes]
    """The overview's own, compressed."""
    portfolios: tuple[Given, ...]

    def source(self) -> bytes:
        """All that comes of it follows from this, and from the program."""
        given = tuple(replace(one, inputs=hashlib.sha256(one.inputs).digest()) for one in self.portfolios)
        return repr(replace(self, portfolios=given)).encode(errors="surrogatepass")


@dataclass(frozen=True, slots=True)
class Derived:
    """Rows as lines of JSON, ready to be written."""

    portfolios: bytes
    indicators: bytes
    problems: tuple[Diagnostic, ...]

    def packed(self) -> bytes:
        """The rows as the cache keeps them: of a task of which nothing is wrong."""
        head = f"{len(self.portfolios)}\n".encode()
        return zstandard.compress(b"".join((head, self.portfolios, self.indicators)))

    @classmethod
    def unpacked(cls, kept: bytes) -> Derived:
        """What was `packed`."""
        head, _, rows = zstandard.decompress(kept).partition(b"\n")
        return cls(rows[: int(head)], rows[int(head) :], ())


# The driver's part: from the kept states to tasks ----------------------------------------------------------------


@dataclass(slots=True)
class Reading:
    """One portal's state, read: its units, its tasks, and what is wrong with it as a whole."""

    portal: Portal
    title: Text
    units: list[Json]
    problems: list[Diagnostic]
    tasks: Iterator[Task]
    portfolios: int = 0
    unit_count: int = 0


def packed(rubrics: Mapping[str, Rubric]) -> dict[str, bytes]:
    """Rubrics as they are sent to where the work is done."""
    return {name: zlib.compress(exports.encode(exports.rubric_data(rubric))) for name, rubric in rubrics.items()}


def read(state: State, listing: Listing, rubrics: Mapping[str, bytes], same: dict[bytes, bool]) -> Reading:
    """What a portal's last good state says. *same* remembers which published rubrics are the overview's own."""
    portal = state.portal
    problems: list[Diagnostic] = [state.problem] if state.problem else []
    nothing = Reading(portal, portal.title or Text(th=portal.id, en=portal.id), [], problems, iter(()))
    if state.good is None:
        return nothing
    with zipfile.ZipFile(state.path) as kept:
        index = verify.document_from(kept.read(INDEX))
        summaries = gather.listed(index)
        said: defaultdict[tuple[str, ...], dict[tuple[str, ...], tuple[str, ...]]] = defaultdict(dict)
        try:
            for key, values in gather.claims(kept.read(CLAIMS)):
                said[key[:2]][key] = values
        except (csv.Error, ValueError) as problem:
            said.clear()
            reason = " ".join(str(problem).split())[:80]
            problems.append(Diagnostic("published-unreadable", place_of(portal, CLAIMS), args={"reason": reason}))
        known = []
        for name in dict.fromkeys(one["rubric"] for one in summaries):
            file = f"rubrics/{name}/rubric.json"
            if name not in listing.rubrics:
                problems.append(Diagnostic("hub-rubric-unknown", place_of(portal, file), "warning", {"name": name}))
                continue
            known.append(name)
            content = kept.read(file)
            if content not in same:
                same[content] = _is(content, listing.rubrics[name])
            if not same[content]:
                problems.append(Diagnostic("hub-rubric-differs", place_of(portal, file), "warning", {"name": name}))
    chosen = [one for one in summaries if one["rubric"] in known]
    units = list(_units(index, portal, {one["unit"] for one in chosen}))
    title = portal.title or _text(index.get("title")) or nothing.title
    sent = {name: rubrics[name] for name in known}
    return Reading(portal, title, units, problems, _tasks(state, chosen, said, sent), len(chosen), len(units))


def _is(content: bytes, rubric: Rubric) -> bool:
    """Whether a published rubric asks what *rubric* asks."""
    try:
        return Rubric.model_validate(verify.document_from(content)) == rubric
    except (ValueError, RecursionError):
        return False


def _text(given: object) -> Text | None:
    if not isinstance(given, dict) or not all(isinstance(given.get(key), str) for key in ("th", "en")):
        return None
    th, en = (" ".join(given[key].split())[:LONGEST_NAME] for key in ("th", "en"))
    return Text(th=th or en, en=en or th) if th or en else None


def _units(index: Json, portal: Portal, wanted: set[str]) -> Iterator[Json]:
    """The units of a portal that have a portfolio, in its order."""
    named = {str(one.get("id")): one for one in index.get("units") or () if isinstance(one, dict)}
    for unit in dict.fromkeys([*(name for name in named if name in wanted), *sorted(wanted - set(named))]):
        name = _text(named.get(unit, {}).get("name")) or Text(th=unit, en=unit)
        ministry, province = portal.place(unit)
        url = f"{portal.address}{unit}/" if portal.address else None
        yield {
            "portal": portal.id,
            "unit": unit,
            "name_th": name.th,
            "name_en": name.en,
            "ministry": ministry,
            "province": province,
            "url": url,
        }


def _tasks(
    state: State, summaries: list[Json], said: Mapping[tuple[str, ...], Claims], rubrics: Mapping[str, bytes]
) -> Iterator[Task]:
    portal = state.portal
    waiting: list[Given] = []
    size = 0

    def task() -> Task:
        places = {one.unit: portal.place(one.unit) for one in waiting}
        needed = {one.rubric: rubrics[one.rubric] for one in waiting}
        return Task(portal.id, portal.address, places, needed, tuple(waiting))

    with zipfile.ZipFile(state.path) as kept:
        for summary in summaries:
            unit, rubric = summary["unit"], summary["rubric"]
            inputs = kept.read(f"{unit}/{rubric}/inputs.json")
            waiting.append(Given(unit, rubric, summary, inputs, said.get((unit, rubric), {})))
            size += len(inputs)
            if len(waiting) >= PER_TASK or size >= TASK_SIZE:
                yield task()
                waiting, size = [], 0
    if waiting:
        yield task()


# The workers' part -----------------------------------------------------------------------------------------------


@lru_cache(maxsize=32)
def _rubric(content: bytes) -> Rubric:
    return Rubric.model_validate(json.loads(zlib.decompress(content)))


_TABLE = {table.name: table for table in TABLES}
_WORDS = frozenset(("title_th", "title_en", "url", "unit", "rubric"))


def derive(task: Task) -> Derived:
    """Derive the scores of some portfolios. What is wrong with one of them costs the others nothing."""
    portfolios: list[Json] = []
    indicators: list[Json] = []
    problems: list[Diagnostic] = []
    for given in task.portfolios:
        file = f"{task.portal}/{given.unit}/{given.rubric}/inputs.json"
        try:
            assessment = _assessed(given, _rubric(task.rubrics[given.rubric]))
        except Exception as problem:  # whatever it is: nothing follows from this file
            reason = " ".join(f"{type(problem).__name__} {problem}".split())[:80]
            problems.append(Diagnostic("published-unreadable", Place(file), args={"reason": reason}))
            continue
        found = _differing(task.portal, given, assessment)
        if found:
            problems.append(found)
        ministry, province = task.places[given.unit]
        shared: Json = {"portal": task.portal, "unit": given.unit, "ministry": ministry, "province": province}
        shared |= {"rubric": given.rubric, "demonstration": assessment.portfolio.demonstration}
        said = given.summary.get("points")
        claimed = said if isinstance(said, int | float) and not isinstance(said, bool) else None
        for row in _TABLE["portfolios"].rows(assessment):
            url = f"{task.address}{row['url']}" if task.address else None
            follows = {"published": claimed if row["latest"] else None, "follows": found is None}
            portfolios.append({**row, **shared, **follows, "url": url})
        last = assessment.latest.round
        for row in _TABLE["indicators"].rows(assessment):
            plain = {key: value for key, value in row.items() if key not in _WORDS}
            indicators.append({**shared, **plain, "latest": row["round"] == last})
    return Derived(_lines(portfolios), _lines(indicators), tuple(map(privacy.masked, problems)))


def _lines(rows: list[Json]) -> bytes:
    return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows).encode(errors="replace")


def _assessed(given: Given, rubric: Rubric) -> Assessment:
    """The scores of a portfolio. Advice and history are never asked for, so they are not worked out."""
    document = verify.document_from(given.inputs)
    portfolio: Portfolio = verify.portfolio_from(document, rubric)
    if portfolio.unit != given.unit:
        raise ValueError(portfolio.unit)
    return build.assess(portfolio, verify.day_from(document["as_of"]))


def _differing(portal: str, given: Given, assessment: Assessment) -> Diagnostic | None:
    """The first point in which a portal claims what does not follow from its own inputs."""
    inputs = f"{given.unit}/{given.rubric}/inputs.json"
    derived = {
        tuple(cell(row[name]) for name in gather.KEY): tuple(cell(row[name]) for name in COMPARED)
        for row in _TABLE["indicators"].rows(assessment)
    }
    nothing = Message("publish.nothing")
    for key in dict.fromkeys((*derived, *given.claims)):
        ours, theirs = derived.get(key), given.claims.get(key)
        if ours == theirs:
            continue
        path = " ".join(filter(None, (key[2], key[3])))[:80]
        pairs = zip(COMPARED, theirs or (), ours or (), strict=False)
        name, published, follows = next((one for one in pairs if one[1] != one[2]), ("", "", ""))
        args: dict[str, object] = {
            "indicator": key[3][:80],
            "path": name or path,
            "published": (published[:80] or nothing) if theirs else nothing,
            "derived": (follows or nothing) if ours else nothing,
            "inputs": inputs,
        }
        return Diagnostic("published-score", Place(f"{portal}/{CLAIMS}"), args=args)
    summary = json.loads(exports.encode(exports.summary(assessment)))
    claimed = {key: value for key, value in given.summary.items() if key in summary}
    if found := verify.difference(claimed, summary):
        args = {"path": found.path, "published": verify.shown(found.published)}
        args["derived"] = verify.shown(found.derived)
        return Diagnostic("published-total", Place(f"{portal}/{given.unit}/{given.rubric}/{INDEX}"), args=args)
    return None
