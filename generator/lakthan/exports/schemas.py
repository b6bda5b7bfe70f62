"""The shape of the JSON documents, published as JSON Schemas below `schemas/`.

Each class is what one function of `documents` returns; tests hold every document of the sample and of random portfolios
against them. Documents are only ever extended: a program may rely on what is described here.
"""

from __future__ import annotations

import datetime
import json
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import GenerateJsonSchema

from lakthan.rubric import Rubric, Source

Day = Annotated[datetime.date, Field(description="ISO 8601, common era")]
Number = Annotated[int | float, Field(description="the nearest decimal; the exact fraction stands beside it")]
Exact = Annotated[
    str,
    Field(
        default_factory=str,  # it may be left out, and is never null
        pattern=r"^-?\d+/\d+$",
        description="the fraction, where no finite decimal says it",
    ),
]
Url = Annotated[str, Field(description="relative to the site's front page")]


class Shape(BaseModel):
    """Nothing but what is named."""

    model_config = ConfigDict(extra="forbid", defer_build=True)


class Text(Shape):
    """One text in Thai and English."""

    th: str
    en: str


class Points(Shape):
    points: Number
    exact: Exact
    max: Number
    max_exact: Exact


class Gate(Shape):
    """A level, judged on its own."""

    id: str
    met: bool
    points: Number
    exact: Exact
    needs: Number | None
    needs_exact: Exact
    failing: list[str]


class Verified(Points):
    """What reviewers left of a score, and how far they are."""

    level: str | None
    gates: list[Gate]
    final: bool
    reviews: list[str]
    reviewed: int
    open: int
    stale: int
    disputed: int


class Summary(Points):
    """A portfolio in one line: what its latest round came to."""

    id: Annotated[str, Field(description="unit/rubric: where its pages stand")]
    unit: str
    rubric: str
    url: Url
    demonstration: bool
    round: str | None
    level: str | None
    verified: Verified | None


class Missing(Shape):
    """Something that is needed for more."""

    text: Text
    amount: int
    by: Day | None


class Rejected(Shape):
    evidence: str
    text: Text


class Finding(Shape):
    """One condition, judged."""

    met: bool
    source: Source
    text: Text
    evidence: list[str]
    rejected: Annotated[list[Rejected], Field(default_factory=list)]
    parts: Annotated[list[Finding], Field(default_factory=list)]


class Reason(Finding):
    """A condition of a criterion, with the points of that criterion."""

    criterion: str
    points: Annotated[Number | None, Field(description="null where the indicator does not apply")]
    points_exact: Exact
    awarded: bool
    round: str | None


class Change(Shape):
    """A criterion that reviewers judged otherwise, and the conditions that are why."""

    criterion: str
    met: bool
    because: list[Finding]


class VerifiedIndicator(Points):
    decided: bool
    changes: list[Change]


class Scored(Points):
    """An indicator in one round."""

    id: str
    verified: VerifiedIndicator | None
    self_score: Number | None
    not_applicable: Annotated[Literal[True], Field(default_factory=lambda: True)]
    reasons: list[Reason]
    missing: list[Missing]


class Round(Points):
    """A portfolio in one round."""

    unit: str
    rubric: str
    round: str | None
    level: str | None
    gates: list[Gate]
    verified: Verified | None
    indicators: list[Scored]


class Subtotal(Shape):
    id: str
    title: Text
    points: Number
    points_exact: Exact
    max: Number
    max_exact: Exact


class Reading(Points):
    """The latest round under another reading of the rubric."""

    id: str
    level: str | None


class Way(Shape):
    """The cheapest way to a level."""

    id: str
    points: Number
    points_exact: Exact
    missing: list[Missing]


class Moment(Shape):
    date: Day
    points: Number
    points_exact: Exact


class Linked(Shape):
    id: str
    title: Text
    url: Url


class Office(Shape):
    id: str
    name: Text
    parent: str | None
    url: Url


class Record(BaseModel):
    """A piece of evidence or an entry of a register. Further fields are the rubric's: see `rubric.json`."""

    model_config = ConfigDict(extra="allow", defer_build=True)

    id: Annotated[str, Field(description="its anchor on the page of the indicator")]
    uuid: Annotated[str, Field(description="stays when it is moved, dated anew, or given another file or link")]


class SiteDocument(Shape):
    """The whole site: what there is, and where its own document stands."""

    title: Text
    description: Text
    publisher: Text
    licence: Text | None
    rubrics: list[Linked]
    units: list[Office]
    portfolios: list[Summary]


class UnitDocument(Shape):
    """Who a unit is, and its portfolios."""

    id: str
    name: Text
    short: Text | None
    parent: str | None
    about: Text | None
    website: str
    demonstration: bool
    portfolios: list[Summary]


class PortfolioDocument(Summary):
    """Everything worked out about a portfolio: rounds with reasons, readings, what is missing, points over time."""

    self_level: str | None
    signed: Day | None
    subtotals: list[Subtotal]
    rounds: list[Round]
    readings: list[Reading]
    levels: list[Way]
    timeline: list[Moment]


class IndicatorRound(Scored):
    round: str | None


