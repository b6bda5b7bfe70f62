"""Reports of diagnostics: each format read back as its readers do, also where the texts are hostile.

`data/sarif-2.1.0.schema.json` is the schema of the standard, as the npm package `@microsoft/sarif-multitool-ts` 5.7.0
(MIT) ships it.
"""

from __future__ import annotations

import json
import re
import string
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from lakthan import __version__, diagnostics, messages, reports
from lakthan.diagnostics import Diagnostic, Severity
from lakthan.messages import Language
from lakthan.model import Message, Place

SCHEMA = json.loads((Path(__file__).parent / "data" / "sarif-2.1.0.schema.json").read_text(encoding="utf-8"))
SARIF = Draft202012Validator(SCHEMA)

LINES = {
    Place("content/a/x/1.md", 3, 5): "ab😀 self_scor: 3",
    Place("content/a/x/1.md", 7, 1): "- {kind: report}",
}
FOUND = (
    Diagnostic("unknown-key", Place("content/a/x/1.md", 3, 5), args={"key": "self_scor", "known": ("self_score",)}),
    Diagnostic("missing-key", Place("content/a/x/1.md", 7, 1), "warning", {"key": "title"}),
    Diagnostic(
        "evidence-taken-as-signed", Place("content/a/x/แผน 2.md", 1, 1), "note", {"n": 2, "signed": "1 Jan 2026"}
    ),
)


def _report(name: str, found: Sequence[Diagnostic] = FOUND, language: Language = "en", *, strict: bool = False) -> str:
    return reports.FORMATS[name](found, language, LINES.get, strict)


# Hostile texts -----------------------------------------------------------------------------------------------------

TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=()), max_size=30),  # surrogates too: file names hold them
    st.sampled_from(
        [
            "\x1b[2J\x1b[31m", "a\nb::error::c", "\r\n::stop-commands::x", "]]></failure><x>", "%0A%25,:", "{0} {{x}}",
            "[x](http://127.0.0.1/)", "\u202egnp.exe", "\x00", "\ud800", "\ufffe", "</script>", "../..", "//host/x",
            "\u2028", "\x85", "c:\\x", "",
        ]
    ),
)  # fmt: skip


def _gaps(code: str) -> set[str]:
    found: set[str] = set()
    for language in messages.LANGUAGES:
        for part in ("message", "help"):
            text = messages.catalogue(language).get(f"problem.{code}.{part}", "")
            for form in [text] if isinstance(text, str) else text.values():
                found |= {name for _, name, _, _ in string.Formatter().parse(form) if name}
    return found


VALUES = st.one_of(
    TEXTS, st.integers(), st.fractions(), st.lists(TEXTS, max_size=3).map(tuple),
    TEXTS.map(lambda text: Message("problem.unknown-key.message", {"key": text})),
)  # fmt: skip
DIAGNOSTICS = st.sampled_from(diagnostics.codes()).flatmap(
    lambda code: st.builds(
        Diagnostic,
        st.just(code),
        st.builds(Place, TEXTS, st.integers(1, 10**6), st.integers(1, 10**4)),
        st.sampled_from(reports.STRENGTH),
        st.fixed_dictionaries(dict.fromkeys(sorted({*_gaps(code), "known", "n"}), VALUES)),
    )
)
ONE_LINE = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]*")


