"""What a change does: points gained and lost, levels won and lost, and why. `docs/diff.md` defines it.

Every portfolio is scored in up to four states, each of which differs from the one before in one thing only:

    published → before, by this engine → the evidence of now → the rubric of now
              engine                  evidence              rubric

What is gained or lost between two neighbours has that cause; so the causes of a difference always add up to it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, NamedTuple

from lakthan import exports, links, load, publish, score, verify
from lakthan.diagnostics import Diagnostic
from lakthan.exports import Json
from lakthan.git import Repository
from lakthan.model import FieldValue, Finding, Message, NodeScore, Portfolio, Project, Record, Score
from lakthan.rubric import Criterion, Rubric, Text

Cause = Literal["engine", "evidence", "rubric"]
FOLDERS = ("content", "rubrics")
_NONE = Fraction(0)


class Before(NamedTuple):
    """What is compared with."""

    name: str
    kind: Literal["revision", "site"]
    portfolios: Mapping[str, Portfolio]
    rubrics: Mapping[str, Rubric]
    published: Mapping[str, Mapping[str | None, Json]]
    """Portfolio → round → what the site says of it."""
    generator: str
    """What built the site; of a revision, this engine."""
    problems: tuple[Diagnostic, ...]


class Standing(NamedTuple):
    """What one state of a portfolio earns in a round."""

    points: Fraction
    max: Fraction
    level: str | None
    met: Mapping[str, bool]
    """Level → whether it is met."""
    indicators: Mapping[str, tuple[Fraction, Fraction] | None]
    """Points and maximum; None where it does not apply."""
    verified: Fraction | None
    """Points that reviewers left; None where nobody reviewed."""
    score: Score | None
    """With all its reasons; None where only what was published is known."""


class Part(NamedTuple):
    """What of a difference has this cause."""

    cause: Cause
    points: Fraction


class Reason(NamedTuple):
    """A criterion that holds now and did not, or the other way round; or something else that changed."""

    cause: Cause
    gained: bool | None
    """None: neither."""
    what: Message


@dataclass(frozen=True, slots=True)
class IndicatorChange:
    id: str
    title: Text | None
    before: tuple[Fraction, Fraction] | None
    after: tuple[Fraction, Fraction] | None
    """Points and maximum; None where the rubric has no such indicator, or it does not apply."""
    parts: tuple[Part, ...]
    reasons: tuple[Reason, ...]

    @property
    def points(self) -> Fraction:
        return (self.after or (_NONE,))[0] - (self.before or (_NONE,))[0]


@dataclass(frozen=True, slots=True)
class LevelChange:
    id: str
    title: Text
    won: bool
    causes: tuple[Cause, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of a portfolio in a round."""

    portfolio: Portfolio
    name: Text
    """Of the unit."""
    round: str | None
    before: Standing | None
    """None: there was no such portfolio."""
    after: Standing | None
    """None: there is none any more."""
    parts: tuple[Part, ...] = ()
    levels: tuple[LevelChange, ...] = ()
    indicators: tuple[IndicatorChange, ...] = ()
    verified: tuple[Fraction | None, Fraction | None] = (None, None)
    """Points that reviewers left, before and after; None where nobody reviewed."""

    @property
    def state(self) -> Literal["new", "removed", "changed"]:
        return "new" if self.before is None else "removed" if self.after is None else "changed"

    @property
    def points(self) -> Fraction:
        return (self.after.points if self.after else _NONE) - (self.before.points if self.before else _NONE)

    @property
    def lost(self) -> bool:
        """Whether there are fewer points anywhere, also where others make up for them."""
        return self.points < 0 or any(one.points < 0 for one in self.indicators)


