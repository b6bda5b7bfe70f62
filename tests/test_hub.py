"""Many portals gathered: exactly what is wrong is found, it costs its own row alone, and the figures add up."""

from __future__ import annotations

import contextlib
import csv
import datetime
import functools
import hashlib
import http.server
import io
import json
import os
import re
import shutil
import signal
import socket
import threading
import time
import zipfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from fractions import Fraction
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, ClassVar, Literal

import duckdb
import pytest
import yaml
from playwright.sync_api import Browser

from benchmarks import portals as made
from lakthan import build, hub, publish, signing
from lakthan.exports.tables import inert
from lakthan.hub import gather, spread, tables
from lakthan.hub.listing import ListFile, provinces
from lakthan.model import Message
from tests import dying
from tests.conftest import Quiet, Sandbox, served

Json = dict[str, Any]
DAY = datetime.date(2026, 11, 21)
LATER = datetime.date(2026, 11, 28)
HERE = hub.Options(jobs=1, allow_private=True)
LOST = (
    "published-changed",
    "published-missing",
    "published-signature",
    "hub-unreachable",
    "hub-old-format",
    "hub-too-large",
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty-eight portals of two units each, one in three with something wrong."""
    folder = tmp_path_factory.mktemp("hub") / "world"
    made.write(folder, 96, per_portal=2)
    return folder


def run(where: Path, out: Path, day: datetime.date = DAY, options: hub.Options = HERE, **more: Any) -> hub.Result:
    listing, wrong = hub.listing.read_list(where / "list.yml", build.shipped() / "rubrics")
    assert listing, wrong
    return hub.build(listing, out, out.with_name("cache"), day, options, **{"with_pages": False, **more})


def rows(out: Path, table: str) -> list[Json]:
    found: list[Json] = json.loads((out / f"data/{table}.json").read_bytes())
    return found


@pytest.fixture(scope="module")
def gathered(world: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, hub.Result]:
    out = tmp_path_factory.mktemp("gathered") / "site"
    with ThreadPoolExecutor(1) as thread:  # a browser that is open keeps an event loop in this one
        return out, thread.submit(run, world, out, with_pages=True).result()


def digests(out: Path) -> dict[str, str]:
    return {n: hashlib.sha256(p.read_bytes()).hexdigest() for n, p in publish.files(out).items() if p.is_file()}


# What is wrong, and what it costs --------------------------------------------------------------------------------


def test_exactly_what_is_wrong_is_found(world: Path, gathered: tuple[Path, hub.Result]) -> None:
    out, result = gathered
    expected = {tuple(one) for one in json.loads((world / "defects.json").read_bytes())}
    assert len({code for _, code, _ in expected}) == 11
    assert len(expected) == len(made.EDITS)
    assert {(row["portal"], row["code"], row["place"]) for row in rows(out, "problems")} == {
        (portal, code, place or portal) for portal, code, place in expected
    }
    assert {problem.place.file for problem in result.problems} == {
        "/".join(filter(None, (p, f))) for p, _, f in expected
    }
    assert result.wrong == len(expected)


def test_it_costs_its_own_row_alone(world: Path, gathered: tuple[Path, hub.Result]) -> None:
    out, result = gathered
    wrong = {portal: code for portal, code, _ in json.loads((world / "defects.json").read_bytes())}
    found = {row["portal"]: row for row in rows(out, "portals")}
    assert len(found) == result.portals == 48
    units = Counter(row["portal"] for row in rows(out, "units"))
    for portal, row in found.items():
        if portal not in wrong:
            assert (row["state"], row["good"], row["units"], units[portal]) == ("ok", "2026-11-21", 2, 2)
        elif wrong[portal] in LOST or row["state"] == "lost":
            assert (row["state"], row["good"], row["units"], units[portal]) == ("lost", None, 0, 0)
        else:
            assert (row["state"], row["units"], units[portal]) == ("differs", 2, 2)
    lost = [portal for portal, row in found.items() if row["state"] == "lost"]
    assert {wrong[portal] for portal in lost} == {*LOST, "published-unreadable"}  # of manifest.json and index.json
    signed = [
        entry["id"]
        for entry in yaml.safe_load((world / "list.yml").read_text(encoding="utf-8"))["portals"]
        if "key" in entry
    ]
    assert {portal for portal, row in found.items() if row["signed"]} == set(signed) - set(lost)


def test_derived_points_count_and_claims_stand_beside_them(world: Path, gathered: tuple[Path, hub.Result]) -> None:
    out, _ = gathered
    by_code = {code: portal for portal, code, _ in json.loads((world / "defects.json").read_bytes())}
    scores = rows(out, "portfolios")
    (raised,) = (
        row for row in scores if row["published"] != row["points"] and row["portal"] == by_code["published-total"]
    )
    assert (raised["follows"], raised["published"]) == (False, raised["points"] + 1)
    for row in scores:
        claims = json.loads((world / "portals" / row["portal"] / "index.json").read_bytes())["portfolios"]
        (claim,) = (one for one in claims if (one["unit"], one["rubric"]) == (row["unit"], row["rubric"]))
        assert (row["points"] == claim["points"]) or not row["follows"]


def test_one_broken_portfolio_leaves_its_neighbours(world: Path, gathered: tuple[Path, hub.Result]) -> None:
    out, _ = gathered
    broken = [
        row for row in rows(out, "problems") if row["code"] == "published-unreadable" and "inputs" in row["place"]
    ]
    (row,) = broken
    unit, rubric, _ = row["place"].split("/")
    there = {(one["unit"], one["rubric"]) for one in rows(out, "portfolios") if one["portal"] == row["portal"]}
    assert there
    assert (unit, rubric) not in there


# Figures ---------------------------------------------------------------------------------------------------------


def test_figures_add_up(gathered: tuple[Path, hub.Result]) -> None:
    """Means and counts, worked out from the rows with fractions."""
    out, result = gathered
    scores = rows(out, "portfolios")
    assert len(scores) == result.portfolios
    assert len(rows(out, "indicators")) == result.scores == 9 * result.portfolios
    for table, keys in (
        ("by_rubric", ("rubric",)),
        ("by_ministry", ("rubric", "ministry")),
        ("by_province", ("rubric", "province")),
        ("by_ministry_and_province", ("rubric", "ministry", "province")),
    ):
        groups: defaultdict[tuple[Any, ...], list[Json]] = defaultdict(list)
        for row in scores:
            groups[tuple(row[key] for key in keys)].append(row)
        found = rows(out, table)
        assert {tuple(row[key] for key in keys) for row in found} == set(groups)
        for row in found:
            some = groups[tuple(row[key] for key in keys)]
            shares = [100 * Fraction(one["points"]) / Fraction(one["max"]) for one in some]
            assert row["portfolios"] == len(some)
            assert row["percent"] == pytest.approx(float(sum(shares) / len(shares)), abs=1e-6)
            assert (row["lowest"], row["highest"]) == pytest.approx((float(min(shares)), float(max(shares))), abs=1e-6)
            assert row["unfollowed"] == sum(not one["follows"] for one in some)
    levels = Counter((row["rubric"], row["ministry"], row["province"], row["level"]) for row in scores)
    counted = {(r["rubric"], r["ministry"], r["province"], r["level"]): r["portfolios"] for r in rows(out, "by_level")}
    assert counted == dict(levels)
    cells: defaultdict[tuple[str, str], list[Json]] = defaultdict(list)
    for row in rows(out, "indicators"):
        cells[row["rubric"], row["indicator"]].append(row)
    for row in rows(out, "by_indicator"):
        some = cells[row["rubric"], row["indicator"]]
        assert row["full"] + row["part"] + row["none"] + row["not_applicable"] == row["portfolios"] == len(some)
        assert row["full"] == sum(one["points"] == one["max"] for one in some)
    assert {row["year"] for row in rows(out, "by_rubric")} == {2568, 2569}
    assert {row["series"] for row in rows(out, "by_rubric")} == {"moi-moral"}


def test_each_table_says_the_same_in_three_forms(gathered: tuple[Path, hub.Result]) -> None:
    out, _ = gathered
    for table in tables.TABLES:
        document = rows(out, table.name)
        with (out / f"data/{table.name}.csv").open(encoding="utf-8", newline="") as file:
            lines = list(csv.reader(file))
        parquet = duckdb.read_parquet(str(out / f"data/{table.name}.parquet"))
        assert lines[0] == parquet.columns == list(table.columns)
        assert len(lines) - 1 == len(document) == len(parquet.fetchall())
        for line, row in zip(lines[1:], document, strict=True):
            texts = [name for name, kind in table.columns.items() if kind == "string"]
            assert [line[lines[0].index(n)] for n in texts] == [inert(row[n]) if row[n] else "" for n in texts]


def test_no_name_becomes_a_formula(tmp_path: Path) -> None:
    made.write(tmp_path / "w", 2, per_portal=2)
    edit(tmp_path / "w/portals/portal-0000", "index.json", lambda d: d["units"][0]["name"].update(th="=1+1", en=" @x"))
    run(tmp_path / "w", tmp_path / "out")
    assert (tmp_path / "out/data/units.csv").read_text(encoding="utf-8").count("'=1+1") == 1
    assert "' @x" in (tmp_path / "out/data/units.csv").read_text(encoding="utf-8") or "'@x" in (
        tmp_path / "out/data/units.csv"
    ).read_text(encoding="utf-8")
    assert rows(tmp_path / "out", "units")[0]["name_th"] == "=1+1"


# The last good state ---------------------------------------------------------------------------------------------


def edit(portal: Path, name: str, change: Callable[[Json], object]) -> None:
    """Change a document of a portal and seal it again, signed if it was."""
    document = json.loads((portal / name).read_bytes())
    change(document)
    (portal / name).write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    key = made.key()[0] if (portal / "manifest.sig").exists() else None
    publish.seal(portal, key)


@pytest.fixture
def pair(tmp_path: Path) -> Path:
    """Two sound portals: the first one is signed."""
    made.write(tmp_path / "w", 4, per_portal=2)
    portal = tmp_path / "w/portals/portal-0001"
    shutil.rmtree(portal)
    shutil.copytree(tmp_path / "w/portals/portal-0000", portal)
    return tmp_path / "w"


def spoil_signature(portal: Path) -> None:
    (portal / "manifest.sig").write_bytes(bytes(64))


def spoil_key(portal: Path) -> None:
    publish.seal(portal, signing.private_key(signing.new_key().decode()))


def anew(portal: Path) -> Path:
    """One of the portal's files, published in another form: what has not changed would not be read again."""
    inputs = next(portal.rglob("inputs.json"))
    edit(portal, inputs.relative_to(portal).as_posix(), lambda _: None)
    return inputs


def spoil_file(portal: Path) -> None:
    anew(portal).write_text("{}", encoding="utf-8")


def spoil_index(portal: Path) -> None:
    (portal / "index.json").write_text("[]", encoding="utf-8")
    publish.seal(portal, made.key()[0])


def spoil_table(portal: Path) -> None:
    (portal / "data/indicators.csv").write_text("", encoding="utf-8")
    publish.seal(portal, made.key()[0])


def lead_out(portal: Path) -> None:
    inputs = anew(portal)
    shutil.move(inputs, portal.parent / "elsewhere.json")
    inputs.symlink_to(portal.parent / "elsewhere.json")


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (shutil.rmtree, "hub-unreachable"),
        (spoil_signature, "published-signature"),
        (spoil_key, "published-signature"),
        (spoil_file, "published-changed"),
        (spoil_index, "published-unreadable"),
        (spoil_table, "hub-old-format"),
        pytest.param(lead_out, "published-missing", marks=pytest.mark.skipif(os.name == "nt", reason="links")),
    ],
)
def test_the_last_good_state_counts(pair: Path, tmp_path: Path, spoil: Callable[[Path], None], code: str) -> None:
    out = tmp_path / "out"
    assert run(pair, out).problems == ()
    before = rows(out, "portfolios")
    portal = pair / "portals/portal-0000"
    spoil(portal)
    (problem,) = run(pair, out, LATER).problems
    assert problem.code == code
    first, second = rows(out, "portals")
    assert (first["state"], first["good"], second["state"], second["good"]) == (
        "kept",
        "2026-11-21",
        "ok",
        "2026-11-28",
    )
    assert rows(out, "portfolios") == before


