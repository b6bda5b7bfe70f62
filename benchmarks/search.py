"""What a visitor downloads for a query, and how long the index takes, at 1,000 and at 10,000 pages.

    python benchmarks/search.py [PAGES …]

The pages are those of the sample's portfolios, over and over, each for another unit: what the rubric says stays, what
the unit says (names, accounts, numbers of letters, dates) is put together anew, from a seed. The index is searched in
Chromium by the script of the site, and every byte that comes is counted, without compression by the server.
"""

from __future__ import annotations

import functools
import http.server
import random
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "generator"))

from lakthan import build, pages, search, thai  # noqa: E402

QUERIES = (
    "คุณธรรม", "จริยธรรม", "เจตนารมณ์", "ประกาศเจตนารมณ์ร่วมกันขับเคลื่อนองค์กรคุณธรรม", "งบประมาณ", "ข้อเสนอแนะ",
    "ผลสำเร็จ ภายนอก", "หน่วยงานที่ 7", "ไลน์กลุ่ม", "อก ๐๔๑๐/๕๕๘", "22 ม.ค. 2569", "มกราคม 2569", "2569", "3",
    "DIProm", "flow chart", "การ", "ปี", "ร้อยละ 80", "ไม่มีคำนี้เลยในเว็บไซต์",
)  # fmt: skip
LIMIT = 300_000
"""Bytes that a query may cost somebody who has loaded nothing yet."""


def sample() -> list[search.Entry]:
    """The sample's Thai pages."""
    examined = build.examine(ROOT)
    made = pages.pages(examined.project, examined.assessments, templates=build.templates(ROOT))
    return [page.entry for page in made if page.entry and not page.path.startswith("en/")]


def entries(models: Sequence[search.Entry], count: int, seed: int = 1) -> Iterator[search.Entry]:
    """Pages of *count*, made from *models*."""
    models = [model for model in models if model.unit]
    lines = sorted({line for model in models for passage in model.passages for line in passage.text.split("\n")})
    words = sorted({word for line in lines for word in line.split() if len(word) > 3})
    luck = random.Random(seed)  # noqa: S311 (nothing secret)

    def sentence() -> str:
        return " ".join(luck.choices(words, k=luck.randint(5, 14)))

    number = 0
    while True:
        number += 1
        name = f"หน่วยงานที่ {number} {luck.choice(words)}"
        for model in models:
            if count == 0:
                return
            count -= 1
            month = thai.MONTHS[luck.randrange(12)][0]
            dated = f"ที่ อก {luck.randint(1, 9999):04}/{luck.randint(1, 999)} ลว. {luck.randint(1, 28)} {month} 2569"
            own = search.Passage("account", "คำชี้แจงของหน่วยงาน", "\n".join([dated, *(sentence() for _ in range(4))]))
            unit = f"u{number}"
            yield replace(
                model,
                url=f"{unit}/{model.url.partition('/')[2]}",
                unit=unit,
                title=name if model.kind == "unit" else model.title,
                about=f"{name} · {model.about.rpartition(' · ')[2]}",
                passages=(*(p for p in model.passages if p.anchor != "account"), own),
            )


def write(folder: Path, models: Sequence[search.Entry], count: int) -> dict[str, Any]:
    """An index of *count* pages in *folder*, with a page that searches it. Returns its figures."""
    made = list(entries(models, count))
    units = sorted({(entry.unit, entry.about.partition(" · ")[0]) for entry in made})
    kinds = [(kind, kind) for kind in search.KINDS]
    start = time.process_time()
    total = 0
    facts = {"digits": "thai", "filters": {"unit": units, "kind": kinds}}
    for name, content in search.files((entry.waiting() for entry in made), "search/th", facts):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        total += len(content)
    took = time.process_time() - start
    shutil.copy(ROOT / "site_templates/assets/search.js", folder)
    (folder / "index.html").write_text("<!doctype html><meta charset=utf-8><title>x</title>", encoding="utf-8")
    return {"pages": count, "seconds": took, "bytes": total, "files": sum(1 for _ in folder.rglob("*.bin"))}


class Asked(NamedTuple):
    query: str
    found: int
    bytes: int
    requests: int
    seconds: float


ASK = """async query => {
  const start = performance.now();
  const { Index, Search } = await import('./search.js');
  const search = new Search(await Index.open('search/th/'), query, {});
  const shown = await search.next();
  return { found: search.count, shown: shown.length, seconds: (performance.now() - start) / 1000 };
}"""


def ask(browser: Any, folder: Path, queries: Sequence[str]) -> list[Asked]:
    """Each query in a browser that has loaded nothing yet: what came down the line, script and all."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    found = []
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for query in queries:
            with browser.new_context() as context:
                page = context.new_page()
                page.goto(f"http://127.0.0.1:{server.server_port}/")
                came: list[int] = []
                page.on("response", lambda got, came=came: came.append(int(got.headers.get("content-length", 0))))
                told = page.evaluate(ASK, query)
                found.append(Asked(query, told["found"], sum(came), len(came), told["seconds"]))
        server.shutdown()
    return found


def main() -> int:
    """Print the tables. Fails where a query costs more than the limit."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    counts = [int(one) for one in sys.argv[1:]] or [1_000, 10_000]
    chromium = next(
        path
        for name in ("chromium", "chromium-browser", "google-chrome", "chromium-headless-shell")
        if (path := shutil.which(name))
    )
    models, worst = sample(), 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for count in counts:
            with tempfile.TemporaryDirectory() as name:
                made = write(Path(name), models, count)
                figures = f"{made['seconds']:.1f} s of CPU, {made['bytes'] / 1e6:.1f} MB in {made['files']} files"
                print(f"\n{count:,} pages: index in {figures}\n")
                print("| query | pages found | kB | requests | s |\n|---|---|---|---|---|")
                for one in ask(browser, Path(name), QUERIES):
                    worst = max(worst, one.bytes)
                    print(
                        f"| {one.query} | {one.found:,} | {one.bytes / 1000:.0f} | {one.requests} | {one.seconds:.2f} |"
                    )
        browser.close()
    print(f"\nat most {worst / 1000:.0f} kB (limit {LIMIT / 1000:.0f} kB)")
    return worst > LIMIT


if __name__ == "__main__":
    sys.exit(main())