@dataclass(frozen=True, slots=True)
class Differences:
    before: Before
    compared: int
    """Portfolios, in both or either."""
    changes: tuple[Change, ...]
    touched: tuple[str, ...]
    """Portfolios whose inputs or rubric changed without any effect on points or levels."""
    rubrics: tuple[str, ...]
    """Rubrics that changed, are new, or gone."""
    problems: tuple[Diagnostic, ...] = field(default=())
    """Errors in the files of now: what cannot be read is not compared."""

    @property
    def levels(self) -> tuple[tuple[Change, LevelChange], ...]:
        return tuple((change, level) for change in self.changes for level in change.levels)

    def fails(self, on: str) -> bool:
        """Whether there is what somebody wants to be stopped by; one of `FAIL_ON`."""
        return FAIL_ON[on](self)


FAIL_ON: Mapping[str, Callable[[Differences], bool]] = {
    "never": lambda _: False,
    "level-lost": lambda found: any(not level.won for _, level in found.levels),
    "points-lost": lambda found: any(change.lost for change in found.changes),
    "any": lambda found: bool(found.changes),
}


# What is compared with -------------------------------------------------------------------------------------------


def with_revision(root: Path, revision: str | None) -> Differences:
    """The files in *root* compared with those of a revision (what `Repository.usual` says unless given).

    Raises git.Trouble.
    """
    repository = Repository(root)
    commit = repository.commit(revision) if revision else repository.usual(FOLDERS)
    with tempfile.TemporaryDirectory(prefix="lakthan-diff-", ignore_cleanup_errors=True) as folder:
        repository.extract(commit, FOLDERS, Path(folder))
        project, problems = _project(Path(folder))
        named = revision if revision and not commit.startswith(revision) else ""
        before = Before(
            name=f"{named} ({commit[:10]})" if named else commit[:10],
            kind="revision",
            portfolios={portfolio.id: portfolio for portfolio in project.portfolios},
            rubrics=project.rubrics,
            published={},
            generator=publish.GENERATOR,
            problems=_errors(problems),
        )
        return compare(root, before)


def with_site(root: Path, site: Path) -> Differences:
    """The files in *root* compared with a published site: with the data that stands in it, and its scores."""
    found, generator, problems = verify.portfolios(site)
    before = Before(
        name=site.as_posix(),
        kind="site",
        portfolios={one.assessment.portfolio.id: one.assessment.portfolio for one in found},
        rubrics={one.assessment.portfolio.rubric.id: one.assessment.portfolio.rubric for one in found},
        published={one.assessment.portfolio.id: {entry.get("round"): entry for entry in one.rounds} for one in found},
        generator=generator,
        problems=_errors(problems),
    )
    return compare(root, before)


def _project(root: Path, given: Mapping[str, Rubric] | None = None) -> tuple[Project, tuple[Diagnostic, ...]]:
    project, problems = load.load(root, given)
    ledger, damage = links.read(root)
    return links.mark(project, ledger, project.site.link_grace), (*problems, *damage)


