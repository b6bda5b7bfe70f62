"""What MkDocs needs to make a site of docs/ that looks like the sites of Lakthan, and is searched like them.

The theme of site_templates/ takes menus, languages and titles from the front matter of each page; here they follow from
the navigation in mkdocs.yml. Its search reads an index, which is written here from the pages.
"""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mkdocs.structure.files import File
from mkdocs.structure.nav import Section
from mkdocs.utils import get_relative_url

from lakthan import messages, search
from lakthan.messages import Language
from lakthan.model import Message
from lakthan.pages.search import WORDS

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.nav import Navigation
    from mkdocs.structure.pages import Page

HERE = Path(__file__).parent
ROOT = HERE.parent
TEMPLATES = ROOT / "site_templates"
ASSETS = ("*.css", "favicon.svg", "lakthan.js", "palette.js", "scope.js", "search.js", "fonts/*")
FIND = {"en": "search.md", "th": "th/search.md"}
"""The page of the search, in each language."""
NAMES: dict[Language, str] = {"en": "English", "th": "ไทย"}

_entries: dict[Language, list[search.Entry]] = {"en": [], "th": []}


def language(path: str) -> Language:
    """Pages in Thai stand below th/, at the same path as the English ones."""
    return "th" if path.startswith("th/") else "en"


def counterpart(path: str) -> str:
    """The path of a page in the other language, if there is one."""
    return path.removeprefix("th/") if language(path) == "th" else f"th/{path}"


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    config.theme.dirs.insert(1, str(TEMPLATES / "theme"))
    for found in _entries.values():
        found.clear()
    return config


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    for pattern in ASSETS:
        for path in sorted((TEMPLATES / "assets").glob(pattern)):
            name = path.relative_to(TEMPLATES).as_posix()
            files.append(File(name, str(TEMPLATES), config.site_dir, config.use_directory_urls))
    for path in sorted((ROOT / "schemas").glob("*.json")):  # the reference links to them
        files.append(File(f"schemas/{path.name}", str(ROOT), config.site_dir, config.use_directory_urls))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """In the repository, schemas/ stands beside docs/; on the site, within it."""
    return re.sub(r"\]\((?:\.\./)+schemas/", lambda found: found[0].replace("../", "", 1), markdown)


def on_page_content(html: str, *, page: Page, **_: Any) -> str:
    # Wide tables scroll by themselves, and by keyboard too; lakthan.js takes the stop away where there is no need.
    label = messages.say(Message("pages.table.scroll", {}), language(page.file.src_uri))
    numbers = itertools.count(1)

    def before(_: re.Match[str]) -> str:
        name = f"{label} ({next(numbers)})"
        return f'<div class="lk-scroll" role="region" tabindex="0" aria-label="{name}"><table class="lk-table"'

    before_english, english, _rest = html.partition('<h2 id="english"')
    if english and page.file.src_uri.startswith("diagnostics/"):  # such a page says all of it in Thai first
        head, end, thai = before_english.partition("</h1>")
        html = f'{head}{end}<div lang="th">{thai}</div>{english}{_rest}'
    return (
        re.sub("<table(?=>)", before, html)
        .replace("<th></th>", "<td></td>")  # the corner of a table heads nothing
        .replace("</table>", "</table></div>")
        .replace("<img ", '<img loading="lazy" ')
    )


def on_page_context(context: dict[str, Any], *, page: Page, config: MkDocsConfig, nav: Navigation) -> dict[str, Any]:
    of = language(page.file.src_uri)
    home = next(item for item in nav.items if isinstance(item, Section) and item.title == NAMES[of])
    tabs = [item for item in home.children if isinstance(item, Section)]
    own = next((tab for tab in tabs if any(child is page for child in tab.children)), None)
    if own is None and page.file.src_uri.startswith("diagnostics/"):
        own = tabs[-1]

    def to(url: str) -> str:
        return get_relative_url(url, page.url)

    meta = page.meta
    meta["lang"] = of
    meta["site"] = config.site_name
    meta["title"] = page.title
    meta["tabs"] = [
        {"title": tab.title, "url": to(_pages(tab)[0].url), **({"active": "true"} if tab is own else {})}
        for tab in tabs
    ]
    meta["menu"] = [
        {
            "title": tab.title,
            "items": [
                {"title": one.title, "url": to(one.url), **({"active": "page"} if one is page else {})}
                for one in _pages(tab)
            ],
        }
        for tab in ([own] if own else tabs)
    ]
    by_path = {one.file.src_uri: one for one in nav.pages}
    other = by_path.get(counterpart(page.file.src_uri))
    if other is not None:
        pair = sorted([(of, page), (language(other.file.src_uri), other)], reverse=True)  # Thai first
        meta["languages"] = [
            {
                "lang": lang,
                "name": messages.say(Message("pages.language.name", {}), lang),
                "url": to(one.url),
                "path": one.url,
            }
            for lang, one in pair
        ]
    found = f"{'th/' if of == 'th' else ''}search/"
    meta["search"] = to(found)
    if page.file.src_uri not in FIND.values():
        _entries[of].append(_entry(page, own.title if own else ""))
    return context


def _pages(section: Section) -> list[Page]:
    return [child for child in section.children if child.is_page]  # type: ignore[misc]


def _entry(page: Page, about: str) -> search.Entry:
    content = re.sub(r'<a class="headerlink".*?</a>', "", page.content or "")
    passages = search.passages(re.sub(r"<h1.*?</h1>", "", content, flags=re.DOTALL))
    return search.Entry(page.url, str(page.title), "page", page.file.src_uri, "", "", about, passages)


def on_post_build(*, config: MkDocsConfig) -> None:
    for of, entries in _entries.items():
        facts = {
            "digits": "ascii",
            "words": {
                name: messages.say(Message(f"pages.search.{name}", {"n": "{n}"} if "found" in name else {}), of)
                for name in WORDS
            },
            "filters": {"unit": [], "rubric": [], "kind": [("page", config.extra["sort_of_page"][of])]},
        }
        for name, content in search.files((entry.waiting() for entry in entries), f"search/{of}", facts):
            path = Path(config.site_dir, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
