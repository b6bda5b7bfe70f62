"""Advice is true: what it asks for earns the points that it promises, and nothing less does."""

from __future__ import annotations

import datetime
import random
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import pytest

from lakthan import advise, load, score
from lakthan.model import Answer, Need, Place, Portfolio, Record, Score
from tests.conftest import ROOT

SAMPLES = {portfolio.rubric.id: portfolio for portfolio in load.load(ROOT).project.portfolios}
TRIES = 15


def thinned(portfolio: Portfolio, rng: random.Random) -> Portfolio:
    """The portfolio with some of its evidence and files missing."""
    keep = rng.choice([0.0, 0.4, 0.8])

    def some(answer: Answer) -> Answer:
        return replace(answer, evidence=tuple(record for record in answer.evidence if rng.random() < keep))

    answers = {name: some(answer) for name, answer in portfolio.answers.items() if rng.random() < 0.9}
    return replace(portfolio, shared=some(portfolio.shared), answers=answers)


def is_document(need: Need, portfolio: Portfolio) -> bool:
    """Whether the need is for evidence of one kind, whatever its fields."""
    owner, kind, *marks = need.key
    return owner in portfolio.answers and kind in portfolio.rubric.kinds and [mark[0] for mark in marks] == ["@"]


def shown(portfolio: Portfolio, needs: Iterator[tuple[str, str, datetime.date | None]]) -> Portfolio:
    """The portfolio with one more document for each (indicator, kind, day)."""
    answers = dict(portfolio.answers)
    for number, (name, kind, day) in enumerate(needs, 1000):
        values = {"kind": kind, "title": "เอกสาร", "reference": f"ทดสอบ {number}"} | ({"date": day} if day else {})
        record = Record("evidence", values, Place(f"{name}.md", number), name, number)
        answers[name] = replace(answers[name], evidence=(*answers[name].evidence, record))
    return replace(portfolio, answers=answers)


def units(needs: tuple[Need, ...]) -> list[tuple[str, str, datetime.date | None]]:
    return [(need.key[0], need.key[1], need.by) for need in needs for _ in range(need.amount)]


def cases(rubric: str) -> Iterator[tuple[Portfolio, Score, str, Fraction, list[tuple[str, str, datetime.date | None]]]]:
    rng = random.Random(2569)
    for _ in range(TRIES):
        portfolio = thinned(SAMPLES[rubric], rng)
        rounds: list[str | None] = [r.id for r in portfolio.rubric.rounds]
        for name in rounds or [None]:
            found = score.score(portfolio, round=name)
            for indicator, step in advise.advise(found).indicators.items():
                if all(is_document(need, portfolio) for need in step.needs):
                    yield portfolio, found, indicator, step.points, units(step.needs)


@pytest.mark.parametrize("rubric", SAMPLES)
def test_what_is_asked_for_earns_what_is_promised_and_nothing_less_does(rubric: str) -> None:
    tried = 0
    for portfolio, before, indicator, promised, needs in cases(rubric):
        after = score.score(shown(portfolio, iter(needs)), round=before.round)
        assert after.indicators[indicator].points >= promised, (indicator, needs)
        for left_out in range(len(needs)):
            fewer = [need for i, need in enumerate(needs) if i != left_out]
            after = score.score(shown(portfolio, iter(fewer)), round=before.round)
            assert after.indicators[indicator].points < promised, (indicator, needs, left_out)
        tried += 1
    assert tried > 20


def test_a_document_for_one_of_several_kinds_is_asked_for_once() -> None:
    """Internal and external exchanges are of one kind, and one of either is not one of both (item 4.2.3)."""
    portfolio = SAMPLES["oae-unit-2567"]
    answer = portfolio.answers["4.2.3"]
    empty = replace(portfolio, answers={**portfolio.answers, "4.2.3": replace(answer, evidence=())})
    step = advise.advise(score.score(empty)).indicators["4.2.3"]
    assert sum(need.amount for need in step.needs) >= 4
