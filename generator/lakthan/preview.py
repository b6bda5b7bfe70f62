"""Small pictures of attachments: the first page of a PDF, or a picture made small.

They are drawn in a process of their own, as the text of PDFs is read (`pdftext`): a hostile file takes down only that.
Run as a script, this is that process: it answers one path a line.
"""

from __future__ import annotations

import base64
import contextlib
import io
import json
import sys
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

from lakthan import pdftext
from lakthan.cache import Cache

WIDE, HIGH = 480, 480
"""What a picture fits into, in pixels: twice as many as it takes on a page."""
SECONDS = 10.0
MEMORY = 700 * 2**20
"""Address space of the process: a picture of 40 million pixels takes three bytes for each, and is turned upright."""
PLACE = "previews"
"""The folder of a portfolio on the site that they are in."""
KINDS = frozenset({"pdf", "png", "jpg", "jpeg", "gif", "webp"})
"""Extensions of files that can be shown. SVG is not drawn by anything that we carry."""


class Preview(NamedTuple):
    """A picture as WebP, and its size in pixels."""

    content: bytes
    width: int
    height: int


class Painter(pdftext.Reader):
    """Draws one file after the other. Never raises for a file, whatever is in it."""

    script = __file__

    def __init__(self) -> None:
        super().__init__(seconds=SECONDS)

    def paint(self, path: Path) -> bytes:
        """The answer of the process for a file; nothing where it could not be drawn."""
        with self._lock:
            return self._ask(json.dumps(str(path.absolute()))).encode()


painter = Painter()


def preview(path: Path, content: bytes, cache: Cache) -> Preview | None:
    """The picture of an attachment at *path* that goes to the site as *content*; None where there is none to show."""
    if path.suffix.lower().removeprefix(".") not in KINDS:
        return None
    versions = "".join(f"{name} {metadata.version(name)} " for name in ("pillow", "pypdfium2"))
    answer = cache.get("preview", f"{versions}{WIDE}x{HIGH} ".encode() + content, lambda: painter.paint(path))
    try:
        width, height, picture = json.loads(answer)
        return Preview(base64.b64decode(picture), width, height)
    except (TypeError, ValueError):
        return None


# The process itself ----------------------------------------------------------------------------------------------


def _draw(path: str) -> tuple[int, int, str]:
    # Imported here: the other end needs neither, and both take a while.
    from PIL import Image, ImageOps  # noqa: PLC0415

    if path.lower().endswith(".pdf"):
        image = _first_page(path)
    else:
        Image.MAX_IMAGE_PIXELS = 40_000_000
        found = Image.open(path)
        found.draft("RGB", (WIDE, HIGH))  # a JPEG need not be read at its full size
        image = ImageOps.exif_transpose(found)
    flat = Image.new("RGB", image.size, "white")
    image = image.convert("RGBA")
    flat.paste(image, mask=image)
    flat.thumbnail((WIDE, HIGH), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    flat.save(file, "WEBP", quality=75, method=4)
    return flat.width, flat.height, base64.b64encode(file.getvalue()).decode("ascii")


def _first_page(path: str) -> Any:
    import pypdfium2  # type: ignore[import-untyped]  # noqa: PLC0415

    document = pypdfium2.PdfDocument(path)
    try:
        page = document[0]
        width, height = page.get_size()
        return page.render(scale=min(2 * WIDE / width, 2 * HIGH / height), may_draw_forms=False).to_pil()
    finally:
        document.close()


def _serve() -> None:
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource  # noqa: PLC0415 (not on Windows)

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for line in sys.stdin:
        try:
            drawn: object = _draw(json.loads(line))
        except Exception:  # noqa: BLE001, RUF100 (whatever a library makes of a hostile file)
            drawn = None
        print(json.dumps(drawn), flush=True)


if __name__ == "__main__":
    _serve()