def test_rubrics_of_portals_are_compared_never_used(pair: Path, tmp_path: Path) -> None:
    """Whoever publishes an easier rubric, or one that nobody here knows, gains nothing by it."""
    out = tmp_path / "out"
    run(pair, out)
    before, portal = rows(out, "portfolios"), pair / "portals/portal-0000"
    rubric = next(portal.glob("rubrics/*/rubric.json"))
    document = json.loads(rubric.read_bytes())
    edit(portal, rubric.relative_to(portal).as_posix(), lambda read: read["title"].update(th="ง่ายกว่า"))
    (problem,) = run(pair, out, LATER).problems
    assert (problem.code, rows(out, "portfolios")) == ("hub-rubric-differs", before)

    (file,) = (one for one in (pair / "rubrics").glob("*.yml") if one.stem == document["id"])
    file.unlink()
    found = run(pair, out, LATER).problems
    assert {one.code for one in found} == {"hub-rubric-unknown"}
    assert {one["rubric"] for one in rows(out, "portfolios")} == {one["rubric"] for one in before} - {document["id"]}


def test_a_portal_that_comes_back_is_taken_anew(pair: Path, tmp_path: Path) -> None:
    portal, out = pair / "portals/portal-0000", tmp_path / "out"
    run(pair, out)
    shutil.move(portal, tmp_path / "away")
    assert len(run(pair, out, LATER).problems) == 1
    shutil.move(tmp_path / "away", portal)
    edit(portal, "index.json", lambda document: document["units"][0]["name"].update(en="New name"))
    assert run(pair, out, LATER).problems == ()
    assert rows(out, "units")[0]["name_en"] == "New name"
    assert [row["good"] for row in rows(out, "portals")] == ["2026-11-28", "2026-11-28"]