@given(
    st.lists(DIAGNOSTICS, max_size=5), st.one_of(st.none(), TEXTS), st.sampled_from(messages.LANGUAGES), st.booleans()
)
def test_each_diagnostic_is_shown_once_whatever_its_texts_hold(
    found: list[Diagnostic], line: str | None, language: Language, strict: bool
) -> None:
    # Nothing of the catalogue's own may break the count.
    made = {name: form(found, language, lambda _: line, strict) for name, form in reports.FORMATS.items()}
    for text in made.values():
        text.encode("utf-8")
    # A terminal obeys nothing, and one line is one diagnostic.
    assert all(ONE_LINE.fullmatch(row) for name in ("full", "concise", "github") for row in made[name].split("\n"))
    assert sum(row.startswith(" --> ") for row in made["full"].split("\n")) == len(found)
    assert len(made["concise"].split("\n")) == max(1, len(found))
    assert len(json.loads(made["json"])["problems"]) == len(found)
    log = json.loads(made["sarif"])
    SARIF.validate(log)
    results = log["runs"][0]["results"]
    assert [one["ruleId"] for one in results] == [one.code for one in found]
    for one, problem in zip(results, found, strict=True):
        assert not re.search(r"(?<!\{)\{(?:\{\{)*\d+\}", one["message"]["text"])  # no placeholder
        assert "](" not in one["message"]["text"]  # no link
        uri = one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        parts = urlsplit(uri)
        assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("", "", "", "")
        assert unquote(uri) == re.sub("[\ud800-\udfff]", "?", problem.place.file.lstrip("/"))
    rows = made["github"].split("\n") if found else []
    assert [_annotation(row)["title"] for row in rows] == [one.code for one in found]
    suites = ET.fromstring(made["junit"])
    assert len(suites.findall("./testsuite/testcase")) == max(1, len(found))
    failing = sum(one.severity == "error" or (strict and one.severity == "warning") for one in found)
    assert len(suites.findall("./testsuite/testcase/failure")) == failing


# For people --------------------------------------------------------------------------------------------------------


def test_full_is_what_the_terminal_always_showed() -> None:
    blocks = [diagnostics.full(one, "en", LINES.get) for one in FOUND]
    assert _report("full") + "\n" == "".join(f"{block}\n\n" for block in blocks)


def test_concise_is_one_line_each() -> None:
    assert _report("concise", language="th").split("\n") == [diagnostics.concise(one, "th") for one in FOUND]


def test_a_byte_order_mark_does_not_move_the_caret() -> None:
    place = Place("x.md", 1, 3)
    shown = reports.FORMATS["full"](
        [Diagnostic("yaml-syntax", place, args={"problem": "x"})], "en", lambda _: "\ufeffab=c", False
    )
    assert " 1 | ab=c\n   |   ^" in shown


def test_what_cannot_be_seen_is_shown() -> None:
    found = [Diagnostic("unknown-key", Place("x.md"), args={"key": "a\x1b[2J\nerror[x]\u202e", "known": ("b\x00",)})]
    shown = reports.FORMATS["full"](found, "en", lambda _: "\tkey:\x07\u200b 1", False)
    assert "`a␛[2J␊error[x]\ufffd`" in shown
    assert "b␀" in shown
    assert "|  key:␇\ufffd 1" in shown


def test_json_is_in_both_languages() -> None:
    assert json.loads(_report("json")) == diagnostics.document(FOUND)


# SARIF -------------------------------------------------------------------------------------------------------------


def _sarif(found: Sequence[Diagnostic] = FOUND, language: Language = "en") -> dict[str, Any]:
    log = json.loads(_report("sarif", found, language))
    SARIF.validate(log)
    run: dict[str, Any] = log["runs"][0]
    assert log["version"] == "2.1.0"
    return run


def test_the_schema_refuses() -> None:
    """That a log is valid means something."""
    log = json.loads(_report("sarif"))
    log["runs"][0]["results"][0]["level"] = "fatal"
    assert not SARIF.is_valid(log)
    assert not SARIF.is_valid({"version": "2.1.0"})


@pytest.mark.parametrize("language", messages.LANGUAGES)
@pytest.mark.parametrize("code", diagnostics.codes())
def test_every_rule_is_described_in_both_languages(code: str, language: Language) -> None:
    args: dict[str, object] = dict.fromkeys(_gaps(code), 1)
    run = _sarif([Diagnostic(code, Place("x"), args=args)], language)
    (rule,) = run["tool"]["driver"]["rules"]
    assert rule["id"] == code
    for part in ("shortDescription", "fullDescription", "help"):
        assert rule[part]["text"].strip()
        assert rule[part]["markdown"].startswith(rule[part]["text"][:20])
        assert len(rule[part]["markdown"]) > len(rule[part]["text"])
    for each in messages.LANGUAGES:
        explained = diagnostics.explain(code, each)
        assert explained
        assert rule["properties"]["explain"][each] == explained
        assert explained.strip() in rule["help"]["markdown"]


