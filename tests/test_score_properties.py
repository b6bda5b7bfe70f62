"""The scorer agrees with the definition, and keeps what any scorer of such rubrics must keep."""

from __future__ import annotations

import datetime
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakthan import score as scoring
from lakthan.load import load
from lakthan.model import Finding, NodeScore, Portfolio, Score
from lakthan.rubric import AllOf, AnyOf, Branch, Criterion, Rubric
from tests import oracle, randoms
from tests.patience import ANY_PACE

ROOT = Path(__file__).parent.parent
RUBRICS = 2000
"""Random rubrics, three portfolios each, that both evaluators score."""
REAL = 20
"""Random portfolios of each rubric in `rubrics/`, each asked for every round, two readings and several days."""
PROPERTIES = 400
"""Random cases on which the other properties are tried."""

PROJECT = load(ROOT).project
REAL_RUBRICS = sorted(PROJECT.rubrics)


class Case(NamedTuple):
    portfolio: Portfolio
    question: dict[str, Any]

    def score(self) -> Score:
        return scoring.score(self.portfolio, **self.question)


def random_cases(count: int, first: int = 0, *, each: int = 3, tame: bool = False) -> Iterator[Case]:
    for seed in range(first, first + count):
        rng = random.Random(seed)
        rubric = randoms.random_rubric(rng, tame=tame)
        for _ in range(each):
            yield Case(randoms.random_portfolio(rng, rubric), randoms.random_question(rng, rubric))


def real_cases(count: int, seed: int = 0) -> Iterator[Case]:
    for name in REAL_RUBRICS:
        rng = random.Random(f"{name} {seed}")
        for _ in range(count):
            portfolio = randoms.random_portfolio(rng, PROJECT.rubrics[name])
            yield Case(portfolio, randoms.random_question(rng, PROJECT.rubrics[name]))


@cache
def some_cases() -> tuple[tuple[Case, Score], ...]:
    """Cases for the properties, with their scores."""
    cases = [*random_cases(PROPERTIES, 10**6, each=1), *real_cases(6, 1)]
    return tuple((case, case.score()) for case in cases)


# The second evaluator --------------------------------------------------------------------------------------------


def answered(score: Score) -> dict[str, Any]:
    """A score in the words of the oracle."""
    nodes = [node for node in score.root.walk() if node.applies]
    leaves = {node.path: node.holds for node in nodes if isinstance(node.node, Criterion) and not node.node.criteria}
    return {
        "total": score.points,
        "max": score.max,
        "points": {node.path: node.points for node in nodes},
        "maxima": {node.path: node.max for node in nodes},
        "holds": leaves,
        "gates": {gate.level.id: gate.met for gate in score.gates},
        "level": score.level,
    }


def expected(case: Case) -> dict[str, Any]:
    """What the oracle says, about the nodes that apply."""
    portfolio, question = case
    rubric = oracle.read(portfolio.rubric, question["reading"]) if question["reading"] else portfolio.rubric
    said = oracle.points(portfolio, rubric, round=question["round"], as_of=question["as_of"])
    applies = said.pop("applies")
    for key in ("points", "maxima", "holds"):
        said[key] = {path: x for path, x in said[key].items() if all(applies[p] for p in _upwards(path, applies))}
    return said


def _upwards(path: str, known: dict[str, bool]) -> list[str]:
    """The path, and those of the criteria and the indicator that it is part of."""
    parts = path.split("/")
    return [p for p in ("/".join(parts[:n]) for n in range(1, len(parts) + 1)) if p in known]


def disagreement(case: Case) -> str:
    """Where the two evaluators differ; empty where they agree."""
    have, want = answered(case.score()), expected(case)
    differing = []
    for key, wanted in want.items():
        if have[key] != wanted and isinstance(wanted, dict):
            paths = sorted({*wanted, *have[key]}, key=str)
            differing += [
                f"{key} of {path!r}: scored {have[key].get(path)}, by definition {wanted.get(path)}"
                for path in paths
                if have[key].get(path) != wanted.get(path)
            ]
        elif have[key] != wanted:
            differing.append(f"{key}: scored {have[key]}, by definition {wanted}")
    return "\n".join([str(case.question), *differing]) if differing else ""


