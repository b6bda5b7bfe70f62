"""What units and offices wrote never comes alive in a page: everything in `corpus/injections/`, in every text field.

One site is built of it all, and its pages are parsed as a browser does; another, of a part, by MkDocs, and opened in
one. What may stand in a page is learnt from the site of the sample: its templates are the same.
"""

from __future__ import annotations

import functools
import json
import re
import shutil
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from playwright.sync_api import Browser, Page

from lakthan import build, load, messages
from tests.conftest import ROOT, Once, Sandbox, served
from tests.page_types import PAGE_TYPES
from tests.trees import tree

TEXTS: tuple[str, ...] = tuple(
    yaml.load(
        (Path(__file__).parent / "corpus/injections/texts.yml").read_text(encoding="utf-8"), Loader=yaml.BaseLoader
    )
)
GROUP = 30
"""Texts in one rubric and one unit: few pages, and each text still in every field."""
GROUPS = tuple(TEXTS[i : i + GROUP] for i in range(0, len(TEXTS), GROUP))
EVIL = "evil.example.net"

Element = ET.Element


# The project -----------------------------------------------------------------------------------------------------


def both(text: str, mark: str) -> dict[str, str]:
    """A text in both languages, with something harmless behind it that has to be seen."""
    return {"th": f"{text} {mark}", "en": f"{text} {mark}"}


def rubric(name: str, group: tuple[str, ...]) -> dict[str, Any]:
    everything = both(" ".join(group), f"{name}all")
    return {
        "lakthan": 1,
        "id": name,
        "title": everything,
        "short": everything,
        "year": 2569,
        "document": {"title": everything, "issuer": everything},
        "notes": [{"id": f"n{i}", "text": both(text, f"{name}note{i}")} for i, text in enumerate(group)],
        "kinds": {
            f"kind{i}": {
                "title": both(text, f"{name}kind{i}"),
                "hint": both(text, f"{name}hint{i}"),
                "fields": {"more": {"title": both(text, f"{name}more{i}")}},
            }
            for i, text in enumerate(group)
        },
        "facts": {
            f"fact{i}": {"title": both(text, f"{name}fact{i}"), "unit": both(text, f"{name}unit{i}")}
            for i, text in enumerate(group)
        },
        "registers": {
            f"register{i}": {
                "title": both(text, f"{name}register{i}"),
                "fields": {"name": {"title": both(text, f"{name}field{i}")}},
            }
            for i, text in enumerate(group)
        },
        "sets": {f"set{i}": {"title": both(text, f"{name}set{i}"), "from": f"kind{i}"} for i, text in enumerate(group)},
        "readings": [
            {"id": f"reading{i}", "title": both(text, f"{name}reading{i}"), "why": both(text, f"{name}why{i}")}
            for i, text in enumerate(group)
        ],
        "levels": [
            {"id": f"level{i}", "title": both(text, f"{name}level{i}"), "total_at_least": i + 1}
            for i, text in enumerate(group)
        ],
        "areas": [
            {
                "id": f"area{i}",
                "title": both(text, f"{name}area{i}"),
                "award": "sum",
                "indicators": [
                    {
                        "id": f"i{i}",
                        "title": both(text, f"{name}indicator{i}"),
                        "text": both(text, f"{name}asked{i}"),
                        "cite": both(text, f"{name}cite{i}"),
                        "award": "sum",
                        "criteria": [
                            {"points": "1", "text": both(text, f"{name}criterion{i}"), "when": [{"has": f"kind{i}"}]},
                            {"points": "1", "when": [{"value": f"fact{i}", "at_least": "2"}]},
                            {"points": "1", "when": [{"count": f"set{i}", "at_least": "3"}]},
                            {"points": "1", "when": [{"count": f"register{i}", "at_least": "3"}]},
                        ],
                    }
                ],
            }
            for i, text in enumerate(group)
        ],
    }


def unit(name: str, group: tuple[str, ...]) -> dict[str, Any]:
    everything = " ".join(group)
    texts = {key: both(everything, f"{name}{key}") for key in ("name", "short", "about", "address")}
    return {**texts, **{key: f"{everything} {name}{key}" for key in ("email", "phone", "website")}}


