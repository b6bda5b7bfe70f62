"""What the fewest lines of Python would take for the same pages: Python-Markdown, one Jinja template, and files.

    python benchmarks/floor.py DOCS OUT [PROCESSES]

No navigation, no search, no scores, no checks: below this no generator in Python gets without leaving Markdown out.
"""

from __future__ import annotations

import json
import multiprocessing
import sys
from pathlib import Path
from typing import Any

import jinja2
import markdown

PAGE = """<!doctype html>
<html lang="{{ meta.lang }}">
<head>
<meta charset="utf-8">
<title>{{ meta.title|e }} - {{ meta.site|e }}</title>
<meta name="description" content="{{ meta.description|e }}">
<link rel="stylesheet" href="assets/lakthan.css">
</head>
<body>
<header><nav>{% for tab in meta.tabs %}<a href="{{ tab.url }}">{{ tab.title }}</a> {% endfor %}</nav></header>
<aside>{% for group in meta.menu or () %}<h2>{{ group.title }}</h2>
<ul>{% for item in group['items'] %}<li><a href="{{ item.url }}">{{ item.title }}</a></li>{% endfor %}</ul>
{% endfor %}</aside>
<main>{{ content }}</main>
</body>
</html>
"""


def build(docs: Path, out: Path, names: list[str]) -> None:
    template = jinja2.Environment(autoescape=False).from_string(PAGE)  # noqa: S701 (measured, never published)
    converter = markdown.Markdown(extensions=["attr_list", "toc"])
    for name in names:
        head, _, body = (docs / name).read_text(encoding="utf-8").removeprefix("---\n").partition("\n---\n")
        lines = (line.partition(": ") for line in head.split("\n"))
        meta: dict[str, Any] = {key: json.loads(value) for key, _, value in lines}
        converter.reset()
        page = template.render(meta=meta, content=converter.convert(body))
        path = out / name.removesuffix(".md") / "index.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page, encoding="utf-8")


def main() -> None:
    docs, out, *rest = sys.argv[1:]
    processes = int(rest[0]) if rest else 1
    names = sorted(path.relative_to(docs).as_posix() for path in Path(docs).rglob("*.md"))
    shares = [names[i::processes] for i in range(processes)]
    if processes == 1:
        build(Path(docs), Path(out), names)
        return
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        pool.starmap(build, [(Path(docs), Path(out), share) for share in shares])


if __name__ == "__main__":
    main()