def test_agrees_with_the_oracle_on_random_rubrics() -> None:
    for n, case in enumerate(random_cases(RUBRICS)):
        assert not (found := disagreement(case)), f"seed {n // 3}, portfolio {n % 3}: {found}"


@settings(ANY_PACE, max_examples=60, suppress_health_check=list(HealthCheck))
@given(randoms.portfolios(), st.randoms(use_true_random=False))
def test_agrees_with_the_oracle_on_shrinkable_portfolios(portfolio: Portfolio, rng: random.Random) -> None:
    assert not disagreement(Case(portfolio, randoms.random_question(rng, portfolio.rubric)))


@pytest.mark.parametrize("name", REAL_RUBRICS)
def test_agrees_with_the_oracle_on_the_rubrics_in_use(name: str) -> None:
    rubric = PROJECT.rubrics[name]
    rng = random.Random(name)
    for _ in range(REAL):
        portfolio = randoms.random_portfolio(rng, rubric)
        for case in every_question(rng, portfolio, readings=2):
            assert not (found := disagreement(case)), found


def every_question(rng: random.Random, portfolio: Portfolio, readings: int) -> Iterator[Case]:
    rubric = portfolio.rubric
    chosen = rng.sample([r.id for r in rubric.readings], min(readings, len(rubric.readings)))
    rounds: list[str | None] = [r.id for r in rubric.rounds]
    for round in rounds or [None]:
        for reading in (None, *chosen):
            for as_of in (None, rng.choice(randoms.edge_days(rubric))):
                yield Case(portfolio, {"round": round, "as_of": as_of, "reading": reading})


@pytest.mark.parametrize("portfolio", PROJECT.portfolios, ids=lambda portfolio: portfolio.id)
def test_agrees_with_the_oracle_on_the_portfolios_in_use(portfolio: Portfolio) -> None:
    for case in every_question(random.Random(0), portfolio, readings=99):
        assert not (found := disagreement(case)), found


def test_readings_replace_the_same() -> None:
    for case, _ in some_cases():
        for reading in case.portfolio.rubric.readings:
            rubric = case.portfolio.rubric
            assert scoring.read(rubric, reading.id) == oracle.read(rubric, reading.id)


def test_rounds_reached_agree() -> None:
    for case, _ in some_cases():
        for day in (None, *randoms.edge_days(case.portfolio.rubric)):
            assert scoring.rounds_reached(case.portfolio, day) == oracle.rounds_reached(case.portfolio, day)


def test_random_cases_are_worth_asking() -> None:
    """Each sort of condition holds and fails often enough, or agreement would say nothing."""
    seen: Counter[tuple[str, bool]] = Counter()

    def look(finding: Finding) -> None:
        seen[type(finding.condition).__name__, finding.holds] += 1
        for part in finding.parts:
            look(part)

    for case, score in some_cases():
        for node in score.root.walk():
            for finding in node.findings:
                look(finding)
            seen["requires", bool(node.requires)] += 1
            seen["later", node.later] += 1
            seen["applies", node.applies] += 1
            carried = isinstance(node.node, Criterion) and node.holds and node.earned_in != node.node.round
            seen["carried over", carried and node.node.round is not None] += 1  # type: ignore[union-attr]
        for gate in score.gates:
            seen["gate", gate.met] += 1
        seen["points", score.points > 0] += 1
        seen["monotone", randoms.monotone(case.portfolio.rubric)] += 1
    names = {name for name, _ in seen}
    assert {"Has", "Count", "Percent", "Value", "Every", "Covers", "AnyOf", "AllOf"} <= names
    rare = {(name, holds): seen[name, holds] for name in names for holds in (True, False) if seen[name, holds] < 8}
    assert not rare


# Bounds and order ------------------------------------------------------------------------------------------------


def test_never_above_the_maximum_nor_below_zero() -> None:
    for _, score in some_cases():
        for node in score.root.walk():
            assert 0 <= node.points <= node.max, node.path