def answer(name: str, i: int, text: str) -> str:
    def mark(what: str) -> str:
        return f"{text} {name}{what}{i}"

    front = {
        "self_score": "4",
        "responsible": mark("responsible"),
        f"fact{i}": "1",
        "evidence": [
            {
                "kind": f"kind{i}",
                "title": mark("title"),
                "reference": mark("reference"),
                "note": mark("remark"),
                "more": mark("additional"),
            },
            {"kind": f"kind{i}", "title": mark("second"), "file": "files/plan.txt"},
        ],
        "channels": [
            {
                "kind": "website",
                "name": mark("channel"),
                "scope": "external",
                "audience": mark("audience"),
                "reference": mark("at"),
            }
        ],
        f"register{i}": [{"name": mark("entry")}],
    }  # fmt: skip
    return f"---\n{json.dumps(front, ensure_ascii=False)}\n---\n\n{name}before{i}\n\n{text}\n"


def hostile(root: Path, step: int = 1) -> Sandbox:
    """A project with every text in every field; of every *step*th group, in fields of rubrics and units."""
    project = Sandbox(root)
    everything = " ".join(TEXTS)
    site: dict[str, Any] = {
        key: both(everything, f"site{key}") for key in ("title", "description", "publisher", "licence")
    }
    project.write("content/site.yml", json.dumps({**site, "contact": f"{everything} contact"}, ensure_ascii=False))
    for number, group in list(enumerate(GROUPS))[::step]:
        name = f"g{number}"
        folder = f"content/{name}/{name}"
        project.write(f"rubrics/{name}.yml", json.dumps(rubric(name, group), ensure_ascii=False))
        project.write(f"content/{name}/unit.yml", json.dumps(unit(name, group), ensure_ascii=False))
        project.write(f"{folder}/files/plan.txt", "แผนงาน\n")
        head = {key: f"{' '.join(group)} {name}{key}" for key in ("executive", "reporter")}
        project.write(
            f"{folder}/portfolio.md", f"---\n{json.dumps(head, ensure_ascii=False)}\n---\n\n" + "\n\n".join(group)
        )
        for i, text in enumerate(group):
            project.write(f"{folder}/i{i}.md", answer(name, i, text))
    (project.root / build.DOCS).mkdir(parents=True)
    project.write(
        "mkdocs.yml",
        (ROOT / "mkdocs.yml").read_text(encoding="utf-8").replace("custom_dir: ", f"custom_dir: {ROOT.as_posix()}/"),
    )
    return project


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    return hostile(tmp_path_factory.mktemp("hostile") / "project")


@pytest.fixture(scope="module")
def hostile_site(project: Sandbox) -> Path:
    assert [one for one in load.load(project.root).problems if one.code not in SAID] == []
    build.site(project.root, build.examine(project.root))
    return project.path("site")


SAID = {"html-not-shown"}
"""What is said of such texts where they are read; they are shown all the same."""


def by_mkdocs(project: Sandbox) -> Path:
    """The site as MkDocs builds it, whatever `lakthan check` would say of it."""
    from mkdocs.commands.build import build as mkdocs  # noqa: PLC0415
    from mkdocs.config import load_config  # noqa: PLC0415

    build.generate(project.root, build.examine(project.root))
    config = load_config(config_file=str(project.path("mkdocs.yml")), site_dir=str(project.path("site")))
    plugin: Any = config.plugins["lakthan"]
    plugin.generated = True
    mkdocs(config)
    return project.path("site")


# The pages -------------------------------------------------------------------------------------------------------


