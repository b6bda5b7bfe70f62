"""Fuzzing led by coverage, outside of `make test`: see README.md beside this file."""

from __future__ import annotations

import contextlib
import importlib
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

Target = Callable[[bytes], None]
CORPUS = Path(__file__).parents[1] / "corpus"


def targets(root: Path) -> Mapping[str, Target]:
    """What is tried, by name. *root* is a project of which one file is replaced."""
    # Imported here: atheris watches imports.
    from lakthan import load, messages, strictyaml, thai  # noqa: PLC0415
    from lakthan.pages.account import account  # noqa: PLC0415
    from tests.trees import body  # noqa: PLC0415

    def file(name: str) -> Target:
        def read(data: bytes) -> None:
            (root / name).write_bytes(data)
            for one in load.load(root).problems:
                for language in messages.LANGUAGES:
                    one.message(language).encode()
                    one.help(language).encode()

        return read

    def yaml(data: bytes) -> None:
        text = data.decode("utf-8", "replace")
        for read in (strictyaml.load, strictyaml.split_front_matter):
            with contextlib.suppress(strictyaml.YamlProblem):
                read(text)

    def accounts(data: bytes) -> None:
        text = data.decode("utf-8", "ignore")
        if len(text) <= load.MAX_BODY and load.steps(text) <= load.MAX_STEPS:
            for element in body(account(text, "../", "x")).iter():
                assert element.tag not in ("script", "style", "iframe", "svg", "math", "form", "base", "meta", "link")
                for attribute, value in element.attrib.items():
                    assert not str(attribute).startswith("on")
                    assert attribute != "href" or value.startswith(("http://", "https://", "mailto:", "../"))

    def numbers(data: bytes) -> None:
        text = data.decode("utf-8", "ignore")
        for parse in (thai.parse_number, thai.parse_date):
            with contextlib.suppress(thai.Unreadable):
                parse(text)
        thai.sort_key(text)

    return {
        "yaml": yaml,
        "answer": file("content/office/demo/1.md"),
        "unit": file("content/office/unit.yml"),
        "rubric": file("rubrics/demo.yml"),
        "account": accounts,
        "numbers": numbers,
    }


def seeds(folder: Path) -> None:
    """The corpus as files of its own."""
    from tests.test_corpus import WRITTEN  # noqa: PLC0415
    from tests.test_page_safety import TEXTS  # noqa: PLC0415

    for number, text in enumerate((*(case.text for case in WRITTEN), *TEXTS)):
        (folder / f"{number}").write_text(text, encoding="utf-8")
    for path in (CORPUS / "base").rglob("*.*"):
        if path.is_file():
            shutil.copy(path, folder / f"base-{path.name}")


def main() -> None:
    atheris: Any = importlib.import_module("atheris")
    name, *options = sys.argv[1:]
    with tempfile.TemporaryDirectory() as made:
        root, start = Path(made, "project"), Path(made, "seeds")
        shutil.copytree(CORPUS / "base", root)
        start.mkdir()
        # Before anything else imports them: only what is imported here is watched.
        with atheris.instrument_imports(include=["lakthan", "markdown"]):
            target = targets(root)[name]
        seeds(start)
        atheris.Setup(
            [sys.argv[0], *options, *([] if options and Path(options[-1]).is_file() else [str(start)])], target
        )
        atheris.Fuzz()


if __name__ == "__main__":
    main()