def test_order_is_irrelevant() -> None:
    for n, (case, score) in enumerate(some_cases()):
        mixed = randoms.shuffled(random.Random(n), case.portfolio)
        assert answered(Case(mixed, case.question).score()) == answered(score)


def test_same_question_same_answer() -> None:
    for case, score in some_cases()[::10]:
        assert case.score() == score


# More evidence, later days ---------------------------------------------------------------------------------------


def by_indicator(score: Score) -> dict[str, Fraction]:
    return {name: node.points for name, node in score.indicators.items()}


def tame_cases() -> Iterator[Case]:
    """Cases under rubrics that more evidence cannot hurt under."""
    for case in (*random_cases(PROPERTIES // 2, 2 * 10**6, each=2, tame=True), *(case for case, _ in some_cases())):
        if randoms.monotone(case.portfolio.rubric):
            yield case


def test_more_evidence_never_lowers_a_score() -> None:
    gained = 0
    for n, case in enumerate(tame_cases()):
        rng = random.Random(n)
        portfolio = case.portfolio
        before = case.score()
        for _ in range(4):
            portfolio = randoms.with_more(rng, portfolio)
            after = Case(portfolio, case.question).score()
            have, had = by_indicator(after), by_indicator(before)
            assert all(have[name] >= had[name] for name in had), case.question
            assert after.points >= before.points
            gained += after.points > before.points
            before = after
    assert gained > 10


def test_later_days_never_lower_a_score() -> None:
    gained = 0
    for case in tame_cases():
        days: list[datetime.date | None] = [*randoms.edge_days(case.portfolio.rubric)[::5], None]
        points = [scoring.score(case.portfolio, **{**case.question, "as_of": day}).points for day in days]
        assert points == sorted(points)
        gained += points[0] < points[-1]
    assert gained > 10


def test_timeline_is_the_score_of_each_day() -> None:
    for case, _ in some_cases()[::5]:
        asked = {"round": case.question["round"], "reading": case.question["reading"]}
        line = dict(scoring.timeline(case.portfolio, **asked))
        points: Fraction | None = None
        for day in case.portfolio.dates():
            points = line.get(day, points)
            assert points == scoring.score(case.portfolio, as_of=day, **asked).points, day


# Rounds ----------------------------------------------------------------------------------------------------------


def summed(node: Any) -> Any:
    """The same tree, where everything adds up."""
    if isinstance(node, Criterion):
        if not node.criteria:
            return node
        return node.model_copy(update={"award": "sum", "criteria": tuple(summed(child) for child in node.criteria)})
    below = {"areas": tuple(map(summed, node.areas)), "indicators": tuple(map(summed, node.indicators))}
    return node.model_copy(update={"award": "sum", **below})


def test_rounds_add_up() -> None:
    tried = 0
    for case, _ in some_cases():
        rubric: Rubric = summed(case.portfolio.rubric)
        if not rubric.rounds:
            continue
        portfolio = replace(case.portfolio, rubric=rubric)
        added = Fraction(0)
        for n, one in enumerate(rubric.rounds):
            score = scoring.score(portfolio, round=one.id)
            mine = (one.id, None) if n == 0 else (one.id,)
            added += sum(
                leaf.points
                for top, _, leaf in randoms.leaves(rubric)
                if leaf.round in mine and score.indicators[top.id].applies
            )
            assert score.max == added
        tried += len(rubric.rounds) > 1
    assert tried > 10


@pytest.mark.parametrize("name", REAL_RUBRICS)
def test_stated_maxima_are_what_the_tree_adds_up_to(name: str) -> None:
    rubric = PROJECT.rubrics[name]
    rng = random.Random(0)
    empty = replace(randoms.random_portfolio(rng, rubric), answers={})
    assert rubric.max in (None, scoring.score(empty).max)
    stated = Fraction(0)
    for one in rubric.rounds:
        if one.max is not None:
            stated += one.max
            assert scoring.score(empty, round=one.id).max == stated


# Reasons ---------------------------------------------------------------------------------------------------------


def judged(finding: Finding) -> bool:
    """A finding of `any` or `all` from its parts alone."""
    if isinstance(finding.condition, AnyOf):
        return any(map(judged, finding.parts))
    if isinstance(finding.condition, AllOf):
        return all(map(judged, finding.parts))
    return finding.holds


def recomputed(node: NodeScore) -> tuple[Fraction, Fraction]:
    """Points and maximum from the reasons of the leaves and the rules of award."""
    if not node.applies:
        return Fraction(0), Fraction(0)
    if isinstance(node.node, Criterion) and not node.node.criteria:
        points = node.node.points or Fraction(0)
        holds = not node.later and all(map(judged, node.findings)) and not node.requires
        assert node.holds == holds, node.path
        assert len(node.findings) == (0 if node.later else len(node.node.when))
        return points if holds else Fraction(0), Fraction(0) if node.later else points
    below = [child for child in node.children if child.applies]
    both = [recomputed(child) for child in below]
    weights = [child.node.weight for child in below if isinstance(child.node, Branch)]
    how = str(node.node.award)
    return oracle.award(how, [b[0] for b in both], weights), oracle.award(how, [b[1] for b in both], weights)


def test_reasons_alone_reproduce_the_score() -> None:
    for _, score in some_cases():
        for node in score.root.walk():
            assert recomputed(node) == (node.points, node.max), node.path


def test_findings_agree_with_their_parts() -> None:
    for _, score in some_cases():
        for node in score.root.walk():
            for finding in node.findings:
                assert finding.holds == judged(finding)


def test_what_is_awarded_makes_the_score() -> None:
    """Under `highest` at most one child is awarded, and it has the points; under `sum` the awarded ones add up."""
    for _, score in some_cases():
        for node in score.root.walk():
            awarded = [child.points for child in node.children if child.awarded]
            award = node.node.award
            if award == "highest" and node.children:
                assert len(awarded) <= 1
                assert sum(awarded, Fraction(0)) == node.points
            elif award == "sum":
                assert sum(awarded, Fraction(0)) == node.points


def test_gates_say_what_fails() -> None:
    for _, score in some_cases():
        for gate in score.gates:
            assert gate.met != bool(gate.because)
            below = gate.level.each_at_least
            nodes = {node.path: node for node in score.root.walk()}
            named = [nodes[name] for name in gate.level.nodes or score.indicators if nodes[name].applies]
            assert list(gate.failing) == [n.path for n in named if below is not None and n.points < below]


# Not applicable --------------------------------------------------------------------------------------------------


def without(node: Any, gone: set[str]) -> Any:
    """The tree without some indicators, and without the areas that they leave empty."""
    areas = tuple(a for a in (without(area, gone) for area in node.areas) if a.areas or a.indicators)
    indicators = tuple(i for i in node.indicators if i.id not in gone)
    return node.model_copy(update={"areas": areas, "indicators": indicators})


def test_what_does_not_apply_leaves_points_and_maximum() -> None:
    tried = 0
    for case, score in some_cases():
        gone = {name for name, node in score.indicators.items() if not node.applies}
        if gone:
            # As read already: a reading may speak of what is gone.
            rubric = without(score.rubric, gone).model_copy(update={"levels": (), "subtotals": (), "readings": ()})
            if not (rubric.areas or rubric.indicators):
                continue
            rest = scoring.score(replace(case.portfolio, rubric=rubric), **{**case.question, "reading": None})
            assert (rest.points, rest.max) == (score.points, score.max)
            tried += 1
    assert tried > 10


def test_what_a_reading_leaves_alone_is_taken_over() -> None:
    """A score read anew from another one is the score under that reading, with every word of it."""

    def findings(score: Score) -> set[int]:
        return {id(finding) for leaf in score.root.leaves() for finding in leaf.findings}

    kept = 0
    for case, _ in some_cases()[::3]:
        question = {**case.question, "reading": None}
        first = scoring.score(case.portfolio, **question)
        for reading in case.portfolio.rubric.readings:
            again = scoring.reread(first, reading.id)
            assert again == scoring.score(case.portfolio, **{**question, "reading": reading.id})
            kept += not findings(first).isdisjoint(findings(again))
    assert kept > 20