@functools.cache
def parsed(path: Path) -> Element:
    return tree(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module", autouse=True)
def forgotten() -> Iterator[None]:
    """Hundreds of pages take much memory: other tests need not carry them along."""
    yield
    parsed.cache_clear()


def pages(site: Path) -> tuple[Path, ...]:
    return tuple(sorted(site.rglob("*.html")))


ADDRESSES = {
    "href", "src", "srcset", "action", "formaction", "poster", "data", "background", "cite", "longdesc", "manifest",
    "ping", "usemap", "archive", "codebase", "profile", "xlink:href", "icon",
}  # fmt: skip


def sorts(site: Path) -> tuple[Path, ...]:
    """A page of each sort in each language: parsing takes time, and those of a sort hold the same."""
    names = (path if path.endswith(".html") else f"{path}index.html" for path in PAGE_TYPES.values())
    return tuple(path for name in names for path in (site / name, site / "en" / name) if path.is_file())


def vocabulary(paths: tuple[Path, ...]) -> set[tuple[str, str]]:
    """Which elements there are, and which attributes they have."""
    found = set()
    for path in paths:
        for element in parsed(path).iter():
            if isinstance(element.tag, str):
                found |= {(element.tag, ""), *((element.tag, str(name)) for name in element.attrib)}
    return found


_TAGS = (
    "p", "br", "hr", "strong", "em", "b", "i", "u", "s", "sub", "sup", "code", "pre", "blockquote", "abbr", "ul",
    "ol", "li", "dl", "dt", "dd", "h3", "h4", "h5", "h6", "a", "img", "table", "caption", "thead", "tbody", "tfoot",
    "tr", "th", "td", "div",
)  # fmt: skip
ACCOUNTS = {
    *((tag, name) for tag in _TAGS for name in ("", "lang", "title")),
    ("a", "href"), ("a", "rel"), ("img", "src"), ("img", "alt"), ("td", "style"),
    ("th", "style"), ("th", "scope"), ("table", "class"), ("div", "class"), ("div", "role"), ("div", "tabindex"),
    ("div", "aria-label"),
}  # fmt: skip
"""What a unit's own account may hold."""


@pytest.mark.slow
def test_pages_hold_what_the_templates_put_there(hostile_site: Path, site: Path) -> None:
    assert len(pages(hostile_site)) > 15 * len(GROUPS)
    known = vocabulary(sorts(site)) | ACCOUNTS
    strange = {
        (path.relative_to(hostile_site).as_posix(), *one)
        for path in pages(hostile_site)
        for element in parsed(path).iter()
        for one in {(element.tag, ""), *((element.tag, str(name)) for name in element.attrib)}
        if one not in known
    }
    assert strange == set()
    # What was learnt is itself harmless: no handler, and nothing that brings anything in.
    assert [(tag, name) for tag, name in known if name.lower().startswith("on")] == []
    assert {tag for tag, _ in known} & {"iframe", "object", "embed", "base", "style", "link2", "frame", "math"} == set()


@pytest.mark.slow
def test_no_script_but_the_themes(hostile_site: Path, site: Path) -> None:
    def scripts(paths: tuple[Path, ...]) -> set[tuple[str, str]]:
        return {
            (
                re.sub(r"^(\.\./|\./|/)*", "", element.get("src", "")),
                "" if element.get("type") in ("application/json", "application/ld+json") else element.text or "",
            )
            for path in paths
            for element in parsed(path).iter("script")
        }

    ours = scripts(sorts(site))
    assert scripts(pages(hostile_site)) == ours
    assert all(not text for _, text in ours)
    for path in pages(hostile_site):
        islands = [one for one in parsed(path).iter("script") if one.get("type") == "application/json"]
        assert len(islands) <= 1
        for island in islands:
            assert set(json.loads(island.text or "")) == {
                "annotate",
                "base",
                "features",
                "search",
                "tags",
                "translations",
                "version",
            }


@pytest.mark.slow
def test_what_a_page_means_is_data_and_stays_in_its_place(hostile_site: Path) -> None:
    """JSON-LD: no text of a unit ends the script element that it stands in, or leaves its string."""
    seen = ""
    for path in pages(hostile_site):
        for element in parsed(path).iter("script"):
            if element.get("type") == "application/ld+json":
                text = element.text or ""
                assert not set("<>&\u2028\u2029") & set(text), path
                assert json.loads(text)["@context"] == "https://schema.org"
                seen += json.dumps(json.loads(text), ensure_ascii=False)
    for number, group in enumerate(GROUPS):
        assert [i for i in range(len(group)) if f"g{number}title{i}" not in seen] == []
    assert "</script" in seen  # the worst was tried


@pytest.mark.slow
def test_addresses_lead_to_the_web_to_mail_or_to_the_site(hostile_site: Path) -> None:
    for path in pages(hostile_site):
        for element in parsed(path).iter():
            for name, value in element.attrib.items():
                if str(name).lower() not in ADDRESSES or element.tag == "time":
                    continue
                # As a browser reads it: without tabs and line ends, and with `\\` for `/`.
                address = re.sub(r"[\t\r\n]", "", value.strip("\x00\x01\x02 ")).replace("\\", "/")
                parts = urlsplit(address)
                assert parts.scheme in ("", "http", "https", "mailto"), (path, address)
                assert not address.startswith("//"), (path, address)
                if parts.scheme in ("http", "https"):
                    assert element.tag == "a", (path, address)
                    assert parts.hostname, (path, address)


@pytest.mark.slow
def test_only_accounts_and_their_links_lead_elsewhere(hostile_site: Path) -> None:
    for path in pages(hostile_site):
        tree = parsed(path)
        own = {id(e) for box in tree.iter() if "lk-account" in box.get("class", "").split() for e in box.iter()}
        for element in tree.iter():
            if id(element) not in own:
                said = [
                    value
                    for name, value in element.attrib.items()
                    if str(name) in ("href", "src", "id", "name", "class")
                ]
                assert not [one for one in said if "evil" in one and not one.startswith("mailto:")], (
                    path,
                    element.attrib,
                )


@pytest.mark.slow
def test_nothing_breaks_out_of_its_place(hostile_site: Path) -> None:
    for path in pages(hostile_site):
        tree = parsed(path)
        assert len(list(content(tree))) == len(list(tree.iter("footer"))) == 1, path
        assert len(list(tree.iter("h1"))) == 1, path
        assert len([one for one in tree.iter() if one.get("id") == "top"]) == (path.name != "404.html"), path
        names = [one.get("id") for one in tree.iter() if one.get("id")]
        assert len(names) == len(set(names)), path
        metas = [one for one in tree.iter("meta") if one.get("http-equiv")]
        assert [one.get("http-equiv") for one in metas] == ["Content-Security-Policy"], path


def content(tree: Element) -> Iterator[Element]:
    """The theme's place for what a page says."""
    return (one for one in tree.iter("article") if "md-content__inner" in one.get("class", ""))


def seen(site: Path, name: str) -> str:
    (article,) = content(parsed(site / name / "index.html"))
    return "".join(article.itertext())


@pytest.mark.slow
def test_every_text_is_there_to_read(hostile_site: Path) -> None:
    """Harmless is not enough: what follows a text in its field is not swallowed by it."""
    for number, group in enumerate(GROUPS):
        name = f"g{number}"
        page = seen(hostile_site, f"rubrics/{name}")
        for what in ("note", "indicator", "criterion", "level", "area"):
            assert [i for i in range(len(group)) if f"{name}{what}{i}" not in page] == [], (name, what)
        for i in range(len(group)):
            page = seen(hostile_site, f"{name}/{name}/i{i}")
            wanted = ("indicator", "asked", "cite", "responsible", "fact", "title", "reference", "remark", "additional",
                      "channel", "audience", "at", "register", "field", "entry", "before")  # fmt: skip
            assert [what for what in wanted if f"{name}{what}{i}" not in page] == [], (name, i, group[i])
        page = seen(hostile_site, name)
        assert [key for key in ("name", "address", "email", "phone", "website") if f"{name}{key}" not in page] == [], (
            name
        )
        page = seen(hostile_site, f"{name}/{name}")
        assert [key for key in ("executive", "reporter") if f"{name}{key}" not in page] == [], name


def test_what_is_left_out_of_an_account_is_said(project: Sandbox) -> None:
    said = {one.place.file for one in load.load(project.root).problems if one.code == "html-not-shown"}
    for number, group in enumerate(GROUPS):
        for i, text in enumerate(group):
            fenced = text.startswith(("`", "    "))
            expected = bool(re.search(r"<(script|style)\b", text, re.IGNORECASE)) and not fenced
            assert (f"content/g{number}/g{number}/i{i}.md" in said) == expected, text


def test_no_message_is_more_than_a_line(project: Sandbox) -> None:
    for one in build.examine(project.root).problems:
        for language in messages.LANGUAGES:
            assert "\x1b" not in one.message(language)


@pytest.mark.slow
def test_mkdocs_builds_the_same_of_it(part: Sandbox, tmp_path: Path) -> None:
    shutil.copytree(part.root, tmp_path / "project", ignore=shutil.ignore_patterns("site", ".cache"))
    build.site(tmp_path / "project", build.examine(tmp_path / "project"))
    assert len(pages(part.path("site"))) > 200
    for path in pages(part.path("site")):
        name = path.relative_to(part.root)
        assert path.read_bytes() == (tmp_path / "project" / name).read_bytes(), name


# In a browser ----------------------------------------------------------------------------------------------------


STEP = 3


@pytest.fixture(scope="module")
def part(once: Once) -> Sandbox:
    """Every third group, built by MkDocs."""
    return Sandbox(once("hostile", lambda root: by_mkdocs(hostile(root, STEP))))


@pytest.fixture(scope="module")
def address(part: Sandbox) -> Iterator[str]:
    with served(part.path("site")) as top:
        yield top


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with browser.new_context(locale="th-TH") as context:
        context.add_init_script("window.ran = []; window.evil = () => window.ran.push(1)")
        opened = context.new_page()
        yield opened


VIOLATIONS = "window.refused = []; addEventListener('securitypolicyviolation', e => refused.push(e.violatedDirective))"


@pytest.mark.browser
def test_nothing_runs_in_a_browser(address: str, page: Page) -> None:
    asked: list[str] = []
    page.add_init_script(VIOLATIONS)
    page.on("request", lambda request: asked.append(request.url))
    for number in range(0, len(GROUPS), STEP):
        own = (f"g{number}/g{number}/i{i}/" for i in range(1, len(GROUPS[number]), 10))
        for name in (f"rubrics/g{number}/", f"g{number}/", f"g{number}/g{number}/", *own):
            page.goto(address + name)
            page.mouse.move(400, 400)
            assert page.evaluate("ran") == []
            assert page.evaluate("refused") == [], name
    assert [url for url in asked if not url.startswith((address, "data:"))] == []


@pytest.mark.browser
def test_search_results_do_not_come_alive(address: str, page: Page) -> None:
    page.add_init_script(VIOLATIONS)
    page.goto(address)
    for word in ("evil", "script", "onerror"):
        page.keyboard.press("/")
        page.locator("dialog[open] input[name=q]").fill(word)
        result = page.locator("dialog .lk-search__list")
        result.locator("mark", has_text=re.compile(word, re.IGNORECASE)).first.wait_for()
        assert (
            result.locator("script, img, iframe, svg[onload], [onclick], [onerror], [href^='javascript']").count() == 0
        )
        page.keyboard.press("Escape")
        page.locator("dialog[open]").wait_for(state="detached")
    assert page.evaluate("ran") == []
    assert page.evaluate("refused") == []


@pytest.mark.browser
@pytest.mark.parametrize("way", ["http", "file"])
def test_the_policy_lets_no_injected_script_run(tmp_path: Path, site: Path, browser: Browser, way: str) -> None:
    """Even if something got into a page: here it is put there by hand."""
    folder = tmp_path / "site"
    shutil.copytree(site, folder)
    path = folder / "about/index.html"
    text = path.read_text(encoding="utf-8")
    inside = (
        "<script>evil()</script><img src=x onerror=evil()><svg onload=evil()></svg>"
        "<script src='data:text/javascript,evil()'></script><iframe srcdoc='<script>parent.evil()</script>'></iframe>"
        "<a id=go href='javascript:evil()'>x</a><base href='https://evil.example.net/'>"
        "<style>#go { color: rgb(1, 2, 3) }</style>"
    )

    def run(content: str) -> Page:
        path.write_text(content, encoding="utf-8")
        context = browser.new_context()
        context.add_init_script("window.ran = []; window.evil = () => window.ran.push(1)")
        page = context.new_page()
        page.route("**/evil.example.net/**", lambda route: route.abort())
        page.goto(start)
        page.evaluate("document.getElementById('go').click()")
        return page

    with served(folder) as top:
        start = path.as_uri() if way == "file" else f"{top}about/"
        with_policy = text.replace("</article>", f"{inside}</article>", 1)
        page = run(with_policy)
        page.wait_for_timeout(300)
        assert page.evaluate("ran") == []
        assert page.evaluate("getComputedStyle(document.getElementById('go')).color") != "rgb(1, 2, 3)"
        assert page.evaluate("document.baseURI").startswith(start.split("/about/")[0])
        # The theme's own scripts do run.
        assert page.evaluate("typeof __md_get") == "function"
        # And without the policy these would: the test can fail.
        page = run(re.sub(r"<meta http-equiv[^>]*>", "", with_policy))
        page.wait_for_function("ran.length >= 4")


@pytest.mark.browser
@pytest.mark.parametrize("way", ["http", "file"])
def test_the_theme_works_under_the_policy(site: Path, browser: Browser, way: str) -> None:
    """Colours are kept, bars are drawn, menus open; nothing is refused on any sort of page."""
    with served(site) as host:
        top = f"{site.as_uri()}/" if way == "file" else host
        with browser.new_context(color_scheme="dark") as context:
            page = context.new_page()
            page.add_init_script(VIOLATIONS)
            for name in ("", "dip-ict/moi-moral-2569/", "dip-ict/moi-moral-2569/1/", "rubrics/oae-unit-2567/"):
                page.goto(f"{top}{name}index.html")
                page.wait_for_load_state()
                assert page.evaluate("refused") == [], name
            page.goto(f"{top}dip-ict/moi-moral-2569/index.html")
            assert page.locator(".lk-bar i").first.bounding_box()["width"] > 20  # type: ignore[index]
            before = page.evaluate("document.body.dataset.mdColorScheme")
            if way == "http":
                page.locator("label[for=__palette_1]:visible, label[for=__palette_2]:visible").first.click()
                after = page.evaluate("[document.body.dataset.mdColorScheme, localStorage.length]")
                assert after[1] == 1
                page.reload()
                assert page.evaluate("document.body.dataset.mdColorScheme") == after[0]
                page.locator(".lk-find").press("Enter")
                page.locator("dialog input[name=q]").wait_for()
            assert before in ("default", "slate")
            assert page.evaluate("refused") == []


# The policy itself -----------------------------------------------------------------------------------------------


@functools.cache
def policy(head: str) -> dict[str, str]:
    (meta,) = (one for one in tree(head).iter("meta") if one.get("http-equiv") == "Content-Security-Policy")
    return {part.split()[0]: " ".join(part.split()[1:]) for part in str(meta.get("content")).split(";")}


def test_every_page_has_the_policy_before_anything_else(site: Path) -> None:
    for path in pages(site):
        head, _, rest = path.read_text(encoding="utf-8").partition("</head>")
        before, found_, after = head.partition("http-equiv")
        assert found_
        assert "http-equiv" not in after + rest
        found = policy(before + found_ + after.partition(">")[0] + ">")
        assert found["default-src"] == found["object-src"] == found["base-uri"] == found["form-action"] == "'none'"
        assert found["script-src"] == found["style-src-elem"] == "'self'"
        assert not re.search(r"unsafe-eval|\*|https?:", " ".join(found.values()))
        assert head.index("Content-Security-Policy") < min(head.index(tag) for tag in ("<script", "<link", "<title"))


def test_the_themes_scripts_still_say_what_ours_say() -> None:
    """They stand in files of ours for the policy's sake: a newer theme may want something else."""
    theme = Path(str(resources.files("material"))) / "templates/partials/javascripts"
    own = ROOT / "site_templates/theme/partials/javascripts"
    assert {path.name for path in own.iterdir()} <= {path.name for path in theme.iterdir()}
    base = (theme / "base.html").read_text(encoding="utf-8")
    ours = (ROOT / "site_templates/assets/scope.js").read_text(encoding="utf-8")
    assert set(re.findall(r"__md_\w+", base)) == set(re.findall(r"__md_[a-z]+", ours))
    palette = (theme / "palette.html").read_text(encoding="utf-8")
    ours = (ROOT / "site_templates/assets/palette.js").read_text(encoding="utf-8")
    for word in (
        "__md_get",
        "__palette",
        "(prefers-color-scheme)",
        "media",
        "scheme",
        "primary",
        "accent",
        "data-md-color-",
    ):
        assert word in palette
        assert word in ours
    content = (theme / "content.html").read_text(encoding="utf-8")
    assert re.findall(r"__md_\w+|__\w+_", content) == ["__md_get", "__tabs", "__tabbed_"] or "__tabbed_" in content