class IndicatorDocument(Shape):
    """One indicator: the evidence and numbers it rests on, and its score in each round."""

    unit: str
    rubric: str
    id: str
    title: Text | None
    rounds: list[IndicatorRound]
    facts: dict[str, Number]
    evidence: list[Record]
    registers: dict[str, list[Record]]


class RubricDocument(Rubric):
    """A rubric as it is read, and who answered it."""

    portfolios: list[Summary]


class Input(Shape):
    """A record as its unit filled it in. `{"date": …}` is a date, `{"number": …}` one that JSON cannot say exactly."""

    number: int
    seen: Annotated[str, Field(description="what a reviewer saw of it: changes whenever the record does")]
    values: dict[str, Any]


class Inputs(Shape):
    self_score: int | float | str | None
    not_applicable: str | None
    facts: dict[str, int | float | str]
    evidence: list[Input]
    registers: dict[str, list[Input]]


class Verdict(Shape):
    indicator: str | None
    evidence: str | None
    seen: str | None
    verdict: str
    points: int | float | str | None
    reason: str
    answer: str
    answered: Day | None


class Review(Shape):
    """A review in the words of its file."""

    name: str
    role: str
    date: Day
    round: str | None
    final: bool
    note: str
    verdicts: list[Verdict]


class InputsDocument(Shape):
    """All that the scores of a portfolio were worked out from, besides its rubric."""

    unit: str
    rubric: str
    demonstration: bool
    as_of: Day | None
    signed: Day | None
    self_level: str | None
    shared: Inputs
    indicators: dict[str, Inputs]
    reviews: list[Review]
    seen: Annotated[dict[str, str], Field(description="what a reviewer saw of each indicator")]


class ScoreDocument(Shape):
    """What `lakthan score --format json` prints: one entry for each portfolio and round."""

    portfolios: list[Round]


class DiffPart(Shape):
    """What of a difference has this cause; the causes of a difference add up to it."""

    cause: Literal["engine", "evidence", "rubric"]
    points: Number
    exact: Exact


class DiffPoints(Shape):
    points: Number
    exact: Exact
    max: Number
    max_exact: Exact


class DiffStanding(DiffPoints):
    level: str | None


class DiffLevel(Shape):
    id: str
    title: Text
    won: Annotated[bool, Field(description="true: met now and not before; false: the other way round")]
    causes: list[Literal["engine", "evidence", "rubric"]]


class DiffReason(Shape):
    cause: Literal["engine", "evidence", "rubric"]
    gained: Annotated[bool | None, Field(description="null: neither gained nor lost, such as a file that changed")]
    text: Text


class DiffIndicator(Shape):
    id: str
    title: Text | None
    before: Annotated[DiffPoints | None, Field(description="null: not in the rubric then, or not applicable")]
    after: Annotated[DiffPoints | None, Field(description="null: not in the rubric now, or not applicable")]
    causes: list[DiffPart]
    reasons: list[DiffReason]


class DiffVerified(Shape):
    """Points that reviewers left; null where nobody reviewed."""

    before: Number | None
    after: Number | None


class DiffChange(Shape):
    """What becomes of a portfolio in a round."""

    portfolio: str
    unit: str
    name: Text
    rubric: str
    round: str | None
    state: Literal["new", "removed", "changed"]
    before: DiffStanding | None
    after: DiffStanding | None
    causes: list[DiffPart]
    levels: list[DiffLevel]
    verified: DiffVerified
    indicators: list[DiffIndicator]


class DiffBefore(Shape):
    kind: Literal["revision", "site"]
    name: str
    generator: str


class DiffDocument(Shape):
    """What `lakthan diff --format json` prints."""

    before: DiffBefore
    generator: str
    compared: Annotated[int, Field(description="portfolios")]
    rubrics: Annotated[list[str], Field(description="rubrics that differ")]
    touched: Annotated[list[str], Field(description="portfolios that changed without any effect on scores")]
    levels_won: int
    levels_lost: int
    errors: Annotated[int, Field(description="errors in the files of now, which are not compared")]
    changes: list[DiffChange]


SCHEMAS: dict[str, type[BaseModel]] = {
    "site": SiteDocument,
    "rubric-document": RubricDocument,
    "unit": UnitDocument,
    "portfolio": PortfolioDocument,
    "indicator": IndicatorDocument,
    "score": ScoreDocument,
    "diff": DiffDocument,
    "inputs": InputsDocument,
    "rubric": Rubric,
}
"""File name below `schemas/`, without `.schema.json`, and what it describes."""


def schema(name: str) -> dict[str, Any]:
    """One of `SCHEMAS` as JSON Schema, draft 2020-12."""
    found = SCHEMAS[name].model_json_schema()
    if SCHEMAS[name] is Rubric:
        return found
    return {"$schema": GenerateJsonSchema.schema_dialect, "$id": f"urn:lakthan:schema:{name}", **found}


def paths() -> tuple[str, ...]:
    """The path of every schema, relative to the site."""
    return tuple(f"schemas/{name}.schema.json" for name in SCHEMAS)


@cache
def files() -> tuple[tuple[str, bytes], ...]:
    """Every schema: its path, and its content. They take a fifth of a second."""
    return tuple(
        (path, (json.dumps(schema(name), ensure_ascii=False, indent=2) + "\n").encode())
        for path, name in zip(paths(), SCHEMAS, strict=True)
    )
