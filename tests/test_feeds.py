"""What other sites read of a site: feeds, its map, and what its pages say of themselves, read by parsers."""

from __future__ import annotations

import datetime
import json
import re
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import feedparser  # type: ignore[import-untyped]  # it has no types
import jsonschema
import pytest

from tests.conftest import MEAN, ROOT, Sandbox, command
from tests.trees import tree

Json = dict[str, Any]
ADDRESS = "https://example.go.th/portfolio/"
MAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
HOSTILE = "แผน </script><script>evil()</script> & ]]> \"{{ 'x' }}\" <b>"

JSON_FEED = {
    "type": "object",
    "required": ["version", "title", "items"],
    "properties": {
        "version": {"const": "https://jsonfeed.org/version/1.1"},
        "title": {"type": "string", "minLength": 1},
        "home_page_url": {"type": "string", "pattern": "^https?://"},
        "feed_url": {"type": "string", "pattern": "^https?://"},
        "language": {"const": "th"},
        "authors": {"type": "array", "items": {"type": "object", "required": ["name"]}},
        "items": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["id", "content_text"],
                "properties": {
                    "id": {"type": "string", "pattern": "^urn:uuid:[0-9a-f-]{36}$"},
                    "date_published": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+07:00$"},
                    "tags": {"type": "array", "items": {"type": "string"}},
                },
            },
        },
    },
}
"""What JSON Feed 1.1 asks of a feed."""


# Feeds -----------------------------------------------------------------------------------------------------------


def test_the_feed_is_atom(as_it_is: Sandbox) -> None:
    content = (as_it_is.docs / "feed.xml").read_bytes()
    feed = feedparser.parse(content)
    assert not feed.bozo, feed.get("bozo_exception")
    assert feed.version == "atom10"
    assert len(feed.entries) == 50
    days = [entry.published_parsed for entry in feed.entries]
    assert days == sorted(days, reverse=True)
    assert feed.feed.updated == feed.entries[0].updated
    root = ET.fromstring(content)
    name = "{http://www.w3.org/2005/Atom}"
    for node in (root, *root.iter(f"{name}entry")):  # RFC 4287, 4.1.1 and 4.1.2: exactly one of each
        for wanted in ("id", "title", "updated"):
            assert len(node.findall(name + wanted)) == 1
    ids = [entry.id for entry in feed.entries]
    assert len(set(ids)) == len(ids)


def test_each_entry_leads_to_what_it_tells_of(as_it_is: Sandbox) -> None:
    feed = json.loads((as_it_is.docs / "feed.json").read_bytes())
    for entry in feed["items"]:
        page, _, anchor = entry["url"].partition("#")
        path = as_it_is.docs / page.rstrip("/")
        text = (path / "index.md" if path.is_dir() and not anchor else path.with_name(f"{path.name}.md")).read_text(
            "utf-8"
        )
        assert not anchor or f'id="{anchor}"' in text, entry


def test_feeds_and_pages_have_the_same_news(as_it_is: Sandbox) -> None:
    feed = json.loads((as_it_is.docs / "feed.json").read_bytes())
    page = (as_it_is.docs / "news.md").read_text(encoding="utf-8")
    links = re.findall(r'lk-news__title"><a href="\.\./([^"]*)"', page)
    assert [entry["url"] for entry in feed["items"]] == links[:50]
    assert any(entry["url"].endswith("/channels/") for entry in feed["items"])


def test_both_feeds_say_the_same(as_it_is: Sandbox) -> None:
    atom = feedparser.parse((as_it_is.docs / "feed.xml").read_bytes())
    feed = json.loads((as_it_is.docs / "feed.json").read_bytes())
    jsonschema.validate(feed, JSON_FEED)
    assert [(e.id, e.title, e.published, e.summary) for e in atom.entries] == [
        (e["id"], e["title"], e["date_published"], e["content_text"]) for e in feed["items"]
    ]


def test_new_evidence_comes_first_and_keeps_its_name(small: Sandbox) -> None:
    small.generate()
    (before,) = json.loads((small.docs / "feed.json").read_bytes())["items"]
    small.change(
        "content/unit-a/mean-2570/1.md",
        lambda values: values["evidence"].insert(
            0, {"kind": "plan", "title": HOSTILE, "date": "2026-11-01", "reference": "ที่ ๒"}
        ),
    )
    small.write("content/site.yml", f"title: แฟ้ม\ndescription: x\npublisher: y\naddress: {ADDRESS}\n")
    small.generate()
    feed = json.loads((small.docs / "feed.json").read_bytes())
    jsonschema.validate(feed, JSON_FEED)
    first, second = feed["items"]
    assert (first["title"], first["date_published"][:10]) == (HOSTILE, "2026-11-01")
    assert second["id"] == before["id"]
    assert second["url"] == ADDRESS + before["url"].replace("evidence-1", "evidence-2")
    atom = feedparser.parse((small.docs / "feed.xml").read_bytes())
    assert not atom.bozo
    assert atom.feed.links[0].href == f"{ADDRESS}feed.xml"
    assert atom.entries[0].link == first["url"]
    assert (small.docs / "robots.txt").read_text() == f"User-agent: *\nAllow: /\nSitemap: {ADDRESS}sitemap.xml\n"