def test_sarif_says_what_where_and_by_whom() -> None:
    run = _sarif()
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["semanticVersion"]) == ("Lakthan", __version__)
    assert run["language"] == "en"
    assert run["columnKind"] == "utf16CodeUnits"
    assert [rule["id"] for rule in driver["rules"]] == sorted({one.code for one in FOUND})
    first, second, third = run["results"]
    assert driver["rules"][first["ruleIndex"]]["id"] == first["ruleId"] == "unknown-key"
    assert [one["level"] for one in run["results"]] == ["error", "warning", "note"]
    assert first["message"]["text"] == f"{FOUND[0].message('en')}\nhelp: {FOUND[0].help('en')}"
    where = first["locations"][0]["physicalLocation"]
    assert where["artifactLocation"] == {"uri": "content/a/x/1.md", "uriBaseId": "%SRCROOT%"}
    assert where["region"] == {"startLine": 3, "startColumn": 6}  # the picture before it is two units
    assert second["locations"][0]["physicalLocation"]["region"] == {"startLine": 7, "startColumn": 1}
    uri = third["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri.isascii()
    assert unquote(uri) == "content/a/x/แผน 2.md"


@pytest.mark.parametrize(("column", "units"), [(1, 1), (3, 3), (4, 5), (5, 7), (9, 11)])
def test_columns_count_units_of_utf_16(column: int, units: int) -> None:
    log = json.loads(reports.FORMATS["sarif"]([_at(1, column)], "en", lambda _: "ก่😀😀x", False))
    region = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 1, "startColumn": units}


def _at(line: int, column: int) -> Diagnostic:
    return Diagnostic("missing-key", Place("x", line, column), args={"key": "k"})


def test_nothing_found_is_a_valid_log() -> None:
    assert _sarif([])["results"] == []


def test_a_rule_has_the_worst_of_its_levels() -> None:
    levels: tuple[Severity, ...] = ("note", "warning", "note")
    found = [Diagnostic("missing-key", Place("x", i), level, {"key": "k"}) for i, level in enumerate(levels, 1)]
    assert _sarif(found)["tool"]["driver"]["rules"][0]["defaultConfiguration"] == {"level": "warning"}


def test_fingerprints_follow_the_line_and_not_its_number() -> None:
    def prints(found: Sequence[Diagnostic], lines: dict[int, str]) -> list[str]:
        run = json.loads(reports.FORMATS["sarif"](found, "en", lambda place: lines.get(place.line), False))["runs"][0]
        return [one["partialFingerprints"]["primaryLocationLineHash"] for one in run["results"]]

    def at(line: int, code: str = "missing-key", file: str = "x.md") -> Diagnostic:
        return Diagnostic(code, Place(file, line), args={"key": "k"})

    (was,) = prints([at(3)], {3: "- kind: a"})
    assert prints([at(9)], {9: "  - kind:  a "}) == [was]
    others = [
        prints([at(3)], {3: "- kind: b"})[0],
        prints([at(3, file="y.md")], {3: "- kind: a"})[0],
        prints([at(3, code="unknown-key")], {3: "- kind: a"})[0],
        prints([at(3), at(4)], {3: "- kind: a", 4: "- kind: a"})[1],
    ]
    assert len({was, *others}) == 5


def test_braces_and_links_in_messages_are_no_syntax() -> None:
    found = [Diagnostic("unknown-key", Place("x"), args={"key": "{0} [a](b)"})]
    assert "`{{0}} [a] (b)`" in _sarif(found)["results"][0]["message"]["text"]


# GitHub ------------------------------------------------------------------------------------------------------------