def test_what_was_derived_is_not_derived_again(pair: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out, kept, derived = tmp_path / "out", tmp_path / "cache/derived", list[str]()
    work = hub.derive.derive

    def noted(task: Any) -> Any:
        derived.append(task.portal)
        return work(task)

    def again() -> list[str]:
        derived.clear()
        run(pair, out)
        return [*derived]

    monkeypatch.setattr(hub.derive, "derive", noted)
    run(pair, out)
    first = digests(out)
    assert derived == ["portal-0000", "portal-0001"]
    assert again() == []
    assert digests(out) == first
    # What claims something else is derived each time, the other one only at first.
    edit(pair / "portals/portal-0001", "index.json", lambda d: d["portfolios"][0].update(points=1))
    assert again() == again() == ["portal-0001"]
    assert len([*kept.iterdir()]) == 1
    for entry in kept.iterdir():
        entry.write_bytes(b"damaged")
    assert again() == ["portal-0000", "portal-0001"]


def test_offline_asks_nobody(pair: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(pair, out)
    before = rows(out, "portfolios")
    shutil.rmtree(pair / "portals")
    assert run(pair, out, LATER, hub.Options(jobs=1, offline=True)).problems == ()
    assert rows(out, "portfolios") == before
    assert {row["good"] for row in rows(out, "portals")} == {"2026-11-21"}
    shutil.rmtree(tmp_path / "cache")
    assert len(run(pair, out, LATER, hub.Options(jobs=1, offline=True)).problems) == 2


@pytest.mark.parametrize("damage", [b"", b"{}", b'{"good": "x"}'])
def test_a_damaged_cache_is_no_state(pair: Path, tmp_path: Path, damage: bytes) -> None:
    out, note = tmp_path / "out", tmp_path / "cache/portals/portal-portal-0000.json"
    run(pair, out)
    before = digests(out)
    note.write_bytes(damage)
    assert run(pair, out).problems == ()
    with zipfile.ZipFile(note.with_suffix(".zip"), "a") as kept:
        kept.writestr("more", "")
    assert run(pair, out).problems == ()
    assert digests(out) == before


def test_demonstrations_do_not_count_unless_all_is_one(pair: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    portal = pair / "portals/portal-0000"
    first = json.loads((portal / "index.json").read_bytes())["portfolios"][0]
    name = f"{first['unit']}/{first['rubric']}/inputs.json"
    edit(portal, "index.json", lambda document: document["portfolios"][0].update(demonstration=True))
    edit(portal, name, lambda document: document.update(demonstration=True))
    assert run(pair, out).problems == ()
    everything = len(rows(out, "portfolios"))
    assert sum(row["portfolios"] for row in rows(out, "by_rubric")) == everything - 1
    text = (pair / "list.yml").read_text(encoding="utf-8")
    (pair / "list.yml").write_text(
        text.replace('"lakthan": 1,', '"lakthan": 1, "demonstration": true,'), encoding="utf-8"
    )
    run(pair, out)
    assert sum(row["portfolios"] for row in rows(out, "by_rubric")) == everything


# Over the network ------------------------------------------------------------------------------------------------


class Server(Quiet):
    """Serves the portals, and behind some names misbehaves. It notes what was asked."""

    asked: ClassVar[list[tuple[str, int]]] = []
    protocol_version = "HTTP/1.1"

    def send_response(self, code: int, message: str | None = None) -> None:
        self.asked.append((self.path, int(code)))
        super().send_response(code, message)

    def do_GET(self) -> None:  # noqa: N802
        what = self.path.split("/")[1]
        if what == "slow":
            self.send_response(200)
            self.end_headers()
            with contextlib.suppress(OSError):  # the hub has had enough
                while True:
                    time.sleep(0.1)
                    self.wfile.write(b" ")
        elif what == "endless":
            self.send_response(200)
            self.send_header("Content-Length", str(10**12))
            self.end_headers()
            self.close_connection = True
        elif what == "circle":
            self.send_response(302)
            self.send_header("Location", self.path)
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif what == "garbage":
            self.close_connection = True
            self.wfile.write(b"\x00\x01\x02 not http")
        elif what == "moved":
            self.send_response(301)
            self.send_header("Location", self.path.replace("/moved/", "/portal-0000/"))
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            super().do_GET()


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    Server.asked.clear()
    handler = functools.partial(Server, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def listed(folder: Path, portals: list[Json]) -> None:
    document = yaml.safe_load((folder / "list.yml").read_text(encoding="utf-8"))
    document["portals"] = [{"ministry": "interior", **portal} for portal in portals]
    (folder / "list.yml").write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")


def test_portals_on_the_web(pair: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    public = made.key()[1]
    with socket.socket() as taken, serving(pair / "portals") as base:
        taken.bind(("127.0.0.1", 0))  # nobody listens there
        down = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        listed(
            pair,
            [
                {"id": "good", "address": f"{base}/portal-0000", "key": public},
                {"id": "moved", "address": f"{base}/moved/"},
                {"id": "down", "address": down},
                *({"id": name, "address": f"{base}/{name}/"} for name in ("endless", "circle", "garbage", "none")),
            ],
        )
        result = run(pair, out, options=hub.Options(jobs=1, allow_private=True))
    said = {problem.place.file.split("/")[0]: problem.message("en") for problem in result.problems}
    assert said.keys() == {"down", "endless", "circle", "garbage", "none"}
    assert "does not answer" in said["down"]
    assert "64,000,000" in said["endless"]
    assert "circles" in said["circle"]
    assert "makes no sense" in said["garbage"]
    assert "404" in said["none"]
    states = {row["portal"]: row["state"] for row in rows(out, "portals")}
    assert states == {**dict.fromkeys(said, "lost"), "good": "ok", "moved": "ok"}
    urls = {row["url"] for row in rows(out, "units") if row["portal"] == "good"}
    assert urls == {f"{base}/portal-0000/unit-0000{n}/" for n in (0, 1)}


def test_a_portal_that_never_ends_is_left(pair: Path, tmp_path: Path) -> None:
    with serving(pair / "portals") as base:
        listed(pair, [{"id": "slow", "address": f"{base}/slow/"}])
        (problem,) = run(pair, tmp_path / "out", options=hub.Options(jobs=1, allow_private=True, timeout=0.5)).problems
    assert "too slowly" in problem.message("en")


def test_what_has_not_changed_is_not_fetched_again(pair: Path, tmp_path: Path) -> None:
    out, portal = tmp_path / "out", pair / "portals/portal-0000"
    with serving(pair / "portals") as base:
        listed(pair, [{"id": "one", "address": f"{base}/portal-0000/"}])
        run(pair, out)
        assert Server.asked[0] == ("/portal-0000/manifest.json", 200)
        whole = len(Server.asked)
        Server.asked.clear()
        run(pair, out, LATER)
        assert Server.asked == [("/portal-0000/manifest.json", 304)]
        assert rows(out, "portals")[0]["good"] == "2026-11-28"
        Server.asked.clear()
        edit(portal, "index.json", lambda document: document["units"][0]["name"].update(en="New name"))
        later = time.time() + 60
        os.utime(portal / "manifest.json", (later, later))
        run(pair, out, LATER)
        assert Server.asked == [("/portal-0000/manifest.json", 200), ("/portal-0000/index.json", 200)]
        assert whole > 2
    assert rows(out, "units")[0]["name_en"] == "New name"
    (problem,) = run(pair, out, LATER + datetime.timedelta(days=1)).problems  # the server is gone
    assert problem.code == "hub-unreachable"
    assert (rows(out, "portals")[0]["state"], rows(out, "portals")[0]["good"]) == ("kept", "2026-11-28")


def test_private_networks_are_left_alone(pair: Path, tmp_path: Path) -> None:
    with serving(pair / "portals") as base:
        listed(pair, [{"id": "one", "address": f"{base}/portal-0000/"}])
        (problem,) = run(pair, tmp_path / "out", options=hub.Options(jobs=1)).problems
    assert "private network" in problem.message("en")
    assert Server.asked == []


# The list --------------------------------------------------------------------------------------------------------

LISTING = """\
lakthan: 1
title: {th: ภาพรวม, en: Overview}
description: {th: ตัวอย่าง, en: A sample}
publisher: {th: สำนักงาน, en: Office}
ministries:
  industry: {th: กระทรวงอุตสาหกรรม, en: Ministry of Industry}
portals:
- {id: dip, folder: portal, ministry: industry, province: chiang-mai}
"""


@pytest.mark.parametrize(
    ("old", "new", "code", "line"),
    [
        ("portals:\n", "portals:\n- {id: dip, folder: x, ministry: industry}\n", "hub-portal-twice", 9),
        ("ministry: industry", "ministry: industri", "hub-unknown-place", 8),
        ("chiang-mai", "chiangmai", "hub-unknown-place", 8),
        ("folder: portal", "address: ftp://example.go.th", "hub-portal-source", 8),
        ("folder: portal", "address: https://me@example.go.th", "hub-portal-source", 8),
        ("folder: portal, ", "", "hub-portal-source", 8),
        ("folder: portal", "folder: portal, key: office.pem", "hub-key", 8),
        ("portals:\n", "rubrics: nowhere\nportals:\n", "hub-no-rubrics", 7),
        ("id: dip", "id: DIP/..", "wrong-name", 8),
        ("folder: portal", "folder: portal, colour: red", "unknown-key", 8),
        ("lakthan: 1\n", "", "missing-key", 1),
        ("chiang-mai}", "chiang-mai, units: {a: {province: nowhere}}}", "hub-unknown-place", 8),
        ("portals:\n", "portals: [\n", "yaml-syntax", 8),
        ("- {id: dip, folder: portal, ministry: industry, province: chiang-mai}", "  []", "missing-key", 7),
    ],
)
def test_mistakes_of_the_list(tmp_path: Path, old: str, new: str, code: str, line: int) -> None:
    assert LISTING.count(old) == 1
    project = Sandbox(tmp_path)
    project.write("list.yml", LISTING.replace(old, new))
    result = project.run("hub", str(project.path("list.yml")), "--format", "json", status=1)
    assert [(p["code"], p["file"], p["line"]) for p in json.loads(result.stdout)["problems"]] == [
        (code, "list.yml", line)
    ]
    assert not project.path("hub-site").exists()


def test_a_suggestion_for_a_misspelt_province(tmp_path: Path) -> None:
    project = Sandbox(tmp_path)
    project.write("list.yml", LISTING.replace("chiang-mai", "chiangmai"))
    assert "chiang-mai" in project.run("hub", str(project.path("list.yml")), status=1).output


def test_provinces() -> None:
    found = provinces()
    assert len(found) == 77
    assert found["phra-nakhon-si-ayutthaya"].en == "Phra Nakhon Si Ayutthaya"


def test_a_unit_may_belong_elsewhere(pair: Path, tmp_path: Path) -> None:
    public = made.key()[1]
    elsewhere = {"unit-00001": {"province": "tak", "ministry": "culture"}}
    listed(pair, [{"id": "one", "folder": "portals/portal-0000", "province": "nan", "key": public, "units": elsewhere}])
    run(pair, tmp_path / "out")
    found = [(row["unit"], row["ministry"], row["province"]) for row in rows(tmp_path / "out", "units")]
    assert found == [("unit-00000", "interior", "nan"), ("unit-00001", "culture", "tak")]


def test_the_schema_of_the_list_is_up_to_date() -> None:
    published = json.loads((Path(__file__).parents[1] / "schemas/hub.schema.json").read_text(encoding="utf-8"))
    assert published == ListFile.model_json_schema()


def test_the_command(pair: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spread, "PATIENCE", 1)
    project = Sandbox(pair)
    args = [
        "hub",
        str(pair / "list.yml"),
        "-o",
        str(tmp_path / "out"),
        "--cache",
        str(tmp_path / "cache"),
        "--jobs",
        "1",
    ]
    args += ["--tables-only", "--today", "2569-11-21"]
    assert "gathered 2 portals, 4 units" in project.run(*args).output
    assert rows(tmp_path / "out", "portals")[0]["good"] == "2026-11-21"
    shutil.rmtree(pair / "portals/portal-0001")
    assert "hub-unreachable" in project.run(*args, "--format", "concise", status=1).output
    assert "does not answer" in project.run(*args, "--scheduler", "tcp://127.0.0.1:1", status=1).output


def test_what_the_database_says_of_a_disk_is_an_error_of_the_system(tmp_path: Path) -> None:
    """Those are told in a sentence, such as that the disk is full."""
    for table in tables.ROWS:
        (tmp_path / f"{table.name}.ndjson").touch()
    with (
        pytest.raises(FileNotFoundError) as raised,
        tables.database(tmp_path, {"any": None}, demonstration=False) as found,
    ):
        tables._copy(found, "SELECT 1", tmp_path / "gone/x.parquet", "FORMAT parquet")
    assert raised.value.filename.endswith("x.parquet")


# Spread ----------------------------------------------------------------------------------------------------------


class Counting:
    """Workers that note how many tasks are open."""

    workers = 2

    def __init__(self) -> None:
        self.open, self.most = 0, 0

    def submit(self, work: Callable[[Any], Any], task: Any) -> Any:
        self.open += 1
        self.most = max(self.most, self.open)
        return work(task)

    def result(self, sent: Any) -> Any:
        self.open -= 1
        return sent


def test_results_come_in_order_and_few_are_open() -> None:
    pool = Counting()
    assert list(spread.in_order(lambda n: n * n, range(1000), pool)) == [n * n for n in range(1000)]
    assert pool.most == spread.AHEAD * pool.workers


@pytest.mark.slow
def test_a_process_that_dies_is_replaced(tmp_path: Path) -> None:
    tasks = [(number, str(tmp_path)) for number in range(12)]
    with spread.pool(2, None) as pool:
        assert list(spread.in_order(dying.dies_once, tasks, pool)) == list(range(12))
    assert (tmp_path / "died").exists()
    with pytest.raises(spread.Lost) as lost, spread.pool(2, None) as pool:
        list(spread.in_order(dying.always_dies, range(3), pool))
    assert lost.value.message == Message("hub.lost.task", {})


@pytest.mark.slow
def test_processes_and_dask_give_the_same_bytes(world: Path, tmp_path: Path, gathered: tuple[Path, hub.Result]) -> None:
    """Whatever is done where, and though a worker is killed half-way."""
    distributed = pytest.importorskip("distributed")
    expected = {name: sum for name, sum in digests(gathered[0]).items() if name.startswith("data/")}
    expected = {name: sum for name, sum in expected.items() if "index" not in name}
    run(world, tmp_path / "two/out", options=hub.Options(jobs=2))
    found = {name: sum for name, sum in digests(tmp_path / "two/out").items() if name.startswith("data/")}
    assert found == expected
    killed = []

    class Killing(spread._Dask):
        def submit(self, work: Any, task: Any) -> Any:
            if self._sent == 12:
                pids = self.client.run(os.getpid)
                killed.append(next(iter(pids.values())))
                os.kill(killed[0], signal.SIGKILL)
            return super().submit(work, task)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spread, "_Dask", Killing)
        cluster = distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, protocol="tcp"
        )
        with cluster:
            run(world, tmp_path / "dask/out", options=hub.Options(scheduler=cluster.scheduler_address))
    assert killed
    found = {name: sum for name, sum in digests(tmp_path / "dask/out").items() if name.startswith("data/")}
    assert found == expected


def test_twice_the_same_bytes(pair: Path, tmp_path: Path) -> None:
    run(pair, tmp_path / "a/out")
    run(pair, tmp_path / "b/out")
    assert digests(tmp_path / "a/out") == digests(tmp_path / "b/out")


# Pages -----------------------------------------------------------------------------------------------------------


class Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.hrefs: list[str] = []
        self.ids: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "a" and found.get("href"):
            self.hrefs.append(str(found["href"]))
        if found.get("id"):
            assert found["id"] not in self.ids, found["id"]
            self.ids.add(str(found["id"]))


def test_every_link_leads_somewhere_and_pages_are_light(gathered: tuple[Path, hub.Result]) -> None:
    out, _ = gathered
    parsed: dict[Path, Links] = {}
    for page in out.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert len(text.encode()) < 300_000
        parsed[page] = Links()
        parsed[page].feed(text)
    assert len(parsed) > 50
    for page, found in parsed.items():
        if page.name == "404.html":
            continue
        for href in found.hrefs:
            if href.startswith(("http", "mailto")):
                continue
            path, _, fragment = href.partition("#")
            target = (page.parent / path).resolve() if path else page
            target = target / "index.html" if target.is_dir() else target
            assert target.exists(), f"{page.relative_to(out)}: {href}"
            assert not fragment or target not in parsed or fragment in parsed[target].ids, (
                f"{page.relative_to(out)}: {href}"
            )


def test_both_languages_have_the_same_pages(gathered: tuple[Path, hub.Result]) -> None:
    out, _ = gathered
    pages = {page.relative_to(out).as_posix() for page in out.rglob("index.html")}
    english = {page.removeprefix("en/") for page in pages if page.startswith("en/")}
    assert english == {page for page in pages if not page.startswith("en/")}
    assert "ministries/culture/units-1/index.html" in english
    assert {"indicators/index.html", "portals/index.html", "about/index.html", "data/index.html"} <= english


def test_every_unit_is_listed_and_can_be_found(gathered: tuple[Path, hub.Result]) -> None:
    out, _ = gathered
    names = Counter(row["name_en"] for row in rows(out, "units"))
    for group in ("ministries", "provinces"):
        text = "".join(p.read_text(encoding="utf-8") for p in sorted((out / "en" / group).rglob("units-*/index.html")))
        listed = Counter(re.findall(r'<th scope="row">(?:<a[^>]*>)?(Office [^<]*)<', text))
        assert listed == names
    index = json.loads((out / "search/en/index.json").read_bytes())
    assert index
    assert list((out / "search/en/t").glob("*.bin"))


def test_a_page_says_what_is_wrong_with_a_portal(world: Path, gathered: tuple[Path, hub.Result]) -> None:
    out, _ = gathered
    defects = json.loads((world / "defects.json").read_bytes())
    text = (out / "en/portals/index.html").read_text(encoding="utf-8")
    for portal, code, _ in defects:
        assert code in text[text.index(f'<tr id="{portal}"') :].partition("</tr>")[0]


def test_long_lists_are_in_pages(pair: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lakthan.hub.pages.PER_PAGE", 3)
    monkeypatch.setattr("lakthan.hub.pages.PORTALS_PER_PAGE", 1)
    listed(pair, [{"id": name, "folder": f"portals/portal-000{n}"} for n, name in enumerate(("a", "b"))])
    run(pair, tmp_path / "out", with_pages=True)
    pages = sorted((tmp_path / "out/en/ministries/interior").glob("units-*/index.html"))
    ids = [re.findall(r'<tr id="([^"]*)"', page.read_text(encoding="utf-8")) for page in pages]
    assert ids == [["a.unit-00000", "a.unit-00001", "b.unit-00000"], ["b.unit-00001"]]
    assert (tmp_path / "out/portals/page-2/index.html").exists()


# Limits ----------------------------------------------------------------------------------------------------------


def test_a_portal_may_not_fill_the_disk(pair: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub.gather, "Limits", functools.partial(gather.Limits, all=30_000))
    problems = run(pair, tmp_path / "out").problems
    assert {problem.code for problem in problems} == {"hub-too-large"}
    assert not list((tmp_path / "cache/portals").glob("*.new"))


def test_claims_are_read_by_their_heads() -> None:
    head = [*gather.COMPARED, "more", *gather.KEY]
    out = io.StringIO(newline="")
    csv.writer(out).writerows([head, [str(n) for n in range(len(head))]])
    (row,) = gather.claims(out.getvalue().encode("utf-8-sig"))
    assert row == (("8", "9", "10", "11"), tuple("0123456"))


def test_the_list_of_the_manual_is_right(tmp_path: Path) -> None:
    text = (Path(__file__).parents[1] / "docs/hub.md").read_text(encoding="utf-8")
    (sample,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    (tmp_path / "list.yml").write_text(sample, encoding="utf-8")
    listing, wrong = hub.listing.read_list(tmp_path / "list.yml", build.shipped() / "rubrics")
    assert wrong == ()
    assert listing
    assert listing.portals[0].place("chiang-mai-centre") == ("industry", "chiang-mai")


# In a browser ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def address(gathered: tuple[Path, hub.Result]) -> Iterator[str]:
    with served(gathered[0]) as top:
        yield top


PAGES = ("", "en/provinces/", "en/ministries/culture/", "ministries/culture/units-1/", "en/indicators/", "portals/")


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing(browser: Browser, address: str, scheme: Literal["light", "dark"], width: int) -> None:
    axe = Path(str(pytest.importorskip("axe_playwright_python").__file__)).with_name("axe.min.js")
    with browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme) as context:
        page = context.new_page()
        wrong: list[str] = []
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        for path in PAGES:
            page.goto(address + path)
            page.evaluate(axe.read_text(encoding="utf-8"))
            found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
            assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == [], path
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert wrong == []


@pytest.mark.browser
def test_the_search_leads_to_the_row_of_a_unit(browser: Browser, address: str) -> None:
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        page = context.new_page()
        page.goto(f"{address}en/search/?q=Office%2017")
        result = page.get_by_role("link", name=re.compile("Office 17,")).first
        result.click()
        page.wait_for_url(re.compile(r"/en/ministries/[a-z-]+/units-1/#portal-0008\.unit-00016$"), wait_until="commit")
        row = page.locator("tr:target")
        assert "Office 17," in row.inner_text()
        page.goto(f"{address}portals/")
        first = page.locator("#portals-list tr").first
        assert first.get_attribute("data-rank") == "3"  # those with nothing come first, whatever the script sorts by
