"""The evaluator that the site publishes against the engine: every score that the browser works out is the engine's."""

from __future__ import annotations

import dataclasses
import datetime
import json
import random
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from lakthan import build, exports, score, verdicts
from lakthan.exports import documents
from lakthan.model import (
    Advice,
    Answer,
    Assessment,
    Finding,
    NodeScore,
    Opinion,
    Place,
    Portfolio,
    Record,
    Review,
    Score,
    Stated,
    Verdict,
)
from lakthan.rubric import Rubric
from tests.conftest import ROOT, Json, Sandbox
from tests.patience import LONG
from tests.randoms import edge_days, random_portfolio, random_question, random_rubric

EVALUATOR = ROOT / "site_templates/assets/evaluate.js"
PORTFOLIOS = 2000


def evaluated(lines: Iterable[Json]) -> Iterator[Any]:
    """What the evaluator makes of each line, all in one process."""
    with tempfile.TemporaryDirectory() as folder:
        for script in EVALUATOR.parent.glob("*.js"):
            shutil.copy(script, folder)
        # Node takes a `.js` file for an older sort of module where nothing says otherwise.
        Path(folder, "package.json").write_text('{"type": "module"}', encoding="utf-8")
        done = subprocess.run(
            ["node", str(ROOT / "tests/evaluate.mjs"), folder],
            input="".join(f"{json.dumps(line)}\n" for line in lines),
            capture_output=True,
            encoding="utf-8",
            timeout=LONG,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    yield from map(json.loads, done.stdout.splitlines())


def line(portfolio: Portfolio, asked: Sequence[Json], scores: tuple[Score, ...]) -> Json:
    """A portfolio as it is published."""
    assessment = Assessment(portfolio, scores[:1], {}, Advice({}, {}), ())
    return {
        "inputs": exports.inputs_document(assessment),
        "rubric": exports.rubric_data(portfolio.rubric),
        "asked": [{**one, "as_of": one["as_of"] and one["as_of"].isoformat()} for one in asked],
    }


def exact(value: Fraction | None) -> str | None:
    return None if value is None else f"{value.numerator}/{value.denominator}"


def finding(found: Finding) -> list[Any]:
    uses = [
        [use.record.indicator, use.record.anchor, use.why.key.removeprefix("use.") if use.why else None]
        for use in found.uses
    ]
    return [found.holds, uses, [finding(part) for part in found.parts]]


def node(one: NodeScore) -> list[Any]:
    findings = [finding(found) for found in one.findings]
    marks = [one.applies, one.holds, one.awarded, one.later, one.earned_in]
    return [one.path, exact(one.points), exact(one.max), *marks, list(one.requires), findings]


def plain(found: Score) -> Json:
    """A score as `evaluate.mjs` says it."""
    return {
        "nodes": [node(one) for one in found.root.walk()],
        "awards": [
            leaf.path for one in found.indicators.values() for leaf, given in documents.awards(one) if given
        ],
        "gates": [
            [
                gate.level.id,
                gate.met,
                exact(gate.points),
                exact(gate.max),
                exact(exports.needed(gate)),
                list(gate.failing),
                list(gate.unmet),
            ]
            for gate in found.gates
        ],
        "totals": [[total.subtotal.id, exact(total.points), exact(total.max)] for total in found.totals],
        "level": found.level,
    }  # fmt: skip


def compare(cases: Sequence[tuple[Portfolio, Sequence[Json]]]) -> None:
    """Each portfolio, asked each of its questions, and the rounds that it has reached."""
    wanted = [tuple(score.score(portfolio, **one) for one in asked) for portfolio, asked in cases]
    answers = evaluated(line(*case, scores) for case, scores in zip(cases, wanted, strict=True))
    for number, ((portfolio, asked), ours, answer) in enumerate(zip(cases, wanted, answers, strict=True)):
        assert isinstance(answer, list), f"portfolio {number}: {answer}"
        *scores, rounds, _ = answer
        assert rounds == list(score.rounds_reached(portfolio, asked[0]["as_of"])), f"portfolio {number}"
        for question, theirs, own in zip(asked, scores, ours, strict=True):
            for part, value in plain(own).items():
                assert theirs[part] == value, f"portfolio {number}, {question}, {part}"


def with_dead_links(rng: random.Random, portfolio: Portfolio) -> Portfolio:
    """Some links were found dead on a day near the edge of a window: the ledger puts that day among the values."""
    days = edge_days(portfolio.rubric)

    def answer(found: Answer) -> Answer:
        evidence = tuple(
            dataclasses.replace(record, values={**record.values, "dead_from": rng.choice(days)})
            if rng.random() < 0.1
            else record
            for record in found.evidence
        )
        return dataclasses.replace(found, evidence=evidence)

    answers = {name: answer(found) for name, found in portfolio.answers.items()}
    return dataclasses.replace(portfolio, shared=answer(portfolio.shared), answers=answers)


@pytest.mark.slow
def test_every_sample_in_every_round_and_reading(as_it_is: Sandbox) -> None:
    cases = []
    for assessment in build.examine(as_it_is.root).assessments:
        rubric = assessment.portfolio.rubric
        rounds = tuple(one.id for one in rubric.rounds) or (None,)
        readings = [None, *(one.id for one in rubric.readings)]
        days: list[datetime.date | None] = [None, *assessment.portfolio.dates()[::12]]
        asked = [{"round": r, "as_of": d, "reading": n} for d in days for r in rounds for n in readings]
        cases.append((assessment.portfolio, asked))
    compare(cases)


@pytest.mark.slow
def test_random_portfolios() -> None:
    cases = []
    for seed in range(PORTFOLIOS):
        rng = random.Random(seed)
        rubric = random_rubric(rng)
        portfolio = with_dead_links(rng, random_portfolio(rng, rubric))
        cases.append((portfolio, [random_question(rng, rubric)]))
    compare(cases)


def test_it_is_small() -> None:
    assert EVALUATOR.stat().st_size < 30_000


def tiny(**more: Any) -> Rubric:
    """A rubric of a single indicator."""
    words = {"title": "tiny", "short": "tiny", "document": {"title": "tiny", "issuer": "tiny"}}
    return Rubric.model_validate({"lakthan": 1, "id": "tiny-2570", "year": 2570, **words, **more})


def of_portfolio(rubric: Rubric, facts: dict[str, Fraction] | None = None, *evidence: Json) -> Portfolio:
    place = Place(f"content/unit/{rubric.id}/portfolio.md")
    records = tuple(Record("evidence", values, place, None, n) for n, values in enumerate(evidence, 1))
    stated = {name: Stated(value, place) for name, value in (facts or {}).items()}
    return Portfolio("unit", rubric, f"content/unit/{rubric.id}", Answer(None, place, stated, records), {})


PLAINLY: Sequence[Json] = [{"round": None, "as_of": None, "reading": None}]


# Reviews ---------------------------------------------------------------------------------------------------------


def random_reviews(rng: random.Random, portfolio: Portfolio, round: str | None) -> tuple[Review, ...]:
    """Up to three reviews of a round with verdicts on anything, some of them on what is no longer as it was seen."""
    found = []
    for number in range(rng.randint(1, 3)):
        matters: list[tuple[str, str | None, str, list[Fraction | None]]] = []
        for indicator in portfolio.rubric.every_indicator():
            most = verdicts.most(portfolio.rubric, indicator, round)
            now = verdicts.seen_of(portfolio, indicator)
            matters.append((indicator.id, None, now, [None, None, Fraction(0), most, most / 2]))
            shown = verdicts.records(portfolio, indicator)
            matters += [(indicator.id, record.name, record.seen, [None]) for record in shown]
        said = tuple(
            Verdict(
                indicator,
                evidence,
                seen if rng.random() < 0.9 else "0" * 16,
                rng.choice(["accept", "reject", "reject", "ask"]),
                Place("review.yml", line),
                points=points,
            )
            for line, (indicator, evidence, seen, pool) in enumerate(matters, 1)
            if rng.random() < 0.3
            for points in [rng.choice(pool)]
        )
        day = datetime.date(2567 - 543, 1, 1)
        found.append(
            Review(f"review-{number}", "role", day, round, number == 2, said, Place("review.yml"))
        )  # fmt: skip
    return tuple(found)


def plain_verdict(indicator: str, evidence: str | None, opinion: Opinion) -> Json:
    verdict = opinion.verdict
    points = verdict.points if verdict.verdict != "ask" else None
    said = {"indicator": indicator, "evidence": evidence, "verdict": verdict.verdict, "points": exact(points)}
    return {**said, "final": opinion.review.final, "stale": opinion.stale}


def test_verdicts_leave_the_same_score(as_it_is: Sandbox) -> None:
    """Random reviews of every sample: what the engine calls verified, and what the workbench shows."""
    rng = random.Random(0)
    cases = []
    for assessment in build.examine(as_it_is.root).assessments:
        for _ in range(20):
            round = rng.choice([one.id for one in assessment.portfolio.rubric.rounds] or [None])
            reviews = random_reviews(rng, assessment.portfolio, round)
            portfolio = dataclasses.replace(assessment.portfolio, reviews=reviews)
            computed = score.score(portfolio, round=round)
            ruled = score.verified(computed)
            assert ruled is not None
            said = [plain_verdict(r.indicator, r.evidence, opinion) for r in ruled.rulings for opinion in r.opinions]
            asked = [{"round": round, "as_of": None, "reading": None, "verdicts": said}]
            cases.append((line(portfolio, asked, (computed,)), plain(ruled.score), plain(computed)))
    assert any(after["level"] != before["level"] for _, after, before in cases)
    for (found, *_), (_, after, _) in zip(evaluated(case for case, *_ in cases), cases, strict=True):
        for part, value in after.items():
            assert found[part] == value, part


# The shortest way ------------------------------------------------------------------------------------------------


def test_the_shortest_way_leads_there_and_none_is_shorter() -> None:
    """Against every choice of what the indicators could be made to hold."""
    cases = []
    for seed in range(600):
        rng = random.Random(seed)
        rubric = random_rubric(rng, 2)
        portfolio = random_portfolio(rng, rubric, 0.5)
        asked: list[Json] = [{"round": None, "as_of": None, "reading": None}]
        cases.append({**line(portfolio, asked, (score.score(portfolio),)), "ways": True})
    found = [answer[-1] for answer in evaluated(cases)]
    tried = [way for way in found if way is not None and way != "many"]
    assert len(tried) > 100
    assert sum(cost is not None for cost, _, _ in tried) > 30
    for number, (cost, leads, best) in enumerate(tried):
        assert leads is not False, number
        assert cost == best, number


# Edges -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "number", ["27", "0.1", "53/7", "123456789012345.000000001", "0.000000001", "99999999.5", "1/3"]
)
def test_numbers_stay_exact(number: str) -> None:
    """A stated number that is just what is asked, and one that is short of it by as little as can be written."""
    value = Fraction(number)
    asked = [{"value": "it", "at_least": number}]
    indicator = {"id": "1", "title": "1", "points": number, "when": asked}
    rubric = tiny(facts={"it": {"title": "it"}}, indicators=[indicator])
    compare([(of_portfolio(rubric, {"it": stated}), PLAINLY) for stated in (value, value - Fraction(1, 10**15 - 1))])


@pytest.mark.parametrize("end", ["2023-02-28", "2024-02-28", "2024-02-29", "2100-02-28", "2023-12-31", "2024-04-29"])
def test_months_end_where_they_end(end: str) -> None:
    """A window closes on the last day of a month, or a day before it."""
    last = datetime.date.fromisoformat(end)
    start = last - datetime.timedelta(days=60)
    indicator = {"id": "1", "title": "1", "points": 1, "when": [{"covers": "report", "each": "month"}]}
    kinds, period = {"report": {"title": "report"}}, {"from": start, "to": last}
    rubric = tiny(kinds=kinds, period=period, indicators=[indicator])
    report = {"kind": "report", "title": "report", "reference": "1", "indicators": ("1",)}
    months = sorted({(start + datetime.timedelta(days=n)).strftime("%Y-%m") for n in range(61)})
    cases = [{**report, "date": last, "covers": tuple(months[:n])} for n in range(1, len(months) + 1)]
    compare([(of_portfolio(rubric, None, case), PLAINLY) for case in cases])