def _annotation(row: str) -> dict[str, str]:
    """A workflow command as the runner reads it."""
    found = re.fullmatch(r"::(error|warning|notice) ([^\r\n]*?)::([^\r\n]*)", row)
    assert found, row
    properties = dict(entry.split("=", 1) for entry in found[2].split(","))
    properties = {name: _unescaped(value).replace("%3A", ":").replace("%2C", ",") for name, value in properties.items()}
    properties = {name: value.replace("%25", "%") for name, value in properties.items()}
    return {"level": found[1], "data": _unescaped(found[3]).replace("%25", "%"), **properties}


def _unescaped(text: str) -> str:
    return text.replace("%0D", "\r").replace("%0A", "\n")


def test_github_shows_each_beside_its_line() -> None:
    rows = _report("github").split("\n")
    assert _annotation(rows[0]) == {
        "level": "error",
        "file": "content/a/x/1.md",
        "line": "3",
        "col": "5",
        "title": "unknown-key",
        "data": f"{FOUND[0].message('en')}\nhelp: {FOUND[0].help('en')}",
    }
    assert [_annotation(row)["level"] for row in rows] == ["error", "warning", "notice"]


def test_github_commands_do_not_come_from_texts() -> None:
    found = [Diagnostic("unknown-key", Place("a,b:c%0Ad.md"), args={"key": "100%\n::error::x"})]
    (row,) = _report("github", found).split("\n")
    assert row.startswith("::error file=a%2Cb%3Ac%250Ad.md,line=1,col=1,title=unknown-key::")
    read = _annotation(row)
    assert read["file"] == "a,b:c%0Ad.md"
    assert "`100%␊::error::x`" in read["data"]


# JUnit -------------------------------------------------------------------------------------------------------------


def _junit(found: Sequence[Diagnostic] = FOUND, *, strict: bool = False) -> ET.Element:
    text = _report("junit", found, strict=strict)
    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n')
    return ET.fromstring(text.encode())


@pytest.mark.parametrize(("strict", "failures"), [(False, 1), (True, 2)])
def test_junit_has_a_suite_for_each_file(strict: bool, failures: int) -> None:
    top = _junit(strict=strict)
    assert [suite.get("name") for suite in top] == ["content/a/x/1.md", "content/a/x/แผน 2.md"]
    assert (top.get("tests"), top.get("failures"), top.get("errors")) == ("3", str(failures), "0")
    assert [(suite.get("tests"), suite.get("failures")) for suite in top] == [("2", str(failures)), ("1", "0")]
    case = top.find("./testsuite/testcase")
    assert case is not None
    assert dict(case.attrib) == {
        "name": "unknown-key 3:5",
        "classname": "content/a/x/1.md",
        "file": "content/a/x/1.md",
        "line": "3",
        "time": "0",
    }
    failure = case.find("failure")
    assert failure is not None
    assert (failure.get("type"), failure.get("message")) == ("unknown-key", FOUND[0].message("en"))
    assert failure.text == diagnostics.full(FOUND[0], "en", LINES.get)
    note = top.findall("./testsuite/testcase/system-out")[-1]
    assert note.text == diagnostics.full(FOUND[2], "en", LINES.get)


def test_junit_without_findings_is_one_case_that_passed() -> None:
    top = _junit([])
    assert (top.get("tests"), top.get("failures")) == ("1", "0")
    assert [list(case) for case in top.iter("testcase")] == [[]]


def test_junit_cases_of_a_file_have_names_of_their_own() -> None:
    found = [Diagnostic("missing-key", Place("x", 2), args={"key": key}) for key in ("kind", "title")]
    assert [case.get("name") for case in _junit(found).iter("testcase")] == ["missing-key 2:1", "missing-key 2:1 (2)"]


def test_numbers_stay_numbers() -> None:
    """What makes texts harmless touches nothing else."""
    found = [Diagnostic("self-score-differs", Place("x"), args={"name": "1", "stated": Fraction(1, 2), "computed": 0})]
    assert "0.5" in _report("concise", found)