def _errors(problems: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    return tuple(problem for problem in problems if problem.severity == "error")


# Comparing -------------------------------------------------------------------------------------------------------


def compare(root: Path, before: Before) -> Differences:
    """What has become of *before* in the files below *root*."""
    project, problems = _project(root)
    known = {**before.rubrics, **project.rubrics}
    # A published site says nothing of rubrics that nobody answers.
    differing = {name for name in known if before.rubrics.get(name) != project.rubrics.get(name)}
    if before.kind == "site":
        differing = {name for name in differing if name in before.rubrics}
    # The evidence of now, read as the rubrics of then would have it.
    middle = _project(root, before.rubrics)[0] if differing else project
    old, new, mixed = before.portfolios, _by_id(project), _by_id(middle)
    changes: list[Change] = []
    touched: list[str] = []
    for name in sorted({*old, *new}):
        first, then, last = old.get(name), mixed.get(name), new.get(name)
        if first is not None and first == last and name not in before.published:
            continue
        unit = project.units.get((last or first).unit)  # type: ignore[union-attr]  # one of both has the name
        title = unit.name if unit else Text(th=name.rpartition("/")[0], en=name.rpartition("/")[0])
        found = [change for change in _portfolio(title, first, then, last, before.published.get(name)) if change]
        changes += found
        if not found and first and last and _inputs(first) != _inputs(last):
            touched.append(name)
    return Differences(
        before, len({*old, *new}), tuple(changes), tuple(touched), tuple(sorted(differing)), _errors(problems)
    )


def _by_id(project: Project) -> dict[str, Portfolio]:
    return {portfolio.id: portfolio for portfolio in project.portfolios}


def _portfolio(
    title: Text,
    first: Portfolio | None,
    then: Portfolio | None,
    last: Portfolio | None,
    published: Mapping[str | None, Json] | None,
) -> Iterator[Change | None]:
    """What becomes of one portfolio, for each round that it has reached before or now."""
    shown = last or first
    assert shown is not None
    reached = {name for one in (first, last) if one for name in score.rounds_reached(one)}
    order: tuple[str | None, ...] = (None, *(r.id for one in (shown, first) if one for r in one.rubric.rounds))
    for name in dict.fromkeys(name for name in order if name in reached):
        was, stays = _has(first, name), _has(last, name)
        states: list[tuple[Cause | None, Standing]] = []
        if published and name in published:
            states.append((None, _published(published[name])))
        scored: tuple[tuple[Cause, Portfolio | None], ...]
        scored = (("engine", first), ("evidence", then if first else None), ("rubric", last))
        for cause, one in scored:
            if one is not None and _has(one, name):
                states.append((cause, _standing(score.score(one, round=name))))
        whole: Cause = "rubric" if first and last else "evidence"
        yield _change(shown, title, name, was, stays, whole, states)


def _has(portfolio: Portfolio | None, round: str | None) -> bool:
    """Whether there is a portfolio whose rubric has that round; None where it has no rounds."""
    if portfolio is None or not portfolio.rubric.rounds:
        return portfolio is not None and round is None
    return any(one.id == round for one in portfolio.rubric.rounds)


def _published(entry: Json) -> Standing:
    def points(one: Json) -> tuple[Fraction, Fraction]:
        return (
            Fraction(str(one.get("exact") or one["points"])),
            Fraction(str(one.get("max_exact") or one["max"])),
        )

    indicators = {
        str(one["id"]): None if one.get("not_applicable") else points(one) for one in entry.get("indicators", ())
    }
    met = {str(gate["id"]): bool(gate["met"]) for gate in entry.get("gates", ())}
    verified = entry.get("verified")
    return Standing(
        *points(entry), entry.get("level"), met, indicators, points(verified)[0] if verified else None, None
    )


def _standing(found: Score) -> Standing:
    indicators = {name: (node.points, node.max) if node.applies else None for name, node in found.indicators.items()}
    left = score.verified(found) if found.portfolio.reviews else None
    met = {gate.level.id: gate.met for gate in found.gates}
    return Standing(found.points, found.max, found.level, met, indicators, left.score.points if left else None, found)


def _change(
    portfolio: Portfolio,
    title: Text,
    round: str | None,
    was: bool,
    stays: bool,
    whole: Cause,
    states: Sequence[tuple[Cause | None, Standing]],
) -> Change | None:
    """None where nothing differs. *whole* is why there is no such portfolio or round before or now."""
    if not states:
        return None
    before, after = states[0][1] if was else None, states[-1][1] if stays else None
    steps = [(cause or "evidence", one, other) for (_, one), (cause, other) in pairwise(states)]
    if before is None or after is None:
        one = after or before
        assert one is not None
        titles = {level.id: level.title for level in portfolio.rubric.levels}
        levels = [LevelChange(n, titles[n], stays, (whole,)) for n, met in one.met.items() if met and n in titles]
        points = one.points if stays else -one.points
        return Change(portfolio, title, round, before, after, (Part(whole, points),), tuple(levels))
    found = Change(
        portfolio,
        title,
        round,
        before,
        after,
        _parts((cause, other.points - one.points) for cause, one, other in steps),
        tuple(_levels(steps, before, after)),
        tuple(_indicators(steps, before, after)),
        (before.verified, after.verified),
    )
    same = (before.points, before.max, before.level) == (after.points, after.max, after.level)
    if same and not found.levels and not found.indicators and before.verified == after.verified:
        return None
    return found


def _parts(found: Iterable[tuple[Cause, Fraction]]) -> tuple[Part, ...]:
    return tuple(Part(cause, points) for cause, points in found if points)


Steps = Sequence[tuple[Cause, Standing, Standing]]


def _levels(steps: Steps, before: Standing, after: Standing) -> Iterator[LevelChange]:
    titles: dict[str, Text] = {}
    for _, one, other in steps:
        for found in (one.score, other.score):
            titles |= {gate.level.id: gate.level.title for gate in (found.gates if found else ())}
    for name, title in titles.items():
        was, now = before.met.get(name, False), after.met.get(name, False)
        if was != now:
            causes = tuple(
                cause for cause, one, other in steps if one.met.get(name, False) != other.met.get(name, False)
            )
            yield LevelChange(name, title, now, causes)


def _indicators(steps: Steps, before: Standing, after: Standing) -> Iterator[IndicatorChange]:
    titles: dict[str, Text | None] = {}
    for _, one, other in steps:
        for found in (other.score, one.score):
            for name, node in (found.indicators if found else {}).items():
                titles.setdefault(name, node.node.title)
    for name in dict.fromkeys([*after.indicators, *before.indicators]):
        was, now = before.indicators.get(name), after.indicators.get(name)
        here = name in before.indicators, name in after.indicators
        if was == now and here == (True, True):
            continue
        parts = _parts((cause, _of(other, name) - _of(one, name)) for cause, one, other in steps)
        reasons = tuple(reason for cause, one, other in steps for reason in _reasons(cause, name, one, other))
        yield IndicatorChange(name, titles.get(name), was, now, parts, reasons)


def _of(standing: Standing, name: str) -> Fraction:
    return (standing.indicators.get(name) or (_NONE, _NONE))[0]


# Why -------------------------------------------------------------------------------------------------------------


def _reasons(cause: Cause, name: str, before: Standing, after: Standing) -> Iterator[Reason]:
    if before.score is None or after.score is None:
        if before.indicators.get(name) != after.indicators.get(name):
            yield Reason(cause, None, Message("diff.engine_reason"))
        return
    old, new = before.score.indicators.get(name), after.score.indicators.get(name)
    if old is None or new is None:
        if old or new:
            yield Reason(cause, new is not None, Message("diff.indicator_added" if new else "diff.indicator_removed"))
        return
    if old == new:
        return
    if old.applies != new.applies:
        yield Reason(cause, None, Message("diff.applies_now" if new.applies else "diff.applies_no_more"))
    yield from _criteria(cause, old, new)
    if cause == "evidence":
        yield from (Reason(cause, None, what) for what in _evidence(name, before.score, after.score))


def _criteria(cause: Cause, old: NodeScore, new: NodeScore) -> Iterator[Reason]:
    """The criteria that hold in one of two states only, and those that the rubric made worth more or less."""
    was, now = ({leaf.path: leaf for leaf in node.leaves()} for node in (old, new))
    for path in dict.fromkeys([*now, *was]):
        before, after = was.get(path), now.get(path)
        leaf = after or before
        assert leaf is not None
        criterion = leaf.node
        if not isinstance(criterion, Criterion):
            continue
        what: dict[str, object] = {"points": leaf.max, "text": criterion.text or criterion.title or path}
        if before is None or after is None:
            if leaf.max:
                yield Reason(
                    cause,
                    after is not None,
                    Message("diff.criterion_added" if after else "diff.criterion_removed", what),
                )
        elif before.holds != after.holds:
            because = _because(before.findings, after.findings, after.holds)
            key = "diff.holds_now" if after.holds else "diff.holds_no_more"
            yield Reason(cause, after.holds, Message(key, {**what, "why": because or "–"}))
        elif before.max != after.max:
            yield Reason(cause, after.max > before.max, Message("diff.worth", {**what, "old": before.max}))
        elif before.findings != after.findings and before.earned_in != after.earned_in:
            yield Reason(cause, None, Message("diff.other_round", what))


def _because(before: Sequence[Finding], after: Sequence[Finding], holds: bool) -> tuple[Message, ...]:
    """What changed, of the conditions that are now as the criterion is."""
    same = [one for one in after if one.holds == holds]
    then = {repr(one.condition): one.holds for one in before}
    changed = [one for one in same if then.get(repr(one.condition)) != holds]
    return tuple(one.because for one in changed or same)


def _evidence(name: str, before: Score, after: Score) -> Iterator[Message]:
    """The records and numbers that differ, of those that the indicator looks at."""
    old, new = _records(name, before), _records(name, after)
    for key, record in old.items():
        if key not in new:
            yield Message("diff.record_removed", {"title": _title(record)})
    for key, record in new.items():
        if key not in old:
            yield Message("diff.record_added", {"title": _title(record)})
        elif (record.values, record.seen) != (old[key].values, old[key].seen):
            fields = _fields(old[key].values, record.values)
            yield Message("diff.record_changed", {"title": _title(record), "fields": fields or ("–",)})
    was, now = _facts(name, before.portfolio), _facts(name, after.portfolio)
    for fact in dict.fromkeys([*was, *now]):
        if was.get(fact) != now.get(fact):
            known = after.rubric.facts.get(fact)
            shown = {"title": known.title if known else fact, "old": was.get(fact, "–"), "new": now.get(fact, "–")}
            yield Message("diff.fact", shown)


def _records(name: str, found: Score) -> dict[str, Record]:
    """The indicator's own records, and those of the portfolio that it uses, by a name that lasts."""
    portfolio = found.portfolio
    names = exports.identifiers(portfolio)
    used = {id(use.record) for leaf in found.indicators[name].leaves() for use in _uses(leaf.findings)}
    return {
        names[id(record)]: record
        for record in exports.sources(portfolio, name)
        if id(record) in names and (record.indicator or id(record) in used)
    }


def _uses(findings: Sequence[Finding]) -> Iterator[Any]:
    for finding in findings:
        yield from finding.uses
        yield from _uses(finding.parts)


def _facts(name: str, portfolio: Portfolio) -> dict[str, Fraction]:
    answer = portfolio.answers.get(name)
    return {fact: stated.value for one in (portfolio.shared, answer) if one for fact, stated in one.facts.items()}


def _fields(old: Mapping[str, FieldValue], new: Mapping[str, FieldValue]) -> tuple[str, ...]:
    return tuple(name for name in dict.fromkeys([*old, *new]) if old.get(name) != new.get(name))


def _title(record: Record) -> str:
    return record.text("title") or record.text("name") or record.kind


def _inputs(portfolio: Portfolio) -> object:
    """What scores and reviews follow from."""
    return (
        portfolio.rubric,
        portfolio.signed,
        portfolio.self_level,
        [
            (
                answer.indicator,
                {name: stated.value for name, stated in answer.facts.items()},
                [(record.values, record.seen) for record in answer.evidence],
                {name: [(r.values, r.seen) for r in records] for name, records in answer.registers.items()},
                answer.self_score.value if answer.self_score else None,
                answer.not_applicable,
            )
            for answer in portfolio.all_answers()
        ],
        [
            (review.name, review.date, review.final, [(v.seen, v.verdict) for v in review.verdicts])
            for review in portfolio.reviews
        ],
    )