def test_without_evidence_there_is_a_feed_of_nothing(small: Sandbox) -> None:
    shutil.rmtree(small.path("content/unit-a/mean-2570"))
    small.generate()
    feed = feedparser.parse((small.docs / "feed.xml").read_bytes())
    assert (bool(feed.bozo), feed.entries) == (False, [])
    assert "Sitemap" not in (small.docs / "robots.txt").read_text()


# The built site --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["lakthan.cli", "zensical"])
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small site that knows its address, built by each of the builders."""
    project = Sandbox(tmp_path_factory.mktemp("feeds") / "project")
    project.write("rubrics/mean-2570.yml", MEAN)
    project.write("content/unit-a/unit.yml", f"name: {{th: {json.dumps(HOSTILE)}, en: Unit A}}\n")
    project.write(
        "content/unit-a/mean-2570/1.md",
        f"---\nevidence:\n- {{kind: plan, title: {json.dumps(HOSTILE)}, date: 2026-11-01, reference: ที่ ๑}}\n---\n",
    )
    shutil.copytree(ROOT / "site_templates", project.root / "site_templates")
    shutil.copy(ROOT / "mkdocs.yml", project.root)
    project.generate()
    result = command([request.param, "build"], project.root, SITE_URL=ADDRESS)
    assert result.returncode == 0, result.stderr
    return project.path("site")


def head(path: Path) -> Any:
    (found,) = tree(path.read_text(encoding="utf-8")).iter("head")
    return found


def test_the_map_of_the_site_lists_every_page_with_its_day(built: Path) -> None:
    root = ET.fromstring((built / "sitemap.xml").read_bytes())
    assert root.tag == f"{MAP}urlset"
    listed = {url.findtext(f"{MAP}loc"): url.findtext(f"{MAP}lastmod") for url in root}
    pages = {path.parent.relative_to(built).as_posix() for path in built.rglob("index.html")}
    assert set(listed) == {ADDRESS if name == "." else f"{ADDRESS}{name}/" for name in pages}
    assert f"{ADDRESS}en/unit-a/" in listed
    assert set(listed.values()) == {"2026-11-01"}


def test_a_page_says_what_it_is(built: Path) -> None:
    document: Json = {}
    for name, kind in {
        "": "Dataset",
        "data": "Dataset",
        "unit-a": "GovernmentOrganization",
        "unit-a/mean-2570": "Dataset",
        "unit-a/mean-2570/1": "CreativeWork",
    }.items():
        (script,) = (
            s for s in head(built / name / "index.html").iter("script") if s.get("type") == "application/ld+json"
        )
        document = json.loads(script.text)
        assert (document["@context"], document["@type"]) == ("https://schema.org", kind)
        text = json.dumps(document, ensure_ascii=False)
        assert not re.search(r"null|\[\]|\{\}", text)
        if kind in ("GovernmentOrganization", "CreativeWork"):
            assert json.dumps(HOSTILE, ensure_ascii=False) in text
    (work,) = document["hasPart"]
    assert (work["@type"], work["datePublished"], work["identifier"]) == ("CreativeWork", "2026-11-01", "ที่ ๑")
    datetime.date.fromisoformat(work["datePublished"])


def test_a_page_says_how_it_is_to_be_shown_elsewhere(built: Path) -> None:
    for name, language in (("unit-a/mean-2570/", "th_TH"), ("en/unit-a/mean-2570/", "en_GB"), ("", "th_TH")):
        found = {m.get("property"): m.get("content") for m in head(built / name / "index.html").iter("meta")}
        assert found["og:url"] == ADDRESS + name
        assert found["og:locale"] == language
        assert found["og:title"]
        assert found["og:description"] or not name  # this site does not describe itself
        assert found["og:type"] == ("article" if name else "website")


def test_feeds_are_found_from_every_page(built: Path) -> None:
    for path in built.rglob("index.html"):
        (link,) = (one for one in head(path).iter("link") if one.get("type") == "application/atom+xml")
        assert (path.parent / link.get("href")).resolve() == (built / "feed.xml").resolve()


def test_a_site_without_an_address_claims_none(site: Path) -> None:
    assert list(ET.fromstring((site / "sitemap.xml").read_bytes())) == []
    found = {m.get("property") for m in head(site / "index.html").iter("meta")}
    assert "og:title" in found
    assert not {"og:url", "og:image"} & found
