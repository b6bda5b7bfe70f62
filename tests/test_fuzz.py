"""Whatever is written into the files of a project: nothing but diagnostics comes of it, soon, and in little memory.

The same promises are tried for longer, led by what the code does, in `tests/fuzz/`.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import markdown
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lakthan import load, messages, strictyaml, thai
from lakthan.pages.account import account
from lakthan.pages.words import md, one_line, tame, thai_numbers, tidy
from lakthan.strictyaml import YamlProblem
from tests.conftest import Sandbox, environment
from tests.patience import ANY_PACE, ends
from tests.test_corpus import CORPUS, HEAVY
from tests.test_page_safety import ACCOUNTS, TEXTS
from tests.trees import body

QUICK = settings(ANY_PACE, max_examples=150)

PARTS = (
    *"-?:,[]{}#&*!|>'\"%@`~\n\t \\<=.0๑ก่ำ\x00\ufeff\u202e\u2028😀\ud800",
    *(
        "---\n",
        "...\n",
        "- ",
        ": ",
        "? ",
        "<<",
        "|-\n  ",
        ">\n ",
        "!!str ",
        "&a ",
        "*a",
        "\r\n",
        "  ",
        "\\u200b",
        "\\x",
    ),
)
"""Signs that mean something to YAML."""
WORDS = (
    *(
        "null",
        "true",
        "1e9",
        "2569-01-22",
        "๒๒ ม.ค. ๖๙",
        "31/2/2569",
        "9" * 30,
        "-1",
        "1/0",
        "x" * 70,
        "../",
        "https://[::1",
    ),
    *(
        "evidence",
        "kind",
        "plan",
        "title",
        "file",
        "files/plan.txt",
        "url",
        "date",
        "covers",
        "indicators",
        "activities",
    ),
    *(
        "held",
        "success",
        "media",
        "open",
        "sort",
        "channels",
        "self_score",
        "status",
        "personal_data",
        "allow",
        "reason",
    ),
    *(
        "staff",
        "share",
        "name",
        "th",
        "en",
        "digits",
        "email",
        "id",
        "sets",
        "from",
        "when",
        "criteria",
        "points",
        "areas",
    ),
)
"""Words that mean something here, and values of every sort."""
JUMBLE = st.lists(st.sampled_from((*PARTS, *WORDS)), max_size=40).map("".join)
MARKDOWN = (
    *"[]()<>!*_`#|-+=:\\\n\t &;\"'^~1.ก่\x02\x03",
    "](", "![", "\n\n", "    ", "> ", "- ", "1. ", "```\n", "|-|-|\n", "===\n", "<b>", "</b>", "<div>\n", "<!--", "-->",
    "<a href=",
    "<![CDATA[", "<?", "[a]: ", "[a]", "[^a]", "javascript:", "files/", "1.md", "https://a.example/", "&#x", "&lt;",
    "a\n: b\n",
    "<table><tr><td>", "<svg>", "<math>", "<style>", "<textarea>", "wzxhzdk:0", *TEXTS,
)  # fmt: skip
ACCOUNT = st.lists(st.sampled_from(MARKDOWN), max_size=40).map("".join)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**16), 10**16) | st.sampled_from(WORDS),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4),
    max_leaves=12,
)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    root = tmp_path_factory.mktemp("fuzz") / "project"
    shutil.copytree(CORPUS / "base", root)
    return Sandbox(root)


def reads(project: Sandbox, file: str, data: bytes) -> None:
    """The project is read with this file in it, and what is said can be said."""
    path = project.path(file)
    before = path.read_bytes()
    path.write_bytes(data)
    try:
        problems = ends(lambda: load.load(project.root)).problems
    finally:
        path.write_bytes(before)
    for one in problems:
        for language in messages.LANGUAGES:
            one.message(language).encode()
            one.help(language).encode()


# Files -----------------------------------------------------------------------------------------------------------


@QUICK
@given(JUMBLE)
@pytest.mark.parametrize(
    "file", ["content/office/demo/1.md", "content/office/unit.yml", "content/site.yml", "rubrics/demo.yml"]
)
def test_a_jumble_of_signs(project: Sandbox, file: str, text: str) -> None:
    framed = f"---\n{text}\n---\n" if file.endswith(".md") else text
    reads(project, file, framed.encode("utf-8", "surrogatepass"))


@QUICK
@given(st.dictionaries(st.sampled_from(WORDS), VALUES, max_size=6))
@example({"evidence": [{"kind": "plan", "title": None, "file": {}}]})
@example({"personal_data": {"allow": [[], {}], "reason": []}})
@example({"activities": [None, {"held": [[], {}], "media": [{}]}]})
def test_front_matter_of_any_shape(project: Sandbox, value: dict[str, object]) -> None:
    text = json.dumps(value, ensure_ascii=False)
    reads(project, "content/office/demo/1.md", f"---\n{text}\n---\n".encode())


@QUICK
@given(st.binary(max_size=300) | st.binary(max_size=60).map(lambda raw: b"---\n" + raw + b"\n---\n" + raw))
def test_bytes(project: Sandbox, data: bytes) -> None:
    reads(project, "content/office/demo/1.md", data)
    reads(project, "rubrics/demo.yml", data)


RUBRIC = (CORPUS / "base/rubrics/demo.yml").read_text(encoding="utf-8")


@QUICK
@given(st.data())
def test_a_rubric_with_a_piece_replaced(project: Sandbox, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(RUBRIC)))
    end = data.draw(st.integers(start, min(len(RUBRIC), start + 30)))
    other = data.draw(st.sampled_from(PARTS) | st.integers(0, len(RUBRIC) - 40).map(lambda i: RUBRIC[i : i + 40]))
    text = RUBRIC[:start] + other + RUBRIC[end:]
    reads(project, "rubrics/demo.yml", text.encode("utf-8", "surrogatepass"))


@QUICK
@given(JUMBLE, st.integers(0, 3))
def test_front_matter_is_split_or_refused(text: str, line: int) -> None:
    try:
        front = strictyaml.split_front_matter("---\n" * line + text)
    except YamlProblem:
        return
    assert front.front_line == 2
    assert front.body_line == front.front.count("\n") + 3


# Numbers, dates, addresses ---------------------------------------------------------------------------------------

ANYTHING = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | JUMBLE | st.lists(st.integers(), max_size=2)
)


@QUICK
@given(ANYTHING)
@example("9" * 5_000)
@example("1" + " " * 50_000 + "a")
@example("1 " + "พ." * 50_000)
@example("ลว. " * 20_000)
def test_what_is_no_number_or_date_is_called_so(value: object) -> None:
    for parse in (thai.parse_number, thai.parse_date):
        with contextlib.suppress(thai.Unreadable):
            ends(partial(parse, value))
    if isinstance(value, str):
        thai.sort_key(value)


# Pages -----------------------------------------------------------------------------------------------------------


@QUICK
@given(ACCOUNT)
@example("> " * 10_000)
@example("a\n: b\n" * 2_000)
@example("`a" * 20_000)
@example("".join("    " * i + "- a\n" for i in range(170)))
@example("<b>\n\n" * 5_000)
def test_an_account_is_harmless(text: str) -> None:
    text = text.replace("\ud800", "")
    if len(text) > load.MAX_BODY or load.steps(text) > load.MAX_STEPS:
        return  # refused when it is read
    shown = ends(lambda: account(text, "../", "ตาราง"))
    assert "\n" not in shown
    top = body(shown)
    assert top.attrib == {}
    for element in list(top.iter())[1:]:
        assert (element.tag, "") in ACCOUNTS
        for name, value in element.attrib.items():
            assert (element.tag, name) in ACCOUNTS
            if name in ("href", "src"):
                assert value.startswith(("http://", "https://", "mailto:", "../")), value
                assert not value.startswith("../files/..")


@QUICK
@given(st.text(st.characters(codec="utf-8")) | JUMBLE | ACCOUNT)
def test_a_heading_says_what_was_written(text: str) -> None:
    """What means something to Markdown or HTML is only text in a heading, and so it is in the theme's templates."""
    text = text.replace("\ud800", "")
    html = markdown.markdown(tidy(f"# x{md(text)} {{ #top }}"), extensions=["attr_list"])
    (heading,) = body(html)
    assert (heading.tag, dict(heading.attrib), len(heading)) == ("h1", {"id": "top"}, 0)
    written = " ".join(f"x{one_line(text)}".split())
    said = " ".join("".join(heading.itertext()).split())
    assert said == written.replace("\x02", "").replace("\x03", "").strip()
    assert not set(tame(text)) & set('<>"{}\\\n')
    assert thai.ascii_digits(thai_numbers(text)) == thai.ascii_digits(text)


# Memory ----------------------------------------------------------------------------------------------------------

# Not by getrusage: what it says of a new process begins with what its parent had.
MEASURE = """
import re, sys
from pathlib import Path
from lakthan import load
load.load(Path(sys.argv[1]))
print(re.search("VmHWM:[ \\t]*([0-9]+) kB", Path("/proc/self/status").read_text())[1])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems count otherwise")
@pytest.mark.parametrize("why", HEAVY)
def test_memory_for_one_file(project: Sandbox, tmp_path: Path, why: str) -> None:
    root = tmp_path / "project"
    shutil.copytree(project.root, root)
    (root / "content/office/demo/1.md").write_text(HEAVY[why], encoding="utf-8")
    result = subprocess.run(
        [sys.executable, "-c", MEASURE, str(root)], env=environment(), capture_output=True, encoding="utf-8", check=True
    )
    assert 10_000 < int(result.stdout) < 300 * 1024
