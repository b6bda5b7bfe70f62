"""The text layer of PDF files, read in a process of its own: run as a script, it answers one path a line.

A hostile file may crash a PDF library, keep it busy for ever or fill the memory. Here it takes down only this process,
and `Reader`, the other end of the pipe, starts another one.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

SECONDS = 5.0
"""How long one file may take before it counts as damaged."""
MEMORY = 300 * 2**20
"""Address space of the process, where the system keeps such a limit; a usual file takes a tenth of it."""
PAGES = 2_000
CHARACTERS = 4_000_000
"""What is read of one file at most."""

Trouble = Literal["", "damaged", "encrypted", "partly"]


class Pages(NamedTuple):
    """The text of each page, the document's properties, and what went wrong (`partly`: too long to be read whole)."""

    texts: tuple[str, ...] = ()
    properties: str = ""
    trouble: Trouble = ""


class Reader:
    """Reads PDF files one after the other. Never raises for a file, whatever is in it."""

    script = __file__
    """What the process runs."""

    def __init__(self, *, seconds: float = SECONDS) -> None:
        self.seconds = seconds
        self._process: subprocess.Popen[str] | None = None
        self._owner = os.getpid()
        self._lock = threading.Lock()

    def read(self, path: Path) -> Pages:
        with self._lock:
            line = self._ask(json.dumps(str(path.absolute())))
        try:
            texts, properties, trouble = json.loads(line)
        except ValueError:
            return Pages(trouble="damaged")
        return Pages(tuple(texts), properties, trouble)

    def _ask(self, question: str) -> str:
        if self._process is None or self._owner != os.getpid():
            # -P: the modules beside this file must not hide those of the standard library.
            self._process = subprocess.Popen(
                [sys.executable, "-P", self.script],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                encoding="ascii",
            )
            self._owner = os.getpid()
            atexit.register(self.close)
        process = self._process
        timer = threading.Timer(self.seconds, process.kill)
        timer.start()
        try:
            assert process.stdin
            assert process.stdout
            process.stdin.write(f"{question}\n")
            process.stdin.flush()
            answer = process.stdout.readline()
        except OSError:
            answer = ""
        finally:
            timer.cancel()
        if not answer.endswith("\n"):
            self.close()
        return answer

    def close(self) -> None:
        """End the process, if this one started it."""
        process, self._process = self._process, None
        atexit.unregister(self.close)
        if process is None or self._owner != os.getpid():
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                assert pipe
                pipe.close()
        process.wait()


# The process itself ----------------------------------------------------------------------------------------------


def _read(path: str) -> Pages:
    import pypdfium2  # type: ignore[import-untyped]  # noqa: PLC0415 (only the process itself needs it)

    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as problem:
        return Pages(trouble="encrypted" if "password" in str(problem).lower() else "damaged")
    try:
        texts = []
        left = CHARACTERS
        trouble: Trouble = "partly" if len(document) > PAGES else ""
        for number in range(min(len(document), PAGES)):
            page = document[number]
            text = "\n".join([page.get_textpage().get_text_range(), *_annotations(page)])
            texts.append(text[:left])
            left -= len(text)
            if left < 0:
                trouble = "partly"
                break
        properties = "\n".join(str(value)[:1000] for value in document.get_metadata_dict().values() if value)
        return Pages(tuple(texts), properties, trouble or ("" if texts else "damaged"))
    finally:
        document.close()


def _annotations(page: Any) -> Iterator[str]:
    """What was filled into form fields, and notes: neither is part of a page's own text."""
    from pypdfium2 import raw  # noqa: PLC0415

    for number in range(min(raw.FPDFPage_GetAnnotCount(page), 1000)):
        annotation = raw.FPDFPage_GetAnnot(page, number)
        if not annotation:
            continue
        for key in (b"V", b"Contents"):
            size = min(raw.FPDFAnnot_GetStringValue(annotation, key, None, 0), 20_000)
            if size > 2:
                buffer = (raw.FPDF_WCHAR * (size // 2))()
                raw.FPDFAnnot_GetStringValue(annotation, key, buffer, size)
                yield bytes(buffer).decode("utf-16-le", errors="replace").rstrip("\0")
        raw.FPDFPage_CloseAnnot(annotation)


def _serve() -> None:
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource  # noqa: PLC0415 (not on Windows)

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for line in sys.stdin:
        try:
            pages = _read(json.loads(line))
        except Exception:  # noqa: BLE001, RUF100 (whatever a library makes of a hostile file)
            pages = Pages(trouble="damaged")
        print(json.dumps(pages), flush=True)


if __name__ == "__main__":
    _serve()
