"""Goldens: each file in `goldens/` is a small project in words, and what comes of it.

`files` are written to a folder, the project is examined, and what `expect` names is compared:

    points, max, level      of the score
    indicators              points of each indicator
    rounds                  points of each round reached, in order
    earned_in               criterion → the round in whose window it holds
    gates, subtotals        whether each is met; the points of each
    readings                points of each reading
    verified                what reviewers left: points of each indicator, `total`, `level`, and how many are
                            `reviewed`, `open`, `stale`, `disputed`
    changes                 criterion that a review changed → words of the reasons why
    reasons                 criterion or level → words that its reasons hold
    next                    indicator → [points that come next, what is missing for them]
    way                     level → what is missing for it
    timeline                [day, points] wherever the points change
    problems                `code file:line`, always compared completely: none where it is absent
    says                    [problem, words that its message or help holds]

`as_of`, `round` and `reading` are what is asked for; with `today`, deadlines near that day are reported.

What every project needs and no golden is about is added: who the unit is, and the head of the rubric (below its last
line, so that all lines keep their numbers).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lakthan import build, diagnostics, messages, strictyaml, thai, verdicts
from lakthan.model import Assessment, Finding, Message, Score

GOLDENS = sorted((Path(__file__).parent / "goldens").glob("*.yml"))
HEAD = """
lakthan: 1
id: {name}
title: Sample
short: Sample
year: 2569
document: {{title: Sample, issuer: Office}}
"""
UNIT = "name: Office\n"


@pytest.mark.parametrize("path", GOLDENS, ids=lambda path: path.stem)
def test_golden(path: Path, tmp_path: Path) -> None:
    golden = strictyaml.load(path.read_text(encoding="utf-8")).value
    assert set(golden) <= {"files", "as_of", "round", "reading", "today", "expect"}
    _write(tmp_path, golden["files"])
    as_of = thai.parse_date(golden["as_of"]) if "as_of" in golden else None
    rounds = [golden["round"]] if "round" in golden else None
    examined = build.examine(tmp_path, as_of=as_of)
    problems = examined.problems
    if "today" in golden:
        problems = build.problems(tmp_path, thai.parse_date(golden["today"]))
    # Each thing found wrong has words, in both languages.
    for one in problems:
        assert all(one.message(language) and one.help(language) for language in messages.LANGUAGES)
    expected = dict(golden["expect"])
    said = {f"{one.code} {one.place}": f"{one.message('en')}\n{one.help('en')}" for one in problems}
    for problem, words in expected.pop("says", []):
        assert words in said[problem]
    found: dict[str, Any] = {"problems": sorted(f"{one.code} {one.place}" for one in problems)}
    expected["problems"] = sorted(expected.get("problems", []))
    if set(expected) != {"problems"}:
        (portfolio,) = examined.project.portfolios
        assessment = build.assess(portfolio, as_of, rounds=rounds, reading=golden.get("reading"))
        found |= {key: _part(key, assessment, expected[key]) for key in expected if key != "problems"}
    assert found == _wanted(expected)


def test_a_file_in_another_encoding(tmp_path: Path) -> None:
    """The one thing that a golden cannot hold."""
    path = tmp_path / "content/office/unit.yml"
    path.parent.mkdir(parents=True)
    path.write_bytes("name: Office\nabout: สำนักงาน\n".encode("cp874"))
    assert [f"{one.code} {one.place}" for one in build.examine(tmp_path).problems] == [
        "not-utf8 content/office/unit.yml:2"
    ]


def test_every_problem_has_a_golden() -> None:
    """What no golden expects is named in the test of the module that finds it (files, links, writing, privacy)."""
    expected = {
        line.split()[0]
        for path in GOLDENS
        for line in strictyaml.load(path.read_text(encoding="utf-8")).value["expect"].get("problems", [])
    }
    tests = "\n".join(path.read_text(encoding="utf-8") for path in sorted(Path(__file__).parent.glob("test_*.py")))
    # Those of attachments and of personal data are named there by what makes them: `bomb`, `phone`.
    short = {code: code.removeprefix("attachment-").removesuffix("-found") for code in diagnostics.codes()}
    words = set(re.findall(r"[a-z0-9-]+", tests))
    told = {code for code, name in short.items() if {code, name} & words}
    missing = set(diagnostics.codes()) - expected - told
    assert missing - set(strictyaml.CODES) == set()
    assert expected <= set(diagnostics.codes())


def _write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        headless = path.parent == root / "rubrics" and "lakthan:" not in text
        path.write_text(text + HEAD.format(name=path.stem) if headless else text, encoding="utf-8")
    if not any(name.endswith("unit.yml") for name in files):
        for folder in (root / "content").glob("*"):
            (folder / "unit.yml").write_text(UNIT, encoding="utf-8")


def _wanted(expected: dict[str, Any]) -> dict[str, Any]:
    """What a golden expects, with its numbers made exact."""
    numbers = {"points", "max"}
    tables = {"indicators", "rounds", "subtotals", "readings"}
    wanted: dict[str, Any] = {}
    for key, value in expected.items():
        if key in numbers:
            wanted[key] = thai.parse_number(value)
        elif key in tables:
            wanted[key] = {name: thai.parse_number(number) for name, number in value.items()}
        elif key == "verified":
            wanted[key] = {name: n if name == "level" else thai.parse_number(n) for name, n in value.items()}
        elif key == "next":
            wanted[key] = {name: [thai.parse_number(number), *needs] for name, (number, *needs) in value.items()}
        elif key == "timeline":
            wanted[key] = [(thai.parse_date(day), thai.parse_number(number)) for day, number in value]
        elif key in ("reasons", "changes"):
            wanted[key] = {name: [words] if isinstance(words, str) else words for name, words in value.items()}
        else:
            wanted[key] = value
    return wanted


def _part(key: str, assessment: Assessment, expected: Any) -> Any:
    """What came of the project, as far as the golden asks for it."""
    score = assessment.latest
    match key:
        case "points" | "max" | "level":
            return getattr(score, key)
        case "indicators":
            return {name: node.points for name, node in score.indicators.items() if node.applies}
        case "rounds":
            return {str(one.round): one.points for one in assessment.scores}
        case "earned_in":
            leaves = {leaf.path: leaf.earned_in for leaf in score.root.leaves()}
            return {path: leaves[path] for path in expected}
        case "gates":
            return {gate.level.id: gate.met for gate in score.gates}
        case "subtotals":
            return {total.subtotal.id: total.points for total in score.totals}
        case "readings":
            return {name: other.points for name, other in assessment.readings.items()}
        case "reasons":
            return {path: _said(score, path, words) for path, words in expected.items()}
        case "next":
            steps = assessment.advice.indicators
            return {name: [step.points, *(_say(need.what) for need in step.needs)] for name, step in steps.items()}
        case "way":
            return {name: [_say(need.what) for need in step.needs] for name, step in assessment.advice.levels.items()}
        case "verified":
            return _verified(assessment, expected)
        case "changes":
            return _changes(assessment, expected)
        case "timeline":
            return list(assessment.timeline)
    raise AssertionError(f"a golden cannot expect `{key}`")


def _verified(assessment: Assessment, expected: dict[str, Any]) -> dict[str, Any]:
    left = assessment.reviewed
    if left is None:
        return {}
    found: dict[str, Any] = {name: node.points for name, node in left.score.indicators.items() if node.applies}
    found |= {"total": left.score.points, "level": left.score.level, "reviewed": len(left.reviewed)}
    found |= {"open": left.open, "stale": left.stale, "disputed": left.disputed}
    return {key: value for key, value in found.items() if key in expected}


def _changes(assessment: Assessment, expected: dict[str, Any]) -> dict[str, Any]:
    left = assessment.reviewed
    if left is None:
        return {}
    after = left.score.indicators
    found = [
        change for name, node in assessment.latest.indicators.items() for change in verdicts.changes(node, after[name])
    ]
    paths = [change.criterion.path for change in found if change.findings]
    return {path: _said(left.score, path, expected.get(path, "?")) for path in paths}


def _said(score: Score, path: str, words: str | list[str]) -> list[str]:
    """The *words*, if the reasons hold them; else all the reasons, so that a failure shows them."""
    said = [_say(message) for message in _messages(score, path)]
    asked = [words] if isinstance(words, str) else words
    return asked if all(any(one in sentence for sentence in said) for one in asked) else said


def _messages(score: Score, name: str) -> Iterator[Message]:
    def below(finding: Finding) -> Iterator[Message]:
        yield finding.because
        yield from (use.why for use in finding.uses if use.why)
        for part in finding.parts:
            yield from below(part)

    for leaf in score.root.leaves():
        if leaf.path == name:
            for finding in leaf.findings:
                yield from below(finding)
    for gate in score.gates:
        if gate.level.id == name:
            yield from gate.because


def _say(message: Message) -> str:
    return messages.say(message, "en")
