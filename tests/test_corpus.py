"""The corpus of hostile and damaged files: what is said of each, and where; and that nothing worse comes of any.

Each case is the project in `corpus/base/` with one file changed. What text can hold stands in `corpus/*.yml`:

    file        which file of the project is changed
    around      what stands around the text of each case, at `{}`; without it the text is the whole file
    quoted      the text is a value, and is put into quotes
    expect      what is reported where a case says nothing else: `code line`
    cases       the texts, or maps of `text`, `expect` and `why`

The rest is made in `MADE`. Whatever a case holds, it is read in a second, and pages are built or not, but never half.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

import pytest
import yaml

from lakthan import build, load, messages
from tests.conftest import Sandbox
from tests.patience import ends
from tests.trees import tree

CORPUS = Path(__file__).parent / "corpus"
ANSWER = "content/office/demo/1.md"
FILES = "content/office/demo/files"


class Case(NamedTuple):
    name: str
    file: str
    text: str
    expect: tuple[str, ...]
    value: str
    """The value alone, where the text is put together around one."""


def written() -> Iterator[Case]:
    for path in sorted(CORPUS.glob("*.yml")):
        # Nothing but texts: the corpus itself holds what our own reader refuses.
        theme: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
        around, file = theme.get("around", "{}"), theme["file"]
        assert set(theme) <= {"file", "around", "quoted", "expect", "cases"}, path
        for number, one in enumerate(theme["cases"], 1):
            case = one if isinstance(one, dict) else {"text": one}
            assert set(case) <= {"text", "expect", "why"}, case
            text = json.dumps(case["text"], ensure_ascii=False) if "quoted" in theme else case["text"]
            expect = tuple(case["expect"] if "expect" in case else theme["expect"])
            yield Case(f"{path.stem}-{number}", file, around.replace("{}", text, 1), expect, case["text"])


WRITTEN = tuple(written())


@pytest.fixture
def project(tmp_path: Path) -> Sandbox:
    shutil.copytree(CORPUS / "base", tmp_path / "project")
    return Sandbox(tmp_path / "project")


def found(project: Sandbox, file: str) -> list[str]:
    """What is reported, as the corpus writes it; the file is named where it is another one than that of the case."""
    problems = ends(lambda: load.load(project.root)).problems
    for one in problems:
        for language in messages.LANGUAGES:
            assert one.message(language)
            assert one.help(language) is not None
    return sorted(
        f"{one.code} {one.place.line}" if one.place.file == file else f"{one.code} {one.place}" for one in problems
    )


def builds(project: Sandbox) -> None:
    """All that is made comes to an end, whatever is wrong. A form of thousands of records takes seconds."""
    ends(lambda: build.generate(project.root, build.examine(project.root)), 12)


def test_the_project_itself_has_no_problem(project: Sandbox) -> None:
    assert found(project, "") == []
    builds(project)


def test_the_corpus_is_large() -> None:
    assert len(WRITTEN) + len(MADE) >= 300
    assert len({case.name for case in WRITTEN}) == len(WRITTEN)
    texts = [(case.file, case.text) for case in WRITTEN]
    assert [text for text in texts if texts.count(text) > 1] == []


@pytest.mark.parametrize("case", WRITTEN, ids=lambda case: case.name)
def test_what_is_said_of_a_file(case: Case, project: Sandbox) -> None:
    project.write(case.file, "")  # its folder too
    project.path(case.file).write_bytes(case.text.encode())
    published = ""
    if case.name.startswith("file-names") and not case.expect:
        published = case.value
        project.write(f"content/office/demo/{published}", "แผนงาน\n")
    assert found(project, case.file) == sorted(case.expect)
    if ends(lambda: build.examine(project.root)).errors:
        project.run("build", "--pages-only", status=1)
        assert not project.docs.exists()
    else:
        builds(project)
    if published:
        assert (project.docs / "office/demo" / published).read_text(encoding="utf-8") == "แผนงาน\n"
        page = tree((project.docs / "office/demo/1.md").read_text(encoding="utf-8"))
        (address,) = (link.get("href", "") for link in page.iter("a") if link.get("class") == "lk-file")
        assert address.isascii()
        assert not set(address) & set("\"'<>\\ ")
        parts = urlsplit(address)
        assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("", "", "", "")
        assert (project.docs / "office/demo/1" / unquote(parts.path)).resolve().is_file()


# What text cannot hold -------------------------------------------------------------------------------------------

FRONT = "---\nevidence:\n- kind: plan\n  title: {}\n  file: files/plan.txt\n---\n"


def is_(data: bytes | str, file: str = ANSWER) -> Callable[[Sandbox], None]:
    """The file holds *data*."""
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data

    def make(project: Sandbox) -> None:
        project.path(file).parent.mkdir(parents=True, exist_ok=True)
        project.path(file).write_bytes(raw)

    return make


def link(name: str, target: str, *, folder: bool = False) -> Callable[[Sandbox], None]:
    """*name* is a symbolic link."""

    def make(project: Sandbox) -> None:
        path = project.path(name)
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target.format(root=project.root), target_is_directory=folder)

    return make


def named(name: bytes) -> Callable[[Sandbox], None]:
    """There is a file of that name, in bytes."""

    def make(project: Sandbox) -> None:
        path = os.path.join(os.fsencode(project.root), name)  # noqa: PTH118 (a path of bytes)
        os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120
        with open(path, "wb") as file:  # noqa: PTH123
            file.write(b"---\n---\n")

    return make


def folder(name: str, unit: str = "name: {th: ข, en: B}\n") -> Callable[[Sandbox], None]:
    """There is another unit."""
    return is_(unit, f"content/{name}/unit.yml")


def also(*steps: Callable[[Sandbox], None]) -> Callable[[Sandbox], None]:
    def make(project: Sandbox) -> None:
        for step in steps:
            step(project)

    return make


def rubric(lines: str) -> Callable[[Sandbox], None]:
    """More stands in the rubric, before its `award`."""

    def make(project: Sandbox) -> None:
        project.replace("rubrics/demo.yml", "award: sum\nindicators:", f"{lines}award: sum\nindicators:")

    return make


def fifo(name: str) -> Callable[[Sandbox], None]:
    def make(project: Sandbox) -> None:
        project.path(name).unlink(missing_ok=True)
        os.mkfifo(project.path(name))

    return make


def diamond(steps: int) -> str:
    """Sets that each draw on the two of the next step: the last ones are counted 2 ** steps times."""
    lines = "".join(f"  {side}{i}: {{title: ก, from: [a{i + 1}, b{i + 1}]}}\n" for i in range(steps) for side in "ab")
    return f"sets:\n{lines}  a{steps}: {{title: ก, from: plan}}\n  b{steps}: {{title: ก, from: plan}}\n"


def chain(steps: int) -> str:
    lines = "".join(f"  s{i}: {{title: ก, from: s{i + 1}}}\n" for i in range(steps))
    return f"sets:\n{lines}  s{steps}: {{title: ก, from: plan}}\n"


MB = 1_000_000
THAI = FRONT.format("แผนงาน")
HEAVY = {
    "much text": THAI + "x" * 50 * MB,
    "a long value": FRONT.format("x" * 900_000),
    "many values": "---\nself_score: [" + "1," * 49_000 + "]\n---\n",
    "many keys": "---\n" + "".join(f"k{i}: 1\n" for i in range(24_000)) + "---\n",
    "many levels": "---\na: " + "[" * 900_000 + "\n---\n",
}
"""Files that would need much memory, if one let them."""

MADE: dict[str, tuple[Callable[[Sandbox], object], list[str]]] = {
    # Encodings
    "a byte-order mark": (is_("\ufeff" + THAI), []),
    "two byte-order marks": (is_("\ufeff\ufeff" + THAI), []),
    "a byte-order mark in a rubric": (lambda p: p.write("rubrics/demo.yml", "\ufeff" + p.read("rubrics/demo.yml")), []),
    "a byte-order mark in the middle": (is_(FRONT.format("แผน\ufeffงาน")), ["yaml-control-character 4"]),
    "the lines of Windows": (is_(THAI.replace("\n", "\r\n")), []),
    "the lines of old Macs": (is_(THAI.replace("\n", "\r")), []),
    "the lines of Windows, and a mistake": (is_(FRONT.format("&x a").replace("\n", "\r\n")), ["yaml-anchor 4"]),
    "Windows-874": (is_(THAI.encode("cp874")), ["not-utf8 4"]),
    "TIS-620": (is_(THAI.encode("tis-620")), ["not-utf8 4"]),
    "Latin-1": (is_(FRONT.format("café").encode("latin-1")), ["not-utf8 4"]),
    "UTF-16": (is_(THAI.encode("utf-16")), ["not-utf8 1"]),
    "UTF-16, no mark": (is_("---\nstaff: 1\n---\n".encode("utf-16-le")), ["front-matter-missing 1"]),
    "UTF-16, big end first": (is_(b"\xfe\xff" + THAI.encode("utf-16-be")), ["not-utf8 1"]),
    "UTF-32": (is_(THAI.encode("utf-32")), ["not-utf8 1"]),
    "UTF-7": (is_("---\n+AC0-: 1\n---\n"), ["unknown-key 2"]),
    "half a character at the end": (is_(THAI.encode() + "ก".encode()[:2]), ["not-utf8 7"]),
    "half a character in the middle": (
        is_(FRONT.format("\0\1").encode().replace(b"\0\1", b"\xe0\xb8")),
        ["not-utf8 4"],
    ),
    "a stray byte": (is_(b"---\nstaff: 1\n---\n\n\xff\n"), ["not-utf8 5"]),
    "a letter in too many bytes": (is_(b"---\nstaff: \xc0\xb1\n---\n"), ["not-utf8 2"]),
    "half of a pair, as UTF-8": (is_(FRONT.format("\ud800")), ["not-utf8 4"]),
    "a character beyond Unicode": (is_(b"---\nstaff: \xf4\x90\x80\x80\n---\n"), ["not-utf8 2"]),
    "NUL in the front matter": (is_(FRONT.format("a\0b")), ["yaml-control-character 4"]),
    "NUL before it": (is_("\0" + THAI), ["front-matter-missing 1"]),
    "nothing but NUL": (is_(b"\0" * 4096), ["front-matter-missing 1"]),
    "NUL in a rubric": (is_("lakthan: 1\n\0", "rubrics/demo.yml"), ["yaml-control-character rubrics/demo.yml:2"]),
    "an escape sequence": (is_(FRONT.format("\x1b]0;x\x07")), ["yaml-control-character 4"]),
    "text turned round": (is_(FRONT.format("a\u202eb")), ["yaml-control-character 4"]),
    "a zero-width space": (is_(FRONT.format("แผน\u200bงาน")), ["yaml-control-character 4"]),
    "a line separator": (is_(FRONT.format("a\u2028b: &x")), ["yaml-control-character 4"]),
    "next line": (is_(FRONT.format("a\x85b: &x")), ["yaml-control-character 4"]),
    "tags": (is_(FRONT.format("a\U000e0041")), ["yaml-control-character 4"]),
    "a form feed": (is_(FRONT.format("a\x0cb")), ["yaml-control-character 4"]),
    "a picture": (is_(b"\x89PNG\r\n\x1a\n" + bytes(range(256))), ["not-utf8 1"]),
    "a ZIP": (is_(b"PK\x03\x04" + bytes(100)), ["front-matter-missing 1"]),
    "an empty unit": (is_("", "content/office/unit.yml"), ["not-a-mapping content/office/unit.yml:1"]),
    # Size and depth
    "a scalar of 10 MB": (is_(FRONT.format("x" * 10 * MB)), ["file-too-large 1"]),
    "a scalar of 3 MB": (is_(FRONT.format("x" * 3 * MB)), ["yaml-too-large 2"]),
    "a scalar of 900 kB": (is_(FRONT.format("x" * 900_000)), []),
    "a scalar of 900 kB in quotes": (is_(FRONT.format('"' + "\\n" * 450_000 + '"')), []),
    "a key of 900 kB": (is_("---\n? " + "x" * 900_000 + "\n: 1\n---\n"), ["unknown-key 2"]),
    "a comment of 3 MB": (is_(f"---\n# {'x' * 3 * MB}\n---\n"), ["yaml-too-large 2"]),
    "an account of 10 MB": (is_(THAI + "x" * 10 * MB), ["file-too-large 1"]),
    "an account of 2 MB": (is_(THAI + "ก" * MB), ["text-too-heavy 7"]),
    "an account of 60 kB": (is_(THAI + "ก " * 29_999), []),
    "100,000 empty lines": (is_("---\n" + "\n" * 100_000 + "a: 1\n---\n"), ["unknown-key 100002"]),
    "100,000 levels of lists": (is_("---\na: " + "[" * 100_000 + "\n---\n"), ["yaml-too-deep 2"]),
    "100,000 levels of maps": (is_("---\n" + "{a: " * 100_000 + "\n---\n"), ["yaml-too-deep 2"]),
    "100,000 dashes": (is_("---\n" + "- " * 100_000 + "\n---\n"), ["yaml-too-deep 2"]),
    "100,000 questions": (is_("---\n" + "? " * 100_000 + "\n---\n"), ["yaml-key-not-text 2"]),
    "100,000 levels in a rubric": (
        is_("areas: " + "[{areas: " * 100_000, "rubrics/demo.yml"),
        ["yaml-too-deep rubrics/demo.yml:1"],
    ),
    "deep indentation": (is_("---\n" + "".join(" " * i + "a:\n" for i in range(1000)) + "---\n"), ["yaml-too-deep 34"]),
    "60,000 keys": (
        is_("---\n" + "".join(f"k{i}: 1\n" for i in range(60_000)) + "---\n"),
        ["yaml-too-many-values 25001"],
    ),
    "60,000 entries": (is_("---\na: [" + "1," * 60_000 + "]\n---\n"), ["yaml-too-many-values 2"]),
    "4,000 keys a little wrong": (
        is_("---\n" + "".join(f"self_score{i}: 1\n" for i in range(4_000)) + "---\n"),
        sorted(f"unknown-key {i + 2}" for i in range(4_000)),
    ),
    "2,000 missing files": (
        is_(
            "---\nevidence:\n"
            + "".join(f"- {{kind: plan, title: a, file: files/{i}.pdf}}\n" for i in range(2_000))
            + "---\n"
        ),
        sorted(f"missing-file {i + 3}" for i in range(2_000)),
    ),
    "40,000 brackets": (is_(THAI + "[" * 40_000), ["text-too-heavy 7"]),
    "10,000 pictures": (is_(THAI + "![" * 10_000), ["text-too-heavy 7"]),
    "10,000 links that do not end": (is_(THAI + "[a](" * 10_000), ["text-too-heavy 7"]),
    "10,000 tags that do not end": (is_(THAI + "<a \n\n" * 10_000), ["text-too-heavy 7"]),
    "10,000 headings": (is_(THAI + "a\n=\n" * 10_000), ["text-too-heavy 7"]),
    "1,000 levels of quotation": (is_(THAI + ">" * 1_000 + " a"), []),
    "300 levels of lists in an account": (is_(THAI + "".join("    " * i + "- a\n" for i in range(170))), []),
    "1,000 definitions": (is_(THAI + "a\n: b\n" * 1_000), []),
    "sets that double 20 times": (
        rubric(diamond(20)),
        # Six steps come down to 2 + 4 + … + 64 others.
        [f"rubric-tangled rubrics/demo.yml:{line}" for line in range(29, 59)],
    ),
    "sets in a chain of 1,000": (rubric(chain(1_000)), ["rubric-tangled rubrics/demo.yml:28"]),
    "sets in a chain of 50": (rubric(chain(50)), []),
    # Links
    "an attachment that is a link": (
        link(f"{FILES}/plan.txt", "/etc/passwd"),
        [f"symbolic-link {FILES}/plan.txt:1", "file-outside 5"],
    ),
    "an attachment that is a link inside": (
        also(is_("x", f"{FILES}/a.txt"), link(f"{FILES}/plan.txt", "a.txt")),
        ["symbolic-link content/office/demo/files/plan.txt:1"],
    ),
    "an attachment that is a link to nothing": (
        link(f"{FILES}/plan.txt", "nothing"),
        ["symbolic-link content/office/demo/files/plan.txt:1", "missing-file 5"],
    ),
    "an attachment that is a link to itself": (
        link(f"{FILES}/plan.txt", "plan.txt"),
        ["symbolic-link content/office/demo/files/plan.txt:1", "missing-file 5"],
    ),
    "a folder of attachments that is a link": (
        link(FILES, "/etc", folder=True),
        ["symbolic-link content/office/demo/files:1", "missing-file 5"],
    ),
    "an answer that is a link": (
        link("content/office/demo/2.md", "/etc/passwd"),
        ["symbolic-link content/office/demo/2.md:1"],
    ),
    "a unit that is a link": (
        link("content/office/unit.yml", "/etc/passwd"),
        ["symbolic-link content/office/unit.yml:1"],
    ),
    "a site that is a link": (link("content/site.yml", "/etc/passwd"), ["symbolic-link content/site.yml:1"]),
    "a rubric that is a link": (link("rubrics/other.yml", "/etc/passwd"), ["symbolic-link rubrics/other.yml:1"]),
    "a folder that leads to itself": (
        link("content/office/again", ".", folder=True),
        ["symbolic-link content/office/again:1"],
    ),
    "two folders that lead upwards": (
        also(link("content/office/a", "..", folder=True), link("content/office/b", "../../content", folder=True)),
        ["symbolic-link content/office/a:1", "symbolic-link content/office/b:1"],
    ),
    "a unit's folder that is a link": (link("content/other", "/etc", folder=True), ["symbolic-link content/other:1"]),
    # What is neither file nor folder, or not the one that is expected
    "an answer that is a pipe": (fifo("content/office/demo/2.md"), ["unreadable-file content/office/demo/2.md:1"]),
    "an answer that is a folder": (
        also(
            lambda p: p.path("content/office/demo/2.md").unlink(), lambda p: p.path("content/office/demo/2.md").mkdir()
        ),
        [],
    ),
    "a unit file that is a folder": (
        also(lambda p: p.path("content/office/unit.yml").unlink(), lambda p: p.path("content/office/unit.yml").mkdir()),
        ["no-unit-file content/office:1"],
    ),
    "an attachment that is a folder": (
        also(lambda p: p.path(f"{FILES}/plan.txt").unlink(), lambda p: p.path(f"{FILES}/plan.txt").mkdir()),
        ["missing-file 5"],
    ),
    # Names of folders and files
    **{
        f"a unit called {name!r}": (folder(name), [f"wrong-folder-name content/{name}/unit.yml:1"])
        for name in (
            "a b",
            "หน่วยงาน",
            "a'b",
            "a&b",
            "<b>",
            "a?b",
            "index.html",
            "a.",
            "con",
            "NUL",
            "com1",
            "a#b",
            "😀",
            "x" * 65,
            "-a",
            "{{a}}",
            "..a",
        )
        if not name.startswith(".")
    },
    **{
        f"a unit called {name!r}": (folder(name), [f"taken-folder-name content/{name}/unit.yml:1"])
        for name in ("assets", "Search", "404", "templates", "rubrics", "index")
    },
    "a unit with a hidden character in its name": (
        folder("a\u202eb"),
        [
            "wrong-file-name content/a\\u202eb:1",
            "wrong-file-name content/a\\u202eb/unit.yml:1",
            "wrong-folder-name content/a\\u202eb/unit.yml:1",
        ],
    ),
    "an answer whose name is no text": (
        named(b"content/office/demo/\xff.md"),
        ["unknown-indicator content/office/demo/\\xff.md:1", "wrong-file-name content/office/demo/\\xff.md:1"],
    ),
    "an answer with a line end in its name": (
        named(b"content/office/demo/1\n::error::x.md"),
        [
            "unknown-indicator content/office/demo/1\\x0a::error::x.md:1",
            "wrong-file-name content/office/demo/1\\x0a::error::x.md:1",
        ],
    ),
    "an answer with an escape in its name": (
        named(b"content/office/demo/\x1b[31m.md"),
        ["unknown-indicator content/office/demo/\\x1b[31m.md:1", "wrong-file-name content/office/demo/\\x1b[31m.md:1"],
    ),
    "an attachment whose name is no text": (
        named(f"{FILES}/".encode() + b"\xe0\xb8.txt"),
        ["wrong-file-name content/office/demo/files/\\xe0\\xb8.txt:1"],
    ),
    "an answer in capitals": (is_("---\n---\n", "content/office/demo/1.MD"), ["stray-file content/office/demo/1.MD:1"]),
    "an answer in Thai digits": (
        is_("---\n---\n", "content/office/demo/๑.md"),
        ["indicator-twice content/office/demo/๑.md:1"],
    ),
    "a rubric called index": (
        lambda p: p.write("rubrics/index.yml", p.read("rubrics/demo.yml").replace("id: demo", "id: index")),
        ["rubric-id-taken rubrics/index.yml:3"],
    ),
    "a name too long for any file": (is_(THAI.replace("plan.txt", "ก" * 90 + ".txt")), ["wrong-file-name 5"]),
    "a path too long": (is_(THAI.replace("plan.txt", "a/" * 5_000 + "b.txt")), ["missing-file 5"]),
    "hidden files are passed over": (
        also(
            is_(b"\xff", "content/.a/unit.yml"),
            is_(b"\xff", "content/office/demo/.1.md"),
            is_(b"\xff", "rubrics/.x.yml"),
        ),
        [],
    ),
}
"""Why: (what is done to the project, what is reported: `code line` of the answer, or `code file:line`)."""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such names, links and pipes")
@pytest.mark.parametrize("why", MADE)
def test_what_is_said_of_what_text_cannot_hold(why: str, project: Sandbox) -> None:
    make, expect = MADE[why]
    make(project)
    assert found(project, ANSWER) == sorted(expect)
    builds(project)
